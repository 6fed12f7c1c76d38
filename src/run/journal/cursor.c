#include "config.h"

#include "run/journal/cursor.h"

#include <string.h>

bool
cursor_take(struct cursor *cursor, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, literal, len) != 0)
		return false;
	cursor->at += len;
	return true;
}

bool
cursor_take_word(struct cursor *cursor, char behind, char *out, size_t cap)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *end = memchr(cursor->at, behind, left < cap ? left : cap);

	if (!end || end == cursor->at)
		return false;
	memcpy(out, cursor->at, (size_t)(end - cursor->at));
	out[end - cursor->at] = '\0';
	cursor->at = end;
	return true;
}
