#ifndef LIFEBOAT_NET_HTTP_HTTP_H
#define LIFEBOAT_NET_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/str.h"

/*
 * One HTTP client: a libcurl handle that keeps its connections and is driven by poll, so that a
 * cancel stops it at once. Used by one thread at a time; feeds and steps have clients of their own.
 */
struct http_client;
struct http_trouble;

/* Which addresses of a name are tried. */
enum http_ip { HTTP_IP_ANY, HTTP_IP_V4, HTTP_IP_V6 };

/* How a client connects. Strings and PEM texts are copied; NULL where not wanted. */
struct http_options {
	const char *ca_pem; /* the sole trust; NULL: ca_file, or the system's store */
	const char *ca_file;
	const char *client_cert_pem;
	const char *client_key_pem;    /* stays in memory */
	const char *proxy_url;	       /* "": no proxy at all; NULL: libcurl's environment rules */
	const char *const *resolve;    /* "host:port:address", NULL-terminated (CURLOPT_RESOLVE) */
	const char *const *connect_to; /* "host:port:host:port", NULL-terminated */
	enum http_ip ip;
	bool insecure;	 /* no verification at all */
	bool compressed; /* accept gzip */
	bool fresh;	 /* never reuse a connection (for checks) */
};

struct http_client *http_client_new(const struct http_options *options, struct err *e);
void http_client_free(struct http_client *c);

/* One piece of a streamed body. Returns false to end the transfer early, which is no error. */
typedef bool http_data_fn(void *data, const char *bytes, size_t len_bytes);

struct http_request {
	const char *method; /* "GET" */
	const char *url;
	const char *label;	     /* what messages call it; NULL: method and URL */
	bool reads;		     /* changes nothing, as a review or a dry run does */
	const char *const *headers;  /* "Name: value", NULL-terminated, or NULL */
	const char *user, *password; /* basic authentication, or NULL */
	const char *aws_sigv4; /* "aws:amz:REGION:SERVICE": signed by user and password instead; the
				* query is in alphabetical order by then. Source: CURLOPT_AWS_SIGV4(3) */
	const char *body;
	size_t body_len;
	int64_t timeout_ms;	 /* of the whole exchange; 0: none (streams) */
	int64_t timeout_from_ms; /* the monotonic time from which it counts; 0: the exchange's start */
	int64_t connect_timeout_ms; /* 0: 10 s */
	int64_t idle_timeout_ms;    /* no byte for so long: ERR_TIMEOUT; 0: none */
	size_t max_body_bytes;	    /* 0: 16 MiB; beyond: ERR_REMOTE (not for streams) */
	bool cuts_body;	       /* beyond max_body_bytes the rest is not read, which is no error */
	http_data_fn *on_data; /* 2xx bodies only; NULL: the body is collected */
	int gather_ms; /* where its pieces are events without an end: for so long some may gather; 0: none does */
	void *data;
	/* Where a failure is told in detail; NULL: the message advises by itself. The caller releases it. */
	struct http_trouble *trouble;
	const struct cancel *cancel;
};

/*
 * When what had come to its end, in microseconds from the start of an exchange; 0: it did not happen (no
 * name to look up, no TLS, a kept connection).
 */
struct http_times {
	int64_t name_us, connect_us, tls_us, first_byte_us;
};

struct http_response {
	long status;
	struct str headers; /* raw lines of the last hop, CRLF as LF */
	struct str body;    /* decompressed; also of an error status of a stream */
	bool is_cut;	    /* there was more of the body */
	char *remote_ip;
	char *content_type;  /* or NULL */
	const char *version; /* "HTTP/1.1" */
	char *redirect_url;  /* where a 3xx leads, absolute, without credentials; or NULL */
	int64_t duration_ms;
	struct http_times times;
	char *certificate_subject; /* of the server's own certificate, or NULL without TLS */
	char *certificate_issuer;
	char *certificate_expires;
};

#define HTTP_RESPONSE_INIT                                                                         \
	{                                                                                          \
		.status = 0                                                                        \
	}
void http_response_release(struct http_response *r);
/* The value of a header (without case), as a new string, or NULL. The caller frees. */
char *http_response_header(const struct http_response *r, const char *name);

/*
 * Calls each() with the text of every Warning header that has something to say to people (code 299).
 * Source: RFC 7234, 5.5; Kubernetes blog, "Warning: Helpful Warnings Ahead".
 */
void http_response_warnings(const struct http_response *r,
			    void (*each)(void *data, const char *text), void *data);

/*
 * Performs one exchange; redirects are answers (http_follow.h). Returns 0 whatever the status. Errors:
 * ERR_NET (before anything was sent, or a read broke), ERR_TIMEOUT, ERR_CANCELLED, ERR_DENIED (TLS
 * verification), ERR_SPEC (the URL or a certificate of ours is unusable), ERR_REMOTE (no HTTP, or too
 * much of it), and for methods other than GET and HEAD ERR_UNKNOWN_OUTCOME where the request was sent and
 * its answer lost, by a timeout or a cancel too. Messages name method, URL and address. Of *ret_response
 * only the status is set on failure: what the server had answered by then, or 0.
 */
int http_perform(struct http_client *c, const struct http_request *request,
		 struct http_response *ret_response, struct err *e);

/* Percent-encodes everything but unreserved characters; the caller frees. Source: RFC 3986, 2.3. */
char *http_encode(const char *text);

#endif
