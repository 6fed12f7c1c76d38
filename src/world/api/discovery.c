#include "config.h"

#include "world/api/discovery.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

/* ---- verbs ---- */

/* In the order of the server. A kind whose objects are not stored can only be asked. */
static const char *const all_verbs[] = { "create", "delete", "deletecollection",
					 "get",	   "list",   "patch",
					 "update", "watch",  NULL };
static const char *const namespace_verbs[] = { "create", "delete", "get",   "list",
					       "patch",	 "update", "watch", NULL };
static const char *const ask_verbs[] = { "create", NULL };
static const char *const status_verbs[] = { "get", "patch", "update", NULL };
static const char *const log_verbs[] = { "get", NULL };

static const char *const *
verbs_of(const struct kind *kind)
{
	if (kind->flags & KIND_CREATE_ONLY)
		return ask_verbs;
	/* one of a kind: they are never deleted as a collection */
	return !*kind->group && strcmp(kind->resource, "namespaces") == 0 ? namespace_verbs
									  : all_verbs;
}

static void
add_words(cJSON *object, const char *name, const char *const *words)
{
	if (!words || !words[0])
		return;
	cJSON *list = cJSON_AddArrayToObject(object, name);
	for (size_t i = 0; words[i]; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(words[i]));
}

/* What stands behind a kind's URL. */
struct subresource {
	const char *name;
	const char *const *verbs;
	const char *group, *version,
		*kind; /* of what it answers, where that is not the kind itself; or NULL */
};

enum { SUBRESOURCES_MAX = 8 };

static size_t
subresources_of(const struct kind *kind, struct subresource out[SUBRESOURCES_MAX])
{
	bool pods = kind->flags & KIND_LOG;
	size_t count = 0;

	if (pods) {
		out[count++] = (struct subresource){ "binding", ask_verbs, "", "v1", "Binding" };
		out[count++] =
			(struct subresource){ "eviction", ask_verbs, "policy", "v1", "Eviction" };
		out[count++] = (struct subresource){ "log", log_verbs, NULL, NULL, NULL };
	}
	if (kind->flags & KIND_SCALE)
		out[count++] =
			(struct subresource){ "scale", status_verbs, "autoscaling", "v1", "Scale" };
	if (kind->flags & KIND_STATUS)
		out[count++] = (struct subresource){ "status", status_verbs, NULL, NULL, NULL };
	if (!*kind->group && strcmp(kind->resource, "serviceaccounts") == 0)
		out[count++] = (struct subresource){ "token", ask_verbs, "authentication.k8s.io",
						     "v1", "TokenRequest" };
	return count;
}

/* ---- /apis ---- */

struct versions {
	cJSON *groups;
	const char *only; /* a group; or NULL: all but the core */
	bool core;
};

static cJSON *
last_of(cJSON *list)
{
	return list->child ? list->child->prev : NULL;
}

static cJSON *
make_group_version(const struct kind *kind)
{
	cJSON *version = cJSON_CreateObject();
	char *both = kind_api_version(kind);

	json_add_string(version, "groupVersion", both);
	json_add_string(version, "version", kind->version);
	free(both);
	return version;
}

static bool
has_version(const cJSON *versions, const char *version)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, versions)
		if (strcmp(json_string(item, "version", ""), version) == 0)
			return true;
	return false;
}

static cJSON *
group_named(cJSON *groups, const char *name)
{
	cJSON *group;

	cJSON_ArrayForEach(group, groups)
		if (strcmp(json_string(group, "name", ""), name) == 0)
			return group;
	return NULL;
}

static void
add_version(void *data, const struct kind *kind)
{
	struct versions *v = data;

	if (!*kind->group || (v->only && strcmp(v->only, kind->group) != 0))
		return;
	cJSON *group = group_named(v->groups, kind->group);
	if (!group) {
		group = cJSON_CreateObject();
		json_add_string(group, "name", kind->group);
		cJSON_AddArrayToObject(group, "versions");
		json_add(group, "preferredVersion", make_group_version(kind));
		cJSON_AddItemToArray(v->groups, group);
	}
	cJSON *versions = json_at(group, "versions");
	if (!has_version(versions, kind->version))
		cJSON_AddItemToArray(versions, make_group_version(kind));
}

cJSON *
discovery_core(const char *server)
{
	cJSON *document = cJSON_CreateObject(), *address = cJSON_CreateObject();

	json_add_string(document, "kind", "APIVersions");
	add_words(document, "versions", (const char *const[]){ "v1", NULL });
	json_add_string(address, "clientCIDR", "0.0.0.0/0");
	json_add_string(address, "serverAddress", server);
	cJSON_AddItemToArray(cJSON_AddArrayToObject(document, "serverAddressByClientCIDRs"),
			     address);
	return document;
}

cJSON *
discovery_groups(struct kinds *kinds)
{
	cJSON *document = cJSON_CreateObject();
	struct versions v = { .only = NULL };

	json_add_string(document, "kind", "APIGroupList");
	json_add_string(document, "apiVersion", "v1");
	v.groups = cJSON_AddArrayToObject(document, "groups");
	kinds_each(kinds, add_version, &v);
	return document;
}

cJSON *
discovery_group(struct kinds *kinds, const char *group)
{
	struct versions v = { .groups = cJSON_CreateArray(), .only = group };
	cJSON *found, *document = NULL;

	kinds_each(kinds, add_version, &v);
	found = cJSON_DetachItemFromArray(v.groups, 0);
	if (found) {
		document = cJSON_CreateObject();
		json_add_string(document, "kind", "APIGroup");
		json_add_string(document, "apiVersion", "v1");
		while (found->child) {
			cJSON *member = cJSON_DetachItemViaPointer(found, found->child);

			json_add(document, member->string, member);
		}
	}
	cJSON_Delete(found);
	cJSON_Delete(v.groups);
	return document;
}

/* ---- /api/v1, /apis/GROUP/VERSION ---- */

struct resources {
	const char *group, *version;
	cJSON *list;
};

static void
add_subresource(cJSON *list, const struct kind *kind, const struct subresource *sub)
{
	cJSON *item = cJSON_CreateObject();
	char *name = xasprintf("%s/%s", kind->resource, sub->name);

	json_add_string(item, "name", name);
	json_add_string(item, "singularName", "");
	json_add_bool(item, "namespaced", kind->flags & KIND_NAMESPACED);
	if (sub->kind && strcmp(sub->group, kind->group) != 0) {
		json_add_string(item, "group", sub->group);
		json_add_string(item, "version", sub->version);
	}
	json_add_string(item, "kind", sub->kind ? sub->kind : kind->name);
	add_words(item, "verbs", sub->verbs);
	cJSON_AddItemToArray(list, item);
	free(name);
}

static void
add_resource(void *data, const struct kind *kind)
{
	const struct resources *r = data;
	struct subresource subs[SUBRESOURCES_MAX];

	if (strcmp(r->group, kind->group) != 0 || strcmp(r->version, kind->version) != 0)
		return;
	cJSON *item = cJSON_CreateObject();
	json_add_string(item, "name", kind->resource);
	json_add_string(item, "singularName", kind->singular);
	json_add_bool(item, "namespaced", kind->flags & KIND_NAMESPACED);
	json_add_string(item, "kind", kind->name);
	add_words(item, "verbs", verbs_of(kind));
	add_words(item, "shortNames", kind->short_names);
	add_words(item, "categories", kind->categories);
	cJSON_AddItemToArray(r->list, item);
	size_t count = subresources_of(kind, subs);
	for (size_t i = 0; i < count; i++)
		add_subresource(r->list, kind, &subs[i]);
}

cJSON *
discovery_resources(struct kinds *kinds, const char *group, const char *version)
{
	struct resources r = { .group = group, .version = version, .list = cJSON_CreateArray() };
	char *both = *group ? xasprintf("%s/%s", group, version) : xstrdup(version);
	cJSON *document = NULL;

	kinds_each(kinds, add_resource, &r);
	if (r.list->child) {
		document = cJSON_CreateObject();
		json_add_string(document, "kind", "APIResourceList");
		json_add_string(document, "apiVersion", "v1");
		json_add_string(document, "groupVersion", both);
		json_add(document, "resources", r.list);
	} else {
		cJSON_Delete(r.list);
	}
	free(both);
	return document;
}

/* ---- all at once ---- */

static const struct {
	const char *version, *type;
} aggregated[] = {
	{ "v2", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" },
	{ "v2beta1", "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList" },
};

/* One of an Accept header's types, with or without spaces and whatever else it has. */
static bool
names_version(const char *type, size_t len, const char *version)
{
	struct str text = STR_INIT, wanted = STR_INIT;

	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)type[i]))
			str_append_char(&text, type[i]);
	str_append_char(&text, ';');
	str_printf(&wanted, ";v=%s;", version);
	bool named = str_starts_with(str_cstr(&text), "application/json;") &&
		     strstr(str_cstr(&text), ";g=apidiscovery.k8s.io;") &&
		     strstr(str_cstr(&text), ";as=APIGroupDiscoveryList;") &&
		     strstr(str_cstr(&text), str_cstr(&wanted));
	str_release(&text);
	str_release(&wanted);
	return named;
}

const char *
discovery_aggregated_version(const char *accept)
{
	while (accept && *accept) {
		size_t len = strcspn(accept, ",");

		for (size_t i = 0; i < sizeof(aggregated) / sizeof(aggregated[0]); i++)
			if (names_version(accept, len, aggregated[i].version))
				return aggregated[i].version;
		accept += len + (accept[len] == ',');
	}
	return NULL;
}

const char *
discovery_aggregated_type(const char *version)
{
	for (size_t i = 0; i < sizeof(aggregated) / sizeof(aggregated[0]); i++)
		if (strcmp(aggregated[i].version, version) == 0)
			return aggregated[i].type;
	return "application/json";
}

static cJSON *
make_response_kind(const char *group, const char *version, const char *name)
{
	cJSON *kind = cJSON_CreateObject();

	json_add_string(kind, "group", group);
	json_add_string(kind, "version", version);
	json_add_string(kind, "kind", name);
	return kind;
}

static cJSON *
make_aggregated_resource(const struct kind *kind)
{
	cJSON *item = cJSON_CreateObject(), *list = NULL;
	struct subresource subs[SUBRESOURCES_MAX];
	size_t count = subresources_of(kind, subs);

	json_add_string(item, "resource", kind->resource);
	json_add(item, "responseKind", make_response_kind(kind->group, kind->version, kind->name));
	json_add_string(item, "scope", kind->flags & KIND_NAMESPACED ? "Namespaced" : "Cluster");
	json_add_string(item, "singularResource", kind->singular);
	add_words(item, "verbs", verbs_of(kind));
	add_words(item, "shortNames", kind->short_names);
	add_words(item, "categories", kind->categories);
	for (size_t i = 0; i < count; i++) {
		const struct subresource *s = &subs[i];
		cJSON *sub = cJSON_CreateObject();

		if (!list)
			list = cJSON_AddArrayToObject(item, "subresources");
		json_add_string(sub, "subresource", s->name);
		json_add(sub, "responseKind",
			 s->kind ? make_response_kind(s->group, s->version, s->kind)
				 : make_response_kind(kind->group, kind->version, kind->name));
		add_words(sub, "verbs", s->verbs);
		cJSON_AddItemToArray(list, sub);
	}
	return item;
}

static void
add_aggregated(void *data, const struct kind *kind)
{
	struct versions *v = data;
	cJSON *group = last_of(v->groups), *version;

	if (v->core != !*kind->group)
		return;
	if (!group || strcmp(json_string(group, "metadata/name", ""), kind->group) != 0) {
		group = cJSON_CreateObject();
		cJSON *metadata = cJSON_AddObjectToObject(group, "metadata");
		if (*kind->group)
			json_add_string(metadata, "name", kind->group);
		json_add(metadata, "creationTimestamp", cJSON_CreateNull());
		cJSON_AddArrayToObject(group, "versions");
		cJSON_AddItemToArray(v->groups, group);
	}
	version = last_of(json_at(group, "versions"));
	if (!version || strcmp(json_string(version, "version", ""), kind->version) != 0) {
		version = cJSON_CreateObject();
		json_add_string(version, "version", kind->version);
		cJSON_AddArrayToObject(version, "resources");
		json_add_string(version, "freshness", "Current");
		cJSON_AddItemToArray(json_at(group, "versions"), version);
	}
	cJSON_AddItemToArray(json_at(version, "resources"), make_aggregated_resource(kind));
}

cJSON *
discovery_aggregated(struct kinds *kinds, bool core, const char *version)
{
	cJSON *document = cJSON_CreateObject();
	char *api_version = xasprintf("apidiscovery.k8s.io/%s", version);
	struct versions v = { .core = core };

	json_add_string(document, "kind", "APIGroupDiscoveryList");
	json_add_string(document, "apiVersion", api_version);
	cJSON_AddObjectToObject(document, "metadata");
	v.groups = cJSON_AddArrayToObject(document, "items");
	kinds_each(kinds, add_aggregated, &v);
	free(api_version);
	return document;
}

/* ---- /version, /healthz ---- */

/* The number behind so many dots. The caller frees. */
static char *
part_of(const char *version, int dots)
{
	const char *at = version + (*version == 'v');

	while (dots-- > 0) {
		at += strcspn(at, ".");
		at += *at == '.';
	}
	return xstrndup(at, strspn(at, "0123456789"));
}

cJSON *
discovery_version(const char *git_version)
{
	cJSON *document = cJSON_CreateObject();
	const char *version = git_version ? git_version : DISCOVERY_VERSION;
	char *major = part_of(version, 0), *minor = part_of(version, 1);

	json_add_string(document, "major", major);
	json_add_string(document, "minor", minor);
	json_add_string(document, "gitVersion", version);
	json_add_string(document, "gitCommit", "0000000000000000000000000000000000000000");
	json_add_string(document, "gitTreeState", "clean");
	json_add_string(document, "buildDate", "1970-01-01T00:00:00Z");
	json_add_string(document, "goVersion", "");
	json_add_string(document, "compiler", "gc");
	json_add_string(document, "platform", "linux/amd64");
	free(major);
	free(minor);
	return document;
}

char *
discovery_health(const char *path, bool verbose)
{
	static const char *const checks[] = {
		"ping",
		"log",
		"etcd",
		"poststarthook/generic-apiserver-start-informers",
		"poststarthook/start-apiextensions-controllers",
		"poststarthook/crd-informer-synced",
		"poststarthook/rbac/bootstrap-roles",
	};
	struct str text = STR_INIT;

	if (!verbose)
		return xstrdup("ok");
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		str_printf(&text, "[+]%s ok\n", checks[i]);
	if (strcmp(path, "readyz") == 0)
		str_append(&text, "[+]shutdown ok\n");
	str_printf(&text, "%s check passed\n", path);
	return str_take(&text);
}
