/* SPDX-License-Identifier: BSD-2-Clause */
#include "core/options.h"

#include <string.h>

#define NAME_MOST 24u

enum kind { TEXT, SIZE, FLAG, RUN_ID, WORD };

struct option {
	const char *name;
	enum kind kind;
	const char *words; /* "no|yes" */
	size_t field;
	const char *otherwise;
};

#define TEXT TEXT, NULL
#define SIZE SIZE, NULL
#define FLAG FLAG, NULL
#define RUN_ID RUN_ID, NULL
#define WORD(words) WORD, words
static const struct option table[] = {
#define OPTION(name, kind, field, otherwise, meaning)                                                        \
	{#name, kind, offsetof(struct wit_options, field), otherwise},
#include "core/options.def"
#undef OPTION
};
#undef TEXT
#undef SIZE
#undef FLAG
#undef RUN_ID
#undef WORD

#define OPTIONS (sizeof(table) / sizeof(table[0]))

/* ---- values: true when read ---- */

static bool
read_size(const char *text, uint64_t *size)
{
	uint64_t number = 0;
	unsigned shift = 0;

	if (*text < '0' || *text > '9')
		return (false);
	for (; *text >= '0' && *text <= '9'; text++) {
		if (number > (UINT64_MAX >> 31) / 10)
			return (false);
		number = number * 10 + (uint64_t)(*text - '0');
	}
	switch (*text) {
	case 'G':
	case 'g':
		shift = 30;
		break;
	case 'M':
	case 'm':
		shift = 20;
		break;
	case 'K':
	case 'k':
		shift = 10;
		break;
	}
	if (shift != 0)
		text++;
	*size = number << shift;
	return (*text == '\0');
}

static bool
read_run_id(const char *text, uint8_t id[16])
{
	static const char digits[] = "0123456789abcdef";
	const size_t n = strlen(text);

	memset(id, 0, 16);
	if (n > 32)
		return (false);
	for (size_t i = 0; i < n; i++) {
		const char *digit = strchr(digits, text[i] >= 'A' && text[i] <= 'F' ? text[i] + 32 : text[i]);

		if (digit == NULL) {
			memset(id, 0, 16);
			return (false);
		}
		id[i / 2] |= (uint8_t)((digit - digits) << (i % 2 == 0 ? 4 : 0));
	}
	return (true);
}

/* Whether the value is the second of the two words. */
static bool
read_word(const char *text, const char *words, bool *second)
{
	const size_t first = (size_t)(strchr(words, '|') - words);

	*second = strcmp(text, words + first + 1) == 0;
	return (*second || (strlen(text) == first && memcmp(text, words, first) == 0));
}

static bool
set(struct wit_options *options, const struct option *option, const char *value)
{
	void *field = (char *)options + option->field;

	switch (option->kind) {
	case TEXT:
		*(const char **)field = value;
		return (true);
	case SIZE:
		return (read_size(value, field));
	case FLAG:
		return (read_word(value, "0|1", field));
	case RUN_ID:
		return (read_run_id(value, field));
	case WORD:
		return (read_word(value, option->words, field));
	}
	return (false);
}

/* ---- names ---- */

unsigned
wit_options_distance(const char *a, const char *b)
{
	unsigned row[WIT_OPTIONS_WORD + 1], above, corner;
	const size_t n = strlen(b);

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		corner = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t j = 1; j <= n; j++) {
			unsigned least = corner + (a[i] != b[j - 1]);

			above = row[j];
			least = above + 1 < least ? above + 1 : least;
			row[j] = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
			corner = above;
		}
	}
	return (row[n]);
}

static const struct option *
find(const char *name)
{
	for (size_t i = 0; i < OPTIONS; i++)
		if (strcmp(table[i].name, name) == 0)
			return (&table[i]);
	return (NULL);
}

static const char *
nearest(const char *name)
{
	char begin[NAME_MOST + 1];
	size_t n = strlen(name), best = 0;

	if (n > NAME_MOST)
		n = NAME_MOST;
	memcpy(begin, name, n);
	begin[n] = '\0';
	for (size_t i = 1; i < OPTIONS; i++)
		if (wit_options_distance(begin, table[i].name) <
		    wit_options_distance(begin, table[best].name))
			best = i;
	return (table[best].name);
}

/* ---- the whole ---- */

/* Ends the word at the next bare colon, takes the backslashes out: where the next begins, or NULL. */
static char *
cut(char *word)
{
	char *to = word, *from = word;

	for (; *from != '\0' && *from != ':'; from++) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		*to++ = *from;
	}
	from = *from == ':' ? from + 1 : NULL;
	*to = '\0';
	return (from);
}

/* The inverse of cut(). */
char *
wit_options_quote(char *to, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == ':' || *value == '\\')
			*to++ = '\\';
		*to++ = *value;
	}
	return (to);
}

unsigned
wit_options_parse(struct wit_options *options, const char *text, struct wit_arena *arena,
    void (*complain)(const char *a, const char *b, const char *c, const char *d))
{
	char *word = text != NULL ? wit_arena_string(arena, text, WIT_OPTIONS_MOST) : NULL, *next, *value;
	const struct option *option;
	unsigned mistakes = 0;

	for (size_t i = 0; i < OPTIONS; i++)
		set(options, &table[i], table[i].otherwise);
	for (; word != NULL; word = next) {
		next = cut(word);
		if (*word == '\0')
			continue;
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		option = find(word);
		if (option != NULL && value != NULL && set(options, option, value))
			continue;
		mistakes++;
		if (option == NULL) {
			complain("unknown option ", word, "; the nearest is ", nearest(word));
		} else {
			complain("option ", word, ": cannot read ", value != NULL ? value : "no value");
			set(options, option, option->otherwise);
		}
	}
	return (mistakes);
}
