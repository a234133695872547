/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleepqueue.h - to sleep on a channel, and to wake who sleeps there.   room: corpus/kern
 *
 * A channel is any address; only its identity counts.  Queues are first come,
 * first served; wakeup_one() takes the best priority among them.  Giant is
 * dropped over a sleep and taken again, before the interlock is.  Holding any
 * other mutex is a panic ("sleeping ... with a mutex held"); sx locks may be held.
 */
#ifndef KERN_SLEEPQUEUE_H
#define KERN_SLEEPQUEUE_H

#include "kern/param.h"

struct mtx;

/*
 * Sleep until a wakeup, or timo ticks of virtual time (0: for ever).  mtx, or
 * NULL, is dropped atomically and retaken unless pri has PDROP.  wmesg is a
 * string that stays.  0, or EWOULDBLOCK (positive, as in history) on time-out.
 */
int msleep(const void *chan, struct mtx *mtx, int pri, const char *wmesg, int timo);
#define tsleep(chan, pri, wmesg, timo) msleep((chan), NULL, (pri), (wmesg), (timo))

void wakeup(const void *chan);
void wakeup_one(const void *chan);

#endif
