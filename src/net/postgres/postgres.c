#include "config.h"

#include "net/postgres/postgres.h"

#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/postgres/postgres_connect.h"
#include "net/postgres/postgres_result.h"
#include "net/postgres/postgres_tls.h"
#include "net/socket/wait.h"

enum {
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
	bool named = address && *address && !str_equal(address, host);
	char *proof = postgres_proof_describe(pg->conn);
	char *text = xasprintf("%s@%s:%s/%s%s%s, PostgreSQL %d.%d, %s", PQuser(pg->conn), host,
			       PQport(pg->conn), PQdb(pg->conn), named ? " at " : "",
			       named ? address : "", version / 10000, version % 10000, proof);

	free(proof);
	return text;
}

cJSON *
postgres_facts(const struct postgres *pg)
{
	const char *address = PQhostaddr(pg->conn);
	const char *cipher = PQsslAttribute(pg->conn, "cipher");
	cJSON *facts = cJSON_CreateObject();
	char *server = postgres_describe(pg), *tls = postgres_proof_describe(pg->conn);
	char *lack = postgres_proof_lack(pg->conn);

	json_add_string(facts, "server", server);
	json_add_string(facts, "host", PQhost(pg->conn));
	if (address && *address)
		json_add_string(facts, "address", address);
	json_add_string(facts, "port", PQport(pg->conn));
	json_add_string(facts, "tls", tls);
	if (cipher && *cipher)
		json_add_string(facts, "cipher", cipher);
	if (lack) {
		json_add_bool(facts, "insecure", true);
		json_add_string(facts, "insecure_why", lack);
	}
	free(lack);
	free(tls);
	free(server);
	return facts;
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

struct postgres_place
postgres_place(const struct postgres *pg)
{
	return (struct postgres_place){ .host = PQhost(pg->conn),
					.address = PQhostaddr(pg->conn),
					.port = PQport(pg->conn) };
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

int
postgres_script(struct postgres *pg, const char *sql, const struct cancel *cancel, struct err *e)
{
	struct postgres_rows rows = { .max_rows = 1 };
	int rc;

	if (check_usable(pg, cancel, e) < 0)
		return -1;
	if (!PQsendQuery(pg->conn, sql))
		return not_sent(pg, e);
	rc = collect(pg, cancel, &rows, e);
	postgres_rows_release(&rows);
	return rc;
}

/* A server in SQL_ASCII refuses to send what is no UTF-8 to a client that asks for it: we take it as it is. */
static int
take_any_bytes(struct postgres *pg, const struct cancel *cancel, struct err *e)
{
	cJSON *result = NULL;
	int rc = postgres_query(pg, "SET client_encoding = 'SQL_ASCII'", NULL, 0, 1, cancel,
				&result, e);

	cJSON_Delete(result);
	return rc;
}

int
postgres_connect(const struct postgres_options *options, struct postgres **ret_connection,
		 struct err *e)
{
	struct postgres *pg;
	PGconn *conn = NULL;

	if (postgres_connect_open(options, &conn, e) < 0)
		return -1;
	pg = xcalloc(1, sizeof(*pg));
	pg->conn = conn;
	if (str_equal(PQparameterStatus(conn, "server_encoding"), "SQL_ASCII") &&
	    take_any_bytes(pg, options->cancel, e) < 0) {
		postgres_free(pg);
		return -1;
	}
	*ret_connection = pg;
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
