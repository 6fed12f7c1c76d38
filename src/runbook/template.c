#include "config.h"

#include "runbook/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/convert.h"
#include "runbook/expression_scan.h"

/* A stretch of a template: plain text, or the expression of a ${…}. */
struct piece {
	const char *text;
	size_t len;
	bool is_expression;
};

/* How many bytes there are before the next "${" or "$${". */
static size_t
plain_length(const char *text)
{
	const char *at = strstr(text, "${");

	if (!at)
		return strlen(text);
	return (size_t)(at - text) - (at > text && at[-1] == '$' ? 1 : 0);
}

static int
take_expression(const char **at, struct piece *piece, struct err *e)
{
	const char *start = *at + 2;
	long extent = expression_extent(start);

	if (extent < 0)
		return err_set(e, ERR_SPEC, "%.60s: the ${ is not closed by a matching }", *at);
	*piece = (struct piece){ start, (size_t)extent, true };
	if (strspn(start, " \t\r\n") == piece->len)
		return err_set(e, ERR_SPEC,
			       "there is no expression in ${}: write $${ for a literal ${");
	*at = start + extent + 1;
	return 1;
}

/* Takes the next piece: 1, 0 at the end of the template, or -1. */
static int
next_piece(const char **at, struct piece *piece, struct err *e)
{
	size_t len = plain_length(*at);

	if (**at == '\0')
		return 0;
	if (str_starts_with(*at, "${"))
		return take_expression(at, piece, e);
	*piece = (struct piece){ *at, len, false };
	if (len == 0) { /* "$${" stands for "${" */
		*piece = (struct piece){ *at + 1, 2, false };
		len = 3;
	}
	*at += len;
	return 1;
}

int
template_scan(const char *text, void (*found)(void *data, const char *expression, size_t offset),
	      void *data, struct err *e)
{
	const char *at = text;
	struct piece piece;
	int rc;

	while ((rc = next_piece(&at, &piece, e)) > 0) {
		char *expression;

		if (!piece.is_expression)
			continue;
		expression = xstrndup(piece.text, piece.len);
		found(data, expression, (size_t)(piece.text - text));
		free(expression);
	}
	return rc;
}

static int
evaluate(const struct piece *piece, struct expressions *x, const cJSON *context, cJSON **ret_value,
	 struct err *e)
{
	char *expression = xstrndup(piece->text, piece->len);
	int rc = expressions_eval(x, expression, context, context, 0, ret_value, e);

	free(expression);
	return rc;
}

static int
append_piece(const struct piece *piece, struct expressions *x, const cJSON *context,
	     struct str *out, struct err *e)
{
	cJSON *value = NULL;
	char *text;

	if (!piece->is_expression) {
		str_append_bytes(out, piece->text, piece->len);
		return 0;
	}
	if (evaluate(piece, x, context, &value, e) < 0)
		return -1;
	if (cJSON_IsNull(value)) {
		cJSON_Delete(value);
		return err_set(e, ERR_SPEC,
			       "${%.*s} has no value, and a text must not have a hole in it",
			       (int)piece->len, piece->text);
	}
	text = convert_to_text(value);
	if (!text)
		text = json_print(value);
	str_append(out, text);
	free(text);
	cJSON_Delete(value);
	return 0;
}

int
template_expand(const char *text, struct expressions *x, const cJSON *context, cJSON **ret_value,
		struct err *e)
{
	struct str out = STR_INIT;
	const char *at = text;
	struct piece piece;
	int rc;

	rc = next_piece(&at, &piece, e);
	if (rc > 0 && piece.is_expression && *at == '\0')
		return evaluate(&piece, x, context, ret_value, e);
	for (; rc > 0; rc = next_piece(&at, &piece, e))
		if (append_piece(&piece, x, context, &out, e) < 0) {
			rc = -1;
			break;
		}
	if (rc == 0)
		*ret_value = cJSON_CreateString(str_cstr(&out));
	str_release(&out);
	return rc;
}
