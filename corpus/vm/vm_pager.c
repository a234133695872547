/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_pager.c - one table of operations an object type, and the door to them.
 */
#include <stddef.h>

#include "vm/vm_pager.h"
#include "kern/param.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"

/* A dying object's pager is gone; its pages are on their way. */
static int
dead_pager_getpages(struct vm_object *object, struct vm_page **m, int count, int reqpage)
{
	(void)object;
	(void)m;
	(void)count;
	(void)reqpage;
	return (VM_PAGER_FAIL);
}

static void
dead_pager_putpages(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals)
{
	(void)object;
	(void)m;
	(void)flags;
	for (int i = 0; i < count; i++)
		rtvals[i] = VM_PAGER_AGAIN;
}

static boolean_t
dead_pager_haspage(struct vm_object *object, vm_pindex_t pindex, int *before, int *after)
{
	(void)object;
	(void)pindex;
	if (before != NULL)
		*before = 0;
	if (after != NULL)
		*after = 0;
	return (FALSE);
}

static void
dead_pager_dealloc(struct vm_object *object)
{
	(void)object;
}

static struct pagerops deadpagerops = {.pgo_dealloc = dead_pager_dealloc,
    .pgo_getpages = dead_pager_getpages,
    .pgo_putpages = dead_pager_putpages,
    .pgo_haspage = dead_pager_haspage};

/* By enum vm_objtype; types without backing store of their own behave as the dead do. */
static struct pagerops *const pagertab[] = {
    [OBJT_DEFAULT] = &defaultpagerops,
    [OBJT_SWAP] = &swappagerops,
    [OBJT_VNODE] = &deadpagerops,
    [OBJT_DEVICE] = &deadpagerops,
    [OBJT_PHYS] = &deadpagerops,
    [OBJT_DEAD] = &deadpagerops,
};
#define NPAGERS ((int)(sizeof(pagertab) / sizeof(pagertab[0])))

void
vm_pager_init(void)
{
	for (int i = 0; i < NPAGERS; i++) {
		if (pagertab[i]->pgo_init != NULL)
			pagertab[i]->pgo_init();
	}
}

struct vm_object *
vm_pager_allocate(int type, void *handle, vm_ooffset_t size, vm_prot_t prot, vm_ooffset_t offset)
{
	KASSERT(type >= 0 && type < NPAGERS && pagertab[type]->pgo_alloc != NULL,
	    ("vm_pager_allocate: type %d has no pager", type));
	return (pagertab[type]->pgo_alloc(handle, size, prot, offset));
}

void
vm_pager_deallocate(struct vm_object *object)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	pagertab[object->type]->pgo_dealloc(object);
}

KERN_NOINLINE int
vm_pager_get_pages(struct vm_object *object, struct vm_page **m, int count, int reqpage)
{
	int outcome;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	outcome = pagertab[object->type]->pgo_getpages(object, m, count, reqpage);
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	return (outcome);
}

KERN_NOINLINE void
vm_pager_put_pages(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	pagertab[object->type]->pgo_putpages(object, m, count, flags, rtvals);
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
}

boolean_t
vm_pager_has_page(struct vm_object *object, vm_pindex_t pindex, int *before, int *after)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	return (pagertab[object->type]->pgo_haspage(object, pindex, before, after));
}

void
vm_pager_page_unswapped(struct vm_page *m)
{
	VM_OBJECT_LOCK_ASSERT(m->object, MA_OWNED);
	if (pagertab[m->object->type]->pgo_pageunswapped != NULL)
		pagertab[m->object->type]->pgo_pageunswapped(m);
}
