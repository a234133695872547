/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * render.h - what text, html, dot and json have in common.   room: report
 *
 * Names come from other people's programs and may hold anything: escape codes,
 * markup, bytes that are no UTF-8.  So no renderer prints a string by itself:
 * rep_render_print() quotes every %s for the place it goes to.
 *
 * Threads  none of this has state; a stream belongs to who called.
 * Errors   writes are not checked one by one: rep_render_begin() and _end() bracket them.
 */
#ifndef REP_RENDER_H
#define REP_RENDER_H

#include "view.h"

enum rep_quoting {
	REP_QUOTE_TEXT, /* a terminal: control bytes become \xNN */
	REP_QUOTE_JSON, /* UTF-8, whatever came in; control bytes are the JSON writer's business */
	REP_QUOTE_HTML, /* element text or an attribute in double quotes */
	REP_QUOTE_DOT, /* inside a double-quoted string of the dot language, shown as it is */
};

void rep_render_put(FILE *out, enum rep_quoting quoting, const char *text);

/*
 * As fprintf, but every %s is quoted.  Knows %s, %d, %u and %x with the lengths
 * l and z, and %%; neither width nor precision.
 */
void rep_render_print(FILE *out, enum rep_quoting quoting, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Columns that text takes on a terminal, once quoted; every character counts as one. */
size_t rep_render_width(const char *text);

/* Brackets of a renderer: end flushes, and is -errno when any write since begin failed. */
void rep_render_begin(FILE *out);
int rep_render_end(FILE *out);

/* Its locks and acquisitions are lower bounds: it has said no totals, or they may be damaged. */
bool rep_render_at_least(const struct rep_run *run);

/* The sums over everything a view shows. */
struct rep_totals {
	uint64_t classes, edges, cycle_edges; /* of the merged graph */
	uint64_t locks, threads, acquisitions, records; /* of the runs */
	uint64_t lost, bad_bytes; /* what is missing */
	bool at_least; /* locks and acquisitions: of a run they are lower bounds */
	size_t accepted, fresh; /* findings: with a baseline entry; new to the gate */
};

void rep_render_totals(struct rep_totals *totals, const struct rep_view *view);

/* "1 finding: inversion", "3 findings: 1 actual deadlock, 2 inversions", "no findings". */
void rep_render_verdict(FILE *out, enum rep_quoting quoting, const struct rep_view *view);
/* "17 contexts lost in run R, 96 bytes of run S could not be read"; nothing when the view is complete. */
void rep_render_missing(FILE *out, enum rep_quoting quoting, const struct rep_view *view);
/* "A -> B -> A", with the arrow given; for a kind without a cycle the classes it names. */
void rep_render_cycle(
    FILE *out, enum rep_quoting quoting, const struct rep_finding *finding, const char *arrow);
/* "lock order reversal"; the kind itself where finding.def has no such row. */
const char *rep_render_headline(const struct rep_finding *finding);
const char *rep_render_level(enum wit_level level);

/* "file:line"; "file" without a line; "place unknown". */
void rep_render_place(FILE *out, enum rep_quoting quoting, const char *file, uint32_t line);

/*
 * Which evidence of an edge to show first. Off every cycle the view's first; on a
 * finding's cycle the one that goes on where the next step begins, so that the
 * steps, read in turn, are one story where one was seen.
 */
size_t rep_render_telling(const struct rep_view *view, size_t edge);

/* The class of that name, else of that alias; SIZE_MAX for none. */
size_t rep_render_class(const struct rep_view *view, const char *name);

/* What of the graph a focus keeps; both arrays freed by rep_render_drop_focus(). */
struct rep_kept {
	bool *class, *edge;
	size_t class_count, edge_count;
};

/* focus NULL keeps all.  0, -ENOENT (no class of that name or alias), -ENOMEM. */
int rep_render_focus(struct rep_kept *kept, const struct rep_view *view, const struct rep_focus *focus);
void rep_render_drop_focus(struct rep_kept *kept);

#endif
