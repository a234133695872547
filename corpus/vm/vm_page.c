/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_page.c - pages: allocation, freeing, busy, wired, held.
 *
 * 1 Three classes share the free queue.  NORMAL leaves v_free_reserved behind,
 *   SYSTEM leaves v_interrupt_free_min, INTERRUPT takes the last page: what the
 *   page daemon needs to free memory with is never spent on faults.  The daemon's
 *   own NORMAL counts as SYSTEM for the same reason.
 * 2 INTERRUPT callers hold locks that stand after the page queue lock (zones that
 *   grow inside their own object), so they get no cache page: that would need it.
 * 3 The cache queue holds clean, idle, unmapped pages: memory that is free but
 *   for its contents.  Its object is only tried: whoever allocates may hold
 *   another object.
 * 4 A page changes its object with that object and the page queues locked, so
 *   either lock is enough to read it.
 * 5 Who finds a page busy sets PG_WANTED and sleeps on the page, with the page
 *   queue lock as interlock.  The object is remembered before: the page may have
 *   lost it, or have another, when the sleeper wakes.
 * 6 A held page (hold_count) may be freed but not lent again: it waits on PQ_HOLD
 *   for the last unhold.
 * 7 Clean is a page that is not dirty once it is unmapped: until then a CPU may
 *   write to it, whatever locks are held.  Who gives a page up for clean unmaps it
 *   first and looks again.
 */
#include "vm/vm_page.h"
#include "kern/machine.h"
#include "kern/proc.h"
#include "kern/sleepqueue.h"
#include "kern/splay.h"
#include "vm/uma.h"
#include "vm/vm_object.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

struct vm_page *vm_page_array;
long first_page;
int vm_page_array_size;
int vm_page_zero_count;
void *vm_boot_pages_mem;

static void vm_page_free_wakeup(void);

/* ---------------------------------------------------------------- boot */

void
vm_page_startup(void)
{
	long last = machine.pages;

	vm_pageq_init();
	vm_boot_pages_mem = pmap_steal_memory(ptoa(UMA_BOOT_PAGES));
	vm_page_array = pmap_steal_memory((vm_size_t)last * sizeof(struct vm_page));
	first_page = (long)atop(pmap_stolen());
	if (first_page + 64 > last)
		panic("vm_page_startup: %ld pages of RAM are too few", last);
	vm_page_array_size = (int)(last - first_page);
	mtx_lock_spin(&vm_page_queue_free_mtx);
	for (int i = 0; i < vm_page_array_size; i++) {
		struct vm_page *m = &vm_page_array[i];

		m->phys_addr = (vm_paddr_t)ptoa(first_page + i);
		TAILQ_INIT(&m->md.pv_list);
		vm_pageq_enqueue(PQ_FREE, m);
	}
	mtx_unlock_spin(&vm_page_queue_free_mtx);
	cnt.v_page_count = vm_page_array_size;
}

/* ---------------------------------------------------------------- flags, dirt */

void
vm_page_flag_set(struct vm_page *m, u_int bits)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	m->flags |= (uint16_t)bits;
}

void
vm_page_flag_clear(struct vm_page *m, u_int bits)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	m->flags &= (uint16_t)~bits;
}

void
vm_page_dirty(struct vm_page *m)
{
	KASSERT(m->queue != PQ_CACHE, ("vm_page_dirty: page in cache!"));
	KASSERT(m->queue != PQ_FREE, ("vm_page_dirty: page is free!"));
	m->dirty = VM_PAGE_BITS_ALL;
}

void
vm_page_undirty(struct vm_page *m)
{
	m->dirty = 0;
}

void
vm_page_test_dirty(struct vm_page *m)
{
	if (m->dirty != VM_PAGE_BITS_ALL && pmap_is_modified(m))
		vm_page_dirty(m);
}

/* ---------------------------------------------------------------- busy */

void
vm_page_busy(struct vm_page *m)
{
	KASSERT((m->flags & PG_BUSY) == 0, ("vm_page_busy: page already busy!!!"));
	vm_page_flag_set(m, PG_BUSY);
}

void
vm_page_flash(struct vm_page *m)
{
	if (m->flags & PG_WANTED) {
		vm_page_flag_clear(m, PG_WANTED);
		wakeup(m);
	}
}

void
vm_page_wakeup(struct vm_page *m)
{
	KASSERT(m->flags & PG_BUSY, ("vm_page_wakeup: page not busy!!!"));
	vm_page_flag_clear(m, PG_BUSY);
	vm_page_flash(m);
}

void
vm_page_io_start(struct vm_page *m)
{
	VM_OBJECT_LOCK_ASSERT(m->object, MA_OWNED);
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	KASSERT(m->busy < UINT8_MAX, ("vm_page_io_start: too many writers of page %u", VM_PAGE_ID(m)));
	m->busy++;
}

void
vm_page_io_finish(struct vm_page *m)
{
	VM_OBJECT_LOCK_ASSERT(m->object, MA_OWNED);
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	KASSERT(m->busy > 0, ("vm_page_io_finish: page %u not busy", VM_PAGE_ID(m)));
	if (--m->busy == 0)
		vm_page_flash(m);
}

KERN_NOINLINE int
vm_page_sleep_if_busy(struct vm_page *m, int also_m_busy, const char *msg)
{
	struct vm_object *object = m->object;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if ((m->flags & PG_BUSY) == 0 && (!also_m_busy || m->busy == 0))
		return (FALSE);
	vm_page_flag_set(m, PG_WANTED | PG_REFERENCED);
	VM_OBJECT_UNLOCK(object);
	msleep(m, &vm_page_queue_mtx, PDROP | PVM, msg, 0);
	VM_OBJECT_LOCK(object);
	return (TRUE);
}

/* ---------------------------------------------------------------- hold, wire */

void
vm_page_hold(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	m->hold_count++;
}

void
vm_page_unhold(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	m->hold_count--;
	KASSERT(m->hold_count >= 0, ("vm_page_unhold: hold count < 0!!!"));
	if (m->hold_count == 0 && m->queue == PQ_HOLD)
		vm_page_free_toq(m);
}

void
vm_page_wire(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->flags & PG_FICTITIOUS)
		return;
	if (m->wire_count == 0) {
		if ((m->flags & PG_UNMANAGED) == 0)
			vm_pageq_remove(m);
		vm_cnt_add(&cnt.v_wire_count, 1);
	}
	m->wire_count++;
	KASSERT(m->wire_count != 0, ("vm_page_wire: wire_count overflow m=%u", VM_PAGE_ID(m)));
}

void
vm_page_unwire(struct vm_page *m, int activate)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->flags & PG_FICTITIOUS)
		return;
	if (m->wire_count == 0)
		panic("vm_page_unwire: invalid wire count: %d", m->wire_count);
	if (--m->wire_count > 0)
		return;
	vm_cnt_add(&cnt.v_wire_count, -1);
	if (m->flags & PG_UNMANAGED)
		return;
	if (!activate)
		m->flags &= (uint16_t)~PG_WINATCFLS;
	vm_pageq_enqueue(activate ? PQ_ACTIVE : PQ_INACTIVE, m);
}

void
vm_page_unmanage(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if ((m->flags & PG_UNMANAGED) == 0 && m->wire_count == 0)
		vm_pageq_remove(m);
	vm_page_flag_set(m, PG_UNMANAGED);
}

/* ---------------------------------------------------------------- objects' pages */

#define PINDEX_BEFORE(key, m) ((key) < (m)->pindex)
#define PINDEX_AFTER(key, m) ((key) > (m)->pindex)
SPLAY_DEFINE(vm_page_splay, struct vm_page, vm_pindex_t, PINDEX_BEFORE, PINDEX_AFTER)

void
vm_page_insert(struct vm_page *m, struct vm_object *object, vm_pindex_t pindex)
{
	struct vm_page *root = object->root;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (m->object != NULL)
		panic("vm_page_insert: page already inserted");
	m->object = object;
	m->pindex = pindex;
	m->left = m->right = NULL;
	if (root == NULL) {
		TAILQ_INSERT_TAIL(&object->memq, m, listq);
	} else {
		root = vm_page_splay(pindex, root);
		if (pindex < root->pindex) {
			m->left = root->left;
			m->right = root;
			root->left = NULL;
			TAILQ_INSERT_BEFORE(root, m, listq);
		} else if (pindex == root->pindex) {
			panic("vm_page_insert: offset already allocated");
		} else {
			m->right = root->right;
			m->left = root;
			root->right = NULL;
			TAILQ_INSERT_AFTER(&object->memq, root, m, listq);
		}
	}
	object->root = m;
	object->generation++;
	object->resident_page_count++;
	if (m->flags & PG_WRITEABLE)
		vm_object_set_writeable_dirty(object);
}

void
vm_page_remove(struct vm_page *m)
{
	struct vm_object *object = m->object;
	struct vm_page *root;

	if (object == NULL)
		return;
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	vm_page_flag_clear(m, PG_BUSY);
	vm_page_flash(m);
	if (m != object->root)
		(void)(object->root = vm_page_splay(m->pindex, object->root));
	KASSERT(object->root == m, ("vm_page_remove: page %u not in its object", VM_PAGE_ID(m)));
	if (m->left == NULL) {
		root = m->right;
	} else {
		root = vm_page_splay(m->pindex, m->left);
		root->right = m->right;
	}
	object->root = root;
	TAILQ_REMOVE(&object->memq, m, listq);
	object->resident_page_count--;
	object->generation++;
	m->object = NULL;
}

struct vm_page *
vm_page_lookup(struct vm_object *object, vm_pindex_t pindex)
{
	struct vm_page *m = object->root;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (m != NULL && m->pindex != pindex) {
		m = object->root = vm_page_splay(pindex, m);
		if (m->pindex != pindex)
			m = NULL;
	}
	return (m);
}

void
vm_page_rename(struct vm_page *m, struct vm_object *new_object, vm_pindex_t new_pindex)
{
	vm_page_lock_queues();
	vm_page_remove(m);
	vm_page_insert(m, new_object, new_pindex);
	if (m->queue == PQ_CACHE)
		vm_page_deactivate(m);
	vm_page_dirty(m);
	vm_page_unlock_queues();
}

/* ---------------------------------------------------------------- allocation */

/* Rule 1: may this class take a page now?  Free queue locked. */
static boolean_t
class_may_take(int class)
{
	if (cnt.v_free_count > cnt.v_free_reserved)
		return (TRUE);
	if (class == VM_ALLOC_SYSTEM)
		return (cnt.v_cache_count == 0 && cnt.v_free_count > cnt.v_interrupt_free_min);
	return (class == VM_ALLOC_INTERRUPT && cnt.v_free_count > 0);
}

/* Rule 3: frees one cache page.  Q. */
static boolean_t
reclaim_cache_page(void)
{
	struct vm_page *m;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	while ((m = vm_pageq_find(PQ_CACHE, FALSE)) != NULL) {
		struct vm_object *object = m->object;
		int tried;

		KASSERT(m->dirty == 0, ("Found dirty cache page %u", VM_PAGE_ID(m)));
		KASSERT(!pmap_page_is_mapped(m), ("Found mapped cache page %u", VM_PAGE_ID(m)));
		KASSERT(m->wire_count == 0, ("Found wired cache page %u", VM_PAGE_ID(m)));
		tried = VM_OBJECT_TRYLOCK(object);
		if (m->hold_count == 0 && (tried || VM_OBJECT_LOCKED(object))) {
			KASSERT((m->flags & PG_BUSY) == 0 && m->busy == 0,
			    ("Found busy cache page %u", VM_PAGE_ID(m)));
			vm_page_free(m);
			if (tried)
				VM_OBJECT_UNLOCK(object);
			return (TRUE);
		}
		if (tried)
			VM_OBJECT_UNLOCK(object);
		vm_page_deactivate(m);
	}
	return (FALSE);
}

/* Takes a page off the free queue, or returns NULL. */
static struct vm_page *
take_free_page(int class, int req)
{
	struct vm_page *m;
	boolean_t reclaimed;

	for (;;) {
		mtx_lock_spin(&vm_page_queue_free_mtx);
		if (class_may_take(class)) {
			m = vm_pageq_find(PQ_FREE, (req & VM_ALLOC_ZERO) != 0);
			KASSERT(m != NULL, ("vm_page_alloc(): missing page on free queue"));
			if (m->flags & PG_ZERO)
				vm_page_zero_count--;
			vm_pageq_remove_nowakeup(m);
			mtx_unlock_spin(&vm_page_queue_free_mtx);
			return (m);
		}
		mtx_unlock_spin(&vm_page_queue_free_mtx);
		reclaimed = FALSE;
		if (class != VM_ALLOC_INTERRUPT) {
			vm_page_lock_queues();
			reclaimed = reclaim_cache_page();
			vm_page_unlock_queues();
		}
		if (!reclaimed) {
			vm_cnt_add(&vm_pageout_deficit, 1);
			pagedaemon_wakeup();
			return (NULL);
		}
	}
}

KERN_NOINLINE struct vm_page *
vm_page_alloc(struct vm_object *object, vm_pindex_t pindex, int req)
{
	int class = req & VM_ALLOC_CLASS_MASK;
	struct vm_page *m;
	uint16_t flags = 0;

	if (req & VM_ALLOC_NOOBJ)
		KASSERT(object == NULL, ("vm_page_alloc: NOOBJ with an object"));
	else
		VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (curproc == pageproc && class == VM_ALLOC_NORMAL)
		class = VM_ALLOC_SYSTEM;
	m = take_free_page(class, req);
	if (m == NULL)
		return (NULL);
	KASSERT(m->busy == 0 && m->wire_count == 0 && m->hold_count == 0,
	    ("vm_page_alloc(): free page %u was busy, wired or held", VM_PAGE_ID(m)));
	KASSERT(m->dirty == 0 && m->object == NULL && m->md.pv_list_count == 0,
	    ("vm_page_alloc(): free page %u was dirty, owned or mapped", VM_PAGE_ID(m)));
	if ((req & (VM_ALLOC_NOBUSY | VM_ALLOC_NOOBJ)) == 0)
		flags |= PG_BUSY;
	if ((m->flags & PG_ZERO) && (req & VM_ALLOC_ZERO))
		flags |= PG_ZERO;
	m->flags = flags;
	m->valid = 0;
	m->act_count = 0;
	if (req & VM_ALLOC_WIRED) {
		vm_cnt_add(&cnt.v_wire_count, 1);
		m->wire_count = 1;
	}
	m->pindex = pindex;
	if ((req & VM_ALLOC_NOOBJ) == 0)
		vm_page_insert(m, object, pindex);
	if (vm_paging_needed())
		pagedaemon_wakeup();
	return (m);
}

KERN_NOINLINE struct vm_page *
vm_page_grab(struct vm_object *object, vm_pindex_t pindex, int allocflags)
{
	struct vm_page *m;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	for (;;) {
		m = vm_page_lookup(object, pindex);
		if (m == NULL) {
			m = vm_page_alloc(object, pindex, allocflags & ~VM_ALLOC_RETRY);
			if (m != NULL || (allocflags & VM_ALLOC_RETRY) == 0)
				return (m);
			VM_OBJECT_UNLOCK(object);
			VM_WAIT;
			VM_OBJECT_LOCK(object);
			continue;
		}
		vm_page_lock_queues();
		if (vm_page_sleep_if_busy(m, TRUE, "pgrbwt")) {
			if ((allocflags & VM_ALLOC_RETRY) == 0)
				return (NULL);
			continue;
		}
		if (allocflags & VM_ALLOC_WIRED)
			vm_page_wire(m);
		if ((allocflags & VM_ALLOC_NOBUSY) == 0)
			vm_page_busy(m);
		vm_page_unlock_queues();
		return (m);
	}
}

/* ---------------------------------------------------------------- freeing */

void
vm_page_free_toq(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	KASSERT(!pmap_page_is_mapped(m), ("vm_page_free_toq: freeing mapped page %u", VM_PAGE_ID(m)));
	if (m->queue == PQ_FREE)
		panic("vm_page_free: freeing free page");
	if (m->busy != 0)
		panic("vm_page_free: freeing busy page");
	if (m->wire_count != 0)
		panic("vm_page_free: freeing wired page (wire_count %d)", m->wire_count);
	cnt.v_tfree++;
	vm_pageq_remove_nowakeup(m);
	vm_page_remove(m);
	m->valid = 0;
	vm_page_undirty(m);
	m->flags &= PG_ZERO;
	if (m->hold_count != 0) {
		m->flags = 0;
		vm_pageq_enqueue(PQ_HOLD, m);
		return;
	}
	mtx_lock_spin(&vm_page_queue_free_mtx);
	if (m->flags & PG_ZERO) {
		vm_pageq_enqueue(PQ_FREE, m);
		vm_page_zero_count++;
	} else {
		vm_pageq_enqueue_head(PQ_FREE, m);
	}
	mtx_unlock_spin(&vm_page_queue_free_mtx);
	vm_page_free_wakeup();
}

void
vm_page_free(struct vm_page *m)
{
	vm_page_flag_clear(m, PG_ZERO);
	vm_page_free_toq(m);
}

void
vm_page_free_zero(struct vm_page *m)
{
	vm_page_flag_set(m, PG_ZERO);
	vm_page_free_toq(m);
}

/* There is one page more to be had: who waits for that? */
static void
vm_page_free_wakeup(void)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (vm_pageout_pages_needed && cnt.v_cache_count + cnt.v_free_count >= cnt.v_pageout_free_min) {
		vm_pageout_pages_needed = 0;
		wakeup(&vm_pageout_pages_needed);
	}
	if (vm_pages_needed && !vm_page_count_min()) {
		vm_pages_needed = 0;
		wakeup(&cnt.v_free_count);
	}
}

/* ---------------------------------------------------------------- from queue to queue */

void
vm_page_activate(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->queue == PQ_ACTIVE) {
		if (m->act_count < ACT_INIT)
			m->act_count = ACT_INIT;
		return;
	}
	if (m->queue == PQ_CACHE)
		cnt.v_reactivated++;
	vm_pageq_remove(m);
	if (m->wire_count == 0 && (m->flags & PG_UNMANAGED) == 0) {
		if (m->act_count < ACT_INIT)
			m->act_count = ACT_INIT;
		vm_pageq_enqueue(PQ_ACTIVE, m);
	}
}

void
vm_page_deactivate(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->queue == PQ_INACTIVE || m->wire_count != 0 || (m->flags & PG_UNMANAGED))
		return;
	if (m->queue == PQ_CACHE)
		cnt.v_reactivated++;
	vm_page_flag_clear(m, PG_WINATCFLS);
	vm_pageq_remove(m);
	vm_pageq_enqueue(PQ_INACTIVE, m);
}

void
vm_page_cache(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	VM_OBJECT_LOCK_ASSERT(m->object, MA_OWNED);
	if ((m->flags & (PG_BUSY | PG_UNMANAGED)) || m->busy || m->wire_count || m->hold_count) {
		kprintf("vm_page_cache: attempting to cache busy page\n");
		return;
	}
	if (m->queue == PQ_CACHE)
		return;
	pmap_remove_all(m);
	if (m->dirty != 0)
		panic("vm_page_cache: caching a dirty page, pindex: %ld", (long)m->pindex);
	vm_pageq_remove_nowakeup(m);
	vm_pageq_enqueue(PQ_CACHE, m);
	cnt.v_tcached++;
	vm_page_free_wakeup();
}

/* Rule 7. */
static boolean_t
idle_and_clean(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->object != NULL)
		VM_OBJECT_LOCK_ASSERT(m->object, MA_OWNED);
	if (m->dirty || m->hold_count || m->busy || m->wire_count || (m->flags & (PG_BUSY | PG_UNMANAGED)))
		return (FALSE);
	vm_page_test_dirty(m);
	if (m->dirty)
		return (FALSE);
	pmap_remove_all(m);
	return (m->dirty == 0);
}

int
vm_page_try_to_cache(struct vm_page *m)
{
	if (!idle_and_clean(m))
		return (0);
	vm_page_cache(m);
	return (1);
}

int
vm_page_try_to_free(struct vm_page *m)
{
	if (!idle_and_clean(m))
		return (0);
	vm_page_free(m);
	return (1);
}

/* The page will not be wanted soon: to the head of the inactive queue, where the scan finds it first. */
void
vm_page_dontneed(struct vm_page *m)
{
	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	if (m->wire_count != 0 || (m->flags & PG_UNMANAGED) || m->queue == PQ_CACHE)
		return;
	pmap_clear_reference(m);
	vm_page_flag_clear(m, PG_REFERENCED);
	vm_page_test_dirty(m);
	vm_pageq_remove_nowakeup(m);
	vm_pageq_enqueue_head(PQ_INACTIVE, m);
}
