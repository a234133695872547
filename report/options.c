/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c - the command line, by the one table options.def.   room: report
 *
 * O1  Options may stand before, between and after the words of a command.
 * O2  What is not known is answered with the nearest that is, by the fewest
 *     letters to change.
 * O3  "--" ends the options.
 * O4  An option of one value stands once: of two, one would be passed over in silence.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "options.h"
#include "say.h"

enum kind { FLAG, VALUE, EITHER, HAND, HAND_EITHER };

#define ON(ID) (1u << REP_COMMAND_##ID)
#define EVERY (~0u)

static const struct command {
	const char *words, *arguments, *help;
	int least, most;
} commands[] = {
#define COMMAND(ID, words, arguments, least, most, help)                                                     \
	[REP_COMMAND_##ID] = {words, arguments, help, least, most},
#define OPTION(ID, name, letter, argument, kind, commands, help)
#include "options.def"
#undef COMMAND
#undef OPTION
};

static const struct option {
	const char *name, *argument, *help;
	unsigned commands;
	enum kind kind;
	char letter;
} table[] = {
#define COMMAND(ID, words, arguments, least, most, help)
#define OPTION(ID, name, letter, argument, kind, commands, help)                                             \
	[REP_OPTION_##ID] = {name, argument, help, commands, kind, letter},
#include "options.def"
#undef COMMAND
#undef OPTION
};

/* ---- O2 ---- */

static const char *
nearest_option(const char *name, enum rep_command command)
{
	size_t best = SIZE_MAX;
	const char *nearest = "help";

	for (size_t i = 0; i < REP_OPTION_COUNT; i++) {
		size_t far = wit_options_distance(name, table[i].name);

		if ((command == REP_COMMAND_NONE || (table[i].commands >> command & 1) != 0) && far < best) {
			best = far;
			nearest = table[i].name;
		}
	}
	return (nearest);
}

static const char *
nearest_command(const char *words)
{
	size_t best = SIZE_MAX;
	const char *nearest = "";

	for (size_t i = 0; i < REP_COMMAND_COUNT; i++) {
		size_t far = wit_options_distance(words, commands[i].words);

		if (far < best) {
			best = far;
			nearest = commands[i].words;
		}
	}
	return (nearest);
}

/* ---- parsing ---- */

struct parser {
	struct rep_options *options;
	char **argv;
	int argc, at;
	char **word; /* what is no option */
	int words;
	const char *unknown; /* the first option that nobody knows: said once the command is known */
};

/* The option of a name or letter, or NULL; *value what follows its "=" or letter. */
static const struct option *
find_option(const char *text, const char **value)
{
	size_t n;

	*value = NULL;
	if (text[1] != '-') {
		for (size_t i = 0; i < REP_OPTION_COUNT; i++)
			if (table[i].letter != 0 && table[i].letter == text[1]) {
				*value = text[2] == '\0' ? NULL : text + 2;
				return (&table[i]);
			}
		return (NULL);
	}
	n = strcspn(text + 2, "=");
	for (size_t i = 0; i < REP_OPTION_COUNT; i++)
		if (strlen(table[i].name) == n && strncmp(table[i].name, text + 2, n) == 0) {
			*value = text[2 + n] == '=' ? text + 3 + n : NULL;
			return (&table[i]);
		}
	return (NULL);
}

static int
take_option(struct parser *p)
{
	struct rep_options *options = p->options;
	char *text = p->argv[p->at];
	const char *value;
	const struct option *option = find_option(text, &value);
	bool wants;

	if (option == NULL) {
		p->unknown = p->unknown == NULL ? text : p->unknown;
		return (0);
	}
	wants = option->kind == VALUE || option->kind == HAND;
	if (option->kind == FLAG && value != NULL)
		return (rep_say(-EINVAL, "option --%s takes no value", option->name));
	if (option->kind != FLAG && option->kind != HAND_EITHER &&
	    options->value[option - table] != NULL) /* O4 */
		return (rep_say(-EINVAL, "option --%s stands twice; it takes one value", option->name));
	if (option->kind == HAND && value != NULL) /* two words for who reads them next */
		text[value - text - 1] = '\0';
	if (option->kind == HAND || option->kind == HAND_EITHER)
		options->handed[options->handeds++] = text;
	if (wants && value == NULL) {
		if (p->at + 1 >= p->argc)
			return (rep_say(-EINVAL, "option --%s wants %s", option->name, option->argument));
		value = p->argv[++p->at];
	}
	if (option->kind == HAND)
		options->handed[options->handeds++] = (char *)value;
	options->value[option - table] = value == NULL ? "" : value;
	return (0);
}

/* Is it the first word of commands of two: of these, too, help is asked for. */
static bool
begins_commands(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < REP_COMMAND_COUNT; i++)
		if (strncmp(commands[i].words, word, n) == 0 && commands[i].words[n] == ' ')
			return (true);
	return (false);
}

/* The command that the words begin with; the rest are its arguments. */
static int
find_command(struct parser *p)
{
	struct rep_options *options = p->options;
	char *two = p->words > 1 ? rep_say_format("%s %s", p->word[0], p->word[1]) : NULL;
	int used = 0;

	for (int i = 0; i < REP_COMMAND_COUNT; i++) {
		if (two != NULL && strcmp(two, commands[i].words) == 0)
			used = 2;
		else if (p->words > 0 && strcmp(p->word[0], commands[i].words) == 0)
			used = 1;
		else
			continue;
		options->command = (enum rep_command)i;
		break;
	}
	if (used == 0 && p->words == 1 && options->value[REP_OPTION_HELP] != NULL &&
	    begins_commands(p->word[0]))
		return (0);
	if (used == 0 && p->words > 0)
		rep_say(0, "no command is called %s; did you mean %s?",
		    two != NULL && strcmp(p->word[0], "corpus") == 0 ? two : p->word[0],
		    nearest_command(two != NULL && strcmp(p->word[0], "corpus") == 0 ? two : p->word[0]));
	free(two);
	options->arguments = p->words - used;
	memcpy(options->argument, p->word + used, (size_t)options->arguments * sizeof(char *));
	return (used == 0 && p->words > 0 ? -EINVAL : 0);
}

static int
check(const struct parser *p)
{
	const struct rep_options *options = p->options;
	const struct command *command = &commands[options->command];

	for (int i = 0; i < REP_OPTION_COUNT; i++)
		if (options->value[i] != NULL && (table[i].commands >> options->command & 1) == 0)
			return (rep_say(-EINVAL, "%s has no option --%s; the nearest is --%s", command->words,
			    table[i].name, nearest_option(table[i].name, options->command)));
	if (options->value[REP_OPTION_HELP] != NULL)
		return (0);
	if (options->value[REP_OPTION_DB] != NULL && *options->value[REP_OPTION_DB] == '\0')
		return (rep_say(-EINVAL, "--db wants the name of a file, not nothing"));
	if (options->arguments < command->least)
		return (rep_say(-EINVAL, "usage: witness %s %s", command->words, command->arguments));
	if (command->most >= 0 && options->arguments > command->most)
		return (rep_say(-EINVAL, "%s: %s is one argument too many: usage: witness %s %s",
		    command->words, options->argument[command->most], command->words, command->arguments));
	return (0);
}

int
rep_options_parse(struct rep_options *options, int argc, char **argv)
{
	struct parser p = {.options = options, .argv = argv, .argc = argc, .at = 1};
	bool only_words = false;
	int error = 0;

	*options = (struct rep_options){.command = REP_COMMAND_NONE};
	options->argument = rep_say_alloc((size_t)(argc + 1) * sizeof(char *));
	options->handed = rep_say_alloc((size_t)(2 * argc + 1) * sizeof(char *));
	p.word = rep_say_alloc((size_t)(argc + 1) * sizeof(char *));
	for (; p.at < argc && error == 0; p.at++) {
		const char *text = argv[p.at];

		if (!only_words && strcmp(text, "--") == 0)
			only_words = true;
		else if (!only_words && text[0] == '-' && text[1] != '\0')
			error = take_option(&p);
		else
			p.word[p.words++] = argv[p.at];
	}
	if (error == 0)
		error = find_command(&p);
	free(p.word);
	if (error != 0)
		return (error);
	if (p.unknown != NULL) {
		size_t dashes = strspn(p.unknown, "-");
		char *name =
		    rep_say_format("%.*s", (int)strcspn(p.unknown + dashes, "="), p.unknown + dashes);

		rep_say(0, "unknown option %s; the nearest is --%s", p.unknown,
		    nearest_option(name, options->command));
		free(name);
		return (-EINVAL);
	}
	return (options->command == REP_COMMAND_NONE ? 0 : check(&p));
}

void
rep_options_fini(struct rep_options *options)
{
	free(options->argument);
	free(options->handed);
}

/* ---- help ---- */

static void
help_option(FILE *out, const struct option *option)
{
	char left[80];
	int n = option->letter == 0 ? 0 : snprintf(left, sizeof(left), "-%c, ", option->letter);
	bool either = option->kind == EITHER || option->kind == HAND_EITHER;

	n += snprintf(left + n, sizeof(left) - (size_t)n, "--%s", option->name);
	if (option->argument != NULL)
		snprintf(left + n, sizeof(left) - (size_t)n, either ? "[=%s]" : " %s", option->argument);
	fprintf(out, "  %-26s %s\n", left, option->help);
}

void
rep_options_usage(FILE *out)
{
	fputs("usage: witness COMMAND [OPTIONS]; witness --help lists the commands\n", out);
}

void
rep_options_help(FILE *out, enum rep_command command)
{
	if (command == REP_COMMAND_NONE) {
		fputs("usage: witness COMMAND [OPTIONS]\n\ncommands\n", out);
		for (size_t i = 0; i < REP_COMMAND_COUNT; i++) {
			char left[80];

			snprintf(left, sizeof(left), "%s %s", commands[i].words, commands[i].arguments);
			fprintf(out, "  %-26s %s\n", left, commands[i].help);
		}
	} else {
		fprintf(out, "usage: witness %s%s%s [OPTIONS]\n\n%s\n", commands[command].words,
		    *commands[command].arguments == '\0' ? "" : " ", commands[command].arguments,
		    commands[command].help);
	}
	fputs(command == REP_COMMAND_NONE
		  ? "\noptions of every command (witness COMMAND --help shows the others)\n"
		  : "\noptions\n",
	    out);
	for (size_t i = 0; i < REP_OPTION_COUNT; i++)
		if (command == REP_COMMAND_NONE ? table[i].commands == EVERY
						: (table[i].commands >> command & 1) != 0)
			help_option(out, &table[i]);
	fputs(
	    "\nexit status: 0 done, nothing new; 1 the answer is no; 2 usage, or input that cannot be read; "
	    "3 not complete\nFINDING is any unique beginning of a fingerprint.\n",
	    out);
}
