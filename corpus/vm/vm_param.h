/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_param.h - the simulated machine's address spaces, and what VM calls return.   room: corpus/vm
 *
 * User space is 32 bits wide: a page directory of 1024 entries, each a page table
 * of 1024 entries.  Kernel space is host addresses, so that kernel items are C
 * pointers; its base and extent are the machine's (kern/machine.h).
 */
#ifndef VM_VM_PARAM_H
#define VM_VM_PARAM_H

#include "kern/machine.h"

#define VM_MIN_ADDRESS 0x00000000UL
#define VM_MINUSER_ADDRESS 0x00001000UL
#define VM_MAXUSER_ADDRESS 0xbfc00000UL

/* Kernel addresses, after machine_run() chose them. */
#define VM_MIN_KERNEL_ADDRESS machine_kva_base
#define VM_MAX_KERNEL_ADDRESS machine_kva_end

/* Outcomes of map and fault calls. */
#define KERN_SUCCESS 0
#define KERN_INVALID_ADDRESS 1
#define KERN_PROTECTION_FAILURE 2
#define KERN_NO_SPACE 3
#define KERN_INVALID_ARGUMENT 4
#define KERN_FAILURE 5
#define KERN_RESOURCE_SHORTAGE 6

#endif
