#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "helm/helm.h"
#include "helm/helm_chart.h"
#include "helm/helm_print.h"
#include "helm/helm_semver.h"
#include "helm/helm_yaml.h"

/*
 * Repositories. Those of the world are there from the beginning; what helm repo add says of their URLs is kept in the file
 * that helm keeps it in.
 */

enum { MAX_CONFIG = 1 << 20, MAX_WIDTH = 50 };

/* ---- the file ---- */

/* Where it is; the caller frees. */
static char *
config_path(void)
{
	const char *named = getenv("HELM_REPOSITORY_CONFIG"), *home = getenv("HOME");
	const char *config = getenv("XDG_CONFIG_HOME");

	if (named && *named)
		return xstrdup(named);
	if (config && *config)
		return xasprintf("%s/helm/repositories.yaml", config);
	return xasprintf("%s/.config/helm/repositories.yaml", home ? home : "");
}

/* {repositories: [{name, url}]}; the caller deletes. */
static cJSON *
read_config(void)
{
	char *path = config_path();
	struct str text = STR_INIT;
	cJSON *all = NULL, *config;

	if (file_read(path, MAX_CONFIG, &text, NULL) == 0)
		all = helm_yaml_objects(str_cstr(&text));
	config = all ? cJSON_DetachItemFromArray(all, 0) : NULL;
	if (!config)
		config = cJSON_CreateObject();
	if (!cJSON_IsArray(json_at(config, "repositories")))
		json_replace(config, "repositories", cJSON_CreateArray());
	cJSON_Delete(all);
	str_release(&text);
	free(path);
	return config;
}

static int
write_config(const cJSON *config, struct err *e)
{
	char *path = config_path(), *folder = file_folder(path);
	struct str text = STR_INIT;
	int rc = file_make_folders(folder, 0700, e);

	helm_yaml_print(config, true, &text);
	if (rc == 0)
		rc = file_write_atomic(path, str_cstr(&text), text.len, 0600, e);
	str_release(&text);
	free(folder);
	free(path);
	return rc;
}

static cJSON *
entry_of(const cJSON *config, const char *name)
{
	cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(config, "repositories"))
		if (strcmp(json_string(entry, "name", ""), name) == 0)
			return entry;
	return NULL;
}

static void
add_entry(cJSON *config, const char *name, const char *url)
{
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", name);
	json_add_string(entry, "url", url);
	cJSON_AddItemToArray(json_at(config, "repositories"), entry);
}

/* All repositories there are: those of the file, then those of the world that are not in it. */
static cJSON *
read_repositories(const struct helm *h)
{
	cJSON *config = read_config(), *charts = helm_charts_read(h);
	const cJSON *chart;

	cJSON_ArrayForEach(chart, charts) {
		const char *full = json_string(chart, "name", "");
		char *name = xstrndup(full, strcspn(full, "/"));
		char *url = xasprintf("file://%s/charts/%s", h->world, name);

		if (!entry_of(config, name))
			add_entry(config, name, url);
		free(url);
		free(name);
	}
	cJSON_Delete(charts);
	return config;
}

/* ---- the commands ---- */

/* "charts.example.com" of an URL; the caller frees. */
static char *
host_of(const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	return xstrndup(host, strcspn(host, ":/?#"));
}

/* As on a network without a way out. */
static int
unreachable(const char *url, struct err *e)
{
	char *host = host_of(url);
	int rc;

	if (!strstr(url, "://"))
		rc = err_set(e, ERR_SPEC, "could not find protocol handler for: ");
	else
		rc = err_set(e, ERR_NET,
			     "looks like \"%s\" is not a valid chart repository or cannot be "
			     "reached: Get \"%s%sindex.yaml\": dial tcp: lookup %s: no such host",
			     url, url, str_ends_with(url, "/") ? "" : "/", host);
	free(host);
	return rc;
}

int
helm_repo_add(struct helm *h, struct err *e)
{
	const char *name = helm_arg(h, 0), *url = helm_arg(h, 1);
	cJSON *config = read_config(), *entry = entry_of(config, name);
	int rc = 0;

	if (strchr(name, '/'))
		rc = err_set(e, ERR_USAGE,
			     "repository name (%s) contains '/', please specify a different name "
			     "without '/'",
			     name);
	else if (entry && !h->args.flags.force_update &&
		 strcmp(json_string(entry, "url", ""), url) == 0)
		printf("\"%s\" already exists with the same configuration, skipping\n", name);
	else if (entry && !h->args.flags.force_update)
		rc = err_set(e, ERR_CONFLICT,
			     "repository name (%s) already exists, please specify a different name",
			     name);
	else if (!helm_repository_exists(h, name))
		rc = unreachable(url, e);
	else {
		if (entry)
			cJSON_Delete(
				cJSON_DetachItemViaPointer(json_at(config, "repositories"), entry));
		add_entry(config, name, url);
		rc = write_config(config, e);
		if (rc == 0)
			printf("\"%s\" has been added to your repositories\n", name);
	}
	cJSON_Delete(config);
	return rc;
}

static bool
is_asked_for(const struct helm *h, const char *name)
{
	for (size_t i = 0; i < h->args.words.count; i++)
		if (strcmp(helm_arg(h, i), name) == 0)
			return true;
	return h->args.words.count == 0;
}

int
helm_repo_update(struct helm *h, struct err *e)
{
	cJSON *config = read_repositories(h);
	const cJSON *entry;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < h->args.words.count; i++)
		if (!entry_of(config, helm_arg(h, i)))
			rc = err_set(
				e, ERR_NOT_FOUND,
				"no repositories found matching '%s'.  Nothing will be updated",
				helm_arg(h, i));
	if (rc == 0 && !json_at(config, "repositories/0"))
		rc = err_set(e, ERR_NOT_FOUND,
			     "no repositories found. You must add one before updating");
	if (rc == 0) {
		printf("Hang tight while we grab the latest from your chart repositories...\n");
		cJSON_ArrayForEach(entry, json_at(config, "repositories"))
			if (is_asked_for(h, json_string(entry, "name", "")))
				printf("...Successfully got an update from the \"%s\" chart "
				       "repository\n",
				       json_string(entry, "name", ""));
		printf("Update Complete. ⎈Happy Helming!⎈\n");
	}
	cJSON_Delete(config);
	return rc;
}

int
helm_repo_list(struct helm *h, struct err *e)
{
	static const struct helm_column columns[] = { { "NAME", "name" }, { "URL", "url" } };
	cJSON *config = read_repositories(h);
	const cJSON *list = json_at(config, "repositories");
	int rc = 0;

	if (!list->child && h->args.output == HELM_TABLE)
		rc = err_set(e, ERR_NOT_FOUND, "no repositories to show");
	else
		helm_print_list(list, columns, 2, h->args.output, 0);
	cJSON_Delete(config);
	return rc;
}

/* ---- searching ---- */

static bool
contains(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

static bool
matches(const struct helm *h, const cJSON *chart)
{
	for (size_t i = 0; i < h->args.words.count; i++)
		if (!contains(json_string(chart, "name", ""), helm_arg(h, i)) &&
		    !contains(json_string(chart, "description", ""), helm_arg(h, i)))
			return false;
	return true;
}

/* Whether its version is one to show: 1, 0 or -1. */
static int
fits(const struct helm *h, const cJSON *chart, const char *last, struct err *e)
{
	const char *version = json_string(chart, "version", ""), *wanted = h->args.flags.version;

	if (!h->args.flags.versions && strcmp(last, json_string(chart, "name", "")) == 0)
		return 0;
	if (wanted && helm_semver_meets(version, wanted, e) <= 0)
		return e->kind == ERR_NONE ? 0
					   : err_wrap(e, "an invalid version/constraint format");
	return wanted || h->args.flags.devel || !helm_semver_is_pre_release(version);
}

static int
search(const struct helm *h, const cJSON *charts, cJSON *rows, struct err *e)
{
	const char *last = "";
	const cJSON *chart;

	cJSON_ArrayForEach(chart, charts) {
		int rc = matches(h, chart) ? fits(h, chart, last, e) : 0;
		cJSON *row;

		if (rc < 0)
			return -1;
		if (rc == 0)
			continue;
		last = json_string(chart, "name", "");
		row = cJSON_CreateObject();
		json_add_string(row, "name", last);
		json_add_string(row, "version", json_string(chart, "version", ""));
		json_add_string(row, "app_version", json_string(chart, "app_version", ""));
		json_add_string(row, "description", json_string(chart, "description", ""));
		cJSON_AddItemToArray(rows, row);
	}
	return 0;
}

int
helm_search_repo(struct helm *h, struct err *e)
{
	static const struct helm_column columns[] = {
		{ "NAME", "name" },
		{ "CHART VERSION", "version" },
		{ "APP VERSION", "app_version" },
		{ "DESCRIPTION", "description" },
	};
	cJSON *charts = helm_charts_read(h), *rows = cJSON_CreateArray();
	int rc = charts->child ? search(h, charts, rows, e)
			       : err_set(e, ERR_NOT_FOUND, "no repositories configured");

	if (rc == 0 && !rows->child && h->args.output == HELM_TABLE)
		printf("No results found\n");
	else if (rc == 0)
		helm_print_list(rows, columns, 4, h->args.output, MAX_WIDTH);
	cJSON_Delete(charts);
	cJSON_Delete(rows);
	return rc;
}
