#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_STATEMENT_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_STATEMENT_H

#include "base/str.h"
#include "step/restore/step_postgresql_restore_scan.h"

/* Internal to the reader of dumps: one statement, from its first character to its semicolon. */

enum { STATEMENT_WORDS = 4, STATEMENT_WORD_MAX = 32 };

/* In the caller's memory; all zero to begin with. */
struct statement_text {
	struct str text; /* without comments and dollar quotes; of a very long one the beginning */
	int64_t line;
	char word[STATEMENT_WORD_MAX]; /* that is being read, in lower case */
	size_t word_len;
	char words[STATEMENT_WORDS][STATEMENT_WORD_MAX]; /* the first */
	int words_count;
	int parens, begins; /* what is open */
};

/* What its end means for the reader. */
enum statement_end {
	STATEMENT_PLAIN,
	STATEMENT_COPIES, /* rows follow on the next line; the content's last rows are its */
	STATEMENT_STRINGS_STANDARD, /* a backslash in a literal is one from here on, */
	STATEMENT_STRINGS_ESCAPED,  /* or takes the next character along */
};

void statement_release(struct statement_text *s);
/* A character outside of literals and comments; true: the statement ends with it. */
bool statement_push(struct statement_text *s, char c, int64_t line);
/* One inside of a literal or a quoted name. */
void statement_keep(struct statement_text *s, char c);
/* Takes the last character back: it began a comment. */
void statement_cut(struct statement_text *s);
/* The word that is being read, or "". */
const char *statement_word(const struct statement_text *s);

/* Adds what the statement says to the content, and begins the next one. */
enum statement_end statement_finish(struct statement_text *s, struct dump_content *content);
/* Adds the rows of the last COPY to those of an earlier one of the same table. */
void statement_merge_rows(struct dump_content *content);

#endif
