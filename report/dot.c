/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dot.c - the lock graph in the dot language, and by libgvc as a picture.
 *
 * Rules
 *  1. The picture reads downwards, from the first lock to the last: layers.h
 *     says what stands above what. What gives way there is drawn, but moves nothing.
 *  2. An edge that a longer way already implies is drawn thin: what is new to the
 *     eye are the steps, not the shortcuts. Both are edges, both are links.
 *  3. The same view gives the same text, byte for byte; the picture depends on
 *     the fonts of the machine, too.
 *  4. Names pass through the dot parser, its escapes and its entities, and come
 *     out as they went in: rep_render_print() with REP_QUOTE_DOT.
 *  5. Every colour is said twice, as an attribute for who draws the text and as
 *     a class for the style sheet of the page that shows the picture.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gvc.h>

#include "layers.h"

#define PRINT(out, ...) rep_render_print(out, REP_QUOTE_DOT, __VA_ARGS__)

/* More than this many edges, and numbers at them would only be in each other's way. */
#define LABELLED_EDGES 60

#define FONT_POINTS 12

/* The graph as it is drawn. */
struct layout {
	const struct rep_view *view;
	struct rep_kept kept;
	struct rep_layers layers;
};

static int
layout_init(struct layout *it, const struct rep_view *view, const struct rep_focus *focus)
{
	int error;

	*it = (struct layout){.view = view};
	error = rep_render_focus(&it->kept, view, focus);
	if (error < 0)
		return error;
	error = rep_layers_init(&it->layers, view, &it->kept);
	if (error < 0)
		rep_render_drop_focus(&it->kept);
	return error;
}

static void
layout_fini(struct layout *it)
{
	rep_layers_fini(&it->layers);
	rep_render_drop_focus(&it->kept);
}

/* Attributes. */

/* Whatever the locale thinks of decimal points. */
static void
print_inches(FILE *out, const char *name, size_t hundredths)
{
	PRINT(out, ", %s=%zu.%zu%zu", name, hundredths / 100, hundredths / 10 % 10, hundredths % 10);
}

/* The more edges go down from a layer, the more room they need to stay apart. */
static void
print_defaults(FILE *out, const struct layout *it, bool labelled)
{
	size_t gap = 36 + 3 * it->kept.edge_count / (it->layers.count + 1);

	PRINT(out, "digraph witness {\n\tgraph [id=\"lock-order\", rankdir=TB, bgcolor=\"white\", pad=0.15");
	print_inches(out, "nodesep", labelled ? 28 : 16);
	print_inches(out, "ranksep", gap < 160 ? gap : 160);
	PRINT(out, "];\n");
	PRINT(out,
	    "\tnode [shape=box, style=\"rounded,filled\", penwidth=1, color=\"#a9b2bd\", "
	    "fillcolor=\"#f4f6f8\", fontcolor=\"#1d252f\", fontname=\"Helvetica,Arial,sans-serif\", "
	    "fontsize=%d, height=0.34, margin=\"0.13,0.06\"];\n"
	    "\tedge [color=\"#7d8794\", fontcolor=\"#5b6572\", fontname=\"Helvetica,Arial,sans-serif\", "
	    "fontsize=9, arrowsize=0.65, penwidth=1.1];\n",
	    FONT_POINTS);
}

/* In hundredths of an inch. Who shows the picture has other fonts than who drew it: no name fills its box. */
static size_t
width_of(const char *name)
{
	return (rep_render_width(name) * FONT_POINTS * 6 / 10 + 20) * 100 / 72;
}

static void
print_node(FILE *out, const struct layout *it, size_t i)
{
	const struct rep_class *class = &it->view->class[i];

	PRINT(out, "\t\"%s\" [id=\"node-%zu\", class=\"%sc%zu\", URL=\"#class-%zu\", label=\"%s\", ",
	    class->name, i, class->in_cycle ? "cycle " : "", i, i, class->name);
	PRINT(out, "tooltip=\"%s%s%s: %s, %zu lock%s, %zu nested acquisitions\"", class->name,
	    *class->alias ? " = " : "", class->alias, class->primitive, (size_t) class->instances,
	    class->instances == 1 ? "" : "s", (size_t) class->acquisitions);
	print_inches(out, "width", width_of(class->name));
	if (strncmp(class->primitive, "spin", 4) == 0)
		PRINT(out, ", style=\"filled\""); /* sharp corners */
	if (class->in_cycle)
		PRINT(out, ", color=\"#c4262e\", fillcolor=\"#fdecec\", penwidth=1.6");
	PRINT(out, "];\n");
}

/* 950, 12k, 3.4M: the exact number is in the tooltip, the table and the text. */
static void
print_count(FILE *out, uint64_t count)
{
	static const char unit[] = " kMGTPE";
	size_t step = 0;
	uint64_t tenths = 0;

	for (; count >= (step ? 1000 : 10000); step++) {
		tenths = count % 1000 / 100;
		count /= 1000;
	}
	PRINT(out, "%zu", (size_t)count);
	if (step && count < 10 && tenths)
		PRINT(out, ".%zu", (size_t)tenths);
	if (step)
		putc(unit[step], out);
}

static void
print_edge(FILE *out, const struct layout *it, size_t i, bool labelled)
{
	const struct rep_edge *edge = &it->view->edge[i];
	const char *from = it->view->class[edge->from].name, *to = it->view->class[edge->to].name;

	PRINT(out, "\t\"%s\" -> \"%s\" [id=\"line-%zu\", class=\"%s%s%sf%zu t%zu\", URL=\"#edge-%zu\", ",
	    from, to, i, edge->in_cycle ? "cycle " : "", edge->exempt ? "exempt " : "",
	    it->layers.implied[i] ? "implied " : "", edge->from, edge->to, i);
	PRINT(out, "tooltip=\"%s -> %s: %zu, %s%s\"", from, to, (size_t)edge->count, edge->source,
	    edge->exempt ? ", exempt" : "");
	if (labelled || edge->in_cycle) {
		PRINT(out, ", label=\" ");
		print_count(out, edge->count);
		PRINT(out, "\"");
	}
	if (edge->in_cycle)
		PRINT(out, ", color=\"#c4262e\", fontcolor=\"#c4262e\", penwidth=2.6, arrowsize=0.8");
	else if (it->layers.implied[i])
		PRINT(out, ", color=\"#c3cad2\", penwidth=0.8");
	if (edge->exempt)
		PRINT(out, ", style=dashed");
	if (!it->layers.ranks[i])
		PRINT(out, ", constraint=false");
	PRINT(out, "];\n");
}

static void
print_layers(FILE *out, const struct layout *it)
{
	for (size_t layer = 0; layer < it->layers.count; layer++) {
		bool begun = false;

		for (size_t i = 0; i < it->view->class_count; i++) {
			if (!it->kept.class[i] || it->layers.layer[i] != layer)
				continue;
			if (!begun)
				PRINT(out, "\t{ rank=same;");
			PRINT(out, " \"%s\";", it->view->class[i].name);
			begun = true;
		}
		PRINT(out, begun ? " }\n" : "");
	}
}

static void
print_graph(FILE *out, const struct layout *it)
{
	bool labelled = it->kept.edge_count <= LABELLED_EDGES;

	print_defaults(out, it, labelled);
	for (size_t i = 0; i < it->view->class_count; i++) {
		if (it->kept.class[i])
			print_node(out, it, i);
	}
	print_layers(out, it);
	for (size_t i = 0; i < it->view->edge_count; i++) {
		if (it->kept.edge[i])
			print_edge(out, it, i, labelled);
	}
	PRINT(out, "}\n");
}

int
rep_dot_write(FILE *out, const struct rep_view *view, const struct rep_focus *focus)
{
	struct layout it;
	int error = layout_init(&it, view, focus);

	if (error < 0)
		return error;
	rep_render_begin(out);
	print_graph(out, &it);
	layout_fini(&it);
	return rep_render_end(out);
}

/* The picture. */

static int
write_memory(char **text, const struct rep_view *view, const struct rep_focus *focus)
{
	size_t length;
	FILE *memory = open_memstream(text, &length);
	int error;

	if (!memory)
		return -ENOMEM;
	error = rep_dot_write(memory, view, focus);
	if (fclose(memory) != 0 && error == 0)
		error = -ENOMEM;
	if (error < 0) {
		free(*text);
		*text = NULL;
	}
	return error;
}

static int
draw(char **svg, const char *text)
{
	GVC_t *context = gvContext();
	Agraph_t *graph = context ? agmemread(text) : NULL;
	char *drawn = NULL, *start;
	unsigned length;
	int error = -EIO;

	if (graph && gvLayout(context, graph, "dot") == 0) {
		if (gvRenderData(context, graph, "svg", &drawn, &length) == 0 && drawn) {
			start = strstr(drawn, "<svg");
			*svg = start ? strdup(start) : NULL;
			error = *svg ? 0 : start ? -ENOMEM : -EIO;
			gvFreeRenderData(drawn);
		}
		gvFreeLayout(context, graph);
	}
	if (graph)
		agclose(graph);
	if (context)
		gvFreeContext(context);
	return error;
}

int
rep_dot_svg(char **svg, const struct rep_view *view, const struct rep_focus *focus)
{
	char *text = NULL;
	int error;

	*svg = NULL;
	error = write_memory(&text, view, focus);
	if (error == 0)
		error = draw(svg, text);
	free(text);
	return error;
}
