#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_TLS_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_TLS_H

#include <libpq-fe.h>

#include "base/err.h"
#include "net/postgres/postgres_settings.h"

/* What proves that a connection has reached the server that was meant. */
enum postgres_proof {
	POSTGRES_UNENCRYPTED, /* nothing, and everybody on the way reads along */
	POSTGRES_UNVERIFIED,  /* nothing: any certificate would have done */
	POSTGRES_LOCAL,	      /* it is on this machine, or behind a tunnel that ends here */
	POSTGRES_BY_CA,	      /* a certificate of a trusted authority, for whatever name */
	POSTGRES_BY_NAME,     /* and for this name */
	POSTGRES_BY_PASSWORD, /* it knows the role's password, and is the end of this TLS */
	POSTGRES_BY_GSSAPI,
};

enum postgres_proof postgres_proof_of(PGconn *conn);

/* "TLSv1.3 verified", "TLSv1.3 NOT VERIFIED", "no TLS", "Unix socket". The caller frees. */
char *postgres_proof_describe(PGconn *conn);

/* Why nothing proves who answered, and what would; NULL where something does. The caller frees. */
char *postgres_proof_lack(PGconn *conn);

/*
 * Adds to the error of a failed TLS handshake what is wrong with the certificate that the server shows, which
 * libpq does not say, and what to do; it is ERR_DENIED then. Takes a second connection, on which nothing but the handshake is done.
 */
void postgres_tls_explain(struct postgres_settings *settings, const PGconn *failed, struct err *e);

#endif
