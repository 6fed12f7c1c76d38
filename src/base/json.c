#include "config.h"

#include "base/json.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

cJSON *
json_parse(const char *text, size_t len_bytes, struct err *e)
{
	const char *end = NULL;
	cJSON *value = cJSON_ParseWithLengthOpts(text, len_bytes, &end, false);

	if (value) {
		while (end < text + len_bytes && isspace((unsigned char)*end))
			end++;
		if (end == text + len_bytes)
			return value;
		cJSON_Delete(value);
	}
	err_set(e, ERR_SPEC, "not valid JSON at byte %zu of %zu",
		end && end >= text ? (size_t)(end - text) : 0, len_bytes);
	return NULL;
}

/*
 * Appends one code point of a UTF-8 text as \uXXXX (a pair for the upper planes), a broken byte as
 * U+FFFD; returns its bytes.
 */
static size_t
append_escaped(struct str *out, const char *at, size_t left)
{
	int32_t code;
	size_t used = text_decode(at, left, &code);

	if (code < 0)
		str_append(out, "\\ufffd");
	else if (code >= 0x10000)
		str_printf(out, "\\u%04x\\u%04x", 0xd800 + ((unsigned)(code - 0x10000) >> 10),
			   0xdc00 + ((unsigned)code & 0x3ff));
	else
		str_printf(out, "\\u%04x", (unsigned)code);
	return used;
}

void
json_print_ascii(const cJSON *value, struct str *out)
{
	char *text = json_print(value);
	size_t left = strlen(text), used;

	for (const char *at = text; left; at += used, left -= used) {
		for (used = 0; used < left && at[used] > 0 && at[used] < 0x7f;)
			used++;
		str_append_bytes(out, at, used);
		if (used == 0)
			used = append_escaped(out, at, left);
	}
	free(text);
}

char *
json_print(const cJSON *value)
{
	char *text = cJSON_PrintUnformatted(value);

	if (!text)
		abort();
	return text;
}

char *
json_print_pretty(const cJSON *value)
{
	char *tabs = cJSON_Print(value);
	struct str out = STR_INIT;
	bool indent = true;

	if (!tabs)
		abort();
	for (const char *at = tabs; *at; at++) {
		if (*at == '\t')
			str_append(&out, indent ? "  " : " ");
		else
			str_append_char(&out, *at);
		indent = *at == '\n' || (indent && *at == '\t');
	}
	free(tabs);
	return str_take(&out);
}

/* The member or the element of that name. */
static const cJSON *
json_child(const cJSON *at, const char *name, size_t len)
{
	if (!cJSON_IsArray(at))
		return cJSON_GetObjectItemCaseSensitive(at, name);
	return len && len < 10 && strspn(name, "0123456789") == len
		       ? cJSON_GetArrayItem(at, atoi(name))
		       : NULL;
}

/* The first name of a path, cut out. */
static const cJSON *
json_step(const cJSON *at, const char *path, size_t len)
{
	char name[256];

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, path, len);
	name[len] = '\0';
	return json_child(at, name, len);
}

cJSON *
json_at(const cJSON *object, const char *path)
{
	const cJSON *at = object;

	while (at && *path) {
		size_t len = strcspn(path, "/");

		at = path[len] ? json_step(at, path, len) : json_child(at, path, len);
		path += len + (path[len] == '/');
	}
	return (cJSON *)(uintptr_t)at;
}

const char *
json_string(const cJSON *object, const char *path, const char *otherwise)
{
	const cJSON *value = json_at(object, path);

	return cJSON_IsString(value) ? value->valuestring : otherwise;
}

/* The integer that json_add_int() or yaml_to_json() kept as digits. */
static int64_t
digits_value(const char *digits, int64_t otherwise)
{
	char *end;

	errno = 0;
	long long value = strtoll(digits, &end, 10);
	return errno || *end || end == digits ? otherwise : value;
}

int64_t
json_int(const cJSON *object, const char *path, int64_t otherwise)
{
	const cJSON *value = json_at(object, path);

	if (cJSON_IsRaw(value))
		return digits_value(value->valuestring, otherwise);
	if (!cJSON_IsNumber(value) || !(fabs(value->valuedouble) < 9007199254740992.0))
		return otherwise;
	return (int64_t)value->valuedouble;
}

bool
json_bool(const cJSON *object, const char *path, bool otherwise)
{
	const cJSON *value = json_at(object, path);

	return cJSON_IsBool(value) ? cJSON_IsTrue(value) : otherwise;
}

void
json_add(cJSON *object, const char *name, cJSON *value)
{
	if (!value || !cJSON_AddItemToObject(object, name, value))
		abort();
}

void
json_replace(cJSON *object, const char *name, cJSON *value)
{
	if (!cJSON_GetObjectItemCaseSensitive(object, name))
		json_add(object, name, value);
	else if (!value || !cJSON_ReplaceItemInObjectCaseSensitive(object, name, value))
		abort();
}

void
json_add_string(cJSON *object, const char *name, const char *value)
{
	json_add(object, name, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void
json_add_int(cJSON *object, const char *name, int64_t value)
{
	char *digits;

	if (value > -JSON_EXACT_BELOW && value < JSON_EXACT_BELOW) {
		json_add(object, name, cJSON_CreateNumber((double)value));
		return;
	}
	digits = xasprintf("%lld", (long long)value);
	json_add(object, name, cJSON_CreateRaw(digits));
	free(digits);
}

void
json_add_bool(cJSON *object, const char *name, bool value)
{
	json_add(object, name, cJSON_CreateBool(value));
}

bool
json_truthy(const cJSON *value)
{
	return value && !cJSON_IsNull(value) && !cJSON_IsFalse(value);
}

char *
json_text(const cJSON *value)
{
	if (!value)
		return xstrdup("");
	return cJSON_IsString(value) ? xstrdup(value->valuestring) : json_print(value);
}
