/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * swap_pager.h - anonymous memory and its swap blocks.                 room: corpus/vm
 *
 * A swblock holds the block numbers of 32 consecutive pages of one object; all
 * swblocks hang in one hash, swhash, under swhash_mtx ("swap_pager swhash"),
 * which is taken with the object locked.  The hash runs over object ids.
 */
#ifndef VM_SWAP_PAGER_H
#define VM_SWAP_PAGER_H

#include "kern/mutex.h"
#include "vm/blist.h"
#include "vm/uma.h"
#include "vm/vm.h"

struct vm_object;
struct vm_page;

#define SWAP_META_PAGES 32 /* pages a swblock */
#define SWAP_META_MASK (SWAP_META_PAGES - 1)
#define SWB_NPAGES 16 /* pages a transfer at most */

extern uma_zone_t swap_zone; /* SWAPMETA */
extern struct vm_object swap_zone_obj; /* static storage for the zone's object */
extern int swap_pager_full; /* 0, 1 low, 2 nothing to be had */

/* Zone, hash, lock and pbuf shares.  By the page daemon's thread, before its first scan. */
void swap_pager_swap_init(void);

/* Object locked. */
void swap_pager_freespace(struct vm_object *object, vm_pindex_t start, vm_size_t size);
/* Both locked; src's blocks from offset on become dst's where it has none. */
void swap_pager_copy(struct vm_object *src, struct vm_object *dst, vm_pindex_t offset, int destroysource);

struct swap_stats {
	uint64_t pageouts, pageins; /* transfers */
	uint64_t pagesout, pagesin; /* pages */
	uint64_t errors;
	uint64_t timeouts; /* "indefinite wait buffer" */
	uint64_t meta_waits; /* times a swblock could not be had at once */
	swblk_t used; /* blocks lent now */
	int swblocks; /* in the hash now */
};
void swap_pager_statistics(struct swap_stats *st);

/*
 * Swap-block conservation (C2), for a quiet machine: blocks lent = blocks in
 * swblocks, each once; every object's swp_bcount is right; the lists agree with
 * swap_pager_avail; every pbuf is back.  One kprintf() line a violation; returns how many.
 */
int swap_pager_check(void);

#endif
