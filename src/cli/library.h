#ifndef LIFEBOAT_CLI_LIBRARY_H
#define LIFEBOAT_CLI_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "runbook/runbook.h"

/*
 * Where runbooks are found by name: the folders of $LIFEBOAT_RUNBOOKS (a list with colons), else
 * those of config.yaml, ./runbooks, the user's configuration folder and the one that was installed.
 */

/* Calls found() for every *.yaml file of the library, sorted by folder and name. */
void library_each(void (*found)(void *data, const char *path), void *data);

/* The word by which a file of the library is found. The caller frees. */
char *library_id(const char *path);

/* The ids that a walk over the library has met, so that what a word does not find is not shown. */
struct library_ids {
	char **items;
	size_t count, cap;
};

/* Whether the file's id is met for the first time: a word finds this file, and none behind it. */
bool library_ids_take(struct library_ids *ids, const char *path);
void library_ids_release(struct library_ids *ids);

/* Whether a runbook of this id is in the library. */
bool library_has(const char *id);

/* The file that a word stands for: a path, or the id of a runbook of the library. The caller frees. */
char *library_find(const char *word, struct err *e);

/*
 * Loads a runbook, with every error of it on stderr. NULL: the errors were printed, and *e says in one
 * line how many; or the file could not be read.
 */
struct runbook *library_load(const char *path, struct err *e);

/* The same but for whether the expressions compile, as runbook_read(). */
struct runbook *library_read(const char *path, struct err *e);

/* What library_load() would say on stderr is appended here; NULL: it is said. Returns what it was before. */
struct str *library_keep_words(struct str *out);

#endif
