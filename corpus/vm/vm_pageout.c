/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pageout.c - the page daemon: keeps some memory free, by writing the rest out.
 *
 * 1 The daemon takes page queues first, objects second: the order is the other
 *   way round, so it only tries an object's lock, and passes over the page when
 *   somebody has it.
 * 2 A dirty page gets a second chance: the first pass marks it (PG_WINATCFLS)
 *   and sends it round the queue once more; clean neighbours come first.
 * 3 What it writes it writes in clusters: the page's neighbours in the object
 *   that are inactive, dirty and idle go along.  The object stays locked over
 *   the pager's first step, the page queues do not.
 * 4 A place in the queue is kept by a marker while the locks are let go.
 * 5 Whoever needs memory and sleeps for it is woken by who frees; the daemon's
 *   own need (pv entries, swblocks) is served before everybody's (vm_wait()).
 * 6 Activity ages: a referenced page gains, an unreferenced one loses, and who
 *   has nothing left becomes inactive.
 */
#include "vm/vm_pageout.h"

#include "kern/proc.h"
#include "kern/sleepqueue.h"
#include "vm/swap_pager.h"
#include "vm/uma.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pager.h"

#define CLUSTER_MAX SWB_NPAGES
#define MAX_LAUNDER 32 /* pages a first pass may write */
#define STATS_INTERVAL 5 /* virtual seconds between looks at activity, when nobody is short */

int vm_pages_needed, vm_pageout_pages_needed, vm_pageout_deficit, vm_pageout_page_count;

static struct vm_page marker; /* rule 4; there is one daemon */

/* ---------------------------------------------------------------- thresholds */

/*
 * History's formulas for pages of the order of 1000, but for the reserve that
 * stands for two transfers of 64 KB: that is a thirty-second of RAM where RAM is
 * small, or a tenth of it and more would never be lent.
 */
void
vm_pageout_init_thresholds(void)
{
	int n = cnt.v_page_count;

	vm_pageout_page_count = n < 2000 ? 8 : CLUSTER_MAX;
	cnt.v_interrupt_free_min = 2;
	cnt.v_pageout_free_min = imin(2 * (64 * 1024) / PAGE_SIZE + 2, n / 32);
	cnt.v_free_reserved = vm_pageout_page_count + cnt.v_pageout_free_min + n / 768 + 1;
	cnt.v_free_min = 4 + (n > 1024 ? (n - 1024) / 200 : 0);
	cnt.v_free_severe = cnt.v_free_min / 2 + cnt.v_free_reserved;
	cnt.v_free_min += cnt.v_free_reserved;
	cnt.v_free_target = (cnt.v_free_count > 6144 ? 4 : 2) * cnt.v_free_min + cnt.v_free_reserved;
	cnt.v_cache_min = cnt.v_free_count > 2048 ? cnt.v_free_target : 0;
	cnt.v_cache_max = 2 * cnt.v_cache_min;
	cnt.v_inactive_target = imin(
	    cnt.v_free_count > 2048 ? 3 * cnt.v_free_target / 2 : cnt.v_free_count / 4, cnt.v_free_count / 3);
}

/* ---------------------------------------------------------------- waiting for memory */

/* Rule 5. */
void
vm_wait(void)
{
	vm_page_lock_queues();
	cnt.v_vmwaits++;
	if (curproc == pageproc) {
		vm_pageout_pages_needed = 1;
		(void)msleep(&vm_pageout_pages_needed, &vm_page_queue_mtx, PDROP | PSWP, "VMWait", 0);
		return;
	}
	if (!vm_pages_needed) {
		vm_pages_needed = 1;
		wakeup(&vm_pages_needed);
	}
	(void)msleep(&cnt.v_free_count, &vm_page_queue_mtx, PDROP | PVM, "vmwait", 0);
}

void
vm_waitpfault(void)
{
	vm_page_lock_queues();
	cnt.v_vmwaits++;
	if (!vm_pages_needed) {
		vm_pages_needed = 1;
		wakeup(&vm_pages_needed);
	}
	(void)msleep(&cnt.v_free_count, &vm_page_queue_mtx, PDROP | PUSER, "pfault", 0);
}

void
pagedaemon_wakeup(void)
{
	if (!vm_pages_needed && curproc != pageproc) {
		vm_pages_needed = 1;
		wakeup(&vm_pages_needed);
	}
}

/* ---------------------------------------------------------------- writing out */

/* The pager's verdict on one page it was given.  1: the page left memory's debt. */
static int
page_was_put(struct vm_page *m, int status)
{
	struct vm_object *object = m->object;
	int paid = 0;

	switch (status) {
	case VM_PAGER_OK:
	case VM_PAGER_PEND:
		paid = 1;
		break;
	case VM_PAGER_BAD: /* outside the object: nobody can ever want it back */
		pmap_clear_modify(m);
		vm_page_undirty(m);
		break;
	default: /* no room, or the device said no: out of the way, and another time */
		vm_page_activate(m);
		break;
	}
	if (status != VM_PAGER_PEND) {
		vm_object_pip_wakeup(object);
		vm_page_io_finish(m);
		if (vm_page_count_severe())
			(void)vm_page_try_to_cache(m);
	}
	return (paid);
}

KERN_NOINLINE int
vm_pageout_flush(struct vm_page **mc, int count, int flags)
{
	struct vm_object *object = mc[0]->object;
	int status[CLUSTER_MAX], paid = 0;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	for (int i = 0; i < count; i++) {
		KASSERT(mc[i]->valid == VM_PAGE_BITS_ALL,
		    ("vm_pageout_flush: page %u of the cluster is not all valid", VM_PAGE_ID(mc[i])));
		vm_page_io_start(mc[i]);
		pmap_page_protect(mc[i], VM_PROT_READ);
	}
	vm_page_unlock_queues();
	vm_object_pip_add(object, count);
	vm_pager_put_pages(object, mc, count, flags, status);
	vm_page_lock_queues();
	for (int i = 0; i < count; i++)
		paid += page_was_put(mc[i], status[i]);
	return (paid);
}

/* Rule 3: this neighbour goes along. */
static struct vm_page *
neighbour(struct vm_object *object, vm_pindex_t pindex)
{
	struct vm_page *m = vm_page_lookup(object, pindex);

	if (m == NULL || m->queue != PQ_INACTIVE || (m->flags & (PG_BUSY | PG_UNMANAGED)) || m->busy ||
	    m->wire_count || m->hold_count)
		return (NULL);
	vm_page_test_dirty(m);
	return (m->dirty != 0 ? m : NULL);
}

/*
 * Writes out a page and its neighbours.  Object and page queues locked, the
 * latter dropped inside and taken again.  How many left memory's debt.
 */
static KERN_NOINLINE int
vm_pageout_clean(struct vm_page *m)
{
	struct vm_object *object = m->object;
	struct vm_page *mc[2 * CLUSTER_MAX], *p;
	int first = vm_pageout_page_count, count = 1, alignment;

	if ((m->flags & (PG_BUSY | PG_UNMANAGED)) || m->busy || m->hold_count || m->wire_count)
		return (0);
	mc[first] = m;
	/* Backward to an aligned index, so that clusters do not shift from pass to pass. */
	alignment = (int)(m->pindex % (vm_pindex_t)vm_pageout_page_count);
	for (int i = 1; i <= alignment && count < vm_pageout_page_count; i++, count++) {
		if ((p = neighbour(object, m->pindex - (vm_pindex_t)i)) == NULL)
			break;
		mc[--first] = p;
	}
	for (int i = 1; count < vm_pageout_page_count && m->pindex + (vm_pindex_t)i < object->size;
	     i++, count++) {
		if ((p = neighbour(object, m->pindex + (vm_pindex_t)i)) == NULL)
			break;
		mc[vm_pageout_page_count + i] = p;
	}
	return (vm_pageout_flush(&mc[first], count, 0));
}

/* ---------------------------------------------------------------- the scans */

struct scan {
	int pass; /* 0: the first try since memory was plenty */
	int shortage; /* pages still to be had */
	int deferred; /* pages that could not be looked at now */
	int launder; /* pages that may still be written */
};

/* Rule 4. */
static struct vm_page *
clean_keeping_place(struct scan *scan, struct vm_page *m)
{
	struct pglist *queue = &vm_page_queues[PQ_INACTIVE].pl;
	struct vm_page *next;

	TAILQ_INSERT_AFTER(queue, m, &marker, pageq);
	if (vm_pageout_clean(m) != 0) {
		scan->shortage--;
		scan->launder--;
	}
	next = TAILQ_NEXT(&marker, pageq);
	TAILQ_REMOVE(queue, &marker, pageq);
	return (next);
}

/* The page was used: back to the active ones, the more so the more it was. */
static int
save_referenced(struct vm_page *m)
{
	int references = 0, flagged = (m->flags & PG_REFERENCED) != 0;

	if (m->object->ref_count == 0) {
		vm_page_flag_clear(m, PG_REFERENCED);
		pmap_clear_reference(m);
		return (0);
	}
	references = pmap_ts_referenced(m);
	if (references + flagged == 0)
		return (0);
	vm_page_flag_clear(m, PG_REFERENCED);
	vm_page_activate(m);
	m->act_count = (uint8_t)imin(ACT_MAX, m->act_count + references + ACT_ADVANCE + flagged);
	cnt.v_reactivated++;
	return (1);
}

/* One inactive page, its object locked.  Returns where to go on. */
static struct vm_page *
scan_inactive_page(struct scan *scan, struct vm_page *m, struct vm_page *next)
{
	if (m->busy || (m->flags & PG_BUSY)) {
		vm_pageq_requeue(m);
		scan->deferred++;
	} else if (save_referenced(m)) {
		return (next);
	} else if (m->valid == 0) {
		pmap_remove_all(m);
		vm_page_free(m);
		cnt.v_dfree++;
		scan->shortage--;
	} else if (vm_page_try_to_cache(m)) {
		scan->shortage--;
	} else if ((m->flags & PG_WINATCFLS) == 0 && scan->pass == 0) {
		vm_page_flag_set(m, PG_WINATCFLS); /* rule 2 */
		vm_pageq_requeue(m);
	} else if (scan->launder > 0) {
		return (clean_keeping_place(scan, m));
	}
	return (next);
}

static void
scan_inactive(struct scan *scan)
{
	struct vm_page *m, *next;
	struct vm_object *object;
	int most = cnt.v_inactive_count;

	for (m = TAILQ_FIRST(&vm_page_queues[PQ_INACTIVE].pl); m != NULL && most-- > 0 && scan->shortage > 0;
	     m = next) {
		cnt.v_pdpages++;
		if (m->queue != PQ_INACTIVE) { /* it left while the locks were let go */
			next = TAILQ_FIRST(&vm_page_queues[PQ_INACTIVE].pl);
			continue;
		}
		next = TAILQ_NEXT(m, pageq);
		if (m->flags & PG_MARKER)
			continue;
		object = m->object;
		if (m->hold_count != 0 || !VM_OBJECT_TRYLOCK(object)) { /* rule 1 */
			vm_pageq_requeue(m);
			scan->deferred++;
			continue;
		}
		next = scan_inactive_page(scan, m, next);
		VM_OBJECT_UNLOCK(object);
	}
}

/* Rule 6. */
static void
scan_active_page(struct scan *scan, struct vm_page *m)
{
	int references = 0;

	if (m->object->ref_count != 0) {
		references = pmap_ts_referenced(m) + ((m->flags & PG_REFERENCED) != 0);
		m->act_count =
		    (uint8_t)imin(ACT_MAX, m->act_count + (references > 0 ? ACT_ADVANCE + references : 0));
	}
	vm_page_flag_clear(m, PG_REFERENCED);
	if (references > 0) {
		vm_pageq_requeue(m);
		return;
	}
	m->act_count = (uint8_t)(m->act_count - imin(m->act_count, ACT_DECLINE));
	if (m->object->ref_count != 0 && m->act_count != 0) {
		vm_pageq_requeue(m);
		return;
	}
	scan->shortage--;
	vm_page_deactivate(m);
}

static void
scan_active(struct scan *scan)
{
	struct vm_page *m, *next;
	struct vm_object *object;
	int most = cnt.v_active_count;

	scan->shortage = vm_paging_target() + cnt.v_inactive_target - cnt.v_inactive_count + scan->deferred;
	for (m = TAILQ_FIRST(&vm_page_queues[PQ_ACTIVE].pl); m != NULL && most-- > 0 && scan->shortage > 0;
	     m = next) {
		next = TAILQ_NEXT(m, pageq);
		cnt.v_pdpages++;
		object = m->object;
		if (!VM_OBJECT_TRYLOCK(object)) {
			vm_pageq_requeue(m);
			continue;
		}
		if (m->busy || (m->flags & PG_BUSY) || m->hold_count != 0)
			vm_pageq_requeue(m);
		else
			scan_active_page(scan, m);
		VM_OBJECT_UNLOCK(object);
	}
}

/* Cached pages become free ones until allocation that may not touch the cache has its reserve. */
static void
refill_reserve(void)
{
	struct vm_page *m;
	struct vm_object *object;
	int most = cnt.v_cache_count;

	while (cnt.v_free_count < cnt.v_free_reserved && most-- > 0) {
		if ((m = vm_pageq_find(PQ_CACHE, FALSE)) == NULL)
			return;
		object = m->object;
		if (!VM_OBJECT_TRYLOCK(object)) {
			vm_pageq_requeue(m);
			continue;
		}
		vm_page_free(m);
		cnt.v_dfree++;
		VM_OBJECT_UNLOCK(object);
	}
}

static KERN_NOINLINE void
vm_pageout_scan(int pass)
{
	struct scan scan = {.pass = pass, .launder = pass == 0 ? MAX_LAUNDER : 10000};

	GIANT_REQUIRED;
	uma_reclaim();
	vm_page_lock_queues();
	scan.deferred = vm_pageout_deficit;
	vm_pageout_deficit = 0;
	scan.shortage = vm_paging_target() + scan.deferred;
	scan_inactive(&scan);
	scan_active(&scan);
	refill_reserve();
	vm_page_unlock_queues();
}

/* Nobody is short: only see who is used, so that it is known when somebody is. */
static void
age_active(void)
{
	struct scan scan = {.deferred = 0};

	vm_page_lock_queues();
	if (vm_paging_target() + cnt.v_inactive_target - cnt.v_inactive_count > 0)
		scan_active(&scan);
	vm_page_unlock_queues();
}

/* ---------------------------------------------------------------- the thread */

/* Sleeps until there is work, or it is time to look.  The pass to make, or -1: only look. */
static int
wait_for_work(int pass)
{
	vm_page_lock_queues();
	if (vm_pages_needed && !vm_page_count_min()) {
		if (!vm_paging_needed())
			vm_pages_needed = 0;
		wakeup(&cnt.v_free_count);
	}
	if (vm_pages_needed) {
		/* Still short: what was written must be done before more helps. */
		pass++;
		if (pass > 1)
			(void)msleep(&vm_pages_needed, &vm_page_queue_mtx, PVM, "psleep", hz / 2);
	} else {
		pass = 0;
		(void)msleep(&vm_pages_needed, &vm_page_queue_mtx, PVM, "psleep", STATS_INTERVAL * hz);
		if (!vm_pages_needed)
			pass = -1;
	}
	if (vm_pages_needed)
		cnt.v_pdwakeups++;
	vm_page_unlock_queues();
	return (pass);
}

static KERN_NOINLINE void
vm_pageout(void *arg)
{
	int pass = 0;

	(void)arg;
	pageproc = curproc;
	marker.flags = PG_FICTITIOUS | PG_MARKER | PG_BUSY;
	marker.queue = PQ_INACTIVE;
	marker.wire_count = 1;
	swap_pager_swap_init();
	for (;;) {
		pass = wait_for_work(pass);
		kthread_suspend_check();
		mtx_lock(&Giant);
		if (pass < 0)
			age_active();
		else
			vm_pageout_scan(pass);
		mtx_unlock(&Giant);
		pass = imax(pass, 0);
	}
}

void
vm_pageout_start(void)
{
	struct proc *p;

	if (kthread_create(vm_pageout, NULL, &p, "pagedaemon") != 0)
		panic("vm_pageout_start: no thread");
	sched_prio(&p->p_thread, PVM);
}
