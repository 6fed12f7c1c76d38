#ifndef LIFEBOAT_TESTS_HTTP_SERVER_H
#define LIFEBOAT_TESTS_HTTP_SERVER_H

/*
 * A small HTTP/1.1 server on loopback for tests. Unlike a well-behaved library it can also break
 * off, stay silent and talk nonsense. Each connection has a thread, which calls the test's handler
 * for every request. Include it in one file of a test program only.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"

enum { SERVER_MAX_CONNECTIONS = 256, SERVER_MAX_REQUEST = 1 << 20 };

struct server_connection {
	struct http_server *server;
	pthread_t thread;
	int fd;
	SSL *tls;
};

struct server_request {
	char *method, *target;
	char *headers; /* all lines, without the request line */
	char *body;
};

/* Answers one request; returns false to close the connection. */
typedef bool server_fn(void *data, struct server_connection *c, const struct server_request *r);

struct http_server {
	int fd;
	int port;
	char url[64]; /* "http://127.0.0.1:41234" */
	server_fn *handler;
	void *data;
	SSL_CTX *tls; /* NULL: plain */
	pthread_t thread;
	pthread_mutex_t lock;
	struct str log; /* "GET /path\n" of every request, under the lock */
	struct server_connection connections[SERVER_MAX_CONNECTIONS];
	size_t count;
	atomic_int requests;
	atomic_bool is_stopping;
};

static inline ssize_t
server_read(struct server_connection *c, char *bytes, size_t len)
{
	return c->tls ? SSL_read(c->tls, bytes, (int)len) : read(c->fd, bytes, len);
}

static inline bool
server_write(struct server_connection *c, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = c->tls ? SSL_write(c->tls, bytes, (int)len)
				   : send(c->fd, bytes, len, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static inline bool
server_print(struct server_connection *c, const char *text)
{
	return server_write(c, text, strlen(text));
}

/* A whole answer. `extra`: more header lines, each with CRLF, or "". */
static inline bool
server_reply(struct server_connection *c, int status, const char *type, const char *extra,
	     const char *body)
{
	struct str text = STR_INIT;

	str_printf(&text, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n%s\r\n%s",
		   status, type, strlen(body), extra, body);
	bool ok = server_write(c, text.data, text.len);
	str_release(&text);
	return ok;
}

static inline bool
server_json(struct server_connection *c, int status, const char *body)
{
	return server_reply(c, status, "application/json", "", body);
}

static inline bool
server_begin_chunks(struct server_connection *c, const char *type)
{
	struct str text = STR_INIT;

	str_printf(&text,
		   "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n",
		   type);
	bool ok = server_write(c, text.data, text.len);
	str_release(&text);
	return ok;
}

static inline bool
server_chunk(struct server_connection *c, const char *body)
{
	struct str text = STR_INIT;

	str_printf(&text, "%zx\r\n%s\r\n", strlen(body), body);
	bool ok = server_write(c, text.data, text.len);
	str_release(&text);
	return ok;
}

static inline bool
server_end_chunks(struct server_connection *c)
{
	return server_print(c, "0\r\n\r\n");
}

/* Waits, without an answer, until the client or the server goes away. */
static inline bool
server_stay_silent(struct server_connection *c)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };

	poll(&pfd, 1, 30000);
	return false;
}

/* Whether a request has a header line "Name: value". */
static inline bool
server_has_header(const struct server_request *r, const char *line)
{
	char *wanted;
	bool found;

	if (asprintf(&wanted, "%s\r\n", line) < 0)
		abort();
	found = strcasestr(r->headers, wanted) != NULL;
	free(wanted);
	return found;
}

/* Reads one request into *text and points r into it; false at the end of the connection. */
static inline bool
server_read_request(struct server_connection *c, struct str *text, struct server_request *r)
{
	char *end = NULL, *length;
	size_t wanted = 0;

	str_clear(text);
	while (!end || text->len < wanted) {
		char *at = str_reserve(text, 65536);
		ssize_t n = server_read(c, at, 65536);

		if (n <= 0 || text->len > SERVER_MAX_REQUEST)
			return false;
		text->len += (size_t)n;
		text->data[text->len] = '\0';
		end = strstr(text->data, "\r\n\r\n");
		if (!end)
			continue;
		length = strcasestr(text->data, "\r\nContent-Length:");
		wanted = (size_t)(end - text->data) + 4 +
			 (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
	}
	end[2] = '\0';
	r->body = end + 4;
	r->method = text->data;
	r->target = strchr(text->data, ' ');
	if (!r->target)
		return false;
	*r->target++ = '\0';
	char *space = strchr(r->target, ' ');
	if (!space)
		return false;
	*space = '\0';
	r->headers = strstr(space + 1, "\r\n") + 2;
	return true;
}

static inline void *
server_serve(void *data)
{
	struct server_connection *c = data;
	struct http_server *s = c->server;
	struct str text = STR_INIT;
	struct server_request r;
	bool goes_on = true;

	if (c->tls && SSL_accept(c->tls) != 1)
		goes_on = false;
	while (goes_on && server_read_request(c, &text, &r)) {
		pthread_mutex_lock(&s->lock);
		str_printf(&s->log, "%s %s\n", r.method, r.target);
		pthread_mutex_unlock(&s->lock);
		atomic_fetch_add(&s->requests, 1);
		goes_on = s->handler(s->data, c, &r);
	}
	str_release(&text);
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static inline void *
server_accept(void *data)
{
	struct http_server *s = data;

	while (s->count < SERVER_MAX_CONNECTIONS) {
		int fd = accept(s->fd, NULL, NULL);

		if (fd < 0)
			break;
		pthread_mutex_lock(&s->lock);
		struct server_connection *c = &s->connections[s->count];
		*c = (struct server_connection){ .server = s, .fd = fd };
		if (s->tls) {
			c->tls = SSL_new(s->tls);
			SSL_set_fd(c->tls, fd);
		}
		if (pthread_create(&c->thread, NULL, server_serve, c) != 0)
			abort();
		s->count++;
		if (s->is_stopping)
			shutdown(fd, SHUT_RDWR);
		pthread_mutex_unlock(&s->lock);
	}
	return NULL;
}

static inline struct http_server *
server_start(server_fn *handler, void *data, SSL_CTX *tls)
{
	struct http_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);

	if (!s)
		abort();
	s->handler = handler;
	s->data = data;
	s->tls = tls;
	pthread_mutex_init(&s->lock, NULL);
	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    listen(s->fd, 64) < 0 || getsockname(s->fd, (struct sockaddr *)&at, &len) < 0)
		abort();
	s->port = ntohs(at.sin_port);
	snprintf(s->url, sizeof(s->url), "%s://127.0.0.1:%d", tls ? "https" : "http", s->port);
	if (pthread_create(&s->thread, NULL, server_accept, s) != 0)
		abort();
	return s;
}

static inline void
server_stop(struct http_server *s)
{
	s->is_stopping = true;
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	for (size_t i = 0; i < s->count; i++)
		shutdown(s->connections[i].fd, SHUT_RDWR);
	for (size_t i = 0; i < s->count; i++) {
		pthread_join(s->connections[i].thread, NULL);
		SSL_free(s->connections[i].tls);
		close(s->connections[i].fd);
	}
	close(s->fd);
	SSL_CTX_free(s->tls);
	pthread_mutex_destroy(&s->lock);
	str_release(&s->log);
	free(s);
}

/* A copy of the log of requests so far; the caller frees. */
static inline char *
server_log(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	char *copy = strdup(str_cstr(&s->log));
	pthread_mutex_unlock(&s->lock);
	return copy;
}

/* How often `text` occurs in the log of requests. */
static inline int
server_count(struct http_server *s, const char *text)
{
	char *log = server_log(s);
	int count = 0;

	for (const char *at = log; (at = strstr(at, text)); at++)
		count++;
	free(log);
	return count;
}

/* A server's context with a new self-signed certificate for `name`, whose PEM text the caller
 * frees. */
static inline SSL_CTX *
server_tls(const char *name, char **ret_ca_pem)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char alternative[128], *text;

	snprintf(alternative, sizeof(alternative), "DNS:%s", name);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	X509_EXTENSION *extension =
		X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, alternative);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(bio, certificate);
	long len = BIO_get_mem_data(bio, &text);
	*ret_ca_pem = strndup(text, (size_t)len);
	SSL_CTX_use_certificate(context, certificate);
	SSL_CTX_use_PrivateKey(context, key);
	BIO_free(bio);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return context;
}

#endif
