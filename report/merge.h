/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * merge.h - the cycles of a lock graph.                        room: report
 *
 * Pure: edges in, cycles out.  The answer is a function of the set of edges,
 * not of the order in which they were found or are given: two runs with the
 * same edges have the same findings.
 *
 * Cost      for each edge inside a strongly connected component one search of
 *           that component: at most (edges of the component) squared steps.
 */
#ifndef REP_MERGE_H
#define REP_MERGE_H

#include <stddef.h>
#include <stdint.h>

/* An edge between classes; ids of classes are positions in the order of their names, from 0. */
struct rep_merge_edge {
	uint32_t from, to;
	uint8_t strengths; /* WIT_STRENGTH_*, order.h */
};

/* Positions in the array of edges, in order round the cycle, canonical rotation first. */
struct rep_merge_cycle {
	uint32_t *edge;
	size_t count;
	char fingerprint[17];
	uint32_t component; /* the least class of its component: cycles of one component stand together */
};

struct rep_merge {
	struct rep_merge_cycle *cycle; /* sorted by component, length, names */
	size_t count;
};

/* name[i] is the name of class i, sorted.  0, or -ENOMEM.  Edges with from == to are passed over. */
int rep_merge_cycles(struct rep_merge *merge, const char *const *name, size_t classes,
    const struct rep_merge_edge *edge, size_t edges);
void rep_merge_fini(struct rep_merge *merge);

#endif
