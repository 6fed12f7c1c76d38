#ifndef LIFEBOAT_TESTS_FIXTURE_CERTIFICATE_H
#define LIFEBOAT_TESTS_FIXTURE_CERTIFICATE_H

/* Self-signed certificates with their keys, as PEM texts. */

#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

struct fixture_pair {
	char *certificate, *key;
};

static inline char *
fixture_pem(BIO *bio)
{
	char *text;
	long len = BIO_get_mem_data(bio, &text);
	char *copy = strndup(text, (size_t)len);

	BIO_free(bio);
	return copy;
}

/* Valid from `from_s` to `until_s`, both counted from now. */
static inline struct fixture_pair
fixture_pair_new(const char *name, long from_s, long until_s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), from_s);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	X509_sign(certificate, key, EVP_sha256());
	PEM_write_bio_X509(certificate_bio, certificate);
	PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return (struct fixture_pair){ fixture_pem(certificate_bio), fixture_pem(key_bio) };
}

static inline void
fixture_pair_free(struct fixture_pair *pair)
{
	free(pair->certificate);
	free(pair->key);
}

/* Base64 on one line, as the -data fields of a kubeconfig hold it. The caller frees. */
static inline char *
fixture_base64(const char *text)
{
	size_t len = strlen(text);
	char *out = calloc(1, len / 3 * 4 + 5);

	EVP_EncodeBlock((unsigned char *)out, (const unsigned char *)text, (int)len);
	return out;
}

/* A text as a JSON string without its quotes: line ends as \n. The caller frees. */
static inline char *
fixture_escaped(const char *text)
{
	struct str out = STR_INIT;

	for (; *text; text++) {
		if (*text == '\n')
			str_append(&out, "\\n");
		else
			str_append_char(&out, *text);
	}
	return str_take(&out);
}

#endif
