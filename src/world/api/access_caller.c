#include "config.h"

#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/api/access.h"
#include "world/api/access_internal.h"

#define AUTHENTICATED "system:authenticated"
#define UNAUTHENTICATED "system:unauthenticated"
#define ANONYMOUS "system:anonymous"
#define ACCOUNT "system:serviceaccount:"

struct token {
	char *text;
	struct caller caller;
};

struct tokens {
	pthread_mutex_t lock;
	struct token *items;
	size_t count, cap;
	struct store *store; /* of service accounts; or NULL */
	struct kinds *kinds;
};

/* ---- callers ---- */

void
caller_release(struct caller *c)
{
	free(c->user);
	for (char **g = c->groups; g && *g; g++)
		free(*g);
	free(c->groups);
	*c = (struct caller){ .user = NULL };
}

static void
add_group(struct caller *c, const char *group)
{
	size_t count = 0;

	if (caller_in_group(c, group))
		return;
	while (c->groups && c->groups[count])
		count++;
	c->groups = xreallocarray(c->groups, count + 2, sizeof(c->groups[0]));
	c->groups[count] = xstrdup(group);
	c->groups[count + 1] = NULL;
}

/* `groups` end with NULL. */
static struct caller
make_caller(const char *user, const char *const *groups)
{
	struct caller c = { .user = xstrdup(user) };

	for (; groups && *groups; groups++)
		add_group(&c, *groups);
	return c;
}

void
caller_copy(const struct caller *from, struct caller *ret_caller)
{
	*ret_caller = make_caller(from->user, (const char *const *)(uintptr_t)from->groups);
}

void
caller_anonymous(struct caller *ret_caller)
{
	*ret_caller = make_caller(ANONYMOUS, (const char *const[]){ UNAUTHENTICATED, NULL });
}

void
caller_account(const char *ns, const char *name, struct caller *ret_caller)
{
	char *user = xasprintf(ACCOUNT "%s:%s", ns, name);
	char *group = xasprintf("system:serviceaccounts:%s", ns);

	*ret_caller = make_caller(user, (const char *const[]){ "system:serviceaccounts", group,
							       AUTHENTICATED, NULL });
	free(user);
	free(group);
}

bool
caller_is_account(const char *user, char **ret_ns, const char **ret_name)
{
	if (!str_starts_with(user, ACCOUNT))
		return false;
	const char *ns = user + strlen(ACCOUNT), *colon = strchr(ns, ':');
	if (!colon || colon == ns || !colon[1] || strchr(colon + 1, ':'))
		return false;
	*ret_ns = xstrndup(ns, (size_t)(colon - ns));
	*ret_name = colon + 1;
	return true;
}

void
caller_named(const struct caller *named, struct caller *ret_caller)
{
	const bool has_groups = named->groups && named->groups[0];
	const char *name;
	char *ns;

	if (strcmp(named->user, ANONYMOUS) == 0) {
		caller_copy(named, ret_caller);
		add_group(ret_caller, UNAUTHENTICATED);
	} else if (!has_groups && caller_is_account(named->user, &ns, &name)) {
		caller_account(ns, name, ret_caller);
		free(ns);
	} else {
		caller_copy(named, ret_caller);
		add_group(ret_caller, AUTHENTICATED);
	}
}

/* An entry of a name as UTF-8; NULL: it is none, or has a NUL in it. OPENSSL_free() it. */
static char *
entry_text(const X509_NAME_ENTRY *entry)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));

	if (len >= 0 && memchr(text, '\0', (size_t)len) == NULL)
		return (char *)text;
	OPENSSL_free(text);
	return NULL;
}

bool
caller_from_certificate(const struct x509_st *certificate, struct caller *ret_caller)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	struct caller c = { .user = NULL };

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
		int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
		char *text = entry_text(entry);

		if (text && nid == NID_organizationName) {
			add_group(&c, text);
		} else if (text && nid == NID_commonName) {
			free(c.user);
			c.user = xstrdup(text);
		}
		OPENSSL_free(text);
	}
	if (!c.user || !*c.user) {
		caller_release(&c);
		return false;
	}
	add_group(&c, AUTHENTICATED);
	*ret_caller = c;
	return true;
}

/* ---- tokens ---- */

struct tokens *
tokens_new(void)
{
	struct tokens *t = xcalloc(1, sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
tokens_free(struct tokens *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++) {
		explicit_bzero(t->items[i].text, strlen(t->items[i].text));
		free(t->items[i].text);
		caller_release(&t->items[i].caller);
	}
	free(t->items);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

void
tokens_add(struct tokens *t, const char *token, const char *user, const char *const *groups)
{
	struct caller c = make_caller(user, groups);

	add_group(&c, AUTHENTICATED);
	pthread_mutex_lock(&t->lock);
	*VEC_PUSH(t->items, t->count, t->cap) =
		(struct token){ .text = xstrdup(token), .caller = c };
	pthread_mutex_unlock(&t->lock);
}

void
tokens_add_accounts(struct tokens *t, struct store *store, struct kinds *kinds)
{
	pthread_mutex_lock(&t->lock);
	t->store = store;
	t->kinds = kinds;
	pthread_mutex_unlock(&t->lock);
}

static bool
find_declared(struct tokens *t, const char *token, struct caller *ret_caller)
{
	bool found = false;

	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->count && !found; i++) {
		const struct caller *c = &t->items[i].caller;

		if (strcmp(t->items[i].text, token) != 0)
			continue;
		caller_copy(c, ret_caller);
		found = true;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

/* ---- tokens of service accounts ---- */

static bool
is_token_of(const struct stored *secret, const char *base64)
{
	return strcmp(json_string(secret->object, "type", ""),
		      "kubernetes.io/service-account-token") == 0 &&
	       strcmp(json_string(secret->object, "data/token", ""), base64) == 0;
}

/* The account must be there, and be the one that the token was made for. */
static bool
caller_of_secret(struct tokens *t, const struct stored *secret, struct caller *ret_caller)
{
	const cJSON *annotations = json_at(secret->object, "metadata/annotations");
	const cJSON *name =
		cJSON_GetObjectItemCaseSensitive(annotations, "kubernetes.io/service-account.name");
	const cJSON *uid =
		cJSON_GetObjectItemCaseSensitive(annotations, "kubernetes.io/service-account.uid");
	const struct kind *kind = kinds_by_resource(t->kinds, "", "v1", "serviceaccounts");
	const struct stored *account =
		cJSON_IsString(name) && kind
			? store_get(t->store, kind, secret->ns, name->valuestring)
			: NULL;
	bool good =
		account && (!cJSON_IsString(uid) || strcmp(uid->valuestring, account->uid) == 0);

	if (good)
		caller_account(account->ns, account->name, ret_caller);
	stored_drop(account);
	return good;
}

static bool
find_account(struct tokens *t, const char *token, struct caller *ret_caller)
{
	const struct kind *kind =
		t->kinds ? kinds_by_resource(t->kinds, "", "v1", "secrets") : NULL;
	size_t len = strlen(token), count;
	uint64_t version;
	bool found = false;

	if (!kind || len == 0)
		return false;
	char *base64 = xmalloc(BASE64_MAX(len));
	base64_encode(token, len, base64);
	const struct stored **secrets = store_list(t->store, kind, NULL, &count, &version);
	for (size_t i = 0; i < count; i++) {
		found = found || (is_token_of(secrets[i], base64) &&
				  caller_of_secret(t, secrets[i], ret_caller));
		stored_drop(secrets[i]);
	}
	free(secrets);
	free(base64);
	return found;
}

bool
tokens_find(struct tokens *t, const char *token, struct caller *ret_caller)
{
	return find_declared(t, token, ret_caller) || find_account(t, token, ret_caller);
}
