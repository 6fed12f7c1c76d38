#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "step/step_with.h"
#include "step/steps.h"
#include "step/target_postgresql.h"

enum {
	DEFAULT_MAX_ROWS = 1000,
	LIMIT_MAX_ROWS = 100000,
	DEFAULT_TIMEOUT_MS = 30000,
	SHOWN_ROWS = 200,
	SHOWN_WIDTH = 60,
};

static const struct field fields[] = {
	{ .name = "sql",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "One statement that reads (SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN); values "
		  "belong into params." },
	{ .name = "params",
	  .type = FIELD_LIST,
	  .items = FIELD_ANY,
	  .flags = FIELD_TEMPLATE,
	  .help = "The values of $1, $2 and so on: texts, numbers, true, false or null." },
	{ .name = "max_rows",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "1000",
	  .help = "How many rows to keep; the others are counted." },
	{ .name = "statement_timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "30s",
	  .help = "How long the statement, or its wait for a lock, may take." },
	{ .name = NULL },
};

/* What a statement that reads may begin with; a transaction's own verbs are not among it. */
static const char *const verbs[] = {
	"SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN", NULL,
};

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

/*
 * A read-only transaction is no guard by itself: COMMIT ends it, and SET TRANSACTION changes it. The
 * server refuses a second statement in the same text.
 */
static int
check_statement(const char *sql, struct err *e)
{
	const char *word = skip_comments(sql);
	size_t len = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");

	for (const char *const *verb = verbs; *verb; verb++)
		if (len == strlen(*verb) && strncasecmp(word, *verb, len) == 0)
			return 0;
	if (len == 0)
		return err_set(e, ERR_SPEC,
			       "postgresql.query: the statement does not begin with a word");
	return err_set(e, ERR_SPEC,
		       "postgresql.query: %.*s is refused: this step only reads, in a transaction "
		       "of its own. Use SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN",
		       len > 40 ? 40 : (int)len, word);
}

/* The parameters as libpq takes them: NULL is SQL's. The caller frees the array, not the texts. */
static const char **
parameters(const cJSON *list, struct step_texts *texts)
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

static int
query_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	const char *sql = json_string(action->with, "sql", "");
	struct step_texts params = { 0 };
	char *where;

	(void)ctx;
	if (check_statement(sql, e) < 0)
		return -1;
	where = action->target->driver->describe(action->target->spec);
	preview_add(preview, PREVIEW_TEXT, "Reads from %s, in a read-only transaction:", where);
	preview_add(preview, PREVIEW_REQUEST, "%s", sql);
	step_texts_load(&params, json_at(action->with, "params"));
	for (size_t i = 0; i < params.count; i++)
		preview_add(preview, PREVIEW_REQUEST, "$%zu = %s", i + 1, params.items[i]);
	step_texts_release(&params);
	free(where);
	return 0;
}

/* Runs a statement whose result nobody wants. */
static int
execute(struct postgres *pg, const char *sql, const char *const *params, size_t count,
	const struct cancel *cancel, struct err *e)
{
	cJSON *result = NULL;
	int rc = postgres_query(pg, sql, params, count, 1, cancel, &result, e);

	cJSON_Delete(result);
	return rc;
}

static int
begin(struct postgres *pg, int64_t timeout_ms, const struct cancel *cancel, struct err *e)
{
	char *limit = xasprintf("%lld", (long long)timeout_ms);
	const char *params[] = { limit };
	int rc = execute(pg, "BEGIN READ ONLY", NULL, 0, cancel, e);

	if (rc == 0)
		rc = execute(pg,
			     "SELECT set_config('statement_timeout', $1, true), "
			     "set_config('lock_timeout', $1, true)",
			     params, 1, cancel, e);
	free(limit);
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

static void
output_table(struct step_context *ctx, const cJSON *result)
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

static int
query_in_transaction(struct postgres *pg, struct step_context *ctx, const struct action *action,
		     cJSON **ret_result, struct err *e)
{
	const cJSON *list = json_at(action->with, "params");
	int64_t max_rows = json_int(action->with, "max_rows", DEFAULT_MAX_ROWS);
	struct step_texts texts = { 0 };
	const char **params;
	int rc;

	if (max_rows < 1 || max_rows > LIMIT_MAX_ROWS)
		return err_set(e, ERR_SPEC, "max_rows is %lld: 1 to %d are possible",
			       (long long)max_rows, LIMIT_MAX_ROWS);
	if (begin(pg, json_int(action->with, "statement_timeout", DEFAULT_TIMEOUT_MS), ctx->cancel,
		  e) < 0)
		return -1;
	params = parameters(list, &texts);
	rc = postgres_query(pg, json_string(action->with, "sql", ""), params, texts.count,
			    (size_t)max_rows, ctx->cancel, ret_result, e);
	free(params);
	step_texts_release(&texts);
	execute(pg, "ROLLBACK", NULL, 0, ctx->cancel, NULL);
	return rc;
}

static int
query_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct postgres *pg = NULL;
	char *who = NULL;
	int rc = -1;

	if (check_statement(json_string(action->with, "sql", ""), e) < 0)
		return -1;
	if (target_postgresql_connect(action->target->connection, ctx->cancel, &pg, e) < 0) {
		err_wrap(e, "postgresql.query");
		goto out;
	}
	who = postgres_describe(pg);
	ctx->progress(ctx, "connected to %s", who);
	rc = query_in_transaction(pg, ctx, action, ret_result, e);
	if (rc < 0)
		err_wrap(e, "postgresql.query at %s", who);
	else
		output_table(ctx, *ret_result);
out:
	free(who);
	postgres_free(pg);
	return rc;
}

const struct executor step_postgresql_query = {
	.type = {
		.uses = "postgresql.query",
		.summary = "Runs one SQL statement that only reads",
		.target_kinds = TARGET_POSTGRESQL,
		.target_required = true,
		.effect = EFFECT_READS,
		.fields = fields,
		.result = "{columns, rows: [{COLUMN: value}], row_count, truncated, command}",
	},
	.preview = query_preview,
	.run = query_run,
};
