/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - virtual time and callouts.                                room: corpus/kern
 *
 * The clock moves a little with work and jumps to the next callout when nobody
 * can run.  Callouts run in the thread "softclock", which holds no lock.
 */
#ifndef KERN_CLOCK_H
#define KERN_CLOCK_H

#include "kern/param.h"

extern int ticks; /* hz a virtual second, from 0 */

struct callout {
	TAILQ_ENTRY(callout) c_links;
	int c_time; /* tick */
	int c_pending;
	void (*c_func)(void *);
	void *c_arg;
};

void callout_init(struct callout *c);
/* In `to` ticks (at least 1) call func(arg), once; an earlier setting is forgotten. */
void callout_reset(struct callout *c, int to, void (*func)(void *), void *arg);
/* 1 it was pending; 0 it was not, and may be running just now. */
int callout_stop(struct callout *c);

#endif
