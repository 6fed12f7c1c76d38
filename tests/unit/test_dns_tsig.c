#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/time.h>
#include <time.h>

#include "fixture_dns.h"
#include "net/dns/dns.h"

/* Keys and signatures of updates, against BIND and Knot, and with clocks that differ. */

static struct dns_host bind_host, knot_host, early, late;
static bool have_servers;
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

static const char zone_text[] = "$TTL 300\n"
				"@ IN SOA ns1 root 7 3600 600 86400 60\n@ IN NS ns1\n"
				"ns1 IN A 127.0.0.1\nwww IN A 192.0.2.10\n";

static void
need_servers(void)
{
	if (have_servers)
		return;
	print_message("skipped: BIND (named) or Knot (knotd) is not installed\n");
	skip();
}

static int
load_text(const char *name, const char *text, const char *wanted, struct dns_key *key,
	  struct err *e)
{
	char *folder = fixture_folder(), *path = fixture_write(folder, name, text);
	int rc;

	chmod(path, 0600);
	rc = wanted ? dns_key_load_named(path, wanted, key, e) : dns_key_load(path, key, e);
	free(path);
	fixture_remove(folder);
	return rc;
}

static int
send_as(const struct dns_host *h, const char *key_text, const char *value, struct err *e)
{
	struct dns_server to = { "127.0.0.1", h->port };
	const char *values[] = { value, NULL };
	struct dns_update u = { .zone = "change.test",
				.name = "www.change.test",
				.type = "A",
				.ttl = 60,
				.values = values };
	struct dns_key key;
	int rc;

	if (load_text("key", key_text, NULL, &key, e) < 0)
		fail_msg("%s", e->message);
	rc = dns_update_send(&to, &u, &key, 5000, NULL, e);
	dns_key_release(&key);
	return rc;
}

static void
dns_update_each_algorithm_is_understood_by_both_servers(void **state)
{
	static const char *const keys[] = {
		DNS_KEY("k256", "hmac-sha256", DNS_SECRET_256),
		DNS_KEY("k512", "hmac-sha512", DNS_SECRET_512),
		DNS_KEY("k1", "hmac-sha1", DNS_SECRET_1),
		DNS_KEY("kmd5", "hmac-md5", DNS_SECRET_MD5),
		DNS_KEY("KMD5.", "HMAC-MD5.SIG-ALG.REG.INT.", DNS_SECRET_MD5),
	};
	const struct dns_host *const hosts[] = { &bind_host, &knot_host };

	(void)state;
	need_servers();
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < sizeof(keys) / sizeof(keys[0]); j++) {
			char *value = xasprintf("198.51.100.%zu", j + 1);
			char *shown = xasprintf("%s\n", value);
			struct err e = ERR_INIT;

			if (send_as(hosts[i], keys[j], value, &e) < 0)
				fail_msg("%s: %s", keys[j], e.message);
			assert_dig(hosts[i], "www.change.test", "A", shown);
			free(shown);
			free(value);
		}
	}
}

static void
assert_denied(const struct dns_host *h, const char *key_text, const char *says)
{
	struct err e = ERR_INIT;
	char *before = dns_host_dig(h, "www.change.test", "A");

	assert_int_equal(send_as(h, key_text, "203.0.113.1", &e), -1);
	if (!strstr(e.message, says))
		fail_msg("\"%s\" lacks \"%s\"", e.message, says);
	assert_int_equal(e.kind, ERR_DENIED);
	assert_dig(h, "www.change.test", "A", before);
	free(before);
}

static void
dns_update_wrong_keys_are_told_apart(void **state)
{
	const struct dns_host *const hosts[] = { &bind_host, &knot_host };

	(void)state;
	need_servers();
	for (size_t i = 0; i < 2; i++) {
		assert_denied(hosts[i], DNS_KEY("other", "hmac-sha256", DNS_SECRET_256),
			      "NOTAUTH (BADKEY): the server knows no key other with hmac-sha256");
		assert_denied(hosts[i], DNS_KEY("k256", "hmac-sha512", DNS_SECRET_256),
			      "NOTAUTH (BADKEY)");
		assert_denied(hosts[i], DNS_KEY("k256", "hmac-sha256", DNS_SECRET_512),
			      "NOTAUTH (BADSIG): the server has another secret for the key k256");
		/* this one it knows, and does not let it do anything */
		assert_denied(hosts[i], DNS_KEY("k0", "hmac-sha256", DNS_SECRET_256),
			      hosts[i] == &bind_host
				      ? "REFUSED: the server's policy does not let k0 change this"
				      : "NOTAUTH (BADKEY)");
	}
}

/* "600 s behind ours", with a few seconds' leave. */
static void
assert_skew(const struct dns_host *h, long least, const char *direction)
{
	struct err e = ERR_INIT;
	char *before = dns_host_dig(h, "www.change.test", "A"), *end;
	const char *at;
	long skew;

	assert_int_equal(
		send_as(h, DNS_KEY("k256", "hmac-sha256", DNS_SECRET_256), "203.0.113.1", &e), -1);
	assert_int_equal(e.kind, ERR_DENIED);
	at = strstr(e.message, "NOTAUTH (BADTIME): the server's clock is ");
	if (!at)
		fail_msg("%s", e.message);
	skew = strtol(at + strlen("NOTAUTH (BADTIME): the server's clock is "), &end, 10);
	assert_in_range(skew, least - 10, least + 10);
	if (!str_starts_with(end, direction))
		fail_msg("%s", e.message);
	assert_non_null(strstr(end, "300 s are allowed. Set the clock"));
	assert_dig(h, "www.change.test", "A", before);
	free(before);
}

static void
dns_update_skew_is_told_with_its_direction(void **state)
{
	(void)state;
	need_servers();
	assert_skew(&early, 900, " s ahead of ours");
	assert_skew(&late, 1200, " s behind ours");
	clock_offset = 1500; /* BIND's clock cannot be faked, ours can */
	assert_skew(&bind_host, 1500, " s behind ours");
	clock_offset = -700;
	assert_skew(&bind_host, 700, " s ahead of ours");
	clock_offset = 0;
}

static void
dns_key_check_asks_without_changing_anything(void **state)
{
	const struct dns_host *const hosts[] = { &bind_host, &knot_host, &early, &late };
	static const char *const says[] = { NULL, NULL, "s ahead of ours", "s behind ours" };
	struct dns_key key, wrong;
	struct err e = ERR_INIT;

	(void)state;
	need_servers();
	assert_int_equal(
		load_text("key", DNS_KEY("k256", "hmac-sha256", DNS_SECRET_256), NULL, &key, &e),
		0);
	assert_int_equal(
		load_text("key", DNS_KEY("k256", "hmac-sha256", DNS_SECRET_1), NULL, &wrong, &e),
		0);
	for (size_t i = 0; i < 4; i++) {
		struct dns_server server = { "127.0.0.1", hosts[i]->port };
		int rc = dns_key_check(&server, "change.test", &key, 5000, NULL, &e);

		assert_int_equal(rc, says[i] ? -1 : 0);
		if (says[i] && (!strstr(e.message, says[i]) || !strstr(e.message, "BADTIME")))
			fail_msg("%s", e.message);
		assert_int_equal(dns_key_check(&server, "change.test", &wrong, 5000, NULL, &e), -1);
		assert_int_equal(e.kind, ERR_DENIED);
		assert_non_null(
			strstr(e.message, "trying the key k256 at 127.0.0.1: NOTAUTH (BADSIG"));
	}
	dns_key_release(&key);
	dns_key_release(&wrong);
}

static void
dns_key_load_named_chooses_among_several(void **state)
{
	struct err e = ERR_INIT;
	struct dns_key key;

	(void)state;
	assert_int_equal(load_text("keys", DNS_KEYS, "K512.", &key, &e), 0);
	assert_string_equal(key.name, "k512");
	assert_string_equal(key.secret, DNS_SECRET_512);
	assert_string_equal(key.algorithm, "hmac-sha512");
	dns_key_release(&key);
	assert_int_equal(load_text("keys", DNS_KEYS, "k51", &key, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "holds no key k51. It has: k256, k0, k512, k1, kmd5"));
	assert_int_equal(load_text("keys", DNS_KEYS, NULL, &key, &e), -1);
	assert_non_null(strstr(e.message, "the target's `key_name` must say which"));
}

static void
dns_key_load_spellings_of_bind_are_read(void **state)
{
	static const char *const texts[] = {
		"key k256 { algorithm hmac-sha256; secret " DNS_SECRET_256 "; };",
		"key \"k256\" {\n\talgorithm \"hmac-sha256\";\n\tsecret \"" DNS_SECRET_256
		"\";\n};\n",
		"// one\n# two\n/* three\n * { */KEY k256{secret " DNS_SECRET_256
		";algorithm HMAC-SHA256.;};# end",
		"key k256.\n{\n# secret \"x\";\nsecret\n\"" DNS_SECRET_256
		"\"\n; algorithm hmac-sha256 ; } ;",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;
		struct dns_key key;

		if (load_text("key", texts[i], NULL, &key, &e) < 0)
			fail_msg("%s: %s", texts[i], e.message);
		assert_string_equal(key.algorithm, "hmac-sha256");
		assert_string_equal(key.secret, DNS_SECRET_256);
		dns_key_release(&key);
	}
}

static void
dns_key_load_what_cannot_be_used_says_why(void **state)
{
	static const struct {
		const char *file, *text, *says;
	} cases[] = {
		{ "key", DNS_KEY("a", "hmac-sha384", DNS_SECRET_256),
		  "line 1: this algorithm is not supported: hmac-sha256, hmac-sha512, hmac-sha1 "
		  "and "
		  "hmac-md5 are" },
		{ "key", DNS_KEY("a", "hmac-sha224", DNS_SECRET_256),
		  "tsig-keygen -a hmac-sha256" },
		{ "key", DNS_KEY("a", "hmac-sha256-128", DNS_SECRET_256),
		  "line 1: shortened signatures are not supported" },
		{ "key", "key a { algorithm hmac-sha256; algorithm hmac-sha1; secret QUJD; };",
		  "a second algorithm" },
		{ "key", "key a { secret QUJD; secret QUJE; };", "a second secret" },
		{ "Klifeboat.+163+00001.private",
		  "Private-key-format: v1.3\nAlgorithm: 163 (HMAC_SHA256)\nKey: QUJD\n",
		  "it is one of a pair of files of dnssec-keygen" },
		{ "Klifeboat.+163+00001.key", "lifeboat. IN KEY 512 3 163 QUJD\n",
		  "tsig-keygen NAME" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;
		struct dns_key key;

		assert_int_equal(load_text(cases[i].file, cases[i].text, NULL, &key, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		if (!strstr(e.message, cases[i].says))
			fail_msg("\"%s\" lacks \"%s\"", e.message, cases[i].says);
		assert_null(strstr(e.message, "QUJD"));
	}
}

static void
dns_key_load_file_for_everybody_is_marked(void **state)
{
	char *folder = fixture_folder();
	char *path = fixture_write(folder, "key", DNS_KEY("a", "hmac-sha256", DNS_SECRET_256));
	struct err e = ERR_INIT;
	struct dns_key key;

	(void)state;
	chmod(path, 0644);
	assert_int_equal(dns_key_load(path, &key, &e), 0);
	assert_true(key.exposed);
	dns_key_release(&key);
	chmod(path, 0640);
	assert_int_equal(dns_key_load(path, &key, &e), 0);
	assert_false(key.exposed);
	dns_key_release(&key);
	free(path);
	fixture_remove(folder);
}

static bool
start_bind(struct dns_host *h)
{
	dns_host_init(h);
	dns_host_zone(h, "zone", zone_text);
	return bind_start(h,
			  "zone change.test { type primary; file \"zone\"; update-policy { grant "
			  "k256 zonesub ANY; grant k512 zonesub ANY; grant k1 zonesub ANY; grant "
			  "kmd5 zonesub ANY; }; };\n");
}

static bool
start_knot(struct dns_host *h, const char *clock)
{
	dns_host_init(h);
	h->clock = clock;
	dns_host_zone(h, "zone", zone_text);
	return knot_start(
		h, "acl:\n  - id: updates\n    address: 127.0.0.1\n    key: [ k256, k512, "
		   "k1, kmd5 ]\n    action: update\nzone:\n  - domain: change.test\n    file: "
		   "zone\n    acl: updates\n");
}

static int
start(void **state)
{
	bool faketime = access("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", R_OK) == 0;

	(void)state;
	have_servers = faketime & start_bind(&bind_host) & start_knot(&knot_host, NULL) &
		       start_knot(&early, "+900") & start_knot(&late, "-1200");
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	dns_host_stop(&bind_host);
	dns_host_stop(&knot_host);
	dns_host_stop(&early);
	dns_host_stop(&late);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dns_update_each_algorithm_is_understood_by_both_servers),
		cmocka_unit_test(dns_update_wrong_keys_are_told_apart),
		cmocka_unit_test(dns_update_skew_is_told_with_its_direction),
		cmocka_unit_test(dns_key_check_asks_without_changing_anything),
		cmocka_unit_test(dns_key_load_named_chooses_among_several),
		cmocka_unit_test(dns_key_load_spellings_of_bind_are_read),
		cmocka_unit_test(dns_key_load_what_cannot_be_used_says_why),
		cmocka_unit_test(dns_key_load_file_for_everybody_is_marked),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
