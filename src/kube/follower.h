#ifndef LIFEBOAT_KUBE_FOLLOWER_H
#define LIFEBOAT_KUBE_FOLLOWER_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "kube/list_watch.h"
#include "kube/table.h"
#include "net/http/http.h"

/*
 * Internal to src/kube/: what list_watch.c (the loop, and its table of what to do when), list_read.c
 * and watch_read.c share.
 */

/* What is being done. A stream becomes a watch as soon as all rows of its beginning are there. */
enum phase {
	IN_GLANCE = 1 << 0, /* a list of bare rows, maybe from a cache */
	IN_LIST = 1 << 1,
	IN_STREAM = 1 << 2, /* a watch that begins with all rows */
	IN_WATCH = 1 << 3,
	ANYWHERE = IN_GLANCE | IN_LIST | IN_STREAM | IN_WATCH,
};

/* How it ended. */
enum ending {
	DONE = 1 << 0,		 /* the list is complete */
	CLOSED = 1 << 1,	 /* the server ended the watch, as it does now and then */
	CLOSED_AT_ONCE = 1 << 2, /* the same, with no event, or again and again */
	QUIET = 1 << 3,		 /* a stream, complete, had nothing more to say */
	REFUSED = 1 << 4,	 /* the server does not know streams, or does not do as it should */
	GONE = 1 << 5,		 /* 410: our resource version is too old */
	GONE_AGAIN = 1 << 6,	 /* that of a list just made */
	AHEAD = 1 << 7,		 /* our resource version is newer than the server's cache */
	UNREACHABLE = 1 << 8,	 /* nobody answered */
	THROTTLED = 1 << 9,	 /* 429 */
	HICCUP = 1 << 10,	 /* an internal error in a stream, the first ones of a minute */
	FAILED = 1 << 11,	 /* all else */
	ANYHOW = (1 << 12) - 1,
};

struct outcome {
	enum phase phase;
	enum ending ending;
	struct err error;  /* unless it ended well */
	int64_t asked_ms;  /* the delay that the server asks for, or 0 */
	bool is_forbidden; /* 403: only an administrator can change that */
};

struct follower {
	struct kube_client *client;
	const struct kube_list_watch_options *options;
	const struct kube_list_watch_handler *handler;
	void *data;
	const struct cancel *cancel;
	struct table_reader table;
	char *list_label, *watch_label; /* how messages call the two */
	char *resource_version;		/* up to where we know all; NULL: nowhere */
	bool has_no_streams;
	bool is_gone;		 /* a version was found gone, and no event came since */
	bool has_missed;	 /* an event could not be read: what it said may be news */
	int short_watches;	 /* in a row */
	int64_t hiccups_from_ms; /* the first of those without an event between them; 0: none */
	int64_t backoff_ms, last_failure_ms;
	char **warnings; /* that were shown */
	size_t warnings_count, warnings_cap;
};

/* The steps, in list_read.c and watch_read.c. Each fills *out. */
void list_read(struct follower *f, enum phase phase, struct outcome *out);
void watch_read(struct follower *f, enum phase phase, struct outcome *out);

extern const char follower_accept[];
int64_t follower_random(int64_t low, int64_t high);
/* Appends "&name=value", encoded; nothing for NULL or "". */
void follower_query(struct str *query, const char *name, const char *value);
void follower_selectors(const struct follower *f, struct str *query);
void follower_remember_version(struct follower *f, const char *version);
void follower_begin_list(struct follower *f);
void follower_alive(struct follower *f);
void follower_progress(struct follower *f, size_t rows, int64_t left);
/* Something that could not be decoded was passed over. `where` is what messages call the request. */
void follower_skip(struct follower *f, const char *where, const struct err *why);
/* Passes the warnings of an answer on, each once. */
void follower_warn(struct follower *f, const struct http_response *response);
/* Fills *out but for its error, of an exchange that failed, or of the Status in an ERROR event. */
void follower_sort_failure(struct follower *f, struct outcome *out,
			   const struct http_response *response);
void follower_sort_event(struct follower *f, struct outcome *out, const cJSON *status);

#endif
