#include "config.h"

#include "net/http/http_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/http/http_trouble.h"
#include "net/http/http_url.h"

enum { DEFAULT_MAX_BODY = 16 << 20 };

bool
exchange_is_get_or_head(const struct http_request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

bool
exchange_only_reads(const struct http_request *request)
{
	return request->reads || exchange_is_get_or_head(request);
}

size_t
exchange_max_body(const struct http_request *request)
{
	return request->max_body_bytes ? request->max_body_bytes : DEFAULT_MAX_BODY;
}

static bool
was_sent(const struct exchange *x)
{
	long sent_bytes = 0;

	curl_easy_getinfo(x->client->easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
	return x->is_connected && sent_bytes > 0;
}

/* libcurl has no code of its own for a signature that is wrong: another root of the same name. */
static bool
is_untrusted(const struct exchange *x, CURLcode code)
{
	return x->peer.fault &&
	       (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR);
}

static enum err_kind
kind_of_code(const struct exchange *x, CURLcode code)
{
	if (is_untrusted(x, code))
		return ERR_DENIED;
	switch (code) {
	case CURLE_OPERATION_TIMEDOUT:
		return ERR_TIMEOUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
		return ERR_DENIED;
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return was_sent(x) ? ERR_REMOTE : ERR_SPEC; /* HTTP/0.9 has the same code */
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return ERR_SPEC;
	case CURLE_TOO_MANY_REDIRECTS:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return ERR_REMOTE;
	case CURLE_FAILED_INIT:
		return ERR_INTERNAL;
	default:
		return ERR_NET;
	}
}

static enum err_kind
kind_of_ending(const struct exchange *x, enum ending ending, CURLcode code)
{
	if (x->too_large)
		return ERR_REMOTE;
	if (!exchange_only_reads(x->request) && was_sent(x))
		return ERR_UNKNOWN_OUTCOME;
	switch (ending) {
	case CANCELLED:
		return ERR_CANCELLED;
	case OVERDUE:
	case SILENT:
		return ERR_TIMEOUT;
	case ENDED:
		break;
	}
	return kind_of_code(x, code);
}

static bool
is_tls_text(const struct exchange *x, const char *text)
{
	return strstr(x->problem, text) != NULL;
}

/* libcurl has one code for all that OpenSSL says about a handshake; its words tell them apart. */
static enum http_trouble_kind
handshake_trouble(const struct exchange *x)
{
	static const char *const ours[] = {
		"alert certificate required", "alert bad certificate",	   "alert unknown ca",
		"alert certificate expired",  "alert certificate unknown", NULL
	};

	for (size_t i = 0; ours[i]; i++)
		if (is_tls_text(x, ours[i]))
			return HTTP_TROUBLE_OUR_CERTIFICATE;
	if (x->client->client_cert_pem && is_tls_text(x, "alert decrypt error"))
		return HTTP_TROUBLE_OUR_CERTIFICATE;
	if (is_tls_text(x, "wrong version number") || is_tls_text(x, "packet length too long"))
		return HTTP_TROUBLE_NO_TLS;
	return HTTP_TROUBLE_OTHER;
}

static enum http_trouble_kind
connect_trouble(const struct exchange *x)
{
	long number = 0;

	curl_easy_getinfo(x->client->easy, CURLINFO_OS_ERRNO, &number);
	return number == ECONNREFUSED ? HTTP_TROUBLE_REFUSED : HTTP_TROUBLE_UNREACHABLE;
}

static enum http_trouble_kind
silent_trouble(const struct exchange *x, enum ending ending)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	bool is_tls = str_starts_with(x->request->url, "https:");

	if (x->is_connected)
		return HTTP_TROUBLE_SILENT;
	if (is_tls_text(x, "SSL connection timeout"))
		return HTTP_TROUBLE_SILENT_TLS;
	/* libcurl has closed it where it has ended the exchange itself */
	if (ending == ENDED || x->socket <= 0 ||
	    getpeername(x->socket, (struct sockaddr *)&peer, &len) < 0)
		return HTTP_TROUBLE_SILENT_CONNECT;
	return is_tls ? HTTP_TROUBLE_SILENT_TLS : HTTP_TROUBLE_SILENT;
}

static enum http_trouble_kind
trouble_of(const struct exchange *x, CURLcode code)
{
	long tunnel = 0;

	curl_easy_getinfo(x->client->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (!x->is_connected && tunnel >= 300)
		return HTTP_TROUBLE_TUNNEL;
	if (is_untrusted(x, code))
		return HTTP_TROUBLE_CHAIN;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return HTTP_TROUBLE_NAME;
	case CURLE_COULDNT_RESOLVE_PROXY:
		return HTTP_TROUBLE_PROXY_NAME;
	case CURLE_COULDNT_CONNECT:
		return connect_trouble(x);
	case CURLE_OPERATION_TIMEDOUT:
		return silent_trouble(x, ENDED);
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_TROUBLE_WRONG_NAME;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return was_sent(x) ? HTTP_TROUBLE_NO_HTTP : HTTP_TROUBLE_OTHER;
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
		return HTTP_TROUBLE_CUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		if (handshake_trouble(x) != HTTP_TROUBLE_OTHER)
			return handshake_trouble(x);
		return was_sent(x) ? HTTP_TROUBLE_CUT : HTTP_TROUBLE_OTHER;
	default:
		return HTTP_TROUBLE_OTHER;
	}
}

static void
tell_trouble(const struct exchange *x, enum ending ending, CURLcode code)
{
	struct http_trouble *trouble = x->request->trouble;

	if (!trouble || ending == CANCELLED || x->too_large)
		return;
	http_trouble_release(trouble);
	trouble->kind = ending == ENDED ? trouble_of(x, code) : silent_trouble(x, ending);
	trouble->names = xstrdup(x->peer.names);
	if (trouble->kind == HTTP_TROUBLE_TUNNEL)
		curl_easy_getinfo(x->client->easy, CURLINFO_HTTP_CONNECTCODE,
				  &trouble->proxy_status);
}

void
http_trouble_release(struct http_trouble *trouble)
{
	free(trouble->names);
	*trouble = (struct http_trouble){ .kind = HTTP_TROUBLE_OTHER };
}

/* How much of an answer there was: "nothing of an answer came"; "status 200 and 512 of 2048 bytes came". */
static char *
what_came(const struct exchange *x)
{
	const struct http_response *r = &x->response;
	char *length = http_response_header(r, "Content-Length");
	char *text;

	if (!r->headers.len)
		text = xstrdup(x->is_connected ? "nothing of an answer came"
					       : "the connection was not set up");
	else
		text = xasprintf("status %ld and %zu%s%s byte%s of the body came", r->status,
				 r->body.len, length ? " of " : "", length ? length : "",
				 r->body.len == 1 && !length ? "" : "s");
	free(length);
	return text;
}

/* "Failed to connect to 10.0.0.7 port 443: Connection refused": libcurl leaves the reason out. NULL: none. */
static char *
connect_reason(const struct exchange *x)
{
	const char *after = strstr(x->problem, " after ");
	size_t len = after ? (size_t)(after - x->problem) : strlen(x->problem);
	char buffer[128];
	long number = 0;

	curl_easy_getinfo(x->client->easy, CURLINFO_OS_ERRNO, &number);
	if (!len || !number)
		return NULL;
	return xasprintf("%.*s: %s", (int)len, x->problem,
			 strerror_r((int)number, buffer, sizeof(buffer)));
}

/* Why the exchange failed; more of it in our words where somebody advises besides. */
static char *
problem_of(const struct exchange *x, CURLcode code)
{
	const char *problem = x->problem[0] ? x->problem : curl_easy_strerror(code);
	char *text = NULL, *came;

	if (x->request->trouble && is_untrusted(x, code))
		text = xstrdup(x->peer.fault);
	else if (code == CURLE_COULDNT_CONNECT)
		text = connect_reason(x);
	else if (x->request->trouble && trouble_of(x, code) == HTTP_TROUBLE_CUT) {
		came = what_came(x);
		text = xasprintf("the connection ended too early, and %s (%s)", came, problem);
		free(came);
	}
	return text ? text : xstrdup(problem);
}

static char *
overdue_reason(const struct exchange *x)
{
	char limit[CLOCK_STAMP_MAX];

	duration_format(x->request->timeout_ms, limit);
	if (!x->request->trouble)
		return xasprintf("no complete answer within %s", limit);
	char *came = what_came(x);
	char *text = xasprintf("no complete answer within %s: %s", limit, came);
	free(came);
	return text;
}

/* Why there is no answer, in words; the caller frees. */
static char *
reason_of(const struct exchange *x, enum ending ending, CURLcode code)
{
	const struct http_request *request = x->request;
	char limit[CLOCK_STAMP_MAX];

	if (x->too_large)
		return xasprintf("the answer is larger than %zu bytes", exchange_max_body(request));
	switch (ending) {
	case CANCELLED:
		return xstrdup("cancelled");
	case OVERDUE:
		return overdue_reason(x);
	case SILENT:
		return xasprintf("nothing came for %s",
				 duration_format(request->idle_timeout_ms, limit));
	case ENDED:
		break;
	}
	return problem_of(x, code);
}

int
exchange_fail(const struct exchange *x, enum ending ending, CURLcode code, struct err *e)
{
	const struct http_request *request = x->request;
	enum err_kind kind = kind_of_ending(x, ending, code);
	char *reason = reason_of(x, ending, code);
	char *url = http_shown_url(request->url);
	char *label =
		request->label ? xstrdup(request->label) : xasprintf("%s %s", request->method, url);
	const char *ip = x->response.remote_ip;

	if (x->denied.kind)
		err_set(e, ERR_DENIED, "%s: %s", label, x->denied.message);
	else
		err_set(e, kind, "%s%s%s%s: %s%s", label, ip ? " (" : "", ip ? ip : "",
			ip ? ")" : "",
			kind == ERR_UNKNOWN_OUTCOME ? "sent, but its answer was lost: " : "",
			reason);
	if (kind == ERR_UNKNOWN_OUTCOME)
		err_advise(e, "It may have been carried out: look before you repeat it");
	else if (kind == ERR_DENIED && !request->trouble && !x->denied.kind)
		err_advise(e, "Check the trusted certificate authority and the server's name");
	tell_trouble(x, ending, code);
	free(label);
	free(url);
	free(reason);
	return -1;
}
