#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/defaults.h"
#include "world/object/store_object.h"
#include "world/openapi/openapi.h"

/* What happens to an object between its writer and the store: fields that nobody knows, types, defaults, checks. */

int
api_admit(const struct api_request *request, const cJSON *before, cJSON *object, struct refusal *r)
{
	struct cluster *cluster = request->cluster;
	const struct kind *kind = request->place.kind;
	struct defaults_pool pool = { .store = cluster->store, .kinds = cluster->kinds };
	const struct defaults_options options = { .cluster_ip = defaults_free_address,
						  .node_port = defaults_free_port,
						  .data = &pool };
	cJSON *metadata = object_metadata(object);

	if (openapi_check_types(kind, object, r) < 0)
		return -1;
	if (*request->place.subresource && strcmp(request->place.subresource, "scale") != 0)
		return 0;
	if (kind_is(kind, "apiextensions.k8s.io", "customresourcedefinitions"))
		return api_definition_admit(cluster, before, object, r);
	if ((kind->flags & KIND_NAMESPACED) && !*json_string(metadata, "namespace", "")) {
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "namespace");
		json_add_string(metadata, "namespace", request->place.ns);
	}
	return defaults_fill(kind, object, before, &options, r);
}

int
api_admit_new(const struct api_request *request, cJSON *object, struct refusal *r)
{
	const char *name = json_string(object, "metadata/name", "");
	const bool is_named = *name || !*json_string(object, "metadata/generateName", "");
	int rc = api_admit(request, NULL, object, r);

	if (is_named && (rc == 0 || r->code == 422))
		rc |= object_check_name(request->place.kind, name, r);
	return rc;
}

/* ---- fieldValidation ---- */

struct unknown {
	struct api_answer *answer; /* NULL: they are collected */
	struct str text;
};

static void
note_unknown(void *data, const char *path)
{
	struct unknown *u = data;
	char *text = xasprintf("unknown field \"%s\"", path);

	str_printf(&u->text, "%s%s", u->text.len ? ", " : "", text);
	if (u->answer)
		api_warn(u->answer, text);
	free(text);
}

static int
refuse_unknown(const struct api_request *request, const char *fields, struct refusal *r)
{
	const struct kind *kind = request->place.kind;

	if (strcmp(request->method, "PATCH") == 0)
		return refuse_invalid(r, kind->group, kind->name, request->place.name, "patch",
				      "Invalid value: \"%s\": strict decoding error: %s",
				      request->body, fields);
	return refuse_bad_request(
		r, "%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
		kind->name, kind->version, kind->name, fields);
}

static int
refuse_validation(const char *word, struct refusal *r)
{
	char *why = xasprintf("Unsupported value: \"%s\": supported values: \"\", \"Ignore\", "
			      "\"Strict\", \"Warn\"",
			      word);

	api_refuse_option(r, "CreateOptions", "fieldValidation", why);
	free(why);
	return -1;
}

int
api_validate_fields(const struct api_request *request, const cJSON *object,
		    struct api_answer *answer, struct refusal *r)
{
	const char *how = api_query(request, "fieldValidation");
	bool strict = str_equal(how, "Strict");
	struct unknown unknown = { .answer = strict ? NULL : answer, .text = STR_INIT };
	int rc = 0;

	if (how && !strict && !str_equal(how, "Warn") && !str_equal(how, "Ignore"))
		return refuse_validation(how, r);
	if (!str_equal(how, "Ignore"))
		openapi_unknown_fields(request->place.kind, object, note_unknown, &unknown);
	if (strict && unknown.text.len)
		rc = refuse_unknown(request, str_cstr(&unknown.text), r);
	str_release(&unknown.text);
	return rc;
}
