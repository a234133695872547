/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uma_dbg.c - looking at zones: numbers, the vm.zone table, and whether all adds up.
 *
 * Holds "UMA lock", all of "UMA pcpu", then a zone's lock, as the historic table
 * did: so the numbers of one zone are of one moment.
 */
#include "vm/uma_int.h"
#include "kern/param.h"

static void
lock_caches(void)
{
	mtx_lock(&uma_mtx);
	for (int cpu = 0; cpu < mp_ncpus; cpu++)
		CPU_LOCK(cpu);
}

static void
unlock_caches(void)
{
	for (int cpu = mp_ncpus - 1; cpu >= 0; cpu--)
		CPU_UNLOCK(cpu);
	mtx_unlock(&uma_mtx);
}

static int
in_bucket(const struct uma_bucket *bucket)
{
	return (bucket == NULL ? 0 : bucket->ub_cnt);
}

/* Caches and zone locked. */
static void
gather(uma_zone_t zone, struct uma_zone_stats *st)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_bucket *bucket;

	memset(st, 0, sizeof(*st));
	st->name = zone->uz_name;
	st->size = (int)keg->uk_size;
	st->ipers = keg->uk_ipers;
	st->slabs = (int)(keg->uk_pages / keg->uk_ppera);
	st->limit = (int)(keg->uk_maxpages / keg->uk_ppera * keg->uk_ipers);
	st->free = (int)keg->uk_free;
	st->allocs = zone->uz_allocs;
	st->frees = zone->uz_frees;
	st->fails = zone->uz_fails;
	for (int cpu = 0; cpu < mp_ncpus; cpu++) {
		const struct uma_cache *cache = &zone->uz_cpu[cpu];

		st->cached += in_bucket(cache->uc_allocbucket) + in_bucket(cache->uc_freebucket);
		st->allocs += cache->uc_allocs;
		st->frees += cache->uc_frees;
		st->hits += cache->uc_hits;
	}
	LIST_FOREACH (bucket, &zone->uz_full_bucket, ub_link)
		st->cached += bucket->ub_cnt;
	st->used = st->slabs * st->ipers - st->free - st->cached;
}

/* Caches locked: fn for each zone, with the zone locked. */
static void
each_zone(void (*fn)(uma_zone_t zone, void *arg), void *arg)
{
	struct uma_keg *keg;
	uma_zone_t zone;

	LIST_FOREACH (keg, &uma_kegs, uk_link) {
		LIST_FOREACH (zone, &keg->uk_zones, uz_link) {
			ZONE_LOCK(zone);
			fn(zone, arg);
			ZONE_UNLOCK(zone);
		}
	}
}

uma_zone_t
uma_zone_lookup(const char *name)
{
	struct uma_keg *keg;
	uma_zone_t zone, found = NULL;

	mtx_lock(&uma_mtx);
	LIST_FOREACH (keg, &uma_kegs, uk_link) {
		LIST_FOREACH (zone, &keg->uk_zones, uz_link) {
			if (strcmp(zone->uz_name, name) == 0)
				found = zone;
		}
	}
	mtx_unlock(&uma_mtx);
	return (found);
}

void
uma_zone_statistics(uma_zone_t zone, struct uma_zone_stats *st)
{
	lock_caches();
	ZONE_LOCK(zone);
	gather(zone, st);
	ZONE_UNLOCK(zone);
	unlock_caches();
}

struct cpu_hits {
	int cpu;
	uint64_t hits;
};

static void
add_hits(uma_zone_t zone, void *arg)
{
	struct cpu_hits *h = arg;

	h->hits += zone->uz_cpu[h->cpu].uc_hits;
}

uint64_t
uma_cpu_hits(int cpu)
{
	struct cpu_hits h = {.cpu = cpu};

	lock_caches();
	each_zone(add_hits, &h);
	unlock_caches();
	return (h.hits);
}

static void
print_zone(uma_zone_t zone, void *arg)
{
	struct uma_zone_stats st;

	(void)arg;
	gather(zone, &st);
	kprintf("%-16s %6d, %8d, %6d, %6d, %8llu\n", st.name, st.size, st.limit, st.used, st.free + st.cached,
	    (unsigned long long)st.allocs);
}

void
uma_print_zones(void)
{
	kprintf("%-16s %6s  %8s  %6s  %6s  %8s\n", "ITEM", "SIZE", "LIMIT", "USED", "FREE", "REQUESTS");
	lock_caches();
	each_zone(print_zone, NULL);
	unlock_caches();
}

/* What is to be said of a slab in a list that holds slabs with lo .. hi free items; NULL: nothing. */
static const char *
slab_fault(const struct uma_keg *keg, const struct uma_slab *slab, int lo, int hi)
{
	uint8_t seen[256 / 8] = {0};
	uint8_t at = slab->us_firstfree;

	if (slab->us_keg != keg)
		return ("belongs to another keg");
	if (slab->us_freecount < lo || slab->us_freecount > hi)
		return ("is on the wrong list");
	for (int i = 0; i < slab->us_freecount; i++) {
		if (at >= keg->uk_ipers || (seen[at / 8] & 1 << at % 8) != 0)
			return ("has a broken free list");
		seen[at / 8] |= (uint8_t)(1 << at % 8);
		at = slab->us_freelist[at];
	}
	return (NULL);
}

struct tally {
	int slabs, free, wrong;
};

static void
check_list(uma_zone_t zone, const struct slablist *list, int lo, int hi, struct tally *t)
{
	const struct uma_slab *slab;

	LIST_FOREACH (slab, list, us_link) {
		const char *fault = slab_fault(zone->uz_keg, slab, lo, hi);

		if (fault != NULL) {
			kprintf("zone %s: a slab with %d of %d items free %s\n", zone->uz_name,
			    slab->us_freecount, zone->uz_keg->uk_ipers, fault);
			t->wrong++;
		}
		t->slabs++;
		t->free += slab->us_freecount;
	}
}

static void
check_zone(uma_zone_t zone, void *arg)
{
	struct uma_keg *keg = zone->uz_keg;
	struct uma_zone_stats st;
	struct tally t = {0};
	int *wrong = arg;

	gather(zone, &st);
	check_list(zone, &keg->uk_part_slab, 1, keg->uk_ipers - 1, &t);
	check_list(zone, &keg->uk_free_slab, keg->uk_ipers, keg->uk_ipers, &t);
	check_list(zone, &keg->uk_full_slab, 0, 0, &t);
	if (t.slabs != st.slabs || t.free != st.free) {
		kprintf("zone %s: %d slabs with %d items free, counted %d and %d\n", st.name, t.slabs, t.free,
		    st.slabs, st.free);
		t.wrong++;
	}
	if ((uint64_t)st.used != st.allocs - st.frees) {
		kprintf("zone %s: %d items out, but %llu lent and %llu back\n", st.name, st.used,
		    (unsigned long long)st.allocs, (unsigned long long)st.frees);
		t.wrong++;
	}
	if (keg->uk_maxpages != 0 && keg->uk_pages > keg->uk_maxpages && keg->uk_obj == NULL) {
		kprintf("zone %s: %u pages, limit %u\n", st.name, keg->uk_pages, keg->uk_maxpages);
		t.wrong++;
	}
	*wrong += t.wrong;
}

int
uma_check(void)
{
	int wrong = 0;

	lock_caches();
	each_zone(check_zone, &wrong);
	unlock_caches();
	return (wrong);
}
