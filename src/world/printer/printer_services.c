#include "config.h"

#include "world/printer/printer.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/printer/printer_cells.h"

/* Services and what stands behind them. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

enum { ADDRESSES_SHOWN = 3 };

static const struct printer_column services_columns[] = {
	PRINTER_NAME(0),
	{ "Type", "string", "",
	  "type determines how the Service is exposed. Defaults to ClusterIP. Valid options are "
	  "ExternalName, ClusterIP, NodePort, and LoadBalancer. \"ClusterIP\" allocates a "
	  "cluster-internal IP address for load-balancing to endpoints. Endpoints are determined "
	  "by the selector or if that is not specified, by manual construction of an Endpoints "
	  "object or EndpointSlice objects. If clusterIP is \"None\", no virtual IP is allocated "
	  "and the endpoints are published as a set of endpoints rather than a virtual IP. "
	  "\"NodePort\" builds on ClusterIP and allocates a port on every node which routes to the "
	  "same endpoints as the clusterIP. \"LoadBalancer\" builds on NodePort and creates an "
	  "external load-balancer (if supported in the current cloud) which routes to the same "
	  "endpoints as the clusterIP. \"ExternalName\" aliases this service to the specified "
	  "externalName. Several other fields do not apply to ExternalName services. More info: "
	  "https://kubernetes.io/docs/concepts/services-networking/service/"
	  "#publishing-services-service-types",
	  0 },
	{ "Cluster-IP", "string", "",
	  "clusterIP is the IP address of the service and is usually assigned randomly. If an "
	  "address is specified manually, is in-range (as per system configuration), and is not in "
	  "use, it will be allocated to the service; otherwise creation of the service will fail. "
	  "This field may not be changed through updates unless the type field is also being "
	  "changed to ExternalName (which requires this field to be blank) or the type field is "
	  "being changed from ExternalName (in which case this field may optionally be specified, "
	  "as describe above).  Valid values are \"None\", empty string (\"\"), or a valid IP "
	  "address. Setting this to \"None\" makes a \"headless service\" (no virtual IP), which "
	  "is useful when direct endpoint connections are preferred and proxying is not required.  "
	  "Only applies to types ClusterIP, NodePort, and LoadBalancer. If this field is specified "
	  "when creating a Service of type ExternalName, creation will fail. This field will be "
	  "wiped when updating a Service to type ExternalName. More info: "
	  "https://kubernetes.io/docs/concepts/services-networking/service/"
	  "#virtual-ips-and-service-proxies",
	  0 },
	{ "External-IP", "string", "",
	  "externalIPs is a list of IP addresses for which nodes in the cluster will also accept "
	  "traffic for this service.  These IPs are not managed by Kubernetes.  The user is "
	  "responsible for ensuring that traffic arrives at a node with this IP.  A common example "
	  "is external load-balancers that are not part of the Kubernetes system.",
	  0 },
	{ "Port(s)", "string", "",
	  "The list of ports that are exposed by this service. More info: "
	  "https://kubernetes.io/docs/concepts/services-networking/service/"
	  "#virtual-ips-and-service-proxies",
	  0 },
	PRINTER_AGE,
	{ "Selector", "string", "",
	  "Route service traffic to pods with label keys and values matching this selector. If "
	  "empty or not present, the service is assumed to have an external process managing its "
	  "endpoints, which Kubernetes will not modify. Only applies to types ClusterIP, NodePort, "
	  "and LoadBalancer. Ignored if type is ExternalName. More info: "
	  "https://kubernetes.io/docs/concepts/services-networking/service/",
	  1 },
	{ .name = NULL },
};

static void
append_all(struct str *out, const cJSON *texts)
{
	const cJSON *text;

	cJSON_ArrayForEach(text, texts)
		if (cJSON_IsString(text))
			append_item(out, ",", text->valuestring);
}

/* Where it can be reached from outside. */
static void
cell_external(cJSON *cells, const cJSON *service)
{
	const char *type = json_string(service, "spec/type", "ClusterIP");
	struct str text = STR_INIT;
	const char *none = "<none>";

	if (strcmp(type, "ExternalName") == 0) {
		cell_at(cells, service, "spec/externalName", "");
		return;
	}
	if (strcmp(type, "LoadBalancer") == 0) {
		none = "<pending>";
		append_balancers(&text, service);
	}
	append_all(&text, json_at(service, "spec/externalIPs"));
	if (text.len == 0)
		str_append(&text, none);
	cell_take(cells, &text);
}

/* "80/TCP,443:30443/TCP". */
static void
cell_ports(cJSON *cells, const cJSON *service)
{
	struct str text = STR_INIT;
	const cJSON *port;

	cJSON_ArrayForEach(port, json_at(service, "spec/ports")) {
		long long node = json_int(port, "nodePort", 0);

		str_printf(&text, "%s%lld", text.len ? "," : "",
			   (long long)json_int(port, "port", 0));
		if (node > 0)
			str_printf(&text, ":%lld", node);
		str_printf(&text, "/%s", json_string(port, "protocol", "TCP"));
	}
	if (text.len == 0)
		str_append(&text, "<none>");
	cell_take(cells, &text);
}

static void
services_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "spec/type", "ClusterIP");
	cell_at(cells, object, "spec/clusterIPs/0",
		json_string(object, "spec/clusterIP", "<none>"));
	cell_external(cells, object);
	cell_ports(cells, object);
	cell_age(cells, object, now_ms);
	cell_labels(cells, json_at(object, "spec/selector"));
}

const struct printer printer_services = { .columns = services_columns, .cells = services_cells };

static const struct printer_column endpoints_columns[] = {
	PRINTER_NAME(0),
	{ "Endpoints", "string", "",
	  "The set of all endpoints is the union of all subsets. Addresses are placed into subsets "
	  "according to the IPs they share. A single address with multiple ports, some of which "
	  "are ready and some of which are not (because they come from different containers) will "
	  "result in the address being displayed in different subsets for the different ports. No "
	  "address will appear in both Addresses and NotReadyAddresses in the same subset. Sets of "
	  "addresses and ports that comprise a service.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

/* A list that shows its first ones, and how many more there are. */
struct short_list {
	struct str text;
	int count;
};

static void
short_list_add(struct short_list *list, const char *item)
{
	if (list->count++ < ADDRESSES_SHOWN)
		append_item(&list->text, ",", item);
}

static void
short_list_cell(cJSON *cells, struct short_list *list, const char *none)
{
	if (list->count == 0)
		str_append(&list->text, none);
	if (list->count > ADDRESSES_SHOWN)
		str_printf(&list->text, " + %d more...", list->count - ADDRESSES_SHOWN);
	cell_take(cells, &list->text);
}

static void
add_endpoint(struct short_list *list, const char *ip, const cJSON *port)
{
	struct str text = STR_INIT;

	str_printf(&text, strchr(ip, ':') && port ? "[%s]" : "%s", ip);
	if (port)
		str_printf(&text, ":%lld", (long long)json_int(port, "port", 0));
	short_list_add(list, str_cstr(&text));
	str_release(&text);
}

static void
add_subset(struct short_list *list, const cJSON *subset)
{
	const cJSON *ports = json_at(subset, "ports"), *addresses = json_at(subset, "addresses");
	const cJSON *address, *port;

	if (cJSON_GetArraySize(ports) == 0)
		cJSON_ArrayForEach(address, addresses)
			add_endpoint(list, json_string(address, "ip", ""), NULL);
	cJSON_ArrayForEach(port, ports)
		cJSON_ArrayForEach(address, addresses)
			add_endpoint(list, json_string(address, "ip", ""), port);
}

static void
endpoints_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	const cJSON *subsets = json_at(object, "subsets"), *subset;
	struct short_list list = { .count = 0 };

	cJSON_ArrayForEach(subset, subsets)
		add_subset(&list, subset);
	cell_name(cells, object);
	short_list_cell(cells, &list, cJSON_GetArraySize(subsets) ? "" : "<none>");
	cell_age(cells, object, now_ms);
}

const struct printer printer_endpoints = { .columns = endpoints_columns, .cells = endpoints_cells };

static const struct printer_column endpointslices_columns[] = {
	PRINTER_NAME(0),
	{ "AddressType", "string", "",
	  "addressType specifies the type of address carried by this EndpointSlice. All addresses "
	  "in this slice must be the same type. This field is immutable after creation. The "
	  "following address types are currently supported: * IPv4: Represents an IPv4 Address. * "
	  "IPv6: Represents an IPv6 Address. * FQDN: Represents a Fully Qualified Domain Name.",
	  0 },
	{ "Ports", "string", "",
	  "ports specifies the list of network ports exposed by each endpoint in this slice. Each "
	  "port must have a unique name. When ports is empty, it indicates that there are no "
	  "defined ports. When a port is defined with a nil port value, it indicates \"all "
	  "ports\". Each slice may include a maximum of 100 ports.",
	  0 },
	{ "Endpoints", "string", "",
	  "endpoints is a list of unique endpoints in this slice. Each slice may include a maximum "
	  "of 1000 endpoints.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

/* A port without a number is any, and known by its name where it has one. */
static void
cell_slice_ports(cJSON *cells, const cJSON *slice)
{
	struct short_list list = { .count = 0 };
	const cJSON *port;

	cJSON_ArrayForEach(port, json_at(slice, "ports")) {
		const cJSON *number = json_at(port, "port");
		const char *name = json_string(port, "name", "*");
		char *text = cJSON_IsNumber(number) ? json_text(number) : xstrdup(name);

		short_list_add(&list, text);
		free(text);
	}
	short_list_cell(cells, &list, "<unset>");
}

static void
cell_slice_endpoints(cJSON *cells, const cJSON *slice)
{
	struct short_list list = { .count = 0 };
	const cJSON *endpoint, *address;

	cJSON_ArrayForEach(endpoint, json_at(slice, "endpoints"))
		cJSON_ArrayForEach(address, json_at(endpoint, "addresses"))
			short_list_add(&list, cJSON_GetStringValue(address));
	short_list_cell(cells, &list, "<unset>");
}

static void
endpointslices_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "addressType", "");
	cell_slice_ports(cells, object);
	cell_slice_endpoints(cells, object);
	cell_age(cells, object, now_ms);
}

const struct printer printer_endpointslices = { .columns = endpointslices_columns,
						.cells = endpointslices_cells };
