#include "config.h"

#include "world/printer/printer.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "kube/pod_status.h"
#include "world/printer/printer_cells.h"

/* Pods, and templates of pods. Source: k8s.io/kubernetes, pkg/printers/internalversion, printPod. */

static const struct printer_column pods_columns[] = {
	PRINTER_NAME(0),
	{ "Ready", "string", "", "The aggregate readiness state of this pod for accepting traffic.",
	  0 },
	{ "Status", "string", "", "The aggregate status of the containers in this pod.", 0 },
	{ "Restarts", "string", "",
	  "The number of times the containers in this pod have been restarted and when the last "
	  "container in this pod has restarted.",
	  0 },
	PRINTER_AGE,
	{ "IP", "string", "",
	  "IP address allocated to the pod. Routable at least within the cluster. Empty if not yet "
	  "allocated.",
	  1 },
	{ "Node", "string", "",
	  "NodeName is a request to schedule this pod onto a specific node. If it is non-empty, "
	  "the scheduler simply schedules this pod onto that node, assuming that it fits resource "
	  "requirements.",
	  1 },
	{ "Nominated Node", "string", "",
	  "nominatedNodeName is set only when this pod preempts other pods on the node, but it "
	  "cannot be scheduled right away as preemption victims receive their graceful termination "
	  "periods. This field does not guarantee that the pod will be scheduled on this node. "
	  "Scheduler may decide to place the pod elsewhere if other nodes become available sooner. "
	  "Scheduler may also decide to give the resources on this node to a higher priority pod "
	  "that is created after preemption. As a result, this field may be different than "
	  "PodSpec.nodeName when the pod is scheduled.",
	  1 },
	{ "Readiness Gates", "string", "",
	  "If specified, all readiness gates will be evaluated for pod readiness. A pod is ready "
	  "when all its containers are ready AND all conditions specified in the readiness gates "
	  "have status equal to \"True\" More info: "
	  "https://git.k8s.io/enhancements/keps/sig-network/0007-pod-ready%2B%2B.md",
	  1 },
	{ .name = NULL },
};

/* "3 (5m ago)": since Kubernetes 1.22 with the time of the last one. */
static void
cell_restarts(cJSON *cells, const struct pod_status *status, int64_t now_ms)
{
	struct str text = STR_INIT;
	char age[CLOCK_STAMP_MAX];

	str_printf(&text, "%lld", (long long)status->restarts);
	if (status->restarts && status->restarted_ms)
		str_printf(&text, " (%s ago)",
			   duration_format_human(now_ms - status->restarted_ms, age));
	cell_take(cells, &text);
}

static void
cell_gates(cJSON *cells, const cJSON *pod)
{
	const cJSON *gates = json_at(pod, "spec/readinessGates"), *gate;
	struct str text = STR_INIT;
	int open = 0;

	cJSON_ArrayForEach(gate, gates) {
		const cJSON *condition =
			pod_status_condition(pod, json_string(gate, "conditionType", ""));

		open += str_equal(json_string(condition, "status", NULL), "True");
	}
	if (gates && gates->child)
		str_printf(&text, "%d/%d", open, cJSON_GetArraySize(gates));
	else
		str_append(&text, "<none>");
	cell_take(cells, &text);
}

static void
cell_ip(cJSON *cells, const cJSON *pod)
{
	cell_at(cells, pod, "status/podIPs/0/ip", json_string(pod, "status/podIP", "<none>"));
}

static void
pods_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	struct pod_status status;
	struct str ready = STR_INIT;

	pod_status_init(&status, object);
	str_printf(&ready, "%lld/%lld", (long long)status.ready, (long long)status.total);
	cell_name(cells, object);
	cell_take(cells, &ready);
	cell_text(cells, status.text);
	cell_restarts(cells, &status, now_ms);
	cell_age(cells, object, now_ms);
	cell_ip(cells, object);
	cell_at(cells, object, "spec/nodeName", "<none>");
	cell_at(cells, object, "status/nominatedNodeName", "<none>");
	cell_gates(cells, object);
	pod_status_release(&status);
}

/* A pod that has ended is marked as such, so that clients may leave it out or grey. */
static void
pods_row(const cJSON *object, cJSON *row)
{
	const char *phase = json_string(object, "status/phase", "");
	bool succeeded = str_equal(phase, "Succeeded");
	cJSON *condition;

	if (!succeeded && !str_equal(phase, "Failed"))
		return;
	condition = cJSON_CreateObject();
	json_add_string(condition, "type", "Completed");
	json_add_string(condition, "status", "True");
	json_add_string(condition, "reason", phase);
	json_add_string(condition, "message",
			succeeded ? "The pod has completed successfully." : "The pod failed.");
	cJSON_AddItemToArray(cJSON_AddArrayToObject(row, "conditions"), condition);
}

const struct printer printer_pods = { .columns = pods_columns,
				      .cells = pods_cells,
				      .row = pods_row };

static const struct printer_column podtemplates_columns[] = {
	PRINTER_NAME(0),   PRINTER_CONTAINERS(0),
	PRINTER_IMAGES(0), { "Pod Labels", "string", "", "The labels for the pod template.", 0 },
	{ .name = NULL },
};

static void
podtemplates_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	(void)now_ms;
	cell_name(cells, object);
	cell_containers(cells, json_at(object, "template/spec"));
	cell_labels(cells, json_at(object, "template/metadata/labels"));
}

const struct printer printer_podtemplates = { .columns = podtemplates_columns,
					      .cells = podtemplates_cells };
