/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.h - a history item made runnable, before and after.        room: corpus/scenario
 *
 * One file an item, s03.c and so on: what it runs, which switches are the
 * item's, and the table of what a run with these switches must lead to.  The
 * corpus knows nothing of findings; it only says what the table says, and who
 * watches the run compares.
 */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include <stdio.h>

#include "kern/machine.h"

#define SCENARIO_SWITCHES 4
#define SCENARIO_LINES 6

/* A row of the table: values of the item's switches, in their order, and the lines of `expect`. */
struct scenario_row {
	int value[SCENARIO_SWITCHES];
	const char *expect[SCENARIO_LINES]; /* "finding KIND A -> B -> A", "edge A -> B" */
};

struct scenario {
	const char *name; /* "s03" */
	const char *item; /* "S3" */
	const char *title;
	const char *detected_by;
	const char *switches[SCENARIO_SWITCHES]; /* NULL ends */
	const struct scenario_row *row;
	size_t rows;
	/* Frames of swap that cfg asks for at the least. */
	int (*swap_needed)(const struct machine_config *cfg);
	/* The run, as machine_run()'s main function; arg is the scenario's own. */
	void (*main)(void *arg);
	void *arg;
	/* After the run: prints the summary, returns 0 as promised, 1 not, 2 when it could not be set up. */
	int (*judge)(FILE *out, const struct machine_report *report);
};

extern const struct scenario scenario_s03;

#endif
