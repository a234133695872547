/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.h - the rules, and the engine that holds all they need.  room: witness/core
 *
 * The only file that decides.  Both producers hand it what was held and what
 * was asked for; it stores order and evidence, and writes records to the sink:
 * sites, stacks, classes, chains before the dependencies that name them.
 *
 * Threads   the engine has no lock of its own: callers serialise every function
 *           here (live: the engine lock).  Reading beside it: wit_known_look(),
 *           wit_order_has(), wit_class_*_at().
 * Memory    the arena's.  When it has no more, stacks go first, then contexts,
 *           then dependencies; each loss is counted in engine->lost.
 */
#ifndef WIT_CHECK_H
#define WIT_CHECK_H

#include "core/chain.h"
#include "core/class.h"
#include "core/finding.h"
#include "core/order.h"
#include "core/runfile.h"

/* Where records go. */
struct wit_sink {
	/*
	 * Keeps one finished record (wit_runfile_finish()).  Where it lies now, for
	 * words updated in place; NULL: it could not be kept (and is counted lost by the sink's owner).
	 */
	void *(*put)(void *owner, const void *record, size_t length);
	/* An address as WIT_FRAME() word; modules not seen yet are recorded first. */
	uint64_t (*frame)(void *owner, const void *address);
	void *owner;
};

struct wit_limits {
	uint32_t threads; /* contexts a dependency by new threads, at least 1 */
	uint32_t instances; /* contexts a dependency by new instances, at least 1 */
};

/* What was given up since memory failed, never taken back: the least useful first. */
enum wit_tight { WIT_TIGHT_NOT = 0, WIT_TIGHT_STACKS = 1, WIT_TIGHT_CONTEXTS = 2 };

struct wit_scratch {
	char *at;
	size_t room;
};

#define WIT_LIMITS_DEFAULT                                                                                   \
	{                                                                                                    \
		.threads = 64, .instances = 8                                                                \
	}

struct wit_engine {
	struct wit_arena *arena;
	struct wit_sink sink;
	struct wit_limits limits;
	struct wit_names names;
	struct wit_known known;
	struct wit_order order;
	struct wit_table
	    edge_notes; /* check.c's: by edge id, first dependencies and whether it was alarmed */
	struct wit_index alarmed; /* rules already broken by a class, said once */
	struct wit_scratch record, tail; /* a record under construction, and what its tail will be */
	uint32_t threads, segments, alarms; /* ids given out */
	enum wit_tight tight;
	uint64_t lost; /* things that memory was not there for */
};

void wit_check_init(struct wit_engine *engine, struct wit_arena *arena, const struct wit_sink *sink,
    const struct wit_limits *limits);

/*
 * The origin of locks of this type, name and place; records class, site and origin when new.  0:
 * no memory.
 */
uint32_t wit_check_origin(
    struct wit_engine *engine, const char *type, unsigned primitive, const char *name, struct wit_site site);
/* The class of an origin. */
uint32_t wit_check_class_of(const struct wit_engine *engine, uint32_t origin);

/* The id of a site, its record written when new.  0: no memory, or where is NULL. */
uint32_t wit_check_site(struct wit_engine *engine, struct wit_site site);

/* A new thread; role as code address or NULL.  And what begins a segment of it, with what it holds then. */
uint32_t wit_check_thread(struct wit_engine *engine, uint32_t parent, uint32_t os_id, const void *role,
    const struct wit_walk *created, const char *name);
uint32_t wit_check_segment(struct wit_engine *engine, uint32_t thread, enum wit_segment_cause cause,
    uint32_t other, uint64_t token, const struct wit_holding *holding);

/*
 * Depth 3 for a blocking request that wit_known_look() did not know (or knew
 * without this context): rules, edges from every held lock, newest to oldest,
 * dependency or context, alarms; counted.  event->walk is the present stack.
 * The dependency's id, or 0 when it could not be kept (or the request was by a
 * try, of no known origin, or of a lock that the context holds: see R3).
 */
uint32_t wit_check_request(struct wit_engine *engine, const struct wit_holding *holding,
    const struct wit_event *event, struct wit_chain_key key);

/* A lock whose owner asks for it again: R3 decides whether that is an alarm. */
void wit_check_recursion(
    struct wit_engine *engine, const struct wit_held_entry *entry, const struct wit_event *event);

/* Events and lives of observed classes. */
void wit_check_event(struct wit_engine *engine, const struct wit_event *event, uint64_t sequence);
void wit_check_instance(struct wit_engine *engine, const struct wit_event *event, bool ended, bool renewed);

/* The id of a walked stack (0: none), its record written when new. */
uint32_t wit_check_stack(struct wit_engine *engine, const struct wit_walk *walk);
/*
 * A stack of a lock taken earlier: the place, and those present frames that are older than its
 * frame address.
 */
uint32_t wit_check_derived(
    struct wit_engine *engine, const struct wit_held_entry *entry, const struct wit_walk *now);

/* Totals, lost, and the end. */
void wit_check_counts(struct wit_engine *engine, const struct wit_rec_counts *counts);

#endif
