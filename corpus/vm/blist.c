/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blist.c - a radix tree of bitmaps over block numbers.
 *
 * 1 A leaf is a word of 32 blocks, an inner node has 16 children; a run never
 *   crosses a leaf, so no search looks at two words.
 * 2 Nodes lie in preorder.  All subtrees of one level but the last have the same
 *   size, so a child is found by a multiplication and no pointer is kept; what
 *   lies wholly beyond the last block is not stored.
 * 3 bm_bighint is an upper bound: a failed search lowers it to what it proved, a
 *   free raises it, taking leaves it.  A wrong bound costs one search, not a miss.
 */
#include <string.h>

#include "vm/blist.h"
#include "kern/param.h"

/* Where a walk stands: a node, the blocks it covers, and its first block. */
struct blpos {
	struct blnode *node;
	swblk_t radix;
	swblk_t base;
};

/* Nodes of a subtree that is full to its last block. */
static swblk_t
full_nodes(swblk_t radix)
{
	swblk_t n = 1;

	for (; radix > BLIST_BMAP_RADIX; radix /= BLIST_META_RADIX)
		n = n * BLIST_META_RADIX + 1;
	return (n);
}

static struct blpos
child_of(struct blpos at, int i)
{
	struct blpos c;

	c.radix = at.radix / BLIST_META_RADIX;
	c.node = at.node + 1 + i * full_nodes(c.radix);
	c.base = at.base + i * c.radix;
	return (c);
}

static struct blpos
root_of(const struct blist *bl)
{
	return ((struct blpos){.node = bl->bl_node, .radix = bl->bl_radix, .base = 0});
}

static bool
is_leaf(struct blpos at)
{
	return (at.radix == BLIST_BMAP_RADIX);
}

/* Bits that begin a run of count ones. */
static uint32_t
run_starts(uint32_t map, int count)
{
	int have = 1;

	while (have < count && map != 0) {
		int step = have < count - have ? have : count - have;

		map &= map >> step;
		have += step;
	}
	return (map);
}

static int
longest_run(uint32_t map)
{
	int n = 0;

	for (; map != 0; map &= map >> 1)
		n++;
	return (n);
}

/* The bits of a leaf that [blkno, blkno+count) covers. */
static uint32_t
leaf_mask(struct blpos at, swblk_t blkno, swblk_t count)
{
	swblk_t from = blkno > at.base ? blkno - at.base : 0;
	swblk_t to = blkno + count - at.base;
	uint32_t below_to;

	if (to > BLIST_BMAP_RADIX)
		to = BLIST_BMAP_RADIX;
	below_to = to == BLIST_BMAP_RADIX ? ~0u : (1u << to) - 1;
	return (below_to & ~((1u << from) - 1));
}

static bool
overlaps(struct blpos at, swblk_t blkno, swblk_t count)
{
	return (at.base < blkno + count && blkno < at.base + at.radix);
}

static swblk_t
radix_for(swblk_t blocks)
{
	swblk_t radix = BLIST_BMAP_RADIX;

	while (radix < blocks)
		radix *= BLIST_META_RADIX;
	return (radix);
}

size_t
blist_bytes(swblk_t blocks)
{
	swblk_t nodes = 0, radix = radix_for(blocks);

	while (radix > BLIST_BMAP_RADIX && blocks > 0) {
		swblk_t sub = radix / BLIST_META_RADIX;

		nodes += 1 + blocks / sub * full_nodes(sub);
		blocks %= sub;
		radix = sub;
	}
	if (blocks > 0)
		nodes++;
	return ((size_t)nodes * sizeof(struct blnode));
}

void
blist_init(struct blist *bl, swblk_t blocks, void *mem)
{
	bl->bl_blocks = blocks;
	bl->bl_free = 0;
	bl->bl_radix = radix_for(blocks);
	bl->bl_node = mem;
	memset(mem, 0, blist_bytes(blocks));
}

static swblk_t
leaf_alloc(struct blpos at, int count)
{
	uint32_t starts = run_starts(at.node->bm_bitmap, count);
	int bit;

	if (starts == 0) {
		at.node->bm_bighint = count - 1;
		return (SWAPBLK_NONE);
	}
	bit = __builtin_ctz(starts);
	at.node->bm_bitmap &= ~((count == 32 ? ~0u : (1u << count) - 1) << bit);
	at.node->bm_avail -= count;
	return (at.base + bit);
}

static swblk_t
node_alloc(const struct blist *bl, struct blpos at, int count)
{
	if (is_leaf(at))
		return (leaf_alloc(at, count));
	for (int i = 0; i < BLIST_META_RADIX && at.node->bm_avail >= count; i++) {
		struct blpos c = child_of(at, i);
		swblk_t r;

		if (c.base >= bl->bl_blocks)
			break;
		if (c.node->bm_bighint < count)
			continue;
		r = node_alloc(bl, c, count);
		if (r != SWAPBLK_NONE) {
			at.node->bm_avail -= count;
			return (r);
		}
	}
	if (at.node->bm_bighint >= count)
		at.node->bm_bighint = count - 1;
	return (SWAPBLK_NONE);
}

swblk_t
blist_alloc(struct blist *bl, int count)
{
	struct blpos root = root_of(bl);
	swblk_t r;

	KASSERT(count > 0 && count <= BLIST_MAX_ALLOC, ("blist_alloc: bad count %d", count));
	if (bl->bl_blocks == 0 || root.node->bm_bighint < count)
		return (SWAPBLK_NONE);
	r = node_alloc(bl, root, count);
	if (r != SWAPBLK_NONE)
		bl->bl_free -= count;
	return (r);
}

/* free_bits: the range becomes free, else taken.  Returns how many blocks changed. */
static swblk_t
node_set(const struct blist *bl, struct blpos at, swblk_t blkno, swblk_t count, bool free_bits)
{
	swblk_t changed = 0;

	if (is_leaf(at)) {
		uint32_t mask = leaf_mask(at, blkno, count), had = at.node->bm_bitmap & mask;

		if (free_bits) {
			if (had != 0)
				panic("blist_free: freeing free block %lld",
				    (long long)(at.base + __builtin_ctz(had)));
			at.node->bm_bitmap |= mask;
			at.node->bm_bighint = longest_run(at.node->bm_bitmap);
			changed = __builtin_popcount(mask);
		} else {
			at.node->bm_bitmap &= ~mask;
			changed = __builtin_popcount(had);
		}
	} else {
		for (int i = 0; i < BLIST_META_RADIX; i++) {
			struct blpos c = child_of(at, i);

			if (c.base >= bl->bl_blocks || !overlaps(c, blkno, count))
				continue;
			changed += node_set(bl, c, blkno, count, free_bits);
			if (free_bits && c.node->bm_bighint > at.node->bm_bighint)
				at.node->bm_bighint = c.node->bm_bighint;
		}
	}
	at.node->bm_avail += free_bits ? changed : -changed;
	return (changed);
}

void
blist_free(struct blist *bl, swblk_t blkno, swblk_t count)
{
	KASSERT(blkno >= 0 && count >= 0 && blkno + count <= bl->bl_blocks,
	    ("blist_free: range %lld+%lld of %lld", (long long)blkno, (long long)count,
		(long long)bl->bl_blocks));
	if (count > 0)
		bl->bl_free += node_set(bl, root_of(bl), blkno, count, true);
}

swblk_t
blist_fill(struct blist *bl, swblk_t blkno, swblk_t count)
{
	swblk_t taken;

	KASSERT(blkno >= 0 && count >= 0 && blkno + count <= bl->bl_blocks,
	    ("blist_fill: range %lld+%lld of %lld", (long long)blkno, (long long)count,
		(long long)bl->bl_blocks));
	if (count == 0)
		return (0);
	taken = node_set(bl, root_of(bl), blkno, count, false);
	bl->bl_free -= taken;
	return (taken);
}

bool
blist_isfree(const struct blist *bl, swblk_t blkno)
{
	struct blpos at = root_of(bl);

	while (!is_leaf(at))
		at = child_of(at, (int)((blkno - at.base) / (at.radix / BLIST_META_RADIX)));
	return ((at.node->bm_bitmap & leaf_mask(at, blkno, 1)) != 0);
}

/* Free blocks below; *longest: the longest run.  -1: a count or a hint is wrong. */
static swblk_t
node_check(const struct blist *bl, struct blpos at, int *longest)
{
	swblk_t n = 0;
	int best = 0;

	if (is_leaf(at)) {
		n = __builtin_popcount(at.node->bm_bitmap);
		best = longest_run(at.node->bm_bitmap);
	} else {
		for (int i = 0; i < BLIST_META_RADIX; i++) {
			struct blpos c = child_of(at, i);
			swblk_t below;
			int run;

			if (c.base >= bl->bl_blocks)
				break;
			below = node_check(bl, c, &run);
			if (below < 0)
				return (-1);
			n += below;
			best = run > best ? run : best;
		}
	}
	*longest = best;
	return (n == at.node->bm_avail && best <= at.node->bm_bighint ? n : -1);
}

swblk_t
blist_check(const struct blist *bl)
{
	int longest;
	swblk_t n = bl->bl_blocks == 0 ? 0 : node_check(bl, root_of(bl), &longest);

	return (n == bl->bl_free ? n : -1);
}
