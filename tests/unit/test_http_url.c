#include "config.h"

#include "net/http/http_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
url_is_taken_apart(void **state)
{
	struct http_url u;

	(void)state;
	assert_true(http_url_init(&u, "HTTPS://me:pw@Ui.Example.test/a%20b?c#d"));
	assert_string_equal(u.scheme, "https");
	assert_string_equal(u.host, "Ui.Example.test");
	assert_string_equal(u.port, "443");
	assert_string_equal(u.path, "/a%20b");
	assert_false(http_url_is_address(&u));
	http_url_release(&u);
	assert_true(http_url_init(&u, "http://[fd00::1]:8080"));
	assert_string_equal(u.host, "[fd00::1]");
	assert_string_equal(u.port, "8080");
	assert_string_equal(u.path, "/");
	assert_true(http_url_is_address(&u));
	http_url_release(&u);
	assert_true(http_url_init(&u, "odd://127.0.0.1/x"));
	assert_null(u.port);
	assert_true(http_url_is_address(&u));
	http_url_release(&u);
}

static void
url_that_is_none_is_refused(void **state)
{
	static const char *const texts[] = { "",	"/path",       "host",
					     "http://", "http://a b/", "http://h:99999/" };
	struct http_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (http_url_init(&u, texts[i]))
			fail_msg("\"%s\" was taken", texts[i]);
}

static void
assert_same(const char *one, const char *other, bool host, bool origin)
{
	struct http_url a, b;

	assert_true(http_url_init(&a, one));
	assert_true(http_url_init(&b, other));
	assert_int_equal(http_url_same_host(&a, &b), host);
	assert_int_equal(http_url_same_origin(&a, &b), origin);
	http_url_release(&a);
	http_url_release(&b);
}

static void
url_origin_is_scheme_host_and_port(void **state)
{
	(void)state;
	assert_same("http://a/x", "http://A:80/y", true, true);
	assert_same("http://a/", "https://a/", true, false);
	assert_same("http://a:8443/", "https://a:8443/", true, false);
	assert_same("http://a/", "http://a:81/", true, false);
	assert_same("http://a/", "http://b.a/", false, false);
	assert_same("odd://a/", "odd://a/", true, true);
}

static void
shown_url_lacks_user_and_password(void **state)
{
	static const struct {
		const char *url, *shown;
	} cases[] = {
		{ "https://a/b", "https://a/b" },
		{ "https://u:p@a/b@c", "https://a/b@c" },
		{ "https://u:p@x@a?b", "https://a?b" },
		{ "https://a/?x=u:p@b", "https://a/?x=u:p@b" },
		{ "no URL@all", "no URL@all" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *shown = http_shown_url(cases[i].url);

		assert_string_equal(shown, cases[i].shown);
		free(shown);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(url_is_taken_apart),
		cmocka_unit_test(url_that_is_none_is_refused),
		cmocka_unit_test(url_origin_is_scheme_host_and_port),
		cmocka_unit_test(shown_url_lacks_user_and_password),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
