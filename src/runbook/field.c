#include "config.h"

#include "runbook/field.h"

#include <string.h>

const struct field *
field_find(const struct field *table, const char *name)
{
	for (; table && table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static const char *
describe_one(enum field_type type)
{
	switch (type) {
	case FIELD_STRING:
		return "a text";
	case FIELD_NAME:
		return "a name such as rotate-tokens (a-z, 0-9, - and _, a letter first)";
	case FIELD_TEXT:
		return "a text";
	case FIELD_PATH:
		return "a file name";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_INT:
		return "a whole number";
	case FIELD_DURATION:
		return "a duration such as 90s, 5m or 1h30m";
	case FIELD_CHOICE:
		return "one of the words";
	case FIELD_EXPRESSION:
		return "a jq expression";
	case FIELD_LIST:
		return "a list";
	case FIELD_MAP:
		return "a mapping";
	case FIELD_OBJECT:
		return "a mapping";
	case FIELD_CHECK:
		return "a check: {uses: …, with: …, expect: …}";
	case FIELD_ONE_OR_LIST:
	case FIELD_ANY:
		break;
	}
	return "any value";
}

static const char *
describe_many(enum field_type items)
{
	switch (items) {
	case FIELD_NAME:
		return "a list of names";
	case FIELD_PATH:
		return "a list of file names";
	case FIELD_BOOL:
		return "a list of true and false";
	case FIELD_INT:
		return "a list of whole numbers";
	case FIELD_DURATION:
		return "a list of durations";
	case FIELD_CHOICE:
		return "a list of words";
	case FIELD_EXPRESSION:
		return "a list of jq expressions";
	case FIELD_OBJECT:
		return "a list of mappings";
	case FIELD_CHECK:
		return "a list of checks";
	case FIELD_STRING:
	case FIELD_TEXT:
		return "a list of texts";
	case FIELD_ANY:
	case FIELD_LIST:
	case FIELD_MAP:
	case FIELD_ONE_OR_LIST:
		break;
	}
	return "a list";
}

static const char *
describe_one_or_many(enum field_type items)
{
	switch (items) {
	case FIELD_STRING:
	case FIELD_TEXT:
		return "a text, or a list of them";
	case FIELD_NAME:
		return "a name, or a list of them";
	case FIELD_PATH:
		return "a file name, or a list of them";
	case FIELD_INT:
		return "a whole number, or a list of them";
	case FIELD_CHECK:
		return "a check, or a list of them";
	default:
		return "one value, or a list of them";
	}
}

static const char *
describe_map(enum field_type items)
{
	switch (items) {
	case FIELD_STRING:
	case FIELD_TEXT:
		return "a mapping of texts";
	case FIELD_EXPRESSION:
		return "a mapping of names to jq expressions";
	case FIELD_OBJECT:
		return "a mapping of names to mappings";
	default:
		return "a mapping";
	}
}

const char *
field_type_describe(const struct field *field)
{
	switch (field->type) {
	case FIELD_LIST:
		return describe_many(field->items);
	case FIELD_MAP:
		return describe_map(field->items);
	case FIELD_ONE_OR_LIST:
		return describe_one_or_many(field->items);
	case FIELD_INT:
		return field->flags & FIELD_FRACTION ? "a number" : "a whole number";
	case FIELD_EXPRESSION:
		return field->flags & FIELD_OR_LIST ? "a jq expression, or a list of texts"
						    : "a jq expression";
	case FIELD_CHOICE:
		return field->fields ? "one of the words, or a mapping" : "one of the words";
	default:
		return describe_one(field->type);
	}
}
