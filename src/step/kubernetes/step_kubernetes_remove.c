#include "config.h"

#include "step/kubernetes/step_kubernetes_remove.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"

void
kube_step_warn_of_contents(const struct kube_step *s, struct preview *preview)
{
	if (!*s->resource.group && str_equal(s->resource.name, "namespaces"))
		preview_add(preview, PREVIEW_WARNING,
			    "Deleting a namespace deletes everything in it.");
	if (str_equal(s->resource.name, "customresourcedefinitions"))
		preview_add(preview, PREVIEW_WARNING,
			    "Deleting a definition deletes every object of its kind.");
}

static char *
delete_body(const cJSON *entry, const char *policy, const char *version)
{
	cJSON *options = cJSON_CreateObject(), *preconditions = cJSON_CreateObject();
	char *text;

	json_add_string(options, "kind", "DeleteOptions");
	json_add_string(options, "apiVersion", "v1");
	json_add_string(options, "propagationPolicy", policy);
	json_add_string(preconditions, "uid", json_string(entry, "uid", ""));
	if (version)
		json_add_string(preconditions, "resourceVersion", version);
	json_add(options, "preconditions", preconditions);
	text = json_print(options);
	cJSON_Delete(options);
	return text;
}

/*
 * Where the server writes a status, versions come and go all the time, and the one that was seen would
 * be refused for nothing. There the generation counts, which stands for what people write. *ret_gone:
 * somebody else was faster.
 */
static int
check_generation(struct kube_step *s, const cJSON *entry, bool *ret_gone, struct err *e)
{
	struct kube_step_list list = { NULL, NULL, NULL, false };
	const char *name = json_string(entry, "name", "");
	struct err why = ERR_INIT;
	bool same;

	if (kube_step_fetch(s, name, KUBE_STEP_METADATA, &list, &why) < 0) {
		*ret_gone = why.kind == ERR_NOT_FOUND;
		return *ret_gone ? 0 : err_set(e, why.kind, "%s", why.message);
	}
	same = json_int(list.items->child, "metadata/generation", 0) ==
	       json_int(entry, "generation", 0);
	kube_step_list_release(&list);
	if (same)
		return 0;
	err_set(e, ERR_CONFLICT,
		"it was changed since it was looked at, and was left alone. Look at it, and try "
		"again");
	return kube_step_failed(s, name, e);
}

static int
send_delete(struct kube_step *s, const cJSON *entry, const char *policy, const char *version,
	    bool *ret_gone, struct err *e)
{
	const char *name = json_string(entry, "name", "");
	char *path = kube_step_path(s, name), *body = delete_body(entry, policy, version);
	struct kube_request request = {
		.method = "DELETE",
		.path = path,
		.body = body,
		.body_len = strlen(body),
		.cancel = s->ctx->cancel,
	};
	long status = 0;
	int rc = kube_request(s->client, &request, &status, NULL, e);

	free(body);
	free(path);
	*ret_gone = rc < 0 && status == 404;
	if (rc == 0 || *ret_gone)
		return 0;
	if (status == 409)
		err_advise(e, "It was changed or made anew since it was looked at, and was left "
			      "alone. Look at it, and try again");
	return kube_step_failed(s, name, e);
}

int
kube_step_remove(struct kube_step *s, const cJSON *entry, const char *policy, bool *ret_gone,
		 struct err *e)
{
	bool moves = s->resource.parts & KUBE_HAS_STATUS;

	*ret_gone = false;
	if (moves && check_generation(s, entry, ret_gone, e) < 0)
		return -1;
	if (*ret_gone)
		return 0;
	return send_delete(s, entry, policy,
			   moves ? NULL : json_string(entry, "resource_version", NULL), ret_gone,
			   e);
}
