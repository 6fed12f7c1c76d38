#include "config.h"

#include "runbook/expression_scan.h"

#include <ctype.h>
#include <string.h>

enum { EXPRESSION_MAX_BYTES = 64 << 10 };

/* An interpolation's bracket: a ")" that leads back into the string. */
#define INTERPOLATION 'i'

void
lexer_init(struct lexer *lexer, const char *text)
{
	*lexer = (struct lexer){ .text = text };
}

static bool
starts_word(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static size_t
word_length(const char *at)
{
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return n;
}

static size_t
digits_length(const char *at)
{
	return strspn(at, "0123456789");
}

/* ([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?, or 0. */
static size_t
number_length(const char *at)
{
	size_t n = digits_length(at), exponent;

	if (n == 0 && (at[0] != '.' || !isdigit((unsigned char)at[1])))
		return 0;
	if (at[n] == '.')
		n += 1 + digits_length(at + n + 1);
	if (at[n] != 'e' && at[n] != 'E')
		return n;
	exponent = at[n + 1] == '+' || at[n + 1] == '-' ? 2 : 1;
	return digits_length(at + n + exponent) ? n + exponent + digits_length(at + n + exponent)
						: n;
}

/*
 * Newer releases of jq continue a comment past a backslash at the end of its line. Such a comment
 * is refused, because a text must not read differently here and there.
 */
static bool
skip_comment(struct lexer *lexer)
{
	size_t end = lexer->at + strcspn(lexer->text + lexer->at, "\n");
	size_t last = end - (lexer->text[end - 1] == '\r');

	if (lexer->text[last - 1] == '\\') {
		lexer->problem = "a comment must not end in a backslash";
		return false;
	}
	lexer->at = end;
	return true;
}

static bool
skip_blanks(struct lexer *lexer)
{
	for (;;) {
		lexer->at += strspn(lexer->text + lexer->at, " \t\r\n");
		if (lexer->text[lexer->at] != '#')
			return true;
		if (!skip_comment(lexer))
			return false;
	}
}

static bool
open_bracket(struct lexer *lexer, char closer)
{
	if (lexer->depth == LEXER_DEPTH_MAX) {
		lexer->problem = "brackets are nested too deep";
		return false;
	}
	lexer->closers[lexer->depth++] = closer;
	return true;
}

/* Reads on in a string, up to its end or to its next interpolation. */
static bool
string_piece(struct lexer *lexer, struct token *token, bool from_start)
{
	const char *text = lexer->text;

	token->kind = TOKEN_STRING;
	token->offset = lexer->at;
	for (; text[lexer->at] != '"'; lexer->at++) {
		if (text[lexer->at] == '\\' && text[lexer->at + 1] == '(') {
			token->len = lexer->at - token->offset;
			token->whole = false;
			lexer->at += 2;
			return open_bracket(lexer, INTERPOLATION);
		}
		if (text[lexer->at] == '\\')
			lexer->at++;
		if (text[lexer->at] == '\0') {
			lexer->problem = "a string is not closed";
			return false;
		}
	}
	token->len = lexer->at++ - token->offset;
	token->whole = from_start;
	return true;
}

static bool
close_bracket(struct lexer *lexer, struct token *token)
{
	char c = lexer->text[lexer->at];
	char wanted = lexer->depth ? lexer->closers[lexer->depth - 1] : '\0';

	if (c != (wanted == INTERPOLATION ? ')' : wanted)) {
		lexer->problem = wanted ? "a bracket is closed by one of another kind"
					: "a bracket is closed that was never opened";
		return false;
	}
	lexer->depth--;
	lexer->at++;
	return wanted == INTERPOLATION ? string_piece(lexer, token, false) : true;
}

static bool
punctuation(struct lexer *lexer, struct token *token)
{
	static const char openers[] = "([{", closers[] = ")]}";
	const char *at = lexer->text + lexer->at, *opener = strchr(openers, *at);

	token->kind = TOKEN_PUNCTUATION;
	token->len = at[0] == '.' && at[1] == '.' ? 2 : 1;
	if (strchr(closers, *at))
		return close_bracket(lexer, token);
	lexer->at += token->len;
	return opener ? open_bracket(lexer, closers[opener - openers]) : true;
}

/* A bare word after "{" or a "," of an object can only be its key. */
static bool
key_is_next(const struct lexer *lexer)
{
	return lexer->depth > 0 && lexer->closers[lexer->depth - 1] == '}' &&
	       lexer->last.kind == TOKEN_PUNCTUATION &&
	       strchr("{,", lexer->text[lexer->last.offset]);
}

/* Takes a name that may be separated from its "$" by blanks. */
static bool
variable(struct lexer *lexer, struct token *token)
{
	lexer->at++;
	if (!skip_blanks(lexer))
		return false;
	if (!starts_word(lexer->text[lexer->at])) {
		lexer->problem = "a \"$\" is not followed by a name";
		return false;
	}
	token->kind = TOKEN_VARIABLE;
	token->offset = lexer->at;
	token->len = word_length(lexer->text + lexer->at);
	lexer->at += token->len;
	return true;
}

static bool
read_token(struct lexer *lexer, struct token *token)
{
	const char *at = lexer->text + lexer->at;

	token->offset = lexer->at;
	if (*at == '"') {
		lexer->at++;
		return string_piece(lexer, token, true);
	}
	if (*at == '$')
		return variable(lexer, token);
	if (starts_word(*at)) {
		token->kind = key_is_next(lexer) ? TOKEN_KEY : TOKEN_WORD;
		token->len = word_length(at);
	} else if (*at == '.' && starts_word(at[1])) {
		token->kind = TOKEN_FIELD;
		token->offset++;
		token->len = word_length(at + 1);
	} else if (number_length(at) > 0) {
		token->kind = TOKEN_NUMBER;
		token->len = number_length(at);
	} else {
		return punctuation(lexer, token);
	}
	lexer->at = token->offset + token->len;
	return true;
}

bool
lexer_next(struct lexer *lexer, struct token *ret_token)
{
	struct token token = { 0 };

	if (!skip_blanks(lexer))
		return false;
	if (lexer->text[lexer->at] == '\0') {
		if (lexer->depth > 0)
			lexer->problem = "a bracket is not closed";
		return false;
	}
	if (!read_token(lexer, &token))
		return false;
	lexer->last = token;
	*ret_token = token;
	return true;
}

bool
token_is(const struct lexer *lexer, const struct token *token, enum token_kind kind,
	 const char *text)
{
	return token->kind == kind && token->len == strlen(text) &&
	       memcmp(lexer->text + token->offset, text, token->len) == 0;
}

static bool
token_is_any(const struct lexer *lexer, const struct token *token, enum token_kind kind,
	     const char *const *words)
{
	for (; *words; words++)
		if (token_is(lexer, token, kind, *words))
			return true;
	return false;
}

bool
token_is_keyword(const struct lexer *lexer, const struct token *token)
{
	static const char *const keywords[] = {
		"and", "as", "catch",  "def",  "elif", "else", "foreach",
		"if",  "or", "reduce", "then", "try",  NULL,
	};

	return token_is_any(lexer, token, TOKEN_WORD, keywords);
}

/* What reaches past the expression's input: refused here so that lint says it, not the run. */
static const char *const outside[] = {
	"env",
	"input",
	"inputs",
	"debug",
	"stderr",
	"input_filename",
	"input_line_number",
	"halt",
	"halt_error",
	"modulemeta",
	"get_search_list",
	"get_jq_origin",
	"get_prog_origin",
	NULL,
};
static const char *const modules[] = { "import", "include", "module", NULL };

static int
scan_token(const struct lexer *lexer, const struct token *token, bool first, struct err *e)
{
	const char *name = lexer->text + token->offset;
	int len = (int)token->len;

	if (token_is_any(lexer, token, TOKEN_WORD, outside) ||
	    (first && token_is_any(lexer, token, TOKEN_WORD, modules)))
		return err_set(e, ERR_SPEC,
			       "%.*s is not available in a runbook: an expression sees "
			       "only its input and the context",
			       len, name);
	if (token_is(lexer, token, TOKEN_VARIABLE, "ENV"))
		return err_set(e, ERR_SPEC,
			       "$ENV is not available in a runbook: make it a parameter");
	if (token->kind != TOKEN_STRING && len >= 10 && memcmp(name, "__lifeboat", 10) == 0)
		return err_set(e, ERR_SPEC, "names that begin with __lifeboat are reserved");
	return 0;
}

int
expression_scan(const char *text, struct err *e)
{
	struct lexer lexer;
	struct token token;
	bool first = true;

	if (strlen(text) > EXPRESSION_MAX_BYTES)
		return err_set(e, ERR_SPEC, "longer than %d bytes", EXPRESSION_MAX_BYTES);
	lexer_init(&lexer, text);
	for (; lexer_next(&lexer, &token); first = false)
		if (scan_token(&lexer, &token, first, e) < 0)
			return -1;
	if (lexer.problem)
		return err_set(e, ERR_SPEC, "%s (byte %zu)", lexer.problem, lexer.at + 1);
	return first ? err_set(e, ERR_SPEC, "an empty expression") : 0;
}

long
expression_extent(const char *text)
{
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, text);
	while (lexer_next(&lexer, &token))
		;
	return lexer.problem && lexer.depth == 0 && text[lexer.at] == '}' ? (long)lexer.at : -1;
}
