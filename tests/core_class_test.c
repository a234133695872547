/* SPDX-License-Identifier: BSD-2-Clause */
/* Interning: one id for one thing, found by the whole key. */
#include "core_fixture.h"

struct names {
	struct fixture_arena memory;
	struct wit_names names;
};

static void
names_init(struct names *n, size_t least)
{
	fixture_arena_init(&n->memory, least);
	wit_class_init(&n->names, &n->memory.arena);
}

START_TEST(classes_by_name)
{
	struct names n;
	char name[32];
	bool added;
	uint32_t i;

	names_init(&n, 4096);
	for (i = 1; i <= 2000; i++) {
		snprintf(name, sizeof(name), "class %u", i);
		ck_assert_uint_eq(wit_class_add(&n.names, name, WIT_SX, &added), i);
		ck_assert(added);
	}
	for (i = 1; i <= 2000; i++) {
		snprintf(name, sizeof(name), "class %u", i);
		ck_assert_uint_eq(wit_class_add(&n.names, name, WIT_RW, &added), i);
		ck_assert(!added);
		ck_assert_str_eq(wit_class_at(&n.names, i)->name, name);
		ck_assert_uint_eq(wit_class_at(&n.names, i)->primitive, WIT_SX);
	}
	fixture_arena_fini(&n.memory);
}
END_TEST

/* Two names of one hash, planted: each keeps an id of its own. */
START_TEST(one_hash_two_names)
{
	struct names n;
	uint32_t first;
	bool added;

	names_init(&n, 4096);
	first = wit_class_add(&n.names, "vm object", 1, &added);
	ck_assert_int_eq(
	    wit_index_add(&n.names.by_name, &n.memory.arena, wit_hash_string("swap_pager swhash"), first), 0);
	ck_assert_uint_eq(wit_class_add(&n.names, "swap_pager swhash", 1, &added), first + 1);
	ck_assert(added);
	ck_assert_uint_eq(wit_class_add(&n.names, "swap_pager swhash", 1, &added), first + 1);
	ck_assert(!added);
	ck_assert_uint_eq(wit_class_add(&n.names, "vm object", 1, &added), first);
	fixture_arena_fini(&n.memory);
}
END_TEST

START_TEST(origins_by_class_name_and_site)
{
	struct names n;
	bool added;

	names_init(&n, 4096);
	ck_assert_uint_eq(wit_class_add_origin(&n.names, 1, "a", 1, &added), 1);
	ck_assert_uint_eq(wit_class_add_origin(&n.names, 2, "a", 1, &added), 2);
	ck_assert_uint_eq(wit_class_add_origin(&n.names, 1, "b", 1, &added), 3);
	ck_assert_uint_eq(wit_class_add_origin(&n.names, 1, "a", 2, &added), 4);
	ck_assert(added);
	ck_assert_uint_eq(wit_class_add_origin(&n.names, 1, "a", 1, &added), 1);
	ck_assert(!added);
	ck_assert_uint_eq(wit_class_origin_at(&n.names, 4)->site, 2);
	fixture_arena_fini(&n.memory);
}
END_TEST

START_TEST(sites_by_text_or_address)
{
	char here[] = "vm/x.c", there[] = "vm/x.c";
	struct names n;
	bool added;

	names_init(&n, 4096);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){here, 1}, &added), 1);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){there, 1}, &added), 1);
	ck_assert(!added);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){here, 2}, &added), 2);
	/* Line 0: an address, never read as text. */
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){here, 0}, &added), 3);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){there, 0}, &added), 4);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){(const void *)0x10, 0}, &added), 5);
	ck_assert_uint_eq(wit_class_add_site(&n.names, (struct wit_site){(const void *)0x10, 0}, &added), 5);
	ck_assert_ptr_eq(wit_class_site_at(&n.names, 1)->raw.where, here);
	fixture_arena_fini(&n.memory);
}
END_TEST

START_TEST(stacks_by_every_frame)
{
	uint64_t frame[] = {1, 2, 3};
	struct names n;
	bool added;

	names_init(&n, 4096);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 3, false, 0, &added), 1);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 2, false, 0, &added), 2);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 3, true, 0, &added), 3);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 3, true, 7, &added), 4);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 3, false, 0, &added), 1);
	ck_assert(!added);
	frame[2] = 4;
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 3, false, 0, &added), 5);
	ck_assert_uint_eq(wit_class_stack_at(&n.names, 1)->frame[2], 3);
	ck_assert_uint_eq(wit_class_add_stack(&n.names, frame, 0, true, 1, &added), 6);
	fixture_arena_fini(&n.memory);
}
END_TEST

START_TEST(primitives_have_names)
{
	ck_assert_str_eq(wit_class_primitive_name(WIT_SLEEP_MUTEX), "sleep mutex");
	ck_assert_str_eq(wit_class_primitive_name(WIT_LOCKMGR), "lockmgr");
	ck_assert_str_eq(wit_class_primitive_name(0), "lock");
	ck_assert_str_eq(wit_class_primitive_name(99), "lock");
}
END_TEST

/* No memory: 0, nothing half done, and the next try succeeds with the next id. */
START_TEST(memory_fails)
{
	const uint64_t frame[] = {1, 2, 3};
	unsigned at, kind, refused = 0;

	for (at = 1; at < 30; at++) {
		for (kind = 0; kind < 4; kind++) {
			struct names n;
			uint32_t next = 1, i;
			bool added;

			names_init(&n, 64);
			n.memory.fail_at = at;
			for (i = 0; i < 300; i++) {
				char name[16];
				uint32_t id;

				snprintf(name, sizeof(name), "n%u", i);
				if (kind == 0)
					id = wit_class_add(&n.names, name, 1, &added);
				else if (kind == 1)
					id = wit_class_add_origin(&n.names, 1, name, 1, &added);
				else if (kind == 2)
					id = wit_class_add_site(
					    &n.names, (struct wit_site){"x.c", i + 1}, &added);
				else
					id = wit_class_add_stack(&n.names, frame, 3, false, i, &added);
				ck_assert(id == 0 || id == next);
				ck_assert_int_eq(added, id != 0);
				refused += id == 0;
				next += id != 0;
			}
			fixture_arena_fini(&n.memory);
		}
	}
	ck_assert_uint_gt(refused, 20);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, classes_by_name);
	tcase_add_test(tc, one_hash_two_names);
	tcase_add_test(tc, origins_by_class_name_and_site);
	tcase_add_test(tc, sites_by_text_or_address);
	tcase_add_test(tc, stacks_by_every_frame);
	tcase_add_test(tc, primitives_have_names);
	tcase_add_test(tc, memory_fails);
}

int
main(void)
{
	return (run_tests("core: class", add));
}
