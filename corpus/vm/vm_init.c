/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_init.c - the order in which the VM comes up.
 *
 * 1 Each step stands on what the steps before it made.  The zones come from boot
 *   pages until kmem_map works, kmem_map needs map entries, map entries a zone.
 * 2 What grows inside a reserved object (KMAP ENTRY, PV ENTRY) gets it last, when
 *   kernel_map can lend KVA.
 */
#include "kern/machine.h"
#include "vm/pmap.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_map.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pager.h"

/* A kernel address that has no page: where nothing may be, say so by name. */
static int
kernel_fault(uintptr_t va)
{
	struct vm_map *map = kernel_map;

	/* The machine is about to stop: the map is read as it lies. */
	while (map != NULL) {
		struct vm_map_entry *entry = map->header.next;

		while (entry != &map->header && entry->end <= va)
			entry = entry->next;
		if (entry == &map->header || va < entry->start)
			break;
		if (entry->eflags & MAP_ENTRY_NOFAULT)
			panic("vm_fault: fault on nofault entry, addr: %lx", (u_long)va);
		map = (entry->eflags & MAP_ENTRY_IS_SUB_MAP) ? entry->object.sub_map : NULL;
	}
	panic("page fault at %lx", (u_long)va);
}

void
vm_mem_init(void)
{
	pmap_bootstrap();
	vm_page_startup();
	uma_startup(vm_boot_pages_mem, UMA_BOOT_PAGES);
	vm_object_init();
	vm_map_startup();
	kmem_init(virtual_avail, virtual_end);
	machine_kva_fault = kernel_fault;
	pmap_init();
	vm_pager_init();
	kmeminit();
	uma_startup2();
	vm_init2();
	pbuf_init();
	swapdev_init();
	uma_startup3();
}
