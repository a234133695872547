/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * thread.c - thread states, identities, CPUs, critical sections.
 *
 * T1 A state is taken from the pool at a thread's first call.  Its identity, the
 *    id in the records, begins only when an id is needed, so that a thread that
 *    calls witness_thread_start() first is not two.
 * T2 A state goes back when its thread is gone.  The last round but one of
 *    thread-specific destructors ends the identity (in the last a thread sanitizer
 *    has gone already), but destructors after ours may still take locks: the
 *    state stays the thread's until the kernel no longer knows it.
 * T3 A create and a join begin a new segment of who makes them; a thread starts
 *    from the segment in which it was created, not the one after.
 * T4 What a thread's cache knows is known for its segment: a new segment empties it.
 * T5 Spin locks go to the CPU's list while the thread is bound to one, and stay there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include "live/list.h"
#include "live/live.h"
#include "live/sys.h"

#define FROM __builtin_extract_return_addr(__builtin_return_address(0))
#define STATES_A_SLAB 16u
#define KEYS_WITHOUT_MALLOC 32u /* thread-specific data of higher keys is allocated by the C library */

struct wit_thread wit_nobody; /* its mode is 0, and its list empty */
__thread struct wit_thread *wit_self = &wit_nobody;

/* A token: slot below, its use above.  walk lives from create to start. */
struct token {
	uint32_t use, next_free;
	uint32_t parent, segment, thread;
	struct wit_walk *walk;
};

/* A walk block that no token uses. */
struct spare_walk {
	struct spare_walk *next;
};

static struct {
	pthread_key_t key;
	bool has_key;
	struct wit_thread *fresh; /* slab not handed out yet */
	uint32_t fresh_count, states;
	struct wit_thread *gone_first, *gone_last; /* T2: oldest first */
	struct wit_table tokens;
	uint32_t free_token;
	struct spare_walk *spare_walks;
} pool;

/* ---- caches ---- */

/* At the end of the process other threads may still run: their hits are read as they are. */
__attribute__((no_sanitize("thread"))) void
wit_thread_drain(struct wit_thread *t)
{
	for (uint32_t i = 0; i < WIT_SEEN_SLOTS; i++) {
		struct wit_seen *seen = &t->seen[i];
		const uint32_t dependency = seen->dependency, hits = seen->hits;

		if (dependency == 0)
			continue;
		seen->tool = 0; /* no request has this */
		seen->dependency = seen->hits = 0;
		atomic_fetch_add_explicit(&wit_known_dependency(&wit_process.engine.known, dependency)->count,
		    hits, memory_order_relaxed);
	}
}

__attribute__((no_sanitize("thread"))) uint64_t
wit_thread_acquired(const struct wit_thread *t)
{
	const struct wit_list *cpu = __atomic_load_n(&t->cpu, __ATOMIC_RELAXED);
	const uint64_t on_cpu = cpu != NULL ? cpu->held.serial - t->cpu_serial : 0;

	return (t->mine.held.serial - t->acquired_before + t->spun + on_cpu);
}

/* ---- identities ---- */

/* Engine lock. */
static void
begin_segment(struct wit_thread *t, enum wit_segment_cause cause, uint32_t other, uint64_t token)
{
	const struct wit_holding holding = wit_thread_holding(t);
	const uint32_t segment = wit_check_segment(&wit_process.engine, t->id, cause, other, token, &holding);

	if (segment != 0)
		t->segment = segment;
	wit_thread_drain(t);
}

void
wit_thread_put_end(const struct wit_thread *t)
{
	const struct wit_rec_thread_end end = {.thread = t->id, .acquisitions = wit_thread_acquired(t)};
	char buffer[64];
	struct wit_rec_builder b;
	size_t n;

	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, &end, sizeof(end));
	if ((n = wit_runfile_finish(&b, WIT_REC_THREAD_END, 0)) != 0)
		wit_sink_put(NULL, buffer, n);
}

/* Engine lock.  The present identity ends; the state is nameless after it. */
static void
end_identity(struct wit_thread *t)
{
	if (t->id == 0)
		return;
	wit_thread_drain(t);
	wit_thread_put_end(t);
	if (t->slot != NULL)
		wit_state_leave(t);
	t->id = 0;
	t->mode |= WIT_PATH_NAMELESS;
}

/* Engine lock.  token may be NULL, number then 0. */
static void
begin_identity(struct wit_thread *t, struct token *token, uint64_t number, const void *role, const char *name)
{
	t->id = wit_check_thread(&wit_process.engine, token != NULL ? token->parent : 0, t->os_id, role,
	    token != NULL ? token->walk : NULL, name);
	t->acquired_before = t->mine.held.serial;
	t->spun = 0;
	t->cpu_serial = t->cpu != NULL ? t->cpu->held.serial : 0;
	t->segment = 0;
	begin_segment(t, WIT_SEGMENT_START, token != NULL ? token->segment : 0, number);
	t->mode &= ~WIT_PATH_NAMELESS;
}

/* ---- states ---- */

static bool
is_gone(const struct wit_thread *t)
{
	return (wit_sys(SYS_tgkill, wit_process.pid, t->os_id, 0) == -ESRCH);
}

/* Engine lock.  A state whose thread is gone, or a fresh one; NULL. */
static struct wit_thread *
take_state(void)
{
	struct wit_thread *t = pool.gone_first;

	WIT_ASSERT_ENGINE();
	if (t != NULL && is_gone(t)) {
		pool.gone_first = t->next_gone;
		if (pool.gone_first == NULL)
			pool.gone_last = NULL;
		end_identity(t); /* it may have taken locks after its end */
		t->mine.held.count = t->mine.critical = 0;
		wit_list_unsum(&t->mine);
		return (t);
	}
	if (pool.fresh_count == 0) {
		pool.fresh = wit_process_pages(STATES_A_SLAB * sizeof(*t), true);
		if (pool.fresh == NULL)
			return (NULL);
		pool.fresh_count = STATES_A_SLAB;
	}
	t = pool.fresh++;
	pool.fresh_count--;
	t->index = pool.states++;
	t->next = wit_process.threads;
	__atomic_store_n(&wit_process.threads, t, __ATOMIC_RELEASE);
	wit_held_init(&t->mine.held);
	return (t);
}

/* The calling thread gets a state, nameless. */
static WIT_COLD struct wit_thread *
attach(void)
{
	struct wit_thread *t;

	wit_engine_lock();
	t = take_state();
	if (t == NULL)
		wit_process.engine.lost++;
	wit_engine_unlock();
	if (t == NULL)
		return (NULL);
	t->os_id = (uint32_t)wit_sys(SYS_gettid);
	t->spin = &t->mine;
	t->cpu = NULL;
	t->rounds = 0;
	t->next_gone = NULL;
	t->slot = wit_state_slot(t->index);
	t->mode = WIT_PATH_ALIVE | WIT_PATH_NAMELESS | wit_process.path;
	if (t->mine.held.entry != t->mine.held.inlined)
		t->mode |= WIT_PATH_DEEP;
	wit_self = t;
	if (pool.has_key)
		pthread_setspecific(pool.key, t);
	return (t);
}

struct wit_thread *
wit_thread_enter(bool named)
{
	struct wit_thread *t;

	if (!wit_process_start(NULL))
		return (NULL);
	t = wit_thread_mine();
	if (t == NULL && (t = attach()) == NULL)
		return (NULL);
	if (t->mode == 0 || (t->mode & (WIT_PATH_INSIDE | WIT_PATH_OFF)) != 0)
		return (NULL);
	t->mode |= WIT_PATH_INSIDE;
	if (named && (t->mode & WIT_PATH_NAMELESS) != 0) {
		wit_engine_lock();
		begin_identity(t, NULL, 0, NULL, t->os_id == wit_process.pid ? "main" : NULL);
		wit_engine_unlock();
	}
	return (t);
}

/* T2 */
static void
destructor(void *arg)
{
	const int saved = errno;
	struct wit_thread *t = arg;

	if (t == NULL || t->mode == 0 || t != wit_self)
		return;
	if (++t->rounds < PTHREAD_DESTRUCTOR_ITERATIONS - 1) {
		pthread_setspecific(pool.key, t);
		return;
	}
	if (wit_thread_enter(false) == NULL)
		return;
	wit_engine_lock();
	end_identity(t);
	if (pool.gone_last != NULL)
		pool.gone_last->next_gone = t;
	else
		pool.gone_first = t;
	pool.gone_last = t;
	wit_engine_unlock();
	wit_thread_leave(t);
	errno = saved;
}

int
wit_thread_init(void)
{
	wit_table_init(&pool.tokens, sizeof(struct token));
	if (pthread_key_create(&pool.key, destructor) != 0)
		return (0);
	pool.has_key = pool.key < KEYS_WITHOUT_MALLOC;
	if (!pool.has_key)
		pthread_key_delete(pool.key);
	return (0);
}

/* ---- create, start, join ---- */

/* Engine lock.  A free token with room for a stack: its number, or 0. */
static uint64_t
take_token(struct token **tokenp)
{
	struct spare_walk *spare = pool.spare_walks;
	struct token *token;
	uint32_t slot = pool.free_token;
	struct wit_walk *walk;

	if (spare != NULL)
		pool.spare_walks = spare->next;
	walk = spare != NULL ? (struct wit_walk *)spare : wit_arena_alloc(&wit_process.arena, sizeof(*walk));
	if (slot != 0) {
		token = wit_table_at(&pool.tokens, slot);
		pool.free_token = token->next_free;
	} else if ((token = wit_table_add(&pool.tokens, &wit_process.arena, &slot)) == NULL) {
		return (0);
	}
	token->use++;
	token->thread = 0;
	token->walk = walk;
	*tokenp = token;
	return (slot | (uint64_t)token->use << 32);
}

/* Engine lock.  The token of a number, or NULL where it is not (or no longer) one. */
static struct token *
token_of(uint64_t number)
{
	const uint32_t slot = (uint32_t)number;
	struct token *token;

	if (slot == 0 || slot > wit_table_count(&pool.tokens))
		return (NULL);
	token = wit_table_at(&pool.tokens, slot);
	return (token->use == number >> 32 ? token : NULL);
}

static void
put_walk(struct token *token)
{
	struct spare_walk *spare = (struct spare_walk *)token->walk;

	token->walk = NULL;
	if (spare == NULL)
		return;
	spare->next = pool.spare_walks;
	pool.spare_walks = spare;
}

WIT_API uint64_t
witness_thread_create(void)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);
	struct token *token;
	uint64_t number = 0;

	if (t != NULL) {
		wit_stack_walk(&t->walk, FROM);
		wit_engine_lock();
		number = take_token(&token);
		if (number != 0) {
			token->parent = t->id;
			token->segment = t->segment;
			if (token->walk != NULL)
				*token->walk = t->walk;
			begin_segment(t, WIT_SEGMENT_CREATE, 0, number);
		}
		wit_engine_unlock();
		wit_thread_leave(t);
	}
	errno = saved;
	return (number);
}

WIT_API void
witness_thread_start(uint64_t number, const void *role, const char *name)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(false);
	struct token *token;

	if (t != NULL) {
		if (role != NULL)
			wit_stack_meet(role);
		wit_engine_lock();
		end_identity(t);
		token = token_of(number);
		begin_identity(t, token, token != NULL ? number : 0, role, name);
		if (token != NULL) {
			token->thread = t->id;
			put_walk(token);
		}
		wit_engine_unlock();
		wit_thread_leave(t);
	}
	errno = saved;
}

WIT_API void
witness_thread_join(uint64_t number)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(true);
	struct token *token;

	if (t != NULL) {
		wit_engine_lock();
		token = token_of(number);
		if (token != NULL) {
			begin_segment(t, WIT_SEGMENT_JOIN, token->thread, number);
			put_walk(token);
			token->use++; /* the number is spent */
			token->next_free = pool.free_token;
			pool.free_token = (uint32_t)number;
		}
		wit_engine_unlock();
		wit_thread_leave(t);
	}
	errno = saved;
}

WIT_API void
witness_thread_exit(void)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_mine() != NULL ? wit_thread_enter(false) : NULL;

	if (t != NULL) {
		wit_engine_lock();
		end_identity(t);
		wit_engine_unlock();
		wit_thread_leave(t);
	}
	errno = saved;
}

/* ---- CPUs ---- */

/* The context of a CPU, made when it is first bound; NULL. */
static struct wit_list *
cpu_context(int cpu)
{
	struct wit_list *_Atomic *place = &wit_process.cpu[cpu];
	struct wit_list *list = atomic_load_explicit(place, memory_order_acquire);

	if (list != NULL)
		return (list);
	wit_engine_lock();
	list = atomic_load_explicit(place, memory_order_relaxed);
	if (list == NULL && (list = wit_arena_alloc(&wit_process.arena, sizeof(*list))) != NULL) {
		wit_held_init(&list->held);
		atomic_store_explicit(place, list, memory_order_release);
	}
	wit_engine_unlock();
	return (list);
}

WIT_API void
witness_cpu_bind(int cpu)
{
	const int saved = errno;
	struct wit_thread *t = wit_thread_enter(false);

	if (t != NULL) {
		if (t->cpu != NULL)
			t->spun += t->cpu->held.serial - t->cpu_serial;
		t->cpu = cpu >= 0 && cpu < 1024 ? cpu_context(cpu) : NULL;
		t->spin = t->cpu != NULL ? t->cpu : &t->mine;
		t->cpu_serial = t->cpu != NULL ? t->cpu->held.serial : 0;
		t->mode = (t->mode & ~WIT_PATH_CPU) | (t->cpu != NULL ? WIT_PATH_CPU : 0);
		if ((t->mode & WIT_PATH_STATE) != 0)
			wit_state_show(t, NULL);
		wit_thread_leave(t);
	}
	errno = saved;
}

static void
critical(int step)
{
	const int saved = errno;
	struct wit_thread *t = wit_self;

	if (!WIT_PATH_IS_QUIET(t->mode)) {
		t = wit_thread_enter(false);
		if (t != NULL)
			wit_thread_leave(t);
	}
	if (t != NULL && (step > 0 || t->spin->critical != 0))
		t->spin->critical += (uint32_t)step;
	errno = saved;
}

WIT_API void
witness_critical_enter(void)
{
	critical(1);
}

WIT_API void
witness_critical_exit(void)
{
	critical(-1);
}
