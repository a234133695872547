/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The zone allocator on a booted machine: what is lent comes back, and is nobody
 * else's meanwhile.  Each test is a machine of its own; what it finds wrong is a
 * panic, and the panic's text the test's failure.
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include "kern/machine.h"
#include "kern/param.h"
#include "kern/proc.h"
#include "kern/random.h"
#include "kern/sleepqueue.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_kern.h"
#include "vm/vm_meter.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"

#define MUST(exp) KASSERT(exp, ("line %d: %s", __LINE__, #exp))

struct run {
	int ncpus;
	void (*fn)(void);
};

static void
booted_main(void *arg)
{
	struct run *run = arg;

	vm_mem_init();
	run->fn();
	MUST(uma_check() == 0);
	machine_shutdown();
}

static void
on_machine(int ncpus, uint64_t seed, void (*fn)(void))
{
	struct machine_config cfg = {.ncpus = ncpus, .seed = seed, .pages = 1024, .swap_pages = 64};
	struct machine_report rep;
	struct run run = {.ncpus = ncpus, .fn = fn};

	ck_assert_int_eq(machine_run(&cfg, booted_main, &run, &rep), 0);
	if (rep.outcome != MACHINE_OK)
		ck_abort_msg("outcome %d: %s", (int)rep.outcome, rep.text);
}

static struct uma_zone_stats
numbers(uma_zone_t zone)
{
	struct uma_zone_stats st;

	uma_zone_statistics(zone, &st);
	return (st);
}

/* ---------------------------------------------------------------- boot */

static void
boot_zones(void)
{
	static const char *const names[] = {"UMA Kegs", "UMA Zones", "UMA Slabs", "UMA Hash", "16 Bucket",
	    "128 Bucket", "VM OBJECT", "MAP", "KMAP ENTRY", "PV ENTRY"};

	for (size_t i = 0; i < nitems(names); i++)
		KASSERT(uma_zone_lookup(names[i]) != NULL, ("no zone %s", names[i]));
	MUST(uma_zone_lookup("no such zone") == NULL);
	MUST(numbers(uma_zone_lookup("UMA Kegs")).used > 8);
}

START_TEST(boot_makes_the_zones)
{
	on_machine(1 + _i, 1, boot_zones);
}
END_TEST

/* ---------------------------------------------------------------- many items, several threads */

static const int item_sizes[] = {8, 24, 100, 320, 1000, 2048, 3000, 5000};
#define NZONES ((int)nitems(item_sizes))
#define NITEMS 60 /* a thread, a zone */
#define NWORKERS 3

static uma_zone_t zone_by_size[NZONES];

/* The owner's mark at both ends of an item: two owners of one item would meet here. */
static void
mark(void *item, int size, uint32_t owner)
{
	memcpy(item, &owner, sizeof(owner));
	memcpy((char *)item + size - sizeof(owner), &owner, sizeof(owner));
}

static bool
marked(const void *item, int size, uint32_t owner)
{
	return (memcmp(item, &owner, sizeof(owner)) == 0 &&
		memcmp((const char *)item + size - sizeof(owner), &owner, sizeof(owner)) == 0);
}

static void
worker(void *arg)
{
	uint32_t me = (uint32_t)(uintptr_t)arg;
	void *item[NITEMS] = {NULL};
	int kind[NITEMS] = {0};

	for (int step = 0; step < 1500; step++) {
		int i = (int)kern_random_below(RANDOM_WORKLOAD, NITEMS);
		uint32_t owner = me << 16 | (uint32_t)i;

		if (item[i] != NULL) {
			MUST(marked(item[i], item_sizes[kind[i]], owner));
			uma_zfree(zone_by_size[kind[i]], item[i]);
			item[i] = NULL;
			continue;
		}
		kind[i] = (int)kern_random_below(RANDOM_WORKLOAD, NZONES);
		item[i] = uma_zalloc(zone_by_size[kind[i]], step % 3 == 0 ? M_NOWAIT | M_ZERO : M_WAITOK);
		if (item[i] == NULL)
			continue;
		if (step % 3 == 0)
			for (int b = 0; b < item_sizes[kind[i]]; b++)
				MUST(((char *)item[i])[b] == 0);
		mark(item[i], item_sizes[kind[i]], owner);
	}
	for (int i = 0; i < NITEMS; i++)
		if (item[i] != NULL)
			uma_zfree(zone_by_size[kind[i]], item[i]);
}

static void
run_workers(void (*fn)(void *), int n)
{
	struct proc *p[16];

	for (int i = 0; i < n; i++)
		MUST(proc_create(fn, (void *)(uintptr_t)(i + 1), &p[i], "worker") == 0);
	for (int i = 0; i < n; i++)
		proc_wait(p[i]);
}

static void
conservation(void)
{
	int free_before;

	for (int i = 0; i < NZONES; i++)
		zone_by_size[i] =
		    uma_zcreate("test zone", item_sizes[i], NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	free_before = cnt.v_free_count;
	run_workers(worker, NWORKERS);
	MUST(uma_check() == 0);
	for (int i = 0; i < NZONES; i++) {
		struct uma_zone_stats st = numbers(zone_by_size[i]);

		MUST(st.used == 0 && st.allocs == st.frees && st.allocs > 0);
		MUST(st.free + st.cached == st.slabs * st.ipers);
	}
	MUST(cnt.v_free_count < free_before);
	uma_reclaim();
	MUST(uma_check() == 0);
	/* What stays is what the CPUs' own buckets still hold. */
	for (int i = 0; i < NZONES; i++) {
		struct uma_zone_stats st = numbers(zone_by_size[i]);

		MUST(st.slabs <= st.cached);
	}
	for (int i = 0; i < NZONES; i++)
		uma_zdestroy(zone_by_size[i]);
}

START_TEST(items_are_conserved)
{
	on_machine(1 + _i % 4, 10 + (uint64_t)_i, conservation);
}
END_TEST

/* ---------------------------------------------------------------- per-CPU caches */

static uma_zone_t shared_zone;

static void
churn(void *arg)
{
	(void)arg;
	for (int i = 0; i < 400; i++) {
		void *a = uma_zalloc(shared_zone, M_WAITOK), *b = uma_zalloc(shared_zone, M_WAITOK);

		MUST(a != NULL && b != NULL && a != b);
		sched_point();
		uma_zfree(shared_zone, a);
		uma_zfree(shared_zone, b);
	}
}

static void
cpu_caches(void)
{
	struct uma_zone_stats st;

	shared_zone = uma_zcreate("shared", 64, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	run_workers(churn, 2 * mp_ncpus);
	st = numbers(shared_zone);
	MUST(st.allocs == 2u * 400 * 2 * (u_int)mp_ncpus);
	MUST(st.hits * 10 > st.allocs * 9); /* nearly all from the CPU's own buckets */
	for (int cpu = 0; cpu < mp_ncpus; cpu++)
		KASSERT(uma_cpu_hits(cpu) > 0, ("no hits on CPU %d", cpu));
}

START_TEST(every_cpu_has_its_cache)
{
	on_machine(1 << _i, 3, cpu_caches);
}
END_TEST

/* ---------------------------------------------------------------- a limit */

static uma_zone_t limited;
static void *taken[512];
static int ntaken;
static bool sleeper_got;

static void
sleeper(void *arg)
{
	void *item = uma_zalloc(limited, M_WAITOK);

	(void)arg;
	MUST(item != NULL);
	sleeper_got = true;
	uma_zfree(limited, item);
}

static void
set_max(void)
{
	struct proc *p;
	void *item;
	int limit;

	limited = uma_zcreate("limited", 500, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	uma_zone_set_max(limited, 20);
	limit = numbers(limited).limit;
	MUST(limit >= 20 && limit < 20 + numbers(limited).ipers);
	while (ntaken < (int)nitems(taken) && (item = uma_zalloc(limited, M_NOWAIT)) != NULL)
		taken[ntaken++] = item;
	MUST(ntaken <= limit);
	MUST(ntaken >= limit - numbers(limited).cached);
	MUST(numbers(limited).fails > 0);
	MUST(proc_create(sleeper, NULL, &p, "sleeper") == 0);
	tsleep(&limited, PVM, "letsleep", hz);
	if (mp_ncpus == 1)
		MUST(!sleeper_got); /* nothing is cached anywhere: it waits */
	for (int i = 0; i < ntaken; i++)
		uma_zfree(limited, taken[i]);
	proc_wait(p);
	MUST(sleeper_got);
	MUST(numbers(limited).used == 0);
}

START_TEST(a_full_zone_waits)
{
	on_machine(1 + _i, 5, set_max);
}
END_TEST

/* However large the buckets have grown, one call makes one slab. */
static void
modest(void)
{
	uma_zone_t zone = uma_zcreate("modest", 1000, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	static void *item[300];

	for (int i = 0; i < (int)nitems(item); i++) {
		int slabs = numbers(zone).slabs;

		item[i] = uma_zalloc(zone, M_WAITOK);
		MUST(numbers(zone).slabs <= slabs + 1);
	}
	MUST(numbers(zone).slabs > 60);
	for (int i = 0; i < (int)nitems(item); i++)
		uma_zfree(zone, item[i]);
	uma_zdestroy(zone);
}

START_TEST(a_fill_makes_one_slab)
{
	on_machine(1 + _i, 6, modest);
}
END_TEST

/* ---------------------------------------------------------------- a zone's own object */

static struct vm_object static_obj;

static void
own_object(struct vm_object *obj)
{
	uma_zone_t zone = uma_zcreate(
	    "own object", 288, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, UMA_ZONE_NOFREE | UMA_ZONE_VM);
	int ipers = numbers(zone).ipers, n = 0;
	struct uma_zone_stats st;
	void *items[200];

	MUST(uma_zone_set_obj(zone, obj, 100) == 1);
	while (n < (int)nitems(items) && (items[n] = uma_zalloc(zone, M_NOWAIT)) != NULL) {
		memset(items[n], n, 288);
		n++;
	}
	st = numbers(zone);
	MUST(n >= 100 && n < 100 + ipers && st.slabs == howmany(100, ipers) && st.limit == st.slabs * ipers);
	if (obj != NULL) {
		MUST(obj->resident_page_count == st.slabs);
		VM_OBJECT_LOCK(obj);
		for (int i = 0; i < st.slabs; i++) {
			struct vm_page *m = vm_page_lookup(obj, (vm_pindex_t)i);

			MUST(m != NULL && m->wire_count == 1 && (m->flags & PG_BUSY) == 0);
		}
		VM_OBJECT_UNLOCK(obj);
	}
	for (int i = 0; i < n; i++) {
		for (int b = 0; b < 288; b++)
			MUST(((unsigned char *)items[i])[b] == (unsigned char)i);
		uma_zfree(zone, items[i]);
	}
	uma_reclaim();
	MUST(numbers(zone).slabs == st.slabs && numbers(zone).used == 0); /* type-stable */
	n = 0;
	while (n < (int)nitems(items) && (items[n] = uma_zalloc(zone, M_NOWAIT)) != NULL)
		n++;
	MUST(n == st.limit);
	while (n > 0)
		uma_zfree(zone, items[--n]);
}

static void
static_object(void)
{
	own_object(&static_obj);
}

static void
dynamic_object(void)
{
	uma_zone_t objects = uma_zone_lookup("VM OBJECT");
	int before = numbers(objects).used;

	own_object(NULL);
	MUST(numbers(objects).used == before + 1);
}

START_TEST(slabs_from_an_object)
{
	on_machine(2, 7, _i == 0 ? static_object : dynamic_object);
}
END_TEST

/* ---------------------------------------------------------------- constructors */

static int ctors, dtors, inits, finis;

static void
count_ctor(void *mem, int size, void *arg)
{
	MUST(size == 200 && arg == &ctors && ((char *)mem)[0] == 'i');
	ctors++;
}

static void
count_dtor(void *mem, int size, void *arg)
{
	MUST(size == 200 && arg == &dtors && ((char *)mem)[0] == 'i');
	dtors++;
}

static void
count_init(void *mem, int size)
{
	MUST(size == 200);
	((char *)mem)[0] = 'i';
	inits++;
}

static void
count_fini(void *mem, int size)
{
	MUST(size == 200 && ((char *)mem)[0] == 'i');
	finis++;
}

static void
constructors(void)
{
	uma_zone_t zone =
	    uma_zcreate("ctors", 200, count_ctor, count_dtor, count_init, count_fini, UMA_ALIGN_PTR, 0);
	struct uma_zone_stats st;
	void *items[100];

	uma_prealloc(zone, 30);
	st = numbers(zone);
	MUST(st.slabs * st.ipers >= 30 && inits == st.slabs * st.ipers && ctors == 0);
	for (int i = 0; i < 100; i++)
		items[i] = uma_zalloc_arg(zone, &ctors, M_WAITOK);
	MUST(ctors == 100);
	for (int i = 0; i < 100; i++)
		uma_zfree_arg(zone, items[i], &dtors);
	st = numbers(zone);
	MUST(dtors == 100 && finis == 0 && inits == st.slabs * st.ipers);
	uma_zdestroy(zone);
	MUST(finis == inits);
}

START_TEST(inits_pair_with_finis)
{
	on_machine(1 + _i, 9, constructors);
}
END_TEST

/* ---------------------------------------------------------------- short of memory */

static void
exhaust(void)
{
	uma_zone_t zone = uma_zcreate("greedy", 2000, NULL, NULL, NULL, NULL, UMA_ALIGN_PTR, 0);
	void *item, *list = NULL;
	int n = 0;

	while ((item = uma_zalloc(zone, M_NOWAIT)) != NULL) {
		*(void **)item = list;
		list = item;
		n++;
	}
	MUST(n > 100 && cnt.v_free_count < 10);
	MUST(uma_check() == 0);
	while ((item = list) != NULL) {
		list = *(void **)item;
		uma_zfree(zone, item);
	}
	uma_reclaim();
	MUST(cnt.v_free_count > cnt.v_page_count / 2);
	uma_zdestroy(zone);
}

START_TEST(no_memory_is_null_and_comes_back)
{
	on_machine(1 + _i, 11, exhaust);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("corpus_uma");
	TCase *tc = tcase_create("uma");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, boot_makes_the_zones, 0, 4);
	tcase_add_loop_test(tc, items_are_conserved, 0, 8);
	tcase_add_loop_test(tc, every_cpu_has_its_cache, 0, 3);
	tcase_add_loop_test(tc, a_full_zone_waits, 0, 2);
	tcase_add_loop_test(tc, a_fill_makes_one_slab, 0, 2);
	tcase_add_loop_test(tc, slabs_from_an_object, 0, 2);
	tcase_add_loop_test(tc, inits_pair_with_finis, 0, 2);
	tcase_add_loop_test(tc, no_memory_is_null_and_comes_back, 0, 2);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
