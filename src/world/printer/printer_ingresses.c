#include "config.h"

#include "world/printer/printer.h"

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/* Ingresses and rules of networks. Source: k8s.io/kubernetes, pkg/printers/internalversion. */

enum { HOSTS_SHOWN = 3 };

static const struct printer_column ingresses_columns[] = {
	PRINTER_NAME(0),
	{ "Class", "string", "",
	  "The name of the IngressClass resource that should be used for additional configuration",
	  0 },
	{ "Hosts", "string", "",
	  "Hosts that incoming requests are matched against before the ingress rule", 0 },
	{ "Address", "string", "",
	  "Address is a list containing ingress points for the load-balancer", 0 },
	{ "Ports", "string", "", "Ports of TLS configurations that open", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

/* The first rules' hosts, and how many rules more there are. */
static void
cell_hosts(cJSON *cells, const cJSON *ingress)
{
	const cJSON *rules = json_at(ingress, "spec/rules"), *rule;
	struct str text = STR_INIT;
	int shown = 0;
	bool more = false;

	cJSON_ArrayForEach(rule, rules) {
		const char *host = json_string(rule, "host", "");

		more = more || shown == HOSTS_SHOWN;
		if (more || !*host)
			continue;
		append_item(&text, ",", host);
		shown++;
	}
	if (shown == 0)
		str_append_char(&text, '*');
	if (more)
		str_printf(&text, " + %d more...", cJSON_GetArraySize(rules) - HOSTS_SHOWN);
	cell_take(cells, &text);
}

static void
ingresses_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	struct str addresses = STR_INIT;

	append_balancers(&addresses, object);
	cell_name(cells, object);
	cell_at(cells, object, "spec/ingressClassName", "<none>");
	cell_hosts(cells, object);
	cell_take(cells, &addresses);
	cell_text(cells, cJSON_GetArraySize(json_at(object, "spec/tls")) ? "80, 443" : "80");
	cell_age(cells, object, now_ms);
}

const struct printer printer_ingresses = { .columns = ingresses_columns, .cells = ingresses_cells };

static const struct printer_column ingressclasses_columns[] = {
	PRINTER_NAME(0),
	{ "Controller", "string", "", "Controller that is responsible for handling this class", 0 },
	{ "Parameters", "string", "", "A reference to a resource with additional parameters", 0 },
	PRINTER_AGE,
	{ .name = NULL },
};

/* "kind.group/name". */
static void
cell_parameters(cJSON *cells, const cJSON *class)
{
	const cJSON *parameters = json_at(class, "spec/parameters");
	struct str text = STR_INIT;

	if (cJSON_IsObject(parameters)) {
		str_append(&text, json_string(parameters, "kind", ""));
		if (json_at(parameters, "apiGroup"))
			str_printf(&text, ".%s", json_string(parameters, "apiGroup", ""));
		str_printf(&text, "/%s", json_string(parameters, "name", ""));
	} else {
		str_append(&text, "<none>");
	}
	cell_take(cells, &text);
}

static void
ingressclasses_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_at(cells, object, "spec/controller", "");
	cell_parameters(cells, object);
	cell_age(cells, object, now_ms);
}

const struct printer printer_ingressclasses = { .columns = ingressclasses_columns,
						.cells = ingressclasses_cells };

static const struct printer_column networkpolicies_columns[] = {
	PRINTER_NAME(0),
	{ "Pod-Selector", "string", "",
	  "Selects the pods to which this NetworkPolicy object applies.  The array of ingress "
	  "rules is applied to any pods selected by this field. Multiple network policies can "
	  "select the same set of pods.  In this case, the ingress rules for each are combined "
	  "additively. This field is NOT optional and follows standard label selector semantics. "
	  "An empty podSelector matches all pods in this namespace.",
	  0 },
	PRINTER_AGE,
	{ .name = NULL },
};

static void
networkpolicies_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_name(cells, object);
	cell_selector(cells, json_at(object, "spec/podSelector"));
	cell_age(cells, object, now_ms);
}

const struct printer printer_networkpolicies = { .columns = networkpolicies_columns,
						 .cells = networkpolicies_cells };
