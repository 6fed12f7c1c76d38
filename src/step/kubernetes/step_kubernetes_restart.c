#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/rollout.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/kubernetes/step_kubernetes_workload.h"
#include "step/steps.h"

static const char annotation[] = "kubectl.kubernetes.io/restartedAt";

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "deployments",
	  .help = "deployments, statefulsets or daemonsets." },
	{ .name = "name",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The object, or several." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where they are; the target's namespace if not given." },
	{ .name = "wait",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Wait until all pods are new ones, as kubernetes.rollout does." },
	{ .name = "fail_on",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "What ends the wait at once, of the new pods: reasons of containers "
		  "(CrashLoopBackOff, ImagePullBackOff) and conditions." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10m",
	  .help = "How long to wait." },
	{ .name = NULL },
};

/* One call of the executor. */
struct restart {
	struct kube_step s;
	struct step_texts names;
};

static void
restart_release(struct restart *r)
{
	kube_step_release(&r->s);
	step_texts_release(&r->names);
}

static int
restart_init(struct restart *r, struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	*r = (struct restart){ .names = { NULL, 0, 0 } };
	if (workload_names(action, &r->names, e) < 0)
		return -1;
	if (kube_step_init(&r->s, ctx, action, e) == 0 && workload_check_kind(&r->s, e) == 0)
		return 0;
	restart_release(r);
	return -1;
}

/* When it was restarted last, or "". */
static const char *
stamp_of(const cJSON *object)
{
	const cJSON *annotations = json_at(object, "spec/template/metadata/annotations");
	const cJSON *stamp = cJSON_GetObjectItemCaseSensitive(annotations, annotation);

	return cJSON_IsString(stamp) ? stamp->valuestring : "";
}

static bool
waits(const struct restart *r)
{
	return json_bool(r->s.action->with, "wait", true);
}

static bool
is_on_delete(const cJSON *object)
{
	return str_equal(json_string(object, "spec/updateStrategy/type", ""), "OnDelete");
}

/* Whether it can be restarted at all, and is what the operator saw. */
static int
check_object(const struct restart *r, const char *name, const cJSON *object, struct err *e)
{
	const cJSON *seen = workload_seen(r->s.action->seen, name);

	if (kube_rollout_paused(object))
		err_set(e, ERR_CONFLICT,
			"it is paused, and would not restart. Resume it first: kubectl rollout "
			"resume");
	else if (waits(r) && is_on_delete(object))
		err_set(e, ERR_SPEC,
			"its update strategy is OnDelete: its pods restart when somebody deletes "
			"them, so that waiting would not end. Say `wait: false`");
	else if (seen &&
		 (!str_equal(json_string(seen, "uid", ""),
			     json_string(object, "metadata/uid", "")) ||
		  json_int(seen, "generation", 0) != json_int(object, "metadata/generation", 0)))
		err_set(e, ERR_CONFLICT,
			"it was changed since it was shown, and nothing was restarted. Look at it, "
			"and try again");
	else
		return 0;
	return kube_step_failed(&r->s, name, e);
}

/* Reads all, so that nothing is restarted where one of them cannot be. */
static int
read_all(struct restart *r, cJSON **ret_objects, struct err *e)
{
	cJSON *objects = cJSON_CreateArray();

	for (size_t i = 0; i < r->names.count; i++) {
		struct kube_step_list list = { NULL, NULL, NULL, false };
		const char *name = r->names.items[i];
		int rc = kube_step_fetch(&r->s, name, KUBE_STEP_OBJECTS, &list, e);

		if (rc == 0)
			rc = check_object(r, name, list.items->child, e);
		if (rc == 0)
			cJSON_AddItemToArray(objects, cJSON_DetachItemFromArray(list.items, 0));
		kube_step_list_release(&list);
		if (rc < 0) {
			cJSON_Delete(objects);
			return -1;
		}
	}
	*ret_objects = objects;
	return 0;
}

static int
restart_permissions(struct step_context *ctx, const struct action *action,
		    struct permission_list *list, struct err *e)
{
	static const char *const verbs[] = { "get", "patch" };
	struct restart r;

	if (restart_init(&r, ctx, action, e) < 0)
		return -1;
	for (size_t i = 0; i < r.names.count; i++)
		for (size_t j = 0; j < sizeof(verbs) / sizeof(verbs[0]); j++)
			permission_add(list, verbs[j], r.s.resource.group, r.s.resource.name, NULL,
				       r.names.items[i], r.s.ns);
	if (waits(&r))
		workload_signs_permissions(&r.s, list);
	restart_release(&r);
	return 0;
}

static cJSON *
entry_of(const cJSON *object)
{
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", json_string(object, "metadata/name", ""));
	json_add_string(entry, "uid", json_string(object, "metadata/uid", ""));
	json_add_int(entry, "generation", json_int(object, "metadata/generation", 0));
	json_add_string(entry, "restarted_at", stamp_of(object));
	return entry;
}

static int64_t
pods_of(const cJSON *object)
{
	return json_int(object, "status/replicas",
			json_int(object, "status/desiredNumberScheduled", 0));
}

static void
preview_object(const struct restart *r, const cJSON *object, struct preview *preview)
{
	const char *name = json_string(object, "metadata/name", "");
	char *label = kube_resource_label(&r->s.resource, name);
	char *path = kube_step_path(&r->s, name);

	preview_add(preview, PREVIEW_REQUEST,
		    "PATCH %s  spec.template.metadata.annotations[\"%s\"] = now, only uid %s in "
		    "generation %" PRId64,
		    path, annotation, json_string(object, "metadata/uid", ""),
		    json_int(object, "metadata/generation", 0));
	preview_add(preview, PREVIEW_TEXT, "%s: %" PRId64 " pods are replaced by new ones", label,
		    pods_of(object));
	if (*stamp_of(object))
		preview_add(preview, PREVIEW_CONTEXT, "%s was restarted last at %s", label,
			    stamp_of(object));
	if (str_equal(json_string(object, "spec/strategy/type", ""), "Recreate"))
		preview_add(preview, PREVIEW_WARNING,
			    "%s: its strategy is Recreate: all its pods stop before a new one "
			    "starts.",
			    label);
	if (is_on_delete(object))
		preview_add(preview, PREVIEW_WARNING,
			    "%s: its strategy is OnDelete: nothing restarts until its pods are "
			    "deleted.",
			    label);
	free(path);
	free(label);
}

static int
restart_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	cJSON *objects = NULL, *seen, *entries;
	const cJSON *object;
	struct restart r;
	char *place;

	if (restart_init(&r, ctx, action, e) < 0)
		return -1;
	if (read_all(&r, &objects, e) < 0) {
		restart_release(&r);
		return -1;
	}
	place = kube_step_place(&r.s);
	preview_add(preview, PREVIEW_TEXT, "Restarts %zu of the %s in %s:", r.names.count,
		    r.s.resource.name, place);
	free(place);
	entries = cJSON_CreateArray();
	cJSON_ArrayForEach(object, objects) {
		preview_object(&r, object, preview);
		cJSON_AddItemToArray(entries, entry_of(object));
	}
	seen = cJSON_CreateObject();
	json_add(seen, "objects", entries);
	preview_remember(preview, seen);
	cJSON_Delete(objects);
	restart_release(&r);
	return 0;
}

/* Sets the annotation, if the object is still the one that was read and says nothing else. */
static int
set_stamp(struct restart *r, const cJSON *object, const char *stamp, struct err *e)
{
	static const char annotations[] = "/spec/template/metadata/annotations";
	bool has_some = json_at(object, "spec/template/metadata/annotations") != NULL;
	struct workload_change change = { .path = annotations };

	workload_test(&change, "/metadata/uid",
		      cJSON_CreateString(json_string(object, "metadata/uid", "")));
	workload_test(&change, "/metadata/generation",
		      cJSON_Duplicate(json_at(object, "metadata/generation"), true));
	if (has_some) {
		change.path = "/spec/template/metadata/annotations/"
			      "kubectl.kubernetes.io~1restartedAt";
		change.value = cJSON_CreateString(stamp);
	} else {
		change.value = cJSON_CreateObject();
		json_add_string(change.value, annotation, stamp);
	}
	return workload_patch(&r->s, json_string(object, "metadata/name", ""), &change, e);
}

static int
restart_all(struct restart *r, const cJSON *objects, cJSON *done, struct err *e)
{
	cJSON *evidence = cJSON_CreateObject();
	char stamp[CLOCK_STAMP_MAX];
	const cJSON *object;

	clock_format_utc(clock_wall_ms(), stamp);
	json_add_string(evidence, "restarted_at", stamp);
	if (kube_step_begin_writing(&r->s, evidence, e) < 0)
		return -1;
	cJSON_ArrayForEach(object, objects) {
		const char *name = json_string(object, "metadata/name", "");
		cJSON *entry;

		if (set_stamp(r, object, stamp, e) < 0)
			return -1;
		workload_report(&r->s, name, "restarted");
		entry = cJSON_CreateObject();
		json_add_string(entry, "name", name);
		json_add_string(entry, "uid", json_string(object, "metadata/uid", ""));
		json_add_string(entry, "restarted_at", stamp);
		cJSON_AddItemToArray(done, entry);
	}
	return 0;
}

static int
restart_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	cJSON *objects = NULL, *after = NULL, *done = cJSON_CreateArray();
	struct restart r;
	int rc = restart_init(&r, ctx, action, e);

	if (rc < 0)
		goto out;
	rc = read_all(&r, &objects, e);
	if (rc == 0)
		rc = restart_all(&r, objects, done, e);
	if (rc == 0 && waits(&r))
		rc = workload_wait_rollout(&r.s, done, &after, e);
	if (rc < 0) {
		workload_say_done("Restarted", done, e);
	} else {
		*ret_result = cJSON_CreateObject();
		json_add(*ret_result, "objects", done);
		done = NULL;
	}
	cJSON_Delete(after);
	cJSON_Delete(objects);
	restart_release(&r);
out:
	cJSON_Delete(done);
	return rc;
}

/* Whether a restart of ours shows in an object, or none of anybody's. */
static void
judge_object(const struct restart *r, const cJSON *object, struct probe *probe, size_t *done,
	     size_t *untouched)
{
	const char *name = json_string(object, "metadata/name", "");
	const char *ours = json_string(r->s.action->evidence, "restarted_at", NULL);
	const cJSON *seen = workload_seen(r->s.action->seen, name);
	const char *stamp = stamp_of(object), *uid = json_string(object, "metadata/uid", "");
	struct str line = STR_INIT, state = STR_INIT;
	bool rolled_out = kube_rollout_status(object, &state) == KUBE_ROLLOUT_DONE;

	kube_step_name(&r->s, name, &line);
	kube_step_describe(&r->s, object, "lifeboat", &line);
	str_printf(&line, "; restarted last: %s", *stamp ? stamp : "never");
	if (!seen || !str_equal(json_string(seen, "uid", ""), uid)) {
		str_append(&line, "; it is NOT the object that the preview saw");
	} else if (ours && str_equal(ours, stamp)) {
		str_printf(&line, " (by this step); %s", str_cstr(&state));
		*done += rolled_out || !waits(r);
	} else if (str_equal(json_string(seen, "restarted_at", ""), stamp)) {
		str_append(&line, ", as the preview saw it");
		++*untouched;
	} else {
		str_append(&line, ", by somebody else");
	}
	probe_add(probe, "%s", line.data);
	str_release(&state);
	str_release(&line);
}

/* The stamp is known before it is sent: it tells our restart from everybody else's. */
static int
restart_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	      enum probe_verdict *ret_verdict, struct err *e)
{
	size_t done = 0, untouched = 0;
	struct restart r;
	int rc = 0;

	if (restart_init(&r, ctx, action, e) < 0)
		return -1;
	for (size_t i = 0; i < r.names.count && rc == 0; i++) {
		struct kube_step_list list = { NULL, NULL, NULL, false };

		rc = kube_step_fetch(&r.s, r.names.items[i], KUBE_STEP_OBJECTS, &list, e);
		if (rc < 0)
			break;
		judge_object(&r, list.items->child, probe, &done, &untouched);
		kube_step_list_release(&list);
	}
	if (rc == 0)
		*ret_verdict = kube_step_verdict(&r.s, probe, r.names.count, done, untouched);
	restart_release(&r);
	return rc;
}

const struct executor step_kubernetes_restart = {
	.type = {
		.uses = "kubernetes.restart",
		.summary = "Replace the pods of workloads by new ones, as kubectl rollout restart",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{\"objects\": [{\"name\", \"uid\", \"restarted_at\"}]}",
	},
	.permissions = restart_permissions,
	.preview = restart_preview,
	.run = restart_run,
	.probe = restart_probe,
};
