#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/kubernetes/step_kubernetes_apply.h"
#include "step/kubernetes/step_kubernetes_evidence.h"
#include "step/kubernetes/step_kubernetes_gone.h"
#include "step/kubernetes/step_kubernetes_remove.h"

/* Only apply()s that did nothing but make objects are taken back: those very objects are deleted. */

static void
add_version(cJSON *entry, const cJSON *object)
{
	json_add_string(entry, "uid", json_string(object, "metadata/uid", ""));
	json_add_string(entry, "resource_version",
			json_string(object, "metadata/resourceVersion", NULL));
	json_add_int(entry, "generation", json_int(object, "metadata/generation", 0));
}

cJSON *
apply_undo_entry(const cJSON *object, const char *ns)
{
	cJSON *entry = cJSON_CreateObject();

	json_add_string(entry, "api_version", json_string(object, "apiVersion", ""));
	json_add_string(entry, "kind", json_string(object, "kind", ""));
	json_add_string(entry, "namespace", json_string(object, "metadata/namespace", ns));
	json_add_string(entry, "name", apply_name(object));
	add_version(entry, object);
	return entry;
}

/* Aims at the resource of an entry. */
static int
aim(struct kube_step *s, const cJSON *entry, struct err *e)
{
	const char *kind = json_string(entry, "kind", "");

	kube_resource_release(&s->resource);
	s->resource = (struct kube_resource){ .group = NULL };
	s->ns = json_string(entry, "namespace", s->ns);
	if (kube_resource_for_kind(s->client, json_string(entry, "api_version", ""), kind,
				   s->ctx->cancel, &s->resource, e) == 0)
		return 0;
	s->resource = (struct kube_resource){ .group = NULL };
	return err_wrap(e, "kubernetes.apply: taking back %s %s", kind,
			json_string(entry, "name", ""));
}

static void
preview_one(const struct kube_step *s, const cJSON *made, const cJSON *entry,
	    struct preview *preview)
{
	const char *name = json_string(entry, "name", ""), *uid = json_string(entry, "uid", "");
	char *label = kube_resource_label(&s->resource, name), *path = kube_step_path(s, name);

	preview_add(preview, PREVIEW_REQUEST,
		    "DELETE %s  propagationPolicy=Background, only uid %s as it is", path, uid);
	preview_add(preview, PREVIEW_REMOVE, "%s  uid %s", label, uid);
	kube_step_warn_of_contents(s, preview);
	if (json_int(made, "generation", 0) != json_int(entry, "generation", 0))
		preview_add(preview, PREVIEW_WARNING,
			    "%s was changed since this step made it (generation %lld, was %lld): "
			    "that goes with it.",
			    label, (long long)json_int(entry, "generation", 0),
			    (long long)json_int(made, "generation", 0));
	free(path);
	free(label);
}

/* Looks at one object that was made; what is there of it is added to `found`. */
static int
look_at(struct kube_step *s, const cJSON *made, struct preview *preview, cJSON *found,
	struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const char *name = json_string(made, "name", "");
	struct err why = ERR_INIT;
	cJSON *entry;

	if (aim(s, made, e) < 0)
		return -1;
	if (kube_step_fetch(s, name, KUBE_STEP_METADATA, &list, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind, "%s", why.message);
		preview_add(preview, PREVIEW_CONTEXT, "%s/%s is gone already", s->resource.name,
			    name);
		return 0;
	}
	entry = cJSON_Duplicate(made, true);
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "uid");
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "resource_version");
	cJSON_DeleteItemFromObjectCaseSensitive(entry, "generation");
	add_version(entry, list.items->child);
	kube_step_list_release(&list);
	if (str_equal(json_string(entry, "uid", ""), json_string(made, "uid", ""))) {
		preview_one(s, made, entry, preview);
		cJSON_AddItemToArray(found, entry);
		return 0;
	}
	preview_add(preview, PREVIEW_WARNING,
		    "%s/%s is another one by now (uid %s), and is left alone.", s->resource.name,
		    name, json_string(entry, "uid", "?"));
	cJSON_Delete(entry);
	return 0;
}

int
apply_undo_preview(struct step_context *ctx, const struct action *action, const cJSON *before,
		   struct preview *preview, struct err *e)
{
	const cJSON *made = json_at(before, "created");
	cJSON *found = cJSON_CreateArray(), *seen;
	struct kube_step s;
	int rc = 0;

	if (kube_step_init(&s, ctx, action, e) < 0) {
		cJSON_Delete(found);
		return -1;
	}
	/* what was made last goes first */
	for (int i = cJSON_GetArraySize(made); i-- > 0 && rc == 0;)
		rc = look_at(&s, cJSON_GetArrayItem(made, i), preview, found, e);
	if (found->child) {
		preview_raise_effect(preview, EFFECT_DESTROYS);
		preview_set_name(preview, found->child->next
						  ? action->target->name
						  : json_string(found->child, "name", ""));
	}
	seen = cJSON_CreateObject();
	json_add(seen, "found", found);
	preview_remember(preview, seen);
	kube_step_release(&s);
	return rc;
}

static void
report(struct kube_step *s, const char *name, bool gone)
{
	char *label = kube_resource_label(&s->resource, name);
	char *line = xasprintf("%s %s\n", label, gone ? "was gone already" : "deleted");

	s->ctx->output(s->ctx, line, strlen(line));
	free(line);
	free(label);
}

static int
wait_gone(struct kube_step *s, const cJSON *entry, struct err *e)
{
	cJSON *one = cJSON_CreateArray();
	int rc;

	cJSON_AddItemToArray(one, cJSON_Duplicate(entry, true));
	rc = kube_step_wait_gone(s, one, e);
	cJSON_Delete(one);
	return rc;
}

/* One after the other, each until it is gone: what a definition defines goes before that. */
static int
remove_all(struct kube_step *s, cJSON *done, struct err *e)
{
	const cJSON *entry;

	cJSON_ArrayForEach(entry, json_at(s->action->seen, "found")) {
		const char *name = json_string(entry, "name", "");
		bool gone = false;

		if (aim(s, entry, e) < 0 || kube_step_remove(s, entry, "Background", &gone, e) < 0)
			return -1;
		report(s, name, gone);
		cJSON_AddItemToArray(done, cJSON_Duplicate(entry, true));
		if (!gone && wait_gone(s, entry, e) < 0)
			return -1;
	}
	return 0;
}

static void
say_removed(const cJSON *done, struct err *e)
{
	struct str names = STR_INIT;
	const cJSON *entry;

	cJSON_ArrayForEach(entry, done)
		str_printf(&names, "%s%s %s", names.len ? ", " : "", json_string(entry, "kind", ""),
			   json_string(entry, "name", ""));
	if (names.len)
		err_advise(e, "Deleted by then: %s", str_cstr(&names));
	else
		err_advise(e, "Nothing was deleted");
	str_release(&names);
}

int
apply_undo(struct step_context *ctx, const struct action *action, const cJSON *before,
	   struct err *e)
{
	cJSON *done = NULL;
	struct kube_step s;
	int rc = -1;

	(void)before;
	if (!cJSON_IsArray(json_at(action->seen, "found")))
		return err_set(e, ERR_SPEC,
			       "kubernetes.apply: nobody has looked at what is to be deleted");
	if (kube_step_init(&s, ctx, action, e) < 0)
		return -1;
	done = cJSON_CreateArray();
	if (kube_step_begin_writing(&s, NULL, e) == 0)
		rc = remove_all(&s, done, e);
	if (rc < 0)
		say_removed(done, e);
	cJSON_Delete(done);
	kube_step_release(&s);
	return rc;
}

/* Where its kind is not served any more, nothing of that kind is there. */
static int
find_fate(struct kube_step *s, const cJSON *entry, struct probe *probe, enum fate *ret_fate,
	  struct err *e)
{
	struct err why = ERR_INIT;

	if (aim(s, entry, &why) == 0)
		return kube_step_find_fate(s, entry, probe, ret_fate, e);
	if (why.kind != ERR_NOT_FOUND)
		return err_set(e, why.kind, "%s", why.message);
	probe_add(probe, "%s: gone with its kind", json_string(entry, "name", "?"));
	*ret_fate = FATE_GONE;
	return 0;
}

int
apply_undo_probe(struct step_context *ctx, const struct action *action, const cJSON *before,
		 struct probe *probe, enum probe_verdict *ret_verdict, struct err *e)
{
	(void)before;
	return kube_step_probe_fates(ctx, action, true, find_fate, probe, ret_verdict, e);
}
