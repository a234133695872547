/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text.c - the view on a terminal, or in a file to grep.
 *
 * Rules
 *  1. What to act on comes first: the verdict, then each finding in full, then
 *     the graph, the classes and the runs, and last what was lost.
 *  2. "No findings" never stands alone: beside it stands what was looked at.
 *  3. One line of the graph is `A -> B  count  source`, one of the summary is
 *     `level  fingerprint  cycle`: both are for grep and awk, two spaces apart.
 *  4. Colour says nothing that a word does not say, too.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "render.h"

enum ink { INK_PLAIN, INK_BOLD, INK_FAINT, INK_ALARM, INK_WARN, INK_GOOD };

/* A stream, and whether it takes colour. */
struct page {
	FILE *out;
	bool colour;
};

#define PRINT(page, ...) rep_render_print((page)->out, REP_QUOTE_TEXT, __VA_ARGS__)

static void
ink(struct page *page, enum ink which)
{
	static const char *const code[] = {
	    [INK_PLAIN] = "\033[0m",
	    [INK_BOLD] = "\033[1m",
	    [INK_FAINT] = "\033[2m",
	    [INK_ALARM] = "\033[1;31m",
	    [INK_WARN] = "\033[33m",
	    [INK_GOOD] = "\033[32m",
	};

	if (page->colour)
		fputs(code[which], page->out);
}

static void
pad(struct page *page, size_t used, size_t width)
{
	for (; used < width; used++)
		putc(' ', page->out);
}

static void
title(struct page *page, const char *text)
{
	PRINT(page, "\n");
	ink(page, INK_BOLD);
	PRINT(page, "%s", text);
	ink(page, INK_PLAIN);
	PRINT(page, "\n");
}

/* Stacks. */

static void
print_frame(struct page *page, size_t number, const struct rep_frame *frame)
{
	PRINT(page, "         #%zu ", number);
	if (*frame->function == 0)
		PRINT(page, "%s+0x%lx", *frame->module ? frame->module : "?", (unsigned long)frame->offset);
	else
		PRINT(page, "%s", frame->function);
	if (*frame->file) {
		PRINT(page, " (");
		rep_render_place(page->out, REP_QUOTE_TEXT, frame->file, frame->line);
		PRINT(page, ")");
	} else if (*frame->function && *frame->module) {
		PRINT(page, " (%s+0x%lx)", frame->module, (unsigned long)frame->offset);
	}
	PRINT(page, frame->inlined ? " inlined\n" : "\n");
}

static void
print_stack(struct page *page, const struct rep_stack *stack)
{
	if (stack->count == 0)
		PRINT(page, "         no stack was recorded\n");
	for (size_t i = 0; i < stack->count; i++)
		print_frame(page, i, &stack->frame[i]);
	if (stack->derived)
		PRINT(page, "         (derived: the frames below #0 stand where they had come to when the "
			    "next lock was asked for)\n");
}

static void
print_lock(struct page *page, const char *word, const struct rep_lock *lock)
{
	PRINT(page, "       %s", word);
	ink(page, INK_BOLD);
	PRINT(page, "%s", lock->class_name);
	ink(page, INK_PLAIN);
	if (*lock->lock_name && strcmp(lock->lock_name, lock->class_name) != 0)
		PRINT(page, " (%s)", lock->lock_name);
	PRINT(page, " at ");
	rep_render_place(page->out, REP_QUOTE_TEXT, lock->file, lock->line);
	PRINT(page, ", %s%s, 0x%lx\n", lock->try_lock ? "try, " : "", lock->mode,
	    (unsigned long)lock->instance);
	print_stack(page, &lock->stack);
	if (*lock->born_at)
		PRINT(page, "         born at %s%s\n", lock->born_at, lock->born.count ? ":" : "");
	for (size_t i = 0; i < lock->born.count; i++)
		print_frame(page, i, &lock->born.frame[i]);
}

/* Who did it: thread, run, how often. */
static void
print_circumstances(struct page *page, const struct rep_evidence *evidence)
{
	PRINT(page, "thread %s", *evidence->thread ? evidence->thread : "without a name");
	if (*evidence->role)
		PRINT(page, " (%s)", evidence->role);
	PRINT(page, ", run %s, %zu time%s", evidence->run, (size_t)evidence->count,
	    evidence->count == 1 ? "" : "s");
	if (evidence->between)
		PRINT(page, ", %zu newer lock%s held", evidence->between, evidence->between == 1 ? "" : "s");
	PRINT(page, "\n");
}

static void
print_evidence(struct page *page, const struct rep_evidence *evidence)
{
	print_lock(page, "held   ", &evidence->held);
	print_lock(page, "asked  ", &evidence->asked);
	PRINT(page, "       by     ");
	print_circumstances(page, evidence);
}

/* One in full, of the others a line each. */
static void
print_all_evidence(struct page *page, const struct rep_evidence *evidence, size_t count, size_t first)
{
	if (count)
		print_evidence(page, &evidence[first]);
	for (size_t i = 0; i < count; i++) {
		if (i == first)
			continue;
		PRINT(page, "       also   ");
		rep_render_place(page->out, REP_QUOTE_TEXT, evidence[i].held.file, evidence[i].held.line);
		PRINT(page, " then ");
		rep_render_place(page->out, REP_QUOTE_TEXT, evidence[i].asked.file, evidence[i].asked.line);
		PRINT(page, ", ");
		print_circumstances(page, &evidence[i]);
	}
}

/* Findings. */

static void
print_level(struct page *page, const struct rep_finding *finding)
{
	ink(page, *finding->accepted ? INK_FAINT : INK_ALARM);
	PRINT(page, "%s", rep_render_level(finding->level));
	ink(page, INK_PLAIN);
}

static void
print_reasons(struct page *page, const struct rep_finding *finding)
{
	bool cycle = finding->step != NULL;

	PRINT(page, "   kind            %s\n", finding->kind);
	PRINT(page, "   seen            %zu time%s%s\n", (size_t)finding->count,
	    finding->count == 1 ? "" : "s", cycle ? " (the rarest of its edges)" : "");
	if (*finding->why)
		PRINT(page, "   why not higher  %s\n", finding->why);
	if (*finding->confidence) {
		PRINT(page, "   confidence      %s%s%s\n", finding->confidence,
		    *finding->confidence_why ? ": " : "", finding->confidence_why);
	}
	if (*finding->accepted)
		PRINT(page, "   accepted        %s\n", finding->accepted);
	else
		PRINT(
		    page, "   accepted        no%s\n", finding->is_new ? ", new" : "; nothing in it is new");
	for (size_t i = 0; i < finding->path_count; i++)
		PRINT(page, "   %s%s\n", i ? "                " : "paths           ", finding->path[i]);
}

static void
print_finding(struct page *page, const struct rep_view *view, const struct rep_finding *finding)
{
	print_level(page, finding);
	PRINT(page, "  %s  %s\n   ", finding->fingerprint, rep_render_headline(finding));
	ink(page, INK_BOLD);
	rep_render_cycle(page->out, REP_QUOTE_TEXT, finding, " -> ");
	ink(page, INK_PLAIN);
	PRINT(page, "\n");
	print_reasons(page, finding);
	for (size_t i = 0; finding->step && i < finding->class_count; i++) {
		const struct rep_edge *edge = &view->edge[finding->step[i].edge];

		PRINT(page, "\n    %zu. ", i + 1);
		ink(page, INK_BOLD);
		PRINT(page, "%s -> %s", view->class[edge->from].name, view->class[edge->to].name);
		ink(page, INK_PLAIN);
		PRINT(page, "  %zu  %s\n", (size_t)edge->count, edge->source);
		print_all_evidence(page, edge->evidence, edge->evidence_count,
		    rep_render_telling(view, finding->step[i].edge));
	}
	if (finding->evidence_count) {
		PRINT(page, "\n");
		print_all_evidence(page, finding->evidence, finding->evidence_count, 0);
	}
}

/* The rest of the page. */

static void
print_numbers(struct page *page, const struct rep_view *view)
{
	struct rep_totals totals;
	const char *bound;

	rep_render_totals(&totals, view);
	bound = totals.at_least ? "at least " : "";
	PRINT(page, "%zu classes, %s%zu locks, %zu edges, %zu threads, %s%zu acquisitions in %zu run%s",
	    (size_t)totals.classes, bound, (size_t)totals.locks, (size_t)totals.edges, (size_t)totals.threads,
	    bound, (size_t)totals.acquisitions, view->run_count, view->run_count == 1 ? "" : "s");
}

static void
print_incomplete(struct page *page, const struct rep_view *view)
{
	if (view->complete && view->loss_count == 0)
		return;
	ink(page, INK_WARN);
	PRINT(page, "incomplete: ");
	rep_render_missing(page->out, REP_QUOTE_TEXT, view);
	ink(page, INK_PLAIN);
	PRINT(page, "\n");
}

static void
print_head(struct page *page, const struct rep_view *view)
{
	struct rep_totals totals;

	rep_render_totals(&totals, view);
	ink(page, totals.accepted < view->finding_count ? INK_ALARM : INK_GOOD);
	rep_render_verdict(page->out, REP_QUOTE_TEXT, view);
	ink(page, INK_PLAIN);
	PRINT(page, "\nseen: ");
	print_numbers(page, view);
	PRINT(page, "\n");
	print_incomplete(page, view);
}

static void
print_graph(struct page *page, const struct rep_view *view, const struct rep_kept *kept)
{
	title(page, "Lock order");
	if (kept->edge_count == 0)
		PRINT(page, "   no edges%s\n", view->edge_count ? " in this part of the graph" : "");
	for (size_t i = 0; i < view->edge_count; i++) {
		const struct rep_edge *edge = &view->edge[i];

		if (!kept->edge[i])
			continue;
		PRINT(page, "   %s -> %s  %zu  %s", view->class[edge->from].name, view->class[edge->to].name,
		    (size_t)edge->count, edge->source);
		if (edge->in_cycle) {
			PRINT(page, "  ");
			ink(page, INK_ALARM);
			PRINT(page, "cycle");
			ink(page, INK_PLAIN);
		}
		PRINT(page, edge->exempt ? "  exempt\n" : "\n");
	}
}

static size_t
digits(uint64_t value)
{
	size_t n = 1;

	for (; value > 9; value /= 10)
		n++;
	return n;
}

static void
print_right(struct page *page, uint64_t value, size_t width)
{
	pad(page, digits(value), width);
	PRINT(page, "%zu", (size_t)value);
}

static void
print_classes(struct page *page, const struct rep_view *view, const struct rep_kept *kept)
{
	size_t name = sizeof("class") - 1, primitive = sizeof("primitive") - 1;
	struct rep_totals totals;

	rep_render_totals(&totals, view);
	title(page, totals.at_least ? "Classes (locks and nested: at least)" : "Classes");
	for (size_t i = 0; i < view->class_count; i++) {
		size_t width = rep_render_width(view->class[i].name);
		size_t second = rep_render_width(view->class[i].primitive);

		name = kept->class[i] && width > name ? width : name;
		primitive = kept->class[i] && second > primitive ? second : primitive;
	}
	PRINT(page, "   class");
	pad(page, 5, name);
	PRINT(page, "  primitive");
	pad(page, 9, primitive);
	PRINT(page, "       locks        nested\n");
	for (size_t i = 0; i < view->class_count; i++) {
		const struct rep_class *class = &view->class[i];

		if (!kept->class[i])
			continue;
		PRINT(page, "   %s", class->name);
		pad(page, rep_render_width(class->name), name);
		PRINT(page, "  %s", class->primitive);
		pad(page, rep_render_width(class->primitive), primitive);
		print_right(page, class->instances, 12);
		print_right(page, class->acquisitions, 14);
		PRINT(page, *class->alias ? "  = %s\n" : "%s\n", class->alias);
	}
}

static void
print_runs(struct page *page, const struct rep_view *view)
{
	title(page, "Runs");
	if (view->run_count == 0)
		PRINT(page, "   none\n");
	for (size_t i = 0; i < view->run_count; i++) {
		const struct rep_run *run = &view->run[i];
		const char *bound = rep_render_at_least(run) ? "at least " : "";

		PRINT(page, "   %s  %s  %s  %s%s%s\n      ", run->id, run->kind, run->started, run->program,
		    *run->arguments ? " " : "", run->arguments);
		PRINT(page, "%zu threads, %s%zu locks, %s%zu acquisitions, %zu records; ",
		    (size_t)run->threads, bound, (size_t)run->locks, bound, (size_t)run->acquisitions,
		    (size_t)run->records);
		if (!run->ended)
			PRINT(page, "no end record");
		else if (run->exit_status < 0)
			PRINT(page, "ended");
		else
			PRINT(page, "ended with status %d", run->exit_status);
		PRINT(page, run->complete ? "; complete\n" : "; not complete\n");
	}
}

static bool
concerns(const struct rep_view *view, const struct rep_finding *finding, const struct rep_focus *focus)
{
	size_t class;

	if (!focus || !focus->class_name)
		return true;
	class = rep_render_class(view, focus->class_name);
	for (size_t i = 0; class < view->class_count && i < finding->class_count; i++) {
		if (strcmp(finding->classes[i], view->class[class].name) == 0)
			return true;
	}
	return false;
}

static void
print_findings(struct page *page, const struct rep_view *view, const struct rep_focus *focus)
{
	size_t elsewhere = 0;

	for (size_t i = 0; i < view->finding_count; i++) {
		if (!concerns(view, &view->finding[i], focus)) {
			elsewhere++;
			continue;
		}
		PRINT(page, "\n");
		print_finding(page, view, &view->finding[i]);
	}
	if (elsewhere)
		PRINT(page, "\n%zu finding%s elsewhere in the graph\n", elsewhere, elsewhere == 1 ? "" : "s");
}

int
rep_text_write(FILE *out, const struct rep_view *view, const struct rep_focus *focus, bool colour)
{
	struct page page = {out, colour};
	struct rep_kept kept;
	int error = rep_render_focus(&kept, view, focus);

	if (error < 0)
		return error;
	rep_render_begin(out);
	print_head(&page, view);
	print_findings(&page, view, focus);
	print_graph(&page, view, &kept);
	print_classes(&page, view, &kept);
	print_runs(&page, view);
	PRINT(&page, view->complete && view->loss_count == 0 ? "\nlost: nothing\n" : "\n");
	print_incomplete(&page, view);
	rep_render_drop_focus(&kept);
	return rep_render_end(out);
}

int
rep_text_finding(FILE *out, const struct rep_view *view, const struct rep_finding *finding, bool colour)
{
	struct page page = {out, colour};

	rep_render_begin(out);
	print_finding(&page, view, finding);
	print_incomplete(&page, view);
	return rep_render_end(out);
}

int
rep_text_summary(FILE *out, const struct rep_view *view, bool colour)
{
	struct page page = {out, colour};

	rep_render_begin(out);
	for (size_t i = 0; i < view->finding_count; i++) {
		print_level(&page, &view->finding[i]);
		PRINT(&page, "  %s  ", view->finding[i].fingerprint);
		if (!view->finding[i].step)
			PRINT(&page, "%s: ", view->finding[i].kind);
		rep_render_cycle(out, REP_QUOTE_TEXT, &view->finding[i], " -> ");
		PRINT(&page, "\n");
	}
	if (view->finding_count == 0) {
		PRINT(&page, "no findings: ");
		print_numbers(&page, view);
		PRINT(&page, "\n");
	}
	print_incomplete(&page, view);
	return rep_render_end(out);
}
