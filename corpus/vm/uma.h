/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma.h - the zone allocator, as its users see it.                     room: corpus/vm
 *
 * A zone lends fixed-size items.  It stands on a keg, which cuts slabs (runs of
 * pages) into items; in front of the keg every CPU keeps two buckets of items.
 *
 * Threads   every function may be called by any kernel thread; none with a spin
 *           lock held.  uma_zalloc() without M_NOWAIT may sleep.
 * Memory    items lie in simulated RAM: at boot in the pages handed to
 *           uma_startup(), later in kmem_map, or in a zone's own vm_object.
 * Errors    NULL where M_NOWAIT (or a full zone) says so, else panic().
 */
#ifndef VM_UMA_H
#define VM_UMA_H

#include <stdint.h>

#include "kern/param.h"

struct uma_zone;
struct vm_object;

typedef struct uma_zone *uma_zone_t;

/* How an allocation may behave; the values of malloc(9). */
#ifndef M_NOWAIT
#define M_NOWAIT 0x0001 /* fail rather than sleep */
#define M_WAITOK 0x0002
#define M_ZERO 0x0100
#define M_NOVM 0x0200 /* do not ask the VM for new pages */
#define M_USE_RESERVE 0x0400
#endif

/* ctor and dtor run at each loan, init and fini when a slab comes and goes.  In this era none can fail. */
typedef void (*uma_ctor)(void *mem, int size, void *arg);
typedef void (*uma_dtor)(void *mem, int size, void *arg);
typedef void (*uma_init)(void *mem, int size);
typedef void (*uma_fini)(void *mem, int size);
/* Back ends: bytes pages in, pages out; *pflag and flags are UMA_SLAB_*. */
typedef void *(*uma_alloc)(uma_zone_t zone, int bytes, uint8_t *pflag, int wait);
typedef void (*uma_free)(void *mem, int size, uint8_t flags);

/* Zone flags. */
#define UMA_ZONE_ZINIT 0x0002 /* init to zeroes when a slab is made */
#define UMA_ZONE_OFFPAGE 0x0008 /* force the slab header off the page */
#define UMA_ZONE_NOFREE 0x0020 /* never give pages back: items are type-stable */
#define UMA_ZONE_MTXCLASS 0x0040 /* the zone's lock is a class of its own, named as the zone */
#define UMA_ZONE_VM 0x0080 /* used by the VM itself: never asks the VM for buckets */
#define UMA_ZONE_HASH 0x0100 /* find slabs by hash (with OFFPAGE) */
#define UMA_ZONE_MAXBUCKET 0x0800 /* start with the largest buckets */

/* Alignment is given as a mask. */
#define UMA_ALIGN_PTR (sizeof(void *) - 1)
#define UMA_ALIGN_LONG (sizeof(long) - 1)
#define UMA_ALIGN_INT (sizeof(int) - 1)
#define UMA_ALIGN_CHAR (sizeof(char) - 1)
#define UMA_ALIGN_CACHE (64 - 1)

/* Where a slab's pages came from. */
#define UMA_SLAB_BOOT 0x01
#define UMA_SLAB_KMEM 0x02
#define UMA_SLAB_PRIV 0x08 /* the zone's own object */
#define UMA_SLAB_OFFP 0x10

/* Pages vm_page_startup() sets aside and hands to uma_startup(), wired and zeroed. */
#define UMA_BOOT_PAGES 30

uma_zone_t uma_zcreate(const char *name, int size, uma_ctor ctor, uma_dtor dtor, uma_init init, uma_fini fini,
    int align, uint16_t flags);
/* The zone must have no items out. */
void uma_zdestroy(uma_zone_t zone);

void *uma_zalloc_arg(uma_zone_t zone, void *arg, int flags);
void uma_zfree_arg(uma_zone_t zone, void *item, void *arg);

static inline void *
uma_zalloc(uma_zone_t zone, int flags)
{
	return (uma_zalloc_arg(zone, NULL, flags));
}

static inline void
uma_zfree(uma_zone_t zone, void *item)
{
	uma_zfree_arg(zone, item, NULL);
}

/* At least `items` more items, as whole slabs, without sleeping on a limit. */
void uma_prealloc(uma_zone_t zone, int items);
/* At most nitems (rounded up to whole slabs) exist; M_WAITOK then sleeps "zonelimit". */
void uma_zone_set_max(uma_zone_t zone, int nitems);
/* Only while the zone has no slabs. */
void uma_zone_set_init(uma_zone_t zone, uma_init init);
void uma_zone_set_fini(uma_zone_t zone, uma_fini fini);
void uma_zone_set_allocf(uma_zone_t zone, uma_alloc allocf);
void uma_zone_set_freef(uma_zone_t zone, uma_free freef);
/*
 * From now on the zone's slabs are pages of obj, in KVA reserved here, at most
 * `count` items; the zone becomes NOFREE.  obj is caller's static storage, set
 * up here with lock type "uma object"; NULL takes an object from the VM OBJECT
 * zone.  Returns 1, or 0 when there is no KVA.
 */
int uma_zone_set_obj(uma_zone_t zone, struct vm_object *obj, int count);

/* Gives every page back that drained caches leave free.  Callers hold no lock but Giant. */
void uma_reclaim(void);

/*
 * Boot: uma_startup() as soon as there are pages (boot_pages of them at bootmem),
 * _startup2() when kmem_map works, _startup3() when callouts do.
 */
void uma_startup(void *bootmem, int boot_pages);
void uma_startup2(void);
void uma_startup3(void);

/* Numbers of one zone.  Items: used + cached + free = slabs x items per slab. */
struct uma_zone_stats {
	const char *name;
	int size; /* bytes an item */
	int limit; /* items, 0 none */
	int slabs;
	int ipers; /* items a slab */
	int used; /* lent out */
	int cached; /* in buckets */
	int free; /* in slabs */
	uint64_t allocs, frees; /* loans and returns since boot */
	uint64_t hits; /* loans served by a CPU's own buckets */
	uint64_t fails; /* NULLs handed out */
};

uma_zone_t uma_zone_lookup(const char *name);
void uma_zone_statistics(uma_zone_t zone, struct uma_zone_stats *st);
/* Loans served out of this CPU's own buckets, over all zones. */
uint64_t uma_cpu_hits(int cpu);
/* One line a zone, the vm.zone table, by kprintf(). */
void uma_print_zones(void);
/*
 * Zone conservation (C3), for a quiet machine: every keg's lists, counts and
 * buckets agree.  One kprintf() line a violation; returns how many.
 */
int uma_check(void);

#endif
