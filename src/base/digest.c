#include "config.h"

#include "base/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct digest {
	EVP_MD_CTX *context;
};

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Fetched once: a lookup by name costs more than the hash of a record. */
static void
fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256)
		abort();
}

struct digest *
digest_new(void)
{
	struct digest *d = xmalloc(sizeof(*d));

	pthread_once(&once, fetch);
	d->context = EVP_MD_CTX_new();
	if (!d->context || EVP_DigestInit_ex2(d->context, sha256, NULL) != 1)
		abort();
	return d;
}

void
digest_update(struct digest *d, const void *bytes, size_t len_bytes)
{
	if (EVP_DigestUpdate(d->context, bytes, len_bytes) != 1)
		abort();
}

/* Ends the digest in a context. */
static char *
finish(EVP_MD_CTX *context, char out[DIGEST_HEX_MAX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (EVP_DigestFinal_ex(context, sum, &len) != 1 || len != 32)
		abort();
	for (unsigned int i = 0; i < len; i++) {
		out[2 * i] = hex[sum[i] >> 4];
		out[2 * i + 1] = hex[sum[i] & 15];
	}
	out[64] = '\0';
	return out;
}

char *
digest_peek(const struct digest *d, char out[DIGEST_HEX_MAX])
{
	EVP_MD_CTX *copy = EVP_MD_CTX_new();

	if (!copy || EVP_MD_CTX_copy_ex(copy, d->context) != 1)
		abort();
	finish(copy, out);
	EVP_MD_CTX_free(copy);
	return out;
}

char *
digest_take(struct digest *d, char out[DIGEST_HEX_MAX])
{
	finish(d->context, out);
	if (EVP_DigestInit_ex2(d->context, NULL, NULL) != 1)
		abort();
	return out;
}

char *
digest_finish(struct digest *d, char out[DIGEST_HEX_MAX])
{
	finish(d->context, out);
	digest_free(d);
	return out;
}

void
digest_free(struct digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->context);
	free(d);
}

char *
digest_sha256(const void *bytes, size_t len_bytes, char out[DIGEST_HEX_MAX])
{
	struct digest *d = digest_new();

	digest_update(d, bytes, len_bytes);
	return digest_finish(d, out);
}
