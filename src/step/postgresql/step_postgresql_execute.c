#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/step_postgresql_execution.h"
#include "step/postgresql/step_postgresql_preview.h"
#include "step/postgresql/step_postgresql_table.h"
#include "step/steps.h"

enum {
	STATEMENT_TIMEOUT_MS = 30000,
	LOCK_TIMEOUT_MS = 10000,
	GRACE_MS = 10000, /* for an answer, past the server's own limit */
	IDLE_MS = 60000,  /* an open transaction that nobody goes on with */
	NO_COUNT = -1,	  /* the command has none: CREATE TABLE */
};

static const char *const effects[] = { "changes", "destroys", NULL };

#define PARAMS                                                                                     \
	{                                                                                          \
		.name = "params", .type = FIELD_LIST, .items = FIELD_ANY, .flags = FIELD_TEMPLATE, \
		.help = "The values of $1, $2 and so on: texts, numbers, true, false or null."     \
	}
#define EXPECT_ROWS                                                                                \
	{                                                                                          \
		.name = "expect_rows", .type = FIELD_ONE_OR_LIST, .items = FIELD_INT,              \
		.flags = FIELD_TEMPLATE,                                                           \
		.help = "How many rows it must touch, or the least and the most ([1, 20]); any "   \
			"other "                                                                   \
			"number rolls everything back."                                            \
	}

static const struct field statement_fields[] = {
	{ .name = "sql",
	  .type = FIELD_TEXT,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "One statement." },
	PARAMS,
	EXPECT_ROWS,
	{ .name = NULL },
};

static const struct field fields[] = {
	{ .name = "sql",
	  .type = FIELD_TEXT,
	  .flags = FIELD_TEMPLATE,
	  .help = "One statement; values belong into params. Either this or `statements` is "
		  "needed." },
	PARAMS,
	EXPECT_ROWS,
	{ .name = "statements",
	  .type = FIELD_LIST,
	  .items = FIELD_OBJECT,
	  .fields = statement_fields,
	  .flags = FIELD_NONEMPTY,
	  .help = "Several statements, of one transaction: all of them happen, or none." },
	{ .name = "role",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The role to act as (SET LOCAL ROLE), such as the owner of the tables." },
	{ .name = "max_rows",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "1000",
	  .help = "How many rows of RETURNING to keep; the others are counted." },
	{ .name = "statement_timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "30s",
	  .help = "How long each statement may take." },
	{ .name = "lock_timeout",
	  .type = FIELD_DURATION,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "10s",
	  .help = "How long each may wait for a lock." },
	{ .name = "after_promotion",
	  .type = FIELD_BOOL,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "false",
	  .help = "The runbook itself promotes a standby or restores a backup before this step: a "
		  "timeline later than the one that the run first met is right then. Without it "
		  "such a server is refused." },
	{ .name = "effect",
	  .type = FIELD_CHOICE,
	  .choices = effects,
	  .otherwise = "changes",
	  .help = "What it does to the world: decides how it is confirmed." },
	{ .name = NULL },
};

/* ---- preview ---- */

/* Whether PostgreSQL refuses to run a statement inside of a transaction, as far as its words tell. */
static bool
needs_no_transaction(const char *sql)
{
	static const struct {
		const char *first, *second;
	} known[] = {
		{ "VACUUM", NULL },	   { "ALTER", "SYSTEM" },      { "CREATE", "DATABASE" },
		{ "DROP", "DATABASE" },	   { "CREATE", "TABLESPACE" }, { "DROP", "TABLESPACE" },
		{ "REINDEX", "DATABASE" }, { "REINDEX", "SYSTEM" },    { "REINDEX", "SCHEMA" },
	};
	size_t len, second_len, next_len;
	const char *word = sql_first_word(sql, &len), *second, *next;
	bool index;

	second_len = len;
	second = sql_next_word(word, &second_len);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (sql_word_is(word, len, known[i].first) &&
		    (!known[i].second || sql_word_is(second, second_len, known[i].second)))
			return true;
	index = sql_word_is(word, len, "REINDEX");
	next = second;
	next_len = second_len;
	for (int i = 0; i < 3 && next_len > 0; i++) {
		index = index || sql_word_is(next, next_len, "INDEX");
		if (index && sql_word_is(next, next_len, "CONCURRENTLY"))
			return true;
		next = sql_next_word(next, &next_len);
	}
	return false;
}

static void
preview_expected(struct preview *preview, const struct statement *s)
{
	if (s->least >= 0 && s->least == s->most)
		preview_add(preview, PREVIEW_TEXT,
			    "It must touch %lld %s, or everything is rolled back.",
			    (long long)s->least, s->least == 1 ? "row" : "rows");
	else if (s->least >= 0)
		preview_add(preview, PREVIEW_TEXT,
			    "It must touch %lld to %lld rows, or everything is rolled back.",
			    (long long)s->least, (long long)s->most);
}

static int
preview_statement(struct execution *x, size_t i, struct preview *preview, struct err *e)
{
	const struct statement *s = &x->statements[i];

	if (sql_preview_statement(x->pg, s->sql, s->params, i > 0, preview, x->ctx->cancel, e) < 0)
		return execution_failed(x, i, e);
	preview_expected(preview, s);
	if (needs_no_transaction(s->sql))
		preview_add(preview, PREVIEW_WARNING,
			    "PostgreSQL does not run this inside of a transaction, and will refuse "
			    "it: use psql by command.run.");
	return 0;
}

/* The server must be one that takes writes; and no lock is worth waiting for. */
static int
prepare_preview(struct execution *x, struct preview *preview, struct err *e)
{
	if (json_bool(x->server, "in_recovery", false))
		return err_set(
			e, ERR_CONFLICT,
			"it is in recovery and takes no writes. Give the target the primary, or "
			"target_session_attrs=read-write");
	preview_set_name(preview, json_string(x->server, "database", ""));
	if (sql_preview_begin(x->pg, x->ctx->cancel, e) < 0)
		return -1;
	return execution_act_as(x, false, e);
}

/* What run() is held to. */
static void
remember_server(const struct execution *x, struct preview *preview)
{
	static const char *const members[] = { "server", "address", "port", "system_identifier",
					       "timeline" };
	cJSON *server = cJSON_CreateObject(), *seen = cJSON_CreateObject();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_add_string(server, members[i], json_string(x->server, members[i], NULL));
	json_add(seen, "server", server);
	preview_remember(preview, seen);
}

static int
execute_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	const char *role = step_optional(action->with, "role");
	struct execution x;
	int rc = execution_init(&x, ctx, action, e);

	if (rc < 0)
		goto out;
	rc = prepare_preview(&x, preview, e);
	preview_add(preview, PREVIEW_TEXT, "Executes %zu %s in one transaction at %s%s%s:", x.count,
		    x.count == 1 ? "statement" : "statements", x.who, role ? ", as role " : "",
		    role ? role : "");
	for (size_t i = 0; rc == 0 && i < x.count; i++)
		rc = preview_statement(&x, i, preview, e);
	sql_preview_server(preview, x.server);
	remember_server(&x, preview);
	if (rc < 0)
		err_wrap(e, "postgresql.execute at %s", x.who);
out:
	execution_release(&x);
	return rc;
}

/* ---- run ---- */

static int
begin(struct execution *x, struct err *e)
{
	static const char settings[] =
		"SELECT set_config('statement_timeout', $1, true), "
		"set_config('lock_timeout', $2, true), "
		"set_config('idle_in_transaction_session_timeout', $3, true), "
		"set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
		"WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)";
	const cJSON *with = x->action->with;
	int64_t limit_ms = json_int(with, "statement_timeout", STATEMENT_TIMEOUT_MS);
	char *limit = xasprintf("%lld", (long long)limit_ms);
	char *lock = xasprintf("%lld", (long long)json_int(with, "lock_timeout", LOCK_TIMEOUT_MS));
	char *idle = xasprintf("%d", IDLE_MS);
	const char *params[] = { limit, lock, idle };
	int rc = sql_execute(x->pg, "BEGIN", NULL, 0, x->ctx->cancel, e);

	if (rc == 0)
		rc = sql_execute(x->pg, settings, params, 3, x->ctx->cancel, e);
	if (rc == 0)
		rc = execution_act_as(x, true, e);
	postgres_set_limit(x->pg, limit_ms ? limit_ms + GRACE_MS : 0);
	free(limit);
	free(lock);
	free(idle);
	return rc;
}

/* The number at the end of "UPDATE 3" and "INSERT 0 1". */
static int64_t
count_of(const char *command)
{
	const char *last = strrchr(command, ' ');

	return last && isdigit((unsigned char)last[1]) ? strtoll(last + 1, NULL, 10) : NO_COUNT;
}

static int
check_rows(const struct statement *s, const char *command, struct err *e)
{
	int64_t count = count_of(command);

	if (s->least < 0 || (count >= s->least && count <= s->most))
		return 0;
	if (count == NO_COUNT)
		return err_set(e, ERR_CHECK, "%s has no number of rows for `expect_rows`", command);
	if (s->least == s->most)
		return err_set(e, ERR_CHECK, "it touched %lld %s, and %lld %s expected",
			       (long long)count, count == 1 ? "row" : "rows", (long long)s->least,
			       s->least == 1 ? "was" : "were");
	return err_set(e, ERR_CHECK, "it touched %lld %s, and %lld to %lld were expected",
		       (long long)count, count == 1 ? "row" : "rows", (long long)s->least,
		       (long long)s->most);
}

static int
send_statement(struct execution *x, const struct statement *s, cJSON **ret_result, struct err *e)
{
	struct step_texts texts = { 0 };
	const char **params = sql_parameters(s->params, &texts);
	int rc = side_query(&x->side, s->sql, params, texts.count, x->max_rows, ret_result, e);

	if (rc < 0)
		sql_advise(s->sql, e);
	free(params);
	step_texts_release(&texts);
	return rc;
}

/* Runs one statement and adds what came of it to the result; its rows replace those of earlier ones. */
static int
run_statement(struct execution *x, size_t i, cJSON *result, struct err *e)
{
	static const char *const members[] = { "columns",   "types", "rows",
					       "row_count", "value", "truncated" };
	const char *command;
	cJSON *answer = NULL;
	int rc;

	x->ctx->progress(x->ctx, "statement %zu of %zu", i + 1, x->count);
	rc = send_statement(x, &x->statements[i], &answer, e);
	if (rc < 0)
		return -1;
	command = json_string(answer, "command", "");
	cJSON_AddItemToArray(json_at(result, "rows_affected"),
			     count_of(command) == NO_COUNT
				     ? cJSON_CreateNull()
				     : cJSON_CreateNumber((double)count_of(command)));
	rc = check_rows(&x->statements[i], command, e);
	x->ctx->output(x->ctx, command, strlen(command));
	x->ctx->output(x->ctx, "\n", 1);
	if (json_at(answer, "columns/0")) {
		sql_output_table(x->ctx, answer);
		for (size_t j = 0; j < sizeof(members) / sizeof(members[0]); j++) {
			cJSON_DeleteItemFromObjectCaseSensitive(result, members[j]);
			json_add(result, members[j],
				 cJSON_DetachItemFromObjectCaseSensitive(answer, members[j]));
		}
	}
	cJSON_Delete(answer);
	return rc;
}

static cJSON *
result_new(const struct execution *x)
{
	cJSON *result = cJSON_CreateObject();

	json_add(result, "rows_affected", cJSON_CreateArray());
	json_add(result, "columns", cJSON_CreateArray());
	json_add(result, "types", cJSON_CreateArray());
	json_add(result, "rows", cJSON_CreateArray());
	json_add_int(result, "row_count", 0);
	json_add(result, "value", cJSON_CreateNull());
	json_add_bool(result, "truncated", false);
	json_add_string(result, "server", x->who);
	return result;
}

/* All but COMMIT. An error is one of a transaction that will not be committed by anybody. */
static int
work(struct execution *x, cJSON *result, struct err *e)
{
	char *id = NULL;
	int rc = begin(x, e);

	for (size_t i = 0; rc == 0 && i < x->count; i++) {
		rc = run_statement(x, i, result, e);
		if (rc < 0)
			execution_failed(x, i, e);
	}
	if (rc == 0)
		rc = transaction_remember(&x->side, &id, e);
	if (rc == 0) {
		json_add_string(result, "transaction", id);
		x->ctx->progress(x->ctx, "committing transaction %s", id);
	} else {
		sql_execute(x->pg, "ROLLBACK", NULL, 0, x->ctx->cancel, NULL);
		err_advise(e, "Everything was rolled back");
	}
	free(id);
	return rc;
}

static int
execute_run(struct step_context *ctx, const struct action *action, cJSON **ret_result,
	    struct err *e)
{
	cJSON *result = NULL;
	struct execution x;
	int rc = execution_init(&x, ctx, action, e);

	if (rc < 0)
		goto out;
	ctx->progress(ctx, "connected to %s", x.who);
	result = result_new(&x);
	rc = work(&x, result, e);
	if (rc == 0) {
		rc = postgres_commit(x.pg, ctx->cancel, e);
		if (rc < 0 && e->kind != ERR_UNKNOWN_OUTCOME)
			err_advise(e, "Everything was rolled back");
	}
	if (rc < 0) {
		err_wrap(e, "postgresql.execute at %s", x.who);
		cJSON_Delete(result);
	} else {
		*ret_result = result;
	}
out:
	execution_release(&x);
	return rc;
}

const struct executor step_postgresql_execute = {
	.type = {
		.uses = "postgresql.execute",
		.summary = "Runs SQL that writes, in one transaction whose end is certain",
		.target_kinds = TARGET_POSTGRESQL,
		.target_required = true,
		.effect = EFFECT_CHANGES,
		.fields = fields,
		.result = "{rows_affected: [N], columns, types, rows: [{COLUMN: value}], row_count, value, truncated, transaction, server}",
	},
	.preview = execute_preview,
	.run = execute_run,
	.probe = transaction_probe,
};
