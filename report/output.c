/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * output.c - the file that a report is written to.             room: report
 *
 * U1  A regular file, or a new one, is written beside its name and then takes it: who
 *     reads sees the old report or the new, and what fails leaves the old.  It keeps
 *     the old one's mode, and a symbolic link stays one.
 * U2  A device, a pipe or a terminal is written itself.  So is a file that we may
 *     write in a folder that we may not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "say.h"

/* U1.  -errno where nothing can be made beside the name; nothing is said. */
static int
open_beside(struct rep_output *output, const struct stat *old)
{
	int error;

	output->beside = rep_say_format("%s.%d.new", output->path, (int)getpid());
	output->file = fopen(output->beside, "we");
	if (output->file != NULL) {
		if (old != NULL)
			fchmod(fileno(output->file), old->st_mode & 07777);
		return (0);
	}
	error = -errno;
	free(output->beside);
	output->beside = NULL;
	return (error);
}

int
rep_output_open(struct rep_output *output, const char *path)
{
	char *real = realpath(path, NULL);
	struct stat st;
	bool there = stat(path, &st) == 0;
	int error = -EACCES;

	*output = (struct rep_output){.path = real != NULL ? real : rep_say_string(path)};
	if (!there || (S_ISREG(st.st_mode) && access(path, W_OK) == 0))
		error = open_beside(output, there ? &st : NULL);
	if (error == -EACCES && there) { /* U2 */
		output->file = fopen(path, "we");
		error = output->file == NULL ? -errno : 0;
	}
	if (error == 0)
		return (0);
	free(output->path);
	return (rep_say(error, "%s: cannot be written: %s", path, strerror(-error)));
}

int
rep_output_close(struct rep_output *output, int error)
{
	if (fclose(output->file) != 0 && error == 0)
		error = -errno;
	if (error == 0 && output->beside != NULL && rename(output->beside, output->path) != 0)
		error = -errno;
	if (error != 0) {
		if (output->beside != NULL)
			unlink(output->beside);
		rep_say(error, "%s: cannot be written: %s%s", output->path, strerror(-error),
		    output->beside != NULL && access(output->path, F_OK) == 0 ? "; it is as it was" : "");
	}
	free(output->beside);
	free(output->path);
	return (error);
}
