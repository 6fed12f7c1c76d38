#include "config.h"

#include "step/postgresql/step_postgresql_execution.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/target_postgresql.h"

enum { DEFAULT_MAX_ROWS = 1000, LIMIT_MAX_ROWS = 100000, MAX_STATEMENTS = 100 };

void
execution_release(struct execution *x)
{
	free(x->statements);
	free(x->who);
	side_release(&x->side);
	cJSON_Delete(x->server);
	postgres_free(x->pg);
}

/* The transaction is this step's: a statement that ended it would leave the rest outside. */
static int
check_verb(const char *sql, struct err *e)
{
	static const char *const verbs[] = { "BEGIN", "START",	   "COMMIT",  "END", "ROLLBACK",
					     "ABORT", "SAVEPOINT", "RELEASE", NULL };
	size_t len, next_len;
	const char *word = sql_first_word(sql, &len), *next;
	bool refused = false;

	if (len == 0)
		return err_set(e, ERR_SPEC, "the statement does not begin with a word");
	for (const char *const *verb = verbs; *verb; verb++)
		refused = refused || sql_word_is(word, len, *verb);
	next_len = len;
	next = sql_next_word(word, &next_len);
	if (!refused &&
	    !(sql_word_is(word, len, "PREPARE") && sql_word_is(next, next_len, "TRANSACTION")))
		return 0;
	return err_set(
		e, ERR_SPEC,
		"%.*s is refused: the step begins and ends its one transaction itself. Leave "
		"it out, or make two steps of it",
		(int)len, word);
}

static int
load_expected(struct statement *s, const cJSON *rows, struct err *e)
{
	int count = cJSON_GetArraySize(rows);

	s->least = s->most = -1;
	if (count == 0)
		return 0;
	s->least = json_int(rows, "0", -1);
	s->most = json_int(rows, count == 1 ? "0" : "1", -1);
	if (count > 2 || s->least < 0 || s->most < s->least)
		return err_set(e, ERR_SPEC,
			       "`expect_rows` must be a number of rows, or the least and the most "
			       "of them");
	return 0;
}

/* `from` has the members of statement_fields. */
static int
load_statement(struct execution *x, const cJSON *from, struct err *e)
{
	struct statement *s = &x->statements[x->count++];

	*s = (struct statement){
		.sql = json_string(from, "sql", ""),
		.params = cJSON_GetObjectItemCaseSensitive(from, "params"),
	};
	if (check_verb(s->sql, e) < 0)
		return -1;
	return load_expected(s, cJSON_GetObjectItemCaseSensitive(from, "expect_rows"), e);
}

int
execution_failed(const struct execution *x, size_t i, struct err *e)
{
	return x->count > 1 ? err_wrap(e, "statement %zu of %zu", i + 1, x->count) : -1;
}

static int
check_form(const cJSON *with, struct err *e)
{
	bool several = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(with, "statements")) > 0;
	int64_t max_rows = json_int(with, "max_rows", DEFAULT_MAX_ROWS);

	if (several == (step_optional(with, "sql") != NULL))
		return err_set(e, ERR_SPEC, "either `sql` or `statements` is needed");
	if (several && (json_truthy(cJSON_GetObjectItemCaseSensitive(with, "params")) ||
			json_truthy(cJSON_GetObjectItemCaseSensitive(with, "expect_rows"))))
		return err_set(
			e, ERR_SPEC,
			"`params` and `expect_rows` belong to one statement: write them into "
			"the elements of `statements`");
	if (max_rows < 1 || max_rows > LIMIT_MAX_ROWS)
		return err_set(e, ERR_SPEC, "max_rows is %lld: 1 to %d are possible",
			       (long long)max_rows, LIMIT_MAX_ROWS);
	return 0;
}

static int
load_statements(struct execution *x, struct err *e)
{
	const cJSON *with = x->action->with, *statement;
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(with, "statements");
	int count = cJSON_GetArraySize(list);

	if (check_form(with, e) < 0)
		return -1;
	if (count > MAX_STATEMENTS)
		return err_set(e, ERR_SPEC,
			       "%d statements: at most %d are possible. Restore a dump, "
			       "or run psql by command.run",
			       count, MAX_STATEMENTS);
	x->max_rows = (size_t)json_int(with, "max_rows", DEFAULT_MAX_ROWS);
	x->statements = xcalloc(count ? (size_t)count : 1, sizeof(*x->statements));
	if (count == 0)
		return load_statement(x, with, e);
	cJSON_ArrayForEach(statement, list) {
		if (load_statement(x, statement, e) == 0)
			continue;
		return err_wrap(e, "statement %zu of %d", x->count, count);
	}
	return 0;
}

/*
 * The run stays with the server that it met, and a confirmed step with the one that its preview was made on: each
 * connection can reach another one.
 */
static int
confirm_server(struct execution *x, struct err *e)
{
	const struct action *action = x->action;
	bool after_promotion = json_bool(action->with, "after_promotion", false);

	if (target_postgresql_server(x->pg, x->ctx->cancel, &x->server, e) < 0 ||
	    target_postgresql_confirm(action->target->identity, x->server,
				      after_promotion ? PIN_NO_EARLIER : PIN_TIMELINE, e) < 0)
		return -1;
	return target_postgresql_confirm(json_at(action->seen, "server"), x->server, PIN_TIMELINE,
					 e);
}

int
execution_init(struct execution *x, struct step_context *ctx, const struct action *action,
	       struct err *e)
{
	*x = (struct execution){ .ctx = ctx, .action = action };
	if (load_statements(x, e) < 0 ||
	    target_postgresql_connect(action->target->connection, ctx->cancel, &x->pg, e) < 0)
		return err_wrap(e, "postgresql.execute");
	x->who = postgres_describe(x->pg);
	if (confirm_server(x, e) < 0)
		return err_wrap(e, "postgresql.execute at %s", x->who);
	x->side = (struct side){
		.ctx = ctx,
		.cancel = ctx->cancel,
		.target = action->target->connection,
		.server = x->server,
		.main = x->pg,
	};
	return 0;
}

int
execution_act_as(struct execution *x, bool local, struct err *e)
{
	const char *role = step_optional(x->action->with, "role");
	const char *params[] = { role, local ? "true" : "false" };

	if (!role)
		return 0;
	if (sql_execute(x->pg, "SELECT set_config('role', $1, $2::text::bool)", params, 2,
			x->ctx->cancel, e) == 0)
		return 0;
	return err_wrap(e, "acting as role %s", role);
}
