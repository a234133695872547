/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * render.c - quoting, sums, and the sentences that every renderer says alike.
 *
 * Rules
 *  1. A string of the view reaches a stream only through rep_render_put(), so
 *     that what is quoted does not hang on who remembered to.
 *  2. A byte that is no UTF-8, and (but in JSON) a control character, is shown
 *     as \xNN: nothing disappears, nothing moves the cursor.  That holds for the
 *     C1 controls (U+0080 to U+009F) and for the marks that reverse the direction
 *     of text, too: a name that looks like another is no name.
 *  3. A focus keeps what is near by edges in either direction: who wants to know
 *     about a lock asks for what is taken before it as well as after it.
 *  4. The steps of a cycle are told from the rarest edge backwards: of each edge
 *     before it, that evidence which asked for its lock where the following step took
 *     it, in the same thread, with its own lock waited for and not tried, and for the
 *     same instance, in this order of weight; where all fit alike, the view's first.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "render.h"

/* The code point at text, its length to *length; UINT32_MAX for a byte that begins none. */
static uint32_t
decode(const unsigned char *text, size_t *length)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = *text < 0x80	  ? 1
		   : *text < 0xc2 ? 0
		   : *text < 0xe0 ? 2
		   : *text < 0xf0 ? 3
		   : *text < 0xf5 ? 4
				  : 0;
	uint32_t point = n < 2 ? *text : *text & (0x7fu >> n);

	*length = 1;
	if (n == 0)
		return UINT32_MAX;
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return UINT32_MAX;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < least[n] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
		return UINT32_MAX;
	*length = n;
	return point;
}

static bool
is_hidden(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x200e || point == 0x200f ||
	       (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0xfeff || point == 0xfffe || point == 0xffff;
}

static const char *
entity(unsigned char byte)
{
	switch (byte) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	}
	return NULL;
}

static void
put_byte(FILE *out, enum rep_quoting quoting, unsigned char byte)
{
	if (quoting == REP_QUOTE_HTML && entity(byte))
		fputs(entity(byte), out);
	else if (quoting == REP_QUOTE_DOT && byte == '&')
		fputs("&amp;", out);
	else if (quoting == REP_QUOTE_DOT && (byte == '"' || byte == '\\'))
		fprintf(out, "\\%c", byte);
	else
		putc(byte, out);
}

void
rep_render_put(FILE *out, enum rep_quoting quoting, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	const char *hex = quoting == REP_QUOTE_DOT ? "\\\\x%02x" : "\\x%02x";

	while (*at) {
		size_t length;
		uint32_t point = decode(at, &length);
		bool shown = point != UINT32_MAX && (quoting == REP_QUOTE_JSON || !is_hidden(point));

		for (size_t i = 0; i < length; i++) {
			if (!shown)
				fprintf(out, hex, at[i]);
			else if (length == 1)
				put_byte(out, quoting, at[i]);
			else
				putc(at[i], out);
		}
		at += length;
	}
}

size_t
rep_render_width(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t width = 0, length;

	for (; *at; at += length) {
		uint32_t point = decode(at, &length);

		width += point == UINT32_MAX || is_hidden(point) ? 4 * length : 1;
	}
	return width;
}

static uint64_t
argument(va_list *list, unsigned longs)
{
	return longs ? va_arg(*list, unsigned long) : va_arg(*list, unsigned);
}

void
rep_render_print(FILE *out, enum rep_quoting quoting, const char *format, ...)
{
	va_list list;

	static_assert(
	    sizeof(unsigned long) == sizeof(uint64_t) && sizeof(size_t) == sizeof(uint64_t), "LP64");
	va_start(list, format);
	for (const char *at = format; *at; at++) {
		unsigned longs = 0;

		if (*at != '%') {
			putc(*at, out);
			continue;
		}
		while (*++at == 'l' || *at == 'z')
			longs++;
		if (*at == 's')
			rep_render_put(out, quoting, va_arg(list, const char *));
		else if (*at == 'u')
			fprintf(out, "%" PRIu64, argument(&list, longs));
		else if (*at == 'x')
			fprintf(out, "%" PRIx64, argument(&list, longs));
		else if (*at == 'd')
			fprintf(out, "%ld", longs ? va_arg(list, long) : va_arg(list, int));
		else if (*at == '%')
			putc('%', out);
		else
			abort();
	}
	va_end(list);
}

void
rep_render_begin(FILE *out)
{
	clearerr(out);
	errno = 0;
}

int
rep_render_end(FILE *out)
{
	if (fflush(out) == 0 && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

bool
rep_render_at_least(const struct rep_run *run)
{
	return (!run->ended || run->bad_bytes > 0);
}

void
rep_render_totals(struct rep_totals *totals, const struct rep_view *view)
{
	*totals = (struct rep_totals){.classes = view->class_count, .edges = view->edge_count};
	for (size_t i = 0; i < view->edge_count; i++)
		totals->cycle_edges += view->edge[i].in_cycle;
	for (size_t i = 0; i < view->run_count; i++) {
		totals->at_least = totals->at_least || rep_render_at_least(&view->run[i]);
		totals->locks += view->run[i].locks;
		totals->threads += view->run[i].threads;
		totals->acquisitions += view->run[i].acquisitions;
		totals->records += view->run[i].records;
		totals->bad_bytes += view->run[i].bad_bytes;
	}
	for (size_t i = 0; i < view->loss_count; i++)
		totals->lost += view->loss[i].count;
	for (size_t i = 0; i < view->finding_count; i++) {
		totals->accepted += *view->finding[i].accepted != 0;
		totals->fresh += view->finding[i].is_new;
	}
}

const char *
rep_render_headline(const struct rep_finding *finding)
{
	const struct wit_finding_info *info = wit_finding_by_kind(finding->kind);

	return info ? info->headline : finding->kind;
}

const char *
rep_render_level(enum wit_level level)
{
	const char *name = wit_finding_level_name(level);

	return name ? name : "unknown level";
}

/* What the verdict counts: cycles by their level, all else by kind. */
static const char *
sort_of(const struct rep_finding *finding)
{
	if (strcmp(finding->kind, "inversion") != 0)
		return finding->kind;
	switch (finding->level) {
	case WIT_LEVEL_POTENTIAL:
		return "potential deadlock";
	case WIT_LEVEL_PREDICTED:
		return "predicted deadlock";
	case WIT_LEVEL_ACTUAL:
		return "actual deadlock";
	default:
		return "inversion";
	}
}

void
rep_render_verdict(FILE *out, enum rep_quoting quoting, const struct rep_view *view)
{
	struct rep_totals totals;
	const char *between = ": ";

	rep_render_totals(&totals, view);
	if (view->finding_count == 0) {
		rep_render_print(out, quoting, "no findings");
		return;
	}
	rep_render_print(
	    out, quoting, "%zu finding%s", view->finding_count, view->finding_count > 1 ? "s" : "");
	for (size_t i = 0; i < view->finding_count; i++) {
		const char *sort = sort_of(&view->finding[i]);
		size_t count = 0, before = 0;

		for (size_t k = 0; k < view->finding_count; k++) {
			bool same = strcmp(sort, sort_of(&view->finding[k])) == 0;

			count += same;
			before += same && k < i;
		}
		if (before)
			continue;
		if (view->finding_count == 1)
			rep_render_print(out, quoting, "%s%s", between, sort);
		else
			rep_render_print(
			    out, quoting, "%s%zu %s%s", between, count, sort, count > 1 ? "s" : "");
		between = ", ";
	}
	if (totals.accepted == view->finding_count)
		rep_render_print(out, quoting, " (%saccepted)", totals.accepted > 1 ? "all " : "");
	else if (totals.accepted)
		rep_render_print(out, quoting, " (%zu accepted)", totals.accepted);
}

void
rep_render_missing(FILE *out, enum rep_quoting quoting, const struct rep_view *view)
{
	const char *between = "";

	if (view->complete && view->loss_count == 0)
		return;
	for (size_t i = 0; i < view->loss_count; i++) {
		rep_render_print(out, quoting, "%s%zu %s lost in run %s", between,
		    (size_t)view->loss[i].count, view->loss[i].what, view->loss[i].run);
		between = ", ";
	}
	for (size_t i = 0; i < view->run_count; i++) {
		if (view->run[i].bad_bytes == 0)
			continue;
		rep_render_print(out, quoting, "%s%zu bytes of run %s could not be read", between,
		    (size_t)view->run[i].bad_bytes, view->run[i].id);
		between = ", ";
	}
	for (size_t i = 0; i < view->run_count; i++) {
		if (view->run[i].complete || view->run[i].bad_bytes)
			continue;
		rep_render_print(out, quoting, "%srun %s is not all there", between, view->run[i].id);
		between = ", ";
	}
}

void
rep_render_cycle(FILE *out, enum rep_quoting quoting, const struct rep_finding *finding, const char *arrow)
{
	for (size_t i = 0; i < finding->class_count; i++)
		rep_render_print(out, quoting, "%s%s", i ? arrow : "", finding->classes[i]);
	if (finding->step && finding->class_count)
		rep_render_print(out, quoting, "%s%s", arrow, finding->classes[0]);
}

void
rep_render_place(FILE *out, enum rep_quoting quoting, const char *file, uint32_t line)
{
	if (*file == 0)
		rep_render_print(out, quoting, "place unknown");
	else if (line == 0)
		rep_render_print(out, quoting, "%s", file);
	else
		rep_render_print(out, quoting, "%s:%u", file, line);
}

/* How well evidence leads up to what follows it. */
static unsigned
fit(const struct rep_evidence *before, const struct rep_evidence *after)
{
	if (strcmp(before->run, after->run) != 0)
		return 0;
	return 8 * (before->asked.line == after->held.line &&
		       strcmp(before->asked.file, after->held.file) == 0) +
	       4 * (strcmp(before->thread, after->thread) == 0) + 2 * !before->held.try_lock +
	       (before->asked.instance == after->held.instance);
}

static size_t
best_fit(const struct rep_edge *edge, const struct rep_evidence *after)
{
	size_t best = 0;

	for (size_t i = 1; i < edge->evidence_count; i++) {
		if (fit(&edge->evidence[i], after) > fit(&edge->evidence[best], after))
			best = i;
	}
	return best;
}

/* The step of a finding that takes an edge; class_count when none does. */
static size_t
step_of(const struct rep_finding *finding, size_t edge)
{
	size_t i = finding->step ? 0 : finding->class_count;

	while (i < finding->class_count && finding->step[i].edge != edge)
		i++;
	return i;
}

size_t
rep_render_telling(const struct rep_view *view, size_t edge)
{
	const struct rep_finding *finding = NULL;
	size_t rarest = 0, step, best = 0;

	for (size_t i = 0; i < view->finding_count && !finding; i++) {
		if (step_of(&view->finding[i], edge) < view->finding[i].class_count)
			finding = &view->finding[i];
	}
	if (!finding)
		return 0;
	for (size_t i = 1; i < finding->class_count; i++) {
		if (view->edge[finding->step[i].edge].count < view->edge[finding->step[rarest].edge].count)
			rarest = i;
	}
	for (step = rarest; finding->step[step].edge != edge;) {
		const struct rep_edge *after = &view->edge[finding->step[step].edge];

		step = (step + finding->class_count - 1) % finding->class_count;
		if (after->evidence_count == 0)
			return 0;
		best = best_fit(&view->edge[finding->step[step].edge], &after->evidence[best]);
	}
	return best;
}

size_t
rep_render_class(const struct rep_view *view, const char *name)
{
	for (size_t i = 0; i < view->class_count; i++) {
		if (strcmp(view->class[i].name, name) == 0)
			return i;
	}
	for (size_t i = 0; i < view->class_count; i++) {
		if (*name && strcmp(view->class[i].alias, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* Drops every edge that lies further away than the focus allows; -ENOENT, -ENOMEM. */
static int
keep_near(struct rep_kept *kept, const struct rep_view *view, const struct rep_focus *focus)
{
	size_t start = rep_render_class(view, focus->class_name);
	bool *near, *next;

	if (start == SIZE_MAX)
		return -ENOENT;
	near = calloc(view->class_count, sizeof(*near));
	next = calloc(view->class_count, sizeof(*next));
	memset(kept->edge, 0, view->edge_count * sizeof(*kept->edge));
	if (near && next)
		near[start] = next[start] = true;
	for (unsigned depth = 0; near && next && depth < focus->depth; depth++) {
		size_t before = kept->edge_count;

		for (size_t i = 0; i < view->edge_count; i++) {
			const struct rep_edge *edge = &view->edge[i];

			if (kept->edge[i] || !(near[edge->from] || near[edge->to]))
				continue;
			kept->edge[i] = next[edge->from] = next[edge->to] = true;
			kept->edge_count++;
		}
		memcpy(near, next, view->class_count * sizeof(*near));
		if (before == kept->edge_count)
			break;
	}
	if (near && next)
		memcpy(kept->class, near, view->class_count * sizeof(*near));
	kept->edge_count = 0;
	free(next);
	free(near);
	return near && next ? 0 : -ENOMEM;
}

int
rep_render_focus(struct rep_kept *kept, const struct rep_view *view, const struct rep_focus *focus)
{
	int error = 0;

	*kept = (struct rep_kept){
	    .class = malloc(view->class_count + 1),
	    .edge = malloc(view->edge_count + 1),
	};
	if (!kept->class || !kept->edge) {
		rep_render_drop_focus(kept);
		return -ENOMEM;
	}
	memset(kept->class, true, view->class_count);
	memset(kept->edge, true, view->edge_count);
	if (focus && focus->class_name)
		error = keep_near(kept, view, focus);
	if (error < 0) {
		rep_render_drop_focus(kept);
		return error;
	}
	if (focus && focus->cycles_only) {
		memset(kept->class, false, view->class_count);
		for (size_t i = 0; i < view->edge_count; i++) {
			kept->edge[i] = kept->edge[i] && view->edge[i].in_cycle;
			if (kept->edge[i])
				kept->class[view->edge[i].from] = kept->class[view->edge[i].to] = true;
		}
	}
	for (size_t i = 0; i < view->edge_count; i++)
		kept->edge_count += kept->edge[i];
	for (size_t i = 0; i < view->class_count; i++)
		kept->class_count += kept->class[i];
	return 0;
}

void
rep_render_drop_focus(struct rep_kept *kept)
{
	free(kept->class);
	free(kept->edge);
	*kept = (struct rep_kept){0};
}
