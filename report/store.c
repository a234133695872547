/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.c - opening a store, and running its statements.       room: report
 *
 * What a file must be, in the order that is asked
 *
 * S1  A file that is not there is made only for writing.
 * S2  A file that has no write permission is read-only, whoever asks: root too
 *     said so by that mode.
 * S3  SQLite can read it; it is empty, or its application id is ours.  A database
 *     of somebody else is not written to.
 * S4  Its user_version is not above ours.
 * S5  A reader that can make no WAL beside the store (read-only file system) opens
 *     it as immutable: nobody else can be writing there.
 * S6  What a file is, is read in one transaction; that it is empty is asked once more
 *     in the one that fills it: another first run may have been quicker.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "core/arena.h"
#include "say.h"
#include "store.h"
#include "store_schema.h"

enum { BUSY_MS = 10000 }; /* how long another writer is waited for */

struct rep_store {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *statement[REP_SQL_COUNT];
};

struct rep_row {
	sqlite3_stmt *statement;
};

static const struct {
	int parameters;
	const char *text;
} table[] = {
#define SQL(NAME, parameters, text) [REP_SQL_##NAME] = {parameters, text},
#include "store_sql.def"
#undef SQL
};

/* What SQLite says, as one line and a negative errno. */
static int
trouble(struct rep_store *store, int code)
{
	const char *path = store->path;
	int reason = store->db == NULL ? 0 : sqlite3_system_errno(store->db);

	switch (code & 0xff) {
	case SQLITE_NOTADB:
		return (rep_say(-EILSEQ, "%s: not a Witness store (not an SQLite database)", path));
	case SQLITE_CORRUPT:
		return (rep_say(-EILSEQ, "%s: the store is damaged: %s", path, sqlite3_errmsg(store->db)));
	case SQLITE_FULL:
		return (rep_say(-ENOSPC, "%s: no space left; nothing was stored", path));
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return (rep_say(-EROFS, "%s: the store is read-only; nothing was stored", path));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return (rep_say(-EBUSY, "%s: another process is writing to the store; try again", path));
	case SQLITE_NOMEM:
		return (rep_say(-ENOMEM, "%s: the machine has no more memory", path));
	case SQLITE_CANTOPEN:
		return (
		    rep_say(-EACCES, "%s: the store cannot be opened: %s", path, sqlite3_errmsg(store->db)));
	case SQLITE_IOERR:
		return (rep_say(-EIO, "%s: cannot be read or written (%s); the store is as it was", path,
		    reason != 0 ? strerror(reason) : sqlite3_errmsg(store->db)));
	}
	return (rep_say(-EIO, "%s: %s", path, sqlite3_errmsg(store->db)));
}

static int
number(struct rep_store *store, const char *text, int64_t *value)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(store->db, text, -1, &statement, NULL);

	*value = 0;
	if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return (code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code);
}

static int
run_text(struct rep_store *store, const char *text)
{
	int code = sqlite3_exec(store->db, text, NULL, NULL, NULL);

	return (code == SQLITE_OK ? 0 : trouble(store, code));
}

/* S3, S4, in the transaction that is open.  *empty: nothing is in it yet. */
static int
examine_inside(struct rep_store *store, bool *empty)
{
	int64_t tables, application, version;
	int code = number(store, "SELECT count(*) FROM sqlite_master", &tables);

	if (code == SQLITE_OK)
		code = number(store, "PRAGMA application_id", &application);
	if (code == SQLITE_OK)
		code = number(store, "PRAGMA user_version", &version);
	if (code != SQLITE_OK)
		return (trouble(store, code));
	*empty = tables == 0 && application == 0 && version == 0;
	if (*empty)
		return (0);
	if (application != REP_STORE_APPLICATION)
		return (
		    rep_say(-EILSEQ, "%s: not a Witness store (another program's database)", store->path));
	if (version > REP_STORE_VERSION)
		return (rep_say(-EPROTO,
		    "%s: the store has schema %lld, this witness knows up to %d: use a newer witness",
		    store->path, (long long)version, REP_STORE_VERSION));
	if (version < 1)
		return (rep_say(-EILSEQ, "%s: not a Witness store (no schema version)", store->path));
	return (0);
}

static int
examine(struct rep_store *store, bool *empty)
{
	int error = run_text(store, "BEGIN");

	if (error == 0)
		error = examine_inside(store, empty);
	rep_store_rollback(store);
	return (error);
}

/* S6.  Our schema, in a file that is still empty. */
static int
create(struct rep_store *store)
{
	char pragmas[128];
	bool empty;
	int error;

	if ((error = run_text(store, "BEGIN IMMEDIATE")) != 0)
		return (error);
	snprintf(pragmas, sizeof(pragmas), "PRAGMA application_id = %d; PRAGMA user_version = %d",
	    REP_STORE_APPLICATION, REP_STORE_VERSION);
	error = examine_inside(store, &empty);
	if (error == 0 && empty && (error = run_text(store, rep_store_schema)) == 0)
		error = run_text(store, pragmas);
	if (error == 0)
		error = run_text(store, "COMMIT");
	if (error != 0)
		rep_store_rollback(store);
	return (error);
}

static int
open_database(struct rep_store *store, enum rep_store_mode mode, bool immutable)
{
	char *name;
	sqlite3_str *text = sqlite3_str_new(NULL);
	int code, flags = mode == REP_STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
						  : SQLITE_OPEN_READONLY;

	/* A URI, with what has a meaning in one quoted. */
	sqlite3_str_appendall(text, "file:");
	for (const char *c = store->path; *c != '\0'; c++)
		sqlite3_str_appendf(text, strchr("?#%", *c) != NULL ? "%%%02x" : "%c", (unsigned char)*c);
	sqlite3_str_appendall(text, immutable ? "?immutable=1" : "");
	name = sqlite3_str_finish(text);
	sqlite3_close(store->db);
	store->db = NULL;
	code = sqlite3_open_v2(name, &store->db, flags | SQLITE_OPEN_URI, NULL);
	sqlite3_free(name);
	if (code == SQLITE_OK)
		sqlite3_busy_timeout(store->db, BUSY_MS);
	return (code);
}

/*
 * A file system that cannot do WAL keeps its other journal: slower, not wrong.  While
 * another changes the journal SQLite waits for nobody and says busy at once: we wait.
 */
static int
set_journal(struct rep_store *store)
{
	static const char text[] =
	    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON";
	int code = SQLITE_BUSY;

	for (int waited = 0; waited < BUSY_MS; waited += 5) {
		code = sqlite3_exec(store->db, text, NULL, NULL, NULL);
		if ((code & 0xff) != SQLITE_BUSY)
			break;
		sqlite3_sleep(5);
	}
	return (code == SQLITE_OK ? 0 : trouble(store, code));
}

static int
open_for_writing(struct rep_store *store)
{
	bool empty;
	int code = open_database(store, REP_STORE_WRITE, false), error;

	if (code != SQLITE_OK)
		return (trouble(store, code));
	if ((error = examine(store, &empty)) != 0)
		return (error);
	if ((error = set_journal(store)) != 0)
		return (error);
	return (empty ? create(store) : 0);
}

static int
open_for_reading(struct rep_store *store)
{
	int64_t ignored;
	bool empty;
	int code = open_database(store, REP_STORE_READ, false), error;

	if (code == SQLITE_OK)
		code = number(store, "SELECT count(*) FROM sqlite_master", &ignored);
	if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY) { /* S5 */
		code = open_database(store, REP_STORE_READ, true);
	}
	if (code != SQLITE_OK)
		return (trouble(store, code));
	if ((error = examine(store, &empty)) != 0)
		return (error);
	if (empty)
		return (rep_say(-EILSEQ, "%s: the store is empty: import a run first", store->path));
	return (0);
}

/* S1, S2. */
static int
examine_file(const char *path, enum rep_store_mode mode)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		if (errno == ENOENT && mode == REP_STORE_WRITE)
			return (0);
		return (rep_say(-errno, "%s: %s", path,
		    errno == ENOENT ? "no such store: import a run first, or name one with --db"
				    : strerror(errno)));
	}
	if (!S_ISREG(st.st_mode))
		return (rep_say(-EINVAL, "%s: not a Witness store (not a file)", path));
	if (mode == REP_STORE_WRITE && ((st.st_mode & 0222) == 0 || access(path, W_OK) != 0))
		return (rep_say(-EROFS, "%s: the store is read-only; nothing was stored", path));
	if (access(path, R_OK) != 0)
		return (rep_say(-errno, "%s: %s", path, strerror(errno)));
	return (0);
}

int
rep_store_open(struct rep_store **storep, const char *path, enum rep_store_mode mode)
{
	struct rep_store *store;
	int error = examine_file(path, mode);

	*storep = NULL;
	if (error != 0)
		return (error);
	store = rep_say_alloc(sizeof(*store));
	store->path = rep_say_string(path);
	error = mode == REP_STORE_WRITE ? open_for_writing(store) : open_for_reading(store);
	if (error == 0)
		error = run_text(store,
		    "PRAGMA temp_store = MEMORY; CREATE TEMP TABLE selected (run INTEGER PRIMARY KEY)");
	if (error != 0) {
		rep_store_close(store);
		return (error);
	}
	*storep = store;
	return (0);
}

void
rep_store_close(struct rep_store *store)
{
	if (store == NULL)
		return;
	for (size_t i = 0; i < REP_SQL_COUNT; i++)
		sqlite3_finalize(store->statement[i]);
	sqlite3_close(store->db);
	free(store->path);
	free(store);
}

const char *
rep_store_path(const struct rep_store *store)
{
	return (store->path);
}

int
rep_store_begin(struct rep_store *store)
{
	return (run_text(store, "BEGIN IMMEDIATE"));
}

int
rep_store_commit(struct rep_store *store)
{
	return (run_text(store, "COMMIT"));
}

void
rep_store_rollback(struct rep_store *store)
{
	/* After some failures SQLite has rolled back by itself. */
	if (store->db != NULL && sqlite3_get_autocommit(store->db) == 0)
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
}

static int
prepare(struct rep_store *store, enum rep_sql sql, const struct rep_value *value, size_t count)
{
	sqlite3_stmt **statement = &store->statement[sql];
	int code = SQLITE_OK;

	if ((size_t)table[sql].parameters != count)
		return (rep_say(-EINVAL, "statement %d takes %d values, not %zu", (int)sql,
		    table[sql].parameters, count));
	if (*statement == NULL)
		code = sqlite3_prepare_v3(
		    store->db, table[sql].text, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
	for (size_t i = 0; i < count && code == SQLITE_OK; i++) {
		int at = (int)i + 1;

		if (value[i].null)
			code = sqlite3_bind_null(*statement, at);
		else if (value[i].text != NULL)
			code = sqlite3_bind_text(*statement, at, value[i].text, -1, SQLITE_TRANSIENT);
		else
			code = sqlite3_bind_int64(*statement, at, value[i].integer);
	}
	return (code == SQLITE_OK ? 0 : trouble(store, code));
}

int
rep_store_run(struct rep_store *store, enum rep_sql sql, const struct rep_value *value, size_t count)
{
	int error = prepare(store, sql, value, count), code;

	if (error != 0)
		return (error);
	code = sqlite3_step(store->statement[sql]);
	if (code != SQLITE_DONE)
		error = trouble(store, code);
	sqlite3_reset(store->statement[sql]);
	return (error);
}

int
rep_store_each(struct rep_store *store, enum rep_sql sql, const struct rep_value *value, size_t count,
    rep_store_each_fn *each, void *owner)
{
	int result = prepare(store, sql, value, count), code;
	struct rep_row row;

	if (result != 0)
		return (result);
	row.statement = store->statement[sql];
	while ((code = sqlite3_step(row.statement)) == SQLITE_ROW && (result = each(owner, &row)) == 0)
		;
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		result = trouble(store, code);
	sqlite3_reset(row.statement);
	return (result);
}

int64_t
rep_row_integer(const struct rep_row *row, int column)
{
	return (sqlite3_column_int64(row->statement, column));
}

const char *
rep_row_text(const struct rep_row *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row->statement, column);

	return (text == NULL ? "" : text);
}

/* ---- ids ---- */

uint64_t
rep_store_hash(uint64_t hash, const void *data, size_t n)
{
	const unsigned char *byte = data;

	hash = wit_mix(hash ^ n);
	while (n >= 8) {
		uint64_t word;

		memcpy(&word, byte, sizeof(word));
		hash = wit_mix(hash * 0x9fb21c651e98df25u ^ word);
		byte += 8;
		n -= 8;
	}
	for (size_t i = 0; i < n; i++)
		hash = wit_mix(hash * 0x9fb21c651e98df25u ^ byte[i]);
	return (hash);
}

uint64_t
rep_store_hash_string(uint64_t hash, const char *text)
{
	return (rep_store_hash(hash, text, strlen(text) + 1));
}

uint64_t
rep_store_hash_number(uint64_t hash, uint64_t value)
{
	return (rep_store_hash(hash, &value, sizeof(value)));
}

int64_t
rep_store_id(uint64_t hash)
{
	int64_t id = (int64_t)(hash & INT64_MAX);

	return (id == 0 ? 1 : id);
}
