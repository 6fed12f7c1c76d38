#include "config.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "ui/line_input.h"
#include "ui/lines.h"
#include "ui/ui.h"

enum { COLUMNS_WIDE = 78 };

static void
print_lines(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		fprintf(stderr, "%s\n", lines->items[i].text);
}

/* What is asked, and what an answer may look like. */
static void
print_question(const struct param *param, const char *problem)
{
	struct lines lines;

	lines_init(&lines, COLUMNS_WIDE);
	if (problem)
		lines_wrap(&lines, ROLE_BAD, "! ", ROLE_BAD, problem);
	lines_add(&lines, ROLE_STRONG, "%s", param->title);
	if (param->text)
		lines_markdown(&lines, param->text);
	for (size_t i = 0; param->choices && param->choices[i]; i++)
		lines_add(&lines, ROLE_TEXT, "  - %s", param->choices[i]);
	print_lines(&lines);
	lines_release(&lines);
}

static void
print_prompt(const struct param *param)
{
	char *otherwise = param->otherwise ? json_text(param->otherwise) : NULL;
	char *clean = otherwise ? text_clean(otherwise, 0) : NULL;

	fprintf(stderr, "%s (%s%s%s%s)> ", param->name, param_type_name(param->type),
		param->type == PARAM_SECRET ? ", hidden" : "", clean ? ", default " : "",
		clean ? clean : "");
	fflush(stderr);
	free(clean);
	free(otherwise);
}

static char *
read_line(void)
{
	struct line_input input = { STR_INIT, false };
	char *line = NULL;

	while (!line_input_take(&input, &line) && !input.ended) {
		struct pollfd pfd = { STDIN_FILENO, POLLIN, 0 };

		poll(&pfd, 1, -1);
		line_input_fill(&input);
	}
	line_input_release(&input);
	return line;
}

char *
ui_ask_param(const struct param *param, const char *problem, struct err *e)
{
	char *line;

	if (!isatty(STDIN_FILENO)) {
		err_set(e, ERR_USAGE,
			"the parameter %s is needed, and there is no terminal to ask at. "
			"Give -p %s=%s",
			param->name, param->name,
			param->type == PARAM_SECRET ? "file:PATH or env:NAME" : "VALUE");
		return NULL;
	}
	print_question(param, problem);
	print_prompt(param);
	if (param->type == PARAM_SECRET)
		line_input_hide();
	line = read_line();
	line_input_show();
	if (!line)
		err_set(e, ERR_CANCELLED, "the input ended before the parameter %s was given",
			param->name);
	return line;
}
