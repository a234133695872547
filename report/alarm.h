/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alarm.h - what live alarmed about, in WITNESS's own lines.    room: report
 */
#ifndef REP_ALARM_H
#define REP_ALARM_H

#include <stddef.h>
#include <stdio.h>

struct rep_records;
struct rep_symbols;

/*
 * Writes the n-th alarm of a run file: headline, 1st, 2nd and 3rd line, the
 * stack with functions and lines.  0 or a negative errno when the stream takes no more.
 */
int rep_alarm_write(FILE *out, const struct rep_records *records, struct rep_symbols *symbols, size_t n);

#endif
