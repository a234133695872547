/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The layout is in runfile.h.  What the reader may not do is trust: every number
 * it takes from the file is compared with the size of the mapping before it is
 * used, and nothing in a record is used before its checksum was right.
 *
 * Resynchronising.  A place where a record could begin is every granule.  Where
 * none is good the granule is passed over:
 *   zeroes            never written: not bad
 *   commit word 0     its writer died in the middle; as far as the length in it
 *                     reaches, granules that are not good records are unfinished
 *   all else          bad
 * Consecutive bad granules, zeroes between them or not, are one span.  Records
 * inside an unfinished or a bad stretch are found all the same, since no length
 * of a record that is not good moves the reader on by more than a granule.
 */
#include "core/runfile.h"

#include <stdatomic.h>
#include <string.h>

_Static_assert(sizeof(struct wit_rec) == 16, "a record's header is half a granule");
_Static_assert(sizeof(struct wit_rec_dependency) == 48 && sizeof(struct wit_rec_context) == 48, "no padding");
_Static_assert(sizeof(struct wit_rec_held) == 40 && sizeof(struct wit_rec_chain) == 48, "no padding");
_Static_assert(sizeof(struct wit_rec_event) == 48 && sizeof(struct wit_rec_segment) == 32, "no padding");

/*
 * Each step is invertible in the state, so that two texts that differ in one
 * word differ in all states after it; the fold at the end is the only loss.
 */
static uint64_t
sum_step(uint64_t state, uint64_t word)
{
	state = (state ^ word) * 0x9fb21c651e98df25u;
	return (state ^ (state >> 32));
}

uint32_t
wit_runfile_sum(uint32_t seed, const void *data, size_t n)
{
	uint64_t state = sum_step(0x2545f4914f6cdd1du, ((uint64_t)seed << 32) ^ n), word;
	const char *at = data;

	for (; n >= sizeof(word); n -= sizeof(word), at += sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		state = sum_step(state, word);
	}
	if (n > 0) {
		word = 0;
		memcpy(&word, at, n);
		state = sum_step(state, word);
	}
	state = sum_step(state, 0);
	return ((uint32_t)(state ^ (state >> 32)));
}

/* Over the header's own words, then the covered payload. */
static uint32_t
record_sum(const struct wit_rec *rec)
{
	uint32_t seed = wit_runfile_sum(0, rec, offsetof(struct wit_rec, sum));

	return (wit_runfile_sum(seed, rec + 1, rec->length - sizeof(*rec) - rec->open));
}

/* ---- writing ---- */

void
wit_runfile_begin(struct wit_rec_builder *b, void *buffer, size_t room)
{
	b->buffer = buffer;
	b->room = room;
	b->used = sizeof(struct wit_rec);
	b->bad = room < sizeof(struct wit_rec);
}

void
wit_runfile_put(struct wit_rec_builder *b, const void *data, size_t n)
{
	if (b->bad || n > b->room - b->used) {
		b->bad = true;
		return;
	}
	if (n > 0)
		memcpy(b->buffer + b->used, data, n);
	b->used += n;
}

void
wit_runfile_put_string(struct wit_rec_builder *b, const char *text)
{
	wit_runfile_put(b, text, strlen(text) + 1);
}

void
wit_runfile_align(struct wit_rec_builder *b, size_t to)
{
	while (!b->bad && b->used % to != 0)
		wit_runfile_put(b, "", 1);
}

size_t
wit_runfile_finish(struct wit_rec_builder *b, unsigned type, unsigned open)
{
	struct wit_rec *rec = (struct wit_rec *)b->buffer;

	if (b->bad || b->used > WIT_REC_MAX || open > b->used - sizeof(*rec))
		return (0);
	rec->length = (uint32_t)b->used;
	rec->type = (uint16_t)type;
	rec->open = (uint16_t)open;
	rec->sum = record_sum(rec);
	rec->commit = WIT_REC_COMMIT;
	return (b->used);
}

static uint32_t
header_sum(const struct wit_runfile_header *header, uint32_t length)
{
	struct wit_runfile_header plain = *header;
	uint32_t seed;

	plain.sum = 0;
	seed = wit_runfile_sum(0, &plain, sizeof(plain));
	return (wit_runfile_sum(seed, header + 1, length - sizeof(plain)));
}

void
wit_runfile_header(
    char buffer[WIT_RUNFILE_HEADER], const struct wit_runfile_header *fields, int argc, char *const argv[])
{
	struct wit_runfile_header *header = (struct wit_runfile_header *)buffer;
	size_t used = sizeof(*header), n;

	memset(buffer, 0, WIT_RUNFILE_HEADER);
	*header = *fields;
	memcpy(header->magic, WIT_RUNFILE_MAGIC, sizeof(header->magic));
	header->version = WIT_RUNFILE_VERSION;
	header->program[sizeof(header->program) - 1] = '\0';
	header->argc = 0;
	while ((int)header->argc < argc && used < WIT_RUNFILE_HEADER) {
		n = strlen(argv[header->argc]);
		if (n > WIT_RUNFILE_HEADER - used - 1)
			n = WIT_RUNFILE_HEADER - used - 1;
		memcpy(buffer + used, argv[header->argc++], n);
		used += n + 1;
	}
	header->length = (uint32_t)used;
	header->sum = header_sum(header, header->length);
}

/* ---- reading ---- */

enum wit_reader_result
wit_reader_open(struct wit_reader *reader, const void *base, size_t size)
{
	const struct wit_runfile_header *header = base;

	*reader = (struct wit_reader){.base = base, .size = size};
	reader->at = reader->end = size < WIT_RUNFILE_HEADER ? size : WIT_RUNFILE_HEADER;
	if (size < sizeof(header->magic) || memcmp(base, WIT_RUNFILE_MAGIC, sizeof(header->magic)) != 0)
		return (WIT_READER_NOT_RUNFILE);
	if (size < WIT_RUNFILE_HEADER || header->length < sizeof(*header) ||
	    header->length > WIT_RUNFILE_HEADER || header->sum != header_sum(header, header->length))
		return (WIT_READER_BAD_HEADER);
	return (header->version == WIT_RUNFILE_VERSION ? WIT_READER_OK : WIT_READER_NEWER);
}

/* The commit word was stored last, with release order: who sees it sees the rest. */
static uint32_t
commit_of(const struct wit_rec *rec)
{
	return (atomic_load_explicit((const _Atomic uint32_t *)&rec->commit, memory_order_acquire));
}

/* The length is one that a record here could have. */
static bool
fits(const struct wit_rec *rec, size_t left)
{
	return (rec->length >= sizeof(*rec) && rec->length <= WIT_REC_MAX && rec->length <= left &&
		rec->open <= rec->length - sizeof(*rec));
}

static bool
good(const struct wit_rec *rec, size_t left)
{
	return (left >= sizeof(*rec) && commit_of(rec) == WIT_REC_COMMIT && fits(rec, left) &&
		rec->sum == record_sum(rec));
}

static bool
all_zero(const char *at, size_t n)
{
	while (n > 0 && at[n - 1] == 0)
		n--;
	return (n == 0);
}

/* Steps over the granule at reader->at, which begins no good record. */
static void
pass_over(struct wit_reader *reader, size_t n)
{
	const struct wit_rec *rec = (const struct wit_rec *)(reader->base + reader->at);
	size_t left = reader->size - reader->at;

	if (all_zero(reader->base + reader->at, n)) {
		reader->at += n;
		return;
	}
	if (reader->at >= reader->unfinished_end && left >= sizeof(*rec) && commit_of(rec) == 0 &&
	    fits(rec, left) && wit_reader_type_name(rec->type) != NULL) {
		reader->unfinished++;
		reader->unfinished_end = reader->at + rec->length;
	}
	if (reader->at >= reader->unfinished_end) {
		reader->bad_spans += !reader->in_bad;
		reader->bad_bytes += n;
		reader->in_bad = true;
	}
	reader->at += n;
}

/* Nothing committed here yet. */
static bool
pending(const struct wit_reader *reader, size_t n)
{
	const struct wit_rec *rec = (const struct wit_rec *)(reader->base + reader->at);

	return (n < sizeof(*rec) || commit_of(rec) == 0);
}

const struct wit_rec *
wit_reader_next(struct wit_reader *reader, bool live)
{
	while (reader->at < reader->size) {
		const struct wit_rec *rec = (const struct wit_rec *)(reader->base + reader->at);
		size_t left = reader->size - reader->at,
		       n = left < WIT_RUNFILE_GRANULE ? left : WIT_RUNFILE_GRANULE;

		if (good(rec, left)) {
			reader->records++;
			reader->in_bad = false;
			reader->end = reader->at + rec->length;
			n = (rec->length + WIT_RUNFILE_GRANULE - 1) & ~(size_t)(WIT_RUNFILE_GRANULE - 1);
			reader->at += n < left ? n : left;
			return (rec);
		}
		if (live && pending(reader, n))
			return (NULL);
		pass_over(reader, n);
	}
	return (NULL);
}

static size_t
payload_length(const struct wit_rec *rec)
{
	return (rec->length - sizeof(*rec));
}

const void *
wit_reader_payload(const struct wit_rec *rec, size_t need)
{
	return (payload_length(rec) < need ? NULL : rec + 1);
}

const void *
wit_reader_tail(const struct wit_rec *rec, size_t offset, size_t n)
{
	size_t length = payload_length(rec);

	if (offset > length || n > length - offset)
		return (NULL);
	return ((const char *)(rec + 1) + offset);
}

const char *
wit_reader_string(const struct wit_rec *rec, size_t offset)
{
	size_t length = payload_length(rec);
	const char *text;

	if (offset >= length)
		return (NULL);
	text = (const char *)(rec + 1) + offset;
	return (memchr(text, 0, length - offset) == NULL ? NULL : text);
}

const struct wit_rec_context_last *
wit_reader_last(const struct wit_rec *rec)
{
	size_t length = payload_length(rec);

	if (rec->open != sizeof(struct wit_rec_context_last) ||
	    rec->length % _Alignof(struct wit_rec_context_last))
		return (NULL);
	return (wit_reader_tail(rec, length - rec->open, rec->open));
}

const char *
wit_reader_type_name(unsigned type)
{
	switch (type) {
#define X(value, NAME, name)                                                                                 \
	case value:                                                                                          \
		return (#name);
		WIT_REC_LIST(X)
#undef X
	}
	return (NULL);
}
