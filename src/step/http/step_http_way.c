#include "config.h"

#include "step/http/step_http_way.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/http/http_proxy.h"
#include "net/http/http_url.h"

static bool
is_address(const char *text)
{
	struct in6_addr ignored;

	return text[0] == '[' || inet_pton(AF_INET, text, &ignored) == 1 ||
	       inet_pton(AF_INET6, text, &ignored) == 1;
}

/* An address as it stands before a port. The caller frees. */
static char *
bracketed(const char *address)
{
	bool is_bare_v6 = strchr(address, ':') && *address != '[';

	return xasprintf("%s%s%s", is_bare_v6 ? "[" : "", address, is_bare_v6 ? "]" : "");
}

/* An address alone counts for every port of the host: a redirect from http to https stays with it. */
static int
lead_host(struct http_check *c, const char *url, const char *address, struct err *e)
{
	struct http_url parsed;

	if (!http_url_init(&parsed, url))
		return err_set(e, ERR_SPEC, "http.check: `resolve` is given, and \"%s\" is no URL",
			       url);
	char *to = bracketed(address);
	step_texts_push(&c->connect_to, xasprintf("%s::%s:", parsed.host, to));
	step_texts_push(&c->ways,
			xasprintf("%s in place of what DNS says of %s", address, parsed.host));
	free(to);
	http_url_release(&parsed);
	return 0;
}

/* Whether a text is host:port:address, as libcurl takes it. */
static bool
is_entry(const char *text)
{
	const char *colon = strchr(text, ':'), *second = colon ? strchr(colon + 1, ':') : NULL;

	return second && colon != text && second[1] &&
	       strspn(colon + 1, "0123456789") == (size_t)(second - colon - 1) &&
	       second != colon + 1;
}

/* `url` is the one that an address alone is about. */
static int
add_resolve(struct http_check *c, const char *url, const char *text, struct err *e)
{
	if (!*text)
		return 0; /* a parameter that was left empty */
	if (is_address(text))
		return lead_host(c, url, text, e);
	if (!is_entry(text))
		return err_set(e, ERR_SPEC,
			       "http.check: `resolve` is \"%s\", and the URL %s: an address is "
			       "wanted, or host:port:address",
			       text, c->shown_url);
	step_texts_push(&c->resolve, xstrdup(text));
	step_texts_push(&c->ways, xstrdup(text));
	return 0;
}

static int
set_resolve(struct http_check *c, const cJSON *spec, struct err *e)
{
	const char *own = step_optional(c->action->with, "resolve");
	struct step_texts texts = { 0 };
	int rc = 0;

	if (own)
		return add_resolve(c, c->url, own, e);
	step_texts_load(&texts, json_at(spec, "resolve"));
	for (size_t i = 0; i < texts.count && rc == 0; i++)
		rc = add_resolve(c, json_string(spec, "url", ""), texts.items[i], e);
	step_texts_release(&texts);
	return rc;
}

/* A proxy looks names up itself: it must be asked for the address in place of the name. */
static void
lead_through_proxy(struct http_check *c)
{
	for (size_t i = 0; i < c->resolve.count; i++) {
		const char *entry = c->resolve.items[i];
		const char *port = strchr(entry, ':') + 1, *address = strchr(port, ':') + 1;
		char *first = xstrndup(address, strcspn(address, ","));
		char *to = bracketed(first);

		step_texts_push(&c->connect_to,
				xasprintf("%.*s:%s:%.*s", (int)(address - 1 - entry), entry, to,
					  (int)(address - 1 - port), port));
		free(to);
		free(first);
	}
	step_texts_release(&c->resolve);
}

static bool
is_proxy_url(const char *text)
{
	static const char *const schemes[] = { "http://",   "https://",	  "socks4://", "socks4a://",
					       "socks5://", "socks5h://", NULL };

	for (size_t i = 0; schemes[i]; i++)
		if (str_starts_with(text, schemes[i]))
			return true;
	return false;
}

static int
set_proxy(struct http_check *c, const cJSON *spec, struct err *e)
{
	const char *given = step_optional(c->action->with, "proxy"), *why = NULL;

	if (!given)
		given = step_optional(spec, "proxy");
	c->has_own_proxy = given != NULL;
	if (!given) {
		c->proxy = http_proxy_of_environment(c->url, &why);
		c->proxy_why = xstrdup(why);
	} else {
		c->proxy = xstrdup(strcmp(given, "none") == 0 ? "" : given);
		c->proxy_why = xstrdup("`proxy`");
	}
	if (given && *c->proxy && !is_proxy_url(c->proxy))
		return err_set(e, ERR_SPEC,
			       "http.check: `proxy` is \"%s\": none is wanted, or a URL such as "
			       "http://proxy.example.com:3128 or socks5h://…",
			       c->proxy);
	return 0;
}

int
http_way_set(struct http_check *c, const cJSON *spec, struct err *e)
{
	if (set_resolve(c, spec, e) < 0 || set_proxy(c, spec, e) < 0)
		return -1;
	if (*c->proxy)
		lead_through_proxy(c);
	return 0;
}
