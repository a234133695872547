/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pmap.c - the simulated MMU and its page tables.
 *
 * 1 User entries are read and changed by CPUs that hold no lock, so A and M are
 *   set, and entries taken away, by atomic operations: what the hardware wrote
 *   last is in the value that was exchanged, and moves into the vm_page.
 * 2 The page queue lock is held over every change to a managed mapping: pv lists
 *   and page flags are its.  "pmap" comes inside it and guards the tables.
 * 3 A page table's wire_count is one more than its live entries; with the last
 *   entry the table goes back, zeroed as it is.
 * 4 A table page is allocated with neither lock held: allocation may want the page
 *   queue lock for itself, and may have to sleep.  pv entries are taken under
 *   both, without sleeping; their zone is stocked so that it need not grow there.
 * 5 The kernel's table is one array over all KVA, set aside at boot; beside each
 *   change of it the host maps or unmaps the frame.  Kernel pages have no pv
 *   entries.
 */
#include "vm/pmap.h"
#include "kern/machine.h"
#include "kern/proc.h"
#include "kern/sysctl.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

SYSCTL_SWITCH_INT(vm_prealloc_pv, "vm.prealloc_pv", 1, 0, 0, 1,
    "1: PV ENTRY items are set aside before the zone gets its object");

struct pmap kernel_pmap_store;
vm_offset_t virtual_avail, virtual_end;

static pt_entry_t *kernel_pte; /* one for each page of KVA */
static vm_paddr_t stolen; /* frames below are boot's */

static LIST_HEAD(, pmap) allpmaps = LIST_HEAD_INITIALIZER(allpmaps);
static struct mtx allpmaps_lock;
static u_int pmap_next_id = 1;

static uma_zone_t pvzone;
static struct vm_object pvzone_obj;
static int pv_entry_count; /* Q */

#define KVA_PAGES_MIN 4096
#define KVA_PAGES_PER_FRAME 6
#define PV_BUCKET 128 /* entries of the largest */

static void *
phys_to_dmap(vm_paddr_t pa)
{
	return (machine_ram_base + pa);
}

/* ---------------------------------------------------------------- boot */

void *
pmap_steal_memory(vm_size_t size)
{
	void *mem = phys_to_dmap(stolen);

	size = round_page(size);
	if (stolen + size > (vm_paddr_t)ptoa(machine.pages))
		panic("pmap_steal_memory: %d pages of RAM are too few", machine.pages);
	stolen += size;
	memset(mem, 0, size);
	return (mem);
}

vm_paddr_t
pmap_stolen(void)
{
	return (stolen);
}

void
pmap_bootstrap(void)
{
	vm_size_t pages = (vm_size_t)imax(KVA_PAGES_MIN, machine.pages * KVA_PAGES_PER_FRAME);

	virtual_avail = VM_MIN_KERNEL_ADDRESS;
	virtual_end = ulmin(VM_MAX_KERNEL_ADDRESS, virtual_avail + ptoa(pages));
	kernel_pte = pmap_steal_memory(atop(virtual_end - virtual_avail) * sizeof(pt_entry_t));
	mtx_init(&allpmaps_lock, "allpmaps", NULL, MTX_SPIN);
	mtx_init(&kernel_pmap->pm_mtx, "pmap", NULL, MTX_DEF | MTX_DUPOK);
	TAILQ_INIT(&kernel_pmap->pm_pvlist);
}

void
pmap_init(void)
{
	pvzone = uma_zcreate("PV ENTRY", sizeof(struct pv_entry), NULL, NULL, NULL, NULL, UMA_ALIGN_PTR,
	    UMA_ZONE_VM | UMA_ZONE_NOFREE);
}

/*
 * Every page mapped once, and two full buckets for each CPU: an entry in the
 * cache of one CPU is no use to the others.
 */
void
pmap_init2(void)
{
	int initial = cnt.v_page_count + mp_ncpus * 2 * PV_BUCKET;

	if (vm_prealloc_pv)
		uma_prealloc(pvzone, initial);
	if (!uma_zone_set_obj(pvzone, &pvzone_obj, initial + cnt.v_page_count))
		panic("pmap_init2: no KVA for pv entries");
}

/* ---------------------------------------------------------------- kernel addresses */

static pt_entry_t *
kernel_pte_of(vm_offset_t va)
{
	KASSERT(va >= VM_MIN_KERNEL_ADDRESS && va < virtual_end, ("pmap: not a kernel address"));
	return (&kernel_pte[atop(va - VM_MIN_KERNEL_ADDRESS)]);
}

void
pmap_kenter(vm_offset_t va, vm_paddr_t pa)
{
	*kernel_pte_of(va) = (pt_entry_t)pa | PG_V | PG_RW;
	machine_kva_enter(va, pa, 1);
}

void
pmap_kremove(vm_offset_t va)
{
	*kernel_pte_of(va) = 0;
	machine_kva_remove(va, 1);
}

/* Runs of consecutive frames cost one system call. */
void
pmap_qenter(vm_offset_t va, struct vm_page **m, int count)
{
	for (int i = 0, run; i < count; i += run) {
		vm_paddr_t pa = VM_PAGE_TO_PHYS(m[i]);

		for (run = 0; i + run < count && VM_PAGE_TO_PHYS(m[i + run]) == pa + ptoa(run); run++)
			*kernel_pte_of(va + ptoa(i + run)) = (pt_entry_t)(pa + ptoa(run)) | PG_V | PG_RW;
		machine_kva_enter(va + ptoa(i), pa, run);
	}
}

void
pmap_qremove(vm_offset_t va, int count)
{
	for (int i = 0; i < count; i++)
		*kernel_pte_of(va + ptoa(i)) = 0;
	machine_kva_remove(va, count);
}

vm_paddr_t
pmap_kextract(vm_offset_t va)
{
	vm_offset_t dmap = (vm_offset_t)machine_ram_base;
	pt_entry_t pte;

	if (va >= dmap && va < dmap + ptoa(machine.pages))
		return (va - dmap);
	pte = *kernel_pte_of(va);
	return ((pte & PG_V) ? (pte & PG_FRAME) | (va & PAGE_MASK) : 0);
}

static void
kernel_enter(vm_offset_t va, struct vm_page *m, boolean_t wired)
{
	pt_entry_t *pte = kernel_pte_of(va);

	KASSERT(m->flags & PG_UNMANAGED, ("pmap_enter: managed page %u in kernel_map", VM_PAGE_ID(m)));
	vm_page_lock_queues();
	PMAP_LOCK(kernel_pmap);
	if ((*pte & PG_V) == 0)
		kernel_pmap->pm_stats.resident_count++;
	if (wired && (*pte & PG_W) == 0)
		kernel_pmap->pm_stats.wired_count++;
	*pte = (pt_entry_t)VM_PAGE_TO_PHYS(m) | PG_V | PG_RW | (wired ? PG_W : 0);
	machine_kva_enter(va, VM_PAGE_TO_PHYS(m), 1);
	PMAP_UNLOCK(kernel_pmap);
	vm_page_unlock_queues();
}

static void
kernel_remove(vm_offset_t sva, vm_offset_t eva)
{
	vm_page_lock_queues();
	PMAP_LOCK(kernel_pmap);
	for (vm_offset_t va = sva, run; va < eva; va = run) {
		for (run = va; run < eva && (*kernel_pte_of(run) & PG_V); run += PAGE_SIZE) {
			kernel_pmap->pm_stats.resident_count--;
			if (*kernel_pte_of(run) & PG_W)
				kernel_pmap->pm_stats.wired_count--;
			*kernel_pte_of(run) = 0;
		}
		if (run > va)
			machine_kva_remove(va, (int)atop(run - va));
		else
			run = va + PAGE_SIZE;
	}
	PMAP_UNLOCK(kernel_pmap);
	vm_page_unlock_queues();
}

/* ---------------------------------------------------------------- a pmap's life */

static struct vm_page *
alloc_zeroed_page(vm_pindex_t pindex)
{
	struct vm_page *m;

	while ((m = vm_page_alloc(NULL, pindex, VM_ALLOC_NOOBJ | VM_ALLOC_WIRED | VM_ALLOC_ZERO)) == NULL)
		VM_WAIT;
	if ((m->flags & PG_ZERO) == 0)
		pmap_zero_page(m);
	return (m);
}

/* Q. */
static void
free_zeroed_page(struct vm_page *m)
{
	m->wire_count = 0;
	vm_cnt_add(&cnt.v_wire_count, -1);
	vm_page_free_zero(m);
}

KERN_NOINLINE void
pmap_pinit(struct pmap *pmap)
{
	mtx_init(&pmap->pm_mtx, "pmap", NULL, MTX_DEF | MTX_DUPOK);
	if (pmap->pm_pdir == NULL) {
		pmap->pm_pdir = (pt_entry_t *)kmem_alloc_nofault(kernel_map, PAGE_SIZE);
		if (pmap->pm_pdir == NULL)
			panic("pmap_pinit: unable to allocate kva");
	}
	pmap->pm_pdirpage = alloc_zeroed_page(0);
	pmap_qenter((vm_offset_t)pmap->pm_pdir, &pmap->pm_pdirpage, 1);
	TAILQ_INIT(&pmap->pm_pvlist);
	memset(&pmap->pm_stats, 0, sizeof(pmap->pm_stats));
	mtx_lock_spin(&allpmaps_lock);
	pmap->pm_id = pmap_next_id++;
	LIST_INSERT_HEAD(&allpmaps, pmap, pm_list);
	mtx_unlock_spin(&allpmaps_lock);
}

void
pmap_release(struct pmap *pmap)
{
	KASSERT(pmap->pm_stats.resident_count == 0,
	    ("pmap_release: pmap resident count %ld != 0", pmap->pm_stats.resident_count));
	mtx_lock_spin(&allpmaps_lock);
	LIST_REMOVE(pmap, pm_list);
	mtx_unlock_spin(&allpmaps_lock);
	pmap_qremove((vm_offset_t)pmap->pm_pdir, 1);
	vm_page_lock_queues();
	free_zeroed_page(pmap->pm_pdirpage);
	vm_page_unlock_queues();
	mtx_destroy(&pmap->pm_mtx);
}

/* ---------------------------------------------------------------- tables */

static struct vm_page *
ptpage_of(const struct pmap *pmap, vm_offset_t va)
{
	pt_entry_t pde = pmap->pm_pdir[va >> PDRSHIFT];

	return ((pde & PG_V) ? PHYS_TO_VM_PAGE(pde & PG_FRAME) : NULL);
}

static pt_entry_t *
pte_in(const struct vm_page *ptpage, vm_offset_t va)
{
	pt_entry_t *pt = phys_to_dmap(VM_PAGE_TO_PHYS(ptpage));

	return (&pt[(va >> PAGE_SHIFT) & (NPTEPG - 1)]);
}

static pt_entry_t *
pte_of_pv(const struct pv_entry *pv)
{
	return (pte_in(&vm_page_array[pv->pv_ptepage], pv->pv_va));
}

/* Rule 4.  Makes the table for va, unless somebody else just did. */
static void
make_ptpage(struct pmap *pmap, vm_offset_t va)
{
	struct vm_page *m = alloc_zeroed_page(va >> PDRSHIFT);

	vm_page_lock_queues();
	PMAP_LOCK(pmap);
	if (ptpage_of(pmap, va) == NULL) {
		pmap->pm_pdir[va >> PDRSHIFT] = (pt_entry_t)VM_PAGE_TO_PHYS(m) | PG_V | PG_RW | PG_U;
		m = NULL;
	}
	PMAP_UNLOCK(pmap);
	if (m != NULL)
		free_zeroed_page(m);
	vm_page_unlock_queues();
}

/* Rule 3.  Q, pmap. */
static void
ptpage_unuse(struct pmap *pmap, struct vm_page *ptpage, vm_offset_t va)
{
	if (--ptpage->wire_count > 1)
		return;
	pmap->pm_pdir[va >> PDRSHIFT] = 0;
	free_zeroed_page(ptpage);
}

/* ---------------------------------------------------------------- pv entries */

/* Q, pmap.  FALSE: there is none to be had without sleeping. */
static boolean_t
pv_insert(struct pmap *pmap, vm_offset_t va, struct vm_page *ptpage, struct vm_page *m)
{
	struct pv_entry *pv = uma_zalloc(pvzone, M_NOWAIT);

	if (pv == NULL)
		return (FALSE);
	pv_entry_count++;
	pv->pv_pmap = pmap;
	pv->pv_va = (uint32_t)va;
	pv->pv_ptepage = VM_PAGE_ID(ptpage);
	TAILQ_INSERT_TAIL(&pmap->pm_pvlist, pv, pv_plist);
	TAILQ_INSERT_TAIL(&m->md.pv_list, pv, pv_list);
	m->md.pv_list_count++;
	return (TRUE);
}

/* Q, pmap. */
static void
pv_remove(struct pv_entry *pv, struct vm_page *m)
{
	TAILQ_REMOVE(&m->md.pv_list, pv, pv_list);
	m->md.pv_list_count--;
	if (TAILQ_EMPTY(&m->md.pv_list))
		vm_page_flag_clear(m, PG_WRITEABLE);
	TAILQ_REMOVE(&pv->pv_pmap->pm_pvlist, pv, pv_plist);
	pv_entry_count--;
	uma_zfree(pvzone, pv);
}

static struct pv_entry *
pv_find(const struct pmap *pmap, vm_offset_t va, const struct vm_page *m)
{
	struct pv_entry *pv;

	TAILQ_FOREACH (pv, &m->md.pv_list, pv_list) {
		if (pv->pv_pmap == pmap && pv->pv_va == (uint32_t)va)
			return (pv);
	}
	panic("pmap: no pv entry for a managed mapping of page %u", VM_PAGE_ID(m));
}

/* ---------------------------------------------------------------- mapping and unmapping */

/* What the hardware noted in an entry that is gone or changed.  Q. */
static void
harvest_bits(struct vm_page *m, pt_entry_t old)
{
	if (old & PG_M)
		vm_page_dirty(m);
	if (old & PG_A)
		vm_page_flag_set(m, PG_REFERENCED);
}

/* Q, pmap. */
static void
remove_pte(struct pmap *pmap, struct vm_page *ptpage, vm_offset_t va, struct pv_entry *pv)
{
	pt_entry_t old = __atomic_exchange_n(pte_in(ptpage, va), 0, __ATOMIC_ACQ_REL);

	KASSERT(old & PG_V, ("pmap_remove: entry not valid"));
	if (old & PG_W)
		pmap->pm_stats.wired_count--;
	pmap->pm_stats.resident_count--;
	if (old & PG_MANAGED) {
		struct vm_page *m = PHYS_TO_VM_PAGE(old & PG_FRAME);

		harvest_bits(m, old);
		pv_remove(pv != NULL ? pv : pv_find(pmap, va, m), m);
	}
	ptpage_unuse(pmap, ptpage, va);
}

/* Q, pmap; the table is there.  FALSE: no pv entry, nothing changed for the new page. */
static boolean_t
enter_pte(struct pmap *pmap, vm_offset_t va, struct vm_page *m, vm_prot_t prot, boolean_t wired)
{
	struct vm_page *ptpage = ptpage_of(pmap, va);
	pt_entry_t *pte = pte_in(ptpage, va);
	pt_entry_t old = *pte, new = (pt_entry_t)VM_PAGE_TO_PHYS(m) | PG_V | PG_U | PG_A;

	if ((m->flags & (PG_FICTITIOUS | PG_UNMANAGED)) == 0)
		new |= PG_MANAGED;
	if (prot & VM_PROT_WRITE)
		new |= PG_RW;
	if (wired)
		new |= PG_W;
	if ((old & PG_V) == 0 || (old & PG_FRAME) != VM_PAGE_TO_PHYS(m)) {
		/* The table must outlive the old entry. */
		ptpage->wire_count++;
		if (old & PG_V)
			remove_pte(pmap, ptpage, va, NULL);
		if ((new &PG_MANAGED) && !pv_insert(pmap, va, ptpage, m)) {
			ptpage_unuse(pmap, ptpage, va);
			return (FALSE);
		}
		pmap->pm_stats.resident_count++;
		old = 0;
	}
	pmap->pm_stats.wired_count += (wired ? 1 : 0) - ((old & PG_W) ? 1 : 0);
	old = __atomic_exchange_n(pte, new, __ATOMIC_ACQ_REL);
	if (old & PG_MANAGED)
		harvest_bits(m, old);
	if ((new &(PG_MANAGED | PG_RW)) == (PG_MANAGED | PG_RW))
		vm_page_flag_set(m, PG_WRITEABLE);
	return (TRUE);
}

KERN_NOINLINE void
pmap_enter(struct pmap *pmap, vm_offset_t va, struct vm_page *m, vm_prot_t prot, boolean_t wired)
{
	enum { DONE, NO_TABLE, NO_PV } outcome;

	va = trunc_page(va);
	if (pmap == kernel_pmap) {
		kernel_enter(va, m, wired);
		return;
	}
	KASSERT(va < VM_MAXUSER_ADDRESS, ("pmap_enter: toobig"));
	do {
		vm_page_lock_queues();
		PMAP_LOCK(pmap);
		if (ptpage_of(pmap, va) == NULL)
			outcome = NO_TABLE;
		else
			outcome = enter_pte(pmap, va, m, prot, wired) ? DONE : NO_PV;
		PMAP_UNLOCK(pmap);
		vm_page_unlock_queues();
		if (outcome == NO_TABLE)
			make_ptpage(pmap, va);
		else if (outcome == NO_PV)
			VM_WAIT;
	} while (outcome != DONE);
}

/* The next address after va whose table may exist. */
static vm_offset_t
next_table(vm_offset_t va, vm_offset_t eva)
{
	vm_offset_t next = (va + (1UL << PDRSHIFT)) & ~((1UL << PDRSHIFT) - 1);

	return (next < eva ? next : eva);
}

KERN_NOINLINE void
pmap_remove(struct pmap *pmap, vm_offset_t sva, vm_offset_t eva)
{
	struct vm_page *ptpage;

	if (pmap->pm_stats.resident_count == 0)
		return;
	if (pmap == kernel_pmap) {
		kernel_remove(sva, eva);
		return;
	}
	vm_page_lock_queues();
	PMAP_LOCK(pmap);
	for (vm_offset_t va = sva, end; va < eva; va = end) {
		end = next_table(va, eva);
		for (; va < end && (ptpage = ptpage_of(pmap, va)) != NULL; va += PAGE_SIZE) {
			if (*pte_in(ptpage, va) & PG_V)
				remove_pte(pmap, ptpage, va, NULL);
		}
	}
	PMAP_UNLOCK(pmap);
	vm_page_unlock_queues();
}

/* Takes bits out of an entry and keeps what the hardware noted.  Q, pmap. */
static void
clear_bits(pt_entry_t *pte, pt_entry_t bits)
{
	pt_entry_t old = __atomic_fetch_and(pte, ~bits, __ATOMIC_ACQ_REL);

	if (old & PG_MANAGED)
		harvest_bits(PHYS_TO_VM_PAGE(old & PG_FRAME), old & bits);
}

void
pmap_protect(struct pmap *pmap, vm_offset_t sva, vm_offset_t eva, vm_prot_t prot)
{
	struct vm_page *ptpage;

	KASSERT(pmap != kernel_pmap, ("pmap_protect: kernel_pmap"));
	if ((prot & VM_PROT_READ) == 0) {
		pmap_remove(pmap, sva, eva);
		return;
	}
	if (prot & VM_PROT_WRITE)
		return;
	vm_page_lock_queues();
	PMAP_LOCK(pmap);
	for (vm_offset_t va = sva, end; va < eva; va = end) {
		end = next_table(va, eva);
		if ((ptpage = ptpage_of(pmap, va)) == NULL)
			continue;
		for (; va < end; va += PAGE_SIZE) {
			if (*pte_in(ptpage, va) & PG_V)
				clear_bits(pte_in(ptpage, va), PG_RW | PG_M | PG_A);
		}
	}
	PMAP_UNLOCK(pmap);
	vm_page_unlock_queues();
}

vm_paddr_t
pmap_extract(struct pmap *pmap, vm_offset_t va)
{
	struct vm_page *ptpage;
	vm_paddr_t pa = 0;

	if (pmap == kernel_pmap)
		return (pmap_kextract(va));
	PMAP_LOCK(pmap);
	if ((ptpage = ptpage_of(pmap, va)) != NULL && (*pte_in(ptpage, va) & PG_V))
		pa = (*pte_in(ptpage, va) & PG_FRAME) | (va & PAGE_MASK);
	PMAP_UNLOCK(pmap);
	return (pa);
}

void
pmap_change_wiring(struct pmap *pmap, vm_offset_t va, boolean_t wired)
{
	struct vm_page *ptpage;
	pt_entry_t *pte, old;

	PMAP_LOCK(pmap);
	if (pmap == kernel_pmap) {
		pte = kernel_pte_of(va);
	} else {
		ptpage = ptpage_of(pmap, va);
		KASSERT(ptpage != NULL, ("pmap_change_wiring: not mapped"));
		pte = pte_in(ptpage, va);
	}
	if (wired)
		old = __atomic_fetch_or(pte, PG_W, __ATOMIC_ACQ_REL);
	else
		old = __atomic_fetch_and(pte, ~PG_W, __ATOMIC_ACQ_REL);
	pmap->pm_stats.wired_count += (wired ? 1 : 0) - ((old & PG_W) ? 1 : 0);
	PMAP_UNLOCK(pmap);
}

/* ---------------------------------------------------------------- by page */

KERN_NOINLINE void
pmap_remove_all(struct vm_page *m)
{
	struct pv_entry *pv;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	while ((pv = TAILQ_FIRST(&m->md.pv_list)) != NULL) {
		struct pmap *pmap = pv->pv_pmap;

		PMAP_LOCK(pmap);
		remove_pte(pmap, &vm_page_array[pv->pv_ptepage], pv->pv_va, pv);
		PMAP_UNLOCK(pmap);
	}
}

static void
clear_bits_of_page(struct vm_page *m, pt_entry_t bits)
{
	struct pv_entry *pv;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	TAILQ_FOREACH (pv, &m->md.pv_list, pv_list) {
		PMAP_LOCK(pv->pv_pmap);
		clear_bits(pte_of_pv(pv), bits);
		PMAP_UNLOCK(pv->pv_pmap);
	}
}

void
pmap_page_protect(struct vm_page *m, vm_prot_t prot)
{
	if (prot & VM_PROT_WRITE)
		return;
	if ((prot & (VM_PROT_READ | VM_PROT_EXECUTE)) == 0) {
		pmap_remove_all(m);
		return;
	}
	if ((m->flags & PG_WRITEABLE) == 0)
		return;
	clear_bits_of_page(m, PG_RW | PG_M);
	vm_page_flag_clear(m, PG_WRITEABLE);
}

boolean_t
pmap_is_modified(struct vm_page *m)
{
	struct pv_entry *pv;
	pt_entry_t bits = 0;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	TAILQ_FOREACH (pv, &m->md.pv_list, pv_list) {
		PMAP_LOCK(pv->pv_pmap);
		bits |= __atomic_load_n(pte_of_pv(pv), __ATOMIC_ACQUIRE);
		PMAP_UNLOCK(pv->pv_pmap);
	}
	return ((bits & PG_M) != 0);
}

/* The caller decided that the page is clean: the M bits are not kept. */
void
pmap_clear_modify(struct vm_page *m)
{
	struct pv_entry *pv;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	TAILQ_FOREACH (pv, &m->md.pv_list, pv_list) {
		PMAP_LOCK(pv->pv_pmap);
		__atomic_fetch_and(pte_of_pv(pv), ~PG_M, __ATOMIC_ACQ_REL);
		PMAP_UNLOCK(pv->pv_pmap);
	}
}

int
pmap_ts_referenced(struct vm_page *m)
{
	struct pv_entry *pv;
	int n = 0;

	mtx_assert(&vm_page_queue_mtx, MA_OWNED);
	TAILQ_FOREACH (pv, &m->md.pv_list, pv_list) {
		PMAP_LOCK(pv->pv_pmap);
		if (__atomic_fetch_and(pte_of_pv(pv), ~PG_A, __ATOMIC_ACQ_REL) & PG_A)
			n++;
		PMAP_UNLOCK(pv->pv_pmap);
	}
	return (n);
}

void
pmap_clear_reference(struct vm_page *m)
{
	(void)pmap_ts_referenced(m);
}

boolean_t
pmap_page_is_mapped(struct vm_page *m)
{
	return (!TAILQ_EMPTY(&m->md.pv_list));
}

void
pmap_zero_page(struct vm_page *m)
{
	memset(phys_to_dmap(VM_PAGE_TO_PHYS(m)), 0, PAGE_SIZE);
}

void
pmap_copy_page(struct vm_page *src, struct vm_page *dst)
{
	memcpy(phys_to_dmap(VM_PAGE_TO_PHYS(dst)), phys_to_dmap(VM_PAGE_TO_PHYS(src)), PAGE_SIZE);
}

/* ---------------------------------------------------------------- the hardware */

void *
pmap_mmu_access(struct pmap *pmap, vm_offset_t va, vm_prot_t access)
{
	pt_entry_t pde, old, new, *pte;

	if (va >= VM_MAXUSER_ADDRESS)
		return (NULL);
	pde = __atomic_load_n(&pmap->pm_pdir[va >> PDRSHIFT], __ATOMIC_ACQUIRE);
	if ((pde & PG_V) == 0)
		return (NULL);
	pte = (pt_entry_t *)phys_to_dmap(pde & PG_FRAME) + ((va >> PAGE_SHIFT) & (NPTEPG - 1));
	old = __atomic_load_n(pte, __ATOMIC_ACQUIRE);
	do {
		if ((old & (PG_V | PG_U)) != (PG_V | PG_U))
			return (NULL);
		if ((access & VM_PROT_WRITE) && (old & PG_RW) == 0)
			return (NULL);
		new = old | PG_A | ((access & VM_PROT_WRITE) ? PG_M : 0);
	} while (!__atomic_compare_exchange_n(pte, &old, new, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
	return ((char *)phys_to_dmap(new &PG_FRAME) + (va & PAGE_MASK));
}

/* ---------------------------------------------------------------- conservation */

static int
pmap_violation(const struct pmap *pmap, const char *what)
{
	kprintf("C6 pmap %u: %s\n", pmap->pm_id, what);
	return (1);
}

/* One table: each valid managed entry has its pv entry; returns violations, adds to the counts. */
static int
check_table(struct pmap *pmap, u_int pdi, int *nvalid, int *nmanaged)
{
	struct vm_page *ptpage = ptpage_of(pmap, (vm_offset_t)pdi << PDRSHIFT);
	int live = 0, bad = 0;

	for (u_int i = 0; i < NPTEPG; i++) {
		vm_offset_t va = ((vm_offset_t)pdi << PDRSHIFT) | ptoa(i);
		pt_entry_t pte = *pte_in(ptpage, va);
		struct pv_entry *pv;
		int found = 0;

		if ((pte & PG_V) == 0)
			continue;
		live++;
		if ((pte & PG_MANAGED) == 0)
			continue;
		(*nmanaged)++;
		TAILQ_FOREACH (pv, &PHYS_TO_VM_PAGE(pte & PG_FRAME)->md.pv_list, pv_list) {
			if (pv->pv_pmap == pmap && pv->pv_va == va && pv->pv_ptepage == VM_PAGE_ID(ptpage))
				found++;
		}
		if (found != 1)
			bad += pmap_violation(pmap, "a managed entry has not exactly one pv entry");
		if ((pte & PG_RW) && (PHYS_TO_VM_PAGE(pte & PG_FRAME)->flags & PG_WRITEABLE) == 0)
			bad += pmap_violation(pmap, "a writeable entry of a page that is not PG_WRITEABLE");
	}
	if (ptpage->wire_count != live + 1 || live == 0)
		bad += pmap_violation(pmap, "a page table's wire_count is wrong");
	*nvalid += live;
	return (bad);
}

int
pmap_check(void)
{
	struct pmap *pmap;
	int bad = 0, allmanaged = 0, allpvs = 0;

	LIST_FOREACH (pmap, &allpmaps, pm_list) {
		int nvalid = 0, nmanaged = 0, npvs = 0;
		struct pv_entry *pv;

		for (u_int pdi = 0; pdi < NPDEPG; pdi++) {
			if (pmap->pm_pdir[pdi] & PG_V)
				bad += check_table(pmap, pdi, &nvalid, &nmanaged);
		}
		TAILQ_FOREACH (pv, &pmap->pm_pvlist, pv_plist)
			npvs++;
		if (nvalid != pmap->pm_stats.resident_count)
			bad += pmap_violation(pmap, "resident_count is wrong");
		if (npvs != nmanaged)
			bad += pmap_violation(pmap, "pv entries without a managed mapping");
		allmanaged += nmanaged;
	}
	for (int i = 0; i < vm_page_array_size; i++)
		allpvs += vm_page_array[i].md.pv_list_count;
	if (allpvs != allmanaged || pv_entry_count != allmanaged)
		bad += pmap_violation(kernel_pmap, "pages' pv entries, mappings and pv_entry_count differ");
	return (bad);
}
