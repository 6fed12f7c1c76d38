#include "config.h"

#include "helm/helm_chart.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "helm/helm_semver.h"

enum { MAX_CHART_BYTES = 4 << 20 };

/* ---- the world ---- */

static char *
charts_folder(const struct helm *h)
{
	return xasprintf("%s/charts", h->world);
}

/* The first folder of PATH that has this program; the caller frees. NULL: none. */
static char *
folder_in_path(const char *program)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t len = strcspn(path, ":");
		char *file = xasprintf("%.*s/%s", (int)len, path, program);
		bool found = len > 0 && access(file, X_OK) == 0;

		free(file);
		if (found)
			return xstrndup(path, len);
		path += len + (path[len] == ':');
	}
	return NULL;
}

/* The folder above the one that the program was started from; the caller frees. NULL: not known. */
static char *
folder_above(const char *program)
{
	char *folder = strchr(program, '/') ? file_folder(program) : folder_in_path(program);
	char *above = folder ? xasprintf("%s/..", folder) : NULL;
	char *real = above ? realpath(above, NULL) : NULL;

	free(above);
	free(folder);
	return real;
}

void
helm_find_world(struct helm *h)
{
	const char *named = getenv("LIFEBOAT_WORLD");
	char *charts;

	if (named && *named) {
		h->world = xstrdup(named);
		return;
	}
	h->world = folder_above(h->program);
	if (!h->world)
		return;
	charts = charts_folder(h);
	if (access(charts, F_OK) < 0) {
		free(h->world);
		h->world = NULL;
	}
	free(charts);
}

/* ---- reading ---- */

static void
read_chart(const char *path, cJSON *charts)
{
	struct str text = STR_INIT;
	cJSON *chart = NULL;

	if (file_read(path, MAX_CHART_BYTES, &text, NULL) == 0)
		chart = json_parse(str_cstr(&text), text.len, NULL);
	if (cJSON_IsObject(chart))
		cJSON_AddItemToArray(charts, chart);
	else
		cJSON_Delete(chart);
	str_release(&text);
}

static void
read_repository(const char *path, cJSON *charts)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char *file = xasprintf("%s/%s", path, entry->d_name);

		if (str_ends_with(entry->d_name, ".json"))
			read_chart(file, charts);
		free(file);
	}
	if (folder)
		closedir(folder);
}

static int
order_of_charts(const void *a, const void *b)
{
	const cJSON *x = *(cJSON *const *)a, *y = *(cJSON *const *)b;
	int order = strcmp(json_string(x, "name", ""), json_string(y, "name", ""));

	if (order)
		return order;
	return helm_semver_compare(json_string(y, "version", ""), json_string(x, "version", ""));
}

static cJSON *
sort_charts(cJSON *charts)
{
	size_t count = (size_t)cJSON_GetArraySize(charts);
	cJSON **items = xcalloc(count + 1, sizeof(cJSON *)), *sorted = cJSON_CreateArray();

	for (size_t i = 0; i < count; i++)
		items[i] = cJSON_DetachItemFromArray(charts, 0);
	qsort(items, count, sizeof(cJSON *), order_of_charts);
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(sorted, items[i]);
	free(items);
	cJSON_Delete(charts);
	return sorted;
}

cJSON *
helm_charts_read(const struct helm *h)
{
	char *path = h->world ? charts_folder(h) : NULL;
	DIR *folder = path ? opendir(path) : NULL;
	cJSON *charts = cJSON_CreateArray();
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char *repository = xasprintf("%s/%s", path, entry->d_name);

		if (entry->d_name[0] != '.')
			read_repository(repository, charts);
		free(repository);
	}
	if (folder)
		closedir(folder);
	free(path);
	return sort_charts(charts);
}

bool
helm_repository_exists(const struct helm *h, const char *name)
{
	char *path = h->world ? xasprintf("%s/charts/%s", h->world, name) : NULL;
	bool exists =
		path && *name && *name != '.' && !strchr(name, '/') && access(path, F_OK) == 0;

	free(path);
	return exists;
}

/* ---- one chart ---- */

const char *
helm_chart_name(const cJSON *chart)
{
	const char *name = json_string(chart, "name", ""), *slash = strrchr(name, '/');

	return slash ? slash + 1 : name;
}

cJSON *
helm_chart_metadata(const cJSON *chart)
{
	cJSON *metadata = cJSON_CreateObject();

	json_add_string(metadata, "name", helm_chart_name(chart));
	json_add_string(metadata, "version", json_string(chart, "version", ""));
	if (json_at(chart, "description"))
		json_add_string(metadata, "description", json_string(chart, "description", ""));
	json_add_string(metadata, "apiVersion", "v2");
	if (json_at(chart, "app_version"))
		json_add_string(metadata, "appVersion", json_string(chart, "app_version", ""));
	return metadata;
}

/* ---- finding ---- */

/* Whether this is the version that is wanted: 1, 0 or -1. */
static int
is_wanted(const struct helm *h, const cJSON *chart, struct err *e)
{
	const char *version = json_string(chart, "version", "");
	const char *wanted = h->args.flags.version;

	if (wanted && strcmp(wanted, version) == 0)
		return 1;
	if (wanted && *wanted)
		return helm_semver_meets(version, wanted, e);
	return h->args.flags.devel || !helm_semver_is_pre_release(version);
}

static int
find_in_repository(struct helm *h, const char *repository, const char *reference, cJSON **ret_chart,
		   struct err *e)
{
	const char *name = strchr(reference, '/') + 1, *wanted = h->args.flags.version;
	cJSON *charts = helm_charts_read(h), *chart;
	bool is_known = false;
	int rc = -1;

	cJSON_ArrayForEach(chart, charts) {
		if (strcmp(json_string(chart, "name", ""), reference) != 0)
			continue;
		is_known = true;
		int fits = is_wanted(h, chart, e);

		if (fits < 0)
			goto out;
		if (fits) {
			*ret_chart = cJSON_DetachItemViaPointer(charts, chart);
			rc = 0;
			goto out;
		}
	}
	err_set(e, ERR_NOT_FOUND,
		"chart \"%s\" matching %s not found in %s index. (try 'helm repo update'): "
		"%s%s%s%s",
		name, wanted ? wanted : "", repository,
		is_known ? "no chart version found for " : "no chart name found",
		is_known ? name : "", is_known ? "-" : "", is_known && wanted ? wanted : "");
out:
	cJSON_Delete(charts);
	return rc;
}

int
helm_chart_find(struct helm *h, const char *reference, cJSON **ret_chart, struct err *e)
{
	const char *slash = strchr(reference, '/');
	char *repository;
	int rc;

	if (*reference == '/' || *reference == '.')
		return err_set(e, ERR_NOT_FOUND,
			       access(reference, F_OK) == 0
				       ? "%s: the helm of a practice world installs its charts only"
				       : "path \"%s\" not found",
			       reference);
	if (strstr(reference, "://"))
		return err_set(e, ERR_NET, "%s: there is no way out of a practice world",
			       reference);
	if (!slash)
		return err_set(e, ERR_SPEC,
			       "non-absolute URLs should be in form of repo_name/path_to_chart, "
			       "got: %s",
			       reference);
	repository = xstrndup(reference, (size_t)(slash - reference));
	rc = helm_repository_exists(h, repository)
		     ? find_in_repository(h, repository, reference, ret_chart, e)
		     : err_set(e, ERR_NOT_FOUND, "repo %s not found", repository);
	free(repository);
	return rc;
}
