/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * say.h - what goes wrong, in one line on stderr.             room: report
 *
 * Every failure of the command is said once, where it is known best, as
 * "witness: what, and how to mend it"; functions then return a negative errno
 * and say nothing more.  --quiet silences notes, never errors.
 */
#ifndef REP_SAY_H
#define REP_SAY_H

#include <stdbool.h>
#include <stddef.h>

/* An error; returns `error` so that callers can `return (rep_say(-EINVAL, ...))`. */
int rep_say(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A note: something the user should know though all went well. */
void rep_say_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rep_say_quiet(bool quiet);

/* Memory or the end: exits 2 with a line when the machine has no more. */
void *rep_say_alloc(size_t n); /* zeroed */
void *rep_say_realloc(void *old, size_t n);
char *rep_say_string(const char *text);
char *rep_say_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An array that grows: makes room for item `count`, doubling; items are not zeroed. */
#define REP_GROW(array, count, room)                                                                         \
	do {                                                                                                 \
		if ((count) >= (room)) {                                                                     \
			(room) = (room) == 0 ? 16 : (room)*2;                                                \
			(array) = rep_say_realloc((array), (room) * sizeof(*(array)));                       \
		}                                                                                            \
	} while (0)

#endif
