#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/store_object.h"
#include "world/patch/patch.h"

/* Writing whole objects: create and update, and what patches share with them. */

static int
check_dry_run(const struct api_request *request, const char *options, bool *ret_dry,
	      struct refusal *r)
{
	const char *value = api_query(request, "dryRun");

	*ret_dry = value;
	if (!value || strcmp(value, "All") == 0)
		return 0;
	char *why =
		xasprintf("Unsupported value: []string{\"%s\"}: supported values: \"All\"", value);
	api_refuse_option(r, options, "dryRun", why);
	free(why);
	return -1;
}

int
api_write_begin(const struct api_request *request, const char *options, struct api_write *write,
		struct refusal *r)
{
	const char *manager = api_query(request, "fieldManager");

	*write = (struct api_write){ .how = { .grace_s = -1 } };
	if (check_dry_run(request, options, &write->how.dry_run, r) < 0)
		return -1;
	if (*request->place.subresource)
		write->how.subresource = request->place.subresource;
	if (!manager)
		manager = write->manager_own =
			xstrndup(request->user_agent, strcspn(request->user_agent, "/"));
	write->manager = *manager ? manager : "unknown";
	object_time(clock_wall_ms(), write->now);
	return 0;
}

void
api_write_release(struct api_write *write)
{
	free(write->manager_own);
}

/* The version that the writer has seen; 0: he says nothing. */
static uint64_t
seen_version(const cJSON *object)
{
	return strtoull(json_string(object, "metadata/resourceVersion", "0"), NULL, 10);
}

/* ---- create ---- */

/* What only a server says of something new: when it was made, and its status, but a node's, which tells it of itself. */
void
api_drop_ours(const struct kind *kind, cJSON *object)
{
	cJSON_DeleteItemFromObjectCaseSensitive(object_metadata(object), "creationTimestamp");
	if ((kind->flags & KIND_STATUS) && !kind_is(kind, "", "nodes"))
		cJSON_DeleteItemFromObjectCaseSensitive(object, "status");
}

static int
create(struct api_request *request, const struct api_write *write, cJSON *object,
       const struct stored **ret, struct refusal *r)
{
	const struct api_place *place = &request->place;
	struct store *store = request->cluster->store;

	api_drop_ours(place->kind, object);
	if (*json_string(object, "metadata/resourceVersion", ""))
		refuse(r, 500, "", "resourceVersion should not be set on objects to be created");
	if (r->code || api_admit_new(request, object, r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	char *version = kind_api_version(place->kind);
	patch_track(NULL, object, version, write->manager, write->how.subresource,
		    place->kind->lists, write->now);
	free(version);
	kind_convert(place->kind->storage, object);
	return store_create(store, place->kind, place->ns, object, &write->how, ret, r);
}

static int
answer_review(struct api_request *request, cJSON *review, struct api_answer *answer,
	      struct refusal *r)
{
	struct cluster *cluster = request->cluster;
	const struct api_place *place = &request->place;
	cJSON *metadata = json_at(review, "metadata");

	if (place->kind->flags & KIND_NAMESPACED) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "namespace");
		json_add_string(metadata, "namespace", place->ns);
	}
	const struct access_review how = { cluster->store, cluster->kinds, cluster->tokens,
					   request->caller };
	if (access_review(&how, place->kind, review, r) < 0)
		return -1;
	api_answer_json(answer, 201, review);
	return 0;
}

int
api_create(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct stored *stored = NULL;
	struct api_write write = { 0 };
	cJSON *object = NULL;
	enum api_form form;
	int rc = -1;

	if (api_form(request, &form, r) < 0 ||
	    api_write_begin(request, "CreateOptions", &write, r) < 0 ||
	    api_body_object(request, &object, r) < 0)
		goto out;
	if (request->place.kind->flags & KIND_CREATE_ONLY) {
		rc = answer_review(request, object, answer, r);
		goto out;
	}
	if (api_validate_fields(request, object, answer, r) < 0)
		goto out;
	rc = create(request, &write, object, &stored, r);
	object = NULL;
	if (rc == 0)
		api_answer_object(request, answer, 201, stored);
out:
	stored_drop(stored);
	cJSON_Delete(object);
	api_write_release(&write);
	return rc;
}

/* ---- update ---- */

int
api_replace(const struct api_request *request, const struct api_write *write,
	    const struct stored *before, cJSON *object, bool tracked, const struct stored **ret,
	    struct refusal *r)
{
	const struct api_place *place = &request->place;
	cJSON *made = NULL;
	const cJSON *old = api_in_version(place->kind, before, &made);
	char *version = kind_api_version(place->kind);

	object_keep_ours(place->kind, object, old, write->how.subresource);
	int rc = api_admit(request, old, object, r);
	if (rc == 0 && !tracked)
		patch_track(old, object, version, write->manager, write->how.subresource,
			    place->kind->lists, write->now);
	cJSON_Delete(made);
	free(version);
	if (rc < 0) {
		cJSON_Delete(object);
		return -1;
	}
	kind_convert(place->kind->storage, object);
	return store_update(request->cluster->store, place->kind, place->ns, place->name, object,
			    &write->how, ret, r);
}

/* Custom resources and their definitions are only updated by who has seen the last version. */
static int
check_version(const struct api_request *request, const cJSON *object, struct refusal *r)
{
	const struct kind *kind = request->place.kind;

	if (seen_version(object) ||
	    !(kind->columns || kind_is(kind, "apiextensions.k8s.io", "customresourcedefinitions")))
		return 0;
	return refuse_invalid(r, kind->group, kind->name, request->place.name,
			      "metadata.resourceVersion",
			      "Invalid value: 0x0: must be specified for an update");
}

static int
update(struct api_request *request, struct api_write *write, cJSON *object,
       const struct stored **ret, struct refusal *r)
{
	const struct api_place *place = &request->place;
	const struct stored *before =
		store_get(request->cluster->store, place->kind, place->ns, place->name);
	const char *uid = json_string(object, "metadata/uid", "");
	char *wanted = *uid ? xstrdup(uid) : NULL; /* the object is gone when it is compared */
	int rc = -1;

	if (!before) {
		cJSON_Delete(object);
		refuse_not_found(r, place->group, place->resource, place->name);
	} else if (check_version(request, object, r) < 0) {
		cJSON_Delete(object);
	} else {
		write->how.version = seen_version(object);
		write->how.uid = wanted;
		rc = api_replace(request, write, before, object, false, ret, r);
	}
	stored_drop(before);
	free(wanted);
	write->how.uid = NULL;
	return rc;
}

int
api_update(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct stored *stored = NULL;
	struct api_write write = { 0 };
	cJSON *object = NULL;
	enum api_form form;
	int rc = -1;

	if (api_form(request, &form, r) < 0 ||
	    api_write_begin(request, "UpdateOptions", &write, r) < 0 ||
	    api_body_object(request, &object, r) < 0 ||
	    api_validate_fields(request, object, answer, r) < 0)
		goto out;
	rc = update(request, &write, object, &stored, r);
	object = NULL;
	if (rc == 0)
		api_answer_object(request, answer, 200, stored);
out:
	stored_drop(stored);
	cJSON_Delete(object);
	api_write_release(&write);
	return rc;
}
