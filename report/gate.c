/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.c - may this go in?                                     room: report
 *
 * G1  A finding fails the gate when it is new to the baseline, at the level asked
 *     for or above, and of the confidence asked for or above.
 * G2  What is not complete could hide a finding: it has a status of its own.  A
 *     finding that is there is the worse news: 1 beats 3.
 * G3  Silence is no answer: what was looked at is always said, and so are entries
 *     of the baseline that accept nothing any more.
 */
#include <inttypes.h>
#include <string.h>

#include "gate.h"
#include "render.h"
#include "verdict.h"
#include "view.h"

struct rep_baseline_case
rep_gate_case(const struct rep_finding *finding)
{
	return ((struct rep_baseline_case){.fingerprint = finding->fingerprint,
	    .level = finding->level,
	    .is_cycle = finding->step != NULL,
	    .classes = finding->classes,
	    .class_count = finding->class_count,
	    .path = finding->path,
	    .path_count = finding->path_count,
	    .paths_cut = finding->paths_cut});
}

void
rep_gate_judge(struct rep_view *view, struct rep_baseline *baseline)
{
	for (size_t i = 0; i < view->finding_count; i++) {
		struct rep_finding *finding = &view->finding[i];
		struct rep_baseline_case one = rep_gate_case(finding);
		const char *why;

		finding->is_new = rep_baseline_judge(baseline, &one, &why);
		finding->accepted = rep_view_string(view, why);
	}
}

static void
print_finding(FILE *out, const char *word, const struct rep_finding *finding)
{
	fprintf(out, "%-8s  ", word);
	rep_render_print(
	    out, REP_QUOTE_TEXT, "%s  %s  ", wit_finding_level_name(finding->level), finding->fingerprint);
	if (finding->step == NULL)
		rep_render_print(out, REP_QUOTE_TEXT, "%s: ", finding->kind);
	rep_render_cycle(out, REP_QUOTE_TEXT, finding, " -> ");
	if (*finding->accepted != '\0')
		rep_render_print(out, REP_QUOTE_TEXT, "  (%s)", finding->accepted);
	fputc('\n', out);
}

/* G1 */
static bool
fails(const struct rep_gate *gate, const struct rep_finding *finding)
{
	return (finding->is_new && finding->level >= gate->level &&
		rep_verdict_confidence(finding->confidence) >= gate->confidence);
}

/* G2.  What the analyzer could not follow counts only where it was asked for. */
static bool
is_complete(const struct rep_gate *gate, const struct rep_view *view)
{
	for (size_t i = 0; i < view->run_count; i++)
		if (!view->run[i].complete && (gate->complete || strcmp(view->run[i].kind, "static") != 0))
			return (false);
	return (true);
}

static void
print_baseline(FILE *out, const struct rep_baseline *baseline)
{
	for (size_t i = 0; i < baseline->count; i++) {
		const struct rep_baseline_entry *entry = &baseline->entry[i];

		if (entry->expired)
			fprintf(out, "expired   %s  %s  (until %s, %s:%u)\n", entry->fingerprint,
			    entry->cycle, entry->until, baseline->path, entry->line);
		else if (!entry->matched)
			fprintf(out, "unmatched %s  %s  (%s:%u matches nothing here)\n", entry->fingerprint,
			    entry->cycle, baseline->path, entry->line);
	}
}

static void
print_looked_at(FILE *out, const struct rep_view *view)
{
	struct rep_totals totals;
	const char *bound;

	rep_render_totals(&totals, view);
	bound = totals.at_least ? "at least " : "";
	fprintf(out,
	    "looked at %zu run%s: %zu classes, %s%" PRIu64 " locks, %zu edges, %" PRIu64
	    " threads, %s%" PRIu64 " acquisitions\n",
	    view->run_count, view->run_count == 1 ? "" : "s", view->class_count, bound, totals.locks,
	    view->edge_count, totals.threads, bound, totals.acquisitions);
	for (size_t i = 0; i < view->run_count; i++) {
		if (!view->run[i].ended)
			fprintf(
			    out, "run %s has no end record: it counts as far as it went\n", view->run[i].id);
		if (!view->run[i].complete)
			fprintf(out, "run %s is incomplete\n", view->run[i].id);
	}
	for (size_t i = 0; i < view->loss_count; i++)
		fprintf(out, "lost: %" PRIu64 " %s, run %s\n", view->loss[i].count, view->loss[i].what,
		    view->loss[i].run);
}

enum rep_status
rep_gate_write(
    FILE *out, const struct rep_gate *gate, const struct rep_view *view, const struct rep_baseline *baseline)
{
	bool complete = is_complete(gate, view);
	size_t failing = 0, accepted = 0, below = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		const struct rep_finding *finding = &view->finding[i];
		const char *word = fails(gate, finding) ? "new" : finding->is_new ? "below" : "accepted";

		print_finding(out, word, finding);
		failing += *word == 'n';
		below += *word == 'b';
		accepted += *word == 'a';
	}
	print_baseline(out, baseline);
	print_looked_at(out, view);
	fprintf(out, "gate: %zu new, %zu accepted", failing, accepted);
	if (below > 0)
		fprintf(out, ", %zu new below what was asked for", below);
	fprintf(out, "%s\n", complete ? "" : "; not complete");
	if (failing > 0)
		return (REP_STATUS_NO);
	return (complete ? REP_STATUS_OK : REP_STATUS_INCOMPLETE);
}
