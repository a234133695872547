/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - the program witness-corpus: list, run, expect.
 *
 * Standard output is deterministic: same arguments, same bytes.  Exit statuses:
 * 0 the run went as the table says, 1 it did not, 2 usage or it could not be set up.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/sysctl.h"
#include "scenario/scenario.h"

static const struct scenario *const scenarios[] = {&scenario_s03};

#define PAGES_MIN 256
#define PAGES_MAX 65536

struct request {
	const struct scenario *scenario;
	struct machine_config machine;
	bool swap_given;
};

#define COMPLAIN(...) (fprintf(stderr, "witness-corpus: " __VA_ARGS__), fputc('\n', stderr), 2)

/* ---- switches ---- */

static const struct sysctl_switch *
item_switch(const struct scenario *s, int i)
{
	return (i < SCENARIO_SWITCHES && s->switches[i] != NULL ? sysctl_find(s->switches[i]) : NULL);
}

static void
set_all_before(const struct scenario *s)
{
	const struct sysctl_switch *sw;

	for (int i = 0; (sw = item_switch(s, i)) != NULL; i++)
		*sw->sw_var = sw->sw_before;
}

/* SWITCH or SWITCH=VALUE. */
static int
set_before(const char *text)
{
	const char *equals = strchr(text, '=');
	size_t length = equals == NULL ? strlen(text) : (size_t)(equals - text);
	const struct sysctl_switch *sw;
	char name[64];
	int value, error;

	if (length >= sizeof(name))
		return (COMPLAIN("no switch has so long a name: %s", text));
	memcpy(name, text, length);
	name[length] = '\0';
	if ((sw = sysctl_find(name)) == NULL) {
		sw = sysctl_nearest(name);
		return (COMPLAIN(
		    "no switch is called %s; the nearest is %s (witness corpus list shows each item's)", name,
		    sw->sw_name));
	}
	value = sw->sw_before;
	if (equals != NULL && (error = sysctl_parse(sw, equals + 1, &value)) != 0) {
		if (sw->sw_values != NULL)
			return (COMPLAIN("%s is one of %s, not %s", name, sw->sw_values, equals + 1));
		return (COMPLAIN(
		    "%s is a number from %d to %d, not %s", name, sw->sw_min, sw->sw_max, equals + 1));
	}
	*sw->sw_var = value;
	return (0);
}

/* Every switch that is no item of this scenario stands at its default. */
static bool
others_default(const struct scenario *s)
{
	for (const struct sysctl_switch *sw = sysctl_next(NULL); sw != NULL; sw = sysctl_next(sw)) {
		bool ours = false;

		for (int i = 0; i < SCENARIO_SWITCHES && s->switches[i] != NULL; i++)
			ours |= strcmp(s->switches[i], sw->sw_name) == 0;
		if (!ours && *sw->sw_var != sw->sw_after)
			return (false);
	}
	return (true);
}

static const struct scenario_row *
find_row(const struct scenario *s)
{
	const struct sysctl_switch *sw;

	if (!others_default(s))
		return (NULL);
	for (size_t r = 0; r < s->rows; r++) {
		bool match = true;

		for (int i = 0; (sw = item_switch(s, i)) != NULL; i++)
			match &= *sw->sw_var == s->row[r].value[i];
		if (match)
			return (&s->row[r]);
	}
	return (NULL);
}

/* ---- arguments ---- */

static int
parse_number(const char *option, const char *text, long min, long max, long *value)
{
	char *end;

	if (text == NULL)
		return (COMPLAIN("%s wants a number from %ld to %ld", option, min, max));
	errno = 0;
	*value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || *value < min || *value > max)
		return (COMPLAIN("%s wants a number from %ld to %ld, not %s", option, min, max, text));
	return (0);
}

/* One option that takes a number; *used says that it was one of them. */
static int
number_option(struct request *rq, const char *option, const char *text, bool *used)
{
	long value;
	int error;

	*used = true;
	if (strcmp(option, "--cpus") == 0) {
		if ((error = parse_number(option, text, 1, MAXCPU, &value)) == 0)
			rq->machine.ncpus = (int)value;
	} else if (strcmp(option, "--seed") == 0) {
		if ((error = parse_number(option, text, 0, 999999999, &value)) == 0)
			rq->machine.seed = (uint64_t)value;
	} else if (strcmp(option, "--pages") == 0) {
		if ((error = parse_number(option, text, PAGES_MIN, PAGES_MAX, &value)) == 0)
			rq->machine.pages = (int)value;
	} else if (strcmp(option, "--swap") == 0) {
		if ((error = parse_number(option, text, 1, 4 * PAGES_MAX, &value)) == 0)
			rq->machine.swap_pages = (int)value;
		rq->swap_given = true;
	} else {
		*used = false;
		error = 0;
	}
	return (error);
}

static int
parse_option(struct request *rq, char **argv, int *i)
{
	const char *option = argv[*i];
	bool used;
	int error;

	if (strcmp(option, "--before") == 0) {
		set_all_before(rq->scenario);
		return (0);
	}
	if (strncmp(option, "--before=", 9) == 0)
		return (set_before(option + 9));
	error = number_option(rq, option, argv[*i + 1], &used);
	*i += used;
	if (!used)
		return (COMPLAIN(
		    "unknown option %s; there are --before[=SWITCH[=VALUE]], --cpus, --seed, --pages, --swap",
		    option));
	return (error);
}

static int
parse_request(struct request *rq, char **argv)
{
	int error, needed;

	if (argv[0] == NULL)
		return (COMPLAIN("which scenario? witness corpus list shows them"));
	for (size_t i = 0; i < nitems(scenarios); i++)
		if (strcmp(argv[0], scenarios[i]->name) == 0)
			rq->scenario = scenarios[i];
	if (rq->scenario == NULL)
		return (COMPLAIN("no scenario is called %s; witness corpus list shows them", argv[0]));
	for (int i = 1; argv[i] != NULL; i++)
		if ((error = parse_option(rq, argv, &i)) != 0)
			return (error);
	needed = rq->scenario->swap_needed(&rq->machine);
	if (!rq->swap_given)
		rq->machine.swap_pages = imax(4 * rq->machine.pages, needed);
	if (rq->machine.swap_pages < needed)
		return (COMPLAIN("%s with --pages %d needs --swap of at least %d pages", rq->scenario->name,
		    rq->machine.pages, needed));
	return (0);
}

/* ---- commands ---- */

static int
command_list(struct request *rq)
{
	const struct sysctl_switch *sw;
	char before[32];

	(void)rq;
	printf("%-5s %-4s %-40s %-12s %s\n", "NAME", "ITEM", "TITLE", "DETECTED BY", "SWITCHES (BEFORE)");
	for (size_t n = 0; n < nitems(scenarios); n++) {
		const struct scenario *s = scenarios[n];

		printf("%-5s %-4s %-40s %-12s", s->name, s->item, s->title, s->detected_by);
		for (int i = 0; (sw = item_switch(s, i)) != NULL; i++)
			printf(" %s=%s", sw->sw_name, sysctl_text(sw, sw->sw_before, before, sizeof(before)));
		putchar('\n');
	}
	return (0);
}

static int
command_expect(struct request *rq)
{
	const struct scenario_row *row = find_row(rq->scenario);

	if (row == NULL) {
		puts("any");
		return (0);
	}
	for (int i = 0; i < SCENARIO_LINES && row->expect[i] != NULL; i++)
		puts(row->expect[i]);
	return (0);
}

static void
print_configuration(const struct request *rq)
{
	char text[32];

	printf("%s: seed %llu, %d CPUs, %d pages of RAM, %d pages of swap\n", rq->scenario->name,
	    (unsigned long long)rq->machine.seed, rq->machine.ncpus, rq->machine.pages,
	    rq->machine.swap_pages);
	printf("switches:");
	for (const struct sysctl_switch *sw = sysctl_next(NULL); sw != NULL; sw = sysctl_next(sw)) {
		bool ours = *sw->sw_var != sw->sw_after;

		for (int i = 0; i < SCENARIO_SWITCHES && rq->scenario->switches[i] != NULL; i++)
			ours |= strcmp(rq->scenario->switches[i], sw->sw_name) == 0;
		if (ours)
			printf(" %s=%s", sw->sw_name, sysctl_text(sw, *sw->sw_var, text, sizeof(text)));
	}
	putchar('\n');
}

static int
command_run(struct request *rq)
{
	struct machine_report report;
	int error;

	print_configuration(rq);
	fflush(stdout);
	error = machine_run(&rq->machine, rq->scenario->main, rq->scenario->arg, &report);
	if (error != 0)
		return (COMPLAIN("no machine with %d pages and %d CPUs: %s", rq->machine.pages,
		    rq->machine.ncpus, strerror(-error)));
	return (rq->scenario->judge(stdout, &report));
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(struct request *);
		bool wants_scenario;
	} commands[] = {
	    {"list", command_list, false}, {"run", command_run, true}, {"expect", command_expect, true}};
	struct request rq = {.machine = {.ncpus = 2, .seed = 1, .pages = 1024}};
	int error;

	for (size_t i = 0; argc > 1 && i < nitems(commands); i++) {
		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		if (!commands[i].wants_scenario && argc > 2)
			return (COMPLAIN("%s takes no arguments", argv[1]));
		if (commands[i].wants_scenario && (error = parse_request(&rq, argv + 2)) != 0)
			return (error);
		error = commands[i].run(&rq);
		if (fflush(stdout) != 0 || ferror(stdout))
			return (COMPLAIN("standard output: %s", strerror(errno)));
		return (error);
	}
	return (COMPLAIN("usage: witness-corpus list | run NAME [OPTIONS] | expect NAME [OPTIONS]"));
}
