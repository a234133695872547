/* SPDX-License-Identifier: BSD-2-Clause */
/* The rules of check.c one by one, with exact sets of alarms, and the evidence that they leave. */
#include "core_fixture.h"

struct row {
	const char *story;
	const char *alarms[4];
};

/* R1: cycles of two, three and four; the closing nest in any place; both directions. */
static const struct row reversals[] = {
    {"EA EB; EA EB; EB EC; EA EC", {NULL}},
    {"EA EB; EB EA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"EB EA; EA EB", {"inversion A:3 B:4 A>B B>A", NULL}},
    {"SA SB; SB SA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"RA RB; RB RA", {NULL}},
    {"EA EB; EB EC; EC EA", {"inversion C:5 A:6 C>A A>B B>C", NULL}},
    {"EA EB; EC EA; EB EC", {"inversion B:5 C:6 B>C C>A A>B", NULL}},
    {"RA RB; RB RC; RC RA", {NULL}},
    {"EA EB; EB EC; EC ED; ED EA", {"inversion D:7 A:8 D>A A>B B>C C>D", NULL}},
    {"EA EB; EC ED; EB ED; ED EA", {"inversion D:7 A:8 D>A A>B B>D", NULL}},
    {"EA EB; EC ED; EB EC; ED EA", {"inversion D:7 A:8 D>A A>B B>C C>D", NULL}},
    /* From every held lock, newest to oldest, and each edge once. */
    {"EC EA; EC EB; EB EA? EC", {"inversion A:6 C:7 A>C C>A", "inversion B:5 C:7 B>C C>B", NULL}},
    {"EA EB; EB EA; EB EA; EA EB", {"inversion B:3 A:4 B>A A>B", NULL}},
    /* A second and a third cycle of one process. */
    {"EA EB; EB EA; EC ED; ED EC; EE EF; EF EE",
	{"inversion B:3 A:4 B>A A>B", "inversion D:7 C:8 D>C C>D", "inversion F:11 E:12 F>E E>F", NULL}},
};

/*
 * Where WITNESS is blind: a try in the middle, a known newest edge, a cycle through a reversal, a
 * flagged one in the way.
 */
static const struct row holes[] = {
    {"EA EB? EC; EC EA", {"inversion C:4 A:5 C>A A>C", NULL}},
    {"EB EC; EC EA; EA EB? EC", {"inversion A:5 C:7 A>C C>A", NULL}},
    {"EA EB; EB EA; EA EC; EC EB", {"inversion B:3 A:4 B>A A>B", "inversion C:7 B:8 C>B B>A A>C", NULL}},
    {"EC EA; EC EB; EA EC; EB EA? EC", {"inversion A:5 C:6 A>C C>A", "inversion B:7 C:9 B>C C>B", NULL}},
    /* And a try is no target, in either order. */
    {"EA EB?; EB EA", {NULL}},
    {"EB EA; EA EB?", {NULL}},
};

/* Reads: strong paths only. */
static const struct row reads[] = {
    {"RA EB; EB EA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"RA EB; EB RA", {NULL}},
    {"SA EB; EB SA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"SA EB; EB EA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"RA EB; EB RA; EB EA", {"inversion B:5 A:6 B>A A>B", NULL}},
    {"EA RB; EB RA", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"EA RX; EA EY; EY EX; SX EB; EB EA", {"inversion B:9 A:10 B>A A>Y Y>X X>B", NULL}},
    {"EB EA; SX EB; EY EX; EA EY; EA RX", {"inversion A:7 Y:8 A>Y Y>X X>B B>A", NULL}},
    /* A stronger use of an edge of a cycle that was said is no news ... */
    {"SA EB; EB EA; EA EB", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"SA EB; SB EA; EB EA", {"inversion B:3 A:4 B>A A>B", NULL}},
    /* ... nor does an edge that was an alarm once become another by being stronger ... */
    {"EA ED; ED EB; SB EA; EA RB; EB EA", {"inversion B:5 A:6 B>A A>D D>B", NULL}},
    /* ... where it closes the first, or another one, it is. */
    {"RA RB; RB RA; EA EB; EB EA", {"inversion A:5 B:6 A>B B>A", NULL}},
    {"SA RB; EB EC; EC EA; SB RA; EA EB",
	{"inversion C:5 A:6 C>A A>B B>C", "inversion A:9 B:10 A>B B>A", NULL}},
};

static const struct row lines[] = {
    /* Swap pager and allocator, July 2004: the lock of the same class is older than the one in conflict. */
    {"EO1 ES; EO1! ES EO2!", {"inversion O:3 S:4 O:5 S>O O>S", NULL}},
    {"EO1! EO2! ES EO3!", {"inversion O:2 S:3 O:4 S>O O>S", NULL}},
    /* Newer, it is not what the conflict is about. */
    {"EO1 ES; ES EO1? EO2!", {"inversion S:3 O:5 S>O O>S", NULL}},
    {"EO1! EP ES EO2!", {"inversion O:1 S:3 O:4 S>O O>S", "inversion O:1 P:2 O:4 P>O O>P", NULL}},
};

static const struct row duplicates[] = {
    {"EA1 EA2", {"duplicate A:1 A:2", NULL}},
    {"EA2 EA1", {"duplicate A:1 A:2", NULL}},
    {"EA1 EA2!", {NULL}},
    {"EA1! EA2", {"duplicate A:1 A:2", NULL}},
    {"EA1 EA2?", {NULL}},
    {"EA1 EB? EA2", {"duplicate A:1 A:3", NULL}},
    {"EA1 EA2; EA1 EA2; EA3 EA4", {"duplicate A:1 A:2", NULL}},
    {"EA1 EA2; EB1 EB2", {"duplicate A:1 A:2", "duplicate B:3 B:4", NULL}},
    {"SA1 SA2", {"duplicate A:1 A:2", NULL}},
    {"RA1 RA2", {NULL}},
    {"RA1 EA2", {"duplicate A:1 A:2", NULL}},
    {"EA1 RA2", {"duplicate A:1 A:2", NULL}},
    /* DUPOK mutes this rule, not reversals. */
    {"EA1 EB EA2", {"inversion A:1 B:2 A:3 B>A A>B", "duplicate A:1 A:3", NULL}},
    {"EA1 EB EA2!", {"inversion A:1 B:2 A:3 B>A A>B", NULL}},
};

static const struct row recursions[] = {
    {"EA1 EA1", {"recursion A:1 A:2", NULL}},
    {"EA1 EA1*", {NULL}},
    {"EA1 EB EA1*", {NULL}},
    {"EA1 EB EA1*; EB EC", {NULL}},
    {"EA1 EB EA1", {"recursion A:1 A:3", NULL}},
    {"RA1 RA1", {NULL}},
    {"SA1 RA1", {NULL}},
    {"SA1 SA1", {"recursion A:1 A:2", NULL}},
    {"RA1 EA1", {"recursion A:1 A:2", NULL}},
    {"EA1 RA1", {"recursion A:1 A:2", NULL}},
};

static const struct row no_order[] = {
    {"EA EB; EB EA~; EB EA~", {"inversion B:3 A:4 B>A A>B", NULL}},
    {"EA EB~; EB EA", {NULL}},
    {"EA EB~; EB EA~", {NULL}},
    {"RA EB; EB RA~", {NULL}},
    {"EA1 EA2~", {"duplicate A:1 A:2", NULL}},
};

static void
play_rows(const struct row *row, size_t rows)
{
	struct world w;

	for (; rows-- > 0; row++) {
		world_init(&w);
		world_play(&w, row->story);
		world_expect(&w, row->alarms);
		ck_assert_uint_eq(w.engine.lost, 0);
		world_fini(&w);
	}
}

#define PLAY(rows) play_rows((rows), sizeof(rows) / sizeof((rows)[0]))

START_TEST(r1_reversal)
{
	PLAY(reversals);
}
END_TEST

START_TEST(r1_holes_of_witness)
{
	PLAY(holes);
}
END_TEST

START_TEST(r1_reads)
{
	PLAY(reads);
}
END_TEST

START_TEST(r1_lines)
{
	PLAY(lines);
}
END_TEST

START_TEST(r1_no_order)
{
	PLAY(no_order);
}
END_TEST

START_TEST(r2_duplicate)
{
	PLAY(duplicates);
}
END_TEST

START_TEST(r3_recursion)
{
	PLAY(recursions);
}
END_TEST

/* Three nests in all six orders give the same verdict; which nest closes it differs. */
START_TEST(r1_permutations)
{
	static const struct {
		const char *nest[3];
		unsigned alarms;
	} cases[] = {
	    {{"EA RB;", "EB RC;", "EC RA;"}, 1},
	    {{"EA EB;", "RB RC;", "EC RA;"}, 1},
	    {{"EA EB;", "RB RC;", "RC EA;"}, 0},
	    {{"EA RB;", "RB RC;", "EC EA;"}, 0},
	    {{"EA EB;", "EB EC;", "EC EA;"}, 1},
	    {{"EA EB;", "EB EC;", "EA EC;"}, 0},
	};
	static const unsigned char orders[6][3] = {
	    {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	struct world w;
	char story[64];

	for (unsigned c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		for (unsigned o = 0; o < 6; o++) {
			snprintf(story, sizeof(story), "%s %s %s", cases[c].nest[orders[o][0]],
			    cases[c].nest[orders[o][1]], cases[c].nest[orders[o][2]]);
			world_init(&w);
			world_play(&w, story);
			ck_assert_msg(w.engine.alarms == cases[c].alarms, "%s: %u", story, w.engine.alarms);
			world_fini(&w);
		}
	}
}
END_TEST

/* R1c: on the thread's own list, and on its CPU's. */
START_TEST(r1_interlock)
{
	struct world w;
	struct lock a, b;
	struct wit_event event;

	for (int with = 0; with < 2; with++) {
		world_init(&w);
		a = world_lock(&w, "A", 0xa);
		b = world_lock(&w, "B", 0xb);
		take(&w, 1, a, 1);
		event = world_event(&w, 1, b, WIT_MODE_EXCLUSIVE, 0, 2);
		world_ask(&w, 1, &event, with ? &w.held[1].entry[0] : NULL);
		drop_all(&w, 1);
		take(&w, 2, b, 3);
		take(&w, 2, a, 4);
		if (with)
			EXPECT(&w);
		else
			EXPECT(&w, "inversion B:3 A:4 B>A A>B");
		world_fini(&w);
	}
}
END_TEST

/* R1b: a try that comes here all the same is no request. */
START_TEST(r1_try_is_no_request)
{
	struct world w;
	struct wit_event event;

	world_init(&w);
	take(&w, 1, world_lock(&w, "A", 0xa), 1);
	event = world_event(&w, 1, world_lock(&w, "B", 0xb), WIT_MODE_EXCLUSIVE, WIT_TRY, 2);
	ck_assert_uint_eq(world_ask(&w, 1, &event, NULL), 0);
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 0);
	ck_assert_uint_eq(wit_table_count(&w.engine.order.edges), 0);
	world_fini(&w);
}
END_TEST

/* R1d: nothing to store either, nor from a lock to itself. */
START_TEST(r1_one_class_is_no_edge)
{
	struct world w;

	world_init(&w);
	world_play(&w, "EA1 EA2! EA1*; EA2 EA1!");
	EXPECT(&w);
	ck_assert_uint_eq(wit_table_count(&w.engine.order.edges), 0);
	world_fini(&w);
}
END_TEST

START_TEST(r1_cpu_list_comes_last)
{
	struct world w;
	struct wit_held cpu;
	struct wit_holding holding = {.list = {NULL, &cpu}};
	struct wit_event event;
	struct wit_chain_key with, without;
	const struct wit_rec_chain *chain;
	struct lock a, s, t;

	world_init(&w);
	wit_held_init(&cpu);
	holding.list[0] = &w.held[1];
	a = world_lock(&w, "A", 0xa);
	s = world_lock(&w, "S", 0x5);
	t = world_lock(&w, "T", 0x7);
	take(&w, 1, a, 1);
	event = world_event(&w, 1, s, WIT_MODE_EXCLUSIVE, 0, 2);
	ck_assert_ptr_nonnull(wit_held_push(&cpu, &w.memory.arena, &event));
	event = world_event(&w, 1, t, WIT_MODE_EXCLUSIVE, 0, 3);
	ck_assert_uint_eq(wit_check_request(&w.engine, &holding, &event, wit_chain_key(&holding, &event)), 1);
	chain = world_by_id(&w, WIT_REC_CHAIN, 2);
	ck_assert_uint_eq(chain->lock.instance, 0x5);
	ck_assert_uint_eq(chain->lock.cpu, 1);
	ck_assert_uint_eq(chain->parent, 1);
	chain = world_by_id(&w, WIT_REC_CHAIN, 1);
	ck_assert_uint_eq(chain->lock.cpu, 0);
	/* An interlock on the CPU's list leaves the key of what remains. */
	holding.skip = &cpu.entry[0];
	with = wit_chain_key(&holding, &event);
	wit_held_drop(&cpu, &cpu.entry[0]);
	holding.skip = NULL;
	without = wit_chain_key(&holding, &event);
	ck_assert_uint_eq(with.roles, without.roles);
	ck_assert_uint_eq(with.instances, without.instances);
	world_fini(&w);
}
END_TEST

/* R3: once for a class and place. */
START_TEST(r3_once)
{
	struct world w;
	struct wit_event event;
	struct lock a;

	world_init(&w);
	a = world_lock(&w, "A", 0xa);
	take(&w, 1, a, 1);
	for (uint32_t line = 2; line <= 3; line++) {
		event = world_event(&w, 1, a, WIT_MODE_EXCLUSIVE, 0, line);
		wit_check_recursion(&w.engine, &w.held[1].entry[0], &event);
		wit_check_recursion(&w.engine, &w.held[1].entry[0], &event);
	}
	EXPECT(&w, "recursion A:1 A:2", "recursion A:1 A:3");
	world_fini(&w);
}
END_TEST

/* ---- evidence ---- */

START_TEST(nothing_held_is_nothing_known)
{
	struct world w;

	world_init(&w);
	world_play(&w, "EA; EB; EA; EA EB?");
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 0);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CHAIN), 0);
	world_fini(&w);
}
END_TEST

START_TEST(classes_sites_and_origins_once)
{
	struct world w;
	const struct wit_rec_site *site;

	world_init(&w);
	world_play(&w, "EA EB; EA EB");
	ck_assert_uint_eq(world_count(&w, WIT_REC_CLASS), 2);
	ck_assert_uint_eq(world_count(&w, WIT_REC_ORIGIN), 2);
	ck_assert_uint_ne(
	    wit_check_origin(&w.engine, "A", WIT_SX, "A", (struct wit_site){"vm/test.c", 99}), 0);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CLASS), 2);
	ck_assert_uint_eq(world_count(&w, WIT_REC_ORIGIN), 3);
	/* A code address goes through the sink. */
	site = world_by_id(
	    &w, WIT_REC_SITE, wit_check_site(&w.engine, (struct wit_site){(const void *)0x1234, 0}));
	ck_assert_uint_eq(site->frame, WIT_FRAME(1, 0x1234));
	ck_assert_uint_eq(wit_check_site(&w.engine, (struct wit_site){NULL, 0}), 0);
	world_fini(&w);
}
END_TEST

START_TEST(chains_share_beginnings)
{
	struct world w;
	const struct wit_rec_dependency *dep;
	const struct wit_rec_chain *chain;

	world_init(&w);
	/* One thread, so that locks and segments are the same. */
	for (int i = 0; i < 2; i++) {
		take(&w, 1, world_lock(&w, "A", 0xa), 1);
		take(&w, 1, world_lock(&w, "B", 0xb), 2);
		take(&w, 1, world_lock(&w, i == 0 ? "C" : "D", 0xc), 3);
		drop_all(&w, 1);
	}
	/* A -> B, A B -> C, A B -> D: two nodes are enough. */
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 3);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CHAIN), 2);
	dep = world_by_id(&w, WIT_REC_DEPENDENCY, 3);
	ck_assert_uint_eq(dep->depth, 2);
	chain = world_by_id(&w, WIT_REC_CHAIN, dep->chain);
	ck_assert_uint_eq(chain->lock.instance, 0xb);
	ck_assert_uint_eq(chain->parent, 1);
	world_fini(&w);
}
END_TEST

/* The n-th word of a dependency's or context's tail: the stack of the n-th newest held lock. */
static uint32_t
held_stack(const struct wit_rec *rec, unsigned n)
{
	const uint32_t *stack = wit_reader_tail(rec, 48 + 4 * n, 4);

	ck_assert_ptr_nonnull(stack);
	return (*stack);
}

START_TEST(stacks_walked_and_derived)
{
	const struct wit_walk walk = {
	    .count = 4, .frame = {11, 12, 13, 14}, .cfa = {0xf00, 0x1000, 0x1100, 0x1200}};
	struct world w;
	const struct wit_rec_dependency *dep;
	const struct wit_rec_stack *stack;
	const struct wit_rec *rec;
	const uint64_t *frame;

	world_init(&w);
	w.walk = &walk;
	world_play(&w, "EA EB");
	rec = world_record(&w, WIT_REC_DEPENDENCY, 0);
	dep = wit_reader_payload(rec, sizeof(*dep));
	stack = world_by_id(&w, WIT_REC_STACK, dep->stack);
	ck_assert_uint_eq(stack->count, 4);
	ck_assert_uint_eq(stack->derived, 0);
	/* A was taken by who was at 0x1000: where that call returned to, and the frames above, which are older. */
	stack = world_by_id(&w, WIT_REC_STACK, held_stack(rec, 0));
	ck_assert_uint_eq(stack->count, 3);
	ck_assert_uint_eq(stack->derived, 1);
	ck_assert_uint_eq(((const struct wit_rec_site *)world_by_id(&w, WIT_REC_SITE, stack->site))->line, 1);
	frame = (const uint64_t *)(stack + 1);
	ck_assert_uint_eq(frame[0], w.engine.sink.frame(w.engine.sink.owner, (const void *)WORLD_FROM));
	ck_assert_uint_eq(frame[1], 13);
	ck_assert_uint_eq(frame[2], 14);
	/* One that was walked at the time keeps its own. */
	take(&w, 2, world_lock(&w, "A", 0xa), 1);
	w.held[2].entry[0].stack = 77;
	take(&w, 2, world_lock(&w, "C", 0xc), 3);
	rec = world_record(&w, WIT_REC_DEPENDENCY, 1);
	ck_assert_uint_eq(held_stack(rec, 0), 77);
	/* The same stack again is the same id. */
	ck_assert_uint_eq(wit_check_stack(&w.engine, &walk), dep->stack);
	ck_assert_uint_eq(wit_check_stack(&w.engine, NULL), 0);
	world_fini(&w);
}
END_TEST

START_TEST(closes_is_on_record)
{
	struct world w;
	const struct wit_rec_dependency *dep;

	world_init(&w);
	world_play(&w, "EA EB; EB EA");
	dep = world_by_id(&w, WIT_REC_DEPENDENCY, 1);
	ck_assert_uint_eq(dep->closes, 0);
	dep = world_by_id(&w, WIT_REC_DEPENDENCY, 2);
	ck_assert_uint_eq(dep->closes, 1);
	ck_assert_uint_eq(dep->thread, 2);
	world_fini(&w);
}
END_TEST

/* One nest of two classes by a thread on two numbered locks. */
static uint32_t
nest(struct world *w, uint32_t thread, uint64_t outer, uint64_t inner)
{
	uint32_t dependency;

	take(w, thread, world_lock(w, "A", 0xa00 + outer), 1);
	dependency = take(w, thread, world_lock(w, "B", 0xb00 + inner), 2);
	drop_all(w, thread);
	return (dependency);
}

static const struct wit_rec_context *
context_at(const struct world *w, unsigned n)
{
	const struct wit_rec *rec = world_record(w, WIT_REC_CONTEXT, n);

	ck_assert_ptr_nonnull(rec);
	return (wit_reader_payload(rec, sizeof(struct wit_rec_context)));
}

/* Threads saturate at their limit; instances still come, and the other way round. */
START_TEST(saturation_of_threads)
{
	struct world w;

	world_init_failing(&w, (struct wit_limits){.threads = 3, .instances = 2}, 0, false, 65536);
	for (uint32_t thread = 1; thread <= 10; thread++)
		ck_assert_uint_eq(nest(&w, thread, 0, 0), 1);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 3);
	ck_assert_uint_eq(context_at(&w, 0)->thread, 2);
	ck_assert_uint_eq(context_at(&w, 1)->saturated, 0);
	ck_assert_uint_eq(context_at(&w, 2)->saturated, WIT_SATURATED_THREADS);
	nest(&w, 1, 0, 1);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 4);
	ck_assert_uint_eq(context_at(&w, 3)->saturated, 0);
	ck_assert_uint_eq(context_at(&w, 3)->instance, 0xb01);
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 1);
	ck_assert_uint_eq(wit_known_dependency(&w.engine.known, 1)->count, 11);
	ck_assert_uint_eq(w.engine.lost, 0);
	world_fini(&w);
}
END_TEST

START_TEST(saturation_of_instances)
{
	struct world w;

	world_init_failing(&w, (struct wit_limits){.threads = 3, .instances = 2}, 0, false, 65536);
	for (uint64_t n = 0; n < 10; n++)
		nest(&w, 1, n, 0);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 2);
	ck_assert_uint_eq(context_at(&w, 0)->saturated, 0);
	ck_assert_uint_eq(context_at(&w, 1)->saturated, WIT_SATURATED_INSTANCES);
	nest(&w, 2, 0, 0);
	nest(&w, 3, 5, 5);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 4);
	ck_assert_uint_eq(context_at(&w, 3)->thread, 3);
	nest(&w, 3, 5, 6);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 4);
	world_fini(&w);
}
END_TEST

static uint32_t
last_segment(const struct world *w, unsigned type, unsigned n)
{
	const struct wit_rec_context_last *last = wit_reader_last(world_record(w, type, n));

	ck_assert_ptr_nonnull(last);
	return (last->segment);
}

START_TEST(segments_in_place)
{
	struct world w;

	world_init(&w);
	w.segment[1] = 100;
	w.segment[2] = 200;
	nest(&w, 1, 0, 0);
	nest(&w, 2, 0, 0);
	ck_assert_uint_eq(last_segment(&w, WIT_REC_DEPENDENCY, 0), 100);
	ck_assert_uint_eq(last_segment(&w, WIT_REC_CONTEXT, 0), 200);
	w.segment[1] = 101;
	nest(&w, 1, 0, 0);
	w.segment[2] = 202;
	nest(&w, 2, 0, 0);
	ck_assert_uint_eq(last_segment(&w, WIT_REC_DEPENDENCY, 0), 101);
	ck_assert_uint_eq(last_segment(&w, WIT_REC_CONTEXT, 0), 202);
	/* The first stays, the records are good still, and no new one came. */
	ck_assert_uint_eq(context_at(&w, 0)->segment, 200);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 1);
	world_fini(&w);
}
END_TEST

START_TEST(segments_carry_held_lists)
{
	struct world w;
	struct wit_holding holding = {.list = {NULL, NULL}};
	const struct wit_rec_segment *segment;
	const struct wit_rec_held *held;
	const struct wit_rec_thread *thread;
	const struct wit_rec *rec;

	world_init(&w);
	ck_assert_uint_eq(wit_check_thread(&w.engine, 0, 10, NULL, NULL, "main"), 1);
	ck_assert_uint_eq(wit_check_thread(&w.engine, 1, 11, (const void *)0x77, NULL, NULL), 2);
	thread = world_by_id(&w, WIT_REC_THREAD, 2);
	ck_assert_uint_eq(thread->role, WIT_FRAME(1, 0x77));
	ck_assert_uint_eq(thread->parent, 1);
	ck_assert_str_eq(wit_reader_string(world_record(&w, WIT_REC_THREAD, 0), sizeof(*thread)), "main");
	take(&w, 1, world_lock(&w, "A", 0xa), 1);
	take(&w, 1, world_lock(&w, "B", 0xb), 2);
	holding.list[0] = &w.held[1];
	ck_assert_uint_eq(wit_check_segment(&w.engine, 1, WIT_SEGMENT_CREATE, 2, 42, &holding), 1);
	rec = world_record(&w, WIT_REC_SEGMENT, 0);
	segment = wit_reader_payload(rec, sizeof(*segment));
	ck_assert_uint_eq(segment->count, 2);
	ck_assert_uint_eq(segment->token, 42);
	held = wit_reader_tail(rec, sizeof(*segment), 2 * sizeof(*held));
	ck_assert_ptr_nonnull(held);
	ck_assert_uint_eq(held[0].instance, 0xa);
	ck_assert_uint_eq(held[0].serial, 1);
	ck_assert_uint_eq(held[1].instance, 0xb);
	ck_assert_uint_eq(wit_check_segment(&w.engine, 1, WIT_SEGMENT_START, 0, 0, NULL), 2);
	world_fini(&w);
}
END_TEST

START_TEST(observed_events)
{
	struct world w;
	const struct wit_rec_event *event;
	const struct wit_rec_instance *life;
	const struct wit_rec_counts *counts;
	struct wit_event what;

	world_init(&w);
	what = world_event(&w, 3, world_lock(&w, "A", 0xa), WIT_MODE_SHARED, WIT_TRY, 7);
	what.op = WIT_OP_ACQUIRE;
	wit_check_event(&w.engine, &what, 9);
	wit_check_instance(&w.engine, &what, false, true);
	event = wit_reader_payload(world_record(&w, WIT_REC_EVENT, 0), sizeof(*event));
	ck_assert_uint_eq(event->sequence, 9);
	ck_assert_uint_eq(event->op, WIT_OP_ACQUIRE);
	ck_assert_uint_eq(event->mode, WIT_MODE_SHARED);
	ck_assert_uint_eq(event->flags, WIT_TRY);
	ck_assert_uint_eq(event->thread, 3);
	life = wit_reader_payload(world_record(&w, WIT_REC_INSTANCE, 0), sizeof(*life));
	ck_assert(life->renewed == 1 && life->ended == 0 && life->instance == 0xa);
	wit_check_counts(&w.engine, &(struct wit_rec_counts){.scope = WIT_COUNT_RUN, .acquisitions = 5});
	counts = wit_reader_payload(world_record(&w, WIT_REC_COUNTS, 0), sizeof(*counts));
	ck_assert_uint_eq(counts->acquisitions, 5);
	world_fini(&w);
}
END_TEST

/* Forty locks deep, then deeper than any limit of the forerunners: 10 241 held by one thread. */
START_TEST(deep_nests)
{
	struct world w;
	struct lock b;
	uint32_t i;

	world_init(&w);
	b = world_lock(&w, "B", 0xb);
	for (i = 0; i < 10241; i++)
		world_take(&w, 1, (struct lock){world_class(&w, "A"), 0x10000 + i, WIT_DUPOK}, 0, WIT_TRY, 1);
	ck_assert_uint_eq(take(&w, 1, b, 2), 1);
	ck_assert_uint_eq(w.engine.lost, 0);
	ck_assert_uint_eq(
	    ((const struct wit_rec_dependency *)world_by_id(&w, WIT_REC_DEPENDENCY, 1))->depth, 10241);
	world_fini(&w);
}
END_TEST

/* ---- when there is no more ---- */

static const char *const long_story =
    "EA EB EC; EB EC ED; EC EA; EA1 EB1 EC1; ED EE EF; EF ED; EA2 EA3; EG EG; EB EC ED; EH EI; EI EJ; EJ EH";
static const struct wit_walk long_walk = {.count = 3, .frame = {21, 22, 23}, .cfa = {0x900, 0x1100, 0x1200}};

/* A real limit at every place: nothing crashes, what is kept is good, and what is not is said. */
static unsigned
play_failing(unsigned at, bool after, size_t least)
{
	struct world w;
	struct wit_reader reader;
	unsigned grows;
	const char *what = "";

	world_init_failing(&w, (struct wit_limits)WIT_LIMITS_DEFAULT, at, after, least);
	w.walk = &long_walk;
	world_play(&w, long_story);
	grows = w.memory.grows;
	if (at == 0)
		ck_assert_uint_eq(w.engine.lost, 0);
	else if (grows >= at)
		ck_assert_uint_gt(w.engine.lost, 0);
	ck_assert_msg(wit_order_verify(&w.engine.order, &what) == 0, "%u: %s", at, what);
	ck_assert_int_eq(wit_reader_open(&reader, w.file, w.used), WIT_READER_OK);
	while (wit_reader_next(&reader, false) != NULL)
		;
	ck_assert_uint_eq(reader.bad_bytes, 0);
	ck_assert_uint_le(world_count(&w, WIT_REC_ALARM), 6);
	world_fini(&w);
	return (grows);
}

START_TEST(memory_fails_everywhere)
{
	static const size_t least[] = {64, 2048, 16384};
	unsigned i, at, grows;

	for (i = 0; i < sizeof(least) / sizeof(least[0]); i++) {
		grows = play_failing(0, false, least[i]);
		ck_assert_uint_gt(grows, 2);
		for (at = 1; at <= grows; at++) {
			play_failing(at, true, least[i]);
			play_failing(at, false, least[i]);
		}
	}
}
END_TEST

/* Stacks go first, then contexts; dependencies and alarms last. */
START_TEST(what_is_given_up_first)
{
	struct world w;
	unsigned stacks;

	world_init(&w);
	w.walk = &long_walk;
	world_play(&w, "EA EB");
	stacks = world_count(&w, WIT_REC_STACK);
	ck_assert_uint_gt(stacks, 0);
	w.engine.tight = WIT_TIGHT_STACKS;
	w.segment[2] = 2;
	world_play(&w, "EC ED; EA EB; EC EA; ED EC");
	ck_assert_uint_eq(world_count(&w, WIT_REC_STACK), stacks);
	ck_assert_uint_eq(world_count(&w, WIT_REC_DEPENDENCY), 5);
	ck_assert_uint_gt(w.engine.lost, 0);
	w.engine.tight = WIT_TIGHT_CONTEXTS;
	w.segment[5] = 5;
	take(&w, 5, world_lock(&w, "A", 0x999), 1);
	take(&w, 5, world_lock(&w, "B", 0x998), 2);
	drop_all(&w, 5);
	ck_assert_uint_eq(world_count(&w, WIT_REC_CONTEXT), 0);
	/* Nor asked again, at every acquisition. */
	ck_assert_uint_eq(wit_known_dependency(&w.engine.known, 1)->saturated,
	    WIT_SATURATED_THREADS | WIT_SATURATED_INSTANCES);
	take(&w, 5, world_lock(&w, "B", 0x998), 3);
	take(&w, 5, world_lock(&w, "A", 0x999), 4);
	ck_assert_uint_eq(w.engine.alarms, 2);
	world_fini(&w);
}
END_TEST

START_TEST(a_sink_that_is_full)
{
	struct world w;

	world_init(&w);
	w.full = true;
	world_play(&w, long_story);
	w.segment[1] = 9;
	world_play(&w, "EA EB");
	ck_assert_uint_gt(w.engine.alarms, 0);
	ck_assert_uint_eq(w.used, WIT_RUNFILE_HEADER);
	world_fini(&w);
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, r1_reversal);
	tcase_add_test(tc, r1_holes_of_witness);
	tcase_add_test(tc, r1_reads);
	tcase_add_test(tc, r1_lines);
	tcase_add_test(tc, r1_no_order);
	tcase_add_test(tc, r1_permutations);
	tcase_add_test(tc, r1_interlock);
	tcase_add_test(tc, r1_one_class_is_no_edge);
	tcase_add_test(tc, r1_try_is_no_request);
	tcase_add_test(tc, r1_cpu_list_comes_last);
	tcase_add_test(tc, r2_duplicate);
	tcase_add_test(tc, r3_recursion);
	tcase_add_test(tc, r3_once);
	tcase_add_test(tc, nothing_held_is_nothing_known);
	tcase_add_test(tc, classes_sites_and_origins_once);
	tcase_add_test(tc, chains_share_beginnings);
	tcase_add_test(tc, stacks_walked_and_derived);
	tcase_add_test(tc, closes_is_on_record);
	tcase_add_test(tc, saturation_of_threads);
	tcase_add_test(tc, saturation_of_instances);
	tcase_add_test(tc, segments_in_place);
	tcase_add_test(tc, segments_carry_held_lists);
	tcase_add_test(tc, observed_events);
	tcase_add_test(tc, deep_nests);
	tcase_add_test(tc, memory_fails_everywhere);
	tcase_add_test(tc, what_is_given_up_first);
	tcase_add_test(tc, a_sink_that_is_full);
}

int
main(void)
{
	return (run_tests("core: check", add));
}
