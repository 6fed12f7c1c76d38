#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static cJSON *
parse(const char *text)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse(text, strlen(text), &e);

	if (!value)
		fail_msg("%s", e.message);
	return value;
}

static void
parse_one_text_is_accepted(void **state)
{
	static const char *const texts[] = { "1", " {\"a\":[1,2]} \n\t", "\"x\"", "null" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cJSON_Delete(parse(texts[i]));
}

static void
parse_anything_else_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{ "", "not valid JSON at byte 0 of 0" },
		{ "{} {}", "not valid JSON at byte 3 of 5" },
		{ "[1,]", "not valid JSON at byte 3 of 4" },
		{ "{\"a\" 1}", "not valid JSON at byte 5 of 7" },
		{ "nul", "not valid JSON at byte 0 of 3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err e = ERR_INIT;

		assert_null(json_parse(cases[i].text, strlen(cases[i].text), &e));
		assert_int_equal(e.kind, ERR_SPEC);
		assert_string_equal(e.message, cases[i].message);
	}
}

static void
parse_stops_at_the_length(void **state)
{
	struct err e = ERR_INIT;
	cJSON *value = json_parse("12345", 2, &e);

	(void)state;
	assert_int_equal(json_int(value, "", 0), 12);
	cJSON_Delete(value);
}

static void
parse_deep_nesting_is_refused(void **state)
{
	struct str text = STR_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		str_append_char(&text, '[');
	assert_null(json_parse(text.data, text.len, &e));
	str_release(&text);
}

static void
assert_ascii(const char *string, const char *expected)
{
	struct str out = STR_INIT;
	cJSON *value = cJSON_CreateString(string);

	json_print_ascii(value, &out);
	assert_string_equal(out.data, expected);
	cJSON_Delete(value);
	str_release(&out);
}

static void
print_ascii_escapes_all_else(void **state)
{
	(void)state;
	assert_ascii("plain", "\"plain\"");
	assert_ascii("a\"\\\n\x01", "\"a\\\"\\\\\\n\\u0001\"");
	assert_ascii("é…", "\"\\u00e9\\u2026\"");
	assert_ascii("\U0001f600", "\"\\ud83d\\ude00\"");
	assert_ascii("\x7f", "\"\\u007f\"");
	assert_ascii("\xff-\xc3", "\"\\ufffd-\\ufffd\"");
	assert_ascii("\xe0\x80\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* an overlong NUL */
	assert_ascii("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""); /* half of a surrogate pair */
	assert_ascii("\xf4\x90\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void
print_ascii_keeps_the_order_of_members(void **state)
{
	struct str out = STR_INIT;
	cJSON *value = parse("{\"z\":1,\"a\":[true,null,{}]}");

	(void)state;
	json_print_ascii(value, &out);
	assert_string_equal(out.data, "{\"z\":1,\"a\":[true,null,{}]}");
	cJSON_Delete(value);
	str_release(&out);
}

static void
print_pretty_indents_by_two(void **state)
{
	cJSON *value = parse("{\"a\":{\"b\":\"x\\ty\"},\"c\":[]}");
	char *text = json_print_pretty(value);

	(void)state;
	assert_string_equal(text, "{\n  \"a\": {\n    \"b\": \"x\\ty\"\n  },\n  \"c\": []\n}");
	free(text);
	cJSON_Delete(value);
}

static void
at_follows_a_path(void **state)
{
	cJSON *value = parse("{\"a\":{\"b\":[10,{\"c\":\"x\"}]},\"A\":1}");

	(void)state;
	assert_string_equal(json_string(value, "a/b/1/c", "none"), "x");
	assert_int_equal(json_int(value, "a/b/0", -1), 10);
	assert_int_equal(json_int(value, "A", -1), 1);
	assert_ptr_equal(json_at(value, ""), value);
	assert_null(json_at(value, "a/b/2"));
	assert_null(json_at(value, "a/b/x"));
	assert_null(json_at(value, "a/b/0x"));
	assert_null(json_at(value, "a/b/99999999999999999999"));
	assert_null(json_at(value, "a/b/0/c"));
	assert_null(json_at(value, "B/c"));
	assert_null(json_at(NULL, "a"));
	cJSON_Delete(value);
}

static void
getters_of_the_wrong_type_return_the_other_value(void **state)
{
	cJSON *value =
		parse("{\"s\":\"x\",\"n\":5,\"b\":true,\"big\":1e300,\"f\":-2.9,\"null\":null}");

	(void)state;
	assert_string_equal(json_string(value, "n", "other"), "other");
	assert_null(json_string(value, "none", NULL));
	assert_int_equal(json_int(value, "s", -7), -7);
	assert_int_equal(json_int(value, "big", -7), -7);
	assert_int_equal(json_int(value, "f", 0), -2);
	assert_true(json_bool(value, "b", false));
	assert_true(json_bool(value, "n", true));
	assert_false(json_bool(value, "none", false));
	cJSON_Delete(value);
}

static void
adders_make_an_object(void **state)
{
	cJSON *object = cJSON_CreateObject();
	char *text;

	(void)state;
	json_add_string(object, "s", "x");
	json_add_string(object, "null", NULL);
	json_add_int(object, "i", INT64_C(9007199254740991));
	json_add_bool(object, "b", true);
	json_add(object, "o", cJSON_CreateArray());
	json_add_int(object, "least", INT64_MIN);
	assert_int_equal(json_int(object, "i", 0), INT64_C(9007199254740991));
	assert_int_equal(json_int(object, "least", 0), INT64_MIN);
	text = json_print(object);
	assert_string_equal(text,
			    "{\"s\":\"x\",\"null\":null,\"i\":9007199254740991,\"b\":true,\"o\":[],"
			    "\"least\":-9223372036854775808}");
	free(text);
	cJSON_Delete(object);
}

static void
replace_keeps_the_place_of_a_member(void **state)
{
	cJSON *object = cJSON_Parse("{\"a\":1,\"A\":2,\"b\":3}");

	(void)state;
	json_replace(object, "a", cJSON_CreateString("x"));
	json_replace(object, "c", cJSON_CreateNull());
	char *text = json_print(object);
	assert_string_equal(text, "{\"a\":\"x\",\"A\":2,\"b\":3,\"c\":null}");
	free(text);
	cJSON_Delete(object);
}

static void
truthy_is_all_but_null_and_false(void **state)
{
	static const struct {
		const char *text;
		bool truthy;
		const char *as_text;
	} cases[] = {
		{ "null", false, "null" },
		{ "false", false, "false" },
		{ "true", true, "true" },
		{ "0", true, "0" },
		{ "80", true, "80" },
		{ "\"\"", true, "" },
		{ "\"a b\"", true, "a b" },
		{ "[]", true, "[]" },
		{ "{\"a\":1}", true, "{\"a\":1}" },
	};

	(void)state;
	assert_false(json_truthy(NULL));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cJSON *value = parse(cases[i].text);
		char *text = json_text(value);

		assert_int_equal(json_truthy(value), cases[i].truthy);
		assert_string_equal(text, cases[i].as_text);
		free(text);
		cJSON_Delete(value);
	}
}

static void
text_of_nothing_is_empty(void **state)
{
	char *text = json_text(NULL);

	(void)state;
	assert_string_equal(text, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_one_text_is_accepted),
		cmocka_unit_test(parse_anything_else_is_refused_with_its_place),
		cmocka_unit_test(parse_stops_at_the_length),
		cmocka_unit_test(parse_deep_nesting_is_refused),
		cmocka_unit_test(print_ascii_escapes_all_else),
		cmocka_unit_test(print_ascii_keeps_the_order_of_members),
		cmocka_unit_test(print_pretty_indents_by_two),
		cmocka_unit_test(at_follows_a_path),
		cmocka_unit_test(getters_of_the_wrong_type_return_the_other_value),
		cmocka_unit_test(adders_make_an_object),
		cmocka_unit_test(replace_keeps_the_place_of_a_member),
		cmocka_unit_test(truthy_is_all_but_null_and_false),
		cmocka_unit_test(text_of_nothing_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
