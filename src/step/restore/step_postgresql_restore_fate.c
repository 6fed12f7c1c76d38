#include "config.h"

#include "step/restore/step_postgresql_restore_fate.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/postgresql/target_postgresql.h"
#include "step/step_with.h"

enum { CONNECT_MS = 2000, ANSWER_MS = 2000, SETTLE_MS = 5000, POLL_MS = 20 };

/* One look at one restore. */
struct look {
	struct postgres *pg;
	const cJSON *plan;
	const char *id;
	const struct cancel *cancel;
	char *why;
};

static int
reach(struct look *l, const cJSON *connection, struct err *e)
{
	if (target_postgresql_connect_within(connection, CONNECT_MS, l->cancel, &l->pg, e) < 0)
		return -1;
	postgres_set_limit(l->pg, ANSWER_MS);
	return 0;
}

/* How many sessions of the restore there are still; -1: that can't be said. */
static int64_t
count_sessions(const struct look *l, bool ends)
{
	const char *sql = ends ? "SELECT count(pg_terminate_backend(pid)) AS n FROM "
				 "pg_stat_activity WHERE application_name = $1"
			       : "SELECT count(*) AS n FROM pg_stat_activity WHERE "
				 "application_name = $1";
	char *application = plan_application(l->plan);
	const char *params[] = { application };
	struct err ignored = ERR_INIT;
	cJSON *result = NULL;
	int64_t count = -1;

	if (postgres_query(l->pg, sql, params, 1, 1, l->cancel, &result, &ignored) == 0)
		count = json_int(result, "rows/0/n", 0);
	cJSON_Delete(result);
	free(application);
	return count;
}

/* True: none of its sessions is left, so nothing of it is under way. */
static bool
end_sessions(const struct look *l)
{
	int64_t until_ms = clock_mono_ms() + SETTLE_MS;
	int64_t left = count_sessions(l, true);

	while (left > 0 && clock_mono_ms() < until_ms) {
		cancel_sleep(l->cancel, POLL_MS);
		left = count_sessions(l, false);
	}
	return left == 0;
}

/* "committed", "aborted", "in progress", or NULL. The caller frees. */
static char *
ask_status(const struct look *l)
{
	const char *params[] = { l->id };
	struct err ignored = ERR_INIT;
	cJSON *result = NULL;
	char *status = NULL;

	if (postgres_query(l->pg, "SELECT pg_xact_status($1::text::xid8) AS status", params, 1, 1,
			   l->cancel, &result, &ignored) == 0)
		status = xstrdup(json_string(result, "rows/0/status", NULL));
	cJSON_Delete(result);
	return status;
}

static enum restore_fate
judge_transaction(struct look *l)
{
	char *status = ask_status(l);
	enum restore_fate fate = FATE_UNKNOWN;

	l->why = xasprintf("transaction %s: %s", l->id,
			   status ? status : "the server does not say what became of it");
	if (str_equal(status, "committed"))
		fate = FATE_COMMITTED;
	else if (str_equal(status, "aborted"))
		fate = FATE_ROLLED_BACK;
	free(status);
	return fate;
}

/* What was empty and still is has not got a dump that is one transaction. */
static enum restore_fate
judge_contents(struct look *l)
{
	struct err why = ERR_INIT;
	cJSON *state = NULL;
	bool empty;

	if (!json_bool(l->plan, "empty", false) || json_int(l->plan, "tables", 0) == 0) {
		l->why = xstrdup("its transaction was not seen, and what is in the database tells "
				 "nothing");
		return FATE_UNKNOWN;
	}
	if (database_ask(l->pg, l->cancel, &state, &why) < 0) {
		l->why = xstrdup(why.message);
		return FATE_UNKNOWN;
	}
	empty = database_state_is_empty(state);
	cJSON_Delete(state);
	l->why = xstrdup(empty ? "the database was empty, and still is"
			       : "the database was empty, and is not any more");
	return empty ? FATE_ROLLED_BACK : FATE_UNKNOWN;
}

static enum restore_fate
judge(struct look *l, bool ends)
{
	bool gone = ends ? end_sessions(l) : count_sessions(l, false) == 0;

	if (!gone) {
		l->why = xstrdup("its session on the server has not ended");
		return FATE_UNKNOWN;
	}
	if (!plan_is_single(l->plan)) {
		l->why = xstrdup("it is no single transaction");
		return FATE_UNKNOWN;
	}
	return l->id ? judge_transaction(l) : judge_contents(l);
}

static enum restore_fate
find_out(struct look *l, const cJSON *connection, bool ends, char **ret_why)
{
	enum restore_fate fate = FATE_UNKNOWN;
	struct err why = ERR_INIT;

	if (reach(l, connection, &why) < 0)
		l->why = xasprintf("the server cannot be asked: %s", why.message);
	else
		fate = judge(l, ends);
	postgres_free(l->pg);
	*ret_why = l->why;
	return fate;
}

enum restore_fate
fate_settle(const cJSON *connection, const cJSON *plan, const char *id, char **ret_why)
{
	struct look l = { .plan = plan, .id = id };

	return find_out(&l, connection, true, ret_why);
}

enum restore_fate
fate_look(const cJSON *connection, const cJSON *plan, const char *id, const struct cancel *cancel,
	  char **ret_why)
{
	struct look l = { .plan = plan, .id = id, .cancel = cancel };

	return find_out(&l, connection, false, ret_why);
}
