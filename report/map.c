/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "core/arena.h"
#include "map.h"
#include "say.h"

static struct rep_map_slot *
slot_of(const struct rep_map *map, int64_t a, int64_t b)
{
	size_t at = wit_mix(wit_mix((uint64_t)a) ^ (uint64_t)b) & (map->room - 1);

	while (map->slot[at].value != 0 && (map->slot[at].a != a || map->slot[at].b != b))
		at = (at + 1) & (map->room - 1);
	return (&map->slot[at]);
}

static void
widen(struct rep_map *map)
{
	struct rep_map old = *map;

	map->room = old.room == 0 ? 64 : old.room * 2;
	map->slot = rep_say_alloc(map->room * sizeof(*map->slot));
	for (size_t i = 0; i < old.room; i++)
		if (old.slot[i].value != 0)
			*slot_of(map, old.slot[i].a, old.slot[i].b) = old.slot[i];
	free(old.slot);
}

void
rep_map_put(struct rep_map *map, int64_t a, int64_t b, size_t value)
{
	struct rep_map_slot *slot;

	if (map->count * 2 >= map->room)
		widen(map);
	slot = slot_of(map, a, b);
	map->count += slot->value == 0;
	*slot = (struct rep_map_slot){a, b, value + 1};
}

size_t
rep_map_find(const struct rep_map *map, int64_t a, int64_t b)
{
	return (map->room == 0 ? REP_MAP_NONE : slot_of(map, a, b)->value - 1);
}

void
rep_map_fini(struct rep_map *map)
{
	free(map->slot);
	*map = (struct rep_map){.room = 0};
}
