#ifndef LIFEBOAT_UI_PLAIN_PLAIN_LOOK_H
#define LIFEBOAT_UI_PLAIN_PLAIN_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/plain/plain.h"
#include "ui/text/lines.h"

/* Looks in line mode. They read, and decide nothing; main thread, which goes on saying what happens in the run. */

/* plain_look.c: looks at what is known already, and what all looks say themselves by. */
/* Begins a look; `filter` is a pattern's text, or NULL for all lines. Errors: those of pattern_new(). */
int plain_look_begin(struct plain *plain, const char *filter, struct err *e);
void plain_look_end(struct plain *plain);
/* A line of the look, unless the filter leaves it out; returns whether it was said. */
bool plain_look_say(struct plain *plain, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Whether the filter lets a line pass; counts those that it leaves out. */
bool plain_look_passes(struct plain *plain, const char *line);
/* A line that no filter leaves out. */
void plain_look_head(struct plain *plain, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The lines of a page, all of them or those that pass. */
void plain_look_lines(struct plain *plain, const struct lines *lines);
/* How wide a text is laid out: what is filtered is not broken. */
int plain_look_columns(const struct plain *plain);
/* The looks. `rest` is what follows the word. Errors: ERR_USAGE, and those of what is done. */
int plain_look_steps(struct plain *plain, const char *rest, struct err *e);
int plain_look_step(struct plain *plain, const char *rest, struct err *e);
int plain_look_why(struct plain *plain, const char *rest, struct err *e);
int plain_look_output(struct plain *plain, const char *rest, struct err *e);
int plain_look_impact(struct plain *plain, const char *rest, struct err *e);
int plain_look_audit(struct plain *plain, const char *rest, struct err *e);
int plain_look_preflight(struct plain *plain, const char *rest, struct err *e);
int plain_look_search(struct plain *plain, const char *rest, struct err *e);

/* plain_feeds.c: clusters, as they are when somebody looks. */
/* Feeds for one look; false: it is given up. plain_feeds_end() in either case. */
bool plain_feeds_begin(struct plain *plain);
void plain_feeds_end(struct plain *plain);
bool plain_gives_up(const struct plain *plain);
struct patience {
	int64_t begun_ms; /* monotonic */
	bool is_told;
};
struct patience plain_patience(void);
/* Looks on until then (monotonic) at most, or until something has come; what happens in the run meanwhile is said. */
void plain_look_on(struct plain *plain, struct patience *patience, int64_t until_ms);
/* What is wrong with the data of a feed. */
void plain_say_health(struct plain *plain, const struct feed_health *health);
bool plain_has_feed(const struct plain *plain, enum feed_choice_kind kind);

/* plain_tables.c: pods and other objects. */
enum { PLAIN_PATIENCE_MS = 10000, PLAIN_QUIET_MS = 300 };
int plain_look_pods(struct plain *plain, const char *rest, struct err *e);
int plain_look_resource(struct plain *plain, const char *rest, struct err *e);

/* plain_objects.c: single objects by their name. */
struct plain_object {
	struct feed_choice of; /* the source that has it */
	char *ns, *name;
};
struct plain_objects {
	struct plain_object *items;
	size_t count, cap;
};
void plain_objects_release(struct plain_objects *objects);
/*
 * Finds objects by their name, or a part of it, or RESOURCE/NAME; between plain_feeds_begin() and _end(). Errors:
 * ERR_USAGE: there is none, or several have that part of a name.
 */
int plain_objects_find(struct plain *plain, const char *name, struct plain_objects *ret_objects,
		       struct err *e);
int plain_look_details(struct plain *plain, const char *rest, struct err *e);

/* plain_tables.c, for plain_objects.c: each table in turn, listed; take() returns false where that is enough. */
typedef bool plain_table_fn(struct plain *plain, const struct feed_choice *choice,
			    struct table_feed *feed, void *data);
void plain_each_table(struct plain *plain, const char *resource, bool is_everywhere,
		      plain_table_fn *take, void *data);

/* plain_logs.c */
int plain_look_logs(struct plain *plain, const char *rest, struct err *e);

#endif
