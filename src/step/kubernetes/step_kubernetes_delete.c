#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/kubernetes/step_kubernetes_gone.h"
#include "step/kubernetes/step_kubernetes_remove.h"
#include "step/steps.h"

static const char *const propagations[] = { "background", "foreground", "orphan", NULL };

static const struct field fields[] = {
	{ .name = "resource",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "What to delete, as kubectl calls it: secrets, pods, deployments.apps." },
	{ .name = "names",
	  .type = FIELD_ONE_OR_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_NONEMPTY,
	  .help = "The names of the objects; either this or `selector` is needed." },
	{ .name = "selector",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "A label selector: deletes every object that it matches." },
	{ .name = "namespace",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "Where they are; the target's namespace if not given." },
	{ .name = "wait",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Wait until these very objects are gone; a new one of the name is another." },
	{ .name = "ignore_missing",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "A name that is not there is no failure." },
	{ .name = "timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "5m",
	  .help = "How long to wait until they are gone." },
	{ .name = "propagation",
	  .type = FIELD_CHOICE,
	  .choices = propagations,
	  .otherwise = "background",
	  .help = "What becomes of the objects that it owns." },
	{ .name = NULL },
};

/*
 * What there is to delete: {"name","uid","resource_version","generation","age"} of each object, and
 * names that are not there.
 */
struct doomed {
	cJSON *found;
	cJSON *missing;
};

static void
doomed_release(struct doomed *d)
{
	cJSON_Delete(d->found);
	cJSON_Delete(d->missing);
}

static int
check_names(const cJSON *names, struct err *e)
{
	const cJSON *name;

	if (cJSON_IsString(names))
		return kube_step_check_name(names->valuestring, e);
	if (!cJSON_IsArray(names) || !names->child)
		return err_set(e, ERR_SPEC, "`names` is empty. Give at least one name");
	cJSON_ArrayForEach(name, names) {
		if (!cJSON_IsString(name))
			return err_set(e, ERR_SPEC, "`names` holds a value that is no text");
		if (kube_step_check_name(name->valuestring, e) < 0)
			return -1;
	}
	return 0;
}

static int
check_fields(const struct action *action, struct err *e)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(action->with, "names");
	const char *selector = json_string(action->with, "selector", NULL);

	if (cJSON_IsNull(names))
		names = NULL;
	if (!names == !selector)
		return err_set(e, ERR_SPEC, "kubernetes.delete needs either `names` or `selector`");
	if (selector && !*selector)
		return err_set(e, ERR_SPEC,
			       "kubernetes.delete: the selector is empty, and would match "
			       "every object of the namespace. Look at what it is made of");
	if (names && check_names(names, e) < 0)
		return err_wrap(e, "kubernetes.delete");
	return 0;
}

static void
add_found(struct doomed *d, const cJSON *object)
{
	char age[CLOCK_STAMP_MAX];
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "name", json_string(object, "metadata/name", ""));
	json_add_string(entry, "uid", json_string(object, "metadata/uid", ""));
	json_add_string(entry, "resource_version",
			json_string(object, "metadata/resourceVersion", NULL));
	json_add_int(entry, "generation", json_int(object, "metadata/generation", 0));
	json_add_string(entry, "age", kube_step_age(object, age));
	cJSON_AddItemToArray(d->found, entry);
}

static int
find_one(struct kube_step *s, const char *name, struct doomed *d, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	struct err why = ERR_INIT;

	if (kube_step_fetch(s, name, KUBE_STEP_METADATA, &list, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind, "%s", why.message);
		cJSON_AddItemToArray(d->missing, cJSON_CreateString(name));
		return 0;
	}
	add_found(d, list.items->child);
	kube_step_list_release(&list);
	return 0;
}

static int
find_selected(struct kube_step *s, struct doomed *d, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const cJSON *item;
	int rc = 0;

	if (kube_step_fetch(s, NULL, KUBE_STEP_METADATA, &list, e) < 0)
		return -1;
	if (list.truncated) {
		err_set(e, ERR_SPEC, "more than %d objects match. Narrow the selector",
			KUBE_STEP_MAX_ITEMS);
		rc = kube_step_failed(s, NULL, e);
	} else {
		cJSON_ArrayForEach(item, list.items)
			add_found(d, item);
	}
	kube_step_list_release(&list);
	return rc;
}

static int
find_all(struct kube_step *s, struct doomed *ret_doomed, struct err *e)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(s->action->with, "names"), *name;
	struct doomed d = { cJSON_CreateArray(), cJSON_CreateArray() };
	int rc = 0;

	if (cJSON_IsArray(names)) {
		cJSON_ArrayForEach(name, names)
			if (rc == 0)
				rc = find_one(s, name->valuestring, &d, e);
	} else if (cJSON_IsString(names)) {
		rc = find_one(s, names->valuestring, &d, e);
	} else {
		rc = find_selected(s, &d, e);
	}
	if (rc < 0)
		doomed_release(&d);
	else
		*ret_doomed = d;
	return rc;
}

static cJSON *
doomed_json(const struct doomed *d)
{
	cJSON *seen = cJSON_CreateObject();

	json_add(seen, "found", cJSON_Duplicate(d->found, true));
	json_add(seen, "missing", cJSON_Duplicate(d->missing, true));
	return seen;
}

/* What the operator saw is what goes: nothing that came since, and nothing made anew. */
static int
find_seen(struct kube_step *s, struct doomed *ret_doomed, struct err *e)
{
	const cJSON *found = json_at(s->action->seen, "found");
	const cJSON *missing = json_at(s->action->seen, "missing");

	if (!found || !missing)
		return find_all(s, ret_doomed, e);
	*ret_doomed =
		(struct doomed){ cJSON_Duplicate(found, true), cJSON_Duplicate(missing, true) };
	return 0;
}

static int
delete_permissions(struct step_context *ctx, const struct action *action,
		   struct permission_list *list, struct err *e)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(action->with, "names"), *name;
	struct kube_step s;
	const char *ns;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	ns = s.resource.namespaced ? s.ns : NULL;
	name = cJSON_IsArray(names) ? names->child : names;
	if (!cJSON_IsString(name)) {
		permission_add(list, "list", s.resource.group, s.resource.name, NULL, NULL, ns);
		permission_add(list, "delete", s.resource.group, s.resource.name, NULL, NULL, ns);
	}
	for (; cJSON_IsString(name); name = cJSON_IsArray(names) ? name->next : NULL) {
		permission_add(list, "get", s.resource.group, s.resource.name, NULL,
			       name->valuestring, ns);
		permission_add(list, "delete", s.resource.group, s.resource.name, NULL,
			       name->valuestring, ns);
	}
	kube_step_release(&s);
	return 0;
}

static const char *
propagation_policy(const struct action *action)
{
	const char *word = json_string(action->with, "propagation", "background");

	if (str_equal(word, "foreground"))
		return "Foreground";
	return str_equal(word, "orphan") ? "Orphan" : "Background";
}

static void
preview_doomed(const struct kube_step *s, const struct doomed *d, struct preview *preview)
{
	const char *policy = propagation_policy(s->action);
	const cJSON *entry;

	cJSON_ArrayForEach(entry, d->found) {
		const char *name = json_string(entry, "name", ""),
			   *uid = json_string(entry, "uid", "");
		char *label = kube_resource_label(&s->resource, name);
		char *path = kube_step_path(s, name);

		preview_add(preview, PREVIEW_REQUEST,
			    "DELETE %s  propagationPolicy=%s, only uid %s as it is", path, policy,
			    uid);
		preview_add(preview, PREVIEW_REMOVE, "%s  uid %s  age %s", label, uid,
			    json_string(entry, "age", ""));
		free(path);
		free(label);
	}
	cJSON_ArrayForEach(entry, d->missing) {
		char *label = kube_resource_label(&s->resource, entry->valuestring);

		preview_add(preview, PREVIEW_WARNING, "%s is not there.", label);
		free(label);
	}
}

static int
check_missing(const struct kube_step *s, const struct doomed *d, struct err *e)
{
	if (!d->missing->child || json_bool(s->action->with, "ignore_missing", true))
		return 0;
	err_set(e, ERR_NOT_FOUND, "it is not there, and nothing was deleted");
	return kube_step_failed(s, d->missing->child->valuestring, e);
}

static int
delete_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	       struct err *e)
{
	const cJSON *names = cJSON_GetObjectItemCaseSensitive(action->with, "names");
	struct doomed d;
	struct kube_step s;
	char *place;
	int rc = -1;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	if (find_all(&s, &d, e) < 0)
		goto out;
	place = kube_step_place(&s);
	preview_add(preview, PREVIEW_TEXT, "Deletes %d %s in %s:", cJSON_GetArraySize(d.found),
		    s.resource.name, place);
	free(place);
	kube_step_warn_of_contents(&s, preview);
	preview_doomed(&s, &d, preview);
	if (!d.found->child)
		preview_add(preview, PREVIEW_TEXT, "Nothing is there to delete.");
	if (cJSON_IsArray(names) && cJSON_GetArraySize(names) == 1)
		names = names->child;
	preview_set_name(preview,
			 cJSON_IsString(names) ? names->valuestring : action->target->name);
	preview_remember(preview, doomed_json(&d));
	rc = check_missing(&s, &d, e);
	doomed_release(&d);
out:
	kube_step_release(&s);
	return rc;
}

static char *
names_of(const cJSON *entries)
{
	struct str text = STR_INIT;
	const cJSON *entry;

	cJSON_ArrayForEach(entry, entries)
		str_printf(&text, "%s%s", text.len ? ", " : "", json_string(entry, "name", ""));
	return str_take(&text);
}

/* What had happened by the time of an error must be in its message: there is no result then. */
static int
say_deleted(const cJSON *deleted, struct err *e)
{
	char *names;

	if (!deleted->child)
		return -1;
	names = names_of(deleted);
	err_advise(e, "Deleted by then: %s", names);
	free(names);
	return -1;
}

static void
report(struct kube_step *s, const char *name, const char *what)
{
	char *label = kube_resource_label(&s->resource, name);
	char *line = xasprintf("%s %s\n", label, what);

	s->ctx->output(s->ctx, line, strlen(line));
	free(line);
	free(label);
}

static int
delete_all(struct kube_step *s, const struct doomed *d, cJSON *deleted, struct err *e)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, d->found) {
		const char *name = json_string(entry, "name", "");
		cJSON *done;
		bool gone;

		if (kube_step_remove(s, entry, propagation_policy(s->action), &gone, e) < 0)
			return say_deleted(deleted, e);
		report(s, name, gone ? "was gone already" : "deleted");
		if (gone) {
			cJSON_AddItemToArray(d->missing, cJSON_CreateString(name));
			continue;
		}
		done = cJSON_CreateObject();
		json_add_string(done, "name", name);
		json_add_string(done, "uid", json_string(entry, "uid", ""));
		cJSON_AddItemToArray(deleted, done);
	}
	return 0;
}

static int
delete_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct doomed d = { NULL, NULL };
	cJSON *deleted = cJSON_CreateArray(), *result;
	struct kube_step s = { .ctx = ctx };
	int rc = -1;

	if (check_fields(action, e) < 0 || kube_step_init(&s, ctx, action, e) < 0) {
		cJSON_Delete(deleted);
		return -1;
	}
	if (find_seen(&s, &d, e) < 0 || check_missing(&s, &d, e) < 0 ||
	    kube_step_begin_writing(&s, NULL, e) < 0 || delete_all(&s, &d, deleted, e) < 0)
		goto out;
	if (json_bool(action->with, "wait", true) && kube_step_wait_gone(&s, deleted, e) < 0) {
		say_deleted(deleted, e);
		goto out;
	}
	result = cJSON_CreateObject();
	json_add(result, "deleted", deleted);
	json_add(result, "missing", d.missing);
	deleted = d.missing = NULL;
	*ret_result = result;
	rc = 0;
out:
	cJSON_Delete(deleted);
	doomed_release(&d);
	kube_step_release(&s);
	return rc;
}

const struct executor step_kubernetes_delete = {
	.type = {
		.uses = "kubernetes.delete",
		.summary = "Delete objects of a cluster, and wait until they are gone",
		.target_kinds = TARGET_KUBERNETES,
		.target_required = true,
		.effect = EFFECT_DESTROYS,
		.fields = fields,
		.result = "{\"deleted\": [{\"name\", \"uid\"}], \"missing\": [NAME]}",
	},
	.permissions = delete_permissions,
	.preview = delete_preview,
	.run = delete_run,
	.probe = kube_step_probe_gone,
};
