#ifndef LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_PREVIEW_H
#define LIFEBOAT_STEP_POSTGRESQL_STEP_POSTGRESQL_PREVIEW_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "net/postgres/postgres.h"
#include "run/executor.h"

/* What the previews of postgresql.query and postgresql.execute share. */

/* Bounds what a look ahead may wait for: a lock, above all. For the whole session. */
int sql_preview_begin(struct postgres *pg, const struct cancel *cancel, struct err *e);

/* A line on the server (of target_postgresql_server()): its identifier and timeline. */
void sql_preview_server(struct preview *preview, const cJSON *server);

/*
 * Adds the statement and its parameters with their types. The server parses it for that, which finds most
 * mistakes before anything is done. `later`: what a statement before it makes, the server can't find yet, so
 * that only a wrong syntax, or a right that is missing, is an error. Errors: those of postgres_parameters(); ERR_SPEC where the number of
 * parameters is another one.
 */
int sql_preview_statement(struct postgres *pg, const char *sql, const cJSON *params, bool later,
			  struct preview *preview, const struct cancel *cancel, struct err *e);

/* The same without a server. */
void sql_preview_unchecked(const char *sql, const cJSON *params, struct preview *preview);

#endif
