#include "config.h"

#include "run/journal/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

int
journal_file_create(struct journal_file *file, const char *folder, const char *name, struct err *e)
{
	file->path = xasprintf("%s/%s", folder, name);
	file->fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
			0600);
	return file->fd >= 0 ? 0 : err_errno(e, ERR_IO, "creating %s", file->path);
}

int
journal_file_open(struct journal_file *file, const char *folder, const char *name, struct err *e)
{
	struct stat st;

	file->path = xasprintf("%s/%s", folder, name);
	file->fd = open(file->path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file->fd < 0 || fstat(file->fd, &st) < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening %s",
				 file->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_IO, "opening %s: it is not a regular file", file->path);
	file->bytes = st.st_size;
	return 0;
}

void
journal_file_release(struct journal_file *file)
{
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	*file = (struct journal_file)JOURNAL_FILE_INIT;
}

int
journal_file_reserve(struct journal_file *file, int64_t room_bytes, struct err *e)
{
	if (file->reserved - file->bytes >= room_bytes / 2)
		return 0;
	if (fallocate(file->fd, FALLOC_FL_KEEP_SIZE, file->bytes, room_bytes) == 0)
		file->reserved = file->bytes + room_bytes;
	else if (errno == EOPNOTSUPP || errno == ENOSYS)
		file->reserved = INT64_MAX;
	else
		return err_errno(e, ERR_IO, "reserving %lld bytes for %s", (long long)room_bytes,
				 file->path);
	return 0;
}

int
journal_file_append(struct journal_file *file, const char *bytes, size_t len_bytes, struct err *e)
{
	ssize_t done = write(file->fd, bytes, len_bytes);

	if (done < 0)
		return err_errno(e, ERR_IO, "writing %s", file->path);
	file->bytes += done;
	if ((size_t)done != len_bytes)
		return err_set(e, ERR_IO,
			       "writing %s: only %zd of %zu bytes were written, as on a full disk",
			       file->path, done, len_bytes);
	return 0;
}

int
journal_file_sync(const struct journal_file *file, struct err *e)
{
	return fdatasync(file->fd) == 0
		       ? 0
		       : err_errno(e, ERR_IO, "bringing %s to the disk", file->path);
}

int
journal_file_lock(const struct journal_file *file, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(file->fd, F_OFD_SETLK, &lock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return err_set(e, ERR_LOCKED, "%s is held by another process", file->path);
	err_errno(e, ERR_IO, "locking %s", file->path);
	return err_advise(e, "Without a lock two processes could write one run: put the state "
			     "folder on a file system that has locks, by XDG_STATE_HOME");
}

int
journal_file_is_locked(const char *path, bool *ret_locked, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening %s", path);
	rc = fcntl(fd, F_OFD_GETLK, &lock);
	if (rc < 0)
		err_errno(e, ERR_IO, "asking for the lock of %s", path);
	else
		*ret_locked = lock.l_type != F_UNLCK;
	close(fd);
	return rc;
}
