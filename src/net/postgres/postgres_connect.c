#include "config.h"

#include "net/postgres/postgres_connect.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/postgres/postgres_result.h"
#include "net/postgres/postgres_settings.h"
#include "net/postgres/postgres_tls.h"
#include "net/socket/wait.h"

enum outcome { OPENED, REFUSED, SILENT, BROKEN_OFF };

struct attempt {
	struct postgres_settings settings;
	PGconn *conn;
	bool reached;	    /* somebody took the connection */
	bool shaking_hands; /* TLS is being agreed upon */
};

/* The server's notices would go to stderr, that is, onto the operator's screen. */
static void
ignore_notice(void *data, const PGresult *notice)
{
	(void)data;
	(void)notice;
}

/* Which of the places it is at: each is given its own time. */
static char *
place_of(const PGconn *conn)
{
	return xasprintf("%s %s %s", PQhost(conn) ? PQhost(conn) : "",
			 PQhostaddr(conn) ? PQhostaddr(conn) : "",
			 PQport(conn) ? PQport(conn) : "");
}

static enum outcome
await_connection(struct attempt *a, struct err *e)
{
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;
	int64_t deadline_ms = wait_deadline(a->settings.timeout_ms);
	char *place = place_of(a->conn);
	enum outcome outcome = OPENED;

	while (outcome == OPENED && wanted != PGRES_POLLING_OK) {
		short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;
		struct err why = ERR_INIT;
		char *now;

		if (wait_fd(PQsocket(a->conn), events, deadline_ms, a->settings.options->cancel,
			    &why) < 0) {
			err_set(e, why.kind, "%s", why.message);
			outcome = why.kind == ERR_TIMEOUT ? SILENT : BROKEN_OFF;
			break;
		}
		a->reached = PQstatus(a->conn) != CONNECTION_STARTED;
		a->shaking_hands = PQstatus(a->conn) == CONNECTION_SSL_STARTUP;
		wanted = PQconnectPoll(a->conn);
		if (wanted == PGRES_POLLING_FAILED)
			outcome = REFUSED;
		now = place_of(a->conn);
		if (!str_equal(now, place))
			deadline_ms = wait_deadline(a->settings.timeout_ms);
		free(place);
		place = now;
	}
	free(place);
	return outcome;
}

/*
 * libpq has no function for the SQLSTATE of a failed connection, but writes it into the message of
 * PQERRORS_VERBOSE ("FATAL:  28P01: password …"), whatever the language of the server.
 */
static bool
find_sqlstate(const char *message, char ret_sqlstate[6])
{
	static const char *const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (const char *at = message; (at = strstr(at, ":  ")); at += 3) {
		if (strspn(at + 3, alphabet) != 5 || at[8] != ':')
			continue;
		memcpy(ret_sqlstate, at + 3, 5);
		ret_sqlstate[5] = '\0';
		return true;
	}
	return false;
}

/* What to do about a refusal that the server gives no more than a code of. */
static void
advise_refusal(const char *sqlstate, struct err *e)
{
	static const struct {
		const char *sqlstate, *advice;
	} known[] = {
		{ "28P01", "Its password is wrong, or no longer valid (VALID UNTIL), or there is "
			   "no such role: which of them, the server says in its log alone" },
		{ "28000", "Either there is no such role, or it may not log in, or no line of the "
			   "server's pg_hba.conf lets this role into this database from here, with "
			   "or without TLS as it came" },
		{ "3D000", "Name a database that is there: psql -l lists them" },
		{ "42501", "GRANT CONNECT ON DATABASE lets the role in" },
		{ "53300", "All of its slots are taken: end sessions that nobody needs, or raise "
			   "max_connections" },
		{ "57P03", "It starts, stops or recovers: try again in a moment" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(sqlstate, known[i].sqlstate) == 0)
			err_advise(e, "%s", known[i].advice);
}

static void
advise_password(const struct attempt *a, struct err *e)
{
	if (a->settings.passfile)
		err_advise(e,
			   "The password file %s was not used, because others may read it: "
			   "chmod 600 it",
			   a->settings.passfile);
	else
		err_advise(e, "Give the target a `password` or a `passfile`");
}

static void
report_refusal(struct attempt *a, struct err *e)
{
	const char *attributes = postgres_settings_value(&a->settings, "target_session_attrs");
	char *message = postgres_message(a->conn);
	const char *gone = str_cstr(&a->settings.gone);
	bool needs_password = PQconnectionNeedsPassword(a->conn);
	char sqlstate[6] = "";
	enum err_kind kind = needs_password ? ERR_DENIED : ERR_NET;

	if (find_sqlstate(PQerrorMessage(a->conn), sqlstate))
		kind = postgres_error_kind(sqlstate);
	err_set(e, kind, "%s%s%s", gone, *gone ? "; " : "", message);
	if (needs_password)
		advise_password(a, e);
	else if (*sqlstate)
		advise_refusal(sqlstate, e);
	else if (a->shaking_hands)
		postgres_tls_explain(&a->settings, a->conn, e);
	else if (a->reached && !PQparameterStatus(a->conn, "server_version"))
		err_advise(e, "Is it a PostgreSQL server that listens there?");
	else if (a->reached && !str_equal(attributes, "any"))
		err_advise(
			e,
			"No server that let the role in is what target_session_attrs=%s asks for: "
			"see which of them is the primary (pg_is_in_recovery())",
			attributes);
	free(message);
}

/* Nobody answered at one place. True where there is another one to be tried. */
static bool
leave_place(struct attempt *a, struct err *e)
{
	char brief[CLOCK_STAMP_MAX];
	char *why = xasprintf("no answer within %s",
			      duration_format_brief(a->settings.timeout_ms, brief));
	bool left =
		postgres_settings_give_up(&a->settings, a->conn, why) == 0 && a->settings.count > 0;

	if (!left) {
		err_set(e, ERR_TIMEOUT, "%s", a->settings.gone.len ? a->settings.gone.data : why);
		err_advise(e, "It neither refuses nor answers: check host and port, and the "
			      "firewalls on the way");
	}
	free(why);
	return left;
}

/* Tries the places until one answers. */
static int
try_places(struct attempt *a, struct err *e)
{
	for (;;) {
		enum outcome outcome = REFUSED;

		a->reached = a->shaking_hands = false;
		a->conn = postgres_settings_start(&a->settings, NULL);
		PQsetErrorVerbosity(a->conn, PQERRORS_VERBOSE);
		PQsetNoticeReceiver(a->conn, ignore_notice, NULL);
		if (PQstatus(a->conn) != CONNECTION_BAD)
			outcome = await_connection(a, e);
		if (outcome == OPENED)
			return 0;
		if (outcome == REFUSED)
			report_refusal(a, e);
		if (outcome != SILENT || !leave_place(a, e))
			return -1;
		PQfinish(a->conn);
	}
}

int
postgres_connect_open(const struct postgres_options *options, PGconn **ret_conn, struct err *e)
{
	struct attempt a = { .conn = NULL };
	int rc = postgres_settings_init(&a.settings, options, e);

	if (rc == 0)
		rc = try_places(&a, e);
	if (rc == 0) {
		*ret_conn = a.conn;
		a.conn = NULL;
	} else if (a.settings.resolved && *postgres_settings_value(&a.settings, "sslmode")) {
		char *whom = postgres_settings_describe(&a.settings);

		err_wrap(e, "connecting to PostgreSQL at %s", whom);
		free(whom);
	}
	PQfinish(a.conn);
	postgres_settings_release(&a.settings);
	return rc;
}
