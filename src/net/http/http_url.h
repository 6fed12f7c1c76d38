#ifndef LIFEBOAT_NET_HTTP_HTTP_URL_H
#define LIFEBOAT_NET_HTTP_HTTP_URL_H

#include <stdbool.h>

/* The parts of a URL, as libcurl reads it. In the caller's memory. */
struct http_url {
	char *scheme; /* "https" */
	char *host;   /* an IPv6 address in its brackets */
	char *port;   /* the scheme's own where the URL has none; NULL for schemes that have none */
	char *path;   /* "/" at least */
};

/* False: the text is no URL with a scheme and a host, and nothing is to be released. */
bool http_url_init(struct http_url *u, const char *url);
void http_url_release(struct http_url *u);

/* Whether two URLs have the same host; scheme, host and port. */
bool http_url_same_host(const struct http_url *a, const struct http_url *b);
bool http_url_same_origin(const struct http_url *a, const struct http_url *b);

/* Whether the host is an address and no name. */
bool http_url_is_address(const struct http_url *u);

/* A copy of a URL without the user and password that it may carry: what people are shown. */
char *http_shown_url(const char *url);

#endif
