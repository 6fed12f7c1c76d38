#ifndef LIFEBOAT_RUN_JOURNAL_FOLDER_H
#define LIFEBOAT_RUN_JOURNAL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* The folders of runs: $XDG_STATE_HOME/lifeboat/runs/RUN; those of drills, which nobody mixes with them: …/drills/RUN. */

/* From now on this process begins, lists and finds drills. Before there is a second thread. */
void run_folder_keep_drills(void);

/* A new id that nobody has: the time in UTC, its milliseconds and some chance, "20261121T140732-7f3a". The caller
 * frees. */
char *run_folder_new_id(void);

/* The folder of a run by its whole id. NULL and an error where there is no state folder. */
char *run_folder_path(const char *run_id, struct err *e);

/* All folders of the state folder that hold a journal, sorted by their names, which begin with their time. */
int run_folder_list(char ***ret_folders, size_t *ret_count, struct err *e);
void run_folder_list_free(char **folders, size_t count);
/* The same of drills, whatever this process keeps. */
int run_folder_list_drills(char ***ret_folders, size_t *ret_count, struct err *e);

/*
 * The one existing run whose id contains `word`, or the folder of a run that `word` is the path of (it has a slash);
 * NULL: the latest one that has not ended. Errors: ERR_USAGE (none matches, and the nearest is named; several
 * match, and are named; or all have ended). The caller frees.
 */
char *run_folder_find(const char *word, struct err *e);

/* Whether a run's folder lies among those of drills, whatever is in it. */
bool run_folder_is_drill(const char *folder);
/* The one drill whose id contains `word`, or NULL. The caller frees. */
char *run_folder_find_drill(const char *word);

/*
 * The same for one that is only looked at; a word that fits no run may be that of a drill. NULL: the latest that somebody works
 * on, else the latest.
 */
char *run_folder_find_any(const char *word, struct err *e);

#endif
