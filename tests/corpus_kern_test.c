/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * corpus_kern_test.c - the kernel below the VM: locks, sleeping, time, the schedule, and dying.   room: tests
 *
 * A process runs one machine, so every case lives in a child of its own.
 */
#define _GNU_SOURCE 1
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kern/machine.h"
#include "kern/proc.h"
#include "kern/random.h"
#include "kern/sleepqueue.h"
#include "kern/sysctl.h"

enum { FRUIT_APPLE, FRUIT_PEAR, FRUIT_PLUM };
SYSCTL_SWITCH(test_fruit, "test.fruit", FRUIT_PEAR, FRUIT_APPLE, "apple,pear,plum", "a switch with names");
SYSCTL_SWITCH_INT(test_number, "test.number", 5, 0, -3, 100, "a switch with numbers");

static struct mtx m1, m2;
static struct sx sx1;
static int shared, chan1, chan2;

static struct machine_report
boot(int ncpus, uint64_t seed, void (*main_fn)(void *))
{
	struct machine_config cfg = {ncpus, seed, 64, 0};
	struct machine_report rep;

	ck_assert_int_eq(machine_run(&cfg, main_fn, NULL, &rep), 0);
	return (rep);
}

/* For a machine that is to die: its last words are kept from the screen. */
static void
dies(void (*main_fn)(void *), enum machine_outcome outcome, const char *text)
{
	struct machine_report rep;

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	rep = boot(2, 1, main_fn);
	ck_assert_int_eq(rep.outcome, outcome);
	ck_assert_msg(strstr(rep.text, text) != NULL, "\"%s\" does not say \"%s\"", rep.text, text);
}

static struct proc *
spawn(void (*func)(void *), int number)
{
	struct proc *p;

	ck_assert_int_eq(proc_create(func, (void *)(intptr_t)number, &p, "test"), 0);
	return (p);
}

static void
spawn_and_wait(void (*func)(void *), int n)
{
	struct proc *p[32];

	for (int i = 0; i < n; i++)
		p[i] = spawn(func, i);
	for (int i = 0; i < n; i++)
		proc_wait(p[i]);
}

/* ---- mutexes ---- */

#define TURNS 3000

static void
count_under_mutex(void *arg __attribute__((unused)))
{
	int seen;

	for (int i = 0; i < TURNS; i++) {
		mtx_lock(&m1);
		seen = shared;
		sched_point(); /* whoever runs here must not get in */
		shared = seen + 1;
		mtx_unlock(&m1);
	}
}

static void
main_exclusion(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	spawn_and_wait(count_under_mutex, 6);
	ck_assert_int_eq(shared, 6 * TURNS);
	mtx_destroy(&m1);
}

static const int cpus[] = {1, 2, 4, 16};

START_TEST(mutex_excludes_and_every_cpu_runs)
{
	struct machine_report rep = boot(cpus[_i], 3, main_exclusion);

	ck_assert_int_eq(rep.outcome, MACHINE_OK);
	for (int i = 0; i < imin(cpus[_i], 4); i++)
		ck_assert_msg(rep.switches[i] > 10, "CPU %d: %lu threads", i, (unsigned long)rep.switches[i]);
}
END_TEST

static void
main_recursion(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF | MTX_RECURSE);
	mtx_lock(&m1);
	mtx_lock(&m1);
	ck_assert_int_eq(mtx_trylock(&m1), 1);
	mtx_assert(&m1, MA_OWNED | MA_RECURSED);
	mtx_unlock(&m1);
	mtx_unlock(&m1);
	mtx_assert(&m1, MA_OWNED | MA_NOTRECURSED);
	mtx_unlock(&m1);
	mtx_assert(&m1, MA_NOTOWNED);
}

START_TEST(recursive_mutex_counts)
{
	ck_assert_int_eq(boot(1, 1, main_recursion).outcome, MACHINE_OK);
}
END_TEST

static void
try_held(void *arg __attribute__((unused)))
{
	ck_assert_int_eq(mtx_trylock(&m1), 0);
	ck_assert(!mtx_owned(&m1));
}

static void
main_trylock(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	ck_assert_int_eq(mtx_trylock(&m1), 1);
	ck_assert_int_eq(mtx_trylock(&m1), 0); /* not its owner either */
	spawn_and_wait(try_held, 1);
	mtx_unlock(&m1);
}

START_TEST(trylock_says_no_while_held)
{
	ck_assert_int_eq(boot(2, 1, main_trylock).outcome, MACHINE_OK);
}
END_TEST

static void
main_double_lock(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_lock(&m1);
	mtx_lock(&m1);
}

static void
main_foreign_unlock(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_unlock(&m1);
}

static void
main_sleep_lock_under_spin(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_SPIN);
	mtx_init(&m2, "m2", NULL, MTX_DEF);
	mtx_lock_spin(&m1);
	mtx_lock(&m2);
}

static void
main_sleep_with_mutex(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_init(&m2, "m2", NULL, MTX_DEF);
	mtx_lock(&m1);
	mtx_lock(&m2);
	msleep(&chan1, &m2, PVM, "test", 1);
}

static void
end_with_mutex(void *arg __attribute__((unused)))
{
	mtx_lock(&m1);
}

static void
main_end_with_mutex(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	spawn_and_wait(end_with_mutex, 1);
}

static void
main_panic(void *arg __attribute__((unused)))
{
	KASSERT(shared != 0, ("number %d of %s", 42, "the test"));
}

static void
main_stray(void *arg __attribute__((unused)))
{
	*(volatile char *)(machine_kva_base + 5 * PAGE_SIZE) = 1;
}

static const struct {
	void (*main_fn)(void *);
	const char *text;
} panics[] = {
    {main_double_lock, "recursed on non-recursive mutex m1"},
    {main_foreign_unlock, "mutex m1 not owned"},
    {main_sleep_lock_under_spin, "blockable sleep lock (sleep mutex) m2"},
    {main_sleep_with_mutex, "sleeping on \"test\" with a mutex held: m1"},
    {main_end_with_mutex, "test ends holding m1"},
    {main_panic, "number 42 of the test"},
    {main_stray, "page fault at 0x"},
};

START_TEST(misuse_panics_and_is_captured)
{
	dies(panics[_i].main_fn, MACHINE_PANIC, panics[_i].text);
}
END_TEST

/* The owner of a mutex runs at the priority of its best waiter, until it lets go. */
static void
urgent_waiter(void *arg __attribute__((unused)))
{
	sched_prio(curthread, PSWP);
	mtx_lock(&m1);
	mtx_unlock(&m1);
}

static void
main_lending(void *arg __attribute__((unused)))
{
	struct proc *p;

	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_lock(&m1);
	p = spawn(urgent_waiter, 0);
	while (p->p_thread.td_state != TDS_LOCK)
		kern_yield();
	ck_assert_int_eq(curthread->td_priority, PSWP);
	mtx_unlock(&m1);
	ck_assert_int_eq(curthread->td_priority, PUSER);
	proc_wait(p);
}

START_TEST(waiters_lend_their_priority)
{
	ck_assert_int_eq(boot(2, 1, main_lending).outcome, MACHINE_OK);
}
END_TEST

static int order[8], norder;

/* Of those that wait the best goes first, however long the others have waited. */
static void
ranked_waiter(void *arg)
{
	static const int pri[] = {PUSER, PSWP, PUSER + 8, PVM};

	sched_prio(curthread, pri[(intptr_t)arg]);
	mtx_lock(&m1);
	order[norder++] = (int)(intptr_t)arg;
	mtx_unlock(&m1);
}

static void
main_ranks(void *arg __attribute__((unused)))
{
	static const int expected[] = {1, 3, 0, 2};
	struct proc *p[4];

	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_lock(&m1);
	for (int i = 0; i < 4; i++) {
		p[i] = spawn(ranked_waiter, i);
		while (p[i]->p_thread.td_state != TDS_LOCK)
			kern_yield();
	}
	mtx_unlock(&m1);
	for (int i = 0; i < 4; i++)
		proc_wait(p[i]);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(order[i], expected[i]);
}

START_TEST(the_best_waiter_goes_first)
{
	ck_assert_int_eq(boot(cpus[_i], 2, main_ranks).outcome, MACHINE_OK);
}
END_TEST

static void
count_under_spin(void *arg __attribute__((unused)))
{
	int seen;

	for (int i = 0; i < TURNS; i++) {
		mtx_lock_spin(&m1);
		seen = shared;
		sched_point();
		shared = seen + 1;
		mtx_unlock_spin(&m1);
	}
}

static void
main_spin(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_SPIN);
	spawn_and_wait(count_under_spin, 6);
	ck_assert_int_eq(shared, 6 * TURNS);
}

START_TEST(spin_mutex_excludes)
{
	ck_assert_int_eq(boot(cpus[_i], 4, main_spin).outcome, MACHINE_OK);
}
END_TEST

/* ---- sx ---- */

static int readers, readers_seen, writers;

static void
sx_user(void *arg)
{
	for (int i = 0; i < TURNS / 4; i++) {
		if ((i + (intptr_t)arg) % 3 == 0) {
			sx_xlock(&sx1);
			writers++;
			sched_point();
			ck_assert(writers == 1 && readers == 0);
			writers--;
			sx_downgrade(&sx1);
			readers++;
		} else {
			sx_slock(&sx1);
			readers++;
		}
		readers_seen = imax(readers_seen, readers);
		sched_point();
		ck_assert_int_eq(writers, 0);
		readers--;
		if (sx_try_upgrade(&sx1)) {
			ck_assert_int_eq(readers, 0);
			sx_assert(&sx1, SX_XLOCKED);
		}
		sx_unlock(&sx1);
	}
}

static void
main_sx(void *arg __attribute__((unused)))
{
	sx_init(&sx1, "sx1");
	spawn_and_wait(sx_user, 5);
	sx_destroy(&sx1);
}

START_TEST(sx_shares_and_excludes)
{
	ck_assert_int_eq(boot(cpus[_i], 5, main_sx).outcome, MACHINE_OK);
	ck_assert_int_gt(readers_seen, 1);
}
END_TEST

static void
sx_writer(void *arg __attribute__((unused)))
{
	sx_xlock(&sx1);
	writers++;
	sx_xunlock(&sx1);
}

static void
main_sx_writer(void *arg __attribute__((unused)))
{
	struct proc *p;

	sx_init(&sx1, "sx1");
	sx_slock(&sx1);
	p = spawn(sx_writer, 0);
	while (p->p_thread.td_state != TDS_SLEEPING || p->p_thread.td_wchan == NULL)
		kern_yield();
	ck_assert_int_eq(sx_try_slock(&sx1), 0);
	ck_assert_int_eq(writers, 0);
	sx_sunlock(&sx1);
	proc_wait(p);
	ck_assert_int_eq(sx_try_slock(&sx1), 1);
	sx_sunlock(&sx1);
	sx_destroy(&sx1);
}

START_TEST(sx_waiting_writer_keeps_readers_out)
{
	ck_assert_int_eq(boot(cpus[_i], 5, main_sx_writer).outcome, MACHINE_OK);
	ck_assert_int_eq(writers, 1);
}
END_TEST

/* ---- sleeping and time ---- */

static void
sleeper(void *arg)
{
	mtx_lock(&m1);
	ck_assert_int_eq(msleep(&chan1, &m1, (int)(intptr_t)arg == 2 ? PSWP : PVM, "test", 0), 0);
	mtx_assert(&m1, MA_OWNED);
	order[norder++] = (int)(intptr_t)arg;
	mtx_unlock(&m1);
}

static void
main_wakeup(void *arg __attribute__((unused)))
{
	struct proc *p[4];

	mtx_init(&m1, "m1", NULL, MTX_DEF);
	for (int i = 0; i < 4; i++) {
		p[i] = spawn(sleeper, i);
		while (p[i]->p_thread.td_state != TDS_SLEEPING || p[i]->p_thread.td_wchan == NULL)
			kern_yield();
	}
	wakeup(&chan2); /* nobody's */
	wakeup_one(&chan1);
	proc_wait(p[2]); /* the best priority */
	wakeup_one(&chan1);
	proc_wait(p[0]); /* then the longest there */
	ck_assert_int_eq(norder, 2);
	wakeup(&chan1);
	proc_wait(p[1]);
	proc_wait(p[3]);
	ck_assert_int_eq(norder, 4);
	wakeup(&chan1);
}

START_TEST(wakeup_wakes_all_and_wakeup_one_the_best)
{
	ck_assert_int_eq(boot(cpus[_i], 6, main_wakeup).outcome, MACHINE_OK);
}
END_TEST

static void
waker(void *arg __attribute__((unused)))
{
	tsleep(&chan2, PVM, "nap", 20);
	wakeup(&chan1);
}

static void
main_timeout(void *arg __attribute__((unused)))
{
	int from = ticks;
	struct proc *p;

	ck_assert_int_eq(tsleep(&chan1, PVM, "test", 50), EWOULDBLOCK);
	ck_assert_int_ge(ticks - from, 50);
	ck_assert_int_le(ticks - from, 52);
	from = ticks;
	p = spawn(waker, 0);
	ck_assert_int_eq(tsleep(&chan1, PVM, "test", 5000), 0);
	ck_assert_int_ge(ticks - from, 19);
	ck_assert_int_le(ticks - from, 25);
	proc_wait(p);
	ck_assert_int_eq(tsleep(&chan1, PVM, "test", 3600 * hz), EWOULDBLOCK); /* longer than any patience */
}

START_TEST(sleeps_end_in_virtual_time)
{
	ck_assert_int_eq(boot(2, 1, main_timeout).outcome, MACHINE_OK);
}
END_TEST

static void
note(void *arg)
{
	order[norder++] = (int)(intptr_t)arg;
	wakeup(&chan1);
}

static void
main_callouts(void *arg __attribute__((unused)))
{
	static struct callout c[5];

	for (int i = 0; i < 5; i++)
		callout_init(&c[i]);
	callout_reset(&c[0], 30, note, (void *)0);
	callout_reset(&c[1], 10, note, (void *)1);
	callout_reset(&c[2], 20, note, (void *)2);
	callout_reset(&c[3], 15, note, (void *)3);
	callout_reset(&c[4], 10, note, (void *)4);
	callout_reset(&c[2], 40, note, (void *)2); /* later, then */
	ck_assert_int_eq(callout_stop(&c[3]), 1);
	ck_assert_int_eq(callout_stop(&c[3]), 0);
	while (norder < 4)
		tsleep(&chan1, PVM, "test", 5);
	ck_assert(order[0] == 1 && order[1] == 4 && order[2] == 0 && order[3] == 2);
}

START_TEST(callouts_come_in_order_of_time)
{
	ck_assert_int_eq(boot(2, 1, main_callouts).outcome, MACHINE_OK);
}
END_TEST

static void
takes_giant(void *arg __attribute__((unused)))
{
	mtx_lock(&Giant); /* free while the other sleeps */
	shared = 1;
	mtx_unlock(&Giant);
	wakeup(&chan1);
}

static void
main_giant(void *arg __attribute__((unused)))
{
	struct proc *p;

	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_lock(&Giant);
	mtx_lock(&Giant);
	mtx_lock(&m1);
	p = spawn(takes_giant, 0);
	ck_assert_int_eq(msleep(&chan1, &m1, PVM | PDROP, "test", 0), 0);
	ck_assert_int_eq(shared, 1);
	mtx_assert(&Giant, MA_OWNED | MA_RECURSED);
	mtx_assert(&m1, MA_NOTOWNED);
	mtx_unlock(&Giant);
	mtx_unlock(&Giant);
	proc_wait(p);
}

START_TEST(giant_is_dropped_over_a_sleep)
{
	ck_assert_int_eq(boot(2, 1, main_giant).outcome, MACHINE_OK);
}
END_TEST

/* ---- nobody can run ---- */

static void
abba(void *arg)
{
	struct mtx *first = arg == NULL ? &m1 : &m2, *second = arg == NULL ? &m2 : &m1;

	mtx_lock(first);
	shared++;
	while (shared < 2)
		kern_yield();
	mtx_lock(second);
}

static void
main_deadlock(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	mtx_init(&m2, "m2", NULL, MTX_DEF);
	spawn_and_wait(abba, 2);
}

static struct callout tick_callout;

static void
housekeeping(void *arg)
{
	callout_reset(&tick_callout, 20 * hz, housekeeping, arg);
}

static void
main_deadlock_with_timer(void *arg)
{
	callout_init(&tick_callout);
	housekeeping(NULL);
	main_deadlock(arg);
}

static void
main_lost_wakeup(void *arg __attribute__((unused)))
{
	tsleep(&chan1, PVM, "never", 0);
}

static void (*const deadlocks[])(void *) = {main_deadlock, main_deadlock_with_timer, main_lost_wakeup};

START_TEST(everyone_asleep_is_seen)
{
	dies(deadlocks[_i], MACHINE_DEADLOCK, "every thread asleep");
}
END_TEST

START_TEST(the_dead_say_what_they_waited_for)
{
	char buf[4096] = "";
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(dup2(fileno(f), STDERR_FILENO), 0);
	boot(2, 1, main_deadlock);
	fflush(stderr);
	rewind(f);
	ck_assert_uint_gt(fread(buf, 1, sizeof(buf) - 1, f), 0);
	ck_assert_msg(strstr(buf, "(init) wait\n") != NULL, "%s", buf);
	ck_assert_msg(strstr(buf, "(test) m2 of pid 4, holds m1 @ ") != NULL, "%s", buf);
	ck_assert_msg(strstr(buf, "(test) m1 of pid 3, holds m2 @ ") != NULL, "%s", buf);
}
END_TEST

/* ---- processes ---- */

static void
exits_with(void *arg)
{
	kern_exit((int)(intptr_t)arg);
}

static int daemon_rounds;

static void
daemon_loop(void *arg __attribute__((unused)))
{
	for (;;) {
		kthread_suspend_check();
		daemon_rounds++;
		tsleep(&chan1, PVM, "daemon", 0);
	}
}

static void
main_processes(void *arg __attribute__((unused)))
{
	struct proc *p[3];
	int pid = -1;

	ck_assert_int_eq(kthread_create(daemon_loop, NULL, NULL, "daemon"), 0);
	for (int round = 0; round < 200; round++) { /* more than the table holds */
		for (int i = 0; i < 3; i++) {
			p[i] = spawn(exits_with, 10 * i);
			ck_assert_int_gt(p[i]->p_pid, pid);
			pid = p[i]->p_pid;
		}
		for (int i = 2; i >= 0; i--)
			ck_assert_int_eq(proc_wait(p[i]), 10 * i);
	}
	machine_shutdown();
	ck_assert_int_eq(daemon_rounds, 1);
	ck_assert_ptr_eq(TAILQ_FIRST(&allproc), curproc);
	ck_assert_ptr_null(TAILQ_NEXT(curproc, p_list));
}

START_TEST(processes_end_and_daemons_stop)
{
	ck_assert_int_eq(boot(cpus[_i], 7, main_processes).outcome, MACHINE_OK);
}
END_TEST

/* ---- the schedule ---- */

#define YIELDS 400

static int started, best_done, other_turns;

/* Number 0 is better than the rest, and counts what they get while it wants to run. */
static void
competitor(void *arg)
{
	sched_prio(curthread, arg == NULL ? PSWP : PUSER);
	started++;
	while (started < 4)
		kern_yield();
	for (int i = 0; i < YIELDS; i++) {
		other_turns += arg != NULL && !best_done;
		kern_yield();
	}
	if (arg == NULL)
		best_done = 1;
}

static void
main_competition(void *arg __attribute__((unused)))
{
	spawn_and_wait(competitor, 4);
	ck_assert_int_gt(other_turns, 0); /* the seed takes anybody, now and then */
	ck_assert_int_lt(other_turns, YIELDS / 2);
}

START_TEST(the_best_priority_runs)
{
	ck_assert_int_eq(boot(1, (uint64_t)_i, main_competition).outcome, MACHINE_OK);
}
END_TEST

static void
mixed_work(void *arg)
{
	for (int i = 0; i < 300; i++) {
		mtx_lock(&m1);
		shared++;
		mtx_unlock(&m1);
		if (i % 50 == (intptr_t)arg)
			tsleep(&chan1, PVM, "nap", 1 + (int)kern_random_below(RANDOM_WORKLOAD, 5));
	}
}

static void
main_mixed(void *arg __attribute__((unused)))
{
	mtx_init(&m1, "m1", NULL, MTX_DEF);
	spawn_and_wait(mixed_work, 5);
}

/* The stacks lie elsewhere with every `shift`: no decision may depend on an address. */
static uint64_t
digest_of(int ncpus, uint64_t seed, size_t shift)
{
	struct machine_report rep = {0};
	int fd[2], status;
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		if (shift > 0 && mmap(NULL, shift * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
				     0) == MAP_FAILED)
			_exit(1);
		rep = boot(ncpus, seed, main_mixed);
		_exit(write(fd[1], &rep, sizeof(rep)) != sizeof(rep));
	}
	ck_assert_int_eq(read(fd[0], &rep, sizeof(rep)), sizeof(rep));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	close(fd[0]);
	close(fd[1]);
	ck_assert_int_eq(rep.outcome, MACHINE_OK);
	return (rep.digest);
}

START_TEST(a_seed_is_a_schedule)
{
	uint64_t seen[20];
	int distinct = 0;

	for (int i = 0; i < 20; i++) {
		int again = 0;

		seen[i] = digest_of(cpus[_i], (uint64_t)i + 1, 0);
		for (int j = 0; j < i; j++)
			again |= seen[j] == seen[i];
		distinct += !again;
	}
	ck_assert_int_ge(distinct, 19);
	ck_assert_uint_eq(digest_of(cpus[_i], 4, 1001), seen[3]);
	ck_assert_uint_eq(digest_of(cpus[_i], 20, 4003), seen[19]);
}
END_TEST

START_TEST(streams_do_not_disturb_each_other)
{
	uint32_t a[3];

	random_seed(9);
	for (int i = 0; i < 3; i++)
		a[i] = kern_random(RANDOM_IO);
	random_seed(9);
	for (int i = 0; i < 3; i++) {
		ck_assert_uint_lt(kern_random_below(RANDOM_SCHED, 7), 7);
		ck_assert_uint_eq(kern_random(RANDOM_IO), a[i]);
	}
	random_seed(10);
	ck_assert_uint_ne(kern_random(RANDOM_IO), a[0]);
}
END_TEST

/* ---- memory ---- */

static volatile int faults;

static int
make_page(uintptr_t va)
{
	faults++;
	machine_kva_enter(trunc_page(va), 9 * PAGE_SIZE, 1);
	return (0);
}

static void
main_memory(void *arg __attribute__((unused)))
{
	volatile char *va = (volatile char *)(machine_kva_base + 3 * PAGE_SIZE);

	machine_kva_enter((uintptr_t)va, 7 * PAGE_SIZE, 2);
	va[5] = 17;
	va[PAGE_SIZE] = 18;
	ck_assert_int_eq(machine_ram_base[7 * PAGE_SIZE + 5], 17);
	ck_assert_int_eq(machine_ram_base[8 * PAGE_SIZE], 18);
	machine_kva_remove((uintptr_t)va, 2);
	machine_kva_fault = make_page;
	va[PAGE_SIZE + 1] = 19; /* faults, and then goes on */
	ck_assert_int_eq(faults, 1);
	ck_assert_int_eq(machine_ram_base[9 * PAGE_SIZE + 1], 19);
}

START_TEST(frames_are_seen_at_every_address_they_have)
{
	ck_assert_int_eq(boot(1, 1, main_memory).outcome, MACHINE_OK);
}
END_TEST

/* ---- switches ---- */

START_TEST(switches_are_found_parsed_and_written)
{
	const struct sysctl_switch *fruit = sysctl_find("test.fruit"), *number = sysctl_find("test.number");
	const struct sysctl_switch *sw = NULL;
	const char *last = "";
	char buf[32];
	int v = 77;

	ck_assert_ptr_nonnull(fruit);
	ck_assert_ptr_nonnull(number);
	ck_assert_int_eq(test_fruit, FRUIT_PEAR);
	ck_assert_int_eq(sysctl_parse(fruit, "plum", &v), 0);
	ck_assert_int_eq(v, FRUIT_PLUM);
	ck_assert_int_eq(sysctl_parse(fruit, "plumb", &v), -EINVAL);
	ck_assert_int_eq(sysctl_parse(fruit, "plu", &v), -EINVAL);
	ck_assert_int_eq(sysctl_parse(fruit, "", &v), -EINVAL);
	ck_assert_int_eq(sysctl_parse(number, "-3", &v), 0);
	ck_assert_int_eq(v, -3);
	ck_assert_int_eq(sysctl_parse(number, "101", &v), -ERANGE);
	ck_assert_int_eq(sysctl_parse(number, "99999999999999999999", &v), -ERANGE);
	ck_assert_int_eq(sysctl_parse(number, "3x", &v), -EINVAL);
	ck_assert_int_eq(sysctl_parse(number, "", &v), -EINVAL);
	ck_assert_str_eq(sysctl_text(fruit, FRUIT_APPLE, buf, sizeof(buf)), "apple");
	ck_assert_str_eq(sysctl_text(fruit, FRUIT_PLUM, buf, sizeof(buf)), "plum");
	ck_assert_str_eq(sysctl_text(number, 12, buf, sizeof(buf)), "12");
	ck_assert_ptr_null(sysctl_find("test.frui"));
	ck_assert_ptr_eq(sysctl_nearest("test.friut"), fruit);
	ck_assert_ptr_eq(sysctl_nearest("tst.numbr"), number);
	while ((sw = sysctl_next(sw)) != NULL) {
		ck_assert_int_gt(strcmp(sw->sw_name, last), 0);
		last = sw->sw_name;
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("corpus kern");
	TCase *tc = tcase_create("kern");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, mutex_excludes_and_every_cpu_runs, 0, nitems(cpus));
	tcase_add_test(tc, recursive_mutex_counts);
	tcase_add_test(tc, trylock_says_no_while_held);
	tcase_add_loop_test(tc, misuse_panics_and_is_captured, 0, nitems(panics));
	tcase_add_test(tc, waiters_lend_their_priority);
	tcase_add_loop_test(tc, the_best_waiter_goes_first, 0, nitems(cpus));
	tcase_add_loop_test(tc, spin_mutex_excludes, 0, nitems(cpus));
	tcase_add_loop_test(tc, sx_shares_and_excludes, 0, nitems(cpus));
	tcase_add_loop_test(tc, sx_waiting_writer_keeps_readers_out, 0, nitems(cpus));
	tcase_add_loop_test(tc, wakeup_wakes_all_and_wakeup_one_the_best, 0, nitems(cpus));
	tcase_add_test(tc, sleeps_end_in_virtual_time);
	tcase_add_test(tc, callouts_come_in_order_of_time);
	tcase_add_test(tc, giant_is_dropped_over_a_sleep);
	tcase_add_loop_test(tc, everyone_asleep_is_seen, 0, nitems(deadlocks));
	tcase_add_test(tc, the_dead_say_what_they_waited_for);
	tcase_add_loop_test(tc, processes_end_and_daemons_stop, 0, nitems(cpus));
	tcase_add_loop_test(tc, the_best_priority_runs, 1, 4);
	tcase_add_loop_test(tc, a_seed_is_a_schedule, 0, nitems(cpus));
	tcase_add_test(tc, streams_do_not_disturb_each_other);
	tcase_add_test(tc, frames_are_seen_at_every_address_they_have);
	tcase_add_test(tc, switches_are_found_parsed_and_written);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed != 0);
}
