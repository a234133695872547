/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * expect.h - what a scenario's table says, against what was seen.   room: report
 *
 * Lines: `finding KIND A -> B -> A` (kinds without a cycle: the class), each of
 * which must be there, and no other finding; `edge A -> B`, which must be in the
 * graph; or `any` alone.
 */
#ifndef REP_EXPECT_H
#define REP_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct rep_view;

struct rep_expect {
	char **line;
	size_t count;
	bool any;
};

void rep_expect_read(struct rep_expect *expect, FILE *in);
void rep_expect_fini(struct rep_expect *expect);

/* What differs, in one line for the caller to free; NULL: nothing. */
char *rep_expect_compare(const struct rep_expect *expect, const struct rep_view *view);

#endif
