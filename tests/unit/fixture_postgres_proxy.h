#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_PROXY_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_PROXY_H

/*
 * Stands between a client and a PostgreSQL on loopback, without TLS, and cuts the line at the worst
 * moment: once, where it sees COMMIT.
 */

#include <pthread.h>

#include "fixture_server.h"

enum postgres_cut {
	CUT_NOTHING,
	CUT_BEFORE_COMMIT, /* the server never gets it */
	CUT_BEFORE_ANSWER, /* the client never gets it */
	CUT_SILENT,	   /* nothing passes any more, and nothing is closed */
};

enum { POSTGRES_PROXY_LINES = 16 };

struct postgres_proxy {
	int fd, port;
	_Atomic int server_port; /* of the lines to come */
	int stop[2];
	_Atomic enum postgres_cut cut;
	pthread_t thread;
	struct {
		int client, server; /* -1: free */
		bool silent;
	} lines[POSTGRES_PROXY_LINES];
};

static inline void
postgres_proxy_close(struct postgres_proxy *p, size_t i)
{
	close(p->lines[i].client);
	close(p->lines[i].server);
	p->lines[i].client = p->lines[i].server = -1;
}

static inline void
postgres_proxy_accept(struct postgres_proxy *p)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)p->server_port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int client = accept4(p->fd, NULL, NULL, SOCK_CLOEXEC);
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (client < 0 || connect(server, (struct sockaddr *)&sa, sizeof(sa)) < 0) {
		close(client);
		close(server);
		return;
	}
	for (size_t i = 0; i < POSTGRES_PROXY_LINES; i++) {
		if (p->lines[i].client >= 0)
			continue;
		p->lines[i].client = client;
		p->lines[i].server = server;
		p->lines[i].silent = false;
		return;
	}
	abort();
}

/* Passes on what the client says. */
static inline void
postgres_proxy_ask(struct postgres_proxy *p, size_t i)
{
	enum postgres_cut cut = p->cut;
	char bytes[16384], answer[16384];
	ssize_t n = read(p->lines[i].client, bytes, sizeof(bytes));
	bool commits = n > 0 && cut != CUT_NOTHING && memmem(bytes, (size_t)n, "COMMIT", 6);

	if (n <= 0 || (commits && cut == CUT_BEFORE_COMMIT)) {
		postgres_proxy_close(p, i);
	} else if (commits && cut == CUT_SILENT) {
		p->lines[i].silent = true;
	} else {
		if (write(p->lines[i].server, bytes, (size_t)n) != n)
			abort();
		if (commits && read(p->lines[i].server, answer, sizeof(answer)) > 0)
			postgres_proxy_close(p, i);
	}
	if (commits)
		p->cut = CUT_NOTHING;
}

static inline void
postgres_proxy_answer(struct postgres_proxy *p, size_t i)
{
	char bytes[16384];
	ssize_t n = read(p->lines[i].server, bytes, sizeof(bytes));

	if (n <= 0 || write(p->lines[i].client, bytes, (size_t)n) != n)
		postgres_proxy_close(p, i);
}

static inline void *
postgres_proxy_main(void *data)
{
	struct postgres_proxy *p = data;

	for (;;) {
		struct pollfd fds[2 + 2 * POSTGRES_PROXY_LINES] = { { p->stop[0], POLLIN, 0 },
								    { p->fd, POLLIN, 0 } };

		for (size_t i = 0; i < POSTGRES_PROXY_LINES; i++) {
			bool silent = p->lines[i].silent;

			fds[2 + 2 * i] =
				(struct pollfd){ silent ? -1 : p->lines[i].client, POLLIN, 0 };
			fds[3 + 2 * i] =
				(struct pollfd){ silent ? -1 : p->lines[i].server, POLLIN, 0 };
		}
		poll(fds, sizeof(fds) / sizeof(fds[0]), -1);
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents)
			postgres_proxy_accept(p);
		for (size_t i = 0; i < POSTGRES_PROXY_LINES; i++) {
			if (fds[2 + 2 * i].revents)
				postgres_proxy_ask(p, i);
			else if (fds[3 + 2 * i].revents)
				postgres_proxy_answer(p, i);
		}
	}
}

static inline void
postgres_proxy_start(struct postgres_proxy *p, int server_port)
{
	*p = (struct postgres_proxy){ .fd = fixture_bind(SOCK_STREAM, 0),
				      .server_port = server_port };
	for (size_t i = 0; i < POSTGRES_PROXY_LINES; i++)
		p->lines[i].client = p->lines[i].server = -1;
	p->port = fixture_port_of(p->fd);
	if (listen(p->fd, 16) < 0 || pipe2(p->stop, O_CLOEXEC) < 0 ||
	    pthread_create(&p->thread, NULL, postgres_proxy_main, p) != 0)
		abort();
}

static inline void
postgres_proxy_stop(struct postgres_proxy *p)
{
	close(p->stop[1]);
	pthread_join(p->thread, NULL);
	for (size_t i = 0; i < POSTGRES_PROXY_LINES; i++)
		if (p->lines[i].client >= 0)
			postgres_proxy_close(p, i);
	close(p->stop[0]);
	close(p->fd);
}

#endif
