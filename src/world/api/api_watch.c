#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/api/api.h"
#include "world/object/selector.h"
#include "world/printer/printer.h"

/* A watch: what is there, where that is asked for, and every change behind it, one line of JSON each. */

enum {
	BOOKMARK_MS = 60 * 1000,
	LEAST_S = 30 * 60,	  /* of a watch that says nothing of its end; up to twice that */
	BEFORE_END_MS = 2 * 1000, /* when the last bookmark comes */
};

struct watching {
	struct api_stream stream;   /* first */
	struct api_request request; /* of what is asked: kind, query, accept; its texts are ours */
	struct store_watch *watch;
	struct selector *labels, *fields;
	enum api_form form;
	bool bookmarks, last_bookmark_told, headers_told;
	const struct stored **begin; /* what is told first */
	size_t begin_count, begin_at;
	uint64_t begin_version; /* 0: no word at the end of it */
	int64_t bookmark_at_ms, end_at_ms;
};

/* ---- one event ---- */

static const char *const type_words[] = {
	[STORE_ADDED] = "ADDED",
	[STORE_MODIFIED] = "MODIFIED",
	[STORE_DELETED] = "DELETED",
};

static void
append_event(struct str *out, const char *type, const cJSON *object)
{
	char *text = json_print(object);

	str_printf(out, "{\"type\":\"%s\",\"object\":", type);
	str_append(out, text);
	str_append(out, "}\n");
	free(text);
}

static cJSON *
table_of(struct watching *w, const struct stored *stored)
{
	cJSON *table = api_table(&w->request, &stored, 1, !w->headers_told);
	cJSON *metadata = json_at(table, "metadata");
	char *version = xasprintf("%llu", (unsigned long long)stored->version);

	w->headers_told = true;
	cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
	json_add_string(metadata, "resourceVersion", version);
	free(version);
	return table;
}

/* `version`: of the event, where it is not the object's. */
static void
tell(struct watching *w, const char *type, const struct stored *stored, uint64_t version,
     struct str *out)
{
	cJSON *made = NULL;
	const cJSON *object;

	if (w->form == API_TABLE)
		object = made = table_of(w, stored);
	else if (w->form == API_METADATA)
		object = made = printer_metadata(stored);
	else
		object = api_in_version(w->request.place.kind, stored, &made);
	if (version != stored->version) {
		char *number = xasprintf("%llu", (unsigned long long)version);

		if (!made)
			object = made = cJSON_Duplicate(object, true);
		cJSON *metadata = json_at(made, "metadata");
		cJSON_DeleteItemFromObjectCaseSensitive(metadata, "resourceVersion");
		json_add_string(metadata, "resourceVersion", number);
		free(number);
	}
	append_event(out, type, object);
	cJSON_Delete(made);
}

static bool
is_selected(const struct watching *w, const struct stored *stored)
{
	return api_selects(w->request.place.kind, w->labels, w->fields, stored);
}

/* What a change is to somebody who sees a part of the objects only. */
static void
tell_change(struct watching *w, const struct store_event *event, struct str *out)
{
	bool now = is_selected(w, event->stored);
	bool before = event->type == STORE_MODIFIED && is_selected(w, event->before);

	if (event->type != STORE_MODIFIED) {
		if (now)
			tell(w, type_words[event->type], event->stored, event->version, out);
	} else if (now) {
		tell(w, before ? "MODIFIED" : "ADDED", event->stored, event->version, out);
	} else if (before) {
		tell(w, "DELETED", event->before, event->version, out);
	}
}

static void
tell_bookmark(struct watching *w, uint64_t version, bool begun, struct str *out)
{
	const struct kind *kind = w->request.place.kind;
	char *api_version = kind_api_version(kind);
	char *number = xasprintf("%llu", (unsigned long long)version);
	cJSON *object = cJSON_CreateObject(), *metadata;

	json_add_string(object, "kind",
			w->form == API_TABLE	  ? "Table"
			: w->form == API_METADATA ? "PartialObjectMetadata"
						  : kind->name);
	json_add_string(object, "apiVersion",
			w->form == API_OBJECT ? api_version : "meta.k8s.io/v1");
	metadata = cJSON_AddObjectToObject(object, "metadata");
	json_add_string(metadata, "resourceVersion", number);
	if (w->form != API_TABLE)
		json_add(metadata, "creationTimestamp", cJSON_CreateNull());
	if (begun)
		json_add_string(cJSON_AddObjectToObject(metadata, "annotations"),
				"k8s.io/initial-events-end", "true");
	if (w->form == API_TABLE) {
		json_add(object, "columnDefinitions", cJSON_CreateArray());
		json_add(object, "rows", cJSON_CreateArray());
	}
	append_event(out, "BOOKMARK", object);
	cJSON_Delete(object);
	free(number);
	free(api_version);
}

/* ---- the stream ---- */

/* Says the next of what was there at the beginning. */
static void
tell_beginning(struct watching *w, struct str *out)
{
	const struct stored *item = w->begin[w->begin_at++];

	if (is_selected(w, item))
		tell(w, "ADDED", item, item->version, out);
	if (w->begin_at == w->begin_count && w->begin_version && w->bookmarks)
		tell_bookmark(w, w->begin_version, true, out);
	stored_drop(item);
}

static int
tell_refusal(struct refusal *r, struct str *out)
{
	cJSON *status = refusal_status(r);

	append_event(out, "ERROR", status);
	cJSON_Delete(status);
	refusal_release(r);
	return -1;
}

/* When there is something to do without any change. */
static int64_t
next_time(const struct watching *w)
{
	int64_t last = w->end_at_ms - BEFORE_END_MS;

	if (!w->bookmarks)
		return w->end_at_ms;
	if (!w->last_bookmark_told && last < w->bookmark_at_ms)
		return last;
	return w->bookmark_at_ms < w->end_at_ms ? w->bookmark_at_ms : w->end_at_ms;
}

/* The time for a bookmark, or for the end, has come. */
static int
tell_time(struct watching *w, uint64_t version, struct str *out)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms >= w->end_at_ms)
		return -1;
	if (!w->bookmarks || now_ms < next_time(w))
		return 0;
	w->last_bookmark_told = now_ms >= w->end_at_ms - BEFORE_END_MS;
	w->bookmark_at_ms = now_ms + BOOKMARK_MS;
	tell_bookmark(w, version, false, out);
	return 0;
}

static int
watching_next(struct api_stream *stream, struct str *out)
{
	struct watching *w = (struct watching *)stream;
	struct refusal r = REFUSAL_INIT;
	struct store_event event;

	if (w->begin_at < w->begin_count) {
		tell_beginning(w, out);
		return 0;
	}
	int64_t wait_ms = next_time(w) - clock_mono_ms();
	if (store_watch_next(w->watch, wait_ms > 0 ? wait_ms : 0, &event, &r) < 0)
		return tell_refusal(&r, out);
	if (event.type == STORE_NOTHING)
		return tell_time(w, event.version, out);
	tell_change(w, &event, out);
	stored_drop(event.stored);
	stored_drop(event.before);
	return clock_mono_ms() >= w->end_at_ms ? -1 : 0;
}

static void
watching_free(struct api_stream *stream)
{
	struct watching *w = (struct watching *)stream;

	while (w->begin_at < w->begin_count)
		stored_drop(w->begin[w->begin_at++]);
	free(w->begin);
	store_watch_free(w->watch);
	selector_free(w->labels);
	selector_free(w->fields);
	cJSON_Delete((cJSON *)(uintptr_t)w->request.query);
	free(w);
}

/* ---- how it begins ---- */

static int64_t
random_seconds(void)
{
	uint32_t chance = 0;

	if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
		chance = 0; /* half an hour will do as well */
	return LEAST_S + chance % LEAST_S;
}

static int
check_beginning(const struct api_request *request, bool *ret_all, struct refusal *r)
{
	const char *match = api_query(request, "resourceVersionMatch");
	bool asked = api_query(request, "sendInitialEvents");

	*ret_all = asked && api_query_bool(request, "sendInitialEvents");
	if (asked && !str_equal(match, "NotOlderThan"))
		return api_refuse_option(r, "ListOptions", "resourceVersionMatch",
					 "Forbidden: sendInitialEvents requires setting "
					 "resourceVersionMatch to NotOlderThan");
	if (!asked && match)
		return api_refuse_option(r, "ListOptions", "resourceVersionMatch",
					 "Forbidden: resourceVersionMatch is forbidden for watch "
					 "unless sendInitialEvents is provided");
	return 0;
}

/* What was there, and the watch behind it. */
static int
begin_with_all(struct watching *w, const char *ns, bool told, struct refusal *r)
{
	struct store *store = w->request.cluster->store;
	uint64_t version;

	if (api_snapshot(store, w->request.place.kind, ns, 0, &w->begin, &w->begin_count, &version,
			 r) < 0)
		return -1;
	w->begin_version = told ? version : 0;
	return store_watch_new(store, w->request.place.kind, ns, version, &w->watch, r);
}

static int
begin(struct watching *w, const struct api_request *request, struct refusal *r)
{
	const char *ns = *request->place.ns ? request->place.ns : NULL;
	const bool has_choice = api_query(request, "sendInitialEvents");
	int64_t timeout_s;
	uint64_t version;
	bool all;

	if (api_form(request, &w->form, r) < 0 || check_beginning(request, &all, r) < 0 ||
	    api_query_version(request, &version, r) < 0 ||
	    api_query_int(request, "timeoutSeconds", 0, &timeout_s, r) < 0 ||
	    api_selectors(request, &w->labels, &w->fields, r) < 0)
		return -1;
	w->bookmarks = api_query_bool(request, "allowWatchBookmarks");
	w->bookmark_at_ms = clock_mono_ms() + BOOKMARK_MS;
	if (timeout_s <= 0 || timeout_s > INT32_MAX)
		timeout_s = random_seconds();
	w->end_at_ms = clock_mono_ms() + timeout_s * 1000;
	if (all || (!has_choice && version == 0))
		return begin_with_all(w, ns, all, r);
	return store_watch_new(request->cluster->store, request->place.kind, ns, version, &w->watch,
			       r);
}

int
api_watch(struct api_request *request, struct api_answer *answer, struct refusal *r)
{
	struct watching *w = xcalloc(1, sizeof(*w));

	w->stream = (struct api_stream){ .next = watching_next, .free = watching_free };
	w->request = (struct api_request){
		.cluster = request->cluster,
		.query = cJSON_Duplicate(request->query, true),
		.place = { .kind = request->place.kind },
	};
	answer->code = 200;
	if (begin(w, request, r) == 0) {
		answer->stream = &w->stream;
		if (w->begin_count == 0 && w->begin_version && w->bookmarks)
			tell_bookmark(w, w->begin_version, true, &answer->body);
		return 0;
	}
	bool expired = r->code == 410;
	if (expired) /* the watch itself is granted, and ends at once */
		tell_refusal(r, &answer->body);
	watching_free(&w->stream);
	return expired ? 0 : -1;
}
