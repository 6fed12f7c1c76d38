#ifndef LIFEBOAT_KUBE_LIST_WATCH_H
#define LIFEBOAT_KUBE_LIST_WATCH_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cancel.h"
#include "base/err.h"
#include "kube/client.h"

/*
 * One row of the server's own Table, with what identifies its object. Borrowed: valid in the
 * callback.
 */
struct kube_row {
	const char *uid, *name, *ns;
	const char *created;   /* RFC 3339 */
	const cJSON *cells;    /* array, in the order of the columns */
	const cJSON *metadata; /* the object's metadata */
};

/* All callbacks run on the thread that called kube_list_watch(). */
struct kube_list_watch_handler {
	/* The Table's columns ({"name":"Ready","type":"string","priority":0}); before any row. */
	void (*columns)(void *data, const cJSON *column_definitions);
	/* A list begins (rows follow, then listed()); what the list does not name is gone. */
	void (*list_begin)(void *data);
	void (*row)(void *data, const struct kube_row *row); /* added or changed */
	void (*listed)(void *data);			     /* the list is complete */
	void (*removed)(void *data, const struct kube_row *row);
	/* Something arrived (an event, a bookmark): the data is as of now. */
	void (*alive)(void *data);
	/* The connection failed or the server refused; a new try comes after delay_ms. */
	void (*failed)(void *data, const struct err *e, int64_t delay_ms);
};

struct kube_list_watch_options {
	const char *path;			     /* of the collection */
	const char *label_selector, *field_selector; /* or NULL */
};

/*
 * Follows a collection as the server's Table: LIST in pages of 500, then WATCH with bookmarks, for
 * as long as `cancel` is not requested; it always ends by that. A clean end of a watch opens the
 * next one, 410 lists again, failures back off (0.8 s doubling to 30 s, with jitter). 403 keeps
 * trying at 30 s. Source: client-go's reflector; Kubernetes API concepts, "Efficient detection of
 * changes".
 */
void kube_list_watch(struct kube_client *client, const struct kube_list_watch_options *options,
		     const struct kube_list_watch_handler *handler, void *data,
		     const struct cancel *cancel);

#endif
