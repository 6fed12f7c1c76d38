#ifndef LIFEBOAT_UI_TERMINAL_COLOUR_H
#define LIFEBOAT_UI_TERMINAL_COLOUR_H

#include <stdint.h>

/*
 * Colours by number: 0 to 15 are the terminal's own, 16 to 231 a cube of 6x6x6, 232 to 255 greys; -1 is
 * no colour at all. Pure. Source: xterm, 256colres.h.
 */

/* The nearest of the terminal's first `count` (8 or 16); -1 stays -1. */
int colour_reduce(int colour, int count);

/*
 * A colour of a foreign text (see base/sgr.h) as one of the 256 that can be read on black and on white: what is too
 * dark or too bright is moved. The terminal's own colours stay, but for black, greys and white; -1: the terminal's own
 * foreground.
 */
int colour_readable(int32_t colour);
/* A readable colour on a terminal with less than 256 of them; -1: none is near. */
int colour_few(int colour, int count);

#endif
