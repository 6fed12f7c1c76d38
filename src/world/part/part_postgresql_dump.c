#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "net/child/child.h"
#include "world/part/part_postgresql.h"

/* Dumps for the backup folder, by pg_dump. */

enum { DUMP_TIMEOUT_MS = 60000 };

#define TRUNCATED_AT 0.6 /* of its length, where a dump is only said to be truncated */

static void
keep_words(void *data, const char *bytes, size_t len)
{
	str_append_bytes(data, bytes, len);
}

static int
run_pg_dump(const struct part_database *db, const char *of, const char *format, const char *path,
	    struct err *e)
{
	char *program = xasprintf("%s/pg_dump", db->programs);
	char *port = xasprintf("%d", db->inside);
	char *passfile = xasprintf("PGPASSFILE=%s/passfile", db->folder);
	const char *argv[] = { program, "-h", db->address, "-p", port, "-U", DATABASE_SUPERUSER,
			       "-w",	"-F", format,	   "-f", path, of,   NULL };
	const char *env[] = { passfile, "PGSSLMODE=disable", "LC_ALL=C", NULL };
	struct str words = STR_INIT;
	const struct child_options options = { .argv = argv,
					       .env = env,
					       .timeout_ms = DUMP_TIMEOUT_MS,
					       .on_output = keep_words,
					       .data = &words,
					       .cancel = db->parts->options.cancel };
	struct child_result result;
	int rc = child_run(&options, &result, e);

	if (rc == 0 && result.exit_code != 0)
		rc = err_set(e, ERR_REMOTE, "pg_dump ended with exit status %d: %s",
			     result.exit_code, str_cstr(&words));
	str_release(&words);
	free(program);
	free(port);
	free(passfile);
	return rc;
}

/* As a disk that was full leaves it: `truncated` is true, or how much of it is there (0.25). */
static int
truncate_dump(const char *path, const cJSON *truncated, struct err *e)
{
	double part = cJSON_IsNumber(truncated) ? truncated->valuedouble : TRUNCATED_AT;
	struct stat st;

	if (!json_truthy(truncated))
		return 0;
	if (part < 0 || part > 1)
		return err_set(e, ERR_SPEC, "a dump can be truncated at 0 to 1 of its length");
	if (stat(path, &st) < 0 || truncate(path, (off_t)((double)st.st_size * part)) < 0)
		return err_errno(e, ERR_IO, "truncating %s", path);
	return 0;
}

int
parts_dump(struct parts *parts, const cJSON *dump, const char *path, struct err *e)
{
	struct part_database *db =
		part_database_find(parts, json_string(dump, "database", NULL), e);
	const char *of = json_string(dump, "of", "");
	int rc;

	if (!db)
		return -1;
	pthread_mutex_lock(&db->lock);
	rc = part_database_wake(db, e);
	if (rc == 0)
		rc = run_pg_dump(db, of, json_string(dump, "format", "plain"), path, e);
	part_database_rest(db);
	pthread_mutex_unlock(&db->lock);
	if (rc == 0 && chmod(path, 0600) < 0)
		rc = err_errno(e, ERR_IO, "changing the mode of %s", path);
	if (rc == 0)
		rc = truncate_dump(path, json_at(dump, "truncated"), e);
	return rc < 0 ? err_wrap(e, "dumping %s of %s into %s", of, db->name, path) : 0;
}
