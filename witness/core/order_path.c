/* SPDX-License-Identifier: BSD-2-Clause */
/* Strong paths: order.c's rules 5 and 6. */
#include "core/order_node.h"

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

/*
 * The strength of an edge that closes the shortest cycle; 0 if none does.  EN closes whatever
 * another closes.
 */
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
