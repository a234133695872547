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
#include "core/order.h"

#include <errno.h>
#include <string.h>

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

static struct wit_order_node *
node_at(const struct wit_order *order, uint32_t class)
{
	return (wit_table_at(&order->nodes, class));
}

static struct wit_order_edge *
edge_at(const struct wit_order *order, uint32_t id)
{
	return (wit_table_at(&order->edges, id));
}

static uint32_t
next_edge(const struct wit_order_edge *edge, enum way way)
{
	return (way == FORWARD ? edge->next_out : edge->next_in);
}

static uint32_t
far_end(const struct wit_order_edge *edge, enum way way)
{
	return (way == FORWARD ? edge->to : edge->from);
}

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

static uint32_t
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

static bool
has_node(const struct wit_order *order, uint32_t class)
{
	return (class != 0 && class <= wit_table_count(&order->nodes));
}

static uint32_t
ord_of(const struct wit_order *order, uint32_t class)
{
	return (node_at(order, find(order, class))->ord);
}

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

/* ---- strong paths ---- */

/* Which of an edge's strengths may follow a state, and of those the best: one that is asked for otherwise. */
static unsigned
usable(unsigned strengths, enum state state)
{
	if (state == RECURSIVE_ONLY)
		strengths &= HELD_EXCLUSIVE;
	if ((strengths & ASKED_OTHER) != 0)
		strengths &= ASKED_OTHER;
	return (strengths & -strengths);
}

struct queue {
	uint32_t head, tail; /* class x 2 + state */
};

static uint32_t *
queue_link(struct wit_order *order, uint32_t place)
{
	return (&node_at(order, place / 2)->state[place % 2].next);
}

/* Reached now for the first time, and not reached better before. */
static void
reach(struct wit_order *order, struct queue *queue, uint32_t class, enum state state, uint32_t via,
    enum state before)
{
	struct wit_order_node *node = node_at(order, class);
	uint32_t place = class * 2 + state;

	if (node->state[state].mark == order->mark || node->state[OTHER].mark == order->mark)
		return;
	node->state[state].mark = order->mark;
	node->state[state].via = via;
	node->state[state].before = (uint8_t)before;
	node->state[state].next = 0;
	if (queue->tail != 0)
		*queue_link(order, queue->tail) = place;
	else
		queue->head = place;
	queue->tail = place;
}

/* Takes one state's edges, but not beyond the bound: what lies above never comes back. */
static void
expand(struct wit_order *order, struct queue *queue, uint32_t class, enum state state, uint32_t bound)
{
	uint32_t id;

	for (id = node_at(order, class)->first[FORWARD]; id != 0; id = edge_at(order, id)->next_out) {
		const struct wit_order_edge *edge = edge_at(order, id);
		unsigned by = usable(atomic_load_explicit(&edge->strengths, memory_order_relaxed), state);

		if (by == 0 || ord_of(order, edge->to) > bound)
			continue;
		reach(order, queue, edge->to, (by & ASKED_OTHER) != 0 ? OTHER : RECURSIVE_ONLY, id, state);
	}
}

/* The shortest path as the state it ends in, as class x 2 + state; 0 if there is none. */
static uint32_t
search(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength)
{
	struct queue queue = {0, 0};
	uint32_t at, bound;

	if (!has_node(order, from) || !has_node(order, to))
		return (0);
	bound = ord_of(order, from);
	if (ord_of(order, to) > bound)
		return (0);
	order->mark++;
	reach(order, &queue, to, (strength & ASKED_OTHER) != 0 ? OTHER : RECURSIVE_ONLY, 0, OTHER);
	for (at = queue.head; at != 0; at = *queue_link(order, at)) {
		enum state state = at % 2;

		if (at / 2 == from && (state == OTHER || (strength & HELD_EXCLUSIVE) != 0))
			return (at);
		expand(order, &queue, at / 2, state, bound);
	}
	return (0);
}

/* One step back from a state: the edge that led to it and the state before; false at the start. */
static bool
step_back(const struct wit_order *order, uint32_t *at, struct wit_order_step *step)
{
	const struct wit_order_node *node = node_at(order, *at / 2);
	enum state before = node->state[*at % 2].before;
	const struct wit_order_edge *edge;

	step->edge = node->state[*at % 2].via;
	if (step->edge == 0)
		return (false);
	edge = edge_at(order, step->edge);
	step->strength = usable(atomic_load_explicit(&edge->strengths, memory_order_relaxed), before);
	*at = edge->from * 2 + before;
	return (true);
}

static uint32_t
path_length(const struct wit_order *order, uint32_t goal)
{
	struct wit_order_step step;
	uint32_t length = 0;

	if (goal == 0)
		return (0);
	while (step_back(order, &goal, &step))
		length++;
	return (length);
}

int
wit_order_path(struct wit_order *order, uint32_t from, uint32_t to, unsigned strength,
    struct wit_order_step *steps, uint32_t max)
{
	uint32_t goal = search(order, from, to, strength), length = path_length(order, goal), i;
	struct wit_order_step step;

	for (i = length; i-- > 0;) {
		(void)step_back(order, &goal, &step);
		if (i < max)
			steps[i] = step;
	}
	return ((int)length);
}

/* The strength of an edge that closes the shortest cycle; 0 if none does.  EN closes whatever another closes. */
static unsigned
best_strength(struct wit_order *order, const struct wit_order_edge *edge, uint32_t *length)
{
	static const unsigned tried[] = {WIT_STRENGTH_EN, WIT_STRENGTH_ER, WIT_STRENGTH_SN, WIT_STRENGTH_SR};
	unsigned strengths = atomic_load_explicit(&edge->strengths, memory_order_relaxed), best = 0, i;

	*length = 0;
	for (i = 0; i < 4; i++) {
		uint32_t one;

		if ((strengths & tried[i]) == 0)
			continue;
		one = path_length(order, search(order, edge->from, edge->to, tried[i]));
		if (one != 0 && (best == 0 || one < *length)) {
			best = tried[i];
			*length = one;
		}
		if (tried[i] == WIT_STRENGTH_EN)
			break;
	}
	return (best);
}

int
wit_order_cycle(struct wit_order *order, uint32_t edge, uint32_t *edges, uint32_t max)
{
	const struct wit_order_edge *e = edge_at(order, edge);
	struct wit_order_step step;
	uint32_t length, goal, i;
	unsigned strength = best_strength(order, e, &length);

	if (strength == 0)
		return (0);
	goal = search(order, e->from, e->to, strength);
	for (i = length; i > 0; i--) {
		(void)step_back(order, &goal, &step);
		if (i < max)
			edges[i] = step.edge;
	}
	if (max > 0)
		edges[0] = edge;
	return ((int)length + 1);
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

/* ---- invariants ---- */

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
