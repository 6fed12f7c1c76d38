#include "config.h"

#include "world/part/part_door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

enum {
	BACKLOG = 64,
	HELD_MAX = 128, /* connections; older ones are closed */
};

/* A connection that nobody answers. */
struct held {
	struct part_door *door;
	struct part_watch watch;
	struct sockaddr_in from;
	struct held *next;
};

struct part_door {
	struct part_loop *loop;
	struct part_watch watch; /* of the listening socket */
	enum part_door_state state;
	char *excluded;
	void (*accepted)(void *data, int fd, const struct sockaddr_in *from);
	void *data;
	struct held *held; /* the newest first */
	size_t held_count;
};

bool
part_sockaddr(const char *address, int port, struct sockaddr_in *ret_sa)
{
	*ret_sa = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	return inet_pton(AF_INET, address, &ret_sa->sin_addr) == 1;
}

int
part_bind(const char *address, int port, int type, struct err *e)
{
	struct sockaddr_in sa;
	int fd, on = 1;

	if (!part_sockaddr(address, port, &sa))
		return err_set(e, ERR_SPEC, "\"%s\" is no IPv4 address", address);
	fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_errno(e, ERR_IO, "making a socket");
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	err_errno(e, ERR_NET, "listening on %s:%d", address, port);
	if (errno == EADDRINUSE)
		err_advise(e, "Another program has this port: end it, or try another seed");
	close(fd);
	return -1;
}

int
part_bound_port(int fd)
{
	struct sockaddr_in sa = { .sin_port = 0 };
	socklen_t len = sizeof(sa);

	getsockname(fd, (struct sockaddr *)&sa, &len);
	return ntohs(sa.sin_port);
}

static void
release_held(struct held *h)
{
	struct held **at = &h->door->held;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	h->door->held_count--;
	part_loop_unwatch(h->door->loop, &h->watch);
	free(h);
}

static void
held_ended(void *data, uint32_t events)
{
	struct held *h = data;

	(void)events;
	close(h->watch.fd);
	release_held(h);
}

static void
drop_oldest(struct part_door *door)
{
	struct held *last = door->held;

	while (last->next)
		last = last->next;
	held_ended(last, 0);
}

static void
hold(struct part_door *door, int fd, const struct sockaddr_in *from)
{
	struct held *h = xcalloc(1, sizeof(*h));

	if (door->held_count == HELD_MAX)
		drop_oldest(door);
	*h = (struct held){ .door = door,
			    .watch = { .fd = fd, .ready = held_ended, .data = h },
			    .from = *from,
			    .next = door->held };
	door->held = h;
	door->held_count++;
	part_loop_watch(door->loop, &h->watch, EPOLLRDHUP);
}

static void
let_in(void *data, uint32_t events)
{
	struct part_door *door = data;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd = accept4(door->watch.fd, (struct sockaddr *)&from, &len,
			 SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0)
		return;
	if (part_door_for(door, &from) == DOOR_OPEN)
		door->accepted(door->data, fd, &from);
	else
		hold(door, fd, &from);
}

struct part_door *
part_door_new(struct part_loop *loop, const char *address, int port,
	      void (*accepted)(void *data, int fd, const struct sockaddr_in *from), void *data,
	      struct err *e)
{
	struct part_door *door;
	int fd = part_bind(address, port, SOCK_STREAM, e);

	if (fd < 0)
		return NULL;
	door = xcalloc(1, sizeof(*door));
	*door = (struct part_door){ .loop = loop,
				    .watch = { .fd = fd, .ready = let_in, .data = door },
				    .accepted = accepted,
				    .data = data };
	return door;
}

int
part_door_port(const struct part_door *door)
{
	return part_bound_port(door->watch.fd);
}

enum part_door_state
part_door_for(const struct part_door *door, const struct sockaddr_in *from)
{
	char text[INET_ADDRSTRLEN] = "";

	inet_ntop(AF_INET, &from->sin_addr, text, sizeof(text));
	if (door->state == DOOR_OPEN && door->excluded && str_starts_with(text, door->excluded))
		return DOOR_SILENT;
	return door->state;
}

/* Hands on those of the held that are let in now; closes them where nobody listens. */
static void
review_held(struct part_door *door)
{
	struct held *next;

	for (struct held *h = door->held; h; h = next) {
		enum part_door_state state = part_door_for(door, &h->from);
		struct sockaddr_in from = h->from;
		int fd = h->watch.fd;

		next = h->next;
		if (state == DOOR_SILENT)
			continue;
		release_held(h);
		if (state == DOOR_OPEN)
			door->accepted(door->data, fd, &from);
		else
			close(fd);
	}
}

/*
 * A listening socket that is shut down refuses connections and keeps its port; listen(2) opens it again.
 */
void
part_door_set(struct part_door *door, enum part_door_state state, const char *excluded)
{
	bool listens = door->state != DOOR_REFUSES;

	free(door->excluded);
	door->excluded = xstrdup(excluded);
	door->state = state;
	if (state != DOOR_REFUSES && !listens) {
		if (listen(door->watch.fd, BACKLOG) < 0)
			abort(); /* the port is ours: only a lack of memory is left */
		part_loop_watch(door->loop, &door->watch, EPOLLIN);
	}
	if (state == DOOR_REFUSES && listens) {
		part_loop_unwatch(door->loop, &door->watch);
		shutdown(door->watch.fd, SHUT_RD);
	}
	review_held(door);
}

void
part_door_free(struct part_door *door)
{
	if (!door)
		return;
	part_door_set(door, DOOR_REFUSES, NULL);
	close(door->watch.fd);
	free(door->excluded);
	free(door);
}
