/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * runfile.h - the run file, version 1: what the producers write and import reads.   room: witness/core
 *
 * A header of 4096 bytes, then records, each at a multiple of 32 bytes.  Little
 * endian.  A record begins with struct wit_rec; its payload is one of the
 * structs below, then what the struct calls its tail (arrays, then strings).
 * Records stand in the order their space was reserved: one may name an id whose
 * own record comes later (or was lost).
 *
 * Writing   reserve space, copy all but the commit word, then store the commit
 *           word with release order.  A record without it was being written when
 *           the process died.  Space that was reserved and never committed is 0.
 * Reading   the reader skips types it does not know; at a bad record (length,
 *           checksum, commit word) it looks for the next good one, 32 bytes on,
 *           and counts what it passed over.  Space of zeroes is not bad: it was
 *           never written.
 * Version   raise WIT_RUNFILE_VERSION when a record's meaning changes or a field
 *           moves; new types and new tails at the end do not raise it.
 *
 * Ids are the producer's own, from 1, 0 for none, one sequence for each kind.
 */
#ifndef WIT_RUNFILE_H
#define WIT_RUNFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIT_RUNFILE_MAGIC "WITRUN\r\n" /* 8 bytes; a text-mode copy breaks it */
#define WIT_RUNFILE_VERSION 1u
#define WIT_RUNFILE_HEADER 4096u
#define WIT_RUNFILE_GRANULE 32u
#define WIT_REC_COMMIT 0x1dc0ffeeu
#define WIT_REC_MAX (1u << 20) /* bytes; no record is longer */

enum wit_runfile_kind { WIT_RUN_RUNTIME = 1, WIT_RUN_STATIC = 2 };

/* At offset 0.  The checksum covers the header's first `length` bytes with sum as 0. */
struct wit_runfile_header {
	char magic[8];
	uint32_t version;
	uint32_t length; /* of this header with its argv, at most WIT_RUNFILE_HEADER */
	uint32_t sum;
	uint32_t kind; /* enum wit_runfile_kind */
	uint8_t run_id[16];
	uint8_t parent_run_id[16]; /* zeroes: none */
	uint64_t started_ns; /* CLOCK_REALTIME */
	uint32_t pid;
	uint32_t argc; /* NUL-ended strings after the struct; cut at the header's end */
	char program[256]; /* path of the executable, NUL-ended */
};

/* Before each record's payload. */
struct wit_rec {
	uint32_t length; /* bytes of header and payload, before padding to the granule */
	uint16_t type; /* enum wit_rec_type */
	uint16_t open; /* bytes at the payload's end that the checksum leaves out */
	uint32_t sum; /* over type, length, open and the covered payload: wit_runfile_sum() */
	uint32_t commit; /* WIT_REC_COMMIT, stored last */
};

#define WIT_REC_LIST(X)                                                                                      \
	X(1, MODULE, module)                                                                                 \
	X(2, CLASS, class)                                                                                   \
	X(3, ORIGIN, origin)                                                                                 \
	X(4, SITE, site)                                                                                     \
	X(5, STACK, stack)                                                                                   \
	X(6, THREAD, thread)                                                                                 \
	X(7, THREAD_END, thread_end)                                                                         \
	X(8, SEGMENT, segment)                                                                               \
	X(9, CHAIN, chain)                                                                                   \
	X(10, DEPENDENCY, dependency)                                                                        \
	X(11, CONTEXT, context)                                                                              \
	X(12, INSTANCE, instance)                                                                            \
	X(13, EVENT, event)                                                                                  \
	X(14, ALARM, alarm)                                                                                  \
	X(15, COUNTS, counts)                                                                                \
	X(16, LOST, lost)                                                                                    \
	X(17, END, end)

enum wit_rec_type {
#define X(value, NAME, name) WIT_REC_##NAME = value,
	WIT_REC_LIST(X)
#undef X
};

/* A loaded object.  Tail: build id (build_id_len bytes), path, NUL. */
struct wit_rec_module {
	uint32_t id;
	uint32_t build_id_len;
	uint64_t base; /* load bias: address minus base is the offset */
	uint64_t start, end; /* its address range */
};

/* Tail: name, NUL. */
struct wit_rec_class {
	uint32_t id;
	uint32_t primitive; /* enum wit_primitive, class.h */
};

/* Tail: lock name, NUL. */
struct wit_rec_origin {
	uint32_t id;
	uint32_t class;
	uint32_t site; /* of initialisation */
	uint32_t flags; /* none yet */
};

/* A place: line 0: a code address as frame; else tail: file, NUL. */
struct wit_rec_site {
	uint32_t id;
	uint32_t line;
	uint64_t frame; /* WIT_FRAME(), event.h; 0 with a file */
};

/*
 * Tail: count frames of 8 bytes, innermost first, WIT_FRAME() words (return addresses: look up
 * offset - 1, but for the place itself).
 */
struct wit_rec_stack {
	uint32_t id;
	uint32_t count;
	uint32_t derived; /* 1: older frames only, below the place `site` */
	uint32_t site; /* of a derived stack; else 0 */
};

/* Tail: name, NUL. */
struct wit_rec_thread {
	uint32_t id;
	uint32_t parent; /* thread, 0 not known */
	uint32_t os_id; /* kernel's thread id */
	uint32_t created_stack; /* where its creator asked for it */
	uint64_t role; /* start routine as WIT_FRAME(); 0 not known */
};

struct wit_rec_thread_end {
	uint32_t thread;
	uint32_t spare;
	uint64_t acquisitions;
};

enum wit_segment_cause { WIT_SEGMENT_START = 1, WIT_SEGMENT_CREATE = 2, WIT_SEGMENT_JOIN = 3 };

/* One lock held at some moment. */
struct wit_rec_held {
	uint64_t instance;
	uint32_t origin;
	uint32_t generation;
	uint64_t serial; /* of the acquisition in its context */
	uint32_t site;
	uint32_t stack; /* 0 where none was walked */
	uint32_t segment; /* taken in */
	uint16_t flags; /* WIT_TRY ... */
	uint8_t mode; /* enum wit_mode */
	uint8_t cpu; /* 1: held by the CPU, not the thread */
};

/* A stretch of one thread begins.  Tail: count of struct wit_rec_held, what it holds, oldest first. */
struct wit_rec_segment {
	uint32_t id;
	uint32_t thread;
	uint32_t cause; /* enum wit_segment_cause */
	/* start: its creator's segment; create: the thread made (0: not yet started); join: the one joined */
	uint32_t other;
	uint64_t token; /* of create, start, join: what ties them together; 0 none */
	uint32_t count;
	uint32_t spare;
};

/* A held list is its newest lock on a parent list; lists share their beginnings. */
struct wit_rec_chain {
	uint32_t id;
	uint32_t parent; /* 0: the bottom */
	struct wit_rec_held lock; /* its serial and stack are those of the first time */
};

/*
 * "Asked for a lock while holding a chain": the first time this set of roles
 * was seen at this site.  Tail: depth stack ids of 4 bytes, newest held lock first;
 * then the open word (struct wit_rec_context_last): the same thread's last segment.
 */
struct wit_rec_dependency {
	uint32_t id;
	uint32_t chain;
	uint64_t instance; /* asked for */
	uint32_t origin;
	uint32_t generation;
	uint32_t site;
	uint32_t stack;
	uint32_t thread;
	uint32_t segment;
	uint16_t flags; /* WIT_DUPOK ... */
	uint8_t mode;
	uint8_t closes; /* 1: an edge of it closed a cycle when it was made */
	uint32_t depth; /* locks in the chain */
};

#define WIT_SATURATED_THREADS 0x1u
#define WIT_SATURATED_INSTANCES 0x2u

/*
 * Another use of a dependency.  Tail as of the dependency; then the open word, struct
 * wit_rec_context_last.
 */
struct wit_rec_context {
	uint32_t dependency;
	uint32_t chain;
	uint64_t instance;
	uint32_t origin; /* as the dependency's */
	uint32_t generation;
	uint32_t site;
	uint32_t stack;
	uint32_t thread;
	uint32_t segment; /* first */
	uint32_t saturated; /* WIT_SATURATED_*: from here on further ones of this kind are not recorded */
	uint32_t depth;
};

/* The last 8 bytes of a dependency or context, outside its checksum, updated in place. */
struct wit_rec_context_last {
	uint32_t segment;
	uint32_t spare;
};

/* A life of a lock of an observed class begins, or (ended) is over. */
struct wit_rec_instance {
	uint64_t instance;
	uint32_t origin;
	uint32_t generation;
	uint32_t ended; /* 0 begins, 1 over */
	uint32_t renewed; /* 1: began by witness_renew() */
	uint32_t stack; /* allocation stack */
	uint32_t thread;
};

/* An event of an observed class. */
struct wit_rec_event {
	uint64_t instance;
	uint32_t origin;
	uint32_t generation;
	uint64_t sequence; /* the lock's own, counted while it is held; 0 for requests */
	uint32_t thread;
	uint32_t segment;
	uint32_t site;
	uint32_t stack;
	uint8_t op; /* enum wit_op, event.h */
	uint8_t mode;
	uint16_t flags;
	uint32_t spare;
};

/* One line of WITNESS's report. */
struct wit_rec_alarm_line {
	uint64_t instance;
	uint32_t origin;
	uint32_t site;
};

/*
 * What live says when a rule is broken.  Tail: lines of struct
 * wit_rec_alarm_line (1st, 2nd, 3rd), then edges pairs of 4-byte words
 * (dependency id, position of the held lock in it, newest 0): the cycle, from
 * the edge that closed it.
 */
struct wit_rec_alarm {
	uint32_t id;
	uint32_t kind; /* enum wit_finding_kind, finding.h */
	uint32_t thread;
	uint32_t dependency; /* 0: the rule has none */
	uint32_t stack; /* of the acquisition */
	uint32_t lines;
	uint32_t edges;
	uint32_t spare;
};

enum wit_count_scope { WIT_COUNT_RUN = 1, WIT_COUNT_ORIGIN = 2, WIT_COUNT_DEPENDENCY = 3 };

/*
 * Totals; a later record of the same scope and id replaces an earlier one.  RUN: id 0, instances
 * is locks made.
 */
struct wit_rec_counts {
	uint32_t scope; /* enum wit_count_scope */
	uint32_t id;
	uint64_t acquisitions; /* RUN: all; else those with another lock held */
	uint64_t contentions; /* ~0: not counted */
	uint64_t instances; /* lives begun (origin, run); 0 for a dependency */
};

/* Tail: what was lost, as a word, NUL. */
struct wit_rec_lost {
	uint64_t count; /* so far */
	uint64_t since_ns; /* CLOCK_REALTIME of the first */
};

enum wit_end_how { WIT_END_EXIT = 1, WIT_END_EXEC = 2 };

struct wit_rec_end {
	uint32_t how; /* enum wit_end_how */
	uint32_t threads; /* seen in all */
	uint64_t ended_ns;
	uint64_t lost; /* records, 0: complete */
};

/* ---- writing (pure: into the caller's buffer) ---- */

/* Checksum of n bytes, chained from `seed`. */
uint32_t wit_runfile_sum(uint32_t seed, const void *data, size_t n);

/* Space a record of this payload takes in the file. */
static inline size_t
wit_runfile_space(size_t payload)
{
	return ((sizeof(struct wit_rec) + payload + WIT_RUNFILE_GRANULE - 1) &
		~(size_t)(WIT_RUNFILE_GRANULE - 1));
}

/*
 * A record under construction in a fixed buffer.  put() appends; a record that
 * outgrows the buffer becomes bad and is refused by finish().
 */
struct wit_rec_builder {
	char *buffer;
	size_t room, used;
	bool bad;
};

void wit_runfile_begin(struct wit_rec_builder *b, void *buffer, size_t room);
void wit_runfile_put(struct wit_rec_builder *b, const void *data, size_t n);
void wit_runfile_put_string(struct wit_rec_builder *b, const char *text); /* with its NUL */
void wit_runfile_align(struct wit_rec_builder *b, size_t to);
/*
 * Fills the header, commit word included; open: bytes at the end outside the checksum.  Length in
 * bytes, or 0 when bad.
 */
size_t wit_runfile_finish(struct wit_rec_builder *b, unsigned type, unsigned open);

/* Fills a header; argv is cut to what fits. */
void wit_runfile_header(
    char buffer[WIT_RUNFILE_HEADER], const struct wit_runfile_header *fields, int argc, char *const argv[]);

/* ---- reading (pure: from memory, typically a mapping) ---- */

struct wit_reader {
	const char *base;
	size_t size, at;
	uint64_t records; /* good ones so far */
	uint64_t bad_spans, bad_bytes; /* passed over so far */
	uint64_t unfinished; /* records begun and never committed, their writer died: not counted as bad */
	size_t unfinished_end; /* reader's own */
	bool in_bad; /* reader's own */
	size_t end; /* where the last good record ended: the rest may still be being written */
};

enum wit_reader_result {
	WIT_READER_OK = 0,
	WIT_READER_NOT_RUNFILE = 1, /* no magic */
	WIT_READER_NEWER = 2, /* a version this code does not know */
	WIT_READER_BAD_HEADER = 3 /* magic there, checksum not */
};

/* base is aligned to 8, the size is any.  With BAD_HEADER the records can still be read. */
enum wit_reader_result wit_reader_open(struct wit_reader *reader, const void *base, size_t size);

/*
 * The next good record, or NULL at the end.  The pointer is into the mapping.
 * With live true a record whose commit word is missing ends the reading instead
 * of being passed over (call again later, or again with a larger mapping after
 * setting base and size); so does space that is still zero.
 */
const struct wit_rec *wit_reader_next(struct wit_reader *reader, bool live);

/* The payload, if it has at least `need` bytes; else NULL. */
const void *wit_reader_payload(const struct wit_rec *rec, size_t need);
/* n bytes at an offset of the payload, or NULL where it is shorter; for tails. */
const void *wit_reader_tail(const struct wit_rec *rec, size_t offset, size_t n);
/* The NUL-ended string at an offset of the payload, or NULL. */
const char *wit_reader_string(const struct wit_rec *rec, size_t offset);
/* The open word of a dependency or context, or NULL where there is none. */
const struct wit_rec_context_last *wit_reader_last(const struct wit_rec *rec);
/* "module", "class" ..., or NULL for a type that this code does not know. */
const char *wit_reader_type_name(unsigned type);

#endif
