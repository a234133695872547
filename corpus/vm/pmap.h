/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.h - the simulated MMU.                                          room: corpus/vm
 *
 * A user pmap is a page directory and page tables in simulated RAM, of 32-bit
 * entries with the usual V, RW, A and M bits: pmap_mmu_access() is the hardware
 * that walks them.  The kernel's pmap is the host's: entering a page maps its
 * frame with mmap() at the real address, so a stray access is a real fault.
 *
 * Locks     the calls marked Q want the page queue lock held; the others take it
 *           when they must.  Inside: "pmap", then the zone PV ENTRY.
 * pv        each managed mapping of a page has one pv_entry on the page's list.
 */
#ifndef VM_PMAP_H
#define VM_PMAP_H

#include "kern/mutex.h"
#include "kern/queue.h"
#include "vm/vm.h"

typedef uint32_t pt_entry_t;

/* Bits of an entry; the frame number lies above PAGE_SHIFT. */
#define PG_V 0x001u
#define PG_RW 0x002u
#define PG_U 0x004u
#define PG_A 0x020u
#define PG_M 0x040u
#define PG_W 0x200u /* wired */
#define PG_MANAGED 0x400u
#define PG_FRAME (~(pt_entry_t)PAGE_MASK)

#define NPDEPG 1024
#define NPTEPG 1024
#define PDRSHIFT 22

struct pv_entry;

struct md_page {
	TAILQ_HEAD(, pv_entry) pv_list;
	int pv_list_count;
};

struct pv_entry {
	struct pmap *pv_pmap;
	uint32_t pv_va;
	uint32_t pv_ptepage; /* VM_PAGE_ID of the page table */
	TAILQ_ENTRY(pv_entry) pv_list; /* of the page */
	TAILQ_ENTRY(pv_entry) pv_plist; /* of the pmap */
};

struct pmap_statistics {
	long resident_count; /* valid entries */
	long wired_count;
};

struct pmap {
	struct mtx pm_mtx; /* "pmap" */
	pt_entry_t *pm_pdir; /* KVA of the directory; kept over release */
	struct vm_page *pm_pdirpage;
	TAILQ_HEAD(, pv_entry) pm_pvlist;
	u_int pm_id; /* stable */
	struct pmap_statistics pm_stats;
	LIST_ENTRY(pmap) pm_list; /* allpmaps */
};

extern struct pmap kernel_pmap_store;
#define kernel_pmap (&kernel_pmap_store)
extern vm_offset_t virtual_avail, virtual_end; /* KVA */
extern int vm_prealloc_pv; /* the tunable vm.prealloc_pv */

#define PMAP_LOCK(pmap) mtx_lock(&(pmap)->pm_mtx)
#define PMAP_UNLOCK(pmap) mtx_unlock(&(pmap)->pm_mtx)

void pmap_bootstrap(void); /* first of all: the kernel's table, KVA */
void pmap_init(void); /* the zone PV ENTRY */
void pmap_init2(void); /* preallocates it; from now on it grows from pvzone_obj */

void pmap_pinit(struct pmap *pmap); /* sleeps for memory */
void pmap_release(struct pmap *pmap); /* no mapping may be left */

/* Enters m at va, replacing what was there.  No object lock held: may sleep for a page table. */
void pmap_enter(struct pmap *pmap, vm_offset_t va, struct vm_page *m, vm_prot_t prot, boolean_t wired);
void pmap_remove(struct pmap *pmap, vm_offset_t sva, vm_offset_t eva);
void pmap_protect(struct pmap *pmap, vm_offset_t sva, vm_offset_t eva, vm_prot_t prot);
vm_paddr_t pmap_extract(struct pmap *pmap, vm_offset_t va); /* 0: not mapped */
void pmap_change_wiring(struct pmap *pmap, vm_offset_t va, boolean_t wired);

void pmap_remove_all(struct vm_page *m); /* Q */
void pmap_page_protect(struct vm_page *m, vm_prot_t prot); /* Q */
boolean_t pmap_is_modified(struct vm_page *m); /* Q */
void pmap_clear_modify(struct vm_page *m); /* Q */
int pmap_ts_referenced(struct vm_page *m); /* Q: how many A bits were set; they are cleared */
void pmap_clear_reference(struct vm_page *m); /* Q */
boolean_t pmap_page_is_mapped(struct vm_page *m);

/* Kernel addresses, unmanaged, no lock. */
void pmap_kenter(vm_offset_t va, vm_paddr_t pa);
void pmap_kremove(vm_offset_t va);
void pmap_qenter(vm_offset_t va, struct vm_page **m, int count);
void pmap_qremove(vm_offset_t va, int count);
vm_paddr_t pmap_kextract(vm_offset_t va);
/* Boot only, before vm_page_startup() counts what is left: zeroed frames, seen in the direct map; up to where they go. */
void *pmap_steal_memory(vm_size_t size);
vm_paddr_t pmap_stolen(void);

void pmap_zero_page(struct vm_page *m);
void pmap_copy_page(struct vm_page *src, struct vm_page *dst);

/*
 * The hardware: translate va for a read or a write, setting A and M.  Returns
 * the byte's address in the direct map, or NULL when it would trap.
 */
void *pmap_mmu_access(struct pmap *pmap, vm_offset_t va, vm_prot_t access);

/* pv entries against page tables, both ways, and the counts.  One line a violation; returns how many. */
int pmap_check(void);

#endif
