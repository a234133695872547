/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * order_node.h - a class as the order graph keeps it.        room: witness/core
 *
 * Private to order.c (edges, components and their order), order_path.c (strong
 * paths) and order_verify.c (invariants).  The rules are in order.c.
 */
#ifndef WIT_ORDER_NODE_H
#define WIT_ORDER_NODE_H

#include "core/order.h"

#define HELD_EXCLUSIVE (WIT_STRENGTH_EN | WIT_STRENGTH_ER)
#define ASKED_OTHER (WIT_STRENGTH_EN | WIT_STRENGTH_SN) /* otherwise than by a recursive read */

enum way { FORWARD = 0, BACKWARD = 1 };
enum state { OTHER = 0, RECURSIVE_ONLY = 1 };

struct wit_order_node {
	uint32_t first[2]; /* edge ids: out (FORWARD), in (BACKWARD) */
	uint32_t parent; /* union-find; itself: a root */
	uint32_t member; /* next class of the component, in a ring */
	uint32_t size; /* of a root: its classes */
	uint32_t ord; /* of a root */
	uint32_t fresh; /* ord to be */
	uint32_t next[2]; /* deltaF, deltaB: component after this */
	uint64_t mark[2];
	struct {
		uint64_t mark;
		uint32_t via; /* edge by which it was reached */
		uint32_t next; /* in the queue, as class x 2 + state */
		uint8_t before; /* state it was reached from */
	} state[2];
};

static inline struct wit_order_node *
node_at(const struct wit_order *order, uint32_t class)
{
	return (wit_table_at(&order->nodes, class));
}

static inline struct wit_order_edge *
edge_at(const struct wit_order *order, uint32_t id)
{
	return (wit_table_at(&order->edges, id));
}

static inline uint32_t
next_edge(const struct wit_order_edge *edge, enum way way)
{
	return (way == FORWARD ? edge->next_out : edge->next_in);
}

static inline uint32_t
far_end(const struct wit_order_edge *edge, enum way way)
{
	return (way == FORWARD ? edge->to : edge->from);
}

static inline uint32_t
find(const struct wit_order *order, uint32_t class)
{
	struct wit_order_node *node = node_at(order, class);

	while (node->parent != class) {
		node->parent = node_at(order, node->parent)->parent;
		class = node->parent;
		node = node_at(order, class);
	}
	return (class);
}

static inline bool
has_node(const struct wit_order *order, uint32_t class)
{
	return (class != 0 && class <= wit_table_count(&order->nodes));
}

static inline uint32_t
ord_of(const struct wit_order *order, uint32_t class)
{
	return (node_at(order, find(order, class))->ord);
}

#endif
