#include "config.h"

#include "kube/apply.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "kube/manifest_json.h"
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
	char *body = manifest_json_print(object);
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

/* The state of a condition, and its message: "" where there is none. */
static const char *
condition(const cJSON *object, const char *type, const char **ret_message)
{
	const cJSON *at;

	*ret_message = "";
	cJSON_ArrayForEach(at, json_at(object, "status/conditions")) {
		if (!str_equal(json_string(at, "type", NULL), type))
			continue;
		*ret_message = json_string(at, "message", "");
		return json_string(at, "status", "");
	}
	return "";
}

static int
namespace_stands(const cJSON *now, struct str *lacks, struct err *e)
{
	const char *phase = json_string(now, "status/phase", "");

	if (str_equal(phase, "Active"))
		return 1;
	if (json_at(now, "metadata/deletionTimestamp"))
		return err_set(e, ERR_CONFLICT,
			       "the namespace is being deleted, and takes nothing new. Wait until "
			       "it is gone, and try again");
	str_printf(lacks, "the namespace is not active yet (%s)", *phase ? phase : "no phase");
	return 0;
}

/* Whether discovery names the kind in each version that the definition has the server serve. */
static int
is_served(struct kube_client *client, const cJSON *definition, const struct cancel *cancel,
	  struct str *lacks, struct err *e)
{
	const char *group = json_string(definition, "spec/group", "");
	const char *kind = json_string(definition, "spec/names/kind", "");
	const cJSON *version;

	cJSON_ArrayForEach(version, json_at(definition, "spec/versions")) {
		struct kube_resource resource = { .group = NULL };
		struct err why = ERR_INIT;
		char *name = xasprintf("%s/%s", group, json_string(version, "name", ""));
		int rc = !json_bool(version, "served", false)
				 ? 0
				 : kube_resource_for_kind(client, name, kind, cancel, &resource,
							  &why);

		kube_resource_release(&resource);
		if (rc < 0 && why.kind == ERR_NOT_FOUND)
			str_printf(lacks, "the cluster does not serve %s %s yet", name, kind);
		free(name);
		if (rc < 0)
			return lacks->len ? 0 : err_set(e, why.kind, "%s", why.message);
	}
	return 1;
}

static int
definition_stands(struct kube_client *client, const cJSON *now, const struct cancel *cancel,
		  struct str *lacks, struct err *e)
{
	const char *message;

	if (json_at(now, "metadata/deletionTimestamp"))
		return err_set(
			e, ERR_CONFLICT,
			"the definition is being deleted, with all objects of its kind. Wait "
			"until it is gone, and try again");
	if (str_equal(condition(now, "NamesAccepted", &message), "False"))
		return err_set(e, ERR_CONFLICT, "the cluster does not take its names: %s", message);
	if (str_equal(condition(now, "Established", &message), "True"))
		return is_served(client, now, cancel, lacks, e);
	str_printf(lacks, "the definition is not established yet%s%s", *message ? ": " : "",
		   message);
	return 0;
}

int
kube_foundation_stands(struct kube_client *client, const cJSON *object, const struct cancel *cancel,
		       struct str *lacks, struct err *e)
{
	cJSON *now = NULL;
	int rc;

	if (kube_apply_current(client, object, "", cancel, &now, e) < 0)
		return -1;
	if (!now)
		rc = err_set(e, ERR_CONFLICT, "somebody has deleted it at once");
	else if (str_equal(json_string(object, "kind", ""), "Namespace"))
		rc = namespace_stands(now, lacks, e);
	else
		rc = definition_stands(client, now, cancel, lacks, e);
	cJSON_Delete(now);
	return rc;
}
