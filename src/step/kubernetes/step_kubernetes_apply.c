#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/http/http.h"
#include "step/kubernetes/step_kubernetes_apply.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/steps.h"

enum { FOUNDATION_WAIT_MS = 60 * 1000, LOOK_AGAIN_MS = 500 };

static const struct field fields[] = {
	{ .name = "file",
	  .type = FIELD_PATH,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "A manifest, or a folder of them." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "For objects that name none; the target's namespace if not given." },
	{ .name = "field_manager",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "lifeboat",
	  .help = "Under which name the cluster records the fields." },
	{ .name = "force",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Take over fields that another manager owns." },
	{ .name = "show",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .help = "Keys of Secrets whose values are no secrets and may be shown, such as kid." },
	{ .name = NULL },
};

/* Verbs that end with NULL, for each object of the manifest. */
static int
add_permissions(struct step_context *ctx, const struct action *action, const char *const *verbs,
		struct permission_list *list, struct err *e)
{
	struct apply a;
	const cJSON *object;
	bool known;
	int rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	cJSON_ArrayForEach(object, a.objects) {
		const struct kube_resource *r = &a.s.resource;

		rc = apply_aim(&a, object, &known, e);
		if (rc < 0) {
			kube_step_failed(&a.s, apply_name(object), e);
			break;
		}
		for (size_t i = 0; known && verbs[i]; i++)
			permission_add(list, verbs[i], r->group, r->name, NULL,
				       str_equal(verbs[i], "create") ? NULL : apply_name(object),
				       r->namespaced ? a.s.ns : NULL);
	}
	apply_release(&a);
	return rc;
}

static int
apply_permissions(struct step_context *ctx, const struct action *action,
		  struct permission_list *list, struct err *e)
{
	static const char *const verbs[] = { "get", "create", "patch", NULL };

	return add_permissions(ctx, action, verbs, list, e);
}

/* What it makes is deleted again. */
static int
apply_undo_permissions(struct step_context *ctx, const struct action *action,
		       struct permission_list *list, struct err *e)
{
	static const char *const verbs[] = { "delete", NULL };

	return add_permissions(ctx, action, verbs, list, e);
}

struct difference {
	struct preview *preview; /* NULL: only counted */
	size_t changes;
};

static void
difference_line(void *data, char mark, const char *line)
{
	struct difference *d = data;

	if (mark != ' ')
		d->changes++;
	if (d->preview)
		preview_add(d->preview,
			    mark == '+'	  ? PREVIEW_ADD
			    : mark == '-' ? PREVIEW_REMOVE
					  : PREVIEW_CONTEXT,
			    "%s", line);
}

static void
show_difference(struct preview *preview, const char *label, const cJSON *before, const cJSON *after)
{
	struct difference d = { preview, 0 };

	preview_add(preview, PREVIEW_CONTEXT, "%s%s", label, before ? "" : " (new)");
	kube_diff(before, after, difference_line, &d);
	if (before && !d.changes)
		preview_add(preview, PREVIEW_CONTEXT, "%s: nothing changes", label);
}

static void
warn_of_owners(struct preview *preview, const cJSON *object, const char *label)
{
	const cJSON *owner;

	cJSON_ArrayForEach(owner, json_at(object, "metadata/ownerReferences"))
		preview_add(preview, PREVIEW_WARNING,
			    "%s is owned by %s %s, uid %s: where that is not in this cluster, the "
			    "cluster deletes it again.",
			    label, json_string(owner, "kind", "?"), json_string(owner, "name", "?"),
			    json_string(owner, "uid", "?"));
}

static void
show_request(struct apply *a, struct preview *preview, const cJSON *object)
{
	char *path = kube_step_path(&a->s, apply_name(object));
	char *manager = http_encode(a->manager);

	preview_add(preview, PREVIEW_REQUEST,
		    "PATCH %s?fieldManager=%s&fieldValidation=Strict&force=%s", path, manager,
		    a->flags & KUBE_APPLY_FORCE ? "true" : "false");
	free(manager);
	free(path);
}

static void
preview_trial(struct apply *a, const struct trial *trial, struct preview *preview)
{
	const cJSON *object = trial->object;
	char *label = a->s.resource.name ? kube_resource_label(&a->s.resource, apply_name(object))
					 : xasprintf("%s %s", json_string(object, "kind", ""),
						     apply_name(object));

	if (a->s.resource.name)
		show_request(a, preview, object);
	if (trial->deferred)
		preview_add(preview, PREVIEW_TEXT,
			    "%s cannot be tried before it is applied: %s. What the manifest says:",
			    label, trial->deferred);
	show_difference(preview, label, trial->before, trial->after ? trial->after : object);
	warn_of_owners(preview, object, label);
	free(label);
}

/* Tries and shows one object; a refusal is shown too, and kept for the end. */
static int
preview_object(struct apply *a, struct trial *trial, struct preview *preview, struct err *e)
{
	size_t refused = a->refused, shown = a->refusals.len;

	if (apply_try(a, trial, false, e) < 0)
		return -1;
	if (a->refused > refused)
		preview_add(preview, PREVIEW_WARNING, "%s", str_cstr(&a->refusals) + shown);
	else
		preview_trial(a, trial, preview);
	return 0;
}

static int
apply_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	struct apply a;
	int rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	preview_add(preview, PREVIEW_TEXT, "Applies %zu object%s of %s on %s as %s:", a.count,
		    a.count == 1 ? "" : "s", json_string(action->with, "file", ""), a.s.context,
		    a.manager);
	if (a.flags & KUBE_APPLY_FORCE)
		preview_add(preview, PREVIEW_WARNING,
			    "force: fields that another manager owns are taken over.");
	for (size_t i = 0; i < a.count && rc == 0; i++)
		rc = preview_object(&a, &a.trials[i], preview, e);
	if (rc == 0)
		rc = apply_check_refusals(&a, e);
	if (rc == 0)
		preview_remember(preview, apply_seals(&a));
	apply_release(&a);
	return rc;
}

static void
report(struct apply *a, const cJSON *object, const char *what)
{
	char *label = kube_resource_label(&a->s.resource, apply_name(object));
	char *line = xasprintf("%s %s\n", label, what);

	a->s.ctx->output(a->s.ctx, line, strlen(line));
	free(line);
	free(label);
}

/* What has been done so far. */
struct progress {
	cJSON *applied; /* the server's view of each object */
	cJSON *created; /* who they are that were not there before */
	char *kept;	/* one that was there before and is another now, or NULL */
	int changed;
};

static const char *
what_happened(const struct trial *trial, const cJSON *after)
{
	struct difference d = { NULL, 0 };

	if (!trial->before)
		return "created";
	kube_diff(trial->before, after, difference_line, &d);
	return d.changes ? "changed" : "unchanged";
}

/* Applies one object and adds the server's view of it; counts it where it was another before. */
static int
write_object(struct apply *a, const struct trial *trial, struct progress *p, struct err *e)
{
	const cJSON *object = trial->object;
	const char *what;
	cJSON *after = NULL;
	bool known = false;

	if (apply_aim(a, object, &known, e) < 0 ||
	    kube_apply(a->s.client, object, a->default_ns, a->manager, a->flags, a->s.ctx->cancel,
		       &after, e) < 0)
		return kube_step_failed(&a->s, apply_name(object), e);
	what = what_happened(trial, after);
	p->changed += !str_equal(what, "unchanged");
	if (!trial->before)
		cJSON_AddItemToArray(p->created, apply_undo_entry(after, a->s.ns));
	else if (str_equal(what, "changed") && !p->kept)
		p->kept = kube_resource_label(&a->s.resource, apply_name(object));
	if (apply_is_secret(object)) {
		const cJSON *show = cJSON_GetObjectItemCaseSensitive(a->s.action->with, "show");

		kube_step_hide_secret(a->s.ctx, after, show);
		kube_step_withhold_secret(a->s.ctx, after, show);
		kube_step_strip_secret(after);
	}
	report(a, object, what);
	cJSON_AddItemToArray(p->applied, after);
	return 0;
}

static int
write_stage(struct apply *a, bool foundations, struct progress *p, struct err *e)
{
	for (size_t i = 0; i < a->count; i++)
		if (manifest_is_foundation(a->trials[i].object) == foundations &&
		    write_object(a, &a->trials[i], p, e) < 0)
			return -1;
	return 0;
}

/* Sleeps until the next look. -1: time is up, or it was cancelled. */
static int
look_again(struct apply *a, const cJSON *object, const char *lacks, int64_t deadline_ms,
	   struct err *e)
{
	a->s.ctx->progress(a->s.ctx, "%s %s: %s", json_string(object, "kind", ""),
			   apply_name(object), lacks);
	if (clock_mono_ms() > deadline_ms || clock_mono_ms() > a->s.ctx->deadline_ms) {
		err_set(e, ERR_TIMEOUT, "it was waited for, in vain: %s", lacks);
		return kube_step_failed(&a->s, apply_name(object), e);
	}
	if (cancel_sleep(a->s.ctx->cancel, LOOK_AGAIN_MS))
		return err_set(e, ERR_CANCELLED, "kubernetes.apply: cancelled while %s %s: %s",
			       json_string(object, "kind", ""), apply_name(object), lacks);
	return 0;
}

/* Waits until a namespace is active, or a definition established and its kind served. */
static int
await_foundation(struct apply *a, const cJSON *object, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + FOUNDATION_WAIT_MS;
	bool known;

	if (apply_aim(a, object, &known, e) < 0)
		return kube_step_failed(&a->s, apply_name(object), e);
	for (;;) {
		struct str lacks = STR_INIT;
		struct err why = ERR_INIT;
		int stands =
			kube_foundation_stands(a->s.client, object, a->s.ctx->cancel, &lacks, &why);

		if (stands < 0 && !kube_step_transient(&why)) {
			str_release(&lacks);
			err_set(e, why.kind, "%s", why.message);
			return kube_step_failed(&a->s, apply_name(object), e);
		}
		if (stands < 0)
			str_append(&lacks, why.message);
		if (stands <= 0)
			stands = look_again(a, object, str_cstr(&lacks), deadline_ms, e);
		else
			stands = 1;
		str_release(&lacks);
		if (stands != 0)
			return stands < 0 ? -1 : 0;
	}
}

/* What could not be tried before is tried now; a server takes a moment to serve a new kind. */
static int
try_deferred(struct apply *a, struct trial *trial, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + FOUNDATION_WAIT_MS;

	while (trial->deferred && !trial->blind) {
		if (apply_try(a, trial, true, e) < 0)
			return -1;
		if (trial->deferred &&
		    look_again(a, trial->object, trial->deferred, deadline_ms, e) < 0)
			return -1;
	}
	return 0;
}

static int
lay_foundations(struct apply *a, struct progress *p, struct err *e)
{
	if (write_stage(a, true, p, e) < 0)
		return -1;
	for (size_t i = 0; i < a->count; i++)
		if (manifest_is_foundation(a->trials[i].object) &&
		    await_foundation(a, a->trials[i].object, e) < 0)
			return -1;
	for (size_t i = 0; i < a->count; i++)
		if (try_deferred(a, &a->trials[i], e) < 0)
			return -1;
	return apply_check_refusals(a, e);
}

/* What had happened by the time of an error must be in its message: there is no result then. */
static int
say_applied(const cJSON *applied, struct err *e)
{
	struct str names = STR_INIT;
	const cJSON *object;

	cJSON_ArrayForEach(object, applied)
		str_printf(&names, "%s%s %s", names.len ? ", " : "",
			   json_string(object, "kind", ""), apply_name(object));
	if (names.len)
		err_advise(e, "Applied by then: %s", str_cstr(&names));
	else
		err_advise(e, "Nothing was applied");
	str_release(&names);
	return -1;
}

/* What was made can be taken back; what was there before and was changed can't: its values are not kept. */
static void
add_before(struct progress *p, cJSON *result)
{
	if (p->kept) {
		char *why = xasprintf("%s was there before and was changed, and what it was is not "
				      "kept, since it may be secret",
				      p->kept);

		json_add_string(result, "no_undo", why);
		free(why);
	} else if (!p->created->child) {
		json_add_string(result, "no_undo", "it changed nothing");
		json_add_bool(result, "unchanged", true);
	} else {
		json_add(cJSON_AddObjectToObject(result, "before"), "created", p->created);
		p->created = NULL;
	}
}

static int
apply_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct progress p = { .applied = cJSON_CreateArray(), .created = cJSON_CreateArray() };
	struct apply a;
	int rc = apply_init(&a, ctx, action, e);

	if (rc < 0)
		goto out;
	if (apply_try_all(&a, e) < 0 || apply_check_refusals(&a, e) < 0)
		rc = say_applied(p.applied, e);
	else if (apply_check_seals(&a, e) < 0)
		rc = -1;
	else if (kube_step_begin_writing(&a.s, NULL, e) < 0)
		rc = -1;
	else if (lay_foundations(&a, &p, e) < 0 || write_stage(&a, false, &p, e) < 0)
		rc = say_applied(p.applied, e);
	apply_release(&a);
	if (rc < 0)
		goto out;
	*ret_result = cJSON_CreateObject();
	json_add(*ret_result, "objects", p.applied);
	json_add_int(*ret_result, "changed", p.changed);
	add_before(&p, *ret_result);
	p.applied = NULL;
out:
	cJSON_Delete(p.applied);
	cJSON_Delete(p.created);
	free(p.kept);
	return rc;
}

const struct executor step_kubernetes_apply = {
	.type = {
		.uses = "kubernetes.apply",
		.summary = "Apply manifests to a cluster (server-side apply)",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{\"objects\": [as the server has them], \"changed\": N, "
			  "\"before\": {\"created\": [who]}}",
		.undo = "what it makes, but not what it changes of what was there before",
	},
	.permissions = apply_permissions,
	.preview = apply_preview,
	.run = apply_run,
	.probe = apply_probe,
	.undo_preview = apply_undo_preview,
	.undo_permissions = apply_undo_permissions,
	.undo = apply_undo,
	.undo_probe = apply_undo_probe,
};
