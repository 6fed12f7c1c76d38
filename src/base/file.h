#ifndef LIFEBOAT_BASE_FILE_H
#define LIFEBOAT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/*
 * Reads a whole regular file of at most max_bytes into *text (appended). A FIFO, a device or a folder
 * is refused, not waited for. Errors name the file: ERR_IO, ERR_NOT_FOUND, ERR_SPEC (too large).
 */
int file_read(const char *path, size_t max_bytes, struct str *text, struct err *e);

/* Writes a new file beside `path`, syncs it and renames it over `path`; all or nothing. The file has
 * exactly `mode`, whatever the umask is. */
int file_write_atomic(const char *path, const void *bytes, size_t len_bytes, mode_t mode,
		      struct err *e);

/* Writes all bytes, through short writes and EINTR. Errors: ERR_IO without a file name. */
int file_write_all(int fd, const void *bytes, size_t len_bytes, struct err *e);

/* mkdir -p with `mode` for what is made; an existing folder is fine. */
int file_make_folders(const char *path, mode_t mode, struct err *e);

/* fsync of a folder, so that names made in it survive a crash. */
int file_sync_folder(const char *path, struct err *e);

bool file_exists(const char *path);

/* `name` as seen from the folder of the file `base`: absolute names, and NULL bases, stay as they are;
 * "~/" becomes the home folder. The caller frees. */
char *file_resolve(const char *base, const char *name);

/* The folder part of a path ("." where there is none). The caller frees. */
char *file_folder(const char *path);

/*
 * $XDG_STATE_HOME/lifeboat, $XDG_CONFIG_HOME/lifeboat (with the specification's defaults below $HOME);
 * the caller frees. NULL and an error where neither the variable nor HOME is set.
 */
char *file_state_root(struct err *e);
char *file_config_root(struct err *e);

#endif
