#ifndef LIFEBOAT_BASE_TEXT_H
#define LIFEBOAT_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct sgr;

/*
 * Decodes one code point of UTF-8. Returns the bytes it took (at least 1 while len_bytes > 0), and
 * *ret_code = the code point, or -1 for a byte that is no valid UTF-8 there (overlong forms,
 * surrogates and values past U+10FFFF included). Source: RFC 3629.
 */
size_t text_decode(const char *bytes, size_t len_bytes, int32_t *ret_code);

/* How many of the first `most` bytes of a text of `len` bytes can be taken without half a character at their end. */
size_t text_whole(const char *text, size_t len, size_t most);
/* How many characters a text has, by their first bytes. */
size_t text_characters(const char *text);

/* Columns of one code point by wcwidth(3): 0, 1 or 2. Controls, which never reach a screen, are 0. */
int text_width_of(int32_t code);
/* Columns of a sanitised string. */
int text_width(const char *text);
/* How many bytes of `text` fit into `columns`; never splits a character from its combining marks. */
size_t text_fit(const char *text, int columns);
/* Appends `text` cut to `columns`, with an ellipsis ("…" or, if ascii, "~") where it was cut. */
void text_append_cut(struct str *out, const char *text, int columns, bool ascii);

enum text_flags {
	TEXT_KEEP_NEWLINES = 1 << 0, /* LF stays; without it LF becomes a visible ^J */
	TEXT_DROP_SGR = 1 << 1, /* colour sequences (CSI … m) vanish instead of being shown */
};

/*
 * The one door through which everything from outside (names, logs, errors, answers, runbooks)
 * reaches the screen or the disk. Appends to out a text that is safe to print: valid UTF-8, no
 * control but LF where asked for. C0 becomes ^X (tabs are expanded to the next multiple of 8,
 * CR at the end of a line vanishes), DEL ^?, C1 and invalid bytes \x9b, bidi controls, zero-width
 * and other format characters, private use and noncharacters <U+202E>; more than 4 combining marks
 * on a character are dropped with <+N marks>; U+FE0F, ZWJ and skin tones vanish.
 * Source: Unicode TR36 and TR9; terminal.md of the project's reference.
 */
void text_sanitise(const char *bytes, size_t len_bytes, enum text_flags flags, struct str *out);

/*
 * The same with TEXT_DROP_SGR, and what the dropped sequences say goes to sgr, with offsets into out. The look is plain
 * again behind every LF that stays.
 */
void text_sanitise_coloured(const char *bytes, size_t len_bytes, enum text_flags flags,
			    struct str *out, struct sgr *sgr);

/* text_sanitise() of a C string, as a new string; the caller frees. */
char *text_clean(const char *text, enum text_flags flags);

/*
 * Breaks a sanitised paragraph text into lines of at most `columns`, at spaces where possible; LFs
 * break always. Leading spaces of a paragraph are kept as its indent, and lines after a list mark
 * ("- ", "1. ") are indented below its text. Calls line() for each, without its LF. A LF at
 * the very end begins no further line. Fewer than 2 columns count as 2.
 */
void text_wrap(const char *text, int columns,
	       void (*line)(void *data, const char *text, size_t len), void *data);

#endif
