/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order.h - which class has been taken before which.          room: witness/core
 *
 * A directed graph over class ids.  Edge A -> B: something asked for a lock of
 * class B, by blocking, while it held one of class A.  An edge has a mask of
 * strengths, one bit for each pair of modes it was seen with; direct edges are
 * never pruned, and an edge that closes a cycle is stored like any other.
 *
 * A path is strong if no edge that ends in a recursive read is followed by one
 * that begins with any shared hold; only a closed strong path can deadlock
 * (spec: witness-lockdep 3.4).  Searches run over (class, only-recursive-so-far).
 *
 * Method    Pearce and Kelly 2006 keep a topological order of the condensation:
 *           strongly connected components are contracted (union-find), so cycles
 *           cost nothing more once known, and the strong search stays inside one
 *           component.  Names in order.c follow the paper.
 * Memory    from the arena handed in; grows; linear in edges.
 * Threads   writers serialise; wit_order_has() may race with them.
 * Errors    0 or -errno; outcomes are enum wit_order_result.
 * Cost      has: constant.  add: constant when known, else the affected range.
 */
#ifndef WIT_ORDER_H
#define WIT_ORDER_H

#include "core/arena.h"
#include "core/event.h"

/* Strengths: held exclusive or shared, then asked recursive or not. */
#define WIT_STRENGTH_EN 0x1u
#define WIT_STRENGTH_ER 0x2u
#define WIT_STRENGTH_SN 0x4u
#define WIT_STRENGTH_SR 0x8u

/* The bit of one dependency: mode held, mode asked for. */
unsigned wit_order_strength(unsigned held_mode, unsigned asked_mode);

enum wit_order_result {
	WIT_ORDER_KNOWN = 0, /* edge and strength were there */
	WIT_ORDER_ADDED = 1, /* new, and closes no strong cycle */
	WIT_ORDER_CYCLE = 2 /* new, and with it a strong cycle passes through this edge */
};

struct wit_order_edge {
	uint32_t from, to;
	uint32_t next_out, next_in; /* edge ids */
	_Atomic uint8_t strengths;
};

struct wit_order {
	struct wit_arena *arena;
	struct wit_table nodes; /* struct wit_order_node, order.c's; by class id */
	struct wit_table edges; /* struct wit_order_edge */
	struct wit_index by_ends;
	uint64_t mark; /* of the present search */
};

void wit_order_init(struct wit_order *order, struct wit_arena *arena);

/*
 * Stores an edge with one strength.  An enum wit_order_result, or -ENOMEM (then nothing is
 * stored). from != to.
 */
int wit_order_add(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength);

/* The edge is there with this strength (direct, not derived). */
bool wit_order_has(const struct wit_order *order, uint32_t from, uint32_t to, unsigned strength);
/* Its edge id, or 0. */
uint32_t wit_order_find(const struct wit_order *order, uint32_t from, uint32_t to);
static inline const struct wit_order_edge *
wit_order_edge_at(const struct wit_order *order, uint32_t id)
{
	return (wit_table_at(&order->edges, id));
}

/*
 * The shortest strong cycle through an edge: edge ids from that edge on, in
 * order round the cycle, into edges[0..max).  Returns its length (which may be
 * above max: then only max are filled), 0 if there is none.  It may pass a class
 * twice, once by recursive reads only; then it holds a shorter strong cycle too.
 */
int wit_order_cycle(struct wit_order *order, uint32_t edge, uint32_t *edges, uint32_t max);

/* One edge of a path, and the one strength by which it is used there. */
struct wit_order_step {
	uint32_t edge;
	unsigned strength;
};

/*
 * The shortest strong path from `to` back to `from` that an edge from -> to of
 * this one strength, stored or not, closes to a strong cycle: its steps into
 * steps[0..max).  Returns its length as above, 0 if there is none.
 */
int wit_order_path(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength,
    struct wit_order_step *steps, uint32_t max);

/* B can be reached from A by edges, strong or not (a != b). */
int wit_order_reaches(struct wit_order *order, uint32_t a, uint32_t b);

/* The component of a class: the id of one class that stands for it. */
uint32_t wit_order_component(struct wit_order *order, uint32_t class);

/* For tests: every invariant of the structure; 0, or -EINVAL with the first broken one's name in *what. */
int wit_order_verify(struct wit_order *order, const char **what);

#endif
