#include "config.h"

#include "world/printer/printer.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/* What makes pods: Deployments and their like. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

/* "2/3", ready and wanted; where nothing is said of what is wanted, it is one. */
static void
cell_ready(cJSON *cells, const cJSON *object)
{
	struct str text = STR_INIT;

	str_printf(&text, "%lld/%lld", (long long)json_int(object, "status/readyReplicas", 0),
		   (long long)json_int(object, "spec/replicas", 1));
	cell_take(cells, &text);
}

static const struct printer_column deployments_columns[] = {
	PRINTER_NAME(0),
	{ "Ready", "string", "", "Number of the pod with ready state", 0 },
	{ "Up-to-date", "string", "",
	  "Total number of non-terminated pods targeted by this deployment that have the desired "
	  "template spec.",
	  0 },
	{ "Available", "string", "",
	  "Total number of available pods (ready for at least minReadySeconds) targeted by this "
	  "deployment.",
	  0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be "
	  "the ones affected by this deployment.",
	  1 },
	{ .name = NULL },
};

static void
deployments_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_ready(cells, object);
	cell_count(cells, object, "status/updatedReplicas");
	cell_count(cells, object, "status/availableReplicas");
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(object, "spec/template/spec"));
	cell_selector(cells, json_at(object, "spec/selector"));
}

const struct printer printer_deployments = { .columns = deployments_columns,
					     .cells = deployments_cells };

static const struct printer_column replicasets_columns[] = {
	PRINTER_NAME(0),
	{ "Desired", "integer", "",
	  "Replicas is the number of desired replicas. This is a pointer to distinguish between "
	  "explicit zero and unspecified. Defaults to 1. More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/"
	  "#what-is-a-replicationcontroller",
	  0 },
	{ "Current", "integer", "",
	  "Replicas is the most recently oberved number of replicas. More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/"
	  "#what-is-a-replicationcontroller",
	  0 },
	{ "Ready", "integer", "", "The number of ready replicas for this replica set.", 0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "Selector is a label query over pods that should match the replica count. If the "
	  "selector is empty, it is defaulted to the labels present on the pod template. Label "
	  "keys and values that must match in order to be controlled by this replica set. More "
	  "info: "
	  "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
	  "#label-selectors",
	  1 },
	{ .name = NULL },
};

/* Of both kinds whose table has the same numbers. */
static void
cells_of_replicas(cJSON *cells, const cJSON *object, int64_t now_ms)
{
	cell_name(cells, object);
	cell_number(cells, json_int(object, "spec/replicas", 1));
	cell_count(cells, object, "status/replicas");
	cell_count(cells, object, "status/readyReplicas");
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(object, "spec/template/spec"));
}

static void
replicasets_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cells_of_replicas(cells, object, now_ms);
	cell_selector(cells, json_at(object, "spec/selector"));
}

const struct printer printer_replicasets = { .columns = replicasets_columns,
					     .cells = replicasets_cells };

static const struct printer_column replicationcontrollers_columns[] = {
	PRINTER_NAME(0),
	{ "Desired", "integer", "",
	  "Replicas is the number of desired replicas. This is a pointer to distinguish between "
	  "explicit zero and unspecified. Defaults to 1. More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/"
	  "replicationcontroller#what-is-a-replicationcontroller",
	  0 },
	{ "Current", "integer", "",
	  "Replicas is the most recently oberved number of replicas. More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/"
	  "replicationcontroller#what-is-a-replicationcontroller",
	  0 },
	{ "Ready", "integer", "", "The number of ready replicas for this replication controller.",
	  0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "Selector is a label query over pods that should match the Replicas count. If Selector "
	  "is empty, it is defaulted to the labels present on the Pod template. Label keys and "
	  "values that must match in order to be controlled by this replication controller, if "
	  "empty defaulted to labels on Pod template. More info: "
	  "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
	  "#label-selectors",
	  1 },
	{ .name = NULL },
};

static void
replicationcontrollers_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cells_of_replicas(cells, object, now_ms);
	cell_labels(cells, json_at(object, "spec/selector"));
}

const struct printer printer_replicationcontrollers = { .columns = replicationcontrollers_columns,
							.cells = replicationcontrollers_cells };

static const struct printer_column statefulsets_columns[] = {
	PRINTER_NAME(0),   { "Ready", "string", "", "Number of the pod with ready state", 0 },
	PRINTER_AGE,	   PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1), { .name = NULL },
};

static void
statefulsets_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_ready(cells, object);
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(object, "spec/template/spec"));
}

const struct printer printer_statefulsets = { .columns = statefulsets_columns,
					      .cells = statefulsets_cells };

static const struct printer_column daemonsets_columns[] = {
	PRINTER_NAME(0),
	{ "Desired", "integer", "",
	  "The total number of nodes that should be running the daemon pod (including nodes "
	  "correctly running the daemon pod). More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
	  0 },
	{ "Current", "integer", "",
	  "The number of nodes that are running at least 1 daemon pod and are supposed to run the "
	  "daemon pod. More info: "
	  "https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/",
	  0 },
	{ "Ready", "integer", "",
	  "The number of nodes that should be running the daemon pod and have one or more of the "
	  "daemon pod running and ready.",
	  0 },
	{ "Up-to-date", "integer", "",
	  "The total number of nodes that are running updated daemon pod", 0 },
	{ "Available", "integer", "",
	  "The number of nodes that should be running the daemon pod and have one or more of the "
	  "daemon pod running and available (ready for at least spec.minReadySeconds)",
	  0 },
	{ "Node Selector", "string", "",
	  "NodeSelector is a selector which must be true for the pod to fit on a node. Selector "
	  "which must match a node's labels for the pod to be scheduled on that node. More info: "
	  "https://kubernetes.io/docs/concepts/configuration/assign-pod-node/",
	  0 },
	PRINTER_AGE,
	PRINTER_CONTAINERS(1),
	PRINTER_IMAGES(1),
	{ "Selector", "string", "",
	  "A label query over pods that are managed by the daemon set. Must match in order to be "
	  "controlled. If empty, defaulted to labels on Pod template. More info: "
	  "https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/"
	  "#label-selectors",
	  1 },
	{ .name = NULL },
};

static void
daemonsets_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_count(cells, object, "status/desiredNumberScheduled");
	cell_count(cells, object, "status/currentNumberScheduled");
	cell_count(cells, object, "status/numberReady");
	cell_count(cells, object, "status/updatedNumberScheduled");
	cell_count(cells, object, "status/numberAvailable");
	cell_labels(cells, json_at(object, "spec/template/spec/nodeSelector"));
	cell_age(cells, object, now_ms);
	cell_containers(cells, json_at(object, "spec/template/spec"));
	cell_selector(cells, json_at(object, "spec/selector"));
}

const struct printer printer_daemonsets = { .columns = daemonsets_columns,
					    .cells = daemonsets_cells };

static const struct printer_column controllerrevisions_columns[] = {
	PRINTER_NAME(0),
	{ "Controller", "string", "", "Controller of the object", 0 },
	{ "Revision", "string", "",
	  "Revision indicates the revision of the state represented by Data.", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

/* The owner that controls it: "statefulset.apps/web". */
static void
cell_controller(cJSON *cells, const cJSON *object)
{
	struct str text = STR_INIT;
	const cJSON *owner;

	cJSON_ArrayForEach(owner, json_at(object, "metadata/ownerReferences")) {
		const char *version = json_string(owner, "apiVersion", "");
		size_t len = strcspn(version, "/");

		if (!json_bool(owner, "controller", false))
			continue;
		for (const char *at = json_string(owner, "kind", ""); *at; at++)
			str_append_char(&text, (char)tolower((unsigned char)*at));
		if (version[len])
			str_printf(&text, ".%.*s", (int)len, version);
		str_printf(&text, "/%s", json_string(owner, "name", ""));
		break;
	}
	if (text.len == 0)
		str_append(&text, "<none>");
	cell_take(cells, &text);
}

static void
controllerrevisions_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_controller(cells, object);
	cell_count(cells, object, "revision");
	cell_age(cells, object, now_ms);
}

const struct printer printer_controllerrevisions = { .columns = controllerrevisions_columns,
						     .cells = controllerrevisions_cells };
