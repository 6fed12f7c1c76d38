#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/part/part_postgresql.h"

/* From the installed programs to a data folder that a server can be started on. */

enum {
	VERSION_MAX = 30,
	VERSION_MIN = 11, /* what the recovery procedures are written for */
	INIT_TIMEOUT_MS = 60000,
};

static bool
has_programs(const char *folder)
{
	char *path = xasprintf("%s/initdb", folder);
	bool found = access(path, X_OK) == 0;

	free(path);
	return found;
}

char *
part_postgresql_programs(struct err *e)
{
	/* Debian's, and what those use who build it themselves. */
	static const char *const others[] = { "/usr/bin", "/usr/local/pgsql/bin", "/usr/local/bin",
					      NULL };

	for (int version = VERSION_MAX; version >= VERSION_MIN; version--) {
		char *folder = xasprintf("/usr/lib/postgresql/%d/bin", version);

		if (has_programs(folder))
			return folder;
		free(folder);
	}
	for (const char *const *folder = others; *folder; folder++)
		if (has_programs(*folder))
			return xstrdup(*folder);
	err_set(e, ERR_NOT_FOUND,
		"the world needs a PostgreSQL server, and there is none: no "
		"/usr/lib/postgresql/*/bin/initdb. Install it: apt-get install postgresql");
	return NULL;
}

static int
write_given(const struct part_database *db, const char *name, const char *text, struct err *e)
{
	char *path = xasprintf("%s/%s", db->folder, name);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	if (rc == 0)
		rc = part_user_give(&db->user, path, e);
	free(path);
	return rc;
}

static int
run_initdb(struct part_database *db, struct err *e)
{
	const char *seen = part_user_path(&db->user, db->folder);
	char *program = xasprintf("%s/initdb", db->programs);
	char *data = xasprintf("%s/data", seen);
	char *secret = xasprintf("--pwfile=%s/superuser", seen);
	char *name = xasprintf("initdb-%s", db->name);
	const char *argv[] = {
		program,	   "-D",   data, "-U",	 DATABASE_SUPERUSER, "-A",
		"scram-sha-256",   secret, "-E", "UTF8", "--no-locale",	     "--no-sync",
		"--wal-segsize=1", NULL
	};
	struct part_process_options options = {
		.name = name, .argv = argv, .folder = db->folder, .user = &db->user
	};
	struct part_process *process = NULL;
	int rc = parts_start_process(db->parts, &options, &process, e);

	if (rc == 0)
		rc = part_process_await_done(process, INIT_TIMEOUT_MS, db->parts->options.cancel,
					     e);
	part_process_free(process);
	free(program);
	free(data);
	free(secret);
	free(name);
	return rc;
}

/* Durability is for servers whose data somebody needs tomorrow; nothing wakes up while nobody asks. */
static const char settings[] = "unix_socket_directories = ''\n"
			       "max_connections = 60\n"
			       "shared_buffers = 16MB\n"
			       "huge_pages = off\n"
			       "jit = off\n"
			       "fsync = off\n"
			       "synchronous_commit = off\n"
			       "full_page_writes = off\n"
			       "wal_level = minimal\n"
			       "max_wal_senders = 0\n"
			       "min_wal_size = 2MB\n"
			       "max_wal_size = 64MB\n"
			       "checkpoint_timeout = 1d\n"
			       "log_checkpoints = off\n"
			       "autovacuum = off\n"
			       "bgwriter_delay = 10s\n"
			       "bgwriter_lru_maxpages = 0\n"
			       "wal_writer_delay = 10s\n"
			       "max_worker_processes = 0\n"
			       "max_logical_replication_workers = 0\n"
			       "password_encryption = 'scram-sha-256'\n"
			       "lc_messages = 'C'\n"
			       "log_line_prefix = '%m [%p] %q%u@%d '\n"
			       /* A statement that fails may hold a password. */
			       "log_min_error_statement = panic\n";

static int
write_settings(const struct part_database *db, bool tls, struct err *e)
{
	char *path = xasprintf("%s/data/postgresql.conf", db->folder);
	struct str text = STR_INIT;
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW), rc = -1;

	str_printf(&text, "\nlisten_addresses = '%s'\nport = %d\n%s", db->address, db->inside,
		   settings);
	if (tls)
		str_append(&text, "ssl = on\nssl_cert_file = 'server.crt'\n"
				  "ssl_key_file = 'server.key'\n");
	if (fd < 0)
		err_errno(e, ERR_IO, "opening %s", path);
	else if (file_write_all(fd, text.data, text.len, e) < 0)
		err_wrap(e, "writing %s", path);
	else
		rc = 0;
	if (fd >= 0)
		close(fd);
	str_release(&text);
	free(path);
	return rc;
}

static int
write_certificate(const struct part_database *db, bool *ret_tls, struct err *e)
{
	const char *names[] = { db->address, db->name, "localhost", NULL };
	const struct parts_options *options = &db->parts->options;
	char *chain = NULL, *key = NULL;
	int rc = 0;

	*ret_tls = options->authority && options->authority(options->data, NULL);
	if (*ret_tls && (parts_issue(db->parts, NULL, names, &chain, &key, e) < 0 ||
			 write_given(db, "data/server.crt", chain, e) < 0 ||
			 write_given(db, "data/server.key", key, e) < 0))
		rc = -1;
	if (key)
		explicit_bzero(key, strlen(key));
	free(chain);
	free(key);
	return rc;
}

/* libpq reads it for pg_dump, so that the password is in no argument and no environment. */
static int
write_passfile(const struct part_database *db, struct err *e)
{
	char *path = xasprintf("%s/passfile", db->folder);
	char *text = xasprintf("%s:%d:*:" DATABASE_SUPERUSER ":%s\n", db->address, db->inside,
			       db->password);
	int rc = file_write_atomic(path, text, strlen(text), 0600, e);

	free(path);
	free(text);
	return rc;
}

int
part_postgresql_init(struct part_database *db, struct err *e)
{
	char *secret = xasprintf("%s/superuser", db->folder);
	bool tls = false;
	int rc = -1;

	if (write_given(db, "superuser", db->password, e) == 0 && run_initdb(db, e) == 0 &&
	    write_certificate(db, &tls, e) == 0 && write_settings(db, tls, e) == 0 &&
	    write_passfile(db, e) == 0 &&
	    write_given(db, "data/pg_hba.conf", "host all all 127.0.0.0/8 scram-sha-256\n", e) == 0)
		rc = 0;
	unlink(secret);
	free(secret);
	return rc;
}
