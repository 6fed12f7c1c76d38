#include "config.h"

#include "cli/library.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/step_table.h"

#ifndef LIFEBOAT_DATADIR
#define LIFEBOAT_DATADIR "/usr/local/share/lifeboat"
#endif

static void
each_in_folder(const char *folder, void (*found)(void *data, const char *path), void *data)
{
	char *pattern = xasprintf("%s/*.yaml", folder);
	glob_t matches;

	if (glob(pattern, 0, NULL, &matches) == 0) {
		for (size_t i = 0; i < matches.gl_pathc; i++)
			found(data, matches.gl_pathv[i]);
		globfree(&matches);
	}
	free(pattern);
}

void
library_each(void (*found)(void *data, const char *path), void *data)
{
	const char *list = getenv("LIFEBOAT_RUNBOOKS");
	struct err e = ERR_INIT;

	if (list && *list) {
		char *copy = xstrdup(list), *rest = copy, *folder;

		while ((folder = strsep(&rest, ":")))
			if (*folder)
				each_in_folder(folder, found, data);
		free(copy);
		return;
	}
	each_in_folder("runbooks", found, data);
	char *config = file_config_root(&e);
	if (config) {
		char *folder = xasprintf("%s/runbooks", config);

		each_in_folder(folder, found, data);
		free(folder);
		free(config);
	}
	each_in_folder(LIFEBOAT_DATADIR "/runbooks", found, data);
}

struct search {
	const char *word;
	char *path;
	const char **names; /* ids that there are, for "did you mean"; ends with NULL */
	size_t count, cap;
};

static char *
id_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return xstrndup(name, strlen(name) - strlen(".yaml"));
}

static void
compare(void *data, const char *path)
{
	struct search *search = data;
	char *id = id_of(path);

	if (!search->path && strcmp(id, search->word) == 0)
		search->path = xstrdup(path);
	*VEC_PUSH(search->names, search->count, search->cap) = id;
	*VEC_PUSH(search->names, search->count, search->cap) = NULL;
	search->count--;
}

char *
library_find(const char *word, struct err *e)
{
	struct search search = { .word = word };

	if (strchr(word, '/') || str_ends_with(word, ".yaml") || str_ends_with(word, ".yml"))
		return xstrdup(word);
	library_each(compare, &search);
	if (!search.path) {
		const char *nearest = search.count ? str_nearest(word, search.names) : NULL;

		err_set(e, ERR_USAGE, "there is no runbook called %s", word);
		if (nearest)
			err_advise(e, "Did you mean %s?", nearest);
		else
			err_advise(e, "lifeboat list shows those there are; a file is named with "
				      "its path");
	}
	for (size_t i = 0; i < search.count; i++)
		free((char *)(uintptr_t)search.names[i]);
	free(search.names);
	return search.path;
}

struct runbook *
library_load(const char *path, struct err *e)
{
	struct diags diags;
	struct str text = STR_INIT;

	diags_init(&diags, path);
	struct runbook *rb = runbook_load(path, &step_catalogue, &diags, e);
	if (diags.count) {
		diags_render(&diags, &text);
		fputs(str_cstr(&text), stderr);
	}
	if (!rb && diags.errors)
		err_set(e, ERR_SPEC, "%s: %zu error%s; nothing was started", path, diags.errors,
			diags.errors == 1 ? "" : "s");
	str_release(&text);
	diags_release(&diags);
	return rb;
}
