#include "config.h"

#include "world/stage/look_dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/base64.h"
#include "base/err.h"
#include "fixture_named.h"
#include "net/dns/dns.h"

static struct fixture_named named;
static bool have_named;

static int
start(void **state)
{
	(void)state;
	have_named = fixture_named_start(&named);
	return 0;
}

static int
stop(void **state)
{
	(void)state;
	if (have_named)
		fixture_named_stop(&named);
	return 0;
}

static struct dns_wish
wish_for(const char *name)
{
	if (!have_named) {
		print_message("skipped: BIND is not installed\n");
		skip();
	}
	return (struct dns_wish){ .resolver = xstrdup("app-1"),
				  .server = xstrdup("127.0.0.1"),
				  .port = named.port,
				  .name = xstrdup(name),
				  .timeout_ms = 5000 };
}

/* The addresses in a row, or why there are none. Frees the wish. */
static char *
resolve(struct dns_memory *memory, struct dns_wish wish)
{
	struct dns_addresses found;
	struct str out = STR_INIT;

	if (dns_resolve(memory, &wish, NULL, &found, &out) == 0)
		for (size_t i = 0; i < found.count; i++)
			str_printf(&out, "%s%s", i ? " " : "", found.items[i]);
	dns_wish_release(&wish);
	return str_take(&out);
}

#define assert_resolves(memory, wish, words)                                                       \
	do {                                                                                       \
		char *text = resolve(memory, wish);                                                \
		assert_string_equal(text, words);                                                  \
		free(text);                                                                        \
	} while (0)

/* Puts one address in the place of what is there. */
static void
change(const char *name, const char *address, uint32_t ttl)
{
	const char *const values[] = { address, NULL };
	const struct dns_server server = { "127.0.0.1", named.port };
	const struct dns_update update = {
		.zone = "example.test", .name = name, .type = "A", .ttl = ttl, .values = values
	};
	struct dns_key key;
	struct err e = ERR_INIT;

	assert_int_equal(dns_key_load(named.key_file, &key, &e), 0);
	if (dns_update_send(&server, &update, &key, 5000, NULL, &e) < 0)
		fail_msg("%s", e.message);
	dns_key_release(&key);
}

static void
resolve_addresses_and_chains(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);

	(void)state;
	assert_resolves(memory, wish_for("fixed.example.test"), "192.0.2.1");
	assert_resolves(memory, wish_for("two.example.test"), "192.0.2.2 192.0.2.3");
	assert_resolves(memory, wish_for("alias.example.test"), "192.0.2.1");
	assert_resolves(memory, wish_for("127.3.4.5"), "127.3.4.5");
	dns_memory_free(memory);
}

static void
resolve_failures_are_in_the_words_of_go(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);
	struct dns_wish wish = wish_for("none.example.test");
	char *words =
		xasprintf("lookup none.example.test on 127.0.0.1:%d: no such host", named.port);

	(void)state;
	assert_resolves(memory, wish, words);
	free(words);
	wish = wish_for("x.elsewhere.test");
	words = xasprintf("lookup x.elsewhere.test on 127.0.0.1:%d: server misbehaving",
			  named.port);
	assert_resolves(memory, wish, words);
	free(words);
	wish = wish_for("fixed.example.test");
	free(wish.server);
	wish.server = NULL;
	assert_resolves(memory, wish, "lookup fixed.example.test: no such host");
	wish = wish_for("fixed.example.test");
	wish.port = fixture_free_port();
	words = xasprintf("lookup fixed.example.test on 127.0.0.1:%d: read: connection refused",
			  wish.port);
	assert_resolves(memory, wish, words);
	free(words);
	dns_memory_free(memory);
}

static void
resolve_answer_is_kept_for_its_ttl_and_no_longer(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);
	struct dns_wish other;

	(void)state;
	dns_wish_release(&(struct dns_wish){ 0 });
	other = wish_for("www.open.example.test");
	change("www.open.example.test", "192.0.2.11", 2);
	assert_resolves(memory, wish_for("www.open.example.test"), "192.0.2.11");
	int64_t asked_ms = clock_mono_ms();
	change("www.open.example.test", "192.0.2.12", 2);
	if (clock_mono_ms() - asked_ms < 1500)
		assert_resolves(memory, wish_for("www.open.example.test"), "192.0.2.11");
	free(other.resolver);
	other.resolver = xstrdup("app-2"); /* it has not asked before */
	assert_resolves(memory, other, "192.0.2.12");
	while (clock_mono_ms() - asked_ms < 2100)
		fixture_pause();
	assert_resolves(memory, wish_for("www.open.example.test"), "192.0.2.12");
	dns_memory_free(memory);
}

static void
resolve_no_is_kept_as_long_as_is_said_at_most(void **state)
{
	struct dns_memory *memory = dns_memory_new(1);
	struct dns_wish wish = wish_for("late.open.example.test");
	char *none = xasprintf("lookup late.open.example.test on 127.0.0.1:%d: no such host",
			       named.port);

	(void)state;
	assert_resolves(memory, wish, none);
	change("late.open.example.test", "192.0.2.21", 2);
	int64_t asked_ms = clock_mono_ms();
	while (clock_mono_ms() - asked_ms < 2)
		fixture_pause();
	assert_resolves(memory, wish_for("late.open.example.test"), "192.0.2.21");
	free(none);
	dns_memory_free(memory);
}

static void
resolve_answer_that_somebody_keeps_outlives_the_ttl(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);
	struct dns_wish wish;

	(void)state;
	wish = wish_for("wait.open.example.test");
	wish.own = xstrdup("app-1/edge/pod-1");
	wish.keeps_ms = 60000;
	change("wait.open.example.test", "192.0.2.41", 0);
	assert_resolves(memory, wish, "192.0.2.41");
	change("wait.open.example.test", "192.0.2.42", 0);
	wish = wish_for("wait.open.example.test");
	wish.own = xstrdup("app-1/edge/pod-1");
	wish.keeps_ms = 60000;
	assert_resolves(memory, wish, "192.0.2.41");
	wish = wish_for("wait.open.example.test");
	wish.own = xstrdup("app-1/edge/pod-2"); /* a new pod knows nothing of that */
	wish.keeps_ms = 60000;
	assert_resolves(memory, wish, "192.0.2.42");
	dns_memory_free(memory);
}

static void
remembered_address_goes_before_the_server(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);
	struct dns_wish wish = wish_for("fixed.example.test");

	(void)state;
	wish.own = xstrdup("me");
	wish.keeps_ms = 60000;
	dns_remember(memory, "me", "fixed.example.test", "127.9.9.9", 60000);
	assert_resolves(memory, wish, "127.9.9.9");
	assert_resolves(memory, wish_for("fixed.example.test"), "192.0.2.1");
	dns_memory_free(memory);
}

static void
memory_forgets_the_oldest(void **state)
{
	struct dns_memory *memory = dns_memory_new(30000);

	(void)state;
	for (int i = 0; i < 1000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d.test", i);
		dns_remember(memory, "me", name, "127.0.0.1", 60000);
	}
	struct dns_wish wish = { .resolver = xstrdup("r"),
				 .own = xstrdup("me"),
				 .name = xstrdup("n999.test") };
	assert_resolves(memory, wish, "127.0.0.1");
	wish = (struct dns_wish){ .resolver = xstrdup("r"),
				  .own = xstrdup("me"),
				  .name = xstrdup("n1.test") };
	assert_resolves(memory, wish, "lookup n1.test: no such host");
	dns_memory_free(memory);
}

static void
look_at_where_a_name_leads(void **state)
{
	struct look_resolve ask = { .memory = dns_memory_new(30000),
				    .wish = wish_for("fixed.example.test") };
	struct look_answer answer = { 0 };
	char to[] = "192.0.2.9";

	(void)state;
	look_resolve_kind.run(&ask, NULL, &answer);
	assert_true(answer.holds);
	assert_string_equal(answer.seen, "192.0.2.1");
	look_answer_release(&answer);
	ask.to = to;
	look_resolve_kind.run(&ask, NULL, &answer);
	assert_false(answer.holds);
	look_answer_release(&answer);
	to[8] = '1';
	look_resolve_kind.run(&ask, NULL, &answer);
	assert_true(answer.holds);
	look_answer_release(&answer);
	dns_wish_release(&ask.wish);
	dns_memory_free(ask.memory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolve_addresses_and_chains),
		cmocka_unit_test(resolve_failures_are_in_the_words_of_go),
		cmocka_unit_test(resolve_answer_is_kept_for_its_ttl_and_no_longer),
		cmocka_unit_test(resolve_no_is_kept_as_long_as_is_said_at_most),
		cmocka_unit_test(resolve_answer_that_somebody_keeps_outlives_the_ttl),
		cmocka_unit_test(remembered_address_goes_before_the_server),
		cmocka_unit_test(memory_forgets_the_oldest),
		cmocka_unit_test(look_at_where_a_name_leads),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
