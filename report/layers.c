/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * layers.c - which class stands above which in a picture.
 *
 * Rules
 *  1. A class stands below every class that is taken before it: its layer is the
 *     longest way of edges down to it.
 *  2. Inside a strongly connected component there is no such order. One is made
 *     by peeling (Eades, Lin and Smyth 1993): sinks go to the end, sources to the
 *     front, and where neither is left, the class goes to the front that has most
 *     weight going out over what comes in. Weight is how often an edge was seen,
 *     so what is left pointing up is what was seen rarely: most likely the edge
 *     that somebody did not mean. Between components every edge goes down.
 *  3. Exempt edges, and those from a class to itself, are no order: they give way.
 *  4. An edge is implied when its end can be reached by another edge down from
 *     its start. Edges on a cycle are never called that: they are the story.
 *  5. Ties go to the lesser index, so the same view has the same picture.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"

#define NONE SIZE_MAX
#define WEIGHT_MAX ((int64_t)1 << 40) /* sums of it stay in range */

struct work {
	const struct rep_view *view;
	struct rep_layers *out;
	size_t classes, edges;
	bool *counts; /* by edge: takes part */
	size_t *first_out, *next_out, *first_in, *next_in; /* adjacency of what counts; NONE ends */
	size_t *component, *place; /* by class: its component; its place in that one's order */
	size_t *index, *low, *cursor, *stack, *path; /* scratch, by class */
	int64_t *balance; /* weight out less weight in, inside the component */
	size_t *out_degree, *in_degree;
	bool *gone;
	uint64_t *below; /* a row of bits a class: what is reached from it */
	void *memory;
};

/* One block, cut into zeroed arrays. */
static int
work_init(struct work *w, const struct rep_view *view, const struct rep_kept *kept, struct rep_layers *out)
{
	size_t classes = view->class_count, edges = view->edge_count, *at;

	*w = (struct work){.view = view, .out = out, .classes = classes, .edges = edges};
	at = w->memory = calloc(11 * (classes + 1) + 2 * (edges + 1), sizeof(*at));
	w->balance = calloc(classes + 1, sizeof(*w->balance));
	w->counts = calloc(edges + 1, sizeof(*w->counts));
	w->gone = calloc(classes + 1, sizeof(*w->gone));
	if (!at || !w->balance || !w->counts || !w->gone)
		return -ENOMEM;
	for (size_t i = 0; i < 11; i++) {
		size_t **const slot[] = {&w->first_out, &w->first_in, &w->component, &w->place, &w->index,
		    &w->low, &w->cursor, &w->stack, &w->path, &w->out_degree, &w->in_degree};

		*slot[i] = at + i * (classes + 1);
	}
	w->next_out = at + 11 * (classes + 1);
	w->next_in = w->next_out + edges + 1;
	for (size_t i = 0; i < classes; i++)
		w->first_out[i] = w->first_in[i] = w->component[i] = NONE;
	for (size_t i = edges; i-- > 0;) {
		const struct rep_edge *edge = &view->edge[i];

		w->counts[i] = kept->edge[i] && !edge->exempt && edge->from != edge->to;
		if (!w->counts[i])
			continue;
		w->next_out[i] = w->first_out[edge->from];
		w->first_out[edge->from] = i;
		w->next_in[i] = w->first_in[edge->to];
		w->first_in[edge->to] = i;
	}
	return 0;
}

static void
work_fini(struct work *w)
{
	free(w->memory);
	free(w->balance);
	free(w->counts);
	free(w->gone);
	free(w->below);
}

/* Tarjan 1972, without recursion: index counts from 1, cursor is the next edge to look at. */
static void
find_component(struct work *w, size_t root, size_t *visited, size_t *stacked)
{
	size_t depth = 0;

	w->path[depth++] = root;
	while (depth > 0) {
		size_t class = w->path[depth - 1], edge, to;

		if (w->index[class] == 0) {
			w->index[class] = w->low[class] = ++*visited;
			w->cursor[class] = w->first_out[class];
			w->stack[(*stacked)++] = class;
		}
		edge = w->cursor[class];
		if (edge != NONE) {
			w->cursor[class] = w->next_out[edge];
			to = w->view->edge[edge].to;
			if (w->index[to] == 0)
				w->path[depth++] = to;
			else if (w->component[to] == NONE && w->index[to] < w->low[class])
				w->low[class] = w->index[to];
			continue;
		}
		if (--depth > 0 && w->low[class] < w->low[w->path[depth - 1]])
			w->low[w->path[depth - 1]] = w->low[class];
		while (w->low[class] == w->index[class] && w->component[class] == NONE)
			w->component[w->stack[--*stacked]] = class;
	}
}

static bool
is_inside(const struct work *w, size_t edge)
{
	const struct rep_edge *it = &w->view->edge[edge];

	return w->counts[edge] && w->component[it->from] == w->component[it->to];
}

static int64_t
weight(const struct work *w, size_t edge)
{
	uint64_t count = w->view->edge[edge].count;

	return count < (uint64_t)WEIGHT_MAX ? (int64_t)count + 1 : WEIGHT_MAX;
}

/* Takes a class out of what is left to peel. */
static void
peel(struct work *w, size_t class, size_t place)
{
	w->gone[class] = true;
	w->place[class] = place;
	for (size_t edge = w->first_out[class]; edge != NONE; edge = w->next_out[edge]) {
		if (!is_inside(w, edge))
			continue;
		w->in_degree[w->view->edge[edge].to]--;
		w->balance[w->view->edge[edge].to] += weight(w, edge);
	}
	for (size_t edge = w->first_in[class]; edge != NONE; edge = w->next_in[edge]) {
		if (!is_inside(w, edge))
			continue;
		w->out_degree[w->view->edge[edge].from]--;
		w->balance[w->view->edge[edge].from] -= weight(w, edge);
	}
}

/* Rule 2: the next to go, and whether to the front. */
static size_t
choose_next(const struct work *w, bool *front)
{
	size_t source = NONE, best = NONE;

	for (size_t i = 0; i < w->classes; i++) {
		if (w->gone[i])
			continue;
		*front = false;
		if (w->out_degree[i] == 0)
			return i;
		if (source == NONE && w->in_degree[i] == 0)
			source = i;
		if (best == NONE || w->balance[i] > w->balance[best])
			best = i;
	}
	*front = true;
	return source != NONE ? source : best;
}

static void
order_components(struct work *w)
{
	size_t head = 0, tail = w->classes, visited = 0, stacked = 0, next;
	bool front;

	for (size_t i = 0; i < w->classes; i++) {
		if (w->index[i] == 0)
			find_component(w, i, &visited, &stacked);
	}
	for (size_t i = 0; i < w->edges; i++) {
		if (!is_inside(w, i))
			continue;
		w->out_degree[w->view->edge[i].from]++;
		w->in_degree[w->view->edge[i].to]++;
		w->balance[w->view->edge[i].from] += weight(w, i);
		w->balance[w->view->edge[i].to] -= weight(w, i);
	}
	for (size_t i = 0; i < w->classes; i++)
		w->gone[i] = w->out_degree[i] + w->in_degree[i] == 0;
	while ((next = choose_next(w, &front)) != NONE)
		peel(w, next, front ? head++ : tail--);
	for (size_t i = 0; i < w->edges; i++) {
		const struct rep_edge *edge = &w->view->edge[i];

		w->out->ranks[i] =
		    w->counts[i] && (!is_inside(w, i) || w->place[edge->from] < w->place[edge->to]);
	}
}

/* Rule 1, from the top (Kahn 1962); leaves the classes in w->stack as they came. */
static void
set_layers(struct work *w)
{
	size_t done = 0, found = 0;

	memset(w->in_degree, 0, w->classes * sizeof(*w->in_degree));
	for (size_t i = 0; i < w->edges; i++)
		w->in_degree[w->view->edge[i].to] += w->out->ranks[i];
	for (size_t i = 0; i < w->classes; i++) {
		if (w->in_degree[i] == 0)
			w->stack[found++] = i;
	}
	while (done < found) {
		size_t class = w->stack[done++];

		for (size_t edge = w->first_out[class]; edge != NONE; edge = w->next_out[edge]) {
			size_t to = w->view->edge[edge].to;

			if (!w->out->ranks[edge])
				continue;
			if (w->out->layer[to] <= w->out->layer[class])
				w->out->layer[to] = w->out->layer[class] + 1;
			if (--w->in_degree[to] == 0)
				w->stack[found++] = to;
		}
	}
}

/* Rule 4, from the bottom: what lies below the classes below. */
static int
find_implied(struct work *w)
{
	size_t words = w->classes / 64 + 1;

	if (w->classes == 0 || w->classes > LAYERS_IMPLIED_MAX)
		return 0;
	w->below = calloc(w->classes * words, sizeof(*w->below));
	if (!w->below)
		return -ENOMEM;
	for (size_t i = w->classes; i-- > 0;) {
		size_t class = w->stack[i];
		uint64_t *row = w->below + class * words;

		for (size_t edge = w->first_out[class]; edge != NONE; edge = w->next_out[edge]) {
			const uint64_t *other = w->below + w->view->edge[edge].to * words;

			for (size_t k = 0; w->out->ranks[edge] && k < words; k++)
				row[k] |= other[k];
		}
		for (size_t edge = w->first_out[class]; edge != NONE; edge = w->next_out[edge]) {
			size_t to = w->view->edge[edge].to;

			w->out->implied[edge] = w->out->ranks[edge] && !w->view->edge[edge].in_cycle &&
						(row[to / 64] >> to % 64 & 1);
		}
		for (size_t edge = w->first_out[class]; edge != NONE; edge = w->next_out[edge]) {
			if (w->out->ranks[edge])
				row[w->view->edge[edge].to / 64] |= (uint64_t)1
								    << w->view->edge[edge].to % 64;
		}
	}
	return 0;
}

int
rep_layers_init(struct rep_layers *layers, const struct rep_view *view, const struct rep_kept *kept)
{
	struct work w;
	int error;

	*layers = (struct rep_layers){
	    .ranks = calloc(view->edge_count + 1, sizeof(*layers->ranks)),
	    .implied = calloc(view->edge_count + 1, sizeof(*layers->implied)),
	    .layer = calloc(view->class_count + 1, sizeof(*layers->layer)),
	};
	error = work_init(&w, view, kept, layers);
	if (!layers->ranks || !layers->implied || !layers->layer)
		error = -ENOMEM;
	if (error == 0) {
		order_components(&w);
		set_layers(&w);
		error = find_implied(&w);
	}
	work_fini(&w);
	if (error < 0)
		rep_layers_fini(layers);
	for (size_t i = 0; error == 0 && i < view->class_count; i++) {
		if (kept->class[i] && layers->layer[i] >= layers->count)
			layers->count = layers->layer[i] + 1;
	}
	return error;
}

void
rep_layers_fini(struct rep_layers *layers)
{
	free(layers->ranks);
	free(layers->implied);
	free(layers->layer);
	*layers = (struct rep_layers){0};
}
