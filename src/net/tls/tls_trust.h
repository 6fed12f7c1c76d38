#ifndef LIFEBOAT_NET_TLS_TLS_TRUST_H
#define LIFEBOAT_NET_TLS_TLS_TRUST_H

#include <openssl/x509.h>

#include "base/err.h"

/* Whom a chain may end in. One thread at a time. */
struct tls_trust {
	X509_STORE *store;
	STACK_OF(X509) *certificates; /* all of them; NULL: the system's, which are not counted */
};

/*
 * The certificates of a PEM text and no others, whether they are roots or not; pem NULL: what the system
 * trusts (SSL_CERT_FILE and SSL_CERT_DIR are heeded). Errors are ERR_SPEC, as of certificates_read().
 */
struct tls_trust *tls_trust_new(const char *pem, struct err *e);
/* These certificates and no others; they are borrowed during the call. */
struct tls_trust *tls_trust_of(STACK_OF(X509) *certificates);
void tls_trust_free(struct tls_trust *trust);

/* Those that are trusted under a name, however many; the caller frees. NULL: none. */
STACK_OF(X509) *tls_trust_named(const struct tls_trust *trust, const X509_NAME *name);

#endif
