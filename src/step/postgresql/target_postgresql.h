#ifndef LIFEBOAT_STEP_POSTGRESQL_TARGET_POSTGRESQL_H
#define LIFEBOAT_STEP_POSTGRESQL_TARGET_POSTGRESQL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "net/postgres/postgres.h"
#include "run/executor.h"

/*
 * A new connection to the server of a postgresql target, given what the target's open() returned. The
 * caller frees it with postgres_free(). Several hosts, or a name, may lead to another server than the last
 * time: see target_postgresql_confirm().
 */
int target_postgresql_connect(const cJSON *connection, const struct cancel *cancel,
			      struct postgres **ret_pg, struct err *e);

/* The same, with a limit for each address in place of the conninfo's. */
int target_postgresql_connect_within(const cJSON *connection, int64_t timeout_ms,
				     const struct cancel *cancel, struct postgres **ret_pg,
				     struct err *e);

/*
 * Who answers on a connection: postgres_facts(), and {"database","user","in_recovery","system_identifier",
 * "timeline"}. The identifier is missing where the role may not call pg_control_system(), the timeline in
 * recovery as well. Outside of a transaction. The caller deletes.
 */
int target_postgresql_server(struct postgres *pg, const struct cancel *cancel, cJSON **ret_server,
			     struct err *e);

/* How strictly a server is held to what was seen before. */
enum postgresql_pin {
	PIN_SERVER,	/* for what reads: the same server */
	PIN_TIMELINE,	/* and on the same timeline: none that was promoted or restored since */
	PIN_NO_EARLIER, /* or on a later one */
};

/*
 * Whether this server (of target_postgresql_server()) is the one that was met before (such an object, or a
 * target's identity, or NULL: nobody was). By the system identifier; where the role can't read it, by the
 * address. Errors: ERR_CONFLICT, naming both.
 */
int target_postgresql_confirm(const cJSON *met, const cJSON *server, enum postgresql_pin pin,
			      struct err *e);

#endif
