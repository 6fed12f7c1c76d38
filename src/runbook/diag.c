#include "config.h"

#include "runbook/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

enum { WIDTH = 120 };

void
diags_init(struct diags *d, const char *path)
{
	*d = (struct diags){ .path = xstrdup(path) };
}

void
diags_set_source(struct diags *d, const char *text, size_t len_bytes)
{
	/* A mark never counts the byte order mark. */
	if (len_bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len_bytes -= 3;
	}
	free(d->source);
	d->source = xstrndup(text, len_bytes);
}

void
diags_release(struct diags *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->items[i].message);
	free(d->items);
	free(d->path);
	free(d->source);
	*d = (struct diags){ 0 };
}

static void
add(struct diags *d, struct mark mark, int length, bool warning, char *message)
{
	*VEC_PUSH(d->items, d->count, d->cap) = (struct diag){
		.mark = mark,
		.length = length > 0 ? length : 1,
		.warning = warning,
		.message = message,
	};
	d->errors += !warning;
}

void
diags_error(struct diags *d, struct mark mark, int length, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, mark, length, false, xvasprintf(format, ap));
	va_end(ap);
}

void
diags_warning(struct diags *d, struct mark mark, int length, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(d, mark, length, true, xvasprintf(format, ap));
	va_end(ap);
}

/* A line of the source, without its break. */
struct line {
	const char *text;
	size_t len;
};

struct lines {
	struct line *items;
	size_t count, cap;
};

/*
 * Bytes of the line break at `at`, or 0.
 * Source: YAML 1.1, section 4.2: CR LF, LF, CR, NEL, LS and PS; marks count lines by it.
 */
static size_t
break_len(const char *at)
{
	if (at[0] == '\r')
		return at[1] == '\n' ? 2 : 1;
	if (at[0] == '\n')
		return 1;
	if (strncmp(at, "\xc2\x85", 2) == 0)
		return 2;
	if (strncmp(at, "\xe2\x80\xa8", 3) == 0 || strncmp(at, "\xe2\x80\xa9", 3) == 0)
		return 3;
	return 0;
}

static void
split_lines(const char *source, struct lines *lines)
{
	const char *at = source;

	while (*at) {
		struct line *line = VEC_PUSH(lines->items, lines->count, lines->cap);
		size_t len = 0, end;

		while (at[len] && break_len(at + len) == 0)
			len++;
		end = at[len] ? break_len(at + len) : 0;
		*line = (struct line){ at, len };
		at += len + end;
	}
}

/* Bytes of the first `characters` characters. */
static size_t
bytes_of(const struct line *line, int characters)
{
	size_t at = 0;
	int32_t code;

	while (characters-- > 0 && at < line->len)
		at += text_decode(line->text + at, line->len - at, &code);
	return at;
}

/* Columns that the first `len` bytes of a line take on the screen. */
static int
columns_of(const struct line *line, size_t len)
{
	struct str clean = STR_INIT;
	int columns;

	text_sanitise(line->text, len, 0, &clean);
	columns = text_width(str_cstr(&clean));
	str_release(&clean);
	return columns;
}

/*
 * Cuts a line that is wider than `room` to the part around the caret, with an ellipsis on each side
 * that was cut, and moves the caret with it.
 */
static void
append_window(struct str *out, const char *clean, int room, int *caret, int *length)
{
	int width = text_width(clean), start = 0;
	size_t skipped;

	if (width > room) {
		start = *caret > room / 2 ? *caret - room / 2 : 0;
		start = start > width - room ? width - room : start;
	}
	skipped = text_fit(clean, start ? start + 1 : 0);
	if (start) {
		char *head = xstrndup(clean, skipped);

		*caret -= text_width(head) - 1;
		free(head);
		str_append(out, "…");
		room--;
	}
	text_append_cut(out, clean + skipped, room, false);
	if (*length > room - *caret + (start ? 1 : 0))
		*length = room - *caret + (start ? 1 : 0);
}

static void
append_excerpt(struct str *out, const struct diag *diag, const struct line *line)
{
	size_t before = bytes_of(line, diag->mark.column - 1);
	size_t after = bytes_of(line, diag->mark.column - 1 + diag->length);
	int caret = columns_of(line, before), length = columns_of(line, after) - caret;
	int gutter;
	char number[16];
	struct str clean = STR_INIT;

	snprintf(number, sizeof(number), "%d", diag->mark.line);
	gutter = 3 + (int)strlen(number);
	text_sanitise(line->text, line->len, 0, &clean);
	str_printf(out, "%*s | ", gutter, number);
	append_window(out, str_cstr(&clean), WIDTH - gutter - 3, &caret, &length);
	while (out->len && out->data[out->len - 1] == ' ')
		out->data[--out->len] = '\0';
	str_printf(out, "\n%*s | %*s^", gutter, "", caret, "");
	for (int i = 1; i < length; i++)
		str_append_char(out, '~');
	str_append_char(out, '\n');
	str_release(&clean);
}

static void
append_diag(const struct diags *d, const struct diag *diag, const struct lines *lines,
	    struct str *out)
{
	char *path = text_clean(d->path ? d->path : "-", 0);
	char *message = text_clean(diag->message, 0);

	str_printf(out, "%s:%d:%d: %s: %s\n", path, diag->mark.line, diag->mark.column,
		   diag->warning ? "warning" : "error", message);
	if (diag->mark.line >= 1 && (size_t)diag->mark.line <= lines->count)
		append_excerpt(out, diag, &lines->items[diag->mark.line - 1]);
	free(path);
	free(message);
}

/* By place; those of one place in the order they were found, which is the order of their addresses. */
static int
compare_places(const void *left, const void *right)
{
	const struct diag *a = *(const struct diag *const *)left;
	const struct diag *b = *(const struct diag *const *)right;

	if (a->mark.line != b->mark.line)
		return a->mark.line < b->mark.line ? -1 : 1;
	if (a->mark.column != b->mark.column)
		return a->mark.column < b->mark.column ? -1 : 1;
	return a < b ? -1 : a > b;
}

void
diags_render(struct diags *d, struct str *out)
{
	const struct diag **sorted = xcalloc(d->count, sizeof(*sorted));
	struct lines lines = { 0 };

	for (size_t i = 0; i < d->count; i++)
		sorted[i] = &d->items[i];
	qsort(sorted, d->count, sizeof(*sorted), compare_places);
	split_lines(d->source ? d->source : "", &lines);
	for (size_t i = 0; i < d->count; i++)
		append_diag(d, sorted[i], &lines, out);
	free(lines.items);
	free(sorted);
}
