#include "config.h"

#include "base/signing.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/guarded.h"
#include "base/xalloc.h"

enum {
	/* once there is such a heap OpenSSL takes all secrets of its own from it: 1 KiB for each thread */
	SECURE_HEAP_BYTES = 512 << 10,
	SECURE_SMALLEST_BYTES = 16,
};

struct signing_key {
	EVP_PKEY *pair;	     /* NULL where there is a seed: then one is made for each signature */
	struct guarded seed; /* empty where there is a pair */
	EVP_MD_CTX *context;
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
};

/*
 * OpenSSL keeps the private half of an Ed25519 key that it generates in its secure heap, if there is one: locked,
 * left out of core dumps, wiped when it is freed. Best effort, as limits may be low: without the heap it is
 * still wiped. The private half of a key that it is given goes to the ordinary heap instead, and is wiped when
 * it is freed: such a key therefore exists only while it signs, and its seed is kept here.
 * Source: OPENSSL_secure_malloc(3); OpenSSL 3.0, ossl_ecx_key_allocate_privkey() and ossl_ecx_key_fromdata().
 */
static void
make_secure_heap(void)
{
	if (!CRYPTO_secure_malloc_initialized())
		CRYPTO_secure_malloc_init(SECURE_HEAP_BYTES, SECURE_SMALLEST_BYTES);
}

static void
init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_secure_heap);
}

static int
openssl_error(struct err *e, const char *what)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(e, ERR_INTERNAL, "%s: %s", what, text);
}

static EVP_PKEY *
pair_of_seed(const unsigned char *seed)
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGNING_SECRET_BYTES);
}

static EVP_PKEY *
pair_of(const struct signing_key *key)
{
	return key->pair ? key->pair : pair_of_seed((const unsigned char *)key->seed.data);
}

static void
drop_pair(const struct signing_key *key, EVP_PKEY *pair)
{
	if (pair != key->pair)
		EVP_PKEY_free(pair);
}

/* Finishes a new key whose pair this is; without one it is freed. */
static int
finish(struct signing_key *key, const EVP_PKEY *pair, struct signing_key **ret_key, struct err *e)
{
	size_t len = sizeof(key->public_key);

	key->context = EVP_MD_CTX_new();
	if (!pair || !key->context ||
	    EVP_PKEY_get_raw_public_key(pair, key->public_key, &len) != 1 ||
	    len != sizeof(key->public_key)) {
		signing_key_free(key);
		return openssl_error(e, "making a signing key");
	}
	*ret_key = key;
	return 0;
}

int
signing_key_new(struct signing_key **ret_key, struct err *e)
{
	struct signing_key *key = xcalloc(1, sizeof(*key));

	init();
	key->pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return finish(key, key->pair, ret_key, e);
}

int
signing_key_from_seed(const unsigned char *seed, struct signing_key **ret_key, struct err *e)
{
	struct signing_key *key = xcalloc(1, sizeof(*key));

	init();
	guarded_append(&key->seed, seed, SIGNING_SECRET_BYTES);
	EVP_PKEY *pair = pair_of_seed(seed);
	int rc = finish(key, pair, ret_key, e);
	EVP_PKEY_free(pair);
	return rc;
}

void
signing_key_free(struct signing_key *key)
{
	if (!key)
		return;
	EVP_MD_CTX_free(key->context);
	EVP_PKEY_free(key->pair);
	guarded_release(&key->seed);
	free(key);
}

int
signing_key_seed(const struct signing_key *key, unsigned char out[SIGNING_SECRET_BYTES],
		 struct err *e)
{
	size_t len = SIGNING_SECRET_BYTES;

	if (!key->pair)
		memcpy(out, key->seed.data, len);
	else if (EVP_PKEY_get_raw_private_key(key->pair, out, &len) != 1 ||
		 len != SIGNING_SECRET_BYTES)
		return openssl_error(e, "reading a signing key");
	return 0;
}

void
signing_key_public(const struct signing_key *key, unsigned char out[SIGNING_PUBLIC_BYTES])
{
	memcpy(out, key->public_key, SIGNING_PUBLIC_BYTES);
}

int
signing_key_sign(const struct signing_key *key, const void *bytes, size_t len_bytes,
		 unsigned char out[SIGNATURE_BYTES], struct err *e)
{
	EVP_PKEY *pair = pair_of(key);
	size_t len = SIGNATURE_BYTES;
	int rc = 0;

	if (!pair || EVP_DigestSignInit(key->context, NULL, NULL, NULL, pair) != 1 ||
	    EVP_DigestSign(key->context, out, &len, bytes, len_bytes) != 1 ||
	    len != SIGNATURE_BYTES)
		rc = openssl_error(e, "signing");
	EVP_MD_CTX_reset(key->context);
	drop_pair(key, pair);
	return rc;
}

bool
signature_holds(const unsigned char public_key[SIGNING_PUBLIC_BYTES], const void *bytes,
		size_t len_bytes, const unsigned char signature[SIGNATURE_BYTES])
{
	EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key,
						    SIGNING_PUBLIC_BYTES);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool holds = key && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		     EVP_DigestVerify(context, signature, SIGNATURE_BYTES, bytes, len_bytes) == 1;

	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return holds;
}
