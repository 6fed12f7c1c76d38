#include "config.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "helm/helm.h"

enum { MAX_NAME = 53 };

int
helm_version(struct helm *h, struct err *e)
{
	(void)e;
	if (h->args.flags.brief)
		printf("%s\n", HELM_VERSION);
	else
		printf("version.BuildInfo{Version:\"%s\", GitCommit:\"\", GitTreeState:\"\", "
		       "GoVersion:\"\"}\n",
		       HELM_VERSION);
	return 0;
}

/* The variables that this program reads, in the order of their names. */
int
helm_env(struct helm *h, struct err *e)
{
	const char *ns = h->args.flags.ns ? h->args.flags.ns : getenv("HELM_NAMESPACE");
	const char *context =
		h->args.flags.context ? h->args.flags.context : getenv("HELM_KUBECONTEXT");
	const char *file =
		h->args.flags.kubeconfig ? h->args.flags.kubeconfig : getenv("KUBECONFIG");
	const char *repositories = getenv("HELM_REPOSITORY_CONFIG");
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "HELM_BIN", h->program },
		{ "HELM_KUBECONTEXT", context },
		{ "HELM_NAMESPACE", ns ? ns : "default" },
		{ "HELM_REPOSITORY_CONFIG", repositories },
		{ "KUBECONFIG", file },
		{ "LIFEBOAT_WORLD", h->world },
	};
	const char *only = helm_arg(h, 0);

	(void)e;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *value = rows[i].value ? rows[i].value : "";

		if (only && strcmp(only, rows[i].name) == 0)
			printf("%s\n", value);
		else if (!only)
			printf("%s=\"%s\"\n", rows[i].name, value);
	}
	return 0;
}

const char *
helm_arg(const struct helm *h, size_t index)
{
	return index < h->args.words.count ? h->args.words.items[index] : NULL;
}

int
helm_check_release_name(const char *name, const char *prefix, struct err *e)
{
	static const char pattern[] =
		"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
	regex_t regex;
	int found;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	found = regexec(&regex, name, 0, NULL, 0);
	regfree(&regex);
	if (found == 0 && strlen(name) <= MAX_NAME)
		return 0;
	if (!prefix)
		return err_set(e, ERR_USAGE, "release name is invalid: %s", name);
	return err_set(e, ERR_USAGE,
		       "%s \"%s\": invalid release name, must match regex %s and the length must "
		       "not be longer than %d",
		       prefix, name, pattern, MAX_NAME);
}
