#include "config.h"

#include "ui/terminal/colour.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/sgr.h"
#include "base/str.h"
#include "ui/terminal/theme.h"

enum {
	CUBE = 16,
	GREYS = 232,
	COUNT = 256,
	BRIGHT = 8,
	GREY = 244,	/* far enough from black and white */
	GREY_STEP = 10, /* of one grey to the next; less than that has no hue */
	SHADES = 16,
	DARKEST = 50,	 /* thousandths of white's luminance: a contrast of 2 to black */
	BRIGHTEST = 475, /* and to white */
};

struct rgb {
	int red, green, blue;
};

const char *const theme_colours[] = {
	"black",	"red",
	"green",	"yellow",
	"blue",		"magenta",
	"cyan",		"white",
	"bright-black", "bright-red",
	"bright-green", "bright-yellow",
	"bright-blue",	"bright-magenta",
	"bright-cyan",	"bright-white",
	NULL,
};

/* As terminals show them when nobody has changed them. */
static struct rgb
rgb_of(int colour)
{
	static const int steps[] = { 0, 95, 135, 175, 215, 255 };
	static const struct rgb named[CUBE] = {
		{ 0, 0, 0 },	   { 205, 0, 0 },   { 0, 205, 0 },   { 205, 205, 0 },
		{ 0, 0, 238 },	   { 205, 0, 205 }, { 0, 205, 205 }, { 229, 229, 229 },
		{ 127, 127, 127 }, { 255, 0, 0 },   { 0, 255, 0 },   { 255, 255, 0 },
		{ 92, 92, 255 },   { 255, 0, 255 }, { 0, 255, 255 }, { 255, 255, 255 },
	};

	if (colour < CUBE)
		return named[colour];
	if (colour >= GREYS) {
		int grey = 8 + 10 * (colour - GREYS);

		return (struct rgb){ grey, grey, grey };
	}
	colour -= CUBE;
	return (struct rgb){ steps[colour / 36], steps[colour / 6 % 6], steps[colour % 6] };
}

static int
nearest(struct rgb wanted, int first, int end)
{
	int best = first, best_distance = INT_MAX;

	for (int i = first; i < end; i++) {
		struct rgb at = rgb_of(i);
		int red = at.red - wanted.red, green = at.green - wanted.green;
		int blue = at.blue - wanted.blue;
		int distance = red * red + green * green + blue * blue;

		if (distance < best_distance) {
			best = i;
			best_distance = distance;
		}
	}
	return best;
}

int
colour_reduce(int colour, int count)
{
	if (colour < 0 || colour < count)
		return colour;
	return colour < CUBE ? colour - BRIGHT
			     : nearest(rgb_of(colour), 0, count < CUBE ? 8 : CUBE);
}

/* Black, white, and the greys between them: where the background may be one of them, they hide a text. */
static bool
is_named_grey(int colour)
{
	return colour >= 0 && colour < CUBE && (colour % BRIGHT == 0 || colour % BRIGHT == 7);
}

/* Relative luminance in thousandths, by a square instead of the power 2.4. Source: WCAG 2.1. */
static int
luminance(struct rgb at)
{
	return (2126 * at.red * at.red + 7152 * at.green * at.green + 722 * at.blue * at.blue) /
	       (255 * 255 * 10);
}

/* So many of SHADES steps on the way to white (255) or black (0). */
static struct rgb
moved(struct rgb at, int to, int steps)
{
	return (struct rgb){ at.red + (to - at.red) * steps / SHADES,
			     at.green + (to - at.green) * steps / SHADES,
			     at.blue + (to - at.blue) * steps / SHADES };
}

static int
moved_until_readable(struct rgb wanted)
{
	int to = luminance(wanted) < DARKEST ? 255 : 0;

	for (int steps = 0; steps < SHADES; steps++) {
		int found = nearest(moved(wanted, to, steps), CUBE, COUNT);
		int light = luminance(rgb_of(found));

		if (light >= DARKEST && light <= BRIGHTEST)
			return found;
	}
	return GREY;
}

static int
cube_step(int value)
{
	return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40;
}

/* One of the cube that is near, or of the greys; a log may name another colour with every character. */
static int
quick(int red, int green, int blue)
{
	int most = red > green ? red : green, least = red < green ? red : green;

	most = blue > most ? blue : most;
	least = blue < least ? blue : least;
	if (most - least < GREY_STEP)
		return most < GREY_STEP ? CUBE : GREYS + (most - GREY_STEP) * 24 / 256;
	return CUBE + 36 * cube_step(red) + 6 * cube_step(green) + cube_step(blue);
}

int
colour_readable(int32_t colour)
{
	static unsigned char known[COUNT]; /* 0: not yet looked for */

	if (colour < CUBE)
		return colour == BRIGHT ? GREY : is_named_grey(colour) ? -1 : colour;
	if (colour >= COUNT)
		colour = quick(colour >> 16 & 0xff, colour >> 8 & 0xff, colour & 0xff);
	if (!known[colour])
		known[colour] = (unsigned char)moved_until_readable(rgb_of(colour));
	return known[colour];
}

int
colour_few(int colour, int count)
{
	int few = colour_reduce(colour, count);

	return is_named_grey(few) ? -1 : few;
}

static bool
parse_number(const char *text, int base, size_t digits, long *ret_number)
{
	char *end;

	if (strlen(text) > digits || !text[0] || strchr("+- \t\n", text[0]))
		return false;
	*ret_number = strtol(text, &end, base);
	return *end == '\0';
}

bool
theme_parse_colour(const char *text, int *ret_colour)
{
	long number;

	for (int i = 0; theme_colours[i]; i++)
		if (strcmp(theme_colours[i], text) == 0) {
			*ret_colour = i;
			return true;
		}
	if (strcmp(text, "default") == 0) {
		*ret_colour = THEME_DEFAULT_COLOUR;
		return true;
	}
	if (text[0] == '#' && strlen(text) == 7 && parse_number(text + 1, 16, 6, &number)) {
		*ret_colour = nearest((struct rgb){ (int)(number >> 16), (int)(number >> 8 & 0xff),
						    (int)(number & 0xff) },
				      CUBE, COUNT);
		return true;
	}
	if (!parse_number(text, 10, 3, &number) || number >= COUNT)
		return false;
	*ret_colour = (int)number;
	return true;
}
