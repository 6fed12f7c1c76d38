#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_SETTINGS_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_SETTINGS_H

#include <libpq-fe.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "net/postgres/postgres.h"

/*
 * What libpq makes of a conninfo, its service file and its environment, and the addresses that the hosts in
 * it stand for: looked up by us, since libpq's own look-up cannot be interrupted. In the caller's memory.
 */
struct postgres_settings {
	const struct postgres_options *options; /* borrowed */
	PQconninfoOption *resolved;
	struct postgres_spot *places; /* to be tried, in libpq's order; none: as libpq sees fit */
	size_t count, cap;
	struct str gone;    /* why places were given up: "db1: no such name; …" */
	char *passfile;	    /* the password file that libpq would refuse on stderr, or NULL */
	int64_t timeout_ms; /* for each place */
};

/* One address of one host; address is "" for a Unix socket. */
struct postgres_spot {
	char *host, *address, *port;
};

/*
 * Release it also on an error. Errors: ERR_SPEC (the conninfo, a service that is not defined), ERR_NET (no
 * host has an address), ERR_TIMEOUT, ERR_CANCELLED.
 */
int postgres_settings_init(struct postgres_settings *s, const struct postgres_options *options,
			   struct err *e);
void postgres_settings_release(struct postgres_settings *s);

/* What was resolved for a keyword, "" for nothing. Borrowed. */
const char *postgres_settings_value(const struct postgres_settings *s, const char *keyword);

/* "db1:5432, db2:5432, database tsb, as tsb". The caller frees. */
char *postgres_settings_describe(const struct postgres_settings *s);

/*
 * Begins a connection to the places that are left; `more` are pairs of keywords and values that override the
 * others, ending with NULL, or NULL. Never NULL.
 */
PGconn *postgres_settings_start(const struct postgres_settings *s, const char *const *more);

/* libpq's message of a connection, without the place in the server's source, on one line. The caller frees. */
char *postgres_message(const PGconn *conn);

/* Drops the place that a connection is trying just now; -1 where it is none of them. */
int postgres_settings_give_up(struct postgres_settings *s, const PGconn *conn, const char *why);
/* Drops all but the place that a connection is at. */
int postgres_settings_keep_only(struct postgres_settings *s, const PGconn *conn);

#endif
