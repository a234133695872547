/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_page.h - one struct for each page of simulated RAM, and its queues.   room: corpus/vm
 *
 * A page belongs to an object (at pindex) or to nobody, and lies on one queue or
 * none.  Exclusively busy (PG_BUSY): in transit, nobody but its owner may look
 * inside.  Soft busy (m->busy > 0): being written out; may be read.
 *
 * Locks     fields and calls are marked O (the object's lock) or Q (the page
 *           queue lock); order: object, then queues, then the free queue's spin
 *           lock.  PG_ flags change under Q, except in a page nobody else can see.
 * Sleeps    only what says so.
 */
#ifndef VM_VM_PAGE_H
#define VM_VM_PAGE_H

#include "kern/mutex.h"
#include "kern/queue.h"
#include "vm/pmap.h"
#include "vm/vm.h"
#include "vm/vm_meter.h"

#define PQ_NONE 0
#define PQ_FREE 1
#define PQ_INACTIVE 2
#define PQ_ACTIVE 3
#define PQ_CACHE 4
#define PQ_HOLD 5
#define PQ_COUNT 6

#define PG_BUSY 0x0001 /* in transit (O Q) */
#define PG_WANTED 0x0002 /* somebody sleeps on the page (Q) */
#define PG_WINATCFLS 0x0004 /* dirty, and passed over once by the inactive scan */
#define PG_FICTITIOUS 0x0008 /* no page of RAM */
#define PG_WRITEABLE 0x0010 /* a mapping may be writeable */
#define PG_ZERO 0x0040 /* contents are zeroes */
#define PG_REFERENCED 0x0080
#define PG_CLEANCHK 0x0100
#define PG_SWAPINPROG 0x0200 /* a swap transfer runs */
#define PG_NOSYNC 0x0400
#define PG_UNMANAGED 0x0800 /* on no queue, no pv entries */
#define PG_MARKER 0x1000 /* a bookmark of a queue scan, no page */

#define VM_PAGE_BITS_ALL 0xff

#define ACT_DECLINE 1
#define ACT_ADVANCE 3
#define ACT_INIT 5
#define ACT_MAX 64

TAILQ_HEAD(pglist, vm_page);

struct vm_page {
	TAILQ_ENTRY(vm_page) pageq; /* Q; free queue: its spin lock */
	TAILQ_ENTRY(vm_page) listq; /* O: object's pages, by pindex */
	struct vm_page *left, *right; /* O: object's splay tree */
	struct vm_object *object; /* O and Q to change, either to read */
	vm_pindex_t pindex; /* O and Q */
	vm_paddr_t phys_addr;
	struct md_page md; /* Q: its pv entries */
	uint16_t flags;
	uint16_t wire_count; /* Q; page table pages: live entries */
	int16_t hold_count; /* Q */
	uint8_t queue; /* Q */
	uint8_t act_count; /* Q */
	uint8_t busy; /* O: writers-out */
	uint8_t valid; /* O: VM_PAGE_BITS_ALL or 0 */
	uint8_t dirty; /* O Q */
	uint8_t swap_aux; /* for the pager, while busy */
};

struct vpgqueues {
	struct pglist pl;
	int *cnt; /* the count in struct vmmeter */
	int lcnt; /* on this queue, markers not counted */
};

extern struct vpgqueues vm_page_queues[PQ_COUNT];
extern struct mtx vm_page_queue_mtx; /* "vm page queue mutex" */
extern struct mtx vm_page_queue_free_mtx; /* "vm page queue free mutex", spin */
extern struct vm_page *vm_page_array; /* frames first_page .. first_page + vm_page_array_size - 1 */
extern long first_page;
extern int vm_page_array_size;
extern int vm_page_zero_count; /* free pages known to be zero */

#define vm_page_lock_queues() mtx_lock(&vm_page_queue_mtx)
#define vm_page_unlock_queues() mtx_unlock(&vm_page_queue_mtx)

#define VM_PAGE_TO_PHYS(m) ((m)->phys_addr)
#define PHYS_TO_VM_PAGE(pa) (&vm_page_array[(long)((pa) >> PAGE_SHIFT) - first_page])
/* A stable number for a page: use this, never its address, in hashes and orders. */
#define VM_PAGE_ID(m) ((u_int)((m)-vm_page_array))

/* How to allocate: a class, and flags. */
#define VM_ALLOC_NORMAL 0 /* leaves v_free_reserved */
#define VM_ALLOC_INTERRUPT 1 /* the last page too; never takes the page queue lock */
#define VM_ALLOC_SYSTEM 2 /* leaves v_interrupt_free_min */
#define VM_ALLOC_CLASS_MASK 3
#define VM_ALLOC_WIRED 0x0020
#define VM_ALLOC_ZERO 0x0040 /* prefer a zeroed page: look at PG_ZERO */
#define VM_ALLOC_RETRY 0x0080 /* vm_page_grab(): sleep until there is one */
#define VM_ALLOC_NOOBJ 0x0100 /* belongs to no object, not busy */
#define VM_ALLOC_NOBUSY 0x0200

/* Boot: sets the boot pages and vm_page_array aside and puts every frame above them on the free queue. */
void vm_page_startup(void);
extern void *vm_boot_pages_mem; /* UMA_BOOT_PAGES zeroed pages, consecutive, for uma_startup() */

/*
 * A page for (object, pindex), or NULL: then the page daemon was woken.  object
 * locked unless NOOBJ.  Busy unless NOBUSY or NOOBJ; valid 0.  Does not sleep.
 */
struct vm_page *vm_page_alloc(struct vm_object *object, vm_pindex_t pindex, int req);
/* The page at pindex, busied here; sleeps "pgrbwt" and, with RETRY, for memory.  O held, dropped while asleep. */
struct vm_page *vm_page_grab(struct vm_object *object, vm_pindex_t pindex, int allocflags);
struct vm_page *vm_page_lookup(struct vm_object *object, vm_pindex_t pindex); /* O */
void vm_page_insert(struct vm_page *m, struct vm_object *object, vm_pindex_t pindex); /* O */
void vm_page_remove(struct vm_page *m); /* O Q */
void vm_page_rename(
    struct vm_page *m, struct vm_object *new_object, vm_pindex_t new_pindex); /* both O, not Q */
struct vm_page *vm_page_splay(vm_pindex_t pindex, struct vm_page *root);

/* Not wired, mapped or soft busy; the caller's own PG_BUSY ends.  Q, and O when it has an object. */
void vm_page_free_toq(struct vm_page *m);
void vm_page_free(struct vm_page *m);
void vm_page_free_zero(struct vm_page *m); /* and its contents are zeroes */

void vm_page_busy(struct vm_page *m); /* O Q */
void vm_page_wakeup(struct vm_page *m); /* O Q: not busy any more */
void vm_page_flash(struct vm_page *m); /* O Q: wake who sleeps on it */
void vm_page_io_start(struct vm_page *m); /* O Q */
void vm_page_io_finish(struct vm_page *m); /* O Q */
/*
 * O and Q held.  FALSE: not busy, nothing changed.  TRUE: it was, both were
 * dropped for a sleep, O was taken again and Q was not.
 */
int vm_page_sleep_if_busy(struct vm_page *m, int also_m_busy, const char *msg);

void vm_page_activate(struct vm_page *m); /* Q */
void vm_page_deactivate(struct vm_page *m); /* Q */
void vm_page_cache(struct vm_page *m); /* O Q: clean and idle, it goes to the cache queue */
int vm_page_try_to_cache(struct vm_page *m); /* O Q */
int vm_page_try_to_free(struct vm_page *m); /* O Q */
void vm_page_dontneed(struct vm_page *m); /* Q */
void vm_page_wire(struct vm_page *m); /* Q */
void vm_page_unwire(struct vm_page *m, int activate); /* Q */
void vm_page_hold(struct vm_page *m); /* Q */
void vm_page_unhold(struct vm_page *m); /* Q */
void vm_page_unmanage(struct vm_page *m); /* Q */

void vm_page_flag_set(struct vm_page *m, u_int bits); /* Q */
void vm_page_flag_clear(struct vm_page *m, u_int bits); /* Q */
void vm_page_dirty(struct vm_page *m);
void vm_page_undirty(struct vm_page *m);
void vm_page_test_dirty(struct vm_page *m); /* Q: takes the mappings' M bits in */

/* Queues (vm_pageq.c).  Q, but for the free queue: its spin lock. */
void vm_pageq_init(void);
void vm_pageq_enqueue(int queue, struct vm_page *m);
void vm_pageq_enqueue_head(int queue, struct vm_page *m);
void vm_pageq_requeue(struct vm_page *m); /* to the tail */
void vm_pageq_remove(struct vm_page *m); /* and wakes the daemon when a cache page went and few are left */
void vm_pageq_remove_nowakeup(struct vm_page *m);
struct vm_page *vm_pageq_find(int queue, boolean_t prefer_zero); /* first page, or NULL; stays where it is */

#endif
