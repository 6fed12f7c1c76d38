#include "config.h"

#include "world/part/parts.h"

#include "fixture_parts.h"

#include "base/file.h"
#include "net/dns/dns.h"

/* A zone whose TTLs are a hundredth of what is declared, and a resolver in front of it. */
enum { SPEED = 100, ADDRESS = 53, RESOLVER = 54, PORT = 5353 };

static struct fixture_parts *world;
static bool have_server;

static int
start_world(void **state)
{
	cJSON *zone = fixture_json(
		"{\"name\": \"example.com\", \"address\": 53, \"port\": 5353, \"key\": "
		"\"drill-key\","
		" \"ttl\": 30000000, \"records\": ["
		"  {\"name\": \"tsb\", \"values\": [\"203.0.113.10\"], \"ttl\": 200000},"
		"  {\"name\": \"fast\", \"values\": [\"203.0.113.11\"], \"ttl\": 10},"
		"  {\"name\": \"www.example.com\", \"type\": \"CNAME\", \"values\": "
		"[\"tsb.example.com\"]},"
		"  {\"name\": \"@\", \"type\": \"TXT\", \"values\": [\"one two\"]},"
		"  {\"name\": \"big\", \"type\": \"TXT\", \"values\": [\"a\", \"b\", \"c\"]}],"
		" \"resolvers\": [{\"name\": \"office\", \"address\": 54, \"port\": 53530,"
		"  \"warm\": [\"tsb.example.com\"]}]}");
	struct err e = ERR_INIT;

	(void)state;
	world = fixture_parts_new(SPEED);
	have_server = parts_zone(world->parts, zone, &e) == 0;
	if (!have_server && e.kind != ERR_NOT_FOUND)
		fail_msg("%s", e.message);
	cJSON_Delete(zone);
	return 0;
}

static int
end_world(void **state)
{
	(void)state;
	fixture_parts_free(world);
	return 0;
}

static void
need_server(void)
{
	if (have_server)
		return;
	print_message("skipped: Knot DNS is not installed\n");
	skip();
}

static int
query(int address, const char *name, const char *type, int64_t timeout_ms,
      struct dns_answer *ret_answer, struct err *e)
{
	char *host = xasprintf("%s%d", world->prefix, address);
	const struct dns_server server = { host, address == RESOLVER ? 53530 : PORT };
	int rc;

	need_server();
	rc = dns_query(&server, name, type, address == RESOLVER, timeout_ms, 1, NULL, ret_answer,
		       e);
	free(host);
	return rc;
}

static struct dns_answer
ask(int address, const char *name, const char *type)
{
	struct dns_answer answer;
	struct err e = ERR_INIT;

	if (query(address, name, type, FIXTURE_WAIT_MS, &answer, &e) < 0)
		fail_msg("%s", e.message);
	return answer;
}

static void
assert_value(int address, const char *name, const char *type, const char *value)
{
	struct dns_answer answer = ask(address, name, type);

	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.values[0], value);
	dns_answer_release(&answer);
}

static void
assert_rcode(int address, const char *name, const char *rcode)
{
	struct dns_answer answer = ask(address, name, "A");

	assert_string_equal(answer.rcode, rcode);
	dns_answer_release(&answer);
}

static void
parts_zone_declared_servesItsRecords(void **state)
{
	struct dns_answer answer;
	char *ns = xasprintf("%s%d", world->prefix, ADDRESS);

	(void)state;
	assert_value(ADDRESS, "tsb.example.com", "A", "203.0.113.10");
	assert_value(ADDRESS, "www.example.com", "CNAME", "tsb.example.com.");
	assert_value(ADDRESS, "example.com", "TXT", "\"one two\"");
	assert_value(ADDRESS, "example.com", "NS", "ns1.example.com.");
	assert_value(ADDRESS, "ns1.example.com", "A", ns);
	assert_rcode(ADDRESS, "none.example.com", "NXDOMAIN");
	answer = ask(ADDRESS, "tsb.example.com", "A");
	assert_true(answer.authoritative);
	dns_answer_release(&answer);
	free(ns);
}

static void
parts_zone_ttls_areDividedByTheSpeed(void **state)
{
	struct dns_answer answer = ask(ADDRESS, "tsb.example.com", "A");

	(void)state;
	assert_int_equal(answer.ttl, 2);
	dns_answer_release(&answer);
	answer = ask(ADDRESS, "fast.example.com", "A");
	assert_int_equal(answer.ttl, 1);
	dns_answer_release(&answer);
	answer = ask(ADDRESS, "www.example.com", "CNAME");
	assert_int_equal(answer.ttl, 300);
	dns_answer_release(&answer);
	answer = ask(ADDRESS, "none.example.com", "A");
	assert_int_equal(answer.negative_ttl, 1);
	dns_answer_release(&answer);
}

/* What the operator's runbook does, from outside. */
static int
update(const char *name, const char *const *values, const char *key_file, struct err *e)
{
	char *path = xasprintf("%s/%s", world->folder, key_file);
	char *host = xasprintf("%s%d", world->prefix, ADDRESS);
	const struct dns_server server = { host, PORT };
	const struct dns_update change = {
		.zone = "example.com", .name = name, .type = "A", .ttl = 5, .values = values
	};
	struct dns_key key = { 0 };
	struct stat st;
	int rc;

	need_server();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	if (dns_key_load(path, &key, e) < 0)
		fail_msg("%s", e->message);
	rc = dns_update_send(&server, &change, &key, FIXTURE_WAIT_MS, NULL, e);
	dns_key_release(&key);
	free(host);
	free(path);
	return rc;
}

static void
parts_zone_key_letsTheOperatorUpdate(void **state)
{
	const char *values[] = { "198.51.100.20", NULL };
	struct err e = ERR_INIT;
	char *key = NULL, *text;

	(void)state;
	if (update("moved.example.com", values, "tsig.key", &e) < 0 ||
	    update("moved.example.com", values, "tsig-drill-key.key", &e) < 0)
		fail_msg("%s", e.message);
	assert_value(ADDRESS, "moved.example.com", "A", "198.51.100.20");
	/* The same name with another secret is refused. */
	text = xasprintf("key \"drill-key\" { algorithm hmac-sha256; secret \"%s\"; };\n",
			 "c2VjcmV0IG9mIHRoZSB0ZXN0cyBvZiBsaWZlYm9hdA==");
	key = fixture_write(world->folder, "wrong.key", text);
	chmod(key, 0600);
	assert_int_equal(update("moved.example.com", values, "wrong.key", &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	free(key);
	free(text);
}

static void
parts_change_records_areReplacedAndRemoved(void **state)
{
	struct dns_answer answer;

	(void)state;
	need_server();
	fixture_change(
		world, "zone",
		"{\"name\": \"example.com\", \"records\": ["
		"{\"name\": \"new\", \"values\": [\"192.0.2.1\", \"192.0.2.2\"], \"ttl\": 700000},"
		"{\"name\": \"fast\", \"values\": []}]}");
	answer = ask(ADDRESS, "new.example.com", "A");
	assert_int_equal(answer.count, 2);
	assert_int_equal(answer.ttl, 7);
	dns_answer_release(&answer);
	assert_rcode(ADDRESS, "fast.example.com", "NXDOMAIN");
}

static void
parts_change_zoneState_isSeenFromOutside(void **state)
{
	struct dns_answer answer;
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	fixture_change(world, "zone", "{\"name\": \"example.com\", \"state\": \"refuses\"}");
	assert_int_equal(query(ADDRESS, "tsb.example.com", "A", 1000, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	fixture_change(world, "zone", "{\"name\": \"example.com\", \"state\": \"silent\"}");
	assert_int_equal(query(ADDRESS, "tsb.example.com", "A", 300, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	fixture_change(world, "zone", "{\"name\": \"example.com.\", \"state\": \"up\"}");
	assert_value(ADDRESS, "tsb.example.com", "A", "203.0.113.10");
}

/* --- the resolver ----------------------------------------------------------------------------------- */

static void
set_address(const char *name, const char *address, int ttl_ms)
{
	char *change = xasprintf("{\"name\": \"example.com\", \"records\": [{\"name\": \"%s\","
				 " \"values\": [\"%s\"], \"ttl\": %d}]}",
				 name, address, ttl_ms);

	need_server();
	fixture_change(world, "zone", change);
	free(change);
}

/* Until a resolver has another answer; false: not within the time. */
static bool
await_value(const char *name, const char *value, int64_t timeout_ms)
{
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	bool found = false;

	while (!found && clock_mono_ms() < until_ms) {
		struct dns_answer answer = ask(RESOLVER, name, "A");

		found = answer.count == 1 && str_equal(answer.values[0], value);
		dns_answer_release(&answer);
		fixture_pause();
	}
	return found;
}

static void
resolver_changedRecord_keepsTheOldOneForItsTtl(void **state)
{
	struct dns_answer answer;
	int64_t asked_ms;

	(void)state;
	set_address("kept", "192.0.2.10", 200000);
	asked_ms = clock_mono_ms();
	answer = ask(RESOLVER, "kept.example.com", "A");
	assert_int_equal(answer.ttl, 2);
	assert_false(answer.authoritative);
	dns_answer_release(&answer);
	set_address("kept", "192.0.2.11", 200000);
	answer = ask(RESOLVER, "kept.example.com", "A");
	if (clock_mono_ms() - asked_ms < 1900) /* a slow machine may be too late to see it */
		assert_string_equal(answer.values[0], "192.0.2.10");
	dns_answer_release(&answer);
	assert_true(await_value("kept.example.com", "192.0.2.11", FIXTURE_WAIT_MS));
	assert_true(clock_mono_ms() - asked_ms >= 1900);
}

static void
resolver_ttl_countsDown(void **state)
{
	int64_t until_ms = clock_mono_ms() + FIXTURE_WAIT_MS;
	uint32_t ttl;

	(void)state;
	set_address("counts", "192.0.2.20", 600000);
	do {
		struct dns_answer answer = ask(RESOLVER, "counts.example.com", "A");

		ttl = answer.ttl;
		dns_answer_release(&answer);
		fixture_pause();
	} while (ttl > 4 && clock_mono_ms() < until_ms);
	assert_int_equal(ttl, 4);
}

static void
resolver_missingName_isKeptToo(void **state)
{
	struct dns_answer answer;

	(void)state;
	answer = ask(RESOLVER, "later.example.com", "A");
	assert_string_equal(answer.rcode, "NXDOMAIN");
	dns_answer_release(&answer);
	set_address("later", "192.0.2.30", 300000);
	assert_true(await_value("later.example.com", "192.0.2.30", FIXTURE_WAIT_MS));
}

static void
resolver_otherZones_areRefused(void **state)
{
	(void)state;
	assert_rcode(RESOLVER, "www.example.org", "REFUSED");
	assert_rcode(RESOLVER, "notexample.com", "REFUSED");
}

static void
resolver_silentServer_isServfailAndTheCacheAnswers(void **state)
{
	(void)state;
	need_server();
	set_address("known", "192.0.2.40", 3000000);
	assert_value(RESOLVER, "known.example.com", "A", "192.0.2.40");
	fixture_change(world, "zone", "{\"name\": \"example.com\", \"state\": \"silent\"}");
	assert_rcode(RESOLVER, "unknown.example.com", "SERVFAIL");
	assert_value(RESOLVER, "known.example.com", "A", "192.0.2.40");
	fixture_change(world, "zone", "{\"name\": \"example.com\", \"state\": \"up\"}");
}

/* Too much for a datagram: the client comes again by TCP. */
static void
resolver_bigAnswer_goesOverTcp(void **state)
{
	struct str change = STR_INIT;
	struct dns_answer answer;

	(void)state;
	need_server();
	str_append(&change,
		   "{\"name\": \"example.com\", \"records\": [{\"name\": \"big\", \"type\": "
		   "\"TXT\", \"values\": [");
	for (int i = 0; i < 40; i++)
		str_printf(&change, "%s\"\\\"%02d %060d\\\"\"", i ? "," : "", i, i);
	str_append(&change, "]}]}");
	fixture_change(world, "zone", str_cstr(&change));
	answer = ask(RESOLVER, "big.example.com", "TXT");
	assert_int_equal(answer.count, 40);
	assert_true(answer.truncated);
	dns_answer_release(&answer);
	str_release(&change);
}

/* Nobody has asked for it but the resolver itself, when its clients learn that they have what was before. */
static void
resolver_warmName_isOldAtTheFirstQuestion(void **state)
{
	char *host = xasprintf("%s56", world->prefix);
	const struct dns_server server = { host, PORT };
	const char *const names[] = { "other.g.example", "warm.g.example" };
	struct dns_answer answer;
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	fixture_start(world, parts_zone,
		      "{\"name\": \"g.example\", \"address\": 55, \"ttl\": 90000000, \"records\": ["
		      "{\"name\": \"warm\", \"values\": [\"192.0.2.50\"]},"
		      "{\"name\": \"other\", \"values\": [\"192.0.2.51\"]}],"
		      "\"resolvers\": [{\"name\": \"r\", \"address\": 56, \"port\": 5353,"
		      " \"warm\": [\"warm.g.example\"]}]}");
	for (int i = 0; i < 2; i++) {
		/* The answer to the first comes behind that to the resolver's own question. */
		if (dns_query(&server, names[i], "A", true, FIXTURE_WAIT_MS, 1, NULL, &answer, &e) <
		    0)
			fail_msg("%s", e.message);
		assert_string_equal(answer.values[0], i ? "192.0.2.50" : "192.0.2.51");
		dns_answer_release(&answer);
		fixture_change(world, "zone",
			       "{\"name\": \"g.example\", \"records\": ["
			       "{\"name\": \"warm\", \"values\": [\"192.0.2.59\"]}]}");
	}
	free(host);
}

/* --- what cannot be started, and what ends ---------------------------------------------------------- */

static void
parts_zone_badRecord_isSpecError(void **state)
{
	struct err e;

	(void)state;
	need_server();
	e = fixture_start_fails(world, parts_zone,
				"{\"name\": \"b.example\", \"address\": 60, \"port\": 5353,"
				" \"records\": [{\"name\": \"x\", \"values\": [\"no address\"]}]}");
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "x.b.example. A"));
}

static void
parts_zone_addressTaken_isNetError(void **state)
{
	struct err e;

	(void)state;
	need_server();
	e = fixture_start_fails(world, parts_zone,
				"{\"name\": \"c.example\", \"address\": 53, \"port\": 5353}");
	assert_int_equal(e.kind, ERR_NET);
	e = fixture_start_fails(
		world, parts_zone,
		"{\"name\": \"d.example\", \"address\": 61, \"port\": 5353, \"resolvers\":"
		" [{\"name\": \"r\", \"address\": 54, \"port\": 53530}]}");
	assert_int_equal(e.kind, ERR_NET);
	assert_int_equal(world->running, 2);
}

static void
parts_zone_second_sharesTheKeyByItsName(void **state)
{
	char *path = xasprintf("%s/tsig-other-key.key", world->folder);
	struct dns_key key = { 0 };
	struct err e = ERR_INIT;

	(void)state;
	need_server();
	fixture_start(world, parts_zone,
		      "{\"name\": \"e.example\", \"address\": 62, \"port\": 5353, \"key\": "
		      "\"other-key\"}");
	assert_int_equal(dns_key_load(path, &key, &e), 0);
	assert_string_equal(key.name, "other-key");
	dns_key_release(&key);
	fixture_start(world, parts_zone,
		      "{\"name\": \"f.example\", \"address\": 63, \"port\": 5353, \"key\": "
		      "\"drill-key\"}");
	assert_int_equal(world->running, 4);
	free(path);
}

static void
parts_zone_killedServer_isTold(void **state)
{
	char *lost;

	(void)state;
	need_server();
	kill(world->last.pid, SIGKILL);
	lost = fixture_await_lost(world);
	assert_non_null(lost);
	assert_string_equal(lost, "knot-f.example ended by signal 9 (KILL)");
	free(lost);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_zone_declared_servesItsRecords),
		cmocka_unit_test(parts_zone_ttls_areDividedByTheSpeed),
		cmocka_unit_test(parts_zone_key_letsTheOperatorUpdate),
		cmocka_unit_test(parts_change_records_areReplacedAndRemoved),
		cmocka_unit_test(parts_change_zoneState_isSeenFromOutside),
		cmocka_unit_test(resolver_changedRecord_keepsTheOldOneForItsTtl),
		cmocka_unit_test(resolver_ttl_countsDown),
		cmocka_unit_test(resolver_missingName_isKeptToo),
		cmocka_unit_test(resolver_otherZones_areRefused),
		cmocka_unit_test(resolver_silentServer_isServfailAndTheCacheAnswers),
		cmocka_unit_test(resolver_bigAnswer_goesOverTcp),
		cmocka_unit_test(resolver_warmName_isOldAtTheFirstQuestion),
		cmocka_unit_test(parts_zone_badRecord_isSpecError),
		cmocka_unit_test(parts_zone_addressTaken_isNetError),
		cmocka_unit_test(parts_zone_second_sharesTheKeyByItsName),
		cmocka_unit_test(parts_zone_killedServer_isTold),
	};

	return cmocka_run_group_tests(tests, start_world, end_world);
}
