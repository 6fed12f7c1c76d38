#include "config.h"

#include "kube/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/client_private.h"
#include "kube/status.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	RETRY_DELAY_MS = 1000,
	MAX_BODY = 256 << 20, /* a list of thousands of objects must fit */
};

struct kube_client {
	struct kube_access access;
	struct http_client *http;
	char *base_url;	   /* the server, under the name that its certificate has */
	char *host_header; /* "Host: …", where that name is not the server's */
	char *bearer;	   /* "Authorization: …", or NULL */
	struct kube_discovery *discovery;
};

/* The parts of "https://host:port/prefix"; `host` keeps the brackets of an IPv6 address. */
struct endpoint {
	char *scheme, *host, *port, *prefix;
};

static void
endpoint_init(struct endpoint *at, const char *server)
{
	const char *authority = strstr(server, "://") + 3;
	size_t len = strcspn(authority, "/");
	const char *bracket = memchr(authority, ']', len);
	const char *rest = bracket ? bracket : authority;
	const char *colon = memchr(rest, ':', len - (size_t)(rest - authority));
	size_t host_len = colon ? (size_t)(colon - authority) : len;

	at->scheme = xstrndup(server, (size_t)(authority - 3 - server));
	at->host = xstrndup(authority, host_len);
	if (colon)
		at->port = xstrndup(colon + 1, len - host_len - 1);
	else
		at->port = xstrdup(strcmp(at->scheme, "http") == 0 ? "80" : "443");
	at->prefix = xstrdup(authority + len);
}

static void
endpoint_release(struct endpoint *at)
{
	free(at->scheme);
	free(at->host);
	free(at->port);
	free(at->prefix);
}

/*
 * libcurl verifies the name in the URL. Where the certificate is under another name, that goes into
 * the URL, and the connection is led to the server. Returns the entry for connect_to, or NULL.
 */
static char *
set_names(struct kube_client *client)
{
	const struct kube_access *access = &client->access;
	struct endpoint at;
	char *connect_to;

	if (!access->tls_server_name) {
		client->base_url = xstrdup(access->server);
		return NULL;
	}
	endpoint_init(&at, access->server);
	client->base_url =
		xasprintf("%s://%s:%s%s", at.scheme, access->tls_server_name, at.port, at.prefix);
	client->host_header = xasprintf("Host: %s:%s", at.host, at.port);
	connect_to = xasprintf("%s:%s:%s:%s", access->tls_server_name, at.port, at.host, at.port);
	endpoint_release(&at);
	return connect_to;
}

struct kube_client *
kube_client_new(const struct kube_access *access, struct err *e)
{
	struct kube_client *client = xcalloc(1, sizeof(*client));
	const char *connect_to[] = { NULL, NULL };
	struct http_options options = {
		.ca_pem = access->ca_pem,
		.client_cert_pem = access->client_cert_pem,
		.client_key_pem = access->client_key_pem,
		.proxy_url = access->proxy_url,
		.connect_to = connect_to,
		.insecure = access->insecure,
		.compressed = access->compressed,
	};

	kube_access_copy(&client->access, access);
	char *lead = set_names(client);
	connect_to[0] = lead;
	if (access->token)
		client->bearer = xasprintf("Authorization: Bearer %s", access->token);
	client->http = http_client_new(&options, e);
	free(lead);
	if (!client->http) {
		kube_client_free(client);
		return NULL;
	}
	return client;
}

void
kube_client_free(struct kube_client *client)
{
	if (!client)
		return;
	http_client_free(client->http);
	kube_discovery_free(client->discovery);
	kube_access_release(&client->access);
	if (client->bearer)
		explicit_bzero(client->bearer, strlen(client->bearer));
	free(client->bearer);
	free(client->host_header);
	free(client->base_url);
	free(client);
}

const struct kube_access *
kube_client_access(const struct kube_client *client)
{
	return &client->access;
}

struct kube_discovery **
kube_client_discovery(struct kube_client *client)
{
	return &client->discovery;
}

/* "GET pods in tsb on https://…": how messages call a request. The caller frees. */
static char *
label_of(const struct kube_client *client, const struct kube_request *request)
{
	return kube_status_label(request->method, request->path, client->access.server);
}

static int64_t
total_timeout_ms(const struct kube_request *request)
{
	if (request->timeout_ms < 0)
		return 0;
	return request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS;
}

/* One exchange without a judgement of its status. */
static int
perform(struct kube_client *client, const struct kube_request *request, const char *label,
	struct http_response *ret_response, struct err *e)
{
	char *url = xasprintf("%s%s%s%s", client->base_url, request->path,
			      request->query ? "?" : "", request->query ? request->query : "");
	char *accept =
		xasprintf("Accept: %s", request->accept ? request->accept : "application/json");
	char *type = xasprintf("Content-Type: %s",
			       request->content_type ? request->content_type : "application/json");
	const char *headers[5] = { accept };
	size_t count = 1;

	if (request->body)
		headers[count++] = type;
	if (client->bearer)
		headers[count++] = client->bearer;
	if (client->host_header)
		headers[count++] = client->host_header;
	struct http_request http = {
		.method = request->method,
		.url = url,
		.label = label,
		.headers = headers,
		.reads = request->reads,
		.user = client->bearer ? NULL : client->access.username,
		.password = client->access.password,
		.body = request->body,
		.body_len = request->body_len,
		.timeout_ms = total_timeout_ms(request),
		.idle_timeout_ms = request->idle_timeout_ms,
		.max_body_bytes = MAX_BODY,
		.on_data = request->on_data,
		.data = request->data,
		.cancel = request->cancel,
	};
	int rc = http_perform(client->http, &http, ret_response, e);
	free(url);
	free(accept);
	free(type);
	return rc;
}

/* A read that lost its connection is tried once more; not a stream: its reader has seen a part. */
static int
perform_twice(struct kube_client *client, const struct kube_request *request, const char *label,
	      struct http_response *ret_response, struct err *e)
{
	struct err first = ERR_INIT;

	if (perform(client, request, label, ret_response, &first) == 0)
		return 0;
	if (strcmp(request->method, "GET") != 0 || request->on_data || first.kind != ERR_NET) {
		if (e)
			*e = first;
		return -1;
	}
	if (cancel_sleep(request->cancel, RETRY_DELAY_MS))
		return err_set(e, ERR_CANCELLED, "%s: cancelled", label);
	if (perform(client, request, label, ret_response, e) < 0)
		return err_advise(e, "It was tried twice");
	return 0;
}

static int
judge(const struct kube_client *client, const char *label, const struct http_response *response,
      struct err *e)
{
	const struct kube_access *access = &client->access;
	cJSON *status;

	if (response->status >= 200 && response->status < 300)
		return 0;
	status = json_parse(str_cstr(&response->body), response->body.len, NULL);
	if (strcmp(json_string(status, "kind", ""), "Status") != 0) {
		cJSON_Delete(status);
		status = NULL;
	}
	kube_status_error(label, response->status, status, e);
	cJSON_Delete(status);
	if (response->status == 401)
		err_advise(e, "Renew the credentials of the user \"%s\" (context \"%s\" in %s)",
			   access->user ? access->user : "", access->context, access->source);
	return -1;
}

int
kube_exchange(struct kube_client *client, const struct kube_request *request,
	      struct http_response *ret_response, struct err *e)
{
	char *label = label_of(client, request);
	int rc = perform_twice(client, request, label, ret_response, e);

	if (rc == 0)
		rc = judge(client, label, ret_response, e);
	free(label);
	return rc;
}

static int
parse_answer(const struct kube_client *client, const struct kube_request *request,
	     const struct http_response *response, cJSON **ret_body, struct err *e)
{
	cJSON *body = json_parse(str_cstr(&response->body), response->body.len, e);

	if (body) {
		*ret_body = body;
		return 0;
	}
	char *label = label_of(client, request);
	err_set(e, ERR_REMOTE,
		"%s: %ld, but the answer (%s, %zu bytes) is not that of a Kubernetes API server",
		label, response->status,
		response->content_type ? response->content_type : "no content type",
		response->body.len);
	free(label);
	return -1;
}

int
kube_request(struct kube_client *client, const struct kube_request *request, long *ret_status,
	     cJSON **ret_body, struct err *e)
{
	struct http_response response = HTTP_RESPONSE_INIT;
	int rc = kube_exchange(client, request, &response, e);

	if (ret_status)
		*ret_status = response.status;
	if (rc == 0 && ret_body)
		rc = parse_answer(client, request, &response, ret_body, e);
	http_response_release(&response);
	return rc;
}

int
kube_cluster_uid(struct kube_client *client, const struct cancel *cancel, char **ret_uid,
		 struct err *e)
{
	struct kube_request request = {
		.method = "GET",
		.path = "/api/v1/namespaces/kube-system",
		.cancel = cancel,
	};
	cJSON *namespace = NULL;
	int rc = -1;

	if (kube_request(client, &request, NULL, &namespace, e) < 0)
		return err_wrap(e, "identifying the cluster");
	const char *uid = json_string(namespace, "metadata/uid", NULL);
	if (uid && *uid) {
		*ret_uid = xstrdup(uid);
		rc = 0;
	} else {
		err_set(e, ERR_REMOTE,
			"identifying the cluster: the namespace kube-system on %s has no UID",
			client->access.server);
	}
	cJSON_Delete(namespace);
	return rc;
}
