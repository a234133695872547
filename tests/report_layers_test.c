/* SPDX-License-Identifier: BSD-2-Clause */
/* Layers of random graphs, dense and thin, with cycles and without, against what the rules say literally. */
#include <string.h>

#include "layers.h"
#include "view_fixture.h"

#define CLASSES 24
#define EDGES 200

static struct rep_class classes[CLASSES];
static struct rep_edge edges[EDGES];
static struct rep_view view = {.class = classes, .class_count = CLASSES, .edge = edges};
static uint64_t state;

static uint64_t
draw(uint64_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static void
make_graph(uint64_t seed, size_t count, bool acyclic)
{
	bool known[CLASSES][CLASSES] = {{false}};

	state = seed;
	for (size_t i = 0; i < CLASSES; i++)
		classes[i] = (struct rep_class){"", "", "", 1, 1, false};
	view.edge_count = 0;
	while (view.edge_count < count) {
		size_t from = draw(CLASSES), to = draw(CLASSES);

		if (known[from][to] || (acyclic && from >= to))
			continue;
		known[from][to] = true;
		edges[view.edge_count++] = (struct rep_edge){
		    from, to, 1 + draw(50), "runtime", draw(12) == 0, !acyclic && draw(9) == 0, NULL, 0};
	}
}

/* by[a][b]: a way from a to b over the edges of a set, of one edge at least (Warshall). */
static void
close_over(bool by[CLASSES][CLASSES], const bool *set)
{
	memset(by, 0, CLASSES * sizeof(*by));
	for (size_t i = 0; i < view.edge_count; i++) {
		if (set[i])
			by[edges[i].from][edges[i].to] = true;
	}
	for (size_t k = 0; k < CLASSES; k++) {
		for (size_t a = 0; a < CLASSES; a++) {
			for (size_t b = 0; by[a][k] && b < CLASSES; b++)
				by[a][b] |= by[k][b];
		}
	}
}

static bool
is_implied(const struct rep_layers *layers, bool down[CLASSES][CLASSES], size_t edge)
{
	for (size_t k = 0; layers->ranks[edge] && !edges[edge].in_cycle && k < view.edge_count; k++) {
		if (layers->ranks[k] && k != edge && edges[k].from == edges[edge].from &&
		    down[edges[k].to][edges[edge].to])
			return true;
	}
	return false;
}

static void
check_graph(void)
{
	bool all[EDGES], by[CLASSES][CLASSES], down[CLASSES][CLASSES];
	size_t longest[CLASSES] = {0};
	struct rep_kept kept;
	struct rep_layers layers;

	ck_assert_int_eq(rep_render_focus(&kept, &view, NULL), 0);
	ck_assert_int_eq(rep_layers_init(&layers, &view, &kept), 0);
	for (size_t i = 0; i < view.edge_count; i++)
		all[i] = !edges[i].exempt && edges[i].from != edges[i].to;
	close_over(by, all);
	close_over(down, layers.ranks);
	for (size_t round = 0; round < CLASSES; round++) {
		for (size_t i = 0; i < view.edge_count; i++) {
			if (layers.ranks[i] && longest[edges[i].to] <= longest[edges[i].from])
				longest[edges[i].to] = longest[edges[i].from] + 1;
		}
	}
	for (size_t i = 0; i < CLASSES; i++) {
		ck_assert_msg(!down[i][i], "what ranks has a circle");
		ck_assert_uint_eq(layers.layer[i], longest[i]);
		ck_assert_uint_lt(layers.layer[i], layers.count);
	}
	for (size_t i = 0; i < view.edge_count; i++) {
		if (!all[i])
			ck_assert(!layers.ranks[i]);
		else if (!by[edges[i].to][edges[i].from])
			ck_assert_msg(layers.ranks[i], "an edge on no circle gave way");
		ck_assert(layers.implied[i] == is_implied(&layers, down, i));
	}
	rep_layers_fini(&layers);
	rep_render_drop_focus(&kept);
}

START_TEST(random_graphs)
{
	for (uint64_t seed = 0; seed < 400; seed++) {
		make_graph(seed, 10 + seed % 180, false);
		check_graph();
		make_graph(seed, 10 + seed % 140, true);
		check_graph();
	}
}
END_TEST

/* Of a circle the rarest edge gives way, wherever it stands in it. */
START_TEST(the_rarest_gives_way)
{
	struct rep_kept kept;
	struct rep_layers layers;

	for (size_t rare = 0; rare < 5; rare++) {
		view.edge_count = 5;
		for (size_t i = 0; i < 5; i++)
			edges[i] = (struct rep_edge){
			    i, (i + 1) % 5, i == rare ? 1 : 50, "runtime", false, true, NULL, 0};
		ck_assert_int_eq(rep_render_focus(&kept, &view, NULL), 0);
		ck_assert_int_eq(rep_layers_init(&layers, &view, &kept), 0);
		for (size_t i = 0; i < 5; i++)
			ck_assert(layers.ranks[i] == (i != rare));
		rep_layers_fini(&layers);
		rep_render_drop_focus(&kept);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: layers");
	TCase *tc = tcase_create("layers");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, random_graphs);
	tcase_add_test(tc, the_rarest_gives_way);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
