/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * swapdev.c - swap devices, their blocks, the buffers and the thread that moves pages.
 *
 * 1 All devices share one space of block numbers, with a gap of a page between
 *   two, so that no run of blocks crosses from one to the next.  The first two
 *   pages of a device are never lent: a label may lie there.
 * 2 The I/O thread takes no lock while it reads or writes, and a buffer's end is
 *   told by b_iodone() in that thread, which may lock an object and the queues.
 *   So nobody may wait for a transfer with one of these held.
 * 3 Which transfer is next, and how long it takes, is the seed's choice: two
 *   transfers under way never concern the same block.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm/swapdev.h"
#include "kern/clock.h"
#include "kern/param.h"
#include "kern/proc.h"
#include "kern/random.h"
#include "kern/sched.h"
#include "kern/sleepqueue.h"
#include "vm/swap_pager.h"
#include "vm/vm_kern.h"

#define NSWBUF 16
#define SWAP_LABEL_PAGES 2
#define IO_DELAY_TICKS 3 /* a transfer takes 1 .. this */

static TAILQ_HEAD(swlist, swdevt) swtailq = TAILQ_HEAD_INITIALIZER(swtailq); /* sw_dev_mtx */
static struct swdevt *swdevhd; /* where the next allocation looks first; sw_dev_mtx */
static int nswapdev;
struct mtx sw_dev_mtx;
swblk_t swap_pager_avail, swap_total;
int swap_pager_full;
static bool swap_pager_almost_full;
static swblk_t nswap_lowat, nswap_hiwat;

static TAILQ_HEAD(buflist, buf) bioq = TAILQ_HEAD_INITIALIZER(bioq); /* bioq_mtx */
static int bioq_len;
int swapdev_slowness;
static struct mtx bioq_mtx, bdone_mtx;

static struct buflist bswlist = TAILQ_HEAD_INITIALIZER(bswlist); /* pbuf_mtx */
static bool bswneeded;
static struct mtx pbuf_mtx;
int nswbuf, nsw_rcount, nsw_wcount_sync, nsw_wcount_async;
static int pbufs_out;

/* ---------------------------------------------------------------- buffers */

void
pbuf_init(void)
{
	vm_offset_t kva = kmem_alloc_nofault(kernel_map, (vm_size_t)NSWBUF * MAXPHYS);
	struct buf *bp = (struct buf *)kmem_alloc(kernel_map, NSWBUF * sizeof(*bp));

	if (kva == 0 || bp == NULL)
		panic("pbuf_init: no kernel memory");
	nswbuf = NSWBUF;
	nsw_rcount = (nswbuf + 1) / 2;
	nsw_wcount_sync = (nswbuf + 3) / 4;
	nsw_wcount_async = 4;
	mtx_init(&pbuf_mtx, "pbuf mutex", NULL, MTX_DEF);
	mtx_lock(&pbuf_mtx);
	for (int i = 0; i < nswbuf; i++) {
		bp[i].b_id = i;
		bp[i].b_kvabase = kva + (vm_offset_t)i * MAXPHYS;
		TAILQ_INSERT_TAIL(&bswlist, &bp[i], b_freelist);
	}
	mtx_unlock(&pbuf_mtx);
}

/* pbuf_mtx held: a free buffer leaves the pool. */
static struct buf *
pbuf_take(int *pfreecnt)
{
	struct buf *bp = TAILQ_FIRST(&bswlist);
	int id = bp->b_id;
	vm_offset_t kva = bp->b_kvabase;

	TAILQ_REMOVE(&bswlist, bp, b_freelist);
	--*pfreecnt;
	pbufs_out++;
	memset(bp, 0, sizeof(*bp));
	bp->b_id = id;
	bp->b_kvabase = kva;
	bp->b_data = (char *)kva;
	bp->b_freecnt = pfreecnt;
	return (bp);
}

struct buf *
getpbuf(int *pfreecnt)
{
	struct buf *bp;

	mtx_lock(&pbuf_mtx);
	for (;;) {
		while (*pfreecnt == 0)
			msleep(pfreecnt, &pbuf_mtx, PVM, "wswbuf0", 0);
		if (!TAILQ_EMPTY(&bswlist))
			break;
		bswneeded = true;
		msleep(&bswneeded, &pbuf_mtx, PVM, "wswbuf1", 0);
	}
	bp = pbuf_take(pfreecnt);
	mtx_unlock(&pbuf_mtx);
	return (bp);
}

struct buf *
trypbuf(int *pfreecnt)
{
	struct buf *bp = NULL;

	mtx_lock(&pbuf_mtx);
	if (*pfreecnt > 0 && !TAILQ_EMPTY(&bswlist))
		bp = pbuf_take(pfreecnt);
	mtx_unlock(&pbuf_mtx);
	return (bp);
}

void
relpbuf(struct buf *bp, int *pfreecnt)
{
	mtx_lock(&pbuf_mtx);
	KASSERT(bp->b_freecnt == pfreecnt, ("relpbuf: buffer of another share"));
	TAILQ_INSERT_HEAD(&bswlist, bp, b_freelist);
	pbufs_out--;
	if (bswneeded) {
		bswneeded = false;
		wakeup(&bswneeded);
	}
	if (++*pfreecnt == 1)
		wakeup(pfreecnt);
	mtx_unlock(&pbuf_mtx);
}

int
pbuf_check(void)
{
	return (pbufs_out);
}

/* ---------------------------------------------------------------- blocks */

/* sw_dev_mtx held. */
static void
swp_sizecheck(void)
{
	if (swap_pager_avail < nswap_lowat) {
		if (!swap_pager_almost_full)
			kprintf("swap_pager: out of swap space\n");
		swap_pager_almost_full = true;
	} else {
		swap_pager_full = 0;
		if (swap_pager_avail > nswap_hiwat)
			swap_pager_almost_full = false;
	}
}

/* sw_dev_mtx held. */
static struct swdevt *
swapdev_of(swblk_t blkno)
{
	struct swdevt *sp;

	TAILQ_FOREACH (sp, &swtailq, sw_list) {
		if (blkno >= sp->sw_first && blkno < sp->sw_end)
			return (sp);
	}
	return (NULL);
}

swblk_t
swp_pager_getswapspace(int npages)
{
	struct swdevt *sp;
	swblk_t blk = SWAPBLK_NONE;

	mtx_lock(&sw_dev_mtx);
	sp = swdevhd;
	for (int i = 0; i < nswapdev && blk == SWAPBLK_NONE; i++) {
		if (sp == NULL)
			sp = TAILQ_FIRST(&swtailq);
		if ((sp->sw_flags & SW_CLOSING) == 0)
			blk = blist_alloc(&sp->sw_blist, npages);
		if (blk != SWAPBLK_NONE) {
			blk += sp->sw_first;
			sp->sw_used += npages;
			swap_pager_avail -= npages;
			swp_sizecheck();
			swdevhd = TAILQ_NEXT(sp, sw_list);
		}
		sp = TAILQ_NEXT(sp, sw_list);
	}
	if (blk == SWAPBLK_NONE && swap_pager_full != 2) {
		kprintf("swap_pager_getswapspace(%d): failed\n", npages);
		swap_pager_full = 2;
		swap_pager_almost_full = true;
	}
	mtx_unlock(&sw_dev_mtx);
	return (blk);
}

void
swp_pager_freeswapspace(swblk_t blkno, int npages)
{
	struct swdevt *sp;

	mtx_lock(&sw_dev_mtx);
	sp = swapdev_of(blkno);
	if (sp == NULL)
		panic("Swapdev not found");
	sp->sw_used -= npages;
	if ((sp->sw_flags & SW_CLOSING) == 0) {
		blist_free(&sp->sw_blist, blkno - sp->sw_first, npages);
		swap_pager_avail += npages;
		swp_sizecheck();
	}
	mtx_unlock(&sw_dev_mtx);
}

bool
swapdev_lent(swblk_t blkno)
{
	struct swdevt *sp;
	bool lent;

	mtx_lock(&sw_dev_mtx);
	sp = swapdev_of(blkno);
	lent = sp != NULL && blkno - sp->sw_first >= SWAP_LABEL_PAGES &&
	       !blist_isfree(&sp->sw_blist, blkno - sp->sw_first);
	mtx_unlock(&sw_dev_mtx);
	return (lent);
}

swblk_t
swapdev_end(void)
{
	struct swdevt *sp;
	swblk_t end;

	mtx_lock(&sw_dev_mtx);
	sp = TAILQ_LAST(&swtailq, swlist);
	end = sp == NULL ? 0 : sp->sw_end;
	mtx_unlock(&sw_dev_mtx);
	return (end);
}

swblk_t
swapdev_check(void)
{
	struct swdevt *sp;
	swblk_t used = 0, avail = 0;
	bool wrong = false;

	mtx_lock(&sw_dev_mtx);
	TAILQ_FOREACH (sp, &swtailq, sw_list) {
		swblk_t nfree = blist_check(&sp->sw_blist);

		if (nfree != sp->sw_nblks - SWAP_LABEL_PAGES - sp->sw_used) {
			kprintf("swap device %d: %lld blocks, %lld lent, but %lld free\n", sp->sw_id,
			    (long long)sp->sw_nblks, (long long)sp->sw_used, (long long)nfree);
			wrong = true;
		}
		used += sp->sw_used;
		avail += nfree;
	}
	if (avail != swap_pager_avail) {
		kprintf("swap: %lld blocks free, but swap_pager_avail is %lld\n", (long long)avail,
		    (long long)swap_pager_avail);
		wrong = true;
	}
	mtx_unlock(&sw_dev_mtx);
	return (wrong ? -1 : used);
}

/* ---------------------------------------------------------------- transfers */

/* The whole of it, or an errno: a file that ends early is an error too. */
static int
transfer(int fd, struct buf *bp, off_t offset)
{
	while (bp->b_resid > 0) {
		char *at = bp->b_data + (bp->b_bcount - bp->b_resid);
		ssize_t n = bp->b_iocmd == BIO_READ ? pread(fd, at, (size_t)bp->b_resid, offset)
						    : pwrite(fd, at, (size_t)bp->b_resid, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (errno);
		if (n == 0)
			return (EIO);
		bp->b_resid -= n;
		offset += n;
	}
	return (0);
}

static void
swapdev_io(struct buf *bp)
{
	struct swdevt *sp;

	mtx_lock(&sw_dev_mtx);
	sp = swapdev_of(bp->b_blkno);
	mtx_unlock(&sw_dev_mtx);
	if (sp == NULL)
		panic("Swapdev not found");
	bp->b_resid = bp->b_bcount;
	bp->b_error = transfer(sp->sw_fd, bp, (off_t)(bp->b_blkno - sp->sw_first) * PAGE_SIZE);
	if (bp->b_error != 0)
		bp->b_flags |= B_ERROR;
}

/* bioq_mtx held. */
static struct buf *
bioq_take(void)
{
	uint32_t nth = kern_random_below(RANDOM_IO, (uint32_t)bioq_len);
	struct buf *bp = TAILQ_FIRST(&bioq);

	while (nth-- > 0)
		bp = TAILQ_NEXT(bp, b_freelist);
	TAILQ_REMOVE(&bioq, bp, b_freelist);
	bioq_len--;
	return (bp);
}

static void
swapio_thread(void *unused)
{
	static int arm; /* what the delay sleeps on: nobody wakes it */

	(void)unused;
	sched_prio(curthread, PRIBIO);
	for (;;) {
		struct buf *bp = NULL;

		mtx_lock(&bioq_mtx);
		if (bioq_len == 0)
			msleep(&bioq, &bioq_mtx, PRIBIO, "swapio", 0);
		if (bioq_len > 0)
			bp = bioq_take();
		mtx_unlock(&bioq_mtx);
		if (bp == NULL) {
			kthread_suspend_check();
			continue;
		}
		tsleep(&arm, PRIBIO, "swapdsk",
		    1 + (int)kern_random_below(RANDOM_IO, IO_DELAY_TICKS) + swapdev_slowness);
		swapdev_io(bp);
		bp->b_iodone(bp);
	}
}

void
swapdev_strategy(struct buf *bp)
{
	bp->b_bcount = (long)bp->b_npages * PAGE_SIZE;
	mtx_lock(&bioq_mtx);
	TAILQ_INSERT_TAIL(&bioq, bp, b_freelist);
	bioq_len++;
	wakeup(&bioq);
	mtx_unlock(&bioq_mtx);
}

void
bdone(struct buf *bp)
{
	mtx_lock(&bdone_mtx);
	bp->b_flags |= B_DONE;
	wakeup(bp);
	mtx_unlock(&bdone_mtx);
}

void
bwait(struct buf *bp, int pri, const char *wmesg)
{
	mtx_lock(&bdone_mtx);
	while ((bp->b_flags & B_DONE) == 0)
		msleep(bp, &bdone_mtx, pri, wmesg, 0);
	mtx_unlock(&bdone_mtx);
}

/* ---------------------------------------------------------------- devices */

void
swapdev_init(void)
{
	mtx_init(&sw_dev_mtx, "swapdev", NULL, MTX_DEF);
	mtx_init(&bioq_mtx, "bio queue", NULL, MTX_DEF);
	mtx_init(&bdone_mtx, "bdone lock", NULL, MTX_DEF);
	if (kthread_create(swapio_thread, NULL, NULL, "swapio") != 0)
		panic("swapdev_init: no thread");
}

/* A file without a name in the temporary folder. */
static int
open_nameless(void)
{
	const char *dir = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (dir == NULL || *dir == '\0')
		dir = "/tmp";
	if (snprintf(path, sizeof(path), "%s/witness-swap.XXXXXX", dir) >= (int)sizeof(path))
		return (-ENAMETOOLONG);
	fd = mkstemp(path);
	if (fd < 0)
		return (-errno);
	(void)unlink(path);
	return (fd);
}

/* All of it is asked of the file system at once: a full disk is said now, not at some later pageout. */
static int
swapdev_open(const char *path, swblk_t nblks)
{
	int fd = path == NULL ? open_nameless() : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), error;

	if (fd < 0)
		return (path == NULL ? fd : -errno);
	error = ftruncate(fd, 0) != 0 ? errno : posix_fallocate(fd, 0, (off_t)nblks * PAGE_SIZE);
	if (error != 0) {
		(void)close(fd);
		return (-error);
	}
	return (fd);
}

/* sw_dev_mtx held: its blocks become available. */
static void
swapdev_attach(struct swdevt *sp)
{
	struct swdevt *last = TAILQ_LAST(&swtailq, swlist);

	sp->sw_id = nswapdev++;
	sp->sw_first = last == NULL ? 0 : last->sw_end + 1;
	sp->sw_end = sp->sw_first + sp->sw_nblks;
	TAILQ_INSERT_TAIL(&swtailq, sp, sw_list);
	swap_pager_avail += sp->sw_nblks - SWAP_LABEL_PAGES;
	swap_total += sp->sw_nblks - SWAP_LABEL_PAGES;
	/* History's 128 and 512 pages, or less where swap is small. */
	nswap_lowat = swap_total / 16 < 128 ? swap_total / 16 : 128;
	nswap_hiwat = nswap_lowat * 4;
	swp_sizecheck();
}

int
swaponfile(const char *path, swblk_t nblks)
{
	struct swdevt *sp;
	void *mem;
	int fd;

	if (nblks <= SWAP_LABEL_PAGES || nblks > SWAPBLK_MASK / 2)
		return (-EINVAL);
	fd = swapdev_open(path, nblks);
	if (fd < 0)
		return (fd);
	sp = (struct swdevt *)kmem_alloc(kernel_map, sizeof(*sp) + blist_bytes(nblks));
	if (sp == NULL) {
		(void)close(fd);
		return (-ENOMEM);
	}
	mem = sp + 1;
	sp->sw_fd = fd;
	sp->sw_nblks = nblks;
	blist_init(&sp->sw_blist, nblks, mem);
	blist_free(&sp->sw_blist, SWAP_LABEL_PAGES, nblks - SWAP_LABEL_PAGES);
	mtx_lock(&sw_dev_mtx);
	swapdev_attach(sp);
	mtx_unlock(&sw_dev_mtx);
	return (0);
}
