/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The swap pager and its devices: contents survive the file; a short read, a
 * write that fails, a device that is full or stuck end as errors and messages,
 * not as lost pages.  Each test is a machine of its own.
 */
#define _GNU_SOURCE 1
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kern/machine.h"
#include "kern/param.h"
#include "kern/proc.h"
#include "kern/sleepqueue.h"
#include "vm/swap_pager.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_extern.h"
#include "vm/vm_map.h"
#include "vm/vm_meter.h"
#include "vm/vm_object.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

#define MUST(exp) KASSERT(exp, ("line %d: %s", __LINE__, #exp))
#define RAM 256

struct run {
	void (*fn)(void);
	int swap_pages;
	int devices;
};

static char path[2][4096]; /* the swap files */
static bool sealable; /* they are memory files */
static int console; /* what the kernel printed */

static struct swap_stats
counts(void)
{
	struct swap_stats st;

	swap_pager_statistics(&st);
	return (st);
}

static void
booted_main(void *arg)
{
	struct run *run = arg;

	vm_mem_init();
	for (int i = 0; i < run->devices; i++)
		MUST(swaponfile(path[i], run->swap_pages) == 0);
	vm_pageout_start();
	run->fn();
	MUST(counts().used == 0);
	MUST(swap_pager_check() == 0);
	MUST(vm_check_all() == 0);
	MUST(uma_check() == 0);
	machine_shutdown();
}

static void
temporary(char *name, size_t size)
{
	const char *dir = getenv("TMPDIR");
	int fd;

	if (sealable) {
		fd = memfd_create("swap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
		ck_assert_int_ge(fd, 0);
		snprintf(name, size, "/proc/self/fd/%d", fd);
		return;
	}
	snprintf(name, size, "%s/swap-test.XXXXXX", dir != NULL ? dir : "/tmp");
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
on_machine(int ncpus, uint64_t seed, struct run *run)
{
	struct machine_config cfg = {
	    .ncpus = ncpus, .seed = seed, .pages = RAM, .swap_pages = run->swap_pages};
	struct machine_report rep;
	FILE *out = tmpfile();

	ck_assert_ptr_nonnull(out);
	console = fileno(out);
	fflush(stdout);
	ck_assert_int_ge(dup2(console, STDOUT_FILENO), 0);
	for (int i = 0; i < 2; i++)
		temporary(path[i], sizeof(path[i]));
	ck_assert_int_eq(machine_run(&cfg, booted_main, run, &rep), 0);
	fflush(stdout);
	for (int i = 0; i < 2; i++)
		unlink(path[i]);
	if (rep.outcome != MACHINE_OK)
		ck_abort_msg("outcome %d: %s", (int)rep.outcome, rep.text);
}

/* How often the console says it. */
static int
said(const char *what)
{
	char text[65536];
	ssize_t n = pread(console, text, sizeof(text) - 1, 0);
	int times = 0;

	ck_assert_int_ge((int)n, 0);
	text[n] = '\0';
	for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
		times++;
	return (times);
}

/* ---------------------------------------------------------------- a process and its memory */

static struct vmspace *vm;
static vm_offset_t base;

static void
open_memory(int pages)
{
	vm = vmspace_alloc(VM_MIN_ADDRESS, VM_MAXUSER_ADDRESS);
	curproc->p_vmspace = vm;
	base = 0;
	MUST(vm_mmap_anon(vm, &base, ptoa(pages), VM_PROT_RW) == KERN_SUCCESS);
}

static void
close_memory(int pages)
{
	MUST(vm_munmap(vm, base, ptoa(pages)) == KERN_SUCCESS);
	curproc->p_vmspace = NULL;
	vmspace_free(vm);
}

static void
write_all(int pages)
{
	for (uint64_t i = 0; i < (uint64_t)pages; i++) {
		uint64_t words[2] = {i, ~i};

		MUST(ustore(vm, base + ptoa(i) + 100, words, sizeof(words)) == 0);
	}
}

/* Returns how many could not be read; those that can must be right. */
static int
read_all(int pages)
{
	int refused = 0;

	for (uint64_t i = 0; i < (uint64_t)pages; i++) {
		uint64_t words[2];

		if (uload(vm, base + ptoa(i) + 100, words, sizeof(words)) != 0)
			refused++;
		else
			MUST(words[0] == i && words[1] == ~i);
	}
	return (refused);
}

/* ---------------------------------------------------------------- all is well */

#define MUCH (2 * RAM)

static void
survive(void)
{
	open_memory(MUCH);
	write_all(MUCH);
	for (int i = 0; i < 3; i++)
		MUST(read_all(MUCH) == 0);
	MUST(counts().pagesout > RAM && counts().pagesin > RAM && counts().errors == 0);
	for (int i = 0; i < 2; i++) {
		struct stat st;

		MUST(stat(path[i], &st) == 0);
		MUST(st.st_size == 400 * PAGE_SIZE && st.st_blocks > 64); /* both devices were used */
	}
	close_memory(MUCH);
}

START_TEST(contents_survive_two_files)
{
	struct run run = {survive, 400, 2};

	on_machine(1 + _i, (uint64_t)_i, &run);
	ck_assert_int_eq(said("swap"), 0);
}
END_TEST

/* ---------------------------------------------------------------- errors */

/* Reads come to the file's end; writes, which would make it longer again, are refused too. */
static void
lose_the_file(void)
{
	int refused, fd = open(path[0], O_RDWR);

	open_memory(MUCH);
	write_all(MUCH);
	tsleep(&refused, PVM, "settle", 5 * hz);
	MUST(ftruncate(fd, 0) == 0);
	MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0);
	refused = read_all(MUCH);
	MUST(refused > RAM / 2 && refused < MUCH);
	MUST(counts().errors >= (uint64_t)refused);
	close_memory(MUCH);
	close(fd);
}

START_TEST(a_short_read_is_an_error)
{
	struct run run = {lose_the_file, 1024, 1};

	sealable = true;
	on_machine(1 + _i, 3, &run);
	ck_assert_int_eq(said("swap_pager: I/O error - pagein failed;"), 1);
	ck_assert_int_gt(said("vm_fault: pager read error, pid"), 1);
}
END_TEST

static bool all_done;

static void
file_limit(rlim_t soft)
{
	struct rlimit rl;

	MUST(getrlimit(RLIMIT_FSIZE, &rl) == 0);
	rl.rlim_cur = soft;
	MUST(setrlimit(RLIMIT_FSIZE, &rl) == 0);
}

/* The administrator: makes room when the errors begin. */
static void
make_room(void *arg)
{
	struct rlimit rl;

	(void)arg;
	MUST(getrlimit(RLIMIT_FSIZE, &rl) == 0);
	while (counts().errors < 5 && !all_done)
		tsleep(&all_done, PVM, "errors", 2);
	file_limit(rl.rlim_max);
}

static void
writes_fail(void)
{
	struct proc *admin;

	file_limit(40 * PAGE_SIZE);
	MUST(proc_create(make_room, NULL, &admin, "admin") == 0);
	open_memory(MUCH);
	write_all(MUCH);
	all_done = true;
	MUST(counts().errors >= 5);
	MUST(read_all(MUCH) == 0); /* what could not be written then has been kept */
	close_memory(MUCH);
	proc_wait(admin);
}

START_TEST(a_failed_write_keeps_the_page)
{
	struct run run = {writes_fail, 1024, 1};

	signal(SIGXFSZ, SIG_IGN);
	on_machine(1 + _i, 4, &run);
	ck_assert_int_eq(said("swap_pager: I/O error - pageout failed;"), 1);
	ck_assert_int_eq(said("(File too large)"), 1);
}
END_TEST

static bool was_full;

/* Has pages that it lets go when swap is full, so that who is stuck by then can go on. */
static void
hoarder(void *arg)
{
	struct vmspace *own = vmspace_alloc(VM_MIN_ADDRESS, VM_MAXUSER_ADDRESS);
	vm_offset_t at = 0;

	(void)arg;
	curproc->p_vmspace = own;
	MUST(vm_mmap_anon(own, &at, ptoa(60), VM_PROT_RW) == KERN_SUCCESS);
	for (int i = 0; i < 60; i++)
		MUST(ustore(own, at + ptoa(i), &i, sizeof(i)) == 0);
	while (swap_pager_avail > 0 && swap_pager_full == 0)
		tsleep(&was_full, PVM, "hoarder", 1);
	was_full = true;
	MUST(vm_munmap(own, at, ptoa(60)) == KERN_SUCCESS);
	curproc->p_vmspace = NULL;
	vmspace_free(own);
}

/* Page after page, until swap is full. */
static void
little_swap(void)
{
	struct proc *p;
	int pages = 0;

	MUST(proc_create(hoarder, NULL, &p, "hoarder") == 0);
	open_memory(MUCH);
	for (; pages < MUCH && !was_full; pages++) {
		uint64_t words[2] = {(uint64_t)pages, ~(uint64_t)pages};

		MUST(ustore(vm, base + ptoa(pages) + 100, words, sizeof(words)) == 0);
	}
	MUST(was_full);
	for (int i = 0; i < 3; i++)
		MUST(read_all(pages) == 0);
	close_memory(MUCH);
	proc_wait(p);
}

START_TEST(swap_may_be_full)
{
	struct run run = {little_swap, 66, 1};

	on_machine(1 + _i, 5, &run);
	ck_assert_int_ge(said("swap_pager: out of swap space\n") + said("swap_pager_getswapspace("), 1);
}
END_TEST

/* ---------------------------------------------------------------- a device that is stuck */

static void
stuck(void)
{
	uint64_t before;
	int i;

	open_memory(MUCH);
	write_all(MUCH);
	tsleep(&before, PVM, "settle", 5 * hz);
	swapdev_slowness = 45 * hz;
	before = counts().pageins;
	for (i = 0; i < MUCH && counts().pageins == before; i++) {
		uint64_t word;

		MUST(uload(vm, base + ptoa(i) + 100, &word, sizeof(word)) == 0 && word == (uint64_t)i);
	}
	swapdev_slowness = 0;
	MUST(i < MUCH && counts().timeouts >= 2);
	MUST(read_all(MUCH) == 0);
	close_memory(MUCH);
}

START_TEST(a_stuck_device_is_waited_for)
{
	struct run run = {stuck, 1024, 1};

	on_machine(1 + _i, 6, &run);
	ck_assert_int_ge(said("swap_pager: indefinite wait buffer: device:"), 2);
}
END_TEST

/* ---------------------------------------------------------------- blocks that move */

static bool had[MUCH];

static bool
has_block(struct vm_object *object, int i)
{
	bool has;

	VM_OBJECT_LOCK(object);
	has = vm_pager_has_page(object, (vm_pindex_t)i, NULL, NULL);
	VM_OBJECT_UNLOCK(object);
	return (has);
}

/* Half of the blocks of one object become another's, those that it has not got already. */
static void
move_blocks(void)
{
	struct vm_object *dst = vm_object_allocate(OBJT_DEFAULT, MUCH / 2), *src;
	struct vm_map_entry *entry;
	swblk_t used;
	int moved = 0;

	open_memory(MUCH);
	write_all(MUCH);
	tsleep(&moved, PVM, "settle", 5 * hz);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_lookup_entry(&vm->vm_map, base, &entry));
	src = entry->object.vm_object;
	vm_map_unlock(&vm->vm_map);
	for (int i = 0; i < MUCH; i++)
		had[i] = has_block(src, i);
	used = counts().used;
	for (int again = 0; again < 2; again++) {
		VM_OBJECT_LOCK(dst);
		VM_OBJECT_LOCK(src);
		swap_pager_copy(src, dst, MUCH / 4, FALSE);
		VM_OBJECT_UNLOCK(src);
		VM_OBJECT_UNLOCK(dst);
		MUST(counts().used == used); /* none was lost, none is in two places */
	}
	for (int i = 0; i < MUCH; i++) {
		bool taken = i >= MUCH / 4 && i < MUCH / 4 + MUCH / 2;

		MUST(has_block(src, i) == (had[i] && !taken));
		if (taken)
			MUST(has_block(dst, i - MUCH / 4) == had[i]);
		moved += taken && had[i];
	}
	MUST(moved > RAM / 4);
	MUST(swap_pager_check() == 0);
	vm_object_deallocate(dst);
	MUST(counts().used == used - moved);
	close_memory(MUCH);
}

START_TEST(blocks_move_with_the_memory)
{
	struct run run = {move_blocks, 1024, 1};

	on_machine(1 + _i, 8, &run);
}
END_TEST

/* ---------------------------------------------------------------- while a page comes in */

static int late, late_result;

/* A page that lies on swap alone. */
static int
page_on_swap(struct vm_object *object)
{
	int i = 0;
	bool resident = true;

	for (; i < MUCH && resident; i++) {
		VM_OBJECT_LOCK(object);
		resident = vm_page_lookup(object, (vm_pindex_t)i) != NULL;
		VM_OBJECT_UNLOCK(object);
		resident = resident || !has_block(object, i);
	}
	MUST(!resident);
	return (i - 1);
}

static void
late_writer(void *arg)
{
	uint64_t word = (uint64_t)late;

	(void)arg;
	late_result = ustore(vm, base + ptoa(late) + 100, &word, sizeof(word));
}

/* The map was unlocked while the page came in: what it says by then counts. */
static void
protect_meanwhile(void)
{
	struct vm_map_entry *entry;
	struct vm_object *object;
	struct proc *p;

	open_memory(MUCH);
	write_all(MUCH);
	tsleep(&late, PVM, "settle", 5 * hz);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_lookup_entry(&vm->vm_map, base, &entry));
	object = entry->object.vm_object;
	vm_map_unlock(&vm->vm_map);
	late = page_on_swap(object);
	swapdev_slowness = 2 * hz;
	MUST(proc_create(late_writer, NULL, &p, "late") == 0);
	while (p->p_thread.td_wmesg == NULL || strcmp(p->p_thread.td_wmesg, "swread") != 0)
		tsleep(&late, PVM, "late", 1);
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_protect(&vm->vm_map, base, base + ptoa(MUCH), VM_PROT_READ) == KERN_SUCCESS);
	vm_map_unlock(&vm->vm_map);
	proc_wait(p);
	MUST(late_result == -EFAULT);
	swapdev_slowness = 0;
	vm_map_lock(&vm->vm_map);
	MUST(vm_map_protect(&vm->vm_map, base, base + ptoa(MUCH), VM_PROT_RW) == KERN_SUCCESS);
	vm_map_unlock(&vm->vm_map);
	MUST(read_all(MUCH) == 0);
	/* What is written to has no block any more: what lies there is stale. */
	late = page_on_swap(object);
	late_writer(NULL);
	MUST(late_result == 0 && !has_block(object, late));
	close_memory(MUCH);
}

START_TEST(the_map_is_asked_again)
{
	struct run run = {protect_meanwhile, 1024, 1};

	on_machine(1 + _i, 7, &run);
}
END_TEST

/* ---------------------------------------------------------------- swapon */

static void
refusals(void)
{
	swblk_t before = swap_total;

	MUST(swaponfile("/no/such/folder/swap", 100) == -ENOENT);
	MUST(swaponfile(NULL, 2) == -EINVAL);
	MUST(swaponfile("/dev/null", 100) == -EINVAL);
	MUST(swap_total == before);
	MUST(swaponfile(NULL, 100) == 0);
	MUST(swap_total == before + 98);
}

START_TEST(swapon_says_why_not)
{
	struct run run = {refusals, 64, 1};

	on_machine(1, 1, &run);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("corpus_swap");
	TCase *tc = tcase_create("swap");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, contents_survive_two_files, 0, 4);
	tcase_add_loop_test(tc, a_short_read_is_an_error, 0, 2);
	tcase_add_loop_test(tc, a_failed_write_keeps_the_page, 0, 2);
	tcase_add_loop_test(tc, swap_may_be_full, 0, 4);
	tcase_add_loop_test(tc, a_stuck_device_is_waited_for, 0, 2);
	tcase_add_loop_test(tc, blocks_move_with_the_memory, 0, 2);
	tcase_add_loop_test(tc, the_map_is_asked_again, 0, 2);
	tcase_add_test(tc, swapon_says_why_not);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return (failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}
