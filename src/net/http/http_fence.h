#ifndef LIFEBOAT_NET_HTTP_HTTP_FENCE_H
#define LIFEBOAT_NET_HTTP_HTTP_FENCE_H

#include "base/err.h"

/* libcurl in a drill (net/fence.h): whom it looks up and whom it connects to. Without a fence both do nothing. */

struct exchange;

/* Asks the world's own name servers for the host, unless it is an address or the caller has said where it is. */
int http_fence_name(struct exchange *x, struct err *e);
/* Makes libcurl ask before each connection, and keeps it from looking up anything. After its other options. */
void http_fence_set(struct exchange *x);

#endif
