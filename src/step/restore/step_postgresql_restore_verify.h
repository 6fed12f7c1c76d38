#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_VERIFY_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_VERIFY_H

#include <cjson/cJSON.h>

#include "base/str.h"
#include "net/postgres/postgres.h"
#include "run/executor.h"

/* Internal to postgresql.restore: whether what is in the database is what was in the dump. */

struct restore_checks {
	struct step_context *ctx;
	const cJSON *with, *plan;
	const cJSON *expected; /* {table: count}, of the manifest; or NULL */
	struct postgres *pg;
	bool quiet;    /* for a probe: nothing to the output */
	cJSON *result; /* gets `tables`, `checks` and what else was seen */
	cJSON *checks; /* of result */
	size_t failed;
	struct str problems; /* of those that failed, as far as they fit a message */
};

/*
 * Counts and looks, all of it only reading. -1: it could not be looked (the restore itself is done); what does not
 * hold is in `failed`.
 */
int verify_restore(struct restore_checks *v, struct err *e);
void restore_checks_release(struct restore_checks *v);
/* Adds one check to the result and the output: what was looked at, whether it holds, what was seen. */
void restore_checks_add(struct restore_checks *v, const char *name, bool ok, const char *format,
			...) __attribute__((format(printf, 4, 5)));

/* Counts of tables against the dump and the manifest (in a file of its own). */
int verify_counts(struct restore_checks *v, struct err *e);
/* The manifest of the action: {table: count}; NULL and no error where it has none. The caller deletes it. */
int counts_load(const cJSON *with, cJSON **ret_expected, struct err *e);

#endif
