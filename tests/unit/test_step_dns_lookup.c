#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_dns_world.h"
#include "fixture_executor.h"
#include "fixture_responder.h"

static struct dns_world world;

/* `more` are further fields of the target, after a comma. */
static void
with_target(struct stand *s, const char *more)
{
	if (world.missing) {
		print_message("skipped: BIND (named, dnssec-signzone) is not installed, or there "
			      "is no ::1\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"example.test\",\"server\":\"127.0.0.1\",\"port\":%d%s}",
		     world.primary.port, more);
}

/* The target with the caching resolver, and others of the caller's. */
static void
with_resolvers(struct stand *s, const char *others)
{
	char *more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"%s]", world.resolver.port, others);

	with_target(s, more);
	free(more);
}

static void
dns_lookup_server_returns_values(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"fixed.example.test\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "for fixed.example.test A");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.1");
	assert_int_equal(json_int(s.result, "ttl", -1), 120);
	assert_string_equal(json_string(s.result, "rcode", ""), "NOERROR");
	assert_true(json_bool(s.result, "agree", false));
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "chain")), 0);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "servers")), 1);
	assert_true(json_bool(s.result, "servers/0/aa", false));
	assert_says(str_cstr(&s.output), "SERVER ");
	assert_says(str_cstr(&s.output), "  NOERROR  120  ");
	assert_says(str_cstr(&s.output), "  yes  192.0.2.1\n");
	assert_null(strstr(str_cstr(&s.output), "agree"));
	free(preview);
	stand_release(&s);
}

static void
dns_lookup_all_types_are_read(void **state)
{
	static const struct {
		const char *name, *type, *value;
	} cases[] = {
		{ "dual.example.test", "AAAA", "2001:db8::1" },
		{ "alias.example.test", "CNAME", "middle.example.test." },
		{ "example.test", "NS", "ns1.example.test." },
		{ "example.test", "SOA", "ns1.example.test. root.example.test. " },
		{ "text.example.test", "TXT", "\"two words\" \"more\"" },
		{ "mail.example.test", "MX", "10 mx.example.test." },
		{ "_sip._tcp.example.test", "SRV", "1 2 5060 sip.example.test." },
	};
	struct stand s;

	(void)state;
	with_target(&s, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_lookup, "{\"name\":\"%s\",\"type\":\"%s\"}",
			     cases[i].name, cases[i].type);
		assert_ran(&s);
		assert_true(str_starts_with(json_string(s.result, "values/0", ""), cases[i].value));
	}
	stand_release(&s);
}

/* The lines of what dig says, in the order of our values. The caller frees. */
static char *
ask_dig(const char *name, const char *type)
{
	char *folder = fixture_folder(), *log = xasprintf("%s/dig", folder);
	char *port = xasprintf("%d", world.primary.port);
	const char *argv[] = {
		"sh",
		"-c",
		"dig +tcp +short +norecurse @127.0.0.1 -p \"$1\" \"$2\" \"$3\" | LC_ALL=C sort",
		"dig",
		port,
		name,
		type,
		NULL
	};
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	fixture_give(folder);
	if (!fixture_run(argv, log) || file_read(log, 65536, &text, &e) < 0)
		abort();
	free(port);
	free(log);
	fixture_remove(folder);
	return str_take(&text);
}

static void
dns_lookup_says_what_dig_says(void **state)
{
	static const struct {
		const char *name, *type;
	} cases[] = {
		{ "fixed.example.test", "A" },	   { "dual.example.test", "AAAA" },
		{ "alias.example.test", "CNAME" }, { "example.test", "NS" },
		{ "example.test", "SOA" },	   { "text.example.test", "TXT" },
		{ "mail.example.test", "MX" },	   { "_sip._tcp.example.test", "SRV" },
		{ "none.example.test", "A" },
	};
	struct stand s;

	(void)state;
	with_target(&s, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *dig = ask_dig(cases[i].name, cases[i].type);
		struct str ours = STR_INIT;
		const cJSON *value;

		stand_action(&s, &step_dns_lookup, "{\"name\":\"%s\",\"type\":\"%s\"}",
			     cases[i].name, cases[i].type);
		assert_ran(&s);
		cJSON_ArrayForEach(value, json_at(s.result, "values"))
			str_printf(&ours, "%s\n", value->valuestring);
		assert_string_equal(str_cstr(&ours), dig);
		str_release(&ours);
		free(dig);
	}
	stand_release(&s);
}

static void
dns_lookup_missing_name_is_a_result(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"none.example.test\",\"type\":\"TXT\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rcode", ""), "NXDOMAIN");
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "values")), 0);
	assert_says(str_cstr(&s.output), "  NXDOMAIN  ");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"fixed.example.test\",\"type\":\"TXT\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rcode", ""), "NOERROR");
	assert_string_equal(json_string(s.result, "servers/0/state", ""), "NODATA");
	stand_release(&s);
}

static void
dns_lookup_authoritative_servers_agree(void **state)
{
	int servers = world.has_knot ? 3 : 2;
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"authoritative\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "servers")), servers);
	char *label = xasprintf("ns2.example.test ([::1]:%d)", world.primary.port);
	assert_string_equal(json_string(s.result, "servers/1/server", ""), label);
	assert_string_equal(json_string(s.result, "servers/1/group", ""), "authoritative");
	assert_true(json_bool(s.result, "agree", false));
	assert_says(str_cstr(&s.output),
		    world.has_knot ? "All 3 servers agree.\n" : "All 2 servers agree.\n");
	free(label);
	stand_release(&s);
}

static void
dns_lookup_stale_secondary_disagrees(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	dns_world_change(&world, "change.example.test", "192.0.2.11", 300);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"change.example.test\",\"from\":\"authoritative\"}");
	assert_ran(&s);
	assert_false(json_bool(s.result, "agree", true));
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.11");
	assert_string_equal(json_string(s.result, "servers/1/values/0", ""), "192.0.2.10");
	assert_says(str_cstr(&s.output), "The servers do NOT agree.\n");
	stand_release(&s);
}

static void
assert_hop(const struct stand *s, int i, const char *name, const char *target, int ttl)
{
	const cJSON *hop = cJSON_GetArrayItem(json_at(s->result, "chain"), i);

	assert_string_equal(json_string(hop, "name", ""), name);
	assert_string_equal(json_string(hop, "target", ""), target);
	assert_int_equal(json_int(hop, "ttl", -1), ttl);
}

static void
dns_lookup_chain_names_every_hop(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"alias.example.test\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "chain")), 2);
	assert_hop(&s, 0, "alias.example.test.", "middle.example.test.", 240);
	assert_hop(&s, 1, "middle.example.test.", "fixed.example.test.", 200);
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.1");
	assert_int_equal(json_int(s.result, "ttl", -1), 120);
	assert_says(str_cstr(&s.output), "alias.example.test. CNAME middle.example.test., TTL 240");
	assert_says(str_cstr(&s.output), "middle.example.test. CNAME fixed.example.test., TTL 200");
	stand_release(&s);
}

static void
dns_lookup_chain_that_leaves_the_zone_is_followed(void **state)
{
	char *says;
	struct stand s;

	(void)state;
	with_resolvers(&s, "");
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"out.example.test\",\"from\":\"authoritative\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "chain")), 1);
	assert_hop(&s, 0, "out.example.test.", "lb.elsewhere.test.", 100);
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.200");
	assert_true(json_bool(s.result, "agree", false));
	says = xasprintf("192.0.2.200 by CNAME lb.elsewhere.test. as 127.0.0.1:%d has it",
			 world.resolver.port);
	assert_says(str_cstr(&s.output), says);
	free(says);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"lost.example.test\",\"from\":\"authoritative\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rcode", ""), "NXDOMAIN");
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "chain")), 1);
	stand_release(&s);
}

static void
dns_lookup_chain_nobody_can_follow_says_so(void **state)
{
	char *more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", fixture_free_port());
	struct stand s;

	(void)state;
	with_target(&s, more);
	stand_action(&s, &step_dns_lookup, "{\"name\":\"out.example.test\"}");
	assert_fails(&s, ERR_REMOTE, "FAILED, following the CNAME to lb.elsewhere.test.: asking");
	assert_says(str_cstr(&s.output), "out.example.test. CNAME lb.elsewhere.test., TTL 100");
	free(more);
	stand_release(&s);
}

static void
dns_lookup_circle_of_cnames_is_named(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"circle1.example.test\"}");
	assert_fails(&s, ERR_REMOTE,
		     "circle1.example.test. -> circle2.example.test. -> circle1.example.test.). "
		     "Correct one of these records");
	assert_says(str_cstr(&s.output), "  LOOP  ");
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"circle1.example.test\",\"type\":\"CNAME\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "values/0", ""), "circle2.example.test.");
	stand_release(&s);
}

static void
dns_lookup_expired_signatures_are_told_from_an_outage(void **state)
{
	struct stand s;

	(void)state;
	with_resolvers(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"www.signed.test\",\"from\":\"resolvers\"}");
	assert_fails(&s, ERR_REMOTE,
		     "SERVFAIL, the DNSSEC signatures do not validate (without validation, CD=1, "
		     "it says 192.0.2.90)");
	stand_release(&s);
}

/* The relay of a resolver whose upstream is down: SERVFAIL, whatever is asked. */
static void
answer_servfail(struct responder *r, const unsigned char *query, size_t len)
{
	unsigned char reply[512];

	(void)len;
	responder_send(r, reply, responder_reply(query, r->data ? 5 : 2, reply));
}

static void
dns_lookup_outage_and_refusal_are_named(void **state)
{
	struct responder down, closed;
	struct stand s;
	char *others;

	(void)state;
	responder_start(&down, answer_servfail, NULL, false);
	responder_start(&closed, answer_servfail, "REFUSED", false);
	others = xasprintf(",\"127.0.0.1:%d\",\"127.0.0.1:%d\"", down.port, closed.port);
	with_resolvers(&s, others);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"resolvers\"}");
	assert_ran(&s);
	assert_false(json_bool(s.result, "agree", true));
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.1");
	assert_string_equal(json_string(s.result, "servers/1/state", ""), "SERVFAIL");
	assert_says(json_string(s.result, "servers/1/error", ""), "an outage: ");
	assert_string_equal(json_string(s.result, "servers/2/state", ""), "REFUSED");
	assert_int_equal(atomic_load(&down.asked), 2);
	assert_int_equal(atomic_load(&closed.asked), 1);
	assert_says(str_cstr(&s.output), "2 of 3 servers gave no answer that counts.\n");
	free(others);
	stand_release(&s);
	responder_stop(&down);
	responder_stop(&closed);
}

/* Five silent servers cost the time of one. */
static void
dns_lookup_servers_are_asked_at_a_time(void **state)
{
	int64_t begin_ms = clock_mono_ms();
	struct str others = STR_INIT;
	struct stand s;
	int fds[5];

	(void)state;
	for (int i = 0; i < 5; i++) {
		fds[i] = fixture_bind(SOCK_DGRAM, 0);
		str_printf(&others, ",\"127.0.0.1:%d\"", fixture_port_of(fds[i]));
	}
	with_resolvers(&s, others.data);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"resolvers\"}");
	assert_ran(&s);
	assert_in_range(clock_mono_ms() - begin_ms, 3500, 9000);
	assert_string_equal(json_string(s.result, "servers/0/state", ""), "NOERROR");
	for (int i = 1; i < 6; i++) {
		const cJSON *server = cJSON_GetArrayItem(json_at(s.result, "servers"), i);

		assert_string_equal(json_string(server, "state", ""), "TIMEOUT");
		close(fds[i - 1]);
	}
	assert_says(str_cstr(&s.output), "5 of 6 servers gave no answer that counts.");
	str_release(&others);
	stand_release(&s);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 100);
	cancel_request(data);
	return NULL;
}

static void
dns_lookup_cancelled_returns_at_once(void **state)
{
	int fd = fixture_bind(SOCK_DGRAM, 0);
	char *others = xasprintf(",\"127.0.0.1:%d\"", fixture_port_of(fd));
	int64_t begin_ms;
	pthread_t thread;
	struct stand s;

	(void)state;
	with_resolvers(&s, others);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"resolvers\"}");
	begin_ms = clock_mono_ms();
	pthread_create(&thread, NULL, request_cancel, s.cancel);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	assert_in_range(clock_mono_ms() - begin_ms, 90, 1000);
	pthread_join(thread, NULL);
	free(others);
	close(fd);
	stand_release(&s);
}

static void
dns_lookup_dead_server_is_named_once(void **state)
{
	struct stand s;
	char *label = xasprintf("127.0.0.1:%d", fixture_free_port());

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_lookup, "{\"name\":\"fixed.example.test\",\"server\":\"%s\"}",
		     label);
	assert_fails(&s, ERR_NET,
		     "dns.lookup fixed.example.test A: no server told what the record "
		     "is: ");
	assert_says(s.e.message, "UNREACHABLE, nobody listens there: Connection refused");
	char *first = strstr(s.e.message, label);
	assert_non_null(first);
	assert_null(strstr(first + 1, label));
	free(label);
	stand_release(&s);
}

static void
dns_lookup_name_servers_are_found_without_the_primary(void **state)
{
	char *more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", world.resolver.port);
	struct stand s;

	(void)state;
	with_target(&s, more);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"example.test\",\"server\":\"127.0.0.9\",\"port\":%d%s}",
		     world.primary.port, more);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"authoritative\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "values/0", ""), "192.0.2.1");
	assert_says(json_string(s.result, "servers/0/server", ""), "ns1.example.test (127.0.0.1:");
	free(more);
	stand_release(&s);
}

static void
dns_lookup_internal_resolvers_are_a_group(void **state)
{
	char *more = xasprintf(",\"internal_resolvers\":[\"127.0.0.1:%d\"]", world.resolver.port);
	struct stand s;

	(void)state;
	with_target(&s, more);
	stand_action(&s, &step_dns_lookup,
		     "{\"name\":\"fixed.example.test\",\"from\":\"internal_resolvers\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "servers/0/group", ""), "internal");
	free(more);
	stand_release(&s);
}

static void
dns_lookup_wrong_fields_are_spec_errors(void **state)
{
	static const struct {
		const char *with, *says;
	} cases[] = {
		{ "{\"name\":\"a.test\",\"from\":\"resolvers\"}", "has no `resolvers`" },
		{ "{\"name\":\"a.test\",\"from\":\"internal_resolvers\"}",
		  "has no `internal_resolvers`" },
		{ "{\"name\":\"a.test\",\"server\":\"a:b\"}", "is no DNS server" },
		{ "{\"name\":\"a.test\",\"from\":\"resolvers\",\"server\":\"::1\"}",
		  "exclude each other" },
		{ "{\"name\":\"b\\u00fccher.test\"}", "Write it in its xn-- form" },
		{ "{\"name\":\"a b\"}", "a character that no name has" },
		{ "{\"name\":\"a123456789b123456789c123456789d123456789e123456789f123456789wxyz."
		  "test\"}",
		  "longer than 63 characters" },
	};
	struct stand s;

	(void)state;
	with_target(&s, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_lookup, "%s", cases[i].with);
		assert_null(stand_preview(&s, NULL));
		assert_int_equal(s.e.kind, ERR_SPEC);
		assert_fails(&s, ERR_SPEC, cases[i].says);
	}
	stand_release(&s);
}

static int
start_world(void **state)
{
	(void)state;
	dns_world_start(&world);
	return 0;
}

static int
stop_world(void **state)
{
	(void)state;
	dns_world_stop(&world);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_lookup_server_returns_values),
		cmocka_unit_test(dns_lookup_all_types_are_read),
		cmocka_unit_test(dns_lookup_says_what_dig_says),
		cmocka_unit_test(dns_lookup_missing_name_is_a_result),
		cmocka_unit_test(dns_lookup_authoritative_servers_agree),
		cmocka_unit_test(dns_lookup_stale_secondary_disagrees),
		cmocka_unit_test(dns_lookup_chain_names_every_hop),
		cmocka_unit_test(dns_lookup_chain_that_leaves_the_zone_is_followed),
		cmocka_unit_test(dns_lookup_chain_nobody_can_follow_says_so),
		cmocka_unit_test(dns_lookup_circle_of_cnames_is_named),
		cmocka_unit_test(dns_lookup_expired_signatures_are_told_from_an_outage),
		cmocka_unit_test(dns_lookup_outage_and_refusal_are_named),
		cmocka_unit_test(dns_lookup_servers_are_asked_at_a_time),
		cmocka_unit_test(dns_lookup_cancelled_returns_at_once),
		cmocka_unit_test(dns_lookup_dead_server_is_named_once),
		cmocka_unit_test(dns_lookup_name_servers_are_found_without_the_primary),
		cmocka_unit_test(dns_lookup_internal_resolvers_are_a_group),
		cmocka_unit_test(dns_lookup_wrong_fields_are_spec_errors),
	};

	return cmocka_run_group_tests(tests, start_world, stop_world);
}
