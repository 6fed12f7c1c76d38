#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/kubernetes/step_kubernetes_scale.h"
#include "step/steps.h"

enum { LOOK_AGAIN_MS = 500, WAIT_MS = 5 * 60 * 1000 };

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to scale, as kubectl calls it: deployments, statefulsets, or anything "
		  "else that the cluster can scale." },
	{ .name = "name",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The object, or several." },
	{ .name = "replicas",
	  .type = FIELD_INT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "How many there shall be; 0 stops it." },
	{ .name = "current",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .help = "How many there must be before; another number changes nothing and is a "
		  "conflict." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where they are; the target's namespace if not given." },
	{ .name = "wait",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Wait until that many are there; not whether they are ready, for which there "
		  "is kubernetes.rollout." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "5m",
	  .help = "How long to wait." },
	{ .name = NULL },
};

void
scaling_release(struct scaling *c)
{
	kube_step_release(&c->s);
	step_texts_release(&c->names);
}

int
scaling_init(struct scaling *c, struct step_context *ctx, const struct action *action,
	     struct err *e)
{
	*c = (struct scaling){ .wanted = json_int(action->with, "replicas", -1),
			       .goal = "as this step sets it" };
	if (c->wanted < 0 || c->wanted > INT32_MAX)
		return err_set(e, ERR_SPEC,
			       "kubernetes.scale: `replicas` must be 0 or more. Look at the "
			       "parameter or output that it is made of");
	if (workload_names(action, &c->names, e) < 0)
		return -1;
	if (kube_step_init(&c->s, ctx, action, e) < 0)
		goto wrong;
	if (c->s.resource.parts & KUBE_HAS_SCALE)
		return 0;
	err_set(e, ERR_SPEC, "kubernetes.scale: %s have no number of replicas on %s",
		c->s.resource.name, c->s.context);
wrong:
	scaling_release(c);
	return -1;
}

int64_t
scaling_replicas(const cJSON *scale)
{
	return json_int(scale, "spec/replicas", 0); /* the server leaves out a zero */
}

int
scaling_read(struct scaling *c, const char *name, cJSON **ret_scale, struct err *e)
{
	char *base = kube_step_path(&c->s, name), *path = xasprintf("%s/scale", base);
	struct kube_request request = {
		.method = "GET",
		.path = path,
		.cancel = c->s.ctx->cancel,
	};
	int rc = kube_request(c->s.client, &request, NULL, ret_scale, e);

	free(path);
	free(base);
	return rc < 0 ? kube_step_failed(&c->s, name, e) : 0;
}

static int
check_expected(struct scaling *c, const char *name, int64_t replicas, struct err *e)
{
	const cJSON *current = cJSON_GetObjectItemCaseSensitive(c->s.action->with, "current");

	if (!cJSON_IsNumber(current) ||
	    replicas == json_int(c->s.action->with, "current", replicas))
		return 0;
	err_set(e, ERR_CONFLICT,
		"it has %" PRId64 " replicas, where `current` expects %" PRId64
		", and nothing was changed. Look at who scales it",
		replicas, json_int(c->s.action->with, "current", 0));
	return kube_step_failed(&c->s, name, e);
}

int
scaling_check_seen(struct scaling *c, const char *name, const cJSON *scale, struct err *e)
{
	const cJSON *seen = workload_seen(c->s.action->seen, name);
	int64_t was = json_int(seen, "replicas", 0), is = scaling_replicas(scale);

	if (!seen)
		return 0;
	if (!str_equal(json_string(seen, "uid", ""), json_string(scale, "metadata/uid", "")))
		err_set(e, ERR_CONFLICT,
			"it was made anew since it was shown, and nothing was changed. Look at it, "
			"and try again");
	else if (was != is)
		err_set(e, ERR_CONFLICT,
			"it had %" PRId64 " replicas when it was shown, and has %" PRId64
			" now; nothing was changed. Look at who scales it, and try again",
			was, is);
	else
		return 0;
	return kube_step_failed(&c->s, name, e);
}

cJSON *
scaling_entry(const char *name, const cJSON *scale)
{
	const cJSON *spec = json_at(scale, "spec");
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", name);
	json_add_string(entry, "uid", json_string(scale, "metadata/uid", ""));
	json_add_int(entry, "replicas", scaling_replicas(scale));
	json_add(entry, "spec", spec ? cJSON_Duplicate(spec, true) : cJSON_CreateObject());
	return entry;
}

/* Reads all, so that nothing is changed where one of them is not as it should be. */
static int
read_all(struct scaling *c, cJSON **ret_entries, struct err *e)
{
	cJSON *entries = cJSON_CreateArray();

	for (size_t i = 0; i < c->names.count; i++) {
		const char *name = c->names.items[i];
		cJSON *scale = NULL;
		int rc = scaling_read(c, name, &scale, e);

		if (rc == 0)
			rc = check_expected(c, name, scaling_replicas(scale), e);
		if (rc == 0)
			rc = scaling_check_seen(c, name, scale, e);
		if (rc == 0)
			cJSON_AddItemToArray(entries, scaling_entry(name, scale));
		cJSON_Delete(scale);
		if (rc < 0) {
			cJSON_Delete(entries);
			return -1;
		}
	}
	*ret_entries = entries;
	return 0;
}

static int
scale_permissions(struct step_context *ctx, const struct action *action,
		  struct permission_list *list, struct err *e)
{
	static const char *const verbs[] = { "get", "patch" };
	struct scaling c;

	if (scaling_init(&c, ctx, action, e) < 0)
		return -1;
	for (size_t i = 0; i < c.names.count; i++)
		for (size_t j = 0; j < sizeof(verbs) / sizeof(verbs[0]); j++)
			permission_add(list, verbs[j], c.s.resource.group, c.s.resource.name,
				       "scale", c.names.items[i],
				       c.s.resource.namespaced ? c.s.ns : NULL);
	scaling_release(&c);
	return 0;
}

void
scaling_preview_entry(const struct scaling *c, const cJSON *entry, int64_t wanted,
		      struct preview *preview)
{
	const char *name = json_string(entry, "name", "");
	int64_t now = json_int(entry, "replicas", 0);
	char *label = kube_resource_label(&c->s.resource, name), *path;

	if (now == wanted) {
		preview_add(preview, PREVIEW_CONTEXT, "%s has %" PRId64 " replicas already", label,
			    now);
		free(label);
		return;
	}
	path = kube_step_path(&c->s, name);
	preview_add(preview, PREVIEW_REQUEST,
		    "PATCH %s/scale  /spec/replicas = %" PRId64 ", only uid %s with %" PRId64, path,
		    wanted, json_string(entry, "uid", ""), now);
	preview_add(preview, PREVIEW_REMOVE, "%s replicas: %" PRId64, label, now);
	preview_add(preview, PREVIEW_ADD, "%s replicas: %" PRId64, label, wanted);
	if (wanted == 0)
		preview_add(preview, PREVIEW_WARNING, "0 replicas stop everything that %s runs.",
			    label);
	free(path);
	free(label);
}

static int
scale_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	cJSON *entries = NULL, *seen;
	const cJSON *entry;
	struct scaling c;
	char *place;

	if (scaling_init(&c, ctx, action, e) < 0)
		return -1;
	if (read_all(&c, &entries, e) < 0) {
		scaling_release(&c);
		return -1;
	}
	place = kube_step_place(&c.s);
	preview_add(preview, PREVIEW_TEXT, "Scales %zu of the %s in %s to %" PRId64 ":",
		    c.names.count, c.s.resource.name, place, c.wanted);
	free(place);
	cJSON_ArrayForEach(entry, entries)
		scaling_preview_entry(&c, entry, c.wanted, preview);
	seen = cJSON_CreateObject();
	json_add(seen, "objects", entries);
	preview_remember(preview, seen);
	scaling_release(&c);
	return 0;
}

int
scaling_set(struct scaling *c, const cJSON *entry, int64_t wanted, struct err *e)
{
	const char *name = json_string(entry, "name", "");
	struct workload_change change = { .part = "scale", .path = "/spec/replicas" };
	int rc;

	if (json_int(entry, "replicas", 0) == wanted) {
		workload_report(&c->s, name, "has %" PRId64 " replicas already", wanted);
		return 0;
	}
	workload_test(&change, "/metadata/uid", cJSON_CreateString(json_string(entry, "uid", "")));
	workload_test(&change, "/spec", cJSON_Duplicate(json_at(entry, "spec"), true));
	change.value = cJSON_CreateNumber((double)wanted);
	rc = workload_patch(&c->s, name, &change, e);
	if (rc == 0)
		workload_report(&c->s, name, "scaled from %" PRId64 " to %" PRId64,
				json_int(entry, "replicas", 0), wanted);
	return rc;
}

/* 1: as many as wanted are there; 0: not yet; -1: error. */
static int
has_arrived(struct scaling *c, const char *name, int64_t wanted, struct str *seen, struct err *e)
{
	struct err why = ERR_INIT;
	cJSON *scale = NULL;
	int64_t are;
	int rc = 0;

	if (scaling_read(c, name, &scale, &why) < 0) {
		if (!kube_step_transient(&why))
			return err_set(e, why.kind, "%s", why.message);
		str_append(seen, why.message);
		return 0;
	}
	are = json_int(scale, "status/replicas", 0);
	if (scaling_replicas(scale) != wanted) {
		err_set(e, ERR_CONFLICT,
			"it was scaled to %" PRId64 ", and somebody has set it to %" PRId64
			" since. Look at who scales it (an operator, an autoscaler)",
			wanted, scaling_replicas(scale));
		rc = kube_step_failed(&c->s, name, e);
	} else if (are == wanted) {
		rc = 1;
	} else {
		str_printf(seen, "%s has %" PRId64 " of %" PRId64 " replicas", name, are, wanted);
	}
	cJSON_Delete(scale);
	return rc;
}

int
scaling_wait(struct scaling *c, const cJSON *entries, int64_t wanted, struct err *e)
{
	int64_t deadline_ms = workload_deadline_ms(&c->s, WAIT_MS);
	const cJSON *entry = entries->child;
	struct str seen = STR_INIT;
	int rc = 0;

	while (entry && rc >= 0) {
		const char *name = json_string(entry, "name", "");

		str_clear(&seen);
		rc = has_arrived(c, name, wanted < 0 ? json_int(entry, "replicas", 0) : wanted,
				 &seen, e);
		if (rc > 0)
			entry = entry->next;
		if (rc != 0)
			continue;
		c->s.ctx->progress(c->s.ctx, "%s", str_cstr(&seen));
		if (clock_mono_ms() >= deadline_ms) {
			err_set(e, ERR_TIMEOUT, "it was scaled, but %s", str_cstr(&seen));
			rc = kube_step_failed(&c->s, name, e);
		} else if (cancel_sleep(c->s.ctx->cancel, LOOK_AGAIN_MS)) {
			rc = err_set(e, ERR_CANCELLED,
				     "kubernetes.scale: it was scaled; waiting was cancelled. %s",
				     str_cstr(&seen));
		}
	}
	str_release(&seen);
	return rc < 0 ? -1 : 0;
}

/* {"objects": entries}: what undo() is given back. */
static cJSON *
before_of(const cJSON *entries)
{
	cJSON *before = cJSON_CreateObject();

	json_add(before, "objects", cJSON_Duplicate(entries, true));
	return before;
}

static cJSON *
make_result(const struct scaling *c, const cJSON *entries)
{
	cJSON *result = cJSON_CreateObject(), *objects = cJSON_CreateArray();
	const cJSON *entry;

	cJSON_ArrayForEach(entry, entries) {
		cJSON *object = cJSON_CreateObject();

		json_add_string(object, "name", json_string(entry, "name", ""));
		json_add_int(object, "replicas", c->wanted);
		json_add_int(object, "was", json_int(entry, "replicas", 0));
		cJSON_AddItemToArray(objects, object);
	}
	json_add(result, "objects", objects);
	json_add(result, "before", before_of(entries));
	return result;
}

static int
scale_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	cJSON *entries = NULL, *done = cJSON_CreateArray();
	const cJSON *entry;
	struct scaling c;
	int rc = scaling_init(&c, ctx, action, e);

	if (rc < 0)
		goto out;
	rc = read_all(&c, &entries, e);
	if (rc == 0)
		rc = kube_step_begin_writing(&c.s, NULL, e);
	cJSON_ArrayForEach(entry, entries) {
		if (rc == 0)
			rc = scaling_set(&c, entry, c.wanted, e);
		if (rc == 0)
			cJSON_AddItemToArray(done, cJSON_Duplicate(entry, true));
	}
	if (rc == 0 && json_bool(action->with, "wait", true))
		rc = scaling_wait(&c, entries, c.wanted, e);
	if (rc < 0)
		workload_say_done("Scaled", done, e);
	else
		*ret_result = make_result(&c, entries);
	cJSON_Delete(entries);
	scaling_release(&c);
out:
	cJSON_Delete(done);
	return rc;
}

/* The object itself says more than its `scale` part, to whom may read it. */
static void
describe_object(struct scaling *c, const char *name, struct str *line)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct err ignored = ERR_INIT;

	if (kube_step_fetch(&c->s, name, KUBE_STEP_OBJECTS, &list, &ignored) < 0)
		return;
	str_append(line, "; ");
	kube_step_describe(&c->s, list.items->child, "lifeboat", line);
	kube_step_list_release(&list);
}

void
scaling_judge(struct scaling *c, const char *name, const cJSON *scale, int64_t wanted,
	      struct probe *probe, size_t *done, size_t *untouched)
{
	const cJSON *seen = workload_seen(c->s.action->seen, name);
	int64_t is = scaling_replicas(scale), are = json_int(scale, "status/replicas", 0);
	bool waits = json_bool(c->s.action->with, "wait", true);
	struct str line = STR_INIT;

	kube_step_name(&c->s, name, &line);
	str_printf(&line, "%" PRId64 " replicas are wanted there, %" PRId64 " are there", is, are);
	if (!seen ||
	    !str_equal(json_string(seen, "uid", ""), json_string(scale, "metadata/uid", ""))) {
		str_append(&line, "; it is NOT the object that the preview saw");
	} else if (is == wanted) {
		*done += are == is || !waits;
		str_printf(&line, ", %s", c->goal);
	} else if (is == json_int(seen, "replicas", -1)) {
		++*untouched;
		str_append(&line, ", as the preview saw it");
	} else {
		str_printf(&line, ", set by somebody else: the preview saw %" PRId64,
			   json_int(seen, "replicas", -1));
	}
	describe_object(c, name, &line);
	probe_add(probe, "%s", line.data);
	str_release(&line);
}

static int
scale_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	    enum probe_verdict *ret_verdict, struct err *e)
{
	size_t done = 0, untouched = 0;
	struct scaling c;
	int rc = 0;

	if (scaling_init(&c, ctx, action, e) < 0)
		return -1;
	for (size_t i = 0; i < c.names.count && rc == 0; i++) {
		cJSON *scale = NULL;

		rc = scaling_read(&c, c.names.items[i], &scale, e);
		if (rc < 0)
			break;
		scaling_judge(&c, c.names.items[i], scale, c.wanted, probe, &done, &untouched);
		cJSON_Delete(scale);
	}
	if (rc == 0)
		*ret_verdict = kube_step_verdict(&c.s, probe, c.names.count, done, untouched);
	scaling_release(&c);
	return rc;
}

const struct executor step_kubernetes_scale = {
	.type = {
		.uses = "kubernetes.scale",
		.summary = "Set how many replicas objects of a cluster have",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{\"objects\": [{\"name\", \"replicas\", \"was\"}], \"before\"}",
		.undo = "its change: the numbers of replicas as they were",
	},
	.permissions = scale_permissions,
	.preview = scale_preview,
	.run = scale_run,
	.probe = scale_probe,
	.undo_preview = scaling_undo_preview,
	.undo = scaling_undo,
	.undo_probe = scaling_undo_probe,
};
