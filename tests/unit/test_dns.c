#include "config.h"

#include "net/dns/dns.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/time.h>
#include <time.h>

#include <cmocka.h>

#include "fixture_named.h"

static struct fixture_named named;
static bool have_named;
static time_t clock_offset;

/* Ours and ldns's clock in place of libc's: a skew of it must come back as BADTIME. */
int
gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*ret_now = (struct timeval){ now.tv_sec + clock_offset, now.tv_nsec / 1000 };
	return 0;
}

time_t
time(time_t *ret_time)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_time)
		*ret_time = now.tv_sec + clock_offset;
	return now.tv_sec + clock_offset;
}

static struct dns_server
server(void)
{
	if (!have_named) {
		print_message("skipped: BIND (named) is not installed\n");
		skip();
	}
	return (struct dns_server){ "127.0.0.1", named.port };
}

static struct dns_answer
ask(const char *name, const char *type)
{
	struct dns_server to = server();
	struct dns_answer answer;
	struct err e = ERR_INIT;

	if (dns_query(&to, name, type, false, 2000, 2, NULL, &answer, &e) < 0)
		fail_msg("%s", e.message);
	return answer;
}

static void
assert_value(const char *name, const char *type, const char *value)
{
	struct dns_answer answer = ask(name, type);

	if (value) {
		assert_int_equal(answer.count, 1);
		assert_string_equal(answer.values[0], value);
	} else {
		assert_int_equal(answer.count, 0);
	}
	dns_answer_release(&answer);
}

static void
dns_query_address_returns_values_sorted(void **state)
{
	struct dns_answer a = ask("two.example.test", "A");

	(void)state;
	assert_string_equal(a.rcode, "NOERROR");
	assert_int_equal(a.count, 2);
	assert_string_equal(a.values[0], "192.0.2.2");
	assert_string_equal(a.values[1], "192.0.2.3");
	assert_null(a.values[2]);
	assert_int_equal(a.ttl, 300);
	assert_true(a.authoritative);
	assert_false(a.truncated);
	assert_null(a.cname);
	char *label = xasprintf("127.0.0.1:%d", named.port);
	assert_string_equal(a.server, label);
	free(label);
	dns_answer_release(&a);
}

static void
dns_query_missing_name_is_an_answer(void **state)
{
	struct dns_answer a = ask("nobody.example.test", "A");

	(void)state;
	assert_string_equal(a.rcode, "NXDOMAIN");
	assert_int_equal(a.count, 0);
	assert_int_equal(a.ttl, 0);
	assert_int_equal(a.negative_ttl, 60);
	dns_answer_release(&a);
}

static void
dns_query_alias_follows_the_chain(void **state)
{
	struct dns_answer a = ask("alias.example.test", "A");

	(void)state;
	assert_int_equal(a.count, 1);
	assert_string_equal(a.values[0], "192.0.2.1");
	assert_string_equal(a.cname, "fixed.example.test.");
	assert_int_equal(a.ttl, 120);
	dns_answer_release(&a);
	assert_value("alias.example.test", "CNAME", "middle.example.test.");
}

static void
dns_query_large_answer_comes_by_tcp(void **state)
{
	struct dns_answer a = ask("big.example.test", "TXT");

	(void)state;
	assert_true(a.truncated);
	assert_int_equal(a.count, 40);
	dns_answer_release(&a);
}

static void
dns_query_other_types_are_normal(void **state)
{
	(void)state;
	assert_value("example.test", "MX", "10 mail.example.test.");
	assert_value("txt.open.example.test", "TXT", "\"heritage=none\"");
}

static void
dns_query_bad_type_is_a_spec_error(void **state)
{
	struct dns_server to = { "127.0.0.1", 1 };
	struct dns_answer answer;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(dns_query(&to, "a.test", "AAAAA", false, 100, 1, NULL, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_int_equal(dns_query(&to, "a b", "A", false, 100, 1, NULL, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
}

static void
dns_query_closed_port_is_a_net_error(void **state)
{
	struct dns_server to = { "127.0.0.1", fixture_free_port() };
	struct dns_answer answer;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(dns_query(&to, "a.test", "A", false, 2000, 2, NULL, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "a.test A"));
}

static void
dns_query_silent_server_times_out_after_attempts(void **state)
{
	int fd = fixture_bind(SOCK_DGRAM, 0);
	struct dns_server to = { "127.0.0.1", fixture_port_of(fd) };
	struct dns_answer answer;
	struct err e = ERR_INIT;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(dns_query(&to, "a.test", "A", false, 60, 3, NULL, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_TIMEOUT);
	assert_in_range(clock_mono_ms() - begin_ms, 170, 1500);
	close(fd);
}

static void *
request_cancel(void *data)
{
	poll(NULL, 0, 30);
	cancel_request(data);
	return NULL;
}

static void
dns_query_cancelled_returns_at_once(void **state)
{
	int fd = fixture_bind(SOCK_DGRAM, 0);
	struct dns_server to = { "127.0.0.1", fixture_port_of(fd) };
	struct cancel *cancel = cancel_new();
	struct dns_answer answer;
	struct err e = ERR_INIT;
	pthread_t thread;
	int64_t begin_ms = clock_mono_ms();

	(void)state;
	pthread_create(&thread, NULL, request_cancel, cancel);
	assert_int_equal(dns_query(&to, "a.test", "A", false, 5000, 3, cancel, &answer, &e), -1);
	assert_int_equal(e.kind, ERR_CANCELLED);
	assert_in_range(clock_mono_ms() - begin_ms, 0, 1000);
	pthread_join(thread, NULL);
	cancel_free(cancel);
	close(fd);
}

static void
dns_query_unknown_host_is_a_net_error(void **state)
{
	struct dns_server to = { "no-such-host.invalid", 53 };
	struct dns_answer answer;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(dns_query(&to, "a.test", "A", false, 1000, 1, NULL, &answer, &e), -1);
	assert_true(e.kind == ERR_NET || e.kind == ERR_TIMEOUT);
	assert_non_null(strstr(e.message, "no-such-host.invalid"));
}

static void
dns_authoritative_names_the_servers(void **state)
{
	struct dns_server to = server();
	struct err e = ERR_INIT;
	char **hosts;
	size_t count;

	(void)state;
	assert_int_equal(dns_authoritative(&to, "example.test", 2000, NULL, &hosts, &count, &e), 0);
	assert_int_equal(count, 1);
	assert_string_equal(hosts[0], "ns1.example.test");
	free(hosts[0]);
	free(hosts);
	assert_int_equal(
		dns_authoritative(&to, "fixed.example.test", 2000, NULL, &hosts, &count, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static int
key_load(const char *text, struct dns_key *ret_key, struct err *e)
{
	char *folder = fixture_folder();
	char *path = fixture_write(folder, "key", text);
	int rc = dns_key_load(path, ret_key, e);

	free(path);
	fixture_remove(folder);
	return rc;
}

static void
dns_key_load_bind_syntax_is_read(void **state)
{
	struct err e = ERR_INIT;
	struct dns_key key;

	(void)state;
	assert_int_equal(key_load("/* a\n comment */ // another\nkey drill. { # third\n"
				  "secret \"" NAMED_SECRET "\";\nalgorithm HMAC-SHA512.; };\n",
				  &key, &e),
			 0);
	assert_string_equal(key.name, "drill.");
	assert_string_equal(key.algorithm, "hmac-sha512");
	assert_string_equal(key.secret, NAMED_SECRET);
	dns_key_release(&key);
	assert_null(key.secret);
}

static void
dns_key_load_bad_file_names_the_line(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "key \"a\" {\n algorithm hmac-sha384;\n",
		  "line 2: this algorithm is not supported" },
		{ "key \"a\" {\n\n secret \"not base64!\";\n", "line 3: the secret is not base64" },
		{ "key \"a\" { algorithm hmac-sha256;\n};\n", "line 2: the key needs" },
		{ "zone \"a\" {};", "line 1: \"key\" is missing" },
		{ "key \"a\" { secret \"QUJD\" };", "line 1: \";\" is missing" },
		{ "key \"a\n\" {", "line 1: a quotation mark" },
		{ "key { };", "line 1: the name of the key" },
		{ "", "line 1: \"key\" is missing" },
		{ NAMED_KEY NAMED_KEY, "line 5: one key only" },
		{ "key \"a\" { colour blue; };", "only \"algorithm\" and \"secret\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct dns_key key;

		assert_int_equal(key_load(cases[i].text, &key, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		if (!strstr(e.message, cases[i].says))
			fail_msg("%s lacks: %s", e.message, cases[i].says);
		assert_null(strstr(e.message, "QUJD"));
	}
}

static void
dns_key_load_missing_file_is_not_found(void **state)
{
	struct err e = ERR_INIT;
	struct dns_key key;

	(void)state;
	assert_int_equal(dns_key_load("/nonexistent/key", &key, &e), -1);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static int
update(const char *name, const char *type, const char *value, const char *const *expected,
       const char *key_text, struct err *e)
{
	struct dns_server to = server();
	const char *values[] = { value, NULL };
	struct dns_update u = { .zone = "example.test",
				.name = name,
				.type = type,
				.ttl = 60,
				.values = values,
				.expected = expected };
	struct dns_key key = { 0 };
	int rc;

	if (key_text && key_load(key_text, &key, e) < 0)
		return -1;
	rc = dns_update_send(&to, &u, key_text ? &key : NULL, 5000, NULL, e);
	dns_key_release(&key);
	return rc;
}

static void
dns_update_matching_prerequisite_changes_the_record(void **state)
{
	const char *was[] = { "192.0.2.10", NULL }, *is[] = { "192.0.2.11", NULL };
	struct err e = ERR_INIT;
	struct dns_answer a;

	(void)state;
	if (update("www.open.example.test", "A", "192.0.2.11", was, NAMED_KEY, &e) < 0)
		fail_msg("%s", e.message);
	a = ask("www.open.example.test", "A");
	assert_int_equal(a.count, 1);
	assert_string_equal(a.values[0], "192.0.2.11");
	assert_int_equal(a.ttl, 60);
	dns_answer_release(&a);
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.10", is, NAMED_KEY, &e), 0);
	assert_value("www.open.example.test", "A", "192.0.2.10");
}

static void
dns_update_stale_prerequisite_is_a_conflict(void **state)
{
	const char *was[] = { "192.0.2.99", NULL }, *part[] = { "192.0.2.10", "192.0.2.99", NULL };
	const char *none[] = { NULL };
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", was, NAMED_KEY, &e),
			 -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", part, NAMED_KEY, &e),
			 -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", none, NAMED_KEY, &e),
			 -1);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_value("www.open.example.test", "A", "192.0.2.10");
}

static void
dns_update_new_record_is_made_and_deleted(void **state)
{
	struct dns_server to = server();
	const char *none[] = { NULL }, *is[] = { "\"a b\"", NULL };
	struct dns_update gone = { .zone = "example.test",
				   .name = "new.open.example.test",
				   .type = "TXT",
				   .values = none,
				   .expected = is };
	struct err e = ERR_INIT;
	struct dns_key key;

	(void)state;
	if (update("new.open.example.test", "TXT", "a b", none, NAMED_KEY, &e) < 0)
		fail_msg("%s", e.message);
	assert_value("new.open.example.test", "TXT", "\"a b\"");
	assert_int_equal(dns_key_load(named.key_file, &key, &e), 0);
	assert_int_equal(dns_update_send(&to, &gone, &key, 5000, NULL, &e), 0);
	dns_key_release(&key);
	assert_value("new.open.example.test", "TXT", NULL);
}

static void
dns_update_outside_policy_is_denied(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("fixed.example.test", "A", "192.0.2.66", NULL, NAMED_KEY, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "REFUSED"));
	assert_non_null(strstr(e.message, "fixed.example.test A in zone example.test"));
}

static void
dns_update_unsigned_is_denied(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", NULL, NULL, &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_value("www.open.example.test", "A", "192.0.2.10");
}

static void
dns_update_unknown_key_is_badkey(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", NULL,
				"key other { algorithm hmac-sha256; secret \"QUJDRA==\"; };", &e),
			 -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "BADKEY"));
	assert_null(strstr(e.message, "QUJDRA"));
}

static void
dns_update_wrong_secret_is_badsig(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.66", NULL,
				"key lifeboat-key { algorithm hmac-sha256; secret \"QUJDRA==\"; };",
				&e),
			 -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "BADSIG"));
	assert_value("www.open.example.test", "A", "192.0.2.10");
}

static void
dns_update_wrong_clock_is_badtime_with_skew(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	server();
	clock_offset = -600;
	int rc = update("www.open.example.test", "A", "192.0.2.66", NULL, NAMED_KEY, &e);
	clock_offset = 0;
	assert_int_equal(rc, -1);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_non_null(strstr(e.message, "BADTIME"));
	if (!strstr(e.message, "600 s ahead of ours") && !strstr(e.message, "601 s ahead of ours"))
		fail_msg("%s", e.message);
}

static void
dns_update_name_outside_zone_is_a_spec_error(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update("www.example.org", "A", "192.0.2.66", NULL, NAMED_KEY, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_int_equal(update("www.open.example.test", "A", "192.0.2.666", NULL, NAMED_KEY, &e),
			 -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "192.0.2.666"));
}

static void *
accept_and_hang_up(void *data)
{
	char buffer[512];
	int fd = accept(*(int *)data, NULL, NULL);

	if (recv(fd, buffer, sizeof(buffer), 0) < 0)
		abort();
	close(fd);
	return NULL;
}

static int
update_at(int port, struct err *e)
{
	struct dns_server to = { "127.0.0.1", port };
	const char *values[] = { "192.0.2.1", NULL };
	struct dns_update u = { .zone = "a.test", .name = "a.test", .type = "A", .values = values };

	return dns_update_send(&to, &u, NULL, 3000, NULL, e);
}

static void
dns_update_lost_answer_is_unknown_outcome(void **state)
{
	int fd = fixture_bind(SOCK_STREAM, 0);
	struct err e = ERR_INIT;
	pthread_t thread;

	(void)state;
	listen(fd, 1);
	pthread_create(&thread, NULL, accept_and_hang_up, &fd);
	assert_int_equal(update_at(fixture_port_of(fd), &e), -1);
	assert_int_equal(e.kind, ERR_UNKNOWN_OUTCOME);
	pthread_join(thread, NULL);
	close(fd);
}

static void
dns_update_no_connection_is_a_net_error(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(update_at(fixture_free_port(), &e), -1);
	assert_int_equal(e.kind, ERR_NET);
	assert_non_null(strstr(e.message, "Nothing was sent"));
}

static void
dns_normalise_values_come_in_one_form(void **state)
{
	static const struct {
		const char *type, *value, *form;
	} cases[] = {
		{ "A", "192.0.2.1", "192.0.2.1" },
		{ "A", "192.0.2", NULL },
		{ "A", "192.0.2.1\nwww IN A 1.2.3.4", NULL },
		{ "AAAA", "2001:DB8:0::1", "2001:db8::1" },
		{ "CNAME", "LB.Example.Com", "lb.example.com." },
		{ "CNAME", "192.0.2.1", NULL },
		{ "CNAME", "a b", NULL },
		{ "CNAME", "", NULL },
		{ "MX", "10 Mail.example.com", "10 mail.example.com." },
		{ "MX", "mail", NULL },
		{ "TXT", "v=spf1 -all", "\"v=spf1 -all\"" },
		{ "TXT", "a \"b\" \\", "\"a \\\"b\\\" \\\\\"" },
		{ "TXT", "\"one\" \"two\"", "\"one\" \"two\"" },
		{ "TXT", "a;b(c", "\"a;b(c\"" },
		{ "NOTYPE", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		char *form = dns_normalise(cases[i].type, cases[i].value, &e);

		if (cases[i].form) {
			assert_non_null(form);
			assert_string_equal(form, cases[i].form);
		} else {
			assert_null(form);
			assert_int_equal(e.kind, ERR_SPEC);
		}
		free(form);
	}
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
		cmocka_unit_test(dns_query_address_returns_values_sorted),
		cmocka_unit_test(dns_query_missing_name_is_an_answer),
		cmocka_unit_test(dns_query_alias_follows_the_chain),
		cmocka_unit_test(dns_query_large_answer_comes_by_tcp),
		cmocka_unit_test(dns_query_other_types_are_normal),
		cmocka_unit_test(dns_query_bad_type_is_a_spec_error),
		cmocka_unit_test(dns_query_closed_port_is_a_net_error),
		cmocka_unit_test(dns_query_silent_server_times_out_after_attempts),
		cmocka_unit_test(dns_query_cancelled_returns_at_once),
		cmocka_unit_test(dns_query_unknown_host_is_a_net_error),
		cmocka_unit_test(dns_authoritative_names_the_servers),
		cmocka_unit_test(dns_key_load_bind_syntax_is_read),
		cmocka_unit_test(dns_key_load_bad_file_names_the_line),
		cmocka_unit_test(dns_key_load_missing_file_is_not_found),
		cmocka_unit_test(dns_update_matching_prerequisite_changes_the_record),
		cmocka_unit_test(dns_update_stale_prerequisite_is_a_conflict),
		cmocka_unit_test(dns_update_new_record_is_made_and_deleted),
		cmocka_unit_test(dns_update_outside_policy_is_denied),
		cmocka_unit_test(dns_update_unsigned_is_denied),
		cmocka_unit_test(dns_update_unknown_key_is_badkey),
		cmocka_unit_test(dns_update_wrong_secret_is_badsig),
		cmocka_unit_test(dns_update_wrong_clock_is_badtime_with_skew),
		cmocka_unit_test(dns_update_name_outside_zone_is_a_spec_error),
		cmocka_unit_test(dns_update_lost_answer_is_unknown_outcome),
		cmocka_unit_test(dns_update_no_connection_is_a_net_error),
		cmocka_unit_test(dns_normalise_values_come_in_one_form),
	};

	return cmocka_run_group_tests(tests, start_server, stop_server);
}
