/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * digest.h - SHA-256 (FIPS 180-4), so that sha256sum(1) can check what we keep.   room: report
 */
#ifndef REP_DIGEST_H
#define REP_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define REP_DIGEST_TEXT 65 /* hexadecimal, with its NUL */

struct rep_digest {
	uint32_t state[8];
	uint64_t length; /* bytes so far */
	uint8_t block[64]; /* the last, not yet whole */
};

void rep_digest_init(struct rep_digest *digest);
void rep_digest_add(struct rep_digest *digest, const void *data, size_t n);
/* The end: nothing can be added after it. */
void rep_digest_text(struct rep_digest *digest, char text[REP_DIGEST_TEXT]);

#endif
