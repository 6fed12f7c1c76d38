#ifndef LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DUMP_H
#define LIFEBOAT_STEP_RESTORE_STEP_POSTGRESQL_RESTORE_DUMP_H

#include <stdint.h>

#include "run/executor.h"
#include "step/restore/step_postgresql_restore_scan.h"

/* Internal to postgresql.restore: the dump, what made it, and whether it is whole. */

enum dump_kind { DUMP_PLAIN, DUMP_CUSTOM, DUMP_DIRECTORY };

struct dump {
	const char *path; /* borrowed */
	enum dump_kind kind;
	int64_t bytes, changed_ms;     /* of all its files; the newest */
	char *stamp;		       /* other after any change of its files */
	char *client, *client_version; /* the program that restores it, found; "15.6" */
	/* of an archive's table of contents */
	int64_t entries;
	char *created, *database, *compression;
	char *server_version, *tool_version; /* what it was made from, and with; or NULL */
	struct dump_scan *scan;		     /* once it was read through */
};

/* "plain", "custom", "directory": as pg_dump's --format has them. */
const char *dump_kind_name(enum dump_kind kind);
/* "psql" or "pg_restore". */
const char *dump_kind_program(enum dump_kind kind);
/* Looks at its first bytes. Errors: ERR_NOT_FOUND, ERR_SPEC (empty, of no use here), ERR_IO. */
int dump_find_kind(const char *path, enum dump_kind *ret_kind, struct err *e);
/* As of struct dump; the caller frees. */
char *dump_stamp(const char *path, struct err *e);

/* Kind, size, program and, of an archive, its head. Release it also on an error. */
int dump_open(struct dump *d, struct step_context *ctx, const cJSON *with, struct err *e);
/*
 * Reads all of it, with progress. Errors: ERR_SPEC (it is cut off, or not what pg_dump writes), ERR_IO,
 * ERR_CANCELLED.
 */
int dump_read(struct dump *d, struct step_context *ctx, const cJSON *with, struct err *e);
/* Whether the program and a server of this version (150005) take it. */
int dump_check_versions(const struct dump *d, int server_version, struct err *e);
/* Whether a psql has \restrict, which keeps commands out of what it reads. */
bool psql_knows_restrict(const char *version);
/* Where it comes from, for a preview; after dump_read(). */
void dump_describe(const struct dump *d, struct preview *preview);
void dump_release(struct dump *d);

/* The options of pg_restore that decide what it restores. */
void dump_add_choices(const cJSON *with, struct step_texts *argv);

enum { BYTES_TEXT_MAX = 32 };
/* "86 kB", "1.2 GB": powers of 1000. Returns out. */
char *bytes_format(int64_t bytes, char out[BYTES_TEXT_MAX]);

#endif
