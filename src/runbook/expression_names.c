#include "config.h"

#include "runbook/expression.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/expression_scan.h"

/*
 * Which names an expression uses, read off its tokens. Where the grammar would have to be parsed in
 * full to be sure, these functions stay silent: lint must never refuse an expression that is right.
 */

typedef void found_fn(void *data, const char *name, size_t offset);

static void
report(const struct lexer *lexer, const struct token *token, found_fn *found, void *data)
{
	char *name = xstrndup(lexer->text + token->offset, token->len);

	found(data, name, token->offset);
	free(name);
}

/* Whether a path's next element may follow this token: then a .field is no path's beginning. */
static bool
ends_term(const struct lexer *lexer, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_WORD:
		return !token_is_keyword(lexer, token);
	case TOKEN_PUNCTUATION:
		return token->len == 2 || strchr(")]}?.", lexer->text[token->offset]);
	case TOKEN_STRING:
		return lexer->text[token->offset + token->len] == '"';
	default:
		return true;
	}
}

/* Follows what `.` is at each depth of brackets: still the expression's input, or moved on. */
struct dot {
	bool moved[LEXER_DEPTH_MAX + 1];
	bool outer[LEXER_DEPTH_MAX + 1];   /* where the bracket was opened, or at its `if` */
	bool binding[LEXER_DEPTH_MAX + 1]; /* between `as` and its "|" or "(" */
};

static void
dot_enter(struct dot *dot, const struct lexer *lexer, const struct token *token,
	  const struct token *before)
{
	size_t depth = lexer->depth;
	bool is_call = token_is(lexer, token, TOKEN_PUNCTUATION, "(") &&
		       (dot->binding[depth - 1] ||
			(before && before->kind == TOKEN_WORD && !token_is_keyword(lexer, before)));

	if (is_call)
		dot->binding[depth - 1] = false;
	dot->moved[depth] = dot->outer[depth] = dot->moved[depth - 1] || is_call;
	dot->binding[depth] = false;
}

static void
dot_follow(struct dot *dot, const struct lexer *lexer, const struct token *token)
{
	size_t depth = lexer->depth;

	if (token_is(lexer, token, TOKEN_PUNCTUATION, "|")) {
		if (!dot->binding[depth])
			dot->moved[depth] = true;
		dot->binding[depth] = false;
	} else if (token_is(lexer, token, TOKEN_WORD, "as")) {
		dot->binding[depth] = true;
	} else if (token_is(lexer, token, TOKEN_WORD, "if")) {
		dot->outer[depth] = dot->moved[depth];
	} else if (token_is(lexer, token, TOKEN_PUNCTUATION, ";") ||
		   token_is(lexer, token, TOKEN_WORD, "then") ||
		   token_is(lexer, token, TOKEN_WORD, "elif") ||
		   token_is(lexer, token, TOKEN_WORD, "else") ||
		   token_is(lexer, token, TOKEN_WORD, "end")) {
		dot->moved[depth] = dot->outer[depth];
	}
}

/* Whether this token opened a bracket, or a further interpolation of its string. */
static bool
opens(const struct lexer *lexer, const struct token *token, size_t depth_before)
{
	return lexer->depth > depth_before ||
	       (token->kind == TOKEN_STRING && !token->whole && lexer->text[lexer->at - 1] == '(');
}

enum reference_state { NO_ROOT, AFTER_ROOT, AFTER_BRACKET };

/* Whether the token is the name that a root just read leads to; otherwise moves the state on. */
static bool
reference_step(enum reference_state *state, const struct lexer *lexer, const struct token *token)
{
	bool is_name = (*state == AFTER_ROOT && token->kind == TOKEN_FIELD) ||
		       (*state == AFTER_BRACKET && token->kind == TOKEN_STRING && token->whole &&
			!memchr(lexer->text + token->offset, '\\', token->len));

	if (*state == AFTER_ROOT && token_is(lexer, token, TOKEN_PUNCTUATION, "?"))
		return false;
	if (*state == AFTER_ROOT && (token_is(lexer, token, TOKEN_PUNCTUATION, "[") ||
				     token_is(lexer, token, TOKEN_PUNCTUATION, ".")))
		*state = AFTER_BRACKET;
	else
		*state = NO_ROOT;
	return is_name;
}

void
expression_references(const char *text, const char *root, found_fn *found, void *data)
{
	enum reference_state state = NO_ROOT;
	struct dot dot = { 0 };
	struct lexer lexer;
	struct token token, before;
	bool have_before = false;
	size_t depth = 0;

	if (!strstr(text, root)) /* as most are: nothing to be read */
		return;
	lexer_init(&lexer, text);
	for (; lexer_next(&lexer, &token);
	     before = token, have_before = true, depth = lexer.depth) {
		if (opens(&lexer, &token, depth))
			dot_enter(&dot, &lexer, &token, have_before ? &before : NULL);
		dot_follow(&dot, &lexer, &token);
		if (reference_step(&state, &lexer, &token))
			report(&lexer, &token, found, data);
		else if (token_is(&lexer, &token, TOKEN_VARIABLE, root) ||
			 (token_is(&lexer, &token, TOKEN_FIELD, root) && !dot.moved[lexer.depth] &&
			  !(have_before && ends_term(&lexer, &before))))
			state = AFTER_ROOT;
	}
}

/* The names that a text binds, each where it is bound. */
struct bindings {
	struct token *items;
	size_t count, cap;
};

static bool
is_bound(const struct bindings *bindings, const struct lexer *lexer, const struct token *token)
{
	for (size_t i = 0; i < bindings->count; i++)
		if (bindings->items[i].len == token->len &&
		    memcmp(lexer->text + bindings->items[i].offset, lexer->text + token->offset,
			   token->len) == 0)
			return true;
	return false;
}

/*
 * A pattern runs from `as` to the "|" or "(" at its own depth, the head of a function from `def` to
 * its ":". Both bind every variable that stands in them.
 */
static void
find_bindings(const char *text, struct bindings *bindings)
{
	struct lexer lexer;
	struct token token;
	size_t depth = 0;
	char until = '\0';

	lexer_init(&lexer, text);
	while (lexer_next(&lexer, &token)) {
		char c = token.kind == TOKEN_PUNCTUATION ? text[token.offset] : '\0';

		if (token_is(&lexer, &token, TOKEN_WORD, "as") ||
		    token_is(&lexer, &token, TOKEN_WORD, "def")) {
			until = text[token.offset] == 'a' ? '|' : ':';
			depth = lexer.depth;
		} else if (until && ((c == until && lexer.depth == depth) ||
				     (until == '|' && c == '(' && lexer.depth == depth + 1))) {
			until = '\0';
		} else if (until && token.kind == TOKEN_VARIABLE) {
			*VEC_PUSH(bindings->items, bindings->count, bindings->cap) = token;
		}
	}
}

void
expression_variables(const char *text, found_fn *found, void *data)
{
	struct bindings bindings = { 0 };
	struct lexer lexer;
	struct token token;
	bool is_label = false;

	if (!strchr(text, '$'))
		return;
	find_bindings(text, &bindings);
	lexer_init(&lexer, text);
	while (lexer_next(&lexer, &token)) {
		if (token.kind == TOKEN_VARIABLE && !is_label &&
		    !token_is(&lexer, &token, TOKEN_VARIABLE, "__loc__") &&
		    !is_bound(&bindings, &lexer, &token))
			report(&lexer, &token, found, data);
		is_label = token_is(&lexer, &token, TOKEN_WORD, "label") ||
			   token_is(&lexer, &token, TOKEN_WORD, "break");
	}
	free(bindings.items);
}
