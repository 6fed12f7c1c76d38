#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "fixture_route53_world.h"
#include "fixture_server.h"

static void
assert_fails_to_list(struct world *w, enum err_kind kind, const char *part)
{
	struct route53_rrsets sets = { 0 };

	assert_int_equal(list(w, "www.open.example.test", &sets), -1);
	assert_int_equal(w->e.kind, kind);
	assert_says(w->e.message, part);
	assert_null(strstr(w->e.message, R53_SECRET));
}

static void
route53_list_signature_is_what_the_server_computes(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	if (list(&w, "www.open.example.test", &sets) < 0)
		fail_msg("%s\n%s", w.e.message, w.f.sign.why);
	assert_signed(&w);
	assert_int_equal(sets.count, 1);
	assert_string_equal(sets.items[0].name, "www.open.example.test.");
	assert_string_equal(sets.items[0].values[0], "192.0.2.10");
	assert_int_equal(sets.items[0].ttl, 300);
	assert_null(sets.items[0].peculiarity);
	assert_string_equal(route53_who(w.api), "AKID…WXYZ, the environment");
	route53_rrsets_release(&sets);
	world_release(&w);
}

static void
route53_new_region_is_that_of_the_partition(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	route53_free(w.api);
	w.f.sign.region = "us-gov-west-1";
	connect_world(&w, "us-gov-east-1");
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	route53_rrsets_release(&sets);
	route53_free(w.api);
	w.f.sign.region = "us-east-1"; /* one endpoint for all public regions */
	setenv("AWS_REGION", "eu-central-1", 1);
	connect_world(&w, NULL);
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	assert_signed(&w);
	route53_rrsets_release(&sets);
	world_release(&w);
}

static void
route53_new_endpoints_of_partitions_are_known(void **state)
{
	struct route53_options options = { .region = "cn-north-1" };
	struct err e = ERR_INIT;

	(void)state;
	fixture_route53_environment(NULL);
	options.secrets = secrets_new();
	struct route53 *api = route53_new(&options, NULL, &e);
	assert_string_equal(route53_endpoint(api), "https://route53.amazonaws.com.cn");
	route53_free(api);
	options.region = NULL;
	api = route53_new(&options, NULL, &e);
	assert_string_equal(route53_endpoint(api), "https://route53.amazonaws.com");
	route53_free(api);
	options.endpoint = "http://route53.example.test";
	assert_null(route53_new(&options, NULL, &e));
	assert_int_equal(e.kind, ERR_SPEC);
	assert_says(e.message, "no endpoint of Route 53");
	options.endpoint = "http://127.0.0.1.example.test/";
	assert_null(route53_new(&options, NULL, &e));
	options.endpoint = NULL;
	options.ca_file = "/nonexistent/ca.pem";
	assert_null(route53_new(&options, NULL, &e));
	assert_says(e.message, "/nonexistent/ca.pem");
	secrets_free(options.secrets);
}

static void
route53_list_pages_are_read_to_the_end_of_the_name(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	w.f.page = 1;
	r53_put(&w.f, "www.open.example.test.", "AAAA", 300, "2001:db8::1");
	r53_put(&w.f, "www.open.example.test.", "TXT", 300, "\"heritage=external-dns\"");
	r53_put(&w.f, "wwx.open.example.test.", "A", 300, "192.0.2.99");
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	assert_signed(&w);
	assert_int_equal(sets.count, 3);
	assert_string_equal(sets.items[2].type, "TXT");
	assert_int_equal(server_count(w.f.server, "/rrset?"), 4);
	route53_rrsets_release(&sets);
	world_release(&w);
}

static void
route53_list_wildcards_and_missing_names_are_found_by_their_names(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	r53_put(&w.f, "\\052.open.example.test.", "A", 300, "192.0.2.5");
	assert_int_equal(list(&w, "*.open.example.test", &sets), 0);
	assert_signed(&w);
	assert_int_equal(sets.count, 1);
	assert_string_equal(sets.items[0].name, "\\052.open.example.test.");
	route53_rrsets_release(&sets);
	assert_int_equal(list(&w, "none.open.example.test", &sets), 0);
	assert_int_equal(sets.count, 0);
	world_release(&w);
}

static void
route53_list_peculiar_sets_say_what_they_are(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct r53_set *set;
	struct world w;

	(void)state;
	world_init(&w);
	set = r53_put(&w.f, "alias.example.test.", "A", 0, NULL);
	snprintf(set->more, sizeof(set->more),
		 "<AliasTarget><HostedZoneId>Z2</HostedZoneId><DNSName>lb.example.net.</DNSName>"
		 "<EvaluateTargetHealth>false</EvaluateTargetHealth></AliasTarget>");
	set = r53_put(&w.f, "alias.example.test.", "AAAA", 60, "2001:db8::1");
	snprintf(set->more, sizeof(set->more),
		 "<SetIdentifier>blue</SetIdentifier><Weight>10</Weight>"
		 "<HealthCheckId>abc-1</HealthCheckId>");
	assert_int_equal(list(&w, "alias.example.test", &sets), 0);
	assert_string_equal(sets.items[0].peculiarity, "an alias of lb.example.net.");
	assert_string_equal(sets.items[1].peculiarity,
			    "one of several weighted sets (\"blue\"), bound to the health check "
			    "abc-1");
	route53_rrsets_release(&sets);
	world_release(&w);
}

static void
route53_zone_find_one_of_the_name_is_it(void **state)
{
	struct route53_zone zone = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(route53_zone_find(w.api, "Example.test.", NULL, NULL, &zone, &w.e), 0);
	assert_signed(&w);
	assert_string_equal(zone.id, "Z0PUBLIC1");
	assert_string_equal(zone.name, "example.test");
	assert_false(zone.is_private);
	assert_string_equal(zone.name_servers[0], "ns1.example.test");
	route53_zone_release(&zone);
	assert_int_equal(route53_zone_find(w.api, "ample.test", NULL, NULL, &zone, &w.e), -1);
	assert_int_equal(w.e.kind, ERR_NOT_FOUND);
	assert_says(w.e.message, "no hosted zone ample.test for AKID…WXYZ");
	world_release(&w);
}

static void
route53_zone_find_two_of_the_name_need_an_id(void **state)
{
	struct route53_zone zone = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	w.f.zones[1] = (struct r53_zone){ "Z0SECRET1", "example.test.", true };
	w.f.page = 1;
	assert_int_equal(route53_zone_find(w.api, "example.test", NULL, NULL, &zone, &w.e), -1);
	assert_signed(&w);
	assert_int_equal(w.e.kind, ERR_SPEC);
	assert_says(w.e.message, "Z0PUBLIC1 (public), Z0SECRET1 (private)");
	assert_says(w.e.message, "`zone_id`");
	assert_int_equal(route53_zone_find(w.api, "example.test", "/hostedzone/Z0SECRET1", NULL,
					   &zone, &w.e),
			 0);
	assert_true(zone.is_private);
	route53_zone_release(&zone);
	world_release(&w);
}

static void
route53_zone_find_wrong_ids_are_refused(void **state)
{
	struct route53_zone zone = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	assert_int_equal(route53_zone_find(w.api, "example.test", "Z0OTHER1", NULL, &zone, &w.e),
			 -1);
	assert_int_equal(w.e.kind, ERR_SPEC);
	assert_says(w.e.message, "the hosted zone Z0OTHER1 is other.test");
	assert_int_equal(route53_zone_find(w.api, "example.test", "Z1?x=y", NULL, &zone, &w.e), -1);
	assert_says(w.e.message, "no id of a hosted zone");
	assert_int_equal(route53_zone_find(w.api, "example.test", "Z9", NULL, &zone, &w.e), -1);
	assert_int_equal(w.e.kind, ERR_NOT_FOUND);
	assert_says(w.e.message, "NoSuchHostedZone");
	world_release(&w);
}

/* Credentials that end within the minute are fetched anew for each request. */
static void
route53_list_credentials_that_end_are_fetched_anew(void **state)
{
	char *folder = fixture_folder(), *runs = xasprintf("%s/runs", folder), *script, *config,
	     *text;
	char stamp[CLOCK_STAMP_MAX];
	struct route53_rrsets sets;
	struct str count = STR_INIT;
	struct world w;

	(void)state;
	world_init(&w);
	route53_free(w.api);
	unsetenv("AWS_ACCESS_KEY_ID");
	text = xasprintf("echo x >> %s\necho '{\"Version\":1,\"AccessKeyId\":\"" R53_KEY
			 "\",\"SecretAccessKey\":\"" R53_SECRET "\",\"Expiration\":\"%s\"}'\n",
			 runs, clock_format_utc(clock_wall_ms() + 50000, stamp));
	script = fixture_write(folder, "script", text);
	free(text);
	text = xasprintf("[default]\ncredential_process = sh %s\n", script);
	config = fixture_write(folder, "config", text);
	setenv("AWS_CONFIG_FILE", config, 1);
	connect_world(&w, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
		route53_rrsets_release(&sets);
	}
	assert_signed(&w);
	assert_int_equal(file_read(runs, 1000, &count, &w.e), 0);
	assert_string_equal(str_cstr(&count), "x\nx\nx\n");
	str_release(&count);
	world_release(&w);
	free(text);
	free(config);
	free(script);
	free(runs);
	fixture_remove(folder);
}

static void
route53_list_throttled_reads_are_tried_again(void **state)
{
	struct route53_rrsets sets = { 0 };
	struct world w;

	(void)state;
	world_init(&w);
	w.f.throttle = 1;
	w.f.fail_reads = 1;
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	assert_int_equal(w.e.kind, ERR_NONE);
	assert_int_equal(w.f.server->requests, 3);
	route53_rrsets_release(&sets);
	w.f.throttle = 100;
	assert_fails_to_list(&w, ERR_REMOTE, "five requests a second");
	assert_int_equal(w.f.server->requests, 3 + 5);
	world_release(&w);
}

static void
route53_list_denials_say_what_to_do(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.deny = "ListResourceRecordSets";
	assert_fails_to_list(&w, ERR_DENIED, "user/dr is not authorized");
	assert_says(w.e.message, "Ask for that right");
	w.f.deny = NULL;
	w.f.sign.token = "another";
	assert_fails_to_list(&w, ERR_DENIED, "InvalidClientTokenId");
	assert_int_equal(w.f.server->requests, 2);
	world_release(&w);
}

static void
route53_list_wrong_secret_is_denied(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	route53_free(w.api);
	setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+another", 1);
	connect_world(&w, NULL);
	assert_fails_to_list(&w, ERR_DENIED, "SignatureDoesNotMatch");
	assert_says(w.e.message, "does not match. Check your key.");
	assert_says(w.e.message, "Check the secret key of the profile");
	assert_null(strstr(w.e.message, "Canonical"));
	assert_null(strstr(w.e.message, "clock is"));
	world_release(&w);
}

static void
route53_list_skewed_clock_is_named_with_its_size(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.sign.skew_s = 600;
	assert_fails_to_list(&w, ERR_DENIED, "clock is at least ");
	assert_says(w.e.message, "m");
	assert_says(w.e.message, "behind theirs");
	assert_in_range(route53_skew_ms(w.api), 590000, 600000);
	w.f.sign.skew_s = -3600;
	assert_fails_to_list(&w, ERR_DENIED, "ahead of theirs");
	world_release(&w);
}

static void
route53_list_login_pages_hold_no_records(void **state)
{
	struct world w;

	(void)state;
	world_init(&w);
	w.f.answer_read = "<html><body>Welcome to the hotel</body></html>";
	assert_fails_to_list(&w, ERR_REMOTE, "the answer is a <html>");
	assert_says(w.e.message, "Is a proxy in between");
	w.f.answer_read = "<html><body>Welcome<br></html>";
	assert_fails_to_list(&w, ERR_REMOTE, "no XML that can be read: line 1");
	w.f.answer_read = "<!DOCTYPE x [<!ENTITY a \"b\">]><ListResourceRecordSetsResponse/>";
	assert_fails_to_list(&w, ERR_REMOTE, "it has a document type");
	world_release(&w);
}

static void
route53_list_over_tls_trusts_the_given_file_alone(void **state)
{
	struct world w = { .secrets = secrets_new() };
	struct route53_options options = { .secrets = w.secrets };
	struct route53_rrsets sets = { 0 };
	char *folder = fixture_folder(), *pem = NULL, *ca_file, *url;

	(void)state;
	fixture_route53_environment(NULL);
	fixture_route53_start(&w.f, server_tls("localhost", &pem));
	ca_file = fixture_write(folder, "ca.pem", pem);
	url = xasprintf("https://localhost:%d/", w.f.server->port);
	w.zone.id = "Z0PUBLIC1";
	w.zone.name = "example.test";
	options.endpoint = url;
	w.api = route53_new(&options, NULL, &w.e);
	assert_fails_to_list(&w, ERR_DENIED, "certificate");
	route53_free(w.api);
	setenv("AWS_CA_BUNDLE", ca_file, 1);
	w.api = route53_new(&options, NULL, &w.e);
	assert_int_equal(list(&w, "www.open.example.test", &sets), 0);
	assert_signed(&w);
	assert_int_equal(sets.count, 1);
	route53_rrsets_release(&sets);
	route53_free(w.api);
	unsetenv("AWS_CA_BUNDLE");
	fixture_route53_stop(&w.f);
	secrets_free(w.secrets);
	fixture_remove(folder);
	free(ca_file);
	free(url);
	free(pem);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(route53_list_signature_is_what_the_server_computes),
		cmocka_unit_test(route53_new_region_is_that_of_the_partition),
		cmocka_unit_test(route53_new_endpoints_of_partitions_are_known),
		cmocka_unit_test(route53_list_pages_are_read_to_the_end_of_the_name),
		cmocka_unit_test(route53_list_wildcards_and_missing_names_are_found_by_their_names),
		cmocka_unit_test(route53_list_peculiar_sets_say_what_they_are),
		cmocka_unit_test(route53_zone_find_one_of_the_name_is_it),
		cmocka_unit_test(route53_zone_find_two_of_the_name_need_an_id),
		cmocka_unit_test(route53_zone_find_wrong_ids_are_refused),
		cmocka_unit_test(route53_list_credentials_that_end_are_fetched_anew),
		cmocka_unit_test(route53_list_throttled_reads_are_tried_again),
		cmocka_unit_test(route53_list_denials_say_what_to_do),
		cmocka_unit_test(route53_list_wrong_secret_is_denied),
		cmocka_unit_test(route53_list_skewed_clock_is_named_with_its_size),
		cmocka_unit_test(route53_list_login_pages_hold_no_records),
		cmocka_unit_test(route53_list_over_tls_trusts_the_given_file_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
