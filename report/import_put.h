/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_put.h - one run's records, row by row.                room: report
 *
 * The parts of import.c that know the tables; used by nobody else.
 */
#ifndef REP_IMPORT_PUT_H
#define REP_IMPORT_PUT_H

#include <stdint.h>

#include "import.h"
#include "records.h"

struct rep_importer {
	struct rep_store *store;
	struct rep_symbols *symbols;
	const struct rep_records *records;
	struct rep_import *result;
	int64_t run; /* key */
	int error; /* of a row that was put on the way to another */
	int64_t *id[REP_RECORD_TYPES]; /* by the producer's id: the row's, 0 where there is none */
	const struct wit_rec_counts **origin_count, **dependency_count; /* by the producer's id, NULL none */
	size_t origin_counts, dependency_counts;
	struct wit_rec_counts *floor; /* memory of rep_import_floor() */
	int64_t *seen; /* a set of frames that were put */
	size_t seen_count, seen_room;
};

/* A copy in which every byte may be printed; NULL gives "".  The caller frees it. */
char *rep_import_clean(const char *text);

void rep_import_put_init(struct rep_importer *im);
void rep_import_put_fini(struct rep_importer *im);
/* Where the run said no totals, origin_count has the least that its records show. */
void rep_import_floor(struct rep_importer *im);
/* Modules, classes, sites, origins. */
int rep_import_put_content(struct rep_importer *im);
/* Threads, segments, chains, dependencies, contexts, lives, alarms, counts; and the stacks that these name. */
int rep_import_put_evidence(struct rep_importer *im);

/* The row's id for a producer's id; 0, and counted as missing, where it is not there.  0 for 0. */
int64_t rep_import_need(struct rep_importer *im, unsigned type, uint32_t id);
/* The same for a code address; exact: not a return address.  The row is put when it is new. */
int rep_import_frame(struct rep_importer *im, uint64_t frame, bool exact, int64_t *id);

#endif
