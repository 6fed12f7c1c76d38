#include "config.h"

#include "cli/library.h"

#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/configuration.h"
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
	for (char **at = config_get()->runbooks; *at; at++)
		each_in_folder(*at, found, data);
	each_in_folder("runbooks", found, data);
	char *root = file_config_root(&e);
	if (root) {
		char *folder = xasprintf("%s/runbooks", root);

		each_in_folder(folder, found, data);
		free(folder);
		free(root);
	}
	each_in_folder(LIFEBOAT_DATADIR "/runbooks", found, data);
}

bool
library_ids_take(struct library_ids *ids, const char *path)
{
	char *id = library_id(path);

	for (size_t i = 0; i < ids->count; i++)
		if (strcmp(ids->items[i], id) == 0) {
			free(id);
			return false;
		}
	*VEC_PUSH(ids->items, ids->count, ids->cap) = id;
	return true;
}

void
library_ids_release(struct library_ids *ids)
{
	for (size_t i = 0; i < ids->count; i++)
		free(ids->items[i]);
	free(ids->items);
	*ids = (struct library_ids){ 0 };
}

struct search {
	const char *word;
	char *path;
	const char **names; /* ids that there are, for "did you mean"; ends with NULL */
	size_t count, cap;
};

char *
library_id(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;

	return xstrndup(name, strlen(name) - strlen(".yaml"));
}

static void
compare(void *data, const char *path)
{
	struct search *search = data;
	char *id = library_id(path);

	if (!search->path && strcmp(id, search->word) == 0)
		search->path = xstrdup(path);
	*VEC_PUSH(search->names, search->count, search->cap) = id;
	*VEC_PUSH(search->names, search->count, search->cap) = NULL;
	search->count--;
}

static void
search_release(struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		free((char *)(uintptr_t)search->names[i]);
	free(search->names);
	free(search->path);
}

bool
library_has(const char *id)
{
	struct search search = { .word = id };

	library_each(compare, &search);
	bool found = search.path;
	search_release(&search);
	return found;
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
	char *path = search.path;
	search.path = NULL;
	search_release(&search);
	return path;
}

static struct str *kept;

struct str *
library_keep_words(struct str *out)
{
	struct str *before = kept;

	kept = out;
	return before;
}

static struct runbook *
load(const char *path, bool compiles_later, struct err *e)
{
	struct diags diags;
	struct str text = STR_INIT;

	diags_init(&diags, path);
	struct runbook *rb =
		(compiles_later ? runbook_read : runbook_load)(path, &step_catalogue, &diags, e);
	if (diags.count) {
		diags_render(&diags, &text);
		if (kept)
			str_append(kept, str_cstr(&text));
		else
			fputs(str_cstr(&text), stderr);
	}
	if (!rb && diags.errors)
		err_set(e, ERR_SPEC, "%s: %zu error%s; nothing was started", path, diags.errors,
			diags.errors == 1 ? "" : "s");
	str_release(&text);
	diags_release(&diags);
	return rb;
}

struct runbook *
library_load(const char *path, struct err *e)
{
	return load(path, false, e);
}

struct runbook *
library_read(const char *path, struct err *e)
{
	return load(path, true, e);
}
