/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run file's reader against every truncation, every flipped bit, garbage,
 * holes and a tail that is being written.  Each image is read from memory of its
 * exact size, so that the sanitized build sees any step outside.
 */
#include "core_fixture.h"

#define IMAGE_MAX (WIT_RUNFILE_HEADER + 4096)
#define RECORDS 8

/* An image with records of known places: good ones, a hole of zeroes, open words. */
struct image {
	_Alignas(8) char bytes[IMAGE_MAX];
	size_t size;
	unsigned records;
	struct {
		size_t at, length, open;
	} record[RECORDS];
};

static size_t
build(char *buffer, size_t room, unsigned type, size_t payload, unsigned open, unsigned salt)
{
	struct wit_rec_builder b;
	size_t i;

	wit_runfile_begin(&b, buffer, room);
	for (i = 0; i < payload; i++) {
		char c = (char)(salt * 37 + i * 11 + 1);

		wit_runfile_put(&b, &c, 1);
	}
	return (wit_runfile_finish(&b, type, open));
}

static void
image_add(struct image *image, unsigned type, size_t payload, unsigned open)
{
	size_t length =
	    build(image->bytes + image->size, IMAGE_MAX - image->size, type, payload, open, image->records);

	ck_assert_uint_eq(length, payload + sizeof(struct wit_rec));
	image->record[image->records].at = image->size;
	image->record[image->records].length = length;
	image->record[image->records++].open = open;
	image->size += wit_runfile_space(payload);
}

static void
image_make(struct image *image)
{
	char *const argv[] = {"prog", "-x", "two words"};
	const struct wit_runfile_header header = {.kind = WIT_RUN_RUNTIME, .pid = 7, .program = "/bin/prog"};

	memset(image, 0, sizeof(*image));
	wit_runfile_header(image->bytes, &header, 3, argv);
	image->size = WIT_RUNFILE_HEADER;
	image_add(image, WIT_REC_CLASS, 17, 0);
	image_add(image, WIT_REC_SITE, 100, 0);
	image_add(image, WIT_REC_DEPENDENCY, 64, 8);
	image->size += 2 * WIT_RUNFILE_GRANULE; /* reserved, never written */
	image_add(image, 999, 5, 0); /* a type of the future */
	image_add(image, WIT_REC_CONTEXT, 61, 8);
	image_add(image, WIT_REC_END, 0, 0);
}

struct result {
	enum wit_reader_result open;
	struct wit_reader reader;
	unsigned good; /* of those that the image was made of, unchanged in place */
};

/* Reads a copy of exactly this size. */
static struct result
read_image(const struct image *image, const char *bytes, size_t size)
{
	struct result result = {.good = 0};
	char *copy = malloc(size == 0 ? 1 : size);
	const struct wit_rec *rec;
	unsigned i;

	memcpy(copy, bytes, size);
	result.open = wit_reader_open(&result.reader, copy, size);
	while ((rec = wit_reader_next(&result.reader, false)) != NULL) {
		size_t at = (size_t)((const char *)rec - copy);

		MUST(at % WIT_RUNFILE_GRANULE == 0 && rec->length <= size - at);
		for (i = 0; i < image->records; i++)
			result.good += image->record[i].at == at && image->record[i].length == rec->length;
	}
	MUST(wit_reader_next(&result.reader, false) == NULL);
	free(copy);
	return (result);
}

START_TEST(an_image_as_it_was_written)
{
	static struct image image;
	struct result result;
	const struct wit_runfile_header *header = (const struct wit_runfile_header *)image.bytes;

	image_make(&image);
	result = read_image(&image, image.bytes, image.size);
	ck_assert_int_eq(result.open, WIT_READER_OK);
	ck_assert_uint_eq(result.good, image.records);
	ck_assert_uint_eq(result.reader.records, image.records);
	ck_assert_uint_eq(result.reader.bad_bytes, 0);
	ck_assert_uint_eq(result.reader.unfinished, 0);
	ck_assert_uint_eq(result.reader.end, image.record[5].at + image.record[5].length);
	ck_assert_uint_eq(header->argc, 3);
	ck_assert_str_eq((const char *)(header + 1), "prog");
	ck_assert_uint_eq(header->length, sizeof(*header) + 5 + 3 + 10);
}
END_TEST

START_TEST(every_truncation)
{
	static struct image image;
	size_t size;
	unsigned i;

	image_make(&image);
	for (size = 0; size <= image.size; size++) {
		struct result result = read_image(&image, image.bytes, size);
		unsigned whole = 0;
		bool cut = false;

		for (i = 0; i < image.records; i++) {
			whole += image.record[i].at + image.record[i].length <= size;
			cut |=
			    image.record[i].at < size && image.record[i].at + image.record[i].length > size;
		}
		MUST(result.good == whole && result.reader.records == whole);
		MUST((result.reader.bad_bytes > 0) == cut && result.reader.bad_spans == cut);
		MUST(result.open == (size < 8			    ? WIT_READER_NOT_RUNFILE
					: size < WIT_RUNFILE_HEADER ? WIT_READER_BAD_HEADER
								    : WIT_READER_OK));
	}
}
END_TEST

/* Which record's checked bytes, header included, hold this place: its index, or -1. */
static int
owner_of(const struct image *image, size_t at)
{
	unsigned i;

	for (i = 0; i < image->records; i++)
		if (at >= image->record[i].at &&
		    at < image->record[i].at + image->record[i].length - image->record[i].open)
			return ((int)i);
	return (-1);
}

static bool
in_padding_or_open(const struct image *image, size_t at)
{
	unsigned i;

	for (i = 0; i < image->records; i++)
		if (at >= image->record[i].at &&
		    at < image->record[i].at +
			     wit_runfile_space(image->record[i].length - sizeof(struct wit_rec)))
			return (owner_of(image, at) < 0);
	return (false);
}

START_TEST(every_flipped_bit)
{
	static struct image image;
	size_t bit, length;

	image_make(&image);
	length = ((const struct wit_runfile_header *)image.bytes)->length;
	for (bit = 0; bit < image.size * 8; bit++) {
		size_t at = bit / 8;
		struct result result;
		int owner = owner_of(&image, at);

		if (at > length + 64 && at < WIT_RUNFILE_HEADER - 64)
			continue; /* the header's unused rest, the same all along */
		image.bytes[at] ^= (char)(1u << (bit % 8));
		result = read_image(&image, image.bytes, image.size);
		image.bytes[at] ^= (char)(1u << (bit % 8));
		MUST(result.open == (at < 8	      ? WIT_READER_NOT_RUNFILE
					: at < length ? WIT_READER_BAD_HEADER
						      : WIT_READER_OK));
		MUST(result.good == image.records - (owner >= 0));
		if (owner >= 0)
			MUST(result.reader.bad_spans == 1 && result.reader.bad_bytes > 0);
		else if (at < WIT_RUNFILE_HEADER || in_padding_or_open(&image, at))
			MUST(result.reader.bad_bytes == 0);
		else
			MUST(result.reader.bad_bytes == WIT_RUNFILE_GRANULE);
	}
}
END_TEST

START_TEST(garbage_and_zeroes)
{
	static struct image image;
	uint64_t state = 42;
	unsigned round;
	size_t i;

	image_make(&image);
	memset(image.bytes + WIT_RUNFILE_HEADER, 0, IMAGE_MAX - WIT_RUNFILE_HEADER);
	image.records = 0;
	ck_assert_uint_eq(read_image(&image, image.bytes, IMAGE_MAX).reader.bad_bytes, 0);
	for (round = 0; round < 300; round++) {
		struct result result;

		for (i = WIT_RUNFILE_HEADER; i < IMAGE_MAX; i++) {
			state = wit_mix(state);
			/* Small numbers are plausible lengths and types: worse than noise. */
			image.bytes[i] = (char)(round % 2 == 0 ? state : (state % 3 == 0 ? state >> 60 : 0));
		}
		result = read_image(&image, image.bytes, IMAGE_MAX - round % 33);
		MUST(result.reader.records == 0 && result.reader.bad_bytes + result.reader.unfinished > 0);
	}
}
END_TEST

/*
 * Garbage on a good file, several bytes at once: what is read is in the mapping, and the good are
 * at least those left alone.
 */
START_TEST(many_wounds)
{
	static struct image image, hurt;
	uint64_t state = 7;
	unsigned round, wound, i;

	image_make(&image);
	for (round = 0; round < 3000; round++) {
		bool alone[RECORDS];
		unsigned left = 0;
		struct result result;

		hurt = image;
		memset(alone, true, sizeof(alone));
		for (wound = 0; wound < 1 + round % 5; wound++) {
			size_t at =
			    WIT_RUNFILE_HEADER + (state = wit_mix(state)) % (image.size - WIT_RUNFILE_HEADER);

			hurt.bytes[at] = (char)(state >> 32);
			for (i = 0; i < image.records; i++)
				alone[i] &= at < image.record[i].at ||
					    at >= image.record[i].at + image.record[i].length;
		}
		for (i = 0; i < image.records; i++)
			left += alone[i];
		result = read_image(&hurt, hurt.bytes, hurt.size);
		MUST(result.good >= left);
	}
}
END_TEST

/* A writer that died in the middle is not a damaged file; what stands behind its record is found. */
START_TEST(unfinished_is_not_bad)
{
	static struct image image;
	struct wit_rec *rec;
	struct result result;

	image_make(&image);
	rec = (struct wit_rec *)(image.bytes + image.record[1].at);
	rec->commit = 0;
	result = read_image(&image, image.bytes, image.size);
	ck_assert_uint_eq(result.good, image.records - 1);
	ck_assert_uint_eq(result.reader.unfinished, 1);
	ck_assert_uint_eq(result.reader.bad_bytes, 0);
	/* Its length may be wrong: good records inside it are good. */
	rec->length = (uint32_t)(image.size - image.record[1].at);
	result = read_image(&image, image.bytes, image.size);
	ck_assert_uint_eq(result.good, image.records - 1);
	ck_assert_uint_eq(result.reader.bad_bytes, 0);
	/* One that no record could have is damage. */
	rec->length = WIT_REC_MAX + 1;
	result = read_image(&image, image.bytes, image.size);
	ck_assert_uint_eq(result.good, image.records - 1);
	ck_assert_uint_gt(result.reader.bad_bytes, 0);
}
END_TEST

START_TEST(a_tail_that_is_written_now)
{
	static struct image image;
	struct wit_reader reader;
	struct wit_rec *rec;
	char hole[2 * WIT_RUNFILE_GRANULE];
	char *at;
	unsigned i;

	image_make(&image);
	rec = (struct wit_rec *)(image.bytes + image.record[1].at);
	rec->commit = 0;
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_OK);
	ck_assert_ptr_nonnull(wit_reader_next(&reader, true));
	for (i = 0; i < 3; i++)
		ck_assert_ptr_null(wit_reader_next(&reader, true));
	rec->commit = WIT_REC_COMMIT;
	ck_assert_ptr_eq(wit_reader_next(&reader, true), rec);
	ck_assert_ptr_nonnull(wit_reader_next(&reader, true));
	/* A hole may still be filled. */
	ck_assert_ptr_null(wit_reader_next(&reader, true));
	at = image.bytes + image.record[2].at + wit_runfile_space(image.record[2].length - sizeof(*rec));
	ck_assert_uint_eq(build(hole, sizeof(hole), WIT_REC_LOST, 40, 0, 3), 56);
	memcpy(at, hole, sizeof(hole));
	for (i = 0; i < 4; i++)
		ck_assert_ptr_nonnull(wit_reader_next(&reader, true));
	ck_assert_ptr_null(wit_reader_next(&reader, true));
	ck_assert_uint_eq(reader.records, 7);
	ck_assert_uint_eq(reader.bad_bytes, 0);
	/* Damage does not stop a live reader. */
	((struct wit_rec *)at)->sum ^= 1;
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_OK);
	for (i = 0; i < 6; i++)
		ck_assert_ptr_nonnull(wit_reader_next(&reader, true));
	ck_assert_uint_eq(reader.bad_spans, 1);
}
END_TEST

START_TEST(a_newer_version)
{
	static struct image image;
	struct wit_runfile_header *header = (struct wit_runfile_header *)image.bytes;
	struct wit_reader reader;

	image_make(&image);
	header->version++;
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_BAD_HEADER);
	header->sum = 0;
	header->sum = wit_runfile_sum(
	    wit_runfile_sum(0, header, sizeof(*header)), header + 1, header->length - sizeof(*header));
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_NEWER);
	header->version--;
	header->length = WIT_RUNFILE_HEADER + 1;
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_BAD_HEADER);
	header->length = 8;
	ck_assert_int_eq(wit_reader_open(&reader, image.bytes, image.size), WIT_READER_BAD_HEADER);
	ck_assert_ptr_nonnull(wit_reader_next(&reader, false));
}
END_TEST

START_TEST(arguments_are_cut)
{
	_Alignas(8) static char buffer[WIT_RUNFILE_HEADER];
	static char big[6000];
	char *const argv[] = {"prog", big, "more"};
	struct wit_runfile_header fields = {.kind = WIT_RUN_STATIC};
	struct wit_reader reader;

	memset(big, 'x', sizeof(big) - 1);
	memset(fields.program, 'y', sizeof(fields.program));
	wit_runfile_header(buffer, &fields, 3, argv);
	ck_assert_int_eq(wit_reader_open(&reader, buffer, sizeof(buffer)), WIT_READER_OK);
	ck_assert_uint_eq(((struct wit_runfile_header *)buffer)->argc, 2);
	ck_assert_uint_eq(((struct wit_runfile_header *)buffer)->length, WIT_RUNFILE_HEADER);
	ck_assert_int_eq(buffer[WIT_RUNFILE_HEADER - 1], 0);
	ck_assert_uint_eq(strlen(((struct wit_runfile_header *)buffer)->program), 255);
}
END_TEST

START_TEST(builders_refuse_what_does_not_fit)
{
	_Alignas(8) char buffer[64];
	struct wit_rec_builder b;

	ck_assert_uint_eq(build(buffer, sizeof(buffer), WIT_REC_CLASS, 48, 0, 1), 64);
	ck_assert_uint_eq(build(buffer, sizeof(buffer), WIT_REC_CLASS, 49, 0, 1), 0);
	ck_assert_uint_eq(build(buffer, 15, WIT_REC_CLASS, 0, 0, 1), 0);
	ck_assert_uint_eq(build(buffer, sizeof(buffer), WIT_REC_CLASS, 7, 8, 1), 0);
	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put_string(&b, "abc");
	wit_runfile_align(&b, 8);
	ck_assert_uint_eq(b.used, 24);
	wit_runfile_align(&b, 8);
	ck_assert_uint_eq(b.used, 24);
	/* Bad stays bad. */
	wit_runfile_put(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, "", 1);
	ck_assert_uint_eq(wit_runfile_finish(&b, WIT_REC_CLASS, 0), 0);
}
END_TEST

START_TEST(payloads_are_bounded)
{
	_Alignas(8) char buffer[128];
	const struct wit_rec *rec = (const struct wit_rec *)buffer;
	struct wit_rec_builder b;
	uint64_t word = 5;

	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, &word, 8);
	wit_runfile_put_string(&b, "name");
	wit_runfile_put(&b, "xyz", 3);
	ck_assert_uint_eq(wit_runfile_finish(&b, WIT_REC_CLASS, 0), 32);
	ck_assert_ptr_nonnull(wit_reader_payload(rec, 16));
	ck_assert_ptr_null(wit_reader_payload(rec, 17));
	ck_assert_str_eq(wit_reader_string(rec, 8), "name");
	ck_assert_str_eq(wit_reader_string(rec, 12), "");
	/* Without its NUL it is no string; nor is one that begins outside. */
	ck_assert_ptr_null(wit_reader_string(rec, 13));
	ck_assert_ptr_null(wit_reader_string(rec, 16));
	ck_assert_ptr_null(wit_reader_string(rec, SIZE_MAX));
	ck_assert_ptr_nonnull(wit_reader_tail(rec, 8, 8));
	ck_assert_ptr_null(wit_reader_tail(rec, 8, 9));
	ck_assert_ptr_null(wit_reader_tail(rec, 17, 0));
	ck_assert_ptr_null(wit_reader_tail(rec, SIZE_MAX, 8));
	ck_assert_ptr_null(wit_reader_tail(rec, 8, SIZE_MAX));
	ck_assert_ptr_null(wit_reader_last(rec));
	ck_assert_uint_eq(build(buffer, sizeof(buffer), WIT_REC_CONTEXT, 16, 8, 1), 32);
	ck_assert_ptr_eq(wit_reader_last(rec), buffer + 24);
	ck_assert_uint_eq(build(buffer, sizeof(buffer), WIT_REC_CONTEXT, 17, 8, 1), 33);
	ck_assert_ptr_null(wit_reader_last(rec));
}
END_TEST

START_TEST(sums_tell_things_apart)
{
	const char zeroes[64] = {0};
	char text[32] = "a text of more than two words.";
	uint32_t seen[64], whole = wit_runfile_sum(0, text, 30), i, k;

	for (i = 0; i < 64; i++) {
		seen[i] = wit_runfile_sum(0, zeroes, i);
		for (k = 0; k < i; k++)
			ck_assert_uint_ne(seen[i], seen[k]);
	}
	ck_assert_uint_ne(whole, wit_runfile_sum(1, text, 30));
	for (i = 0; i < 30 * 8; i++) {
		text[i / 8] ^= (char)(1u << (i % 8));
		MUST(wit_runfile_sum(0, text, 30) != whole);
		text[i / 8] ^= (char)(1u << (i % 8));
	}
}
END_TEST

START_TEST(types_have_names)
{
	ck_assert_str_eq(wit_reader_type_name(WIT_REC_MODULE), "module");
	ck_assert_str_eq(wit_reader_type_name(WIT_REC_END), "end");
	ck_assert_ptr_null(wit_reader_type_name(0));
	ck_assert_ptr_null(wit_reader_type_name(999));
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_test(tc, an_image_as_it_was_written);
	tcase_add_test(tc, every_truncation);
	tcase_add_test(tc, every_flipped_bit);
	tcase_add_test(tc, garbage_and_zeroes);
	tcase_add_test(tc, many_wounds);
	tcase_add_test(tc, unfinished_is_not_bad);
	tcase_add_test(tc, a_tail_that_is_written_now);
	tcase_add_test(tc, a_newer_version);
	tcase_add_test(tc, arguments_are_cut);
	tcase_add_test(tc, builders_refuse_what_does_not_fit);
	tcase_add_test(tc, payloads_are_bounded);
	tcase_add_test(tc, sums_tell_things_apart);
	tcase_add_test(tc, types_have_names);
}

int
main(void)
{
	return (run_tests("core: runfile", add));
}
