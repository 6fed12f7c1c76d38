#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/restore/step_postgresql_restore_database.h"

/* What stands in the way of a restore, before anything is touched. */

/* Those of the names for which a query has a row, as words between commas. */
static int
ask_which(const struct restore_database *db, const char *sql, const struct step_texts *names,
	  struct str *found, struct err *e)
{
	cJSON *list = step_texts_json(names), *result = NULL;
	char *text = json_print(list);
	const char *params[] = { text };
	const cJSON *row;
	int rc = 0;

	str_clear(found);
	if (names->count > 0)
		rc = postgres_query(db->pg, sql, params, 1, 100, db->ctx->cancel, &result, e);
	cJSON_ArrayForEach(row, json_at(result, "rows"))
		str_printf(found, "%s%s", found->len ? ", " : "", json_string(row, "name", "?"));
	cJSON_Delete(result);
	cJSON_Delete(list);
	free(text);
	return rc;
}

#define NAMES "SELECT n AS name FROM json_array_elements_text($1::json) AS n WHERE "

static const struct {
	const char *sql, *words;
} needs[] = {
	{ NAMES "lower(n) <> 'public' AND n NOT IN (SELECT rolname FROM pg_roles)",
	  "the server lacks the roles: %s (make them first, or set `owner`, or `grants: drop`)" },
	{ "SELECT n AS name FROM json_array_elements_text($1::json) AS n JOIN pg_roles AS r ON "
	  "r.rolname = n WHERE NOT pg_has_role(r.oid, 'MEMBER')",
	  "%s owns what the dump holds, and the role of the target is no member of that" },
	{ NAMES "n NOT IN (SELECT name FROM pg_available_extensions)",
	  "the server has no such extensions to install: %s" },
	{ NAMES "n NOT IN (SELECT spcname FROM pg_tablespace)",
	  "the server has no such tablespaces: %s" },
};

enum { NEEDS_ROLES, NEEDS_MEMBERSHIP, NEEDS_EXTENSIONS, NEEDS_TABLESPACES };

static int
add_missing(const struct restore_database *db, int need, const struct step_texts *names,
	    struct str *problems, struct err *e)
{
	struct str found = STR_INIT;
	int rc = ask_which(db, needs[need].sql, names, &found, e);

	if (rc == 0 && found.len) {
		const char *at = strstr(needs[need].words, "%s");

		if (problems->len)
			str_append(problems, "; ");
		str_append_bytes(problems, needs[need].words, (size_t)(at - needs[need].words));
		str_append(problems, found.data);
		str_append(problems, at + 2);
	}
	str_release(&found);
	return rc;
}

/* The roles that the dump, or the action, gives something to. */
static int
check_needs(const struct restore_database *db, const struct dump_content *content,
	    struct str *problems, struct err *e)
{
	const char *owner = step_optional(db->with, "owner");
	struct step_texts roles = { 0 }, owners = { 0 };
	int rc;

	for (size_t i = 0; i < content->owners.count; i++) {
		step_texts_push(&roles, xstrdup(content->owners.items[i]));
		step_texts_push(&owners, xstrdup(content->owners.items[i]));
	}
	for (size_t i = 0; i < content->grantees.count; i++)
		step_texts_push(&roles, xstrdup(content->grantees.items[i]));
	if (owner) {
		step_texts_push(&roles, xstrdup(owner));
		step_texts_push(&owners, xstrdup(owner));
	}
	rc = add_missing(db, NEEDS_ROLES, &roles, problems, e);
	if (rc == 0)
		rc = add_missing(db, NEEDS_MEMBERSHIP, &owners, problems, e);
	if (rc == 0)
		rc = add_missing(db, NEEDS_EXTENSIONS, &content->extensions, problems, e);
	if (rc == 0)
		rc = add_missing(db, NEEDS_TABLESPACES, &content->tablespaces, problems, e);
	step_texts_release(&roles);
	step_texts_release(&owners);
	return rc;
}

static void
check_rights(const struct restore_database *db, const struct dump_content *content,
	     struct str *problems)
{
	const char *user = json_string(db->state, "user", "?");
	bool makes = content->schemas.count > 0 || content->extensions.count > 0;

	if (db->missing)
		return;
	if (makes && !json_bool(db->state, "may_create", true))
		str_printf(problems,
			   "%srole %s may not make schemas and extensions in it (GRANT CREATE ON "
			   "DATABASE)",
			   problems->len ? "; " : "", user);
	if (content->tables > 0 && content->schemas.count == 0 &&
	    !json_bool(db->state, "may_use_public", true))
		str_printf(problems,
			   "%srole %s may not make anything in schema public (GRANT CREATE ON "
			   "SCHEMA public)",
			   problems->len ? "; " : "", user);
}

int
database_check_state(const struct restore_database *db, struct err *e)
{
	const char *otherwise = json_string(db->with, "when_not_empty", "refuse");
	char *contents;

	if (json_bool(db->state, "in_recovery", false))
		return err_set(e, ERR_CONFLICT,
			       "%s is in recovery (a standby) and takes no writes. Give the target "
			       "the primary, or target_session_attrs=read-write",
			       db->who);
	if (database_is_empty(db) || str_equal(otherwise, "replace"))
		return 0;
	contents = database_contents(db);
	err_set(e, ERR_CONFLICT,
		"database %s at %s is not empty: %s. Restore into an empty one, or set "
		"`when_not_empty: replace` to lose what is in it",
		db->name, db->who, contents);
	free(contents);
	return -1;
}

/* What a plain dump says cannot be left out by psql. */
static int
check_choices(const struct restore_database *db, const struct dump *dump, struct err *e)
{
	const struct dump_content *content = dump_scan_content(dump->scan);

	if (dump->kind != DUMP_PLAIN)
		return 0;
	if (step_optional(db->with, "owner") && content->owners.count > 0)
		return err_set(e, ERR_SPEC,
			       "`owner` cannot be had of this plain dump, which gives things to "
			       "their owners itself. Dump with --no-owner, or in custom format");
	if (str_equal(json_string(db->with, "grants", "keep"), "drop") && content->grants)
		return err_set(e, ERR_SPEC,
			       "`grants: drop` cannot be had of this plain dump, which has GRANTs. "
			       "Dump with --no-privileges, or in custom format");
	if (json_int(db->with, "jobs", 1) > 1)
		return err_set(e, ERR_SPEC,
			       "`jobs` is for custom and directory dumps: psql works alone");
	return 0;
}

int
database_check(const struct restore_database *db, const struct dump *dump, struct err *e)
{
	const struct dump_content *content = dump_scan_content(dump->scan);
	struct str problems = STR_INIT;
	int rc = -1;

	if (check_choices(db, dump, e) < 0 || check_needs(db, content, &problems, e) < 0)
		goto out;
	check_rights(db, content, &problems);
	rc = problems.len ? err_set(e, ERR_CONFLICT, "database %s at %s is not ready for it: %s",
				    db->name, db->who, problems.data)
			  : 0;
out:
	str_release(&problems);
	return rc;
}
