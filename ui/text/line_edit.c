#include "config.h"

#include "ui/text/line_edit.h"

#include <curses.h>
#include <string.h>

#define CTRL(letter) ((letter)&0x1f)

void
line_edit_release(struct line_edit *edit)
{
	str_release_secret(&edit->text);
	edit->cursor = 0;
}

/* Copies into a buffer of full size at once, so that growing never leaves a copy behind. */
static void
reserve(struct line_edit *edit)
{
	if (edit->text.cap < LINE_EDIT_MAX)
		str_reserve(&edit->text, LINE_EDIT_MAX);
}

void
line_edit_set(struct line_edit *edit, const char *text)
{
	reserve(edit);
	str_clear(&edit->text);
	str_append_bytes(&edit->text, text, strnlen(text, LINE_EDIT_MAX));
	edit->cursor = edit->text.len;
}

static void
insert(struct line_edit *edit, int32_t code)
{
	char bytes[4];
	size_t len = input_encode(code, bytes);

	reserve(edit);
	if (edit->text.len + len > LINE_EDIT_MAX)
		return;
	str_append_bytes(&edit->text, bytes, len);
	memmove(edit->text.data + edit->cursor + len, edit->text.data + edit->cursor,
		edit->text.len - len - edit->cursor);
	memcpy(edit->text.data + edit->cursor, bytes, len);
	edit->cursor += len;
}

static size_t
before(const struct line_edit *edit, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && ((unsigned char)edit->text.data[at] & 0xc0) == 0x80)
		at--;
	return at;
}

static size_t
after(const struct line_edit *edit, size_t at)
{
	if (at < edit->text.len)
		at++;
	while (at < edit->text.len && ((unsigned char)edit->text.data[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void
remove_range(struct line_edit *edit, size_t from, size_t to)
{
	if (from == to)
		return;
	memmove(edit->text.data + from, edit->text.data + to, edit->text.len - to + 1);
	edit->text.len -= to - from;
	edit->cursor = from;
}

static bool
edit_function(struct line_edit *edit, int32_t code)
{
	switch (code) {
	case KEY_LEFT:
		edit->cursor = before(edit, edit->cursor);
		return true;
	case KEY_RIGHT:
		edit->cursor = after(edit, edit->cursor);
		return true;
	case KEY_HOME:
		edit->cursor = 0;
		return true;
	case KEY_END:
		edit->cursor = edit->text.len;
		return true;
	case KEY_BACKSPACE:
		remove_range(edit, before(edit, edit->cursor), edit->cursor);
		return true;
	case KEY_DC:
		remove_range(edit, edit->cursor, after(edit, edit->cursor));
		return true;
	default:
		return false;
	}
}

static bool
edit_control(struct line_edit *edit, int32_t code)
{
	switch (code) {
	case 0x7f:
	case CTRL('H'):
		return edit_function(edit, KEY_BACKSPACE);
	case CTRL('A'):
		return edit_function(edit, KEY_HOME);
	case CTRL('E'):
		return edit_function(edit, KEY_END);
	case CTRL('B'):
		return edit_function(edit, KEY_LEFT);
	case CTRL('F'):
		return edit_function(edit, KEY_RIGHT);
	case CTRL('D'):
		return edit_function(edit, KEY_DC);
	case CTRL('U'):
		remove_range(edit, 0, edit->cursor);
		return true;
	case CTRL('K'):
		remove_range(edit, edit->cursor, edit->text.len);
		return true;
	default:
		return false;
	}
}

bool
line_edit_key(struct line_edit *edit, const struct key *key)
{
	reserve(edit);
	if (key->pasted && !key->function &&
	    (key->code == '\n' || key->code == '\r' || key->code == '\t')) {
		insert(edit, ' ');
		return true;
	}
	if (key->function)
		return key->pasted || edit_function(edit, key->code);
	if (key->code < 0x20 || key->code == 0x7f)
		return key->pasted || edit_control(edit, key->code);
	insert(edit, key->code);
	return true;
}
