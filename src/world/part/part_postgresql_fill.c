#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_postgresql.h"

/* What is in a PostgreSQL at the start: roles, databases, and what SQL files make of them. */

enum {
	SQL_MAX = 64 << 20,
	CONNECT_TIMEOUT_MS = 10000,
};

/* 'text' or "text", what is quoted doubled. */
static void
quote(struct str *out, const char *text, char mark)
{
	str_append_char(out, mark);
	for (; *text; text++) {
		if (*text == mark)
			str_append_char(out, mark);
		str_append_char(out, *text);
	}
	str_append_char(out, mark);
}

int
part_postgresql_connect(const struct part_database *db, const char *database,
			struct postgres **ret_pg, struct err *e)
{
	char *conninfo = xasprintf("host=%s port=%d user=" DATABASE_SUPERUSER " sslmode=disable",
				   db->address, db->inside);
	const struct postgres_options options = { .conninfo = conninfo,
						  .database = database ? database : "postgres",
						  .password = db->password,
						  .connect_timeout_ms = CONNECT_TIMEOUT_MS,
						  .cancel = db->parts->options.cancel };
	int rc = postgres_connect(&options, ret_pg, e);

	free(conninfo);
	return rc;
}

int
part_postgresql_run(const struct part_database *db, const char *database, const char *owner,
		    const char *sql, struct err *e)
{
	const struct cancel *cancel = db->parts->options.cancel;
	struct postgres *pg = NULL;
	struct str become = STR_INIT;
	int rc;

	if (part_postgresql_connect(db, database, &pg, e) < 0)
		return -1;
	if (owner) {
		str_append(&become, "SET SESSION AUTHORIZATION ");
		quote(&become, owner, '"');
	}
	rc = owner ? postgres_script(pg, str_cstr(&become), cancel, e) : 0;
	if (rc == 0)
		rc = postgres_script(pg, sql, cancel, e);
	postgres_free(pg);
	str_release(&become);
	return rc;
}

static int
make_roles(const struct part_database *db, const cJSON *roles, struct err *e)
{
	struct str sql = STR_INIT;
	const cJSON *role;
	int rc = 0;

	cJSON_ArrayForEach(role, roles) {
		str_append(&sql, "CREATE ROLE ");
		quote(&sql, json_string(role, "name", ""), '"');
		str_append(&sql, " LOGIN PASSWORD ");
		quote(&sql, json_string(role, "password", ""), '\'');
		str_printf(&sql, "%s%s;\n", json_bool(role, "createdb", false) ? " CREATEDB" : "",
			   json_bool(role, "superuser", false) ? " SUPERUSER" : "");
	}
	if (sql.len)
		rc = part_postgresql_run(db, NULL, NULL, sql.data, e);
	if (rc < 0)
		err_wrap(e, "making the roles of %s", db->name);
	str_release_secret(&sql);
	return rc;
}

static int
run_file(const struct part_database *db, const char *database, const char *owner, const char *path,
	 struct err *e)
{
	struct str text = STR_INIT;
	int rc = file_read(path, SQL_MAX, &text, e);

	if (rc == 0)
		rc = part_postgresql_run(db, database, owner, str_cstr(&text), e);
	if (rc < 0)
		err_wrap(e, "filling the database %s with %s", database, path);
	str_release(&text);
	return rc;
}

/* CREATE DATABASE cannot be one of several statements. */
static int
make_database(const struct part_database *db, const cJSON *one, struct err *e)
{
	const char *name = json_string(one, "name", ""), *owner = json_string(one, "owner", NULL);
	const char *path = json_string(one, "sql", NULL);
	struct str sql = STR_INIT;
	int rc;

	str_append(&sql, "CREATE DATABASE ");
	quote(&sql, name, '"');
	if (owner) {
		str_append(&sql, " OWNER ");
		quote(&sql, owner, '"');
	}
	rc = part_postgresql_run(db, NULL, NULL, str_cstr(&sql), e);
	if (rc < 0)
		err_wrap(e, "making the database %s of %s", name, db->name);
	else if (path)
		rc = run_file(db, name, owner, path, e);
	str_release(&sql);
	return rc;
}

int
part_postgresql_fill(const struct part_database *db, const cJSON *element, struct err *e)
{
	const cJSON *one;

	if (make_roles(db, json_at(element, "roles"), e) < 0)
		return -1;
	cJSON_ArrayForEach(one, json_at(element, "databases")) {
		if (make_database(db, one, e) < 0)
			return -1;
	}
	return 0;
}
