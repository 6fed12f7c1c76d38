#include "config.h"

#include "step/step_postgresql.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

enum { SHOWN_ROWS = 200, SHOWN_WIDTH = 60 };

/* Past white space, opening parentheses and both kinds of comment, which nest. */
static const char *
skip_comments(const char *sql)
{
	for (;;) {
		int depth = 0;

		while (isspace((unsigned char)*sql) || *sql == '(')
			sql++;
		if (str_starts_with(sql, "--")) {
			sql += strcspn(sql, "\r\n");
			continue;
		}
		if (!str_starts_with(sql, "/*"))
			return sql;
		do {
			if (str_starts_with(sql, "/*"))
				depth++, sql += 2;
			else if (str_starts_with(sql, "*/"))
				depth--, sql += 2;
			else
				sql++;
		} while (depth && *sql);
	}
}

const char *
sql_first_word(const char *sql, size_t *ret_len)
{
	const char *word = skip_comments(sql);

	*ret_len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
	return word;
}

const char *
sql_next_word(const char *word, size_t *len)
{
	return sql_first_word(word + *len, len);
}

bool
sql_word_is(const char *word, size_t len, const char *wanted)
{
	return len == strlen(wanted) && strncasecmp(word, wanted, len) == 0;
}

const char **
sql_parameters(const cJSON *list, struct step_texts *texts)
{
	const char **params = xcalloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*params));
	const cJSON *item;
	size_t i = 0;

	step_texts_load(texts, list);
	cJSON_ArrayForEach(item, list) {
		params[i] = cJSON_IsNull(item) ? NULL : texts->items[i];
		i++;
	}
	return params;
}

int
sql_execute(struct postgres *pg, const char *sql, const char *const *params, size_t count,
	    const struct cancel *cancel, struct err *e)
{
	cJSON *result = NULL;
	int rc = postgres_query(pg, sql, params, count, 1, cancel, &result, e);

	cJSON_Delete(result);
	return rc;
}

/* One cell on one line, cut where it is too long. */
static char *
cell_text(const cJSON *row, const char *column)
{
	const cJSON *value = cJSON_GetObjectItemCaseSensitive(row, column);
	char *raw = cJSON_IsNull(value) ? xstrdup("null") : json_text(value);
	char *clean = text_clean(raw, 0);
	struct str out = STR_INIT;

	text_append_cut(&out, clean, SHOWN_WIDTH, false);
	free(raw);
	free(clean);
	return str_take(&out);
}

static void
append_padded(struct str *line, const char *text, int width, bool last)
{
	str_append(line, text);
	for (int used = text_width(text); !last && used < width + 2; used++)
		str_append_char(line, ' ');
}

static int
column_width(const cJSON *rows, const char *column)
{
	int width = text_width(column), shown = 0;
	const cJSON *row;

	cJSON_ArrayForEach(row, rows) {
		char *text = cell_text(row, column);

		if (text_width(text) > width)
			width = text_width(text);
		free(text);
		if (++shown == SHOWN_ROWS)
			break;
	}
	return width;
}

/* One line of the table: the row's cells, or the names of the columns where row is NULL. */
static void
append_line(struct str *out, const cJSON *columns, const cJSON *row, const int *widths)
{
	const cJSON *column;
	size_t i = 0;

	cJSON_ArrayForEach(column, columns) {
		char *text = row ? cell_text(row, column->valuestring)
				 : text_clean(column->valuestring, 0);

		append_padded(out, text, widths[i++], !column->next);
		free(text);
	}
	str_append_char(out, '\n');
}

void
sql_output_table(struct step_context *ctx, const cJSON *result)
{
	const cJSON *columns = json_at(result, "columns"), *rows = json_at(result, "rows");
	int *widths = xcalloc((size_t)cJSON_GetArraySize(columns) + 1, sizeof(*widths));
	const cJSON *column, *row;
	struct str out = STR_INIT;
	int shown = 0;
	size_t i = 0;

	cJSON_ArrayForEach(column, columns)
		widths[i++] = column_width(rows, column->valuestring);
	append_line(&out, columns, NULL, widths);
	cJSON_ArrayForEach(row, rows) {
		if (shown++ == SHOWN_ROWS)
			break;
		append_line(&out, columns, row, widths);
	}
	str_printf(&out, "(%lld rows%s)\n", (long long)json_int(result, "row_count", 0),
		   json_int(result, "row_count", 0) > SHOWN_ROWS ? ", the first are shown" : "");
	ctx->output(ctx, out.data, out.len);
	str_release(&out);
	free(widths);
}
