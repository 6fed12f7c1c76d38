#ifndef LIFEBOAT_WORLD_STAGE_LOOK_DNS_H
#define LIFEBOAT_WORLD_STAGE_LOOK_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/str.h"
#include "world/stage/look.h"

/*
 * What the resolvers of a world remember. Each keeps an answer of the world's name server for its TTL, and one that says
 * that there is no such name not longer than no_max_ms; somebody behind it may keep an address longer. Any thread.
 */
struct dns_memory;

struct dns_memory *dns_memory_new(int64_t no_max_ms);
void dns_memory_free(struct dns_memory *memory);

/* A name that somebody wants to have resolved. In the caller's memory, its strings are the caller's. */
struct dns_wish {
	char *resolver; /* who keeps answers for their TTL: a cluster */
	char *own;	/* who keeps them for keeps_ms, whatever the TTL says; NULL: nobody */
	int64_t keeps_ms;
	char *server; /* the address of the name server; NULL: no server knows the name */
	int port;
	char *name; /* or an address, which stands for itself */
	int64_t timeout_ms;
};

void dns_wish_release(struct dns_wish *wish);
bool dns_wish_same(const struct dns_wish *a, const struct dns_wish *b);

enum { DNS_ADDRESSES_MAX = 8 };

struct dns_addresses {
	char items[DNS_ADDRESSES_MAX][INET6_ADDRSTRLEN];
	size_t count;
};

/* -1: `why` says it as Go's resolver does: "lookup tsb.example.com on 127.21.7.53:5353: no such host". */
int dns_resolve(struct dns_memory *memory, const struct dns_wish *wish, const struct cancel *cancel,
		struct dns_addresses *ret_addresses, struct str *why);
/* `own` remembers an address of the name from before. */
void dns_remember(struct dns_memory *memory, const char *own, const char *name, const char *address,
		  int64_t keeps_ms);

/* Whether a name leads to an address, or, without one, anywhere. For look_new(). */
struct look_resolve {
	struct dns_memory *memory;
	struct dns_wish wish;
	char *to; /* or NULL */
};
extern const struct look_kind look_resolve_kind;

#endif
