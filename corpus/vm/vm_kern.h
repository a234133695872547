/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_kern.h - kernel virtual memory.                                   room: corpus/vm
 *
 * kernel_map spans all KVA, kmem_map is a submap of it for kmem_malloc().
 * Sizes are bytes, rounded up to pages.  Addresses are real pointers; 0 means none.
 *
 * Locks     system map (the map's), then kernel object or kmem object, then the
 *           page queues.  None held on entry but those that stand before "system map".
 * Sleeps    kmem_alloc(), and kmem_malloc() without M_NOWAIT.
 */
#ifndef VM_VM_KERN_H
#define VM_VM_KERN_H

#include "vm/vm.h"

struct vm_map;

extern struct vm_map *kernel_map;
extern struct vm_map *kmem_map;
extern vm_size_t vm_kmem_size;

/* kernel_map over [start, end): the KVA that boot left. */
void kmem_init(vm_offset_t start, vm_offset_t end);
/* kmem_map, sized from the RAM there is.  After vm_map_startup() and pmap_init(). */
void kmeminit(void);

/* Wired, zeroed pages of kernel_object. */
vm_offset_t kmem_alloc(struct vm_map *map, vm_size_t size);
/* KVA only; a fault there panics ("fault on nofault entry"). */
vm_offset_t kmem_alloc_nofault(struct vm_map *map, vm_size_t size);
/* KVA only, a plain entry without object. */
vm_offset_t kmem_alloc_pageable(struct vm_map *map, vm_size_t size);
/* Wired pages of kmem_object, M_NOWAIT honoured; contents undefined without M_ZERO. */
vm_offset_t kmem_malloc(struct vm_map *map, vm_size_t size, int flags);
struct vm_map *kmem_suballoc(struct vm_map *parent, vm_offset_t *min, vm_offset_t *max, vm_size_t size);
void kmem_free(struct vm_map *map, vm_offset_t addr, vm_size_t size);

#endif
