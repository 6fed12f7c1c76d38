#ifndef LIFEBOAT_UI_KEYS_SCROLL_H
#define LIFEBOAT_UI_KEYS_SCROLL_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/keys/keymap.h"

/* Where `first` is after a movement among `count` lines of which `rows` are shown. Pure. */
size_t scroll_move(size_t first, enum command command, size_t count, int rows);

/* A cursor after a movement among `count` rows of which `rows` make a page. Pure. */
size_t scroll_cursor(size_t cursor, enum command command, size_t count, int rows);

/* The first row to show so that `cursor` is among the shown ones, moving as little as possible. Pure. */
size_t scroll_to(size_t first, size_t cursor, size_t count, int rows);

/* True for the commands that move. */
bool scroll_is_movement(enum command command);

#endif
