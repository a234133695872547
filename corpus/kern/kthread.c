/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kthread.c - processes and daemons: how they begin and end.          room: corpus/kern
 *
 *  1. The creator makes the pthread, which stands still until the scheduler puts
 *     it on a CPU: when a thread begins to run is the seed's choice.
 *  2. A slot of the table is free again once its process was waited for.  Ids
 *     are never used twice: they stand for the process where order matters.
 *  3. Daemons end when the machine stops, newest first, so that who serves others
 *     outlives them; the clock, the eldest, goes last.
 */
#define _GNU_SOURCE 1
#include <stdio.h>
#include <string.h>

#include "kern/kern_int.h"
#include "kern/sleepqueue.h"

#define NPROC 256
#define KSTACK_SIZE (1024 * 1024)

struct proc *pageproc;
struct proclist allproc = TAILQ_HEAD_INITIALIZER(allproc);
struct sx allproc_lock;
int machine_stopping;

static struct proc proc_table[NPROC];
static int next_pid = 1;

void
proc_init(void)
{
	sx_init(&allproc_lock, "allproc");
}

/* The end of the calling thread: who waits may go on.  Returns without the token. */
static void
thread_end(int status)
{
	struct thread *td = curthread;
	struct proc *p = td->td_proc;

	KASSERT(td->td_nheld == 0, ("%s ends holding %s", p->p_comm, td->td_held[0].li_lock->lo_name));
	KASSERT(td->td_critnest == 0, ("%s ends in a critical section", p->p_comm));
	mtx_lock_spin(&sched_lock);
	p->p_status = status;
	td->td_state = TDS_EXITED;
	if (p->p_waiter != NULL)
		setrunqueue(p->p_waiter);
	mi_switch(SW_VOL, NULL);
}

void
kern_exit(int status)
{
	thread_end(status);
	pthread_exit(NULL);
}

static void *
thread_begin(void *arg)
{
	struct proc *p = arg;

	kern_curthread = &p->p_thread;
	sched_enter(curthread);
	if (mtx_owned(&sched_lock))
		mtx_unlock_spin(&sched_lock);
	p->p_func(p->p_arg);
	thread_end(0);
	return (NULL);
}

static struct proc *
slot(const char *name, void (*func)(void *), void *arg, int flags)
{
	struct proc *p = proc_table;
	struct thread *td;

	while (p->p_thread.td_state != TDS_UNUSED)
		if (++p == &proc_table[NPROC])
			return (NULL);
	memset(p, 0, sizeof(*p));
	p->p_pid = next_pid++;
	p->p_func = func;
	p->p_arg = arg;
	snprintf(p->p_comm, sizeof(p->p_comm), "%s", name);
	p->p_flag = flags & TDF_DAEMON ? P_SYSTEM : 0;
	td = &p->p_thread;
	td->td_proc = p;
	td->td_tid = p->p_pid;
	td->td_flags = flags | TDF_NOTRUN;
	td->td_oncpu = NOCPU;
	td->td_base_pri = td->td_priority = PUSER;
	LIST_INIT(&td->td_contested);
	callout_init(&td->td_slpcallout);
	td->td_state = TDS_SLEEPING; /* until setrunqueue() */
	return (p);
}

/* Makes the pthread; 0 or -EAGAIN with the slot given back. */
static int
start_pthread(struct proc *p)
{
	pthread_attr_t attr;
	char name[16];
	int error;

	p->p_thread.td_witness = witness_thread_create();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, KSTACK_SIZE);
	error = pthread_create(&p->p_thread.td_pthread, &attr, thread_begin, p);
	pthread_attr_destroy(&attr);
	if (error != 0) {
		p->p_thread.td_state = TDS_UNUSED;
		return (-EAGAIN);
	}
	snprintf(name, sizeof(name), "%.15s", p->p_comm);
	pthread_setname_np(p->p_thread.td_pthread, name);
	return (0);
}

static int
create(void (*func)(void *), void *arg, struct proc **newpp, const char *name, int flags)
{
	struct proc *p;
	int error;

	sx_xlock(&allproc_lock);
	p = slot(name, func, arg, flags);
	error = p == NULL ? -EAGAIN : start_pthread(p);
	if (error == 0)
		TAILQ_INSERT_TAIL(&allproc, p, p_list);
	sx_xunlock(&allproc_lock);
	if (error != 0)
		return (error);
	if (newpp != NULL)
		*newpp = p;
	mtx_lock_spin(&sched_lock);
	setrunqueue(&p->p_thread);
	mtx_unlock_spin(&sched_lock);
	return (0);
}

int
kthread_create(void (*func)(void *), void *arg, struct proc **newpp, const char *name)
{
	return (create(func, arg, newpp, name, TDF_DAEMON));
}

int
proc_create(void (*func)(void *), void *arg, struct proc **newpp, const char *name)
{
	return (create(func, arg, newpp, name, 0));
}

int
proc_boot(void (*func)(void *), void *arg, struct proc **pp)
{
	struct proc *p = slot("init", func, arg, 0);
	int error = start_pthread(p);

	if (error == 0)
		TAILQ_INSERT_TAIL(&allproc, p, p_list);
	*pp = p;
	return (error);
}

void
proc_boot_join(struct proc *p)
{
	pthread_join(p->p_thread.td_pthread, NULL);
	witness_thread_join(p->p_thread.td_witness);
}

int
proc_wait(struct proc *p)
{
	struct thread *td = curthread;
	int status;

	mtx_lock_spin(&sched_lock);
	KASSERT(p->p_waiter == NULL, ("proc_wait: two wait for %s", p->p_comm));
	if (p->p_thread.td_state != TDS_EXITED) {
		p->p_waiter = td;
		td->td_wmesg = "wait";
		td->td_state = TDS_SLEEPING;
		mi_switch(SW_VOL, NULL);
		td->td_wmesg = NULL;
	}
	mtx_unlock_spin(&sched_lock);
	pthread_join(p->p_thread.td_pthread, NULL);
	witness_thread_join(p->p_thread.td_witness);
	status = p->p_status;
	sx_xlock(&allproc_lock);
	TAILQ_REMOVE(&allproc, p, p_list);
	p->p_thread.td_state = TDS_UNUSED;
	sx_xunlock(&allproc_lock);
	return (status);
}

void
kthread_suspend_check(void)
{
	if (machine_stopping)
		kern_exit(0);
}

void
machine_shutdown(void)
{
	struct proc *p;

	machine_stopping = 1;
	while ((p = TAILQ_LAST(&allproc, proclist)) != NULL && p != curproc) {
		if ((p->p_thread.td_flags & TDF_DAEMON) == 0)
			panic("machine_shutdown: process %s (%d) still lives", p->p_comm, p->p_pid);
		sleepq_abort(&p->p_thread);
		clock_kick();
		proc_wait(p);
	}
}
