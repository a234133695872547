/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_findings.c - what one person should read, out of the merged graph.   room: report
 *
 * F1  Inversions are the cycles of merge.c over the edges that are not exempt.
 * F2  A duplicate is a request for a lock of a class of which another lock is
 *     held, without leave (DUPOK).  It is read from the dependencies, not from the
 *     alarms: live alarms once a class, and which place comes first is chance.
 * F3  Recursions are alarms: the request that waits for its own lock makes no dependency.
 * F4  Kinds without a cycle are named by kind, class and the function that asked.
 * F5  A path of a cycle is one choice, for each edge, of the two functions that
 *     took and asked.  At most PATHS of them are named.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "merge.h"
#include "say.h"
#include "verdict.h"
#include "view_build.h"

#define PATHS 64

static struct rep_finding *
new_finding(struct rep_build *build, unsigned kind, const char *fingerprint)
{
	struct rep_verdict_evidence known = {.kind = kind, .seen = true};
	struct rep_verdict verdict = rep_verdict_judge(&known);
	const struct wit_finding_info *info = wit_finding_info(kind);
	struct rep_view *view = build->view;

	REP_GROW(view->finding, view->finding_count, build->finding_room);
	view->finding[view->finding_count] =
	    (struct rep_finding){.fingerprint = rep_view_string(view, fingerprint),
		.kind = info == NULL ? "unknown" : info->kind,
		.level = verdict.level,
		.confidence = verdict.confidence,
		.confidence_why = verdict.confidence_why,
		.why = verdict.why,
		.accepted = ""};
	return (&view->finding[view->finding_count++]);
}

/* ---- F5 ---- */

/* The distinct pairs of functions on an edge, as one word each. */
static size_t
ways_of(const struct rep_build *build, size_t edge, char ***way)
{
	const struct rep_edge *at = &build->view->edge[edge];
	size_t count = 0, room = 0;

	*way = NULL;
	for (size_t i = 0; i < at->evidence_count; i++) {
		char *word = rep_say_format("%s\x1f%s\x1f%s", build->view->class[at->from].name,
		    rep_build_function(&at->evidence[i].held), rep_build_function(&at->evidence[i].asked));
		bool known = false;

		for (size_t k = 0; k < count && !known; k++)
			known = strcmp((*way)[k], word) == 0;
		if (known) {
			free(word);
			continue;
		}
		REP_GROW(*way, count, room);
		(*way)[count++] = word;
	}
	return (count);
}

static void
name_paths(struct rep_build *build, struct rep_finding *finding)
{
	size_t n = finding->class_count, *count = rep_say_alloc(n * sizeof(*count)),
	       *turn = rep_say_alloc(n * sizeof(*turn));
	char ***way = rep_say_alloc(n * sizeof(*way)), fingerprint[WIT_FINGERPRINT_MAX];
	const char **word = rep_say_alloc(n * sizeof(*word)),
		   **path = rep_view_alloc(build->view, PATHS * sizeof(*path));
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		count[i] = ways_of(build, finding->step[i].edge, &way[i]);
	/* An odometer over the ways of each edge. */
	while (finding->path_count < PATHS && at < n) {
		for (size_t i = 0; i < n; i++)
			word[i] = way[i][turn[i]];
		wit_finding_fingerprint(fingerprint, WIT_FINDING_INVERSION, word, n);
		path[finding->path_count++] = rep_view_string(build->view, fingerprint);
		for (at = 0; at < n && ++turn[at] == count[at]; at++)
			turn[at] = 0;
	}
	finding->path = path;
	finding->paths_cut = at < n;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < count[i]; k++)
			free(way[i][k]);
		free(way[i]);
	}
	free(way);
	free(word);
	free(count);
	free(turn);
}

/* ---- F1 ---- */

static void
add_inversion(struct rep_build *build, const struct rep_merge_cycle *cycle, const size_t *edge_of)
{
	struct rep_view *view = build->view;
	struct rep_finding *finding = new_finding(build, WIT_FINDING_INVERSION, cycle->fingerprint);
	const char **classes = rep_view_alloc(view, cycle->count * sizeof(*classes));
	struct rep_step *step = rep_view_alloc(view, cycle->count * sizeof(*step));

	finding->count = UINT64_MAX;
	for (size_t i = 0; i < cycle->count; i++) {
		struct rep_edge *edge = &view->edge[edge_of[cycle->edge[i]]];

		step[i].edge = edge_of[cycle->edge[i]];
		classes[i] = view->class[edge->from].name;
		edge->in_cycle = true;
		view->class[edge->from].in_cycle = true;
		finding->count = edge->count < finding->count ? edge->count : finding->count;
	}
	finding->classes = classes;
	finding->step = step;
	finding->class_count = cycle->count;
	name_paths(build, finding);
}

static int
add_inversions(struct rep_build *build)
{
	struct rep_view *view = build->view;
	const char **name = rep_say_alloc(view->class_count * sizeof(*name));
	struct rep_merge_edge *edge = rep_say_alloc(view->edge_count * sizeof(*edge));
	size_t *edge_of = rep_say_alloc(view->edge_count * sizeof(*edge_of)), edges = 0;
	struct rep_merge merge;
	int error;

	for (size_t i = 0; i < view->class_count; i++)
		name[i] = view->class[i].name;
	for (size_t i = 0; i < view->edge_count; i++) {
		if (view->edge[i].exempt)
			continue;
		edge_of[edges] = i;
		edge[edges++] = (struct rep_merge_edge){
		    (uint32_t)view->edge[i].from, (uint32_t)view->edge[i].to, build->strengths[i]};
	}
	error = rep_merge_cycles(&merge, name, view->class_count, edge, edges);
	for (size_t i = 0; i < merge.count && error == 0; i++)
		add_inversion(build, &merge.cycle[i], edge_of);
	rep_merge_fini(&merge);
	free(edge_of);
	free(edge);
	free(name);
	return (error);
}

/* ---- F2, F3, F4 ---- */

/* Findings of kinds without a cycle, while their evidence is gathered. */
struct others {
	struct rep_gathered *gathered; /* by finding, from `first` on */
	size_t first, room;
};

static void
add_other(struct rep_build *build, struct others *others, unsigned kind, struct rep_evidence evidence)
{
	const char *words[2] = {evidence.asked.class_name, rep_build_function(&evidence.asked)};
	char fingerprint[WIT_FINGERPRINT_MAX];
	struct rep_view *view = build->view;
	size_t at = others->first;
	const char **classes;

	if (*words[1] == '\0')
		words[1] = evidence.asked.file;
	wit_finding_fingerprint(fingerprint, kind, words, 2);
	while (at < view->finding_count && strcmp(view->finding[at].fingerprint, fingerprint) != 0)
		at++;
	if (at == view->finding_count) {
		struct rep_finding *finding = new_finding(build, kind, fingerprint);

		classes = rep_view_alloc(view, sizeof(*classes));
		classes[0] = words[0];
		finding->classes = classes;
		finding->class_count = 1;
		REP_GROW(others->gathered, at - others->first, others->room);
		others->gathered[at - others->first] = (struct rep_gathered){.count = 0};
	}
	view->finding[at].count += evidence.count;
	rep_build_gather(&others->gathered[at - others->first], evidence);
}

/* F2.  The newest held lock of the class tells the pair. */
static void
add_duplicate(struct rep_build *build, struct others *others, const struct rep_load_use *use)
{
	const struct rep_load *load = &build->load;
	struct rep_evidence evidence = {.count = use->count};
	size_t class, i;

	if ((use->flags & (WIT_TRY | WIT_DUPOK)) != 0 || use->origin == REP_MAP_NONE)
		return;
	class = load->origin[use->origin].class;
	for (i = use->chain; i != REP_MAP_NONE; i = load->chain[i].parent, evidence.between++)
		if (load->chain[i].origin != REP_MAP_NONE &&
		    load->origin[load->chain[i].origin].class == class &&
		    load->chain[i].instance != use->instance)
			break;
	if (i == REP_MAP_NONE)
		return;
	evidence.held = rep_build_held(
	    build, use->run, &load->chain[i], rep_build_held_stack(build, use, evidence.between));
	evidence.asked = rep_build_asked(build, use);
	rep_build_circumstances(build, use->run, use->thread, &evidence);
	add_other(build, others, WIT_FINDING_DUPLICATE, evidence);
}

static void
add_alarm(struct rep_build *build, struct others *others, const struct rep_load_alarm *alarm)
{
	struct rep_evidence evidence = {.count = 1};

	if (alarm->kind == WIT_FINDING_INVERSION || alarm->kind == WIT_FINDING_DUPLICATE || alarm->lines == 0)
		return;
	evidence.held = rep_build_line(build, alarm->run, &alarm->line[0], REP_MAP_NONE);
	evidence.asked = rep_build_line(build, alarm->run, &alarm->line[alarm->lines - 1], alarm->stack);
	rep_build_circumstances(build, alarm->run, alarm->thread, &evidence);
	add_other(build, others, alarm->kind, evidence);
}

static void
add_others(struct rep_build *build)
{
	struct rep_view *view = build->view;
	struct others others = {.first = view->finding_count};

	for (size_t i = 0; i < build->load.uses; i++)
		add_duplicate(build, &others, &build->load.use[i]);
	for (size_t i = 0; i < build->load.alarms; i++)
		add_alarm(build, &others, &build->load.alarm[i]);
	for (size_t i = others.first; i < view->finding_count; i++) {
		struct rep_finding *finding = &view->finding[i];

		finding->evidence =
		    rep_build_settle(view, &others.gathered[i - others.first], &finding->evidence_count);
		finding->count += finding->count == 0;
	}
	free(others.gathered);
}

static int
by_level(const void *a, const void *b)
{
	const struct rep_finding *left = a, *right = b;
	int order = strcmp(left->kind, right->kind);

	if (left->level != right->level)
		return (left->level > right->level ? -1 : 1);
	return (order != 0 ? order : strcmp(left->fingerprint, right->fingerprint));
}

int
rep_build_findings(struct rep_build *build)
{
	struct rep_view *view = build->view;
	int error = add_inversions(build);

	if (error != 0)
		return (error);
	add_others(build);
	if (view->finding_count > 1)
		qsort(view->finding, view->finding_count, sizeof(*view->finding), by_level);
	return (0);
}
