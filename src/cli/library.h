#ifndef LIFEBOAT_CLI_LIBRARY_H
#define LIFEBOAT_CLI_LIBRARY_H

#include "base/err.h"
#include "runbook/runbook.h"

/*
 * Where runbooks are found by name: the folders of $LIFEBOAT_RUNBOOKS (a list with colons), else
 * ./runbooks, the user's configuration folder and the one that was installed.
 */

/* Calls found() for every *.yaml file of the library, sorted by folder and name. */
void library_each(void (*found)(void *data, const char *path), void *data);

/* The file that a word stands for: a path, or the id of a runbook of the library. The caller frees. */
char *library_find(const char *word, struct err *e);

/*
 * Loads a runbook, with every error of it on stderr. NULL: the errors were printed, and *e says in one
 * line how many; or the file could not be read.
 */
struct runbook *library_load(const char *path, struct err *e);

#endif
