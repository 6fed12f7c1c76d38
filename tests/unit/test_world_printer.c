#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixture_cells.h"

/* ---- the table ---- */

static void
table_has_definitions_and_rows(void **state)
{
	cJSON *object = cells_object("{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'b'}}");
	cJSON *table = cells_table(kinds_by_word(*state, "cm"), object, PRINTER_OBJECT);

	assert_string_equal(json_string(table, "kind", ""), "Table");
	assert_string_equal(json_string(table, "apiVersion", ""), "meta.k8s.io/v1");
	assert_json(json_at(table, "metadata"), "{}");
	assert_int_equal(cJSON_GetArraySize(json_at(table, "columnDefinitions")), 3);
	assert_json(json_at(table, "columnDefinitions/2/priority"), "0");
	assert_string_equal(json_string(table, "columnDefinitions/0/name", ""), "Name");
	assert_string_equal(json_string(table, "columnDefinitions/0/type", ""), "string");
	assert_string_equal(json_string(table, "columnDefinitions/0/format", ""), "name");
	assert_string_equal(json_string(table, "columnDefinitions/1/format", "?"), "");
	assert_true(strlen(json_string(table, "columnDefinitions/1/description", "")) > 100);
	assert_json(json_at(table, "rows/0/cells"), "['x',1,'24h']");
	assert_true(cJSON_Compare(json_at(table, "rows/0/object"), object, true));
	cJSON_Delete(table);
	cJSON_Delete(object);
}

static void
table_includes_as_much_of_an_object_as_is_asked_for(void **state)
{
	const struct kind *kind = kinds_by_word(*state, "cm");
	cJSON *object = cells_object("{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'b'}}");
	cJSON *none = cells_table(kind, object, PRINTER_NONE);
	cJSON *metadata = cells_table(kind, object, PRINTER_METADATA);

	assert_true(cJSON_IsNull(json_at(none, "rows/0/object")));
	assert_json(json_at(metadata, "rows/0/object"),
		    "{'kind':'PartialObjectMetadata','apiVersion':'meta.k8s.io/v1','metadata':{"
		    "'name':'x'," CREATED "}}");
	cJSON_Delete(none);
	cJSON_Delete(metadata);
	cJSON_Delete(object);
}

static void
table_without_headers_or_rows_has_none(void **state)
{
	cJSON *table =
		printer_table(kinds_by_word(*state, "cm"), NULL, 0, PRINTER_NONE, false, NOW_MS);

	assert_json(table, "{'kind':'Table','apiVersion':'meta.k8s.io/v1','metadata':{},"
			   "'columnDefinitions':null,'rows':[]}");
	cJSON_Delete(table);
}

static void
table_of_another_version_shows_objects_in_that_one(void **state)
{
	cJSON *object = cells_object("{'apiVersion':'v1','kind':'Event','message':'m'}");
	cJSON *table =
		cells_table(kinds_by_word(*state, "events.events.k8s.io"), object, PRINTER_OBJECT);

	assert_string_equal(json_string(table, "rows/0/object/apiVersion", ""), "events.k8s.io/v1");
	assert_string_equal(json_string(table, "rows/0/object/note", ""), "m");
	assert_string_equal(json_string(table, "rows/0/cells/6", ""), "m");
	assert_string_equal(json_string(object, "message", ""), "m"); /* as it was */
	cJSON_Delete(table);
	cJSON_Delete(object);
}

static void
check_columns(void *data, const struct kind *kind)
{
	cJSON *object = object_of("{}");

	(void)data;
	if (!(kind->flags & KIND_CREATE_ONLY)) {
		cJSON *table = cells_table(kind, object, PRINTER_NONE);

		assert_int_equal(cJSON_GetArraySize(json_at(table, "rows/0/cells")),
				 cJSON_GetArraySize(json_at(table, "columnDefinitions")));
		cJSON_Delete(table);
	}
	cJSON_Delete(object);
}

static void
every_kind_has_a_cell_for_each_column_even_of_an_empty_object(void **state)
{
	kinds_each(*state, check_columns, NULL);
}

/* ---- columns of definitions ---- */

/* Serves a kind with these columns; NULL: it says nothing of them. */
static const struct kind *
define(struct kinds *kinds, const char *columns)
{
	struct refusal r = REFUSAL_INIT;
	char *text =
		xasprintf("{'metadata':{'name':'widgets.example.com'},'spec':{'group':"
			  "'example.com','scope':'Namespaced','names':{'plural':'widgets','kind':"
			  "'Widget'},'versions':[{'name':'v1','served':true,'storage':true%s%s}]}}",
			  columns ? ",'additionalPrinterColumns':" : "", columns ? columns : "");
	cJSON *definition = object_of(text);

	assert_int_equal(kinds_define(kinds, definition, &r), 0);
	cJSON_Delete(definition);
	free(text);
	return kinds_by_word(kinds, "widgets");
}

static void
custom_columns_are_described(void **state)
{
	const struct kind *kind =
		define(*state, "[{'name':'A','type':'integer','jsonPath':'.spec.a',"
			       "'priority':1,'format':'int32'},{'name':'B','type':"
			       "'string','jsonPath':'.b','description':'the b'}]");
	cJSON *table = printer_table(kind, NULL, 0, PRINTER_NONE, true, NOW_MS);

	assert_json(json_at(table, "columnDefinitions/1"),
		    "{'name':'A','type':'integer','format':'int32','description':'Custom resource "
		    "definition column (in JSONPath format): .spec.a','priority':1}");
	assert_json(json_at(table, "columnDefinitions/2"),
		    "{'name':'B','type':'string','format':'','description':'the b','priority':0}");
	assert_int_equal(cJSON_GetArraySize(json_at(table, "columnDefinitions")), 3);
	cJSON_Delete(table);
}

static void
custom_kinds_without_columns_show_their_age(void **state)
{
	const struct kind *kind = define(*state, NULL);
	cJSON *object = cells_object("{}");
	cJSON *table = cells_table(kind, object, PRINTER_NONE);

	assert_string_equal(json_string(table, "columnDefinitions/1/name", ""), "Age");
	assert_string_equal(json_string(table, "columnDefinitions/1/type", ""), "date");
	assert_json(json_at(table, "rows/0/cells"), "['x','24h']");
	cJSON_Delete(table);
	cJSON_Delete(object);
}

#define WIDGET                                                                                     \
	"{'metadata':{'name':'x'," CREATED ",'labels':{'a.b/c':'lab'}},'spec':{'s':'text','i':7,"  \
	"'n':1.5,'t':true,'d':'" SINCE "','m':{'b':1,'a':'<x>&'},'l':['x','y','z'],'nul':null,"    \
	"'ns':[{'k':'one','v':1},{'k':'two','v':2,'w':0},{'k':'three','v':3}],'big':"              \
	"1234567890123,"                                                                           \
	"'f':1e21,'e':''},'status':{'conditions':[{'type':'Other','status':'False'},{'type':'"     \
	"Ready',"                                                                                  \
	"'status':'True'}]}}"

/* Serves a kind with one column, whose path may have quotes of both kinds. */
static const struct kind *
define_column(struct kinds *kinds, const char *type, const char *path)
{
	struct refusal r = REFUSAL_INIT;
	cJSON *column = cJSON_CreateObject();
	cJSON *definition = object_of(
		"{'metadata':{'name':'widgets.example.com'},'spec':{'group':'example.com',"
		"'scope':'Namespaced','names':{'plural':'widgets','kind':'Widget'},"
		"'versions':[{'name':'v1','served':true,'storage':true,"
		"'additionalPrinterColumns':[]}]}}");

	json_add_string(column, "name", "C");
	json_add_string(column, "type", type);
	json_add_string(column, "jsonPath", path);
	cJSON_AddItemToArray(json_at(definition, "spec/versions/0/additionalPrinterColumns"),
			     column);
	assert_int_equal(kinds_define(kinds, definition, &r), 0);
	cJSON_Delete(definition);
	return kinds_by_word(kinds, "widgets");
}

static void
custom_cells_are_what_their_paths_find(void **state)
{
	static const struct {
		const char *type, *path, *expected;
	} cases[] = {
		{ "string", ".spec.s", "\"text\"" },
		{ "string", ".spec.i", "\"7\"" },
		{ "string", ".spec.n", "\"1.5\"" },
		{ "string", ".spec.t", "\"true\"" },
		{ "string", ".spec.big", "\"1234567890123\"" },
		{ "string", ".spec.f", "\"1e+21\"" },
		{ "string", ".spec.nul", "\"<no value>\"" },
		{ "string", ".spec.none", "null" },
		{ "string", ".spec.e", "\"\"" },
		{ "integer", ".spec.i", "7" },
		{ "integer", ".spec.n", "1" },
		{ "integer", ".spec.s", "null" },
		{ "integer", ".spec.nul", "null" },
		{ "integer", ".spec.big", "1234567890123" },
		{ "integer", ".spec.f", "1e+21" },
		{ "number", ".spec.n", "1.5" },
		{ "boolean", ".spec.t", "true" },
		{ "boolean", ".spec.i", "null" },
		{ "date", ".spec.d", "\"60m\"" },
		{ "date", ".spec.s", "\"<invalid>\"" },
		{ "date", ".spec.e", "\"<unknown>\"" },
		{ "date", ".spec.i", "null" },
		{ "date", ".metadata.creationTimestamp", "\"24h\"" },
		{ "string", ".spec.l", "\"[\\\"x\\\",\\\"y\\\",\\\"z\\\"]\"" },
		{ "string", ".spec.m",
		  "\"{\\\"a\\\":\\\"\\\\u003cx\\\\u003e\\\\u0026\\\",\\\"b\\\":1}\"" },
		{ "string", ".spec.l[*]", "\"x\"" },
		{ "string", ".spec.l[0]", "\"x\"" },
		{ "string", ".spec.l[-1]", "\"z\"" },
		{ "string", ".spec.l[1:3]", "\"y\"" },
		{ "string", ".spec.l[1:1]", "null" },
		{ "string", ".spec.l[:1]", "\"x\"" },
		{ "string", ".spec.l[-2:]", "\"y\"" },
		{ "string", ".spec.l[-1:-1]", "null" },
		{ "string", ".spec.l[9]", "null" },
		{ "string", ".spec.l[-9]", "null" },
		{ "string", ".spec.l[9223372036854775807]", "null" },
		{ "string", ".spec.s[0]", "null" },
		{ "string", ".status.conditions[?(@.type==\"Ready\")].status", "\"True\"" },
		{ "string", ".status.conditions[?(@.type=='Ready')].status", "\"True\"" },
		{ "string", ".status.conditions[?(@.type!='Other')].status", "\"True\"" },
		{ "string", ".spec.ns[?(@.v>1)].k", "\"two\"" },
		{ "string", ".spec.ns[?(@.v >= 3)].k", "\"three\"" },
		{ "string", ".spec.ns[?(@.v<1)].k", "null" },
		{ "string", ".spec.ns[?(@.v<=1)].k", "\"one\"" },
		{ "string", ".spec.ns[?(@.w)].k", "\"two\"" },
		{ "string", ".spec.ns[?(@.v>@.w)].k", "\"two\"" },
		{ "string", ".spec.ns[?(@.k==1)].k", "null" },
		{ "integer", ".spec.ns[*].v", "1" },
		{ "string", ".metadata.labels.a\\.b/c", "\"lab\"" },
		{ "string", ".metadata.labels['a\\.b/c']", "\"lab\"" },
		{ "string", ".metadata.labels['a.b/c']", "\"lab\"" },
		{ "string", "..k", "\"one\"" },
		{ "string", ".spec.ns.*.k", "\"one\"" },
		{ "string", "$.spec.s", "\"text\"" },
		{ "string", ".spec[", "null" },
		{ "string", ".spec.ns[?(@.v>)].k", "null" },
		{ "string", ".spec.ns[?(@.v=='x].k", "null" },
		{ "string", "spec.s", "null" },
	};
	cJSON *object = object_of(WIDGET);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kind *kind = define_column(*state, cases[i].type, cases[i].path);
		cJSON *table = cells_table(kind, object, PRINTER_NONE);
		char *text = json_print(json_at(table, "rows/0/cells/1"));

		if (strcmp(text, cases[i].expected) != 0)
			fail_msg("%s %s: %s", cases[i].type, cases[i].path, text);
		free(text);
		cJSON_Delete(table);
	}
	cJSON_Delete(object);
}

static int
set_up(void **state)
{
	*state = kinds_new();
	return 0;
}

static int
tear_down(void **state)
{
	kinds_free(*state);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_has_definitions_and_rows),
		cmocka_unit_test(table_includes_as_much_of_an_object_as_is_asked_for),
		cmocka_unit_test(table_without_headers_or_rows_has_none),
		cmocka_unit_test(table_of_another_version_shows_objects_in_that_one),
		cmocka_unit_test(every_kind_has_a_cell_for_each_column_even_of_an_empty_object),
		cmocka_unit_test(custom_columns_are_described),
		cmocka_unit_test(custom_kinds_without_columns_show_their_age),
		cmocka_unit_test(custom_cells_are_what_their_paths_find),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
