#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_PLAN_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_PLAN_H

#include "step/restore/step_postgresql_restore_database.h"

/*
 * Internal to postgresql.restore: what the preview has decided, and run() does. An object that a plan record
 * holds: {stamp, kind, database, oid, empty, single, key, restrict, drops: [statement], entries, bytes, tables,
 * rows: {table: rows}, rows_cut, extensions}.
 */

/* The caller deletes it. NULL: no random number is to be had. */
cJSON *plan_make(const struct restore_database *db, const struct dump *dump, struct err *e);

enum dump_kind plan_kind(const cJSON *plan);
/* Whether all of it is one transaction. */
bool plan_is_single(const cJSON *plan);
/* What the sessions of the restore are called in pg_stat_activity; the caller frees. */
char *plan_application(const cJSON *plan);

/* The command line for this plan. */
int plan_argv(const cJSON *plan, const struct restore_database *db, struct step_texts *argv,
	      struct err *e);
/* The target's password, or NULL. */
const char *plan_password(const struct restore_database *db);
/* What it does to the database besides, and what a failure leaves behind. */
void plan_describe(const cJSON *plan, const struct restore_database *db, const struct dump *dump,
		   struct preview *preview);

#endif
