#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "fixture_world_access.h"
#include "world/api/authority.h"

/* ---- who it is ---- */

static void
expect_caller(const struct caller *c, const char *wanted)
{
	struct str text = STR_INIT;

	str_append(&text, c->user);
	for (char **g = c->groups; *g; g++)
		str_printf(&text, " %s", *g);
	assert_string_equal(str_cstr(&text), wanted);
	str_release(&text);
}

static void
caller_from_certificate_is_its_subject(void **state)
{
	static const char *const groups[] = { "system:masters", "sre", NULL };
	struct err e = ERR_INIT;
	struct authority *ca = authority_new("kubernetes", &e);
	struct authority_request request = { .common_name = "ana",
					     .organisations = groups,
					     .client = 1 };
	char *pem, *key;
	struct caller c;

	(void)state;
	assert_int_equal(authority_issue(ca, &request, &pem, &key, &e), 0);
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL), *nameless = X509_new();
	assert_true(caller_from_certificate(certificate, &c));
	expect_caller(&c, "ana system:masters sre system:authenticated");
	caller_release(&c);
	assert_false(caller_from_certificate(nameless, &c));
	X509_free(certificate);
	X509_free(nameless);
	BIO_free(bio);
	free(pem);
	free(key);
	authority_free(ca);
}

static void
find_of_a_declared_token_gives_its_user(void **state)
{
	struct tokens *t = tokens_new();
	struct caller c;

	(void)state;
	tokens_add(t, "abc", "ana", (const char *const[]){ "sre", NULL });
	tokens_add(t, "def", "bea", NULL);
	assert_true(tokens_find(t, "abc", &c));
	expect_caller(&c, "ana sre system:authenticated");
	caller_release(&c);
	assert_true(tokens_find(t, "def", &c));
	expect_caller(&c, "bea system:authenticated");
	caller_release(&c);
	assert_false(tokens_find(t, "ab", &c));
	assert_false(tokens_find(t, "", &c));
	tokens_free(t);
}

#define TOKEN_SECRET(name, account, uid)                                                           \
	"{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"metadata\":{\"name\":\"" name                \
	"\",\"namespace\":\"tsb\",\"annotations\":{\"kubernetes.io/service-account.name\":"        \
	"\"" account "\"" uid "}},\"type\":\"kubernetes.io/service-account-token\",\"data\":{"     \
	"\"token\":\"c2VjcmV0\"}}" /* "secret" */

static void
find_of_an_accounts_token_needs_the_account(void **state)
{
	struct world *w = *state;
	struct tokens *t = tokens_new();
	struct caller c;

	put(w, TOKEN_SECRET("t1", "operator", ""));
	assert_false(tokens_find(t, "secret", &c)); /* accounts are not asked yet */
	tokens_add_accounts(t, w->store, w->kinds);
	assert_false(tokens_find(t, "secret", &c)); /* there is no such account */
	put(w, "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":"
	       "\"operator\",\"namespace\":\"tsb\"}}");
	assert_true(tokens_find(t, "secret", &c));
	expect_caller(&c, "system:serviceaccount:tsb:operator system:serviceaccounts "
			  "system:serviceaccounts:tsb system:authenticated");
	caller_release(&c);
	assert_false(tokens_find(t, "other", &c));
	tokens_free(t);
}

static void
find_of_a_token_of_an_account_before_this_one_is_unknown(void **state)
{
	struct world *w = *state;
	struct tokens *t = tokens_new();
	struct caller c;

	tokens_add_accounts(t, w->store, w->kinds);
	put(w, "{\"apiVersion\":\"v1\",\"kind\":\"ServiceAccount\",\"metadata\":{\"name\":"
	       "\"operator\",\"namespace\":\"tsb\"}}");
	put(w, TOKEN_SECRET("t1", "operator", ",\"kubernetes.io/service-account.uid\":\"0-0-0\""));
	assert_false(tokens_find(t, "secret", &c));
	tokens_free(t);
}

static void
named_is_in_the_groups_of_such_a_user(void **state)
{
	static char sre[] = "sre";
	static const struct {
		const char *user;
		bool grouped;
		const char *wanted;
	} cases[] = {
		{ "joe", false, "joe system:authenticated" },
		{ "joe", true, "joe sre system:authenticated" },
		{ "system:anonymous", false, "system:anonymous system:unauthenticated" },
		{ "system:serviceaccount:tsb:robot", false,
		  "system:serviceaccount:tsb:robot system:serviceaccounts "
		  "system:serviceaccounts:tsb system:authenticated" },
		{ "system:serviceaccount:tsb:robot", true,
		  "system:serviceaccount:tsb:robot sre system:authenticated" },
		{ "system:serviceaccount:tsb", false,
		  "system:serviceaccount:tsb system:authenticated" },
		{ "system:serviceaccount::x", false,
		  "system:serviceaccount::x system:authenticated" },
	};
	char *groups[] = { sre, NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct caller named = { (char *)(uintptr_t)cases[i].user,
					      cases[i].grouped ? groups : NULL };
		struct caller c;

		caller_named(&named, &c);
		expect_caller(&c, cases[i].wanted);
		caller_release(&c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(caller_from_certificate_is_its_subject),
		cmocka_unit_test(find_of_a_declared_token_gives_its_user),
		WORLD_TEST(find_of_an_accounts_token_needs_the_account),
		WORLD_TEST(find_of_a_token_of_an_account_before_this_one_is_unknown),
		cmocka_unit_test(named_is_in_the_groups_of_such_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
