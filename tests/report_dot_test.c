/* SPDX-License-Identifier: BSD-2-Clause */
/* The graph in the dot language, read back by cgraph; and as a picture. */
#include <errno.h>
#include <string.h>

#include <cgraph.h>

#include "view_fixture.h"

static Agraph_t *
parse(const char *text)
{
	Agraph_t *graph = agmemread(text);

	ck_assert_msg(graph != NULL, "no graph:\n%s", text);
	return graph;
}

static Agedge_t *
edge_between(Agraph_t *graph, const char *from, const char *to)
{
	Agnode_t *tail = agnode(graph, (char *)(uintptr_t)from, 0),
		 *head = agnode(graph, (char *)(uintptr_t)to, 0);

	ck_assert_msg(tail && head, "%s or %s is no node", from, to);
	return agedge(graph, tail, head, NULL, 0);
}

static void
expect(void *object, const char *attribute, const char *value)
{
	const char *found = agget(object, (char *)(uintptr_t)attribute);

	ck_assert_str_eq(found ? found : "(none)", value);
}

static bool
has_word(void *object, const char *word)
{
	char list[256];

	snprintf(list, sizeof(list), " %s ", agget(object, (char *)(uintptr_t) "class"));
	return strstr(list, word) != NULL;
}

/* Every class a node, every edge an edge with its link; red and thick on a cycle, dashed when exempt. */
START_TEST(whole_story)
{
	const struct rep_view *view = fixture_story();
	char *text = FIXTURE_RENDER(rep_dot_write(out, view, NULL)), link[64];
	Agraph_t *graph = parse(text);

	ck_assert_int_eq(agnnodes(graph), F_CLASSES);
	ck_assert_int_eq(agnedges(graph), (int)view->edge_count);
	for (size_t i = 0; i < view->edge_count; i++) {
		const struct rep_edge *edge = &view->edge[i];
		Agedge_t *drawn =
		    edge_between(graph, view->class[edge->from].name, view->class[edge->to].name);

		ck_assert_msg(drawn != NULL, "edge %zu is not drawn", i);
		snprintf(link, sizeof(link), "#edge-%zu", i);
		expect(drawn, "URL", link);
		snprintf(link, sizeof(link), "line-%zu", i);
		expect(drawn, "id", link);
		expect(drawn, "color",
		    edge->in_cycle		   ? "#c4262e"
		    : has_word(drawn, " implied ") ? "#c3cad2"
						   : "#7d8794");
		ck_assert((atof(agget(drawn, (char *)(uintptr_t) "penwidth")) > 2) == edge->in_cycle);
		expect(drawn, "style", edge->exempt ? "dashed" : "");
		ck_assert(has_word(drawn, " cycle ") == edge->in_cycle);
		ck_assert(has_word(drawn, " exempt ") == edge->exempt);
	}
	expect(edge_between(graph, "standard object", "swap_pager swhash"), "label", " 2145");
	expect(edge_between(graph, "standard object", "vm page queue mutex"), "label", " 31k");
	expect(agnode(graph, (char *)(uintptr_t) "standard object", 0), "tooltip",
	    "standard object = vm_object.mtx: sleep mutex, 41 locks, 48112 nested acquisitions");
	agclose(graph);
	free(text);
}
END_TEST

/* The rarest edge of a cycle gives way, and the exempt one; what a longer way implies is thin. */
START_TEST(layers)
{
	char *text = FIXTURE_RENDER(rep_dot_write(out, fixture_story(), NULL));
	Agraph_t *graph = parse(text);

	ck_assert_ptr_nonnull(
	    strstr(text, "\t{ rank=same; \"Giant\"; \"process lock\"; \"UMA lock\"; \"user map\"; }\n"
			 "\t{ rank=same; \"standard object\"; \"system map\"; \"UMA zone\"; }\n"
			 "\t{ rank=same; \"swap_pager swhash\"; \"vm page queue mutex\"; }\n"
			 "\t{ rank=same; \"swapdev\"; \"vm page queue free mutex\"; }\n"));
	expect(edge_between(graph, "swap_pager swhash", "standard object"), "constraint", "false");
	expect(edge_between(graph, "system map", "UMA lock"), "constraint", "false");
	expect(edge_between(graph, "user map", "Giant"), "constraint", "false");
	expect(edge_between(graph, "standard object", "swap_pager swhash"), "constraint", "");
	ck_assert(has_word(edge_between(graph, "user map", "vm page queue mutex"), " implied "));
	ck_assert(has_word(edge_between(graph, "standard object", "vm page queue free mutex"), " implied "));
	ck_assert(!has_word(edge_between(graph, "standard object", "vm page queue mutex"), " implied "));
	agclose(graph);
	free(text);
}
END_TEST

START_TEST(same_bytes_twice)
{
	char *first = FIXTURE_RENDER(rep_dot_write(out, fixture_wide(), NULL));
	char *second = FIXTURE_RENDER(rep_dot_write(out, fixture_wide(), NULL));

	ck_assert_str_eq(first, second);
	free(second);
	free(first);
}
END_TEST

START_TEST(focus_draws_a_part)
{
	struct rep_focus focus = {.class_name = "UMA lock", .depth = 1};
	char *text = FIXTURE_RENDER(rep_dot_write(out, fixture_story(), &focus));
	Agraph_t *graph = parse(text);

	ck_assert_int_eq(agnnodes(graph), 3);
	ck_assert_int_eq(agnedges(graph), 3);
	agclose(graph);
	free(text);
	focus = (struct rep_focus){.cycles_only = true};
	text = FIXTURE_RENDER(rep_dot_write(out, fixture_story(), &focus));
	graph = parse(text);
	ck_assert_int_eq(agnnodes(graph), 4);
	ck_assert_int_eq(agnedges(graph), 4);
	expect(edge_between(graph, "UMA lock", "system map"), "URL", "#edge-7");
	agclose(graph);
	free(text);
	focus = (struct rep_focus){.class_name = "no such class"};
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_dot_write(out, fixture_story(), &focus)), -ENOENT);
}
END_TEST

/* Three names that would end a string, add a node, or be read as an entity: three nodes, three edges. */
START_TEST(hostile_names)
{
	char *text = FIXTURE_RENDER(rep_dot_write(out, fixture_hostile(), NULL)), *svg;
	Agraph_t *graph = parse(text);

	ck_assert_int_eq(agnnodes(graph), 3);
	ck_assert_int_eq(agnedges(graph), 3);
	agclose(graph);
	free(text);
	ck_assert_int_eq(rep_dot_svg(&svg, fixture_hostile(), NULL), 0);
	ck_assert_ptr_null(strstr(svg, "<b>"));
	ck_assert_ptr_null(strstr(svg, "</script"));
	ck_assert_ptr_nonnull(strstr(svg, ">&lt;/script&gt;&lt;b&gt;&quot;&amp;&#39;</text>"));
	ck_assert_ptr_nonnull(strstr(svg, ">a\\N\\&quot;]; c [shape=none]\\</text>"));
	ck_assert_ptr_nonnull(strstr(svg, "\\x01\\xff\\xc0\\xaf\\xe2\\x80\\xae&amp;lt;&amp;#60;"));
	free(svg);
}
END_TEST

START_TEST(picture)
{
	const struct rep_view *view = fixture_wide();
	char *svg, link[64];

	ck_assert_int_eq(rep_dot_svg(&svg, view, NULL), 0);
	ck_assert(strncmp(svg, "<svg ", 5) == 0);
	ck_assert_ptr_null(strstr(svg, "<?xml"));
	ck_assert_ptr_null(strstr(svg, "<!DOCTYPE"));
	for (size_t i = 0; i < view->edge_count; i++) {
		snprintf(link, sizeof(link), "<a xlink:href=\"#edge-%zu\"", i);
		ck_assert_msg(strstr(svg, link) != NULL, "no link to edge %zu", i);
	}
	for (size_t i = 0; i < view->class_count; i++) {
		snprintf(link, sizeof(link), "<a xlink:href=\"#class-%zu\"", i);
		ck_assert_msg(strstr(svg, link) != NULL, "no link to class %zu", i);
	}
	free(svg);
}
END_TEST

START_TEST(nothing_to_draw)
{
	char *text = FIXTURE_RENDER(rep_dot_write(out, fixture_empty(), NULL)), *svg;
	Agraph_t *graph = parse(text);

	ck_assert_int_eq(agnnodes(graph), 0);
	agclose(graph);
	free(text);
	ck_assert_int_eq(rep_dot_svg(&svg, fixture_empty(), NULL), 0);
	ck_assert(strncmp(svg, "<svg ", 5) == 0);
	free(svg);
}
END_TEST

START_TEST(full_stream_is_an_error)
{
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_dot_write(out, fixture_story(), NULL)), -ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: dot");
	TCase *tc = tcase_create("dot");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, whole_story);
	tcase_add_test(tc, layers);
	tcase_add_test(tc, same_bytes_twice);
	tcase_add_test(tc, focus_draws_a_part);
	tcase_add_test(tc, hostile_names);
	tcase_add_test(tc, picture);
	tcase_add_test(tc, nothing_to_draw);
	tcase_add_test(tc, full_stream_is_an_error);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
