#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_SIDE_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_SIDE_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/str.h"
#include "net/postgres/postgres.h"
#include "run/executor.h"

/*
 * A second connection to the server of a first one that is busy: made when it is first needed, and used
 * only if it has reached the same server. In the caller's memory; all but `pg` and `holders` is borrowed.
 */
struct side {
	const cJSON *target; /* what the target's open() returned */
	const struct cancel *cancel;
	const cJSON *server; /* of target_postgresql_server(), for the first connection */
	/* for side_query() and transaction_remember() alone: */
	struct step_context *ctx;
	struct postgres *main; /* the first connection */
	/* its own: */
	struct postgres *pg; /* or NULL */
	bool failed;	     /* it can't be made: it is done without */
	struct str holders;  /* of the lock that the first one waits for */
};

/* NULL where it can't be made. */
struct postgres *side_open(struct side *side);
void side_release(struct side *side);

/* postgres_query() on the first connection, saying who holds the lock that it waits for. */
int side_query(struct side *side, const char *sql, const char *const *params, size_t count,
	       size_t max_rows, cJSON **ret_result, struct err *e);

#endif
