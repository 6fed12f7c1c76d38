#ifndef LIFEBOAT_UI_START_START_LIST_H
#define LIFEBOAT_UI_START_START_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* In the order of the page's sections. */
enum start_kind { START_OPEN_RUN, START_RUNBOOK, START_DRILL, START_ENDED_RUN };

/* How far a run has come, or whether a runbook is sound. */
enum start_state {
	START_SOUND,
	START_LEFT,
	START_HELD,    /* another process works on the run */
	START_UNKNOWN, /* a step of the run may or may not have happened */
	START_PASSED,
	START_FAILED,
	START_BROKEN, /* it cannot be read, or has errors */
};

/* One row. Strings as they come: painting sanitises them. */
struct start_entry {
	enum start_kind kind;
	enum start_state state;
	char *word;    /* what the command line calls it: a run's id, a runbook's file */
	char *id;      /* the first column */
	char *title;   /* the second one */
	char *about;   /* the last one, in a few words */
	char *details; /* sentences, or NULL */
	char *runbook; /* its id: that of the run, or its own */
};

/*
 * Where rows come in from threads that look for them, each at its own pace: one that hangs holds up
 * nobody. It lives until the page and the last of the threads have let it go.
 */
struct start_inbox;

/* Hands a row over. From any thread. */
void start_inbox_add(struct start_inbox *inbox, struct start_entry *entry);
/* What is to be said beside a runbook: how its last run went. From any thread. */
void start_inbox_note(struct start_inbox *inbox, const char *runbook, const char *note);
/* False: the page is gone or wants to begin anew, so that nobody needs the rest. */
bool start_inbox_is_wanted(struct start_inbox *inbox);

/* A thread's work: it looks for rows and hands them over. May block. */
struct start_collector {
	void (*collect)(struct start_inbox *inbox); /* NULL ends an array */
};

/* What the page shows now. Main thread only. */
struct start_list {
	struct start_inbox *inbox;
	struct start_entry **items; /* by section, in each as they came */
	size_t count, cap;
	struct start_entry **notes; /* of which `runbook` and `about` count */
	size_t notes_count, notes_cap;
	size_t collectors, finished;
};

/* Begins to collect; an array that ends with a NULL. */
void start_list_init(struct start_list *list, const struct start_collector *collectors);
void start_list_release(struct start_list *list);

/* Readable while rows wait to be taken in. */
int start_list_fd(const struct start_list *list);
/* Takes in what has come, waiting at most so long for the first; true: there was something. */
bool start_list_take(struct start_list *list, int timeout_ms);
bool start_list_is_complete(const struct start_list *list);
/* How the last run of a row's runbook went, or NULL. */
const char *start_list_note(const struct start_list *list, const struct start_entry *entry);

#endif
