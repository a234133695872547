/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * baseline.c - the file of accepted findings.                  room: report
 *
 * B1  A block is lines `key: value`; an empty line or the next `fingerprint:`
 *     ends it.  Lines that begin with # are comments and stay with the block after them.
 * B2  Required, once each: fingerprint (16 hex digits), level, cycle, why (not
 *     empty).  Allowed: until.  Anything else is refused with its line, and so is
 *     a fingerprint that stands twice: a reviewer could not tell which counts.
 * B3  A finding is new when no entry names it (nor each of its paths) and one of its
 *     edges lies on no accepted cycle; or when its level is above the one accepted
 *     for it.  Without an entry of its own, the level accepted for it is that of
 *     its weakest edge, and an edge's is the highest among the cycles it lies on.
 *     An accepted cycle is an entry whose fingerprint is that of the cycle it tells:
 *     one of a path, or with other words put in, accepts what it names and no edge.
 * B4  An entry whose day is over accepts nothing.  The day itself still counts (UTC).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "baseline.h"
#include "say.h"

#define ARROW " -> "

bool
rep_baseline_is_date(const char *text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year, month, day, n = 0;

	for (int i = 0; i < 10; i++)
		if (i == 4 || i == 7 ? text[i] != '-' : !isdigit((unsigned char)text[i]))
			return (false);
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &n) != 3 || n != 10 || text[10] != '\0')
		return (false);
	if (month < 1 || month > 12 || day < 1)
		return (false);
	return (
	    day <= days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
}

static bool
is_fingerprint(const char *text)
{
	return (strlen(text) == WIT_FINGERPRINT_MAX - 1 &&
		strspn(text, "0123456789abcdef") == WIT_FINGERPRINT_MAX - 1);
}

/* B4 */
static bool
is_over(const char *until)
{
	time_t now = time(NULL);
	struct tm day;
	char today[16];

	gmtime_r(&now, &day);
	strftime(today, sizeof(today), "%Y-%m-%d", &day);
	return (*until != '\0' && strcmp(until, today) < 0);
}

/* ---- reading ---- */

struct parser {
	const char *path;
	struct rep_baseline *baseline;
	struct rep_baseline_entry now; /* the block being read */
	char *text; /* its lines, and the comments before */
	bool open; /* a key was read */
	unsigned line;
	size_t room;
};

static int
refuse(const struct parser *p, unsigned line, const char *what)
{
	return (rep_say(-EILSEQ, "%s:%u: %s: the baseline is refused", p->path, line, what));
}

static void
free_entry(struct rep_baseline_entry *entry)
{
	for (size_t i = 0; i < entry->names; i++)
		free(entry->name[i]);
	free(entry->name);
	free(entry->fingerprint);
	free(entry->cycle);
	free(entry->why);
	free(entry->until);
	free(entry->text);
}

/* The classes of a cycle; the last one is left out where it is the first again.  And whether it is one (B3). */
static void
split_cycle(struct rep_baseline_entry *entry)
{
	const char *at = entry->cycle, *next;
	char fingerprint[WIT_FINGERPRINT_MAX];
	size_t room = 0;

	for (; at != NULL; at = next) {
		next = strstr(at, ARROW);
		REP_GROW(entry->name, entry->names, room);
		entry->name[entry->names++] =
		    next == NULL ? rep_say_string(at) : rep_say_format("%.*s", (int)(next - at), at);
		if (next != NULL)
			next += strlen(ARROW);
	}
	if (entry->names > 1 && strcmp(entry->name[0], entry->name[entry->names - 1]) == 0)
		free(entry->name[--entry->names]);
	wit_finding_fingerprint(
	    fingerprint, WIT_FINDING_INVERSION, (const char *const *)entry->name, entry->names);
	entry->is_cycle = entry->names > 1 && strcmp(fingerprint, entry->fingerprint) == 0;
}

/* B2, at the end of a block. */
static int
finish_block(struct parser *p)
{
	struct rep_baseline_entry *entry = &p->now;
	size_t i;

	if (!p->open)
		return (0);
	if (entry->fingerprint == NULL)
		return (refuse(p, entry->line, "entry without a fingerprint"));
	if (entry->level == 0)
		return (refuse(p, entry->line, "entry without a level"));
	if (entry->cycle == NULL || *entry->cycle == '\0')
		return (refuse(p, entry->line, "entry without a cycle"));
	if (entry->why == NULL || *entry->why == '\0')
		return (refuse(p, entry->line, "entry without a reason (why)"));
	for (i = 0; i < p->baseline->count; i++)
		if (strcmp(p->baseline->entry[i].fingerprint, entry->fingerprint) == 0)
			return (refuse(p, entry->line, "this fingerprint has an entry already"));
	if (entry->until == NULL)
		entry->until = rep_say_string("");
	entry->expired = is_over(entry->until);
	split_cycle(entry);
	entry->text = p->text;
	p->text = rep_say_string("");
	REP_GROW(p->baseline->entry, p->baseline->count, p->room);
	p->baseline->entry[p->baseline->count++] = *entry;
	*entry = (struct rep_baseline_entry){.line = 0};
	p->open = false;
	return (0);
}

static void
keep_line(struct parser *p, const char *line)
{
	char *longer = rep_say_format("%s%s\n", p->text, line);

	free(p->text);
	p->text = longer;
}

static int
set_once(struct parser *p, char **field, const char *value)
{
	if (*field != NULL)
		return (refuse(p, p->line, "this key stands twice in one entry"));
	*field = rep_say_string(value);
	return (0);
}

static int
read_key(struct parser *p, const char *key, const char *value)
{
	struct rep_baseline_entry *entry = &p->now;

	if (strcmp(key, "fingerprint") == 0) {
		if (!is_fingerprint(value))
			return (refuse(p, p->line, "a fingerprint has 16 hex digits"));
		return (set_once(p, &entry->fingerprint, value));
	}
	if (strcmp(key, "level") == 0) {
		if (entry->level != 0)
			return (refuse(p, p->line, "this key stands twice in one entry"));
		entry->level = wit_finding_level(value);
		return (entry->level == 0 ? refuse(p, p->line, "no such level") : 0);
	}
	if (strcmp(key, "cycle") == 0)
		return (set_once(p, &entry->cycle, value));
	if (strcmp(key, "why") == 0)
		return (*value == '\0' ? refuse(p, p->line, "entry without a reason (why is empty)")
				       : set_once(p, &entry->why, value));
	if (strcmp(key, "until") == 0)
		return (!rep_baseline_is_date(value) ? refuse(p, p->line, "until is a day: YYYY-MM-DD")
						     : set_once(p, &entry->until, value));
	return (refuse(p, p->line, "no such key (fingerprint, level, cycle, why, until)"));
}

static int
read_line(struct parser *p, char *line)
{
	char *at = line + strspn(line, " \t"), *end = at + strlen(at), *colon;
	int error = 0;

	while (end > at && isspace((unsigned char)end[-1]))
		*--end = '\0';
	if (*at == '\0')
		return (finish_block(p));
	if (*at == '#') {
		keep_line(p, at);
		return (0);
	}
	colon = strchr(at, ':');
	if (colon == NULL)
		return (refuse(p, p->line, "not a line of `key: value`"));
	*colon++ = '\0';
	colon += strspn(colon, " \t");
	if (strcmp(at, "fingerprint") == 0 && p->now.fingerprint != NULL)
		error = finish_block(p);
	if (!p->open)
		p->now.line = p->line;
	p->open = true;
	if (error == 0)
		error = read_key(p, at, colon);
	if (error == 0) {
		char *whole = rep_say_format("%s: %s", at, colon);

		keep_line(p, whole);
		free(whole);
	}
	return (error);
}

static int
by_fingerprint(const void *a, const void *b)
{
	const struct rep_baseline_entry *left = a, *right = b;

	return (strcmp(left->fingerprint, right->fingerprint));
}

static int
parse(struct rep_baseline *baseline, FILE *in)
{
	struct parser p = {.path = baseline->path, .baseline = baseline, .text = rep_say_string("")};
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int error = 0;

	while (error == 0 && (n = getline(&line, &room, in)) >= 0) {
		p.line++;
		error = memchr(line, '\0', (size_t)n) != NULL ? refuse(&p, p.line, "not a text file")
							      : read_line(&p, line);
	}
	if (error == 0 && ferror(in) != 0)
		error = rep_say(-errno, "%s: %s", baseline->path, strerror(errno));
	if (error == 0)
		error = finish_block(&p);
	free(line);
	free_entry(&p.now);
	baseline->tail = p.text;
	if (baseline->count > 1)
		qsort(baseline->entry, baseline->count, sizeof(*baseline->entry), by_fingerprint);
	return (error);
}

int
rep_baseline_load(struct rep_baseline *baseline, const char *path, bool *found)
{
	FILE *in = fopen(path, "re");
	struct stat st;
	int error = 0;

	*baseline = (struct rep_baseline){.path = rep_say_string(path)};
	if (found != NULL)
		*found = in != NULL;
	if (in == NULL && errno == ENOENT) {
		baseline->tail = rep_say_string("");
		return (0);
	}
	if (in == NULL)
		error = rep_say(-errno, "%s: %s", path, strerror(errno));
	else if (fstat(fileno(in), &st) == 0 && S_ISDIR(st.st_mode))
		error = rep_say(-EISDIR, "%s: not a baseline (a folder)", path);
	else
		error = parse(baseline, in);
	if (in != NULL)
		fclose(in);
	if (error != 0)
		rep_baseline_fini(baseline);
	return (error);
}

void
rep_baseline_fini(struct rep_baseline *baseline)
{
	for (size_t i = 0; i < baseline->count; i++)
		free_entry(&baseline->entry[i]);
	free(baseline->entry);
	free(baseline->path);
	free(baseline->tail);
	*baseline = (struct rep_baseline){.count = 0};
}

/* ---- judging (B3) ---- */

/* The level accepted for one fingerprint; 0 where no entry names it. */
static enum wit_level
by_name(struct rep_baseline *baseline, const char *fingerprint, const char **why)
{
	for (size_t i = 0; i < baseline->count; i++) {
		struct rep_baseline_entry *entry = &baseline->entry[i];

		if (strcmp(entry->fingerprint, fingerprint) != 0)
			continue;
		entry->matched = true;
		if (!entry->expired)
			*why = entry->why;
		return (entry->expired ? 0 : entry->level);
	}
	return (0);
}

/* The least of the levels accepted for its paths: every path must be known and have an entry. */
static enum wit_level
by_paths(struct rep_baseline *baseline, const struct rep_baseline_case *finding, const char **why)
{
	enum wit_level weakest = finding->path_count == 0 || finding->paths_cut ? 0 : WIT_LEVEL_ACTUAL;

	for (size_t i = 0; i < finding->path_count; i++) {
		enum wit_level level = by_name(baseline, finding->path[i], why);

		weakest = level < weakest ? level : weakest;
	}
	return (weakest);
}

static bool
has_edge(const struct rep_baseline_entry *entry, const char *from, const char *to)
{
	for (size_t i = 0; i < entry->names && entry->is_cycle; i++)
		if (strcmp(entry->name[i], from) == 0 && strcmp(entry->name[(i + 1) % entry->names], to) == 0)
			return (true);
	return (false);
}

/* The level accepted for a cycle by way of its edges; 0 where one of them is on no accepted cycle. */
static enum wit_level
by_edges(struct rep_baseline *baseline, const struct rep_baseline_case *finding, const char **why)
{
	enum wit_level weakest = WIT_LEVEL_ACTUAL;

	for (size_t i = 0; i < finding->class_count; i++) {
		const char *from = finding->classes[i],
			   *to = finding->classes[(i + 1) % finding->class_count];
		enum wit_level best = 0;

		for (size_t k = 0; k < baseline->count; k++) {
			struct rep_baseline_entry *entry = &baseline->entry[k];

			if (entry->expired || !has_edge(entry, from, to))
				continue;
			entry->matched = true;
			if (entry->level > best) {
				best = entry->level;
				*why = entry->why;
			}
		}
		weakest = best < weakest ? best : weakest;
	}
	return (weakest);
}

bool
rep_baseline_judge(struct rep_baseline *baseline, const struct rep_baseline_case *finding, const char **why)
{
	enum wit_level accepted;

	*why = "";
	accepted = by_name(baseline, finding->fingerprint, why);
	if (accepted == 0)
		accepted = by_paths(baseline, finding, why);
	if (accepted == 0 && finding->is_cycle)
		accepted = by_edges(baseline, finding, why);
	if (accepted >= finding->level)
		return (false);
	*why = "";
	return (true);
}
