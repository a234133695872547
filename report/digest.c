/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "digest.h"

/* The fractions of the cube roots of the first 64 primes. */
static const uint32_t round_constant[64] = {0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b,
    0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74,
    0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3,
    0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354,
    0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
    0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
    0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa,
    0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t
rotate(uint32_t word, unsigned bits)
{
	return (word >> bits | word << (32 - bits));
}

/* The 16 words of a block, and the 48 that follow from them. */
static void
expand(uint32_t w[64], const uint8_t block[64])
{
	for (int i = 0; i < 16; i++)
		w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
		       (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
	for (int i = 16; i < 64; i++) {
		uint32_t early = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t late = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;

		w[i] = w[i - 16] + early + w[i - 7] + late;
	}
}

static void
compress(uint32_t state[8], const uint8_t block[64])
{
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5],
		 g = state[6], h = state[7], w[64], one, two;

	expand(w, block);
	for (int i = 0; i < 64; i++) {
		one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +
		      round_constant[i] + w[i];
		two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
		h = g, g = f, f = e, e = d + one;
		d = c, c = b, b = a, a = one + two;
	}
	state[0] += a, state[1] += b, state[2] += c, state[3] += d;
	state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void
rep_digest_init(struct rep_digest *digest)
{
	/* The fractions of the square roots of the first 8 primes. */
	*digest = (struct rep_digest){.state = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
					  0x9b05688c, 0x1f83d9ab, 0x5be0cd19}};
}

void
rep_digest_add(struct rep_digest *digest, const void *data, size_t n)
{
	const uint8_t *at = data;
	size_t have = digest->length % 64, part;

	digest->length += n;
	while (n > 0) {
		part = 64 - have < n ? 64 - have : n;
		if (part == 64) {
			compress(digest->state, at);
		} else {
			memcpy(digest->block + have, at, part);
			if (have + part == 64)
				compress(digest->state, digest->block);
		}
		have = (have + part) % 64;
		at += part;
		n -= part;
	}
}

void
rep_digest_text(struct rep_digest *digest, char text[REP_DIGEST_TEXT])
{
	uint64_t bits = digest->length * 8;
	uint8_t end[72] = {0x80};
	size_t have = digest->length % 64, zeroes = (have < 56 ? 56 : 120) - have;

	for (int i = 0; i < 8; i++)
		end[zeroes + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
	rep_digest_add(digest, end, zeroes + 8);
	for (int i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", digest->state[i]);
}
