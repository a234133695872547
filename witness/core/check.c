/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The rules.  A request is a thread asking for a lock, by blocking, while it
 * holds others.  Live only alarms: what is a finding, and how bad, is decided at
 * import from the merged graph; so a rule here says each thing once, and keeps
 * all evidence whether it alarms or not.
 *
 * R1 Reversal.  Every held lock, newest to oldest, makes an edge from its class to
 *    the class asked for.  An edge that closes a strong cycle (order.h) is stored
 *    like any other, and is one alarm.
 *    a. From every held lock, not from the newest alone, and past known edges:
 *       stopping early loses the cycles whose shortcut one thread owns.
 *    b. A lock taken by a try is held like any other, so edges leave it.  None
 *       enter: a try does not wait.
 *    c. The interlock makes no edge: it is let go by the very wait.
 *    d. Two locks of one class make no edge: R2's business.
 *    e. One alarm for an edge, ever, whatever strengths it is seen with later.  A
 *       new strength of an old edge alarms only if the cycle it closes has an
 *       edge that was in no alarm yet: the rest was said before.
 *    f. A request that may learn no order (WIT_NOORDER) is judged as if it had
 *       made its edges; one alarm for each pair of classes.
 *    g. The lines are WITNESS's: where a lock older than the conflicting one has
 *       the class asked for, that one is the 1st, the conflicting the 2nd, the
 *       new the 3rd (newest of such, as WITNESS walks); else conflicting and new.
 * R2 Duplicate.  A held lock has the class asked for, and neither the call nor the
 *    lock says that this is meant (WIT_DUPOK).  Any held lock, not the newest
 *    alone: with one of another class between them the pair is no better.  But a
 *    recursive read beside a read of its class never waits.  Once for a class.
 * R3 Recursion.  The very lock asked for is held.  It waits for itself, unless it
 *    may be recursed, or is asked for by a recursive read where a read is held.  It
 *    is no order in any case: nobody else is waited for.  Once for a class and place.
 *
 * Evidence.  The first use of a set of roles at a place is a dependency; further
 * threads and further instances are contexts, so many of each kind as limits
 * say, then the dependency is saturated in it.
 * When memory fails: stacks are given up first, then contexts, then
 * dependencies; rules go on without their evidence as long as edges find room.
 */
#include "core/check_record.h"

#include <errno.h>
#include <string.h>

enum { NOTE_ALARMED = 1, NOTE_IN_ALARM = 2, NOTE_NEW = 4 };

/* What check.c knows of an edge, by its id. */
struct edge_note {
	struct wit_alarm_edge first[4]; /* by strength: the first dependency that made it */
	uint32_t pending; /* place of the held lock that closed a cycle just now, plus one */
	uint8_t flags;
};

void
wit_check_init(struct wit_engine *engine, struct wit_arena *arena, const struct wit_sink *sink,
    const struct wit_limits *limits)
{
	memset(engine, 0, sizeof(*engine));
	engine->arena = arena;
	engine->sink = *sink;
	engine->limits = *limits;
	wit_class_init(&engine->names, arena);
	wit_known_init(&engine->known, arena);
	wit_order_init(&engine->order, arena);
	wit_table_init(&engine->edge_notes, sizeof(struct edge_note));
}

/* One request on its way through the rules. */
struct request {
	const struct wit_holding *holding;
	const struct wit_event *event;
	uint32_t depth, class;
	uint32_t site, stack, dependency;
	bool closes;
};

static struct edge_note *
note_at(const struct wit_engine *engine, uint32_t edge)
{
	return (wit_table_at(&engine->edge_notes, edge));
}

static uint32_t
strength_place(unsigned strength)
{
	return ((uint32_t)__builtin_ctz(strength));
}

static const struct wit_held_entry *
held_at(const struct request *request, uint32_t i)
{
	return (wit_holding_newest(request->holding, i));
}

static uint32_t
class_at(const struct wit_engine *engine, const struct request *request, uint32_t i)
{
	return (wit_check_class_of(engine, held_at(request, i)->lock.origin));
}

static unsigned
strength_at(const struct request *request, uint32_t i)
{
	return (wit_order_strength(held_at(request, i)->mode, request->event->mode));
}

/* ---- alarms ---- */

static struct wit_rec_alarm_line
line_of_held(struct wit_engine *engine, const struct wit_held_entry *entry)
{
	return ((struct wit_rec_alarm_line){
	    entry->lock.instance, entry->lock.origin, wit_check_site(engine, entry->site)});
}

static struct wit_rec_alarm_line
line_of_new(const struct request *request)
{
	return ((struct wit_rec_alarm_line){
	    request->event->lock.instance, request->event->lock.origin, request->site});
}

static struct wit_alarm
alarm_of(const struct request *request, unsigned kind)
{
	return ((struct wit_alarm){.kind = kind,
	    .dependency = request->dependency,
	    .thread = request->event->thread,
	    .stack = request->stack});
}

/* R1g: the newest held lock of the class asked for that is older than place i; NULL if there is none. */
static const struct wit_held_entry *
earlier_of_class(const struct wit_engine *engine, const struct request *request, uint32_t i)
{
	for (i++; i < request->depth; i++)
		if (class_at(engine, request, i) == request->class)
			return (held_at(request, i));
	return (NULL);
}

/*
 * The path that the edge from place i closes, into the tail scratch: its length,
 * or 0 when there is none or (counted lost) no memory for it.
 */
static uint32_t
closing_path(struct wit_engine *engine, const struct request *request, uint32_t i)
{
	uint32_t from = class_at(engine, request, i);
	unsigned strength = strength_at(request, i);
	int length = wit_order_path(&engine->order, from, request->class, strength, NULL, 0);
	struct wit_order_step *steps;

	if (wit_check_reserve(engine, 0, ((size_t)length + 1) * sizeof(*steps)) != 0) {
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
		return (0);
	}
	steps = (struct wit_order_step *)engine->tail.at;
	return ((uint32_t)wit_order_path(
	    &engine->order, from, request->class, strength, steps, (uint32_t)length));
}

/* R1e.  Marks the path's edges as said, and tells whether one of them had not been. */
static bool
mark_path(struct wit_engine *engine, uint32_t length)
{
	const struct wit_order_step *steps = (struct wit_order_step *)engine->tail.at;
	bool news = false;
	uint32_t k;

	for (k = 0; k < length; k++) {
		struct edge_note *note = note_at(engine, steps[k].edge);

		news |= (note->flags & NOTE_IN_ALARM) == 0;
		note->flags |= NOTE_IN_ALARM;
	}
	return (news);
}

/*
 * The path in the tail scratch becomes the cycle: the closing edge, then each edge's first
 * dependency, in place.
 */
static const struct wit_alarm_edge *
cycle_of_path(struct wit_engine *engine, const struct request *request, uint32_t i, uint32_t length)
{
	struct wit_alarm_edge one = {request->dependency, i};
	struct wit_order_step step;
	char *tail = engine->tail.at;
	uint32_t k;

	_Static_assert(sizeof(one) == sizeof(step), "one array becomes the other");
	for (k = length; k > 0; k--) {
		memcpy(&step, tail + (k - 1) * sizeof(step), sizeof(step));
		memcpy(tail + k * sizeof(one),
		    &note_at(engine, step.edge)->first[strength_place(step.strength)], sizeof(one));
	}
	memcpy(tail, &one, sizeof(one));
	return ((const struct wit_alarm_edge *)tail);
}

static void
say_reversal(struct wit_engine *engine, const struct request *request, uint32_t i, uint32_t length)
{
	struct wit_alarm alarm = alarm_of(request, WIT_FINDING_INVERSION);
	const struct wit_held_entry *earlier = earlier_of_class(engine, request, i);

	if (earlier != NULL)
		alarm.line[alarm.lines++] = line_of_held(engine, earlier);
	alarm.line[alarm.lines++] = line_of_held(engine, held_at(request, i));
	alarm.line[alarm.lines++] = line_of_new(request);
	if (length > 0) {
		alarm.edges = length + 1;
		alarm.edge = cycle_of_path(engine, request, i, length);
	}
	wit_check_put_alarm(engine, &alarm);
}

/* Whether this rule and subject are said for the first time. */
static bool
first_time(struct wit_engine *engine, unsigned kind, uint64_t subject)
{
	uint64_t key = wit_mix(wit_mix(kind) ^ subject);

	if (wit_index_find(&engine->alarmed, key) != 0)
		return (false);
	if (wit_index_add(&engine->alarmed, engine->arena, key, 1) != 0)
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
	return (true);
}

/* ---- R1 ---- */

/* The edge from place i, stored; its note remembers what made it, and that an alarm is due. */
static void
learn_edge(struct wit_engine *engine, struct request *request, uint32_t i)
{
	uint32_t from = class_at(engine, request, i), id;
	unsigned strength = strength_at(request, i);
	struct edge_note *note;
	int result;

	if (wit_table_reserve(&engine->edge_notes, engine->arena) != 0)
		result = -ENOMEM;
	else
		result = wit_order_add(&engine->order, from, request->class, strength);
	if (result < 0)
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
	if (result <= WIT_ORDER_KNOWN)
		return;
	id = wit_order_find(&engine->order, from, request->class);
	if (id > wit_table_count(&engine->edge_notes)) {
		note = wit_table_add(&engine->edge_notes, engine->arena, &id);
		note->flags = NOTE_NEW;
	}
	note = note_at(engine, id);
	note->first[strength_place(strength)] = (struct wit_alarm_edge){request->dependency, i};
	if (result == WIT_ORDER_CYCLE) {
		request->closes = true;
		if (note->pending == 0)
			note->pending = i + 1;
	}
}

static void
learn_edges(struct wit_engine *engine, struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->depth; i++) {
		uint32_t from = class_at(engine, request, i);

		if (from != 0 && from != request->class)
			learn_edge(engine, request, i);
	}
}

/* The alarms that learn_edges() left due, now that the dependency is on record. */
static void
alarm_edges(struct wit_engine *engine, const struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->depth; i++) {
		uint32_t id = wit_order_find(&engine->order, class_at(engine, request, i), request->class),
			 length;
		struct edge_note *note = id == 0 ? NULL : note_at(engine, id);
		bool news;

		if (note == NULL || note->pending != i + 1)
			continue;
		note->pending = 0;
		if ((note->flags & NOTE_ALARMED) != 0)
			continue;
		length = closing_path(engine, request, i);
		news = mark_path(engine, length);
		if (news || (note->flags & (NOTE_NEW | NOTE_IN_ALARM)) != NOTE_IN_ALARM) {
			note->flags |= NOTE_ALARMED | NOTE_IN_ALARM;
			say_reversal(engine, request, i, length);
		}
	}
}

/* An edge is new in the request that made it only. */
static void
age_edges(struct wit_engine *engine, const struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->depth; i++) {
		uint32_t id = wit_order_find(&engine->order, class_at(engine, request, i), request->class);

		if (id != 0)
			note_at(engine, id)->flags &= (uint8_t)~NOTE_NEW;
	}
}

/* R1f. */
static void
judge_edges(struct wit_engine *engine, const struct request *request)
{
	uint32_t i, from, length;

	for (i = 0; i < request->depth; i++) {
		from = class_at(engine, request, i);
		if (from == 0 || from == request->class ||
		    wit_order_has(&engine->order, from, request->class, strength_at(request, i)))
			continue;
		length = closing_path(engine, request, i);
		if (length > 0 &&
		    first_time(engine, WIT_FINDING_INVERSION, ((uint64_t)from << 32) | request->class))
			say_reversal(engine, request, i, length);
	}
}

/* ---- R2 ---- */

static void
check_duplicate(struct wit_engine *engine, const struct request *request)
{
	struct wit_alarm alarm = alarm_of(request, WIT_FINDING_DUPLICATE);
	uint32_t i = 0;

	if ((request->event->flags & WIT_DUPOK) != 0)
		return;
	while (i < request->depth &&
	       (class_at(engine, request, i) != request->class || strength_at(request, i) == WIT_STRENGTH_SR))
		i++;
	if (i == request->depth || !first_time(engine, WIT_FINDING_DUPLICATE, request->class))
		return;
	alarm.lines = 2;
	alarm.line[0] = line_of_held(engine, held_at(request, i));
	alarm.line[1] = line_of_new(request);
	wit_check_put_alarm(engine, &alarm);
}

/* ---- R3 ---- */

void
wit_check_recursion(
    struct wit_engine *engine, const struct wit_held_entry *entry, const struct wit_event *event)
{
	struct request request = {.event = event};
	struct wit_alarm alarm;

	if ((event->flags & WIT_RECURSABLE) != 0)
		return;
	if (wit_order_strength(entry->mode, event->mode) == WIT_STRENGTH_SR)
		return;
	request.class = wit_check_class_of(engine, event->lock.origin);
	request.site = wit_check_site(engine, event->site);
	if (!first_time(engine, WIT_FINDING_RECURSION, ((uint64_t)request.class << 32) | request.site))
		return;
	request.stack = wit_check_stack(engine, event->walk);
	alarm = alarm_of(&request, WIT_FINDING_RECURSION);
	alarm.lines = 2;
	alarm.line[0] = line_of_held(engine, entry);
	alarm.line[1] = line_of_new(&request);
	wit_check_put_alarm(engine, &alarm);
}

/* The held entry of the very lock asked for, or NULL. */
static const struct wit_held_entry *
same_lock(const struct request *request)
{
	uint32_t i;

	for (i = 0; i < request->depth; i++)
		if (held_at(request, i)->lock.instance == request->event->lock.instance)
			return (held_at(request, i));
	return (NULL);
}

/* ---- evidence ---- */

/* No context of it is asked for again: there is no memory for any. */
static void
give_up_contexts(struct wit_engine *engine, struct wit_dependency *dep)
{
	wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
	atomic_fetch_or_explicit(
	    &dep->saturated, WIT_SATURATED_THREADS | WIT_SATURATED_INSTANCES, memory_order_release);
}

static uint32_t
saturation(const struct wit_engine *engine, const struct wit_dependency *dep, uint32_t news)
{
	uint32_t saturated = 0;

	if ((news & WIT_SATURATED_THREADS) != 0 && dep->threads >= engine->limits.threads)
		saturated |= WIT_SATURATED_THREADS;
	if ((news & WIT_SATURATED_INSTANCES) != 0 && dep->instances >= engine->limits.instances)
		saturated |= WIT_SATURATED_INSTANCES;
	return (saturated);
}

/* The known dependency is used by another thread or on other locks. */
static void
add_context(struct wit_engine *engine, struct request *request, struct wit_chain_key key)
{
	struct wit_dependency *dep = wit_known_dependency(&engine->known, request->dependency);
	uint32_t thread = request->event->thread, segment = request->event->segment;
	uint32_t news = wit_known_news(&engine->known, request->dependency, key, thread);
	struct wit_use use = {.dependency = request->dependency, .depth = request->depth};
	_Atomic uint32_t *last;
	int error = 0;

	if (engine->tight >= WIT_TIGHT_CONTEXTS) {
		give_up_contexts(engine, dep);
		return;
	}
	use.chain = wit_check_chain(engine, request->holding, &error);
	if (error != 0 || wit_known_reserve(&engine->known) != 0 ||
	    wit_check_reserve(
		engine, wit_check_use_size(request->depth), request->depth * sizeof(uint32_t)) != 0) {
		give_up_contexts(engine, dep);
		return;
	}
	use.site = wit_check_site(engine, request->event->site);
	use.stack = wit_check_stack(engine, request->event->walk);
	use.saturated = saturation(engine, dep, news);
	last = wit_check_put_use(engine, &use, request->holding, request->event, false);
	(void)wit_known_add_context(&engine->known, request->dependency, key, thread, segment, last);
	atomic_fetch_or_explicit(&dep->saturated, use.saturated, memory_order_release);
}

/* Its dependency's id and chain, all memory for its record found; 0: not to be had. */
static uint32_t
new_dependency(
    struct wit_engine *engine, const struct request *request, struct wit_chain_key key, uint32_t *chain)
{
	int error;

	*chain = wit_check_chain(engine, request->holding, &error);
	if (error != 0 || wit_known_reserve(&engine->known) != 0 ||
	    wit_check_reserve(
		engine, wit_check_use_size(request->depth), request->depth * sizeof(uint32_t)) != 0) {
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
		return (0);
	}
	return (wit_known_add(&engine->known, key, *chain, request->depth));
}

static void
first_use(struct wit_engine *engine, struct request *request, struct wit_chain_key key)
{
	const struct wit_event *event = request->event;
	bool learn = (event->flags & WIT_NOORDER) == 0;
	struct wit_use use = {.depth = request->depth};

	request->dependency = use.dependency = new_dependency(engine, request, key, &use.chain);
	request->site = use.site = wit_check_site(engine, event->site);
	request->stack = use.stack = wit_check_stack(engine, event->walk);
	if (learn)
		learn_edges(engine, request);
	use.closes = request->closes;
	if (use.dependency != 0) {
		_Atomic uint32_t *last = wit_check_put_use(engine, &use, request->holding, event, true);

		(void)wit_known_add_context(
		    &engine->known, use.dependency, key, event->thread, event->segment, last);
	}
	if (learn) {
		alarm_edges(engine, request);
		age_edges(engine, request);
	} else
		judge_edges(engine, request);
	check_duplicate(engine, request);
}

uint32_t
wit_check_request(struct wit_engine *engine, const struct wit_holding *holding, const struct wit_event *event,
    struct wit_chain_key key)
{
	struct request request = {.holding = holding, .event = event};
	const struct wit_held_entry *same;

	request.depth = wit_holding_count(holding);
	request.class = wit_check_class_of(engine, event->lock.origin);
	if (request.depth == 0 || request.class == 0 || (event->flags & WIT_TRY) != 0)
		return (0);
	same = same_lock(&request);
	if (same != NULL) {
		wit_check_recursion(engine, same, event);
		return (0);
	}
	switch (wit_known_look(&engine->known, key, event->thread, event->segment, &request.dependency)) {
	case WIT_KNOWN:
		return (request.dependency);
	case WIT_KNOWN_CONTEXT:
		add_context(engine, &request, key);
		break;
	case WIT_KNOWN_NOT:
		first_use(engine, &request, key);
		break;
	}
	if (request.dependency != 0)
		atomic_fetch_add_explicit(&wit_known_dependency(&engine->known, request.dependency)->count, 1,
		    memory_order_relaxed);
	return (request.dependency);
}
