/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - a context's held list, as the hot path uses it.    room: witness/live
 *
 * core/held.h keeps the two words of a list up to date at every push and pop.
 * Most locks are let go before anything nests in them, and never need it: here
 * an entry is summed when the first lock is asked for on top of it, and its pop
 * puts back what was before.  Core sees a list only after wit_list_settle().
 *
 * Threads   the list's context alone.
 */
#ifndef WIT_LIST_H
#define WIT_LIST_H

#include "live/live.h"

static inline bool
wit_list_is_spin(const struct witness_lock_object *lo)
{
	return ((lo->lo_flags & LO_CLASSMASK) == LO_CLASS(WITNESS_SPIN_MUTEX));
}

/* The list that a lock taken now goes to. */
static inline struct wit_list *
wit_list_of(struct wit_thread *t, const struct witness_lock_object *lo)
{
	return (wit_list_is_spin(lo) ? t->spin : &t->mine);
}

static inline struct wit_held_entry *
wit_list_find(const struct wit_list *list, const struct witness_lock_object *lo)
{
	for (uint32_t i = list->held.count; i-- > 0;)
		if (list->held.entry[i].lock.instance == (uintptr_t)lo)
			return (&list->held.entry[i]);
	return (NULL);
}

/* All entries are counted in the two words. */
static inline void
wit_list_settle(struct wit_list *list)
{
	struct wit_held *held = &list->held;

	for (uint32_t i = list->summed; i < held->count; i++) {
		const struct wit_held_entry *entry = &held->entry[i];

		if (i < WIT_HELD_INLINE) {
			list->saved[i].key = held->key;
			list->saved[i].instances = held->instances;
		}
		held->key += wit_held_role(entry->lock.origin, entry->mode);
		held->instances += wit_held_instance(&entry->lock);
	}
	list->summed = held->count;
}

/* An entry changed: sum again when it is next needed. */
static inline void
wit_list_unsum(struct wit_list *list)
{
	list->summed = 0;
	list->held.key = list->held.instances = 0;
	if (list->held.count > WIT_HELD_INLINE)
		wit_list_settle(list);
}

/* Takes out the newest entry, number n below WIT_HELD_INLINE. */
static inline void
wit_list_pop(struct wit_list *list, uint32_t n)
{
	list->held.count = n;
	if (list->summed > n) {
		list->summed = n;
		list->held.key = list->saved[n].key;
		list->held.instances = list->saved[n].instances;
	}
}

/* WIT_* flags of a call about a lock. */
static inline uint32_t
wit_list_flags(uint32_t lo_flags, unsigned flags)
{
	return (((flags & LOP_TRYLOCK) != 0 ? WIT_TRY : 0) |
		((flags & LOP_DUPOK) != 0 || (lo_flags & LO_DUPOK) != 0 ? WIT_DUPOK : 0) |
		((lo_flags & LO_RECURSABLE) != 0 ? WIT_RECURSABLE : 0));
}

static inline unsigned
wit_list_mode(unsigned flags)
{
	return ((flags & LOP_EXCLUSIVE) != 0 ? WIT_MODE_EXCLUSIVE : WIT_MODE_SHARED);
}

/* A lock's tracker word: origin below, generation above; 0: not tracked. */
static inline uint64_t
wit_list_tool(const struct witness_lock_object *lo)
{
	return (lo->lo_tool[0]);
}

static inline struct wit_lock_ref
wit_list_ref(const struct witness_lock_object *lo, uint64_t tool)
{
	struct wit_lock_ref ref = {
	    .instance = (uintptr_t)lo, .origin = (uint32_t)tool, .generation = (uint32_t)(tool >> 32)};

	return (ref);
}

/* The new newest entry of a list that has fewer than WIT_HELD_INLINE. */
static inline struct wit_held_entry *
wit_list_push(struct wit_list *list, const struct witness_lock_object *lo, uint64_t tool, unsigned flags)
{
	struct wit_held_entry *entry = &list->held.entry[list->held.count++];

	entry->lock = wit_list_ref(lo, tool);
	entry->serial = ++list->held.serial;
	entry->stack = 0;
	entry->recursed = 0;
	entry->mode = (uint8_t)wit_list_mode(flags);
	entry->flags = (uint8_t)wit_list_flags(lo->lo_flags, flags);
	return (entry);
}

#endif
