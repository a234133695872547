/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_load.h - the rows of the selected runs, as arrays.      room: report
 *
 * Between the store (which knows SQL) and view.c (which makes what is shown).
 * Positions take the place of ids; REP_MAP_NONE where a row names none.
 */
#ifndef REP_VIEW_LOAD_H
#define REP_VIEW_LOAD_H

#include <stdint.h>

#include "map.h"
#include "view.h"

struct rep_load_site {
	const char *file; /* "module+0x12" where a code address is all that is known */
	const char *function; /* "" but for code addresses */
	uint32_t line;
};

struct rep_load_frame {
	const char *module;
	uint64_t offset;
	size_t symbol, symbols; /* positions in load->symbol */
};

struct rep_load_origin {
	const char *name;
	size_t class; /* position in view->class */
	size_t site;
};

struct rep_load_thread {
	const char *name, *role;
};

/* A held lock on a parent chain. */
struct rep_load_chain {
	int64_t run;
	size_t parent, origin, site, stack;
	uint64_t instance, generation;
	unsigned flags, mode;
};

/* A dependency, or a context of one (then count is 0). */
struct rep_load_use {
	int64_t run;
	size_t chain, origin, site, stack, thread;
	uint64_t instance, generation, count;
	unsigned flags, mode;
	size_t held, helds; /* positions in load->held: stacks of the held locks, newest first */
};

struct rep_load_held {
	uint32_t position;
	size_t stack;
};

struct rep_load_line {
	uint64_t instance;
	size_t origin, site;
};

struct rep_load_alarm {
	int64_t run;
	unsigned kind;
	size_t thread, use, stack;
	struct rep_load_line line[3];
	size_t lines;
};

/* Arrays of everything; a _room is how many an array has room for, a _by finds a row by the store's ids. */
struct rep_load {
	struct rep_view *view;
	struct rep_load_site *site;
	struct rep_load_frame *frame;
	struct rep_frame *symbol;
	struct rep_stack *stack;
	struct rep_load_origin *origin;
	struct rep_load_thread *thread;
	struct rep_load_chain *chain;
	struct rep_load_use *use;
	struct rep_load_held *held;
	struct rep_load_alarm *alarm;
	size_t sites, frames, symbols, stacks, origins, threads, chains, uses, helds, alarms;
	size_t site_room, frame_room, symbol_room, stack_room, origin_room, thread_room, chain_room, use_room,
	    held_room, alarm_room;
	struct rep_map runs, classes, site_by, frame_by, stack_by, origin_by, thread_by, chain_by,
	    dependency_by, context_by, birth_by, alarm_by;
	size_t run_room, class_room, loss_room;
	size_t *stack_frame, stack_frames, stack_frame_room; /* frames of the stack being read */
	int64_t stack_now; /* its id, 0 none */
	bool stack_derived;
};

/* The runs that count become `selected`, and all they have is read.  0 or a negative errno after one line. */
int rep_view_select(struct rep_store *store, const char *run);
int rep_load_all(struct rep_load *load, struct rep_view *view, struct rep_store *store);
void rep_load_fini(struct rep_load *load);

/* Where a life of a lock was allocated: a stack's position, or REP_MAP_NONE. */
size_t rep_load_birth(
    const struct rep_load *load, int64_t run, uint64_t instance, uint64_t generation, size_t origin);

#endif
