#include "config.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "world/spec/spec.h"

#ifndef LIFEBOAT_DATADIR
#define LIFEBOAT_DATADIR "/usr/local/share/lifeboat"
#endif

void
world_spec_find_in(const char *folder, void (*found)(void *data, const char *path), void *data)
{
	char *pattern = xasprintf("%s/drills/*.yaml", folder);
	glob_t matches;

	if (glob(pattern, 0, NULL, &matches) == 0) {
		for (size_t i = 0; i < matches.gl_pathc; i++)
			found(data, matches.gl_pathv[i]);
		globfree(&matches);
	}
	free(pattern);
}

static void
find_in_list(const char *list, void (*found)(void *data, const char *path), void *data)
{
	char *copy = xstrdup(list), *rest = copy, *folder;

	while ((folder = strsep(&rest, ":")))
		if (*folder)
			world_spec_find_in(folder, found, data);
	free(copy);
}

void
world_spec_find(void (*found)(void *data, const char *path), void *data)
{
	const char *list = getenv("LIFEBOAT_RUNBOOKS");
	char *root, *folder;

	if (list && *list) {
		find_in_list(list, found, data);
		return;
	}
	world_spec_find_in("runbooks", found, data);
	root = file_config_root(NULL);
	if (root) {
		folder = xasprintf("%s/runbooks", root);
		world_spec_find_in(folder, found, data);
		free(folder);
		free(root);
	}
	world_spec_find_in(LIFEBOAT_DATADIR "/runbooks", found, data);
}
