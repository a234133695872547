/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.c - the register of switches.                                room: corpus/kern
 *
 * Every SYSCTL_SWITCH leaves a pointer in the linker set "set_sysctl"; the
 * order there is the linker's, so walks go by name.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/sysctl.h"

extern const struct sysctl_switch *const __start_set_sysctl[] __attribute__((weak));
extern const struct sysctl_switch *const __stop_set_sysctl[] __attribute__((weak));

const struct sysctl_switch *
sysctl_next(const struct sysctl_switch *sw)
{
	const struct sysctl_switch *next = NULL;

	for (const struct sysctl_switch *const *p = __start_set_sysctl; p < __stop_set_sysctl; p++)
		if ((sw == NULL || strcmp((*p)->sw_name, sw->sw_name) > 0) &&
		    (next == NULL || strcmp((*p)->sw_name, next->sw_name) < 0))
			next = *p;
	return (next);
}

const struct sysctl_switch *
sysctl_find(const char *name)
{
	const struct sysctl_switch *sw = NULL;

	while ((sw = sysctl_next(sw)) != NULL)
		if (strcmp(sw->sw_name, name) == 0)
			break;
	return (sw);
}

size_t
sysctl_distance(const char *a, const char *b)
{
	size_t row[64], corner, above, lb = strlen(b);

	if (lb >= nitems(row))
		lb = nitems(row) - 1;
	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (; *a != '\0'; a++) {
		corner = row[0]++;
		for (size_t j = 1; j <= lb; j++) {
			above = row[j];
			row[j] = corner + (*a != b[j - 1]);
			if (above + 1 < row[j])
				row[j] = above + 1;
			if (row[j - 1] + 1 < row[j])
				row[j] = row[j - 1] + 1;
			corner = above;
		}
	}
	return (row[lb]);
}

const struct sysctl_switch *
sysctl_nearest(const char *name)
{
	const struct sysctl_switch *sw = NULL, *best = NULL;
	size_t d, least = (size_t)-1;

	while ((sw = sysctl_next(sw)) != NULL) {
		d = sysctl_distance(name, sw->sw_name);
		if (d < least) {
			least = d;
			best = sw;
		}
	}
	return (best);
}

/* The i-th of the names: its start and length, or NULL. */
static const char *
value_name(const struct sysctl_switch *sw, int i, size_t *len)
{
	const char *s = sw->sw_values;

	for (; s != NULL && i > 0; i--) {
		s = strchr(s, ',');
		if (s != NULL)
			s++;
	}
	if (s != NULL)
		*len = strcspn(s, ",");
	return (s);
}

int
sysctl_parse(const struct sysctl_switch *sw, const char *text, int *value)
{
	const char *s;
	char *end;
	size_t len;
	long v;

	if (sw->sw_values != NULL) {
		for (int i = 0; (s = value_name(sw, i, &len)) != NULL; i++)
			if (strlen(text) == len && strncmp(s, text, len) == 0) {
				*value = i;
				return (0);
			}
		return (-EINVAL);
	}
	errno = 0;
	v = strtol(text, &end, 10);
	if (end == text || *end != '\0')
		return (-EINVAL);
	if (errno != 0 || v < sw->sw_min || v > sw->sw_max)
		return (-ERANGE);
	*value = (int)v;
	return (0);
}

const char *
sysctl_text(const struct sysctl_switch *sw, int value, char *buf, size_t size)
{
	size_t len;
	const char *s = value_name(sw, value, &len);

	if (s != NULL)
		snprintf(buf, size, "%.*s", (int)len, s);
	else
		snprintf(buf, size, "%d", value);
	return (buf);
}
