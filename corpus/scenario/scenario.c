/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scenario.c - the register of scenarios, and what is promised.       room: corpus/scenario
 *
 * The order of the linker set is the linker's, so walks go by name.
 */
#include <string.h>

#include "kern/sysctl.h"
#include "scenario/scenario.h"

extern const struct scenario *const __start_set_scenario[];
extern const struct scenario *const __stop_set_scenario[];

const struct scenario *
scenario_next(const struct scenario *s)
{
	const struct scenario *next = NULL;

	for (const struct scenario *const *p = __start_set_scenario; p < __stop_set_scenario; p++)
		if ((s == NULL || strcmp((*p)->name, s->name) > 0) &&
		    (next == NULL || strcmp((*p)->name, next->name) < 0))
			next = *p;
	return (next);
}

const struct scenario *
scenario_find(const char *name)
{
	const struct scenario *s = NULL;

	while ((s = scenario_next(s)) != NULL)
		if (strcmp(s->name, name) == 0)
			break;
	return (s);
}

const struct scenario *
scenario_nearest(const char *name)
{
	const struct scenario *s = NULL, *best = NULL;
	size_t d, least = (size_t)-1;

	while ((s = scenario_next(s)) != NULL) {
		d = sysctl_distance(name, s->name);
		if (d < least) {
			least = d;
			best = s;
		}
	}
	return (best);
}

/* Is the switch one of the item's? */
static int
belongs(const struct scenario *s, const char *name)
{
	for (const char *const *w = s->switches; *w != NULL; w++)
		if (strcmp(*w, name) == 0)
			return (1);
	return (0);
}

static int
row_matches(const struct scenario *s, const struct scenario_row *row)
{
	const struct sysctl_switch *sw;
	int value;

	for (int i = 0; s->switches[i] != NULL; i++) {
		sw = sysctl_find(s->switches[i]);
		if (sw == NULL || sysctl_parse(sw, row->value[i], &value) != 0 || *sw->sw_var != value)
			return (0);
	}
	return (1);
}

const struct scenario_row *
scenario_promise(const struct scenario *s)
{
	const struct sysctl_switch *sw = NULL;

	while ((sw = sysctl_next(sw)) != NULL)
		if (*sw->sw_var != sw->sw_after && !belongs(s, sw->sw_name))
			return (NULL);
	for (int i = 0; i < s->rows; i++)
		if (row_matches(s, &s->row[i]))
			return (&s->row[i]);
	return (NULL);
}
