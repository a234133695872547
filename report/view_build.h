/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_build.h - from rows to edges, evidence and findings.    room: report
 *
 * The parts of view.c; used by nobody else.
 */
#ifndef REP_VIEW_BUILD_H
#define REP_VIEW_BUILD_H

#include "baseline.h"
#include "view_load.h"

/* Evidence of one edge, or of one finding without a cycle, while it is gathered. */
struct rep_gathered {
	struct rep_evidence *evidence;
	size_t count, room;
};

struct rep_build {
	struct rep_view *view;
	struct rep_load load;
	struct rep_map edge_by; /* from, to */
	struct rep_gathered *gathered; /* by edge */
	uint8_t *strengths; /* by edge */
	size_t edge_room, gathered_room, strength_room, finding_room;
};

/* One lock of an acquisition, its stack's position given (or REP_MAP_NONE). */
struct rep_lock rep_build_held(
    const struct rep_build *build, int64_t run, const struct rep_load_chain *held, size_t stack);
struct rep_lock rep_build_asked(const struct rep_build *build, const struct rep_load_use *use);
struct rep_lock rep_build_line(
    const struct rep_build *build, int64_t run, const struct rep_load_line *line, size_t stack);
/* The stack of a use's held lock at a position (newest 0), or REP_MAP_NONE. */
size_t rep_build_held_stack(const struct rep_build *build, const struct rep_load_use *use, size_t position);
/* Thread, role, run. */
void rep_build_circumstances(
    const struct rep_build *build, int64_t run, size_t thread, struct rep_evidence *evidence);

void rep_build_gather(struct rep_gathered *gathered, struct rep_evidence evidence);
/* Sorted, like ones folded, into the view's memory. */
const struct rep_evidence *rep_build_settle(
    struct rep_view *view, struct rep_gathered *gathered, size_t *count);

/* All edges of the view, sorted, with their evidence. */
void rep_build_edges(struct rep_build *build);
/* All findings, sorted; needs the edges.  0 or a negative errno. */
int rep_build_findings(struct rep_build *build);

/* The function that made an acquisition, outside the lock wrappers; "" unknown. */
const char *rep_build_function(const struct rep_lock *lock);

#endif
