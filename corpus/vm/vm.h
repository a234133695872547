/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm.h - the words all of the VM is written in.                        room: corpus/vm
 *
 * A vm_offset_t is an address: in kernel maps a real pointer, in user maps an
 * address that only the simulated MMU (pmap.h) understands.  A vm_pindex_t
 * counts pages inside an object, a vm_ooffset_t bytes.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include <stdint.h>

#include "kern/param.h"
#include "vm/vm_param.h"

typedef uintptr_t vm_offset_t;
typedef uintptr_t vm_size_t;
typedef uint64_t vm_paddr_t; /* physical: frame number << PAGE_SHIFT */
typedef uint64_t vm_pindex_t;
typedef int64_t vm_ooffset_t;
typedef uint8_t vm_prot_t;

#define VM_PROT_NONE ((vm_prot_t)0x00)
#define VM_PROT_READ ((vm_prot_t)0x01)
#define VM_PROT_WRITE ((vm_prot_t)0x02)
#define VM_PROT_EXECUTE ((vm_prot_t)0x04)
#define VM_PROT_RW ((vm_prot_t)(VM_PROT_READ | VM_PROT_WRITE))
#define VM_PROT_ALL ((vm_prot_t)(VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE))

#define OFF_TO_IDX(off) ((vm_pindex_t)((uint64_t)(off) >> PAGE_SHIFT))
#define IDX_TO_OFF(idx) ((vm_ooffset_t)((uint64_t)(idx) << PAGE_SHIFT))

struct pmap;
struct thread;
struct vm_map;
struct vm_map_entry;
struct vm_object;
struct vm_page;
struct vmspace;

#endif
