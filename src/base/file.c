#include "config.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

/* Opens for reading without waiting for a FIFO's writer, and only a regular file. */
static int
open_regular(const char *path, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_errno(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "opening %s", path);
	if (fstat(fd, &st) < 0) {
		err_errno(e, ERR_IO, "reading %s", path);
		close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return err_set(e, ERR_IO, "reading %s: it is not a regular file", path);
	}
	return fd;
}

int
file_read(const char *path, size_t max_bytes, struct str *text, struct err *e)
{
	int fd = open_regular(path, e);
	size_t start = text->len;
	ssize_t got;

	if (fd < 0)
		return -1;
	do {
		char *end = str_reserve(text, 65536);

		got = read(fd, end, 65536);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			err_errno(e, ERR_IO, "reading %s", path);
			break;
		}
		text->len += (size_t)got;
		text->data[text->len] = '\0';
	} while (got != 0 && text->len - start <= max_bytes);
	close(fd);
	if (got >= 0 && text->len - start <= max_bytes)
		return 0;
	if (got >= 0)
		err_set(e, ERR_SPEC, "reading %s: it is larger than %zu bytes", path, max_bytes);
	text->len = start;
	text->data[start] = '\0';
	return -1;
}

int
file_write_all(int fd, const void *bytes, size_t len_bytes, struct err *e)
{
	const char *at = bytes;

	while (len_bytes) {
		ssize_t done = write(fd, at, len_bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_errno(e, ERR_IO, "writing");
		at += done;
		len_bytes -= (size_t)done;
	}
	return 0;
}

int
file_write_atomic(const char *path, const void *bytes, size_t len_bytes, mode_t mode, struct err *e)
{
	char *temporary = xasprintf("%s.XXXXXX", path);
	char *folder = file_folder(path);
	int rc = -1;
	int fd = mkostemp(temporary, O_CLOEXEC);

	if (fd < 0) {
		err_errno(e, ERR_IO, "creating %s", temporary);
		goto out;
	}
	if (file_write_all(fd, bytes, len_bytes, e) < 0) {
		err_wrap(e, "writing %s", temporary);
		goto out_unlink;
	}
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0 || rename(temporary, path) < 0) {
		err_errno(e, ERR_IO, "writing %s", path);
		goto out_unlink;
	}
	rc = file_sync_folder(folder, e);
	goto out;
out_unlink:
	unlink(temporary);
out:
	if (fd >= 0)
		close(fd);
	free(temporary);
	free(folder);
	return rc;
}

static int
make_folder(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST || stat(path, &st) < 0)
		return -1;
	errno = ENOTDIR;
	return S_ISDIR(st.st_mode) ? 0 : -1;
}

int
file_make_folders(const char *path, mode_t mode, struct err *e)
{
	char *copy = xstrdup(path);
	int rc = 0;

	for (char *slash = copy; rc == 0 && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		rc = *copy ? make_folder(copy, mode) : 0;
		if (rc == 0)
			*slash = '/';
	}
	if (rc == 0)
		rc = make_folder(copy, mode);
	if (rc < 0)
		err_errno(e, ERR_IO, "making the folder %s", copy);
	free(copy);
	return rc;
}

int
file_sync_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0) {
		err_errno(e, ERR_IO, "syncing the folder %s", path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	close(fd);
	return 0;
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *
file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return xstrdup(".");
	return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

char *
file_resolve(const char *base, const char *name)
{
	const char *home = getenv("HOME");

	if (str_starts_with(name, "~/") && home)
		return xasprintf("%s%s", home, name + 1);
	if (name[0] == '/' || !base)
		return xstrdup(name);
	char *folder = file_folder(base);
	char *path = xasprintf("%s/%s", folder, name);
	free(folder);
	return path;
}

static char *
xdg_folder(const char *variable, const char *below_home, struct err *e)
{
	const char *root = getenv(variable), *home = getenv("HOME");

	if (root && root[0] == '/')
		return xasprintf("%s/lifeboat", root);
	if (home && home[0] == '/')
		return xasprintf("%s/%s/lifeboat", home, below_home);
	err_set(e, ERR_USAGE, "neither %s nor HOME names an absolute folder: set one of them",
		variable);
	return NULL;
}

char *
file_state_root(struct err *e)
{
	return xdg_folder("XDG_STATE_HOME", ".local/state", e);
}

char *
file_config_root(struct err *e)
{
	return xdg_folder("XDG_CONFIG_HOME", ".config", e);
}
