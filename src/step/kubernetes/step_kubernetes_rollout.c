#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/rollout.h"
#include "step/kubernetes/step_kubernetes_workload.h"
#include "step/steps.h"

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "deployments",
	  .help = "deployments, statefulsets or daemonsets." },
	{ .name = "name",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The object, or several; either this or `selector` is needed." },
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector: all objects that it matches when the step begins." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where they are; the target's namespace if not given." },
	{ .name = "fail_on",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "What ends the wait at once, of pods of the newest revision: reasons of "
		  "containers (CrashLoopBackOff, ImagePullBackOff) and conditions." },
	{ .name = "interval",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "2s",
	  .help = "How often to look." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10m",
	  .help = "How long to wait in all; 0 looks once." },
	{ .name = NULL },
};

static bool
has_names(const struct action *action)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(action->with, "name");

	return name && !cJSON_IsNull(name);
}

static int
rollout_init(struct kube_step *s, struct step_context *ctx, const struct action *action,
	     struct step_texts *ret_names, struct err *e)
{
	bool selects = json_string(action->with, "selector", NULL) != NULL;

	*ret_names = (struct step_texts){ 0 };
	if (has_names(action) == selects)
		return err_set(e, ERR_SPEC, "kubernetes.rollout needs either `name` or `selector`");
	if (!selects && workload_names(action, ret_names, e) < 0)
		return -1;
	if (kube_step_init(s, ctx, action, e) == 0) {
		if (workload_check_kind(s, e) == 0)
			return 0;
		kube_step_release(s);
	}
	step_texts_release(ret_names);
	return -1;
}

static void
rollout_release(struct kube_step *s, struct step_texts *names)
{
	kube_step_release(s);
	step_texts_release(names);
}

/* Adds {"name", "uid"} of an object, and in a preview a sentence on it. */
static void
add_object(const cJSON *object, cJSON *found, struct preview *preview)
{
	struct str sentence = STR_INIT;
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", json_string(object, "metadata/name", ""));
	json_add_string(entry, "uid", json_string(object, "metadata/uid", ""));
	cJSON_AddItemToArray(found, entry);
	if (preview) {
		enum kube_rollout state = kube_rollout_status(object, &sentence);

		preview_add(preview,
			    state == KUBE_ROLLOUT_WAITING || state == KUBE_ROLLOUT_DONE
				    ? PREVIEW_TEXT
				    : PREVIEW_WARNING,
			    "Now: %s", str_cstr(&sentence));
	}
	str_release(&sentence);
}

static int
find_selected(struct kube_step *s, cJSON *found, struct preview *preview, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const cJSON *item;
	int rc = 0;

	if (kube_step_fetch(s, NULL, KUBE_STEP_OBJECTS, &list, e) < 0)
		return -1;
	cJSON_ArrayForEach(item, list.items)
		add_object(item, found, preview);
	if (list.truncated)
		rc = err_set(e, ERR_SPEC, "more than %d objects match. Narrow the selector",
			     KUBE_STEP_MAX_ITEMS);
	else if (!list.items->child)
		rc = err_set(e, ERR_NOT_FOUND, "nothing matches the selector %s",
			     json_string(s->action->with, "selector", ""));
	kube_step_list_release(&list);
	return rc < 0 ? kube_step_failed(s, NULL, e) : 0;
}

static int
find_named(struct kube_step *s, const struct step_texts *names, cJSON *found,
	   struct preview *preview, struct err *e)
{
	for (size_t i = 0; i < names->count; i++) {
		struct kube_step_list list = { NULL, NULL, NULL, false };

		if (kube_step_fetch(s, names->items[i], KUBE_STEP_OBJECTS, &list, e) < 0)
			return -1;
		add_object(list.items->child, found, preview);
		kube_step_list_release(&list);
	}
	return 0;
}

/* The objects whose rollouts are awaited, as {"name", "uid"}; `preview` may be NULL. */
static int
find_objects(struct kube_step *s, const struct step_texts *names, struct preview *preview,
	     cJSON **ret_found, struct err *e)
{
	cJSON *found = cJSON_CreateArray();
	int rc = names->count ? find_named(s, names, found, preview, e)
			      : find_selected(s, found, preview, e);

	if (rc < 0)
		cJSON_Delete(found);
	else
		*ret_found = found;
	return rc;
}

static int
rollout_permissions(struct step_context *ctx, const struct action *action,
		    struct permission_list *list, struct err *e)
{
	struct step_texts names;
	struct kube_step s;

	if (rollout_init(&s, ctx, action, &names, e) < 0)
		return -1;
	if (!names.count)
		permission_add(list, "list", "apps", s.resource.name, NULL, NULL, s.ns);
	for (size_t i = 0; i < names.count; i++)
		permission_add(list, "get", "apps", s.resource.name, NULL, names.items[i], s.ns);
	if (!names.count)
		permission_add(list, "get", "apps", s.resource.name, NULL, NULL, s.ns);
	workload_signs_permissions(&s, list);
	rollout_release(&s, &names);
	return 0;
}

static void
preview_requests(const struct kube_step *s, const struct step_texts *names, struct preview *preview)
{
	char *query = names->count ? xstrdup("") : kube_step_query(s);

	for (size_t i = 0; i < (names->count ? names->count : 1); i++) {
		char *path = kube_step_path(s, names->count ? names->items[i] : NULL);

		preview_add(preview, PREVIEW_REQUEST, "GET %s%s", path, query);
		free(path);
	}
	free(query);
}

static int
rollout_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	struct step_texts names;
	struct kube_step s;
	char most[CLOCK_STAMP_MAX], *place;
	cJSON *found = NULL;
	int rc;

	if (rollout_init(&s, ctx, action, &names, e) < 0)
		return -1;
	place = kube_step_place(&s);
	preview_add(preview, PREVIEW_TEXT,
		    "Waits for the rollout of %s in %s, at most %s:", s.resource.name, place,
		    duration_format(json_int(action->with, "timeout", 0), most));
	free(place);
	preview_requests(&s, &names, preview);
	rc = find_objects(&s, &names, preview, &found, e);
	cJSON_Delete(found);
	rollout_release(&s, &names);
	return rc;
}

static cJSON *
make_result(const struct action *action, cJSON *objects)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(action->with, "name");
	cJSON *result;

	if (cJSON_IsString(name)) {
		result = cJSON_DetachItemFromArray(objects, 0);
		cJSON_Delete(objects);
		return result;
	}
	result = cJSON_CreateObject();
	json_add_int(result, "count", cJSON_GetArraySize(objects));
	json_add(result, "items", objects);
	return result;
}

static int
rollout_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	struct step_texts names;
	struct kube_step s;
	cJSON *found = NULL, *objects = NULL;
	int rc;

	if (rollout_init(&s, ctx, action, &names, e) < 0)
		return -1;
	rc = find_objects(&s, &names, NULL, &found, e);
	if (rc == 0)
		rc = workload_wait_rollout(&s, found, &objects, e);
	if (rc == 0)
		*ret_result = make_result(action, objects);
	cJSON_Delete(found);
	rollout_release(&s, &names);
	return rc;
}

const struct executor step_kubernetes_rollout = {
	.type = {
		.uses = "kubernetes.rollout",
		.summary = "Wait until workloads of a cluster have brought their pods up to date",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "with one `name` the object; otherwise {\"items\", \"count\"}",
	},
	.permissions = rollout_permissions,
	.preview = rollout_preview,
	.run = rollout_run,
};
