#include "config.h"

#include "world/stage/look_dial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "fixture_tls.h"

static struct family family;
static char *root_pem, *namesake_pem;

static int
make_family(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* of the servers of the tests */
	family_init(&family);
	root_pem = links_pem(LINKS(&family.root));
	namesake_pem = links_pem(LINKS(&family.namesake));
	return 0;
}

static int
release_family(void **state)
{
	(void)state;
	family_release(&family);
	free(root_pem);
	free(namesake_pem);
	return 0;
}

/* What a dial to 127.0.0.1, which `name` stands for, sees. */
static struct look_answer
dial(const char *name, int port, char *pem, char *to)
{
	struct look_dial ask = { .memory = dns_memory_new(30000),
				 .wish = { .resolver = xstrdup("app-1"),
					   .own = xstrdup("me"),
					   .keeps_ms = 60000,
					   .name = xstrdup(name) },
				 .port = port,
				 .to = to,
				 .authorities = pem,
				 .timeout_ms = 1000 };
	struct look_answer answer = { 0 };

	dns_remember(ask.memory, "me", name, "127.0.0.1", 60000);
	look_dial_kind.run(&ask, NULL, &answer);
	dns_wish_release(&ask.wish);
	dns_memory_free(ask.memory);
	return answer;
}

/* `words` are what is seen, %P standing for the place. */
static void
check(struct look_answer answer, bool holds, int port, const char *words)
{
	char place[32];
	struct str wanted = STR_INIT;

	snprintf(place, sizeof(place), "127.0.0.1:%d", port);
	for (; *words; words++) {
		if (words[0] == '%' && words[1] == 'P') {
			str_append(&wanted, place);
			words++;
		} else {
			str_append_char(&wanted, *words);
		}
	}
	if (!strstr(answer.seen, str_cstr(&wanted)))
		fail_msg("\"%s\" is not in \"%s\"", str_cstr(&wanted), answer.seen);
	assert_int_equal(answer.holds, holds);
	str_release(&wanted);
	look_answer_release(&answer);
}

static struct tls_server *
serve(enum tls_manner manner)
{
	return tls_server_new(manner, LINKS(&family.server, &family.intermediate), &family.root);
}

static void
dial_right_authority_and_name_holds(void **state)
{
	struct tls_server *s = serve(TLS_SERVES);
	char here[] = "127.0.0.1", there[] = "127.0.0.2";
	struct look_answer answer;

	(void)state;
	check(dial("tsb.example.com", s->port, root_pem, NULL), true, s->port,
	      "connected to 127.0.0.1");
	assert_string_equal(s->asked_for, "tsb.example.com");
	check(dial("tsb.example.com", s->port, root_pem, here), true, s->port, "connected");
	answer = dial("tsb.example.com", s->port, root_pem, there);
	assert_string_equal(answer.value->valuestring, "127.0.0.1");
	check(answer, false, s->port, "connected to 127.0.0.1");
	check(dial("127.0.0.1", s->port, root_pem, NULL), true, s->port, "connected");
	tls_server_free(s);
}

static void
dial_wrong_authority_or_name_is_seen(void **state)
{
	struct tls_server *s = serve(TLS_SERVES);
	char nonsense[] = "no certificate";

	(void)state;
	check(dial("tsb.example.com", s->port, namesake_pem, NULL), false, s->port,
	      "tls: failed to verify certificate: x509: certificate signed by unknown authority "
	      "(possibly because of \"x509: ECDSA verification failure\" while trying to verify "
	      "candidate authority certificate \"Example Root\")");
	check(dial("other.example.com", s->port, root_pem, NULL), false, s->port,
	      "x509: certificate is valid for tsb.example.com, *.tsb.example.com, localhost, "
	      "127.0.0.1, ::1, not other.example.com");
	check(dial("tsb.example.com", s->port, nonsense, NULL), false, s->port,
	      "x509: the CA bundle holds no valid certificate");
	tls_server_free(s);
}

static void
dial_certificate_without_use_is_seen(void **state)
{
	struct link old =
		link_new(&family.root, &(struct link_options){ .name = "x",
							       .alternatives = FAMILY_NAMES,
							       .from_s = -7200,
							       .until_s = -3600 });
	struct link bare =
		link_new(&family.root, &(struct link_options){ .name = "tsb.example.com" });
	struct tls_server *s = tls_server_new(TLS_SERVES, LINKS(&old), NULL);

	(void)state;
	check(dial("tsb.example.com", s->port, root_pem, NULL), false, s->port,
	      "x509: certificate has expired or is not yet valid: current time 20");
	tls_server_free(s);
	s = tls_server_new(TLS_SERVES, LINKS(&bare), NULL);
	check(dial("tsb.example.com", s->port, root_pem, NULL), false, s->port,
	      "x509: certificate is not valid for any names, but wanted to match tsb.example.com");
	tls_server_free(s);
	link_free(&old);
	link_free(&bare);
}

static void
dial_server_that_does_not_shake_hands_is_seen(void **state)
{
	static const struct {
		enum tls_manner manner;
		const char *words;
	} rows[] = {
		{ TLS_IS_SILENT, "dial tcp %P: i/o timeout" },
		{ TLS_CLOSES, "read tcp %P: EOF" },
		{ TLS_SAYS, "remote error: tls: handshake failure" },
		{ TLS_KNOWS_NO_NAME, "remote error: tls: handshake failure" },
		{ TLS_WANTS_CLIENT, "remote error: tls: certificate required" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct tls_server *s = serve(rows[i].manner);

		s->words = "HTTP/1.1 400 Bad Request\r\n\r\n";
		check(dial("tsb.example.com", s->port, root_pem, NULL), false, s->port,
		      rows[i].words);
		tls_server_free(s);
	}
}

static void
dial_without_authority_wants_the_port_alone(void **state)
{
	struct tls_server *s = serve(TLS_CLOSES);
	int port = s->port;

	(void)state;
	check(dial("tsb.example.com", port, NULL, NULL), true, port, "connected to 127.0.0.1");
	tls_server_free(s);
	check(dial("tsb.example.com", port, NULL, NULL), false, port,
	      "dial tcp %P: connect: connection refused");
}

/* Whatever a name is led to: nothing goes there. */
static void
dial_of_an_address_outside_is_silence(void **state)
{
	int64_t from_ms = clock_mono_ms();
	struct look_answer answer = dial("192.0.2.7", 443, root_pem, NULL);

	(void)state;
	assert_true(clock_mono_ms() - from_ms <
		    800); /* a real dial would take the second that it has */
	assert_string_equal(answer.seen, "dial tcp 192.0.2.7:443: i/o timeout");
	check(answer, false, 443, "i/o timeout");
	answer = dial("2001:db8::7", 443, root_pem, NULL);
	check(answer, false, 443, "dial tcp [2001:db8::7]:443: i/o timeout");
}

static void
dial_of_a_name_that_is_not_there(void **state)
{
	struct look_dial ask = { .memory = dns_memory_new(30000),
				 .wish = { .resolver = xstrdup("app-1"),
					   .name = xstrdup("none.example.com") },
				 .port = 1,
				 .timeout_ms = 1000 };
	struct look_answer answer = { 0 };

	(void)state;
	look_dial_kind.run(&ask, NULL, &answer);
	assert_string_equal(answer.seen, "dial tcp: lookup none.example.com: no such host");
	assert_false(answer.holds);
	assert_null(answer.value);
	look_answer_release(&answer);
	dns_wish_release(&ask.wish);
	dns_memory_free(ask.memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dial_right_authority_and_name_holds),
		cmocka_unit_test(dial_wrong_authority_or_name_is_seen),
		cmocka_unit_test(dial_certificate_without_use_is_seen),
		cmocka_unit_test(dial_server_that_does_not_shake_hands_is_seen),
		cmocka_unit_test(dial_without_authority_wants_the_port_alone),
		cmocka_unit_test(dial_of_an_address_outside_is_silence),
		cmocka_unit_test(dial_of_a_name_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, make_family, release_family);
}
