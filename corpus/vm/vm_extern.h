/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_extern.h - the VM as the rest of the kernel sees it.              room: corpus/vm
 */
#ifndef VM_VM_EXTERN_H
#define VM_VM_EXTERN_H

#include <stddef.h>

#include "vm/vm.h"

/*
 * Boots the VM, in history's order, on the frames machine_ram has: pages, zones,
 * objects, maps, kernel memory, pmap, pagers.  By the first thread, alone.
 * Returns with everything but the page daemon running (vm_pageout_start()).
 */
void vm_mem_init(void);

#define VM_FAULT_NORMAL 0
#define VM_FAULT_DIRTY 8

/* Makes vaddr accessible.  No lock held.  KERN_SUCCESS, or why not. */
int vm_fault(struct vm_map *map, vm_offset_t vaddr, vm_prot_t fault_type, int fault_flags);

/* Lets the pages mapped in a wired range go; the map is locked. */
void vm_fault_unwire(struct vm_map *map, vm_offset_t start, vm_offset_t end);

/*
 * User memory, through the simulated MMU, faulting as the hardware would.  No
 * lock held.  0, or -EFAULT when the address has no such access (or its page
 * could not be read back).  len must not cross a page.
 */
int uload(struct vmspace *vm, vm_offset_t va, void *dst, size_t len);
int ustore(struct vmspace *vm, vm_offset_t va, const void *src, size_t len);

/*
 * Anonymous memory of the calling process: *addr is where it may start (0:
 * anywhere) and where it came to lie.  KERN_*.
 */
int vm_mmap_anon(struct vmspace *vm, vm_offset_t *addr, vm_size_t size, vm_prot_t prot);
int vm_munmap(struct vmspace *vm, vm_offset_t addr, vm_size_t size);

/* Conservation, for a quiet machine: pages (C1), objects (C4), maps (C5), pv (C6).  One line a violation; how many. */
int vm_check_all(void);
int vm_page_check(void);
int vm_object_check(void);

#endif
