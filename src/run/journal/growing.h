#ifndef LIFEBOAT_RUN_JOURNAL_GROWING_H
#define LIFEBOAT_RUN_JOURNAL_GROWING_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

/* A regular file that another process appends to, read as it grows. One thread at a time. */
struct growing {
	char *path;
	int fd;	  /* -1: not opened yet */
	off_t at; /* the next byte to be read; the owner may set it back */
};

void growing_init(struct growing *file, const char *path);
void growing_release(struct growing *file);

/* Opens it where that was not done yet; no symbolic link is followed. Errors: ERR_NOT_FOUND, ERR_IO. */
int growing_open(struct growing *file, struct err *e);

/* Appends at most `limit` bytes that are new; returns how many, 0: none now. */
ssize_t growing_read(struct growing *file, size_t limit, struct str *out, struct err *e);

off_t growing_size(const struct growing *file);

/* Whether the name leads to another file by now, or to none. */
bool growing_is_replaced(const struct growing *file);

#endif
