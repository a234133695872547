/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_edges.c - the merged lock graph, each edge with its evidence.   room: report
 *
 * E1  Every held lock of a dependency makes an edge to the class asked for.  A
 *     request by try, or one that learns no order, makes none.
 * E2  Exempt, that is drawn and not searched: two locks of one class, and Giant
 *     together with a sleepable lock (it is let go when its owner sleeps).
 * E3  The very lock asked for, held already, is recursion and no edge.
 * E4  One piece of evidence a place that held, place that asked, their stacks,
 *     thread name, modes and run: that other locks of the class were meant is not
 *     worth telling again.  Contexts without a count of their own fold into it.
 * E5  Evidence with both stacks comes first, then by places, run, thread.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "core/class.h"
#include "core/event.h"
#include "core/order.h"
#include "say.h"
#include "view_build.h"

/* ---- locks ---- */

static const char *
mode_name(unsigned mode)
{
	return (mode == WIT_MODE_EXCLUSIVE ? "exclusive"
		: mode == WIT_MODE_SHARED  ? "shared"
					   : "shared recursive");
}

static struct rep_stack
stack_at(const struct rep_build *build, size_t stack)
{
	return (stack == REP_MAP_NONE ? (struct rep_stack){.count = 0} : build->load.stack[stack]);
}

static void
set_place(const struct rep_build *build, struct rep_lock *lock, size_t site)
{
	lock->file = site == REP_MAP_NONE ? "" : build->load.site[site].file;
	lock->line = site == REP_MAP_NONE ? 0 : build->load.site[site].line;
}

static const char *
place_text(const struct rep_build *build, size_t site)
{
	const struct rep_load_site *at = site == REP_MAP_NONE ? NULL : &build->load.site[site];
	const char *kept;
	char *text;

	if (at == NULL || at->line == 0)
		return (at == NULL ? "" : at->file);
	text = rep_say_format("%s:%u", at->file, at->line);
	kept = rep_view_string(build->view, text);
	free(text);
	return (kept);
}

/* What is known of a lock by itself: its role, and where it comes from. */
static struct rep_lock
lock_of(const struct rep_build *build, int64_t run, uint64_t instance, uint64_t generation, size_t origin)
{
	const struct rep_load_origin *from = origin == REP_MAP_NONE ? NULL : &build->load.origin[origin];
	struct rep_lock lock = {.class_name = "", .lock_name = "", .instance = instance, .born_at = ""};

	lock.mode = mode_name(WIT_MODE_EXCLUSIVE);
	lock.file = "";
	if (from == NULL)
		return (lock);
	if (from->class != REP_MAP_NONE)
		lock.class_name = build->view->class[from->class].name;
	lock.lock_name = from->name;
	lock.born_at = place_text(build, from->site);
	lock.born = stack_at(build, rep_load_birth(&build->load, run, instance, generation, origin));
	return (lock);
}

struct rep_lock
rep_build_held(const struct rep_build *build, int64_t run, const struct rep_load_chain *held, size_t stack)
{
	struct rep_lock lock = lock_of(build, run, held->instance, held->generation, held->origin);

	set_place(build, &lock, held->site);
	lock.mode = mode_name(held->mode);
	lock.try_lock = (held->flags & WIT_TRY) != 0;
	lock.stack = stack_at(build, stack == REP_MAP_NONE ? held->stack : stack);
	return (lock);
}

struct rep_lock
rep_build_asked(const struct rep_build *build, const struct rep_load_use *use)
{
	struct rep_lock lock = lock_of(build, use->run, use->instance, use->generation, use->origin);

	set_place(build, &lock, use->site);
	lock.mode = mode_name(use->mode);
	lock.try_lock = (use->flags & WIT_TRY) != 0;
	lock.stack = stack_at(build, use->stack);
	return (lock);
}

struct rep_lock
rep_build_line(const struct rep_build *build, int64_t run, const struct rep_load_line *line, size_t stack)
{
	struct rep_lock lock = lock_of(build, run, line->instance, 0, line->origin);

	set_place(build, &lock, line->site);
	lock.stack = stack_at(build, stack);
	return (lock);
}

size_t
rep_build_held_stack(const struct rep_build *build, const struct rep_load_use *use, size_t position)
{
	for (size_t i = 0; i < use->helds; i++)
		if (build->load.held[use->held + i].position == position)
			return (build->load.held[use->held + i].stack);
	return (REP_MAP_NONE);
}

void
rep_build_circumstances(
    const struct rep_build *build, int64_t run, size_t thread, struct rep_evidence *evidence)
{
	size_t at = rep_map_find(&build->load.runs, run, 0);

	evidence->thread = thread == REP_MAP_NONE ? "" : build->load.thread[thread].name;
	evidence->role = thread == REP_MAP_NONE ? "" : build->load.thread[thread].role;
	evidence->run = at == REP_MAP_NONE ? "" : build->view->run[at].id;
}

const char *
rep_build_function(const struct rep_lock *lock)
{
	for (size_t i = 0; i < lock->stack.count; i++)
		if (*lock->stack.frame[i].file != '\0' && strcmp(lock->stack.frame[i].file, lock->file) == 0)
			return (lock->stack.frame[i].function);
	return ("");
}

/* ---- evidence: sorting and folding (E4, E5) ---- */

void
rep_build_gather(struct rep_gathered *gathered, struct rep_evidence evidence)
{
	REP_GROW(gathered->evidence, gathered->count, gathered->room);
	gathered->evidence[gathered->count++] = evidence;
}

static int
by_number(uint64_t a, uint64_t b)
{
	return (a < b ? -1 : a > b);
}

static int
by_stack(const struct rep_stack *a, const struct rep_stack *b)
{
	int order = by_number(a->count, b->count);

	for (size_t i = 0; i < a->count && order == 0 && a->frame != b->frame; i++) {
		order = by_number(a->frame[i].offset, b->frame[i].offset);
		if (order == 0)
			order = strcmp(a->frame[i].module, b->frame[i].module);
	}
	return (order != 0 ? order : by_number(a->derived, b->derived));
}

static int
by_lock(const struct rep_lock *a, const struct rep_lock *b)
{
	int order = strcmp(a->file, b->file);

	if (order == 0)
		order = by_number(a->line, b->line);
	if (order == 0)
		order = strcmp(a->mode, b->mode);
	return (order != 0 ? order : by_number(a->try_lock, b->try_lock));
}

static bool
has_both(const struct rep_evidence *evidence)
{
	return (evidence->held.stack.count > 0 && evidence->asked.stack.count > 0);
}

/* All that tells one piece from another; 0: they fold. */
static int
compare(const struct rep_evidence *a, const struct rep_evidence *b)
{
	int order = by_number(has_both(b), has_both(a));

	if (order == 0)
		order = by_lock(&a->held, &b->held);
	if (order == 0)
		order = by_lock(&a->asked, &b->asked);
	if (order == 0)
		order = strcmp(a->run, b->run);
	if (order == 0)
		order = strcmp(a->thread, b->thread);
	if (order == 0)
		order = strcmp(a->role, b->role);
	if (order == 0)
		order = by_stack(&a->held.stack, &b->held.stack);
	return (order != 0 ? order : by_stack(&a->asked.stack, &b->asked.stack));
}

static int
by_evidence(const void *a, const void *b)
{
	const struct rep_evidence *left = a, *right = b;
	int order = compare(left, right);

	if (order == 0)
		order = by_number(left->between, right->between);
	if (order == 0) /* of two lives, the one that we know the birth of */
		order = by_number(right->held.born.count + right->asked.born.count,
		    left->held.born.count + left->asked.born.count);
	if (order == 0)
		order = by_number(left->held.instance, right->held.instance);
	return (order != 0 ? order : by_number(left->asked.instance, right->asked.instance));
}

const struct rep_evidence *
rep_build_settle(struct rep_view *view, struct rep_gathered *gathered, size_t *count)
{
	struct rep_evidence *kept = rep_view_alloc(view, gathered->count * sizeof(*kept));

	*count = 0;
	if (gathered->count > 1)
		qsort(gathered->evidence, gathered->count, sizeof(*gathered->evidence), by_evidence);
	for (size_t i = 0; i < gathered->count; i++) {
		if (*count > 0 && compare(&kept[*count - 1], &gathered->evidence[i]) == 0)
			kept[*count - 1].count += gathered->evidence[i].count;
		else
			kept[(*count)++] = gathered->evidence[i];
	}
	for (size_t i = 0; i < *count; i++)
		kept[i].count += kept[i].count == 0;
	free(gathered->evidence);
	*gathered = (struct rep_gathered){.count = 0};
	return (kept);
}

/* ---- edges ---- */

/* E2 */
static bool
is_exempt(const struct rep_view *view, size_t from, size_t to)
{
	const char *names[2] = {view->class[from].name, view->class[to].name};
	const char *primitives[2] = {view->class[from].primitive, view->class[to].primitive};

	if (from == to)
		return (true);
	for (int i = 0; i < 2; i++) {
#define X(value, name, text, sleepable)                                                                      \
	if (sleepable && strcmp(names[i], "Giant") == 0 && strcmp(primitives[1 - i], text) == 0)             \
		return (true);
		WIT_PRIMITIVE_LIST(X)
#undef X
	}
	return (false);
}

static size_t
edge_at(struct rep_build *build, size_t from, size_t to)
{
	struct rep_view *view = build->view;
	size_t at = rep_map_find(&build->edge_by, (int64_t)from, (int64_t)to);

	if (at != REP_MAP_NONE)
		return (at);
	at = view->edge_count;
	REP_GROW(view->edge, at, build->edge_room);
	REP_GROW(build->gathered, at, build->gathered_room);
	REP_GROW(build->strengths, at, build->strength_room);
	view->edge[at] = (struct rep_edge){
	    .from = from, .to = to, .source = "runtime", .exempt = is_exempt(view, from, to)};
	build->gathered[at] = (struct rep_gathered){.count = 0};
	build->strengths[at] = 0;
	rep_map_put(&build->edge_by, (int64_t)from, (int64_t)to, at);
	view->edge_count++;
	return (at);
}

static size_t
class_of(const struct rep_build *build, size_t origin)
{
	return (origin == REP_MAP_NONE ? REP_MAP_NONE : build->load.origin[origin].class);
}

static void
add_edge(struct rep_build *build, const struct rep_load_use *use, const struct rep_load_chain *held,
    size_t position)
{
	size_t from = class_of(build, held->origin), to = class_of(build, use->origin), at;
	struct rep_evidence evidence = {.count = use->count, .between = position};

	if (from == REP_MAP_NONE || to == REP_MAP_NONE || held->instance == use->instance) /* E3 */
		return;
	at = edge_at(build, from, to);
	build->strengths[at] |= (uint8_t)wit_order_strength(held->mode, use->mode);
	evidence.held = rep_build_held(build, use->run, held, rep_build_held_stack(build, use, position));
	evidence.asked = rep_build_asked(build, use);
	rep_build_circumstances(build, use->run, use->thread, &evidence);
	rep_build_gather(&build->gathered[at], evidence);
}

/* One use counts once for an edge, however many locks of the class it held. */
static void
count_edge(struct rep_build *build, const struct rep_load_use *use, const struct rep_load_chain *held)
{
	size_t from = class_of(build, held->origin), to = class_of(build, use->origin);
	size_t at = from == REP_MAP_NONE || to == REP_MAP_NONE
			? REP_MAP_NONE
			: rep_map_find(&build->edge_by, (int64_t)from, (int64_t)to);
	const struct rep_load *load = &build->load;

	if (at == REP_MAP_NONE)
		return;
	for (size_t i = held->parent; i != REP_MAP_NONE; i = load->chain[i].parent)
		if (class_of(build, load->chain[i].origin) == from &&
		    load->chain[i].instance != use->instance)
			return;
	if (held->instance != use->instance)
		build->view->edge[at].count += use->count;
}

static void
add_use(struct rep_build *build, const struct rep_load_use *use)
{
	const struct rep_load *load = &build->load;
	size_t position = 0;

	if ((use->flags & (WIT_TRY | WIT_NOORDER)) != 0) /* E1 */
		return;
	for (size_t i = use->chain; i != REP_MAP_NONE; i = load->chain[i].parent)
		add_edge(build, use, &load->chain[i], position++);
	for (size_t i = use->chain; i != REP_MAP_NONE; i = load->chain[i].parent)
		count_edge(build, use, &load->chain[i]);
}

struct edge_order {
	struct rep_edge edge;
	struct rep_gathered gathered;
	uint8_t strengths;
};

static int
by_ends(const void *a, const void *b)
{
	const struct edge_order *left = a, *right = b;
	int order = by_number(left->edge.from, right->edge.from);

	return (order != 0 ? order : by_number(left->edge.to, right->edge.to));
}

void
rep_build_edges(struct rep_build *build)
{
	struct rep_view *view = build->view;
	struct edge_order *order;

	for (size_t i = 0; i < build->load.uses; i++)
		add_use(build, &build->load.use[i]);
	order = rep_say_alloc(view->edge_count * sizeof(*order));
	for (size_t i = 0; i < view->edge_count; i++)
		order[i] = (struct edge_order){view->edge[i], build->gathered[i], build->strengths[i]};
	if (view->edge_count > 1)
		qsort(order, view->edge_count, sizeof(*order), by_ends);
	for (size_t i = 0; i < view->edge_count; i++) {
		struct rep_edge *edge = &view->edge[i];

		*edge = order[i].edge;
		build->strengths[i] = order[i].strengths;
		edge->evidence = rep_build_settle(view, &order[i].gathered, &edge->evidence_count);
		edge->count += edge->count == 0;
		rep_map_put(&build->edge_by, (int64_t)edge->from, (int64_t)edge->to, i);
	}
	free(order);
	free(build->gathered);
	build->gathered = NULL;
}
