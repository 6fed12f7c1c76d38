#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/step_postgresql.h"
#include "step/steps.h"
#include "step/target_postgresql.h"

enum {
	DEFAULT_MAX_ROWS = 1000,
	LIMIT_MAX_ROWS = 100000,
	DEFAULT_TIMEOUT_MS = 30000,
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

/*
 * A read-only transaction is no guard by itself: COMMIT ends it, and SET TRANSACTION changes it. The
 * server refuses a second statement in the same text.
 */
static int
check_statement(const char *sql, struct err *e)
{
	size_t len;
	const char *word = sql_first_word(sql, &len);

	for (const char *const *verb = verbs; *verb; verb++)
		if (sql_word_is(word, len, *verb))
			return 0;
	if (len == 0)
		return err_set(e, ERR_SPEC,
			       "postgresql.query: the statement does not begin with a word");
	return err_set(e, ERR_SPEC,
		       "postgresql.query: %.*s is refused: this step only reads, in a transaction "
		       "of its own. Use SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN",
		       len > 40 ? 40 : (int)len, word);
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

static int
begin(struct postgres *pg, int64_t timeout_ms, const struct cancel *cancel, struct err *e)
{
	char *limit = xasprintf("%lld", (long long)timeout_ms);
	const char *params[] = { limit };
	int rc = sql_execute(pg, "BEGIN READ ONLY", NULL, 0, cancel, e);

	if (rc == 0)
		rc = sql_execute(pg,
				 "SELECT set_config('statement_timeout', $1, true), "
				 "set_config('lock_timeout', $1, true)",
				 params, 1, cancel, e);
	free(limit);
	return rc;
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
	params = sql_parameters(list, &texts);
	rc = postgres_query(pg, json_string(action->with, "sql", ""), params, texts.count,
			    (size_t)max_rows, ctx->cancel, ret_result, e);
	free(params);
	step_texts_release(&texts);
	sql_execute(pg, "ROLLBACK", NULL, 0, ctx->cancel, NULL);
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
		sql_output_table(ctx, *ret_result);
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
