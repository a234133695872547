/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * baseline.h - the file of accepted findings.                  room: report
 *
 * Text that people review: blocks sorted by fingerprint, with the keys
 * fingerprint, level, cycle, why and, where it ends, until (YYYY-MM-DD).  A
 * baseline that is wrong anywhere accepts nothing: it is refused with its line.
 *
 * Errors    0 or a negative errno after one line on stderr (-EILSEQ: malformed).
 */
#ifndef REP_BASELINE_H
#define REP_BASELINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/finding.h"

struct rep_baseline_entry {
	char *fingerprint, *cycle, *why, *until; /* until "" for none */
	char **name; /* the classes of cycle, the closing one left out */
	size_t names;
	bool is_cycle; /* the fingerprint is that of these classes round a cycle */
	enum wit_level level;
	unsigned line; /* where it begins */
	bool expired;
	bool matched; /* set by rep_baseline_judge() */
	char *text; /* the block as it stands in the file, with the comments before it */
};

struct rep_baseline {
	char *path;
	struct rep_baseline_entry *entry; /* sorted by fingerprint */
	size_t count;
	char *tail; /* comments after the last block */
};

/* A finding as the baseline sees it. */
struct rep_baseline_case {
	const char *fingerprint;
	enum wit_level level;
	bool is_cycle;
	const char *const *classes;
	size_t class_count;
	const char *const *path; /* fingerprints of its paths */
	size_t path_count;
	bool paths_cut; /* there are more */
};

/*
 * Who changes the file holds this from before it is loaded until it is written: the
 * folder's lock, waited for.  A descriptor to close, or a negative errno after a line.
 */
int rep_baseline_lock(const char *path);

/* A file that is not there is empty: *found says so.  found may be NULL. */
int rep_baseline_load(struct rep_baseline *baseline, const char *path, bool *found);
void rep_baseline_fini(struct rep_baseline *baseline);

/*
 * Whether a finding is new (see baseline.c), and in *why the reason given for
 * it, "" where there is none.  Marks the entries that matched.
 */
bool rep_baseline_judge(
    struct rep_baseline *baseline, const struct rep_baseline_case *finding, const char **why);

/* Writes the file with this entry in its place, new or instead of the old; whole or not at all. */
int rep_baseline_accept(struct rep_baseline *baseline, const struct rep_baseline_case *finding,
    const char *why, const char *until);

/* A day that is one: YYYY-MM-DD. */
bool rep_baseline_is_date(const char *text);

#endif
