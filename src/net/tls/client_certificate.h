#ifndef LIFEBOAT_NET_TLS_CLIENT_CERTIFICATE_H
#define LIFEBOAT_NET_TLS_CLIENT_CERTIFICATE_H

#include "base/err.h"

/*
 * What is wrong with PEM texts before they are used, in words that libcurl does not have. The messages
 * begin with what the text is; ERR_SPEC all of them.
 */

/* A certificate (or a chain, ours first) and the unencrypted private key that belongs to it. */
int client_certificate_check(const char *certificate_pem, const char *key_pem, struct err *e);

/* One certificate at least. */
int authority_certificate_check(const char *pem, struct err *e);

/*
 * "expired 2026-11-18T09:00:00Z, 3d ago" or "is valid from … only", by our clock; NULL where it is
 * valid, or no certificate. The caller frees.
 */
char *client_certificate_trouble(const char *certificate_pem);

#endif
