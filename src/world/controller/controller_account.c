#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/* Secrets that hold the token of a service account: filled for one that is there, deleted with it. */

#define TOKEN_TYPE "kubernetes.io/service-account-token"
#define ACCOUNT_NAME "kubernetes.io/service-account.name"
#define ACCOUNT_UID "kubernetes.io/service-account.uid"

enum { SIGNATURE_BYTES = 256 };

/* Base64 as URLs and tokens have it: RFC 4648, section 5, without padding. */
static void
append_base64url(struct str *out, const void *bytes, size_t len)
{
	char text[BASE64_MAX(1024)];
	size_t chars = base64_encode(bytes, len, text);

	for (size_t i = 0; i < chars && text[i] != '='; i++)
		str_append_char(out, text[i] == '+' ? '-' : text[i] == '/' ? '_' : text[i]);
}

static void
append_claims(struct str *out, const struct stored *secret, const struct stored *account)
{
	char *text = xasprintf("{\"iss\":\"kubernetes/serviceaccount\","
			       "\"kubernetes.io/serviceaccount/namespace\":\"%s\","
			       "\"kubernetes.io/serviceaccount/secret.name\":\"%s\","
			       "\"kubernetes.io/serviceaccount/service-account.name\":\"%s\","
			       "\"kubernetes.io/serviceaccount/service-account.uid\":\"%s\","
			       "\"sub\":\"system:serviceaccount:%s:%s\"}",
			       secret->ns, secret->name, account->name, account->uid, secret->ns,
			       account->name);
	size_t len = strlen(text);

	/* in pieces of whole groups of three, so that no padding falls between them */
	for (size_t at = 0; at < len; at += 768)
		append_base64url(out, text + at, len - at < 768 ? len - at : 768);
	free(text);
}

/* Of the shape of a real one; nobody checks its signature but by knowing the whole. */
static char *
make_token(const struct stored *secret, const struct stored *account)
{
	static const char header[] = "{\"alg\":\"RS256\",\"kid\":\"drill\"}";
	unsigned char signature[SIGNATURE_BYTES];
	struct str out = STR_INIT;

	if (getrandom(signature, sizeof(signature), 0) != (ssize_t)sizeof(signature))
		abort(); /* only where the kernel has no such call */
	append_base64url(&out, header, sizeof(header) - 1);
	str_append_char(&out, '.');
	append_claims(&out, secret, account);
	str_append_char(&out, '.');
	append_base64url(&out, signature, sizeof(signature));
	return str_take(&out);
}

struct filling {
	const char *token, *ca, *ns, *uid;
};

static bool
add_data(cJSON *data, const char *name, const char *value)
{
	if (json_at(data, name))
		return false;
	char *text = xmalloc(BASE64_MAX(strlen(value)));
	base64_encode(value, strlen(value), text);
	json_add_string(data, name, text);
	free(text);
	return true;
}

static bool
fill_secret(void *data, cJSON *object)
{
	const struct filling *filling = data;
	cJSON *values = need_object(object, "data");
	cJSON *notes = need_object(json_at(object, "metadata"), "annotations");
	bool changed = false;

	changed |= add_data(values, "token", filling->token);
	changed |= add_data(values, "ca.crt", filling->ca);
	changed |= add_data(values, "namespace", filling->ns);
	if (!cJSON_GetObjectItemCaseSensitive(notes, ACCOUNT_UID)) {
		json_add_string(notes, ACCOUNT_UID, filling->uid);
		changed = true;
	}
	return changed;
}

static bool
is_token_secret(const struct stored *secret)
{
	return strcmp(json_string(secret->object, "type", ""), TOKEN_TYPE) == 0 &&
	       *annotation_of(secret->object, ACCOUNT_NAME);
}

void
secret_reconcile(struct controllers *c, struct thing *thing)
{
	const struct stored *secret = thing->stored, *account;
	const char *uid = annotation_of(secret->object, ACCOUNT_UID);

	if (!is_token_secret(secret) || thing_is_deleting(thing))
		return;
	account = store_get(c->store, c->kinds.accounts, secret->ns,
			    annotation_of(secret->object, ACCOUNT_NAME));
	if (!account || (*uid && strcmp(uid, account->uid) != 0)) {
		write_delete(c, secret, NULL, 0);
	} else if (!*json_string(secret->object, "data/token", "")) {
		char *token = make_token(secret, account);
		struct filling filling = { .token = token,
					   .ca = c->options.ca_pem ? c->options.ca_pem : "",
					   .ns = secret->ns,
					   .uid = account->uid };

		write_change(c, secret, false, fill_secret, &filling);
		free(token);
	}
	stored_drop(account);
}

/* Its Secrets go with it. */
void
account_gone(struct controllers *c, const struct space *space)
{
	for (size_t i = 0; i < space->members.count; i++)
		if (thing_is(space->members.items[i], c->kinds.secrets))
			controllers_enqueue(c, space->members.items[i]);
}
