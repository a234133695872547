/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static bool quiet_notes;

static void
line(const char *before, const char *format, va_list arguments)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, arguments);
	for (char *c = text; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	fflush(stdout);
	fprintf(stderr, "witness: %s%s\n", before, text);
}

int
rep_say(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	line("", format, arguments);
	va_end(arguments);
	return (error);
}

void
rep_say_note(const char *format, ...)
{
	va_list arguments;

	if (quiet_notes)
		return;
	va_start(arguments, format);
	line("note: ", format, arguments);
	va_end(arguments);
}

void
rep_say_quiet(bool quiet)
{
	quiet_notes = quiet;
}

static void *
must(void *memory)
{
	if (memory == NULL) {
		fputs("witness: the machine has no more memory\n", stderr);
		exit(2);
	}
	return (memory);
}

void *
rep_say_alloc(size_t n)
{
	return (must(calloc(1, n == 0 ? 1 : n)));
}

void *
rep_say_realloc(void *old, size_t n)
{
	return (must(realloc(old, n == 0 ? 1 : n)));
}

char *
rep_say_string(const char *text)
{
	return (must(strdup(text)));
}

char *
rep_say_format(const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	return (must(text));
}
