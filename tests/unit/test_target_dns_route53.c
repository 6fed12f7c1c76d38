#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_route53_cloud.h"

static void
target_dns_route53_identity_is_the_zone(void **state)
{
	cJSON *identity = NULL;
	struct cloud c;
	char *text;

	(void)state;
	cloud_init(&c);
	if (target_dns.identify(c.s.target.connection, NULL, &identity, &c.s.e) < 0)
		fail_msg("%s", c.s.e.message);
	assert_string_equal(json_string(identity, "uid", ""), "Z0PUBLIC1");
	assert_string_equal(json_string(identity, "zone", ""), "example.test");
	assert_string_equal(json_string(identity, "name_servers/0", ""), "ns1.example.test");
	assert_string_equal(json_string(identity, "user", ""), "AKID…WXYZ, the environment");
	cJSON_Delete(identity);
	text = target_dns.describe(c.s.spec);
	assert_string_equal(text, "zone example.test at Route 53");
	free(text);
	c.f.zones[0].name = "elsewhere.test.";
	assert_int_equal(target_dns.identify(c.s.target.connection, NULL, &identity, &c.s.e), -1);
	assert_int_equal(c.s.e.kind, ERR_NOT_FOUND);
	cloud_release(&c);
}

static void
assert_not_opened(const char *spec, const char *part)
{
	cJSON *object = cJSON_Parse(spec);
	struct secrets *secrets = secrets_new();
	struct err e = ERR_INIT;
	void *connection = NULL;

	assert_int_equal(target_dns.open(object, secrets, &connection, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_says(e.message, part);
	secrets_free(secrets);
	cJSON_Delete(object);
}

static void
target_dns_route53_fields_of_others_are_refused(void **state)
{
	(void)state;
	assert_not_opened("{\"zone\":\"a.test\",\"provider\":\"route53\",\"key_file\":\"/x\"}",
			  "`key_file` is for name servers");
	assert_not_opened("{\"zone\":\"a.test\",\"provider\":\"rfc2136\",\"zone_id\":\"Z1\"}",
			  "Add `provider: route53`");
	assert_not_opened("{\"zone\":\"a.test\",\"profile\":\"dr\"}", "`profile` is for provider");
}

static void
dns_wait_and_lookup_work_for_route53_targets(void **state)
{
	struct cloud c;

	(void)state;
	cloud_init(&c);
	act(&c);
	free(preview(&c));
	assert_ran(&c.s);
	stand_action(&c.s, &step_dns_lookup, "{\"name\":\"" WWW "\",\"from\":\"authoritative\"}");
	assert_ran(&c.s);
	assert_string_equal(json_string(c.s.result, "values/0", ""), "192.0.2.20");
	stand_action(&c.s, &step_dns_wait,
		     "{\"name\":\"" WWW "\",\"values\":\"192.0.2.20\",\"timeout\":\"10s\"}");
	assert_ran(&c.s);
	assert_string_equal(json_string(c.s.result, "servers/0/state", ""), "NEW");
	cloud_release(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(target_dns_route53_identity_is_the_zone),
		cmocka_unit_test(target_dns_route53_fields_of_others_are_refused),
		cmocka_unit_test(dns_wait_and_lookup_work_for_route53_targets),
	};

	return cmocka_run_group_tests(tests, cloud_setup, cloud_teardown);
}
