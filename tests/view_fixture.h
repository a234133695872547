/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_fixture.h - views built by hand, for the tests of the renderers.   room: tests
 *
 * fixture_story    July 2004 with three findings of three levels: two threads that
 *                  lock processes of one class (actual), UMA lock against system
 *                  map (potential, accepted), standard object against swap_pager
 *                  swhash (inversion, new); an exempt edge, a derived stack, a
 *                  frame without symbol, a birth, a run that lost records
 * fixture_hostile  one cycle whose every string is markup, escapes and bytes that
 *                  are no UTF-8
 * fixture_empty    nothing was seen
 * fixture_wide     40 classes, 150 edges, one cycle of three
 *
 * Memory    static; the same pointer at each call. rep_view_close() must not see it.
 */
#ifndef VIEW_FIXTURE_H
#define VIEW_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include <check.h>

#include "view.h"

/* What a call writes to `out`: text to free. The call must succeed. */
#define FIXTURE_RENDER(call)                                                                                 \
	({                                                                                                   \
		char *fixture_text = NULL;                                                                   \
		size_t fixture_length;                                                                       \
		FILE *out = open_memstream(&fixture_text, &fixture_length);                                  \
		ck_assert_int_eq((call), 0);                                                                 \
		ck_assert_int_eq(fclose(out), 0);                                                            \
		fixture_text;                                                                                \
	})

/* What a call returns when its stream takes nothing. */
#define FIXTURE_RENDER_FULL(call)                                                                            \
	({                                                                                                   \
		FILE *out = fopen("/dev/full", "w");                                                         \
		int fixture_error;                                                                           \
		ck_assert_ptr_nonnull(out);                                                                  \
		fixture_error = (call);                                                                      \
		fclose(out);                                                                                 \
		fixture_error;                                                                               \
	})

#define FIXTURE_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIXTURE_FRAMES(...)                                                                                  \
	(const struct rep_frame[])                                                                           \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}
#define FIXTURE_BEFORE "5f0c7a1e9b3d42868a11c0de00000001"
#define FIXTURE_LOST "5f0c7a1e9b3d42868a11c0de00000002"
#define FIXTURE_INVERSION "b2c3d4e5f6a70819"
#define FIXTURE_POTENTIAL "a1b2c3d4e5f60718"
#define FIXTURE_ACTUAL "0badcafe12345678"

/* clang-format off */
#define FIXTURE_FAULT \
	{"vm_fault", "vm/vm_fault.c", "witness-corpus", 0x5100, 412, false}, \
	{"trap_pfault", "proc/trap.c", "witness-corpus", 0x5200, 97, true}, \
	{"uload", "proc/trap.c", "witness-corpus", 0x5208, 140, false}
#define FIXTURE_DAEMON \
	{"vm_pageout_flush", "vm/vm_pageout.c", "witness-corpus", 0x6100, 371, false}, \
	{"vm_pageout_scan", "vm/vm_pageout.c", "witness-corpus", 0x6200, 842, false}, \
	{"vm_pageout", "vm/vm_pageout.c", "witness-corpus", 0x6300, 1420, false}, \
	{"", "", "libc.so.6", 0x891f5, 0, false}
#define FIXTURE_BIRTH \
	{"vm_object_allocate", "vm/vm_object.c", "witness-corpus", 0x7000, 233, false}, \
	{"uma_zone_set_obj", "vm/uma_core.c", "witness-corpus", 0x7100, 2110, false}, \
	{"swap_pager_swap_init", "vm/swap_pager.c", "witness-corpus", 0x7200, 402, false}
/* clang-format on */

enum {
	F_GIANT,
	F_PROC,
	F_OBJECT,
	F_SWHASH,
	F_SWAPDEV,
	F_MAP,
	F_UMA_LOCK,
	F_UMA_ZONE,
	F_USER_MAP,
	F_FREE,
	F_QUEUE,
	F_CLASSES
};

static struct rep_class fixture_classes[F_CLASSES] = {
    [F_GIANT] = {"Giant", "", "sleep mutex", 1, 9120, false},
    [F_PROC] = {"process lock", "", "sleep mutex", 12, 4033, false},
    [F_OBJECT] = {"standard object", "vm_object.mtx", "sleep mutex", 41, 48112, true},
    [F_SWHASH] = {"swap_pager swhash", "", "sleep mutex", 1, 5310, true},
    [F_SWAPDEV] = {"swapdev", "", "sleep mutex", 1, 960, false},
    [F_MAP] = {"system map", "", "sleep mutex", 3, 1202, true},
    [F_UMA_LOCK] = {"UMA lock", "", "sleep mutex", 1, 88, true},
    [F_UMA_ZONE] = {"UMA zone", "", "sleep mutex", 31, 20417, false},
    [F_USER_MAP] = {"user map", "", "sx", 12, 30110, false},
    [F_FREE] = {"vm page queue free mutex", "", "spin mutex", 1, 18022, false},
    [F_QUEUE] = {"vm page queue mutex", "", "sleep mutex", 1, 77345, false},
};

/* The view sorts by place: the one that tells the story need not come first. */
static const struct rep_evidence fixture_object_swhash[] = {
    {
	.held = {"standard object", "vm object", "vm/vm_fault.c", 412, 0x7e0000013b80, "exclusive", false,
	    {FIXTURE_FRAMES(FIXTURE_FAULT), 3, false}, "vm/vm_object.c:210", {NULL, 0, false}},
	.asked = {"swap_pager swhash", "swap_pager swhash", "vm/swap_pager.c", 1902, 0x55d0c1a3c084,
	    "exclusive", false,
	    {FIXTURE_FRAMES({"swp_pager_meta_ctl", "vm/swap_pager.c", "witness-corpus", 0x4c10, 1902, false},
		 FIXTURE_FAULT),
		4, false},
	    "vm/swap_pager.c:388", {NULL, 0, false}},
	.thread = "user 3",
	.role = "user_main",
	.run = FIXTURE_BEFORE,
	.count = 1733,
	.between = 1,
    },
    {
	.held = {"standard object", "vm object", "vm/swap_pager.c", 1311, 0x7e0000013a40, "exclusive", false,
	    {FIXTURE_FRAMES({"swap_pager_putpages", "vm/swap_pager.c", "witness-corpus", 0x4a10, 1311, false},
		 FIXTURE_DAEMON),
		5, true},
	    "vm/vm_object.c:210", {NULL, 0, false}},
	.asked = {"swap_pager swhash", "swap_pager swhash", "vm/swap_pager.c", 1797, 0x55d0c1a3c084,
	    "exclusive", false,
	    {FIXTURE_FRAMES(
		 {"swp_pager_meta_build", "vm/swap_pager.c", "witness-corpus", 0x4b10, 1797, false},
		 {"swap_pager_putpages", "vm/swap_pager.c", "witness-corpus", 0x4a18, 1315, false},
		 FIXTURE_DAEMON),
		6, false},
	    "vm/swap_pager.c:388", {NULL, 0, false}},
	.thread = "pagedaemon",
	.role = "vm_pageout",
	.run = FIXTURE_BEFORE,
	.count = 412,
    },
};

static const struct rep_evidence fixture_swhash_object[] = {
    {
	.held = {"swap_pager swhash", "swap_pager swhash", "vm/swap_pager.c", 1797, 0x55d0c1a3c084,
	    "exclusive", false,
	    {FIXTURE_FRAMES(
		 {"swp_pager_meta_build", "vm/swap_pager.c", "witness-corpus", 0x4b10, 1797, false},
		 {"swap_pager_putpages", "vm/swap_pager.c", "witness-corpus", 0x4a18, 1315, false},
		 FIXTURE_DAEMON),
		6, false},
	    "vm/swap_pager.c:388", {NULL, 0, false}},
	.asked = {"standard object", "vm object", "vm/uma_core.c", 931, 0x7e0000002100, "exclusive", false,
	    {FIXTURE_FRAMES({"obj_alloc", "vm/uma_core.c", "witness-corpus", 0x8010, 931, false},
		 {"slab_zalloc", "vm/uma_core.c", "witness-corpus", 0x8110, 801, false},
		 {"uma_zone_slab", "vm/uma_core.c", "witness-corpus", 0x8210, 1903, true},
		 {"uma_zalloc_arg", "vm/uma_core.c", "witness-corpus", 0x8310, 1788, false},
		 {"swp_pager_meta_build", "vm/swap_pager.c", "witness-corpus", 0x4b80, 1822, false},
		 {"swap_pager_putpages", "vm/swap_pager.c", "witness-corpus", 0x4a18, 1315, false},
		 FIXTURE_DAEMON),
		10, false},
	    "vm/vm_object.c:233", {FIXTURE_FRAMES(FIXTURE_BIRTH), 3, false}},
	.thread = "pagedaemon",
	.role = "vm_pageout",
	.run = FIXTURE_BEFORE,
	.count = 14,
    },
};

#define FIXTURE_PLAIN(name, from, file1, line1, to, file2, line2, times)                                     \
	static const struct rep_evidence name[] = {{                                                         \
	    .held = {from, from, file1, line1, 0x7e0000000100, "exclusive", false,                           \
		{FIXTURE_FRAMES({"outer", file1, "witness-corpus", 0x100, line1, false}, FIXTURE_FAULT), 4,  \
		    false},                                                                                  \
		"", {NULL, 0, false}},                                                                       \
	    .asked = {to, to, file2, line2, 0x7e0000000200, "exclusive", false,                              \
		{FIXTURE_FRAMES({"inner", file2, "witness-corpus", 0x200, line2, false},                     \
		     {"outer", file1, "witness-corpus", 0x110, line1 + 2, false}, FIXTURE_FAULT),            \
		    5, false},                                                                               \
		"", {NULL, 0, false}},                                                                       \
	    .thread = "user 1",                                                                              \
	    .role = "user_main",                                                                             \
	    .run = FIXTURE_BEFORE,                                                                           \
	    .count = times,                                                                                  \
	}}

FIXTURE_PLAIN(
    fixture_giant_queue, "Giant", "vm/vm_pageout.c", 700, "vm page queue mutex", "vm/vm_pageout.c", 722, 903);
FIXTURE_PLAIN(fixture_object_free, "standard object", "vm/vm_fault.c", 420, "vm page queue free mutex",
    "vm/vm_page.c", 811, 9011);
FIXTURE_PLAIN(fixture_object_queue, "standard object", "vm/vm_fault.c", 420, "vm page queue mutex",
    "vm/vm_page.c", 640, 31007);
FIXTURE_PLAIN(fixture_swhash_swapdev, "swap_pager swhash", "vm/swap_pager.c", 1797, "swapdev",
    "vm/swap_pager.c", 720, 960);
FIXTURE_PLAIN(fixture_map_uma, "system map", "vm/vm_kern.c", 330, "UMA lock", "vm/uma_core.c", 1602, 2);
FIXTURE_PLAIN(fixture_uma_map, "UMA lock", "vm/uma_core.c", 1411, "system map", "vm/vm_kern.c", 402, 7);
FIXTURE_PLAIN(fixture_uma_zone, "UMA lock", "vm/uma_core.c", 1411, "UMA zone", "vm/uma_core.c", 640, 31);
FIXTURE_PLAIN(fixture_user_giant, "user map", "vm/vm_map.c", 2204, "Giant", "vm/vm_map.c", 2230, 66);
FIXTURE_PLAIN(
    fixture_user_object, "user map", "vm/vm_map.c", 1020, "standard object", "vm/vm_map.c", 1077, 15200);
FIXTURE_PLAIN(
    fixture_user_queue, "user map", "vm/vm_map.c", 1020, "vm page queue mutex", "vm/pmap.c", 510, 2101);
FIXTURE_PLAIN(fixture_queue_free, "vm page queue mutex", "vm/vm_page.c", 900, "vm page queue free mutex",
    "vm/vm_page.c", 933, 7120);
FIXTURE_PLAIN(
    fixture_proc_proc, "process lock", "proc/kern_fork.c", 301, "process lock", "proc/kern_fork.c", 304, 3);

#define FIXTURE_EDGE(from, to, count, exempt, cycle, evidence)                                               \
	{                                                                                                    \
		from, to, count, "runtime", exempt, cycle, evidence, FIXTURE_COUNT(evidence)                 \
	}

static struct rep_edge fixture_edges[] = {
    FIXTURE_EDGE(F_GIANT, F_QUEUE, 903, false, false, fixture_giant_queue),
    FIXTURE_EDGE(F_OBJECT, F_SWHASH, 2145, false, true, fixture_object_swhash),
    FIXTURE_EDGE(F_OBJECT, F_FREE, 9011, false, false, fixture_object_free),
    FIXTURE_EDGE(F_OBJECT, F_QUEUE, 31007, false, false, fixture_object_queue),
    FIXTURE_EDGE(F_SWHASH, F_OBJECT, 14, false, true, fixture_swhash_object),
    FIXTURE_EDGE(F_SWHASH, F_SWAPDEV, 960, false, false, fixture_swhash_swapdev),
    FIXTURE_EDGE(F_MAP, F_UMA_LOCK, 2, false, true, fixture_map_uma),
    FIXTURE_EDGE(F_UMA_LOCK, F_MAP, 7, false, true, fixture_uma_map),
    FIXTURE_EDGE(F_UMA_LOCK, F_UMA_ZONE, 31, false, false, fixture_uma_zone),
    FIXTURE_EDGE(F_USER_MAP, F_GIANT, 66, true, false, fixture_user_giant),
    FIXTURE_EDGE(F_USER_MAP, F_OBJECT, 15200, false, false, fixture_user_object),
    FIXTURE_EDGE(F_USER_MAP, F_QUEUE, 2101, false, false, fixture_user_queue),
    FIXTURE_EDGE(F_QUEUE, F_FREE, 7120, false, false, fixture_queue_free),
};

static const char *const fixture_names_proc[] = {"process lock"};
static const char *const fixture_names_uma[] = {"UMA lock", "system map"};
static const char *const fixture_names_object[] = {"standard object", "swap_pager swhash"};
static const char *const fixture_paths[] = {"c0ffee0000000001", "c0ffee0000000002"};
static const struct rep_step fixture_steps_uma[] = {{7}, {6}};
static const struct rep_step fixture_steps_object[] = {{1}, {4}};

static struct rep_finding fixture_findings[] = {
    {.fingerprint = FIXTURE_ACTUAL,
	.kind = "duplicate",
	.level = WIT_LEVEL_ACTUAL,
	.confidence = "high",
	.confidence_why = "recorded while the program ran",
	.why = "",
	.classes = fixture_names_proc,
	.class_count = 1,
	.count = 3,
	.evidence = fixture_proc_proc,
	.evidence_count = 1,
	.accepted = "",
	.is_new = true},
    {.fingerprint = FIXTURE_POTENTIAL,
	.kind = "inversion",
	.level = WIT_LEVEL_POTENTIAL,
	.confidence = "high",
	.confidence_why = "recorded while the program ran",
	.why = "no recorded trace reaches it",
	.classes = fixture_names_uma,
	.class_count = 2,
	.step = fixture_steps_uma,
	.count = 2,
	.accepted = "startup only: one thread until uma_startup3()"},
    {.fingerprint = FIXTURE_INVERSION,
	.kind = "inversion",
	.level = WIT_LEVEL_INVERSION,
	.confidence = "high",
	.confidence_why = "recorded while the program ran",
	.why = "instances not judged yet",
	.classes = fixture_names_object,
	.class_count = 2,
	.step = fixture_steps_object,
	.count = 14,
	.accepted = "",
	.is_new = true,
	.path = fixture_paths,
	.path_count = 2},
};

static struct rep_run fixture_runs[] = {
    {FIXTURE_BEFORE, "runtime", "witness-corpus", "s03 --before=vm.swapzone_static_obj=0",
	"2026-10-04T09:12:44Z", true, true, 9, 104, 214719, 5120, 0, 0},
    {FIXTURE_LOST, "runtime", "witness-corpus", "s03", "2026-10-04T09:13:01Z", false, false, 9, 105, 213002,
	5098, 96, -1},
};

static struct rep_loss fixture_losses[] = {{FIXTURE_LOST, "contexts", 17}};

static struct rep_view fixture_view = {fixture_runs, FIXTURE_COUNT(fixture_runs), fixture_classes, F_CLASSES,
    fixture_edges, FIXTURE_COUNT(fixture_edges), fixture_findings, FIXTURE_COUNT(fixture_findings),
    fixture_losses, FIXTURE_COUNT(fixture_losses), false, NULL};

__attribute__((unused)) static const struct rep_view *
fixture_story(void)
{
	return &fixture_view;
}

__attribute__((unused)) static const struct rep_view *
fixture_empty(void)
{
	static const struct rep_view view = {.complete = true};

	return &view;
}

/* Hostile. */

#define EVIL_A "</script><b>\"&'"
#define EVIL_B "a\\N\\\"]; c [shape=none]\\"
#define EVIL_C "\033[31m\r\n\x01\xff\xc0\xaf\xe2\x80\xae&lt;&#60;\xc3\xa9-->"

static const struct rep_evidence fixture_evil_evidence[] = {{
    .held = {EVIL_A, EVIL_B, EVIL_C, 7, 1, EVIL_A, true,
	{FIXTURE_FRAMES({EVIL_A, EVIL_B, EVIL_C, 1, 2, true}, {"", "", EVIL_A, 3, 0, false}), 2, true},
	EVIL_A, {FIXTURE_FRAMES({EVIL_C, EVIL_A, EVIL_B, 1, 2, false}), 1, false}},
    .asked = {EVIL_B, EVIL_A, EVIL_C, 7, 1, EVIL_B, false, {NULL, 0, false}, EVIL_B, {NULL, 0, false}},
    .thread = EVIL_A,
    .role = EVIL_C,
    .run = EVIL_A,
    .count = 1,
}};

__attribute__((unused)) static const struct rep_view *
fixture_hostile(void)
{
	static struct rep_class classes[] = {{EVIL_A, EVIL_B, EVIL_C, 1, 1, true},
	    {EVIL_B, EVIL_A, "", 1, 1, true}, {EVIL_C, "", EVIL_A, 1, 1, true}};
	static struct rep_edge edges[] = {
	    {0, 1, 1, EVIL_A, false, true, fixture_evil_evidence, 1},
	    {1, 2, 1, EVIL_B, true, true, fixture_evil_evidence, 1},
	    {2, 0, UINT64_MAX, EVIL_C, false, true, fixture_evil_evidence, 1},
	};
	static const char *const names[] = {EVIL_A, EVIL_B, EVIL_C};
	static const struct rep_step steps[] = {{0}, {1}, {2}};
	static struct rep_finding findings[] = {
	    {EVIL_A, "inversion", WIT_LEVEL_INVERSION, EVIL_A, EVIL_B, EVIL_C, names, 3, steps, 1, NULL, 0,
		EVIL_A, false, names, 3, false},
	    {EVIL_B, EVIL_A, (enum wit_level)99, EVIL_A, EVIL_B, EVIL_C, names, 1, NULL, 1,
		fixture_evil_evidence, 1, "", false, NULL, 0, false},
	};
	static struct rep_run runs[] = {
	    {EVIL_A, EVIL_B, EVIL_C, EVIL_A, EVIL_B, true, true, 1, 1, 1, 1, 0, 0}};
	static struct rep_loss losses[] = {{EVIL_A, EVIL_B, 1}};
	static const struct rep_view view = {
	    runs, 1, classes, 3, edges, 3, findings, 2, losses, 1, false, NULL};

	return &view;
}

/* Wide. */

#define WIDE_CLASSES 40
#define WIDE_EDGES 150

static const char *const fixture_wide_names[WIDE_CLASSES] = {"allpmaps", "allproc", "bdone lock", "bio queue",
    "GEOM topology", "Giant", "inp", "kernel object", "KMAP ENTRY", "kmem object", "malloc", "Malloc Stats",
    "Packet", "pbuf mutex", "pmap", "process lock", "proctree", "rip", "sched lock", "session", "sigacts",
    "sleepq chain", "standard object", "swap_pager list", "swap_pager swhash", "swapdev", "system map",
    "td_contested", "turnstile chain", "uma object", "UMA lock", "UMA pcpu", "UMA zone", "user map",
    "vm map sleep mutex", "vm object_list", "vm page queue free mutex", "vm page queue mutex",
    "vnode interlock", "vnode pager init"};

__attribute__((unused)) static const struct rep_view *
fixture_wide(void)
{
	static struct rep_class classes[WIDE_CLASSES];
	static struct rep_edge edges[WIDE_EDGES];
	static bool known[WIDE_CLASSES][WIDE_CLASSES];
	static const char *const names[] = {"allproc", "inp", "session"};
	static const struct rep_step steps[] = {{WIDE_EDGES - 3}, {WIDE_EDGES - 2}, {WIDE_EDGES - 1}};
	static struct rep_finding finding = {.fingerprint = "feedfacefeedface",
	    .kind = "inversion",
	    .level = WIT_LEVEL_INVERSION,
	    .confidence = "high",
	    .confidence_why = "",
	    .why = "one thread only",
	    .classes = names,
	    .class_count = 3,
	    .step = steps,
	    .count = 1,
	    .accepted = ""};
	static const struct rep_view view = {
	    fixture_runs, 1, classes, WIDE_CLASSES, edges, WIDE_EDGES, &finding, 1, NULL, 0, true, NULL};
	uint64_t random = 2004;
	size_t made = 0;

	if (edges[0].count)
		return &view;
	for (size_t i = 0; i < WIDE_CLASSES; i++)
		classes[i] = (struct rep_class){fixture_wide_names[i], "",
		    i == 18 ? "spin mutex" : "sleep mutex", 1 + i, 100 * i, i == 1 || i == 6 || i == 19};
	known[1][6] = known[6][19] = known[19][1] = known[1][19] = true;
	while (made < WIDE_EDGES - 3) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		size_t from = random >> 33 & 63, to = from + 2 + (random >> 43 & 15) + (random >> 50 & 7);

		if (from >= WIDE_CLASSES || to >= WIDE_CLASSES || known[from][to])
			continue;
		known[from][to] = true;
		edges[made] = (struct rep_edge){
		    from, to, 1 + (random >> 52), "runtime", made % 37 == 5, false, fixture_giant_queue, 1};
		made++;
	}
	edges[made++] = (struct rep_edge){1, 6, 80, "runtime", false, true, fixture_giant_queue, 1};
	edges[made++] = (struct rep_edge){6, 19, 90, "both", false, true, fixture_giant_queue, 1};
	edges[made++] = (struct rep_edge){19, 1, 2, "static", false, true, fixture_giant_queue, 1};
	return &view;
}

#endif
