/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * s03.c - S3, July 2004: distinct lock types for VM objects.
 *
 * WITNESS reported vm object -> swap_pager swhash -> vm object: the page daemon,
 * writing a victim's pages out, holds the victim's object and swhash while the
 * SWAPMETA zone takes a new slab, for which obj_alloc() locks the zone's object.
 * That object is never itself written to swap, so there was no deadlock, but
 * all VM objects had one lock type.  The cure has two halves, each a switch:
 *
 *  vm.object_types         VM_OBJECT_LOCK_INIT() takes a type: standard, kernel,
 *                          kmem and UMA's own objects are classes apart
 *  vm.swapzone_static_obj  the swap zone is given a static object; only static
 *                          objects have the type "uma object"
 *
 * Either half alone leaves the reversal: with types but no static object it is
 * between standard objects.
 */
#include "scenario/scenario.h"

#include <inttypes.h>

#include "vm/vm_object.h"
#include "workload/w03.h"

static struct w03_result result;

#define REVERSAL(type) "finding inversion " type " -> swap_pager swhash -> " type

static const struct scenario_row table[] = {
    {{OBJECT_TYPES_SPLIT, 1},
	{"edge standard object -> swap_pager swhash", "edge swap_pager swhash -> uma object"}},
    {{OBJECT_TYPES_SPLIT, 0}, {REVERSAL("standard object")}},
    {{OBJECT_TYPES_SINGLE, 1}, {REVERSAL("vm object")}},
    {{OBJECT_TYPES_SINGLE, 0}, {REVERSAL("vm object")}},
};

/* The run was worth watching: memory was short, every CPU worked, nothing was lost. */
static const char *
shortcoming(const struct machine_report *report)
{
	uint64_t half = (uint64_t)machine.pages / 2;

	if (result.wrong + result.refused + result.swap.errors != 0)
		return ("memory did not come back as it went");
	if (result.swap.pagesout < half || result.swap.pagesin < half)
		return ("less than half of RAM was paged out and in");
	if (result.swapmeta_slabs == 0)
		return ("SWAPMETA never needed a slab");
	for (int cpu = 0; cpu < report->ncpus; cpu++)
		if (report->switches[cpu] == 0 || result.uma_hits[cpu] == 0)
			return ("a CPU did not work");
	if (result.page_faults_found + result.swap_faults_found + result.zone_faults_found +
		result.pbufs_out !=
	    0)
		return ("something was not conserved");
	return (NULL);
}

static void
print_numbers(FILE *out, const struct machine_report *report)
{
	fprintf(out,
	    "memory: %d pages by %d processes, %" PRIu64 " stamps read back, %" PRIu64 " wrong, %" PRIu64
	    " refused\n",
	    result.pages, W03_PROCESSES, result.verified, result.wrong, result.refused);
	fprintf(out,
	    "paging: %" PRIu64 " pages out in %" PRIu64 " transfers, %" PRIu64 " pages in in %" PRIu64 "\n",
	    result.swap.pagesout, result.swap.pageouts, result.swap.pagesin, result.swap.pageins);
	fprintf(out, "swap: %d slabs of SWAPMETA, %" PRIu64 " waits for a swblock, %" PRIu64 " errors\n",
	    result.swapmeta_slabs, result.swap.meta_waits, result.swap.errors);
	for (int cpu = 0; cpu < report->ncpus; cpu++)
		fprintf(out, "cpu %d: %" PRIu64 " switches, %" PRIu64 " loans from its own buckets\n", cpu,
		    report->switches[cpu], result.uma_hits[cpu]);
	fprintf(out, "schedule: %016" PRIx64 ", %" PRIu64 " points, %d ticks\n", report->digest,
	    report->points, report->ticks);
	fprintf(out, "conservation: %d pages, %d swap blocks, %d zones, %d pbufs amiss\n",
	    result.page_faults_found, result.swap_faults_found, result.zone_faults_found, result.pbufs_out);
}

static int
judge(FILE *out, const struct machine_report *report)
{
	const char *why;

	if (result.swap_error != 0)
		return (2);
	if (report->outcome != MACHINE_OK) {
		fprintf(out, "outcome: %s\n", report->text);
		return (1);
	}
	print_numbers(out, report);
	why = shortcoming(report);
	fprintf(out, "outcome: %s\n", why == NULL ? "as promised" : why);
	return (why != NULL);
}

const struct scenario scenario_s03 = {
    .name = "s03",
    .item = "S3",
    .title = "one lock type for every VM object",
    .detected_by = "reversal",
    .switches = {"vm.object_types", "vm.swapzone_static_obj"},
    .row = table,
    .rows = sizeof(table) / sizeof(table[0]),
    .swap_needed = w03_swap_needed,
    .main = w03_main,
    .arg = &result,
    .judge = judge,
};
