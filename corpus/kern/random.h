/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.h - seeded streams of numbers, one for each subsystem.       room: corpus/kern
 *
 * Streams do not disturb each other: a new user of one leaves the others as
 * they were.  All follow from the machine's seed.
 */
#ifndef KERN_RANDOM_H
#define KERN_RANDOM_H

#include <stdint.h>

enum random_stream {
	RANDOM_SCHED, /* the schedule; the scheduler's alone */
	RANDOM_CLOCK,
	RANDOM_IO, /* delays and order of transfers */
	RANDOM_VM,
	RANDOM_UMA,
	RANDOM_WORKLOAD,
	RANDOM_NSTREAMS
};

void random_seed(uint64_t seed);
uint32_t kern_random(enum random_stream stream);
/* 0 .. n-1, for n > 0. */
uint32_t kern_random_below(enum random_stream stream, uint32_t n);

#endif
