#include "config.h"

#include "ui/terminal/theme.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ui/terminal/colour.h"

enum { PRESET_DEFAULT, PRESET_LIGHT, PRESET_HIGH_CONTRAST, PRESET_MONO, PRESETS };
enum { DEFAULT = THEME_DEFAULT_COLOUR };

const char *const theme_presets[] = {
	[PRESET_DEFAULT] = "default",
	[PRESET_LIGHT] = "light",
	[PRESET_HIGH_CONTRAST] = "high-contrast",
	[PRESET_MONO] = "mono",
	[PRESETS] = NULL,
};

struct look {
	attr_t plain; /* without colour */
	attr_t coloured;
	short few, many; /* foreground among 8, and among 256 colours */
	short ground;	 /* background among 256 */
};

/* What a preset has instead of the colours and weights of the default one. */
struct shade {
	enum role role;
	attr_t coloured;
	short few, many;
};

/* Blue tells good, orange bad; both differ in brightness too, for those who see neither. */
static const struct look defaults[ROLE_COUNT] = {
	[ROLE_TEXT] = { A_NORMAL, A_NORMAL, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_DIM] = { A_DIM, A_DIM, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_STRONG] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_CODE] = { A_NORMAL, A_NORMAL, COLOR_CYAN, 152, DEFAULT },
	[ROLE_LABEL] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_TITLE] = { A_UNDERLINE, A_UNDERLINE, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_TITLE_FOCUS] = { A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_LIVE] = { A_REVERSE | A_BOLD, A_REVERSE | A_BOLD, COLOR_YELLOW, 208, DEFAULT },
	[ROLE_DRILL] = { A_REVERSE, A_REVERSE, COLOR_CYAN, 75, DEFAULT },
	[ROLE_GOOD] = { A_NORMAL, A_NORMAL, COLOR_CYAN, 75, DEFAULT },
	[ROLE_BAD] = { A_BOLD, A_BOLD, COLOR_YELLOW, 208, DEFAULT },
	[ROLE_WARNING] = { A_BOLD, A_NORMAL, COLOR_YELLOW, 214, DEFAULT },
	[ROLE_CURRENT] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_ADD] = { A_BOLD, A_NORMAL, COLOR_CYAN, 75, DEFAULT },
	[ROLE_REMOVE] = { A_NORMAL, A_NORMAL, COLOR_YELLOW, 208, DEFAULT },
	[ROLE_ORIGIN] = { A_DIM, A_NORMAL, COLOR_CYAN, 109, DEFAULT },
	[ROLE_KEY] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_SELECTED] = { A_REVERSE, A_REVERSE, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_DIALOG] = { A_BOLD, A_BOLD, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_INPUT] = { A_UNDERLINE, A_UNDERLINE, DEFAULT, DEFAULT, DEFAULT },
	[ROLE_MATCH] = { A_REVERSE, A_REVERSE, DEFAULT, DEFAULT, DEFAULT },
};

/* Darker ones, for a light background; among eight colours yellow cannot be read there. */
static const struct shade light[] = {
	{ ROLE_CODE, A_NORMAL, COLOR_BLUE, 24 },
	{ ROLE_LIVE, A_REVERSE | A_BOLD, COLOR_RED, 130 },
	{ ROLE_DRILL, A_REVERSE, COLOR_BLUE, 25 },
	{ ROLE_GOOD, A_NORMAL, COLOR_BLUE, 25 },
	{ ROLE_BAD, A_BOLD, COLOR_RED, 130 },
	{ ROLE_WARNING, A_NORMAL, COLOR_RED, 94 },
	{ ROLE_ADD, A_NORMAL, COLOR_BLUE, 25 },
	{ ROLE_REMOVE, A_NORMAL, COLOR_RED, 130 },
	{ ROLE_ORIGIN, A_NORMAL, COLOR_BLUE, 60 },
};

/* Nothing dim, and the brightest of each. */
static const struct shade high_contrast[] = {
	{ ROLE_DIM, A_NORMAL, DEFAULT, DEFAULT },
	{ ROLE_CODE, A_BOLD, COLOR_CYAN, 123 },
	{ ROLE_TITLE, A_UNDERLINE | A_BOLD, DEFAULT, DEFAULT },
	{ ROLE_LIVE, A_REVERSE | A_BOLD, COLOR_YELLOW, 226 },
	{ ROLE_DRILL, A_REVERSE | A_BOLD, COLOR_CYAN, 123 },
	{ ROLE_GOOD, A_BOLD, COLOR_CYAN, 123 },
	{ ROLE_BAD, A_BOLD | A_UNDERLINE, COLOR_YELLOW, 226 },
	{ ROLE_WARNING, A_BOLD, COLOR_YELLOW, 226 },
	{ ROLE_ADD, A_BOLD, COLOR_CYAN, 123 },
	{ ROLE_REMOVE, A_BOLD, COLOR_YELLOW, 226 },
	{ ROLE_ORIGIN, A_NORMAL, COLOR_WHITE, 255 },
	{ ROLE_INPUT, A_UNDERLINE | A_BOLD, DEFAULT, DEFAULT },
};

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_TEXT] = "text",	    [ROLE_DIM] = "dim",
	[ROLE_STRONG] = "strong",   [ROLE_CODE] = "code",
	[ROLE_LABEL] = "label",	    [ROLE_TITLE] = "title",
	[ROLE_LIVE] = "live",	    [ROLE_TITLE_FOCUS] = "title-focus",
	[ROLE_DRILL] = "drill",	    [ROLE_GOOD] = "good",
	[ROLE_BAD] = "bad",	    [ROLE_WARNING] = "warning",
	[ROLE_CURRENT] = "current", [ROLE_ADD] = "add",
	[ROLE_REMOVE] = "remove",   [ROLE_ORIGIN] = "origin",
	[ROLE_KEY] = "key",	    [ROLE_SELECTED] = "selected",
	[ROLE_DIALOG] = "dialog",   [ROLE_INPUT] = "input",
	[ROLE_MATCH] = "match",
};

static struct look looks[ROLE_COUNT]; /* those that theme_configure() has made */
static bool is_configured, is_mono;
static bool coloured;
static bool has_foreign_pair[256]; /* of the colours of foreign texts */

const char *
theme_role_name(enum role role)
{
	return role_names[role];
}

static void
apply_shades(const struct shade *shades, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct look *look = &looks[shades[i].role];

		look->coloured = shades[i].coloured;
		look->few = shades[i].few;
		look->many = shades[i].many;
	}
}

static void
change_attribute(struct look *look, int wish, attr_t attribute)
{
	if (wish == THEME_KEEP)
		return;
	look->plain = wish ? look->plain | attribute : look->plain & ~attribute;
	look->coloured = wish ? look->coloured | attribute : look->coloured & ~attribute;
}

static void
apply_change(struct look *look, const struct theme_change *change)
{
	if (change->foreground != THEME_KEEP) {
		look->many = (short)change->foreground;
		look->few = (short)colour_reduce(change->foreground, 8);
	}
	if (change->background != THEME_KEEP)
		look->ground = (short)change->background;
	change_attribute(look, change->bold, A_BOLD);
	change_attribute(look, change->dim, A_DIM);
	change_attribute(look, change->underline, A_UNDERLINE);
	change_attribute(look, change->reverse, A_REVERSE);
}

void
theme_configure(const char *preset, const struct theme_change changes[ROLE_COUNT])
{
	memcpy(looks, defaults, sizeof(looks));
	if (str_equal(preset, theme_presets[PRESET_LIGHT]))
		apply_shades(light, sizeof(light) / sizeof(light[0]));
	if (str_equal(preset, theme_presets[PRESET_HIGH_CONTRAST]))
		apply_shades(high_contrast, sizeof(high_contrast) / sizeof(high_contrast[0]));
	for (size_t i = 0; changes && i < ROLE_COUNT; i++)
		apply_change(&looks[i], &changes[i]);
	is_mono = str_equal(preset, theme_presets[PRESET_MONO]);
	is_configured = true;
}

static bool
has_colour(const struct look *look)
{
	return look->many != DEFAULT || look->ground != DEFAULT;
}

void
theme_init(bool mono)
{
	if (!is_configured)
		theme_configure(NULL, NULL);
	memset(has_foreign_pair, 0, sizeof(has_foreign_pair));
	coloured = !mono && !is_mono && has_colors() && start_color() == OK &&
		   use_default_colors() == OK;
	for (short role = 0; coloured && role < ROLE_COUNT; role++) {
		const struct look *look = &looks[role];
		bool many = COLORS >= 256;

		if (has_colour(look))
			init_pair((short)(role + 1), many ? look->many : look->few,
				  many ? look->ground : (short)colour_reduce(look->ground, COLORS));
	}
}

/* A foreign look as a role: its colour, and which of the two weights it has. */
enum { FOREIGN_BOLD = 1, FOREIGN_UNDERLINE = 2, FOREIGN_COLOUR = 4 };

enum role
theme_foreign_role(const struct sgr_look *look)
{
	int code = (colour_readable(look->colour) + 1) * FOREIGN_COLOUR;

	code |= look->bold ? FOREIGN_BOLD : 0;
	code |= look->underline ? FOREIGN_UNDERLINE : 0;
	return code ? (enum role)(ROLE_COUNT + code) : ROLE_TEXT;
}

/* The pair of a readable colour, made when it is first used; 0: this terminal has none for it. */
static short
foreign_pair(int colour)
{
	int pair = ROLE_COUNT + 1;

	if (!coloured || colour < 0)
		return 0;
	if (COLORS < 256)
		colour = colour_few(colour, COLORS);
	pair += colour;
	if (colour < 0 || pair >= COLOR_PAIRS)
		return 0;
	if (!has_foreign_pair[colour])
		init_pair((short)pair, (short)colour, DEFAULT);
	has_foreign_pair[colour] = true;
	return (short)pair;
}

static void
set_foreign(int code)
{
	attr_t attributes = A_NORMAL;

	if (code & FOREIGN_BOLD)
		attributes |= A_BOLD;
	if (code & FOREIGN_UNDERLINE)
		attributes |= A_UNDERLINE;
	attr_set(attributes, foreign_pair(code / FOREIGN_COLOUR - 1), NULL);
}

void
theme_set(enum role role)
{
	if (role >= ROLE_COUNT) {
		set_foreign((int)role - ROLE_COUNT);
		return;
	}
	const struct look *look = &looks[role];
	bool pair = coloured && has_colour(look);

	attr_set(coloured ? look->coloured : look->plain, pair ? (short)(role + 1) : 0, NULL);
}
