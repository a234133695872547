/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.h - sleep mutexes, which block, and spin mutexes, which belong to a CPU.   room: corpus/kern
 *
 * A sleep mutex blocks its waiter on a turnstile: the unlock wakes the best
 * waiter, whose priority the owner had been lent meanwhile.  It may not be held
 * across msleep() (but as its interlock; Giant is dropped and taken again) nor
 * asked for in a critical section.  A spin mutex is held inside one.
 *
 * Memory    inside the caller's structure, in any state before mtx_init().
 * Threads   kernel threads.  Every call but the asserts is a scheduling point.
 * Errors    wrong use panics.
 */
#ifndef KERN_MUTEX_H
#define KERN_MUTEX_H

#include "kern/param.h"
#include "witness.h"

struct thread;

TAILQ_HEAD(threadqueue, thread);

struct mtx {
	struct witness_lock_object lock_object;
	struct thread *mtx_owner;
	u_int mtx_recurse; /* times taken again by the owner */
	u_int mtx_opts; /* MTX_* of mtx_init() */
	struct threadqueue mtx_blocked; /* the turnstile: waiters, best first */
	LIST_ENTRY(mtx) mtx_contested; /* in the owner's list while there are waiters */
};

/* Options of mtx_init(). */
#define MTX_DEF 0x00 /* sleep mutex */
#define MTX_SPIN 0x01
#define MTX_RECURSE 0x04 /* the owner may take it again */
#define MTX_NOWITNESS 0x08 /* not tracked */
#define MTX_DUPOK 0x20 /* two of its type may be held */
#define MTX_QUIET 0x40 /* accepted */

/* What mtx_assert() may claim. */
#define MA_OWNED 0x01
#define MA_NOTOWNED 0x02
#define MA_RECURSED 0x04
#define MA_NOTRECURSED 0x08

/* type NULL: the name is the type.  Both strings must stay. */
#define mtx_init(m, name, type, opts) _mtx_init((m), (name), (type), (opts), LOCK_FILE, LOCK_LINE)
#define mtx_lock(m) _mtx_lock((m), 0, LOCK_FILE, LOCK_LINE)
#define mtx_lock_flags(m, opts) _mtx_lock((m), (opts), LOCK_FILE, LOCK_LINE)
#define mtx_trylock(m) _mtx_trylock((m), LOCK_FILE, LOCK_LINE)
#define mtx_unlock(m) _mtx_unlock((m), LOCK_FILE, LOCK_LINE)
#define mtx_lock_spin(m) _mtx_lock_spin((m), LOCK_FILE, LOCK_LINE)
#define mtx_unlock_spin(m) _mtx_unlock_spin((m), LOCK_FILE, LOCK_LINE)
#define mtx_assert(m, what) _mtx_assert((m), (what), LOCK_FILE, LOCK_LINE)

void _mtx_init(struct mtx *m, const char *name, const char *type, int opts, const char *file, int line);
/* Nobody holds it, or the caller does (and then no more). */
void mtx_destroy(struct mtx *m);
void _mtx_lock(struct mtx *m, int opts, const char *file, int line);
/* 1 taken, 0 not. */
int _mtx_trylock(struct mtx *m, const char *file, int line);
void _mtx_unlock(struct mtx *m, const char *file, int line);
void _mtx_lock_spin(struct mtx *m, const char *file, int line);
void _mtx_unlock_spin(struct mtx *m, const char *file, int line);
void _mtx_assert(const struct mtx *m, int what, const char *file, int line);

/* By the calling thread. */
int mtx_owned(const struct mtx *m);
int mtx_recursed(const struct mtx *m);
int mtx_initialized(const struct mtx *m);

extern struct mtx Giant; /* recursable; before every other mutex */
extern struct mtx sched_lock; /* spin; run queue and thread states; handed on across mi_switch() */

#define GIANT_REQUIRED mtx_assert(&Giant, MA_OWNED)

#endif
