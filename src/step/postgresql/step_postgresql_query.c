#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/step_postgresql_preview.h"
#include "step/postgresql/step_postgresql_side.h"
#include "step/postgresql/step_postgresql_table.h"
#include "step/postgresql/target_postgresql.h"
#include "step/steps.h"

enum {
	DEFAULT_MAX_ROWS = 1000,
	LIMIT_MAX_ROWS = 100000,
	STATEMENT_TIMEOUT_MS = 30000,
	LOCK_TIMEOUT_MS = 10000,
	GRACE_MS = 10000, /* for an answer, past the server's own limit */
};

static const struct field fields[] = {
	{ .name = "sql",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "One statement that reads (SELECT, WITH, VALUES, TABLE, SHOW or EXPLAIN); values "
		  "belong into params. The server refuses to write in its transaction; what a "
		  "function does outside of it, such as pg_terminate_backend(), only the rights of "
		  "the role hold back." },
	{ .name = "params",
	  .type = FIELD_LIST,
	  .items = FIELD_ANY,
	  .flags = FIELD_TEMPLATE,
	  .help = "The values of $1, $2 and so on: texts, numbers, true, false or null; a list or "
		  "an object goes as JSON, an array as a text in braces (\"{1,2}\")." },
	{ .name = "max_rows",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "1000",
	  .help = "How many rows to keep; the others are counted." },
	{ .name = "statement_timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "30s",
	  .help = "How long the statement may take." },
	{ .name = "lock_timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10s",
	  .help = "How long it may wait for a lock, such as one that an ALTER TABLE holds." },
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
check_action(const cJSON *with, struct err *e)
{
	int64_t max_rows = json_int(with, "max_rows", DEFAULT_MAX_ROWS);

	if (max_rows < 1 || max_rows > LIMIT_MAX_ROWS)
		return err_set(e, ERR_SPEC, "max_rows is %lld: 1 to %d are possible",
			       (long long)max_rows, LIMIT_MAX_ROWS);
	return check_statement(json_string(with, "sql", ""), e);
}

/* One call of it. */
struct query {
	struct step_context *ctx;
	const struct action *action;
	struct postgres *pg;
	cJSON *server; /* of target_postgresql_server() */
	char *who;     /* "tsb@10.0.0.5:5432/tsb, …" */
};

static void
query_release(struct query *q)
{
	cJSON_Delete(q->server);
	free(q->who);
	postgres_free(q->pg);
}

/* Connects, to the server that the run first met. Release it also on an error. */
static int
query_init(struct query *q, struct step_context *ctx, const struct action *action, struct err *e)
{
	*q = (struct query){ .ctx = ctx, .action = action };
	if (check_action(action->with, e) < 0 ||
	    target_postgresql_connect(action->target->connection, ctx->cancel, &q->pg, e) < 0)
		return err_wrap(e, "postgresql.query");
	q->who = postgres_describe(q->pg);
	if (target_postgresql_server(q->pg, ctx->cancel, &q->server, e) < 0 ||
	    target_postgresql_confirm(action->target->identity, q->server, PIN_SERVER, e) < 0)
		return err_wrap(e, "postgresql.query at %s", q->who);
	return 0;
}

/* ---- preview ---- */

/* Says that a role of fewer rights would do, where this one may write. */
static void
preview_role(struct query *q, struct preview *preview)
{
	static const char sql[] =
		"SELECT CASE WHEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) "
		"THEN 'is a superuser' WHEN EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', "
		"'p') AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname = "
		"'information_schema' OR nspname LIKE 'pg\\_%') AND has_table_privilege(oid, "
		"'INSERT, UPDATE, DELETE, TRUNCATE')) THEN 'may write' END AS rights";
	struct err ignored = ERR_INIT;
	cJSON *result = NULL;
	const char *rights;

	if (postgres_query(q->pg, sql, NULL, 0, 1, q->ctx->cancel, &result, &ignored) < 0)
		return;
	rights = json_string(result, "rows/0/rights", NULL);
	if (rights)
		preview_add(preview, PREVIEW_TEXT,
			    "The role %s %s: one that may only read is safer for this.",
			    json_string(q->server, "user", "?"), rights);
	cJSON_Delete(result);
}

static int
preview_at_server(struct query *q, struct preview *preview, struct err *e)
{
	const cJSON *with = q->action->with;

	preview_add(preview, PREVIEW_TEXT, "Reads from %s, in a read-only transaction:", q->who);
	if (sql_preview_begin(q->pg, q->ctx->cancel, e) < 0 ||
	    sql_preview_statement(q->pg, json_string(with, "sql", ""), json_at(with, "params"),
				  false, preview, q->ctx->cancel, e) < 0)
		return err_wrap(e, "postgresql.query at %s", q->who);
	sql_preview_server(preview, q->server);
	preview_role(q, preview);
	return 0;
}

/* A server that the run has met, and that is away for a moment, may be what the step waits for. */
static void
preview_without_server(const struct action *action, const struct err *why, struct preview *preview)
{
	char *where = action->target->driver->describe(action->target->spec);

	preview_add(preview, PREVIEW_TEXT, "Reads from %s, in a read-only transaction:", where);
	sql_preview_unchecked(json_string(action->with, "sql", ""), json_at(action->with, "params"),
			      preview);
	preview_add(preview, PREVIEW_WARNING, "It can't be checked before it runs: %s",
		    why->message);
	free(where);
}

static int
query_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
	      struct err *e)
{
	struct err why = ERR_INIT;
	struct query q;
	int rc = query_init(&q, ctx, action, &why);

	if (rc == 0) {
		rc = preview_at_server(&q, preview, e);
	} else if (action->target->identity && (why.kind == ERR_NET || why.kind == ERR_TIMEOUT)) {
		preview_without_server(action, &why, preview);
		rc = 0;
	} else {
		err_set(e, why.kind, "%s", why.message);
	}
	query_release(&q);
	return rc;
}

/* ---- run ---- */

/* Dates come as ISO 8601, whatever the server prefers: expressions compare them. */
static int
begin(struct query *q, struct err *e)
{
	static const char settings[] = "SELECT set_config('statement_timeout', $1, true), "
				       "set_config('lock_timeout', $2, true), "
				       "set_config('DateStyle', 'ISO', true)";
	const cJSON *with = q->action->with;
	int64_t limit_ms = json_int(with, "statement_timeout", STATEMENT_TIMEOUT_MS);
	char *limit = xasprintf("%lld", (long long)limit_ms);
	char *lock = xasprintf("%lld", (long long)json_int(with, "lock_timeout", LOCK_TIMEOUT_MS));
	const char *params[] = { limit, lock };
	int rc;

	postgres_set_limit(q->pg, limit_ms ? limit_ms + GRACE_MS : 0);
	rc = sql_execute(q->pg, "BEGIN READ ONLY", NULL, 0, q->ctx->cancel, e);
	if (rc == 0)
		rc = sql_execute(q->pg, settings, params, 2, q->ctx->cancel, e);
	free(limit);
	free(lock);
	return rc;
}

static int
query_in_transaction(struct query *q, cJSON **ret_result, struct err *e)
{
	const cJSON *with = q->action->with;
	const char *sql = json_string(with, "sql", "");
	struct side side = {
		.ctx = q->ctx,
		.cancel = q->ctx->cancel,
		.target = q->action->target->connection,
		.server = q->server,
		.main = q->pg,
	};
	struct step_texts texts = { 0 };
	const char **params;
	int rc;

	if (begin(q, e) < 0)
		return -1;
	params = sql_parameters(json_at(with, "params"), &texts);
	rc = side_query(&side, sql, params, texts.count,
			(size_t)json_int(with, "max_rows", DEFAULT_MAX_ROWS), ret_result, e);
	if (rc < 0)
		sql_advise(sql, e);
	sql_execute(q->pg, "ROLLBACK", NULL, 0, q->ctx->cancel, NULL);
	free(params);
	step_texts_release(&texts);
	side_release(&side);
	return rc;
}

static int
query_run(struct step_context *ctx, const struct action *action, cJSON **ret_result, struct err *e)
{
	struct query q;
	int rc = query_init(&q, ctx, action, e);

	if (rc < 0)
		goto out;
	ctx->progress(ctx, "connected to %s", q.who);
	rc = query_in_transaction(&q, ret_result, e);
	if (rc < 0) {
		err_wrap(e, "postgresql.query at %s", q.who);
		goto out;
	}
	json_add_string(*ret_result, "server", q.who);
	sql_output_table(ctx, *ret_result);
out:
	query_release(&q);
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
		.result = "{columns, types, rows: [{COLUMN: value}], row_count, value, truncated, command, server}",
	},
	.preview = query_preview,
	.run = query_run,
};
