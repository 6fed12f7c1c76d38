#include "config.h"

#include "report/report_escape.h"

#include <ctype.h>
#include <string.h>

void
html_escape(const char *text, struct str *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			str_append(out, "&amp;");
			break;
		case '<':
			str_append(out, "&lt;");
			break;
		case '>':
			str_append(out, "&gt;");
			break;
		case '"':
			str_append(out, "&quot;");
			break;
		case '\'':
			str_append(out, "&#39;");
			break;
		default:
			str_append_char(out, *text);
		}
	}
}

/* "1." and "1)" begin a list, and so do the marks below; "=" and "-" underline a heading. */
static bool
begins_block(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return strchr("-+=>", *text) ||
	       (digits > 0 && (text[digits] == '.' || text[digits] == ')'));
}

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/*
 * An underscore between letters is one; all others begin or end something. A bracket makes a link, an image or the
 * definition of one only by what follows it.
 */
static bool
is_markup(char before, const char *at)
{
	if (*at == '_')
		return !is_word(before) || !is_word(at[1]);
	if (*at == '[' || *at == ']')
		return at[1] && strchr("([:^", at[1]);
	return *at && strchr("\\`*#|~$", *at);
}

static void
append_begin(const char **text, struct str *out)
{
	while (**text == ' ')
		(*text)++;
	if (!**text || !begins_block(*text))
		return;
	while (isdigit((unsigned char)**text))
		str_append_char(out, *(*text)++);
	str_append_char(out, '\\');
	str_append_char(out, *(*text)++);
}

void
markdown_escape(const char *text, struct str *out)
{
	char before = ' ';

	append_begin(&text, out);
	for (; *text; before = *text++) {
		if (*text == '<')
			str_append(out, "&lt;");
		else if (*text == '&')
			str_append(out, "&amp;");
		else if (*text == '\n')
			str_append(out, text[1] ? "<br>" : "");
		else if (is_markup(before, text))
			str_printf(out, "\\%c", *text);
		else
			str_append_char(out, *text);
	}
}

void
markdown_code(const char *text, bool in_cell, struct str *out)
{
	int ticks = str_longest_run(text, '`') + 1;

	if (!text[strspn(text, " \n")])
		return;
	str_append_repeated(out, '`', ticks);
	str_append(out, ticks > 1 ? " " : "");
	for (; *text; text++) {
		if (*text == '|' && in_cell)
			str_append_char(out, '\\');
		str_append_char(out, *text == '\n' ? ' ' : *text);
	}
	str_append(out, ticks > 1 ? " " : "");
	str_append_repeated(out, '`', ticks);
}

void
markdown_fence(const char *text, struct str *out)
{
	int ticks = str_longest_run(text, '`') + 1 > 3 ? str_longest_run(text, '`') + 1 : 3;

	str_append_repeated(out, '`', ticks);
	str_printf(out, "text\n%s%s", text, str_ends_with(text, "\n") ? "" : "\n");
	str_append_repeated(out, '`', ticks);
	str_append_char(out, '\n');
}
