/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * swapdev.h - swap devices: files of the host, and the transfers to them.   room: corpus/vm
 *
 * A transfer is a struct buf from a fixed pool ("pbuf mutex"), with pages mapped
 * at b_data.  swapdev_strategy() queues it; the kernel thread "swapio" waits out
 * a seeded virtual delay, does the pread() or pwrite() and calls b_iodone.
 *
 * Errors    a short transfer, ENOSPC and the like set B_ERROR and b_error, the
 *           host's errno (EIO for a short one).
 */
#ifndef VM_SWAPDEV_H
#define VM_SWAPDEV_H

#include <stdbool.h>

#include "kern/mutex.h"
#include "kern/queue.h"
#include "vm/blist.h"
#include "vm/vm.h"

struct vm_object;
struct vm_page;

#define MAXPHYS (128 * 1024)
#define BUF_MAXPAGES (MAXPHYS / PAGE_SIZE)

#define BIO_READ 0x01
#define BIO_WRITE 0x02

#define B_ASYNC 0x0001
#define B_ERROR 0x0002
#define B_DONE 0x0004

struct buf {
	TAILQ_ENTRY(buf) b_freelist; /* free pool, or device queue */
	int b_id; /* stable, 0 .. nswbuf-1 */
	int b_iocmd;
	int b_flags; /* B_DONE and B_ERROR: under "bdone lock" */
	int b_error; /* errno of the host */
	swblk_t b_blkno;
	long b_bcount, b_resid;
	char *b_data; /* b_kvabase, pages entered by pmap_qenter() */
	vm_offset_t b_kvabase;
	struct vm_object *b_object;
	struct vm_page *b_pages[BUF_MAXPAGES];
	int b_npages;
	int b_reqpage; /* index of the page a fault waits for */
	void (*b_iodone)(struct buf *bp);
	int *b_freecnt; /* the share it was drawn from */
};

extern int nswbuf;
extern int nsw_rcount, nsw_wcount_sync, nsw_wcount_async; /* shares of the pool */

/* KVA and structs of the pool.  Once, when kernel_map works. */
void pbuf_init(void);
/* Sleeps "wswbuf0"/"wswbuf1" while the share or the pool is empty: hold no mutex but Giant. */
struct buf *getpbuf(int *pfreecnt);
struct buf *trypbuf(int *pfreecnt);
void relpbuf(struct buf *bp, int *pfreecnt);
int pbuf_check(void); /* all back: 0, else how many are out */

/* One swap device. */
struct swdevt {
	TAILQ_ENTRY(swdevt) sw_list;
	int sw_id; /* from 0 */
	int sw_flags; /* SW_* */
	int sw_fd;
	swblk_t sw_nblks;
	swblk_t sw_used; /* blocks lent */
	swblk_t sw_first, sw_end; /* its part of the block number space */
	struct blist sw_blist;
};
#define SW_CLOSING 0x01

extern struct mtx sw_dev_mtx; /* "swapdev": devices, blists, counts */
extern swblk_t swap_pager_avail; /* free blocks, all devices */
extern swblk_t swap_total;

void swapdev_init(void); /* locks, list and the I/O thread: once, at boot */
/*
 * Adds a file of nblks pages as swap.  path NULL: a temporary file that has no
 * name.  0 or -errno.  Two pages are kept for a label.
 */
int swaponfile(const char *path, swblk_t nblks);
/* Ticks that every transfer takes longer: a slow device, or one that is stuck for a while. */
extern int swapdev_slowness;

/* Queue a transfer of bp->b_npages pages.  Never sleeps on memory. */
void swapdev_strategy(struct buf *bp);
/* Sleeps until the transfer is done (those without B_ASYNC). */
void bwait(struct buf *bp, int pri, const char *wmesg);
void bdone(struct buf *bp);

/* npages consecutive blocks of one device, or SWAPBLK_NONE. */
swblk_t swp_pager_getswapspace(int npages);
void swp_pager_freeswapspace(swblk_t blkno, int npages);

/*
 * For the conservation check, on a quiet machine: blocks lent, all devices, or
 * -1 (and a kprintf() line) when a device's list and counts disagree.
 */
swblk_t swapdev_check(void);
/* Is blkno lent?  False too where no device has such a block. */
bool swapdev_lent(swblk_t blkno);
swblk_t swapdev_end(void); /* all block numbers lie below */

#endif
