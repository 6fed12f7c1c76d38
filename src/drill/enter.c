#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "drill/drill_internal.h"
#include "net/child/child.h"
#include "net/fence/fence.h"
#include "net/fence/fence_resolve.h"

/*
 * Programs that a runbook's commands may call in a drill, beside those that the world brings: they look at files and say
 * something, or go where kubeconfig and service file of the world lead. No shell, nothing that starts others.
 */
static const char *const plain_programs[] = {
	"base64",  "cat",     "cmp",	 "cut",	       "echo", "false",	    "grep", "head", "ls",
	"kubectl", "openssl", "pg_dump", "pg_restore", "psql", "sha256sum", "tail", "true", "wc",
};

/* What is left of the environment: how things look, and who acts. */
static const char *const kept[] = {
	"TERM",
	"TERMINFO",
	"TERMINFO_DIRS",
	"COLORTERM",
	"NO_COLOR",
	"COLUMNS",
	"LINES",
	"ESCDELAY",
	"LANG",
	"LANGUAGE",
	"TZ",
	"USER",
	"LOGNAME",
	"SUDO_USER",
	"LIFEBOAT_OPERATOR",
	"TMUX",
	"STY",
	"SSH_TTY",
	"LIFEBOAT_RUNBOOKS",
	"TMPDIR",
	"LC_ALL",
	"LC_CTYPE",
	"LC_MESSAGES",
	"LC_TIME",
	"LC_COLLATE",
	"LC_NUMERIC",
};

enum { KEPT = sizeof(kept) / sizeof(kept[0]) };

/* Its value outlives clearenv(). */
static char *
copy_of(const char *name)
{
	const char *value = getenv(name);

	return value ? xstrdup(value) : NULL;
}

static void
put(const char *name, const char *value)
{
	if (value && *value)
		setenv(name, value, 1);
}

/* "…/lifeboat" of a root is what its XDG variable does not have. */
static char *
parent_of(char *root)
{
	char *parent = root ? file_folder(root) : NULL;

	free(root);
	return parent;
}

static void
set_environment(const cJSON *facts)
{
	char *values[KEPT], *state = parent_of(file_state_root(NULL)),
			    *config = parent_of(file_config_root(NULL));

	for (size_t i = 0; i < KEPT; i++)
		values[i] = copy_of(kept[i]);
	clearenv();
	for (size_t i = 0; i < KEPT; i++) {
		put(kept[i], values[i]);
		free(values[i]);
	}
	/* ours alone: journals of drills, and what was configured; HOME is another from here on */
	put("XDG_STATE_HOME", state);
	put("XDG_CONFIG_HOME", config);
	free(state);
	free(config);
	put("HOME", json_string(facts, "home", NULL));
	put("PATH", json_string(facts, "path", NULL));
	put("KUBECONFIG", json_string(facts, "kubeconfig", NULL));
	put("PGSERVICEFILE", json_string(facts, "service_file", NULL));
	put("PGPASSFILE", json_string(facts, "pass_file", NULL));
	put("PGSYSCONFDIR", json_string(facts, "folder", NULL));
	/* helm: the world's charts, and no repositories of the user's */
	char *repositories =
		xasprintf("%s/.config/helm/repositories.yaml", json_string(facts, "home", "."));
	put("HELM_REPOSITORY_CONFIG", repositories);
	free(repositories);
	put("LIFEBOAT_WORLD", json_string(facts, "folder", NULL));
	/* what looks for credentials in places of its own finds none */
	put("AWS_EC2_METADATA_DISABLED", "true");
	put("AWS_CONFIG_FILE", "/dev/null");
	put("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
}

static int
link_program(struct drill *d, const char *bin, const char *name, struct err *e)
{
	struct err ignored = ERR_INIT;
	char *target = child_find(name, &ignored);
	char *path = xasprintf("%s/%s", bin, name);
	int rc = 0;

	/* what is not installed is missed by the step that wants it; what the world brings is not replaced */
	if (target && symlink(target, path) == 0) {
		*VEC_PUSH(d->links, d->links_count, d->links_cap) = path;
		path = NULL;
	} else if (target && errno != EEXIST) {
		rc = err_errno(e, ERR_IO, "linking %s to %s", path, target);
	}
	free(path);
	free(target);
	return rc;
}

static int
link_programs(struct drill *d, struct err *e)
{
	const char *bin = json_string(d->facts, "path", "");

	for (size_t i = 0; i < sizeof(plain_programs) / sizeof(plain_programs[0]); i++)
		if (link_program(d, bin, plain_programs[i], e) < 0)
			return -1;
	return 0;
}

int
drill_enter(struct drill *d, struct err *e)
{
	const cJSON *at;

	if (link_programs(d, e) < 0)
		return -1;
	set_environment(d->facts);
	fence_set(json_string(d->facts, "prefix", ""), json_string(d->facts, "folder", ""));
	cJSON_ArrayForEach(at, json_at(d->facts, "resolvers"))
		if (cJSON_IsString(at))
			fence_add_resolver(at->valuestring);
	return 0;
}
