/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pageout.h - the page daemon, and waiting for memory.              room: corpus/vm
 *
 * Sleepers  vm_wait() and vm_waitpfault() sleep on &cnt.v_free_count; the page
 *           daemon itself on &vm_pageout_pages_needed, which is woken earlier, so
 *           that it can finish what it frees memory with.
 */
#ifndef VM_VM_PAGEOUT_H
#define VM_VM_PAGEOUT_H

#include "vm/vm.h"
#include "vm/vm_meter.h"

extern int vm_pages_needed; /* somebody waits: the daemon's call (Q) */
extern int vm_pageout_pages_needed; /* the daemon waits (Q) */
extern int vm_pageout_deficit; /* pages asked for in vain */
extern int vm_pageout_page_count; /* pages a cluster */

#define VM_WAIT vm_wait()
#define VM_WAITPFAULT vm_waitpfault()

/* Pages in free and cache below which allocation of a class hurts; unlocked reads. */
static inline int
vm_page_count_severe(void)
{
	return (cnt.v_free_severe > cnt.v_free_count + cnt.v_cache_count);
}

static inline int
vm_page_count_min(void)
{
	return (cnt.v_free_min > cnt.v_free_count + cnt.v_cache_count);
}

static inline int
vm_page_count_target(void)
{
	return (cnt.v_free_target > cnt.v_free_count + cnt.v_cache_count);
}

static inline int
vm_paging_target(void)
{
	return ((cnt.v_free_target + cnt.v_cache_min) - (cnt.v_free_count + cnt.v_cache_count));
}

static inline int
vm_paging_needed(void)
{
	return (cnt.v_free_reserved + cnt.v_cache_min > cnt.v_free_count + cnt.v_cache_count);
}

void vm_wait(void); /* no mutex held but Giant */
void vm_waitpfault(void); /* the same, for a faulting user thread */
void pagedaemon_wakeup(void); /* any lock may be held but spin locks */
void vm_pageout_init_thresholds(void); /* from the pages there are */
void vm_pageout_start(void); /* starts the page daemon's thread (pageproc) */
/*
 * Write out count pages of one locked object, all of them write-protected here;
 * Q held, dropped inside and taken again.  Returns how many left memory's debt.
 */
int vm_pageout_flush(struct vm_page **mc, int count, int flags);

#endif
