/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.h - how bad a finding is, and why not worse.         room: report
 *
 * A pure function of the evidence.  The rules are numbered in verdict.c.
 */
#ifndef REP_VERDICT_H
#define REP_VERDICT_H

#include <stdbool.h>

#include "core/finding.h"

/* What is known of a finding, as far as a rule asks for it. */
struct rep_verdict_evidence {
	unsigned kind; /* enum wit_finding_kind */
	bool seen; /* a run saw it, not the analyzer alone */
};

/* Strings are static. */
struct rep_verdict {
	enum wit_level level;
	const char *why; /* why not higher */
	const char *confidence; /* "high", "medium", "low" */
	const char *confidence_why;
};

struct rep_verdict rep_verdict_judge(const struct rep_verdict_evidence *evidence);

/* 3 high, 2 medium, 1 low, 0 for a word nobody knows. */
unsigned rep_verdict_confidence(const char *word);

#endif
