/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stack.c - stacks, and the modules their addresses lie in.
 *
 * K1 Stacks are walked by libgcc's unwinder, which was warmed at the start: from
 *    then on it neither allocates nor waits.
 * K2 The loader's list is read without the engine lock: a program's own
 *    dl_iterate_phdr() callback may take locks, and we would wait for each other.
 * K3 The table of modules is a sorted snapshot that readers find by one pointer.
 *    A new one is made when the loader's counters have changed; old ones stay.
 * K4 A module is the same if range, bias, path and build id are; its id is never
 *    given to another, so a frame of an unloaded library keeps its meaning.
 */
#define _GNU_SOURCE
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unwind.h>

#include "live/live.h"
#include "live/sys.h"

#define BUILD_ID_MAX 32u
#define MODULES_MAX 0xffffu /* what a frame word can name */

struct module {
	uint64_t start, end, base;
	const char *path;
	uint32_t id, build_id_len;
	uint8_t build_id[BUILD_ID_MAX];
};

struct snapshot {
	unsigned long long adds, subs;
	uint32_t count;
	struct module *module[]; /* by start */
};

static struct {
	struct wit_table kept; /* struct module, by id */
	_Atomic(struct snapshot *) now;
} modules;

/* ---- from the loader ---- */

/* What the callback fills, in pages of its own. */
struct found {
	struct module module;
	char path[512];
};

struct scan {
	unsigned long long adds, subs;
	uint32_t count, room;
	struct found *found;
};

static void
find_build_id(struct module *m, const char *note, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *n = (const void *)note;
		const size_t name = (n->n_namesz + 3u) & ~3u,
			     all = sizeof(*n) + name + ((n->n_descsz + 3u) & ~3u);

		if (all > size)
			return;
		if (n->n_type == NT_GNU_BUILD_ID && n->n_namesz == 4 && memcmp(n + 1, "GNU", 4) == 0) {
			m->build_id_len = n->n_descsz < BUILD_ID_MAX ? n->n_descsz : BUILD_ID_MAX;
			memcpy(m->build_id, note + sizeof(*n) + name, m->build_id_len);
			return;
		}
		note += all;
		size -= all;
	}
}

/* An absolute path, as well as it can be told. */
static void
name_module(char path[512], const char *name)
{
	size_t n = 0;
	long got;

	if (*name == '\0')
		name = wit_process.program;
	if (*name != '/' && strchr(name, '/') != NULL) {
		got = wit_sys(SYS_getcwd, path, 400); /* its NUL counted */
		if (got > 1)
			n = (size_t)got;
		if (n != 0)
			path[n - 1] = '/';
	}
	for (; *name != '\0' && n < 511; name++)
		path[n++] = *name;
	path[n] = '\0';
}

static int
on_module(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct scan *scan = arg;
	struct found *found;
	struct module *m;

	(void)size;
	scan->adds = info->dlpi_adds;
	scan->subs = info->dlpi_subs;
	if (scan->count == scan->room)
		return (1);
	found = &scan->found[scan->count];
	m = &found->module;
	m->base = info->dlpi_addr;
	m->start = UINT64_MAX;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const uint64_t at = info->dlpi_addr + ph->p_vaddr;

		if (ph->p_type == PT_LOAD) {
			m->start = at < m->start ? at : m->start;
			m->end = at + ph->p_memsz > m->end ? at + ph->p_memsz : m->end;
		} else if (ph->p_type == PT_NOTE && m->build_id_len == 0) {
			find_build_id(m, (const char *)at, ph->p_memsz);
		}
	}
	if (m->end > m->start) {
		name_module(found->path, info->dlpi_name);
		scan->count++;
	}
	return (0);
}

/* Only the counters: the first module tells. */
static int
on_first(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct scan *scan = arg;

	(void)size;
	scan->adds = info->dlpi_adds;
	scan->subs = info->dlpi_subs;
	return (1);
}

/* ---- the table ---- */

static void
record_module(const struct module *m)
{
	const struct wit_rec_module rec = {
	    .id = m->id, .build_id_len = m->build_id_len, .base = m->base, .start = m->start, .end = m->end};
	char buffer[sizeof(struct wit_rec) + sizeof(rec) + BUILD_ID_MAX + 512];
	struct wit_rec_builder b;
	size_t n;

	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, &rec, sizeof(rec));
	wit_runfile_put(&b, m->build_id, m->build_id_len);
	wit_runfile_put_string(&b, m->path);
	if ((n = wit_runfile_finish(&b, WIT_REC_MODULE, 0)) != 0)
		wit_sink_put(NULL, buffer, n);
}

/* Engine lock.  The kept module that is this one (K4), recorded when new; NULL: no memory. */
static struct module *
keep(const struct found *found)
{
	const struct module *like = &found->module;
	struct module *m;
	uint32_t id;

	for (id = 1; id <= wit_table_count(&modules.kept); id++) {
		m = wit_table_at(&modules.kept, id);
		if (m->start == like->start && m->end == like->end && m->base == like->base &&
		    m->build_id_len == like->build_id_len &&
		    memcmp(m->build_id, like->build_id, like->build_id_len) == 0 &&
		    strcmp(m->path, found->path) == 0)
			return (m);
	}
	if (id > MODULES_MAX)
		return (NULL);
	const char *path = wit_arena_string(&wit_process.arena, found->path, 511);

	if (path == NULL || (m = wit_table_add(&modules.kept, &wit_process.arena, &id)) == NULL)
		return (NULL);
	*m = *like;
	m->id = id;
	m->path = path;
	record_module(m);
	return (m);
}

/* Engine lock.  K3 */
static void
publish(const struct scan *scan)
{
	struct snapshot *new =
	    wit_arena_alloc(&wit_process.arena, sizeof(*new) + scan->count * sizeof(new->module[0]));

	if (new == NULL)
		return;
	for (uint32_t i = 0; i < scan->count; i++) {
		struct module *m = keep(&scan->found[i]);
		uint32_t place = new->count;

		if (m == NULL)
			continue;
		for (; place > 0 && new->module[place - 1]->start > m->start; place--)
			new->module[place] = new->module[place - 1];
		new->module[place] = m;
		new->count++;
	}
	new->adds = scan->adds;
	new->subs = scan->subs;
	atomic_store_explicit(&modules.now, new, memory_order_release);
}

static void
rescan(void)
{
	const size_t size = (size_t)1 << 21; /* touched only as far as it is filled */
	struct scan scan = {.room = (uint32_t)(size / sizeof(struct found))};

	scan.found =
	    mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (scan.found == MAP_FAILED)
		return;
	dl_iterate_phdr(on_module, &scan);
	wit_engine_lock();
	publish(&scan);
	wit_engine_unlock();
	munmap(scan.found, size);
}

static void
refresh(void)
{
	const struct snapshot *now = atomic_load_explicit(&modules.now, memory_order_acquire);
	struct scan scan = {0};

	dl_iterate_phdr(on_first, &scan);
	if (now == NULL || now->adds != scan.adds || now->subs != scan.subs)
		rescan();
}

static const struct module *
find(uint64_t address)
{
	const struct snapshot *now = atomic_load_explicit(&modules.now, memory_order_acquire);
	uint32_t low = 0, high = now != NULL ? now->count : 0;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;

		if (now->module[middle]->start > address)
			high = middle;
		else
			low = middle + 1;
	}
	if (low == 0 || address >= now->module[low - 1]->end)
		return (NULL);
	return (now->module[low - 1]);
}

uint64_t
wit_stack_frame(const void *address)
{
	const uint64_t at = (uintptr_t)address;
	const struct module *m = find(at);

	return (m != NULL ? WIT_FRAME(m->id, at - m->base) : WIT_FRAME(0, at));
}

uint64_t
wit_frame_of(void *owner, const void *address)
{
	(void)owner;
	return (wit_stack_frame(address));
}

const char *
wit_stack_module(uint32_t id)
{
	if (id == 0 || id > wit_table_count(&modules.kept))
		return (NULL);
	return (((const struct module *)wit_table_at(&modules.kept, id))->path);
}

/* ---- walking ---- */

struct walker {
	struct wit_walk *walk;
	uintptr_t from; /* 0: keep every frame */
	uint32_t passed;
};

static _Unwind_Reason_Code
on_frame(struct _Unwind_Context *context, void *arg)
{
	struct walker *walker = arg;
	struct wit_walk *walk = walker->walk;
	const uintptr_t pc = _Unwind_GetIP(context);

	if (pc == 0)
		return (_URC_END_OF_STACK);
	if (walk->count == 0 && walker->from != 0 && pc != walker->from)
		return (++walker->passed > 64 ? _URC_END_OF_STACK : _URC_NO_REASON);
	walk->cfa[walk->count] = _Unwind_GetCFA(context);
	walk->frame[walk->count] = pc;
	return (++walk->count == WIT_STACK_MAX ? _URC_END_OF_STACK : _URC_NO_REASON);
}

/* Addresses in frame[] become WIT_FRAME() words.  A return address may be the first byte after its function. */
static void
resolve(struct wit_walk *walk)
{
	const struct module *m = NULL;

	for (uint32_t i = 0; i < walk->count; i++) {
		const uint64_t at = walk->frame[i];

		if (m == NULL || at - 1 < m->start || at - 1 >= m->end)
			m = find(at - 1);
		walk->frame[i] = m != NULL ? WIT_FRAME(m->id, at - m->base) : WIT_FRAME(0, at);
	}
}

void
wit_stack_walk(struct wit_walk *walk, const void *from)
{
	struct walker walker = {.walk = walk, .from = (uintptr_t)from};

	walk->count = 0;
	_Unwind_Backtrace(on_frame, &walker);
	if (walk->count == 0) { /* a caller that the unwinder does not see */
		walker.from = 0;
		_Unwind_Backtrace(on_frame, &walker);
	}
	refresh();
	resolve(walk);
}

void
wit_stack_meet(const void *address)
{
	if (find((uintptr_t)address) == NULL)
		refresh();
}

int
wit_stack_init(void)
{
	static struct wit_walk walk;

	wit_table_init(&modules.kept, sizeof(struct module));
	wit_stack_walk(&walk, NULL);
	return (0);
}
