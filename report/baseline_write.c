/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * baseline_write.c - an entry into the file of accepted findings.   room: report
 *
 * W1  What stands there stays as it stands, comments with the block after them;
 *     only blocks are put in order.
 * W2  A new file is written beside the old one and takes its place: a reader sees
 *     one or the other, and a full disk leaves the old.  It has the old one's mode.
 * W3  Two that write at once: the second waits, and begins with what the first left.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "baseline.h"
#include "folder.h"
#include "say.h"

/* One line of text: what would end the line becomes a space. */
static char *
one_line(const char *text)
{
	char *line = rep_say_string(text + strspn(text, " \t\r\n"));
	size_t n = strlen(line);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	while (n > 0 && line[n - 1] == ' ')
		line[--n] = '\0';
	return (line);
}

/* The comments that stand before an entry's first key. */
static char *
comments_of(const char *text)
{
	const char *end = text;

	while (*end == '#')
		end = strchr(end, '\n') + 1;
	return (rep_say_format("%.*s", (int)(end - text), text));
}

static char *
block(const struct rep_baseline_case *finding, const char *comments, const char *why, const char *until)
{
	char *cycle = rep_say_string(finding->classes[0]), *text, *longer;

	for (size_t i = 1; i < finding->class_count + (finding->is_cycle ? 1 : 0); i++) {
		longer = rep_say_format("%s -> %s", cycle, finding->classes[i % finding->class_count]);
		free(cycle);
		cycle = longer;
	}
	longer = one_line(cycle);
	text = rep_say_format("%sfingerprint: %s\nlevel: %s\ncycle: %s\nwhy: %s\n%s%s%s", comments,
	    finding->fingerprint, wit_finding_level_name(finding->level), longer, why,
	    until == NULL ? "" : "until: ", until == NULL ? "" : until, until == NULL ? "" : "\n");
	free(cycle);
	free(longer);
	return (text);
}

static void
write_blocks(FILE *out, const struct rep_baseline *baseline, const char *fingerprint, const char *text)
{
	bool written = false, first = true;

	for (size_t i = 0; i <= baseline->count; i++) {
		const struct rep_baseline_entry *entry = i < baseline->count ? &baseline->entry[i] : NULL;
		int order = entry == NULL ? 1 : strcmp(entry->fingerprint, fingerprint);

		if (order >= 0 && !written) {
			fprintf(out, "%s%s", first ? "" : "\n", text);
			written = true;
			first = false;
		}
		if (entry != NULL && order != 0) {
			fprintf(out, "%s%s", first ? "" : "\n", entry->text);
			first = false;
		}
	}
	if (*baseline->tail != '\0')
		fprintf(out, "\n%s", baseline->tail);
}

/* The file itself, behind links; the caller frees it. */
static char *
real_path(const char *path)
{
	char *real = realpath(path, NULL);

	return (real != NULL ? real : rep_say_string(path));
}

/* W3: of the folder, for the file is another one after each change. */
int
rep_baseline_lock(const char *path)
{
	char *folder = real_path(path), *slash;
	int fd, error = 0, missing;

	missing = rep_folder_parents(folder);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		strcpy(folder, *folder == '\0' ? "" : ".");
	else
		slash[slash == folder] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && missing != 0)
		errno = missing; /* why it is not there */
	while (fd >= 0 && flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			error = errno;
			close(fd);
			errno = error;
			fd = -1;
		}
	if (fd < 0)
		fd = rep_say(
		    -errno, "%s: the folder of %s cannot be locked: %s", folder, path, strerror(errno));
	free(folder);
	return (fd);
}

/* A new file beside that one, with its mode, or that of any new file. */
static FILE *
open_beside(const char *path, char *beside)
{
	struct stat st;
	bool there = stat(path, &st) == 0;
	mode_t mask = umask(0);
	int fd;

	umask(mask);
	if (there && (st.st_mode & 0222) == 0) {
		errno = EROFS;
		return (NULL);
	}
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return (NULL);
	if (fchmod(fd, there ? st.st_mode & 07777 : 0666 & ~mask) != 0) {
		int error = errno;

		close(fd);
		unlink(beside);
		errno = error;
		return (NULL);
	}
	return (fdopen(fd, "w"));
}

/* W2 */
static int
replace(const struct rep_baseline *baseline, const char *fingerprint, const char *text)
{
	char *path = real_path(baseline->path), *beside = rep_say_format("%s.XXXXXX", path);
	FILE *out;
	int error = 0;

	(void)rep_folder_parents(path);
	out = open_beside(path, beside);
	if (out == NULL) {
		error = rep_say(-errno, "%s: %s", path, strerror(errno));
	} else {
		write_blocks(out, baseline, fingerprint, text);
		if (fflush(out) != 0 || fsync(fileno(out)) != 0)
			error = -errno;
		if (fclose(out) != 0 && error == 0)
			error = -errno;
		if (error == 0 && rename(beside, path) != 0)
			error = -errno;
		if (error != 0) {
			unlink(beside);
			rep_say(error, "%s: cannot be written: %s; it is as it was", path, strerror(-error));
		}
	}
	free(beside);
	free(path);
	return (error);
}

int
rep_baseline_accept(struct rep_baseline *baseline, const struct rep_baseline_case *finding, const char *why,
    const char *until)
{
	char *reason = one_line(why), *comments = NULL, *text;
	int error;

	if (*reason == '\0') {
		free(reason);
		return (rep_say(-EINVAL, "a finding is accepted with a reason: --why TEXT"));
	}
	for (size_t i = 0; i < baseline->count; i++)
		if (strcmp(baseline->entry[i].fingerprint, finding->fingerprint) == 0)
			comments = comments_of(baseline->entry[i].text);
	text = block(finding, comments == NULL ? "" : comments, reason, until);
	error = replace(baseline, finding->fingerprint, text);
	free(text);
	free(comments);
	free(reason);
	return (error);
}
