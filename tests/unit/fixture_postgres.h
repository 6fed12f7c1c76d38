#ifndef LIFEBOAT_TESTS_FIXTURE_POSTGRES_H
#define LIFEBOAT_TESTS_FIXTURE_POSTGRES_H

/*
 * A PostgreSQL on loopback, without a Unix socket. The role "lifeboat" is a superuser and trusted; the
 * roles "locked", "bound" and "wrong" need a password, "certified" a client certificate over TLS, and "refused" is
 * let in by nobody.
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
			   "host all refused 127.0.0.1/32 reject\n"
			   "hostssl all certified 127.0.0.1/32 cert\n"
			   "host all certified 127.0.0.1/32 reject\n"
			   "host replication all 127.0.0.1/32 trust\n"
			   "host all locked 127.0.0.1/32 scram-sha-256\n"
			   "host all bound 127.0.0.1/32 scram-sha-256\n"
			   "host all wrong 127.0.0.1/32 scram-sha-256\n"
			   "host all all 127.0.0.1/32 trust\n"));
}

/* Whether it says of itself that it takes connections. */
static inline bool
postgres_is_ready(const struct fixture_postgres *p)
{
	char *path = xasprintf("%s/data/postmaster.pid", p->folder), text[1024];
	FILE *file = fopen(path, "r");
	size_t len = file ? fread(text, 1, sizeof(text) - 1, file) : 0;

	text[len] = '\0';
	if (file)
		fclose(file);
	free(path);
	return strstr(text, "ready") || strstr(text, "standby");
}

/* Starts the server of a folder that has its data; also once more. */
static inline bool
fixture_postgres_launch(struct fixture_postgres *p)
{
	char *server = xasprintf("%s/postgres", postgres_programs());
	char *data = xasprintf("%s/data", p->folder), *log = xasprintf("%s/log", p->folder);
	char *port = xasprintf("%d", p->port), *stale = xasprintf("%s/postmaster.pid", data);
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
	int64_t until_ms = clock_mono_ms() + 60000;

	unlink(stale);
	p->pid = fixture_spawn(run, log);
	while (!postgres_is_ready(p) && clock_mono_ms() < until_ms &&
	       waitpid(p->pid, NULL, WNOHANG) == 0)
		fixture_pause();
	free(server);
	free(data);
	free(log);
	free(port);
	free(stale);
	return postgres_is_ready(p);
}

static inline void
postgres_prepare(struct fixture_postgres *p)
{
	*p = (struct fixture_postgres){ .folder = fixture_folder() };
	fixture_give(p->folder);
}

/* Starts it on a free port; another one where somebody was faster. */
static inline bool
postgres_launch_somewhere(struct fixture_postgres *p)
{
	bool running = false;

	for (int attempt = 0; attempt < 3 && !running; attempt++) {
		free(p->conninfo);
		p->port = fixture_free_port();
		p->conninfo =
			xasprintf("host=127.0.0.1 port=%d user=lifeboat dbname=postgres", p->port);
		running = fixture_postgres_launch(p);
		if (!running)
			fixture_stop(p->pid, SIGQUIT);
	}
	return running;
}

/* False where there is no PostgreSQL server to be started. */
static inline bool
fixture_postgres_start(struct fixture_postgres *p)
{
	const char *programs = postgres_programs();
	bool running = false;

	if (!programs)
		return false;
	postgres_prepare(p);
	char *data = xasprintf("%s/data", p->folder), *log = xasprintf("%s/log", p->folder);
	char *initdb = xasprintf("%s/initdb", programs);
	const char *make[] = { initdb,	"-D", data,	     "-U", "lifeboat", "-A",
			       "trust", "-N", "--no-locale", "-E", "UTF8",     "--wal-segsize=1",
			       NULL };
	if (fixture_run(make, log)) {
		postgres_write_hba(data);
		running = postgres_launch_somewhere(p);
	}
	free(data);
	free(log);
	free(initdb);
	return running;
}

/* A standby that follows a server, with a copy of its data. */
static inline bool
fixture_postgres_follow(struct fixture_postgres *p, const struct fixture_postgres *primary)
{
	postgres_prepare(p);
	char *program = xasprintf("%s/pg_basebackup", postgres_programs());
	char *data = xasprintf("%s/data", p->folder), *log = xasprintf("%s/log", p->folder);
	const char *copy[] = { program,
			       "-D",
			       data,
			       "-R",
			       "-c",
			       "fast",
			       "--no-sync",
			       "-X",
			       "stream",
			       "-d",
			       primary->conninfo,
			       NULL };
	bool running = fixture_run(copy, log) && postgres_launch_somewhere(p);

	free(program);
	free(data);
	free(log);
	return running;
}

/* Adds to the server's settings and has it read them; which takes it a moment. */
static inline void
fixture_postgres_set(const struct fixture_postgres *p, const char *settings)
{
	char *path = xasprintf("%s/data/postgresql.conf", p->folder);
	FILE *file = fopen(path, "a");

	if (!file || fputs(settings, file) < 0 || fclose(file) != 0 || kill(p->pid, SIGHUP) < 0)
		abort();
	free(path);
}

static inline void
fixture_postgres_stop(struct fixture_postgres *p)
{
	fixture_stop(p->pid, SIGQUIT);
	fixture_remove(p->folder);
	free(p->conninfo);
}

#endif
