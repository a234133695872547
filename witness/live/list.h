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

#include <string.h>

#include "live/live.h"

_Static_assert(LOP_TRYLOCK >> 2 == WIT_TRY && LOP_DUPOK >> 3 == WIT_DUPOK && LO_DUPOK >> 21 == WIT_DUPOK &&
		   LO_RECURSABLE >> 17 == WIT_RECURSABLE && LOP_NEWORDER << 3 == WIT_NOORDER &&
		   LOP_EXCLUSIVE >> 3 == WIT_MODE_SHARED && WIT_MODE_EXCLUSIVE == 0,
    "flags are moved, not tested");

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

/* The same as a question, of a list in its first place (not WIT_PATH_DEEP): it has the lock. */
static inline bool
wit_list_has(const struct wit_list *list, const struct witness_lock_object *lo)
{
	const struct wit_held_entry *entry = list->held.inlined, *end = entry + list->held.count;

	for (; entry != end; entry++)
		if (entry->lock.instance == (uintptr_t)lo)
			return (true);
	return (false);
}

/* Counts the entries that are not yet counted. */
void wit_list_sum(struct wit_list *list);

/* All entries are counted in the two words. */
static inline void
wit_list_settle(struct wit_list *list)
{
	if (list->summed < list->held.count)
		wit_list_sum(list);
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

/* WIT_* flags and mode of a call about a lock: constants where the arguments are. */
#define WIT_LIST_FLAGS(lo_flags, flags)                                                                      \
	((((flags) >> 2) & WIT_TRY) | ((((flags) >> 3) | ((lo_flags) >> 21)) & WIT_DUPOK) |                  \
	    (((lo_flags) >> 17) & WIT_RECURSABLE))
#define WIT_LIST_MODE(flags) ((~(unsigned)(flags) >> 3) & WIT_MODE_SHARED)

static inline uint32_t
wit_list_noorder(unsigned flags)
{
	return ((~flags << 3) & WIT_NOORDER);
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

/*
 * The stack address above which frames are older than the caller of the function
 * that has this frame: the caller's own frame address, where it keeps one (it is
 * saved first in ours, and a word that does not point a little above is none); else
 * the caller's stack pointer, with which a function called in its stead may pass for older.
 */
static inline uint64_t
wit_list_top(const void *frame)
{
	const uintptr_t here = (uintptr_t)frame, caller = *(const uintptr_t *)frame;

	return (caller - here < 1u << 20 ? caller : here + 2 * sizeof(void *));
}

/* An entry's end is written as two words. */
_Static_assert(
    offsetof(struct wit_held_entry, stack) == offsetof(struct wit_held_entry, segment) + 4 &&
	offsetof(struct wit_held_entry, recursed) == offsetof(struct wit_held_entry, segment) + 8 &&
	offsetof(struct wit_held_entry, mode) == offsetof(struct wit_held_entry, segment) + 10 &&
	offsetof(struct wit_held_entry, flags) == offsetof(struct wit_held_entry, segment) + 11,
    "segment, stack, recursed, mode, flags");

/*
 * The last word of an entry (not recursed, mode, flags) is what the call says
 * and what the lock says, looked up and or-ed: lo_spare holds the lock's part.
 */
#define WIT_LIST_WORD(mode, flags) ((uint32_t)(mode) << 16 | (uint32_t)(flags) << 24)
extern const uint32_t wit_list_word[32] __attribute__((visibility("hidden")));

static inline void
wit_list_finish(
    struct wit_held_entry *entry, uint64_t segment, const struct witness_lock_object *lo, unsigned flags)
{
	const uint32_t word = wit_list_word[flags % 32] | lo->lo_spare;

	memcpy(&entry->segment, &segment, sizeof(segment)); /* and stack, 0 */
	memcpy(&entry->recursed, &word, sizeof(word));
}

/* ---- depth 1 ---- */

static inline uint64_t
wit_list_what(const struct wit_list *mine, const struct wit_list *cpu)
{
	return (mine->held.key + mine->held.instances +
		(cpu != NULL ? (cpu->held.key + cpu->held.instances) * 3 : 0));
}

static inline uint64_t
wit_list_how(int line, unsigned flags)
{
	return ((uint64_t)(uint32_t)line << 32 | flags);
}

/* The place where depth 1 would have this request. */
static inline struct wit_seen *
wit_list_seen(struct wit_thread *t, uint64_t held, uint64_t tool, const char *file, uint64_t how)
{
	return (&t->seen[(held + tool + (uintptr_t)file + how) * 0x9e3779b97f4a7c15u >> 57]);
}

_Static_assert(WIT_SEEN_SLOTS == 1u << (64 - 57), "the hash's upper bits are the place");

#endif
