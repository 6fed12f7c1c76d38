#include "config.h"

#include "world/openapi/openapi.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/openapi/openapi_internal.h"

enum { HASH_CHARACTERS = 32 };

struct choice {
	const char *path; /* of the group and version; NULL: all */
	const struct kind **items;
	size_t count, cap;
};

/* "api/v1", "apis/apps/v1". The caller frees. */
static char *
path_of(const struct kind *kind)
{
	return *kind->group ? xasprintf("apis/%s/%s", kind->group, kind->version)
			    : xasprintf("api/%s", kind->version);
}

static void
choose(void *data, const struct kind *kind)
{
	struct choice *choice = data;
	char *path = path_of(kind);

	if (!choice->path || strcmp(choice->path, path) == 0)
		*VEC_PUSH(choice->items, choice->count, choice->cap) = kind;
	free(path);
}

static void
add_info(cJSON *document, const char *version)
{
	cJSON *info = cJSON_AddObjectToObject(document, "info");

	json_add_string(info, "title", "Kubernetes");
	json_add_string(info, "version", version);
}

cJSON *
openapi_v2(struct kinds *kinds, const char *version)
{
	struct choice all = { .path = NULL };
	cJSON *document = cJSON_CreateObject();

	kinds_each(kinds, choose, &all);
	json_add_string(document, "swagger", "2.0");
	add_info(document, version);
	json_add(document, "paths", openapi_paths(all.items, all.count, false));
	json_add(document, "definitions",
		 openapi_definitions(all.items, all.count, "#/definitions/", false));
	free(all.items);
	return document;
}

bool
openapi_wants_protobuf(const char *accept)
{
	return accept &&
	       strstr(accept, "application/com.github.proto-openapi.spec.v2@v1.0+protobuf");
}

/* ---- version 3 ---- */

/* The hash of a path's document is part of its address, so that clients can keep it: it follows from the kinds. */
struct index {
	cJSON *paths;
	struct digest *digest;
	char *path; /* whose kinds are in the digest */
};

static void
end_path(struct index *index)
{
	char hash[DIGEST_HEX_MAX];

	if (!index->path)
		return;
	cJSON *entry = cJSON_AddObjectToObject(index->paths, index->path);
	char *address = xasprintf("/openapi/v3/%s?hash=%.*s", index->path, HASH_CHARACTERS,
				  digest_take(index->digest, hash));
	json_add_string(entry, "serverRelativeURL", address);
	free(address);
	free(index->path);
	index->path = NULL;
}

static void
add_to_index(void *data, const struct kind *kind)
{
	struct index *index = data;
	char *path = path_of(kind);

	if (index->path && strcmp(index->path, path) == 0)
		free(path);
	else {
		end_path(index);
		index->path = path;
	}
	digest_update(index->digest, kind->name, strlen(kind->name) + 1);
	digest_update(index->digest, &kind->flags, sizeof(kind->flags));
}

cJSON *
openapi_v3(struct kinds *kinds)
{
	cJSON *document = cJSON_CreateObject();
	struct index index = { .paths = cJSON_AddObjectToObject(document, "paths"),
			       .digest = digest_new() };

	kinds_each(kinds, add_to_index, &index);
	end_path(&index);
	digest_free(index.digest);
	return document;
}

cJSON *
openapi_v3_of(struct kinds *kinds, const char *path, const char *version)
{
	struct choice some = { .path = path };
	cJSON *document = NULL;

	kinds_each(kinds, choose, &some);
	if (some.count > 0) {
		document = cJSON_CreateObject();
		json_add_string(document, "openapi", "3.0.0");
		add_info(document, version);
		json_add(document, "paths", openapi_paths(some.items, some.count, true));
		json_add(
			cJSON_AddObjectToObject(document, "components"), "schemas",
			openapi_definitions(some.items, some.count, "#/components/schemas/", true));
	}
	free(some.items);
	return document;
}
