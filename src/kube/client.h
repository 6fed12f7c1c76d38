#ifndef LIFEBOAT_KUBE_CLIENT_H
#define LIFEBOAT_KUBE_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/secret.h"
#include "kube/kubeconfig.h"
#include "net/http/http.h"

/*
 * A connection to one API server as one user, kept alive between requests. One thread at a time; a
 * stream occupies it while it lasts. Short requests and streams use clients of their own.
 */
struct kube_client;

struct kube_client *kube_client_new(const struct kube_access *access, struct err *e);
/*
 * Resolves a context as kubeconfig_resolve() does and makes a client of it. Every credential, those that a
 * plugin or a token file gives later included, is registered in `secrets` (or NULL) before it is used.
 */
int kube_client_open(const char *kubeconfig, const char *context, struct secrets *secrets,
		     struct kube_client **ret_client, struct err *e);
void kube_client_free(struct kube_client *client);
const struct kube_access *kube_client_access(const struct kube_client *client);

struct kube_request {
	const char *method;	  /* "GET" */
	const char *path;	  /* "/api/v1/namespaces/tsb/pods", already encoded */
	const char *query;	  /* "limit=500&watch=1", or NULL */
	bool reads;		  /* changes nothing, as a review or a dry run does */
	const char *accept;	  /* NULL: application/json */
	const char *content_type; /* of the body; NULL: application/json */
	const char *body;
	size_t body_len;
	int64_t timeout_ms;	 /* 0: 30 s; -1: none (streams) */
	int64_t idle_timeout_ms; /* 0: none */
	int gather_ms;		 /* as of http_request */
	http_data_fn *on_data;	 /* streams; NULL: the answer is collected */
	void *data;
	const struct cancel *cancel;
};

/*
 * One exchange. A status outside 2xx is an error made from the server's Status object: method, path
 * in words, code, reason, its message and causes; 401 and 403 ERR_DENIED, 404 ERR_NOT_FOUND, 409
 * ERR_CONFLICT, 410 and others ERR_REMOTE, 504 ERR_TIMEOUT. *ret_status, if wanted, is the HTTP
 * status (0 without an answer), also on error. *ret_body, if wanted, is the parsed answer (the
 * caller deletes it). A read (GET) that lost its connection is tried once more; a write never is.
 */
int kube_request(struct kube_client *client, const struct kube_request *request, long *ret_status,
		 cJSON **ret_body, struct err *e);

/*
 * One exchange, as kube_request(), which gives the whole response: of a status outside 2xx too,
 * which is an error then. *ret_response is always to be released.
 */
int kube_exchange(struct kube_client *client, const struct kube_request *request,
		  struct http_response *ret_response, struct err *e);

/* One SelfSubjectAccessReview. *ret_reason (the caller frees) is the server's reason, maybe "". */
int kube_access_review(struct kube_client *client, const char *verb, const char *group,
		       const char *resource, const char *subresource, const char *name,
		       const char *ns, const struct cancel *cancel, bool *ret_allowed,
		       char **ret_reason, struct err *e);

#endif
