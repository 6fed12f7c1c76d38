#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "helm/helm_values.h"

/* The language of --set. */

enum { MAX_INDEX = 65536, MAX_DEPTH = 30, MAX_FILE = 1 << 20 };

/* Where one stands in it. */
struct setter {
	const char *at;
	bool texts, files, json;
};

/* Reads until one of `stops` that no backslash stands before, and stops there. */
static char *
read_until(struct setter *s, const char *stops)
{
	struct str out = STR_INIT;

	while (*s->at && !strchr(stops, *s->at)) {
		if (*s->at == '\\' && s->at[1])
			s->at++;
		str_append_char(&out, *s->at++);
	}
	return str_take(&out);
}

/* Source: helm, pkg/strvals, typedVal. */
static cJSON *
typed(const char *text, bool is_text)
{
	size_t sign = text[0] == '-' || text[0] == '+';
	size_t digits = strspn(text + sign, "0123456789");

	if (is_text)
		return cJSON_CreateString(text);
	if (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0)
		return cJSON_CreateBool(tolower((unsigned char)text[0]) == 't');
	if (strcasecmp(text, "null") == 0)
		return cJSON_CreateNull();
	if (strcmp(text, "0") == 0)
		return cJSON_CreateNumber(0);
	if (digits > 0 && digits < 16 && !text[sign + digits] && text[0] != '0')
		return cJSON_CreateNumber((double)strtoll(text, NULL, 10));
	return cJSON_CreateString(text);
}

static cJSON *
value_of(const struct setter *s, const char *text, struct err *e)
{
	struct str file = STR_INIT;
	cJSON *value;

	if (!s->files)
		return typed(text, s->texts);
	if (file_read(text, MAX_FILE, &file, NULL) < 0) {
		err_set(e, ERR_NOT_FOUND, "open %s: no such file or directory", text);
		return NULL;
	}
	value = cJSON_CreateString(str_cstr(&file));
	str_release(&file);
	return value;
}

/* "{a,b}": the elements. */
static cJSON *
read_list(struct setter *s, struct err *e)
{
	cJSON *list = cJSON_CreateArray();

	for (s->at++; *s->at && *s->at != '}';) {
		char *text = read_until(s, ",}");
		cJSON *value = value_of(s, text, e);

		free(text);
		if (!value)
			goto failed;
		cJSON_AddItemToArray(list, value);
		if (*s->at == ',')
			s->at++;
	}
	if (*s->at == '}') {
		s->at++;
		return list;
	}
	err_set(e, ERR_SPEC, "list must terminate with '}'");
failed:
	cJSON_Delete(list);
	return NULL;
}

/* A value that says itself where it ends; without one it is null. */
static cJSON *
read_json(struct setter *s, struct err *e)
{
	const char *end = NULL;
	cJSON *value;

	s->at += strspn(s->at, " \t\r\n");
	if (!*s->at || *s->at == ',')
		return cJSON_CreateNull();
	value = cJSON_ParseWithOpts(s->at, &end, false);
	if (!value) {
		err_set(e, ERR_SPEC, "invalid JSON at \"%s\"", end ? end : s->at);
		return NULL;
	}
	s->at = end + strspn(end, " \t\r\n");
	return value;
}

/* What is behind the equals sign. NULL: an error. */
static cJSON *
read_value(struct setter *s, struct err *e)
{
	cJSON *value;
	char *text;

	if (s->json)
		return read_json(s, e);
	if (*s->at == '{')
		return read_list(s, e);
	text = read_until(s, ",");
	value = value_of(s, text, e);
	free(text);
	return value;
}

static int set_member(struct setter *s, cJSON *object, int depth, struct err *e);

/* Makes a list long enough, and puts an element in its place. */
static void
put_element(cJSON *list, int index, cJSON *value)
{
	for (int size = cJSON_GetArraySize(list); size <= index; size++)
		cJSON_AddItemToArray(list, cJSON_CreateNull());
	cJSON_ReplaceItemInArray(list, index, value);
}

static int
read_index(struct setter *s, int *ret_index, struct err *e)
{
	char *end;
	long index = strtol(++s->at, &end, 10);

	if (end == s->at || *end != ']')
		return err_set(e, ERR_SPEC,
			       "error parsing index: strconv.Atoi: parsing \"%.*s\": "
			       "invalid syntax",
			       (int)strcspn(s->at, "]"), s->at);
	if (index < 0 || index > MAX_INDEX)
		return err_set(e, ERR_SPEC,
			       "index of %ld is greater than maximum supported index of %d", index,
			       MAX_INDEX);
	s->at = end + 1;
	*ret_index = (int)index;
	return 0;
}

/* Behind "name", at "[": the index, and then an element of the list. */
static int
set_element(struct setter *s, cJSON *list, int depth, struct err *e)
{
	cJSON *value, *element;
	int index = 0;

	if (depth > MAX_DEPTH)
		return err_set(e, ERR_SPEC,
			       "value name nested level is greater than maximum "
			       "supported nested level of %d",
			       MAX_DEPTH);
	if (read_index(s, &index, e) < 0)
		return -1;
	element = cJSON_GetArrayItem(list, index);
	switch (*s->at) {
	case '=':
		s->at++;
		if (!(value = read_value(s, e)))
			return -1;
		put_element(list, index, value);
		return 0;
	case '[':
	case '.':
		if (*s->at == '[' ? !cJSON_IsArray(element) : !cJSON_IsObject(element)) {
			put_element(list, index,
				    *s->at == '[' ? cJSON_CreateArray() : cJSON_CreateObject());
			element = cJSON_GetArrayItem(list, index);
		}
		if (*s->at == '[')
			return set_element(s, element, depth + 1, e);
		s->at++;
		return set_member(s, element, depth + 1, e);
	default:
		return err_set(e, ERR_SPEC, "unexpected data at end of array index %d", index);
	}
}

/* The member of that name as a container of that kind, made where it is none. */
static cJSON *
container(cJSON *object, const char *name, bool is_list)
{
	cJSON *inner = cJSON_GetObjectItemCaseSensitive(object, name);

	if (is_list ? cJSON_IsArray(inner) : cJSON_IsObject(inner))
		return inner;
	inner = is_list ? cJSON_CreateArray() : cJSON_CreateObject();
	json_replace(object, name, inner);
	return inner;
}

/* "name=v", "name.…" or "name[0]…". */
static int
set_member(struct setter *s, cJSON *object, int depth, struct err *e)
{
	char *name = read_until(s, ".[,=");
	cJSON *value;
	int rc = -1;

	if (depth > MAX_DEPTH)
		err_set(e, ERR_SPEC,
			"value name nested level is greater than maximum supported "
			"nested level of %d",
			MAX_DEPTH);
	else if (*s->at == '.' || *s->at == '[') {
		bool is_list = *s->at == '[';
		cJSON *inner = container(object, name, is_list);

		s->at += !is_list;
		rc = is_list ? set_element(s, inner, depth + 1, e)
			     : set_member(s, inner, depth + 1, e);
	} else if (*s->at != '=') {
		err_set(e, ERR_SPEC, "key \"%s\" has no value%s", name,
			*s->at == ',' ? " (cannot end with ,)" : "");
	} else {
		s->at++;
		if ((value = read_value(s, e))) {
			json_replace(object, name, value);
			rc = 0;
		}
	}
	free(name);
	return rc;
}

static int
set_members(struct setter *s, cJSON *values, struct err *e)
{
	while (*s->at) {
		if (set_member(s, values, 0, e) < 0)
			return -1;
		if (*s->at == ',')
			s->at++;
	}
	return 0;
}

int
helm_values_set(const char *text, bool texts, bool files, cJSON *values, struct err *e)
{
	struct setter s = { .at = text, .texts = texts, .files = files };

	return set_members(&s, values, e);
}

int
helm_values_set_json(const char *text, cJSON *values, struct err *e)
{
	struct setter s = { .at = text, .json = true };

	return set_members(&s, values, e);
}
