#include "config.h"

#include "world/world_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/world.h"

enum { ROOT_LOCK_MS = 50, ROOT_LOCK_TRIES = 400 };

/* Where worlds are kept: gone with the session, or below the state. */
static char *
worlds_root(struct err *e)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	char *state, *root;

	if (runtime && *runtime == '/')
		return xasprintf("%s/lifeboat", runtime);
	state = file_state_root(e);
	root = state ? xasprintf("%s/worlds", state) : NULL;
	free(state);
	return root;
}

/* Worlds that a crash has left. */
static void
clean_old(const char *root, world_cleaned_fn *cleaned)
{
	DIR *dir = opendir(root);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct err ignored = ERR_INIT;
		char *folder;

		if (!str_starts_with(entry->d_name, "world-"))
			continue;
		folder = xasprintf("%s/%s", root, entry->d_name);
		if (world_clean(folder, &ignored) > 0)
			cleaned(folder);
		free(folder);
	}
	if (dir)
		closedir(dir);
}

/*
 * With it nobody else makes or cleans a folder: between its making and its lock a new one looks left behind. Waits for others
 * as long as their cleaning can take. Returns a descriptor to be closed.
 */
static int
lock_root(const char *root, struct err *e)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int tries = 0; fd >= 0 && tries < ROOT_LOCK_TRIES; tries++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return fd;
		if (errno != EWOULDBLOCK)
			break;
		poll(NULL, 0, ROOT_LOCK_MS);
	}
	err_errno(e, ERR_CONFLICT, "locking %s, where worlds are kept", root);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Takes the folder's lock, which says that somebody lives there; it stays open. */
static int
take_lock(const char *folder, int *ret_lock, struct err *e)
{
	char *path = xasprintf("%s/lock", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), rc = 0;

	if (fd < 0)
		rc = err_errno(e, ERR_IO, "opening %s", path);
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		rc = err_set(e, ERR_CONFLICT, "another world lives in %s", folder);
	if (rc == 0)
		*ret_lock = fd;
	else if (fd >= 0)
		close(fd);
	free(path);
	return rc;
}

static char *
make_new(const char *root, struct err *e)
{
	char *folder = xasprintf("%s/world-XXXXXX", root);

	if (mkdtemp(folder))
		return folder;
	err_errno(e, ERR_IO, "making a folder in %s", root);
	free(folder);
	return NULL;
}

static bool
has_entries(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry = NULL;

	while (dir && (entry = readdir(dir)) &&
	       (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..")))
		;
	if (dir)
		closedir(dir);
	return entry != NULL;
}

/* With a world its whole folder goes: nothing of somebody else's may be in it. */
static char *
make_named(const char *folder, world_cleaned_fn *cleaned, struct err *e)
{
	char *mark = xasprintf("%s/world.json", folder);
	int rc = 0;

	if (file_exists(mark)) {
		rc = world_clean(folder, e);
		if (rc == 0)
			rc = err_set(e, ERR_CONFLICT, "another world lives in %s", folder);
		else if (rc > 0)
			cleaned(folder);
	} else if (has_entries(folder)) {
		rc = err_set(e, ERR_CONFLICT,
			     "%s is not empty. A world removes its folder at its end: name a new "
			     "one",
			     folder);
	}
	free(mark);
	return rc < 0 || file_make_folders(folder, 0700, e) < 0 ? NULL : xstrdup(folder);
}

char *
world_folder_make(const char *named, world_cleaned_fn *cleaned, int *ret_lock, struct err *e)
{
	char *root = named ? NULL : worlds_root(e), *folder = NULL;
	int root_fd = -1;

	if (named)
		folder = make_named(named, cleaned, e);
	else if (root && file_make_folders(root, 0700, e) == 0)
		root_fd = lock_root(root, e);
	if (root_fd >= 0) {
		clean_old(root, cleaned);
		folder = make_new(root, e);
	}
	/* servers that refuse root run as somebody else, and must come through to their own folders */
	if (folder && (chmod(folder, geteuid() == 0 ? 0711 : 0700) < 0 ||
		       take_lock(folder, ret_lock, e) < 0)) {
		free(folder);
		folder = NULL;
	}
	if (root_fd >= 0)
		close(root_fd);
	free(root);
	return folder;
}
