/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.h - one run file in memory, its records by id.       room: report
 *
 * Reads a run file as far as it goes, now and again later, and finds records by
 * type and id.  Everything that reads run files (import, the alarms that are
 * printed while a program runs, dump) goes through here, so that "bad" and
 * "missing" mean the same everywhere.
 *
 * Memory    the file is read, not mapped: it may grow, or be cut by its writer
 *           as it ends, under our hands.
 * Bad       a span that the reader passed over.  A record without its commit
 *           word was being written when the process died: it is unfinished, and
 *           counts as bad only when the run has an end record.
 */
#ifndef REP_RECORDS_H
#define REP_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/runfile.h"

#define REP_RECORD_TYPES 18 /* 0 is not a type */

/* Records of one type: in file order, and where they begin with an id of the producer's, by it (the first of an id counts). */
struct rep_record_list {
	uint32_t *at; /* granules from the file's start, in file order */
	size_t count, room;
	uint32_t *by_id; /* granules, 0 none */
	size_t ids;
};

struct rep_records {
	char *path;
	int fd; /* -1: of memory */
	char *base; /* what was read of the file */
	size_t size, room;
	struct wit_reader reader;
	enum wit_reader_result opened;
	struct wit_runfile_header header;
	struct rep_record_list list[REP_RECORD_TYPES];
	uint64_t unknown; /* records of types that this code does not know */
	uint64_t malformed; /* good checksum, but too short for its type, or an id out of all bounds */
	uint64_t bad_spans, bad_bytes; /* passed over; with an end record unfinished ones too */
	bool ended; /* an end record was read */
};

/*
 * Opens a run file and reads its header: 0 or a negative errno after one line
 * on stderr.  A header whose checksum is bad is said in ->opened; the rest is read.
 */
int rep_records_open(struct rep_records *records, const char *path);
/*
 * The same of what somebody has read already, and called `path`: size bytes at base, malloc's, which
 * now belong to the records, also when it fails.
 */
int rep_records_open_memory(struct rep_records *records, const char *path, char *base, size_t size);
/* Whether a file has a whole header by now; says nothing. */
bool rep_records_ready(const char *path);
void rep_records_close(struct rep_records *records);

/*
 * Reads everything again from the start: the state of the file now.  0 or a
 * negative errno after one line.
 */
int rep_records_read(struct rep_records *records);

/*
 * Reads what has come since, of a process that still runs: up to the first
 * space that is not committed yet.  0 or a negative errno after one line.
 */
int rep_records_follow(struct rep_records *records);

/* The payload of the n-th record of a type in file order. */
const void *rep_records_nth(const struct rep_records *records, unsigned type, size_t n);
/* The record itself, for its tail, and its offset in the file. */
const struct wit_rec *rep_records_nth_record(
    const struct rep_records *records, unsigned type, size_t n, uint64_t *offset);
static inline size_t
rep_records_count(const struct rep_records *records, unsigned type)
{
	return (records->list[type].count);
}

/* The record of an id, or NULL; its payload. */
const struct wit_rec *rep_records_find(const struct rep_records *records, unsigned type, uint32_t id);
const void *rep_records_payload(const struct rep_records *records, unsigned type, uint32_t id);

/* "0123..." of the run id. */
void rep_records_run_id(const uint8_t id[16], char text[33]);

#endif
