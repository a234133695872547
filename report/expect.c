/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "expect.h"
#include "say.h"
#include "view.h"

void
rep_expect_read(struct rep_expect *expect, FILE *in)
{
	char *line = NULL;
	size_t room = 0, lines = 0;
	ssize_t n;

	*expect = (struct rep_expect){.count = 0};
	while ((n = getline(&line, &room, in)) > 0) {
		if (line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (strcmp(line, "any") == 0) {
			expect->any = true;
		} else if (*line != '\0') {
			REP_GROW(expect->line, expect->count, lines);
			expect->line[expect->count++] = rep_say_string(line);
		}
	}
	free(line);
}

void
rep_expect_fini(struct rep_expect *expect)
{
	for (size_t i = 0; i < expect->count; i++)
		free(expect->line[i]);
	free(expect->line);
	*expect = (struct rep_expect){.count = 0};
}

/* A finding as a line of the table, its cycle beginning with the class that the table begins with. */
static char *
line_of(const struct rep_finding *finding, size_t turn)
{
	size_t n = finding->class_count, last = finding->step == NULL ? 0 : n;
	char *text = rep_say_format("finding %s %s", finding->kind, finding->classes[turn % n]), *longer;

	for (size_t i = 1; i <= last; i++) {
		longer = rep_say_format("%s -> %s", text, finding->classes[(turn + i) % n]);
		free(text);
		text = longer;
	}
	return (text);
}

static bool
is_finding(const char *line, const struct rep_finding *finding)
{
	bool same = false;

	for (size_t turn = 0; turn < finding->class_count && !same; turn++) {
		char *text = line_of(finding, turn);

		same = strcmp(text, line) == 0;
		free(text);
	}
	return (same);
}

static bool
has_edge(const struct rep_view *view, const char *line)
{
	for (size_t i = 0; i < view->edge_count; i++) {
		const struct rep_edge *edge = &view->edge[i];
		char *text =
		    rep_say_format("edge %s -> %s", view->class[edge->from].name, view->class[edge->to].name);
		bool same = strcmp(text, line) == 0;

		free(text);
		if (same)
			return (true);
	}
	return (false);
}

static bool
is_there(const struct rep_view *view, const char *line)
{
	for (size_t i = 0; i < view->finding_count; i++)
		if (is_finding(line, &view->finding[i]))
			return (true);
	return (has_edge(view, line));
}

static bool
is_expected(const struct rep_expect *expect, const struct rep_finding *finding)
{
	for (size_t i = 0; i < expect->count; i++)
		if (is_finding(expect->line[i], finding))
			return (true);
	return (false);
}

static void
append(char **text, const char *word, const char *what)
{
	char *longer =
	    rep_say_format("%s%s%s %s", *text == NULL ? "" : *text, *text == NULL ? "" : "; ", word, what);

	free(*text);
	*text = longer;
}

char *
rep_expect_compare(const struct rep_expect *expect, const struct rep_view *view)
{
	char *differs = NULL;

	if (expect->any)
		return (NULL);
	for (size_t i = 0; i < expect->count; i++)
		if (!is_there(view, expect->line[i]))
			append(&differs, "missing", expect->line[i]);
	for (size_t i = 0; i < view->finding_count; i++) {
		char *line;

		if (is_expected(expect, &view->finding[i]))
			continue;
		line = line_of(&view->finding[i], 0);
		append(&differs, "unexpected", line);
		free(line);
	}
	return (differs);
}
