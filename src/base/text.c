#include "config.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

struct range {
	int32_t first, last;
};

/* The main blocks of combining marks, for a locale whose wcwidth(3) knows only ASCII. */
static const struct range marks[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd },   { 0x05bf, 0x05bf },
	{ 0x05c1, 0x05c2 }, { 0x05c4, 0x05c5 }, { 0x0610, 0x061a },   { 0x064b, 0x065f },
	{ 0x0670, 0x0670 }, { 0x06d6, 0x06dc }, { 0x06df, 0x06e4 },   { 0x0730, 0x074a },
	{ 0x0900, 0x0902 }, { 0x093c, 0x093c }, { 0x0941, 0x0948 },   { 0x094d, 0x094d },
	{ 0x0e31, 0x0e31 }, { 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e },   { 0x1160, 0x11ff },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },   { 0x3099, 0x309a },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
};

/* The main East Asian wide blocks. Source: Unicode UAX 11. */
static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },	  { 0xa960, 0xa97c },
	{ 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },	  { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
	{ 0x20000, 0x3fffd },
};

static bool
in_ranges(const struct range *ranges, size_t count, int32_t code)
{
	for (size_t i = 0; i < count && ranges[i].first <= code; i++)
		if (code <= ranges[i].last)
			return true;
	return false;
}

/* The length of a sequence by its first byte, and the smallest value that may need that length. */
static size_t
sequence_length(unsigned char lead, int32_t *ret_smallest)
{
	size_t len = lead < 0x80   ? 1
		     : lead < 0xc2 ? 0
		     : lead < 0xe0 ? 2
		     : lead < 0xf0 ? 3
		     : lead < 0xf5 ? 4
				   : 0;
	static const int32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

	*ret_smallest = smallest[len];
	return len;
}

size_t
text_decode(const char *bytes, size_t len_bytes, int32_t *ret_code)
{
	const unsigned char *at = (const unsigned char *)bytes;
	int32_t smallest, code;
	size_t len;

	*ret_code = -1;
	if (len_bytes == 0)
		return 0;
	len = sequence_length(at[0], &smallest);
	if (len == 0 || len > len_bytes)
		return 1;
	code = len == 1 ? at[0] : at[0] & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 1;
		code = code << 6 | (at[i] & 0x3f);
	}
	if (code < smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 1;
	*ret_code = code;
	return len;
}

static bool
goes_on(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t
text_whole(const char *text, size_t len, size_t most)
{
	if (len <= most)
		return len;
	while (most > 0 && goes_on(text[most]))
		most--;
	return most;
}

size_t
text_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += !goes_on(*text);
	return count;
}

int
text_width_of(int32_t code)
{
	int width;

	if (code >= 0x20 && code < 0x7f)
		return 1;
	if (code < 0xa0)
		return 0;
	if (MB_CUR_MAX > 1) {
		width = wcwidth((wchar_t)code);
		return width < 0 ? 1 : width; /* unassigned: terminals show one box */
	}
	if (in_ranges(marks, sizeof(marks) / sizeof(marks[0]), code))
		return 0;
	return in_ranges(wide, sizeof(wide) / sizeof(wide[0]), code) ? 2 : 1;
}

int
text_width(const char *text)
{
	size_t left = strlen(text);
	int width = 0;

	while (left) {
		int32_t code;
		size_t used = text_decode(text, left, &code);

		width += code < 0 ? 1 : text_width_of(code);
		text += used;
		left -= used;
	}
	return width;
}

/* text_fit() of a text with a length; *ret_width = the columns that the part takes. */
static size_t
fit(const char *text, size_t len, int columns, int *ret_width)
{
	size_t at = 0;

	*ret_width = 0;
	while (at < len) {
		int32_t code;
		size_t used = text_decode(text + at, len - at, &code);
		int width = code < 0 ? 1 : text_width_of(code);

		if (*ret_width + width > columns || columns <= 0)
			break;
		*ret_width += width;
		at += used;
	}
	return at;
}

size_t
text_fit(const char *text, int columns)
{
	int width;

	return fit(text, strlen(text), columns, &width);
}

void
text_append_cut(struct str *out, const char *text, int columns, bool ascii)
{
	size_t len = strlen(text);
	int width;

	if (fit(text, len, columns, &width) == len) {
		str_append_bytes(out, text, len);
	} else if (columns > 0) {
		str_append_bytes(out, text, fit(text, len, columns - 1, &width));
		str_append(out, ascii ? "~" : "…");
	}
}

/* One paragraph on its way into lines: an indent for the first line and one for the others. */
struct wrap {
	int columns;
	int indent, hanging;
	struct str text; /* the line under way */
	void (*line)(void *data, const char *text, size_t len);
	void *data;
};

/* The bytes of a list mark ("- ", "* ", "12. ") at the beginning of a text, or 0. */
static size_t
list_mark(const char *text, size_t len)
{
	size_t digits = 0;

	if (len >= 2 && (text[0] == '-' || text[0] == '*') && text[1] == ' ')
		return 2;
	while (digits < len && digits < 3 && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	return digits && digits + 1 < len && text[digits] == '.' && text[digits + 1] == ' '
		       ? digits + 2
		       : 0;
}

/* Where to break a text that is longer than the `fits` bytes: behind the last word that fits. */
static size_t
break_at(const char *text, size_t fits)
{
	size_t at = fits;

	while (text[fits] != ' ' && at > 0 && text[at - 1] != ' ')
		at--;
	while (at > 0 && text[at - 1] == ' ')
		at--;
	return at ? at : fits;
}

static void
emit_line(struct wrap *w, int indent, const char *text, size_t len)
{
	str_clear(&w->text);
	for (int i = 0; i < indent; i++)
		str_append_char(&w->text, ' ');
	str_append_bytes(&w->text, text, len);
	w->line(w->data, w->text.data, w->text.len);
}

/* An indent that leaves at least half of the line, and two columns for a wide character. */
static int
bounded_indent(const struct wrap *w, size_t indent)
{
	int most = w->columns / 2 < w->columns - 2 ? w->columns / 2 : w->columns - 2;

	return indent < (size_t)most ? (int)indent : most;
}

static void
wrap_paragraph(struct wrap *w, const char *text, size_t len)
{
	size_t spaces = 0;
	int width;

	while (spaces < len && text[spaces] == ' ')
		spaces++;
	text += spaces;
	len -= spaces;
	w->indent = bounded_indent(w, spaces);
	w->hanging = bounded_indent(w, spaces + list_mark(text, len));
	do {
		size_t fits = fit(text, len, w->columns - w->indent, &width);
		size_t used = fits < len ? break_at(text, fits) : len;

		emit_line(w, used ? w->indent : 0, text, used);
		w->indent = w->hanging;
		while (used < len && text[used] == ' ')
			used++;
		text += used;
		len -= used;
	} while (len);
}

void
text_wrap(const char *text, int columns, void (*line)(void *data, const char *text, size_t len),
	  void *data)
{
	struct wrap w = {
		.columns = columns < 2 ? 2 : columns, .text = STR_INIT, .line = line, .data = data
	};

	while (*text) {
		size_t len = strcspn(text, "\n");

		wrap_paragraph(&w, text, len);
		text += len + (text[len] == '\n');
	}
	str_release(&w.text);
}
