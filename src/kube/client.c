#include "config.h"

#include "kube/client.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/client_private.h"
#include "kube/credential.h"
#include "kube/status.h"

enum {
	DEFAULT_TIMEOUT_MS = 30000,
	RETRY_DELAY_MS = 1000,
	MAX_BODY = 256 << 20, /* a list of thousands of objects must fit */
};

struct kube_client {
	struct kube_access access;
	struct credential *credential;
	struct http_client *http;
	char *base_url;	   /* the server, under the name that its certificate has */
	char *host_header; /* "Host: …", where that name is not the server's */
	char *connect_to;  /* the way from that name to the server, or NULL */
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
 * the URL, and the connection is led to the server.
 */
static void
set_names(struct kube_client *client)
{
	const struct kube_access *access = &client->access;
	struct endpoint at;

	if (!access->tls_server_name) {
		client->base_url = xstrdup(access->server);
		return;
	}
	endpoint_init(&at, access->server);
	client->base_url =
		xasprintf("%s://%s:%s%s", at.scheme, access->tls_server_name, at.port, at.prefix);
	client->host_header = xasprintf("Host: %s:%s", at.host, at.port);
	client->connect_to =
		xasprintf("%s:%s:%s:%s", access->tls_server_name, at.port, at.host, at.port);
	endpoint_release(&at);
}

/*
 * Whether it pays to have answers packed: not where they come from this machine itself (a local cluster, a
 * port that is forwarded), since both sides work longer on that than the bytes take.
 */
static bool
wants_compression(const struct kube_access *access)
{
	struct endpoint at;
	bool is_local;

	if (!access->compressed || access->proxy_url)
		return access->compressed;
	endpoint_init(&at, access->server);
	is_local = str_equal(at.host, "localhost") || str_equal(at.host, "[::1]") ||
		   str_starts_with(at.host, "127.");
	endpoint_release(&at);
	return !is_local;
}

/* As kubectl, leaves names to a SOCKS proxy, which may be the only one who knows them. */
static char *
proxy_url(const struct kube_access *access)
{
	const char *url = access->proxy_url;

	if (url && str_starts_with(url, "socks5://"))
		return xasprintf("socks5h%s", url + strlen("socks5"));
	return xstrdup(url);
}

/* A new HTTP client with the certificate that counts now: connections of the old one are another user's. */
static int
renew_http(struct kube_client *client, struct err *e)
{
	const struct kube_access *access = &client->access;
	const char *connect_to[] = { client->connect_to, NULL };
	char *proxy = proxy_url(access);
	struct http_options options = {
		.ca_pem = access->ca_pem,
		.client_cert_pem = credential_certificate(client->credential),
		.client_key_pem = credential_key(client->credential),
		.proxy_url = proxy,
		.connect_to = connect_to,
		.insecure = access->insecure,
		.compressed = wants_compression(access),
	};
	struct http_client *http = http_client_new(&options, e);

	kube_wipe(proxy);
	if (!http)
		return -1;
	http_client_free(client->http);
	client->http = http;
	return 0;
}

static void
renew_bearer(struct kube_client *client)
{
	const char *token = credential_token(client->credential);

	kube_wipe(client->bearer);
	client->bearer = token ? xasprintf("Authorization: Bearer %s", token) : NULL;
}

static struct kube_client *
client_new(const struct kube_access *access, struct secrets *secrets, struct err *e)
{
	struct kube_client *client = xcalloc(1, sizeof(*client));

	kube_access_copy(&client->access, access);
	client->credential = credential_new(&client->access, secrets);
	set_names(client);
	renew_bearer(client);
	if (renew_http(client, e) < 0) {
		kube_client_free(client);
		return NULL;
	}
	return client;
}

struct kube_client *
kube_client_new(const struct kube_access *access, struct err *e)
{
	return client_new(access, NULL, e);
}

int
kube_client_open(const char *kubeconfig, const char *context, struct secrets *secrets,
		 struct kube_client **ret_client, struct err *e)
{
	struct kube_access access = { 0 };
	struct kube_client *client;

	if (kubeconfig_resolve(kubeconfig, context, &access, e) < 0)
		return -1;
	client = client_new(&access, secrets, e);
	kube_access_release(&access);
	if (!client)
		return -1;
	*ret_client = client;
	return 0;
}

void
kube_client_free(struct kube_client *client)
{
	if (!client)
		return;
	http_client_free(client->http);
	kube_discovery_free(client->discovery);
	credential_free(client->credential);
	kube_access_release(&client->access);
	kube_wipe(client->bearer);
	free(client->host_header);
	free(client->connect_to);
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

/* The headers of a request, NULL-terminated: `own`, which ends with NULL, and the client's. */
static const char **
join_headers(const struct kube_client *client, const char *const *own)
{
	char *const *impersonate = client->access.impersonate;
	size_t count = 0;
	const char **headers;

	while (impersonate && impersonate[count])
		count++;
	headers = xcalloc(count + 5, sizeof(*headers));
	count = 0;
	while (*own)
		headers[count++] = *own++;
	if (client->bearer)
		headers[count++] = client->bearer;
	if (client->host_header)
		headers[count++] = client->host_header;
	while (impersonate && *impersonate)
		headers[count++] = *impersonate++;
	return headers;
}

/* "the cluster "prod" in FILE": where messages send people who must correct it. The caller frees. */
static char *
cluster_place(const struct kube_access *access)
{
	return xasprintf("the cluster \"%s\" in %s", access->cluster ? access->cluster : "",
			 access->source ? access->source : "the kubeconfig");
}

/* Where on the way to a server something may be wrong that its own messages do not tell. */
static void
explain_connection(const struct kube_client *client, struct err *e)
{
	const struct kube_access *access = &client->access;
	char *place = cluster_place(access);

	if (e->kind == ERR_DENIED)
		err_advise(e, "They are certificate-authority and tls-server-name of %s", place);
	else if (e->kind == ERR_NET && access->proxy_url && *access->proxy_url)
		err_advise(e, "It goes through the proxy-url of %s", place);
	if (e->kind == ERR_NET)
		credential_advise_expiry(client->credential, e);
	free(place);
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
	const char *own[] = { accept, request->body ? type : NULL, NULL };
	const char **headers = join_headers(client, own);
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
		.gather_ms = request->gather_ms,
		.data = request->data,
		.cancel = request->cancel,
	};
	struct err why = ERR_INIT;
	int rc = http_perform(client->http, &http, ret_response, &why);
	if (rc < 0) {
		explain_connection(client, &why);
		if (e)
			*e = why;
	}
	free(headers);
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

/* Sees to it that what the next request shows is valid; `refused` as credential_renew() has it. */
static int
renew(struct kube_client *client, bool refused, const struct cancel *cancel, bool *ret_changed,
      struct err *e)
{
	char *before = xstrdup(credential_certificate(client->credential));
	int rc = credential_renew(client->credential, refused, clock_mono_ms(), cancel, ret_changed,
				  e);

	if (rc == 0 && *ret_changed) {
		renew_bearer(client);
		if (!str_equal(before, credential_certificate(client->credential)))
			rc = renew_http(client, e);
	}
	free(before);
	return rc;
}

/*
 * After a 401 the credential is renewed, and the request repeated once. This holds for writes too: the
 * server answers 401 before it looks at what was asked, so nothing of it was carried out, which is more
 * than a lost answer ever says. Only where there is something else to show: the same would be refused again.
 */
static int
repeat_refused(struct kube_client *client, const struct kube_request *request, const char *label,
	       struct http_response *response, struct err *e)
{
	bool changed = false;

	if (renew(client, true, request->cancel, &changed, e) < 0)
		return err_wrap(e, "%s: 401 Unauthorized", label);
	if (!changed)
		return 0;
	http_response_release(response);
	return perform_twice(client, request, label, response, e);
}

static int
exchange(struct kube_client *client, const struct kube_request *request, const char *label,
	 struct http_response *response, struct err *e)
{
	bool changed = false;
	int rc;

	if (renew(client, false, request->cancel, &changed, e) < 0)
		return err_wrap(e, "%s", label);
	rc = perform_twice(client, request, label, response, e);
	if (rc == 0 && response->status == 401)
		rc = repeat_refused(client, request, label, response, e);
	if (rc == 0 && response->status != 401)
		credential_accepted(client->credential);
	return rc;
}

static int
judge(const struct kube_client *client, const char *label, const struct http_response *response,
      struct err *e)
{
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
		credential_advise(client->credential, e);
	return -1;
}

int
kube_exchange(struct kube_client *client, const struct kube_request *request,
	      struct http_response *ret_response, struct err *e)
{
	char *label = label_of(client, request);
	int rc = exchange(client, request, label, ret_response, e);

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
