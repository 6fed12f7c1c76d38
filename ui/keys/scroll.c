#include "config.h"

#include "ui/keys/scroll.h"

#include <stdint.h>

bool
scroll_is_movement(enum command command)
{
	return command >= CMD_UP && command <= CMD_BOTTOM;
}

/* `at` moved within [0, last]. */
static size_t
move(size_t at, enum command command, size_t last, int rows)
{
	size_t page = rows > 1 ? (size_t)rows - 1 : 1;

	switch (command) {
	case CMD_UP:
		return at ? at - 1 : 0;
	case CMD_DOWN:
		return at < last ? at + 1 : last;
	case CMD_PAGE_UP:
		return at > page ? at - page : 0;
	case CMD_PAGE_DOWN:
		return at + page < last ? at + page : last;
	case CMD_TOP:
		return 0;
	case CMD_BOTTOM:
		return last;
	default:
		return at < last ? at : last;
	}
}

size_t
scroll_move(size_t first, enum command command, size_t count, int rows)
{
	size_t shown = rows > 0 ? (size_t)rows : 0;

	return move(first, command, count > shown ? count - shown : 0, rows);
}

size_t
scroll_cursor(size_t cursor, enum command command, size_t count, int rows)
{
	return move(cursor, command, count ? count - 1 : 0, rows);
}

size_t
scroll_to(size_t first, size_t cursor, size_t count, int rows)
{
	size_t shown = rows > 0 ? (size_t)rows : 1;

	if (cursor < first)
		first = cursor;
	if (cursor >= first + shown)
		first = cursor - shown + 1;
	return scroll_move(first, CMD_NONE, count, rows);
}
