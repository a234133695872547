/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.c - the engine lock; live.h says what it promises. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <signal.h>

#include "live/live.h"
#include "live/sys.h"

#define FREE 0u
#define ALL_SIGNALS (~(uint64_t)0)

/* PI: word is the owner's kernel id, and the kernel's waiters bit.  Plain: 0 free, 1 held, 2 held and waited for. */
static struct {
	_Atomic uint32_t word;
	_Atomic uint32_t turns; /* passes the order on where the kernel hands the word over */
	bool plain;
	uint64_t mask; /* the owner's signals */
} engine;

static uint32_t
my_id(void)
{
	return (wit_self->os_id != 0 ? wit_self->os_id : (uint32_t)wit_sys(SYS_gettid));
}

void
wit_engine_lock_init(void)
{
	uint32_t word = 0;

	engine.plain = wit_sys(SYS_futex, &word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) != 0;
	if (!engine.plain)
		wit_sys(SYS_futex, &word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
}

static void
take_plain(void)
{
	uint32_t found = FREE;

	if (atomic_compare_exchange_strong_explicit(
		&engine.word, &found, 1, memory_order_acquire, memory_order_relaxed))
		return;
	while (atomic_exchange_explicit(&engine.word, 2, memory_order_acquire) != FREE)
		wit_sys(SYS_futex, &engine.word, FUTEX_WAIT_PRIVATE, 2, NULL, NULL, 0);
}

static void
take_pi(uint32_t id)
{
	uint32_t found = FREE;

	if (atomic_compare_exchange_strong_explicit(
		&engine.word, &found, id, memory_order_acquire, memory_order_relaxed))
		return;
	while (wit_sys(SYS_futex, &engine.word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0) != 0)
		;
}

void
wit_engine_lock(void)
{
	const uint64_t all = ALL_SIGNALS;
	uint64_t mask = 0;

	wit_sys(SYS_rt_sigprocmask, SIG_SETMASK, &all, &mask, sizeof(mask));
	if (engine.plain)
		take_plain();
	else
		take_pi(my_id());
	(void)atomic_load_explicit(&engine.turns, memory_order_acquire);
	engine.mask = mask;
}

static void
release(void)
{
	uint32_t found = my_id();

	atomic_fetch_add_explicit(&engine.turns, 1, memory_order_release);
	if (engine.plain) {
		if (atomic_exchange_explicit(&engine.word, FREE, memory_order_release) == 2)
			wit_sys(SYS_futex, &engine.word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	} else if (!atomic_compare_exchange_strong_explicit(
		       &engine.word, &found, FREE, memory_order_release, memory_order_relaxed)) {
		wit_sys(SYS_futex, &engine.word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0);
	}
}

void
wit_engine_unlock(void)
{
	const uint64_t mask = engine.mask;
	struct wit_thread *t = wit_thread_mine();
	const bool talk = t != NULL && wit_console_pending();
	const size_t n = talk ? wit_console_take(t->text, sizeof(t->text)) : 0;

	release();
	wit_sys(SYS_rt_sigprocmask, SIG_SETMASK, &mask, NULL, sizeof(mask));
	if (n != 0) /* may block: the program's signals get through */
		wit_console_write(t->text, n);
	if (talk && n == sizeof(t->text)) { /* there may be more */
		wit_engine_lock();
		wit_engine_unlock();
	}
}

bool
wit_engine_held(void)
{
	return (atomic_load_explicit(&engine.word, memory_order_relaxed) != FREE);
}
