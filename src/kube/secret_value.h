#ifndef LIFEBOAT_KUBE_SECRET_VALUE_H
#define LIFEBOAT_KUBE_SECRET_VALUE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/cancel.h"
#include "base/err.h"
#include "base/str.h"
#include "kube/client.h"

/* The values of Secret objects: how they are shown without being shown, and how one is read. */

enum { FINGERPRINT_KEY_BYTES = 32 };

/*
 * The key of the fingerprints: what is not told apart by them is equal, and nobody without the key can try
 * values out. Without a call, a random one of this process. Before other threads are begun.
 */
void secret_value_set_key(const unsigned char key[FINGERPRINT_KEY_BYTES]);

/*
 * Appends what may be shown of a value, a string of a Secret's data (base64) or stringData:
 * "12 bytes, #1a2b3c4d". The same bytes have the same fingerprint in both. Any thread.
 * Source: RFC 2104 (HMAC), with SHA-256; its first 32 bits.
 */
void secret_value_describe(const cJSON *value, bool is_base64, struct str *out);

/* Puts "[withheld 70000 bytes]" in the place of a string that the redactor cannot hide. */
void secret_value_withhold(cJSON *value);

/*
 * Reads one key of a Secret; out gets the value, to be wiped by the caller. Errors are those of the request,
 * and ERR_NOT_FOUND with the keys that there are.
 */
int secret_value_read(struct kube_client *client, const char *ns, const char *name, const char *key,
		      const struct cancel *cancel, struct str *out, struct err *e);

#endif
