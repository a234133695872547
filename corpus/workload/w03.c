/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * w03.c - W3: anonymous memory beyond RAM, with a swap file.          room: corpus/workload
 *
 *  1. Half as much again as there is RAM is written, by twice as many processes as
 *     CPUs and at least four, each in a region of its own.  So at least half of RAM has to go out,
 *     and to come back when it is read: nobody asks for paging, memory is short.
 *  2. A page is filled with words made of (pid, address, generation).  Every
 *     access but the first compares the whole page before it writes anew.
 *  3. Three rounds: write all, then read all and write every second, then read
 *     all.  Each round goes through the region in strides that the seed chooses,
 *     so that clusters break and neighbours come in at different times.
 *  4. Like any program it also maps small pieces for a while and lets them go
 *     again, at its start and every few pages: map entries and objects come and
 *     go on every CPU.
 */
#include "kern/machine.h"
#include "kern/proc.h"
#include "kern/random.h"
#include "vm/vm_extern.h"
#include "vm/vm_map.h"
#include "vm/vm_param.h"
#include "workload/workload.h"

#define ROUNDS 3
#define PIECES_AT_START 8
#define PAGES_A_PIECE 8
#define PIECE_PAGES 3 /* at most */
#define SWAP_LABEL 16 /* more than a swap device keeps for itself */
#define PROCESSES_MAX (2 * MAXCPU)
#define WORDS (PAGE_SIZE / (int)sizeof(uint64_t))

struct program {
	int number;
	int pages;
	uint64_t verified, wrong;
};

static struct program program[PROCESSES_MAX];
static struct workload_result *result;

/* The word at index i of the page at va, as process pid wrote it in that generation. */
static uint64_t
word(int pid, vm_offset_t va, int generation, int i)
{
	uint64_t x = ((uint64_t)pid << 48) ^ ((uint64_t)va << 8) ^ (uint64_t)generation;

	return ((x + (uint64_t)i) * 0x9e3779b97f4a7c15ull);
}

static void
write_page(struct vmspace *vm, vm_offset_t va, int generation)
{
	uint64_t page[WORDS];

	for (int i = 0; i < WORDS; i++)
		page[i] = word(curproc->p_pid, va, generation, i);
	if (ustore(vm, va, page, sizeof(page)) != 0)
		panic("w03: pid %d cannot write page %lu", curproc->p_pid, (u_long)atop(va));
}

static void
read_page(struct program *prog, struct vmspace *vm, vm_offset_t va, int generation)
{
	uint64_t page[WORDS];
	int bad = 0;

	if (uload(vm, va, page, sizeof(page)) != 0)
		panic("w03: pid %d cannot read page %lu", curproc->p_pid, (u_long)atop(va));
	for (int i = 0; i < WORDS; i++)
		bad |= page[i] != word(curproc->p_pid, va, generation, i);
	prog->verified++;
	if (!bad)
		return;
	prog->wrong++;
	kprintf("w03: pid %d, page %lu is not as written in round %d\n", curproc->p_pid, (u_long)atop(va),
	    generation);
}

/* Maps a few pages, uses the first and the last, and gives them back. */
static void
use_a_piece(struct program *prog, struct vmspace *vm, int generation)
{
	vm_size_t size = ptoa(1 + kern_random_below(RANDOM_WORKLOAD, PIECE_PAGES));
	vm_offset_t va = 0;

	if (vm_mmap_anon(vm, &va, size, VM_PROT_RW) != KERN_SUCCESS)
		panic("w03: pid %d cannot map %lu pages", curproc->p_pid, (u_long)atop(size));
	write_page(vm, va, generation);
	if (size > PAGE_SIZE)
		write_page(vm, va + size - PAGE_SIZE, generation);
	read_page(prog, vm, va, generation);
	read_page(prog, vm, va + size - PAGE_SIZE, generation);
	if (vm_munmap(vm, va, size) != KERN_SUCCESS)
		panic("w03: pid %d cannot unmap %lu pages", curproc->p_pid, (u_long)atop(size));
}

/* A stride that visits every page of n once. */
static int
stride(int n)
{
	static const int primes[] = {1, 1, 1, 7, 17, 37};
	int s = primes[kern_random_below(RANDOM_WORKLOAD, nitems(primes))];

	return (n % s == 0 ? 1 : s);
}

static void
one_round(struct program *prog, struct vmspace *vm, vm_offset_t base, int generation)
{
	int n = prog->pages, step = stride(n), page = (int)kern_random_below(RANDOM_WORKLOAD, (uint32_t)n);

	for (int i = 0; i < n; i++, page = (page + step) % n) {
		vm_offset_t va = base + ptoa(page);

		/* Generation 1 was written to every second page only. */
		if (generation > 0)
			read_page(prog, vm, va, generation == 2 && page % 2 == 0 ? 1 : 0);
		if (generation == 0 || (generation == 1 && page % 2 == 0))
			write_page(vm, va, generation);
		if (i % PAGES_A_PIECE == 0)
			use_a_piece(prog, vm, generation);
	}
}

static void
user_program(void *arg)
{
	struct program *prog = arg;
	struct vmspace *vm = vmspace_alloc(VM_MIN_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t base = 0;

	curproc->p_vmspace = vm;
	for (int i = 0; i < PIECES_AT_START; i++)
		use_a_piece(prog, vm, 0);
	if (vm_mmap_anon(vm, &base, ptoa(prog->pages), VM_PROT_RW) != KERN_SUCCESS)
		panic("w03: no address space");
	for (int generation = 0; generation < ROUNDS; generation++) {
		one_round(prog, vm, base, generation);
		workload_counts(result);
	}
	curproc->p_vmspace = NULL;
	vmspace_free(vm);
}

/* How many programs, and pages each. */
static int
programs(const struct machine_config *cfg)
{
	return (imax(4, 2 * cfg->ncpus));
}

static int
program_pages(const struct machine_config *cfg)
{
	return (howmany(cfg->pages + cfg->pages / 2, programs(cfg)));
}

int
w03_pages_wanted(const struct machine_config *cfg)
{
	return (imax(256, 64 * cfg->ncpus));
}

int
w03_swap_wanted(const struct machine_config *cfg)
{
	return (programs(cfg) * (program_pages(cfg) + PIECE_PAGES) + SWAP_LABEL);
}

void
w03_run(struct workload_result *r)
{
	struct proc *p[PROCESSES_MAX];
	int n = programs(&machine);

	result = r;
	r->processes = n;
	for (int i = 0; i < n; i++) {
		program[i] = (struct program){.number = i, .pages = program_pages(&machine)};
		if (proc_create(user_program, &program[i], &p[i], "user") != 0)
			panic("w03: no process");
	}
	for (int i = 0; i < n; i++) {
		proc_wait(p[i]);
		r->verified += program[i].verified;
		r->wrong += program[i].wrong;
	}
	workload_counts(r);
}
