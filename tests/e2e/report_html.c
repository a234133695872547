/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report_html PAGE SOURCE - follows every edge link of a report to its two stacks.
 *
 * Fails, with a line for each fault, unless the page is well formed, every link
 * leads to a box, every box has a place and a stack for the lock held and for the
 * lock asked for, and every file:line in them is a line of the source tree (of
 * SOURCE/corpus, as the corpus names its files, or of SOURCE). What has no debug
 * information (module+offset) and the C library are passed over, but a stack needs
 * one frame at least that was followed, and one that is at the place itself.
 */
#include <stdarg.h>

#include "html_walk.h"

#define EDGES 4096

/* A sleep gives Giant and its interlock back to who had them, under the place that took them first. */
#define RETAKEN_IN "kern/sleepqueue.c:"

enum side { NO_SIDE, HELD, ASKED };

/* What stands in the box of an edge, in its first evidence. */
struct box {
	bool is_there, linked, drawn, on_cycle;
	unsigned places[3], followed[3];
	char place[3][512];
	bool at_place[3]; /* a frame of the stack is at the place */
};

struct walk {
	const char *source;
	struct box box[EDGES];
	size_t boxes, links;
	struct box *in; /* the box we are in */
	size_t in_depth, evidence; /* evidence blocks seen in it */
	enum side side;
	size_t side_depth;
	bool in_svg, born;
	char *collect; /* text goes here */
	char text[512];
	unsigned faults;
};

static void fault(struct walk *walk, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
fault(struct walk *walk, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vfprintf(stdout, format, list);
	va_end(list);
	putchar('\n');
	walk->faults++;
}

static unsigned long
lines_of(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned long lines = 0;
	int byte;

	if (!file)
		return 0;
	while ((byte = getc(file)) != EOF)
		lines += byte == '\n';
	fclose(file);
	return lines;
}

/* Is file:line a line of the tree? */
static bool
is_in_tree(const struct walk *walk, const char *place)
{
	static const char *const folder[] = {"corpus/", ""};
	const char *colon = strrchr(place, ':');
	char path[4096];

	for (size_t i = 0; colon && i < 2; i++) {
		snprintf(
		    path, sizeof(path), "%s/%s%.*s", walk->source, folder[i], (int)(colon - place), place);
		if (lines_of(path) > 0)
			return strtoul(colon + 1, NULL, 10) >= 1 &&
			       strtoul(colon + 1, NULL, 10) <= lines_of(path);
	}
	return false;
}

/* Frames that are nobody's source here: no debug information, or the C library's. */
static bool
is_foreign(const char *place)
{
	return strchr(place, '/') == NULL || strstr(place, "+0x") != NULL || strncmp(place, "./", 2) == 0 ||
	       strncmp(place, "../", 3) == 0 || strncmp(place, "/usr/", 5) == 0;
}

static size_t
edge_number(const char *word)
{
	size_t number = strncmp(word, "edge-", 5) == 0 ? strtoul(word + 5, NULL, 10) : EDGES;

	return number < EDGES ? number : EDGES;
}

static void
note_link(struct walk *walk, const struct html_tag *tag)
{
	char value[512];

	if (!html_attribute(tag, "href", value, sizeof(value)) &&
	    !html_attribute(tag, "xlink:href", value, sizeof(value)))
		return;
	if (*value != '#' || edge_number(value + 1) == EDGES)
		return;
	walk->box[edge_number(value + 1)].linked = true;
	walk->box[edge_number(value + 1)].drawn |= walk->in_svg;
	walk->links++;
}

static void
note_open(struct walk *walk, const struct html_tag *tag, size_t depth)
{
	char id[512];

	walk->in_svg |= strcmp(tag->name, "svg") == 0;
	if (strcmp(tag->name, "a") == 0)
		note_link(walk, tag);
	if (html_has_class(tag, "edge-box") && html_attribute(tag, "id", id, sizeof(id)) &&
	    edge_number(id) < EDGES) {
		walk->in = &walk->box[edge_number(id)];
		walk->in_depth = depth;
		walk->in->is_there = true;
		walk->in->on_cycle = html_has_class(tag, "cycle");
		walk->evidence = 0;
		walk->boxes++;
	}
	if (!walk->in)
		return;
	walk->evidence += html_has_class(tag, "evidence");
	if (html_has_class(tag, "side")) {
		walk->side = html_has_class(tag, "held") ? HELD : ASKED;
		walk->side_depth = depth;
		walk->born = false;
	}
	walk->born |= html_has_class(tag, "born");
	if (html_has_class(tag, "place") || html_has_class(tag, "at")) {
		*walk->text = 0;
		walk->collect = walk->text;
	}
}

/* The text of a place or of a frame is complete. */
static void
note_place(struct walk *walk)
{
	struct box *box = walk->in;
	bool is_frame = walk->collect == walk->text && walk->born == false && box->places[walk->side] > 0;

	walk->collect = NULL;
	html_decode(walk->text);
	if (walk->side == NO_SIDE)
		return;
	if (!is_foreign(walk->text) && !is_in_tree(walk, walk->text))
		fault(walk, "edge-%td: %s is no line of the tree", box - walk->box, walk->text);
	if (walk->evidence != 1 || walk->born)
		return;
	if (!is_frame) {
		box->places[walk->side]++;
		snprintf(box->place[walk->side], sizeof(box->place[0]), "%s", walk->text);
		return;
	}
	box->at_place[walk->side] |= strcmp(walk->text, box->place[walk->side]) == 0;
	box->at_place[walk->side] |=
	    walk->side == HELD && strncmp(walk->text, RETAKEN_IN, strlen(RETAKEN_IN)) == 0;
	box->followed[walk->side] += !is_foreign(walk->text);
}

static void
on_event(void *state, enum html_event event, const struct html_tag *tag, const char *text, size_t length,
    size_t depth)
{
	struct walk *walk = state;

	if (event == HTML_OPEN) {
		note_open(walk, tag, depth);
	} else if (event == HTML_TEXT && walk->collect) {
		snprintf(walk->text, sizeof(walk->text), "%.*s", (int)length, text);
	} else if (event == HTML_CLOSE) {
		walk->in_svg &= strcmp(tag->name, "svg") != 0;
		if (walk->collect)
			note_place(walk);
		if (walk->side && depth == walk->side_depth)
			walk->side = NO_SIDE;
		if (walk->in && depth == walk->in_depth)
			walk->in = NULL;
	}
}

static void
check_box(struct walk *walk, size_t i)
{
	static const char *const word[] = {"", "held", "asked"};
	const struct box *box = &walk->box[i];

	if (!box->is_there && !box->linked)
		return;
	if (!box->is_there)
		fault(walk, "a link leads to edge-%zu, which is not there", i);
	else if (!box->linked || !box->drawn)
		fault(walk, "edge-%zu is not in the picture", i);
	for (enum side side = HELD; box->is_there && side <= ASKED; side++) {
		if (box->places[side] == 0)
			fault(walk, "edge-%zu: no place where it was %s", i, word[side]);
		if (box->followed[side] == 0)
			fault(walk, "edge-%zu: no stack of where it was %s", i, word[side]);
		else if (!box->at_place[side])
			fault(walk, "edge-%zu: %s at %s, of which its stack knows nothing", i, word[side],
			    box->place[side]);
	}
}

static char *
read_all(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, 0, file) <= 0) {
		fprintf(stderr, "report_html: cannot read %s\n", path);
		exit(2);
	}
	fclose(file);
	return text;
}

int
main(int argc, char **argv)
{
	static struct walk walk;
	char wrong[256], *page;
	unsigned frames = 0, cycle = 0;

	if (argc != 3) {
		fprintf(stderr, "usage: report_html PAGE SOURCE\n");
		return 2;
	}
	walk.source = argv[2];
	page = read_all(argv[1]);
	if (!html_walk(page, on_event, &walk, wrong, sizeof(wrong)))
		fault(&walk, "not well formed: %s", wrong);
	for (size_t i = 0; i < EDGES; i++) {
		check_box(&walk, i);
		frames += walk.box[i].followed[HELD] + walk.box[i].followed[ASKED];
		cycle += walk.box[i].on_cycle;
	}
	if (walk.boxes == 0)
		fault(&walk, "no edge at all");
	printf("edges %zu cycle %u frames %u\n", walk.boxes, cycle, frames);
	free(page);
	return walk.faults != 0;
}
