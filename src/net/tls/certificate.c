#include "config.h"

#include "net/tls/certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { MAX_CERTIFICATES = 5000, MS_PER_DAY = 24 * 3600 * 1000 };

char *
certificate_name(const X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;

	if (!bio)
		return xstrdup("");
	/* Not RFC 2253's order: people look for the organisation first, as openssl prints it. */
	X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	len = BIO_get_mem_data(bio, &text);
	char *copy = xstrndup(len > 0 ? text : "", len > 0 ? (size_t)len : 0);
	BIO_free(bio);
	return copy;
}

char *
certificate_time(const ASN1_TIME *time)
{
	struct tm tm;
	char text[32];

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return NULL;
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return xstrdup(text);
}

int64_t
certificate_time_ms(const ASN1_TIME *time)
{
	struct tm tm;

	if (!time || ASN1_TIME_to_tm(time, &tm) != 1)
		return INT64_MAX;
	return (int64_t)timegm(&tm) * 1000;
}

char *
certificate_sha256(const X509 *certificate, char out[DIGEST_HEX_MAX])
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);

	digest_sha256(der ? der : (const unsigned char *)"", len > 0 ? (size_t)len : 0, out);
	OPENSSL_free(der);
	return out;
}

char *
certificate_key_sha256(const X509 *certificate, char out[DIGEST_HEX_MAX])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	digest_sha256(der ? der : (const unsigned char *)"", len > 0 ? (size_t)len : 0, out);
	OPENSSL_free(der);
	return out;
}

bool
certificate_is_self_signed(const X509 *certificate)
{
	bool is = X509_self_signed((X509 *)(uintptr_t)certificate, 1) == 1;

	ERR_clear_error();
	return is;
}

/*
 * A text inside a certificate, which is ASCII (RFC 5280, 4.2.1.6): what is not, such as a NUL by which names
 * were forged once, or a line end, becomes visible.
 */
static void
append_text(struct str *out, const ASN1_STRING *text)
{
	const unsigned char *bytes = ASN1_STRING_get0_data(text);
	int len = ASN1_STRING_length(text);

	for (int i = 0; i < len; i++) {
		if (bytes[i] > ' ' && bytes[i] <= '~')
			str_append_char(out, (char)bytes[i]);
		else
			str_printf(out, "\\x%02x", bytes[i]);
	}
}

static void
append_address(struct str *out, const ASN1_OCTET_STRING *bytes)
{
	int len = ASN1_STRING_length(bytes);
	char text[INET6_ADDRSTRLEN];

	if ((len == 4 || len == 16) && inet_ntop(len == 4 ? AF_INET : AF_INET6,
						 ASN1_STRING_get0_data(bytes), text, sizeof(text)))
		str_append(out, text);
	else
		str_append(out, "(no valid address)");
}

static void
append_general_name(struct str *out, const GENERAL_NAME *name)
{
	switch (name->type) {
	case GEN_DNS:
		append_text(out, name->d.dNSName);
		break;
	case GEN_IPADD:
		append_address(out, name->d.iPAddress);
		break;
	case GEN_URI:
		str_append(out, "URI:");
		append_text(out, name->d.uniformResourceIdentifier);
		break;
	case GEN_EMAIL:
		str_append(out, "email:");
		append_text(out, name->d.rfc822Name);
		break;
	default:
		str_append(out, "(a name of another kind)");
		break;
	}
}

cJSON *
certificate_names(const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	cJSON *array = cJSON_CreateArray();
	struct str text = STR_INIT;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		str_clear(&text);
		append_general_name(&text, sk_GENERAL_NAME_value(names, i));
		cJSON_AddItemToArray(array, cJSON_CreateString(str_cstr(&text)));
	}
	str_release(&text);
	GENERAL_NAMES_free(names);
	return array;
}

char *
certificate_issuer_url(const X509 *certificate)
{
	AUTHORITY_INFO_ACCESS *access = X509_get_ext_d2i(certificate, NID_info_access, NULL, NULL);
	struct str url = STR_INIT;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access) && !url.len; i++) {
		const ACCESS_DESCRIPTION *at = sk_ACCESS_DESCRIPTION_value(access, i);

		if (OBJ_obj2nid(at->method) == NID_ad_ca_issuers && at->location->type == GEN_URI)
			append_text(&url, at->location->d.uniformResourceIdentifier);
	}
	AUTHORITY_INFO_ACCESS_free(access);
	return url.len ? str_take(&url) : NULL;
}

char *
certificate_purposes(const X509 *certificate)
{
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);
	struct str out = STR_INIT;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
		char text[80];

		OBJ_obj2txt(text, sizeof(text), sk_ASN1_OBJECT_value(usages, i), 0);
		str_printf(&out, "%s%s", out.len ? ", " : "", text);
	}
	EXTENDED_KEY_USAGE_free(usages);
	return out.len ? str_take(&out) : NULL;
}

static cJSON *
key_json(const X509 *certificate)
{
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	const char *kind = key ? EVP_PKEY_get0_type_name(key) : NULL;
	cJSON *object = cJSON_CreateObject();

	json_add_string(object, "kind", kind ? kind : "unknown");
	json_add_int(object, "bits", key ? EVP_PKEY_get_bits(key) : 0);
	return object;
}

/* In hexadecimal, as openssl x509 -serial prints it. */
static char *
serial_text(const X509 *certificate)
{
	BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), NULL);
	char *hex = number ? BN_bn2hex(number) : NULL, *copy = xstrdup(hex ? hex : "");

	OPENSSL_free(hex);
	BN_free(number);
	return copy;
}

static void
add_times(cJSON *object, const X509 *certificate, int64_t now_ms)
{
	char *from = certificate_time(X509_get0_notBefore(certificate)),
	     *until = certificate_time(X509_get0_notAfter(certificate));
	int64_t until_ms = certificate_time_ms(X509_get0_notAfter(certificate));

	json_add_string(object, "not_before", from);
	json_add_string(object, "not_after", until);
	if (until_ms == INT64_MAX)
		json_add(object, "days_left", cJSON_CreateNull());
	else
		json_add_int(object, "days_left",
			     (until_ms - now_ms) / MS_PER_DAY - (until_ms < now_ms ? 1 : 0));
	free(from);
	free(until);
}

cJSON *
certificate_json(const X509 *certificate, int64_t now_ms)
{
	char *subject = certificate_name(X509_get_subject_name(certificate)),
	     *issuer = certificate_name(X509_get_issuer_name(certificate)),
	     *serial = serial_text(certificate);
	X509 *asked = (X509 *)(uintptr_t)certificate; /* OpenSSL keeps what it finds out in it */
	const char *signature = OBJ_nid2ln(X509_get_signature_nid(certificate));
	cJSON *object = cJSON_CreateObject();
	char digest[DIGEST_HEX_MAX];

	json_add_string(object, "subject", subject);
	json_add_string(object, "issuer", issuer);
	json_add(object, "names", certificate_names(certificate));
	add_times(object, certificate, now_ms);
	json_add(object, "key", key_json(certificate));
	json_add_string(object, "signature", signature);
	json_add_string(object, "serial", serial);
	json_add_bool(object, "is_ca", X509_check_ca(asked) > 0);
	json_add_bool(object, "self_signed", certificate_is_self_signed(certificate));
	json_add_string(object, "sha256", certificate_sha256(certificate, digest));
	json_add_string(object, "key_sha256", certificate_key_sha256(certificate, digest));
	free(subject);
	free(issuer);
	free(serial);
	return object;
}

static bool
is_certificate(const char *block)
{
	return str_equal(block, PEM_STRING_X509) || str_equal(block, PEM_STRING_X509_OLD);
}

/* The next block: 1 a certificate, 0 something else or one that is broken, -1 the end. */
static int
read_block(BIO *bio, STACK_OF(X509) *certificates)
{
	char *name = NULL, *header = NULL;
	unsigned char *bytes = NULL;
	long len = 0;
	int found = -1;

	if (PEM_read_bio(bio, &name, &header, &bytes, &len) == 1) {
		const unsigned char *at = bytes;
		X509 *certificate = is_certificate(name) ? d2i_X509(NULL, &at, len) : NULL;

		found = certificate && sk_X509_push(certificates, certificate) > 0;
		if (!found && is_certificate(name))
			found = -1;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(bytes, len > 0 ? (size_t)len : 0);
	return found;
}

bool
certificates_alone(const char *text, size_t len_bytes)
{
	static const char begin[] = "-----BEGIN CERTIFICATE-----",
			  end[] = "-----END CERTIFICATE-----";
	const char *at = text, *stop = text + len_bytes, *last;
	size_t count = 0;

	for (;; count++) {
		while (at < stop && isspace((unsigned char)*at))
			at++;
		if (at == stop)
			return count > 0;
		if ((size_t)(stop - at) < strlen(begin) || memcmp(at, begin, strlen(begin)) != 0)
			return false;
		at += strlen(begin);
		last = memmem(at, (size_t)(stop - at), end, strlen(end));
		if (!last || memmem(at, (size_t)(last - at), "-----", 5))
			return false;
		at = last + strlen(end);
	}
}

int
certificates_read(const char *pem, STACK_OF(X509) **ret_certificates, struct err *e)
{
	STACK_OF(X509) *certificates = sk_X509_new_null();
	BIO *bio = BIO_new_mem_buf(pem, -1);
	int rc = -1, count;

	if (!certificates || !bio)
		abort();
	ERR_clear_error();
	while (read_block(bio, certificates) >= 0 && sk_X509_num(certificates) <= MAX_CERTIFICATES)
		continue;
	bool is_at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	count = sk_X509_num(certificates);
	if (count > MAX_CERTIFICATES)
		err_set(e, ERR_SPEC, "it holds more than %d certificates", MAX_CERTIFICATES);
	else if (!is_at_end)
		err_set(e, ERR_SPEC,
			"its certificate %d is broken: copy the PEM text once more, from "
			"-----BEGIN to END-----, line by line",
			count + 1);
	else if (count == 0)
		err_set(e, ERR_SPEC,
			"it holds no certificate: PEM is wanted (-----BEGIN CERTIFICATE-----). "
			"openssl x509 -inform DER -in FILE makes that of a .der or .cer");
	else
		rc = 0;
	ERR_clear_error();
	BIO_free(bio);
	if (rc == 0)
		*ret_certificates = certificates;
	else
		sk_X509_pop_free(certificates, X509_free);
	return rc;
}
