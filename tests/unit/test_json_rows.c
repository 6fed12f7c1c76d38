#include "config.h"

#include "kube/json_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

static int
setup(void **state)
{
	*state = json_rows_new();
	return 0;
}

static int
teardown(void **state)
{
	json_rows_free(*state);
	return 0;
}

static const cJSON *
parse(struct json_rows *rows, const char *text, const char *omit)
{
	struct err e = ERR_INIT;
	char *copy = malloc(strlen(text)); /* without a NUL: what lies behind it is nobody's */
	const cJSON *root;

	memcpy(copy, text, strlen(text));
	root = json_rows_parse(rows, copy, strlen(text), omit, &e);
	free(copy);
	return root;
}

static void
assert_same(struct json_rows *rows, const char *text)
{
	cJSON *wanted = json_parse(text, strlen(text), NULL);
	const cJSON *seen = parse(rows, text, NULL);

	if (!wanted != !seen || (wanted && !cJSON_Compare(wanted, seen, true)))
		fail_msg("not as cJSON reads it: %s", text);
	cJSON_Delete(wanted);
}

static void
parse_of_any_text_is_as_cjson_reads_it(void **state)
{
	static const char *const texts[] = {
		"{\"cells\":[\"a\",\"1/1\",\"Running\",0,\"3d\"],\"object\":null}",
		" { \"a\" : [ 1 , -2 , 3.5 , 1e3 , true , false , null ] , \"b\" : { } , \"c\" : [ "
		"] } ",
		"\"text\"",
		"12",
		"-7",
		"123456789",
		"1234567890123456789",
		"-0",
		"0.25",
		"[\"\\u003cnone\\u003e\", \"\\u0000\", \"\\u007f\", \"\\u0080\", \"\\u00\", "
		"\"\\u00zz\"]",
		"[\"\\u003cnone\\u003e\", \"\\u007f\\n\\t\\b\\f\\r\", \"\\u0080\"]",
		"\"\\u003\"",
		"\"\\u00\"",
		"\"\\u\"",
		"\"\\x\"",
		"\"\\u0 3c\"",
		"\"\\u00+3\"",
		"\"\\u003c",
		"[\"q\\\"uote\", \"\\u00e4\\ud83d\\ude00\", \"back\\\\slash\\\\\", \"\\/\"]",
		"{\"k\\\"ey\":1}",
		"{\"\":\"\"}",
		"[[[[1]]],{\"a\":{\"b\":{}}}]",
		/* and what is none */
		"",
		" ",
		"{",
		"}",
		"[1,]",
		"[,1]",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{a:1}",
		"[1 2]",
		"tru",
		"nul",
		"-",
		"01",
		"1.",
		"\"open",
		"\"open\\",
		"[1]x",
		"{\"a\":1}}",
		"'a'",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_same(*state, texts[i]);
}

/* Texts that are nearly JSON: pieces of it in any order. */
static void
parse_of_random_pieces_is_as_cjson_reads_it(void **state)
{
	static const char *const pieces[] = { "{",	"}",	    "[",  "]",	  ",",	  ":",
					      "\"a\"",	"\"\\n\"",  "1",  "-2.5", "null", " ",
					      "\"b\":", "{\"x\":[", "]}", "true" };
	struct str text = STR_INIT;
	unsigned seed = 20261121;

	for (int i = 0; i < 20000; i++) {
		str_clear(&text);
		for (int n = rand_r(&seed) % 12; n >= 0; n--)
			str_append(&text, pieces[(size_t)rand_r(&seed) %
						 (sizeof(pieces) / sizeof(pieces[0]))]);
		assert_same(*state, str_cstr(&text));
	}
	str_release(&text);
}

static void
parse_omits_members_of_a_name_wherever_they_are(void **state)
{
	static const char *const texts[] = {
		"{\"m\":[{\"x\":\"]\"},[1]],\"a\":1,\"b\":{\"c\":2}}",
		"{\"a\":1,\"m\":{\"]\":\"}\\\"\"},\"b\":{\"m\":\"text\",\"c\":2}}",
		"{\"a\":1,\"b\":{\"c\":2,\"m\":12},\"m\":null}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const cJSON *root = parse(*state, texts[i], "m");
		char *text = root ? cJSON_PrintUnformatted(root) : NULL;

		if (!text || strcmp(text, "{\"a\":1,\"b\":{\"c\":2}}") != 0)
			fail_msg("%s became %s", texts[i], text ? text : "nothing");
		free(text);
	}
}

/* What is omitted, at every place within the bytes that are looked at at once. */
static void
parse_omits_a_member_to_its_end_wherever_that_is(void **state)
{
	static const char *const values[] = {
		"[{\"k:{\\\"name\\\":\\\"X\\\"}\":{\".\":{},\"f\":{}}},[[[]]],{}]",
		"{\"a\\\\\":\"}\\\\\\\"}\",\"b\":[\"]\",\"\\\\\\\\\"]}",
		"[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]",
		"\"a text \\\" of more than one block, { and [ \\\\\"",
		"{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{}}}}}}}",
		"-12.5e7",
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (int shift = 0; shift < 80; shift++) {
			char *text =
				xasprintf("{\"m\":[\"%*s\",%s],\"a\":[1]}", shift, "", values[i]);
			const cJSON *root = parse(*state, text, "m");
			char *left = root ? cJSON_PrintUnformatted(root) : NULL;

			if (!left || strcmp(left, "{\"a\":[1]}") != 0)
				fail_msg("%s became %s", text, left ? left : "nothing");
			free(left);
			free(text);
		}
	}
}

static void
parse_of_garbage_says_so(void **state)
{
	struct err e = ERR_INIT;

	assert_null(json_rows_parse(*state, "{\"a\":", 5, NULL, &e));
	assert_true(*e.message);
}

/* Strings of every length and escapes at every place: eight bytes are looked at at once. */
static void
parse_of_strings_is_as_cjson_reads_them_at_any_length(void **state)
{
	static const char *const tails[] = { "",	"\\n",	    "\\\"", "\\u003c",
					     "\\u00e4", "\xc3\xa4", "\x80" };
	struct str text = STR_INIT;

	for (int before = 0; before < 40; before++) {
		for (int after = 0; after < 10; after++) {
			for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
				str_clear(&text);
				str_append(&text, "[\"");
				str_append_repeated(&text, '!', before);
				str_append(&text, tails[i]);
				str_append_repeated(&text, '#', after);
				str_append(&text, "\",\"next\"]");
				assert_same(*state, str_cstr(&text));
			}
		}
	}
	str_release(&text);
}

/* What of a text is taken as its first element; -1: nothing. */
static int
next_length(struct json_rows *rows, const char *text, const char *wanted)
{
	size_t len = strlen(text), used = 0;
	char *copy = malloc(len + (len == 0)); /* without a NUL, as above */
	const cJSON *root;
	char *printed = NULL;

	memcpy(copy, text, len);
	root = json_rows_parse_next(rows, copy, len, "m", &used);
	if (root)
		printed = cJSON_PrintUnformatted(root);
	if (wanted)
		assert_string_equal(printed, wanted);
	free(printed);
	free(copy);
	return root ? (int)used : -1;
}

static void
parse_next_takes_an_element_up_to_what_ends_it(void **state)
{
	static const char row[] = "{\"a\":[1,\"x\"],\"m\":{\"]\":[1]}}";
	char cut[sizeof(row)];

	assert_int_equal(next_length(*state, "{\"a\":1},{\"b\"", "{\"a\":1}"), 7);
	assert_int_equal(next_length(*state, " {\"a\" : 1 } ]}", "{\"a\":1}"), 12);
	assert_int_equal(
		next_length(*state, "{\"a\":[1,\"x\"],\"m\":{\"]\":[1]}}]", "{\"a\":[1,\"x\"]}"),
		(int)sizeof(row) - 1);
	assert_int_equal(next_length(*state, "{\"a\":1}x,", NULL), -1);
	assert_int_equal(next_length(*state, "{\"a\":1}}", NULL), -1);
	assert_int_equal(next_length(*state, ",{}", NULL), -1);
	assert_int_equal(next_length(*state, "]", NULL), -1);
	for (size_t len = 0; len < sizeof(row); len++) {
		memcpy(cut, row, len);
		cut[len] = '\0';
		assert_int_equal(next_length(*state, cut, NULL), -1);
	}
}

/* More nodes than a block holds, and again: the memory is used once more. */
static void
parse_of_many_nodes_uses_its_memory_again(void **state)
{
	struct str text = STR_INIT;

	str_append(&text, "[0");
	for (int i = 1; i < 2000; i++)
		str_printf(&text, ",%d", i);
	str_append(&text, "]");
	for (int round = 0; round < 3; round++) {
		const cJSON *root = parse(*state, str_cstr(&text), NULL);

		assert_int_equal(cJSON_GetArraySize(root), 2000);
		assert_int_equal(cJSON_GetArrayItem(root, 1999)->valueint, 1999);
	}
	str_release(&text);
}

static void
parse_of_deep_text_is_as_cjson_reads_it(void **state)
{
	struct str text = STR_INIT;

	for (int i = 0; i < 200; i++)
		str_append(&text, "[");
	for (int i = 0; i < 200; i++)
		str_append(&text, "]");
	assert_same(*state, str_cstr(&text));
	str_release(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parse_of_any_text_is_as_cjson_reads_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(parse_of_random_pieces_is_as_cjson_reads_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			parse_of_strings_is_as_cjson_reads_them_at_any_length, setup, teardown),
		cmocka_unit_test_setup_teardown(parse_next_takes_an_element_up_to_what_ends_it,
						setup, teardown),
		cmocka_unit_test_setup_teardown(parse_omits_a_member_to_its_end_wherever_that_is,
						setup, teardown),
		cmocka_unit_test_setup_teardown(parse_omits_members_of_a_name_wherever_they_are,
						setup, teardown),
		cmocka_unit_test_setup_teardown(parse_of_garbage_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(parse_of_many_nodes_uses_its_memory_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(parse_of_deep_text_is_as_cjson_reads_it, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
