#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_H

/*
 * A PostgreSQL on loopback, without a Unix socket. The role "lifeboat" is a superuser and trusted; the
 * roles "locked" and "wrong" need a password.
 */

#include "fixture_server.h"

struct fixture_postgres {
	char *folder;
	char *conninfo; /* host, port, user and database */
	int port;
	pid_t pid;
};

/* The folder of the server's programs, or NULL. */
static inline const char *
postgres_programs(void)
{
	static char folder[128];

	for (int version = 20; version >= 11; version--) {
		char program[160];

		snprintf(folder, sizeof(folder), "/usr/lib/postgresql/%d/bin", version);
		snprintf(program, sizeof(program), "%s/initdb", folder);
		if (access(program, X_OK) == 0)
			return folder;
	}
	return NULL;
}

static inline void
postgres_write_hba(const char *data)
{
	free(fixture_write(data, "pg_hba.conf",
			   "host all locked 127.0.0.1/32 scram-sha-256\n"
			   "host all wrong 127.0.0.1/32 scram-sha-256\n"
			   "host all all 127.0.0.1/32 trust\n"));
}

/* False where there is no PostgreSQL server to be started. */
static inline bool
fixture_postgres_start(struct fixture_postgres *p)
{
	const char *programs = postgres_programs();
	bool running = false;

	if (!programs)
		return false;
	*p = (struct fixture_postgres){ .folder = fixture_folder(), .port = fixture_free_port() };
	fixture_give(p->folder);
	p->conninfo = xasprintf("host=127.0.0.1 port=%d user=lifeboat dbname=postgres", p->port);
	char *data = xasprintf("%s/data", p->folder), *log = xasprintf("%s/log", p->folder);
	char *initdb = xasprintf("%s/initdb", programs),
	     *server = xasprintf("%s/postgres", programs);
	char *port = xasprintf("%d", p->port);
	const char *make[] = { initdb,	"-D", data,	     "-U", "lifeboat", "-A",
			       "trust", "-N", "--no-locale", "-E", "UTF8",     "--wal-segsize=1",
			       NULL };
	const char *run[] = { server,
			      "-D",
			      data,
			      "-p",
			      port,
			      "-c",
			      "listen_addresses=127.0.0.1",
			      "-c",
			      "unix_socket_directories=",
			      "-c",
			      "fsync=off",
			      NULL };
	if (fixture_run(make, log)) {
		postgres_write_hba(data);
		p->pid = fixture_spawn(run, log);
		running = fixture_wait_port(p->port, p->pid, 8000);
	}
	free(data);
	free(log);
	free(initdb);
	free(server);
	free(port);
	return running;
}

static inline void
fixture_postgres_stop(struct fixture_postgres *p)
{
	fixture_stop(p->pid, SIGQUIT);
	fixture_remove(p->folder);
	free(p->conninfo);
}

#endif
