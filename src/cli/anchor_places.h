#ifndef LIFEBOAT_CLI_ANCHOR_PLACES_H
#define LIFEBOAT_CLI_ANCHOR_PLACES_H

#include "base/err.h"
#include "base/secret.h"
#include "run/journal/anchor.h"

/*
 * The places of cli/anchors.c, one file each. `rest` is what the operator wrote behind the colon, or NULL. They
 * connect to nothing before the first head. Errors: ERR_USAGE.
 */

/*
 * A line of the local syslog, facility user, level notice:
 * "lifeboat[4711]: run=20261121T140732-7f3a seq=12 type=intent time=… head=64 HEX". `rest` is the path of its
 * socket; NULL: /dev/log.
 */
int anchor_syslog_open(const char *rest, struct secrets *secrets, struct anchor_place *ret_place,
		       struct err *e);

/*
 * A row of the table lifeboat_anchor (share/anchor.sql), by a role that need only be allowed to insert.
 * `rest` is a conninfo of libpq without a password in it, or a URI from its "//" on.
 */
int anchor_postgresql_open(const char *rest, struct secrets *secrets,
			   struct anchor_place *ret_place, struct err *e);

#endif
