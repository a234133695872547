/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_expect_test.c - a scenario's table against a view: exactly these findings, at least these edges.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "expect.h"
#include "view.h"

static struct rep_class classes[] = {{.name = "A"}, {.name = "B"}, {.name = "C"}};
static struct rep_edge edges[] = {{.from = 0, .to = 1}, {.from = 1, .to = 2}, {.from = 2, .to = 0}};
static const char *const round_abc[] = {"A", "B", "C"}, *const only_b[] = {"B"};
static const struct rep_step steps[3];

/* One cycle over three classes, one duplicate. */
static struct rep_finding findings[] = {
    {.kind = "inversion", .classes = round_abc, .class_count = 3, .step = steps},
    {.kind = "duplicate", .classes = only_b, .class_count = 1}};

/* What the table says of a view of the first so many findings; empty: nothing differs. */
static const char *
compared(const char *table, size_t count)
{
	static char kept[512];
	struct rep_view view = {.class = classes,
	    .class_count = 3,
	    .edge = edges,
	    .edge_count = 3,
	    .finding = findings,
	    .finding_count = count};
	struct rep_expect expect;
	FILE *in = fmemopen((void *)table, strlen(table), "r");
	char *differs;

	ck_assert_ptr_nonnull(in);
	rep_expect_read(&expect, in);
	fclose(in);
	differs = rep_expect_compare(&expect, &view);
	snprintf(kept, sizeof(kept), "%s", differs == NULL ? "" : differs);
	free(differs);
	rep_expect_fini(&expect);
	return (kept);
}

#define CYCLE "finding inversion A -> B -> C -> A\n"
#define TWICE "finding duplicate B\n"

START_TEST(exactly_these)
{
	ck_assert_str_eq(compared(CYCLE TWICE, 2), "");
	ck_assert_str_eq(compared(TWICE "\n" CYCLE, 2), "");
	ck_assert_str_eq(compared(TWICE, 2), "unexpected finding inversion A -> B -> C -> A");
	ck_assert_str_eq(compared(CYCLE TWICE, 1), "missing finding duplicate B");
	ck_assert_str_eq(compared("finding duplicate C\n" CYCLE, 2),
	    "missing finding duplicate C; unexpected finding duplicate B");
	ck_assert_str_eq(compared("\n", 0), "");
}
END_TEST

/* A cycle may begin anywhere; but the other way round is another. */
START_TEST(wherever_it_begins)
{
	ck_assert_str_eq(compared("finding inversion B -> C -> A -> B\n", 1), "");
	ck_assert_str_eq(compared("finding inversion C -> A -> B -> C\n", 1), "");
	ck_assert_str_ne(compared("finding inversion C -> B -> A -> C\n", 1), "");
	ck_assert_str_ne(compared("finding inversion A -> B -> C\n", 1), "");
	ck_assert_str_ne(compared("finding duplicate A -> B -> C -> A\n", 1), "");
}
END_TEST

START_TEST(at_least_these_edges)
{
	ck_assert_str_eq(compared("edge A -> B\nedge C -> A\n", 0), "");
	ck_assert_str_eq(compared("edge B -> A\n", 0), "missing edge B -> A");
	ck_assert_str_eq(compared("edge A -> B\n" CYCLE, 2),
	    "unexpected finding duplicate B"); /* an edge excuses nothing */
}
END_TEST

START_TEST(any_is_said_aloud)
{
	ck_assert_str_eq(compared("any\n", 2), "");
	ck_assert_str_ne(compared("many\n", 2), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_expect");
	TCase *tc = tcase_create("expect");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, exactly_these);
	tcase_add_test(tc, wherever_it_begins);
	tcase_add_test(tc, at_least_these_edges);
	tcase_add_test(tc, any_is_said_aloud);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
