/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workload.h - what makes the kernel work, and what must hold when it has rested.   room: corpus/workload
 *
 * A workload runs on a machine, in its first process: workload_boot(), its own
 * work, workload_quiesce().  Its processes are user programs: their data lies in
 * simulated memory; what the workload knows about them (the oracle) does not.
 */
#ifndef WORKLOAD_WORKLOAD_H
#define WORKLOAD_WORKLOAD_H

#include <stdint.h>

#include "kern/machine.h"
#include "kern/param.h"

/* One conservation check: how many violations, each said by kprintf() already. */
struct workload_check {
	const char *name;
	int bad;
};

#define WORKLOAD_CHECKS 4

struct workload_result {
	int boot_error; /* errno: the swap file could not be made; nothing ran */
	int processes;
	uint64_t verified; /* pages whose contents were compared */
	uint64_t wrong; /* of these, not as written */
	uint64_t faults;
	uint64_t pageouts, pagesout, pageins, pagesin; /* transfers, pages */
	uint64_t errors; /* transfers that failed */
	int swblocks; /* most that were in use at once, when looked at */
	int swapmeta_slabs;
	uint64_t hits[MAXCPU]; /* UMA cache hits of each CPU */
	int quiet; /* the checks below were made */
	struct workload_check check[WORKLOAD_CHECKS];
	int checks;
};

/* The VM, a swap file of machine.swap_pages, the page daemon.  0 or -errno: no swap file. */
int workload_boot(struct workload_result *r);
/* With every process gone: gives caches back, stops the daemons, makes the checks. */
void workload_quiesce(struct workload_result *r);
/* Copies the counts of now. */
void workload_counts(struct workload_result *r);

/* W3: anonymous memory, half as much again as there is RAM. */
void w03_run(struct workload_result *r);
/* The least RAM; and swap, for the case that every page has a block there. */
int w03_pages_wanted(const struct machine_config *cfg);
int w03_swap_wanted(const struct machine_config *cfg);

#endif
