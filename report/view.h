/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.h - what there is to show, out of the store, for every renderer.   room: report
 *
 * One struct holds the runs that count, their merged lock graph, the findings
 * and the evidence; text, html, dot and json only lay it out.  Nothing here
 * knows SQL, and no renderer knows the store.
 *
 * Order     everything is sorted so that two views of the same content are the
 *           same bytes: classes and edges by name, findings by level (highest
 *           first), then kind, then fingerprint; evidence by the place that took
 *           the held lock, then the place that asked, then run.
 * Memory    all of it belongs to the view (one block list); rep_view_close() frees it.
 * Strings   never NULL; "" where not known.  Counts are of acquisitions unless said.
 */
#ifndef REP_VIEW_H
#define REP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "core/finding.h"

struct rep_store;

/* One frame of a stack, resolved as far as it goes. */
struct rep_frame {
	const char *function; /* "" where there is no symbol */
	const char *file; /* as in the debug information: "vm/swap_pager.c"; "" unknown */
	const char *module; /* base name of the object */
	uint64_t offset; /* in the module */
	uint32_t line; /* 0 unknown */
	bool inlined; /* into the next frame */
};

struct rep_stack {
	const struct rep_frame *frame; /* innermost first */
	size_t count;
	bool derived; /* only frames older than the place itself: the rest was gone when it was recorded */
};

/* One lock of one acquisition. */
struct rep_lock {
	const char *class_name, *lock_name; /* "standard object", "vm object" */
	const char *file; /* the place that took it, or asked for it */
	uint32_t line;
	uint64_t instance; /* address in that run */
	const char *mode; /* "exclusive", "shared", "shared recursive" */
	bool try_lock;
	struct rep_stack stack;
	const char *born_at; /* "file:line" of initialisation */
	struct rep_stack born; /* allocation stack, where the class was observed; else count 0 */
};

/* One way an edge was seen: held, then asked for. */
struct rep_evidence {
	struct rep_lock held, asked;
	const char *thread; /* name */
	const char *role; /* start routine; "" unknown */
	const char *run; /* id */
	uint64_t count;
	size_t between; /* locks held that are newer than `held` */
};

struct rep_class {
	const char *name, *alias, *primitive;
	uint64_t instances;
	uint64_t acquisitions; /* those with another lock held: only these are counted by class */
	bool in_cycle;
};

struct rep_edge {
	size_t from, to; /* indices into view->class */
	uint64_t count;
	const char *source; /* "runtime", "static", "both" */
	bool exempt; /* stored and drawn, not searched */
	bool in_cycle; /* lies on a finding's cycle */
	const struct rep_evidence *evidence; /* at least one; the most telling first */
	size_t evidence_count;
};

/* One step round a finding's cycle. */
struct rep_step {
	size_t edge; /* index into view->edge */
};

struct rep_finding {
	const char *fingerprint, *kind;
	enum wit_level level;
	const char *confidence, *confidence_why;
	const char *why; /* why not higher */
	const char *const *classes; /* round the cycle, canonical rotation; or the one class */
	size_t class_count;
	const struct rep_step *step; /* kind inversion: class_count steps, from classes[0] on; else none */
	uint64_t count; /* times its rarest edge was seen; for other kinds, times it happened */
	const struct rep_evidence *evidence; /* of kinds without a cycle */
	size_t evidence_count;
	const char *accepted; /* the baseline's why; "" when not accepted */
	bool is_new; /* to the gate, against the baseline that was given */
	const char *const *path; /* fingerprints of its paths */
	size_t path_count;
	bool paths_cut; /* there are more than are named */
};

struct rep_run {
	const char *id, *kind, *program, *arguments, *started; /* RFC 3339, UTC */
	bool ended, complete;
	uint64_t threads, locks, acquisitions, records, bad_bytes;
	int exit_status; /* -1 not known */
};

struct rep_loss {
	const char *run, *what;
	uint64_t count;
};

struct rep_view {
	struct rep_run *run;
	size_t run_count;
	struct rep_class *class;
	size_t class_count;
	struct rep_edge *edge;
	size_t edge_count;
	struct rep_finding *finding;
	size_t finding_count;
	struct rep_loss *loss;
	size_t loss_count;
	bool complete; /* every run of it is */
	struct rep_block *blocks; /* memory */
};

/* Which runs count.  run NULL: the latest of each program and arguments; "all"; an id or the unique beginning of one; "last". */
struct rep_selection {
	const char *run;
	const char *baseline; /* file, or NULL for none */
};

/*
 * Loads a view: 0, or a negative errno after one line on stderr that says what
 * and how to mend it (-ENOENT: no such run; -EILSEQ: baseline malformed).
 */
int rep_view_load(struct rep_view *view, struct rep_store *store, const struct rep_selection *selection);
void rep_view_close(struct rep_view *view);

/* n zeroed bytes that live as long as the view; never NULL (exits 2 with a line when the machine has no more). */
void *rep_view_alloc(struct rep_view *view, size_t n);
const char *rep_view_string(struct rep_view *view, const char *text);

/* What a renderer may leave out. */
struct rep_focus {
	const char *class_name; /* NULL: the whole graph */
	unsigned depth; /* edges away from it that are kept */
	bool cycles_only;
};

/*
 * Renderers: write the whole view to a stream.  0, or a negative errno when the
 * stream took no more (the caller names the file); -ENOENT, and nothing written,
 * when the focus names no class and no alias.
 */
int rep_text_write(FILE *out, const struct rep_view *view, const struct rep_focus *focus, bool colour);
int rep_text_finding(FILE *out, const struct rep_view *view, const struct rep_finding *finding, bool colour);
/* One line a finding: level, fingerprint, cycle. */
int rep_text_summary(FILE *out, const struct rep_view *view, bool colour);
int rep_json_write(FILE *out, const struct rep_view *view);
int rep_dot_write(FILE *out, const struct rep_view *view, const struct rep_focus *focus);
/* SVG by libgvc, an <svg> element without XML prologue; edges are links to "#edge-N" (N: index into view->edge). Caller frees *svg. */
int rep_dot_svg(char **svg, const struct rep_view *view, const struct rep_focus *focus);
int rep_html_write(FILE *out, const struct rep_view *view);

#endif
