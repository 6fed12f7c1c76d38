#include "config.h"

#include "step/postgresql/step_postgresql_side.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "step/postgresql/target_postgresql.h"

enum { CONNECT_MS = 3000, ANSWER_MS = 5000, LOOK_EVERY_MS = 500 };

struct postgres *
side_open(struct side *side)
{
	struct err ignored = ERR_INIT;
	cJSON *server = NULL;

	if (side->pg || side->failed)
		return side->pg;
	side->failed = target_postgresql_connect_within(side->target, CONNECT_MS, side->cancel,
							&side->pg, &ignored) < 0;
	if (side->failed)
		return NULL;
	postgres_set_limit(side->pg, ANSWER_MS);
	if (target_postgresql_server(side->pg, side->cancel, &server, &ignored) < 0 ||
	    target_postgresql_confirm(side->server, server, PIN_TIMELINE, &ignored) < 0 ||
	    json_bool(server, "in_recovery", false) !=
		    json_bool(side->server, "in_recovery", false)) {
		side->failed = true;
		postgres_free(side->pg);
		side->pg = NULL;
	}
	cJSON_Delete(server);
	return side->pg;
}

void
side_release(struct side *side)
{
	postgres_free(side->pg);
	side->pg = NULL;
	str_release(&side->holders);
}

/* Says who holds the lock that a statement waits for, if it waits for one. */
static void
look_for_holders(void *data)
{
	static const char sql[] =
		"SELECT string_agg(format('process %s (%s, %s for %s s): %s', b, "
		"coalesce(a.usename, '?'), coalesce(a.state, '?'), coalesce(extract(epoch FROM "
		"clock_timestamp() - a.xact_start)::bigint::text, '?'), "
		"left(coalesce(a.query, '?'), 80)), '; ') AS holders "
		"FROM unnest(pg_blocking_pids($1::text::int)) AS b "
		"LEFT JOIN pg_stat_activity AS a ON a.pid = b";
	struct side *side = data;
	struct postgres *pg = side_open(side);
	char *backend = xasprintf("%d", postgres_backend(side->main));
	const char *params[] = { backend };
	struct err ignored = ERR_INIT;
	const char *holders;
	cJSON *result = NULL;

	if (pg && postgres_query(pg, sql, params, 1, 1, side->cancel, &result, &ignored) == 0) {
		holders = json_string(result, "rows/0/holders", "");
		str_clear(&side->holders);
		str_append(&side->holders, holders);
		if (*holders)
			side->ctx->progress(side->ctx, "waiting for a lock held by %s", holders);
	}
	cJSON_Delete(result);
	free(backend);
}

int
side_query(struct side *side, const char *sql, const char *const *params, size_t count,
	   size_t max_rows, cJSON **ret_result, struct err *e)
{
	int rc;

	str_clear(&side->holders);
	postgres_set_look(side->main, LOOK_EVERY_MS, look_for_holders, side);
	rc = postgres_query(side->main, sql, params, count, max_rows, side->cancel, ret_result, e);
	postgres_set_look(side->main, 0, NULL, NULL);
	if (rc < 0 && side->holders.len)
		err_advise(e, "It waited for a lock held by %s", side->holders.data);
	return rc;
}
