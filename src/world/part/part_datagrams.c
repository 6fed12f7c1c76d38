#include "config.h"

#include "world/part/part_datagrams.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum {
	ASKERS_MAX = 64, /* older ones are forgotten */
	ASKER_MS = 10000,
	DATAGRAM_MAX = 65535,
	DISCARD_PORT = 9,
};

/* Somebody outside, with a socket of his own to the server inside. */
struct asker {
	struct part_datagrams *d;
	struct sockaddr_in from;
	struct part_watch watch;
	int64_t used_ms;
	struct asker *next;
};

struct part_datagrams {
	struct part_loop *loop;
	struct part_watch watch;
	struct sockaddr_in inside;
	enum part_door_state state;
	struct asker *askers; /* who asked last is first */
	size_t askers_count;
	struct part_timer timer;
	char bytes[DATAGRAM_MAX];
};

static void
asker_free(struct asker *a)
{
	struct asker **at = &a->d->askers;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	a->d->askers_count--;
	part_loop_unwatch(a->d->loop, &a->watch);
	close(a->watch.fd);
	free(a);
}

static struct asker *
oldest(const struct part_datagrams *d)
{
	struct asker *a = d->askers;

	while (a && a->next)
		a = a->next;
	return a;
}

static void
forget_old(void *data)
{
	struct part_datagrams *d = data;
	struct asker *a;

	while ((a = oldest(d)) && clock_mono_ms() - a->used_ms >= ASKER_MS)
		asker_free(a);
	if (a)
		part_loop_ring(d->loop, &d->timer, a->used_ms + ASKER_MS);
}

static void
pass_back(void *data, uint32_t events)
{
	struct asker *a = data;
	ssize_t got = recv(a->watch.fd, a->d->bytes, sizeof(a->d->bytes), 0);

	(void)events;
	if (got >= 0 && a->d->state == DOOR_OPEN)
		sendto(a->d->watch.fd, a->d->bytes, (size_t)got, MSG_NOSIGNAL,
		       (const struct sockaddr *)&a->from, sizeof(a->from));
}

static int
connect_inside(const struct part_datagrams *d, const struct sockaddr_in *from)
{
	struct sockaddr_in source = *from;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	source.sin_port = 0;
	if (fd >= 0 && bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0 &&
	    connect(fd, (const struct sockaddr *)&d->inside, sizeof(d->inside)) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static struct asker *
asker_new(struct part_datagrams *d, const struct sockaddr_in *from)
{
	int fd = connect_inside(d, from);
	struct asker *a;

	if (fd < 0)
		return NULL;
	if (d->askers_count == ASKERS_MAX)
		asker_free(oldest(d));
	a = xcalloc(1, sizeof(*a));
	*a = (struct asker){ .d = d,
			     .from = *from,
			     .watch = { .fd = fd, .ready = pass_back, .data = a },
			     .next = d->askers };
	d->askers = a;
	d->askers_count++;
	part_loop_watch(d->loop, &a->watch, EPOLLIN);
	return a;
}

/* Who is known goes to the front. */
static struct asker *
asker_of(struct part_datagrams *d, const struct sockaddr_in *from)
{
	for (struct asker **at = &d->askers; *at; at = &(*at)->next) {
		struct asker *a = *at;

		if (a->from.sin_port == from->sin_port &&
		    a->from.sin_addr.s_addr == from->sin_addr.s_addr) {
			*at = a->next;
			a->next = d->askers;
			d->askers = a;
			return a;
		}
	}
	return asker_new(d, from);
}

static void
pass_in(void *data, uint32_t events)
{
	struct part_datagrams *d = data;
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t got = recvfrom(d->watch.fd, d->bytes, sizeof(d->bytes), 0, (struct sockaddr *)&from,
			       &len);
	struct asker *a;

	(void)events;
	if (got < 0 || d->state != DOOR_OPEN || !(a = asker_of(d, &from)))
		return;
	a->used_ms = clock_mono_ms();
	/* A refusal of the server inside is not told on: the next try is. */
	send(a->watch.fd, d->bytes, (size_t)got, MSG_NOSIGNAL);
	if (!d->timer.set)
		part_loop_ring(d->loop, &d->timer, a->used_ms + ASKER_MS);
}

struct part_datagrams *
part_datagrams_new(struct part_loop *loop, const char *address, int port, int inside, struct err *e)
{
	struct part_datagrams *d;
	int fd = part_bind(address, port, SOCK_DGRAM, e);

	if (fd < 0)
		return NULL;
	d = xcalloc(1, sizeof(*d));
	d->loop = loop;
	d->watch = (struct part_watch){ .fd = fd, .ready = pass_in, .data = d };
	d->timer = (struct part_timer){ .ring = forget_old, .data = d };
	part_sockaddr(address, inside, &d->inside);
	part_udp_refuse(fd, true);
	return d;
}

/* A socket that is connected takes datagrams of its peer only; this one has none that would send any. */
void
part_udp_refuse(int fd, bool refuse)
{
	struct sockaddr_in sa = { .sin_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	char waste[1];

	if (refuse) {
		getsockname(fd, (struct sockaddr *)&sa, &len);
		sa.sin_port = htons(DISCARD_PORT);
	}
	while (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) < 0 && errno == EINTR)
		;
	while (refuse && recv(fd, waste, sizeof(waste), 0) >= 0)
		;
}

void
part_datagrams_set(struct part_datagrams *d, enum part_door_state state)
{
	d->state = state;
	part_udp_refuse(d->watch.fd, state == DOOR_REFUSES);
	if (state == DOOR_REFUSES)
		part_loop_unwatch(d->loop, &d->watch);
	else
		part_loop_watch(d->loop, &d->watch, EPOLLIN);
}

void
part_datagrams_free(struct part_datagrams *d)
{
	if (!d)
		return;
	while (d->askers)
		asker_free(d->askers);
	part_loop_quiet(d->loop, &d->timer);
	part_loop_unwatch(d->loop, &d->watch);
	close(d->watch.fd);
	free(d);
}
