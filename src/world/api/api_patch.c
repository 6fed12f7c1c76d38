#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/openapi/openapi.h"
#include "world/patch/patch.h"

/* PATCH of the four kinds: what is there, changed, and written as an update or, by an apply, created. */

enum patch_type { PATCH_JSON, PATCH_MERGE, PATCH_STRATEGIC, PATCH_APPLY, PATCH_TYPES };

static const char *const type_words[PATCH_TYPES] = {
	[PATCH_JSON] = "application/json-patch+json",
	[PATCH_MERGE] = "application/merge-patch+json",
	[PATCH_STRATEGIC] = "application/strategic-merge-patch+json",
	[PATCH_APPLY] = "application/apply-patch+yaml",
};

static int
type_of(const struct api_request *request, enum patch_type *ret, struct refusal *r)
{
	size_t len = strcspn(request->content_type, "; ");
	bool custom = request->place.kind->columns;

	for (int i = 0; i < PATCH_TYPES; i++)
		if (len == strlen(type_words[i]) &&
		    strncasecmp(request->content_type, type_words[i], len) == 0 &&
		    !(custom && i == PATCH_STRATEGIC)) {
			*ret = (enum patch_type)i;
			return 0;
		}
	return refuse(r, 415, "UnsupportedMediaType",
		      "the body of the request was in an unknown format - accepted media types "
		      "include: application/json-patch+json, application/merge-patch+json, %s"
		      "application/apply-patch+yaml",
		      custom ? "" : "application/strategic-merge-patch+json, ");
}

/* ---- the patch ---- */

struct patching {
	struct api_request *request;
	struct api_write write;
	enum patch_type type;
	cJSON *patch;
	bool force;
};

static int
read_patch(struct patching *p, struct refusal *r)
{
	if (type_of(p->request, &p->type, r) < 0)
		return -1;
	if (api_body(p->request, &p->patch, r) < 0)
		return -1;
	if (p->type == PATCH_JSON && !cJSON_IsArray(p->patch))
		return refuse_bad_request(
			r, "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
	if (p->type != PATCH_JSON && !cJSON_IsObject(p->patch))
		return refuse_bad_request(r, "the patch is no object");
	return 0;
}

/* An apply names its manager, and the version it is written in. */
static int
check_apply(const struct patching *p, struct refusal *r)
{
	const struct kind *kind = p->request->place.kind;

	if (p->type != PATCH_APPLY) {
		if (p->force)
			return api_refuse_option(
				r, "PatchOptions", "force",
				"Forbidden: may not be specified for non-apply patch");
		return 0;
	}
	if (!api_query(p->request, "fieldManager"))
		return api_refuse_option(r, "PatchOptions", "fieldManager",
					 "Required value: is required for apply patch");
	char *version = kind_api_version(kind);
	const char *said = json_string(p->patch, "apiVersion", "");
	int rc = 0;
	if (strcmp(said, version) != 0)
		rc = refuse_bad_request(
			r,
			"Incorrect version specified in apply patch. Specified patch "
			"version: %s, expected: %s",
			said, version);
	else if (cJSON_GetArraySize(json_at(p->patch, "metadata/managedFields")))
		rc = refuse_bad_request(r, "metadata.managedFields must be nil");
	free(version);
	return rc;
}

/* What an apply says of the part of the object that it may write. */
static cJSON *
applied_part(const struct patching *p)
{
	cJSON *applied = cJSON_Duplicate(p->patch, true);

	if (*p->request->place.subresource)
		cJSON_DeleteItemFromObjectCaseSensitive(applied, "spec");
	else if (p->request->place.kind->flags & KIND_STATUS)
		cJSON_DeleteItemFromObjectCaseSensitive(applied, "status");
	return applied;
}

static void
note_field(void *data, const char *path)
{
	struct str *text = data;

	str_printf(text, "%s.%s: field not declared in schema", text->len ? "\n" : "", path);
}

/* Who applies owns his fields; so each must be one that there is, whatever fieldValidation says. */
static int
check_fields(const struct patching *p, const cJSON *applied, struct refusal *r)
{
	const struct api_place *place = &p->request->place;
	char *version = kind_api_version(place->kind);
	struct str text = STR_INIT;
	int rc = 0;

	openapi_unknown_fields(place->kind, applied, note_field, &text);
	if (text.len)
		rc = refuse(r, 500, "",
			    "failed to create typed patch object (%s%s%s; %s, Kind=%s): %s",
			    place->ns, *place->ns ? "/" : "", place->name, version,
			    place->kind->name, str_cstr(&text));
	str_release(&text);
	free(version);
	return rc;
}

static int
apply(const struct patching *p, const cJSON *before, cJSON **ret, struct refusal *r)
{
	const struct kind *kind = p->request->place.kind;
	cJSON *applied = applied_part(p);
	char *version = kind_api_version(kind);
	int rc = api_check_object(p->request, applied, r);

	if (rc == 0 && (kind->flags & KIND_NAMESPACED) &&
	    !*json_string(applied, "metadata/namespace", "")) {
		cJSON_DeleteItemFromObjectCaseSensitive(json_at(applied, "metadata"), "namespace");
		json_add_string(json_at(applied, "metadata"), "namespace", p->request->place.ns);
	}
	if (rc == 0)
		rc = check_fields(p, applied, r);
	if (rc == 0)
		rc = patch_apply(before, applied, version, p->write.manager, p->force, kind->lists,
				 p->write.now, ret, r);
	free(version);
	cJSON_Delete(applied);
	return rc;
}

static int
change(const struct patching *p, const cJSON *before, cJSON **ret, struct refusal *r)
{
	switch (p->type) {
	case PATCH_JSON:
		return patch_json(before, p->patch, ret, r);
	case PATCH_MERGE:
		return patch_merge(before, p->patch, ret, r);
	case PATCH_STRATEGIC:
		return patch_strategic(before, p->patch, p->request->place.kind->lists, ret, r);
	case PATCH_APPLY:
	case PATCH_TYPES:
		break;
	}
	return apply(p, before, ret, r);
}

/* ---- writing ---- */

/* A patch may say which version it is for. */
static int
check_version(const struct patching *p, const struct stored *before, const cJSON *after,
	      struct refusal *r)
{
	const struct api_place *place = &p->request->place;
	const char *version = json_string(after, "metadata/resourceVersion", "");

	if (!*version || strtoull(version, NULL, 10) == before->version)
		return 0;
	return refuse_conflict(r, place->group, place->resource, place->name,
			       "the object has been modified; please apply your changes to the "
			       "latest version and try again");
}

/* Once over what is there. *ret_again: somebody has come between. */
static int
patch_once(struct patching *p, const struct stored *before, struct api_answer *answer,
	   const struct stored **ret, bool *ret_again, struct refusal *r)
{
	cJSON *made = NULL, *after = NULL;
	int rc = change(p, api_in_version(p->request->place.kind, before, &made), &after, r);

	cJSON_Delete(made);
	if (rc == 0 &&
	    (check_version(p, before, after, r) < 0 || api_check_object(p->request, after, r) < 0 ||
	     api_validate_fields(p->request, after, answer, r) < 0))
		rc = -1;
	if (rc < 0) {
		cJSON_Delete(after);
		return -1;
	}
	p->write.how.version = before->version;
	rc = api_replace(p->request, &p->write, before, after, p->type == PATCH_APPLY, ret, r);
	*ret_again = rc < 0 && r->code == 409;
	return rc;
}

static int
refuse_uid(const struct api_place *place, const char *uid, struct refusal *r)
{
	char *why = xasprintf("uid mismatch: the provided object specified uid %s, and no existing "
			      "object was found",
			      uid);

	refuse_conflict(r, place->group, place->resource, place->name, why);
	free(why);
	return -1;
}

/* An apply of something that is not there. *ret_again: by now it is. */
static int
create_applied(struct patching *p, struct api_answer *answer, const struct stored **ret,
	       bool *ret_again, struct refusal *r)
{
	const struct api_place *place = &p->request->place;
	cJSON *object = NULL;

	if (p->type != PATCH_APPLY || *place->subresource)
		return refuse_not_found(r, place->group, place->resource, place->name);
	const char *uid = json_string(p->patch, "metadata/uid", "");
	if (*uid)
		return refuse_uid(place, uid, r);
	if (apply(p, NULL, &object, r) < 0)
		return -1;
	api_drop_ours(place->kind, object);
	if (api_validate_fields(p->request, object, answer, r) < 0 ||
	    api_admit_new(p->request, object, r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	kind_convert(place->kind->storage, object);
	int rc = store_create(p->request->cluster->store, place->kind, place->ns, object,
			      &p->write.how, ret, r);
	*ret_again = rc < 0 && r->code == 409;
	return rc;
}

static int
patch(struct patching *p, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &p->request->place;
	const struct stored *after = NULL;
	bool again = true;
	int rc = -1, code = 200;

	for (int i = 0; i < API_TRIES_MAX && again; i++) {
		const struct stored *before =
			store_get(p->request->cluster->store, place->kind, place->ns, place->name);

		again = false;
		refusal_release(r);
		code = before ? 200 : 201;
		rc = before ? patch_once(p, before, answer, &after, &again, r)
			    : create_applied(p, answer, &after, &again, r);
		stored_drop(before);
	}
	if (rc == 0)
		api_answer_object(p->request, answer, code, after);
	stored_drop(after);
	return rc;
}

int
api_patch(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct patching p = { .request = request, .force = api_query_bool(request, "force") };
	enum api_form form;
	int rc = -1;

	if (api_form(request, &form, r) == 0 &&
	    api_write_begin(request, "PatchOptions", &p.write, r) == 0 && read_patch(&p, r) == 0 &&
	    check_apply(&p, r) == 0)
		rc = patch(&p, answer, r);
	cJSON_Delete(p.patch);
	api_write_release(&p.write);
	return rc;
}
