#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "base/yaml.h"
#include "world/world_internal.h"

/* The clusters of a world: their servers, their users, and what is in them at the start. */

enum { MANIFEST_MAX_BYTES = 4 << 20 };

/* ---- users ---- */

static const char **
groups_of(const cJSON *user)
{
	const cJSON *groups = json_at(user, "groups"), *group;
	const char **texts = xcalloc((size_t)cJSON_GetArraySize(groups) + 1, sizeof(*texts));
	size_t count = 0;

	cJSON_ArrayForEach(group, groups)
		texts[count++] = cJSON_GetStringValue(group);
	return texts;
}

static void
add_base64(cJSON *object, const char *name, const char *text)
{
	char *encoded = xmalloc(BASE64_MAX(strlen(text)));

	base64_encode(text, strlen(text), encoded);
	json_add_string(object, name, encoded);
	free(encoded);
}

/* How a user logs in, for the kubeconfig: a token, or a certificate made for him. */
static cJSON *
make_user(struct world *world, struct cluster *cluster, const cJSON *user, struct err *e)
{
	const char *token = json_string(user, "token", NULL);
	const char *name = json_string(user, "name", "admin");
	const char **groups = groups_of(user);
	const struct authority_request request = { .common_name = name,
						   .organisations = groups,
						   .client = 1 };
	char *certificate = NULL, *key = NULL;
	cJSON *login = cJSON_CreateObject();

	if (token) {
		tokens_add(cluster->tokens, token, name, groups);
		json_add_string(login, "token", token);
	} else if (authority_issue(world->own, &request, &certificate, &key, e) == 0) {
		add_base64(login, "client-certificate-data", certificate);
		add_base64(login, "client-key-data", key);
	} else {
		cJSON_Delete(login);
		login = NULL;
	}
	free(certificate);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	free(groups);
	return login;
}

/* The first user has a context called like the cluster; others have one if they say so. */
static int
add_users(struct world *world, struct world_cluster *w, struct err *e)
{
	static const char administrator[] =
		"[{\"name\":\"admin\",\"groups\":[\"system:masters\"]}]";
	const cJSON *users = json_at(w->spec, "users"), *user;
	cJSON *usual = json_parse(administrator, strlen(administrator), NULL);
	cJSON *entries = cJSON_CreateArray();
	int rc = 0;

	users = users ? users : usual;
	cJSON_ArrayForEach(user, users) {
		const char *context = json_string(user, "context",
						  user == users->child ? w->cluster->name : NULL);
		cJSON *login = make_user(world, w->cluster, user, e), *entry;

		if (!login) {
			rc = -1;
			break;
		}
		if (!context) {
			cJSON_Delete(login);
			continue;
		}
		entry = cJSON_CreateObject();
		json_add_string(entry, "context", context);
		json_add(entry, "user", login);
		cJSON_AddItemToArray(entries, entry);
	}
	w->users = json_print(entries);
	cJSON_Delete(entries);
	cJSON_Delete(usual);
	return rc;
}

/* ---- servers ---- */

static int
open_cluster(struct world *world, struct world_cluster *w, struct err *e)
{
	char *address = world_address(world, w->spec);
	int rc;

	w->cluster = cluster_new(json_string(w->spec, "name", ""), json_int(w->spec, "age", 0));
	free(w->cluster->version);
	w->cluster->version = xstrdup(json_string(w->spec, "version", "v1.27.6"));
	rc = cluster_open(w->cluster, address, WORLD_API_PORT, world->own, e);
	if (rc == 0)
		rc = add_users(world, w, e);
	free(address);
	if (rc < 0)
		return err_wrap(e, "starting the cluster %s", w->cluster->name);
	world_progress(world, "cluster %s answers", w->cluster->name);
	return 0;
}

int
world_clusters_open(struct world *world, struct err *e)
{
	const cJSON *spec, *all = json_at(world->options.spec->document, "clusters");
	size_t count = (size_t)cJSON_GetArraySize(all);

	world->clusters = xcalloc(count + 1, sizeof(*world->clusters));
	world->controllers = xcalloc(count + 1, sizeof(struct controllers *));
	cJSON_ArrayForEach(spec, all) {
		struct world_cluster *w = &world->clusters[world->clusters_count++];

		w->spec = spec;
		if (open_cluster(world, w, e) < 0)
			return -1;
	}
	return 0;
}

void
world_clusters_close(struct world *world)
{
	for (size_t i = 0; i < world->clusters_count; i++) {
		struct world_cluster *w = &world->clusters[i];

		if (w->cluster)
			cluster_close(w->cluster);
		controllers_free(world->controllers[i]);
		cluster_free(w->cluster);
		if (w->users)
			explicit_bzero(w->users, strlen(w->users));
		free(w->users);
	}
	free(world->clusters);
	free(world->controllers);
}

/* ---- what is in them ---- */

static int
put(struct world *world, struct world_cluster *w, const cJSON *manifest, struct err *e)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *expanded = NULL;
	int rc = world_expand(world, manifest, &expanded, e);

	if (rc == 0 && cluster_put(w->cluster, NULL, expanded, &r) < 0)
		rc = err_set(e, ERR_SPEC, "%s", r.message);
	refusal_release(&r);
	if (rc < 0)
		return err_wrap(e, "%s %s of cluster %s", json_string(manifest, "kind", "?"),
				json_string(manifest, "metadata/name", "?"), w->cluster->name);
	return 0;
}

static int
put_documents(struct world *world, struct world_cluster *w, const struct yaml_stream *stream,
	      struct err *e)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < stream->count; i++) {
		struct mark mark;
		cJSON *manifest = NULL;

		if (!stream->documents[i].root)
			continue;
		rc = yaml_to_manifest(stream->documents[i].root, &manifest, &mark, e);
		if (rc == 0)
			rc = put(world, w, manifest, e);
		cJSON_Delete(manifest);
	}
	return rc;
}

static int
put_file(struct world *world, struct world_cluster *w, const char *path, struct err *e)
{
	struct yaml_stream stream = { 0 };
	struct str text = STR_INIT;
	struct mark mark;
	int rc = file_read(path, MANIFEST_MAX_BYTES, &text, e);

	if (rc == 0)
		rc = yaml_parse(str_cstr(&text), text.len, &stream, &mark, e);
	if (rc == 0)
		rc = put_documents(world, w, &stream, e);
	yaml_stream_release(&stream);
	str_release(&text);
	return rc < 0 ? err_wrap(e, "%s", path) : 0;
}

/* Deployments without an owner but the crowd: one for each hundred pods. */
static int
put_crowd(struct world_cluster *w, const cJSON *crowd, struct err *e)
{
	static const char format[] =
		"{\"apiVersion\":\"apps/"
		"v1\",\"kind\":\"Deployment\",\"metadata\":{\"name\":\"crowd-%lld\","
		"\"namespace\":\"%s\"},\"spec\":{\"replicas\":%lld,\"selector\":{\"matchLabels\":{"
		"\"app\":\"crowd-%lld\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"crowd-%"
		"lld\"}"
		"},\"spec\":{\"containers\":[{\"name\":\"main\",\"image\":\"registry.example.com/"
		"crowd:1.0\"}]}}}}";
	int64_t left = json_int(crowd, "count", 0);
	int rc = 0;

	for (long long i = 1; rc == 0 && left > 0; i++, left -= 100) {
		char *text = xasprintf(format, i, json_string(crowd, "namespace", "crowd"),
				       left < 100 ? (long long)left : 100LL, i, i);
		struct refusal r = REFUSAL_INIT;

		if (cluster_put(w->cluster, NULL, json_parse(text, strlen(text), NULL), &r) < 0)
			rc = err_set(e, ERR_SPEC, "the crowd of cluster %s: %s", w->cluster->name,
				     r.message);
		refusal_release(&r);
		free(text);
	}
	return rc;
}

static int
fill_cluster(struct world *world, struct world_cluster *w, struct err *e)
{
	struct refusal r = REFUSAL_INIT;
	const cJSON *item;
	int rc = 0;

	if (controllers_add_nodes(w->cluster, (int)json_int(w->spec, "nodes", 3), &r) < 0)
		rc = err_set(e, ERR_INTERNAL, "%s", r.message);
	refusal_release(&r);
	cJSON_ArrayForEach(item, json_at(w->spec, "files"))
		if (rc == 0)
			rc = put_file(world, w, cJSON_GetStringValue(item), e);
	cJSON_ArrayForEach(item, json_at(w->spec, "objects"))
		if (rc == 0)
			rc = put(world, w, item, e);
	if (rc == 0 && json_at(w->spec, "pods"))
		rc = put_crowd(w, json_at(w->spec, "pods"), e);
	return rc;
}

int
world_clusters_fill(struct world *world, struct err *e)
{
	for (size_t i = 0; i < world->clusters_count; i++)
		if (fill_cluster(world, &world->clusters[i], e) < 0)
			return -1;
	return 0;
}
