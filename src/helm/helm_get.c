#include "config.h"

#include <stdio.h>

#include "base/json.h"
#include "helm/helm.h"
#include "helm/helm_api.h"
#include "helm/helm_chart.h"
#include "helm/helm_print.h"
#include "helm/helm_release.h"
#include "helm/helm_values.h"

/* What is known of a release, or of a chart. */

static int
get_release(struct helm *h, cJSON **ret_release, struct err *e)
{
	if (helm_api_reach(h, e) < 0)
		return -1;
	return helm_storage_get(h, helm_arg(h, 0), h->args.flags.revision, ret_release, e);
}

int
helm_status(struct helm *h, struct err *e)
{
	unsigned flags = h->args.flags.show_description ? HELM_PRINT_DESCRIPTION : 0;
	cJSON *release = NULL;

	if (get_release(h, &release, e) < 0)
		return -1;
	cJSON_DeleteItemFromObjectCaseSensitive(release, "chart");
	helm_print_release(release, h->args.output, flags);
	cJSON_Delete(release);
	return 0;
}

int
helm_get_all(struct helm *h, struct err *e)
{
	cJSON *release = NULL;

	if (get_release(h, &release, e) < 0)
		return -1;
	helm_print_release(release, HELM_TABLE, HELM_PRINT_ALL);
	cJSON_Delete(release);
	return 0;
}

int
helm_get_values(struct helm *h, struct err *e)
{
	cJSON *release = NULL, *values;

	if (get_release(h, &release, e) < 0)
		return -1;
	if (h->args.flags.all)
		values = helm_values_coalesce(json_at(release, "config"),
					      json_at(release, "chart/values"));
	else
		values = cJSON_DetachItemFromObjectCaseSensitive(release, "config");
	if (!values)
		values = cJSON_CreateNull();
	if (h->args.output == HELM_TABLE)
		printf("%s VALUES:\n", h->args.flags.all ? "COMPUTED" : "USER-SUPPLIED");
	helm_print_value(values, h->args.output == HELM_JSON ? HELM_JSON : HELM_YAML);
	cJSON_Delete(values);
	cJSON_Delete(release);
	return 0;
}

int
helm_get_manifest(struct helm *h, struct err *e)
{
	cJSON *release = NULL;

	if (get_release(h, &release, e) < 0)
		return -1;
	printf("%s\n", json_string(release, "manifest", ""));
	cJSON_Delete(release);
	return 0;
}

int
helm_get_notes(struct helm *h, struct err *e)
{
	cJSON *release = NULL;
	const char *notes;

	if (get_release(h, &release, e) < 0)
		return -1;
	notes = json_string(release, "info/notes", "");
	if (*notes)
		printf("NOTES:\n%s\n", notes);
	cJSON_Delete(release);
	return 0;
}

/* ---- charts ---- */

static int
show(struct helm *h, bool metadata, bool values, struct err *e)
{
	cJSON *chart = NULL, *shown;

	if (helm_chart_find(h, helm_arg(h, 0), &chart, e) < 0)
		return -1;
	if (metadata) {
		shown = helm_chart_metadata(chart);
		helm_print_value(shown, HELM_YAML);
		putchar('\n');
		cJSON_Delete(shown);
	}
	if (metadata && values)
		printf("---\n");
	if (values && json_at(chart, "values")) {
		helm_print_value(json_at(chart, "values"), HELM_YAML);
		putchar('\n');
	}
	cJSON_Delete(chart);
	return 0;
}

int
helm_show_chart(struct helm *h, struct err *e)
{
	return show(h, true, false, e);
}

int
helm_show_values(struct helm *h, struct err *e)
{
	return show(h, false, true, e);
}

int
helm_show_all(struct helm *h, struct err *e)
{
	return show(h, true, true, e);
}
