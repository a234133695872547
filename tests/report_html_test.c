/* SPDX-License-Identifier: BSD-2-Clause */
/* The HTML page: well formed whatever the names are, alone in the world, and every link leads somewhere. */
#include <errno.h>
#include <string.h>

#include "html_walk.h"
#include "view_fixture.h"

#define LINKS 2000

/* What was met on the way through a page. */
struct page {
	char *text;
	char (*id)[64], (*link)[64];
	size_t ids, links, scripts, hidden;
};

static void
note_tag(void *state, enum html_event event, const struct html_tag *tag, const char *text, size_t length,
    size_t depth)
{
	struct page *page = state;
	char value[1024];

	(void)text;
	(void)length;
	(void)depth;
	if (event == HTML_TEXT)
		return;
	if (event != HTML_OPEN)
		return;
	page->scripts += strcmp(tag->name, "script") == 0;
	page->hidden += strcmp(tag->name, "iframe") == 0 || strcmp(tag->name, "object") == 0;
	ck_assert_msg(!html_attribute(tag, "src", value, sizeof(value)), "something is fetched: %s", value);
	if (html_attribute(tag, "id", value, sizeof(value))) {
		html_decode(value);
		ck_assert_uint_lt(page->ids, LINKS);
		snprintf(page->id[page->ids++], sizeof(*page->id), "%.60s", value);
	}
	if (html_attribute(tag, "href", value, sizeof(value)) ||
	    html_attribute(tag, "xlink:href", value, sizeof(value))) {
		if (strcmp(value, "data:,") == 0)
			return;
		ck_assert_msg(*value == '#', "a link leaves the page: %s", value);
		ck_assert_uint_lt(page->links, LINKS);
		snprintf(page->link[page->links++], sizeof(*page->link), "%.60s", value + 1);
	}
}

static void
page_init(struct page *page, const struct rep_view *view)
{
	char wrong[256];

	*page =
	    (struct page){.id = calloc(LINKS, sizeof(*page->id)), .link = calloc(LINKS, sizeof(*page->link))};
	page->text = FIXTURE_RENDER(rep_html_write(out, view));
	ck_assert_msg(html_walk(page->text, note_tag, page, wrong, sizeof(wrong)), "%s", wrong);
}

static void
page_fini(struct page *page)
{
	free(page->id);
	free(page->link);
	free(page->text);
}

static size_t
times(char (*list)[64], size_t count, const char *word)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += strcmp(list[i], word) == 0;
	return found;
}

/* No id twice, no link to nowhere, of every edge a box, of every edge and class a link in the picture. */
static void
check_links(const struct page *page, const struct rep_view *view)
{
	char word[64];

	for (size_t i = 0; i < page->ids; i++)
		ck_assert_msg(times(page->id, page->ids, page->id[i]) == 1, "id %s twice", page->id[i]);
	for (size_t i = 0; i < page->links; i++)
		ck_assert_msg(
		    times(page->id, page->ids, page->link[i]) == 1, "no %s to link to", page->link[i]);
	for (size_t i = 0; i < view->edge_count; i++) {
		snprintf(word, sizeof(word), "edge-%zu", i);
		ck_assert_msg(times(page->id, page->ids, word) == 1, "no box for edge %zu", i);
		ck_assert_msg(times(page->link, page->links, word) > 0, "no link to edge %zu", i);
	}
	for (size_t i = 0; i < view->class_count; i++) {
		snprintf(word, sizeof(word), "class-%zu", i);
		ck_assert_msg(times(page->link, page->links, word) == 1, "no link to class %zu", i);
	}
}

static void
check_view(const struct rep_view *view)
{
	struct page page;

	page_init(&page, view);
	check_links(&page, view);
	ck_assert_uint_eq(page.scripts, 1);
	ck_assert_uint_eq(page.hidden, 0);
	page_fini(&page);
}

START_TEST(story_is_well_formed)
{
	check_view(fixture_story());
}
END_TEST

START_TEST(wide_is_well_formed)
{
	check_view(fixture_wide());
}
END_TEST

START_TEST(hostile_is_well_formed)
{
	check_view(fixture_hostile());
}
END_TEST

static bool
has(const struct page *page, const char *part)
{
	return strstr(page->text, part) != NULL;
}

/* Hostile names stand there as text, each in every place it belongs to. */
START_TEST(hostile_names_are_text)
{
	struct page page;

	page_init(&page, fixture_hostile());
	ck_assert(
	    has(&page, "<b>&lt;/script&gt;&lt;b&gt;&quot;&amp;&#39;</b><i>&#8594;</i><b>a\\N\\&quot;]; c "
		       "[shape=none]\\</b>"));
	ck_assert(has(
	    &page, "\\x1b[31m\\x0d\\x0a\\x01\\xff\\xc0\\xaf\\xe2\\x80\\xae&amp;lt;&amp;#60;\xc3\xa9--&gt;"));
	ck_assert(has(&page, "<dt>Accepted</dt><dd>&lt;/script&gt;&lt;b&gt;&quot;&amp;&#39;</dd>"));
	page_fini(&page);
}
END_TEST

/* The names of protocols stand only where SVG declares its name spaces. */
START_TEST(asks_no_network)
{
	struct page page;

	page_init(&page, fixture_story());
	for (const char *at = page.text; (at = strstr(at, "://")) != NULL; at++) {
		ck_assert_msg(strncmp(at - 4, "http://www.w3.org/2000/svg\"", 27) == 0 ||
				  strncmp(at - 4, "http://www.w3.org/1999/xlink\"", 29) == 0,
		    "%.60s", at - 10);
	}
	ck_assert(!has(&page, "url("));
	ck_assert(!has(&page, "@import"));
	ck_assert(!has(&page, "fetch("));
	ck_assert(has(&page, "content=\"default-src 'none';"));
	page_fini(&page);
}
END_TEST

START_TEST(says_what_it_has_to_say)
{
	static const char *const parts[] = {
	    "<title>Witness: 3 findings: 1 duplicate, 1 potential deadlock, 1 inversion (1 accepted)</title>",
	    "<h1 class=\"bad\">3 findings: 1 duplicate, 1 potential deadlock, 1 inversion (1 accepted)</h1>",
	    "<strong>Incomplete:</strong> 17 contexts lost in run " FIXTURE_LOST,
	    "<dt>Acquisitions, at least</dt><dd>427&#8239;721</dd>",
	    "id=\"finding-" FIXTURE_ACTUAL "\"",
	    "<span class=\"tag red\">actual</span><h3>acquiring duplicate lock of same type</h3>",
	    "id=\"finding-" FIXTURE_POTENTIAL "\"",
	    "<dt>Accepted</dt><dd>startup only: one thread until uma_startup3()</dd>",
	    "id=\"finding-" FIXTURE_INVERSION "\"",
	    "standard object<i>&#8594;</i>swap_pager swhash<i>&#8594;</i>standard object</p>",
	    "<a href=\"#edge-1\">standard object &#8594; swap_pager swhash</a>",
	    "Thread <b>pagedaemon</b> held <b>standard object</b> at <span "
	    "class=\"place\">vm/swap_pager.c:1311</span> in <code>swap_pager_putpages</code>, and asked for "
	    "<b>swap_pager swhash</b> at <span class=\"place\">vm/swap_pager.c:1797</span> in "
	    "<code>swp_pager_meta_build</code>.",
	    "<a href=\"#edge-4\">swap_pager swhash &#8594; standard object</a>",
	    "<dt>Why not higher</dt><dd>instances not judged yet</dd>",
	    "<svg ",
	    "<details class=\"card edge-box cycle\" id=\"edge-1\" open>",
	    "<li><span class=\"fn\">swap_pager_putpages</span> <span "
	    "class=\"at\">vm/swap_pager.c:1311</span></li>",
	    "<li><span class=\"fn\">?</span> <span class=\"at\">libc.so.6+0x891f5</span></li>",
	    "<span class=\"tag\">derived</span>",
	    "<summary>1 other way it was seen</summary>",
	    "<li><span class=\"fn\">uma_zone_slab</span> <span class=\"at\">vm/uma_core.c:1903</span> <span "
	    "class=\"in\">inlined</span></li>",
	    "<summary>Lock born at <span class=\"place\">vm/vm_object.c:233</span></summary>",
	    "<li><span class=\"fn\">uma_zone_set_obj</span>",
	    "<span class=\"tag\">exempt</span>",
	    "id=\"class-2\" class=\"cycle\"",
	    "<td>no end record</td><td>no</td>",
	};
	struct page page;
	const char *at;

	page_init(&page, fixture_story());
	at = page.text;
	for (size_t i = 0; i < FIXTURE_COUNT(parts); i++) {
		const char *found = strstr(at, parts[i]);

		ck_assert_msg(found != NULL, "not there, or not in its place: %s", parts[i]);
		at = found;
	}
	page_fini(&page);
}
END_TEST

/* Beside "no findings" stands what was seen; there is no picture of nothing and no warning of no loss. */
START_TEST(nothing_seen)
{
	struct page page;

	page_init(&page, fixture_empty());
	ck_assert(has(&page, "<h1 class=\"good\">no findings</h1>"));
	ck_assert(has(&page, "<dt>Acquisitions</dt><dd>0</dd>"));
	ck_assert(!has(&page, "<svg"));
	ck_assert(!has(&page, "Incomplete"));
	page_fini(&page);
}
END_TEST

/* Past the limit the cycles alone are drawn, and the page says so; boxes and links are all there. */
START_TEST(too_many_edges_to_draw)
{
	enum { CLASSES = 60, EDGES = 501 };
	static struct rep_class classes[CLASSES];
	static struct rep_edge edges[EDGES];
	static char names[CLASSES][16];
	struct rep_view view = *fixture_wide();
	struct page page;
	size_t made = 0;

	for (size_t i = 0; i < CLASSES; i++) {
		snprintf(names[i], sizeof(names[i]), "class %02zu", i);
		classes[i] = (struct rep_class){names[i], "", "sleep mutex", 1, 1, i < 3};
	}
	for (size_t from = 0; from < CLASSES && made < EDGES; from++) {
		for (size_t to = from + 1; to < CLASSES && made < EDGES - 1; to++)
			edges[made++] = (struct rep_edge){
			    from, to, 1, "runtime", false, from + to == 1, view.edge->evidence, 1};
	}
	edges[EDGES - 1] = (struct rep_edge){1, 0, 1, "runtime", false, true, view.edge->evidence, 1};
	view.class = classes;
	view.class_count = CLASSES;
	view.edge = edges;
	view.edge_count = EDGES;
	view.finding_count = 0;
	page_init(&page, &view);
	ck_assert(has(&page,
	    "The whole graph has 501 edges, more than a picture can show; drawn are those on a cycle."));
	for (size_t i = 0; i < page.links; i++)
		ck_assert_uint_eq(times(page.id, page.ids, page.link[i]), 1);
	ck_assert_uint_eq(times(page.id, page.ids, "edge-250"), 1);
	ck_assert_uint_eq(times(page.link, page.links, "edge-250"), 0);
	ck_assert_uint_gt(times(page.link, page.links, "edge-0"), 0);
	ck_assert_uint_gt(times(page.link, page.links, "edge-500"), 0);
	page_fini(&page);
}
END_TEST

/* The walker itself: it must see what it is there to see. */
START_TEST(walker_is_strict)
{
	static const char *const bad[] = {"<p>a", "</p>", "<b><i></b></i>", "<p class=x></p>",
	    "<p id=\"a\"id=\"b\"></p>", "a & b", "a > b", "<p title=\"<\"></p>", "<p title=\"&x\"></p>",
	    "\x01", "<!-- ", "a < b", "\xff", "<script></b></script>"};
	struct page page = {.id = calloc(LINKS, 64), .link = calloc(LINKS, 64)};
	char wrong[256];

	for (size_t i = 0; i < FIXTURE_COUNT(bad); i++)
		ck_assert_msg(
		    !html_walk(bad[i], note_tag, &page, wrong, sizeof(wrong)), "passed: %s", bad[i]);
	ck_assert(html_walk(
	    "<p class=\"a\">&lt;<br><path d=\"M\"/></p><!-- x -->", note_tag, &page, wrong, sizeof(wrong)));
	page_fini(&page);
}
END_TEST

START_TEST(full_stream_is_an_error)
{
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_html_write(out, fixture_story())), -ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: html");
	TCase *tc = tcase_create("html");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, walker_is_strict);
	tcase_add_test(tc, story_is_well_formed);
	tcase_add_test(tc, wide_is_well_formed);
	tcase_add_test(tc, hostile_is_well_formed);
	tcase_add_test(tc, hostile_names_are_text);
	tcase_add_test(tc, asks_no_network);
	tcase_add_test(tc, says_what_it_has_to_say);
	tcase_add_test(tc, nothing_seen);
	tcase_add_test(tc, too_many_edges_to_draw);
	tcase_add_test(tc, full_stream_is_an_error);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
