#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/defaults_internal.h"

enum { AFFINITY_S = 10800, NAME_MAX_BYTES = 63 };

static bool
is_type(const cJSON *spec, const char *type)
{
	return strcmp(json_string(spec, "type", ""), type) == 0;
}

static bool
has_node_ports(const cJSON *spec)
{
	return is_type(spec, "NodePort") || is_type(spec, "LoadBalancer");
}

/* ---- filling ---- */

/* The same port's number from before, so that a change that does not name it keeps it. */
static int64_t
node_port_before(const struct defaults *d, const cJSON *port)
{
	const cJSON *old;

	cJSON_ArrayForEach(old, json_at(d->before, "spec/ports"))
		if (same_member(old, port, "port") && same_member(old, port, "protocol"))
			return json_int(old, "nodePort", 0);
	return 0;
}

static void
fill_ports(struct defaults *d, cJSON *spec)
{
	cJSON *port;

	cJSON_ArrayForEach(port, member_of(spec, "ports")) {
		give_string(port, "protocol", "TCP");
		if (!member_of(port, "targetPort"))
			give_int(port, "targetPort", json_int(port, "port", 0));
		if (!has_node_ports(spec)) {
			take_away(port, "nodePort");
			continue;
		}
		if (json_int(port, "nodePort", 0) != 0)
			continue;
		int64_t number = node_port_before(d, port);
		if (!number && d->options->node_port)
			number = d->options->node_port(d->options->data);
		take_away(port, "nodePort");
		if (number)
			json_add_int(port, "nodePort", number);
	}
}

/* An address is given once, and kept by changes that do not name it. */
static void
fill_address(struct defaults *d, cJSON *spec)
{
	const char *before = json_string(d->before, "spec/clusterIP", "");
	char *address = NULL;

	if (!*json_string(spec, "clusterIP", "")) {
		if (*before)
			address = xstrdup(before);
		else if (d->options->cluster_ip)
			address = d->options->cluster_ip(d->options->data);
		if (address)
			give_string(spec, "clusterIP", address);
	}
	if (*json_string(spec, "clusterIP", "") && !member_of(spec, "clusterIPs")) {
		take_away(spec, "clusterIPs");
		cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "clusterIPs"),
				     cJSON_CreateString(json_string(spec, "clusterIP", "")));
	}
	free(address);
}

static void
fill_families(cJSON *spec)
{
	if (!member_of(spec, "ipFamilies")) {
		take_away(spec, "ipFamilies");
		cJSON_AddItemToArray(cJSON_AddArrayToObject(spec, "ipFamilies"),
				     cJSON_CreateString("IPv4"));
	}
	give_string(spec, "ipFamilyPolicy", "SingleStack");
	give_string(spec, "internalTrafficPolicy", "Cluster");
}

static void
fill_health_port(struct defaults *d, cJSON *spec)
{
	int64_t number = json_int(d->before, "spec/healthCheckNodePort", 0);

	if (!is_type(spec, "LoadBalancer") ||
	    strcmp(json_string(spec, "externalTrafficPolicy", ""), "Local") != 0 ||
	    member_of(spec, "healthCheckNodePort"))
		return;
	if (!number && d->options->node_port)
		number = d->options->node_port(d->options->data);
	if (number)
		give_int(spec, "healthCheckNodePort", number);
}

/* What only an address or a port of the nodes gives meaning to goes with it. */
static void
forget_addresses(cJSON *spec)
{
	static const char *const names[] = { "clusterIP", "clusterIPs", "ipFamilies",
					     "ipFamilyPolicy", "internalTrafficPolicy" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		take_away(spec, names[i]);
}

void
defaults_fill_service(struct defaults *d)
{
	cJSON *spec = give_object(d->object, "spec");

	give_string(spec, "type", "ClusterIP");
	give_string(spec, "sessionAffinity", "None");
	if (strcmp(json_string(spec, "sessionAffinity", ""), "ClientIP") == 0)
		give_int(give_object(give_object(spec, "sessionAffinityConfig"), "clientIP"),
			 "timeoutSeconds", AFFINITY_S);
	fill_ports(d, spec);
	if (has_node_ports(spec))
		give_string(spec, "externalTrafficPolicy", "Cluster");
	else
		take_away(spec, "externalTrafficPolicy");
	if (is_type(spec, "LoadBalancer"))
		give_bool(spec, "allocateLoadBalancerNodePorts", true);
	else
		take_away(spec, "allocateLoadBalancerNodePorts");
	fill_health_port(d, spec);
	if (!is_type(spec, "ExternalName")) {
		fill_address(d, spec);
		fill_families(spec);
	} else if (d->before) {
		forget_addresses(spec);
	}
	if (!d->before)
		give_object(give_object(d->object, "status"), "loadBalancer");
}

/* ---- checks ---- */

/* Stricter than other names: it is a name in DNS. */
static void
check_name(struct defaults *d)
{
	const char *name = json_string(d->object, "metadata/name", "");
	size_t len = strlen(name);

	if (len == 0 ||
	    (len <= NAME_MAX_BYTES && name[0] >= 'a' && name[0] <= 'z' && name[len - 1] != '-' &&
	     strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len))
		return; /* none at all is the store's to tell */
	wrong(d, "metadata.name",
	      "Invalid value: \"%s\": a DNS-1035 label must consist of lower case alphanumeric "
	      "characters or '-', start with an alphabetic character, and end with an alphanumeric "
	      "character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
	      "'[a-z]([-a-z0-9]*[a-z0-9])?')",
	      name);
}

static void
check_range(struct defaults *d, const cJSON *port, const char *name, const char *prefix)
{
	const cJSON *number = member_of(port, name);
	char *field = xasprintf("%s.%s", prefix, name);

	if (cJSON_IsNumber(number) && (number->valuedouble < 1 || number->valuedouble > 65535))
		wrong(d, field, "Invalid value: %.0f: must be between 1 and 65535, inclusive",
		      number->valuedouble);
	free(field);
}

static bool
is_named_before(const cJSON *ports, const cJSON *port, const char *name)
{
	for (const cJSON *other = ports->child; other != port; other = other->next)
		if (strcmp(json_string(other, "name", ""), name) == 0)
			return true;
	return false;
}

static void
check_ports(struct defaults *d, const cJSON *ports)
{
	const cJSON *port;
	size_t i = 0;

	cJSON_ArrayForEach(port, ports) {
		char *prefix = xasprintf("spec.ports[%zu]", i++);
		char *field = xasprintf("%s.name", prefix);
		const char *name = json_string(port, "name", "");

		if (!*name && cJSON_GetArraySize(ports) > 1)
			wrong(d, field, "Required value");
		else if (*name && is_named_before(ports, port, name))
			wrong(d, field, "Duplicate value: \"%s\"", name);
		check_range(d, port, "port", prefix);
		check_range(d, port, "targetPort", prefix);
		free(field);
		free(prefix);
	}
}

static void
check_address(struct defaults *d, const cJSON *spec)
{
	const char *address = json_string(spec, "clusterIP", ""),
		   *before = json_string(d->before, "spec/clusterIP", "");
	unsigned char bytes[sizeof(struct in6_addr)];

	if (!*address || is_type(spec, "ExternalName"))
		return;
	if (strcmp(address, "None") != 0 && inet_pton(AF_INET, address, bytes) != 1 &&
	    inet_pton(AF_INET6, address, bytes) != 1)
		wrong(d, "spec.clusterIPs[0]",
		      "Invalid value: \"%s\": must be a valid IP address, (e.g. 10.9.8.7 or "
		      "2001:db8::ffff)",
		      address);
	else if (*before && strcmp(before, address) != 0 &&
		 strcmp(json_string(d->before, "spec/type", ""), "ExternalName") != 0)
		wrong(d, "spec.clusterIPs[0]",
		      "Invalid value: []string{\"%s\"}: may not change once set", address);
}

void
defaults_check_service(struct defaults *d)
{
	static const char *const types[] = { "ClusterIP", "ExternalName", "LoadBalancer",
					     "NodePort" };
	const cJSON *spec = json_at(d->object, "spec"), *ports = json_at(spec, "ports");
	const char *type = json_string(spec, "type", "");
	bool known = false;

	check_name(d);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		known = known || strcmp(type, types[i]) == 0;
	if (cJSON_GetArraySize(ports) == 0 && !is_type(spec, "ExternalName") &&
	    strcmp(json_string(spec, "clusterIP", ""), "None") != 0)
		wrong(d, "spec.ports", "Required value");
	if (is_type(spec, "ExternalName") && !*json_string(spec, "externalName", ""))
		wrong(d, "spec.externalName", "Required value");
	check_ports(d, ports);
	check_address(d, spec);
	if (!known)
		wrong_unsupported(
			d, "spec.type", type,
			"\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"");
}
