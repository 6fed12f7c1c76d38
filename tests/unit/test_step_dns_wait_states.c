#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture_executor.h"
#include "fixture_responder.h"
#include "step/dns/step_dns_wait.h"

/* dns.wait before servers that say what honest ones do not, and the judgement by itself. */

static const unsigned char old_value[] = { 192, 0, 2, 10 }, new_value[] = { 192, 0, 2, 20 };

/* What a name server of lame.test says: NS is ns.lame.test at 127.0.0.1 and, if `dual`, at fe80::53. */
struct zone {
	bool dual, lame;
};

static void
answer_zone(struct responder *r, const unsigned char *query, size_t len)
{
	static const unsigned char ns[] = { 2, 'n', 's', 0xc0, 0x0c };
	static const unsigned char v4[] = { 127, 0, 0, 1 };
	static const unsigned char v6[16] = { 0xfe, 0x80, [15] = 0x53 };
	const struct zone *zone = r->data;
	bool is_ns = query[12] == 2; /* "ns", by its length */
	unsigned char reply[512];
	size_t end = responder_reply(query, 0, reply);

	(void)len;
	if (responder_type(query) == 2)
		end = responder_add(reply, end, 2, 60, ns, sizeof(ns));
	else if (responder_type(query) == 1)
		end = responder_add(reply, end, 1, 60, is_ns ? v4 : new_value, 4);
	else if (responder_type(query) == 28 && is_ns && zone->dual)
		end = responder_add(reply, end, 28, 60, v6, 16);
	if (zone->lame)
		reply[2] &= (unsigned char)~0x04;
	responder_send(r, reply, end);
}

/* A resolver: `data` says, a character an answer and the last one for ever, O(ld), N(ew), o(ld, less TTL), S, R. */
static void
answer_script(struct responder *r, const unsigned char *query, size_t len)
{
	const char *script = r->data;
	size_t at = (size_t)atomic_load(&r->asked) - 1, last = strlen(script) - 1;
	char now = script[at < last ? at : last];
	unsigned char reply[512];
	size_t end = responder_reply(query, now == 'S' ? 2 : now == 'R' ? 5 : 0, reply);

	(void)len;
	if (now == 'N')
		end = responder_add(reply, end, 1, 60, new_value, 4);
	else if (now == 'O' || now == 'o')
		end = responder_add(reply, end, 1, now == 'O' ? 200 : 40, old_value, 4);
	responder_send(r, reply, end);
}

static void
with_zone(struct stand *s, const struct responder *zone, const char *more)
{
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"lame.test\",\"server\":\"127.0.0.1\",\"port\":%d%s}", zone->port,
		     more);
}

static void
dns_wait_many_caches_behind_one_address_must_agree(void **state)
{
	static const struct zone honest = { 0 };
	struct responder zone, resolver;
	const cJSON *server;
	struct stand s;
	char *more;

	(void)state;
	responder_start(&zone, answer_zone, &honest, false);
	responder_start(&resolver, answer_script, "ONoNNoNNN", false);
	more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", resolver.port);
	with_zone(&s, &zone, more);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"stable\":3,"
		     "\"interval\":\"50ms\",\"timeout\":\"20s\",\"old_ttl\":300}");
	assert_ran(&s);
	assert_in_range(atomic_load(&resolver.asked), 9, 40);
	server = cJSON_GetArrayItem(json_at(s.result, "servers"), 1);
	assert_in_range(json_int(server, "samples", -1), 9, 40);
	assert_int_equal(cJSON_GetArraySize(json_at(server, "history")), 6);
	assert_says(s.output.data, ": a cache of it was seen with the old answer, and may give it "
				   "until ");
	free(more);
	stand_release(&s);
	responder_stop(&zone);
	responder_stop(&resolver);
}

/* The TTL that a resolver had left at most decides the countdown, not that of its last answer. */
static void
dns_wait_countdown_keeps_the_maximum(void **state)
{
	static const struct zone honest = { 0 };
	struct responder zone, resolver;
	int64_t left_ms, at_ms;
	struct stand s;
	char *more;

	(void)state;
	responder_start(&zone, answer_zone, &honest, false);
	responder_start(&resolver, answer_script, "OoNNN", false);
	more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\"]", resolver.port);
	with_zone(&s, &zone, more);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"interval\":\"50ms\","
		     "\"timeout\":\"30s\",\"old_ttl\":300}");
	assert_ran(&s);
	assert_int_equal(clock_parse_utc(json_string(s.result, "servers/1/old_until", ""), &at_ms),
			 0);
	left_ms = at_ms - clock_wall_ms();
	assert_in_range(left_ms, 160000, 200000);
	free(more);
	stand_release(&s);
	responder_stop(&zone);
	responder_stop(&resolver);
}

static void
dns_wait_states_are_told_apart(void **state)
{
	static const struct zone honest = { 0 };
	static const char *const says[] = {
		"(STALE: the old value, though its TTL has run out)",
		"(SERVFAIL: an outage: it cannot answer without DNSSEC validation (CD=1) either)",
		"(REFUSED)",
		"(NODATA)",
		"(TIMEOUT: no answer in time)",
		"(UNREACHABLE: nobody listens there: Connection refused)",
	};
	int silent = fixture_bind(SOCK_DGRAM, 0);
	struct responder zone, stale, failing, refusing, empty;
	struct stand s;
	char *more;

	(void)state;
	responder_start(&zone, answer_zone, &honest, false);
	responder_start(&stale, answer_script, "o", false);
	responder_start(&failing, answer_script, "S", false);
	responder_start(&refusing, answer_script, "R", false);
	responder_start(&empty, answer_script, "-", false);
	more = xasprintf(",\"resolvers\":[\"127.0.0.1:%d\",\"127.0.0.1:%d\",\"127.0.0.1:%d\","
			 "\"127.0.0.1:%d\",\"127.0.0.1:%d\",\"127.0.0.1:%d\"]",
			 stale.port, failing.port, refusing.port, empty.port,
			 fixture_port_of(silent), fixture_free_port());
	with_zone(&s, &zone, more);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"interval\":\"100ms\","
		     "\"timeout\":\"5s\",\"old_ttl\":1}");
	assert_fails(&s, ERR_TIMEOUT, "1 of 7 servers show the new value; left: 127.0.0.1:");
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++)
		assert_says(s.e.message, says[i]);
	assert_says(s.e.message, "Ask who runs them to clear their caches");
	free(more);
	stand_release(&s);
	responder_stop(&zone);
	responder_stop(&stale);
	responder_stop(&failing);
	responder_stop(&refusing);
	responder_stop(&empty);
	close(silent);
}

static void
dns_wait_answer_without_authority_is_lame(void **state)
{
	static const struct zone lame = { .lame = true };
	struct responder zone;
	struct stand s;

	(void)state;
	responder_start(&zone, answer_zone, &lame, false);
	with_zone(&s, &zone, "");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"interval\":\"50ms\","
		     "\"timeout\":\"300ms\"}");
	assert_fails(&s, ERR_TIMEOUT,
		     "(LAME: 192.0.2.20 answered without authority: it does not "
		     "serve the zone)");
	stand_release(&s);
	responder_stop(&zone);
}

static void
dns_wait_address_without_a_route_holds_nothing_up(void **state)
{
	static const struct zone dual = { .dual = true };
	struct responder zone;
	struct stand s;

	(void)state;
	responder_start(&zone, answer_zone, &dual, false);
	with_zone(&s, &zone, "");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"timeout\":\"5s\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "servers")), 2);
	assert_string_equal(json_string(s.result, "servers/1/state", ""), "NO ROUTE");
	assert_false(json_bool(s.result, "servers/1/required", true));
	assert_says(s.output.data, "ns.lame.test ([fe80::53]:");
	stand_release(&s);
	responder_stop(&zone);
}

static void
dns_wait_internal_resolvers_have_values_of_their_own(void **state)
{
	static const struct zone honest = { 0 };
	struct responder zone, inner;
	struct stand s;
	char *more;

	(void)state;
	responder_start(&zone, answer_zone, &honest, false);
	responder_start(&inner, answer_script, "O", false);
	more = xasprintf(",\"internal_resolvers\":[\"127.0.0.1:%d\"]", inner.port);
	with_zone(&s, &zone, more);
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"interval\":\"50ms\","
		     "\"internal_values\":[\"192.0.2.10\"],\"timeout\":\"10s\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "(internal resolvers: 192.0.2.10)");
	assert_says(preview, ", internal; now: new value");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "servers/1/group", ""), "internal");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"interval\":\"50ms\","
		     "\"timeout\":\"300ms\"}");
	assert_fails(&s, ERR_TIMEOUT, "(old value 192.0.2.10");
	free(preview);
	free(more);
	stand_release(&s);
	responder_stop(&zone);
	responder_stop(&inner);
}

/* A wait of two authoritative servers and two resolvers, of which nothing is known. */
static void
make_wait(struct wait *w, struct dns_view *views, struct wait_server *servers)
{
	int64_t now_ms = clock_mono_ms();

	*w = (struct wait){ .stable = 1,
			    .interval_ms = 1000,
			    .timeout_ms = -1,
			    .begin_ms = now_ms,
			    .unsettled_ms = now_ms,
			    .views = { .items = views, .count = 4 },
			    .servers = servers };
	for (int i = 0; i < 4; i++) {
		views[i] = (struct dns_view){ .authoritative = i < 2,
					      .group = i < 2 ? DNS_GROUP_AUTHORITATIVE
							     : DNS_GROUP_RESOLVER };
		servers[i] = (struct wait_server){ .serial = -1 };
	}
}

static void
wait_stand_gives_authoritative_servers_ten_minutes(void **state)
{
	struct wait_server servers[4];
	struct dns_view views[4];
	struct wait_standing s;
	struct wait w;

	(void)state;
	make_wait(&w, views, servers);
	servers[0].agreeing = 1;
	servers[0].new_ms = w.begin_ms;
	s = wait_stand(&w);
	assert_false(s.flipped);
	assert_int_equal(s.there, 1);
	assert_int_equal(s.required, 4);
	assert_int_equal(s.deadline_ms - w.begin_ms, 600000);
	assert_int_equal(s.latest_ms, 0);
	w.timeout_ms = 5000;
	assert_int_equal(wait_stand(&w).deadline_ms - w.begin_ms, 5000);
	w.authoritative_only = true;
	assert_int_equal(wait_stand(&w).required, 2);
	views[1].no_route = true;
	assert_int_equal(wait_stand(&w).required, 1);
	assert_true(wait_stand(&w).flipped);
}

/* The clock of the resolvers begins with the last flip, and runs for the whole old TTL. */
static void
wait_stand_deadline_is_the_last_flip_and_the_old_ttl(void **state)
{
	struct wait_server servers[4];
	struct dns_view views[4];
	struct wait_standing s;
	struct wait w;

	(void)state;
	make_wait(&w, views, servers);
	for (int i = 0; i < 2; i++) {
		servers[i].agreeing = 1;
		servers[i].new_ms = w.begin_ms + 1000 * i;
	}
	s = wait_stand(&w);
	assert_true(s.flipped);
	assert_int_equal(s.flip_ms, w.begin_ms + 1000);
	assert_int_equal(s.deadline_ms - s.flip_ms, 60000 + 10000 + 1000);
	assert_false(s.old_ttl_known);
	servers[2].longest_ttl = 100; /* of a resolver: the whole may be twice that */
	assert_int_equal(wait_stand(&w).old_ttl_ms, 200000);
	servers[1].longest_ttl = 300;
	s = wait_stand(&w);
	assert_true(s.old_ttl_known);
	assert_int_equal(s.old_ttl_ms, 300000);
	assert_int_equal(s.deadline_ms - s.flip_ms, 300000 + 10000 + 1000);
	assert_int_equal(s.latest_ms - s.flip_ms, 300000);
	w.old_ttl_s = 3600;
	assert_int_equal(wait_stand(&w).latest_ms - s.flip_ms, 3600000);
	servers[2].old_until_ms = w.begin_ms + 50000;
	servers[3].agreeing = 1;
	assert_int_equal(wait_stand(&w).latest_ms, w.begin_ms + 50000);
	servers[2].old_until_ms = w.begin_ms + 9999999; /* no honest cache keeps it for so long */
	assert_int_equal(wait_stand(&w).latest_ms - s.flip_ms, 3600000);
}

static void
wait_state_compares_serials_in_their_circle(void **state)
{
	static const struct {
		int64_t theirs, ours;
		enum dns_state state;
	} cases[] = {
		{ 8, 7, DNS_STATE_STALE },	  { 8, 8, DNS_STATE_OLD },
		{ 8, 9, DNS_STATE_OLD },	  { 3, 4294967290, DNS_STATE_STALE },
		{ 4294967290, 3, DNS_STATE_OLD }, { -1, 7, DNS_STATE_OLD },
		{ 8, -1, DNS_STATE_OLD },
	};
	char *value = (char *)(uintptr_t) "192.0.2.10";
	struct wait_server servers[4];
	struct dns_view views[4];
	struct wait w;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_wait(&w, views, servers);
		servers[0].new_ms = w.begin_ms;
		servers[0].serial = cases[i].theirs;
		servers[1].serial = cases[i].ours;
		views[1].asked = true;
		views[1].answer = (struct dns_answer){ .rcode = (char *)(uintptr_t) "NOERROR",
						       .authoritative = true,
						       .values = &value,
						       .count = 1 };
		assert_int_equal(wait_state(&w, 1), cases[i].state);
	}
}

/* A lost packet is no way back to the old value, and does not start the clock of the resolvers anew. */
static void
wait_take_sample_silence_does_not_undo_the_flip(void **state)
{
	char *value = (char *)(uintptr_t) "192.0.2.20", *rcode = (char *)(uintptr_t) "NOERROR";
	struct wait_server servers[4];
	struct dns_view views[4];
	int64_t flip_ms;
	struct wait w;

	(void)state;
	make_wait(&w, views, servers);
	step_texts_push(&w.values, xstrdup(value));
	views[0].asked = true;
	views[0].answer = (struct dns_answer){ .rcode = rcode,
					       .authoritative = true,
					       .values = &value,
					       .count = 1,
					       .longest_ttl = 60 };
	wait_take_sample(&w, 0);
	assert_true(wait_is_there(&w, 0));
	flip_ms = servers[0].new_ms;
	assert_true(flip_ms > 0);
	views[0].failed = true;
	views[0].failure.kind = ERR_TIMEOUT;
	wait_take_sample(&w, 0);
	assert_false(wait_is_there(&w, 0));
	assert_int_equal(servers[0].new_ms, flip_ms);
	views[0].failed = false;
	value = (char *)(uintptr_t) "192.0.2.10";
	wait_take_sample(&w, 0);
	assert_int_equal(servers[0].new_ms, 0);
	assert_int_equal(servers[0].longest_ttl, 60);
	assert_int_equal(servers[0].history_count, 3);
	for (size_t i = 0; i < 3; i++)
		free(servers[0].history[i].said);
	step_texts_release(&w.values);
}

static void
wait_init_knows_the_ttl_that_the_preview_saw(void **state)
{
	static const struct zone honest = { 0 };
	struct responder zone;
	struct stand s;
	struct wait w;

	(void)state;
	responder_start(&zone, answer_zone, &honest, false);
	with_zone(&s, &zone, "");
	stand_action(&s, &step_dns_wait,
		     "{\"name\":\"www.lame.test\",\"values\":\"192.0.2.20\",\"old_ttl\":100}");
	assert_int_equal(wait_init(&w, &s.ctx, &s.action, &s.e), 0);
	assert_int_equal(w.old_ttl_s, 100);
	wait_release(&w);
	s.seen = cJSON_Parse("{\"old_ttl\":1234}");
	s.action.seen = s.seen;
	assert_int_equal(wait_init(&w, &s.ctx, &s.action, &s.e), 0);
	assert_int_equal(w.old_ttl_s, 1234);
	assert_int_equal(w.timeout_ms, -1);
	wait_release(&w);
	stand_release(&s);
	responder_stop(&zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_wait_many_caches_behind_one_address_must_agree),
		cmocka_unit_test(dns_wait_countdown_keeps_the_maximum),
		cmocka_unit_test(dns_wait_states_are_told_apart),
		cmocka_unit_test(dns_wait_answer_without_authority_is_lame),
		cmocka_unit_test(dns_wait_address_without_a_route_holds_nothing_up),
		cmocka_unit_test(dns_wait_internal_resolvers_have_values_of_their_own),
		cmocka_unit_test(wait_stand_gives_authoritative_servers_ten_minutes),
		cmocka_unit_test(wait_stand_deadline_is_the_last_flip_and_the_old_ttl),
		cmocka_unit_test(wait_state_compares_serials_in_their_circle),
		cmocka_unit_test(wait_take_sample_silence_does_not_undo_the_flip),
		cmocka_unit_test(wait_init_knows_the_ttl_that_the_preview_saw),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
