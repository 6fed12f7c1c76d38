#include "config.h"

#include "step/restore/step_postgresql_restore_plan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/postgres/postgres_conninfo.h"

enum {
	KEY_BYTES = 12,
	KEY_SHOWN = 8,
	SHOWN_LEFTOVERS = 20,
	MAX_ROWS = 2000, /* tables whose rows are kept for the comparison */
	FIRST_WITH_OWNER_ROLE = 140000,
	FIRST_WITH_CLOSED_PUBLIC = 150000,
};

enum dump_kind
plan_kind(const cJSON *plan)
{
	return (enum dump_kind)json_int(plan, "kind", DUMP_PLAIN);
}

bool
plan_is_single(const cJSON *plan)
{
	return json_bool(plan, "single", false);
}

char *
plan_application(const cJSON *plan)
{
	return xasprintf("lifeboat-restore-%.*s", KEY_SHOWN, json_string(plan, "key", ""));
}

const char *
plan_password(const struct restore_database *db)
{
	return step_optional(db->connection, "password");
}

/* ---- made ---- */

static int
add_key(cJSON *plan, struct err *e)
{
	unsigned char bytes[KEY_BYTES];
	struct str key = STR_INIT;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_errno(e, ERR_IO, "asking for a random number");
	for (size_t i = 0; i < sizeof(bytes); i++)
		str_printf(&key, "%02x", bytes[i]);
	json_add_string(plan, "key", key.data);
	str_release(&key);
	return 0;
}

static void
add_statement(cJSON *list, char *sql)
{
	cJSON_AddItemToArray(list, cJSON_CreateString(sql));
	free(sql);
}

/*
 * What goes before a plain dump replaces: everything in schemas, and large objects, in the same transaction as the
 * dump, so that a failure brings it back. (Dropping the database itself could not be taken back.) An empty
 * schema public is made again as initdb makes it, since dumps take it for granted.
 */
static void
add_drops(cJSON *drops, const struct restore_database *db, const struct dump_content *content)
{
	int version = postgres_version(db->pg);
	const cJSON *schema;
	bool remade = false;

	cJSON_ArrayForEach(schema, json_at(db->state, "schemas")) {
		const char *raw = cJSON_GetStringValue(schema);
		char *name = sql_quote_name(raw);

		add_statement(drops, xasprintf("DROP SCHEMA IF EXISTS %s CASCADE", name));
		remade = remade || str_equal(raw, "public");
		free(name);
	}
	if (json_int(db->state, "large_objects", 0) > 0)
		add_statement(drops, xstrdup("SELECT count(pg_catalog.lo_unlink(oid)) FROM "
					     "pg_catalog.pg_largeobject_metadata"));
	for (size_t i = 0; i < content->schemas.count; i++)
		remade = remade && !str_equal(content->schemas.items[i], "public");
	if (!remade)
		return;
	add_statement(drops, xasprintf("CREATE SCHEMA public%s",
				       version >= FIRST_WITH_OWNER_ROLE
					       ? " AUTHORIZATION pg_database_owner"
					       : ""));
	add_statement(drops, xasprintf("GRANT %s ON SCHEMA public TO PUBLIC",
				       version >= FIRST_WITH_CLOSED_PUBLIC ? "USAGE" : "ALL"));
}

static bool
replaces(const struct restore_database *db)
{
	return !database_is_empty(db) &&
	       str_equal(json_string(db->with, "when_not_empty", "refuse"), "replace");
}

static void
add_contents(cJSON *plan, const struct dump_content *content)
{
	cJSON *rows = cJSON_CreateObject();

	for (size_t i = 0; i < content->rows_count && i < MAX_ROWS; i++)
		json_add_int(rows, content->rows[i].name, content->rows[i].rows);
	json_add(plan, "rows", rows);
	json_add_int(plan, "rows_cut",
		     content->rows_count > MAX_ROWS ? (int64_t)content->rows_count - MAX_ROWS : 0);
	json_add_int(plan, "tables", content->tables);
	json_add(plan, "extensions", step_texts_json(&content->extensions));
}

cJSON *
plan_make(const struct restore_database *db, const struct dump *dump, struct err *e)
{
	const struct dump_content *content = dump_scan_content(dump->scan);
	bool plain = dump->kind == DUMP_PLAIN;
	cJSON *plan = cJSON_CreateObject(), *drops = cJSON_CreateArray();

	json_add_string(plan, "stamp", dump->stamp);
	json_add_int(plan, "kind", dump->kind);
	json_add_string(plan, "database", db->name);
	json_add_string(plan, "oid", db->missing ? NULL : json_string(db->state, "oid", NULL));
	json_add_bool(plan, "empty", database_is_empty(db));
	json_add_bool(plan, "clean", !plain && replaces(db));
	json_add_bool(plan, "single",
		      plain ? content->ends_line == 0 : json_int(db->with, "jobs", 1) <= 1);
	json_add_bool(plan, "restrict",
		      plain && !content->restricted && psql_knows_restrict(dump->client_version));
	json_add_int(plan, "entries", plain ? content->statements : dump->entries);
	json_add_int(plan, "bytes", dump->bytes);
	if (plain && replaces(db) && !content->drops)
		add_drops(drops, db, content);
	json_add(plan, "drops", drops);
	add_contents(plan, content);
	if (add_key(plan, e) == 0)
		return plan;
	cJSON_Delete(plan);
	return NULL;
}

/* ---- as a command line ---- */

static void
push(struct step_texts *argv, const char *word)
{
	step_texts_push(argv, xstrdup(word));
}

static void
push_psql(const cJSON *plan, const struct restore_database *db, struct step_texts *argv)
{
	const char *owner = step_optional(db->with, "owner");
	const cJSON *drop;

	push(argv, "--no-psqlrc");
	push(argv, "--no-password");
	push(argv, "--set=ON_ERROR_STOP=1");
	if (plan_is_single(plan))
		push(argv, "--single-transaction");
	if (json_bool(plan, "restrict", false))
		step_texts_push(argv,
				xasprintf("--command=\\restrict %s", json_string(plan, "key", "")));
	cJSON_ArrayForEach(drop, json_at(plan, "drops"))
		step_texts_push(argv, xasprintf("--command=%s", cJSON_GetStringValue(drop)));
	if (owner) {
		char *role = sql_quote_name(owner);

		step_texts_push(argv, xasprintf("--command=SET ROLE %s", role));
		free(role);
	}
	step_texts_push(argv, xasprintf("--file=%s", json_string(db->with, "dump", "")));
}

static void
push_pg_restore(const cJSON *plan, const struct restore_database *db, struct step_texts *argv)
{
	const char *owner = step_optional(db->with, "owner");
	long long jobs = (long long)json_int(db->with, "jobs", 1);

	push(argv, "--exit-on-error");
	push(argv, "--verbose");
	push(argv, "--no-password");
	if (plan_is_single(plan))
		push(argv, "--single-transaction");
	else
		step_texts_push(argv, xasprintf("--jobs=%lld", jobs));
	if (json_bool(plan, "clean", false)) {
		push(argv, "--clean");
		push(argv, "--if-exists");
	}
	dump_add_choices(db->with, argv);
	if (owner)
		step_texts_push(argv, xasprintf("--role=%s", owner));
}

int
plan_argv(const cJSON *plan, const struct restore_database *db, struct step_texts *argv,
	  struct err *e)
{
	struct postgres_options options = {
		.conninfo = step_optional(db->connection, "conninfo"),
		.password = plan_password(db),
		.passfile = step_optional(db->connection, "passfile"),
	};
	char *application = plan_application(plan), *conninfo = NULL;
	int rc = postgres_client_conninfo(db->pg, &options, db->name, application, &conninfo, e);

	free(application);
	if (rc < 0)
		return -1;
	push(argv, dump_kind_program(plan_kind(plan)));
	if (plan_kind(plan) == DUMP_PLAIN)
		push_psql(plan, db, argv);
	else
		push_pg_restore(plan, db, argv);
	step_texts_push(argv, xasprintf("--dbname=%s", conninfo));
	if (plan_kind(plan) != DUMP_PLAIN)
		push(argv, json_string(db->with, "dump", ""));
	free(conninfo);
	return 0;
}

/* ---- in words ---- */

/* The tables of the database that the dump knows nothing of. */
static void
describe_leftovers(const cJSON *plan, const struct restore_database *db, struct preview *preview)
{
	static const char sql[] =
		"SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name FROM "
		"pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind = "
		"'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT "
		"EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND "
		"d.objid = c.oid AND d.deptype = 'e') AND quote_ident(n.nspname) || '.' || "
		"quote_ident(c.relname) NOT IN (SELECT json_object_keys($1::json)) ORDER BY 1";
	char *rows = json_print(json_at(plan, "rows"));
	const char *params[] = { rows };
	struct err why = ERR_INIT;
	cJSON *result = NULL;
	const cJSON *row;

	preview_add(preview, PREVIEW_TEXT,
		    "pg_restore drops first what is in the dump too; what only the database has "
		    "stays.");
	if (postgres_query(db->pg, sql, params, 1, SHOWN_LEFTOVERS, db->ctx->cancel, &result,
			   &why) < 0)
		preview_add(preview, PREVIEW_TEXT, "Which tables those are cannot be told: %s",
			    why.message);
	cJSON_ArrayForEach(row, json_at(result, "rows"))
		preview_add(preview, PREVIEW_CONTEXT, "stays: table %s",
			    json_string(row, "name", "?"));
	if (json_int(result, "row_count", 0) > SHOWN_LEFTOVERS)
		preview_add(preview, PREVIEW_TEXT, "and %lld more",
			    (long long)json_int(result, "row_count", 0) - SHOWN_LEFTOVERS);
	cJSON_Delete(result);
	free(rows);
}

static void
describe_replacing(const cJSON *plan, const struct restore_database *db, const struct dump *dump,
		   struct preview *preview)
{
	char *contents;

	if (!replaces(db))
		return;
	contents = database_contents(db);
	preview_add(preview, PREVIEW_REMOVE, "%s", contents);
	free(contents);
	if (dump->kind != DUMP_PLAIN)
		describe_leftovers(plan, db, preview);
	else if (cJSON_GetArraySize(json_at(plan, "drops")) > 0)
		preview_add(preview, PREVIEW_TEXT,
			    "All schemas of the database are dropped first, with all that is in "
			    "them%s",
			    plan_is_single(plan) ? ", in the same transaction."
						 : ": that is committed at once.");
	else
		preview_add(preview, PREVIEW_TEXT,
			    "The dump drops things itself (pg_dump --clean); what only the "
			    "database has stays.");
}

void
plan_describe(const cJSON *plan, const struct restore_database *db, const struct dump *dump,
	      struct preview *preview)
{
	long long line = (long long)dump_scan_content(dump->scan)->ends_line;

	describe_replacing(plan, db, dump, preview);
	if (plan_is_single(plan))
		preview_add(preview, PREVIEW_TEXT,
			    "It is one transaction: if anything fails, the database is as it was.");
	else if (dump->kind == DUMP_PLAIN)
		preview_add(preview, PREVIEW_WARNING,
			    "Line %lld of the dump begins or ends a transaction itself (large "
			    "objects do that): if anything fails, a part of it is in the database. "
			    "A dump in custom format does better",
			    line);
	else
		preview_add(preview, PREVIEW_WARNING,
			    "With `jobs` it is no single transaction: if anything fails, a part "
			    "of it is in the database");
	if (plan_password(db))
		preview_add(preview, PREVIEW_TEXT,
			    "The password goes to it through its standard input, as a file of "
			    "passwords in memory.");
}
