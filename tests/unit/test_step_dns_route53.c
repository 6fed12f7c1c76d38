#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_route53_cloud.h"

static void
dns_update_route53_changes_and_takes_back(void **state)
{
	struct cloud c;
	char *text;

	(void)state;
	cloud_init(&c);
	c.f.pending = 2;
	act(&c);
	text = preview(&c);
	assert_says(text, "- " WWW " 300 IN A 192.0.2.10\n+ " WWW " 60 IN A 192.0.2.20\n");
	assert_says(text, "/2013-04-01/hostedzone/Z0PUBLIC1/rrset/, signed by AKID…WXYZ, the "
			  "environment\n");
	assert_says(text, "> DELETE " WWW ". 300 IN A 192.0.2.10\n> CREATE " WWW
			  ". 60 IN A 192.0.2.20\n");
	assert_says(text, "now at Route 53 zone Z0PUBLIC1: 192.0.2.10, TTL 300\n");
	assert_says(text, "now at ns1.example.test (127.0.0.1:");
	assert_null(strstr(text, "! ")); /* no warning */
	assert_null(strstr(text, R53_SECRET));
	free(text);
	assert_int_equal(c.f.writes, 0);
	assert_ran(&c.s);
	assert_int_equal(c.f.writes, 1);
	assert_set(&c, WWW ".", "A", "192.0.2.20", 60);
	assert_says(c.f.last_write, "<Comment>lifeboat run/step/1</Comment>");
	assert_says(str_cstr(&c.s.progress), "tells its servers");
	assert_string_equal(json_string(c.s.result, "before/values/0", ""), "192.0.2.10");
	assert_string_equal(json_string(c.s.evidence, "change", ""), "C0123CHANGE");
	assert_probe(&c, PROBE_DONE, "INSYNC, all of its servers have it");
	text = stand_undo_preview(&c.s, json_at(c.s.result, "before"));
	assert_says(text, "> CREATE " WWW ". 300 IN A 192.0.2.10\n");
	free(text);
	if (step_dns_update.undo(&c.s.ctx, &c.s.action, json_at(c.s.result, "before"), &c.s.e) < 0)
		fail_msg("%s", c.s.e.message);
	assert_set(&c, WWW ".", "A", "192.0.2.10", 300);
	cloud_release(&c);
}

static void
dns_update_route53_change_since_the_preview_is_not_overwritten(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	snprintf(r53_must_find(&c.f, WWW ".", "A")->values[0], 600, "192.0.2.66");
	assert_fails(&c.s, ERR_CONFLICT, "somebody changed it. Nothing was sent");
	assert_int_equal(c.f.writes, 0);
	cloud_release(&c);
}

static struct cloud *meddled;

static void
meddle(struct stand *s)
{
	(void)s;
	snprintf(r53_must_find(&meddled->f, WWW ".", "A")->values[0], 600, "192.0.2.66");
}

/* A look costs little, a batch that is bound to fail is a line in somebody's audit. */

static void
dns_update_route53_looks_once_more_before_it_sends(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	meddled = &c;
	c.s.on_remembered = meddle;
	assert_fails(&c.s, ERR_CONFLICT, "is 192.0.2.66 (TTL 300), and was 192.0.2.10 (TTL 300)");
	assert_int_equal(c.f.writes, 0);
	cloud_release(&c);
}

static void
dns_update_route53_change_at_the_last_moment_fails_the_batch(void **state)
{
	static const struct r53_set other = {
		.name = WWW ".", .type = "A", .ttl = 300, .values = { "192.0.2.66" }, .count = 1
	};
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	c.f.meanwhile = &other;
	assert_fails(&c.s, ERR_CONFLICT, "the values provided do not match the current values");
	assert_says(c.s.e.message, "Nothing was changed");
	assert_says(c.s.e.message, "By now " WWW " A is 192.0.2.66; it was 192.0.2.10");
	assert_int_equal(c.f.writes, 1);
	assert_set(&c, WWW ".", "A", "192.0.2.66", 300);
	cloud_release(&c);
}

static void
dns_update_route53_peculiar_sets_are_left_alone(void **state)
{
	static const struct {
		const char *more, *says;
	} cases[] = {
		{ "<AliasTarget><DNSName>lb.example.net.</DNSName></AliasTarget>",
		  "is an alias of lb.example.net., which values and a TTL do not describe" },
		{ "<SetIdentifier>a</SetIdentifier><Failover>PRIMARY</Failover>",
		  "is one of several failover sets (\"a\")" },
		{ "<HealthCheckId>h-1</HealthCheckId>", "bound to the health check h-1" },
	};
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(r53_must_find(&c.f, WWW ".", "A")->more, 400, "%s", cases[i].more);
		assert_null(stand_preview(&c.s, NULL));
		assert_int_equal(c.s.e.kind, ERR_CONFLICT);
		assert_says(c.s.e.message, cases[i].says);
		assert_says(c.s.e.message, "Change it in the console of AWS");
	}
	cloud_release(&c);
}

static void
dns_update_route53_several_records_are_one_batch(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	r53_put(&c.f, "lb.open.example.test.", "A", 300, "192.0.2.50");
	stand_action(
		&c.s, &step_dns_update,
		"{\"records\":[{\"name\":\"" WWW "\",\"values\":[\"192.0.2.22\",\"192.0.2.21\"]},"
		"{\"name\":\"*.open.example.test\",\"type\":\"CNAME\",\"values\":\"LB.example."
		"net\"},"
		"{\"name\":\"lb.open.example.test\",\"type\":\"auto\",\"values\":\"lb.example."
		"net\"},"
		"{\"name\":\"t.open.example.test\",\"type\":\"TXT\",\"values\":\"a \\\"b\\\" \\\\ "
		"\xc3\xa9\"}]}");
	free(preview(&c));
	assert_ran(&c.s);
	assert_int_equal(c.f.writes, 1);
	assert_int_equal(r53_must_find(&c.f, WWW ".", "A")->count, 2);
	assert_set(&c, "\\052.open.example.test.", "CNAME", "lb.example.net.", 60);
	assert_set(&c, "lb.open.example.test.", "CNAME", "lb.example.net.", 60);
	assert_null(r53_find(c.f.sets, c.f.count, "lb.open.example.test.", "A"));
	assert_set(&c, "t.open.example.test.", "TXT", "\"a \\\"b\\\" \\134 \\303\\251\"", 60);
	free(stand_undo_preview(&c.s, json_at(c.s.result, "before")));
	if (step_dns_update.undo(&c.s.ctx, &c.s.action, json_at(c.s.result, "before"), &c.s.e) < 0)
		fail_msg("%s", c.s.e.message);
	assert_set(&c, "lb.open.example.test.", "A", "192.0.2.50", 300);
	assert_null(r53_find(c.f.sets, c.f.count, "\\052.open.example.test.", "CNAME"));
	cloud_release(&c);
}

#define PAIR                                                                                       \
	"{\"records\":[{\"name\":\"" WWW "\",\"values\":\"192.0.2.20\"},"                          \
	"{\"name\":\"lb.open.example.test\",\"values\":\"192.0.2.50\",\"ttl\":300}]}"

/* What is to stay as it is belongs to the transaction: it goes and comes again by the same words. */
static void
dns_update_route53_unchanged_record_is_a_condition(void **state)
{
	static const struct r53_set other = { .name = "lb.open.example.test.",
					      .type = "A",
					      .ttl = 300,
					      .values = { "192.0.2.66" },
					      .count = 1 };
	struct cloud c;
	char *text;

	(void)state;
	cloud_init(&c);
	r53_put(&c.f, "lb.open.example.test.", "A", 300, "192.0.2.50");
	stand_action(&c.s, &step_dns_update, "%s", PAIR);
	text = preview(&c);
	assert_says(text, "> DELETE lb.open.example.test. 300 IN A 192.0.2.50\n");
	assert_says(text, "> CREATE lb.open.example.test. 300 IN A 192.0.2.50\n");
	free(text);
	c.f.meanwhile = &other;
	assert_fails(&c.s, ERR_CONFLICT, "lb.open.example.test A is 192.0.2.66");
	assert_set(&c, WWW ".", "A", "192.0.2.10", 300);
	assert_set(&c, "lb.open.example.test.", "A", "192.0.2.66", 300);
	assert_int_equal(c.f.writes, 1);
	cloud_release(&c);
}

/* That another type is missing cannot be said in a batch. */
static void
dns_update_route53_missing_record_is_looked_at(void **state)
{
	struct cloud c;
	char *text;

	(void)state;
	cloud_init(&c);
	stand_action(&c.s, &step_dns_update,
		     "{\"name\":\"" WWW "\",\"type\":\"auto\",\"values\":\"192.0.2.20\"}");
	text = preview(&c);
	assert_says(text,
		    WWW " AAAA is looked at just before, since a batch cannot demand that it be "
			"missing");
	free(text);
	r53_put(&c.f, WWW ".", "AAAA", 300, "2001:db8::1");
	assert_fails(&c.s, ERR_CONFLICT, "somebody changed it");
	assert_int_equal(c.f.writes, 0);
	cloud_release(&c);
}

/* Values in Route 53's own spelling: a DELETE in another one would not match. */
static void
dns_update_route53_deletes_by_the_words_that_are_there(void **state)
{
	struct r53_set *set;
	struct cloud c;
	char *text;

	(void)state;
	cloud_init(&c);
	set = r53_put(&c.f, "\\052.open.example.test.", "TXT", 120, "\"\\101 \\073\" \"x\"");
	snprintf(set->values[set->count++], 100, "plain");
	stand_action(&c.s, &step_dns_update,
		     "{\"name\":\"*.open.example.test\",\"type\":\"TXT\",\"values\":\"new\","
		     "\"expected\":[\"\\\"A ;\\\" \\\"x\\\"\",\"plain\"]}");
	text = preview(&c);
	assert_says(text, "> DELETE \\052.open.example.test. 120 IN TXT \"\\101 \\073\" \"x\"\n");
	free(text);
	assert_ran(&c.s);
	assert_set(&c, "\\052.open.example.test.", "TXT", "\"new\"", 60);
	cloud_release(&c);
}

static void
dns_update_route53_names_of_other_zones_are_refused(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	r53_put(&c.f, "open.example.test.", "NS", 300, "ns.elsewhere.test.");
	act(&c);
	assert_null(stand_preview(&c.s, NULL));
	assert_int_equal(c.s.e.kind, ERR_CONFLICT);
	assert_says(c.s.e.message, "belongs to the zone open.example.test");
	assert_says(c.s.e.message, "ns.elsewhere.test.");
	stand_action(&c.s, &step_dns_update,
		     "{\"name\":\"www.badexample.test\",\"values\":\"192.0.2.20\"}");
	assert_null(stand_preview(&c.s, NULL));
	assert_int_equal(c.s.e.kind, ERR_SPEC);
	assert_int_equal(c.f.writes, 0);
	cloud_release(&c);
}

static void
dns_update_route53_warnings_are_shown_once(void **state)
{
	char *folder = fixture_folder(), *keys, *more, *text;
	struct cloud c;

	(void)state;
	cloud_init(&c);
	keys = fixture_write(folder, "keys",
			     "[dr]\naws_access_key_id = " R53_KEY
			     "\naws_secret_access_key = " R53_SECRET "\n");
	if (chmod(keys, 0644) < 0)
		abort();
	more = xasprintf(",\"profile\":\"dr\",\"credentials_file\":\"%s\"", keys);
	set_target(&c, more);
	c.f.name_servers[0] = "ns-1.awsdns-00.com";
	c.f.sign.skew_s = 120;
	act(&c);
	text = preview(&c);
	assert_says(text, "everybody on this machine may read it: chmod 600");
	assert_says(text, "led to ns1.example.test, which is none of this zone's name servers");
	assert_says(text, "clock is at least 1m5");
	assert_says(text, "profile dr of ");
	assert_null(strstr(text, R53_SECRET));
	free(text);
	c.f.zones[0].is_private = true;
	text = preview(&c);
	assert_says(text, "Z0PUBLIC1 is a private zone: only machines in its VPCs see it");
	assert_null(strstr(text, "ns1.example.test"));
	free(text);
	free(keys);
	free(more);
	cloud_release(&c);
	fixture_remove(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_route53_changes_and_takes_back),
		cmocka_unit_test(dns_update_route53_change_since_the_preview_is_not_overwritten),
		cmocka_unit_test(dns_update_route53_looks_once_more_before_it_sends),
		cmocka_unit_test(dns_update_route53_change_at_the_last_moment_fails_the_batch),
		cmocka_unit_test(dns_update_route53_peculiar_sets_are_left_alone),
		cmocka_unit_test(dns_update_route53_several_records_are_one_batch),
		cmocka_unit_test(dns_update_route53_unchanged_record_is_a_condition),
		cmocka_unit_test(dns_update_route53_missing_record_is_looked_at),
		cmocka_unit_test(dns_update_route53_deletes_by_the_words_that_are_there),
		cmocka_unit_test(dns_update_route53_names_of_other_zones_are_refused),
		cmocka_unit_test(dns_update_route53_warnings_are_shown_once),
	};

	return cmocka_run_group_tests(tests, cloud_setup, cloud_teardown);
}
