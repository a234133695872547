/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_meter.c - the counts, and their table.
 */
#include "vm/vm_meter.h"

#include "kern/param.h"

struct vmmeter cnt;

void
vm_meter_print(void)
{
	static const struct {
		const char *what;
		const int *pages;
		const uint64_t *events;
	} table[] = {
	    {"pages", &cnt.v_page_count, NULL},
	    {"free", &cnt.v_free_count, NULL},
	    {"cache", &cnt.v_cache_count, NULL},
	    {"inactive", &cnt.v_inactive_count, NULL},
	    {"active", &cnt.v_active_count, NULL},
	    {"wired", &cnt.v_wire_count, NULL},
	    {"faults", NULL, &cnt.v_vm_faults},
	    {"zero-filled", NULL, &cnt.v_zfod},
	    {"swap pager pageins", NULL, &cnt.v_swapin},
	    {"swap pager pageouts", NULL, &cnt.v_swapout},
	    {"swap pager pages in", NULL, &cnt.v_swappgsin},
	    {"swap pager pages out", NULL, &cnt.v_swappgsout},
	    {"waits for pages in transit", NULL, &cnt.v_intrans},
	    {"reactivated", NULL, &cnt.v_reactivated},
	    {"page daemon wakeups", NULL, &cnt.v_pdwakeups},
	    {"pages the daemon looked at", NULL, &cnt.v_pdpages},
	    {"pages the daemon freed", NULL, &cnt.v_dfree},
	    {"pages freed", NULL, &cnt.v_tfree},
	    {"sleeps for memory", NULL, &cnt.v_vmwaits},
	};

	for (size_t i = 0; i < nitems(table); i++) {
		if (table[i].pages != NULL)
			kprintf("%12d %s\n", *table[i].pages, table[i].what);
		else
			kprintf("%12llu %s\n", (unsigned long long)*table[i].events, table[i].what);
	}
}
