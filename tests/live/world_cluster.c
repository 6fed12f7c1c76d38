#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/cluster.h"
#include "world/controller/controller.h"

/*
 * Serves one simulated cluster on a free port of 127.0.0.1 until its standard input ends. Usage: world_cluster
 * [--controllers] FOLDER; writes kubeconfigs of an administrator and of a user without rights there, and says where: "FOLDER/admin.kubeconfig".
 * A line of input, "log UID CONTAINER TEXT", is one that a container writes; each is answered by "ok".
 */

enum { SPEED = 10 };

static int
fail(const struct err *e)
{
	fprintf(stderr, "world_cluster: %s\n", e->message);
	return 1;
}

static int
write_text(const char *folder, const char *name, const char *suffix, const char *text,
	   struct err *e)
{
	char *path = xasprintf("%s/%s%s", folder, name, suffix);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	free(path);
	return rc;
}

/* A user by his certificate; his kubeconfig is in the folder. */
static int
write_user(const struct cluster *cluster, const struct authority *ca, const char *folder,
	   const char *user, const char *const *groups, struct err *e)
{
	const struct authority_request request = { .common_name = user,
						   .organisations = groups,
						   .client = 1 };
	char *certificate = NULL, *key = NULL, *text = NULL;
	int rc = -1;

	if (authority_issue(ca, &request, &certificate, &key, e) < 0)
		return -1;
	text = xasprintf("apiVersion: v1\nkind: Config\n"
			 "clusters: [{name: real, cluster: {server: \"https://%s:%d\", "
			 "certificate-authority: \"%s/ca.pem\"}}]\n"
			 "users: [{name: %s, user: {client-certificate: \"%s/%s.pem\", client-key: "
			 "\"%s/%s.key\"}}]\n"
			 "contexts: [{name: %s, context: {cluster: real, user: %s}}]\n"
			 "current-context: %s\n",
			 cluster->address, cluster->port, folder, user, folder, user, folder, user,
			 user, user, user);
	if (write_text(folder, user, ".pem", certificate, e) == 0 &&
	    write_text(folder, user, ".key", key, e) == 0 &&
	    write_text(folder, user, ".kubeconfig", text, e) == 0)
		rc = 0;
	free(text);
	free(certificate);
	free(key);
	return rc;
}

static void
write_log(struct cluster *cluster, char *line)
{
	char *rest = line + strlen("log ");
	const char *uid = strsep(&rest, " "), *container = strsep(&rest, " ");

	if (rest)
		podlogs_write(cluster->logs, uid, container, clock_wall_ms() * 1000000, rest);
}

static void
serve(struct cluster *cluster, const char *folder)
{
	char *line = NULL;
	size_t size = 0;

	printf("%s/admin.kubeconfig\n", folder);
	fflush(stdout);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (str_starts_with(line, "log "))
			write_log(cluster, line);
		printf("ok\n");
		fflush(stdout);
	}
	free(line);
}

int
main(int argc, char **argv)
{
	const char *const masters[] = { "system:masters", NULL };
	struct err e = ERR_INIT;
	struct authority *ca = authority_new("test-ca", &e);
	struct cluster *cluster;

	const char *folder = argc > 1 ? argv[argc - 1] : ".";
	bool with_controllers = argc > 2 && strcmp(argv[1], "--controllers") == 0;
	const struct controllers_options options = { .speed = SPEED };
	struct controllers *controllers = NULL;

	if (!ca)
		return fail(&e);
	cluster = cluster_new("real", 0);
	if (cluster_open(cluster, "127.0.0.1", 0, ca, &e) < 0 ||
	    write_text(folder, "ca", ".pem", authority_pem(ca), &e) < 0 ||
	    write_user(cluster, ca, folder, "admin", masters, &e) < 0 ||
	    write_user(cluster, ca, folder, "viewer", NULL, &e) < 0)
		return fail(&e);
	if (with_controllers)
		controllers = controllers_new(cluster, &options);
	serve(cluster, folder);
	controllers_free(controllers);
	cluster_close(cluster);
	cluster_free(cluster);
	authority_free(ca);
	return 0;
}
