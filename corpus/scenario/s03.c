/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s03.c - S3: a lock type for each role of VM object, July 2004.      room: corpus/scenario
 *
 * The page daemon writes an anonymous page to swap: it holds the page's object
 * and the hash of swap blocks (swhash) while swp_pager_meta_build() asks for a
 * swblock.  When the zone SWAPMETA needs a new slab, obj_alloc() locks the zone's own
 * object.  As long as every VM object's lock has one type, that is
 * vm object -> swap_pager swhash -> vm object.  It cannot deadlock: the zone's
 * object is nobody's memory.  The cure says so with types, and with a static
 * object for the swap zone, since only static objects get the type "uma object".
 */
#include "scenario/scenario.h"

static const struct scenario_row rows[] = {
    {{"single", "0"}, {"inversion vm object -> swap_pager swhash -> vm object"},
	{"vm object -> swap_pager swhash", "swap_pager swhash -> vm object"}},
    {{"single", "1"}, {"inversion vm object -> swap_pager swhash -> vm object"},
	{"vm object -> swap_pager swhash", "swap_pager swhash -> vm object"}},
    {{"split", "0"}, {"inversion standard object -> swap_pager swhash -> standard object"},
	{"standard object -> swap_pager swhash", "swap_pager swhash -> standard object"}},
    {{"split", "1"}, {NULL}, {"standard object -> swap_pager swhash", "swap_pager swhash -> uma object"}},
};

static void
run(struct workload_result *r)
{
	if (workload_boot(r) != 0)
		return;
	w03_run(r);
	workload_quiesce(r);
}

static const char *
judge(const struct workload_result *r, const struct machine_report *rep)
{
	uint64_t half = (uint64_t)machine.pages / 2;

	if (r->errors != 0)
		return ("a transfer failed");
	if (r->pagesout < half)
		return ("less than half of RAM was paged out");
	if (r->pagesin < half)
		return ("less than half of RAM was paged in");
	if (r->swapmeta_slabs == 0)
		return ("no swblock was ever needed");
	for (int i = 0; i < rep->ncpus; i++)
		if (rep->switches[i] == 0 || r->hits[i] == 0)
			return ("a CPU ran no thread, or had no cache hit");
	return (NULL);
}

static const struct scenario s03 = {
    .name = "s03",
    .item = "S3",
    .title = "a lock type for each role of VM object",
    .detects = "lock order",
    .switches = {"vm.object_types", "vm.swapzone_static_obj"},
    .row = rows,
    .rows = nitems(rows),
    .pages_wanted = w03_pages_wanted,
    .swap_wanted = w03_swap_wanted,
    .run = run,
    .judge = judge,
};
SCENARIO(s03);
