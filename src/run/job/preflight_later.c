#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/job/preflight_internal.h"
#include "runbook/template.h"

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/*
 * Whether `root` stands in the text as a member of the context or as its variable. Too often rather than
 * too seldom: a value that is wrongly held to be unknown is asked for without, and said to be so.
 */
static bool
mentions(const char *text, const char *root)
{
	size_t len = strlen(root);

	for (const char *at = text; (at = strstr(at, root)); at += len) {
		char before = at == text ? ' ' : at[-1];
		char further = at - text < 2 ? ' ' : at[-2];

		if (is_word(at[len]))
			continue;
		if (before == '$' || (before == '"' && further == '[') ||
		    (before == '.' && !is_word(further) && !strchr("])?\"", further)))
			return true;
	}
	return false;
}

bool
look_is_later(const struct look *look, const char *expression)
{
	return mentions(expression, "steps") || mentions(expression, "run") ||
	       (look->unknown_item && mentions(expression, look->unknown_item));
}

struct scan {
	const struct look *look;
	bool later;
};

static void
found_expression(void *data, const char *expression, size_t offset)
{
	struct scan *scan = data;

	(void)offset;
	scan->later = scan->later || look_is_later(scan->look, expression);
}

bool
look_template_is_later(const struct look *look, const char *text)
{
	struct scan scan = { look, false };

	return strstr(text, "${") && template_scan(text, found_expression, &scan, NULL) == 0 &&
	       scan.later;
}

static cJSON *
copy_any(const struct look *look, const cJSON *value, bool *ret_some)
{
	const cJSON *item;
	cJSON *copy;

	if (cJSON_IsString(value) && look_template_is_later(look, value->valuestring)) {
		*ret_some = true;
		return cJSON_CreateString(PREFLIGHT_LATER);
	}
	if (!cJSON_IsArray(value) && !cJSON_IsObject(value))
		return cJSON_Duplicate(value, true);
	copy = cJSON_IsArray(value) ? cJSON_CreateArray() : cJSON_CreateObject();
	cJSON_ArrayForEach(item, value) {
		cJSON *inner = copy_any(look, item, ret_some);

		if (item->string)
			json_add(copy, item->string, inner);
		else
			cJSON_AddItemToArray(copy, inner);
	}
	return copy;
}

/* Whether a word may stand where the field's value is not known: a number, say, must be left out. */
static bool
takes_words(const struct field *field)
{
	enum field_type type = field->type == FIELD_LIST || field->type == FIELD_MAP ||
					       field->type == FIELD_ONE_OR_LIST
				       ? field->items
				       : field->type;

	return type == FIELD_STRING || type == FIELD_TEXT || type == FIELD_PATH ||
	       type == FIELD_ANY;
}

cJSON *
look_without_later(const struct look *look, const struct field *fields, const cJSON *with,
		   bool *ret_some)
{
	cJSON *copy = cJSON_CreateObject();
	const cJSON *member;

	*ret_some = false;
	cJSON_ArrayForEach(member, with) {
		const struct field *field = field_find(fields, member->string);
		bool later = false;
		cJSON *value;

		/* expressions are judged over results, and checks are looked at by themselves */
		if (!field || field->type == FIELD_EXPRESSION || field->type == FIELD_CHECK)
			value = cJSON_Duplicate(member, true);
		else
			value = copy_any(look, member, &later);
		*ret_some = *ret_some || later;
		if (!later || takes_words(field)) {
			/* what a template may yield as a list is one word here */
			if (later && field->type == FIELD_LIST && cJSON_IsString(value)) {
				cJSON *list = cJSON_CreateArray();

				cJSON_AddItemToArray(list, value);
				value = list;
			}
			json_add(copy, member->string, value);
		} else {
			cJSON_Delete(value);
		}
	}
	return copy;
}
