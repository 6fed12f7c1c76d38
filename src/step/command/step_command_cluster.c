#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "kube/client.h"
#include "kube/kubeconfig_pin.h"
#include "step/command/step_command_plan.h"
#include "step/kubernetes/target_kubernetes.h"

/*
 * helm and kubectl must not wander off to another cluster than the one that was shown. kubectl has no variable for the
 * context, so a small kubeconfig is put before the ones that define it: client-go takes the first current-context, and
 * the first definition of a name. Other libraries, Python's among them, take the last current-context, so it is put
 * behind them once more. It stays in the run's folder: a command may outlive us, and it holds no credential.
 */

enum { NAME_DIGITS = 12 };

static char *
temporary_path(void)
{
	const char *root = getenv("TMPDIR");

	return xasprintf("%s/lifeboat-kube-XXXXXX", root && *root == '/' ? root : "/tmp");
}

/* The same for the same content, so that a preview can name it. */
static char *
path_in(const char *run_folder, const struct str *overlay)
{
	char hex[DIGEST_HEX_MAX], *here, *path;
	struct digest *digest = digest_new();

	digest_update(digest, overlay->data, overlay->len);
	digest_finish(digest, hex);
	here = run_folder[0] == '/' ? xstrdup("") : getcwd(NULL, 0);
	path = xasprintf("%s%s%s/kube/%.*s.json", here ? here : "", run_folder[0] == '/' ? "" : "/",
			 run_folder, NAME_DIGITS, hex);
	free(here);
	return path;
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int
fill(struct command_cluster *cluster, const char *run_folder, const struct kube_access *access,
     const char *ns, struct err *e)
{
	kubeconfig_pin(access, ns, &cluster->overlay);
	cluster->path = run_folder ? path_in(run_folder, &cluster->overlay) : temporary_path();
	cluster->context = xstrdup(access->context);
	cluster->ns = xstrdup(ns);
	cluster->server = xstrdup(access->server);
	cluster->plugin = access->exec ? xstrdup(base_name(access->exec->command)) : NULL;
	if (strchr(cluster->path, ':'))
		return err_set(e, ERR_SPEC,
			       "command.run: the folder of %s has a colon in its name, which "
			       "stands between names in KUBECONFIG. Keep runs in another folder "
			       "(XDG_STATE_HOME)",
			       cluster->path);
	return 0;
}

/* An option that takes a program to another cluster; one that names the very context is fine. */
static const struct option {
	const char *program, *name;
	bool is_context;
} options[] = {
	{ "helm", "--kube-context", true },    { "helm", "--kubeconfig", false },
	{ "helm", "--kube-apiserver", false }, { "kubectl", "--context", true },
	{ "kubectl", "--kubeconfig", false },  { "kubectl", "--cluster", false },
	{ "kubectl", "--server", false },      { "kubectl", "-s", false },
};

static const char *
value_of(const struct option *option, const char *argument, const char *next)
{
	size_t len = strlen(option->name);

	if (strncmp(argument, option->name, len) != 0)
		return NULL;
	if (argument[len] == '=')
		return argument + len + 1;
	return argument[len] == '\0' ? (next ? next : "") : NULL;
}

static int
check_argument(const struct command *c, const char *program, const char *argument, const char *next,
	       struct err *e)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		const struct option *option = &options[i];
		const char *value = strcmp(option->program, program) == 0
					    ? value_of(option, argument, next)
					    : NULL;

		if (!value || (option->is_context && strcmp(value, c->cluster.context) == 0))
			continue;
		return err_set(e, ERR_SPEC,
			       "command.run: the argument %s %s would lead %s away from the "
			       "step's target, which is context \"%s\". Leave it out, or name the "
			       "right target",
			       option->name, value, program, c->cluster.context);
	}
	return 0;
}

static int
check_arguments(const struct command *c, struct err *e)
{
	const char *program = base_name(c->argv.items[0]);

	for (size_t i = 1; i < c->argv.count && strcmp(c->argv.items[i], "--") != 0; i++)
		if (check_argument(c, program, c->argv.items[i], c->argv.items[i + 1], e) < 0)
			return -1;
	return 0;
}

int
command_cluster_init(struct command *c, const struct step_context *ctx,
		     const struct run_target *target, struct err *e)
{
	struct kube_client *client;
	struct str files = STR_INIT;
	const char *ns;

	if (!target)
		return 0;
	if (target_kubernetes_client(target, &client, &ns, e) < 0)
		return err_wrap(e, "command.run");
	const struct kube_access *access = kube_client_access(client);
	int rc = access->in_cluster ? 0
				    : kubeconfig_list_files(
					      step_optional(target->spec, "kubeconfig"), &files, e);
	if (rc < 0)
		err_wrap(e, "command.run");
	else
		rc = fill(&c->cluster, ctx->run_folder, access, ns, e);
	c->cluster.files = str_take(&files);
	return rc < 0 ? -1 : check_arguments(c, e);
}

void
command_cluster_release(struct command_cluster *cluster)
{
	str_release(&cluster->overlay);
	free(cluster->path);
	free(cluster->files);
	free(cluster->context);
	free(cluster->ns);
	free(cluster->server);
	free(cluster->plugin);
}

char *
command_cluster_kubeconfig(const struct command_cluster *cluster)
{
	if (!*cluster->files)
		return xstrdup(cluster->path);
	return xasprintf("%s:%s:%s", cluster->path, cluster->files, cluster->path);
}

/* A command without a target goes where its own arguments, or the files of the operator, lead it. */
static void
warn_without_target(const struct command *c, struct preview *preview)
{
	const char *program = base_name(c->argv.items[0]);

	if (strcmp(program, "helm") != 0 && strcmp(program, "kubectl") != 0)
		return;
	for (size_t i = 1; i < c->argv.count; i++)
		for (size_t j = 0; j < sizeof(options) / sizeof(options[0]); j++)
			if (strcmp(options[j].program, program) == 0 &&
			    value_of(&options[j], c->argv.items[i], NULL))
				return;
	preview_add(preview, PREVIEW_WARNING,
		    "The step has no target and no argument names a context: %s goes to whatever "
		    "context is the current one",
		    program);
}

void
command_cluster_describe(const struct command *c, struct preview *preview)
{
	const struct command_cluster *cluster = &c->cluster;

	if (!cluster->context) {
		warn_without_target(c, preview);
		return;
	}
	preview_add(preview, PREVIEW_TEXT,
		    "kubectl and helm find context \"%s\" alone (%s), namespace %s",
		    cluster->context, cluster->server, cluster->ns);
}

/* How programs that log in to clusters are told as whom. The first word of a row is the program. */
static const char *const logins[][4] = {
	{ "aws", "AWS_" },
	{ "aws-iam-authenticator", "AWS_" },
	{ "az", "AZURE_", "ARM_" },
	{ "doctl", "DIGITALOCEAN_" },
	{ "gcloud", "CLOUDSDK_", "GOOGLE_" },
	{ "gke-gcloud-auth-plugin", "CLOUDSDK_", "GOOGLE_", "USE_GKE_" },
	{ "ibmcloud", "IBMCLOUD_" },
	{ "kubelogin", "AAD_", "AZURE_" },
	{ "oci", "OCI_" },
	{ "tsh", "TELEPORT_" },
	{ "vault", "VAULT_" },
};

enum { LOGINS = sizeof(logins) / sizeof(logins[0]) };

static bool
begins_with_one(const char *const row[4], const char *variable)
{
	for (int i = 1; i < 4 && row[i]; i++)
		if (str_starts_with(variable, row[i]))
			return true;
	return false;
}

bool
command_cluster_logs_in_by(const struct command_cluster *cluster, const char *variable)
{
	bool known = false, by_any = false;

	for (size_t i = 0; i < LOGINS; i++) {
		bool is_it = cluster && strcmp(cluster->plugin, logins[i][0]) == 0;
		bool begins = begins_with_one(logins[i], variable);

		if (is_it && begins)
			return true;
		known = known || is_it;
		by_any = by_any || begins;
	}
	return !known && by_any;
}

static int
make_folder(const char *path, struct err *e)
{
	char *folder = file_folder(path);
	int rc = 0;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		rc = err_errno(e, ERR_IO, "command.run: making the folder %s", folder);
	free(folder);
	return rc;
}

static bool
is_temporary(const struct command_cluster *cluster)
{
	return cluster->path && !str_ends_with(cluster->path, ".json");
}

static int
write_temporary(struct command_cluster *cluster, struct err *e)
{
	int fd = mkostemp(cluster->path, 0);
	int rc = -1;

	if (fd < 0)
		return err_errno(e, ERR_IO, "command.run: making the file %s", cluster->path);
	rc = file_write_all(fd, cluster->overlay.data, cluster->overlay.len, e);
	if (rc < 0)
		err_wrap(e, "command.run: writing %s", cluster->path);
	close(fd);
	return rc;
}

int
command_cluster_open(struct command *c, struct err *e)
{
	struct command_cluster *cluster = &c->cluster;

	if (!cluster->context)
		return 0;
	if (is_temporary(cluster))
		return write_temporary(cluster, e);
	if (make_folder(cluster->path, e) < 0)
		return -1;
	if (file_write_atomic(cluster->path, cluster->overlay.data, cluster->overlay.len, 0600, e) <
	    0)
		return err_wrap(e, "command.run");
	return 0;
}

void
command_cluster_close(struct command *c)
{
	if (is_temporary(&c->cluster))
		unlink(c->cluster.path);
}
