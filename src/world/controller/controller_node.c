#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* Nodes: what their kubelets say of them, which pods they may take, and the addresses that these get there. */

enum {
	HEARTBEAT_MS = 300 * 1000,
	HOST_BITS = 14, /* of a node's addresses for pods: 16,382 */
	HOSTS = 1 << HOST_BITS,
	FIRST_NETWORK = (10 << 24) | (64 << 16),
};

/* What a node has given to pods; it outlives the Node object, whose pods may. */
struct machine {
	char *name;
	uint32_t network;
	uint32_t hosts;	     /* how many addresses there are */
	unsigned char *used; /* a bit for each */
	uint32_t next;
	size_t pods;
};

struct machines {
	struct machine *items;
	size_t count, cap;
};

struct machines *
machines_new(void)
{
	return xcalloc(1, sizeof(struct machines));
}

void
machines_free(struct machines *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].name);
		free(m->items[i].used);
	}
	free(m->items);
	free(m);
}

static bool
parse_address(const char *text, uint32_t *ret_address, int *ret_bits)
{
	unsigned a, b, c, d;
	int bits = 32;

	if (sscanf(text, "%3u.%3u.%3u.%3u/%2d", &a, &b, &c, &d, &bits) < 4 || a > 255 || b > 255 ||
	    c > 255 || d > 255)
		return false;
	*ret_address = a << 24 | b << 16 | c << 8 | d;
	*ret_bits = bits;
	return true;
}

static char *
format_address(uint32_t address)
{
	return xasprintf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
			 address & 255);
}

/* Its own podCIDR, or one by its place. */
static void
find_network(struct controllers *c, struct machine *machine, size_t place)
{
	const struct stored *node = store_get(c->store, c->kinds.nodes, "", machine->name);
	int bits = 32 - HOST_BITS;

	machine->network = FIRST_NETWORK + ((uint32_t)place << HOST_BITS);
	if (node)
		parse_address(json_string(node->object, "spec/podCIDR", ""), &machine->network,
			      &bits);
	/* the first two and the last address are no pod's: one so small that it has no others is taken for as big as ours */
	machine->hosts = bits > 32 - HOST_BITS && bits <= 30 ? 1u << (32 - bits) : HOSTS;
	stored_drop(node);
}

static struct machine *
machine_of(struct controllers *c, const char *name)
{
	struct machines *m = c->machines;

	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->items[i].name, name) == 0)
			return &m->items[i];
	struct machine *machine = VEC_PUSH(m->items, m->count, m->cap);
	machine->name = xstrdup(name);
	machine->used = xcalloc(HOSTS / 8, 1);
	find_network(c, machine, m->count - 1);
	return machine;
}

static void
mark(struct machine *machine, const char *text, bool taken)
{
	uint32_t address, host;
	int bits;

	if (!parse_address(text, &address, &bits))
		return;
	host = address - machine->network;
	if (host >= machine->hosts)
		return;
	if (taken)
		machine->used[host / 8] |= (unsigned char)(1 << host % 8);
	else
		machine->used[host / 8] &= (unsigned char)~(1 << host % 8);
}

static bool
is_over(const struct stored *pod)
{
	const char *phase = json_string(pod->object, "status/phase", "");

	return strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
}

void
machines_take(struct controllers *c, const struct stored *pod)
{
	const char *node = json_string(pod->object, "spec/nodeName", "");
	struct machine *machine = *node ? machine_of(c, node) : NULL;

	if (!machine)
		return;
	machine->pods += !is_over(pod);
	mark(machine, json_string(pod->object, "status/podIP", ""), true);
}

void
machines_give_back(struct controllers *c, const struct stored *pod)
{
	const char *node = json_string(pod->object, "spec/nodeName", "");
	struct machine *machine = *node ? machine_of(c, node) : NULL;

	if (!machine)
		return;
	machine->pods -= !is_over(pod);
	mark(machine, json_string(pod->object, "status/podIP", ""), false);
}

/* The first two belong to the network and to the node. */
char *
machines_address(struct controllers *c, const char *node)
{
	struct machine *machine = machine_of(c, node);

	for (uint32_t tried = 0; tried < machine->hosts; tried++) {
		uint32_t host = 2 + machine->next++ % (machine->hosts - 3);

		if (!(machine->used[host / 8] & 1 << host % 8))
			return format_address(machine->network + host);
	}
	return xstrdup("");
}

static const char *
address_of(const struct stored *node)
{
	const cJSON *address;

	cJSON_ArrayForEach(address, json_at(node->object, "status/addresses"))
		if (strcmp(json_string(address, "type", ""), "InternalIP") == 0)
			return json_string(address, "address", "");
	return "";
}

const char *
machines_host(struct controllers *c, const char *node)
{
	const struct thing *thing = index_find_name(c, c->kinds.nodes, "", node);

	return thing ? address_of(thing->stored) : "";
}

/* ---- which pod fits ---- */

static bool
tolerates(const cJSON *pod_spec, const cJSON *taint)
{
	const cJSON *one;
	const char *effect = json_string(taint, "effect", "");

	cJSON_ArrayForEach(one, json_at(pod_spec, "tolerations")) {
		const char *key = json_string(one, "key", ""),
			   *only = json_string(one, "effect", "");
		bool exists = strcmp(json_string(one, "operator", "Equal"), "Exists") == 0;

		if (*only && strcmp(only, effect) != 0)
			continue;
		if (!*key ? exists
			  : strcmp(key, json_string(taint, "key", "")) == 0 &&
				    (exists || strcmp(json_string(one, "value", ""),
						      json_string(taint, "value", "")) == 0))
			return true;
	}
	return false;
}

static const cJSON *
untolerated(const struct stored *node, const cJSON *pod_spec)
{
	const cJSON *taint;

	cJSON_ArrayForEach(taint, json_at(node->object, "spec/taints"))
		if (strcmp(json_string(taint, "effect", ""), "PreferNoSchedule") != 0 &&
		    !tolerates(pod_spec, taint))
			return taint;
	return NULL;
}

static bool
is_selected(const struct stored *node, const cJSON *pod_spec)
{
	const cJSON *wanted;

	cJSON_ArrayForEach(wanted, json_at(pod_spec, "nodeSelector"))
		if (!str_equal(label_of(node->object, wanted->string),
			       cJSON_GetStringValue(wanted)))
			return false;
	return true;
}

/* The one node that a DaemonSet's pod is for; "" where it may be any. */
static const char *
only_node(const cJSON *pod_spec)
{
	return json_string(pod_spec,
			   "affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/"
			   "nodeSelectorTerms/0/matchFields/0/values/0",
			   "");
}

static bool
is_ready(const struct stored *node)
{
	const cJSON *condition = pod_status_condition(node->object, "Ready");

	return strcmp(json_string(condition, "status", "True"), "True") == 0;
}

bool
machine_suits(const struct thing *node, const cJSON *pod_spec)
{
	return is_selected(node->stored, pod_spec) && !untolerated(node->stored, pod_spec);
}

/* Why a pod cannot go to a node, as the scheduler counts the reasons; "" where it can. The caller frees. */
static char *
obstacle(const struct thing *node, const cJSON *pod_spec)
{
	const cJSON *taint = untolerated(node->stored, pod_spec);
	const char *only = only_node(pod_spec);

	if ((*only && strcmp(only, node->stored->name) != 0) ||
	    !is_selected(node->stored, pod_spec))
		return xstrdup("node(s) didn't match Pod's node affinity/selector");
	if (taint)
		return xasprintf("node(s) had untolerated taint {%s: %s}",
				 json_string(taint, "key", ""), json_string(taint, "value", ""));
	if (!*only && json_bool(node->stored->object, "spec/unschedulable", false))
		return xstrdup("node(s) were unschedulable");
	if (!*only && !is_ready(node->stored))
		return xstrdup("node(s) had untolerated taint {node.kubernetes.io/not-ready: }");
	return xstrdup("");
}

/* The reasons, and how many nodes have each. */
static void
describe_obstacles(char *const *obstacles, size_t count, struct str *why)
{
	str_clear(why);
	if (count == 0) {
		str_append(why, "no nodes available to schedule pods");
		return;
	}
	str_printf(why, "0/%zu nodes are available:", count);
	for (size_t i = 0, told = 0; i < count; i++) {
		size_t first = count, same = 0;

		for (size_t at = count; at-- > 0;)
			if (strcmp(obstacles[at], obstacles[i]) == 0) {
				first = at;
				same++;
			}
		if (first == i)
			str_printf(why, "%s %zu %s", told++ ? "," : "", same, obstacles[i]);
	}
	str_append_char(why, '.');
}

const char *
machines_choose(struct controllers *c, const struct stored *pod, struct str *why)
{
	const struct space *space = index_space(c, "");
	const cJSON *spec = json_at(pod->object, "spec");
	const struct thing *best = NULL;
	char **obstacles = NULL;
	size_t count = 0, cap = 0, fewest = 0;

	for (size_t i = 0; i < space->members.count; i++) {
		const struct thing *node = space->members.items[i];

		if (!thing_is(node, c->kinds.nodes))
			continue;
		char *reason = obstacle(node, spec);
		size_t pods = machine_of(c, node->stored->name)->pods;
		if (!*reason &&
		    (!best || pods < fewest ||
		     (pods == fewest && strcmp(node->stored->name, best->stored->name) < 0))) {
			best = node;
			fewest = pods;
		}
		*VEC_PUSH(obstacles, count, cap) = reason;
	}
	if (!best)
		describe_obstacles(obstacles, count, why);
	for (size_t i = 0; i < count; i++)
		free(obstacles[i]);
	free(obstacles);
	return best ? best->stored->name : NULL;
}

/* ---- what a kubelet says of its node ---- */

static const struct {
	const char *type, *reason, *message;
	bool status;
} node_conditions[] = {
	{ "MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available",
	  false },
	{ "DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", false },
	{ "PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available", false },
	{ "Ready", "KubeletReady", "kubelet is posting ready status", true },
};

static void
set_default(cJSON *object, const char *name, const char *value)
{
	if (!cJSON_GetObjectItemCaseSensitive(object, name))
		json_add_string(object, name, value);
}

static void
add_resources(cJSON *status, const char *name, const char *memory)
{
	cJSON *resources = cJSON_AddObjectToObject(status, name);

	json_add_string(resources, "cpu", "4");
	json_add_string(resources, "ephemeral-storage", "101430960Ki");
	json_add_string(resources, "hugepages-2Mi", "0");
	json_add_string(resources, "memory", memory);
	json_add_string(resources, "pods", "110");
}

static void
add_address(cJSON *addresses, const char *type, const char *address)
{
	cJSON *item = cJSON_CreateObject();

	json_add_string(item, "type", type);
	json_add_string(item, "address", address);
	cJSON_AddItemToArray(addresses, item);
}

static void
set_ids(cJSON *info, const char *uid)
{
	char hex[DIGEST_HEX_MAX], id[40];

	digest_sha256(uid, strlen(uid), hex);
	set_default(info, "machineID", (snprintf(id, sizeof(id), "%.32s", hex), id));
	set_default(info, "systemUUID", uid);
	snprintf(id, sizeof(id), "%.8s-%.4s-%.4s-%.4s-%.12s", hex + 32, hex + 40, hex + 44,
		 hex + 48, hex + 52);
	set_default(info, "bootID", id);
}

static void
set_info(cJSON *info, const char *uid, const char *version)
{
	set_default(info, "architecture", "amd64");
	set_default(info, "operatingSystem", "linux");
	set_default(info, "osImage", "Debian GNU/Linux 12 (bookworm)");
	set_default(info, "kernelVersion", "6.1.0-18-amd64");
	set_default(info, "containerRuntimeVersion", "containerd://1.7.13");
	set_default(info, "kubeletVersion", version);
	set_default(info, "kubeProxyVersion", version);
	set_ids(info, uid);
}

static cJSON *
node_status(struct controllers *c, const struct stored *node, const char *address)
{
	cJSON *status = cJSON_Duplicate(json_at(node->object, "status"), true), *addresses;

	if (!status)
		status = cJSON_CreateObject();
	if (!json_at(status, "addresses")) {
		addresses = cJSON_AddArrayToObject(status, "addresses");
		add_address(addresses, "InternalIP", address);
		add_address(addresses, "Hostname", node->name);
	}
	if (!json_at(status, "capacity"))
		add_resources(status, "capacity", "16393544Ki");
	if (!json_at(status, "allocatable"))
		add_resources(status, "allocatable", "16291144Ki");
	set_info(need_object(status, "nodeInfo"), node->uid,
		 c->options.version ? c->options.version : c->cluster->version);
	set_int(need_object(need_object(status, "daemonEndpoints"), "kubeletEndpoint"), "Port",
		10250);
	return status;
}

/* What somebody else has said of the node (that it is not ready) stays. */
static void
beat(cJSON *status)
{
	cJSON *conditions = need_array(status, "conditions"), *condition;
	bool fresh = !conditions->child;
	char now[32];

	now_text(now);
	for (size_t i = 0; fresh && i < sizeof(node_conditions) / sizeof(node_conditions[0]); i++)
		set_condition(conditions, node_conditions[i].type, node_conditions[i].status,
			      node_conditions[i].reason, node_conditions[i].message, false);
	cJSON_ArrayForEach(condition, conditions)
		if (strcmp(json_string(condition, "status", ""), "Unknown") != 0)
			set_string(condition, "lastHeartbeatTime", now);
}

static bool
complete_node(void *data, cJSON *object)
{
	const char *cidr = data;
	cJSON *metadata = json_at(object, "metadata"), *labels = need_object(metadata, "labels");
	cJSON *spec = need_object(object, "spec");

	if (json_at(spec, "podCIDR"))
		return false;
	set_default(labels, "kubernetes.io/hostname", json_string(metadata, "name", ""));
	set_default(labels, "kubernetes.io/arch", "amd64");
	set_default(labels, "kubernetes.io/os", "linux");
	set_default(labels, "beta.kubernetes.io/arch", "amd64");
	set_default(labels, "beta.kubernetes.io/os", "linux");
	json_add_string(spec, "podCIDR", cidr);
	cJSON_AddItemToArray(need_array(spec, "podCIDRs"), cJSON_CreateString(cidr));
	return true;
}

static void
register_node(struct controllers *c, struct thing *thing)
{
	struct machine *machine = machine_of(c, thing->stored->name);
	char *network = format_address(machine->network);
	char *cidr = xasprintf("%s/%d", network, 32 - HOST_BITS);

	write_change(c, thing->stored, false, complete_node, cidr);
	if (thing->stored)
		event_tell(c, thing->stored, "node-controller", NULL, NULL, "Normal",
			   "RegisteredNode", "Node %s event: Registered Node %s in Controller",
			   thing->stored->name, thing->stored->name);
	free(cidr);
	free(network);
}

void
node_reconcile(struct controllers *c, struct thing *thing)
{
	char *address;
	cJSON *status;

	if (!json_at(thing->stored->object, "spec/podCIDR"))
		register_node(c, thing);
	if (!thing->stored || thing_is_deleting(thing) || thing->timer)
		return;
	address =
		format_address((10u << 24 | 1u << 8) + 10 +
			       (uint32_t)(machine_of(c, thing->stored->name) - c->machines->items));
	status = node_status(c, thing->stored, address);
	beat(status);
	write_status(c, thing->stored, status);
	controllers_later(c, thing, HEARTBEAT_MS);
	free(address);
}

int
controllers_add_nodes(struct cluster *cluster, int count, struct refusal *r)
{
	const struct kind *kind = kinds_by_resource(cluster->kinds, "", "v1", "nodes");
	struct store_write how = { .grace_s = -1 };

	for (int i = 1; i <= count; i++) {
		const struct stored *stored;
		cJSON *node = new_object(kind);
		char *name = xasprintf("%s-node-%d", cluster->name, i);

		json_add_string(json_at(node, "metadata"), "name", name);
		free(name);
		if (store_create(cluster->store, kind, "", node, &how, &stored, r) < 0)
			return -1;
		stored_drop(stored);
	}
	return 0;
}
