#ifndef LIFEBOAT_RUNBOOK_EXPRESSION_SCAN_H
#define LIFEBOAT_RUNBOOK_EXPRESSION_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * The words of a jq expression, as jq's own lexer cuts them, brackets and interpolations matched.
 * Internal to src/runbook: what must be known of an expression without running jq.
 * Source: jq 1.6, src/lexer.l.
 */
enum token_kind {
	TOKEN_WORD,	/* a function or a keyword */
	TOKEN_KEY,	/* a bare key of an object: {key: …} */
	TOKEN_FIELD,	/* .name; the token is the name */
	TOKEN_VARIABLE, /* $name; the token is the name */
	TOKEN_STRING,	/* the text between quotes, or a piece of it beside \(…) */
	TOKEN_NUMBER,
	TOKEN_PUNCTUATION, /* one character, or ".." */
};

struct token {
	enum token_kind kind;
	size_t offset;
	size_t len;
	bool whole; /* TOKEN_STRING: without interpolations */
};

enum { LEXER_DEPTH_MAX = 128 };

struct lexer {
	const char *text;
	size_t at;
	char closers[LEXER_DEPTH_MAX]; /* the closing bracket of each open one */
	size_t depth;
	struct token last;
	const char *problem; /* what stopped it: NULL at the end of the text */
};

void lexer_init(struct lexer *lexer, const char *text);
/* The next token, or false at the end of the text or at a problem. */
bool lexer_next(struct lexer *lexer, struct token *ret_token);
bool token_is(const struct lexer *lexer, const struct token *token, enum token_kind kind,
	      const char *text);
bool token_is_keyword(const struct lexer *lexer, const struct token *token);

/*
 * Refuses what may not stand in an expression: unmatched brackets and quotes (so that a text may be
 * put in parentheses without escaping from them), env and its like, import. Errors: ERR_SPEC.
 */
int expression_scan(const char *text, struct err *e);

/* Bytes up to the "}" that closes a ${ before `text`, or -1 where there is none. */
long expression_extent(const char *text);

#endif
