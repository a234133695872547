/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * default_pager.c - anonymous memory that has never been paged out.
 *
 * It holds no page.  The first page written makes the object one of the swap
 * pager's: swap_pager_putpages() changes its type.
 */
#include <stddef.h>

#include "kern/param.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pager.h"

static struct vm_object *
default_pager_alloc(void *handle, vm_ooffset_t size, vm_prot_t prot, vm_ooffset_t offset)
{
	(void)prot;
	if (handle != NULL)
		panic("default_pager_alloc: handle specified");
	return (vm_object_allocate(OBJT_DEFAULT, OFF_TO_IDX(round_page(offset + size))));
}

static void
default_pager_dealloc(struct vm_object *object)
{
	(void)object;
}

/* A fault looks before it asks: only pages that were paged out are asked for. */
static int
default_pager_getpages(struct vm_object *object, struct vm_page **m, int count, int reqpage)
{
	(void)object;
	(void)m;
	(void)count;
	(void)reqpage;
	return (VM_PAGER_FAIL);
}

static void
default_pager_putpages(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals)
{
	swappagerops.pgo_putpages(object, m, count, flags, rtvals);
}

static boolean_t
default_pager_haspage(struct vm_object *object, vm_pindex_t pindex, int *before, int *after)
{
	(void)object;
	(void)pindex;
	if (before != NULL)
		*before = 0;
	if (after != NULL)
		*after = 0;
	return (FALSE);
}

struct pagerops defaultpagerops = {.pgo_alloc = default_pager_alloc,
    .pgo_dealloc = default_pager_dealloc,
    .pgo_getpages = default_pager_getpages,
    .pgo_putpages = default_pager_putpages,
    .pgo_haspage = default_pager_haspage};
