/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - the database of runs, behind which no SQL is known.   room: report
 *
 * One SQLite file.  store_sql.def lists every statement by name; callers put
 * rows and read rows by those names.  What is content (classes, places, stacks,
 * frames) has an id that is a hash of the content, and what belongs to a run is
 * keyed by the run's hash and the producer's own ids: two stores are merged by
 * the union of their rows.
 *
 * Files     a WAL store with foreign keys on; schema.sql, its version in
 *           user_version.  Raise REP_STORE_VERSION when a table changes.
 * Reading   never writes, and works where nothing can be written: a store on a
 *           read-only file system is opened as immutable.
 * Threads   one thread a store.  Several processes may read while one writes.
 * Errors    0 or a negative errno after one line on stderr (say.h).
 */
#ifndef REP_STORE_H
#define REP_STORE_H

#include <stddef.h>
#include <stdint.h>

#define REP_STORE_VERSION 1
#define REP_STORE_APPLICATION 0x57495453 /* "WITS" */

struct rep_store;
struct rep_row;

enum rep_store_mode {
	REP_STORE_READ, /* must be there */
	REP_STORE_WRITE /* is made where it is not; its folder must be there */
};

int rep_store_open(struct rep_store **storep, const char *path, enum rep_store_mode mode);
void rep_store_close(struct rep_store *store);
const char *rep_store_path(const struct rep_store *store);

/* All or nothing.  After a failed put the transaction can only be dropped. */
int rep_store_begin(struct rep_store *store);
int rep_store_commit(struct rep_store *store);
void rep_store_rollback(struct rep_store *store);

enum rep_sql {
#define SQL(NAME, parameters, text) REP_SQL_##NAME,
#include "store_sql.def"
#undef SQL
	REP_SQL_COUNT
};

struct rep_value {
	const char *text; /* NULL: an integer, or with null true none at all */
	int64_t integer;
	int null;
};

static inline struct rep_value
rep_value_text(const char *text)
{
	return ((struct rep_value){.text = text, .null = text == NULL});
}

static inline struct rep_value
rep_value_integer(int64_t integer)
{
	return ((struct rep_value){.integer = integer});
}

/* An id, of which 0 means none. */
static inline struct rep_value
rep_value_id(int64_t id)
{
	return ((struct rep_value){.integer = id, .null = id == 0});
}

#define REP_V(x)                                                                                             \
	_Generic((x), char * : rep_value_text, const char * : rep_value_text, default : rep_value_integer)(x)
#define REP_ID(x) rep_value_id(x)
#define REP_ROW(...)                                                                                         \
	(const struct rep_value[]){__VA_ARGS__},                                                             \
	    sizeof((struct rep_value[]){__VA_ARGS__}) / sizeof(struct rep_value)

/* Runs a statement that yields no rows. */
int rep_store_run(struct rep_store *store, enum rep_sql sql, const struct rep_value *value, size_t count);
#define rep_store_put(store, sql, ...) rep_store_run(store, REP_SQL_##sql, REP_ROW(__VA_ARGS__))

/* Calls each() for every row, in the statement's order; stops when it returns other than 0 and returns that. */
typedef int rep_store_each_fn(void *owner, const struct rep_row *row);
int rep_store_each(struct rep_store *store, enum rep_sql sql, const struct rep_value *value, size_t count,
    rep_store_each_fn *each, void *owner);

int64_t rep_row_integer(const struct rep_row *row, int column); /* 0 where there is none */
const char *rep_row_text(
    const struct rep_row *row, int column); /* "" where there is none; good until each() returns */

/* ---- ids from content ---- */

/* Folds n bytes, or a string with its end, or a number into a hash that began as a table's letter. */
uint64_t rep_store_hash(uint64_t hash, const void *data, size_t n);
uint64_t rep_store_hash_string(uint64_t hash, const char *text);
uint64_t rep_store_hash_number(uint64_t hash, uint64_t number);
/* As an id: positive, never 0. */
int64_t rep_store_id(uint64_t hash);

#endif
