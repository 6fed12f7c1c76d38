#ifndef LIFEBOAT_TESTS_FIXTURE_AUTHORITY_H
#define LIFEBOAT_TESTS_FIXTURE_AUTHORITY_H

/* Certificates in few words, and TLS servers that show them. */

#include <openssl/ssl.h>

#include "fixture_chain.h"

/* Old authorities issue without the identifiers of keys, by which an issuer is found today. */
static bool issued_without_key_ids;

/*
 * `by` NULL: signed by itself. `names` ("DNS:a,IP:127.0.0.1") makes it a server's certificate, NULL an
 * authority's. Valid from from_s to until_s, counted from now.
 */
static inline struct link
issued_new(const struct link *by, const char *common_name, const char *names, long from_s,
	   long until_s)
{
	return link_new(by, &(struct link_options){ .name = common_name,
						    .alternatives = names,
						    .is_ca = !names,
						    .from_s = from_s,
						    .until_s = until_s,
						    .has_no_key_ids = issued_without_key_ids });
}

/* A server's context that sends its own certificate and `more` (or NULL) behind it. */
static inline SSL_CTX *
issued_server(const struct link *own, const struct link *more)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	SSL_CTX_use_certificate(context, own->certificate);
	SSL_CTX_use_PrivateKey(context, own->key);
	if (more)
		SSL_CTX_add1_chain_cert(context, more->certificate);
	return context;
}

/* The server asks for a certificate that `authority` has issued, and refuses others. */
static inline void
issued_demand(SSL_CTX *context, const struct link *authority)
{
	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority->certificate);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

#endif
