#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "helm/helm_api.h"
#include "helm/helm_release.h"
#include "net/http/http.h"

/* The Secrets of releases. */

/* The path of one, or (key NULL) of all in a namespace, or (ns NULL) of all. The caller frees. */
static char *
secrets_path(const char *ns, const char *key)
{
	char *space = ns ? http_encode(ns) : NULL, *path;

	if (ns)
		path = xasprintf("/api/v1/namespaces/%s/secrets%s%s", space, key ? "/" : "",
				 key ? key : "");
	else
		path = xstrdup("/api/v1/secrets");
	free(space);
	return path;
}

static char *
key_of(const cJSON *release)
{
	return xasprintf("sh.helm.release.v1.%s.v%d", json_string(release, "name", ""),
			 (int)helm_release_revision(release));
}

static cJSON *
labels_of(const cJSON *release, const char *stamp)
{
	cJSON *labels = cJSON_CreateObject();
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)(clock_wall_ms() / 1000));
	json_add_string(labels, stamp, text);
	json_add_string(labels, "name", json_string(release, "name", ""));
	json_add_string(labels, "owner", "helm");
	json_add_string(labels, "status", helm_release_status(release));
	snprintf(text, sizeof(text), "%lld", (long long)helm_release_revision(release));
	json_add_string(labels, "version", text);
	return labels;
}

/* `stamp` is the label with the time of this write. */
static cJSON *
secret_of(const cJSON *release, const char *stamp)
{
	cJSON *secret = cJSON_CreateObject(), *metadata = cJSON_CreateObject();
	cJSON *data = cJSON_CreateObject();
	char *text = helm_release_encode(release), *key = key_of(release);

	json_add_string(metadata, "name", key);
	json_add_string(metadata, "namespace", json_string(release, "namespace", ""));
	json_add(metadata, "labels", labels_of(release, stamp));
	json_add_string(data, "release", text);
	json_add_string(secret, "apiVersion", "v1");
	json_add_string(secret, "kind", "Secret");
	json_add(secret, "metadata", metadata);
	json_add(secret, "data", data);
	json_add_string(secret, "type", "helm.sh/release.v1");
	free(key);
	free(text);
	return secret;
}

int
helm_storage_create(struct helm *h, const cJSON *release, struct err *e)
{
	char *path = secrets_path(json_string(release, "namespace", ""), NULL);
	cJSON *secret = secret_of(release, "createdAt");
	int rc = helm_api_post(h, path, secret, e);

	cJSON_Delete(secret);
	free(path);
	return rc < 0 ? err_wrap(e, "create: failed to create") : 0;
}

int
helm_storage_update(struct helm *h, const cJSON *release, struct err *e)
{
	char *key = key_of(release);
	char *path = secrets_path(json_string(release, "namespace", ""), key);
	cJSON *secret = secret_of(release, "modifiedAt");
	int rc = helm_api_replace(h, path, secret, e);

	cJSON_Delete(secret);
	free(path);
	free(key);
	return rc < 0 ? err_wrap(e, "update: failed to update") : 0;
}

int
helm_storage_delete(struct helm *h, const cJSON *release, struct err *e)
{
	char *key = key_of(release);
	char *path = secrets_path(json_string(release, "namespace", ""), key);
	int rc = helm_api_delete(h, path, e);

	free(path);
	free(key);
	return rc;
}

void
helm_storage_prune(struct helm *h, const cJSON *history, const cJSON *keep, int64_t most)
{
	int64_t left = cJSON_GetArraySize(history);
	const cJSON *release;

	if (most <= 0)
		return;
	cJSON_ArrayForEach(release, history) {
		if (left < most)
			break;
		if (release == keep || strcmp(helm_release_status(release), "deployed") == 0)
			continue;
		helm_storage_delete(h, release, NULL);
		left--;
	}
}

static int
order_of_releases(const void *a, const void *b)
{
	int64_t x = helm_release_revision(*(cJSON *const *)a);
	int64_t y = helm_release_revision(*(cJSON *const *)b);

	return (x > y) - (x < y);
}

/* The releases of a list of Secrets, by their revisions; what cannot be read is left out, as helm does. */
static cJSON *
decode_all(const cJSON *list)
{
	cJSON **items = NULL, *sorted = cJSON_CreateArray();
	const cJSON *secret;
	size_t count = 0, cap = 0;

	cJSON_ArrayForEach(secret, json_at(list, "items")) {
		cJSON *release = helm_release_decode(json_string(secret, "data/release", ""), NULL);

		if (release)
			*VEC_PUSH(items, count, cap) = release;
	}
	if (count)
		qsort(items, count, sizeof(*items), order_of_releases);
	for (size_t i = 0; i < count; i++)
		cJSON_AddItemToArray(sorted, items[i]);
	free(items);
	return sorted;
}

static int
read_all(struct helm *h, const char *ns, const char *query, cJSON **ret_releases, struct err *e)
{
	char *path = secrets_path(ns, NULL);
	cJSON *list = NULL;
	int rc = helm_api_get(h, path, query, &list, e);

	if (rc == 0)
		*ret_releases = decode_all(list);
	cJSON_Delete(list);
	free(path);
	return rc;
}

int
helm_storage_history(struct helm *h, const char *name, cJSON **ret_releases, struct err *e)
{
	char *encoded = http_encode(name);
	char *query = xasprintf("labelSelector=name%%3D%s%%2Cowner%%3Dhelm", encoded);
	int rc = read_all(h, h->ns, query, ret_releases, e);

	free(query);
	free(encoded);
	return rc < 0 ? err_wrap(e, "query: failed to query with labels") : 0;
}

int
helm_storage_list(struct helm *h, const char *ns, cJSON **ret_releases, struct err *e)
{
	if (read_all(h, ns, "labelSelector=owner%3Dhelm", ret_releases, e) < 0)
		return err_wrap(e, "list: failed to list");
	return 0;
}

int
helm_storage_get(struct helm *h, const char *name, int64_t revision, cJSON **ret_release,
		 struct err *e)
{
	cJSON *releases = NULL, *found = NULL, *release;

	if (helm_storage_history(h, name, &releases, e) < 0)
		return -1;
	cJSON_ArrayForEach(release, releases)
		if (revision == 0 || helm_release_revision(release) == revision)
			found = release;
	if (found)
		*ret_release = cJSON_DetachItemViaPointer(releases, found);
	cJSON_Delete(releases);
	return found ? 0 : err_set(e, ERR_NOT_FOUND, "release: not found");
}
