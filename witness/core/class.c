/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interning.  Each kind of thing has a table and an index from a 64-bit hash of
 * its key.  Two keys of one hash are told apart by comparing the whole: the one
 * that came second lies under the next number of a fixed sequence that begins
 * at the hash (wit_mix() again and again).
 */
#include "core/class.h"

#include <string.h>

#define NAME_MAX_BYTES 4096u

const char *
wit_class_primitive_name(unsigned primitive)
{
	switch (primitive) {
#define X(value, name, text, sleepable)                                                                      \
	case value:                                                                                          \
		return (text);
		WIT_PRIMITIVE_LIST(X)
#undef X
	}
	return ("lock");
}

void
wit_class_init(struct wit_names *names, struct wit_arena *arena)
{
	memset(names, 0, sizeof(*names));
	names->arena = arena;
	wit_table_init(&names->classes, sizeof(struct wit_class));
	wit_table_init(&names->origins, sizeof(struct wit_origin));
	wit_table_init(&names->sites, sizeof(struct wit_kept_site));
	wit_table_init(&names->stacks, sizeof(struct wit_kept_stack));
}

/* Room for one more: afterwards neither table nor index can fail. */
static int
reserve(struct wit_names *names, struct wit_table *table, struct wit_index *index)
{
	if (wit_table_reserve(table, names->arena) != 0)
		return (-1);
	return (wit_index_reserve(index, names->arena));
}

static void *
publish(struct wit_names *names, struct wit_table *table, struct wit_index *index, uint64_t key,
    const void *item, uint32_t *id)
{
	void *at = wit_table_add(table, names->arena, id);

	memcpy(at, item, table->item);
	(void)wit_index_add(index, names->arena, key, *id);
	return (at);
}

uint32_t
wit_class_add(struct wit_names *names, const char *name, unsigned primitive, bool *added)
{
	struct wit_class new = {.primitive = (uint8_t)primitive};
	uint64_t key = wit_hash_string(name);
	uint32_t id;

	*added = false;
	while ((id = wit_index_find(&names->by_name, key)) != 0) {
		if (strncmp(wit_class_at(names, id)->name, name, NAME_MAX_BYTES) == 0)
			return (id);
		key = wit_mix(key);
	}
	if (reserve(names, &names->classes, &names->by_name) != 0)
		return (0);
	new.name = wit_arena_string(names->arena, name, NAME_MAX_BYTES);
	if (new.name == NULL)
		return (0);
	publish(names, &names->classes, &names->by_name, key, &new, &id);
	*added = true;
	return (id);
}

uint32_t
wit_class_add_origin(struct wit_names *names, uint32_t class, const char *name, uint32_t site, bool *added)
{
	struct wit_origin new = {.class = class, .site = site};
	uint64_t key = wit_mix(wit_hash_string(name) ^ (((uint64_t) class << 32) | site));
	uint32_t id;

	*added = false;
	while ((id = wit_index_find(&names->by_origin, key)) != 0) {
		const struct wit_origin *old = wit_class_origin_at(names, id);

		if (old->class == class && old->site == site && strncmp(old->name, name, NAME_MAX_BYTES) == 0)
			return (id);
		key = wit_mix(key);
	}
	if (reserve(names, &names->origins, &names->by_origin) != 0)
		return (0);
	new.name = wit_arena_string(names->arena, name, NAME_MAX_BYTES);
	if (new.name == NULL)
		return (0);
	publish(names, &names->origins, &names->by_origin, key, &new, &id);
	*added = true;
	return (id);
}

/* A file's name is one text at many addresses, one for each unit that says it. */
static bool
same_site(struct wit_site a, struct wit_site b)
{
	if (a.line != b.line)
		return (false);
	return (a.where == b.where || (a.line != 0 && strcmp(a.where, b.where) == 0));
}

uint32_t
wit_class_add_site(struct wit_names *names, struct wit_site site, bool *added)
{
	struct wit_kept_site new = {.raw = site};
	uint64_t key =
	    site.line != 0 ? wit_hash_string(site.where) : wit_mix((uint64_t)(uintptr_t)site.where);
	uint32_t id;

	*added = false;
	key = wit_mix(key + site.line);
	while ((id = wit_index_find(&names->by_site, key)) != 0) {
		if (same_site(wit_class_site_at(names, id)->raw, site))
			return (id);
		key = wit_mix(key);
	}
	if (reserve(names, &names->sites, &names->by_site) != 0)
		return (0);
	publish(names, &names->sites, &names->by_site, key, &new, &id);
	*added = true;
	return (id);
}

static uint64_t
stack_key(const uint64_t *frame, uint32_t count, bool derived, uint32_t site)
{
	uint64_t key = wit_mix(((uint64_t)site << 32) | (count << 1) | derived);
	uint32_t i;

	for (i = 0; i < count; i++)
		key = wit_mix(key ^ frame[i]);
	return (key);
}

uint32_t
wit_class_add_stack(
    struct wit_names *names, const uint64_t *frame, uint32_t count, bool derived, uint32_t site, bool *added)
{
	struct wit_kept_stack new = {.count = count, .site = site, .derived = derived};
	uint64_t key = stack_key(frame, count, derived, site), *copy;
	size_t bytes = count * sizeof(*frame);
	uint32_t id;

	*added = false;
	while ((id = wit_index_find(&names->by_stack, key)) != 0) {
		const struct wit_kept_stack *old = wit_class_stack_at(names, id);

		if (old->count == count && old->site == site && old->derived == derived &&
		    memcmp(old->frame, frame, bytes) == 0)
			return (id);
		key = wit_mix(key);
	}
	if (reserve(names, &names->stacks, &names->by_stack) != 0)
		return (0);
	copy = wit_arena_alloc(names->arena, bytes);
	if (copy == NULL)
		return (0);
	memcpy(copy, frame, bytes);
	new.frame = copy;
	publish(names, &names->stacks, &names->by_stack, key, &new, &id);
	*added = true;
	return (id);
}

const struct wit_class *
wit_class_at(const struct wit_names *names, uint32_t id)
{
	return (wit_table_at(&names->classes, id));
}

const struct wit_origin *
wit_class_origin_at(const struct wit_names *names, uint32_t id)
{
	return (wit_table_at(&names->origins, id));
}

const struct wit_kept_site *
wit_class_site_at(const struct wit_names *names, uint32_t id)
{
	return (wit_table_at(&names->sites, id));
}

const struct wit_kept_stack *
wit_class_stack_at(const struct wit_names *names, uint32_t id)
{
	return (wit_table_at(&names->stacks, id));
}
