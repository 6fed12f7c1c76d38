#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/openapi/openapi_internal.h"

/* ---- rows of the table ---- */

static int
compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct openapi_type *)row)->name);
}

const struct openapi_type *
openapi_type_find(const char *name)
{
	return bsearch(name, openapi_types, openapi_types_count, sizeof(openapi_types[0]), compare);
}

/* Packages are named by the first word of a group; groups of others than Kubernetes have more words. */
const struct openapi_type *
openapi_type_of(const struct kind *kind)
{
	size_t len = strcspn(kind->group, ".");

	if (kind->columns || (kind->group[len] && strcmp(kind->group + len, ".k8s.io") != 0 &&
			      strcmp(kind->group + len, ".authorization.k8s.io") != 0))
		return NULL;
	char *name = xasprintf("%.*s%s.%s.%s", (int)len, kind->group, len ? "" : "core",
			       kind->version, kind->name);
	const struct openapi_type *type = openapi_type_find(name);
	free(name);
	return type;
}

/* Its full name, "io.k8s.api.apps.v1.Deployment". The caller frees. */
static char *
name_of(const struct openapi_type *type)
{
	if (str_starts_with(type->name, "meta."))
		return xasprintf("io.k8s.apimachinery.pkg.apis.%s", type->name);
	if (str_starts_with(type->name, "apiextensions."))
		return xasprintf("io.k8s.apiextensions-apiserver.pkg.apis.%s", type->name);
	return xasprintf("io.k8s.api.%s", type->name);
}

/* The words of a group from its end: "io.tetrate.install.v1alpha1.ManagementPlane". */
static char *
foreign_name(const struct kind *kind)
{
	struct str name = STR_INIT;
	const char *end = kind->group + strlen(kind->group);

	for (const char *at = end; at > kind->group;) {
		while (at > kind->group && at[-1] != '.')
			at--;
		str_append_bytes(&name, at, strcspn(at, "."));
		str_append_char(&name, '.');
		at -= at > kind->group;
	}
	str_printf(&name, "%s.%s", kind->version, kind->name);
	return str_take(&name);
}

/* The definition's name of a kind. The caller frees. */
static char *
name_of_kind(const struct kind *kind)
{
	const struct openapi_type *type = openapi_type_of(kind);

	return type ? name_of(type) : foreign_name(kind);
}

/* ---- fields ---- */

/* The row that a word means beside another row. */
static const struct openapi_type *
resolve(const struct openapi_type *beside, const char *word, size_t len)
{
	const char *last = strrchr(beside->name, '.');
	char *name = memchr(word, '.', len) ? xstrndup(word, len)
					    : xasprintf("%.*s.%.*s", (int)(last - beside->name),
							beside->name, (int)len, word);
	const struct openapi_type *type = openapi_type_find(name);

	free(name);
	return type;
}

bool
openapi_next_field(const struct openapi_type *type, const char **cursor,
		   struct openapi_field *ret_field)
{
	const char *at = *cursor + strspn(*cursor, " ");
	struct openapi_field f = { .name = at, .name_len = strcspn(at, "!:") };

	if (!*at)
		return false;
	at += f.name_len;
	f.required = *at == '!';
	at += f.required + 1;
	f.wrap = *at == '[' ? OPENAPI_LIST : *at == '{' ? OPENAPI_MAP : OPENAPI_ONE;
	at += f.wrap != OPENAPI_ONE;
	size_t len = strcspn(at, "]}/= ");
	if (len == 1)
		f.primitive = *at;
	else
		f.type = resolve(type, at, len);
	at += len + (f.wrap != OPENAPI_ONE);
	if (*at == '/') {
		f.merges = true;
		f.merge_key_len = strcspn(++at, "= ");
		f.merge_key = f.merge_key_len ? at : NULL;
		at += f.merge_key_len;
	}
	f.retains_keys = *at == '=';
	*cursor = at + f.retains_keys;
	*ret_field = f;
	return true;
}

/* ---- schemas ---- */

struct definitions {
	cJSON *all;
	const char *prefix;
	bool v3;
};

static void define(struct definitions *d, const struct openapi_type *type);

static cJSON *
make_primitive(char letter)
{
	static const struct {
		char letter;
		const char *type, *format;
	} known[] = {
		{ 's', "string", NULL },
		{ 'y', "string", "byte" },
		{ 't', "string", "date-time" },
		{ 'q', "string", NULL },
		{ 'x', "string", "int-or-string" },
		{ 'i', "integer", "int32" },
		{ 'l', "integer", "int64" },
		{ 'd', "number", "double" },
		{ 'b', "boolean", NULL },
		{ 'o', "object", NULL },
	};
	cJSON *schema = cJSON_CreateObject();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (known[i].letter != letter)
			continue;
		json_add_string(schema, "type", known[i].type);
		if (known[i].format)
			json_add_string(schema, "format", known[i].format);
	}
	return schema;
}

static cJSON *
make_reference(struct definitions *d, const struct openapi_type *type)
{
	cJSON *schema = cJSON_CreateObject(), *inner = schema;
	char *name = name_of(type);
	char *path = xasprintf("%s%s", d->prefix, name);

	define(d, type);
	if (d->v3) { /* beside a $ref nothing may stand there */
		inner = cJSON_CreateObject();
		cJSON_AddItemToArray(cJSON_AddArrayToObject(schema, "allOf"), inner);
	}
	json_add_string(inner, "$ref", path);
	free(path);
	free(name);
	return schema;
}

static void
add_strategy(cJSON *schema, const struct openapi_field *field)
{
	if (field->merge_key) {
		char *key = xstrndup(field->merge_key, field->merge_key_len);

		json_add_string(schema, "x-kubernetes-patch-merge-key", key);
		free(key);
	}
	if (field->merges || field->retains_keys)
		json_add_string(schema, "x-kubernetes-patch-strategy",
				!field->retains_keys ? "merge"
				: field->merges	     ? "merge,retainKeys"
						     : "retainKeys");
}

static cJSON *
make_field(struct definitions *d, const struct openapi_field *field)
{
	cJSON *schema =
		field->type ? make_reference(d, field->type) : make_primitive(field->primitive);

	if (field->wrap != OPENAPI_ONE) {
		cJSON *whole = cJSON_CreateObject();
		bool list = field->wrap == OPENAPI_LIST;

		json_add_string(whole, "type", list ? "array" : "object");
		json_add(whole, list ? "items" : "additionalProperties", schema);
		schema = whole;
	}
	add_strategy(schema, field);
	return schema;
}

static void
define(struct definitions *d, const struct openapi_type *type)
{
	char *name = name_of(type);
	const char *cursor = type->fields;
	struct openapi_field field;

	if (!cJSON_GetObjectItemCaseSensitive(d->all, name)) {
		cJSON *schema = cJSON_AddObjectToObject(d->all, name), *required = NULL;
		cJSON *properties = cJSON_CreateObject();

		json_add_string(schema, "type", "object");
		json_add(schema, "properties", properties);
		while (openapi_next_field(type, &cursor, &field)) {
			char *key = xstrndup(field.name, field.name_len);

			json_add(properties, key, make_field(d, &field));
			if (field.required && !required)
				required = cJSON_AddArrayToObject(schema, "required");
			if (field.required)
				cJSON_AddItemToArray(required, cJSON_CreateString(key));
			free(key);
		}
	}
	free(name);
}

/* Of a kind without a row anything is allowed. */
static void
define_kind(struct definitions *d, const struct kind *kind)
{
	const struct openapi_type *type = openapi_type_of(kind);
	char *name = name_of_kind(kind);
	cJSON *schema, *marks, *mark = cJSON_CreateObject();

	if (type)
		define(d, type);
	else if (!cJSON_GetObjectItemCaseSensitive(d->all, name))
		json_add_string(cJSON_AddObjectToObject(d->all, name), "type", "object");
	schema = cJSON_GetObjectItemCaseSensitive(d->all, name);
	marks = cJSON_GetObjectItemCaseSensitive(schema, "x-kubernetes-group-version-kind");
	if (!marks)
		marks = cJSON_AddArrayToObject(schema, "x-kubernetes-group-version-kind");
	json_add_string(mark, "group", kind->group);
	json_add_string(mark, "kind", kind->name);
	json_add_string(mark, "version", kind->version);
	cJSON_AddItemToArray(marks, mark);
	free(name);
}

cJSON *
openapi_definitions(const struct kind *const *kinds, size_t count, const char *prefix, bool v3)
{
	struct definitions d = { .all = cJSON_CreateObject(), .prefix = prefix, .v3 = v3 };

	for (size_t i = 0; i < count; i++)
		define_kind(&d, kinds[i]);
	return d.all;
}
