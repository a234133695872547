/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory: the bump allocator, tables whose items never move, indexes that readers may race. */
#include <pthread.h>

#include "core_fixture.h"

START_TEST(aligned_zeroed_counted)
{
	struct fixture_arena memory;
	size_t size, total = 0;

	fixture_arena_init(&memory, 256);
	for (size = 0; size < 2000; size++) {
		unsigned char *p = wit_arena_alloc(&memory.arena, size);

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			MUST(p[i] == 0);
		memset(p, 0xff, size);
		total += (size + 15) / 16 * 16;
	}
	ck_assert_uint_eq(memory.arena.total, total);
	ck_assert_ptr_null(wit_arena_alloc(&memory.arena, SIZE_MAX));
	ck_assert_ptr_null(wit_arena_alloc(&memory.arena, SIZE_MAX - 8));
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(strings_are_cut)
{
	struct fixture_arena memory;

	fixture_arena_init(&memory, 256);
	ck_assert_str_eq(wit_arena_string(&memory.arena, "vm object", 100), "vm object");
	ck_assert_str_eq(wit_arena_string(&memory.arena, "vm object", 2), "vm");
	ck_assert_str_eq(wit_arena_string(&memory.arena, "vm object", 0), "");
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(items_never_move)
{
	enum { COUNT = 100000 };
	static uint32_t *at[COUNT + 1];
	struct fixture_arena memory;
	struct wit_table table;
	uint32_t id, i;

	fixture_arena_init(&memory, 4096);
	wit_table_init(&table, sizeof(uint32_t));
	for (i = 1; i <= COUNT; i++) {
		at[i] = wit_table_add(&table, &memory.arena, &id);
		MUST((id) == (i));
		MUST((*at[i]) == (0));
		*at[i] = i;
	}
	MUST((wit_table_count(&table)) == (COUNT));
	for (i = 1; i <= COUNT; i++) {
		MUST((wit_table_at(&table, i)) == (at[i]));
		MUST((*at[i]) == (i));
	}
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(index_finds_what_was_added)
{
	struct fixture_arena memory;
	struct wit_index index = {0};
	uint32_t i;

	fixture_arena_init(&memory, 4096);
	MUST((wit_index_find(&index, 5)) == (0));
	for (i = 1; i <= 50000; i++) {
		MUST((wit_index_find(&index, (uint64_t)i << 20)) == (0));
		MUST((wit_index_add(&index, &memory.arena, (uint64_t)i << 20, i)) == (0));
	}
	for (i = 1; i <= 50000; i++)
		MUST((wit_index_find(&index, (uint64_t)i << 20)) == (i));
	MUST((wit_index_find(&index, 50001ull << 20)) == (0));
	/* Never fuller than three quarters, or a search for what is not there would not end. */
	ck_assert_uint_le(index.count, (index.slots->mask + 1) / 4 * 3);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(memory_fails)
{
	struct fixture_arena memory;
	struct wit_index index;
	struct wit_table table;
	unsigned at;

	for (at = 1; at < 12; at++) {
		uint32_t i, id, refused = 0, added = 0;

		memset(&index, 0, sizeof(index));
		wit_table_init(&table, 24);
		fixture_arena_init(&memory, 64);
		memory.fail_at = at;
		for (i = 1; i <= 2000; i++) {
			uint32_t before = wit_table_count(&table);

			if (wit_table_add(&table, &memory.arena, &id) == NULL) {
				MUST((wit_table_count(&table)) == (before));
				refused++;
			}
			if (wit_index_add(&index, &memory.arena, i, i) != 0) {
				MUST((wit_index_find(&index, i)) == (0));
				refused++;
			} else
				added++;
			MUST((index.count) == (added));
		}
		MUST((refused) == (1));
		fixture_arena_fini(&memory);
	}
}
END_TEST

/* After reserve() there is room whatever happens to the owner's memory. */
START_TEST(reserved_is_there)
{
	struct fixture_arena memory;
	struct wit_index index = {0};
	struct wit_table table;
	uint32_t i, id;

	wit_table_init(&table, 8);
	fixture_arena_init(&memory, 64);
	for (i = 1; i <= 3000; i++) {
		memory.fail_at = 0;
		MUST((wit_table_reserve(&table, &memory.arena)) == (0));
		MUST((wit_index_reserve(&index, &memory.arena)) == (0));
		memory.fail_at = 1;
		memory.fail_after = true;
		MUST(wit_table_add(&table, &memory.arena, &id) != NULL);
		MUST((wit_index_add(&index, &memory.arena, i, id)) == (0));
	}
	fixture_arena_fini(&memory);
}
END_TEST

struct race {
	struct wit_index index;
	struct wit_table table;
	_Atomic uint32_t published;
	_Atomic bool wrong;
};

static void *
race_reader(void *arg)
{
	struct race *race = arg;
	uint64_t at = 1;
	uint32_t last;

	while ((last = atomic_load(&race->published)) < 100000) {
		uint32_t want = (uint32_t)(wit_mix(at++) % (last + 1)) + 1,
			 id = wit_index_find(&race->index, want);

		if (id != 0 && id != want)
			atomic_store(&race->wrong, true);
		if (id != 0 && *(uint32_t *)wit_table_at(&race->table, id) != want)
			atomic_store(&race->wrong, true);
	}
	return (NULL);
}

/* A reader may miss a fresh key, never see a wrong one. */
START_TEST(readers_race_the_writer)
{
	static struct race race;
	struct fixture_arena memory;
	pthread_t reader;
	uint32_t i, id;

	fixture_arena_init(&memory, 4096);
	wit_table_init(&race.table, sizeof(uint32_t));
	ck_assert_int_eq(pthread_create(&reader, NULL, race_reader, &race), 0);
	for (i = 1; i <= 100000; i++) {
		uint32_t *item = wit_table_add(&race.table, &memory.arena, &id);

		*item = i;
		wit_index_add(&race.index, &memory.arena, i, id);
		atomic_store(&race.published, i);
	}
	pthread_join(reader, NULL);
	ck_assert(!race.wrong);
	fixture_arena_fini(&memory);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, aligned_zeroed_counted);
	tcase_add_test(tc, strings_are_cut);
	tcase_add_test(tc, items_never_move);
	tcase_add_test(tc, index_finds_what_was_added);
	tcase_add_test(tc, memory_fails);
	tcase_add_test(tc, reserved_is_there);
	tcase_add_test(tc, readers_race_the_writer);
}

int
main(void)
{
	return (run_tests("core: arena", add));
}
