#include "config.h"

#include "world/object/go_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

static int
by_name(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

const cJSON **
go_members(const cJSON *map, size_t *ret_count)
{
	size_t count = (size_t)cJSON_GetArraySize(map), i = 0;
	const cJSON **members = xcalloc(count + 1, sizeof(cJSON *));
	const cJSON *member;

	cJSON_ArrayForEach(member, map)
		members[i++] = member;
	qsort(members, count, sizeof(cJSON *), by_name);
	*ret_count = count;
	return members;
}

const char *
go_type(const cJSON *value)
{
	if (cJSON_IsObject(value))
		return "object";
	if (cJSON_IsArray(value))
		return "array";
	if (cJSON_IsString(value))
		return "string";
	return cJSON_IsBool(value) ? "bool" : "number";
}

/* ---- fmt ---- */

static void
map_text(const cJSON *map, struct str *out)
{
	size_t count;
	const cJSON **members = go_members(map, &count);

	str_append(out, "map[");
	for (size_t i = 0; i < count; i++) {
		str_printf(out, "%s%s:", i ? " " : "", members[i]->string);
		go_text(members[i], out);
	}
	str_append_char(out, ']');
	free(members);
}

void
go_text(const cJSON *value, struct str *out)
{
	const cJSON *element;

	if (cJSON_IsObject(value)) {
		map_text(value, out);
	} else if (cJSON_IsArray(value)) {
		str_append_char(out, '[');
		cJSON_ArrayForEach(element, value) {
			str_append(out, element == value->child ? "" : " ");
			go_text(element, out);
		}
		str_append_char(out, ']');
	} else if (!value || cJSON_IsNull(value)) {
		str_append(out, "<nil>");
	} else {
		char *text = json_text(value);

		str_append(out, text);
		free(text);
	}
}

/* ---- encoding/json ---- */

/* As short as it can be and be the same number again. Source: Go, package fmt, %v of a float64. */
static void
append_number(struct str *out, double number)
{
	char text[64];

	if (number == trunc(number) && fabs(number) < 1e21) {
		str_printf(out, "%.0f", number);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	str_append(out, text);
}

/* A string in quotes; besides what JSON wants, what would be markup in a page is escaped. */
static void
append_quoted(struct str *out, const char *string)
{
	static const struct {
		const char *bytes, *escape;
	} escapes[] = {
		{ "<", "\\u003c" },
		{ ">", "\\u003e" },
		{ "&", "\\u0026" },
		{ "\xe2\x80\xa8", "\\u2028" },
		{ "\xe2\x80\xa9", "\\u2029" },
	};
	cJSON *value = cJSON_CreateString(string);
	char *text = json_print(value);

	for (const char *at = text; *at;) {
		size_t i = 0, count = sizeof(escapes) / sizeof(escapes[0]);

		while (i < count && !str_starts_with(at, escapes[i].bytes))
			i++;
		if (i < count)
			str_append(out, escapes[i].escape);
		else
			str_append_char(out, *at);
		at += i < count ? strlen(escapes[i].bytes) : 1;
	}
	free(text);
	cJSON_Delete(value);
}

static void
append_object(struct str *out, const cJSON *object)
{
	size_t count;
	const cJSON **members = go_members(object, &count);

	str_append_char(out, '{');
	for (size_t i = 0; i < count; i++) {
		str_append(out, i ? "," : "");
		append_quoted(out, members[i]->string);
		str_append_char(out, ':');
		go_json(members[i], out);
	}
	str_append_char(out, '}');
	free(members);
}

static void
append_array(struct str *out, const cJSON *array)
{
	const cJSON *item;

	str_append_char(out, '[');
	cJSON_ArrayForEach(item, array) {
		str_append(out, item == array->child ? "" : ",");
		go_json(item, out);
	}
	str_append_char(out, ']');
}

void
go_json(const cJSON *value, struct str *out)
{
	if (cJSON_IsObject(value)) {
		append_object(out, value);
	} else if (cJSON_IsArray(value)) {
		append_array(out, value);
	} else if (cJSON_IsString(value)) {
		append_quoted(out, value->valuestring);
	} else if (cJSON_IsNumber(value)) {
		append_number(out, value->valuedouble);
	} else {
		char *text = json_print(value);

		str_append(out, text);
		free(text);
	}
}
