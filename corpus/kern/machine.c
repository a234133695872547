/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.c - RAM, kernel addresses, and one run from power on to its end.   room: corpus/kern
 *
 *  1. RAM is a memfd: one frame may be mapped in several places, and a mapping
 *     can be taken away, so that a stray access is a real fault.
 *  2. RAM and kernel addresses lie at fixed places where nothing else does, for the
 *     reader of a debugger's screen; where they are taken, anywhere will do, since
 *     no decision depends on an address.
 *  3. The thread that ends a run (its main's end, a panic, a deadlock) keeps the token
 *     for ever, so the machine stands still while the harness reads it.
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kern/kern_int.h"
#include "kern/random.h"

#define RAM_AT ((void *)0x7ec000000000)
#define KVA_AT ((void *)0x7ed000000000)
#define KVA_SIZE ((size_t)256 * 1024 * 1024)
#define PAGES_MAX (1024 * 1024)

struct machine_config machine;
char *machine_ram_base;
int machine_ram_fd = -1;
uintptr_t machine_kva_base, machine_kva_end;
int (*volatile machine_kva_fault)(uintptr_t va);

static sem_t halted;
static struct machine_report ending; /* outcome and text */
static void (*main_function)(void *);

/* ---- memory ---- */

static void *
map_at(void *where, size_t size, int prot, int flags, int fd)
{
	void *p = mmap(where, size, prot, flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (p == MAP_FAILED || p != where) {
		if (p != MAP_FAILED)
			munmap(p, size);
		p = mmap(NULL, size, prot, flags, fd, 0);
	}
	return (p);
}

static size_t
ram_size(void)
{
	return ((size_t)machine.pages * PAGE_SIZE);
}

static int
memory_open(void)
{
	void *ram, *kva;
	int error;

	machine_ram_fd = memfd_create("ram", MFD_CLOEXEC);
	if (machine_ram_fd < 0)
		return (-errno);
	if (ftruncate(machine_ram_fd, (off_t)ram_size()) != 0)
		goto fail;
	ram = map_at(RAM_AT, ram_size(), PROT_READ | PROT_WRITE, MAP_SHARED, machine_ram_fd);
	if (ram == MAP_FAILED)
		goto fail;
	kva = map_at(KVA_AT, KVA_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (kva == MAP_FAILED) {
		error = errno;
		munmap(ram, ram_size());
		errno = error;
		goto fail;
	}
	machine_ram_base = ram;
	machine_kva_base = (uintptr_t)kva;
	machine_kva_end = machine_kva_base + KVA_SIZE;
	return (0);
fail:
	error = errno;
	close(machine_ram_fd);
	machine_ram_fd = -1;
	return (-error);
}

static void
memory_close(void)
{
	munmap(machine_ram_base, ram_size());
	munmap((void *)machine_kva_base, KVA_SIZE);
	close(machine_ram_fd);
	machine_ram_fd = -1;
}

void
machine_kva_enter(uintptr_t va, uintptr_t pa, int npages)
{
	size_t size = (size_t)npages * PAGE_SIZE;

	KASSERT(va >= machine_kva_base && va + size <= machine_kva_end && (va & PAGE_MASK) == 0,
	    ("machine_kva_enter: not a kernel address"));
	KASSERT(pa + size <= ram_size() && (pa & PAGE_MASK) == 0, ("machine_kva_enter: not in RAM"));
	if (mmap((void *)va, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, machine_ram_fd,
		(off_t)pa) == MAP_FAILED)
		panic("machine_kva_enter: %s", strerror(errno));
}

void
machine_kva_remove(uintptr_t va, int npages)
{
	size_t size = (size_t)npages * PAGE_SIZE;

	KASSERT(va >= machine_kva_base && va + size <= machine_kva_end && (va & PAGE_MASK) == 0,
	    ("machine_kva_remove: not a kernel address"));
	if (mmap((void *)va, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		0) == MAP_FAILED)
		panic("machine_kva_remove: %s", strerror(errno));
}

/* A kernel thread touched what is not there. */
static void
trap(int sig, siginfo_t *si, void *context __attribute__((unused)))
{
	uintptr_t va = (uintptr_t)si->si_addr;

	if (curthread == NULL) {
		signal(sig, SIG_DFL); /* not ours: happens again, and then kills */
		return;
	}
	if (va >= machine_kva_base && va < machine_kva_end && machine_kva_fault != NULL &&
	    machine_kva_fault(va) == 0)
		return;
	panic("page fault at %#lx", (unsigned long)va);
}

static void
trap_open(void)
{
	struct sigaction sa = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO | SA_NODEFER};

	sigemptyset(&sa.sa_mask);
	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* ---- a run ---- */

static void
finish(enum machine_outcome outcome, const char *text)
{
	ending.outcome = outcome;
	snprintf(ending.text, sizeof(ending.text), "%s", text);
	sem_post(&halted);
}

void
machine_halt(enum machine_outcome outcome, const char *text)
{
	finish(outcome, text);
	for (;;)
		pause();
}

/* The first process. */
static void
machine_main(void *arg)
{
	clock_start();
	main_function(arg);
	if (!machine_stopping)
		machine_shutdown();
	KASSERT(TAILQ_FIRST(&allproc) == curproc && TAILQ_NEXT(curproc, p_list) == NULL,
	    ("machine_main: processes left"));
	finish(MACHINE_OK, "");
	pthread_exit(NULL);
}

int
machine_run(const struct machine_config *cfg, void (*main_fn)(void *), void *arg, struct machine_report *rep)
{
	struct proc *init;
	int error;

	if (cfg->ncpus < 1 || cfg->ncpus > MAXCPU || cfg->pages < 1 || cfg->pages > PAGES_MAX)
		return (-EINVAL);
	machine = *cfg;
	main_function = main_fn;
	if ((error = memory_open()) != 0)
		return (error);
	random_seed(machine.seed);
	sem_init(&halted, 0, 0);
	mutex_init();
	sleepq_init();
	clock_init();
	sched_init();
	proc_init();
	trap_open();
	if ((error = proc_boot(machine_main, arg, &init)) != 0) {
		memory_close();
		return (error);
	}
	sched_start(&init->p_thread);
	while (sem_wait(&halted) != 0)
		;
	*rep = ending;
	machine_report_get(rep);
	if (ending.outcome == MACHINE_OK) {
		proc_boot_join(init);
		memory_close();
	}
	return (0);
}
