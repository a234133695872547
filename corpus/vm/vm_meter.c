/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_meter.c - the VM's counts, and page conservation.
 *
 * 1 Every page is in exactly one place: on a queue, wired, or off its queue because
 *   it is busy.  On a quiet machine nothing is busy, held, or being written out.
 */
#include "vm/vm_meter.h"
#include "kern/param.h"
#include "vm/pmap.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_map.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"

struct vmmeter cnt;

void
vm_meter_print(void)
{
	kprintf("%9d pages: %d free, %d cache, %d inactive, %d active, %d wired\n", cnt.v_page_count,
	    cnt.v_free_count, cnt.v_cache_count, cnt.v_inactive_count, cnt.v_active_count, cnt.v_wire_count);
	kprintf("%9d free target, %d min, %d severe, %d reserved, %d inactive target\n", cnt.v_free_target,
	    cnt.v_free_min, cnt.v_free_severe, cnt.v_free_reserved, cnt.v_inactive_target);
	kprintf("%9ju faults, %ju zero filled (%ju ready), %ju waits for a busy page\n",
	    (uintmax_t)cnt.v_vm_faults, (uintmax_t)cnt.v_zfod, (uintmax_t)cnt.v_ozfod,
	    (uintmax_t)cnt.v_intrans);
	kprintf("%9ju transfers in, %ju out; %ju pages in, %ju out\n", (uintmax_t)cnt.v_swapin,
	    (uintmax_t)cnt.v_swapout, (uintmax_t)cnt.v_swappgsin, (uintmax_t)cnt.v_swappgsout);
	kprintf("%9ju daemon wake-ups, %ju pages looked at, %ju freed, %ju reactivated; %ju memory waits\n",
	    (uintmax_t)cnt.v_pdwakeups, (uintmax_t)cnt.v_pdpages, (uintmax_t)cnt.v_dfree,
	    (uintmax_t)cnt.v_reactivated, (uintmax_t)cnt.v_vmwaits);
}

static int
page_violation(const struct vm_page *m, const char *what)
{
	kprintf("C1 page %u (queue %d, flags %04x): %s\n", VM_PAGE_ID(m), m->queue, m->flags, what);
	return (1);
}

/* One page against the rules of its queue. */
static int
check_one(struct vm_page *m)
{
	int bad = 0;

	if (m->busy != 0 || (m->flags & (PG_BUSY | PG_SWAPINPROG)))
		bad += page_violation(m, "busy");
	if (m->hold_count != 0)
		bad += page_violation(m, "held");
	if (m->queue == PQ_FREE && (m->object != NULL || m->dirty || m->wire_count || pmap_page_is_mapped(m)))
		bad += page_violation(m, "free, but owned, dirty, wired or mapped");
	if (m->queue == PQ_CACHE &&
	    (m->object == NULL || m->dirty || m->wire_count || pmap_page_is_mapped(m)))
		bad += page_violation(m, "in the cache, but homeless, dirty, wired or mapped");
	if ((m->queue == PQ_ACTIVE || m->queue == PQ_INACTIVE) && (m->object == NULL || m->wire_count))
		bad += page_violation(m, "on a paging queue, but homeless or wired");
	if (m->queue == PQ_NONE && m->wire_count == 0)
		bad += page_violation(m, "on no queue and not wired: lost");
	if (m->queue == PQ_HOLD)
		bad += page_violation(m, "on the hold queue");
	return (bad);
}

static int
check_count(const char *what, int counted, int kept)
{
	if (counted == kept)
		return (0);
	kprintf("C1 %s: %d counted, %d kept\n", what, counted, kept);
	return (1);
}

int
vm_page_check(void)
{
	int on[PQ_COUNT] = {0}, wired = 0, zero = 0, bad = 0;
	struct vm_page *m;

	for (int i = 0; i < vm_page_array_size; i++) {
		m = &vm_page_array[i];
		on[m->queue]++;
		wired += m->wire_count > 0;
		zero += m->queue == PQ_FREE && (m->flags & PG_ZERO);
		bad += check_one(m);
	}
	for (int q = PQ_FREE; q < PQ_COUNT; q++) {
		int n = 0;

		TAILQ_FOREACH (m, &vm_page_queues[q].pl, pageq) {
			n++;
			if (m->queue != q)
				bad += page_violation(m, "on a list that is not its queue's");
		}
		bad += check_count("pages on a queue", n, on[q]);
		bad += check_count("a queue's lcnt", n, vm_page_queues[q].lcnt);
		if (vm_page_queues[q].cnt != NULL)
			bad += check_count("a queue's count", n, *vm_page_queues[q].cnt);
	}
	bad += check_count("wired pages", wired, cnt.v_wire_count);
	bad += check_count("zeroed free pages", zero, vm_page_zero_count);
	bad += check_count("all pages",
	    on[PQ_FREE] + on[PQ_CACHE] + on[PQ_ACTIVE] + on[PQ_INACTIVE] + on[PQ_HOLD] + wired,
	    cnt.v_page_count);
	return (bad);
}

int
vm_check_all(void)
{
	return (vm_page_check() + vm_object_check() + vm_map_check(kernel_map) + vm_map_check(kmem_map) +
		pmap_check());
}
