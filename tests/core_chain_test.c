/* SPDX-License-Identifier: BSD-2-Clause */
/* What is known: keys, the three answers, chains. */
#include "core_fixture.h"

static struct wit_chain_key
key_of(const uint32_t *origins, size_t n, struct wit_event event)
{
	struct wit_held held;
	struct wit_holding holding = {.list = {&held, NULL}};
	size_t i;

	wit_held_init(&held);
	for (i = 0; i < n; i++) {
		struct wit_event one = {.lock = {origins[i] * 0x100u, origins[i], 1}};

		ck_assert_ptr_nonnull(wit_held_push(&held, NULL, &one));
	}
	return (wit_chain_key(&holding, &event));
}

static const struct wit_event asked = {.lock = {0x900, 9, 1}, .site = {"x.c", 10}};

START_TEST(keys_tell_roles_apart)
{
	const uint32_t one[] = {1}, two[] = {2}, both[] = {1, 2}, turned[] = {2, 1}, twice[] = {1, 1};
	struct wit_event other = asked;
	uint64_t key = key_of(one, 1, asked).roles;

	ck_assert_uint_eq(key, key_of(one, 1, asked).roles);
	ck_assert_uint_ne(key, key_of(two, 1, asked).roles);
	ck_assert_uint_ne(key, key_of(both, 2, asked).roles);
	ck_assert_uint_ne(key, key_of(twice, 2, asked).roles);
	ck_assert_uint_eq(key_of(both, 2, asked).roles, key_of(turned, 2, asked).roles);
	other.mode = WIT_MODE_SHARED;
	ck_assert_uint_ne(key, key_of(one, 1, other).roles);
	other = asked;
	other.flags = WIT_DUPOK;
	ck_assert_uint_ne(key, key_of(one, 1, other).roles);
	other = asked;
	other.site.line++;
	ck_assert_uint_ne(key, key_of(one, 1, other).roles);
	other.site.line = asked.site.line + (1u << 16); /* generated files are that long */
	ck_assert_uint_ne(key, key_of(one, 1, other).roles);
	other = asked;
	other.lock.instance++;
	ck_assert_uint_eq(key, key_of(one, 1, other).roles);
	ck_assert_uint_ne(key_of(one, 1, asked).instances, key_of(one, 1, other).instances);
	/* Held and asked for cannot be swapped. */
	other = asked;
	other.lock.origin = 1;
	ck_assert_uint_ne(key, key_of((const uint32_t[]){9}, 1, other).roles);
}
END_TEST

START_TEST(the_three_answers)
{
	const struct wit_chain_key key = {11, 22}, moved = {11, 23};
	_Atomic uint32_t last = 0;
	struct fixture_arena memory;
	struct wit_known known;
	uint32_t id = 0;

	fixture_arena_init(&memory, 4096);
	wit_known_init(&known, &memory.arena);
	ck_assert_int_eq(wit_known_look(&known, key, 1, 5, &id), WIT_KNOWN_NOT);
	ck_assert_uint_eq(id, 0);
	ck_assert_uint_eq(wit_known_add(&known, key, 3, 2), 1);
	ck_assert(wit_known_dependency(&known, 1)->chain == 3 && wit_known_dependency(&known, 1)->depth == 2);
	ck_assert_int_eq(wit_known_look(&known, key, 1, 5, &id), WIT_KNOWN_CONTEXT);
	ck_assert_uint_eq(id, 1);
	ck_assert_int_eq(wit_known_add_context(&known, 1, key, 1, 5, &last), 0);
	ck_assert_uint_eq(last, 5);
	ck_assert_int_eq(wit_known_look(&known, key, 1, 6, &id), WIT_KNOWN);
	ck_assert_uint_eq(last, 6);
	ck_assert_uint_eq(wit_known_dependency(&known, 1)->count, 1);
	/* Another thread, other locks: news, one kind each. */
	ck_assert_int_eq(wit_known_look(&known, key, 2, 7, &id), WIT_KNOWN_CONTEXT);
	ck_assert_uint_eq(wit_known_news(&known, 1, key, 2), WIT_SATURATED_THREADS);
	ck_assert_int_eq(wit_known_look(&known, moved, 1, 7, &id), WIT_KNOWN_CONTEXT);
	ck_assert_uint_eq(wit_known_news(&known, 1, moved, 1), WIT_SATURATED_INSTANCES);
	ck_assert_uint_eq(wit_known_dependency(&known, 1)->count, 1);
	ck_assert_uint_eq(last, 6);
	/* Without a record there is no word to update, and it is known all the same. */
	ck_assert_int_eq(wit_known_add_context(&known, 1, moved, 2, 8, NULL), 0);
	ck_assert_int_eq(wit_known_look(&known, moved, 2, 9, &id), WIT_KNOWN);
	ck_assert_int_eq(wit_known_look(&known, key, 2, 9, &id), WIT_KNOWN);
	ck_assert_uint_eq(wit_known_dependency(&known, 1)->threads, 2);
	ck_assert_uint_eq(wit_known_dependency(&known, 1)->instances, 2);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(saturated_is_known)
{
	const struct wit_chain_key key = {11, 22}, moved = {11, 23};
	struct fixture_arena memory;
	struct wit_known known;
	struct wit_dependency *dep;
	uint32_t id;

	fixture_arena_init(&memory, 4096);
	wit_known_init(&known, &memory.arena);
	wit_known_add(&known, key, 1, 1);
	wit_known_add_context(&known, 1, key, 1, 1, NULL);
	dep = wit_known_dependency(&known, 1);
	dep->saturated = WIT_SATURATED_THREADS;
	ck_assert_int_eq(wit_known_look(&known, key, 2, 1, &id), WIT_KNOWN);
	ck_assert_int_eq(wit_known_look(&known, moved, 2, 1, &id), WIT_KNOWN_CONTEXT);
	dep->saturated = WIT_SATURATED_INSTANCES;
	ck_assert_int_eq(wit_known_look(&known, moved, 1, 1, &id), WIT_KNOWN);
	ck_assert_int_eq(wit_known_look(&known, moved, 2, 1, &id), WIT_KNOWN_CONTEXT);
	dep->saturated |= WIT_SATURATED_THREADS;
	ck_assert_int_eq(wit_known_look(&known, moved, 2, 1, &id), WIT_KNOWN);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(nodes_differ_by_all_they_say)
{
	const struct wit_held_entry base = {
	    .lock = {0x10, 1, 1}, .segment = 1, .mode = 0, .flags = 0, .serial = 1};
	struct wit_held_entry other[6];
	struct fixture_arena memory;
	struct wit_known known;
	unsigned i;
	bool added;

	fixture_arena_init(&memory, 4096);
	wit_known_init(&known, &memory.arena);
	for (i = 0; i < 6; i++)
		other[i] = base;
	other[0].lock.instance++;
	other[1].lock.generation++;
	other[2].lock.origin++;
	other[3].segment++;
	other[4].mode++;
	other[5].flags = WIT_TRY;
	ck_assert_uint_eq(wit_known_chain(&known, 0, &base, 1, &added), 1);
	ck_assert(added);
	for (i = 0; i < 6; i++) {
		ck_assert_uint_eq(wit_known_chain(&known, 0, &other[i], 1, &added), i + 2);
		ck_assert(added);
	}
	ck_assert_uint_eq(wit_known_chain(&known, 1, &base, 1, &added), 8);
	ck_assert_uint_eq(wit_known_chain(&known, 0, &base, 2, &added), 9);
	/* A later acquisition of the same lock in the same segment is the same node. */
	other[0] = base;
	other[0].serial = 2;
	ck_assert_uint_eq(wit_known_chain(&known, 0, &other[0], 1, &added), 1);
	ck_assert(!added);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(memory_fails)
{
	struct fixture_arena memory;
	struct wit_known known;
	unsigned at;
	uint32_t id, dependency;
	bool added;

	for (at = 1; at < 40; at++) {
		const struct wit_held_entry entry = {.lock = {at, 1, 1}};

		fixture_arena_init(&memory, 64);
		memory.fail_at = at;
		memory.fail_after = true;
		wit_known_init(&known, &memory.arena);
		for (uint64_t n = 1; n < 300; n++) {
			const struct wit_chain_key key = {n, n};

			(void)wit_known_chain(&known, (uint32_t)n, &entry, 1, &added);
			if (wit_known_reserve(&known) != 0) {
				ck_assert_int_eq(wit_known_look(&known, key, 1, 1, &id), WIT_KNOWN_NOT);
				break;
			}
			/* After room was found neither can fail. */
			dependency = wit_known_add(&known, key, 1, 1);
			ck_assert_uint_ne(dependency, 0);
			ck_assert_int_eq(wit_known_add_context(&known, dependency, key, 1, 1, NULL), 0);
		}
		fixture_arena_fini(&memory);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, keys_tell_roles_apart);
	tcase_add_test(tc, the_three_answers);
	tcase_add_test(tc, saturated_is_known);
	tcase_add_test(tc, nodes_differ_by_all_they_say);
	tcase_add_test(tc, memory_fails);
}

int
main(void)
{
	return (run_tests("core: chain", add));
}
