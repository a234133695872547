/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pageq.c - the queues pages wait in.
 *
 * 1 A queue keeps two counts: its own, and the one in struct vmmeter that
 *   everybody decides by.  They are equal whenever nobody is in here.
 * 2 Zeroed free pages gather at the tail, others at the head, so that one list
 *   serves both who wants zeroes and who does not care.
 * 3 Markers are bookmarks of a scan: put in and taken out by the scan alone,
 *   counted nowhere.
 */
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

struct vpgqueues vm_page_queues[PQ_COUNT];
struct mtx vm_page_queue_mtx;
struct mtx vm_page_queue_free_mtx;

void
vm_pageq_init(void)
{
	vm_page_queues[PQ_FREE].cnt = &cnt.v_free_count;
	vm_page_queues[PQ_INACTIVE].cnt = &cnt.v_inactive_count;
	vm_page_queues[PQ_ACTIVE].cnt = &cnt.v_active_count;
	vm_page_queues[PQ_CACHE].cnt = &cnt.v_cache_count;
	vm_page_queues[PQ_HOLD].cnt = NULL;
	for (int i = 0; i < PQ_COUNT; i++) {
		TAILQ_INIT(&vm_page_queues[i].pl);
		vm_page_queues[i].lcnt = 0;
	}
	mtx_init(&vm_page_queue_mtx, "vm page queue mutex", NULL, MTX_DEF);
	mtx_init(&vm_page_queue_free_mtx, "vm page queue free mutex", NULL, MTX_SPIN);
}

static void
pageq_count(int queue, int by)
{
	vm_page_queues[queue].lcnt += by;
	if (vm_page_queues[queue].cnt != NULL)
		*vm_page_queues[queue].cnt += by;
}

static void
pageq_assert(int queue)
{
	if (queue != PQ_FREE)
		mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	else
		mtx_assert(&vm_page_queue_free_mtx, MA_OWNED);
}

void
vm_pageq_enqueue(int queue, struct vm_page *m)
{
	pageq_assert(queue);
	KASSERT(m->queue == PQ_NONE, ("vm_pageq_enqueue: page %u is on queue %d", VM_PAGE_ID(m), m->queue));
	m->queue = (uint8_t)queue;
	TAILQ_INSERT_TAIL(&vm_page_queues[queue].pl, m, pageq);
	pageq_count(queue, 1);
}

void
vm_pageq_enqueue_head(int queue, struct vm_page *m)
{
	pageq_assert(queue);
	KASSERT(
	    m->queue == PQ_NONE, ("vm_pageq_enqueue_head: page %u is on queue %d", VM_PAGE_ID(m), m->queue));
	m->queue = (uint8_t)queue;
	TAILQ_INSERT_HEAD(&vm_page_queues[queue].pl, m, pageq);
	pageq_count(queue, 1);
}

void
vm_pageq_requeue(struct vm_page *m)
{
	if (m->queue == PQ_NONE)
		return;
	pageq_assert(m->queue);
	TAILQ_REMOVE(&vm_page_queues[m->queue].pl, m, pageq);
	TAILQ_INSERT_TAIL(&vm_page_queues[m->queue].pl, m, pageq);
}

void
vm_pageq_remove_nowakeup(struct vm_page *m)
{
	int queue = m->queue;

	if (queue == PQ_NONE)
		return;
	pageq_assert(queue);
	TAILQ_REMOVE(&vm_page_queues[queue].pl, m, pageq);
	m->queue = PQ_NONE;
	pageq_count(queue, -1);
}

void
vm_pageq_remove(struct vm_page *m)
{
	int queue = m->queue;

	vm_pageq_remove_nowakeup(m);
	if (queue == PQ_CACHE && vm_paging_needed())
		pagedaemon_wakeup();
}

struct vm_page *
vm_pageq_find(int queue, boolean_t prefer_zero)
{
	pageq_assert(queue);
	if (prefer_zero)
		return (TAILQ_LAST(&vm_page_queues[queue].pl, pglist));
	return (TAILQ_FIRST(&vm_page_queues[queue].pl));
}
