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
 *    the thread's own cache; its own recursion is found before that.
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

#define FROM __builtin_extract_return_addr(__builtin_return_address(0))
#define FRAME __builtin_frame_address(0)

/* Depth 1: this request was seen by this thread, with these locks. */
static inline bool
known(struct wit_thread *t, const struct witness_lock_object *lo, uint64_t tool, unsigned flags,
    const char *file, int line)
{
	const struct wit_event event = {
	    .lock = wit_list_ref(lo, tool),
	    .site = {.where = file, .line = (uint32_t)line},
	    .mode = (uint8_t)wit_list_mode(flags),
	    .flags = (uint16_t)(wit_list_flags(lo->lo_flags, flags) |
				((flags & LOP_NEWORDER) != 0 ? 0 : WIT_NOORDER)),
	};
	const struct wit_holding holding = wit_thread_holding(t);
	struct wit_chain_key key;
	uint32_t place;

	wit_list_settle(&t->mine);
	if (t->cpu != NULL)
		wit_list_settle(t->cpu);
	key = wit_chain_key(&holding, &event);
	place = key.roles % WIT_CACHE_SLOTS;
	if (t->cache.slot[place].roles != key.roles || t->cache.slot[place].instances != key.instances)
		return (false);
	t->cache.slot[place].hits++;
	return (true);
}

WIT_API void
witness_checkorder(struct witness_lock_object *lo, unsigned flags, const char *file, int line,
    struct witness_lock_object *interlock)
{
	struct wit_thread *t = wit_self;
	uint64_t tool;

	if (WIT_LIKELY(t != NULL && t->mode == WIT_PATH_ALIVE)) {
		if ((t->mine.held.count | t->spin->held.count) == 0)
			return;
		tool = wit_list_tool(lo);
		if (tool == 0 || (flags & LOP_TRYLOCK) != 0)
			return;
		if (interlock == NULL && wit_list_find(wit_list_of(t, lo), lo) == NULL &&
		    known(t, lo, tool, flags, file, line))
			return;
	}
	wit_slow_checkorder(&(struct wit_call){lo, file, flags, line, FRAME, FROM, interlock});
}

WIT_API void
witness_lock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	struct wit_thread *t = wit_self;

	if (WIT_LIKELY(t != NULL && t->mode == WIT_PATH_ALIVE)) {
		struct wit_list *list = wit_list_of(t, lo);
		const uint64_t tool = wit_list_tool(lo);
		struct wit_held_entry *entry;

		if (tool == 0)
			return;
		if (WIT_LIKELY(list->held.count < WIT_HELD_INLINE && wit_list_find(list, lo) == NULL)) {
			entry = wit_list_push(list, lo, tool, flags);
			entry->site.where = file;
			entry->site.line = (uint32_t)line;
			entry->sp = (uintptr_t)FRAME;
			entry->segment = t->segment;
			return;
		}
	}
	wit_slow_lock(&(struct wit_call){lo, file, flags, line, FRAME, FROM, NULL});
}

WIT_API void
witness_unlock(struct witness_lock_object *lo, unsigned flags, const char *file, int line)
{
	struct wit_thread *t = wit_self;

	if (WIT_LIKELY(t != NULL && t->mode == WIT_PATH_ALIVE)) {
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
	wit_slow_unlock(&(struct wit_call){lo, file, flags, line, FRAME, FROM, NULL});
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

	if (t == NULL || t->mode == 0 || (t->mode & WIT_PATH_OFF) != 0)
		return (NULL);
	entry = wit_list_find(&t->mine, lo);
	return (entry != NULL || t->cpu == NULL ? entry : wit_list_find(t->cpu, lo));
}

WIT_API int
witness_is_owned(const struct witness_lock_object *lo)
{
	if (wit_list_tool(lo) == 0 || wit_self == NULL)
		return (wit_list_tool(lo) == 0 ? 0 : -1);
	if (!wit_process_on())
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
