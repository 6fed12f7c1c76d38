#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_CONNECT_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_CONNECT_H

#include <libpq-fe.h>

#include "base/err.h"
#include "net/postgres/postgres.h"

/* postgres_connect() as far as libpq's own connection; *ret_conn is the caller's to finish. */
int postgres_connect_open(const struct postgres_options *options, PGconn **ret_conn, struct err *e);

#endif
