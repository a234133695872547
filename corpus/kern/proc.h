/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc.h - processes, kernel threads, CPUs.                           room: corpus/kern
 *
 * A kernel thread is a pthread that runs only while it is on a CPU.  Processes
 * have one thread.  Both live in a static table; ids count up from 0 and are
 * the only thing to hash or order by.
 */
#ifndef KERN_PROC_H
#define KERN_PROC_H

#include <pthread.h>

#include "kern/clock.h"
#include "kern/mutex.h"
#include "kern/param.h"
#include "kern/sched.h"
#include "kern/sx.h"

struct vmspace;
struct proc;

enum thread_state {
	TDS_UNUSED = 0,
	TDS_RUNQ, /* may run */
	TDS_RUNNING, /* on a CPU, td_oncpu */
	TDS_SLEEPING, /* on td_wchan */
	TDS_LOCK, /* blocked on the mutex td_blocked */
	TDS_EXITED
};

/* A lock held, for the report when nobody can run. */
struct lock_instance {
	const struct witness_lock_object *li_lock;
	const char *li_file;
	int li_line;
};

#define TD_MAXHELD 32
#define NOCPU (-1)

struct thread {
	struct proc *td_proc;
	int td_tid; /* stable id */
	enum thread_state td_state;
	int td_flags; /* TDF_* */
	int td_oncpu; /* or NOCPU */
	int td_critnest; /* critical sections and spin mutexes held */
	u_char td_priority, td_base_pri; /* with, without what waiters lend */
	int td_bypassed; /* times another was chosen before it */
	TAILQ_ENTRY(thread) td_runq; /* run queue */
	TAILQ_ENTRY(thread) td_lockq; /* mtx_blocked, or a sleep queue */
	struct mtx *td_blocked;
	LIST_HEAD(, mtx) td_contested; /* mutexes it owns that have waiters */
	const void *td_wchan;
	const char *td_wmesg;
	int td_timo; /* tick at which the sleep ends, with TDF_TIMEOUT */
	struct callout td_slpcallout;
	int td_nheld;
	struct lock_instance td_held[TD_MAXHELD];
	pthread_t td_pthread;
	int td_go; /* the token, as a futex */
	uint64_t td_witness; /* token of witness_thread_create() */
};
#define TDF_DAEMON 0x01 /* ends with the machine */
#define TDF_IDLETD 0x02
#define TDF_TIMEOUT 0x04 /* sleeps with a time limit */
#define TDF_TIMOFAIL 0x08 /* and it passed */
#define TDF_NOTRUN 0x10 /* has never run */

struct proc {
	int p_pid; /* stable id, never used again */
	char p_comm[20];
	struct thread p_thread;
	struct vmspace *p_vmspace; /* who makes the process sets it */
	void (*p_func)(void *);
	void *p_arg;
	int p_flag; /* P_* */
	int p_status; /* exit status, by kern_exit() */
	struct thread *p_waiter; /* in proc_wait() */
	TAILQ_ENTRY(proc) p_list;
};
#define P_SYSTEM 0x00200 /* no user memory */

TAILQ_HEAD(proclist, proc);

extern __thread struct thread *kern_curthread;
#define curthread kern_curthread
#define curproc (curthread->td_proc)
extern struct proc *pageproc; /* the page daemon, set by who creates it */
extern struct proclist allproc; /* by p_pid */
extern struct sx allproc_lock;

extern int mp_ncpus;

struct pcpu {
	int pc_cpuid;
	struct thread *pc_curthread; /* or pc_idlethread */
	struct thread *pc_idlethread;
	uint64_t pc_switches; /* threads that came onto it */
};
extern struct pcpu pcpu_table[MAXCPU];
#define PCPU_PTR() (&pcpu_table[curthread->td_oncpu])
#define PCPU_GET(member) (PCPU_PTR()->pc_##member)
#define curcpu (curthread->td_oncpu)

/*
 * A process whose one thread runs func(arg) and ends when it returns.  0 or
 * -EAGAIN.  kthread_create(): a daemon (P_SYSTEM) that calls
 * kthread_suspend_check() each time round, and ends with the machine.
 * proc_create(): a process that somebody proc_wait()s for.
 */
int kthread_create(void (*func)(void *), void *arg, struct proc **newpp, const char *name);
int proc_create(void (*func)(void *), void *arg, struct proc **newpp, const char *name);
/* Sleeps until p has ended, gives its status and lets it go. */
int proc_wait(struct proc *p);
/* Ends the calling process; never returns. */
void kern_exit(int status) __attribute__((noreturn));
/*
 * When the machine is to stop, does not return: the daemon ends.  A sleep of a
 * daemon ends then as by a wakeup, so call this after it, with no lock held.
 */
void kthread_suspend_check(void);

/* A daemon's or process's own priority, PUSER at first. */
void sched_prio(struct thread *td, int pri);

#endif
