/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * live_fixture.h - runs a small program under the runtime and reads its run file.
 *
 * The program is this very test, executed again as `TEST --scenario NAME` with
 * WITNESS_OPTIONS of its own: the runtime starts with the process, so a forked
 * child would not do.  What a scenario prints on stdout and stderr is kept.
 */
#ifndef LIVE_FIXTURE_H
#define LIVE_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/event.h"
#include "core/finding.h"
#include "core/runfile.h"
#include "witness.h"

#define ASK(lo, flags) witness_checkorder((lo), (flags) | LOP_NEWORDER, WITNESS_FILE, WITNESS_LINE, NULL)
#define TAKE(lo)                                                                                             \
	do {                                                                                                 \
		ASK((lo), LOP_EXCLUSIVE);                                                                    \
		witness_lock((lo), LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE);                               \
	} while (0)
#define DROP(lo) witness_unlock((lo), LOP_EXCLUSIVE, WITNESS_FILE, WITNESS_LINE)

/* A scenario that expects something of the API itself says so by its exit status. */
#define NEED(what)                                                                                           \
	do {                                                                                                 \
		if (!(what)) {                                                                               \
			dprintf(2, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                        \
			exit(99);                                                                            \
		}                                                                                            \
	} while (0)

struct scenario {
	const char *name;
	int (*run)(void);
};

struct run {
	char file[128];
	int status; /* as waitpid() gives it */
	char out[4096], err[16384];
	const char *map;
	size_t size;
	enum wit_reader_result opened;
	uint64_t bad_bytes;
	size_t end;
	uint32_t count[32]; /* records by type */
};

static inline struct witness_lock_object
lock_named(const char *name, uint32_t flags)
{
	return (
	    (struct witness_lock_object){.lo_name = name, .lo_flags = flags | LO_CLASS(WITNESS_SLEEP_MUTEX)});
}

static inline void
slurp(int fd, char *text, size_t room)
{
	size_t have = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	while (have < room - 1 && (n = read(fd, text + have, room - 1 - have)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	close(fd);
}

static inline void
read_run(struct run *run)
{
	const struct wit_rec *rec;
	struct wit_reader reader;
	struct stat st;
	int fd = open(run->file, O_RDONLY);

	if (fd < 0)
		return;
	ck_assert_int_eq(fstat(fd, &st), 0);
	run->size = (size_t)st.st_size;
	run->map = mmap(NULL, run->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	ck_assert_ptr_ne(run->map, MAP_FAILED);
	run->opened = wit_reader_open(&reader, run->map, run->size);
	while ((rec = wit_reader_next(&reader, false)) != NULL)
		run->count[rec->type < 32 ? rec->type : 0]++;
	run->bad_bytes = reader.bad_bytes;
	run->end = reader.end;
}

/* Into the child: its options and outputs; `first` may change what it starts with. */
static inline void
become(const char *name, const char *options, int out, int err, void (*first)(void))
{
	dup2(out, 1);
	dup2(err, 2);
	if (first != NULL)
		first();
	setenv("WITNESS_OPTIONS", options, 1);
	execl("/proc/self/exe", "scenario", "--scenario", name, (char *)NULL);
	_exit(127);
}

/* Runs a scenario with more options; its run file's name is the fixture's. */
static inline void
start_run(struct run *run, const char *name, const char *more, void (*first)(void))
{
	static unsigned number;
	char options[512];
	int out = memfd_create("out", 0), err = memfd_create("err", 0);
	pid_t pid;

	memset(run, 0, sizeof(*run));
	snprintf(run->file, sizeof(run->file), "live.%d.%u.wit", (int)getpid(), number++);
	snprintf(options, sizeof(options), "file=%s%s%s", run->file, *more != '\0' ? ":" : "", more);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(name, options, out, err, first);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(waitpid(pid, &run->status, 0), pid);
	slurp(out, run->out, sizeof(run->out));
	slurp(err, run->err, sizeof(run->err));
	read_run(run);
}

/* The usual: a clean run with nothing on the console. */
static inline void
run_quietly(struct run *run, const char *name, const char *more)
{
	char options[256];

	snprintf(options, sizeof(options), "console=none%s%s", *more != '\0' ? ":" : "", more);
	start_run(run, name, options, NULL);
	ck_assert_msg(run->status == 0, "%s: status %x\n%s", name, (unsigned)run->status, run->err);
	ck_assert_str_eq(run->err, "");
	ck_assert_int_eq(run->opened, WIT_READER_OK);
	ck_assert_uint_eq(run->bad_bytes, 0);
	ck_assert_uint_eq(run->count[WIT_REC_END], 1);
	ck_assert_uint_eq(run->count[WIT_REC_LOST], 0);
}

static inline void
end_run(struct run *run)
{
	if (run->map != NULL)
		munmap((void *)(uintptr_t)run->map, run->size);
	unlink(run->file);
}

/* The i-th (from 0) record of a type: its payload, or NULL. */
static inline const void *
record(const struct run *run, unsigned type, uint32_t i)
{
	struct wit_reader reader;
	const struct wit_rec *rec;

	wit_reader_open(&reader, run->map, run->size);
	while ((rec = wit_reader_next(&reader, false)) != NULL)
		if (rec->type == type && i-- == 0)
			return (wit_reader_payload(rec, 0));
	return (NULL);
}

/* The record of a type whose payload begins with this id. */
static inline const void *
by_id(const struct run *run, unsigned type, uint32_t id)
{
	const uint32_t *payload;

	for (uint32_t i = 0; (payload = record(run, type, i)) != NULL; i++)
		if (*payload == id)
			return (payload);
	return (NULL);
}

/* The class name of an origin. */
static inline const char *
class_of(const struct run *run, uint32_t origin_id)
{
	const struct wit_rec_origin *origin = by_id(run, WIT_REC_ORIGIN, origin_id);
	const struct wit_rec_class *class = origin != NULL ? by_id(run, WIT_REC_CLASS, origin->class) : NULL;

	return (class != NULL ? (const char *)(class + 1) : "?");
}

static inline const struct wit_rec_counts *
counts(const struct run *run, uint32_t scope, uint32_t id)
{
	const struct wit_rec_counts *c, *last = NULL;

	for (uint32_t i = 0; (c = record(run, WIT_REC_COUNTS, i)) != NULL; i++)
		if (c->scope == scope && c->id == id)
			last = c;
	return (last);
}

/* This process is tracked too, and leaves a file. */
static inline void
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

/* main(): a scenario, or the tests. */
static inline int
live_main(int argc, char *argv[], const struct scenario *scenarios, const char *name, void (*add)(TCase *))
{
	Suite *suite;
	SRunner *runner;
	TCase *tc;
	int failed;

	if (argc == 3 && strcmp(argv[1], "--scenario") == 0) {
		for (; scenarios->name != NULL; scenarios++)
			if (strcmp(scenarios->name, argv[2]) == 0)
				return (scenarios->run());
		return (98);
	}
	drop_own_file();
	suite = suite_create(name);
	tc = tcase_create(name);
	tcase_set_timeout(tc, 60);
	add(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}

#endif
