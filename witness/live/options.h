/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - WITNESS_OPTIONS: key=value:key=value.           room: witness/live
 *
 * options.def is the one table: parser, help and manual come from it.  A
 * backslash before a colon or a backslash makes it part of the value.
 * Memory    values lie in the arena; good for the process's life.
 * Errors    a name that nobody knows, or a value that cannot be read, is
 *           complained of and ignored: the program goes on with the default.
 */
#ifndef WIT_OPTIONS_H
#define WIT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"

struct wit_options {
	const char *file, *console, *observe, *state;
	uint64_t max_file; /* bytes */
	uint8_t parent[16]; /* zeroes: none */
	bool all_stacks, write_records, enabled;
};

/* Defaults, then what text (or NULL) says.  complain() is handed one line in four pieces. */
void wit_options_parse(struct wit_options *options, const char *text, struct wit_arena *arena,
    void (*complain)(const char *a, const char *b, const char *c, const char *d));

#endif
