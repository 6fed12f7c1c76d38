#include "config.h"

#include "step/restore/step_postgresql_restore.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/child/child.h"
#include "step/restore/step_postgresql_restore_plan.h"
#include "step/restore/step_postgresql_restore_verify.h"
#include "step/steps.h"

enum { MAX_JOBS = 64 };

static const char *const when_not_empty[] = { "refuse", "replace", NULL };
static const char *const grants[] = { "keep", "drop", NULL };

static const struct field newest_fields[] = {
	{ .name = "table",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "The table, with its schema: public.audit_log." },
	{ .name = "column",
	  .type = FIELD_STRING,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "A column of dates or time stamps." },
	{ .name = NULL },
};

static const struct field fields[] = {
	{ .name = "dump",
	  .type = FIELD_PATH,
	  .flags = FIELD_REQUIRED | FIELD_TEMPLATE,
	  .help = "A dump of pg_dump: a file of SQL or in custom format, or a folder. It is read "
		  "through before anything is touched, so that one that is cut off is found." },
	{ .name = "database",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The database that it goes into; the target's own, if this is left out." },
	{ .name = "create",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "Make the database where it is missing (from template0, owned by `owner`). The "
		  "target must name another one, such as postgres." },
	{ .name = "when_not_empty",
	  .type = FIELD_CHOICE,
	  .choices = when_not_empty,
	  .otherwise = "refuse",
	  .help = "Whether a database with something in it is refused, or replaced: of an "
		  "archive, what is in it too is dropped first (pg_restore --clean), and what only "
		  "the database has stays; before a file of SQL, all schemas and large objects are "
		  "dropped. That is part of the same transaction." },
	{ .name = "terminate_sessions",
	  .type = FIELD_BOOL,
	  .otherwise = "false",
	  .help = "End the sessions that others have in the database, right before the restore. "
		  "Programs may connect again: stop them first." },
	{ .name = "owner",
	  .type = FIELD_STRING,
	  .flags = FIELD_TEMPLATE,
	  .help = "The role that shall own everything; as in the dump, if this is left out. A file "
		  "of SQL must have been made with --no-owner for that." },
	{ .name = "grants",
	  .type = FIELD_CHOICE,
	  .choices = grants,
	  .otherwise = "keep",
	  .help = "Whether rights are given as in the dump, or to nobody. A file of SQL must have "
		  "been made with --no-privileges for `drop`." },
	{ .name = "jobs",
	  .type = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .otherwise = "1",
	  .help = "How many connections restore an archive at once. With more than 1 it is no "
		  "longer one transaction, and a failure leaves a part of it behind." },
	{ .name = "analyze",
	  .type = FIELD_BOOL,
	  .otherwise = "true",
	  .help = "Run ANALYZE afterwards: without it, queries are slow." },
	{ .name = "expect_counts",
	  .type = FIELD_MAP,
	  .items = FIELD_INT,
	  .flags = FIELD_TEMPLATE,
	  .help = "How many rows tables must have afterwards, by their names (public.users: 120); "
		  "without it, they are compared with the dump alone." },
	{ .name = "counts_file",
	  .type = FIELD_PATH,
	  .flags = FIELD_TEMPLATE,
	  .help = "The same from a file, made with the dump: lines of a table and its number of "
		  "rows, or an object in JSON." },
	{ .name = "newest",
	  .type = FIELD_OBJECT,
	  .fields = newest_fields,
	  .help = "Where the newest row shows by its date: the result then says how much was lost "
		  "since the dump." },
	{ .name = NULL },
};

/* Before the dump is there, which an earlier step may fetch, either of them may be needed. */
static int
restore_ready(struct step_context *ctx, const struct action *action, char **ret_what, struct err *e)
{
	const char *path = json_string(action->with, "dump", "");
	enum dump_kind kind = DUMP_PLAIN;
	bool there = file_exists(path);
	char *found;

	(void)ctx;
	*ret_what = xasprintf("commands psql and pg_restore");
	if (there && dump_find_kind(path, &kind, e) < 0)
		return err_wrap(e, "postgresql.restore");
	if (there) {
		free(*ret_what);
		*ret_what = xasprintf("command %s", dump_kind_program(kind));
	}
	found = child_find(dump_kind_program(kind), e);
	if (found && !there) {
		free(found);
		found = child_find(dump_kind_program(DUMP_CUSTOM), e);
	}
	if (!found)
		return err_wrap(e, "postgresql.restore");
	free(found);
	return 0;
}

static int
check_fields(const cJSON *with, cJSON **ret_expected, struct err *e)
{
	int64_t jobs = json_int(with, "jobs", 1);

	if (jobs < 1 || jobs > MAX_JOBS)
		return err_set(e, ERR_SPEC, "jobs is %lld: 1 to %d are possible", (long long)jobs,
			       MAX_JOBS);
	return counts_load(with, ret_expected, e);
}

static void
describe_verification(const cJSON *with, const cJSON *expected, const cJSON *plan,
		      struct preview *preview)
{
	int dumped = cJSON_GetArraySize(json_at(plan, "rows"));
	int wanted = cJSON_GetArraySize(expected);

	preview_add(preview, PREVIEW_TEXT,
		    "Afterwards: %sthe rows of %d table%s compared with the dump%s, indexes, "
		    "sequences and extensions looked at.",
		    json_bool(with, "analyze", true) ? "ANALYZE, " : "", dumped,
		    dumped == 1 ? "" : "s", wanted ? " and the manifest" : "");
	if (wanted)
		preview_add(preview, PREVIEW_TEXT, "The manifest has %d table%s.", wanted,
			    wanted == 1 ? "" : "s");
}

static int
describe_plan(const struct restore_database *db, const struct dump *dump, const cJSON *plan,
	      const cJSON *expected, struct preview *preview, struct err *e)
{
	struct step_texts argv = { 0 };
	struct str line = STR_INIT;
	int rc = plan_argv(plan, db, &argv, e);

	if (rc == 0)
		rc = database_describe(db, preview, e);
	if (rc == 0) {
		plan_describe(plan, db, dump, preview);
		for (size_t i = 0; i < argv.count; i++)
			step_append_word(&line, argv.items[i]);
		preview_add(preview, PREVIEW_REQUEST, "$ %s", line.data);
		preview_add(preview, PREVIEW_TEXT, "%s is version %s.", dump->client,
			    dump->client_version);
		describe_verification(db->with, expected, plan, preview);
	}
	str_release(&line);
	step_texts_release(&argv);
	return rc;
}

/* The long reading comes when all that is quickly known is known. */
static int
look_at_all(struct restore_database *db, struct dump *dump, struct err *e)
{
	if (database_check_state(db, e) < 0 ||
	    dump_check_versions(dump, postgres_version(db->pg), e) < 0 ||
	    dump_read(dump, db->ctx, db->with, e) < 0 ||
	    dump_check_versions(dump, postgres_version(db->pg), e) < 0)
		return -1;
	return database_check(db, dump, e);
}

static int
restore_preview(struct step_context *ctx, const struct action *action, struct preview *preview,
		struct err *e)
{
	struct restore_database db = { 0 };
	struct dump dump = { 0 };
	cJSON *expected = NULL, *plan = NULL;
	int rc = -1;

	if (check_fields(action->with, &expected, e) < 0 ||
	    dump_open(&dump, ctx, action->with, e) < 0 || database_open(&db, ctx, action, e) < 0 ||
	    look_at_all(&db, &dump, e) < 0)
		goto out;
	plan = plan_make(&db, &dump, e);
	if (!plan)
		goto out;
	dump_describe(&dump, preview);
	rc = describe_plan(&db, &dump, plan, expected, preview, e);
	if (rc == 0) {
		preview_set_name(preview, db.name);
		preview_remember(preview, plan);
		plan = NULL;
	}
out:
	if (rc < 0)
		err_wrap(e, "postgresql.restore");
	cJSON_Delete(plan);
	cJSON_Delete(expected);
	database_release(&db);
	dump_release(&dump);
	return rc;
}

const struct executor step_postgresql_restore = {
	.type = {
		.uses = "postgresql.restore",
		.summary = "Restores a dump into a database by psql or pg_restore, and verifies it",
		.target_kinds = TARGET_POSTGRESQL,
		.target_required = true,
		.effect = EFFECT_DESTROYS,
		.fields = fields,
		.result = "{database, format, entries, tables: [{table, rows}], checks: [{name, ok, seen}], newest, analyzed, single_transaction, transaction, timeline, server, duration_ms}",
	},
	.ready = restore_ready,
	.preview = restore_preview,
	.run = restore_run,
	.probe = restore_probe,
};
