#include "config.h"

#include "world/api/authority.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"

enum {
	DAY_S = 24 * 60 * 60,
	LEAF_DAYS = 30,
	/* A certificate that has expired long ago is refused for that, not because its authority was not there yet. */
	AUTHORITY_DAYS_BEFORE = 2 * 365,
	AUTHORITY_DAYS = 12 * 365,
	SERIAL_BITS = 127,
	NAME_MAX_BYTES = 64, /* of a common name. Source: RFC 5280, A.1, ub-common-name */
};

struct authority {
	X509 *certificate;
	EVP_PKEY *key;
	char *pem;   /* with those above */
	char *chain; /* what a server sends behind its own: all but the root */
	char *key_pem;
};

static int
fail(struct err *e, const char *name)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(e, ERR_INTERNAL, "making the certificate of %s: %s", name, text);
}

/* ---- PEM ---- */

static char *
take_text(BIO *bio, bool ok)
{
	char *bytes = NULL;
	long len = BIO_get_mem_data(bio, &bytes);
	char *text = ok && len > 0 ? xstrndup(bytes, (size_t)len) : NULL;

	BIO_free(bio);
	return text;
}

static char *
certificate_text(X509 *certificate)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return take_text(bio, PEM_write_bio_X509(bio, certificate) == 1);
}

static char *
key_text(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return take_text(bio, PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1);
}

/* ---- parts of a certificate ---- */

static bool
set_serial(X509 *certificate)
{
	BIGNUM *number = BN_new();
	bool ok = BN_rand(number, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
		  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;

	BN_free(number);
	return ok;
}

static bool
set_time(ASN1_TIME *time, int64_t from_now_s)
{
	return X509_time_adj_ex(time, (int)(from_now_s / DAY_S), (long)(from_now_s % DAY_S),
				NULL) != NULL;
}

static bool
add_name(X509_NAME *name, const char *field, const char *value)
{
	return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)value,
					  -1, -1, 0) == 1;
}

static bool
add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	bool ok = extension && X509_add_ext(certificate, extension, -1) == 1;
	X509_EXTENSION_free(extension);
	return ok;
}

/* An address is one of numbers; everything else is a DNS name. */
static GENERAL_NAME *
make_general_name(const char *name)
{
	GENERAL_NAME *general = GENERAL_NAME_new();
	unsigned char bytes[sizeof(struct in6_addr)];
	int len = inet_pton(AF_INET, name, bytes) == 1	  ? 4
		  : inet_pton(AF_INET6, name, bytes) == 1 ? 16
							  : 0;
	ASN1_STRING *value = ASN1_STRING_type_new(len ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

	ASN1_STRING_set(value, len ? (const void *)bytes : name, len ? len : -1);
	GENERAL_NAME_set0_value(general, len ? GEN_IPADD : GEN_DNS, value);
	return general;
}

static bool
add_names(X509 *certificate, const char *const *names)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	bool ok = true;

	for (size_t i = 0; names[i]; i++)
		ok = sk_GENERAL_NAME_push(all, make_general_name(names[i])) > 0 && ok;
	ok = ok && X509_add1_ext_i2d(certificate, NID_subject_alt_name, all, 0, 0) == 1;
	GENERAL_NAMES_free(all);
	return ok;
}

/* What every certificate has; no issuer stands for itself. */
static X509 *
begin_certificate(EVP_PKEY *key, const char *common_name, const char *const *organisations,
		  const X509 *issuer, int64_t from_s, int64_t valid_s)
{
	X509 *certificate = X509_new();
	X509_NAME *name = X509_NAME_new();
	bool ok = X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
		  set_time(X509_getm_notBefore(certificate), from_s) &&
		  set_time(X509_getm_notAfter(certificate), from_s + valid_s) &&
		  X509_set_pubkey(certificate, key) == 1;

	for (size_t i = 0; organisations && organisations[i]; i++)
		ok = ok && add_name(name, "O", organisations[i]);
	ok = ok && add_name(name, "CN", common_name) &&
	     X509_set_subject_name(certificate, name) == 1 &&
	     X509_set_issuer_name(certificate, issuer ? X509_get_subject_name(issuer) : name) == 1;
	X509_NAME_free(name);
	if (ok)
		return certificate;
	X509_free(certificate);
	return NULL;
}

static int
check_common_name(const char *name, struct err *e)
{
	size_t len = strlen(name);

	if (len > 0 && len <= NAME_MAX_BYTES)
		return 0;
	return err_set(e, ERR_SPEC,
		       "the common name of a certificate has 1 to %d bytes: \"%s\" has %zu",
		       NAME_MAX_BYTES, name, len);
}

/* ---- authorities ---- */

static bool
sign_authority(X509 *certificate, const struct authority *above, EVP_PKEY *own)
{
	X509 *issuer = above ? above->certificate : certificate;

	return add_extension(certificate, issuer, NID_basic_constraints,
			     above ? "critical,CA:TRUE,pathlen:0" : "critical,CA:TRUE") &&
	       add_extension(certificate, issuer, NID_key_usage,
			     "critical,digitalSignature,keyCertSign,cRLSign") &&
	       add_extension(certificate, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(certificate, issuer, NID_authority_key_identifier, "keyid") &&
	       X509_sign(certificate, above ? above->key : own, EVP_sha256()) > 0;
}

static struct authority *
make(const struct authority *above, const char *name, struct err *e)
{
	struct authority *a = NULL;

	if (check_common_name(name, e) < 0)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->key = EVP_EC_gen("P-256");
	a->certificate =
		a->key ? begin_certificate(a->key, name, NULL, above ? above->certificate : NULL,
					   -(int64_t)AUTHORITY_DAYS_BEFORE * DAY_S,
					   (int64_t)AUTHORITY_DAYS * DAY_S)
		       : NULL;
	if (!a->certificate || !sign_authority(a->certificate, above, a->key) ||
	    !(a->key_pem = key_text(a->key))) {
		authority_free(a);
		fail(e, name);
		return NULL;
	}
	char *own = certificate_text(a->certificate);
	a->pem = xasprintf("%s%s", own, above ? above->pem : "");
	a->chain = above ? xasprintf("%s%s", own, above->chain) : xstrdup("");
	free(own);
	return a;
}

struct authority *
authority_new(const char *name, struct err *e)
{
	return make(NULL, name, e);
}

struct authority *
authority_intermediate(const struct authority *root, const char *name, struct err *e)
{
	return make(root, name, e);
}

void
authority_free(struct authority *a)
{
	if (!a)
		return;
	X509_free(a->certificate);
	EVP_PKEY_free(a->key);
	if (a->key_pem)
		explicit_bzero(a->key_pem, strlen(a->key_pem));
	free(a->key_pem);
	free(a->pem);
	free(a->chain);
	free(a);
}

const char *
authority_pem(const struct authority *a)
{
	return a->pem;
}

const char *
authority_key_pem(const struct authority *a)
{
	return a->key_pem;
}

/* ---- what they issue ---- */

static X509 *
make_leaf(const struct authority *a, const struct authority_request *request, EVP_PKEY *key)
{
	int64_t from_s = request->valid_from_s ? request->valid_from_s : -DAY_S;
	int64_t valid_s = request->valid_s ? request->valid_s : (int64_t)LEAF_DAYS * DAY_S;
	X509 *certificate = begin_certificate(key, request->common_name, request->organisations,
					      a->certificate, from_s, valid_s);

	if (certificate &&
	    add_extension(certificate, a->certificate, NID_basic_constraints,
			  "critical,CA:FALSE") &&
	    add_extension(certificate, a->certificate, NID_key_usage,
			  "critical,digitalSignature") &&
	    add_extension(certificate, a->certificate, NID_ext_key_usage,
			  request->client ? "clientAuth" : "serverAuth") &&
	    add_extension(certificate, a->certificate, NID_authority_key_identifier, "keyid") &&
	    (!request->names || !request->names[0] || add_names(certificate, request->names)) &&
	    X509_sign(certificate, a->key, EVP_sha256()) > 0)
		return certificate;
	X509_free(certificate);
	return NULL;
}

int
authority_issue(const struct authority *a, const struct authority_request *request,
		char **ret_certificate, char **ret_key, struct err *e)
{
	X509 *certificate = NULL;
	EVP_PKEY *key = NULL;
	char *own = NULL, *secret = NULL;
	int rc = -1;

	if (check_common_name(request->common_name, e) < 0)
		return -1;
	key = EVP_EC_gen("P-256");
	certificate = key ? make_leaf(a, request, key) : NULL;
	own = certificate ? certificate_text(certificate) : NULL;
	secret = own ? key_text(key) : NULL;
	if (!secret) {
		fail(e, request->common_name);
		goto out;
	}
	*ret_certificate = xasprintf("%s%s", own, a->chain);
	*ret_key = secret;
	rc = 0;
out:
	free(own);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}
