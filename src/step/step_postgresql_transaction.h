#ifndef LIFEBOAT_STEP_STEP_POSTGRESQL_TRANSACTION_H
#define LIFEBOAT_STEP_STEP_POSTGRESQL_TRANSACTION_H

#include <cjson/cJSON.h>

#include "net/postgres.h"
#include "run/executor.h"

/*
 * Internal to postgresql.execute: what is put on record of a transaction before its COMMIT is sent, and
 * what the server says of it afterwards.
 */

/* A second connection to the same server, made when it is first needed. */
struct side {
	const cJSON *target;
	const struct cancel *cancel;
	struct postgres *pg; /* or NULL */
	bool failed;	     /* it can't be made: it is done without */
};

/* NULL where it can't be made. */
struct postgres *side_open(struct side *side);
void side_release(struct side *side);

/*
 * Which server this is: {"server","database","system_identifier","timeline","in_recovery"}; the identifier
 * or the timeline is null where the role may not read it. Outside of a transaction.
 */
int transaction_server(struct postgres *pg, const struct cancel *cancel, cJSON **ret_server,
		       struct err *e);

/*
 * Puts the id of the open transaction on record, with its server (taken over). What the transaction has
 * written is made durable first, by `side`: an id that a crash of the server made it forget would be given
 * to somebody else's transaction. *ret_id is the caller's to free.
 */
int transaction_remember(struct step_context *ctx, struct postgres *pg, struct side *side,
			 cJSON *server, char **ret_id, struct err *e);

/* The probe of postgresql.execute. */
int transaction_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		      enum probe_verdict *ret_verdict, struct err *e);

#endif
