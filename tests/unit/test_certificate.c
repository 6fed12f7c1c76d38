#include "config.h"

#include "net/tls/certificate.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/json.h"
#include "fixture_chain.h"
#include "fixture_server.h"

static struct family family;

static char *
openssl_says(const char *folder, const char *const *argv)
{
	char *log = xasprintf("%s/log", folder);
	struct str out = STR_INIT;
	FILE *file;
	char text[4096];

	unlink(log);
	bool good = fixture_run(argv, log);
	file = fopen(log, "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	if (file)
		fclose(file);
	str_printf(&out, "%s %.*s", good ? "good" : "bad", (int)len, text);
	free(log);
	return str_take(&out);
}

/* "AA:BB…" without its colons and in lower case, behind the first '='. */
static void
assert_digest(const char *says, const char *digest)
{
	const char *at = strchr(says, '=');

	assert_non_null(at);
	for (at++; *digest; at++)
		if (*at != ':')
			assert_int_equal(tolower((unsigned char)*at), *digest++);
}

static void
certificate_digests_are_those_of_openssl_x509(void **state)
{
	char *folder = fixture_folder(), *pem = links_pem(LINKS(&family.server)), *says,
	     digest[DIGEST_HEX_MAX];

	(void)state;
	fixture_give(folder);
	char *file = fixture_write(folder, "server.pem", pem);
	char *script =
		xasprintf("openssl x509 -in %s -noout -pubkey | openssl pkey -pubin -outform "
			  "DER | openssl dgst -sha256",
			  file);
	const char *fingerprint[] = { "openssl", "x509",	 "-in",	    file,
				      "-noout",	 "-fingerprint", "-sha256", NULL };
	const char *key[] = { "sh", "-c", script, NULL };
	says = openssl_says(folder, fingerprint);
	assert_digest(says, certificate_sha256(family.server.certificate, digest));
	free(says);
	says = openssl_says(folder, key);
	char *equals = strstr(says, "= ");
	assert_non_null(equals);
	assert_memory_equal(equals + 2, certificate_key_sha256(family.server.certificate, digest),
			    64);
	free(says);
	free(script);
	free(file);
	free(pem);
	fixture_remove(folder);
}

static void
certificate_json_holds_all_of_it(void **state)
{
	cJSON *json = certificate_json(family.server.certificate, clock_wall_ms()), *names;

	(void)state;
	assert_string_equal(json_string(json, "subject", ""), "CN = tsb.example.com");
	assert_string_equal(json_string(json, "issuer", ""), "CN = Issuing");
	assert_string_equal(json_string(json, "names/4", ""), "::1");
	assert_int_equal(json_int(json, "days_left", 0), 364);
	assert_string_equal(json_string(json, "key/kind", ""), "EC");
	assert_int_equal(json_int(json, "key/bits", 0), 256);
	assert_string_equal(json_string(json, "signature", ""), "ecdsa-with-SHA256");
	assert_false(json_bool(json, "is_ca", true));
	assert_false(json_bool(json, "self_signed", true));
	cJSON_Delete(json);
	json = certificate_json(family.root.certificate, clock_wall_ms() + 366LL * 86400 * 1000);
	assert_true(json_bool(json, "is_ca", false));
	assert_true(json_bool(json, "self_signed", false));
	assert_int_equal(json_int(json, "days_left", 0), -2);
	cJSON_Delete(json);
	names = certificate_names(family.root.certificate);
	assert_int_equal(cJSON_GetArraySize(names), 0);
	cJSON_Delete(names);
}

static void
certificate_names_hide_nothing(void **state)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509 *forged = X509_dup(family.root.certificate);
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();
	cJSON *array;

	(void)state;
	ASN1_STRING_set(text, "a.org\0.b.org\nc\xff", 15);
	GENERAL_NAME_set0_value(name, GEN_DNS, text);
	sk_GENERAL_NAME_push(names, name);
	X509_add1_ext_i2d(forged, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND);
	array = certificate_names(forged);
	assert_string_equal(array->child->valuestring, "a.org\\x00.b.org\\x0ac\\xff");
	cJSON_Delete(array);
	GENERAL_NAMES_free(names);
	X509_free(forged);
}

static void
certificates_read_takes_what_is_good_and_says_what_is_not(void **state)
{
	char *pem = links_pem(LINKS(&family.root, &family.server)),
	     *key = link_key_pem(&family.root);
	char *mixed = xasprintf("a comment\n%s%s", key, pem), *broken = xstrdup(pem);
	STACK_OF(X509) *found = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(certificates_read(mixed, &found, &e), 0);
	assert_int_equal(sk_X509_num(found), 2);
	sk_X509_pop_free(found, X509_free);
	memset(strstr(broken + 100, "BEGIN") + 40, '*', 8);
	assert_int_equal(certificates_read(broken, &found, &e), -1);
	assert_non_null(strstr(e.message, "its certificate 2 is broken"));
	broken[strlen(pem) / 2 - 20] = '\0';
	assert_int_equal(certificates_read(broken, &found, &e), -1);
	assert_int_equal(certificates_read(key, &found, &e), -1);
	assert_non_null(strstr(e.message, "it holds no certificate: PEM is wanted"));
	assert_int_equal(e.kind, ERR_SPEC);
	assert_int_equal(certificates_read("", &found, &e), -1);
	free(pem);
	free(key);
	free(mixed);
	free(broken);
}

static void
certificates_alone_are_public_and_nothing_beside_them(void **state)
{
	char *pem = links_pem(LINKS(&family.server, &family.root)),
	     *key = link_key_pem(&family.server);
	char *spaced = xasprintf("\n %s \r\n\t", pem), *mixed = xasprintf("%s%s", pem, key);
	char *inside = xasprintf("-----BEGIN CERTIFICATE-----\n%s-----END CERTIFICATE-----\n", key);
	char *behind = xasprintf("%shunter2", pem);

	(void)state;
	assert_true(certificates_alone(pem, strlen(pem)));
	assert_true(certificates_alone(spaced, strlen(spaced)));
	assert_false(certificates_alone(key, strlen(key)));
	assert_false(certificates_alone(mixed, strlen(mixed)));
	assert_false(certificates_alone(inside, strlen(inside)));
	assert_false(certificates_alone(behind, strlen(behind)));
	assert_false(certificates_alone(pem, strlen(pem) - 10));
	assert_false(certificates_alone("", 0));
	assert_false(certificates_alone(" \n", 2));
	free(pem);
	free(key);
	free(spaced);
	free(mixed);
	free(inside);
	free(behind);
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
		cmocka_unit_test(certificate_digests_are_those_of_openssl_x509),
		cmocka_unit_test(certificate_json_holds_all_of_it),
		cmocka_unit_test(certificate_names_hide_nothing),
		cmocka_unit_test(certificates_read_takes_what_is_good_and_says_what_is_not),
		cmocka_unit_test(certificates_alone_are_public_and_nothing_beside_them),
	};

	return cmocka_run_group_tests(tests, make_family, free_family);
}
