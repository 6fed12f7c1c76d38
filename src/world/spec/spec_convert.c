#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "world/spec/spec_internal.h"

static cJSON *
duration_of(const char *text)
{
	int64_t ms = 0;

	if (duration_parse(text, &ms, NULL) < 0)
		ms = 0; /* checked by the loader, or a default of ours */
	return cJSON_CreateNumber((double)ms);
}

static cJSON *
default_of(const struct field *row)
{
	if (row->type == FIELD_DURATION)
		return duration_of(row->otherwise);
	if (row->type == FIELD_INT)
		return cJSON_CreateNumber(strtod(row->otherwise, NULL));
	if (row->type == FIELD_BOOL)
		return cJSON_CreateBool(strcmp(row->otherwise, "true") == 0);
	return cJSON_CreateString(row->otherwise);
}

static cJSON *
path_of(const char *name, const char *base)
{
	char *path = file_resolve(base, name);
	cJSON *value = cJSON_CreateString(path);

	free(path);
	return value;
}

/* What takes the value's place, or NULL where it stays. */
static cJSON *
convert_value(const struct field *row, enum field_type type, cJSON *value, const char *base)
{
	cJSON *item, *list;

	if (type == FIELD_DURATION && cJSON_IsString(value))
		return duration_of(value->valuestring);
	if (type == FIELD_PATH && cJSON_IsString(value))
		return path_of(value->valuestring, base);
	if (type == FIELD_OBJECT && cJSON_IsObject(value))
		world_convert(row->fields, value, base);
	if (type == FIELD_ONE_OR_LIST && !cJSON_IsArray(value)) {
		list = cJSON_CreateArray();
		cJSON_AddItemToArray(list, cJSON_Duplicate(value, true));
		return list;
	}
	if (type != FIELD_LIST && type != FIELD_MAP && type != FIELD_ONE_OR_LIST)
		return NULL;
	for (item = value->child; item;) {
		cJSON *next = item->next, *other = convert_value(row, row->items, item, base);

		if (other)
			cJSON_ReplaceItemViaPointer(value, item, other);
		item = next;
	}
	return NULL;
}

void
world_convert(const struct field *table, cJSON *object, const char *path)
{
	for (const struct field *row = table; row && row->name; row++) {
		cJSON *value = cJSON_GetObjectItemCaseSensitive(object, row->name);

		if (!value && row->otherwise)
			json_add(object, row->name, default_of(row));
		if (!value)
			continue;
		cJSON *other = convert_value(row, row->type, value, path);
		if (other)
			cJSON_ReplaceItemInObjectCaseSensitive(object, row->name, other);
	}
}
