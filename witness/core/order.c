/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * 1. Every class lies in one component; components are the strongly connected
 *    ones of the graph, strong paths or not.  A component is a root of a
 *    union-find forest (by size, paths halved) and a ring of its members.
 * 2. ord numbers the components so that every edge between two of them goes up.
 *    Numbers are unique, from 1 to the number of classes, with holes.
 * 3. An edge x -> y that goes up changes nothing.  One that goes down makes the
 *    affected region: deltaF, what y reaches at or below ord(x), and deltaB, what
 *    reaches x at or above ord(y) (Pearce and Kelly 2006).  What lies in both is
 *    on a way from y to x: with the new edge it is one component.
 * 4. The region's own numbers are dealt out again, smallest first: to deltaB
 *    without the common part, to the common part (one number; as many as it has
 *    left over are skipped, so that nothing of deltaF moves down), to the rest of
 *    deltaF.  All the rest of the graph stays where it is.
 * 5. A strong path is looked for, shortest first, over states (class, how it was
 *    asked for: also otherwise than by recursive reads, or by those only).  A
 *    class alone is too little: one that was first reached weakly must be left
 *    again when it is reached otherwise.  A state of the first kind can leave by
 *    every edge, one of the second only by edges held exclusively.
 * 6. Searches keep their lists and marks in the nodes: they need no memory and
 *    cannot fail, and a graph of any depth costs no stack.
 */
#include "core/order_node.h"

#include <errno.h>
#include <string.h>

void
wit_order_init(struct wit_order *order, struct wit_arena *arena)
{
	memset(order, 0, sizeof(*order));
	order->arena = arena;
	wit_table_init(&order->nodes, sizeof(struct wit_order_node));
	wit_table_init(&order->edges, sizeof(struct wit_order_edge));
}

unsigned
wit_order_strength(unsigned held_mode, unsigned asked_mode)
{
	bool recursive = asked_mode == WIT_MODE_RECURSIVE;

	if (held_mode == WIT_MODE_EXCLUSIVE)
		return (recursive ? WIT_STRENGTH_ER : WIT_STRENGTH_EN);
	return (recursive ? WIT_STRENGTH_SR : WIT_STRENGTH_SN);
}

/* ---- components ---- */

/* Two roots become one; rings are joined by swapping successors. */
static void
unite(struct wit_order *order, uint32_t a, uint32_t b)
{
	struct wit_order_node *big = node_at(order, a), *small = node_at(order, b);
	uint32_t root = a, successor;

	if (a == b)
		return;
	if (big->size < small->size) {
		struct wit_order_node *other = big;

		big = small;
		small = other;
		root = b;
	}
	small->parent = root;
	big->size += small->size;
	successor = big->member;
	big->member = small->member;
	small->member = successor;
}

/* ---- the order of components ---- */

struct list {
	uint32_t head, tail;
};

static void
append(struct wit_order *order, struct list *list, enum way way, uint32_t root)
{
	struct wit_order_node *node = node_at(order, root);

	if (node->mark[way] == order->mark)
		return;
	node->mark[way] = order->mark;
	node->next[way] = 0;
	if (list->tail != 0)
		node_at(order, list->tail)->next[way] = root;
	else
		list->head = root;
	list->tail = root;
}

/* Adds to the list what the edges of one class lead to, as far as the bound allows. */
static void
append_neighbours(struct wit_order *order, struct list *list, enum way way, uint32_t class, uint32_t bound)
{
	uint32_t id;

	for (id = node_at(order, class)->first[way]; id != 0; id = next_edge(edge_at(order, id), way)) {
		uint32_t root = find(order, far_end(edge_at(order, id), way)),
			 ord = node_at(order, root)->ord;

		if (way == FORWARD ? ord <= bound : ord >= bound)
			append(order, list, way, root);
	}
}

/* All components that a root reaches (is reached from) without passing the bound, itself first. */
static uint32_t
delta(struct wit_order *order, enum way way, uint32_t root, uint32_t bound)
{
	struct list list = {0, 0};
	uint32_t at, class;

	append(order, &list, way, root);
	for (at = list.head; at != 0; at = node_at(order, at)->next[way]) {
		class = at;
		do {
			append_neighbours(order, &list, way, class, bound);
			class = node_at(order, class)->member;
		} while (class != at);
	}
	return (list.head);
}

static uint32_t
merge(const struct wit_order *order, enum way way, uint32_t a, uint32_t b)
{
	uint32_t head = 0, *link = &head;

	while (a != 0 && b != 0) {
		uint32_t *less = node_at(order, a)->ord < node_at(order, b)->ord ? &a : &b;

		*link = *less;
		link = &node_at(order, *less)->next[way];
		*less = *link;
	}
	*link = a != 0 ? a : b;
	return (head);
}

/* Merge sort by ord: bin k holds a sorted list of 2^k, as the digits of a binary count. */
static uint32_t
sort(const struct wit_order *order, enum way way, uint32_t list)
{
	uint32_t bin[32] = {0}, one, next, k;

	for (one = list; one != 0; one = next) {
		next = node_at(order, one)->next[way];
		node_at(order, one)->next[way] = 0;
		for (k = 0; bin[k] != 0; k++) {
			one = merge(order, way, bin[k], one);
			bin[k] = 0;
		}
		bin[k] = one;
	}
	for (one = 0, k = 0; k < 32; k++)
		one = merge(order, way, bin[k], one);
	return (one);
}

/* The region's numbers in ascending order, each once though a component be in both lists. */
struct pool {
	uint32_t forward, backward;
};

static uint32_t
take(const struct wit_order *order, struct pool *pool)
{
	uint32_t f = pool->forward, b = pool->backward, ord;

	if (b == 0 || (f != 0 && node_at(order, f)->ord <= node_at(order, b)->ord))
		ord = node_at(order, f)->ord;
	else
		ord = node_at(order, b)->ord;
	if (f != 0 && node_at(order, f)->ord == ord)
		pool->forward = node_at(order, f)->next[FORWARD];
	if (b != 0 && node_at(order, b)->ord == ord)
		pool->backward = node_at(order, b)->next[BACKWARD];
	return (ord);
}

static bool
in_both(const struct wit_order *order, uint32_t root)
{
	const struct wit_order_node *node = node_at(order, root);

	return (node->mark[FORWARD] == order->mark && node->mark[BACKWARD] == order->mark);
}

/* Rule 4: into `fresh` only, while the old numbers are still being read. */
static void
deal(struct wit_order *order, uint32_t forward, uint32_t backward)
{
	struct pool pool = {forward, backward};
	uint32_t at, common = 0;

	for (at = backward; at != 0; at = node_at(order, at)->next[BACKWARD])
		if (!in_both(order, at))
			node_at(order, at)->fresh = take(order, &pool);
	for (at = forward; at != 0; at = node_at(order, at)->next[FORWARD]) {
		if (in_both(order, at)) {
			uint32_t number = take(order, &pool);

			common = common == 0 ? number : common;
			node_at(order, at)->fresh = common;
		}
	}
	for (at = forward; at != 0; at = node_at(order, at)->next[FORWARD])
		if (!in_both(order, at))
			node_at(order, at)->fresh = take(order, &pool);
}

static void
settle(struct wit_order *order, uint32_t list, enum way way)
{
	uint32_t at;

	for (at = list; at != 0; at = node_at(order, at)->next[way])
		node_at(order, at)->ord = node_at(order, at)->fresh;
}

/* Puts components in order for a new edge between the two classes. */
static void
reorder(struct wit_order *order, uint32_t from, uint32_t to)
{
	uint32_t x = find(order, from), y = find(order, to), forward, backward, at, root = 0;

	if (x == y || node_at(order, x)->ord < node_at(order, y)->ord)
		return;
	order->mark++;
	forward = sort(order, FORWARD, delta(order, FORWARD, y, node_at(order, x)->ord));
	backward = sort(order, BACKWARD, delta(order, BACKWARD, x, node_at(order, y)->ord));
	deal(order, forward, backward);
	settle(order, forward, FORWARD);
	settle(order, backward, BACKWARD);
	for (at = forward; at != 0; at = node_at(order, at)->next[FORWARD]) {
		if (!in_both(order, at))
			continue;
		if (root != 0)
			unite(order, find(order, root), at);
		root = at;
	}
}

/* ---- edges ---- */

static int
make_nodes(struct wit_order *order, uint32_t class)
{
	while (wit_table_count(&order->nodes) < class) {
		struct wit_order_node *node;
		uint32_t id;

		if (wit_table_reserve(&order->nodes, order->arena) != 0)
			return (-ENOMEM);
		node = wit_table_add(&order->nodes, order->arena, &id);
		node->parent = node->member = node->ord = id;
		node->size = 1;
	}
	return (0);
}

static uint64_t
ends_key(uint32_t from, uint32_t to)
{
	return (((uint64_t)from << 32) | to);
}

static int
make_edge(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength)
{
	struct wit_order_edge *edge;
	uint32_t id;

	if (make_nodes(order, from > to ? from : to) != 0 ||
	    wit_index_reserve(&order->by_ends, order->arena) != 0 ||
	    wit_table_reserve(&order->edges, order->arena) != 0)
		return (-ENOMEM);
	edge = wit_table_add(&order->edges, order->arena, &id);
	edge->from = from;
	edge->to = to;
	edge->next_out = node_at(order, from)->first[FORWARD];
	edge->next_in = node_at(order, to)->first[BACKWARD];
	atomic_store_explicit(&edge->strengths, (uint8_t)strength, memory_order_relaxed);
	node_at(order, from)->first[FORWARD] = id;
	node_at(order, to)->first[BACKWARD] = id;
	reorder(order, from, to);
	return (wit_index_add(&order->by_ends, order->arena, ends_key(from, to), id));
}

int
wit_order_add(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength)
{
	uint32_t id = wit_order_find(order, from, to);

	if (id == 0) {
		int error = make_edge(order, from, to, strength);

		if (error != 0)
			return (error);
	} else {
		struct wit_order_edge *edge = edge_at(order, id);

		if ((atomic_load_explicit(&edge->strengths, memory_order_relaxed) & strength) != 0)
			return (WIT_ORDER_KNOWN);
		atomic_fetch_or_explicit(&edge->strengths, (uint8_t)strength, memory_order_relaxed);
	}
	return (wit_order_path(order, from, to, strength, NULL, 0) != 0 ? WIT_ORDER_CYCLE : WIT_ORDER_ADDED);
}

uint32_t
wit_order_find(const struct wit_order *order, uint32_t from, uint32_t to)
{
	return (wit_index_find(&order->by_ends, ends_key(from, to)));
}

bool
wit_order_has(const struct wit_order *order, uint32_t from, uint32_t to, unsigned strength)
{
	uint32_t id = wit_order_find(order, from, to);

	return (id != 0 &&
		(atomic_load_explicit(&edge_at(order, id)->strengths, memory_order_relaxed) & strength) != 0);
}

/* Over components, since strength does not matter; nothing above b's number leads to b. */
int
wit_order_reaches(struct wit_order *order, uint32_t a, uint32_t b)
{
	uint32_t x, y;

	if (!has_node(order, a) || !has_node(order, b))
		return (0);
	x = find(order, a);
	y = find(order, b);
	if (x == y)
		return (1);
	if (node_at(order, x)->ord > node_at(order, y)->ord)
		return (0);
	order->mark++;
	(void)delta(order, FORWARD, x, node_at(order, y)->ord);
	return (node_at(order, y)->mark[FORWARD] == order->mark);
}

uint32_t
wit_order_component(struct wit_order *order, uint32_t class)
{
	return (has_node(order, class) ? find(order, class) : class);
}
