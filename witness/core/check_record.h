/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check_record.h - what check.c keeps of what it decides.     room: witness/core
 *
 * Private to check.c and check_record.c.  A record's parts (sites, stacks,
 * chains) are interned and written before the record that names them.  Who
 * writes a record with a tail reserves its space first, so that a dependency is
 * never known without its record having had room.
 */
#ifndef WIT_CHECK_RECORD_H
#define WIT_CHECK_RECORD_H

#include "core/check.h"

/* Room for a record of `record` payload bytes and for a tail of `tail` bytes: 0 or -ENOMEM. */
int wit_check_reserve(struct wit_engine *engine, size_t record, size_t tail);

/* The chain of what is held, its records written; 0 when nothing is, or with *error set: no memory. */
uint32_t wit_check_chain(struct wit_engine *engine, const struct wit_holding *holding, int *error);

/* One use of a dependency: the first, or (context) a further one. */
struct wit_use {
	uint32_t dependency, chain, depth;
	uint32_t site, stack;
	uint32_t saturated; /* of a context */
	bool closes; /* of a first use */
};

size_t wit_check_use_size(uint32_t depth);

/*
 * Writes the record of a use; stacks of the held locks come from the entries or
 * are derived from the event's.  Needs wit_check_reserve(use_size(depth), 4 x depth)
 * before.  The segment word in the record, or NULL when the sink could not keep it.
 */
_Atomic uint32_t *wit_check_put_use(struct wit_engine *engine, const struct wit_use *use,
    const struct wit_holding *holding, const struct wit_event *event, bool first);

/* What an alarm says: two or three lines, and the cycle. */
struct wit_alarm {
	unsigned kind;
	uint32_t dependency, thread, stack;
	uint32_t lines;
	struct wit_rec_alarm_line line[3];
	uint32_t edges;
	const struct wit_alarm_edge *edge;
};

struct wit_alarm_edge {
	uint32_t dependency, position;
};

void wit_check_put_alarm(struct wit_engine *engine, const struct wit_alarm *alarm);

/* A failure of memory: what is given up from now on is at least this. */
void wit_check_tighten(struct wit_engine *engine, enum wit_tight tight);

#endif
