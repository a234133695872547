/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_object.h - a thing that has pages: anonymous memory, the kernel's, a zone's.   room: corpus/vm
 *
 * Life      objects come from the zone VM OBJECT, which never gives memory back:
 *           the lock is made when the slab is, and lent to one object after
 *           another; each allocation renews it for the tracker.  Static objects
 *           are set up by _vm_object_allocate().
 * Locks     all fields are the object's lock's, but object_list ("vm object_list").
 *           Order: user map or system map, object, page queues.
 * References  the creator has one.  paging_in_progress keeps a dying object alive.
 */
#ifndef VM_VM_OBJECT_H
#define VM_VM_OBJECT_H

#include "kern/mutex.h"
#include "kern/queue.h"
#include "vm/vm.h"
#include "vm/vm_page.h"

enum vm_objtype { OBJT_DEFAULT, OBJT_SWAP, OBJT_VNODE, OBJT_DEVICE, OBJT_PHYS, OBJT_DEAD };

TAILQ_HEAD(vm_objlist, vm_object);

struct vm_object {
	struct mtx mtx; /* type-stable */
	TAILQ_ENTRY(vm_object) object_list;
	struct pglist memq; /* pages, by pindex */
	struct vm_page *root; /* the same as a splay tree */
	vm_pindex_t size; /* pages */
	int generation; /* ++ when a page comes or goes */
	int ref_count;
	int shadow_count;
	int resident_page_count;
	enum vm_objtype type;
	u_int id; /* stable, unique: for hashes and orders */
	uint16_t flags;
	uint16_t paging_in_progress;
	struct vm_object *backing_object;
	vm_ooffset_t backing_object_offset;
	TAILQ_ENTRY(vm_object) pager_object_list; /* the pager's */
	void *handle;
	union {
		struct {
			int swp_bcount; /* swblocks of this object */
		} swp;
	} un_pager;
};

#define OBJ_ACTIVE 0x0004
#define OBJ_DEAD 0x0008
#define OBJ_NOSPLIT 0x0010
#define OBJ_PIPWNT 0x0040 /* somebody waits for paging_in_progress to be 0 */
#define OBJ_WRITEABLE 0x0080
#define OBJ_MIGHTBEDIRTY 0x0100
#define OBJ_CLEANING 0x0200
#define OBJ_ONEMAPPING 0x2000

/* The switch vm.object_types: does each role of object have a lock type of its own? */
enum { OBJECT_TYPES_SPLIT, OBJECT_TYPES_SINGLE };
extern int vm_object_types;
/* The lock type for this role: the role's own, or "vm object" for all. */
const char *vm_object_lock_type(const char *role);

/* role: "standard object", "kernel object", "kmem object", "uma object". */
#define VM_OBJECT_LOCK_INIT(object, role)                                                                    \
	mtx_init(&(object)->mtx, "vm object", vm_object_lock_type(role), MTX_DEF | MTX_DUPOK)
#define VM_OBJECT_LOCK(object) mtx_lock(&(object)->mtx)
#define VM_OBJECT_UNLOCK(object) mtx_unlock(&(object)->mtx)
#define VM_OBJECT_TRYLOCK(object) mtx_trylock(&(object)->mtx)
#define VM_OBJECT_LOCKED(object) mtx_owned(&(object)->mtx)
#define VM_OBJECT_MTX(object) (&(object)->mtx)
#define VM_OBJECT_LOCK_ASSERT(object, what) mtx_assert(&(object)->mtx, (what))

extern struct vm_object kernel_object_store, kmem_object_store;
#define kernel_object (&kernel_object_store)
#define kmem_object (&kmem_object_store)
extern struct vm_objlist vm_object_list;
extern struct mtx vm_object_list_mtx; /* "vm object_list" */

void vm_object_init(void);

struct vm_object *vm_object_allocate(enum vm_objtype type, vm_pindex_t size);
/* Sets up all of a static object but its lock, which the caller made first. */
void _vm_object_allocate(enum vm_objtype type, vm_pindex_t size, struct vm_object *object);
void vm_object_reference(struct vm_object *object); /* not locked */
void vm_object_reference_locked(struct vm_object *object);
void vm_object_deallocate(struct vm_object *object); /* not locked; may sleep */
void vm_object_terminate(struct vm_object *object); /* locked; it is gone on return */

void vm_object_set_flag(struct vm_object *object, uint16_t bits);
void vm_object_clear_flag(struct vm_object *object, uint16_t bits);
void vm_object_pip_add(struct vm_object *object, int i);
void vm_object_pip_subtract(struct vm_object *object, int i);
void vm_object_pip_wakeup(struct vm_object *object);
void vm_object_pip_wakeupn(struct vm_object *object, int i);
void vm_object_pip_wait(struct vm_object *object, const char *waitid); /* sleeps, lock dropped */

/* Frees the pages of [start, end) that are not wired; end 0: to the object's end.  Locked; may sleep "vmopar". */
void vm_object_page_remove(
    struct vm_object *object, vm_pindex_t start, vm_pindex_t end, boolean_t clean_only);
void vm_object_set_writeable_dirty(struct vm_object *object);
/* May prev_object (at prev_offset, prev_size bytes) grow by next_size bytes in place?  Then it did. */
boolean_t vm_object_coalesce(
    struct vm_object *prev_object, vm_ooffset_t prev_offset, vm_size_t prev_size, vm_size_t next_size);

#endif
