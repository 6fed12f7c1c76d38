#include "config.h"

#include "kube/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/client_private.h"

void
kube_identity_release(struct kube_identity *identity)
{
	free(identity->uid);
	free(identity->version);
	free(identity->user);
	*identity = (struct kube_identity)KUBE_IDENTITY_INIT;
}

/*
 * One request, whose answer also tells the server's time. An answer of any status is one: *ret_body is
 * what it holds, or NULL, and *refusal what is wrong with a status outside 2xx. -1: there was none.
 */
static int
ask(struct kube_client *client, const struct kube_request *request, struct kube_identity *identity,
    long *ret_status, cJSON **ret_body, struct err *refusal)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	int64_t sent_ms = clock_wall_ms(), begin_ms = clock_mono_ms();
	int rc = kube_exchange(client, request, &response, refusal);
	int64_t took_ms = clock_mono_ms() - begin_ms;

	if (rc < 0 && (response.status == 0 || refusal->kind == ERR_CANCELLED)) {
		http_response_release(&response);
		return -1;
	}
	char *date = http_response_header(&response, "Date");
	skew_add_date(&identity->skew, sent_ms, sent_ms + took_ms, date);
	free(date);
	if (took_ms < identity->round_trip_ms)
		identity->round_trip_ms = took_ms;
	*ret_status = response.status;
	*ret_body = json_parse(str_cstr(&response.body), response.body.len, NULL);
	http_response_release(&response);
	return 0;
}

int
kube_identify_cluster(struct kube_client *client, const struct cancel *cancel,
		      struct kube_identity *identity, struct err *e)
{
	struct kube_request request = {
		.method = "GET",
		.path = "/api/v1/namespaces/kube-system",
		.cancel = cancel,
	};
	struct err refusal = ERR_INIT;
	cJSON *body = NULL;
	long status = 0;
	int rc = ask(client, &request, identity, &status, &body, &refusal);
	const char *uid = json_string(body, "metadata/uid", "");

	if (rc == 0 && status == 200 && *uid) {
		free(identity->uid);
		identity->uid = xstrdup(uid);
	} else if (rc < 0 || status == 401) {
		if (e)
			*e = refusal;
		rc = err_wrap(e, "identifying the cluster");
	} else if (status != 403) {
		rc = err_set(e, status == 404 ? ERR_NOT_FOUND : ERR_REMOTE,
			     "identifying the cluster: %s answered %ld to the question for the "
			     "namespace kube-system%s%.300s. Is it a Kubernetes API server?",
			     kube_client_access(client)->server, status, body ? ": " : "",
			     json_string(body, "message", ""));
	}
	cJSON_Delete(body);
	return rc;
}

/* forbidden: User "ana" cannot create resource …: a refusal names whom it refuses. */
static char *
user_of_refusal(const cJSON *status)
{
	static const char before[] = "User \"", after[] = "\" cannot ";
	const char *begin = strstr(json_string(status, "message", ""), before);
	const char *end = begin ? strstr(begin, after) : NULL;

	if (!end)
		return NULL;
	begin += strlen(before);
	return begin < end ? xstrndup(begin, (size_t)(end - begin)) : NULL;
}

static char *
user_of_review(const cJSON *review)
{
	const char *name = json_string(review, "status/userInfo/username", "");

	return *name ? xstrdup(name) : NULL;
}

/* One version of SelfSubjectReview. *ret_served: whether the server knows it at all. */
static int
review_self(struct kube_client *client, const char *version, const struct cancel *cancel,
	    struct kube_identity *identity, bool *ret_served, struct err *e)
{
	struct err refusal = ERR_INIT;
	char *path = xasprintf("/apis/authentication.k8s.io/%s/selfsubjectreviews", version);
	char *text = xasprintf("{\"apiVersion\":\"authentication.k8s.io/%s\","
			       "\"kind\":\"SelfSubjectReview\"}",
			       version);
	struct kube_request request = {
		.method = "POST",
		.path = path,
		.reads = true,
		.body = text,
		.body_len = strlen(text),
		.cancel = cancel,
	};
	cJSON *body = NULL;
	long status = 0;
	int rc = ask(client, &request, identity, &status, &body, &refusal);

	if (rc < 0 && e)
		*e = refusal;
	*ret_served = status != 404;
	if (status == 200 || status == 201)
		identity->user = user_of_review(body);
	else if (status == 403)
		identity->user = user_of_refusal(body);
	cJSON_Delete(body);
	free(path);
	free(text);
	return rc;
}

int
kube_identify_user(struct kube_client *client, const struct cancel *cancel,
		   struct kube_identity *identity, struct err *e)
{
	static const char *const versions[] = { "v1", "v1beta1", "v1alpha1" };
	struct kube_request request = { .method = "GET", .path = "/version", .cancel = cancel };
	struct err refusal = ERR_INIT;
	bool served = false;
	cJSON *body = NULL;
	long status = 0;

	if (ask(client, &request, identity, &status, &body, &refusal) < 0) {
		if (e)
			*e = refusal;
		return err_wrap(e, "asking the cluster for its version");
	}
	const char *version = json_string(body, "gitVersion", NULL);
	if (status == 200 && version)
		identity->version = xstrdup(version);
	cJSON_Delete(body);
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]) && !served; i++)
		if (review_self(client, versions[i], cancel, identity, &served, e) < 0)
			return err_wrap(e, "asking the cluster who we are");
	return 0;
}
