#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_CONNINFO_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_CONNINFO_H

#include "base/err.h"
#include "net/postgres/postgres.h"

/* What a client program (psql, pg_restore) needs to reach the server that has answered us. */

/*
 * A connection string for argv: what `options` say, pinned to the one host, address and port of `pg`, for
 * this database and application. It holds no password; where options has one, it names the standard input
 * as the file of passwords. The caller frees. Errors: ERR_SPEC (the conninfo holds the password of a key).
 */
int postgres_client_conninfo(const struct postgres *pg, const struct postgres_options *options,
			     const char *database, const char *application, char **ret_conninfo,
			     struct err *e);

/*
 * A file in memory that only we may read, with one line for any server, in the format of .pgpass: to be the
 * standard input of a client program. Returns a descriptor, or -1: ERR_SPEC (the format cannot hold this
 * password), ERR_IO. Source: PostgreSQL manual, "The Password File".
 */
int postgres_client_passfile(const char *password, struct err *e);

#endif
