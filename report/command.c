/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.c - what each command does, between its options and the modules that do it.   room: report
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "dump.h"
#include "gate.h"
#include "import.h"
#include "options.h"
#include "output.h"
#include "records.h"
#include "render.h"
#include "run.h"
#include "say.h"
#include "store.h"
#include "symbol.h"
#include "verdict.h"
#include "view.h"

static const char *
store_path(const struct rep_options *options)
{
	const char *variable = getenv("WITNESS_DB");

	if (options->value[REP_OPTION_DB] != NULL)
		return (options->value[REP_OPTION_DB]);
	return (variable != NULL && *variable != '\0' ? variable : "witness.db");
}

static const char *
baseline_path(const struct rep_options *options)
{
	const char *given = options->value[REP_OPTION_BASELINE];

	return (given != NULL ? given : ".witness/baseline");
}

static bool
in_colour(const struct rep_options *options)
{
	const char *given = options->value[REP_OPTION_COLOR], *none = getenv("NO_COLOR");

	if (given != NULL && strcmp(given, "auto") != 0)
		return (strcmp(given, "never") != 0);
	return (isatty(STDOUT_FILENO) && (none == NULL || *none == '\0'));
}

/* ---- import ---- */

static int
import_one(const struct rep_options *options, struct rep_store **store, struct rep_symbols *symbols,
    const char *path)
{
	struct rep_records probe;
	struct rep_import result;

	/* What is no run file makes no store either. */
	if (rep_records_open(&probe, path) != 0)
		return (REP_STATUS_USAGE);
	rep_records_close(&probe);
	if (*store == NULL && rep_store_open(store, store_path(options), REP_STORE_WRITE) != 0)
		return (REP_STATUS_USAGE);
	if (rep_import_file(&result, *store, symbols, path, REP_IMPORT_STATUS_UNKNOWN) != 0)
		return (REP_STATUS_USAGE);
	printf("run %s  %llu records%s%s\n", result.run, (unsigned long long)result.records,
	    result.ended ? "" : ", no end record", result.complete ? "" : ", incomplete");
	if (!result.complete)
		rep_say(0,
		    "%s: incomplete: %llu bad spans of %llu bytes, %llu records missing, %llu lost; the rest "
		    "is stored",
		    path, (unsigned long long)result.bad_spans, (unsigned long long)result.bad_bytes,
		    (unsigned long long)result.missing, (unsigned long long)result.lost);
	return (result.complete ? REP_STATUS_OK : REP_STATUS_INCOMPLETE);
}

static int
command_import(const struct rep_options *options)
{
	struct rep_symbols *symbols = rep_symbol_open();
	struct rep_store *store = NULL;
	int worst = REP_STATUS_OK;

	for (int i = 0; i < options->arguments; i++) {
		int status = import_one(options, &store, symbols, options->argument[i]);

		/* Input that cannot be read is worse than input that is not whole. */
		if (status == REP_STATUS_USAGE || worst == REP_STATUS_OK)
			worst = status;
	}
	rep_store_close(store);
	rep_symbol_close(symbols);
	return (worst);
}

/* ---- what looks at the store ---- */

static int
open_view(
    const struct rep_options *options, struct rep_store **store, struct rep_view *view, const char *baseline)
{
	struct rep_selection selection = {.run = options->value[REP_OPTION_RUN], .baseline = baseline};
	int error = rep_store_open(store, store_path(options), REP_STORE_READ);

	if (error != 0)
		return (error);
	error = rep_view_load(view, *store, &selection);
	if (error != 0)
		rep_store_close(*store);
	return (error);
}

static void
close_view(struct rep_store *store, struct rep_view *view)
{
	rep_view_close(view);
	rep_store_close(store);
}

static enum rep_status
completeness(const struct rep_view *view)
{
	return (view->complete ? REP_STATUS_OK : REP_STATUS_INCOMPLETE);
}

enum format { TEXT, HTML, DOT, SVG, JSON, FORMATS };

static int
write_report(
    FILE *out, const struct rep_view *view, enum format format, const struct rep_focus *focus, bool colour)
{
	char *svg;
	int error;

	switch (format) {
	case HTML:
		return (rep_html_write(out, view));
	case JSON:
		return (rep_json_write(out, view));
	case DOT:
		return (rep_dot_write(out, view, focus));
	case SVG:
		error = rep_dot_svg(&svg, view, focus);
		if (error != 0)
			return (rep_say(error, "the graph could not be drawn: %s", strerror(-error)));
		fprintf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s", svg);
		free(svg);
		return (ferror(out) != 0 ? -EIO : 0);
	default:
		return (rep_text_write(out, view, focus, colour));
	}
}

/* What was asked for, or -EINVAL after one line. */
static int
read_report_options(const struct rep_options *options, enum format *format, struct rep_focus *focus)
{
	static const char *const names[FORMATS] = {"text", "html", "dot", "svg", "json"};
	const char *given = options->value[REP_OPTION_FORMAT], *depth = options->value[REP_OPTION_DEPTH];
	char *end;

	*focus = (struct rep_focus){.class_name = options->value[REP_OPTION_FOCUS],
	    .depth = 1,
	    .cycles_only = options->value[REP_OPTION_CYCLES] != NULL};
	for (*format = TEXT; given != NULL && *format < FORMATS && strcmp(given, names[*format]) != 0;
	     (*format)++)
		;
	if (*format == FORMATS)
		return (rep_say(-EINVAL, "--format is one of text, html, dot, svg, json, not %s", given));
	if ((*format == HTML || *format == JSON) && (focus->class_name != NULL || focus->cycles_only))
		return (rep_say(
		    -EINVAL, "--focus and --cycles are for text, dot and svg; %s shows everything", given));
	if (depth != NULL && focus->class_name == NULL)
		return (rep_say(-EINVAL, "--depth says how far from --focus CLASS"));
	if (depth != NULL) {
		unsigned long number = strtoul(depth, &end, 10);

		if (*depth < '0' || *depth > '9' || *end != '\0' || number > 1000000)
			return (rep_say(-EINVAL, "--depth is a number of edges, not %s", depth));
		focus->depth = (unsigned)number;
	}
	return (0);
}

/* To the file that was named, or to standard output; every byte must have got there. */
static int
report_to(const struct rep_options *options, const struct rep_view *view, enum format format,
    const struct rep_focus *focus)
{
	const char *path = options->value[REP_OPTION_OUTPUT];
	struct rep_output output;
	int error;

	if (path == NULL) /* what is still buffered is said at the end */
		return (write_report(stdout, view, format, focus, in_colour(options)));
	if ((error = rep_output_open(&output, path)) != 0)
		return (error);
	return (rep_output_close(&output, write_report(output.file, view, format, focus, false)));
}

static int
command_report(const struct rep_options *options)
{
	struct rep_focus focus;
	struct rep_store *store;
	struct rep_view view;
	enum format format;
	int status;

	if (read_report_options(options, &format, &focus) != 0 ||
	    open_view(options, &store, &view, baseline_path(options)) != 0)
		return (REP_STATUS_USAGE);
	status = completeness(&view);
	if (focus.class_name != NULL && rep_render_class(&view, focus.class_name) == SIZE_MAX) {
		rep_say(0, "no class is called %s", focus.class_name);
		status = REP_STATUS_USAGE;
	} else if (report_to(options, &view, format, &focus) != 0) {
		status = REP_STATUS_USAGE;
	}
	close_view(store, &view);
	return (status);
}

/* The finding that a text is the beginning of, of one alone; else NULL after one line. */
static const struct rep_finding *
find_finding(const struct rep_view *view, const char *text)
{
	const struct rep_finding *found = NULL;

	for (size_t i = 0; i < view->finding_count; i++) {
		if (*text == '\0' || strncmp(view->finding[i].fingerprint, text, strlen(text)) != 0)
			continue;
		if (found != NULL) {
			rep_say(0, "more than one finding begins with %s: %s, %s", text, found->fingerprint,
			    view->finding[i].fingerprint);
			return (NULL);
		}
		found = &view->finding[i];
	}
	if (found == NULL)
		rep_say(0, "no finding begins with %s in the runs that count (%zu findings in %zu runs)",
		    *text == '\0' ? "nothing" : text, view->finding_count, view->run_count);
	return (found);
}

static int
command_show(const struct rep_options *options)
{
	const struct rep_finding *finding;
	struct rep_store *store;
	struct rep_view view;
	int status = REP_STATUS_USAGE;

	if (open_view(options, &store, &view, baseline_path(options)) != 0)
		return (REP_STATUS_USAGE);
	finding = find_finding(&view, options->argument[0]);
	if (finding != NULL && rep_text_finding(stdout, &view, finding, in_colour(options)) == 0)
		status = completeness(&view);
	close_view(store, &view);
	return (status);
}

static int
accept_finding(const struct rep_options *options, const struct rep_finding *finding)
{
	struct rep_baseline_case one = rep_gate_case(finding);
	struct rep_baseline baseline;
	int lock = rep_baseline_lock(baseline_path(options)), error;

	if (lock < 0)
		return (lock);
	error = rep_baseline_load(&baseline, baseline_path(options), NULL);
	if (error != 0)
		goto out;
	error = rep_baseline_accept(
	    &baseline, &one, options->value[REP_OPTION_WHY], options->value[REP_OPTION_UNTIL]);
	if (error == 0)
		printf("accepted %s  %s\n", finding->fingerprint, baseline_path(options));
	rep_baseline_fini(&baseline);
out:
	close(lock);
	return (error);
}

/* Is a day, YYYY-MM-DD, before today? */
static bool
has_passed(const char *day)
{
	time_t now = time(NULL);
	char today[16];
	struct tm tm;

	return (gmtime_r(&now, &tm) != NULL && strftime(today, sizeof(today), "%Y-%m-%d", &tm) > 0 &&
		strcmp(day, today) < 0);
}

static int
command_accept(const struct rep_options *options)
{
	const char *why = options->value[REP_OPTION_WHY], *until = options->value[REP_OPTION_UNTIL];
	const struct rep_finding *finding;
	struct rep_store *store;
	struct rep_view view;
	int status = REP_STATUS_USAGE;

	if (why == NULL || why[strspn(why, " \t\r\n")] == '\0')
		return (-rep_say(-REP_STATUS_USAGE, "a finding is accepted with a reason: --why TEXT"));
	if (until != NULL && !rep_baseline_is_date(until))
		return (-rep_say(-REP_STATUS_USAGE, "--until is a day, YYYY-MM-DD, not %s", until));
	if (until != NULL && has_passed(until))
		return (-rep_say(-REP_STATUS_USAGE, "--until %s has passed: it would accept nothing", until));
	if (open_view(options, &store, &view, NULL) != 0)
		return (REP_STATUS_USAGE);
	finding = find_finding(&view, options->argument[0]);
	if (finding != NULL && accept_finding(options, finding) == 0)
		status = REP_STATUS_OK;
	close_view(store, &view);
	return (status);
}

static int
read_gate_options(const struct rep_options *options, struct rep_gate *gate)
{
	const char *level = options->value[REP_OPTION_LEVEL],
		   *confidence = options->value[REP_OPTION_CONFIDENCE];
	const char *format = options->value[REP_OPTION_FORMAT];

	*gate = (struct rep_gate){.level = wit_finding_level(level == NULL ? "inversion" : level),
	    .confidence = rep_verdict_confidence(confidence == NULL ? "medium" : confidence),
	    .complete = options->value[REP_OPTION_COMPLETE] != NULL};
	if (gate->level == 0)
		return (rep_say(
		    -EINVAL, "--level is one of inversion, potential, predicted, actual, not %s", level));
	if (gate->confidence == 0)
		return (rep_say(-EINVAL, "--confidence is one of low, medium, high, not %s", confidence));
	if (format != NULL && strcmp(format, "text") != 0)
		return (rep_say(-EINVAL, "the gate's --format is text, not %s", format));
	return (0);
}

static int
command_gate(const struct rep_options *options)
{
	struct rep_baseline baseline;
	struct rep_store *store;
	struct rep_gate gate;
	struct rep_view view;
	int status;
	bool found;

	if (read_gate_options(options, &gate) != 0 ||
	    rep_baseline_load(&baseline, baseline_path(options), &found) != 0)
		return (REP_STATUS_USAGE);
	if (!found && options->value[REP_OPTION_BASELINE] != NULL)
		rep_say_note("%s is not there: nothing is accepted yet", baseline.path);
	if (open_view(options, &store, &view, NULL) != 0) {
		rep_baseline_fini(&baseline);
		return (REP_STATUS_USAGE);
	}
	rep_gate_judge(&view, &baseline);
	status = (int)rep_gate_write(stdout, &gate, &view, &baseline);
	close_view(store, &view);
	rep_baseline_fini(&baseline);
	return (status);
}

/* ---- the others ---- */

static int
command_corpus_run(const struct rep_options *options)
{
	int n = options->arguments + options->handeds, status;
	char **argument = rep_say_alloc((size_t)(n + 1) * sizeof(*argument));
	struct rep_run_request request = {.db = store_path(options),
	    .baseline = baseline_path(options),
	    .observe = options->value[REP_OPTION_OBSERVE],
	    .keep_runs = options->value[REP_OPTION_KEEP_RUNS] != NULL,
	    .colour = in_colour(options),
	    .argument = argument,
	    .arguments = n};

	memcpy(argument, options->argument, (size_t)options->arguments * sizeof(*argument));
	memcpy(argument + options->arguments, options->handed, (size_t)options->handeds * sizeof(*argument));
	status = rep_run_corpus(&request);
	free(argument);
	return (status);
}

static int
command_corpus_list(const struct rep_options *options)
{
	return (rep_run_corpus_list(options->argument, options->arguments));
}

static int
command_dump(const struct rep_options *options)
{
	return (rep_dump_file(stdout, options->argument[0]));
}

static int (*const run[REP_COMMAND_COUNT])(const struct rep_options *) = {
    [REP_COMMAND_CORPUS_LIST] = command_corpus_list,
    [REP_COMMAND_CORPUS_RUN] = command_corpus_run,
    [REP_COMMAND_IMPORT] = command_import,
    [REP_COMMAND_REPORT] = command_report,
    [REP_COMMAND_SHOW] = command_show,
    [REP_COMMAND_ACCEPT] = command_accept,
    [REP_COMMAND_GATE] = command_gate,
    [REP_COMMAND_DUMP] = command_dump,
};

static int
dispatch(const struct rep_options *options)
{
	const char *colour = options->value[REP_OPTION_COLOR];

	if (options->value[REP_OPTION_HELP] != NULL) {
		rep_options_help(stdout, options->command);
		return (REP_STATUS_OK);
	}
	if (options->value[REP_OPTION_VERSION] != NULL) {
		puts("witness " REP_VERSION);
		return (REP_STATUS_OK);
	}
	if (options->command == REP_COMMAND_NONE) {
		rep_options_usage(stderr);
		return (REP_STATUS_USAGE);
	}
	if (colour != NULL && *colour != '\0' && strcmp(colour, "always") != 0 &&
	    strcmp(colour, "auto") != 0 && strcmp(colour, "never") != 0)
		return (-rep_say(-REP_STATUS_USAGE, "--color is one of always, auto, never, not %s", colour));
	return (run[options->command](options));
}

int
rep_command_run(int argc, char **argv)
{
	struct rep_options options;
	int status = REP_STATUS_USAGE;

	rep_run_outlive(SIGXFSZ); /* a write that is too long shall fail, not kill */
	if (rep_options_parse(&options, argc, argv) == 0) {
		rep_say_quiet(options.value[REP_OPTION_QUIET] != NULL);
		status = dispatch(&options);
	}
	rep_options_fini(&options);
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		status =
		    -rep_say(-REP_STATUS_USAGE, "standard output: cannot be written: %s", strerror(errno));
	return (status);
}
