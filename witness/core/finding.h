/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * finding.h - what a rule says: kinds, levels, fingerprints.   room: witness/core
 *
 * A fingerprint names a finding for years: a hash of its kind and of what its
 * kind is named by: the class names round the cycle, rotated so that the least
 * comes first; or the class and the function.  Never an address, a line, a pid.
 */
#ifndef WIT_FINDING_H
#define WIT_FINDING_H

#include <stddef.h>
#include <stdint.h>

/* inversion < potential < predicted < actual; the order is compared. */
#define WIT_LEVEL_LIST(X)                                                                                    \
	X(1, INVERSION, "inversion")                                                                         \
	X(2, POTENTIAL, "potential")                                                                         \
	X(3, PREDICTED, "predicted")                                                                         \
	X(4, ACTUAL, "actual")

enum wit_level {
	WIT_LEVEL_CYCLE = 0, /* in finding.def only: the verdict decides */
#define X(value, NAME, text) WIT_LEVEL_##NAME = value,
	WIT_LEVEL_LIST(X)
#undef X
};

enum wit_finding_kind {
#define FINDING(value, NAME, kind, seen, derived, headline) WIT_FINDING_##NAME = value,
#include "core/finding.def"
#undef FINDING
};

struct wit_finding_info {
	unsigned value;
	const char *kind;
	enum wit_level seen, derived;
	const char *headline;
};

/* NULL for a value nobody knows. */
const struct wit_finding_info *wit_finding_info(unsigned value);
const struct wit_finding_info *wit_finding_by_kind(const char *kind);
/* "inversion" ...; NULL for a value nobody knows.  And back: 0 for a word nobody knows. */
const char *wit_finding_level_name(enum wit_level level);
enum wit_level wit_finding_level(const char *word);

#define WIT_FINGERPRINT_MAX 17 /* 16 hex digits and NUL */

/*
 * Names in the order of the cycle (kind inversion), or the kind's own (class, function): rotated
 * only for cycles.
 */
void wit_finding_fingerprint(
    char out[WIT_FINGERPRINT_MAX], unsigned kind, const char *const *names, size_t count);
/* Where the canonical rotation of a cycle begins. */
size_t wit_finding_rotation(const char *const *names, size_t count);

#endif
