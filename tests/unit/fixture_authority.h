#ifndef LIFEBOAT_TESTS_FIXTURE_AUTHORITY_H
#define LIFEBOAT_TESTS_FIXTURE_AUTHORITY_H

/* Certificate authorities, and what they issue: chains as servers really have them, right or wrong. */

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Old authorities issue without the identifiers of keys, by which an issuer is found today. */
static bool issued_without_key_ids;

/* A certificate and its key. */
struct issued {
	X509 *certificate;
	EVP_PKEY *key;
};

static inline void
issued_add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension || X509_add_ext(certificate, extension, -1) != 1)
		abort();
	X509_EXTENSION_free(extension);
}

/*
 * `by` NULL: signed by itself. `names` ("DNS:a,IP:127.0.0.1") makes it a server's certificate, NULL an
 * authority's. Valid from from_s to until_s, counted from now.
 */
static inline struct issued
issued_new(const struct issued *by, const char *common_name, const char *names, long from_s,
	   long until_s)
{
	static long serial = 1;
	struct issued out = { X509_new(), EVP_EC_gen("P-256") };
	X509 *certificate = out.certificate, *issuer = by ? by->certificate : certificate;

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	X509_set_pubkey(certificate, out.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)common_name, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
	issued_add_extension(certificate, issuer, NID_basic_constraints,
			     names ? "critical,CA:FALSE" : "critical,CA:TRUE");
	if (names)
		issued_add_extension(certificate, issuer, NID_subject_alt_name, names);
	if (!issued_without_key_ids) {
		issued_add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
		if (by)
			issued_add_extension(certificate, issuer, NID_authority_key_identifier,
					     "keyid");
	}
	X509_sign(certificate, by ? by->key : out.key, EVP_sha256());
	return out;
}

static inline void
issued_free(struct issued *i)
{
	X509_free(i->certificate);
	EVP_PKEY_free(i->key);
}

static inline char *
issued_take(BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	char *copy = strndup(text, (size_t)len);

	BIO_free(bio);
	return copy;
}

/* PEM texts; the caller frees. */
static inline char *
issued_pem(const struct issued *i)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, i->certificate);
	return issued_take(bio);
}

static inline char *
issued_key_pem(const struct issued *i)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, i->key, NULL, NULL, 0, NULL, NULL);
	return issued_take(bio);
}

/* A server's context that sends its own certificate and `more` (or NULL) behind it. */
static inline SSL_CTX *
issued_server(const struct issued *own, const struct issued *more)
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
issued_demand(SSL_CTX *context, const struct issued *authority)
{
	X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority->certificate);
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

#endif
