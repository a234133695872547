/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * api.c - witness.h, as far as it concerns locks.
 *
 * A1 The plain path is one test of the mode word and what stands in these
 *    functions; every other case is slow.c's.  Nothing here writes memory that
 *    another thread reads, but for a lock's own words.
 * A2 A lock that is asked for with nothing held says nothing about order: it is
 *    pushed unseen.
 * A3 A lock that nests is looked up by what is held and what is asked for, in
 *    the thread's own cache (depth 1); its own recursion is found before that.
 * A4 An origin is found by the contents of type and name, not their addresses:
 *    a caller may build the strings in a buffer it uses again.
 * A5 A generation is given once in the process, so that a lock whose memory was
 *    zeroed and initialised again does not look like its predecessor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "live/list.h"
#include "live/live.h"

#define W(flags) WIT_LIST_WORD(WIT_LIST_MODE(flags), WIT_LIST_FLAGS(0, flags))
#define W8(flags)                                                                                            \
	W(flags), W((flags) + 1), W((flags) + 2), W((flags) + 3), W((flags) + 4), W((flags) + 5),            \
	    W((flags) + 6), W((flags) + 7)
const uint32_t wit_list_word[32] = {W8(0), W8(8), W8(16), W8(24)};
#undef W8
#undef W

#define FROM __builtin_extract_return_addr(__builtin_return_address(0))
#define FRAME __builtin_frame_address(0)

/*
 * Each of the hot three ends in a call in tail position, so that the plain path
 * saves no registers.  Who called it (from) and where its frame is are handed on.
 */

/* Depth 1: this request was seen by this thread, with these locks.  The lists are settled. */
static inline __attribute__((always_inline)) bool
known(struct wit_thread *t, const struct wit_list *cpu, uint64_t tool, unsigned flags, const char *file,
    int line)
{
	const uint64_t held = wit_list_what(&t->mine, cpu), how = wit_list_how(line, flags);
	struct wit_seen *seen = wit_list_seen(t, held, tool, file, how);

	if (seen->held != held || seen->tool != tool || seen->file != file || seen->how != how)
		return (false);
	seen->hits++;
	return (true);
}

/* All that depth 1 can answer. */
static __attribute__((noinline)) void
checkorder_more(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock, const void *from)
{
	struct wit_thread *t = wit_self;

	if (WIT_PATH_IS_QUIET(t->mode) && interlock == NULL && (flags & LOP_TRYLOCK) == 0) {
		const uint64_t tool = wit_list_tool(lo);

		if (tool == 0 || (t->mine.held.count | t->spin->held.count) == 0)
			return;
		wit_list_settle(&t->mine);
		if (t->cpu != NULL)
			wit_list_settle(t->cpu);
		if (wit_list_find(wit_list_of(t, lo), lo) == NULL &&
		    known(t, t->cpu, tool, flags, file, line))
			return;
	}
	wit_slow_checkorder(&(struct wit_call){lo, file, flags, line, NULL, from, interlock});
}

/* What depth 1 knows was never recursion, so the list need not be searched for the lock itself. */
WIT_API void
witness_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock)
{
	struct wit_thread *t = wit_self;

	if (WIT_LIKELY(t->mode == WIT_PATH_ALIVE)) {
		if (t->mine.held.count == 0)
			return;
		if (WIT_LIKELY(interlock == NULL && t->mine.summed == t->mine.held.count &&
			       known(t, NULL, wit_list_tool(lo), flags, file, line)))
			return;
	}
	checkorder_more(lo, flags, file, line, interlock, FROM);
}

static inline __attribute__((always_inline)) void
push(struct wit_thread *t, struct wit_list *list, struct wit_held_entry *entry,
    const struct witness_lock_object *lo, uint64_t tool, unsigned flags, const char *file, int line,
    const void *frame, const void *from)
{
	entry->lock = wit_list_ref(lo, tool);
	entry->site.where = file;
	entry->site.line = (uint32_t)line;
	entry->sp = wit_list_top(frame);
	entry->from = (uintptr_t)from;
	entry->serial = ++list->held.serial;
	wit_list_finish(entry, t->segment, lo, flags);
}

static __attribute__((noinline)) void
lock_more(struct witness_lock_object *lo, unsigned flags, const char *file, int line, const void *frame,
    const void *from)
{
	struct wit_thread *t = wit_self;
	const uint64_t tool = wit_list_tool(lo);

	if (WIT_PATH_IS_QUIET(t->mode)) {
		struct wit_list *list = wit_list_of(t, lo);
		const uint32_t n = list->held.count;

		if (tool == 0)
			return;
		if (WIT_LIKELY(n < WIT_HELD_INLINE && wit_list_find(list, lo) == NULL)) {
			push(t, list, &list->held.entry[n], lo, tool, flags, file, line, frame, from);
			list->held.count = n + 1;
			return;
		}
	}
	wit_slow_lock(&(struct wit_call){lo, file, flags, line, frame, from, NULL});
}

/* The plain path with more than one held, or recursion. */
static __attribute__((noinline)) void
lock_nested(struct witness_lock_object *lo, unsigned flags, const char *file, int line, const void *frame,
    const void *from)
{
	struct wit_thread *t = wit_self;
	const uint32_t n = t->mine.held.count;

	if (WIT_LIKELY(n < WIT_HELD_INLINE && !wit_list_has(&t->mine, lo))) {
		push(t, &t->mine, &t->mine.held.inlined[n], lo, wit_list_tool(lo), flags, file, line, frame,
		    from);
		t->mine.held.count = n + 1;
		return;
	}
	lock_more(lo, flags, file, line, frame, from);
}

/*
 * One and two deep are said by constants: a pair's stores then need not wait
 * for the count that the last pair stored.
 */
WIT_API void
witness_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	struct wit_thread *t = wit_self;
	const uint64_t tool = wit_list_tool(lo);

	if (WIT_UNLIKELY(t->mode != WIT_PATH_ALIVE || tool == 0)) {
		lock_more(lo, flags, file, line, FRAME, FROM);
	} else if (t->mine.held.count == 0) {
		push(t, &t->mine, &t->mine.held.inlined[0], lo, tool, flags, file, line, FRAME, FROM);
		t->mine.held.count = 1;
	} else if (t->mine.held.count == 1 && t->mine.held.inlined[0].lock.instance != (uintptr_t)lo) {
		push(t, &t->mine, &t->mine.held.inlined[1], lo, tool, flags, file, line, FRAME, FROM);
		t->mine.held.count = 2;
	} else {
		lock_nested(lo, flags, file, line, FRAME, FROM);
	}
}

static __attribute__((noinline)) void
unlock_more(struct witness_lock_object *lo, unsigned flags, const char *file, int line, const void *from)
{
	struct wit_thread *t = wit_self;

	if (WIT_PATH_IS_QUIET(t->mode)) {
		struct wit_list *list = wit_list_of(t, lo);
		const uint32_t n = list->held.count - 1;

		if (WIT_LIKELY(n < WIT_HELD_INLINE)) {
			const struct wit_held_entry *entry = &list->held.entry[n];

			if (WIT_LIKELY(entry->lock.instance == (uintptr_t)lo && entry->recursed == 0)) {
				wit_list_pop(list, n);
				return;
			}
		}
	}
	wit_slow_unlock(&(struct wit_call){lo, file, flags, line, NULL, from, NULL});
}

static inline __attribute__((always_inline)) bool
is_newest(const struct wit_thread *t, uint32_t n, const struct witness_lock_object *lo)
{
	const struct wit_held_entry *entry = &t->mine.held.inlined[n];

	return (entry->lock.instance == (uintptr_t)lo && entry->recursed == 0);
}

/* The plain path with more than two held, or not the newest let go. */
static __attribute__((noinline)) void
unlock_nested(struct witness_lock_object *lo, unsigned flags, const char *file, int line, const void *from)
{
	struct wit_thread *t = wit_self;
	const uint32_t n = t->mine.held.count - 1;

	if (WIT_LIKELY(n < WIT_HELD_INLINE && is_newest(t, n, lo))) {
		wit_list_pop(&t->mine, n);
		return;
	}
	unlock_more(lo, flags, file, line, from);
}

WIT_API void
witness_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	struct wit_thread *t = wit_self;

	if (WIT_UNLIKELY(t->mode != WIT_PATH_ALIVE))
		unlock_more(lo, flags, file, line, FROM);
	else if (t->mine.held.count == 1 && is_newest(t, 0, lo))
		wit_list_pop(&t->mine, 0);
	else if (t->mine.held.count == 2 && is_newest(t, 1, lo))
		wit_list_pop(&t->mine, 1);
	else
		unlock_nested(lo, flags, file, line, FROM);
}

WIT_API void
witness_upgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	wit_slow_mode(&(struct wit_call){lo, file, flags, line, FRAME, FROM, NULL}, WIT_OP_UPGRADE);
}

WIT_API void
witness_downgrade(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	wit_slow_mode(&(struct wit_call){lo, file, flags, line, FRAME, FROM, NULL}, WIT_OP_DOWNGRADE);
}

/* ---- lives ---- */

/* key: wit_mix() of all of it; a second birth with the same key is found at the mix of that, and so on (A4). */
static const struct wit_birth *
find_birth(const struct wit_birth *like, uint64_t *key)
{
	uint32_t id;

	for (; (id = wit_index_find(&wit_process.by_birth, *key)) != 0; *key = wit_mix(*key)) {
		const struct wit_birth *b = wit_table_at(&wit_process.births, id);

		if (b->file == like->file && b->line == like->line && b->primitive == like->primitive &&
		    strcmp(b->type, like->type) == 0 && strcmp(b->name, like->name) == 0)
			return (b);
	}
	return (NULL);
}

/* The tally of an origin, made where there is none; NULL: no memory. */
static struct wit_tally *
tally_for(uint32_t origin)
{
	uint32_t id;

	while (wit_table_count(&wit_process.tallies) < origin)
		if (wit_table_add(&wit_process.tallies, &wit_process.arena, &id) == NULL)
			return (NULL);
	return (wit_table_at(&wit_process.tallies, origin));
}

/* Whether the option observe= names this class. */
static bool
is_observed(const char *type)
{
	const char *at = wit_process.options.observe;
	const size_t n = strlen(type);

	if (strcmp(at, "none") == 0 || *at == '\0')
		return (false);
	if (strcmp(at, "all") == 0)
		return (true);
	for (;;) {
		const size_t word = strcspn(at, ",");

		if (word == n && memcmp(at, type, n) == 0)
			return (true);
		if (at[word] == '\0')
			return (false);
		at += word + 1;
	}
}

/* Engine lock.  The origin, with its tally and its birth; 0: no memory. */
static uint32_t
add_birth(const struct wit_birth *like, uint64_t key)
{
	struct wit_process *p = &wit_process;
	const struct wit_birth *found = find_birth(like, &key);
	struct wit_tally *tally;
	struct wit_birth *b;
	uint32_t id, origin;

	if (found != NULL)
		return (found->origin);
	origin = wit_check_origin(&p->engine, like->type, like->primitive, like->name,
	    (struct wit_site){.where = like->file, .line = like->line});
	if (origin == 0 || (tally = tally_for(origin)) == NULL)
		return (0);
	tally->observed = is_observed(like->type);
	if ((b = wit_table_add(&p->births, &p->arena, &id)) == NULL)
		return (0);
	*b = *like;
	b->origin = origin;
	b->type = wit_arena_string(&p->arena, like->type, SIZE_MAX);
	b->name = wit_arena_string(&p->arena, like->name, SIZE_MAX);
	if (b->type == NULL || b->name == NULL || wit_index_add(&p->by_birth, &p->arena, key, id) != 0)
		return (0);
	return (origin);
}

static uint32_t
origin_of(const struct wit_birth *like)
{
	uint64_t key = wit_mix(wit_hash_string(like->type) + wit_mix(wit_hash_string(like->name)) +
			       wit_mix((uintptr_t)like->file + ((uint64_t)like->line << 40) +
				       ((uint64_t)like->primitive << 60)));
	const struct wit_birth *b = find_birth(like, &key);
	uint32_t origin;

	if (b != NULL)
		return (b->origin);
	wit_engine_lock();
	origin = add_birth(like, key);
	if (origin == 0)
		wit_process.engine.lost++;
	wit_engine_unlock();
	return (origin);
}

/* A new life of a lock of this origin (A5). */
static void
begin_life(struct witness_lock_object *lo, uint32_t origin, const void *from, bool renewed)
{
	struct wit_tally *tally = wit_table_at(&wit_process.tallies, origin);
	uint32_t generation = atomic_fetch_add_explicit(&wit_process.generation, 1, memory_order_relaxed) + 1;

	lo->lo_tool[0] = origin | (uint64_t)generation << 32;
	atomic_fetch_add_explicit(&tally->lives, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&wit_process.lives, 1, memory_order_relaxed);
	if (tally->observed)
		wit_slow_life(lo, from, false, renewed);
}

WIT_API void
witness_init_at(struct witness_lock_object *lo, const char *type, const char *file, int line)
{
	const int saved = errno;
	const char *name = lo->lo_name != NULL ? lo->lo_name : type != NULL ? type : "lock";
	const struct wit_birth like = {.type = type != NULL ? type : name,
	    .name = name,
	    .file = file != NULL ? file : "?",
	    .line = line > 0 ? (uint32_t)line : 1,
	    .primitive = (lo->lo_flags & LO_CLASSMASK) >> LO_CLASSSHIFT};
	uint32_t origin = 0;

	lo->lo_tool[0] = lo->lo_tool[1] = 0;
	if ((lo->lo_flags & LO_NOWITNESS) == 0 && wit_process_start(NULL))
		origin = origin_of(&like);
	if (origin != 0) {
		lo->lo_flags |= LO_WITNESS;
		lo->lo_spare = WIT_LIST_WORD(0, WIT_LIST_FLAGS(lo->lo_flags, 0));
		begin_life(lo, origin, FROM, false);
	}
	errno = saved;
}

WIT_API void
witness_renew(struct witness_lock_object *lo)
{
	const int saved = errno;
	const uint64_t tool = wit_list_tool(lo);

	if (tool != 0 && wit_process_on())
		begin_life(lo, (uint32_t)tool, FROM, true);
	errno = saved;
}

WIT_API void
witness_destroy(struct witness_lock_object *lo)
{
	const int saved = errno;
	const uint64_t tool = wit_list_tool(lo);

	if (tool != 0 && wit_process_on()) {
		const struct wit_tally *tally = wit_table_at(&wit_process.tallies, (uint32_t)tool);

		if (tally->observed)
			wit_slow_life(lo, FROM, true, false);
	}
	lo->lo_tool[0] = 0;
	lo->lo_flags &= ~LO_WITNESS;
	errno = saved;
}

/* ---- questions ---- */

/* The calling context's entry of a lock, whichever list has it; NULL. */
static struct wit_held_entry *
find_mine(const struct witness_lock_object *lo)
{
	struct wit_thread *t = wit_self;
	struct wit_held_entry *entry;

	if (t->mode == 0 || (t->mode & WIT_PATH_OFF) != 0)
		return (NULL);
	entry = wit_list_find(&t->mine, lo);
	return (entry != NULL || t->cpu == NULL ? entry : wit_list_find(t->cpu, lo));
}

WIT_API int
witness_is_owned(const struct witness_lock_object *lo)
{
	if (wit_list_tool(lo) == 0 || !wit_process_on())
		return (0);
	return (find_mine(lo) != NULL ? 1 : -1);
}

WIT_API void
witness_save(struct witness_lock_object *lo, const char **filep, int *linep)
{
	const struct wit_held_entry *entry = find_mine(lo);

	*filep = entry != NULL ? entry->site.where : "";
	*linep = entry != NULL ? (int)entry->site.line : 0;
}

WIT_API void
witness_restore(struct witness_lock_object *lo, const char *file, int line)
{
	struct wit_held_entry *entry = find_mine(lo);

	if (entry == NULL || line <= 0)
		return;
	entry->site.where = file;
	entry->site.line = (uint32_t)line;
}
