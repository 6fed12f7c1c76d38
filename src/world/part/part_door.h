#ifndef LIFEBOAT_WORLD_PART_PART_DOOR_H
#define LIFEBOAT_WORLD_PART_PART_DOOR_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/err.h"
#include "world/part/part_loop.h"

/* Whether a port answers, as its network lets it. */
enum part_door_state {
	DOOR_REFUSES, /* nobody listens; the port stays ours */
	DOOR_OPEN,
	DOOR_SILENT, /* connections are taken and nothing is answered */
};

/* "127.21.7.50" and a port; false where that is no IPv4 address. */
bool part_sockaddr(const char *address, int port, struct sockaddr_in *ret_sa);
/* Makes a socket of `type` that is bound to it. -1: ERR_NET says who has it already. */
int part_bind(const char *address, int port, int type, struct err *e);
/* The port that a socket is bound to. */
int part_bound_port(int fd);

/*
 * A port that connections come in by, and that can be shut. What comes while it is silent is held, and goes in once it is
 * open again, as what a firewall has dropped is sent again. The loop's thread only, but for part_door_new().
 */
struct part_door;

/* Bound, and refusing. port 0: a free one. accepted() owns the descriptor, which does not block. */
struct part_door *part_door_new(struct part_loop *loop, const char *address, int port,
				void (*accepted)(void *data, int fd,
						 const struct sockaddr_in *from),
				void *data, struct err *e);
void part_door_free(struct part_door *door);
int part_door_port(const struct part_door *door);

/* For those whose address begins with `excluded` (NULL: nobody) an open door is silent. */
void part_door_set(struct part_door *door, enum part_door_state state, const char *excluded);
/* How it is for somebody. */
enum part_door_state part_door_for(const struct part_door *door, const struct sockaddr_in *from);

#endif
