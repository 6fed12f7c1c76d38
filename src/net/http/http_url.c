#include "config.h"

#include "net/http/http_url.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "base/xalloc.h"

static char *
take_part(CURLU *parsed, CURLUPart part)
{
	char *text = NULL, *copy = NULL;

	if (curl_url_get(parsed, part, &text, CURLU_DEFAULT_PORT) == CURLUE_OK)
		copy = xstrdup(text);
	curl_free(text);
	return copy;
}

bool
http_url_init(struct http_url *u, const char *url)
{
	CURLU *parsed = curl_url();
	bool ok = parsed &&
		  curl_url_set(parsed, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;

	*u = (struct http_url){ 0 };
	if (ok) {
		u->scheme = take_part(parsed, CURLUPART_SCHEME);
		u->host = take_part(parsed, CURLUPART_HOST);
		u->port = take_part(parsed, CURLUPART_PORT);
		u->path = take_part(parsed, CURLUPART_PATH);
		ok = u->scheme && u->host && *u->host && u->path;
	}
	if (!ok)
		http_url_release(u);
	curl_url_cleanup(parsed);
	return ok;
}

void
http_url_release(struct http_url *u)
{
	free(u->scheme);
	free(u->host);
	free(u->port);
	free(u->path);
	*u = (struct http_url){ 0 };
}

bool
http_url_same_host(const struct http_url *a, const struct http_url *b)
{
	return strcasecmp(a->host, b->host) == 0;
}

bool
http_url_same_origin(const struct http_url *a, const struct http_url *b)
{
	return http_url_same_host(a, b) && strcmp(a->scheme, b->scheme) == 0 &&
	       str_equal(a->port, b->port);
}

bool
http_url_is_address(const struct http_url *u)
{
	struct in_addr ignored;

	return u->host[0] == '[' || inet_pton(AF_INET, u->host, &ignored) == 1;
}

char *
http_shown_url(const char *url)
{
	const char *authority = strstr(url, "://");

	if (!authority)
		return xstrdup(url);
	authority += 3;
	size_t len = strcspn(authority, "/?#");
	const char *at = memrchr(authority, '@', len);
	if (!at)
		return xstrdup(url);
	return xasprintf("%.*s%s", (int)(authority - url), url, at + 1);
}
