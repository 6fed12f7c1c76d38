#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns.h"
#include "fixture_executor.h"

/* dns.update and the borders of zones: whose a name is, and who takes its changes. */

static struct dns_host host, above;
static bool have_bind;

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\n"
				"a.b.c IN A 192.0.2.1\n"
				"child IN NS ns.child\nns.child IN A 127.0.0.9\n"
				"hosted IN NS ns1\n"
				"alias IN CNAME ns1\n"
				"tail IN CNAME @\n";
static const char hosted_text[] = "$TTL 300\n@ IN SOA ns1 root 1 3600 600 86400 60\n"
				  "@ IN NS ns1.change.test.\nwww IN A 192.0.2.5\n";
static const char above_text[] = "$TTL 300\n@ IN SOA ns root 1 3600 600 86400 60\n"
				 "@ IN NS ns\nns IN A 127.0.0.1\n"
				 "zone IN NS ns1.zone\nzone IN NS ns-old.zone\n"
				 "ns1.zone IN A 127.0.0.2\nns-old.zone IN A 127.0.0.3\n"
				 "same IN NS ns1.same\nns1.same IN A 127.0.0.2\n";
static const char below_text[] = "$TTL 300\n@ IN SOA ns1 root 1 3600 600 86400 60\n"
				 "@ IN NS ns1\nns1 IN A 127.0.0.2\nwww IN A 192.0.2.5\n";

static void
begin(struct stand *s, const char *zone)
{
	if (!have_bind) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"%s\",\"server\":\"127.0.0.1\",\"port\":%d,\"key_file\":\"%s\"}",
		     zone, host.port, host.key_file);
}

static void
dns_update_of_a_name_below_a_cut_is_refused(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "www.child.change.test",
		  "www.child.change.test is in the zone child.change.test, which is delegated from "
		  "change.test" },
		{ "a.b.c.child.change.test", "is in the zone child.change.test" },
		{ "child.change.test", "is in the zone child.change.test" },
		{ "www.hosted.change.test",
		  "is in the zone hosted.change.test, which is delegated from change.test: a "
		  "change "
		  "in change.test would be seen by nobody. Nothing was sent" },
		{ "hosted.change.test", "is in the zone hosted.change.test" },
	};
	struct stand s;

	(void)state;
	begin(&s, "change.test");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_update, "{\"name\":\"%s\",\"values\":\"192.0.2.9\"}",
			     cases[i].name);
		assert_null(stand_preview(&s, NULL));
		assert_int_equal(s.e.kind, ERR_CONFLICT);
		assert_fails(&s, ERR_CONFLICT, cases[i].says);
		assert_null(json_at(s.evidence, "writing_ms"));
	}
	stand_release(&s);
}

static void
dns_update_of_names_without_a_cut_goes_through(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, "Change.Test.");
	stand_action(
		&s, &step_dns_update,
		"{\"records\":[{\"name\":\"a.b.c.change.test\",\"values\":\"192.0.2.9\"},"
		"{\"name\":\"x.y.z.change.test\",\"values\":\"192.0.2.9\"},"
		"{\"name\":\"change.test\",\"type\":\"TXT\",\"values\":\"apex\"},"
		"{\"name\":\"alias.change.test\",\"type\":\"CNAME\",\"values\":\"ns1.change.test\","
		"\"ttl\":30},{\"name\":\"tail.change.test\",\"type\":\"auto\",\"values\":"
		"\"192.0.2.9\"}]}");
	assert_ran(&s);
	assert_dig(&host, "x.y.z.change.test", "A", "192.0.2.9\n");
	assert_dig(&host, "change.test", "TXT", "\"apex\"\n");
	stand_release(&s);
}

static void
dns_update_wrong_zone_of_the_target_is_named(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, "c.change.test");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"a.b.c.change.test\",\"values\":\"192.0.2.9\"}");
	assert_fails(&s, ERR_CONFLICT, "c.change.test is no zone of its own at 127.0.0.1:");
	assert_says(s.e.message, "but a part of change.test. Give the target `zone: change.test`");
	stand_release(&s);
	begin(&s, "elsewhere.test");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.elsewhere.test\",\"values\":\"192.0.2.9\"}");
	assert_fails(&s, ERR_REMOTE, "is not authoritative for the zone elsewhere.test");
	stand_release(&s);
}

/* A secondary has the zone, answers with authority, and takes no updates. */
static void
dns_update_at_a_secondary_is_denied(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, "copy.test");
	stand_action(&s, &step_dns_update, "{\"name\":\"www.copy.test\",\"values\":\"192.0.2.9\"}");
	assert_fails(&s, ERR_DENIED, "REFUSED: the server's policy does not let k256 change this");
	assert_says(s.e.message, "check that the server is the primary");
	stand_release(&s);
}

static void
dns_update_other_servers_at_the_zone_above_are_a_warning(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	begin(&s, "change.test");
	stand_target(&s, &target_dns,
		     "{\"zone\":\"zone.above.test\",\"server\":\"::1\",\"port\":%d,"
		     "\"key_file\":\"%s\",\"resolvers\":[\"127.0.0.1:%d\"]}",
		     above.port, above.key_file, above.port);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.zone.above.test\",\"values\":\"192.0.2.9\"}");
	text = stand_preview(&s, NULL);
	if (!text)
		fail_msg("%s", s.e.message);
	assert_says(text,
		    "! The zone above leads to other servers of zone.above.test "
		    "(ns-old.zone.above.test., ns1.zone.above.test.) than the zone itself names "
		    "(ns1.zone.above.test.)");
	free(text);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"same.above.test\",\"server\":\"::1\",\"port\":%d,"
		     "\"key_file\":\"%s\",\"resolvers\":[\"127.0.0.1:%d\"]}",
		     above.port, above.key_file, above.port);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.same.above.test\",\"values\":\"192.0.2.9\"}");
	text = stand_preview(&s, NULL);
	assert_non_null(text);
	assert_null(strstr(text, "The zone above"));
	free(text);
	stand_release(&s);
}

static int
start(void **state)
{
	(void)state;
	dns_host_init(&host);
	dns_host_zone(&host, "zone", zone_text);
	dns_host_zone(&host, "hosted", hosted_text);
	dns_host_zone(&host, "copy", below_text);
	dns_host_init(&above);
	dns_host_zone(&above, "above", above_text);
	dns_host_zone(&above, "zone", below_text);
	dns_host_zone(&above, "same", below_text);
	have_bind =
		bind_start(
			&host,
			"zone change.test { type primary; file \"zone\"; update-policy { "
			"grant k256 zonesub ANY; }; };\n"
			"zone hosted.change.test { type primary; file \"hosted\"; "
			"update-policy { grant k256 zonesub ANY; }; };\n"
			"zone copy.test { type secondary; file \"copy\"; masterfile-format text; "
			"primaries { 127.0.0.7; }; };\n") &&
		bind_start(&above,
			   "view below { match-destinations { ::1; };\n"
			   "zone zone.above.test { type primary; file \"zone\"; };\n"
			   "zone same.above.test { type primary; file \"same\"; }; };\n"
			   "view above { zone above.test { type primary; file \"above\"; }; };\n");
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	dns_host_stop(&host);
	dns_host_stop(&above);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_of_a_name_below_a_cut_is_refused),
		cmocka_unit_test(dns_update_of_names_without_a_cut_goes_through),
		cmocka_unit_test(dns_update_wrong_zone_of_the_target_is_named),
		cmocka_unit_test(dns_update_at_a_secondary_is_denied),
		cmocka_unit_test(dns_update_other_servers_at_the_zone_above_are_a_warning),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
