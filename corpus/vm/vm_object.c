/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_object.c - objects: their life, their pages, who waits for them.
 *
 * 1 An object from the zone has its lock from the slab's init on; it is never
 *   destroyed (the zone is NOFREE).  Each owner renews it for the tracker, which
 *   so learns a new instance and where it was allocated.
 * 2 The lock's type says the object's role.  With one type for all, an order seen
 *   between a user's object and a zone's object looks like an order of an object
 *   with itself: vm object -> swap_pager swhash -> vm object.  The switch
 *   vm.object_types brings that back.
 * 3 An object dies when its last reference goes, but its memory stays until
 *   paging_in_progress is 0: a transfer works on it without a reference.
 * 4 Freed pages must not be mapped.  At the end of an object no map is left; when
 *   a range goes, its pages are unmapped one by one.
 */
#include "vm/vm_object.h"
#include "kern/sleepqueue.h"
#include "kern/sysctl.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_page.h"
#include "vm/vm_pager.h"
#include "vm/swap_pager.h"

SYSCTL_SWITCH(vm_object_types, "vm.object_types", OBJECT_TYPES_SPLIT, OBJECT_TYPES_SINGLE, "split,single",
    "split: VM objects have a lock type by role; single: one type, \"vm object\", for all");

struct vm_object kernel_object_store, kmem_object_store;
struct vm_objlist vm_object_list;
struct mtx vm_object_list_mtx;

static uma_zone_t obj_zone;
static u_int object_next_id = 1;

const char *
vm_object_lock_type(const char *role)
{
	return (vm_object_types == OBJECT_TYPES_SPLIT ? role : "vm object");
}

/* ---------------------------------------------------------------- the zone */

static void
vm_object_zinit(void *mem, int size)
{
	struct vm_object *object = mem;

	memset(object, 0, (size_t)size);
	VM_OBJECT_LOCK_INIT(object, "standard object");
}

static void
vm_object_zdtor(void *mem, int size, void *arg)
{
	struct vm_object *object = mem;

	(void)size;
	(void)arg;
	KASSERT(TAILQ_EMPTY(&object->memq), ("object %u has resident pages", object->id));
	KASSERT(object->paging_in_progress == 0,
	    ("object %u paging_in_progress = %d", object->id, object->paging_in_progress));
	KASSERT(object->resident_page_count == 0,
	    ("object %u resident_page_count = %d", object->id, object->resident_page_count));
	KASSERT(object->shadow_count == 0, ("object %u shadow_count = %d", object->id, object->shadow_count));
}

void
vm_object_init(void)
{
	vm_pindex_t pages = atop(VM_MAX_KERNEL_ADDRESS - VM_MIN_KERNEL_ADDRESS);

	TAILQ_INIT(&vm_object_list);
	mtx_init(&vm_object_list_mtx, "vm object_list", NULL, MTX_DEF);
	VM_OBJECT_LOCK_INIT(kernel_object, "kernel object");
	_vm_object_allocate(OBJT_DEFAULT, pages, kernel_object);
	VM_OBJECT_LOCK_INIT(kmem_object, "kmem object");
	_vm_object_allocate(OBJT_DEFAULT, pages, kmem_object);
	obj_zone = uma_zcreate("VM OBJECT", sizeof(struct vm_object), NULL, vm_object_zdtor, vm_object_zinit,
	    NULL, UMA_ALIGN_PTR, UMA_ZONE_VM | UMA_ZONE_NOFREE);
}

/* ---------------------------------------------------------------- birth and death */

void
_vm_object_allocate(enum vm_objtype type, vm_pindex_t size, struct vm_object *object)
{
	TAILQ_INIT(&object->memq);
	object->root = NULL;
	object->type = type;
	object->size = size;
	object->generation = 1;
	object->ref_count = 1;
	object->shadow_count = 0;
	object->resident_page_count = 0;
	object->paging_in_progress = 0;
	object->flags = 0;
	if (type == OBJT_DEFAULT || type == OBJT_SWAP)
		object->flags = OBJ_ONEMAPPING;
	object->backing_object = NULL;
	object->backing_object_offset = 0;
	object->handle = NULL;
	object->un_pager.swp.swp_bcount = 0;
	mtx_lock(&vm_object_list_mtx);
	object->id = object_next_id++;
	TAILQ_INSERT_TAIL(&vm_object_list, object, object_list);
	mtx_unlock(&vm_object_list_mtx);
}

KERN_NOINLINE struct vm_object *
vm_object_allocate(enum vm_objtype type, vm_pindex_t size)
{
	struct vm_object *object = uma_zalloc(obj_zone, M_WAITOK);

	witness_renew(&object->mtx.lock_object);
	_vm_object_allocate(type, size, object);
	return (object);
}

void
vm_object_reference_locked(struct vm_object *object)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	KASSERT((object->flags & OBJ_DEAD) == 0, ("vm_object_reference_locked: dead object %u", object->id));
	object->ref_count++;
}

void
vm_object_reference(struct vm_object *object)
{
	if (object == NULL)
		return;
	VM_OBJECT_LOCK(object);
	vm_object_reference_locked(object);
	VM_OBJECT_UNLOCK(object);
}

KERN_NOINLINE void
vm_object_deallocate(struct vm_object *object)
{
	if (object == NULL)
		return;
	VM_OBJECT_LOCK(object);
	KASSERT(object->ref_count > 0,
	    ("vm_object_deallocate: object deallocated too many times: %u", object->id));
	if (--object->ref_count > 0) {
		if (object->ref_count == 1 && object->shadow_count == 0)
			vm_object_set_flag(object, OBJ_ONEMAPPING);
		VM_OBJECT_UNLOCK(object);
		return;
	}
	if ((object->flags & OBJ_DEAD) == 0)
		vm_object_terminate(object);
	else
		VM_OBJECT_UNLOCK(object);
}

KERN_NOINLINE void
vm_object_terminate(struct vm_object *object)
{
	struct vm_page *m;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	vm_object_set_flag(object, OBJ_DEAD);
	vm_object_pip_wait(object, "objtrm");
	KASSERT(object->paging_in_progress == 0, ("vm_object_terminate: pageout in progress"));
	KASSERT(object->ref_count == 0,
	    ("vm_object_terminate: object with references, ref_count=%d", object->ref_count));
	vm_page_lock_queues();
	while ((m = TAILQ_FIRST(&object->memq)) != NULL) {
		KASSERT(m->busy == 0 && (m->flags & PG_BUSY) == 0,
		    ("vm_object_terminate: freeing busy page %u", VM_PAGE_ID(m)));
		if (m->wire_count == 0) {
			vm_page_free(m);
			cnt.v_pfree++;
		} else {
			vm_page_remove(m);
		}
	}
	vm_page_unlock_queues();
	vm_pager_deallocate(object);
	object->type = OBJT_DEAD;
	VM_OBJECT_UNLOCK(object);
	mtx_lock(&vm_object_list_mtx);
	TAILQ_REMOVE(&vm_object_list, object, object_list);
	mtx_unlock(&vm_object_list_mtx);
	uma_zfree(obj_zone, object);
}

/* ---------------------------------------------------------------- flags, transfers in progress */

void
vm_object_set_flag(struct vm_object *object, uint16_t bits)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	object->flags |= bits;
}

void
vm_object_clear_flag(struct vm_object *object, uint16_t bits)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	object->flags &= (uint16_t)~bits;
}

void
vm_object_pip_add(struct vm_object *object, int i)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	object->paging_in_progress = (uint16_t)(object->paging_in_progress + i);
}

void
vm_object_pip_subtract(struct vm_object *object, int i)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	KASSERT(object->paging_in_progress >= i,
	    ("vm_object_pip_subtract: object %u has %d, not %d", object->id, object->paging_in_progress, i));
	object->paging_in_progress = (uint16_t)(object->paging_in_progress - i);
}

void
vm_object_pip_wakeupn(struct vm_object *object, int i)
{
	vm_object_pip_subtract(object, i);
	if ((object->flags & OBJ_PIPWNT) && object->paging_in_progress == 0) {
		vm_object_clear_flag(object, OBJ_PIPWNT);
		wakeup(object);
	}
}

void
vm_object_pip_wakeup(struct vm_object *object)
{
	vm_object_pip_wakeupn(object, 1);
}

void
vm_object_pip_wait(struct vm_object *object, const char *waitid)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	while (object->paging_in_progress != 0) {
		object->flags |= OBJ_PIPWNT;
		msleep(object, VM_OBJECT_MTX(object), PVM, waitid, 0);
	}
}

/* ---------------------------------------------------------------- ranges */

/* The first page at or after start. */
static struct vm_page *
first_page_from(struct vm_object *object, vm_pindex_t start)
{
	struct vm_page *m = TAILQ_FIRST(&object->memq);

	if (m == NULL || m->pindex >= start)
		return (m);
	m = object->root = vm_page_splay(start, object->root);
	return (m->pindex >= start ? m : TAILQ_NEXT(m, listq));
}

/* Q.  FALSE: it slept, and the walk must start again without Q. */
static boolean_t
page_remove_one(struct vm_page *m, boolean_t clean_only)
{
	if (m->wire_count != 0) {
		pmap_remove_all(m);
		if (!clean_only)
			m->valid = 0;
		return (TRUE);
	}
	if (vm_page_sleep_if_busy(m, TRUE, "vmopar"))
		return (FALSE);
	if (clean_only && m->valid) {
		vm_page_test_dirty(m);
		if (m->dirty)
			return (TRUE);
		pmap_remove_all(m);
		if (m->dirty)
			return (TRUE);
	}
	pmap_remove_all(m);
	vm_page_free(m);
	return (TRUE);
}

void
vm_object_page_remove(struct vm_object *object, vm_pindex_t start, vm_pindex_t end, boolean_t clean_only)
{
	struct vm_page *m, *next;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (object->resident_page_count == 0)
		return;
	vm_object_pip_add(object, 1);
again:
	vm_page_lock_queues();
	for (m = first_page_from(object, start); m != NULL && (end == 0 || m->pindex < end); m = next) {
		next = TAILQ_NEXT(m, listq);
		if (!page_remove_one(m, clean_only))
			goto again;
	}
	vm_page_unlock_queues();
	vm_object_pip_wakeup(object);
}

void
vm_object_set_writeable_dirty(struct vm_object *object)
{
	vm_object_set_flag(object, OBJ_WRITEABLE | OBJ_MIGHTBEDIRTY);
}

boolean_t
vm_object_coalesce(
    struct vm_object *prev_object, vm_ooffset_t prev_offset, vm_size_t prev_size, vm_size_t next_size)
{
	vm_pindex_t next_pindex;

	if (prev_object == NULL)
		return (TRUE);
	VM_OBJECT_LOCK(prev_object);
	next_pindex = OFF_TO_IDX(prev_offset + (vm_ooffset_t)prev_size);
	if ((prev_object->type != OBJT_DEFAULT && prev_object->type != OBJT_SWAP) ||
	    prev_object->backing_object != NULL ||
	    (prev_object->ref_count > 1 && prev_object->size != next_pindex)) {
		VM_OBJECT_UNLOCK(prev_object);
		return (FALSE);
	}
	/* What is left of an earlier neighbour must not show through. */
	if (next_pindex < prev_object->size) {
		vm_object_page_remove(prev_object, next_pindex, next_pindex + atop(next_size), FALSE);
		if (prev_object->type == OBJT_SWAP)
			swap_pager_freespace(prev_object, next_pindex, atop(next_size));
	}
	if (next_pindex + atop(next_size) > prev_object->size)
		prev_object->size = next_pindex + atop(next_size);
	VM_OBJECT_UNLOCK(prev_object);
	return (TRUE);
}

/* ---------------------------------------------------------------- conservation */

static int
object_violation(const struct vm_object *object, const char *what)
{
	kprintf("C4 object %u (type %d): %s\n", object->id, (int)object->type, what);
	return (1);
}

static int
object_check_pages(struct vm_object *object)
{
	struct vm_page *m, *prev = NULL;
	int bad = 0, n = 0;

	TAILQ_FOREACH (m, &object->memq, listq) {
		n++;
		if (m->object != object)
			bad += object_violation(object, "a page in its list is not its own");
		if (prev != NULL && prev->pindex >= m->pindex)
			bad += object_violation(object, "pages out of order");
		VM_OBJECT_LOCK(object);
		if (vm_page_lookup(object, m->pindex) != m)
			bad += object_violation(object, "a page is in the list but not in the tree");
		VM_OBJECT_UNLOCK(object);
		if (m->pindex >= object->size)
			bad += object_violation(object, "a page lies past the end");
		prev = m;
	}
	if (n != object->resident_page_count)
		bad += object_violation(object, "resident_page_count is wrong");
	return (bad);
}

int
vm_object_check(void)
{
	struct vm_object *object;
	int bad = 0;

	TAILQ_FOREACH (object, &vm_object_list, object_list) {
		bad += object_check_pages(object);
		if (object->paging_in_progress != 0)
			bad += object_violation(object, "paging in progress");
		if (object->flags & OBJ_DEAD)
			bad += object_violation(object, "dead but listed");
		if (object->ref_count <= 0)
			bad += object_violation(object, "no reference");
		if (object->shadow_count != 0 || object->backing_object != NULL)
			bad += object_violation(object, "shadow chain");
	}
	return (bad);
}
