/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_import_test.c - from run files to the store, and from the store to findings.
 *
 * Two things above all: an import may be repeated, at any time, and leaves what
 * one import of the last state would have left; and findings are a function of
 * the set of edges, not of the order in which they were found.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <check.h>
#include <sqlite3.h>

#include "core/order.h"
#include "import.h"
#include "merge.h"
#include "runmaker.h"
#include "store.h"
#include "view.h"

/* ---- helpers ---- */

static int
import_file(const char *db, const char *path, struct rep_import *result)
{
	struct rep_store *store;
	int error = rep_store_open(&store, db, REP_STORE_WRITE);

	ck_assert_int_eq(error, 0);
	error = rep_import_file(result, store, NULL, path, REP_IMPORT_STATUS_UNKNOWN);
	rep_store_close(store);
	return (error);
}

static struct rep_import
import(const char *db, const struct maker *m)
{
	struct rep_import result;

	maker_write(m, "run.wit");
	ck_assert_int_eq(import_file(db, "run.wit", &result), 0);
	return (result);
}

/* The view of a selection; the caller closes it. */
static struct rep_view
view_of(const char *db, const char *run)
{
	struct rep_selection selection = {.run = run};
	struct rep_store *store;
	struct rep_view view;

	ck_assert_int_eq(rep_store_open(&store, db, REP_STORE_READ), 0);
	ck_assert_int_eq(rep_view_load(&view, store, &selection), 0);
	rep_store_close(store);
	return (view);
}

/* Findings as text: kind, fingerprint, classes, one a line. */
static char *
findings_of(const char *db, const char *run)
{
	struct rep_view view = view_of(db, run);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < view.finding_count; i++) {
		fprintf(out, "%s %s", view.finding[i].kind, view.finding[i].fingerprint);
		for (size_t k = 0; k < view.finding[i].class_count; k++)
			fprintf(out, " %s", view.finding[i].classes[k]);
		fprintf(out, "\n");
	}
	fclose(out);
	rep_view_close(&view);
	return (text);
}

static size_t
count_findings(const char *db, const char *run)
{
	struct rep_view view = view_of(db, run);
	size_t count = view.finding_count;

	rep_view_close(&view);
	return (count);
}

static int
print_row(void *owner, int columns, char **value, char **name)
{
	(void)name;
	for (int i = 0; i < columns; i++)
		fprintf(owner, "%s|", value[i] == NULL ? "NULL" : value[i]);
	fputc('\n', owner);
	return (0);
}

/* Every row of every table, in the order of their columns. */
static char *
everything(const char *db)
{
	static const char *const tables[] = {"run", "loss", "module", "frame", "symbol", "class", "site",
	    "stack", "stack_frame", "origin", "thread", "segment", "segment_held", "chain", "dependency",
	    "dependency_stack", "context", "context_stack", "instance", "alarm", "alarm_line", "alarm_edge",
	    "origin_count"};
	char *text = NULL, query[100];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	sqlite3 *handle;

	ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(query, sizeof(query), "SELECT * FROM %s ORDER BY 1, 2, 3", tables[i]);
		fprintf(out, "%s\n", tables[i]);
		ck_assert_int_eq(sqlite3_exec(handle, query, print_row, out, NULL), SQLITE_OK);
	}
	sqlite3_close(handle);
	fclose(out);
	return (text);
}

static int64_t
number(const char *db, const char *query)
{
	sqlite3_stmt *statement;
	int64_t value;
	sqlite3 *handle;

	ck_assert_int_eq(sqlite3_open(db, &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(handle, query, -1, &statement, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return (value);
}

static void
tear_down(void)
{
	ck_assert_int_eq(system("rm -rf a.db* b.db* run.wit .witness"), 0);
}

/* ABBA, with everything that a run can have. */
static void
make_rich(struct maker *m, unsigned run)
{
	static const uint64_t frames[] = {WIT_FRAME(1, 0x1234), WIT_FRAME(1, 0x5678), WIT_FRAME(0, 0x99)};
	static const uint8_t build[] = {1, 2, 3, 4};
	struct wit_rec_instance life = {.instance = 0x1000, .origin = 1, .generation = 1, .thread = 1};
	struct wit_rec_thread_end end = {.thread = 1, .acquisitions = 4};
	struct wit_rec_event event = {.instance = 0x1000, .origin = 1, .op = WIT_OP_ACQUIRE};
	uint32_t stack, chain, dependency;

	maker_begin(m, run);
	maker_module(m, "/nowhere/program", build, sizeof(build));
	stack = maker_stack(m, frames, 3);
	chain = maker_chain(m, 0, "A", 0, WIT_MODE_EXCLUSIVE);
	dependency = maker_dependency(m, chain, "B", 0, WIT_MODE_EXCLUSIVE, 0, stack, &stack, 1);
	maker_context(m, dependency, chain, "B", 1, stack, 7);
	maker_edge(m, "B", "A");
	life.stack = stack;
	maker_put(m, WIT_REC_INSTANCE, &life, sizeof(life), NULL, 0, NULL, 0);
	maker_put(m, WIT_REC_EVENT, &event, sizeof(event), NULL, 0, NULL, 0);
	maker_alarm(m, WIT_FINDING_INVERSION, stack, (const char *const[]){"B", "A"}, 2);
	maker_put(m, WIT_REC_THREAD_END, &end, sizeof(end), NULL, 0, NULL, 0);
	maker_counts(m, WIT_COUNT_DEPENDENCY, dependency, 5, 0);
	maker_counts(m, WIT_COUNT_DEPENDENCY, dependency, 12, 0); /* the later one counts */
}

/* ---- one run ---- */

START_TEST(what_a_run_says)
{
	struct maker m;
	struct rep_import result;
	struct rep_view view;

	make_rich(&m, 1);
	maker_end(&m);
	result = import("a.db", &m);
	ck_assert(result.complete && result.ended && !result.known);
	ck_assert_uint_eq(result.missing, 0);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.run_count, 1);
	ck_assert_str_eq(view.run[0].program, "/made");
	ck_assert_str_eq(view.run[0].arguments, "'by hand'");
	ck_assert_str_eq(view.run[0].started, "2004-07-16T17:46:41Z");
	ck_assert_int_eq(view.run[0].exit_status, -1);
	ck_assert_uint_eq(view.class_count, 2);
	ck_assert_str_eq(view.class[0].name, "A");
	ck_assert_str_eq(view.class[0].primitive, "sleep mutex");
	ck_assert_uint_eq(view.edge_count, 2);
	ck_assert_uint_eq(view.edge[0].count, 12);
	ck_assert_uint_eq(view.edge[1].count, 1);
	ck_assert(view.edge[0].in_cycle && view.edge[1].in_cycle && view.class[0].in_cycle);
	/* The context took another place: it is another piece of evidence. */
	ck_assert_uint_eq(view.edge[0].evidence_count, 2);
	ck_assert_uint_eq(view.finding_count, 1);
	ck_assert_uint_eq(view.finding[0].count, 1);
	ck_assert_int_eq(view.finding[0].level, WIT_LEVEL_INVERSION);
	ck_assert_str_eq(view.finding[0].why, "instances not judged yet");
	ck_assert_str_eq(view.finding[0].confidence, "high");
	/* Events do not become rows; they are counted. */
	ck_assert_int_eq(number("a.db", "SELECT events FROM run"), 1);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

START_TEST(evidence_of_an_edge)
{
	const struct rep_evidence *evidence;
	struct rep_view view;
	struct maker m;

	make_rich(&m, 1);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	evidence = &view.edge[0].evidence[0];
	for (size_t i = 0; i < view.edge[0].evidence_count; i++)
		if (view.edge[0].evidence[i].held.stack.count > 0)
			evidence = &view.edge[0].evidence[i];
	ck_assert_ptr_eq(evidence, &view.edge[0].evidence[0]); /* with both stacks: first */
	ck_assert_str_eq(evidence->held.class_name, "A");
	ck_assert_str_eq(evidence->held.file, "made/A.c");
	ck_assert_uint_eq(evidence->held.line, 10);
	ck_assert_uint_eq(evidence->held.instance, 0x1000);
	ck_assert_str_eq(evidence->held.born_at, "made/A.c:1");
	ck_assert_uint_eq(evidence->held.born.count, 3);
	ck_assert_uint_eq(evidence->held.stack.count, 3);
	ck_assert_str_eq(evidence->held.stack.frame[0].module, "program");
	ck_assert_uint_eq(evidence->held.stack.frame[0].offset, 0x1234);
	ck_assert_str_eq(evidence->held.stack.frame[2].module, "");
	ck_assert_str_eq(evidence->asked.class_name, "B");
	ck_assert_str_eq(evidence->asked.file, "made/B.c");
	ck_assert_uint_eq(evidence->asked.line, 20);
	ck_assert_str_eq(evidence->asked.mode, "exclusive");
	ck_assert_str_eq(evidence->thread, "main");
	ck_assert_uint_eq(evidence->count, 12);
	ck_assert_uint_eq(evidence->between, 0);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

START_TEST(again_is_nothing_new)
{
	struct maker m;
	char *once, *twice;

	make_rich(&m, 1);
	maker_lost(&m, 3, "records");
	maker_end(&m);
	ck_assert(!import("a.db", &m).known);
	once = everything("a.db");
	ck_assert(import("a.db", &m).known);
	twice = everything("a.db");
	ck_assert_str_eq(once, twice);
	free(once);
	free(twice);
	maker_free(&m);
}
END_TEST

/* Imported after each record, the store ends as if imported once. */
START_TEST(while_it_runs)
{
	struct maker m, part;
	char *grown, *whole;
	size_t end;

	make_rich(&m, 1);
	end = m.size;
	maker_end(&m);
	part = m;
	for (size_t at = WIT_RUNFILE_HEADER; at <= m.size; at += WIT_RUNFILE_GRANULE) {
		struct rep_import result;

		/* As it lies there while it grows: space ahead is zero, the last record may have no commit word. */
		part.data = malloc(m.size + 4096);
		memset(part.data, 0, m.size + 4096);
		memcpy(part.data, m.data, at);
		part.size = m.size + 4096;
		result = import("a.db", &part);
		if (at < end)
			ck_assert(!result.ended);
		free(part.data);
	}
	import("a.db", &m);
	grown = everything("a.db");
	import("b.db", &m);
	whole = everything("b.db");
	ck_assert_str_eq(grown, whole);
	free(grown);
	free(whole);
	maker_free(&m);
}
END_TEST

/* The open word of a context changes in place. */
START_TEST(words_changed_in_place)
{
	struct maker m;
	size_t n;

	make_rich(&m, 1);
	maker_end(&m);
	import("a.db", &m);
	ck_assert_int_eq(number("a.db", "SELECT last_segment FROM context"), 7);
	for (n = WIT_RUNFILE_HEADER; ((struct wit_rec *)(m.data + n))->type != WIT_REC_CONTEXT;
	     n += WIT_RUNFILE_GRANULE)
		;
	n += ((struct wit_rec *)(m.data + n))->length - sizeof(struct wit_rec_context_last);
	((struct wit_rec_context_last *)(m.data + n))->segment = 9;
	ck_assert(import("a.db", &m).complete);
	ck_assert_int_eq(number("a.db", "SELECT last_segment FROM context"), 9);
	maker_free(&m);
}
END_TEST

START_TEST(texts_are_not_trusted)
{
	struct maker m;
	struct rep_view view;

	maker_begin(&m, 1);
	maker_edge(&m, "a\nb\x1b[31m", "\xff\xc3\xa9\xc0\x80");
	maker_end(&m);
	ck_assert(import("a.db", &m).complete);
	view = view_of("a.db", NULL);
	ck_assert_str_eq(view.class[0].name, "?\xc3\xa9??");
	ck_assert_str_eq(view.class[1].name, "a?b?[31m");
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* ---- damage ---- */

START_TEST(no_end_record_is_complete_as_far_as_it_went)
{
	struct maker m;
	struct rep_import result;

	make_rich(&m, 1);
	result = import("a.db", &m);
	ck_assert(!result.ended && result.complete);
	ck_assert_uint_eq(count_findings("a.db", NULL), 1);
	maker_free(&m);
}
END_TEST

START_TEST(half_written_is_no_loss_unless_it_ended)
{
	struct maker m;
	struct rep_import result;
	char *at;
	size_t size;

	maker_begin(&m, 1);
	size = m.size;
	maker_site(&m, "never committed", 3);
	at = m.data + size;
	((struct wit_rec *)at)->commit = 0;
	maker_edge(&m, "A", "B");
	result = import("a.db", &m);
	ck_assert(result.complete && !result.ended);
	maker_end(&m);
	result = import("a.db", &m);
	ck_assert(result.ended && !result.complete);
	ck_assert_uint_gt(result.bad_spans, 0);
	maker_free(&m);
}
END_TEST

START_TEST(lost_is_incomplete)
{
	struct maker m;
	struct rep_import result;
	struct rep_view view;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	maker_lost(&m, 3, "records");
	maker_lost(&m, 5, "records"); /* so far */
	maker_lost(&m, 2, "stacks");
	maker_end(&m);
	result = import("a.db", &m);
	ck_assert(!result.complete);
	ck_assert_uint_eq(result.lost, 7);
	view = view_of("a.db", NULL);
	ck_assert(!view.complete && !view.run[0].complete);
	ck_assert_uint_eq(view.loss_count, 2);
	ck_assert_uint_eq(view.loss[0].count, 5);
	ck_assert_str_eq(view.loss[1].what, "stacks");
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* What a good record names and is not there: its chain, a parent of its chain, its class. */
START_TEST(missing_is_incomplete)
{
	static const uint32_t none[1];
	struct maker m;
	struct rep_import result;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	maker_dependency(&m, 4711, "C", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 1);
	maker_dependency(
	    &m, maker_chain(&m, 4712, "C", 0, WIT_MODE_EXCLUSIVE), "D", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 1);
	maker_dependency(
	    &m, maker_chain(&m, 0, "E", 0, WIT_MODE_EXCLUSIVE), "F", 0, WIT_MODE_EXCLUSIVE, 0, 99, none, 1);
	maker_end(&m);
	result = import("a.db", &m);
	ck_assert(!result.complete && result.ended);
	/* The chain, the chain with the parent, the dependency on that chain, the stack. */
	ck_assert_uint_eq(result.missing, 4);
	ck_assert_int_eq(number("a.db", "SELECT count(*) FROM dependency"), 2);
	ck_assert_int_eq(number("a.db", "SELECT missing FROM run"), 4);
	maker_free(&m);
}
END_TEST

/* A chain that is its own ancestor is no chain, and no endless loop. */
START_TEST(chain_that_bites_its_tail)
{
	struct maker m;

	maker_begin(&m, 1);
	maker_chain(&m, 3, "A", 0, WIT_MODE_EXCLUSIVE);
	maker_chain(&m, 1, "B", 0, WIT_MODE_EXCLUSIVE);
	maker_chain(&m, 2, "C", 0, WIT_MODE_EXCLUSIVE);
	maker_end(&m);
	ck_assert(!import("a.db", &m).complete);
	ck_assert_int_eq(number("a.db", "SELECT count(*) FROM chain"), 0);
	maker_free(&m);
}
END_TEST

/* Nor does a view of a store where it does, and it is not complete. */
START_TEST(store_with_a_circle)
{
	struct rep_view view;
	struct maker m;
	sqlite3 *handle;

	make_rich(&m, 1);
	maker_end(&m);
	import("a.db", &m);
	maker_free(&m);
	ck_assert_int_eq(sqlite3_open("a.db", &handle), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(handle, "UPDATE chain SET parent = id", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
	alarm(20);
	view = view_of("a.db", "all");
	alarm(0);
	ck_assert_uint_eq(view.edge_count, 0);
	ck_assert(!view.complete && !view.run[0].complete);
	rep_view_close(&view);
}
END_TEST

/* Cut anywhere: nothing breaks, what is whole is kept, and a record cut in two is bad. */
START_TEST(cut_anywhere)
{
	struct maker m;
	size_t whole;

	make_rich(&m, 1);
	maker_end(&m);
	whole = m.size;
	for (m.size = WIT_RUNFILE_HEADER; m.size < whole; m.size += 7) {
		struct wit_reader reader;
		struct rep_import result = import("a.db", &m);
		size_t good = 0;

		wit_reader_open(&reader, m.data, whole);
		while (wit_reader_next(&reader, false) != NULL && reader.end <= m.size)
			good++;
		ck_assert_uint_eq(result.records, good);
		/* The last bytes are padding after the end record. */
		ck_assert(result.ended == (reader.end <= m.size));
	}
	m.size = whole - WIT_RUNFILE_GRANULE - 8; /* within the end record */
	ck_assert(!import("a.db", &m).complete);
	m.size = WIT_RUNFILE_HEADER - 1;
	maker_write(&m, "run.wit");
	ck_assert_int_lt(import_file("a.db", "run.wit", &(struct rep_import){.ended = false}), 0);
	m.size = whole;
	maker_free(&m);
}
END_TEST

/* One bit turned anywhere in a record: that record is gone, it is said, the store is sound. */
START_TEST(bits_turned)
{
	struct maker m;
	unsigned seed = 12345;

	make_rich(&m, 1);
	maker_end(&m);
	for (int i = 0; i < 300; i++) {
		size_t at = WIT_RUNFILE_HEADER + (size_t)rand_r(&seed) % (m.size - WIT_RUNFILE_HEADER);
		char old = m.data[at];

		m.data[at] = (char)(old ^ (1 << rand_r(&seed) % 8));
		import("a.db", &m);
		m.data[at] = old;
		ck_assert_int_eq(number("a.db", "SELECT count(*) FROM pragma_foreign_key_check"), 0);
	}
	ck_assert_int_eq(
	    number("a.db", "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
	maker_free(&m);
}
END_TEST

START_TEST(bad_span_is_incomplete)
{
	struct maker m;
	struct rep_import result;
	size_t at;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	at = m.size;
	maker_edge(&m, "B", "A");
	maker_end(&m);
	/* Into the sites of the second edge: the edge itself is whole. */
	m.data[at + 20] ^= 1;
	result = import("a.db", &m);
	ck_assert(!result.complete && result.ended);
	ck_assert_uint_gt(result.bad_bytes, 0);
	ck_assert_uint_eq(count_findings("a.db", NULL), 1);
	ck_assert_int_eq(number("a.db", "SELECT complete FROM run"), 0);
	maker_free(&m);
}
END_TEST

START_TEST(bad_header_is_salvaged)
{
	struct maker m;
	struct rep_import result;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	maker_end(&m);
	m.data[100] ^= 1;
	result = import("a.db", &m);
	ck_assert(!result.complete);
	ck_assert_int_eq(number("a.db", "SELECT count(*) FROM dependency"), 1);
	maker_free(&m);
}
END_TEST

START_TEST(no_run_file)
{
	struct rep_import result;
	struct maker m;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	maker_end(&m);
	import("a.db", &m);
	m.data[0] = 'X';
	maker_write(&m, "run.wit");
	ck_assert_int_lt(import_file("a.db", "run.wit", &result), 0);
	ck_assert_int_lt(import_file("a.db", "not there", &result), 0);
	ck_assert_int_lt(import_file("a.db", ".", &result), 0);
	ck_assert_int_lt(import_file("a.db", "/dev/zero", &result), 0);
	ck_assert_int_eq(number("a.db", "SELECT count(*) FROM run"), 1);
	maker_free(&m);
}
END_TEST

/* ---- the merged graph ---- */

static void
import_edges(const char *db, unsigned run, const char *const (*edge)[2], size_t count)
{
	char program[32];
	struct maker m;

	snprintf(program, sizeof(program), "/program%u", run);
	maker_begin_as(&m, run, 0, program, 0, NULL);
	for (size_t i = 0; i < count; i++)
		maker_edge(&m, edge[i][0], edge[i][1]);
	maker_end(&m);
	import(db, &m);
	maker_free(&m);
}

START_TEST(half_a_cycle_each)
{
	char id[33];

	import_edges("a.db", 1, (const char *const[][2]){{"A", "B"}}, 1);
	import_edges("a.db", 2, (const char *const[][2]){{"B", "A"}}, 1);
	maker_id(1, id);
	ck_assert_uint_eq(count_findings("a.db", id), 0);
	maker_id(2, id);
	ck_assert_uint_eq(count_findings("a.db", id), 0);
	ck_assert_uint_eq(count_findings("a.db", "all"), 1);
	ck_assert_uint_eq(count_findings("a.db", "last"), 0);
	/* Two programs: the latest of each counts. */
	ck_assert_uint_eq(count_findings("a.db", NULL), 1);
}
END_TEST

/* Random edges over few classes: whatever the order, and however shared out over runs. */
START_TEST(order_of_discovery_does_not_matter)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	unsigned seed = (unsigned)_i * 7919 + 1;
	const char *edge[14][2];
	char *first = NULL;

	for (int i = 0; i < 14; i++) {
		edge[i][0] = names[rand_r(&seed) % 8];
		do
			edge[i][1] = names[rand_r(&seed) % 8];
		while (edge[i][1] == edge[i][0]);
	}
	for (int round = 0; round < 6; round++) {
		size_t runs = 1 + (size_t)round % 3;
		char *found;

		for (int i = 13; i > 0; i--) {
			int k = (int)(rand_r(&seed) % (unsigned)(i + 1));
			const char *from = edge[i][0], *to = edge[i][1];

			edge[i][0] = edge[k][0];
			edge[i][1] = edge[k][1];
			edge[k][0] = from;
			edge[k][1] = to;
		}
		for (size_t run = 0; run < runs; run++) {
			size_t from = 14 * run / runs, to = 14 * (run + 1) / runs;

			import_edges(
			    "a.db", (unsigned)run + 1, (const char *const(*)[2])(edge + from), to - from);
		}
		found = findings_of("a.db", "all");
		if (first == NULL)
			first = found;
		else {
			ck_assert_str_eq(found, first);
			free(found);
		}
		tear_down();
	}
	free(first);
}
END_TEST

START_TEST(tries_make_no_edge)
{
	static const uint32_t none[1];
	struct rep_view view;
	struct maker m;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	maker_dependency(&m, maker_chain(&m, 0, "B", 0, WIT_MODE_EXCLUSIVE), "A", 0, WIT_MODE_EXCLUSIVE,
	    WIT_TRY, 0, none, 1);
	maker_dependency(&m, maker_chain(&m, 0, "B", 0, WIT_MODE_EXCLUSIVE), "A", 0, WIT_MODE_EXCLUSIVE,
	    WIT_NOORDER, 0, none, 1);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.edge_count, 1);
	ck_assert_uint_eq(view.finding_count, 0);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* From every held lock, not from the newest alone. */
START_TEST(every_held_lock_makes_an_edge)
{
	static const uint32_t none[3];
	struct rep_view view;
	struct maker m;
	uint32_t chain;

	maker_begin(&m, 1);
	chain = maker_chain(&m, 0, "A", 0, WIT_MODE_EXCLUSIVE);
	chain = maker_chain(&m, chain, "B", 0, WIT_MODE_EXCLUSIVE);
	chain = maker_chain(&m, chain, "C", 0, WIT_MODE_EXCLUSIVE);
	maker_dependency(&m, chain, "D", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 3);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.edge_count, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(view.edge[i].from, i);
		ck_assert_uint_eq(view.edge[i].to, 3);
		ck_assert_uint_eq(view.edge[i].evidence[0].between, 2 - i);
	}
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* Asked for again below another lock: no order of the class with itself, but one of that lock with it. */
START_TEST(the_very_lock_again_is_no_edge)
{
	static const uint32_t none[2];
	struct rep_view view;
	struct maker m;
	uint32_t chain;

	maker_begin(&m, 1);
	chain = maker_chain(&m, 0, "A", 0, WIT_MODE_EXCLUSIVE);
	chain = maker_chain(&m, chain, "B", 0, WIT_MODE_EXCLUSIVE);
	maker_dependency(&m, chain, "A", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 2);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.edge_count, 1);
	ck_assert_str_eq(view.class[view.edge[0].from].name, "B");
	ck_assert_uint_eq(view.finding_count, 0);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

START_TEST(two_held_locks_of_a_class_are_one_use)
{
	static const uint32_t none[2];
	struct rep_view view;
	struct maker m;
	uint32_t chain;

	maker_begin(&m, 1);
	chain = maker_chain(&m, 0, "A", 0, WIT_MODE_EXCLUSIVE);
	chain = maker_chain(&m, chain, "A", 1, WIT_MODE_EXCLUSIVE);
	maker_dependency(&m, chain, "B", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 2);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.edge_count, 1);
	ck_assert_uint_eq(view.edge[0].count, 1);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* A path is a choice of functions: two that took A before B, however they were called, are two paths. */
START_TEST(paths_are_told_apart_by_functions)
{
	static const uint64_t frames[] = {WIT_FRAME(1, 1), WIT_FRAME(1, 2), WIT_FRAME(1, 3)};
	static const uint8_t build[] = {1, 2, 3, 4};
	static const uint32_t begin[] = {0, 1, 0}, count[] = {1, 1, 2};
	struct rep_view view;
	struct maker m;

	maker_begin(&m, 1);
	maker_module(&m, "/nowhere/program", build, sizeof(build));
	for (int i = 0; i < 3; i++) {
		uint32_t stack = maker_stack(
		    &m, i == 2 ? (uint64_t[]){frames[0], frames[2]} : frames + begin[i], count[i]);

		maker_dependency(&m, maker_chain(&m, 0, "A", 0, WIT_MODE_EXCLUSIVE), "B", 0,
		    WIT_MODE_EXCLUSIVE, 0, 0, &stack, 1);
	}
	maker_edge(&m, "B", "A");
	maker_end(&m);
	import("a.db", &m);
	number("a.db", "INSERT INTO symbol (frame, ordinal, function, file, line, inlined)"
		       " SELECT id, 0, 'f' || offset, 'made/A.c', 7, 0 FROM frame RETURNING 1");
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.finding_count, 1);
	ck_assert_uint_eq(view.edge[0].evidence_count, 3);
	ck_assert_uint_eq(view.finding[0].path_count, 2);
	ck_assert_str_ne(view.finding[0].path[0], view.finding[0].path[1]);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* The stack of a life's end is not shown as that of its allocation. */
START_TEST(end_of_a_life_is_no_birth)
{
	static const uint64_t frames[] = {WIT_FRAME(0, 0x99)};
	struct wit_rec_instance life = {
	    .instance = 0x1000, .origin = 1, .generation = 1, .thread = 1, .ended = 1};
	struct maker m;

	maker_begin(&m, 1);
	maker_edge(&m, "A", "B");
	life.stack = maker_stack(&m, frames, 1);
	maker_put(&m, WIT_REC_INSTANCE, &life, sizeof(life), NULL, 0, NULL, 0);
	maker_end(&m);
	import("a.db", &m);
	ck_assert_int_eq(number("a.db", "SELECT count(*) FROM instance WHERE ended AND stack IS NULL"), 1);
	maker_free(&m);
}
END_TEST

/* Only a strong cycle can deadlock. */
START_TEST(weak_cycles_are_none)
{
	struct maker m;

	/* B is asked for by a recursive read, and held shared: nobody waits for anybody. */
	maker_begin(&m, 1);
	maker_edge_modes(&m, "A", WIT_MODE_EXCLUSIVE, "B", WIT_MODE_RECURSIVE);
	maker_edge_modes(&m, "B", WIT_MODE_SHARED, "A", WIT_MODE_EXCLUSIVE);
	maker_end(&m);
	import("a.db", &m);
	ck_assert_uint_eq(count_findings("a.db", NULL), 0);
	maker_free(&m);
	/* A plain read waits behind a writer. */
	maker_begin(&m, 2);
	maker_edge_modes(&m, "A", WIT_MODE_EXCLUSIVE, "B", WIT_MODE_SHARED);
	maker_end(&m);
	import("a.db", &m);
	ck_assert_uint_eq(count_findings("a.db", NULL), 0);
	ck_assert_uint_eq(count_findings("a.db", "all"), 1);
	maker_free(&m);
}
END_TEST

START_TEST(duplicates)
{
	struct rep_view view;
	struct maker m;

	maker_begin(&m, 1);
	maker_duplicate(&m, "A", 0);
	maker_duplicate(&m, "A", 0); /* the same place: no other finding */
	maker_duplicate(&m, "B", WIT_DUPOK);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.edge_count, 2);
	ck_assert(view.edge[0].exempt && view.edge[1].exempt);
	ck_assert_uint_eq(view.finding_count, 1);
	ck_assert_str_eq(view.finding[0].kind, "duplicate");
	ck_assert_str_eq(view.finding[0].classes[0], "A");
	ck_assert_int_eq(view.finding[0].level, WIT_LEVEL_ACTUAL);
	ck_assert_uint_eq(view.finding[0].evidence_count, 1);
	ck_assert_uint_eq(view.finding[0].count, 2);
	ck_assert_ptr_null(view.finding[0].step);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

START_TEST(recursions_are_alarms)
{
	struct rep_view view;
	struct maker m;

	maker_begin(&m, 1);
	maker_alarm(&m, WIT_FINDING_RECURSION, 0, (const char *const[]){"A", "A"}, 2);
	maker_end(&m);
	import("a.db", &m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.finding_count, 1);
	ck_assert_str_eq(view.finding[0].kind, "recursion");
	ck_assert_uint_eq(view.finding[0].evidence[0].held.line, 40);
	ck_assert_uint_eq(view.finding[0].evidence[0].asked.line, 41);
	rep_view_close(&view);
	maker_free(&m);
}
END_TEST

/* Giant is let go when its owner sleeps: with a sleepable lock it makes no cycle, with a mutex it does. */
START_TEST(giant_is_exempt_with_sleepable_locks)
{
	struct maker m;

	for (unsigned run = 1; run <= 2; run++) {
		maker_begin(&m, run);
		maker_class(&m, "lock", run == 1 ? WIT_SX : WIT_SLEEP_MUTEX);
		maker_edge(&m, "Giant", "lock");
		maker_edge(&m, "lock", "Giant");
		maker_end(&m);
		import(run == 1 ? "a.db" : "b.db", &m);
		maker_free(&m);
	}
	ck_assert_uint_eq(count_findings("a.db", NULL), 0);
	ck_assert_uint_eq(count_findings("b.db", NULL), 1);
}
END_TEST

/* ---- which runs count ---- */

START_TEST(latest_of_each_command)
{
	struct rep_view view;
	struct maker m;

	for (unsigned run = 1; run <= 4; run++) {
		char *const argv[] = {(char *)"p", (char *)(run % 2 == 0 ? "even" : "odd")};

		maker_begin_as(&m, run, 0, "/p", 2, argv);
		maker_edge(&m, "A", "B");
		maker_end(&m);
		import("a.db", &m);
		maker_free(&m);
	}
	/* The child of the latest: it counts with its parent. */
	maker_begin_as(&m, 5, 4, "/child", 0, NULL);
	maker_edge(&m, "C", "D");
	maker_end(&m);
	import("a.db", &m);
	maker_free(&m);
	view = view_of("a.db", NULL);
	ck_assert_uint_eq(view.run_count, 3);
	ck_assert_uint_eq(view.class_count, 4);
	rep_view_close(&view);
	view = view_of("a.db", "last");
	ck_assert_uint_eq(view.run_count, 2);
	rep_view_close(&view);
	view = view_of("a.db", "all");
	ck_assert_uint_eq(view.run_count, 5);
	ck_assert_uint_eq(view.edge[0].count, 4);
	rep_view_close(&view);
}
END_TEST

START_TEST(run_by_the_beginning_of_its_id)
{
	struct rep_selection selection = {.run = "1114"};
	struct rep_store *store;
	struct rep_view view;

	import_edges("a.db", 1, (const char *const[][2]){{"A", "B"}}, 1); /* 1114... */
	import_edges("a.db", 2, (const char *const[][2]){{"A", "B"}}, 1); /* 2225... */
	import_edges("a.db", 257, (const char *const[][2]){{"A", "B"}}, 1); /* 1215... */
	ck_assert_int_eq(rep_store_open(&store, "a.db", REP_STORE_READ), 0);
	ck_assert_int_eq(rep_view_load(&view, store, &selection), 0);
	ck_assert_uint_eq(view.run_count, 1);
	rep_view_close(&view);
	selection.run = "1";
	ck_assert_int_lt(rep_view_load(&view, store, &selection), 0);
	selection.run = "3";
	ck_assert_int_lt(rep_view_load(&view, store, &selection), 0);
	selection.run = "";
	ck_assert_int_lt(rep_view_load(&view, store, &selection), 0);
	rep_store_close(store);
}
END_TEST

/* ---- the cycles themselves, against core's own search ---- */

static int
grow(struct wit_arena *arena, size_t need)
{
	static char memory[1 << 20] __attribute__((aligned(16)));
	static size_t used;
	size_t size = need > 1 << 16 ? need : 1 << 16;

	if (used + size > sizeof(memory))
		return (-ENOMEM);
	arena->next = memory + used;
	used += size;
	arena->end = memory + used;
	return (0);
}

/* For each edge: a cycle of merge's goes through it, as short as core finds one; or neither finds any. */
START_TEST(cycles_are_the_shortest)
{
	static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct wit_arena arena = {.grow = grow};
	unsigned seed = (unsigned)_i * 104729 + 3;
	size_t edges = 8 + (unsigned)_i % 20;
	struct rep_merge_edge edge[32];
	struct rep_merge merge;
	struct wit_order order;

	wit_order_init(&order, &arena);
	for (size_t i = 0; i < edges; i++) {
		bool known;

		do {
			edge[i] = (struct rep_merge_edge){
			    rand_r(&seed) % 10, rand_r(&seed) % 10, 1 + rand_r(&seed) % 15};
			known = edge[i].from == edge[i].to;
			for (size_t k = 0; k < i; k++)
				known |= edge[k].from == edge[i].from && edge[k].to == edge[i].to;
		} while (known);
		for (unsigned bit = 1; bit <= 8; bit <<= 1)
			if (edge[i].strengths & bit)
				ck_assert_int_ge(
				    wit_order_add(&order, edge[i].from + 1, edge[i].to + 1, bit), 0);
	}
	ck_assert_int_eq(rep_merge_cycles(&merge, names, 10, edge, edges), 0);
	for (size_t i = 0; i < edges; i++) {
		uint32_t path[64];
		int length = wit_order_cycle(
		    &order, wit_order_find(&order, edge[i].from + 1, edge[i].to + 1), path, 64);
		bool found = false, shorter = false;

		for (size_t c = 0; c < merge.count; c++)
			for (size_t k = 0; k < merge.cycle[c].count; k++)
				if (merge.cycle[c].edge[k] == i) {
					found |= (int)merge.cycle[c].count == length;
					shorter |= length == 0 || (int)merge.cycle[c].count < length;
				}
		ck_assert_msg(found == (length > 0) && !shorter, "edge %zu: core says %d", i, length);
	}
	for (size_t c = 0; c < merge.count; c++)
		for (size_t k = 0; k < merge.cycle[c].count; k++)
			ck_assert_uint_eq(edge[merge.cycle[c].edge[k]].to,
			    edge[merge.cycle[c].edge[(k + 1) % merge.cycle[c].count]].from);
	rep_merge_fini(&merge);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_import");
	TCase *tc = tcase_create("import");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_checked_fixture(tc, tear_down, tear_down);
	tcase_add_test(tc, what_a_run_says);
	tcase_add_test(tc, evidence_of_an_edge);
	tcase_add_test(tc, again_is_nothing_new);
	tcase_add_test(tc, while_it_runs);
	tcase_add_test(tc, words_changed_in_place);
	tcase_add_test(tc, texts_are_not_trusted);
	tcase_add_test(tc, no_end_record_is_complete_as_far_as_it_went);
	tcase_add_test(tc, half_written_is_no_loss_unless_it_ended);
	tcase_add_test(tc, lost_is_incomplete);
	tcase_add_test(tc, missing_is_incomplete);
	tcase_add_test(tc, chain_that_bites_its_tail);
	tcase_add_test(tc, store_with_a_circle);
	tcase_add_test(tc, cut_anywhere);
	tcase_add_test(tc, bits_turned);
	tcase_add_test(tc, bad_span_is_incomplete);
	tcase_add_test(tc, bad_header_is_salvaged);
	tcase_add_test(tc, no_run_file);
	tcase_add_test(tc, half_a_cycle_each);
	tcase_add_loop_test(tc, order_of_discovery_does_not_matter, 0, 6);
	tcase_add_test(tc, tries_make_no_edge);
	tcase_add_test(tc, every_held_lock_makes_an_edge);
	tcase_add_test(tc, the_very_lock_again_is_no_edge);
	tcase_add_test(tc, two_held_locks_of_a_class_are_one_use);
	tcase_add_test(tc, paths_are_told_apart_by_functions);
	tcase_add_test(tc, end_of_a_life_is_no_birth);
	tcase_add_test(tc, weak_cycles_are_none);
	tcase_add_test(tc, duplicates);
	tcase_add_test(tc, recursions_are_alarms);
	tcase_add_test(tc, giant_is_exempt_with_sleepable_locks);
	tcase_add_test(tc, latest_of_each_command);
	tcase_add_test(tc, run_by_the_beginning_of_its_id);
	tcase_add_loop_test(tc, cycles_are_the_shortest, 0, 60);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
