#include "config.h"

#include "step/http/step_http.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/fence/fence.h"
#include "net/http/http_url.h"
#include "net/tls/client_certificate.h"
#include "step/http/step_http_headers.h"
#include "step/http/step_http_way.h"
#include "step/steps.h"

enum { MAX_PEM = 1 << 20, MAX_BODY_FILE = 16 << 20, MAX_BODY = 256 << 20, MAX_REDIRECTS = 50 };

static const cJSON *
target_spec(const struct action *action)
{
	return action->target ? action->target->connection : NULL;
}

enum step_effect
http_check_effect(const cJSON *with)
{
	static const char *const reading[] = { "GET", "HEAD", "OPTIONS", NULL };
	const char *method = json_string(with, "method", "GET");

	for (size_t i = 0; reading[i]; i++)
		if (strcmp(method, reading[i]) == 0)
			return EFFECT_READS;
	return strcmp(method, "DELETE") == 0 ? EFFECT_DESTROYS : EFFECT_CHANGES;
}

bool
http_check_writes(const struct http_check *c)
{
	return c->effect >= EFFECT_CHANGES;
}

/* The URL; *ret_own says that it is the target's, whose credentials go nowhere else. */
static char *
make_url(const struct action *action, bool *ret_own)
{
	const char *url = step_optional(action->with, "url");
	const char *base = step_optional(target_spec(action), "url");

	*ret_own = false;
	if (url && (str_starts_with(url, "https://") || str_starts_with(url, "http://")))
		return xstrdup(url);
	if (!base)
		return NULL;
	*ret_own = true;
	if (!url)
		return xstrdup(base);
	size_t len = strlen(base);
	while (len && base[len - 1] == '/')
		len--;
	return xasprintf("%.*s/%s", (int)len, base, url + strspn(url, "/"));
}

char *
http_check_object(const struct http_check *c)
{
	struct http_url url;
	char *slash, *name = NULL;

	if (!http_url_init(&url, c->url))
		return NULL;
	while (!name && (slash = strrchr(url.path, '/'))) {
		if (slash[1])
			name = xstrdup(slash + 1);
		*slash = '\0';
	}
	if (!name)
		name = xstrdup(url.host);
	http_url_release(&url);
	return name;
}

static int
set_url(struct http_check *c, bool *ret_own, struct err *e)
{
	struct http_url url;

	c->url = make_url(c->action, ret_own);
	if (!c->url)
		return err_set(e, ERR_SPEC,
			       "http.check: no URL. Give `url`, or a target of type http");
	c->shown_url = http_shown_url(c->url);
	if (!http_url_init(&url, c->url))
		return err_set(e, ERR_SPEC,
			       "http.check: \"%s\" is no URL. It wants https://host/path, with "
			       "special characters as %%20",
			       c->shown_url);
	http_url_release(&url);
	return 0;
}

static int
read_pem(const char *path, char **ret_pem, struct err *e)
{
	struct str text = STR_INIT;

	if (fence_check_file(path, e) < 0 || file_read(path, MAX_PEM, &text, e) < 0) {
		str_release_secret(&text);
		return err_wrap(e, "http.check");
	}
	*ret_pem = str_take(&text);
	return 0;
}

static int
set_trust(struct http_check *c, const cJSON *spec, struct err *e)
{
	const cJSON *from =
		step_optional(c->action->with, "ca") || step_optional(c->action->with, "ca_file")
			? c->action->with
			: spec;
	const char *text = step_optional(from, "ca");

	c->ca_file = step_optional(from, "ca_file");
	if (text && c->ca_file)
		return err_set(e, ERR_SPEC,
			       "http.check: `ca` and `ca_file` are both given: the "
			       "trust is one of them");
	if (text)
		c->ca_pem = xstrdup(text);
	else if (!c->ca_file)
		return 0;
	else if (read_pem(c->ca_file, &c->ca_pem, e) < 0)
		return -1;
	c->ca_place = text ? "`ca`" : c->ca_file;
	return authority_certificate_check(c->ca_pem, e) < 0
		       ? err_wrap(e, "http.check: %s", c->ca_place)
		       : 0;
}

static int
set_client_certificate(struct http_check *c, const cJSON *spec, struct err *e)
{
	const cJSON *from =
		step_optional(c->action->with, "client_cert_file") ? c->action->with : spec;
	const char *key = step_optional(from, "client_key_file");

	c->cert_file = step_optional(from, "client_cert_file");
	if (!c->cert_file)
		return 0;
	if (read_pem(c->cert_file, &c->cert_pem, e) < 0 ||
	    read_pem(key ? key : c->cert_file, &c->key_pem, e) < 0)
		return -1;
	return client_certificate_check(c->cert_pem, c->key_pem, e) < 0
		       ? err_wrap(e, "http.check: %s", c->cert_file)
		       : 0;
}

static int
set_body(struct http_check *c, struct err *e)
{
	const cJSON *with = c->action->with, *json = json_at(with, "json");
	const char *text = step_optional(with, "body");
	char *printed = NULL;
	int rc = 0;

	c->body_file = step_optional(with, "body_file");
	if (json && cJSON_IsNull(json))
		json = NULL;
	if (!!text + !!c->body_file + !!json > 1)
		return err_set(
			e, ERR_SPEC,
			"http.check: of `body`, `json` and `body_file` only one can be sent");
	c->has_body = text || json || c->body_file;
	if (c->has_body && strcmp(c->method, "HEAD") == 0)
		return err_set(e, ERR_SPEC, "http.check: a HEAD has no body");
	if (text)
		str_append(&c->body, text);
	if (json)
		printed = json_print(json);
	if (printed)
		str_append(&c->body, printed);
	if (c->body_file && file_read(c->body_file, MAX_BODY_FILE, &c->body, e) < 0)
		rc = err_wrap(e, "http.check: `body_file`");
	free(printed);
	return rc;
}

/* Nothing here is without a bound. */
static int
check_bounds(const cJSON *with, struct err *e)
{
	static const struct {
		const char *name;
		int64_t least, most;
	} bounds[] = {
		{ "max_body", 1, MAX_BODY },
		{ "max_redirects", 0, MAX_REDIRECTS },
		{ "timeout", 1, INT_MAX },
	};

	for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
		int64_t value = json_int(with, bounds[i].name, bounds[i].least);

		if (value < bounds[i].least || value > bounds[i].most)
			return err_set(e, ERR_SPEC,
				       "http.check: `%s` is %" PRId64 ": from %" PRId64
				       " to %" PRId64 "%s is wanted",
				       bounds[i].name, value, bounds[i].least, bounds[i].most,
				       strcmp(bounds[i].name, "timeout") == 0 ? " ms" : "");
	}
	return 0;
}

int
http_check_init(struct http_check *c, struct step_context *ctx, const struct action *action,
		struct err *e)
{
	const cJSON *spec = target_spec(action), *own_spec;
	bool own = false; /* what proves who we are is for the target alone */

	*c = (struct http_check){
		.action = action,
		.method = json_string(action->with, "method", "GET"),
		.effect = step_type_effect(&step_http_check.type, action->with),
	};
	if (check_bounds(action->with, e) < 0 || set_url(c, &own, e) < 0)
		return -1;
	own_spec = own ? spec : NULL;
	if (set_trust(c, spec, e) < 0 || set_client_certificate(c, own_spec, e) < 0 ||
	    http_way_set(c, spec, e) < 0 || set_body(c, e) < 0)
		return -1;
	return http_headers_set(c, ctx, own_spec, e);
}

void
http_check_release(struct http_check *c)
{
	free(c->url);
	free(c->shown_url);
	step_texts_release(&c->headers);
	step_texts_release(&c->resolve);
	step_texts_release(&c->ways);
	step_texts_release(&c->connect_to);
	str_release(&c->body);
	free(c->ca_pem);
	free(c->cert_pem);
	if (c->key_pem)
		explicit_bzero(c->key_pem, strlen(c->key_pem));
	free(c->key_pem);
	free(c->proxy);
	free(c->proxy_why);
	free(c->identity);
}
