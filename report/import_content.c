/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * import_content.c - rows whose id is a hash of what they say.   room: report
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "import_put.h"
#include "say.h"
#include "store.h"
#include "symbol.h"

#define PUT(...)                                                                                             \
	do {                                                                                                 \
		int put_error = rep_store_put(__VA_ARGS__);                                                  \
		if (put_error != 0)                                                                          \
			return (put_error);                                                                  \
	} while (0)

/* The last COUNTS record of each id. */
static const struct wit_rec_counts **
index_counts(const struct rep_records *records, unsigned scope, size_t *ids)
{
	const struct wit_rec_counts **index = NULL;
	size_t n = rep_records_count(records, WIT_REC_COUNTS);
	unsigned type = scope == WIT_COUNT_ORIGIN ? WIT_REC_ORIGIN : WIT_REC_DEPENDENCY;

	*ids = records->list[type].ids;
	index = rep_say_alloc(*ids * sizeof(*index));
	for (size_t i = 0; i < n; i++) {
		const struct wit_rec_counts *counts = rep_records_nth(records, WIT_REC_COUNTS, i);

		if (counts->scope == scope && counts->id < *ids)
			index[counts->id] = counts;
	}
	return (index);
}

void
rep_import_put_init(struct rep_importer *im)
{
	for (unsigned type = 0; type < REP_RECORD_TYPES; type++)
		im->id[type] = rep_say_alloc(im->records->list[type].ids * sizeof(int64_t));
	im->origin_count = index_counts(im->records, WIT_COUNT_ORIGIN, &im->origin_counts);
	im->dependency_count = index_counts(im->records, WIT_COUNT_DEPENDENCY, &im->dependency_counts);
	rep_import_floor(im);
	im->seen_room = 1024;
	im->seen_count = 0;
	im->seen = rep_say_alloc(im->seen_room * sizeof(*im->seen));
}

void
rep_import_put_fini(struct rep_importer *im)
{
	for (unsigned type = 0; type < REP_RECORD_TYPES; type++)
		free(im->id[type]);
	free(im->origin_count);
	free(im->dependency_count);
	free(im->floor);
	free(im->seen);
}

static int put_stack(struct rep_importer *im, const struct wit_rec *rec, int64_t *id);

/* Stacks are put when they are named: those that events alone name would be rows that nothing leads to. */
int64_t
rep_import_need(struct rep_importer *im, unsigned type, uint32_t id)
{
	const struct wit_rec *stack = type == WIT_REC_STACK ? rep_records_find(im->records, type, id) : NULL;

	if (id == 0)
		return (0);
	if (stack != NULL && im->id[type][id] == 0 && im->error == 0)
		im->error = put_stack(im, stack, &im->id[type][id]);
	if (id < im->records->list[type].ids && im->id[type][id] != 0)
		return (im->id[type][id]);
	im->result->missing++;
	return (0);
}

/* ---- frames ---- */

/* Adds to the set; false: it was there. */
static bool
first_time(struct rep_importer *im, int64_t id)
{
	size_t at;

	if (im->seen_count * 2 >= im->seen_room) {
		int64_t *old = im->seen;
		size_t room = im->seen_room;

		im->seen_room *= 2;
		im->seen = rep_say_alloc(im->seen_room * sizeof(*im->seen));
		im->seen_count = 0;
		for (size_t i = 0; i < room; i++)
			if (old[i] != 0)
				first_time(im, old[i]);
		free(old);
	}
	for (at = (size_t)id % im->seen_room; im->seen[at] != 0; at = (at + 1) % im->seen_room)
		if (im->seen[at] == id)
			return (false);
	im->seen[at] = id;
	im->seen_count++;
	return (true);
}

/* The text of a module's record. */
static char *
build_id_of(const struct wit_rec *rec)
{
	const struct wit_rec_module *module = (const void *)(rec + 1);
	const uint8_t *bits = wit_reader_tail(rec, sizeof(*module), module->build_id_len);
	char *text;

	if (bits == NULL || module->build_id_len > 64)
		return (rep_say_string(""));
	text = rep_say_alloc((size_t)module->build_id_len * 2 + 1);
	for (uint32_t i = 0; i < module->build_id_len; i++)
		snprintf(text + 2 * i, 3, "%02x", bits[i]);
	return (text);
}

static const char *
path_of(const struct wit_rec *rec)
{
	const struct wit_rec_module *module = (const void *)(rec + 1);

	return (wit_reader_string(rec, sizeof(*module) + (size_t)module->build_id_len));
}

static int
set_true(void *owner, const struct rep_row *row)
{
	(void)row;
	*(bool *)owner = true;
	return (0);
}

/* What the frame is in the source, once for the store (or once more where it was not known). */
static int
put_symbols(struct rep_importer *im, int64_t id, const struct wit_rec *module, uint64_t offset, bool exact)
{
	const struct rep_symbol *symbol;
	bool known = false;
	size_t count;
	char *build_id;
	const char *path = path_of(module);
	int error = rep_store_each(im->store, REP_SQL_HAS_SYMBOL, REP_ROW(REP_V(id)), set_true, &known);

	if (error != 0 || known || im->symbols == NULL)
		return (error);
	build_id = build_id_of(module);
	count = rep_symbol_find(im->symbols, path == NULL ? "" : path, build_id, offset, exact, &symbol);
	free(build_id);
	for (size_t i = 0; i < count && error == 0; i++)
		error = rep_store_put(im->store, PUT_SYMBOL, REP_V(id), REP_V((int64_t)i),
		    REP_V(symbol[i].function), REP_V(symbol[i].file), REP_V(symbol[i].line),
		    REP_V(symbol[i].inlined));
	return (error);
}

int
rep_import_frame(struct rep_importer *im, uint64_t frame, bool exact, int64_t *id)
{
	uint32_t number = WIT_FRAME_MODULE(frame);
	int64_t module = rep_import_need(im, WIT_REC_MODULE, number);
	uint64_t offset = WIT_FRAME_OFFSET(frame), hash;

	if (frame == 0) {
		*id = 0;
		return (0);
	}
	hash = rep_store_hash_number('f', (uint64_t)module);
	*id = rep_store_id(rep_store_hash_number(rep_store_hash_number(hash, offset), exact));
	if (!first_time(im, *id))
		return (0);
	PUT(im->store, PUT_FRAME, REP_V(*id), REP_ID(module), REP_V((int64_t)offset), REP_V(exact));
	if (module == 0)
		return (0);
	return (put_symbols(im, *id, rep_records_find(im->records, WIT_REC_MODULE, number), offset, exact));
}

/* ---- one put for each type of record ---- */

static int
put_module(struct rep_importer *im, const struct wit_rec *rec, int64_t *id)
{
	char *build_id = build_id_of(rec), *path = rep_import_clean(path_of(rec));
	int error;

	*id = rep_store_id(rep_store_hash_string(rep_store_hash_string('m', build_id), path));
	error = rep_store_put(im->store, PUT_MODULE, REP_V(*id), REP_V(build_id), REP_V(path));
	free(build_id);
	free(path);
	return (error);
}

static int
put_class(struct rep_importer *im, const struct wit_rec *rec, int64_t *id)
{
	const struct wit_rec_class *class = (const void *)(rec + 1);
	char *name = rep_import_clean(wit_reader_string(rec, sizeof(*class)));
	int error;

	*id = rep_store_id(rep_store_hash_string('c', name));
	error = rep_store_put(im->store, PUT_CLASS, REP_V(*id), REP_V(name), REP_V(class->primitive));
	free(name);
	return (error);
}

static int
put_site(struct rep_importer *im, const struct wit_rec *rec, int64_t *id)
{
	const struct wit_rec_site *site = (const void *)(rec + 1);
	char *file = rep_import_clean(site->line == 0 ? NULL : wit_reader_string(rec, sizeof(*site)));
	int64_t frame = 0;
	uint64_t hash = rep_store_hash_string('p', file);
	int error = 0;

	if (site->line == 0)
		error = rep_import_frame(im, site->frame, false, &frame);
	hash = rep_store_hash_number(hash, site->line);
	*id = rep_store_id(rep_store_hash_number(hash, (uint64_t)frame));
	if (error == 0)
		error = rep_store_put(
		    im->store, PUT_SITE, REP_V(*id), REP_V(file), REP_V(site->line), REP_ID(frame));
	free(file);
	return (error);
}

static int
put_stack(struct rep_importer *im, const struct wit_rec *rec, int64_t *id)
{
	const struct wit_rec_stack *stack = (const void *)(rec + 1);
	const uint64_t *frame = wit_reader_tail(rec, sizeof(*stack), (size_t)stack->count * 8);
	uint32_t count = frame == NULL ? 0 : stack->count;
	int64_t site = rep_import_need(im, WIT_REC_SITE, stack->site),
		*ids = rep_say_alloc(count * sizeof(*ids));
	uint64_t hash = rep_store_hash_number(rep_store_hash_number('s', stack->derived), (uint64_t)site);
	int error = 0;

	im->result->missing += frame == NULL && stack->count > 0;
	for (uint32_t i = 0; i < count && error == 0; i++) {
		error = rep_import_frame(im, frame[i], false, &ids[i]);
		hash = rep_store_hash_number(hash, (uint64_t)ids[i]);
	}
	*id = rep_store_id(hash);
	if (error == 0)
		error = rep_store_put(im->store, PUT_STACK, REP_V(*id), REP_V(stack->derived), REP_ID(site));
	for (uint32_t i = 0; i < count && error == 0; i++)
		if (ids[i] != 0)
			error =
			    rep_store_put(im->store, PUT_STACK_FRAME, REP_V(*id), REP_V(i), REP_V(ids[i]));
	free(ids);
	return (error);
}

/* I2: without a class it is nothing. */
static int
put_origin(struct rep_importer *im, const struct wit_rec *rec, int64_t *id)
{
	const struct wit_rec_origin *origin = (const void *)(rec + 1);
	int64_t class = rep_import_need(im, WIT_REC_CLASS, origin->class), site;
	uint64_t hash;
	char *name;
	int error;

	*id = 0;
	if (class == 0) {
		im->result->missing += origin->class == 0;
		return (0);
	}
	site = rep_import_need(im, WIT_REC_SITE, origin->site);
	name = rep_import_clean(wit_reader_string(rec, sizeof(*origin)));
	hash = rep_store_hash_string(rep_store_hash_number('o', (uint64_t) class), name);
	*id = rep_store_id(rep_store_hash_number(hash, (uint64_t)site));
	error = rep_store_put(im->store, PUT_ORIGIN, REP_V(*id), REP_V(class), REP_V(name), REP_ID(site));
	free(name);
	return (error);
}

static int
put_each(struct rep_importer *im, unsigned type,
    int (*put)(struct rep_importer *, const struct wit_rec *, int64_t *))
{
	for (size_t i = 0; i < rep_records_count(im->records, type); i++) {
		const struct wit_rec *rec = rep_records_nth_record(im->records, type, i, NULL);
		uint32_t number;
		int64_t id;
		int error = put(im, rec, &id);

		if (error != 0)
			return (error);
		memcpy(&number, rec + 1, sizeof(number));
		im->id[type][number] = id;
	}
	return (0);
}

int
rep_import_put_content(struct rep_importer *im)
{
	int error = put_each(im, WIT_REC_MODULE, put_module);

	if (error == 0)
		error = put_each(im, WIT_REC_CLASS, put_class);
	if (error == 0)
		error = put_each(im, WIT_REC_SITE, put_site);
	if (error == 0)
		error = put_each(im, WIT_REC_ORIGIN, put_origin);
	return (error);
}
