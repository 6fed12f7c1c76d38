#include "config.h"

#include "net/postgres.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/postgres_result.h"
#include "net/wait.h"

enum {
	CONNECT_TIMEOUT_MS = 10000,
	MAX_ROWS = 1000,
	CANCEL_WAIT_MS = 60, /* for the server to end a cancelled statement */
};

struct postgres {
	PGconn *conn;
	bool abandoned;	  /* a statement was left behind on it */
	int64_t limit_ms; /* for an answer; 0: none */
	int64_t look_every_ms;
	void (*look)(void *data);
	void *look_data;
};

/* The server's notices would go to stderr, that is, onto the operator's screen. */
static void
ignore_notice(void *data, const PGresult *notice)
{
	(void)data;
	(void)notice;
}

static int
find_password(const PQconninfoOption *options, struct err *e)
{
	for (; options->keyword; options++)
		if (strcmp(options->keyword, "password") == 0 && options->val && *options->val)
			return err_set(e, ERR_SPEC,
				       "the conninfo holds a password. Give it as the target's "
				       "`password`, from a secret parameter, or by `passfile`");
	return 0;
}

/* libpq takes a text without "=" or "://" for the name of a database. */
static int
check_conninfo(const char *conninfo, struct err *e)
{
	char *message = NULL;
	PQconninfoOption *parsed;
	int rc;

	if (!conninfo || (!strchr(conninfo, '=') && !strstr(conninfo, "://")))
		return 0;
	parsed = PQconninfoParse(conninfo, &message);
	if (parsed)
		rc = find_password(parsed, e);
	else if (strcasestr(
			 conninfo,
			 "password")) /* libpq cites a piece of it, which nobody could recognise */
		rc = err_set(e, ERR_SPEC,
			     "the conninfo is wrong, and holds a password. Give it as the target's "
			     "`password`, from a secret parameter, or by `passfile`");
	else
		rc = err_set(e, ERR_SPEC, "the conninfo is wrong: %s",
			     message ? message : "no memory");
	PQconninfoFree(parsed);
	PQfreemem(message);
	return rc;
}

static PGconn *
start(const struct postgres_options *options)
{
	const char *keywords[16], *values[16];
	size_t count = 0;

	/* A link that is dead must be noticed within a minute; the conninfo may say otherwise. */
	keywords[count] = "keepalives_idle";
	values[count++] = "15";
	keywords[count] = "keepalives_interval";
	values[count++] = "10";
	keywords[count] = "keepalives_count";
	values[count++] = "3";
	keywords[count] = "tcp_user_timeout";
	values[count++] = "45000";
	/* The first dbname may be a whole conninfo; what comes later overrides what it says. */
	keywords[count] = "dbname";
	values[count++] = options->conninfo;
	keywords[count] = "application_name";
	values[count++] = PACKAGE_NAME;
	keywords[count] = "client_encoding";
	values[count++] = "UTF8";
	keywords[count] = "dbname";
	values[count++] = options->database;
	keywords[count] = "password";
	values[count++] = options->password;
	keywords[count] = "passfile";
	values[count++] = options->passfile;
	keywords[count] = NULL;
	values[count] = NULL;
	return PQconnectStartParams(keywords, values, 1);
}

static int
await_connection(PGconn *conn, int64_t deadline_ms, const struct cancel *cancel, struct err *e)
{
	PostgresPollingStatusType wanted = PGRES_POLLING_WRITING;

	while (wanted != PGRES_POLLING_OK && wanted != PGRES_POLLING_FAILED) {
		short events = wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (wait_fd(PQsocket(conn), events, deadline_ms, cancel, e) < 0)
			return -1;
		wanted = PQconnectPoll(conn);
	}
	return wanted == PGRES_POLLING_OK ? 0 : 1;
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

/* The message without the place in the server's source, on one line. */
static char *
connection_message(const PGconn *conn)
{
	struct str out = STR_INIT;
	char *copy = xstrdup(PQerrorMessage(conn)), *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		while (*line == '\t' || *line == ' ')
			line++;
		if (!*line || str_starts_with(line, "LOCATION:"))
			continue;
		if (out.len)
			str_append(&out, "; ");
		str_append(&out, line);
	}
	free(copy);
	return str_take(&out);
}

static int
report_connection(PGconn *conn, struct err *e)
{
	char *message = connection_message(conn);
	char sqlstate[6];

	if (find_sqlstate(PQerrorMessage(conn), sqlstate))
		err_set(e, postgres_error_kind(sqlstate), "%s", message);
	else
		err_set(e, PQconnectionNeedsPassword(conn) ? ERR_DENIED : ERR_NET, "%s", message);
	free(message);
	if (PQconnectionNeedsPassword(conn))
		err_advise(e, "Give the target a `password` or a `passfile`");
	return -1;
}

int
postgres_connect(const struct postgres_options *options, struct postgres **ret_connection,
		 struct err *e)
{
	int64_t timeout_ms =
		options->connect_timeout_ms ? options->connect_timeout_ms : CONNECT_TIMEOUT_MS;
	PGconn *conn;
	int rc;

	if (check_conninfo(options->conninfo, e) < 0)
		return -1;
	conn = start(options);
	if (!conn)
		return err_set(e, ERR_INTERNAL, "libpq has no memory");
	PQsetErrorVerbosity(conn, PQERRORS_VERBOSE);
	PQsetNoticeReceiver(conn, ignore_notice, NULL);
	rc = PQstatus(conn) == CONNECTION_BAD
		     ? 1
		     : await_connection(conn, wait_deadline(timeout_ms), options->cancel, e);
	if (rc > 0)
		report_connection(conn, e);
	if (rc != 0) {
		const char *host = PQhost(conn), *port = PQport(conn);

		err_wrap(e, "connecting to PostgreSQL at %s:%s", host && *host ? host : "(default)",
			 port && *port ? port : "5432");
		PQfinish(conn);
		return -1;
	}
	*ret_connection = xcalloc(1, sizeof(**ret_connection));
	(*ret_connection)->conn = conn;
	return 0;
}

void
postgres_free(struct postgres *pg)
{
	if (!pg)
		return;
	PQfinish(pg->conn);
	free(pg);
}

char *
postgres_describe(const struct postgres *pg)
{
	int version = PQserverVersion(pg->conn);
	const char *address = PQhostaddr(pg->conn), *host = PQhost(pg->conn);
	const char *tls = PQsslAttribute(pg->conn, "protocol");

	return xasprintf("%s@%s:%s/%s, PostgreSQL %d.%d, %s", PQuser(pg->conn),
			 address && *address ? address : host, PQport(pg->conn), PQdb(pg->conn),
			 version / 10000, version % 10000, tls && *tls ? tls : "no TLS");
}

int
postgres_version(const struct postgres *pg)
{
	return PQserverVersion(pg->conn);
}

int
postgres_backend(const struct postgres *pg)
{
	return PQbackendPID(pg->conn);
}

void
postgres_set_limit(struct postgres *pg, int64_t limit_ms)
{
	pg->limit_ms = limit_ms;
}

void
postgres_set_look(struct postgres *pg, int64_t every_ms, void (*look)(void *data), void *data)
{
	pg->look_every_ms = every_ms;
	pg->look = look;
	pg->look_data = data;
}

static void *
cancel_main(void *data)
{
	PGcancel *request = data;
	char message[256];

	PQcancel(request, message, sizeof(message));
	PQfreeCancel(request);
	return NULL;
}

/* PQcancel() makes a connection of its own and blocks: a thread that we do not wait for does it. */
static void
cancel_statement(PGconn *conn)
{
	PGcancel *request = PQgetCancel(conn);
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;

	if (!request)
		return;
	sigfillset(&all);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, &attributes, cancel_main, request) != 0)
		PQfreeCancel(request);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
}

/* The next moment of a look, or the deadline, whichever is first. */
static int64_t
next_stop(const struct postgres *pg, int64_t deadline_ms)
{
	int64_t look_ms = pg->look ? wait_deadline(pg->look_every_ms) : WAIT_FOREVER;

	return look_ms < deadline_ms ? look_ms : deadline_ms;
}

/* Waits until PQgetResult() would not block. */
static int
await_result(struct postgres *pg, int64_t deadline_ms, const struct cancel *cancel, struct err *e)
{
	PGconn *conn = pg->conn;

	while (PQisBusy(conn)) {
		int unsent = PQflush(conn);
		short events = unsent == 1 ? POLLIN | POLLOUT : POLLIN;
		struct err why = ERR_INIT;

		if (unsent >= 0 &&
		    wait_fd(PQsocket(conn), events, next_stop(pg, deadline_ms), cancel, &why) < 0) {
			if (why.kind != ERR_TIMEOUT || wait_left_ms(deadline_ms) == 0)
				return err_set(e, why.kind, "%s", why.message);
			pg->look(pg->look_data);
		}
		if (unsent < 0 || !PQconsumeInput(conn))
			return err_set(e, ERR_NET, "the connection broke: %s",
				       PQerrorMessage(conn));
	}
	return 0;
}

static int64_t
answer_deadline(const struct postgres *pg)
{
	return pg->limit_ms ? wait_deadline(pg->limit_ms) : WAIT_FOREVER;
}

/* Leaves the connection unusable unless the server ends the statement at once. */
static void
abandon(struct postgres *pg)
{
	int64_t deadline_ms = wait_deadline(CANCEL_WAIT_MS);
	PGresult *result;

	pg->abandoned = true;
	cancel_statement(pg->conn);
	pg->look = NULL;
	while (await_result(pg, deadline_ms, NULL, NULL) == 0) {
		result = PQgetResult(pg->conn);
		if (!result) {
			pg->abandoned = false;
			return;
		}
		PQclear(result);
		if (wait_left_ms(deadline_ms) == 0)
			return;
	}
}

/* One piece of an answer. Returns -1 with an error where it is one. */
static int
take_piece(struct postgres *pg, const PGresult *piece, struct postgres_rows *rows, struct err *e)
{
	switch (PQresultStatus(piece)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		postgres_rows_take(rows, piece);
		return 0;
	case PGRES_EMPTY_QUERY:
		return err_set(e, ERR_SPEC, "the statement is empty");
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		pg->abandoned = true;
		return err_set(e, ERR_SPEC, "COPY cannot be used here");
	default:
		return postgres_report(piece, e);
	}
}

/* Reads the answer to its end, so that the connection can be used again; the first error counts. */
static int
collect(struct postgres *pg, const struct cancel *cancel, struct postgres_rows *rows, struct err *e)
{
	int64_t deadline_ms = answer_deadline(pg);
	PGresult *piece;
	int rc = 0;

	for (;;) {
		if (await_result(pg, deadline_ms, cancel, rc < 0 ? NULL : e) < 0) {
			if (cancel_requested(cancel) || wait_left_ms(deadline_ms) == 0)
				abandon(pg);
			return -1;
		}
		piece = PQgetResult(pg->conn);
		if (!piece)
			return rc;
		if (rc == 0)
			rc = take_piece(pg, piece, rows, e);
		PQclear(piece);
		if (pg->abandoned)
			return rc;
	}
}

static int
check_usable(const struct postgres *pg, const struct cancel *cancel, struct err *e)
{
	if (pg->abandoned || PQstatus(pg->conn) != CONNECTION_OK)
		return err_set(e, ERR_NET, "the connection to PostgreSQL is no longer usable");
	if (cancel_requested(cancel))
		return err_set(e, ERR_CANCELLED, "cancelled before the statement was sent");
	PQsetnonblocking(pg->conn, 1);
	return 0;
}

static int
not_sent(const struct postgres *pg, struct err *e)
{
	return err_set(e, ERR_NET, "sending the statement: %s", PQerrorMessage(pg->conn));
}

int
postgres_query(struct postgres *pg, const char *sql, const char *const *params, size_t count,
	       size_t max_rows, const struct cancel *cancel, cJSON **ret_result, struct err *e)
{
	struct postgres_rows rows = { .max_rows = max_rows ? max_rows : MAX_ROWS };

	if (check_usable(pg, cancel, e) < 0)
		return -1;
	if (!PQsendQueryParams(pg->conn, sql, (int)count, NULL, params, NULL, NULL, 0))
		return not_sent(pg, e);
	PQsetSingleRowMode(pg->conn);
	if (collect(pg, cancel, &rows, e) < 0) {
		postgres_rows_release(&rows);
		return -1;
	}
	*ret_result = postgres_rows_finish(&rows);
	return 0;
}

/* Has a statement parsed under the empty name. */
static int
prepare(struct postgres *pg, const char *sql, const struct cancel *cancel, struct err *e)
{
	struct postgres_rows rows = { .max_rows = 1 };
	int rc;

	if (!PQsendPrepare(pg->conn, "", sql, 0, NULL))
		return not_sent(pg, e);
	rc = collect(pg, cancel, &rows, e);
	postgres_rows_release(&rows);
	return rc;
}

/* The types of the parameters of what was prepared, as a list of OIDs between commas. */
static int
read_types(struct postgres *pg, const struct cancel *cancel, struct str *oids, struct err *e)
{
	int64_t deadline_ms = answer_deadline(pg);
	PGresult *piece;
	int rc = 0;

	if (!PQsendDescribePrepared(pg->conn, ""))
		return not_sent(pg, e);
	for (;;) {
		if (await_result(pg, deadline_ms, cancel, rc < 0 ? NULL : e) < 0) {
			abandon(pg);
			return -1;
		}
		piece = PQgetResult(pg->conn);
		if (!piece)
			return rc;
		if (rc == 0 && PQresultStatus(piece) != PGRES_COMMAND_OK)
			rc = postgres_report(piece, e);
		for (int i = 0; i < PQnparams(piece); i++)
			str_printf(oids, "%s%u", i ? "," : "", PQparamtype(piece, i));
		PQclear(piece);
	}
}

int
postgres_parameters(struct postgres *pg, const char *sql, const struct cancel *cancel,
		    cJSON **ret_types, struct err *e)
{
	static const char names[] =
		"SELECT coalesce(json_agg(format_type(t::oid, NULL) ORDER BY n), '[]') AS types "
		"FROM unnest(string_to_array($1, ',')) WITH ORDINALITY AS u(t, n)";
	struct str oids = STR_INIT;
	cJSON *result = NULL;
	int rc = -1;

	if (check_usable(pg, cancel, e) == 0 && prepare(pg, sql, cancel, e) == 0 &&
	    read_types(pg, cancel, &oids, e) == 0) {
		const char *params[] = { str_cstr(&oids) };

		rc = postgres_query(pg, names, params, 1, 1, cancel, &result, e);
	}
	if (rc == 0)
		*ret_types =
			cJSON_DetachItemFromObjectCaseSensitive(json_at(result, "rows/0"), "types");
	cJSON_Delete(result);
	str_release(&oids);
	return rc;
}

/* COMMIT was sent. 1: and answered, whatever the answer was; 0: the answer is lost. */
static int
await_commit(struct postgres *pg, const struct cancel *cancel, struct postgres_rows *rows,
	     struct err *refusal, struct err *why)
{
	int64_t deadline_ms = answer_deadline(pg);
	PGresult *piece;

	for (;;) {
		if (await_result(pg, deadline_ms, cancel, why) < 0) {
			if (!cancel_requested(cancel))
				return 0;
			cancel_statement(pg->conn);
			deadline_ms = wait_deadline(CANCEL_WAIT_MS);
			cancel = NULL;
			continue;
		}
		piece = PQgetResult(pg->conn);
		if (!piece) /* the end of a fatal message, too, with which the connection ends */
			return PQstatus(pg->conn) == CONNECTION_OK;
		take_piece(pg, piece, rows, refusal);
		PQclear(piece);
	}
}

int
postgres_commit(struct postgres *pg, const struct cancel *cancel, struct err *e)
{
	struct postgres_rows rows = { .max_rows = 1 };
	struct err refusal = ERR_INIT, why = ERR_INIT;
	int rc = -1;

	if (check_usable(pg, cancel, e) < 0)
		return -1;
	if (!PQsendQueryParams(pg->conn, "COMMIT", 0, NULL, NULL, NULL, NULL, 0)) {
		err_set(&why, ERR_NET, "%s", PQerrorMessage(pg->conn));
		pg->abandoned = true;
	} else {
		pg->abandoned = !await_commit(pg, cancel, &rows, &refusal, &why);
	}
	if (pg->abandoned)
		err_set(e, ERR_UNKNOWN_OUTCOME, "COMMIT was sent, and its answer is lost: %s",
			refusal.kind ? refusal.message : why.message);
	else if (refusal.kind)
		err_set(e, cancel_requested(cancel) ? ERR_CANCELLED : refusal.kind, "COMMIT: %s",
			refusal.message);
	else if (!str_equal(rows.command, "COMMIT"))
		err_set(e, ERR_REMOTE, "COMMIT was answered by %s: the transaction had failed",
			rows.command ? rows.command : "nothing");
	else
		rc = 0;
	postgres_rows_release(&rows);
	return rc;
}
