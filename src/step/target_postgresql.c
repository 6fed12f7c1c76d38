#include "config.h"

#include "step/target_postgresql.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/skew.h"
#include "step/step_with.h"
#include "step/steps.h"

int
target_postgresql_connect(const cJSON *connection, const struct cancel *cancel,
			  struct postgres **ret_pg, struct err *e)
{
	struct postgres_options options = {
		.conninfo = step_optional(connection, "conninfo"),
		.database = step_optional(connection, "database"),
		.password = step_optional(connection, "password"),
		.passfile = step_optional(connection, "passfile"),
		.cancel = cancel,
	};

	return postgres_connect(&options, ret_pg, e);
}

/* Adds the members of a query's only row to the identity. */
static int
add_row(struct postgres *pg, const char *sql, const struct cancel *cancel, cJSON *identity,
	struct err *e)
{
	cJSON *result = NULL;
	const cJSON *member;

	if (postgres_query(pg, sql, NULL, 0, 1, cancel, &result, e) < 0)
		return -1;
	cJSON_ArrayForEach(member, json_at(result, "rows/0"))
		json_add_string(identity, member->string, cJSON_GetStringValue(member));
	cJSON_Delete(result);
	return 0;
}

/* Its clock, by the way: in microseconds, so that the way there and back is the only doubt. */
static void
add_clock(struct postgres *pg, const struct cancel *cancel, cJSON *identity)
{
	int64_t sent_ms = clock_wall_ms(), begin_ms = clock_mono_ms(), took_ms;
	struct skew skew = SKEW_INIT;
	cJSON *result = NULL;
	struct err ignored;

	if (postgres_query(pg,
			   "SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint AS ms",
			   NULL, 0, 1, cancel, &result, &ignored) < 0)
		return;
	took_ms = clock_mono_ms() - begin_ms;
	skew_add(&skew, sent_ms, sent_ms + took_ms, json_int(result, "rows/0/ms", 0), 1);
	json_add_int(identity, "skew_ms", skew_ms(&skew));
	json_add_int(identity, "round_trip_ms", took_ms);
	cJSON_Delete(result);
}

/* The system identifier is for superusers and monitors; who may not read it still sees where he is. */
static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	struct err failure = ERR_INIT;
	struct postgres *pg = NULL;
	cJSON *identity = cJSON_CreateObject();
	char *server;
	int rc = -1;

	if (target_postgresql_connect(connection, cancel, &pg, e) < 0)
		goto out;
	if (add_row(pg,
		    "SELECT system_identifier::text AS system_identifier FROM pg_control_system()",
		    cancel, identity, &failure) < 0 &&
	    failure.kind != ERR_DENIED) {
		err_set(e, failure.kind, "%s", failure.message);
		goto out;
	}
	if (add_row(pg,
		    "SELECT current_database()::text AS database, current_user::text AS \"user\", "
		    "current_setting('server_version') AS server_version",
		    cancel, identity, e) < 0)
		goto out;
	add_clock(pg, cancel, identity);
	server = postgres_describe(pg);
	json_add_string(identity, "server", server);
	free(server);
	*ret_identity = identity;
	identity = NULL;
	rc = 0;
out:
	cJSON_Delete(identity);
	postgres_free(pg);
	return rc;
}

static char *
target_describe(const cJSON *spec)
{
	const char *database = step_optional(spec, "database");
	const char *conninfo = json_string(spec, "conninfo", "");

	return database ? xasprintf("%s database %s", conninfo, database) : xstrdup(conninfo);
}

const struct target_driver target_postgresql = {
	.kind = TARGET_POSTGRESQL,
	.open = step_target_open,
	.identify = target_identify,
	.describe = target_describe,
	.close = step_target_close,
};
