#include "config.h"

#include "world/part/part_firewall.h"

#include <errno.h>

#include "fixture_parts.h"

/* A firewall between a client and a server that both are here. */

enum { MUCH = 60000 }; /* more than is read at once, less than a socket takes */

static struct part_loop *loop;
static char address[32];
static int server_fd, inside; /* a server that listens */

static int
begin(void **state)
{
	unsigned pid = (unsigned)getpid();
	struct err e = ERR_INIT;

	(void)state;
	snprintf(address, sizeof(address), "127.%u.%u.9", 100 + pid % 100, pid / 100 % 250);
	loop = part_loop_new(&e);
	server_fd = part_bind(address, 0, SOCK_STREAM, &e);
	inside = part_bound_port(server_fd);
	return listen(server_fd, 8);
}

static int
end(void **state)
{
	(void)state;
	close(server_fd);
	part_loop_free(loop);
	return 0;
}

static struct part_firewall *
make(unsigned flags)
{
	struct err e = ERR_INIT;
	struct part_firewall *fw = part_firewall_new(loop, address, 0, inside, flags, &e);

	if (!fw)
		fail_msg("%s", e.message);
	return fw;
}

static void
limit(int fd, int ms)
{
	struct timeval wait = { ms / 1000, ms % 1000 * 1000 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
}

/* A connection from an address of the machine; -1 and errno. */
static int
dial(const struct part_firewall *fw, const char *from)
{
	struct sockaddr_in to, source;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	limit(fd, FIXTURE_WAIT_MS);
	assert_true(part_sockaddr(address, part_firewall_port(fw), &to));
	assert_true(part_sockaddr(from, 0, &source));
	if (bind(fd, (struct sockaddr *)&source, sizeof(source)) == 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0)
		return fd;
	int failure = errno;
	close(fd);
	errno = failure;
	return -1;
}

/* What came to the server; its peer's address. */
static int
serve(char ret_peer[INET_ADDRSTRLEN])
{
	struct pollfd pfd = { .fd = server_fd, .events = POLLIN };
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	int fd;

	assert_int_equal(poll(&pfd, 1, FIXTURE_WAIT_MS), 1);
	fd = accept(server_fd, (struct sockaddr *)&from, &len);
	assert_true(fd >= 0);
	limit(fd, FIXTURE_WAIT_MS);
	inet_ntop(AF_INET, &from.sin_addr, ret_peer, INET_ADDRSTRLEN);
	return fd;
}

static void
open_firewall_passes_withTheSourceAddress(void **state)
{
	struct part_firewall *fw = make(0);
	char peer[INET_ADDRSTRLEN], byte = 0;
	int client, server;

	(void)state;
	part_firewall_set(fw, DOOR_OPEN, NULL);
	client = dial(fw, "127.3.2.1");
	server = serve(peer);
	assert_string_equal(peer, "127.3.2.1");
	assert_int_equal(send(client, "a", 1, 0), 1);
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(byte, 'a');
	assert_int_equal(send(server, "b", 1, 0), 1);
	assert_int_equal(recv(client, &byte, 1, 0), 1);
	assert_int_equal(byte, 'b');
	close(server);
	assert_int_equal(recv(client, &byte, 1, 0), 0);
	close(client);
	part_firewall_free(fw);
}

/* A client that has said all, and a server that has said much and is gone: nothing of it may be lost. */
static void
open_firewall_bothHaveSaidAll_passesTheRest(void **state)
{
	struct part_firewall *fw = make(0);
	char peer[INET_ADDRSTRLEN], *bytes = calloc(1, MUCH);
	size_t got = 0;
	int client, server;
	ssize_t one;

	(void)state;
	part_firewall_set(fw, DOOR_OPEN, NULL);
	client = dial(fw, "127.0.0.1");
	server = serve(peer);
	shutdown(client, SHUT_WR);
	assert_int_equal(recv(server, bytes, MUCH, 0), 0);
	part_firewall_set(fw, DOOR_SILENT, NULL);
	assert_int_equal(send(server, bytes, MUCH, 0), MUCH);
	close(server);
	part_firewall_set(fw, DOOR_OPEN, NULL);
	while ((one = recv(client, bytes, MUCH, 0)) > 0)
		got += (size_t)one;
	assert_int_equal(one, 0);
	assert_int_equal(got, MUCH);
	close(client);
	free(bytes);
	part_firewall_free(fw);
}

static void
refusing_firewall_refusesAndCuts(void **state)
{
	struct part_firewall *fw = make(0);
	char peer[INET_ADDRSTRLEN], byte;
	int client, server;

	(void)state;
	assert_int_equal(dial(fw, "127.0.0.1"), -1);
	assert_int_equal(errno, ECONNREFUSED);
	for (int i = 0; i < 3; i++) {
		part_firewall_set(fw, DOOR_OPEN, NULL);
		client = dial(fw, "127.0.0.1");
		server = serve(peer);
		part_firewall_set(fw, DOOR_REFUSES, NULL);
		assert_int_equal(recv(client, &byte, 1, 0), -1);
		assert_int_equal(errno, ECONNRESET);
		assert_int_equal(dial(fw, "127.0.0.1"), -1);
		assert_int_equal(errno, ECONNREFUSED);
		close(client);
		close(server);
	}
	part_firewall_free(fw);
}

static void
silent_firewall_holdsAndLetsGoOn(void **state)
{
	struct part_firewall *fw = make(0);
	char peer[INET_ADDRSTRLEN], byte = 0;
	int early, late, server;

	(void)state;
	part_firewall_set(fw, DOOR_OPEN, NULL);
	early = dial(fw, "127.0.0.1");
	server = serve(peer);
	part_firewall_set(fw, DOOR_SILENT, NULL);
	late = dial(fw, "127.0.0.1");
	assert_true(late >= 0);
	assert_int_equal(send(early, "x", 1, 0), 1);
	limit(server, 200);
	assert_int_equal(recv(server, &byte, 1, 0), -1);
	limit(server, FIXTURE_WAIT_MS);
	part_firewall_set(fw, DOOR_OPEN, NULL);
	assert_int_equal(recv(server, &byte, 1, 0), 1);
	assert_int_equal(byte, 'x');
	close(serve(peer)); /* the held one */
	assert_int_equal(recv(late, &byte, 1, 0), 0);
	close(server);
	close(early);
	close(late);
	part_firewall_free(fw);
}

static void
open_firewall_excluded_isSilentForThemAlone(void **state)
{
	struct part_firewall *fw = make(0);
	char peer[INET_ADDRSTRLEN], byte;
	int excluded, other;

	(void)state;
	part_firewall_set(fw, DOOR_OPEN, "127.3.");
	excluded = dial(fw, "127.3.0.7");
	other = dial(fw, "127.0.0.1");
	close(serve(peer));
	assert_string_equal(peer, "127.0.0.1");
	assert_int_equal(recv(other, &byte, 1, 0), 0);
	limit(excluded, 200);
	assert_int_equal(recv(excluded, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	part_firewall_cut(fw);
	close(excluded);
	close(other);
	part_firewall_free(fw);
}

static void
open_firewall_noServer_cuts(void **state)
{
	struct err e = ERR_INIT;
	int unused = part_bind(address, 0, SOCK_STREAM, &e), client;
	struct part_firewall *fw =
		part_firewall_new(loop, address, 0, part_bound_port(unused), 0, &e);
	char byte;

	(void)state;
	part_firewall_set(fw, DOOR_OPEN, NULL);
	client = dial(fw, "127.0.0.1");
	assert_int_equal(recv(client, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	close(client);
	close(unused);
	part_firewall_free(fw);
}

static int
datagram_to(const struct part_firewall *fw)
{
	struct sockaddr_in to;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	part_sockaddr(address, part_firewall_port(fw), &to);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	limit(fd, 300);
	send(fd, "ask", 3, 0);
	return fd;
}

static void
datagrams_passAndReturn(void **state)
{
	struct part_firewall *fw = make(FIREWALL_DATAGRAMS);
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	struct err e = ERR_INIT;
	int server = part_bind(address, inside, SOCK_DGRAM, &e), client;
	struct pollfd pfd = { .fd = server, .events = POLLIN };
	char bytes[16];

	(void)state;
	client = datagram_to(fw);
	assert_int_equal(recv(client, bytes, sizeof(bytes), 0), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(client);
	part_firewall_set(fw, DOOR_SILENT, NULL);
	client = datagram_to(fw);
	assert_int_equal(recv(client, bytes, sizeof(bytes), 0), -1);
	assert_int_equal(errno, EAGAIN);
	close(client);
	part_firewall_set(fw, DOOR_OPEN, NULL);
	for (int i = 0; i < 100; i++) { /* more than are remembered */
		client = datagram_to(fw);
		assert_int_equal(poll(&pfd, 1, FIXTURE_WAIT_MS), 1);
		assert_int_equal(
			recvfrom(server, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &len),
			3);
		sendto(server, "answer", 6, 0, (struct sockaddr *)&from, sizeof(from));
		limit(client, FIXTURE_WAIT_MS);
		assert_int_equal(recv(client, bytes, sizeof(bytes), 0), 6);
		close(client);
	}
	close(server);
	part_firewall_free(fw);
}

/* --- the loop --------------------------------------------------------------------------------------- */

struct rings {
	struct part_timer timers[3];
	int order[3], count;
	int done_fd[2];
};

static struct rings rings;

static void
ring(void *data)
{
	rings.order[rings.count++] = (int)((struct part_timer *)data - rings.timers);
	if (rings.count == 2 && write(rings.done_fd[1], "x", 1) < 0)
		abort();
}

static void
set_timers(void *data)
{
	int64_t now_ms = clock_mono_ms();

	(void)data;
	for (int i = 0; i < 3; i++)
		rings.timers[i] = (struct part_timer){ .ring = ring, .data = &rings.timers[i] };
	part_loop_ring(loop, &rings.timers[0], now_ms + 40);
	part_loop_ring(loop, &rings.timers[1], now_ms + 20);
	part_loop_ring(loop, &rings.timers[2], now_ms + 10);
	part_loop_ring(loop, &rings.timers[0], now_ms + 5);
	part_loop_quiet(loop, &rings.timers[2]);
}

static void
loop_timers_ringInTheOrderOfTheirTimes(void **state)
{
	struct pollfd pfd;
	char byte;

	(void)state;
	assert_int_equal(pipe(rings.done_fd), 0);
	part_loop_call(loop, set_timers, NULL);
	pfd = (struct pollfd){ .fd = rings.done_fd[0], .events = POLLIN };
	assert_int_equal(poll(&pfd, 1, FIXTURE_WAIT_MS), 1);
	assert_int_equal(read(rings.done_fd[0], &byte, 1), 1);
	assert_int_equal(rings.order[0], 0);
	assert_int_equal(rings.order[1], 1);
	close(rings.done_fd[0]);
	close(rings.done_fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_firewall_passes_withTheSourceAddress),
		cmocka_unit_test(open_firewall_bothHaveSaidAll_passesTheRest),
		cmocka_unit_test(refusing_firewall_refusesAndCuts),
		cmocka_unit_test(silent_firewall_holdsAndLetsGoOn),
		cmocka_unit_test(open_firewall_excluded_isSilentForThemAlone),
		cmocka_unit_test(open_firewall_noServer_cuts),
		cmocka_unit_test(datagrams_passAndReturn),
		cmocka_unit_test(loop_timers_ringInTheOrderOfTheirTimes),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
