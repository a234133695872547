/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * run_options.h - the WITNESS_OPTIONS of a program that we start.   room: report
 *
 * The caller's own are handed on, and ours come behind and count: the run file,
 * silence on the console, what is observed, the memory for held lists.
 */
#ifndef REP_RUN_OPTIONS_H
#define REP_RUN_OPTIONS_H

/* 0, or -EINVAL after a line for each mistake in the caller's own: the program would say it within its output. */
int rep_run_options_check(void);

/* file: the run file's path, as it stands; observe: NULL for all; state: a descriptor, or -1.  The caller frees it. */
char *rep_run_options(const char *file, const char *observe, int state);

#endif
