#include "config.h"

#include "world/printer/printer.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/printer/printer_cells.h"

/* What bounds and scales workloads: budgets, quotas, autoscalers. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

static const struct printer_column budgets_columns[] = {
	PRINTER_NAME(0),
	{ "Min Available", "string", "", "The minimum number of pods that must be available.", 0 },
	{ "Max Unavailable", "string", "", "The maximum number of pods that may be unavailable.",
	  0 },
	{ "Allowed Disruptions", "integer", "",
	  "Calculated number of pods that may be disrupted at this time.", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
budgets_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "spec/minAvailable", "N/A");
	cell_at(cells, object, "spec/maxUnavailable", "N/A");
	cell_count(cells, object, "status/disruptionsAllowed");
	cell_age(cells, object, now_ms);
}

const struct printer printer_budgets = { .columns = budgets_columns, .cells = budgets_cells };

static const struct printer_column resourcequotas_columns[] = {
	PRINTER_NAME(0),
	PRINTER_AGE,
	{ "Request", "string", "",
	  "Request represents a minimum amount of cpu/memory that a container may consume.", 0 },
	{ "Limit", "string", "",
	  "Limits control the maximum amount of cpu/memory that a container may use independent of "
	  "contention on the node.",
	  0 },
	{ .name = NULL },
};

/* "cpu: 1/4, pods: 3/10": those whose names begin with "limits", or the others. */
static void
cell_quota(cJSON *cells, const cJSON *quota, bool limits)
{
	const cJSON *hard = json_at(quota, "status/hard"), *used = json_at(quota, "status/used");
	struct name_set names = { .count = 0 };
	struct str text = STR_INIT;
	const cJSON *item;

	cJSON_ArrayForEach(item, hard)
		if (str_starts_with(item->string, "limits") == limits)
			name_set_add(&names, item->string);
	for (size_t i = 0; i < names.count; i++) {
		const cJSON *have = cJSON_GetObjectItemCaseSensitive(used, names.items[i]);
		char *a = have ? json_text(have) : xstrdup("0");
		char *b = json_text(cJSON_GetObjectItemCaseSensitive(hard, names.items[i]));

		str_printf(&text, "%s%s: %s/%s", text.len ? ", " : "", names.items[i], a, b);
		free(a);
		free(b);
	}
	name_set_release(&names);
	cell_take(cells, &text);
}

static void
resourcequotas_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_age(cells, object, now_ms);
	cell_quota(cells, object, false);
	cell_quota(cells, object, true);
}

const struct printer printer_resourcequotas = { .columns = resourcequotas_columns,
						.cells = resourcequotas_cells };

static const struct printer_column autoscalers_columns[] = {
	PRINTER_NAME(0),
	{ "Reference", "string", "",
	  "scaleTargetRef points to the target resource to scale, and is used to the pods for "
	  "which metrics should be collected, as well as to actually change the replica count.",
	  0 },
	{ "Targets", "string", "",
	  "metrics contains the specifications for which to use to calculate the desired replica "
	  "count (the maximum replica count across all metrics will be used).  The desired replica "
	  "count is calculated multiplying the ratio between the target value and the current "
	  "value by the current number of pods.  Ergo, metrics used must decrease as the pod count "
	  "is increased, and vice-versa.  See the individual metric source types for more "
	  "information about how each type of metric must respond.",
	  0 },
	{ "MinPods", "string", "",
	  "minReplicas is the lower limit for the number of replicas to which the autoscaler can "
	  "scale down.  It defaults to 1 pod.  minReplicas is allowed to be 0 if the alpha feature "
	  "gate HPAScaleToZero is enabled and at least one Object or External metric is "
	  "configured.  Scaling is active as long as at least one metric value is available.",
	  0 },
	{ "MaxPods", "string", "",
	  "maxReplicas is the upper limit for the number of replicas to which the autoscaler can "
	  "scale up. It cannot be less that minReplicas.",
	  0 },
	{ "Replicas", "string", "",
	  "currentReplicas is current number of replicas of pods managed by this autoscaler, as "
	  "last seen by the autoscaler.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

enum { METRICS_SHOWN = 2 };

/* Where a metric of a type has its target and what is measured. */
static const struct {
	const char *type, *member;
} metric_types[] = {
	{ "ContainerResource", "containerResource" },
	{ "External", "external" },
	{ "Object", "object" },
	{ "Pods", "pods" },
	{ "Resource", "resource" },
};

static const char *
metric_member(const char *type)
{
	for (size_t i = 0; i < sizeof(metric_types) / sizeof(metric_types[0]); i++)
		if (strcmp(metric_types[i].type, type) == 0)
			return metric_types[i].member;
	return NULL;
}

/* A value that is measured or wanted: "12%", "500m"; `none` where it is not there. */
static void
append_measure(struct str *out, const cJSON *measures, const char *name, const char *none)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(measures, name);
	char *text = value && !cJSON_IsNull(value) ? json_text(value) : NULL;

	str_append(out, text ? text : none);
	if (text && strcmp(name, "averageUtilization") == 0)
		str_append_char(out, '%');
	free(text);
}

/* "20%/80%": what is measured, and what is aimed at. */
static void
append_metric(struct str *out, const cJSON *spec, const cJSON *status)
{
	const char *type = json_string(spec, "type", ""), *member = metric_member(type);
	const cJSON *target, *current;
	const char *name = "value";
	bool average, resource;

	if (!member) {
		str_append(out, "<unknown type>");
		return;
	}
	resource = strcmp(member, "resource") == 0 || strcmp(member, "containerResource") == 0;
	target = json_at(json_at(spec, member), "target");
	current = json_at(json_at(status, member), "current");
	average = strcmp(member, "pods") == 0 || json_at(target, "averageValue");
	if (average)
		name = "averageValue";
	else if (resource)
		name = "averageUtilization";
	append_measure(out, current, name, "<unknown>");
	str_append_char(out, '/');
	append_measure(out, target, name, resource ? "<auto>" : "<unknown>");
	if (average && !resource && strcmp(member, "pods") != 0)
		str_append(out, " (avg)");
}

static void
cell_metrics(cJSON *cells, const cJSON *autoscaler)
{
	const cJSON *specs = json_at(autoscaler, "spec/metrics"), *spec;
	const cJSON *status = json_at(autoscaler, "status/currentMetrics/0");
	struct str text = STR_INIT;
	int count = 0;

	cJSON_ArrayForEach(spec, specs) {
		if (count++ < METRICS_SHOWN) {
			str_append(&text, text.len ? ", " : "");
			append_metric(&text, spec, status);
		}
		status = status ? status->next : NULL;
	}
	if (count == 0)
		str_append(&text, "<none>");
	if (count > METRICS_SHOWN)
		str_printf(&text, " + %d more...", count - METRICS_SHOWN);
	cell_take(cells, &text);
}

static void
autoscalers_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	struct str reference = STR_INIT;

	str_printf(&reference, "%s/%s", json_string(object, "spec/scaleTargetRef/kind", ""),
		   json_string(object, "spec/scaleTargetRef/name", ""));
	cell_name(cells, object);
	cell_take(cells, &reference);
	cell_metrics(cells, object);
	cell_at(cells, object, "spec/minReplicas", "<unset>");
	cell_count(cells, object, "spec/maxReplicas");
	cell_count(cells, object, "status/currentReplicas");
	cell_age(cells, object, now_ms);
}

const struct printer printer_autoscalers = { .columns = autoscalers_columns,
					     .cells = autoscalers_cells };
