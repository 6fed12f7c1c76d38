#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DISK_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DISK_H

#include "base/cancel.h"
#include "net/postgres/postgres.h"
#include "run/executor.h"

/*
 * Internal to postgresql.restore: says how much room the server's disk has, which SQL cannot ask: only where the
 * server is surely on this machine; else it says that it is not known.
 */
void disk_describe(struct postgres *pg, const struct cancel *cancel, struct preview *preview);

#endif
