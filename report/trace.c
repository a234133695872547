/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.c - the events of a run, as one compressed file beside the store.   room: report
 *
 * T1  An event is nothing without what it names, and some of that is named by
 *     events alone and becomes no row: the file carries it, in the producer's own
 *     numbers.  A run without events has no file.
 * T2  All or nothing, together with the rows: a temporary name until the store has
 *     committed, and none that stays when anything fails.
 * T3  Never less than before.  The same run may come again from an older or a
 *     damaged copy, or by another store in this folder: what lies there stays when
 *     it is whole, of this run, and has as many records.  It is judged by itself,
 *     not by what a row says of it.  The folder is locked meanwhile.
 * T4  Unpacking trusts nothing: zstd's own checksum must be right to the end.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "folder.h"
#include "records.h"
#include "say.h"
#include "store.h"
#include "trace.h"

#define LEVEL 1
#define CHUNK 131072u

/* T1 */
static const unsigned kept[] = {WIT_REC_MODULE, WIT_REC_CLASS, WIT_REC_ORIGIN, WIT_REC_SITE, WIT_REC_STACK,
    WIT_REC_THREAD, WIT_REC_THREAD_END, WIT_REC_SEGMENT, WIT_REC_INSTANCE, WIT_REC_EVENT, WIT_REC_LOST,
    WIT_REC_END};
#define KEPT (sizeof(kept) / sizeof(kept[0]))

/* ---- packing ---- */

struct packer {
	ZSTD_CCtx *zstd;
	int fd;
	char out[CHUNK];
	struct rep_digest digest;
	uint64_t bytes; /* written */
};

static int
write_out(struct packer *packer, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t wrote = write(packer->fd, packer->out + done, n - done);

		if (wrote < 0 && errno != EINTR)
			return (-errno);
		done += wrote < 0 ? 0 : (size_t)wrote;
	}
	rep_digest_add(&packer->digest, packer->out, n);
	packer->bytes += n;
	return (0);
}

/* n bytes more, or with `end` the last ones. */
static int
pack(struct packer *packer, const void *data, size_t n, bool end)
{
	ZSTD_inBuffer in = {data, n, 0};
	size_t left;
	int error;

	do {
		ZSTD_outBuffer out = {packer->out, sizeof(packer->out), 0};

		left = ZSTD_compressStream2(packer->zstd, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return (-EIO);
		error = write_out(packer, out.pos);
		if (error != 0)
			return (error);
	} while (in.pos < n || (end && left > 0));
	return (0);
}

/* The kept records in file order: the lists, each in that order, merged. */
struct cursor {
	const struct rep_records *records;
	size_t next[KEPT];
};

static const struct wit_rec *
next_record(struct cursor *cursor, size_t *offset)
{
	const struct wit_rec *first = NULL;
	size_t taken = 0;

	for (size_t i = 0; i < KEPT; i++) {
		const struct wit_rec *rec;

		if (cursor->next[i] == rep_records_count(cursor->records, kept[i]))
			continue;
		rec = rep_records_nth_record(cursor->records, kept[i], cursor->next[i], NULL);
		if (first == NULL || rec < first) {
			first = rec;
			taken = i;
		}
	}
	if (first != NULL) {
		cursor->next[taken]++;
		*offset = (size_t)((const char *)first - cursor->records->base);
	}
	return (first);
}

static uint64_t
count_kept(const struct rep_records *records)
{
	uint64_t count = 0;

	for (size_t i = 0; i < KEPT; i++)
		count += rep_records_count(records, kept[i]);
	return (count);
}

/* From one offset to another; a record that the file's end cuts off within its padding is padded. */
static int
pack_span(struct packer *packer, const struct rep_records *records, size_t from, size_t to)
{
	static const char padding[WIT_RUNFILE_GRANULE];
	size_t there = to < records->size ? to : records->size;
	int error = from == to ? 0 : pack(packer, records->base + from, there - from, false);

	return (error != 0 || there == to ? error : pack(packer, padding, to - there, false));
}

/* Header and records; those that lie behind one another go as one span. */
static int
pack_records(struct packer *packer, const struct rep_records *records)
{
	struct cursor cursor = {.records = records};
	size_t from = 0, to = WIT_RUNFILE_HEADER, at;
	const struct wit_rec *rec;
	int error = 0;

	while (error == 0 && (rec = next_record(&cursor, &at)) != NULL) {
		if (at != to) {
			error = pack_span(packer, records, from, to);
			from = at;
		}
		to = at + wit_runfile_space(rec->length - sizeof(*rec));
	}
	if (error == 0)
		error = pack_span(packer, records, from, to);
	return (error != 0 ? error : pack(packer, NULL, 0, true));
}

static int
pack_file(struct rep_trace *trace, const struct rep_records *records)
{
	struct packer *packer = rep_say_alloc(sizeof(*packer));
	int error = 0;

	rep_digest_init(&packer->digest);
	packer->fd = open(trace->temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	packer->zstd = ZSTD_createCCtx();
	if (packer->fd < 0)
		error = -errno;
	else if (packer->zstd == NULL)
		error = -ENOMEM;
	else if (ZSTD_isError(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_compressionLevel, LEVEL)) != 0 ||
		 ZSTD_isError(ZSTD_CCtx_setParameter(packer->zstd, ZSTD_c_checksumFlag, 1)) != 0)
		error = -EIO;
	if (error == 0)
		error = pack_records(packer, records);
	if (packer->fd >= 0 && close(packer->fd) != 0 && error == 0)
		error = -errno;
	trace->bytes = packer->bytes;
	rep_digest_text(&packer->digest, trace->digest);
	ZSTD_freeCCtx(packer->zstd);
	free(packer);
	if (error != 0)
		rep_say(0, "%s: the run's events cannot be written: %s; nothing was stored", trace->path,
		    strerror(-error));
	return (error);
}

/* ---- unpacking ---- */

struct unpacked {
	char *base;
	size_t size, room;
	struct rep_digest digest; /* of the packed file */
	uint64_t bytes; /* its size */
};

static int
unpack_chunk(struct unpacked *unpacked, ZSTD_DCtx *zstd, const char *data, size_t n, size_t *left)
{
	ZSTD_inBuffer in = {data, n, 0};

	rep_digest_add(&unpacked->digest, data, n);
	unpacked->bytes += n;
	for (bool full = true; in.pos < n || full;) {
		ZSTD_outBuffer out;

		if (unpacked->room - unpacked->size < CHUNK) {
			unpacked->room = unpacked->room == 0 ? 8 * CHUNK : 2 * unpacked->room;
			unpacked->base = rep_say_realloc(unpacked->base, unpacked->room);
		}
		out = (ZSTD_outBuffer){unpacked->base, unpacked->room, unpacked->size};
		*left = ZSTD_decompressStream(zstd, &out, &in);
		if (ZSTD_isError(*left))
			return (-EILSEQ);
		unpacked->size = out.pos;
		full = out.pos == out.size && *left != 0;
	}
	return (0);
}

/* T4.  The whole of a file; says nothing.  -EILSEQ: damaged, or cut off.  The caller frees ->base, whatever comes. */
static int
unpack(struct unpacked *unpacked, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error = fd < 0 ? -errno : 0;
	ZSTD_DCtx *zstd = ZSTD_createDCtx();
	char *chunk = rep_say_alloc(CHUNK);
	size_t left = 1;
	ssize_t got = 1;

	*unpacked = (struct unpacked){.base = NULL};
	rep_digest_init(&unpacked->digest);
	if (zstd == NULL && error == 0)
		error = -ENOMEM;
	while (error == 0 && got != 0) {
		got = read(fd, chunk, CHUNK);
		if (got > 0)
			error = unpack_chunk(unpacked, zstd, chunk, (size_t)got, &left);
		else if (got < 0 && errno != EINTR)
			error = -errno;
	}
	if (error == 0 && left != 0)
		error = -EILSEQ;
	if (fd >= 0)
		close(fd);
	ZSTD_freeDCtx(zstd);
	free(chunk);
	return (error);
}

bool
rep_trace_is(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t begin[4] = {0};
	bool is = fd >= 0 && read(fd, begin, sizeof(begin)) == (ssize_t)sizeof(begin) &&
		  ((uint32_t)begin[3] << 24 | begin[2] << 16 | begin[1] << 8 | begin[0]) == ZSTD_MAGICNUMBER;

	if (fd >= 0)
		close(fd);
	return (is);
}

int
rep_trace_open(struct rep_records *records, const char *path)
{
	struct unpacked unpacked;
	int error = unpack(&unpacked, path);

	if (error == 0)
		return (rep_records_open_memory(records, path, unpacked.base, unpacked.size));
	free(unpacked.base);
	if (error == -EILSEQ)
		return (rep_say(error, "%s: damaged or cut off: zstd cannot unpack it", path));
	return (rep_say(error, "%s: %s", path, strerror(-error)));
}

/* ---- beside the store ---- */

static bool
is_kept(unsigned type)
{
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i] == type)
			return (true);
	return (false);
}

/* Of the same run, and with a header that is no worse. */
static bool
is_of(const struct unpacked *unpacked, const struct rep_records *records)
{
	const struct wit_runfile_header *header = (const void *)unpacked->base;
	struct wit_reader reader;
	enum wit_reader_result result = wit_reader_open(&reader, unpacked->base, unpacked->size);

	return ((result == WIT_READER_OK || result == records->opened) &&
		unpacked->size >= WIT_RUNFILE_HEADER &&
		memcmp(header->run_id, records->header.run_id, sizeof(header->run_id)) == 0);
}

/* T3.  Whether what lies there is as good; then it is what *trace says. */
static bool
stays(struct rep_trace *trace, const struct rep_records *records)
{
	uint64_t count = 0, events = 0;
	struct unpacked unpacked;
	struct wit_reader reader;
	const struct wit_rec *rec;
	bool good = unpack(&unpacked, trace->path) == 0 && is_of(&unpacked, records);

	wit_reader_open(&reader, unpacked.base, good ? unpacked.size : 0);
	while ((rec = wit_reader_next(&reader, false)) != NULL) {
		count += is_kept(rec->type);
		events += rec->type == WIT_REC_EVENT;
	}
	good = good && reader.bad_spans == 0 && count >= count_kept(records);
	if (good) {
		trace->bytes = unpacked.bytes;
		trace->events = events;
		rep_digest_text(&unpacked.digest, trace->digest);
	}
	free(unpacked.base);
	return (good);
}

/* T3: the folder's lock.  Where there is none to be had, as on some network file systems, two importers may race. */
static void
lock(struct rep_trace *trace, const char *folder)
{
	trace->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (trace->folder >= 0)
		while (flock(trace->folder, LOCK_EX) != 0 && errno == EINTR)
			;
}

int
rep_trace_write(struct rep_trace *trace, const struct rep_store *store, const struct rep_records *records)
{
	char id[33], *folder;
	struct stat st;

	*trace = (struct rep_trace){.folder = -1, .events = rep_records_count(records, WIT_REC_EVENT)};
	if (trace->events == 0)
		return (0);
	folder = rep_folder_runs(store);
	if (folder == NULL)
		return (-EIO);
	rep_records_run_id(records->header.run_id, id);
	trace->name = rep_say_format(REP_FOLDER_RUNS "/%s.events.zst", id);
	trace->path = rep_say_format("%s/%s.events.zst", folder, id);
	lock(trace, folder);
	free(folder);
	if (lstat(trace->path, &st) == 0) {
		if (!S_ISREG(st.st_mode)) /* publish() could not replace a folder */
			return (rep_say(-EEXIST, "%s: is no file; nothing was stored", trace->path));
		if (stays(trace, records))
			return (0);
	}
	trace->temporary = rep_say_format("%s.new", trace->path);
	return (pack_file(trace, records));
}

int
rep_trace_publish(struct rep_trace *trace)
{
	if (trace->temporary == NULL)
		return (0);
	if (rename(trace->temporary, trace->path) != 0)
		return (rep_say(
		    -errno, "%s: the run's events could not be kept: %s", trace->path, strerror(errno)));
	free(trace->temporary);
	trace->temporary = NULL;
	return (0);
}

void
rep_trace_fini(struct rep_trace *trace)
{
	if (trace->temporary != NULL)
		unlink(trace->temporary);
	if (trace->folder >= 0)
		close(trace->folder);
	free(trace->temporary);
	free(trace->path);
	free(trace->name);
	*trace = (struct rep_trace){.folder = -1};
}
