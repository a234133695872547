/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.c - starts programs under the tracker and takes in what they wrote.   room: report
 *
 * N1  Nothing is printed inside the program: its alarms go to the run file, and we
 *     print them as they come.  Its standard output is its own.
 * N2  The run file lies beside the store until it is imported.  That of a process
 *     without an end record stays, and with it, as FILE.state, the last word of
 *     its memory of who held what.
 * N3  The terminal's signals are the program's; we live on to import what it left.
 *     What is sent to us alone (TERM, HUP) is passed on to it, to the same end.
 *     We catch what we outlive, so that the program finds ignored what our caller
 *     ignored (nohup), and nothing else.
 * N4  The table of the scenario is asked first: what it refuses is not run.
 * N5  A mistake in the caller's own WITNESS_OPTIONS ends us before anything is
 *     started or made.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "alarm.h"
#include "core/state.h"
#include "expect.h"
#include "folder.h"
#include "gate.h"
#include "import.h"
#include "records.h"
#include "render.h"
#include "run.h"
#include "run_options.h"
#include "say.h"
#include "store.h"
#include "symbol.h"
#include "view.h"

#define CORPUS "witness-corpus"
#define STATE_SLOTS 1024
#define TICK_MS 20
#define UNTRACKED "enabled=0" /* lists and tables are no runs */

/* ---- starting ---- */

static void
live_on(int sig)
{
	(void)sig;
}

/* What is ignored stays so. */
static rep_run_handler *
handle(int sig, rep_run_handler *how)
{
	rep_run_handler *was = signal(sig, how);

	if (was == SIG_IGN)
		signal(sig, SIG_IGN);
	return (was);
}

/* N3 */
rep_run_handler *
rep_run_outlive(int sig)
{
	return (handle(sig, live_on));
}

/* The program being run, and a signal that came before it was: both for pass_on() alone. */
static volatile sig_atomic_t passing_to, passing_late;

static void
pass_on(int sig)
{
	if (passing_to > 0)
		kill((pid_t)passing_to, sig);
	else
		passing_late = sig;
}

static char *
beside_us(const char *name)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return (rep_say_string(name));
	self[n] = '\0';
	*(strrchr(self, '/') + 1) = '\0';
	return (rep_say_format("%s%s", self, name));
}

static char **
arguments_of(const char *program, const char *command, char **argument, int arguments)
{
	char **argv = rep_say_alloc((size_t)(arguments + 3) * sizeof(*argv));

	argv[0] = (char *)program;
	argv[1] = (char *)command;
	memcpy(argv + 2, argument, (size_t)arguments * sizeof(*argv));
	return (argv);
}

/* The child's side: the caller's signals, then the program; its failure goes up the pipe. */
static void
become(char *const argv[], int out, const char *options, int report)
{
	static const int ours[] = {SIGINT, SIGQUIT, SIGXFSZ};
	int error;

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (signal(ours[i], SIG_DFL) == SIG_IGN)
			signal(ours[i], SIG_IGN);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	setenv("WITNESS_OPTIONS", options, 1);
	execv(argv[0], argv);
	error = errno;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/*
 * A program, with its WITNESS_OPTIONS, its standard output to out (or ours, -1).
 * Its pid; else 125 to 127, negative, after one line.
 */
static pid_t
start(char *const argv[], int out, const char *options)
{
	int report[2], error = 0;
	pid_t pid;

	fflush(stdout);
	if (pipe2(report, O_CLOEXEC) != 0)
		return (rep_say(-125, "%s cannot be started: %s", argv[0], strerror(errno)));
	pid = fork();
	if (pid == 0)
		become(argv, out, options, report[1]);
	close(report[1]);
	if (pid < 0)
		error = errno;
	else if (read(report[0], &error, sizeof(error)) > 0)
		waitpid(pid, NULL, 0);
	close(report[0]);
	if (error == 0)
		return (pid);
	if (pid < 0)
		return (rep_say(-125, "%s cannot be started: %s", argv[0], strerror(error)));
	if (error == ENOENT)
		return (rep_say(-127, "%s is not there: it is built and installed beside witness", argv[0]));
	return (rep_say(-126, "%s cannot be executed: %s", argv[0], strerror(error)));
}

/* As a shell says it: the exit status, or 128 and the signal. */
static int
status_of(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return (125);
	return (WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

int
rep_run_corpus_list(char **argument, int arguments)
{
	char *program = beside_us(CORPUS), **argv = arguments_of(program, "list", argument, arguments);
	pid_t pid = start(argv, -1, UNTRACKED);
	int status = pid < 0 ? -pid : status_of(pid);

	free(argv);
	free(program);
	return (status);
}

/* ---- one run ---- */

struct run {
	const struct rep_run_request *request;
	struct rep_store *store;
	struct rep_symbols *symbols;
	struct rep_records records;
	struct rep_expect expect;
	struct rep_import import;
	char *program, *file; /* the run file */
	size_t printed; /* alarms */
	int state; /* memfd */
	int status; /* of the program */
	bool opened;
};

/* N4 */
static int
ask_table(struct run *run)
{
	char **argv = arguments_of(run->program, "expect", run->request->argument, run->request->arguments);
	int out[2], status;
	FILE *in;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) != 0) {
		free(argv);
		return (-rep_say(-REP_STATUS_USAGE, "pipe: %s", strerror(errno)));
	}
	pid = start(argv, out[1], UNTRACKED);
	close(out[1]);
	free(argv);
	in = fdopen(out[0], "r");
	if (pid >= 0 && in != NULL)
		rep_expect_read(&run->expect, in);
	if (in != NULL)
		fclose(in);
	status = pid < 0 ? -pid : status_of(pid);
	if (status != 0 && pid >= 0 && status != REP_STATUS_USAGE)
		return (-rep_say(
		    -REP_STATUS_USAGE, "%s has no table for this run (status %d)", run->program, status));
	return (status);
}

/* N2: a name of its own in .witness/runs/ beside the store. */
static int
name_file(struct run *run)
{
	char *folder = rep_folder_runs(run->store);
	uint64_t number;

	if (folder == NULL)
		return (-EIO);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		number = (uint64_t)getpid();
	run->file = rep_say_format("%s/%016llx.wit", folder, (unsigned long long)number);
	free(folder);
	return (0);
}

static int
make_state(void)
{
	int fd = memfd_create("witness-state", 0);

	if (fd >= 0 &&
	    ftruncate(fd, WIT_STATE_HEADER + STATE_SLOTS * (off_t)sizeof(struct wit_state_slot)) != 0) {
		close(fd);
		fd = -1;
	}
	return (fd);
}

/* N1.  Prints the alarms that have come. */
static void
follow(struct run *run)
{
	if (!run->opened) {
		if (access(run->file, R_OK) != 0 || rep_records_ready(run->file) == false)
			return;
		run->opened = rep_records_open(&run->records, run->file) == 0;
	}
	if (!run->opened || rep_records_follow(&run->records) != 0)
		return;
	for (; run->printed < rep_records_count(&run->records, WIT_REC_ALARM); run->printed++)
		rep_alarm_write(stderr, &run->records, run->symbols, run->printed);
}

static void
wait_and_follow(struct run *run, pid_t pid)
{
	struct pollfd watch = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
	siginfo_t info = {.si_pid = 0};

	for (;;) {
		poll(&watch, watch.fd < 0 ? 0 : 1, TICK_MS);
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0)
			break;
		follow(run);
	}
	if (watch.fd >= 0)
		close(watch.fd);
	run->status = status_of(pid);
	follow(run);
}

static int
execute(struct run *run)
{
	char **argv = arguments_of(run->program, "run", run->request->argument, run->request->arguments);
	rep_run_handler *interrupt, *quit, *hangup, *terminate;
	char *options;
	pid_t pid;

	run->state = make_state();
	options = rep_run_options(run->file, run->request->observe, run->state);
	interrupt = rep_run_outlive(SIGINT);
	quit = rep_run_outlive(SIGQUIT);
	hangup = handle(SIGHUP, pass_on);
	terminate = handle(SIGTERM, pass_on);
	pid = start(argv, -1, options);
	if (pid >= 0) {
		passing_to = pid;
		if (passing_late != 0)
			kill(pid, passing_late);
		wait_and_follow(run, pid);
		passing_to = 0;
	}
	signal(SIGINT, interrupt);
	signal(SIGQUIT, quit);
	signal(SIGHUP, hangup);
	signal(SIGTERM, terminate);
	free(options);
	free(argv);
	return (pid < 0 ? -pid : 0);
}

/* ---- after the run ---- */

/* N2: what the program said last of who held what. */
static void
keep_state(struct run *run)
{
	size_t size = WIT_STATE_HEADER + STATE_SLOTS * sizeof(struct wit_state_slot);
	char *path = rep_say_format("%s.state", run->file);
	void *at = mmap(NULL, size, PROT_READ, MAP_SHARED, run->state, 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (at == MAP_FAILED || fd < 0 || write(fd, at, size) != (ssize_t)size)
		rep_say_note("%s: the last state could not be kept: %s", path, strerror(errno));
	if (at != MAP_FAILED)
		munmap(at, size);
	if (fd >= 0)
		close(fd);
	free(path);
}

static int
take_in(struct run *run)
{
	int error;

	if (access(run->file, R_OK) != 0)
		return (
		    rep_say(-ENOENT, "the program left no run file (it ended with status %d)", run->status));
	error = rep_import_file(&run->import, run->store, run->symbols, run->file, run->status);
	if (error != 0)
		rep_say(0, "the run file stays: %s", run->file);
	else if (run->import.ended && !run->request->keep_runs)
		unlink(run->file);
	else if (!run->import.ended)
		keep_state(run);
	return (error);
}

/* A class that nobody has is observed in vain: most likely its name was mistyped. */
static void
say_unobserved(const char *observe, const struct rep_view *view)
{
	char *names = rep_say_string(observe), *rest = names, *name;

	while ((name = strsep(&rest, ",")) != NULL)
		if (strcmp(name, "all") != 0 && strcmp(name, "none") != 0 &&
		    rep_render_class(view, name) == SIZE_MAX)
			rep_say_note("--observe: the run had no class \"%s\"", name);
	free(names);
}

static enum rep_status
conclude(struct run *run, const struct rep_view *view)
{
	char *differs = rep_expect_compare(&run->expect, view);
	enum rep_status status = run->import.complete ? REP_STATUS_OK : REP_STATUS_INCOMPLETE;

	if (run->request->observe != NULL)
		say_unobserved(run->request->observe, view);
	if (run->status > 128) {
		rep_say(0, "the program was killed by signal %d (%s)", run->status - 128,
		    strsignal(run->status - 128));
		status = REP_STATUS_NO;
	} else if (run->status != 0) {
		rep_say(0, "the program's own checks failed: it ended with status %d", run->status);
		status = REP_STATUS_NO;
	}
	if (differs != NULL) {
		rep_say(0, "not as the table says: %s", differs);
		status = REP_STATUS_NO;
	} else if (status == REP_STATUS_OK) {
		puts(run->expect.any ? "the table has no row for these switches: anything goes"
				     : "as the table says");
	}
	free(differs);
	return (status);
}

static int
summarise(struct run *run)
{
	struct rep_selection selection = {.run = run->import.run, .baseline = run->request->baseline};
	struct rep_view view;
	int status, error;

	printf("run %s\n", run->import.run);
	if (run->request->keep_runs && run->import.ended)
		printf("run file %s\n", run->file);
	if (!run->import.ended)
		printf("no end record; run file %s\n", run->file);
	if (run->import.events > 0) /* it lies where the run file lay */
		printf("%llu events %.*s%s\n", (unsigned long long)run->import.events,
		    (int)(strrchr(run->file, '/') - run->file), run->file,
		    strrchr(run->import.events_file, '/'));
	if (rep_view_load(&view, run->store, &selection) != 0)
		return (REP_STATUS_USAGE);
	error = rep_text_summary(stdout, &view, run->request->colour);
	status = error != 0 ? REP_STATUS_USAGE : (int)conclude(run, &view);
	rep_view_close(&view);
	return (status);
}

static int
run_all(struct run *run)
{
	int status;

	if (rep_run_options_check() != 0)
		return (125);
	status = ask_table(run);
	if (status != 0)
		return (status);
	if (rep_store_open(&run->store, run->request->db, REP_STORE_WRITE) != 0 || name_file(run) != 0)
		return (REP_STATUS_USAGE);
	run->symbols = rep_symbol_open();
	status = execute(run);
	if (status != 0)
		return (status);
	if (run->status == REP_STATUS_USAGE) { /* it has said why */
		unlink(run->file);
		return (REP_STATUS_USAGE);
	}
	if (take_in(run) != 0)
		return (REP_STATUS_USAGE);
	return (summarise(run));
}

int
rep_run_corpus(const struct rep_run_request *request)
{
	struct run run = {.request = request, .program = beside_us(CORPUS), .state = -1};
	int status = run_all(&run);

	if (run.opened)
		rep_records_close(&run.records);
	rep_symbol_close(run.symbols);
	rep_store_close(run.store);
	rep_expect_fini(&run.expect);
	if (run.state >= 0)
		close(run.state);
	free(run.program);
	free(run.file);
	return (status);
}
