/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * html_walk.h - walks a page strictly, tag by tag.             room: tests
 *
 * Stricter than a browser, which would forgive: every tag is closed in its turn
 * (but for the void ones), every attribute has double quotes, every & begins an
 * entity, no < or > stands in text, no control byte anywhere, no comment is open.
 *
 * html_walk() calls back for every tag and every piece of text; it returns false
 * after it wrote what is wrong, and where, to `wrong`.
 */
#ifndef HTML_WALK_H
#define HTML_WALK_H

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum html_event { HTML_OPEN, HTML_CLOSE, HTML_TEXT };

struct html_tag {
	char name[32];
	const char *attributes; /* as they stand, up to `end` */
	const char *end;
};

/* text, length: of HTML_TEXT; tag: of the others. depth: open elements round it. */
typedef void html_callback(void *state, enum html_event event, const struct html_tag *tag, const char *text,
    size_t length, size_t depth);

#define HTML_DEPTH 64

__attribute__((unused)) static bool
html_entity(const char *at)
{
	const char *name = at + 1;
	size_t length = strcspn(name, "; \n<&\"");

	if (name[length] != ';' || length < 2)
		return false;
	if (*name == '#')
		return strspn(name + 1, "0123456789") == length - 1;
	for (size_t i = 0; i < length; i++) {
		if (!isalpha((unsigned char)name[i]))
			return false;
	}
	return true;
}

/* NULL, or what is wrong with a piece of text or a value. */
static const char *
html_text_fault(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char byte = text[i];

		if (byte == '&' && !html_entity(text + i))
			return "a bare &";
		if (byte == '<' || byte == '>')
			return "a bare < or >";
		if (byte < 0x20 && byte != '\n' && byte != '\t')
			return "a control byte";
		if (byte == 0xff || byte == 0xc0)
			return "no UTF-8";
	}
	return NULL;
}

/* Reads attributes up to the > at *at: what is wrong with them, or NULL. */
static const char *
html_attributes(const char **at)
{
	const char *p = *at, *fault;

	for (;;) {
		size_t name, value;

		p += strspn(p, " \n\t");
		if (*p == '>' || strncmp(p, "/>", 2) == 0) {
			*at = p;
			return NULL;
		}
		name = strcspn(p, "= \n\t>/\"'<");
		if (name == 0)
			return "an attribute without a name";
		p += name;
		if (*p != '=')
			continue;
		if (p[1] != '"')
			return "an attribute without quotes";
		p += 2;
		value = strcspn(p, "\"");
		fault = html_text_fault(p, value);
		if (p[value] == 0 || fault)
			return fault ? fault : "an open quote";
		p += value + 1;
		if (!strchr(" \n\t>/", *p))
			return "no space between attributes";
	}
}

/* The value of an attribute, entities left in; false when it is not there. */
__attribute__((unused)) static bool
html_attribute(const struct html_tag *tag, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);

	for (const char *at = tag->attributes; at < tag->end; at++) {
		if ((at[-1] != ' ' && at[-1] != '\n') || strncmp(at, name, length) != 0 ||
		    strncmp(at + length, "=\"", 2) != 0)
			continue;
		at += length + 2;
		snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
		return true;
	}
	return false;
}

/* Is a word among those of class=""? */
__attribute__((unused)) static bool
html_has_class(const struct html_tag *tag, const char *word)
{
	char classes[256], *rest = classes, *next;

	if (!html_attribute(tag, "class", classes, sizeof(classes)))
		return false;
	while ((next = strsep(&rest, " "))) {
		if (strcmp(next, word) == 0)
			return true;
	}
	return false;
}

/* &lt; &#8594; ... undone, as far as ASCII; in place. */
__attribute__((unused)) static void
html_decode(char *text)
{
	static const struct {
		const char *entity, *is;
	} known[] = {
	    {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&#45;", "-"}, {"&amp;", "&"}};
	char *to = text;

	while (*text) {
		size_t i = 0, count = sizeof(known) / sizeof(known[0]);

		while (i < count && strncmp(text, known[i].entity, strlen(known[i].entity)) != 0)
			i++;
		*to++ = i < count ? *known[i].is : *text;
		text += i < count ? strlen(known[i].entity) : 1;
	}
	*to = 0;
}

static bool
html_is_void(const char *name)
{
	static const char *const list[] = {"meta", "link", "input", "br", "!DOCTYPE"};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (strcmp(list[i], name) == 0)
			return true;
	}
	return false;
}

struct html_walker {
	html_callback *callback;
	void *state;
	char open[HTML_DEPTH][32];
	size_t depth;
	const char *fault;
};

/* A tag from its <; where it ends. */
static const char *
html_walk_tag(struct html_walker *w, const char *at)
{
	bool closes = at[1] == '/';
	struct html_tag tag = {"", at + 1 + closes, NULL};
	size_t length = strcspn(tag.attributes, " \n\t>/");

	snprintf(tag.name, sizeof(tag.name), "%.*s", (int)length, tag.attributes);
	at = tag.attributes += length;
	if (length == 0 || length >= sizeof(tag.name))
		w->fault = "a < that begins no tag";
	else
		w->fault = html_attributes(&at);
	tag.end = at;
	if (w->fault)
		return at;
	if (closes) {
		if (w->depth == 0 || strcmp(w->open[w->depth - 1], tag.name) != 0) {
			w->fault = "a tag closed out of turn";
			return at;
		}
		w->depth--;
		w->callback(w->state, HTML_CLOSE, &tag, NULL, 0, w->depth);
		return strchr(at, '>') + 1;
	}
	w->callback(w->state, HTML_OPEN, &tag, NULL, 0, w->depth);
	if (*at == '/')
		w->callback(w->state, HTML_CLOSE, &tag, NULL, 0, w->depth);
	else if (!html_is_void(tag.name) && w->depth < HTML_DEPTH)
		strcpy(w->open[w->depth++], tag.name);
	return strchr(at, '>') + 1;
}

/* What stands up to the next tag; of a script or a style sheet, up to its end. */
static const char *
html_walk_text(struct html_walker *w, const char *at)
{
	const char *name = w->depth ? w->open[w->depth - 1] : "", *end;
	bool raw = strcmp(name, "script") == 0 || strcmp(name, "style") == 0;

	end = raw ? strstr(at, "</") : at + strcspn(at, "<");
	if (!end)
		end = at + strlen(at);
	w->fault = raw ? NULL : html_text_fault(at, (size_t)(end - at));
	if (!w->fault && end > at)
		w->callback(w->state, HTML_TEXT, NULL, at, (size_t)(end - at), w->depth);
	return end;
}

__attribute__((unused)) static bool
html_walk(const char *page, html_callback *callback, void *state, char *wrong, size_t size)
{
	struct html_walker w = {.callback = callback, .state = state};
	const char *at = page;

	while (*at && !w.fault) {
		const char *here = at;

		if (strncmp(at, "<!--", 4) == 0) {
			at = strstr(at, "-->");
			w.fault = at ? NULL : "an open comment";
			at = at ? at + 3 : here;
		} else {
			at = *at == '<' ? html_walk_tag(&w, at) : html_walk_text(&w, at);
		}
		if (w.fault)
			at = here;
	}
	if (!w.fault && w.depth)
		w.fault = "an element left open";
	if (w.fault)
		snprintf(wrong, size, "%s, at: %.60s", w.fault, at);
	return !w.fault;
}

#endif
