/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * json.c - the view for other programs, schema 1.
 *
 * Keys are a promise: they may be added, none is changed or dropped.  Their
 * order, and that of every list, is the view's, so two reports of the same
 * content are the same bytes.  Counts beyond what a JSON integer of jansson
 * holds (2^63 - 1) stay at that.
 */
#include <errno.h>
#include <stdlib.h>

#include <jansson.h>

#include "render.h"

#define SCHEMA 1

/* Names may be any bytes, JSON is UTF-8.  NULL (which every json_..._new takes as an error) without memory. */
static json_t *
string(const char *text)
{
	char *clean = NULL;
	size_t length;
	FILE *memory = open_memstream(&clean, &length);
	json_t *made = NULL;

	if (!memory)
		return NULL;
	rep_render_put(memory, REP_QUOTE_JSON, text);
	if (fclose(memory) == 0)
		made = json_stringn(clean, length);
	free(clean);
	return made;
}

static json_t *
number(uint64_t value)
{
	return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *
strings(const char *const *text, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(list, string(text[i])) < 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

static json_t *
run(const struct rep_view *view, size_t i)
{
	const struct rep_run *it = &view->run[i];

	return json_pack("{so,so,so,so,sb,sb}", "id", string(it->id), "kind", string(it->kind), "program",
	    string(it->program), "start", string(it->started), "ended", it->ended, "complete", it->complete);
}

static json_t *
finding(const struct rep_view *view, size_t i)
{
	const struct rep_finding *it = &view->finding[i];

	return json_pack("{so,so,so,so,so,so,so,so}", "fingerprint", string(it->fingerprint), "kind",
	    string(it->kind), "level", string(rep_render_level(it->level)), "confidence",
	    string(it->confidence), "classes", strings(it->classes, it->class_count), "count",
	    number(it->count), "why", string(it->why), "paths", strings(it->path, it->path_count));
}

static json_t *
edge(const struct rep_view *view, size_t i)
{
	const struct rep_edge *it = &view->edge[i];

	return json_pack("{so,so,so,so,sb}", "from", string(view->class[it->from].name), "to",
	    string(view->class[it->to].name), "count", number(it->count), "source", string(it->source),
	    "exempt", it->exempt);
}

static json_t *class(const struct rep_view *view, size_t i)
{
	const struct rep_class *it = &view->class[i];

	return json_pack("{so,so,so,so,so}", "name", string(it->name), "alias", string(it->alias),
	    "primitive", string(it->primitive), "instances", number(it->instances), "acquisitions",
	    number(it->acquisitions));
}

static json_t *
loss(const struct rep_view *view, size_t i)
{
	const struct rep_loss *it = &view->loss[i];

	return json_pack(
	    "{so,so,so}", "run", string(it->run), "what", string(it->what), "count", number(it->count));
}

static json_t *
list(const struct rep_view *view, size_t count, json_t *(*make)(const struct rep_view *, size_t))
{
	json_t *made = json_array();

	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(made, make(view, i)) < 0) {
			json_decref(made);
			return NULL;
		}
	}
	return made;
}

int
rep_json_write(FILE *out, const struct rep_view *view)
{
	json_t *root = json_pack("{si,so,so,so,so,so}", "schema", SCHEMA, "runs",
	    list(view, view->run_count, run), "findings", list(view, view->finding_count, finding), "edges",
	    list(view, view->edge_count, edge), "classes", list(view, view->class_count, class), "lost",
	    list(view, view->loss_count, loss));

	if (!root)
		return -ENOMEM;
	rep_render_begin(out);
	json_dumpf(root, out, JSON_INDENT(2));
	putc('\n', out);
	json_decref(root);
	return rep_render_end(out);
}
