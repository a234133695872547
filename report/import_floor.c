/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_floor.c - the least that a run without totals did.    room: report
 *
 * F1  A run that was killed, or goes on, has not said its totals.  Nought would be a
 *     lie: what its records name is a lower bound.
 * F2  Locks: the different ones (instance and generation) that chains, dependencies
 *     and contexts name.
 * F3  Acquisitions with another lock held: each dependency and context is one.  Of a
 *     thread at most its last was not got, and its first held lock makes up for it.
 */
#include <stdlib.h>

#include "import_put.h"
#include "say.h"

struct named {
	uint64_t instance;
	uint32_t generation, origin;
};

struct floor {
	struct named *named;
	size_t count, room, origins;
	struct wit_rec_counts *counts; /* by the producer's id of an origin */
};

static void
add(struct floor *floor, uint64_t instance, uint32_t generation, uint32_t origin)
{
	if (origin == 0 || origin >= floor->origins)
		return;
	REP_GROW(floor->named, floor->count, floor->room);
	floor->named[floor->count++] =
	    (struct named){.instance = instance, .generation = generation, .origin = origin};
}

static int
in_order(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	if (a->instance != b->instance)
		return (a->instance < b->instance ? -1 : 1);
	if (a->generation != b->generation)
		return (a->generation < b->generation ? -1 : 1);
	return ((a->origin > b->origin) - (a->origin < b->origin));
}

static void
collect(struct floor *floor, const struct rep_records *records)
{
	for (size_t i = 0; i < rep_records_count(records, WIT_REC_CHAIN); i++) {
		const struct wit_rec_chain *chain = rep_records_nth(records, WIT_REC_CHAIN, i);

		add(floor, chain->lock.instance, chain->lock.generation, chain->lock.origin);
	}
	for (size_t i = 0; i < rep_records_count(records, WIT_REC_DEPENDENCY); i++) {
		const struct wit_rec_dependency *dep = rep_records_nth(records, WIT_REC_DEPENDENCY, i);

		add(floor, dep->instance, dep->generation, dep->origin);
		if (dep->origin < floor->origins)
			floor->counts[dep->origin].acquisitions++;
	}
	for (size_t i = 0; i < rep_records_count(records, WIT_REC_CONTEXT); i++) {
		const struct wit_rec_context *context = rep_records_nth(records, WIT_REC_CONTEXT, i);

		add(floor, context->instance, context->generation, context->origin);
		if (context->origin < floor->origins)
			floor->counts[context->origin].acquisitions++;
	}
}

static bool
has_totals(const struct rep_records *records)
{
	for (size_t i = 0; i < rep_records_count(records, WIT_REC_COUNTS); i++) {
		const struct wit_rec_counts *counts = rep_records_nth(records, WIT_REC_COUNTS, i);

		if (counts->scope == WIT_COUNT_RUN)
			return (true);
	}
	return (false);
}

void
rep_import_floor(struct rep_importer *im)
{
	struct floor floor = {.origins = im->records->list[WIT_REC_ORIGIN].ids};
	const struct wit_rec_counts **all;

	if (has_totals(im->records))
		return;
	floor.counts = im->floor = rep_say_alloc((floor.origins + 1) * sizeof(*floor.counts));
	collect(&floor, im->records);
	if (floor.count > 0)
		qsort(floor.named, floor.count, sizeof(*floor.named), in_order);
	for (size_t i = 0; i < floor.count; i++)
		if (i == 0 || in_order(&floor.named[i - 1], &floor.named[i]) != 0)
			floor.counts[floor.named[i].origin].instances++;
	free(floor.named);
	all = rep_say_alloc((floor.origins + im->origin_counts + 1) * sizeof(*all));
	for (size_t i = 1; i < floor.origins || i < im->origin_counts; i++) {
		bool said = i < im->origin_counts && im->origin_count[i] != NULL;

		floor.counts[i < floor.origins ? i : 0].contentions = UINT64_MAX;
		all[i] = said ? im->origin_count[i] : i < floor.origins ? &floor.counts[i] : NULL;
	}
	free(im->origin_count);
	im->origin_count = all;
	im->origin_counts = floor.origins > im->origin_counts ? floor.origins : im->origin_counts;
}
