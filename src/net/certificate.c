#include "config.h"

#include "net/certificate.h"

#include <openssl/bio.h>
#include <time.h>

#include "base/xalloc.h"

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
