/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.c - what there is to show, out of the store.            room: report
 */
#include <stdlib.h>
#include <string.h>

#include "gate.h"
#include "say.h"
#include "view_build.h"

#define BLOCK 65536u

struct rep_block {
	struct rep_block *next;
	size_t used, size;
	_Alignas(16) char data[];
};

void *
rep_view_alloc(struct rep_view *view, size_t n)
{
	struct rep_block *block = view->blocks;
	void *at;

	n = (n + 15) & ~(size_t)15;
	if (block == NULL || block->size - block->used < n) {
		size_t size = n > BLOCK ? n : BLOCK;

		block = rep_say_alloc(sizeof(*block) + size);
		block->size = size;
		block->next = view->blocks;
		view->blocks = block;
	}
	at = block->data + block->used;
	block->used += n;
	return (at);
}

const char *
rep_view_string(struct rep_view *view, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n == 1)
		return ("");
	return (memcpy(rep_view_alloc(view, n), text, n));
}

void
rep_view_close(struct rep_view *view)
{
	while (view->blocks != NULL) {
		struct rep_block *block = view->blocks;

		view->blocks = block->next;
		free(block);
	}
	*view = (struct rep_view){.blocks = NULL};
}

/* An array that grew on the heap moves into the view's memory. */
static void *
move_in(struct rep_view *view, void *array, size_t size)
{
	void *at = memcpy(rep_view_alloc(view, size), array == NULL ? "" : array, array == NULL ? 0 : size);

	free(array);
	return (at);
}

static void
settle(struct rep_view *view)
{
	view->run = move_in(view, view->run, view->run_count * sizeof(*view->run));
	view->class = move_in(view, view->class, view->class_count * sizeof(*view->class));
	view->edge = move_in(view, view->edge, view->edge_count * sizeof(*view->edge));
	view->finding = move_in(view, view->finding, view->finding_count * sizeof(*view->finding));
	view->loss = move_in(view, view->loss, view->loss_count * sizeof(*view->loss));
}

int
rep_view_load(struct rep_view *view, struct rep_store *store, const struct rep_selection *selection)
{
	struct rep_build build = {.view = view};
	struct rep_baseline baseline = {.count = 0};
	int error = selection->baseline == NULL ? 0 : rep_baseline_load(&baseline, selection->baseline, NULL);

	*view = (struct rep_view){.complete = true};
	if (error == 0)
		error = rep_view_select(store, selection->run);
	if (error == 0)
		error = rep_load_all(&build.load, view, store);
	if (error == 0) {
		rep_build_edges(&build);
		error = rep_build_findings(&build);
	}
	settle(view);
	if (error == 0)
		rep_gate_judge(view, &baseline);
	rep_load_fini(&build.load);
	rep_map_fini(&build.edge_by);
	free(build.strengths);
	rep_baseline_fini(&baseline);
	if (error != 0)
		rep_view_close(view);
	return (error);
}
