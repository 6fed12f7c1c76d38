#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "fixture_executor.h"
#include "fixture_named.h"
#include "net/dns/dns.h"

static struct fixture_named named;
static bool have_named;

static void
with_target(struct stand *s, const char *more)
{
	if (!have_named) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	stand_init(s);
	stand_target(s, &target_dns,
		     "{\"zone\":\"example.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"%s}",
		     named.port, named.key_file, more);
}

static void
assert_record(const char *name, const char *value, uint32_t ttl)
{
	struct dns_server server = { "127.0.0.1", named.port };
	struct dns_answer answer;
	struct err e = ERR_INIT;

	assert_int_equal(dns_query(&server, name, "A", false, 2000, 2, NULL, &answer, &e), 0);
	assert_int_equal(answer.count, 1);
	assert_string_equal(answer.values[0], value);
	assert_int_equal(answer.ttl, ttl);
	dns_answer_release(&answer);
}

/* As if the update had been sent so long ago that nothing of it can be under way. */
static void
begun_long_ago(struct stand *s)
{
	cJSON_DeleteItemFromObjectCaseSensitive(s->evidence, "writing_ms");
	json_add_int(s->evidence, "writing_ms", clock_wall_ms() - 60000);
}

static void
dns_update_changes_and_takes_back(void **state)
{
	enum probe_verdict verdict;
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":\"192.0.2.20\"}");
	char *preview = stand_preview(&s, NULL);
	assert_says(preview, "- www.open.example.test 300 IN A 192.0.2.10\n"
			     "+ www.open.example.test 60 IN A 192.0.2.20\n");
	assert_says(preview, "> UPDATE zone example.test at 127.0.0.1:");
	assert_says(preview, "signed by lifeboat-key");
	assert_says(preview, "> only if www.open.example.test A is exactly: 192.0.2.10\n");
	assert_says(preview, "  now at ns1.example.test (127.0.0.1:");
	assert_null(strstr(preview, NAMED_SECRET));
	assert_record("www.open.example.test", "192.0.2.10", 300);
	free(stand_probe(&s, &verdict));
	assert_int_equal(verdict, PROBE_NOT_DONE);
	assert_ran(&s);
	assert_record("www.open.example.test", "192.0.2.20", 60);
	assert_string_equal(json_string(s.result, "before/values/0", ""), "192.0.2.10");
	assert_int_equal(json_int(s.result, "before/ttl", -1), 300);
	assert_string_equal(json_string(s.result, "before/records/0/type", ""), "A");
	assert_null(json_string(s.result, "owner", NULL));
	assert_string_equal(json_string(s.result, "after/values/0", ""), "192.0.2.20");
	begun_long_ago(&s);
	free(stand_probe(&s, &verdict));
	assert_int_equal(verdict, PROBE_DONE);
	free(preview);
	preview = stand_undo_preview(&s, json_at(s.result, "before"));
	assert_says(preview, "- www.open.example.test 60 IN A 192.0.2.20\n"
			     "+ www.open.example.test 300 IN A 192.0.2.10\n");
	assert_says(preview, "> UPDATE zone example.test at 127.0.0.1:");
	assert_says(preview, "> only if www.open.example.test A is exactly: 192.0.2.20\n");
	assert_says(preview, "  now at ns1.example.test (127.0.0.1:");
	assert_record("www.open.example.test", "192.0.2.20", 60);
	begun_long_ago(&s);
	free(stand_undo_probe(&s, json_at(s.result, "before"), &verdict));
	assert_int_equal(verdict, PROBE_NOT_DONE);
	if (step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e) < 0)
		fail_msg("%s", s.e.message);
	assert_record("www.open.example.test", "192.0.2.10", 300);
	begun_long_ago(&s);
	char *found = stand_undo_probe(&s, json_at(s.result, "before"), &verdict);
	assert_int_equal(verdict, PROBE_DONE);
	assert_says(found, "as it was before the step");
	free(found);
	free(preview);
	stand_release(&s);
}

static void
dns_update_probe_asks_all_servers(void **state)
{
	static const struct {
		const char *values; /* in the place of what the preview saw */
		enum probe_verdict verdict;
		const char *says;
	} cases[] = {
		{ "[\"192.0.2.10\"]", PROBE_NOT_DONE, "as the preview saw it" },
		{ "[\"192.0.2.77\"]", PROBE_UNSURE, "NEITHER what this step sets nor what the" },
		{ "[]", PROBE_UNSURE, "0 of 1 servers show the new record, 0 the" },
	};
	enum probe_verdict verdict;
	int64_t begin_ms;
	struct stand s;
	char *text;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":\"192.0.2.30\"}");
	free(stand_preview(&s, NULL));
	assert_true(json_int(s.seen, "serial", -1) == -1 && json_string(s.seen, "serial", NULL));
	text = stand_probe(&s, &verdict);
	assert_says(text, "No update was sent");
	assert_int_equal(verdict, PROBE_NOT_DONE);
	free(text);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begun_long_ago(&s);
		cJSON_ReplaceItemInObjectCaseSensitive(json_at(s.seen, "records/0"), "values",
						       cJSON_Parse(cases[i].values));
		text = stand_probe(&s, &verdict);
		if (!text)
			fail_msg("%s", s.e.message);
		assert_says(text, cases[i].says);
		assert_says(text, "ns1.example.test (127.0.0.1:");
		assert_int_equal(verdict, cases[i].verdict);
		free(text);
	}
	cJSON_DeleteItemFromObjectCaseSensitive(s.evidence, "writing_ms");
	json_add_int(s.evidence, "writing_ms", clock_wall_ms());
	begin_ms = clock_mono_ms();
	cancel_request(s.cancel);
	assert_null(stand_probe(&s, &verdict));
	assert_int_equal(s.e.kind, ERR_CANCELLED);
	assert_in_range(clock_mono_ms() - begin_ms, 0, 100);
	stand_release(&s);
}

/* A primary whose zone names a second server, at 127.0.0.2, which hears of nothing. */
static bool
start_primary_of_two(struct fixture_named *n)
{
	static const char zone[] =
		"$TTL 300\n"
		"@ IN SOA ns1.example.test. root.example.test. 7 3600 600 86400 60\n"
		"@ IN NS ns1\n@ IN NS ns2\nns1 IN A 127.0.0.1\nns2 IN A 127.0.0.2\n"
		"www.open 300 IN A 192.0.2.10\n";
	static const char *const programs[] = { "/usr/sbin/named", "/usr/local/sbin/named", NULL };
	char *config, *log, *path;

	*n = (struct fixture_named){ .folder = fixture_folder(), .port = fixture_free_port() };
	fixture_give(n->folder);
	path = fixture_write(n->folder, "zone", zone);
	fixture_give(path);
	config = named_write_config(n);
	n->key_file = fixture_write(n->folder, "key", NAMED_KEY);
	log = xasprintf("%s/log", n->folder);
	const char *argv[] = { fixture_program(programs), "-g", "-n", "1", "-c", config, NULL };
	n->pid = fixture_spawn(argv, log);
	free(path);
	free(config);
	free(log);
	return fixture_wait_port(n->port, n->pid, 8000);
}

/* Questions to 127.0.0.2 go to another server of the same zone. */
struct relay {
	int fd, stop[2];
	pthread_t thread;
};

static void *
relay_main(void *data)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)named.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct relay *relay = data;
	struct pollfd fds[2] = { { relay->fd, POLLIN, 0 }, { relay->stop[0], POLLIN, 0 } };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		abort();
	while (poll(fds, 2, -1) > 0 && !fds[1].revents) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		char bytes[4096];
		ssize_t n = recvfrom(relay->fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from,
				     &len);

		if (n <= 0 || send(fd, bytes, (size_t)n, 0) != n)
			continue;
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n > 0 &&
		    sendto(relay->fd, bytes, (size_t)n, 0, (struct sockaddr *)&from, len) != n)
			abort();
	}
	close(fd);
	return NULL;
}

static void
relay_start(struct relay *relay, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };

	relay->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (bind(relay->fd, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	    pipe2(relay->stop, O_CLOEXEC) < 0 ||
	    pthread_create(&relay->thread, NULL, relay_main, relay) != 0)
		abort();
}

static void
relay_stop(struct relay *relay)
{
	close(relay->stop[1]);
	pthread_join(relay->thread, NULL);
	close(relay->stop[0]);
	close(relay->fd);
}

static void
dns_update_probe_of_servers_that_differ_is_unsure(void **state)
{
	enum probe_verdict verdict;
	struct fixture_named two;
	struct relay relay;
	struct stand s;
	char *text;

	(void)state;
	with_target(&s, "");
	assert_true(start_primary_of_two(&two));
	relay_start(&relay, two.port);
	stand_target(&s, &target_dns,
		     "{\"zone\":\"example.test\",\"server\":\"127.0.0.1\",\"port\":%d,"
		     "\"key_file\":\"%s\"}",
		     two.port, two.key_file);
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":\"192.0.2.20\"}");
	free(stand_preview(&s, NULL));
	assert_ran(&s);
	begun_long_ago(&s);
	text = stand_probe(&s, &verdict);
	assert_says(text,
		    "192.0.2.20, TTL 60; serial 8 (the preview saw 7 at the primary); as this "
		    "step sets it\n");
	assert_says(text, "ns2.example.test (127.0.0.2:");
	assert_says(text, "): 192.0.2.10, TTL 300; serial ");
	assert_says(text, "(the preview saw 7 at the primary); as the preview saw it\n");
	assert_says(text, "1 of 2 servers show the new record, 1 the old one\n");
	assert_int_equal(verdict, PROBE_UNSURE);
	free(text);
	stand_release(&s);
	relay_stop(&relay);
	fixture_named_stop(&two);
}

static void
dns_update_that_cannot_be_put_on_record_is_not_sent(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":\"192.0.2.20\"}");
	s.refuses_to_keep = true;
	assert_fails(&s, ERR_IO, "nothing was sent: the journal cannot be written");
	assert_record("www.open.example.test", "192.0.2.10", 300);
	stand_release(&s);
}

static void
dns_update_undo_leaves_a_foreign_change(void **state)
{
	cJSON *before =
		cJSON_Parse("{\"records\":[{\"name\":\"www.open.example.test\",\"type\":\"A\","
			    "\"values\":[\"192.0.2.77\"],\"ttl\":300}]}");
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":\"192.0.2.20\"}");
	assert_null(stand_undo_preview(&s, before));
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_says(s.e.message, "has 192.0.2.10, where this step had put 192.0.2.20: somebody "
				 "changed it");
	s.e = (struct err)ERR_INIT;
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, before, &s.e), -1);
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_record("www.open.example.test", "192.0.2.10", 300);
	cJSON_Delete(before);
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, NULL, &s.e), -1);
	assert_says(s.e.message, "the journal does not say what was there before");
	stand_release(&s);
}

/* Between the look at the undo and its confirmation somebody puts the old record back, or another. */
static void
dns_update_undo_obeys_what_was_shown(void **state)
{
	struct stand s, other;
	char *preview;

	(void)state;
	with_target(&s, "");
	with_target(&other, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.20\"]}");
	assert_ran(&s);
	preview = stand_undo_preview(&s, json_at(s.result, "before"));
	assert_non_null(preview);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.10\"],"
		     "\"ttl\":300}");
	assert_ran(&other);
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e),
			 -1);
	assert_says(s.e.message, "has another record than when it was shown");
	free(preview);
	preview = stand_undo_preview(&s, json_at(s.result, "before"));
	assert_says(preview, "The record is like this already");
	s.e = (struct err)ERR_INIT;
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e),
			 0);
	assert_record("www.open.example.test", "192.0.2.10", 300);
	free(preview);
	stand_release(&other);
	stand_release(&s);
}

static void
dns_update_unexpected_value_is_a_conflict(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.20\"],"
		     "\"expected\":[\"192.0.2.99\"]}");
	assert_null(stand_preview(&s, NULL));
	assert_int_equal(s.e.kind, ERR_CONFLICT);
	assert_fails(&s, ERR_CONFLICT, "has 192.0.2.10, expected 192.0.2.99");
	assert_record("www.open.example.test", "192.0.2.10", 300);
	stand_release(&s);
}

static void
dns_update_of_record_changed_since_the_preview_is_a_conflict(void **state)
{
	struct stand s, other;
	char *preview;

	(void)state;
	with_target(&s, "");
	with_target(&other, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.20\"]}");
	preview = stand_preview(&s, NULL);
	assert_non_null(preview);
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.77\"]}");
	assert_ran(&other);
	assert_fails(&s, ERR_CONFLICT, "has 192.0.2.77, expected 192.0.2.10: somebody changed it");
	stand_action(&other, &step_dns_update,
		     "{\"name\":\"www.open.example.test\",\"values\":[\"192.0.2.10\"],"
		     "\"ttl\":300}");
	assert_ran(&other);
	free(preview);
	stand_release(&other);
	stand_release(&s);
}

static void
dns_update_beside_a_cname_is_refused(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"alias.open.example.test\",\"values\":\"192.0.2.20\"}");
	assert_fails(&s, ERR_CONFLICT,
		     "alias.open.example.test is a CNAME (to fixed.example.test.)");
	stand_release(&s);
}

static void
dns_update_outside_the_policy_is_denied(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fixed.example.test\",\"values\":\"192.0.2.20\"}");
	assert_fails(&s, ERR_DENIED, "REFUSED");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"fixed.example.test\",\"values\":\"not an address\"}");
	assert_fails(&s, ERR_SPEC, "not an address");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"a.open.example.test\",\"type\":\"CNAME\",\"values\":[\"a.test\","
		     "\"b.test\"]}");
	assert_fails(&s, ERR_SPEC, "one value only");
	stand_release(&s);
}

static void
dns_update_new_record_is_taken_back_to_nothing(void **state)
{
	struct stand s;

	(void)state;
	with_target(&s, "");
	stand_action(&s, &step_dns_update,
		     "{\"name\":\"new.open.example.test\",\"type\":\"TXT\","
		     "\"values\":\"hello world\"}");
	assert_ran(&s);
	assert_int_equal(cJSON_GetArraySize(json_at(s.result, "before/values")), 0);
	assert_int_equal(step_dns_update.undo(&s.ctx, &s.action, json_at(s.result, "before"), &s.e),
			 0);
	stand_action(&s, &step_dns_lookup, "{\"name\":\"new.open.example.test\",\"type\":\"TXT\"}");
	assert_ran(&s);
	assert_string_equal(json_string(s.result, "rcode", ""), "NXDOMAIN");
	stand_release(&s);
}

static int
start_server(void **state)
{
	(void)state;
	have_named = fixture_named_start(&named);
	return 0;
}

static int
stop_server(void **state)
{
	(void)state;
	fixture_named_stop(&named);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_changes_and_takes_back),
		cmocka_unit_test(dns_update_probe_asks_all_servers),
		cmocka_unit_test(dns_update_probe_of_servers_that_differ_is_unsure),
		cmocka_unit_test(dns_update_that_cannot_be_put_on_record_is_not_sent),
		cmocka_unit_test(dns_update_undo_leaves_a_foreign_change),
		cmocka_unit_test(dns_update_undo_obeys_what_was_shown),
		cmocka_unit_test(dns_update_unexpected_value_is_a_conflict),
		cmocka_unit_test(dns_update_of_record_changed_since_the_preview_is_a_conflict),
		cmocka_unit_test(dns_update_beside_a_cname_is_refused),
		cmocka_unit_test(dns_update_outside_the_policy_is_denied),
		cmocka_unit_test(dns_update_new_record_is_taken_back_to_nothing),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
