/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map.h - a pair of numbers to a position in an array.         room: report
 *
 * For rows of the store, found again by (run, id) or by id alone.  Keys are
 * compared whole.  A later put of a key replaces the earlier.
 */
#ifndef REP_MAP_H
#define REP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rep_map_slot {
	int64_t a, b;
	size_t value; /* plus one; 0 free */
};

struct rep_map {
	struct rep_map_slot *slot;
	size_t room, count; /* room is a power of two, or 0 */
};

#define REP_MAP_NONE SIZE_MAX

void rep_map_put(struct rep_map *map, int64_t a, int64_t b, size_t value);
/* The value, or REP_MAP_NONE. */
size_t rep_map_find(const struct rep_map *map, int64_t a, int64_t b);
void rep_map_fini(struct rep_map *map);

#endif
