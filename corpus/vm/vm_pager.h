/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pager.h - where an object's pages come from and go to.            room: corpus/vm
 *
 * One table of operations an object type.  All but init, alloc and dealloc are
 * called with the object locked and return with it locked; get and put drop the
 * lock while they wait, and the caller keeps the object by paging_in_progress.
 */
#ifndef VM_VM_PAGER_H
#define VM_VM_PAGER_H

#include "vm/vm.h"

struct vm_object;
struct vm_page;

/* Outcome for a page, or for the page asked for. */
#define VM_PAGER_OK 0
#define VM_PAGER_BAD 1 /* out of range */
#define VM_PAGER_FAIL 2 /* no room now; the page stays dirty */
#define VM_PAGER_PEND 3 /* started; the I/O done thread finishes it */
#define VM_PAGER_ERROR 4 /* the device said no */
#define VM_PAGER_AGAIN 5

/* Flags of vm_pager_put_pages(). */
#define VM_PAGER_PUT_SYNC 0x0001
#define VM_PAGER_PUT_INVAL 0x0002

struct pagerops {
	void (*pgo_init)(void);
	struct vm_object *(*pgo_alloc)(void *handle, vm_ooffset_t size, vm_prot_t prot, vm_ooffset_t offset);
	void (*pgo_dealloc)(struct vm_object *object);
	int (*pgo_getpages)(struct vm_object *object, struct vm_page **m, int count, int reqpage);
	void (*pgo_putpages)(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals);
	boolean_t (*pgo_haspage)(struct vm_object *object, vm_pindex_t pindex, int *before, int *after);
	void (*pgo_pageunswapped)(struct vm_page *m); /* or NULL */
};

extern struct pagerops defaultpagerops;
extern struct pagerops swappagerops;

void vm_pager_init(void);
struct vm_object *vm_pager_allocate(
    int type, void *handle, vm_ooffset_t size, vm_prot_t prot, vm_ooffset_t offset);
/* Object locked, dying: its backing store is given up. */
void vm_pager_deallocate(struct vm_object *object);
/*
 * Bring in m[reqpage]; the others, all busy, are freed or come along.  On OK the
 * requested page is valid and still busy; on failure it is busy and invalid.
 */
int vm_pager_get_pages(struct vm_object *object, struct vm_page **m, int count, int reqpage);
/*
 * Write count pages (io_started and write-protected by the caller); rtvals[i]
 * is each one's outcome.  VM_PAGER_PEND pages are finished by the pager.
 */
void vm_pager_put_pages(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals);
/* Does the pager hold the page?  *before, *after (may be NULL): contiguous neighbours. */
boolean_t vm_pager_has_page(struct vm_object *object, vm_pindex_t pindex, int *before, int *after);
/*
 * A page became dirty: what the pager holds of it is stale.  Object locked, page
 * queues not: the pager takes swhash, which stands before them.
 */
void vm_pager_page_unswapped(struct vm_page *m);
#endif
