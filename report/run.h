/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run.h - starts programs under the tracker and takes in what they wrote.   room: report
 */
#ifndef REP_RUN_H
#define REP_RUN_H

#include <stdbool.h>

/* What `corpus run` was asked for. */
struct rep_run_request {
	const char *db; /* store */
	const char *baseline; /* or NULL */
	const char *observe; /* NULL: all */
	bool keep_runs, colour;
	char **argument; /* for witness-corpus: name, then its own options; NULL-ended */
	int arguments;
};

/* Runs `witness-corpus list ...` and returns its status, or 126, 127 where it cannot be started. */
int rep_run_corpus_list(char **argument, int arguments);

/* One scenario under the tracker: alarms as they happen, import, summary, and whether it was as its table says.  An exit status. */
int rep_run_corpus(const struct rep_run_request *request);

typedef void rep_run_handler(int sig);

/*
 * A signal shall not end us, and a program that we start shall have it as our caller
 * had it.  The disposition that was: for signal() to bring back.
 */
rep_run_handler *rep_run_outlive(int sig);

#endif
