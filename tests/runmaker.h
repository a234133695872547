/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runmaker.h - run files made by hand, with core's own builder.   room: tests
 *
 * A maker holds a run file in memory.  maker_edge() is one acquisition: a lock
 * of one class held, one of another asked for, with a chain, a dependency and
 * their sites; the file of every site is "made/CLASS.c".  Locks of one class
 * share an origin; each class has one instance, unless a number is given.
 */
#ifndef RUNMAKER_H
#define RUNMAKER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/class.h"
#include "core/event.h"
#include "core/finding.h"
#include "core/runfile.h"

#define MAKER_CLASSES 128
#define MAKER_UNUSED __attribute__((unused)) static

struct maker {
	char *data;
	size_t size, room;
	uint32_t classes, sites, stacks, threads, segments, chains, dependencies, alarms;
	char *name[MAKER_CLASSES]; /* of class i + 1; its origin has the same number */
	uint64_t acquisitions[MAKER_CLASSES];
	uint32_t thread, segment; /* who acquires */
	uint32_t module; /* 0 none yet */
};

/* Grows by what a record takes, zeroed; where it begins. */
MAKER_UNUSED char *
maker_space(struct maker *m, size_t n)
{
	n = (n + WIT_RUNFILE_GRANULE - 1) & ~(size_t)(WIT_RUNFILE_GRANULE - 1);
	if (m->size + n > m->room) {
		m->room = (m->size + n) * 2;
		m->data = realloc(m->data, m->room);
		if (m->data == NULL)
			abort();
	}
	memset(m->data + m->size, 0, n);
	m->size += n;
	return (m->data + m->size - n);
}

/* One record: fixed part, then up to two tails. */
MAKER_UNUSED void
maker_put(struct maker *m, unsigned type, const void *fixed, size_t n, const void *tail, size_t tails,
    const void *last, size_t lasts)
{
	static char buffer[65536];
	struct wit_rec_builder b;
	size_t length;

	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, fixed, n);
	if (tails > 0)
		wit_runfile_put(&b, tail, tails);
	if (type == WIT_REC_CONTEXT)
		wit_runfile_align(&b, 8);
	if (lasts > 0)
		wit_runfile_put(&b, last, lasts);
	length =
	    wit_runfile_finish(&b, type, type == WIT_REC_CONTEXT ? sizeof(struct wit_rec_context_last) : 0);
	if (length == 0)
		abort();
	memcpy(maker_space(m, length), buffer, length);
}

#define MAKER_TEXT(text) (text), strlen(text) + 1

/* The run id is made of `number`; a later number began later. */
MAKER_UNUSED void
maker_begin_as(
    struct maker *m, unsigned number, unsigned parent, const char *program, int argc, char *const argv[])
{
	struct wit_runfile_header header = {.kind = WIT_RUN_RUNTIME, .pid = 1000 + number};
	struct wit_rec_thread thread = {.id = 1, .os_id = 1000};
	struct wit_rec_segment segment = {.id = 1, .thread = 1, .cause = WIT_SEGMENT_START};

	memset(m, 0, sizeof(*m));
	for (int i = 0; i < 16; i++) {
		header.run_id[i] = (uint8_t)(number * 17 + (unsigned)i * 3 + (number >> 8));
		if (parent != 0)
			header.parent_run_id[i] = (uint8_t)(parent * 17 + (unsigned)i * 3 + (parent >> 8));
	}
	header.started_ns = 1090000000000000000u + number * 1000000000ull;
	snprintf(header.program, sizeof(header.program), "%s", program);
	wit_runfile_header(maker_space(m, WIT_RUNFILE_HEADER), &header, argc, argv);
	maker_put(m, WIT_REC_THREAD, &thread, sizeof(thread), MAKER_TEXT("main"), NULL, 0);
	maker_put(m, WIT_REC_SEGMENT, &segment, sizeof(segment), NULL, 0, NULL, 0);
	m->thread = m->segment = m->threads = m->segments = 1;
}

MAKER_UNUSED void
maker_begin(struct maker *m, unsigned number)
{
	static char *const argv[] = {(char *)"made", (char *)"by hand"};

	maker_begin_as(m, number, 0, "/made", 2, argv);
}

MAKER_UNUSED void
maker_id(unsigned number, char text[33])
{
	for (unsigned i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", (uint8_t)(number * 17 + i * 3 + (number >> 8)));
}

MAKER_UNUSED uint32_t
maker_site(struct maker *m, const char *file, uint32_t line)
{
	struct wit_rec_site site = {.id = ++m->sites, .line = line};

	maker_put(m, WIT_REC_SITE, &site, sizeof(site), MAKER_TEXT(file), NULL, 0);
	return (site.id);
}

/* The class of a name, and its origin, which has the same number. */
MAKER_UNUSED uint32_t
maker_class(struct maker *m, const char *name, unsigned primitive)
{
	struct wit_rec_class class = {.primitive = primitive};
	struct wit_rec_origin origin = {.flags = 0};
	char file[300];

	for (uint32_t i = 0; i < m->classes; i++)
		if (strcmp(m->name[i], name) == 0)
			return (i + 1);
	if (m->classes == MAKER_CLASSES)
		abort();
	m->name[m->classes++] = strdup(name);
	class.id = origin.id = origin.class = m->classes;
	maker_put(m, WIT_REC_CLASS, &class, sizeof(class), MAKER_TEXT(name), NULL, 0);
	snprintf(file, sizeof(file), "made/%s.c", name);
	origin.site = maker_site(m, file, 1);
	maker_put(m, WIT_REC_ORIGIN, &origin, sizeof(origin), MAKER_TEXT(name), NULL, 0);
	return (class.id);
}

MAKER_UNUSED uint32_t
maker_stack(struct maker *m, const uint64_t *frame, uint32_t count)
{
	struct wit_rec_stack stack = {.id = ++m->stacks, .count = count};

	maker_put(m, WIT_REC_STACK, &stack, sizeof(stack), frame, count * sizeof(*frame), NULL, 0);
	return (stack.id);
}

MAKER_UNUSED uint32_t
maker_module(struct maker *m, const char *path, const uint8_t *build_id, uint32_t length)
{
	struct wit_rec_module module = {.id = ++m->module, .build_id_len = length, .end = 1 << 30};

	maker_put(m, WIT_REC_MODULE, &module, sizeof(module), build_id, length, path, strlen(path) + 1);
	return (module.id);
}

MAKER_UNUSED uint64_t
maker_instance(uint32_t class, uint32_t number)
{
	return (0x1000u * class + 0x10u * number);
}

MAKER_UNUSED uint32_t
maker_chain(struct maker *m, uint32_t parent, const char *name, uint32_t number, unsigned mode)
{
	uint32_t class = maker_class(m, name, WIT_SLEEP_MUTEX);
	struct wit_rec_chain chain = {.id = ++m->chains, .parent = parent};
	char file[300];

	snprintf(file, sizeof(file), "made/%s.c", name);
	chain.lock = (struct wit_rec_held){.instance = maker_instance(class, number),
	    .origin = class,
	    .generation = 1,
	    .serial = m->chains,
	    .site = maker_site(m, file, 10),
	    .segment = m->segment,
	    .mode = (uint8_t)mode};
	maker_put(m, WIT_REC_CHAIN, &chain, sizeof(chain), NULL, 0, NULL, 0);
	m->acquisitions[class - 1]++;
	return (chain.id);
}

/* depth stacks, newest held lock first; stack of the asked lock. */
MAKER_UNUSED uint32_t
maker_dependency(struct maker *m, uint32_t chain, const char *name, uint32_t number, unsigned mode,
    unsigned flags, uint32_t stack, const uint32_t *stacks, uint32_t depth)
{
	uint32_t class = maker_class(m, name, WIT_SLEEP_MUTEX);
	struct wit_rec_dependency dependency = {.id = ++m->dependencies,
	    .chain = chain,
	    .instance = maker_instance(class, number),
	    .origin = class,
	    .generation = 1,
	    .stack = stack,
	    .thread = m->thread,
	    .segment = m->segment,
	    .flags = (uint16_t)flags,
	    .mode = (uint8_t)mode,
	    .depth = depth};
	char file[300];

	snprintf(file, sizeof(file), "made/%s.c", name);
	dependency.site = maker_site(m, file, 20);
	maker_put(
	    m, WIT_REC_DEPENDENCY, &dependency, sizeof(dependency), stacks, depth * sizeof(*stacks), NULL, 0);
	m->acquisitions[class - 1]++;
	return (dependency.id);
}

/* One lock of a class held (mode), one of another asked for (mode). The dependency. */
MAKER_UNUSED uint32_t
maker_edge_modes(
    struct maker *m, const char *held, unsigned held_mode, const char *asked, unsigned asked_mode)
{
	static const uint32_t none[1];

	return (
	    maker_dependency(m, maker_chain(m, 0, held, 0, held_mode), asked, 0, asked_mode, 0, 0, none, 1));
}

MAKER_UNUSED uint32_t
maker_edge(struct maker *m, const char *held, const char *asked)
{
	return (maker_edge_modes(m, held, WIT_MODE_EXCLUSIVE, asked, WIT_MODE_EXCLUSIVE));
}

/* Two locks of one class. */
MAKER_UNUSED uint32_t
maker_duplicate(struct maker *m, const char *name, unsigned flags)
{
	static const uint32_t none[1];

	return (maker_dependency(m, maker_chain(m, 0, name, 0, WIT_MODE_EXCLUSIVE), name, 1,
	    WIT_MODE_EXCLUSIVE, flags, 0, none, 1));
}

MAKER_UNUSED void
maker_context(struct maker *m, uint32_t dependency, uint32_t chain, const char *name, uint32_t number,
    uint32_t stack, uint32_t last_segment)
{
	uint32_t class = maker_class(m, name, WIT_SLEEP_MUTEX), none = 0;
	struct wit_rec_context context = {.dependency = dependency,
	    .chain = chain,
	    .instance = maker_instance(class, number),
	    .origin = class,
	    .generation = 1,
	    .stack = stack,
	    .thread = m->thread,
	    .segment = m->segment,
	    .depth = 1};
	struct wit_rec_context_last last = {.segment = last_segment};

	context.site = maker_site(m, "made/context.c", 30);
	maker_put(m, WIT_REC_CONTEXT, &context, sizeof(context), &none, sizeof(none), &last, sizeof(last));
}

MAKER_UNUSED void
maker_alarm(struct maker *m, unsigned kind, uint32_t stack, const char *const *name, uint32_t lines)
{
	struct wit_rec_alarm alarm = {
	    .id = ++m->alarms, .kind = kind, .thread = m->thread, .stack = stack, .lines = lines};
	struct wit_rec_alarm_line line[3];

	for (uint32_t i = 0; i < lines; i++) {
		uint32_t class = maker_class(m, name[i], WIT_SLEEP_MUTEX);
		char file[300];

		snprintf(file, sizeof(file), "made/%s.c", name[i]);
		line[i] =
		    (struct wit_rec_alarm_line){maker_instance(class, 0), class, maker_site(m, file, 40 + i)};
	}
	maker_put(m, WIT_REC_ALARM, &alarm, sizeof(alarm), line, lines * sizeof(*line), NULL, 0);
}

MAKER_UNUSED void
maker_counts(struct maker *m, unsigned scope, uint32_t id, uint64_t acquisitions, uint64_t instances)
{
	struct wit_rec_counts counts = {.scope = scope,
	    .id = id,
	    .acquisitions = acquisitions,
	    .contentions = ~(uint64_t)0,
	    .instances = instances};

	maker_put(m, WIT_REC_COUNTS, &counts, sizeof(counts), NULL, 0, NULL, 0);
}

MAKER_UNUSED void
maker_lost(struct maker *m, uint64_t count, const char *what)
{
	struct wit_rec_lost lost = {.count = count, .since_ns = 1};

	maker_put(m, WIT_REC_LOST, &lost, sizeof(lost), MAKER_TEXT(what), NULL, 0);
}

/* Totals and the end record. */
MAKER_UNUSED void
maker_end(struct maker *m)
{
	struct wit_rec_end end = {
	    .how = WIT_END_EXIT, .threads = m->threads, .ended_ns = 1100000000000000000u};
	uint64_t sum = 0;

	for (uint32_t i = 0; i < m->classes; i++) {
		maker_counts(m, WIT_COUNT_ORIGIN, i + 1, m->acquisitions[i], 1);
		sum += m->acquisitions[i];
	}
	maker_counts(m, WIT_COUNT_RUN, 0, sum, m->classes);
	maker_put(m, WIT_REC_END, &end, sizeof(end), NULL, 0, NULL, 0);
}

MAKER_UNUSED void
maker_write(const struct maker *m, const char *path)
{
	FILE *out = fopen(path, "w");

	if (out == NULL || fwrite(m->data, 1, m->size, out) != m->size || fclose(out) != 0) {
		perror(path);
		exit(1);
	}
}

MAKER_UNUSED void
maker_free(struct maker *m)
{
	for (uint32_t i = 0; i < m->classes; i++)
		free(m->name[i]);
	free(m->data);
	memset(m, 0, sizeof(*m));
}

#endif
