/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * core_fixture.h - a small world for the tests of witness/core.   room: tests
 *
 * An arena over malloc that can be told to fail; a sink that keeps every record
 * as in a run file and decodes them through the reader; contexts that take and
 * let go locks as the runtime would: depth 1 left out, depth 2 asked, depth 3 when
 * it does not know.
 *
 * Memory    everything goes with world_fini().
 */
#ifndef CORE_FIXTURE_H
#define CORE_FIXTURE_H

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/check.h"

/* For hot loops: Check writes down the place of every assertion of its own, which costs a system call. */
#define MUST(condition)                                                                                      \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			ck_abort_msg("line %d: %s", __LINE__, #condition);                                   \
	} while (0)

/* ---- an arena ---- */

struct fixture_arena {
	struct wit_arena arena;
	char **block;
	size_t blocks;
	unsigned grows; /* so far */
	unsigned fail_at; /* this grow fails; 0: none */
	bool fail_after; /* and all after it */
	size_t least; /* bytes of a block */
};

static inline int
fixture_grow(struct wit_arena *arena, size_t need)
{
	struct fixture_arena *own = arena->owner;
	size_t size = need > own->least ? need : own->least;
	char *block;

	own->grows++;
	if (own->fail_at != 0 &&
	    (own->grows == own->fail_at || (own->fail_after && own->grows > own->fail_at)))
		return (-ENOMEM);
	block = calloc(1, size);
	own->block = realloc(own->block, (own->blocks + 1) * sizeof(*own->block));
	if (block == NULL || own->block == NULL)
		abort();
	own->block[own->blocks++] = block;
	arena->next = block;
	arena->end = block + size;
	return (0);
}

static inline void
fixture_arena_init(struct fixture_arena *own, size_t least)
{
	memset(own, 0, sizeof(*own));
	own->least = least;
	own->arena.grow = fixture_grow;
	own->arena.owner = own;
}

static inline void
fixture_arena_fini(struct fixture_arena *own)
{
	while (own->blocks > 0)
		free(own->block[--own->blocks]);
	free(own->block);
}

/* ---- the world ---- */

#define WORLD_FILE (4u << 20)
#define WORLD_CONTEXTS 80

struct world {
	struct fixture_arena memory;
	struct wit_engine engine;
	char *file; /* as a run file */
	size_t used;
	bool full; /* the sink keeps nothing more */
	struct wit_held held[WORLD_CONTEXTS]; /* by thread */
	uint32_t segment[WORLD_CONTEXTS];
	const struct wit_walk *walk; /* of what comes */
};

/* A lock: its origin, and a number that is its address. */
struct lock {
	uint32_t origin;
	uint64_t instance;
	uint16_t flags;
};

static inline void *
world_put(void *owner, const void *record, size_t length)
{
	struct world *w = owner;
	char *at = w->file + w->used;

	if (w->full || w->used + length + WIT_RUNFILE_GRANULE > WORLD_FILE)
		return (NULL);
	memcpy(at, record, length);
	w->used += (length + WIT_RUNFILE_GRANULE - 1) & ~(size_t)(WIT_RUNFILE_GRANULE - 1);
	return (at);
}

static inline uint64_t
world_frame(void *owner, const void *address)
{
	(void)owner;
	return (WIT_FRAME(1, (uintptr_t)address));
}

/* fail_at: the grow that fails, with all after it; 0 none. */
static inline void
world_init_failing(struct world *w, struct wit_limits limits, unsigned fail_at, bool fail_after, size_t least)
{
	const struct wit_sink sink = {.put = world_put, .frame = world_frame, .owner = w};
	const struct wit_runfile_header header = {.kind = WIT_RUN_RUNTIME, .pid = 1};
	unsigned i;

	memset(w, 0, sizeof(*w));
	fixture_arena_init(&w->memory, least);
	w->memory.fail_at = fail_at;
	w->memory.fail_after = fail_after;
	w->file = calloc(1, WORLD_FILE);
	ck_assert_ptr_nonnull(w->file);
	wit_runfile_header(w->file, &header, 0, NULL);
	w->used = WIT_RUNFILE_HEADER;
	for (i = 0; i < WORLD_CONTEXTS; i++) {
		wit_held_init(&w->held[i]);
		w->segment[i] = i;
	}
	wit_check_init(&w->engine, &w->memory.arena, &sink, &limits);
}

static inline void
world_init(struct world *w)
{
	world_init_failing(w, (struct wit_limits)WIT_LIMITS_DEFAULT, 0, false, 65536);
}

static inline void
world_fini(struct world *w)
{
	fixture_arena_fini(&w->memory);
	free(w->file);
}

/* A class, as the only origin of it. */
static inline uint32_t
world_class(struct world *w, const char *type)
{
	return (wit_check_origin(&w->engine, type, WIT_SLEEP_MUTEX, type, (struct wit_site){"vm/test.c", 1}));
}

static inline struct lock
world_lock(struct world *w, const char *type, uint64_t instance)
{
	return ((struct lock){.origin = world_class(w, type), .instance = instance});
}

#define WORLD_FROM 0x5005

static inline struct wit_event
world_event(struct world *w, uint32_t thread, struct lock lock, unsigned mode, unsigned flags, uint32_t line)
{
	return ((struct wit_event){
	    .lock = {.instance = lock.instance, .origin = lock.origin, .generation = 1},
	    .site = {"vm/test.c", line},
	    .sp = 0x1000,
	    .from = WORLD_FROM,
	    .thread = thread,
	    .segment = w->segment[thread],
	    .op = WIT_OP_REQUEST,
	    .mode = (uint8_t)mode,
	    .flags = (uint16_t)(flags | lock.flags),
	    .walk = w->walk,
	});
}

/* Asks for it, with an interlock or NULL; the dependency's id, 0 without one. */
static inline uint32_t
world_ask(
    struct world *w, uint32_t thread, const struct wit_event *event, const struct wit_held_entry *interlock)
{
	const struct wit_holding holding = {.list = {&w->held[thread], NULL}, .skip = interlock};
	struct wit_chain_key key = wit_chain_key(&holding, event);
	uint32_t dependency = 0;

	if (wit_holding_count(&holding) == 0)
		return (0);
	if (wit_known_look(&w->engine.known, key, thread, event->segment, &dependency) == WIT_KNOWN)
		return (dependency);
	return (wit_check_request(&w->engine, &holding, event, key));
}

/* Takes it: asks, unless by a try, then holds. */
static inline uint32_t
world_take(struct world *w, uint32_t thread, struct lock lock, unsigned mode, unsigned flags, uint32_t line)
{
	struct wit_event event = world_event(w, thread, lock, mode, flags, line);
	uint32_t dependency = 0;

	if ((flags & WIT_TRY) == 0)
		dependency = world_ask(w, thread, &event, NULL);
	ck_assert_ptr_nonnull(wit_held_push(&w->held[thread], &w->memory.arena, &event));
	return (dependency);
}

static inline uint32_t
take(struct world *w, uint32_t thread, struct lock lock, uint32_t line)
{
	return (world_take(w, thread, lock, WIT_MODE_EXCLUSIVE, 0, line));
}

static inline void
drop(struct world *w, uint32_t thread, struct lock lock)
{
	struct wit_held_entry *entry = wit_held_find(&w->held[thread], lock.instance);

	ck_assert_ptr_nonnull(entry);
	wit_held_drop(&w->held[thread], entry);
}

static inline void
drop_all(struct world *w, uint32_t thread)
{
	while (w->held[thread].count > 0)
		wit_held_drop(&w->held[thread], &w->held[thread].entry[w->held[thread].count - 1]);
}

/* ---- what was recorded ---- */

/* The n-th record of a type, from 0, or NULL. */
static inline const struct wit_rec *
world_record(const struct world *w, unsigned type, unsigned n)
{
	const struct wit_rec *rec;
	struct wit_reader reader;

	ck_assert_int_eq(wit_reader_open(&reader, w->file, w->used), WIT_READER_OK);
	while ((rec = wit_reader_next(&reader, false)) != NULL)
		if (rec->type == type && n-- == 0)
			return (rec);
	ck_assert_uint_eq(reader.bad_bytes, 0);
	return (NULL);
}

static inline unsigned
world_count(const struct world *w, unsigned type)
{
	unsigned n = 0;

	while (world_record(w, type, n) != NULL)
		n++;
	return (n);
}

/* The record of an id that its type's payload begins with. */
static inline const void *
world_by_id(const struct world *w, unsigned type, uint32_t id)
{
	const struct wit_rec *rec;
	unsigned n;

	for (n = 0; (rec = world_record(w, type, n)) != NULL; n++) {
		const uint32_t *first = wit_reader_payload(rec, sizeof(uint32_t));

		if (first != NULL && *first == id)
			return (first);
	}
	ck_abort_msg("no record of type %u with id %u", type, id);
	return (NULL);
}

/* "vm object:12" for a line of an alarm: class and line of the site. */
static inline void
world_line(const struct world *w, const struct wit_rec_alarm_line *line, char *text, size_t room)
{
	uint32_t class = wit_check_class_of(&w->engine, line->origin);
	const struct wit_rec_site *site = world_by_id(w, WIT_REC_SITE, line->site);

	snprintf(text, room, "%s:%u", wit_class_at(&w->engine.names, class)->name, site->line);
}

/*
 * An alarm as one text: kind; its lines; the classes round its cycle, each as
 * held>asked by its dependency's own record.
 */
static inline void
world_alarm(const struct world *w, unsigned n, char *text, size_t room)
{
	const struct wit_rec *rec = world_record(w, WIT_REC_ALARM, n);
	const struct wit_rec_alarm *alarm;
	const struct wit_rec_alarm_line *line;
	const uint32_t *pair;
	size_t used;
	uint32_t i;

	ck_assert_msg(rec != NULL, "there is no alarm %u", n);
	alarm = wit_reader_payload(rec, sizeof(*alarm));
	ck_assert_ptr_nonnull(alarm);
	line = wit_reader_tail(rec, sizeof(*alarm), alarm->lines * sizeof(*line));
	pair = wit_reader_tail(
	    rec, sizeof(*alarm) + alarm->lines * sizeof(*line), alarm->edges * 2 * sizeof(*pair));
	ck_assert(line != NULL && pair != NULL);
	used = (size_t)snprintf(text, room, "%s", wit_finding_info(alarm->kind)->kind);
	for (i = 0; i < alarm->lines; i++) {
		text[used++] = ' ';
		world_line(w, &line[i], text + used, room - used);
		used += strlen(text + used);
	}
	for (i = 0; i < alarm->edges; i++) {
		const struct wit_rec_dependency *dep = world_by_id(w, WIT_REC_DEPENDENCY, pair[2 * i]);
		const struct wit_rec_chain *chain = world_by_id(w, WIT_REC_CHAIN, dep->chain);
		uint32_t up;

		for (up = pair[2 * i + 1]; up > 0; up--)
			chain = world_by_id(w, WIT_REC_CHAIN, chain->parent);
		used += (size_t)snprintf(text + used, room - used, " %s>%s",
		    wit_class_at(&w->engine.names, wit_check_class_of(&w->engine, chain->lock.origin))->name,
		    wit_class_at(&w->engine.names, wit_check_class_of(&w->engine, dep->origin))->name);
	}
}

/* Exactly these alarms, in this order; NULL ends. */
static inline void
world_expect(const struct world *w, const char *const *expected)
{
	unsigned n = 0, seen = world_count(w, WIT_REC_ALARM);
	char text[512];

	for (; expected[n] != NULL; n++) {
		world_alarm(w, n, text, sizeof(text));
		ck_assert_str_eq(text, expected[n]);
	}
	ck_assert_uint_eq(seen, n);
	ck_assert_uint_eq(w->engine.alarms, n);
}

/* ---- stories ---- */

/*
 * Plays a story: nests separated by ';', each by a thread of its own (1, 2, ...)
 * that lets everything go at its end.  A lock is a mode (E exclusive, S read, R
 * recursive read), a class letter, a digit for the instance (0 if none), then
 * ? by a try, ! duplicates are meant, * may be recursed, ~ learns no order.
 * The n-th lock of the story, from 1, is taken at line n.
 */
static inline void
world_play(struct world *w, const char *story)
{
	uint32_t thread = 1, line = 0;

	while (*story != '\0') {
		char type[2] = {story[1], '\0'};
		unsigned mode = *story == 'S' ? WIT_MODE_SHARED : WIT_MODE_RECURSIVE, flags = 0;
		struct lock lock;

		if (*story == ' ' || *story == ';') {
			if (*story++ == ';')
				drop_all(w, thread++);
			continue;
		}
		if (*story == 'E')
			mode = WIT_MODE_EXCLUSIVE;
		lock = world_lock(w, type, (uint64_t)(unsigned char)story[1] << 8);
		for (story += 2; *story != ' ' && *story != ';' && *story != '\0'; story++) {
			if (*story >= '0' && *story <= '9')
				lock.instance += (uint64_t)(*story - '0');
			flags |= *story == '?' ? WIT_TRY : 0;
			flags |= *story == '!' ? WIT_DUPOK : 0;
			flags |= *story == '*' ? WIT_RECURSABLE : 0;
			flags |= *story == '~' ? WIT_NOORDER : 0;
		}
		world_take(w, thread, lock, mode, flags, ++line);
	}
	drop_all(w, thread);
}

/* One suite of one case, as a program's main() would run it. */
static inline int
run_tests(const char *name, void (*add)(TCase *))
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	add(tc);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

#define EXPECT(w, ...) world_expect((w), (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

#endif
