#include "config.h"

#include "world/api/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/api/api_server.h"
#include "world/object/store_object.h"
#include "world/patch/patch.h"

#define USUAL_VERSION "v1.29.6"

/* ---- what is there from the beginning ---- */

static void
put_namespace(struct cluster *cluster, const char *name)
{
	const struct kind *kind = kinds_by_resource(cluster->kinds, "", "v1", "namespaces");
	const struct store_write how = { .grace_s = -1 };
	const struct stored *stored = NULL;
	struct refusal r = REFUSAL_INIT;
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "apiVersion", "v1");
	json_add_string(object, "kind", "Namespace");
	json_add_string(cJSON_AddObjectToObject(object, "metadata"), "name", name);
	if (store_create(cluster->store, kind, "", object, &how, &stored, &r) == 0)
		stored_drop(stored);
	refusal_release(&r); /* it was there */
}

static void
put_roles(struct cluster *cluster)
{
	cJSON *roles = access_default_manifests(), *role;

	while ((role = roles->child)) {
		struct refusal r = REFUSAL_INIT;

		cJSON_DetachItemViaPointer(roles, role);
		cluster_put(cluster, NULL, role, &r);
		refusal_release(&r);
	}
	cJSON_Delete(roles);
}

/* What a cluster says of itself in the namespace default. */
static void
put_own_service(struct cluster *cluster)
{
	static const char text[] =
		"{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{\"name\":\"kubernetes\","
		"\"labels\":{\"component\":\"apiserver\",\"provider\":\"kubernetes\"}},\"spec\":{"
		"\"type\":\"ClusterIP\",\"clusterIP\":\"10.96.0.1\",\"clusterIPs\":[\"10.96.0.1\"],"
		"\"ipFamilies\":[\"IPv4\"],\"ipFamilyPolicy\":\"SingleStack\",\"sessionAffinity\":"
		"\"None\",\"ports\":[{\"name\":\"https\",\"port\":443,\"protocol\":\"TCP\","
		"\"targetPort\":6443}]},\"status\":{\"loadBalancer\":{}}}";
	struct refusal r = REFUSAL_INIT;

	cluster_put(cluster, "default", json_parse(text, strlen(text), NULL), &r);
	refusal_release(&r);
}

struct cluster *
cluster_new(const char *name, int64_t age_ms)
{
	static const char *const namespaces[] = { "default", "kube-node-lease", "kube-public",
						  "kube-system" };
	struct cluster *cluster = xcalloc(1, sizeof(*cluster));

	cluster->name = xstrdup(name);
	cluster->version = xstrdup(USUAL_VERSION);
	cluster->kinds = kinds_new();
	cluster->store = store_new(cluster->kinds);
	store_listen(cluster->store, api_definition_follow, cluster);
	store_set_age(cluster->store, age_ms);
	cluster->logs = podlogs_new();
	cluster->tokens = tokens_new();
	tokens_add_accounts(cluster->tokens, cluster->store, cluster->kinds);
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		put_namespace(cluster, namespaces[i]);
	put_roles(cluster);
	put_own_service(cluster);
	return cluster;
}

void
cluster_free(struct cluster *cluster)
{
	if (!cluster)
		return;
	tokens_free(cluster->tokens);
	store_free(cluster->store);
	podlogs_free(cluster->logs);
	kinds_free(cluster->kinds);
	free(cluster->name);
	free(cluster->address);
	free(cluster->version);
	free(cluster);
}

/* ---- its server ---- */

int
cluster_open(struct cluster *cluster, const char *address, int port,
	     const struct authority *authority, struct err *e)
{
	const char *const names[] = {
		address, cluster->name, "localhost", "kubernetes", "kubernetes.default.svc", NULL
	};
	const struct authority_request request = { .common_name = "kube-apiserver",
						   .names = names };
	char *certificate = NULL, *key = NULL;
	int rc = -1;

	free(cluster->address);
	cluster->address = xstrdup(address);
	cluster->port = port;
	if (authority_issue(authority, &request, &certificate, &key, e) == 0) {
		cluster->server =
			server_new(cluster, certificate, key, authority_pem(authority), e);
		rc = cluster->server ? 0 : -1;
	}
	free(certificate);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	return rc;
}

void
cluster_set_state(struct cluster *cluster, enum cluster_state state)
{
	if (cluster->server) /* where its address has been taken meanwhile it goes on to refuse */
		server_set_state(cluster->server, state, NULL);
}

void
cluster_close(struct cluster *cluster)
{
	server_free(cluster->server);
	cluster->server = NULL;
}

/* ---- manifests ---- */

struct putting {
	const cJSON *manifest;
	struct refusal *r;
	bool failed;
};

/* What a manifest says over what is there. */
static bool
merge_manifest(void *data, cJSON *object)
{
	struct putting *p = data;
	cJSON *merged = NULL, *member;

	p->failed = patch_merge(object, p->manifest, &merged, p->r) < 0;
	if (p->failed)
		return false;
	while (object->child)
		cJSON_Delete(cJSON_DetachItemViaPointer(object, object->child));
	while ((member = merged->child)) {
		cJSON_DetachItemViaPointer(merged, member);
		cJSON_AddItemToObject(object, member->string, member);
	}
	cJSON_Delete(merged);
	return true;
}

static int
put_over(struct cluster *cluster, const struct kind *kind, const char *ns, const cJSON *manifest,
	 const char *subresource, struct refusal *r)
{
	const struct store_write how = { .subresource = subresource, .grace_s = -1 };
	struct putting p = { .manifest = manifest, .r = r };
	const struct stored *stored = NULL;
	int rc = store_change(cluster->store, kind, ns, json_string(manifest, "metadata/name", ""),
			      &how, merge_manifest, &p, &stored, r);

	stored_drop(stored);
	return p.failed ? -1 : rc;
}

/* Whether it is one that the store has; then it is changed, else made. Takes ownership. */
static int
put_object(struct cluster *cluster, const struct kind *kind, const char *ns, cJSON *manifest,
	   struct refusal *r)
{
	const struct store_write how = { .grace_s = -1 };
	const char *name = json_string(manifest, "metadata/name", "");
	const struct stored *before = *name ? store_get(cluster->store, kind, ns, name) : NULL;
	const struct stored *stored = NULL;
	int rc;

	if (!before) {
		rc = store_create(cluster->store, kind, ns, manifest, &how, &stored, r);
		stored_drop(stored);
		return rc;
	}
	stored_drop(before);
	rc = put_over(cluster, kind, ns, manifest, NULL, r);
	if (rc == 0 && (kind->flags & KIND_STATUS) && json_at(manifest, "status"))
		rc = put_over(cluster, kind, ns, manifest, "status", r);
	cJSON_Delete(manifest);
	return rc;
}

/* Defaults and what else is done to what somebody writes. */
static int
admit(struct cluster *cluster, const struct kind *kind, const char *ns, cJSON *manifest,
      struct refusal *r)
{
	cJSON *query = cJSON_CreateObject();
	char nothing[] = "";
	const struct api_request request = {
		.cluster = cluster,
		.query = query,
		.place = { .is_resource = true,
			   .group = (char *)(uintptr_t)kind->group,
			   .version = (char *)(uintptr_t)kind->version,
			   .resource = (char *)(uintptr_t)kind->resource,
			   .ns = (char *)(uintptr_t)ns,
			   .name = nothing,
			   .subresource = nothing,
			   .kind = kind },
	};
	int rc = api_admit(&request, NULL, manifest, r);

	cJSON_Delete(query);
	return rc;
}

int
cluster_put(struct cluster *cluster, const char *ns, cJSON *manifest, struct refusal *r)
{
	const char *version = json_string(manifest, "apiVersion", "");
	const char *name = json_string(manifest, "kind", "");
	const struct kind *kind = kinds_by_name(cluster->kinds, version, name);
	int rc = -1;

	if (!kind) {
		refuse_bad_request(r,
				   "no matches for kind \"%s\" in version \"%s\"; ensure CRDs are "
				   "installed first",
				   name, version);
		cJSON_Delete(manifest);
		return -1;
	}
	char *space = xstrdup(json_string(manifest, "metadata/namespace", ns ? ns : "default"));
	if (kind->flags & KIND_NAMESPACED)
		put_namespace(cluster, space);
	else
		*space = '\0';
	if (admit(cluster, kind, space, manifest, r) == 0) {
		kind_convert(kind->storage, manifest);
		rc = put_object(cluster, kind, space, manifest, r);
	} else {
		cJSON_Delete(manifest);
	}
	free(space);
	return rc;
}
