#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"
#include "world/object/selector.h"

/* ReplicaSets: so many pods of one template. Source: k8s.io/kubernetes, pkg/controller/replicaset. */

#define COMPONENT "replicaset-controller"

enum { AT_ONCE = 500 };

static void
make_pods(struct controllers *c, struct thing *set, int64_t count)
{
	for (int64_t i = 0; i < count && i < AT_ONCE && set->stored; i++) {
		cJSON *pod =
			pod_from_template(c, set, json_at(set->stored->object, "spec/template"));
		char *prefix = xasprintf("%s-", set->stored->name);

		json_add_string(json_at(pod, "metadata"), "generateName", prefix);
		free(prefix);
		if (!pod_create(c, set, COMPONENT, pod))
			break;
	}
	if (count > AT_ONCE && set->stored)
		controllers_enqueue(c, set);
}

static void
end_pods(struct controllers *c, struct thing *set, struct things *active, int64_t count)
{
	sort_for_deletion(active);
	for (size_t i = 0; i < active->count && (int64_t)i < count; i++)
		if (set->stored && active->items[i]->stored)
			pod_delete(c, set, COMPONENT, active->items[i]);
}

static struct things
active_ones(const struct things *pods)
{
	struct things active = { NULL, 0, 0 };

	for (size_t i = 0; i < pods->count; i++)
		if (pods->items[i]->stored && pod_is_active(pods->items[i]))
			things_add(&active, pods->items[i]);
	return active;
}

static void
set_status(struct controllers *c, struct thing *set, const struct things *active)
{
	const cJSON *object = set->stored->object;
	cJSON *status = cJSON_Duplicate(json_at(object, "status"), true);
	struct selector *labelled =
		selector_from_map(json_at(object, "spec/template/metadata/labels"));
	int64_t min_ready_s = json_int(object, "spec/minReadySeconds", 0), wait_ms = INT64_MAX;
	int64_t full = 0, ready = 0, available = 0;

	for (size_t i = 0; i < active->count; i++) {
		const struct thing *pod = active->items[i];

		full += selector_matches(labelled, pod->stored->object);
		ready += pod->pod.ready;
		available += pod_is_available(c, pod, min_ready_s, &wait_ms);
	}
	if (!status)
		status = cJSON_CreateObject();
	set_int(status, "replicas", (int64_t)active->count);
	set_count(status, "fullyLabeledReplicas", full);
	set_count(status, "readyReplicas", ready);
	set_count(status, "availableReplicas", available);
	set_int(status, "observedGeneration", json_int(object, "metadata/generation", 0));
	if (wait_ms != INT64_MAX)
		controllers_later(c, set, wait_ms);
	write_status(c, set->stored, status);
	selector_free(labelled);
}

void
replicaset_reconcile(struct controllers *c, struct thing *thing)
{
	struct things pods = claim(c, thing, c->kinds.pods), active;
	int64_t wanted, missing;

	if (!thing->stored)
		goto out;
	active = active_ones(&pods);
	wanted = json_int(thing->stored->object, "spec/replicas", 1);
	missing = wanted - (int64_t)active.count;
	if (!thing_is_deleting(thing) && missing > 0)
		make_pods(c, thing, missing);
	else if (!thing_is_deleting(thing) && missing < 0)
		end_pods(c, thing, &active, -missing);
	things_release(&active);
	things_release(&pods);
	if (!thing->stored || controllers_outdated(c, thing))
		goto out;
	pods = owned_of_kind(thing, c->kinds.pods);
	active = active_ones(&pods);
	set_status(c, thing, &active);
	things_release(&active);
out:
	things_release(&pods);
}
