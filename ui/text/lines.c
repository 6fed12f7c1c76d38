#include "config.h"

#include "ui/text/lines.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

void
lines_init(struct lines *lines, int columns)
{
	*lines = (struct lines){ .columns = columns };
}

static void
free_items(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->items[i].text);
		free(lines->items[i].spans);
	}
	lines->count = 0;
}

void
lines_release(struct lines *lines)
{
	free_items(lines);
	free(lines->items);
	*lines = (struct lines){ 0 };
}

void
lines_reset(struct lines *lines, int columns)
{
	free_items(lines);
	lines->columns = columns;
}

static void
push_span(struct line *line, size_t end, enum role role)
{
	if (line->spans_count && line->spans[line->spans_count - 1].role == role)
		line->spans[line->spans_count - 1].end = end;
	else
		*VEC_PUSH(line->spans, line->spans_count, line->spans_cap) =
			(struct span){ end, role };
}

/* Appends sanitised bytes to a line. */
static void
extend(struct line *line, enum role role, const char *text, size_t len)
{
	size_t old = line->text ? strlen(line->text) : 0;

	line->text = xrealloc(line->text, old + len + 1);
	memcpy(line->text + old, text, len);
	line->text[old + len] = '\0';
	if (len)
		push_span(line, old + len, role);
}

static void
extend_format(struct line *line, enum role role, const char *format, va_list ap)
{
	char *raw = xvasprintf(format, ap), *clean = text_clean(raw, 0);

	extend(line, role, clean, strlen(clean));
	free(raw);
	free(clean);
}

void
lines_add(struct lines *lines, enum role role, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	extend_format(VEC_PUSH(lines->items, lines->count, lines->cap), role, format, ap);
	va_end(ap);
}

void
lines_append(struct lines *lines, enum role role, const char *format, ...)
{
	va_list ap;

	if (lines->count == 0)
		lines_add(lines, role, "%s", "");
	va_start(ap, format);
	extend_format(&lines->items[lines->count - 1], role, format, ap);
	va_end(ap);
}

void
lines_take_last(struct lines *lines, struct lines *from, size_t count)
{
	size_t first = from->count > count ? from->count - count : 0;

	for (size_t i = first; i < from->count; i++) {
		from->items[i].goes_on = from->items[i].goes_on && i > first;
		*VEC_PUSH(lines->items, lines->count, lines->cap) = from->items[i];
	}
	from->count = first;
}

void
lines_gap(struct lines *lines)
{
	if (lines->count && lines->items[lines->count - 1].text[0])
		lines_add(lines, ROLE_TEXT, "%s", "");
}

/* A text on its way through text_wrap(), which breaks it at spaces and changes nothing else. */
struct wrapping {
	struct lines *lines;
	const char *prefix;
	enum role prefix_role;
	const char *text;	/* what is not yet laid out */
	const enum role *roles; /* of `text`, byte for byte */
	bool first;
};

/* How a line that is not the first one stands to the one before: a break at an LF was in the text. */
static void
note_break(const struct wrapping *w, struct line *line)
{
	size_t blanks = strspn(w->text, " \n");

	line->goes_on = !memchr(w->text, '\n', blanks);
	line->took_blank = blanks > 0;
	line->indent = (size_t)text_width(w->prefix);
}

/* The role of the next byte of a wrapped line: only white space differs between it and its source. */
static enum role
next_role(struct wrapping *w, char byte)
{
	if (byte == ' ')
		return *w->text == ' ' ? *w->roles : ROLE_TEXT;
	while (*w->text == ' ' || *w->text == '\n')
		w->text++, w->roles++;
	w->text++;
	return *w->roles++;
}

static void
take_line(void *data, const char *text, size_t len)
{
	struct wrapping *w = data;
	struct line *line = VEC_PUSH(w->lines->items, w->lines->count, w->lines->cap);
	int indent = text_width(w->prefix);
	size_t begin = 0;
	enum role role = ROLE_TEXT;

	if (w->first)
		extend(line, w->prefix_role, w->prefix, strlen(w->prefix));
	else
		note_break(w, line);
	for (int i = 0; i < indent && !w->first; i++)
		extend(line, ROLE_TEXT, " ", 1);
	w->first = false;
	for (size_t i = 0; i < len; i++) {
		enum role next = next_role(w, text[i]);

		if (next != role) {
			extend(line, role, text + begin, i - begin);
			begin = i;
			role = next;
		}
	}
	extend(line, role, text + begin, len - begin);
}

void
lines_wrap_roles(struct lines *lines, enum role prefix_role, const char *prefix, const char *text,
		 const enum role *roles)
{
	struct wrapping w = { .lines = lines,
			      .prefix = prefix,
			      .prefix_role = prefix_role,
			      .text = text,
			      .roles = roles,
			      .first = true };

	text_wrap(text, lines->columns - text_width(prefix), take_line, &w);
	if (w.first)
		lines_add(lines, prefix_role, "%s", prefix);
}

/* A line's own part of the text that was wrapped. */
static const char *
own_text(const struct line *line)
{
	return line->text + (line->goes_on ? line->indent : 0);
}

size_t
lines_own_bytes(const struct line *line)
{
	return strlen(own_text(line));
}

size_t
lines_unwrap(const struct lines *lines, size_t index, size_t room, struct str *out)
{
	size_t first = index, before = 0, begin = 0, end = SIZE_MAX;

	while (lines->items[first].goes_on && first > 0 && before < room)
		before += strlen(own_text(&lines->items[--first]));
	for (size_t i = first; i < lines->count && out->len < end; i++) {
		const struct line *line = &lines->items[i];

		if (i > index && !line->goes_on)
			break;
		if (i > first && line->took_blank)
			str_append_char(out, ' ');
		begin = i == index ? out->len : begin;
		str_append(out, own_text(line));
		end = i == index ? out->len + room : end;
	}
	return begin;
}

void
lines_set_roles(enum role *roles, size_t begin, size_t end, enum role role)
{
	for (size_t i = begin; i < end; i++)
		roles[i] = role;
}

void
lines_set_colours(enum role *roles, size_t len, const struct sgr_span *spans, size_t count)
{
	for (size_t i = 0; i < count && spans[i].begin < len; i++) {
		size_t end = i + 1 < count && spans[i + 1].begin < len ? spans[i + 1].begin : len;
		enum role role = theme_foreign_role(&spans[i].look);

		if (role != ROLE_TEXT)
			lines_set_roles(roles, spans[i].begin, end, role);
	}
}

static enum role *
uniform_roles(size_t len, enum role role)
{
	enum role *roles = xcalloc(len + 1, sizeof(*roles));

	lines_set_roles(roles, 0, len + 1, role);
	return roles;
}

void
lines_wrap_coloured(struct lines *lines, const char *text, const struct sgr *sgr)
{
	size_t len = strlen(text);
	enum role *roles = uniform_roles(len, ROLE_TEXT);

	lines_set_colours(roles, len, sgr->spans, sgr->count);
	lines_wrap_roles(lines, ROLE_TEXT, "", text, roles);
	free(roles);
}

void
lines_wrap(struct lines *lines, enum role prefix_role, const char *prefix, enum role role,
	   const char *text)
{
	char *clean = text_clean(text, TEXT_KEEP_NEWLINES), *before = text_clean(prefix, 0);
	enum role *roles = uniform_roles(strlen(clean), role);

	lines_wrap_roles(lines, prefix_role, before, clean, roles);
	free(roles);
	free(before);
	free(clean);
}
