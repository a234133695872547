/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma_core.c - the zone allocator of summer 2004.
 *
 * How an item is found, cheapest first: the CPU's allocbucket; its freebucket,
 * by swapping the two; a full bucket of the zone; a bucket filled from the keg;
 * one item from the keg.  Free goes the same way back.
 *
 * 1 A CPU's caches are under that CPU's one lock for all zones.  Whoever was
 *   moved to another CPU between reading the number and getting the lock still
 *   holds the lock of the caches it uses.
 * 2 A back end (page_alloc, obj_alloc) is called with neither CPU nor zone lock:
 *   it takes "system map" or an object, which stand before both.
 * 3 Zones the VM itself allocates from (UMA_ZONE_VM) ask for buckets with
 *   M_NOVM: a bucket would need kernel_map entries, and an entry a bucket.
 * 4 A bucket fill makes at most one new slab; the rest comes from slabs there
 *   are.  RAM may be 256 pages, and a cache must not eat it.
 * 5 Boot zones leave startup_alloc() in uma_startup2(), all at once.  Left to
 *   switch lazily, one would take "UMA lock" under "system map", and
 *   uma_reclaim() takes them the other way round.
 */
#include <stdbool.h>

#include "vm/uma_int.h"
#include "kern/clock.h"
#include "kern/param.h"
#include "kern/sleepqueue.h"
#include "vm/pmap.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_map.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"

#define BUCKET_SHIFT 4
#define BUCKET_MAX 128

static const struct {
	const char *name;
	int entries;
} bucket_size[] = {{"16 Bucket", 16}, {"32 Bucket", 32}, {"64 Bucket", 64}, {"128 Bucket", 128}};
#define BUCKET_ZONES ((int)(sizeof(bucket_size) / sizeof(bucket_size[0])))

struct mtx uma_mtx;
struct mtx uma_pcpu_mtx[MAXCPU];
struct keglist uma_kegs = LIST_HEAD_INITIALIZER(uma_kegs);

/* The zones that everything else is made from; static, so that they can make themselves. */
static struct uma_keg masterkeg;
static union {
	struct uma_zone zone;
	char room[sizeof(struct uma_zone) + MAXCPU * sizeof(struct uma_cache)];
} masterzone_k, masterzone_z;
static uma_zone_t const kegs = &masterzone_k.zone;
static uma_zone_t const zones = &masterzone_z.zone;
static uma_zone_t slabzone; /* OFFPAGE slab headers */
static uma_zone_t hashzone; /* first hash tables */
static uma_zone_t bucket_zones[BUCKET_ZONES];

static LIST_HEAD(, uma_slab) uma_boot_pages = LIST_HEAD_INITIALIZER(uma_boot_pages); /* uma_mtx */
static int booted; /* kmem_map works */
static int bucketdisable = 1;
static struct callout uma_callout;

/* What uma_zcreate() hands to the two constructors. */
struct uma_args {
	const char *name;
	size_t size;
	uma_ctor ctor;
	uma_dtor dtor;
	uma_init init;
	uma_fini fini;
	uint32_t align;
	uint16_t flags;
	struct uma_keg *keg;
};

static void *page_alloc(uma_zone_t zone, int bytes, uint8_t *pflag, int wait);
static void *startup_alloc(uma_zone_t zone, int bytes, uint8_t *pflag, int wait);
static void page_free(void *mem, int size, uint8_t flags);
static struct uma_slab *slab_zalloc(uma_zone_t zone, int wait);
static void *uma_zalloc_internal(uma_zone_t zone, void *arg, int flags);
static void *zone_item(uma_zone_t zone, int flags);
static void uma_zfree_internal(uma_zone_t zone, void *item, void *arg, int skip);
static void zone_drain(uma_zone_t zone);

/* ---------------------------------------------------------------- hash */

static bool
hash_alloc(struct uma_hash *hash, int wait)
{
	int size = hash->uh_hashsize == 0 ? UMA_HASH_SIZE_INIT : hash->uh_hashsize * 2;
	uint8_t pflag;

	if (size == UMA_HASH_SIZE_INIT)
		hash->uh_slab_hash = uma_zalloc_internal(hashzone, NULL, wait);
	else
		hash->uh_slab_hash =
		    page_alloc(NULL, size * (int)sizeof(hash->uh_slab_hash[0]), &pflag, wait);
	if (hash->uh_slab_hash == NULL)
		return (false);
	memset(hash->uh_slab_hash, 0, sizeof(hash->uh_slab_hash[0]) * (size_t)size);
	hash->uh_hashsize = size;
	hash->uh_hashmask = size - 1;
	return (true);
}

static void
hash_free(struct uma_hash *hash)
{
	if (hash->uh_slab_hash == NULL)
		return;
	if (hash->uh_hashsize == UMA_HASH_SIZE_INIT)
		uma_zfree_internal(hashzone, hash->uh_slab_hash, NULL, 0);
	else
		page_free(hash->uh_slab_hash, hash->uh_hashsize * (int)sizeof(hash->uh_slab_hash[0]),
		    UMA_SLAB_KMEM);
}

static void
hash_move(struct uma_hash *from, struct uma_hash *to)
{
	for (int i = 0; i < from->uh_hashsize; i++) {
		struct uma_slab *slab;

		while ((slab = SLIST_FIRST(&from->uh_slab_hash[i])) != NULL) {
			SLIST_REMOVE_HEAD(&from->uh_slab_hash[i], us_hlink);
			SLIST_INSERT_HEAD(&to->uh_slab_hash[UMA_HASH(to, slab->us_data)], slab, us_hlink);
		}
	}
}

static struct uma_slab *
hash_sfind(struct uma_hash *hash, uint8_t *data)
{
	struct uma_slab *slab;

	SLIST_FOREACH (slab, &hash->uh_slab_hash[UMA_HASH(hash, data)], us_hlink) {
		if (slab->us_data == data)
			return (slab);
	}
	return (NULL);
}

/* ---------------------------------------------------------------- buckets */

static uma_zone_t
bucket_zone_of(int entries)
{
	int i = 0;

	while (bucket_size[i].entries < entries)
		i++;
	return (bucket_zones[i]);
}

static void
bucket_init(void)
{
	for (int i = 0; i < BUCKET_ZONES; i++) {
		size_t size = sizeof(struct uma_bucket) + (size_t)bucket_size[i].entries * sizeof(void *);

		bucket_zones[i] = uma_zcreate(bucket_size[i].name, (int)size, NULL, NULL, NULL, NULL,
		    UMA_ALIGN_PTR, UMA_ZFLAG_INTERNAL);
	}
}

/* Short of memory, caches would hold what the machine needs. */
static void
bucket_enable(void)
{
	bucketdisable = vm_page_count_min();
}

/* The VM's zones must take what there is: any size rather than none. */
static struct uma_bucket *
bucket_alloc(int entries, int bflags)
{
	struct uma_bucket *bucket = NULL;
	int i = 0;

	if (bucketdisable)
		return (NULL);
	while (bucket_size[i].entries < entries)
		i++;
	do
		bucket = uma_zalloc_internal(bucket_zones[i], NULL, bflags);
	while (bucket == NULL && (bflags & M_NOVM) != 0 && i-- > 0);
	if (bucket != NULL) {
		bucket->ub_cnt = 0;
		bucket->ub_entries = (int16_t)bucket_size[i].entries;
	}
	return (bucket);
}

static void
bucket_free(struct uma_bucket *bucket)
{
	uma_zfree_internal(bucket_zone_of(bucket->ub_entries), bucket, NULL, 0);
}

/* ---------------------------------------------------------------- slabs */

static struct uma_slab *
slab_of(struct uma_keg *keg, void *item)
{
	uint8_t *mem = (uint8_t *)((uintptr_t)item & ~(uintptr_t)UMA_SLAB_MASK);
	struct uma_slab *slab;

	if ((keg->uk_flags & UMA_ZONE_HASH) == 0)
		return ((struct uma_slab *)(mem + keg->uk_pgoff));
	slab = hash_sfind(&keg->uk_hash, mem);
	KASSERT(slab != NULL, ("uma_zfree: item of no slab"));
	return (slab);
}

/* Zone locked: one item from a slab that has some. */
static void *
uma_slab_alloc(uma_zone_t zone, struct uma_slab *slab)
{
	struct uma_keg *keg = zone->uz_keg;
	uint8_t freei = slab->us_firstfree;

	slab->us_firstfree = slab->us_freelist[freei];
	slab->us_freecount--;
	keg->uk_free--;
	if (slab->us_freecount == 0) {
		LIST_REMOVE(slab, us_link);
		LIST_INSERT_HEAD(&keg->uk_full_slab, slab, us_link);
	}
	return (slab->us_data + keg->uk_rsize * freei);
}

/* Zone locked: an item goes back to its slab. */
static void
uma_slab_free(uma_zone_t zone, void *item)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_slab *slab = slab_of(keg, item);
	uint8_t freei = (uint8_t)((size_t)((uint8_t *)item - slab->us_data) / keg->uk_rsize);

	KASSERT(slab->us_keg == keg, ("uma_zfree: item of another zone than %s", zone->uz_name));
	if (slab->us_freecount + 1 == keg->uk_ipers) {
		LIST_REMOVE(slab, us_link);
		LIST_INSERT_HEAD(&keg->uk_free_slab, slab, us_link);
	} else if (slab->us_freecount == 0) {
		LIST_REMOVE(slab, us_link);
		LIST_INSERT_HEAD(&keg->uk_part_slab, slab, us_link);
	}
	slab->us_freelist[freei] = slab->us_firstfree;
	slab->us_firstfree = freei;
	slab->us_freecount++;
	keg->uk_free++;
	if (keg->uk_flags & UMA_ZFLAG_FULL) {
		if (keg->uk_pages < keg->uk_maxpages)
			keg->uk_flags &= (uint16_t)~UMA_ZFLAG_FULL;
		wakeup_one(keg);
	}
}

/* A slab with at least one free item, on the partial list; zone locked, dropped to grow. */
static struct uma_slab *
uma_zone_slab(uma_zone_t zone, int flags)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_slab *slab;

	/* A zone that grows must not be asked, on the way, to grow once more. */
	if ((keg->uk_flags & UMA_ZFLAG_INTERNAL) != 0 && keg->uk_recurse != 0 && (flags & M_WAITOK) == 0)
		return (NULL);
	for (;;) {
		if (keg->uk_free != 0) {
			slab = LIST_FIRST(&keg->uk_part_slab);
			if (slab == NULL) {
				slab = LIST_FIRST(&keg->uk_free_slab);
				LIST_REMOVE(slab, us_link);
				LIST_INSERT_HEAD(&keg->uk_part_slab, slab, us_link);
			}
			return (slab);
		}
		if (flags & M_NOVM)
			return (NULL);
		if (keg->uk_maxpages != 0 && keg->uk_pages >= keg->uk_maxpages) {
			keg->uk_flags |= UMA_ZFLAG_FULL;
			if (flags & M_NOWAIT)
				return (NULL);
			msleep(keg, &keg->uk_lock, PVM, "zonelimit", 0);
			continue;
		}
		keg->uk_recurse++;
		slab = slab_zalloc(zone, flags);
		keg->uk_recurse--;
		if (slab != NULL) {
			LIST_INSERT_HEAD(&keg->uk_part_slab, slab, us_link);
			return (slab);
		}
		/* Another CPU may have been luckier while the zone was unlocked. */
		flags |= M_NOVM;
	}
}

static void
slab_init(struct uma_keg *keg, struct uma_slab *slab, void *mem, uint8_t flags)
{
	slab->us_keg = keg;
	slab->us_data = mem;
	slab->us_freecount = (uint8_t)keg->uk_ipers;
	slab->us_firstfree = 0;
	slab->us_flags = flags;
	for (int i = 0; i < keg->uk_ipers; i++)
		slab->us_freelist[i] = (uint8_t)(i + 1);
	if (keg->uk_init != NULL) {
		for (int i = 0; i < keg->uk_ipers; i++)
			keg->uk_init(slab->us_data + keg->uk_rsize * (uint32_t)i, (int)keg->uk_size);
	}
}

/* A new slab, on no list; zone locked, dropped on the way. */
KERN_NOINLINE static struct uma_slab *
slab_zalloc(uma_zone_t zone, int wait)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_slab *slab = NULL;
	uint8_t flags = 0;
	void *mem;

	ZONE_UNLOCK(zone);
	if (keg->uk_flags & UMA_ZONE_OFFPAGE) {
		slab = uma_zalloc_internal(keg->uk_slabzone, NULL, wait & ~M_ZERO);
		if (slab == NULL) {
			ZONE_LOCK(zone);
			return (NULL);
		}
	}
	/* Pages come zeroed the first time: item constructors of old rely on it. */
	mem = keg->uk_allocf(zone, keg->uk_ppera * UMA_SLAB_SIZE, &flags, wait | M_ZERO);
	if (mem == NULL) {
		if (slab != NULL)
			uma_zfree_internal(keg->uk_slabzone, slab, NULL, 0);
		ZONE_LOCK(zone);
		return (NULL);
	}
	if (slab == NULL)
		slab = (struct uma_slab *)((uint8_t *)mem + keg->uk_pgoff);
	else
		flags |= UMA_SLAB_OFFP;
	slab_init(keg, slab, mem, flags);
	ZONE_LOCK(zone);
	if (keg->uk_flags & UMA_ZONE_HASH)
		SLIST_INSERT_HEAD(&keg->uk_hash.uh_slab_hash[UMA_HASH(&keg->uk_hash, mem)], slab, us_hlink);
	keg->uk_pages += keg->uk_ppera;
	keg->uk_free += keg->uk_ipers;
	return (slab);
}

/* ---------------------------------------------------------------- back ends */

/* Until there is a kmem_map, single pages come from the boot pages. */
static void *
startup_alloc(uma_zone_t zone, int bytes, uint8_t *pflag, int wait)
{
	struct uma_slab *page;

	(void)wait;
	KASSERT(bytes == UMA_SLAB_SIZE, ("startup_alloc: %d bytes for %s", bytes, zone->uz_name));
	mtx_lock(&uma_mtx);
	page = LIST_FIRST(&uma_boot_pages);
	if (page == NULL)
		panic("UMA: Increase UMA_BOOT_PAGES");
	LIST_REMOVE(page, us_link);
	mtx_unlock(&uma_mtx);
	*pflag = UMA_SLAB_BOOT;
	memset(page, 0, sizeof(*page));
	return (page);
}

static void *
page_alloc(uma_zone_t zone, int bytes, uint8_t *pflag, int wait)
{
	(void)zone;
	*pflag = UMA_SLAB_KMEM;
	return ((void *)kmem_malloc(kmem_map, (vm_size_t)bytes, wait));
}

static void
page_free(void *mem, int size, uint8_t flags)
{
	if ((flags & UMA_SLAB_KMEM) == 0)
		panic("UMA: page_free used with invalid flags %d", flags);
	kmem_free(kmem_map, (vm_offset_t)mem, (vm_size_t)size);
}

/* Gives back the newest n pages of a zone's object; it is locked. */
static void
obj_unwind(struct vm_object *object, vm_offset_t kva, int n)
{
	if (n == 0)
		return;
	pmap_qremove(kva, n);
	for (; n > 0; n--) {
		struct vm_page *p = TAILQ_LAST(&object->memq, pglist);

		vm_page_lock_queues();
		vm_page_unwire(p, 0);
		vm_page_free(p);
		vm_page_unlock_queues();
	}
}

/*
 * Pages of the zone's own object, which only grows: the next page follows the
 * last.  The limit is tested here too, since two CPUs may have passed it in
 * uma_zone_slab() and the KVA ends there.
 */
KERN_NOINLINE static void *
obj_alloc(uma_zone_t zone, int bytes, uint8_t *pflag, int wait)
{
	struct uma_keg *keg = zone->uz_keg;
	struct vm_object *object = keg->uk_obj;
	int want = bytes / PAGE_SIZE, got = 0;
	vm_pindex_t first;
	vm_offset_t kva;
	struct vm_page *p;

	*pflag = UMA_SLAB_PRIV;
	VM_OBJECT_LOCK(object);
	p = TAILQ_LAST(&object->memq, pglist);
	first = p != NULL ? p->pindex + 1 : 0;
	kva = keg->uk_kva + first * PAGE_SIZE;
	if (first + (vm_pindex_t)want > keg->uk_maxpages) {
		VM_OBJECT_UNLOCK(object);
		return (NULL);
	}
	for (; got < want; got++) {
		p = vm_page_alloc(
		    object, first + (vm_pindex_t)got, VM_ALLOC_INTERRUPT | VM_ALLOC_WIRED | VM_ALLOC_NOBUSY);
		if (p == NULL)
			break;
		p->valid = VM_PAGE_BITS_ALL;
		pmap_qenter(kva + (vm_offset_t)got * PAGE_SIZE, &p, 1);
	}
	if (got < want)
		obj_unwind(object, kva, got);
	VM_OBJECT_UNLOCK(object);
	if (got < want)
		return (NULL);
	if (wait & M_ZERO)
		memset((void *)kva, 0, (size_t)bytes);
	return ((void *)kva);
}

/* ---------------------------------------------------------------- kegs and zones */

static void
zero_init(void *mem, int size)
{
	memset(mem, 0, (size_t)size);
}

/* Items of one page or less; the header goes off the page where that saves more than a tenth. */
static void
keg_small_init(struct uma_keg *keg)
{
	uint32_t rsize = keg->uk_size, room = UMA_SLAB_SIZE - sizeof(struct uma_slab), apart;

	if (rsize < UMA_SMALLEST_UNIT)
		rsize = UMA_SMALLEST_UNIT;
	rsize = (rsize + keg->uk_align) & ~keg->uk_align;
	keg->uk_rsize = rsize;
	keg->uk_ppera = 1;
	keg->uk_ipers = (uint16_t)(room / (rsize + 1));
	apart = UMA_SLAB_SIZE / rsize;
	if (apart > 255)
		apart = 255;
	/* A header of its own means a second zone; the VM's zones do without. */
	if ((keg->uk_flags & (UMA_ZFLAG_INTERNAL | UMA_ZFLAG_CACHEONLY)) == 0 &&
	    UMA_SLAB_SIZE - keg->uk_ipers * rsize >= UMA_MAX_WASTE && keg->uk_ipers < apart)
		keg->uk_flags |= UMA_ZONE_OFFPAGE;
	if (keg->uk_flags & UMA_ZONE_OFFPAGE) {
		keg->uk_flags |= UMA_ZONE_HASH;
		keg->uk_ipers = (uint16_t)apart;
	}
	KASSERT(keg->uk_ipers != 0, ("keg_small_init: ipers is 0, uh-oh!"));
}

static void
keg_large_init(struct uma_keg *keg)
{
	KASSERT((keg->uk_flags & (UMA_ZFLAG_INTERNAL | UMA_ZFLAG_CACHEONLY)) == 0,
	    ("keg_large_init: Cannot large-init a UMA_ZFLAG_CACHEONLY zone"));
	keg->uk_ppera = (uint16_t)((keg->uk_size + UMA_SLAB_MASK) >> UMA_SLAB_SHIFT);
	keg->uk_ipers = 1;
	keg->uk_rsize = keg->uk_size;
	keg->uk_flags |= UMA_ZONE_OFFPAGE | UMA_ZONE_HASH;
}

/* In the page: data from the start, header and free list at the very end. */
static void
keg_place_header(struct uma_keg *keg)
{
	size_t total = sizeof(struct uma_slab) + keg->uk_ipers;

	total = (total + UMA_ALIGN_PTR) & ~UMA_ALIGN_PTR;
	keg->uk_pgoff = (uint16_t)(UMA_SLAB_SIZE - total);
	if (keg->uk_rsize * keg->uk_ipers > keg->uk_pgoff)
		keg->uk_ipers--; /* the rounding cost an item its place */
}

static void
keg_ctor(void *mem, int size, void *udata)
{
	const struct uma_args *arg = udata;
	struct uma_keg *keg = mem;

	memset(keg, 0, (size_t)size);
	LIST_INIT(&keg->uk_zones);
	keg->uk_size = (uint32_t)arg->size;
	keg->uk_align = arg->align;
	keg->uk_init = arg->flags & UMA_ZONE_ZINIT ? zero_init : arg->init;
	keg->uk_fini = arg->fini;
	keg->uk_flags = arg->flags;
	keg->uk_allocf = booted ? page_alloc : startup_alloc;
	keg->uk_freef = page_free;
	keg->uk_slabzone = slabzone;
	if (keg->uk_flags & UMA_ZONE_VM)
		keg->uk_flags |= UMA_ZFLAG_CACHEONLY;
	/* In this order: an item and its index must leave room for the header. */
	if (keg->uk_size + 1 > UMA_SLAB_SIZE - sizeof(struct uma_slab))
		keg_large_init(keg);
	else
		keg_small_init(keg);
	if ((keg->uk_flags & UMA_ZONE_OFFPAGE) == 0)
		keg_place_header(keg);
	mtx_init(&keg->uk_lock, arg->name, arg->flags & UMA_ZONE_MTXCLASS ? arg->name : "UMA zone",
	    MTX_DEF | MTX_DUPOK);
	if (keg->uk_flags & UMA_ZONE_HASH)
		(void)hash_alloc(&keg->uk_hash, M_WAITOK);
	mtx_lock(&uma_mtx);
	LIST_INSERT_HEAD(&uma_kegs, keg, uk_link);
	mtx_unlock(&uma_mtx);
}

static void
keg_dtor(void *mem, int size, void *udata)
{
	struct uma_keg *keg = mem;

	(void)size;
	(void)udata;
	mtx_lock(&uma_mtx);
	LIST_REMOVE(keg, uk_link);
	mtx_unlock(&uma_mtx);
	mtx_lock(&keg->uk_lock);
	if (keg->uk_pages != 0)
		kprintf("Freed UMA keg was not empty (%u items).  Lost %u pages of memory.\n",
		    keg->uk_pages / keg->uk_ppera * keg->uk_ipers - keg->uk_free, keg->uk_pages);
	mtx_unlock(&keg->uk_lock);
	hash_free(&keg->uk_hash);
	mtx_destroy(&keg->uk_lock);
}

static void
zone_ctor(void *mem, int size, void *udata)
{
	const struct uma_args *arg = udata;
	struct uma_zone *zone = mem;
	struct uma_keg *keg = arg->keg;

	memset(zone, 0, (size_t)size);
	zone->uz_name = arg->name;
	zone->uz_ctor = arg->ctor;
	zone->uz_dtor = arg->dtor;
	zone->uz_keg = keg;
	zone->uz_lock = &keg->uk_lock;
	LIST_INIT(&zone->uz_full_bucket);
	LIST_INIT(&zone->uz_free_bucket);
	zone->uz_count = keg->uk_ipers <= BUCKET_MAX ? keg->uk_ipers : BUCKET_MAX;
	if (arg->flags & UMA_ZONE_MAXBUCKET)
		zone->uz_count = BUCKET_MAX;
	mtx_lock(&uma_mtx);
	ZONE_LOCK(zone);
	LIST_INSERT_HEAD(&keg->uk_zones, zone, uz_link);
	ZONE_UNLOCK(zone);
	mtx_unlock(&uma_mtx);
}

static void
bucket_drain(uma_zone_t zone, struct uma_bucket *bucket)
{
	ZONE_LOCK(zone);
	while (bucket->ub_cnt > 0)
		uma_slab_free(zone, bucket->ub_bucket[--bucket->ub_cnt]);
	ZONE_UNLOCK(zone);
	bucket_free(bucket);
}

/* All of a dying zone's per-CPU caches; nobody uses it any more. */
static void
cache_drain(uma_zone_t zone)
{
	for (int cpu = 0; cpu < mp_ncpus; cpu++)
		CPU_LOCK(cpu);
	for (int cpu = 0; cpu < mp_ncpus; cpu++) {
		struct uma_cache *cache = &zone->uz_cpu[cpu];

		if (cache->uc_allocbucket != NULL)
			bucket_drain(zone, cache->uc_allocbucket);
		if (cache->uc_freebucket != NULL)
			bucket_drain(zone, cache->uc_freebucket);
		cache->uc_allocbucket = cache->uc_freebucket = NULL;
	}
	for (int cpu = mp_ncpus - 1; cpu >= 0; cpu--)
		CPU_UNLOCK(cpu);
}

static void
zone_dtor(void *mem, int size, void *udata)
{
	uma_zone_t zone = mem;
	struct uma_keg *keg = zone->uz_keg;

	(void)size;
	(void)udata;
	if ((keg->uk_flags & UMA_ZFLAG_INTERNAL) == 0)
		cache_drain(zone);
	mtx_lock(&uma_mtx);
	zone_drain(zone);
	ZONE_LOCK(zone);
	LIST_REMOVE(zone, uz_link);
	ZONE_UNLOCK(zone);
	mtx_unlock(&uma_mtx);
	uma_zfree_internal(kegs, keg, NULL, 0);
}

/* ---------------------------------------------------------------- giving pages back */

/* Zone locked: the zone's own buckets; full ones first give up their items. */
static void
bucket_cache_drain(uma_zone_t zone)
{
	struct uma_bucket *bucket;

	while ((bucket = LIST_FIRST(&zone->uz_full_bucket)) != NULL) {
		LIST_REMOVE(bucket, ub_link);
		ZONE_UNLOCK(zone);
		bucket_drain(zone, bucket);
		ZONE_LOCK(zone);
	}
	while ((bucket = LIST_FIRST(&zone->uz_free_bucket)) != NULL) {
		LIST_REMOVE(bucket, ub_link);
		bucket_free(bucket);
	}
}

/* Zone locked: wholly free slabs leave the keg.  Boot pages have nowhere to go. */
static void
take_free_slabs(struct uma_keg *keg, struct slabhead *out)
{
	struct uma_slab *slab, *next;

	LIST_FOREACH_SAFE (slab, &keg->uk_free_slab, us_link, next) {
		if (slab->us_flags & UMA_SLAB_BOOT)
			continue;
		LIST_REMOVE(slab, us_link);
		keg->uk_pages -= keg->uk_ppera;
		keg->uk_free -= keg->uk_ipers;
		if (keg->uk_flags & UMA_ZONE_HASH)
			SLIST_REMOVE(&keg->uk_hash.uh_slab_hash[UMA_HASH(&keg->uk_hash, slab->us_data)], slab,
			    uma_slab, us_hlink);
		SLIST_INSERT_HEAD(out, slab, us_hlink);
	}
}

static void
zone_drain(uma_zone_t zone)
{
	struct uma_keg *keg = zone->uz_keg;
	struct slabhead freeslabs = SLIST_HEAD_INITIALIZER(freeslabs);
	struct uma_slab *slab;

	if ((keg->uk_flags & UMA_ZONE_NOFREE) != 0 || keg->uk_freef == NULL)
		return;
	ZONE_LOCK(zone);
	bucket_cache_drain(zone);
	take_free_slabs(keg, &freeslabs);
	ZONE_UNLOCK(zone);
	while ((slab = SLIST_FIRST(&freeslabs)) != NULL) {
		uint8_t *mem = slab->us_data;
		uint8_t flags = slab->us_flags;

		SLIST_REMOVE_HEAD(&freeslabs, us_hlink);
		if (keg->uk_fini != NULL) {
			for (int i = 0; i < keg->uk_ipers; i++)
				keg->uk_fini(mem + keg->uk_rsize * (uint32_t)i, (int)keg->uk_size);
		}
		if (keg->uk_flags & UMA_ZONE_OFFPAGE)
			uma_zfree_internal(keg->uk_slabzone, slab, NULL, 0);
		keg->uk_freef(mem, UMA_SLAB_SIZE * keg->uk_ppera, flags);
	}
}

static void
zone_foreach(void (*fn)(uma_zone_t zone))
{
	struct uma_keg *keg;
	uma_zone_t zone;

	mtx_lock(&uma_mtx);
	LIST_FOREACH (keg, &uma_kegs, uk_link) {
		LIST_FOREACH (zone, &keg->uk_zones, uz_link)
			fn(zone);
	}
	mtx_unlock(&uma_mtx);
}

void
uma_reclaim(void)
{
	bucket_enable();
	zone_foreach(zone_drain);
	/* Draining the others freed slab headers and buckets. */
	zone_drain(slabzone);
	for (int i = 0; i < BUCKET_ZONES; i++)
		zone_drain(bucket_zones[i]);
}

/* Zone locked, dropped: a hash for twice the slabs, once there are more than buckets. */
static void
zone_hash_expand(uma_zone_t zone)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_hash newhash, oldhash;

	newhash = keg->uk_hash;
	ZONE_UNLOCK(zone);
	if (!hash_alloc(&newhash, M_NOWAIT)) {
		ZONE_LOCK(zone);
		return;
	}
	ZONE_LOCK(zone);
	oldhash = keg->uk_hash;
	if (newhash.uh_hashsize > oldhash.uh_hashsize) {
		hash_move(&oldhash, &newhash);
		keg->uk_hash = newhash;
	} else
		oldhash = newhash;
	ZONE_UNLOCK(zone);
	hash_free(&oldhash);
	ZONE_LOCK(zone);
}

static void
zone_timeout(uma_zone_t zone)
{
	struct uma_keg *keg = zone->uz_keg;

	ZONE_LOCK(zone);
	if ((keg->uk_flags & UMA_ZONE_HASH) != 0 &&
	    keg->uk_pages / keg->uk_ppera >= (uint32_t)keg->uk_hash.uh_hashsize)
		zone_hash_expand(zone);
	ZONE_UNLOCK(zone);
}

static void
uma_timeout(void *unused)
{
	(void)unused;
	bucket_enable();
	zone_foreach(zone_timeout);
	callout_reset(&uma_callout, UMA_TIMEOUT * hz, uma_timeout, NULL);
}

/* ---------------------------------------------------------------- boot */

static void
master_zone(struct uma_keg *keg, uma_zone_t zone, const char *name, size_t size, uma_ctor ctor, uma_dtor dtor)
{
	struct uma_args args = {.name = name,
	    .size = size,
	    .ctor = ctor,
	    .dtor = dtor,
	    .align = 32 - 1,
	    .flags = UMA_ZFLAG_INTERNAL,
	    .keg = keg};

	keg_ctor(keg, (int)sizeof(*keg), &args);
	zone_ctor(zone, (int)sizeof(masterzone_k), &args);
}

void
uma_startup(void *bootmem, int boot_pages)
{
	static struct uma_keg zoneskeg;
	size_t slabsize = sizeof(struct uma_slab) + 255;

	booted = 0;
	bucketdisable = 1;
	LIST_INIT(&uma_kegs);
	LIST_INIT(&uma_boot_pages);
	mtx_init(&uma_mtx, "UMA lock", NULL, MTX_DEF | MTX_RECURSE);
	for (int i = 0; i < mp_ncpus; i++)
		mtx_init(&uma_pcpu_mtx[i], "UMA pcpu", NULL, MTX_DEF | MTX_DUPOK);
	for (int i = boot_pages - 1; i >= 0; i--) {
		struct uma_slab *page = (struct uma_slab *)((char *)bootmem + (size_t)i * UMA_SLAB_SIZE);

		LIST_INSERT_HEAD(&uma_boot_pages, page, us_link);
	}
	master_zone(&masterkeg, kegs, "UMA Kegs", sizeof(struct uma_keg), keg_ctor, keg_dtor);
	master_zone(&zoneskeg, zones, "UMA Zones",
	    sizeof(struct uma_zone) + (size_t)mp_ncpus * sizeof(struct uma_cache), zone_ctor, zone_dtor);
	slabzone = uma_zcreate(
	    "UMA Slabs", (int)slabsize, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, UMA_ZFLAG_INTERNAL);
	hashzone = uma_zcreate("UMA Hash", (int)sizeof(struct slabhead) * UMA_HASH_SIZE_INIT, NULL, NULL,
	    NULL, NULL, UMA_ALIGN_PTR, UMA_ZFLAG_INTERNAL);
	bucket_init();
}

static void
zone_leave_startup(uma_zone_t zone)
{
	struct uma_keg *keg = zone->uz_keg;

	ZONE_LOCK(zone);
	if (keg->uk_allocf == startup_alloc)
		keg->uk_allocf = page_alloc;
	ZONE_UNLOCK(zone);
}

/* Two buckets a CPU of each size are there for the VM's zones, which cannot ask for more. */
void
uma_startup2(void)
{
	booted = 1;
	zone_foreach(zone_leave_startup);
	for (int i = 0; i < BUCKET_ZONES; i++)
		uma_prealloc(bucket_zones[i], 2 * mp_ncpus);
	bucket_enable();
}

void
uma_startup3(void)
{
	callout_init(&uma_callout);
	callout_reset(&uma_callout, UMA_TIMEOUT * hz, uma_timeout, NULL);
}

/* ---------------------------------------------------------------- what users call */

uma_zone_t
uma_zcreate(const char *name, int size, uma_ctor ctor, uma_dtor dtor, uma_init init, uma_fini fini, int align,
    uint16_t flags)
{
	struct uma_args args = {.name = name,
	    .size = (size_t)size,
	    .ctor = ctor,
	    .dtor = dtor,
	    .init = init,
	    .fini = fini,
	    .align = (uint32_t)align,
	    .flags = flags};

	args.keg = uma_zalloc_internal(kegs, &args, M_WAITOK);
	return (uma_zalloc_internal(zones, &args, M_WAITOK));
}

void
uma_zdestroy(uma_zone_t zone)
{
	uma_zfree_internal(zones, zone, NULL, 0);
}

static void *
item_ready(uma_zone_t zone, void *item, void *arg, int flags)
{
	if (zone->uz_ctor != NULL)
		zone->uz_ctor(item, (int)zone->uz_keg->uk_size, arg);
	if (flags & M_ZERO)
		memset(item, 0, zone->uz_keg->uk_size);
	return (item);
}

/* CPU locked: an item from the CPU's two buckets, or NULL. */
static void *
cache_alloc(struct uma_cache *cache)
{
	struct uma_bucket *bucket = cache->uc_allocbucket;

	if (bucket != NULL && bucket->ub_cnt == 0 && cache->uc_freebucket != NULL &&
	    cache->uc_freebucket->ub_cnt > 0) {
		cache->uc_allocbucket = cache->uc_freebucket;
		cache->uc_freebucket = bucket;
		bucket = cache->uc_allocbucket;
	}
	if (bucket == NULL || bucket->ub_cnt == 0)
		return (NULL);
	cache->uc_allocs++;
	return (bucket->ub_bucket[--bucket->ub_cnt]);
}

/* CPU and zone locked: the empty allocbucket goes, a full one of the zone comes. */
static bool
cache_refill(uma_zone_t zone, struct uma_cache *cache)
{
	struct uma_bucket *bucket = cache->uc_allocbucket;

	if (bucket != NULL) {
		KASSERT(bucket->ub_cnt == 0, ("uma_zalloc_arg: Freeing a non free bucket."));
		LIST_INSERT_HEAD(&zone->uz_free_bucket, bucket, ub_link);
		cache->uc_allocbucket = NULL;
	}
	bucket = LIST_FIRST(&zone->uz_full_bucket);
	if (bucket == NULL)
		return (false);
	LIST_REMOVE(bucket, ub_link);
	cache->uc_allocbucket = bucket;
	return (true);
}

/* Zone locked, dropped on the way: a bucket filled from the keg, on the zone's list. */
KERN_NOINLINE static bool
uma_zalloc_bucket(uma_zone_t zone, int flags)
{
	struct uma_bucket *bucket = LIST_FIRST(&zone->uz_free_bucket);
	struct uma_slab *slab;
	int max, bflags = flags & ~M_ZERO;

	if (bucket != NULL)
		LIST_REMOVE(bucket, ub_link);
	else {
		if (zone->uz_keg->uk_flags & UMA_ZFLAG_CACHEONLY)
			bflags |= M_NOVM;
		ZONE_UNLOCK(zone);
		bucket = bucket_alloc(zone->uz_count, bflags);
		ZONE_LOCK(zone);
		if (bucket == NULL)
			return (false);
	}
	/* As many fills at once as there are CPUs to use them. */
	if (zone->uz_fills < mp_ncpus) {
		zone->uz_fills++;
		max = bucket->ub_entries < zone->uz_count ? bucket->ub_entries : zone->uz_count;
		while (bucket->ub_cnt < max && (slab = uma_zone_slab(zone, flags)) != NULL) {
			while (slab->us_freecount > 0 && bucket->ub_cnt < max)
				bucket->ub_bucket[bucket->ub_cnt++] = uma_slab_alloc(zone, slab);
			flags = (flags & ~M_WAITOK) | M_NOWAIT | M_NOVM;
		}
		zone->uz_fills--;
		if (bucket->ub_cnt > 0) {
			LIST_INSERT_HEAD(&zone->uz_full_bucket, bucket, ub_link);
			return (true);
		}
	}
	bucket_free(bucket);
	return (false);
}

/* An item from this CPU's buckets, or from a full one of the zone; NULL: the zone is locked, the CPU is not. */
static void *
zalloc_cached(uma_zone_t zone, bool first_try)
{
	int cpu = PCPU_GET(cpuid);
	struct uma_cache *cache = &zone->uz_cpu[cpu];
	void *item;

	CPU_LOCK(cpu);
	item = cache_alloc(cache);
	if (item != NULL)
		cache->uc_hits += first_try;
	else {
		ZONE_LOCK(zone);
		if (cache_refill(zone, cache)) {
			ZONE_UNLOCK(zone);
			item = cache_alloc(cache);
			KASSERT(item != NULL, ("uma_zalloc_arg: empty bucket on the full list"));
		}
	}
	CPU_UNLOCK(cpu);
	return (item);
}

KERN_NOINLINE void *
uma_zalloc_arg(uma_zone_t zone, void *arg, int flags)
{
	void *item;
	bool filled;

	for (bool first_try = true;; first_try = false) {
		item = zalloc_cached(zone, first_try);
		if (item != NULL)
			break;
		/* Larger buckets should bring us here less. */
		if (zone->uz_count < BUCKET_MAX)
			zone->uz_count++;
		filled = uma_zalloc_bucket(zone, flags);
		ZONE_UNLOCK(zone);
		if (!filled) {
			item = zone_item(zone, flags);
			break;
		}
	}
	return (item == NULL ? NULL : item_ready(zone, item, arg, flags));
}

/* One item straight from the keg, not yet constructed. */
KERN_NOINLINE static void *
zone_item(uma_zone_t zone, int flags)
{
	struct uma_slab *slab;
	void *item = NULL;

	ZONE_LOCK(zone);
	slab = uma_zone_slab(zone, flags);
	if (slab != NULL) {
		item = uma_slab_alloc(zone, slab);
		zone->uz_allocs++;
	} else
		zone->uz_fails++;
	ZONE_UNLOCK(zone);
	return (item);
}

/* Past the caches, for the allocator's own zones. */
static void *
uma_zalloc_internal(uma_zone_t zone, void *arg, int flags)
{
	void *item = zone_item(zone, flags);

	return (item == NULL ? NULL : item_ready(zone, item, arg, flags));
}

/* CPU locked: the item into one of the CPU's buckets, if one has room. */
static bool
cache_free(struct uma_cache *cache, void *item)
{
	struct uma_bucket *bucket = cache->uc_freebucket;

	if (bucket != NULL && bucket->ub_cnt == bucket->ub_entries && cache->uc_allocbucket != NULL &&
	    cache->uc_allocbucket->ub_cnt < bucket->ub_cnt) {
		cache->uc_freebucket = cache->uc_allocbucket;
		cache->uc_allocbucket = bucket;
		bucket = cache->uc_freebucket;
	}
	if (bucket == NULL || bucket->ub_cnt == bucket->ub_entries)
		return (false);
	bucket->ub_bucket[bucket->ub_cnt++] = item;
	cache->uc_frees++;
	return (true);
}

/* CPU and zone locked: the full freebucket goes, an empty one of the zone comes. */
static bool
cache_empty(uma_zone_t zone, struct uma_cache *cache)
{
	struct uma_bucket *bucket = cache->uc_freebucket;

	if (bucket != NULL) {
		KASSERT(bucket->ub_cnt != 0,
		    ("uma_zfree: Attempting to insert an empty bucket onto the full list.\n"));
		LIST_INSERT_HEAD(&zone->uz_full_bucket, bucket, ub_link);
		cache->uc_freebucket = NULL;
	}
	bucket = LIST_FIRST(&zone->uz_free_bucket);
	if (bucket == NULL)
		return (false);
	LIST_REMOVE(bucket, ub_link);
	cache->uc_freebucket = bucket;
	return (true);
}

/* The item into one of this CPU's buckets, or into an empty one of the zone. */
static bool
zfree_cached(uma_zone_t zone, void *item)
{
	int cpu = PCPU_GET(cpuid);
	struct uma_cache *cache = &zone->uz_cpu[cpu];
	bool done;

	CPU_LOCK(cpu);
	done = cache_free(cache, item);
	if (!done) {
		ZONE_LOCK(zone);
		done = cache_empty(zone, cache) && cache_free(cache, item);
		ZONE_UNLOCK(zone);
	}
	CPU_UNLOCK(cpu);
	return (done);
}

KERN_NOINLINE void
uma_zfree_arg(uma_zone_t zone, void *item, void *arg)
{
	int bflags = M_NOWAIT;

	if (zone->uz_dtor != NULL)
		zone->uz_dtor(item, (int)zone->uz_keg->uk_size, arg);
	if (zone->uz_keg->uk_flags & UMA_ZFLAG_CACHEONLY)
		bflags |= M_NOVM;
	/* A full zone has sleepers: they wait for the keg, not for this CPU's cache. */
	while ((zone->uz_keg->uk_flags & UMA_ZFLAG_FULL) == 0) {
		struct uma_bucket *bucket;

		if (zfree_cached(zone, item))
			return;
		bucket = bucket_alloc(zone->uz_count, bflags);
		if (bucket == NULL)
			break;
		ZONE_LOCK(zone);
		LIST_INSERT_HEAD(&zone->uz_free_bucket, bucket, ub_link);
		ZONE_UNLOCK(zone);
	}
	uma_zfree_internal(zone, item, arg, 1);
}

/* Straight to the keg.  skip: the destructor has run. */
KERN_NOINLINE static void
uma_zfree_internal(uma_zone_t zone, void *item, void *arg, int skip)
{
	if (!skip && zone->uz_dtor != NULL)
		zone->uz_dtor(item, (int)zone->uz_keg->uk_size, arg);
	ZONE_LOCK(zone);
	uma_slab_free(zone, item);
	zone->uz_frees++;
	ZONE_UNLOCK(zone);
}

void
uma_prealloc(uma_zone_t zone, int items)
{
	struct uma_keg *keg = zone->uz_keg;
	int slabs = (items + keg->uk_ipers - 1) / keg->uk_ipers;

	ZONE_LOCK(zone);
	while (slabs > 0) {
		struct uma_slab *slab = slab_zalloc(zone, M_WAITOK);

		if (slab == NULL)
			break; /* the limit, or an object that cannot grow now */
		LIST_INSERT_HEAD(&keg->uk_free_slab, slab, us_link);
		slabs--;
	}
	ZONE_UNLOCK(zone);
}

void
uma_zone_set_max(uma_zone_t zone, int nitems)
{
	struct uma_keg *keg = zone->uz_keg;

	ZONE_LOCK(zone);
	keg->uk_maxpages = (uint32_t)((nitems + keg->uk_ipers - 1) / keg->uk_ipers * keg->uk_ppera);
	ZONE_UNLOCK(zone);
}

void
uma_zone_set_init(uma_zone_t zone, uma_init init)
{
	ZONE_LOCK(zone);
	KASSERT(zone->uz_keg->uk_pages == 0, ("uma_zone_set_init on non-empty keg"));
	zone->uz_keg->uk_init = init;
	ZONE_UNLOCK(zone);
}

void
uma_zone_set_fini(uma_zone_t zone, uma_fini fini)
{
	ZONE_LOCK(zone);
	KASSERT(zone->uz_keg->uk_pages == 0, ("uma_zone_set_fini on non-empty keg"));
	zone->uz_keg->uk_fini = fini;
	ZONE_UNLOCK(zone);
}

void
uma_zone_set_allocf(uma_zone_t zone, uma_alloc allocf)
{
	ZONE_LOCK(zone);
	zone->uz_keg->uk_flags |= UMA_ZFLAG_PRIVALLOC;
	zone->uz_keg->uk_allocf = allocf;
	ZONE_UNLOCK(zone);
}

void
uma_zone_set_freef(uma_zone_t zone, uma_free freef)
{
	ZONE_LOCK(zone);
	zone->uz_keg->uk_freef = freef;
	ZONE_UNLOCK(zone);
}

KERN_NOINLINE int
uma_zone_set_obj(uma_zone_t zone, struct vm_object *obj, int count)
{
	struct uma_keg *keg = zone->uz_keg;
	int pages = (count + keg->uk_ipers - 1) / keg->uk_ipers * keg->uk_ppera;
	vm_offset_t kva = kmem_alloc_nofault(kernel_map, (vm_size_t)pages * UMA_SLAB_SIZE);

	if (kva == 0)
		return (0);
	if (obj == NULL)
		obj = vm_object_allocate(OBJT_DEFAULT, (vm_pindex_t)pages);
	else {
		VM_OBJECT_LOCK_INIT(obj, "uma object");
		_vm_object_allocate(OBJT_DEFAULT, (vm_pindex_t)pages, obj);
	}
	ZONE_LOCK(zone);
	keg->uk_kva = kva;
	keg->uk_obj = obj;
	keg->uk_maxpages = (uint32_t)pages;
	keg->uk_allocf = obj_alloc;
	keg->uk_flags |= UMA_ZONE_NOFREE | UMA_ZFLAG_PRIVALLOC;
	ZONE_UNLOCK(zone);
	return (1);
}
