#include "config.h"

#include "grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NUMBERS_MAX = 16, MARKS_MAX = 4 };

/* ESC [ … of a screen, taken apart. */
struct sequence {
	char prefix; /* '?' or 0 */
	long numbers[NUMBERS_MAX];
	size_t count;
	char final;
	size_t len;
};

/* Characters that are seen as nothing, or turn others around; beside controls. Not the table of the sanitiser. */
static bool
is_hidden(int32_t code)
{
	static const int32_t ranges[][2] = {
		{ 0x80, 0x9f },	    { 0xad, 0xad },	  { 0x34f, 0x34f },	 { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },	  { 0x180b, 0x180f },	 { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f },	  { 0x3164, 0x3164 },	 { 0xd800, 0xf8ff },
		{ 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f },	  { 0xfeff, 0xfeff },	 { 0xffa0, 0xffa0 },
		{ 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return (code & 0xfffe) == 0xfffe;
}

/* One printable character; *marks counts what sits on the last one. 0: none is there. */
static size_t
match_character(const struct grammar *grammar, const char *bytes, size_t len, int *marks)
{
	int32_t code;
	size_t used = text_decode(bytes, len, &code);

	if (code >= 0x20 && code < 0x7f) {
		*marks = 0;
		return 1;
	}
	if (code < 0xa0 || grammar->ascii || is_hidden(code))
		return 0;
	*marks = text_width_of(code) == 0 ? *marks + 1 : 0;
	return *marks <= MARKS_MAX ? used : 0;
}

static bool
parse_sequence(const char *bytes, size_t len, struct sequence *s)
{
	size_t at = 2;
	bool empty = true;

	memset(s, 0, sizeof(*s));
	if (at < len && bytes[at] == '?')
		s->prefix = bytes[at++];
	for (; at < len; at++) {
		if (bytes[at] >= '0' && bytes[at] <= '9') {
			s->numbers[s->count] = s->numbers[s->count] * 10 + (bytes[at] - '0');
			empty = false;
			if (s->numbers[s->count] > 9999)
				return false;
		} else if (bytes[at] == ';' && s->count < NUMBERS_MAX - 1) {
			s->count++;
			empty = false;
		} else {
			break;
		}
	}
	s->count += empty ? 0 : 1;
	if (at == len)
		return false;
	s->final = bytes[at];
	s->len = at + 1;
	return true;
}

static bool
is_one_of(long number, const long *numbers)
{
	for (size_t i = 0; numbers[i] >= 0; i++)
		if (numbers[i] == number)
			return true;
	return false;
}

static bool
is_attribute(long number)
{
	static const long weights[] = { 0, 1, 2, 4, 7, 10, 11, 22, 24, 27, 39, 49, -1 };

	return is_one_of(number, weights) || (number >= 30 && number <= 37) ||
	       (number >= 40 && number <= 47) || (number >= 90 && number <= 97) ||
	       (number >= 100 && number <= 107);
}

/* Weights and colours; no concealing, no blinking. */
static bool
are_attributes(const struct sequence *s)
{
	for (size_t i = 0; i < s->count; i++) {
		bool extended = s->numbers[i] == 38 || s->numbers[i] == 48;

		if (extended && i + 2 < s->count && s->numbers[i + 1] == 5 &&
		    s->numbers[i + 2] <= 255)
			i += 2;
		else if (!is_attribute(s->numbers[i]))
			return false;
	}
	return true;
}

static bool
is_known_mode(const struct sequence *s)
{
	static const long modes[] = { 1, 5, 7, 12, 25, 47, 1000, 1006, 1034, 1049, 2004, -1 };

	if (s->final == 'c') /* the cursor's shape on the console of Linux */
		return s->count == 1 && s->numbers[0] <= 16;
	for (size_t i = 0; i < s->count; i++)
		if (!is_one_of(s->numbers[i], modes))
			return false;
	return s->count > 0 && (s->final == 'h' || s->final == 'l');
}

static bool
is_expected(const struct grammar *grammar, const struct sequence *s)
{
	long most = grammar->columns > grammar->rows ? grammar->columns : grammar->rows;
	long first = s->count ? s->numbers[0] : 0, second = s->count > 1 ? s->numbers[1] : 0;

	if (s->prefix)
		return is_known_mode(s);
	if (s->final == 'm')
		return are_attributes(s);
	if (s->final == 'H' || s->final == 'r')
		return s->count <= 2 && first <= grammar->rows &&
		       second <= (s->final == 'H' ? grammar->columns : grammar->rows);
	if (s->final == 'J' || s->final == 'K')
		return s->count <= 1 && first <= 2;
	if (s->final == 'h' || s->final == 'l')
		return s->count == 1 &&
		       (first == 4 || first == 34); /* 34: the cursor of screen and tmux */
	if (s->final == 't')			    /* the title is put away, and brought back */
		return s->count == 3 && (first == 22 || first == 23) && second == 0 &&
		       s->numbers[2] == 0;
	return strchr("ABCDGdXP@LMSTbIZ", s->final) && s->count <= 1 && first <= most;
}

/* "52;c;", base64, BEL. */
static size_t
match_clipboard(const char *bytes, size_t len)
{
	static const char begin[] = "\033]52;c;";
	size_t at = sizeof(begin) - 1;

	if (len < at || memcmp(bytes, begin, at) != 0)
		return 0;
	while (at < len &&
	       strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=",
		      bytes[at]))
		at++;
	return at < len && bytes[at] == '\a' ? at + 1 : 0;
}

static size_t
match_escape(const struct grammar *grammar, const char *bytes, size_t len)
{
	struct sequence s;

	if (len < 2)
		return 0;
	if (strchr("=>78M", bytes[1]))
		return 2;
	if (bytes[1] == '(' || bytes[1] == ')')
		return len > 2 && strchr("B0", bytes[2]) ? 3 : 0;
	if (bytes[1] == ']')
		return grammar->clipboard ? match_clipboard(bytes, len) : 0;
	if (bytes[1] == '[' && parse_sequence(bytes, len, &s) && is_expected(grammar, &s))
		return s.len;
	return 0;
}

size_t
grammar_of_screen(const struct grammar *grammar, const char *bytes, size_t len)
{
	size_t at = 0, used;
	int marks = 0;

	for (; at < len; at += used) {
		if (bytes[at] == '\033')
			used = match_escape(grammar, bytes + at, len - at);
		else if (memchr("\n\r\b\t\016\017", bytes[at], 6))
			used = 1;
		else
			used = match_character(grammar, bytes + at, len - at, &marks);
		if (used == 0)
			break;
	}
	return at;
}

size_t
grammar_of_text(const struct grammar *grammar, const char *bytes, size_t len)
{
	size_t at = 0, used;
	int marks = 0;

	for (; at < len; at += used) {
		used = bytes[at] == '\n' ? 1
					 : match_character(grammar, bytes + at, len - at, &marks);
		if (used == 0)
			break;
		if (bytes[at] == '\n')
			marks = 0;
	}
	return at;
}
