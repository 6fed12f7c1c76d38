#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/selector.h"
#include "world/object/store_object.h"
#include "world/patch/patch.h"

/* The subresource scale: autoscaling/v1 Scale, of built-in workloads and of definitions that say where it is. */

#define SCALE_VERSION "autoscaling/v1"
#define JSON_PATCH "application/json-patch+json"

/* ".spec.replicas" of a definition as a path of ours; the caller frees. */
static char *
path_of(const struct kind *kind, const char *name, const char *otherwise)
{
	const char *said = json_string(kind->scale, name, otherwise);
	char *path = xstrdup(*said == '.' ? said + 1 : said);

	for (char *at = path; *at; at++)
		if (*at == '.')
			*at = '/';
	return path;
}

static int64_t
number_at(const struct kind *kind, const cJSON *object, const char *name, const char *otherwise,
	  int64_t without)
{
	char *path = path_of(kind, name, otherwise);
	int64_t number = json_int(object, path, without);

	free(path);
	return number;
}

/* The selector as text; of a definition it is a text already. The caller frees. */
static char *
selector_of(const struct kind *kind, const cJSON *object)
{
	if (kind->scale) {
		char *path = path_of(kind, "labelSelectorPath", "");
		char *text = xstrdup(*path ? json_string(object, path, "") : "");

		free(path);
		return text;
	}
	struct selector *s = selector_from_object(json_at(object, "spec/selector"));
	char *text = selector_format(s);
	selector_free(s);
	return text;
}

static cJSON *
make_scale(const struct kind *kind, const struct stored *stored)
{
	static const char *const taken[] = { "name", "namespace", "uid", "resourceVersion",
					     "creationTimestamp" };
	const cJSON *from = json_at(stored->object, "metadata");
	cJSON *scale = cJSON_CreateObject(), *metadata, *spec, *status;
	char *selector = selector_of(kind, stored->object);

	json_add_string(scale, "kind", "Scale");
	json_add_string(scale, "apiVersion", SCALE_VERSION);
	metadata = cJSON_AddObjectToObject(scale, "metadata");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (json_at(from, taken[i]))
			json_add(metadata, taken[i],
				 cJSON_Duplicate(json_at(from, taken[i]), true));
	spec = cJSON_AddObjectToObject(scale, "spec");
	int64_t replicas = number_at(kind, stored->object, "specReplicasPath", ".spec.replicas", 0);
	if (replicas) /* a server leaves a zero out */
		json_add_int(spec, "replicas", replicas);
	status = cJSON_AddObjectToObject(scale, "status");
	json_add_int(status, "replicas",
		     number_at(kind, stored->object, "statusReplicasPath", ".status.replicas", 0));
	if (*selector)
		json_add_string(status, "selector", selector);
	free(selector);
	return scale;
}

/* ---- writing ---- */

/* Puts a number at a path, whose objects are made where they are not there. */
static void
set_number(cJSON *object, const char *path, int64_t number)
{
	const char *slash;

	while ((slash = strchr(path, '/'))) {
		char *name = xstrndup(path, (size_t)(slash - path));
		cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, name);

		if (!cJSON_IsObject(inner)) {
			cJSON_DeleteItemFromObjectCaseSensitive(object, name);
			inner = cJSON_AddObjectToObject(object, name);
		}
		object = inner;
		path = slash + 1;
		free(name);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(object, path);
	json_add_int(object, path, number);
}

/* A Scale of the object in the URL; where it says nothing of its kind it is one. */
static int
check_scale(const struct api_request *request, const cJSON *scale, struct refusal *r)
{
	const char *kind = json_string(scale, "kind", "Scale");
	const char *version = json_string(scale, "apiVersion", SCALE_VERSION);
	const char *name = json_string(scale, "metadata/name", "");
	const char *wanted = request->place.name, *slash = strchr(version, '/');

	if (!cJSON_IsObject(scale))
		return refuse_bad_request(r, "the object provided is unrecognized (must be of type "
					     "Scale): couldn't get version/kind");
	if (strcmp(kind, "Scale") != 0 || strcmp(version, SCALE_VERSION) != 0)
		return refuse_bad_request(r, "%s in version \"%s\" cannot be handled as a Scale",
					  kind, slash ? slash + 1 : version);
	if (!*name)
		return refuse_bad_request(r,
					  "the name of the object (%s based on URL) was "
					  "undeterminable: name must be provided",
					  wanted);
	if (strcmp(name, wanted) != 0)
		return refuse_bad_request(
			r, "the name of the object (%s) does not match the name on the URL (%s)",
			name, wanted);
	return 0;
}

static int
read_replicas(const struct api_request *request, const cJSON *scale, int64_t *ret,
	      struct refusal *r)
{
	const cJSON *replicas = json_at(scale, "spec/replicas");

	if (replicas && !cJSON_IsNumber(replicas))
		return refuse_bad_request(r, "json: cannot unmarshal spec.replicas into Go value "
					     "of type int32");
	*ret = json_int(scale, "spec/replicas", 0);
	if (*ret >= 0)
		return 0;
	return refuse_invalid(r, "autoscaling", "Scale", request->place.name, "spec.replicas",
			      "Invalid value: %lld: must be greater than or equal to 0",
			      (long long)*ret);
}

/* What a PUT says, or what a PATCH makes of what is there. */
static int
wanted_scale(const struct api_request *request, const struct stored *before, cJSON **ret,
	     struct refusal *r)
{
	cJSON *body = NULL, *now;
	int rc;

	if (api_body(request, &body, r) < 0)
		return -1;
	if (strcmp(request->method, "PUT") == 0) {
		*ret = body;
		return 0;
	}
	now = make_scale(request->place.kind, before);
	if (strncmp(request->content_type, JSON_PATCH, strlen(JSON_PATCH)) == 0)
		rc = patch_json(now, body, ret, r);
	else
		rc = patch_merge(now, body, ret, r);
	cJSON_Delete(now);
	cJSON_Delete(body);
	return rc;
}

/* *ret_again: somebody has come between what was read and what is written. */
static int
write_scale(struct api_request *request, const struct stored *before, const struct stored **ret,
	    bool *ret_again, struct refusal *r)
{
	const struct kind *kind = request->place.kind;
	struct api_write write = { 0 };
	cJSON *scale = NULL;
	int64_t replicas = 0;
	int rc = -1;

	if (wanted_scale(request, before, &scale, r) == 0 && check_scale(request, scale, r) == 0 &&
	    read_replicas(request, scale, &replicas, r) == 0 &&
	    api_write_begin(request, "UpdateOptions", &write, r) == 0) {
		cJSON *object = cJSON_Duplicate(before->object, true);
		char *path = path_of(kind, "specReplicasPath", ".spec.replicas");

		set_number(object, path, replicas);
		kind_convert(kind, object);
		write.how.subresource = NULL; /* what it changes is the object's own */
		write.how.version =
			strtoull(json_string(scale, "metadata/resourceVersion", "0"), NULL, 10);
		free(path);
		*ret_again = !write.how.version || write.how.version == before->version;
		if (!write.how.version)
			write.how.version = before->version;
		rc = api_replace(request, &write, before, object, false, ret, r);
		*ret_again = *ret_again && rc < 0 && r->code == 409;
	}
	api_write_release(&write);
	cJSON_Delete(scale);
	return rc;
}

/* Once. */
static int
answer_scale(struct api_request *request, const struct stored *before, struct api_answer *answer,
	     bool *ret_again, struct refusal *r)
{
	const struct stored *after = NULL;
	const char *method = request->method;
	int rc = 0;

	if (strcmp(method, "GET") == 0)
		after = stored_hold(before);
	else if (strcmp(method, "PUT") == 0 || strcmp(method, "PATCH") == 0)
		rc = write_scale(request, before, &after, ret_again, r);
	else
		rc = api_refuse_method(r);
	if (rc == 0) {
		cJSON *scale = make_scale(request->place.kind, after);

		api_answer_json(answer, 200, scale);
		cJSON_Delete(scale);
	}
	stored_drop(after);
	return rc;
}

int
api_scale(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	const struct api_place *place = &request->place;
	bool again = true;
	int rc = -1;

	for (int i = 0; i < API_TRIES_MAX && again; i++) {
		const struct stored *before =
			store_get(request->cluster->store, place->kind, place->ns, place->name);

		again = false;
		refusal_release(r);
		if (!before)
			return refuse_not_found(r, place->group, place->resource, place->name);
		rc = answer_scale(request, before, answer, &again, r);
		stored_drop(before);
	}
	return rc;
}
