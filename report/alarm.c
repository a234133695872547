/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alarm.c - WITNESS's lines, out of a run file.                room: report
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alarm.h"
#include "core/event.h"
#include "core/finding.h"
#include "import_put.h"
#include "records.h"
#include "render.h"
#include "say.h"
#include "symbol.h"

struct writer {
	FILE *out;
	const struct rep_records *records;
	struct rep_symbols *symbols;
};

/* The string at the end of a record, fit to be printed; the caller frees it. */
static char *
text_of(const struct rep_records *records, unsigned type, uint32_t id, size_t offset)
{
	const struct wit_rec *rec = rep_records_find(records, type, id);

	return (rep_import_clean(rec == NULL ? "?" : wit_reader_string(rec, offset)));
}

/* Symbols of a frame, and the base name of its module; 0 where not even the module is known. */
static size_t
resolve(struct writer *w, uint64_t frame, const struct rep_symbol **symbol, char module[256])
{
	const struct wit_rec *rec = rep_records_find(w->records, WIT_REC_MODULE, WIT_FRAME_MODULE(frame));
	const struct wit_rec_module *at = rec == NULL ? NULL : (const void *)(rec + 1);
	char build_id[129] = "", *path, *slash;
	const uint8_t *bits;
	size_t count;

	snprintf(module, 256, "?");
	if (at == NULL)
		return (0);
	bits = wit_reader_tail(rec, sizeof(*at), at->build_id_len);
	for (uint32_t i = 0; bits != NULL && i < at->build_id_len && i < 64; i++)
		snprintf(build_id + 2 * i, 3, "%02x", bits[i]);
	path = rep_import_clean(wit_reader_string(rec, sizeof(*at) + (size_t)at->build_id_len));
	slash = strrchr(path, '/');
	snprintf(module, 256, "%.200s", slash == NULL ? path : slash + 1);
	count = rep_symbol_find(w->symbols, path, build_id, WIT_FRAME_OFFSET(frame), false, symbol);
	free(path);
	return (count);
}

static void
write_site(struct writer *w, uint32_t id)
{
	const struct wit_rec_site *site = rep_records_payload(w->records, WIT_REC_SITE, id);
	const struct rep_symbol *symbol;
	char module[256], *file;
	size_t count;

	if (site == NULL) {
		fputs("?", w->out);
	} else if (site->line != 0) {
		file = text_of(w->records, WIT_REC_SITE, id, sizeof(*site));
		fprintf(w->out, "%s:%" PRIu32, file, site->line);
		free(file);
	} else {
		count = resolve(w, site->frame, &symbol, module);
		if (count > 0 && *symbol->file != '\0')
			rep_render_print(
			    w->out, REP_QUOTE_TEXT, "%s:%u", symbol->file, (unsigned)symbol->line);
		else
			fprintf(w->out, "%s+0x%" PRIx64, module, WIT_FRAME_OFFSET(site->frame));
	}
}

static void
write_line(struct writer *w, size_t n, const struct wit_rec_alarm_line *line)
{
	static const char *const ordinal[] = {"1st", "2nd", "3rd"};
	const struct wit_rec_origin *origin = rep_records_payload(w->records, WIT_REC_ORIGIN, line->origin);
	char *name = text_of(w->records, WIT_REC_ORIGIN, line->origin, sizeof(*origin));
	char *type = text_of(
	    w->records, WIT_REC_CLASS, origin == NULL ? 0 : origin->class, sizeof(struct wit_rec_class));

	if (n < 3)
		fprintf(w->out, " %s", ordinal[n]);
	else
		fprintf(w->out, " %zuth", n + 1);
	fprintf(w->out, " 0x%" PRIx64 " %s (%s) @ ", line->instance, name, type);
	write_site(w, line->site);
	fputc('\n', w->out);
	free(name);
	free(type);
}

/* One frame may be several functions: those that were inlined have no offset of their own. */
static void
write_frame(struct writer *w, size_t *n, uint64_t frame)
{
	const struct rep_symbol *symbol;
	char module[256];
	size_t count = resolve(w, frame, &symbol, module);

	if (count == 0 || *symbol[count - 1].function == '\0') {
		fprintf(w->out, "#%zu %s+0x%" PRIx64 "\n", (*n)++, module, WIT_FRAME_OFFSET(frame));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		rep_render_print(w->out, REP_QUOTE_TEXT, "#%zu %s", (*n)++, symbol[i].function);
		if (!symbol[i].inlined)
			fprintf(w->out, "+0x%" PRIx64, symbol[i].into);
		if (*symbol[i].file != '\0')
			rep_render_print(
			    w->out, REP_QUOTE_TEXT, " (%s:%u)", symbol[i].file, (unsigned)symbol[i].line);
		else
			fprintf(w->out, " (%s)", module);
		fputs(symbol[i].inlined ? " inlined\n" : "\n", w->out);
	}
}

static void
write_stack(struct writer *w, uint32_t id)
{
	const struct wit_rec *rec = rep_records_find(w->records, WIT_REC_STACK, id);
	const struct wit_rec_stack *stack = rec == NULL ? NULL : (const void *)(rec + 1);
	const uint64_t *frame =
	    stack == NULL ? NULL
			  : wit_reader_tail(rec, sizeof(*stack), (size_t)stack->count * sizeof(*frame));
	size_t n = 0;

	fputs("stack backtrace:\n", w->out);
	for (uint32_t i = 0; frame != NULL && i < stack->count; i++)
		write_frame(w, &n, frame[i]);
	if (frame == NULL)
		fputs("#0 not recorded\n", w->out);
}

int
rep_alarm_write(FILE *out, const struct rep_records *records, struct rep_symbols *symbols, size_t n)
{
	struct writer w = {out, records, symbols};
	const struct wit_rec *rec = rep_records_nth_record(records, WIT_REC_ALARM, n, NULL);
	const struct wit_rec_alarm *alarm = (const void *)(rec + 1);
	const struct wit_rec_alarm_line *line =
	    wit_reader_tail(rec, sizeof(*alarm), (size_t)alarm->lines * sizeof(*line));
	const struct wit_finding_info *info = wit_finding_info(alarm->kind);

	if (info == NULL)
		fprintf(out, "alarm of unknown kind %" PRIu32 "\n", alarm->kind);
	else
		fprintf(out, "%s\n", info->headline);
	for (uint32_t i = 0; line != NULL && i < alarm->lines; i++)
		write_line(&w, i, &line[i]);
	write_stack(&w, alarm->stack);
	return (fflush(out) != 0 || ferror(out) != 0 ? -EIO : 0);
}
