/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * html_finding.c - stacks, evidence and findings, as parts of the page.
 *
 * A finding is told in sentences, one a step: who held what, where, and asked for
 * what, where.  Its stacks are a link away, in the boxes of its edges; only what
 * has no edge (a lock taken twice) carries them itself.
 */
#include <inttypes.h>
#include <string.h>

#include "html.h"

/* Ways of one edge that are shown with their stacks: a busy edge has dozens that differ by a caller. */
#define STACKS_SHOWN 4

void
rep_html_put_number(FILE *out, uint64_t number)
{
	char digits[24];
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, number);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			RAW(out, "&#8239;");
		putc(digits[i], out);
	}
}

const char *
rep_html_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* Stacks and evidence. */

static void
put_place(FILE *out, const char *file, uint32_t line)
{
	RAW(out, "<span class=\"place\">");
	rep_render_place(out, REP_QUOTE_HTML, file, line);
	RAW(out, "</span>");
}

static void
put_frame(FILE *out, const struct rep_frame *frame)
{
	RAW(out, "<li><span class=\"fn\">");
	if (*frame->function)
		PRINT(out, "%s</span> <span class=\"at\">", frame->function);
	else
		PRINT(out, "?</span> <span class=\"at\">");
	if (*frame->file)
		rep_render_place(out, REP_QUOTE_HTML, frame->file, frame->line);
	else
		PRINT(out, "%s+0x%lx", *frame->module ? frame->module : "?", (unsigned long)frame->offset);
	RAW(out, "</span>");
	if (frame->inlined)
		RAW(out, " <span class=\"in\">inlined</span>");
	RAW(out, "</li>\n");
}

static void
put_stack(FILE *out, const struct rep_stack *stack)
{
	if (stack->count == 0) {
		RAW(out, "<p class=\"note\">No stack was recorded.</p>\n");
		return;
	}
	RAW(out, "<ol class=\"stack\">\n");
	for (size_t i = 0; i < stack->count; i++)
		put_frame(out, &stack->frame[i]);
	RAW(out, "</ol>\n");
	if (stack->derived) {
		RAW(out,
		    "<p class=\"note\"><span class=\"tag\">derived</span> The first frame took the lock; "
		    "the others stand where they had come to when the next lock was asked for.</p>\n");
	}
}

static void
put_birth(FILE *out, const struct rep_lock *lock)
{
	if (*lock->born_at == 0 && lock->born.count == 0)
		return;
	if (lock->born.count == 0) {
		PRINT(out, "<p class=\"note\">Lock born at <span class=\"place\">%s</span></p>\n",
		    lock->born_at);
		return;
	}
	PRINT(out,
	    "<details class=\"born\"><summary>Lock born at <span class=\"place\">%s</span></summary>\n",
	    *lock->born_at ? lock->born_at : "place unknown");
	put_stack(out, &lock->born);
	RAW(out, "</details>\n");
}

static void
put_side(FILE *out, const char *heading, const char *word, const struct rep_lock *lock)
{
	PRINT(
	    out, "<div class=\"side %s\"><h4>%s</h4>\n<p class=\"lock\">%s", word, heading, lock->class_name);
	if (*lock->lock_name && strcmp(lock->lock_name, lock->class_name) != 0)
		PRINT(out, " <small>named %s</small>", lock->lock_name);
	RAW(out, "</p>\n<p class=\"spot\">at ");
	put_place(out, lock->file, lock->line);
	PRINT(out, ", %s%s, <code>0x%lx</code></p>\n", lock->try_lock ? "by trying, " : "", lock->mode,
	    (unsigned long)lock->instance);
	put_stack(out, &lock->stack);
	put_birth(out, lock);
	RAW(out, "</div>\n");
}

static void
put_evidence(FILE *out, const struct rep_evidence *evidence)
{
	PRINT(out, "<div class=\"evidence\"><p class=\"who\">Thread <b>%s</b>",
	    *evidence->thread ? evidence->thread : "without a name");
	if (*evidence->role)
		PRINT(out, ", started in <code>%s</code>", evidence->role);
	PRINT(out, "; run <code>%s</code>; ", evidence->run);
	rep_html_put_number(out, evidence->count);
	PRINT(out, " time%s", rep_html_plural(evidence->count));
	if (evidence->between)
		PRINT(out, "; %zu newer lock%s held between", evidence->between,
		    rep_html_plural(evidence->between));
	RAW(out, "</p>\n<div class=\"pair\">\n");
	put_side(out, "Held at", "held", &evidence->held);
	put_side(out, "Asked at", "asked", &evidence->asked);
	RAW(out, "</div></div>\n");
}

/* Another way, in a line. */
static void
put_way(FILE *out, const struct rep_evidence *evidence)
{
	RAW(out, "<li>");
	put_place(out, evidence->held.file, evidence->held.line);
	RAW(out, ", then ");
	put_place(out, evidence->asked.file, evidence->asked.line);
	PRINT(out, "; thread %s; run <code>%s</code>; ",
	    *evidence->thread ? evidence->thread : "without a name", evidence->run);
	rep_html_put_number(out, evidence->count);
	PRINT(out, " time%s</li>\n", rep_html_plural(evidence->count));
}

void
rep_html_put_evidence(FILE *out, const struct rep_evidence *evidence, size_t count, size_t first)
{
	size_t shown = 1;

	if (count)
		put_evidence(out, &evidence[first]);
	if (count < 2)
		return;
	PRINT(out, "<details class=\"more\"><summary>%zu other way%s it was seen</summary>\n", count - 1,
	    rep_html_plural(count - 1));
	for (size_t i = 0; i < count; i++) {
		if (i == first)
			continue;
		if (++shown <= STACKS_SHOWN) {
			put_evidence(out, &evidence[i]);
			continue;
		}
		if (shown == STACKS_SHOWN + 1)
			RAW(out, "<ol class=\"ways\">\n");
		put_way(out, &evidence[i]);
	}
	if (shown > STACKS_SHOWN)
		RAW(out, "</ol>\n");
	RAW(out, "</details>\n");
}

/* Findings. */

/* The function that a place lies in, by the frames of its stack; the lock's own functions are passed over. */
static const char *
function_of(const struct rep_lock *lock)
{
	const struct rep_frame *near = NULL;

	for (size_t i = 0; i < lock->stack.count; i++) {
		const struct rep_frame *frame = &lock->stack.frame[i];

		if (*frame->file == 0 || strcmp(frame->file, lock->file) != 0)
			continue;
		if (frame->line == lock->line)
			return frame->function;
		near = near ? near : frame;
	}
	return near ? near->function : "";
}

static void
put_taking(FILE *out, const struct rep_lock *lock)
{
	const char *function = function_of(lock);

	PRINT(out, "<b>%s</b> at ", lock->class_name);
	put_place(out, lock->file, lock->line);
	if (*function)
		PRINT(out, " in <code>%s</code>", function);
}

static void
put_step(FILE *out, const struct rep_view *view, const struct rep_step *step)
{
	const struct rep_edge *edge = &view->edge[step->edge];

	PRINT(out, "<li><div><a href=\"#edge-%zu\">%s &#8594; %s</a>", step->edge,
	    view->class[edge->from].name, view->class[edge->to].name);
	if (edge->evidence_count) {
		const struct rep_evidence *evidence = &edge->evidence[rep_render_telling(view, step->edge)];

		PRINT(out, "\n<p>Thread <b>%s</b> held ",
		    *evidence->thread ? evidence->thread : "without a name");
		put_taking(out, &evidence->held);
		RAW(out, ", and asked for ");
		put_taking(out, &evidence->asked);
		RAW(out, ".</p>");
	}
	RAW(out, "</div></li>\n");
}

static void
put_facts(FILE *out, const struct rep_finding *finding)
{
	RAW(out, "<dl class=\"facts\">\n");
	if (*finding->why)
		PRINT(out, "<dt>Why not higher</dt><dd>%s</dd>\n", finding->why);
	if (*finding->confidence) {
		PRINT(out, "<dt>Confidence</dt><dd>%s%s%s</dd>\n", finding->confidence,
		    *finding->confidence_why ? ": " : "", finding->confidence_why);
	}
	RAW(out, "<dt>Seen</dt><dd>");
	rep_html_put_number(out, finding->count);
	PRINT(out, " time%s%s</dd>\n", rep_html_plural(finding->count),
	    finding->step ? ", counted at the rarest of its edges" : "");
	if (*finding->accepted)
		PRINT(out, "<dt>Accepted</dt><dd>%s</dd>\n", finding->accepted);
	if (finding->path_count) {
		RAW(out, "<dt>Paths</dt><dd>");
		for (size_t i = 0; i < finding->path_count; i++)
			PRINT(out, "%s<code>%s</code>", i ? ", " : "", finding->path[i]);
		RAW(out, "</dd>\n");
	}
	RAW(out, "</dl>\n");
}

static void
put_cycle(FILE *out, const struct rep_finding *finding)
{
	RAW(out, "<p class=\"cycle-line\">");
	for (size_t i = 0; i < finding->class_count; i++) {
		if (i)
			RAW(out, "<i>&#8594;</i>");
		PRINT(out, "%s", finding->classes[i]);
	}
	if (finding->step && finding->class_count)
		PRINT(out, "<i>&#8594;</i>%s", finding->classes[0]);
	RAW(out, "</p>\n");
}

void
rep_html_put_finding(FILE *out, const struct rep_view *view, const struct rep_finding *finding)
{
	bool accepted = *finding->accepted;

	PRINT(out, "<article class=\"card finding%s\" id=\"finding-%s\">\n<header>",
	    accepted ? " accepted" : "", finding->fingerprint);
	PRINT(out, "<span class=\"tag%s\">%s</span><h3>%s</h3>", accepted ? "" : " red",
	    rep_render_level(finding->level), rep_render_headline(finding));
	if (accepted)
		RAW(out, "<span class=\"tag green\">accepted</span>");
	else if (finding->is_new)
		RAW(out, "<span class=\"tag amber\">new</span>");
	PRINT(out, "<code>%s</code></header>\n", finding->fingerprint);
	put_cycle(out, finding);
	if (finding->step) {
		RAW(out, "<ol class=\"steps\">\n");
		for (size_t i = 0; i < finding->class_count; i++)
			put_step(out, view, &finding->step[i]);
		RAW(out, "</ol>\n");
	}
	put_facts(out, finding);
	rep_html_put_evidence(out, finding->evidence, finding->evidence_count, 0);
	RAW(out, "</article>\n");
}
