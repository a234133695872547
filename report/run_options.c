/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "run_options.h"
#include "say.h"

/* Ours come behind, and what is beyond the most is not read. */
#define OWN_MOST (WIT_OPTIONS_MOST / 2)

static void
complain(const char *a, const char *b, const char *c, const char *d)
{
	rep_say(0, "WITNESS_OPTIONS: %s%s%s%s", a, b, c, d);
}

/* One text, one block. */
static int
grow(struct wit_arena *arena, size_t need)
{
	free(arena->owner);
	arena->owner = arena->next = rep_say_alloc(need);
	arena->end = arena->next + need;
	return (0);
}

int
rep_run_options_check(void)
{
	const char *own = getenv("WITNESS_OPTIONS");
	struct wit_arena arena = {.grow = grow};
	struct wit_options options;
	unsigned mistakes;

	if (own != NULL && strlen(own) > OWN_MOST)
		return (rep_say(-EINVAL, "WITNESS_OPTIONS: too long, at most %u bytes", OWN_MOST));
	mistakes = wit_options_parse(&options, own, &arena, complain);
	free(arena.owner);
	return (mistakes == 0 ? 0 : -EINVAL);
}

/* A text with its percent signs doubled, so that they stand for themselves in a file's pattern. */
static char *
no_pattern(const char *text)
{
	char *plain = rep_say_alloc(2 * strlen(text) + 1), *to = plain;

	for (; *text != '\0'; text++) {
		if (*text == '%')
			*to++ = '%';
		*to++ = *text;
	}
	return (plain);
}

/* key=value, as the parser reads it. */
static char *
option(const char *key, const char *value)
{
	char *text = rep_say_alloc(strlen(key) + 1 + 2 * strlen(value) + 1);

	*wit_options_quote(stpcpy(stpcpy(text, key), "="), value) = '\0';
	return (text);
}

/* What parts the caller's own from ours: a last backslash of theirs must not make the colon theirs, too. */
static const char *
part(const char *own)
{
	size_t length = strlen(own), slashes = 0;

	while (slashes < length && own[length - 1 - slashes] == '\\')
		slashes++;
	return (length == 0 ? "" : slashes % 2 == 0 ? ":" : "\\:");
}

char *
rep_run_options(const char *file, const char *observe, int state)
{
	const char *own = getenv("WITNESS_OPTIONS");
	char *pattern = no_pattern(file), *file_option = option("file", pattern),
	     *observe_option = option("observe", observe == NULL ? "all" : observe),
	     *state_option = state < 0 ? rep_say_string("") : rep_say_format(":state=@%d", state), *text;

	if (own == NULL)
		own = "";
	text = rep_say_format(
	    "%s%s%s:console=none:%s%s", own, part(own), file_option, observe_option, state_option);
	free(state_option);
	free(observe_option);
	free(file_option);
	free(pattern);
	return (text);
}
