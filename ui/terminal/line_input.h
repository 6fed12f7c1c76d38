#ifndef LIFEBOAT_UI_TERMINAL_LINE_INPUT_H
#define LIFEBOAT_UI_TERMINAL_LINE_INPUT_H

#include <stdbool.h>

#include "base/str.h"

enum { LINE_INPUT_MAX = 64 * 1024 }; /* a longer line ends there */

/* Standard input, line by line, without ever blocking by itself. */
struct line_input {
	struct str bytes; /* read and not yet taken; wiped */
	bool ended;
};

void line_input_release(struct line_input *input);

/* Reads what is there; to be called when poll(2) says that something is. */
void line_input_fill(struct line_input *input);

/* The next line without its LF, or the rest at the end; false: none. The caller wipes and frees it. */
bool line_input_take(struct line_input *input, char **ret_line);

/* Whether something to take was given before now: what a terminal echoed of it stands above what is printed next. */
bool line_input_ahead(const struct line_input *input);

/* Forgets what was typed ahead on a terminal; input from a pipe is meant and stays. */
void line_input_flush(struct line_input *input);

/* Stops and starts showing what is typed; nothing on a pipe. */
void line_input_hide(void);
void line_input_show(void);

#endif
