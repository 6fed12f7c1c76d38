#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "fixture_folder.h"
#include "world/api/authority.h"

enum { DAY_S = 24 * 60 * 60 };

static X509 *
read_pem(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(certificate);
	return certificate;
}

/* What OpenSSL says of a chain against a root: X509_V_OK or an error. */
static int
verdict(const char *chain, const char *root, int purpose)
{
	BIO *bio = BIO_new_mem_buf(chain, -1);
	X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL), *above, *ca = read_pem(root);
	STACK_OF(X509) *others = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();

	while ((above = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
		sk_X509_push(others, above);
	X509_STORE_add_cert(store, ca);
	X509_STORE_CTX_init(ctx, store, leaf, others);
	X509_STORE_CTX_set_purpose(ctx, purpose);
	X509_verify_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_pop_free(others, X509_free);
	X509_free(leaf);
	X509_free(ca);
	BIO_free(bio);
	return error;
}

struct leaf {
	char *certificate, *key;
};

static struct leaf
issue(const struct authority *a, const struct authority_request *request)
{
	struct leaf leaf;
	struct err e = ERR_INIT;

	assert_int_equal(authority_issue(a, request, &leaf.certificate, &leaf.key, &e), 0);
	return leaf;
}

static void
leaf_free(struct leaf *leaf)
{
	free(leaf->certificate);
	free(leaf->key);
}

static const char *const server_names[] = { "tsb.example.com", "127.21.7.20", "::1", NULL };
static const struct authority_request server_request = { .common_name = "tsb.example.com",
							 .names = server_names };

static void
issue_for_a_server_is_trusted_for_its_names_only(void **state)
{
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e);
	struct leaf leaf = issue(root, &server_request);
	X509 *certificate = read_pem(leaf.certificate), *ca = read_pem(authority_pem(root));
	EVP_PKEY *ca_key = X509_get_pubkey(ca);

	(void)state;
	assert_int_equal(X509_verify(certificate, ca_key), 1);
	assert_int_equal(X509_verify(ca, ca_key), 1);
	assert_int_equal(verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_SERVER),
			 X509_V_OK);
	assert_int_not_equal(
		verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_CLIENT), X509_V_OK);
	assert_int_equal(X509_check_host(certificate, "tsb.example.com", 0, 0, NULL), 1);
	assert_int_equal(X509_check_host(certificate, "other.example.com", 0, 0, NULL), 0);
	assert_int_equal(X509_check_ip_asc(certificate, "127.21.7.20", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "127.21.7.21", 0), 0);
	EVP_PKEY_free(ca_key);
	X509_free(certificate);
	X509_free(ca);
	leaf_free(&leaf);
	authority_free(root);
}

static void
issue_gives_the_key_of_the_certificate(void **state)
{
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e);
	struct leaf leaf = issue(root, &server_request);
	X509 *certificate = read_pem(leaf.certificate);
	BIO *bio = BIO_new_mem_buf(leaf.key, -1);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);

	(void)state;
	assert_int_equal(X509_check_private_key(certificate, key), 1);
	assert_int_equal(EVP_PKEY_get_bits(key), 256);
	EVP_PKEY_free(key);
	BIO_free(bio);
	X509_free(certificate);
	leaf_free(&leaf);
	authority_free(root);
}

static void
issue_for_a_client_carries_user_and_groups(void **state)
{
	static const char *const groups[] = { "system:masters", "sre", NULL };
	struct err e = ERR_INIT;
	struct authority *root = authority_new("kubernetes", &e);
	struct leaf leaf =
		issue(root, &(struct authority_request){ .common_name = "ana@example.com",
							 .organisations = groups,
							 .client = 1 });
	X509 *certificate = read_pem(leaf.certificate);
	char *name = X509_NAME_oneline(X509_get_subject_name(certificate), NULL, 0);

	(void)state;
	assert_string_equal(name, "/O=system:masters/O=sre/CN=ana@example.com");
	assert_int_equal(verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_CLIENT),
			 X509_V_OK);
	assert_int_not_equal(
		verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_SERVER), X509_V_OK);
	OPENSSL_free(name);
	X509_free(certificate);
	leaf_free(&leaf);
	authority_free(root);
}

static void
issue_by_another_root_of_the_same_name_is_not_trusted(void **state)
{
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e),
			 *other = authority_new("Drill Root CA", &e);
	struct leaf leaf = issue(other, &server_request);
	X509 *a = read_pem(authority_pem(root)), *b = read_pem(authority_pem(other));

	(void)state;
	assert_int_equal(X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)), 0);
	assert_int_equal(verdict(leaf.certificate, authority_pem(other), X509_PURPOSE_SSL_SERVER),
			 X509_V_OK);
	assert_int_equal(verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_SERVER),
			 X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	X509_free(a);
	X509_free(b);
	leaf_free(&leaf);
	authority_free(root);
	authority_free(other);
}

static void
issue_by_an_intermediate_brings_its_chain(void **state)
{
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e),
			 *middle = authority_intermediate(root, "Drill Issuing CA", &e);
	struct leaf leaf = issue(middle, &server_request);
	size_t begins = 0;

	(void)state;
	for (const char *at = leaf.certificate; (at = strstr(at, "BEGIN CERT")); at++)
		begins++;
	assert_int_equal(begins, 2); /* its own and the intermediate's, not the root's */
	assert_int_equal(verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_SERVER),
			 X509_V_OK);
	assert_true(str_ends_with(authority_pem(middle), authority_pem(root)));
	assert_true(strlen(authority_pem(middle)) > strlen(authority_pem(root)));
	leaf_free(&leaf);
	authority_free(middle);
	authority_free(root);
}

static void
issue_expired_or_not_yet_valid_is_refused_for_that(void **state)
{
	static const struct {
		int64_t from_s, valid_s;
		int verdict;
	} cases[] = {
		{ 0, 0, X509_V_OK },
		{ -60 * DAY_S, 30 * DAY_S, X509_V_ERR_CERT_HAS_EXPIRED },
		{ -400 * DAY_S, 365 * DAY_S, X509_V_ERR_CERT_HAS_EXPIRED },
		{ -DAY_S, DAY_S - 60, X509_V_ERR_CERT_HAS_EXPIRED },
		{ DAY_S, DAY_S, X509_V_ERR_CERT_NOT_YET_VALID },
		{ -60, 3600, X509_V_OK },
	};
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct authority_request request = server_request;

		request.valid_from_s = cases[i].from_s;
		request.valid_s = cases[i].valid_s;
		struct leaf leaf = issue(root, &request);
		assert_int_equal(
			verdict(leaf.certificate, authority_pem(root), X509_PURPOSE_SSL_SERVER),
			cases[i].verdict);
		leaf_free(&leaf);
	}
	authority_free(root);
}

static void
put(const char *folder, const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	free(path);
}

/* The exit code of a program in a folder. */
static int
run(const char *folder, const char *const *argv)
{
	pid_t pid = fork();
	int status = -1;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (chdir(folder) < 0 || !freopen("out", "w", stdout) ||
		    !freopen("err", "w", stderr))
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
issue_is_what_the_openssl_program_verifies(void **state)
{
	static const char *const right[] = {
		"openssl",   "verify",		 "-x509_strict",    "-purpose",
		"sslserver", "-verify_hostname", "tsb.example.com", "-CAfile",
		"root.pem",  "-untrusted",	 "chain.pem",	    "chain.pem",
		NULL
	};
	static const char *const wrong[] = { "openssl",	   "verify",	"-CAfile",   "other.pem",
					     "-untrusted", "chain.pem", "chain.pem", NULL };
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e),
			 *other = authority_new("Drill Root CA", &e),
			 *middle = authority_intermediate(root, "Drill Issuing CA", &e);
	struct leaf leaf = issue(middle, &server_request);
	char folder[] = "/tmp/lifeboat-authority-XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	put(folder, "root.pem", authority_pem(root));
	put(folder, "other.pem", authority_pem(other));
	put(folder, "chain.pem", leaf.certificate);
	assert_int_equal(run(folder, right), 0);
	assert_int_not_equal(run(folder, wrong), 0);
	folder_remove(folder);
	leaf_free(&leaf);
	authority_free(middle);
	authority_free(other);
	authority_free(root);
}

static void
issue_with_a_name_that_cannot_be_says_so(void **state)
{
	struct err e = ERR_INIT;
	struct authority *root = authority_new("Drill Root CA", &e);
	char name[70], *certificate, *key;

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(authority_issue(root, &(struct authority_request){ .common_name = name },
					 &certificate, &key, &e),
			 -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "69"));
	assert_null(authority_new("", &e));
	authority_free(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(issue_for_a_server_is_trusted_for_its_names_only),
		cmocka_unit_test(issue_gives_the_key_of_the_certificate),
		cmocka_unit_test(issue_for_a_client_carries_user_and_groups),
		cmocka_unit_test(issue_by_another_root_of_the_same_name_is_not_trusted),
		cmocka_unit_test(issue_by_an_intermediate_brings_its_chain),
		cmocka_unit_test(issue_expired_or_not_yet_valid_is_refused_for_that),
		cmocka_unit_test(issue_is_what_the_openssl_program_verifies),
		cmocka_unit_test(issue_with_a_name_that_cannot_be_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
