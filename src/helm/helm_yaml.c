#include "config.h"

#include "helm/helm_yaml.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/yaml.h"
#include "base/xalloc.h"

static void print_value(const cJSON *value, bool sorted, int indent, struct str *out);

/* ---- texts ---- */

/* "2026-11-21", or that with a time of day behind it. */
static bool
is_time(const char *text)
{
	size_t year = strspn(text, "0123456789"), month, day;

	if (year != 4 || text[4] != '-')
		return false;
	month = strspn(text + 5, "0123456789");
	if (month < 1 || month > 2 || text[5 + month] != '-')
		return false;
	text += 6 + month;
	day = strspn(text, "0123456789");
	return (day == 1 || day == 2) && (!text[day] || strchr("Tt ", text[day]));
}

/* Whether it would be read as a number, a boolean, null or a time. */
static bool
is_taken_otherwise(const char *text)
{
	struct yaml_node node = { .kind = YAML_SCALAR, .plain = true };
	cJSON *value;
	bool is_text;

	if (!*text || strspn(text, "0123456789-:") == strlen(text) || strcmp(text, "=") == 0 ||
	    strcmp(text, "<<") == 0 || is_time(text))
		return true;
	node.text = xstrdup(text);
	node.len = strlen(text);
	value = yaml_to_json(&node);
	is_text = cJSON_IsString(value);
	cJSON_Delete(value);
	free(node.text);
	return !is_text;
}

static bool
has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

static bool
is_plain(const char *text)
{
	size_t len = strlen(text);

	if (strchr("!&*-?:,[]{}#|>@`\"'%= ", text[0]) &&
	    !(strchr("-?:", text[0]) && text[1] && text[1] != ' '))
		return false;
	return !strstr(text, ": ") && !strstr(text, " #") && text[len - 1] != ':' &&
	       text[len - 1] != ' ';
}

static void
print_double_quoted(const char *text, struct str *out)
{
	str_append_char(out, '"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			str_printf(out, "\\%c", *text);
		else if (*text == '\n')
			str_append(out, "\\n");
		else if (*text == '\t')
			str_append(out, "\\t");
		else if ((unsigned char)*text < ' ' || *text == 127)
			str_printf(out, "\\x%02X", (unsigned)(unsigned char)*text);
		else
			str_append_char(out, *text);
	}
	str_append_char(out, '"');
}

static void
print_single_quoted(const char *text, struct str *out)
{
	str_append_char(out, '\'');
	for (; *text; text++) {
		str_append_char(out, *text);
		if (*text == '\'')
			str_append_char(out, '\'');
	}
	str_append_char(out, '\'');
}

/* Whether a block keeps it as it is. */
static bool
fits_block(const char *text)
{
	if (!strchr(text, '\n') || strchr(" \n\t", text[0]))
		return false;
	for (const char *at = text; *at; at++)
		if (((unsigned char)*at < ' ' && *at != '\n') || *at == 127)
			return false;
	return strstr(text, " \n") == NULL;
}

static void
print_block(const char *text, int indent, struct str *out)
{
	size_t len = strlen(text);
	bool ends = text[len - 1] == '\n';

	str_append(out, !ends ? "|-" : len > 1 && text[len - 2] == '\n' ? "|+" : "|");
	str_append_char(out, '\n');
	while (*text) {
		size_t line = strcspn(text, "\n");

		if (line)
			str_append_repeated(out, ' ', indent);
		str_append_bytes(out, text, line);
		str_append_char(out, '\n');
		text += line + (text[line] == '\n');
	}
}

static void
print_text(const char *text, int indent, struct str *out)
{
	if (fits_block(text)) {
		print_block(text, indent, out);
		return;
	}
	if (is_taken_otherwise(text) || has_control(text))
		print_double_quoted(text, out);
	else if (!is_plain(text))
		print_single_quoted(text, out);
	else
		str_append(out, text);
	str_append_char(out, '\n');
}

/* ---- containers ---- */

static int
order_of_names(const void *a, const void *b)
{
	return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* The members, by name or as they stand; the caller frees. */
static const cJSON **
members_of(const cJSON *object, bool sorted, size_t *ret_count)
{
	const cJSON **members = NULL, *item;
	size_t count = 0, cap = 0;

	cJSON_ArrayForEach(item, object)
		*VEC_PUSH(members, count, cap) = item;
	if (sorted && count)
		qsort(members, count, sizeof(*members), order_of_names);
	*ret_count = count;
	return members;
}

static bool
is_empty(const cJSON *value)
{
	return (cJSON_IsObject(value) || cJSON_IsArray(value)) && !value->child;
}

static void
print_member(const cJSON *item, bool sorted, int indent, struct str *out)
{
	if (is_taken_otherwise(item->string))
		print_double_quoted(item->string, out);
	else if (!is_plain(item->string) || has_control(item->string))
		print_single_quoted(item->string, out);
	else
		str_append(out, item->string);
	str_append_char(out, ':');
	if (is_empty(item) || !(cJSON_IsObject(item) || cJSON_IsArray(item))) {
		str_append_char(out, ' ');
		print_value(item, sorted, indent + 2, out);
		return;
	}
	str_append_char(out, '\n');
	if (cJSON_IsObject(item))
		str_append_repeated(out, ' ', indent + 2);
	else
		str_append_repeated(out, ' ', indent);
	print_value(item, sorted, cJSON_IsObject(item) ? indent + 2 : indent, out);
}

/* The first member stands where the line is by now. */
static void
print_object(const cJSON *object, bool sorted, int indent, struct str *out)
{
	size_t count;
	const cJSON **members = members_of(object, sorted, &count);

	for (size_t i = 0; i < count; i++) {
		if (i)
			str_append_repeated(out, ' ', indent);
		print_member(members[i], sorted, indent, out);
	}
	free(members);
}

static void
print_list(const cJSON *list, bool sorted, int indent, struct str *out)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list) {
		if (item != list->child)
			str_append_repeated(out, ' ', indent);
		str_append(out, "- ");
		print_value(item, sorted, indent + 2, out);
	}
}

static void
print_value(const cJSON *value, bool sorted, int indent, struct str *out)
{
	char *text;

	if (is_empty(value)) {
		str_append(out, cJSON_IsArray(value) ? "[]\n" : "{}\n");
	} else if (cJSON_IsObject(value)) {
		print_object(value, sorted, indent, out);
	} else if (cJSON_IsArray(value)) {
		print_list(value, sorted, indent, out);
	} else if (cJSON_IsString(value)) {
		print_text(value->valuestring, indent, out);
	} else {
		text = json_print(value);
		str_printf(out, "%s\n", text);
		free(text);
	}
}

void
helm_yaml_print(const cJSON *value, bool sorted, struct str *out)
{
	print_value(value, sorted, 0, out);
}

cJSON *
helm_yaml_objects(const char *text)
{
	struct yaml_stream stream = { 0 };
	struct mark mark;
	cJSON *objects = cJSON_CreateArray(), *object;

	if (yaml_parse(text, strlen(text), &stream, &mark, NULL) < 0)
		return objects;
	for (size_t i = 0; i < stream.count; i++) {
		if (!stream.documents[i].root)
			continue;
		if (yaml_to_manifest(stream.documents[i].root, &object, &mark, NULL) < 0)
			continue;
		if (cJSON_IsObject(object))
			cJSON_AddItemToArray(objects, object);
		else
			cJSON_Delete(object);
	}
	yaml_stream_release(&stream);
	return objects;
}
