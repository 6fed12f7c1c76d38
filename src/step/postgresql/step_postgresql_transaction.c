#include "config.h"

#include "step/postgresql/step_postgresql_transaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "step/postgresql/step_postgresql.h"
#include "step/postgresql/target_postgresql.h"

enum { FIRST_WITH_STATUS = 100000, FIRST_WITH_XID8 = 130000 };

/* The functions have changed their names, and their type, with PostgreSQL 13. */
struct dialect {
	const char *current;	  /* the id of this transaction, assigned if it has none */
	const char *status;	  /* of $1 */
	const char *make_durable; /* in a transaction of its own; and the status of $1 */
};

/* No standby is waited for: it is this server's own memory that counts. */
#define MAKE_DURABLE                                                                               \
	"set_config('synchronous_commit', 'local', true), "                                        \
	"pg_logical_emit_message(true, 'lifeboat', $1)::text"

static const struct dialect dialects[] = {
	{
		"SELECT txid_current()::text AS id",
		"SELECT txid_status($1::text::bigint) AS status",
		"SELECT txid_status($1::text::bigint) AS status, " MAKE_DURABLE,
	},
	{
		"SELECT pg_current_xact_id()::text AS id",
		"SELECT pg_xact_status($1::text::xid8) AS status",
		"SELECT pg_xact_status($1::text::xid8) AS status, " MAKE_DURABLE,
	},
};

static const struct dialect *
dialect_of(const struct postgres *pg)
{
	return &dialects[postgres_version(pg) >= FIRST_WITH_XID8];
}

/* The first row of a query with at most one parameter; NULL on an error. The caller deletes it. */
static cJSON *
ask(struct postgres *pg, const char *sql, const char *param, const struct cancel *cancel,
    struct err *e)
{
	const char *params[] = { param };
	cJSON *result = NULL, *row;

	if (postgres_query(pg, sql, params, param ? 1 : 0, 1, cancel, &result, e) < 0)
		return NULL;
	row = cJSON_DetachItemFromArray(cJSON_GetObjectItemCaseSensitive(result, "rows"), 0);
	cJSON_Delete(result);
	return row ? row : cJSON_CreateObject();
}

/*
 * A commit of another connection takes everything that was logged before it to the disk. That one must
 * see our transaction, or it has reached another server.
 */
bool
transaction_make_durable(struct side *side, const char *id)
{
	struct postgres *pg = side_open(side);
	struct err ignored = ERR_INIT;
	bool durable;
	cJSON *row;

	if (!pg)
		return false;
	row = ask(pg, dialect_of(pg)->make_durable, id, side->cancel, &ignored);
	durable = str_equal(json_string(row, "status", ""), "in progress");
	cJSON_Delete(row);
	return durable;
}

cJSON *
transaction_evidence(const cJSON *server, const char *id, int64_t backend, bool durable)
{
	static const char *const members[] = { "server", "database", "system_identifier",
					       "timeline" };
	cJSON *evidence = cJSON_CreateObject();

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_add_string(evidence, members[i], json_string(server, members[i], NULL));
	json_add_string(evidence, "transaction", id);
	json_add_int(evidence, "backend", backend);
	json_add_bool(evidence, "durable", durable);
	return evidence;
}

int
transaction_remember(struct side *side, char **ret_id, struct err *e)
{
	struct step_context *ctx = side->ctx;
	cJSON *row = ask(side->main, dialect_of(side->main)->current, NULL, ctx->cancel, e);
	cJSON *evidence;
	char *id;

	if (!row)
		return err_wrap(e, "asking for the id of the transaction");
	id = xstrdup(json_string(row, "id", ""));
	cJSON_Delete(row);
	evidence = transaction_evidence(side->server, id, postgres_backend(side->main),
					transaction_make_durable(side, id));
	if (ctx->remember(ctx, evidence, e) < 0) {
		free(id);
		return -1;
	}
	*ret_id = id;
	return 0;
}

/* ---- afterwards ---- */

/* One look at one transaction. */
struct inquest {
	struct step_context *ctx;
	const cJSON *evidence;
	const char *id;
	struct postgres *pg;
	cJSON *server; /* that answers now */
	struct probe *probe;
};

static bool
is_same(const struct inquest *q, const char *name)
{
	const char *then = json_string(q->evidence, name, NULL);

	return then && str_equal(then, json_string(q->server, name, NULL));
}

/* Whether the server that answers is the one that the transaction was on, with all of its past. */
static bool
is_same_server(const struct inquest *q)
{
	const char *then = json_string(q->evidence, "system_identifier", NULL);
	const char *now = json_string(q->server, "system_identifier", NULL);

	if (json_bool(q->server, "in_recovery", false))
		probe_add(q->probe, "It is in recovery (a standby, or a backup being restored), "
				    "and may lack what the primary has. Ask the primary");
	else if (!then || !now)
		probe_add(
			q->probe,
			"Whether it is the server that the transaction was on cannot be told: the "
			"role %s call pg_control_system()",
			now ? "could not" : "may not");
	else if (!str_equal(then, now))
		probe_add(q->probe,
			  "It is ANOTHER server: its system identifier is %s, and the transaction "
			  "was on %s (%s)",
			  now, then, json_string(q->evidence, "server", "?"));
	else if (!is_same(q, "timeline"))
		probe_add(q->probe,
			  "It is on timeline %s, and the transaction was on %s: a standby was "
			  "promoted or a backup restored since, and may lack what was committed "
			  "last",
			  json_string(q->server, "timeline", "?"),
			  json_string(q->evidence, "timeline", "?"));
	else
		return true;
	return false;
}

/* Who holds a transaction open, as far as this role may see it. */
static void
look_at_backend(struct inquest *q)
{
	static const char sql[] =
		"SELECT pid, state, wait_event_type || ': ' || wait_event AS waits, "
		"(extract(epoch from clock_timestamp() - xact_start) * 1000)::bigint AS age "
		"FROM pg_stat_activity "
		"WHERE backend_xid::text = ($1::text::bigint % 4294967296)::text";
	struct err why = ERR_INIT;
	cJSON *row = ask(q->pg, sql, q->id, q->ctx->cancel, &why);
	int64_t pid = json_int(row, "pid", 0);
	char age[CLOCK_STAMP_MAX];

	if (!row)
		probe_add(q->probe, "pg_stat_activity: %s", why.message);
	else if (!pid)
		probe_add(q->probe,
			  "This role sees no session of it in pg_stat_activity (its "
			  "process was %lld)",
			  (long long)json_int(q->evidence, "backend", 0));
	else
		probe_add(q->probe,
			  "Process %lld holds it open since %s: %s, waiting for %s. Look again; "
			  "SELECT pg_terminate_backend(%lld) ends it, if it stays",
			  (long long)pid,
			  duration_format(json_int(row, "age", 0) / 1000 * 1000, age),
			  json_string(row, "state", "state not visible"),
			  json_string(row, "waits", "nothing"), (long long)pid);
	cJSON_Delete(row);
}

/* What a known state of the transaction stands for, on the server that it was on. */
static enum probe_verdict
judge(struct inquest *q, const char *status)
{
	if (str_equal(status, "aborted"))
		return PROBE_NOT_DONE;
	if (str_equal(status, "in progress")) {
		look_at_backend(q);
		return PROBE_UNSURE;
	}
	if (json_bool(q->evidence, "durable", false))
		return PROBE_DONE;
	probe_add(q->probe, "It could not be made sure then that the id survives a crash of the "
			    "server: if it has crashed since, this may be somebody else's");
	return PROBE_UNSURE;
}

/* Asks for the state of the transaction, where there is an answer to be had. */
static int
ask_status(struct inquest *q, enum probe_verdict *ret_verdict, struct err *e)
{
	bool same = is_same_server(q);
	struct err why = ERR_INIT;
	cJSON *row = ask(q->pg, dialect_of(q->pg)->status, q->id, q->ctx->cancel, &why);
	const char *status = json_string(row, "status", NULL);

	if (!row && why.kind != ERR_REMOTE)
		return err_set(e, why.kind, "%s", why.message);
	if (!row) {
		/* ids are given in order: only a crash makes a server forget that it gave one */
		bool lost = strstr(why.message, "22023") != NULL;

		probe_add(q->probe, "Transaction %s: %s", q->id, why.message);
		if (lost && same)
			probe_add(q->probe, "The server has not given out that id, or lost it in "
					    "a crash, with all that was done under it");
		if (lost && same)
			*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	probe_add(q->probe, "Transaction %s: %s", q->id,
		  status ? status : "so old that the server no longer knows how it ended");
	if (same && status)
		*ret_verdict = judge(q, status);
	cJSON_Delete(row);
	return 0;
}

static int
hold_inquest(struct inquest *q, enum probe_verdict *ret_verdict, struct err *e)
{
	if (target_postgresql_server(q->pg, q->ctx->cancel, &q->server, e) < 0)
		return -1;
	probe_add(q->probe, "%s, system identifier %s, timeline %s",
		  json_string(q->server, "server", "?"),
		  json_string(q->server, "system_identifier", "unknown"),
		  json_string(q->server, "timeline", "unknown"));
	if (postgres_version(q->pg) < FIRST_WITH_STATUS) {
		probe_add(q->probe, "A server before PostgreSQL 10 cannot say how a transaction "
				    "ended. Look at the data");
		return 0;
	}
	return ask_status(q, ret_verdict, e);
}

int
transaction_probe(struct step_context *ctx, const struct action *action, struct probe *probe,
		  enum probe_verdict *ret_verdict, struct err *e)
{
	struct inquest q = {
		.ctx = ctx,
		.evidence = action->evidence,
		.id = json_string(action->evidence, "transaction", NULL),
		.probe = probe,
	};
	int rc;

	if (!q.id) {
		probe_add(probe,
			  "COMMIT was never sent: it would be on record. What was begun, the "
			  "server has rolled back or will");
		*ret_verdict = PROBE_NOT_DONE;
		return 0;
	}
	rc = target_postgresql_connect(action->target->connection, ctx->cancel, &q.pg, e);
	if (rc == 0)
		rc = hold_inquest(&q, ret_verdict, e);
	if (rc < 0)
		err_wrap(e, "asking what became of transaction %s", q.id);
	cJSON_Delete(q.server);
	postgres_free(q.pg);
	return rc;
}
