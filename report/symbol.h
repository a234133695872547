/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbol.h - from module and offset to function, file and line.   room: report
 *
 * Reads ELF and DWARF of the modules that a run file names, if the file at that
 * path is still the one that ran (same build id).  Otherwise the answer is the
 * module and offset alone: a wrong name is worse than none.
 *
 * Memory    answers and their strings live until rep_symbol_close(); a module is
 *           opened once, an address is looked up once.
 * Threads   one thread a session.
 * Files     as the compiler was given them: relative to the folder of the
 *           compilation ("vm/swap_pager.c"), absolute where they lie elsewhere.
 */
#ifndef REP_SYMBOL_H
#define REP_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rep_symbols;

/* One function at an address; several where it was inlined, innermost first. */
struct rep_symbol {
	const char *function; /* "" unknown */
	const char *file; /* "" unknown */
	uint32_t line; /* 0 unknown */
	bool inlined; /* into the next */
	uint64_t into; /* bytes from the start of the function's code; 0 of an inlined one */
};

struct rep_symbols *rep_symbol_open(void);
void rep_symbol_close(struct rep_symbols *symbols);

/*
 * What is at an offset from the load base of a module.  build_id is lower-case
 * hex, "" where the module has none.  exact false: the offset is a return
 * address, and the call before it is meant.  Always at least one symbol.
 */
size_t rep_symbol_find(struct rep_symbols *symbols, const char *path, const char *build_id, uint64_t offset,
    bool exact, const struct rep_symbol **found);

#endif
