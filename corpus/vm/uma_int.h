/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma_int.h - how zones, kegs, slabs and buckets are built.            room: corpus/vm
 *
 * Locks, in the order they are taken:
 *      uma_mtx           "UMA lock"   the list of kegs, the boot pages; recursive
 *      uma_pcpu_mtx[c]   "UMA pcpu"   the caches of CPU c, of all zones
 *      keg->uk_lock      "UMA zone"   one keg, its slabs, its zones' bucket lists
 * None but uma_mtx is held while a back end is asked for pages.
 */
#ifndef VM_UMA_INT_H
#define VM_UMA_INT_H

#include "kern/mutex.h"
#include "kern/proc.h"
#include "kern/queue.h"
#include "vm/uma.h"
#include "vm/vm.h"

#define UMA_SLAB_SIZE PAGE_SIZE
#define UMA_SLAB_SHIFT PAGE_SHIFT
#define UMA_SLAB_MASK (UMA_SLAB_SIZE - 1)
#define UMA_SMALLEST_UNIT (UMA_SLAB_SIZE / 256) /* so that a slab's count fits a byte */
#define UMA_MAX_WASTE (UMA_SLAB_SIZE / 10) /* more than this in a page: header off the page */
#define UMA_HASH_SIZE_INIT 32
#define UMA_TIMEOUT 20 /* seconds between two zone_timeout() */

/* Zone flags that only the allocator sets. */
#define UMA_ZFLAG_PRIVALLOC 0x1000 /* its own object */
#define UMA_ZFLAG_INTERNAL 0x2000 /* no per-CPU caches */
#define UMA_ZFLAG_FULL 0x4000 /* reached uk_maxpages */
#define UMA_ZFLAG_CACHEONLY 0x8000 /* never ask the VM for buckets */

/* Items on their way between a CPU and the keg. */
struct uma_bucket {
	LIST_ENTRY(uma_bucket) ub_link;
	int16_t ub_cnt;
	int16_t ub_entries;
	void *ub_bucket[];
};

/* One CPU's side of a zone; under that CPU's uma_pcpu_mtx. */
struct uma_cache {
	struct uma_bucket *uc_freebucket;
	struct uma_bucket *uc_allocbucket;
	uint64_t uc_allocs, uc_frees; /* through the buckets */
	uint64_t uc_hits; /* of the allocs: found at once */
};

/*
 * A run of uk_ppera pages cut into uk_ipers items.  Free items form a list by
 * index from us_firstfree.  The header lies at uk_pgoff in the page, or apart.
 */
struct uma_slab {
	struct uma_keg *us_keg;
	LIST_ENTRY(uma_slab) us_link; /* one of the keg's three lists */
	SLIST_ENTRY(uma_slab) us_hlink; /* hash chain; list of slabs that go */
	uint8_t *us_data;
	uint8_t us_flags; /* UMA_SLAB_* */
	uint8_t us_freecount;
	uint8_t us_firstfree;
	uint8_t us_freelist[];
};

SLIST_HEAD(slabhead, uma_slab);
LIST_HEAD(slablist, uma_slab);

/* Page address -> slab, where the header lies off the page.  Under the keg's lock. */
struct uma_hash {
	struct slabhead *uh_slab_hash;
	int uh_hashsize; /* 0: no hash */
	int uh_hashmask;
};

struct uma_keg {
	LIST_ENTRY(uma_keg) uk_link;
	struct mtx uk_lock;
	struct uma_hash uk_hash;
	LIST_HEAD(, uma_zone) uk_zones;
	struct slablist uk_part_slab, uk_free_slab, uk_full_slab;
	uint32_t uk_recurse; /* slab_zalloc() under way */
	uint32_t uk_align; /* mask */
	uint32_t uk_pages, uk_free; /* pages held; items free in slabs */
	uint32_t uk_size, uk_rsize; /* asked for; as laid out */
	uint32_t uk_maxpages; /* 0: no limit */
	uma_init uk_init;
	uma_fini uk_fini;
	uma_alloc uk_allocf;
	uma_free uk_freef;
	struct vm_object *uk_obj; /* set_obj: the object, */
	vm_offset_t uk_kva; /* and where its page 0 is seen */
	uma_zone_t uk_slabzone; /* where OFFPAGE headers come from */
	uint16_t uk_pgoff;
	uint16_t uk_ppera; /* pages a slab */
	uint16_t uk_ipers; /* items a slab */
	uint16_t uk_flags;
};

struct uma_zone {
	const char *uz_name;
	struct mtx *uz_lock; /* the keg's */
	struct uma_keg *uz_keg;
	LIST_ENTRY(uma_zone) uz_link;
	LIST_HEAD(bucketlist, uma_bucket) uz_full_bucket, uz_free_bucket;
	uma_ctor uz_ctor;
	uma_dtor uz_dtor;
	uint64_t uz_allocs, uz_frees; /* past the caches */
	uint64_t uz_fails;
	uint16_t uz_fills; /* bucket fills under way */
	uint16_t uz_count; /* items a bucket should have */
	struct uma_cache uz_cpu[]; /* mp_ncpus of them */
};

LIST_HEAD(keglist, uma_keg);

extern struct mtx uma_mtx;
extern struct mtx uma_pcpu_mtx[];
extern struct keglist uma_kegs; /* uma_mtx */

#define CPU_LOCK(c) mtx_lock(&uma_pcpu_mtx[(c)])
#define CPU_UNLOCK(c) mtx_unlock(&uma_pcpu_mtx[(c)])
#define ZONE_LOCK(z) mtx_lock((z)->uz_lock)
#define ZONE_UNLOCK(z) mtx_unlock((z)->uz_lock)

#define UMA_HASH(h, s) ((((uintptr_t)(s)) >> UMA_SLAB_SHIFT) & (unsigned)(h)->uh_hashmask)

#endif
