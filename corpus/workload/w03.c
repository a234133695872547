/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * w03.c - see w03.h.
 *
 * 1. Which generation a page has after a pass follows from (seed, process, page,
 *    pass) alone: the checker keeps no memory of its own that could be wrong with it.
 * 2. A page is stamped at both ends, so that half a transfer shows.
 * 3. Each pass walks all pages in an order of its own (a step prime to their
 *    number), so that the page daemon's order is never the workload's.
 */
#include "workload/w03.h"

#include "kern/proc.h"
#include "kern/random.h"
#include "vm/pmap.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_map.h"
#include "vm/vm_pageout.h"

struct stamp {
	uint32_t pid, generation;
	uint64_t va;
};

struct process {
	struct w03_result *result;
	uint32_t number; /* 0 .. W03_PROCESSES-1 */
	int pages;
	vm_offset_t base;
};

static struct process processes[W03_PROCESSES];

/* Frames of RAM, an eighth less than half of it for each of four processes: 7/4 of RAM in all. */
static int
pages_each(const struct machine_config *cfg)
{
	return (cfg->pages * 7 / 4 / W03_PROCESSES);
}

int
w03_swap_needed(const struct machine_config *cfg)
{
	return (pages_each(cfg) * W03_PROCESSES + cfg->pages / 4);
}

/* Rule 1: is the page written anew in this pass?  All are in the first. */
static int
rewritten(const struct process *p, int page, int pass)
{
	uint64_t x = machine.seed * 0x9e3779b97f4a7c15u + p->number * 0xbf58476d1ce4e5b9u;

	if (pass == 0)
		return (1);
	x = (x ^ (uint64_t)page * 0x94d049bb133111ebu ^ (uint64_t)pass << 40) * 0xd6e8feb86659fd93u;
	return ((x >> 61) < 3);
}

static uint32_t
generation_after(const struct process *p, int page, int pass)
{
	uint32_t generation = 0;

	for (int i = 0; i <= pass; i++)
		generation += rewritten(p, page, i);
	return (generation);
}

static void
stamp_page(struct process *p, struct vmspace *vm, int page, int pass)
{
	struct stamp stamp = {p->number + 1, generation_after(p, page, pass), p->base + ptoa(page)};

	if (ustore(vm, stamp.va, &stamp, sizeof(stamp)) != 0 ||
	    ustore(vm, stamp.va + PAGE_SIZE - sizeof(stamp), &stamp, sizeof(stamp)) != 0)
		p->result->refused++;
}

static void
verify_page(struct process *p, struct vmspace *vm, int page, int pass)
{
	struct stamp want = {p->number + 1, generation_after(p, page, pass - 1), p->base + ptoa(page)};
	struct stamp head, tail;

	if (uload(vm, want.va, &head, sizeof(head)) != 0 ||
	    uload(vm, want.va + PAGE_SIZE - sizeof(tail), &tail, sizeof(tail)) != 0) {
		p->result->refused++;
		return;
	}
	p->result->verified += 2;
	p->result->wrong += memcmp(&head, &want, sizeof(want)) != 0;
	p->result->wrong += memcmp(&tail, &want, sizeof(want)) != 0;
}

static int
greatest_common_divisor(int a, int b)
{
	while (b != 0) {
		int rest = a % b;

		a = b;
		b = rest;
	}
	return (a);
}

/* Rule 3. */
static void
walk(struct process *p, struct vmspace *vm, int pass)
{
	int n = p->pages, at = (int)kern_random_below(RANDOM_WORKLOAD, (uint32_t)n), step;

	do
		step = 1 + (int)kern_random_below(RANDOM_WORKLOAD, (uint32_t)n - 1);
	while (greatest_common_divisor(step, n) != 1);
	for (int i = 0; i < n; i++, at = (at + step) % n) {
		if (pass > 0)
			verify_page(p, vm, at, pass);
		if (pass < W03_PASSES && rewritten(p, at, pass))
			stamp_page(p, vm, at, pass);
	}
}

static void
process_main(void *arg)
{
	struct process *p = arg;
	struct vmspace *vm = vmspace_alloc(VM_MIN_ADDRESS, VM_MAXUSER_ADDRESS);

	curproc->p_vmspace = vm;
	p->base = 0;
	if (vm_mmap_anon(vm, &p->base, ptoa(p->pages), VM_PROT_RW) != KERN_SUCCESS)
		panic("w03: no room for %d pages in an empty map", p->pages);
	/* The last pass only verifies. */
	for (int pass = 0; pass <= W03_PASSES; pass++)
		walk(p, vm, pass);
	if (vm_munmap(vm, p->base, ptoa(p->pages)) != KERN_SUCCESS)
		panic("w03: munmap failed");
	curproc->p_vmspace = NULL;
	vmspace_free(vm);
}

static void
run_processes(struct w03_result *result)
{
	struct proc *proc[W03_PROCESSES];

	for (uint32_t i = 0; i < W03_PROCESSES; i++) {
		processes[i] = (struct process){.result = result, .number = i, .pages = pages_each(&machine)};
		result->pages += processes[i].pages;
		if (proc_create(process_main, &processes[i], &proc[i], "w03") != 0)
			panic("w03: no process");
	}
	for (int i = 0; i < W03_PROCESSES; i++)
		proc_wait(proc[i]);
}

/* Numbers first: quiescing changes them. */
static void
collect(struct w03_result *result)
{
	struct uma_zone_stats swapmeta;

	swap_pager_statistics(&result->swap);
	uma_zone_statistics(swap_zone, &swapmeta);
	result->swapmeta_slabs = swapmeta.slabs;
	for (int cpu = 0; cpu < mp_ncpus; cpu++)
		result->uma_hits[cpu] = uma_cpu_hits(cpu);
}

static void
check_conservation(struct w03_result *result)
{
	result->page_faults_found = vm_check_all();
	result->swap_faults_found = swap_pager_check();
	result->zone_faults_found = uma_check();
	result->pbufs_out = pbuf_check();
}

void
w03_main(void *arg)
{
	struct w03_result *result = arg;
	int error;

	vm_mem_init();
	error = swaponfile(NULL, machine.swap_pages);
	if (error != 0) {
		result->swap_error = -error;
		machine_shutdown();
		return;
	}
	vm_pageout_start();
	run_processes(result);
	collect(result);
	uma_reclaim();
	machine_shutdown();
	check_conservation(result);
}
