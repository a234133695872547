/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "records.h"
#include "say.h"

#define CHUNK 65536u
/* These do not begin with an id of their own. */
#define BIT(NAME) (1u << WIT_REC_##NAME)
#define WITHOUT_ID (BIT(CONTEXT) | BIT(INSTANCE) | BIT(EVENT) | BIT(COUNTS) | BIT(LOST) | BIT(END))

/* The least payload of each type. */
static const size_t least[REP_RECORD_TYPES] = {
#define X(value, NAME, name) [value] = sizeof(struct wit_rec_##name),
    WIT_REC_LIST(X)
#undef X
};

static size_t
file_size(struct rep_records *records)
{
	struct stat st;

	return (fstat(records->fd, &st) == 0 && st.st_size > 0 ? (size_t)st.st_size : 0);
}

/* Brings the bytes from `from` to the end of the file into memory; stop_at_zero: up to the first chunk of nothing. */
static int
fetch(struct rep_records *records, size_t from, bool stop_at_zero)
{
	size_t end = file_size(records), at = from;

	if (records->fd < 0)
		return (0);
	if (end > records->room) {
		records->room = end + (stop_at_zero ? end / 2 : 0);
		records->base = rep_say_realloc(records->base, records->room);
	}
	while (at < end) {
		size_t want = end - at < CHUNK ? end - at : CHUNK;
		ssize_t got = pread(records->fd, records->base + at, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return (rep_say(-errno, "%s: %s", records->path, strerror(errno)));
		if (got == 0)
			break;
		at += (size_t)got;
		if (stop_at_zero && records->base[at - (size_t)got] == 0 &&
		    memcmp(records->base + at - (size_t)got, records->base + at - (size_t)got + 1,
			(size_t)got - 1) == 0)
			break;
	}
	records->size = at;
	return (0);
}

static void
note(struct rep_records *records, const struct wit_rec *rec)
{
	uint32_t at = (uint32_t)((size_t)((const char *)rec - records->base) / WIT_RUNFILE_GRANULE), id;
	struct rep_record_list *list;

	if (rec->type == 0 || rec->type >= REP_RECORD_TYPES) {
		records->unknown++;
		return;
	}
	if (wit_reader_payload(rec, least[rec->type]) == NULL) {
		records->malformed++;
		return;
	}
	list = &records->list[rec->type];
	if ((WITHOUT_ID >> rec->type & 1) == 0) {
		memcpy(&id, rec + 1, sizeof(id));
		/* A record has a granule of its own, and some may have been lost: more is nonsense. */
		if (id == 0 || id > records->size / WIT_RUNFILE_GRANULE * 16 + 65536) {
			records->malformed++;
			return;
		}
		if (id >= list->ids) {
			size_t ids = (size_t)id + id / 2 + 64;

			list->by_id = rep_say_realloc(list->by_id, ids * sizeof(*list->by_id));
			memset(list->by_id + list->ids, 0, (ids - list->ids) * sizeof(*list->by_id));
			list->ids = ids;
		}
		if (list->by_id[id] != 0) /* the first of an id counts */
			return;
		list->by_id[id] = at;
	}
	REP_GROW(list->at, list->count, list->room);
	list->at[list->count++] = at;
	records->ended |= rec->type == WIT_REC_END;
}

static void
forget(struct rep_records *records)
{
	for (size_t i = 0; i < REP_RECORD_TYPES; i++) {
		struct rep_record_list *list = &records->list[i];

		list->count = 0;
		if (list->ids > 0)
			memset(list->by_id, 0, list->ids * sizeof(*list->by_id));
	}
	records->unknown = records->malformed = 0;
	records->ended = false;
}

static int
read_header(struct rep_records *records)
{
	records->opened = wit_reader_open(&records->reader, records->base, records->size);
	if (records->opened == WIT_READER_NOT_RUNFILE)
		return (rep_say(-EILSEQ, "%s: not a run file", records->path));
	if (records->size < WIT_RUNFILE_HEADER)
		return (rep_say(
		    -EILSEQ, "%s: cut off within its header: nothing can be read of it", records->path));
	memcpy(&records->header, records->base, sizeof(records->header));
	records->header.program[sizeof(records->header.program) - 1] = '\0';
	if (records->opened == WIT_READER_NEWER)
		return (rep_say(-EPROTO,
		    "%s: run file of version %u, this witness knows up to %u: use a newer witness",
		    records->path, records->header.version, WIT_RUNFILE_VERSION));
	return (0);
}

int
rep_records_open(struct rep_records *records, const char *path)
{
	struct stat st;
	int error = 0;

	*records = (struct rep_records){.path = rep_say_string(path)};
	records->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (records->fd < 0)
		error = rep_say(-errno, "%s: %s", path, strerror(errno));
	else if (fstat(records->fd, &st) != 0 || !S_ISREG(st.st_mode))
		error = rep_say(-EINVAL, "%s: not a run file (not a file)", path);
	else if ((error = fetch(records, 0, true)) == 0)
		error = read_header(records);
	if (error != 0)
		rep_records_close(records);
	return (error);
}

int
rep_records_open_memory(struct rep_records *records, const char *path, char *base, size_t size)
{
	int error;

	*records = (struct rep_records){
	    .path = rep_say_string(path), .fd = -1, .base = base, .size = size, .room = size};
	error = read_header(records);
	if (error != 0)
		rep_records_close(records);
	return (error);
}

bool
rep_records_ready(const char *path)
{
	static const char magic[] = WIT_RUNFILE_MAGIC;
	char begin[sizeof(magic) - 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool ready = fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= (off_t)WIT_RUNFILE_HEADER &&
		     pread(fd, begin, sizeof(begin), 0) == (ssize_t)sizeof(begin) &&
		     memcmp(begin, magic, sizeof(begin)) == 0;

	if (fd >= 0)
		close(fd);
	return (ready);
}

void
rep_records_close(struct rep_records *records)
{
	for (size_t i = 0; i < REP_RECORD_TYPES; i++) {
		free(records->list[i].at);
		free(records->list[i].by_id);
	}
	if (records->fd >= 0)
		close(records->fd);
	free(records->base);
	free(records->path);
	*records = (struct rep_records){.fd = -1};
}

int
rep_records_read(struct rep_records *records)
{
	const struct wit_rec *rec;
	int error = fetch(records, 0, false);

	if (error == 0)
		error = read_header(records);
	if (error != 0)
		return (error);
	forget(records);
	while ((rec = wit_reader_next(&records->reader, false)) != NULL)
		note(records, rec);
	records->bad_spans = records->reader.bad_spans + records->malformed;
	records->bad_bytes = records->reader.bad_bytes;
	if (records->opened == WIT_READER_BAD_HEADER) {
		records->bad_spans++;
		records->bad_bytes += WIT_RUNFILE_HEADER;
	}
	if (records->ended) /* who ended well left nothing half written */
		records->bad_spans += records->reader.unfinished;
	return (0);
}

int
rep_records_follow(struct rep_records *records)
{
	const struct wit_rec *rec;
	size_t from = records->reader.at;
	int error = fetch(records, from, true);

	if (error != 0)
		return (error);
	records->reader.base = records->base;
	records->reader.size = records->size;
	while ((rec = wit_reader_next(&records->reader, true)) != NULL)
		note(records, rec);
	return (0);
}

const struct wit_rec *
rep_records_nth_record(const struct rep_records *records, unsigned type, size_t n, uint64_t *offset)
{
	size_t at = (size_t)records->list[type].at[n] * WIT_RUNFILE_GRANULE;

	if (offset != NULL)
		*offset = at;
	return ((const struct wit_rec *)(records->base + at));
}

const void *
rep_records_nth(const struct rep_records *records, unsigned type, size_t n)
{
	return (rep_records_nth_record(records, type, n, NULL) + 1);
}

const struct wit_rec *
rep_records_find(const struct rep_records *records, unsigned type, uint32_t id)
{
	const struct rep_record_list *list = &records->list[type];

	if (id == 0 || id >= list->ids || list->by_id[id] == 0)
		return (NULL);
	return ((const struct wit_rec *)(records->base + (size_t)list->by_id[id] * WIT_RUNFILE_GRANULE));
}

const void *
rep_records_payload(const struct rep_records *records, unsigned type, uint32_t id)
{
	const struct wit_rec *rec = rep_records_find(records, type, id);

	return (rec == NULL ? NULL : rec + 1);
}

void
rep_records_run_id(const uint8_t id[16], char text[33])
{
	for (size_t i = 0; i < 16; i++)
		snprintf(text + 2 * i, 3, "%02x", id[i]);
}
