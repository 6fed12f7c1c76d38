#include "config.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/xalloc.h"

#define MARK(name) "‹secret:" name "›"

static void
add(struct secrets *s, const char *name, const char *value)
{
	struct err e = ERR_INIT;

	if (secrets_add(s, name, value, strlen(value), &e) < 0)
		fail_msg("%s", e.message);
}

static void
assert_redacted(struct secrets *s, const char *text, const char *expected)
{
	struct str out = STR_INIT;

	secrets_redact(s, text, strlen(text), &out);
	assert_string_equal(str_cstr(&out), expected);
	str_release(&out);
}

static void
redact_without_secrets_changes_nothing(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	assert_redacted(s, "plain text", "plain text");
	assert_redacted(NULL, "plain text", "plain text");
	assert_redacted(NULL, "", "");
	secrets_free(s);
	secrets_free(NULL);
}

static void
redact_raw_value_is_replaced_everywhere(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pw", "correct-horse");
	assert_redacted(s, "correct-horse", MARK("pw"));
	assert_redacted(s, "a correct-horse b", "a " MARK("pw") " b");
	assert_redacted(s, "correct-horsecorrect-horse", MARK("pw") MARK("pw"));
	assert_redacted(s, "correct-correct-horse", "correct-" MARK("pw"));
	assert_redacted(s, "Correct-horse", "Correct-horse");
	secrets_free(s);
}

static void
add_value_that_cannot_be_hidden_is_refused(void **state)
{
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;
	char *large = xcalloc(100000, 1);

	(void)state;
	assert_int_equal(secrets_add(s, "pw", "abc", 3, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "pw"));
	assert_null(strstr(e.message, "abc"));
	assert_int_equal(secrets_add(s, "pw", "abc\r\n", 5, &e), -1);
	assert_int_equal(secrets_add(s, "pw", "", 0, &e), -1);
	assert_int_equal(secrets_add(s, "pw", "            ", 12, &e), -1);
	memset(large, 'x', 100000);
	assert_int_equal(secrets_add(s, "pw", large, 100000, &e), -1);
	assert_redacted(s, "abc xxxxxxxxxx            ", "abc xxxxxxxxxx            ");
	free(large);
	secrets_free(s);
}

static void
add_short_value_is_found_in_its_raw_form_only(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pin", "k3y!");
	assert_redacted(s,
			"k3y! k3y%21 6b337921 azN5IQ==", MARK("pin") " k3y%21 6b337921 azN5IQ==");
	secrets_free(s);
}

static void
add_twice_keeps_the_first_name(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "one", "correct-horse");
	add(s, "two", "correct-horse");
	assert_redacted(s, "correct-horse", MARK("one"));
	secrets_free(s);
}

static void
redact_trailing_newline_of_the_value_does_not_matter(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pw", "correct-horse\n");
	assert_redacted(s, "correct-horse\nnext", MARK("pw") "\nnext");
	assert_redacted(s, "Y29ycmVjdC1ob3JzZQo=", MARK("pw")); /* with the newline */
	assert_redacted(s, "Y29ycmVjdC1ob3JzZQ==", MARK("pw")); /* without */
	secrets_free(s);
}

static void
redact_disguises_are_replaced(void **state)
{
	static const char value[] = "p\"a\\s<s/w+rd'é\x01";
	static const char *const disguises[] = {
		"p\"a\\s<s/w+rd'é\x01",
		"p\\\"a\\\\s<s/w+rd'é\\u0001",
		"p\\\"a\\\\s\\u003cs/w+rd'é\\u0001",
		"p\\\"a\\\\s<s/w+rd'\\u00e9\\u0001",
		"p%22a%5Cs%3Cs%2Fw%2Brd%27%C3%A9%01",
		"p%22a%5cs%3cs%2fw%2brd%27%c3%a9%01",
		"p\"a\\s<s/w+rd''é\x01",
		"p\"a\\s<s/w+rd'\\''é\x01",
		"7022615c733c732f772b726427c3a901",
		"7022615C733C732F772B726427C3A901",
	};
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pw", value);
	for (size_t i = 0; i < sizeof(disguises) / sizeof(disguises[0]); i++) {
		char *text = xasprintf("<%s>", disguises[i]);

		assert_redacted(s, text, "<" MARK("pw") ">");
		free(text);
	}
	secrets_free(s);
}

/* The base64 of before + value + after; `url` in the alphabet of URLs, without padding. */
static char *
base64_of(const char *before, const char *value, const char *after, bool url)
{
	char *plain = xasprintf("%s%s%s", before, value, after);
	char *text = xcalloc(1, strlen(plain) * 2 + 8);

	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)plain, (int)strlen(plain));
	for (char *at = text; url && *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at == '=' ? '\0' : *at;
	free(plain);
	return text;
}

/* All that may stay of an encoded text are the characters with bits of what is around the value. */
static void
assert_core_hidden(struct secrets *s, const char *text, size_t before, size_t len)
{
	size_t left = (before * 8 + 5) / 6, right = strlen(text) - (before + len) * 8 / 6;
	struct str out = STR_INIT;
	const char *mark;

	secrets_redact(s, text, strlen(text), &out);
	mark = strstr(out.data, MARK("pw"));
	assert_non_null(mark);
	assert_int_equal(mark - out.data, left);
	assert_memory_equal(out.data, text, left);
	assert_in_range(strlen(mark), strlen(MARK("pw")), strlen(MARK("pw")) + right);
	str_release(&out);
}

static void
redact_base64_is_found_at_every_alignment(void **state)
{
	static const char *const values[] = { "correct-horse", "correct-hors",
					      "?>?>~~\x7f\x7f\xff\xfe?>" };
	static const char *const befores[] = { "", "x", "xy", "xyz", "xyzä" };
	static const char *const afters[] = { "", "1", "12", "123" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct secrets *s = secrets_new();

		add(s, "pw", values[i]);
		for (size_t j = 0; j < 5 * 4 * 2; j++) {
			char *text =
				base64_of(befores[j % 5], values[i], afters[j / 5 % 4], j / 20);

			assert_core_hidden(s, text, strlen(befores[j % 5]), strlen(values[i]));
			free(text);
		}
		secrets_free(s);
	}
}

static void
redact_base64_at_its_end_leaves_no_padding(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pw", "correct-horse");
	assert_redacted(s, "Y29ycmVjdC1ob3JzZQ==", MARK("pw"));
	assert_redacted(s, "Y29ycmVjdC1ob3JzZQ", MARK("pw"));
	assert_redacted(s, "data: WTI5eWNtVmpkQzFvYjNKelpRPT0=", "data: " MARK("pw"));
	secrets_free(s);
}

static void
redact_lines_of_a_multi_line_value_are_replaced(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "key",
	    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\r\nshort\n  indented-line\n"
	    "-----END PRIVATE KEY-----\n");
	assert_redacted(s, "> MIIEvQIBADANBg", "> " MARK("key"));
	assert_redacted(s, "indented-line", MARK("key"));
	assert_redacted(s, "short", "short");
	assert_redacted(s, "-----BEGIN PRIVATE KEY-----\nother",
			"-----BEGIN PRIVATE KEY-----\nother");
	assert_redacted(s,
			"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\r\nshort\n  indented-line\n"
			"-----END PRIVATE KEY-----\n.",
			MARK("key") "\n.");
	assert_redacted(s,
			"{\"k\":\"-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\r\\nshort\\n  "
			"indented-line\\n-----END PRIVATE KEY-----\\n\"}",
			"{\"k\":\"" MARK("key") "\\n\"}");
	secrets_free(s);
}

static void
redact_overlapping_secrets_leave_no_part(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "left", "abcdefghij");
	add(s, "right", "ghijklmnop");
	assert_redacted(s, "abcdefghijklmnop.", MARK("left") ".");
	assert_redacted(s, "xghijklmnop.", "x" MARK("right") ".");
	assert_redacted(s, "abcdefghijghijklmnop", MARK("left") MARK("right"));
	secrets_free(s);
}

static void
redact_prefix_of_another_secret_takes_the_longest(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "short", "password");
	add(s, "long", "password-extended");
	add(s, "inner", "extended");
	assert_redacted(s, "password.", MARK("short") ".");
	assert_redacted(s, "password-extended.", MARK("long") ".");
	assert_redacted(s, "password-ext.", MARK("short") "-ext.");
	assert_redacted(s, "an extended password-", "an " MARK("inner") " " MARK("short") "-");
	secrets_free(s);
}

static void
redact_repetitions_that_overlap_themselves_are_one(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "x", "xxxxxxxx");
	assert_redacted(s, "axxxxxxxxxxxxb", "a" MARK("x") "b");
	assert_redacted(s, "axxxxxxxb", "axxxxxxxb");
	secrets_free(s);
}

static void
redact_beginning_at_the_end_of_a_cut_text_is_hidden(void **state)
{
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "token", "eyJhbGciOiJSUzI1NiIs.rest");
	assert_redacted(s, "token=eyJhbGciOiJS", "token=" MARK("token"));
	assert_redacted(s, "token=eyJhbGc", "token=eyJhbGc");
	assert_redacted(s, "eyJhbGciOiJSUzI1NiXX", "eyJhbGciOiJSUzI1NiXX");
	secrets_free(s);
}

static void
push_split_at(struct secrets *s, const char *text, size_t split, struct str *out)
{
	struct redactor *r = redactor_new(s);

	redactor_push(r, text, split, out);
	redactor_push(r, text + split, strlen(text) - split, out);
	redactor_flush(r, out);
	redactor_free(r);
}

static void
push_secret_split_anywhere_is_replaced(void **state)
{
	static const char *const texts[] = {
		"a correct-horse b",
		"correct-horse",
		"data: Y29ycmVjdC1ob3JzZQ==, 636f72726563742d686f727365",
		"correct-correct-horse-battery-staple",
		"abcdefghijklmnop correct-horsecorrect-horse",
	};
	struct secrets *s = secrets_new();

	(void)state;
	add(s, "pw", "correct-horse");
	add(s, "pw2", "horse-battery-staple");
	add(s, "left", "abcdefghij");
	add(s, "right", "ghijklmnop");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str whole = STR_INIT;

		secrets_redact(s, texts[i], strlen(texts[i]), &whole);
		assert_non_null(strstr(whole.data, "‹secret:"));
		for (size_t split = 0; split <= strlen(texts[i]); split++) {
			struct str out = STR_INIT;

			push_split_at(s, texts[i], split, &out);
			assert_string_equal(str_cstr(&out), whole.data);
			str_release(&out);
		}
		str_release(&whole);
	}
	secrets_free(s);
}

static void
push_byte_by_byte_equals_the_whole(void **state)
{
	static const char alphabet[] = "abcd";
	struct secrets *s = secrets_new();
	uint32_t seed = 7;

	(void)state;
	add(s, "1", "abab");
	add(s, "2", "babcab");
	add(s, "3", "ccdd");
	add(s, "4", "ddabc");
	add(s, "5", "abcabcabcd");
	for (int round = 0; round < 3000; round++) {
		struct str text = STR_INIT, whole = STR_INIT, out = STR_INIT;
		struct redactor *r = redactor_new(s);

		for (int i = 0; i < 60; i++) {
			seed = seed * 1103515245 + 12345;
			str_append_char(&text, alphabet[seed >> 16 & 3]);
			redactor_push(r, &text.data[i], 1, &out);
		}
		redactor_flush(r, &out);
		secrets_redact(s, text.data, text.len, &whole);
		assert_string_equal(str_cstr(&out), whole.data);
		for (size_t i = 0; i + 4 <= whole.len; i++)
			assert_int_not_equal(memcmp(whole.data + i, "abab", 4), 0);
		redactor_free(r);
		str_release(&text);
		str_release(&whole);
		str_release(&out);
	}
	secrets_free(s);
}

static void
push_holds_back_only_a_possible_beginning(void **state)
{
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	struct str out = STR_INIT;

	(void)state;
	add(s, "pw", "correct-horse");
	redactor_push(r, "nothing here\n", 13, &out);
	assert_string_equal(out.data, "nothing here\n");
	redactor_push(r, "x corr", 6, &out);
	assert_string_equal(out.data, "nothing here\nx ");
	redactor_push(r, "upt", 3, &out);
	assert_string_equal(out.data, "nothing here\nx corrupt");
	redactor_free(r);
	str_release(&out);
	secrets_free(s);
}

static void
flush_in_a_pause_hides_the_rest_of_the_secret(void **state)
{
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	struct str out = STR_INIT;

	(void)state;
	add(s, "pw", "correct-horse");
	redactor_push(r, "a corr", 6, &out);
	redactor_flush(r, &out);
	assert_string_equal(out.data, "a corr");
	redactor_push(r, "ect-horse b", 11, &out);
	assert_string_equal(out.data, "a corr" MARK("pw") " b");
	redactor_free(r);
	str_release(&out);
	secrets_free(s);
}

static void
push_value_registered_meanwhile_is_replaced(void **state)
{
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	struct str out = STR_INIT;

	(void)state;
	redactor_push(r, "before ", 7, &out);
	add(s, "one", "correct-horse");
	redactor_push(r, "a correct-", 10, &out);
	add(s, "two", "correct-house");
	redactor_push(r, "house and correct-horse.", 24, &out);
	assert_string_equal(out.data, "before a " MARK("two") " and " MARK("one") ".");
	redactor_free(r);
	str_release(&out);
	secrets_free(s);
}

static void
redact_json_strings_are_replaced_and_names_are_not(void **state)
{
	static const char text[] = "{\"correct-horse\":[\"x correct-horse\",1,null,{\"a\":\"\"}]}";
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;
	cJSON *value = json_parse(text, strlen(text), &e);
	char *printed;

	(void)state;
	add(s, "pw", "correct-horse");
	cJSON_AddItemToObject(value, "ref", cJSON_CreateStringReference("correct-horse"));
	secrets_redact_json(s, value);
	printed = json_print(value);
	assert_string_equal(printed,
			    "{\"correct-horse\":[\"x " MARK("pw") "\",1,null,{\"a\":\"\"}],"
								  "\"ref\":\"" MARK("pw") "\"}");
	free(printed);
	cJSON_Delete(value);
	secrets_free(s);
}

static void
redact_err_keeps_kind_and_bounds(void **state)
{
	struct secrets *s = secrets_new();
	struct err e = ERR_INIT;

	(void)state;
	add(s, "a-name-longer-than-the-value", "k3y!");
	err_set(&e, ERR_DENIED, "refused k3y!");
	secrets_redact_err(s, &e);
	assert_string_equal(e.message, "refused " MARK("a-name-longer-than-the-value"));
	assert_int_equal(e.kind, ERR_DENIED);
	for (size_t i = 0; i < ERR_MESSAGE_MAX - 4; i += 4)
		memcpy(e.message + i, "k3y!", 5);
	secrets_redact_err(s, &e);
	assert_null(strstr(e.message, "k3y!"));
	assert_true(str_ends_with(e.message, "..."));
	secrets_free(s);
}

enum { THREADS = 3, ROUNDS = 60 };

static void *
add_and_redact(void *data)
{
	struct secrets *s = data;
	struct redactor *r = redactor_new(s);
	struct str out = STR_INIT;

	for (int i = 0; i < ROUNDS; i++) {
		char value[32], name[32];
		struct err e;

		snprintf(value, sizeof(value), "value-%d-of-many", i);
		snprintf(name, sizeof(name), "n%d", i);
		secrets_add(s, name, value, strlen(value), &e);
		str_clear(&out);
		redactor_push(r, value, strlen(value), &out);
		redactor_push(r, ".", 1, &out);
		if (strstr(out.data, "value-"))
			return "shown";
	}
	str_release(&out);
	redactor_free(r);
	return NULL;
}

static void
secrets_used_by_many_threads_hide_what_each_added(void **state)
{
	struct secrets *s = secrets_new();
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_and_redact, s), 0);
	for (int i = 0; i < THREADS; i++) {
		void *problem;

		pthread_join(threads[i], &problem);
		assert_null(problem);
	}
	secrets_free(s);
}

/* What a search for one value at a time finds: the reference for texts of two letters. */
static bool
is_covered(const char *const *values, size_t count, const char *text, size_t at)
{
	for (size_t v = 0; v < count; v++) {
		size_t len = strlen(values[v]);

		for (size_t start = at + 1 < len ? 0 : at + 1 - len; start <= at; start++)
			if (strncmp(text + start, values[v], len) == 0)
				return true;
	}
	return false;
}

/* Beginnings without an end, in any number and overlapping, must not hide a value behind them. */
/* What a redactor says it misses, secrets_redact() leaves alone. */
static bool
assert_misses_rightly(struct secrets *s, struct redactor *r, const char *text)
{
	bool misses = redactor_misses(r, text, strlen(text));
	struct str out = STR_INIT;

	secrets_redact(s, text, strlen(text), &out);
	if (misses)
		assert_string_equal(out.data, text);
	str_release(&out);
	return misses;
}

static void
redact_texts_of_few_letters_equals_a_plain_search(void **state)
{
	static const char *const values[] = { "abba", "aabab", "babbaab", "bbbbbab" };
	struct secrets *s = secrets_new();
	struct redactor *r = redactor_new(s);
	unsigned seed = 42;
	int missed = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		add(s, "x", values[i]);
	for (int round = 0; round < 20000; round++) {
		char text[40] = "";
		struct str out = STR_INIT, plain = STR_INIT;

		for (size_t i = 0; i < sizeof(text) - 1; i++) {
			seed = seed * 1103515245 + 12345;
			text[i] = seed >> 16 & 15 ? (seed >> 20 & 1 ? 'a' : 'b') : ' ';
		}
		redactor_text(r, text, strlen(text), &out);
		missed += assert_misses_rightly(s, r, text);
		for (size_t i = 0; text[i]; i++)
			if (!is_covered(values, 4, text, i))
				str_append_char(&plain, text[i]);
		for (char *mark; (mark = strstr(out.data, MARK("x")));)
			memmove(mark, mark + strlen(MARK("x")),
				strlen(mark + strlen(MARK("x"))) + 1);
		assert_string_equal(out.data, str_cstr(&plain));
		str_release(&out);
		str_release(&plain);
	}
	assert_in_range(missed, 100, 19900);
	redactor_free(r);
	secrets_free(s);
}

static void
redact_large_text_finds_secrets_across_slices(void **state)
{
	struct secrets *s = secrets_new();
	struct str text = STR_INIT, out = STR_INIT;
	size_t found = 0;

	(void)state;
	add(s, "pw", "correct-horse");
	for (int i = 0; i < 50000; i++)
		str_append(&text, "a line with correct-horse in it\n");
	secrets_redact(s, text.data, text.len, &out);
	for (size_t at = 0; at + strlen(MARK("pw")) <= out.len; at++)
		found += memcmp(out.data + at, MARK("pw"), strlen(MARK("pw"))) == 0;
	assert_int_equal(found, 50000);
	assert_null(strstr(out.data, "horse"));
	str_release(&text);
	str_release(&out);
	secrets_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(redact_without_secrets_changes_nothing),
		cmocka_unit_test(redact_raw_value_is_replaced_everywhere),
		cmocka_unit_test(add_value_that_cannot_be_hidden_is_refused),
		cmocka_unit_test(add_short_value_is_found_in_its_raw_form_only),
		cmocka_unit_test(add_twice_keeps_the_first_name),
		cmocka_unit_test(redact_trailing_newline_of_the_value_does_not_matter),
		cmocka_unit_test(redact_disguises_are_replaced),
		cmocka_unit_test(redact_base64_is_found_at_every_alignment),
		cmocka_unit_test(redact_base64_at_its_end_leaves_no_padding),
		cmocka_unit_test(redact_lines_of_a_multi_line_value_are_replaced),
		cmocka_unit_test(redact_overlapping_secrets_leave_no_part),
		cmocka_unit_test(redact_prefix_of_another_secret_takes_the_longest),
		cmocka_unit_test(redact_repetitions_that_overlap_themselves_are_one),
		cmocka_unit_test(redact_beginning_at_the_end_of_a_cut_text_is_hidden),
		cmocka_unit_test(push_secret_split_anywhere_is_replaced),
		cmocka_unit_test(push_byte_by_byte_equals_the_whole),
		cmocka_unit_test(push_holds_back_only_a_possible_beginning),
		cmocka_unit_test(flush_in_a_pause_hides_the_rest_of_the_secret),
		cmocka_unit_test(push_value_registered_meanwhile_is_replaced),
		cmocka_unit_test(redact_json_strings_are_replaced_and_names_are_not),
		cmocka_unit_test(redact_err_keeps_kind_and_bounds),
		cmocka_unit_test(secrets_used_by_many_threads_hide_what_each_added),
		cmocka_unit_test(redact_texts_of_few_letters_equals_a_plain_search),
		cmocka_unit_test(redact_large_text_finds_secrets_across_slices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
