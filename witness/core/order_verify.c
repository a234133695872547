/* SPDX-License-Identifier: BSD-2-Clause */
/* Every invariant of the order graph, for tests: order.c's rules 1 and 2. */
#include "core/order_node.h"

#include <errno.h>

/* Numbers of components are unique and in range. */
static bool
numbers_hold(struct wit_order *order)
{
	uint32_t count = wit_table_count(&order->nodes), class, ord;

	for (class = 1; class <= count; class ++)
		node_at(order, class)->fresh = 0;
	for (class = 1; class <= count; class ++) {
		if (find(order, class) != class)
			continue;
		ord = node_at(order, class)->ord;
		if (ord == 0 || ord > count || node_at(order, ord)->fresh != 0)
			return (false);
		node_at(order, ord)->fresh = class;
	}
	return (true);
}

/* Rings hold exactly the classes of one root, as many as it says, and every class is in one. */
static bool
rings_hold(const struct wit_order *order)
{
	uint32_t count = wit_table_count(&order->nodes), root, class, in_ring, in_all = 0;

	for (root = 1; root <= count; root++) {
		if (find(order, root) != root)
			continue;
		in_ring = 0;
		class = root;
		do {
			if (find(order, class) != root || ++in_ring > count)
				return (false);
			class = node_at(order, class)->member;
		} while (class != root);
		if (in_ring != node_at(order, root)->size)
			return (false);
		in_all += in_ring;
	}
	return (in_all == count);
}

/* Between components edges go up; both lists and the index have every edge. */
static bool
edges_hold(const struct wit_order *order)
{
	uint32_t count = wit_table_count(&order->edges), id, class, listed[2] = {0, 0};
	enum way way;

	for (id = 1; id <= count; id++) {
		const struct wit_order_edge *edge = edge_at(order, id);
		uint32_t x = find(order, edge->from), y = find(order, edge->to);

		if (x != y && node_at(order, x)->ord >= node_at(order, y)->ord)
			return (false);
		if (wit_order_find(order, edge->from, edge->to) != id || edge->strengths == 0)
			return (false);
	}
	for (class = 1; class <= wit_table_count(&order->nodes); class ++)
		for (way = FORWARD; way <= BACKWARD; way++)
			for (id = node_at(order, class)->first[way]; id != 0;
			     id = next_edge(edge_at(order, id), way))
				if (far_end(edge_at(order, id), way == FORWARD ? BACKWARD : FORWARD) != class
				    || ++listed[way] > count)
					return (false);
	return (listed[FORWARD] == count && listed[BACKWARD] == count);
}

/* Classes of the root's component that it reaches within it by class; the queue lies in the states. */
static uint32_t
spread(struct wit_order *order, uint32_t root, enum way way)
{
	uint32_t at, id, last = root, reached = 1;

	order->mark++;
	node_at(order, root)->state[0].mark = order->mark;
	node_at(order, root)->state[0].next = 0;
	for (at = root; at != 0; at = node_at(order, at)->state[0].next) {
		for (id = node_at(order, at)->first[way]; id != 0; id = next_edge(edge_at(order, id), way)) {
			uint32_t end = far_end(edge_at(order, id), way);
			struct wit_order_node *node = node_at(order, end);

			if (node->state[0].mark == order->mark || find(order, end) != root)
				continue;
			node->state[0].mark = order->mark;
			node->state[0].next = 0;
			node_at(order, last)->state[0].next = end;
			last = end;
			reached++;
		}
	}
	return (reached);
}

static bool
components_hold(struct wit_order *order)
{
	uint32_t root;

	for (root = 1; root <= wit_table_count(&order->nodes); root++) {
		uint32_t size = node_at(order, root)->size;

		if (find(order, root) != root)
			continue;
		if (spread(order, root, FORWARD) != size || spread(order, root, BACKWARD) != size)
			return (false);
	}
	return (true);
}

int
wit_order_verify(struct wit_order *order, const char **what)
{
	if (!rings_hold(order))
		*what = "rings of members";
	else if (!numbers_hold(order))
		*what = "numbers of components";
	else if (!edges_hold(order))
		*what = "edges go up, are listed and found";
	else if (!components_hold(order))
		*what = "components are strongly connected";
	else
		return (0);
	return (-EINVAL);
}
