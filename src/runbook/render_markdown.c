#include "config.h"

#include "runbook/render.h"

#include <string.h>

#include "runbook/render_sink.h"

/* Text that stays text: no HTML, and in a table no cell border and no line break. */
static void
append_escaped(struct str *out, const char *text, bool cell)
{
	bool code = false;

	for (; *text; text++) {
		code ^= *text == '`';
		if (*text == '<' && !code)
			str_append(out, "&lt;");
		else if (*text == '|' && cell)
			str_append(out, "\\|");
		else if (*text == '\n' && cell)
			str_append(out, text[1] ? "<br>" : "");
		else
			str_append_char(out, *text);
	}
}

static void
markdown_heading(struct sink *sink, int level, const char *text)
{
	if (sink->out->len && !str_ends_with(sink->out->data, "\n\n"))
		str_append_char(sink->out, '\n');
	str_printf(sink->out, "%.*s ", level, "####");
	append_escaped(sink->out, text, false);
	str_append(sink->out, "\n\n");
}

static void
markdown_paragraph(struct sink *sink, const char *text)
{
	append_escaped(sink->out, text, false);
	while (str_ends_with(sink->out->data, "\n"))
		sink->out->data[--sink->out->len] = '\0';
	str_append(sink->out, "\n\n");
}

static void
append_code_span(struct str *out, const char *text)
{
	int ticks = str_longest_run(text, '`') + 1;

	str_append_repeated(out, '`', ticks);
	str_printf(out, ticks > 1 ? " %s " : "%s", text);
	str_append_repeated(out, '`', ticks);
}

/* Indented, as a part of the list item before it. */
static void
append_code_block(struct str *out, const char *code)
{
	int fence = str_longest_run(code, '`') + 1 > 3 ? str_longest_run(code, '`') + 1 : 3;

	str_append(out, "  ");
	str_append_repeated(out, '`', fence);
	str_append(out, "yaml\n");
	while (*code) {
		int len = (int)strcspn(code, "\n");

		str_printf(out, "  %.*s\n", len, code);
		code += len + (code[len] == '\n');
	}
	str_append(out, "  ");
	str_append_repeated(out, '`', fence);
	str_append_char(out, '\n');
}

static void
markdown_item(struct sink *sink, const char *label, const char *text, bool literal,
	      const char *code)
{
	str_printf(sink->out, "- **%s**: ", label);
	if (literal)
		append_code_span(sink->out, text);
	else
		append_escaped(sink->out, text, false);
	str_append_char(sink->out, '\n');
	if (code)
		append_code_block(sink->out, code);
}

static void
markdown_table(struct sink *sink, char *const *cells, size_t count, size_t width)
{
	for (size_t i = 0; i < count; i++) {
		str_append(sink->out, "| ");
		append_escaped(sink->out, cells[i], true);
		str_append(sink->out, i % width == width - 1 ? " |\n" : " ");
		if (i != width - 1)
			continue;
		for (size_t column = 0; column < width; column++)
			str_append(sink->out, "|---");
		str_append(sink->out, "|\n");
	}
}

void
runbook_render_markdown(const struct runbook *rb, struct str *out)
{
	struct sink sink = {
		.out = out,
		.heading = markdown_heading,
		.paragraph = markdown_paragraph,
		.item = markdown_item,
		.table = markdown_table,
	};

	render_to_sink(rb, &sink);
}
