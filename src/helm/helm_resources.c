#include "config.h"

#include "helm/helm_resources.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "helm/helm_kinds.h"
#include "helm/helm_patch.h"
#include "helm/helm_yaml.h"

static const char managed_by[] = "app.kubernetes.io/managed-by";
static const char release_name[] = "meta.helm.sh/release-name";
static const char release_namespace[] = "meta.helm.sh/release-namespace";
static const char resource_policy[] = "helm.sh/resource-policy";

/* ---- reading ---- */

static cJSON *
map_of(cJSON *object, const char *name)
{
	cJSON *metadata = json_at(object, "metadata"), *map;

	if (!metadata)
		metadata = cJSON_AddObjectToObject(object, "metadata");
	map = cJSON_GetObjectItemCaseSensitive(metadata, name);
	return map ? map : cJSON_AddObjectToObject(metadata, name);
}

static void
set(cJSON *map, const char *name, const char *value)
{
	json_replace(map, name, cJSON_CreateString(value));
}

static void
mark(cJSON *object, const struct helm_owner *owner)
{
	set(map_of(object, "labels"), managed_by, "Helm");
	set(map_of(object, "annotations"), release_name, owner->name);
	set(map_of(object, "annotations"), release_namespace, owner->ns);
}

int
helm_resources_build(struct helm *h, const char *manifest, const struct helm_owner *owner,
		     const char *which, struct helm_resources *ret_resources, struct err *e)
{
	struct helm_resources r = { .objects = helm_yaml_objects(manifest) };
	cJSON *object;

	cJSON_ArrayForEach(object, r.objects) {
		struct helm_place place;

		if (owner)
			mark(object, owner);
		if (helm_place_init(h, object, h->ns, &place, e) < 0) {
			helm_place_release(&place);
			helm_resources_release(&r);
			return err_wrap(e, "unable to build kubernetes objects from %s", which);
		}
		*VEC_PUSH(r.items, r.count, r.cap) = place;
	}
	*ret_resources = r;
	return 0;
}

void
helm_resources_release(struct helm_resources *resources)
{
	for (size_t i = 0; i < resources->count; i++)
		helm_place_release(&resources->items[i]);
	free(resources->items);
	cJSON_Delete(resources->objects);
}

const struct helm_place *
helm_resources_find(const struct helm_resources *resources, const struct helm_place *place)
{
	for (size_t i = 0; i < resources->count; i++) {
		const struct helm_place *other = &resources->items[i];

		if (strcmp(other->kind, place->kind) == 0 &&
		    strcmp(other->name, place->name) == 0 && strcmp(other->ns, place->ns) == 0 &&
		    strcmp(other->resource.group, place->resource.group) == 0)
			return other;
	}
	return NULL;
}

/* ---- whose they are ---- */

static void
require(const cJSON *object, const char *map, const char *key, const char *value, struct str *out)
{
	const cJSON *values = json_at(object, map);
	const cJSON *actual = cJSON_GetObjectItemCaseSensitive(values, key);
	const char *what = strcmp(map, "metadata/labels") == 0 ? "label" : "annotation";
	const char *text = cJSON_IsString(actual) ? actual->valuestring : "";

	if (actual && strcmp(text, value) == 0)
		return;
	str_printf(out, "%s%s validation error: ", out->len ? "; " : "", what);
	if (!actual)
		str_printf(out, "missing key \"%s\": must be set to \"%s\"", key, value);
	else
		str_printf(out, "key \"%s\" must equal \"%s\": current value is \"%s\"", key, value,
			   text);
}

static int
check_owner(const struct helm_place *place, const cJSON *object, const struct helm_owner *owner,
	    struct err *e)
{
	struct str wrong = STR_INIT;
	int rc = 0;

	require(object, "metadata/labels", managed_by, "Helm", &wrong);
	require(object, "metadata/annotations", release_name, owner->name, &wrong);
	require(object, "metadata/annotations", release_namespace, owner->ns, &wrong);
	if (wrong.len)
		rc = err_set(e, ERR_CONFLICT,
			     "%s \"%s\" in namespace \"%s\" exists and cannot be imported into the "
			     "current release: invalid ownership metadata; %s",
			     place->kind, place->name, place->ns, str_cstr(&wrong));
	str_release(&wrong);
	return rc;
}

int
helm_resources_check_owner(struct helm *h, const struct helm_resources *resources,
			   const struct helm_resources *except, const struct helm_owner *owner,
			   size_t *ret_there, struct err *e)
{
	size_t there = 0;

	for (size_t i = 0; i < resources->count; i++) {
		const struct helm_place *place = &resources->items[i];
		struct err why = ERR_INIT;
		cJSON *object = NULL;
		int rc;

		if (except && helm_resources_find(except, place))
			continue;
		if (helm_api_get(h, place->path, NULL, &object, &why) < 0) {
			if (why.kind == ERR_NOT_FOUND)
				continue;
			return err_set(e, why.kind,
				       "could not get information about the resource %s \"%s\" in "
				       "namespace \"%s\": %s",
				       place->kind, place->name, place->ns, why.message);
		}
		there++;
		rc = check_owner(place, object, owner, e);
		cJSON_Delete(object);
		if (rc < 0)
			return -1;
	}
	*ret_there = there;
	return 0;
}

/* ---- writing ---- */

int
helm_resources_create(struct helm *h, const struct helm_resources *resources, struct err *e)
{
	for (size_t i = 0; i < resources->count; i++) {
		const struct helm_place *place = &resources->items[i];

		if (helm_api_create(h, place, place->object, e) < 0)
			return -1;
	}
	return 0;
}

static int
patch_with(struct helm *h, const struct helm_place *before, const struct helm_place *after,
	   bool strategic, bool *ret_unsupported, struct err *e)
{
	cJSON *patch = helm_patch_make(before->object, after->object, strategic);
	int rc = helm_api_patch(h, after->path,
				strategic ? "application/strategic-merge-patch+json"
					  : "application/merge-patch+json",
				patch, ret_unsupported, e);

	cJSON_Delete(patch);
	return rc;
}

static int
patch(struct helm *h, const struct helm_place *before, const struct helm_place *after,
      struct err *e)
{
	bool strategic = helm_patch_is_strategic(after->resource.group), unsupported = false;
	int rc = patch_with(h, before, after, strategic, &unsupported, e);

	if (rc < 0 && strategic && unsupported)
		rc = patch_with(h, before, after, false, &unsupported, e);
	return rc < 0 ? err_wrap(e, "cannot patch \"%s\" with kind %s", after->name, after->kind)
		      : 0;
}

/* With the version that it has, as an update needs it. */
static int
replace(struct helm *h, const struct helm_place *after, const cJSON *now, struct err *e)
{
	cJSON *object = cJSON_Duplicate(after->object, true);
	int rc;

	set(json_at(object, "metadata"), "resourceVersion",
	    json_string(now, "metadata/resourceVersion", ""));
	rc = helm_api_replace(h, after->path, object, e);
	cJSON_Delete(object);
	return rc < 0 ? err_wrap(e, "failed to replace object") : 0;
}

/* *ret_created: it was not there. */
static int
update_one(struct helm *h, const struct helm_update *update, const struct helm_place *after,
	   bool *ret_created, struct err *e)
{
	const struct helm_place *before = helm_resources_find(update->before, after);
	struct err why = ERR_INIT;
	cJSON *now = NULL;
	int rc;

	*ret_created = false;
	if (helm_api_get(h, after->path, NULL, &now, &why) < 0) {
		if (why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind,
				       "could not get information about the resource: %s",
				       why.message);
		*ret_created = true;
		if (helm_api_create(h, after, after->object, e) < 0)
			return err_wrap(e, "failed to create resource");
		return 0;
	}
	rc = update->force ? replace(h, after, now, e)
			   : patch(h, before ? before : after, after, e);
	cJSON_Delete(now);
	return rc;
}

static bool
is_kept(const cJSON *object)
{
	const cJSON *annotations = json_at(object, "metadata/annotations");
	const cJSON *policy = cJSON_GetObjectItemCaseSensitive(annotations, resource_policy);

	return cJSON_IsString(policy) && strcasecmp(policy->valuestring, "keep") == 0;
}

static void
delete_removed(struct helm *h, const struct helm_update *update)
{
	for (size_t i = 0; i < update->before->count; i++) {
		const struct helm_place *place = &update->before->items[i];
		cJSON *now = NULL;

		if (helm_resources_find(update->after, place) ||
		    helm_api_get(h, place->path, NULL, &now, NULL) < 0)
			continue;
		if (!is_kept(now))
			helm_api_delete(h, place->path, NULL);
		cJSON_Delete(now);
	}
}

static void
delete_created(struct helm *h, const struct helm_update *update, const bool *created)
{
	for (size_t i = 0; update->clean_up && i < update->after->count; i++)
		if (created[i])
			helm_api_delete(h, update->after->items[i].path, NULL);
}

int
helm_resources_update(struct helm *h, const struct helm_update *update, struct err *e)
{
	bool *created = xcalloc(update->after->count + 1, sizeof(*created));
	struct str wrong = STR_INIT;
	struct err why = ERR_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < update->after->count; i++) {
		if (update_one(h, update, &update->after->items[i], &created[i], &why) == 0)
			continue;
		if (created[i] || why.kind == ERR_CANCELLED)
			rc = err_set(e, why.kind, "%s", why.message); /* ends it at once */
		else
			str_printf(&wrong, "%s%s", wrong.len ? " && " : "", why.message);
	}
	if (rc == 0 && wrong.len)
		rc = err_set(e, why.kind, "%s", str_cstr(&wrong));
	if (rc == 0)
		delete_removed(h, update);
	else
		delete_created(h, update, created);
	str_release(&wrong);
	free(created);
	return rc;
}

static int
order_of_removal(const void *a, const void *b)
{
	const struct helm_place *x = a, *y = b;

	return helm_kinds_compare_removal(x->kind, y->kind);
}

int
helm_resources_delete(struct helm *h, struct helm_resources *resources, struct str *kept,
		      unsigned *ret_errors, struct err *e)
{
	struct str wrong = STR_INIT;
	unsigned errors = 0;
	int rc = 0;

	if (resources->count)
		qsort(resources->items, resources->count, sizeof(*resources->items),
		      order_of_removal);
	for (size_t i = 0; i < resources->count; i++) {
		const struct helm_place *place = &resources->items[i];
		struct err why = ERR_INIT;

		if (is_kept(place->object)) {
			str_printf(kept, "[%s] %s\n", place->kind, place->name);
		} else if (helm_api_delete(h, place->path, &why) < 0) {
			str_printf(&wrong, "%s%s", errors++ ? "; " : "", why.message);
		}
	}
	if (errors)
		rc = err_set(e, ERR_REMOTE, "%s", str_cstr(&wrong));
	*ret_errors = errors;
	str_release(&wrong);
	return rc;
}
