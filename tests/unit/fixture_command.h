#ifndef LIFEBOAT_TESTS_FIXTURE_COMMAND_H
#define LIFEBOAT_TESTS_FIXTURE_COMMAND_H

/* What the tests of command.run share: a run's folder, and a stand in it. */

#include "base/file.h"
#include "fixture_executor.h"
#include "fixture_server.h"
#include "net/child/child.h"

static char *run_folder;

static inline void
begin(struct stand *s)
{
	stand_init(s);
	s->ctx.run_folder = run_folder;
}

/* For a group of tests. What the commands leave behind becomes ours. */
static inline int
make_run_folder(void **state)
{
	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	run_folder = fixture_folder();
	return 0;
}

static inline int
remove_run_folder(void **state)
{
	(void)state;
	fixture_remove(run_folder);
	return 0;
}

static inline bool
is_installed(const char *command)
{
	struct err e = ERR_INIT;
	char *path = child_find(command, &e);

	if (!path)
		return false;
	free(path);
	return true;
}

/* The value of a line of printenv, as a command has put it out; NULL where it is not there. The caller frees. */
static inline char *
variable_in(const char *output, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = output; at && *at;
	     at = strchr(at, '\n') ? strchr(at, '\n') + 1 : NULL)
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return xstrndup(at + len + 1, strcspn(at + len + 1, "\n"));
	return NULL;
}

#endif
