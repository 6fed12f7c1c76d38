#ifndef LIFEBOAT_TESTS_FIXTURE_TLS_H
#define LIFEBOAT_TESTS_FIXTURE_TLS_H

/* A TLS server on loopback that sends the chain it is told to, or misbehaves as it is told. */

#include <arpa/inet.h>
#include <netdb.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture_chain.h"

enum tls_manner {
	TLS_SERVES,
	TLS_WANTS_CLIENT, /* a client certificate of `clients`, in TLS 1.3 */
	TLS_WANTS_CLIENT_12,
	TLS_ASKS_CLIENT,   /* but does without, and hands out no tickets */
	TLS_KNOWS_NO_NAME, /* alert 112 */
	TLS_IS_OLD,	   /* TLS 1.0 */
	TLS_IS_SILENT,
	TLS_CLOSES,
	TLS_RESETS,
	TLS_STOPS_HALFWAY, /* half of a record, and then the end */
	TLS_HANGS_HALFWAY, /* half of a record, and then nothing */
	TLS_SAYS,	   /* `words`, whatever comes */
};

struct tls_server {
	enum tls_manner manner;
	const char *words;
	SSL_CTX *context;
	int fd, stop_fd, port;
	pthread_t thread;
	atomic_int connections;
	char asked_for[256]; /* the name of the last handshake (SNI), once it is over */
};

static inline void
tls_server_answer(struct tls_server *s, int fd)
{
	struct pollfd pfd = { .fd = s->stop_fd, .events = POLLIN };
	struct linger linger = { .l_onoff = 1 };
	char bytes[4096];

	(void)!read(fd, bytes, sizeof(bytes));
	if (s->manner == TLS_STOPS_HALFWAY || s->manner == TLS_HANGS_HALFWAY)
		(void)!write(fd, "\x16\x03\x03\x00\x50\x02", 6);
	if (s->manner == TLS_SAYS)
		(void)!send(fd, s->words, strlen(s->words), MSG_NOSIGNAL);
	if (s->manner == TLS_RESETS)
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	if (s->manner == TLS_IS_SILENT || s->manner == TLS_HANGS_HALFWAY)
		poll(&pfd, 1, 30000);
}

static inline void
tls_server_shake(struct tls_server *s, int fd)
{
	struct timeval limit = { .tv_sec = 10 };
	SSL *ssl = SSL_new(s->context);
	char byte;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		SSL_read(ssl, &byte, 1); /* until the client hangs up */
	SSL_free(ssl);
}

static inline void *
tls_server_main(void *data)
{
	struct tls_server *s = data;

	for (;;) {
		int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			return NULL;
		atomic_fetch_add(&s->connections, 1);
		if (s->manner < TLS_IS_SILENT)
			tls_server_shake(s, fd);
		else
			tls_server_answer(s, fd);
		close(fd);
	}
}

static inline int
tls_server_hear_name(SSL *ssl, int *alert, void *data)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tls_server *s = data;

	snprintf(s->asked_for, sizeof(s->asked_for), "%s", name ? name : "");
	*alert = SSL_AD_UNRECOGNIZED_NAME;
	return s->manner == TLS_KNOWS_NO_NAME ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_OK;
}

static inline void
tls_server_set_manner(struct tls_server *s, enum tls_manner manner, const struct link *clients)
{
	s->manner = manner;
	if (manner == TLS_WANTS_CLIENT || manner == TLS_WANTS_CLIENT_12) {
		SSL_CTX_set_verify(s->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   NULL);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(s->context), clients->certificate);
		SSL_CTX_add_client_CA(s->context, clients->certificate);
	}
	if (manner == TLS_WANTS_CLIENT_12)
		SSL_CTX_set_max_proto_version(s->context, TLS1_2_VERSION);
	if (manner == TLS_ASKS_CLIENT) {
		SSL_CTX_set_verify(s->context, SSL_VERIFY_PEER, NULL);
		SSL_CTX_set_num_tickets(s->context, 0);
	}
	SSL_CTX_set_tlsext_servername_callback(s->context, tls_server_hear_name);
	SSL_CTX_set_tlsext_servername_arg(s->context, s);
	if (manner == TLS_IS_OLD) {
		SSL_CTX_set_min_proto_version(s->context, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(s->context, TLS1_VERSION);
		SSL_CTX_set_cipher_list(s->context, "ALL:@SECLEVEL=0");
	}
}

/* The first of the links is the server's own; host is an address of this machine, port 0 a free one. */
static inline struct tls_server *
tls_server_on(const char *host, int port, enum tls_manner manner, const struct link *const *links,
	      const struct link *clients)
{
	struct tls_server *s = calloc(1, sizeof(*s));
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM }, *found;
	struct sockaddr_storage sa;
	socklen_t len = sizeof(sa);
	int on = 1;

	s->context = SSL_CTX_new(TLS_server_method());
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	SSL_CTX_set_security_level(s->context, 0);
	SSL_CTX_use_certificate(s->context, links[0]->certificate);
	SSL_CTX_use_PrivateKey(s->context, links[0]->key);
	for (size_t i = 1; links[i]; i++)
		SSL_CTX_add1_chain_cert(s->context, links[i]->certificate);
	SSL_CTX_set_mode(s->context, SSL_MODE_NO_AUTO_CHAIN);
	tls_server_set_manner(s, manner, clients);
	if (getaddrinfo(host, "0", &hints, &found) != 0)
		abort();
	if (found->ai_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)found->ai_addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)(void *)found->ai_addr)->sin_port = htons((uint16_t)port);
	s->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(s->fd, found->ai_addr, found->ai_addrlen) < 0 || listen(s->fd, 16) < 0)
		abort();
	freeaddrinfo(found);
	getsockname(s->fd, (struct sockaddr *)&sa, &len);
	s->port = ntohs(sa.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&sa)->sin6_port
						 : ((struct sockaddr_in *)(void *)&sa)->sin_port);
	if (pthread_create(&s->thread, NULL, tls_server_main, s) != 0)
		abort();
	return s;
}

static inline struct tls_server *
tls_server_new(enum tls_manner manner, const struct link *const *links, const struct link *clients)
{
	return tls_server_on("127.0.0.1", 0, manner, links, clients);
}

static inline void
tls_server_free(struct tls_server *s)
{
	eventfd_write(s->stop_fd, 1);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
	close(s->stop_fd);
	SSL_CTX_free(s->context);
	free(s);
}

#endif
