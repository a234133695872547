/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_symbol_test.c - this very program, looked up by its own addresses.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "symbol.h"

struct module_id {
	char path[4096], build_id[129];
	uintptr_t base, at; /* where it begins; an address in it, or 0: the program */
};

static struct module_id self;

static bool
has_address(const struct dl_phdr_info *info, uintptr_t at)
{
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    at - info->dlpi_addr - info->dlpi_phdr[i].p_vaddr < info->dlpi_phdr[i].p_memsz)
			return (true);
	return (false);
}

static int
find_build_id(struct dl_phdr_info *info, size_t size, void *owner)
{
	struct module_id *module = owner;

	(void)size;
	if (module->at != 0 && !has_address(info, module->at))
		return (0);
	module->base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const char *at = (const char *)info->dlpi_addr + ph->p_vaddr, *end = at + ph->p_memsz;

		while (ph->p_type == PT_NOTE && at + sizeof(ElfW(Nhdr)) <= end) {
			const ElfW(Nhdr) *note = (const void *)at;
			const unsigned char *bits =
			    (const unsigned char *)(note + 1) + ((note->n_namesz + 3) & ~3u);

			for (unsigned k = 0; note->n_type == NT_GNU_BUILD_ID && k < note->n_descsz; k++)
				snprintf(module->build_id + 2 * k, 3, "%02x", bits[k]);
			at = (const char *)bits + ((note->n_descsz + 3) & ~3u);
		}
	}
	return (1); /* the program comes first */
}

static void
set_up(void)
{
	ssize_t n = readlink("/proc/self/exe", self.path, sizeof(self.path) - 1);

	ck_assert_int_gt(n, 0);
	self.path[n] = '\0';
	dl_iterate_phdr(find_build_id, &self);
}

/* Where it returns to, and the line of the call. */
static uint32_t call_line;
static const void *volatile came_from;

__attribute__((noinline)) static const void *
who_calls(void)
{
	return (__builtin_extract_return_addr(__builtin_return_address(0)));
}

__attribute__((noinline)) static void
calls(void)
{
	call_line = __LINE__ + 1;
	came_from = who_calls();
}

__attribute__((always_inline)) static inline void
inlined_in(void)
{
	came_from = who_calls();
}

static uint32_t outer_line;

__attribute__((noinline)) static void
has_inlined(void)
{
	outer_line = __LINE__ + 1;
	inlined_in();
	call_line++;
}

/* Nothing of the call is left to do in its line: it returns to the next one's code. */
__attribute__((noinline)) static void
remembers(void)
{
	came_from = __builtin_extract_return_addr(__builtin_return_address(0));
}

__attribute__((noinline)) static void
goes_on(void)
{
	call_line = __LINE__ + 1;
	remembers();
	outer_line = 0;
}

START_TEST(line_of_the_call_not_of_the_return)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;

	goes_on();
	rep_symbol_find(symbols, self.path, self.build_id, (uintptr_t)came_from - self.base, false, &symbol);
	ck_assert_str_eq(symbol->function, "goes_on");
	ck_assert_uint_eq(symbol->line, call_line);
	rep_symbol_close(symbols);
}
END_TEST

START_TEST(function_file_and_line)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;
	size_t count;

	calls();
	count = rep_symbol_find(
	    symbols, self.path, self.build_id, (uintptr_t)came_from - self.base, false, &symbol);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(symbol->function, "calls");
	ck_assert_str_eq(symbol->file, "tests/report_symbol_test.c");
	ck_assert_uint_eq(symbol->line, call_line);
	ck_assert(!symbol->inlined);
	ck_assert_uint_gt(symbol->into, 0);
	rep_symbol_close(symbols);
}
END_TEST

START_TEST(address_of_a_function)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;

	ck_assert_uint_eq(
	    rep_symbol_find(symbols, self.path, self.build_id, (uintptr_t)calls - self.base, true, &symbol),
	    1);
	ck_assert_str_eq(symbol->function, "calls");
	ck_assert_uint_eq(symbol->into, 0);
	rep_symbol_close(symbols);
}
END_TEST

START_TEST(inlined_functions)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;
	size_t count;

	has_inlined();
	count = rep_symbol_find(
	    symbols, self.path, self.build_id, (uintptr_t)came_from - self.base, false, &symbol);
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(symbol[0].function, "inlined_in");
	ck_assert(symbol[0].inlined);
	ck_assert_uint_lt(symbol[0].line, outer_line);
	ck_assert_str_eq(symbol[1].function, "has_inlined");
	ck_assert(!symbol[1].inlined);
	ck_assert_uint_eq(symbol[1].line, outer_line);
	ck_assert_str_eq(symbol[1].file, "tests/report_symbol_test.c");
	rep_symbol_close(symbols);
}
END_TEST

/* What a run file names is not waited for: a FIFO without a writer, as a folder, is no module. */
START_TEST(only_regular_files)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;
	char path[4096], folder[4000];

	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	unlink(path);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_uint_eq(rep_symbol_find(symbols, path, self.build_id, 16, false, &symbol), 1);
	ck_assert_str_eq(symbol->function, "");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_uint_eq(rep_symbol_find(symbols, folder, self.build_id, 16, false, &symbol), 1);
	ck_assert_str_eq(symbol->function, "");
	rep_symbol_close(symbols);
}
END_TEST

/* A wrong name is worse than none. */
START_TEST(another_build)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;
	char other[129];

	strcpy(other, self.build_id);
	other[0] = other[0] == '0' ? '1' : '0';
	calls();
	for (int i = 0; i < 3; i++) {
		const char *build_id = i == 0 ? other : i == 1 ? "" : self.build_id;
		const char *path = i == 2 ? "/not/there" : self.path;

		ck_assert_uint_eq(rep_symbol_find(symbols, path, build_id, (uintptr_t)came_from - self.base,
				      false, &symbol),
		    1);
		ck_assert_str_eq(symbol->function, "");
		ck_assert_str_eq(symbol->file, "");
		ck_assert_uint_eq(symbol->line, 0);
	}
	rep_symbol_close(symbols);
}
END_TEST

START_TEST(nowhere_in_it)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;

	ck_assert_uint_eq(rep_symbol_find(symbols, self.path, self.build_id, 0, false, &symbol), 1);
	ck_assert_str_eq(symbol->function, "");
	ck_assert_uint_eq(
	    rep_symbol_find(symbols, self.path, self.build_id, UINT64_MAX / 2, true, &symbol), 1);
	ck_assert_str_eq(symbol->function, "");
	rep_symbol_close(symbols);
}
END_TEST

START_TEST(found_once)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *first, *again;
	uint64_t offset = (uintptr_t)calls - self.base;

	rep_symbol_find(symbols, self.path, self.build_id, offset, true, &first);
	for (uint64_t i = 1; i < 3000; i++)
		rep_symbol_find(symbols, self.path, self.build_id, offset + i, true, &again);
	rep_symbol_find(symbols, self.path, self.build_id, offset, true, &again);
	ck_assert_ptr_eq(first, again);
	rep_symbol_close(symbols);
}
END_TEST

#line 1 "./dotted/name.c"
__attribute__((noinline)) static void
dotted(void)
{
	remembers();
	outer_line = 0;
}
#line 1000 "tests/report_symbol_test.c"

START_TEST(files_are_named_without_a_dot)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;

	dotted();
	rep_symbol_find(symbols, self.path, self.build_id, (uintptr_t)came_from - self.base, false, &symbol);
	ck_assert_str_eq(symbol->file, "dotted/name.c");
	ck_assert_uint_eq(symbol->line, 4);
	rep_symbol_close(symbols);
}
END_TEST

/* The C library brings no DWARF with it: the symbol table gives the name, and nothing gives a line. */
START_TEST(symbol_table_where_there_is_no_dwarf)
{
	struct rep_symbols *symbols = rep_symbol_open();
	const struct rep_symbol *symbol;
	struct module_id other = {.at = (uintptr_t)dlsym(RTLD_DEFAULT, "qsort")};
	Dl_info info;

	ck_assert_int_ne(dladdr((void *)other.at, &info), 0);
	ck_assert_ptr_nonnull(realpath(info.dli_fname, other.path));
	dl_iterate_phdr(find_build_id, &other);
	ck_assert_uint_eq(
	    rep_symbol_find(symbols, other.path, other.build_id, other.at - other.base, true, &symbol), 1);
	ck_assert_ptr_eq(dlsym(RTLD_DEFAULT, symbol->function), (void *)other.at);
	ck_assert_uint_eq(symbol->into, 0);
	rep_symbol_close(symbols);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report_symbol");
	TCase *tc = tcase_create("symbol");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, function_file_and_line);
	tcase_add_test(tc, line_of_the_call_not_of_the_return);
	tcase_add_test(tc, address_of_a_function);
	tcase_add_test(tc, inlined_functions);
	tcase_add_test(tc, only_regular_files);
	tcase_add_test(tc, another_build);
	tcase_add_test(tc, nowhere_in_it);
	tcase_add_test(tc, found_once);
	tcase_add_test(tc, files_are_named_without_a_dot);
	tcase_add_test(tc, symbol_table_where_there_is_no_dwarf);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return (failed != 0);
}
