#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_SCAN_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "step/step_with.h"

/* Internal to postgresql.restore: reads the SQL of a dump as psql reads it, without doing it. */

/* The data of one table: its name as SQL ("s2.orders", maybe quoted), and how many rows it has. */
struct dump_rows {
	char *name;
	int64_t rows;
};

/* What a dump says of itself, and what it needs of the database that it goes to. */
struct dump_content {
	struct dump_rows *rows; /* of each COPY; a table comes once */
	size_t rows_count, rows_cap;
	struct step_texts owners, grantees, extensions, schemas, tablespaces; /* each name once */
	int64_t statements, tables, lines;
	char *server_version, *client_version; /* as its comments have it, or NULL */
	bool complete;			       /* it ends as pg_dump ends it */
	bool restricted;		       /* it has a \restrict of its own */
	bool grants;			       /* it has GRANT or REVOKE */
	bool drops;			       /* it drops things itself */
	int64_t ends_line; /* where it begins or ends a transaction itself; 0: it does not */
	char *problem;	   /* why psql must not be given it, or NULL */
};

struct dump_scan;

struct dump_scan *dump_scan_new(void);
void dump_scan_free(struct dump_scan *scan);
/* The next bytes, in pieces of any size. */
void dump_scan_push(struct dump_scan *scan, const char *bytes, size_t len);
/* What has been found so far; at the end of the dump: all. Borrowed. */
const struct dump_content *dump_scan_content(const struct dump_scan *scan);

#endif
