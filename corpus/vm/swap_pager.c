/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * swap_pager.c - where the pages of anonymous memory lie on swap.
 *
 * 1 A page has a block or not: that is all the metadata says.  It is kept for 32
 *   pages together, in a swblock, found by hash over (object id, index / 32).
 * 2 The metadata of an object changes with the object locked, swhash inside it;
 *   "swapdev" inside that.  A new swblock is allocated with both held, so it
 *   must not sleep, and its zone, which the VM itself needs to free memory, gets
 *   its pages from an object of its own: that object's lock comes third.
 * 3 No memory for a swblock: both locks go, and we wait.  What the caller knew
 *   of the object may be stale then; the pages it holds busy are not.
 * 4 A transfer holds its pages (busy or soft busy, PG_SWAPINPROG), and its object
 *   by paging_in_progress.  swp_pager_async_iodone(), in the I/O thread, lets go.
 * 5 A page that is written to gives its block up (swap_pager_unswapped): what
 *   lies there is stale.
 */
#include "vm/swap_pager.h"
#include "kern/clock.h"
#include "kern/param.h"
#include "kern/proc.h"
#include "kern/sched.h"
#include "kern/sleepqueue.h"
#include "kern/sysctl.h"
#include "vm/pmap.h"
#include "vm/swapdev.h"
#include "vm/uma.h"
#include "vm/vm_kern.h"
#include "vm/vm_meter.h"
#include "vm/vm_object.h"
#include "vm/vm_page.h"
#include "vm/vm_pageout.h"
#include "vm/vm_pager.h"

SYSCTL_SWITCH_INT(vm_swapzone_static_obj, "vm.swapzone_static_obj", 1, 0, 0, 1,
    "the swap zone's object is static, not from the zone of all objects");

/* 32 consecutive pages of one object. */
struct swblock {
	struct swblock *swb_hnext;
	struct vm_object *swb_object;
	vm_pindex_t swb_index; /* of its first page */
	int swb_count; /* entries that are not SWAPBLK_NONE */
	swblk_t swb_pages[SWAP_META_PAGES];
};

#define SWM_FREE 0x02 /* free the block */
#define SWM_POP 0x04 /* take it out, it is the caller's */

#define SWREAD_TIMEOUT (20 * hz)
#define NSWAP_MIN_RUN 4 /* a write is cut no smaller */

uma_zone_t swap_zone;
struct vm_object swap_zone_obj;
static struct mtx swhash_mtx;
static struct swblock **swhash;
static u_int swhash_mask;
static struct swap_stats stats;

static void swp_pager_async_iodone(struct buf *bp);

/* ---------------------------------------------------------------- metadata */

/* swhash held: the link that points, or would point, to the swblock of this page. */
static struct swblock **
swp_pager_hash(struct vm_object *object, vm_pindex_t index)
{
	u_int bucket = (u_int)(index / SWAP_META_PAGES) + object->id * 0x9e3779b1u;
	struct swblock **link = &swhash[(bucket ^ bucket >> 15) & swhash_mask];

	index &= ~(vm_pindex_t)SWAP_META_MASK;
	while (*link != NULL && ((*link)->swb_object != object || (*link)->swb_index != index))
		link = &(*link)->swb_hnext;
	return (link);
}

/* swhash held: a swblock that is empty goes. */
static void
swblock_drop(struct swblock **link)
{
	struct swblock *swap = *link;

	*link = swap->swb_hnext;
	--swap->swb_object->un_pager.swp.swp_bcount;
	stats.swblocks--;
	uma_zfree(swap_zone, swap);
}

static void
swblock_fill(struct swblock *swap, struct vm_object *object, vm_pindex_t pindex)
{
	swap->swb_hnext = NULL;
	swap->swb_object = object;
	swap->swb_index = pindex & ~(vm_pindex_t)SWAP_META_MASK;
	swap->swb_count = 0;
	for (int i = 0; i < SWAP_META_PAGES; i++)
		swap->swb_pages[i] = SWAPBLK_NONE;
	++object->un_pager.swp.swp_bcount;
	stats.swblocks++;
}

/*
 * Page pindex of the object lies at swapblk (SWAPBLK_NONE: nowhere) from now on.
 * The object, locked, becomes the swap pager's if it was not.  May drop its lock
 * and sleep for memory.
 */
KERN_NOINLINE static void
swp_pager_meta_build(struct vm_object *object, vm_pindex_t pindex, swblk_t swapblk)
{
	struct swblock *swap, **link;
	swblk_t *slot;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (object->type != OBJT_SWAP) {
		object->type = OBJT_SWAP;
		object->un_pager.swp.swp_bcount = 0;
		KASSERT(object->handle == NULL, ("swp_pager_meta_build: named object"));
	}
retry:
	mtx_lock(&swhash_mtx);
	link = swp_pager_hash(object, pindex);
	if (*link == NULL) {
		if (swapblk == SWAPBLK_NONE)
			goto done;
		swap = *link = uma_zalloc(swap_zone, M_NOWAIT);
		if (swap == NULL) {
			stats.meta_waits++;
			mtx_unlock(&swhash_mtx);
			VM_OBJECT_UNLOCK(object);
			VM_WAIT;
			VM_OBJECT_LOCK(object);
			goto retry;
		}
		swblock_fill(swap, object, pindex);
	}
	swap = *link;
	slot = &swap->swb_pages[pindex & SWAP_META_MASK];
	if (*slot != SWAPBLK_NONE) {
		swp_pager_freeswapspace(*slot, 1);
		--swap->swb_count;
	}
	*slot = swapblk;
	if (swapblk != SWAPBLK_NONE)
		++swap->swb_count;
	else if (swap->swb_count == 0)
		swblock_drop(link);
done:
	mtx_unlock(&swhash_mtx);
}

/* swhash held: pages [from, from+n) of one swblock lose their blocks. */
static void
swblock_free_range(struct swblock **link, int from, int n)
{
	struct swblock *swap = *link;

	for (int i = from; i < from + n && swap->swb_count > 0; i++) {
		if (swap->swb_pages[i] == SWAPBLK_NONE)
			continue;
		swp_pager_freeswapspace(swap->swb_pages[i], 1);
		swap->swb_pages[i] = SWAPBLK_NONE;
		--swap->swb_count;
	}
	if (swap->swb_count == 0)
		swblock_drop(link);
}

static void
swp_pager_meta_free(struct vm_object *object, vm_pindex_t index, vm_size_t count)
{
	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (object->type != OBJT_SWAP)
		return;
	while (count > 0 && object->un_pager.swp.swp_bcount > 0) {
		int from = (int)(index & SWAP_META_MASK);
		vm_size_t n = ulmin(count, (u_long)(SWAP_META_PAGES - from));
		struct swblock **link;

		mtx_lock(&swhash_mtx);
		link = swp_pager_hash(object, index);
		if (*link != NULL)
			swblock_free_range(link, from, (int)n);
		mtx_unlock(&swhash_mtx);
		index += n;
		count -= n;
	}
}

static void
swp_pager_meta_free_all(struct vm_object *object)
{
	swp_pager_meta_free(object, 0, object->size);
	if (object->type == OBJT_SWAP && object->un_pager.swp.swp_bcount != 0)
		panic("swp_pager_meta_free_all: failed to locate %d swap meta blocks",
		    object->un_pager.swp.swp_bcount);
}

/* The block of a page, or SWAPBLK_NONE; with SWM_FREE or SWM_POP it has none after this. */
static swblk_t
swp_pager_meta_ctl(struct vm_object *object, vm_pindex_t pindex, int flags)
{
	struct swblock **link;
	swblk_t blk = SWAPBLK_NONE;

	VM_OBJECT_LOCK_ASSERT(object, MA_OWNED);
	if (object->type != OBJT_SWAP)
		return (SWAPBLK_NONE);
	mtx_lock(&swhash_mtx);
	link = swp_pager_hash(object, pindex);
	if (*link != NULL) {
		swblk_t *slot = &(*link)->swb_pages[pindex & SWAP_META_MASK];

		blk = *slot;
		if (blk != SWAPBLK_NONE && (flags & SWM_FREE) != 0)
			swp_pager_freeswapspace(blk, 1);
		if (blk != SWAPBLK_NONE && (flags & (SWM_FREE | SWM_POP)) != 0) {
			*slot = SWAPBLK_NONE;
			if (--(*link)->swb_count == 0)
				swblock_drop(link);
		}
		if ((flags & SWM_FREE) != 0)
			blk = SWAPBLK_NONE;
	}
	mtx_unlock(&swhash_mtx);
	return (blk);
}

/* ---------------------------------------------------------------- the pager's operations */

void
swap_pager_swap_init(void)
{
	struct vm_object *obj = vm_swapzone_static_obj ? &swap_zone_obj : NULL;
	int n = cnt.v_page_count / 2, n2 = n;
	u_int buckets;

	swap_zone = uma_zcreate("SWAPMETA", sizeof(struct swblock), NULL, NULL, NULL, NULL, UMA_ALIGN_PTR,
	    UMA_ZONE_NOFREE | UMA_ZONE_VM);
	while (n > 0 && !uma_zone_set_obj(swap_zone, obj, n))
		n -= (n + 2) / 3;
	if (n == 0)
		panic("swap_pager_swap_init: no room for the swap zone");
	if (n != n2)
		kprintf("Swap zone entries reduced from %d to %d.\n", n2, n);
	for (buckets = 1; buckets < (u_int)n / 8; buckets *= 2)
		continue;
	swhash = (struct swblock **)kmem_alloc(kernel_map, buckets * sizeof(swhash[0]));
	if (swhash == NULL)
		panic("swap_pager_swap_init: no memory for the hash");
	swhash_mask = buckets - 1;
	mtx_init(&swhash_mtx, "swap_pager swhash", NULL, MTX_DEF);
}

static struct vm_object *
swap_pager_alloc(void *handle, vm_ooffset_t size, vm_prot_t prot, vm_ooffset_t offset)
{
	struct vm_object *object;

	(void)prot;
	if (handle != NULL)
		panic("swap_pager_alloc: handle specified");
	object = vm_object_allocate(OBJT_DEFAULT, OFF_TO_IDX(round_page(offset + size)));
	VM_OBJECT_LOCK(object);
	swp_pager_meta_build(object, 0, SWAPBLK_NONE);
	VM_OBJECT_UNLOCK(object);
	return (object);
}

static void
swap_pager_dealloc(struct vm_object *object)
{
	vm_object_pip_wait(object, "swpdea");
	swp_pager_meta_free_all(object);
}

void
swap_pager_freespace(struct vm_object *object, vm_pindex_t start, vm_size_t size)
{
	swp_pager_meta_free(object, start, size);
}

void
swap_pager_copy(struct vm_object *src, struct vm_object *dst, vm_pindex_t offset, int destroysource)
{
	VM_OBJECT_LOCK_ASSERT(src, MA_OWNED);
	VM_OBJECT_LOCK_ASSERT(dst, MA_OWNED);
	for (vm_pindex_t i = 0; i < dst->size; i++) {
		swblk_t blk;

		/* Where dst has a block of its own, src's is hidden for good. */
		if (swp_pager_meta_ctl(dst, i, 0) != SWAPBLK_NONE) {
			if (destroysource)
				swp_pager_meta_ctl(src, i + offset, SWM_FREE);
			continue;
		}
		blk = swp_pager_meta_ctl(src, i + offset, SWM_POP);
		if (blk == SWAPBLK_NONE)
			continue;
		/* meta_build may sleep with dst unlocked: src must not be locked, but must stay. */
		vm_object_pip_add(src, 1);
		VM_OBJECT_UNLOCK(src);
		vm_object_pip_add(dst, 1);
		swp_pager_meta_build(dst, i, blk);
		vm_object_pip_wakeup(dst);
		VM_OBJECT_LOCK(src);
		vm_object_pip_wakeup(src);
	}
	if (destroysource) {
		swp_pager_meta_free_all(src);
		src->type = OBJT_DEFAULT; /* nothing left to free when it goes */
	}
}

/* How many pages beside pindex, one step each, lie on consecutive blocks. */
static int
contiguous(struct vm_object *object, vm_pindex_t pindex, swblk_t blk, int step)
{
	int n = 0;

	while (n < SWB_NPAGES / 2 - 1) {
		int64_t next = (int64_t)pindex + step * (n + 1);

		if (next < 0 || swp_pager_meta_ctl(object, (vm_pindex_t)next, 0) != blk + step * (n + 1))
			break;
		n++;
	}
	return (n);
}

static boolean_t
swap_pager_haspage(struct vm_object *object, vm_pindex_t pindex, int *before, int *after)
{
	swblk_t blk = swp_pager_meta_ctl(object, pindex, 0);

	if (before != NULL)
		*before = blk == SWAPBLK_NONE ? 0 : contiguous(object, pindex, blk, -1);
	if (after != NULL)
		*after = blk == SWAPBLK_NONE ? 0 : contiguous(object, pindex, blk, 1);
	return (blk != SWAPBLK_NONE);
}

static void
swap_pager_unswapped(struct vm_page *m)
{
	swp_pager_meta_ctl(m->object, m->pindex, SWM_FREE);
}

/* ---------------------------------------------------------------- in */

/* Pages of m[] that come with this transfer: [*first, *end) around reqpage, on consecutive blocks. */
static swblk_t
read_range(struct vm_object *object, struct vm_page **m, int count, int reqpage, int *first, int *end)
{
	swblk_t blk = swp_pager_meta_ctl(object, m[reqpage]->pindex, 0);
	int i = reqpage, j = reqpage + 1;

	if (blk != SWAPBLK_NONE) {
		while (i > 0 && swp_pager_meta_ctl(object, m[i - 1]->pindex, 0) == blk - (reqpage - i + 1))
			i--;
		while (j < count && swp_pager_meta_ctl(object, m[j]->pindex, 0) == blk + (j - reqpage))
			j++;
	}
	*first = i;
	*end = j;
	return (blk == SWAPBLK_NONE ? blk : blk - (reqpage - i));
}

static void
free_pages(struct vm_page **m, int n)
{
	if (n <= 0)
		return;
	vm_page_lock_queues();
	for (int i = 0; i < n; i++)
		vm_page_free(m[i]);
	vm_page_unlock_queues();
}

/* Object locked: the pages belong to the transfer from now on. */
static void
claim_pages(struct buf *bp, struct vm_object *object, struct vm_page **m, int n)
{
	vm_page_lock_queues();
	for (int i = 0; i < n; i++) {
		bp->b_pages[i] = m[i];
		vm_page_flag_set(m[i], PG_SWAPINPROG);
	}
	vm_page_unlock_queues();
	bp->b_object = object;
	bp->b_npages = n;
}

/* Until the I/O thread has cleared PG_SWAPINPROG; the buffer may be gone long before we run. */
static void
wait_for_page(struct vm_page *mreq, swblk_t blk, int npages)
{
	vm_page_lock_queues();
	while ((mreq->flags & PG_SWAPINPROG) != 0) {
		vm_page_flag_set(mreq, PG_WANTED | PG_REFERENCED);
		cnt.v_intrans++;
		if (msleep(mreq, &vm_page_queue_mtx, PSWP, "swread", SWREAD_TIMEOUT) != 0) {
			stats.timeouts++;
			kprintf("swap_pager: indefinite wait buffer: device: %s, blkno: %lld, size: %ld\n",
			    "swap", (long long)blk, (long)npages * PAGE_SIZE);
		}
	}
	vm_page_unlock_queues();
}

KERN_NOINLINE static int
swap_pager_getpages(struct vm_object *object, struct vm_page **m, int count, int reqpage)
{
	struct vm_page *mreq = m[reqpage];
	struct buf *bp;
	swblk_t blk;
	int first, end;

	KASSERT(mreq->object == object, ("swap_pager_getpages: object mismatch"));
	blk = read_range(object, m, count, reqpage, &first, &end);
	free_pages(m, first);
	free_pages(m + end, count - end);
	if (blk == SWAPBLK_NONE)
		return (VM_PAGER_FAIL);
	VM_OBJECT_UNLOCK(object);
	bp = getpbuf(&nsw_rcount);
	pmap_qenter((vm_offset_t)bp->b_data, m + first, end - first);
	bp->b_iocmd = BIO_READ;
	bp->b_iodone = swp_pager_async_iodone;
	bp->b_blkno = blk;
	bp->b_reqpage = reqpage - first;
	VM_OBJECT_LOCK(object);
	claim_pages(bp, object, m + first, end - first);
	cnt.v_swapin++;
	cnt.v_swappgsin += (uint64_t)bp->b_npages;
	stats.pageins++;
	stats.pagesin += (uint64_t)bp->b_npages;
	vm_object_pip_add(object, bp->b_npages);
	VM_OBJECT_UNLOCK(object);
	swapdev_strategy(bp);
	wait_for_page(mreq, blk, end - first);
	VM_OBJECT_LOCK(object);
	return (mreq->valid == VM_PAGE_BITS_ALL ? VM_PAGER_OK : VM_PAGER_ERROR);
}

/* ---------------------------------------------------------------- out */

/* The longest run of blocks to be had for up to n pages, not less than it pays. */
static swblk_t
space_for(int *n)
{
	swblk_t blk;

	while ((blk = swp_pager_getswapspace(*n)) == SWAPBLK_NONE && *n > NSWAP_MIN_RUN)
		*n >>= 1;
	return (blk);
}

static void
set_all(int *rtvals, int n, int outcome)
{
	for (int i = 0; i < n; i++)
		rtvals[i] = outcome;
}

/* A buffer for n pages on blocks from blk; sleeps for one. */
static struct buf *
write_buf(struct vm_page **m, int n, swblk_t blk, bool sync)
{
	struct buf *bp = getpbuf(sync ? &nsw_wcount_sync : &nsw_wcount_async);

	bp->b_flags = sync ? 0 : B_ASYNC;
	bp->b_iocmd = BIO_WRITE;
	bp->b_iodone = sync ? bdone : swp_pager_async_iodone;
	bp->b_blkno = blk;
	bp->b_reqpage = -1;
	pmap_qenter((vm_offset_t)bp->b_data, m, n);
	return (bp);
}

static void
start_write(struct buf *bp, int n, int *rtvals)
{
	bool sync = (bp->b_flags & B_ASYNC) == 0;

	cnt.v_swapout++;
	cnt.v_swappgsout += (uint64_t)n;
	stats.pageouts++;
	stats.pagesout += (uint64_t)n;
	set_all(rtvals, n, VM_PAGER_PEND);
	swapdev_strategy(bp); /* without sync the buffer is the I/O thread's from here on */
	if (sync) {
		bwait(bp, PVM, "swwrt");
		swp_pager_async_iodone(bp);
	}
}

/*
 * Only the page daemon writes without waiting: others would take what it needs
 * to free memory for all.
 */
KERN_NOINLINE static void
swap_pager_putpages(struct vm_object *object, struct vm_page **m, int count, int flags, int *rtvals)
{
	bool sync = curproc != pageproc || (flags & VM_PAGER_PUT_SYNC) != 0;
	int n;

	GIANT_REQUIRED;
	KASSERT(count == 0 || m[0]->object == object, ("swap_pager_putpages: object mismatch"));
	if (object->type != OBJT_SWAP)
		swp_pager_meta_build(object, 0, SWAPBLK_NONE);
	VM_OBJECT_UNLOCK(object);
	for (int i = 0; i < count; i += n) {
		struct buf *bp;
		swblk_t blk;

		n = imin(imin(BLIST_MAX_ALLOC, SWB_NPAGES), count - i);
		blk = space_for(&n);
		if (blk == SWAPBLK_NONE) {
			set_all(&rtvals[i], n, VM_PAGER_FAIL);
			continue;
		}
		bp = write_buf(&m[i], n, blk, sync);
		VM_OBJECT_LOCK(object);
		for (int j = 0; j < n; j++) {
			swp_pager_meta_build(object, m[i + j]->pindex, blk + j);
			vm_page_dirty(m[i + j]);
		}
		claim_pages(bp, object, &m[i], n);
		VM_OBJECT_UNLOCK(object);
		start_write(bp, n, &rtvals[i]);
	}
	VM_OBJECT_LOCK(object);
}

/* ---------------------------------------------------------------- done */

/* One message a direction: a full disk would fill the console with its own. */
static void
report_error(const struct buf *bp)
{
	static bool said[2];
	int dir = bp->b_iocmd == BIO_READ;

	stats.errors++;
	if (said[dir])
		return;
	said[dir] = true;
	kprintf("swap_pager: I/O error - %s failed; blkno %lld,size %ld, error %d (%s)\n",
	    dir ? "pagein" : "pageout", (long long)bp->b_blkno, bp->b_bcount, bp->b_error,
	    strerror(bp->b_error));
}

/* Object and queues locked: a page that was read; the one asked for stays busy. */
static void
page_read(struct vm_page *m, bool requested, bool error)
{
	if (error) {
		m->valid = 0;
		if (requested)
			vm_page_flash(m);
		else
			vm_page_free(m);
		return;
	}
	pmap_clear_modify(m);
	m->valid = VM_PAGE_BITS_ALL;
	vm_page_undirty(m);
	if (requested)
		vm_page_flash(m);
	else {
		vm_page_deactivate(m);
		vm_page_wakeup(m);
	}
}

/* Object and queues locked: a page that was written, or could not be. */
static void
page_written(struct vm_page *m, bool error)
{
	if (error) {
		/* Off the inactive queue, where it would only clog the daemon's next scan. */
		vm_page_dirty(m);
		vm_page_activate(m);
		vm_page_io_finish(m);
		return;
	}
	pmap_clear_modify(m);
	vm_page_undirty(m);
	vm_page_io_finish(m);
	if (vm_page_count_severe())
		vm_page_try_to_cache(m);
}

/* Ends a transfer, in the I/O thread (a waited-for write: in who waited). */
KERN_NOINLINE static void
swp_pager_async_iodone(struct buf *bp)
{
	struct vm_object *object = bp->b_object;
	bool error = (bp->b_flags & B_ERROR) != 0;

	if (error)
		report_error(bp);
	pmap_qremove((vm_offset_t)bp->b_data, bp->b_npages);
	VM_OBJECT_LOCK(object);
	vm_page_lock_queues();
	for (int i = 0; i < bp->b_npages; i++) {
		struct vm_page *m = bp->b_pages[i];

		vm_page_flag_clear(m, PG_SWAPINPROG);
		if (bp->b_iocmd == BIO_READ)
			page_read(m, i == bp->b_reqpage, error);
		else
			page_written(m, error);
	}
	vm_page_unlock_queues();
	vm_object_pip_wakeupn(object, bp->b_npages);
	VM_OBJECT_UNLOCK(object);
	relpbuf(bp, bp->b_freecnt);
}

struct pagerops swappagerops = {.pgo_alloc = swap_pager_alloc,
    .pgo_dealloc = swap_pager_dealloc,
    .pgo_getpages = swap_pager_getpages,
    .pgo_putpages = swap_pager_putpages,
    .pgo_haspage = swap_pager_haspage,
    .pgo_pageunswapped = swap_pager_unswapped};

/* ---------------------------------------------------------------- numbers and checks */

void
swap_pager_statistics(struct swap_stats *st)
{
	*st = stats;
	st->used = swap_total - swap_pager_avail;
}

/* swhash held: one swblock's blocks are lent, and nobody else's.  Returns violations. */
static int
check_swblock(const struct swblock *swap, uint8_t *seen, swblk_t end, swblk_t *used)
{
	int n = 0, wrong = 0;

	for (int i = 0; i < SWAP_META_PAGES; i++) {
		swblk_t blk = swap->swb_pages[i];

		if (blk == SWAPBLK_NONE)
			continue;
		n++;
		if (blk >= end || !swapdev_lent(blk) || (seen[blk / 8] & 1 << blk % 8) != 0) {
			kprintf("swap: object %u page %llu: block %lld is %s\n", swap->swb_object->id,
			    (unsigned long long)swap->swb_index + (unsigned long long)i, (long long)blk,
			    blk < end && swapdev_lent(blk) ? "used twice" : "not lent");
			wrong++;
			continue;
		}
		seen[blk / 8] |= (uint8_t)(1 << blk % 8);
	}
	if (n != swap->swb_count || n == 0) {
		kprintf("swap: object %u: swblock of %d pages counts %d\n", swap->swb_object->id, n,
		    swap->swb_count);
		wrong++;
	}
	*used += n;
	return (wrong);
}

/* Every swblock, and that the objects' counts add up to them. */
static int
check_metadata(uint8_t *seen, swblk_t end, swblk_t *used)
{
	struct vm_object *object;
	int wrong = 0, swblocks = 0, counted = 0;

	if (swhash == NULL)
		return (0); /* the page daemon has not run yet */
	mtx_lock(&swhash_mtx);
	for (u_int i = 0; i <= swhash_mask; i++) {
		for (struct swblock *swap = swhash[i]; swap != NULL; swap = swap->swb_hnext) {
			wrong += check_swblock(swap, seen, end, used);
			swblocks++;
		}
	}
	mtx_unlock(&swhash_mtx);
	mtx_lock(&vm_object_list_mtx);
	TAILQ_FOREACH (object, &vm_object_list, object_list) {
		if (object->type == OBJT_SWAP)
			counted += object->un_pager.swp.swp_bcount;
	}
	mtx_unlock(&vm_object_list_mtx);
	if (swblocks != counted || swblocks != stats.swblocks) {
		kprintf(
		    "swap: %d swblocks, objects count %d, the pager %d\n", swblocks, counted, stats.swblocks);
		wrong++;
	}
	return (wrong);
}

int
swap_pager_check(void)
{
	swblk_t end = swapdev_end(), lent = swapdev_check(), used = 0;
	vm_size_t bytes = (vm_size_t)end / 8 + 1;
	uint8_t *seen = (uint8_t *)kmem_alloc(kernel_map, bytes);
	int wrong = lent < 0;

	if (seen == NULL) {
		kprintf("swap: no memory for the check\n");
		return (1);
	}
	wrong += check_metadata(seen, end, &used);
	kmem_free(kernel_map, (vm_offset_t)seen, bytes);
	if (lent >= 0 && used != lent) {
		kprintf("swap: %lld blocks lent, %lld in swblocks\n", (long long)lent, (long long)used);
		wrong++;
	}
	if (pbuf_check() != 0) {
		kprintf("swap: %d buffers are out\n", pbuf_check());
		wrong++;
	}
	return (wrong);
}
