#include "config.h"

#include "ui/keys/key_name.h"

#include <ctype.h>
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

enum { ESCAPE = 27, DELETE = 127, FUNCTION_KEYS = 12 };

/* The first name of a code is the one that is printed. */
static const struct {
	const char *name;
	int code;
} names[] = {
	{ "Enter", '\n' },
	{ "Return", '\n' },
	{ "Esc", ESCAPE },
	{ "Escape", ESCAPE },
	{ "Tab", '\t' },
	{ "Shift-Tab", KEY_BTAB },
	{ "Space", ' ' },
	{ "Backspace", KEY_BACKSPACE },
	{ "Del", KEY_DC },
	{ "Delete", KEY_DC },
	{ "Ins", KEY_IC },
	{ "Insert", KEY_IC },
	{ "Up", KEY_UP },
	{ "Down", KEY_DOWN },
	{ "Left", KEY_LEFT },
	{ "Right", KEY_RIGHT },
	{ "Home", KEY_HOME },
	{ "End", KEY_END },
	{ "PgUp", KEY_PPAGE },
	{ "PageUp", KEY_PPAGE },
	{ "PgDn", KEY_NPAGE },
	{ "PageDown", KEY_NPAGE },
	{ "Shift-Left", KEY_SLEFT },
	{ "Shift-Right", KEY_SRIGHT },
};

enum { NAMES_COUNT = sizeof(names) / sizeof(names[0]) };

int
key_canonical(int code)
{
	if (code == '\r' || code == KEY_ENTER)
		return '\n';
	if (code == '\b' || code == DELETE)
		return KEY_BACKSPACE;
	return code;
}

const char *
key_name_print(int code, char out[KEY_NAME_MAX])
{
	code = key_canonical(code);
	for (size_t i = 0; i < NAMES_COUNT; i++)
		if (names[i].code == code) {
			snprintf(out, KEY_NAME_MAX, "%s", names[i].name);
			return out;
		}
	if (code > ' ' && code < DELETE)
		snprintf(out, KEY_NAME_MAX, "%c", code);
	else if (code > 0 && code <= 26)
		snprintf(out, KEY_NAME_MAX, "Ctrl-%c", 'A' + code - 1);
	else if (code >= KEY_F(1) && code <= KEY_F(FUNCTION_KEYS))
		snprintf(out, KEY_NAME_MAX, "F%d", code - KEY_F0);
	else
		snprintf(out, KEY_NAME_MAX, "?");
	return out;
}

/* F1 to F12. */
static int
parse_function(const char *name)
{
	char *end;
	long number = strtol(name + 1, &end, 10);

	if (!isdigit((unsigned char)name[1]) || *end || number < 1 || number > FUNCTION_KEYS)
		return 0;
	return KEY_F((int)number);
}

/* Those of the terminal's own keys that are control characters have names of their own: Ctrl-I is Tab. */
static int
parse_control(const char *letter)
{
	if (!isalpha((unsigned char)letter[0]) || letter[1])
		return 0;
	return key_canonical(letter[0] & 0x1f);
}

int
key_name_parse(const char *name)
{
	if (name[0] > ' ' && (unsigned char)name[0] < DELETE && !name[1])
		return name[0];
	if (strcmp(name, " ") == 0)
		return ' ';
	for (size_t i = 0; i < NAMES_COUNT; i++)
		if (strcasecmp(names[i].name, name) == 0)
			return names[i].code;
	if (strncasecmp(name, "Ctrl-", 5) == 0)
		return parse_control(name + 5);
	if (name[0] == 'F' || name[0] == 'f')
		return parse_function(name);
	return 0;
}

const char *
key_name_nearest(const char *name)
{
	const char *words[NAMES_COUNT + 1] = { NULL };

	for (size_t i = 0; i < NAMES_COUNT; i++)
		words[i] = names[i].name;
	return str_nearest(name, words);
}
