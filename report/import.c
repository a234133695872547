/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import.c - the one door into the store.                      room: report
 *
 * I1  One transaction a run, and the same rows whatever the store held before:
 *     every row is put as the run file says it now.
 * I2  What a good record names must be there.  A row without which it means
 *     nothing (a dependency's chain, a chain's origin) drops it; otherwise the
 *     name is left empty.  Each such name is counted as missing.
 * I3  Incomplete is: records lost by the producer, bad spans, or missing ones.  A
 *     run without end record is as complete as it went: its last record, half
 *     written, is no loss.
 * I4  A program that runs on writes while we read.  A missing record may then
 *     only be one that we passed too early: read again, a few times.
 * I5  Texts of a traced program are not trusted: what is not UTF-8 or not
 *     printable becomes '?', so that no later writer of JSON or HTML meets it.
 * I6  Events become a file (trace.h), in the same breath: written before the
 *     store commits, and named after.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"
#include "import_put.h"
#include "say.h"
#include "store.h"
#include "trace.h"

/* ---- I5 ---- */

/* Bytes of the UTF-8 character at `at`, or 0 where there is none that may be printed. */
static size_t
character(const unsigned char *at)
{
	size_t n = at[0] < 0x80			   ? 1
		   : at[0] >= 0xc2 && at[0] < 0xe0 ? 2
		   : at[0] >= 0xe0 && at[0] < 0xf0 ? 3
						   : 4;

	if (n == 1)
		return (at[0] >= 0x20 && at[0] != 0x7f);
	if (at[0] < 0xc2 || at[0] > 0xf4 || (at[0] == 0xc2 && at[1] < 0xa0))
		return (0);
	for (size_t i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80)
			return (0);
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return (0);
	return (n);
}

char *
rep_import_clean(const char *text)
{
	char *clean = rep_say_string(text == NULL ? "" : text);
	size_t n;

	for (char *at = clean; *at != '\0'; at += n) {
		n = character((unsigned char *)at);
		if (n == 0) {
			*at = '?';
			n = 1;
		}
	}
	return (clean);
}

/* ---- the run's own row ---- */

static const void *
last_of(const struct rep_records *records, unsigned type)
{
	size_t n = rep_records_count(records, type);

	return (n == 0 ? NULL : rep_records_nth(records, type, n - 1));
}

/* Of all that each LOST record says so far, the last of each word; their sum. */
static int
put_losses(struct rep_importer *im, uint64_t *lost)
{
	size_t n = rep_records_count(im->records, WIT_REC_LOST);

	*lost = 0;
	for (size_t i = 0; i < n; i++) {
		const struct wit_rec *rec = rep_records_nth_record(im->records, WIT_REC_LOST, i, NULL);
		const struct wit_rec_lost *loss = (const void *)(rec + 1);
		char *what = rep_import_clean(wit_reader_string(rec, sizeof(*loss)));
		bool later = false;
		int error = 0;

		for (size_t k = i + 1; k < n && !later; k++) {
			const struct wit_rec *other =
			    rep_records_nth_record(im->records, WIT_REC_LOST, k, NULL);
			char *word = rep_import_clean(wit_reader_string(other, sizeof(*loss)));

			later = strcmp(what, word) == 0;
			free(word);
		}
		if (!later) {
			*lost += loss->count;
			error = rep_store_put(im->store, PUT_LOSS, REP_V(im->run), REP_V(what),
			    REP_V((int64_t)loss->count), REP_V((int64_t)loss->since_ns));
		}
		free(what);
		if (error != 0)
			return (error);
	}
	return (0);
}

/* The totals: as the run said them, or what the origins' add up to. */
static struct wit_rec_counts
totals(const struct rep_importer *im)
{
	struct wit_rec_counts sum = {.contentions = 0};

	for (size_t i = 0; i < rep_records_count(im->records, WIT_REC_COUNTS); i++) {
		const struct wit_rec_counts *counts = rep_records_nth(im->records, WIT_REC_COUNTS, i);

		if (counts->scope == WIT_COUNT_RUN)
			sum = *counts;
	}
	if (sum.scope == WIT_COUNT_RUN)
		return (sum);
	for (size_t i = 1; i < im->origin_counts; i++) {
		if (im->origin_count[i] == NULL)
			continue;
		sum.acquisitions += im->origin_count[i]->acquisitions;
		sum.instances += im->origin_count[i]->instances;
		sum.contentions =
		    im->origin_count[i]->contentions == UINT64_MAX || sum.contentions == UINT64_MAX
			? UINT64_MAX
			: sum.contentions + im->origin_count[i]->contentions;
	}
	return (sum);
}

/* "prog arg arg", as started; what is no plain word stands in quotes. */
static char *
arguments(const struct rep_records *records)
{
	const struct wit_runfile_header *header = &records->header;
	size_t at = sizeof(*header), end = header->length < records->size ? header->length : records->size;
	char *text = rep_say_string(""), *longer, *word;

	if (end > WIT_RUNFILE_HEADER)
		end = WIT_RUNFILE_HEADER;
	for (uint32_t i = 0; i < header->argc && at < end; i++) {
		const char *argument = records->base + at;
		size_t n = strnlen(argument, end - at);

		if (n == end - at)
			break;
		at += n + 1;
		if (i == 0)
			continue;
		word = rep_import_clean(argument);
		longer = rep_say_format(n == 0 || strpbrk(word, " \t\"'") != NULL ? "%s%s'%s'" : "%s%s%s",
		    text, *text == '\0' ? "" : " ", word);
		free(word);
		free(text);
		text = longer;
	}
	return (text);
}

static int
put_run(struct rep_importer *im, int exit_status, uint64_t *lost)
{
	const struct wit_runfile_header *header = &im->records->header;
	const struct wit_rec_end *end = last_of(im->records, WIT_REC_END);
	struct wit_rec_counts total = totals(im);
	size_t threads = rep_records_count(im->records, WIT_REC_THREAD);
	char *program = rep_import_clean(header->program), *words = arguments(im->records), parent[33];
	static const uint8_t none[16];
	int error;

	rep_records_run_id(header->parent_run_id, parent);
	if (end != NULL && end->threads > threads)
		threads = end->threads;
	error = rep_store_put(im->store, PUT_RUN, REP_V(im->run), REP_V(im->result->run),
	    REP_V(memcmp(header->parent_run_id, none, 16) == 0 ? (const char *)NULL : parent),
	    REP_V((const char *)(header->kind == WIT_RUN_STATIC ? "static" : "runtime")), REP_V(program),
	    REP_V(words), REP_V(header->pid), REP_V((int64_t)header->started_ns), REP_V(end != NULL),
	    REP_V((const char *)(end == NULL		    ? NULL
				 : end->how == WIT_END_EXEC ? "exec"
							    : "exit")),
	    end == NULL ? REP_ID(0) : REP_V((int64_t)end->ended_ns),
	    exit_status < 0 ? REP_ID(0) : rep_value_integer(exit_status),
	    REP_V((int64_t)im->records->reader.records), REP_V((int64_t)im->records->unknown),
	    REP_V((int64_t)rep_records_count(im->records, WIT_REC_EVENT)),
	    REP_V((int64_t)im->records->bad_spans), REP_V((int64_t)im->records->bad_bytes),
	    REP_V((int64_t)threads), REP_V((int64_t)total.instances), REP_V((int64_t)total.acquisitions),
	    total.contentions == UINT64_MAX ? REP_ID(0) : rep_value_integer((int64_t)total.contentions));
	free(program);
	free(words);
	if (error == 0)
		error = put_losses(im, lost);
	if (end != NULL && end->lost > *lost)
		*lost = end->lost;
	return (error);
}

/* ---- the door ---- */

static int
known(void *owner, const struct rep_row *row)
{
	(void)row;
	*(bool *)owner = true;
	return (0);
}

static void
begin(struct rep_importer *im, struct rep_import *result)
{
	*result = (struct rep_import){.ended = im->records->ended,
	    .records = im->records->reader.records,
	    .bad_spans = im->records->bad_spans,
	    .bad_bytes = im->records->bad_bytes};
	rep_records_run_id(im->records->header.run_id, result->run);
	im->run = rep_store_id(rep_store_hash('r', im->records->header.run_id, 16));
	im->result = result;
}

static int
put_all(struct rep_importer *im, int exit_status)
{
	struct rep_import *result = im->result;
	int error =
	    rep_store_each(im->store, REP_SQL_HAS_RUN, REP_ROW(REP_V(im->run)), known, &result->known);

	if (error == 0)
		error = put_run(im, exit_status, &result->lost);
	if (error == 0)
		error = rep_import_put_content(im);
	if (error == 0)
		error = rep_import_put_evidence(im);
	if (error != 0)
		return (error);
	result->complete =
	    result->bad_spans == 0 && result->bad_bytes == 0 && result->missing == 0 && result->lost == 0;
	return (rep_store_put(im->store, PUT_RUN_VERDICT, REP_V(im->run), REP_V((int64_t)result->missing),
	    REP_V((int64_t)result->lost), REP_V(result->complete)));
}

/* I6 */
static int
put_events(struct rep_importer *im, struct rep_trace *trace)
{
	struct rep_import *result = im->result;
	int error = rep_trace_write(trace, im->store, im->records);

	if (error != 0 || trace->name == NULL)
		return (error);
	result->events = trace->events;
	snprintf(result->events_file, sizeof(result->events_file), "%s", trace->name);
	return (rep_store_put(im->store, PUT_RUN_EVENTS, REP_V(im->run), REP_V(trace->name),
	    REP_V((const char *)trace->digest), REP_V((int64_t)trace->bytes), REP_V((int64_t)trace->events)));
}

static int
put_and_commit(struct rep_importer *im, struct rep_trace *trace)
{
	int error = put_events(im, trace);

	if (error == 0)
		error = rep_store_commit(im->store);
	return (error != 0 ? error : rep_trace_publish(trace));
}

/* One transaction.  1: the run goes on and something was missing, and nothing was stored. */
static int
attempt(struct rep_importer *im, struct rep_import *result, int exit_status, bool patient)
{
	struct rep_trace trace = {.folder = -1};
	int error = rep_store_begin(im->store);

	if (error != 0)
		return (error);
	begin(im, result);
	im->error = 0;
	rep_import_put_init(im);
	error = put_all(im, exit_status);
	rep_import_put_fini(im);
	if (error == 0 && patient && !result->ended && result->missing > 0)
		error = 1; /* I4 */
	if (error == 0)
		error = put_and_commit(im, &trace);
	if (error != 0)
		rep_store_rollback(im->store);
	rep_trace_fini(&trace);
	return (error);
}

int
rep_import_file(struct rep_import *result, struct rep_store *store, struct rep_symbols *symbols,
    const char *path, int exit_status)
{
	struct rep_records records;
	struct rep_importer im = {.store = store, .symbols = symbols, .records = &records};
	uint64_t before = 0;
	int error = rep_records_open(&records, path);

	if (error != 0)
		return (error);
	for (int tries = 0; tries < 4; tries++) {
		error = rep_records_read(&records);
		if (error != 0)
			break;
		error = attempt(&im, result, exit_status, tries < 3 && records.reader.records != before);
		if (error <= 0)
			break;
		before = records.reader.records;
	}
	rep_records_close(&records);
	return (error);
}
