/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/check_record.h"

#include <errno.h>
#include <string.h>

#define SCRATCH_LEAST 1024u

void
wit_check_tighten(struct wit_engine *engine, enum wit_tight tight)
{
	engine->lost++;
	if (engine->tight < tight)
		engine->tight = tight;
}

/* Nothing of the old content is kept. */
static int
widen(struct wit_engine *engine, struct wit_scratch *scratch, size_t need)
{
	size_t room = scratch->room < SCRATCH_LEAST ? SCRATCH_LEAST : scratch->room;
	char *at;

	if (need <= scratch->room)
		return (0);
	while (room < need)
		room *= 2;
	at = wit_arena_alloc(engine->arena, room);
	if (at == NULL)
		return (-ENOMEM);
	scratch->at = at;
	scratch->room = room;
	return (0);
}

int
wit_check_reserve(struct wit_engine *engine, size_t record, size_t tail)
{
	if (widen(engine, &engine->record, sizeof(struct wit_rec) + record) != 0)
		return (-ENOMEM);
	return (widen(engine, &engine->tail, tail));
}

/* A record of a fixed part, bytes and a string (each may be none); where it lies, or NULL: lost. */
static void *
put(struct wit_engine *engine, unsigned type, const void *fixed, size_t n, const void *bytes, size_t more,
    const char *text)
{
	struct wit_rec_builder b;
	size_t length;

	if (wit_check_reserve(engine, n + more + (text != NULL ? strlen(text) + 1 : 0), 0) != 0) {
		wit_check_tighten(engine, WIT_TIGHT_STACKS);
		return (NULL);
	}
	wit_runfile_begin(&b, engine->record.at, engine->record.room);
	wit_runfile_put(&b, fixed, n);
	wit_runfile_put(&b, bytes, more);
	if (text != NULL)
		wit_runfile_put_string(&b, text);
	length = wit_runfile_finish(&b, type, 0);
	if (length == 0) {
		engine->lost++;
		return (NULL);
	}
	return (engine->sink.put(engine->sink.owner, b.buffer, length));
}

/* ---- places ---- */

uint32_t
wit_check_site(struct wit_engine *engine, struct wit_site site)
{
	struct wit_rec_site rec = {.line = site.line};
	bool added;

	if (site.where == NULL)
		return (0);
	rec.id = wit_class_add_site(&engine->names, site, &added);
	if (rec.id == 0) {
		wit_check_tighten(engine, WIT_TIGHT_STACKS);
		return (0);
	}
	if (added) {
		if (site.line == 0)
			rec.frame = engine->sink.frame(engine->sink.owner, site.where);
		put(engine, WIT_REC_SITE, &rec, sizeof(rec), NULL, 0, site.line != 0 ? site.where : NULL);
	}
	return (rec.id);
}

static uint32_t
keep_stack(struct wit_engine *engine, const uint64_t *frame, uint32_t count, bool derived, uint32_t site)
{
	struct wit_rec_stack rec = {.count = count, .derived = derived, .site = site};
	bool added = false;

	if (engine->tight < WIT_TIGHT_STACKS)
		rec.id = wit_class_add_stack(&engine->names, frame, count, derived, site, &added);
	if (rec.id == 0)
		wit_check_tighten(engine, WIT_TIGHT_STACKS);
	else if (added)
		put(engine, WIT_REC_STACK, &rec, sizeof(rec), frame, count * sizeof(*frame), NULL);
	return (rec.id);
}

uint32_t
wit_check_stack(struct wit_engine *engine, const struct wit_walk *walk)
{
	if (walk == NULL || walk->count == 0)
		return (0);
	return (keep_stack(engine, walk->frame, walk->count, false, 0));
}

/*
 * The stack grows down: what lies above entry->sp was there before the function
 * that took the lock was called.  That function may have returned since, and its place be
 * another's: it is told by where its call returned to, the older frames by their present lines.
 */
uint32_t
wit_check_derived(struct wit_engine *engine, const struct wit_held_entry *entry, const struct wit_walk *now)
{
	uint64_t frame[WIT_STACK_MAX];
	uint32_t younger = 0, site, count = 0;

	if (now == NULL)
		return (0);
	site = wit_check_site(engine, entry->site);
	while (younger < now->count && (entry->sp == 0 || now->cfa[younger] <= entry->sp))
		younger++;
	if (entry->from != 0)
		frame[count++] = engine->sink.frame(engine->sink.owner, (const void *)(uintptr_t)entry->from);
	while (younger < now->count && count < WIT_STACK_MAX)
		frame[count++] = now->frame[younger++];
	return (keep_stack(engine, frame, count, true, site));
}

uint32_t
wit_check_class_of(const struct wit_engine *engine, uint32_t origin)
{
	return (origin == 0 ? 0 : wit_class_origin_at(&engine->names, origin)->class);
}

uint32_t
wit_check_origin(
    struct wit_engine *engine, const char *type, unsigned primitive, const char *name, struct wit_site site)
{
	struct wit_rec_class class = {.primitive = primitive};
	struct wit_rec_origin origin = {.flags = 0};
	bool added;

	class.id = wit_class_add(&engine->names, type, primitive, &added);
	if (added)
		put(engine, WIT_REC_CLASS, &class, sizeof(class), NULL, 0,
		    wit_class_at(&engine->names, class.id)->name);
	if (class.id != 0) {
		origin.class = class.id;
		origin.site = wit_check_site(engine, site);
		origin.id = wit_class_add_origin(&engine->names, class.id, name, origin.site, &added);
	}
	if (origin.id == 0)
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
	else if (added)
		put(engine, WIT_REC_ORIGIN, &origin, sizeof(origin), NULL, 0,
		    wit_class_origin_at(&engine->names, origin.id)->name);
	return (origin.id);
}

/* ---- threads and what they hold ---- */

uint32_t
wit_check_thread(struct wit_engine *engine, uint32_t parent, uint32_t os_id, const void *role,
    const struct wit_walk *created, const char *name)
{
	struct wit_rec_thread rec = {.parent = parent, .os_id = os_id};

	rec.id = ++engine->threads;
	rec.created_stack = wit_check_stack(engine, created);
	rec.role = role == NULL ? 0 : engine->sink.frame(engine->sink.owner, role);
	put(engine, WIT_REC_THREAD, &rec, sizeof(rec), NULL, 0, name == NULL ? "" : name);
	return (rec.id);
}

static struct wit_rec_held
held_record(struct wit_engine *engine, const struct wit_holding *holding, const struct wit_held_entry *entry)
{
	return ((struct wit_rec_held){
	    .instance = entry->lock.instance,
	    .origin = entry->lock.origin,
	    .generation = entry->lock.generation,
	    .serial = entry->serial,
	    .site = wit_check_site(engine, entry->site),
	    .stack = entry->stack,
	    .segment = entry->segment,
	    .flags = entry->flags,
	    .mode = entry->mode,
	    .cpu = (uint8_t)wit_holding_list(holding, entry),
	});
}

uint32_t
wit_check_segment(struct wit_engine *engine, uint32_t thread, enum wit_segment_cause cause, uint32_t other,
    uint64_t token, const struct wit_holding *holding)
{
	struct wit_rec_segment rec = {.thread = thread, .cause = cause, .other = other, .token = token};
	uint32_t count = holding == NULL ? 0 : wit_holding_count(holding), i;

	rec.id = ++engine->segments;
	if (wit_check_reserve(engine, sizeof(rec), count * sizeof(struct wit_rec_held)) == 0)
		rec.count = count;
	else
		wit_check_tighten(engine, WIT_TIGHT_CONTEXTS);
	for (i = 0; i < rec.count; i++) {
		struct wit_rec_held held =
		    held_record(engine, holding, wit_holding_newest(holding, count - 1 - i));

		memcpy(engine->tail.at + i * sizeof(held), &held, sizeof(held));
	}
	put(engine, WIT_REC_SEGMENT, &rec, sizeof(rec), engine->tail.at,
	    rec.count * sizeof(struct wit_rec_held), NULL);
	return (rec.id);
}

uint32_t
wit_check_chain(struct wit_engine *engine, const struct wit_holding *holding, int *error)
{
	uint32_t i, chain = 0;
	bool added;

	*error = 0;
	for (i = wit_holding_count(holding); i-- > 0;) {
		const struct wit_held_entry *entry = wit_holding_newest(holding, i);
		struct wit_rec_chain rec = {.parent = chain, .lock = held_record(engine, holding, entry)};

		chain = rec.id = wit_known_chain(&engine->known, chain, entry, rec.lock.site, &added);
		if (chain == 0) {
			*error = -ENOMEM;
			return (0);
		}
		if (added)
			put(engine, WIT_REC_CHAIN, &rec, sizeof(rec), NULL, 0, NULL);
	}
	return (chain);
}

/* ---- dependencies and contexts ---- */

size_t
wit_check_use_size(uint32_t depth)
{
	return (sizeof(struct wit_rec_dependency) + depth * sizeof(uint32_t) +
		sizeof(struct wit_rec_context_last));
}

/* Into the tail: a stack for each held lock, newest first. */
static void
held_stacks(
    struct wit_engine *engine, const struct wit_holding *holding, const struct wit_walk *now, uint32_t depth)
{
	uint32_t i;

	for (i = 0; i < depth; i++) {
		const struct wit_held_entry *entry = wit_holding_newest(holding, i);
		uint32_t stack = entry->stack != 0 ? entry->stack : wit_check_derived(engine, entry, now);

		memcpy(engine->tail.at + i * sizeof(stack), &stack, sizeof(stack));
	}
}

static void
put_first(struct wit_rec_builder *b, const struct wit_use *use, const struct wit_event *event)
{
	const struct wit_rec_dependency rec = {
	    .id = use->dependency,
	    .chain = use->chain,
	    .instance = event->lock.instance,
	    .origin = event->lock.origin,
	    .generation = event->lock.generation,
	    .site = use->site,
	    .stack = use->stack,
	    .thread = event->thread,
	    .segment = event->segment,
	    .flags = event->flags,
	    .mode = event->mode,
	    .closes = use->closes,
	    .depth = use->depth,
	};

	wit_runfile_put(b, &rec, sizeof(rec));
}

static void
put_context(struct wit_rec_builder *b, const struct wit_use *use, const struct wit_event *event)
{
	const struct wit_rec_context rec = {
	    .dependency = use->dependency,
	    .chain = use->chain,
	    .instance = event->lock.instance,
	    .origin = event->lock.origin,
	    .generation = event->lock.generation,
	    .site = use->site,
	    .stack = use->stack,
	    .thread = event->thread,
	    .segment = event->segment,
	    .saturated = use->saturated,
	    .depth = use->depth,
	};

	wit_runfile_put(b, &rec, sizeof(rec));
}

_Atomic uint32_t *
wit_check_put_use(struct wit_engine *engine, const struct wit_use *use, const struct wit_holding *holding,
    const struct wit_event *event, bool first)
{
	struct wit_rec_context_last last = {.segment = event->segment};
	struct wit_rec_builder b;
	size_t length;
	char *at;

	held_stacks(engine, holding, event->walk, use->depth);
	wit_runfile_begin(&b, engine->record.at, engine->record.room);
	if (first)
		put_first(&b, use, event);
	else
		put_context(&b, use, event);
	wit_runfile_put(&b, engine->tail.at, use->depth * sizeof(uint32_t));
	wit_runfile_put(&b, &last, sizeof(last));
	length = wit_runfile_finish(&b, first ? WIT_REC_DEPENDENCY : WIT_REC_CONTEXT, sizeof(last));
	if (length == 0) {
		engine->lost++;
		return (NULL);
	}
	at = engine->sink.put(engine->sink.owner, b.buffer, length);
	return (at == NULL ? NULL : (_Atomic uint32_t *)(at + length - sizeof(last)));
}

/* ---- alarms, observed events, totals ---- */

void
wit_check_put_alarm(struct wit_engine *engine, const struct wit_alarm *alarm)
{
	struct {
		struct wit_rec_alarm rec;
		struct wit_rec_alarm_line line[3];
	} fixed = {.rec = {.kind = alarm->kind,
		       .thread = alarm->thread,
		       .dependency = alarm->dependency,
		       .stack = alarm->stack,
		       .lines = alarm->lines,
		       .edges = alarm->edges}};

	fixed.rec.id = ++engine->alarms;
	memcpy(fixed.line, alarm->line, sizeof(fixed.line));
	put(engine, WIT_REC_ALARM, &fixed, sizeof(fixed.rec) + alarm->lines * sizeof(fixed.line[0]),
	    alarm->edge, alarm->edges * sizeof(*alarm->edge), NULL);
}

void
wit_check_event(struct wit_engine *engine, const struct wit_event *event, uint64_t sequence)
{
	const struct wit_rec_event rec = {
	    .instance = event->lock.instance,
	    .origin = event->lock.origin,
	    .generation = event->lock.generation,
	    .sequence = sequence,
	    .thread = event->thread,
	    .segment = event->segment,
	    .site = wit_check_site(engine, event->site),
	    .stack = wit_check_stack(engine, event->walk),
	    .op = event->op,
	    .mode = event->mode,
	    .flags = event->flags,
	};

	put(engine, WIT_REC_EVENT, &rec, sizeof(rec), NULL, 0, NULL);
}

void
wit_check_instance(struct wit_engine *engine, const struct wit_event *event, bool ended, bool renewed)
{
	const struct wit_rec_instance rec = {
	    .instance = event->lock.instance,
	    .origin = event->lock.origin,
	    .generation = event->lock.generation,
	    .ended = ended,
	    .renewed = renewed,
	    .stack = wit_check_stack(engine, event->walk),
	    .thread = event->thread,
	};

	put(engine, WIT_REC_INSTANCE, &rec, sizeof(rec), NULL, 0, NULL);
}

void
wit_check_counts(struct wit_engine *engine, const struct wit_rec_counts *counts)
{
	put(engine, WIT_REC_COUNTS, counts, sizeof(*counts), NULL, 0, NULL);
}
