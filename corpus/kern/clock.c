/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.c - virtual time.                                             room: corpus/kern
 *
 *  1. Work moves the clock a little: about WORK_PER_TICK scheduling points a
 *     tick, by the seed.  So time passes for a machine that never rests.
 *  2. When nobody can run, the clock jumps to the next callout: waiting costs
 *     nothing.
 *  3. The clock is hardware.  It takes no lock and is in nobody's lock order;
 *     all it does is to make softclock runnable.
 *  4. Callouts of the house itself (statistics every few seconds) never end.  So
 *     "no callout" is not what a deadlock looks like: when for ten minutes
 *     nothing but daemons ran, and no process sleeps with a time limit, nobody
 *     will ever run again.
 */
#include <limits.h>

#include "kern/kern_int.h"
#include "kern/random.h"

#define WORK_PER_TICK 2000
#define PATIENCE (600 * hz)

TAILQ_HEAD(calloutqueue, callout);

int ticks;
static struct mtx callout_lock; /* spin, "callout" */
static struct calloutqueue callouts = TAILQ_HEAD_INITIALIZER(callouts); /* by time, then first come */
static struct proc *softclock_proc;
static int softclock_idle; /* it waits for the clock */
static int progress_tick;
static uint32_t work, work_due = WORK_PER_TICK;

void
clock_init(void)
{
	mtx_init(&callout_lock, "callout", NULL, MTX_SPIN | MTX_RECURSE);
}

void
callout_init(struct callout *c)
{
	memset(c, 0, sizeof(*c));
}

static void
unlink_callout(struct callout *c)
{
	TAILQ_REMOVE(&callouts, c, c_links);
	c->c_pending = 0;
}

void
callout_reset(struct callout *c, int to, void (*func)(void *), void *arg)
{
	struct callout *after;

	mtx_lock_spin(&callout_lock);
	if (c->c_pending)
		unlink_callout(c);
	c->c_time = ticks + imax(to, 1);
	c->c_func = func;
	c->c_arg = arg;
	c->c_pending = 1;
	TAILQ_FOREACH (after, &callouts, c_links)
		if (after->c_time > c->c_time)
			break;
	if (after != NULL)
		TAILQ_INSERT_BEFORE(after, c, c_links);
	else
		TAILQ_INSERT_TAIL(&callouts, c, c_links);
	mtx_unlock_spin(&callout_lock);
}

int
callout_stop(struct callout *c)
{
	int pending;

	mtx_lock_spin(&callout_lock);
	pending = c->c_pending;
	if (pending)
		unlink_callout(c);
	mtx_unlock_spin(&callout_lock);
	return (pending);
}

static int
due(void)
{
	struct callout *c = TAILQ_FIRST(&callouts);

	return (c != NULL && c->c_time <= ticks);
}

static void
run_callouts(void)
{
	struct callout *c;
	void (*func)(void *);
	void *arg;

	mtx_lock_spin(&callout_lock);
	while (due()) {
		c = TAILQ_FIRST(&callouts);
		func = c->c_func;
		arg = c->c_arg;
		unlink_callout(c);
		mtx_unlock_spin(&callout_lock);
		func(arg);
		mtx_lock_spin(&callout_lock);
	}
	mtx_unlock_spin(&callout_lock);
}

static void
softclock(void *arg __attribute__((unused)))
{
	struct thread *td = curthread;

	for (;;) {
		kthread_suspend_check();
		run_callouts();
		mtx_lock_spin(&sched_lock);
		if (!due() && !machine_stopping) {
			softclock_idle = 1;
			td->td_wmesg = "clock";
			td->td_state = TDS_SLEEPING;
			mi_switch(SW_VOL, NULL);
		}
		mtx_unlock_spin(&sched_lock);
	}
}

void
clock_start(void)
{
	if (kthread_create(softclock, NULL, &softclock_proc, "softclock") != 0)
		panic("clock_start: no thread");
	sched_prio(&softclock_proc->p_thread, PI_SOFT);
}

/* The clock's interrupt. */
static void
hardclock(int to)
{
	ticks = to;
	if (due())
		clock_kick();
}

void
clock_kick(void)
{
	if (softclock_proc == NULL || !softclock_idle)
		return;
	softclock_idle = 0;
	sched_interrupt(&softclock_proc->p_thread);
}

void
clock_work(uint32_t points)
{
	work += points;
	if (work < work_due)
		return;
	work = 0;
	work_due = WORK_PER_TICK / 2 + kern_random_below(RANDOM_CLOCK, WORK_PER_TICK);
	hardclock(ticks + 1);
}

void
clock_progress(void)
{
	progress_tick = ticks;
}

static int
process_with_limit(void)
{
	struct proc *p;

	TAILQ_FOREACH (p, &allproc, p_list)
		if ((p->p_thread.td_flags & (TDF_DAEMON | TDF_TIMEOUT)) == TDF_TIMEOUT)
			return (1);
	return (0);
}

int
clock_idle(void)
{
	struct callout *c = TAILQ_FIRST(&callouts);

	if (c == NULL || (c->c_time - progress_tick > PATIENCE && !process_with_limit()))
		return (-ENOENT);
	if (c->c_time > INT_MAX / 2)
		machine_die(MACHINE_LIVELOCK, "livelock: the clock has run out");
	hardclock(imax(ticks, c->c_time));
	return (0);
}
