#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns.h"
#include "fixture_executor.h"

/* dns.update against Knot DNS, whose ACL lets k256 change what is below open.change.test, by IPv6. */

static struct dns_host host;
static bool have_knot;

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\nns1 IN AAAA ::1\nfixed IN A 192.0.2.1\n"
				"www.open IN A 192.0.2.10\nwww.open IN AAAA 2001:db8::10\n"
				"child.open IN NS ns.elsewhere.test.\n"
				"*.wild.open IN A 192.0.2.40\n";

static void
begin(struct stand *s, bool signs)
{
	if (!have_knot) {
		print_message("skipped: Knot (knotd) is not installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"::1\",\"port\":%d%s%s%s}", host.port,
		     signs ? ",\"key_file\":\"" : "", signs ? host.key_file : "",
		     signs ? "\"" : "");
}

#define TWO                                                                                        \
	"{\"records\":[{\"name\":\"www.open.change.test\",\"type\":\"auto\",\"values\":"           \
	"\"lb.example.net\"},{\"name\":\"one.wild.open.change.test\",\"values\":"                  \
	"\"198.51.100.1\",\"ttl\":30}]}"

static void
assert_old(void)
{
	assert_dig(&host, "www.open.change.test", "A", "192.0.2.10\n");
	assert_dig(&host, "www.open.change.test", "AAAA", "2001:db8::10\n");
	assert_dig(&host, "one.wild.open.change.test", "A", "192.0.2.40\n");
}

static void
dns_update_at_knot_changes_and_takes_back(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	begin(&s, true);
	stand_action(&s, &step_dns_update, TWO);
	text = stand_preview(&s, NULL);
	if (!text)
		fail_msg("%s", s.e.message);
	assert_says(text, "> UPDATE zone change.test at [::1]:");
	assert_says(text, "signed by k256 (hmac-sha256)\n");
	assert_says(text, "now at ns1.change.test ([::1]:");
	free(text);
	assert_ran(&s);
	assert_dig(&host, "www.open.change.test", "CNAME", "lb.example.net.\n");
	assert_dig(&host, "one.wild.open.change.test", "A", "198.51.100.1\n");
	assert_string_equal(json_string(s.result, "serial", ""), "8");
	cJSON_DeleteItemFromObjectCaseSensitive(s.evidence, "writing_ms");
	json_add_int(s.evidence, "writing_ms", clock_wall_ms() - 60000);
	text = stand_probe(&s, &verdict);
	assert_int_equal(verdict, PROBE_DONE);
	free(text);
	text = stand_undo_preview(&s, json_at(s.result, "before"));
	if (!text)
		fail_msg("%s", s.e.message);
	free(text);
	if (step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e) < 0)
		fail_msg("%s", s.e.message);
	assert_old();
	stand_release(&s);
}

static void
meddle(struct stand *s)
{
	struct stand other;

	s->on_remembered = NULL;
	begin(&other, true);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"www.open.change.test\",\"values\":\"192.0.2.66\"}");
	assert_ran(&other);
	stand_release(&other);
}

static void
dns_update_at_knot_stale_value_is_a_conflict(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, true);
	stand_action(&s, &step_dns_update, TWO);
	s.on_remembered = meddle;
	assert_fails(&s, ERR_CONFLICT, "NXRRSET");
	assert_says(s.e.message, "By now www.open.change.test A is 192.0.2.66; it was 192.0.2.10");
	assert_dig(&host, "one.wild.open.change.test", "A", "192.0.2.40\n");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.change.test\",\"values\":\"192.0.2.10\",\"ttl\":300}");
	assert_ran(&s);
	assert_old();
	stand_release(&s);
}

static void
dns_update_at_knot_outside_its_acl_is_denied(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, true);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fixed.change.test\",\"values\":\"192.0.2.9\"}");
	assert_int_equal(stand_run(&s), -1);
	if (s.e.kind != ERR_DENIED)
		fail_msg("%s", s.e.message);
	assert_dig(&host, "fixed.change.test", "A", "192.0.2.1\n");
	stand_release(&s);
	begin(&s, false);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.change.test\",\"values\":\"192.0.2.9\"}");
	char *text = stand_preview(&s, NULL);
	assert_says(text, "! The target has no key_file: the update is not signed");
	free(text);
	assert_int_equal(stand_run(&s), -1);
	if (s.e.kind != ERR_DENIED)
		fail_msg("%s", s.e.message);
	assert_old();
	stand_release(&s);
}

static void
dns_update_at_knot_below_a_cut_is_refused(void **state)
{
	struct stand s;

	(void)state;
	begin(&s, true);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.child.open.change.test\",\"values\":\"192.0.2.9\"}");
	assert_fails(&s, ERR_CONFLICT, "is in the zone child.open.change.test, which is delegated");
	stand_release(&s);
}

static int
start(void **state)
{
	(void)state;
	dns_host_init(&host);
	dns_host_zone(&host, "zone", zone_text);
	have_knot =
		knot_start(&host, "acl:\n  - id: updates\n    key: k256\n    action: update\n"
				  "    update-owner: name\n    update-owner-match: sub-or-equal\n"
				  "    update-owner-name: [ open.change.test. ]\n"
				  "zone:\n  - domain: change.test\n    file: zone\n"
				  "    acl: updates\n");
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
		cmocka_unit_test(dns_update_at_knot_changes_and_takes_back),
		cmocka_unit_test(dns_update_at_knot_stale_value_is_a_conflict),
		cmocka_unit_test(dns_update_at_knot_outside_its_acl_is_denied),
		cmocka_unit_test(dns_update_at_knot_below_a_cut_is_refused),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
