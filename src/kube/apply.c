#include "config.h"

#include "kube/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "kube/resource.h"

/* What names an object on its server. */
struct target {
	struct kube_resource resource;
	char *path;
};

static void
target_release(struct target *t)
{
	kube_resource_release(&t->resource);
	free(t->path);
}

static int
target_init(struct target *t, struct kube_client *client, const cJSON *object, const char *ns,
	    const struct cancel *cancel, struct err *e)
{
	const char *name = json_string(object, "metadata/name", "");
	const char *kind = json_string(object, "kind", "");

	if (kube_resource_for_kind(client, json_string(object, "apiVersion", ""), kind, cancel,
				   &t->resource, e) < 0)
		return err_wrap(e, "%s %s", kind, name);
	ns = json_string(object, "metadata/namespace", ns);
	t->path = kube_resource_path(&t->resource, ns, name);
	return 0;
}

/*
 * The object without what the server keeps for itself. A backup that kubectl wrote has all of it,
 * and another cluster would refuse the identity of the first.
 */
static cJSON *
without_bookkeeping(const cJSON *object, const struct target *t, const char *ns)
{
	static const char *const names[] = {
		"managedFields",
		"resourceVersion",
		"uid",
		"creationTimestamp",
		"generation",
		"selfLink",
		"deletionTimestamp",
		"deletionGracePeriodSeconds",
	};
	cJSON *copy = cJSON_Duplicate(object, true);

	if (!copy)
		abort();
	cJSON *metadata = json_at(copy, "metadata");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, names[i]);
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "status");
	if (t->resource.namespaced && !json_at(metadata, "namespace"))
		json_add_string(metadata, "namespace", ns);
	return copy;
}

static char *
build_query(const char *field_manager, unsigned flags)
{
	char *manager = http_encode(field_manager);
	char *query = xasprintf("fieldManager=%s&fieldValidation=Strict&force=%s%s", manager,
				flags & KUBE_APPLY_FORCE ? "true" : "false",
				flags & KUBE_APPLY_DRY_RUN ? "&dryRun=All" : "");

	free(manager);
	return query;
}

static int
patch(struct kube_client *client, const struct target *t, const cJSON *object, const char *query,
      bool reads, const struct cancel *cancel, cJSON **ret_result, struct err *e)
{
	char *body = json_print(object);
	struct kube_request request = {
		.method = "PATCH",
		.path = t->path,
		.query = query,
		.reads = reads,
		.content_type = "application/apply-patch+yaml",
		.body = body,
		.body_len = strlen(body),
		.cancel = cancel,
	};
	int rc = kube_request(client, &request, NULL, ret_result, e);

	free(body);
	return rc;
}

int
kube_apply(struct kube_client *client, const cJSON *object, const char *ns,
	   const char *field_manager, unsigned flags, const struct cancel *cancel,
	   cJSON **ret_result, struct err *e)
{
	struct target target = { 0 };
	char *query = build_query(field_manager, flags);
	cJSON *bare = NULL;
	int rc = -1;

	if (target_init(&target, client, object, ns, cancel, e) < 0)
		goto out;
	bare = without_bookkeeping(object, &target, ns);
	rc = patch(client, &target, bare, query, flags & KUBE_APPLY_DRY_RUN, cancel, ret_result, e);
out:
	cJSON_Delete(bare);
	target_release(&target);
	free(query);
	return rc;
}

int
kube_apply_current(struct kube_client *client, const cJSON *object, const char *ns,
		   const struct cancel *cancel, cJSON **ret_object, struct err *e)
{
	struct target target = { 0 };
	struct err error = ERR_INIT;
	int rc = target_init(&target, client, object, ns, cancel, e);

	if (rc == 0) {
		struct kube_request request = {
			.method = "GET",
			.path = target.path,
			.cancel = cancel,
		};
		rc = kube_request(client, &request, NULL, ret_object, &error);
		if (rc < 0 && error.kind == ERR_NOT_FOUND) {
			*ret_object = NULL;
			rc = 0;
		} else if (rc < 0 && e) {
			*e = error;
		}
	}
	target_release(&target);
	return rc;
}
