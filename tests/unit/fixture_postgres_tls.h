#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_TLS_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_TLS_H

/* Certificates of an authority, and a PostgreSQL that shows one of them. */

#include <openssl/x509v3.h>

#include "fixture_certificate.h"
#include "fixture_postgres.h"

struct fixture_issuer {
	EVP_PKEY *key;
	X509 *certificate;
	char *path; /* of its certificate */
};

static inline X509 *
issuer_certificate(EVP_PKEY *key, const char *name, long until_s)
{
	static long serial;
	X509 *certificate = X509_new();

	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
	X509_gmtime_adj(X509_getm_notAfter(certificate), until_s);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)name, -1, -1, 0);
	return certificate;
}

static inline void
issuer_extend(X509 *certificate, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline void
fixture_issuer_init(struct fixture_issuer *issuer, const char *folder, const char *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	issuer->key = EVP_EC_gen("P-256");
	issuer->certificate = issuer_certificate(issuer->key, name, 86400);
	issuer_extend(issuer->certificate, NID_basic_constraints, "critical,CA:TRUE");
	X509_set_issuer_name(issuer->certificate, X509_get_subject_name(issuer->certificate));
	X509_sign(issuer->certificate, issuer->key, EVP_sha256());
	PEM_write_bio_X509(bio, issuer->certificate);
	pem = fixture_pem(bio);
	issuer->path = fixture_write(folder, name, pem);
	free(pem);
}

static inline void
fixture_issuer_release(struct fixture_issuer *issuer)
{
	EVP_PKEY_free(issuer->key);
	X509_free(issuer->certificate);
	free(issuer->path);
}

/* `names` as in openssl's subjectAltName ("DNS:db,IP:127.0.0.1"), or NULL. */
static inline struct fixture_pair
fixture_issue(const struct fixture_issuer *issuer, const char *name, const char *names,
	      long until_s)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = issuer_certificate(key, name, until_s);
	BIO *certificate_bio = BIO_new(BIO_s_mem()), *key_bio = BIO_new(BIO_s_mem());

	if (names)
		issuer_extend(certificate, NID_subject_alt_name, names);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
	X509_sign(certificate, issuer->key, EVP_sha256());
	PEM_write_bio_X509(certificate_bio, certificate);
	PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return (struct fixture_pair){ fixture_pem(certificate_bio), fixture_pem(key_bio) };
}

/* Writes a pair into a folder, for those whom the folder belongs to. */
static inline void
postgres_write_pair(const char *folder, const char *name, const struct fixture_pair *pair)
{
	char *names[2] = { xasprintf("%s.crt", name), xasprintf("%s.key", name) };
	const char *texts[2] = { pair->certificate, pair->key };

	for (int i = 0; i < 2; i++) {
		char *path = fixture_write(folder, names[i], texts[i]);

		chmod(path, 0600);
		fixture_give(path);
		free(path);
		free(names[i]);
	}
}

/* What the server shows from the next connections on; TLS is switched on with the first. */
static inline void
fixture_postgres_show(const struct fixture_postgres *p, const struct fixture_pair *pair)
{
	char *data = xasprintf("%s/data", p->folder);

	postgres_write_pair(data, "server", pair);
	fixture_postgres_set(p, "ssl = on\n");
	free(data);
}

#endif
