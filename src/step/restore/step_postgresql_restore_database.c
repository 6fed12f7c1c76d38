#include "config.h"

#include "step/restore/step_postgresql_restore_database.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/target_postgresql.h"
#include "step/restore/step_postgresql_restore_disk.h"

enum { SHOWN_SESSIONS = 20, END_WAIT_MS = 5000, END_POLL_MS = 50, LIMIT_MS = 30000 };

char *
sql_quote_name(const char *name)
{
	struct str out = STR_INIT;

	str_append_char(&out, '"');
	for (; *name; name++) {
		if (*name == '"')
			str_append_char(&out, '"');
		str_append_char(&out, *name);
	}
	str_append_char(&out, '"');
	return str_take(&out);
}

void
database_release(struct restore_database *db)
{
	cJSON_Delete(db->connection);
	cJSON_Delete(db->server);
	cJSON_Delete(db->state);
	postgres_free(db->pg);
	free(db->name);
	free(db->who);
}

/* A connection to the server that the run has met, and to no other. */
static int
reach(struct restore_database *db, const cJSON *connection, struct err *e)
{
	cJSON *server = NULL;

	if (target_postgresql_connect(connection, db->ctx->cancel, &db->pg, e) < 0)
		return -1;
	if (target_postgresql_server(db->pg, db->ctx->cancel, &server, e) < 0 ||
	    target_postgresql_confirm(db->met, server, PIN_NO_EARLIER, e) < 0) {
		cJSON_Delete(server);
		postgres_free(db->pg);
		db->pg = NULL;
		return -1;
	}
	cJSON_Delete(db->server);
	db->server = server;
	return 0;
}

int
database_connect(struct restore_database *db, struct err *e)
{
	return reach(db, db->connection, e);
}

/* ---- how it is ---- */

/* What extensions have made is theirs, and not in a dump. */
static const char state_sql[] =
	"WITH s AS (SELECT oid, nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND "
	"nspname <> 'information_schema'), "
	"m AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'), "
	"t AS (SELECT count(*) FILTER (WHERE relkind IN ('r', 'p', 'f')) AS tables, "
	"count(*) FILTER (WHERE relkind = 'r' AND reltuples < 0) AS unknown, "
	"coalesce(sum(greatest(reltuples, 0)) FILTER (WHERE relkind = 'r'), 0)::bigint AS rows, "
	"count(*) FILTER (WHERE relkind IN ('v', 'm', 'S', 'c')) AS others FROM pg_class AS c "
	"WHERE relnamespace IN (SELECT oid FROM s) AND NOT EXISTS (SELECT FROM m WHERE classid = "
	"'pg_class'::regclass AND objid = c.oid)), "
	"p AS (SELECT count(*) AS functions FROM pg_proc AS f WHERE pronamespace IN (SELECT oid "
	"FROM s) AND NOT EXISTS (SELECT FROM m WHERE classid = 'pg_proc'::regclass AND objid = "
	"f.oid)) "
	"SELECT d.oid::text AS oid, pg_database_size(d.oid) AS bytes, pg_is_in_recovery() AS "
	"in_recovery, t.tables, t.unknown, t.rows, t.others, p.functions, "
	"(SELECT count(*) FROM pg_largeobject_metadata) AS large_objects, "
	"(SELECT coalesce(json_agg(nspname ORDER BY nspname), '[]') FROM s) AS schemas, "
	"has_database_privilege(d.oid, 'CREATE') AS may_create, "
	"coalesce(has_schema_privilege(to_regnamespace('public')::oid, 'CREATE'), true) AS "
	"may_use_public, current_user::text AS \"user\" "
	"FROM pg_database AS d, t, p WHERE d.datname = current_database()";

int
database_ask(struct postgres *pg, const struct cancel *cancel, cJSON **ret_state, struct err *e)
{
	cJSON *result = NULL;

	if (postgres_query(pg, state_sql, NULL, 0, 1, cancel, &result, e) < 0)
		return -1;
	*ret_state = cJSON_DetachItemFromArray(json_at(result, "rows"), 0);
	cJSON_Delete(result);
	return 0;
}

static int
look(struct restore_database *db, struct err *e)
{
	cJSON_Delete(db->state);
	db->state = NULL;
	postgres_set_limit(db->pg, LIMIT_MS);
	if (database_ask(db->pg, db->ctx->cancel, &db->state, e) < 0)
		return err_wrap(e, "looking at database %s", db->name);
	free(db->who);
	db->who = postgres_describe(db->pg);
	return 0;
}

static int
ask_name(struct restore_database *db, const cJSON *connection, struct err *e)
{
	if (reach(db, connection, e) < 0)
		return -1;
	db->name = xstrdup(json_string(db->server, "database", ""));
	postgres_free(db->pg);
	db->pg = NULL;
	return 0;
}

/* It is not there: whoever shall make it is connected to the target's own database. */
static int
reach_maker(struct restore_database *db, const cJSON *connection, struct err *e)
{
	char *missing = xstrdup(e->message);
	int rc = -1;

	if (!json_bool(db->with, "create", false))
		err_advise(e, "Set `create: true` to have it made, and let the target name "
			      "a database that is there, such as postgres");
	else if (reach(db, connection, e) < 0)
		err_wrap(e, "%s; and to make it", missing);
	else
		rc = 0;
	free(missing);
	db->missing = rc == 0;
	return rc;
}

int
database_open(struct restore_database *db, struct step_context *ctx, const struct action *action,
	      struct err *e)
{
	const cJSON *target = action->target->connection;
	const char *name = step_optional(action->with, "database");
	struct err why = ERR_INIT;

	*db = (struct restore_database){ .ctx = ctx,
					 .with = action->with,
					 .met = action->target->identity,
					 .name = xstrdup(name) };
	if (!name && ask_name(db, target, e) < 0)
		return -1;
	db->connection = cJSON_Duplicate(target, true);
	cJSON_DeleteItemFromObjectCaseSensitive(db->connection, "database");
	json_add_string(db->connection, "database", db->name);
	if (database_connect(db, &why) < 0) {
		err_set(e, why.kind, "%s", why.message);
		if (why.kind != ERR_NOT_FOUND || reach_maker(db, target, e) < 0)
			return -1;
	}
	return look(db, e);
}

bool
database_state_is_empty(const cJSON *s)
{
	const cJSON *schema;

	cJSON_ArrayForEach(schema, json_at(s, "schemas"))
		if (!str_equal(cJSON_GetStringValue(schema), "public"))
			return false;
	return json_int(s, "tables", 0) == 0 && json_int(s, "others", 0) == 0 &&
	       json_int(s, "functions", 0) == 0 && json_int(s, "large_objects", 0) == 0;
}

bool
database_is_empty(const struct restore_database *db)
{
	return db->missing || database_state_is_empty(db->state);
}

static void
add_count(struct str *out, int64_t count, const char *what)
{
	if (count > 0)
		str_printf(out, "%s%lld %s%s", out->len ? ", " : "", (long long)count, what,
			   count == 1 ? "" : "s");
}

char *
database_contents(const struct restore_database *db)
{
	const cJSON *s = db->state;
	char size[BYTES_TEXT_MAX];
	struct str out = STR_INIT;

	add_count(&out, json_int(s, "tables", 0), "table");
	if (json_int(s, "tables", 0) > 0)
		str_printf(&out, " (about %lld rows%s)", (long long)json_int(s, "rows", 0),
			   json_int(s, "unknown", 0) > 0 ? ", and those of tables never analyzed"
							 : "");
	add_count(&out, json_int(s, "others", 0), "view, sequence or type");
	add_count(&out, json_int(s, "functions", 0), "function");
	add_count(&out, json_int(s, "large_objects", 0), "large object");
	if (!out.len)
		str_append(&out, "schemas without anything in them");
	str_printf(&out, "; %s", bytes_format(json_int(s, "bytes", 0), size));
	return str_take(&out);
}

/* ---- the preview ---- */

static int
describe_sessions(const struct restore_database *db, struct preview *preview, struct err *e)
{
	static const char sql[] =
		"SELECT pid, coalesce(usename, '?')::text AS role, coalesce(nullif("
		"application_name, ''), 'no name') AS application, coalesce(host(client_addr), "
		"'this server') AS address, coalesce(state, '?') AS state FROM pg_stat_activity "
		"WHERE datname = $1 AND pid <> pg_backend_pid() ORDER BY backend_start";
	const char *params[] = { db->name };
	bool ends = json_bool(db->with, "terminate_sessions", false);
	cJSON *result = NULL;
	const cJSON *row;
	int64_t count;

	if (postgres_query(db->pg, sql, params, 1, SHOWN_SESSIONS, db->ctx->cancel, &result, e) < 0)
		return err_wrap(e, "asking who is connected to %s", db->name);
	count = json_int(result, "row_count", 0);
	if (count == 0)
		preview_add(preview, PREVIEW_TEXT, "Nobody else is connected to it.");
	else
		preview_add(preview, PREVIEW_WARNING, "%lld other session%s%s", (long long)count,
			    count == 1 ? " is" : "s are",
			    ends ? " connected and will be ended:"
				 : " connected, and may hold locks that the restore waits for:");
	cJSON_ArrayForEach(row, json_at(result, "rows"))
		preview_add(preview, ends ? PREVIEW_REMOVE : PREVIEW_CONTEXT,
			    "process %lld: %s, %s, from %s, %s", (long long)json_int(row, "pid", 0),
			    json_string(row, "role", "?"), json_string(row, "application", "?"),
			    json_string(row, "address", "?"), json_string(row, "state", "?"));
	if (count > SHOWN_SESSIONS)
		preview_add(preview, PREVIEW_TEXT, "and %lld more",
			    (long long)count - SHOWN_SESSIONS);
	cJSON_Delete(result);
	return 0;
}

int
database_describe(const struct restore_database *db, struct preview *preview, struct err *e)
{
	char *contents = database_contents(db);

	if (db->missing)
		preview_add(preview, PREVIEW_ADD, "Database %s is made first, by %s", db->name,
			    db->who);
	else if (database_is_empty(db))
		preview_add(preview, PREVIEW_TEXT, "Database %s at %s is empty", db->name, db->who);
	else
		preview_add(preview, PREVIEW_WARNING, "Database %s at %s is NOT EMPTY: %s",
			    db->name, db->who, contents);
	free(contents);
	disk_describe(db->pg, db->ctx->cancel, preview);
	return db->missing ? 0 : describe_sessions(db, preview, e);
}

/* ---- what changes it, but for the dump ---- */

int
database_make(struct restore_database *db, struct err *e)
{
	const char *owner = step_optional(db->with, "owner");
	char *name = sql_quote_name(db->name), *role = sql_quote_name(owner ? owner : "");
	char *sql = xasprintf("CREATE DATABASE %s TEMPLATE template0%s%s", name,
			      owner ? " OWNER " : "", owner ? role : "");
	int rc = sql_execute(db->pg, sql, NULL, 0, db->ctx->cancel, e);

	if (rc == 0) {
		postgres_free(db->pg);
		db->pg = NULL;
		rc = database_connect(db, e);
	}
	if (rc == 0)
		rc = look(db, e);
	if (rc < 0)
		err_wrap(e, "%s", sql);
	free(sql);
	free(role);
	free(name);
	return rc;
}

/* -1: error; else how many others there are. */
static int64_t
count_others(const struct restore_database *db, const char *what, struct err *e)
{
	char *sql = xasprintf("SELECT count(%s) AS n FROM pg_stat_activity WHERE datname = $1 AND "
			      "pid <> pg_backend_pid() AND backend_type = 'client backend'",
			      what);
	const char *params[] = { db->name };
	cJSON *result = NULL;
	int64_t count = -1;

	if (postgres_query(db->pg, sql, params, 1, 1, db->ctx->cancel, &result, e) == 0)
		count = json_int(result, "rows/0/n", 0);
	cJSON_Delete(result);
	free(sql);
	return count;
}

int
database_end_sessions(const struct restore_database *db, struct err *e)
{
	int64_t until_ms = clock_mono_ms() + END_WAIT_MS;
	int64_t count = count_others(db, "pg_terminate_backend(pid)", e);

	if (count > 0)
		db->ctx->progress(db->ctx, "ended %lld session%s of others", (long long)count,
				  count == 1 ? "" : "s");
	while (count > 0 && clock_mono_ms() < until_ms) {
		if (cancel_sleep(db->ctx->cancel, END_POLL_MS))
			return err_set(e, ERR_CANCELLED, "cancelled while sessions ended");
		count = count_others(db, "*", e);
	}
	if (count < 0)
		return err_wrap(e, "ending the sessions of others in %s", db->name);
	return 0;
}
