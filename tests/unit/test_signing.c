#include "config.h"

#include "base/signing.h"

#include <openssl/crypto.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"

/* RFC 8032, section 7.1, tests 1 and 3. */
static const unsigned char seed_1[SIGNING_SECRET_BYTES] = {
	0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
	0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
	0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
};
static const unsigned char seed_3[SIGNING_SECRET_BYTES] = {
	0xc5, 0xaa, 0x8d, 0xf4, 0x3f, 0x9f, 0x83, 0x7b, 0xed, 0xb7, 0x44,
	0x2f, 0x31, 0xdc, 0xb7, 0xb1, 0x66, 0xd3, 0x85, 0x35, 0x07, 0x6f,
	0x09, 0x4b, 0x85, 0xce, 0x3a, 0x2e, 0x0b, 0x44, 0x58, 0xf7,
};
static const unsigned char public_1[SIGNING_PUBLIC_BYTES] = {
	0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
	0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
	0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
};
static const unsigned char signature_3[SIGNATURE_BYTES] = {
	0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a,
	0xbe, 0x01, 0xa3, 0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36,
	0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac, 0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2,
	0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59, 0x4a, 0x7c, 0x15, 0xe9,
	0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a,
};

static struct signing_key *
key_of(const unsigned char *seed)
{
	struct signing_key *key = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(signing_key_from_seed(seed, &key, &e), 0);
	return key;
}

static void
signing_key_public_of_a_known_seed_is_the_known_key(void **state)
{
	struct signing_key *key = key_of(seed_1);
	unsigned char public_key[SIGNING_PUBLIC_BYTES];

	(void)state;
	signing_key_public(key, public_key);
	assert_memory_equal(public_key, public_1, sizeof(public_key));
	signing_key_free(key);
}

static void
signing_key_sign_known_message_gives_the_known_signature(void **state)
{
	static const unsigned char message[] = { 0xaf, 0x82 };
	struct signing_key *key = key_of(seed_3);
	unsigned char signature[SIGNATURE_BYTES];
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(signature, 0, sizeof(signature));
		assert_int_equal(signing_key_sign(key, message, 2, signature, &e), 0);
		assert_memory_equal(signature, signature_3, sizeof(signature));
	}
	signing_key_free(key);
}

static void
signing_key_new_makes_another_key_each_time(void **state)
{
	struct signing_key *one = NULL, *two = NULL;
	unsigned char public_one[SIGNING_PUBLIC_BYTES], public_two[SIGNING_PUBLIC_BYTES];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(signing_key_new(&one, &e), 0);
	assert_int_equal(signing_key_new(&two, &e), 0);
	signing_key_public(one, public_one);
	signing_key_public(two, public_two);
	assert_memory_not_equal(public_one, public_two, sizeof(public_one));
	signing_key_free(one);
	signing_key_free(two);
}

static void
signing_key_seed_makes_the_same_key_again(void **state)
{
	struct signing_key *key = NULL, *again;
	unsigned char seed[SIGNING_SECRET_BYTES];
	unsigned char public_one[SIGNING_PUBLIC_BYTES], public_two[SIGNING_PUBLIC_BYTES];
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(signing_key_new(&key, &e), 0);
	assert_int_equal(signing_key_seed(key, seed, &e), 0);
	again = key_of(seed);
	signing_key_public(key, public_one);
	signing_key_public(again, public_two);
	assert_memory_equal(public_one, public_two, sizeof(public_one));
	signing_key_free(key);
	signing_key_free(again);
}

static void
signature_holds_any_bit_changed_is_refused(void **state)
{
	char message[] = "lifeboat-checkpoint/v1\n";
	struct signing_key *key = key_of(seed_1);
	unsigned char signature[SIGNATURE_BYTES], public_key[SIGNING_PUBLIC_BYTES];
	struct err e = ERR_INIT;

	(void)state;
	memcpy(public_key, public_1, sizeof(public_key));
	assert_int_equal(signing_key_sign(key, message, sizeof(message), signature, &e), 0);
	assert_true(signature_holds(public_key, message, sizeof(message), signature));
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(signature_holds(public_key, message, sizeof(message), signature));
		signature[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(message); bit++) {
		message[bit / 8] ^= (char)(1 << bit % 8);
		assert_false(signature_holds(public_key, message, sizeof(message), signature));
		message[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(public_key); bit++) {
		public_key[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_false(signature_holds(public_key, message, sizeof(message), signature));
		public_key[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	signing_key_free(key);
}

/* The private half of a new key stands in OpenSSL's secure heap for exactly as long as the key lives. */
static void
signing_key_new_lives_in_the_secure_heap(void **state)
{
	struct signing_key *one = NULL, *two = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(signing_key_new(&one, &e), 0);
	assert_true(CRYPTO_secure_malloc_initialized());
	signing_key_free(one);
	size_t with_none = CRYPTO_secure_used(); /* the random numbers have a state there */
	assert_int_equal(signing_key_new(&one, &e), 0);
	size_t with_one = CRYPTO_secure_used();
	assert_true(with_one >= with_none + SIGNING_SECRET_BYTES);
	assert_int_equal(signing_key_new(&two, &e), 0);
	assert_true(CRYPTO_secure_used() >= with_one + SIGNING_SECRET_BYTES);
	signing_key_free(two);
	assert_true(CRYPTO_secure_used() == with_one);
	signing_key_free(one);
	assert_true(CRYPTO_secure_used() == with_none);
}

/* RFC 4648, section 10. */
static const struct {
	const char *bytes, *text;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+" },
};

static void
base64_known_pairs_go_both_ways(void **state)
{
	char text[BASE64_MAX(6)];
	unsigned char bytes[6];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t len = strlen(pairs[i].bytes);

		assert_int_equal(base64_encode(pairs[i].bytes, len, text), strlen(pairs[i].text));
		assert_string_equal(text, pairs[i].text);
		assert_int_equal(base64_decode_strict(text, strlen(text), bytes, len), len);
		assert_memory_equal(bytes, pairs[i].bytes, len);
	}
}

static void
base64_decode_strict_any_other_spelling_is_refused(void **state)
{
	static const char *const texts[] = {
		"Zg",	"Zg=",	"Zh==", "Zm9=",	 "Zm9v\n", " Zm9v", "Zg==Zm9v",
		"Z===", "====", "Zm-_", "Zm9vZ", "=Zm9",   "Zm9v=", "Zg=v",
	};
	unsigned char bytes[16];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(
			base64_decode_strict(texts[i], strlen(texts[i]), bytes, sizeof(bytes)), -1);
}

static void
base64_decode_strict_more_than_there_is_room_for_is_refused(void **state)
{
	unsigned char bytes[3] = { 0, 0, 7 };

	(void)state;
	assert_int_equal(base64_decode_strict("Zm9v", 4, bytes, 2), -1);
	assert_int_equal(bytes[2], 7);
	assert_int_equal(base64_decode_strict("Zm9v", 4, bytes, 3), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signing_key_new_lives_in_the_secure_heap),
		cmocka_unit_test(signing_key_public_of_a_known_seed_is_the_known_key),
		cmocka_unit_test(signing_key_sign_known_message_gives_the_known_signature),
		cmocka_unit_test(signing_key_new_makes_another_key_each_time),
		cmocka_unit_test(signing_key_seed_makes_the_same_key_again),
		cmocka_unit_test(signature_holds_any_bit_changed_is_refused),
		cmocka_unit_test(base64_known_pairs_go_both_ways),
		cmocka_unit_test(base64_decode_strict_any_other_spelling_is_refused),
		cmocka_unit_test(base64_decode_strict_more_than_there_is_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
