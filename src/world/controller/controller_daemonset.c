#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* DaemonSets: a pod for each node. Source: k8s.io/kubernetes, pkg/controller/daemon. */

#define COMPONENT "daemonset-controller"
#define REVISION "controller-revision-hash"
#define GENERATION "deprecated.daemonset.template.generation"

struct daemons {
	struct controllers *c;
	struct thing *thing;
	struct revisions revisions;
	struct things nodes, pods;
	cJSON *spec; /* of the pods, with what they tolerate */
	int64_t wanted, current, misplaced, ready, available, updated;
};

static const char *const tolerated[][2] = {
	{ "node.kubernetes.io/not-ready", "NoExecute" },
	{ "node.kubernetes.io/unreachable", "NoExecute" },
	{ "node.kubernetes.io/disk-pressure", "NoSchedule" },
	{ "node.kubernetes.io/memory-pressure", "NoSchedule" },
	{ "node.kubernetes.io/pid-pressure", "NoSchedule" },
	{ "node.kubernetes.io/unschedulable", "NoSchedule" },
};

static void
add_tolerations(cJSON *spec)
{
	cJSON *list = need_array(spec, "tolerations");

	for (size_t i = 0; i < sizeof(tolerated) / sizeof(tolerated[0]); i++) {
		cJSON *one = cJSON_CreateObject();

		json_add_string(one, "effect", tolerated[i][1]);
		json_add_string(one, "key", tolerated[i][0]);
		json_add_string(one, "operator", "Exists");
		cJSON_AddItemToArray(list, one);
	}
}

/* For this node alone. */
static void
add_affinity(cJSON *spec, const char *node)
{
	cJSON *wanted = need_object(need_object(spec, "affinity"), "nodeAffinity");
	cJSON *terms, *term = cJSON_CreateObject(), *field = cJSON_CreateObject();

	unset(wanted, "requiredDuringSchedulingIgnoredDuringExecution");
	terms = need_array(need_object(wanted, "requiredDuringSchedulingIgnoredDuringExecution"),
			   "nodeSelectorTerms");
	json_add_string(field, "key", "metadata.name");
	json_add_string(field, "operator", "In");
	cJSON_AddItemToArray(need_array(field, "values"), cJSON_CreateString(node));
	cJSON_AddItemToArray(need_array(term, "matchFields"), field);
	cJSON_AddItemToArray(terms, term);
}

static int64_t
template_generation(const struct thing *set)
{
	const char *note = annotation_of(set->stored->object, GENERATION);

	return *note ? atoll(note) : json_int(set->stored->object, "metadata/generation", 1);
}

static void
make_pod(struct daemons *d, const char *node)
{
	const struct stored *set = d->thing->stored;
	cJSON *pod = pod_from_template(d->c, d->thing, json_at(set->object, "spec/template"));
	cJSON *metadata = json_at(pod, "metadata"), *labels = need_object(metadata, "labels");
	char *prefix = xasprintf("%s-", set->name), number[24];

	snprintf(number, sizeof(number), "%lld", (long long)template_generation(d->thing));
	json_add_string(metadata, "generateName", prefix);
	set_string(labels, REVISION, d->revisions.hash);
	set_string(labels, "pod-template-generation", number);
	add_affinity(json_at(pod, "spec"), node);
	add_tolerations(json_at(pod, "spec"));
	pod_create(d->c, d->thing, COMPONENT, pod);
	free(prefix);
}

/* Where it runs, or is to run. */
static const char *
node_of(const struct thing *pod)
{
	return pod->pod.bound ? pod->pod.node
			      : json_string(pod->stored->object,
					    "spec/affinity/nodeAffinity/"
					    "requiredDuringSchedulingIgnoredDuringExecution/"
					    "nodeSelectorTerms/0/matchFields/0/values/0",
					    "");
}

static bool
is_updated(const struct daemons *d, const struct thing *pod)
{
	return strcmp(label_of(pod->stored->object, REVISION), d->revisions.hash) == 0;
}

/* ---- each node ---- */

/* The pod of a node that counts: the oldest. Others that are there are too many. */
static struct thing *
pod_on(struct daemons *d, const char *node)
{
	struct thing *found = NULL;

	for (size_t i = 0; i < d->pods.count; i++) {
		struct thing *pod = d->pods.items[i];

		if (!pod->stored || strcmp(node_of(pod), node) != 0)
			continue;
		if (!found)
			found = pod;
		else if (!pod->pod.terminating && d->thing->stored)
			pod_delete(d->c, d->thing, COMPONENT, pod);
	}
	return found;
}

static void
serve_node(struct daemons *d, const struct thing *node)
{
	char *name = xstrdup(node->stored->name);
	bool suits = machine_suits(node, d->spec);
	struct thing *pod = pod_on(d, name);

	if (!d->thing->stored || thing_is_deleting(d->thing))
		;
	else if (suits && !pod)
		make_pod(d, name);
	else if (pod && pod->stored && !pod->pod.terminating &&
		 (!suits || pod->pod.failed || pod->pod.succeeded))
		pod_delete(d->c, d->thing, COMPONENT, pod);
	free(name);
}

/* Those whose node is no more. */
static void
end_lost(struct daemons *d)
{
	for (size_t i = 0; i < d->pods.count && d->thing->stored; i++) {
		struct thing *pod = d->pods.items[i];

		if (pod->stored && !pod->pod.terminating &&
		    !index_find_name(d->c, d->c->kinds.nodes, "", node_of(pod)))
			pod_delete(d->c, d->thing, COMPONENT, pod);
	}
}

/* ---- a new template ---- */

static void
roll(struct daemons *d)
{
	const cJSON *object = d->thing->stored->object;
	int64_t most =
		int_or_percent(json_at(object, "spec/updateStrategy/rollingUpdate/maxUnavailable"),
			       (int64_t)d->nodes.count, true, "1");
	int64_t wait_ms = INT64_MAX, down = (int64_t)d->nodes.count;

	if (strcmp(json_string(object, "spec/updateStrategy/type", "RollingUpdate"), "OnDelete") ==
	    0)
		return;
	for (size_t i = 0; i < d->pods.count; i++)
		if (d->pods.items[i]->stored && pod_is_active(d->pods.items[i]))
			down -= pod_is_available(d->c, d->pods.items[i],
						 json_int(object, "spec/minReadySeconds", 0),
						 &wait_ms);
	for (size_t i = 0; i < d->pods.count && d->thing->stored; i++) {
		struct thing *pod = d->pods.items[i];

		if (!pod->stored || pod->pod.terminating || is_updated(d, pod))
			continue;
		if (pod->pod.ready && ++down > most)
			break;
		pod_delete(d->c, d->thing, COMPONENT, pod);
	}
}

static bool
set_generation(void *data, cJSON *set)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)*(int64_t *)data);
	if (strcmp(annotation_of(set, GENERATION), text) == 0)
		return false;
	set_string(need_object(json_at(set, "metadata"), "annotations"), GENERATION, text);
	return true;
}

/* The annotation counts the templates, as the API server of a real cluster does. */
static void
count_template(struct daemons *d)
{
	const struct thing *revision = index_find_name(d->c, d->c->kinds.revisions,
						       d->thing->stored->ns, d->revisions.update);
	int64_t number = revision ? json_int(revision->stored->object, "revision", 1) : 1;

	write_change(d->c, d->thing->stored, false, set_generation, &number);
}

/* ---- what it says of itself ---- */

static void
count_pods(struct daemons *d, int64_t *wait_ms)
{
	int64_t min_ready_s = json_int(d->thing->stored->object, "spec/minReadySeconds", 0);

	for (size_t i = 0; i < d->nodes.count; i++) {
		const struct thing *node = d->nodes.items[i], *pod = NULL;

		if (!node->stored)
			continue;
		for (size_t at = 0; at < d->pods.count && !pod; at++)
			if (d->pods.items[at]->stored &&
			    strcmp(node_of(d->pods.items[at]), node->stored->name) == 0)
				pod = d->pods.items[at];
		bool suits = machine_suits(node, d->spec);
		d->wanted += suits;
		d->misplaced += !suits && pod;
		if (!suits || !pod)
			continue;
		d->current++;
		d->ready += pod->pod.ready;
		d->available += pod_is_available(d->c, pod, min_ready_s, wait_ms);
		d->updated += is_updated(d, pod);
	}
}

static void
set_status(struct daemons *d)
{
	const cJSON *object = d->thing->stored->object;
	cJSON *status = cJSON_CreateObject();
	int64_t wait_ms = INT64_MAX;

	count_pods(d, &wait_ms);
	json_add_int(status, "currentNumberScheduled", d->current);
	json_add_int(status, "desiredNumberScheduled", d->wanted);
	set_count(status, "numberAvailable", d->available);
	json_add_int(status, "numberMisscheduled", d->misplaced);
	json_add_int(status, "numberReady", d->ready);
	set_count(status, "numberUnavailable", d->wanted - d->available);
	json_add_int(status, "observedGeneration", json_int(object, "metadata/generation", 0));
	set_count(status, "updatedNumberScheduled", d->updated);
	if (wait_ms != INT64_MAX)
		controllers_later(d->c, d->thing, wait_ms);
	write_status(d->c, d->thing->stored, status);
}

static void
find_nodes(struct daemons *d)
{
	const struct space *space = index_space(d->c, "");

	for (size_t i = 0; i < space->members.count; i++)
		if (thing_is(space->members.items[i], d->c->kinds.nodes))
			things_add(&d->nodes, space->members.items[i]);
	sort_by_age(&d->nodes);
}

static void
work(struct daemons *d)
{
	for (size_t i = 0; i < d->nodes.count && d->thing->stored; i++)
		if (d->nodes.items[i]->stored)
			serve_node(d, d->nodes.items[i]);
	end_lost(d);
	if (!d->thing->stored || thing_is_deleting(d->thing))
		return;
	roll(d);
}

void
daemonset_reconcile(struct controllers *c, struct thing *thing)
{
	struct daemons d = { .c = c, .thing = thing };

	d.pods = claim(c, thing, c->kinds.pods);
	if (thing->stored)
		revision_update(c, thing, REVISION, &d.revisions);
	if (!d.revisions.update || !thing->stored)
		goto out;
	d.spec = cJSON_Duplicate(json_at(thing->stored->object, "spec/template/spec"), true);
	if (!d.spec)
		d.spec = cJSON_CreateObject();
	add_tolerations(d.spec);
	count_template(&d);
	find_nodes(&d);
	sort_by_age(&d.pods);
	if (thing->stored && !thing_is_deleting(thing))
		work(&d);
	things_release(&d.pods);
	d.pods = owned_of_kind(thing, c->kinds.pods);
	sort_by_age(&d.pods);
	if (thing->stored && !controllers_outdated(c, thing))
		set_status(&d);
out:
	revisions_release(&d.revisions);
	cJSON_Delete(d.spec);
	things_release(&d.nodes);
	things_release(&d.pods);
}
