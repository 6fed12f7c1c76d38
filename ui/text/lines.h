#ifndef LIFEBOAT_UI_TEXT_LINES_H
#define LIFEBOAT_UI_TEXT_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/sgr.h"
#include "base/str.h"
#include "ui/terminal/theme.h"

/* The bytes of a line up to `end` look like `role`. */
struct span {
	size_t end;
	enum role role;
};

struct line {
	char *text; /* sanitised, no LF */
	struct span *spans;
	size_t spans_count, spans_cap;
	/* Whether the text of the line before goes on here, behind so many bytes of indent; and whether the break took a blank. */
	bool goes_on, took_blank;
	size_t indent;
};

/*
 * Text laid out for a pane or for plain mode: lines of spans, wrapped to `columns`. Everything that is
 * added passes the sanitiser here.
 */
struct lines {
	struct line *items;
	size_t count, cap;
	int columns;
};

void lines_init(struct lines *lines, int columns);
void lines_release(struct lines *lines);
/* Forgets the lines, for a new layout in `columns`. */
void lines_reset(struct lines *lines, int columns);

/* One line, not wrapped; painting cuts it. */
void lines_add(struct lines *lines, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* More on the last line, in a role of its own. */
void lines_append(struct lines *lines, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * A text of any length: wrapped, its LFs kept, the first line behind `prefix` and the others below its
 * text. prefix and text have roles of their own.
 */
void lines_wrap(struct lines *lines, enum role prefix_role, const char *prefix, enum role role,
		const char *text);
/* Markdown-light: paragraphs, lists, ``` blocks, **bold** and `code`. */
void lines_markdown(struct lines *lines, const char *text);
/*
 * Appends a line as it was before it was wrapped: with about `room` bytes at most of the lines before that it goes on from,
 * and of those behind it that go on. Returns where its own text begins in `out`, which is behind its indent.
 */
size_t lines_unwrap(const struct lines *lines, size_t index, size_t room, struct str *out);
/* How many bytes at the end of a line are its own text. */
size_t lines_own_bytes(const struct line *line);
/* Moves the last `count` lines of `from`, or all there are, to the end of `lines`. */
void lines_take_last(struct lines *lines, struct lines *from, size_t count);
/* An empty line, unless the last one is empty or there is none. */
void lines_gap(struct lines *lines);

/*
 * Wraps sanitised text whose byte i has roles[i], behind `prefix`, sanitised too; what lines_wrap() and
 * lines_markdown() are made of.
 */
void lines_wrap_roles(struct lines *lines, enum role prefix_role, const char *prefix,
		      const char *text, const enum role *roles);
/* Gives the bytes [begin, end) a role. */
void lines_set_roles(enum role *roles, size_t begin, size_t end, enum role role);
/* Gives the bytes of a text the looks that its colour sequences asked for; the plain ones stay as they are. */
void lines_set_colours(enum role *roles, size_t len, const struct sgr_span *spans, size_t count);
/* lines_wrap() of a text that is sanitised already and has looks of its own. */
void lines_wrap_coloured(struct lines *lines, const char *text, const struct sgr *sgr);

#endif
