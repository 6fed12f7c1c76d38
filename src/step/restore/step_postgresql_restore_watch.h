#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_WATCH_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_WATCH_H

#include "base/str.h"
#include "step/postgresql/step_postgresql_transaction.h"
#include "step/restore/step_postgresql_restore_child.h"
#include "step/restore/step_postgresql_restore_plan.h"

/* Internal to postgresql.restore: what goes on while psql or pg_restore works, seen from beside it. */

struct restore_watch {
	struct step_context *ctx;
	const cJSON *plan;
	const char *path;
	struct side side;
	struct watched_child child;
	char *application;
	struct str line;  /* of the output, as far as it has come */
	struct str tail;  /* the last of the output */
	struct str doing; /* the last entry that pg_restore has named */
	int64_t done;	  /* entries */
	char *id;	  /* of the transaction, once it is on record; or NULL */
};

/* Borrows all it is given; `child` is to be run with its functions. */
void watch_init(struct restore_watch *w, struct step_context *ctx, const struct action *action,
		const struct restore_database *db, const cJSON *plan);
void watch_release(struct restore_watch *w);

/* Why it has failed, in the words of psql or pg_restore: its first error, with what follows it. The caller frees. */
char *watch_reason(const struct restore_watch *w);

#endif
