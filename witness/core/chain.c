/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/chain.h"
#include "core/runfile.h"

#include <errno.h>
#include <string.h>

/* A use of a dependency by one thread on one set of locks. */
struct context {
	_Atomic uint32_t *last; /* segment word in the record, or NULL */
	uint32_t thread;
};

/* A held list: its newest lock on a parent. */
struct node {
	struct wit_lock_ref lock;
	uint32_t parent, segment, site;
	uint8_t mode, flags;
};

void
wit_known_init(struct wit_known *known, struct wit_arena *arena)
{
	memset(known, 0, sizeof(*known));
	known->arena = arena;
	wit_table_init(&known->dependencies, sizeof(struct wit_dependency));
	wit_table_init(&known->chains, sizeof(struct node));
	wit_table_init(&known->contexts, sizeof(struct context));
}

static uint64_t
thread_key(uint32_t dependency, uint32_t thread)
{
	return (wit_mix(((uint64_t)dependency << 32) | thread));
}

static uint64_t
instances_key(uint32_t dependency, uint64_t instances)
{
	return (wit_mix(wit_mix(dependency) ^ instances));
}

/* Only the thread itself writes its word, so there is no race to lose. */
static void
note_segment(const struct wit_known *known, uint32_t id, uint32_t segment)
{
	const struct context *context = wit_table_at(&known->contexts, id);

	if (context->last != NULL && atomic_load_explicit(context->last, memory_order_relaxed) != segment)
		atomic_store_explicit(context->last, segment, memory_order_relaxed);
}

enum wit_known_result
wit_known_look(struct wit_known *known, struct wit_chain_key key, uint32_t thread, uint32_t segment,
    uint32_t *dependency)
{
	uint32_t id = wit_index_find(&known->by_key, key.roles), context, saturated;
	struct wit_dependency *dep;

	if (id == 0)
		return (WIT_KNOWN_NOT);
	*dependency = id;
	dep = wit_known_dependency(known, id);
	saturated = atomic_load_explicit(&dep->saturated, memory_order_acquire);
	context = wit_index_find(&known->by_thread, thread_key(id, thread));
	if (context == 0 && (saturated & WIT_SATURATED_THREADS) == 0)
		return (WIT_KNOWN_CONTEXT);
	if ((saturated & WIT_SATURATED_INSTANCES) == 0 &&
	    wit_index_find(&known->by_instances, instances_key(id, key.instances)) == 0)
		return (WIT_KNOWN_CONTEXT);
	if (context != 0)
		note_segment(known, context, segment);
	atomic_fetch_add_explicit(&dep->count, 1, memory_order_relaxed);
	return (WIT_KNOWN);
}

uint32_t
wit_known_news(const struct wit_known *known, uint32_t dependency, struct wit_chain_key key, uint32_t thread)
{
	uint32_t news = 0;

	if (wit_index_find(&known->by_thread, thread_key(dependency, thread)) == 0)
		news |= WIT_SATURATED_THREADS;
	if (wit_index_find(&known->by_instances, instances_key(dependency, key.instances)) == 0)
		news |= WIT_SATURATED_INSTANCES;
	return (news);
}

static int
reserve_dependency(struct wit_known *known)
{
	if (wit_table_reserve(&known->dependencies, known->arena) != 0)
		return (-ENOMEM);
	return (wit_index_reserve(&known->by_key, known->arena));
}

static int
reserve_context(struct wit_known *known)
{
	if (wit_table_reserve(&known->contexts, known->arena) != 0 ||
	    wit_index_reserve(&known->by_thread, known->arena) != 0)
		return (-ENOMEM);
	return (wit_index_reserve(&known->by_instances, known->arena));
}

int
wit_known_reserve(struct wit_known *known)
{
	return (reserve_dependency(known) != 0 || reserve_context(known) != 0 ? -ENOMEM : 0);
}

uint32_t
wit_known_add(struct wit_known *known, struct wit_chain_key key, uint32_t chain, uint32_t depth)
{
	struct wit_dependency *dep;
	uint32_t id;

	if (reserve_dependency(known) != 0)
		return (0);
	dep = wit_table_add(&known->dependencies, known->arena, &id);
	dep->chain = chain;
	dep->depth = depth;
	(void)wit_index_add(&known->by_key, known->arena, key.roles, id);
	return (id);
}

int
wit_known_add_context(struct wit_known *known, uint32_t dependency, struct wit_chain_key key, uint32_t thread,
    uint32_t segment, _Atomic uint32_t *last)
{
	struct wit_dependency *dep = wit_known_dependency(known, dependency);
	uint64_t by_thread = thread_key(dependency, thread),
		 by_instances = instances_key(dependency, key.instances);
	struct context *context;
	uint32_t id;

	if (reserve_context(known) != 0)
		return (-ENOMEM);
	context = wit_table_add(&known->contexts, known->arena, &id);
	context->last = last;
	context->thread = thread;
	if (last != NULL)
		atomic_store_explicit(last, segment, memory_order_relaxed);
	if (wit_index_find(&known->by_thread, by_thread) == 0) {
		(void)wit_index_add(&known->by_thread, known->arena, by_thread, id);
		dep->threads++;
	}
	if (wit_index_find(&known->by_instances, by_instances) == 0) {
		(void)wit_index_add(&known->by_instances, known->arena, by_instances, id);
		dep->instances++;
	}
	return (0);
}

static bool
same_node(const struct node *a, const struct node *b)
{
	return (a->parent == b->parent && a->lock.instance == b->lock.instance &&
		a->lock.origin == b->lock.origin && a->lock.generation == b->lock.generation &&
		a->segment == b->segment && a->site == b->site && a->mode == b->mode && a->flags == b->flags);
}

static uint64_t
node_key(const struct node *node)
{
	uint64_t key = wit_mix(((uint64_t)node->parent << 32) | node->site);

	key = wit_mix(key ^ node->lock.instance);
	key = wit_mix(key ^ (((uint64_t)node->lock.origin << 32) | node->lock.generation));
	return (wit_mix(key ^ (((uint64_t)node->segment << 32) | ((uint32_t)node->mode << 8) | node->flags)));
}

uint32_t
wit_known_chain(
    struct wit_known *known, uint32_t parent, const struct wit_held_entry *entry, uint32_t site, bool *added)
{
	struct node new = {.lock = entry->lock,
	    .parent = parent,
	    .segment = entry->segment,
	    .site = site,
	    .mode = entry->mode,
	    .flags = entry->flags};
	uint64_t key = node_key(&new);
	struct node *at;
	uint32_t id;

	*added = false;
	while ((id = wit_index_find(&known->by_chain, key)) != 0) {
		if (same_node(wit_table_at(&known->chains, id), &new))
			return (id);
		key = wit_mix(key);
	}
	if (wit_index_reserve(&known->by_chain, known->arena) != 0)
		return (0);
	at = wit_table_add(&known->chains, known->arena, &id);
	if (at == NULL)
		return (0);
	*at = new;
	(void)wit_index_add(&known->by_chain, known->arena, key, id);
	*added = true;
	return (id);
}
