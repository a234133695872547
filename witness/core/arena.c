/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/arena.h"

#include <errno.h>
#include <string.h>

#define ALIGN 16u
#define FIRST_SLOTS 64u

static char *
aligned(char *p)
{
	return (p + (-(uintptr_t)p & (ALIGN - 1)));
}

void *
wit_arena_alloc(struct wit_arena *arena, size_t size)
{
	char *at;

	if (size > SIZE_MAX / 2)
		return (NULL);
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	at = aligned(arena->next);
	if (arena->next == NULL || at > arena->end || (size_t)(arena->end - at) < size) {
		if (arena->grow(arena, size + ALIGN) != 0)
			return (NULL);
		at = aligned(arena->next);
	}
	arena->next = at + size;
	arena->total += size;
	return (at);
}

char *
wit_arena_string(struct wit_arena *arena, const char *text, size_t max)
{
	size_t n = 0;
	char *copy;

	while (n < max && text[n] != '\0')
		n++;
	copy = wit_arena_alloc(arena, n + 1);
	if (copy != NULL)
		memcpy(copy, text, n);
	return (copy);
}

void
wit_table_init(struct wit_table *table, size_t item)
{
	memset(table, 0, sizeof(*table));
	table->item = item;
}

/* Block k holds the places 2^(k+6) and up; id 1 is place 64. */
static int
block_of(uint32_t id)
{
	return (31 - __builtin_clz(id + 63) - 6);
}

int
wit_table_reserve(struct wit_table *table, struct wit_arena *arena)
{
	uint32_t id = wit_table_count(table) + 1;
	char *base;
	int block;

	if (id > UINT32_MAX - 63)
		return (-ENOMEM);
	block = block_of(id);
	if (atomic_load_explicit(&table->block[block], memory_order_relaxed) != NULL)
		return (0);
	base = wit_arena_alloc(arena, table->item << (block + 6));
	if (base == NULL)
		return (-ENOMEM);
	atomic_store_explicit(&table->block[block], base, memory_order_release);
	return (0);
}

void *
wit_table_add(struct wit_table *table, struct wit_arena *arena, uint32_t *idp)
{
	uint32_t id = wit_table_count(table) + 1;

	if (wit_table_reserve(table, arena) != 0)
		return (NULL);
	atomic_store_explicit(&table->count, id, memory_order_release);
	*idp = id;
	return (wit_table_at(table, id));
}

/* The slot where the key is or would be. */
static const struct wit_slot *
probe(const struct wit_slots *slots, uint64_t key)
{
	uint32_t i = (uint32_t)wit_mix(key);

	for (;; i++) {
		const struct wit_slot *slot = &slots->slot[i & slots->mask];
		uint64_t there = atomic_load_explicit(&slot->key, memory_order_acquire);

		if (there == key || there == 0)
			return (slot);
	}
}

uint32_t
wit_index_find(const struct wit_index *index, uint64_t key)
{
	const struct wit_slots *slots = atomic_load_explicit(&index->slots, memory_order_acquire);
	const struct wit_slot *slot;

	if (slots == NULL)
		return (0);
	slot = probe(slots, key);
	if (atomic_load_explicit(&slot->key, memory_order_acquire) != key)
		return (0);
	return (atomic_load_explicit(&slot->id, memory_order_relaxed));
}

/* The id first, then the key: who sees the key sees the id. */
static void
fill(struct wit_slots *slots, uint64_t key, uint32_t id)
{
	struct wit_slot *slot = (struct wit_slot *)probe(slots, key);

	atomic_store_explicit(&slot->id, id, memory_order_relaxed);
	atomic_store_explicit(&slot->key, key, memory_order_release);
}

int
wit_index_reserve(struct wit_index *index, struct wit_arena *arena)
{
	struct wit_slots *old = atomic_load_explicit(&index->slots, memory_order_relaxed), *new;
	uint32_t room = old == NULL ? 0 : old->mask + 1, wanted = room == 0 ? FIRST_SLOTS : room * 2, i;

	if (index->count < room - room / 4)
		return (0);
	if (wanted == 0)
		return (-ENOMEM);
	new = wit_arena_alloc(arena, sizeof(*new) + (size_t)wanted * sizeof(new->slot[0]));
	if (new == NULL)
		return (-ENOMEM);
	new->mask = wanted - 1;
	for (i = 0; i < room; i++) {
		uint64_t key = atomic_load_explicit(&old->slot[i].key, memory_order_relaxed);

		if (key != 0)
			fill(new, key, atomic_load_explicit(&old->slot[i].id, memory_order_relaxed));
	}
	atomic_store_explicit(&index->slots, new, memory_order_release);
	return (0);
}

int
wit_index_add(struct wit_index *index, struct wit_arena *arena, uint64_t key, uint32_t id)
{
	if (wit_index_reserve(index, arena) != 0)
		return (-ENOMEM);
	fill(atomic_load_explicit(&index->slots, memory_order_relaxed), key, id);
	index->count++;
	return (0);
}

/* FNV-1a's step (Fowler, Noll, Vo), then one good mix. */
uint64_t
wit_hash_string(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
	return (wit_mix(hash));
}
