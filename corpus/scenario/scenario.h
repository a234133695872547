/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.h - one item of history: its switches, its workload, what is promised.   room: corpus/scenario
 *
 * Each scenario is one file, sNN.c, which defines a struct scenario and names it
 * with SCENARIO().  What the tracker must find is a row of its table for each
 * vector of the item's switches; for vectors the table does not know (some other
 * switch is not at its default) it promises nothing.
 */
#ifndef SCENARIO_SCENARIO_H
#define SCENARIO_SCENARIO_H

#include "kern/machine.h"
#include "workload/workload.h"

#define SCENARIO_SWITCHES 4

/* What is promised for one vector of the item's switches.  Lists end with NULL. */
struct scenario_row {
	const char *value[SCENARIO_SWITCHES]; /* of each switch, in the scenario's order */
	const char *finding[4]; /* "KIND CYCLE"; none: no finding at all */
	const char *edge[8]; /* "A -> B", direct edges that must be there */
};

struct scenario {
	const char *name; /* "s03" */
	const char *item; /* in the history */
	const char *title;
	const char *detects; /* what sees it */
	const char *switches[SCENARIO_SWITCHES + 1]; /* the item's, NULL ends */
	const struct scenario_row *row;
	int rows;
	/* The least RAM and swap it can do with, in pages, on that many CPUs and with that much RAM. */
	int (*pages_wanted)(const struct machine_config *cfg);
	int (*swap_wanted)(const struct machine_config *cfg);
	/* Runs in the machine's first process. */
	void (*run)(struct workload_result *r);
	/* What the run itself must show, the machine having ended well: NULL, or what is amiss. */
	const char *(*judge)(const struct workload_result *r, const struct machine_report *rep);
};

#define SCENARIO(s)                                                                                          \
	static const struct scenario *const s##_entry __attribute__((section("set_scenario"), used)) = &(s)

/* All scenarios, by name; NULL ends. */
const struct scenario *scenario_next(const struct scenario *s);
const struct scenario *scenario_find(const char *name);
const struct scenario *scenario_nearest(const char *name);
/* The row for the switches as they are now set, or NULL: nothing is promised. */
const struct scenario_row *scenario_promise(const struct scenario *s);

#endif
