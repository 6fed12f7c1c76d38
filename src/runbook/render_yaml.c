#include "config.h"

#include "runbook/render_sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"

static bool
is_word_of_yaml(const char *text)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n", NULL,
	};

	for (size_t i = 0; words[i]; i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* True for a text that needs no quotes in YAML, in a flow as well as in a line of its own. */
static bool
is_plain(const char *text)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/_";
	static const char more[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/._"
				   "0123456789-+=@?$ ()|";
	bool path = text[0] == '.' && text[1] && strchr(first, text[1]);
	int64_t ms;

	if (!text[0] || text[strspn(text, more)] || text[strlen(text) - 1] == ' ')
		return false;
	if (strchr(first, text[0]) || path)
		return !is_word_of_yaml(text);
	return strcmp(text, "0") != 0 && duration_parse(text, &ms, NULL) == 0;
}

static void
append_scalar(const cJSON *value, struct str *out)
{
	char *text = cJSON_IsString(value) && is_plain(value->valuestring) ? json_text(value)
									   : json_print(value);

	str_append(out, text);
	free(text);
}

void
render_yaml_flow(const cJSON *value, struct str *out)
{
	bool object = cJSON_IsObject(value);
	const cJSON *item;

	if (!object && !cJSON_IsArray(value)) {
		append_scalar(value, out);
		return;
	}
	str_append_char(out, object ? '{' : '[');
	cJSON_ArrayForEach(item, value) {
		if (item != value->child)
			str_append(out, ", ");
		if (object)
			str_printf(out, "%s: ", item->string);
		render_yaml_flow(item, out);
	}
	str_append_char(out, object ? '}' : ']');
}

static void
append_block(const char *text, int indent, struct str *out)
{
	str_append(out, str_ends_with(text, "\n") ? " |\n" : " |-\n");
	while (*text) {
		size_t len = strcspn(text, "\n");

		str_printf(out, "%*s%.*s\n", len ? indent : 0, "", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* True for what fits well on the line of its key. */
static bool
is_short(const cJSON *value)
{
	struct str flow = STR_INIT;
	bool is_short;

	if (cJSON_IsString(value))
		return strchr(value->valuestring, '\n') == NULL;
	render_yaml_flow(value, &flow);
	is_short = flow.len <= 60 && !strchr(flow.data, '\n');
	str_release(&flow);
	return is_short;
}

void
render_yaml_lines(const cJSON *value, int indent, struct str *out)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value) {
		str_printf(out, "%*s%s%s", indent, "", cJSON_IsObject(value) ? item->string : "-",
			   cJSON_IsObject(value) ? ":" : "");
		if (cJSON_IsString(item) && !is_short(item)) {
			append_block(item->valuestring, indent + 2, out);
		} else if (is_short(item)) {
			str_append_char(out, ' ');
			render_yaml_flow(item, out);
			str_append_char(out, '\n');
		} else {
			str_append_char(out, '\n');
			render_yaml_lines(item, indent + 2, out);
		}
	}
}
