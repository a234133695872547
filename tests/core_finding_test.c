/* SPDX-License-Identifier: BSD-2-Clause */
/* Fingerprints: made of names, whatever the order of discovery, the same for years. */
#include "core_fixture.h"

static const char *
fingerprint(unsigned kind, const char *const *names, size_t count)
{
	static char out[8][WIT_FINGERPRINT_MAX];
	static unsigned next;

	next = (next + 1) % 8;
	wit_finding_fingerprint(out[next], kind, names, count);
	return (out[next]);
}

#define PRINT(kind, ...)                                                                                     \
	fingerprint(WIT_FINDING_##kind, (const char *const[]){__VA_ARGS__},                                  \
	    sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

START_TEST(where_a_cycle_was_entered_does_not_matter)
{
	ck_assert_str_eq(PRINT(INVERSION, "a", "b"), PRINT(INVERSION, "b", "a"));
	ck_assert_str_eq(PRINT(INVERSION, "a", "b", "c"), PRINT(INVERSION, "b", "c", "a"));
	ck_assert_str_eq(PRINT(INVERSION, "a", "b", "c"), PRINT(INVERSION, "c", "a", "b"));
	/* The other way round is another cycle. */
	ck_assert_str_ne(PRINT(INVERSION, "a", "b", "c"), PRINT(INVERSION, "a", "c", "b"));
	/* A class twice: the tie is broken by what follows. */
	ck_assert_str_eq(PRINT(INVERSION, "a", "c", "a", "b"), PRINT(INVERSION, "a", "b", "a", "c"));
	ck_assert_str_ne(PRINT(INVERSION, "a", "c", "a", "b"), PRINT(INVERSION, "a", "a", "b", "c"));
}
END_TEST

START_TEST(rotation)
{
	const char *const names[] = {"b", "a", "c", "a", "b"};

	ck_assert_uint_eq(wit_finding_rotation(names, 5), 3);
	ck_assert_uint_eq(wit_finding_rotation(names, 1), 0);
	ck_assert_uint_eq(wit_finding_rotation(names + 1, 3), 2);
}
END_TEST

START_TEST(names_and_kinds_are_told_apart)
{
	ck_assert_str_ne(PRINT(INVERSION, "a", "b"), PRINT(INVERSION, "a", "c"));
	ck_assert_str_ne(PRINT(INVERSION, "ab", "c"), PRINT(INVERSION, "a", "bc"));
	ck_assert_str_ne(PRINT(INVERSION, "a"), PRINT(DUPLICATE, "a"));
	ck_assert_str_ne(PRINT(DUPLICATE, "a", "f"), PRINT(RECURSION, "a", "f"));
	/* No cycle: class and function have their places. */
	ck_assert_str_ne(PRINT(DUPLICATE, "a", "f"), PRINT(DUPLICATE, "f", "a"));
}
END_TEST

/* Every baseline in the world holds such words: they may never change. */
START_TEST(frozen)
{
	ck_assert_str_eq(PRINT(INVERSION, "vm object", "swap_pager swhash"), "e8fbb46adb169e82");
	ck_assert_str_eq(PRINT(DUPLICATE, "vm object", "vm_object_collapse"), "a45e4543f5bbb2b8");
}
END_TEST

START_TEST(kinds_and_levels)
{
	const enum wit_level levels[] = {
	    WIT_LEVEL_INVERSION, WIT_LEVEL_POTENTIAL, WIT_LEVEL_PREDICTED, WIT_LEVEL_ACTUAL};
	unsigned value, i;

	for (value = 1; wit_finding_info(value) != NULL; value++) {
		const struct wit_finding_info *info = wit_finding_info(value);

		ck_assert_uint_eq(info->value, value);
		ck_assert_ptr_eq(wit_finding_by_kind(info->kind), info);
	}
	ck_assert_uint_ge(value, 4);
	ck_assert_ptr_null(wit_finding_info(0));
	ck_assert_ptr_null(wit_finding_by_kind("no such"));
	ck_assert_str_eq(wit_finding_info(WIT_FINDING_INVERSION)->headline, "lock order reversal");
	for (i = 0; i < 4; i++) {
		ck_assert_int_eq(wit_finding_level(wit_finding_level_name(levels[i])), levels[i]);
		ck_assert(i == 0 || levels[i] > levels[i - 1]);
	}
	ck_assert_ptr_null(wit_finding_level_name(WIT_LEVEL_CYCLE));
	ck_assert_int_eq(wit_finding_level("severe"), 0);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, where_a_cycle_was_entered_does_not_matter);
	tcase_add_test(tc, rotation);
	tcase_add_test(tc, names_and_kinds_are_told_apart);
	tcase_add_test(tc, frozen);
	tcase_add_test(tc, kinds_and_levels);
}

int
main(void)
{
	return (run_tests("core: finding", add));
}
