#include "config.h"

#include "base/libexec.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"

#ifndef LIFEBOAT_LIBEXECDIR
#define LIFEBOAT_LIBEXECDIR "/usr/local/libexec/lifeboat"
#endif

/* The folder of the running program; of a build's tests (tests/unit/test_str) that of the build. NULL: not known. */
static char *
our_folder(void)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (len <= 0)
		return NULL;
	self[len] = '\0';
	char *folder = file_folder(self);
	char *suite = strrchr(folder, '/');
	if (suite && suite - folder >= 6 && memcmp(suite - 6, "/tests", 6) == 0)
		suite[-6] = '\0';
	return folder;
}

/* Where a program of the folder is that may be run; or NULL. */
static char *
program_in(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s", folder, name);

	if (access(path, X_OK) == 0)
		return path;
	free(path);
	return NULL;
}

char *
libexec_find(const char *name, struct err *e)
{
	char *folder = our_folder();
	char *path = folder ? program_in(folder, name) : NULL;

	if (!path)
		path = program_in(LIFEBOAT_LIBEXECDIR, name);
	if (!path) {
		err_set(e, ERR_NOT_FOUND, "there is no %s in %s, nor in %s", name,
			folder ? folder : "our folder", LIFEBOAT_LIBEXECDIR);
		err_advise(e, "It belongs to lifeboat: is the installation whole?");
	}
	free(folder);
	return path;
}

int
libexec_spawn(pid_t *ret_pid, const posix_spawn_file_actions_t *actions, char *const *argv,
	      char *const *environment)
{
	posix_spawnattr_t attributes;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
						      POSIX_SPAWN_SETSIGDEF);
	int rc = posix_spawn(ret_pid, argv[0], actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	return rc;
}
