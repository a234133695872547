/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * random.c - the seeded streams.                                      room: corpus/kern
 *
 * Each stream is a xorshift generator (Marsaglia 2003, with a multiplier on the
 * way out), set up by mixing seed and stream number well: neighbouring seeds
 * must give schedules that have nothing in common.
 */
#include "kern/param.h"
#include "kern/random.h"

static uint64_t state[RANDOM_NSTREAMS];

static uint64_t
mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return (x ^ (x >> 31));
}

void
random_seed(uint64_t seed)
{
	for (int i = 0; i < RANDOM_NSTREAMS; i++) {
		state[i] = mix(mix(seed) + (uint64_t)i);
		if (state[i] == 0)
			state[i] = 1; /* the one state that would stay */
	}
}

uint32_t
kern_random(enum random_stream stream)
{
	uint64_t x = state[stream];

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	state[stream] = x;
	return ((uint32_t)((x * 0x2545f4914f6cdd1dull) >> 32));
}

uint32_t
kern_random_below(enum random_stream stream, uint32_t n)
{
	KASSERT(n > 0, ("kern_random_below: nothing to choose from"));
	return ((uint32_t)(((uint64_t)kern_random(stream) * n) >> 32));
}
