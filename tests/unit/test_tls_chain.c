#include "config.h"

#include "net/tls/tls_chain.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "fixture_chain.h"
#include "fixture_server.h"
#include "net/tls/certificate.h"

static struct family family;

/* What is judged: a chain as sent, and whom the judge trusts. */
struct court {
	STACK_OF(X509) *sent;
	struct tls_trust *trust;
	struct tls_demands demands;
	struct tls_chain chain;
	char *told; /* all findings, "0|1|2 text" a line */
};

static void
tell(struct court *c)
{
	struct str out = STR_INIT;

	free(c->told);
	for (size_t i = 0; i < c->chain.findings.count; i++)
		str_printf(&out, "%d %s\n", (int)c->chain.findings.items[i].weight,
			   c->chain.findings.items[i].text);
	c->told = str_take(&out);
}

static void
judge(struct court *c, const struct link *const *sent, const struct link *const *trusted)
{
	char *pem = links_pem(trusted);
	struct err e = ERR_INIT;

	c->sent = links_stack(sent);
	c->trust = tls_trust_new(pem, &e);
	assert_non_null(c->trust);
	if (!c->demands.name)
		c->demands.name = "tsb.example.com";
	c->demands.now_ms = clock_wall_ms();
	tls_chain_judge(c->sent, c->trust, &c->demands, &c->chain);
	tell(c);
	free(pem);
}

static void
court_release(struct court *c)
{
	tls_chain_release(&c->chain);
	tls_trust_free(c->trust);
	sk_X509_pop_free(c->sent, X509_free);
	free(c->told);
	*c = (struct court){ .sent = NULL };
}

#define assert_told(c, text)                                                                       \
	do {                                                                                       \
		if (!strstr((c)->told, text))                                                      \
			fail_msg("\"%s\" is not in:\n%s", text, (c)->told);                        \
	} while (0)

#define assert_untold(c, text)                                                                     \
	do {                                                                                       \
		if (strstr((c)->told, text))                                                       \
			fail_msg("\"%s\" is in:\n%s", text, (c)->told);                            \
	} while (0)

#define assert_problems(c, wanted)                                                                 \
	do {                                                                                       \
		if ((int)tls_findings_count(&(c)->chain.findings, TLS_PROBLEM) != (wanted))        \
			fail_msg("not %d problems:\n%s", wanted, (c)->told);                       \
		assert_int_equal((c)->chain.is_verified, (wanted) == 0);                           \
	} while (0)

static void
tls_chain_judge_right_chain_is_verified_up_to_the_root(void **state)
{
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.root));
	assert_problems(&c, 0);
	assert_string_equal(c.told, "");
	assert_int_equal(sk_X509_num(c.chain.certificates), 3);
	assert_ptr_equal(tls_chain_root(&c.chain, c.sent), sk_X509_value(c.chain.certificates, 2));
	assert_int_equal(X509_cmp(sk_X509_value(c.chain.certificates, 2), family.root.certificate),
			 0);
	court_release(&c);
}

static void
tls_chain_judge_expired_certificate_is_named(void **state)
{
	struct link old = link_new(&family.root, &(struct link_options){ .name = "Old Issuing",
									 .is_ca = true,
									 .from_s = -90 * 86400L,
									 .until_s = -86400 * 3L });
	struct link by_old =
		link_new(&old, &(struct link_options){ .name = "a", .alternatives = FAMILY_NAMES });
	struct link expired =
		link_new(&family.intermediate, &(struct link_options){ .name = "b",
								       .alternatives = FAMILY_NAMES,
								       .from_s = -90 * 86400L,
								       .until_s = -7200 });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&expired, &family.intermediate), LINKS(&family.root));
	assert_problems(&c, 1);
	assert_told(&c, "2 The server's certificate expired 20");
	assert_told(&c, ", 120m ago (our clock says 20");
	court_release(&c);
	judge(&c, LINKS(&by_old, &old), LINKS(&family.root));
	assert_problems(&c, 1);
	assert_told(&c, "2 The intermediate \"CN = Old Issuing\" expired 20");
	assert_told(&c, ", 3d ago");
	court_release(&c);
	link_free(&by_old);
	link_free(&old);
	link_free(&expired);
}

static void
tls_chain_judge_everything_that_is_wrong_is_told(void **state)
{
	struct link future =
		link_new(&family.namesake, &(struct link_options){ .name = "c",
								   .alternatives = "DNS:a.example",
								   .usage = "clientAuth",
								   .rsa_bits = 1024,
								   .from_s = 86400,
								   .until_s = 2 * 86400 });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&future), LINKS(&family.root));
	assert_problems(&c, 5);
	assert_told(&c,
		    "2 The server's certificate comes from another \"CN = Example Root\" than the "
		    "trusted one: the same name, another key");
	assert_told(&c,
		    "2 The server's certificate is not meant for a server: its purposes are TLS "
		    "Web Client Authentication");
	assert_told(&c, "2 The server's certificate is too weak: its key is too short (RSA of 1024 "
			"bits, signed by ecdsa-with-SHA256). Have it issued anew");
	assert_told(&c, "2 The certificate is not for tsb.example.com, but for a.example");
	assert_told(&c, "2 The server's certificate is valid from 20");
	assert_told(&c, " only, and our clock says 20");
	court_release(&c);
	link_free(&future);
}

static void
tls_chain_judge_names_are_matched_by_san_alone(void **state)
{
	struct link by_cn =
		link_new(&family.root, &(struct link_options){ .name = "tsb.example.com" });
	static const struct {
		const char *name;
		int problems;
	} cases[] = {
		{ "tsb.example.com", 0 },
		{ "TSB.Example.com", 0 },
		{ "a.tsb.example.com", 0 },
		{ "a.b.tsb.example.com", 1 },
		{ "example.com", 1 },
		{ "127.0.0.1", 0 },
		{ "::1", 0 },
		{ "127.0.0.2", 1 },
	};
	struct court c = { .sent = NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.demands.name = cases[i].name;
		judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.root));
		assert_problems(&c, cases[i].problems);
		court_release(&c);
	}
	judge(&c, LINKS(&by_cn), LINKS(&family.root));
	assert_problems(&c, 1);
	assert_told(&c, "2 The certificate is for no host at all: it has no subject alternative");
	court_release(&c);
	c.demands.names = (const char *const[]){ "x.tsb.example.com", "127.0.0.1", "other.org",
						 "10.0.0.1", NULL };
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.root));
	assert_true(c.chain.is_verified);
	assert_int_equal(tls_findings_count(&c.chain.findings, TLS_PROBLEM), 2);
	assert_told(&c, "2 The certificate does not cover other.org, which is wanted besides");
	assert_told(&c, "2 The certificate does not cover 10.0.0.1");
	court_release(&c);
	link_free(&by_cn);
}

static void
tls_chain_judge_self_signed_and_unknown_roots_are_told_apart(void **state)
{
	struct link own = link_new(NULL, &(struct link_options){ .name = "tsb.example.com",
								 .alternatives = FAMILY_NAMES });
	struct link stranger =
		link_new(NULL, &(struct link_options){ .name = "Stranger", .is_ca = true });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&own), LINKS(&family.root));
	assert_problems(&c, 1);
	assert_told(&c, "2 The server's certificate is self-signed, and not trusted (SHA-256 ");
	court_release(&c);
	judge(&c, LINKS(&own), LINKS(&own)); /* trusted by itself */
	assert_problems(&c, 0);
	court_release(&c);
	judge(&c, LINKS(&family.server, &family.intermediate, &family.root), LINKS(&stranger));
	assert_problems(&c, 1);
	assert_told(&c, "2 The root \"CN = Example Root\" is not trusted (SHA-256 ");
	assert_told(&c, "Trusted is: \"CN = Stranger\"");
	assert_ptr_equal(tls_chain_root(&c.chain, c.sent), sk_X509_value(c.sent, 2));
	court_release(&c);
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&stranger));
	assert_problems(&c, 1);
	assert_told(&c,
		    "2 The issuer of the intermediate \"CN = Issuing\", \"CN = Example Root\", is "
		    "missing: it is neither among the 2 certificates");
	assert_null(tls_chain_root(&c.chain, c.sent));
	court_release(&c);
	link_free(&own);
	link_free(&stranger);
}

static void
tls_chain_judge_root_of_the_same_name_is_another(void **state)
{
	struct link_options bare = { .name = "Bare Root", .is_ca = true, .has_no_key_ids = true };
	struct link one = link_new(NULL, &bare), other = link_new(NULL, &bare);
	struct link server = link_new(&one, &(struct link_options){ .name = "s",
								    .alternatives = FAMILY_NAMES,
								    .has_no_key_ids = true });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.namesake));
	assert_problems(&c, 1);
	assert_told(
		&c,
		"2 The intermediate \"CN = Issuing\" comes from another \"CN = Example Root\" than "
		"the trusted one: the same name, another key (the trusted one has the key");
	court_release(&c);
	judge(&c, LINKS(&family.server, &family.intermediate, &family.root),
	      LINKS(&family.namesake));
	assert_problems(&c, 1);
	assert_told(&c, "the same name, another key");
	assert_told(&c, ", the server's ");
	court_release(&c);
	judge(&c, LINKS(&server), LINKS(&other)); /* only the signature tells */
	assert_null(tls_chain_root(&c.chain, c.sent));
	assert_problems(&c, 1);
	assert_told(&c, "2 The server's certificate comes from another \"CN = Bare Root\"");
	court_release(&c);
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.reissued));
	assert_problems(&c, 0);
	court_release(&c);
	link_free(&one);
	link_free(&other);
	link_free(&server);
}

static void
tls_chain_judge_missing_intermediate_is_told(void **state)
{
	struct link with_url =
		link_new(&family.intermediate,
			 &(struct link_options){ .name = "d",
						 .alternatives = FAMILY_NAMES,
						 .issuer_url = "http://ca.example/issuing.crt" });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&with_url), LINKS(&family.root));
	assert_problems(&c, 1);
	assert_told(&c,
		    "2 The issuer of the server's certificate, \"CN = Issuing\", is missing: the "
		    "server sends only its own certificate");
	assert_told(&c, "(its place is http://ca.example/issuing.crt; it was not fetched)");
	court_release(&c);
	judge(&c, LINKS(&with_url), LINKS(&family.root, &family.intermediate));
	assert_problems(&c, 0);
	assert_told(&c,
		    "1 The intermediate \"CN = Issuing\" is not sent by the server: it was found");
	assert_int_equal(sk_X509_num(c.chain.certificates), 3);
	court_release(&c);
	judge(&c, LINKS(&with_url), LINKS(&family.intermediate));
	assert_problems(&c, 0);
	assert_told(&c, "0 The trust ends in an intermediate, not in a root");
	court_release(&c);
	link_free(&with_url);
}

static void
tls_chain_judge_disorder_and_surplus_are_warnings(void **state)
{
	struct link second = link_new(&family.intermediate,
				      &(struct link_options){ .name = "Second", .is_ca = true });
	struct link server = link_new(
		&second, &(struct link_options){ .name = "e", .alternatives = FAMILY_NAMES });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&server, &family.intermediate, &second), LINKS(&family.root));
	assert_problems(&c, 0);
	assert_told(&c, "1 The server sends its chain in the wrong order");
	court_release(&c);
	judge(&c,
	      LINKS(&server, &second, &family.intermediate, &family.server, &second, &family.root),
	      LINKS(&family.root));
	assert_problems(&c, 0);
	assert_told(&c, "1 The server sends \"CN = tsb.example.com\" in vain");
	assert_told(&c, "1 The server sends \"CN = Second\" twice");
	assert_told(&c, "0 The server sends the root \"CN = Example Root\" along");
	assert_untold(&c, "wrong order");
	court_release(&c);
	link_free(&second);
	link_free(&server);
}

static void
tls_chain_judge_end_that_is_near_is_told(void **state)
{
	struct link soon = link_new(&family.intermediate,
				    &(struct link_options){ .name = "f",
							    .alternatives = FAMILY_NAMES,
							    .from_s = -300 * 86400L,
							    .until_s = 10 * 86400L + 60 });
	struct link brief = link_new(&family.intermediate,
				     &(struct link_options){ .name = "g",
							     .alternatives = FAMILY_NAMES,
							     .from_s = -86400L,
							     .until_s = 10 * 86400L + 60 });
	struct link old =
		link_new(&family.intermediate, &(struct link_options){ .name = "k",
								       .alternatives = FAMILY_NAMES,
								       .from_s = -3000 * 86400L,
								       .until_s = 31 * 86400L });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&old, &family.intermediate), LINKS(&family.root));
	assert_string_equal(c.told, "");
	court_release(&c);
	link_free(&old);
	judge(&c, LINKS(&soon, &family.intermediate), LINKS(&family.root));
	assert_problems(&c, 0);
	assert_told(&c, "1 The server's certificate ends soon: 20");
	assert_told(&c, ", in 10d. Renew it");
	court_release(&c);
	judge(&c, LINKS(&brief, &family.intermediate), LINKS(&family.root));
	assert_string_equal(c.told, "");
	court_release(&c);
	c.demands.valid_for_ms = 11LL * 86400 * 1000;
	judge(&c, LINKS(&brief, &family.intermediate), LINKS(&family.root));
	assert_int_equal(tls_findings_count(&c.chain.findings, TLS_PROBLEM), 1);
	assert_told(&c, "in 10d; 11d are wanted. Renew it first");
	court_release(&c);
	c.demands.valid_for_ms = 366LL * 86400 * 1000;
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&family.root));
	assert_int_equal(tls_findings_count(&c.chain.findings, TLS_PROBLEM), 3);
	assert_told(&c, "2 The root \"CN = Example Root\" ends 20");
	court_release(&c);
	link_free(&soon);
	link_free(&brief);
}

static void
tls_chain_judge_server_as_authority_is_refused(void **state)
{
	struct link forged =
		link_new(&family.server,
			 &(struct link_options){ .name = "h", .alternatives = FAMILY_NAMES });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&forged, &family.server, &family.intermediate), LINKS(&family.root));
	assert_false(c.chain.is_verified);
	assert_told(&c, "\"CN = tsb.example.com\" has signed another certificate, but is no "
			"certificate authority");
	court_release(&c);
	link_free(&forged);
}

static void
tls_chain_judge_root_of_another_key_identifier_is_told(void **state)
{
	struct link again = link_new(NULL, &(struct link_options){ .name = "Example Root",
								   .is_ca = true,
								   .key_id = "010203",
								   .key = family.root.key });
	struct court c = { .sent = NULL };

	(void)state;
	judge(&c, LINKS(&family.server, &family.intermediate), LINKS(&again));
	assert_problems(&c, 1);
	assert_told(&c,
		    "2 The intermediate \"CN = Issuing\" was signed with the key of the trusted "
		    "\"CN = Example Root\", which does not count as its issuer");
	court_release(&c);
	link_free(&again);
}

static void
tls_root_compare_goes_by_digests(void **state)
{
	struct link renamed =
		link_new(NULL, &(struct link_options){
				       .name = "New Name", .is_ca = true, .key = family.root.key });
	const struct {
		const struct link *reference;
		enum tls_likeness likeness;
		const char *name;
	} cases[] = {
		{ &family.root, TLS_ROOT_SAME, "same" },
		{ &family.reissued, TLS_ROOT_REISSUED, "reissued" },
		{ &renamed, TLS_ROOT_RENAMED, "renamed" },
		{ &family.namesake, TLS_ROOT_SAME_NAME, "same_name" },
		{ &family.server, TLS_ROOT_OTHER, "other" },
	};
	STACK_OF(X509) *all;
	X509 *nearest;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		STACK_OF(X509) *one = links_stack(LINKS(cases[i].reference));

		assert_int_equal(tls_root_compare(family.root.certificate, one, &nearest),
				 cases[i].likeness);
		assert_string_equal(tls_likeness_name(cases[i].likeness), cases[i].name);
		assert_ptr_equal(nearest, cases[i].reference->certificate);
		sk_X509_pop_free(one, X509_free);
	}
	all = links_stack(
		LINKS(&family.namesake, &family.server, &family.reissued, &family.root, &renamed));
	assert_int_equal(tls_root_compare(family.root.certificate, all, &nearest), TLS_ROOT_SAME);
	assert_ptr_equal(nearest, family.root.certificate);
	assert_int_equal(tls_root_compare(family.server.certificate, all, &nearest),
			 TLS_ROOT_OTHER);
	sk_X509_pop_free(all, X509_free);
	link_free(&renamed);
}

/* What the program that everybody has makes of the same chain. */
static bool
is_good_to_openssl(const char *folder, const struct link *server, const struct link *sent,
		   const struct link *root)
{
	char *pems[] = { links_pem(LINKS(server)), links_pem(LINKS(sent)), links_pem(LINKS(root)) },
	     *files[] = { fixture_write(folder, "server.pem", pems[0]),
			  fixture_write(folder, "sent.pem", pems[1]),
			  fixture_write(folder, "root.pem", pems[2]) },
	     *log = xasprintf("%s/log", folder);
	const char *argv[] = { "openssl",	   "verify",	      "-purpose",    "sslserver",
			       "-no-CApath",	   "-no-CAstore",     "-auth_level", "2",
			       "-CAfile",	   files[2],	      "-untrusted",  files[1],
			       "-verify_hostname", "tsb.example.com", files[0],	     NULL };
	bool is_good = fixture_run(argv, log);

	for (int i = 0; i < 3; i++) {
		free(files[i]);
		free(pems[i]);
	}
	free(log);
	return is_good;
}

static void
tls_chain_judge_agrees_with_openssl_verify(void **state)
{
	struct link expired =
		link_new(&family.intermediate, &(struct link_options){ .name = "i",
								       .alternatives = FAMILY_NAMES,
								       .from_s = -90 * 86400L,
								       .until_s = -7200 });
	struct link client =
		link_new(&family.intermediate, &(struct link_options){ .name = "j",
								       .alternatives = FAMILY_NAMES,
								       .usage = "clientAuth" });
	const struct {
		const struct link *server, *sent, *root;
		bool is_good;
	} cases[] = {
		{ &family.server, &family.intermediate, &family.root, true },
		{ &family.server, &family.intermediate, &family.reissued, true },
		{ &family.server, &family.intermediate, &family.namesake, false },
		{ &family.server, &family.server, &family.root, false },
		{ &expired, &family.intermediate, &family.root, false },
		{ &client, &family.intermediate, &family.root, false },
	};
	char *folder = fixture_folder();

	(void)state;
	fixture_give(folder);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct court c = { .sent = NULL };

		judge(&c, LINKS(cases[i].server, cases[i].sent), LINKS(cases[i].root));
		assert_int_equal(c.chain.is_verified, cases[i].is_good);
		assert_int_equal(
			is_good_to_openssl(folder, cases[i].server, cases[i].sent, cases[i].root),
			cases[i].is_good);
		court_release(&c);
	}
	fixture_remove(folder);
	link_free(&expired);
	link_free(&client);
}

static int
make_family(void **state)
{
	(void)state;
	family_init(&family);
	return 0;
}

static int
free_family(void **state)
{
	(void)state;
	family_release(&family);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_chain_judge_right_chain_is_verified_up_to_the_root),
		cmocka_unit_test(tls_chain_judge_expired_certificate_is_named),
		cmocka_unit_test(tls_chain_judge_everything_that_is_wrong_is_told),
		cmocka_unit_test(tls_chain_judge_names_are_matched_by_san_alone),
		cmocka_unit_test(tls_chain_judge_self_signed_and_unknown_roots_are_told_apart),
		cmocka_unit_test(tls_chain_judge_root_of_the_same_name_is_another),
		cmocka_unit_test(tls_chain_judge_missing_intermediate_is_told),
		cmocka_unit_test(tls_chain_judge_disorder_and_surplus_are_warnings),
		cmocka_unit_test(tls_chain_judge_end_that_is_near_is_told),
		cmocka_unit_test(tls_chain_judge_server_as_authority_is_refused),
		cmocka_unit_test(tls_chain_judge_root_of_another_key_identifier_is_told),
		cmocka_unit_test(tls_root_compare_goes_by_digests),
		cmocka_unit_test(tls_chain_judge_agrees_with_openssl_verify),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
