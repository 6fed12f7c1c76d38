#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_EXECUTION_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_EXECUTION_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "net/postgres/postgres.h"
#include "run/executor.h"
#include "step/postgresql/step_postgresql_transaction.h"

/* Internal to postgresql.execute: one call of it, with its statements and its connection. */

/* One statement; all is borrowed from the action. */
struct statement {
	const char *sql;
	const cJSON *params;
	int64_t least, most; /* rows; -1: any number */
};

struct execution {
	struct step_context *ctx;
	const struct action *action;
	struct statement *statements;
	size_t count;
	size_t max_rows;
	struct postgres *pg;
	cJSON *server; /* of target_postgresql_server() */
	struct side side;
	char *who; /* "tsb@10.0.0.5:5432/tsb, …" */
};

/*
 * Reads the action, connects to its server, and sees whether that is the one that the run first met, and the
 * preview saw. Release it also on an error.
 */
int execution_init(struct execution *x, struct step_context *ctx, const struct action *action,
		   struct err *e);
void execution_release(struct execution *x);

/* Acts as the role that the action names, if it names one: until the transaction ends, or for good. */
int execution_act_as(struct execution *x, bool local, struct err *e);

/* "statement 2 of 3: " before an error, where there are several. Returns -1. */
int execution_failed(const struct execution *x, size_t i, struct err *e);

#endif
