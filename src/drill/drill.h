#ifndef LIFEBOAT_DRILL_DRILL_H
#define LIFEBOAT_DRILL_DRILL_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * The world of a drill, seen from the drill: a process of its own (lifeboat-world) that ends with us, and what it says.
 * It is started by the main thread, and ends when that does; then one thread at a time.
 */
struct drill;

struct drill_options {
	const char *
		program; /* lifeboat-world; NULL: where it was installed, or beside us in a build */
	const char *world;	     /* the world file */
	const char *const *variants; /* end with NULL */
	double speed;
	uint64_t seed;
	/* What goes on while it starts: "PostgreSQL is up", 4 of 11. */
	void (*progress)(void *data, const char *what, int done, int of);
	/* What somebody should know of it: what a crash had left was removed, its usual network was taken. May be NULL. */
	void (*remark)(void *data, const char *text);
	void *data;
};

/* Starts it and waits until it is ready. Errors are the world's own, e.g. the Debian package that is missing. */
int drill_start(const struct drill_options *options, struct drill **ret_drill, struct err *e);
/* Ends it and waits until nothing is left of it. */
void drill_free(struct drill *drill);

/* world_facts(). Borrowed. */
const cJSON *drill_facts(const struct drill *drill);
/* Readable when the world has said something; the next message, or NULL. The caller deletes. */
int drill_fd(const struct drill *drill);
cJSON *drill_next(struct drill *drill);
/* It is gone, or no more can be understood, and drill_next() has given all that it said. */
bool drill_has_ended(const struct drill *drill);
/* How a world came to its end that has ended by itself, and what it said last. Returns -1. */
int drill_explain_end(struct drill *drill, struct err *e);

/* Makes this process one of the world: environment (KUBECONFIG, PGSERVICEFILE, PGPASSFILE, HOME, PATH …) and fence. Once, before threads. */
int drill_enter(struct drill *drill, struct err *e);

#endif
