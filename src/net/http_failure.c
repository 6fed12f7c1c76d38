#include "config.h"

#include "net/http_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum { DEFAULT_MAX_BODY = 16 << 20 };

char *
exchange_shown_url(const char *url)
{
	const char *authority = strstr(url, "://");

	if (!authority)
		return xstrdup(url);
	authority += 3;
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	if (!at)
		return xstrdup(url);
	return xasprintf("%.*s%s", (int)(authority - url), url, at + 1);
}

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
	return sent_bytes > 0;
}

static enum err_kind
kind_of_code(const struct exchange *x, CURLcode code)
{
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
		return xasprintf("no complete answer within %s",
				 duration_format(request->timeout_ms, limit));
	case SILENT:
		return xasprintf("nothing came for %s",
				 duration_format(request->idle_timeout_ms, limit));
	case ENDED:
		break;
	}
	return xstrdup(x->problem[0] ? x->problem : curl_easy_strerror(code));
}

int
exchange_fail(const struct exchange *x, enum ending ending, CURLcode code, struct err *e)
{
	const struct http_request *request = x->request;
	enum err_kind kind = kind_of_ending(x, ending, code);
	char *reason = reason_of(x, ending, code);
	char *url = exchange_shown_url(request->url);
	char *label =
		request->label ? xstrdup(request->label) : xasprintf("%s %s", request->method, url);
	const char *ip = x->response.remote_ip;

	err_set(e, kind, "%s%s%s%s: %s%s", label, ip ? " (" : "", ip ? ip : "", ip ? ")" : "",
		kind == ERR_UNKNOWN_OUTCOME ? "sent, but its answer was lost: " : "", reason);
	if (kind == ERR_UNKNOWN_OUTCOME)
		err_advise(e, "It may have been carried out: look before you repeat it");
	else if (kind == ERR_DENIED)
		err_advise(e, "Check the trusted certificate authority and the server's name");
	free(label);
	free(url);
	free(reason);
	return -1;
}
