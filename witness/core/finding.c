/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A fingerprint must be the same for years, on every machine and in every
 * order of discovery: it is made of words only (the kind's, then the names),
 * each ended by a NUL, by FNV-1a over 64 bits (Fowler, Noll, Vo) and one mix.
 * Changing any of this orphans every baseline in the world.
 */
#include "core/finding.h"
#include "core/arena.h"

#include <string.h>

static const struct wit_finding_info infos[] = {
#define FINDING(value, NAME, kind, seen, derived, headline)                                                  \
	{value, kind, WIT_LEVEL_##seen, WIT_LEVEL_##derived, headline},
#include "core/finding.def"
#undef FINDING
};

#define INFOS (sizeof(infos) / sizeof(infos[0]))

const struct wit_finding_info *
wit_finding_info(unsigned value)
{
	size_t i;

	for (i = 0; i < INFOS; i++)
		if (infos[i].value == value)
			return (&infos[i]);
	return (NULL);
}

const struct wit_finding_info *
wit_finding_by_kind(const char *kind)
{
	size_t i;

	for (i = 0; i < INFOS; i++)
		if (strcmp(infos[i].kind, kind) == 0)
			return (&infos[i]);
	return (NULL);
}

const char *
wit_finding_level_name(enum wit_level level)
{
	switch (level) {
#define X(value, NAME, text)                                                                                 \
	case value:                                                                                          \
		return (text);
		WIT_LEVEL_LIST(X)
#undef X
	default:
		return (NULL);
	}
}

enum wit_level
wit_finding_level(const char *word)
{
#define X(value, NAME, text)                                                                                 \
	if (strcmp(word, text) == 0)                                                                         \
		return (WIT_LEVEL_##NAME);
	WIT_LEVEL_LIST(X)
#undef X
	return (WIT_LEVEL_CYCLE);
}

/* The rotation that begins at a against the one that begins at b, name by name. */
static int
compare_rotations(const char *const *names, size_t count, size_t a, size_t b)
{
	size_t i;

	for (i = 0; i < count; i++) {
		int order = strcmp(names[(a + i) % count], names[(b + i) % count]);

		if (order != 0)
			return (order);
	}
	return (0);
}

size_t
wit_finding_rotation(const char *const *names, size_t count)
{
	size_t best = 0, i;

	for (i = 1; i < count; i++)
		if (compare_rotations(names, count, i, best) < 0)
			best = i;
	return (best);
}

static uint64_t
add_word(uint64_t hash, const char *word)
{
	do
		hash = (hash ^ (unsigned char)*word) * 0x100000001b3u;
	while (*word++ != '\0');
	return (hash);
}

void
wit_finding_fingerprint(char out[WIT_FINGERPRINT_MAX], unsigned kind, const char *const *names, size_t count)
{
	const struct wit_finding_info *info = wit_finding_info(kind);
	bool cycle = info != NULL && info->seen == WIT_LEVEL_CYCLE;
	size_t first = cycle ? wit_finding_rotation(names, count) : 0, i;
	uint64_t hash = add_word(0xcbf29ce484222325u, info != NULL ? info->kind : "");

	for (i = 0; i < count; i++)
		hash = add_word(hash, names[(first + i) % count]);
	hash = wit_mix(hash);
	for (i = 0; i < WIT_FINGERPRINT_MAX - 1; i++)
		out[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 15];
	out[WIT_FINGERPRINT_MAX - 1] = '\0';
}
