#include "config.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/anchor_places.h"
#include "net/postgres/postgres.h"

struct evidence {
	char *conninfo;
	struct secrets *secrets;
	struct postgres *connection; /* kept from one head to the next; NULL: none, or it broke */
};

enum { CONNECT_TIMEOUT_MS = 8000 };

/* The role may write these columns, and no other. */
static const char insert[] = "INSERT INTO lifeboat_anchor (run, seq, type, at, head) "
			     "VALUES ($1, $2::bigint, $3, $4::timestamptz, $5)";

static int
insert_head(struct evidence *evidence, const struct anchor_head *head, const struct cancel *cancel,
	    struct err *e)
{
	char seq[24], at[CLOCK_STAMP_MAX];
	const char *params[] = { head->run_id, seq, head->type, at, head->hash };
	cJSON *result = NULL;

	snprintf(seq, sizeof(seq), "%lld", (long long)head->seq);
	clock_format_utc(head->ts_ms, at);
	if (postgres_query(evidence->connection, insert, params, sizeof(params) / sizeof(params[0]),
			   1, cancel, &result, e) < 0)
		return err_wrap(e, "writing to the table lifeboat_anchor");
	cJSON_Delete(result);
	return 0;
}

static int
connect_server(struct evidence *evidence, const struct cancel *cancel, struct err *e)
{
	struct postgres_options options = { .conninfo = evidence->conninfo,
					    .connect_timeout_ms = CONNECT_TIMEOUT_MS,
					    .cancel = cancel };

	return postgres_connect(&options, &evidence->connection, e);
}

static int
try_once(struct evidence *evidence, const struct anchor_head *head, const struct cancel *cancel,
	 struct err *e)
{
	if (!evidence->connection && connect_server(evidence, cancel, e) < 0)
		return -1;
	if (insert_head(evidence, head, cancel, e) == 0)
		return 0;
	postgres_free(evidence->connection);
	evidence->connection = NULL;
	return -1;
}

/* A connection may have been closed while nothing was sent: that is no failure yet. */
static int
put(void *data, const struct anchor_head *head, const struct cancel *cancel, struct err *e)
{
	struct evidence *evidence = data;
	bool was_kept = evidence->connection != NULL;
	int rc = try_once(evidence, head, cancel, e);

	if (rc < 0 && was_kept && e->kind != ERR_CANCELLED) {
		*e = (struct err)ERR_INIT;
		rc = try_once(evidence, head, cancel, e);
	}
	if (rc < 0)
		secrets_redact_err(evidence->secrets, e);
	return rc;
}

static void
close_evidence(void *data)
{
	struct evidence *evidence = data;

	postgres_free(evidence->connection);
	free(evidence->conninfo);
	free(evidence);
}

/* What a conninfo says of one keyword, or NULL. */
static const char *
value_of(const PQconninfoOption *options, const char *keyword)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, keyword) == 0)
			return options->val && *options->val ? options->val : NULL;
	return NULL;
}

static char *
name_of(const PQconninfoOption *options)
{
	const char *host = value_of(options, "host"), *service = value_of(options, "service");

	if (!host)
		host = value_of(options, "hostaddr");
	if (!host && service)
		return xasprintf("postgresql by service %s", service);
	return xasprintf("postgresql at %s", host ? host : "the default host");
}

/* libpq's own words about a wrong conninfo may hold any part of it, so they are not repeated. */
int
anchor_postgresql_open(const char *rest, struct secrets *secrets, struct anchor_place *ret_place,
		       struct err *e)
{
	/* a URI is its own word */
	char *conninfo = xasprintf("%s%s", rest && str_starts_with(rest, "//") ? "postgresql:" : "",
				   rest ? rest : "");
	PQconninfoOption *options = *conninfo ? PQconninfoParse(conninfo, NULL) : NULL;
	bool has_password = options && value_of(options, "password");

	if (!options || has_password) {
		PQconninfoFree(options);
		free(conninfo);
		return err_set(e, ERR_USAGE, "%s",
			       has_password ? "a password on a command line can be read by others. "
					      "Put it into a passfile"
					    : "what follows is no conninfo of libpq, such as "
					      "service=evidence or //db9/evidence");
	}
	struct evidence *evidence = xcalloc(1, sizeof(*evidence));
	evidence->conninfo = conninfo;
	evidence->secrets = secrets;
	*ret_place = (struct anchor_place){
		.name = name_of(options),
		.put = put,
		.close = close_evidence,
		.data = evidence,
	};
	PQconninfoFree(options);
	return 0;
}
