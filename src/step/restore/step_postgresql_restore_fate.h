#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_FATE_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_FATE_H

#include "run/executor.h"
#include "step/restore/step_postgresql_restore_plan.h"

/* Internal to postgresql.restore: what became of a restore that did not come to a good end. */

enum restore_fate {
	FATE_UNKNOWN,	  /* a part of it may be there */
	FATE_COMMITTED,	  /* all of it is */
	FATE_ROLLED_BACK, /* the database is as it was */
};

/*
 * Ends the sessions that psql or pg_restore have left on the server, and waits for their end a little; then
 * asks for the state of the transaction `id` (or NULL: it isn't known), and where that tells nothing, looks
 * whether a database that was empty still is. *ret_why says what was seen; the caller frees.
 */
enum restore_fate fate_settle(const cJSON *connection, const cJSON *plan, const char *id,
			      char **ret_why);
/* The same without ending anything. */
enum restore_fate fate_look(const cJSON *connection, const cJSON *plan, const char *id,
			    const struct cancel *cancel, char **ret_why);

#endif
