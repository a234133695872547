/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * chain.h - what is known: held lists, dependencies, contexts.  room: witness/core
 *
 * Three depths of knowing that this acquisition, with these locks held, is no news:
 *
 *  1  the producer's own cache, one a context (live.h, struct wit_seen): the same request, word by word.
 *  2  struct wit_known, shared and read without a lock: the dependency is known;
 *     with it, whether it is known for this thread and for these instances.  A
 *     dependency that is known but new for the thread or the instances gets one
 *     more context, until that kind of evidence is saturated.
 *  3  the engine lock and check.h.
 *
 * The key of an acquisition is made of roles, modes and site:
 *     held.key x K + mix(origin asked, mode, flags) + mix(site)
 * (asymmetric: held and asked cannot be swapped), the instance word of the locks
 * themselves.  64 bits of each are taken for identity; at 10^6 keys a collision
 * is as likely as 3 in 10^8.
 */
#ifndef WIT_CHAIN_H
#define WIT_CHAIN_H

#include "core/arena.h"
#include "core/event.h"
#include "core/held.h"

struct wit_chain_key {
	uint64_t roles; /* never 0 */
	uint64_t instances;
};

static inline struct wit_chain_key
wit_chain_key(const struct wit_holding *holding, const struct wit_event *event)
{
	uint64_t key = holding->list[0]->key, instances = holding->list[0]->instances;
	struct wit_chain_key out;

	if (holding->list[1] != NULL) {
		key += holding->list[1]->key * 3;
		instances += holding->list[1]->instances * 3;
	}
	if (holding->skip != NULL) {
		uint64_t times = wit_holding_list(holding, holding->skip) == 1 ? 3 : 1;

		key -= wit_held_role(holding->skip->lock.origin, holding->skip->mode) * times;
		instances -= wit_held_instance(&holding->skip->lock) * times;
	}
	out.roles =
	    key * 0xd6e8feb86659fd93u +
	    wit_mix(((uint64_t)event->lock.origin << 32) | ((uint64_t)event->mode << 16) | event->flags) +
	    wit_mix((uint64_t)(uintptr_t)event->site.where + event->site.line * 0x9e3779b97f4a7c15u);
	out.roles |= out.roles == 0;
	out.instances = instances * 0xd6e8feb86659fd93u + wit_held_instance(&event->lock);
	return (out);
}

/* A dependency as known in the process. */
struct wit_dependency {
	_Atomic uint64_t
	    count; /* acquisitions, without those that caches still hold (who has the cache adds those) */
	uint32_t chain, depth;
	uint32_t threads, instances; /* told apart so far, the first use included (engine lock) */
	_Atomic uint32_t saturated; /* WIT_SATURATED_* */
};

struct wit_known {
	struct wit_arena *arena;
	struct wit_table dependencies, chains, contexts;
	struct wit_index by_key; /* roles -> dependency */
	struct wit_index by_thread, by_instances; /* mixed with the dependency -> context */
	struct wit_index by_chain;
};

enum wit_known_result {
	WIT_KNOWN = 0, /* nothing to record */
	WIT_KNOWN_CONTEXT = 1, /* dependency known, thread or instances are news */
	WIT_KNOWN_NOT = 2 /* never seen */
};

void wit_known_init(struct wit_known *known, struct wit_arena *arena);

/*
 * Depth 2.  *dependency is set but for WIT_KNOWN_NOT.  Where all is known and
 * the thread's segment is another than the last recorded, that one word is updated,
 * and the acquisition is counted (otherwise wit_check_request() counts it).
 * May race with writers; constant time.
 */
enum wit_known_result wit_known_look(struct wit_known *known, struct wit_chain_key key, uint32_t thread,
    uint32_t segment, uint32_t *dependency);

static inline struct wit_dependency *
wit_known_dependency(const struct wit_known *known, uint32_t id)
{
	return (wit_table_at(&known->dependencies, id));
}

/* ---- writers: engine lock ---- */

/* Which evidence a use would add to a known dependency, saturated or not: WIT_SATURATED_* of what is news. */
uint32_t wit_known_news(
    const struct wit_known *known, uint32_t dependency, struct wit_chain_key key, uint32_t thread);
/*
 * Room for one more dependency and one more context: after 0 the two functions below cannot fail.
 * Or -ENOMEM.
 */
int wit_known_reserve(struct wit_known *known);
/* A new dependency for a key, of count 0: its id, or 0. */
uint32_t wit_known_add(struct wit_known *known, struct wit_chain_key key, uint32_t chain, uint32_t depth);
/*
 * A use of it by this thread on these instances: its first (in the dependency's
 * own record) or a context.  last points to the segment word in the record, or
 * is NULL when the record could not be kept.  0 or -ENOMEM.
 */
int wit_known_add_context(struct wit_known *known, uint32_t dependency, struct wit_chain_key key,
    uint32_t thread, uint32_t segment, _Atomic uint32_t *last);
/*
 * The chain node (parent, entry, its site id), found or made (*added): its id, or 0.  Nodes differ
 * by lock, mode, flags, segment and site.
 */
uint32_t wit_known_chain(
    struct wit_known *known, uint32_t parent, const struct wit_held_entry *entry, uint32_t site, bool *added);

#endif
