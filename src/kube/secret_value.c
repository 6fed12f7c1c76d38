#include "config.h"

#include "kube/secret_value.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "kube/base64.h"
#include "net/http/http.h"

static unsigned char fingerprint_key[FINGERPRINT_KEY_BYTES];
static bool has_key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_key(void)
{
	if (!has_key && RAND_bytes(fingerprint_key, sizeof(fingerprint_key)) != 1)
		abort(); /* as without memory: nothing may be shown that could be guessed from */
}

void
secret_value_set_key(const unsigned char key[FINGERPRINT_KEY_BYTES])
{
	memcpy(fingerprint_key, key, sizeof(fingerprint_key));
	has_key = true;
}

static void
append_fingerprint(const char *bytes, size_t len, struct str *out)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;

	pthread_once(&once, make_key);
	if (!HMAC(EVP_sha256(), fingerprint_key, sizeof(fingerprint_key),
		  (const unsigned char *)bytes, len, digest, &digest_len))
		return;
	str_printf(out, ", #%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
}

void
secret_value_describe(const cJSON *value, bool is_base64, struct str *out)
{
	const char *text = cJSON_IsString(value) ? value->valuestring : "";
	struct str decoded = STR_INIT;

	if (!is_base64 || base64_decode(text, &decoded) < 0) {
		str_clear(&decoded);
		str_append(&decoded, text);
	}
	str_printf(out, "%zu byte%s", decoded.len, decoded.len == 1 ? "" : "s");
	if (decoded.len)
		append_fingerprint(decoded.data, decoded.len, out);
	str_release_secret(&decoded);
}

void
secret_value_withhold(cJSON *value)
{
	char *text;
	size_t len;

	if (!cJSON_IsString(value))
		return;
	len = strlen(value->valuestring);
	text = xasprintf("[withheld %zu bytes]", len);
	explicit_bzero(value->valuestring, len);
	cJSON_free(value->valuestring);
	value->valuestring = text;
}

/* "ca.crt, password": what could have been meant. */
static void
append_keys(const cJSON *data, struct str *out)
{
	const cJSON *value;

	cJSON_ArrayForEach(value, data)
		str_printf(out, "%s%s", out->len ? ", " : "", value->string);
}

static int
take_key(const cJSON *secret, const char *key, struct str *out, struct err *e)
{
	const cJSON *data = cJSON_GetObjectItemCaseSensitive(secret, "data");
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, key));
	struct str keys = STR_INIT;

	if (text && base64_decode(text, out) == 0)
		return 0;
	if (text)
		return err_set(e, ERR_REMOTE, "its key %s is no base64", key);
	append_keys(data, &keys);
	err_set(e, ERR_NOT_FOUND,
		keys.len ? "it has no key %s, but %s" : "it has no key %s, and no other%s", key,
		str_cstr(&keys));
	str_release(&keys);
	return -1;
}

static void
wipe_values(cJSON *data)
{
	cJSON *value;

	cJSON_ArrayForEach(value, data)
		if (cJSON_IsString(value))
			explicit_bzero(value->valuestring, strlen(value->valuestring));
}

int
secret_value_read(struct kube_client *client, const char *ns, const char *name, const char *key,
		  const struct cancel *cancel, struct str *out, struct err *e)
{
	char *in_ns = http_encode(ns), *of_name = http_encode(name);
	char *path = xasprintf("/api/v1/namespaces/%s/secrets/%s", in_ns, of_name);
	struct kube_request request = { .method = "GET", .path = path, .cancel = cancel };
	cJSON *secret = NULL;
	int rc = kube_request(client, &request, NULL, &secret, e);

	if (rc == 0)
		rc = take_key(secret, key, out, e);
	wipe_values(cJSON_GetObjectItemCaseSensitive(secret, "data"));
	cJSON_Delete(secret);
	free(path);
	free(of_name);
	free(in_ns);
	return rc;
}
