/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runtime.c - what the tracker's hot calls cost above functions that only return.
 *
 *     runtime [FILE.json]
 *
 * A pair is checkorder + lock + unlock.  Un-nested: nothing else is held.
 * Nested: one lock is held, and the order is known.  Both sides are called
 * through the same kind of pointer, in turn, many short rounds in one process; the
 * figure is the difference of the least of each, since others on the machine can
 * only add.  The noise is the same difference of the stub against itself.
 *
 * Where the loader happens to put stack and heap is worth a nanosecond or two:
 * five children are timed, and the median of their figures is the figure.  This
 * process then reads their run files: the pairs must be in them, or a tracker that was
 * switched off would be the fastest.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/stub.h"
#include "core/runfile.h"
#include "witness.h"

enum { CHILDREN = 5, ROUNDS = 500, PAIRS = 4000 };

struct ops {
	void (*checkorder)(
	    struct witness_lock_object *, unsigned, const char *, int, struct witness_lock_object *);
	void (*lock)(struct witness_lock_object *, unsigned, const char *, int);
	void (*unlock)(struct witness_lock_object *, unsigned, const char *, int);
};

static struct witness_lock_object outer = {.lo_name = "outer", .lo_flags = LO_CLASS(WITNESS_SLEEP_MUTEX)};
static struct witness_lock_object inner = {.lo_name = "inner", .lo_flags = LO_CLASS(WITNESS_SLEEP_MUTEX)};

static void
pair(const struct ops *ops, struct witness_lock_object *lo)
{
	ops->checkorder(lo, LOP_EXCLUSIVE | LOP_NEWORDER, WITNESS_FILE, WITNESS_LINE, NULL);
	ops->lock(lo, LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE);
	ops->unlock(lo, LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE);
}

static double
time_pairs(const struct ops *volatile ops)
{
	const struct ops *use = ops;
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	for (int i = 0; i < PAIRS; i++)
		pair(use, &inner);
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / PAIRS);
}

/* Tracker over stub, and stub over stub, in ns a pair. */
static void
measure(const struct ops *tracked, const struct ops *stub, double *over, double *noise)
{
	double least[3] = {1e9, 1e9, 1e9};

	for (int i = 0; i < ROUNDS; i++) {
		const struct ops *const side[3] = {stub, tracked, stub};

		for (int j = 0; j < 3; j++) {
			const double one = time_pairs(side[j]);

			least[j] = one < least[j] ? one : least[j];
		}
	}
	*noise = least[0] > least[2] ? least[0] - least[2] : least[2] - least[0];
	*over = least[1] - (least[0] < least[2] ? least[0] : least[2]);
}

/* ---- the child ---- */

static int
child(int out)
{
	const struct ops tracked = {witness_checkorder, witness_lock, witness_unlock};
	const struct ops stub = {stub_checkorder, stub_lock, stub_unlock};
	double figure[4];

	witness_init(&outer, "outer");
	witness_init(&inner, "inner");
	measure(&tracked, &stub, &figure[0], &figure[1]);
	tracked.checkorder(&outer, LOP_EXCLUSIVE | LOP_NEWORDER, WITNESS_FILE, WITNESS_LINE, NULL);
	tracked.lock(&outer, LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE);
	measure(&tracked, &stub, &figure[2], &figure[3]);
	tracked.unlock(&outer, LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE);
	return (write(out, figure, sizeof(figure)) == sizeof(figure) ? 0 : 1);
}

static int
run_child(char *self, const char *runfile, double figure[4])
{
	char options[256], number[16];
	int status = -1, to[2];
	pid_t pid;

	if (pipe(to) != 0)
		return (-1);
	snprintf(options, sizeof(options), "file=%s:console=none", runfile);
	snprintf(number, sizeof(number), "%d", to[1]);
	pid = fork();
	if (pid == 0) {
		setenv("WITNESS_OPTIONS", options, 1);
		execl("/proc/self/exe", self, "--child", number, (char *)NULL);
		_exit(127);
	}
	close(to[1]);
	if (read(to[0], figure, 4 * sizeof(*figure)) != (ssize_t)(4 * sizeof(*figure)))
		status = -2;
	close(to[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return (-1);
	return (status);
}

/* ---- was it tracked ---- */

/* 0 when the run file has every pair: so many acquisitions, so many of them nested. */
static int
tracked(const char *runfile)
{
	const uint64_t nested = (uint64_t)ROUNDS * PAIRS, all = 2 * nested + 1;
	uint64_t run = 0, dependencies = 0;
	struct wit_reader reader;
	const struct wit_rec *rec;
	struct stat st;
	int fd = open(runfile, O_RDONLY);
	void *at;

	if (fd < 0 || fstat(fd, &st) != 0)
		return (-1);
	at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (at == MAP_FAILED || wit_reader_open(&reader, at, (size_t)st.st_size) != WIT_READER_OK)
		return (-1);
	while ((rec = wit_reader_next(&reader, false)) != NULL) {
		const struct wit_rec_counts *counts = wit_reader_payload(rec, sizeof(*counts));

		if (rec->type != WIT_REC_COUNTS || counts == NULL)
			continue;
		if (counts->scope == WIT_COUNT_RUN)
			run = counts->acquisitions;
		else if (counts->scope == WIT_COUNT_DEPENDENCY)
			dependencies += counts->acquisitions;
	}
	munmap(at, (size_t)st.st_size);
	return (run == all && dependencies == nested ? 0 : -1);
}

/* Where the noise is more than the distance to the target, which side of it the cost is on is not known. */
static const char *
verdict(double value, double noise, double target)
{
	const double distance = value > target ? value - target : target - value;

	if (noise > distance)
		return ("not resolved");
	return (value <= target ? "met" : "missed");
}

static int
write_json(const char *path, const double figure[4])
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		return (-1);
	fprintf(f,
	    "{\"api_unnested_over_stub_ns\":{\"value\":%.2f,\"unit\":\"ns\",\"target\":4,\"noise\":%.2f,"
	    "\"verdict\":\"%s\"},\n"
	    " \"api_nested_over_stub_ns\":{\"value\":%.2f,\"unit\":\"ns\",\"target\":6,\"noise\":%.2f,"
	    "\"verdict\":\"%s\"}}\n",
	    figure[0], figure[1], verdict(figure[0], figure[1], 4), figure[2], figure[3],
	    verdict(figure[2], figure[3], 6));
	return (fclose(f));
}

static void
print(const char *name, double value, double noise, double target)
{
	printf("%-28s %8.2f ns   target %4.1f   noise %5.2f   %s\n", name, value, target, noise,
	    verdict(value, noise, target));
}

/* This process is tracked as well, and is not what is measured. */
static void
drop_own_file(void)
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "witness.*.%d.*.wit", (int)getpid());
	if (glob(pattern, 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
}

static int
by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return ((x > y) - (x < y));
}

/*
 * The median of the children's figures, in the first; where they differ among
 * themselves by more than the stub does from itself, that is the noise.
 */
static void
settle(double figure[CHILDREN][4])
{
	double one[CHILDREN], spread = 0;

	for (int i = 0; i < 4; i++) {
		for (int j = 0; j < CHILDREN; j++)
			one[j] = figure[j][i];
		qsort(one, CHILDREN, sizeof(one[0]), by_value);
		figure[0][i] = one[CHILDREN / 2];
		if (i % 2 == 1 && figure[0][i] < spread)
			figure[0][i] = spread;
		spread = (one[CHILDREN - 2] - one[1]) / 2;
	}
}

int
main(int argc, char *argv[])
{
	double figure[CHILDREN][4];
	char runfile[64];
	int status = 0;

	if (argc == 3 && strcmp(argv[1], "--child") == 0)
		return (child(atoi(argv[2])));
	drop_own_file();
	for (int i = 0; i < CHILDREN && status == 0; i++) {
		snprintf(runfile, sizeof(runfile), "/tmp/witness-bench.%d.%d.wit", (int)getpid(), i);
		status = run_child(argv[0], runfile, figure[i]);
		if (status == 0)
			status = tracked(runfile);
		unlink(runfile);
	}
	if (status != 0) {
		fprintf(stderr, "runtime: what was timed was not tracked (%d)\n", status);
		return (1);
	}
	settle(figure);
	print("api_unnested_over_stub_ns", figure[0][0], figure[0][1], 4);
	print("api_nested_over_stub_ns", figure[0][2], figure[0][3], 6);
	if (argc > 1 && write_json(argv[1], figure[0]) != 0) {
		perror(argv[1]);
		return (1);
	}
	return (0);
}
