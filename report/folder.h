/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folder.h - folders that report makes: .witness/runs/ beside a store, and parents.   room: report
 */
#ifndef REP_FOLDER_H
#define REP_FOLDER_H

#define REP_FOLDER_RUNS ".witness/runs"

struct rep_store;

/* Makes the folders that a file's path names, as far as they are not there.  0, or errno of the last that could not be. */
int rep_folder_parents(const char *path);

/* The absolute path of .witness/runs/; it is made, open to nobody else.  The caller frees it; NULL after one line on stderr. */
char *rep_folder_runs(const struct rep_store *store);

#endif
