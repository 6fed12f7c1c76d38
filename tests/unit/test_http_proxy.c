#include "config.h"

#include "net/http/http_proxy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const variables[] = { "http_proxy",	"HTTP_PROXY", "https_proxy",
					 "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
					 "no_proxy",	"NO_PROXY",   NULL };

static int
clear(void **state)
{
	(void)state;
	for (size_t i = 0; variables[i]; i++)
		unsetenv(variables[i]);
	return 0;
}

static void
assert_proxy(const char *url, const char *proxy, const char *why)
{
	const char *decided = "unset";
	char *chosen = http_proxy_of_environment(url, &decided);

	if (strcmp(chosen, proxy) != 0)
		fail_msg("%s: \"%s\", not \"%s\"", url, chosen, proxy);
	if (why)
		assert_string_equal(decided, why);
	else
		assert_null(decided);
	free(chosen);
}

static void
proxy_without_variables_is_none(void **state)
{
	(void)state;
	assert_proxy("https://a.example/", "", NULL);
	assert_proxy("no URL at all", "", NULL);
}

static void
proxy_is_that_of_the_scheme_or_of_all(void **state)
{
	(void)state;
	setenv("ALL_PROXY", "socks5h://all:1", 1);
	assert_proxy("https://a.example/", "socks5h://all:1", "ALL_PROXY");
	setenv("HTTPS_PROXY", "http://up:2", 1);
	setenv("HTTP_PROXY", "http://cgi:3", 1); /* never taken */
	assert_proxy("https://a.example/", "http://up:2", "HTTPS_PROXY");
	assert_proxy("http://a.example/", "socks5h://all:1", "ALL_PROXY");
	setenv("https_proxy", "http://low:4", 1);
	setenv("http_proxy", "http://plain:5", 1);
	assert_proxy("https://a.example/", "http://low:4", "https_proxy");
	assert_proxy("http://a.example/", "http://plain:5", "http_proxy");
	setenv("https_proxy", "", 1);
	assert_proxy("https://a.example/", "", "https_proxy");
}

static void
proxy_is_not_for_the_hosts_of_no_proxy(void **state)
{
	static const struct {
		const char *list, *url;
		bool direct;
	} cases[] = {
		{ "*", "https://a.example/", true },
		{ "a.example", "https://a.example/", true },
		{ "A.Example", "https://a.example:8443/x", true },
		{ "a.example", "https://b.a.example/", true },
		{ ".a.example", "https://b.a.example/", true },
		{ ".a.example", "https://a.example/", true },
		{ "a.example.", "https://a.example/", true },
		{ "a.example", "https://bada.example/", false },
		{ "b.a.example", "https://a.example/", false },
		{ "x.example, a.example", "https://a.example/", true },
		{ "x.example a.example", "https://a.example/", true },
		{ "", "https://a.example/", false },
		{ ",,", "https://a.example/", false },
		{ "127.0.0.1", "https://127.0.0.1:9/", true },
		{ "127.0.0.0/8", "https://127.9.9.9/", true },
		{ "10.0.0.0/9", "https://10.127.0.1/", true },
		{ "10.0.0.0/9", "https://10.128.0.1/", false },
		{ "10.0.0.0/99", "https://10.0.0.1/", false },
		{ "0.0.1", "https://127.0.0.1/", false },
		{ "::1", "https://[::1]:9/", true },
		{ "fd00::/8", "https://[fd12::1]/", true },
		{ "fd00::/8", "https://[fe80::1]/", false },
	};

	(void)state;
	setenv("https_proxy", "http://p:1", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setenv("no_proxy", cases[i].list, 1);
		if (cases[i].direct)
			assert_proxy(cases[i].url, "", "no_proxy");
		else
			assert_proxy(cases[i].url, "http://p:1", "https_proxy");
	}
	unsetenv("no_proxy");
	setenv("NO_PROXY", "a.example", 1);
	assert_proxy("https://a.example/", "", "NO_PROXY");
	unsetenv("https_proxy");
	assert_proxy("https://a.example/", "", NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(proxy_without_variables_is_none, clear),
		cmocka_unit_test_setup(proxy_is_that_of_the_scheme_or_of_all, clear),
		cmocka_unit_test_setup(proxy_is_not_for_the_hosts_of_no_proxy, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
