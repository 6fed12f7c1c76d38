#ifndef LIFEBOAT_WORLD_PART_PART_POSTGRESQL_H
#define LIFEBOAT_WORLD_PART_PART_POSTGRESQL_H

#include <pthread.h>
#include <stdbool.h>

#include "net/postgres/postgres.h"
#include "world/part/part_firewall.h"
#include "world/part/part_process.h"
#include "world/part/parts_internal.h"

/* One PostgreSQL of a world: element of the world file's `databases`. */

enum part_database_state {
	DATABASE_UP,
	DATABASE_STOPPED, /* the server is stopped, and nobody listens */
	DATABASE_BLOCKED, /* silent for the actors */
	DATABASE_SILENT,  /* silent for all */
};

struct part_database {
	struct parts *parts;
	char *name, *address;
	int port, inside; /* where it is said to listen, and where it does */
	char *programs;	  /* "/usr/lib/postgresql/15/bin" */
	char *folder;	  /* with data/ and passfile */
	char *password;	  /* of the superuser */
	struct part_user user;
	struct part_firewall *front, *back; /* of the operator, of the actors */
	pthread_mutex_t lock;		    /* of what is below */
	struct part_process *process;	    /* NULL: stopped */
	enum part_database_state state;
	struct part_database *next;
};

#define DATABASE_SUPERUSER "lifeboat"

/* The folder of the newest PostgreSQL's programs; NULL and ERR_NOT_FOUND with the package. The caller frees. */
char *part_postgresql_programs(struct err *e);

/* Makes the data folder: db->folder/data, with everything that the server reads. */
int part_postgresql_init(struct part_database *db, struct err *e);

/*
 * A server that was killed leaves a small segment of shared memory, which its next start or nobody would remove. `data` is
 * its data folder; whose server has ended in order has none.
 */
void part_postgresql_remove_segment(const char *data);

/* A connection of the superuser, past the firewall. */
int part_postgresql_connect(const struct part_database *db, const char *database,
			    struct postgres **ret_pg, struct err *e);
/* Makes its roles and databases, and fills them. */
int part_postgresql_fill(const struct part_database *db, const cJSON *element, struct err *e);
/* Runs statements in a database; `owner`: as that role, or NULL. */
int part_postgresql_run(const struct part_database *db, const char *database, const char *owner,
			const char *sql, struct err *e);

/* Has the server run for a moment, where it is stopped; with the lock held. */
int part_database_wake(struct part_database *db, struct err *e);
/* And leaves it as it is to be. */
void part_database_rest(struct part_database *db);

/* By its name; NULL and ERR_NOT_FOUND. */
struct part_database *part_database_find(struct parts *parts, const char *name, struct err *e);
int part_database_change(struct parts *parts, const cJSON *change, struct err *e);
/* Asks it to end, without waiting; frees it. For parts_free(). */
void part_database_ask_to_end(struct part_database *db);
void part_database_free(struct part_database *db);

#endif
