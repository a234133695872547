/* SPDX-License-Identifier: BSD-2-Clause */
/* Held lists: order, the two words, and two lists seen as one. */
#include "core_fixture.h"

static struct wit_event
event_of(uint32_t origin, uint64_t instance, unsigned mode)
{
	return ((struct wit_event){.lock = {instance, origin, 1},
	    .site = {"x.c", 5},
	    .sp = 99,
	    .segment = 3,
	    .mode = (uint8_t)mode,
	    .flags = WIT_TRY});
}

static struct wit_held_entry *
push(struct wit_held *held, struct wit_arena *arena, uint32_t origin, uint64_t instance)
{
	struct wit_event event = event_of(origin, instance, WIT_MODE_EXCLUSIVE);

	return (wit_held_push(held, arena, &event));
}

START_TEST(entries_say_what_the_event_said)
{
	struct fixture_arena memory;
	struct wit_held held;
	struct wit_event event = event_of(7, 0x70, WIT_MODE_SHARED);
	struct wit_held_entry *entry;

	fixture_arena_init(&memory, 4096);
	wit_held_init(&held);
	ck_assert_ptr_null(wit_held_find(&held, 0x70));
	entry = wit_held_push(&held, &memory.arena, &event);
	ck_assert_ptr_eq(wit_held_find(&held, 0x70), entry);
	ck_assert(entry->lock.origin == 7 && entry->lock.generation == 1 && entry->mode == WIT_MODE_SHARED);
	ck_assert(entry->site.line == 5 && entry->sp == 99 && entry->segment == 3 && entry->flags == WIT_TRY);
	ck_assert(entry->serial == 1 && entry->recursed == 0 && entry->stack == 0);
	wit_held_drop(&held, entry);
	ck_assert_uint_eq(push(&held, &memory.arena, 7, 0x70)->serial, 2);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(any_order_of_release)
{
	struct fixture_arena memory;
	struct wit_held held;
	uint64_t instance;

	fixture_arena_init(&memory, 4096);
	wit_held_init(&held);
	for (instance = 1; instance <= 5; instance++)
		push(&held, &memory.arena, (uint32_t)instance, instance);
	wit_held_drop(&held, wit_held_find(&held, 3));
	wit_held_drop(&held, wit_held_find(&held, 1));
	ck_assert_uint_eq(held.count, 3);
	ck_assert_uint_eq(held.entry[0].lock.instance, 2);
	ck_assert_uint_eq(held.entry[1].lock.instance, 4);
	ck_assert_uint_eq(held.entry[2].lock.instance, 5);
	ck_assert_ptr_null(wit_held_find(&held, 3));
	wit_held_drop(&held, wit_held_find(&held, 2));
	wit_held_drop(&held, wit_held_find(&held, 5));
	wit_held_drop(&held, wit_held_find(&held, 4));
	ck_assert_uint_eq(held.key, 0);
	ck_assert_uint_eq(held.instances, 0);
	fixture_arena_fini(&memory);
}
END_TEST

/* Roles and instances are told apart; a pair of one role does not cancel; order does not matter. */
START_TEST(the_two_words)
{
	struct fixture_arena memory;
	struct wit_held a, b;

	fixture_arena_init(&memory, 4096);
	wit_held_init(&a);
	wit_held_init(&b);
	push(&a, &memory.arena, 1, 0x10);
	push(&b, &memory.arena, 1, 0x11);
	ck_assert_uint_eq(a.key, b.key);
	ck_assert_uint_ne(a.instances, b.instances);
	push(&a, &memory.arena, 1, 0x12);
	ck_assert_uint_ne(a.key, 0);
	ck_assert_uint_ne(a.key, b.key);
	push(&a, &memory.arena, 2, 0x20);
	push(&b, &memory.arena, 2, 0x20);
	push(&b, &memory.arena, 1, 0x12);
	ck_assert_uint_eq(a.key, b.key);
	wit_held_set_mode(&a, wit_held_find(&a, 0x20), WIT_MODE_SHARED);
	ck_assert_uint_ne(a.key, b.key);
	wit_held_set_mode(&a, wit_held_find(&a, 0x20), WIT_MODE_EXCLUSIVE);
	ck_assert_uint_eq(a.key, b.key);
	/* Another life at the same address is another lock. */
	ck_assert_uint_ne(wit_held_instance(&(struct wit_lock_ref){0x20, 2, 1}),
	    wit_held_instance(&(struct wit_lock_ref){0x20, 2, 2}));
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(more_than_the_inlined)
{
	struct fixture_arena memory;
	struct wit_held held;
	uint32_t i;

	fixture_arena_init(&memory, 4096);
	wit_held_init(&held);
	for (i = 1; i <= 1000; i++)
		ck_assert_ptr_nonnull(push(&held, &memory.arena, i, i));
	for (i = 1; i <= 1000; i++) {
		ck_assert_uint_eq(held.entry[i - 1].lock.instance, i);
		ck_assert_uint_eq(wit_held_find(&held, i)->lock.origin, i);
	}
	for (i = 1; i <= 1000; i++)
		wit_held_drop(&held, wit_held_find(&held, i));
	ck_assert_uint_eq(held.key, 0);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(memory_fails)
{
	struct fixture_arena memory;
	struct wit_held held;
	uint64_t key;
	uint32_t i;

	fixture_arena_init(&memory, 64);
	memory.fail_at = 1;
	wit_held_init(&held);
	for (i = 1; i <= WIT_HELD_INLINE; i++)
		ck_assert_ptr_nonnull(push(&held, &memory.arena, i, i));
	key = held.key;
	ck_assert_ptr_null(push(&held, &memory.arena, 99, 99));
	ck_assert_uint_eq(held.count, WIT_HELD_INLINE);
	ck_assert_uint_eq(held.key, key);
	ck_assert_ptr_nonnull(push(&held, &memory.arena, 99, 99));
	fixture_arena_fini(&memory);
}
END_TEST

/* The thread's list, then its CPU's, newest first, with any one of them skipped. */
START_TEST(two_lists_and_an_interlock)
{
	struct fixture_arena memory;
	struct wit_held thread, cpu;
	struct wit_holding holding = {.list = {&thread, &cpu}};
	uint32_t skip, i;

	fixture_arena_init(&memory, 4096);
	wit_held_init(&thread);
	wit_held_init(&cpu);
	push(&thread, &memory.arena, 1, 1);
	push(&thread, &memory.arena, 2, 2);
	push(&thread, &memory.arena, 3, 3);
	push(&cpu, &memory.arena, 4, 4);
	push(&cpu, &memory.arena, 5, 5);
	for (skip = 0; skip <= 5; skip++) {
		uint32_t expected = 5;

		holding.skip = skip == 0 ? NULL : wit_held_find(skip <= 3 ? &thread : &cpu, skip);
		ck_assert_uint_eq(wit_holding_count(&holding), skip == 0 ? 5 : 4);
		for (i = 0; i < wit_holding_count(&holding); i++, expected--) {
			if (expected == skip)
				expected--;
			ck_assert_uint_eq(wit_holding_newest(&holding, i)->lock.instance, expected);
			ck_assert_int_eq(
			    wit_holding_list(&holding, wit_holding_newest(&holding, i)), expected > 3);
		}
		ck_assert_ptr_null(wit_holding_newest(&holding, i));
	}
	holding = (struct wit_holding){.list = {&thread, NULL}};
	ck_assert_uint_eq(wit_holding_count(&holding), 3);
	fixture_arena_fini(&memory);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, entries_say_what_the_event_said);
	tcase_add_test(tc, any_order_of_release);
	tcase_add_test(tc, the_two_words);
	tcase_add_test(tc, more_than_the_inlined);
	tcase_add_test(tc, memory_fails);
	tcase_add_test(tc, two_lists_and_an_interlock);
}

int
main(void)
{
	return (run_tests("core: held", add));
}
