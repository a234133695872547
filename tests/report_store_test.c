/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_store_test.c - what a file must be to be a store, and what happens to it otherwise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>
#include <sqlite3.h>

#include "store.h"

static char folder[64];

static void
set_up(void)
{
	/* Not in TMPDIR: a test gives up root, and must still be able to get there. */
	strcpy(folder, "/tmp/witness-store-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chmod(folder, 0755), 0);
	ck_assert_int_eq(chdir(folder), 0);
}

static void
tear_down(void)
{
	char command[256];

	ck_assert_int_eq(chdir("/"), 0);
	snprintf(command, sizeof(command), "chmod -R u+w %s; rm -rf %s", folder, folder);
	ck_assert_int_eq(system(command), 0);
}

static void
write_file(const char *path, const char *text)
{
	FILE *out = fopen(path, "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

static char *
read_file(const char *path)
{
	static char text[65536];
	FILE *in = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(in);
	n = fread(text, 1, sizeof(text) - 1, in);
	text[n] = '\0';
	fclose(in);
	return (strdup(text));
}

static void
sql(const char *path, const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_msg(
	    sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static int64_t
number(const char *path, const char *text)
{
	sqlite3_stmt *statement;
	int64_t value;
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db, text, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return (value);
}

static int
open_close(const char *path, enum rep_store_mode mode)
{
	struct rep_store *store;
	int error = rep_store_open(&store, path, mode);

	if (error == 0)
		rep_store_close(store);
	else
		ck_assert_ptr_null(store);
	return (error);
}

START_TEST(made_as_promised)
{
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(number("s.db", "PRAGMA user_version"), REP_STORE_VERSION);
	ck_assert_int_eq(number("s.db", "PRAGMA application_id"), REP_STORE_APPLICATION);
	ck_assert_int_eq(
	    number("s.db", "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), 0);
}
END_TEST

START_TEST(foreign_keys_hold)
{
	struct rep_store *store;

	ck_assert_int_eq(rep_store_open(&store, "s.db", REP_STORE_WRITE), 0);
	/* An origin of a class that is not there. */
	ck_assert_int_lt(rep_store_put(store, PUT_ORIGIN, REP_V(1), REP_V(2), REP_V("x"), REP_ID(0)), 0);
	ck_assert_int_eq(rep_store_put(store, PUT_CLASS, REP_V(2), REP_V("x"), REP_V(1)), 0);
	ck_assert_int_eq(rep_store_put(store, PUT_ORIGIN, REP_V(1), REP_V(2), REP_V("x"), REP_ID(0)), 0);
	rep_store_close(store);
}
END_TEST

START_TEST(rolled_back_is_gone)
{
	struct rep_store *store;

	ck_assert_int_eq(rep_store_open(&store, "s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(rep_store_begin(store), 0);
	ck_assert_int_eq(rep_store_put(store, PUT_CLASS, REP_V(2), REP_V("x"), REP_V(1)), 0);
	rep_store_rollback(store);
	ck_assert_int_eq(rep_store_begin(store), 0);
	ck_assert_int_eq(rep_store_put(store, PUT_CLASS, REP_V(3), REP_V("y"), REP_V(1)), 0);
	ck_assert_int_eq(rep_store_commit(store), 0);
	rep_store_close(store);
	ck_assert_int_eq(number("s.db", "SELECT sum(id) FROM class"), 3);
}
END_TEST

START_TEST(not_there)
{
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -ENOENT);
	ck_assert_int_eq(access("s.db", F_OK), -1);
	ck_assert_int_lt(open_close("no/such/folder/s.db", REP_STORE_WRITE), 0);
}
END_TEST

START_TEST(not_sqlite)
{
	static const char text[] =
	    "This is no database, however long one looks at it; it is longer than a header, too."
	    " Some more of it, so that nobody takes it for a short read.";
	char *after;

	write_file("s.db", text);
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -EILSEQ);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EILSEQ);
	after = read_file("s.db");
	ck_assert_str_eq(after, text);
	free(after);
	ck_assert_int_eq(open_close(".", REP_STORE_READ), -EINVAL);
}
END_TEST

START_TEST(somebody_elses)
{
	sql("s.db", "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (42)");
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -EILSEQ);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EILSEQ);
	ck_assert_int_eq(number("s.db", "SELECT x FROM theirs"), 42);
	ck_assert_int_eq(number("s.db", "SELECT count(*) FROM sqlite_master"), 1);
	ck_assert_int_eq(
	    number("s.db", "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 0);
}
END_TEST

START_TEST(newer_schema)
{
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	sql("s.db", "PRAGMA user_version = 2");
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -EPROTO);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EPROTO);
	ck_assert_int_eq(number("s.db", "PRAGMA user_version"), 2);
}
END_TEST

START_TEST(empty_file)
{
	write_file("s.db", "");
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -EILSEQ);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(number("s.db", "PRAGMA user_version"), REP_STORE_VERSION);
}
END_TEST

START_TEST(damaged)
{
	char zero[8000] = "";
	int fd;

	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	fd = open("s.db", O_WRONLY);
	ck_assert_int_eq(pwrite(fd, zero, sizeof(zero), 100), (ssize_t)sizeof(zero));
	close(fd);
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), -EILSEQ);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EILSEQ);
}
END_TEST

/* By its mode, even for root. */
START_TEST(read_only_file)
{
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(chmod("s.db", 0444), 0);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EROFS);
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), 0);
}
END_TEST

/* Nothing can be written beside it, by somebody who is not root: it can be read all the same. */
START_TEST(read_only_folder)
{
	struct rep_store *store;

	ck_assert_int_eq(rep_store_open(&store, "s.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(rep_store_put(store, PUT_CLASS, REP_V(3), REP_V("y"), REP_V(1)), 0);
	rep_store_close(store);
	ck_assert_int_eq(chmod("s.db", 0444), 0);
	ck_assert_int_eq(chmod(".", 0555), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	ck_assert_int_eq(access("s.db-wal", F_OK), -1);
	ck_assert_int_eq(open_close("s.db", REP_STORE_READ), 0);
	ck_assert_int_eq(open_close("s.db", REP_STORE_WRITE), -EROFS);
	ck_assert_int_lt(open_close("new.db", REP_STORE_WRITE), 0);
	if (getuid() == 0)
		ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(chmod(".", 0755), 0);
}
END_TEST

/* A path is no URI. */
START_TEST(odd_names)
{
	ck_assert_int_eq(open_close("a?mode=ro#%41.db", REP_STORE_WRITE), 0);
	ck_assert_int_eq(access("a?mode=ro#%41.db", F_OK), 0);
	ck_assert_int_eq(open_close("a?mode=ro#%41.db", REP_STORE_READ), 0);
}
END_TEST

START_TEST(ids_are_of_content)
{
	uint64_t a = rep_store_hash_string('c', "vm object"), b = rep_store_hash_string('c', "vm objecu");

	ck_assert_uint_eq(a, rep_store_hash_string('c', "vm object"));
	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(a, rep_store_hash_string('o', "vm object"));
	/* Where one ends and the next begins is part of it. */
	ck_assert_uint_ne(rep_store_hash_string(rep_store_hash_string('m', "ab"), "c"),
	    rep_store_hash_string(rep_store_hash_string('m', "a"), "bc"));
	ck_assert_int_gt(rep_store_id(a), 0);
	ck_assert_int_gt(rep_store_id(0), 0);
	ck_assert_int_gt(rep_store_id(~(uint64_t)0), 0);
	ck_assert_int_gt(rep_store_id((uint64_t)1 << 63), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_store");
	TCase *tc = tcase_create("store");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, made_as_promised);
	tcase_add_test(tc, foreign_keys_hold);
	tcase_add_test(tc, rolled_back_is_gone);
	tcase_add_test(tc, not_there);
	tcase_add_test(tc, not_sqlite);
	tcase_add_test(tc, somebody_elses);
	tcase_add_test(tc, newer_schema);
	tcase_add_test(tc, empty_file);
	tcase_add_test(tc, damaged);
	tcase_add_test(tc, read_only_file);
	tcase_add_test(tc, read_only_folder);
	tcase_add_test(tc, odd_names);
	tcase_add_test(tc, ids_are_of_content);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
