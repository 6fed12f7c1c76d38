#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/apply.h"
#include "net/http.h"
#include "step/step_kubernetes.h"
#include "step/steps.h"

enum { DEFINITION_WAIT_MS = 30 * 1000, LOOK_AGAIN_MS = 500 };

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

/* One call of the executor. `s` is aimed at one object after the other. */
struct apply {
	struct kube_step s;
	const char *default_ns;
	const char *manager;
	unsigned flags; /* of enum kube_apply_flags */
	cJSON *objects;
};

static bool
is_secret(const cJSON *object)
{
	return str_equal(json_string(object, "kind", ""), "Secret") &&
	       str_equal(json_string(object, "apiVersion", ""), "v1");
}

static void
apply_release(struct apply *a)
{
	cJSON_Delete(a->objects);
	kube_step_release(&a->s);
}

static int
apply_init(struct apply *a, struct step_context *ctx, const struct action *action, struct err *e)
{
	const cJSON *show = cJSON_GetObjectItemCaseSensitive(action->with, "show");
	const char *path = json_string(action->with, "file", "");
	const cJSON *object;

	*a = (struct apply){ .objects = NULL };
	if (kube_step_init(&a->s, ctx, action, e) < 0)
		return -1;
	if (manifest_load(path, &a->objects, e) < 0) {
		kube_step_release(&a->s);
		return err_wrap(e, "kubernetes.apply");
	}
	a->default_ns = a->s.ns;
	a->manager = json_string(action->with, "field_manager", "lifeboat");
	a->flags = json_bool(action->with, "force", false) ? KUBE_APPLY_FORCE : 0;
	cJSON_ArrayForEach(object, a->objects)
		if (is_secret(object))
			kube_step_hide_secret(ctx, object, show);
	return 0;
}

static const char *
object_name(const cJSON *object)
{
	return json_string(object, "metadata/name", "");
}

/* "tsb.tetrate.io" of "tsb.tetrate.io/v1", "" of "v1". The caller frees. */
static char *
group_of(const cJSON *object)
{
	const char *version = json_string(object, "apiVersion", "");
	const char *slash = strchr(version, '/');

	return slash ? xstrndup(version, (size_t)(slash - version)) : xstrdup("");
}

/* True where another object of the same manifests defines this one's kind. */
static bool
is_defined_here(const struct apply *a, const cJSON *object)
{
	const cJSON *other;
	char *group = group_of(object);
	bool defined = false;

	cJSON_ArrayForEach(other, a->objects)
		defined = defined ||
			  (str_equal(json_string(other, "kind", ""), "CustomResourceDefinition") &&
			   str_equal(json_string(other, "spec/group", ""), group) &&
			   str_equal(json_string(other, "spec/names/kind", ""),
				     json_string(object, "kind", "")));
	free(group);
	return defined;
}

static bool
is_namespace_here(const struct apply *a, const char *ns)
{
	const cJSON *other;

	cJSON_ArrayForEach(other, a->objects)
		if (str_equal(json_string(other, "kind", ""), "Namespace") &&
		    str_equal(object_name(other), ns))
			return true;
	return false;
}

/* Finds the resource of an object. *ret_known: false where only these manifests define its kind. */
static int
aim(struct apply *a, const cJSON *object, bool *ret_known, struct err *e)
{
	const char *version = json_string(object, "apiVersion", "");
	const char *kind = json_string(object, "kind", "");
	struct err why = ERR_INIT;

	kube_resource_release(&a->s.resource);
	a->s.resource = (struct kube_resource){ .group = NULL };
	a->s.ns = json_string(object, "metadata/namespace", a->default_ns);
	*ret_known = kube_resource_for_kind(a->s.client, version, kind, a->s.ctx->cancel,
					    &a->s.resource, &why) == 0;
	if (*ret_known)
		return 0;
	a->s.resource = (struct kube_resource){ .group = NULL };
	if (why.kind == ERR_NOT_FOUND && is_defined_here(a, object))
		return 0;
	err_set(e, why.kind, "%s", why.message);
	return kube_step_failed(&a->s, object_name(object), e);
}

/* A definition of the same manifests is served a moment after it was applied. */
static int
aim_patiently(struct apply *a, const cJSON *object, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + DEFINITION_WAIT_MS;
	bool known;

	for (;;) {
		if (aim(a, object, &known, e) < 0)
			return -1;
		if (known)
			return 0;
		a->s.ctx->progress(a->s.ctx, "waiting until the cluster serves %s",
				   json_string(object, "kind", ""));
		if (clock_mono_ms() > deadline_ms) {
			err_set(e, ERR_TIMEOUT,
				"the cluster does not serve %s %s after 30 s, though "
				"its definition was applied. Look at the definition's conditions",
				json_string(object, "apiVersion", ""),
				json_string(object, "kind", ""));
			return kube_step_failed(&a->s, object_name(object), e);
		}
		if (cancel_sleep(a->s.ctx->cancel, LOOK_AGAIN_MS))
			return err_set(e, ERR_CANCELLED, "kubernetes.apply: cancelled");
	}
}

static int
apply_permissions(struct step_context *ctx, const struct action *action,
		  struct permission_list *list, struct err *e)
{
	static const char *const verbs[] = { "get", "create", "patch" };
	struct apply a;
	const cJSON *object;
	bool known;
	int rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	cJSON_ArrayForEach(object, a.objects) {
		const struct kube_resource *r = &a.s.resource;

		rc = aim(&a, object, &known, e);
		if (rc < 0)
			break;
		for (size_t i = 0; known && i < sizeof(verbs) / sizeof(verbs[0]); i++)
			permission_add(list, verbs[i], r->group, r->name, NULL,
				       str_equal(verbs[i], "create") ? NULL : object_name(object),
				       r->namespaced ? a.s.ns : NULL);
	}
	apply_release(&a);
	return rc;
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
	char *path = kube_step_path(&a->s, object_name(object));
	char *manager = http_encode(a->manager);

	preview_add(preview, PREVIEW_REQUEST,
		    "PATCH %s?fieldManager=%s&fieldValidation=Strict&force=%s", path, manager,
		    a->flags & KUBE_APPLY_FORCE ? "true" : "false");
	free(manager);
	free(path);
}

/* Asks the server what an apply would make of the object; *ret_after NULL: it can't say yet. */
static int
dry_run(struct apply *a, const cJSON *object, cJSON **ret_before, cJSON **ret_after, struct err *e)
{
	const struct cancel *cancel = a->s.ctx->cancel;
	struct err why = ERR_INIT;

	if (kube_apply_current(a->s.client, object, a->default_ns, cancel, ret_before, e) < 0)
		return kube_step_failed(&a->s, object_name(object), e);
	if (kube_apply(a->s.client, object, a->default_ns, a->manager,
		       a->flags | KUBE_APPLY_DRY_RUN, cancel, ret_after, &why) == 0 ||
	    (why.kind == ERR_NOT_FOUND && !*ret_before))
		return 0;
	err_set(e, why.kind, "%s", why.message);
	return kube_step_failed(&a->s, object_name(object), e);
}

static int
preview_known(struct apply *a, const cJSON *object, struct preview *preview, struct err *e)
{
	char *label = kube_resource_label(&a->s.resource, object_name(object));
	cJSON *before = NULL, *after = NULL;
	int rc;

	show_request(a, preview, object);
	rc = dry_run(a, object, &before, &after, e);
	if (rc == 0) {
		show_difference(preview, label, before, after ? after : object);
		if (!after && !is_namespace_here(a, a->s.ns))
			preview_add(
				preview, PREVIEW_WARNING,
				"Namespace %s is not there yet, and this file does not make it.",
				a->s.ns);
		warn_of_owners(preview, object, label);
	}
	cJSON_Delete(before);
	cJSON_Delete(after);
	free(label);
	return rc;
}

static int
preview_object(struct apply *a, const cJSON *object, struct preview *preview, struct err *e)
{
	bool known;

	if (aim(a, object, &known, e) < 0)
		return -1;
	if (known)
		return preview_known(a, object, preview, e);
	preview_add(preview, PREVIEW_TEXT,
		    "%s %s, of a kind that this file defines:", json_string(object, "kind", ""),
		    object_name(object));
	show_difference(preview, object_name(object), NULL, object);
	return 0;
}

static int
apply_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	struct apply a;
	const cJSON *object;
	int rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	preview_add(preview, PREVIEW_TEXT,
		    "Applies %d objects of %s on %s as %s:", cJSON_GetArraySize(a.objects),
		    json_string(action->with, "file", ""), a.s.context, a.manager);
	if (a.flags & KUBE_APPLY_FORCE)
		preview_add(preview, PREVIEW_WARNING,
			    "force: fields that another manager owns are taken over.");
	cJSON_ArrayForEach(object, a.objects)
		if (rc == 0)
			rc = preview_object(&a, object, preview, e);
	apply_release(&a);
	return rc;
}

static void
report(struct apply *a, const cJSON *object, const char *what)
{
	char *label = kube_resource_label(&a->s.resource, object_name(object));
	char *line = xasprintf("%s %s\n", label, what);

	a->s.ctx->output(a->s.ctx, line, strlen(line));
	free(line);
	free(label);
}

/* Applies one object and adds the server's view of it; counts it where it was another before. */
static int
run_object(struct apply *a, const cJSON *object, cJSON *applied, int *changed, struct err *e)
{
	const struct cancel *cancel = a->s.ctx->cancel;
	cJSON *before = NULL, *after = NULL;
	const char *what = "unchanged";

	if (aim_patiently(a, object, e) < 0)
		return -1;
	if (kube_apply_current(a->s.client, object, a->default_ns, cancel, &before, e) < 0 ||
	    kube_apply(a->s.client, object, a->default_ns, a->manager, a->flags, cancel, &after,
		       e) < 0) {
		cJSON_Delete(before);
		return kube_step_failed(&a->s, object_name(object), e);
	}
	if (!before)
		what = "created";
	else if (!str_equal(json_string(before, "metadata/resourceVersion", NULL),
			    json_string(after, "metadata/resourceVersion", NULL)))
		what = "changed";
	if (!str_equal(what, "unchanged"))
		++*changed;
	if (is_secret(object)) {
		kube_step_hide_secret(a->s.ctx, after,
				      cJSON_GetObjectItemCaseSensitive(a->s.action->with, "show"));
		kube_step_strip_secret(after);
	}
	report(a, object, what);
	cJSON_AddItemToArray(applied, after);
	cJSON_Delete(before);
	return 0;
}

/* What had happened by the time of an error must be in its message: there is no result then. */
static int
say_applied(const cJSON *applied, struct err *e)
{
	struct str names = STR_INIT;
	const cJSON *object;

	cJSON_ArrayForEach(object, applied)
		str_printf(&names, "%s%s %s", names.len ? ", " : "",
			   json_string(object, "kind", ""), object_name(object));
	if (names.len)
		err_advise(e, "Applied by then: %s", str_cstr(&names));
	str_release(&names);
	return -1;
}

static int
apply_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct apply a;
	const cJSON *object;
	cJSON *applied = cJSON_CreateArray(), *result;
	int changed = 0, rc;

	rc = apply_init(&a, ctx, action, e);
	if (rc < 0)
		goto out;
	cJSON_ArrayForEach(object, a.objects)
		if (rc == 0)
			rc = run_object(&a, object, applied, &changed, e);
	apply_release(&a);
	if (rc < 0) {
		say_applied(applied, e);
		goto out;
	}
	result = cJSON_CreateObject();
	json_add(result, "objects", applied);
	json_add_int(result, "changed", changed);
	applied = NULL;
	*ret_result = result;
out:
	cJSON_Delete(applied);
	return rc;
}

static bool
is_ours(const struct apply *a, const cJSON *object)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(object, "metadata/managedFields"))
		if (str_equal(json_string(entry, "manager", ""), a->manager) &&
		    str_equal(json_string(entry, "operation", ""), "Apply"))
			return true;
	return false;
}

/* 1: the object is as an apply of ours leaves it; 0: it is not; -1: error. */
static int
probe_object(struct apply *a, const cJSON *object, struct err *e)
{
	cJSON *before = NULL, *after = NULL;
	struct difference d = { NULL, 0 };
	bool known;
	int rc;

	if (aim(a, object, &known, e) < 0)
		return -1;
	if (!known)
		return 0;
	rc = dry_run(a, object, &before, &after, e);
	if (rc == 0 && before && after && is_ours(a, before)) {
		kube_diff(before, after, difference_line, &d);
		rc = d.changes == 0;
	}
	cJSON_Delete(before);
	cJSON_Delete(after);
	return rc;
}

static int
apply_probe(struct step_context *ctx, const struct action *action, enum probe_verdict *ret_verdict,
	    struct err *e)
{
	struct apply a;
	const cJSON *object;
	int done = 0, count = 0, rc = 0;

	if (apply_init(&a, ctx, action, e) < 0)
		return -1;
	cJSON_ArrayForEach(object, a.objects) {
		rc = probe_object(&a, object, e);
		if (rc < 0)
			break;
		done += rc;
		count++;
	}
	apply_release(&a);
	if (rc < 0)
		return -1;
	*ret_verdict = done == count ? PROBE_DONE : done ? PROBE_UNSURE : PROBE_NOT_DONE;
	return 0;
}

const struct executor step_kubernetes_apply = {
	.type = {
		.uses = "kubernetes.apply",
		.summary = "Apply manifests to a cluster (server-side apply)",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{\"objects\": [as the server has them], \"changed\": N}",
	},
	.permissions = apply_permissions,
	.preview = apply_preview,
	.run = apply_run,
	.probe = apply_probe,
};
