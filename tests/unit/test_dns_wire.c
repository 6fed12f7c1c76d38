#include "config.h"

#include "net/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_named.h"
#include "fixture_responder.h"
#include "net/socket/address.h"

/* Answers that are wrong, late, cut off or malicious. */

static const unsigned char address_1[] = { 192, 0, 2, 1 }, address_66[] = { 192, 0, 2, 66 };

static int
ask_port(int port, const char *type, int64_t timeout_ms, struct dns_answer *ret_answer,
	 struct err *e)
{
	struct dns_server server = { "127.0.0.1", port };

	*ret_answer = (struct dns_answer){ 0 };
	*e = (struct err)ERR_INIT;
	return dns_query(&server, "aa.example.test", type, true, timeout_ms, 1, NULL, ret_answer,
			 e);
}

/* A right answer with a wrong value, spoilt in one way after the other; at last the right one. */
static void
forge(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char bad[512], good[512];
	size_t bad_len = responder_add(bad, responder_reply(query, 0, bad), 1, 60, address_66, 4);
	size_t good_len = responder_add(good, responder_reply(query, 0, good), 1, 60, address_1, 4);
	size_t end = responder_question_end(query);

	responder_send_as_another(r, bad, bad_len);
	responder_send(r, bad, 3);
	responder_send(r, query, len);
	bad[0] ^= 0x55; /* the ID */
	responder_send(r, bad, bad_len);
	bad[0] ^= 0x55;
	bad[13] ^= 0x01; /* a letter of the name */
	responder_send(r, bad, bad_len);
	bad[13] ^= 0x01;
	bad[end - 3] = 28; /* the type */
	responder_send(r, bad, bad_len);
	bad[end - 3] = 1;
	bad[end - 1] = 3; /* the class */
	responder_send(r, bad, bad_len);
	bad[end - 1] = 1;
	bad[5] = 0; /* no question, and yet no error */
	responder_send(r, bad, bad_len);
	good[13] ^= 0x20; /* the case of a letter means nothing */
	responder_send(r, good, good_len);
}

static void
dns_query_forged_answers_are_passed_over(void **state)
{
	struct dns_answer answer;
	struct responder r;
	struct err e;

	(void)state;
	responder_start(&r, forge, NULL, false);
	assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.values[0], "192.0.2.1");
	assert_int_equal(atomic_load(&r.asked), 1);
	dns_answer_release(&answer);
	responder_stop(&r);
}

/* Types 65 and 97 differ as an upper and a lower case letter do. */
static void
answer_other_type(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	size_t reply_len = responder_reply(query, 3, reply);
	size_t end = responder_question_end(query);

	(void)len;
	reply[end - 3] ^= 0x20;
	responder_send(r, reply, reply_len);
	reply[end - 3] ^= 0x20;
	reply[3] = 0;
	responder_send(r, reply, reply_len);
}

static void
dns_query_answer_to_another_type_is_passed_over(void **state)
{
	struct dns_answer answer;
	struct responder r;
	struct err e;

	(void)state;
	responder_start(&r, answer_other_type, NULL, false);
	assert_int_equal(ask_port(r.port, "HTTPS", 3000, &answer, &e), 0);
	assert_string_equal(answer.rcode, "NOERROR");
	dns_answer_release(&answer);
	responder_stop(&r);
}

/* `data` is the byte string that stands where the answer's records should. */
struct garbage {
	const char *bytes;
	size_t len;
};

static void
answer_garbage(struct responder *r, const unsigned char *query, size_t len)
{
	const struct garbage *garbage = r->data;
	unsigned char reply[512];
	size_t reply_len = responder_reply(query, 0, reply);

	(void)len;
	reply[7] = 1;
	memcpy(reply + reply_len, garbage->bytes, garbage->len);
	responder_send(r, reply, reply_len + garbage->len);
}

static void
dns_query_garbage_is_a_net_error(void **state)
{
	static const struct garbage cases[] = {
		{ "", 0 },
		{ "\xc0", 1 },
		/* a name that points to itself, and two that point to each other */
		{ "\xc0\x21\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4", 16 },
		{ "\xc0\x23\xc0\x21\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4", 18 },
		/* an address of three bytes, and one whose length leads out of the packet */
		{ "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\3\1\2\3", 15 },
		{ "\xc0\x0c\0\1\0\1\0\0\0\x3c\xff\xff\1\2\3\4", 16 },
		/* a label of a kind that does not exist */
		{ "\x80\x0c\0\1\0\1\0\0\0\x3c\0\4\1\2\3\4", 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct dns_answer answer;
		struct responder r;
		struct err e;

		responder_start(&r, answer_garbage, &cases[i], false);
		if (ask_port(r.port, "A", 2000, &answer, &e) == 0)
			fail_msg("garbage %zu was taken for an answer", i);
		assert_int_equal(e.kind, ERR_NET);
		assert_non_null(strstr(e.message, "is no valid DNS message"));
		responder_stop(&r);
	}
}

static void
answer_cut(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	size_t reply_len =
		responder_add(reply, responder_reply(query, 0, reply), 1, 60, address_1, 4);

	(void)len;
	if (r->connection < 0)
		reply[2] |= 0x02;
	if (r->connection < 0 || !r->data)
		responder_send(r, reply, reply_len);
}

static void
dns_query_truncated_answer_is_never_used(void **state)
{
	struct dns_answer answer;
	struct responder r;
	struct err e;

	(void)state;
	responder_start(&r, answer_cut, NULL, true);
	assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
	assert_true(answer.truncated);
	dns_answer_release(&answer);
	responder_stop(&r);

	responder_start(&r, answer_cut, NULL, false);
	assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "too large for UDP, and over TCP: connecting"));
	responder_stop(&r);

	responder_start(&r, answer_cut, "hangs up", true);
	assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "closed the connection without an answer"));
	responder_stop(&r);
}

static void
refuse_edns(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	size_t reply_len;

	(void)len;
	if (responder_has_edns(query)) {
		reply_len = responder_reply(query, *(const int *)r->data, reply);
		reply[5] = 0; /* as a server that could not read it */
		responder_send(r, reply, RESPONDER_HEADER);
		return;
	}
	reply_len = responder_add(reply, responder_reply(query, 0, reply), 1, 60, address_1, 4);
	responder_send(r, reply, reply_len);
}

static void
dns_query_server_without_edns_is_asked_plainly(void **state)
{
	static const int rcodes[] = { 1, 4 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dns_answer answer;
		struct responder r;
		struct err e;

		responder_start(&r, refuse_edns, &rcodes[i], false);
		assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
		assert_string_equal(answer.rcode, "NOERROR");
		assert_int_equal(answer.count, 1);
		assert_true(answer.plain);
		assert_int_equal(atomic_load(&r.asked), 2);
		dns_answer_release(&answer);
		responder_stop(&r);
	}
}

static void
answer_rcode(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];

	(void)len;
	responder_send(r, reply, responder_reply(query, *(const int *)r->data, reply));
}

static void
dns_query_errors_are_told_apart(void **state)
{
	static const struct {
		int rcode;
		const char *name;
	} cases[] = { { 2, "SERVFAIL" }, { 5, "REFUSED" }, { 9, "NOTAUTH" } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct dns_answer answer;
		struct responder r;
		struct err e;

		responder_start(&r, answer_rcode, &cases[i].rcode, false);
		assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
		assert_string_equal(answer.rcode, cases[i].name);
		assert_int_equal(answer.count, 0);
		dns_answer_release(&answer);
		responder_stop(&r);
	}
}

/* `data`: the TTL of the SOA record, and its last number. */
static void
answer_negative(struct responder *r, const unsigned char *query, size_t len)
{
	const unsigned char *numbers = r->data;
	unsigned char soa[2 + 2 + 20] = { 0xc0, 0x0c, 0xc0, 0x0c, [23] = numbers[1] };
	unsigned char reply[512];
	size_t end = responder_reply(query, 3, reply);

	(void)len;
	end = responder_add(reply, end, 6, numbers[0], soa, sizeof(soa));
	reply[7] = 0;
	reply[9] = 1; /* it stands in the authority section */
	responder_send(r, reply, end);
}

static void
dns_query_negative_ttl_is_the_lesser_of_two(void **state)
{
	static const unsigned char cases[][2] = { { 200, 100 }, { 100, 200 } };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct dns_answer answer;
		struct responder r;
		struct err e;

		responder_start(&r, answer_negative, cases[i], false);
		assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
		assert_string_equal(answer.rcode, "NXDOMAIN");
		assert_int_equal(answer.negative_ttl, 100);
		dns_answer_release(&answer);
		responder_stop(&r);
	}
}

/* Whoever floods us with nonsense gets no more of our time than a silent server. */
static void
flood(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	size_t reply_len = responder_reply(query, 0, reply);

	(void)len;
	reply[0] ^= 0x55;
	for (int i = 0; i < 2000; i++)
		responder_send(r, reply, reply_len);
}

static void
dns_query_flood_of_wrong_answers_times_out(void **state)
{
	int64_t begin_ms = clock_mono_ms();
	struct dns_answer answer;
	struct responder r;
	struct err e;

	(void)state;
	responder_start(&r, flood, NULL, false);
	assert_int_equal(ask_port(r.port, "A", 200, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin_ms, 190, 3000);
	responder_stop(&r);
}

static void
note_port(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	in_port_t *ports = (in_port_t *)(uintptr_t)r->data;

	(void)len;
	ports[atomic_load(&r->asked) - 1] = r->from.sin_port;
	responder_send(r, reply, responder_reply(query, 3, reply));
}

static void
dns_query_comes_from_another_port_each_time(void **state)
{
	in_port_t ports[8] = { 0 };
	struct dns_answer answer;
	int different = 0;
	struct responder r;
	struct err e;

	(void)state;
	responder_start(&r, note_port, ports, false);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(ask_port(r.port, "A", 3000, &answer, &e), 0);
		dns_answer_release(&answer);
		different += i > 0 && ports[i] != ports[0];
	}
	assert_true(different > 0);
	responder_stop(&r);
}

static void
dns_ask_at_goes_on_to_the_next_address(void **state)
{
	static const int rcode = 3;
	struct dns_question question = {
		.name = "a.test", .type = "A", .timeout_ms = 2000, .attempts = 1
	};
	struct address_list list = { .count = 2 }, one;
	struct dns_answer answer;
	struct err e = ERR_INIT;
	struct responder r;
	char *label;

	(void)state;
	responder_start(&r, answer_rcode, &rcode, false);
	assert_int_equal(address_parse("127.0.0.1", fixture_free_port(), &one), 0);
	list.items[0] = one.items[0];
	assert_int_equal(address_parse("127.0.0.1", r.port, &one), 0);
	list.items[1] = one.items[0];
	assert_int_equal(dns_ask_at(&list, &question, NULL, &answer, &e), 0);
	label = address_format(&list.items[1]);
	assert_string_equal(answer.server, label);
	dns_answer_release(&answer);
	free(label);
	responder_stop(&r);

	assert_int_equal(dns_ask_at(&list, &question, NULL, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	for (size_t i = 0; i < 2; i++) {
		label = address_format(&list.items[i]);
		assert_non_null(strstr(e.message, label));
		free(label);
	}
}

static void
dns_query_ipv6_server_answers(void **state)
{
	struct dns_server server = { "::1", 0 };
	struct fixture_named named = { 0 };
	struct dns_answer answer;
	struct err e = ERR_INIT;
	char *label;

	(void)state;
	if (!fixture_has_ipv6() || !fixture_named_start(&named)) {
		print_message("skipped: this machine has no ::1, or no BIND (named)\n");
		skip();
	}
	server.port = named.port;
	if (dns_query(&server, "fixed.example.test", "A", false, 3000, 2, NULL, &answer, &e) < 0)
		fail_msg("%s", e.message);
	label = xasprintf("[::1]:%d", named.port);
	assert_string_equal(answer.server, label);
	assert_string_equal(answer.values[0], "192.0.2.1");
	free(label);
	dns_answer_release(&answer);
	if (dns_query(&server, "big.example.test", "TXT", false, 3000, 2, NULL, &answer, &e) < 0)
		fail_msg("%s", e.message);
	assert_true(answer.truncated);
	assert_int_equal(answer.count, 40);
	dns_answer_release(&answer);
	fixture_named_stop(&named);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_query_forged_answers_are_passed_over),
		cmocka_unit_test(dns_query_answer_to_another_type_is_passed_over),
		cmocka_unit_test(dns_query_garbage_is_a_net_error),
		cmocka_unit_test(dns_query_truncated_answer_is_never_used),
		cmocka_unit_test(dns_query_server_without_edns_is_asked_plainly),
		cmocka_unit_test(dns_query_errors_are_told_apart),
		cmocka_unit_test(dns_query_negative_ttl_is_the_lesser_of_two),
		cmocka_unit_test(dns_query_flood_of_wrong_answers_times_out),
		cmocka_unit_test(dns_query_comes_from_another_port_each_time),
		cmocka_unit_test(dns_ask_at_goes_on_to_the_next_address),
		cmocka_unit_test(dns_query_ipv6_server_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
