#include "config.h"

#include "world/part/part_postgresql.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"

enum {
	DEFAULT_PORT = 5432,
	START_TIMEOUT_MS = 30000,
};

static const char *const states[] = { [DATABASE_UP] = "up",
				      [DATABASE_STOPPED] = "stopped",
				      [DATABASE_BLOCKED] = "blocked",
				      [DATABASE_SILENT] = "silent" };

static int
parse_state(const char *word, enum part_database_state *ret_state, struct err *e)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		if (str_equal(word, states[i])) {
			*ret_state = (enum part_database_state)i;
			return 0;
		}
	}
	return err_set(e, ERR_SPEC, "\"%s\" is no state of a database", word);
}

/* --- the server ------------------------------------------------------------------------------------- */

static int
start_server(struct part_database *db, struct err *e)
{
	static const char *const ready = "database system is ready to accept connections";
	char *program = xasprintf("%s/postgres", db->programs);
	char *data = xasprintf("%s/data", part_user_path(&db->user, db->folder));
	char *name = xasprintf("postgresql-%s", db->name);
	const char *argv[] = { program, "-D", data, NULL };
	struct part_process_options options = {
		.name = name, .argv = argv, .folder = db->folder, .ready = ready, .user = &db->user
	};
	struct part_process *process = NULL;
	int rc = parts_start_process(db->parts, &options, &process, e);

	if (rc == 0)
		rc = part_process_await_ready(process, START_TIMEOUT_MS, db->parts->options.cancel,
					      e);
	if (rc == 0)
		db->process = process;
	else
		part_process_free(process);
	free(program);
	free(data);
	free(name);
	return rc;
}

/* Its number is in the seventh line of postmaster.pid. Source: PostgreSQL, miscadmin.h, LOCK_FILE_LINE_SHMEM_KEY. */
void
part_postgresql_remove_segment(const char *data)
{
	char *path = xasprintf("%s/postmaster.pid", data);
	struct str text = STR_INIT;
	struct err e;

	if (file_read(path, 4096, &text, &e) == 0) {
		const char *line = str_cstr(&text);
		unsigned long key;
		int id;

		for (int skip = 6; line && skip > 0; skip--) {
			line = strchr(line, '\n');
			line += line ? 1 : 0;
		}
		/* another may have its number by now, but not with its key */
		if (line && sscanf(line, "%lu %d", &key, &id) == 2 &&
		    shmget((key_t)key, 0, 0) == id)
			shmctl(id, IPC_RMID, NULL);
	}
	str_release(&text);
	free(path);
}

static void
stop_server(struct part_database *db)
{
	char *data;

	if (!db->process)
		return;
	part_process_end(db->process, SIGINT, SIGQUIT);
	part_process_free(db->process);
	db->process = NULL;
	data = xasprintf("%s/data", db->folder);
	part_postgresql_remove_segment(data);
	free(data);
}

int
part_database_wake(struct part_database *db, struct err *e)
{
	if (db->process && part_process_runs(db->process))
		return 0;
	stop_server(db);
	return start_server(db, e);
}

void
part_database_rest(struct part_database *db)
{
	if (db->state == DATABASE_STOPPED)
		stop_server(db);
}

/* --- its states ------------------------------------------------------------------------------------- */

static void
set_firewalls(struct part_database *db)
{
	static const struct {
		enum part_door_state front, back;
	} doors[] = {
		[DATABASE_UP] = { DOOR_OPEN, DOOR_OPEN },
		[DATABASE_STOPPED] = { DOOR_REFUSES, DOOR_REFUSES },
		[DATABASE_BLOCKED] = { DOOR_OPEN, DOOR_SILENT },
		[DATABASE_SILENT] = { DOOR_SILENT, DOOR_SILENT },
	};
	const char *actors = db->state == DATABASE_BLOCKED ? db->parts->options.prefix : NULL;

	part_firewall_set(db->front, doors[db->state].front, actors);
	part_firewall_set(db->back, doors[db->state].back, NULL);
}

/* Who is connected while it stops is told by the server itself: the firewalls shut behind it. */
static int
set_state(struct part_database *db, enum part_database_state state, struct err *e)
{
	if (state != DATABASE_STOPPED && part_database_wake(db, e) < 0)
		return -1;
	db->state = state;
	part_database_rest(db);
	set_firewalls(db);
	return 0;
}

/* --- from the world file ---------------------------------------------------------------------------- */

/* A port of the address that nobody has. Another could take it before the server does: it would say so. */
static int
find_inside(struct part_database *db, struct err *e)
{
	int fd = part_bind(db->address, 0, SOCK_STREAM, e);

	if (fd < 0)
		return -1;
	db->inside = part_bound_port(fd);
	close(fd);
	return 0;
}

static int
open_firewalls(struct part_database *db, struct err *e)
{
	db->front = part_firewall_new(db->parts->loop, db->address, db->port, db->inside, 0, e);
	if (db->front)
		db->back = part_firewall_new(db->parts->loop, db->address, 0, db->inside, 0, e);
	return db->back ? 0 : err_wrap(e, "opening the port of PostgreSQL");
}

static int
prepare(struct part_database *db, const cJSON *element, struct err *e)
{
	static const char *const users[] = { "postgres", "nobody", NULL };
	char *folder;
	int rc;

	db->port = (int)json_int(element, "port", DEFAULT_PORT);
	db->user = part_user_find(users);
	db->password = parts_secret(16);
	db->programs = part_postgresql_programs(e);
	if (!db->programs || parts_address(db->parts, element, &db->address, e) < 0 ||
	    find_inside(db, e) < 0 || open_firewalls(db, e) < 0)
		return -1;
	folder = xasprintf("postgres/%s", db->name);
	rc = parts_make_folder(db->parts, folder, &db->user, &db->folder, e);
	free(folder);
	return rc;
}

int
parts_database(struct parts *parts, const cJSON *element, struct err *e)
{
	struct part_database *db = xcalloc(1, sizeof(*db));
	enum part_database_state state;

	pthread_mutex_init(&db->lock, NULL);
	db->parts = parts;
	db->name = xstrdup(json_string(element, "name", "postgresql"));
	if (parse_state(json_string(element, "state", "up"), &state, e) < 0 ||
	    prepare(db, element, e) < 0 || part_postgresql_init(db, e) < 0 ||
	    start_server(db, e) < 0 || part_postgresql_fill(db, element, e) < 0 ||
	    set_state(db, state, e) < 0) {
		err_wrap(e, "starting the database server %s", db->name);
		part_database_free(db);
		return -1;
	}
	pthread_mutex_lock(&parts->lock);
	db->next = parts->databases;
	parts->databases = db;
	pthread_mutex_unlock(&parts->lock);
	return 0;
}

void
part_database_ask_to_end(struct part_database *db)
{
	if (db->process)
		part_process_ask(db->process, SIGINT);
}

void
part_database_free(struct part_database *db)
{
	part_firewall_free(db->front);
	part_firewall_free(db->back);
	stop_server(db);
	if (db->password)
		explicit_bzero(db->password, strlen(db->password));
	free(db->password);
	free(db->programs);
	free(db->folder);
	free(db->address);
	free(db->name);
	pthread_mutex_destroy(&db->lock);
	free(db);
}

struct part_database *
part_database_find(struct parts *parts, const char *name, struct err *e)
{
	struct part_database *db;

	pthread_mutex_lock(&parts->lock);
	for (db = parts->databases; db && !str_equal(db->name, name); db = db->next)
		;
	pthread_mutex_unlock(&parts->lock);
	if (!db)
		err_set(e, ERR_NOT_FOUND, "the world has no database server \"%s\"",
			name ? name : "");
	return db;
}

/* --- changes ---------------------------------------------------------------------------------------- */

static int
change_locked(struct part_database *db, const cJSON *change, struct err *e)
{
	const char *word = json_string(change, "state", NULL);
	const char *sql = json_string(change, "sql", NULL);
	enum part_database_state state;

	if (word && (parse_state(word, &state, e) < 0 || set_state(db, state, e) < 0))
		return -1;
	if (json_bool(change, "cut", false)) {
		part_firewall_cut(db->front);
		part_firewall_cut(db->back);
	}
	if (!sql)
		return 0;
	int rc = part_database_wake(db, e);
	if (rc == 0)
		rc = part_postgresql_run(db, json_string(change, "of", NULL), NULL, sql, e);
	part_database_rest(db);
	return rc;
}

int
part_database_change(struct parts *parts, const cJSON *change, struct err *e)
{
	struct part_database *db = part_database_find(parts, json_string(change, "name", NULL), e);
	int rc;

	if (!db)
		return -1;
	pthread_mutex_lock(&db->lock);
	rc = change_locked(db, change, e);
	pthread_mutex_unlock(&db->lock);
	return rc < 0 ? err_wrap(e, "changing the database server %s", db->name) : 0;
}

int
parts_database_door(struct parts *parts, const char *database, char **ret_address, int *ret_port,
		    struct err *e)
{
	const struct part_database *db = part_database_find(parts, database, e);

	if (!db)
		return -1;
	*ret_address = xstrdup(db->address);
	*ret_port = part_firewall_port(db->back);
	return 0;
}

int
parts_query(struct parts *parts, const char *database, const char *of, const char *sql,
	    cJSON **ret_result, struct err *e)
{
	const struct part_database *db = part_database_find(parts, database, e);
	struct postgres *pg = NULL;
	int rc;

	if (!db || part_postgresql_connect(db, of, &pg, e) < 0)
		return -1;
	rc = postgres_query(pg, sql, NULL, 0, 0, parts->options.cancel, ret_result, e);
	postgres_free(pg);
	return rc;
}
