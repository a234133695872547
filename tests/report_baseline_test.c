/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_baseline_test.c - the file of accepted findings: what is refused, what is written, what it accepts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "baseline.h"

#define ENTRY(fingerprint, level, cycle)                                                                     \
	"fingerprint: " fingerprint "\nlevel: " level "\ncycle: " cycle "\nwhy: because\n"
#define ONE "1111111111111111"
#define TWO "2222222222222222"
#define THREE "3333333333333333"

static void
write_file(const char *text)
{
	FILE *out = fopen("baseline", "w");

	ck_assert_ptr_nonnull(out);
	fputs(text, out);
	ck_assert_int_eq(fclose(out), 0);
}

static char *
read_file(const char *path)
{
	static char text[65536];
	FILE *in = fopen(path, "r");

	ck_assert_ptr_nonnull(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return (text);
}

static void
tear_down(void)
{
	ck_assert_int_eq(system("rm -rf baseline* .witness"), 0);
}

/* Loads; what was said on stderr goes to said[]. */
static char said[4096];

static int
load(struct rep_baseline *baseline, const char *text)
{
	int error, keep = dup(STDERR_FILENO);
	FILE *to = tmpfile();

	write_file(text);
	fflush(stderr);
	dup2(fileno(to), STDERR_FILENO);
	error = rep_baseline_load(baseline, "baseline", NULL);
	fflush(stderr);
	dup2(keep, STDERR_FILENO);
	close(keep);
	rewind(to);
	said[fread(said, 1, sizeof(said) - 1, to)] = '\0';
	fclose(to);
	return (error);
}

static void
refused(const char *text, unsigned line, const char *what)
{
	struct rep_baseline baseline;
	char place[40];

	ck_assert_int_eq(load(&baseline, text), -EILSEQ);
	snprintf(place, sizeof(place), "baseline:%u: ", line);
	ck_assert_msg(strstr(said, place) != NULL, "not line %u: %s", line, said);
	ck_assert_msg(strstr(said, what) != NULL, "not about \"%s\": %s", what, said);
	ck_assert_uint_eq(baseline.count, 0);
}

START_TEST(refusals)
{
	refused("fingerprint: " ONE "\nlevel: inversion\ncycle: A -> B\n", 1, "reason");
	refused("# x\n\nfingerprint: " ONE "\nlevel: inversion\ncycle: A -> B\nwhy:  \n", 6, "reason");
	refused(ENTRY(ONE, "inversion", "A -> B") "\n" ENTRY(ONE, "potential", "A -> B"), 6, "already");
	refused(ENTRY("111111111111111", "inversion", "A"), 1, "16 hex");
	refused(ENTRY("111111111111111G", "inversion", "A"), 1, "16 hex");
	refused(ENTRY(ONE, "terrible", "A"), 2, "level");
	refused("level: inversion\ncycle: A\nwhy: x\n", 1, "fingerprint");
	refused("fingerprint: " ONE "\ncycle: A\nwhy: x\n", 1, "level");
	refused("fingerprint: " ONE "\nlevel: inversion\nwhy: x\n", 1, "cycle");
	refused(ENTRY(ONE, "inversion", "A") "why: again\n", 5, "twice");
	refused(ENTRY(ONE, "inversion", "A") "level: inversion\n", 5, "twice");
	refused(ENTRY(ONE, "inversion", "A") "colour: red\n", 5, "key");
	refused(ENTRY(ONE, "inversion", "A") "just words\n", 5, "key: value");
	refused(ENTRY(ONE, "inversion", "A") "until: 2024-02-30\n", 5, "day");
	refused(ENTRY(ONE, "inversion", "A") "until: tomorrow\n", 5, "day");
	/* Of two blocks the second is wrong: nothing is accepted. */
	refused(ENTRY(ONE, "inversion", "A") "\nfingerprint: " TWO "\n", 6, "level");
}
END_TEST

START_TEST(what_is_read)
{
	struct rep_baseline baseline;

	ck_assert_int_eq(
	    load(&baseline, "# ours\n" ENTRY(TWO, "potential",
				"C -> D -> E -> C") "until: 9999-12-31\n" ENTRY(ONE, "inversion", "A -> B")),
	    0);
	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(baseline.count, 2);
	ck_assert_str_eq(baseline.entry[0].fingerprint, ONE);
	ck_assert_uint_eq(baseline.entry[0].line, 7);
	ck_assert_str_eq(baseline.entry[1].why, "because");
	ck_assert_int_eq(baseline.entry[1].level, WIT_LEVEL_POTENTIAL);
	ck_assert_uint_eq(baseline.entry[1].names, 3);
	ck_assert_str_eq(baseline.entry[1].name[2], "E");
	ck_assert(!baseline.entry[1].expired);
	rep_baseline_fini(&baseline);
}
END_TEST

START_TEST(empty_and_missing)
{
	struct rep_baseline baseline;
	bool found = true;

	ck_assert_int_eq(rep_baseline_load(&baseline, "baseline", &found), 0);
	ck_assert(!found && baseline.count == 0);
	rep_baseline_fini(&baseline);
	ck_assert_int_eq(load(&baseline, "# nothing yet\n"), 0);
	rep_baseline_fini(&baseline);
	ck_assert_int_eq(rep_baseline_load(&baseline, ".", NULL), -EISDIR);
}
END_TEST

START_TEST(days)
{
	ck_assert(rep_baseline_is_date("2024-02-29"));
	ck_assert(rep_baseline_is_date("2000-02-29"));
	ck_assert(!rep_baseline_is_date("1900-02-29"));
	ck_assert(!rep_baseline_is_date("2023-02-29"));
	ck_assert(!rep_baseline_is_date("2023-13-01"));
	ck_assert(!rep_baseline_is_date("2023-00-01"));
	ck_assert(!rep_baseline_is_date("2023-01-00"));
	ck_assert(!rep_baseline_is_date("2023-1-01"));
	ck_assert(!rep_baseline_is_date("2023-01-011"));
	ck_assert(!rep_baseline_is_date(""));
}
END_TEST

/* ---- newness ---- */

static bool
is_new(
    const char *text, const char *fingerprint, enum wit_level level, const char *const *classes, size_t count)
{
	struct rep_baseline_case one = {.fingerprint = fingerprint,
	    .level = level,
	    .is_cycle = count > 1,
	    .classes = classes,
	    .class_count = count};
	struct rep_baseline baseline;
	const char *why;
	bool new;

	ck_assert_int_eq(load(&baseline, text), 0);
	new = rep_baseline_judge(&baseline, &one, &why);
	ck_assert_str_eq(why, new ? "" : "because");
	rep_baseline_fini(&baseline);
	return (new);
}

#define CYCLE(...)                                                                                           \
	(const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)
#define IS_NEW(text, level, ...) is_new(text, ONE, WIT_LEVEL_##level, CYCLE(__VA_ARGS__))

START_TEST(its_own_entry)
{
	ck_assert(!IS_NEW(ENTRY(ONE, "inversion", "A -> B -> A"), INVERSION, "A", "B"));
	ck_assert(IS_NEW(ENTRY(ONE, "inversion", "A -> B -> A"), POTENTIAL, "A", "B"));
	ck_assert(!IS_NEW(ENTRY(ONE, "actual", "A -> B -> A"), POTENTIAL, "A", "B"));
	ck_assert(IS_NEW("", INVERSION, "A", "B"));
	ck_assert(IS_NEW(ENTRY(TWO, "inversion", "C -> D -> C"), INVERSION, "A", "B"));
	/* Kinds without a cycle: by fingerprint alone. */
	ck_assert(!IS_NEW(ENTRY(ONE, "actual", "A"), ACTUAL, "A"));
	ck_assert(IS_NEW(ENTRY(TWO, "actual", "A"), ACTUAL, "A"));
}
END_TEST

/* The entry of an accepted cycle, whose fingerprint is that of its classes. */
static const char *
entry_of(char text[512], const char *level, const char *const *classes, size_t count)
{
	char fingerprint[WIT_FINGERPRINT_MAX];
	int n;

	wit_finding_fingerprint(fingerprint, WIT_FINDING_INVERSION, classes, count);
	n = snprintf(text, 512, "fingerprint: %s\nlevel: %s\ncycle: ", fingerprint, level);
	for (size_t i = 0; i < count; i++)
		n += snprintf(text + n, 512 - (size_t)n, "%s -> ", classes[i]);
	snprintf(text + n, 512 - (size_t)n, "%s\nwhy: because\n\n", classes[0]);
	return (text);
}

#define OWN(level, ...) entry_of((char[512]){""}, level, CYCLE(__VA_ARGS__))

/* Two entries, one after the other. */
static const char *
two(const char *one, const char *other)
{
	static char text[1100];

	snprintf(text, sizeof(text), "%s%s", one, other);
	return (text);
}

START_TEST(every_edge_on_an_accepted_cycle)
{
	/* A -> B -> C -> A, whose edges were all accepted as parts of others. */
	ck_assert(!IS_NEW(two(OWN("inversion", "A", "B", "X"), OWN("inversion", "B", "C", "A", "Y")),
	    INVERSION, "A", "B", "C"));
	/* C -> A was not. */
	ck_assert(IS_NEW(OWN("inversion", "A", "B", "C", "X"), INVERSION, "A", "B", "C"));
	/* The other way round is another edge. */
	ck_assert(IS_NEW(OWN("inversion", "C", "B", "A"), INVERSION, "A", "B", "C"));
	/* A cycle of one class has no edge. */
	ck_assert(IS_NEW(ENTRY(TWO, "actual", "A"), INVERSION, "A", "B"));
}
END_TEST

/* What an entry tells of a cycle counts only where its fingerprint says the same. */
START_TEST(words_lend_no_edge)
{
	ck_assert(!IS_NEW(OWN("inversion", "A", "B"), INVERSION, "A", "B"));
	ck_assert(IS_NEW(ENTRY("0123456789abcdef", "inversion", "A -> B -> A"), INVERSION, "A", "B"));
	ck_assert(IS_NEW(ENTRY(TWO, "actual", "A -> B -> C -> A"), INVERSION, "A", "B", "C"));
}
END_TEST

START_TEST(level_of_those_cycles)
{
	static const char *const third[] = {"D", "E", "F", "G", "H", "I", "J", "K"};

	/* B -> A was accepted at inversion only. */
	ck_assert(IS_NEW(
	    two(OWN("potential", "A", "B", "X"), OWN("inversion", "B", "A", "Y")), POTENTIAL, "A", "B"));
	/* Both edges at potential, one of them at inversion as well, whichever entry comes first. */
	for (size_t i = 0; i < sizeof(third) / sizeof(third[0]); i++)
		ck_assert(!IS_NEW(
		    two(OWN("potential", "A", "B", "C", "B", "A", "C"), OWN("inversion", "A", "B", third[i])),
		    POTENTIAL, "A", "B"));
	/* The weak edge first and last. */
	ck_assert(IS_NEW(
	    two(OWN("inversion", "A", "B", "C"), OWN("potential", "B", "A", "C")), POTENTIAL, "A", "B"));
	ck_assert(IS_NEW(
	    two(OWN("potential", "A", "B", "C"), OWN("inversion", "B", "A", "C")), POTENTIAL, "A", "B"));
	/* Its own entry comes first. */
	ck_assert(IS_NEW(
	    two(ENTRY(ONE, "inversion", "A -> B -> A") "\n", OWN("actual", "A", "B")), POTENTIAL, "A", "B"));
}
END_TEST

START_TEST(expired_accepts_nothing)
{
	static const char text[] = ENTRY(ONE, "inversion", "A -> B -> A") "until: 2001-01-01\n";
	struct rep_baseline baseline;

	ck_assert(IS_NEW(text, INVERSION, "A", "B"));
	ck_assert(!IS_NEW(ENTRY(ONE, "inversion", "A -> B -> A") "until: 9999-01-01\n", INVERSION, "A", "B"));
	ck_assert_int_eq(load(&baseline, text), 0);
	ck_assert(baseline.entry[0].expired);
	rep_baseline_fini(&baseline);
}
END_TEST

/* A finding is accepted by its paths when each of them is. */
START_TEST(by_paths)
{
	const char *const paths[] = {TWO, THREE}, *const classes[] = {"A", "B"};
	struct rep_baseline_case one = {.fingerprint = ONE,
	    .level = WIT_LEVEL_INVERSION,
	    .is_cycle = true,
	    .classes = classes,
	    .class_count = 2,
	    .path = paths,
	    .path_count = 2};
	struct rep_baseline baseline;
	const char *why;

	ck_assert_int_eq(load(&baseline, ENTRY(TWO, "inversion", "one way")), 0);
	ck_assert(rep_baseline_judge(&baseline, &one, &why));
	rep_baseline_fini(&baseline);
	ck_assert_int_eq(
	    load(&baseline, ENTRY(TWO, "inversion", "one way") "\n" ENTRY(THREE, "inversion", "another")), 0);
	ck_assert(!rep_baseline_judge(&baseline, &one, &why));
	ck_assert(baseline.entry[0].matched && baseline.entry[1].matched);
	/* Not where there are paths that have no name here. */
	one.paths_cut = true;
	ck_assert(rep_baseline_judge(&baseline, &one, &why));
	rep_baseline_fini(&baseline);
}
END_TEST

/* ---- writing ---- */

static int
accept(const char *path, const char *fingerprint, const char *why, const char *until)
{
	const char *const classes[] = {"vm object", "swap_pager swhash"};
	struct rep_baseline_case one = {.fingerprint = fingerprint,
	    .level = WIT_LEVEL_INVERSION,
	    .is_cycle = true,
	    .classes = classes,
	    .class_count = 2};
	struct rep_baseline baseline;
	int error;

	ck_assert_int_eq(rep_baseline_load(&baseline, path, NULL), 0);
	error = rep_baseline_accept(&baseline, &one, why, until);
	rep_baseline_fini(&baseline);
	return (error);
}

#define WRITTEN(fingerprint, why)                                                                            \
	"fingerprint: " fingerprint                                                                          \
	"\nlevel: inversion\ncycle: vm object -> swap_pager swhash -> vm object\nwhy: " why "\n"

START_TEST(written_sorted)
{
	ck_assert_int_eq(accept("baseline", TWO, "two", NULL), 0);
	ck_assert_int_eq(accept("baseline", THREE, "three", "9999-12-31"), 0);
	ck_assert_int_eq(accept("baseline", ONE, " one\nline ", NULL), 0);
	ck_assert_str_eq(
	    read_file("baseline"), WRITTEN(ONE, "one line") "\n" WRITTEN(TWO, "two") "\n" WRITTEN(
				       THREE, "three") "until: 9999-12-31\n");
	ck_assert_int_eq(access("baseline.new", F_OK), -1);
}
END_TEST

START_TEST(what_stands_there_stays)
{
	static const char text[] =
	    "# of 2004\n# see the list\n" ENTRY(TWO, "potential", "X -> Y") "\n# last words\n";

	write_file(text);
	ck_assert_int_eq(accept("baseline", ONE, "one", NULL), 0);
	ck_assert_str_eq(read_file("baseline"), WRITTEN(ONE, "one") "\n# of 2004\n# see the list\n" ENTRY(
						    TWO, "potential", "X -> Y") "\n# last words\n");
	/* Once more: in its place, its comment with it. */
	ck_assert_int_eq(accept("baseline", TWO, "now", NULL), 0);
	ck_assert_str_eq(read_file("baseline"),
	    WRITTEN(ONE, "one") "\n# of 2004\n# see the list\n" WRITTEN(TWO, "now") "\n# last words\n");
}
END_TEST

START_TEST(not_without_a_reason)
{
	write_file(ENTRY(TWO, "potential", "X -> Y"));
	ck_assert_int_lt(accept("baseline", ONE, "", NULL), 0);
	ck_assert_int_lt(accept("baseline", ONE, " \n ", NULL), 0);
	ck_assert_str_eq(read_file("baseline"), ENTRY(TWO, "potential", "X -> Y"));
}
END_TEST

START_TEST(folders_are_made)
{
	ck_assert_int_eq(accept(".witness/new/baseline", ONE, "one", NULL), 0);
	ck_assert_str_eq(read_file(".witness/new/baseline"), WRITTEN(ONE, "one"));
}
END_TEST

START_TEST(unwritable)
{
	write_file(ENTRY(TWO, "potential", "X -> Y"));
	ck_assert_int_eq(chmod("baseline", 0444), 0);
	ck_assert_int_eq(accept("baseline", ONE, "one", NULL), -EROFS);
	ck_assert_str_eq(read_file("baseline"), ENTRY(TWO, "potential", "X -> Y"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_baseline");
	TCase *tc = tcase_create("baseline");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, tear_down, tear_down);
	tcase_add_test(tc, refusals);
	tcase_add_test(tc, what_is_read);
	tcase_add_test(tc, empty_and_missing);
	tcase_add_test(tc, days);
	tcase_add_test(tc, its_own_entry);
	tcase_add_test(tc, every_edge_on_an_accepted_cycle);
	tcase_add_test(tc, words_lend_no_edge);
	tcase_add_test(tc, level_of_those_cycles);
	tcase_add_test(tc, expired_accepts_nothing);
	tcase_add_test(tc, by_paths);
	tcase_add_test(tc, written_sorted);
	tcase_add_test(tc, what_stands_there_stays);
	tcase_add_test(tc, not_without_a_reason);
	tcase_add_test(tc, folders_are_made);
	tcase_add_test(tc, unwritable);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
