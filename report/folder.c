/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "folder.h"
#include "say.h"
#include "store.h"

int
rep_folder_parents(const char *path)
{
	char *folder = rep_say_string(path);
	int error = 0;

	for (char *at = folder + 1; *at != '\0'; at++)
		if (*at == '/') {
			*at = '\0';
			if (mkdir(folder, 0777) != 0 && errno != EEXIST)
				error = errno;
			*at = '/';
		}
	free(folder);
	return (error);
}

/* The folder itself is ours alone; its error counts. */
static int
make(const char *path)
{
	(void)rep_folder_parents(path);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return (rep_say(-errno, "%s: cannot be made: %s", path, strerror(errno)));
	return (0);
}

char *
rep_folder_runs(const struct rep_store *store)
{
	char *path = realpath(rep_store_path(store), NULL), *folder;

	if (path == NULL) {
		rep_say(0, "%s: %s", rep_store_path(store), strerror(errno));
		return (NULL);
	}
	*strrchr(path, '/') = '\0';
	folder = rep_say_format("%s/" REP_FOLDER_RUNS, path);
	free(path);
	if (make(folder) != 0) {
		free(folder);
		return (NULL);
	}
	return (folder);
}
