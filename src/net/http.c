#include "config.h"

#include "net/http.h"

#include <curl/curl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/certificate.h"

enum {
	DEFAULT_MAX_BODY = 16 << 20,
	MAX_HEADERS = 256 << 10,
	DEFAULT_CONNECT_TIMEOUT_MS = 10000,
	KEPT_CONNECTIONS = 4,
	/* Together these notice a dead peer after about 35 s: the reference allows 45. */
	KEEPALIVE_IDLE_S = 15,
	KEEPALIVE_INTERVAL_S = 10,
	UNACKNOWLEDGED_MS = 30000,
	/* A stream whose pieces are small, and so many in a row, is read in gulps this far apart. */
	SMALL_BYTES = 16384,
	TRICKLE_PIECES = 8,
	GULP_MS = 20,
};

struct http_client {
	CURLM *multi;
	CURL *easy;
	char *ca_pem, *ca_file;
	char *client_cert_pem, *client_key_pem;
	char *proxy_url;
	struct curl_slist *resolve, *connect_to;
	bool insecure, compressed, fresh;
};

/* One exchange under way; the response grows in it and is handed over at the end. */
struct exchange {
	struct http_client *client;
	const struct http_request *request;
	struct http_response response;
	struct curl_slist *headers;
	struct str hops;
	char *last_hop;
	int64_t started_ms, last_byte_ms;
	size_t streamed_bytes; /* since the last wait */
	int small_pieces;      /* in a row */
	bool has_gathered;     /* waited for more of them */
	bool stopped;	       /* on_data() wanted no more */
	bool too_large;
	char problem[CURL_ERROR_SIZE];
};

/* How the driving loop came to its end; what curl says counts for ENDED only. */
enum ending { ENDED, CANCELLED, OVERDUE, SILENT };

static void
initialise_curl(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
}

static struct curl_slist *
copy_list(const char *const *items)
{
	struct curl_slist *list = NULL;

	for (; items && *items; items++) {
		struct curl_slist *longer = curl_slist_append(list, *items);

		if (!longer)
			abort();
		list = longer;
	}
	return list;
}

struct http_client *
http_client_new(const struct http_options *options, struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct http_client *c = xcalloc(1, sizeof(*c));

	pthread_once(&once, initialise_curl);
	c->easy = curl_easy_init();
	c->multi = curl_multi_init();
	c->ca_pem = xstrdup(options->ca_pem);
	c->ca_file = xstrdup(options->ca_file);
	c->client_cert_pem = xstrdup(options->client_cert_pem);
	c->client_key_pem = xstrdup(options->client_key_pem);
	c->proxy_url = xstrdup(options->proxy_url);
	c->resolve = copy_list(options->resolve);
	c->connect_to = copy_list(options->connect_to);
	c->insecure = options->insecure;
	c->compressed = options->compressed;
	c->fresh = options->fresh;
	if (!c->easy || !c->multi) {
		err_set(e, ERR_INTERNAL, "libcurl could not be set up");
		http_client_free(c);
		return NULL;
	}
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS);
	return c;
}

void
http_client_free(struct http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->easy);
	curl_multi_cleanup(c->multi);
	curl_slist_free_all(c->resolve);
	curl_slist_free_all(c->connect_to);
	if (c->client_key_pem)
		explicit_bzero(c->client_key_pem, strlen(c->client_key_pem));
	free(c->client_key_pem);
	free(c->client_cert_pem);
	free(c->ca_pem);
	free(c->ca_file);
	free(c->proxy_url);
	free(c);
}

/* A copy of a URL without the user and password that it may carry: what messages show. */
static char *
shown_url(const char *url)
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

static bool
is_get_or_head(const struct http_request *request)
{
	return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static bool
only_reads(const struct http_request *request)
{
	return request->reads || is_get_or_head(request);
}

static void
note_hop(struct exchange *x)
{
	char *url = NULL;

	curl_easy_getinfo(x->client->easy, CURLINFO_EFFECTIVE_URL, &url);
	char *shown = shown_url(url ? url : x->request->url);
	if (str_equal(shown, x->last_hop)) {
		free(shown);
		return;
	}
	str_printf(&x->hops, "%s%s", x->last_hop ? " → " : "", shown);
	free(x->last_hop);
	x->last_hop = shown;
}

/* Read from the live connection: curl's own certificate list is empty where one was used again. */
static void
note_certificate(struct exchange *x)
{
	struct curl_tlssessioninfo *tls = NULL;
	struct http_response *r = &x->response;

	curl_easy_getinfo(x->client->easy, CURLINFO_TLS_SSL_PTR, &tls);
	if (!tls || tls->backend != CURLSSLBACKEND_OPENSSL || !tls->internals)
		return;
	X509 *certificate = SSL_get0_peer_certificate(tls->internals);
	if (!certificate)
		return;
	free(r->certificate_subject);
	free(r->certificate_issuer);
	free(r->certificate_expires);
	r->certificate_subject = certificate_name(X509_get_subject_name(certificate));
	r->certificate_issuer = certificate_name(X509_get_issuer_name(certificate));
	r->certificate_expires = certificate_time(X509_get0_notAfter(certificate));
}

static size_t
on_header(char *bytes, size_t size, size_t count, void *data)
{
	struct exchange *x = data;
	struct str *headers = &x->response.headers;
	size_t len = size * count, kept = len;

	x->last_byte_ms = clock_mono_ms();
	if (len > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		str_clear(headers);
		note_hop(x);
		note_certificate(x);
	}
	if (headers->len + len > MAX_HEADERS) {
		x->too_large = true;
		return 0;
	}
	while (kept > 0 && strchr("\r\n", bytes[kept - 1]))
		kept--;
	if (kept > 0) {
		str_append_bytes(headers, bytes, kept);
		str_append_char(headers, '\n');
	}
	return len;
}

static size_t
max_body(const struct http_request *request)
{
	return request->max_body_bytes ? request->max_body_bytes : DEFAULT_MAX_BODY;
}

static size_t
on_body(char *bytes, size_t size, size_t count, void *data)
{
	struct exchange *x = data;
	size_t len = size * count;
	long status = 0;

	x->last_byte_ms = clock_mono_ms();
	curl_easy_getinfo(x->client->easy, CURLINFO_RESPONSE_CODE, &status);
	if (x->request->on_data && status >= 200 && status < 300) {
		x->streamed_bytes += len;
		x->stopped = !x->request->on_data(x->request->data, bytes, len);
		return x->stopped ? 0 : len;
	}
	if (x->response.body.len + len > max_body(x->request)) {
		x->too_large = true;
		return 0;
	}
	str_append_bytes(&x->response.body, bytes, len);
	return len;
}

/* Data, or a keepalive probe, that stays unacknowledged ends the connection: no dead link stays. */
static int
on_socket(void *data, curl_socket_t socket, curlsocktype purpose)
{
	unsigned limit_ms = UNACKNOWLEDGED_MS;

	(void)data;
	(void)purpose;
	/* A socket that does not know it (a proxy's local one) is used without. */
	setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof(limit_ms));
	return CURL_SOCKOPT_OK;
}

static void
set_blob(CURL *easy, CURLoption option, char *pem)
{
	struct curl_blob blob = { .data = pem, .flags = CURL_BLOB_NOCOPY };

	if (!pem)
		return;
	blob.len = strlen(pem);
	curl_easy_setopt(easy, option, &blob);
}

static void
set_trust(struct http_client *c)
{
	CURL *easy = c->easy;

	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (c->ca_pem || c->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* else the system's counts too */
	if (c->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, c->ca_file);
	set_blob(easy, CURLOPT_CAINFO_BLOB, c->ca_pem);
	set_blob(easy, CURLOPT_SSLCERT_BLOB, c->client_cert_pem);
	set_blob(easy, CURLOPT_SSLKEY_BLOB, c->client_key_pem);
	if (c->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void
set_connection(struct exchange *x)
{
	const struct http_request *request = x->request;
	struct http_client *c = x->client;
	CURL *easy = c->easy;
	int64_t connect_ms = request->connect_timeout_ms;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for DNS */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(connect_ms ? connect_ms : DEFAULT_CONNECT_TIMEOUT_MS));
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, c->resolve);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, c->connect_to);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (c->proxy_url)
		curl_easy_setopt(easy, CURLOPT_PROXY, c->proxy_url);
	/* libcurl repeats a request of its own accord where a kept connection turns out to be dead.
	 * A write may have arrived by then, so writes always get a connection of their own. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, c->fresh || !only_reads(request) ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, c->fresh ? 1L : 0L);
	set_trust(c);
}

static void
set_method(CURL *easy, const struct http_request *request)
{
	const char *method = request->method;

	if (strcmp(method, "HEAD") == 0) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
		return;
	}
	if (request->body || strcmp(method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	if (strcmp(method, "GET") != 0 && strcmp(method, "POST") != 0)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void
set_headers(struct exchange *x)
{
	static const char *const no_expect[] = { "Expect:", NULL };

	x->headers = copy_list(x->request->headers ? x->request->headers : no_expect);
	if (x->request->headers) {
		struct curl_slist *longer = curl_slist_append(x->headers, no_expect[0]);

		if (!longer)
			abort();
		x->headers = longer;
	}
	curl_easy_setopt(x->client->easy, CURLOPT_HTTPHEADER, x->headers);
}

static void
set_request(struct exchange *x)
{
	const struct http_request *request = x->request;
	CURL *easy = x->client->easy;

	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
	set_method(easy, request);
	set_headers(x);
	if (request->user) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD,
				 request->password ? request->password : "");
	}
	if (x->client->compressed)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (request->max_redirects > 0 && is_get_or_head(request)) {
		curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)request->max_redirects);
	}
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, x->problem);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, x);
}

static bool
transfer_is_done(CURLM *multi, CURLcode *ret_code)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		if (message->msg == CURLMSG_DONE) {
			*ret_code = message->data.result;
			return true;
		}
	}
	return false;
}

/* The time until the first of the exchange's own deadlines; *ret_which is how it would end then. */
static int64_t
time_left_ms(const struct exchange *x, enum ending *ret_which)
{
	const struct http_request *request = x->request;
	int64_t now_ms = clock_mono_ms(), left_ms = INT_MAX;

	*ret_which = OVERDUE;
	if (request->timeout_ms > 0)
		left_ms = x->started_ms + request->timeout_ms - now_ms;
	if (request->idle_timeout_ms > 0) {
		int64_t idle_ms = x->last_byte_ms + request->idle_timeout_ms - now_ms;

		if (idle_ms < left_ms) {
			left_ms = idle_ms;
			*ret_which = SILENT;
		}
	}
	return left_ms;
}

/*
 * A wake-up costs more than what one small piece has to say. Where they keep coming, they may gather for
 * a moment as soon as nothing more of them is there; what comes after a silence is read at once. False:
 * it is time to wait for something to come.
 */
static bool
gather(struct exchange *x)
{
	size_t bytes = x->streamed_bytes;

	x->streamed_bytes = 0;
	if (bytes > 0) {
		x->has_gathered = false;
		x->small_pieces = bytes < SMALL_BYTES ? x->small_pieces + 1 : 0;
		return bytes >= SMALL_BYTES || x->small_pieces > TRICKLE_PIECES;
	}
	if (x->small_pieces > TRICKLE_PIECES && !x->has_gathered) {
		x->has_gathered = true;
		cancel_sleep(x->request->cancel, GULP_MS);
		return true;
	}
	x->small_pieces = 0;
	return false;
}

static enum ending
drive(struct exchange *x, CURLcode *ret_code)
{
	const struct cancel *cancel = x->request->cancel;
	struct curl_waitfd waitfd = { .fd = cancel_fd(cancel), .events = CURL_WAIT_POLLIN };
	CURLM *multi = x->client->multi;
	enum ending which;
	int running;

	while (!cancel_requested(cancel)) {
		if (curl_multi_perform(multi, &running) != CURLM_OK) {
			*ret_code = CURLE_FAILED_INIT;
			return ENDED;
		}
		if (transfer_is_done(multi, ret_code))
			return ENDED;
		int64_t left_ms = time_left_ms(x, &which);
		if (left_ms <= 0)
			return which;
		if (!gather(x))
			curl_multi_poll(multi, &waitfd, waitfd.fd >= 0, (int)left_ms, NULL);
	}
	return CANCELLED;
}

static void
collect_info(struct exchange *x)
{
	struct http_response *r = &x->response;
	CURL *easy = x->client->easy;
	char *text = NULL;

	r->duration_ms = clock_mono_ms() - x->started_ms;
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(easy, CURLINFO_REDIRECT_COUNT, &r->redirects);
	if (curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &text) == CURLE_OK && text)
		r->effective_url = shown_url(text);
	if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &text) == CURLE_OK && text && *text)
		r->remote_ip = xstrdup(text);
	if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text)
		r->content_type = xstrdup(text);
	if (r->redirects > 0)
		r->hops = str_take(&x->hops);
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
	if (!only_reads(x->request) && was_sent(x))
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
		return xasprintf("the answer is larger than %zu bytes", max_body(request));
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

static int
fail(const struct exchange *x, enum ending ending, CURLcode code, struct err *e)
{
	const struct http_request *request = x->request;
	enum err_kind kind = kind_of_ending(x, ending, code);
	char *reason = reason_of(x, ending, code);
	char *url = shown_url(request->url);
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

int
http_perform(struct http_client *c, const struct http_request *request,
	     struct http_response *ret_response, struct err *e)
{
	struct exchange x = { .client = c, .request = request, .started_ms = clock_mono_ms() };
	CURLcode code = CURLE_OK;
	int rc = 0;

	x.last_byte_ms = x.started_ms;
	curl_easy_reset(c->easy);
	set_connection(&x);
	set_request(&x);
	if (curl_multi_add_handle(c->multi, c->easy) != CURLM_OK)
		abort(); /* the handle is ours alone and in no other use */
	enum ending ending = drive(&x, &code);
	collect_info(&x);
	if (ending != ENDED || (code != CURLE_OK && !x.stopped))
		rc = fail(&x, ending, code, e);
	curl_multi_remove_handle(c->multi, c->easy);
	curl_easy_reset(c->easy); /* it points into this frame */
	if (rc == 0) {
		*ret_response = x.response;
	} else {
		ret_response->status = x.response.status;
		http_response_release(&x.response);
	}
	curl_slist_free_all(x.headers);
	str_release(&x.hops);
	free(x.last_hop);
	return rc;
}
