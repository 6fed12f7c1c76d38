#ifndef LIFEBOAT_WORLD_STAGE_LOOK_DIAL_H
#define LIFEBOAT_WORLD_STAGE_LOOK_DIAL_H

#include <stdint.h>

#include "world/stage/look.h"
#include "world/stage/look_dns.h"

/*
 * A connection as an edge makes it: the name is resolved, the port dialled, a TLS handshake made, and the server's
 * certificate held against the authorities and the name. Nothing is sent. What is seen is in Go's words:
 * "dial tcp 127.21.7.10:9443: connect: connection refused", "x509: certificate signed by unknown authority". Only addresses of
 * loopback are dialled: whoever leads a world to others finds them silent.
 */
struct look_dial {
	struct dns_memory *memory;
	struct dns_wish wish;
	int port;
	char *to;	   /* the address that it must be, or NULL: whichever the name leads to */
	char *authorities; /* PEM; NULL: no TLS, it is enough that the port answers */
	int64_t timeout_ms;
};
/* The value of an answer is the address that was dialled. */
extern const struct look_kind look_dial_kind;

#endif
