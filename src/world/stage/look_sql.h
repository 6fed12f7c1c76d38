#ifndef LIFEBOAT_WORLD_STAGE_LOOK_SQL_H
#define LIFEBOAT_WORLD_STAGE_LOOK_SQL_H

#include <stdint.h>

#include "base/str.h"
#include "world/stage/look.h"

struct parts;

/*
 * Logs in to a database as a component does, and asks one query. It holds when the first value of the answer is there and
 * neither null, false nor 0. What is seen is in the words of Go's drivers: `dial tcp 127.21.7.50:5432: i/o timeout`, `FATAL:
 * password authentication failed for user "tsb" (SQLSTATE 28P01)`.
 */
struct look_sql {
	char *address;
	int port;
	char *database, *role, *password, *query;
	int64_t timeout_ms;
};
extern const struct look_kind look_sql_kind;

/* The same as the superuser, through the parts; for live values. */
struct look_query {
	struct parts *parts;
	char *server, *database, *query;
};
extern const struct look_kind look_query_kind;

#endif
