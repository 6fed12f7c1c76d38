#include "config.h"

#include "runbook/expression_path.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "runbook/expression.h"
#include "runbook/expression_scan.h"

/* One element of a path: a name, or (where name is NULL) an index. */
struct element {
	const char *name;
	size_t len;
	int index;
};

struct path {
	struct lexer lexer;
	struct token token; /* the one to look at next */
	bool more;
};

static void
advance(struct path *path)
{
	path->more = lexer_next(&path->lexer, &path->token);
}

static bool
at_punctuation(const struct path *path, const char *text)
{
	return path->more && token_is(&path->lexer, &path->token, TOKEN_PUNCTUATION, text);
}

static bool
take_name(struct path *path, struct element *element)
{
	const struct token *token = &path->token;
	const char *at = path->lexer.text + token->offset;

	if (!path->more ||
	    (token->kind != TOKEN_FIELD &&
	     (token->kind != TOKEN_STRING || !token->whole || memchr(at, '\\', token->len))))
		return false;
	*element = (struct element){ .name = at, .len = token->len };
	advance(path);
	return true;
}

static bool
take_index(struct path *path, struct element *element)
{
	bool negative = at_punctuation(path, "-");
	const char *at;
	char *end;
	long index;

	if (negative)
		advance(path);
	if (!path->more || path->token.kind != TOKEN_NUMBER)
		return false;
	at = path->lexer.text + path->token.offset;
	errno = 0;
	index = strtol(at, &end, 10);
	if (end != at + path->token.len || errno || index > INT_MAX)
		return false;
	*element = (struct element){ .index = (int)(negative ? -index : index) };
	advance(path);
	return true;
}

/* Takes .name, ."name", ["name"] or [0]; a bracket at the beginning needs the dot before it. */
static bool
take_element(struct path *path, struct element *element)
{
	if (path->token.kind == TOKEN_FIELD)
		return take_name(path, element);
	if (at_punctuation(path, ".")) {
		advance(path);
		return path->more && path->token.kind == TOKEN_STRING && take_name(path, element);
	}
	if (!at_punctuation(path, "["))
		return false;
	advance(path);
	if (!(path->more && path->token.kind == TOKEN_STRING ? take_name(path, element)
							     : take_index(path, element)))
		return false;
	if (!at_punctuation(path, "]"))
		return false;
	advance(path);
	return true;
}

static const char *
kind_name(const cJSON *value)
{
	return cJSON_IsBool(value)     ? "a boolean"
	       : cJSON_IsNumber(value) ? "a number"
	       : cJSON_IsString(value) ? "a string"
	       : cJSON_IsArray(value)  ? "a list"
				       : "an object";
}

static const cJSON *
member(const cJSON *object, const struct element *element)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
		if (strncmp(item->string, element->name, element->len) == 0 &&
		    item->string[element->len] == '\0')
			return item;
	return NULL;
}

static int
enter(const cJSON **value, const struct element *element, struct err *e)
{
	const cJSON *at = *value;
	int index = element->index;

	if (!at || cJSON_IsNull(at)) {
		*value = NULL;
	} else if (element->name) {
		if (!cJSON_IsObject(at))
			return err_set(e, ERR_SPEC, "%s has no member \"%.*s\"", kind_name(at),
				       (int)element->len, element->name);
		*value = member(at, element);
	} else {
		if (!cJSON_IsArray(at))
			return err_set(e, ERR_SPEC, "%s has no element %d", kind_name(at), index);
		if (index < 0)
			index += cJSON_GetArraySize(at);
		*value = index < 0 ? NULL : cJSON_GetArrayItem(at, index);
	}
	return 0;
}

/* Reads where the path begins: "." or a variable that the context has. */
static bool
path_root(struct path *path, const char *text, const cJSON *input, const cJSON *context,
	  const cJSON **ret_root)
{
	lexer_init(&path->lexer, text);
	advance(path);
	if (!path->more)
		return false;
	*ret_root = input;
	if (path->token.kind == TOKEN_VARIABLE) {
		struct element name = { .name = text + path->token.offset, .len = path->token.len };

		*ret_root = member(context, &name);
		advance(path);
		return *ret_root != NULL;
	}
	if (at_punctuation(path, ".")) {
		struct lexer after = path->lexer;
		struct token token;

		/* ."name" is left to take_element(), which wants its dot. */
		if (!lexer_next(&after, &token) || token.kind != TOKEN_STRING)
			advance(path);
		return true;
	}
	return path->token.kind == TOKEN_FIELD;
}

/* The whole text is read even after an error in the value: what follows may make it no path. */
bool
expression_path_eval(const char *text, const cJSON *input, const cJSON *context,
		     const cJSON **ret_found, struct err *e)
{
	struct err problem = ERR_INIT;
	struct element element;
	const cJSON *value = NULL;
	struct path path;

	if (!path_root(&path, text, input, context, &value))
		return false;
	while (path.more) {
		if (!take_element(&path, &element))
			return false;
		if (problem.kind == ERR_NONE)
			enter(&value, &element, &problem);
	}
	if (path.lexer.problem)
		return false;
	if (problem.kind != ERR_NONE)
		err_set(e, problem.kind, "%s", problem.message);
	*ret_found = problem.kind == ERR_NONE ? value : NULL;
	return true;
}

bool
expression_is_path(const char *text)
{
	const cJSON *found;

	return expression_path_eval(text, NULL, NULL, &found, NULL);
}

const cJSON *
expression_path_get(const char *text, const cJSON *input)
{
	const cJSON *found = NULL;

	return expression_path_eval(text, input, NULL, &found, NULL) ? found : NULL;
}
