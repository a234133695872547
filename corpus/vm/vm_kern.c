/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_kern.c - kernel virtual memory.
 *
 * 1 A page of a kernel object lies at the offset its address has in kernel_map,
 *   so no two ranges ever share an index and a freed range frees its pages.
 * 2 kmem_malloc() holds "system map" from finding room to entering the pages:
 *   the zones call it with no lock, and nobody may see a range without pages.
 *   To sleep for memory it lets both locks go and takes them again, map first.
 * 3 With M_NOWAIT it takes the last page there is; M_WAITOK leaves those.
 */
#include <stdbool.h>

#include "vm/vm_kern.h"
#include "kern/param.h"
#include "vm/pmap.h"
#include "vm/uma.h"
#include "vm/vm_map.h"
#include "vm/vm_meter.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

struct vm_map *kernel_map;
struct vm_map *kmem_map;
vm_size_t vm_kmem_size;

static vm_ooffset_t
kernel_offset(vm_offset_t addr)
{
	return ((vm_ooffset_t)(addr - vm_map_min(kernel_map)));
}

/* Room in a locked map, with an entry of `object` on it.  0, or KERN_NO_SPACE. */
static int
enter_range(struct vm_map *map, struct vm_object *object, vm_size_t size, vm_offset_t *addr)
{
	if (vm_map_findspace(map, vm_map_min(map), size, addr))
		return (KERN_NO_SPACE);
	vm_object_reference(object);
	if (vm_map_insert(map, object, kernel_offset(*addr), *addr, *addr + size, VM_PROT_ALL, VM_PROT_ALL,
		0) != KERN_SUCCESS)
		panic("kmem: no entry for room that was found");
	return (KERN_SUCCESS);
}

/* The entry of a range just filled: its pages are wired, and it may join its neighbours. */
static void
mark_wired(struct vm_map *map, vm_offset_t addr)
{
	struct vm_map_entry *entry;

	if (!vm_map_lookup_entry(map, addr, &entry))
		panic("kmem: entry not found");
	entry->wired_count = 1;
	vm_map_simplify_entry(map, entry);
}

/* Object locked: the page is ours alone; make it a kernel page and map it. */
static void
enter_page(struct vm_page *m, vm_offset_t va, bool zero)
{
	if (zero && (m->flags & PG_ZERO) == 0)
		pmap_zero_page(m);
	m->valid = VM_PAGE_BITS_ALL;
	vm_page_lock_queues();
	vm_page_unmanage(m);
	vm_page_unlock_queues();
	pmap_enter(kernel_pmap, va, m, VM_PROT_ALL, TRUE);
	vm_page_lock_queues();
	vm_page_flag_set(m, PG_WRITEABLE | PG_REFERENCED);
	vm_page_wakeup(m);
	vm_page_unlock_queues();
}

/* Map and kmem object locked: what was filled of a range that cannot be, is not. */
static void
unwind_range(struct vm_map *map, vm_offset_t addr, vm_size_t size, vm_size_t filled)
{
	if (filled > 0)
		pmap_remove(kernel_pmap, addr, addr + filled);
	while (filled > 0) {
		struct vm_page *m;

		filled -= PAGE_SIZE;
		m = vm_page_lookup(kmem_object, OFF_TO_IDX(kernel_offset(addr + filled)));
		vm_page_lock_queues();
		vm_page_unwire(m, 0);
		vm_page_free(m);
		vm_page_unlock_queues();
	}
	VM_OBJECT_UNLOCK(kmem_object);
	vm_map_delete(map, addr, addr + size);
}

/* Map locked.  Pages for the range, all or (M_NOWAIT) none. */
static bool
fill_range(struct vm_map *map, vm_offset_t addr, vm_size_t size, int flags)
{
	int req = VM_ALLOC_SYSTEM | VM_ALLOC_WIRED;
	vm_size_t filled = 0;

	if ((flags & (M_NOWAIT | M_USE_RESERVE)) == M_NOWAIT)
		req = VM_ALLOC_INTERRUPT | VM_ALLOC_WIRED;
	if (flags & M_ZERO)
		req |= VM_ALLOC_ZERO;
	VM_OBJECT_LOCK(kmem_object);
	while (filled < size) {
		struct vm_page *m = vm_page_alloc(kmem_object, OFF_TO_IDX(kernel_offset(addr + filled)), req);

		if (m != NULL) {
			enter_page(m, addr + filled, (flags & M_ZERO) != 0);
			filled += PAGE_SIZE;
		} else if (flags & M_NOWAIT) {
			unwind_range(map, addr, size, filled);
			return (false);
		} else {
			VM_OBJECT_UNLOCK(kmem_object);
			vm_map_unlock(map);
			VM_WAIT;
			vm_map_lock(map);
			VM_OBJECT_LOCK(kmem_object);
		}
	}
	VM_OBJECT_UNLOCK(kmem_object);
	return (true);
}

KERN_NOINLINE vm_offset_t
kmem_malloc(struct vm_map *map, vm_size_t size, int flags)
{
	vm_offset_t addr;
	bool filled;

	size = round_page(size);
	vm_map_lock(map);
	if (enter_range(map, kmem_object, size, &addr) != KERN_SUCCESS) {
		vm_map_unlock(map);
		if ((flags & M_NOWAIT) == 0)
			panic("kmem_malloc(%ld): kmem_map too small: %ld total allocated", (long)size,
			    (long)map->size);
		return (0);
	}
	filled = fill_range(map, addr, size, flags);
	if (filled)
		mark_wired(map, addr);
	vm_map_unlock(map);
	return (filled ? addr : 0);
}

vm_offset_t
kmem_alloc(struct vm_map *map, vm_size_t size)
{
	vm_offset_t addr;

	size = round_page(size);
	vm_map_lock(map);
	if (enter_range(map, kernel_object, size, &addr) != KERN_SUCCESS) {
		vm_map_unlock(map);
		return (0);
	}
	vm_map_unlock(map);
	VM_OBJECT_LOCK(kernel_object);
	for (vm_size_t off = 0; off < size; off += PAGE_SIZE) {
		struct vm_page *m = vm_page_grab(kernel_object, OFF_TO_IDX(kernel_offset(addr + off)),
		    VM_ALLOC_SYSTEM | VM_ALLOC_WIRED | VM_ALLOC_ZERO | VM_ALLOC_RETRY);

		enter_page(m, addr + off, true);
	}
	VM_OBJECT_UNLOCK(kernel_object);
	vm_map_lock(map);
	mark_wired(map, addr);
	vm_map_unlock(map);
	return (addr);
}

static vm_offset_t
find_kva(struct vm_map *map, vm_size_t size, int cow)
{
	vm_offset_t addr = vm_map_min(map);

	if (vm_map_find(map, NULL, 0, &addr, round_page(size), TRUE, VM_PROT_ALL, VM_PROT_ALL, cow) !=
	    KERN_SUCCESS)
		return (0);
	return (addr);
}

vm_offset_t
kmem_alloc_nofault(struct vm_map *map, vm_size_t size)
{
	return (find_kva(map, size, MAP_NOFAULT));
}

vm_offset_t
kmem_alloc_pageable(struct vm_map *map, vm_size_t size)
{
	return (find_kva(map, size, 0));
}

struct vm_map *
kmem_suballoc(struct vm_map *parent, vm_offset_t *min, vm_offset_t *max, vm_size_t size)
{
	struct vm_map *map;

	size = round_page(size);
	*min = find_kva(parent, size, 0);
	if (*min == 0)
		panic("kmem_suballoc: no room for %ld bytes", (long)size);
	*max = *min + size;
	map = vm_map_create(parent->pmap, *min, *max);
	map->system_map = 1;
	if (vm_map_submap(parent, *min, *max, map) != KERN_SUCCESS)
		panic("kmem_suballoc: unable to change range to submap");
	return (map);
}

void
kmem_free(struct vm_map *map, vm_offset_t addr, vm_size_t size)
{
	(void)vm_map_remove(map, trunc_page(addr), round_page(addr + size));
}

void
kmem_init(vm_offset_t start, vm_offset_t end)
{
	kernel_map = vm_map_create(kernel_pmap, start, end);
	kernel_map->system_map = 1;
}

/* The limit is room, not memory: twice the RAM leaves space for holes. */
void
kmeminit(void)
{
	vm_offset_t min, max;

	vm_kmem_size = (vm_size_t)cnt.v_page_count * PAGE_SIZE * 2;
	kmem_map = kmem_suballoc(kernel_map, &min, &max, vm_kmem_size);
}
