/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_fault.c - making an address accessible, and user memory through the MMU.
 *
 * 1 Order: the map (read), then the object, then the page queues.  The map is let
 *   go before a transfer; afterwards it is only tried, for the object is held by
 *   then.  Where it cannot be had, or says something else by its timestamp, the
 *   whole fault starts again: the page stays, and will be found.
 * 2 The object has a reference and a paging_in_progress of the fault's own while
 *   its lock is dropped: it can lose its map entry, not its life.
 * 3 The page is busy from the moment it is found or made until it is mapped, so
 *   that nobody reclaims it in between; it is off its queue for that time.
 * 4 A busy page is waited for with every lock let go, the map's too: who made it
 *   busy may need any of them.
 * 5 A write fault dirties the page and gives its swap block up at once: with the
 *   object locked, but not the page queues, which stand after the swap hash.
 * 6 No memory: everything is let go, and the fault starts again after the wait.
 */
#include "kern/proc.h"
#include "kern/sched.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_map.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

#define VM_FAULT_READ_AHEAD 7
#define VM_FAULT_READ_BEHIND 8
#define VM_FAULT_READ (VM_FAULT_READ_AHEAD + VM_FAULT_READ_BEHIND + 1)

/* What one try of a fault has found and holds. */
struct faultstate {
	struct vm_map *map;
	struct vm_map_entry *entry;
	struct vm_object *object;
	vm_pindex_t pindex;
	struct vm_page *m;
	vm_offset_t vaddr;
	vm_prot_t fault_type, prot;
	int fault_flags;
	boolean_t wired;
	boolean_t lookup_still_valid; /* the map is locked */
	u_int map_generation;
};

/* How a step ended. */
enum fault_next {
	FAULT_DONE, /* go on */
	FAULT_RETRY, /* everything was let go: start again */
	FAULT_RETRY_WAIT, /* the same, after waiting for memory */
	FAULT_FAIL /* everything was let go; *result says why */
};

static void
unlock_map(struct faultstate *fs)
{
	if (fs->lookup_still_valid) {
		vm_map_lookup_done(fs->map, fs->entry);
		fs->lookup_still_valid = FALSE;
	}
}

/* The object locked, and locked no more. */
static void
unlock_and_deallocate(struct faultstate *fs)
{
	vm_object_pip_wakeup(fs->object);
	VM_OBJECT_UNLOCK(fs->object);
	unlock_map(fs);
	vm_object_deallocate(fs->object);
}

/* The page is not busy any more; it keeps what it has. */
static void
release_page(struct faultstate *fs)
{
	vm_page_lock_queues();
	vm_page_deactivate(fs->m);
	vm_page_wakeup(fs->m);
	vm_page_unlock_queues();
}

static void
free_page(struct vm_page *m)
{
	vm_page_lock_queues();
	vm_page_free(m);
	vm_page_unlock_queues();
}

/* ---------------------------------------------------------------- finding the page */

/* Rule 4.  Object and queues locked, the page busy. */
static enum fault_next
wait_for_busy_page(struct faultstate *fs)
{
	vm_page_unlock_queues();
	unlock_map(fs);
	if (fs->m == vm_page_lookup(fs->object, fs->pindex)) {
		vm_page_lock_queues();
		if (!vm_page_sleep_if_busy(fs->m, TRUE, "vmpfw"))
			vm_page_unlock_queues();
	}
	cnt.v_intrans++;
	unlock_and_deallocate(fs);
	return (FAULT_RETRY);
}

/* Rule 3, for a page that is there. */
static enum fault_next
take_resident_page(struct faultstate *fs)
{
	int queue;

	vm_page_lock_queues();
	if ((fs->m->flags & PG_BUSY) || fs->m->busy)
		return (wait_for_busy_page(fs));
	queue = fs->m->queue;
	vm_pageq_remove_nowakeup(fs->m);
	if (queue == PQ_CACHE && vm_page_count_severe()) {
		vm_page_activate(fs->m);
		vm_page_unlock_queues();
		unlock_and_deallocate(fs);
		return (FAULT_RETRY_WAIT);
	}
	if (queue == PQ_CACHE)
		cnt.v_reactivated++;
	vm_page_busy(fs->m);
	vm_page_unlock_queues();
	return (FAULT_DONE);
}

static enum fault_next
make_page(struct faultstate *fs, int *result)
{
	if (fs->pindex >= fs->object->size) {
		unlock_and_deallocate(fs);
		*result = KERN_PROTECTION_FAILURE;
		return (FAULT_FAIL);
	}
	fs->m = vm_page_alloc(fs->object, fs->pindex, VM_ALLOC_NORMAL | VM_ALLOC_ZERO);
	if (fs->m == NULL) {
		unlock_and_deallocate(fs);
		return (FAULT_RETRY_WAIT);
	}
	return (FAULT_DONE);
}

/* ---------------------------------------------------------------- reading it in */

/* How far the pager and the object allow: pages before and after ours that are not there. */
static void
readahead_window(struct faultstate *fs, int *behind, int *ahead)
{
	int i;

	if (*behind > VM_FAULT_READ_BEHIND)
		*behind = VM_FAULT_READ_BEHIND;
	if (*ahead > VM_FAULT_READ_AHEAD)
		*ahead = VM_FAULT_READ_AHEAD;
	if ((vm_pindex_t)*behind > fs->pindex)
		*behind = (int)fs->pindex;
	if (fs->pindex + (vm_pindex_t)*ahead >= fs->object->size)
		*ahead = (int)(fs->object->size - fs->pindex) - 1;
	/* Only with pages that nobody needs. */
	if (*behind + *ahead > cnt.v_free_count + cnt.v_cache_count - cnt.v_free_reserved) {
		pagedaemon_wakeup();
		*behind = *ahead = 0;
	}
	for (i = 1; i <= *behind && vm_page_lookup(fs->object, fs->pindex - (vm_pindex_t)i) == NULL; i++)
		;
	*behind = i - 1;
	for (i = 1; i <= *ahead && vm_page_lookup(fs->object, fs->pindex + (vm_pindex_t)i) == NULL; i++)
		;
	*ahead = i - 1;
}

/*
 * The pages to ask the pager for, ours among them at *reqpage; all busy.  0: the
 * pager has ours not.
 */
static int
vm_fault_additional_pages(struct faultstate *fs, struct vm_page **marray, int *reqpage)
{
	int behind, ahead, n;

	*reqpage = 0;
	if (!vm_pager_has_page(fs->object, fs->pindex, &behind, &ahead))
		return (0);
	readahead_window(fs, &behind, &ahead);
	for (n = 0; n < behind; n++) {
		marray[n] =
		    vm_page_alloc(fs->object, fs->pindex - (vm_pindex_t)(behind - n), VM_ALLOC_NORMAL);
		if (marray[n] == NULL) {
			while (n > 0)
				free_page(marray[--n]);
			marray[0] = fs->m;
			return (1);
		}
	}
	*reqpage = n;
	marray[n++] = fs->m;
	for (; n < *reqpage + 1 + ahead; n++) {
		marray[n] =
		    vm_page_alloc(fs->object, fs->pindex + (vm_pindex_t)(n - *reqpage), VM_ALLOC_NORMAL);
		if (marray[n] == NULL)
			break;
	}
	return (n);
}

/* The page is ours, busy and empty: read it in, or fill it with zeroes. */
static enum fault_next
fill_page(struct faultstate *fs, int *result)
{
	struct vm_page *marray[VM_FAULT_READ];
	int reqpage = 0, count = 0, rv = VM_PAGER_FAIL;

	if (fs->object->type != OBJT_DEFAULT)
		count = vm_fault_additional_pages(fs, marray, &reqpage);
	if (count > 0) {
		unlock_map(fs);
		rv = vm_pager_get_pages(fs->object, marray, count, reqpage);
	}
	if (rv == VM_PAGER_OK) {
		fs->m = vm_page_lookup(fs->object, fs->pindex);
		if (fs->m != NULL)
			return (FAULT_DONE);
		unlock_and_deallocate(fs);
		return (FAULT_RETRY);
	}
	if (rv == VM_PAGER_ERROR)
		kprintf("vm_fault: pager read error, pid %d (%s)\n", curproc->p_pid, curproc->p_comm);
	if (rv == VM_PAGER_ERROR || rv == VM_PAGER_BAD) {
		free_page(fs->m);
		unlock_and_deallocate(fs);
		*result = rv == VM_PAGER_ERROR ? KERN_FAILURE : KERN_PROTECTION_FAILURE;
		return (FAULT_FAIL);
	}
	if (fs->m->flags & PG_ZERO)
		cnt.v_ozfod++;
	else
		pmap_zero_page(fs->m);
	cnt.v_zfod++;
	fs->m->valid = VM_PAGE_BITS_ALL;
	return (FAULT_DONE);
}

/* The object is locked: comes back with the page in fs->m, busy and valid. */
static enum fault_next
find_page(struct faultstate *fs, int *result)
{
	enum fault_next next;

	if (fs->object->flags & OBJ_DEAD) {
		unlock_and_deallocate(fs);
		*result = KERN_PROTECTION_FAILURE;
		return (FAULT_FAIL);
	}
	fs->m = vm_page_lookup(fs->object, fs->pindex);
	next = fs->m != NULL ? take_resident_page(fs) : make_page(fs, result);
	if (next == FAULT_DONE && fs->m->valid != VM_PAGE_BITS_ALL)
		next = fill_page(fs, result);
	return (next);
}

/* ---------------------------------------------------------------- mapping it */

/* Rule 1, after a transfer: is the page still what the map wants there? */
static enum fault_next
recheck_map(struct faultstate *fs, int *result)
{
	struct vm_object *object;
	vm_pindex_t pindex;
	vm_prot_t prot;

	if (fs->lookup_still_valid)
		return (FAULT_DONE);
	if (!vm_map_trylock_read(fs->map)) {
		release_page(fs);
		unlock_and_deallocate(fs);
		return (FAULT_RETRY);
	}
	fs->lookup_still_valid = TRUE;
	if (fs->map->timestamp == fs->map_generation)
		return (FAULT_DONE);
	*result = vm_map_lookup_locked(
	    fs->map, fs->vaddr, fs->fault_type, &fs->entry, &object, &pindex, &prot, &fs->wired);
	if (*result != KERN_SUCCESS) {
		release_page(fs);
		unlock_and_deallocate(fs);
		return (*result == KERN_FAILURE ? FAULT_RETRY : FAULT_FAIL);
	}
	if (object != fs->object || pindex != fs->pindex) {
		release_page(fs);
		unlock_and_deallocate(fs);
		return (FAULT_RETRY);
	}
	fs->prot &= prot;
	return (FAULT_DONE);
}

static void
map_page(struct faultstate *fs)
{
	struct vm_page *m = fs->m;

	if (fs->prot & VM_PROT_WRITE) {
		vm_page_lock_queues();
		vm_page_flag_set(m, PG_WRITEABLE);
		vm_object_set_writeable_dirty(fs->object);
		if (fs->fault_flags & VM_FAULT_DIRTY)
			vm_page_dirty(m);
		vm_page_unlock_queues();
		if (fs->fault_flags & VM_FAULT_DIRTY)
			vm_pager_page_unswapped(m);
	}
	KASSERT(m->flags & PG_BUSY, ("vm_fault: page %u not busy!", VM_PAGE_ID(m)));
	KASSERT(
	    m->valid == VM_PAGE_BITS_ALL, ("vm_fault: page %u partially invalid on fault", VM_PAGE_ID(m)));
	VM_OBJECT_UNLOCK(fs->object);
	pmap_enter(fs->map->pmap, fs->vaddr, m, fs->prot, fs->wired);
	VM_OBJECT_LOCK(fs->object);
	vm_page_lock_queues();
	vm_page_flag_set(m, PG_REFERENCED);
	vm_page_activate(m);
	vm_page_wakeup(m);
	vm_page_unlock_queues();
	unlock_and_deallocate(fs);
}

/* One try, from the lookup to the mapping. */
static enum fault_next
try_fault(struct faultstate *fs, struct vm_map *map, int *result)
{
	enum fault_next next;

	fs->map = map;
	*result = vm_map_lookup(
	    &fs->map, fs->vaddr, fs->fault_type, &fs->entry, &fs->object, &fs->pindex, &fs->prot, &fs->wired);
	if (*result != KERN_SUCCESS)
		return (FAULT_FAIL);
	fs->lookup_still_valid = TRUE;
	fs->map_generation = fs->map->timestamp;
	if (fs->entry->eflags & MAP_ENTRY_NOFAULT)
		panic("vm_fault: fault on nofault entry, addr: %lx", (u_long)fs->vaddr);
	if (fs->object == NULL) {
		unlock_map(fs);
		*result = KERN_INVALID_ADDRESS;
		return (FAULT_FAIL);
	}
	VM_OBJECT_LOCK(fs->object);
	vm_object_reference_locked(fs->object);
	vm_object_pip_add(fs->object, 1);
	next = find_page(fs, result);
	if (next == FAULT_DONE) {
		KASSERT(fs->m->flags & PG_BUSY, ("vm_fault: not busy after main loop"));
		next = recheck_map(fs, result);
	}
	if (next == FAULT_DONE)
		map_page(fs);
	return (next);
}

KERN_NOINLINE int
vm_fault(struct vm_map *map, vm_offset_t vaddr, vm_prot_t fault_type, int fault_flags)
{
	struct faultstate fs = {
	    .vaddr = trunc_page(vaddr), .fault_type = fault_type, .fault_flags = fault_flags};
	enum fault_next next;
	int result;

	cnt.v_vm_faults++;
	for (;;) {
		next = try_fault(&fs, map, &result);
		if (next == FAULT_DONE)
			return (KERN_SUCCESS);
		if (next == FAULT_FAIL)
			return (result);
		if (next == FAULT_RETRY_WAIT)
			VM_WAITPFAULT;
		else
			INTERLEAVE("vm_fault retry");
	}
}

void
vm_fault_unwire(struct vm_map *map, vm_offset_t start, vm_offset_t end)
{
	for (vm_offset_t va = start; va < end; va += PAGE_SIZE) {
		vm_paddr_t pa = pmap_extract(map->pmap, va);

		if (pa == 0)
			continue;
		pmap_change_wiring(map->pmap, va, FALSE);
		vm_page_lock_queues();
		vm_page_unwire(PHYS_TO_VM_PAGE(pa), 1);
		vm_page_unlock_queues();
	}
}

/* ---------------------------------------------------------------- user memory */

/* The byte at va, for this access, in the direct map; NULL: there is no such access. */
static void *
user_access(struct vmspace *vm, vm_offset_t va, size_t len, vm_prot_t access)
{
	void *p;

	KASSERT(len > 0 && trunc_page(va) == trunc_page(va + len - 1), ("user access across a page"));
	while ((p = pmap_mmu_access(vmspace_pmap(vm), va, access)) == NULL) {
		if (va >= VM_MAXUSER_ADDRESS)
			return (NULL);
		if (vm_fault(&vm->vm_map, va, access,
			(access & VM_PROT_WRITE) ? VM_FAULT_DIRTY : VM_FAULT_NORMAL) != KERN_SUCCESS)
			return (NULL);
	}
	return (p);
}

int
uload(struct vmspace *vm, vm_offset_t va, void *dst, size_t len)
{
	void *p = user_access(vm, va, len, VM_PROT_READ);

	if (p == NULL)
		return (-EFAULT);
	memcpy(dst, p, len);
	return (0);
}

int
ustore(struct vmspace *vm, vm_offset_t va, const void *src, size_t len)
{
	void *p = user_access(vm, va, len, VM_PROT_WRITE);

	if (p == NULL)
		return (-EFAULT);
	memcpy(p, src, len);
	return (0);
}
