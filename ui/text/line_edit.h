#ifndef LIFEBOAT_UI_TEXT_LINE_EDIT_H
#define LIFEBOAT_UI_TEXT_LINE_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "ui/terminal/input.h"

enum { LINE_EDIT_MAX = 4096 }; /* bytes */

/* One line of text under the operator's fingers. The memory is wiped: it may be a secret. */
struct line_edit {
	struct str text;
	size_t cursor; /* a byte offset, always between two characters */
};

void line_edit_release(struct line_edit *edit);
void line_edit_set(struct line_edit *edit, const char *text);
/* Takes a key; false: it is none that edits. Line ends and tabs of a paste become spaces. */
bool line_edit_key(struct line_edit *edit, const struct key *key);

#endif
