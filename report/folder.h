/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folder.h - .witness/runs/ beside a store: run files, and what is kept of them.   room: report
 */
#ifndef REP_FOLDER_H
#define REP_FOLDER_H

#define REP_FOLDER_RUNS ".witness/runs"

struct rep_store;

/* Its absolute path; it is made, open to nobody else.  The caller frees it; NULL after one line on stderr. */
char *rep_folder_runs(const struct rep_store *store);

#endif
