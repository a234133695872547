/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_load.c - the rows of the selected runs, as arrays.      room: report
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/class.h"
#include "say.h"
#include "store.h"
#include "view_load.h"

#define INT(column) rep_row_integer(row, column)
#define TEXT(column) rep_view_string(load->view, rep_row_text(row, column))

/* ---- runs, losses, classes: straight into the view ---- */

static const char *
day_and_time(struct rep_view *view, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm utc;
	char text[40];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return (rep_view_string(view, text));
}

static int
each_run(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	struct rep_view *view = load->view;

	REP_GROW(view->run, view->run_count, load->run_room);
	rep_map_put(&load->runs, INT(0), 0, view->run_count);
	view->run[view->run_count++] = (struct rep_run){.id = TEXT(1),
	    .kind = TEXT(2),
	    .program = TEXT(3),
	    .arguments = TEXT(4),
	    .started = day_and_time(view, INT(5)),
	    .ended = INT(6) != 0,
	    .complete = INT(7) != 0,
	    .threads = (uint64_t)INT(8),
	    .locks = (uint64_t)INT(9),
	    .acquisitions = (uint64_t)INT(10),
	    .records = (uint64_t)INT(11),
	    .bad_bytes = (uint64_t)INT(12),
	    .exit_status = (int)INT(13)};
	view->complete = view->complete && INT(7) != 0;
	return (0);
}

/* What the importer found missing or bad is lost as well, and is said with the rest. */
static void
add_loss(struct rep_load *load, const char *run, const char *what, uint64_t count)
{
	struct rep_view *view = load->view;

	if (count == 0)
		return;
	REP_GROW(view->loss, view->loss_count, load->loss_room);
	view->loss[view->loss_count++] = (struct rep_loss){run, what, count};
}

static int
each_loss(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	add_loss(load, TEXT(0), TEXT(1), (uint64_t)INT(2));
	return (0);
}

static int
each_damage(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	const char *run = TEXT(1);

	add_loss(load, run, "bytes of the run file that could not be read", (uint64_t)INT(12));
	if (INT(12) == 0)
		add_loss(load, run, "records that could not be read", (uint64_t)INT(14));
	add_loss(load, run, "records that others name and that are not there", (uint64_t)INT(15));
	return (0);
}

static int
each_class(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	struct rep_view *view = load->view;

	REP_GROW(view->class, view->class_count, load->class_room);
	rep_map_put(&load->classes, INT(0), 0, view->class_count);
	view->class[view->class_count++] = (struct rep_class){.name = TEXT(1),
	    .alias = "",
	    .primitive = wit_class_primitive_name((unsigned)INT(2)),
	    .instances = (uint64_t)INT(3),
	    .acquisitions = (uint64_t)INT(4)};
	return (0);
}

/* ---- frames, stacks, sites, origins ---- */

static int
each_frame(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	const char *path = rep_row_text(row, 1), *slash = strrchr(path, '/');

	REP_GROW(load->frame, load->frames, load->frame_room);
	rep_map_put(&load->frame_by, INT(0), 0, load->frames);
	load->frame[load->frames++] =
	    (struct rep_load_frame){.module = rep_view_string(load->view, slash == NULL ? path : slash + 1),
		.offset = (uint64_t)INT(2)};
	return (0);
}

static int
each_symbol(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t at = rep_map_find(&load->frame_by, INT(0), 0);
	struct rep_load_frame *frame;

	if (at == REP_MAP_NONE)
		return (0);
	frame = &load->frame[at];
	REP_GROW(load->symbol, load->symbols, load->symbol_room);
	if (frame->symbols++ == 0)
		frame->symbol = load->symbols;
	load->symbol[load->symbols++] = (struct rep_frame){.function = TEXT(1),
	    .file = TEXT(2),
	    .line = (uint32_t)INT(3),
	    .inlined = INT(4) != 0,
	    .module = frame->module,
	    .offset = frame->offset};
	return (0);
}

/* The frames that were gathered become a stack, inlined functions each a frame of their own. */
static void
finish_stack(struct rep_load *load)
{
	struct rep_frame *frame;
	size_t count = 0, n = 0;

	if (load->stack_now == 0)
		return;
	for (size_t i = 0; i < load->stack_frames; i++) {
		size_t symbols = load->frame[load->stack_frame[i]].symbols;

		count += symbols == 0 ? 1 : symbols;
	}
	frame = rep_view_alloc(load->view, count * sizeof(*frame));
	for (size_t i = 0; i < load->stack_frames; i++) {
		const struct rep_load_frame *from = &load->frame[load->stack_frame[i]];

		if (from->symbols == 0)
			frame[n++] = (struct rep_frame){"", "", from->module, from->offset, 0, false};
		for (size_t k = 0; k < from->symbols; k++)
			frame[n++] = load->symbol[from->symbol + k];
	}
	REP_GROW(load->stack, load->stacks, load->stack_room);
	rep_map_put(&load->stack_by, load->stack_now, 0, load->stacks);
	load->stack[load->stacks++] = (struct rep_stack){frame, count, load->stack_derived};
	load->stack_frames = 0;
}

static int
each_stack_frame(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t frame = rep_map_find(&load->frame_by, INT(2), 0);

	if (INT(0) != load->stack_now)
		finish_stack(load);
	load->stack_now = INT(0);
	load->stack_derived = INT(1) != 0;
	if (frame == REP_MAP_NONE)
		return (0);
	REP_GROW(load->stack_frame, load->stack_frames, load->stack_frame_room);
	load->stack_frame[load->stack_frames++] = frame;
	return (0);
}

/* A place that is a code address is shown as what is there. */
static struct rep_load_site
site_of_frame(struct rep_load *load, size_t at)
{
	const struct rep_load_frame *frame = &load->frame[at];
	const struct rep_frame *symbol = frame->symbols == 0 ? NULL : &load->symbol[frame->symbol];
	char text[300];

	if (symbol != NULL && *symbol->file != '\0')
		return ((struct rep_load_site){symbol->file, symbol->function, symbol->line});
	snprintf(text, sizeof(text), "%.200s+0x%" PRIx64, *frame->module == '\0' ? "?" : frame->module,
	    frame->offset);
	return ((struct rep_load_site){
	    rep_view_string(load->view, text), symbol == NULL ? "" : symbol->function, 0});
}

static int
each_site(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t frame = rep_map_find(&load->frame_by, INT(3), 0);

	REP_GROW(load->site, load->sites, load->site_room);
	rep_map_put(&load->site_by, INT(0), 0, load->sites);
	load->site[load->sites++] = INT(2) == 0 && frame != REP_MAP_NONE
					? site_of_frame(load, frame)
					: (struct rep_load_site){TEXT(1), "", (uint32_t)INT(2)};
	return (0);
}

static int
each_origin(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	REP_GROW(load->origin, load->origins, load->origin_room);
	rep_map_put(&load->origin_by, INT(0), 0, load->origins);
	load->origin[load->origins++] =
	    (struct rep_load_origin){.class = rep_map_find(&load->classes, INT(1), 0),
		.name = TEXT(2),
		.site = rep_map_find(&load->site_by, INT(3), 0)};
	return (0);
}

/* ---- what belongs to a run ---- */

static int
each_thread(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t role = rep_map_find(&load->frame_by, INT(3), 0);
	const struct rep_load_frame *frame = role == REP_MAP_NONE ? NULL : &load->frame[role];

	REP_GROW(load->thread, load->threads, load->thread_room);
	rep_map_put(&load->thread_by, INT(0), INT(1), load->threads);
	load->thread[load->threads++] = (struct rep_load_thread){.name = TEXT(2),
	    .role = frame == NULL || frame->symbols == 0 ? "" : load->symbol[frame->symbol].function};
	return (0);
}

static int
each_chain(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	REP_GROW(load->chain, load->chains, load->chain_room);
	rep_map_put(&load->chain_by, INT(0), INT(1), load->chains);
	load->chain[load->chains++] = (struct rep_load_chain){.run = INT(0),
	    .parent = (size_t)INT(2), /* number; see link_chains() */
	    .origin = rep_map_find(&load->origin_by, INT(3), 0),
	    .instance = (uint64_t)INT(4),
	    .generation = (uint64_t)INT(5),
	    .site = rep_map_find(&load->site_by, INT(6), 0),
	    .stack = rep_map_find(&load->stack_by, INT(7), 0),
	    .flags = (unsigned)INT(8),
	    .mode = (unsigned)INT(9)};
	return (0);
}

/*
 * Whoever follows parents shall come to an end: chains that stand in a circle, which no import
 * writes, name no lock and no parent, and their run is not complete.
 */
static void
drop_circles(struct rep_load *load)
{
	size_t *walk = rep_say_alloc((load->chains + 1) * sizeof(*walk)), at, next, run, dropped = 0;

	for (size_t i = 0; i < load->chains; i++) {
		for (at = i; at != REP_MAP_NONE && walk[at] == 0; at = load->chain[at].parent)
			walk[at] = i + 1;
		if (at == REP_MAP_NONE || walk[at] != i + 1)
			continue;
		for (; at != REP_MAP_NONE; at = next, dropped++) {
			next = load->chain[at].parent;
			load->chain[at].parent = load->chain[at].origin = REP_MAP_NONE;
			run = rep_map_find(&load->runs, load->chain[at].run, 0);
			if (run != REP_MAP_NONE)
				load->view->run[run].complete = false;
		}
	}
	free(walk);
	if (dropped == 0)
		return;
	load->view->complete = false;
	rep_say_note("the store is damaged: %zu held locks name each other as older", dropped);
}

/* Parents by position: a parent may stand after its child. */
static void
link_chains(struct rep_load *load)
{
	for (size_t i = 0; i < load->chain_by.room; i++) {
		const struct rep_map_slot *slot = &load->chain_by.slot[i];
		struct rep_load_chain *chain;

		if (slot->value == 0)
			continue;
		chain = &load->chain[slot->value - 1];
		chain->parent = chain->parent == 0
				    ? REP_MAP_NONE
				    : rep_map_find(&load->chain_by, slot->a, (int64_t)chain->parent);
	}
	drop_circles(load);
}

static int
each_dependency(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	REP_GROW(load->use, load->uses, load->use_room);
	rep_map_put(&load->dependency_by, INT(0), INT(1), load->uses);
	load->use[load->uses++] = (struct rep_load_use){.run = INT(0),
	    .chain = rep_map_find(&load->chain_by, INT(0), INT(2)),
	    .origin = rep_map_find(&load->origin_by, INT(3), 0),
	    .instance = (uint64_t)INT(4),
	    .generation = (uint64_t)INT(5),
	    .site = rep_map_find(&load->site_by, INT(6), 0),
	    .stack = rep_map_find(&load->stack_by, INT(7), 0),
	    .flags = (unsigned)INT(8),
	    .mode = (unsigned)INT(9),
	    .thread = rep_map_find(&load->thread_by, INT(0), INT(10)),
	    .count = (uint64_t)INT(11)};
	return (0);
}

/* Asked for as its dependency was: role, mode and flags are the same. */
static int
each_context(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t dependency = rep_map_find(&load->dependency_by, INT(0), INT(2));
	struct rep_load_use use;

	if (dependency == REP_MAP_NONE)
		return (0);
	use = load->use[dependency];
	use.chain = rep_map_find(&load->chain_by, INT(0), INT(3));
	use.instance = (uint64_t)INT(4);
	use.generation = (uint64_t)INT(5);
	use.site = rep_map_find(&load->site_by, INT(6), 0);
	use.stack = rep_map_find(&load->stack_by, INT(7), 0);
	use.thread = rep_map_find(&load->thread_by, INT(0), INT(8));
	use.count = use.helds = 0;
	REP_GROW(load->use, load->uses, load->use_room);
	rep_map_put(&load->context_by, INT(0), INT(1), load->uses);
	load->use[load->uses++] = use;
	return (0);
}

static int
add_held(struct rep_load *load, const struct rep_map *by, const struct rep_row *row)
{
	size_t at = rep_map_find(by, INT(0), INT(1));
	struct rep_load_use *use;

	if (at == REP_MAP_NONE)
		return (0);
	use = &load->use[at];
	REP_GROW(load->held, load->helds, load->held_room);
	if (use->helds++ == 0)
		use->held = load->helds;
	load->held[load->helds++] =
	    (struct rep_load_held){(uint32_t)INT(2), rep_map_find(&load->stack_by, INT(3), 0)};
	return (0);
}

static int
each_dependency_stack(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	return (add_held(load, &load->dependency_by, row));
}

static int
each_context_stack(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	return (add_held(load, &load->context_by, row));
}

/* A life in one number: the hash is long enough that two do not meet. */
static int64_t
life(uint64_t instance, uint64_t generation, size_t origin)
{
	return ((int64_t)rep_store_hash_number(rep_store_hash_number(instance, generation), origin));
}

static int
each_birth(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t origin = rep_map_find(&load->origin_by, INT(3), 0);

	rep_map_put(&load->birth_by, INT(0), life((uint64_t)INT(1), (uint64_t)INT(2), origin),
	    rep_map_find(&load->stack_by, INT(4), 0));
	return (0);
}

size_t
rep_load_birth(
    const struct rep_load *load, int64_t run, uint64_t instance, uint64_t generation, size_t origin)
{
	return (rep_map_find(&load->birth_by, run, life(instance, generation, origin)));
}

static int
each_alarm(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;

	REP_GROW(load->alarm, load->alarms, load->alarm_room);
	rep_map_put(&load->alarm_by, INT(0), INT(1), load->alarms);
	load->alarm[load->alarms++] = (struct rep_load_alarm){.run = INT(0),
	    .kind = (unsigned)INT(2),
	    .thread = rep_map_find(&load->thread_by, INT(0), INT(3)),
	    .use = rep_map_find(&load->dependency_by, INT(0), INT(4)),
	    .stack = rep_map_find(&load->stack_by, INT(5), 0)};
	return (0);
}

static int
each_alarm_line(void *owner, const struct rep_row *row)
{
	struct rep_load *load = owner;
	size_t at = rep_map_find(&load->alarm_by, INT(0), INT(1));
	struct rep_load_alarm *alarm = at == REP_MAP_NONE ? NULL : &load->alarm[at];

	if (alarm == NULL || alarm->lines >= sizeof(alarm->line) / sizeof(alarm->line[0]))
		return (0);
	alarm->line[alarm->lines++] = (struct rep_load_line){(uint64_t)INT(3),
	    rep_map_find(&load->origin_by, INT(4), 0), rep_map_find(&load->site_by, INT(5), 0)};
	return (0);
}

/* ---- all of it, each after what it names ---- */

static void
after_stacks(struct rep_load *load)
{
	finish_stack(load);
	load->stack_now = 0;
}

int
rep_load_all(struct rep_load *load, struct rep_view *view, struct rep_store *store)
{
	static const struct {
		enum rep_sql sql;
		rep_store_each_fn *each;
		void (*after)(struct rep_load *);
	} order[] = {{REP_SQL_EACH_RUN, each_run, NULL}, {REP_SQL_EACH_LOSS, each_loss, NULL},
	    {REP_SQL_EACH_RUN, each_damage, NULL}, {REP_SQL_EACH_CLASS, each_class, NULL},
	    {REP_SQL_EACH_FRAME, each_frame, NULL}, {REP_SQL_EACH_SYMBOL, each_symbol, NULL},
	    {REP_SQL_EACH_STACK, each_stack_frame, after_stacks}, {REP_SQL_EACH_SITE, each_site, NULL},
	    {REP_SQL_EACH_ORIGIN, each_origin, NULL}, {REP_SQL_EACH_THREAD, each_thread, NULL},
	    {REP_SQL_EACH_CHAIN, each_chain, link_chains}, {REP_SQL_EACH_DEPENDENCY, each_dependency, NULL},
	    {REP_SQL_EACH_DEPENDENCY_STACK, each_dependency_stack, NULL},
	    {REP_SQL_EACH_CONTEXT, each_context, NULL},
	    {REP_SQL_EACH_CONTEXT_STACK, each_context_stack, NULL}, {REP_SQL_EACH_BIRTH, each_birth, NULL},
	    {REP_SQL_EACH_ALARM, each_alarm, NULL}, {REP_SQL_EACH_ALARM_LINE, each_alarm_line, NULL}};

	*load = (struct rep_load){.view = view};
	view->complete = true;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int error = rep_store_each(store, order[i].sql, NULL, 0, order[i].each, load);

		if (error != 0)
			return (error);
		if (order[i].after != NULL)
			order[i].after(load);
	}
	return (0);
}

void
rep_load_fini(struct rep_load *load)
{
	struct rep_map *map[] = {&load->runs, &load->classes, &load->site_by, &load->frame_by,
	    &load->stack_by, &load->origin_by, &load->thread_by, &load->chain_by, &load->dependency_by,
	    &load->context_by, &load->birth_by, &load->alarm_by};
	void *array[] = {load->site, load->frame, load->symbol, load->stack, load->origin, load->thread,
	    load->chain, load->use, load->held, load->alarm, load->stack_frame};

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		rep_map_fini(map[i]);
	for (size_t i = 0; i < sizeof(array) / sizeof(array[0]); i++)
		free(array[i]);
}
