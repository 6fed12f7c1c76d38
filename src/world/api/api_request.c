#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "world/api/api.h"
#include "world/api/api_protobuf.h"

/* What is asked: parameters, what is accepted, what the body says. */

/* ---- parameters ---- */

const char *
api_query(const struct api_request *request, const char *name)
{
	const char *value =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request->query, name));

	return value && *value ? value : NULL;
}

/* As Go reads a bool, where anything but a no is a yes. */
bool
api_query_bool(const struct api_request *request, const char *name)
{
	const char *value =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request->query, name));

	return value && strcasecmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

int
api_query_int(const struct api_request *request, const char *name, int64_t otherwise, int64_t *ret,
	      struct refusal *r)
{
	const char *value = api_query(request, name);
	char *end;

	if (!value) {
		*ret = otherwise;
		return 0;
	}
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (*end || errno || end == value)
		return refuse_bad_request(r, "strconv.ParseInt: parsing \"%s\": invalid syntax",
					  value);
	*ret = number;
	return 0;
}

int
api_query_version(const struct api_request *request, uint64_t *ret, struct refusal *r)
{
	const char *value = api_query(request, "resourceVersion");
	char *end;

	*ret = 0;
	if (!value)
		return 0;
	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (*end || errno || end == value || *value == '-') {
		refuse(r, 400, "BadRequest",
		       "resourceVersion: Invalid value: \"%s\": strconv.ParseUint: parsing \"%s\": "
		       "invalid syntax",
		       value, value);
		return -1;
	}
	*ret = number;
	return 0;
}

/* ---- what is accepted ---- */

/* Whether a media range has this parameter; blanks around it do not matter. */
static bool
has_parameter(const char *range, size_t len, const char *parameter)
{
	size_t wanted = strlen(parameter);

	for (size_t at = strcspn(range, ";"); at < len; at += strcspn(range + at, ";")) {
		at++;
		at += strspn(range + at, " ");
		size_t have = strcspn(range + at, "; ,");
		if (have == wanted && strncasecmp(range + at, parameter, wanted) == 0)
			return true;
	}
	return false;
}

static bool
is_type(const char *range, const char *type)
{
	size_t len = strcspn(range, "; ,");

	return len == strlen(type) && strncasecmp(range, type, len) == 0;
}

/* What one media range asks for; API_FORMS: nothing that we have. */
static enum api_form
form_of(const char *range, size_t len)
{
	if (is_type(range, "*/*") || is_type(range, "application/*"))
		return API_OBJECT;
	if (!is_type(range, "application/json"))
		return API_FORMS;
	if (has_parameter(range, len, "as=Table"))
		return API_TABLE;
	if (has_parameter(range, len, "as=PartialObjectMetadata") ||
	    has_parameter(range, len, "as=PartialObjectMetadataList"))
		return API_METADATA;
	for (size_t at = 0; at + 3 < len; at++)
		if (strncasecmp(range + at, ";as=", 4) == 0)
			return API_FORMS; /* something that is no form of objects */
	return API_OBJECT;
}

/* Its place among others by q, of thousandths. */
static int
quality_of(const char *range, size_t len)
{
	for (size_t at = 0; at + 2 < len; at++)
		if (range[at] == ';' || range[at] == ' ') {
			if (strncasecmp(range + at + 1, "q=", 2) == 0)
				return (int)(strtod(range + at + 3, NULL) * 1000);
		}
	return 1000;
}

int
api_form(const struct api_request *request, enum api_form *ret, struct refusal *r)
{
	enum api_form best = API_FORMS;
	int quality = 0;

	for (const char *at = request->accept; *at;) {
		at += strspn(at, ", ");
		size_t len = strcspn(at, ",");
		enum api_form form = form_of(at, len);
		int q = quality_of(at, len);

		if (form != API_FORMS && q > quality) {
			best = form;
			quality = q;
		}
		at += len;
	}
	if (!*request->accept)
		best = API_OBJECT;
	if (best == API_FORMS)
		return refuse(r, 406, "NotAcceptable",
			      "only the following media types are accepted: application/json, "
			      "application/yaml, application/vnd.kubernetes.protobuf");
	*ret = best;
	return 0;
}

/* ---- the body ---- */

static bool
has_type(const struct api_request *request, const char *type)
{
	return is_type(request->content_type, type);
}

static int
parse_yaml(const struct api_request *request, cJSON **ret, struct refusal *r)
{
	struct yaml_stream stream = { 0 };
	struct mark mark = { 0 };
	struct err e = ERR_INIT;
	int rc = -1;

	if (yaml_parse(request->body, request->body_len, &stream, &mark, &e) == 0 &&
	    stream.count == 1)
		rc = yaml_to_manifest(stream.documents[0].root, ret, &mark, &e);
	if (rc < 0)
		refuse_bad_request(r, "error decoding YAML: line %d: %s", mark.line, e.message);
	yaml_stream_release(&stream);
	return rc;
}

int
api_body(const struct api_request *request, cJSON **ret, struct refusal *r)
{
	struct err e = ERR_INIT;

	if (has_type(request, "application/yaml") ||
	    has_type(request, "application/apply-patch+yaml"))
		return parse_yaml(request, ret, r);
	if (has_type(request, "application/vnd.kubernetes.protobuf"))
		return api_protobuf_read(request->body, request->body_len, ret, r);
	if (*request->content_type && !has_type(request, "application/json") &&
	    !has_type(request, "application/json-patch+json") &&
	    !has_type(request, "application/merge-patch+json") &&
	    !has_type(request, "application/strategic-merge-patch+json"))
		return refuse(r, 415, "UnsupportedMediaType",
			      "the body of the request was in an unknown format - accepted media "
			      "types include: application/json, application/yaml, "
			      "application/vnd.kubernetes.protobuf");
	*ret = json_parse(request->body, request->body_len, &e);
	if (*ret)
		return 0;
	return refuse_bad_request(r, "couldn't get version/kind; json parse error: %s", e.message);
}

/* Behind the slash of an apiVersion, or all of it. */
static const char *
version_of(const char *api_version)
{
	const char *slash = strchr(api_version, '/');

	return slash ? slash + 1 : api_version;
}

/* An object of another kind, or of another version, than the URL's. */
static int
refuse_kind(const struct api_request *request, const char *version, const char *name,
	    struct refusal *r)
{
	const struct kind *kind = request->place.kind;
	const char *group = *kind->group ? kind->group : "core";

	if (kind->columns || !kinds_by_name(request->cluster->kinds, version, name))
		return refuse_bad_request(r,
					  "%s in version \"%s\" cannot be handled as a %s: no kind "
					  "\"%s\" is registered for version \"%s\" in scheme "
					  "\"k8s.io/kubernetes/pkg/api/legacyscheme/scheme.go:30\"",
					  name, version_of(version), kind->name, name, version);
	return refuse_bad_request(
		r,
		"%s in version \"%s\" cannot be handled as a %s: converting (%s.%s) to (%.*s.%s): "
		"unknown conversion",
		name, version_of(version), kind->name, version_of(version), name,
		(int)strcspn(group, "."), group, kind->name);
}

static int
check_kind(const struct api_request *request, cJSON *object, struct refusal *r)
{
	const struct kind *kind = request->place.kind;
	const char *name = json_string(object, "kind", "");
	const char *version = json_string(object, "apiVersion", "");
	char *wanted = kind_api_version(kind);
	int rc = 0;

	if (!*name && !*version) { /* the URL says it */
		cJSON_DeleteItemFromObjectCaseSensitive(object, "kind");
		cJSON_DeleteItemFromObjectCaseSensitive(object, "apiVersion");
		json_add_string(object, "kind", kind->name);
		json_add_string(object, "apiVersion", wanted);
	} else if (strcmp(name, kind->name) != 0 || strcmp(version, wanted) != 0) {
		rc = refuse_kind(request, version, name, r);
	}
	free(wanted);
	return rc;
}

int
api_check_object(const struct api_request *request, cJSON *object, struct refusal *r)
{
	const struct api_place *place = &request->place;
	cJSON *metadata = cJSON_GetObjectItemCaseSensitive(object, "metadata");

	if (!cJSON_IsObject(object))
		return refuse_bad_request(r,
					  "the object provided is unrecognized (must be of type "
					  "%s): couldn't get version/kind",
					  place->kind->name);
	if (check_kind(request, object, r) < 0)
		return -1;
	if (metadata && !cJSON_IsObject(metadata)) {
		cJSON_DeleteItemFromObjectCaseSensitive(object, "metadata");
		metadata = NULL;
	}
	if (!metadata)
		metadata = cJSON_AddObjectToObject(object, "metadata");
	const char *ns = json_string(metadata, "namespace", "");
	const char *name = json_string(metadata, "name", "");
	if (*ns && (place->kind->flags & KIND_NAMESPACED) && strcmp(ns, place->ns) != 0)
		return refuse_bad_request(r, "the namespace of the provided object does not match "
					     "the namespace sent on the request");
	if (*name && *place->name && strcmp(name, place->name) != 0)
		return refuse_bad_request(
			r, "the name of the object (%s) does not match the name on the URL (%s)",
			name, place->name);
	if (!*name && strcmp(request->method, "PUT") == 0)
		return refuse_bad_request(r,
					  "the name of the object (%s based on URL) was "
					  "undeterminable: name must be provided",
					  place->name);
	if (!*name && *place->name) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "name");
		json_add_string(metadata, "name", place->name);
	}
	return 0;
}

int
api_body_object(const struct api_request *request, cJSON **ret, struct refusal *r)
{
	cJSON *object = NULL;

	if (api_body(request, &object, r) < 0)
		return -1;
	if (api_check_object(request, object, r) < 0) {
		cJSON_Delete(object);
		return -1;
	}
	*ret = object;
	return 0;
}
