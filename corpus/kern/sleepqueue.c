/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleepqueue.c - threads that wait for something to happen.           room: corpus/kern
 *
 *  1. A sleeper enters the queue before its interlock is let go, both under the
 *     chain's spin mutex: no wakeup can fall between.
 *  2. There is one chain, in order of arrival.  Chains by address of the channel
 *     would make a run depend on addresses.
 *  3. Giant is let go after the chain was locked and taken again before the
 *     interlock is, as in history.  The tracker is told to keep the place where
 *     each of them was first taken.
 *  4. A time limit is a callout; softclock ends the sleep if it still lasts.
 *  5. When the machine stops, a daemon's sleep ends at once, as by a wakeup.
 */
#include "kern/kern_int.h"
#include "kern/sleepqueue.h"

static struct mtx sleepq_chain;
static struct threadqueue sleepers = TAILQ_HEAD_INITIALIZER(sleepers);

void
sleepq_init(void)
{
	mtx_init(&sleepq_chain, "sleepq chain", NULL, MTX_SPIN);
}

void
sleepq_lock(void)
{
	mtx_lock_spin(&sleepq_chain);
}

void
sleepq_release(void)
{
	mtx_unlock_spin(&sleepq_chain);
}

void
sleepq_add(const void *chan, const char *wmesg)
{
	struct thread *td = curthread;

	KASSERT(td->td_wchan == NULL && chan != NULL, ("sleepq_add: %s", wmesg));
	td->td_wchan = chan;
	td->td_wmesg = wmesg;
	TAILQ_INSERT_TAIL(&sleepers, td, td_lockq);
}

static void
sleepq_remove(struct thread *td)
{
	TAILQ_REMOVE(&sleepers, td, td_lockq);
	td->td_wchan = NULL;
	td->td_wmesg = NULL;
}

void
sleepq_wait(void)
{
	struct thread *td = curthread;

	mtx_lock_spin(&sched_lock);
	mtx_drop_spin(&sleepq_chain, LOCK_FILE, LOCK_LINE);
	if (td->td_wchan != NULL) {
		td->td_state = TDS_SLEEPING;
		mi_switch(SW_VOL, NULL);
	}
	mtx_unlock_spin(&sched_lock);
}

/* td, on the queue, is awake.  The chain is locked. */
static void
resume(struct thread *td)
{
	sleepq_remove(td);
	mtx_lock_spin(&sched_lock);
	if (td->td_state == TDS_SLEEPING)
		setrunqueue(td);
	mtx_unlock_spin(&sched_lock);
}

void
sleepq_signal(const void *chan)
{
	struct thread *td, *best = NULL;

	TAILQ_FOREACH (td, &sleepers, td_lockq)
		if (td->td_wchan == chan && (best == NULL || td->td_priority < best->td_priority))
			best = td;
	if (best != NULL)
		resume(best);
}

void
sleepq_broadcast(const void *chan)
{
	struct thread *td, *next;

	TAILQ_FOREACH_SAFE (td, &sleepers, td_lockq, next)
		if (td->td_wchan == chan)
			resume(td);
}

void
sleepq_abort(struct thread *td)
{
	sleepq_lock();
	if (td->td_wchan != NULL)
		resume(td);
	sleepq_release();
}

/* The time limit of td's sleep has come, unless that sleep is over. */
static void
endtsleep(void *arg)
{
	struct thread *td = arg;

	sleepq_lock();
	if (td->td_wchan != NULL && (td->td_flags & TDF_TIMEOUT) != 0 && td->td_timo <= ticks) {
		td->td_flags |= TDF_TIMOFAIL;
		resume(td);
	}
	sleepq_release();
}

static void
set_timeout(struct thread *td, int timo)
{
	if (timo <= 0)
		return;
	td->td_flags |= TDF_TIMEOUT;
	td->td_timo = ticks + timo;
	callout_reset(&td->td_slpcallout, timo, endtsleep, td);
}

static int
check_timeout(struct thread *td)
{
	int failed = (td->td_flags & TDF_TIMOFAIL) != 0;

	if ((td->td_flags & TDF_TIMEOUT) != 0 && !failed)
		callout_stop(&td->td_slpcallout);
	td->td_flags &= ~(TDF_TIMEOUT | TDF_TIMOFAIL);
	return (failed ? EWOULDBLOCK : 0);
}

struct dropped {
	const char *file;
	int line, count;
};

static void
drop_giant(struct dropped *d)
{
	d->count = 0;
	if (!mtx_owned(&Giant))
		return;
	witness_save(&Giant.lock_object, &d->file, &d->line);
	do {
		d->count++;
		mtx_unlock(&Giant);
	} while (mtx_owned(&Giant));
}

static void
pickup_giant(const struct dropped *d)
{
	for (int i = 0; i < d->count; i++)
		mtx_lock(&Giant);
	if (d->count > 0)
		witness_restore(&Giant.lock_object, d->file, d->line);
}

int
msleep(const void *chan, struct mtx *mtx, int pri, const char *wmesg, int timo)
{
	struct thread *td = curthread;
	struct dropped giant, interlock = {NULL, 0, 0};
	const struct lock_instance *held = thread_holds_mutex(td, mtx);
	int drop = (pri & PDROP) != 0 || mtx == NULL, error;

	KASSERT(held == NULL, ("sleeping on \"%s\" with a mutex held: %s locked @ %s:%d", wmesg,
				  held->li_lock->lo_name, held->li_file, held->li_line));
	KASSERT(td->td_critnest == 0, ("sleeping on \"%s\" in a critical section", wmesg));
	if (mtx != NULL && mtx != &Giant)
		mtx_assert(mtx, MA_OWNED | MA_NOTRECURSED);
	sleepq_lock();
	drop_giant(&giant);
	if (mtx != NULL && mtx != &Giant) {
		witness_save(&mtx->lock_object, &interlock.file, &interlock.line);
		mtx_unlock(mtx);
	}
	if (machine_stopping && (td->td_flags & TDF_DAEMON) != 0) {
		sleepq_release();
		error = 0;
	} else {
		sleepq_add(chan, wmesg);
		set_timeout(td, timo);
		if ((pri & PRIMASK) != 0 && (pri & PRIMASK) < td->td_priority)
			td->td_priority = (u_char)(pri & PRIMASK);
		sleepq_wait();
		error = check_timeout(td);
	}
	pickup_giant(&giant);
	if (!drop && mtx != &Giant) {
		mtx_lock(mtx);
		witness_restore(&mtx->lock_object, interlock.file, interlock.line);
	}
	return (error);
}

void
wakeup(const void *chan)
{
	sleepq_lock();
	sleepq_broadcast(chan);
	sleepq_release();
}

void
wakeup_one(const void *chan)
{
	sleepq_lock();
	sleepq_signal(chan);
	sleepq_release();
}
