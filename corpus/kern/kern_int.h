/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kern_int.h - what the files of corpus/kern say to each other only.   room: corpus/kern
 *
 * "Token held" means: by the calling pthread, or before the first thread runs.
 */
#ifndef KERN_KERN_INT_H
#define KERN_KERN_INT_H

#include "kern/machine.h"
#include "kern/proc.h"

/* sched.c */
void sched_init(void);
/* The machine's first step: td on CPU 0, with the token. */
void sched_start(struct thread *td);
/* A new or resumed thread: waits for the token, then is on its CPU (a new one: known to the tracker). */
void sched_enter(struct thread *td);
/* The calling thread, TDS_EXITED and owning sched_lock, runs no more: returns without the token. */
void sched_throw(void);
/* A spinning CPU lets another go on. */
void sched_spin(const char *what);
/* As setrunqueue(), by the hardware: no lock, token held. */
void sched_interrupt(struct thread *td);

/* clock.c */
void clock_init(void);
void clock_start(void); /* the softclock thread */
void clock_kick(void); /* lets it see that the machine stops */
void clock_work(uint32_t points); /* so much was done: time may move */
/* Nobody can run: jump to the next callout.  0, or -ENOENT when none could help. */
int clock_idle(void);
/* A process that is no daemon came to run: there is progress. */
void clock_progress(void);

/* sleepqueue.c */
void sleepq_init(void);
void sleepq_lock(void);
void sleepq_release(void);
/* Enters the calling thread on chan; the chain is locked. */
void sleepq_add(const void *chan, const char *wmesg);
/* Releases the chain and sleeps. */
void sleepq_wait(void);
/* Wake those on chan, best or all; the chain is locked. */
void sleepq_signal(const void *chan);
void sleepq_broadcast(const void *chan);
/* Ends td's sleep, whatever it waits for. */
void sleepq_abort(struct thread *td);

/* mutex.c */
void mutex_init(void);
/* Lets a spin mutex go, and is no scheduling point. */
void mtx_drop_spin(struct mtx *m, const char *file, int line);
void thread_hold(struct thread *td, const struct witness_lock_object *lo, const char *file, int line);
void thread_unhold(struct thread *td, const struct witness_lock_object *lo);
/* A held sleep mutex that is neither this one nor Giant, or NULL. */
const struct lock_instance *thread_holds_mutex(const struct thread *td, const struct mtx *but);

/* kthread.c */
extern int machine_stopping; /* the daemons are to end */
void proc_init(void);
/* The first process, for sched_start(); by an ordinary thread.  0 or -EAGAIN. */
int proc_boot(void (*func)(void *), void *arg, struct proc **pp);
/* After its machine_halt(): waits for its pthread. */
void proc_boot_join(struct proc *p);

/* machine.c */
/* Ends the run: tells machine_run(), never returns. */
void machine_halt(enum machine_outcome outcome, const char *text) __attribute__((noreturn));

/* panic.c */
/* Says the text and what each thread waits for and holds, then as machine_halt(). */
void machine_die(enum machine_outcome outcome, const char *text) __attribute__((noreturn));

#endif
