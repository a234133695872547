/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * html.c - the view as one page that needs nothing but a browser.
 *
 * Rules
 *  1. One file: style, script and picture are in it, and a policy in its head
 *     forbids the browser to fetch anything, whatever a name may hold.
 *  2. Markup is written by RAW() with fixed text only; whatever came from a
 *     program goes through PRINT(), which quotes every %s.
 *  3. The verdict stands first, in words.  Then each finding, short, with its
 *     steps as links; then the picture; then every edge with its two stacks.
 *  4. Every edge of the view has a box `edge-N`, drawn or not, so no link leads
 *     nowhere.  A picture that nobody could read is not drawn: past a limit only
 *     the cycles are, and the page says so.
 *  5. What is derived, lost or not known is said where it matters.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "html_assets.h"

/* More edges than this are a grey cloud, and minutes of layout. */
#define DRAWN_EDGES 500

static void
put_findings(FILE *out, const struct rep_view *view)
{
	RAW(out, "<section id=\"findings\"><h2>Findings</h2>\n");
	if (view->finding_count == 0) {
		RAW(out, "<p>No order in this graph contradicts another, and no rule was broken. "
			 "That holds for what was seen; the numbers above say how much that is.</p>\n");
	}
	for (size_t i = 0; i < view->finding_count; i++)
		rep_html_put_finding(out, view, &view->finding[i]);
	RAW(out, "</section>\n");
}

/* The picture. */

/* What the <svg> says of its width, in points; 0 when it does not. */
static unsigned long
width_of(const char *svg)
{
	const char *at = strstr(svg, "width=\"");

	return at ? strtoul(at + sizeof("width=\"") - 1, NULL, 10) : 0;
}

static void
put_legend(FILE *out)
{
	RAW(out, "<figcaption class=\"legend\"><span class=\"l-cycle\">on a cycle</span>"
		 "<span>A &#8594; B: B was asked for with A held, and how often</span>"
		 "<span class=\"l-implied\">a longer way says the same</span>"
		 "<span class=\"l-exempt\">exempt, not searched for cycles</span></figcaption>\n");
}

static void
put_figure(FILE *out, const char *svg)
{
	unsigned long points = width_of(svg);

	fprintf(out,
	    "<figure class=\"card\"><div class=\"picture\" tabindex=\"0\" role=\"region\" aria-label=\"Lock "
	    "graph\" "
	    "style=\"--full:%lupx;--least:%lupx\">\n",
	    points * 13 / 10 + 1, points * 62 / 100);
	fputs(svg, out); /* quoted by libgvc; what went into it by rep_dot_write() */
	RAW(out, "</div>\n");
	put_legend(out);
	RAW(out, "</figure>\n");
}

/* 0 and *svg NULL: nothing to draw, or too much. */
static int
draw(char **svg, const struct rep_view *view, const struct rep_totals *totals)
{
	struct rep_focus cycles = {.cycles_only = true};

	*svg = NULL;
	if (totals->edges == 0)
		return 0;
	if (totals->edges <= DRAWN_EDGES)
		return rep_dot_svg(svg, view, NULL);
	return totals->cycle_edges && totals->cycle_edges <= DRAWN_EDGES ? rep_dot_svg(svg, view, &cycles)
									 : 0;
}

static void
put_graph(FILE *out, const struct rep_totals *totals, const char *svg)
{
	RAW(out, "<section id=\"graph\"><h2>Lock graph</h2>\n");
	if (totals->edges == 0) {
		RAW(out, "<p>No thread asked for a lock while it held another: there is no order to "
			 "draw.</p></section>\n");
		return;
	}
	RAW(out, "<p class=\"hint\">Read downwards: what stands higher is taken first. Every edge is a link "
		 "to the stacks "
		 "that held the one lock and asked for the other.</p>\n");
	if (totals->edges > DRAWN_EDGES) {
		RAW(out, "<p class=\"hint\">The whole graph has ");
		rep_html_put_number(out, totals->edges);
		PRINT(out,
		    " edges, more than a picture can show; %s All edges are listed below, and "
		    "<code>witness report --format svg --focus CLASS --depth 1</code> draws a part.</p>\n",
		    svg ? "drawn are those on a cycle." : "it is not drawn.");
	}
	if (svg && totals->cycle_edges && totals->cycle_edges < totals->edges &&
	    totals->edges <= DRAWN_EDGES) {
		RAW(out, "<input type=\"checkbox\" id=\"only\"> "
			 "<label for=\"only\">Show only what lies on a cycle</label>\n");
	}
	if (svg)
		put_figure(out, svg);
	RAW(out, "</section>\n");
}

/* Edges. */

static void
put_edge(FILE *out, const struct rep_view *view, size_t i)
{
	const struct rep_edge *edge = &view->edge[i];

	PRINT(out,
	    "<details class=\"card edge-box%s\" id=\"edge-%zu\" "
	    "open>\n<summary><span><b>%s</b><i>&#8594;</i><b>%s</b></span>",
	    edge->in_cycle ? " cycle" : "", i, view->class[edge->from].name, view->class[edge->to].name);
	if (edge->in_cycle)
		RAW(out, "<span class=\"tag red\">on a cycle</span>");
	if (edge->exempt)
		RAW(out, "<span class=\"tag\">exempt</span>");
	PRINT(out, "<span class=\"n\">%s, ", edge->source);
	rep_html_put_number(out, edge->count);
	PRINT(out, " time%s</span></summary>\n", rep_html_plural(edge->count));
	rep_html_put_evidence(out, edge->evidence, edge->evidence_count, rep_render_telling(view, i));
	RAW(out, "<p class=\"back\"><a href=\"#graph\">Back to the graph</a></p>\n</details>\n");
}

static void
put_edges(FILE *out, const struct rep_view *view)
{
	RAW(out,
	    "<section id=\"edges\"><h2>Edges</h2>\n"
	    "<p class=\"hint\">Left the place that took the lock which was held, right the place that asked "
	    "for the "
	    "next one. The innermost function stands first.</p>\n"
	    "<div class=\"tools\" hidden><input type=\"search\" placeholder=\"Only edges whose name "
	    "holds&#8230;\" "
	    "aria-label=\"Only edges whose name holds\"><button type=\"button\">Open all</button></div>\n");
	for (int cycle = 1; cycle >= 0; cycle--) {
		for (size_t i = 0; i < view->edge_count; i++) {
			if (view->edge[i].in_cycle == cycle)
				put_edge(out, view, i);
		}
	}
	if (view->edge_count == 0)
		RAW(out, "<p>None.</p>\n");
	RAW(out, "</section>\n");
}

/* Tables. */

static void
put_cell(FILE *out, uint64_t number)
{
	RAW(out, "<td class=\"num\">");
	rep_html_put_number(out, number);
	RAW(out, "</td>");
}

/* A number that may be a lower bound. */
static void
put_bound(FILE *out, bool at_least, uint64_t number)
{
	RAW(out, "<td class=\"num\">");
	if (at_least)
		RAW(out, "at least ");
	rep_html_put_number(out, number);
	RAW(out, "</td>");
}

static void
put_classes(FILE *out, const struct rep_view *view)
{
	struct rep_totals totals;

	rep_render_totals(&totals, view);
	RAW(out, "<section id=\"classes\"><h2>Classes</h2>\n<div class=\"card table\"><table>\n"
		 "<thead><tr><th>Class</th><th>Primitive</th><th class=\"num\">Locks</th>"
		 "<th class=\"num\">Nested acquisitions</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < view->class_count; i++) {
		const struct rep_class *class = &view->class[i];

		PRINT(out, "<tr id=\"class-%zu\"", i);
		if (class->in_cycle)
			RAW(out, " class=\"cycle\"");
		PRINT(out, "><th scope=\"row\">%s", class->name);
		if (*class->alias)
			PRINT(out, " <code>%s</code>", class->alias);
		PRINT(out, "</th><td>%s</td>", class->primitive);
		put_bound(out, totals.at_least, class->instances);
		put_bound(out, totals.at_least, class->acquisitions);
		RAW(out, "</tr>\n");
	}
	RAW(out, "</tbody></table></div></section>\n");
}

static void
put_run(FILE *out, const struct rep_run *run)
{
	PRINT(out,
	    "<tr><th scope=\"row\"><code>%s</code></th><td class=\"wide\">%s "
	    "%s</td><td>%s</td><td>%s</td><td>",
	    run->id, run->program, run->arguments, run->kind, run->started);
	if (!run->ended)
		RAW(out, "no end record");
	else if (run->exit_status < 0)
		RAW(out, "ended");
	else
		PRINT(out, "status %d", run->exit_status);
	PRINT(out, "</td><td>%s</td>", run->complete ? "yes" : "no");
	put_cell(out, run->threads);
	put_bound(out, rep_render_at_least(run), run->locks);
	put_bound(out, rep_render_at_least(run), run->acquisitions);
	put_cell(out, run->records);
	RAW(out, "</tr>\n");
}

static void
put_runs(FILE *out, const struct rep_view *view)
{
	RAW(out,
	    "<section id=\"runs\"><h2>Runs</h2>\n<div class=\"card table\"><table>\n"
	    "<thead><tr><th>Run</th><th>Program</th><th>Kind</th><th>Started</th><th>Ended</th><th>Complete</"
	    "th>"
	    "<th class=\"num\">Threads</th><th class=\"num\">Locks</th><th class=\"num\">Acquisitions</th>"
	    "<th class=\"num\">Records</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < view->run_count; i++)
		put_run(out, &view->run[i]);
	RAW(out, "</tbody></table></div></section>\n");
}

/* The page. */

static void
put_head(FILE *out, const struct rep_view *view)
{
	RAW(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		 "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		 "'unsafe-inline'; "
		 "script-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<link rel=\"icon\" href=\"data:,\">\n<title>Witness: ");
	rep_render_verdict(out, REP_QUOTE_HTML, view);
	RAW(out, "</title>\n<style>\n");
	fputs(rep_html_style, out);
	RAW(out, "</style>\n</head>\n");
}

static void
put_total(FILE *out, const char *name, uint64_t number)
{
	PRINT(out, "<div><dt>%s</dt><dd>", name);
	rep_html_put_number(out, number);
	RAW(out, "</dd></div>\n");
}

static void
put_verdict(FILE *out, const struct rep_view *view, const struct rep_totals *totals)
{
	bool open = totals->accepted < view->finding_count;

	PRINT(out, "<header>\n<p class=\"kicker\">Witness, lock order report</p>\n<h1 class=\"%s\">",
	    open ? "bad" : "good");
	rep_render_verdict(out, REP_QUOTE_HTML, view);
	RAW(out, "</h1>\n");
	for (size_t i = 0; i < view->run_count && view->run_count <= 4; i++) {
		const char *program = strrchr(view->run[i].program, '/');

		PRINT(out, "<p class=\"kicker\"><code>%s %s</code>, %s</p>\n",
		    program ? program + 1 : view->run[i].program, view->run[i].arguments,
		    view->run[i].started);
	}
	if (!view->complete || view->loss_count) {
		RAW(out, "<p class=\"banner\" role=\"status\"><strong>Incomplete:</strong> ");
		rep_render_missing(out, REP_QUOTE_HTML, view);
		RAW(out, ". What is shown is true; what is missing may hide more.</p>\n");
	}
	RAW(out, "<dl class=\"numbers\">\n");
	put_total(out, "Classes", totals->classes);
	put_total(out, totals->at_least ? "Locks, at least" : "Locks", totals->locks);
	put_total(out, "Edges", totals->edges);
	put_total(out, "Threads", totals->threads);
	put_total(out, totals->at_least ? "Acquisitions, at least" : "Acquisitions", totals->acquisitions);
	put_total(out, "Runs", view->run_count);
	RAW(out, "</dl>\n<nav aria-label=\"Sections\"><a href=\"#findings\">Findings</a><a "
		 "href=\"#graph\">Lock graph</a>"
		 "<a href=\"#edges\">Edges</a><a href=\"#classes\">Classes</a><a "
		 "href=\"#runs\">Runs</a></nav>\n</header>\n");
}

int
rep_html_write(FILE *out, const struct rep_view *view)
{
	struct rep_totals totals;
	char *svg;
	int error;

	rep_render_totals(&totals, view);
	error = draw(&svg, view, &totals);
	if (error < 0)
		return error;
	rep_render_begin(out);
	put_head(out, view);
	RAW(out, "<body>\n<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n");
	put_verdict(out, view, &totals);
	RAW(out, "<main>\n");
	put_findings(out, view);
	put_graph(out, &totals, svg);
	put_edges(out, view);
	put_classes(out, view);
	put_runs(out, view);
	RAW(out, "</main>\n<footer><p>Written by Witness. This page is one file and asks no network for "
		 "anything.</p></footer>\n"
		 "<script>\n");
	fputs(rep_html_script, out);
	RAW(out, "</script>\n</body>\n</html>\n");
	free(svg);
	return rep_render_end(out);
}
