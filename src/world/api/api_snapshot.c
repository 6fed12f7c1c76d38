#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/selector.h"

/*
 * A list as it was at a version: the list of now, with what has happened since taken back. So a list in pages is of one
 * version, as one of etcd is.
 */

void
api_drop_items(const struct stored **items, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stored_drop(items[i]);
	free(items);
}

static int
order_of(const struct stored *a, const struct stored *b)
{
	int order = strcmp(a->ns, b->ns);

	return order ? order : strcmp(a->name, b->name);
}

/* What is taken back of one object: the first change behind the version decides. */
struct undo {
	struct store_event event;
	size_t at; /* which change it was */
};

static int
compare_undos(const void *left, const void *right)
{
	const struct undo *a = left, *b = right;
	int order = order_of(a->event.stored, b->event.stored);

	if (order)
		return order;
	return a->at < b->at ? -1 : a->at > b->at;
}

static int
collect(struct store *store, const struct kind *kind, const char *ns, uint64_t version,
	uint64_t until, struct undo **ret_undos, size_t *ret_count, struct refusal *r)
{
	struct store_watch *watch = NULL;
	struct store_event event;
	size_t cap = 0;
	int rc = store_watch_new(store, kind, ns, version, &watch, r);

	while (rc == 0) {
		rc = store_watch_next(watch, 0, &event, r);
		if (rc < 0 || event.type == STORE_NOTHING)
			break;
		if (event.version > until) {
			stored_drop(event.stored);
			stored_drop(event.before);
			break;
		}
		*VEC_PUSH(*ret_undos, *ret_count, cap) =
			(struct undo){ .event = event, .at = *ret_count };
	}
	store_watch_free(watch);
	return rc;
}

/* How one object was before its first change; NULL: it was not there. Held for the caller. */
static const struct stored *
state_before(const struct store_event *event)
{
	if (event->type == STORE_ADDED)
		return NULL;
	return stored_hold(event->before);
}

/* Merges the list of now with the undos, both in order. Takes over what `now` holds. */
static size_t
merge(const struct stored **now, size_t now_count, const struct undo *undos, size_t undos_count,
      const struct stored **out)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < undos_count; i++) {
		const struct stored *what = undos[i].event.stored, *was;

		if (i > 0 && order_of(undos[i - 1].event.stored, what) == 0)
			continue;
		while (at < now_count && order_of(now[at], what) < 0)
			out[count++] = now[at++];
		if (at < now_count && order_of(now[at], what) == 0)
			stored_drop(now[at++]);
		was = state_before(&undos[i].event);
		if (was)
			out[count++] = was;
	}
	while (at < now_count)
		out[count++] = now[at++];
	return count;
}

int
api_snapshot(struct store *store, const struct kind *kind, const char *ns, uint64_t version,
	     const struct stored ***ret_items, size_t *ret_count, uint64_t *ret_version,
	     struct refusal *r)
{
	struct undo *undos = NULL;
	size_t undos_count = 0, now_count;
	uint64_t now_version;
	const struct stored **now = store_list(store, kind, ns, &now_count, &now_version);
	int rc = 0;

	if (version && version < now_version)
		rc = collect(store, kind, ns, version, now_version, &undos, &undos_count, r);
	if (rc == 0) {
		const struct stored **items = xcalloc(now_count + undos_count + 1, sizeof(*items));

		if (undos_count)
			qsort(undos, undos_count, sizeof(*undos), compare_undos);
		*ret_count = merge(now, now_count, undos, undos_count, items);
		*ret_items = items;
		*ret_version = version && version < now_version ? version : now_version;
		free(now);
	} else {
		api_drop_items(now, now_count);
	}
	for (size_t i = 0; i < undos_count; i++) {
		stored_drop(undos[i].event.stored);
		stored_drop(undos[i].event.before);
	}
	free(undos);
	return rc;
}

int
api_selectors(const struct api_request *request, struct selector **ret_labels,
	      struct selector **ret_fields, struct refusal *r)
{
	struct selector *labels = NULL, *fields = NULL;
	const char *text = api_query(request, "fieldSelector");
	char *named = NULL;
	int rc;

	if (*request->place.name) { /* a list or a watch of one object */
		named = xasprintf("metadata.name=%s%s%s", request->place.name, text ? "," : "",
				  text ? text : "");
		text = named;
	}
	rc = selector_parse_labels(api_query(request, "labelSelector"), &labels, r);
	if (rc == 0)
		rc = selector_parse_fields(text, request->place.kind, &fields, r);
	free(named);
	if (rc < 0) {
		selector_free(labels);
		return -1;
	}
	*ret_labels = labels;
	*ret_fields = fields;
	return 0;
}

bool
api_selects(const struct kind *kind, const struct selector *labels, const struct selector *fields,
	    const struct stored *stored)
{
	cJSON *made = NULL;
	bool yes = true;

	if (labels || fields) {
		const cJSON *object = api_in_version(kind, stored, &made);

		yes = selector_matches(labels, object) && selector_matches(fields, object);
	}
	cJSON_Delete(made);
	return yes;
}
