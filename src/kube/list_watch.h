#ifndef LIFEBOAT_KUBE_LIST_WATCH_H
#define LIFEBOAT_KUBE_LIST_WATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/err.h"
#include "kube/client.h"

/*
 * One row of the server's own Table, with what identifies its object. Borrowed: valid in the
 * callback.
 */
struct kube_row {
	const char *uid;       /* "" in a first glance, where only the cells are known */
	const char *name, *ns; /* ns of a first glance: the options' */
	const char *created;   /* RFC 3339, or "" in a first glance */
	const cJSON *cells;    /* array, in the order of the columns */
	/* The object's metadata (without managedFields unless whole objects are asked for); NULL in a glance. */
	const cJSON *metadata;
	const cJSON *object; /* the whole object where the options ask for it, else NULL */
};

/*
 * All callbacks run on the thread that called kube_list_watch(); those that are not wanted are NULL, but
 * for row and removed.
 */
struct kube_list_watch_handler {
	/* The Table's columns ({"name":"Ready","type":"string","priority":0}); before any row. */
	void (*columns)(void *data, const cJSON *column_definitions);
	/* A list begins (rows follow, then listed()); what the list does not name is gone. */
	void (*list_begin)(void *data);
	void (*row)(void *data, const struct kube_row *row); /* added or changed */
	/*
	 * The list is complete. `exact` is false for a first glance, which a cache may have answered: good to
	 * look at, not to decide by; an exact list follows at once.
	 */
	void (*listed)(void *data, bool exact);
	void (*removed)(void *data, const struct kube_row *row);
	/* Something arrived (a page, an event, a bookmark): the data is as of now. */
	void (*alive)(void *data);
	/* So many rows of a long list are here; `left` are still to come (-1: the server does not say). */
	void (*progress)(void *data, size_t rows, int64_t left);
	/* The connection failed or the server refused; a new try comes after delay_ms. */
	void (*failed)(void *data, const struct err *e, int64_t delay_ms);
	/* An object or a line that could not be decoded was passed over; `why` says which and where. */
	void (*skipped)(void *data, const char *why);
	/* The server sent a Warning header (its text); once for each text. */
	void (*warning)(void *data, const char *text);
};

struct kube_list_watch_options {
	const char *path;			     /* of the collection */
	const char *ns;				     /* that the path names; NULL: all, or none */
	const char *label_selector, *field_selector; /* or NULL */
	bool glance; /* first of all the bare Table from the server's cache (needs ns or a cluster's resource) */
	bool objects; /* whole objects in the rows: for few of them */
};

/*
 * Follows a collection as the server's Table for as long as `cancel` is not requested; it always ends
 * by that. A glance where wanted, then the rows with their metadata: by a watch that begins with all
 * of them (sendInitialEvents) where the server knows it, else by LIST in pages of 500; then WATCH with
 * bookmarks. Nothing of it is ever a tree of a whole list: rows are cut out of the stream and parsed one
 * by one. A clean end of a watch opens the next one, 410 lists again, failures back off (0.8 s doubling
 * to 30 s, with full jitter; Retry-After is honoured). 403 keeps trying at 30 s. Source: client-go's
 * reflector; Kubernetes API concepts, "Efficient detection of changes", "Streaming lists".
 */
void kube_list_watch(struct kube_client *client, const struct kube_list_watch_options *options,
		     const struct kube_list_watch_handler *handler, void *data,
		     const struct cancel *cancel);

#endif
