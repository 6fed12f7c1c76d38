#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns.h"
#include "fixture_executor.h"

/* dns.update of records that a controller keeps, and watching whether it puts the old ones back. */

static struct dns_host host;
static bool have_bind;

#define MARK "\"heritage=external-dns,external-dns/owner="

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\n"
				"plain IN A 192.0.2.1\n"
				"legacy IN A 192.0.2.2\n"
				"legacy IN TXT " MARK "prod,external-dns/resource=ingress/"
				"istio-system/tsb\"\n"
				"typed IN A 192.0.2.3\n"
				"a-typed IN TXT " MARK "new\"\n"
				"six IN A 192.0.2.4\n"
				"aaaa-six IN TXT " MARK "v6,external-dns/resource=service/a/b\"\n"
				"name IN CNAME x.example.net.\n"
				"cname-name IN TXT " MARK "lb\"\n"
				"other IN A 192.0.2.5\n"
				"other IN TXT \"heritage=none\"\n";

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
dns_update_preview_of_an_owned_record_warns(void **state)
{
	static const struct {
		const char *name, *type, *says;
	} cases[] = {
		{ "legacy", "A",
		  "! This is kept by external-dns (owner prod, ingress/istio-system/tsb; by the "
		  "TXT "
		  "record at legacy.change.test): it may put the old record back" },
		{ "typed", "A",
		  "external-dns (owner new; by the TXT record at a-typed.change.test)" },
		{ "six", "auto",
		  "external-dns (owner v6, service/a/b; by the TXT record at "
		  "aaaa-six.change.test)" },
		{ "name", "auto",
		  "external-dns (owner lb; by the TXT record at cname-name.change.test)" },
	};
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_update,
			     "{\"name\":\"%s.change.test\",\"type\":\"%s\",\"values\":"
			     "\"198.51.100.1\"}",
			     cases[i].name, cases[i].type);
		text = stand_preview(&s, NULL);
		assert_says(text, cases[i].says);
		free(text);
	}
	stand_release(&s);
}

static void
dns_update_preview_without_an_owner_does_not_warn(void **state)
{
	static const char *const names[] = { "plain", "other", "none" };
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		stand_action(&s, &step_dns_update,
			     "{\"name\":\"%s.change.test\",\"values\":\"198.51.100.1\"}", names[i]);
		text = stand_preview(&s, NULL);
		assert_non_null(text);
		assert_null(strstr(text, "! "));
		free(text);
	}
	stand_release(&s);
}

/* A cancel while it watches: the change stands, and the result says so, so that it can be taken back. */
static void
stop_watching(struct stand *s)
{
	if (strstr(str_cstr(&s->progress), "watching"))
		cancel_request(s->cancel);
}

static void
dns_update_watch_that_is_cut_off_keeps_the_result(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"legacy.change.test\",\"values\":\"198.51.100.1\","
		     "\"watch\":\"1h\"}");
	s.on_progress = stop_watching;
	assert_ran(&s);
	assert_says(s.progress.data, "watching for another 1h that nobody undoes it");
	assert_says(json_string(s.result, "owner", ""), "external-dns (owner prod,");
	assert_string_equal(json_string(s.result, "before/values/0", ""), "192.0.2.2");
	assert_in_range(json_int(s.result, "watched_ms", -1), 0, 60000);
	stand_release(&s);
}

static void
dns_update_watch_that_sees_nothing_succeeds(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"plain.change.test\",\"values\":\"198.51.100.1\","
		     "\"watch\":\"50ms\"}");
	assert_ran(&s);
	assert_in_range(json_int(s.result, "watched_ms", -1), 50, 60000);
	stand_release(&s);
}

static void
put_back(struct stand *s)
{
	struct stand other;

	if (!strstr(str_cstr(&s->progress), "watching"))
		return;
	s->on_progress = NULL;
	begin(&other);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"typed.change.test\",\"values\":\"192.0.2.3\",\"ttl\":300}");
	assert_ran(&other);
	stand_release(&other);
}

static void
dns_update_watch_that_sees_the_old_value_says_who(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"typed.change.test\",\"values\":\"198.51.100.1\","
		     "\"watch\":\"5s\"}");
	s.on_progress = put_back;
	assert_fails(&s, ERR_CONFLICT, "the change was made, and ");
	assert_says(s.e.message,
		    "has 192.0.2.3 for typed.change.test A, as before. Presumably that "
		    "was external-dns (owner new; by the TXT record at "
		    "a-typed.change.test). Scale it down");
	stand_release(&s);
}

static int
start(void **state)
{
	(void)state;
	dns_host_init(&host);
	dns_host_zone(&host, "zone", zone_text);
	have_bind =
		bind_start(&host, "zone change.test { type primary; file \"zone\"; update-policy { "
				  "grant k256 zonesub ANY; }; };\n");
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
		cmocka_unit_test(dns_update_preview_of_an_owned_record_warns),
		cmocka_unit_test(dns_update_preview_without_an_owner_does_not_warn),
		cmocka_unit_test(dns_update_watch_that_is_cut_off_keeps_the_result),
		cmocka_unit_test(dns_update_watch_that_sees_nothing_succeeds),
		cmocka_unit_test(dns_update_watch_that_sees_the_old_value_says_who),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
