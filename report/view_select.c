/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_select.c - which runs count.                            room: report
 *
 * L1  Runs come as trees: a run counts with the runs of its children.
 * L2  By default the latest tree of each program with its arguments counts: what
 *     was true of an older run of the same command may have been mended since.
 * L3  An id may be cut short, as long as it is one run's alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "store.h"
#include "view_load.h"

struct candidate {
	int64_t key;
	char *id, *parent, *program, *arguments;
	bool chosen;
};

struct candidates {
	struct candidate *run; /* latest first */
	size_t count, room;
};

static int
each_candidate(void *owner, const struct rep_row *row)
{
	struct candidates *all = owner;

	REP_GROW(all->run, all->count, all->room);
	all->run[all->count++] = (struct candidate){.key = rep_row_integer(row, 0),
	    .id = rep_say_string(rep_row_text(row, 1)),
	    .parent = rep_say_string(rep_row_text(row, 2)),
	    .program = rep_say_string(rep_row_text(row, 3)),
	    .arguments = rep_say_string(rep_row_text(row, 4))};
	return (0);
}

static struct candidate *
by_id(const struct candidates *all, const char *id)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->run[i].id, id) == 0)
			return (&all->run[i]);
	return (NULL);
}

static bool
is_root(const struct candidates *all, const struct candidate *run)
{
	return (*run->parent == '\0' || by_id(all, run->parent) == NULL);
}

/* L2 */
static void
choose_latest(struct candidates *all)
{
	for (size_t i = 0; i < all->count; i++) {
		struct candidate *run = &all->run[i];
		bool older = false;

		if (!is_root(all, run))
			continue;
		for (size_t k = 0; k < i && !older; k++)
			older = is_root(all, &all->run[k]) &&
				strcmp(all->run[k].program, run->program) == 0 &&
				strcmp(all->run[k].arguments, run->arguments) == 0;
		run->chosen = !older;
	}
}

/* L3 */
static int
choose_one(struct candidates *all, const char *store, const char *id)
{
	struct candidate *found = NULL;
	size_t n = strlen(id);

	for (size_t i = 0; i < all->count; i++) {
		if (strncmp(all->run[i].id, id, n) != 0)
			continue;
		if (found != NULL)
			return (rep_say(-ENOENT, "%s: more than one run begins with %s: %s, %s", store, id,
			    found->id, all->run[i].id));
		found = &all->run[i];
	}
	if (found == NULL || n == 0)
		return (rep_say(-ENOENT, "%s: no run %s (--run ID, last or all)", store, id));
	found->chosen = true;
	return (0);
}

/* L1 */
static void
choose_children(struct candidates *all)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < all->count; i++) {
			const struct candidate *parent =
			    *all->run[i].parent == '\0' ? NULL : by_id(all, all->run[i].parent);

			if (parent != NULL && parent->chosen && !all->run[i].chosen)
				more = all->run[i].chosen = true;
		}
	}
}

static int
choose(struct candidates *all, const char *store, const char *run)
{
	size_t last = 0;

	if (all->count == 0)
		return (rep_say(-ENOENT, "%s: no run in the store: import one first", store));
	if (run == NULL) {
		choose_latest(all);
	} else if (strcmp(run, "all") == 0) {
		for (size_t i = 0; i < all->count; i++)
			all->run[i].chosen = true;
	} else if (strcmp(run, "last") == 0) {
		while (last + 1 < all->count && !is_root(all, &all->run[last]))
			last++;
		all->run[last].chosen = true;
	} else {
		return (choose_one(all, store, run));
	}
	return (0);
}

int
rep_view_select(struct rep_store *store, const char *run)
{
	struct candidates all = {.count = 0};
	int error = rep_store_each(store, REP_SQL_RUNS_BY_TIME, NULL, 0, each_candidate, &all);

	if (error == 0)
		error = choose(&all, rep_store_path(store), run);
	if (error == 0) {
		choose_children(&all);
		error = rep_store_run(store, REP_SQL_SELECT_NONE, NULL, 0);
	}
	for (size_t i = 0; i < all.count; i++) {
		if (error == 0 && all.run[i].chosen)
			error = rep_store_put(store, SELECT_RUN, REP_V(all.run[i].key));
		free(all.run[i].id);
		free(all.run[i].parent);
		free(all.run[i].program);
		free(all.run[i].arguments);
	}
	free(all.run);
	return (error);
}
