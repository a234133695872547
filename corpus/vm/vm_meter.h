/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_meter.h - how many pages are where, and what happened to them.    room: corpus/vm
 *
 * Threads   v_free_count is the free queue lock's; the other counts of queues,
 *           the targets are the page queue lock's; v_wire_count is atomic; deciding by an
 *           unlocked read is allowed and history.  Events are counted unlocked.
 */
#ifndef VM_VM_METER_H
#define VM_VM_METER_H

#include <stdint.h>

struct vmmeter {
	/* Pages. */
	int v_page_count; /* all that the VM manages */
	int v_free_count, v_cache_count, v_inactive_count, v_active_count, v_wire_count;
	/* Targets and limits (vm_pageout.h says how they are set). */
	int v_free_reserved, v_free_severe, v_free_min, v_free_target;
	int v_cache_min, v_cache_max;
	int v_inactive_target;
	int v_pageout_free_min, v_interrupt_free_min;
	/* Events. */
	uint64_t v_vm_faults; /* calls of vm_fault */
	uint64_t v_zfod, v_ozfod; /* pages zero-filled; of these already zeroed */
	uint64_t v_swapin, v_swapout, v_swappgsin, v_swappgsout; /* swap pager: transfers, pages */
	uint64_t v_intrans; /* waits for a page in transit */
	uint64_t v_reactivated; /* pages a referenced bit saved */
	uint64_t v_pdwakeups, v_pdpages; /* page daemon: wake-ups, pages looked at */
	uint64_t v_dfree; /* pages it freed */
	uint64_t v_tfree; /* pages freed, all told */
	uint64_t v_tcached; /* pages that went to the cache queue */
	uint64_t v_pfree; /* pages freed by exiting processes */
	uint64_t v_vmwaits; /* sleeps for want of memory */
};

extern struct vmmeter cnt;

static inline void
vm_cnt_add(int *count, int by)
{
	__atomic_fetch_add(count, by, __ATOMIC_RELAXED);
}

/* The v_* counts, one line each, by kprintf(). */
void vm_meter_print(void);

#endif
