#include "config.h"

#include "world/printer/printer.h"

#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "kube/pod_status.h"
#include "world/printer/printer_cells.h"

/* What a cluster consists of: nodes, namespaces, leases. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

static const struct printer_column nodes_columns[] = {
	PRINTER_NAME(0),
	{ "Status", "string", "", "The status of the node", 0 },
	{ "Roles", "string", "", "The roles of the node", 0 },
	PRINTER_AGE,
	{ "Version", "string", "", "Kubelet Version reported by the node.", 0 },
	{ "Internal-IP", "string", "",
	  "List of addresses reachable to the node. Queried from cloud provider, if available. "
	  "More info: https://kubernetes.io/docs/concepts/nodes/node/#addresses Note: This field "
	  "is declared as mergeable, but the merge key is not sufficiently unique, which can cause "
	  "data corruption when it is merged. Callers should instead use a full-replacement patch. "
	  "See http://pr.k8s.io/79391 for an example.",
	  1 },
	{ "External-IP", "string", "",
	  "List of addresses reachable to the node. Queried from cloud provider, if available. "
	  "More info: https://kubernetes.io/docs/concepts/nodes/node/#addresses Note: This field "
	  "is declared as mergeable, but the merge key is not sufficiently unique, which can cause "
	  "data corruption when it is merged. Callers should instead use a full-replacement patch. "
	  "See http://pr.k8s.io/79391 for an example.",
	  1 },
	{ "OS-Image", "string", "",
	  "OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).",
	  1 },
	{ "Kernel-Version", "string", "",
	  "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).", 1 },
	{ "Container-Runtime", "string", "",
	  "ContainerRuntime Version reported by the node through runtime remote API (e.g. "
	  "docker://1.5.0).",
	  1 },
	{ .name = NULL },
};

static void
cell_node_status(cJSON *cells, const cJSON *node)
{
	const cJSON *ready = pod_status_condition(node, "Ready");
	struct str text = STR_INIT;

	if (!ready)
		str_append(&text, "Unknown");
	else
		str_append(&text, str_equal(json_string(ready, "status", NULL), "True")
					  ? "Ready"
					  : "NotReady");
	if (json_bool(node, "spec/unschedulable", false))
		str_append(&text, ",SchedulingDisabled");
	cell_take(cells, &text);
}

/* The role that a label gives a node, or NULL. Borrowed. */
static const char *
role_of(const cJSON *label)
{
	static const char prefix[] = "node-role.kubernetes.io/";

	if (str_starts_with(label->string, prefix) && label->string[sizeof(prefix) - 1])
		return label->string + sizeof(prefix) - 1;
	if (strcmp(label->string, "kubernetes.io/role") == 0 && cJSON_IsString(label) &&
	    *label->valuestring)
		return label->valuestring;
	return NULL;
}

static void
cell_roles(cJSON *cells, const cJSON *node)
{
	struct name_set roles = { .count = 0 };
	struct str text = STR_INIT;
	const cJSON *label;

	cJSON_ArrayForEach(label, json_at(node, "metadata/labels"))
		if (role_of(label))
			name_set_add(&roles, role_of(label));
	for (size_t i = 0; i < roles.count; i++)
		append_item(&text, ",", roles.items[i]);
	name_set_release(&roles);
	if (text.len == 0)
		str_append(&text, "<none>");
	cell_take(cells, &text);
}

static void
cell_address(cJSON *cells, const cJSON *node, const char *type)
{
	const cJSON *address;

	cJSON_ArrayForEach(address, json_at(node, "status/addresses"))
		if (str_equal(json_string(address, "type", NULL), type)) {
			cell_text(cells, json_string(address, "address", ""));
			return;
		}
	cell_text(cells, "<none>");
}

static void
nodes_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_node_status(cells, object);
	cell_roles(cells, object);
	cell_age(cells, object, now_ms);
	cell_at(cells, object, "status/nodeInfo/kubeletVersion", "");
	cell_address(cells, object, "InternalIP");
	cell_address(cells, object, "ExternalIP");
	cell_at(cells, object, "status/nodeInfo/osImage", "<unknown>");
	cell_at(cells, object, "status/nodeInfo/kernelVersion", "<unknown>");
	cell_at(cells, object, "status/nodeInfo/containerRuntimeVersion", "<unknown>");
}

const struct printer printer_nodes = { .columns = nodes_columns, .cells = nodes_cells };

static const struct printer_column namespaces_columns[] = {
	PRINTER_NAME(0),
	{ "Status", "string", "", "The status of the namespace", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
namespaces_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "status/phase", "");
	cell_age(cells, object, now_ms);
}

const struct printer printer_namespaces = { .columns = namespaces_columns,
					    .cells = namespaces_cells };

static const struct printer_column leases_columns[] = {
	PRINTER_NAME(0),
	{ "Holder", "string", "",
	  "holderIdentity contains the identity of the holder of a current lease.", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
leases_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "spec/holderIdentity", "");
	cell_age(cells, object, now_ms);
}

const struct printer printer_leases = { .columns = leases_columns, .cells = leases_cells };

static const struct printer_column priorityclasses_columns[] = {
	PRINTER_NAME(0),
	{ "Value", "integer", "",
	  "The value of this priority class. This is the actual priority that pods receive when "
	  "they have the name of this class in their pod spec.",
	  0 },
	{ "Global-Default", "boolean", "",
	  "globalDefault specifies whether this PriorityClass should be considered as the default "
	  "priority for pods that do not have any priority class. Only one PriorityClass can be "
	  "marked as `globalDefault`. However, if more than one PriorityClasses exists with their "
	  "`globalDefault` field set to true, the smallest value of such global default "
	  "PriorityClasses will be used as the default priority.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
priorityclasses_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_count(cells, object, "value");
	cJSON_AddItemToArray(cells, cJSON_CreateBool(json_bool(object, "globalDefault", false)));
	cell_age(cells, object, now_ms);
}

const struct printer printer_priorityclasses = { .columns = priorityclasses_columns,
						 .cells = priorityclasses_cells };

static const struct printer_column webhooks_columns[] = {
	PRINTER_NAME(0),
	{ "Webhooks", "integer", "",
	  "Webhooks indicates the number of webhooks registered in this configuration", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
webhooks_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_size(cells, object, "webhooks");
	cell_age(cells, object, now_ms);
}

const struct printer printer_webhooks = { .columns = webhooks_columns, .cells = webhooks_cells };
