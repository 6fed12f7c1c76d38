#include "config.h"

#include "runbook/render.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "runbook/render_sink.h"

enum { MIN_COLUMNS = 40, INDENT = 4, CELLS_MAX = 8, GAP = 2 };

struct wrap {
	struct str *out;
	int indent;
};

static void
indented_line(void *data, const char *text, size_t len)
{
	struct wrap *wrap = data;

	str_printf(wrap->out, "%*s", len ? wrap->indent : 0, "");
	str_append_bytes(wrap->out, text, len);
	str_append_char(wrap->out, '\n');
}

static void
repeat(struct str *out, char c, int count)
{
	while (count-- > 0)
		str_append_char(out, c);
}

static void
text_heading(struct sink *sink, int level, const char *text)
{
	int width = text_width(text) < sink->columns ? text_width(text) : sink->columns;
	struct wrap wrap = { sink->out, 0 };

	if (sink->out->len && !str_ends_with(sink->out->data, "\n\n"))
		str_append_char(sink->out, '\n');
	text_wrap(text, sink->columns, indented_line, &wrap);
	if (level <= 3)
		repeat(sink->out, level == 1 ? '=' : level == 2 ? '-' : '.', width);
	if (level <= 3)
		str_append_char(sink->out, '\n');
}

/* True where a line begins something of its own: a list, a quotation, code, an empty line. */
static bool
begins_block(const char *line)
{
	size_t digits = strspn(line, "0123456789");

	return *line == '\0' || strchr("\n \t>#|", *line) || str_starts_with(line, "- ") ||
	       str_starts_with(line, "* ") || str_starts_with(line, "```") ||
	       (digits && line[digits] == '.');
}

/* The lines of a paragraph become one, to be broken anew; code stays as it stands. */
static void
join_lines(char *text)
{
	bool code = false;

	for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
		if (str_starts_with(line, "```"))
			code = !code;
		else if (!code && line != end && !begins_block(end + 1))
			*end = ' ';
	}
}

static void
text_paragraph(struct sink *sink, const char *text)
{
	struct wrap wrap = { sink->out, INDENT };
	char *body = xstrdup(text);

	for (size_t len = strlen(body); len && body[len - 1] == '\n'; len--)
		body[len - 1] = '\0';
	join_lines(body);
	text_wrap(body, sink->columns - INDENT, indented_line, &wrap);
	str_append_char(sink->out, '\n');
	free(body);
}

static void
text_item(struct sink *sink, const char *label, const char *text, bool literal, const char *code)
{
	struct wrap wrap = { sink->out, INDENT };
	char *line = xasprintf("- %s: %s", label, text);

	(void)literal; /* plain text has but one kind */
	text_wrap(line, sink->columns - INDENT, indented_line, &wrap);
	free(line);
	/* Never wrapped: it is to be read, and copied, as it stands. */
	for (; code && *code; code += strcspn(code, "\n"), code += *code == '\n')
		indented_line(&(struct wrap){ sink->out, 2 * INDENT }, code, strcspn(code, "\n"));
}

/* The lines of one cell, wrapped to its column. */
struct cell {
	char **lines;
	size_t count, cap;
};

static void
cell_line(void *data, const char *text, size_t len)
{
	struct cell *cell = data;

	*VEC_PUSH(cell->lines, cell->count, cell->cap) = xstrndup(text, len);
}

static void
write_row(struct sink *sink, char *const *row, const int *widths, size_t width)
{
	struct cell cells[CELLS_MAX] = { 0 };
	size_t lines = 1;

	for (size_t i = 0; i < width; i++) {
		text_wrap(row[i], widths[i], cell_line, &cells[i]);
		lines = cells[i].count > lines ? cells[i].count : lines;
	}
	for (size_t line = 0; line < lines; line++) {
		repeat(sink->out, ' ', INDENT);
		for (size_t i = 0; i < width; i++) {
			const char *text = line < cells[i].count ? cells[i].lines[line] : "";

			str_append(sink->out, text);
			if (i + 1 < width)
				repeat(sink->out, ' ', widths[i] + GAP - text_width(text));
		}
		while (sink->out->data[sink->out->len - 1] == ' ')
			sink->out->data[--sink->out->len] = '\0';
		str_append_char(sink->out, '\n');
	}
	for (size_t i = 0; i < width; i++) {
		for (size_t line = 0; line < cells[i].count; line++)
			free(cells[i].lines[line]);
		free(cells[i].lines);
	}
}

/* The widest line of a text. */
static int
widest_line(const char *text)
{
	int widest = 0;

	while (*text) {
		char *line = xstrndup(text, strcspn(text, "\n"));

		widest = text_width(line) > widest ? text_width(line) : widest;
		text += strlen(line);
		text += *text == '\n';
		free(line);
	}
	return widest;
}

static void
text_table(struct sink *sink, char *const *cells, size_t count, size_t width)
{
	int widths[CELLS_MAX] = { 0 };
	int rest = sink->columns - INDENT, most = rest / (int)width;

	/* The headings are left out: what the columns hold is plain to see. */
	for (size_t i = width; i < count; i++) {
		int wanted = widest_line(cells[i]);

		wanted = wanted > most ? most : wanted;
		if (wanted > widths[i % width])
			widths[i % width] = wanted;
	}
	for (size_t i = 0; i + 1 < width; i++)
		rest -= widths[i] + GAP;
	widths[width - 1] = rest;
	for (size_t row = width; row + width <= count; row += width)
		write_row(sink, cells + row, widths, width);
}

void
runbook_render_text(const struct runbook *rb, int columns, struct str *out)
{
	struct sink sink = {
		.out = out,
		.columns = columns < MIN_COLUMNS ? MIN_COLUMNS : columns,
		.heading = text_heading,
		.paragraph = text_paragraph,
		.item = text_item,
		.table = text_table,
	};

	render_to_sink(rb, &sink);
}
