#include "config.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "helm/helm_api.h"
#include "helm/helm_print.h"
#include "helm/helm_release.h"
#include "helm/helm_time.h"

/* ---- helm list ---- */

/* Whether releases of a status were asked for. */
static bool
is_shown(const struct helm_flags *flags, const char *status)
{
	bool any = flags->deployed || flags->failed || flags->uninstalled || flags->superseded ||
		   flags->pending;

	if (flags->all)
		return true;
	if (strcmp(status, "deployed") == 0)
		return flags->deployed || !any;
	if (strcmp(status, "failed") == 0)
		return flags->failed || !any;
	if (strcmp(status, "uninstalled") == 0)
		return flags->uninstalled;
	if (strcmp(status, "superseded") == 0)
		return flags->superseded;
	return str_starts_with(status, "pending-") && flags->pending;
}

/* Whether there is no later revision of it. */
static bool
is_latest(const cJSON *releases, const cJSON *release)
{
	const cJSON *other;

	cJSON_ArrayForEach(other, releases)
		if (str_equal(json_string(other, "name", ""), json_string(release, "name", "")) &&
		    str_equal(json_string(other, "namespace", ""),
			      json_string(release, "namespace", "")) &&
		    helm_release_revision(other) > helm_release_revision(release))
			return false;
	return true;
}

static int
order_by_name(const void *a, const void *b)
{
	const cJSON *x = *(const cJSON *const *)a, *y = *(const cJSON *const *)b;
	int order = strcmp(json_string(x, "name", ""), json_string(y, "name", ""));

	return order ? order
		     : strcmp(json_string(x, "namespace", ""), json_string(y, "namespace", ""));
}

static int
order_by_date(const void *a, const void *b)
{
	return strcmp(json_string(*(const cJSON *const *)a, "info/last_deployed", ""),
		      json_string(*(const cJSON *const *)b, "info/last_deployed", ""));
}

static cJSON *
row_of(const cJSON *release)
{
	cJSON *row = cJSON_CreateObject();
	char *chart = helm_release_chart_label(release), when[HELM_TIME_MAX], number[24];

	snprintf(number, sizeof(number), "%lld", (long long)helm_release_revision(release));
	json_add_string(row, "name", json_string(release, "name", ""));
	json_add_string(row, "namespace", json_string(release, "namespace", ""));
	json_add_string(row, "revision", number);
	json_add_string(row, "updated",
			helm_time_string(json_string(release, "info/last_deployed", "-"), when));
	json_add_string(row, "status", helm_release_status(release));
	json_add_string(row, "chart", chart);
	json_add_string(row, "app_version", json_string(release, "chart/metadata/appVersion", ""));
	free(chart);
	return row;
}

/* Those that are to be shown, in their order; the caller frees. */
static const cJSON **
choose(const struct helm_flags *flags, const cJSON *releases, const regex_t *filter,
       size_t *ret_count)
{
	const cJSON **chosen = NULL, *release;
	size_t count = 0, cap = 0;

	cJSON_ArrayForEach(release, releases)
		if ((flags->superseded || is_latest(releases, release)) &&
		    is_shown(flags, helm_release_status(release)) &&
		    (!filter || regexec(filter, json_string(release, "name", ""), 0, NULL, 0) == 0))
			*VEC_PUSH(chosen, count, cap) = release;
	if (count)
		qsort(chosen, count, sizeof(*chosen),
		      flags->by_date ? order_by_date : order_by_name);
	for (size_t i = 0; flags->reverse && i < count / 2; i++) {
		const cJSON *other = chosen[i];

		chosen[i] = chosen[count - 1 - i];
		chosen[count - 1 - i] = other;
	}
	*ret_count = count;
	return chosen;
}

static void
print_list(const struct helm *h, const cJSON *const *chosen, size_t count)
{
	static const struct helm_column columns[] = {
		{ "NAME", "name" },
		{ "NAMESPACE", "namespace" },
		{ "REVISION", "revision" },
		{ "UPDATED", "updated" },
		{ "STATUS", "status" },
		{ "CHART", "chart" },
		{ "APP VERSION", "app_version" },
	};
	const struct helm_flags *flags = &h->args.flags;
	size_t from = flags->offset > 0 ? (size_t)flags->offset : 0, most = count;
	cJSON *rows = cJSON_CreateArray();

	if (flags->max > 0)
		most = from + (size_t)flags->max;
	for (size_t i = from; i < count && i < most; i++) {
		if (flags->quiet)
			printf("%s\n", json_string(chosen[i], "name", ""));
		else
			cJSON_AddItemToArray(rows, row_of(chosen[i]));
	}
	if (!flags->quiet)
		helm_print_list(rows, columns, sizeof(columns) / sizeof(columns[0]), h->args.output,
				0);
	cJSON_Delete(rows);
}

int
helm_list(struct helm *h, struct err *e)
{
	const struct helm_flags *flags = &h->args.flags;
	const cJSON **chosen;
	cJSON *releases = NULL;
	regex_t filter;
	size_t count;

	if (flags->filter && regcomp(&filter, flags->filter, REG_EXTENDED | REG_NOSUB) != 0)
		return err_set(e, ERR_USAGE, "error parsing regexp: `%s`", flags->filter);
	int rc = helm_api_reach(h, e);
	if (rc == 0)
		rc = helm_storage_list(h, flags->all_namespaces ? NULL : h->ns, &releases, e);
	if (rc == 0) {
		chosen = choose(flags, releases, flags->filter ? &filter : NULL, &count);
		print_list(h, chosen, count);
		free(chosen);
	}
	if (flags->filter)
		regfree(&filter);
	cJSON_Delete(releases);
	return rc;
}

/* ---- helm history ---- */

static cJSON *
history_row(const cJSON *release, enum helm_output output)
{
	const char *deployed = json_string(release, "info/last_deployed", "");
	char *chart = helm_release_chart_label(release), when[HELM_TIME_MAX];
	cJSON *row = cJSON_CreateObject();

	json_add_int(row, "revision", helm_release_revision(release));
	json_add_string(row, "updated",
			output == HELM_TABLE ? helm_time_ansic(deployed, when) : deployed);
	json_add_string(row, "status", helm_release_status(release));
	json_add_string(row, "chart", chart);
	json_add_string(row, "app_version", json_string(release, "chart/metadata/appVersion", ""));
	json_add_string(row, "description", json_string(release, "info/description", ""));
	free(chart);
	return row;
}

int
helm_history(struct helm *h, struct err *e)
{
	static const struct helm_column columns[] = {
		{ "REVISION", "revision" },	  { "UPDATED", "updated" },
		{ "STATUS", "status" },		  { "CHART", "chart" },
		{ "APP VERSION", "app_version" }, { "DESCRIPTION", "description" },
	};
	cJSON *history = NULL, *rows = cJSON_CreateArray();
	const cJSON *release;
	int rc = helm_api_reach(h, e);

	if (rc == 0)
		rc = helm_storage_history(h, helm_arg(h, 0), &history, e);
	if (rc == 0 && !history->child)
		rc = err_set(e, ERR_NOT_FOUND, "release: not found");
	if (rc == 0) {
		int64_t most = h->args.flags.max > 0 ? h->args.flags.max : 0;
		int64_t left_out = cJSON_GetArraySize(history) - most;

		cJSON_ArrayForEach(release, history)
			if (left_out-- <= 0)
				cJSON_AddItemToArray(rows, history_row(release, h->args.output));
		helm_print_list(rows, columns, sizeof(columns) / sizeof(columns[0]), h->args.output,
				0);
	}
	cJSON_Delete(history);
	cJSON_Delete(rows);
	return rc;
}
