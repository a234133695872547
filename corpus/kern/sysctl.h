/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysctl.h - the register of switches: which historic behaviour is on.   room: corpus/kern
 *
 * A switch is an int beside the code that tests it, defined there by one of
 *
 *      enum { OBJECT_TYPES_SPLIT, OBJECT_TYPES_SINGLE };
 *      SYSCTL_SWITCH(vm_object_types, "vm.object_types", OBJECT_TYPES_SPLIT, OBJECT_TYPES_SINGLE,
 *          "split,single", "one lock type for every VM object");
 *      SYSCTL_SWITCH_INT(vm_prealloc_map, "vm.prealloc_map", 1, 0, 0, 1, "MAP zone preallocated");
 *
 * (after = default, before = the historic or the other position; the text names
 * the values 0, 1, 2 ...).  An `extern int vm_object_types;` in a header lets
 * others read it.  Values are set before the machine boots and stay.
 */
#ifndef KERN_SYSCTL_H
#define KERN_SYSCTL_H

#include "kern/param.h"

struct sysctl_switch {
	const char *sw_name;
	int *sw_var;
	int sw_after, sw_before;
	int sw_min, sw_max;
	const char *sw_values; /* names of 0, 1, ...; NULL: plain numbers */
	const char *sw_help;
};

#define SYSCTL_SWITCH_(var, name, after, before, min, max, values, help)                                     \
	int var = (after);                                                                                   \
	static const struct sysctl_switch sysctl_##var = {                                                   \
	    (name), &(var), (after), (before), (min), (max), (values), (help)};                              \
	static const struct sysctl_switch *const sysctl_##var##_entry                                        \
	    __attribute__((section("set_sysctl"), used)) = &sysctl_##var

#define SYSCTL_SWITCH(var, name, after, before, values, help)                                                \
	SYSCTL_SWITCH_(var, name, after, before, 0, 0, values, help)
#define SYSCTL_SWITCH_INT(var, name, after, before, min, max, help)                                          \
	SYSCTL_SWITCH_(var, name, after, before, min, max, NULL, help)

/* All switches, by name; NULL ends. */
const struct sysctl_switch *sysctl_next(const struct sysctl_switch *sw);
const struct sysctl_switch *sysctl_find(const char *name);
/* Single-letter edits that turn a into b (b cut to 63 characters). */
size_t sysctl_distance(const char *a, const char *b);
/* The one whose name is most like this. */
const struct sysctl_switch *sysctl_nearest(const char *name);
/* Text to value: 0, or -EINVAL (no such value), -ERANGE. */
int sysctl_parse(const struct sysctl_switch *sw, const char *text, int *value);
/* Value to text: the name, or the number.  Returns buf. */
const char *sysctl_text(const struct sysctl_switch *sw, int value, char *buf, size_t len);

#endif
