/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - the command line, by the one table options.def.   room: report
 */
#ifndef REP_OPTIONS_H
#define REP_OPTIONS_H

#include <stdio.h>

#define REP_VERSION "0.1.0"

enum rep_command {
	REP_COMMAND_NONE = -1,
#define COMMAND(ID, words, arguments, least, most, help) REP_COMMAND_##ID,
#define OPTION(ID, name, letter, argument, kind, commands, help)
#include "options.def"
#undef COMMAND
#undef OPTION
	REP_COMMAND_COUNT
};

enum rep_option {
#define COMMAND(ID, words, arguments, least, most, help)
#define OPTION(ID, name, letter, argument, kind, commands, help) REP_OPTION_##ID,
#include "options.def"
#undef COMMAND
#undef OPTION
	REP_OPTION_COUNT
};

struct rep_options {
	enum rep_command command;
	const char *value[REP_OPTION_COUNT]; /* NULL: not given; "" a flag, or EITHER without a value */
	char **argument; /* of the command, NULL-ended */
	int arguments;
	char **handed; /* options for witness-corpus, as given, NULL-ended */
	int handeds;
};

/* 0, or -EINVAL after one line on stderr.  With --help or --version given, a command may be missing. */
int rep_options_parse(struct rep_options *options, int argc, char **argv);
void rep_options_fini(struct rep_options *options);

/* Of one command, or of all (REP_COMMAND_NONE). */
void rep_options_help(FILE *out, enum rep_command command);
void rep_options_usage(FILE *out);

#endif
