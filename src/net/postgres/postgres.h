#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"

/* One connection to PostgreSQL, driven without blocking. One thread at a time. */
struct postgres;

struct postgres_options {
	const char
		*conninfo; /* libpq's: "service=tsb", "host=… dbname=…", a URI; never a password */
	const char *database;	    /* overrides conninfo's, or NULL */
	const char *password;	    /* goes to libpq by PQconnectStartParams only; or NULL */
	const char *passfile;	    /* or NULL */
	int64_t connect_timeout_ms; /* for each address; 0: the conninfo's connect_timeout, or 10 s */
	const struct cancel *cancel;
};

/*
 * Connects as libpq does: service files, PGPASSFILE, several hosts, target_session_attrs, TLS; but an address
 * where nobody answers is left for the next one, and a cancel ends it at once, also while a name is
 * looked up. Errors: ERR_SPEC (conninfo), ERR_NET, ERR_TIMEOUT, ERR_DENIED (28xxx), ERR_NOT_FOUND (3D000),
 * ERR_CANCELLED; the message names whom it tried, what came back and what to do.
 */
int postgres_connect(const struct postgres_options *options, struct postgres **ret_connection,
		     struct err *e);
void postgres_free(struct postgres *pg);

/*
 * "tsb@db1.example.com:5432/tsb at 10.0.0.5, PostgreSQL 15.5, TLSv1.3 verified": who answered, of all that the
 * conninfo allows. The caller frees.
 */
char *postgres_describe(const struct postgres *pg);
/*
 * The same in parts: {"server" (as above), "host", "address" (not of a Unix socket), "port", "tls", "cipher"
 * (where there is TLS)}; "insecure": true and "insecure_why", a sentence, where nothing proves that it is the
 * server that was meant. On loopback and a Unix socket nothing has to; elsewhere it takes TLS whose chain is
 * verified, channel_binding=require or GSSAPI. The caller deletes.
 */
cJSON *postgres_facts(const struct postgres *pg);
/* 150005 for 15.5; 0 where the connection broke. Source: PQserverVersion(). */
int postgres_version(const struct postgres *pg);
/* The process that serves this connection, as pg_stat_activity has it. */
int postgres_backend(const struct postgres *pg);

/* Where the server is that has answered, as libpq has it; borrowed. Any may be NULL or empty. */
struct postgres_place {
	const char *host, *address, *port; /* a socket has its folder as host, and no address */
};
struct postgres_place postgres_place(const struct postgres *pg);

/* How long an answer may take before the connection is given up with ERR_TIMEOUT; for ever, if not set. */
void postgres_set_limit(struct postgres *pg, int64_t limit_ms);
/* Calls look() every so often while an answer is awaited, on the thread that waits; or NULL. */
void postgres_set_look(struct postgres *pg, int64_t every_ms, void (*look)(void *data), void *data);

/*
 * Runs exactly one statement with parameters ($1, …; NULL elements are SQL NULL) by PQexecParams.
 * Result: {"columns":[…],"types":["int4"],"rows":[{column: value}],"row_count":N,"value":…,
 * "truncated":bool,"command":"SELECT 3"}; "value" is the cell where there is but one, else null. Values of
 * int2/4/8, float and numeric are numbers (int8 beyond 2^53 and numeric of more than 15 digits strings), bool
 * are booleans, json and jsonb are JSON, NULL null, all others strings; bytes that are no UTF-8 stand as
 * \xe9. At most max_rows rows (0: 1000) and 16 MiB are kept, and 1 MiB of a cell; all rows are counted. A
 * cancel goes through PQcancel, which libpq before 17 sends without TLS: it carries a key, and no data. Errors: ERR_REMOTE with SQLSTATE, the server's message, detail and position;
 * ERR_DENIED for 42501; ERR_TIMEOUT (statement_timeout, 57014); ERR_CANCELLED; ERR_NET.
 */
int postgres_query(struct postgres *pg, const char *sql, const char *const *params, size_t count,
		   size_t max_rows, const struct cancel *cancel, cJSON **ret_result, struct err *e);

/*
 * Runs several statements, with semicolons between them, as one transaction unless they say otherwise; what they return is
 * thrown away. Only for texts of our own making: nothing in it is checked. Errors are those of postgres_query().
 */
int postgres_script(struct postgres *pg, const char *sql, const struct cancel *cancel,
		    struct err *e);

/*
 * What the server takes the parameters of one statement for: an array of names ("integer"), from 1 on. It
 * parses the statement for that, and finds what it names, but runs nothing. Errors are those of
 * postgres_query().
 */
int postgres_parameters(struct postgres *pg, const char *sql, const struct cancel *cancel,
			cJSON **ret_types, struct err *e);

/*
 * Ends the transaction. An error says that nothing of it has happened, but for ERR_UNKNOWN_OUTCOME: COMMIT
 * was sent, and its answer is lost. A commit that a cancel came too late for is 0.
 */
int postgres_commit(struct postgres *pg, const struct cancel *cancel, struct err *e);

#endif
