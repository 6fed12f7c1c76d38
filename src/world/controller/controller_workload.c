#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"
#include "world/object/selector.h"

/* What ReplicaSets, StatefulSets, DaemonSets and Jobs have in common: which pods are theirs, making and ending them. */

bool
pod_is_active(const struct thing *pod)
{
	return !pod->pod.terminating && !pod->pod.succeeded && !pod->pod.failed;
}

bool
pod_is_available(const struct controllers *c, const struct thing *pod, int64_t min_ready_s,
		 int64_t *ret_wait_ms)
{
	int64_t left_ms;

	if (!pod->pod.ready)
		return false;
	left_ms = pod->pod.ready_ms + controllers_seconds(c, min_ready_s) - clock_mono_ms();
	if (min_ready_s <= 0 || left_ms <= 0)
		return true;
	if (left_ms < *ret_wait_ms)
		*ret_wait_ms = left_ms;
	return false;
}

/* ---- whose is what ---- */

static bool
add_owner(void *data, cJSON *object)
{
	const struct stored *owner = data;
	cJSON *references = need_array(need_object(object, "metadata"), "ownerReferences");
	const cJSON *reference;

	cJSON_ArrayForEach(reference, references)
		if (json_bool(reference, "controller", false))
			return false; /* somebody else was faster */
	cJSON_AddItemToArray(references, owner_reference(owner));
	return true;
}

struct things
owned_of_kind(const struct thing *owner, const struct kind *kind)
{
	struct things list = { NULL, 0, 0 };

	for (size_t i = 0; i < owner->owned.count; i++)
		if (thing_is(owner->owned.items[i], kind) &&
		    owner->owned.items[i]->manager == owner &&
		    owner->owned.items[i]->space == owner->space)
			things_add(&list, owner->owned.items[i]);
	return list;
}

/* Those that it might take. */
static struct things
orphans(const struct thing *owner, const struct kind *kind, const struct selector *selector)
{
	struct things list = { NULL, 0, 0 };

	for (size_t i = 0; i < owner->space->members.count; i++) {
		struct thing *thing = owner->space->members.items[i];

		if (thing_is(thing, kind) && !thing->manager && !thing_is_deleting(thing) &&
		    selector_matches(selector, thing->stored->object))
			things_add(&list, thing);
	}
	return list;
}

static void
adopt(struct controllers *c, struct thing *owner, const struct kind *kind,
      const struct selector *selector)
{
	struct things list = orphans(owner, kind, selector);

	for (size_t i = 0; i < list.count && owner->stored; i++)
		if (list.items[i]->stored)
			write_change(c, list.items[i]->stored, false, add_owner,
				     (void *)(uintptr_t)owner->stored);
	things_release(&list);
}

struct things
claim(struct controllers *c, struct thing *owner, const struct kind *kind)
{
	struct selector *selector =
		selector_from_object(json_at(owner->stored->object, "spec/selector"));
	struct things list;

	if (!thing_is_deleting(owner))
		adopt(c, owner, kind, selector);
	list = owned_of_kind(owner, kind);
	for (size_t i = 0; i < list.count;) {
		struct thing *thing = list.items[i];

		if (!thing->stored || !owner->stored) {
			things_remove(&list, thing);
		} else if (selector_matches(selector, thing->stored->object)) {
			i++;
		} else {
			things_remove(&list, thing);
			write_change(c, thing->stored, false, drop_owner, owner->uid);
		}
	}
	selector_free(selector);
	return list;
}

/* ---- making and ending pods ---- */

cJSON *
pod_from_template(struct controllers *c, const struct thing *owner, const cJSON *template)
{
	static const char *const kept[] = { "labels", "annotations", "finalizers" };
	cJSON *pod = new_object(c->kinds.pods), *metadata = json_at(pod, "metadata");

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		set_copy(metadata, kept[i],
			 cJSON_GetObjectItemCaseSensitive(json_at(template, "metadata"), kept[i]));
	cJSON_AddItemToArray(need_array(metadata, "ownerReferences"),
			     owner_reference(owner->stored));
	set_copy(pod, "spec", json_at(template, "spec"));
	need_object(pod, "spec");
	return pod;
}

bool
pod_create(struct controllers *c, struct thing *owner, const char *component, cJSON *pod)
{
	const struct stored *about = stored_hold(owner->stored);
	int code;
	const struct stored *made = write_new(c, c->kinds.pods, about->ns, pod, &code);

	if (made)
		event_tell(c, about, component, NULL, NULL, "Normal", "SuccessfulCreate",
			   "Created pod: %s", made->name);
	stored_drop(made);
	stored_drop(about);
	return made;
}

bool
pod_delete(struct controllers *c, struct thing *owner, const char *component, struct thing *pod)
{
	const struct stored *about = stored_hold(owner->stored);
	const struct stored *victim = stored_hold(pod->stored);
	bool done = write_delete(c, victim, NULL, -1);

	if (done)
		event_tell(c, about, component, NULL, NULL, "Normal", "SuccessfulDelete",
			   "Deleted pod: %s", victim->name);
	stored_drop(victim);
	stored_drop(about);
	return done;
}

/* ---- orders ---- */

static int64_t
restarts_of(const struct thing *pod)
{
	const cJSON *status;
	int64_t most = 0;

	cJSON_ArrayForEach(status, json_at(pod->stored->object, "status/containerStatuses"))
		if (json_int(status, "restartCount", 0) > most)
			most = json_int(status, "restartCount", 0);
	return most;
}

static int
phase_rank(const struct thing *pod)
{
	const char *phase = json_string(pod->stored->object, "status/phase", "Pending");

	return strcmp(phase, "Pending") == 0 ? 0 : strcmp(phase, "Unknown") == 0 ? 1 : 2;
}

static int64_t
cost_of(const struct thing *pod)
{
	return atoll(
		annotation_of(pod->stored->object, "controller.kubernetes.io/pod-deletion-cost"));
}

static int
order_of(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int
compare_age(const struct thing *a, const struct thing *b)
{
	int order = strcmp(json_string(a->stored->object, "metadata/creationTimestamp", ""),
			   json_string(b->stored->object, "metadata/creationTimestamp", ""));

	return order ? order : strcmp(a->stored->name, b->stored->name);
}

/* Source: k8s.io/kubernetes, pkg/controller, ActivePodsWithRanks. */
static int
compare_for_deletion(const void *one, const void *other)
{
	const struct thing *a = *(struct thing *const *)one, *b = *(struct thing *const *)other;
	int order = order_of(a->pod.bound, b->pod.bound);

	if (!order)
		order = order_of(phase_rank(a), phase_rank(b));
	if (!order)
		order = order_of(a->pod.ready, b->pod.ready);
	if (!order)
		order = order_of(cost_of(a), cost_of(b));
	if (!order && a->pod.ready)
		order = order_of(b->pod.ready_ms, a->pod.ready_ms);
	if (!order)
		order = order_of(restarts_of(b), restarts_of(a));
	return order ? order : compare_age(b, a);
}

void
sort_for_deletion(struct things *pods)
{
	if (pods->count)
		qsort(pods->items, pods->count, sizeof(struct thing *), compare_for_deletion);
}

static int
compare_by_age(const void *a, const void *b)
{
	return compare_age(*(struct thing *const *)a, *(struct thing *const *)b);
}

void
sort_by_age(struct things *list)
{
	if (list->count)
		qsort(list->items, list->count, sizeof(struct thing *), compare_by_age);
}

/* ---- words and numbers ---- */

static void mix_tree(uint32_t *hash, const cJSON *value);

static void
mix(uint32_t *hash, const char *text)
{
	for (; *text; text++)
		*hash = (*hash ^ (unsigned char)*text) * 16777619u;
	*hash = (*hash ^ 0xff) * 16777619u;
}

/* Members add up, so that their order is nothing. */
static void
mix_members(uint32_t *hash, const cJSON *object)
{
	uint32_t sum = 0;

	for (const cJSON *member = object->child; member; member = member->next) {
		uint32_t one = 2166136261u;

		mix(&one, member->string);
		mix_tree(&one, member);
		sum += one;
	}
	*hash = (*hash ^ sum) * 16777619u;
}

static void
mix_tree(uint32_t *hash, const cJSON *value)
{
	if (cJSON_IsObject(value)) {
		mix_members(hash, value);
	} else if (cJSON_IsArray(value)) {
		mix(hash, "[");
		for (const cJSON *item = value->child; item; item = item->next)
			mix_tree(hash, item);
	} else {
		char *text = json_print(value);

		mix(hash, text);
		free(text);
	}
}

char *
template_hash(const cJSON *template, int64_t collisions)
{
	static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
	uint32_t hash = 2166136261u;
	char digits[16];

	mix_tree(&hash, template);
	hash += (uint32_t)collisions * 2654435761u;
	snprintf(digits, sizeof(digits), "%u", hash);
	for (char *digit = digits; *digit; digit++)
		*digit = letters[(unsigned char)*digit % (sizeof(letters) - 1)];
	return xstrdup(digits);
}

int64_t
int_or_percent(const cJSON *value, int64_t total, bool up, const char *otherwise)
{
	const char *text = cJSON_IsString(value) ? value->valuestring : otherwise;
	double number = cJSON_IsNumber(value) ? value->valuedouble : (double)atoll(text);

	if (!cJSON_IsNumber(value) && strchr(text, '%')) {
		number = number * (double)total / 100;
		number = up ? ceil(number) : floor(number);
	}
	if (number < 0)
		return 0;
	return number < INT32_MAX ? (int64_t)number : INT32_MAX;
}
