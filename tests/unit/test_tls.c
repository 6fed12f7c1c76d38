#include "config.h"

#include "net/tls/tls.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fixture_server.h"
#include "fixture_tls.h"
#include "net/socket/wait.h"

/* One handshake with a server of the test's. */
struct scene {
	struct tls_server *server;
	struct tls_session session;
	struct cancel *cancel;
	struct err e;
	int rc;
};

static struct family family;

static void
shake(struct scene *s, const char *host, int port, const struct tls_request *like)
{
	struct address_list list;
	struct tls_request request = *like;

	s->e = (struct err)ERR_INIT;
	assert_int_equal(address_lookup(host, port, wait_deadline(1000), NULL, &list, &s->e), 0);
	request.address = &list.items[0];
	request.cancel = s->cancel;
	if (!request.name)
		request.name = "tsb.example.com";
	if (!request.deadline_ms)
		request.deadline_ms = wait_deadline(8000);
	s->rc = tls_handshake(&request, &s->session, &s->e);
}

static void
scene_init(struct scene *s, enum tls_manner manner, const struct tls_request *like)
{
	*s = (struct scene){ .server = tls_server_new(manner,
						      LINKS(&family.server, &family.intermediate),
						      &family.root) };
	shake(s, "127.0.0.1", s->server->port, like);
}

static void
scene_release(struct scene *s)
{
	tls_server_free(s->server);
	tls_session_release(&s->session);
}

static const struct tls_request plain;

#define assert_failed(s, wanted_kind, text)                                                        \
	do {                                                                                       \
		if (!strstr((s)->e.message, text))                                                 \
			fail_msg("\"%s\" lacks \"%s\"", (s)->e.message, text);                     \
		assert_int_equal((s)->e.kind, wanted_kind);                                        \
		assert_int_equal((s)->rc, -1);                                                     \
	} while (0)

static void
tls_handshake_good_server_yields_what_it_sent(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, TLS_SERVES, &plain);
	assert_int_equal(s.rc, 0);
	assert_string_equal(s.session.version, "TLSv1.3");
	assert_non_null(s.session.cipher);
	assert_false(s.session.asked_for_client);
	assert_false(s.session.is_lenient);
	assert_int_equal(sk_X509_num(s.session.sent), 2);
	assert_int_equal(X509_cmp(sk_X509_value(s.session.sent, 0), family.server.certificate), 0);
	assert_int_equal(
		X509_cmp(sk_X509_value(s.session.sent, 1), family.intermediate.certificate), 0);
	assert_int_equal(atomic_load(&s.server->connections), 1);
	assert_string_equal(s.server->asked_for, "tsb.example.com");
	scene_release(&s);
	scene_init(&s, TLS_SERVES, &(struct tls_request){ .name = "127.0.0.1" });
	assert_int_equal(s.rc, 0);
	assert_string_equal(s.server->asked_for, "");
	scene_release(&s);
}

static void
tls_handshake_ipv6_is_as_good(void **state)
{
	struct scene s = { .server = tls_server_on("::1", 0, TLS_SERVES, LINKS(&family.server),
						   NULL) };

	(void)state;
	shake(&s, "::1", s.server->port, &plain);
	assert_int_equal(s.rc, 0);
	scene_release(&s);
}

static void
tls_handshake_wanted_client_certificate_is_told(void **state)
{
	struct link own = link_new(&family.root, &(struct link_options){ .name = "operator" }),
		    foreign = link_new(&family.namesake, &(struct link_options){ .name = "x" });
	char *certificate = links_pem(LINKS(&own)), *key = link_key_pem(&own),
	     *wrong = links_pem(LINKS(&foreign)), *wrong_key = link_key_pem(&foreign);
	static const enum tls_manner manners[] = { TLS_WANTS_CLIENT, TLS_WANTS_CLIENT_12 };
	struct scene s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		scene_init(&s, manners[i], &plain);
		assert_failed(&s, ERR_DENIED, "it wants a client certificate, and none was given");
		assert_failed(&s, ERR_DENIED,
			      "It takes those that are issued by: CN = Example Root");
		assert_true(s.session.asked_for_client);
		assert_int_equal(sk_X509_num(s.session.sent), 2);
		scene_release(&s);
		scene_init(&s, manners[i],
			   &(struct tls_request){ .client_certificate_pem = wrong,
						  .client_key_pem = wrong_key });
		assert_failed(&s, ERR_DENIED, "it refuses our client certificate (alert 48");
		scene_release(&s);
		scene_init(&s, manners[i],
			   &(struct tls_request){ .client_certificate_pem = certificate,
						  .client_key_pem = key });
		assert_int_equal(s.rc, 0);
		assert_true(s.session.asked_for_client);
		assert_false(s.session.may_refuse_client);
		scene_release(&s);
	}
	scene_init(&s, TLS_SERVES,
		   &(struct tls_request){ .client_certificate_pem = certificate,
					  .client_key_pem = wrong_key });
	assert_failed(&s, ERR_SPEC, "does not belong to the client certificate");
	scene_release(&s);
	free(certificate);
	free(key);
	free(wrong);
	free(wrong_key);
	link_free(&own);
	link_free(&foreign);
}

static void
tls_handshake_server_that_keeps_its_verdict_is_not_waited_for(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, TLS_ASKS_CLIENT, &plain);
	assert_int_equal(s.rc, 0);
	assert_true(s.session.asked_for_client);
	assert_true(s.session.may_refuse_client);
	scene_release(&s);
}

static void
tls_handshake_unknown_name_is_told(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, TLS_KNOWS_NO_NAME, &plain);
	assert_failed(&s, ERR_REMOTE, "it does not serve the name tsb.example.com (alert 112");
	scene_release(&s);
}

static void
tls_handshake_old_server_fails_and_is_looked_at(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, TLS_IS_OLD, &plain);
	assert_failed(&s, ERR_REMOTE, "(alert 70, protocol version)");
	assert_failed(&s, ERR_REMOTE, "It agrees only to TLSv1 with ");
	assert_true(s.session.is_lenient);
	assert_string_equal(s.session.version, "TLSv1");
	assert_int_equal(sk_X509_num(s.session.sent), 2);
	scene_release(&s);
}

static void
tls_handshake_other_protocol_is_quoted(void **state)
{
	static const struct {
		const char *words, *told;
	} cases[] = {
		{ "HTTP/1.1 400 Bad Request\r\n\r\n",
		  "it answered in plain HTTP (\"HTTP/1.1 400 Bad Request\")" },
		{ "<html>\n<h1>400</h1>", "it answered in plain HTTP (\"<html>\")" },
		{ "SSH-2.0-OpenSSH_9.2\r\n",
		  "it answered \"SSH-2.0-OpenSSH_9.2\", which is no TLS" },
		{ "220 \x1b[2Jmail\r\n", "it answered \"220 ^[[2Jmail\", which is no TLS" },
		{ "x", "it answered \"x\", which is no TLS" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene s = { .server =
					   tls_server_new(TLS_SAYS, LINKS(&family.server), NULL) };

		s.server->words = cases[i].words;
		shake(&s, "127.0.0.1", s.server->port, &plain);
		assert_failed(&s, ERR_REMOTE, cases[i].told);
		assert_null(s.session.sent);
		scene_release(&s);
	}
}

static void
tls_handshake_broken_connection_is_told(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, TLS_CLOSES, &plain);
	assert_failed(&s, ERR_NET, "it closed the connection at once, without a word of TLS");
	scene_release(&s);
	scene_init(&s, TLS_RESETS, &plain);
	assert_failed(&s, ERR_NET, "it reset the connection at once");
	scene_release(&s);
	scene_init(&s, TLS_STOPS_HALFWAY, &plain);
	assert_failed(&s, ERR_NET, "it closed the connection in the middle of the handshake");
	scene_release(&s);
}

static void
tls_handshake_closed_port_is_told(void **state)
{
	struct scene s = { .server = NULL };

	(void)state;
	shake(&s, "127.0.0.1", fixture_free_port(), &plain);
	assert_failed(&s, ERR_NET, "connection refused: nobody listens on that port");
	tls_session_release(&s.session);
}

static void
tls_handshake_silence_ends_with_the_deadline(void **state)
{
	struct tls_request soon = { .deadline_ms = wait_deadline(200) };
	struct scene s;

	(void)state;
	scene_init(&s, TLS_IS_SILENT, &soon);
	assert_failed(&s, ERR_TIMEOUT, "it took the connection and then said nothing");
	scene_release(&s);
	soon.deadline_ms = wait_deadline(200);
	scene_init(&s, TLS_HANGS_HALFWAY, &soon);
	assert_failed(&s, ERR_TIMEOUT, "it fell silent in the middle of the handshake");
	scene_release(&s);
}

/* A listener whose queue is full: further connections are dropped, as a firewall does it. */
static int
deaf_port(int fds[8], int *ret_port)
{
	int fd = fixture_bind(SOCK_STREAM, 0);
	struct sockaddr_in sa = { .sin_family = AF_INET };

	if (fd < 0 || listen(fd, 0) < 0)
		abort();
	*ret_port = fixture_port_of(fd);
	sa.sin_port = htons((uint16_t)*ret_port);
	sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 8; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		(void)!connect(fds[i], (struct sockaddr *)&sa, sizeof(sa));
	}
	return fd;
}

static void *
cancel_soon(void *cancel)
{
	poll(NULL, 0, 100);
	cancel_request(cancel);
	return NULL;
}

/* True where a cancel ends it well before anything else would. */
static void
assert_cancelled(struct scene *s, int port)
{
	pthread_t thread;
	int64_t begin_ms = clock_mono_ms();

	s->cancel = cancel_new();
	pthread_create(&thread, NULL, cancel_soon, s->cancel);
	shake(s, "127.0.0.1", port, &plain);
	pthread_join(thread, NULL);
	cancel_free(s->cancel);
	s->cancel = NULL;
	assert_failed(s, ERR_CANCELLED, "cancelled");
	assert_true(clock_mono_ms() - begin_ms < 2000);
	tls_session_release(&s->session);
}

static void
tls_handshake_cancel_ends_every_phase(void **state)
{
	static const enum tls_manner manners[] = { TLS_IS_SILENT, TLS_HANGS_HALFWAY,
						   TLS_ASKS_CLIENT };
	struct scene s = { .server = NULL };
	int fds[8], port;
	int fd = deaf_port(fds, &port);

	(void)state;
	assert_cancelled(&s, port);
	close(fd);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
	for (size_t i = 0; i < 3; i++) {
		s.server = tls_server_new(manners[i], LINKS(&family.server), NULL);
		assert_cancelled(&s, s.server->port);
		tls_server_free(s.server);
	}
}

static void
tls_handshake_address_that_drops_everything_is_told(void **state)
{
	struct tls_request soon = { .deadline_ms = wait_deadline(200) };
	struct scene s = { .server = NULL };
	int fds[8], port;
	int fd = deaf_port(fds, &port);

	(void)state;
	shake(&s, "127.0.0.1", port, &soon);
	assert_failed(&s, ERR_TIMEOUT, "no connection: the address does not answer at all");
	close(fd);
	for (int i = 0; i < 8; i++)
		close(fds[i]);
}

static void
tls_handshake_postgresql_answers_are_told(void **state)
{
	static const struct {
		const char *words, *told;
	} cases[] = {
		{ "N", "PostgreSQL answers N to the request for TLS: it has none" },
		{ "E\n", "PostgreSQL answers the request for TLS with an error" },
		{ "HTTP/1.0 400 Bad\r\n", "with \"HTTP/1.0 400 Bad\": that is no PostgreSQL" },
	};
	struct tls_request request = { .start = TLS_START_POSTGRESQL };
	struct scene s;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = (struct scene){ .server =
					    tls_server_new(TLS_SAYS, LINKS(&family.server), NULL) };
		s.server->words = cases[i].words;
		shake(&s, "127.0.0.1", s.server->port, &request);
		assert_failed(&s, ERR_REMOTE, cases[i].told);
		scene_release(&s);
	}
	scene_init(&s, TLS_CLOSES, &request);
	assert_failed(&s, ERR_NET, "it closed the connection at once");
	scene_release(&s);
}

/* What stands behind the yes in clear must not be taken for TLS. */
static void
tls_handshake_postgresql_words_in_clear_are_not_tls(void **state)
{
	struct tls_request request = { .start = TLS_START_POSTGRESQL };
	struct scene s = { .server = tls_server_new(TLS_SAYS, LINKS(&family.server), NULL) };

	(void)state;
	s.server->words = "SE: go away\n";
	shake(&s, "127.0.0.1", s.server->port, &request);
	assert_failed(&s, ERR_REMOTE, "it answered \"E: go away\", which is no TLS");
	scene_release(&s);
}

static int
make_family(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the test's own server may write to one who has gone */
	family_init(&family);
	return 0;
}

static int
free_family(void **state)
{
	(void)state;
	family_release(&family);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_handshake_good_server_yields_what_it_sent),
		cmocka_unit_test(tls_handshake_ipv6_is_as_good),
		cmocka_unit_test(tls_handshake_wanted_client_certificate_is_told),
		cmocka_unit_test(tls_handshake_server_that_keeps_its_verdict_is_not_waited_for),
		cmocka_unit_test(tls_handshake_unknown_name_is_told),
		cmocka_unit_test(tls_handshake_old_server_fails_and_is_looked_at),
		cmocka_unit_test(tls_handshake_other_protocol_is_quoted),
		cmocka_unit_test(tls_handshake_broken_connection_is_told),
		cmocka_unit_test(tls_handshake_closed_port_is_told),
		cmocka_unit_test(tls_handshake_silence_ends_with_the_deadline),
		cmocka_unit_test(tls_handshake_cancel_ends_every_phase),
		cmocka_unit_test(tls_handshake_address_that_drops_everything_is_told),
		cmocka_unit_test(tls_handshake_postgresql_answers_are_told),
		cmocka_unit_test(tls_handshake_postgresql_words_in_clear_are_not_tls),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
