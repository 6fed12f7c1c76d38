#ifndef LIFEBOAT_BASE_LIBEXEC_H
#define LIFEBOAT_BASE_LIBEXEC_H

#include <spawn.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Where one of our own programs is that only we start (lifeboat-jq): beside the running program, as in a build and for
 * each other, or else where it was installed. The caller frees. NULL: it is in neither place (ERR_NOT_FOUND; e may be
 * NULL). From any thread.
 */
char *libexec_find(const char *name, struct err *e);

/*
 * posix_spawn(3) of such a program: in a session of its own, away from the keys of the terminal, with every signal as it
 * is at birth. No fork of ours runs in between, so it may be called whatever other threads do. Returns 0 or an errno.
 */
int libexec_spawn(pid_t *ret_pid, const posix_spawn_file_actions_t *actions, char *const *argv,
		  char *const *environment);

#endif
