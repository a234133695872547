/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.h - which thread runs on which CPU, by seed.                  room: corpus/kern
 *
 * One pthread runs at a time, whatever the number of CPUs: it holds the token.
 * Each CPU has at most one thread.  At a scheduling point the seed decides
 * whether the token goes to another CPU (those run at different speeds) and
 * whether this CPU's thread is preempted.  Same seed, same run.
 */
#ifndef KERN_SCHED_H
#define KERN_SCHED_H

#include "kern/param.h"

struct thread;

#define SW_VOL 0x01 /* the thread gave up */
#define SW_INVOL 0x02 /* it was made to */

/*
 * Switch this CPU to newtd, or to the best runnable thread (NULL).  sched_lock
 * held, once; held again on return, perhaps on another CPU.
 */
void mi_switch(int flags, struct thread *newtd);
/* Makes a thread runnable.  sched_lock held. */
void setrunqueue(struct thread *td);

/* The seed may decide here that somebody else runs.  Cheap when it does not. */
void sched_point(void);
/* A point with a name, for schedules that are forced.  The name is a literal. */
void interleave_point(const char *name);
#define INTERLEAVE(name) interleave_point(name)
/* Lets others run: to the end of the run queue. */
void kern_yield(void);

/* Critical section: this CPU keeps this thread.  They nest. */
void critical_enter(void);
void critical_exit(void);

#endif
