/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mkrun.c - writes a run file by hand, for the scripts.        room: tests
 *
 * mkrun FILE NUMBER WORD...: the run of this number (see runmaker.h; run=N in the
 * words' order), made of
 *   as=NAME        the program's name (first word only)
 *   edge=A,B       a lock of A held, one of B asked for
 *   dup=A          two locks of A
 *   events=A,N     N events of a lock of A
 *   lost=N         N records lost
 *   unknown        a record of a type of the future
 *   orphan         a dependency whose chain is not there
 *   version=N      of the format (last word)
 *   noend          no totals, no end record (last word)
 * Prints the run's id.
 */
#include "runmaker.h"

static void
orphan(struct maker *m)
{
	static const uint32_t none[1];

	maker_dependency(m, 4711, "A", 0, WIT_MODE_EXCLUSIVE, 0, 0, none, 1);
}

static void
edge(struct maker *m, const char *text)
{
	char *names = strdup(text), *comma = strchr(names, ',');

	if (comma == NULL)
		abort();
	*comma = '\0';
	maker_edge(m, names, comma + 1);
	free(names);
}

static void
events(struct maker *m, const char *text)
{
	char *name = strdup(text), *comma = strchr(name, ',');
	struct wit_rec_event event = {.generation = 1, .thread = m->thread, .segment = m->segment};

	if (comma == NULL)
		abort();
	*comma = '\0';
	event.origin = maker_class(m, name, WIT_SLEEP_MUTEX);
	event.op = WIT_OP_ACQUIRE;
	for (int n = atoi(comma + 1); n > 0; n--) {
		/* Scattered, as addresses of a large program would be. */
		event.instance = (event.instance + 1) * 6364136223846793005u;
		event.sequence++;
		maker_put(m, WIT_REC_EVENT, &event, sizeof(event), NULL, 0, NULL, 0);
	}
	free(name);
}

/* The header says another version, and its checksum is right. */
static void
set_version(struct maker *m, unsigned version)
{
	struct wit_runfile_header *header = (struct wit_runfile_header *)m->data;

	header->version = version;
	header->sum = 0;
	header->sum = wit_runfile_sum(
	    wit_runfile_sum(0, header, sizeof(*header)), header + 1, header->length - sizeof(*header));
}

int
main(int argc, char **argv)
{
	static const char future[] = "what nobody knows yet";
	unsigned number = argc > 2 ? (unsigned)atoi(argv[2]) : 0, version = 0;
	const char *name = argc > 3 && strncmp(argv[3], "as=", 3) == 0 ? argv[3] + 3 : "/made";
	bool end = true;
	struct maker m;
	char id[33];

	if (argc < 3)
		return (2);
	maker_begin_as(&m, number, 0, name, 1, (char *const[]){(char *)name});
	for (int i = 3; i < argc; i++) {
		const char *word = argv[i];

		if (strncmp(word, "edge=", 5) == 0)
			edge(&m, word + 5);
		else if (strncmp(word, "dup=", 4) == 0)
			maker_duplicate(&m, word + 4, 0);
		else if (strncmp(word, "events=", 7) == 0)
			events(&m, word + 7);
		else if (strncmp(word, "lost=", 5) == 0)
			maker_lost(&m, (uint64_t)atoi(word + 5), "records");
		else if (strcmp(word, "unknown") == 0)
			maker_put(&m, 900, future, sizeof(future), NULL, 0, NULL, 0);
		else if (strcmp(word, "orphan") == 0)
			orphan(&m);
		else if (strncmp(word, "version=", 8) == 0)
			version = (unsigned)atoi(word + 8);
		else if (strcmp(word, "noend") == 0)
			end = false;
		else if (strncmp(word, "as=", 3) != 0)
			return (2);
	}
	if (end)
		maker_end(&m);
	if (version != 0)
		set_version(&m, version);
	maker_write(&m, argv[1]);
	maker_id(number, id);
	puts(id);
	maker_free(&m);
	return (0);
}
