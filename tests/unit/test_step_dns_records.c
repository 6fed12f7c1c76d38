#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns.h"
#include "fixture_executor.h"

/* dns.update of several records: one transaction, or nothing. */

static struct dns_host host;
static bool have_bind;

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\n"
				"www IN A 192.0.2.10\nwww IN A 192.0.2.11\n"
				"api 120 IN A 192.0.2.20\nold IN TXT \"to be removed\"\n"
				"fixed IN A 192.0.2.30\n";

#define THREE                                                                                      \
	"{\"records\":[{\"name\":\"www.change.test\",\"values\":[\"198.51.100.1\"]},"              \
	"{\"name\":\"API.Change.test.\",\"values\":\"198.51.100.2\",\"ttl\":30},"                  \
	"{\"name\":\"new.change.test\",\"type\":\"TXT\",\"values\":\"hello\"}]}"

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
assert_all_old(void)
{
	assert_dig(&host, "www.change.test", "A", "192.0.2.10\n192.0.2.11\n");
	assert_dig(&host, "api.change.test", "A", "192.0.2.20\n");
	assert_dig(&host, "new.change.test", "TXT", "");
}

static void
begun_long_ago(struct stand *s)
{
	cJSON_DeleteItemFromObjectCaseSensitive(s->evidence, "writing_ms");
	json_add_int(s->evidence, "writing_ms", clock_wall_ms() - 60000);
}

static void
dns_update_several_records_change_together_and_go_back(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	text = stand_preview(&s, NULL);
	assert_says(text, "Zone change.test at 127.0.0.1:");
	assert_says(text, "serial 7:\n");
	assert_says(text, "- www.change.test 300 IN A 192.0.2.10\n- www.change.test 300 IN A "
			  "192.0.2.11\n+ www.change.test 60 IN A 198.51.100.1\n");
	assert_says(text, "- api.change.test 120 IN A 192.0.2.20\n+ api.change.test 30 IN A "
			  "198.51.100.2\n+ new.change.test 60 IN TXT \"hello\"\n");
	assert_says(text, "> only if www.change.test A is exactly: 192.0.2.10, 192.0.2.11\n");
	assert_says(text, "> only if there is no new.change.test TXT\n");
	assert_says(text, "> delete api.change.test A\n> delete new.change.test TXT\n"
			  "> add www.change.test 60 IN A 198.51.100.1\n"
			  "> add api.change.test 30 IN A 198.51.100.2\n");
	assert_says(text, "  Resolvers may go on with the old data for 5m, its TTL\n");
	assert_says(text, "now at ns1.change.test (127.0.0.1:");
	assert_says(text, "): api.change.test A: 192.0.2.20, TTL 120\n");
	free(text);
	assert_all_old();
	assert_ran(&s);
	assert_dig(&host, "www.change.test", "A", "198.51.100.1\n");
	assert_dig(&host, "api.change.test", "A", "198.51.100.2\n");
	assert_dig(&host, "new.change.test", "TXT", "\"hello\"\n");
	assert_string_equal(json_string(s.result, "before/records/1/values/0", ""), "192.0.2.20");
	assert_string_equal(json_string(s.result, "after/records/2/values/0", ""), "\"hello\"");
	assert_null(json_at(s.result, "before/values"));
	assert_string_equal(json_string(s.result, "serial", ""), "8");
	assert_says(str_cstr(&s.output), "api.change.test A at 127.0.0.1:");
	assert_says(str_cstr(&s.output), ": nothing -> \"hello\", TTL 60\n");
	begun_long_ago(&s);
	free(stand_probe(&s, &verdict));
	assert_int_equal(verdict, PROBE_DONE);
	text = stand_undo_preview(&s, json_at(s.result, "before"));
	assert_says(text, "- new.change.test 60 IN TXT \"hello\"\n");
	assert_says(text, "+ www.change.test 300 IN A 192.0.2.11\n");
	assert_says(text, "> only if api.change.test A is exactly: 198.51.100.2\n");
	free(text);
	if (step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e) < 0)
		fail_msg("%s", s.e.message);
	assert_all_old();
	begun_long_ago(&s);
	free(stand_undo_probe(&s, json_at(s.result, "before"), &verdict));
	assert_int_equal(verdict, PROBE_DONE);
	stand_release(&s);
}

/* Runs an update of one record, as somebody else would. */
static void
meddle(const char *with)
{
	struct stand other;

	begin(&other);
	stand_action(&other, &step_dns_update, "%s", with);
	assert_ran(&other);
	stand_release(&other);
}

static void
meddle_with_last(struct stand *s)
{
	s->on_remembered = NULL;
	meddle("{\"name\":\"new.change.test\",\"type\":\"TXT\",\"values\":\"mine\"}");
}

/* At the last moment, after all looks, another record comes to be: the server itself must refuse all three. */
static void
dns_update_one_failed_prerequisite_leaves_all_as_they_are(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	s.on_remembered = meddle_with_last;
	assert_fails(&s, ERR_CONFLICT, "YXRRSET");
	assert_says(s.e.message, "By now new.change.test TXT is \"mine\"; it was nothing");
	assert_dig(&host, "www.change.test", "A", "192.0.2.10\n192.0.2.11\n");
	assert_dig(&host, "api.change.test", "A", "192.0.2.20\n");
	meddle("{\"name\":\"new.change.test\",\"type\":\"TXT\",\"values\":[]}");
	assert_all_old();
	stand_release(&s);
}

static void
meddle_with_first(struct stand *s)
{
	s->on_remembered = NULL;
	meddle("{\"name\":\"www.change.test\",\"values\":[\"192.0.2.10\"],\"ttl\":300}");
}

static void
dns_update_part_of_an_rrset_is_a_failed_prerequisite(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	s.on_remembered = meddle_with_first;
	assert_fails(&s, ERR_CONFLICT, "NXRRSET");
	assert_says(s.e.message, "By now www.change.test A is 192.0.2.10; it was 192.0.2.10, "
				 "192.0.2.11");
	assert_dig(&host, "api.change.test", "A", "192.0.2.20\n");
	meddle("{\"name\":\"www.change.test\",\"values\":[\"192.0.2.10\",\"192.0.2.11\"],"
	       "\"ttl\":300}");
	assert_all_old();
	stand_release(&s);
}

static void
dns_update_record_changed_since_the_preview_is_named(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	free(stand_preview(&s, NULL));
	meddle("{\"name\":\"api.change.test\",\"values\":\"192.0.2.77\"}");
	assert_fails(&s, ERR_CONFLICT,
		     "has 192.0.2.77, expected 192.0.2.20: somebody changed it. "
		     "Nothing was sent. It is api.change.test A");
	meddle("{\"name\":\"api.change.test\",\"values\":\"192.0.2.20\",\"ttl\":120}");
	assert_all_old();
	stand_release(&s);
}

static void
dns_update_expected_of_each_record_is_held_to(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(
		&s, &step_dns_update,
		"{\"records\":[{\"name\":\"www.change.test\",\"values\":\"198.51.100.1\","
		"\"expected\":[\"192.0.2.11\",\"192.0.2.10\"]},"
		"{\"name\":\"api.change.test\",\"values\":\"198.51.100.2\",\"expected\":[]}]}");
	assert_null(stand_preview(&s, NULL));
	assert_says(s.e.message, "has 192.0.2.20, expected nothing");
	assert_fails(&s, ERR_CONFLICT, "It is api.change.test A");
	assert_all_old();
	stand_release(&s);
}

/* After a cut between two records of a server that is no transaction's: neither done nor not done. */
static void
dns_update_probe_of_records_that_differ_is_unsure(void **state)
{
	enum probe_verdict verdict;
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	free(stand_preview(&s, NULL));
	begun_long_ago(&s);
	text = stand_probe(&s, &verdict);
	assert_int_equal(verdict, PROBE_NOT_DONE);
	assert_says(text, "www.change.test A at ns1.change.test (127.0.0.1:");
	free(text);
	meddle("{\"name\":\"api.change.test\",\"values\":\"198.51.100.2\",\"ttl\":30}");
	text = stand_probe(&s, &verdict);
	assert_int_equal(verdict, PROBE_UNSURE);
	assert_says(text, "1 of 3 looks show the new record, 2 the old one");
	free(text);
	meddle("{\"name\":\"api.change.test\",\"values\":\"192.0.2.20\",\"ttl\":120}");
	stand_release(&s);
}

/* One of three records is not as the step left it: none is taken back. */
static void
dns_update_undo_of_several_is_all_or_nothing(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update, THREE);
	assert_ran(&s);
	meddle("{\"name\":\"api.change.test\",\"values\":\"192.0.2.77\"}");
	assert_null(stand_undo_preview(&s, json_at(s.result, "before")));
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_says(s.e.message, "for api.change.test A 127.0.0.1:");
	assert_says(s.e.message, "has 192.0.2.77, where this step had put 198.51.100.2");
	assert_dig(&host, "www.change.test", "A", "198.51.100.1\n");
	meddle("{\"name\":\"api.change.test\",\"values\":\"198.51.100.2\",\"ttl\":30}");
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e),
			 0);
	assert_all_old();
	stand_release(&s);
}

static void
dns_update_empty_list_removes_and_asks_for_the_name(void **state)
{
	enum step_effect effect;
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"old.change.test\",\"type\":\"TXT\",\"values\":[]}");
	text = stand_preview(&s, &effect);
	assert_says(text, "- old.change.test 300 IN TXT \"to be removed\"\n> UPDATE");
	assert_says(text, "> delete old.change.test TXT\n");
	assert_null(strstr(text, "> add"));
	assert_int_equal(effect, EFFECT_DESTROYS);
	free(text);
	assert_ran(&s);
	assert_dig(&host, "old.change.test", "TXT", "");
	text = stand_undo_preview(&s, json_at(s.result, "before"));
	assert_says(text, "+ old.change.test 300 IN TXT \"to be removed\"\n");
	free(text);
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e),
			 0);
	assert_dig(&host, "old.change.test", "TXT", "\"to be removed\"\n");
	stand_action(&s, &step_dns_update, THREE);
	free(stand_preview(&s, &effect));
	assert_int_equal(effect, EFFECT_NONE);
	stand_release(&s);
}

static void
dns_update_of_what_is_so_already_sends_nothing(void **state)
{
	struct stand s;
	char *text;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fixed.change.test\",\"values\":\"192.0.2.30\",\"ttl\":300}");
	text = stand_preview(&s, NULL);
	assert_says(text, "The record is like this already, and nothing will be sent:\n");
	assert_null(strstr(text, "> "));
	free(text);
	s.refuses_to_keep = true; /* nothing need be on record, then */
	assert_ran(&s);
	assert_true(json_bool(s.result, "unchanged", false));
	stand_release(&s);
}

static void
dns_update_of_the_ttl_alone_is_a_change(void **state)
{
	struct stand s;

	(void)state;
	begin(&s);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fixed.change.test\",\"values\":\"192.0.2.30\",\"ttl\":30}");
	assert_ran(&s);
	assert_false(json_bool(s.result, "unchanged", false));
	stand_action(&s, &step_dns_lookup, "{\"name\":\"fixed.change.test\"}");
	assert_ran(&s);
	assert_int_equal(json_int(s.result, "ttl", -1), 30);
	stand_release(&s);
}

static void
dns_update_wrong_arguments_are_spec_errors(void **state)
{
	static const struct {
		const char *with, *says;
	} cases[] = {
		{ "{}", "`name` and `values` are wanted" },
		{ "{\"name\":\"a.change.test\"}", "`name` and `values` are wanted" },
		{ "{\"name\":\"a.change.test\",\"records\":[{\"name\":\"b.change.test\"}]}",
		  "`name` and `records` exclude each other" },
		{ "{\"ttl\":5,\"records\":[{\"name\":\"b.change.test\",\"values\":[]}]}",
		  "`ttl` and `records` exclude each other" },
		{ "{\"records\":[{\"name\":\"b.change.test\"}]}",
		  "record 1 (b.change.test) has no `values`" },
		{ "{\"name\":\"a.other.test\",\"values\":\"192.0.2.1\"}",
		  "a.other.test is not in the zone change.test" },
		{ "{\"name\":\"xchange.test\",\"values\":\"192.0.2.1\"}",
		  "xchange.test is not in the zone" },
		{ "{\"name\":\"a b\",\"values\":\"192.0.2.1\"}", "\"a b\" is no DNS name" },
		{ "{\"name\":\"a.change.test\",\"values\":\"192.0.2.1\",\"ttl\":-1}",
		  "a TTL of -1 s is out of range" },
		{ "{\"name\":\"a.change.test\",\"values\":\"192.0.2.1\",\"ttl\":604801}",
		  "a TTL of 604801 s is out of range" },
		{ "{\"records\":[{\"name\":\"a.change.test\",\"values\":[\"192.0.2.1\"]},"
		  "{\"name\":\"A.change.test.\",\"values\":[\"192.0.2.2\"]}]}",
		  "a.change.test A is there twice" },
		{ "{\"records\":[{\"name\":\"a.change.test\",\"values\":[\"192.0.2.1\"]},"
		  "{\"name\":\"a.change.test\",\"type\":\"auto\",\"values\":[\"192.0.2.2\"]}]}",
		  "a.change.test A is there twice" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_update, "%s", cases[i].with);
		assert_fails(&s, ERR_SPEC, cases[i].says);
		assert_null(stand_preview(&s, NULL));
	}
	stand_release(&s);
}

static void
dns_update_key_is_chosen_by_its_name_and_warned_of(void **state)
{
	char *keys = fixture_write(host.folder, "keys", DNS_KEYS), *text;
	struct stand s;

	(void)state;
	begin(&s);
	chmod(keys, 0644);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"}",
		     host.port, keys);
	stand_action(&s, &step_dns_update, THREE);
	assert_fails(&s, ERR_SPEC, "the target's `key_name` must say which");
	stand_target(&s, &target_dns,
		     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\",\"key_name\":\"k512\"}",
		     host.port, keys);
	text = stand_preview(&s, NULL);
	assert_says(text, "signed by k512 (hmac-sha512)\n");
	assert_says(text, "! Everybody on this machine can read the key file ");
	assert_null(strstr(text, DNS_SECRET_512));
	free(text);
	chmod(keys, 0600);
	text = stand_preview(&s, NULL);
	assert_non_null(text);
	assert_null(strstr(text, "Everybody"));
	free(text);
	free(keys);
	stand_release(&s);
}

/* Before anybody confirms what could not work. */
static void
dns_update_preview_tries_the_key(void **state)
{
	static const struct {
		const char *key, *says;
	} cases[] = {
		{ DNS_KEY("other", "hmac-sha256", DNS_SECRET_256),
		  "trying the key other at 127.0.0.1: NOTAUTH (BADKEY)" },
		{ DNS_KEY("k256", "hmac-sha256", DNS_SECRET_512),
		  "NOTAUTH (BADSIG): the server has another secret for the key k256" },
	};
	struct stand s;

	(void)state;
	begin(&s);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *path = fixture_write(host.folder, "wrong-key", cases[i].key);

		stand_target(&s, &target_dns,
			     "{\"zone\":\"change.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
			     "\"key_file\":\"%s\"}",
			     host.port, path);
		stand_action(&s, &step_dns_update, THREE);
		assert_null(stand_preview(&s, NULL));
		assert_says(s.e.message, cases[i].says);
		assert_int_equal(s.e.kind, ERR_DENIED);
		assert_fails(&s, ERR_DENIED, "NOTAUTH");
		free(path);
	}
	assert_all_old();
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
		cmocka_unit_test(dns_update_several_records_change_together_and_go_back),
		cmocka_unit_test(dns_update_one_failed_prerequisite_leaves_all_as_they_are),
		cmocka_unit_test(dns_update_part_of_an_rrset_is_a_failed_prerequisite),
		cmocka_unit_test(dns_update_record_changed_since_the_preview_is_named),
		cmocka_unit_test(dns_update_expected_of_each_record_is_held_to),
		cmocka_unit_test(dns_update_probe_of_records_that_differ_is_unsure),
		cmocka_unit_test(dns_update_undo_of_several_is_all_or_nothing),
		cmocka_unit_test(dns_update_empty_list_removes_and_asks_for_the_name),
		cmocka_unit_test(dns_update_of_what_is_so_already_sends_nothing),
		cmocka_unit_test(dns_update_of_the_ttl_alone_is_a_change),
		cmocka_unit_test(dns_update_wrong_arguments_are_spec_errors),
		cmocka_unit_test(dns_update_key_is_chosen_by_its_name_and_warned_of),
		cmocka_unit_test(dns_update_preview_tries_the_key),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
