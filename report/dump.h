/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.h - a run file as text, record by record.               room: report
 */
#ifndef REP_DUMP_H
#define REP_DUMP_H

#include <stdio.h>

/* Of a run file, or of events as trace.h packs them.  An exit status: 0, 2 cannot be read, 3 something in it was bad. */
int rep_dump_file(FILE *out, const char *path);

#endif
