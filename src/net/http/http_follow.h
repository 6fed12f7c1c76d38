#ifndef LIFEBOAT_NET_HTTP_HTTP_FOLLOW_H
#define LIFEBOAT_NET_HTTP_HTTP_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/http/http.h"

/* One answer that was a redirect, and was followed. */
struct http_hop {
	long status;
	char *url; /* as shown to people */
	char *remote_ip;
};

/* The way that an exchange took. In the caller's memory, zeroed at first. */
struct http_trail {
	struct http_hop *hops;
	size_t count, cap;
	char *url;	     /* of the last answer, or of the one that failed */
	int64_t duration_ms; /* of everything */
	bool is_stripped;    /* credentials and headers were left behind on the way */
};

void http_trail_release(struct http_trail *trail);
/* "URL → URL → URL"; the caller frees. */
char *http_trail_text(const struct http_trail *trail);

struct http_redirects {
	int max;       /* 0: a redirect is an answer like any other */
	bool any_host; /* they may leave the host of the request's URL */
};

/*
 * http_perform() over connections of its own, and on along the redirects of a GET or HEAD. Headers, user,
 * password and client certificate go to the origin of the first URL alone: the same scheme, host and
 * port. ERR_CHECK where a redirect leaves the host or TLS, leads in a circle, or nowhere, or is one
 * too many. Where options->proxy_url is NULL, the environment is asked for each URL anew. The request's
 * timeout is that of all. *trail is filled on failure, too.
 */
int http_follow(const struct http_options *options, const struct http_request *request,
		const struct http_redirects *rules, struct http_trail *trail,
		struct http_response *ret_response, struct err *e);

#endif
