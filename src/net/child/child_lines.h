#ifndef LIFEBOAT_NET_CHILD_CHILD_LINES_H
#define LIFEBOAT_NET_CHILD_CHILD_LINES_H

#include <stddef.h>

/*
 * Makes lines of what a program draws on a terminal, each as it looks in the end: a carriage return begins the line
 * again, a backspace steps back, what erases a part of the line erases it. Moving to another line ends the line, all
 * other control sequences (titles) are left out, and so is the bell; colours come beside the text, and end with the line. Everything else, invalid UTF-8 included,
 * comes out as it came in, whole lines of plain text at once. A character is one column, whatever its width.
 *
 * A line of more than 4,096 characters goes on in pieces. Secrets are to be hidden before: what is drawn over half of one
 * leaves the other half, which nobody would recognise.
 * One stream, one thread.
 * Source: ECMA-48; console_codes(4).
 */
struct child_lines;

struct child_lines_listener {
	void *data;
	/* Lines with their LF, or pieces of one; and the same with sequences for their colours, of those that we obey. */
	void (*put)(void *data, const char *bytes, size_t len_bytes, const char *coloured,
		    size_t coloured_bytes);
	/* How the line under way looks, right before something is drawn over it; NULL: nobody looks. */
	void (*redrawn)(void *data, const char *line, size_t len_bytes);
};

struct child_lines *child_lines_new(const struct child_lines_listener *listener);
void child_lines_free(struct child_lines *l); /* NULL is legal */
void child_lines_push(struct child_lines *l, const char *bytes, size_t len_bytes);
/* The end: puts the line under way, without LF. */
void child_lines_flush(struct child_lines *l);

#endif
