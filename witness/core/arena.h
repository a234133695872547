/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - where core gets its memory.                       room: witness/core
 *
 * A bump allocator over blocks that the owner supplies.  Nothing is given back
 * before the whole arena goes.  On it stand two shapes that every table of core
 * is made of:
 *
 *  wit_table   an array that grows without moving: block k holds 2^(k+6) items,
 *              so an item's address is good for the arena's life and readers
 *              need no lock.  Ids are indices; 0 is "none" and never handed out.
 *  wit_index   an open hash of (64-bit key -> id), doubled when 3/4 full.  The
 *              old array stays readable: a reader that raced a growth may miss
 *              a fresh key, never see a wrong one.
 *
 * Threads   writers serialise; wit_table_at() and wit_index_find() may race with them.
 * Errors    NULL, 0 or -ENOMEM when grow() has no more: nothing is half done.
 */
#ifndef WIT_ARENA_H
#define WIT_ARENA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wit_arena {
	char *next, *end; /* the free part of the present block */
	/* Makes next..end a zeroed block of at least `need` bytes: 0, or -ENOMEM. */
	int (*grow)(struct wit_arena *arena, size_t need);
	void *owner; /* grow()'s own */
	size_t total; /* bytes handed out */
};

/* size bytes, zeroed, aligned to 16; NULL when the owner has no more. */
void *wit_arena_alloc(struct wit_arena *arena, size_t size);
/* A copy of a string, at most max bytes of it. */
char *wit_arena_string(struct wit_arena *arena, const char *text, size_t max);

#define WIT_TABLE_BLOCKS 26

struct wit_table {
	_Atomic(char *) block[WIT_TABLE_BLOCKS];
	size_t item; /* bytes */
	_Atomic uint32_t count; /* ids 1..count are in use */
};

void wit_table_init(struct wit_table *table, size_t item);
/* A new zeroed item; its id in *idp.  NULL: no memory. */
void *wit_table_add(struct wit_table *table, struct wit_arena *arena, uint32_t *idp);
/* After 0 the next wit_table_add() cannot fail: what must change together reserves first.  Or -ENOMEM. */
int wit_table_reserve(struct wit_table *table, struct wit_arena *arena);

/* The item of an id that wit_table_add() gave. */
static inline void *
wit_table_at(const struct wit_table *table, uint32_t id)
{
	uint32_t place = id + 63;
	int top = 31 - __builtin_clz(place); /* block 0 holds places 64..127, and so on */
	char *base = atomic_load_explicit(&table->block[top - 6], memory_order_acquire);

	return (base + (size_t)(place - (1u << top)) * table->item);
}

static inline uint32_t
wit_table_count(const struct wit_table *table)
{
	return (atomic_load_explicit(&table->count, memory_order_acquire));
}

struct wit_slot {
	_Atomic uint64_t key; /* 0 is free */
	_Atomic uint32_t id;
};

struct wit_slots {
	uint32_t mask;
	struct wit_slot slot[];
};

struct wit_index {
	_Atomic(struct wit_slots *) slots;
	uint32_t count;
};

/* The id of a key (not 0), or 0. */
uint32_t wit_index_find(const struct wit_index *index, uint64_t key);
/* Add a key that is not there: 0 or -ENOMEM. */
int wit_index_add(struct wit_index *index, struct wit_arena *arena, uint64_t key, uint32_t id);
/* After 0 the next wit_index_add() cannot fail.  Or -ENOMEM. */
int wit_index_reserve(struct wit_index *index, struct wit_arena *arena);

/* One good mix of 64 bits (the finaliser of splitmix64; Steele et al. 2014). Never 0 for keys' sake. */
static inline uint64_t
wit_mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	x ^= x >> 31;
	return (x | (x == 0));
}

uint64_t wit_hash_string(const char *text);

#endif
