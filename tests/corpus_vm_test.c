/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The VM on a booted machine: pages, objects, maps, faults, the MMU, the page
 * daemon, and the checks themselves: each is shown a violation and must see it.
 * Each test is a machine of its own; what it finds wrong is a panic, and the
 * panic's text the test's failure.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "kern/machine.h"
#include "kern/param.h"
#include "kern/proc.h"
#include "kern/random.h"
#include "kern/sleepqueue.h"
#include "vm/swap_pager.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_map.h"
#include "vm/vm_meter.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

#define MUST(exp) KASSERT(exp, ("line %d: %s", __LINE__, #exp))

struct run {
	struct machine_config cfg;
	void (*fn)(void);
	bool paging; /* with swap and the page daemon */
};

static void
booted_main(void *arg)
{
	struct run *run = arg;

	vm_mem_init();
	if (run->paging) {
		MUST(swaponfile(NULL, run->cfg.swap_pages) == 0);
		vm_pageout_start();
	}
	run->fn();
	MUST(vm_check_all() == 0);
	MUST(uma_check() == 0);
	if (run->paging)
		MUST(swap_pager_check() == 0);
	machine_shutdown();
}

static struct machine_report
run_machine(struct run *run)
{
	struct machine_report rep;

	ck_assert_int_eq(machine_run(&run->cfg, booted_main, run, &rep), 0);
	return (rep);
}

/* Memory without a page daemon: nothing moves unless the test moves it. */
static void
on_machine(int ncpus, uint64_t seed, void (*fn)(void))
{
	struct run run = {{.ncpus = ncpus, .seed = seed, .pages = 512, .swap_pages = 64}, fn, false};
	struct machine_report rep = run_machine(&run);

	if (rep.outcome != MACHINE_OK)
		ck_abort_msg("outcome %d: %s", (int)rep.outcome, rep.text);
}

static void
on_paging_machine(int ncpus, uint64_t seed, int pages, void (*fn)(void))
{
	struct run run = {{.ncpus = ncpus, .seed = seed, .pages = pages, .swap_pages = 2048}, fn, true};
	struct machine_report rep = run_machine(&run);

	if (rep.outcome != MACHINE_OK)
		ck_abort_msg("outcome %d: %s", (int)rep.outcome, rep.text);
}

/* For a machine that is to die: its last words are kept from the screen. */
static void
must_panic(void (*fn)(void), const char *text)
{
	struct run run = {{.ncpus = 1, .seed = 1, .pages = 512, .swap_pages = 64}, fn, false};
	struct machine_report rep;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	rep = run_machine(&run);
	ck_assert_int_eq((int)rep.outcome, (int)MACHINE_PANIC);
	if (strstr(rep.text, text) == NULL)
		ck_abort_msg("panic: %s, not: %s", rep.text, text);
}

/* ---------------------------------------------------------------- pages */

static void
free_locked(struct vm_page *m)
{
	vm_page_lock_queues();
	if (m->wire_count > 0)
		vm_page_unwire(m, 0);
	vm_page_free(m);
	vm_page_unlock_queues();
}

/* Takes pages of a class until there are none; how many are left free. */
static int
drain_class(struct vm_object *object, vm_pindex_t *next, int class)
{
	VM_OBJECT_LOCK(object);
	while (vm_page_alloc(object, *next, class | VM_ALLOC_NOBUSY) != NULL)
		(*next)++;
	VM_OBJECT_UNLOCK(object);
	return (cnt.v_free_count);
}

static void
classes_leave_their_reserve(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 4096);
	vm_pindex_t next = 0;

	cnt.v_free_reserved = 20;
	cnt.v_interrupt_free_min = 10;
	MUST(drain_class(object, &next, VM_ALLOC_NORMAL) == 20);
	pageproc = curproc; /* the page daemon's own go deeper */
	MUST(drain_class(object, &next, VM_ALLOC_NORMAL) == 10);
	pageproc = NULL;
	cnt.v_interrupt_free_min = 2;
	MUST(drain_class(object, &next, VM_ALLOC_SYSTEM) == 2);
	MUST(drain_class(object, &next, VM_ALLOC_INTERRUPT) == 0);
	MUST(vm_pageout_deficit == 4);
	MUST(object->resident_page_count == (int)next);
	VM_OBJECT_LOCK(object);
	vm_object_page_remove(object, 10, 20, FALSE);
	VM_OBJECT_UNLOCK(object);
	MUST(cnt.v_free_count == 10 && object->resident_page_count == (int)next - 10);
	vm_object_deallocate(object);
	MUST(cnt.v_free_count == (int)next);
}

START_TEST(page_classes)
{
	on_machine(1, 1, classes_leave_their_reserve);
}
END_TEST

static void
cache_page_is_recycled(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 4096);
	vm_pindex_t next = 1;
	struct vm_page *m, *again;

	VM_OBJECT_LOCK(object);
	m = vm_page_alloc(object, 0, VM_ALLOC_NORMAL | VM_ALLOC_NOBUSY);
	m->valid = VM_PAGE_BITS_ALL;
	vm_page_lock_queues();
	vm_page_cache(m);
	MUST(m->queue == PQ_CACHE && cnt.v_cache_count == 1);
	vm_page_unlock_queues();
	VM_OBJECT_UNLOCK(object);
	/* INTERRUPT never touches the cache; NORMAL takes its page when nothing is free. */
	cnt.v_free_reserved = 0;
	(void)drain_class(object, &next, VM_ALLOC_INTERRUPT);
	MUST(cnt.v_cache_count == 1);
	VM_OBJECT_LOCK(object);
	again = vm_page_alloc(object, next, VM_ALLOC_NORMAL | VM_ALLOC_NOBUSY);
	MUST(again == m && cnt.v_cache_count == 0 && vm_page_lookup(object, 0) == NULL);
	VM_OBJECT_UNLOCK(object);
	vm_object_deallocate(object);
}

static void
wire_hold_busy(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 8);
	int wired = cnt.v_wire_count, freed = cnt.v_free_count;
	struct vm_page *m;

	VM_OBJECT_LOCK(object);
	m = vm_page_alloc(object, 3, VM_ALLOC_NORMAL);
	MUST(m != NULL && (m->flags & PG_BUSY) && m->queue == PQ_NONE);
	m->valid = VM_PAGE_BITS_ALL;
	vm_page_lock_queues();
	vm_page_activate(m);
	MUST(m->queue == PQ_ACTIVE && m->act_count == ACT_INIT);
	vm_page_wakeup(m);
	vm_page_wire(m);
	MUST(m->queue == PQ_NONE && cnt.v_wire_count == wired + 1);
	vm_page_wire(m);
	vm_page_unwire(m, 1);
	MUST(m->wire_count == 1 && cnt.v_wire_count == wired + 1);
	vm_page_unwire(m, 0);
	MUST(m->queue == PQ_INACTIVE && cnt.v_wire_count == wired);
	vm_page_hold(m);
	vm_page_free(m);
	MUST(m->queue == PQ_HOLD && m->object == NULL && cnt.v_free_count == freed - 1);
	vm_page_unhold(m);
	MUST(m->queue == PQ_FREE && cnt.v_free_count == freed);
	vm_page_unlock_queues();
	MUST(vm_page_lookup(object, 3) == NULL);
	VM_OBJECT_UNLOCK(object);
	vm_object_deallocate(object);
}

START_TEST(page_wire_hold_busy)
{
	on_machine(1, 1, wire_hold_busy);
}
END_TEST

static void
zeroed_pages_go_to_who_asks(void)
{
	struct vm_page *m = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ), *n;

	MUST((m->flags & PG_BUSY) == 0 && m->object == NULL);
	vm_page_lock_queues();
	vm_page_free_zero(m);
	vm_page_unlock_queues();
	MUST(vm_page_zero_count == 1);
	n = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ);
	MUST(n != m && (n->flags & PG_ZERO) == 0 && vm_page_zero_count == 1);
	free_locked(n);
	n = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ | VM_ALLOC_ZERO | VM_ALLOC_WIRED);
	MUST(n == m && (n->flags & PG_ZERO) && vm_page_zero_count == 0 && n->wire_count == 1);
	vm_page_lock_queues();
	vm_page_unwire(n, 0);
	vm_page_free_zero(n);
	vm_page_unlock_queues();
	MUST(vm_page_zero_count == 1);
}

START_TEST(page_zeroed)
{
	on_machine(1, 1, zeroed_pages_go_to_who_asks);
}
END_TEST

static struct vm_page *
some_page(void)
{
	return (vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ));
}

static void
panic_free_twice(void)
{
	struct vm_page *m = some_page();

	free_locked(m);
	free_locked(m);
}

static void
panic_free_wired(void)
{
	struct vm_page *m = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);

	vm_page_lock_queues();
	vm_page_free(m);
}

static void
panic_free_written(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 8);
	struct vm_page *m;

	VM_OBJECT_LOCK(object);
	m = vm_page_alloc(object, 0, VM_ALLOC_NORMAL);
	vm_page_lock_queues();
	vm_page_io_start(m);
	vm_page_free(m);
}

static void
panic_busy_twice(void)
{
	struct vm_page *m = some_page();

	vm_page_lock_queues();
	vm_page_busy(m);
	vm_page_busy(m);
}

static void
panic_insert_twice(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 8);

	VM_OBJECT_LOCK(object);
	(void)vm_page_alloc(object, 1, VM_ALLOC_NORMAL);
	(void)vm_page_alloc(object, 1, VM_ALLOC_NORMAL);
}

static void
panic_unwire(void)
{
	struct vm_page *m = some_page();

	vm_page_lock_queues();
	vm_page_unwire(m, 0);
}

static void
panic_unhold(void)
{
	struct vm_page *m = some_page();

	vm_page_lock_queues();
	vm_page_unhold(m);
}

static void
panic_cache_dirty(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 8);
	struct vm_page *m;

	VM_OBJECT_LOCK(object);
	m = vm_page_alloc(object, 1, VM_ALLOC_NORMAL | VM_ALLOC_NOBUSY);
	vm_page_dirty(m);
	vm_page_lock_queues();
	vm_page_cache(m);
}

static void
panic_unlocked_insert(void)
{
	(void)vm_page_alloc(vm_object_allocate(OBJT_DEFAULT, 8), 1, VM_ALLOC_NORMAL);
}

static void
panic_deallocate(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 8);

	object->ref_count = 0;
	vm_object_deallocate(object);
}

static void
panic_nofault(void)
{
	volatile char *p = (char *)kmem_alloc_nofault(kernel_map, PAGE_SIZE);

	*p = 1;
}

static void
panic_kva_hole(void)
{
	volatile char *p = (char *)virtual_end - PAGE_SIZE;

	*p = 1;
}

static const struct {
	void (*fn)(void);
	const char *text;
} panics[] = {
    {panic_free_twice, "vm_page_free: freeing free page"},
    {panic_free_wired, "vm_page_free: freeing wired page"},
    {panic_free_written, "vm_page_free: freeing busy page"},
    {panic_busy_twice, "vm_page_busy: page already busy"},
    {panic_insert_twice, "vm_page_insert: offset already allocated"},
    {panic_unwire, "vm_page_unwire: invalid wire count"},
    {panic_unhold, "vm_page_unhold: hold count < 0"},
    {panic_cache_dirty, "vm_page_cache: caching a dirty page"},
    {panic_unlocked_insert, "not owned"},
    {panic_deallocate, "vm_object_deallocate: object deallocated too many times"},
    {panic_nofault, "vm_fault: fault on nofault entry, addr: "},
    {panic_kva_hole, "page fault at "},
};

START_TEST(wrong_use_panics)
{
	must_panic(panics[_i].fn, panics[_i].text);
}
END_TEST

/* ---------------------------------------------------------------- waiting for a page */

static struct vm_object *race_object, *race_other;
static struct vm_page *race_page;
static int race_slept;

static void
race_sleeper(void *arg)
{
	(void)arg;
	VM_OBJECT_LOCK(race_object);
	vm_page_lock_queues();
	MUST(vm_page_sleep_if_busy(race_page, TRUE, "test"));
	VM_OBJECT_LOCK_ASSERT(race_object, MA_OWNED);
	mtx_assert(&vm_page_queue_mtx, MA_NOTOWNED);
	race_slept = 1;
	VM_OBJECT_UNLOCK(race_object);
}

/* The page is freed, and lent to another object, before the sleeper runs: it comes back owning its own object. */
static void
page_goes_while_waited_for(void)
{
	struct proc *p;

	race_object = vm_object_allocate(OBJT_DEFAULT, 8);
	race_other = vm_object_allocate(OBJT_DEFAULT, 8);
	VM_OBJECT_LOCK(race_object);
	race_page = vm_page_alloc(race_object, 0, VM_ALLOC_NORMAL);
	VM_OBJECT_UNLOCK(race_object);
	MUST(proc_create(race_sleeper, NULL, &p, "sleeper") == 0);
	while ((race_page->flags & PG_WANTED) == 0)
		tsleep(&race_slept, PPAUSE, "test", 1);
	VM_OBJECT_LOCK(race_object);
	vm_page_lock_queues();
	vm_page_free(race_page);
	vm_page_unlock_queues();
	VM_OBJECT_LOCK(race_other);
	MUST(vm_page_alloc(race_other, 5, VM_ALLOC_NORMAL | VM_ALLOC_NOBUSY) == race_page);
	VM_OBJECT_UNLOCK(race_object);
	VM_OBJECT_UNLOCK(race_other);
	MUST(proc_wait(p) == 0 && race_slept);
	vm_object_deallocate(race_object);
	vm_object_deallocate(race_other);
}

START_TEST(page_sleep_if_busy)
{
	on_machine(1 + _i % 4, (uint64_t)_i, page_goes_while_waited_for);
}
END_TEST

/* ---------------------------------------------------------------- objects */

#define MODEL_PAGES 200

/* Random insertions, lookups, renames and removals against an array. */
static void
object_against_model(void)
{
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, MODEL_PAGES);
	struct vm_page *model[MODEL_PAGES] = {NULL}, *m;
	int freed = cnt.v_free_count, n = 0;

	VM_OBJECT_LOCK(object);
	for (int step = 0; step < 4000; step++) {
		vm_pindex_t i = kern_random_below(RANDOM_WORKLOAD, MODEL_PAGES);

		MUST(vm_page_lookup(object, i) == model[i]);
		if (model[i] == NULL && n < 150) {
			model[i] = vm_page_alloc(object, i, VM_ALLOC_NORMAL | VM_ALLOC_NOBUSY);
			n++;
		} else if (model[i] != NULL) {
			vm_pindex_t to = kern_random_below(RANDOM_WORKLOAD, MODEL_PAGES);

			if (model[to] == NULL) {
				vm_page_rename(model[i], object, to);
				model[to] = model[i];
				vm_page_undirty(model[to]);
			} else {
				free_locked(model[i]);
				n--;
			}
			model[i] = NULL;
		}
		MUST(object->resident_page_count == n);
	}
	m = TAILQ_FIRST(&object->memq);
	for (vm_pindex_t i = 0; i < MODEL_PAGES; i++) {
		if (model[i] == NULL)
			continue;
		MUST(m == model[i]);
		m = TAILQ_NEXT(m, listq);
	}
	MUST(m == NULL && cnt.v_free_count == freed - n);
	VM_OBJECT_UNLOCK(object);
	vm_object_deallocate(object);
	MUST(cnt.v_free_count == freed);
}

START_TEST(object_pages)
{
	on_machine(1, 7 + (uint64_t)_i, object_against_model);
}
END_TEST

static void
types_by_role(void)
{
	MUST(strcmp(vm_object_lock_type("kernel object"), "kernel object") == 0);
	vm_object_types = OBJECT_TYPES_SINGLE;
	MUST(strcmp(vm_object_lock_type("kernel object"), "vm object") == 0);
	MUST(strcmp(vm_object_lock_type("uma object"), "vm object") == 0);
}

START_TEST(object_lock_types)
{
	on_machine(1, 1, types_by_role);
}
END_TEST

/* ---------------------------------------------------------------- maps */

#define MAP_MODEL 128
#define MAP_BASE 0x100000UL

static vm_offset_t
model_va(int i)
{
	return (MAP_BASE + ptoa(i));
}

static void
map_step(struct vmspace *vm, bool model[MAP_MODEL], vm_size_t *mapped)
{
	int first = (int)kern_random_below(RANDOM_WORKLOAD, MAP_MODEL);
	int n = 1 + (int)kern_random_below(RANDOM_WORKLOAD, 12);
	vm_offset_t addr = model_va(first);
	bool taken = false;

	if (first + n > MAP_MODEL)
		n = MAP_MODEL - first;
	for (int i = first; i < first + n; i++)
		taken |= model[i];
	if (kern_random_below(RANDOM_WORKLOAD, 2) == 0) {
		int result = vm_mmap_anon(vm, &addr, ptoa(n), VM_PROT_RW);

		MUST(result == (taken ? KERN_NO_SPACE : KERN_SUCCESS));
		for (int i = first; !taken && i < first + n; i++) {
			model[i] = true;
			*mapped += PAGE_SIZE;
		}
		return;
	}
	MUST(vm_munmap(vm, addr, ptoa(n)) == KERN_SUCCESS);
	for (int i = first; i < first + n; i++) {
		*mapped -= model[i] ? PAGE_SIZE : 0;
		model[i] = false;
	}
}

/* Maps and unmaps at random, against an array of pages; what is mapped is zero once, then as written. */
static void
map_against_model(void)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	bool model[MAP_MODEL] = {false};
	vm_size_t mapped = 0;
	uint32_t word;

	for (int step = 0; step < 600; step++) {
		int i = (int)kern_random_below(RANDOM_WORKLOAD, MAP_MODEL);

		map_step(vm, model, &mapped);
		MUST(vm->vm_map.size == mapped);
		MUST(vm_map_check(&vm->vm_map) == 0);
		MUST(uload(vm, model_va(i), &word, sizeof(word)) == (model[i] ? 0 : -EFAULT));
		if (model[i]) {
			MUST(word == 0 || word == (uint32_t)i);
			word = (uint32_t)i;
			MUST(ustore(vm, model_va(i) + 8, &word, sizeof(word)) == 0);
		}
	}
	vmspace_free(vm);
}

START_TEST(map_random)
{
	on_machine(1, 3 + (uint64_t)_i, map_against_model);
}
END_TEST

static void
map_joins_and_cuts(void)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t a = MAP_BASE, b = MAP_BASE + ptoa(4), anywhere = 0;
	struct vm_map_entry *entry;
	uint32_t word = 77;
	int objects = 0;
	struct vm_object *object;

	MUST(vm_mmap_anon(vm, &a, ptoa(4), VM_PROT_RW) == KERN_SUCCESS);
	MUST(ustore(vm, a, &word, sizeof(word)) == 0);
	MUST(vm_mmap_anon(vm, &b, ptoa(4), VM_PROT_RW) == KERN_SUCCESS);
	MUST(vm->vm_map.nentries == 1);
	MUST(ustore(vm, b + ptoa(3), &word, sizeof(word)) == 0);
	/* A hole in the middle: two entries, one object, the hole's page gone. */
	MUST(ustore(vm, a + ptoa(2), &word, sizeof(word)) == 0);
	MUST(vm_munmap(vm, a + ptoa(2), ptoa(1)) == KERN_SUCCESS);
	MUST(vm->vm_map.nentries == 2);
	MUST(uload(vm, a + ptoa(2), &word, sizeof(word)) == -EFAULT);
	MUST(uload(vm, b + ptoa(3), &word, sizeof(word)) == 0 && word == 77);
	TAILQ_FOREACH (object, &vm_object_list, object_list)
		objects += object != kmem_object && object != kernel_object &&
			   object->resident_page_count == 2 && object->ref_count == 2;
	MUST(objects == 1);
	/* The hole is found again, and is zero. */
	anywhere = 0;
	MUST(vm_map_find(&vm->vm_map, NULL, 0, &anywhere, PAGE_SIZE, TRUE, VM_PROT_RW, VM_PROT_ALL, 0) ==
	     KERN_SUCCESS);
	MUST(anywhere == VM_MINUSER_ADDRESS);
	anywhere = a + ptoa(2);
	MUST(vm_mmap_anon(vm, &anywhere, ptoa(1), VM_PROT_RW) == KERN_SUCCESS);
	MUST(uload(vm, anywhere, &word, sizeof(word)) == 0 && word == 0);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_lookup_entry(&vm->vm_map, anywhere, &entry) && entry->start <= anywhere);
	vm_map_unlock(&vm->vm_map);
	vmspace_free(vm);
}

START_TEST(map_joins)
{
	on_machine(1, 1, map_joins_and_cuts);
}
END_TEST

static void
kernel_map_comes_back(void)
{
	vm_size_t size, ksize;
	vm_offset_t va[20];
	int freed;

	uma_reclaim();
	size = kernel_map->size;
	ksize = kmem_map->size;
	freed = cnt.v_free_count;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++) {
			va[i] = i % 2 ? kmem_malloc(kmem_map, ptoa(1 + i % 3), M_NOWAIT | M_ZERO)
				      : kmem_alloc(kernel_map, ptoa(2));
			MUST(va[i] != 0);
			memset((void *)va[i], 0x5a, PAGE_SIZE);
		}
		for (int i = 0; i < 20; i++)
			kmem_free(i % 2 ? kmem_map : kernel_map, va[i], i % 2 ? ptoa(1 + i % 3) : ptoa(2));
	}
	uma_reclaim();
	MUST(kernel_map->size == size && kmem_map->size == ksize && cnt.v_free_count == freed);
}

START_TEST(map_kernel)
{
	on_machine(1 + _i, 1, kernel_map_comes_back);
}
END_TEST

/* ---------------------------------------------------------------- faults and the MMU */

static struct vm_page *
page_at(struct vmspace *vm, vm_offset_t va)
{
	return (PHYS_TO_VM_PAGE(pmap_extract(vmspace_pmap(vm), va)));
}

static void
bits_follow_use(void)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t va = MAP_BASE;
	uint32_t word = 1;
	struct vm_page *m;

	MUST(vm_mmap_anon(vm, &va, ptoa(2), VM_PROT_RW) == KERN_SUCCESS);
	MUST(uload(vm, va, &word, sizeof(word)) == 0 && word == 0);
	m = page_at(vm, va);
	vm_page_lock_queues();
	MUST(m->queue == PQ_ACTIVE && m->valid == VM_PAGE_BITS_ALL && m->md.pv_list_count == 1);
	MUST(!pmap_is_modified(m) && m->dirty == 0);
	MUST(pmap_ts_referenced(m) == 1 && pmap_ts_referenced(m) == 0);
	vm_page_unlock_queues();
	/* Mapped for writing already: the hardware alone notes the write. */
	word = 5;
	MUST(ustore(vm, va, &word, sizeof(word)) == 0);
	vm_page_lock_queues();
	MUST(pmap_is_modified(m) && m->dirty == 0 && pmap_ts_referenced(m) == 1);
	vm_page_test_dirty(m);
	MUST(m->dirty == VM_PAGE_BITS_ALL);
	vm_page_undirty(m);
	pmap_clear_modify(m);
	MUST(!pmap_is_modified(m));
	/* Write-protected: the next write faults, and says dirty at once. */
	pmap_page_protect(m, VM_PROT_READ);
	MUST((m->flags & PG_WRITEABLE) == 0);
	vm_page_unlock_queues();
	MUST(pmap_mmu_access(vmspace_pmap(vm), va, VM_PROT_WRITE) == NULL);
	MUST(pmap_mmu_access(vmspace_pmap(vm), va, VM_PROT_READ) != NULL);
	MUST(ustore(vm, va, &word, sizeof(word)) == 0);
	MUST(m->dirty == VM_PAGE_BITS_ALL && (m->flags & PG_WRITEABLE));
	vm_page_undirty(m);
	/* What the hardware noted last survives the unmapping. */
	vm_page_lock_queues();
	pmap_clear_modify(m);
	vm_page_unlock_queues();
	MUST(ustore(vm, va, &word, sizeof(word)) == 0);
	vm_page_lock_queues();
	pmap_remove_all(m);
	MUST(m->dirty == VM_PAGE_BITS_ALL && !pmap_page_is_mapped(m) && (m->flags & PG_REFERENCED));
	vm_page_unlock_queues();
	MUST(vm->vm_pmap.pm_stats.resident_count == 0);
	MUST(uload(vm, va, &word, sizeof(word)) == 0 && word == 5);
	vmspace_free(vm);
}

START_TEST(mmu_bits)
{
	on_machine(1, 1, bits_follow_use);
}
END_TEST

static void
protections_hold(void)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t va = MAP_BASE;
	uint32_t word = 9;

	MUST(ustore(vm, va, &word, sizeof(word)) == -EFAULT);
	MUST(uload(vm, VM_MAXUSER_ADDRESS, &word, sizeof(word)) == -EFAULT);
	MUST(vm_mmap_anon(vm, &va, ptoa(8), VM_PROT_RW) == KERN_SUCCESS);
	for (int i = 0; i < 8; i++)
		MUST(ustore(vm, va + ptoa(i), &word, sizeof(word)) == 0);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_protect(&vm->vm_map, va + ptoa(2), va + ptoa(4), VM_PROT_READ) == KERN_SUCCESS);
	vm_map_unlock(&vm->vm_map);
	MUST(vm->vm_map.nentries == 3);
	for (int i = 0; i < 8; i++) {
		MUST(ustore(vm, va + ptoa(i), &word, sizeof(word)) == (i == 2 || i == 3 ? -EFAULT : 0));
		MUST(uload(vm, va + ptoa(i), &word, sizeof(word)) == 0 && word == 9);
	}
	MUST(page_at(vm, va + ptoa(2))->dirty == VM_PAGE_BITS_ALL);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_protect(&vm->vm_map, va, va + ptoa(8), VM_PROT_NONE) == KERN_SUCCESS);
	MUST(vm_map_protect(&vm->vm_map, va, va + ptoa(8), VM_PROT_RW) == KERN_SUCCESS);
	vm_map_unlock(&vm->vm_map);
	MUST(vm->vm_map.nentries == 1);
	MUST(uload(vm, va + ptoa(3), &word, sizeof(word)) == 0 && word == 9);
	vmspace_free(vm);
}

START_TEST(fault_protection)
{
	on_machine(1, 1, protections_hold);
}
END_TEST

/* One object in two address spaces: each page has two mappings, and both go. */
static void
shared_object(void)
{
	struct vmspace *a = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	struct vmspace *b = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	struct vm_object *object = vm_object_allocate(OBJT_DEFAULT, 4);
	vm_offset_t va = MAP_BASE, vb = MAP_BASE + ptoa(2000);
	uint32_t word = 3;
	struct vm_page *m;

	vm_object_reference(object);
	MUST(vm_map_find(&a->vm_map, object, 0, &va, ptoa(4), FALSE, VM_PROT_RW, VM_PROT_ALL, 0) ==
	     KERN_SUCCESS);
	MUST(vm_map_find(&b->vm_map, object, 0, &vb, ptoa(4), FALSE, VM_PROT_RW, VM_PROT_ALL, 0) ==
	     KERN_SUCCESS);
	MUST(ustore(a, va + ptoa(1), &word, sizeof(word)) == 0);
	word = 0;
	MUST(uload(b, vb + ptoa(1), &word, sizeof(word)) == 0 && word == 3);
	m = page_at(a, va + ptoa(1));
	MUST(m == page_at(b, vb + ptoa(1)) && m->md.pv_list_count == 2);
	MUST(pmap_check() == 0);
	vm_page_lock_queues();
	MUST(pmap_ts_referenced(m) == 2);
	pmap_remove_all(m);
	vm_page_unlock_queues();
	MUST(pmap_extract(vmspace_pmap(a), va + ptoa(1)) == 0);
	MUST(pmap_extract(vmspace_pmap(b), vb + ptoa(1)) == 0);
	MUST(uload(a, va + ptoa(1), &word, sizeof(word)) == 0 && word == 3);
	vmspace_free(a);
	MUST(uload(b, vb + ptoa(1), &word, sizeof(word)) == 0 && word == 3);
	vmspace_free(b);
}

START_TEST(fault_shared)
{
	on_machine(1, 1, shared_object);
}
END_TEST

static void
kernel_mappings(void)
{
	vm_offset_t va = kmem_alloc_nofault(kernel_map, ptoa(8));
	struct vm_page *m[8];

	for (int i = 0; i < 8; i++)
		m[i] = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ | VM_ALLOC_WIRED);
	pmap_qenter(va, m, 8);
	for (int i = 0; i < 8; i++) {
		memset((char *)va + ptoa(i), i + 1, PAGE_SIZE);
		MUST(pmap_kextract(va + ptoa(i) + 5) == VM_PAGE_TO_PHYS(m[i]) + 5);
		MUST(machine_ram_base[VM_PAGE_TO_PHYS(m[i]) + 100] == i + 1);
	}
	pmap_qremove(va, 8);
	MUST(pmap_kextract(va) == 0);
	pmap_kenter(va, VM_PAGE_TO_PHYS(m[3]));
	MUST(*(char *)va == 4);
	pmap_kremove(va);
	for (int i = 0; i < 8; i++)
		free_locked(m[i]);
	kmem_free(kernel_map, va, ptoa(8));
}

START_TEST(mmu_kernel)
{
	on_machine(1, 1, kernel_mappings);
}
END_TEST

/* An address space torn down gives everything back, and its pmap serves the next. */
static void
vmspaces_come_back(void)
{
	int freed = 0;
	uint32_t word = 1;

	for (int round = 0; round < 20; round++) {
		struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);

		for (int i = 0; i < 10; i++) {
			vm_offset_t va = MAP_BASE + (vm_offset_t)i * 0x4000000;

			MUST(vm_mmap_anon(vm, &va, ptoa(3), VM_PROT_RW) == KERN_SUCCESS);
			MUST(ustore(vm, va + ptoa(1), &word, sizeof(word)) == 0);
		}
		MUST(vm->vm_pmap.pm_stats.resident_count == 10 && pmap_check() == 0);
		vmspace_free(vm);
		if (round == 0)
			freed = cnt.v_free_count;
		MUST(cnt.v_free_count == freed);
	}
}

START_TEST(vmspace_reuse)
{
	on_machine(1, 1, vmspaces_come_back);
}
END_TEST

/* A CPU may write to a page that was found clean, until it is unmapped. */
static struct vmspace *race_vm;
static bool race_over;

static void
race_writer(void *arg)
{
	uint32_t word, n = 0;

	(void)arg;
	while (!race_over) {
		n++;
		MUST(ustore(race_vm, MAP_BASE, &n, sizeof(n)) == 0);
		MUST(uload(race_vm, MAP_BASE, &word, sizeof(word)) == 0 && word == n);
		sched_point();
	}
}

static void
clean_pages_are_looked_at_twice(void)
{
	vm_offset_t va = MAP_BASE;
	uint32_t word = 0;
	int cached = 0;
	struct proc *p;
	struct vm_page *m;

	race_vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	MUST(vm_mmap_anon(race_vm, &va, PAGE_SIZE, VM_PROT_RW) == KERN_SUCCESS);
	MUST(ustore(race_vm, va, &word, sizeof(word)) == 0);
	m = page_at(race_vm, va);
	MUST(proc_create(race_writer, NULL, &p, "writer") == 0);
	for (int i = 0; i < 4000; i++) {
		VM_OBJECT_LOCK(m->object);
		vm_page_lock_queues();
		vm_page_undirty(m);
		pmap_clear_modify(m);
		cached += vm_page_try_to_cache(m);
		vm_page_unlock_queues();
		VM_OBJECT_UNLOCK(m->object);
		sched_point();
	}
	race_over = true;
	proc_wait(p);
	MUST(cached > 100 && cached < 4000);
	vmspace_free(race_vm);
}

START_TEST(page_clean)
{
	on_machine(2 + _i % 3, (uint64_t)_i, clean_pages_are_looked_at_twice);
}
END_TEST

/* ---------------------------------------------------------------- paging */

#define PAGER_PROCS 3

static int pager_pages; /* each */

static uint64_t
stamp(int pid, vm_offset_t va, int generation)
{
	return (((uint64_t)pid << 56) ^ (va << 8) ^ (uint64_t)generation);
}

static void
pager_proc(void *arg)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t va = 0;
	uint64_t word;

	(void)arg;
	MUST(vm_mmap_anon(vm, &va, ptoa(pager_pages), VM_PROT_RW) == KERN_SUCCESS);
	for (int generation = 1; generation < 4; generation++) {
		for (int i = 0; i < pager_pages; i++) {
			vm_offset_t at = va + ptoa(i) + 8 * (vm_offset_t)(i % 500);

			MUST(uload(vm, at, &word, sizeof(word)) == 0);
			MUST(word == (generation == 1 ? 0 : stamp(curproc->p_pid, at, generation - 1)));
			word = stamp(curproc->p_pid, at, generation);
			MUST(ustore(vm, at, &word, sizeof(word)) == 0);
		}
	}
	vmspace_free(vm);
}

static int
pv_slabs(void)
{
	struct uma_zone_stats st;

	uma_zone_statistics(uma_zone_lookup("PV ENTRY"), &st);
	return (st.slabs);
}

static void
page_twice_over(void)
{
	struct proc *p[PAGER_PROCS];
	struct swap_stats st;
	int slabs = pv_slabs();

	pager_pages = 2 * machine.pages / PAGER_PROCS;
	for (int i = 0; i < PAGER_PROCS; i++)
		MUST(proc_create(pager_proc, NULL, &p[i], "pager") == 0);
	for (int i = 0; i < PAGER_PROCS; i++)
		MUST(proc_wait(p[i]) == 0);
	swap_pager_statistics(&st);
	MUST(st.pagesout > (uint64_t)machine.pages && st.pagesin > (uint64_t)machine.pages / 2);
	MUST(st.used == 0 && st.swblocks == 0 && st.errors == 0);
	MUST(cnt.v_pdwakeups > 0 && cnt.v_vmwaits > 0);
	/* What was set aside sufficed: the zone never grew under the page queue lock. */
	MUST(pv_slabs() == slabs);
}

START_TEST(paging)
{
	static const int pages[] = {256, 384, 700};

	on_paging_machine(1 + _i % 4, (uint64_t)_i, pages[_i % 3], page_twice_over);
}
END_TEST

/* History's formulas, and their limits on small RAM. */
static void
thresholds_are_sane(void)
{
	static const int sizes[] = {215, 256, 300, 512, 1000, 1024, 2000, 4096, 16384, 65536};
	struct vmmeter saved = cnt;

	for (size_t i = 0; i < nitems(sizes); i++) {
		cnt.v_page_count = cnt.v_free_count = sizes[i];
		vm_pageout_init_thresholds();
		MUST(cnt.v_free_reserved * 10 <= sizes[i]);
		MUST(cnt.v_interrupt_free_min < cnt.v_pageout_free_min);
		MUST(cnt.v_pageout_free_min < cnt.v_free_reserved && cnt.v_free_reserved < cnt.v_free_severe);
		MUST(cnt.v_free_severe < cnt.v_free_min && cnt.v_free_min < cnt.v_free_target);
		MUST(cnt.v_free_target * 3 < sizes[i] && cnt.v_inactive_target * 3 <= sizes[i]);
		if (sizes[i] >= 4096)
			MUST(cnt.v_pageout_free_min == 34 && vm_pageout_page_count == 16);
	}
	cnt = saved;
}

START_TEST(thresholds)
{
	on_machine(1, 1, thresholds_are_sane);
}
END_TEST

/* ---------------------------------------------------------------- the checks see what they are for */

static void
checks_see(void)
{
	struct vmspace *vm = vmspace_alloc(VM_MINUSER_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t va = MAP_BASE;
	uint32_t word = 1;
	struct vm_page *m;
	struct vm_object *object;
	pt_entry_t *pte;

	MUST(vm_mmap_anon(vm, &va, ptoa(2), VM_PROT_RW) == KERN_SUCCESS);
	MUST(ustore(vm, va, &word, sizeof(word)) == 0);
	MUST(vm_check_all() == 0 && vm_map_check(&vm->vm_map) == 0);
	/* A page that nobody has. */
	m = vm_page_alloc(NULL, 0, VM_ALLOC_NOOBJ);
	MUST(vm_page_check() == 2);
	free_locked(m);
	/* Counts. */
	cnt.v_active_count++;
	MUST(vm_page_check() == 1);
	cnt.v_active_count--;
	cnt.v_wire_count--;
	MUST(vm_page_check() == 1);
	cnt.v_wire_count++;
	/* Left busy, left held. */
	m = page_at(vm, va);
	m->busy++;
	m->hold_count++;
	MUST(vm_page_check() == 2);
	m->busy--;
	m->hold_count--;
	/* A free page that is dirty. */
	m = TAILQ_FIRST(&vm_page_queues[PQ_FREE].pl);
	m->dirty = 1;
	MUST(vm_page_check() == 1);
	m->dirty = 0;
	/* Objects. */
	object = page_at(vm, va)->object;
	object->paging_in_progress++;
	object->resident_page_count++;
	MUST(vm_object_check() == 2);
	object->paging_in_progress--;
	object->resident_page_count--;
	/* Maps. */
	vm->vm_map.size += PAGE_SIZE;
	vm->vm_map.nentries++;
	MUST(vm_map_check(&vm->vm_map) == 2);
	vm->vm_map.size -= PAGE_SIZE;
	vm->vm_map.nentries--;
	/* An entry without its pv entry, a pv entry without its entry. */
	m = page_at(vm, va);
	pte = (pt_entry_t *)(machine_ram_base + (vm->vm_pmap.pm_pdir[va >> PDRSHIFT] & PG_FRAME)) +
	      ((va >> PAGE_SHIFT) & (NPTEPG - 1));
	*pte &= ~PG_MANAGED;
	MUST(pmap_check() >= 1);
	*pte |= PG_MANAGED;
	*pte &= ~PG_FRAME;
	*pte |= (pt_entry_t)VM_PAGE_TO_PHYS(TAILQ_FIRST(&vm_page_queues[PQ_FREE].pl));
	MUST(pmap_check() >= 1);
	*pte = (*pte & ~PG_FRAME) | (pt_entry_t)VM_PAGE_TO_PHYS(m);
	vm->vm_pmap.pm_stats.resident_count++;
	MUST(pmap_check() == 1);
	vm->vm_pmap.pm_stats.resident_count--;
	MUST(vm_check_all() == 0);
	vmspace_free(vm);
}

START_TEST(checks)
{
	/* What they say is for a reader of a real violation. */
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
	on_machine(1, 1, checks_see);
}
END_TEST

START_TEST(page_cache)
{
	on_machine(1, 1, cache_page_is_recycled);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("corpus_vm");
	TCase *tc = tcase_create("vm");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, page_classes);
	tcase_add_test(tc, page_cache);
	tcase_add_test(tc, page_wire_hold_busy);
	tcase_add_test(tc, page_zeroed);
	tcase_add_loop_test(tc, wrong_use_panics, 0, (int)nitems(panics));
	tcase_add_loop_test(tc, page_sleep_if_busy, 0, 12);
	tcase_add_loop_test(tc, object_pages, 0, 4);
	tcase_add_test(tc, object_lock_types);
	tcase_add_loop_test(tc, map_random, 0, 4);
	tcase_add_test(tc, map_joins);
	tcase_add_loop_test(tc, map_kernel, 0, 2);
	tcase_add_test(tc, mmu_bits);
	tcase_add_test(tc, fault_protection);
	tcase_add_test(tc, fault_shared);
	tcase_add_test(tc, mmu_kernel);
	tcase_add_test(tc, vmspace_reuse);
	tcase_add_loop_test(tc, page_clean, 0, 6);
	tcase_add_loop_test(tc, paging, 0, 12);
	tcase_add_test(tc, thresholds);
	tcase_add_test(tc, checks);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
