#ifndef LIFEBOAT_RUN_JOURNAL_JOURNAL_FILE_H
#define LIFEBOAT_RUN_JOURNAL_JOURNAL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * A file that only grows, with room on the disk kept ahead of its end. For the files of journal.h only: journal.jsonl
 * and checkpoints. Plain data of its owner; no descriptor of it passes to children that begin with exec(3).
 */
struct journal_file {
	int fd;
	char *path;
	int64_t bytes;	  /* its length */
	int64_t reserved; /* of these and the room behind them */
};

#define JOURNAL_FILE_INIT                                                                          \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/* A new, empty one (0600) in a folder; an existing one is an error. Errors: ERR_IO. */
int journal_file_create(struct journal_file *file, const char *folder, const char *name,
			struct err *e);
/* An existing one; nothing but a regular file, and not by a symbolic link. Errors: ERR_NOT_FOUND, ERR_IO. */
int journal_file_open(struct journal_file *file, const char *folder, const char *name,
		      struct err *e);
void journal_file_release(struct journal_file *file);

/*
 * Sees to it that at least half of room_bytes are kept behind the end; where the file system cannot reserve, there
 * is no reserve. Errors: ERR_IO (the disk is full).
 */
int journal_file_reserve(struct journal_file *file, int64_t room_bytes, struct err *e);

/*
 * One write(2): a reader never sees the halves of two lines mixed. Never tried again: after an error nobody knows
 * what is there. Errors: ERR_IO.
 */
int journal_file_append(struct journal_file *file, const char *bytes, size_t len_bytes,
			struct err *e);
/* Errors: ERR_IO; the bytes may be lost even if a later call succeeds. */
int journal_file_sync(const struct journal_file *file, struct err *e);

/*
 * Holds the file until it is released: a lock of the open file, which threads and forks cannot lose. Errors:
 * ERR_LOCKED (another process has it; without saying which), ERR_IO (the file system has no locks).
 */
int journal_file_lock(const struct journal_file *file, struct err *e);
/* Whether some process holds it, without taking it. Errors: ERR_IO. */
int journal_file_is_locked(const char *path, bool *ret_locked, struct err *e);

#endif
