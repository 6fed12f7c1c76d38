#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns.h"
#include "fixture_executor.h"

/* dns.update where the kind of a record changes, and where a CNAME can or cannot be. */

static struct dns_host host;
static bool have_bind;

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\n"
				"www IN A 192.0.2.10\nwww 240 IN AAAA 2001:db8::10\n"
				"lb 120 IN CNAME old-lb.example.net.\n"
				"mail IN A 192.0.2.30\nmail IN MX 10 mx.example.net.\n"
				"text IN A 192.0.2.31\ntext IN TXT \"v=1\"\n"
				"inner IN CNAME www\n"
				"*.wild IN A 192.0.2.32\n";

static void
begin(struct stand *s)
{
	if (!have_bind) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"}",
		     host.port, host.key_file);
}

static void
take_back(struct stand *s)
{
	char *text = stand_undo_preview(s, json_at(s->result, "before"));

	if (!text)
		fail_msg("%s", s->e.message);
	free(text);
	if (step_dns_update.undo(&s->ctx, &s->action, json_at(s->result, "before"), &s->e) < 0)
		fail_msg("%s", s->e.message);
}

static void
assert_www_old(void)
{
	assert_dig(&host, "www.change.test", "A", "192.0.2.10\n");
	assert_dig(&host, "www.change.test", "AAAA", "2001:db8::10\n");
	assert_dig(&host, "www.change.test", "CNAME", "");
}

static void
dns_update_auto_addresses_become_a_cname_and_come_back(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.change.test\",\"type\":\"auto\","
		     "\"values\":\"LB-1.elb.Amazonaws.com\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "- www.change.test 300 IN A 192.0.2.10\n"
			  "- www.change.test 240 IN AAAA 2001:db8::10\n"
			  "+ www.change.test 60 IN CNAME lb-1.elb.amazonaws.com.\n");
	assert_says(text, "> only if www.change.test AAAA is exactly: 2001:db8::10\n"
			  "> only if there is no www.change.test CNAME\n");
	assert_says(text, "> delete www.change.test A\n> delete www.change.test AAAA\n");
	assert_null(strstr(text, "which stay"));
	free(text);
	assert_ran(&s);
	assert_dig(&host, "www.change.test", "CNAME", "lb-1.elb.amazonaws.com.\n");
	assert_dig(&host, "www.change.test", "ANY", "lb-1.elb.amazonaws.com.\n");
	assert_string_equal(json_string(s.result, "before/values/1", ""), "2001:db8::10");
	assert_string_equal(json_string(s.result, "after/values/0", ""), "lb-1.elb.amazonaws.com.");
	cJSON_DeleteItemFromObjectCaseSensitive(s.evidence, "writing_ms");
	json_add_int(s.evidence, "writing_ms", clock_wall_ms() - 60000);
	free(stand_probe(&s, &verdict));
	assert_int_equal(verdict, PROBE_DONE);
	take_back(&s);
	assert_www_old();
	stand_release(&s);
}

static void
dns_update_auto_cname_becomes_addresses_of_both_families(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"lb.change.test\",\"type\":\"auto\",\"values\":[\"2001:DB8::5\","
		     "\"198.51.100.5\",\"198.51.100.6\"],\"expected\":\"old-lb.example.net\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "+ lb.change.test 60 IN A 198.51.100.5\n+ lb.change.test 60 IN A "
			  "198.51.100.6\n+ lb.change.test 60 IN AAAA 2001:db8::5\n"
			  "- lb.change.test 120 IN CNAME old-lb.example.net.\n");
	assert_says(text, "> only if lb.change.test CNAME is exactly: old-lb.example.net.\n");
	free(text);
	assert_ran(&s);
	assert_dig(&host, "lb.change.test", "A", "198.51.100.5\n198.51.100.6\n");
	assert_dig(&host, "lb.change.test", "AAAA", "2001:db8::5\n");
	assert_dig(&host, "lb.change.test", "CNAME", "");
	take_back(&s);
	assert_dig(&host, "lb.change.test", "CNAME", "old-lb.example.net.\n");
	assert_dig(&host, "lb.change.test", "ANY", "old-lb.example.net.\n");
	stand_release(&s);
}

static void
dns_update_auto_other_family_is_removed_and_same_kind_replaced(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(
		&s, &step_dns_update,
		"{\"name\":\"www.change.test\",\"type\":\"auto\",\"values\":\"198.51.100.7\"}");
	assert_ran(&s);
	assert_dig(&host, "www.change.test", "A", "198.51.100.7\n");
	assert_dig(&host, "www.change.test", "AAAA", "");
	take_back(&s);
	assert_www_old();
	stand_action(
		&s, &step_dns_update,
		"{\"name\":\"lb.change.test\",\"type\":\"auto\",\"values\":\"new.example.net\"}");
	assert_ran(&s);
	assert_dig(&host, "lb.change.test", "CNAME", "new.example.net.\n");
	take_back(&s);
	stand_release(&s);
}

static void
dns_update_auto_expected_of_another_kind_is_a_conflict(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.change.test\",\"type\":\"auto\",\"values\":\"a.example.net\","
		     "\"expected\":\"192.0.2.10\"}");
	assert_fails(&s, ERR_CONFLICT,
		     "has 2001:db8::10, expected nothing: somebody changed it. "
		     "Nothing was sent. It is www.change.test AAAA");
	assert_www_old();
	stand_release(&s);
}

static void
dns_update_values_of_the_wrong_kind_say_what_to_use(void **state)
{
	static const struct {
		const char *type, *values, *says;
	} cases[] = {
		{ "A", "\"lb-1.elb.amazonaws.com\"",
		  "is the name of a host, and a record of type A takes addresses. Use type auto or "
		  "CNAME" },
		{ "AAAA", "\"lb-1.elb.amazonaws.com\"", "Use type auto or CNAME" },
		{ "A", "\"2001:db8::1\"",
		  "is an address of type AAAA, not A. Use type auto or AAAA" },
		{ "AAAA", "\"192.0.2.1\"", "Use type auto or A" },
		{ "CNAME", "\"192.0.2.1\"", "\"192.0.2.1\" is no valid value" },
		{ "A", "\"192.0.2.666\"", "\"192.0.2.666\" is no valid value" },
		{ "auto", "\"192.0.2.666\"", "neither an address nor the full name of a host" },
		{ "auto", "\"localhost\"", "neither an address nor the full name of a host" },
		{ "auto", "\"\"", "neither an address nor the full name of a host" },
		{ "auto", "[\"192.0.2.1\",\"a.example.net\"]", "addresses and the name of a host" },
		{ "auto", "[\"b.example.net\",\"a.example.net\"]", "one value only" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_update,
			     "{\"name\":\"www.change.test\",\"type\":\"%s\",\"values\":%s}",
			     cases[i].type, cases[i].values);
		assert_fails(&s, ERR_SPEC, cases[i].says);
	}
	assert_www_old();
	stand_release(&s);
}

static void
dns_update_cname_where_it_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *name, *type, *values, *says;
	} cases[] = {
		{ "change.test", "CNAME", "a.example.net", "change.test is the apex of its zone" },
		{ "change.test", "auto", "a.example.net", "change.test is the apex of its zone" },
		{ "mail.change.test", "auto", "a.example.net",
		  "mail.change.test has a record of type MX, too (10 mx.example.net.)" },
		{ "text.change.test", "auto", "a.example.net",
		  "has a record of type TXT, too (\"v=1\"), and a name with a CNAME can have "
		  "nothing "
		  "else" },
		{ "www.change.test", "CNAME", "a.example.net",
		  "has a record of type A, too (192.0.2.10)" },
		{ "lb.change.test", "A", "192.0.2.1",
		  "lb.change.test is a CNAME (to old-lb.example.net.)" },
		{ "lb.change.test", "TXT", "x", "lb.change.test is a CNAME" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_update,
			     "{\"name\":\"%s\",\"type\":\"%s\",\"values\":\"%s\"}", cases[i].name,
			     cases[i].type, cases[i].values);
		assert_fails(&s, ERR_CONFLICT, cases[i].says);
		assert_says(s.e.message, "Nothing was sent");
		assert_null(json_at(s.evidence, "writing_ms"));
	}
	assert_dig(&host, "mail.change.test", "A", "192.0.2.30\n");
	stand_release(&s);
}

static void
dns_update_what_is_beside_a_cname_can_go_in_the_same_update(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"records\":[{\"name\":\"text.change.test\",\"type\":\"auto\",\"values\":"
		     "\"a.example.net\"},{\"name\":\"text.change.test\",\"type\":\"TXT\","
		     "\"values\":[]}]}");
	assert_ran(&s);
	assert_dig(&host, "text.change.test", "ANY", "a.example.net.\n");
	take_back(&s);
	assert_dig(&host, "text.change.test", "A", "192.0.2.31\n");
	assert_dig(&host, "text.change.test", "TXT", "\"v=1\"\n");
	stand_action(&s, &step_dns_update,
		     "{\"records\":[{\"name\":\"x.change.test\",\"type\":\"CNAME\",\"values\":"
		     "\"a.example.net\"},{\"name\":\"x.change.test\",\"type\":\"TXT\","
		     "\"values\":\"beside\"}]}");
	assert_fails(&s, ERR_CONFLICT, "has a record of type TXT, too (\"beside\")");
	stand_release(&s);
}

/* The name got a TXT record meanwhile: beside it the server would not put the CNAME back. */
static void
dns_update_undo_to_a_cname_beside_new_data_is_refused(void **state)
{
	struct stand s, other;

	(void)state;
	begin(&s);
	begin(&other);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"lb.change.test\",\"type\":\"auto\",\"values\":\"198.51.100.5\"}");
	assert_ran(&s);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"lb.change.test\",\"type\":\"TXT\",\"values\":\"new\"}");
	assert_ran(&other);
	assert_null(stand_undo_preview(&s, json_at(s.result, "before")));
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_says(s.e.message, "has a record of type TXT, too");
	take_back(&other);
	take_back(&s);
	assert_dig(&host, "lb.change.test", "ANY", "old-lb.example.net.\n");
	stand_release(&other);
	stand_release(&s);
}

/* What the CNAME leads to, in the same zone, is not the name's own. */
static void
dns_update_auto_cname_within_the_zone_is_replaced(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"inner.change.test\",\"type\":\"auto\",\"values\":"
		     "\"198.51.100.8\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "before/values")), 1);
	assert_dig(&host, "inner.change.test", "A", "198.51.100.8\n");
	take_back(&s);
	assert_dig(&host, "inner.change.test", "ANY", "www.change.test.\n");
	stand_release(&s);
}

static void
add_text(struct stand *s)
{
	struct stand other;

	s->on_remembered = NULL;
	begin(&other);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"www.change.test\",\"type\":\"TXT\",\"values\":\"late\"}");
	assert_ran(&other);
	stand_release(&other);
}

/* Else the server would remove the addresses, pass over the CNAME, and say that all is well. */
static void
dns_update_text_that_comes_at_the_last_moment_stops_a_cname(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(
		&s, &step_dns_update,
		"{\"name\":\"www.change.test\",\"type\":\"auto\",\"values\":\"a.example.net\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "> only if www.change.test has none of: MX, TXT, NS, ");
	free(text);
	s.on_remembered = add_text;
	assert_fails(&s, ERR_CONFLICT, "YXRRSET");
	assert_www_old();
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.change.test\",\"type\":\"TXT\",\"values\":[]}");
	assert_ran(&s);
	stand_release(&s);
}

static void
add_cname(struct stand *s)
{
	struct stand other;

	s->on_remembered = NULL;
	begin(&other);
	stand_action(
		&other, &step_dns_update,
		"{\"name\":\"fresh.change.test\",\"type\":\"CNAME\",\"values\":\"a.example.net\"}");
	assert_ran(&other);
	stand_release(&other);
}

static void
dns_update_cname_that_comes_at_the_last_moment_stops_an_address(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fresh.change.test\",\"values\":\"192.0.2.1\"}");
	text = stand_preview(&s, NULL);
	assert_says(text, "> only if there is no fresh.change.test A\n"
			  "> only if there is no fresh.change.test CNAME\n");
	free(text);
	s.on_remembered = add_cname;
	assert_fails(&s, ERR_CONFLICT, "YXRRSET");
	stand_release(&s);
}

/* The policy knows nothing of CNAMEs: that there must be none is a condition, not a change. */
static void
dns_update_auto_changes_no_more_than_it_must(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"strict.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"}",
		     host.port, host.key_file);
	stand_action(
		&s, &step_dns_update,
		"{\"name\":\"www.strict.test\",\"type\":\"auto\",\"values\":\"198.51.100.1\"}");
	assert_ran(&s);
	assert_dig(&host, "www.strict.test", "A", "198.51.100.1\n");
	assert_dig(&host, "www.strict.test", "AAAA", "");
	stand_action(
		&s, &step_dns_update,
		"{\"name\":\"www.strict.test\",\"type\":\"auto\",\"values\":\"a.example.net\"}");
	assert_fails(&s, ERR_DENIED, "REFUSED");
	assert_dig(&host, "www.strict.test", "A", "198.51.100.1\n");
	stand_release(&s);
}

/* What a wildcard answers for a name is not that name's own: it is there for others, too. */
static void
dns_update_name_under_a_wildcard_is_made(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"one.wild.change.test\",\"values\":\"198.51.100.9\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "before/values")), 0);
	assert_dig(&host, "one.wild.change.test", "A", "198.51.100.9\n");
	assert_dig(&host, "other.wild.change.test", "A", "192.0.2.32\n");
	take_back(&s);
	assert_dig(&host, "one.wild.change.test", "A", "192.0.2.32\n");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"*.wild.change.test\",\"values\":\"198.51.100.9\"}");
	assert_ran(&s);
	assert_dig(&host, "other.wild.change.test", "A", "198.51.100.9\n");
	take_back(&s);
	assert_dig(&host, "other.wild.change.test", "A", "192.0.2.32\n");
	stand_release(&s);
}

static int
start(void **state)
{
	(void)state;
	dns_host_init(&host);
	dns_host_zone(&host, "zone", zone_text);
	dns_host_zone(&host, "strict", zone_text);
	have_bind = bind_start(&host,
			       "zone change.test { type primary; file \"zone\"; update-policy { "
			       "grant k256 zonesub ANY; }; };\n"
			       "zone strict.test { type primary; file \"strict\"; update-policy { "
			       "grant k256 zonesub A AAAA; }; };\n");
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	dns_host_stop(&host);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_auto_addresses_become_a_cname_and_come_back),
		cmocka_unit_test(dns_update_auto_cname_becomes_addresses_of_both_families),
		cmocka_unit_test(dns_update_auto_other_family_is_removed_and_same_kind_replaced),
		cmocka_unit_test(dns_update_auto_expected_of_another_kind_is_a_conflict),
		cmocka_unit_test(dns_update_values_of_the_wrong_kind_say_what_to_use),
		cmocka_unit_test(dns_update_cname_where_it_cannot_be_is_refused),
		cmocka_unit_test(dns_update_what_is_beside_a_cname_can_go_in_the_same_update),
		cmocka_unit_test(dns_update_undo_to_a_cname_beside_new_data_is_refused),
		cmocka_unit_test(dns_update_auto_cname_within_the_zone_is_replaced),
		cmocka_unit_test(dns_update_text_that_comes_at_the_last_moment_stops_a_cname),
		cmocka_unit_test(dns_update_cname_that_comes_at_the_last_moment_stops_an_address),
		cmocka_unit_test(dns_update_auto_changes_no_more_than_it_must),
		cmocka_unit_test(dns_update_name_under_a_wildcard_is_made),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
