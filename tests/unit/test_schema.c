#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "runbook/load.h"
#include "runbook/render.h"
#include "runbook_fixture.h"

/*
 * As much of a JSON Schema validator as the schema needs; a keyword that it does not know fails the
 * test, so that nothing in the schema goes untested.
 * Source: JSON Schema, draft 2020-12.
 */
struct validator {
	const cJSON *root;
};

static bool valid(const struct validator *v, const cJSON *schema, const cJSON *value);

static bool
is_of_type(const cJSON *value, const char *type)
{
	if (strcmp(type, "string") == 0)
		return cJSON_IsString(value);
	if (strcmp(type, "number") == 0)
		return cJSON_IsNumber(value);
	if (strcmp(type, "integer") == 0)
		return cJSON_IsNumber(value) && floor(value->valuedouble) == value->valuedouble;
	if (strcmp(type, "boolean") == 0)
		return cJSON_IsBool(value);
	if (strcmp(type, "array") == 0)
		return cJSON_IsArray(value);
	assert_string_equal(type, "object");
	return cJSON_IsObject(value);
}

static bool
valid_type(const cJSON *types, const cJSON *value)
{
	const cJSON *type;

	if (cJSON_IsString(types))
		return is_of_type(value, types->valuestring);
	cJSON_ArrayForEach(type, types)
		if (is_of_type(value, type->valuestring))
			return true;
	return false;
}

/* Patterns are few, and compiling one costs more than all else. */
static struct {
	char *pattern;
	regex_t regex;
} compiled[8];

static const regex_t *
compile(const char *pattern)
{
	size_t i = 0;

	while (i < 8 && compiled[i].pattern && strcmp(compiled[i].pattern, pattern) != 0)
		i++;
	assert_true(i < 8);
	if (!compiled[i].pattern) {
		compiled[i].pattern = strdup(pattern);
		assert_int_equal(regcomp(&compiled[i].regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	}
	return &compiled[i].regex;
}

static int
free_compiled(void **state)
{
	(void)state;
	for (size_t i = 0; i < 8 && compiled[i].pattern; i++) {
		regfree(&compiled[i].regex);
		free(compiled[i].pattern);
	}
	return 0;
}

static bool
valid_pattern(const char *pattern, const cJSON *value)
{
	return !cJSON_IsString(value) ||
	       regexec(compile(pattern), value->valuestring, 0, NULL, 0) == 0;
}

static bool
valid_members(const struct validator *v, const cJSON *schema, const cJSON *value)
{
	const cJSON *properties = json_at(schema, "properties"), *member;
	const cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");

	if (!cJSON_IsObject(value))
		return true;
	cJSON_ArrayForEach(member, value) {
		const cJSON *property =
			cJSON_GetObjectItemCaseSensitive(properties, member->string);

		if (property ? !valid(v, property, member) : others && !valid(v, others, member))
			return false;
	}
	return true;
}

static bool
valid_required(const cJSON *required, const cJSON *value)
{
	const cJSON *name;

	cJSON_ArrayForEach(name, required)
		if (cJSON_IsObject(value) &&
		    !cJSON_GetObjectItemCaseSensitive(value, name->valuestring))
			return false;
	return true;
}

static bool
valid_items(const struct validator *v, const cJSON *items, const cJSON *value)
{
	const cJSON *item;

	if (cJSON_IsArray(value))
		cJSON_ArrayForEach(item, value)
			if (!valid(v, items, item))
				return false;
	return true;
}

static bool
valid_one_of(const cJSON *words, const cJSON *value)
{
	const cJSON *word;

	cJSON_ArrayForEach(word, words)
		if (cJSON_Compare(word, value, true))
			return true;
	return false;
}

/* How many of the schemas hold. */
static int
count_valid(const struct validator *v, const cJSON *schemas, const cJSON *value)
{
	const cJSON *schema;
	int count = 0;

	cJSON_ArrayForEach(schema, schemas)
		count += valid(v, schema, value);
	return count;
}

static const cJSON *
referred(const struct validator *v, const char *pointer)
{
	const cJSON *schema;

	assert_int_equal(strncmp(pointer, "#/$defs/", 8), 0);
	schema = cJSON_GetObjectItemCaseSensitive(json_at(v->root, "$defs"), pointer + 8);
	assert_non_null(schema);
	return schema;
}

static bool
valid_keyword(const struct validator *v, const cJSON *schema, const cJSON *keyword,
	      const cJSON *value)
{
	static const char *const silent[] = {
		"$schema", "$defs", "title", "description", "default", "then", "properties", NULL,
	};
	const char *name = keyword->string;

	for (size_t i = 0; silent[i]; i++)
		if (strcmp(name, silent[i]) == 0)
			return strcmp(name, "properties") != 0 || valid_members(v, schema, value);
	if (strcmp(name, "$ref") == 0)
		return valid(v, referred(v, keyword->valuestring), value);
	if (strcmp(name, "type") == 0)
		return valid_type(keyword, value);
	if (strcmp(name, "enum") == 0)
		return valid_one_of(keyword, value);
	if (strcmp(name, "const") == 0)
		return cJSON_Compare(keyword, value, true);
	if (strcmp(name, "pattern") == 0)
		return valid_pattern(keyword->valuestring, value);
	if (strcmp(name, "minLength") == 0)
		return !cJSON_IsString(value) ||
		       strlen(value->valuestring) >= (size_t)keyword->valueint;
	if (strcmp(name, "minItems") == 0)
		return !cJSON_IsArray(value) || cJSON_GetArraySize(value) >= keyword->valueint;
	if (strcmp(name, "required") == 0)
		return valid_required(keyword, value);
	if (strcmp(name, "additionalProperties") == 0)
		return valid_members(v, schema, value);
	if (strcmp(name, "items") == 0)
		return valid_items(v, keyword, value);
	if (strcmp(name, "anyOf") == 0)
		return count_valid(v, keyword, value) > 0;
	if (strcmp(name, "allOf") == 0)
		return count_valid(v, keyword, value) == cJSON_GetArraySize(keyword);
	assert_string_equal(name, "if");
	return !valid(v, keyword, value) || valid(v, json_at(schema, "then"), value);
}

static bool
valid(const struct validator *v, const cJSON *schema, const cJSON *value)
{
	const cJSON *keyword;

	if (cJSON_IsBool(schema))
		return cJSON_IsTrue(schema);
	cJSON_ArrayForEach(keyword, schema)
		if (!valid_keyword(v, schema, keyword, value))
			return false;
	return true;
}

/* What the tables themselves say: the loader's first pass, without lint. */
static bool
loads(const cJSON *document, struct diags *diags)
{
	char *text = json_print(document);
	struct load l = {
		.diags = diags,
		.catalogue = &fixture_catalogue,
		.scope = { .params = SIZE_MAX, .steps = SIZE_MAX, .targets = true },
	};
	struct yaml_stream stream = { 0 };
	struct mark mark;
	struct err e = ERR_INIT;

	diags_init(diags, "f.yaml");
	diags_set_source(diags, text, strlen(text));
	if (yaml_parse(text, strlen(text), &stream, &mark, &e) < 0)
		fail_msg("%s in %s", e.message, text);
	l.root = stream.documents[0].root;
	cJSON_Delete(load_object(&l, runbook_fields, l.root, "a runbook", NULL));
	for (size_t i = 0; i < l.expressions_count; i++)
		free(l.expressions[i].text);
	free(l.expressions);
	free(l.actions);
	yaml_stream_release(&stream);
	free(text);
	return diags->errors == 0;
}

/* A default is held to its parameter's type, and a schema cannot say that well. */
static bool
only_defaults(const struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		if (!strstr(diags->items[i].message, "\"default\" wants"))
			return false;
	return diags->count > 0;
}

struct comparison {
	struct validator validator;
	cJSON *document;
	size_t count, refused, places;
};

static void
compare(struct comparison *c, const char *what, const char *name)
{
	struct diags diags;
	bool by_tables = loads(c->document, &diags);
	bool by_schema = valid(&c->validator, c->validator.root, c->document);

	c->count++;
	c->refused += !by_tables;
	if (by_tables != by_schema && !(by_schema && only_defaults(&diags))) {
		char *text = json_print_pretty(c->document);

		fail_msg("%s \"%s\": tables say %s (%s), schema says %s:\n%s", what,
			 name ? name : "", by_tables ? "yes" : "no",
			 diags.count ? diags.items[0].message : "", by_schema ? "yes" : "no", text);
	}
	diags_release(&diags);
}

/*
 * Puts other values in a value's place, one by one, and its own back. Each place gets every fourth of
 * them, the next place the next ones: all pairs would take a minute under the sanitisers.
 */
static void
replace_value(struct comparison *c, cJSON *value)
{
	static const char *const others[] = {
		"null",
		"true",
		"0",
		"7",
		"1.5",
		"\"\"",
		"\"text\"",
		"\"Other Text\"",
		"\"5m\"",
		"[]",
		"{}",
		"[\"a\"]",
		"{\"a\":\"b\"}",
		"\"${.run.id}\"",
		"[{}]",
		"[null]",
		"\"dns\"",
		"\"tls.check\"",
		"\"kubernetes.get\"",
		"\"manual.confirm\"",
		"\"changes\"",
		"{\"argv\":[\"a\"]}",
		"{\"goto\":\"a\"}",
		"{\"a\":{\"type\":\"http\"}}",
	};

	for (size_t i = c->places++ % 4; i < sizeof(others) / sizeof(others[0]); i += 4) {
		cJSON *other = json_parse(others[i], strlen(others[i]), NULL), saved = *value;

		value->child = other->child;
		value->type = other->type;
		value->valuestring = other->valuestring;
		value->valueint = other->valueint;
		value->valuedouble = other->valuedouble;
		compare(c, others[i], value->string);
		*value = saved;
		cJSON_Delete(other);
	}
}

/* Leaves each member out of an object, one by one; readers follow `child` and `next` only. */
static void
leave_out_members(struct comparison *c, cJSON *object)
{
	for (cJSON **link = &object->child; *link; link = &(*link)->next) {
		cJSON *member = *link;

		*link = member->next;
		compare(c, "without", member->string);
		*link = member;
	}
}

static void
mutate(struct comparison *c, cJSON *value)
{
	cJSON *member;

	if (cJSON_IsObject(value)) {
		cJSON_AddItemToObject(value, "oops", cJSON_CreateString("x"));
		compare(c, "an unknown key below", value->string);
		cJSON_DeleteItemFromObjectCaseSensitive(value, "oops");
		leave_out_members(c, value);
	}
	cJSON_ArrayForEach(member, value) {
		if (member->string && strcmp(member->string, "default") == 0)
			continue;
		replace_value(c, member);
		mutate(c, member);
	}
}

static cJSON *
everything(void)
{
	struct yaml_stream stream;
	struct mark mark;
	struct err e = ERR_INIT;
	cJSON *document;

	assert_int_equal(
		yaml_parse(fixture_everything, strlen(fixture_everything), &stream, &mark, &e), 0);
	document = yaml_to_json(stream.documents[0].root);
	yaml_stream_release(&stream);
	return document;
}

static void
runbook_schema_of_every_key_accepts_it(void **state)
{
	struct comparison c = { .validator.root = runbook_schema(&fixture_catalogue) };

	(void)state;
	c.document = everything();
	assert_true(valid(&c.validator, c.validator.root, c.document));
	cJSON_Delete(c.document);
	cJSON_Delete((cJSON *)(uintptr_t)c.validator.root);
}

static void
runbook_schema_of_every_mutation_agrees_with_tables(void **state)
{
	struct comparison c = { .validator.root = runbook_schema(&fixture_catalogue) };

	(void)state;
	c.document = everything();
	compare(&c, "unchanged", NULL);
	assert_int_equal(c.refused, 0);
	mutate(&c, c.document);
	compare(&c, "unchanged at the end", NULL);
	assert_true(c.count > 1500);
	assert_true(c.refused > c.count / 3);
	assert_true(c.refused < c.count * 9 / 10);
	cJSON_Delete(c.document);
	cJSON_Delete((cJSON *)(uintptr_t)c.validator.root);
}

/* Counts the mappings that have properties, all of which must be closed or be the half of a rule. */
static void
assert_described(const struct validator *v, const cJSON *properties)
{
	const cJSON *property;

	cJSON_ArrayForEach(property, properties) {
		if (!json_string(property, "description", NULL))
			print_error("no description: %s\n", property->string);
		assert_non_null(json_string(property, "description", NULL));
		if (json_at(property, "properties"))
			assert_described(v, json_at(property, "properties"));
	}
}

static void
runbook_schema_describes_every_property(void **state)
{
	struct validator v = { .root = runbook_schema(&fixture_catalogue) };

	(void)state;
	assert_string_equal(json_string(v.root, "$schema", ""),
			    "https://json-schema.org/draft/2020-12/schema");
	assert_described(&v, json_at(v.root, "properties"));
	assert_described(&v, json_at(v.root, "$defs/step/properties"));
	assert_described(&v, json_at(v.root, "$defs/check/properties"));
	assert_described(&v, json_at(v.root, "$defs/with-http.check/properties"));
	assert_true(cJSON_IsFalse(json_at(v.root, "additionalProperties")));
	assert_true(cJSON_IsFalse(json_at(v.root, "$defs/step/additionalProperties")));
	cJSON_Delete((cJSON *)(uintptr_t)v.root);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(runbook_schema_of_every_key_accepts_it),
		cmocka_unit_test(runbook_schema_of_every_mutation_agrees_with_tables),
		cmocka_unit_test(runbook_schema_describes_every_property),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, free_compiled);
}
