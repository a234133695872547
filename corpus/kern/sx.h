/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sx.h - shared/exclusive locks that may be held across a sleep.       room: corpus/kern
 *
 * Not recursable.  A waiting writer holds new readers off.
 * Threads, memory, errors: as mutex.h.
 */
#ifndef KERN_SX_H
#define KERN_SX_H

#include "kern/param.h"
#include "witness.h"

struct thread;

struct sx {
	struct witness_lock_object lock_object;
	struct thread *sx_xholder;
	int sx_cnt; /* readers, or -1 with a writer */
	int sx_xwaiters; /* writers that wait */
	int sx_swaiters;
};

#define SX_LOCKED 0x01 /* in either way */
#define SX_SLOCKED 0x02
#define SX_XLOCKED 0x04
#define SX_UNLOCKED 0x08 /* not exclusively by the caller */

#define sx_init(sx, name) _sx_init((sx), (name), LOCK_FILE, LOCK_LINE)
#define sx_slock(sx) _sx_slock((sx), LOCK_FILE, LOCK_LINE)
#define sx_xlock(sx) _sx_xlock((sx), LOCK_FILE, LOCK_LINE)
#define sx_try_slock(sx) _sx_try_slock((sx), LOCK_FILE, LOCK_LINE)
#define sx_try_xlock(sx) _sx_try_xlock((sx), LOCK_FILE, LOCK_LINE)
#define sx_sunlock(sx) _sx_sunlock((sx), LOCK_FILE, LOCK_LINE)
#define sx_xunlock(sx) _sx_xunlock((sx), LOCK_FILE, LOCK_LINE)
#define sx_unlock(sx) _sx_unlock((sx), LOCK_FILE, LOCK_LINE)
#define sx_try_upgrade(sx) _sx_try_upgrade((sx), LOCK_FILE, LOCK_LINE)
#define sx_downgrade(sx) _sx_downgrade((sx), LOCK_FILE, LOCK_LINE)
#define sx_assert(sx, what) _sx_assert((sx), (what), LOCK_FILE, LOCK_LINE)

void _sx_init(struct sx *sx, const char *name, const char *file, int line);
void sx_destroy(struct sx *sx);
void _sx_slock(struct sx *sx, const char *file, int line);
void _sx_xlock(struct sx *sx, const char *file, int line);
/* 1 taken, 0 not. */
int _sx_try_slock(struct sx *sx, const char *file, int line);
int _sx_try_xlock(struct sx *sx, const char *file, int line);
void _sx_sunlock(struct sx *sx, const char *file, int line);
void _sx_xunlock(struct sx *sx, const char *file, int line);
void _sx_unlock(struct sx *sx, const char *file, int line);
/* The only reader becomes the writer: 1 done, 0 there are other readers. */
int _sx_try_upgrade(struct sx *sx, const char *file, int line);
void _sx_downgrade(struct sx *sx, const char *file, int line);
void _sx_assert(const struct sx *sx, int what, const char *file, int line);
/* The calling thread holds it exclusively. */
int sx_xlocked(const struct sx *sx);

#endif
