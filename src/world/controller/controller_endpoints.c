#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_service.h"
#include "world/object/selector.h"

/* Which pods a Service leads to. Source: k8s.io/kubernetes, pkg/controller/endpoint and endpointslice. */

#define CHANGED "endpoints.kubernetes.io/last-change-trigger-time"
#define SLICE_OF "kubernetes.io/service-name"

struct backends {
	struct controllers *c;
	struct thing *service;
	struct things pods; /* by address */
	bool all_ready;	    /* publishNotReadyAddresses */
};

static const char *
ip_of(const struct thing *pod)
{
	return json_string(pod->stored->object, "status/podIP", "");
}

static int
compare_addresses(const void *a, const void *b)
{
	return strcmp(ip_of(*(struct thing *const *)a), ip_of(*(struct thing *const *)b));
}

static void
find_pods(struct backends *b)
{
	const cJSON *object = b->service->stored->object;
	struct selector *selector = selector_from_map(json_at(object, "spec/selector"));
	const struct space *space = b->service->space;

	for (size_t i = 0; i < space->members.count; i++) {
		struct thing *pod = space->members.items[i];

		if (thing_is(pod, b->c->kinds.pods) && *ip_of(pod) && !pod->pod.succeeded &&
		    !pod->pod.failed && selector_matches(selector, pod->stored->object))
			things_add(&b->pods, pod);
	}
	if (b->pods.count)
		qsort(b->pods.items, b->pods.count, sizeof(struct thing *), compare_addresses);
	b->all_ready = json_bool(object, "spec/publishNotReadyAddresses", false);
	selector_free(selector);
}

static bool
is_ready(const struct backends *b, const struct thing *pod)
{
	return b->all_ready || (pod->pod.ready && !pod->pod.terminating);
}

/* ---- ports ---- */

/* A target's number in a pod; 0: it has no port of that name. */
static int64_t
number_of(const cJSON *target, const struct thing *pod)
{
	const cJSON *container, *port;

	if (!cJSON_IsString(target))
		return cJSON_IsNumber(target) ? (int64_t)target->valuedouble : 0;
	cJSON_ArrayForEach(container, json_at(pod->stored->object, "spec/containers"))
		cJSON_ArrayForEach(port, json_at(container, "ports"))
			if (str_equal(json_string(port, "name", NULL), target->valuestring))
				return json_int(port, "containerPort", 0);
	return 0;
}

/* The ports of a pod as an Endpoints subset, or a slice, has them. NULL: none. */
static cJSON *
ports_of(const struct backends *b, const struct thing *pod, bool slice)
{
	cJSON *list = cJSON_CreateArray();
	const cJSON *port;

	cJSON_ArrayForEach(port, json_at(b->service->stored->object, "spec/ports")) {
		const cJSON *target = json_at(port, "targetPort");
		int64_t number = target ? number_of(target, pod) : json_int(port, "port", 0);
		const char *name = json_string(port, "name", slice ? "" : NULL);
		cJSON *item;

		if (!number)
			continue;
		item = cJSON_CreateObject();
		if (name)
			json_add_string(item, "name", name);
		json_add_int(item, "port", number);
		json_add_string(item, "protocol", json_string(port, "protocol", "TCP"));
		cJSON_AddItemToArray(list, item);
	}
	return list;
}

static cJSON *
target_of(const struct thing *pod)
{
	cJSON *target = cJSON_CreateObject();

	json_add_string(target, "kind", "Pod");
	json_add_string(target, "name", pod->stored->name);
	json_add_string(target, "namespace", pod->stored->ns);
	json_add_string(target, "uid", pod->stored->uid);
	return target;
}

/* ---- Endpoints ---- */

static cJSON *
subset_with(cJSON *subsets, cJSON *ports)
{
	cJSON *subset;

	cJSON_ArrayForEach(subset, subsets)
		if (cJSON_Compare(json_at(subset, "ports"), ports, true)) {
			cJSON_Delete(ports);
			return subset;
		}
	subset = cJSON_CreateObject();
	json_add(subset, "ports", ports);
	cJSON_AddItemToArray(subsets, subset);
	return subset;
}

static void
add_address(const struct backends *b, cJSON *subsets, const struct thing *pod)
{
	cJSON *address = cJSON_CreateObject(), *subset;
	const char *hostname = json_string(pod->stored->object, "spec/hostname", "");

	json_add_string(address, "ip", ip_of(pod));
	json_add_string(address, "nodeName", pod->pod.node);
	json_add(address, "targetRef", target_of(pod));
	if (*hostname && str_equal(json_string(pod->stored->object, "spec/subdomain", NULL),
				   b->service->stored->name))
		json_add_string(address, "hostname", hostname);
	subset = subset_with(subsets, ports_of(b, pod, false));
	cJSON_AddItemToArray(
		need_array(subset, is_ready(b, pod) ? "addresses" : "notReadyAddresses"), address);
}

static cJSON *
subsets_of(const struct backends *b)
{
	cJSON *subsets = cJSON_CreateArray();

	for (size_t i = 0; i < b->pods.count; i++)
		if (!b->pods.items[i]->pod.terminating || b->all_ready)
			add_address(b, subsets, b->pods.items[i]);
	return subsets;
}

struct replacement {
	const struct stored *service;
	const char *member;
	cJSON *value;
	const cJSON *ports; /* of a slice */
};

static bool
replace(void *data, cJSON *object)
{
	const struct replacement *with = data;
	cJSON *notes = need_object(json_at(object, "metadata"), "annotations");
	char now[32];

	set_copy(object, with->member,
		 cJSON_GetArraySize(with->value) || with->ports ? with->value : NULL);
	if (with->ports)
		set_copy(object, "ports", with->ports);
	set_string(notes, CHANGED, now_text(now));
	return true;
}

static bool
is_same(const cJSON *a, const cJSON *b)
{
	return cJSON_GetArraySize(a) == cJSON_GetArraySize(b) &&
	       (cJSON_GetArraySize(a) == 0 || cJSON_Compare(a, b, true));
}

static cJSON *
new_endpoints(struct controllers *c, const struct stored *service)
{
	cJSON *object = new_object(c->kinds.endpoints), *metadata = json_at(object, "metadata");

	json_add_string(metadata, "name", service->name);
	set_copy(metadata, "labels", json_at(service->object, "metadata/labels"));
	if (strcmp(json_string(service->object, "spec/clusterIP", ""), "None") == 0)
		set_string(need_object(metadata, "labels"), "service.kubernetes.io/headless", "");
	return object;
}

static void
write_endpoints(struct backends *b)
{
	const struct stored *service = b->service->stored;
	struct replacement with = { .service = service, .member = "subsets" };
	struct thing *there =
		index_find_name(b->c, b->c->kinds.endpoints, service->ns, service->name);

	with.value = subsets_of(b);
	if (!there) {
		cJSON *object = new_endpoints(b->c, service);

		replace(&with, object);
		stored_drop(write_new(b->c, b->c->kinds.endpoints, service->ns, object, NULL));
	} else if (!is_same(json_at(there->stored->object, "subsets"), with.value)) {
		write_change(b->c, there->stored, false, replace, &with);
	}
	cJSON_Delete(with.value);
}

void
endpoints_reconcile(struct controllers *c, struct thing *thing)
{
	const struct stored *stored = thing->stored;

	if (!*annotation_of(stored->object, CHANGED) ||
	    index_find_name(c, c->kinds.services, stored->ns, stored->name))
		return;
	write_delete(c, stored, NULL, 0);
}

/* ---- the slice ---- */

static cJSON *
slice_endpoint(const struct backends *b, const struct thing *pod)
{
	cJSON *item = cJSON_CreateObject(), *conditions = cJSON_CreateObject();

	cJSON_AddItemToArray(need_array(item, "addresses"), cJSON_CreateString(ip_of(pod)));
	json_add_bool(conditions, "ready", is_ready(b, pod));
	json_add_bool(conditions, "serving", b->all_ready || pod->pod.ready);
	json_add_bool(conditions, "terminating", pod->pod.terminating);
	json_add(item, "conditions", conditions);
	json_add_string(item, "nodeName", pod->pod.node);
	json_add(item, "targetRef", target_of(pod));
	return item;
}

static struct thing *
find_slice(const struct backends *b)
{
	for (size_t i = 0; i < b->service->owned.count; i++)
		if (thing_is(b->service->owned.items[i], b->c->kinds.slices))
			return b->service->owned.items[i];
	return NULL;
}

static cJSON *
new_slice(struct controllers *c, const struct stored *service)
{
	cJSON *object = new_object(c->kinds.slices), *metadata = json_at(object, "metadata");
	char *prefix = xasprintf("%s-", service->name);

	json_add_string(object, "addressType", "IPv4");
	json_add_string(metadata, "generateName", prefix);
	set_copy(metadata, "labels", json_at(service->object, "metadata/labels"));
	set_string(need_object(metadata, "labels"), SLICE_OF, service->name);
	set_string(json_at(metadata, "labels"), "endpointslice.kubernetes.io/managed-by",
		   "endpointslice-controller.k8s.io");
	cJSON_AddItemToArray(need_array(metadata, "ownerReferences"), owner_reference(service));
	free(prefix);
	return object;
}

static void
write_slice(struct backends *b)
{
	struct replacement with = { .service = b->service->stored, .member = "endpoints" };
	struct thing *there = find_slice(b);
	cJSON *ports = b->pods.count ? ports_of(b, b->pods.items[0], true) : cJSON_CreateArray();

	with.value = cJSON_CreateArray();
	with.ports = ports;
	for (size_t i = 0; i < b->pods.count; i++)
		cJSON_AddItemToArray(with.value, slice_endpoint(b, b->pods.items[i]));
	if (!there) {
		cJSON *object = new_slice(b->c, with.service);

		replace(&with, object);
		stored_drop(write_new(b->c, b->c->kinds.slices, with.service->ns, object, NULL));
	} else if (!is_same(json_at(there->stored->object, "endpoints"), with.value)) {
		write_change(b->c, there->stored, false, replace, &with);
	}
	cJSON_Delete(with.value);
	cJSON_Delete(ports);
}

void
endpoints_update(struct controllers *c, struct thing *service)
{
	struct backends b = { .c = c, .service = service };

	find_pods(&b);
	write_endpoints(&b);
	b.pods.count = 0; /* they may have changed meanwhile */
	if (service->stored) {
		find_pods(&b);
		write_slice(&b);
	}
	things_release(&b.pods);
}
