#ifndef LIFEBOAT_NET_TLS_TLS_H
#define LIFEBOAT_NET_TLS_TLS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/socket/address.h"

/* OpenSSL's, for handshakes and certificates: RSA of 2048 bits at least, no SHA-1. */
enum { TLS_SECURITY_LEVEL = 2 };

/* What comes before the handshake. */
enum tls_start {
	TLS_START_DIRECT,
	TLS_START_POSTGRESQL, /* an SSLRequest */
};

/* One handshake. Strings are borrowed. */
struct tls_request {
	const char *name; /* goes along as SNI, unless it is an address */
	const struct address *address;
	enum tls_start start;
	const char *client_certificate_pem, *client_key_pem; /* or NULL */
	int64_t deadline_ms;				     /* monotonic */
	const struct cancel *cancel;
};

/* What was seen of it. */
struct tls_session {
	char *version, *cipher; /* "TLSv1.3"; NULL where it came to no agreement */
	STACK_OF(X509) *sent;	/* as sent, the server's own first; NULL where it sent none */
	bool is_lenient; /* only settings that nobody should use any more led to an agreement */
	bool asked_for_client;	  /* for a client certificate */
	bool may_refuse_client;	  /* it has not said whether it takes us as we came */
	char *client_authorities; /* whose client certificates it takes ("CN = a; CN = b"), or NULL */
};

#define TLS_SESSION_INIT                                                                           \
	{                                                                                          \
		.version = NULL                                                                    \
	}
void tls_session_release(struct tls_session *s);

/*
 * Connects, shakes hands as today's clients do (TLS 1.2 at least, OpenSSL's security level 2), and hangs
 * up; nothing else is sent. The certificates are not verified: see tls_chain_judge(). Where the server
 * wants something older, a second handshake looks what that is, and the call fails all the same.
 * *session, to be released either way, holds what was seen by then. Errors say what happened and what
 * to do, but not with whom: ERR_NET, ERR_TIMEOUT, ERR_CANCELLED, ERR_REMOTE (no TLS, or not as we want
 * it), ERR_DENIED (a client certificate is wanted, or ours refused), ERR_SPEC (ours cannot be used).
 * Source: RFC 8446 and 5246; PostgreSQL manual, "SSL Session Encryption".
 */
int tls_handshake(const struct tls_request *request, struct tls_session *session, struct err *e);

#endif
