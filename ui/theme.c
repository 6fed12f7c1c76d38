#include "config.h"

#include "ui/theme.h"

#include <curses.h>
#include <stdlib.h>

enum { DEFAULT = -1 };

/* Blue tells good, orange bad; both differ in brightness too, for those who see neither. */
static const struct {
	attr_t plain; /* without colour */
	attr_t coloured;
	short few, many; /* foreground among 8, and among 256 colours */
} looks[ROLE_COUNT] = {
	[ROLE_TEXT] = { A_NORMAL, A_NORMAL, DEFAULT, DEFAULT },
	[ROLE_DIM] = { A_DIM, A_DIM, DEFAULT, DEFAULT },
	[ROLE_STRONG] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT },
	[ROLE_CODE] = { A_NORMAL, A_NORMAL, COLOR_CYAN, 152 },
	[ROLE_LABEL] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT },
	[ROLE_TITLE] = { A_UNDERLINE, A_UNDERLINE, DEFAULT, DEFAULT },
	[ROLE_TITLE_FOCUS] = { A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, DEFAULT, DEFAULT },
	[ROLE_LIVE] = { A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, COLOR_YELLOW, 208 },
	[ROLE_DRILL] = { A_REVERSE, A_REVERSE, COLOR_CYAN, 75 },
	[ROLE_GOOD] = { A_NORMAL, A_NORMAL, COLOR_CYAN, 75 },
	[ROLE_BAD] = { A_BOLD, A_BOLD, COLOR_YELLOW, 208 },
	[ROLE_WARNING] = { A_BOLD, A_NORMAL, COLOR_YELLOW, 214 },
	[ROLE_CURRENT] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT },
	[ROLE_ADD] = { A_BOLD, A_NORMAL, COLOR_CYAN, 75 },
	[ROLE_REMOVE] = { A_NORMAL, A_NORMAL, COLOR_YELLOW, 208 },
	[ROLE_ORIGIN] = { A_DIM, A_NORMAL, COLOR_CYAN, 109 },
	[ROLE_KEY] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT },
	[ROLE_SELECTED] = { A_REVERSE, A_REVERSE, DEFAULT, DEFAULT },
	[ROLE_DIALOG] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT },
	[ROLE_INPUT] = { A_UNDERLINE, A_UNDERLINE, DEFAULT, DEFAULT },
	[ROLE_MATCH] = { A_REVERSE, A_REVERSE, DEFAULT, DEFAULT },
};

static bool coloured;

void
theme_init(bool mono)
{
	coloured = !mono && has_colors() && start_color() == OK && use_default_colors() == OK;
	if (!coloured)
		return;
	for (short role = 0; role < ROLE_COUNT; role++) {
		short colour = COLORS >= 256 ? looks[role].many : looks[role].few;

		if (colour != DEFAULT)
			init_pair((short)(role + 1), colour, DEFAULT);
	}
}

void
theme_set(enum role role)
{
	bool pair = coloured && looks[role].few != DEFAULT;

	attr_set(coloured ? looks[role].coloured : looks[role].plain, pair ? (short)(role + 1) : 0,
		 NULL);
}
