/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * held.h - what one context holds, newest last.               room: witness/core
 *
 * A context is a thread (sleep locks) or a CPU (spin locks).  What a thread
 * holds, seen from an acquisition, is its own list followed by its CPU's.
 *
 * Beside the entries the list keeps two words, kept up by addition and
 * subtraction as entries come and go in any order:
 *   key       the sum of mixed (origin, mode) over the entries: which *roles* are held
 *   instances the sum of mixed (instance, generation): which *locks* are held
 * Sums, not xors, so that a pair of one role does not cancel.
 *
 * Memory    the first WIT_HELD_INLINE entries lie in the list itself; more come
 *           from the arena and stay with the list.
 * Threads   a list belongs to its context; no locking.
 * Cost      push and pop of the newest: constant.  find: from the newest down.
 */
#ifndef WIT_HELD_H
#define WIT_HELD_H

#include "core/arena.h"
#include "core/event.h"

struct wit_held_entry {
	struct wit_lock_ref lock;
	struct wit_site site; /* where it was taken (last time, when recursed) */
	uint64_t sp, from; /* as the event's */
	uint64_t serial; /* of the acquisition in its context: held throughout, or retaken? */
	uint32_t segment;
	uint32_t stack; /* id, where the acquisition was walked; else 0 */
	uint16_t recursed; /* 0: held once */
	uint8_t mode;
	uint8_t flags; /* WIT_TRY, WIT_DUPOK, WIT_RECURSABLE */
};

#define WIT_HELD_INLINE 16

struct wit_held {
	uint64_t key, instances;
	uint64_t serial; /* acquisitions so far */
	uint32_t count, room;
	struct wit_held_entry *entry;
	struct wit_held_entry inlined[WIT_HELD_INLINE];
};

void wit_held_init(struct wit_held *held);
/*
 * The new newest entry: all but its stack filled from the event, lock and mode
 * counted in the two words.  NULL: no memory.  Entries may move: pointers into
 * the list are good until the next push or drop.
 */
struct wit_held_entry *wit_held_push(
    struct wit_held *held, struct wit_arena *arena, const struct wit_event *event);
/* The newest entry of a lock by address, or NULL. */
struct wit_held_entry *wit_held_find(const struct wit_held *held, uint64_t instance);
/* Takes an entry of this list out; order of the rest is kept. */
void wit_held_drop(struct wit_held *held, struct wit_held_entry *entry);
/* Mode changes go through here, for the key's sake. */
void wit_held_set_mode(struct wit_held *held, struct wit_held_entry *entry, unsigned mode);

/* One entry's share of the two words. */
static inline uint64_t
wit_held_role(uint32_t origin, unsigned mode)
{
	return (wit_mix(((uint64_t)origin << 8) | mode));
}

static inline uint64_t
wit_held_instance(const struct wit_lock_ref *lock)
{
	return (wit_mix(lock->instance ^ ((uint64_t)lock->generation << 48)));
}

/*
 * What a context holds as seen by one acquisition: up to two lists, newest
 * last over both (a thread's sleep locks, then its CPU's spin locks).  skip is
 * the interlock, or NULL.
 */
struct wit_holding {
	const struct wit_held *list[2];
	const struct wit_held_entry *skip;
};

/* Which of the two lists an entry of the holding is in. */
static inline int
wit_holding_list(const struct wit_holding *holding, const struct wit_held_entry *entry)
{
	const struct wit_held *cpu = holding->list[1];

	return (cpu != NULL && entry >= cpu->entry && entry < cpu->entry + cpu->count);
}

/* Number of entries, without the interlock. */
uint32_t wit_holding_count(const struct wit_holding *holding);
/* The i-th newest (0 is the newest) without the interlock; NULL past the end. */
const struct wit_held_entry *wit_holding_newest(const struct wit_holding *holding, uint32_t i);

#endif
