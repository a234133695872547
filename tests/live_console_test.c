/* SPDX-License-Identifier: BSD-2-Clause */
/* What is printed when a rule is broken: WITNESS's lines, to the letter. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>

#include "live_fixture.h"

static struct witness_lock_object object, swhash, zone;

static void
take(struct witness_lock_object *lo, const char *file, int line)
{
	witness_checkorder(lo, LOP_EXCLUSIVE | LOP_NEWORDER, file, line, NULL);
	witness_lock(lo, LOP_EXCLUSIVE, file, line);
}

static void
make_locks(void)
{
	object = lock_named("vm object", 0);
	swhash = lock_named("swap_pager swhash", 0);
	zone = lock_named("zone object", 0);
	witness_init(&object, "standard object");
	witness_init(&swhash, NULL);
	witness_init(&zone, "standard object");
}

static int
three(void)
{
	make_locks();
	printf("%p %p %p\n", (void *)&object, (void *)&swhash, (void *)&zone);
	take(&object, "vm/vm_pageout.c", 100);
	take(&swhash, "vm/swap_pager.c", 1311);
	take(&zone, "vm/uma_core.c", 815);
	DROP(&zone);
	DROP(&swhash);
	DROP(&object);
	return (0);
}

static int
two(void)
{
	make_locks();
	printf("%p %p\n", (void *)&swhash, (void *)&object);
	take(&object, "vm/swap_pager.c", 10);
	take(&swhash, "vm/swap_pager.c", 11);
	DROP(&swhash);
	DROP(&object);
	take(&swhash, "vm/swap_pager.c", 20);
	take(&object, "vm/swap_pager.c", 21);
	DROP(&object);
	DROP(&swhash);
	return (0);
}

static int
duplicate(void)
{
	make_locks();
	take(&object, "vm/vm_object.c", 1);
	take(&zone, "vm/vm_object.c", 2);
	DROP(&zone);
	DROP(&object);
	return (0);
}

static int
recursion(void)
{
	make_locks();
	printf("%p\n", (void *)&swhash);
	take(&swhash, "vm/swap_pager.c", 5);
	witness_checkorder(&swhash, LOP_EXCLUSIVE | LOP_NEWORDER, "vm/swap_pager.c", 6, NULL);
	DROP(&swhash);
	return (0);
}

/* The lines are these, and after them a stack whose frames lie in this program, this one first. */
static const char *
expect(const char *at, const char *lines)
{
	unsigned long offset;
	unsigned n = 0, number;
	char module[64];
	int used;

	ck_assert_msg(strncmp(at, lines, strlen(lines)) == 0, "printed:\n%s\nexpected:\n%s", at, lines);
	at += strlen(lines);
	while (sscanf(at, "#%u %63[^+]+0x%lx\n%n", &number, module, &offset, &used) == 3) {
		ck_assert_uint_eq(number, n);
		if (n++ == 0)
			ck_assert_str_eq(module, "live_console_test");
		at += used;
	}
	ck_assert_uint_ge(n, 2);
	return (at);
}

START_TEST(two_lines)
{
	char lines[512];
	void *a, *b;
	struct run run;

	start_run(&run, "two", "", NULL);
	ck_assert_int_eq(sscanf(run.out, "%p %p", &a, &b), 2);
	snprintf(lines, sizeof(lines),
	    "lock order reversal\n"
	    " 1st %p swap_pager swhash (swap_pager swhash) @ vm/swap_pager.c:20\n"
	    " 2nd %p vm object (standard object) @ vm/swap_pager.c:21\n"
	    "stack backtrace:\n",
	    a, b);
	ck_assert_str_eq(expect(run.err, lines), "");
	end_run(&run);
}
END_TEST

START_TEST(three_lines)
{
	char lines[512];
	const char *rest;
	void *a, *b, *c;
	struct run run;

	start_run(&run, "three", "", NULL);
	ck_assert_int_eq(sscanf(run.out, "%p %p %p", &a, &b, &c), 3);
	snprintf(lines, sizeof(lines),
	    "lock order reversal\n"
	    " 1st %p vm object (standard object) @ vm/vm_pageout.c:100\n"
	    " 2nd %p swap_pager swhash (swap_pager swhash) @ vm/swap_pager.c:1311\n"
	    " 3rd %p zone object (standard object) @ vm/uma_core.c:815\n"
	    "stack backtrace:\n",
	    a, b, c);
	rest = expect(run.err, lines);
	/* The two of one class are no reversal, but a duplicate of their own. */
	rest = expect(rest, "acquiring duplicate lock of same type: \"standard object\"\n"
			    " 1st vm object @ vm/vm_pageout.c:100\n"
			    " 2nd zone object @ vm/uma_core.c:815\n"
			    "stack backtrace:\n");
	ck_assert_str_eq(rest, "");
	end_run(&run);
}
END_TEST

START_TEST(a_duplicate)
{
	struct run run;

	start_run(&run, "duplicate", "", NULL);
	ck_assert_str_eq(expect(run.err, "acquiring duplicate lock of same type: \"standard object\"\n"
					 " 1st vm object @ vm/vm_object.c:1\n"
					 " 2nd zone object @ vm/vm_object.c:2\n"
					 "stack backtrace:\n"),
	    "");
	end_run(&run);
}
END_TEST

START_TEST(a_recursion)
{
	char lines[512];
	struct run run;
	void *a;

	start_run(&run, "recursion", "", NULL);
	ck_assert_int_eq(sscanf(run.out, "%p", &a), 1);
	snprintf(lines, sizeof(lines),
	    "recursed on non-recursive lock\n"
	    " 1st %p swap_pager swhash (swap_pager swhash) @ vm/swap_pager.c:5\n"
	    " 2nd %p swap_pager swhash (swap_pager swhash) @ vm/swap_pager.c:6\n"
	    "stack backtrace:\n",
	    a, a);
	ck_assert_str_eq(expect(run.err, lines), "");
	end_run(&run);
}
END_TEST

/* ---- where it goes ---- */

START_TEST(console_none_is_silent)
{
	struct run run;

	run_quietly(&run, "two", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	end_run(&run);
}
END_TEST

START_TEST(console_may_be_a_file)
{
	static char text[16384];
	struct run run;

	start_run(&run, "two", "console=alarms.txt", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_str_eq(run.err, "");
	slurp(open("alarms.txt", O_RDONLY), text, sizeof(text));
	ck_assert_int_eq(unlink("alarms.txt"), 0);
	ck_assert_int_eq(strncmp(text, "lock order reversal\n 1st 0x", 27), 0);
	end_run(&run);
}
END_TEST

/* Standard error is a pipe that nobody reads. */
static void
broken_pipe(void)
{
	int to[2];

	if (pipe(to) != 0)
		_exit(97);
	dup2(to[1], 2);
	close(to[0]);
	close(to[1]);
	signal(SIGPIPE, SIG_DFL);
}

START_TEST(a_broken_console_is_no_signal)
{
	struct run run;

	start_run(&run, "two", "", broken_pipe);
	ck_assert_msg(run.status == 0, "status %x", (unsigned)run.status);
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	end_run(&run);
}
END_TEST

/* Without a run file alarms are printed all the same. */
START_TEST(alarms_need_no_run_file)
{
	struct run run;

	start_run(&run, "duplicate", "file=/nonexistent/x.wit", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_nonnull(
	    strstr(run.err, "witness: cannot make the run file /nonexistent/x.wit: No such file"));
	ck_assert_ptr_nonnull(
	    strstr(run.err, "acquiring duplicate lock of same type: \"standard object\"\n"));
}
END_TEST

/* Nobody reads the console, and it is full. */
static int
unread(void)
{
	static const char some[4096];
	int ends[2];

	NEED(pipe(ends) == 0 && fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	while (write(ends[1], some, sizeof(some)) > 0)
		;
	NEED(fcntl(ends[1], F_SETFL, 0) == 0 && dup2(ends[1], 2) == 2);
	alarm(1);
	return (two());
}

START_TEST(a_blocked_console_lets_signals_through)
{
	struct run run;

	start_run(&run, "unread", "", NULL);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGALRM);
	end_run(&run);
}
END_TEST

static const struct scenario scenarios[] = {{"two", two}, {"unread", unread}, {"three", three},
    {"duplicate", duplicate}, {"recursion", recursion}, {NULL, NULL}};

static void
add(TCase *tc)
{
	tcase_add_test(tc, two_lines);
	tcase_add_test(tc, three_lines);
	tcase_add_test(tc, a_duplicate);
	tcase_add_test(tc, a_recursion);
	tcase_add_test(tc, console_none_is_silent);
	tcase_add_test(tc, console_may_be_a_file);
	tcase_add_test(tc, a_broken_console_is_no_signal);
	tcase_add_test(tc, alarms_need_no_run_file);
	tcase_add_test(tc, a_blocked_console_lets_signals_through);
}

int
main(int argc, char *argv[])
{
	return (live_main(argc, argv, scenarios, "live: console", add));
}
