#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "net/child/process.h"
#include "step/command/step_command.h"
#include "step/postgresql/step_postgresql_transaction.h"
#include "step/restore/step_postgresql_restore.h"
#include "step/restore/step_postgresql_restore_fate.h"
#include "step/restore/step_postgresql_restore_verify.h"
#include "step/step_with.h"

/* Whether psql or pg_restore, or who watches it, may still be there. */
static bool
is_running(const cJSON *evidence)
{
	struct process_id command = { .pid = (pid_t)json_int(evidence, "pid", -1),
				      .start = json_int(evidence, "start", -1) };
	char boot_id[PROCESS_BOOT_ID_MAX];

	return str_equal(json_string(evidence, "boot_id", ""), process_boot_id(boot_id)) &&
	       process_alive(command);
}

/* Each check that the verification has made, as a line. */
static void
add_checks(struct probe *probe, const cJSON *result)
{
	const cJSON *check;

	cJSON_ArrayForEach(check, json_at(result, "checks"))
		probe_add(probe, "%s%s: %s",
			  json_bool(check, "ok", false) ? "" : "NOT AS EXPECTED: ",
			  json_string(check, "name", "?"), json_string(check, "seen", "?"));
}

/* What is there against what was in the dump; *ret_holds: all of it is as it should be. */
static int
compare(struct step_context *ctx, const struct action *action, struct probe *probe, bool *ret_holds,
	struct err *e)
{
	struct restore_checks v = { .ctx = ctx,
				    .with = action->with,
				    .plan = action->seen,
				    .quiet = true,
				    .result = cJSON_CreateObject() };
	struct restore_database db = { 0 };
	cJSON *expected = NULL;
	int rc = counts_load(action->with, &expected, e);

	if (rc == 0)
		rc = database_open(&db, ctx, action, e);
	if (rc == 0) {
		v.expected = expected;
		v.pg = db.pg;
		rc = verify_restore(&v, e);
		add_checks(probe, v.result);
	}
	*ret_holds = rc == 0 && v.failed == 0;
	restore_checks_release(&v);
	cJSON_Delete(v.result);
	cJSON_Delete(expected);
	database_release(&db);
	return rc;
}

/* Its end is known and bad, or not known: the transaction tells, if there was one. */
static int
ask_server(struct step_context *ctx, const struct action *action, struct probe *probe,
	   enum probe_verdict *ret_verdict, struct err *e)
{
	cJSON *connection;
	enum restore_fate fate;
	char *why = NULL;

	if (json_string(action->evidence, "transaction", NULL))
		return transaction_probe(ctx, action, probe, ret_verdict, e);
	connection = cJSON_Duplicate(action->target->connection, true);
	cJSON_DeleteItemFromObjectCaseSensitive(connection, "database");
	json_add_string(connection, "database", json_string(action->seen, "database", ""));
	fate = fate_look(connection, action->seen, NULL, ctx->cancel, &why);
	probe_add(probe, "Database %s: %s", json_string(action->seen, "database", "?"), why);
	if (fate == FATE_ROLLED_BACK)
		*ret_verdict = PROBE_NOT_DONE;
	free(why);
	cJSON_Delete(connection);
	return 0;
}

static int
look(struct step_context *ctx, const struct action *action, struct probe *probe,
     enum probe_verdict *ret_verdict, struct err *e)
{
	bool running = is_running(action->evidence), holds = false;

	if (command_probe(ctx, action, probe, ret_verdict, e) < 0)
		return -1;
	if (*ret_verdict == PROBE_NOT_DONE && !json_string(action->seen, "oid", NULL))
		probe_add(probe, "The database itself may have been made: it is empty then");
	if (*ret_verdict == PROBE_NOT_DONE || running)
		return 0;
	if (*ret_verdict == PROBE_UNSURE && ask_server(ctx, action, probe, ret_verdict, e) < 0)
		return -1;
	if (*ret_verdict != PROBE_DONE)
		return 0;
	if (compare(ctx, action, probe, &holds, e) < 0)
		return -1;
	if (!holds)
		*ret_verdict = PROBE_UNSURE;
	return 0;
}

int
restore_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
	      enum probe_verdict *ret_verdict, struct err *e)
{
	if (step_writing_ms(action) < 0) {
		probe_add(probe, "Nothing was begun: it would be on record");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	if (!action->seen) {
		probe_add(probe, "What the preview saw is not on record: look at the database");
		return 0;
	}
	return look(ctx, action, probe, ret_verdict, e);
}
