#ifndef LIFEBOAT_WORLD_PART_PART_DATAGRAMS_H
#define LIFEBOAT_WORLD_PART_PART_DATAGRAMS_H

#include "base/err.h"
#include "world/part/part_door.h"
#include "world/part/part_loop.h"

/*
 * The way of datagrams to a server inside and of its answers back, which can be shut. The loop's thread only, but for
 * part_datagrams_new().
 */
struct part_datagrams;

/* Refuses at first. `inside` is a port of the same address. Errors: ERR_NET. */
struct part_datagrams *part_datagrams_new(struct part_loop *loop, const char *address, int port,
					  int inside, struct err *e);
void part_datagrams_free(struct part_datagrams *d); /* NULL is legal */
void part_datagrams_set(struct part_datagrams *d, enum part_door_state state);

/*
 * Makes a bound UDP socket refuse what comes (senders get an ICMP error), or take it; the port stays ours.
 */
void part_udp_refuse(int fd, bool refuse);

#endif
