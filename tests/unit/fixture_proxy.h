#ifndef LIFEBOAT_TESTS_FIXTURE_PROXY_H
#define LIFEBOAT_TESTS_FIXTURE_PROXY_H

/* An HTTP proxy on loopback: tunnels by CONNECT, with or without a password, or refuses. After http_server.h. */

#include <netdb.h>

struct fixture_proxy {
	struct http_server *server;
	const char *authorization; /* "Basic …" that is wanted, or NULL */
	bool refuses;		   /* 403 for every tunnel */
	int lead_to;		   /* this port of 127.0.0.1, whatever is asked for */
	atomic_int tunnels;
};

/* Carries bytes both ways until one side has no more. */
static inline void
proxy_relay(int one, int other)
{
	struct pollfd pfds[2] = { { .fd = one, .events = POLLIN },
				  { .fd = other, .events = POLLIN } };
	char bytes[16384];

	while (poll(pfds, 2, 30000) > 0) {
		for (int i = 0; i < 2; i++) {
			ssize_t n = pfds[i].revents ? read(pfds[i].fd, bytes, sizeof(bytes)) : -2;

			if (n == -2)
				continue;
			if (n <= 0 || send(pfds[1 - i].fd, bytes, (size_t)n, MSG_NOSIGNAL) != n)
				return;
		}
	}
}

static inline bool
proxy_answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct fixture_proxy *p = data;
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)p->lead_to),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char line[256];

	snprintf(line, sizeof(line), "Proxy-Authorization: %s",
		 p->authorization ? p->authorization : "");
	if (p->authorization && !server_has_header(r, line))
		return server_reply(c, 407, "text/plain",
				    "Proxy-Authenticate: Basic realm=\"p\"\r\n", "who are you?");
	if (p->refuses)
		return server_reply(c, 403, "text/plain", "", "not allowed");
	if (strcmp(r->method, "CONNECT") != 0)
		return server_reply(c, 200, "text/plain", "", "by the proxy");
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	    server_print(c, "HTTP/1.1 200 Connected\r\n\r\n")) {
		atomic_fetch_add(&p->tunnels, 1);
		proxy_relay(c->fd, fd);
	}
	close(fd);
	return false;
}

static inline void
proxy_start(struct fixture_proxy *p, int lead_to)
{
	*p = (struct fixture_proxy){ .lead_to = lead_to };
	p->server = server_start(proxy_answer, p, NULL);
}

#endif
