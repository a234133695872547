/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pageout.c - the page daemon, and those who wait for it.
 *
 * 1 The daemon goes through the queues with the page queue lock held, which stands
 *   after every object's lock: it may only try an object.  A page whose object is
 *   taken is passed over; the next scan meets it again.
 * 2 Writing pages out drops the page queue lock, so the scan leaves a marker
 *   behind the page and goes on from there.
 * 3 First time round a dirty page is only marked (PG_WINATCFLS) and moved to the
 *   tail; it is written when it comes up again, or when a pass has not sufficed.
 * 4 A page is clean when it is unmapped and still not dirty (vm_page.c, rule 7).
 * 5 Memory that the daemon needs itself is what nobody else may take: its classes
 *   of allocation, and a wait of its own, woken at v_pageout_free_min.
 * 6 A waiter is woken when enough is free; if not, it has set vm_pages_needed, so
 *   the daemon tries again, after half a second of waiting for its writes.
 * 7 Active pages age: each scan takes a point, each reference gives some; at none
 *   the page becomes inactive.
 * 8 Small RAM: the reserve is a tenth of it at most, or nothing would be left to
 *   page with.
 */
#include "vm/vm_pageout.h"
#include "kern/mutex.h"
#include "kern/proc.h"
#include "kern/sleepqueue.h"
#include "vm/swap_pager.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pager.h"

#define MAXBSIZE 65536
#define PAGEOUT_CLUSTER_MAX 16
#define VM_MAX_LAUNDER 32
#define VM_MAX_LAUNDER_HARD 10000
#define VM_PAGEOUT_STATS_INTERVAL 5 /* seconds */

int vm_pages_needed;
int vm_pageout_pages_needed;
int vm_pageout_deficit;
int vm_pageout_page_count;

/* ---------------------------------------------------------------- thresholds */

void
vm_pageout_init_thresholds(void)
{
	int n = cnt.v_page_count;

	cnt.v_interrupt_free_min = 2;
	vm_pageout_page_count = n < 2000 ? 8 : PAGEOUT_CLUSTER_MAX;
	cnt.v_free_min = n > 1024 ? 4 + (n - 1024) / 200 : 4;
	/* Rule 8: history's two blocks of MAXBSIZE from a thousand pages on. */
	cnt.v_pageout_free_min = imin(2 * MAXBSIZE / PAGE_SIZE + cnt.v_interrupt_free_min, imax(6, n / 32));
	cnt.v_free_reserved = vm_pageout_page_count + cnt.v_pageout_free_min + n / 768;
	cnt.v_free_severe = cnt.v_free_min / 2 + cnt.v_free_reserved;
	cnt.v_free_min += cnt.v_free_reserved;
	if (cnt.v_free_count > 6144)
		cnt.v_free_target = 4 * cnt.v_free_min + cnt.v_free_reserved;
	else
		cnt.v_free_target = 2 * cnt.v_free_min + cnt.v_free_reserved;
	if (cnt.v_free_count > 2048) {
		cnt.v_cache_min = cnt.v_free_target;
		cnt.v_cache_max = 2 * cnt.v_cache_min;
		cnt.v_inactive_target = 3 * cnt.v_free_target / 2;
	} else {
		cnt.v_cache_min = cnt.v_cache_max = 0;
		cnt.v_inactive_target = cnt.v_free_count / 4;
	}
	if (cnt.v_inactive_target > cnt.v_free_count / 3)
		cnt.v_inactive_target = cnt.v_free_count / 3;
}

/* ---------------------------------------------------------------- waiting for memory */

void
pagedaemon_wakeup(void)
{
	if (!vm_pages_needed && curproc != pageproc) {
		vm_pages_needed = 1;
		wakeup(&vm_pages_needed);
	}
}

static void
ask_the_daemon(void)
{
	if (!vm_pages_needed) {
		vm_pages_needed = 1;
		wakeup(&vm_pages_needed);
	}
}

KERN_NOINLINE void
vm_wait(void)
{
	vm_page_lock_queues();
	cnt.v_vmwaits++;
	if (curproc == pageproc) {
		vm_pageout_pages_needed = 1;
		msleep(&vm_pageout_pages_needed, &vm_page_queue_mtx, PDROP | PSWP, "VMWait", 0);
		return;
	}
	ask_the_daemon();
	msleep(&cnt.v_free_count, &vm_page_queue_mtx, PDROP | PVM, "vmwait", 0);
}

KERN_NOINLINE void
vm_waitpfault(void)
{
	vm_page_lock_queues();
	cnt.v_vmwaits++;
	ask_the_daemon();
	msleep(&cnt.v_free_count, &vm_page_queue_mtx, PDROP | PUSER, "pfault", 0);
}

/* ---------------------------------------------------------------- writing out */

/* What became of one page that was handed to the pager.  O Q.  1: it will be clean. */
static int
flush_outcome(struct vm_page *m, int status)
{
	int done = 0;

	KASSERT(status == VM_PAGER_PEND || (m->flags & PG_WRITEABLE) == 0,
	    ("vm_pageout_flush: page %u is not write protected", VM_PAGE_ID(m)));
	switch (status) {
	case VM_PAGER_OK:
	case VM_PAGER_PEND:
		done = 1;
		break;
	case VM_PAGER_BAD:
		/* Past the object's end: nobody can want it. */
		pmap_clear_modify(m);
		vm_page_undirty(m);
		break;
	case VM_PAGER_ERROR:
	case VM_PAGER_FAIL:
		/* No room for it: to the active queue, so that the scan does not meet it again at once. */
		vm_page_activate(m);
		break;
	default:
		break;
	}
	if (status != VM_PAGER_PEND) {
		vm_object_pip_wakeup(m->object);
		vm_page_io_finish(m);
		if (vm_page_count_severe())
			vm_page_try_to_cache(m);
	}
	return (done);
}

KERN_NOINLINE int
vm_pageout_flush(struct vm_page **mc, int count, int flags)
{
	struct vm_object *object = mc[0]->object;
	int status[PAGEOUT_CLUSTER_MAX], numpagedout = 0;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	for (int i = 0; i < count; i++) {
		KASSERT(mc[i]->valid == VM_PAGE_BITS_ALL,
		    ("vm_pageout_flush: partially invalid page %u", VM_PAGE_ID(mc[i])));
		vm_page_io_start(mc[i]);
		pmap_page_protect(mc[i], VM_PROT_READ);
	}
	vm_page_unlock_queues();
	vm_object_pip_add(object, count);
	vm_pager_put_pages(object, mc, count, flags, status);
	vm_page_lock_queues();
	for (int i = 0; i < count; i++)
		numpagedout += flush_outcome(mc[i], status[i]);
	return (numpagedout);
}

/* May this neighbour go out in the same transfer?  O Q. */
static boolean_t
joins_cluster(struct vm_page *m)
{
	if (m == NULL || m->queue != PQ_INACTIVE || m->busy || (m->flags & (PG_BUSY | PG_UNMANAGED)) ||
	    m->wire_count || m->hold_count)
		return (FALSE);
	vm_page_test_dirty(m);
	return ((m->dirty & m->valid) != 0);
}

/* Writes a dirty page out, with dirty inactive neighbours.  O Q, Q dropped meanwhile.  Pages under way. */
static KERN_NOINLINE int
vm_pageout_clean(struct vm_page *m)
{
	struct vm_page *mc[2 * PAGEOUT_CLUSTER_MAX], *p;
	struct vm_object *object = m->object;
	vm_pindex_t pindex = m->pindex, back = 1, forw = 1;
	int base = vm_pageout_page_count, count = 1;
	boolean_t more_back = TRUE;

	if (m->hold_count || m->busy || (m->flags & (PG_BUSY | PG_UNMANAGED)))
		return (0);
	mc[base] = m;
	/* Backward to a cluster boundary, forward as far as it goes, then backward with what room is left. */
	while (count < vm_pageout_page_count) {
		while (more_back && count < vm_pageout_page_count) {
			p = back > pindex ? NULL : vm_page_lookup(object, pindex - back);
			if (!joins_cluster(p)) {
				more_back = FALSE;
				break;
			}
			mc[--base] = p;
			count++;
			back++;
			if ((pindex - (back - 1)) % (vm_pindex_t)vm_pageout_page_count == 0)
				break;
		}
		while (count < vm_pageout_page_count && pindex + forw < object->size) {
			p = vm_page_lookup(object, pindex + forw);
			if (!joins_cluster(p))
				break;
			mc[base + count++] = p;
			forw++;
		}
		if (!more_back)
			break;
	}
	return (vm_pageout_flush(&mc[base], count, 0));
}

/* ---------------------------------------------------------------- the inactive scan */

struct scan {
	int pass;
	int shortage; /* pages still to be found */
	int skipped; /* pages that were busy or held */
	int maxlaunder;
};

/* A page in use goes back to the active queue.  O Q. */
static boolean_t
reactivate_if_used(struct vm_page *m)
{
	int used;

	if (m->object->ref_count == 0) {
		vm_page_flag_clear(m, PG_REFERENCED);
		pmap_clear_reference(m);
		return (FALSE);
	}
	used = pmap_ts_referenced(m);
	if (used == 0 && (m->flags & PG_REFERENCED) == 0)
		return (FALSE);
	if (m->flags & PG_REFERENCED)
		used++;
	vm_page_flag_clear(m, PG_REFERENCED);
	vm_page_activate(m);
	m->act_count = (uint8_t)imin(m->act_count + used + ACT_ADVANCE, ACT_MAX);
	cnt.v_reactivated++;
	return (TRUE);
}

/* Rule 4.  O Q. */
static boolean_t
free_or_cache_if_clean(struct vm_page *m)
{
	if (m->valid == 0) {
		pmap_remove_all(m);
		vm_page_free(m);
		cnt.v_dfree++;
		return (TRUE);
	}
	return (vm_page_try_to_cache(m));
}

/* Rules 2 and 3.  O Q; Q dropped meanwhile.  The page to go on with. */
static struct vm_page *
launder(struct scan *sc, struct vm_page *m, struct vm_page *next, struct vm_page *marker)
{
	struct pglist *queue = &vm_page_queues[PQ_INACTIVE].pl;

	if ((m->flags & PG_WINATCFLS) == 0 && sc->pass == 0) {
		vm_page_flag_set(m, PG_WINATCFLS);
		vm_pageq_requeue(m);
		return (next);
	}
	if (sc->maxlaunder <= 0)
		return (next);
	if (m->object->flags & OBJ_DEAD) {
		vm_pageq_requeue(m);
		return (next);
	}
	TAILQ_INSERT_AFTER(queue, m, marker, pageq);
	if (vm_pageout_clean(m) != 0) {
		sc->shortage--;
		sc->maxlaunder--;
	}
	next = TAILQ_NEXT(marker, pageq);
	TAILQ_REMOVE(queue, marker, pageq);
	return (next);
}

/* One inactive page.  Q; the page to go on with. */
static struct vm_page *
scan_inactive_page(struct scan *sc, struct vm_page *m, struct vm_page *marker)
{
	struct vm_page *next = TAILQ_NEXT(m, pageq);
	struct vm_object *object = m->object;

	cnt.v_pdpages++;
	if (m->flags & PG_MARKER)
		return (next);
	if (m->hold_count) {
		vm_pageq_requeue(m);
		sc->skipped++;
		return (next);
	}
	if (!VM_OBJECT_TRYLOCK(object))
		return (next);
	if (m->busy || (m->flags & PG_BUSY)) {
		sc->skipped++;
	} else if (!reactivate_if_used(m)) {
		if (free_or_cache_if_clean(m))
			sc->shortage--;
		else
			next = launder(sc, m, next, marker);
	}
	VM_OBJECT_UNLOCK(object);
	return (next);
}

static void
scan_inactive(struct scan *sc)
{
	struct vm_page marker = {
	    .flags = PG_BUSY | PG_FICTITIOUS | PG_MARKER, .queue = PQ_INACTIVE, .wire_count = 1};
	int maxscan = cnt.v_inactive_count;
	struct vm_page *m = TAILQ_FIRST(&vm_page_queues[PQ_INACTIVE].pl);

	for (; m != NULL && maxscan-- > 0 && sc->shortage > 0;)
		m = scan_inactive_page(sc, m, &marker);
}

/* ---------------------------------------------------------------- the active scan */

/* Rule 7.  Q.  1: the page left the active queue. */
static int
age_active_page(struct vm_page *m)
{
	struct vm_object *object = m->object;
	int used = 0;

	if (object->ref_count != 0) {
		used = pmap_ts_referenced(m);
		if (m->flags & PG_REFERENCED)
			used++;
	}
	vm_page_flag_clear(m, PG_REFERENCED);
	if (used != 0) {
		m->act_count = (uint8_t)imin(m->act_count + ACT_ADVANCE + used, ACT_MAX);
		vm_pageq_requeue(m);
		return (0);
	}
	m->act_count = (uint8_t)(m->act_count - imin(m->act_count, ACT_DECLINE));
	if (m->act_count != 0 && object->ref_count != 0) {
		vm_pageq_requeue(m);
		return (0);
	}
	if (object->ref_count != 0 || !vm_page_try_to_cache(m))
		vm_page_deactivate(m);
	return (1);
}

/* Goes once through the queue, or until shortage pages have left it.  Q. */
static void
scan_active(int shortage)
{
	int pcount = cnt.v_active_count;
	struct vm_page *m, *next;

	for (m = TAILQ_FIRST(&vm_page_queues[PQ_ACTIVE].pl); m != NULL && pcount-- > 0 && shortage > 0;
	     m = next) {
		struct vm_object *object = m->object;

		next = TAILQ_NEXT(m, pageq);
		cnt.v_pdpages++;
		if (!VM_OBJECT_TRYLOCK(object)) {
			vm_pageq_requeue(m);
			continue;
		}
		if (m->busy || (m->flags & PG_BUSY) || m->hold_count)
			vm_pageq_requeue(m);
		else
			shortage -= age_active_page(m);
		VM_OBJECT_UNLOCK(object);
	}
}

/* Idle times: pages age all the same, so that it is known what is used when memory gets short.  Q. */
static void
vm_pageout_page_stats(void)
{
	int pcount = cnt.v_active_count;
	struct vm_page *m, *next;

	if (cnt.v_free_count + cnt.v_cache_count + cnt.v_inactive_count >=
	    cnt.v_free_target + cnt.v_cache_min + cnt.v_inactive_target)
		return;
	for (m = TAILQ_FIRST(&vm_page_queues[PQ_ACTIVE].pl); m != NULL && pcount-- > 0; m = next) {
		struct vm_object *object = m->object;

		next = TAILQ_NEXT(m, pageq);
		if (!VM_OBJECT_TRYLOCK(object)) {
			vm_pageq_requeue(m);
			continue;
		}
		if (m->busy || (m->flags & PG_BUSY) || m->hold_count)
			vm_pageq_requeue(m);
		else
			(void)age_active_page(m);
		VM_OBJECT_UNLOCK(object);
	}
}

/* ---------------------------------------------------------------- a pass */

/* The free queue must have the reserve, whatever the cache holds.  Q. */
static void
free_cache_to_reserve(void)
{
	struct vm_page *m;

	while (cnt.v_free_count < cnt.v_free_reserved && (m = vm_pageq_find(PQ_CACHE, FALSE)) != NULL) {
		struct vm_object *object = m->object;

		if (!VM_OBJECT_TRYLOCK(object)) {
			vm_page_deactivate(m);
			continue;
		}
		if (m->hold_count) {
			vm_page_deactivate(m);
		} else {
			vm_page_free(m);
			cnt.v_dfree++;
		}
		VM_OBJECT_UNLOCK(object);
	}
}

static KERN_NOINLINE void
vm_pageout_scan(int pass)
{
	struct scan sc = {.pass = pass, .maxlaunder = pass ? VM_MAX_LAUNDER_HARD : VM_MAX_LAUNDER};
	int deficit;

	mtx_lock(&Giant);
	uma_reclaim();
	deficit = __atomic_exchange_n(&vm_pageout_deficit, 0, __ATOMIC_RELAXED);
	sc.skipped = deficit;
	sc.shortage = vm_paging_target() + deficit;
	vm_page_lock_queues();
	scan_inactive(&sc);
	scan_active(vm_paging_target() + cnt.v_inactive_target - cnt.v_inactive_count + sc.skipped);
	free_cache_to_reserve();
	vm_page_unlock_queues();
	mtx_unlock(&Giant);
}

/* Rule 6.  Sleeps until there is something to do.  TRUE: *pass says how hard. */
static boolean_t
wait_for_work(int *pass)
{
	boolean_t work = TRUE;
	int error;

	vm_page_lock_queues();
	if (vm_pages_needed && !vm_page_count_min()) {
		if (!vm_paging_needed())
			vm_pages_needed = 0;
		wakeup(&cnt.v_free_count);
	}
	if (vm_pages_needed) {
		if (++*pass > 1)
			msleep(&vm_pages_needed, &vm_page_queue_mtx, PVM, "psleep", hz / 2);
	} else {
		*pass = *pass > 1 ? 1 : 0;
		error = msleep(
		    &vm_pages_needed, &vm_page_queue_mtx, PVM, "psleep", VM_PAGEOUT_STATS_INTERVAL * hz);
		if (error && !vm_pages_needed) {
			*pass = 0;
			vm_pageout_page_stats();
			work = FALSE;
		}
	}
	if (work && vm_pages_needed)
		cnt.v_pdwakeups++;
	vm_page_unlock_queues();
	return (work);
}

static KERN_NOINLINE void
vm_pageout(void *arg)
{
	int pass = 0;

	(void)arg;
	swap_pager_swap_init();
	for (;;) {
		boolean_t work = wait_for_work(&pass);

		kthread_suspend_check();
		if (work)
			vm_pageout_scan(pass);
	}
}

void
vm_pageout_start(void)
{
	vm_pageout_init_thresholds();
	if (kthread_create(vm_pageout, NULL, &pageproc, "pagedaemon") != 0)
		panic("vm_pageout_start: no thread");
	sched_prio(&pageproc->p_thread, PVM);
}
