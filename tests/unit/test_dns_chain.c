#include "config.h"

#include "net/dns/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "fixture_responder.h"

/* CNAMEs followed by hand, and the system's resolvers. */

/* cN.test is a CNAME to c(N+1).test; from `data` on, an address. A negative number: a circle of that length. */
static void
answer_chain(struct responder *r, const unsigned char *query, size_t len)
{
	static const unsigned char address[] = { 192, 0, 2, 1 };
	int end_at = *(const int *)r->data, number = (query[14] - '0') * 10 + query[15] - '0';
	int next = end_at < 0 ? (number + 1) % -end_at : number + 1;
	unsigned char target[] = { 3,
				   'c',
				   (unsigned char)('0' + next / 10),
				   (unsigned char)('0' + next % 10),
				   4,
				   't',
				   'e',
				   's',
				   't',
				   0 };
	unsigned char reply[512];
	size_t end = responder_reply(query, 0, reply);

	(void)len;
	if (end_at >= 0 && number >= end_at)
		end = responder_add(reply, end, 1, 30, address, 4);
	else
		end = responder_add(reply, end, 5, 60 + number, target, sizeof(target));
	responder_send(r, reply, end);
}

static int
follow(int end_at, struct dns_answer *ret_answer, struct err *e)
{
	struct dns_question question = {
		.name = "c00.test", .type = "A", .timeout_ms = 2000, .attempts = 1
	};
	struct dns_server servers[2];
	struct responder r;
	int rc;

	*e = (struct err)ERR_INIT;
	responder_start(&r, answer_chain, &end_at, false);
	servers[0] = (struct dns_server){ "127.0.0.1", fixture_free_port() }; /* a dead one */
	servers[1] = (struct dns_server){ "127.0.0.1", r.port };
	assert_int_equal(dns_ask(&servers[1], &question, NULL, ret_answer, e), 0);
	assert_true(end_at == 0 || ret_answer->chain_open);
	rc = dns_follow(servers, 2, &question, NULL, ret_answer, e);
	responder_stop(&r);
	return rc;
}

static void
dns_follow_collects_every_hop(void **state)
{
	struct dns_answer answer;
	struct err e;

	(void)state;
	assert_int_equal(follow(5, &answer, &e), 0);
	assert_int_equal(answer.chain_count, 5);
	for (size_t i = 0; i < 5; i++) {
		char *owner = xasprintf("c%02zu.test.", i),
		     *target = xasprintf("c%02zu.test.", i + 1);

		assert_string_equal(answer.chain[i].owner, owner);
		assert_string_equal(answer.chain[i].target, target);
		assert_int_equal(answer.chain[i].ttl, 60 + i);
		free(owner);
		free(target);
	}
	assert_string_equal(answer.cname, "c05.test.");
	assert_string_equal(answer.values[0], "192.0.2.1");
	assert_int_equal(answer.ttl, 30);
	assert_int_equal(answer.longest_ttl, 64);
	assert_false(answer.chain_open);
	assert_non_null(answer.followed);
	dns_answer_release(&answer);
}

static void
dns_follow_without_a_chain_does_nothing(void **state)
{
	struct dns_answer answer;
	struct err e;

	(void)state;
	assert_int_equal(follow(0, &answer, &e), 0);
	assert_int_equal(answer.chain_count, 0);
	assert_null(answer.followed);
	assert_string_equal(answer.values[0], "192.0.2.1");
	dns_answer_release(&answer);
}

static void
dns_follow_circle_and_endless_chain_are_errors(void **state)
{
	struct dns_answer answer;
	struct err e;

	(void)state;
	assert_int_equal(follow(-3, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_non_null(strstr(e.message, "the CNAMEs lead in a circle (c00.test. -> c01.test. -> "
					  "c02.test. -> c00.test.)"));
	dns_answer_release(&answer);
	assert_int_equal(follow(99, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_REMOTE);
	assert_non_null(strstr(e.message, "more than 16 CNAMEs"));
	assert_int_equal(answer.chain_count, DNS_CHAIN_MAX);
	dns_answer_release(&answer);
}

static int
read_servers(const char *text, char ***ret_hosts, size_t *ret_count, struct err *e)
{
	char *folder = fixture_folder();
	char *path = fixture_write(folder, "resolv.conf", text);
	int rc;

	*e = (struct err)ERR_INIT;
	rc = dns_system_servers(path, ret_hosts, ret_count, e);
	free(path);
	fixture_remove(folder);
	return rc;
}

static void
dns_system_servers_come_in_their_order(void **state)
{
	static const char *const wanted[] = { "192.0.2.53", "2001:db8::53", "fe80::1%lo",
					      "127.0.0.53" };
	struct err e;
	char **hosts;
	size_t count;

	(void)state;
	assert_int_equal(
		read_servers(
			"# nameserver 192.0.2.1\nsearch example.com\n"
			"nameserver 192.0.2.53\n nameserver 192.0.2.2\nnameserver   2001:db8::53 \n"
			"nameserver fe80::1%lo\noptions ndots:5\n"
			"nameserver\t127.0.0.53",
			&hosts, &count, &e),
		0);
	assert_int_equal(count, 4);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(hosts[i], wanted[i]);
		free(hosts[i]);
	}
	free(hosts);
}

static void
dns_system_servers_none_is_a_clear_error(void **state)
{
	struct err e;
	char **hosts;
	size_t count;

	(void)state;
	assert_int_equal(read_servers("search example.com\n", &hosts, &count, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "has no line \"nameserver ADDRESS\""));
	assert_non_null(strstr(e.message, "Name a server to ask"));
	e = (struct err)ERR_INIT;
	assert_int_equal(dns_system_servers("/nonexistent/resolv.conf", &hosts, &count, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_non_null(strstr(e.message, "/nonexistent/resolv.conf"));
}

static void
answer_rcode(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];

	(void)len;
	responder_send(r, reply, responder_reply(query, *(const int *)r->data, reply));
}

/* The first time SERVFAIL, then what it should. */
static void
recover(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];
	int rcode = atomic_load(&r->asked) == 1 ? 2 : *(const int *)r->data;

	(void)len;
	responder_send(r, reply, responder_reply(query, rcode, reply));
}

/* One port for all: they differ by address, of which only 127.0.0.1 answers. */
static int
ask_system(const char *text, int rcode, bool recovers, struct dns_answer *ret_answer, struct err *e)
{
	struct dns_question question = { .name = "a.test",
					 .type = "A",
					 .flags = DNS_RECURSE,
					 .timeout_ms = 2000,
					 .attempts = 1 };
	char *folder = fixture_folder();
	char *path = fixture_write(folder, "resolv.conf", text);
	struct responder r;
	int rc;

	*e = (struct err)ERR_INIT;
	*ret_answer = (struct dns_answer){ 0 };
	responder_start(&r, recovers ? recover : answer_rcode, &rcode, false);
	rc = dns_ask_system(path, r.port, &question, NULL, ret_answer, e);
	responder_stop(&r);
	free(path);
	fixture_remove(folder);
	return rc;
}

static void
dns_ask_system_goes_on_to_the_next(void **state)
{
	struct dns_answer answer;
	struct err e;

	(void)state;
	assert_int_equal(
		ask_system("nameserver 127.0.0.7\nnameserver 127.0.0.1\n", 3, false, &answer, &e),
		0);
	assert_string_equal(answer.rcode, "NXDOMAIN");
	dns_answer_release(&answer);
	assert_int_equal(
		ask_system("nameserver 127.0.0.1\nnameserver 127.0.0.7\n", 2, false, &answer, &e),
		0);
	assert_string_equal(answer.rcode, "SERVFAIL");
	dns_answer_release(&answer);
	assert_int_equal(
		ask_system("nameserver 127.0.0.1\nnameserver 127.0.0.1\n", 3, true, &answer, &e),
		0);
	assert_string_equal(answer.rcode, "NXDOMAIN");
	dns_answer_release(&answer);
	assert_int_equal(
		ask_system("nameserver 127.0.0.7\nnameserver 127.0.0.8\n", 3, false, &answer, &e),
		-1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "asking 127.0.0.7 for a.test A: "));
	assert_non_null(strstr(e.message, "; asking 127.0.0.8 for a.test A: "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_follow_collects_every_hop),
		cmocka_unit_test(dns_follow_without_a_chain_does_nothing),
		cmocka_unit_test(dns_follow_circle_and_endless_chain_are_errors),
		cmocka_unit_test(dns_system_servers_come_in_their_order),
		cmocka_unit_test(dns_system_servers_none_is_a_clear_error),
		cmocka_unit_test(dns_ask_system_goes_on_to_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
