#include "config.h"

#include "net/child/child_find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "net/child/child.h"
#include "net/fence/fence.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"

static bool
is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool
is_executable(const char *path)
{
	return is_regular(path) && access(path, X_OK) == 0;
}

/* Why a file that was named by its path cannot be executed. */
static int
explain_path(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return err_errno(e, ERR_NOT_FOUND, "%s is not an executable file", path);
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_NOT_FOUND, "%s is not an executable file, but a folder",
			       path);
	return err_set(e, ERR_NOT_FOUND,
		       "%s is not an executable file. If it is the right one: chmod +x %s", path,
		       path);
}

/* `unfit`: a file of the name that lies on the way, and may not be executed; or NULL. */
static int
explain_search(const char *command, const char *path, const char *unfit, struct err *e)
{
	err_set(e, ERR_NOT_FOUND, "no command \"%s\" in PATH (%s)", command, path);
	if (unfit)
		return err_advise(e, "%s is there, but not executable: chmod +x, if it is the one",
				  unfit);
	return err_advise(e, "Install it, or add its folder to PATH");
}

static char *
search(const char *path, const char *command, struct err *e)
{
	char *copy = xstrdup(path), *rest = copy, *folder, *found = NULL, *unfit = NULL;

	while (*command && !found && (folder = strsep(&rest, ":"))) {
		char *file = xasprintf("%s/%s", *folder ? folder : ".", command);

		if (is_executable(file))
			found = file;
		else if (!unfit && is_regular(file))
			unfit = file;
		else
			free(file);
	}
	if (!found)
		explain_search(command, path, unfit, e);
	free(unfit);
	free(copy);
	return found;
}

static char *
find_anywhere(const char *path, const char *command, struct err *e)
{
	if (!strchr(command, '/')) {
		if (!path)
			path = getenv("PATH");
		return search(path ? path : DEFAULT_PATH, command, e);
	}
	if (is_executable(command))
		return xstrdup(command);
	explain_path(command, e);
	return NULL;
}

/* In a drill, only what its world has. */
static char *
find(const char *path, const char *command, struct err *e)
{
	char *found = find_anywhere(path, command, e);

	if (!found || fence_check_program(found, e) == 0)
		return found;
	free(found);
	return NULL;
}

char *
child_find(const char *command, struct err *e)
{
	return find(NULL, command, e);
}

char *
child_find_for(const char *command, const char *folder, const char *path, struct err *e)
{
	char *joined, *found;

	if (!folder || command[0] == '/' || !strchr(command, '/'))
		return find(path, command, e);
	joined = xasprintf("%s/%s", folder, command);
	found = child_find(joined, e);
	free(joined);
	if (!found || found[0] == '/')
		return found;
	free(found);
	return xstrdup(command); /* it is executed from within the folder */
}
