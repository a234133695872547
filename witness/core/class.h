/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * class.h - from a lock to its class: names, origins, sites and stacks by id.   room: witness/core
 *
 * A class is a node of the order graph (WITNESS: the type string); its identity
 * is its name.  An origin is the finest static role: class, primitive, lock
 * name, and the place of initialisation.  Order is checked per class, evidence
 * is kept per origin.  Sites and stacks are interned here too, so that a record
 * carries a number.
 *
 * Ids       from 1, never reused; 0 is none.
 * Threads   find_or_add functions serialise (engine lock); _at functions may race with them.
 * Errors    an id, or 0 when there is no memory.
 */
#ifndef WIT_CLASS_H
#define WIT_CLASS_H

#include "core/arena.h"
#include "core/event.h"

/* As enum witness_primitive of witness.h; part of the run file. */
#define WIT_PRIMITIVE_LIST(X)                                                                                \
	X(1, SLEEP_MUTEX, "sleep mutex", false)                                                              \
	X(2, SPIN_MUTEX, "spin mutex", false)                                                                \
	X(3, SX, "sx", true)                                                                                 \
	X(4, RW, "rw", false)                                                                                \
	X(5, RM, "rm", false)                                                                                \
	X(6, LOCKMGR, "lockmgr", true)

enum wit_primitive {
#define X(value, name, text, sleepable) WIT_##name = value,
	WIT_PRIMITIVE_LIST(X)
#undef X
};

/* "sleep mutex" ..., or "lock" for a number nobody knows. */
const char *wit_class_primitive_name(unsigned primitive);

struct wit_class {
	const char *name;
	uint8_t primitive;
};

struct wit_origin {
	const char *name; /* of the lock (lo_name) */
	uint32_t class;
	uint32_t site; /* of initialisation */
};

struct wit_names {
	struct wit_arena *arena;
	struct wit_table classes, origins, sites, stacks;
	struct wit_index by_name, by_origin, by_site, by_stack;
};

/* A site or a stack as kept: what its record says. */
struct wit_kept_site {
	struct wit_site raw;
};

struct wit_kept_stack {
	const uint64_t *frame;
	uint32_t count;
	uint32_t site; /* of a derived stack: the place itself, which no frame shows */
	bool derived;
};

void wit_class_init(struct wit_names *names, struct wit_arena *arena);

/*
 * *added says whether it is new: the caller then writes its record.  An id is
 * found by the whole key, compared, never by a hash alone.
 */
uint32_t wit_class_add(struct wit_names *names, const char *name, unsigned primitive, bool *added);
uint32_t wit_class_add_origin(
    struct wit_names *names, uint32_t class, const char *name, uint32_t site, bool *added);
uint32_t wit_class_add_site(struct wit_names *names, struct wit_site site, bool *added);
uint32_t wit_class_add_stack(
    struct wit_names *names, const uint64_t *frame, uint32_t count, bool derived, uint32_t site, bool *added);

const struct wit_class *wit_class_at(const struct wit_names *names, uint32_t id);
const struct wit_origin *wit_class_origin_at(const struct wit_names *names, uint32_t id);
const struct wit_kept_site *wit_class_site_at(const struct wit_names *names, uint32_t id);
const struct wit_kept_stack *wit_class_stack_at(const struct wit_names *names, uint32_t id);

#endif
