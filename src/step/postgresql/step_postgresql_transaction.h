#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_TRANSACTION_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_TRANSACTION_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "run/executor.h"
#include "step/postgresql/step_postgresql_side.h"

/*
 * Internal to postgresql.execute and restore: what is put on record of a transaction before its COMMIT is sent, and
 * what the server says of it afterwards.
 */

/*
 * Puts the id of the open transaction on record, with its server. What the transaction has written is made
 * durable first, by `side`: an id that a crash of the server made it forget would be given to somebody
 * else's transaction. *ret_id is the caller's to free.
 */
int transaction_remember(struct side *side, char **ret_id, struct err *e);

/*
 * Makes what a transaction has written durable, by `side`: its id, then, survives a crash of the server. False
 * where that can't be said, or it is not in progress.
 */
bool transaction_make_durable(struct side *side, const char *id);

/*
 * What is put on record of a transaction of the server that target_postgresql_server() told of: what its probe
 * goes by. The caller deletes.
 */
cJSON *transaction_evidence(const cJSON *server, const char *id, int64_t backend, bool durable);

/* The probe of postgresql.execute. */
int transaction_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		      enum probe_verdict *ret_verdict, struct err *e);

#endif
