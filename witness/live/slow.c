/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slow.c - every call that the plain path does not answer.
 *
 * S1 Asked for again by its owner is recursion, not order.  Whether a rule forbids
 *    it is for the engine to say (check.c, R3), shared on shared too.
 * S2 What depth 2 does not know goes to the engine, the stack walked before its
 *    lock is taken: the unwinder may wait for the loader.
 * S3 The answer of depth 2 and 3 is remembered by the thread.
 * S4 Requests, acquisitions and releases of observed classes are events, each
 *    with its stack.  A lock's sequence number is drawn while it is held: after
 *    it was taken and before it is let go.  Recursion is no event.
 * S5 An unlock that finds no entry is ignored: another context took the lock,
 *    or it was taken before tracking began.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "live/list.h"
#include "live/live.h"

void
wit_list_sum(struct wit_list *list)
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

static struct wit_event
event_of(const struct wit_thread *t, const struct wit_call *call, enum wit_op op)
{
	struct wit_event event = {
	    .lock = wit_list_ref(call->lo, wit_list_tool(call->lo)),
	    .site = {.where = call->file, .line = (uint32_t)call->line},
	    .sp = call->frame == NULL ? 0 : wit_list_top(call->frame),
	    .from = (uintptr_t)call->from,
	    .thread = t->id,
	    .segment = t->segment,
	    .op = (uint8_t)op,
	    .mode = (uint8_t)WIT_LIST_MODE(call->flags),
	    .flags = (uint16_t)WIT_LIST_FLAGS(call->lo->lo_flags, call->flags),
	};

	if (op == WIT_OP_REQUEST)
		event.flags |= (uint16_t)wit_list_noorder(call->flags);
	return (event);
}

static bool
observed(const struct wit_event *event)
{
	const struct wit_tally *tally = wit_table_at(&wit_process.tallies, event->lock.origin);

	return (tally->observed);
}

/* The next number of a lock; shared holders may draw at once. */
static uint64_t
draw(struct witness_lock_object *lo)
{
	return (__atomic_add_fetch(&lo->lo_tool[1], 1, __ATOMIC_RELAXED));
}

/* Writes the event, its stack walked now: the stack's id. */
static uint32_t
record_event(struct wit_thread *t, const struct wit_call *call, struct wit_event *event, uint64_t sequence)
{
	uint32_t stack;

	wit_stack_walk(&t->walk, call->from);
	event->walk = &t->walk;
	wit_engine_lock();
	stack = wit_check_stack(&wit_process.engine, &t->walk);
	wit_check_event(&wit_process.engine, event, sequence);
	wit_engine_unlock();
	return (stack);
}

/* The entry of a lock in whichever list has it; its list in *listp. */
static struct wit_held_entry *
find(struct wit_thread *t, const struct witness_lock_object *lo, struct wit_list **listp)
{
	struct wit_held_entry *entry = NULL;

	if (t->cpu != NULL && (entry = wit_list_find(t->cpu, lo)) != NULL)
		*listp = t->cpu;
	else if ((entry = wit_list_find(&t->mine, lo)) != NULL)
		*listp = &t->mine;
	return (entry);
}

/* Which origin a dependency asks for, for the counts at the end.  Engine lock. */
static void
note_dependency(uint32_t dependency, uint32_t origin)
{
	struct wit_table *table = &wit_process.dependency_origin;
	uint32_t id;

	while (wit_table_count(table) < dependency)
		if (wit_table_add(table, &wit_process.arena, &id) == NULL)
			return;
	*(uint32_t *)wit_table_at(table, dependency) = origin;
}

/* S3.  A request with an interlock is not the one without it: those are looked up each time. */
static void
remember(
    struct wit_thread *t, const struct wit_call *call, const struct wit_holding *holding, uint32_t dependency)
{
	const uint64_t held = wit_list_what(&t->mine, t->cpu), tool = wit_list_tool(call->lo);
	const uint64_t how = wit_list_how(call->line, call->flags);
	struct wit_seen *seen = wit_list_seen(t, held, tool, call->file, how);

	if (holding->skip != NULL)
		return;
	if (seen->dependency != 0)
		atomic_fetch_add_explicit(
		    &wit_known_dependency(&wit_process.engine.known, seen->dependency)->count, seen->hits,
		    memory_order_relaxed);
	*seen = (struct wit_seen){
	    .held = held, .tool = tool, .file = call->file, .how = how, .dependency = dependency};
}

/* Depths 2 and 3 for a request with something held (S2, S3). */
static void
order(struct wit_thread *t, const struct wit_call *call, const struct wit_holding *holding,
    struct wit_event *event)
{
	struct wit_engine *engine = &wit_process.engine;
	const struct wit_chain_key key = wit_chain_key(holding, event);
	uint32_t dependency = 0;

	if (wit_known_look(&engine->known, key, t->id, t->segment, &dependency) != WIT_KNOWN) {
		wit_stack_walk(&t->walk, call->from);
		event->walk = &t->walk;
		wit_engine_lock();
		dependency = wit_check_request(engine, holding, event, key);
		if (dependency != 0)
			note_dependency(dependency, event->lock.origin);
		wit_engine_unlock();
	}
	if (dependency != 0)
		remember(t, call, holding, dependency);
}

/* S1 */
static void
again(struct wit_thread *t, const struct wit_call *call, const struct wit_held_entry *entry,
    struct wit_event *event)
{
	if ((event->flags & WIT_RECURSABLE) != 0)
		return;
	wit_stack_walk(&t->walk, call->from);
	event->walk = &t->walk;
	wit_engine_lock();
	wit_check_recursion(&wit_process.engine, entry, event);
	wit_engine_unlock();
}

static void
checkorder(struct wit_thread *t, const struct wit_call *call)
{
	struct wit_holding holding = wit_thread_holding(t);
	struct wit_event event = event_of(t, call, WIT_OP_REQUEST);
	const struct wit_held_entry *entry;
	struct wit_list *list;

	wit_list_settle(&t->mine);
	if (t->cpu != NULL)
		wit_list_settle(t->cpu);
	if ((entry = find(t, call->lo, &list)) != NULL) {
		again(t, call, entry, &event);
		return;
	}
	if (call->interlock != NULL)
		holding.skip = find(t, call->interlock, &list);
	if (wit_holding_count(&holding) != 0)
		order(t, call, &holding, &event);
	if (observed(&event))
		record_event(t, call, &event, 0);
	if ((t->mode & WIT_PATH_STATE) != 0)
		wit_state_show(t, call);
}

void
wit_slow_checkorder(const struct wit_call *call)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);

	if (t != NULL) {
		if (wit_list_tool(call->lo) != 0 && (call->flags & LOP_TRYLOCK) == 0)
			checkorder(t, call);
		wit_thread_leave(t);
	}
	errno = saved;
}

/* The entry of a list that is WIT_HELD_INLINE deep or deeper; NULL: no memory. */
static struct wit_held_entry *
push_deep(struct wit_thread *t, struct wit_list *list, const struct wit_event *event)
{
	const uint64_t serial = list->held.serial + 1;
	struct wit_held_entry *entry;

	wit_list_settle(list);
	wit_engine_lock();
	entry = wit_held_push(&list->held, &wit_process.arena, event);
	if (entry == NULL)
		wit_process.engine.lost++;
	wit_engine_unlock();
	t->mode |= WIT_PATH_DEEP;
	list->summed = list->held.count;
	list->held.serial = serial;
	if (entry != NULL)
		entry->serial = serial;
	return (entry);
}

static struct wit_held_entry *
push(struct wit_thread *t, const struct wit_call *call, const struct wit_event *event)
{
	struct wit_list *list = wit_list_of(t, call->lo);
	const uint32_t n = list->held.count;
	struct wit_held_entry *entry = &list->held.entry[n];

	if (n >= WIT_HELD_INLINE)
		return (push_deep(t, list, event));
	entry->lock = event->lock;
	entry->site = event->site;
	entry->sp = event->sp;
	entry->from = event->from;
	entry->serial = ++list->held.serial;
	wit_list_finish(entry, event->segment, call->lo, call->flags);
	list->held.count = n + 1;
	return (entry);
}

static void
lock(struct wit_thread *t, const struct wit_call *call)
{
	struct wit_event event = event_of(t, call, WIT_OP_ACQUIRE);
	struct wit_held_entry *entry;
	struct wit_list *list;

	if ((entry = find(t, call->lo, &list)) != NULL) {
		entry->recursed++;
		entry->site = event.site;
		return;
	}
	if ((entry = push(t, call, &event)) == NULL)
		return;
	if (observed(&event)) {
		entry->stack = record_event(t, call, &event, draw(call->lo));
	} else if ((t->mode & WIT_PATH_STACKS) != 0) {
		wit_stack_walk(&t->walk, call->from);
		wit_engine_lock();
		entry->stack = wit_check_stack(&wit_process.engine, &t->walk);
		wit_engine_unlock();
	}
	if ((t->mode & WIT_PATH_STATE) != 0)
		wit_state_show(t, NULL);
}

void
wit_slow_lock(const struct wit_call *call)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);

	if (t != NULL) {
		if (wit_list_tool(call->lo) != 0)
			lock(t, call);
		wit_thread_leave(t);
	}
	errno = saved;
}

static void
drop(struct wit_list *list, struct wit_held_entry *entry)
{
	const uint32_t n = list->held.count - 1;

	if (n < WIT_HELD_INLINE && entry == &list->held.entry[n]) {
		wit_list_pop(list, n);
		return;
	}
	wit_list_settle(list);
	wit_held_drop(&list->held, entry);
	wit_list_unsum(list);
}

static void
unlock(struct wit_thread *t, const struct wit_call *call)
{
	struct wit_list *list;
	struct wit_held_entry *entry = find(t, call->lo, &list);
	struct wit_event event;

	if (entry == NULL) /* S5 */
		return;
	if (entry->recursed != 0) {
		entry->recursed--;
		return;
	}
	event = event_of(t, call, WIT_OP_RELEASE);
	event.mode = entry->mode;
	if (event.lock.origin != 0 && observed(&event))
		record_event(t, call, &event, draw(call->lo));
	drop(list, entry);
	if ((t->mode & WIT_PATH_STATE) != 0)
		wit_state_show(t, NULL);
}

void
wit_slow_unlock(const struct wit_call *call)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);

	if (t != NULL) {
		unlock(t, call);
		wit_thread_leave(t);
	}
	errno = saved;
}

void
wit_slow_mode(const struct wit_call *call, enum wit_op op)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);
	struct wit_held_entry *entry;
	struct wit_list *list;
	struct wit_event event;

	if (t == NULL)
		goto out;
	if (wit_list_tool(call->lo) != 0 && (entry = find(t, call->lo, &list)) != NULL) {
		event = event_of(t, call, op);
		event.mode = op == WIT_OP_UPGRADE ? WIT_MODE_EXCLUSIVE : WIT_MODE_SHARED;
		entry->mode = event.mode;
		entry->site = event.site;
		wit_list_unsum(list);
		if (observed(&event))
			record_event(t, call, &event, draw(call->lo));
	}
	wit_thread_leave(t);
out:
	errno = saved;
}

void
wit_slow_life(struct witness_lock_object *lo, const void *from, bool ended, bool renewed)
{
	struct wit_thread *t = wit_thread_enter(true);
	struct wit_event event = {.lock = wit_list_ref(lo, wit_list_tool(lo))};

	if (t == NULL)
		return;
	wit_stack_walk(&t->walk, from);
	event.thread = t->id;
	event.segment = t->segment;
	event.walk = &t->walk;
	wit_engine_lock();
	wit_check_instance(&wit_process.engine, &event, ended, renewed);
	wit_engine_unlock();
	wit_thread_leave(t);
}
