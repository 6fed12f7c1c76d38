#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/openapi/openapi_internal.h"

/* One operation on one kind. */
struct operation {
	const char *method;
	const char *action; /* x-kubernetes-action */
	bool of_one;	    /* has a name in its path */
	bool writes;	    /* takes dryRun, fieldManager, fieldValidation */
};

static const struct operation operations[] = {
	{ "get", "list", false, false },  { "post", "post", false, true },
	{ "get", "get", true, false },	  { "put", "put", true, true },
	{ "patch", "patch", true, true }, { "delete", "delete", true, false },
};

static cJSON *
make_parameter(const char *name, const char *in, const char *type, bool v3)
{
	cJSON *parameter = cJSON_CreateObject();

	json_add_string(parameter, "name", name);
	json_add_string(parameter, "in", in);
	if (strcmp(in, "path") == 0)
		json_add_bool(parameter, "required", true);
	if (v3)
		json_add_string(cJSON_AddObjectToObject(parameter, "schema"), "type", type);
	else
		json_add_string(parameter, "type", type);
	return parameter;
}

static cJSON *
make_parameters(const struct operation *o, bool v3)
{
	cJSON *list = cJSON_CreateArray();

	if (o->writes) {
		cJSON_AddItemToArray(list, make_parameter("dryRun", "query", "string", v3));
		cJSON_AddItemToArray(list, make_parameter("fieldManager", "query", "string", v3));
		cJSON_AddItemToArray(list,
				     make_parameter("fieldValidation", "query", "string", v3));
	}
	if (strcmp(o->method, "patch") == 0)
		cJSON_AddItemToArray(list, make_parameter("force", "query", "boolean", v3));
	return list;
}

/* kubectl makes a strategic merge patch where this list has one; definitions of others take none. */
static cJSON *
make_patch_types(const struct kind *kind, bool v3)
{
	static const char *const types[] = { "application/apply-patch+yaml",
					     "application/json-patch+json",
					     "application/merge-patch+json",
					     "application/strategic-merge-patch+json" };
	size_t count = openapi_type_of(kind) ? 4 : 3;
	cJSON *all = v3 ? cJSON_CreateObject() : cJSON_CreateArray();

	for (size_t i = 0; i < count; i++) {
		if (!v3) {
			cJSON_AddItemToArray(all, cJSON_CreateString(types[i]));
			continue;
		}
		json_add_string(
			cJSON_AddObjectToObject(cJSON_AddObjectToObject(all, types[i]), "schema"),
			"type", "object");
	}
	return all;
}

static cJSON *
make_responses(void)
{
	cJSON *responses = cJSON_CreateObject();

	json_add_string(cJSON_AddObjectToObject(responses, "200"), "description", "OK");
	return responses;
}

static cJSON *
make_operation(const struct kind *kind, const struct operation *o, bool v3)
{
	cJSON *operation = cJSON_CreateObject(), *mark;

	if (strcmp(o->method, "patch") == 0) {
		cJSON *types = make_patch_types(kind, v3);

		json_add(v3 ? cJSON_AddObjectToObject(operation, "requestBody") : operation,
			 v3 ? "content" : "consumes", types);
	}
	json_add(operation, "parameters", make_parameters(o, v3));
	json_add(operation, "responses", make_responses());
	json_add_string(operation, "x-kubernetes-action", o->action);
	mark = cJSON_AddObjectToObject(operation, "x-kubernetes-group-version-kind");
	json_add_string(mark, "group", kind->group);
	json_add_string(mark, "kind", kind->name);
	json_add_string(mark, "version", kind->version);
	return operation;
}

static char *
make_path(const struct kind *kind, bool of_one)
{
	return xasprintf("%s%s/%s%s/%s%s", *kind->group ? "/apis/" : "/api", kind->group,
			 kind->version,
			 kind->flags & KIND_NAMESPACED ? "/namespaces/{namespace}" : "",
			 kind->resource, of_one ? "/{name}" : "");
}

static void
add_path(cJSON *paths, const struct kind *kind, bool of_one, bool v3)
{
	char *path = make_path(kind, of_one);
	cJSON *item = cJSON_AddObjectToObject(paths, path), *parameters = cJSON_CreateArray();

	for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
		const struct operation *o = &operations[i];

		if (o->of_one == of_one &&
		    (!(kind->flags & KIND_CREATE_ONLY) || strcmp(o->method, "post") == 0))
			json_add(item, o->method, make_operation(kind, o, v3));
	}
	if (of_one)
		cJSON_AddItemToArray(parameters, make_parameter("name", "path", "string", v3));
	if (kind->flags & KIND_NAMESPACED)
		cJSON_AddItemToArray(parameters, make_parameter("namespace", "path", "string", v3));
	json_add(item, "parameters", parameters);
	free(path);
}

cJSON *
openapi_paths(const struct kind *const *kinds, size_t count, bool v3)
{
	cJSON *paths = cJSON_CreateObject();

	for (size_t i = 0; i < count; i++) {
		add_path(paths, kinds[i], false, v3);
		if (!(kinds[i]->flags & KIND_CREATE_ONLY))
			add_path(paths, kinds[i], true, v3);
	}
	return paths;
}
