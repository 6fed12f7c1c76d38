#ifndef LIFEBOAT_HELM_HELM_H
#define LIFEBOAT_HELM_HELM_H

#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "helm/helm_args.h"
#include "kube/client.h"

/* What it says it is: the release of helm whose words it speaks. */
#define HELM_VERSION "v3.14.4+lifeboat"

/* One call of the program. Main thread. */
struct helm {
	struct helm_args args;
	const char *program; /* argv[0] */
	char *world;	     /* the folder of the world that it belongs to; NULL: none */
	char *ns;	     /* known once there is a client, or where it was given */
	struct kube_client *client;
	struct cancel *cancel; /* requested by SIGINT and SIGTERM */
};

/* Each command prints to standard output; an error is what comes behind "Error: ". */
typedef int helm_command_fn(struct helm *h, struct err *e);

helm_command_fn helm_install;
helm_command_fn helm_template;
helm_command_fn helm_upgrade;
helm_command_fn helm_uninstall;
helm_command_fn helm_rollback;
helm_command_fn helm_list;
helm_command_fn helm_status;
helm_command_fn helm_history;
helm_command_fn helm_get_values;
helm_command_fn helm_get_manifest;
helm_command_fn helm_get_notes;
helm_command_fn helm_get_all;
helm_command_fn helm_show_values;
helm_command_fn helm_show_chart;
helm_command_fn helm_show_all;
helm_command_fn helm_repo_add;
helm_command_fn helm_repo_update;
helm_command_fn helm_repo_list;
helm_command_fn helm_search_repo;
helm_command_fn helm_env;
helm_command_fn helm_version;

/* An argument of the command, or NULL. */
const char *helm_arg(const struct helm *h, size_t index);

/* ERR_SPEC with the words `prefix` "release name" has for one that is none. */
int helm_check_release_name(const char *name, const char *prefix, struct err *e);

#endif
