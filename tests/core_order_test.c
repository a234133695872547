/* SPDX-License-Identifier: BSD-2-Clause */
/* order.c against a naive model, step by step; strong paths; depth; memory that fails. */
#include "core_fixture.h"
#include "core/order.h"

#define N 48 /* classes of the model are 1..N at most */

static const unsigned strengths[4] = {WIT_STRENGTH_EN, WIT_STRENGTH_ER, WIT_STRENGTH_SN, WIT_STRENGTH_SR};

/* The model: a matrix of strengths, and every question answered from scratch. */
struct model {
	unsigned n;
	unsigned char edge[N + 1][N + 1];
};

static bool
asked_recursive(unsigned strength)
{
	return (strength == WIT_STRENGTH_ER || strength == WIT_STRENGTH_SR);
}

static bool
held_shared(unsigned strength)
{
	return (strength == WIT_STRENGTH_SN || strength == WIT_STRENGTH_SR);
}

/*
 * Length of the shortest strong path from `to` back to `from`, before and after an edge of this
 * strength; 0: none.
 */
static unsigned
model_path(const struct model *m, unsigned from, unsigned to, unsigned strength)
{
	unsigned dist[N + 1][2] = {{0}}, queue[2 * N + 2], head = 0, tail = 0, k, next;

	queue[tail++] = to * 2 + asked_recursive(strength);
	dist[to][asked_recursive(strength)] = 1;
	while (head < tail) {
		unsigned at = queue[head] / 2, recursive = queue[head] % 2;

		head++;
		if (at == from && !(recursive && held_shared(strength)))
			return (dist[at][recursive] - 1);
		for (next = 1; next <= m->n; next++) {
			for (k = 0; k < 4; k++) {
				unsigned s = strengths[k], r = asked_recursive(s);

				if ((m->edge[at][next] & s) == 0 || (recursive && held_shared(s)) ||
				    dist[next][r] != 0)
					continue;
				dist[next][r] = dist[at][recursive] + 1;
				queue[tail++] = next * 2 + r;
			}
		}
	}
	return (0);
}

static bool
model_reaches(const struct model *m, unsigned a, unsigned b)
{
	bool seen[N + 1] = {false};
	unsigned queue[N + 1], head = 0, tail = 0, next;

	queue[tail++] = a;
	seen[a] = true;
	while (head < tail) {
		unsigned at = queue[head++];

		for (next = 1; next <= m->n; next++) {
			if (m->edge[at][next] == 0 || seen[next])
				continue;
			seen[next] = true;
			queue[tail++] = next;
		}
	}
	return (seen[b]);
}

/* Deterministic, the same everywhere (xorshift). */
static uint64_t seed;

static unsigned
pick(unsigned below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return ((unsigned)((seed >> 11) % below));
}

/*
 * The path is one: from edge to edge, by strengths that are there, strong all along and round the
 * closing edge.
 */
static void
check_path(struct wit_order *order, const struct model *m, unsigned from, unsigned to, unsigned strength)
{
	struct wit_order_step steps[2 * N + 2];
	int length = wit_order_path(order, from, to, strength, steps, 2 * N + 2), i;
	unsigned at = to;
	bool recursive = asked_recursive(strength);

	MUST(length == (int)model_path(m, from, to, strength));
	for (i = 0; i < length; i++) {
		const struct wit_order_edge *edge = wit_order_edge_at(order, steps[i].edge);

		MUST((edge->from) == (at));
		MUST((m->edge[edge->from][edge->to] & steps[i].strength) != (0));
		MUST(!(recursive && held_shared(steps[i].strength)));
		recursive = asked_recursive(steps[i].strength);
		at = edge->to;
	}
	if (length > 0) {
		MUST((at) == (from));
		MUST(!(recursive && held_shared(strength)));
	}
}

static void
check_cycle(struct wit_order *order, const struct model *m, unsigned from, unsigned to)
{
	uint32_t edges[2 * N + 2], id = wit_order_find(order, from, to);
	unsigned best = 0, k, one;
	int length, i;

	for (k = 0; k < 4; k++) {
		one = (m->edge[from][to] & strengths[k]) != 0 ? model_path(m, from, to, strengths[k]) : 0;
		if (one != 0 && (best == 0 || one < best))
			best = one;
	}
	length = wit_order_cycle(order, id, edges, 2 * N + 2);
	MUST(length == (best == 0 ? 0 : (int)best + 1));
	for (i = 0; i < length; i++) {
		const struct wit_order_edge *edge = wit_order_edge_at(order, edges[i]);

		MUST((edge->to) == (wit_order_edge_at(order, edges[(i + 1) % length])->from));
	}
	if (length > 0)
		MUST((edges[0]) == (id));
	/* Cut short it says the length all the same, and no more is written. */
	if (length > 2) {
		uint32_t two[3] = {0, 0, 0xdead};

		MUST((wit_order_cycle(order, id, two, 2)) == (length));
		MUST(two[0] == edges[0] && two[1] == edges[1] && two[2] == 0xdead);
	}
}

static void
check_pair(struct wit_order *order, const struct model *m)
{
	unsigned a = 1 + pick(m->n), b = 1 + pick(m->n), k;
	bool there, back;

	if (a == b || a > wit_table_count(&order->nodes) || b > wit_table_count(&order->nodes))
		return;
	there = model_reaches(m, a, b);
	back = model_reaches(m, b, a);
	MUST((wit_order_reaches(order, a, b)) == (there));
	MUST((wit_order_component(order, a) == wit_order_component(order, b)) == (there && back));
	for (k = 0; k < 4; k++)
		MUST((wit_order_has(order, a, b, strengths[k])) == ((m->edge[a][b] & strengths[k]) != 0));
	check_path(order, m, a, b, strengths[pick(4)]);
}

/* One edge at random; `order_bias` of 8 follow a hidden order, so that long acyclic stretches come too. */
static void
random_step(struct wit_order *order, struct model *m, unsigned bias, unsigned modes)
{
	unsigned from = 1 + pick(m->n), to = 1 + pick(m->n), strength = strengths[pick(modes)], expected;

	if (from == to)
		return;
	if (pick(8) < bias && (from * 7919u % 101) > (to * 7919u % 101)) {
		unsigned other = from;

		from = to;
		to = other;
	}
	if ((m->edge[from][to] & strength) != 0)
		expected = WIT_ORDER_KNOWN;
	else {
		m->edge[from][to] |= (unsigned char)strength;
		expected = model_path(m, from, to, strength) != 0 ? WIT_ORDER_CYCLE : WIT_ORDER_ADDED;
	}
	MUST((wit_order_add(order, from, to, strength)) == ((int)expected));
	check_cycle(order, m, from, to);
}

START_TEST(against_the_model)
{
	static struct model m;
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";
	unsigned steps = 0, round;

	seed = 0x2004071500000001u;
	for (round = 0; steps < 100000; round++) {
		unsigned n = 3 + pick(N - 2), count = n * (1 + pick(12)), bias = pick(9), modes = 1 + pick(4),
			 i;

		memset(&m, 0, sizeof(m));
		m.n = n;
		fixture_arena_init(&memory, 65536);
		wit_order_init(&order, &memory.arena);
		for (i = 0; i < count; i++, steps++) {
			random_step(&order, &m, bias, modes);
			check_pair(&order, &m);
			if ((n < 16 || i % 8 == 0) && wit_order_verify(&order, &what) != 0)
				ck_abort_msg("round %u step %u: %s", round, i, what);
		}
		fixture_arena_fini(&memory);
	}
}
END_TEST

START_TEST(large_and_sparse)
{
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";
	unsigned i, cycles = 0;

	seed = 77;
	fixture_arena_init(&memory, 65536);
	wit_order_init(&order, &memory.arena);
	for (i = 0; i < 20000; i++) {
		unsigned from = 1 + pick(5000), to = 1 + pick(5000);

		if (from == to)
			continue;
		if (i % 100 != 0 && from > to) {
			unsigned other = from;

			from = to;
			to = other;
		}
		cycles += wit_order_add(&order, from, to, WIT_STRENGTH_EN) == WIT_ORDER_CYCLE;
		if (i % 1000 == 0)
			if (wit_order_verify(&order, &what) != 0)
				ck_abort_msg("%u: %s", i, what);
	}
	ck_assert_uint_gt(cycles, 0);
	if (wit_order_verify(&order, &what) != 0)
		ck_abort_msg("%s", what);
	fixture_arena_fini(&memory);
}
END_TEST

/* 60 000 classes in a row, then closed: no walk may recurse. */
START_TEST(deep)
{
	const uint32_t n = 60000;
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";
	uint32_t i;

	fixture_arena_init(&memory, 1 << 20);
	wit_order_init(&order, &memory.arena);
	for (i = 1; i < n; i++)
		MUST((wit_order_add(&order, i, i + 1, WIT_STRENGTH_EN)) == (WIT_ORDER_ADDED));
	MUST((wit_order_reaches(&order, 1, n)) == (1));
	MUST((wit_order_reaches(&order, n, 1)) == (0));
	MUST((wit_order_add(&order, n, 1, WIT_STRENGTH_EN)) == (WIT_ORDER_CYCLE));
	MUST((wit_order_cycle(&order, wit_order_find(&order, n, 1), NULL, 0)) == ((int)n));
	MUST((wit_order_component(&order, 1)) == (wit_order_component(&order, n / 2)));
	MUST((wit_order_verify(&order, &what)) == (0));
	fixture_arena_fini(&memory);
}
END_TEST

/* A row built from its wrong end, so that every edge moves all that is there; then closed from the middle. */
START_TEST(backwards)
{
	const uint32_t n = 2000;
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";
	uint32_t i;

	fixture_arena_init(&memory, 1 << 20);
	wit_order_init(&order, &memory.arena);
	for (i = 1; i < n; i++)
		MUST(wit_order_add(&order, i + 1, i, WIT_STRENGTH_EN) == WIT_ORDER_ADDED);
	ck_assert_msg(wit_order_verify(&order, &what) == 0, "%s", what);
	ck_assert_int_eq(wit_order_reaches(&order, n, 1), 1);
	ck_assert_int_eq(wit_order_add(&order, 1, n / 2, WIT_STRENGTH_EN), WIT_ORDER_CYCLE);
	ck_assert_msg(wit_order_verify(&order, &what) == 0, "%s", what);
	ck_assert_uint_eq(wit_order_component(&order, 1), wit_order_component(&order, n / 2));
	ck_assert_uint_ne(wit_order_component(&order, 1), wit_order_component(&order, n / 2 + 1));
	ck_assert_int_eq(wit_order_reaches(&order, 1, n), 0);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(strengths_of_modes)
{
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_EXCLUSIVE, WIT_MODE_EXCLUSIVE), WIT_STRENGTH_EN);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_EXCLUSIVE, WIT_MODE_SHARED), WIT_STRENGTH_EN);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_EXCLUSIVE, WIT_MODE_RECURSIVE), WIT_STRENGTH_ER);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_SHARED, WIT_MODE_EXCLUSIVE), WIT_STRENGTH_SN);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_RECURSIVE, WIT_MODE_SHARED), WIT_STRENGTH_SN);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_SHARED, WIT_MODE_RECURSIVE), WIT_STRENGTH_SR);
	ck_assert_uint_eq(wit_order_strength(WIT_MODE_RECURSIVE, WIT_MODE_RECURSIVE), WIT_STRENGTH_SR);
}
END_TEST

/*
 * A class first reached weakly is left again when it is reached otherwise (lockdep's search misses
 * this one).
 */
START_TEST(reached_weakly_first)
{
	enum { A = 1, B, X, Y };
	struct fixture_arena memory;
	struct wit_order order;
	uint32_t edges[8];

	fixture_arena_init(&memory, 4096);
	wit_order_init(&order, &memory.arena);
	ck_assert_int_eq(wit_order_add(&order, A, X, WIT_STRENGTH_ER), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, A, Y, WIT_STRENGTH_EN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, Y, X, WIT_STRENGTH_EN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, X, B, WIT_STRENGTH_SN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, B, A, WIT_STRENGTH_EN), WIT_ORDER_CYCLE);
	ck_assert_int_eq(wit_order_cycle(&order, wit_order_find(&order, B, A), edges, 8), 4);
	ck_assert_uint_eq(edges[1], wit_order_find(&order, A, Y));
	/* Without the way round by Y there is a component, but no strong cycle. */
	wit_order_init(&order, &memory.arena);
	ck_assert_int_eq(wit_order_add(&order, A, X, WIT_STRENGTH_ER), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, X, B, WIT_STRENGTH_SN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, B, A, WIT_STRENGTH_EN), WIT_ORDER_ADDED);
	ck_assert_uint_eq(wit_order_component(&order, A), wit_order_component(&order, X));
	ck_assert_int_eq(wit_order_add(&order, A, X, WIT_STRENGTH_EN), WIT_ORDER_CYCLE);
	fixture_arena_fini(&memory);
}
END_TEST

/* The closing edge's own two ends must agree with the path: one dependency is one thread. */
START_TEST(the_closing_edge_is_one)
{
	struct fixture_arena memory;
	struct wit_order order;

	fixture_arena_init(&memory, 4096);
	wit_order_init(&order, &memory.arena);
	/* 2 -> 1 asks recursively; 1 -> 2 held shared may not follow, whatever it asks. */
	wit_order_add(&order, 2, 1, WIT_STRENGTH_ER);
	ck_assert_int_eq(wit_order_add(&order, 1, 2, WIT_STRENGTH_SN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, 1, 2, WIT_STRENGTH_SR), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_add(&order, 1, 2, WIT_STRENGTH_ER), WIT_ORDER_CYCLE);
	ck_assert_int_eq(wit_order_add(&order, 1, 2, WIT_STRENGTH_ER), WIT_ORDER_KNOWN);
	fixture_arena_fini(&memory);
}
END_TEST

START_TEST(unknown_classes)
{
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";

	fixture_arena_init(&memory, 4096);
	wit_order_init(&order, &memory.arena);
	ck_assert_int_eq(wit_order_verify(&order, &what), 0);
	ck_assert_int_eq(wit_order_reaches(&order, 1, 2), 0);
	ck_assert_uint_eq(wit_order_find(&order, 1, 2), 0);
	ck_assert_uint_eq(wit_order_component(&order, 9), 9);
	ck_assert_int_eq(wit_order_path(&order, 1, 2, WIT_STRENGTH_EN, NULL, 0), 0);
	ck_assert_int_eq(wit_order_add(&order, 3, 5, WIT_STRENGTH_EN), WIT_ORDER_ADDED);
	ck_assert_int_eq(wit_order_verify(&order, &what), 0);
	fixture_arena_fini(&memory);
}
END_TEST

/* -ENOMEM stores nothing: the structure holds, and the same edge can be added later. */
START_TEST(memory_fails)
{
	struct fixture_arena memory;
	struct wit_order order;
	const char *what = "";
	unsigned at, refused;

	for (at = 1; at < 60; at++) {
		seed = 5;
		refused = 0;
		fixture_arena_init(&memory, 1024);
		memory.fail_at = at;
		wit_order_init(&order, &memory.arena);
		for (int i = 0; i < 400; i++) {
			unsigned from = 1 + pick(90), to = 1 + pick(90),
				 edges = wit_table_count(&order.edges);
			int result;

			if (from == to)
				continue;
			result = wit_order_add(&order, from, to, WIT_STRENGTH_EN);
			if (result >= 0)
				continue;
			refused++;
			ck_assert_int_eq(result, -ENOMEM);
			ck_assert_uint_eq(wit_table_count(&order.edges), edges);
			ck_assert_uint_eq(wit_order_find(&order, from, to), 0);
			ck_assert_msg(wit_order_verify(&order, &what) == 0, "%u: %s", at, what);
			ck_assert_int_ge(wit_order_add(&order, from, to, WIT_STRENGTH_EN), 0);
		}
		ck_assert_uint_eq(refused, memory.grows >= at);
		ck_assert_msg(wit_order_verify(&order, &what) == 0, "%u: %s", at, what);
		fixture_arena_fini(&memory);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, strengths_of_modes);
	tcase_add_test(tc, reached_weakly_first);
	tcase_add_test(tc, the_closing_edge_is_one);
	tcase_add_test(tc, unknown_classes);
	tcase_add_test(tc, against_the_model);
	tcase_add_test(tc, large_and_sparse);
	tcase_add_test(tc, deep);
	tcase_add_test(tc, backwards);
	tcase_add_test(tc, memory_fails);
}

int
main(void)
{
	return (run_tests("core: order", add));
}
