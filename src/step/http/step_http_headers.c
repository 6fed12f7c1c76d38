#include "config.h"

#include "step/http/step_http_headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/xalloc.h"

const char http_key_header[] = "Idempotency-Key";

/* Headers whose values let others in. */
static bool
is_secret(const char *line)
{
	static const char *const whole[] = { "Authorization", "Proxy-Authorization", "Cookie",
					     NULL };
	static const char *const parts[] = { "token",  "secret",  "password",
					     "apikey", "api-key", NULL };
	size_t len = strcspn(line, ":;");
	char *name = xstrndup(line, len);
	bool found = false;

	for (size_t i = 0; whole[i]; i++)
		found = found || strcasecmp(name, whole[i]) == 0;
	for (size_t i = 0; parts[i]; i++)
		found = found || strcasestr(name, parts[i]) != NULL;
	free(name);
	return found;
}

/* A value that cannot be registered (a very short one) is still not shown by http_headers_shown(). */
static void
keep_secret(struct step_context *ctx, const char *name, const char *value)
{
	struct err ignored = ERR_INIT;

	if (ctx->secrets && *value)
		(void)secrets_add(ctx->secrets, name, value, strlen(value), &ignored);
}

/* "Bearer abc": the scheme is no secret, and what follows it stands alone elsewhere. */
static const char *
behind_scheme(const char *value)
{
	const char *space = strchr(value, ' ');

	return space ? space + strspn(space, " ") : value;
}

static const char *
value_of(const char *line)
{
	const char *value = line + strcspn(line, ":;");

	return *value == ':' ? value + 1 + strspn(value + 1, " ") : "";
}

char *
http_headers_shown(struct step_context *ctx, const char *line)
{
	struct str out = STR_INIT;

	if (is_secret(line)) {
		const char *rest = behind_scheme(value_of(line));

		str_printf(&out, "%.*s‹hidden›", (int)(rest - line), line);
	} else {
		secrets_redact(ctx->secrets, line, strlen(line), &out);
	}
	return str_take(&out);
}

static char **
find(struct step_texts *headers, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < headers->count; i++) {
		const char *line = headers->items[i];

		if (strncasecmp(line, name, len) == 0 && (line[len] == ':' || line[len] == ';'))
			return &headers->items[i];
	}
	return NULL;
}

const char *
http_check_header(const struct http_check *c, const char *name)
{
	struct step_texts headers = c->headers;
	char **line = find(&headers, name);

	return line ? value_of(*line) : NULL;
}

/* Adds a header, or replaces the one of its name. Without a colon libcurl sends an empty one. */
static void
set_header(struct http_check *c, const char *name, const char *value)
{
	char *line = *value ? xasprintf("%s: %s", name, value) : xasprintf("%s;", name);
	char **before = find(&c->headers, name);

	if (before) {
		free(*before);
		*before = line;
	} else {
		step_texts_push(&c->headers, line);
	}
}

/* Source: RFC 9110, 5.6.2 and 5.5. A line end would begin another header. */
static int
check_header(const char *name, const char *value, struct err *e)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (!*name || name[strspn(name, token)])
		return err_set(e, ERR_SPEC, "http.check: `headers`: \"%s\" is no name of a header",
			       name);
	for (const unsigned char *at = (const unsigned char *)value; *at; at++)
		if ((*at < ' ' && *at != '\t') || *at == 0x7f)
			return err_set(e, ERR_SPEC,
				       "http.check: the value of the header %s holds a line end or "
				       "another control character, at byte %zu of %zu",
				       name, (size_t)((const char *)at - value) + 1, strlen(value));
	return 0;
}

/* Adds the headers of a map, but for one of the name `but` (or NULL). */
static int
add_headers(struct http_check *c, struct step_context *ctx, const cJSON *map, const char *but,
	    struct err *e)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, map) {
		if (but && strcasecmp(header->string, but) == 0)
			continue;
		char *value = json_text(header);
		int rc = check_header(header->string, value, e);
		if (rc == 0)
			set_header(c, header->string, value);
		if (is_secret(header->string)) {
			keep_secret(ctx, header->string, value);
			keep_secret(ctx, header->string, behind_scheme(value));
		}
		free(value);
		if (rc < 0)
			return -1;
	}
	return 0;
}

static bool
has_credentials(const cJSON *fields)
{
	const cJSON *header;

	cJSON_ArrayForEach(header, json_at(fields, "headers"))
		if (strcasecmp(header->string, "Authorization") == 0)
			return true;
	return step_optional(fields, "user") || step_optional(fields, "bearer");
}

static int
set_bearer(struct http_check *c, struct step_context *ctx, const char *token, struct err *e)
{
	char *value = xasprintf("Bearer %s", token);
	int rc = check_header("Authorization", value, e);

	keep_secret(ctx, "bearer", token);
	if (rc == 0)
		set_header(c, "Authorization", value);
	explicit_bzero(value, strlen(value));
	free(value);
	return rc;
}

/* Of one kind only: that of the step, or else that of the target. */
static int
set_credentials(struct http_check *c, struct step_context *ctx, const cJSON *spec, struct err *e)
{
	const cJSON *from = has_credentials(c->action->with) ? c->action->with : spec;
	const char *bearer = step_optional(from, "bearer"), *user = step_optional(from, "user");

	if (!has_credentials(from))
		return 0;
	if (!!bearer + !!user > 1)
		return err_set(e, ERR_SPEC,
			       "http.check: `user` and `bearer` are both given: only "
			       "one of them can be sent");
	if ((bearer || user) && http_check_header(c, "Authorization"))
		return err_set(e, ERR_SPEC,
			       "http.check: `%s` and a header Authorization are both given: only "
			       "one of them can be sent",
			       bearer ? "bearer" : "user");
	c->user = user;
	c->has_bearer = bearer != NULL;
	c->password = user ? step_optional(from, "password") : NULL;
	if (c->password)
		keep_secret(ctx, "password", c->password);
	return bearer ? set_bearer(c, ctx, bearer, e) : 0;
}

/* The user and password in "scheme://user:password@host" are as good as fields of these names. */
static void
keep_url_secret(struct step_context *ctx, const char *url)
{
	const char *authority = url ? strstr(url, "://") : NULL, *at, *colon;
	size_t len = authority ? strcspn(authority + 3, "/?#") : 0;

	at = authority ? memrchr(authority + 3, '@', len) : NULL;
	colon = at ? memchr(authority + 3, ':', (size_t)(at - authority - 3)) : NULL;
	if (!colon)
		return;
	char *password = xstrndup(colon + 1, (size_t)(at - colon - 1));
	keep_secret(ctx, "password", password);
	explicit_bzero(password, strlen(password));
	free(password);
}

static const char *
content_type(const struct http_check *c)
{
	if (json_at(c->action->with, "json") && !cJSON_IsNull(json_at(c->action->with, "json")))
		return "application/json";
	return c->body_file ? "application/octet-stream" : "text/plain; charset=utf-8";
}

static void
set_identity(struct http_check *c)
{
	struct str out = STR_INIT;

	if (c->user)
		str_printf(&out, "as user %s", c->user);
	else if (c->has_bearer)
		str_append(&out, "with a bearer token");
	else if (http_check_header(c, "Authorization"))
		str_append(&out, "with a header Authorization");
	else if (strcmp(c->url, c->shown_url) != 0)
		str_append(&out, "as the user in the URL");
	else
		str_append(&out, "without user, password or token");
	if (c->cert_file)
		str_printf(&out, ", with the client certificate %s", c->cert_file);
	c->identity = str_take(&out);
}

/* A server that knows the key takes the requests that have it once, however often they come. Source:
 * draft-ietf-httpapi-idempotency-key-header. */
static bool
wants_key(const struct http_check *c, const struct step_context *ctx)
{
	return http_check_writes(c) && ctx->idempotency_key &&
	       (strcmp(c->method, "POST") == 0 || strcmp(c->method, "PATCH") == 0) &&
	       !http_check_header(c, http_key_header);
}

int
http_headers_set(struct http_check *c, struct step_context *ctx, const cJSON *spec, struct err *e)
{
	const cJSON *with = c->action->with;
	const char *but = has_credentials(with) ? "Authorization" : NULL;

	if (add_headers(c, ctx, json_at(spec, "headers"), but, e) < 0 ||
	    add_headers(c, ctx, json_at(with, "headers"), NULL, e) < 0 ||
	    set_credentials(c, ctx, spec, e) < 0)
		return -1;
	keep_url_secret(ctx, c->url);
	keep_url_secret(ctx, c->proxy);
	if (c->has_body && !http_check_header(c, "Content-Type"))
		set_header(c, "Content-Type", content_type(c));
	if (wants_key(c, ctx))
		set_header(c, http_key_header, ctx->idempotency_key);
	set_identity(c);
	return 0;
}
