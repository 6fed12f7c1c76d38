#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/kind_internal.h"

/* The kinds of CustomResourceDefinitions. Source: API reference, apiextensions.k8s.io/v1. */

#define GROUP "apiextensions.k8s.io"
#define KIND "CustomResourceDefinition"

/* ---- what a definition must say ---- */

static const char *
definition_name(const cJSON *definition)
{
	return json_string(definition, "metadata/name", "");
}

static int
require(const cJSON *definition, const char *path, const char *field, struct refusal *r)
{
	if (*json_string(definition, path, ""))
		return 0;
	return refuse_invalid(r, GROUP, KIND, definition_name(definition), field, "Required value");
}

static int
check_name(const cJSON *definition, struct refusal *r)
{
	const char *name = definition_name(definition);
	char *wanted = xasprintf("%s.%s", json_string(definition, "spec/names/plural", ""),
				 json_string(definition, "spec/group", ""));
	int rc = 0;

	if (strcmp(name, wanted) != 0)
		rc = refuse_invalid(r, GROUP, KIND, name, "metadata.name",
				    "Invalid value: \"%s\": must be "
				    "spec.names.plural+\".\"+spec.group",
				    name);
	free(wanted);
	return rc;
}

static int
check_scope(const cJSON *definition, struct refusal *r)
{
	const char *scope = json_string(definition, "spec/scope", "");

	if (!*scope)
		return require(definition, "spec/scope", "spec.scope", r);
	if (strcmp(scope, "Cluster") == 0 || strcmp(scope, "Namespaced") == 0)
		return 0;
	return refuse_invalid(
		r, GROUP, KIND, definition_name(definition), "spec.scope",
		"Unsupported value: \"%s\": supported values: \"Cluster\", \"Namespaced\"", scope);
}

static bool
is_named_before(const cJSON *versions, const cJSON *version)
{
	for (const cJSON *at = versions->child; at != version; at = at->next)
		if (str_equal(json_string(at, "name", ""), json_string(version, "name", "")))
			return true;
	return false;
}

/* The names of the versions, in place of the Go structs that a real server prints there. */
static void
append_versions(const cJSON *versions, struct str *out)
{
	const cJSON *version;

	str_append_char(out, '[');
	cJSON_ArrayForEach(version, versions)
		str_printf(out, "%s\"%s\"", version == versions->child ? "" : ",",
			   json_string(version, "name", ""));
	str_append_char(out, ']');
}

static int
refuse_versions(const cJSON *definition, const char *why, struct refusal *r)
{
	struct str names = STR_INIT;

	append_versions(json_at(definition, "spec/versions"), &names);
	refuse_invalid(r, GROUP, KIND, definition_name(definition), "spec.versions",
		       "Invalid value: %s: %s", str_cstr(&names), why);
	str_release(&names);
	return -1;
}

static int
check_versions(const cJSON *definition, struct refusal *r)
{
	const cJSON *versions = json_at(definition, "spec/versions"), *version;
	int stored = 0;

	cJSON_ArrayForEach(version, versions) {
		stored += json_bool(version, "storage", false);
		if (is_named_before(versions, version))
			return refuse_versions(definition, "must contain unique version names", r);
	}
	return stored == 1 ? 0
			   : refuse_versions(definition,
					     "must have exactly one version marked as storage "
					     "version",
					     r);
}

static int
check_definition(const cJSON *definition, struct refusal *r)
{
	int rc = check_name(definition, r);

	rc |= require(definition, "spec/group", "spec.group", r);
	rc |= require(definition, "spec/names/plural", "spec.names.plural", r);
	rc |= require(definition, "spec/names/kind", "spec.names.kind", r);
	rc |= check_scope(definition, r);
	rc |= check_versions(definition, r);
	return rc;
}

/* ---- names that others have ---- */

static struct definition *
find_served(struct kinds *kinds, const char *name)
{
	for (size_t i = 0; i < kinds->definitions_count; i++)
		if (kinds->definitions[i].served &&
		    strcmp(definition_name(kinds->definitions[i].tree), name) == 0)
			return &kinds->definitions[i];
	return NULL;
}

static int
refuse_taken(const cJSON *definition, const char *field, const char *word, struct refusal *r)
{
	return refuse_invalid(r, GROUP, KIND, definition_name(definition), field,
			      "Invalid value: \"%s\": is already in use", word);
}

/* With the lock held: against the kinds of the same group that are not this definition's own. */
static int
check_taken(struct kinds *kinds, const cJSON *definition, struct refusal *r)
{
	const char *group = json_string(definition, "spec/group", "");
	const char *plural = json_string(definition, "spec/names/plural", "");
	const char *name = json_string(definition, "spec/names/kind", "");

	for (size_t i = 0; i < kinds->served_count; i++) {
		const struct kind *kind = kinds->served[i];
		bool ours = strcmp(kind->resource, plural) == 0;

		if (strcmp(kind->group, group) != 0 || (ours && kind->columns))
			continue;
		if (ours)
			return refuse_taken(definition, "spec.names.plural", plural, r);
		if (strcmp(kind->name, name) == 0)
			return refuse_taken(definition, "spec.names.kind", name, r);
	}
	return 0;
}

/* ---- serving ---- */

/* The strings of a list, which ends with NULL; NULL: there are none. The texts are the tree's. */
static const char *const *
borrow_strings(const cJSON *list)
{
	int count = cJSON_GetArraySize(list), at = 0;
	const cJSON *item;

	if (count == 0)
		return NULL;
	const char **strings = xcalloc((size_t)count + 1, sizeof(*strings));
	cJSON_ArrayForEach(item, list)
		if (cJSON_IsString(item))
			strings[at++] = item->valuestring;
	return strings;
}

static unsigned
flags_of(const cJSON *definition, const cJSON *version)
{
	unsigned flags = KIND_GENERATION;

	if (strcmp(json_string(definition, "spec/scope", ""), "Namespaced") == 0)
		flags |= KIND_NAMESPACED;
	if (json_at(version, "subresources/status"))
		flags |= KIND_STATUS;
	if (json_at(version, "subresources/scale"))
		flags |= KIND_SCALE;
	return flags;
}

/* The singular that is given to what has none: the kind's name in small letters. */
static void
add_singular(cJSON *names)
{
	char *small;

	if (*json_string(names, "singular", ""))
		return;
	small = xstrdup(json_string(names, "kind", ""));
	for (char *at = small; *at; at++)
		if (*at >= 'A' && *at <= 'Z')
			*at = (char)(*at - 'A' + 'a');
	cJSON_DeleteItemFromObjectCaseSensitive(names, "singular");
	json_add_string(names, "singular", small);
	free(small);
}

static void
copy_member(cJSON *to, const cJSON *from, const char *name)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(from, name);

	if (value)
		json_add(to, name, cJSON_Duplicate(value, true));
}

/* Columns are a list in each, so that its kind is seen to be one of a definition. */
static cJSON *
copy_version(const cJSON *version)
{
	cJSON *copy = cJSON_CreateObject();

	copy_member(copy, version, "name");
	copy_member(copy, version, "served");
	copy_member(copy, version, "storage");
	copy_member(copy, version, "subresources");
	if (cJSON_IsArray(json_at(version, "additionalPrinterColumns")))
		copy_member(copy, version, "additionalPrinterColumns");
	else
		json_add(copy, "additionalPrinterColumns", cJSON_CreateArray());
	return copy;
}

/* What kinds are made of: all but schemas, which may be large, and states, which change often. */
static cJSON *
copy_definition(const cJSON *definition)
{
	cJSON *copy = cJSON_CreateObject(), *spec, *versions;
	const cJSON *version;

	json_add_string(cJSON_AddObjectToObject(copy, "metadata"), "name",
			definition_name(definition));
	spec = cJSON_AddObjectToObject(copy, "spec");
	copy_member(spec, json_at(definition, "spec"), "group");
	copy_member(spec, json_at(definition, "spec"), "scope");
	copy_member(spec, json_at(definition, "spec"), "names");
	add_singular(json_at(spec, "names"));
	versions = cJSON_AddArrayToObject(spec, "versions");
	cJSON_ArrayForEach(version, json_at(definition, "spec/versions"))
		cJSON_AddItemToArray(versions, copy_version(version));
	return copy;
}

static struct kind *
serve_version(struct kinds *kinds, const cJSON *definition, const cJSON *version,
	      const struct kind *storage)
{
	const cJSON *names = json_at(definition, "spec/names");

	return kinds_add(kinds, &(struct kind){
					.group = json_string(definition, "spec/group", ""),
					.version = json_string(version, "name", ""),
					.resource = json_string(names, "plural", ""),
					.singular = json_string(names, "singular", ""),
					.name = json_string(names, "kind", ""),
					.short_names = borrow_strings(json_at(names, "shortNames")),
					.categories = borrow_strings(json_at(names, "categories")),
					.flags = flags_of(definition, version),
					.columns = json_at(version, "additionalPrinterColumns"),
					.scale = json_at(version, "subresources/scale"),
					.storage = storage,
				});
}

/* The storage kind that objects of these names have had before. NULL: there never were such names. */
static const struct kind *
first_storage(const struct kinds *kinds, const char *group, const char *resource)
{
	for (size_t i = 0; i < kinds->all_count; i++)
		if (strcmp(kinds->all[i]->group, group) == 0 &&
		    strcmp(kinds->all[i]->resource, resource) == 0)
			return kinds->all[i]->storage;
	return NULL;
}

static void
withdraw(struct kinds *kinds, const struct kind *kind)
{
	for (size_t i = 0; i < kinds->served_count; i++) {
		if (kinds->served[i] != kind)
			continue;
		kinds->served_count--;
		memmove(&kinds->served[i], &kinds->served[i + 1],
			(kinds->served_count - i) * sizeof(struct kind *));
		return;
	}
}

/* With the lock held: the storage version first, whether it is served or not. */
static void
serve(struct kinds *kinds, const cJSON *definition)
{
	const struct kind *storage =
		first_storage(kinds, json_string(definition, "spec/group", ""),
			      json_string(definition, "spec/names/plural", ""));
	const cJSON *version;

	for (int pass = 0; pass < 2; pass++) {
		cJSON_ArrayForEach(version, json_at(definition, "spec/versions")) {
			bool stored = json_bool(version, "storage", false);

			if (stored != (pass == 0) ||
			    (!stored && !json_bool(version, "served", false)))
				continue;
			struct kind *kind = serve_version(kinds, definition, version, storage);
			if (!json_bool(version, "served", false))
				withdraw(kinds, kind);
			if (stored)
				storage = kind->storage;
		}
	}
	kinds_sort(kinds);
}

/* With the lock held: a definition's kinds are served no more. */
static void
withdraw_all(struct kinds *kinds, struct definition *definition)
{
	const char *group = json_string(definition->tree, "spec/group", "");
	const char *plural = json_string(definition->tree, "spec/names/plural", "");
	size_t kept = 0;

	for (size_t i = 0; i < kinds->served_count; i++) {
		struct kind *kind = kinds->served[i];

		if (!kind->columns || strcmp(kind->group, group) != 0 ||
		    strcmp(kind->resource, plural) != 0)
			kinds->served[kept++] = kind;
	}
	kinds->served_count = kept;
	definition->served = false;
}

/* With the lock held. Takes ownership. */
static int
define(struct kinds *kinds, cJSON *definition, struct refusal *r)
{
	struct definition *before = find_served(kinds, definition_name(definition));

	if (check_taken(kinds, definition, r) < 0) {
		cJSON_Delete(definition);
		return -1;
	}
	if (before && cJSON_Compare(before->tree, definition, true)) {
		cJSON_Delete(definition);
		return 0;
	}
	if (before)
		withdraw_all(kinds, before);
	*VEC_PUSH(kinds->definitions, kinds->definitions_count, kinds->definitions_cap) =
		(struct definition){ .tree = definition, .served = true };
	serve(kinds, definition);
	return 0;
}

int
kinds_check(struct kinds *kinds, const cJSON *definition, struct refusal *r)
{
	if (check_definition(definition, r) < 0)
		return -1;
	pthread_mutex_lock(&kinds->lock);
	int rc = check_taken(kinds, definition, r);
	pthread_mutex_unlock(&kinds->lock);
	return rc;
}

int
kinds_define(struct kinds *kinds, const cJSON *definition, struct refusal *r)
{
	if (check_definition(definition, r) < 0)
		return -1;
	cJSON *copy = copy_definition(definition);
	pthread_mutex_lock(&kinds->lock);
	int rc = define(kinds, copy, r);
	pthread_mutex_unlock(&kinds->lock);
	return rc;
}

void
kinds_undefine(struct kinds *kinds, const char *name)
{
	pthread_mutex_lock(&kinds->lock);
	struct definition *definition = find_served(kinds, name);
	if (definition)
		withdraw_all(kinds, definition);
	pthread_mutex_unlock(&kinds->lock);
}
