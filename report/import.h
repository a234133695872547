/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import.h - the one door into the store.                      room: report
 *
 * A run file becomes rows in one transaction; again and again, also while the
 * program runs: each time the store then says what the file says.  What is good
 * of a damaged file is kept, and how much was not is kept with it.
 *
 * Errors    0 or a negative errno after one line on stderr; the store is then
 *           as it was before, and so is what is kept beside it.
 */
#ifndef REP_IMPORT_H
#define REP_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

struct rep_store;
struct rep_symbols;

struct rep_import {
	char run[33]; /* id */
	bool ended, complete;
	bool known; /* the store had this run already */
	uint64_t records, bad_spans, bad_bytes;
	uint64_t missing; /* named by a good record, and not there */
	uint64_t lost; /* said by the producer */
	uint64_t events; /* kept, in: */
	char events_file[80]; /* from the store's folder; "": the run has no events */
};

#define REP_IMPORT_STATUS_UNKNOWN (-1)

/*
 * exit_status: of the process, where the caller waited for it; else
 * REP_IMPORT_STATUS_UNKNOWN, which leaves what the store has.
 */
int rep_import_file(struct rep_import *result, struct rep_store *store, struct rep_symbols *symbols,
    const char *path, int exit_status);

#endif
