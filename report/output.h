/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.h - the file that a report is written to.             room: report
 */
#ifndef REP_OUTPUT_H
#define REP_OUTPUT_H

#include <stdio.h>

struct rep_output {
	FILE *file; /* what is written to */
	char *path; /* of the file that it becomes */
	char *beside; /* what is written until then; NULL: that file itself */
};

/* 0, or a negative errno after one line on stderr. */
int rep_output_open(struct rep_output *output, const char *path);

/*
 * Closes it.  error: what the writer had, or 0.  0 when every byte is there under its
 * name; else a negative errno after one line, and the file that was there is as it was.
 */
int rep_output_close(struct rep_output *output, int error);

#endif
