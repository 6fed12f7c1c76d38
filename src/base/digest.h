#ifndef LIFEBOAT_BASE_DIGEST_H
#define LIFEBOAT_BASE_DIGEST_H

#include <stddef.h>

/* SHA-256 in lower-case hexadecimal, with its terminator. */
#define DIGEST_HEX_MAX 65

/* The SHA-256 of a buffer into out, which is returned. May be called from any thread. */
char *digest_sha256(const void *bytes, size_t len_bytes, char out[DIGEST_HEX_MAX]);

/* The same of bytes that come in pieces. */
struct digest;
struct digest *digest_new(void);
void digest_update(struct digest *d, const void *bytes, size_t len_bytes);
/* Writes the digest of all bytes so far; more may follow. */
char *digest_peek(const struct digest *d, char out[DIGEST_HEX_MAX]);
/* Writes the digest of all bytes so far and begins anew: for many small ones, each without a digest of its own. */
char *digest_take(struct digest *d, char out[DIGEST_HEX_MAX]);
/* Writes the digest of all bytes so far and frees d. */
char *digest_finish(struct digest *d, char out[DIGEST_HEX_MAX]);
void digest_free(struct digest *d);

#endif
