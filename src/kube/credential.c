#include "config.h"

#include "kube/credential.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "kube/access.h"
#include "kube/exec_cache.h"
#include "net/tls/client_certificate.h"

enum { FILE_LIFE_MS = 60000 };

struct credential {
	const struct kube_access *access;
	struct secrets *secrets;
	char *token; /* what counts now, of a file or a plugin */
	char *client_cert_pem, *client_key_pem;
	int64_t read_ms; /* the token's file; monotonic */
	struct exec_cache *cache;
	uint64_t number; /* of the plugin's answer; 0: none yet */
	bool is_accepted;
};

/* A credential too short to be hidden is one that nobody has; the registry's refusal is ignored. */
static void
hide(struct secrets *secrets, const char *name, const char *value)
{
	if (secrets && value && *value)
		secrets_add(secrets, name, value, strlen(value), NULL);
}

/* "https://user:password@proxy": its password. */
static void
hide_proxy_password(struct secrets *secrets, const char *url)
{
	const char *authority = url ? strstr(url, "://") : NULL;
	const char *at = authority ? strrchr(authority, '@') : NULL;
	const char *colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;

	if (secrets && colon && at > colon + 1)
		secrets_add(secrets, "kubeconfig.proxy-password", colon + 1,
			    (size_t)(at - colon - 1), NULL);
}

struct credential *
credential_new(const struct kube_access *access, struct secrets *secrets)
{
	struct credential *c = xcalloc(1, sizeof(*c));

	c->access = access;
	c->secrets = secrets;
	c->token = xstrdup(access->token);
	c->client_cert_pem = xstrdup(access->client_cert_pem);
	c->client_key_pem = xstrdup(access->client_key_pem);
	c->read_ms = clock_mono_ms();
	if (access->exec)
		c->cache = exec_cache_open(access->exec);
	hide(secrets, "kubeconfig.token", access->token);
	hide(secrets, "kubeconfig.password", access->password);
	hide(secrets, "kubeconfig.client-key", access->client_key_pem);
	hide_proxy_password(secrets, access->proxy_url);
	return c;
}

void
credential_free(struct credential *c)
{
	if (!c)
		return;
	exec_cache_close(c->cache);
	kube_wipe(c->token);
	kube_wipe(c->client_cert_pem);
	kube_wipe(c->client_key_pem);
	free(c);
}

static int
wrap_user(const struct credential *c, struct err *e)
{
	return err_wrap(e, "credentials of the user \"%s\" (context \"%s\" in %s)", c->access->user,
			c->access->context, c->access->source);
}

/*
 * While the server takes the old token, a file that cannot be read is one that is being replaced: the
 * next request looks again.
 */
static int
renew_from_file(struct credential *c, bool refused, int64_t now_ms, bool *ret_changed,
		struct err *e)
{
	struct err why = ERR_INIT;
	char *token = NULL;

	if (!refused && now_ms - c->read_ms < FILE_LIFE_MS)
		return 0;
	if (kube_access_read_token(c->access->token_file, &token, &why) < 0) {
		if (!refused)
			return 0;
		/* not found is the file, not what was asked of the server */
		err_set(e, ERR_SPEC, "tokenFile: %s", why.message);
		return wrap_user(c, e);
	}
	c->read_ms = now_ms;
	if (str_equal(token, c->token)) {
		kube_wipe(token);
		return 0;
	}
	hide(c->secrets, "kubeconfig.token", token);
	kube_wipe(c->token);
	c->token = token;
	*ret_changed = true;
	return 0;
}

static void
replace(char **text, const char *other)
{
	if (!other)
		return;
	kube_wipe(*text);
	*text = xstrdup(other);
}

static void
adopt(struct credential *c, const struct exec_answer *answer)
{
	hide(c->secrets, "plugin.token", answer->token);
	hide(c->secrets, "plugin.client-key", answer->client_key_pem);
	kube_wipe(c->token);
	c->token = xstrdup(answer->token);
	/* one of the kubeconfig stays where the plugin gives none */
	replace(&c->client_cert_pem, answer->client_cert_pem);
	replace(&c->client_key_pem, answer->client_key_pem);
}

static int
renew_from_plugin(struct credential *c, bool refused, const struct cancel *cancel,
		  bool *ret_changed, struct err *e)
{
	struct exec_answer answer;
	uint64_t number = 0;

	if (exec_cache_get(c->cache, c->access->exec, refused ? c->number : 0, c->secrets, cancel,
			   &answer, &number, e) < 0)
		return wrap_user(c, e);
	if (number != c->number) {
		adopt(c, &answer);
		c->number = number;
		c->is_accepted = false;
		*ret_changed = true;
	}
	exec_answer_release(&answer);
	return 0;
}

int
credential_renew(struct credential *c, bool refused, int64_t now_ms, const struct cancel *cancel,
		 bool *ret_changed, struct err *e)
{
	*ret_changed = false;
	if (c->access->token_file)
		return renew_from_file(c, refused, now_ms, ret_changed, e);
	if (c->cache)
		return renew_from_plugin(c, refused, cancel, ret_changed, e);
	return 0;
}

void
credential_accepted(struct credential *c)
{
	if (!c->cache || c->is_accepted)
		return;
	exec_cache_accept(c->cache, c->number);
	c->is_accepted = true;
}

const char *
credential_token(const struct credential *c)
{
	return c->token;
}

const char *
credential_certificate(const struct credential *c)
{
	return c->client_cert_pem;
}

const char *
credential_key(const struct credential *c)
{
	return c->client_key_pem;
}

void
credential_advise_expiry(const struct credential *c, struct err *e)
{
	char *trouble = c->client_cert_pem ? client_certificate_trouble(c->client_cert_pem) : NULL;

	if (trouble)
		err_advise(e, "The client certificate %s", trouble);
	free(trouble);
}

void
credential_advise(const struct credential *c, struct err *e)
{
	const struct kube_access *access = c->access;

	credential_advise_expiry(c, e);
	if (access->exec)
		err_advise(e,
			   "The credential plugin %s was asked again, and its new answer was "
			   "refused too: "
			   "log in again with it",
			   access->exec->who);
	else if (access->token_file)
		err_advise(e, "The token in %s was read again: have a new one written there",
			   access->token_file);
	err_advise(e, "Renew the credentials of the user \"%s\" (context \"%s\" in %s)",
		   access->user ? access->user : "", access->context, access->source);
}
