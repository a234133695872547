/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - witness-corpus: the scenarios, run by hand or by witness.  room: corpus/scenario
 *
 * Standard output is the same for the same seed, CPUs, pages and switches, byte
 * for byte.  Exit status: 0 the run went as the scenario's table says (what the tracker
 * found is judged by who reads the run file), 1 it did not, 2 usage, or a swap
 * file that cannot be had.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/proc.h"
#include "kern/sysctl.h"
#include "scenario/scenario.h"

#define SWAP_MAX (1024 * 1024)
#define PAGES_MAX (256 * 1024)

enum { EXIT_AS_TOLD = 0, EXIT_NOT_AS_TOLD = 1, EXIT_USAGE = 2 };

static struct machine_config cfg;
static uint64_t opt_cpus, opt_seed, opt_pages, opt_swap;
static const struct scenario *scenario;
static struct workload_result result;

/* THE table of options with a number.  Those not given keep the default. */
static const struct option {
	const char *name;
	uint64_t *value;
	uint64_t from, to, preset;
	const char *help;
} options[] = {
    {"--cpus", &opt_cpus, 1, MAXCPU, 2, "simulated CPUs"},
    {"--seed", &opt_seed, 0, UINT64_MAX, 1, "the schedule"},
    {"--pages", &opt_pages, 1, PAGES_MAX, 1024, "RAM, in pages of 4 KB"},
    {"--swap", &opt_swap, 0, SWAP_MAX, 0, "the swap file, in pages; 0: four times RAM, or what is needed"},
};

static void __attribute__((format(printf, 1, 2), noreturn)) usage(const char *fmt, ...)
{
	va_list ap;

	fputs("witness-corpus: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

/* ---- list, sysctl, help ---- */

static void
print_value(const struct sysctl_switch *sw, int value)
{
	char buf[32];

	printf("%s=%s", sw->sw_name, sysctl_text(sw, value, buf, sizeof(buf)));
}

static int
command_list(void)
{
	const struct scenario *s = NULL;
	const struct sysctl_switch *sw;

	printf("%-6s %-5s %-40s %-12s %s\n", "NAME", "ITEM", "TITLE", "DETECTED BY", "BEFORE");
	while ((s = scenario_next(s)) != NULL) {
		printf("%-6s %-5s %-40s %-12s", s->name, s->item, s->title, s->detects);
		for (const char *const *w = s->switches; *w != NULL; w++)
			if ((sw = sysctl_find(*w)) != NULL) {
				putchar(' ');
				print_value(sw, sw->sw_before);
			}
		putchar('\n');
	}
	return (EXIT_AS_TOLD);
}

static int
command_sysctl(void)
{
	const struct sysctl_switch *sw = NULL;
	char before[32], after[32];

	printf("%-26s %-10s %-10s %s\n", "NAME", "DEFAULT", "BEFORE", "WHAT");
	while ((sw = sysctl_next(sw)) != NULL)
		printf("%-26s %-10s %-10s %s\n", sw->sw_name,
		    sysctl_text(sw, sw->sw_after, after, sizeof(after)),
		    sysctl_text(sw, sw->sw_before, before, sizeof(before)), sw->sw_help);
	return (EXIT_AS_TOLD);
}

static int
command_help(void)
{
	puts("usage: witness-corpus list");
	puts("       witness-corpus sysctl");
	puts("       witness-corpus run|expect NAME [--before | --before=SWITCH[=VALUE]]... [options]");
	puts("");
	puts("  --before   the item's switches as they were; or that switch alone");
	for (size_t i = 0; i < nitems(options); i++)
		printf("  %-10s %s (default %llu)\n", options[i].name, options[i].help,
		    (unsigned long long)options[i].preset);
	return (EXIT_AS_TOLD);
}

/* ---- reading the command line ---- */

static void
set_before(const char *text)
{
	const struct sysctl_switch *sw;
	char name[64], range[128];
	const char *value = strchr(text, '=');
	int v, error;

	snprintf(
	    name, sizeof(name), "%.*s", (int)(value != NULL ? value - text : (ptrdiff_t)strlen(text)), text);
	sw = sysctl_find(name);
	if (sw == NULL)
		usage("no switch \"%s\"; did you mean \"%s\"? (witness-corpus sysctl lists them)", name,
		    sysctl_nearest(name)->sw_name);
	v = sw->sw_before;
	if (value != NULL && (error = sysctl_parse(sw, value + 1, &v)) != 0) {
		if (sw->sw_values != NULL)
			snprintf(range, sizeof(range), "one of %s", sw->sw_values);
		else
			snprintf(range, sizeof(range), "%d to %d", sw->sw_min, sw->sw_max);
		usage("%s cannot be \"%s\": %s", name, value + 1, range);
	}
	*sw->sw_var = v;
}

static void
set_all_before(void)
{
	for (const char *const *w = scenario->switches; *w != NULL; w++)
		set_before(*w);
}

static uint64_t
number(const struct option *o, const char *text)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || v < o->from || v > o->to)
		usage("%s cannot be \"%s\": a number from %llu to %llu", o->name, text,
		    (unsigned long long)o->from, (unsigned long long)o->to);
	return (v);
}

static const struct option *
find_option(const char *arg, size_t len)
{
	for (size_t i = 0; i < nitems(options); i++)
		if (strlen(options[i].name) == len && strncmp(options[i].name, arg, len) == 0)
			return (&options[i]);
	return (NULL);
}

static void __attribute__((noreturn)) unknown_option(const char *arg)
{
	const char *best = "--before";
	char name[64];
	size_t least;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(arg, "="), arg);
	least = sysctl_distance(name, best);
	for (size_t i = 0; i < nitems(options); i++)
		if (sysctl_distance(name, options[i].name) < least) {
			best = options[i].name;
			least = sysctl_distance(name, best);
		}
	usage("no option \"%s\"; did you mean \"%s\"? (witness-corpus help lists them)", name, best);
}

static void
parse_options(char **argv)
{
	const struct option *o;
	size_t len;

	for (size_t i = 0; i < nitems(options); i++)
		*options[i].value = options[i].preset;
	for (; *argv != NULL; argv++) {
		len = strcspn(*argv, "=");
		o = find_option(*argv, len);
		if (strcmp(*argv, "--before") == 0)
			set_all_before();
		else if (strncmp(*argv, "--before=", 9) == 0)
			set_before(*argv + 9);
		else if (o == NULL)
			unknown_option(*argv);
		else if ((*argv)[len] == '=')
			*o->value = number(o, *argv + len + 1);
		else if (argv[1] == NULL)
			usage("%s wants a number", o->name);
		else
			*o->value = number(o, *++argv);
	}
	cfg = (struct machine_config){(int)opt_cpus, opt_seed, (int)opt_pages, (int)opt_swap};
}

static void
parse(char **argv)
{
	if (*argv == NULL)
		usage("which scenario? (witness-corpus list shows them)");
	scenario = scenario_find(*argv);
	if (scenario == NULL)
		usage("no scenario \"%s\"; did you mean \"%s\"? (witness-corpus list shows them)", *argv,
		    scenario_nearest(*argv)->name);
	parse_options(argv + 1);
	if (cfg.pages < scenario->pages_wanted(&cfg))
		usage("%s on %d CPUs wants at least --pages %d", scenario->name, cfg.ncpus,
		    scenario->pages_wanted(&cfg));
	if (cfg.swap_pages == 0)
		cfg.swap_pages = imax(4 * cfg.pages, scenario->swap_wanted(&cfg));
	if (cfg.swap_pages < scenario->swap_wanted(&cfg))
		usage("%s with %d pages of RAM wants at least --swap %d", scenario->name, cfg.pages,
		    scenario->swap_wanted(&cfg));
}

/* ---- expect ---- */

static int
command_expect(void)
{
	const struct scenario_row *row = scenario_promise(scenario);

	if (row == NULL) {
		puts("any");
		return (EXIT_AS_TOLD);
	}
	for (const char *const *f = row->finding; *f != NULL; f++)
		printf("finding %s\n", *f);
	for (const char *const *e = row->edge; *e != NULL; e++)
		printf("edge %s\n", *e);
	return (EXIT_AS_TOLD);
}

/* ---- run ---- */

static void
print_switches(void)
{
	const struct sysctl_switch *sw = NULL;

	printf("switches:");
	while ((sw = sysctl_next(sw)) != NULL) {
		int ours = 0;

		for (const char *const *w = scenario->switches; *w != NULL; w++)
			ours |= strcmp(*w, sw->sw_name) == 0;
		if (!ours && *sw->sw_var == sw->sw_after)
			continue;
		putchar(' ');
		print_value(sw, *sw->sw_var);
	}
	putchar('\n');
}

static void
print_configuration(void)
{
	printf("scenario: %s (%s, %s)\n", scenario->name, scenario->item, scenario->title);
	printf("machine: cpus=%d seed=%llu pages=%d swap=%d\n", cfg.ncpus, (unsigned long long)cfg.seed,
	    cfg.pages, cfg.swap_pages);
	print_switches();
}

static void
print_counts(const struct workload_result *r, const struct machine_report *rep)
{
	printf("faults: %llu\n", (unsigned long long)r->faults);
	printf("pageouts: pages=%llu transfers=%llu\n", (unsigned long long)r->pagesout,
	    (unsigned long long)r->pageouts);
	printf("pageins: pages=%llu transfers=%llu\n", (unsigned long long)r->pagesin,
	    (unsigned long long)r->pageins);
	printf("swap: swblocks=%d swapmeta_slabs=%d\n", r->swblocks, r->swapmeta_slabs);
	for (int i = 0; i < rep->ncpus; i++)
		printf("cpu %d: switches=%llu cache_hits=%llu\n", i, (unsigned long long)rep->switches[i],
		    (unsigned long long)r->hits[i]);
	printf("time: ticks=%d points=%llu\n", rep->ticks, (unsigned long long)rep->points);
	printf("digest: %016llx\n", (unsigned long long)rep->digest);
	printf("verified: pages=%llu wrong=%llu\n", (unsigned long long)r->verified,
	    (unsigned long long)r->wrong);
	if (!r->quiet)
		return;
	printf("checks:");
	for (int i = 0; i < r->checks; i++)
		printf(" %s=%d", r->check[i].name, r->check[i].bad);
	putchar('\n');
}

/* What is amiss, or NULL. */
static const char *
verdict(const struct machine_report *rep)
{
	if (rep->outcome != MACHINE_OK)
		return (rep->text);
	if (result.wrong != 0)
		return ("memory did not keep what was written");
	for (int i = 0; i < result.checks; i++)
		if (result.check[i].bad != 0)
			return ("something was lost or left over");
	return (scenario->judge(&result, rep));
}

static void
machine_main(void *arg __attribute__((unused)))
{
	scenario->run(&result);
}

static int
command_run(void)
{
	static const char *const how[] = {"", "panic: ", "", ""};
	struct machine_report rep = {0};
	const char *amiss;
	int error = machine_run(&cfg, machine_main, NULL, &rep);

	if (error != 0)
		usage("cannot make the machine: %s", strerror(-error));
	if (result.boot_error != 0)
		usage("cannot make a swap file of %d pages: %s", cfg.swap_pages, strerror(result.boot_error));
	amiss = verdict(&rep);
	print_configuration();
	print_counts(&result, &rep);
	if (amiss != NULL)
		printf("outcome: not as expected: %s%s\n", how[rep.outcome], amiss);
	else
		printf("outcome: as expected\n");
	return (amiss == NULL ? EXIT_AS_TOLD : EXIT_NOT_AS_TOLD);
}

static const struct command {
	const char *name;
	int wants_scenario;
	int (*run)(void);
} commands[] = {
    {"run", 1, command_run},
    {"expect", 1, command_expect},
    {"list", 0, command_list},
    {"sysctl", 0, command_sysctl},
    {"help", 0, command_help},
    {"--help", 0, command_help},
};

static const struct command *
find_command(const char *name)
{
	const struct command *best = commands;

	for (size_t i = 0; i < nitems(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return (&commands[i]);
		if (sysctl_distance(name, commands[i].name) < sysctl_distance(name, best->name))
			best = &commands[i];
	}
	usage("no command \"%s\"; did you mean \"%s\"? (witness-corpus help lists them)", name, best->name);
}

int
main(int argc, char **argv)
{
	const struct command *c;
	int status;

	signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error like a full disk */
	if (argc < 2)
		usage("what shall be done? (witness-corpus help says what can be)");
	c = find_command(argv[1]);
	if (c->wants_scenario)
		parse(argv + 2);
	else if (argv[2] != NULL)
		usage("%s takes no \"%s\"", c->name, argv[2]);
	status = c->run();
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "witness-corpus: standard output: %s\n", strerror(errno));
		return (EXIT_USAGE);
	}
	return (status);
}
