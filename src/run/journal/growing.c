#include "config.h"

#include "run/journal/growing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

void
growing_init(struct growing *file, const char *path)
{
	*file = (struct growing){ .path = xstrdup(path), .fd = -1 };
}

void
growing_release(struct growing *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct growing){ .fd = -1 };
}

int
growing_open(struct growing *file, struct err *e)
{
	struct stat status;

	if (file->fd >= 0)
		return 0;
	/* without O_NONBLOCK a FIFO in the file's place would be waited for */
	int fd = open(file->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "reading %s",
				 file->path);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "reading %s: it is no regular file", file->path);
	}
	file->fd = fd;
	return 0;
}

ssize_t
growing_read(struct growing *file, size_t limit, struct str *out, struct err *e)
{
	char *room = str_reserve(out, limit);
	ssize_t got;

	do
		got = pread(file->fd, room, limit, file->at);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_errno(e, ERR_IO, "reading %s", file->path);
	out->len += (size_t)got;
	out->data[out->len] = '\0';
	file->at += got;
	return got;
}

off_t
growing_size(const struct growing *file)
{
	struct stat status;

	return fstat(file->fd, &status) < 0 ? 0 : status.st_size;
}

bool
growing_is_replaced(const struct growing *file)
{
	struct stat named, opened;

	return stat(file->path, &named) < 0 || fstat(file->fd, &opened) < 0 ||
	       named.st_ino != opened.st_ino || named.st_dev != opened.st_dev;
}
