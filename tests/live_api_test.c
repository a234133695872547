/* SPDX-License-Identifier: BSD-2-Clause */
/* The API, by small programs of one scenario each, and what their run files say. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "core/state.h"
#include "live_fixture.h"

static struct witness_lock_object a, b, c;

static void
make_locks(void)
{
	a = lock_named("a", 0);
	b = lock_named("b", 0);
	c = lock_named("c", 0);
	witness_init(&a, "A");
	witness_init(&b, "B");
	witness_init(&c, "C");
}

static __attribute__((noinline)) void
nest(struct witness_lock_object *outer, struct witness_lock_object *inner)
{
	TAKE(outer);
	TAKE(inner);
	DROP(inner);
	DROP(outer);
}

/* ---- order ---- */

static int
abba(void)
{
	make_locks();
	nest(&a, &b);
	nest(&b, &a);
	nest(&b, &a);
	nest(&a, &b);
	return (0);
}

START_TEST(a_reversal_is_one_alarm)
{
	const struct wit_rec_alarm_line *line;
	const struct wit_rec_alarm *alarm;
	struct run run;

	run_quietly(&run, "abba", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 2);
	alarm = record(&run, WIT_REC_ALARM, 0);
	ck_assert_uint_eq(alarm->kind, WIT_FINDING_INVERSION);
	ck_assert_uint_eq(alarm->lines, 2);
	line = (const void *)(alarm + 1);
	ck_assert_str_eq(class_of(&run, line[0].origin), "B");
	ck_assert_str_eq(class_of(&run, line[1].origin), "A");
	ck_assert_ptr_nonnull(by_id(&run, WIT_REC_STACK, alarm->stack));
	end_run(&run);
}
END_TEST

enum { REPEATS = 1000 };

static __attribute__((noinline)) int
known(void)
{
	make_locks();
	for (int i = 0; i < REPEATS; i++) {
		TAKE(&c);
		DROP(&c);
		nest(&a, &b);
	}
	return (0);
}

START_TEST(a_known_order_is_counted_and_silent)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_thread *thread;
	const struct wit_rec_chain *chain;
	struct run run;

	run_quietly(&run, "known", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	ck_assert_uint_eq(run.count[WIT_REC_CONTEXT], 0);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 3 * REPEATS);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->instances, 3);
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_DEPENDENCY, dependency->id)->acquisitions, REPEATS);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_ORIGIN, dependency->origin)->acquisitions, REPEATS);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_ORIGIN, dependency->origin)->instances, 1);
	chain = by_id(&run, WIT_REC_CHAIN, dependency->chain);
	ck_assert_str_eq(class_of(&run, chain->lock.origin), "A");
	ck_assert_uint_eq(chain->lock.serial, 2); /* after c: the first time */
	thread = by_id(&run, WIT_REC_THREAD, dependency->thread);
	ck_assert_str_eq((const char *)(thread + 1), "main");
	end_run(&run);
}
END_TEST

/* The held lock's stack is its place and the frames that were there already. */
START_TEST(a_held_locks_stack_is_derived_or_walked)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_stack *asked, *held;
	const struct wit_rec_site *site;
	uint32_t id;
	struct run run;

	run_quietly(&run, "known", "");
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	memcpy(&id, dependency + 1, sizeof(id));
	asked = by_id(&run, WIT_REC_STACK, dependency->stack);
	held = by_id(&run, WIT_REC_STACK, id);
	ck_assert_uint_eq(asked->derived, 0);
	ck_assert_uint_ge(asked->count, 3); /* nest, known, main and what is below */
	ck_assert_uint_eq(held->derived, 1);
	ck_assert_uint_ge(held->count, 1);
	site = by_id(&run, WIT_REC_SITE, held->site);
	ck_assert_uint_gt(site->line, 0);
	ck_assert_ptr_nonnull(strstr((const char *)(site + 1), "live_api_test.c"));
	end_run(&run);
	run_quietly(&run, "known", "stacks=all");
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	memcpy(&id, dependency + 1, sizeof(id));
	held = by_id(&run, WIT_REC_STACK, id);
	ck_assert_uint_eq(held->derived, 0);
	ck_assert_uint_eq(held->count,
	    ((const struct wit_rec_stack *)by_id(&run, WIT_REC_STACK, dependency->stack))->count);
	end_run(&run);
}
END_TEST

/* The frame lies in this function of the program, which is this one: a return address, so above its beginning. */
static void
is_in(uint64_t frame, const void *function)
{
	const uint64_t offset = WIT_FRAME_OFFSET(frame);
	Dl_info info;
	uint64_t at;

	ck_assert_int_ne(dladdr(function, &info), 0);
	at = (uintptr_t)function - (uintptr_t)info.dli_fbase;
	ck_assert_msg(offset > at && offset < at + 0x300, "%lx is not in %lx", (long)offset, (long)at);
}

START_TEST(frames_begin_with_the_caller)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_module *module;
	const struct wit_rec_stack *stack;
	uint64_t frame[2];
	struct run run;

	run_quietly(&run, "known", _i == 0 ? "" : "stacks=all");
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	stack = by_id(&run, WIT_REC_STACK, dependency->stack);
	memcpy(frame, stack + 1, sizeof(frame));
	is_in(frame[0], (const void *)(uintptr_t)nest);
	is_in(frame[1], (const void *)(uintptr_t)known);
	module = by_id(&run, WIT_REC_MODULE, WIT_FRAME_MODULE(frame[0]));
	ck_assert_ptr_nonnull(module);
	ck_assert_uint_lt(WIT_FRAME_OFFSET(frame[0]), module->end - module->base);
	ck_assert_ptr_nonnull(strstr((const char *)(module + 1) + module->build_id_len, "live_api_test"));
	end_run(&run);
}
END_TEST

static int
tries(void)
{
	make_locks();
	TAKE(&a);
	witness_lock(&b, LOP_EXCLUSIVE | LOP_TRYLOCK, WITNESS_FILE, WITNESS_LINE);
	TAKE(&c);
	DROP(&c);
	DROP(&b);
	DROP(&a);
	nest(&b, &a);
	return (0);
}

START_TEST(a_try_lock_makes_edges_out_of_it_only)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_chain *chain;
	struct run run;

	run_quietly(&run, "tries", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 2);
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	ck_assert_uint_eq(dependency->depth, 2);
	chain = by_id(&run, WIT_REC_CHAIN, dependency->chain);
	ck_assert_uint_eq(chain->lock.flags & WIT_TRY, WIT_TRY);
	ck_assert_str_eq(class_of(&run, chain->lock.origin), "B");
	end_run(&run);
}
END_TEST

static int
interlock(void)
{
	make_locks();
	nest(&a, &b);
	TAKE(&b);
	witness_checkorder(&a, LOP_EXCLUSIVE | LOP_NEWORDER, WITNESS_FILE, WITNESS_LINE, &b);
	DROP(&b);
	return (0);
}

START_TEST(an_interlock_makes_no_order)
{
	struct run run;

	run_quietly(&run, "interlock", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	end_run(&run);
}
END_TEST

static int
recursion(void)
{
	struct witness_lock_object r = lock_named("r", LO_RECURSABLE);

	make_locks();
	witness_init(&r, "R");
	TAKE(&r);
	TAKE(&r);
	DROP(&r);
	NEED(witness_is_owned(&r) == 1);
	DROP(&r);
	NEED(witness_is_owned(&r) == -1);
	TAKE(&a);
	ASK(&a, LOP_EXCLUSIVE); /* and would hang */
	DROP(&a);
	return (0);
}

/* A writer that comes between the two waits for the first, and the second for the writer. */
static int
reads_twice(void)
{
	make_locks();
	for (int i = 0; i < 2; i++) {
		ASK(&a, 0);
		witness_lock(&a, 0, WITNESS_FILE, WITNESS_LINE);
	}
	witness_unlock(&a, 0, WITNESS_FILE, WITNESS_LINE);
	witness_unlock(&a, 0, WITNESS_FILE, WITNESS_LINE);
	NEED(witness_is_owned(&a) == -1);
	return (0);
}

START_TEST(a_plain_read_taken_twice_is_recursion)
{
	const struct wit_rec_alarm *alarm;
	struct run run;

	run_quietly(&run, "reads_twice", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	alarm = record(&run, WIT_REC_ALARM, 0);
	ck_assert_uint_eq(alarm->kind, WIT_FINDING_RECURSION);
	end_run(&run);
}
END_TEST

START_TEST(recursion_is_alarmed_before_it_hangs)
{
	const struct wit_rec_alarm *alarm;
	struct run run;

	run_quietly(&run, "recursion", "");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	alarm = record(&run, WIT_REC_ALARM, 0);
	ck_assert_uint_eq(alarm->kind, WIT_FINDING_RECURSION);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 0);
	end_run(&run);
}
END_TEST

/* ---- held lists ---- */

enum { DEEP = 40 };

static int
deep(void)
{
	static struct witness_lock_object lock[DEEP];

	make_locks();
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < DEEP; i++) {
			if (round == 0) {
				lock[i] = lock_named("deep", LO_DUPOK);
				witness_init(&lock[i], "deep");
			}
			TAKE(&lock[i]);
		}
		for (int i = 0; i < DEEP; i += 2)
			DROP(&lock[i]);
		for (int i = 0; i < DEEP; i++)
			NEED(witness_is_owned(&lock[i]) == (i % 2 == 0 ? -1 : 1));
		for (int i = DEEP - 1; i > 0; i -= 2)
			DROP(&lock[i]);
	}
	nest(&a, &b);
	return (0);
}

START_TEST(many_locks_let_go_in_any_order)
{
	const struct wit_rec_dependency *dependency;
	struct run run;

	run_quietly(&run, "deep", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], DEEP - 1 + 1);
	for (uint32_t i = 0; i < DEEP - 1; i++) {
		dependency = record(&run, WIT_REC_DEPENDENCY, i);
		ck_assert_uint_eq(dependency->depth, i + 1);
		ck_assert_uint_eq(counts(&run, WIT_COUNT_DEPENDENCY, dependency->id)->acquisitions, 3);
	}
	dependency = record(&run, WIT_REC_DEPENDENCY, DEEP - 1); /* nothing is left over */
	ck_assert_uint_eq(dependency->depth, 1);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 3 * DEEP + 2);
	end_run(&run);
}
END_TEST

static int
modes(void)
{
	struct witness_lock_object x = {.lo_name = "x", .lo_flags = LO_CLASS(WITNESS_SX) | LO_UPGRADABLE};
	const char *file;
	int line;

	make_locks();
	witness_init(&x, "X");
	ASK(&x, 0);
	witness_lock(&x, 0, "first.c", 7);
	TAKE(&b);
	DROP(&b);
	witness_upgrade(&x, LOP_EXCLUSIVE, "second.c", 8);
	TAKE(&b);
	DROP(&b);
	witness_save(&x, &file, &line);
	NEED(strcmp(file, "second.c") == 0 && line == 8);
	witness_restore(&x, "third.c", 9);
	witness_save(&x, &file, &line);
	NEED(strcmp(file, "third.c") == 0 && line == 9);
	witness_downgrade(&x, 0, "fourth.c", 10);
	witness_unlock(&x, 0, "fifth.c", 11);
	NEED(witness_is_owned(&x) == -1);
	return (0);
}

START_TEST(a_mode_is_part_of_what_is_held)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_chain *chain;
	struct run run;

	run_quietly(&run, "modes", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 2);
	dependency = record(&run, WIT_REC_DEPENDENCY, 0);
	chain = by_id(&run, WIT_REC_CHAIN, dependency->chain);
	ck_assert_uint_eq(chain->lock.mode, WIT_MODE_SHARED);
	dependency = record(&run, WIT_REC_DEPENDENCY, 1);
	chain = by_id(&run, WIT_REC_CHAIN, dependency->chain);
	ck_assert_uint_eq(chain->lock.mode, WIT_MODE_EXCLUSIVE);
	end_run(&run);
}
END_TEST

static int
strangers(void)
{
	struct witness_lock_object never = lock_named("never", 0), off = lock_named("off", LO_NOWITNESS);

	make_locks();
	witness_init(&off, "off");
	TAKE(&a);
	TAKE(&never);
	TAKE(&off);
	NEED(witness_is_owned(&never) == 0 && witness_is_owned(&off) == 0);
	DROP(&off);
	DROP(&never);
	DROP(&b); /* not held */
	NEED(witness_is_owned(&a) == 1);
	DROP(&a);
	return (0);
}

START_TEST(locks_that_are_not_tracked_are_left_alone)
{
	struct run run;

	run_quietly(&run, "strangers", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 0);
	ck_assert_uint_eq(run.count[WIT_REC_CLASS], 3);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 1);
	end_run(&run);
}
END_TEST

/* ---- classes and lives ---- */

static int
births(void)
{
	struct witness_lock_object lock;
	char name[8], type[8];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "n%d", i % 3); /* one buffer, several names */
		snprintf(type, sizeof(type), "T%d", i % 2);
		lock = lock_named(name, 0);
		witness_init(&lock, type);
		witness_destroy(&lock);
		NEED(witness_is_owned(&lock) == 0);
	}
	return (0);
}

START_TEST(a_class_is_its_name_not_the_strings_address)
{
	const struct wit_rec_origin *origin;
	struct run run;

	run_quietly(&run, "births", "");
	ck_assert_uint_eq(run.count[WIT_REC_CLASS], 2);
	ck_assert_uint_eq(run.count[WIT_REC_ORIGIN], 6);
	for (uint32_t i = 0; i < 6; i++) {
		origin = record(&run, WIT_REC_ORIGIN, i);
		ck_assert_uint_eq(counts(&run, WIT_COUNT_ORIGIN, origin->id)->instances, 5);
	}
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->instances, 30);
	end_run(&run);
}
END_TEST

static int
lives(void)
{
	make_locks();
	nest(&a, &b);
	witness_renew(&b);
	nest(&a, &b);
	witness_destroy(&b);
	return (0);
}

START_TEST(observed_classes_record_every_event_and_life)
{
	static const uint8_t ops[] = {WIT_OP_REQUEST, WIT_OP_ACQUIRE, WIT_OP_RELEASE};
	const struct wit_rec_instance *instance;
	const struct wit_rec_event *event;
	uint32_t generation[2];
	struct run run;

	run_quietly(&run, "lives", "observe=X,B");
	ck_assert_uint_eq(run.count[WIT_REC_EVENT], 6);
	ck_assert_uint_eq(run.count[WIT_REC_INSTANCE], 3);
	for (uint32_t i = 0; i < 3; i++) {
		instance = record(&run, WIT_REC_INSTANCE, i);
		ck_assert_str_eq(class_of(&run, instance->origin), "B");
		ck_assert_uint_eq(instance->renewed, i == 1);
		ck_assert_uint_eq(instance->ended, i == 2);
		ck_assert_ptr_nonnull(by_id(&run, WIT_REC_STACK, instance->stack));
		generation[i < 1 ? 0 : 1] = instance->generation;
	}
	ck_assert_uint_ne(generation[0], generation[1]);
	for (uint32_t i = 0; i < 6; i++) {
		event = record(&run, WIT_REC_EVENT, i);
		ck_assert_uint_eq(event->op, ops[i % 3]);
		ck_assert_uint_eq(event->sequence, i % 3 == 0 ? 0 : 2 * (i / 3) + i % 3);
		ck_assert_uint_eq(event->generation, generation[i / 3]);
		ck_assert_ptr_nonnull(by_id(&run, WIT_REC_STACK, event->stack));
	}
	/* The new life is another instance of a known dependency. */
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	ck_assert_uint_eq(run.count[WIT_REC_CONTEXT], 1);
	ck_assert_uint_eq(
	    ((const struct wit_rec_context *)record(&run, WIT_REC_CONTEXT, 0))->generation, generation[1]);
	end_run(&run);
}
END_TEST

START_TEST(all_and_none_are_observed)
{
	struct run run;

	run_quietly(&run, "lives", "observe=all");
	ck_assert_uint_eq(run.count[WIT_REC_EVENT], 12);
	ck_assert_uint_eq(run.count[WIT_REC_INSTANCE], 5);
	end_run(&run);
	run_quietly(&run, "lives", "observe=none");
	ck_assert_uint_eq(run.count[WIT_REC_EVENT] + run.count[WIT_REC_INSTANCE], 0);
	end_run(&run);
}
END_TEST

/* ---- threads ---- */

enum { THREADS = 4 };

static pthread_barrier_t together;

static void *
worker(void *arg)
{
	witness_thread_start((uintptr_t)arg, (const void *)(uintptr_t)worker, "worker");
	nest(&a, &b);
	pthread_barrier_wait(&together); /* all live at once: no state is used twice */
	return (NULL);
}

static int
threads(void)
{
	pthread_t thread[THREADS];
	uint64_t token[THREADS];

	make_locks();
	pthread_barrier_init(&together, NULL, THREADS);
	TAKE(&c);
	for (int i = 0; i < THREADS; i++) {
		token[i] = witness_thread_create();
		pthread_create(&thread[i], NULL, worker, (void *)(uintptr_t)token[i]);
	}
	DROP(&c);
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		witness_thread_join(token[i]);
	}
	return (0);
}

START_TEST(each_thread_is_a_context)
{
	const struct wit_rec_thread *thread;
	const struct wit_rec_context *context;
	uint32_t seen = 0;
	struct run run;

	run_quietly(&run, "threads", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	ck_assert_uint_eq(run.count[WIT_REC_CONTEXT], THREADS - 1);
	ck_assert_uint_eq(run.count[WIT_REC_THREAD], THREADS + 1);
	ck_assert_uint_eq(run.count[WIT_REC_THREAD_END], THREADS + 1);
	for (uint32_t i = 0; i < THREADS + 1; i++) {
		thread = record(&run, WIT_REC_THREAD, i);
		if (strcmp((const char *)(thread + 1), "worker") != 0)
			continue;
		seen++;
		ck_assert_uint_eq(thread->parent, 1);
		ck_assert_uint_ne(WIT_FRAME_MODULE(thread->role), 0);
		ck_assert_ptr_nonnull(by_id(&run, WIT_REC_STACK, thread->created_stack));
	}
	ck_assert_uint_eq(seen, THREADS);
	for (uint32_t i = 0; i < THREADS - 1; i++) {
		context = record(&run, WIT_REC_CONTEXT, i);
		thread = by_id(&run, WIT_REC_THREAD, context->thread);
		ck_assert_str_eq((const char *)(thread + 1), "worker");
	}
	for (uint32_t i = 0; i < THREADS; i++)
		ck_assert_uint_eq(
		    ((const struct wit_rec_thread_end *)record(&run, WIT_REC_THREAD_END, i))->acquisitions,
		    2);
	end_run(&run);
}
END_TEST

/* The segment that a token began in (cause) as recorded, or NULL. */
static const struct wit_rec_segment *
segment(const struct run *run, enum wit_segment_cause cause, uint64_t token)
{
	const struct wit_rec_segment *s;

	for (uint32_t i = 0; (s = record(run, WIT_REC_SEGMENT, i)) != NULL; i++)
		if (s->cause == cause && s->token == token)
			return (s);
	return (NULL);
}

START_TEST(create_and_join_begin_segments)
{
	const struct wit_rec_segment *s, *create, *start, *join;
	uint32_t before = 0, creates = 0;
	struct run run;

	run_quietly(&run, "threads", "");
	ck_assert_uint_eq(run.count[WIT_REC_SEGMENT], 1 + 3 * THREADS);
	for (uint32_t i = 0; (s = record(&run, WIT_REC_SEGMENT, i)) != NULL; i++)
		if (s->cause == WIT_SEGMENT_START && s->thread == 1)
			before = s->id;
	for (uint32_t i = 0; (create = record(&run, WIT_REC_SEGMENT, i)) != NULL; i++) {
		if (create->cause != WIT_SEGMENT_CREATE)
			continue;
		creates++;
		start = segment(&run, WIT_SEGMENT_START, create->token);
		join = segment(&run, WIT_SEGMENT_JOIN, create->token);
		ck_assert_ptr_nonnull(start);
		ck_assert_ptr_nonnull(join);
		ck_assert_uint_eq(start->other, before); /* from before the create, not after it */
		ck_assert_uint_eq(join->other, start->thread);
		ck_assert_uint_eq(create->count, 1); /* c was held */
		ck_assert_str_eq(class_of(&run, ((const struct wit_rec_held *)(create + 1))->origin), "C");
		ck_assert_uint_eq(join->count, 0);
		before = create->id;
	}
	ck_assert_uint_eq(creates, THREADS);
	end_run(&run);
}
END_TEST

static pthread_key_t late;

static void
at_thread_end(void *arg)
{
	(void)arg;
	nest(&b, &c);
}

static void *
short_lived(void *arg)
{
	(void)arg;
	pthread_setspecific(late, &late);
	nest(&a, &b);
	return (NULL);
}

enum { SHORT = 100 };

static int
endings(void)
{
	pthread_t thread;

	make_locks();
	pthread_key_create(&late, at_thread_end);
	for (int i = 0; i < SHORT; i++) {
		pthread_create(&thread, NULL, short_lived, NULL);
		pthread_join(thread, NULL);
	}
	return (0);
}

START_TEST(destructors_of_thread_data_are_the_threads_own)
{
	struct run run;

	run_quietly(&run, "endings", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 2);
	ck_assert_uint_eq(run.count[WIT_REC_THREAD], SHORT);
	ck_assert_uint_eq(run.count[WIT_REC_THREAD_END], SHORT);
	for (uint32_t i = 0; i < SHORT; i++)
		ck_assert_uint_eq(
		    ((const struct wit_rec_thread_end *)record(&run, WIT_REC_THREAD_END, i))->acquisitions,
		    4);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 4 * SHORT);
	end_run(&run);
}
END_TEST

static void *
crowd_worker(void *arg)
{
	struct witness_lock_object mine = lock_named("mine", 0);

	(void)arg;
	for (int i = 0; i < 300; i++) {
		witness_init(&mine, i % 2 == 0 ? "even" : "odd");
		nest(&a, &mine);
		nest(&b, &mine);
		witness_destroy(&mine);
	}
	return (NULL);
}

static int
crowd(void)
{
	pthread_t thread[8];

	make_locks();
	for (int i = 0; i < 8; i++)
		pthread_create(&thread[i], NULL, crowd_worker, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(thread[i], NULL);
	return (0);
}

START_TEST(many_threads_at_once_lose_no_count)
{
	uint64_t nested = 0;
	struct run run;

	for (int i = 0; i < 3; i++) {
		run_quietly(&run, "crowd", i == 0 ? "" : i == 1 ? "observe=all" : "sink=write");
		ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 8 * 300 * 4);
		ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 4);
		nested = 0;
		for (uint32_t id = 1; id <= 4; id++)
			nested += counts(&run, WIT_COUNT_DEPENDENCY, id)->acquisitions;
		ck_assert_uint_eq(nested, 8 * 300 * 2);
		ck_assert_uint_eq(run.count[WIT_REC_EVENT], i == 1 ? 8 * 300 * 4 * 3 : 0);
		ck_assert_uint_eq(run.count[WIT_REC_ALARM], 0);
		end_run(&run);
	}
}
END_TEST

/* ---- CPUs ---- */

static struct witness_lock_object spin;

static void *
next_on_the_cpu(void *arg)
{
	(void)arg;
	NEED(witness_is_owned(&spin) == -1);
	witness_cpu_bind(0);
	NEED(witness_is_owned(&spin) == 1);
	TAKE(&b);
	DROP(&b);
	DROP(&spin);
	NEED(witness_is_owned(&spin) == -1);
	witness_critical_enter();
	witness_critical_exit();
	witness_cpu_bind(-1);
	return (NULL);
}

static int
cpus(void)
{
	pthread_t thread;

	make_locks();
	spin =
	    (struct witness_lock_object){.lo_name = "sched lock", .lo_flags = LO_CLASS(WITNESS_SPIN_MUTEX)};
	witness_init(&spin, NULL);
	witness_cpu_bind(0);
	TAKE(&a);
	TAKE(&spin);
	witness_cpu_bind(-1);
	NEED(witness_is_owned(&spin) == -1 && witness_is_owned(&a) == 1);
	pthread_create(&thread, NULL, next_on_the_cpu, NULL);
	pthread_join(thread, NULL);
	DROP(&a);
	return (0);
}

START_TEST(a_spin_lock_stays_with_its_cpu)
{
	const struct wit_rec_dependency *dependency;
	const struct wit_rec_chain *chain;
	struct run run;

	run_quietly(&run, "cpus", "");
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 2);
	dependency = record(&run, WIT_REC_DEPENDENCY, 1);
	ck_assert_str_eq(class_of(&run, dependency->origin), "B");
	ck_assert_uint_eq(dependency->depth, 1); /* not a: that is the other thread's */
	chain = by_id(&run, WIT_REC_CHAIN, dependency->chain);
	ck_assert_str_eq(class_of(&run, chain->lock.origin), "sched lock");
	ck_assert_uint_eq(chain->lock.cpu, 1);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 3);
	end_run(&run);
}
END_TEST

/* ---- the process ---- */

static struct witness_lock_object early;

__attribute__((constructor(101))) static void
before_all(int argc, char *argv[])
{
	if (argc != 3 || strcmp(argv[2], "errnos") != 0)
		return;
	early = lock_named("early", 0);
	witness_init(&early, "early");
	TAKE(&early);
	DROP(&early);
}

static int
errnos(void)
{
	make_locks();
	errno = 4711;
	nest(&a, &b);
	nest(&b, &a);
	witness_thread_join(witness_thread_create());
	witness_renew(&a);
	witness_cpu_bind(3);
	witness_destroy(&a);
	witness_thread_exit();
	NEED(errno == 4711);
	return (0);
}

START_TEST(errno_is_kept_and_constructors_are_seen)
{
	struct run run;

	run_quietly(&run, "errnos", "observe=all");
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 1);
	ck_assert_str_eq(class_of(&run, 1), "early"); /* before main() */
	end_run(&run);
}
END_TEST

/* The child takes the other order. */
static void
have_a_child(void)
{
	int status;
	pid_t pid;

	make_locks();
	nest(&a, &b);
	TAKE(&a);
	pid = fork();
	if (pid == 0) {
		DROP(&a);
		nest(&b, &a);
		exit(0); /* destructors too */
	}
	NEED(waitpid(pid, &status, 0) == pid && status == 0);
	DROP(&a);
	nest(&a, &b);
}

static int
forks(void)
{
	have_a_child();
	return (0);
}

/* Nothing of the parent's comes after, that might lie over what the child wrote. */
static int
forks_and_dies(void)
{
	have_a_child();
	kill(getpid(), SIGKILL);
	return (0);
}

START_TEST(a_forked_child_leaves_the_file_alone)
{
	const struct wit_rec_lost *lost;
	struct run run;

	start_run(&run, "forks", "console=none", NULL);
	ck_assert_msg(run.status == 0, "%s", run.err);
	ck_assert_uint_eq(run.bad_bytes, 0);
	/* What the child did is not there, and that is said. */
	ck_assert_uint_eq(run.count[WIT_REC_LOST], 1);
	lost = record(&run, WIT_REC_LOST, 0);
	ck_assert_uint_eq(lost->count, 1);
	ck_assert_str_eq((const char *)(lost + 1), "processes forked, not followed");
	ck_assert_uint_eq(((const struct wit_rec_end *)record(&run, WIT_REC_END, 0))->lost, 1);
	ck_assert_uint_eq(run.count[WIT_REC_ALARM], 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	ck_assert_uint_eq(counts(&run, WIT_COUNT_RUN, 0)->acquisitions, 5);
	end_run(&run);
	start_run(&run, "forks_and_dies", "console=none", NULL);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
	ck_assert_uint_eq(run.count[WIT_REC_ALARM] + run.count[WIT_REC_END], 0);
	ck_assert_uint_eq(run.count[WIT_REC_DEPENDENCY], 1);
	end_run(&run);
}
END_TEST

static int
mirrored(void)
{
	make_locks();
	TAKE(&a);
	ASK(&b, LOP_EXCLUSIVE);
	printf("%p %p\n", (void *)&a, (void *)&b);
	fflush(stdout);
	kill(getpid(), SIGKILL);
	return (0);
}

/* What is left in the mirror of a process that was killed. */
static void
look(const struct run *run, const void *mirror)
{
	const struct wit_state_header *header = mirror;
	const struct wit_state_slot *slot = (const void *)((const char *)mirror + WIT_STATE_HEADER);
	void *held, *wait;

	ck_assert_mem_eq(header->magic, WIT_STATE_MAGIC, 8);
	ck_assert_uint_eq(header->version, WIT_STATE_VERSION);
	ck_assert_uint_eq(atomic_load(&header->slots), 1);
	ck_assert_int_eq(sscanf(run->out, "%p %p", &held, &wait), 2);
	ck_assert_uint_eq(slot->thread, 1);
	ck_assert_uint_eq(slot->held, 1);
	ck_assert_uint_eq(slot->lock[0].instance, (uintptr_t)held);
	ck_assert_uint_eq(slot->wait.instance, (uintptr_t)wait);
	ck_assert_uint_eq(atomic_load(&slot->sequence) % 2, 0);
}

START_TEST(the_mirror_outlives_the_process)
{
	static char mirror[WIT_STATE_HEADER + 256];
	struct run run;
	int fd;

	start_run(&run, "mirrored", "console=none:state=mirror", NULL);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
	fd = open("mirror", O_RDONLY);
	ck_assert_int_eq(read(fd, mirror, sizeof(mirror)), (int)sizeof(mirror));
	close(fd);
	unlink("mirror");
	look(&run, mirror);
	end_run(&run);
}
END_TEST

static int inherited = -1;

static void
hand_on(void)
{
	dup2(inherited, 77);
}

START_TEST(the_mirror_may_be_inherited)
{
	static char mirror[WIT_STATE_HEADER + 256];
	struct run run;

	inherited = memfd_create("state", MFD_CLOEXEC);
	start_run(&run, "mirrored", "console=none:state=@77", hand_on);
	ck_assert(WIFSIGNALED(run.status) && WTERMSIG(run.status) == SIGKILL);
	ck_assert_int_eq(pread(inherited, mirror, sizeof(mirror), 0), (int)sizeof(mirror));
	close(inherited);
	look(&run, mirror);
	end_run(&run);
}
END_TEST

static int
keeps_its_mirror(void)
{
	make_locks();
	TAKE(&a);
	NEED((fcntl(77, F_GETFD) & FD_CLOEXEC) != 0);
	DROP(&a);
	return (0);
}

START_TEST(a_mirror_is_not_handed_on)
{
	struct run run;

	inherited = memfd_create("state", MFD_CLOEXEC);
	start_run(&run, "keeps_its_mirror", "console=none:state=@77", hand_on);
	ck_assert_msg(run.status == 0, "%s", run.err);
	close(inherited);
	end_run(&run);
}
END_TEST

/* Of a writer that lives (this process) nothing is changed; of one that is gone all is. */
START_TEST(a_mirror_in_use_is_refused)
{
	struct wit_state_header header = {.magic = WIT_STATE_MAGIC, .pid = (uint32_t)getpid(), .room = 7};
	struct wit_state_header now;
	struct run run;

	inherited = memfd_create("state", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(inherited, WIT_STATE_HEADER + 256), 0);
	for (int gone = 0; gone < 2; gone++) {
		if (gone)
			header.pid = (uint32_t)1 << 30; /* no process has this */
		ck_assert_int_eq(pwrite(inherited, &header, sizeof(header), 0), (int)sizeof(header));
		start_run(&run, "keeps_its_mirror", "console=none:state=@77", hand_on);
		ck_assert_int_eq(run.status, 0);
		ck_assert((strstr(run.err, "another process's") != NULL) == !gone);
		ck_assert_int_eq(pread(inherited, &now, sizeof(now), 0), (int)sizeof(now));
		ck_assert_int_eq(memcmp(&now, &header, sizeof(now)) != 0, gone);
		end_run(&run);
	}
	close(inherited);
}
END_TEST

/* The main thread ends with the process, and its record says so. */
START_TEST(who_lives_at_the_end_is_counted)
{
	const struct wit_rec_thread_end *end;
	struct run run;

	run_quietly(&run, "known", "");
	ck_assert_uint_eq(run.count[WIT_REC_THREAD_END], 1);
	end = record(&run, WIT_REC_THREAD_END, 0);
	ck_assert_uint_eq(end->thread, 1);
	ck_assert_uint_gt(end->acquisitions, 0);
	ck_assert_uint_eq(end->acquisitions, counts(&run, WIT_COUNT_RUN, 0)->acquisitions);
	end_run(&run);
}
END_TEST

static const struct scenario scenarios[] = {{"abba", abba}, {"known", known}, {"tries", tries},
    {"interlock", interlock}, {"recursion", recursion}, {"reads_twice", reads_twice}, {"deep", deep},
    {"modes", modes}, {"strangers", strangers}, {"births", births}, {"lives", lives}, {"threads", threads},
    {"endings", endings}, {"crowd", crowd}, {"cpus", cpus}, {"errnos", errnos}, {"forks", forks},
    {"forks_and_dies", forks_and_dies}, {"mirrored", mirrored}, {"keeps_its_mirror", keeps_its_mirror},
    {NULL, NULL}};

static void
add(TCase *tc)
{
	tcase_add_test(tc, a_reversal_is_one_alarm);
	tcase_add_test(tc, a_known_order_is_counted_and_silent);
	tcase_add_test(tc, a_held_locks_stack_is_derived_or_walked);
	tcase_add_loop_test(tc, frames_begin_with_the_caller, 0, 2);
	tcase_add_test(tc, a_try_lock_makes_edges_out_of_it_only);
	tcase_add_test(tc, an_interlock_makes_no_order);
	tcase_add_test(tc, recursion_is_alarmed_before_it_hangs);
	tcase_add_test(tc, a_plain_read_taken_twice_is_recursion);
	tcase_add_test(tc, many_locks_let_go_in_any_order);
	tcase_add_test(tc, a_mode_is_part_of_what_is_held);
	tcase_add_test(tc, locks_that_are_not_tracked_are_left_alone);
	tcase_add_test(tc, a_class_is_its_name_not_the_strings_address);
	tcase_add_test(tc, observed_classes_record_every_event_and_life);
	tcase_add_test(tc, all_and_none_are_observed);
	tcase_add_test(tc, each_thread_is_a_context);
	tcase_add_test(tc, create_and_join_begin_segments);
	tcase_add_test(tc, destructors_of_thread_data_are_the_threads_own);
	tcase_add_test(tc, many_threads_at_once_lose_no_count);
	tcase_add_test(tc, a_spin_lock_stays_with_its_cpu);
	tcase_add_test(tc, errno_is_kept_and_constructors_are_seen);
	tcase_add_test(tc, a_forked_child_leaves_the_file_alone);
	tcase_add_test(tc, the_mirror_outlives_the_process);
	tcase_add_test(tc, the_mirror_may_be_inherited);
	tcase_add_test(tc, a_mirror_is_not_handed_on);
	tcase_add_test(tc, a_mirror_in_use_is_refused);
	tcase_add_test(tc, who_lives_at_the_end_is_counted);
}

int
main(int argc, char *argv[])
{
	return (live_main(argc, argv, scenarios, "live: api", add));
}
