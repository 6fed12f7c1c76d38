#ifndef LIFEBOAT_NET_CERTIFICATE_H
#define LIFEBOAT_NET_CERTIFICATE_H

#include <openssl/x509.h>

/* A name of an X.509 certificate on one line ("O = Example, CN = api.example.com"); the caller
 * frees. */
char *certificate_name(const X509_NAME *name);

/* "2026-11-21T14:07:32Z", or NULL where the certificate holds no valid time. The caller frees. */
char *certificate_time(const ASN1_TIME *time);

#endif
