#ifndef LIFEBOAT_RUN_FOLDER_H
#define LIFEBOAT_RUN_FOLDER_H

#include "base/err.h"

/* The folders of runs: $XDG_STATE_HOME/lifeboat/runs/RUN. */

/* A new id that nobody has: the time in UTC, its milliseconds and some chance, "20261121T140732-7f3a". The caller
 * frees. */
char *run_folder_new_id(void);

/* The folder of a run by its whole id. NULL and an error where there is no state folder. */
char *run_folder_path(const char *run_id, struct err *e);

/*
 * The one existing run whose id contains `word`; NULL: the latest one that has not ended. Errors:
 * ERR_NOT_FOUND, ERR_USAGE (several match, and are named; or all have ended). The caller frees.
 */
char *run_folder_find(const char *word, struct err *e);

#endif
