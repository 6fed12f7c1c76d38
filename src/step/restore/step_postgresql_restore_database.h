#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DATABASE_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DATABASE_H

#include <cjson/cJSON.h>

#include "net/postgres/postgres.h"
#include "run/executor.h"
#include "step/restore/step_postgresql_restore_dump.h"

/* Internal to postgresql.restore: the database that the dump goes into, and what must hold of it. */

struct restore_database {
	struct step_context *ctx;
	const cJSON *with;
	const cJSON *met;  /* who the target was when the run met it, or NULL */
	cJSON *connection; /* the target's fields, for this database */
	char *name;
	struct postgres *pg; /* to it; where it is missing: to the target's own database */
	bool missing;
	cJSON *server; /* of target_postgresql_server(): the one that `pg` is of */
	char *who;
	cJSON *state; /* a row: oid, bytes, tables, rows, others, functions, large_objects, schemas, … */
};

/*
 * Connects and looks. Release it also on an error. ERR_NOT_FOUND: there is no such database, and the action
 * does not say that it shall be made.
 */
int database_open(struct restore_database *db, struct step_context *ctx,
		  const struct action *action, struct err *e);
void database_release(struct restore_database *db);
/* A new connection to it, where there is none. */
int database_connect(struct restore_database *db, struct err *e);

/* What is in the database of a connection: a row, as of `state`. */
int database_ask(struct postgres *pg, const struct cancel *cancel, cJSON **ret_state,
		 struct err *e);
/* Whether nothing of anybody's is in it. */
bool database_state_is_empty(const cJSON *state);
/* Also where it is missing. */
bool database_is_empty(const struct restore_database *db);
/* "12 tables (about 34000 rows), 3 functions; 45 MB"; the caller frees. */
char *database_contents(const struct restore_database *db);

/* Fails where nothing may be restored into it: a standby, or not empty. */
int database_check_state(const struct restore_database *db, struct err *e);
/* Fails where this dump could not be: rights, roles, extensions. All that is missing is named at once. */
int database_check(const struct restore_database *db, const struct dump *dump, struct err *e);
/* What is there, who is connected, which room is left. */
int database_describe(const struct restore_database *db, struct preview *preview, struct err *e);

/* Makes it (its connection is then one to it), and ends the sessions of others. */
int database_make(struct restore_database *db, struct err *e);
int database_end_sessions(const struct restore_database *db, struct err *e);

/* A name as SQL has it; the caller frees. */
char *sql_quote_name(const char *name);

#endif
