#include "config.h"

#include "helm/helm_api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm.h"
#include "kube/client.h"
#include "kube/kubeconfig.h"
#include "net/fence/fence.h"
#include "net/http/http.h"

/* ---- errors ---- */

/* "127.0.0.1:6443" of the server's URL; the caller frees. */
static char *
host_of(const char *server)
{
	const char *host = strstr(server, "://");

	host = host ? host + 3 : server;
	return xstrndup(host, strcspn(host, "/"));
}

/* What Go says of a connection that did not come to be, from what we know of it. */
static char *
dial_words(const struct err *why, const char *host)
{
	if (strstr(why->message, "refused"))
		return xasprintf("dial tcp %s: connect: connection refused", host);
	if (strstr(why->message, "No route to host"))
		return xasprintf("dial tcp %s: connect: no route to host", host);
	if (strstr(why->message, "resolve host"))
		return xasprintf("dial tcp: lookup %.*s: no such host", (int)strcspn(host, ":"),
				 host);
	if (why->kind == ERR_TIMEOUT)
		return xasprintf("dial tcp %s: i/o timeout", host);
	if (why->kind == ERR_CANCELLED)
		return xstrdup("context canceled");
	return xstrdup(why->message);
}

static int
no_answer(const struct helm *h, const struct kube_request *request, const struct err *why,
	  struct err *e)
{
	char *host = host_of(kube_client_access(h->client)->server);
	char *words = dial_words(why, host), *verb = xstrdup(request->method);

	for (size_t i = 1; verb[0] && verb[i]; i++)
		verb[i] = (char)tolower((unsigned char)verb[i]);
	err_set(e, why->kind, "%s \"%s%s%s%s\": %s", verb, kube_client_access(h->client)->server,
		request->path, request->query ? "?" : "", request->query ? request->query : "",
		words);
	free(verb);
	free(words);
	free(host);
	return -1;
}

static int
refused(const struct http_response *response, const struct err *why, struct err *e)
{
	cJSON *status = json_parse(str_cstr(&response->body), response->body.len, NULL);
	const char *message = json_string(status, "message", NULL);

	if (message)
		err_set(e, why->kind, "%s", message);
	else if (response->status == 401)
		err_set(e, why->kind, "Unauthorized");
	else
		err_set(e, why->kind,
			"an error on the server (\"%.*s\") has prevented the request from "
			"succeeding",
			(int)strcspn(str_cstr(&response->body), "\n"), str_cstr(&response->body));
	cJSON_Delete(status);
	return -1;
}

/* ---- one request ---- */

static int
perform(struct helm *h, struct kube_request *request, long *ret_status, cJSON **ret_body,
	struct err *e)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	struct err why = ERR_INIT;
	int rc;

	request->cancel = h->cancel;
	rc = kube_exchange(h->client, request, &response, &why);
	if (ret_status)
		*ret_status = response.status;
	if (rc < 0)
		rc = response.status ? refused(&response, &why, e) : no_answer(h, request, &why, e);
	else if (ret_body &&
		 !(*ret_body = json_parse(str_cstr(&response.body), response.body.len, e)))
		rc = -1;
	http_response_release(&response);
	return rc;
}

static int
send_object(struct helm *h, const char *method, const char *path, const char *type,
	    const cJSON *object, long *ret_status, struct err *e)
{
	char *body = json_print(object);
	struct kube_request request = {
		.method = method,
		.path = path,
		.query = "fieldManager=helm",
		.content_type = type,
		.body = body,
		.body_len = strlen(body),
	};
	int rc = perform(h, &request, ret_status, NULL, e);

	free(body);
	return rc;
}

int
helm_api_get(struct helm *h, const char *path, const char *query, cJSON **ret_object, struct err *e)
{
	struct kube_request request = { .method = "GET", .path = path, .query = query };

	return perform(h, &request, NULL, ret_object, e);
}

int
helm_api_post(struct helm *h, const char *path, const cJSON *object, struct err *e)
{
	return send_object(h, "POST", path, NULL, object, NULL, e);
}

int
helm_api_create(struct helm *h, const struct helm_place *place, const cJSON *object, struct err *e)
{
	char *path = kube_resource_path(&place->resource, place->ns, NULL);
	int rc = helm_api_post(h, path, object, e);

	free(path);
	return rc;
}

int
helm_api_replace(struct helm *h, const char *path, const cJSON *object, struct err *e)
{
	return send_object(h, "PUT", path, NULL, object, NULL, e);
}

int
helm_api_patch(struct helm *h, const char *path, const char *type, const cJSON *patch,
	       bool *ret_unsupported, struct err *e)
{
	long status = 0;
	int rc = send_object(h, "PATCH", path, type, patch, &status, e);

	*ret_unsupported = status == 415;
	return rc;
}

int
helm_api_delete(struct helm *h, const char *path, struct err *e)
{
	static const char body[] = "{\"kind\":\"DeleteOptions\",\"apiVersion\":\"v1\","
				   "\"propagationPolicy\":\"Background\"}";
	struct kube_request request = {
		.method = "DELETE",
		.path = path,
		.body = body,
		.body_len = sizeof(body) - 1,
	};
	struct err why = ERR_INIT;

	if (perform(h, &request, NULL, NULL, &why) == 0 || why.kind == ERR_NOT_FOUND)
		return 0;
	return err_set(e, why.kind, "%s", why.message);
}

/* ---- the client ---- */

static const char *
set_or(const char *flag, const char *variable)
{
	const char *value = flag && *flag ? flag : getenv(variable);

	return value && *value ? value : NULL;
}

/* "127.21.7." of "https://127.21.7.10:6443"; the caller frees. NULL: it is no address of a world. */
static char *
prefix_of(const char *server)
{
	const char *host = strstr(server, "://"), *end = host;

	if (!host || !str_starts_with(host + 3, "127."))
		return NULL;
	for (int dots = 0; dots < 3 && end; dots++)
		end = strchr(end + 1, '.');
	return end ? xstrndup(host + 3, (size_t)(end + 1 - host - 3)) : NULL;
}

/*
 * In a world that has clusters nothing outside of it can be reached, whatever kubeconfig was named. Once that is read: what
 * leads a runbook's command to its cluster is a file of the run, which is not in the world.
 */
static int
stay_inside(const struct helm *h, struct err *e)
{
	char *path = h->world ? xasprintf("%s/kubeconfig", h->world) : NULL, *prefix;
	struct kube_access access = { 0 };
	int rc = 0;

	if (path && file_exists(path) && (rc = kubeconfig_resolve(path, NULL, &access, e)) == 0) {
		prefix = prefix_of(access.server);
		if (prefix)
			fence_set(prefix, h->world);
		else
			rc = err_set(e, ERR_SPEC, "%s does not lead into a world", path);
		free(prefix);
		kube_access_release(&access);
	}
	free(path);
	return rc;
}

int
helm_api_open(struct helm *h, struct err *e)
{
	const char *context = set_or(h->args.flags.context, "HELM_KUBECONTEXT");
	const char *ns = set_or(h->args.flags.ns, "HELM_NAMESPACE");
	const char *file = h->args.flags.kubeconfig;
	struct err why = ERR_INIT;

	if (h->client)
		return 0;
	if (kube_client_open(file && *file ? file : NULL, context, NULL, &h->client, &why) < 0) {
		if (context && why.kind == ERR_NOT_FOUND && strstr(why.message, context))
			return err_set(e, ERR_SPEC,
				       "Kubernetes cluster unreachable: context \"%s\" does not "
				       "exist",
				       context);
		return err_set(e, why.kind, "Kubernetes cluster unreachable: %s", why.message);
	}
	h->ns = xstrdup(ns ? ns : kube_client_access(h->client)->ns);
	return stay_inside(h, e);
}

int
helm_api_reach(struct helm *h, struct err *e)
{
	struct kube_request request = { .method = "GET", .path = "/version" };

	if (h->client)
		return 0;
	if (helm_api_open(h, e) < 0)
		return -1;
	if (perform(h, &request, NULL, NULL, e) < 0)
		return err_wrap(e, "Kubernetes cluster unreachable");
	return 0;
}

/* ---- places ---- */

int
helm_place_init(struct helm *h, const cJSON *object, const char *ns, struct helm_place *place,
		struct err *e)
{
	const char *version = json_string(object, "apiVersion", "");
	struct err why = ERR_INIT;

	*place = (struct helm_place){ .object = object };
	place->kind = json_string(object, "kind", "");
	place->name = json_string(object, "metadata/name", "");
	ns = json_string(object, "metadata/namespace", ns);
	if (kube_resource_for_kind(h->client, version, place->kind, h->cancel, &place->resource,
				   &why) < 0) {
		if (why.kind != ERR_NOT_FOUND)
			return err_set(e, why.kind, "%s", why.message);
		return err_set(
			e, ERR_NOT_FOUND,
			"resource mapping not found for name: \"%s\" namespace: \"%s\" from "
			"\"\": no matches for kind \"%s\" in version \"%s\"\nensure CRDs are "
			"installed first",
			place->name, json_string(object, "metadata/namespace", ""), place->kind,
			version);
	}
	place->ns = xstrdup(place->resource.namespaced ? ns : "");
	place->path = kube_resource_path(&place->resource, ns, place->name);
	return 0;
}

void
helm_place_release(struct helm_place *place)
{
	kube_resource_release(&place->resource);
	free(place->ns);
	free(place->path);
}
