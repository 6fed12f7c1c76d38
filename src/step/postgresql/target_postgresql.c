#include "config.h"

#include "step/postgresql/target_postgresql.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "net/skew.h"
#include "step/step_with.h"
#include "step/steps.h"

int
target_postgresql_connect_within(const cJSON *connection, int64_t timeout_ms,
				 const struct cancel *cancel, struct postgres **ret_pg,
				 struct err *e)
{
	struct postgres_options options = {
		.conninfo = step_optional(connection, "conninfo"),
		.database = step_optional(connection, "database"),
		.password = step_optional(connection, "password"),
		.passfile = step_optional(connection, "passfile"),
		.connect_timeout_ms = timeout_ms,
		.cancel = cancel,
	};

	return postgres_connect(&options, ret_pg, e);
}

int
target_postgresql_connect(const cJSON *connection, const struct cancel *cancel,
			  struct postgres **ret_pg, struct err *e)
{
	return target_postgresql_connect_within(connection, 0, cancel, ret_pg, e);
}

/* ---- who answers ---- */

#define WHO                                                                                        \
	"SELECT current_database()::text AS database, current_user::text AS \"user\", "            \
	"current_setting('server_version') AS server_version, pg_is_in_recovery() AS in_recovery"
/* the control file's is of the last checkpoint, and older than a promotion of just now */
#define TIMELINE                                                                                   \
	", CASE WHEN NOT pg_is_in_recovery() THEN "                                                \
	"substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END AS timeline"
#define IDENTIFIER                                                                                 \
	", (SELECT system_identifier::text FROM pg_control_system()) AS system_identifier"

/* From the most that a role may ask to what every role may; older servers lack some of it, too. */
static int
ask_who(struct postgres *pg, const struct cancel *cancel, cJSON **ret_result, struct err *e)
{
	static const char *const questions[] = { WHO TIMELINE IDENTIFIER, WHO IDENTIFIER,
						 WHO TIMELINE, WHO };
	struct err why = ERR_INIT;

	for (size_t i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
		if (postgres_query(pg, questions[i], NULL, 0, 1, cancel, ret_result, &why) == 0)
			return 0;
		if (why.kind != ERR_DENIED && why.kind != ERR_REMOTE)
			break;
	}
	return err_set(e, why.kind, "asking the server who it is: %s", why.message);
}

int
target_postgresql_server(struct postgres *pg, const struct cancel *cancel, cJSON **ret_server,
			 struct err *e)
{
	cJSON *result = NULL, *row, *server;

	if (ask_who(pg, cancel, &result, e) < 0)
		return -1;
	server = postgres_facts(pg);
	row = json_at(result, "rows/0") ? json_at(result, "rows/0")->child : NULL;
	for (; row; row = row->next)
		if (!cJSON_IsNull(row))
			json_add(server, row->string, cJSON_Duplicate(row, true));
	cJSON_Delete(result);
	*ret_server = server;
	return 0;
}

/* ---- whether it is the one that was met ---- */

/* Both say something of it, and not the same. */
static bool
differ(const cJSON *met, const cJSON *server, const char *member)
{
	const char *then = json_string(met, member, NULL);
	const char *now = json_string(server, member, NULL);

	return then && now && strcmp(then, now) != 0;
}

static int
refuse_other(const cJSON *met, const cJSON *server, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "it is ANOTHER server than the run first met: its system identifier is %s "
		       "(%s), and that of the first was %s (%s). Nothing was done on it. Make the "
		       "conninfo lead to the right one, or start a new run",
		       json_string(server, "system_identifier", "?"),
		       json_string(server, "server", "?"),
		       json_string(met, "system_identifier", "?"), json_string(met, "server", "?"));
}

static int
refuse_unknown(const cJSON *met, const cJSON *server, struct err *e)
{
	return err_set(
		e, ERR_CONFLICT,
		"it cannot be told whether it is the server that the run first met: that one "
		"was reached at %s:%s, this one at %s:%s, and the role %s may not read the "
		"system identifier. Nothing was done on it. GRANT EXECUTE ON FUNCTION "
		"pg_control_system() TO the role, or name one host alone",
		json_string(met, "address", "?"), json_string(met, "port", "?"),
		json_string(server, "address", "?"), json_string(server, "port", "?"),
		json_string(server, "user", "?"));
}

static int
refuse_timeline(const cJSON *met, const cJSON *server, struct err *e)
{
	const char *then = json_string(met, "timeline", "?");
	const char *now = json_string(server, "timeline", "?");

	if (strcmp(now, then) < 0)
		return err_set(e, ERR_CONFLICT,
			       "it is on timeline %s (%s), and was on the later %s before (%s): it "
			       "is a server that was left behind, such as the primary before a "
			       "failover. Nothing was done on it. Stop it, or make the conninfo "
			       "lead to the new one",
			       now, json_string(server, "server", "?"), then,
			       json_string(met, "server", "?"));
	return err_set(
		e, ERR_CONFLICT,
		"it is on timeline %s (%s), and was on %s before (%s): a standby was "
		"promoted, or a backup restored, since then, and may lack what was committed "
		"last. Nothing was done on it. Look what it holds; then start a new run, or "
		"write `after_promotion: true` where the runbook itself promotes",
		now, json_string(server, "server", "?"), then, json_string(met, "server", "?"));
}

int
target_postgresql_confirm(const cJSON *met, const cJSON *server, enum postgresql_pin pin,
			  struct err *e)
{
	bool certain = json_string(met, "system_identifier", NULL) &&
		       json_string(server, "system_identifier", NULL);

	if (differ(met, server, "system_identifier"))
		return refuse_other(met, server, e);
	if (!certain && (differ(met, server, "address") || differ(met, server, "port")))
		return refuse_unknown(met, server, e);
	if (pin == PIN_SERVER || !differ(met, server, "timeline"))
		return 0;
	if (pin == PIN_NO_EARLIER &&
	    strcmp(json_string(server, "timeline", ""), json_string(met, "timeline", "")) > 0)
		return 0;
	return refuse_timeline(met, server, e);
}

/* ---- the target ---- */

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

/* What a person should know besides. */
static void
add_remarks(cJSON *identity)
{
	json_add_string(identity, "state",
			json_bool(identity, "in_recovery", false)
				? "in recovery: a standby, or a backup being restored"
				: "takes writes");
	if (!json_at(identity, "system_identifier"))
		json_add_string(identity, "remark",
				"the role may not read the system identifier: the server is known "
				"by its address alone. GRANT EXECUTE ON FUNCTION "
				"pg_control_system() TO it");
}

static int
target_identify(void *connection, const struct cancel *cancel, cJSON **ret_identity, struct err *e)
{
	struct postgres *pg = NULL;
	cJSON *identity = NULL;

	if (target_postgresql_connect(connection, cancel, &pg, e) < 0)
		return -1;
	if (target_postgresql_server(pg, cancel, &identity, e) < 0) {
		postgres_free(pg);
		return -1;
	}
	add_clock(pg, cancel, identity);
	add_remarks(identity);
	postgres_free(pg);
	*ret_identity = identity;
	return 0;
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
