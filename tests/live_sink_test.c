/* SPDX-License-Identifier: BSD-2-Clause */
/* The run file when there is no room, no mercy, or somebody else at its descriptor. */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "live_fixture.h"

enum { CLASSES = 200, MANY = 12000 };

static struct witness_lock_object outer, inner[CLASSES];

/* Each class nested once: a dependency each. */
static void
nest_all(void)
{
	static char name[CLASSES][8];

	outer = lock_named("outer", 0);
	witness_init(&outer, NULL);
	for (int i = 0; i < CLASSES; i++) {
		snprintf(name[i], sizeof(name[i]), "c%d", i);
		inner[i] = lock_named(name[i], 0);
		witness_init(&inner[i], NULL);
		TAKE(&outer);
		TAKE(&inner[i]);
		DROP(&inner[i]);
		DROP(&outer);
	}
}

/* Observed: an event for each request, acquisition and release, so megabytes of them. */
static void
many_events(void)
{
	outer = lock_named("outer", 0);
	witness_init(&outer, NULL);
	for (int i = 0; i < MANY; i++) {
		TAKE(&outer);
		DROP(&outer);
	}
}

static int
events(void)
{
	many_events();
	return (0);
}

static int
killed(void)
{
	nest_all();
	kill(getpid(), SIGKILL);
	return (0);
}

static int
killed_when_full(void)
{
	many_events();
	kill(getpid(), SIGKILL);
	return (0);
}

/* The limit comes down while the program runs. */
static int
limited_later(void)
{
	const struct rlimit limit = {(rlim_t)1200 << 10, RLIM_INFINITY};

	NEED(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	many_events();
	return (0);
}

/* A full run: the program's own end, the loss said once, nothing bad, the kept back records there. */
static void
is_full(struct run *run, size_t most)
{
	const struct wit_rec_lost *lost;
	const struct wit_rec_end *end;

	ck_assert_msg(run->status == 0, "status %x\n%s", (unsigned)run->status, run->err);
	ck_assert_int_eq(run->opened, WIT_READER_OK);
	ck_assert_uint_eq(run->bad_bytes, 0);
	ck_assert_uint_le(run->size, most);
	ck_assert_uint_eq(run->count[WIT_REC_LOST], 1);
	ck_assert_uint_eq(run->count[WIT_REC_END], 1);
	lost = record(run, WIT_REC_LOST, 0);
	end = record(run, WIT_REC_END, 0);
	ck_assert_uint_eq(end->lost, lost->count);
	/* All that was to be: three events each, but for what was lost (one dependency none, counts a few). */
	ck_assert_uint_gt(run->count[WIT_REC_EVENT], 0);
	ck_assert_uint_ge(run->count[WIT_REC_EVENT] + lost->count, 3 * MANY);
	ck_assert_uint_le(run->count[WIT_REC_EVENT] + lost->count, 3 * MANY + 50);
	ck_assert_uint_eq(counts(run, WIT_COUNT_RUN, 0)->acquisitions, MANY);
}

START_TEST(max_file_bounds_it)
{
	static const char *const options[] = {"max_file=64K:observe=all", "max_file=16K:observe=all",
	    "max_file=1500K:observe=all", "max_file=64K:observe=all:sink=write"};
	static const size_t most[] = {64 << 10, 16 << 10, 1500 << 10, 64 << 10};
	struct run run;

	start_run(&run, "events", options[_i], NULL);
	is_full(&run, most[_i]);
	end_run(&run);
}
END_TEST

static void
limit_to_100k(void)
{
	const struct rlimit limit = {100 << 10, 100 << 10};

	setrlimit(RLIMIT_FSIZE, &limit);
}

START_TEST(a_file_size_limit_is_no_signal)
{
	struct run run;

	start_run(&run, "events", _i == 0 ? "observe=all" : "observe=all:sink=write", limit_to_100k);
	is_full(&run, 100 << 10);
	ck_assert_uint_gt(run.size, 90 << 10); /* as far as it went */
	end_run(&run);
}
END_TEST

START_TEST(a_limit_set_later_is_seen)
{
	struct run run;

	start_run(&run, "limited_later", _i == 0 ? "observe=all" : "observe=all:sink=write", NULL);
	is_full(&run, 1200 << 10);
	ck_assert_uint_gt(run.size, 1100 << 10);
	end_run(&run);
}
END_TEST

/* A disk of 512 KiB; false where this process may not mount one. */
static bool
small_disk(void)
{
	if (mkdir("disk", 0700) != 0 && errno != EEXIST)
		return (false);
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return (false);
	return (mount("small", "disk", "tmpfs", 0, "size=512k") == 0);
}

START_TEST(a_full_disk_is_said_lost)
{
	struct run run;
	char file[128];

	if (!small_disk()) {
		fprintf(stderr, "live_sink_test: not allowed to mount a small disk\n");
		return;
	}
	start_run(&run, "events",
	    _i == 0 ? "file=disk/full.wit:observe=all" : "file=disk/full.wit:observe=all:sink=write", NULL);
	snprintf(file, sizeof(file), "disk/full.wit");
	memcpy(run.file, file, sizeof(file));
	read_run(&run);
	is_full(&run, 512 << 10);
	ck_assert_uint_gt(run.size, 400 << 10);
	end_run(&run);
	ck_assert_int_eq(umount("disk"), 0);
	rmdir("disk");
}
END_TEST

START_TEST(a_killed_process_leaves_its_records)
{
	struct run run;

	start_run(&run, "killed", _i == 0 ? "" : "sink=write", NULL);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
	ck_assert_int_eq(run.opened, WIT_READER_OK);
	ck_assert_uint_eq(run.bad_bytes, 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], CLASSES);
	ck_assert_uint_eq(run.count[WIT_REC_CLASS], CLASSES + 1);
	ck_assert_uint_eq(run.count[WIT_REC_END] + run.count[WIT_REC_LOST] + run.count[WIT_REC_COUNTS], 0);
	end_run(&run);
}
END_TEST

START_TEST(a_loss_is_said_before_the_end)
{
	const struct wit_rec_lost *lost;
	struct run run;

	start_run(&run, "killed_when_full", "max_file=64K:observe=all", NULL);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
	ck_assert_uint_eq(run.bad_bytes, 0);
	ck_assert_uint_eq(run.count[WIT_REC_LOST], 1);
	ck_assert_uint_eq(run.count[WIT_REC_END], 0);
	lost = record(&run, WIT_REC_LOST, 0);
	/* Told at every doubling: at least half of what there was. */
	ck_assert_uint_ge(2 * lost->count, 3 * MANY - run.count[WIT_REC_EVENT]);
	end_run(&run);
}
END_TEST

/* A file that was cut short by somebody gives what is left of it. */
START_TEST(a_cut_file_is_read_as_far_as_it_goes)
{
	struct run run, cut;

	start_run(&run, "killed", "", NULL);
	cut = run;
	ck_assert_int_eq(truncate(run.file, (off_t)(run.end * 3 / 4)), 0);
	read_run(&cut);
	ck_assert_int_eq(cut.opened, WIT_READER_OK);
	memset(cut.count, 0, sizeof(cut.count));
	munmap((void *)(uintptr_t)cut.map, cut.size);
	read_run(&cut);
	ck_assert_uint_gt(cut.count[WIT_REC_DEPENDENCY], CLASSES / 2);
	ck_assert_uint_lt(cut.count[WIT_REC_DEPENDENCY], CLASSES);
	munmap((void *)(uintptr_t)run.map, run.size);
	end_run(&cut);
}
END_TEST

START_TEST(a_clean_end_leaves_no_slack)
{
	struct stat st;
	struct run run;

	run_quietly(&run, "events", _i == 0 ? "" : "sink=write");
	ck_assert_uint_ge(run.size, run.end);
	ck_assert_uint_lt(run.size, run.end + WIT_RUNFILE_GRANULE);
	ck_assert_int_eq(stat(run.file, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	end_run(&run);
}
END_TEST

/* Both ways of writing give the same records. */
START_TEST(mapped_and_written_are_the_same)
{
	struct run mapped, written;

	run_quietly(&mapped, "events", "observe=all");
	run_quietly(&written, "events", "observe=all:sink=write");
	ck_assert_mem_eq(mapped.count, written.count, sizeof(mapped.count));
	ck_assert_uint_gt(mapped.size, 2 << 20); /* the window was extended more than once */
	end_run(&mapped);
	end_run(&written);
}
END_TEST

/* A program that closes all descriptors and opens its own everywhere. */
static int
closer(void)
{
	struct stat st;
	int fd, last = -1;

	for (fd = 3; fd < 5000; fd++)
		close(fd);
	fd = open("mine.txt", O_RDWR | O_CREAT | O_TRUNC, 0600);
	while ((fd = dup(fd)) >= 0 && fd < 1010)
		last = fd;
	NEED(last > 1000 || errno == EMFILE);
	many_events();
	NEED(stat("mine.txt", &st) == 0 && st.st_size == 0);
	return (0);
}

START_TEST(the_programs_descriptors_are_its_own)
{
	struct run run;

	run_quietly(&run, "closer", "observe=all");
	ck_assert_uint_eq(run.count[WIT_REC_EVENT], 3 * MANY);
	ck_assert_int_eq(unlink("mine.txt"), 0);
	end_run(&run);
}
END_TEST

/* What open() gives first is what it gives without us. */
static int
lowest(void)
{
	int fd = open("/dev/null", O_RDONLY);

	printf("%d\n", fd);
	return (0);
}

START_TEST(no_low_descriptor_is_taken)
{
	struct run with, without;

	start_run(&with, "lowest", "", NULL);
	start_run(&without, "lowest", "enabled=0", NULL);
	ck_assert_ptr_null(without.map);
	ck_assert_str_eq(with.out, without.out);
	end_run(&with);
}
END_TEST

START_TEST(a_file_that_is_there_is_not_touched)
{
	struct run run;
	struct stat st;
	int fd = open("there.wit", O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "precious", 8), 8);
	close(fd);
	start_run(&run, "events", "file=there.wit:observe=all", NULL);
	ck_assert_int_eq(run.status, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "witness: cannot make the run file "));
	ck_assert_ptr_nonnull(strstr(run.err, "there.wit: File exists\n"));
	ck_assert_int_eq(stat("there.wit", &st), 0);
	ck_assert_int_eq(st.st_size, 8);
	unlink("there.wit");
}
END_TEST

static const struct scenario scenarios[] = {{"events", events}, {"killed", killed},
    {"killed_when_full", killed_when_full}, {"limited_later", limited_later}, {"closer", closer},
    {"lowest", lowest}, {NULL, NULL}};

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, max_file_bounds_it, 0, 4);
	tcase_add_loop_test(tc, a_file_size_limit_is_no_signal, 0, 2);
	tcase_add_loop_test(tc, a_limit_set_later_is_seen, 0, 2);
	tcase_add_loop_test(tc, a_full_disk_is_said_lost, 0, 2);
	tcase_add_loop_test(tc, a_killed_process_leaves_its_records, 0, 2);
	tcase_add_test(tc, a_loss_is_said_before_the_end);
	tcase_add_test(tc, a_cut_file_is_read_as_far_as_it_goes);
	tcase_add_loop_test(tc, a_clean_end_leaves_no_slack, 0, 2);
	tcase_add_test(tc, mapped_and_written_are_the_same);
	tcase_add_test(tc, the_programs_descriptors_are_its_own);
	tcase_add_test(tc, no_low_descriptor_is_taken);
	tcase_add_test(tc, a_file_that_is_there_is_not_touched);
}

int
main(int argc, char *argv[])
{
	return (live_main(argc, argv, scenarios, "live: sink", add));
}
