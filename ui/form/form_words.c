#include "config.h"

#include "ui/form/form.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "ui/text/lines.h"

/* What the screen and the lines of the form say alike. */

char *
form_source_words(const struct form_value *value)
{
	static const char *const words[] = {
		[FORM_MISSING] = "to fill in",	 [FORM_OPTIONAL] = "may stay empty",
		[FORM_LATER] = "default, later", [FORM_DEFAULT] = "default",
		[FORM_FILE] = "params file",	 [FORM_COMMAND_LINE] = "given by -p",
		[FORM_TYPED] = "typed here",
	};

	if (value->is_pending)
		return xstrdup("being read");
	if (value->problem)
		return xstrdup("cannot be taken");
	if (value->source == FORM_LAST_RUN)
		return xasprintf("last run, %s", value->last_day);
	return xstrdup(words[value->source]);
}

char *
form_value_words(const struct form_value *value)
{
	if (value->text)
		return xstrdup(value->text);
	if (!value->hidden)
		return xstrdup(value->place ? value->place : "");
	return xasprintf("%s%s(hidden, %zu character%s)", value->place ? value->place : "",
			 value->place ? " " : "", value->hidden, value->hidden == 1 ? "" : "s");
}

static void
add(struct lines *lines, const char *label, const char *text)
{
	char *prefix = xasprintf("%-9s ", label);

	lines_wrap(lines, ROLE_LABEL, prefix, ROLE_TEXT, text);
	free(prefix);
}

static const char *
describe_type(enum param_type type)
{
	static const char *const words[] = {
		[PARAM_STRING] = "a text",
		[PARAM_TEXT] = "a text",
		[PARAM_INT] = "a whole number",
		[PARAM_BOOL] = "yes or no",
		[PARAM_CHOICE] = "one of several words",
		[PARAM_HOSTNAME] = "a host name, such as tsb.example.com",
		[PARAM_IP] = "an IP address, such as 192.0.2.10 or 2001:db8::10",
		[PARAM_URL] = "a URL, such as https://tsb.example.com:8443/",
		[PARAM_PATH] = "a path",
		[PARAM_DURATION] = "a duration, such as 90s, 5m or 1h30m",
		[PARAM_LIST] = "a list",
		[PARAM_SECRET] = "a secret",
	};

	return words[type];
}

static void
add_type(const struct param *param, struct lines *lines)
{
	char *text;

	if (param->type == PARAM_LIST)
		text = xasprintf("a list, with commas between its elements, each %s",
				 describe_type(param->items));
	else
		text = xasprintf("%s%s", describe_type(param->type),
				 param->type == PARAM_PATH && param->must_exist
					 ? ", of something that is there"
					 : "");
	add(lines, "type", text);
	free(text);
}

static void
add_choices(const struct param *param, struct lines *lines)
{
	struct str text = STR_INIT;

	for (size_t i = 0; param->choices[i]; i++)
		str_printf(&text, "%s%s", i ? ", " : "", param->choices[i]);
	add(lines, "choices", str_cstr(&text));
	str_release(&text);
}

static void
add_sources(const struct param *param, struct lines *lines)
{
	static const struct {
		enum secret_source source;
		const char *how;
	} sources[] = {
		{ SECRET_FROM_PROMPT, "typed here, hidden" },
		{ SECRET_FROM_FILE, "file:PATH" },
		{ SECRET_FROM_ENV, "env:VARIABLE" },
		{ SECRET_FROM_KUBERNETES, "kubernetes:NAMESPACE/SECRET/KEY[@CONTEXT]" },
	};
	struct str text = STR_INIT;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (param->from & sources[i].source)
			str_printf(&text, "%s%s", text.len ? ", or " : "", sources[i].how);
	add(lines, "from", str_cstr(&text));
	str_release(&text);
}

static void
add_default(const struct param *param, struct lines *lines)
{
	char *text = json_text(param->otherwise);

	add(lines, "default", *text ? text : "empty");
	free(text);
}

static void
add_last(const struct form_value *value, struct lines *lines)
{
	char *text = xasprintf("%s (%s)", *value->last ? value->last : "empty", value->last_day);

	add(lines, "last run", text);
	free(text);
}

void
form_explain(const struct param *param, const struct form_value *value, struct lines *lines)
{
	if (value->problem)
		lines_wrap(lines, ROLE_BAD, "! ", ROLE_BAD, value->problem);
	if (param->text)
		lines_markdown(lines, param->text);
	add_type(param, lines);
	if (param->choices)
		add_choices(param, lines);
	if (param->type == PARAM_SECRET)
		add_sources(param, lines);
	if (param->pattern)
		add(lines, "pattern", param->pattern);
	if (param->otherwise)
		add_default(param, lines);
	if (value->last)
		add_last(value, lines);
}
