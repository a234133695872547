/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sx.c - shared/exclusive locks on sleep queues.                      room: corpus/kern
 *
 *  1. The state is guarded by the sleep-queue chain, so that a waiter enters its
 *     queue before the lock can be let go.
 *  2. Readers wait on sx_cnt, writers on sx_xwaiters.  A waiting writer keeps new
 *     readers out; on the last unlock one writer goes first, else all readers.
 *  3. A waiter that was woken asks again: locks are not handed over.
 */
#include "kern/kern_int.h"
#include "kern/sleepqueue.h"
#include "kern/sx.h"

void
_sx_init(struct sx *sx, const char *name, const char *file, int line)
{
	memset(sx, 0, sizeof(*sx));
	sx->lock_object.lo_name = name;
	sx->lock_object.lo_flags = LO_CLASS(WITNESS_SX) | LO_SLEEPABLE | LO_UPGRADABLE;
	witness_init_at(&sx->lock_object, NULL, file, line);
}

void
sx_destroy(struct sx *sx)
{
	KASSERT(sx->sx_cnt == 0 && sx->sx_xwaiters == 0 && sx->sx_swaiters == 0,
	    ("sx_destroy: %s is held or waited for", sx->lock_object.lo_name));
	witness_destroy(&sx->lock_object);
	sx->lock_object.lo_name = NULL;
}

int
sx_xlocked(const struct sx *sx)
{
	return (sx->sx_xholder == curthread && curthread != NULL);
}

void
_sx_assert(const struct sx *sx, int what, const char *file, int line)
{
	const char *name = sx->lock_object.lo_name;

	if ((what & SX_LOCKED) != 0 && sx->sx_cnt <= 0 && !sx_xlocked(sx))
		panic("Lock %s not locked @ %s:%d.", name, file, line);
	if ((what & SX_SLOCKED) != 0 && sx->sx_cnt <= 0)
		panic("Lock %s not share locked @ %s:%d.", name, file, line);
	if ((what & SX_XLOCKED) != 0 && !sx_xlocked(sx))
		panic("Lock %s not exclusively locked @ %s:%d.", name, file, line);
	if ((what & SX_UNLOCKED) != 0 && sx_xlocked(sx))
		panic("Lock %s exclusively locked @ %s:%d.", name, file, line);
}

/* One more reader or the writer, unless it must wait.  The chain is locked. */
static int
take_shared(struct sx *sx)
{
	if (sx->sx_cnt < 0 || sx->sx_xwaiters > 0)
		return (0);
	sx->sx_cnt++;
	return (1);
}

static int
take_exclusive(struct sx *sx)
{
	if (sx->sx_cnt != 0)
		return (0);
	sx->sx_cnt = -1;
	sx->sx_xholder = curthread;
	return (1);
}

/* Whoever may go on now.  The chain is locked. */
static void
wake_next(struct sx *sx)
{
	if (sx->sx_cnt == 0 && sx->sx_xwaiters > 0)
		sleepq_signal(&sx->sx_xwaiters);
	else if (sx->sx_cnt >= 0 && sx->sx_xwaiters == 0 && sx->sx_swaiters > 0)
		sleepq_broadcast(&sx->sx_cnt);
}

void
_sx_slock(struct sx *sx, const char *file, int line)
{
	sched_point();
	KASSERT(!sx_xlocked(sx),
	    ("%s: shared lock wanted by its writer @ %s:%d", sx->lock_object.lo_name, file, line));
	witness_checkorder(&sx->lock_object, LOP_NEWORDER, file, line, NULL);
	sleepq_lock();
	while (!take_shared(sx)) {
		sx->sx_swaiters++;
		sleepq_add(&sx->sx_cnt, sx->lock_object.lo_name);
		sleepq_wait();
		sleepq_lock();
		sx->sx_swaiters--;
	}
	sleepq_release();
	thread_hold(curthread, &sx->lock_object, file, line);
	witness_lock(&sx->lock_object, 0, file, line);
}

void
_sx_xlock(struct sx *sx, const char *file, int line)
{
	sched_point();
	KASSERT(
	    !sx_xlocked(sx), ("%s: recursed on exclusive lock @ %s:%d", sx->lock_object.lo_name, file, line));
	witness_checkorder(&sx->lock_object, LOP_NEWORDER | LOP_EXCLUSIVE, file, line, NULL);
	sleepq_lock();
	while (!take_exclusive(sx)) {
		sx->sx_xwaiters++;
		sleepq_add(&sx->sx_xwaiters, sx->lock_object.lo_name);
		sleepq_wait();
		sleepq_lock();
		sx->sx_xwaiters--;
	}
	sleepq_release();
	thread_hold(curthread, &sx->lock_object, file, line);
	witness_lock(&sx->lock_object, LOP_EXCLUSIVE, file, line);
}

static int
try_lock(struct sx *sx, int (*take)(struct sx *), unsigned flags, const char *file, int line)
{
	int taken;

	sched_point();
	sleepq_lock();
	taken = take(sx);
	sleepq_release();
	if (taken) {
		thread_hold(curthread, &sx->lock_object, file, line);
		witness_lock(&sx->lock_object, flags | LOP_TRYLOCK, file, line);
	}
	return (taken);
}

int
_sx_try_slock(struct sx *sx, const char *file, int line)
{
	return (try_lock(sx, take_shared, 0, file, line));
}

int
_sx_try_xlock(struct sx *sx, const char *file, int line)
{
	return (try_lock(sx, take_exclusive, LOP_EXCLUSIVE, file, line));
}

void
_sx_sunlock(struct sx *sx, const char *file, int line)
{
	_sx_assert(sx, SX_SLOCKED, file, line);
	witness_unlock(&sx->lock_object, 0, file, line);
	thread_unhold(curthread, &sx->lock_object);
	sleepq_lock();
	sx->sx_cnt--;
	wake_next(sx);
	sleepq_release();
}

void
_sx_xunlock(struct sx *sx, const char *file, int line)
{
	_sx_assert(sx, SX_XLOCKED, file, line);
	witness_unlock(&sx->lock_object, LOP_EXCLUSIVE, file, line);
	thread_unhold(curthread, &sx->lock_object);
	sleepq_lock();
	sx->sx_cnt = 0;
	sx->sx_xholder = NULL;
	wake_next(sx);
	sleepq_release();
}

void
_sx_unlock(struct sx *sx, const char *file, int line)
{
	if (sx_xlocked(sx))
		_sx_xunlock(sx, file, line);
	else
		_sx_sunlock(sx, file, line);
}

int
_sx_try_upgrade(struct sx *sx, const char *file, int line)
{
	int done;

	sched_point();
	_sx_assert(sx, SX_SLOCKED, file, line);
	sleepq_lock();
	done = sx->sx_cnt == 1;
	if (done) {
		sx->sx_cnt = -1;
		sx->sx_xholder = curthread;
	}
	sleepq_release();
	if (done)
		witness_upgrade(&sx->lock_object, LOP_EXCLUSIVE | LOP_TRYLOCK, file, line);
	return (done);
}

void
_sx_downgrade(struct sx *sx, const char *file, int line)
{
	_sx_assert(sx, SX_XLOCKED, file, line);
	witness_downgrade(&sx->lock_object, 0, file, line);
	sleepq_lock();
	sx->sx_cnt = 1;
	sx->sx_xholder = NULL;
	wake_next(sx);
	sleepq_release();
}
