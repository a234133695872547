/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.c - the one runtime of a process: its start, its memory, its end.
 *
 * P1 The constructor or the first call starts it, whichever comes first; others
 *    wait, and a call that the starter itself makes on the way does nothing.
 * P2 The library runs before the C library's own initialisers (-z initfirst):
 *    the environment is the one handed to the constructor, or the kernel's copy.
 * P3 A forked child must not write its parent's file: what says "alive", and
 *    every thread's state, is memory that fork wipes.  In the child nothing is tracked:
 *    the parent counts its forks, and the end says them as lost.
 * P4 Counts are written at the end; a process that is killed has none, and its
 *    file has no end record.  Threads that live at the end (one always does)
 *    are ended in the records; their states, which are theirs, stay as they are.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>

#include "live/live.h"
#include "live/sys.h"

#define ARENA_BLOCK ((size_t)1 << 20)
#define PAGE ((size_t)4096)
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct wit_process wit_process;

void
wit_process_forked(void)
{
	atomic_store_explicit(&wit_process.phase, WIT_OFF, memory_order_release);
	if (wit_thread_mine() != NULL)
		wit_self->mode = WIT_PATH_ALIVE | WIT_PATH_OFF;
}

static void
count_fork(void)
{
	atomic_fetch_add_explicit(&wit_process.forks, 1, memory_order_relaxed);
}

void *
wit_process_pages(size_t size, bool wipe)
{
	void *at;

	size = (size + PAGE - 1) & ~(PAGE - 1);
	at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return (NULL);
	if (wipe && madvise(at, size, MADV_WIPEONFORK) != 0)
		pthread_atfork(NULL, NULL, wit_process_forked);
	for (size_t i = 0; i < size; i += PAGE)
		*((volatile char *)at + i) = 0;
	return (at);
}

/* wit_arena.grow */
static int
grow(struct wit_arena *arena, size_t need)
{
	const size_t size = need > ARENA_BLOCK ? (need + PAGE - 1) & ~(PAGE - 1) : ARENA_BLOCK;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return (-ENOMEM);
	arena->next = at;
	arena->end = at + size;
	return (0);
}

/* ---- start ---- */

static void
name_run(struct wit_process *p)
{
	static const char hex[] = "0123456789abcdef";
	struct timespec now = {0, 0};
	uint64_t seed[2];
	long n;

	if (wit_sys(SYS_getrandom, p->run_id, sizeof(p->run_id), 0x0001 /* GRND_NONBLOCK */) !=
	    sizeof(p->run_id)) {
		wit_sys(SYS_clock_gettime, CLOCK_REALTIME, &now);
		seed[0] = wit_mix((uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec);
		seed[1] = wit_mix(seed[0] ^ (uint64_t)wit_sys(SYS_getpid) ^ (uintptr_t)&now);
		memcpy(p->run_id, seed, sizeof(p->run_id));
	}
	for (unsigned i = 0; i < sizeof(p->run_id); i++) {
		p->run_hex[2 * i] = hex[p->run_id[i] >> 4];
		p->run_hex[2 * i + 1] = hex[p->run_id[i] & 15];
	}
	n = wit_sys(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", p->program, sizeof(p->program) - 1);
	p->program[n > 0 ? n : 0] = '\0';
	p->pid = (uint32_t)wit_sys(SYS_getpid);
}

/* P2: WITNESS_OPTIONS out of an environment block, or NULL. */
static const char *
own_variable(char **envp)
{
	static const char name[] = "WITNESS_OPTIONS=";

	for (; envp != NULL && *envp != NULL; envp++)
		if (strncmp(*envp, name, sizeof(name) - 1) == 0)
			return (*envp + sizeof(name) - 1);
	return (NULL);
}

/* The same from the kernel's copy, read into the arena. */
static const char *
kernel_variable(struct wit_arena *arena)
{
	enum { MOST = 256 * 1024 };
	char *text = wit_arena_alloc(arena, MOST + 1), *at;
	long fd = wit_sys(SYS_openat, AT_FDCWD, "/proc/self/environ", O_RDONLY | O_CLOEXEC), n, have = 0;

	if (text == NULL || fd < 0)
		return (NULL);
	while (have < MOST && (n = wit_sys(SYS_read, fd, text + have, MOST - have)) > 0)
		have += n;
	wit_sys(SYS_close, fd);
	for (at = text; at < text + have; at += strlen(at) + 1) {
		char *one[2] = {at, NULL};
		const char *value = own_variable(one);

		if (value != NULL)
			return (value);
	}
	return (NULL);
}

static bool
start(struct wit_process *p, char **envp)
{
	const struct wit_sink sink = {.put = wit_sink_put, .frame = wit_frame_of, .owner = NULL};
	const struct wit_limits limits = WIT_LIMITS_DEFAULT;
	const char *text;

	name_run(p);
	p->arena.grow = grow;
	p->alive = wit_process_pages(PAGE, true);
	if (p->alive == NULL)
		return (false);
	*p->alive = 1;
	text = envp != NULL	 ? own_variable(envp)
	       : environ != NULL ? own_variable(environ)
				 : kernel_variable(&p->arena);
	wit_options_parse(&p->options, text, &p->arena, wit_console_complain);
	if (!p->options.enabled)
		return (false);
	wit_engine_lock_init();
	wit_engine_lock();
	wit_table_init(&p->births, sizeof(struct wit_birth));
	wit_table_init(&p->tallies, sizeof(struct wit_tally));
	wit_table_init(&p->dependency_origin, sizeof(uint32_t));
	wit_check_init(&p->engine, &p->arena, &sink, &limits);
	wit_thread_init();
	wit_sink_open();
	wit_engine_unlock();
	if (wit_state_open() == 0)
		p->path |= WIT_PATH_STATE;
	if (strcmp(p->options.observe, "none") != 0 && *p->options.observe != '\0')
		p->path |= WIT_PATH_OBSERVED;
	if (p->options.all_stacks)
		p->path |= WIT_PATH_STACKS;
	wit_stack_init();
	pthread_atfork(NULL, count_fork, NULL);
	return (true);
}

bool
wit_process_start(char **envp)
{
	struct wit_process *p = &wit_process;
	int found = WIT_NEW;
	uint32_t me;
	bool ok;

	if (WIT_LIKELY(atomic_load_explicit(&p->phase, memory_order_acquire) >= WIT_ON))
		return (wit_process_on());
	me = (uint32_t)wit_sys(SYS_gettid);
	if (atomic_compare_exchange_strong(&p->phase, &found, WIT_STARTING)) {
		atomic_store(&p->starter, me);
		ok = start(p, envp);
		atomic_store_explicit(&p->phase, ok ? WIT_ON : WIT_OFF, memory_order_release);
		return (ok);
	}
	while (found == WIT_STARTING) {
		if (atomic_load(&p->starter) == me)
			return (false);
		wit_sys(SYS_sched_yield);
		found = atomic_load_explicit(&p->phase, memory_order_acquire);
	}
	return (wit_process_on());
}

__attribute__((constructor)) static void
construct(int argc, char **argv, char **envp)
{
	const int saved = errno;

	(void)argc;
	(void)argv;
	wit_process_start(envp);
	errno = saved;
}

/* ---- end ---- */

static void
put_count(
    struct wit_engine *engine, enum wit_count_scope scope, uint32_t id, uint64_t acquisitions, uint64_t lives)
{
	const struct wit_rec_counts counts = {.scope = scope,
	    .id = id,
	    .acquisitions = acquisitions,
	    .contentions = ~(uint64_t)0,
	    .instances = lives};

	wit_check_counts(engine, &counts);
}

/* P4.  Per dependency, and from these per origin: what nested. */
static void
put_counts(struct wit_process *p)
{
	struct wit_engine *engine = &p->engine;
	uint32_t i, n;

	n = wit_table_count(&engine->known.dependencies);
	for (i = 1; i <= n; i++) {
		const struct wit_dependency *dep = wit_known_dependency(&engine->known, i);
		const uint64_t count = atomic_load_explicit(&dep->count, memory_order_relaxed);
		uint32_t origin = 0;

		if (i <= wit_table_count(&p->dependency_origin))
			origin = *(uint32_t *)wit_table_at(&p->dependency_origin, i);
		if (origin != 0)
			((struct wit_tally *)wit_table_at(&p->tallies, origin))->nested += count;
		put_count(engine, WIT_COUNT_DEPENDENCY, i, count, 0);
	}
	n = wit_table_count(&p->tallies);
	for (i = 1; i <= n; i++) {
		struct wit_tally *tally = wit_table_at(&p->tallies, i);

		put_count(engine, WIT_COUNT_ORIGIN, i, tally->nested, atomic_load(&tally->lives));
	}
}

/* All lists' serials: every acquisition is one. */
__attribute__((no_sanitize("thread"))) static uint64_t
acquisitions(struct wit_process *p)
{
	uint64_t sum = 0;

	for (struct wit_thread *t = p->threads; t != NULL; t = t->next)
		sum += t->mine.held.serial;
	for (unsigned i = 0; i < sizeof(p->cpu) / sizeof(p->cpu[0]); i++) {
		const struct wit_list *list = atomic_load(&p->cpu[i]);

		if (list != NULL)
			sum += list->held.serial;
	}
	return (sum);
}

__attribute__((no_sanitize("thread"))) static void
end_threads(struct wit_process *p)
{
	for (struct wit_thread *t = p->threads; t != NULL; t = t->next) {
		wit_thread_drain(t);
		if (t->id != 0)
			wit_thread_put_end(t);
	}
}

__attribute__((destructor)) static void
finish(void)
{
	struct wit_process *p = &wit_process;
	const int saved = errno;

	if (!wit_process_on())
		return;
	wit_engine_lock();
	end_threads(p);
	put_counts(p);
	wit_sink_last();
	put_count(&p->engine, WIT_COUNT_RUN, 0, acquisitions(p), atomic_load(&p->lives));
	wit_sink_close(p->engine.threads, p->engine.lost, atomic_load(&p->forks));
	atomic_store_explicit(&p->phase, WIT_ENDED, memory_order_release);
	wit_engine_unlock();
	errno = saved;
}
