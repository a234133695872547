/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Is the tool alive at all?  A planted reversal, through the pure core, must be seen: one alarm,
 * two lines, two edges.
 */
#include "core_fixture.h"

static void
nest(struct world *w, uint32_t thread, struct lock outer, struct lock inner, uint32_t line)
{
	take(w, thread, outer, line);
	take(w, thread, inner, line + 1);
	drop(w, thread, inner);
	drop(w, thread, outer);
}

START_TEST(planted_abba_is_seen)
{
	struct world w;
	struct lock a, b;

	world_init(&w);
	a = world_lock(&w, "a", 0xa);
	b = world_lock(&w, "b", 0xb);
	nest(&w, 1, a, b, 10);
	nest(&w, 2, b, a, 20);
	EXPECT(&w, "inversion b:20 a:21 b>a a>b");
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 2);
	ck_assert_uint_eq(w.engine.lost, 0);
	nest(&w, 1, a, b, 10);
	nest(&w, 1, b, a, 30);
	ck_assert_uint_eq(w.engine.alarms, 1);
	world_fini(&w);
}
END_TEST

START_TEST(one_order_is_silent)
{
	struct world w;
	struct lock a, b;

	world_init(&w);
	a = world_lock(&w, "a", 0xa);
	b = world_lock(&w, "b", 0xb);
	nest(&w, 1, a, b, 10);
	nest(&w, 2, a, b, 20);
	EXPECT(&w);
	world_fini(&w);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, planted_abba_is_seen);
	tcase_add_test(tc, one_order_is_silent);
}

int
main(void)
{
	return (run_tests("core: alive", add));
}
