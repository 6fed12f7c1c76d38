#include "config.h"

#include "step/http/step_http_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum { SHOWN_COLUMNS = 100 };

/* The next byte that is neither in a string nor in brackets, from `at` on; NULL at the end. */
static const char *
skip_nested(const char *at, int *depth)
{
	for (; *at; at++) {
		if (*at == '"') {
			for (at++; *at && *at != '"'; at++)
				if (*at == '\\' && at[1])
					at++;
			if (!*at)
				return NULL;
		} else if (strchr("([{", *at)) {
			++*depth;
		} else if (strchr(")]}", *at)) {
			--*depth;
		} else if (*depth == 0) {
			return at;
		}
	}
	return NULL;
}

/*
 * The left side of `A == B` and its like, or NULL where the expression is not one comparison: a pipe, a
 * comma or a word such as `and` binds looser. The caller frees.
 */
static char *
left_side(const char *expression)
{
	static const char *const words[] = { " and ", " or ", " as ", "if ", "reduce ", NULL };
	const char *found = NULL;
	int depth = 0;

	for (size_t i = 0; words[i]; i++)
		if (strstr(expression, words[i]))
			return NULL;
	for (const char *at = expression; (at = skip_nested(at, &depth)); at++) {
		if (strchr("|,", *at))
			return NULL;
		if (!found &&
		    (strchr("<>", *at) || str_starts_with(at, "==") || str_starts_with(at, "!=")))
			found = at;
	}
	while (found && found > expression && strchr(" \t\n", found[-1]))
		found--;
	return found ? xstrndup(expression, (size_t)(found - expression)) : NULL;
}

static char *
brief(const cJSON *value)
{
	char *text = json_print(value), *clean = text_clean(text, 0);
	struct str out = STR_INIT;

	text_append_cut(&out, clean, SHOWN_COLUMNS, false);
	free(clean);
	free(text);
	return str_take(&out);
}

/* Cancelled, or no process to ask: nothing that the answer is to blame for. */
static bool
is_ours(enum err_kind kind)
{
	return kind == ERR_CANCELLED || kind == ERR_INTERNAL || kind == ERR_IO;
}

int
http_json_holds(struct step_context *ctx, const char *expression, const cJSON *value,
		bool *ret_held, char **ret_seen, struct err *e)
{
	struct err why = ERR_INIT;
	char *left = left_side(expression);
	cJSON *result = NULL, *seen = NULL;
	int rc = 0;

	if (ctx->evaluate(ctx, expression, value, &result, &why) < 0) {
		*ret_held = false;
		if (is_ours(why.kind))
			rc = err_set(e, why.kind, "%s", why.message);
		else
			*ret_seen = xstrdup(why.message);
	} else {
		*ret_held = cJSON_IsTrue(result);
		if (left && ctx->evaluate(ctx, left, value, &seen, &why) < 0)
			seen = NULL;
		char *text = brief(seen ? seen : result);
		*ret_seen = seen ? xasprintf("%s is %s", left, text) : xasprintf("it is %s", text);
		free(text);
	}
	cJSON_Delete(result);
	cJSON_Delete(seen);
	free(left);
	return rc;
}
