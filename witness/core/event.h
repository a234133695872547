/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.h - what happened, as both producers say it.          room: witness/core
 *
 * The runtime and the analyzer fill the same struct wit_event and push it
 * through check.h.  A place in the program (a site) is either a code address or
 * a file and line; it stays raw in events and held lists, because turning it
 * into an id costs a look-up that the fast path must not pay.
 *
 * Memory    file strings must live as long as the engine.
 */
#ifndef WIT_EVENT_H
#define WIT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Order of the values is part of the run file; add at the end. */
enum wit_mode {
	WIT_MODE_EXCLUSIVE = 0,
	WIT_MODE_SHARED = 1,
	WIT_MODE_RECURSIVE = 2 /* shared, and no waiting writer can block it */
};

enum wit_op {
	WIT_OP_REQUEST = 1, /* asked for, by blocking */
	WIT_OP_ACQUIRE = 2, /* got it */
	WIT_OP_RELEASE = 3,
	WIT_OP_UPGRADE = 4,
	WIT_OP_DOWNGRADE = 5,
	WIT_OP_CREATE = 6, /* a thread */
	WIT_OP_JOIN = 7
};

/* Flags of an event, an acquisition and a dependency. */
#define WIT_TRY 0x01u /* by a try-lock */
#define WIT_DUPOK 0x02u /* the duplicate rule is muted, by call or by lock */
#define WIT_RECURSABLE 0x04u /* the lock may be taken again by its owner */
#define WIT_NOORDER 0x08u /* check, but learn no order */

/* A place in the program.  line 0: `where` is a code address.  Else a file name. */
struct wit_site {
	const void *where;
	uint32_t line;
};

/* One lock: which it is and in which of its lives. */
struct wit_lock_ref {
	uint64_t instance; /* address */
	uint32_t origin; /* id, class.h */
	uint32_t generation;
};

#define WIT_STACK_MAX 48

/*
 * A walked stack, innermost frame first.  frame[] holds WIT_FRAME() words;
 * cfa[i] is the stack address below which frame i's callees lie (its canonical
 * frame address), by which the frames that are older than a point are found.
 */
struct wit_walk {
	uint32_t count;
	uint64_t frame[WIT_STACK_MAX];
	uint64_t cfa[WIT_STACK_MAX];
};

/*
 * A frame: module id (of the module records) and offset from its load base.  Module 0: an absolute
 * address.
 */
#define WIT_FRAME(module, offset) (((uint64_t)(module) << 48) | ((uint64_t)(offset)&0xffffffffffffu))
#define WIT_FRAME_MODULE(frame) ((uint32_t)((frame) >> 48))
#define WIT_FRAME_OFFSET(frame) ((frame)&0xffffffffffffu)

struct wit_event {
	struct wit_lock_ref lock;
	struct wit_site site;
	uint64_t
	    sp; /* what lies above it on the stack is older than the caller, for derived stacks; 0 unknown */
	uint64_t from; /* in the caller: where the tracker's call returns to; 0 unknown */
	uint32_t thread; /* id, 0 unknown */
	uint32_t segment; /* id */
	uint8_t op; /* enum wit_op */
	uint8_t mode; /* enum wit_mode */
	uint16_t flags; /* WIT_TRY ... */
	const struct wit_walk *walk; /* the stack, or NULL */
};

#endif
