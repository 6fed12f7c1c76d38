#ifndef LIFEBOAT_NET_FENCE_FENCE_RESOLVE_H
#define LIFEBOAT_NET_FENCE_FENCE_RESOLVE_H

#include "net/socket/address.h"

/*
 * Names in a drill: asked of the world's own name servers and of nobody else. In the order in which they were given, the first
 * that knows the name decides.
 */

/* "127.21.7.53:5353"; once, with fence_set(). Copied. */
void fence_add_resolver(const char *place);

/* The IPv4 addresses of a host. Errors: ERR_NET (nobody knows it), ERR_DENIED (the world has no name server), those of dns_ask(). */
int fence_resolve(const char *host, int port, int64_t deadline_ms, const struct cancel *cancel,
		  struct address_list *ret_list, struct err *e);

#endif
