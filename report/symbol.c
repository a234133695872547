/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbol.c - function, file and line of an address.            room: report
 *
 * Y1  The file at the module's path counts only with the build id that ran.
 * Y2  Functions come from DWARF, innermost inlined one first; where there is no
 *     DWARF, the symbol table gives the name and no line.
 * Y3  The line of an inlined function's caller is the place of the call, which
 *     the inlined function's entry tells.
 * Y4  File names are given without the folder of the compilation and without
 *     "./": what the compiler's command line said.
 * Y5  The path is what a run file says: only a regular file is opened, and never waited for.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>

#include "say.h"
#include "store.h"
#include "symbol.h"

struct module {
	char *path, *build_id;
	Dwfl *dwfl;
	Dwfl_Module *module; /* NULL: not there, or another build */
	GElf_Addr bias; /* address in dwfl minus offset */
};

struct answer {
	size_t module;
	uint64_t offset;
	bool exact;
	struct rep_symbol *symbol;
	size_t count, next; /* of the hash chain, +1 */
};

struct text {
	struct text *next;
	char text[];
};

#define BUCKETS 4096

struct rep_symbols {
	struct module *module;
	size_t modules, module_room;
	struct answer *answer;
	size_t answers, answer_room;
	size_t bucket[BUCKETS];
	struct text *texts;
};

static char *debuginfo_path; /* NULL: libdwfl's default */

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debuginfo_path,
};

struct rep_symbols *
rep_symbol_open(void)
{
	return (rep_say_alloc(sizeof(struct rep_symbols)));
}

void
rep_symbol_close(struct rep_symbols *symbols)
{
	if (symbols == NULL)
		return;
	for (size_t i = 0; i < symbols->modules; i++) {
		if (symbols->module[i].dwfl != NULL)
			dwfl_end(symbols->module[i].dwfl);
		free(symbols->module[i].path);
		free(symbols->module[i].build_id);
	}
	for (size_t i = 0; i < symbols->answers; i++)
		free(symbols->answer[i].symbol);
	while (symbols->texts != NULL) {
		struct text *text = symbols->texts;

		symbols->texts = text->next;
		free(text);
	}
	free(symbols->module);
	free(symbols->answer);
	free(symbols);
}

static const char *
keep(struct rep_symbols *symbols, const char *string)
{
	struct text *text;

	if (string == NULL || *string == '\0')
		return ("");
	text = rep_say_alloc(sizeof(*text) + strlen(string) + 1);
	strcpy(text->text, string);
	text->next = symbols->texts;
	symbols->texts = text;
	return (text->text);
}

/* Y1 */
static bool
same_build(Dwfl_Module *module, const char *build_id)
{
	const unsigned char *bits;
	GElf_Addr where;
	int length = dwfl_module_build_id(module, &bits, &where);
	size_t digits = length > 0 ? (size_t)length * 2 : 0;

	if (strlen(build_id) != digits)
		return (false);
	for (size_t i = 0; i < digits / 2; i++) {
		char hex[3];

		snprintf(hex, sizeof(hex), "%02x", bits[i]);
		if (memcmp(hex, build_id + 2 * i, 2) != 0)
			return (false);
	}
	return (true);
}

/* Y5: the file, else -1. */
static int
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return (fd);
}

static void
load(struct module *module)
{
	int fd = open_regular(module->path);

	if (fd < 0)
		return;
	module->dwfl = dwfl_begin(&callbacks);
	if (module->dwfl == NULL) {
		close(fd);
		return;
	}
	module->module = dwfl_report_offline(module->dwfl, "", module->path, fd);
	dwfl_report_end(module->dwfl, NULL, NULL);
	if (module->module == NULL) { /* else the descriptor is libdwfl's */
		close(fd);
		return;
	}
	if (dwfl_module_getelf(module->module, &module->bias) == NULL ||
	    !same_build(module->module, module->build_id))
		module->module = NULL;
}

static size_t
find_module(struct rep_symbols *symbols, const char *path, const char *build_id)
{
	struct module *module;

	for (size_t i = 0; i < symbols->modules; i++)
		if (strcmp(symbols->module[i].path, path) == 0 &&
		    strcmp(symbols->module[i].build_id, build_id) == 0)
			return (i);
	REP_GROW(symbols->module, symbols->modules, symbols->module_room);
	module = &symbols->module[symbols->modules++];
	*module = (struct module){.path = rep_say_string(path), .build_id = rep_say_string(build_id)};
	if (*path == '/')
		load(module);
	return (symbols->modules - 1);
}

/* Y4.  The unit's folder is dropped, if the name lies in it. */
static const char *
file_name(struct rep_symbols *symbols, Dwarf_Die *unit, const char *name)
{
	Dwarf_Attribute attribute;
	const char *folder = dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t n = folder == NULL ? 0 : strlen(folder);

	if (name == NULL)
		return ("");
	while (n > 1 && folder[n - 1] == '/')
		n--;
	if (n > 0 && strncmp(name, folder, n) == 0 && name[n] == '/')
		name += n + 1;
	while (strncmp(name, "./", 2) == 0)
		name += 2;
	return (keep(symbols, name));
}

/* Y3: the place from which an inlined function was called. */
static void
call_place(
    struct rep_symbols *symbols, Dwarf_Die *unit, Dwarf_Die *inlined, const char **file, uint32_t *line)
{
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word number;
	size_t count;

	*file = "";
	*line = 0;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &attribute), &number) == 0)
		*line = (uint32_t)number;
	if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &attribute), &number) == 0 &&
	    dwarf_getsrcfiles(unit, &files, &count) == 0 && number < count)
		*file = file_name(symbols, unit, dwarf_filesrc(files, number, NULL, NULL));
}

static struct rep_symbol *
append(struct answer *answer, const char *function, const char *file, uint32_t line)
{
	struct rep_symbol *symbol;

	answer->symbol = rep_say_realloc(answer->symbol, (answer->count + 1) * sizeof(*symbol));
	symbol = &answer->symbol[answer->count++];
	*symbol = (struct rep_symbol){.function = function, .file = file, .line = line};
	return (symbol);
}

/* Y2: the functions whose code this is, from the innermost out. */
static void
from_dwarf(struct rep_symbols *symbols, struct answer *answer, Dwarf_Die *unit, Dwarf_Addr address,
    const char *file, uint32_t line)
{
	Dwarf_Die *scope = NULL, *nest = NULL;
	int count = dwarf_getscopes(unit, address, &scope);

	if (count > 0)
		count = dwarf_getscopes_die(&scope[0], &nest);
	for (int i = 0; i < count; i++) {
		int tag = dwarf_tag(&nest[i]);

		if (tag == DW_TAG_inlined_subroutine) {
			append(answer, keep(symbols, dwarf_diename(&nest[i])), file, line)->inlined = true;
			call_place(symbols, unit, &nest[i], &file, &line);
		} else if (tag == DW_TAG_subprogram) {
			append(answer, keep(symbols, dwarf_diename(&nest[i])), file, line);
			break;
		}
	}
	free(scope);
	free(nest);
}

static void
look_up(struct rep_symbols *symbols, struct answer *answer)
{
	struct module *module = &symbols->module[answer->module];
	GElf_Addr address = answer->offset + module->bias - (answer->exact ? 0 : 1), bias;
	const char *file = "", *name = NULL;
	struct rep_symbol *outer;
	Dwarf_Die *unit = NULL;
	GElf_Off into = 0;
	GElf_Sym entry;
	Dwfl_Line *place;
	int line = 0;

	if (module->module != NULL) {
		unit = dwfl_module_addrdie(module->module, address, &bias);
		name = dwfl_module_addrinfo(module->module, address, &into, &entry, NULL, NULL, NULL);
		place = dwfl_module_getsrc(module->module, address);
		if (unit != NULL && place != NULL)
			file = file_name(symbols, unit, dwfl_lineinfo(place, NULL, &line, NULL, NULL, NULL));
		if (unit != NULL)
			from_dwarf(symbols, answer, unit, address - bias, file, (uint32_t)line);
	}
	if (answer->count == 0 || answer->symbol[answer->count - 1].inlined)
		append(answer, keep(symbols, name), file, (uint32_t)line);
	outer = &answer->symbol[answer->count - 1];
	if (*outer->function == '\0')
		outer->function = keep(symbols, name);
	outer->into = name == NULL ? 0 : into + (answer->exact ? 0 : 1);
}

size_t
rep_symbol_find(struct rep_symbols *symbols, const char *path, const char *build_id, uint64_t offset,
    bool exact, const struct rep_symbol **found)
{
	size_t module = find_module(symbols, path, build_id), *bucket;
	struct answer *answer;

	bucket = &symbols->bucket[rep_store_hash_number(module * 2 + exact, offset) % BUCKETS];
	for (size_t i = *bucket; i != 0; i = symbols->answer[i - 1].next) {
		answer = &symbols->answer[i - 1];
		if (answer->module == module && answer->offset == offset && answer->exact == exact)
			goto out;
	}
	REP_GROW(symbols->answer, symbols->answers, symbols->answer_room);
	answer = &symbols->answer[symbols->answers++];
	*answer = (struct answer){.module = module, .offset = offset, .exact = exact, .next = *bucket};
	*bucket = symbols->answers;
	look_up(symbols, answer);
out:
	*found = answer->symbol;
	return (answer->count);
}
