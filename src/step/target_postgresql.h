#ifndef LIFEBOAT_STEP_TARGET_POSTGRESQL_H
#define LIFEBOAT_STEP_TARGET_POSTGRESQL_H

#include <cjson/cJSON.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/postgres.h"

/*
 * A new connection to the server of a postgresql target, given what the target's open() returned. The
 * caller frees it with postgres_free().
 */
int target_postgresql_connect(const cJSON *connection, const struct cancel *cancel,
			      struct postgres **ret_pg, struct err *e);

#endif
