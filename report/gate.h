/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gate.h - may this go in?  The exit status of continuous integration.   room: report
 */
#ifndef REP_GATE_H
#define REP_GATE_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline.h"
#include "view.h"

/* Exit statuses of the command, everywhere. */
enum rep_status {
	REP_STATUS_OK = 0,
	REP_STATUS_NO = 1, /* new findings; not as the table says */
	REP_STATUS_USAGE = 2, /* or input that cannot be read, output that cannot be written */
	REP_STATUS_INCOMPLETE = 3
};

struct rep_gate {
	enum wit_level level; /* fails on findings at this level and above */
	unsigned confidence; /* and at this confidence and above, rep_verdict_confidence() */
	bool complete; /* a static run with degraded source units counts as incomplete, too */
};

/* A finding as the baseline sees it. */
struct rep_baseline_case rep_gate_case(const struct rep_finding *finding);
/* Every finding's is_new and accepted, by a baseline; and the baseline's entries that matched. */
void rep_gate_judge(struct rep_view *view, struct rep_baseline *baseline);

/* Writes what is new, what was accepted, and what of the baseline has expired or matches nothing; the status. */
enum rep_status rep_gate_write(
    FILE *out, const struct rep_gate *gate, const struct rep_view *view, const struct rep_baseline *baseline);

#endif
