#ifndef LIFEBOAT_RUN_JOURNAL_FILE_IMAGE_H
#define LIFEBOAT_RUN_JOURNAL_FILE_IMAGE_H

#include <stddef.h>

#include "base/err.h"

/*
 * The bytes of a file as it was when it was opened, for files of many megabytes that only grow: one piece of memory
 * on large pages. A copy, since a mapping ends the process when somebody cuts the file.
 */
struct file_image {
	char *bytes; /* never NULL after file_image_read() */
	size_t len;
	size_t mapped;
};

/* Nothing but a regular file. Errors: ERR_NOT_FOUND, ERR_IO, ERR_SPEC (larger than max_bytes). */
int file_image_read(struct file_image *image, const char *path, size_t max_bytes, struct err *e);
void file_image_release(struct file_image *image);

#endif
