#include "config.h"

#include "world/part/part_firewall.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "world/part/part_datagrams.h"

enum { PIPE_BYTES = 32768 };

/* One direction of a connection. */
struct pipe {
	char bytes[PIPE_BYTES];
	size_t at, end;
	bool ended;  /* nothing more comes in */
	bool passed; /* and the other side was told */
};

/* A connection from outside, and ours to the server. */
struct flow {
	struct part_firewall *fw;
	struct sockaddr_in from;
	struct part_watch sides[2]; /* outside, inside */
	struct pipe pipes[2];	    /* pipes[i] is what side i sends */
	bool gone[2];		    /* this side has neither direction any more */
	bool frozen;
	struct flow *next;
};

struct part_firewall {
	struct part_loop *loop;
	char *address;
	int inside;
	struct part_door *door;
	struct part_datagrams *datagrams; /* or NULL */
	struct flow *flows;
};

static void
flow_free(struct flow *f)
{
	struct flow **at = &f->fw->flows;

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	for (int i = 0; i < 2; i++) {
		part_loop_unwatch(f->fw->loop, &f->sides[i]);
		close(f->sides[i].fd);
	}
	free(f);
}

/* Ends it so that both sides see a broken connection, not an end. */
static void
flow_cut(struct flow *f)
{
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	for (int i = 0; i < 2; i++)
		setsockopt(f->sides[i].fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	flow_free(f);
}

/* Reads what fits. -1: the connection is broken. */
static int
fill(struct pipe *pipe, int fd)
{
	ssize_t got;

	if (pipe->ended || pipe->end > 0)
		return 0;
	got = recv(fd, pipe->bytes, sizeof(pipe->bytes), 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? 0 : -1;
	pipe->ended = got == 0;
	pipe->end = (size_t)got;
	return 0;
}

static int
drain(struct pipe *pipe, int fd)
{
	while (pipe->at < pipe->end) {
		ssize_t done = send(fd, pipe->bytes + pipe->at, pipe->end - pipe->at, MSG_NOSIGNAL);

		if (done < 0)
			return errno == EAGAIN || errno == EINTR || errno == ENOTCONN ? 0 : -1;
		pipe->at += (size_t)done;
	}
	pipe->at = pipe->end = 0;
	if (pipe->ended && !pipe->passed) {
		shutdown(fd, SHUT_WR);
		pipe->passed = true;
	}
	return 0;
}

/* What is to be waited for next. A side that is gone is not: poll would tell of it for ever. */
static void
flow_watch(struct flow *f)
{
	for (int i = 0; i < 2; i++) {
		const struct pipe *out = &f->pipes[i], *in = &f->pipes[1 - i];
		uint32_t events = 0;

		if (!out->ended && out->end == 0)
			events |= EPOLLIN;
		if (in->end > 0)
			events |= EPOLLOUT;
		if (f->gone[i])
			part_loop_unwatch(f->fw->loop, &f->sides[i]);
		else
			part_loop_watch(f->fw->loop, &f->sides[i], events);
	}
}

/* Moves what one side has sent. A side that is gone tells nothing more: all that is left of it is moved at once. */
static int
pump(struct flow *f, int side)
{
	struct pipe *pipe = &f->pipes[side];

	do {
		if (fill(pipe, f->sides[side].fd) < 0 || drain(pipe, f->sides[1 - side].fd) < 0)
			return -1;
	} while (f->gone[side] && !pipe->ended && pipe->end == 0);
	return 0;
}

static void
flow_move(struct flow *f)
{
	if (pump(f, 0) < 0 || pump(f, 1) < 0)
		flow_cut(f);
	else if ((f->pipes[0].passed && f->pipes[1].passed) || (f->gone[0] && f->pipes[0].passed) ||
		 (f->gone[1] && f->pipes[1].passed))
		flow_free(f);
	else
		flow_watch(f);
}

static void
side_ready(struct flow *f, int side, uint32_t events)
{
	if (events & EPOLLHUP)
		f->gone[side] = true;
	flow_move(f);
}

static void
outside_ready(void *data, uint32_t events)
{
	side_ready(data, 0, events);
}

static void
inside_ready(void *data, uint32_t events)
{
	side_ready(data, 1, events);
}

/* The server sees who it is that comes: addresses of loopback are all ours to come from. */
static int
connect_inside(const struct part_firewall *fw, const struct sockaddr_in *from)
{
	struct sockaddr_in to, source = *from;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	source.sin_port = 0;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (fd >= 0 && part_sockaddr(fw->address, fw->inside, &to) &&
	    bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == EINPROGRESS))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
take(void *data, int fd, const struct sockaddr_in *from)
{
	struct part_firewall *fw = data;
	int inside = connect_inside(fw, from);
	struct flow *f;

	if (inside < 0) {
		close(fd);
		return;
	}
	f = xcalloc(1, sizeof(*f));
	f->fw = fw;
	f->from = *from;
	f->sides[0] = (struct part_watch){ .fd = fd, .ready = outside_ready, .data = f };
	f->sides[1] = (struct part_watch){ .fd = inside, .ready = inside_ready, .data = f };
	f->next = fw->flows;
	fw->flows = f;
	/* Writable once it is connected; before, it would be told as hung up. */
	part_loop_watch(fw->loop, &f->sides[1], EPOLLOUT);
}

static void
cut_all(void *data)
{
	struct part_firewall *fw = data;

	while (fw->flows)
		flow_cut(fw->flows);
}

/* --- from any thread -------------------------------------------------------------------------------- */

struct setting {
	struct part_firewall *fw;
	enum part_door_state state;
	const char *excluded;
};

static void
freeze(struct flow *f, bool frozen)
{
	if (f->frozen == frozen)
		return;
	f->frozen = frozen;
	for (int i = 0; frozen && i < 2; i++)
		part_loop_unwatch(f->fw->loop, &f->sides[i]);
	if (!frozen)
		flow_watch(f);
}

static void
set(void *data)
{
	const struct setting *s = data;
	struct part_firewall *fw = s->fw;

	part_door_set(fw->door, s->state, s->excluded);
	if (fw->datagrams)
		part_datagrams_set(fw->datagrams, s->state);
	if (s->state == DOOR_REFUSES)
		cut_all(fw);
	for (struct flow *f = fw->flows; f; f = f->next)
		freeze(f, part_door_for(fw->door, &f->from) == DOOR_SILENT);
}

void
part_firewall_set(struct part_firewall *fw, enum part_door_state state, const char *excluded)
{
	struct setting s = { fw, state, excluded };

	part_loop_call(fw->loop, set, &s);
}

void
part_firewall_cut(struct part_firewall *fw)
{
	part_loop_call(fw->loop, cut_all, fw);
}

struct part_firewall *
part_firewall_new(struct part_loop *loop, const char *address, int port, int inside, unsigned flags,
		  struct err *e)
{
	struct part_firewall *fw = xcalloc(1, sizeof(*fw));

	fw->loop = loop;
	fw->address = xstrdup(address);
	fw->inside = inside;
	fw->door = part_door_new(loop, address, port, take, fw, e);
	if (fw->door && (flags & FIREWALL_DATAGRAMS))
		fw->datagrams =
			part_datagrams_new(loop, address, part_door_port(fw->door), inside, e);
	if (fw->door && (fw->datagrams || !(flags & FIREWALL_DATAGRAMS)))
		return fw;
	part_firewall_free(fw);
	return NULL;
}

int
part_firewall_port(const struct part_firewall *fw)
{
	return part_door_port(fw->door);
}

static void
close_it(void *data)
{
	struct part_firewall *fw = data;

	cut_all(fw);
	part_door_free(fw->door);
	part_datagrams_free(fw->datagrams);
}

void
part_firewall_free(struct part_firewall *fw)
{
	if (!fw)
		return;
	part_loop_call(fw->loop, close_it, fw);
	free(fw->address);
	free(fw);
}
