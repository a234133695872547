/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_trace_test.c - events, packed beside the store: whole, never fewer, or nothing at all.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#include <sqlite3.h>

#include "dump.h"
#include "import.h"
#include "records.h"
#include "runmaker.h"
#include "store.h"
#include "trace.h"

#define RUNS ".witness/runs"

/* ---- helpers ---- */

static void
clean(void)
{
	ck_assert_int_eq(system("rm -rf a.db* b.db* run.wit cut.zst .witness"), 0);
}

static int
import_file(const char *db, const char *path)
{
	struct rep_import result;
	struct rep_store *store;
	int error = rep_store_open(&store, db, REP_STORE_WRITE);

	ck_assert_int_eq(error, 0);
	error = rep_import_file(&result, store, NULL, path, REP_IMPORT_STATUS_UNKNOWN);
	rep_store_close(store);
	return (error);
}

static int
import(const char *db, const struct maker *m)
{
	maker_write(m, "run.wit");
	return (import_file(db, "run.wit"));
}

/* One value of the store, as text; "NULL".  The caller frees it. */
static char *
value(const char *db, const char *query)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;
	char *text;

	ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(handle, query, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	text = strdup(sqlite3_column_text(statement, 0) == NULL
			  ? "NULL"
			  : (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return (text);
}

static void
says(const char *db, const char *query, const char *wanted)
{
	char *text = value(db, query);

	ck_assert_msg(strcmp(text, wanted) == 0, "%s: %s, not %s", query, text, wanted);
	free(text);
}

static size_t
files(void)
{
	FILE *list = popen("ls -A " RUNS " 2>/dev/null | wc -l", "r");
	size_t n = 99;

	ck_assert_int_eq(fscanf(list, "%zu", &n), 1);
	pclose(list);
	return (n);
}

/* The path of a run's file. */
static const char *
trace_of(unsigned run)
{
	static char path[128];
	char id[33];

	maker_id(run, id);
	snprintf(path, sizeof(path), RUNS "/%s.events.zst", id);
	return (path);
}

static char *
bytes_of(const char *path, size_t *size)
{
	FILE *in = fopen(path, "r");
	char *bytes = malloc(1 << 24);

	ck_assert_msg(in != NULL, "%s is not there", path);
	*size = fread(bytes, 1, 1 << 24, in);
	fclose(in);
	return (bytes);
}

/* What the store says of a file is so. */
static void
row_is_true(const char *db, unsigned run)
{
	char number[32], text[REP_DIGEST_TEXT], query[200], id[33], *bytes;
	struct rep_digest digest;
	size_t size;

	maker_id(run, id);
	bytes = bytes_of(trace_of(run), &size);
	rep_digest_init(&digest);
	rep_digest_add(&digest, bytes, size);
	rep_digest_text(&digest, text);
	snprintf(number, sizeof(number), "%zu", size);
#define COLUMN(name) (snprintf(query, sizeof(query), "SELECT " name " FROM run WHERE id = '%s'", id), query)
	says(db, COLUMN("events_file"), trace_of(run));
	says(db, COLUMN("events_digest"), text);
	says(db, COLUMN("events_bytes"), number);
	free(bytes);
}

/* How many events the file has; it must be whole. */
static size_t
events_in(unsigned run)
{
	struct rep_records records;
	size_t count;

	ck_assert(rep_trace_is(trace_of(run)));
	ck_assert_int_eq(rep_trace_open(&records, trace_of(run)), 0);
	ck_assert_int_eq(rep_records_read(&records), 0);
	ck_assert_uint_eq(records.bad_spans, 0);
	ck_assert_uint_eq(records.size % WIT_RUNFILE_GRANULE, 0);
	count = rep_records_count(&records, WIT_REC_EVENT);
	rep_records_close(&records);
	return (count);
}

static void
put_events(struct maker *m, const char *name, size_t count)
{
	static uint64_t random = 88172645463325252u;

	for (size_t i = 0; i < count; i++) {
		struct wit_rec_event event = {.origin = maker_class(m, name, WIT_SLEEP_MUTEX),
		    .generation = 1,
		    .thread = m->thread,
		    .segment = m->segment,
		    .op = WIT_OP_ACQUIRE};

		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		event.instance = random; /* what zstd cannot make smaller */
		event.sequence = i + 1;
		maker_put(m, WIT_REC_EVENT, &event, sizeof(event), NULL, 0, NULL, 0);
	}
}

/* Events among all else that a run has. */
static void
make(struct maker *m, unsigned run, size_t events)
{
	static const uint64_t frames[] = {WIT_FRAME(1, 0x1234), WIT_FRAME(1, 0x5678)};
	struct wit_rec_instance life = {.instance = 0x1000, .origin = 1, .generation = 1, .thread = 1};

	maker_begin(m, run);
	maker_module(m, "/nowhere/program", NULL, 0);
	life.stack = maker_stack(m, frames, 2);
	put_events(m, "A", events / 2);
	maker_edge(m, "A", "B");
	maker_put(m, WIT_REC_INSTANCE, &life, sizeof(life), NULL, 0, NULL, 0);
	put_events(m, "B", events - events / 2);
}

/* ---- what is kept ---- */

/* Whether the record is of a kind that the file keeps. */
static bool
belongs(unsigned type)
{
	return (type != WIT_REC_CHAIN && type != WIT_REC_DEPENDENCY && type != WIT_REC_CONTEXT &&
		type != WIT_REC_ALARM && type != WIT_REC_COUNTS);
}

START_TEST(packed_and_unpacked_it_is_the_same)
{
	struct rep_records kept;
	struct wit_reader was, is;
	const struct wit_rec *rec, *twin;
	struct stat st;
	size_t n = 0;
	struct maker m;

	make(&m, 1, 1000);
	maker_lost(&m, 2, "records");
	maker_end(&m);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_uint_eq(files(), 1);
	row_is_true("a.db", 1);
	says("a.db", "SELECT events_kept FROM run", "1000");
	says("a.db", "SELECT events FROM run", "1000");
	ck_assert(stat(trace_of(1), &st) == 0 && (st.st_mode & 07777) == 0600);
	ck_assert(stat(RUNS, &st) == 0 && (st.st_mode & 07777) == 0700);

	ck_assert_int_eq(rep_trace_open(&kept, trace_of(1)), 0);
	ck_assert_int_eq(rep_records_read(&kept), 0);
	ck_assert(kept.ended);
	ck_assert_mem_eq(kept.base, m.data, WIT_RUNFILE_HEADER);
	wit_reader_open(&was, m.data, m.size);
	wit_reader_open(&is, kept.base, kept.size);
	while ((rec = wit_reader_next(&was, false)) != NULL) {
		if (!belongs(rec->type))
			continue;
		twin = wit_reader_next(&is, false);
		ck_assert_ptr_nonnull(twin);
		ck_assert_uint_eq(twin->length, rec->length);
		ck_assert_int_eq(memcmp(twin, rec, rec->length), 0);
		n++;
	}
	ck_assert_ptr_null(wit_reader_next(&is, false));
	ck_assert_uint_gt(n, 1000);
	rep_records_close(&kept);
	maker_free(&m);
}
END_TEST

START_TEST(no_events_no_file)
{
	struct maker m;

	make(&m, 1, 0);
	maker_end(&m);
	ck_assert_int_eq(import("a.db", &m), 0);
	says("a.db", "SELECT events_file FROM run", "NULL");
	ck_assert_int_eq(access(".witness", F_OK), -1);
	maker_free(&m);
}
END_TEST

/* The last record whole, its padding cut off: the same file as with it. */
START_TEST(cut_within_padding)
{
	struct maker m;
	size_t size, twin_size;
	char *bytes, *twin;

	make(&m, 1, 10);
	maker_end(&m);
	ck_assert_int_eq(import("a.db", &m), 0);
	bytes = bytes_of(trace_of(1), &size);
	clean();
	m.size -= WIT_RUNFILE_GRANULE - sizeof(struct wit_rec) - sizeof(struct wit_rec_end) % 16;
	ck_assert_uint_ne(m.size % WIT_RUNFILE_GRANULE, 0);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_uint_eq(events_in(1), 10);
	twin = bytes_of(trace_of(1), &twin_size);
	ck_assert_uint_eq(twin_size, size);
	ck_assert_mem_eq(twin, bytes, size);
	free(bytes);
	free(twin);
	maker_free(&m);
}
END_TEST

/* ---- again ---- */

START_TEST(a_run_that_grows)
{
	struct maker m, part;
	struct stat before, after;

	make(&m, 1, 300);
	maker_end(&m);
	part = m;
	for (part.size = WIT_RUNFILE_HEADER; part.size < m.size; part.size += 40 * WIT_RUNFILE_GRANULE) {
		ck_assert_int_eq(import("a.db", &part), 0);
		if (files() > 0)
			row_is_true("a.db", 1);
	}
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_uint_eq(events_in(1), 300);
	row_is_true("a.db", 1);
	ck_assert_uint_eq(files(), 1);
	/* Again: the very same file. */
	ck_assert_int_eq(stat(trace_of(1), &before), 0);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_int_eq(stat(trace_of(1), &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	row_is_true("a.db", 1);
	maker_free(&m);
}
END_TEST

/* From an older copy, from one without any, and by another store of the folder. */
START_TEST(never_fewer)
{
	struct maker m, older;

	make(&m, 1, 300);
	older = m;
	put_events(&m, "C", 100);
	older.data = m.data;
	maker_end(&m);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_int_eq(import("a.db", &older), 0);
	ck_assert_uint_eq(events_in(1), 400);
	says("a.db", "SELECT events_kept FROM run", "400");
	ck_assert_int_eq(import("b.db", &older), 0);
	ck_assert_uint_eq(events_in(1), 400);
	says("b.db", "SELECT events_kept FROM run", "400");
	older.size = WIT_RUNFILE_HEADER;
	ck_assert_int_eq(import("a.db", &older), 0);
	ck_assert_uint_eq(events_in(1), 400);
	row_is_true("a.db", 1);
	row_is_true("b.db", 1);
	maker_free(&m);
}
END_TEST

/* Gone, emptied, damaged, cut, or another run's under its name: made anew. */
START_TEST(what_is_not_whole_is_made_anew)
{
	static const char *const harm[] = {"rm %s", ": >%s", "truncate -s -5 %s",
	    "printf '\\377\\377\\377' | dd of=%s bs=1 seek=100 conv=notrunc status=none", "cp other.zst %s"};
	char command[256];
	struct maker m;

	make(&m, 2, 500);
	ck_assert_int_eq(import("a.db", &m), 0);
	snprintf(command, sizeof(command), "mv %s other.zst", trace_of(2));
	ck_assert_int_eq(system(command), 0);
	maker_free(&m);
	make(&m, 1, 300);
	for (size_t i = 0; i < sizeof(harm) / sizeof(harm[0]); i++) {
		ck_assert_int_eq(import("a.db", &m), 0);
		snprintf(command, sizeof(command), harm[i], trace_of(1));
		ck_assert_int_eq(system(command), 0);
		ck_assert_int_eq(import("a.db", &m), 0);
		ck_assert_uint_eq(events_in(1), 300);
		row_is_true("a.db", 1);
	}
	unlink("other.zst");
	maker_free(&m);
}
END_TEST

/* ---- damage ---- */

/* The status of a dump, and what it printed. */
static int
dump(const char *path, char **text)
{
	size_t size;
	FILE *out = open_memstream(text, &size);
	int status = rep_dump_file(out, path);

	fclose(out);
	return (status);
}

/* A packed file is shown whole or not at all. */
START_TEST(damaged_is_refused)
{
	char *bytes, *whole, *text;
	size_t size;
	struct maker m;
	unsigned refused = 0;

	make(&m, 1, 200);
	maker_end(&m);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_int_eq(dump(trace_of(1), &whole), 0);
	bytes = bytes_of(trace_of(1), &size);
	for (size_t at = 0; at < size; at += 13) { /* a bit turned; some of the frame's header mean nothing */
		FILE *out = fopen("cut.zst", "w");
		int status;

		bytes[at] ^= 4;
		fwrite(bytes, 1, size, out);
		fclose(out);
		bytes[at] ^= 4;
		status = dump("cut.zst", &text);
		ck_assert(status == 2 || status == 0);
		ck_assert_str_eq(text, status == 2 ? "" : whole);
		refused += status == 2;
		free(text);
	}
	ck_assert_uint_gt(refused, size / 13 - 2);
	for (size_t at = 1; at < size; at += 61) { /* cut */
		FILE *out = fopen("cut.zst", "w");

		fwrite(bytes, 1, at, out);
		fclose(out);
		ck_assert_int_eq(dump("cut.zst", &text), 2);
		ck_assert_str_eq(text, "");
		free(text);
	}
	free(bytes);
	free(whole);
	maker_free(&m);
}
END_TEST

/* ---- no room ---- */

static void
file_limit(rlim_t bytes)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes == 0 ? limit.rlim_max : bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(no_room_stores_nothing)
{
	struct maker first, big, few;

	signal(SIGXFSZ, SIG_IGN);
	make(&first, 1, 10);
	make(&big, 2, 100000);
	make(&few, 3, 10);
	ck_assert_int_eq(import("a.db", &first), 0);
	maker_write(&big, "run.wit");
	file_limit(500000);
	ck_assert_int_lt(import_file("a.db", "run.wit"), 0);
	ck_assert_uint_eq(files(), 1);
	says("a.db", "SELECT count(*) FROM run", "1");
	says("a.db", "SELECT count(*) FROM thread", "1");
	ck_assert_int_eq(import("a.db", &few), 0); /* the store itself has room */
	file_limit(0);
	ck_assert_int_eq(import("a.db", &big), 0);
	ck_assert_uint_eq(events_in(2), 100000);
	ck_assert_uint_eq(files(), 3);
	maker_free(&first);
	maker_free(&big);
	maker_free(&few);
}
END_TEST

/* The other way round: events are written, and the store has no room for the rows. */
START_TEST(no_rows_no_file)
{
	struct maker first, m;
	char name[16];

	signal(SIGXFSZ, SIG_IGN);
	make(&first, 1, 10);
	ck_assert_int_eq(import("a.db", &first), 0);
	make(&m, 2, 10);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "class%d", i);
		maker_edge(&m, name, "A");
	}
	maker_write(&m, "run.wit");
	file_limit(40000);
	ck_assert_int_lt(import_file("a.db", "run.wit"), 0);
	file_limit(0);
	ck_assert_uint_eq(files(), 1);
	says("a.db", "SELECT count(*) FROM run", "1");
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_uint_eq(events_in(2), 10);
	maker_free(&first);
	maker_free(&m);
}
END_TEST

/* Where a folder should be is a file; where the file should be, a folder. */
START_TEST(no_place_stores_nothing)
{
	char command[256];
	struct maker m;

	make(&m, 1, 10);
	ck_assert_int_eq(system(": >.witness"), 0);
	ck_assert_int_lt(import("a.db", &m), 0);
	says("a.db", "SELECT count(*) FROM run", "0");
	snprintf(command, sizeof(command), "rm .witness && mkdir -p %s", trace_of(1));
	ck_assert_int_eq(system(command), 0);
	ck_assert_int_lt(import("a.db", &m), 0);
	says("a.db", "SELECT count(*) FROM run", "0");
	ck_assert_int_eq(rmdir(trace_of(1)), 0);
	ck_assert_uint_eq(files(), 0);
	ck_assert_int_eq(import("a.db", &m), 0);
	ck_assert_uint_eq(events_in(1), 10);
	maker_free(&m);
}
END_TEST

/* ---- the digest: values that FIPS 180-4 and sha256sum give ---- */

START_TEST(digests)
{
	static const struct {
		size_t letters; /* of 'a' */
		const char *text;
	} known[] = {{0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	    {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
	    {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
	    {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
	    {1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}};
	char *letters = malloc(1000000), text[REP_DIGEST_TEXT];

	memset(letters, 'a', 1000000);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		for (size_t step = 1; step <= 1000000; step = step * 7 + 60) {
			struct rep_digest digest;

			rep_digest_init(&digest);
			for (size_t at = 0; at < known[i].letters; at += step)
				rep_digest_add(&digest, letters + at,
				    known[i].letters - at < step ? known[i].letters - at : step);
			rep_digest_text(&digest, text);
			ck_assert_str_eq(text, known[i].text);
		}
	free(letters);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: trace");
	TCase *tc = tcase_create("trace");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, clean, clean);
	tcase_add_test(tc, packed_and_unpacked_it_is_the_same);
	tcase_add_test(tc, no_events_no_file);
	tcase_add_test(tc, cut_within_padding);
	tcase_add_test(tc, a_run_that_grows);
	tcase_add_test(tc, never_fewer);
	tcase_add_test(tc, what_is_not_whole_is_made_anew);
	tcase_add_test(tc, damaged_is_refused);
	tcase_add_test(tc, no_room_stores_nothing);
	tcase_add_test(tc, no_rows_no_file);
	tcase_add_test(tc, no_place_stores_nothing);
	tcase_add_test(tc, digests);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
