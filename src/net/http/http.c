#include "config.h"

#include "net/http/http.h"

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
#include "net/http/http_fence.h"
#include "net/http/http_private.h"
#include "net/http/http_url.h"
#include "net/tls/certificate.h"

enum {
	MAX_HEADERS = 256 << 10,
	DEFAULT_CONNECT_TIMEOUT_MS = 10000,
	KEPT_CONNECTIONS = 4,
	/* Together these notice a dead peer after about 35 s: the reference allows 45. */
	KEEPALIVE_IDLE_S = 15,
	KEEPALIVE_INTERVAL_S = 10,
	UNACKNOWLEDGED_MS = 30000,
	READ_BYTES = 128 << 10, /* of a flood, so much by one call */
	/* A stream of so many pieces in a row is read in gulps, unless it is a flood. */
	TRICKLE_PIECES = 8,
	FLOOD_WINDOW_MS = 100,
	FLOOD_BYTES = 2 << 20, /* in a window */
};

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
	c->ip = options->ip;
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
		x->has_headers = false;
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
	} else {
		x->has_headers = true;
	}
	return len;
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
	if (x->response.body.len + len > exchange_max_body(x->request)) {
		if (!x->request->cuts_body) {
			x->too_large = true;
			return 0;
		}
		x->response.is_cut = x->stopped = true;
		str_append_bytes(&x->response.body, bytes,
				 exchange_max_body(x->request) - x->response.body.len);
		return 0;
	}
	str_append_bytes(&x->response.body, bytes, len);
	return len;
}

/* Before this, no byte of the request was sent: what a proxy was asked for a tunnel is none of it. */
static int
on_connected(void *data, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	struct exchange *x = data;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	x->is_connected = true;
	return CURL_PREREQFUNC_OK;
}

/* Data, or a keepalive probe, that stays unacknowledged ends the connection: no dead link stays. */
static int
on_socket(void *data, curl_socket_t socket, curlsocktype purpose)
{
	unsigned limit_ms = UNACKNOWLEDGED_MS;
	struct exchange *x = data;

	(void)purpose;
	x->socket = socket;
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
set_proxy(struct http_client *c)
{
	if (!c->proxy_url)
		return;
	curl_easy_setopt(c->easy, CURLOPT_PROXY, c->proxy_url);
	/* who names a proxy means it; NO_PROXY is about those that the environment names */
	curl_easy_setopt(c->easy, CURLOPT_NOPROXY, "");
}

static void
set_connection(struct exchange *x)
{
	static const long ip_choices[] = {
		[HTTP_IP_ANY] = CURL_IPRESOLVE_WHATEVER,
		[HTTP_IP_V4] = CURL_IPRESOLVE_V4,
		[HTTP_IP_V6] = CURL_IPRESOLVE_V6,
	};
	const struct http_request *request = x->request;
	struct http_client *c = x->client;
	CURL *easy = c->easy;
	int64_t connect_ms = request->connect_timeout_ms;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* a cancel does not wait for DNS */
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(connect_ms ? connect_ms : DEFAULT_CONNECT_TIMEOUT_MS));
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, (long)KEEPALIVE_IDLE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, (long)KEEPALIVE_INTERVAL_S);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket);
	curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, x);
	curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
	curl_easy_setopt(easy, CURLOPT_PREREQDATA, x);
	curl_easy_setopt(easy, CURLOPT_IPRESOLVE, ip_choices[c->ip]);
	curl_easy_setopt(easy, CURLOPT_RESOLVE, c->resolve);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, c->connect_to);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)READ_BYTES);
	set_proxy(c);
	/* libcurl repeats a request of its own accord where a kept connection turns out to be dead.
	 * A write may have arrived by then, so writes always get a connection of their own. */
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT,
			 c->fresh || !exchange_only_reads(request) ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, c->fresh ? 1L : 0L);
	http_fence_set(x);
	set_trust(c);
	if (request->trouble && !c->insecure)
		http_peer_watch(&x->peer, easy);
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
	/* without it, libcurl sends GET, or with a body POST */
	if (strcmp(method, request->body ? "POST" : "GET") != 0 && strcmp(method, "POST") != 0)
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

/* False: this libcurl cannot sign, and must not send the secret key in the place of a signature. */
static bool
choose_authentication(CURL *easy, const struct http_request *request)
{
	if (request->aws_sigv4)
		return curl_easy_setopt(easy, CURLOPT_AWS_SIGV4, request->aws_sigv4) == CURLE_OK;
	curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	return true;
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
	if (request->user && choose_authentication(easy, request)) {
		curl_easy_setopt(easy, CURLOPT_USERNAME, request->user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD,
				 request->password ? request->password : "");
	}
	if (x->client->compressed)
		curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
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
		left_ms = (request->timeout_from_ms ? request->timeout_from_ms : x->started_ms) +
			  request->timeout_ms - now_ms;
	if (request->idle_timeout_ms > 0) {
		int64_t idle_ms = x->last_byte_ms + request->idle_timeout_ms - now_ms;

		if (idle_ms < left_ms) {
			left_ms = idle_ms;
			*ret_which = SILENT;
		}
	}
	return left_ms;
}

/* Takes note of what came; a flood is one as long as each window brings as much. */
static void
note_pace(struct exchange *x, size_t bytes)
{
	int64_t now_ms = clock_mono_ms();

	x->window_bytes += bytes;
	if (now_ms - x->window_ms < FLOOD_WINDOW_MS)
		return;
	x->is_flood = x->window_bytes >= FLOOD_BYTES;
	x->window_ms = now_ms;
	x->window_bytes = 0;
}

/*
 * A wake-up costs more than what one small piece has to say. Where they keep coming, they may gather for
 * a moment as soon as nothing more of them is there; what comes after a silence is read at once, and so
 * is a flood, which would only stand still meanwhile. False: it is time to wait for something to come.
 */
static bool
gather(struct exchange *x)
{
	size_t bytes = x->streamed_bytes;

	if (!x->request->gather_ms)
		return false;
	x->streamed_bytes = 0;
	note_pace(x, bytes);
	if (bytes > 0) {
		x->has_gathered = false;
		x->pieces++;
		return x->pieces > TRICKLE_PIECES;
	}
	if (x->pieces > TRICKLE_PIECES && !x->has_gathered && !x->is_flood) {
		x->has_gathered = true;
		cancel_sleep(x->request->cancel, x->request->gather_ms);
		return true;
	}
	if (!x->is_flood)
		x->pieces = 0;
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

static const char *
version_name(long version)
{
	switch (version) {
	case CURL_HTTP_VERSION_1_0:
		return "HTTP/1.0";
	case CURL_HTTP_VERSION_1_1:
		return "HTTP/1.1";
	default:
		return NULL;
	}
}

static void
collect_times(CURL *easy, struct http_times *times)
{
	const struct {
		CURLINFO info;
		int64_t *ret_us;
	} rows[] = {
		{ CURLINFO_NAMELOOKUP_TIME_T, &times->name_us },
		{ CURLINFO_CONNECT_TIME_T, &times->connect_us },
		{ CURLINFO_APPCONNECT_TIME_T, &times->tls_us },
		{ CURLINFO_STARTTRANSFER_TIME_T, &times->first_byte_us },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		curl_off_t us = 0;

		curl_easy_getinfo(easy, rows[i].info, &us);
		*rows[i].ret_us = us;
	}
}

static void
collect_info(struct exchange *x)
{
	struct http_response *r = &x->response;
	CURL *easy = x->client->easy;
	char *text = NULL;
	long version = 0;

	r->duration_ms = clock_mono_ms() - x->started_ms;
	collect_times(easy, &r->times);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &r->status);
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	r->version = version_name(version);
	if (curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &text) == CURLE_OK && text)
		r->redirect_url = http_shown_url(text);
	if (curl_easy_getinfo(easy, CURLINFO_PRIMARY_IP, &text) == CURLE_OK && text && *text)
		r->remote_ip = xstrdup(text);
	if (curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &text) == CURLE_OK && text)
		r->content_type = xstrdup(text);
}

int
http_perform(struct http_client *c, const struct http_request *request,
	     struct http_response *ret_response, struct err *e)
{
	struct exchange x = { .client = c, .request = request, .started_ms = clock_mono_ms() };
	CURLcode code = CURLE_OK;
	int rc = 0;

	x.last_byte_ms = x.started_ms;
	if (http_fence_name(&x, e) < 0)
		return -1;
	curl_easy_reset(c->easy);
	set_connection(&x);
	set_request(&x);
	if (curl_multi_add_handle(c->multi, c->easy) != CURLM_OK)
		abort(); /* the handle is ours alone and in no other use */
	enum ending ending = drive(&x, &code);
	collect_info(&x);
	if (code == CURLE_OK && ending == ENDED && !x.has_headers)
		code = CURLE_GOT_NOTHING; /* to libcurl, a half header is one, too */
	if (ending != ENDED || (code != CURLE_OK && !x.stopped))
		rc = exchange_fail(&x, ending, code, e);
	curl_multi_remove_handle(c->multi, c->easy);
	curl_easy_reset(c->easy); /* it points into this frame */
	if (rc == 0) {
		*ret_response = x.response;
	} else {
		ret_response->status = x.response.status;
		http_response_release(&x.response);
	}
	curl_slist_free_all(x.headers);
	curl_slist_free_all(x.names);
	http_peer_release(&x.peer);
	return rc;
}
