#ifndef LIFEBOAT_NET_SOCKET_ADDRESS_H
#define LIFEBOAT_NET_SOCKET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/cancel.h"
#include "base/err.h"

/* One socket address. Plain data. */
struct address {
	struct sockaddr_storage sa;
	socklen_t len;
};

enum { ADDRESS_MAX = 16 }; /* of one name: more are left out */

struct address_list {
	struct address items[ADDRESS_MAX];
	size_t count;
};

/*
 * The addresses of a host, numeric or a name, for datagram and stream sockets alike. A name is looked
 * up by getaddrinfo(3), which cannot be interrupted, in a thread of its own that is left behind when the
 * deadline or a cancel comes first. Errors: ERR_NET (no such name), ERR_TIMEOUT, ERR_CANCELLED.
 */
int address_lookup(const char *host, int port, int64_t deadline_ms, const struct cancel *cancel,
		   struct address_list *ret_list, struct err *e);

/* Whether a text is an IPv4 or IPv6 address, without brackets. */
bool address_is_numeric(const char *text);

/* address_lookup() of a numeric address alone, at once. -1: it is none. */
int address_parse(const char *host, int port, struct address_list *ret_list);

/* "2001:db8::53", and "10.0.0.53:53", "[2001:db8::53]:53". The caller frees. */
char *address_host(const struct address *address);
char *address_format(const struct address *address);

#endif
