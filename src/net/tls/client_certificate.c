#include "config.h"

#include "net/tls/client_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "net/tls/certificate.h"

/* Without this OpenSSL asks for a passphrase on the terminal, under the screen. */
static int
give_no_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void)buffer;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static X509 *
read_certificate(const char *pem)
{
	bool asked = false;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, give_no_passphrase, &asked) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return certificate;
}

static EVP_PKEY *
read_key(const char *pem, bool *ret_encrypted)
{
	bool asked = false;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, give_no_passphrase, &asked) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	*ret_encrypted = asked;
	return key;
}

int
client_certificate_check(const char *certificate_pem, const char *key_pem, struct err *e)
{
	X509 *certificate = read_certificate(certificate_pem);
	bool is_encrypted = false;
	EVP_PKEY *key = read_key(key_pem, &is_encrypted);
	int rc = -1;

	if (!certificate)
		err_set(e, ERR_SPEC,
			"the client certificate is not readable: it must be PEM "
			"(-----BEGIN CERTIFICATE-----)");
	else if (is_encrypted)
		err_set(e, ERR_SPEC,
			"the client key is encrypted with a passphrase, which cannot be "
			"given here: decrypt it with openssl pkey");
	else if (!key)
		err_set(e, ERR_SPEC,
			"the client key is not readable: it must be PEM "
			"(-----BEGIN … PRIVATE KEY-----)");
	else if (X509_check_private_key(certificate, key) != 1)
		err_set(e, ERR_SPEC,
			"the client key does not belong to the client certificate: take "
			"both from the same place");
	else
		rc = 0;
	ERR_clear_error();
	X509_free(certificate);
	EVP_PKEY_free(key);
	return rc;
}

int
authority_certificate_check(const char *pem, struct err *e)
{
	X509 *certificate = read_certificate(pem);

	X509_free(certificate);
	if (certificate)
		return 0;
	return err_set(e, ERR_SPEC,
		       "the certificate authority is not readable: it must be PEM (-----BEGIN "
		       "CERTIFICATE-----)");
}

char *
client_certificate_trouble(const char *certificate_pem)
{
	X509 *certificate = read_certificate(certificate_pem);
	char *text = NULL, *when = NULL, age[CLOCK_STAMP_MAX];
	int64_t until_ms;

	if (!certificate)
		return NULL;
	if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
		when = certificate_time(X509_get0_notAfter(certificate));
		if (when && clock_parse_utc(when, &until_ms) == 0)
			text = xasprintf("expired %s, %s ago", when,
					 duration_format_human(clock_wall_ms() - until_ms, age));
	} else if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
		when = certificate_time(X509_get0_notBefore(certificate));
		text = xasprintf("is valid from %s only, by the clock of this machine",
				 when ? when : "later");
	}
	free(when);
	X509_free(certificate);
	return text;
}
