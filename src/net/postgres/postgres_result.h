#ifndef LIFEBOAT_NET_POSTGRES_POSTGRES_RESULT_H
#define LIFEBOAT_NET_POSTGRES_POSTGRES_RESULT_H

#include <cjson/cJSON.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/* From libpq's results to the JSON and the errors of net/postgres.h. */

/* A result as it grows, row by row. */
struct postgres_rows {
	cJSON *columns, *types, *rows; /* NULL until the first piece came */
	size_t max_rows;
	size_t count; /* of all rows, kept or not */
	size_t kept, kept_bytes;
	bool cut;      /* a value was too long to be kept whole */
	char *command; /* "SELECT 3" */
};

void postgres_rows_release(struct postgres_rows *r);
/* Takes one libpq result (a single row, or the last, empty one). */
void postgres_rows_take(struct postgres_rows *r, const PGresult *piece);
/* The whole as the caller of postgres_query() gets it; r is emptied. */
cJSON *postgres_rows_finish(struct postgres_rows *r);

/* Turns an error that the server sent into ours. Returns -1. */
int postgres_report(const PGresult *result, struct err *e);
/* The kind that an SQLSTATE stands for. Source: PostgreSQL manual, appendix A. */
enum err_kind postgres_error_kind(const char *sqlstate);

#endif
