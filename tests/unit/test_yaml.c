#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "base/yaml.h"

static void
parse(const char *text, struct yaml_stream *stream)
{
	struct mark mark;
	struct err e = ERR_INIT;

	if (yaml_parse(text, strlen(text), stream, &mark, &e) < 0)
		fail_msg("%d:%d: %s", mark.line, mark.column, e.message);
}

static void
assert_refused(const char *text, int line, int column, const char *message)
{
	struct yaml_stream stream;
	struct mark mark = { 0, 0 };
	struct err e = ERR_INIT;

	assert_int_equal(yaml_parse(text, strlen(text), &stream, &mark, &e), -1);
	assert_int_equal(e.kind, ERR_SPEC);
	if (message)
		assert_string_equal(e.message, message);
	assert_int_equal(mark.line, line);
	assert_int_equal(mark.column, column);
}

static void
assert_json(const char *text, const char *expected)
{
	struct yaml_stream stream;
	cJSON *value;
	char *printed;

	parse(text, &stream);
	assert_int_equal(stream.count, 1);
	value = yaml_to_json(stream.documents[0].root);
	printed = json_print(value);
	assert_string_equal(printed, expected);
	free(printed);
	cJSON_Delete(value);
	yaml_stream_release(&stream);
}

static void
parse_nodes_know_their_places(void **state)
{
	struct yaml_stream stream;
	struct yaml_node *root, *list;

	(void)state;
	parse("äö: 1\nlist:\n  - 'q'\n  - !!str 5\n", &stream);
	root = stream.documents[0].root;
	assert_int_equal(root->kind, YAML_MAPPING);
	assert_int_equal(root->count, 2);
	assert_int_equal(root->pairs[0].value->mark.line, 1);
	assert_int_equal(root->pairs[0].value->mark.column, 5);
	assert_int_equal(root->pairs[0].value->end.column, 6);
	assert_true(root->pairs[0].value->plain);
	list = yaml_get(root, "list");
	assert_int_equal(list->kind, YAML_SEQUENCE);
	assert_int_equal(list->count, 2);
	assert_false(list->items[0]->plain);
	assert_string_equal(list->items[0]->text, "q");
	assert_null(list->items[0]->tag);
	assert_int_equal(list->items[1]->mark.line, 4);
	assert_string_equal(list->items[1]->tag, "!!str");
	assert_null(yaml_get(root, "none"));
	assert_null(yaml_get(list, "list"));
	assert_null(yaml_get(NULL, "list"));
	yaml_stream_release(&stream);
}

static void
parse_empty_documents_have_no_root(void **state)
{
	struct yaml_stream stream;

	(void)state;
	parse("", &stream);
	assert_int_equal(stream.count, 0);
	yaml_stream_release(&stream);
	parse("# nothing\n", &stream);
	assert_int_equal(stream.count, 0);
	yaml_stream_release(&stream);
	parse("---\n---\na: 1\n---\n~\n", &stream);
	assert_int_equal(stream.count, 3);
	assert_null(stream.documents[0].root);
	assert_int_equal(stream.documents[1].root->kind, YAML_MAPPING);
	assert_string_equal(stream.documents[2].root->text, "~");
	yaml_stream_release(&stream);
}

static void
parse_nul_in_text_is_kept(void **state)
{
	struct yaml_stream stream;

	(void)state;
	parse("a: \"x\\0y\"\n", &stream);
	assert_int_equal(yaml_get(stream.documents[0].root, "a")->len, 3);
	yaml_stream_release(&stream);
	assert_json("a: \"x\\0y\"\n", "{\"a\":\"x\ufffdy\"}");
}

static void
parse_duplicate_key_names_both_places(void **state)
{
	(void)state;
	assert_refused("a: 1\nfoo: 2\nb: 3\n\"foo\": 4\na: 5\n", 4, 1,
		       "duplicate key \"foo\" (first on line 2)");
	assert_refused("x:\n  {a: 1, a: 2}\n", 2, 10, "duplicate key \"a\" (first on line 2)");
	assert_refused("a: 1\na: 2\na: 3\n", 2, 1, "duplicate key \"a\" (first on line 1)");
}

static void
parse_broken_syntax_says_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("a: b: c\n", 1, 5, "mapping values are not allowed in this context");
	assert_refused("a: [1, 2\nb: 3\n", 2, 2, NULL);
	assert_refused("a: 1\n\tb: 2\n", 2, 1, NULL);
	assert_refused("a: 'x\n", 2, 1, NULL);
	assert_refused("? [a, b]\n: c\n", 1, 3,
		       "a key must be a plain word or a text in quotes, not a list or a mapping");
	assert_refused("ok: 1\nbad: \x07\n", 2, 6, "control characters are not allowed (0x07)");
	assert_refused("ok: 1\nbad: \xff\n", 2, 6, NULL);
}

static void
parse_aliases_are_copies(void **state)
{
	struct yaml_stream stream;
	struct yaml_node *root, *a, *b;

	(void)state;
	parse("a: &x [1, {k: v}]\nb: *x\n&y c: *y\n", &stream);
	root = stream.documents[0].root;
	a = yaml_get(root, "a");
	b = yaml_get(root, "b");
	assert_ptr_not_equal(a, b);
	assert_int_equal(b->count, 2);
	assert_int_equal(b->mark.line, 2);
	assert_int_equal(b->items[0]->mark.line, 1);
	assert_string_equal(yaml_get(b->items[1], "k")->text, "v");
	assert_string_equal(yaml_get(root, "c")->text, "c");
	yaml_stream_release(&stream);
	assert_json("a: &x 1\nb: &x 2\nc: *x\n", "{\"a\":1,\"b\":2,\"c\":2}");
}

static void
parse_wrong_aliases_are_refused(void **state)
{
	(void)state;
	assert_refused("a: *x\n", 1, 4, "there is no anchor &x before this alias");
	assert_refused("a: &x\n  b: *x\n", 2, 6, "the alias *x is inside the value that it names");
	assert_refused("--- &x 1\n--- *x\n", 2, 5, "there is no anchor &x before this alias");
}

static void
parse_alias_bomb_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (int i = 1; i < 10; i++)
		str_printf(&text,
			   "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i,
			   i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_refused(text.data, 6, 15, "more than 200000 values, counting what aliases repeat");
	str_release(&text);
}

static void
parse_alias_of_a_large_text_is_bounded(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, "a: &a ");
	for (int i = 0; i < 100000; i++)
		str_append_char(&text, 'x');
	str_append(&text, "\nb:\n");
	for (int i = 0; i < 100; i++)
		str_append(&text, "- *a\n");
	assert_refused(text.data, 44, 3, "aliases repeat more than 4194304 bytes of text");
	str_release(&text);
}

static void
parse_deep_nesting_is_refused(void **state)
{
	static const char *const openings[] = { "[", "{a: ", "- ", "? " };

	(void)state;
	for (size_t i = 0; i < sizeof(openings) / sizeof(openings[0]); i++) {
		struct yaml_stream stream;
		struct str text = STR_INIT;
		struct mark mark;
		struct err e = ERR_INIT;

		for (int depth = 0; depth < 100000; depth++)
			str_append(&text, openings[i]);
		assert_int_equal(yaml_parse(text.data, text.len, &stream, &mark, &e), -1);
		assert_string_equal(e.message, "nested deeper than 64 levels");
		str_release(&text);
	}
}

static void
parse_alias_that_makes_it_too_deep_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	str_append(&text, "a: &a ");
	for (int i = 0; i < 40; i++)
		str_append_char(&text, '[');
	for (int i = 0; i < 40; i++)
		str_append_char(&text, ']');
	str_append(&text, "\nb: ");
	for (int i = 0; i < 40; i++)
		str_append_char(&text, '[');
	str_append(&text, "*a");
	for (int i = 0; i < 40; i++)
		str_append_char(&text, ']');
	assert_refused(text.data, 2, 44, "nested deeper than 64 levels");
	str_release(&text);
}

static void
parse_too_many_anchors_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	for (int i = 0; i < 2000; i++)
		str_printf(&text, "- &a%d x\n", i);
	assert_refused(text.data, 1001, 3, "more than 1000 anchors");
	str_release(&text);
}

static void
parse_too_large_text_is_refused(void **state)
{
	struct str text = STR_INIT;

	(void)state;
	while (text.len <= YAML_MAX_BYTES)
		str_append(&text, "# comment that fills the file\n");
	assert_refused(text.data, 1, 1, NULL);
	str_release(&text);
}

static void
parse_many_keys_is_fast(void **state)
{
	struct yaml_stream stream;
	struct str text = STR_INIT;
	cJSON *value;

	(void)state;
	for (int i = 0; i < 90000; i++)
		str_printf(&text, "key-%d: %d\n", i, i);
	parse(text.data, &stream);
	value = yaml_to_json(stream.documents[0].root);
	assert_int_equal(json_int(value, "key-89999", 0), 89999);
	cJSON_Delete(value);
	yaml_stream_release(&stream);
	str_release(&text);
}

/* What every word and number becomes; kubectl converts them in the same way. */
static void
to_json_plain_scalars_are_resolved_as_kubernetes_does(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{ "true", "true" },
		{ "True", "true" },
		{ "yes", "true" },
		{ "On", "true" },
		{ "y", "true" },
		{ "N", "false" },
		{ "off", "false" },
		{ "FALSE", "false" },
		{ "tRue", "\"tRue\"" },
		{ "\"yes\"", "\"yes\"" },
		{ "'1'", "\"1\"" },
		{ "~", "null" },
		{ "null", "null" },
		{ "NULL", "null" },
		{ "", "null" },
		{ "nil", "\"nil\"" },
		{ "''", "\"\"" },
		{ "0", "0" },
		{ "42", "42" },
		{ "-42", "-42" },
		{ "+5", "5" },
		{ "-0", "0" },
		{ "0x1F", "31" },
		{ "-0x10", "-16" },
		{ "0o17", "15" },
		{ "017", "15" },
		{ "08", "8" },
		{ "0b101", "5" },
		{ "0b2", "\"0b2\"" },
		{ "1_000", "1000" },
		{ "0x", "\"0x\"" },
		{ "0x0x5", "\"0x0x5\"" },
		{ "--1", "\"--1\"" },
		{ "+-1", "\"+-1\"" },
		{ "999999999999999", "999999999999999" },
		{ "9007199254740991", "9007199254740991" },
		{ "9007199254740993", "9007199254740993" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "18446744073709551615", "18446744073709551615" },
		{ "123456789012345678901234567890", "1.2345678901234568e+29" },
		{ "1e3", "1000" },
		{ "1.50", "1.5" },
		{ ".5", "0.5" },
		{ "+.5", "0.5" },
		{ "1.", "1" },
		{ "-0.0", "0" },
		{ "1e-7", "1e-07" },
		{ "1e400", "\"1e400\"" },
		{ "1e", "\"1e\"" },
		{ ".", "\".\"" },
		{ "-", "[null]" },
		{ "1.2.3", "\"1.2.3\"" },
		{ "1:30", "\"1:30\"" },
		{ ".inf", "\".inf\"" },
		{ "-.INF", "\"-.INF\"" },
		{ ".nan", "\".nan\"" },
		{ "2001-12-14", "\"2001-12-14\"" },
		{ "2001-12-14T21:59:43Z", "\"2001-12-14T21:59:43Z\"" },
		{ "!!str 5", "\"5\"" },
		{ "!!str yes", "\"yes\"" },
		{ "!!int \"5\"", "5" },
		{ "!!float 3", "3" },
		{ "!!bool \"yes\"", "true" },
		{ "!!null ''", "null" },
		{ "!!int abc", "\"abc\"" },
		{ "!!bool 1", "\"1\"" },
		{ "!own yes", "\"yes\"" },
		{ "! yes", "\"yes\"" },
		{ "!!binary aGVsbG8=", "\"hello\"" },
		{ "!!binary aGVsbG8gd29ybGQ=", "\"hello world\"" },
		{ "!!binary \"aGVs\\n bG8=\"", "\"hello\"" },
		{ "!!binary a", "\"a\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct str yaml = STR_INIT, json = STR_INIT;

		str_printf(&yaml, "v:\n  %s\n", cases[i].yaml);
		str_printf(&json, "{\"v\":%s}", cases[i].json);
		assert_json(yaml.data, json.data);
		str_release(&yaml);
		str_release(&json);
	}
}

static void
to_json_keys_become_strings(void **state)
{
	(void)state;
	assert_json("on: 1\n0x10: a\n1.5: b\n\"yes\": c\n~: d\n2001-01-01: e\n",
		    "{\"true\":1,\"16\":\"a\",\"1.5\":\"b\",\"yes\":\"c\",\"null\":\"d\",\"2001-01-"
		    "01\":\"e\"}");
	assert_json("yes: 1\ntrue: 2\nz: 3\n", "{\"true\":2,\"z\":3}");
}

static void
to_json_merge_keys_are_applied(void **state)
{
	(void)state;
	assert_json("base: &b {k: 1, l: 2}\nuse: {<<: *b, l: 3, m: 4}\n",
		    "{\"base\":{\"k\":1,\"l\":2},\"use\":{\"l\":3,\"m\":4,\"k\":1}}");
	assert_json("{l: 3, <<: [{k: 1}, {k: 2, w: 5, l: 6}]}", "{\"l\":3,\"k\":1,\"w\":5}");
	assert_json("{<<: {a: 1, <<: {a: 2, b: 3}}}", "{\"a\":1,\"b\":3}");
	assert_json("{\"<<\": {a: 1}}", "{\"<<\":{\"a\":1}}");
	assert_json("{<<: 5}", "{\"<<\":5}");
	assert_json("{<<: [5]}", "{\"<<\":[5]}");
}

/* What kubectl 1.32 printed for each; a live test asks it again. */
static void
to_manifest_values_are_those_of_kubectl(void **state)
{
	static const struct {
		const char *yaml, *json;
	} cases[] = {
		{ "[y, off, 0777, 0o17, 1_000, 1e3, ~]", "[true,false,511,15,1000,1000,null]" },
		{ "[2001-12-14, 1:30, tRUE, .e3, 0x1p4]",
		  "[\"2001-12-14\",\"1:30\",\"tRUE\",\".e3\",\"0x1p4\"]" },
		{ "{1.23456789: a, 16777217.0: b, 1e10: c, 0.1: d, 1e-7: e, 1e5: f, 1e6: g}",
		  "{\"1.2345679\":\"a\",\"1.6777216e+07\":\"b\",\"1e+10\":\"c\",\"0.1\":\"d\","
		  "\"1e-07\":\"e\",\"100000\":\"f\",\"1e+06\":\"g\"}" },
		{ "{12345678901234567890123: a, 3.4e39: b, -3.4e39: c, yes: d, 0x10: e, '': f}",
		  "{\"1.2345679e+22\":\"a\",\".inf\":\"b\",\"-.inf\":\"c\",\"true\":\"d\",\"16\":"
		  "\"e\",\"\":\"f\"}" },
		{ "{l: 3, <<: {l: 6, m: 1}}", "{\"l\":6,\"m\":1}" },
		{ "{<<: {l: 6, m: 1}, l: 3}", "{\"m\":1,\"l\":3}" },
		{ "{w: 7, <<: [{k: 1, w: 3}, {k: 2, z: 5}]}", "{\"z\":5,\"k\":1,\"w\":3}" },
		{ "{<<: {a: 1, <<: {a: 2, b: 3}}}", "{\"a\":2,\"b\":3}" },
		{ "{\"<<\": {a: 1}}", "{\"<<\":{\"a\":1}}" },
		{ "!!binary gIGC", "\"\ufffd\ufffd\ufffd\"" },
		{ "!!str .inf", "\".inf\"" },
		{ "9223372036854775807", "9223372036854775807" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct yaml_stream stream;
		struct mark mark = { 0, 0 };
		struct err e = ERR_INIT;
		cJSON *value = NULL;
		char *printed;

		parse(cases[i].yaml, &stream);
		if (yaml_to_manifest(stream.documents[0].root, &value, &mark, &e) < 0)
			fail_msg("%s: %s", cases[i].yaml, e.message);
		printed = json_print(value);
		assert_string_equal(printed, cases[i].json);
		free(printed);
		cJSON_Delete(value);
		yaml_stream_release(&stream);
	}
}

static void
to_manifest_what_kubectl_refuses_is_an_error_with_its_place(void **state)
{
	static const struct {
		const char *yaml;
		int column;
	} cases[] = {
		{ "[a, .inf]", 5 },	   { "[-.INF]", 2 },
		{ "[.nan]", 2 },	   { "[+.inf]", 2 },
		{ "[!!int 1.0]", 2 },	   { "[!!int foo]", 2 },
		{ "[!!null foo]", 2 },	   { "[!!bool 1]", 2 },
		{ "[!!float foo]", 2 },	   { "[!!float .inf]", 2 },
		{ "{null: a}", 2 },	   { "{a: 1, ~: b}", 8 },
		{ "{<<: 5}", 6 },	   { "{<<: [5]}", 6 },
		{ "[!!binary a]", 2 },	   { "{1: a, 0x1: b}", 8 },
		{ "{yes: a, on: b}", 10 }, { "{18446744073709551615: a}", 2 },
		{ "[\"a\\0b\"]", 2 },	   { "[!!binary YQBi]", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct yaml_stream stream;
		struct mark mark = { 0, 0 };
		struct err e = ERR_INIT;
		cJSON *value = NULL;

		parse(cases[i].yaml, &stream);
		if (yaml_to_manifest(stream.documents[0].root, &value, &mark, &e) == 0)
			fail_msg("%s is taken", cases[i].yaml);
		assert_int_equal(e.kind, ERR_SPEC);
		assert_int_equal(mark.line, 1);
		assert_int_equal(mark.column, cases[i].column);
		yaml_stream_release(&stream);
	}
}

static void
to_json_nothing_is_null(void **state)
{
	cJSON *value = yaml_to_json(NULL);

	(void)state;
	assert_true(cJSON_IsNull(value));
	cJSON_Delete(value);
	assert_json("[]", "[]");
	assert_json("{}", "{}");
	assert_json("a: |\n  two\n  lines\n", "{\"a\":\"two\\nlines\\n\"}");
}

/* Whatever the bytes are, the parser says yes or no, and a place that is in the text. */
static void
parse_damaged_text_never_breaks(void **state)
{
	static const char text[] =
		"a: &x [1, \"two\", {three: 3}]\nb: *x\n<<: {c: |\n  d\n}\n--- !!str 'e'\n";
	uint32_t seed = 99;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char damaged[sizeof(text)];
		struct yaml_stream stream;
		struct mark mark = { 0, 0 };
		struct err e = ERR_INIT;

		memcpy(damaged, text, sizeof(text));
		for (int i = 0; i < 3; i++) {
			seed = seed * 1103515245 + 12345;
			damaged[(seed >> 16) % (sizeof(text) - 1)] =
				round % 2 ? text[(seed >> 8) % (sizeof(text) - 1)]
					  : (char)(seed >> 24);
		}
		if (yaml_parse(damaged, sizeof(text) - 1, &stream, &mark, &e) < 0) {
			assert_true(mark.line >= 1 && mark.line <= (int)sizeof(text));
			assert_true(mark.column >= 1 && e.message[0]);
			continue;
		}
		for (size_t i = 0; i < stream.count; i++)
			cJSON_Delete(yaml_to_json(stream.documents[i].root));
		yaml_stream_release(&stream);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_nodes_know_their_places),
		cmocka_unit_test(parse_empty_documents_have_no_root),
		cmocka_unit_test(parse_nul_in_text_is_kept),
		cmocka_unit_test(parse_duplicate_key_names_both_places),
		cmocka_unit_test(parse_broken_syntax_says_what_is_wrong),
		cmocka_unit_test(parse_aliases_are_copies),
		cmocka_unit_test(parse_wrong_aliases_are_refused),
		cmocka_unit_test(parse_alias_bomb_is_refused),
		cmocka_unit_test(parse_alias_of_a_large_text_is_bounded),
		cmocka_unit_test(parse_deep_nesting_is_refused),
		cmocka_unit_test(parse_alias_that_makes_it_too_deep_is_refused),
		cmocka_unit_test(parse_too_many_anchors_is_refused),
		cmocka_unit_test(parse_too_large_text_is_refused),
		cmocka_unit_test(parse_many_keys_is_fast),
		cmocka_unit_test(to_json_plain_scalars_are_resolved_as_kubernetes_does),
		cmocka_unit_test(to_json_keys_become_strings),
		cmocka_unit_test(to_json_merge_keys_are_applied),
		cmocka_unit_test(to_json_nothing_is_null),
		cmocka_unit_test(to_manifest_values_are_those_of_kubectl),
		cmocka_unit_test(to_manifest_what_kubectl_refuses_is_an_error_with_its_place),
		cmocka_unit_test(parse_damaged_text_never_breaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
