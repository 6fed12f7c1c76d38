#ifndef LIFEBOAT_BASE_SIGNING_H
#define LIFEBOAT_BASE_SIGNING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Ed25519, by OpenSSL. A private key lives in memory that is locked and kept out of core dumps, and is
 * wiped before it goes. Source: RFC 8032.
 */
enum { SIGNING_PUBLIC_BYTES = 32, SIGNING_SECRET_BYTES = 32, SIGNATURE_BYTES = 64 };

struct signing_key;

/* A new key by the system's random numbers. */
int signing_key_new(struct signing_key **ret_key, struct err *e);
/* The key of a seed of SIGNING_SECRET_BYTES, which the caller wipes. */
int signing_key_from_seed(const unsigned char *seed, struct signing_key **ret_key, struct err *e);
void signing_key_free(struct signing_key *key);

/* Writes the seed, for a key file; the caller wipes it. */
int signing_key_seed(const struct signing_key *key, unsigned char out[SIGNING_SECRET_BYTES],
		     struct err *e);
void signing_key_public(const struct signing_key *key, unsigned char out[SIGNING_PUBLIC_BYTES]);

/* One thread at a time for one key. */
int signing_key_sign(const struct signing_key *key, const void *bytes, size_t len_bytes,
		     unsigned char out[SIGNATURE_BYTES], struct err *e);

/* Any thread. */
bool signature_holds(const unsigned char public_key[SIGNING_PUBLIC_BYTES], const void *bytes,
		     size_t len_bytes, const unsigned char signature[SIGNATURE_BYTES]);

#endif
