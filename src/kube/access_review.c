#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client.h"

static void
add_given(cJSON *object, const char *name, const char *value)
{
	if (value && *value)
		json_add_string(object, name, value);
}

/* Why, in the server's words; what kept it from finding out counts too. */
static char *
reason_of(const cJSON *review)
{
	const char *reason = json_string(review, "status/reason", "");
	const char *trouble = json_string(review, "status/evaluationError", "");

	return xasprintf("%s%s%s", reason, *reason && *trouble ? "; " : "", trouble);
}

int
kube_access_review(struct kube_client *client, const char *verb, const char *group,
		   const char *resource, const char *subresource, const char *name, const char *ns,
		   const struct cancel *cancel, bool *ret_allowed, char **ret_reason, struct err *e)
{
	cJSON *review = cJSON_CreateObject(), *answer = NULL;
	cJSON *attributes = cJSON_CreateObject(), *spec = cJSON_CreateObject();

	add_given(attributes, "namespace", ns);
	add_given(attributes, "verb", verb);
	add_given(attributes, "group", group);
	add_given(attributes, "resource", resource);
	add_given(attributes, "subresource", subresource);
	add_given(attributes, "name", name);
	json_add(spec, "resourceAttributes", attributes);
	json_add_string(review, "apiVersion", "authorization.k8s.io/v1");
	json_add_string(review, "kind", "SelfSubjectAccessReview");
	json_add(review, "spec", spec);
	char *body = json_print(review);
	struct kube_request request = {
		.method = "POST",
		.path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
		.reads = true,
		.body = body,
		.body_len = strlen(body),
		.cancel = cancel,
	};
	int rc = kube_request(client, &request, NULL, &answer, e);
	if (rc == 0) {
		*ret_allowed = json_bool(answer, "status/allowed", false);
		*ret_reason = reason_of(answer);
	}
	cJSON_Delete(answer);
	cJSON_Delete(review);
	free(body);
	return rc;
}
