/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex.c - sleep and spin mutexes, and the turnstiles that waiters stand on.   room: corpus/kern
 *
 *  1. The tracker hears of a lock as history's WITNESS did: order is checked before
 *     the wait, holding is noted after it, letting go before it is done.
 *  2. Mutexes are not handed over: an unlock wakes the best waiter, which asks
 *     again.  Whoever takes a mutex that has waiters left becomes their debtor.
 *  3. A waiter lends its priority to the owner, and through it to whom that one
 *     waits for, until the owner lets go.
 *  4. Queues are guarded by one spin mutex, "turnstile chain", taken under
 *     sched_lock: chains by address would make a run depend on addresses.
 */
#include "kern/kern_int.h"

#define LO_PRIMITIVE(lo) (((lo)->lo_flags & LO_CLASSMASK) >> LO_CLASSSHIFT)

struct mtx Giant;
static struct mtx turnstile_chain;

void
mutex_init(void)
{
	mtx_init(&turnstile_chain, "turnstile chain", NULL, MTX_SPIN);
	mtx_init(&Giant, "Giant", NULL, MTX_DEF | MTX_RECURSE);
}

void
_mtx_init(struct mtx *m, const char *name, const char *type, int opts, const char *file, int line)
{
	uint32_t flags = LO_CLASS(opts & MTX_SPIN ? WITNESS_SPIN_MUTEX : WITNESS_SLEEP_MUTEX);

	memset(m, 0, sizeof(*m));
	TAILQ_INIT(&m->mtx_blocked);
	m->mtx_opts = (u_int)opts;
	if (opts & MTX_RECURSE)
		flags |= LO_RECURSABLE;
	if (opts & MTX_DUPOK)
		flags |= LO_DUPOK;
	if (opts & MTX_NOWITNESS)
		flags |= LO_NOWITNESS;
	m->lock_object.lo_name = name;
	m->lock_object.lo_flags = flags;
	witness_init_at(&m->lock_object, type, file, line);
}

void
mtx_destroy(struct mtx *m)
{
	KASSERT(mtx_initialized(m), ("mtx_destroy: not initialised"));
	KASSERT(TAILQ_EMPTY(&m->mtx_blocked), ("mtx_destroy: %s has waiters", m->lock_object.lo_name));
	KASSERT(!mtx_recursed(m), ("mtx_destroy: %s is recursed", m->lock_object.lo_name));
	if (mtx_owned(m)) {
		if (m->mtx_opts & MTX_SPIN)
			mtx_unlock_spin(m);
		else
			mtx_unlock(m);
	}
	KASSERT(m->mtx_owner == NULL, ("mtx_destroy: %s is held", m->lock_object.lo_name));
	witness_destroy(&m->lock_object);
	m->lock_object.lo_name = NULL;
}

int
mtx_initialized(const struct mtx *m)
{
	return (m->lock_object.lo_name != NULL);
}

int
mtx_owned(const struct mtx *m)
{
	return (m->mtx_owner == curthread && curthread != NULL);
}

int
mtx_recursed(const struct mtx *m)
{
	return (m->mtx_recurse != 0);
}

/* ---- what a thread holds ---- */

void
thread_hold(struct thread *td, const struct witness_lock_object *lo, const char *file, int line)
{
	KASSERT(td->td_nheld < TD_MAXHELD, ("%s holds too many locks", td->td_proc->p_comm));
	td->td_held[td->td_nheld++] = (struct lock_instance){lo, file, line};
}

void
thread_unhold(struct thread *td, const struct witness_lock_object *lo)
{
	int i = td->td_nheld;

	while (--i >= 0 && td->td_held[i].li_lock != lo)
		;
	KASSERT(i >= 0, ("%s does not hold %s", td->td_proc->p_comm, lo->lo_name));
	td->td_nheld--;
	memmove(&td->td_held[i], &td->td_held[i + 1], (size_t)(td->td_nheld - i) * sizeof(td->td_held[0]));
}

const struct lock_instance *
thread_holds_mutex(const struct thread *td, const struct mtx *but)
{
	for (int i = 0; i < td->td_nheld; i++) {
		const struct witness_lock_object *lo = td->td_held[i].li_lock;

		if (LO_PRIMITIVE(lo) == WITNESS_SLEEP_MUTEX && lo != &Giant.lock_object &&
		    (but == NULL || lo != &but->lock_object))
			return (&td->td_held[i]);
	}
	return (NULL);
}

/* ---- turnstiles: sched_lock and the chain are held ---- */

static void
queue_waiter(struct mtx *m, struct thread *td)
{
	struct thread *after;

	TAILQ_FOREACH (after, &m->mtx_blocked, td_lockq)
		if (after->td_priority > td->td_priority)
			break;
	if (after != NULL)
		TAILQ_INSERT_BEFORE(after, td, td_lockq);
	else
		TAILQ_INSERT_TAIL(&m->mtx_blocked, td, td_lockq);
}

static void
propagate_priority(struct thread *td)
{
	u_char pri = td->td_priority;
	struct mtx *m;

	while ((m = td->td_blocked) != NULL && (td = m->mtx_owner) != NULL && td->td_priority > pri) {
		td->td_priority = pri;
		if (td->td_state != TDS_LOCK)
			break;
		TAILQ_REMOVE(&td->td_blocked->mtx_blocked, td, td_lockq);
		queue_waiter(td->td_blocked, td);
	}
}

/* What td may keep: its own priority, or the best of those that still wait for it. */
static void
settle_priority(struct thread *td)
{
	struct mtx *m;
	u_char pri = td->td_base_pri;

	LIST_FOREACH (m, &td->td_contested, mtx_contested)
		if (TAILQ_FIRST(&m->mtx_blocked)->td_priority < pri)
			pri = TAILQ_FIRST(&m->mtx_blocked)->td_priority;
	td->td_priority = pri;
}

static void
turnstile_wait(struct mtx *m, struct thread *td)
{
	mtx_lock_spin(&sched_lock);
	mtx_lock_spin(&turnstile_chain);
	if (m->mtx_owner != NULL) {
		if (TAILQ_EMPTY(&m->mtx_blocked))
			LIST_INSERT_HEAD(&m->mtx_owner->td_contested, m, mtx_contested);
		queue_waiter(m, td);
		td->td_blocked = m;
		propagate_priority(td);
		td->td_state = TDS_LOCK;
	}
	mtx_unlock_spin(&turnstile_chain);
	if (td->td_state == TDS_LOCK)
		mi_switch(SW_VOL, NULL);
	mtx_unlock_spin(&sched_lock);
}

/* td took a mutex that others still wait for. */
static void
turnstile_claim(struct mtx *m, struct thread *td)
{
	mtx_lock_spin(&sched_lock);
	mtx_lock_spin(&turnstile_chain);
	if (!TAILQ_EMPTY(&m->mtx_blocked)) {
		LIST_INSERT_HEAD(&td->td_contested, m, mtx_contested);
		if (TAILQ_FIRST(&m->mtx_blocked)->td_priority < td->td_priority)
			td->td_priority = TAILQ_FIRST(&m->mtx_blocked)->td_priority;
	}
	mtx_unlock_spin(&turnstile_chain);
	mtx_unlock_spin(&sched_lock);
}

/* td lets m go, and wakes the best waiter. */
static void
turnstile_signal(struct mtx *m, struct thread *td)
{
	struct thread *waiter;

	mtx_lock_spin(&sched_lock);
	mtx_lock_spin(&turnstile_chain);
	m->mtx_owner = NULL;
	LIST_REMOVE(m, mtx_contested);
	settle_priority(td);
	waiter = TAILQ_FIRST(&m->mtx_blocked);
	TAILQ_REMOVE(&m->mtx_blocked, waiter, td_lockq);
	waiter->td_blocked = NULL;
	mtx_unlock_spin(&turnstile_chain);
	setrunqueue(waiter);
	mtx_unlock_spin(&sched_lock);
}

/* ---- sleep mutexes ---- */

void
_mtx_lock(struct mtx *m, int opts, const char *file, int line)
{
	struct thread *td = curthread;
	unsigned flags = LOP_EXCLUSIVE | (opts & MTX_DUPOK ? LOP_DUPOK : 0);

	sched_point();
	KASSERT(mtx_initialized(m), ("mtx_lock: not initialised @ %s:%d", file, line));
	KASSERT((m->mtx_opts & MTX_SPIN) == 0,
	    ("mtx_lock of spin mutex %s @ %s:%d", m->lock_object.lo_name, file, line));
	witness_checkorder(&m->lock_object, flags | LOP_NEWORDER, file, line, NULL);
	KASSERT(td->td_critnest == 0,
	    ("blockable sleep lock (sleep mutex) %s @ %s:%d", m->lock_object.lo_name, file, line));
	if (m->mtx_owner == td) {
		KASSERT(
		    m->mtx_opts & MTX_RECURSE, ("_mtx_lock_sleep: recursed on non-recursive mutex %s @ %s:%d",
						   m->lock_object.lo_name, file, line));
		m->mtx_recurse++;
		witness_lock(&m->lock_object, flags, file, line);
		return;
	}
	while (m->mtx_owner != NULL)
		turnstile_wait(m, td);
	m->mtx_owner = td;
	if (!TAILQ_EMPTY(&m->mtx_blocked))
		turnstile_claim(m, td);
	thread_hold(td, &m->lock_object, file, line);
	witness_lock(&m->lock_object, flags, file, line);
}

int
_mtx_trylock(struct mtx *m, const char *file, int line)
{
	struct thread *td = curthread;

	sched_point();
	KASSERT(mtx_initialized(m), ("mtx_trylock: not initialised @ %s:%d", file, line));
	if (m->mtx_owner == td && (m->mtx_opts & MTX_RECURSE) != 0)
		m->mtx_recurse++;
	else if (m->mtx_owner != NULL)
		return (0);
	else {
		m->mtx_owner = td;
		if (!TAILQ_EMPTY(&m->mtx_blocked))
			turnstile_claim(m, td);
		thread_hold(td, &m->lock_object, file, line);
	}
	witness_lock(&m->lock_object, LOP_EXCLUSIVE | LOP_TRYLOCK, file, line);
	return (1);
}

void
_mtx_unlock(struct mtx *m, const char *file, int line)
{
	struct thread *td = curthread;

	_mtx_assert(m, MA_OWNED, file, line);
	witness_unlock(&m->lock_object, LOP_EXCLUSIVE, file, line);
	if (m->mtx_recurse > 0) {
		m->mtx_recurse--;
		return;
	}
	thread_unhold(td, &m->lock_object);
	if (TAILQ_EMPTY(&m->mtx_blocked))
		m->mtx_owner = NULL;
	else
		turnstile_signal(m, td);
	sched_point();
}

/* ---- spin mutexes ---- */

void
_mtx_lock_spin(struct mtx *m, const char *file, int line)
{
	struct thread *td = curthread;

	if (td->td_critnest == 0)
		sched_point();
	KASSERT(m->mtx_opts & MTX_SPIN, ("mtx_lock_spin of sleep mutex @ %s:%d", file, line));
	td->td_critnest++;
	witness_checkorder(&m->lock_object, LOP_EXCLUSIVE | LOP_NEWORDER, file, line, NULL);
	if (m->mtx_owner == td) {
		KASSERT(
		    m->mtx_opts & MTX_RECURSE, ("mtx_lock_spin: recursed on non-recursive mutex %s @ %s:%d",
						   m->lock_object.lo_name, file, line));
		m->mtx_recurse++;
	} else {
		while (m->mtx_owner != NULL)
			sched_spin(m->lock_object.lo_name);
		m->mtx_owner = td;
	}
	witness_lock(&m->lock_object, LOP_EXCLUSIVE, file, line);
}

void
mtx_drop_spin(struct mtx *m, const char *file, int line)
{
	_mtx_assert(m, MA_OWNED, file, line);
	witness_unlock(&m->lock_object, LOP_EXCLUSIVE, file, line);
	if (m->mtx_recurse > 0)
		m->mtx_recurse--;
	else
		m->mtx_owner = NULL;
	curthread->td_critnest--;
}

void
_mtx_unlock_spin(struct mtx *m, const char *file, int line)
{
	mtx_drop_spin(m, file, line);
	if (curthread->td_critnest == 0)
		sched_point();
}

void
_mtx_assert(const struct mtx *m, int what, const char *file, int line)
{
	const char *name = m->lock_object.lo_name;

	if ((what & (MA_OWNED | MA_RECURSED | MA_NOTRECURSED)) != 0 && !mtx_owned(m))
		panic("mutex %s not owned at %s:%d", name, file, line);
	if ((what & MA_NOTOWNED) != 0 && mtx_owned(m))
		panic("mutex %s owned at %s:%d", name, file, line);
	if ((what & MA_RECURSED) != 0 && !mtx_recursed(m))
		panic("mutex %s not recursed at %s:%d", name, file, line);
	if ((what & MA_NOTRECURSED) != 0 && mtx_recursed(m))
		panic("mutex %s recursed at %s:%d", name, file, line);
}
