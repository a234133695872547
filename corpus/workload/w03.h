/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * w03.h - anonymous memory above RAM, with a swap file.               room: corpus/workload
 *
 * Processes map more memory than there is, stamp every page, and come back to
 * it in another order, pass after pass: what was pushed out must come back as
 * it went.  Nothing is paged but because memory is short.
 */
#ifndef WORKLOAD_W03_H
#define WORKLOAD_W03_H

#include <stdint.h>

#include "kern/machine.h"
#include "vm/swap_pager.h"

#define W03_PROCESSES 4
#define W03_PASSES 3

struct w03_result {
	int swap_error; /* errno of the swap file, 0 none: then nothing ran */
	int pages; /* mapped, all processes */
	uint64_t verified, wrong; /* stamps read back */
	uint64_t refused; /* accesses that failed */
	struct swap_stats swap;
	int swapmeta_slabs;
	uint64_t uma_hits[MAXCPU];
	int page_faults_found, swap_faults_found, zone_faults_found,
	    pbufs_out; /* violations of conservation */
};

/* Pages of swap it may need on that machine. */
int w03_swap_needed(const struct machine_config *cfg);
/* The first process's main: boots the VM, runs, quiesces, checks.  arg: a struct w03_result, zeroed. */
void w03_main(void *arg);

#endif
