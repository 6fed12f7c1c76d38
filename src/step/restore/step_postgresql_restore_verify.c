#include "config.h"

#include "step/restore/step_postgresql_restore_verify.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/target_postgresql.h"
#include "step/restore/step_postgresql_restore_database.h"

enum { MAX_ROWS = 5000, PROBLEMS_MAX = 1200 };

void
restore_checks_release(struct restore_checks *v)
{
	str_release(&v->problems);
}

void
restore_checks_add(struct restore_checks *v, const char *name, bool ok, const char *format, ...)
{
	cJSON *check = cJSON_CreateObject();
	struct str line = STR_INIT;
	va_list ap;
	char *seen;

	va_start(ap, format);
	seen = xvasprintf(format, ap);
	va_end(ap);
	json_add_string(check, "name", name);
	json_add_bool(check, "ok", ok);
	json_add_string(check, "seen", seen);
	cJSON_AddItemToArray(v->checks, check);
	str_printf(&line, "%s %s: %s\n", ok ? "ok  " : "FAIL", name, seen);
	if (!v->quiet)
		v->ctx->output(v->ctx, line.data, line.len);
	if (!ok && v->problems.len < PROBLEMS_MAX)
		str_printf(&v->problems, "%s%s: %s", v->problems.len ? "; " : "", name, seen);
	v->failed += !ok;
	str_release(&line);
	free(seen);
}

/* A query of facts: what the server refuses is a check that does not hold, all else an error. */
static int
ask(struct restore_checks *v, const char *name, const char *sql, const char *param,
    cJSON **ret_result, struct err *e)
{
	const char *params[] = { param };
	struct err why = ERR_INIT;

	*ret_result = NULL;
	if (postgres_query(v->pg, sql, params, param ? 1 : 0, MAX_ROWS, v->ctx->cancel, ret_result,
			   &why) == 0)
		return 0;
	if (why.kind != ERR_REMOTE && why.kind != ERR_DENIED)
		return err_set(e, why.kind, "%s", why.message);
	restore_checks_add(v, name, false, "%s", why.message);
	return 0;
}

static int
verify_server(struct restore_checks *v, struct err *e)
{
	cJSON *server = NULL;
	bool in_recovery;

	if (target_postgresql_server(v->pg, v->ctx->cancel, &server, e) < 0)
		return -1;
	in_recovery = json_bool(server, "in_recovery", false);
	restore_checks_add(v, "server", !in_recovery, "%s%s, timeline %s",
			   json_string(server, "server", "?"),
			   in_recovery ? ", IN RECOVERY" : ", takes writes",
			   json_string(server, "timeline", "unknown"));
	json_add_string(v->result, "timeline", json_string(server, "timeline", NULL));
	cJSON_Delete(server);
	return 0;
}

static int
verify_indexes(struct restore_checks *v, struct err *e)
{
	static const char sql[] = "SELECT indexrelid::regclass::text AS name FROM pg_index WHERE "
				  "NOT indisvalid OR NOT indisready ORDER BY 1";
	struct str names = STR_INIT;
	cJSON *result = NULL;
	const cJSON *row;
	int rc = ask(v, "indexes", sql, NULL, &result, e);

	cJSON_ArrayForEach(row, json_at(result, "rows"))
		str_printf(&names, "%s%s", names.len ? ", " : "", json_string(row, "name", "?"));
	if (result && names.len)
		restore_checks_add(v, "indexes", false, "not valid: %s (REINDEX them)", names.data);
	else if (result)
		restore_checks_add(v, "indexes", true, "all are valid");
	str_release(&names);
	cJSON_Delete(result);
	return rc;
}

/* ---- sequences ---- */

/* True: the next number of the sequence is free. */
static int
look_at_sequence(struct restore_checks *v, const cJSON *row, size_t *behind, struct err *e)
{
	const char *sequence = json_string(row, "sequence", "");
	char *sql =
		xasprintf("SELECT m.max::text AS max, s.last_value::text AS last, coalesce("
			  "m.max > s.last_value OR (m.max = s.last_value AND NOT s.is_called), "
			  "false) AS behind FROM %s AS s, (SELECT max(%s) AS max FROM %s) AS m",
			  sequence, json_string(row, "column", ""), json_string(row, "table", ""));
	cJSON *result = NULL;
	int rc = ask(v, "sequence", sql, NULL, &result, e);

	if (json_bool(result, "rows/0/behind", false)) {
		++*behind;
		restore_checks_add(
			v, "sequence", false,
			"%s stands at %s, and %s.%s has %s already: the next insert fails",
			sequence, json_string(result, "rows/0/last", "?"),
			json_string(row, "table", "?"), json_string(row, "column", "?"),
			json_string(result, "rows/0/max", "?"));
	}
	cJSON_Delete(result);
	free(sql);
	return rc;
}

static int
verify_sequences(struct restore_checks *v, struct err *e)
{
	static const char sql[] =
		"SELECT s.oid::regclass::text AS sequence, t.oid::regclass::text AS table, "
		"quote_ident(a.attname) AS column FROM pg_depend AS d JOIN pg_sequence AS q ON "
		"q.seqrelid = d.objid JOIN pg_class AS s ON s.oid = d.objid JOIN pg_class AS t ON "
		"t.oid = d.refobjid JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = "
		"d.refobjsubid WHERE d.classid = 'pg_class'::regclass AND d.refclassid = "
		"'pg_class'::regclass AND d.deptype IN ('a', 'i') AND q.seqincrement > 0 AND "
		"NOT q.seqcycle ORDER BY 1";
	cJSON *result = NULL;
	const cJSON *row;
	size_t behind = 0;
	int rc = ask(v, "sequences", sql, NULL, &result, e);

	cJSON_ArrayForEach(row, json_at(result, "rows")) {
		if (rc == 0)
			rc = look_at_sequence(v, row, &behind, e);
	}
	if (rc == 0 && result && behind == 0)
		restore_checks_add(v, "sequences", true, "%lld, none behind its column",
				   (long long)json_int(result, "row_count", 0));
	cJSON_Delete(result);
	return rc;
}

/* ---- extensions, and the newest row ---- */

static int
verify_extensions(struct restore_checks *v, struct err *e)
{
	static const char sql[] =
		"SELECT n AS name FROM json_array_elements_text($1::json) AS n WHERE n NOT IN "
		"(SELECT extname FROM pg_extension)";
	char *names = json_print(json_at(v->plan, "extensions")), *words;
	struct step_texts list = { 0 };
	cJSON *result = NULL;
	const cJSON *row;
	int rc = 0;

	if (cJSON_GetArraySize(json_at(v->plan, "extensions")) > 0)
		rc = ask(v, "extensions", sql, names, &result, e);
	cJSON_ArrayForEach(row, json_at(result, "rows"))
		restore_checks_add(v, "extensions", false, "%s is not there",
				   json_string(row, "name", "?"));
	step_texts_load(&list, json_at(v->plan, "extensions"));
	words = step_texts_join(&list);
	if (result && json_int(result, "row_count", 0) == 0)
		restore_checks_add(v, "extensions", true, "all are there: %s", words);
	step_texts_release(&list);
	cJSON_Delete(result);
	free(words);
	free(names);
	return rc;
}

static void
add_newest(struct restore_checks *v, const char *table, const char *column, const cJSON *row)
{
	const char *value = json_string(row, "newest", NULL);
	int64_t age_ms = json_int(row, "age_ms", 0);
	char age[CLOCK_STAMP_MAX];
	cJSON *newest = cJSON_CreateObject();

	json_add_string(newest, "table", table);
	json_add_string(newest, "column", column);
	json_add_string(newest, "value", value);
	json_add(newest, "age_ms", value ? cJSON_CreateNumber((double)age_ms) : cJSON_CreateNull());
	json_add(v->result, "newest", newest);
	if (value)
		restore_checks_add(v, "newest", true,
				   "%s.%s is %s: %s ago. All that came later is "
				   "lost",
				   table, column, value, duration_format_human(age_ms, age));
	else
		restore_checks_add(v, "newest", false, "%s.%s has no value at all", table, column);
}

static int
verify_newest(struct restore_checks *v, struct err *e)
{
	const char *table = json_string(v->with, "newest/table", NULL);
	const char *column = json_string(v->with, "newest/column", NULL);
	char *quoted, *sql;
	cJSON *found = NULL, *result = NULL;
	const char *name;
	int rc;

	if (!table || !column)
		return 0;
	rc = ask(v, "newest", "SELECT to_regclass($1)::text AS name", table, &found, e);
	name = json_string(found, "rows/0/name", NULL);
	if (rc == 0 && found && !name)
		restore_checks_add(v, "newest", false, "there is no table %s", table);
	if (rc == 0 && name) {
		quoted = sql_quote_name(column);
		sql = xasprintf("SELECT max(%s)::text AS newest, (extract(epoch FROM "
				"clock_timestamp() - max(%s)::timestamptz) * 1000)::bigint AS "
				"age_ms FROM %s",
				quoted, quoted, name);
		rc = ask(v, "newest", sql, NULL, &result, e);
		if (rc == 0 && result)
			add_newest(v, table, column, json_at(result, "rows/0"));
		free(sql);
		free(quoted);
	}
	cJSON_Delete(result);
	cJSON_Delete(found);
	return rc;
}

int
verify_restore(struct restore_checks *v, struct err *e)
{
	v->checks = cJSON_CreateArray();
	json_add(v->result, "checks", v->checks);
	postgres_set_limit(v->pg, 0);
	if (sql_execute(v->pg, "SELECT set_config('search_path', '', false)", NULL, 0,
			v->ctx->cancel, e) < 0)
		return -1;
	if (verify_server(v, e) < 0 || verify_counts(v, e) < 0 || verify_indexes(v, e) < 0 ||
	    verify_sequences(v, e) < 0 || verify_extensions(v, e) < 0)
		return -1;
	return verify_newest(v, e);
}
