/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump.c - a run file as text, record by record.               room: report
 *
 * D1  Every good record is a line: its offset, its type, its fields as the layout
 *     names them, then its tail.  What this code does not know is shown as a type
 *     and a length.
 * D2  A run's events, packed as import keeps them, are unpacked; only whole.
 * D3  Bad spans do not stop it; how much was passed over is the last line.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/event.h"
#include "core/finding.h"
#include "dump.h"
#include "gate.h"
#include "import_put.h"
#include "records.h"
#include "say.h"
#include "trace.h"

struct dumper {
	FILE *out;
	const struct wit_rec *rec;
};

/* X(u) a number, X(x) hexadecimal, X(f) a frame: fields in the order of the layout. */
#define U(name) fprintf(d->out, " %s=%" PRIu64, #name, (uint64_t)record->name);
#define H(name) fprintf(d->out, " %s=0x%" PRIx64, #name, (uint64_t)record->name);
#define F(name) print_frame(d, #name, record->name);
#define L(name) print_held(d, &record->name);

static void
print_frame(struct dumper *d, const char *name, uint64_t frame)
{
	fprintf(d->out, " %s=%" PRIu32 "+0x%" PRIx64, name, WIT_FRAME_MODULE(frame),
	    (uint64_t)WIT_FRAME_OFFSET(frame));
}

static void
print_held(struct dumper *d, const struct wit_rec_held *record)
{
	H(instance) U(origin) U(generation) U(serial) U(site) U(stack) U(segment) U(flags) U(mode) U(cpu)
}

static void
print_string(struct dumper *d, const char *name, size_t offset)
{
	char *text = rep_import_clean(wit_reader_string(d->rec, offset));

	fprintf(d->out, " %s=\"%s\"", name, text);
	free(text);
}

/* What follows the fixed part. */
static void
tail_none(struct dumper *d, const void *payload)
{
	(void)d;
	(void)payload;
}

static void
tail_module(struct dumper *d, const void *payload)
{
	const struct wit_rec_module *module = payload;
	const uint8_t *bits = wit_reader_tail(d->rec, sizeof(*module), module->build_id_len);

	fputs(" build_id=", d->out);
	for (uint32_t i = 0; bits != NULL && i < module->build_id_len; i++)
		fprintf(d->out, "%02x", bits[i]);
	print_string(d, "path", sizeof(*module) + (size_t)module->build_id_len);
}

#define STRING_TAIL(type, name)                                                                              \
	static void tail_##type(struct dumper *d, const void *payload)                                       \
	{                                                                                                    \
		(void)payload;                                                                               \
		print_string(d, name, sizeof(struct wit_rec_##type));                                        \
	}
STRING_TAIL(class, "name")
STRING_TAIL(origin, "name")
STRING_TAIL(thread, "name")
STRING_TAIL(lost, "what")

static void
tail_site(struct dumper *d, const void *payload)
{
	const struct wit_rec_site *site = payload;

	if (site->line != 0)
		print_string(d, "file", sizeof(*site));
}

static void
tail_stack(struct dumper *d, const void *payload)
{
	const struct wit_rec_stack *stack = payload;
	const uint64_t *frame =
	    wit_reader_tail(d->rec, sizeof(*stack), (size_t)stack->count * sizeof(*frame));

	for (uint32_t i = 0; frame != NULL && i < stack->count; i++)
		print_frame(d, "frame", frame[i]);
}

static void
tail_segment(struct dumper *d, const void *payload)
{
	const struct wit_rec_segment *segment = payload;
	const struct wit_rec_held *held =
	    wit_reader_tail(d->rec, sizeof(*segment), (size_t)segment->count * sizeof(*held));

	for (uint32_t i = 0; held != NULL && i < segment->count; i++) {
		fputs("\n    held", d->out);
		print_held(d, &held[i]);
	}
}

static void
print_stacks(struct dumper *d, size_t offset, uint32_t depth)
{
	const uint32_t *stack = wit_reader_tail(d->rec, offset, (size_t)depth * sizeof(*stack));

	fputs(" stacks=", d->out);
	for (uint32_t i = 0; stack != NULL && i < depth; i++)
		fprintf(d->out, "%s%" PRIu32, i == 0 ? "" : ",", stack[i]);
}

static void
tail_dependency(struct dumper *d, const void *payload)
{
	const struct wit_rec_dependency *dependency = payload;

	print_stacks(d, sizeof(*dependency), dependency->depth);
}

static void
tail_context(struct dumper *d, const void *payload)
{
	const struct wit_rec_context *context = payload;
	const struct wit_rec_context_last *last = wit_reader_last(d->rec);

	print_stacks(d, sizeof(*context), context->depth);
	if (last != NULL)
		fprintf(d->out, " last_segment=%" PRIu32, last->segment);
}

static void
tail_alarm(struct dumper *d, const void *payload)
{
	const struct wit_rec_alarm *alarm = payload;
	size_t lines = (size_t)alarm->lines * sizeof(struct wit_rec_alarm_line);
	const struct wit_rec_alarm_line *line = wit_reader_tail(d->rec, sizeof(*alarm), lines);
	const uint32_t *edge = wit_reader_tail(d->rec, sizeof(*alarm) + lines, (size_t)alarm->edges * 8);
	const struct wit_finding_info *info = wit_finding_info(alarm->kind);

	fprintf(d->out, " (%s)", info == NULL ? "unknown" : info->kind);
	for (uint32_t i = 0; line != NULL && i < alarm->lines; i++)
		fprintf(d->out, "\n    line instance=0x%" PRIx64 " origin=%" PRIu32 " site=%" PRIu32,
		    line[i].instance, line[i].origin, line[i].site);
	for (uint32_t i = 0; edge != NULL && i < alarm->edges; i++)
		fprintf(d->out, "\n    edge dependency=%" PRIu32 " position=%" PRIu32, edge[2 * i],
		    edge[2 * i + 1]);
}

#define tail_thread_end tail_none
#define tail_chain tail_none
#define tail_instance tail_none
#define tail_event tail_none
#define tail_counts tail_none
#define tail_end tail_none

/* Fields by type, in the order of runfile.h. */
/* clang-format off */
#define FIELDS_module U(id) H(base) H(start) H(end)
#define FIELDS_class U(id) U(primitive)
#define FIELDS_origin U(id) U(class) U(site) U(flags)
#define FIELDS_site U(id) U(line) F(frame)
#define FIELDS_stack U(id) U(count) U(derived) U(site)
#define FIELDS_thread U(id) U(parent) U(os_id) U(created_stack) F(role)
#define FIELDS_thread_end U(thread) U(acquisitions)
#define FIELDS_segment U(id) U(thread) U(cause) U(other) H(token) U(count)
#define FIELDS_chain U(id) U(parent) L(lock)
#define FIELDS_dependency                                                                                    \
	U(id)                                                                                                \
	U(chain) H(instance) U(origin) U(generation) U(site) U(stack) U(thread) U(segment) U(flags) U(mode)  \
	    U(closes) U(depth)
#define FIELDS_context                                                                                       \
	U(dependency)                                                                                        \
	U(chain) H(instance) U(origin) U(generation) U(site) U(stack) U(thread) U(segment) U(saturated)      \
	    U(depth)
#define FIELDS_instance H(instance) U(origin) U(generation) U(ended) U(renewed) U(stack) U(thread)
#define FIELDS_event                                                                                         \
	H(instance)                                                                                          \
	U(origin) U(generation) U(sequence) U(thread) U(segment) U(site) U(stack) U(op) U(mode) U(flags)
#define FIELDS_alarm U(id) U(kind) U(thread) U(dependency) U(stack) U(lines) U(edges)
#define FIELDS_counts U(scope) U(id) U(acquisitions) U(contentions) U(instances)
#define FIELDS_lost U(count) U(since_ns)
#define FIELDS_end U(how) U(threads) U(ended_ns) U(lost)
/* clang-format on */

#define X(value, NAME, name)                                                                                 \
	static bool print_##name(struct dumper *d)                                                           \
	{                                                                                                    \
		const struct wit_rec_##name *record = wit_reader_payload(d->rec, sizeof(*record));           \
                                                                                                             \
		if (record == NULL)                                                                          \
			return (false);                                                                      \
		FIELDS_##name tail_##name(d, record);                                                        \
		return (true);                                                                               \
	}
WIT_REC_LIST(X)
#undef X

static bool (*const print[])(struct dumper *) = {
#define X(value, NAME, name) [value] = print_##name,
    WIT_REC_LIST(X)
#undef X
};

static void
print_header(FILE *out, const struct rep_records *records)
{
	const struct wit_runfile_header *header = &records->header;
	char id[33], parent[33], *program = rep_import_clean(header->program);

	rep_records_run_id(header->run_id, id);
	rep_records_run_id(header->parent_run_id, parent);
	fprintf(out,
	    "header version=%" PRIu32 " kind=%" PRIu32 " run=%s parent=%s started_ns=%" PRIu64 " pid=%" PRIu32
	    " program=\"%s\"%s\n",
	    header->version, header->kind, id, parent, header->started_ns, header->pid, program,
	    records->opened == WIT_READER_BAD_HEADER ? " BAD CHECKSUM" : "");
	free(program);
}

int
rep_dump_file(FILE *out, const char *path)
{
	struct rep_records records;
	struct wit_reader reader;
	struct dumper d = {.out = out};
	bool bad;

	if ((rep_trace_is(path) ? rep_trace_open : rep_records_open)(&records, path) != 0)
		return (REP_STATUS_USAGE);
	if (rep_records_read(&records) != 0) {
		rep_records_close(&records);
		return (REP_STATUS_USAGE);
	}
	print_header(out, &records);
	wit_reader_open(&reader, records.base, records.size);
	while ((d.rec = wit_reader_next(&reader, false)) != NULL) {
		const char *name = wit_reader_type_name(d.rec->type);

		fprintf(out, "%08zx %s", (size_t)((const char *)d.rec - records.base),
		    name == NULL ? "unknown" : name);
		if (name == NULL)
			fprintf(out, " type=%u length=%" PRIu32, d.rec->type, d.rec->length);
		else if (!print[d.rec->type](&d))
			fputs(" TOO SHORT", out);
		fputc('\n', out);
	}
	fprintf(out,
	    "records=%" PRIu64 " unknown=%" PRIu64 " bad_spans=%" PRIu64 " bad_bytes=%" PRIu64 "%s\n",
	    reader.records, records.unknown, records.bad_spans, records.bad_bytes,
	    records.ended ? "" : " no end record");
	bad = records.bad_spans != 0 || records.bad_bytes != 0 ||
	      rep_records_count(&records, WIT_REC_LOST) != 0;
	if (records.bad_bytes != 0 || records.bad_spans != 0)
		rep_say_note("%s: %" PRIu64 " bad spans, %" PRIu64
			     " bytes, could not be read; the rest is above",
		    path, records.bad_spans, records.bad_bytes);
	rep_records_close(&records);
	return (bad ? REP_STATUS_INCOMPLETE : REP_STATUS_OK);
}
