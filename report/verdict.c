/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * verdict.c - how bad a finding is, and why not worse.         room: report
 *
 * V1  A cycle over classes is an inversion.  It rises no further: whether its
 *     threads, gates, order by create and join, and instances allow a deadlock is
 *     not judged yet.  The evidence for that is in the store.
 * V2  Of the other kinds, what a run saw took place: finding.def's `seen`.  What
 *     was derived alone has finding.def's `derived`.
 * V3  What a run saw has high confidence.
 */
#include <stddef.h>
#include <string.h>

#include "verdict.h"

struct rep_verdict
rep_verdict_judge(const struct rep_verdict_evidence *evidence)
{
	const struct wit_finding_info *info = wit_finding_info(evidence->kind);
	struct rep_verdict verdict = {.level = WIT_LEVEL_INVERSION};

	if (info == NULL || info->seen == WIT_LEVEL_CYCLE) {
		verdict.why = "instances not judged yet"; /* V1 */
	} else if (evidence->seen) {
		verdict.level = info->seen;
		verdict.why = verdict.level == WIT_LEVEL_ACTUAL ? "nothing is higher: it took place"
								: "a run saw it"; /* V2 */
	} else {
		verdict.level = info->derived;
		verdict.why = "no run saw it";
	}
	verdict.confidence = evidence->seen ? "high" : "low";
	verdict.confidence_why = evidence->seen ? "recorded at run time" : "derived only"; /* V3 */
	return (verdict);
}

unsigned
rep_verdict_confidence(const char *word)
{
	static const char *const words[] = {"low", "medium", "high"};

	for (unsigned i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			return (i + 1);
	return (0);
}
