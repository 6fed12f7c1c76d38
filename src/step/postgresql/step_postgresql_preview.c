#include "config.h"

#include "step/postgresql/step_postgresql_preview.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"

int
sql_preview_begin(struct postgres *pg, const struct cancel *cancel, struct err *e)
{
	return sql_execute(pg,
			   "SELECT set_config('lock_timeout', '2s', false), "
			   "set_config('statement_timeout', '10s', false)",
			   NULL, 0, cancel, e);
}

void
sql_preview_server(struct preview *preview, const cJSON *server)
{
	const char *identifier = json_string(server, "system_identifier", NULL);
	const char *timeline = json_string(server, "timeline", NULL);

	preview_add(preview, PREVIEW_TEXT, "System identifier %s, %s%s.",
		    identifier ? identifier : "not readable for this role",
		    timeline ? "timeline " : "in recovery or of an unknown timeline",
		    timeline ? timeline : "");
}

static void
preview_params(struct preview *preview, const cJSON *list, const cJSON *types)
{
	struct step_texts texts = { 0 };
	const char **params = sql_parameters(list, &texts);

	for (size_t i = 0; i < texts.count; i++) {
		const cJSON *type = cJSON_GetArrayItem(types, (int)i);

		preview_add(preview, PREVIEW_REQUEST, "$%zu = %s%s%s%s", i + 1,
			    params[i] ? params[i] : "NULL", type ? "  (" : "",
			    type ? cJSON_GetStringValue(type) : "", type ? ")" : "");
	}
	free(params);
	step_texts_release(&texts);
}

static int
parse(struct postgres *pg, const char *sql, int given, bool later, struct preview *preview,
      const struct cancel *cancel, cJSON **ret_types, struct err *e)
{
	struct err why = ERR_INIT;
	int wanted;

	if (postgres_parameters(pg, sql, cancel, ret_types, &why) < 0) {
		bool unfound =
			later && why.kind == ERR_REMOTE && !sql_failed_with(&why, SQL_SYNTAX_ERROR);

		if (why.kind != ERR_TIMEOUT && !unfound) {
			err_set(e, why.kind, "%s", why.message);
			sql_advise(sql, e);
			return -1;
		}
		preview_add(preview, PREVIEW_WARNING, "It can't be checked before it runs: %s",
			    why.message);
		return 0;
	}
	wanted = cJSON_GetArraySize(*ret_types);
	if (wanted == given)
		return 0;
	return err_set(e, ERR_SPEC, "it has %d %s ($1 …), and `params` holds %d", wanted,
		       wanted == 1 ? "parameter" : "parameters", given);
}

static bool
can_be_explained(const char *sql)
{
	static const char *const verbs[] = { "SELECT", "WITH",	 "VALUES", "TABLE", "INSERT",
					     "UPDATE", "DELETE", "MERGE",  NULL };
	size_t len;
	const char *word = sql_first_word(sql, &len);

	for (const char *const *verb = verbs; *verb; verb++)
		if (sql_word_is(word, len, *verb))
			return true;
	return false;
}

/* EXPLAIN plans a statement and runs nothing of it, but asks for the rights that running it takes. */
static int
check_rights(struct postgres *pg, const char *sql, const cJSON *list, const struct cancel *cancel,
	     struct err *e)
{
	struct step_texts texts = { 0 };
	const char **params;
	struct err why = ERR_INIT;
	char *question;

	if (!can_be_explained(sql))
		return 0;
	question = xasprintf("EXPLAIN %s", sql);
	params = sql_parameters(list, &texts);
	sql_execute(pg, question, params, texts.count, cancel, &why);
	free(params);
	step_texts_release(&texts);
	free(question);
	if (why.kind != ERR_DENIED && why.kind != ERR_CANCELLED)
		return 0;
	err_set(e, why.kind, "%s", why.message);
	sql_advise(sql, e);
	return -1;
}

int
sql_preview_statement(struct postgres *pg, const char *sql, const cJSON *params, bool later,
		      struct preview *preview, const struct cancel *cancel, struct err *e)
{
	cJSON *types = NULL;
	int rc;

	preview_add(preview, PREVIEW_REQUEST, "%s", sql);
	rc = parse(pg, sql, cJSON_GetArraySize(params), later, preview, cancel, &types, e);
	if (rc == 0)
		preview_params(preview, params, types);
	if (rc == 0 && types)
		rc = check_rights(pg, sql, params, cancel, e);
	cJSON_Delete(types);
	return rc;
}

void
sql_preview_unchecked(const char *sql, const cJSON *params, struct preview *preview)
{
	preview_add(preview, PREVIEW_REQUEST, "%s", sql);
	preview_params(preview, params, NULL);
}
