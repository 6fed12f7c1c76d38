#ifndef LIFEBOAT_WORLD_WORLD_FOLDER_H
#define LIFEBOAT_WORLD_WORLD_FOLDER_H

#include "base/err.h"

/* Hears of a folder that a crash had left, and that is gone now. */
typedef void world_cleaned_fn(const char *folder);

/*
 * Makes the folder of a new world and takes its lock: the one that is named, which must be new or empty, or one of its own
 * where worlds are kept. What a crash has left there is cleaned first. The caller frees the path; *ret_lock stays open for as
 * long as the world lives. NULL: ERR_CONFLICT where somebody lives there or it is not empty, ERR_IO.
 */
char *world_folder_make(const char *named, world_cleaned_fn *cleaned, int *ret_lock, struct err *e);

#endif
