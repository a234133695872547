/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_gate_test.c - the exit status of the gate, for every mix of findings, baseline and damage.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "gate.h"
#include "verdict.h"

#define ONE "1111111111111111"
#define TWO "2222222222222222"

static const char *const abba[] = {"A", "B"}, *const cdc[] = {"C", "D"}, *const one_class[] = {"E"};
static const struct rep_step steps[2];

static struct rep_finding
inversion(const char *fingerprint, const char *const *classes, enum wit_level level)
{
	return ((struct rep_finding){.fingerprint = fingerprint,
	    .kind = "inversion",
	    .level = level,
	    .confidence = "high",
	    .classes = classes,
	    .class_count = 2,
	    .step = steps,
	    .accepted = ""});
}

/* Runs the gate over some findings; the text goes to said. */
static char said[8192];

static enum rep_status
gate_with(struct rep_finding *finding, size_t count, const char *baseline_text, const struct rep_gate *gate,
    const char *kind, bool complete)
{
	struct rep_run run = {.id = "77", .kind = kind, .program = "p", .ended = true, .complete = complete};
	struct rep_view view = {
	    .run = &run, .run_count = 1, .finding = finding, .finding_count = count, .complete = complete};
	struct rep_baseline baseline;
	FILE *out = fopen("baseline", "w");
	enum rep_status status;

	fputs(baseline_text, out);
	fclose(out);
	ck_assert_int_eq(rep_baseline_load(&baseline, "baseline", NULL), 0);
	rep_gate_judge(&view, &baseline);
	out = fmemopen(said, sizeof(said), "w");
	status = rep_gate_write(out, gate, &view, &baseline);
	fclose(out);
	rep_baseline_fini(&baseline);
	remove("baseline");
	rep_view_close(&view);
	return (status);
}

static const struct rep_gate usual = {.level = WIT_LEVEL_INVERSION, .confidence = 2};

#define ACCEPT_ONE "fingerprint: " ONE "\nlevel: inversion\ncycle: A -> B -> A\nwhy: known\n"

START_TEST(statuses)
{
	struct rep_finding finding = inversion(ONE, abba, WIT_LEVEL_INVERSION);

	ck_assert_int_eq(gate_with(NULL, 0, "", &usual, "runtime", true), REP_STATUS_OK);
	ck_assert_int_eq(gate_with(&finding, 1, "", &usual, "runtime", true), REP_STATUS_NO);
	ck_assert_ptr_nonnull(strstr(said, "A -> B -> A"));
	ck_assert_int_eq(gate_with(&finding, 1, ACCEPT_ONE, &usual, "runtime", true), REP_STATUS_OK);
	ck_assert_ptr_nonnull(strstr(said, "(known)"));
	ck_assert_int_eq(gate_with(NULL, 0, "", &usual, "runtime", false), REP_STATUS_INCOMPLETE);
	ck_assert_int_eq(gate_with(&finding, 1, ACCEPT_ONE, &usual, "runtime", false), REP_STATUS_INCOMPLETE);
	/* 1 beats 3. */
	ck_assert_int_eq(gate_with(&finding, 1, "", &usual, "runtime", false), REP_STATUS_NO);
}
END_TEST

/* Names are other people's: no escape code of theirs reaches the terminal. */
START_TEST(names_are_quoted)
{
	static const char *const classes[] = {"A\033[2J", "B"};
	struct rep_finding finding = inversion(ONE, classes, WIT_LEVEL_INVERSION);

	ck_assert_int_eq(gate_with(&finding, 1, "", &usual, "runtime", true), REP_STATUS_NO);
	ck_assert_ptr_nonnull(strstr(said, "A\\x1b[2J -> B -> A\\x1b[2J"));
	ck_assert_ptr_null(strchr(said, '\033'));
}
END_TEST

/* The paths that have a name are accepted; there are others. */
START_TEST(paths_that_are_cut)
{
	static const char *const paths[] = {TWO};
	struct rep_finding finding = inversion(ONE, abba, WIT_LEVEL_INVERSION);
	static const char accepts[] = "fingerprint: " TWO "\nlevel: inversion\ncycle: one way\nwhy: x\n";

	finding.path = paths;
	finding.path_count = 1;
	ck_assert_int_eq(gate_with(&finding, 1, accepts, &usual, "runtime", true), REP_STATUS_OK);
	finding.paths_cut = true;
	ck_assert_int_eq(gate_with(&finding, 1, accepts, &usual, "runtime", true), REP_STATUS_NO);
}
END_TEST

START_TEST(one_of_two_is_accepted)
{
	struct rep_finding finding[2] = {
	    inversion(ONE, abba, WIT_LEVEL_INVERSION), inversion(TWO, cdc, WIT_LEVEL_INVERSION)};

	ck_assert_int_eq(gate_with(finding, 2, ACCEPT_ONE, &usual, "runtime", true), REP_STATUS_NO);
	ck_assert_ptr_nonnull(strstr(said, "gate: 1 new, 1 accepted"));
}
END_TEST

START_TEST(level_asked_for)
{
	struct rep_finding finding = inversion(ONE, abba, WIT_LEVEL_INVERSION);
	struct rep_gate gate = {.level = WIT_LEVEL_POTENTIAL, .confidence = 2};

	ck_assert_int_eq(gate_with(&finding, 1, "", &gate, "runtime", true), REP_STATUS_OK);
	ck_assert_ptr_nonnull(strstr(said, "below"));
	finding.level = WIT_LEVEL_POTENTIAL;
	ck_assert_int_eq(gate_with(&finding, 1, "", &gate, "runtime", true), REP_STATUS_NO);
	/* Accepted as an inversion, and worse now. */
	ck_assert_int_eq(gate_with(&finding, 1, ACCEPT_ONE, &gate, "runtime", true), REP_STATUS_NO);
}
END_TEST

START_TEST(confidence_asked_for)
{
	struct rep_finding finding = inversion(ONE, abba, WIT_LEVEL_INVERSION);
	struct rep_gate gate = usual;

	finding.confidence = "low";
	ck_assert_int_eq(gate_with(&finding, 1, "", &gate, "runtime", true), REP_STATUS_OK);
	gate.confidence = rep_verdict_confidence("low");
	ck_assert_int_eq(gate_with(&finding, 1, "", &gate, "runtime", true), REP_STATUS_NO);
	finding.confidence = "medium";
	gate.confidence = rep_verdict_confidence("high");
	ck_assert_int_eq(gate_with(&finding, 1, "", &gate, "runtime", true), REP_STATUS_OK);
	ck_assert_uint_eq(rep_verdict_confidence("certain"), 0);
}
END_TEST

/* Degraded source units count where they were asked for. */
START_TEST(complete_asked_for)
{
	struct rep_gate gate = usual;

	ck_assert_int_eq(gate_with(NULL, 0, "", &gate, "static", false), REP_STATUS_OK);
	gate.complete = true;
	ck_assert_int_eq(gate_with(NULL, 0, "", &gate, "static", false), REP_STATUS_INCOMPLETE);
}
END_TEST

START_TEST(kinds_without_a_cycle)
{
	struct rep_finding finding = {.fingerprint = TWO,
	    .kind = "duplicate",
	    .level = WIT_LEVEL_ACTUAL,
	    .confidence = "high",
	    .classes = one_class,
	    .class_count = 1,
	    .accepted = ""};

	ck_assert_int_eq(gate_with(&finding, 1, "", &usual, "runtime", true), REP_STATUS_NO);
	ck_assert_ptr_nonnull(strstr(said, "duplicate: E"));
	ck_assert_int_eq(gate_with(&finding, 1, "fingerprint: " TWO "\nlevel: actual\ncycle: E\nwhy: x\n",
			     &usual, "runtime", true),
	    REP_STATUS_OK);
}
END_TEST

START_TEST(entries_that_do_nothing_are_named)
{
	ck_assert_int_eq(
	    gate_with(NULL, 0,
		ACCEPT_ONE "\nfingerprint: " TWO "\nlevel: actual\ncycle: E\nwhy: x\nuntil: 2001-01-01\n",
		&usual, "runtime", true),
	    REP_STATUS_OK);
	ck_assert_ptr_nonnull(strstr(said, "unmatched " ONE));
	ck_assert_ptr_nonnull(strstr(said, "expired   " TWO));
	ck_assert_ptr_nonnull(strstr(said, "baseline:6"));
}
END_TEST

/* What was looked at stands beside "nothing new". */
START_TEST(silence_is_no_answer)
{
	gate_with(NULL, 0, "", &usual, "runtime", true);
	ck_assert_ptr_nonnull(
	    strstr(said, "looked at 1 run: 0 classes, 0 locks, 0 edges, 0 threads, 0 acquisitions"));
}
END_TEST

START_TEST(verdicts)
{
	struct rep_verdict_evidence evidence = {.kind = WIT_FINDING_INVERSION, .seen = true};
	struct rep_verdict verdict = rep_verdict_judge(&evidence);

	ck_assert_int_eq(verdict.level, WIT_LEVEL_INVERSION);
	ck_assert_str_eq(verdict.why, "instances not judged yet");
	ck_assert_str_eq(verdict.confidence, "high");
	evidence.kind = WIT_FINDING_DUPLICATE;
	ck_assert_int_eq(rep_verdict_judge(&evidence).level, WIT_LEVEL_ACTUAL);
	evidence.seen = false;
	ck_assert_int_eq(rep_verdict_judge(&evidence).level, WIT_LEVEL_POTENTIAL);
	ck_assert_str_eq(rep_verdict_judge(&evidence).confidence, "low");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_gate");
	TCase *tc = tcase_create("gate");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, statuses);
	tcase_add_test(tc, names_are_quoted);
	tcase_add_test(tc, paths_that_are_cut);
	tcase_add_test(tc, one_of_two_is_accepted);
	tcase_add_test(tc, level_asked_for);
	tcase_add_test(tc, confidence_asked_for);
	tcase_add_test(tc, complete_asked_for);
	tcase_add_test(tc, kinds_without_a_cycle);
	tcase_add_test(tc, entries_that_do_nothing_are_named);
	tcase_add_test(tc, silence_is_no_answer);
	tcase_add_test(tc, verdicts);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
