#ifndef LIFEBOAT_WORLD_PART_PARTS_H
#define LIFEBOAT_WORLD_PART_PARTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "world/api/authority.h"

/*
 * The real servers of a world: PostgreSQL, Knot DNS, and web sites. Each is started unprivileged where its program refuses
 * root, listens on the world's addresses alone, keeps everything in the world's folder, and is ended by the process id that
 * was started; no program is looked for by name. Any thread; calls may block for seconds and obey `cancel`.
 */
struct parts;
struct cancel;

struct parts_options {
	const char *folder; /* of the world */
	const char *prefix; /* "127.21.7." */
	double speed;
	uint64_t seed;
	const struct cancel *cancel;
	/* An authority by the name that the world file gives it; NULL: the world's own, which signs for databases. */
	const struct authority *(*authority)(void *data, const char *name);
	/* A process was started or ended: world.json must know, so that the next world can clean up. On a thread of its own. */
	void (*process)(void *data, const char *name, int64_t pid, int64_t started_ticks, int up);
	void *data;
	/* One of the world file's `certificates` with its chain, and its key, as PEM, borrowed; false: there is none. May be NULL. */
	bool (*certificate)(void *data, const char *name, const char **ret_chain,
			    const char **ret_key);
	/* A server has ended by itself; `why` is for people. On a thread of its own. May be NULL. */
	void (*lost)(void *data, const char *name, const char *why);
};

/* Nothing is started yet. The strings of the options are copied. */
struct parts *parts_new(const struct parts_options *options);
/* Ends all of them: SIGTERM (PostgreSQL: SIGINT, then SIGQUIT), SIGKILL after three seconds. */
void parts_free(struct parts *parts);

/*
 * Each takes one element of the world file's `databases`, `zones` or `sites`, expanded; they may run at once in threads of
 * their own. ERR_NOT_FOUND names the Debian package that is missing; ERR_NET the address that is taken.
 */
int parts_database(struct parts *parts, const cJSON *database, struct err *e);
int parts_zone(struct parts *parts, const cJSON *zone, struct err *e);
int parts_site(struct parts *parts, const cJSON *site, struct err *e);
/* A dump of one of its databases into a file: {database, of, format, truncated}. */
int parts_dump(struct parts *parts, const cJSON *dump, const char *path, struct err *e);

/* As the actors say: a site goes up or silent, a firewall blocks a database, a zone's records are others, SQL is run. */
int parts_change(struct parts *parts, const char *kind, const cJSON *change, struct err *e);

/*
 * The way by which the world's actors come to a database server, as an address (the caller frees) and a port: a port
 * that `blocked` shuts, while the operator's stays open. Connections from the world's own addresses to the operator's
 * port count as those of actors, too. ERR_NOT_FOUND: there is no such server.
 */
int parts_database_door(struct parts *parts, const char *database, char **ret_address,
			int *ret_port, struct err *e);
/* Asks one query of the database `of` as the superuser, whatever stands before the server: postgres_query()'s result. */
int parts_query(struct parts *parts, const char *database, const char *of, const char *sql,
		cJSON **ret_result, struct err *e);
/*
 * How many requests a site has answered so far. `method` NULL: any; `path` without its query, with `*` at its end what
 * begins so; NULL: any.
 */
uint64_t parts_site_requests(struct parts *parts, const char *site, const char *method,
			     const char *path);

#endif
