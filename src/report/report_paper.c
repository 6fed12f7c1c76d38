#include "config.h"

#include "report/report_paper.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

void
paper_heading(struct paper *paper, int level, const char *anchor, const char *text)
{
	char *clean = text_clean(text, 0);

	paper->heading(paper, level, anchor, clean);
	free(clean);
}

static char *
clean_vprintf(const char *format, va_list ap)
{
	char *text = xvasprintf(format, ap), *clean = text_clean(text, TEXT_KEEP_NEWLINES);

	free(text);
	return clean;
}

void
paper_paragraph(struct paper *paper, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = clean_vprintf(format, ap);
	va_end(ap);
	paper->paragraph(paper, text);
	free(text);
}

void
paper_fact(struct paper *paper, const char *label, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *text = clean_vprintf(format, ap);
	va_end(ap);
	paper->fact(paper, label, text, false);
	free(text);
}

void
paper_literal(struct paper *paper, const char *label, const char *text)
{
	if (!text)
		return;
	char *clean = text_clean(text, TEXT_KEEP_NEWLINES);
	paper->fact(paper, label, clean, true);
	free(clean);
}

void
paper_block(struct paper *paper, const char *label, const char *text)
{
	char *clean = text_clean(text, TEXT_KEEP_NEWLINES | TEXT_DROP_SGR);

	paper->block(paper, label, clean);
	free(clean);
}

bool
column_is_code(char look)
{
	return look == 'c' || look == 'k';
}

void
cells_add(struct cells *cells, const char *text)
{
	*VEC_PUSH(cells->items, cells->count, cells->cap) =
		text_clean(text ? text : "", TEXT_KEEP_NEWLINES);
}

void
cells_printf(struct cells *cells, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	*VEC_PUSH(cells->items, cells->count, cells->cap) = clean_vprintf(format, ap);
	va_end(ap);
}

void
cells_add_all(struct cells *cells, ...)
{
	const char *text;
	va_list ap;

	va_start(ap, cells);
	while ((text = va_arg(ap, const char *)))
		cells_add(cells, text);
	va_end(ap);
}

void
paper_table(struct paper *paper, const char *caption, const char *looks, struct cells *cells)
{
	char *clean = text_clean(caption, 0);

	if (cells->count > strlen(looks))
		paper->table(paper, clean, looks, cells->items, cells->count);
	free(clean);
	for (size_t i = 0; i < cells->count; i++)
		free(cells->items[i]);
	free(cells->items);
	*cells = (struct cells){ 0 };
}
