#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "world/object/selector_internal.h"

/*
 * The grammar of label selectors, with the words of the server's parser where it refuses.
 * Source: Kubernetes, "Labels and Selectors"; k8s.io/apimachinery, pkg/labels.
 */

enum {
	KEY_PREFIX_MAX = 253,
	NAME_MAX_BYTES = 63, /* of a key's name, and of a value */
	TOKEN_SIGN_MAX = 3,
};

enum token {
	TOKEN_END,
	TOKEN_IDENTIFIER,
	TOKEN_IN,
	TOKEN_NOT_IN,
	TOKEN_COMMA,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_NOT,
	TOKEN_EQUALS,
	TOKEN_DOUBLE_EQUALS,
	TOKEN_NOT_EQUALS,
	TOKEN_GREATER,
	TOKEN_LESS,
};

static const struct {
	const char *text;
	enum token token;
} signs[] = {
	{ ",", TOKEN_COMMA },	    { "(", TOKEN_OPEN },    { ")", TOKEN_CLOSE },
	{ "!", TOKEN_NOT },	    { "=", TOKEN_EQUALS },  { "==", TOKEN_DOUBLE_EQUALS },
	{ "!=", TOKEN_NOT_EQUALS }, { ">", TOKEN_GREATER }, { "<", TOKEN_LESS },
};

struct parser {
	const char *at;	  /* behind the token */
	enum token token; /* the one that was looked at and not yet taken */
	struct str text;  /* as it was written */
	struct selector *selector;
	struct refusal *r;
};

static bool
is_sign(char c)
{
	return c && strchr("=!(),<>", c);
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The longest of the signs that stand here. */
static size_t
read_sign(const char *at, enum token *ret_token)
{
	size_t best = 0;

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t len = strlen(signs[i].text);

		if (len > best && strncmp(at, signs[i].text, len) == 0) {
			best = len;
			*ret_token = signs[i].token;
		}
	}
	return best;
}

/* Reads the next token. In the place of a value, `in` and `notin` are words like others. */
static void
advance(struct parser *p)
{
	size_t len = 0;

	while (is_space(*p->at))
		p->at++;
	p->token = TOKEN_END;
	if (is_sign(*p->at)) {
		len = read_sign(p->at, &p->token);
	} else if (*p->at) {
		while (p->at[len] && !is_sign(p->at[len]) && !is_space(p->at[len]))
			len++;
		p->token = TOKEN_IDENTIFIER;
	}
	str_clear(&p->text);
	str_append_bytes(&p->text, p->at, len);
	p->at += len;
}

static enum token
as_operator(const struct parser *p)
{
	if (p->token != TOKEN_IDENTIFIER)
		return p->token;
	if (strcmp(str_cstr(&p->text), "in") == 0)
		return TOKEN_IN;
	return strcmp(str_cstr(&p->text), "notin") == 0 ? TOKEN_NOT_IN : TOKEN_IDENTIFIER;
}

/* ---- what keys and values may be ---- */

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_name(const char *text, size_t len)
{
	if (len == 0 || !is_word(text[0]) || !is_word(text[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_word(text[i]) && !strchr("-_.", text[i]))
			return false;
	return true;
}

static bool
is_label_of_domain(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((text[i] != '-' && !is_word(text[i])) || isupper((unsigned char)text[i]))
			return false;
	return len && text[0] != '-' && text[len - 1] != '-';
}

static bool
is_domain(const char *text, size_t len)
{
	for (;;) {
		const char *dot = memchr(text, '.', len);
		size_t part = dot ? (size_t)(dot - text) : len;

		if (!is_label_of_domain(text, part))
			return false;
		if (!dot)
			return true;
		text += part + 1;
		len -= part + 1;
	}
}

#define NAME_RULE                                                                                  \
	"must consist of alphanumeric characters, '-', '_' or '.', and must start and end with "   \
	"an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "  \
	"validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

static void
add_reason(struct str *reasons, const char *reason)
{
	str_printf(reasons, "%s%s", reasons->len ? "; " : "", reason);
}

static void
judge_prefix(const char *prefix, size_t len, struct str *reasons)
{
	if (len == 0) {
		add_reason(reasons, "prefix part must be non-empty");
		return;
	}
	if (len > KEY_PREFIX_MAX)
		add_reason(reasons, "prefix part must be no more than 253 characters");
	if (!is_domain(prefix, len))
		add_reason(
			reasons,
			"prefix part a lowercase RFC 1123 subdomain must consist of lower case "
			"alphanumeric characters, '-' or '.', and must start and end with an "
			"alphanumeric character (e.g. 'example.com', regex used for validation "
			"is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')");
}

static void
judge_key(const char *key, struct str *reasons)
{
	const char *slash = strchr(key, '/'), *name = slash ? slash + 1 : key;

	if (slash && strchr(name, '/')) {
		add_reason(reasons, "a qualified name " NAME_RULE
				    " with an optional DNS subdomain prefix and '/' (e.g. "
				    "'example.com/MyName')");
		return;
	}
	if (slash)
		judge_prefix(key, (size_t)(slash - key), reasons);
	if (!*name)
		add_reason(reasons, "name part must be non-empty");
	else if (strlen(name) > NAME_MAX_BYTES)
		add_reason(reasons, "name part must be no more than 63 characters");
	if (!is_name(name, strlen(name)))
		add_reason(reasons, "name part " NAME_RULE);
}

static void
judge_value(const char *value, struct str *reasons)
{
	if (strlen(value) > NAME_MAX_BYTES)
		add_reason(reasons, "must be no more than 63 characters");
	if (*value && !is_name(value, strlen(value)))
		add_reason(reasons,
			   "a valid label must be an empty string or consist of alphanumeric "
			   "characters, '-', '_' or '.', and must start and end with an "
			   "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
			   "regex used for validation is "
			   "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')");
}

/* ---- requirements ---- */

static int
refuse_requirement(struct parser *p, const char *expected)
{
	return refuse_bad_request(p->r, "unable to parse requirement: found '%s'%s",
				  str_cstr(&p->text), expected);
}

static int
check_key(struct parser *p, const char *key)
{
	struct str reasons = STR_INIT;
	int rc = 0;

	judge_key(key, &reasons);
	if (reasons.len)
		rc = refuse_bad_request(p->r,
					"unable to parse requirement: invalid label key \"%s\": %s",
					key, str_cstr(&reasons));
	str_release(&reasons);
	return rc;
}

static int
check_value(struct parser *p, const struct requirement *q, const char *value)
{
	struct str reasons = STR_INIT;
	int rc = 0;

	judge_value(value, &reasons);
	if (reasons.len)
		rc = refuse_bad_request(p->r,
					"unable to parse requirement: invalid label value: \"%s\": "
					"at key: \"%s\": %s",
					value, q->key, str_cstr(&reasons));
	str_release(&reasons);
	return rc;
}

static bool
is_integer(const char *text)
{
	char *end;

	errno = 0;
	strtoll(text, &end, 10);
	return *text && !*end && errno == 0 && !isspace((unsigned char)*text);
}

static int
check_values(struct parser *p, const struct requirement *q)
{
	bool number = q->op == SELECTOR_GREATER || q->op == SELECTOR_LESS;

	if (number && !is_integer(q->values[0]))
		return refuse_bad_request(p->r, "unable to parse requirement: for 'Gt', 'Lt' "
						"operators, the value must be an integer");
	for (size_t i = 0; i < q->count; i++)
		if (check_value(p, q, q->values[i]) < 0)
			return -1;
	return 0;
}

/* One value; none where the requirement ends here. */
static int
parse_value(struct parser *p, struct requirement *q)
{
	if (p->token == TOKEN_END || p->token == TOKEN_COMMA) {
		requirement_add_value(q, "");
		return 0;
	}
	if (p->token != TOKEN_IDENTIFIER)
		return refuse_requirement(p, ", expected: identifier");
	requirement_add_value(q, str_cstr(&p->text));
	advance(p);
	return 0;
}

/* What stands between the commas of a list; nothing there is the empty value. */
static int
parse_list(struct parser *p, struct requirement *q)
{
	while (p->token != TOKEN_CLOSE) {
		if (p->token == TOKEN_IDENTIFIER) {
			requirement_add_value(q, str_cstr(&p->text));
			advance(p);
			if (p->token != TOKEN_COMMA && p->token != TOKEN_CLOSE)
				return refuse_requirement(p, ", expected: ',' or ')'");
		} else if (p->token == TOKEN_COMMA) {
			if (q->count == 0)
				requirement_add_value(q, "");
			advance(p);
			if (p->token == TOKEN_CLOSE || p->token == TOKEN_COMMA)
				requirement_add_value(q, "");
		} else {
			return refuse_requirement(p, ", expected: ',', or identifier");
		}
	}
	return 0;
}

static int
parse_values(struct parser *p, struct requirement *q)
{
	if (p->token != TOKEN_OPEN)
		return refuse_requirement(p, " expected: '('");
	advance(p);
	if (p->token == TOKEN_CLOSE)
		requirement_add_value(q, "");
	else if (p->token != TOKEN_IDENTIFIER && p->token != TOKEN_COMMA)
		return refuse_requirement(p, ", expected: ',', ')' or identifier");
	else if (parse_list(p, q) < 0)
		return -1;
	advance(p);
	return 0;
}

static int
parse_operator(struct parser *p, enum selector_operator *ret_operator)
{
	static const struct {
		enum token token;
		enum selector_operator op;
	} operators[] = {
		{ TOKEN_IN, SELECTOR_IN },
		{ TOKEN_NOT_IN, SELECTOR_NOT_IN },
		{ TOKEN_EQUALS, SELECTOR_EQUALS },
		{ TOKEN_DOUBLE_EQUALS, SELECTOR_EQUALS },
		{ TOKEN_NOT_EQUALS, SELECTOR_NOT_EQUALS },
		{ TOKEN_GREATER, SELECTOR_GREATER },
		{ TOKEN_LESS, SELECTOR_LESS },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (operators[i].token != as_operator(p))
			continue;
		*ret_operator = operators[i].op;
		advance(p);
		return 0;
	}
	return refuse_requirement(p, ", expected: '=', '!=', '==', 'in', notin'");
}

/* Behind the key. */
static int
parse_condition(struct parser *p, const char *key)
{
	enum selector_operator op = SELECTOR_EXISTS;

	if (p->token == TOKEN_END || p->token == TOKEN_COMMA) {
		selector_add(p->selector, key, SELECTOR_EXISTS);
		return 0;
	}
	if (parse_operator(p, &op) < 0)
		return -1;
	struct requirement *q = selector_add(p->selector, key, op);
	bool list = op == SELECTOR_IN || op == SELECTOR_NOT_IN;
	if ((list ? parse_values(p, q) : parse_value(p, q)) < 0)
		return -1;
	return check_values(p, q);
}

static int
parse_requirement(struct parser *p)
{
	bool missing = p->token == TOKEN_NOT;
	int rc = 0;

	if (missing)
		advance(p);
	if (p->token != TOKEN_IDENTIFIER)
		return refuse_requirement(p, ", expected: identifier");
	char *key = xstrdup(str_cstr(&p->text));
	if (check_key(p, key) < 0) {
		free(key);
		return -1;
	}
	advance(p);
	if (missing)
		selector_add(p->selector, key, SELECTOR_MISSING);
	else
		rc = parse_condition(p, key);
	free(key);
	return rc;
}

static int
refuse_token(struct parser *p, const char *expected)
{
	return refuse_bad_request(p->r, "found '%s', expected: %s", str_cstr(&p->text), expected);
}

static int
parse(struct parser *p)
{
	advance(p);
	if (p->token == TOKEN_END)
		return 0;
	if (p->token != TOKEN_IDENTIFIER && p->token != TOKEN_NOT)
		return refuse_token(p, "!, identifier, or 'end of string'");
	for (;;) {
		if (parse_requirement(p) < 0)
			return -1;
		if (p->token == TOKEN_END)
			return 0;
		if (p->token != TOKEN_COMMA)
			return refuse_token(p, "',' or 'end of string'");
		advance(p);
		if (p->token != TOKEN_IDENTIFIER && p->token != TOKEN_NOT)
			return refuse_token(p, "identifier after ','");
	}
}

int
selector_parse_labels(const char *text, struct selector **ret_selector, struct refusal *r)
{
	struct parser p = { .at = text ? text : "", .selector = selector_new(), .r = r };
	int rc = parse(&p);

	if (rc == 0)
		*ret_selector = p.selector;
	else
		selector_free(p.selector);
	str_release(&p.text);
	return rc;
}
