/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/held.h"

#include <string.h>

void
wit_held_init(struct wit_held *held)
{
	memset(held, 0, sizeof(*held));
	held->entry = held->inlined;
	held->room = WIT_HELD_INLINE;
}

static int
grow(struct wit_held *held, struct wit_arena *arena)
{
	struct wit_held_entry *more = wit_arena_alloc(arena, (size_t)held->room * 2 * sizeof(*more));

	if (more == NULL)
		return (-1);
	memcpy(more, held->entry, held->count * sizeof(*more));
	held->entry = more;
	held->room *= 2;
	return (0);
}

struct wit_held_entry *
wit_held_push(struct wit_held *held, struct wit_arena *arena, const struct wit_event *event)
{
	struct wit_held_entry *entry;

	if (held->count == held->room && grow(held, arena) != 0)
		return (NULL);
	entry = &held->entry[held->count++];
	*entry = (struct wit_held_entry){
	    .lock = event->lock,
	    .site = event->site,
	    .sp = event->sp,
	    .from = event->from,
	    .serial = ++held->serial,
	    .segment = event->segment,
	    .mode = event->mode,
	    .flags = (uint8_t)event->flags,
	};
	held->key += wit_held_role(entry->lock.origin, entry->mode);
	held->instances += wit_held_instance(&entry->lock);
	return (entry);
}

struct wit_held_entry *
wit_held_find(const struct wit_held *held, uint64_t instance)
{
	uint32_t i;

	for (i = held->count; i-- > 0;)
		if (held->entry[i].lock.instance == instance)
			return (&held->entry[i]);
	return (NULL);
}

void
wit_held_drop(struct wit_held *held, struct wit_held_entry *entry)
{
	uint32_t place = (uint32_t)(entry - held->entry);

	held->key -= wit_held_role(entry->lock.origin, entry->mode);
	held->instances -= wit_held_instance(&entry->lock);
	held->count--;
	memmove(entry, entry + 1, (held->count - place) * sizeof(*entry));
}

void
wit_held_set_mode(struct wit_held *held, struct wit_held_entry *entry, unsigned mode)
{
	held->key -= wit_held_role(entry->lock.origin, entry->mode);
	entry->mode = (uint8_t)mode;
	held->key += wit_held_role(entry->lock.origin, entry->mode);
}

static uint32_t
count_of(const struct wit_held *held)
{
	return (held == NULL ? 0 : held->count);
}

uint32_t
wit_holding_count(const struct wit_holding *holding)
{
	return (count_of(holding->list[0]) + count_of(holding->list[1]) - (holding->skip != NULL));
}

/* Places run over both lists, oldest 0; the skipped one is stepped over. */
const struct wit_held_entry *
wit_holding_newest(const struct wit_holding *holding, uint32_t i)
{
	uint32_t below = count_of(holding->list[0]), all = below + count_of(holding->list[1]), place;

	if (i >= wit_holding_count(holding))
		return (NULL);
	place = all - 1 - i;
	if (holding->skip != NULL) {
		int list = wit_holding_list(holding, holding->skip);
		uint32_t at =
		    (uint32_t)(holding->skip - holding->list[list]->entry) + (list == 1 ? below : 0);

		place -= place <= at;
	}
	return (place < below ? &holding->list[0]->entry[place] : &holding->list[1]->entry[place - below]);
}
