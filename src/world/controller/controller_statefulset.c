#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* StatefulSets: pods with names, one after the other. Source: k8s.io/kubernetes, pkg/controller/statefulset. */

#define COMPONENT "statefulset-controller"
#define REVISION "controller-revision-hash"

enum { ORDINAL_MAX = 10000 };

struct stateful {
	struct controllers *c;
	struct thing *thing;
	struct revisions revisions;
	int64_t wanted, partition, start;
	bool parallel;
	struct thing **places; /* the pods by their ordinals, NULL where there is none */
	int64_t places_count;
	struct things condemned; /* beyond what is wanted, the highest first */
};

/* The number behind the name, or -1. */
static int64_t
ordinal_of(const struct thing *set, const struct thing *pod)
{
	size_t len = strlen(set->stored->name);
	const char *name = pod->stored->name, *digits;

	if (strncmp(name, set->stored->name, len) != 0 || name[len] != '-')
		return -1;
	digits = name + len + 1;
	if (!*digits || strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > 8)
		return -1;
	return atoll(digits);
}

static int
compare_names_down(const void *one, const void *other)
{
	const char *a = (*(struct thing *const *)one)->stored->name;
	const char *b = (*(struct thing *const *)other)->stored->name;
	size_t x = strlen(a), y = strlen(b);

	return x != y ? (x < y) - (x > y) : strcmp(b, a);
}

static void
sort_pods(struct stateful *s, const struct things *pods)
{
	s->places_count = s->wanted < ORDINAL_MAX ? s->wanted : ORDINAL_MAX;
	s->places = xcalloc((size_t)s->places_count + 1, sizeof(struct thing *));
	for (size_t i = 0; i < pods->count; i++) {
		struct thing *pod = pods->items[i];
		int64_t at = pod->stored ? ordinal_of(s->thing, pod) : -1;

		if (at < 0)
			continue;
		if (at >= s->start && at < s->start + s->places_count)
			s->places[at - s->start] = pod;
		else
			things_add(&s->condemned, pod);
	}
	if (s->condemned.count)
		qsort(s->condemned.items, s->condemned.count, sizeof(struct thing *),
		      compare_names_down);
}

static bool
is_healthy(const struct thing *pod)
{
	return pod && pod->stored && pod->pod.ready && !pod->pod.terminating;
}

static const char *
revision_of(const struct thing *pod)
{
	return label_of(pod->stored->object, REVISION);
}

/* ---- making one ---- */

static void
claim_volume(struct stateful *s, cJSON *pod, const cJSON *template, const char *pod_name)
{
	struct controllers *c = s->c;
	const char *volume = json_string(template, "metadata/name", "");
	char *name = xasprintf("%s-%s", volume, pod_name);
	cJSON *claim = new_object(c->kinds.claims), *item = cJSON_CreateObject(), *source;
	const struct stored *made;

	set_copy(claim, "metadata", json_at(template, "metadata"));
	set_string(need_object(claim, "metadata"), "name", name);
	set_copy(json_at(claim, "metadata"), "labels",
		 json_at(s->thing->stored->object, "spec/selector/matchLabels"));
	set_copy(claim, "spec", json_at(template, "spec"));
	json_add_string(item, "name", volume);
	source = cJSON_AddObjectToObject(item, "persistentVolumeClaim");
	json_add_string(source, "claimName", name);
	cJSON_AddItemToArray(need_array(json_at(pod, "spec"), "volumes"), item);
	made = write_new(c, c->kinds.claims, s->thing->stored->ns, claim, NULL);
	if (made && s->thing->stored)
		event_tell(c, s->thing->stored, COMPONENT, NULL, NULL, "Normal", "SuccessfulCreate",
			   "create Claim %s Pod %s in StatefulSet %s success", name, pod_name,
			   s->thing->stored->name);
	stored_drop(made);
	free(name);
}

static void
make_pod(struct stateful *s, int64_t ordinal)
{
	const char *revision =
		ordinal < s->start + s->partition ? s->revisions.current : s->revisions.update;
	const struct stored *set = stored_hold(s->thing->stored);
	const cJSON *template = revision_template(s->c, s->thing, revision), *one;
	char *name = xasprintf("%s-%" PRId64, set->name, ordinal);
	cJSON *pod = pod_from_template(s->c, s->thing,
				       template ? template : json_at(set->object, "spec/template"));
	cJSON *labels = need_object(json_at(pod, "metadata"), "labels");

	json_add_string(json_at(pod, "metadata"), "name", name);
	set_string(labels, REVISION, revision);
	set_string(labels, "statefulset.kubernetes.io/pod-name", name);
	set_string(json_at(pod, "spec"), "hostname", name);
	if (*json_string(set->object, "spec/serviceName", ""))
		set_string(json_at(pod, "spec"), "subdomain",
			   json_string(set->object, "spec/serviceName", ""));
	cJSON_ArrayForEach(one, json_at(set->object, "spec/volumeClaimTemplates"))
		if (s->thing->stored)
			claim_volume(s, pod, one, name);
	const struct stored *made = write_new(s->c, s->c->kinds.pods, set->ns, pod, NULL);
	if (made)
		event_tell(s->c, set, COMPONENT, NULL, NULL, "Normal", "SuccessfulCreate",
			   "create Pod %s in StatefulSet %s successful", name, set->name);
	stored_drop(made);
	stored_drop(set);
	free(name);
}

static void
end_pod(struct stateful *s, struct thing *pod)
{
	const struct stored *set = stored_hold(s->thing->stored);
	char *name = xstrdup(pod->stored->name);

	if (write_delete(s->c, pod->stored, NULL, -1))
		event_tell(s->c, set, COMPONENT, NULL, NULL, "Normal", "SuccessfulDelete",
			   "delete Pod %s in StatefulSet %s successful", name, set->name);
	stored_drop(set);
	free(name);
}

/* ---- one step at a time ---- */

/* True: it is to be waited for what was done, or for what is there. */
static bool
fill_place(struct stateful *s, int64_t at)
{
	struct thing *pod = s->places[at];

	if (pod && !pod->stored)
		return true;
	if (!pod) {
		make_pod(s, s->start + at);
		return !s->parallel;
	}
	if ((pod->pod.failed || pod->pod.succeeded) && !pod->pod.terminating) {
		end_pod(s, pod);
		return true;
	}
	return !s->parallel && !is_healthy(pod);
}

static bool
end_condemned(struct stateful *s)
{
	for (size_t i = 0; i < s->condemned.count; i++) {
		struct thing *pod = s->condemned.items[i];

		if (!s->thing->stored || !pod->stored)
			return true;
		if (!pod->pod.terminating)
			end_pod(s, pod);
		if (!s->parallel)
			return true;
	}
	return false;
}

/* From the last to the partition: the first that is of another revision goes, where those behind it are well. */
static void
roll(struct stateful *s)
{
	const cJSON *object = s->thing->stored->object;

	if (strcmp(json_string(object, "spec/updateStrategy/type", "RollingUpdate"), "OnDelete") ==
	    0)
		return;
	for (int64_t at = s->places_count; at-- > s->partition;) {
		struct thing *pod = s->places[at];

		if (!pod || !pod->stored)
			return;
		if (strcmp(revision_of(pod), s->revisions.update) != 0) {
			if (!pod->pod.terminating)
				end_pod(s, pod);
			return;
		}
		if (!is_healthy(pod))
			return;
	}
}

static void
work(struct stateful *s)
{
	for (int64_t at = 0; at < s->places_count; at++)
		if (!s->thing->stored || fill_place(s, at))
			return;
	if (s->thing->stored && !end_condemned(s) && s->thing->stored)
		roll(s);
}

/* ---- what it says of itself ---- */

static void
count_pod(const struct stateful *s, const struct thing *pod, cJSON *status, int64_t *wait_ms)
{
	const cJSON *object = s->thing->stored->object;
	int64_t min_ready_s = json_int(object, "spec/minReadySeconds", 0);

	if (ordinal_of(s->thing, pod) < 0)
		return;
	set_int(status, "replicas", json_int(status, "replicas", 0) + 1);
	if (pod->pod.ready)
		set_int(status, "readyReplicas", json_int(status, "readyReplicas", 0) + 1);
	if (pod_is_available(s->c, pod, min_ready_s, wait_ms))
		set_int(status, "availableReplicas", json_int(status, "availableReplicas", 0) + 1);
	if (pod->pod.terminating)
		return;
	if (strcmp(revision_of(pod), s->revisions.current) == 0)
		set_int(status, "currentReplicas", json_int(status, "currentReplicas", 0) + 1);
	if (strcmp(revision_of(pod), s->revisions.update) == 0)
		set_int(status, "updatedReplicas", json_int(status, "updatedReplicas", 0) + 1);
}

/* The update is through: what was to come is what is there. */
static void
finish_roll(const struct stateful *s, cJSON *status)
{
	bool on_delete = strcmp(json_string(s->thing->stored->object, "spec/updateStrategy/type",
					    "RollingUpdate"),
				"OnDelete") == 0;
	int64_t all = json_int(status, "replicas", 0);

	if (on_delete || json_int(status, "updatedReplicas", 0) != all ||
	    json_int(status, "readyReplicas", 0) != all || all != s->wanted)
		return;
	set_string(status, "currentRevision", s->revisions.update);
	set_count(status, "currentReplicas", json_int(status, "updatedReplicas", 0));
}

static void
set_status(struct stateful *s)
{
	struct things pods = owned_of_kind(s->thing, s->c->kinds.pods);
	const cJSON *object = s->thing->stored->object;
	cJSON *status = cJSON_CreateObject();
	int64_t wait_ms = INT64_MAX;

	json_add_int(status, "observedGeneration", json_int(object, "metadata/generation", 0));
	json_add_int(status, "replicas", 0);
	json_add_int(status, "availableReplicas", 0);
	json_add_int(status, "collisionCount", 0);
	json_add_string(status, "currentRevision", s->revisions.current);
	json_add_string(status, "updateRevision", s->revisions.update);
	for (size_t i = 0; i < pods.count; i++)
		count_pod(s, pods.items[i], status, &wait_ms);
	finish_roll(s, status);
	if (wait_ms != INT64_MAX)
		controllers_later(s->c, s->thing, wait_ms);
	write_status(s->c, s->thing->stored, status);
	things_release(&pods);
}

static void
read_spec(struct stateful *s)
{
	const cJSON *object = s->thing->stored->object;

	s->wanted = json_int(object, "spec/replicas", 1);
	s->partition = json_int(object, "spec/updateStrategy/rollingUpdate/partition", 0);
	s->start = json_int(object, "spec/ordinals/start", 0);
	s->parallel = str_equal(json_string(object, "spec/podManagementPolicy", NULL), "Parallel");
}

void
statefulset_reconcile(struct controllers *c, struct thing *thing)
{
	struct stateful s = { .c = c, .thing = thing };
	struct things pods = claim(c, thing, c->kinds.pods);

	if (!thing->stored)
		goto out;
	revision_update(c, thing, "controller.kubernetes.io/hash", &s.revisions);
	if (!s.revisions.update || !thing->stored)
		goto out;
	read_spec(&s);
	sort_pods(&s, &pods);
	if (!thing_is_deleting(thing))
		work(&s);
	if (thing->stored && !controllers_outdated(c, thing))
		set_status(&s);
out:
	revisions_release(&s.revisions);
	things_release(&s.condemned);
	things_release(&pods);
	free(s.places);
}
