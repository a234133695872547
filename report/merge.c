/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.c - the cycles of a lock graph.                        room: report
 *
 * M1  For every edge inside a component: of the strong cycles through it the
 *     shortest, and of these the one with the least names, read from the edge on.
 *     (By level first, as soon as a verdict tells cycles of one graph apart.)
 * M2  Cycles with one fingerprint are one.
 * M3  An edge may be walked with any strength it was seen with.  Asking for
 *     more than a recursive read is never worse for the walk, so one choice for
 *     each step is enough; but for the first, whose hold the closing step meets
 *     again: an exclusive hold and a shared one are tried apart.
 * M4  Nothing depends on the order of the input: edges are sorted by names first.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/finding.h"
#include "core/order.h"
#include "merge.h"
#include "say.h"

#define HOLD_EXCLUSIVE (WIT_STRENGTH_EN | WIT_STRENGTH_ER)
#define HOLD_SHARED (WIT_STRENGTH_SN | WIT_STRENGTH_SR)
#define ASKED_MORE (WIT_STRENGTH_EN | WIT_STRENGTH_SN) /* than a recursive read */

#define FAR UINT32_MAX

/* A class has two states: 0, and 1 where it was reached by recursive reads only. */
struct graph {
	const char *const *name;
	size_t classes, edges;
	struct rep_merge_edge *edge; /* sorted by from, to */
	size_t *input; /* by sorted position: that of the caller */
	size_t *out; /* by class: its first edge; [classes] is the end */
	size_t *in, *by_to; /* by class: first of by_to, positions of edges sorted by to */
	uint32_t *component; /* by class */
	uint32_t *distance; /* by class * 2 + state: steps to the goal */
	uint32_t *queue;
	size_t *walk; /* positions of edges */
};

/* The state in which an edge leaves its target, when it is walked from a state; -1: it cannot. */
static int
step(const struct rep_merge_edge *edge, int state, unsigned holds)
{
	unsigned usable =
	    edge->strengths & holds & (state == 1 ? HOLD_EXCLUSIVE : HOLD_EXCLUSIVE | HOLD_SHARED);

	if (usable == 0)
		return (-1);
	return ((usable & ASKED_MORE) != 0 ? 0 : 1);
}

/* ---- building ---- */

struct sorted {
	struct rep_merge_edge edge;
	size_t input;
};

static int
by_ends(const void *a, const void *b)
{
	const struct sorted *left = a, *right = b;

	if (left->edge.from != right->edge.from)
		return (left->edge.from < right->edge.from ? -1 : 1);
	if (left->edge.to != right->edge.to)
		return (left->edge.to < right->edge.to ? -1 : 1);
	return (left->input < right->input ? -1 : 1);
}

/* M4 */
static void
sort_edges(struct graph *graph, const struct rep_merge_edge *edge, size_t edges)
{
	struct sorted *sorted = rep_say_alloc(edges * sizeof(*sorted));
	size_t n = 0;

	for (size_t i = 0; i < edges; i++)
		if (edge[i].from != edge[i].to)
			sorted[n++] = (struct sorted){edge[i], i};
	qsort(sorted, n, sizeof(*sorted), by_ends);
	graph->edge = rep_say_alloc(n * sizeof(*graph->edge));
	graph->input = rep_say_alloc(n * sizeof(*graph->input));
	for (size_t i = 0; i < n; i++) {
		graph->edge[i] = sorted[i].edge;
		graph->input[i] = sorted[i].input;
	}
	graph->edges = n;
	free(sorted);
}

static void
index_edges(struct graph *graph)
{
	size_t *next = rep_say_alloc((graph->classes + 1) * sizeof(*next));

	graph->out = rep_say_alloc((graph->classes + 1) * sizeof(*graph->out));
	graph->in = rep_say_alloc((graph->classes + 1) * sizeof(*graph->in));
	graph->by_to = rep_say_alloc(graph->edges * sizeof(*graph->by_to));
	for (size_t i = 0; i < graph->edges; i++) {
		graph->out[graph->edge[i].from + 1]++;
		graph->in[graph->edge[i].to + 1]++;
	}
	for (size_t i = 0; i < graph->classes; i++) {
		graph->out[i + 1] += graph->out[i];
		graph->in[i + 1] += graph->in[i];
	}
	memcpy(next, graph->in, (graph->classes + 1) * sizeof(*next));
	for (size_t i = 0; i < graph->edges; i++)
		graph->by_to[next[graph->edge[i].to]++] = i;
	free(next);
}

static int
grow(struct wit_arena *arena, size_t need)
{
	size_t size = need < 65536 ? 65536 : need;
	char **block = calloc(1, size + 16);

	if (block == NULL)
		return (-ENOMEM);
	*block = arena->owner;
	arena->owner = block;
	arena->next = (char *)block + 16;
	arena->end = arena->next + size;
	return (0);
}

/* The components are core's business; the least class of each names it. */
static int
find_components(struct graph *graph)
{
	struct wit_arena arena = {.grow = grow};
	struct wit_order order;
	uint32_t *least = rep_say_alloc((graph->classes + 1) * sizeof(*least));
	int result = 0;

	wit_order_init(&order, &arena);
	for (size_t i = 0; i < graph->edges && result >= 0; i++)
		for (unsigned bit = WIT_STRENGTH_EN; bit <= WIT_STRENGTH_SR && result >= 0; bit <<= 1)
			if ((graph->edge[i].strengths & bit) != 0)
				result = wit_order_add(
				    &order, graph->edge[i].from + 1, graph->edge[i].to + 1, bit);
	graph->component = rep_say_alloc(graph->classes * sizeof(*graph->component));
	for (size_t i = 0; i < graph->classes && result >= 0; i++) {
		bool used = graph->out[i] < graph->out[i + 1] || graph->in[i] < graph->in[i + 1];
		uint32_t stands = used ? wit_order_component(&order, (uint32_t)i + 1) : 0;

		if (stands > graph->classes)
			stands = 0;
		if (stands != 0 && least[stands] == 0)
			least[stands] = (uint32_t)i + 1;
		graph->component[i] = stands == 0 ? (uint32_t)i : least[stands] - 1;
	}
	free(least);
	while (arena.owner != NULL) {
		char **block = arena.owner;

		arena.owner = *block;
		free(block);
	}
	return (result < 0 ? result : 0);
}

static int
build(struct graph *graph, const struct rep_merge_edge *edge, size_t edges)
{
	sort_edges(graph, edge, edges);
	index_edges(graph);
	graph->distance = rep_say_alloc(graph->classes * 2 * sizeof(*graph->distance));
	graph->queue = rep_say_alloc(graph->classes * 2 * sizeof(*graph->queue));
	graph->walk = rep_say_alloc((graph->classes * 2 + 2) * sizeof(*graph->walk));
	return (find_components(graph));
}

static void
tear_down(struct graph *graph)
{
	free(graph->edge);
	free(graph->input);
	free(graph->out);
	free(graph->in);
	free(graph->by_to);
	free(graph->component);
	free(graph->distance);
	free(graph->queue);
	free(graph->walk);
}

/* ---- searching ---- */

/* Steps from each state to the goal class in a state up to `worst`, inside one component, backwards. */
static void
measure(struct graph *graph, uint32_t goal, int worst)
{
	size_t head = 0, tail = 0;

	memset(graph->distance, 0xff, graph->classes * 2 * sizeof(*graph->distance));
	for (int state = 0; state <= worst; state++) {
		graph->distance[goal * 2 + (uint32_t)state] = 0;
		graph->queue[tail++] = goal * 2 + (uint32_t)state;
	}
	while (head < tail) {
		uint32_t at = graph->queue[head++], class = at / 2;

		for (size_t i = graph->in[class]; i < graph->in[class + 1]; i++) {
			const struct rep_merge_edge *edge = &graph->edge[graph->by_to[i]];

			if (graph->component[edge->from] != graph->component[goal])
				continue;
			for (int state = 0; state < 2; state++) {
				uint32_t *distance = &graph->distance[edge->from * 2 + (uint32_t)state];

				if (*distance == FAR && step(edge, state, ~0u) == (int)(at % 2)) {
					*distance = graph->distance[at] + 1;
					graph->queue[tail++] = edge->from * 2 + (uint32_t)state;
				}
			}
		}
	}
}

/* Follows the distances down, by the least name each time; positions of edges go to walk[1..]. */
static size_t
follow(struct graph *graph, uint32_t class, int state)
{
	size_t n = 1;

	for (uint32_t left = graph->distance[class * 2 + (uint32_t)state]; left > 0; left--) {
		size_t i = graph->out[class];
		int next;

		for (;; i++) {
			const struct rep_merge_edge *edge = &graph->edge[i];

			next = step(edge, state, ~0u);
			if (next >= 0 && graph->distance[edge->to * 2 + (uint32_t)next] == left - 1)
				break;
		}
		graph->walk[n++] = i;
		class = graph->edge[i].to;
		state = next;
	}
	return (n);
}

static bool
less(const struct graph *graph, const size_t *a, const size_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (graph->edge[a[i]].to != graph->edge[b[i]].to)
			return (graph->edge[a[i]].to < graph->edge[b[i]].to);
	return (false);
}

/* M1, M3.  The best cycle through an edge into best[]; its length, or 0 for none. */
static size_t
search(struct graph *graph, size_t first, size_t *best)
{
	static const unsigned holds[2] = {HOLD_EXCLUSIVE, HOLD_SHARED};
	const struct rep_merge_edge *edge = &graph->edge[first];
	size_t length = 0;

	for (int i = 0; i < 2; i++) {
		int state = step(edge, 0, holds[i]);
		size_t n;

		if (state < 0)
			continue;
		/* What comes back by recursive reads only may not meet a shared hold. */
		measure(graph, edge->from, i == 0 ? 1 : 0);
		if (graph->distance[edge->to * 2 + (uint32_t)state] == FAR)
			continue;
		graph->walk[0] = first;
		n = follow(graph, edge->to, state);
		if (length == 0 || n < length || (n == length && less(graph, graph->walk, best, n))) {
			memcpy(best, graph->walk, n * sizeof(*best));
			length = n;
		}
	}
	return (length);
}

/* ---- results ---- */

/* Appends a cycle unless it is there (M2); rotated so that the least name comes first. */
static void
add_cycle(struct rep_merge *merge, size_t *room, const struct graph *graph, const size_t *walk, size_t n)
{
	const char **names = rep_say_alloc(n * sizeof(*names));
	struct rep_merge_cycle cycle = {.count = n, .component = graph->component[graph->edge[walk[0]].from]};
	size_t turn;

	for (size_t i = 0; i < n; i++)
		names[i] = graph->name[graph->edge[walk[i]].from];
	wit_finding_fingerprint(cycle.fingerprint, WIT_FINDING_INVERSION, names, n);
	turn = wit_finding_rotation(names, n);
	free(names);
	for (size_t i = 0; i < merge->count; i++)
		if (strcmp(merge->cycle[i].fingerprint, cycle.fingerprint) == 0)
			return;
	cycle.edge = rep_say_alloc(n * sizeof(*cycle.edge));
	for (size_t i = 0; i < n; i++)
		cycle.edge[i] = (uint32_t)graph->input[walk[(i + turn) % n]];
	REP_GROW(merge->cycle, merge->count, *room);
	merge->cycle[merge->count++] = cycle;
}

static int
by_component(const void *a, const void *b, void *edges)
{
	const struct rep_merge_cycle *left = a, *right = b;
	const struct rep_merge_edge *sorting = edges;

	if (left->component != right->component)
		return (left->component < right->component ? -1 : 1);
	if (left->count != right->count)
		return (left->count < right->count ? -1 : 1);
	for (size_t i = 0; i < left->count; i++)
		if (sorting[left->edge[i]].from != sorting[right->edge[i]].from)
			return (sorting[left->edge[i]].from < sorting[right->edge[i]].from ? -1 : 1);
	return (0);
}

int
rep_merge_cycles(struct rep_merge *merge, const char *const *name, size_t classes,
    const struct rep_merge_edge *edge, size_t edges)
{
	struct graph graph = {.name = name, .classes = classes};
	size_t room = 0, *best = rep_say_alloc((classes * 2 + 2) * sizeof(*best));
	int error = build(&graph, edge, edges);

	*merge = (struct rep_merge){.count = 0};
	for (size_t i = 0; i < graph.edges && error == 0; i++) {
		size_t n = graph.component[graph.edge[i].from] == graph.component[graph.edge[i].to]
			       ? search(&graph, i, best)
			       : 0;

		if (n > 0)
			add_cycle(merge, &room, &graph, best, n);
	}
	if (merge->count > 1)
		qsort_r(merge->cycle, merge->count, sizeof(*merge->cycle), by_component, (void *)edge);
	tear_down(&graph);
	free(best);
	return (error);
}

void
rep_merge_fini(struct rep_merge *merge)
{
	for (size_t i = 0; i < merge->count; i++)
		free(merge->cycle[i].edge);
	free(merge->cycle);
	*merge = (struct rep_merge){.count = 0};
}
