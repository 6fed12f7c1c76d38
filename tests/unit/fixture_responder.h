#ifndef LIFEBOAT_TESTS_FIXTURE_RESPONDER_H
#define LIFEBOAT_TESTS_FIXTURE_RESPONDER_H

/*
 * A DNS responder on loopback that answers as no honest server does: what a test's function makes of each question, by
 * UDP and, if asked for, by TCP. Its thread ends with responder_stop().
 */

#include <pthread.h>
#include <stdatomic.h>

#include "fixture_server.h"

enum { RESPONDER_MAX = 65535, RESPONDER_HEADER = 12 };

struct responder {
	void (*answer)(struct responder *r, const unsigned char *query, size_t len);
	const void *data;
	int udp, tcp; /* tcp: -1 where nobody listens */
	int port;
	atomic_int asked; /* questions so far */
	/* of the question at hand: */
	struct sockaddr_in from;
	int connection; /* -1: it came by UDP */
	int stop[2];
	pthread_t thread;
};

/* Sends bytes to whoever has asked. */
static inline void
responder_send(struct responder *r, const unsigned char *bytes, size_t len)
{
	unsigned char frame[2] = { (unsigned char)(len >> 8), (unsigned char)len };

	if (r->connection < 0)
		sendto(r->udp, bytes, len, 0, (struct sockaddr *)&r->from, sizeof(r->from));
	else if (send(r->connection, frame, 2, MSG_NOSIGNAL) == 2)
		(void)!send(r->connection, bytes, len, MSG_NOSIGNAL);
}

/* The same by UDP from another port, as somebody else would. */
static inline void
responder_send_as_another(struct responder *r, const unsigned char *bytes, size_t len)
{
	int fd = fixture_bind(SOCK_DGRAM, 0);

	sendto(fd, bytes, len, 0, (struct sockaddr *)&r->from, sizeof(r->from));
	close(fd);
}

/* Where the question of a query ends. */
static inline size_t
responder_question_end(const unsigned char *query)
{
	size_t at = RESPONDER_HEADER;

	while (query[at])
		at += query[at] + 1u;
	return at + 5;
}

/* Makes an answer without records of a query; returns its length. */
static inline size_t
responder_reply(const unsigned char *query, int rcode, unsigned char *out)
{
	size_t len = responder_question_end(query);

	memcpy(out, query, len);
	out[2] |= 0x84; /* QR, AA */
	out[3] = (unsigned char)rcode;
	memset(out + 6, 0, 6);
	return len;
}

/* Adds a record about the name that was asked for, with a TTL below 256; returns the new length. */
static inline size_t
responder_add(unsigned char *out, size_t len, int type, int ttl, const void *rdata,
	      size_t rdata_len)
{
	const unsigned char head[] = {
		0xc0, 0x0c, 0, (unsigned char)type, 0, 1,
		0,    0,    0, (unsigned char)ttl,  0, (unsigned char)rdata_len
	};

	memcpy(out + len, head, sizeof(head));
	memcpy(out + len + sizeof(head), rdata, rdata_len);
	out[7]++;
	return len + sizeof(head) + rdata_len;
}

/* The type that is asked for; types below 256 only. */
static inline int
responder_type(const unsigned char *query)
{
	return query[responder_question_end(query) - 3];
}

static inline bool
responder_has_edns(const unsigned char *query)
{
	return query[11] != 0;
}

static inline void
responder_take_udp(struct responder *r)
{
	unsigned char query[1024];
	socklen_t len = sizeof(r->from);
	ssize_t got = recvfrom(r->udp, query, sizeof(query), 0, (struct sockaddr *)&r->from, &len);

	if (got < RESPONDER_HEADER)
		return;
	atomic_fetch_add(&r->asked, 1);
	r->connection = -1;
	r->answer(r, query, (size_t)got);
}

static inline void
responder_take_tcp(struct responder *r)
{
	unsigned char query[1024];

	r->connection = accept(r->tcp, NULL, NULL);
	if (recv(r->connection, query, 2, MSG_WAITALL) == 2) {
		size_t len = (size_t)(query[0] << 8 | query[1]);

		if (len <= sizeof(query) &&
		    recv(r->connection, query, len, MSG_WAITALL) == (ssize_t)len) {
			atomic_fetch_add(&r->asked, 1);
			r->answer(r, query, len);
		}
	}
	close(r->connection);
}

static inline void *
responder_main(void *data)
{
	struct responder *r = data;
	struct pollfd fds[3] = { { r->stop[0], POLLIN, 0 },
				 { r->udp, POLLIN, 0 },
				 { r->tcp, POLLIN, 0 } };

	while (poll(fds, 3, -1) > 0 && !fds[0].revents) {
		if (fds[1].revents)
			responder_take_udp(r);
		if (fds[2].revents)
			responder_take_tcp(r);
	}
	return NULL;
}

static inline void
responder_start(struct responder *r,
		void (*answer)(struct responder *r, const unsigned char *query, size_t len),
		const void *data, bool tcp)
{
	*r = (struct responder){ .answer = answer, .data = data, .tcp = -1, .connection = -1 };
	atomic_init(&r->asked, 0);
	r->port = fixture_free_port();
	r->udp = fixture_bind(SOCK_DGRAM, r->port);
	if (tcp) {
		r->tcp = fixture_bind(SOCK_STREAM, r->port);
		listen(r->tcp, 8);
	}
	if (r->udp < 0 || pipe2(r->stop, O_CLOEXEC) < 0 ||
	    pthread_create(&r->thread, NULL, responder_main, r) != 0)
		abort();
}

static inline void
responder_stop(struct responder *r)
{
	close(r->stop[1]);
	pthread_join(r->thread, NULL);
	close(r->stop[0]);
	close(r->udp);
	if (r->tcp >= 0)
		close(r->tcp);
}

#endif
