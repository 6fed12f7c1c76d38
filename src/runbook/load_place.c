#include "config.h"

#include "runbook/load.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

const char *
load_scalar(const struct yaml_node *node)
{
	return node && node->kind == YAML_SCALAR ? node->text : NULL;
}

int
load_length(const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR || node->end.line != node->mark.line)
		return 1;
	return node->end.column - node->mark.column;
}

static void
report(struct load *l, const struct yaml_node *node, bool warning, const char *format, va_list ap)
{
	char *message = xvasprintf(format, ap);

	if (warning)
		diags_warning(l->diags, node->mark, load_length(node), "%s", message);
	else
		diags_error(l->diags, node->mark, load_length(node), "%s", message);
	free(message);
}

void
load_error(struct load *l, const struct yaml_node *node, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(l, node, false, format, ap);
	va_end(ap);
}

void
load_warning(struct load *l, const struct yaml_node *node, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	report(l, node, true, format, ap);
	va_end(ap);
}

char *
load_suggestion(const char *word, const char *const *candidates)
{
	const char *nearest = str_nearest(word, candidates);

	return nearest ? xasprintf("; did you mean \"%s\"?", nearest) : xstrdup("");
}

const char **
load_field_names(const struct field *table)
{
	size_t count = 0;
	const char **names;

	while (table && table[count].name)
		count++;
	names = xcalloc(count + 1, sizeof(*names));
	for (size_t i = 0; i < count; i++)
		names[i] = table[i].name;
	return names;
}

char *
load_describe(const struct yaml_node *node)
{
	struct str out = STR_INIT;

	if (node->kind == YAML_SEQUENCE)
		return xstrdup("a list");
	if (node->kind == YAML_MAPPING)
		return xstrdup("a mapping");
	if (node->plain && node->len == 0)
		return xstrdup("nothing");
	str_append_char(&out, '"');
	text_append_cut(&out, node->text, 40, false);
	str_append_char(&out, '"');
	return str_take(&out);
}

bool
load_name_ok(const char *text, bool plain)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
	size_t len = strlen(text);

	return text[0] >= 'a' && text[0] <= 'z' && strspn(text, letters) == len && len <= 63 &&
	       !(plain && strchr(text, '-'));
}

/*
 * Where a line (counted from 1) of the source begins, or NULL. Goes on from where the last call ended,
 * since most calls come in the order of the file.
 */
static const char *
find_line(struct load *l, int line)
{
	const char *at = l->seek_line && l->seek_line <= line ? l->seek_at : l->diags->source;
	int done = l->seek_line && l->seek_line <= line ? l->seek_line : 1;

	while (at && done < line) {
		at += strcspn(at, "\r\n");
		if (!*at)
			return NULL;
		at += at[0] == '\r' && at[1] == '\n' ? 2 : 1;
		done++;
	}
	l->seek_line = done;
	l->seek_at = at;
	return at;
}

/* Bytes of the source that stand for one character of a scalar, and of that character. */
static size_t
raw_len(const char *raw, char quote, size_t *ret_text_len)
{
	int32_t code;
	size_t len = text_decode(raw, strlen(raw), &code);

	*ret_text_len = len;
	if (quote == '\'' && raw[0] == '\'' && raw[1] == '\'') {
		*ret_text_len = 1;
		return 2;
	}
	if (quote != '"' || raw[0] != '\\' || !raw[1])
		return len;
	if (!strchr("\"\\/tnre0 abfv", raw[1]))
		*ret_text_len = 0; /* \x41 and the like: how many bytes is not known here */
	else
		*ret_text_len = 1;
	return 2;
}

/*
 * Walks from the scalar's first character to the one at `offset` of its text. Returns how many
 * characters of the line that takes, or -1 where text and source cannot be matched.
 */
static int
raw_characters(const char *raw, size_t offset)
{
	char quote = raw[0] == '"' || raw[0] == '\'' ? raw[0] : '\0';
	int characters = quote ? 1 : 0;
	size_t done = 0, text_len = 0;

	for (raw += characters; done < offset; done += text_len) {
		size_t len;

		if (!*raw || *raw == '\n')
			return -1;
		len = raw_len(raw, quote, &text_len);
		if (text_len == 0)
			return -1;
		characters += text_len == len ? 1 : 2;
		raw += len;
	}
	return characters;
}

struct mark
load_place(struct load *l, const struct yaml_node *node, size_t offset)
{
	struct mark mark = node->mark;
	const char *raw = find_line(l, mark.line);
	int characters;

	if (!raw || node->end.line != mark.line || node->tag)
		return mark;
	for (int i = 1; i < mark.column && *raw; i++) {
		int32_t code;

		raw += text_decode(raw, strlen(raw), &code);
	}
	if (strchr("&*!|>", *raw))
		return mark;
	characters = raw_characters(raw, offset);
	if (characters > 0)
		mark.column += characters;
	return mark;
}
