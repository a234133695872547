/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - the events of a run, as one compressed file beside the store.   room: report
 *
 * Events never become rows.  Import writes them, and the records that they name
 * (modules, classes, origins, sites, stacks, threads, segments, lives, what was
 * lost, the end), whole and in file order behind the run's own header, through
 * zstd into .witness/runs/RUNID.events.zst: unpacked it is a run file.
 *
 * Files     0600 in a folder of 0700.  Two stores in one folder share them.
 * Threads   several importers may be at it: the folder is locked from write to fini.
 * Errors    0 or a negative errno after one line on stderr.
 */
#ifndef REP_TRACE_H
#define REP_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"

struct rep_records;
struct rep_store;

struct rep_trace {
	char *name; /* from the store's folder; NULL: the run has no events, and no file */
	char digest[REP_DIGEST_TEXT]; /* SHA-256 of the file as it lies there */
	uint64_t bytes, events; /* of the file; in it */
	char *path, *temporary; /* trace.c's own */
	int folder;
};

/*
 * Writes what the records have under a temporary name.  A file that lies there
 * already, is whole and has as much stays, and is what *trace then says.
 */
int rep_trace_write(
    struct rep_trace *trace, const struct rep_store *store, const struct rep_records *records);
/* Gives it its name, once the store's transaction is through. */
int rep_trace_publish(struct rep_trace *trace);
/* Always, after write(), also when that failed: what has no name by now is gone. */
void rep_trace_fini(struct rep_trace *trace);

/* Whether a file begins as zstd's do; says nothing. */
bool rep_trace_is(const char *path);
/* As rep_records_open(), of such a file: it must be whole. */
int rep_trace_open(struct rep_records *records, const char *path);

#endif
