/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * machine.h - the simulated machine: RAM, kernel addresses, a run and how it ended.   room: corpus/kern
 *
 * RAM is one memfd of `pages` frames, all of it mapped at machine_ram_base (the
 * direct map); kernel virtual addresses are a reserved range in which single
 * frames are mapped, and where everything else faults.
 *
 * Threads   machine_run() once a process, from an ordinary thread; the rest by
 *           kernel threads.  After a panic or a deadlock the machine's threads
 *           stay where they were, for a debugger; the process may exit.
 */
#ifndef KERN_MACHINE_H
#define KERN_MACHINE_H

#include "kern/param.h"

struct machine_config {
	int ncpus; /* 1 .. MAXCPU */
	uint64_t seed;
	int pages; /* RAM, in frames */
	int swap_pages;
};

enum machine_outcome {
	MACHINE_OK, /* main returned, every thread has ended */
	MACHINE_PANIC,
	MACHINE_DEADLOCK, /* everyone asleep, and no timer that could help */
	MACHINE_LIVELOCK /* no end after very many scheduling points */
};

struct machine_report {
	enum machine_outcome outcome;
	char text[256]; /* of the panic; of the deadlock its first line */
	int ncpus;
	uint64_t switches[MAXCPU]; /* threads that came onto each CPU */
	uint64_t digest; /* FNV-1a over (cpu, thread id) of every switch, idle too */
	uint64_t points; /* scheduling points passed */
	int ticks; /* virtual time */
};

extern struct machine_config machine;
extern char *machine_ram_base; /* physical address pa lies at machine_ram_base + pa */
extern int machine_ram_fd;
extern uintptr_t machine_kva_base, machine_kva_end;

/*
 * Runs main_fn(arg) as the first process on a machine with clock and scheduler
 * and no VM yet.  0 and *rep, or -errno (no memory, no threads): nothing ran.
 */
int machine_run(
    const struct machine_config *cfg, void (*main_fn)(void *), void *arg, struct machine_report *rep);
/* Stops the daemons and waits for their end: main_fn's last step but for reading results. */
void machine_shutdown(void);
/* The counts so far. */
void machine_report_get(struct machine_report *rep);

/* The hardware's part of pmap_kenter() and pmap_kremove(): npages from va on. */
void machine_kva_enter(uintptr_t va, uintptr_t pa, int npages);
void machine_kva_remove(uintptr_t va, int npages);
/*
 * A kernel access faulted at va.  The handler panics or makes the page there and
 * returns 0.  Without one every fault is a panic ("page fault at ...").
 */
extern int (*volatile machine_kva_fault)(uintptr_t va);

#endif
