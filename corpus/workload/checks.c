/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * checks.c - booting for a workload, and the conservation checks after it.   room: corpus/workload
 *
 * The checks ask whether anything was lost or left: pages (C1), swap blocks (C2,
 * C8), zones (C3), objects, maps and mappings (C4 to C6).  They are made when
 * every process is gone and every daemon has ended.
 */
#include "kern/machine.h"
#include "kern/proc.h"
#include "vm/swap_pager.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_meter.h"
#include "vm/vm_pageout.h"
#include "workload/workload.h"

int
workload_boot(struct workload_result *r)
{
	vm_mem_init();
	r->boot_error = -swaponfile(NULL, machine.swap_pages);
	if (r->boot_error == 0)
		vm_pageout_start();
	return (-r->boot_error);
}

void
workload_counts(struct workload_result *r)
{
	struct swap_stats swap;
	struct uma_zone_stats zone;

	swap_pager_statistics(&swap);
	r->faults = cnt.v_vm_faults;
	r->pageouts = swap.pageouts;
	r->pagesout = swap.pagesout;
	r->pageins = swap.pageins;
	r->pagesin = swap.pagesin;
	r->errors = swap.errors;
	r->swblocks = imax(r->swblocks, swap.swblocks);
	if (swap_zone != NULL) {
		uma_zone_statistics(swap_zone, &zone);
		r->swapmeta_slabs = zone.slabs;
	}
	for (int i = 0; i < mp_ncpus; i++)
		r->hits[i] = uma_cpu_hits(i);
}

static void
check(struct workload_result *r, const char *name, int bad)
{
	KASSERT(r->checks < WORKLOAD_CHECKS, ("too many checks"));
	r->check[r->checks++] = (struct workload_check){name, bad};
}

static int
swap_left(void)
{
	struct swap_stats swap;

	swap_pager_statistics(&swap);
	if (swap.used != 0 || swap.swblocks != 0)
		kprintf("swap: %lld blocks and %d swblocks left over\n", (long long)swap.used, swap.swblocks);
	return (swap.used != 0 || swap.swblocks != 0);
}

void
workload_quiesce(struct workload_result *r)
{
	uma_reclaim();
	machine_shutdown();
	check(r, "vm", vm_check_all());
	check(r, "swap", swap_pager_check());
	check(r, "swap-left", swap_left());
	check(r, "zones", uma_check());
	r->quiet = 1;
}
