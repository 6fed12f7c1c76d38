#ifndef LIFEBOAT_WORLD_PART_PART_RESOLVER_H
#define LIFEBOAT_WORLD_PART_PART_RESOLVER_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "world/part/parts_internal.h"

/*
 * A caching resolver of a world, of our own: it asks the world's name servers, and keeps what they say for its TTL, as the
 * resolvers of an enterprise do, over UDP and TCP. What is in no zone of the world is REFUSED; a server that does not answer
 * is a SERVFAIL. Element of a zone's `resolvers`: {name, address, port, warm: [names that its clients keep asking for]}.
 */
struct part_resolver;

/* Any thread; the same of part_resolvers_free(), which frees all after it, too. */
int part_resolver_open(struct parts *parts, const cJSON *element, struct part_resolver **list,
		       struct err *e);
void part_resolvers_free(struct part_resolver *resolver);

#endif
