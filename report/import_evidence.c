/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_evidence.c - rows that belong to a run: who asked for what, holding what.   room: report
 */
#include <stdlib.h>
#include <string.h>

#include "import_put.h"
#include "say.h"
#include "store.h"

/* The row of a run's own number is that number; in im->id 1 says that it is there. */
static void
keep(struct rep_importer *im, unsigned type, uint32_t number)
{
	im->id[type][number] = 1;
}

static const struct wit_rec_thread_end *
end_of(struct rep_importer *im, uint32_t thread)
{
	return (rep_records_payload(im->records, WIT_REC_THREAD_END, thread));
}

static int
put_thread(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_thread *thread = (const void *)(rec + 1);
	const struct wit_rec_thread_end *end = end_of(im, thread->id);
	char *name = rep_import_clean(wit_reader_string(rec, sizeof(*thread)));
	int64_t role, created = rep_import_need(im, WIT_REC_STACK, thread->created_stack);
	int error = rep_import_frame(im, thread->role, true, &role);

	if (error == 0)
		error = rep_store_put(im->store, PUT_THREAD, REP_V(im->run), REP_V(thread->id),
		    REP_V(thread->parent), REP_V(thread->os_id), REP_V(name), REP_ID(role), REP_ID(created),
		    REP_V(end != NULL), REP_V((int64_t)(end == NULL ? 0 : end->acquisitions)));
	free(name);
	keep(im, WIT_REC_THREAD, thread->id);
	return (error);
}

static int
put_segment(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_segment *segment = (const void *)(rec + 1);
	const struct wit_rec_held *held =
	    wit_reader_tail(rec, sizeof(*segment), (size_t)segment->count * sizeof(*held));
	int error =
	    rep_store_put(im->store, PUT_SEGMENT, REP_V(im->run), REP_V(segment->id), REP_V(segment->thread),
		REP_V(segment->cause), REP_V(segment->other), REP_V((int64_t)segment->token));

	im->result->missing += held == NULL && segment->count > 0;
	rep_import_need(im, WIT_REC_THREAD, segment->thread);
	for (uint32_t i = 0; held != NULL && i < segment->count && error == 0; i++)
		error = rep_store_put(im->store, PUT_SEGMENT_HELD, REP_V(im->run), REP_V(segment->id),
		    REP_V(i), REP_ID(rep_import_need(im, WIT_REC_ORIGIN, held[i].origin)),
		    REP_V((int64_t)held[i].instance), REP_V(held[i].generation),
		    REP_V((int64_t)held[i].serial), REP_ID(rep_import_need(im, WIT_REC_SITE, held[i].site)),
		    REP_ID(rep_import_need(im, WIT_REC_STACK, held[i].stack)), REP_V(held[i].segment),
		    REP_V(held[i].flags), REP_V(held[i].mode), REP_V(held[i].cpu));
	keep(im, WIT_REC_SEGMENT, segment->id);
	return (error);
}

/* ---- chains: good when their origin is there, and every parent's ---- */

enum { CHAIN_UNKNOWN = 0, CHAIN_GOOD = 1, CHAIN_BAD = -1 };

static int64_t
judge_chain(struct rep_importer *im, uint32_t number)
{
	size_t ids = im->records->list[WIT_REC_CHAIN].ids, steps = 0;
	int64_t *state = im->id[WIT_REC_CHAIN], verdict = CHAIN_UNKNOWN;
	uint32_t at = number;

	while (verdict == CHAIN_UNKNOWN) {
		const struct wit_rec_chain *chain = rep_records_payload(im->records, WIT_REC_CHAIN, at);

		if (at == 0)
			verdict = CHAIN_GOOD;
		else if (chain == NULL || steps++ > ids)
			verdict = CHAIN_BAD;
		else if (state[at] != CHAIN_UNKNOWN)
			verdict = state[at];
		else if (chain->lock.origin == 0 ||
			 chain->lock.origin >= im->records->list[WIT_REC_ORIGIN].ids ||
			 im->id[WIT_REC_ORIGIN][chain->lock.origin] == 0)
			verdict = CHAIN_BAD;
		else
			at = chain->parent;
	}
	/* The same holds for all that were passed on the way. */
	for (at = number; steps > 0 && at != 0 && at < ids && state[at] == CHAIN_UNKNOWN; steps--) {
		const struct wit_rec_chain *chain = rep_records_payload(im->records, WIT_REC_CHAIN, at);

		state[at] = verdict;
		at = chain == NULL ? 0 : chain->parent;
	}
	return (verdict);
}

static int
put_chain(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_chain *chain = (const void *)(rec + 1);
	const struct wit_rec_held *lock = &chain->lock;

	if (judge_chain(im, chain->id) == CHAIN_BAD) {
		im->result->missing++;
		return (0);
	}
	return (rep_store_put(im->store, PUT_CHAIN, REP_V(im->run), REP_V(chain->id), REP_V(chain->parent),
	    REP_V(im->id[WIT_REC_ORIGIN][lock->origin]), REP_V((int64_t)lock->instance),
	    REP_V(lock->generation), REP_V((int64_t)lock->serial),
	    REP_ID(rep_import_need(im, WIT_REC_SITE, lock->site)),
	    REP_ID(rep_import_need(im, WIT_REC_STACK, lock->stack)), REP_V(lock->segment), REP_V(lock->flags),
	    REP_V(lock->mode), REP_V(lock->cpu)));
}

static bool
chain_is_good(struct rep_importer *im, uint32_t number)
{
	if (number != 0 && number < im->records->list[WIT_REC_CHAIN].ids &&
	    im->id[WIT_REC_CHAIN][number] == CHAIN_GOOD)
		return (true);
	im->result->missing++;
	return (false);
}

/* ---- dependencies and contexts ---- */

static int
put_dependency(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_dependency *dep = (const void *)(rec + 1);
	const struct wit_rec_counts *counts =
	    dep->id < im->dependency_counts ? im->dependency_count[dep->id] : NULL;
	const uint32_t *stack = wit_reader_tail(rec, sizeof(*dep), (size_t)dep->depth * 4);
	int64_t origin = rep_import_need(im, WIT_REC_ORIGIN, dep->origin);
	bool counted = counts != NULL && counts->contentions != UINT64_MAX;
	int error;

	if (!chain_is_good(im, dep->chain) || origin == 0)
		return (0);
	im->result->missing += stack == NULL && dep->depth > 0;
	rep_import_need(im, WIT_REC_THREAD, dep->thread);
	rep_import_need(im, WIT_REC_SEGMENT, dep->segment);
	error = rep_store_put(im->store, PUT_DEPENDENCY, REP_V(im->run), REP_V(dep->id), REP_V(dep->chain),
	    REP_V(origin), REP_V((int64_t)dep->instance), REP_V(dep->generation),
	    REP_ID(rep_import_need(im, WIT_REC_SITE, dep->site)),
	    REP_ID(rep_import_need(im, WIT_REC_STACK, dep->stack)), REP_V(dep->thread), REP_V(dep->segment),
	    REP_V(dep->flags), REP_V(dep->mode), REP_V(dep->closes), REP_V(dep->depth),
	    REP_V((int64_t)(counts == NULL || counts->acquisitions == 0 ? 1 : counts->acquisitions)),
	    counted ? rep_value_integer((int64_t)counts->contentions) : REP_ID(0));
	for (uint32_t i = 0; stack != NULL && i < dep->depth && error == 0; i++) {
		int64_t id = rep_import_need(im, WIT_REC_STACK, stack[i]);

		if (id != 0)
			error = rep_store_put(im->store, PUT_DEPENDENCY_STACK, REP_V(im->run), REP_V(dep->id),
			    REP_V(i), REP_V(id));
	}
	keep(im, WIT_REC_DEPENDENCY, dep->id);
	return (error);
}

static int
put_context(struct rep_importer *im, const struct wit_rec *rec, uint64_t at)
{
	const struct wit_rec_context *context = (const void *)(rec + 1);
	const struct wit_rec_context_last *last = wit_reader_last(rec);
	const uint32_t *stack = wit_reader_tail(rec, sizeof(*context), (size_t)context->depth * 4);
	bool there = chain_is_good(im, context->chain);
	int error;

	if (rep_import_need(im, WIT_REC_DEPENDENCY, context->dependency) == 0 || !there)
		return (0);
	im->result->missing += stack == NULL && context->depth > 0;
	rep_import_need(im, WIT_REC_THREAD, context->thread);
	rep_import_need(im, WIT_REC_SEGMENT, context->segment);
	error = rep_store_put(im->store, PUT_CONTEXT, REP_V(im->run), REP_V((int64_t)at),
	    REP_V(context->dependency), REP_V(context->chain), REP_V((int64_t)context->instance),
	    REP_V(context->generation), REP_ID(rep_import_need(im, WIT_REC_SITE, context->site)),
	    REP_ID(rep_import_need(im, WIT_REC_STACK, context->stack)), REP_V(context->thread),
	    REP_V(context->segment),
	    REP_V(last == NULL || last->segment == 0 ? context->segment : last->segment),
	    REP_V(context->saturated));
	for (uint32_t i = 0; stack != NULL && i < context->depth && error == 0; i++) {
		int64_t id = rep_import_need(im, WIT_REC_STACK, stack[i]);

		if (id != 0)
			error = rep_store_put(im->store, PUT_CONTEXT_STACK, REP_V(im->run),
			    REP_V((int64_t)at), REP_V(i), REP_V(id));
	}
	return (error);
}

/* ---- lives, alarms, counts ---- */

static int
put_instance(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_instance *life = (const void *)(rec + 1);
	int64_t origin = rep_import_need(im, WIT_REC_ORIGIN, life->origin);
	int64_t stack = rep_import_need(im, WIT_REC_STACK, life->stack);

	if (origin == 0)
		return (0);
	/* The stack of a life's end is not that of its allocation. */
	return (rep_store_put(im->store, PUT_INSTANCE, REP_V(im->run), REP_V((int64_t)life->instance),
	    REP_V(life->generation), REP_V(origin), REP_V(life->ended), REP_V(life->renewed),
	    REP_ID(life->ended ? 0 : stack), REP_V(life->thread)));
}

static int
put_alarm(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_alarm *alarm = (const void *)(rec + 1);
	size_t lines = (size_t)alarm->lines * sizeof(struct wit_rec_alarm_line);
	const struct wit_rec_alarm_line *line = wit_reader_tail(rec, sizeof(*alarm), lines);
	const uint32_t *edge = wit_reader_tail(rec, sizeof(*alarm) + lines, (size_t)alarm->edges * 8);
	int error;

	im->result->missing += (line == NULL && alarm->lines > 0) || (edge == NULL && alarm->edges > 0);
	rep_import_need(im, WIT_REC_DEPENDENCY, alarm->dependency);
	error = rep_store_put(im->store, PUT_ALARM, REP_V(im->run), REP_V(alarm->id), REP_V(alarm->kind),
	    REP_V(alarm->thread), REP_V(alarm->dependency),
	    REP_ID(rep_import_need(im, WIT_REC_STACK, alarm->stack)));
	for (uint32_t i = 0; line != NULL && i < alarm->lines && error == 0; i++) {
		int64_t origin = rep_import_need(im, WIT_REC_ORIGIN, line[i].origin);

		if (origin != 0)
			error = rep_store_put(im->store, PUT_ALARM_LINE, REP_V(im->run), REP_V(alarm->id),
			    REP_V(i), REP_V((int64_t)line[i].instance), REP_V(origin),
			    REP_ID(rep_import_need(im, WIT_REC_SITE, line[i].site)));
	}
	for (uint32_t i = 0; edge != NULL && i < alarm->edges && error == 0; i++)
		error = rep_store_put(im->store, PUT_ALARM_EDGE, REP_V(im->run), REP_V(alarm->id), REP_V(i),
		    REP_V(edge[2 * i]), REP_V(edge[2 * i + 1]));
	return (error);
}

/* Every origin of the run has a row here: it is what says that the run knows the class. */
static int
put_origin_count(struct rep_importer *im, const struct wit_rec *rec)
{
	const struct wit_rec_origin *origin = (const void *)(rec + 1);
	const struct wit_rec_counts *counts =
	    origin->id < im->origin_counts ? im->origin_count[origin->id] : NULL;
	int64_t id = im->id[WIT_REC_ORIGIN][origin->id];

	if (id == 0)
		return (0);
	if (counts == NULL)
		return (rep_store_put(
		    im->store, PUT_ORIGIN_COUNT, REP_V(im->run), REP_V(id), REP_V(0), REP_ID(0), REP_V(0)));
	return (rep_store_put(im->store, PUT_ORIGIN_COUNT, REP_V(im->run), REP_V(id),
	    REP_V((int64_t)counts->acquisitions),
	    counts->contentions == UINT64_MAX ? REP_ID(0) : rep_value_integer((int64_t)counts->contentions),
	    REP_V((int64_t)counts->instances)));
}

static int
put_each(struct rep_importer *im, unsigned type, int (*put)(struct rep_importer *, const struct wit_rec *))
{
	int error = 0;

	for (size_t i = 0; i < rep_records_count(im->records, type) && error == 0; i++)
		error = put(im, rep_records_nth_record(im->records, type, i, NULL));
	return (error);
}

int
rep_import_put_evidence(struct rep_importer *im)
{
	static const struct {
		unsigned type;
		int (*put)(struct rep_importer *, const struct wit_rec *);
	} order[] = {{WIT_REC_ORIGIN, put_origin_count}, {WIT_REC_THREAD, put_thread},
	    {WIT_REC_SEGMENT, put_segment}, {WIT_REC_CHAIN, put_chain}, {WIT_REC_DEPENDENCY, put_dependency},
	    {WIT_REC_INSTANCE, put_instance}, {WIT_REC_ALARM, put_alarm}};
	int error = 0;

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]) && error == 0; i++)
		error = put_each(im, order[i].type, order[i].put);
	for (size_t i = 0; i < rep_records_count(im->records, WIT_REC_CONTEXT) && error == 0; i++) {
		uint64_t at;
		const struct wit_rec *rec = rep_records_nth_record(im->records, WIT_REC_CONTEXT, i, &at);

		error = put_context(im, rec, at);
	}
	return (error != 0 ? error : im->error);
}
