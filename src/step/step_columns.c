#include "config.h"

#include "step/step_columns.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

enum { CELL_MAX_COLUMNS = 240 };

void
step_columns_add(struct step_columns *c, const char *text)
{
	struct str cell = STR_INIT;

	text_append_cut(&cell, text ? text : "", CELL_MAX_COLUMNS, false);
	*VEC_PUSH(c->cells, c->count, c->cap) = str_take(&cell);
}

void
step_columns_addf(struct step_columns *c, const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	step_columns_add(c, text);
	free(text);
}

static size_t
count_columns(const struct step_columns *c)
{
	size_t n = 0;

	while (c->headings[n])
		n++;
	return n;
}

static int
width_of(const struct step_columns *c, size_t columns, size_t column)
{
	int width = text_width(c->headings[column]);

	for (size_t i = column; i < c->count; i += columns)
		if (text_width(c->cells[i]) > width)
			width = text_width(c->cells[i]);
	return width;
}

/* No line ends in spaces. */
static void
print_row(const struct step_columns *c, const char *const *cells, size_t columns, struct str *out)
{
	size_t begin = out->len;

	for (size_t i = 0; i < columns; i++) {
		str_printf(out, "%s%s", i ? "  " : "", cells[i]);
		str_append_repeated(out, ' ', width_of(c, columns, i) - text_width(cells[i]));
	}
	while (out->len > begin && out->data[out->len - 1] == ' ')
		out->len--;
	str_append_char(out, '\n');
}

void
step_columns_print(const struct step_columns *c, struct str *out)
{
	size_t columns = count_columns(c);

	print_row(c, c->headings, columns, out);
	for (size_t i = 0; i + columns <= c->count; i += columns)
		print_row(c, (const char *const *)&c->cells[i], columns, out);
}

void
step_columns_release(struct step_columns *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->cells[i]);
	free(c->cells);
	c->cells = NULL;
	c->count = c->cap = 0;
}
