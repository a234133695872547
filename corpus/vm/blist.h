/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blist.h - a radix tree of bitmaps over block numbers.                room: corpus/vm
 *
 * Hands out runs of up to BLIST_MAX_ALLOC blocks that lie in one leaf, and takes
 * any range back.  Each node keeps a hint, never less than the longest free run
 * a leaf below it may have, so a full part is passed over at its root.
 *
 * Memory    the caller's: blist_bytes() of it, for the life of the list.
 * Threads   the caller serialises ("swapdev").
 * Errors    blist_alloc() says SWAPBLK_NONE; freeing a free block panics.
 * Cost      logarithm, base 16, of the number of leaves; a range: the leaves in it.
 */
#ifndef VM_BLIST_H
#define VM_BLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef int64_t swblk_t; /* a block number: one page of swap */

#define SWAPBLK_NONE ((swblk_t)0x80000000) /* positive: never kept in 32 signed bits */
#define SWAPBLK_MASK ((swblk_t)0x7fffffff)

#define BLIST_BMAP_RADIX 32 /* blocks a leaf */
#define BLIST_META_RADIX 16 /* children a node */
#define BLIST_MAX_ALLOC BLIST_BMAP_RADIX

struct blnode {
	uint32_t bm_bitmap; /* leaf: 1 = free */
	int32_t bm_bighint; /* longest run that may be found below */
	swblk_t bm_avail; /* free blocks below */
};

struct blist {
	swblk_t bl_blocks; /* numbered 0 .. bl_blocks-1 */
	swblk_t bl_free;
	swblk_t bl_radix; /* blocks below the root */
	struct blnode *bl_node; /* preorder */
};

size_t blist_bytes(swblk_t blocks);
/* Every block is taken at first. */
void blist_init(struct blist *bl, swblk_t blocks, void *mem);
/* count (1 .. BLIST_MAX_ALLOC) consecutive blocks, lowest leaf first, or SWAPBLK_NONE. */
swblk_t blist_alloc(struct blist *bl, int count);
/* All of [blkno, blkno+count) must be taken. */
void blist_free(struct blist *bl, swblk_t blkno, swblk_t count);
/* Takes [blkno, blkno+count), whatever its state; returns how many were free. */
swblk_t blist_fill(struct blist *bl, swblk_t blkno, swblk_t count);
bool blist_isfree(const struct blist *bl, swblk_t blkno);
/* Free blocks counted from the leaves, or -1 when a node's count or hint is wrong. */
swblk_t blist_check(const struct blist *bl);

#endif
