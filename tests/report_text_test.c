/* SPDX-License-Identifier: BSD-2-Clause */
/* The view as text: what stands where, exactly; quoting, colour, focus, and a stream that is full. */
#include <errno.h>
#include <string.h>

#include "render.h"
#include "view_fixture.h"

/* A finding in full: level, fingerprint, cycle, reasons, and of each edge two places and two stacks. */
static const char inversion_in_full[] =
    "inversion  " FIXTURE_INVERSION "  lock order reversal\n"
    "   standard object -> swap_pager swhash -> standard object\n"
    "   kind            inversion\n"
    "   seen            14 times (the rarest of its edges)\n"
    "   why not higher  instances not judged yet\n"
    "   confidence      high: recorded while the program ran\n"
    "   accepted        no, new\n"
    "   paths           c0ffee0000000001\n"
    "                   c0ffee0000000002\n"
    "\n"
    "    1. standard object -> swap_pager swhash  2145  runtime\n"
    "       held   standard object (vm object) at vm/swap_pager.c:1311, exclusive, 0x7e0000013a40\n"
    "         #0 swap_pager_putpages (vm/swap_pager.c:1311)\n"
    "         #1 vm_pageout_flush (vm/vm_pageout.c:371)\n"
    "         #2 vm_pageout_scan (vm/vm_pageout.c:842)\n"
    "         #3 vm_pageout (vm/vm_pageout.c:1420)\n"
    "         #4 libc.so.6+0x891f5\n"
    "         (derived: the frames below #0 stand where they had come to when the next lock was asked for)\n"
    "         born at vm/vm_object.c:210\n"
    "       asked  swap_pager swhash at vm/swap_pager.c:1797, exclusive, 0x55d0c1a3c084\n"
    "         #0 swp_pager_meta_build (vm/swap_pager.c:1797)\n"
    "         #1 swap_pager_putpages (vm/swap_pager.c:1315)\n"
    "         #2 vm_pageout_flush (vm/vm_pageout.c:371)\n"
    "         #3 vm_pageout_scan (vm/vm_pageout.c:842)\n"
    "         #4 vm_pageout (vm/vm_pageout.c:1420)\n"
    "         #5 libc.so.6+0x891f5\n"
    "         born at vm/swap_pager.c:388\n"
    "       by     thread pagedaemon (vm_pageout), run " FIXTURE_BEFORE ", 412 times\n"
    "       also   vm/vm_fault.c:412 then vm/swap_pager.c:1902, thread user 3 (user_main), "
    "run " FIXTURE_BEFORE ", 1733 times, 1 newer lock held\n"
    "\n"
    "    2. swap_pager swhash -> standard object  14  runtime\n"
    "       held   swap_pager swhash at vm/swap_pager.c:1797, exclusive, 0x55d0c1a3c084\n"
    "         #0 swp_pager_meta_build (vm/swap_pager.c:1797)\n"
    "         #1 swap_pager_putpages (vm/swap_pager.c:1315)\n"
    "         #2 vm_pageout_flush (vm/vm_pageout.c:371)\n"
    "         #3 vm_pageout_scan (vm/vm_pageout.c:842)\n"
    "         #4 vm_pageout (vm/vm_pageout.c:1420)\n"
    "         #5 libc.so.6+0x891f5\n"
    "         born at vm/swap_pager.c:388\n"
    "       asked  standard object (vm object) at vm/uma_core.c:931, exclusive, 0x7e0000002100\n"
    "         #0 obj_alloc (vm/uma_core.c:931)\n"
    "         #1 slab_zalloc (vm/uma_core.c:801)\n"
    "         #2 uma_zone_slab (vm/uma_core.c:1903) inlined\n"
    "         #3 uma_zalloc_arg (vm/uma_core.c:1788)\n"
    "         #4 swp_pager_meta_build (vm/swap_pager.c:1822)\n"
    "         #5 swap_pager_putpages (vm/swap_pager.c:1315)\n"
    "         #6 vm_pageout_flush (vm/vm_pageout.c:371)\n"
    "         #7 vm_pageout_scan (vm/vm_pageout.c:842)\n"
    "         #8 vm_pageout (vm/vm_pageout.c:1420)\n"
    "         #9 libc.so.6+0x891f5\n"
    "         born at vm/vm_object.c:233:\n"
    "         #0 vm_object_allocate (vm/vm_object.c:233)\n"
    "         #1 uma_zone_set_obj (vm/uma_core.c:2110)\n"
    "         #2 swap_pager_swap_init (vm/swap_pager.c:402)\n"
    "       by     thread pagedaemon (vm_pageout), run " FIXTURE_BEFORE ", 14 times\n";

static const char missing[] = "incomplete: 17 contexts lost in run " FIXTURE_LOST
			      ", 96 bytes of run " FIXTURE_LOST " could not be read\n";

static bool
has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

START_TEST(finding_in_full)
{
	const struct rep_view *view = fixture_story();
	char *text = FIXTURE_RENDER(rep_text_finding(out, view, &view->finding[2], false));
	char *expected = FIXTURE_RENDER((fprintf(out, "%s%s", inversion_in_full, missing), 0));

	ck_assert_str_eq(text, expected);
	free(expected);
	free(text);
}
END_TEST

START_TEST(summary_is_a_line_a_finding)
{
	char *text = FIXTURE_RENDER(rep_text_summary(out, fixture_story(), false));
	char *expected =
	    FIXTURE_RENDER((fprintf(out,
				"actual  " FIXTURE_ACTUAL "  duplicate: process lock\n"
				"potential  " FIXTURE_POTENTIAL "  UMA lock -> system map -> UMA lock\n"
				"inversion  " FIXTURE_INVERSION
				"  standard object -> swap_pager swhash -> standard object\n%s",
				missing),
		0));

	ck_assert_str_eq(text, expected);
	free(expected);
	free(text);
	text = FIXTURE_RENDER(rep_text_summary(out, fixture_empty(), false));
	ck_assert_str_eq(
	    text, "no findings: 0 classes, 0 locks, 0 edges, 0 threads, 0 acquisitions in 0 runs\n");
	free(text);
}
END_TEST

/* Findings stand before the graph, in the view's order; then classes, runs, what was lost. */
START_TEST(order_of_the_page)
{
	static const char *const parts[] = {
	    "3 findings: 1 duplicate, 1 potential deadlock, 1 inversion (1 accepted)\n",
	    "seen: 11 classes, at least 209 locks, 13 edges, 18 threads, at least 427721 acquisitions in 2 "
	    "runs\n",
	    "incomplete: ",
	    "\nactual  " FIXTURE_ACTUAL "  acquiring duplicate lock of same type\n   process lock\n",
	    "\npotential  " FIXTURE_POTENTIAL "  lock order reversal\n",
	    "   accepted        startup only: one thread until uma_startup3()\n",
	    inversion_in_full,
	    "\nLock order\n   Giant -> vm page queue mutex  903  runtime\n"
	    "   standard object -> swap_pager swhash  2145  runtime  cycle\n",
	    "   user map -> Giant  66  runtime  exempt\n",
	    "\nClasses (locks and nested: at least)\n   class                     primitive         locks    "
	    "    nested\n"
	    "   Giant                     sleep mutex           1          9120\n",
	    "   standard object           sleep mutex          41         48112  = vm_object.mtx\n",
	    "\nRuns\n   " FIXTURE_BEFORE
	    "  runtime  2026-10-04T09:12:44Z  witness-corpus s03 --before=vm.swapzone_static_obj=0\n"
	    "      9 threads, 104 locks, 214719 acquisitions, 5120 records; ended with status 0; complete\n",
	    "5098 records; no end record; not complete\n",
	    "\n\nincomplete: 17 contexts lost in run " FIXTURE_LOST,
	};
	char *text = FIXTURE_RENDER(rep_text_write(out, fixture_story(), NULL, false));
	const char *at = text;

	for (size_t i = 0; i < FIXTURE_COUNT(parts); i++) {
		const char *found = strstr(at, parts[i]);

		ck_assert_msg(found != NULL, "not there, or not in its place: %s", parts[i]);
		at = found + strlen(parts[i]) - 1;
	}
	free(text);
}
END_TEST

START_TEST(no_findings_never_stand_alone)
{
	char *text = FIXTURE_RENDER(rep_text_write(out, fixture_empty(), NULL, false));

	ck_assert(strncmp(text,
		      "no findings\nseen: 0 classes, 0 locks, 0 edges, 0 threads, 0 acquisitions in 0 runs\n",
		      strlen("no findings\nseen: ")) == 0);
	ck_assert(has(text, "0 classes, 0 locks, 0 edges, 0 threads, 0 acquisitions in 0 runs\n"));
	ck_assert(has(text, "\nlost: nothing\n"));
	ck_assert(!has(text, "incomplete"));
	free(text);
}
END_TEST

static void
strip_ink(char *text)
{
	char *to = text;

	while (*text) {
		if (*text == '\033')
			text += strcspn(text, "m") + 1;
		else
			*to++ = *text++;
	}
	*to = 0;
}

START_TEST(colour_only_when_asked)
{
	char *plain = FIXTURE_RENDER(rep_text_write(out, fixture_story(), NULL, false));
	char *colour = FIXTURE_RENDER(rep_text_write(out, fixture_story(), NULL, true));

	ck_assert(strchr(plain, '\033') == NULL);
	ck_assert(strchr(colour, '\033') != NULL);
	strip_ink(colour);
	ck_assert_str_eq(colour, plain);
	free(colour);
	free(plain);
}
END_TEST

/* Bytes that move a cursor or are no text come out as \xNN; the rest as it was. */
START_TEST(hostile_names_are_quoted)
{
	char *text = FIXTURE_RENDER(rep_text_write(out, fixture_hostile(), NULL, false));

	for (const char *at = text; *at; at++)
		ck_assert_msg(*at == '\n' || (unsigned char)*at >= 0x20, "control byte %d", *at);
	ck_assert(has(text,
	    EVIL_A " -> " EVIL_B
		   " -> \\x1b[31m\\x0d\\x0a\\x01\\xff\\xc0\\xaf\\xe2\\x80\\xae&lt;&#60;\xc3\xa9--> -> " EVIL_A
		   "\n"));
	free(text);
}
END_TEST

START_TEST(focus_keeps_what_is_near)
{
	struct rep_focus focus = {.class_name = "swap_pager swhash", .depth = 1};
	char *text = FIXTURE_RENDER(rep_text_write(out, fixture_story(), &focus, false));

	ck_assert(has(text,
	    "\nLock order\n   standard object -> swap_pager swhash  2145  runtime  cycle\n"
	    "   swap_pager swhash -> standard object  14  runtime  cycle\n"
	    "   swap_pager swhash -> swapdev  960  runtime\n\nClasses (locks and nested: at least)\n"));
	ck_assert(has(text, "\n2 findings elsewhere in the graph\n"));
	ck_assert(has(text, inversion_in_full));
	free(text);
	focus = (struct rep_focus){.class_name = "vm_object.mtx", .depth = 0};
	text = FIXTURE_RENDER(rep_text_write(out, fixture_story(), &focus, false));
	ck_assert(has(text, "\n   no edges in this part of the graph\n"));
	ck_assert(has(text, inversion_in_full));
	free(text);
	focus = (struct rep_focus){.cycles_only = true};
	text = FIXTURE_RENDER(rep_text_write(out, fixture_story(), &focus, false));
	ck_assert(has(text,
	    "\nLock order\n   standard object -> swap_pager swhash  2145  runtime  cycle\n"
	    "   swap_pager swhash -> standard object  14  runtime  cycle\n"
	    "   system map -> UMA lock  2  runtime  cycle\n"
	    "   UMA lock -> system map  7  runtime  cycle\n\nClasses (locks and nested: at least)\n"));
	free(text);
}
END_TEST

/*
 * From the user map by one edge: Giant, standard object, queue mutex; by two what those have to do with, swhash and
 * the free mutex; by three swapdev. The UMA lock and what hangs on it is not connected.
 */
START_TEST(focus_by_depth)
{
	static const size_t edges[] = {0, 3, 9, 10, 10}, classes[] = {1, 4, 6, 7, 7};
	struct rep_kept kept;

	for (unsigned depth = 0; depth < FIXTURE_COUNT(edges); depth++) {
		struct rep_focus focus = {.class_name = "user map", .depth = depth};

		ck_assert_int_eq(rep_render_focus(&kept, fixture_story(), &focus), 0);
		ck_assert_uint_eq(kept.edge_count, edges[depth]);
		ck_assert_uint_eq(kept.class_count, classes[depth]);
		rep_render_drop_focus(&kept);
	}
}
END_TEST

START_TEST(focus_on_nothing)
{
	struct rep_focus focus = {.class_name = "no such class", .depth = 3};
	char *text = FIXTURE_RENDER(rep_text_write(out, fixture_story(), &focus, false) == -ENOENT ? 0 : 1);

	ck_assert_str_eq(text, "");
	free(text);
}
END_TEST

START_TEST(full_stream_is_an_error)
{
	const struct rep_view *view = fixture_story();

	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_text_write(out, view, NULL, false)), -ENOSPC);
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_text_summary(out, view, false)), -ENOSPC);
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_text_finding(out, view, view->finding, false)), -ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: text");
	TCase *tc = tcase_create("text");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, finding_in_full);
	tcase_add_test(tc, summary_is_a_line_a_finding);
	tcase_add_test(tc, order_of_the_page);
	tcase_add_test(tc, no_findings_never_stand_alone);
	tcase_add_test(tc, colour_only_when_asked);
	tcase_add_test(tc, hostile_names_are_quoted);
	tcase_add_test(tc, focus_keeps_what_is_near);
	tcase_add_test(tc, focus_by_depth);
	tcase_add_test(tc, focus_on_nothing);
	tcase_add_test(tc, full_stream_is_an_error);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
