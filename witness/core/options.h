/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - WITNESS_OPTIONS: key=value:key=value.           room: witness/core
 *
 * options.def is the one table: parser, help and manual come from it.  A
 * backslash before a colon or a backslash makes it part of the value.  The
 * program reads its options here as it starts, the wrapper the caller's own
 * before it starts anything.
 * Memory    values lie in the arena, and live as long.
 * Errors    a name that nobody knows, or a value that cannot be read, is
 *           complained of, and the default stays; what that means is the
 *           caller's to say.
 */
#ifndef WIT_OPTIONS_H
#define WIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

#define WIT_OPTIONS_MOST 65536u /* bytes that are read of the text */

struct wit_options {
	const char *file, *console, *observe, *state;
	uint64_t max_file; /* bytes */
	uint8_t parent[16]; /* zeroes: none */
	bool all_stacks, write_records, enabled;
};

/*
 * Defaults, then what text (or NULL) says.  complain() is handed each mistake, one line in four
 * pieces.  How many there were.
 */
unsigned wit_options_parse(struct wit_options *options, const char *text, struct wit_arena *arena,
    void (*complain)(const char *a, const char *b, const char *c, const char *d));

/* Letters to add, drop or change to make b of a (Levenshtein); b has at most WIT_OPTIONS_WORD. */
#define WIT_OPTIONS_WORD 64
unsigned wit_options_distance(const char *a, const char *b);

/* Writes a value as the parser reads it: at most twice its bytes, no NUL.  Where it ends. */
char *wit_options_quote(char *to, const char *value);

#endif
