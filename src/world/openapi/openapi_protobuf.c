#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/openapi/openapi.h"

/*
 * An OpenAPI 2.0 document as the message openapi.v2.Document. Only what openapi_v2() makes has to be known here; the numbers
 * of fields are those of OpenAPIv2.proto. Source: gnostic; Protocol Buffers, "Encoding".
 */
enum wire { VARINT = 0, BYTES = 2 };

enum {
	DOCUMENT_SWAGGER = 1,
	DOCUMENT_INFO = 2,
	DOCUMENT_PATHS = 8,
	DOCUMENT_DEFINITIONS = 9,
	INFO_TITLE = 1,
	INFO_VERSION = 2,
	NAMED_NAME = 1,
	NAMED_VALUE = 2,
	ANY_YAML = 2,
	PATHS_PATH = 2,
	PATH_PARAMETERS = 9,
	OPERATION_CONSUMES = 7,
	OPERATION_PARAMETERS = 8,
	OPERATION_RESPONSES = 9,
	OPERATION_EXTENSION = 13,
	PARAMETERS_ITEM_PARAMETER = 1,
	PARAMETER_NON_BODY = 2,
	NON_BODY_QUERY = 3,
	NON_BODY_PATH = 4,
	RESPONSES_CODE = 1,
	RESPONSE_VALUE_RESPONSE = 1,
	RESPONSE_DESCRIPTION = 1,
	PROPERTIES = 1, /* of Properties and Definitions */
	SCHEMA_REF = 1,
	SCHEMA_FORMAT = 2,
	SCHEMA_REQUIRED = 19,
	SCHEMA_ADDITIONAL = 21,
	SCHEMA_TYPE = 22,
	SCHEMA_ITEMS = 23,
	SCHEMA_PROPERTIES = 25,
	SCHEMA_EXTENSION = 31,
	ONLY = 1, /* the first field of the small messages: AdditionalPropertiesItem, TypeItem, ItemsItem */
};

/* ---- encoding ---- */

static void
put_varint(struct str *out, uint64_t value)
{
	while (value >= 0x80) {
		str_append_char(out, (char)(unsigned char)(value | 0x80));
		value >>= 7;
	}
	str_append_char(out, (char)(unsigned char)value);
}

static void
put_bytes(struct str *out, unsigned field, const void *bytes, size_t len)
{
	put_varint(out, (uint64_t)field << 3 | BYTES);
	put_varint(out, len);
	str_append_bytes(out, bytes, len);
}

static void
put_text(struct str *out, unsigned field, const char *text)
{
	if (text && *text)
		put_bytes(out, field, text, strlen(text));
}

static void
put_true(struct str *out, unsigned field)
{
	put_varint(out, (uint64_t)field << 3 | VARINT);
	put_varint(out, 1);
}

/* A message within: its bytes are taken and released. */
static void
put_message(struct str *out, unsigned field, struct str *message)
{
	put_bytes(out, field, str_cstr(message), message->len);
	str_release(message);
}

/* A name with its message, which is released. */
static void
put_named(struct str *out, unsigned field, const char *name, struct str *value)
{
	struct str named = STR_INIT;

	put_text(&named, NAMED_NAME, name);
	put_message(&named, NAMED_VALUE, value);
	put_message(out, field, &named);
}

/* Members that begin with x- are kept as YAML, which JSON is. */
static void
put_extensions(struct str *out, unsigned field, const cJSON *object)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		struct str any = STR_INIT;

		if (!str_starts_with(member->string, "x-"))
			continue;
		char *text = json_print(member);
		put_text(&any, ANY_YAML, text);
		put_named(out, field, member->string, &any);
		free(text);
	}
}

static void
put_texts(struct str *out, unsigned field, const cJSON *list)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
		put_text(out, field, cJSON_GetStringValue(item));
}

/* ---- schemas ---- */

static void put_schema(struct str *out, const cJSON *schema);

static void
put_properties(struct str *out, const cJSON *properties)
{
	const cJSON *property;

	cJSON_ArrayForEach(property, properties) {
		struct str value = STR_INIT;

		put_schema(&value, property);
		put_named(out, PROPERTIES, property->string, &value);
	}
}

/* A schema in a message of its own, as additionalProperties and items have it. */
static void
put_wrapped(struct str *out, unsigned field, const cJSON *schema)
{
	struct str inner = STR_INIT, wrapper = STR_INIT;

	if (!schema)
		return;
	put_schema(&inner, schema);
	put_message(&wrapper, ONLY, &inner);
	put_message(out, field, &wrapper);
}

static void
put_schema(struct str *out, const cJSON *schema)
{
	const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
	const char *type = json_string(schema, "type", "");

	put_text(out, SCHEMA_REF, json_string(schema, "$ref", ""));
	put_text(out, SCHEMA_FORMAT, json_string(schema, "format", ""));
	put_texts(out, SCHEMA_REQUIRED, json_at(schema, "required"));
	put_wrapped(out, SCHEMA_ADDITIONAL, json_at(schema, "additionalProperties"));
	if (*type) {
		struct str message = STR_INIT;

		put_text(&message, ONLY, type);
		put_message(out, SCHEMA_TYPE, &message);
	}
	put_wrapped(out, SCHEMA_ITEMS, json_at(schema, "items"));
	if (properties) {
		struct str message = STR_INIT;

		put_properties(&message, properties);
		put_message(out, SCHEMA_PROPERTIES, &message);
	}
	put_extensions(out, SCHEMA_EXTENSION, schema);
}

/* ---- paths ---- */

/* Query parameters and those of a path differ in the numbers of their last two fields only. */
static void
put_parameter(struct str *out, unsigned field, const cJSON *parameter)
{
	const char *in = json_string(parameter, "in", "");
	bool query = strcmp(in, "query") == 0;
	struct str inner = STR_INIT, non_body = STR_INIT, whole = STR_INIT, item = STR_INIT;

	if (json_bool(parameter, "required", false))
		put_true(&inner, 1);
	put_text(&inner, 2, in);
	put_text(&inner, 4, json_string(parameter, "name", ""));
	put_text(&inner, query ? 6 : 5, json_string(parameter, "type", ""));
	put_message(&non_body, query ? NON_BODY_QUERY : NON_BODY_PATH, &inner);
	put_message(&whole, PARAMETER_NON_BODY, &non_body);
	put_message(&item, PARAMETERS_ITEM_PARAMETER, &whole);
	put_message(out, field, &item);
}

static void
put_responses(struct str *out, const cJSON *responses)
{
	struct str message = STR_INIT;
	const cJSON *response;

	cJSON_ArrayForEach(response, responses) {
		struct str inner = STR_INIT, value = STR_INIT;

		put_text(&inner, RESPONSE_DESCRIPTION, json_string(response, "description", ""));
		put_message(&value, RESPONSE_VALUE_RESPONSE, &inner);
		put_named(&message, RESPONSES_CODE, response->string, &value);
	}
	put_message(out, OPERATION_RESPONSES, &message);
}

static void
put_operation(struct str *out, unsigned field, const cJSON *operation)
{
	struct str message = STR_INIT;
	const cJSON *parameter;

	put_texts(&message, OPERATION_CONSUMES, json_at(operation, "consumes"));
	cJSON_ArrayForEach(parameter, json_at(operation, "parameters"))
		put_parameter(&message, OPERATION_PARAMETERS, parameter);
	put_responses(&message, json_at(operation, "responses"));
	put_extensions(&message, OPERATION_EXTENSION, operation);
	put_message(out, field, &message);
}

static void
put_path(struct str *out, const cJSON *path)
{
	static const struct {
		const char *method;
		unsigned field;
	} methods[] = {
		{ "get", 2 }, { "put", 3 }, { "post", 4 }, { "delete", 5 }, { "patch", 8 }
	};
	struct str item = STR_INIT;
	const cJSON *parameter;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		const cJSON *operation = json_at(path, methods[i].method);

		if (operation)
			put_operation(&item, methods[i].field, operation);
	}
	cJSON_ArrayForEach(parameter, json_at(path, "parameters"))
		put_parameter(&item, PATH_PARAMETERS, parameter);
	put_named(out, PATHS_PATH, path->string, &item);
}

void
openapi_v2_protobuf(const cJSON *document, struct str *out)
{
	struct str info = STR_INIT, paths = STR_INIT, definitions = STR_INIT;
	const cJSON *path;

	put_text(out, DOCUMENT_SWAGGER, json_string(document, "swagger", ""));
	put_text(&info, INFO_TITLE, json_string(document, "info/title", ""));
	put_text(&info, INFO_VERSION, json_string(document, "info/version", ""));
	put_message(out, DOCUMENT_INFO, &info);
	cJSON_ArrayForEach(path, json_at(document, "paths"))
		put_path(&paths, path);
	put_message(out, DOCUMENT_PATHS, &paths);
	put_properties(&definitions, json_at(document, "definitions"));
	put_message(out, DOCUMENT_DEFINITIONS, &definitions);
}
