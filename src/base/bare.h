#ifndef LIFEBOAT_BASE_BARE_H
#define LIFEBOAT_BASE_BARE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * What remains of a text without all that may come between the characters of a secret: control bytes, a
 * terminal's escape sequences, line ends with the indent behind them, and backslashes with the n, r or t
 * behind them. So a key that was wrapped, coloured or escaped once more is the key again. A pattern and a
 * text are made bare by the same rules, whatever those make of the one or the other.
 * Internal to the redactor. Source of the escape sequences: ECMA-48, sections 5.4 and 8.3.
 */
struct bare {
	enum {
		BARE_TEXT,
		BARE_BACKSLASH,
		BARE_ESCAPE,
		BARE_CSI,	    /* ESC [ … */
		BARE_STRING,	    /* ESC ] … and its like */
		BARE_STRING_ESCAPE, /* the ESC of its end */
	} state;
	bool indent; /* at the start of a line */
};

#define BARE_INIT                                                                                  \
	{                                                                                          \
		BARE_TEXT, false                                                                   \
	}

/* How many of the next bytes are no part of the bare text; less than len_bytes: behind them is some of it. */
size_t bare_skip(struct bare *b, const char *bytes, size_t len_bytes);

/* How many bytes the bare text goes on for: at once behind bare_skip(). */
size_t bare_run(const char *bytes, size_t len_bytes);

#endif
