#ifndef LIFEBOAT_NET_TLS_CERTIFICATE_H
#define LIFEBOAT_NET_TLS_CERTIFICATE_H

#include <cjson/cJSON.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"

/*
 * What an X.509 certificate says, for messages and for expressions. Certificates that are asked are
 * borrowed. Any thread, each certificate on one at a time: OpenSSL fills in what it finds out.
 */

/* A name of an X.509 certificate on one line ("O = Example, CN = api.example.com"); the caller
 * frees. */
char *certificate_name(const X509_NAME *name);

/* "2026-11-21T14:07:32Z", or NULL where the certificate holds no valid time. The caller frees. */
char *certificate_time(const ASN1_TIME *time);

/* The same as milliseconds since 1970; INT64_MAX where it holds no valid time. */
int64_t certificate_time_ms(const ASN1_TIME *time);

/* The SHA-256 of the whole certificate (DER) into out, which is returned. */
char *certificate_sha256(const X509 *certificate, char out[DIGEST_HEX_MAX]);

/*
 * The SHA-256 of its public key into out, which is returned: equal where a certificate was issued anew
 * for the same key. Source: RFC 5280, 4.1 (SubjectPublicKeyInfo); RFC 7469, 2.4.
 */
char *certificate_key_sha256(const X509 *certificate, char out[DIGEST_HEX_MAX]);

/* Whether it is signed by its own key: a root, or a server's self-signed one. */
bool certificate_is_self_signed(const X509 *certificate);

/*
 * What it is for (its SANs), an array of texts: host names and addresses as they are, others as
 * "URI:spiffe://…" and "email:…". Never NULL; empty where there are none. Source: RFC 5280, 4.2.1.6.
 */
cJSON *certificate_names(const X509 *certificate);

/* Where its issuer can be fetched (Authority Information Access), or NULL. The caller frees. */
char *certificate_issuer_url(const X509 *certificate);

/* "TLS Web Server Authentication", or NULL where it is for anything. The caller frees. */
char *certificate_purposes(const X509 *certificate);

/*
 * All of it: {subject, issuer, names, not_before, not_after, days_left, key: {kind, bits}, signature, serial,
 * is_ca, self_signed, sha256, key_sha256}. days_left counts whole days from now_ms, and is negative once over.
 */
cJSON *certificate_json(const X509 *certificate, int64_t now_ms);

/* Whether a text is PEM certificates and nothing else, which everybody may see. */
bool certificates_alone(const char *text, size_t len_bytes);

/*
 * The certificates of a PEM text, in its order; other blocks, private keys among them, are passed over
 * unread. *ret_certificates has one at least and is freed by sk_X509_pop_free(…, X509_free). Errors are
 * ERR_SPEC, and begin with what is wrong with the text.
 */
int certificates_read(const char *pem, STACK_OF(X509) **ret_certificates, struct err *e);

#endif
