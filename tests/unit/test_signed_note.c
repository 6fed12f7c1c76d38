#include "config.h"

#include "run/journal/signed_note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/xalloc.h"

/* Made by the openssl program and hashlib of Python, from the seed of RFC 8032, section 7.1, test 1. */
static const char text[] = "lifeboat-test/v1\nsecond line\n";
static const char verifier[] = "ana@db1+aeb3aa30+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";
static const char signed_text[] =
	"lifeboat-test/v1\nsecond line\n\n\xe2\x80\x94 ana@db1 "
	"rrOqMCmen12o79e/"
	"6gL+CGzDiy2u5F0G24plkXvemc9e8Kc5VvB5RNgGk+uPZpIJY7PLUVco0JQhSiHhJSL3jZ9fhAM=\n";
static const unsigned char seed[SIGNING_SECRET_BYTES] = {
	0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
	0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
	0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
};

/* The example of Go's golang.org/x/mod/sumdb/note, which wrote the form down first. */
static const char peter_seed[] = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
static const char peter_verifier[] =
	"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char peter_text[] = "If you think cryptography is the answer to your problem,\n"
				 "then you don't know what your problem is.\n";
static const char peter_line[] =
	"\n\xe2\x80\x94 PeterNeumann "
	"x08go/ZJkuBS9UG/"
	"SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

static struct signing_key *
secret_of(const unsigned char *bytes)
{
	struct signing_key *secret = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(signing_key_from_seed(bytes, &secret, &e), 0);
	return secret;
}

static struct note_key
key_of(const char *words)
{
	struct note_key key;
	struct err e = ERR_INIT;

	assert_int_equal(note_key_parse(words, &key, &e), 0);
	return key;
}

static void
note_key_init_gives_the_id_that_others_compute(void **state)
{
	struct signing_key *secret = secret_of(seed);
	unsigned char public_key[SIGNING_PUBLIC_BYTES];
	struct note_key key;
	struct str out = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	signing_key_public(secret, public_key);
	assert_int_equal(note_key_init(&key, "ana@db1", public_key, &e), 0);
	note_key_format(&key, &out);
	assert_string_equal(str_cstr(&out), verifier);
	str_release(&out);
	signing_key_free(secret);
}

static void
note_key_init_name_that_cannot_be_one_is_refused(void **state)
{
	char *long_name = xcalloc(1, NOTE_NAME_MAX + 1);
	const char *const names[] = {
		"",
		"a b",
		"a+b",
		"a\tb",
		"a\nb",
		"a\xc2\xa0"
		"b",
		"\xe3\x80\x80",
		"a\xe2\x80\x83",
		"\xff",
		"a\x7f"
		"b",
		long_name,
	};
	unsigned char public_key[SIGNING_PUBLIC_BYTES] = { 1 };
	struct note_key key;

	(void)state;
	memset(long_name, 'n', NOTE_NAME_MAX);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(note_key_init(&key, names[i], public_key, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
	}
	long_name[NOTE_NAME_MAX - 1] = '\0';
	struct err none = ERR_INIT;
	assert_int_equal(note_key_init(&key, long_name, public_key, &none), 0);
	assert_int_equal(note_key_init(&key, "zo\xc3\xab@db1", public_key, &none), 0);
	free(long_name);
}

static void
note_key_parse_reads_what_format_wrote(void **state)
{
	const char *const keys[] = { verifier, peter_verifier };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct note_key key = key_of(keys[i]);
		struct str out = STR_INIT;

		note_key_format(&key, &out);
		assert_string_equal(str_cstr(&out), keys[i]);
		str_release(&out);
	}
}

static void
note_key_fingerprint_is_what_sha256sum_says(void **state)
{
	struct note_key key = key_of(verifier);
	struct str out = STR_INIT;

	(void)state;
	note_key_fingerprint(&key, &out);
	assert_string_equal(str_cstr(&out), "f526 9900 e7b0 1886 b9b9 a84d 48d8 5790");
	str_release(&out);
}

static void
note_key_equal_needs_name_and_key(void **state)
{
	struct note_key one = key_of(verifier), two = one, renamed;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(note_key_equal(&one, &two));
	two.public_key[31] ^= 1;
	assert_false(note_key_equal(&one, &two));
	assert_int_equal(note_key_init(&renamed, "eve@db1", one.public_key, &e), 0);
	assert_false(note_key_equal(&one, &renamed));
}

static void
note_key_parse_any_bit_changed_is_refused(void **state)
{
	char *copy = xstrdup(verifier);

	(void)state;
	for (size_t bit = 0; bit < 8 * strlen(verifier); bit++) {
		struct note_key key;
		struct err e = ERR_INIT;

		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		assert_int_equal(note_key_parse(copy, &key, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	free(copy);
}

static void
note_key_parse_garbage_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"+",
		"++",
		"ana@db1",
		"ana@db1+aeb3aa30",
		"ana@db1+aeb3aa30+",
		"ana@db1+AEB3AA30+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
		"ana@db1+aeb3aa30+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\n",
		"ana@db1+aeb3aa30+AtdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea",
		"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct note_key key;
		struct err e = ERR_INIT;

		assert_int_equal(note_key_parse(texts[i], &key, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
	}
}

static void
note_sign_gives_the_note_that_others_compute(void **state)
{
	unsigned char peter[1 + SIGNING_SECRET_BYTES];
	struct note_key ana_key = key_of(verifier), peter_key = key_of(peter_verifier);
	struct signing_key *ana = secret_of(seed), *neumann;
	struct str out = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(note_sign(ana, &ana_key, text, strlen(text), &out, &e), 0);
	assert_string_equal(str_cstr(&out), signed_text);
	str_clear(&out);
	assert_int_equal(base64_decode_strict(peter_seed, strlen(peter_seed), peter, sizeof(peter)),
			 sizeof(peter));
	neumann = secret_of(peter + 1);
	assert_int_equal(note_sign(neumann, &peter_key, peter_text, strlen(peter_text), &out, &e),
			 0);
	assert_memory_equal(out.data, peter_text, strlen(peter_text));
	assert_string_equal(out.data + strlen(peter_text), peter_line);
	str_release(&out);
	signing_key_free(ana);
	signing_key_free(neumann);
}

static void
note_sign_what_is_not_lines_of_text_is_refused(void **state)
{
	static const char *const texts[] = { "", "\n", "no end", "a\n\nb\n", "\na\n", "a\n\n" };
	struct note_key key = key_of(verifier);
	struct signing_key *secret = secret_of(seed);
	struct str out = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;

		assert_int_equal(note_sign(secret, &key, texts[i], strlen(texts[i]), &out, &e), -1);
		assert_int_equal(out.len, 0);
	}
	signing_key_free(secret);
}

static void
note_parse_reads_what_sign_wrote(void **state)
{
	struct note_key key = key_of(verifier), other = key_of(peter_verifier);
	struct str two = STR_INIT;
	struct note note;
	struct err e = ERR_INIT;

	(void)state;
	str_append(&two, signed_text);
	str_append(&two, "\nanother\n\n");
	assert_int_equal(note_parse(two.data, two.len, &note, &e), 0);
	assert_int_equal(note.len, strlen(signed_text));
	assert_int_equal(note.text_len, strlen(text));
	assert_memory_equal(note.text, text, strlen(text));
	assert_string_equal(note.name, "ana@db1");
	assert_true(note_holds(&note, &key));
	assert_false(note_holds(&note, &other));
	str_release(&two);
}

static void
note_holds_another_name_for_the_same_key_is_refused(void **state)
{
	struct note_key key = key_of(verifier), renamed;
	struct note note;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(note_parse(signed_text, strlen(signed_text), &note, &e), 0);
	assert_int_equal(note_key_init(&renamed, "eve@db1", key.public_key, &e), 0);
	assert_false(note_holds(&note, &renamed));
}

static void
note_parse_any_bit_changed_is_refused_or_does_not_hold(void **state)
{
	struct note_key key = key_of(verifier);
	char *copy = xstrdup(signed_text);
	size_t len = strlen(signed_text);

	(void)state;
	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct note note;
		struct err e = ERR_INIT;

		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
		if (note_parse(copy, len, &note, &e) == 0)
			assert_false(note_holds(&note, &key));
		copy[bit / 8] = (char)(copy[bit / 8] ^ 1 << bit % 8);
	}
	free(copy);
}

static void
note_parse_cut_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t len = 0; len < strlen(signed_text); len++) {
		struct note note;
		struct err e = ERR_INIT;
		char *copy = xstrndup(signed_text, len);

		assert_int_equal(note_parse(copy, len, &note, &e), -1);
		assert_int_equal(e.kind, ERR_SPEC);
		free(copy);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(note_key_init_gives_the_id_that_others_compute),
		cmocka_unit_test(note_key_init_name_that_cannot_be_one_is_refused),
		cmocka_unit_test(note_key_parse_reads_what_format_wrote),
		cmocka_unit_test(note_key_fingerprint_is_what_sha256sum_says),
		cmocka_unit_test(note_key_equal_needs_name_and_key),
		cmocka_unit_test(note_key_parse_any_bit_changed_is_refused),
		cmocka_unit_test(note_key_parse_garbage_is_refused),
		cmocka_unit_test(note_sign_gives_the_note_that_others_compute),
		cmocka_unit_test(note_sign_what_is_not_lines_of_text_is_refused),
		cmocka_unit_test(note_parse_reads_what_sign_wrote),
		cmocka_unit_test(note_holds_another_name_for_the_same_key_is_refused),
		cmocka_unit_test(note_parse_any_bit_changed_is_refused_or_does_not_hold),
		cmocka_unit_test(note_parse_cut_anywhere_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
