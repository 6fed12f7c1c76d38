#ifndef LIFEBOAT_TESTS_FIXTURE_FOLDER_H
#define LIFEBOAT_TESTS_FIXTURE_FOLDER_H

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"

/* Takes a temporary folder away, with all that is in it. */
static inline void
folder_remove(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		char *path = xasprintf("%s/%s", folder, entry->d_name);
		if (unlink(path) < 0)
			folder_remove(path);
		free(path);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

#endif
