#ifndef LIFEBOAT_WORLD_PART_PART_FIREWALL_H
#define LIFEBOAT_WORLD_PART_PART_FIREWALL_H

#include <stdbool.h>

#include "base/err.h"
#include "world/part/part_door.h"
#include "world/part/part_loop.h"

/*
 * What stands between a server and those who come to it: connections go through to a port inside, with their own source
 * address; or they are refused, or nothing comes back, also on those that are open already. Any thread.
 */
struct part_firewall;

enum {
	FIREWALL_DATAGRAMS = 1 << 0, /* UDP of the same port, too */
};

/* Refuses at first. port 0: a free one. `inside` is a port of the same address. Errors: ERR_NET. */
struct part_firewall *part_firewall_new(struct part_loop *loop, const char *address, int port,
					int inside, unsigned flags, struct err *e);
/* Cuts all connections. NULL is legal. */
void part_firewall_free(struct part_firewall *fw);

int part_firewall_port(const struct part_firewall *fw);
/* See part_door_set(). Refusing cuts the connections that are open. */
void part_firewall_set(struct part_firewall *fw, enum part_door_state state, const char *excluded);
/* Cuts the connections that are open, as a router that is started anew. */
void part_firewall_cut(struct part_firewall *fw);

#endif
