#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_dns_world.h"
#include "fixture_executor.h"

/* dns.wait before BIND and Knot; what no honest server says is in test_step_dns_wait_states.c. */

static struct dns_world world;

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

static void
with_resolver(struct stand *s)
{
	char *more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", world.resolver.port);

	with_target(s, more);
	free(more);
}

/* Lets the caching resolver learn what is there now. */
static void
fill_cache(const char *name)
{
	free(dns_world_value("127.0.0.1", world.resolver.port, name, "A"));
}

/* Changes a record and lets all authoritative servers have it. */
static void
change_everywhere(const char *name, const char *value, uint32_t ttl)
{
	dns_world_change(&world, name, value, ttl);
	dns_world_notify(&world);
	assert_true(dns_world_await("::1", world.primary.port, name, value));
	assert_true(!world.has_knot ||
		    dns_world_await("127.0.0.3", world.primary.port, name, value));
}

static const cJSON *
server_of(const struct stand *s, const char *label)
{
	const cJSON *server;

	cJSON_ArrayForEach(server, json_at(s->result, "servers"))
		if (strstr(json_string(server, "server", ""), label))
			return server;
	return NULL;
}

/* First the record is changed; when the secondary that nobody told is the last one, it is told. */
static void
change_and_tell(struct stand *s)
{
	const char *alone = world.has_knot ? "2 of 3: waiting for ns2.example.test ([::1]:"
					   : "1 of 2: waiting for ns2.example.test ([::1]:";

	if (strstr(s->progress.data, alone) && strstr(s->progress.data, "STALE")) {
		s->on_progress = NULL;
		dns_world_notify(&world);
	} else if (!strstr(s->progress.data, "changed")) {
		str_append(&s->progress, "changed\n");
		dns_world_change(&world, "change.example.test", "192.0.2.41", 60);
	}
}

static void
dns_wait_ends_when_all_show_the_value(void **state)
{
	const cJSON *stale;
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"change.example.test\",\"values\":\"192.0.2.41\","
		     "\"interval\":\"50ms\",\"timeout\":\"10s\"}");
	s.on_progress = change_and_tell;
	assert_ran(&s);
	assert_says(s.progress.data,
		    "(STALE: it has serial 7 of the zone, others 8; it looks for a "
		    "new one every 1h at least)");
	assert_says(s.progress.data, world.has_knot ? "all 3 servers show the new value\n"
						    : "all 2 servers show the new value\n");
	stale = server_of(&s, "[::1]");
	assert_string_equal(json_string(stale, "state", ""), "NEW");
	assert_string_equal(json_string(stale, "history/0/said", ""), "192.0.2.10");
	assert_string_equal(json_string(stale, "values/0", ""), "192.0.2.41");
	assert_non_null(json_string(stale, "first_new_at", NULL));
	assert_true(json_int(stale, "samples", 0) > 1);
	assert_non_null(json_string(s.result, "flipped_at", NULL));
	assert_says(s.output.data, "show the new value\nSERVER ");
	stand_release(&s);
}

static void
dns_wait_stale_secondary_is_named_at_the_end(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	dns_world_change(&world, "fixed.example.test", "192.0.2.51", 120);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"fixed.example.test\",\"values\":\"192.0.2.51\","
		     "\"interval\":\"50ms\",\"timeout\":\"1500ms\"}");
	assert_fails(&s, ERR_TIMEOUT,
		     " servers show the new value; left: ns2.example.test ([::1]:");
	assert_says(s.e.message, ") (STALE: it has serial ");
	assert_says(s.e.message, "whether its secondaries are notified");
	assert_null(strstr(s.e.message, "ns1"));
	assert_null(strstr(s.e.message, "ns3"));
	assert_says(s.output.data, "  authoritative  STALE  ");
	change_everywhere("fixed.example.test", "192.0.2.1", 120);
	stand_release(&s);
}

static void
dns_wait_resolver_is_waited_for_until_its_ttl_has_run_out(void **state)
{
	const cJSON *resolver;
	struct stand s;

	(void)state;
	with_resolver(&s);
	fill_cache("brief.example.test");
	change_everywhere("brief.example.test", "192.0.2.43", 2);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"brief.example.test\",\"values\":\"192.0.2.43\",\"stable\":3,"
		     "\"interval\":\"200ms\"}");
	assert_ran(&s);
	assert_says(s.progress.data, "(old value 192.0.2.10 until ");
	assert_says(s.progress.data, "Z at the latest)");
	assert_says(s.progress.data, "; all should show it by ");
	assert_says(s.progress.data, " of 3 samples)");
	resolver = cJSON_GetArrayItem(json_at(s.result, "servers"),
				      cJSON_GetArraySize(json_at(s.result, "servers")) - 1);
	assert_string_equal(json_string(resolver, "group", ""), "resolver");
	assert_string_equal(json_string(resolver, "history/0/state", ""), "OLD");
	assert_string_equal(json_string(resolver, "history/1/state", ""), "NEW");
	assert_non_null(json_string(resolver, "old_until", NULL));
	assert_in_range(json_int(s.result, "duration_ms", -1), 500, 15000);
	stand_release(&s);
}

static void
dns_wait_long_ttl_is_told_before_and_after(void **state)
{
	char *preview;
	struct stand s;

	(void)state;
	with_resolver(&s);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"long.example.test\",\"values\":\"192.0.2.44\","
		     "\"interval\":\"50ms\",\"timeout\":\"700ms\"}");
	fill_cache("long.example.test");
	preview = stand_preview(&s, NULL);
	assert_says(preview, ", authoritative; now: old value 192.0.2.10\n");
	assert_says(preview, ", resolver; now: old value 192.0.2.10\n");
	assert_says(preview, "  Resolvers may keep the old answer for 50m after the last "
			     "authoritative server has the new one.\n");
	assert_says(preview, "! That is shorter than the old record's TTL (50m)");
	assert_int_equal(json_int(s.seen, "old_ttl", -1), 3000);
	free(preview);
	change_everywhere("long.example.test", "192.0.2.44", 60);
	assert_fails(&s, ERR_TIMEOUT, "(old value 192.0.2.10 until ");
	assert_says(s.e.message, "Their old answers had not run out: run the step again");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"long.example.test\",\"values\":\"192.0.2.44\"}");
	preview = stand_preview(&s, NULL);
	assert_says(preview, "  All authoritative servers show it: the others should by ");
	assert_says(preview, "  Gives up after 10m without all authoritative servers, and for "
			     "resolvers ");
	free(preview);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"long.example.test\",\"values\":\"192.0.2.44\","
		     "\"require\":\"authoritative\",\"timeout\":\"5s\"}");
	preview = stand_preview(&s, NULL);
	assert_says(preview, ", resolver, not waited for; now: old value");
	assert_ran(&s);
	assert_false(
		json_bool(cJSON_GetArrayItem(json_at(s.result, "servers"), world.has_knot ? 3 : 2),
			  "required", true));
	free(preview);
	stand_release(&s);
}

static void
dns_wait_negative_answer_has_a_ttl_too(void **state)
{
	struct stand s;

	(void)state;
	with_resolver(&s);
	fill_cache("fresh.example.test");
	change_everywhere("fresh.example.test", "192.0.2.45", 60);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"fresh.example.test\",\"values\":\"192.0.2.45\","
		     "\"interval\":\"50ms\",\"timeout\":\"400ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "(NXDOMAIN until ");
	assert_true(strstr(s.output.data, "Z, 1m ") || strstr(s.output.data, "Z, 5"));
	stand_release(&s);
}

static void
dns_wait_cname_out_of_the_zone_is_followed(void **state)
{
	struct stand s;

	(void)state;
	with_resolver(&s);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"out.example.test\",\"values\":\"192.0.2.200\",\"stable\":1,"
		     "\"timeout\":\"5s\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "servers/0/chain/0/target", ""),
			    "lb.elsewhere.test.");
	stand_release(&s);
}

static void
dns_wait_other_family_is_a_warning(void **state)
{
	struct stand s;
	char *preview;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"dual.example.test\",\"values\":\"192.0.2.1\"}");
	preview = stand_preview(&s, NULL);
	assert_says(preview, "! dual.example.test has AAAA records too, which this step does not "
			     "look at: 2001:db8::1, TTL 300.");
	assert_says(preview, "  All of them show it already.\n");
	assert_ran(&s);
	assert_says(json_string(s.result, "warning", ""), "2001:db8::1");
	assert_says(s.output.data, "Warning: dual.example.test has AAAA records too");
	free(preview);
	stand_release(&s);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 300);
	cancel_request(data);
	return NULL;
}

static void
dns_wait_cancelled_returns_at_once(void **state)
{
	int fd = fixture_bind(SOCK_DGRAM, 0);
	char *more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", fixture_port_of(fd));
	int64_t begin_ms;
	pthread_t thread;
	struct stand s;

	(void)state;
	with_target(&s, more);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"fixed.example.test\",\"values\":\"192.0.2.9\"}");
	begin_ms = clock_mono_ms();
	pthread_create(&thread, NULL, request_cancel, s.cancel);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	assert_says(s.e.message, "dns.wait fixed.example.test A: cancelled");
	assert_in_range(clock_mono_ms() - begin_ms, 290, 1500);
	pthread_join(thread, NULL);
	assert_int_equal(stand_run(&s), -1);
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	free(more);
	close(fd);
	stand_release(&s);
}

static void
dns_wait_wrong_fields_are_spec_errors(void **state)
{
	static const struct {
		const char *more, *says;
	} cases[] = {
		{ "\"name\":\"a.example.test\",\"stable\":0", "`stable` is 0: 1 to 100" },
		{ "\"name\":\"a.example.test\",\"old_ttl\":-1", "`old_ttl` is -1: 0 to 604800" },
		{ "\"name\":\"\\u00e4.example.test\"", "Write it in its xn-- form" },
		{ "\"name\":\"a.example.test\",\"internal_values\":[\"x\"]", "is no valid value" },
	};
	struct stand s;

	(void)state;
	with_target(&s, "");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stand_action(&s, &step_dns_wait, "{%s,\"values\":\"192.0.2.1\"}", cases[i].more);
		assert_null(stand_preview(&s, NULL));
		assert_int_equal(s.e.kind, ERR_SPEC);
		assert_fails(&s, ERR_SPEC, cases[i].says);
	}
	stand_release(&s);
}

static void
target_dns_identity_is_the_zone_and_its_primary(void **state)
{
	cJSON *identity = NULL;
	struct stand s;

	(void)state;
	with_target(&s, "");
	assert_int_equal(target_dns.identify(s.target.connection, NULL, &identity, &s.e), 0);
	assert_string_equal(json_string(identity, "zone", ""), "example.test");
	assert_string_equal(json_string(identity, "primary", ""), "ns1.example.test.");
	char *text = target_dns.describe(s.spec);
	assert_string_equal(text, "zone example.test at 127.0.0.1");
	cJSON_Delete(identity);
	free(text);
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
		cmocka_unit_test(dns_wait_ends_when_all_show_the_value),
		cmocka_unit_test(dns_wait_stale_secondary_is_named_at_the_end),
		cmocka_unit_test(dns_wait_resolver_is_waited_for_until_its_ttl_has_run_out),
		cmocka_unit_test(dns_wait_long_ttl_is_told_before_and_after),
		cmocka_unit_test(dns_wait_negative_answer_has_a_ttl_too),
		cmocka_unit_test(dns_wait_cname_out_of_the_zone_is_followed),
		cmocka_unit_test(dns_wait_other_family_is_a_warning),
		cmocka_unit_test(dns_wait_cancelled_returns_at_once),
		cmocka_unit_test(dns_wait_wrong_fields_are_spec_errors),
		cmocka_unit_test(target_dns_identity_is_the_zone_and_its_primary),
	};

	return cmocka_run_group_tests(tests, start_world, stop_world);
}
