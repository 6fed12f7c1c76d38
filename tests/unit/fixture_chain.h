#ifndef LIFEBOAT_TESTS_FIXTURE_CHAIN_H
#define LIFEBOAT_TESTS_FIXTURE_CHAIN_H

/* Certificate authorities, intermediates and servers' certificates, made by OpenSSL's API. */

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fixture_certificate.h"

struct link {
	X509 *certificate;
	EVP_PKEY *key;
};

/* What is not set is as it should be: valid since an hour for a year, an EC key, SHA-256. */
struct link_options {
	const char *name;	  /* its CN */
	const char *alternatives; /* "DNS:localhost,IP:127.0.0.1" */
	const char *usage;	  /* extended key usage: "serverAuth" */
	const char *key_id;	  /* "010203": in place of the key's digest */
	const char *issuer_url;
	long from_s, until_s; /* from now; both 0: as it should be */
	bool is_ca;
	bool has_no_key_ids; /* without them only names and signatures tell issuers apart */
	EVP_PKEY *key;	     /* in place of a new one */
	int rsa_bits;	     /* an RSA key in place of EC */
};

static inline void
link_extend(const struct link *issuer, struct link *link, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	if (!value)
		return;
	X509V3_set_ctx(&context, issuer->certificate, link->certificate, NULL, NULL, 0);
	X509V3_set_issuer_pkey(&context, issuer->key);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension)
		abort();
	X509_add_ext(link->certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline EVP_PKEY *
link_key(const struct link_options *o)
{
	if (o->key) {
		EVP_PKEY_up_ref(o->key);
		return o->key;
	}
	return o->rsa_bits ? EVP_RSA_gen((unsigned)o->rsa_bits) : EVP_EC_gen("P-256");
}

static inline void
link_extend_all(const struct link *issuer, struct link *link, const struct link_options *o)
{
	char *access = NULL;

	link_extend(issuer, link, NID_basic_constraints,
		    o->is_ca ? "critical,CA:TRUE" : "CA:FALSE");
	if (!o->has_no_key_ids) {
		link_extend(issuer, link, NID_subject_key_identifier,
			    o->key_id ? o->key_id : "hash");
		link_extend(issuer, link, NID_authority_key_identifier, "keyid:always");
	}
	link_extend(issuer, link, NID_subject_alt_name, o->alternatives);
	link_extend(issuer, link, NID_ext_key_usage, o->usage);
	if (o->issuer_url && asprintf(&access, "caIssuers;URI:%s", o->issuer_url) < 0)
		abort();
	link_extend(issuer, link, NID_info_access, access);
	free(access);
}

/* issuer NULL: signed by itself. */
static inline struct link
link_new(const struct link *issuer, const struct link_options *o)
{
	static long serial = 1000;
	struct link link = { X509_new(), link_key(o) };
	bool is_usual = o->from_s == 0 && o->until_s == 0;

	if (!issuer)
		issuer = &link;
	X509_set_version(link.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(link.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(link.certificate), is_usual ? -3600 : o->from_s);
	X509_gmtime_adj(X509_getm_notAfter(link.certificate), is_usual ? 365L * 86400 : o->until_s);
	X509_set_pubkey(link.certificate, link.key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(link.certificate), "CN", MBSTRING_UTF8,
				   (const unsigned char *)o->name, -1, -1, 0);
	X509_set_issuer_name(link.certificate, X509_get_subject_name(issuer->certificate));
	link_extend_all(issuer, &link, o);
	if (!X509_sign(link.certificate, issuer->key, EVP_sha256()))
		abort();
	return link;
}

static inline void
link_free(struct link *link)
{
	X509_free(link->certificate);
	EVP_PKEY_free(link->key);
}

/* The certificates as one PEM text, up to a NULL; the caller frees. */
static inline char *
links_pem(const struct link *const *links)
{
	BIO *bio = BIO_new(BIO_s_mem());

	for (; *links; links++)
		PEM_write_bio_X509(bio, (*links)->certificate);
	return fixture_pem(bio);
}

#define LINKS(...)                                                                                 \
	(const struct link *const[])                                                               \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}

static inline char *
link_key_pem(const struct link *link)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_PrivateKey(bio, link->key, NULL, NULL, 0, NULL, NULL);
	return fixture_pem(bio);
}

/* As a server sends them. Freed with sk_X509_pop_free(…, X509_free). */
static inline STACK_OF(X509) *
links_stack(const struct link *const *links)
{
	STACK_OF(X509) *stack = sk_X509_new_null();

	for (; *links; links++) {
		X509_up_ref((*links)->certificate);
		sk_X509_push(stack, (*links)->certificate);
	}
	return stack;
}

/* A family: what most tests need. */
struct family {
	struct link root, namesake, reissued, intermediate, server;
};

#define FAMILY_NAMES "DNS:tsb.example.com,DNS:*.tsb.example.com,DNS:localhost,IP:127.0.0.1,IP:::1"

static inline void
family_init(struct family *f)
{
	struct link_options ca = { .name = "Example Root", .is_ca = true };

	f->root = link_new(NULL, &ca);
	f->namesake = link_new(NULL, &ca);
	ca.key = f->root.key;
	f->reissued = link_new(NULL, &ca);
	f->intermediate =
		link_new(&f->root, &(struct link_options){ .name = "Issuing", .is_ca = true });
	f->server =
		link_new(&f->intermediate, &(struct link_options){ .name = "tsb.example.com",
								   .alternatives = FAMILY_NAMES });
}

static inline void
family_release(struct family *f)
{
	link_free(&f->root);
	link_free(&f->namesake);
	link_free(&f->reissued);
	link_free(&f->intermediate);
	link_free(&f->server);
}

#endif
