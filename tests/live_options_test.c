/* SPDX-License-Identifier: BSD-2-Clause */
/* WITNESS_OPTIONS in a process: what each does to it. (How they are read: core_options_test.c.) */
#define _GNU_SOURCE
#include "live_fixture.h"

static int
hello(void)
{
	struct witness_lock_object a = lock_named("a", 0);

	witness_init(&a, NULL);
	TAKE(&a);
	NEED(witness_is_owned(&a) == (getenv("OFF") != NULL ? 0 : 1));
	DROP(&a);
	printf("hello\n");
	return (0);
}

START_TEST(a_mistake_is_one_line_and_the_program_goes_on)
{
	struct run run;

	start_run(&run, "hello", "consle=none", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_str_eq(run.out, "hello\n");
	ck_assert_str_eq(run.err, "witness: unknown option consle; the nearest is console\n");
	ck_assert_uint_eq(run.count[WIT_REC_END], 1);
	end_run(&run);
}
END_TEST

static void
off(void)
{
	setenv("OFF", "1", 1);
}

START_TEST(switched_off_it_does_nothing)
{
	struct run run;

	start_run(&run, "hello", "enabled=0", off);
	ck_assert_msg(run.status == 0, "%s", run.err);
	ck_assert_str_eq(run.err, "");
	ck_assert_int_eq(access(run.file, F_OK), -1);
}
END_TEST

START_TEST(the_file_name_is_a_pattern)
{
	const struct wit_runfile_header *header;
	char name[256], hex[33];
	struct run run;
	glob_t found;

	start_run(&run, "hello", "file=x.%n.%p.%r.%%:parent=ff", NULL);
	ck_assert_int_eq(glob("x.*", 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	snprintf(run.file, sizeof(run.file), "%s", found.gl_pathv[0]);
	globfree(&found);
	read_run(&run);
	header = (const void *)run.map;
	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", header->run_id[i]);
	snprintf(name, sizeof(name), "x.live_options_test.%u.%s.%%", header->pid, hex);
	ck_assert_str_eq(run.file, name);
	ck_assert_uint_eq(header->parent_run_id[0], 0xff);
	ck_assert_uint_eq(header->kind, WIT_RUN_RUNTIME);
	ck_assert_uint_eq(header->argc, 3);
	ck_assert_str_eq((const char *)(header + 1), "scenario");
	ck_assert_ptr_nonnull(strstr(header->program, "/live_options_test"));
	end_run(&run);
}
END_TEST

static const struct scenario scenarios[] = {{"hello", hello}, {NULL, NULL}};

static void
add(TCase *tc)
{
	tcase_add_test(tc, a_mistake_is_one_line_and_the_program_goes_on);
	tcase_add_test(tc, switched_off_it_does_nothing);
	tcase_add_test(tc, the_file_name_is_a_pattern);
}

int
main(int argc, char *argv[])
{
	return (live_main(argc, argv, scenarios, "live: options", add));
}
