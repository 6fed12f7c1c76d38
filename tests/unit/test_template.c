#include "config.h"

#include "runbook/template.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

struct fixture {
	struct expressions *x;
	cJSON *context;
};

static const char context_text[] =
	"{\"params\":{\"fqdn\":\"tsb.example.com\",\"port\":8443,\"on\":true,\"none\":null,"
	"\"port_text\":\"9443\",\"wait\":\"5m\",\"empty\":\"\",\"list\":[\"a\",\"b\"],\"big\":"
	"1700000000000,"
	"\"huge\":2000000000000000,\"evil\":\"${.params.fqdn}\",\"map\":{\"k\":\"v\"}}}";

static int
setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	f->x = expressions_new(NULL, 0);
	f->context = json_parse(context_text, strlen(context_text), NULL);
	*state = f;
	return f->context ? 0 : -1;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	expressions_free(f->x);
	cJSON_Delete(f->context);
	free(f);
	return 0;
}

static void
add_found(void *data, const char *expression, size_t offset)
{
	str_printf(data, "<%s>@%zu", expression, offset);
}

static void
assert_scans(const char *text, const char *wanted)
{
	struct str found = STR_INIT;
	struct err e = ERR_INIT;

	if (template_scan(text, add_found, &found, &e) < 0)
		fail_msg("%s: %s", text, e.message);
	assert_string_equal(str_cstr(&found), wanted);
	str_release(&found);
}

static void
scan_of_nested_braces_and_strings_finds_the_end(void **state)
{
	(void)state;
	assert_scans("no expression: $x {y} $$ $", "");
	assert_scans("${.a}", "<.a>@2");
	assert_scans("x${.a}y${ .b }", "<.a>@3< .b >@9");
	assert_scans("${{a: {b: 1}} | .a}!", "<{a: {b: 1}} | .a>@2");
	assert_scans("${\"}\"}", "<\"}\">@2");
	assert_scans("${\"\\(\"}\" + \"{\")\"}", "<\"\\(\"}\" + \"{\")\">@2");
	assert_scans("${\"\\\"}\"}", "<\"\\\"}\">@2");
	assert_scans("$${.a}", "");
	assert_scans("$$${.a}", "");
	assert_scans("$${${.a}", "<.a>@5");
}

static void
scan_of_open_expression_fails(void **state)
{
	static const char *const texts[] = {
		"${", "a ${.b", "${\"}", "${{a: 1}", "${.a)}", "${}", "${ \n}", "${.a} ${.b",
	};
	struct str found = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err e = ERR_INIT;

		if (template_scan(texts[i], add_found, &found, &e) == 0)
			fail_msg("%s passes", texts[i]);
		assert_int_equal(e.kind, ERR_SPEC);
		assert_non_null(strstr(e.message, "${"));
	}
	str_release(&found);
}

static void
assert_expands(const struct fixture *f, const char *text, const char *wanted)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;
	char *got;

	if (template_expand(text, f->x, f->context, &value, &e) < 0)
		fail_msg("%s: %s", text, e.message);
	got = json_print(value);
	assert_string_equal(got, wanted);
	free(got);
	cJSON_Delete(value);
}

static void
expand_of_single_expression_keeps_type(void **state)
{
	const struct fixture *f = *state;

	assert_expands(f, "${.params.port}", "8443");
	assert_expands(f, "${.params.on}", "true");
	assert_expands(f, "${.params.list}", "[\"a\",\"b\"]");
	assert_expands(f, "${.params.none}", "null");
	assert_expands(f, "${.params.nothing}", "null");
	assert_expands(f, "${.params.list | length}", "2");
	assert_expands(f, "${$params.port + 1}", "8444");
}

static void
expand_of_mixed_text_gives_string(void **state)
{
	const struct fixture *f = *state;

	assert_expands(f, "", "\"\"");
	assert_expands(f, "plain", "\"plain\"");
	assert_expands(f, "https://${.params.fqdn}:${.params.port}/",
		       "\"https://tsb.example.com:8443/\"");
	assert_expands(f, " ${.params.on}", "\" true\"");
	assert_expands(f, "${.params.list}!", "\"[\\\"a\\\",\\\"b\\\"]!\"");
	assert_expands(f, "t=${.params.big} ${.params.huge}",
		       "\"t=1700000000000 2000000000000000\"");
	assert_expands(f, "$${.params.port}", "\"${.params.port}\"");
	assert_expands(f, "$$${.params.port} costs 5$", "\"$${.params.port} costs 5$\"");
	assert_expands(f, "${.params.evil}!", "\"${.params.fqdn}!\"");
	assert_expands(f, "${\"\\(.params.port)}\"}", "\"8443}\"");
}

static void
expand_of_null_in_text_fails(void **state)
{
	const struct fixture *f = *state;
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	assert_int_equal(template_expand("https://${.params.none}/", f->x, f->context, &value, &e),
			 -1);
	assert_int_equal(e.kind, ERR_SPEC);
	assert_non_null(strstr(e.message, "${.params.none} has no value"));
	assert_int_equal(
		template_expand("${.params.fqdn} ${error(\"no\")}", f->x, f->context, &value, &e),
		-1);
	assert_non_null(strstr(e.message, ": no"));
	assert_null(value);
}

static const char *const colours[] = { "red", "green", NULL };
static const struct field inner_fields[] = {
	{ .name = "name", .type = FIELD_STRING, .flags = FIELD_REQUIRED | FIELD_TEMPLATE },
	{ .name = "every", .type = FIELD_DURATION, .otherwise = "1s" },
	{ 0 },
};
static const struct field fields[] = {
	{ .name = "text", .type = FIELD_STRING, .flags = FIELD_TEMPLATE },
	{ .name = "literal", .type = FIELD_STRING },
	{ .name = "name", .type = FIELD_NAME, .flags = FIELD_TEMPLATE },
	{ .name = "file", .type = FIELD_PATH, .flags = FIELD_TEMPLATE },
	{ .name = "on", .type = FIELD_BOOL, .flags = FIELD_TEMPLATE },
	{ .name = "port", .type = FIELD_INT, .flags = FIELD_TEMPLATE },
	{ .name = "factor", .type = FIELD_INT, .flags = FIELD_TEMPLATE | FIELD_FRACTION },
	{ .name = "wait", .type = FIELD_DURATION, .flags = FIELD_TEMPLATE },
	{ .name = "colour", .type = FIELD_CHOICE, .choices = colours, .flags = FIELD_TEMPLATE },
	{ .name = "expression", .type = FIELD_EXPRESSION },
	{ .name = "contexts", .type = FIELD_EXPRESSION, .flags = FIELD_OR_LIST | FIELD_TEMPLATE },
	{ .name = "any", .type = FIELD_ANY },
	{ .name = "list",
	  .type = FIELD_LIST,
	  .items = FIELD_STRING,
	  .flags = FIELD_TEMPLATE | FIELD_NONEMPTY },
	{ .name = "ports", .type = FIELD_ONE_OR_LIST, .items = FIELD_INT, .flags = FIELD_TEMPLATE },
	{ .name = "map", .type = FIELD_MAP, .items = FIELD_STRING, .flags = FIELD_TEMPLATE },
	{ .name = "object", .type = FIELD_OBJECT, .fields = inner_fields },
	{ .name = "objects", .type = FIELD_LIST, .items = FIELD_OBJECT, .fields = inner_fields },
	{ .name = "check", .type = FIELD_CHECK },
	{ 0 },
};

static int
resolve(const struct fixture *f, const struct field *table, const char *with_text,
	cJSON **ret_value, struct err *e)
{
	cJSON *with = json_parse(with_text, strlen(with_text), NULL);
	int rc;

	assert_non_null(with);
	rc = template_resolve(table, with, "/books/restore.yaml", f->x, f->context, ret_value, e);
	cJSON_Delete(with);
	return rc;
}

static void
assert_resolves(const struct fixture *f, const struct field *table, const char *with,
		const char *wanted)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;
	char *got;

	if (resolve(f, table, with, &value, &e) < 0)
		fail_msg("%s: %s", with, e.message);
	got = json_print(value);
	assert_string_equal(got, wanted);
	free(got);
	cJSON_Delete(value);
}

static void
assert_refuses(const struct fixture *f, const struct field *table, const char *with,
	       const char *part)
{
	struct err e = ERR_INIT;
	cJSON *value = NULL;

	if (resolve(f, table, with, &value, &e) == 0)
		fail_msg("%s resolves", with);
	assert_null(value);
	assert_int_equal(e.kind, ERR_SPEC);
	if (!strstr(e.message, part))
		fail_msg("\"%s\" does not say \"%s\"", e.message, part);
}

static void
resolve_converts_to_type_of_field(void **state)
{
	const struct fixture *f = *state;

	assert_resolves(f, fields, "{\"text\":\"${.params.port}\"}", "{\"text\":\"8443\"}");
	assert_resolves(f, fields, "{\"text\":80}", "{\"text\":\"80\"}");
	assert_resolves(f, fields, "{\"literal\":\"${.params.port}\"}",
			"{\"literal\":\"${.params.port}\"}");
	assert_resolves(f, fields, "{\"name\":\"a-b_1\"}", "{\"name\":\"a-b_1\"}");
	assert_resolves(f, fields, "{\"file\":\"keys/a.yaml\"}",
			"{\"file\":\"/books/keys/a.yaml\"}");
	assert_resolves(f, fields, "{\"file\":\"/a.yaml\"}", "{\"file\":\"/a.yaml\"}");
	assert_resolves(f, fields, "{\"on\":\"${.params.on}\"}", "{\"on\":true}");
	assert_resolves(f, fields, "{\"on\":\"no\"}", "{\"on\":false}");
	assert_resolves(f, fields, "{\"port\":\"${.params.port_text}\"}", "{\"port\":9443}");
	assert_resolves(f, fields, "{\"port\":80}", "{\"port\":80}");
	assert_resolves(f, fields, "{\"factor\":1.5}", "{\"factor\":1.5}");
	assert_resolves(f, fields, "{\"wait\":\"${.params.wait}\"}", "{\"wait\":300000}");
	assert_resolves(f, fields, "{\"wait\":0}", "{\"wait\":0}");
	assert_resolves(f, fields, "{\"colour\":\"red\"}", "{\"colour\":\"red\"}");
}

static void
resolve_copies_expressions_and_checks(void **state)
{
	const struct fixture *f = *state;

	assert_resolves(f, fields, "{\"expression\":\".a == \\\"${.params.port}\\\"\"}",
			"{\"expression\":\".a == \\\"${.params.port}\\\"\"}");
	assert_resolves(f, fields, "{\"check\":{\"with\":{\"x\":\"${.params.port}\"}}}",
			"{\"check\":{\"with\":{\"x\":\"${.params.port}\"}}}");
	assert_resolves(f, fields, "{\"contexts\":\".params.list\"}",
			"{\"contexts\":\".params.list\"}");
	assert_resolves(f, fields, "{\"contexts\":[\"${.params.fqdn}\",\"b\"]}",
			"{\"contexts\":[\"tsb.example.com\",\"b\"]}");
}

static void
resolve_expands_inside_collections(void **state)
{
	const struct fixture *f = *state;

	assert_resolves(
		f, fields,
		"{\"any\":{\"a\":[\"${.params.port}\",{\"b\":\"x${.params.on}\"}],\"c\":1}}",
		"{\"any\":{\"a\":[8443,{\"b\":\"xtrue\"}],\"c\":1}}");
	assert_resolves(f, fields, "{\"list\":[\"${.params.fqdn}\",1]}",
			"{\"list\":[\"tsb.example.com\",\"1\"]}");
	assert_resolves(f, fields, "{\"list\":\"${.params.list}\"}", "{\"list\":[\"a\",\"b\"]}");
	assert_resolves(f, fields, "{\"ports\":80}", "{\"ports\":[80]}");
	assert_resolves(f, fields, "{\"ports\":[80,\"${.params.port}\"]}", "{\"ports\":[80,8443]}");
	assert_resolves(f, fields, "{\"map\":{\"Host\":\"${.params.fqdn}\"}}",
			"{\"map\":{\"Host\":\"tsb.example.com\"}}");
	assert_resolves(f, fields, "{\"object\":{\"name\":\"n\"}}",
			"{\"object\":{\"name\":\"n\",\"every\":1000}}");
	assert_resolves(f, fields, "{\"objects\":[{\"name\":\"n\",\"every\":\"2s\"}]}",
			"{\"objects\":[{\"name\":\"n\",\"every\":2000}]}");
}

static void
resolve_never_expands_a_result_again(void **state)
{
	const struct fixture *f = *state;

	assert_resolves(f, fields, "{\"text\":\"${.params.evil}\"}",
			"{\"text\":\"${.params.fqdn}\"}");
	assert_resolves(f, fields, "{\"list\":\"${[.params.evil]}\"}",
			"{\"list\":[\"${.params.fqdn}\"]}");
	assert_resolves(f, fields, "{\"any\":\"${[.params.evil]}\"}",
			"{\"any\":[\"${.params.fqdn}\"]}");
	assert_resolves(f, fields, "{\"map\":\"${{a: .params.evil}}\"}",
			"{\"map\":{\"a\":\"${.params.fqdn}\"}}");
}

static void
resolve_drops_optional_null(void **state)
{
	const struct fixture *f = *state;

	assert_resolves(f, fields, "{\"text\":\"${.params.none}\",\"port\":\"${.params.empty}\"}",
			"{}");
	assert_resolves(f, fields, "{\"text\":\"${.params.empty}\"}", "{\"text\":\"\"}");
}

static void
resolve_fills_defaults(void **state)
{
	static const struct field table[] = {
		{ .name = "wait",
		  .type = FIELD_DURATION,
		  .flags = FIELD_TEMPLATE,
		  .otherwise = "1m30s" },
		{ .name = "on", .type = FIELD_BOOL, .otherwise = "true" },
		{ .name = "status",
		  .type = FIELD_LIST,
		  .items = FIELD_INT,
		  .otherwise = "[200, 204]" },
		{ .name = "version", .type = FIELD_STRING, .otherwise = "\"1.10\"" },
		{ .name = "count", .type = FIELD_INT, .otherwise = "3" },
		{ .name = "body", .type = FIELD_ANY, .otherwise = "{a: 1}" },
		{ 0 },
	};
	const struct fixture *f = *state;

	assert_resolves(f, table, "{}",
			"{\"wait\":90000,\"on\":true,\"status\":[200,204],"
			"\"version\":\"1.10\",\"count\":3,\"body\":{\"a\":1}}");
	assert_resolves(f, table,
			"{\"wait\":\"${.params.none}\",\"on\":false,\"status\":[],"
			"\"version\":\"2\",\"count\":4,\"body\":2}",
			"{\"wait\":90000,\"on\":false,\"status\":[],\"version\":\"2\",\"count\":4,"
			"\"body\":2}");
}

static void
resolve_of_wrong_value_names_field(void **state)
{
	const struct fixture *f = *state;

	assert_refuses(f, fields, "{\"port\":\"eighty\"}", "port: \"eighty\" is no whole number");
	assert_refuses(f, fields, "{\"port\":1.5}", "port: \"1.5\" is no whole number");
	assert_refuses(f, fields, "{\"port\":[1]}",
		       "port: a whole number is wanted, and this is a list");
	assert_refuses(f, fields, "{\"factor\":\"x\"}", "factor: \"x\" is no number");
	assert_refuses(f, fields, "{\"wait\":90}", "wait: \"90\" is no duration");
	assert_refuses(f, fields, "{\"on\":\"maybe\"}", "on: \"maybe\" is neither yes nor no");
	assert_refuses(f, fields, "{\"name\":\"A b\"}", "name: \"A b\" is no name");
	assert_refuses(f, fields, "{\"colour\":\"gren\"}", "Did you mean \"green\"?");
	assert_refuses(f, fields, "{\"list\":\"x\"}",
		       "list: a list of texts is wanted, and this is a text");
	assert_refuses(f, fields, "{\"list\":[]}", "list: at least one element is wanted");
	assert_refuses(f, fields, "{\"list\":[\"a\",\"${.params.none}\"]}",
		       "list: element 2: it has no value");
	assert_refuses(f, fields, "{\"ports\":[80,\"x\"]}",
		       "ports: element 2: \"x\" is no whole number");
	assert_refuses(f, fields, "{\"map\":{\"Host\":\"${.params.none}x\"}}",
		       "map: Host: ${.params.none}");
	assert_refuses(f, fields, "{\"object\":{\"name\":\"\"}}",
		       "object: name: a value is required");
	assert_refuses(f, fields, "{\"objects\":[{}]}",
		       "objects: element 1: name: a value is required");
	assert_refuses(f, fields, "{\"object\":{\"name\":\"${.params.empty}\"}}",
		       "It is given as ${.params.empty}");
	assert_refuses(f, fields, "{\"text\":\"${.params.fqdn.x}\"}",
		       "text: expression .params.fqdn.x");
	assert_refuses(f, fields, "{\"any\":{\"a\":[\"${error(\\\"no\\\")}\"]}}",
		       "any: a: expression");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scan_of_nested_braces_and_strings_finds_the_end),
		cmocka_unit_test(scan_of_open_expression_fails),
		cmocka_unit_test(expand_of_single_expression_keeps_type),
		cmocka_unit_test(expand_of_mixed_text_gives_string),
		cmocka_unit_test(expand_of_null_in_text_fails),
		cmocka_unit_test(resolve_converts_to_type_of_field),
		cmocka_unit_test(resolve_copies_expressions_and_checks),
		cmocka_unit_test(resolve_expands_inside_collections),
		cmocka_unit_test(resolve_never_expands_a_result_again),
		cmocka_unit_test(resolve_drops_optional_null),
		cmocka_unit_test(resolve_fills_defaults),
		cmocka_unit_test(resolve_of_wrong_value_names_field),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
