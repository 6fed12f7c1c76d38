#include "config.h"

#include "runbook/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "runbook/load.h"

/*
 * The field tables as a JSON Schema, for editors. It says what the tables say; what lint adds (that a
 * name exists, that an expression compiles) is beyond a schema.
 * Source: JSON Schema, draft 2020-12.
 */

static cJSON *
reference(const char *name)
{
	cJSON *schema = cJSON_CreateObject();
	char *pointer = xasprintf("#/$defs/%s", name);

	json_add_string(schema, "$ref", pointer);
	free(pointer);
	return schema;
}

static cJSON *
of_type(const char *type)
{
	cJSON *schema = cJSON_CreateObject();

	json_add_string(schema, "type", type);
	return schema;
}

static cJSON *
of_pattern(const char *pattern)
{
	cJSON *schema = of_type("string");

	json_add_string(schema, "pattern", pattern);
	return schema;
}

static cJSON *
either(cJSON *one, cJSON *other)
{
	cJSON *schema = cJSON_CreateObject(), *list = cJSON_CreateArray();

	cJSON_AddItemToArray(list, one);
	cJSON_AddItemToArray(list, other);
	json_add(schema, "anyOf", list);
	return schema;
}

/* A text may be written like a number or a boolean: `version: 1.0` is the text "1.0". */
static cJSON *
text_schema(unsigned flags)
{
	cJSON *schema = cJSON_CreateObject(), *types = cJSON_CreateArray();

	if (flags & FIELD_SECRET) {
		cJSON_Delete(types);
		cJSON_Delete(schema);
		return of_pattern("^\\$\\{.*\\}$");
	}
	cJSON_AddItemToArray(types, cJSON_CreateString("string"));
	cJSON_AddItemToArray(types, cJSON_CreateString("number"));
	cJSON_AddItemToArray(types, cJSON_CreateString("boolean"));
	json_add(schema, "type", types);
	if (flags & (FIELD_REQUIRED | FIELD_NONEMPTY))
		json_add_int(schema, "minLength", 1);
	return schema;
}

/* Neither empty nor in ${ and }. */
static cJSON *
expression_schema(void)
{
	cJSON *schema = text_schema(0);

	json_add_string(schema, "pattern", "^[ \t\n]*([^ \t\n$]|\\$([^{]|$))");
	return schema;
}

/* The words true and no are names, too, and reach an editor as booleans. */
static cJSON *
name_schema(void)
{
	cJSON *schema = cJSON_CreateObject(), *types = cJSON_CreateArray();

	cJSON_AddItemToArray(types, cJSON_CreateString("string"));
	cJSON_AddItemToArray(types, cJSON_CreateString("boolean"));
	json_add(schema, "type", types);
	json_add_string(schema, "pattern", "^[a-z][a-z0-9_-]{0,62}$");
	return schema;
}

static cJSON *
choice_schema(const struct field *field)
{
	cJSON *schema = cJSON_CreateObject(), *words = cJSON_CreateArray();

	for (size_t i = 0; field->choices[i]; i++)
		cJSON_AddItemToArray(words, cJSON_CreateString(field->choices[i]));
	json_add(schema, "enum", words);
	return schema;
}

static cJSON *object_schema(const struct field *table);
static cJSON *type_schema(const struct field *field, enum field_type type);

/* That a list or map is required says nothing of its elements. */
static cJSON *
element_schema(const struct field *field)
{
	struct field element = *field;

	element.flags &= ~(unsigned)(FIELD_REQUIRED | FIELD_NONEMPTY);
	return type_schema(&element, field->items);
}

static cJSON *
list_schema(cJSON *items, unsigned flags)
{
	cJSON *schema = of_type("array");

	json_add(schema, "items", items);
	if (flags & FIELD_NONEMPTY)
		json_add_int(schema, "minItems", 1);
	return schema;
}

static cJSON *
map_schema(const struct field *field)
{
	cJSON *schema = of_type("object");

	if (field->items == FIELD_OBJECT && !field->fields)
		json_add(schema, "additionalProperties", reference("target"));
	else
		json_add(schema, "additionalProperties", element_schema(field));
	if (field->flags & FIELD_NONEMPTY)
		json_add_int(schema, "minProperties", 1);
	return schema;
}

/* A mapping, by reference where the table is one that recurs. */
static cJSON *
mapping_schema(const struct field *table)
{
	if (!table)
		return of_type("object");
	if (table == runbook_step_fields)
		return reference("step");
	if (table == runbook_action_fields)
		return reference("action");
	return object_schema(table);
}

static cJSON *
scalar_schema(const struct field *field, enum field_type type)
{
	switch (type) {
	case FIELD_NAME:
		return name_schema();
	case FIELD_BOOL:
		return of_type("boolean");
	case FIELD_INT:
		return of_type(field->flags & FIELD_FRACTION ? "number" : "integer");
	case FIELD_DURATION:
		return reference("duration");
	case FIELD_CHOICE:
		return choice_schema(field);
	case FIELD_EXPRESSION:
		return expression_schema();
	case FIELD_ANY:
		return cJSON_CreateObject();
	default:
		return text_schema(field->flags);
	}
}

static cJSON *
type_schema(const struct field *field, enum field_type type)
{
	cJSON *schema;

	if (type == FIELD_LIST)
		schema = list_schema(element_schema(field), field->flags);
	else if (type == FIELD_ONE_OR_LIST)
		return either(type_schema(field, field->items),
			      list_schema(element_schema(field), field->flags));
	else if (type == FIELD_MAP)
		schema = map_schema(field);
	else if (type == FIELD_OBJECT)
		schema = mapping_schema(field->fields);
	else if (type == FIELD_CHECK)
		schema = reference("check");
	else
		schema = scalar_schema(field, type);
	if (type == FIELD_CHOICE && field->fields)
		schema = either(schema, object_schema(field->fields));
	if (type == FIELD_EXPRESSION && field->flags & FIELD_OR_LIST)
		schema = either(schema, list_schema(text_schema(0), field->flags));
	/* The other texts take a template as they are. */
	if (field->flags & FIELD_TEMPLATE && type != FIELD_STRING && type != FIELD_TEXT &&
	    type != FIELD_PATH && type != FIELD_ANY && type != FIELD_EXPRESSION)
		schema = either(schema, reference("template"));
	return schema;
}

static cJSON *
field_schema(const struct field *field)
{
	cJSON *schema = type_schema(field, field->type);

	if (field->help)
		json_add_string(schema, "description", field->help);
	if (field->otherwise) {
		cJSON *value = json_parse(field->otherwise, strlen(field->otherwise), NULL);

		json_add(schema, "default", value ? value : cJSON_CreateString(field->otherwise));
	}
	return schema;
}

static cJSON *
object_schema(const struct field *table)
{
	cJSON *schema = of_type("object"), *properties = cJSON_CreateObject();
	cJSON *required = cJSON_CreateArray();

	for (const struct field *row = table; row && row->name; row++) {
		json_add(properties, row->name, field_schema(row));
		if (row->flags & FIELD_REQUIRED)
			cJSON_AddItemToArray(required, cJSON_CreateString(row->name));
	}
	json_add(schema, "properties", properties);
	if (cJSON_GetArraySize(required) > 0)
		json_add(schema, "required", required);
	else
		cJSON_Delete(required);
	json_add_bool(schema, "additionalProperties", false);
	return schema;
}

/* {properties: {key: {const: word}}, required: [key]} */
static cJSON *
is_word(const char *key, const char *word)
{
	cJSON *schema = cJSON_CreateObject(), *properties = cJSON_CreateObject();
	cJSON *constant = cJSON_CreateObject(), *required = cJSON_CreateArray();

	json_add_string(constant, "const", word);
	json_add(properties, key, constant);
	json_add(schema, "properties", properties);
	cJSON_AddItemToArray(required, cJSON_CreateString(key));
	json_add(schema, "required", required);
	return schema;
}

static bool
has_required(const struct field *table)
{
	for (; table && table->name; table++)
		if (table->flags & FIELD_REQUIRED)
			return true;
	return false;
}

static char *
with_name(const struct step_type *type)
{
	return xasprintf("with-%s", type->uses);
}

static cJSON *
list_of(const char *word)
{
	cJSON *list = cJSON_CreateArray();

	cJSON_AddItemToArray(list, cJSON_CreateString(word));
	return list;
}

/* The arguments of a type; where a check takes a type that may change things, they must say it reads. */
static cJSON *
with_schema(const struct step_type *type, bool only_reads)
{
	char *name = with_name(type);
	cJSON *schema = reference(name), *reads;

	free(name);
	if (!only_reads || !field_find(type->fields, "effect"))
		return schema;
	reads = is_word("effect", step_effect_name(EFFECT_READS));
	if (type->effect == EFFECT_READS)
		cJSON_DeleteItemFromObjectCaseSensitive(reads, "required");
	json_add(schema, "properties",
		 cJSON_DetachItemFromObjectCaseSensitive(reads, "properties"));
	if (json_at(reads, "required"))
		json_add(schema, "required",
			 cJSON_DetachItemFromObjectCaseSensitive(reads, "required"));
	cJSON_Delete(reads);
	return schema;
}

static cJSON *
with_rule(const struct step_type *type, bool only_reads)
{
	cJSON *rule = cJSON_CreateObject(), *then = cJSON_CreateObject();
	cJSON *properties = cJSON_CreateObject(), *with = with_schema(type, only_reads);
	bool required = has_required(type->fields) || json_at(with, "required");

	json_add(properties, "with", with);
	json_add(then, "properties", properties);
	if (required)
		json_add(then, "required", list_of("with"));
	json_add(rule, "if", is_word("uses", type->uses));
	json_add(rule, "then", then);
	return rule;
}

/* A table with `uses` and `with`: which types, and what each takes. */
static cJSON *
action_schema(const struct field *table, const struct step_catalogue *catalogue, bool only_reads)
{
	cJSON *schema = object_schema(table), *uses = json_at(schema, "properties/uses");
	cJSON *words = cJSON_CreateArray(), *rules = cJSON_CreateArray();

	for (size_t i = 0; i < catalogue->count; i++) {
		const struct step_type *type = catalogue->types[i];

		if (only_reads && type->effect != EFFECT_READS &&
		    !field_find(type->fields, "effect"))
			continue;
		cJSON_AddItemToArray(words, cJSON_CreateString(type->uses));
		cJSON_AddItemToArray(rules, with_rule(type, only_reads));
	}
	cJSON_DeleteItemFromObjectCaseSensitive(uses, "type");
	cJSON_DeleteItemFromObjectCaseSensitive(uses, "minLength");
	json_add(uses, "enum", words);
	if (cJSON_GetArraySize(rules) > 0)
		json_add(schema, "allOf", rules);
	else
		cJSON_Delete(rules);
	return schema;
}

static cJSON *
target_variant(enum target_kind kind)
{
	cJSON *schema = object_schema(runbook_target_fields(kind)), *type = cJSON_CreateObject();
	cJSON *required = json_at(schema, "required");

	json_add_string(type, "const", target_kind_name(kind));
	json_add(json_at(schema, "properties"), "type", type);
	if (!required) {
		required = cJSON_CreateArray();
		json_add(schema, "required", required);
	}
	cJSON_AddItemToArray(required, cJSON_CreateString("type"));
	return schema;
}

static cJSON *
target_schema(void)
{
	cJSON *schema = of_type("object"), *properties = cJSON_CreateObject();
	cJSON *type = cJSON_CreateObject(), *words = cJSON_CreateArray();
	cJSON *required = cJSON_CreateArray(), *rules = cJSON_CreateArray();

	for (unsigned kind = TARGET_KUBERNETES; kind <= TARGET_HTTP; kind <<= 1) {
		const char *name = target_kind_name((enum target_kind)kind);
		cJSON *rule = cJSON_CreateObject();

		cJSON_AddItemToArray(words, cJSON_CreateString(name));
		json_add(rule, "if", is_word("type", name));
		json_add(rule, "then", target_variant((enum target_kind)kind));
		cJSON_AddItemToArray(rules, rule);
	}
	json_add_string(type, "description", "What kind of system it is.");
	json_add(type, "enum", words);
	json_add(properties, "type", type);
	json_add(schema, "properties", properties);
	cJSON_AddItemToArray(required, cJSON_CreateString("type"));
	json_add(schema, "required", required);
	json_add(schema, "allOf", rules);
	return schema;
}

static cJSON *
arguments_schema(const struct step_type *type)
{
	cJSON *schema = object_schema(type->fields);

	if (type->summary)
		json_add_string(schema, "description", type->summary);
	return schema;
}

static cJSON *
duration_schema(void)
{
	cJSON *text = of_pattern("^(0|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$");
	cJSON *zero = cJSON_CreateObject();

	json_add_int(text, "minLength", 1);
	json_add_int(zero, "const", 0);
	return either(text, zero);
}

/* What the tables of any document refer to. */
static cJSON *
shared_definitions(void)
{
	cJSON *defs = cJSON_CreateObject();

	json_add(defs, "template", of_pattern("\\$\\{"));
	json_add(defs, "duration", duration_schema());
	return defs;
}

static cJSON *
definitions(const struct step_catalogue *catalogue)
{
	cJSON *defs = shared_definitions();

	json_add(defs, "target", target_schema());
	json_add(defs, "check", action_schema(runbook_check_fields, catalogue, true));
	json_add(defs, "action", action_schema(runbook_action_fields, catalogue, false));
	json_add(defs, "step", action_schema(runbook_step_fields, catalogue, false));
	for (size_t i = 0; i < catalogue->count; i++) {
		char *name = with_name(catalogue->types[i]);

		json_add(defs, name, arguments_schema(catalogue->types[i]));
		free(name);
	}
	return defs;
}

/* Takes ownership of the definitions. */
static cJSON *
whole_schema(const struct field *table, const char *title, cJSON *defs)
{
	cJSON *schema = cJSON_CreateObject(), *document = object_schema(table);

	json_add_string(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_add_string(schema, "title", title);
	for (cJSON *member; (member = document->child);) {
		char *name = xstrdup(member->string);

		json_add(schema, name, cJSON_DetachItemViaPointer(document, member));
		free(name);
	}
	cJSON_Delete(document);
	json_add(schema, "$defs", defs);
	return schema;
}

cJSON *
document_schema(const struct field *table, const char *title)
{
	return whole_schema(table, title, shared_definitions());
}

cJSON *
runbook_schema(const struct step_catalogue *catalogue)
{
	return whole_schema(runbook_fields, "lifeboat/v1 runbook", definitions(catalogue));
}
