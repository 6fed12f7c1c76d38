#ifndef LIFEBOAT_NET_TLS_TLS_PRIVATE_H
#define LIFEBOAT_NET_TLS_TLS_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/tls/tls.h"

/* Internal to src/net/tls*.c: a connection on its way to a session, and what to say when it fails. */

enum { TLS_FIRST_MAX = 96 };

struct tls_dialogue {
	const struct tls_request *request;
	struct tls_session *session;
	int fd;
	char first[TLS_FIRST_MAX]; /* what the server said first */
	size_t first_len;
	bool is_lenient;
	bool has_ticket; /* the server has taken our side of the handshake */
	bool is_done;	 /* our side of the handshake */
};

/* Each fills *e and returns -1. */

/* connect(2) or its wait failed; the error is there already, and `failure` is its errno or 0. */
int tls_fail_connect(int failure, struct err *e);
/* Nothing came in time, or the wait was cancelled: the error is there already. */
int tls_fail_wait(const struct tls_dialogue *d, struct err *e);
/* The other side closed (failure 0) or reset the connection. */
int tls_fail_closed(const struct tls_dialogue *d, int failure, struct err *e);
/* OpenSSL gave up: its error queue says why. *ret_is_old: older settings may lead further. */
int tls_fail_protocol(const struct tls_dialogue *d, bool *ret_is_old, struct err *e);
/* What PostgreSQL answered to an SSLRequest, other than yes. */
int tls_fail_postgresql(const struct tls_dialogue *d, struct err *e);

#endif
