/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sched.c - the token, the CPUs and the run queue.                    room: corpus/kern
 *
 *  1. One pthread runs at a time, the one that has the token.  Kernel threads
 *     that are on a CPU without it stand still at a scheduling point, as if
 *     their CPU were slow.  What lies between two points is atomic.
 *  2. At a point the seed decides, not more often than every POINT_MEAN points
 *     on average: another CPU goes on, or this one's thread is preempted.  A
 *     preemption is the hardware's doing: it takes no lock that the tracker
 *     could see, or any lock at all would come before sched_lock.
 *  3. A thread that gives up takes sched_lock itself and hands it to the next
 *     one, which lets it go.  A CPU that falls idle lets it go for its idle thread,
 *     and who is later put on an idle CPU takes it anew: as if the idle thread
 *     had a body.
 *  4. The best priority runs next, except that the seed takes anybody every
 *     fourth time, and nobody is passed over more than BYPASS_MAX times.
 *  5. A critical section keeps the thread on its CPU; other CPUs still run, and
 *     may spin.
 *  6. Nobody can run: the clock jumps to the next callout.  None: deadlock.
 */
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kern/kern_int.h"
#include "kern/random.h"

#define POINT_MEAN 48
#define BYPASS_MAX 64
#define POINTS_MAX 400000000ull
#define IDLE_TID 0xffffu

int mp_ncpus;
struct pcpu pcpu_table[MAXCPU];
struct mtx sched_lock;
__thread struct thread *kern_curthread;

static struct thread idlethread[MAXCPU];
static struct threadqueue runq = TAILQ_HEAD_INITIALIZER(runq);
static uint32_t runq_length;
static uint32_t budget = 1, drawn; /* points until the next decision; what was drawn */
static uint64_t points, digest = 0xcbf29ce484222325ull;

/* ---- the token ---- */

enum { GO_NO = 0, GO_YES = 1, GO_ASLEEP = 2 };

static void
token_give(struct thread *td)
{
	if (__atomic_exchange_n(&td->td_go, GO_YES, __ATOMIC_ACQ_REL) == GO_ASLEEP)
		syscall(SYS_futex, &td->td_go, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void
token_take(struct thread *td)
{
	int no = GO_NO;

	if (__atomic_compare_exchange_n(&td->td_go, &no, GO_ASLEEP, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&td->td_go, __ATOMIC_ACQUIRE) != GO_YES)
			syscall(SYS_futex, &td->td_go, FUTEX_WAIT_PRIVATE, GO_ASLEEP, NULL, NULL, 0);
	__atomic_store_n(&td->td_go, GO_NO, __ATOMIC_RELAXED);
}

/* ---- the run queue ---- */

static void
enqueue(struct thread *td)
{
	KASSERT(td->td_state != TDS_RUNQ, ("setrunqueue: %s is on the run queue", td->td_proc->p_comm));
	td->td_state = TDS_RUNQ;
	td->td_bypassed = 0;
	TAILQ_INSERT_TAIL(&runq, td, td_runq);
	runq_length++;
}

static struct thread *
pick(void)
{
	struct thread *td, *best = TAILQ_FIRST(&runq);
	uint32_t n;

	TAILQ_FOREACH (td, &runq, td_runq)
		if (td->td_bypassed >= BYPASS_MAX)
			return (td);
	if (runq_length > 1 && kern_random_below(RANDOM_SCHED, 4) == 0) {
		for (n = kern_random_below(RANDOM_SCHED, runq_length); n > 0; n--)
			best = TAILQ_NEXT(best, td_runq);
		return (best);
	}
	TAILQ_FOREACH (td, &runq, td_runq)
		if (td->td_priority < best->td_priority)
			best = td;
	return (best);
}

/* Takes the thread to run next off the queue, or NULL. */
static struct thread *
choosethread(void)
{
	struct thread *td, *other;

	if (runq_length == 0)
		return (NULL);
	td = pick();
	TAILQ_REMOVE(&runq, td, td_runq);
	runq_length--;
	TAILQ_FOREACH (other, &runq, td_runq)
		other->td_bypassed++;
	return (td);
}

void
setrunqueue(struct thread *td)
{
	mtx_assert(&sched_lock, MA_OWNED);
	enqueue(td);
}

void
sched_interrupt(struct thread *td)
{
	enqueue(td);
}

void
sched_prio(struct thread *td, int pri)
{
	td->td_base_pri = (u_char)pri;
	td->td_priority = (u_char)pri;
}

/* ---- CPUs ---- */

static void
digest_byte(uint32_t byte)
{
	digest = (digest ^ (byte & 0xff)) * 0x100000001b3ull;
}

/* td, or the idle thread, comes onto the CPU. */
static void
assign(struct pcpu *pc, struct thread *td)
{
	uint32_t tid = td == pc->pc_idlethread ? IDLE_TID : (uint32_t)td->td_tid;

	pc->pc_curthread = td;
	td->td_state = TDS_RUNNING;
	td->td_oncpu = pc->pc_cpuid;
	digest_byte((uint32_t)pc->pc_cpuid);
	digest_byte(tid);
	digest_byte(tid >> 8);
	if (td == pc->pc_idlethread)
		return;
	pc->pc_switches++;
	if ((td->td_flags & TDF_DAEMON) == 0)
		clock_progress();
}

static void
fill_idle_cpus(void)
{
	struct thread *td;
	uint32_t first = 0;

	if (runq_length > 0 && mp_ncpus > 1)
		first = kern_random_below(RANDOM_SCHED, (uint32_t)mp_ncpus);
	for (int i = 0; i < mp_ncpus && runq_length > 0; i++) {
		struct pcpu *pc = &pcpu_table[(first + (uint32_t)i) % (uint32_t)mp_ncpus];

		if (pc->pc_curthread == pc->pc_idlethread && (td = choosethread()) != NULL)
			assign(pc, td);
	}
}

/* A thread on a CPU, by the seed; not that of CPU `but`.  NULL: they are all idle. */
static struct thread *
busy_thread(int but)
{
	struct thread *busy[MAXCPU];
	uint32_t n = 0;

	for (int i = 0; i < mp_ncpus; i++)
		if (i != but && pcpu_table[i].pc_curthread != pcpu_table[i].pc_idlethread)
			busy[n++] = pcpu_table[i].pc_curthread;
	if (n == 0)
		return (NULL);
	return (busy[n == 1 ? 0 : kern_random_below(RANDOM_SCHED, n)]);
}

/* This CPU fell idle.  Who has the token next?  Time passes until there is somebody. */
static struct thread *
after_idle(void)
{
	struct thread *td;

	for (;;) {
		fill_idle_cpus();
		if ((td = busy_thread(NOCPU)) != NULL)
			return (td);
		if (clock_idle() != 0)
			machine_die(MACHINE_DEADLOCK, "deadlock: every thread asleep, no timer pending");
		points += POINT_MEAN;
	}
}

void
sched_enter(struct thread *td)
{
	token_take(td);
	if ((td->td_flags & TDF_NOTRUN) != 0) {
		td->td_flags &= ~TDF_NOTRUN;
		witness_thread_start(
		    td->td_witness, (const void *)(uintptr_t)td->td_proc->p_func, td->td_proc->p_comm);
	}
	witness_cpu_bind(td->td_oncpu);
}

/* ---- switching ---- */

void
mi_switch(int flags __attribute__((unused)), struct thread *newtd)
{
	struct thread *td = curthread, *next;
	struct pcpu *pc = &pcpu_table[td->td_oncpu];
	int exited = td->td_state == TDS_EXITED;

	mtx_assert(&sched_lock, MA_OWNED | MA_NOTRECURSED);
	KASSERT(td->td_critnest == 1, ("mi_switch: switch in a critical section"));
	KASSERT(td->td_state != TDS_RUNNING, ("mi_switch: %s still runs", td->td_proc->p_comm));
	if (newtd != NULL && newtd->td_state == TDS_RUNQ) {
		TAILQ_REMOVE(&runq, newtd, td_runq);
		runq_length--;
	}
	next = newtd != NULL ? newtd : choosethread();
	if (next == td) {
		td->td_state = TDS_RUNNING;
		return;
	}
	if (next != NULL) {
		sched_lock.mtx_owner = next;
		next->td_critnest = 1;
		td->td_critnest = 0;
		assign(pc, next);
	} else {
		mtx_drop_spin(&sched_lock, LOCK_FILE, LOCK_LINE);
		assign(pc, pc->pc_idlethread);
	}
	td->td_oncpu = NOCPU;
	witness_cpu_bind(-1);
	if (next == NULL)
		next = after_idle();
	token_give(next);
	if (exited)
		return;
	sched_enter(td);
	if (!mtx_owned(&sched_lock))
		mtx_lock_spin(&sched_lock);
}

void
sched_throw(void)
{
	KASSERT(curthread->td_state == TDS_EXITED, ("sched_throw: not at its end"));
	mi_switch(SW_VOL, NULL);
}

static void
preempt(struct thread *td)
{
	struct pcpu *pc = &pcpu_table[td->td_oncpu];
	struct thread *next = choosethread();

	if (next == NULL)
		return;
	td->td_priority = td->td_base_pri;
	td->td_oncpu = NOCPU;
	enqueue(td);
	assign(pc, next);
	witness_cpu_bind(-1);
	token_give(next);
	sched_enter(td);
	if (mtx_owned(&sched_lock))
		mtx_drop_spin(&sched_lock, LOCK_FILE, LOCK_LINE);
}

/* Another CPU runs on; this one stands still. */
static void
move_token(struct thread *td, struct thread *to)
{
	if (to == NULL || to == td)
		return;
	token_give(to);
	token_take(td);
}

static __attribute__((noinline)) void
decide(struct thread *td)
{
	points += drawn;
	if (points > POINTS_MAX)
		machine_die(MACHINE_LIVELOCK, "livelock: no end after very many scheduling points");
	clock_work(drawn);
	budget = drawn = 1 + kern_random_below(RANDOM_SCHED, 2 * POINT_MEAN - 1);
	if (mp_ncpus > 1)
		fill_idle_cpus();
	if (td->td_critnest == 0 && runq_length > 0 &&
	    (mp_ncpus == 1 || kern_random_below(RANDOM_SCHED, 3) == 0))
		preempt(td);
	else if (mp_ncpus > 1)
		move_token(td, busy_thread(NOCPU));
}

void
sched_point(void)
{
	if (--budget == 0)
		decide(curthread);
}

void
interleave_point(const char *name __attribute__((unused)))
{
	sched_point();
}

void
sched_spin(const char *what)
{
	struct thread *to = busy_thread(curthread->td_oncpu);

	points++;
	if (to == NULL)
		panic("spin lock %s held by a thread that does not run", what);
	move_token(curthread, to);
}

void
kern_yield(void)
{
	mtx_lock_spin(&sched_lock);
	curthread->td_priority = curthread->td_base_pri;
	setrunqueue(curthread);
	mi_switch(SW_VOL, NULL);
	mtx_unlock_spin(&sched_lock);
}

void
critical_enter(void)
{
	curthread->td_critnest++;
	witness_critical_enter();
}

void
critical_exit(void)
{
	KASSERT(curthread->td_critnest > 0, ("critical_exit: td_critnest == 0"));
	witness_critical_exit();
	if (--curthread->td_critnest == 0)
		sched_point();
}

/* ---- beginning, and counts ---- */

void
sched_init(void)
{
	mp_ncpus = machine.ncpus;
	mtx_init(&sched_lock, "sched lock", NULL, MTX_SPIN | MTX_RECURSE);
	for (int i = 0; i < mp_ncpus; i++) {
		idlethread[i].td_flags = TDF_IDLETD | TDF_DAEMON;
		idlethread[i].td_priority = PRI_MAX_IDLE;
		pcpu_table[i].pc_cpuid = i;
		pcpu_table[i].pc_curthread = pcpu_table[i].pc_idlethread = &idlethread[i];
	}
}

void
sched_start(struct thread *td)
{
	assign(&pcpu_table[0], td);
	token_give(td);
}

void
machine_report_get(struct machine_report *rep)
{
	rep->ncpus = mp_ncpus;
	rep->digest = digest;
	rep->points = points;
	rep->ticks = ticks;
	for (int i = 0; i < mp_ncpus; i++)
		rep->switches[i] = pcpu_table[i].pc_switches;
}
