/* SPDX-License-Identifier: BSD-2-Clause */
/* JSON, schema 1: every key, none besides, the values of the view; any bytes for a name. */
#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "view_fixture.h"

static json_t *
parse(const char *text)
{
	json_error_t error;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	ck_assert_msg(root != NULL, "%d:%d %s", error.line, error.column, error.text);
	return root;
}

/* All keys in one string, with a letter for the type: s i b a. */
static void
expect_keys(json_t *object, const char *expected)
{
	char found[256] = "";
	const char *key;
	json_t *value;

	ck_assert(json_is_object(object));
	json_object_foreach(object, key, value)
	{
		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s:%c ", key,
		    json_is_string(value)    ? 's'
		    : json_is_integer(value) ? 'i'
		    : json_is_boolean(value) ? 'b'
		    : json_is_array(value)   ? 'a'
					     : '?');
	}
	ck_assert_str_eq(found, expected);
}

static json_t *
rows(json_t *root, const char *name, size_t count)
{
	json_t *list = json_object_get(root, name);

	ck_assert(json_is_array(list));
	ck_assert_uint_eq(json_array_size(list), count);
	return list;
}

#define STRING(object, key) json_string_value(json_object_get(object, key))
#define NUMBER(object, key) (uint64_t) json_integer_value(json_object_get(object, key))
#define IS_TRUE(object, key) json_is_true(json_object_get(object, key))

static void
check_runs(json_t *root, const struct rep_view *view)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows(root, "runs", view->run_count), i, row)
	{
		expect_keys(row, "id:s kind:s program:s start:s ended:b complete:b ");
		ck_assert_str_eq(STRING(row, "id"), view->run[i].id);
		ck_assert_str_eq(STRING(row, "kind"), view->run[i].kind);
		ck_assert_str_eq(STRING(row, "program"), view->run[i].program);
		ck_assert_str_eq(STRING(row, "start"), view->run[i].started);
		ck_assert(IS_TRUE(row, "ended") == view->run[i].ended);
		ck_assert(IS_TRUE(row, "complete") == view->run[i].complete);
	}
}

static void
check_findings(json_t *root, const struct rep_view *view)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows(root, "findings", view->finding_count), i, row)
	{
		const struct rep_finding *it = &view->finding[i];

		expect_keys(
		    row, "fingerprint:s kind:s level:s confidence:s classes:a count:i why:s paths:a ");
		ck_assert_str_eq(STRING(row, "fingerprint"), it->fingerprint);
		ck_assert_str_eq(STRING(row, "kind"), it->kind);
		ck_assert_str_eq(STRING(row, "level"), wit_finding_level_name(it->level));
		ck_assert_str_eq(STRING(row, "confidence"), it->confidence);
		ck_assert_str_eq(STRING(row, "why"), it->why);
		ck_assert_uint_eq(NUMBER(row, "count"), it->count);
		rows(row, "paths", it->path_count);
		for (size_t k = 0; k < it->class_count; k++) {
			ck_assert_str_eq(
			    json_string_value(json_array_get(rows(row, "classes", it->class_count), k)),
			    it->classes[k]);
		}
		for (size_t k = 0; k < it->path_count; k++)
			ck_assert_str_eq(
			    json_string_value(json_array_get(json_object_get(row, "paths"), k)), it->path[k]);
	}
}

static void
check_graph(json_t *root, const struct rep_view *view)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows(root, "edges", view->edge_count), i, row)
	{
		expect_keys(row, "from:s to:s count:i source:s exempt:b ");
		ck_assert_str_eq(STRING(row, "from"), view->class[view->edge[i].from].name);
		ck_assert_str_eq(STRING(row, "to"), view->class[view->edge[i].to].name);
		ck_assert_str_eq(STRING(row, "source"), view->edge[i].source);
		ck_assert_uint_eq(NUMBER(row, "count"), view->edge[i].count);
		ck_assert(IS_TRUE(row, "exempt") == view->edge[i].exempt);
	}
	json_array_foreach(rows(root, "classes", view->class_count), i, row)
	{
		expect_keys(row, "name:s alias:s primitive:s instances:i acquisitions:i ");
		ck_assert_str_eq(STRING(row, "name"), view->class[i].name);
		ck_assert_str_eq(STRING(row, "alias"), view->class[i].alias);
		ck_assert_str_eq(STRING(row, "primitive"), view->class[i].primitive);
		ck_assert_uint_eq(NUMBER(row, "instances"), view->class[i].instances);
		ck_assert_uint_eq(NUMBER(row, "acquisitions"), view->class[i].acquisitions);
	}
	json_array_foreach(rows(root, "lost", view->loss_count), i, row)
	{
		expect_keys(row, "run:s what:s count:i ");
		ck_assert_str_eq(STRING(row, "run"), view->loss[i].run);
		ck_assert_str_eq(STRING(row, "what"), view->loss[i].what);
		ck_assert_uint_eq(NUMBER(row, "count"), view->loss[i].count);
	}
}

static void
check_view(const struct rep_view *view)
{
	char *text = FIXTURE_RENDER(rep_json_write(out, view));
	json_t *root = parse(text);

	expect_keys(root, "schema:i runs:a findings:a edges:a classes:a lost:a ");
	ck_assert_uint_eq(NUMBER(root, "schema"), 1);
	check_runs(root, view);
	check_findings(root, view);
	check_graph(root, view);
	json_decref(root);
	free(text);
}

START_TEST(every_key_of_the_story)
{
	check_view(fixture_story());
}
END_TEST

START_TEST(every_key_of_many)
{
	check_view(fixture_wide());
}
END_TEST

START_TEST(every_key_of_nothing)
{
	check_view(fixture_empty());
}
END_TEST

/* What is UTF-8 comes back as it was, control bytes too; what is not, as \xNN; counts stay in range. */
START_TEST(any_bytes)
{
	char *text = FIXTURE_RENDER(rep_json_write(out, fixture_hostile()));
	json_t *root = parse(text), *classes = rows(root, "classes", 3), *edges = rows(root, "edges", 3);

	ck_assert_str_eq(STRING(json_array_get(classes, 0), "name"), EVIL_A);
	ck_assert_str_eq(STRING(json_array_get(classes, 1), "name"), EVIL_B);
	ck_assert_str_eq(STRING(json_array_get(classes, 2), "name"),
	    "\033[31m\r\n\x01\\xff\\xc0\\xaf\xe2\x80\xae&lt;&#60;\xc3\xa9-->");
	ck_assert_uint_eq(NUMBER(json_array_get(edges, 2), "count"), INT64_MAX);
	json_decref(root);
	free(text);
}
END_TEST

START_TEST(same_bytes_twice)
{
	char *first = FIXTURE_RENDER(rep_json_write(out, fixture_story()));
	char *second = FIXTURE_RENDER(rep_json_write(out, fixture_story()));

	ck_assert_str_eq(first, second);
	ck_assert_int_eq(first[strlen(first) - 1], '\n');
	free(second);
	free(first);
}
END_TEST

START_TEST(full_stream_is_an_error)
{
	ck_assert_int_eq(FIXTURE_RENDER_FULL(rep_json_write(out, fixture_story())), -ENOSPC);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report: json");
	TCase *tc = tcase_create("json");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_key_of_the_story);
	tcase_add_test(tc, every_key_of_many);
	tcase_add_test(tc, every_key_of_nothing);
	tcase_add_test(tc, any_bytes);
	tcase_add_test(tc, same_bytes_twice);
	tcase_add_test(tc, full_stream_is_an_error);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
