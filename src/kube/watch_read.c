#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "kube/client_private.h"
#include "kube/follower.h"
#include "kube/status.h"

enum {
	WATCH_MIN_S = 300,
	WATCH_MAX_S = 600,
	WATCH_GRACE_MS = 30000,	 /* how late the server may end a watch */
	STREAM_QUIET_MS = 10000, /* for so long nothing of the first rows: it knows no streams */
	SHORT_WATCH_MS = 1000,
	MAX_SHORT_WATCHES = 4,
	MAX_EVENT = 32 << 20,
	TICK_ROWS = 500,
	GATHER_MS =
		50, /* of events that come one after the other; who shows them makes ten pictures a second */
};

/* One watch under way. */
struct watch {
	struct follower *f;
	struct outcome *out; /* its phase is the watch's own */
	struct str carry;
	size_t events, rows;
	int64_t last_added_ms; /* of a stream */
	bool has_begun;	       /* its list */
	bool is_over;	       /* we end it: `out` says why */
};

static bool
end_watch(struct watch *w, enum ending ending)
{
	w->out->ending = ending;
	w->is_over = true;
	return false;
}

static bool
give_up_stream(struct watch *w, const char *why)
{
	err_set(&w->out->error, ERR_REMOTE, "%s: %s", w->f->watch_label, why);
	return end_watch(w, REFUSED);
}

static void
skip(struct watch *w, const struct err *why)
{
	w->f->has_missed = true;
	follower_skip(w->f, w->f->watch_label, why);
}

/* The rest of the stream is a watch. */
static void
complete_stream(struct watch *w, const cJSON *table)
{
	struct follower *f = w->f;

	follower_remember_version(f, table_resource_version(table));
	w->out->phase = IN_WATCH;
	follower_progress(f, w->rows, 0);
	if (f->handler->listed)
		f->handler->listed(f->data, true);
}

static void
take_rows(struct watch *w, const cJSON *table, table_row_fn *take)
{
	const cJSON *row;
	struct err e = ERR_INIT;

	cJSON_ArrayForEach(row, json_at(table, "rows")) {
		if (table_row(&w->f->table, row, take, &e) < 0)
			skip(w, &e);
		if (w->out->phase == IN_STREAM && ++w->rows % TICK_ROWS == 0)
			follower_progress(w->f, w->rows, -1);
	}
}

/* A server that takes no notice of what a stream should be goes on with its changes for ever. */
static bool
is_overdue(struct watch *w, bool is_added)
{
	int64_t now_ms = clock_mono_ms();

	if (is_added || w->last_added_ms == 0)
		w->last_added_ms = now_ms;
	return now_ms - w->last_added_ms > STREAM_QUIET_MS;
}

static bool
take_table(struct watch *w, const char *type, const cJSON *table)
{
	struct follower *f = w->f;
	bool is_bookmark = strcmp(type, "BOOKMARK") == 0; /* its row is a blank one */

	if (w->out->phase == IN_STREAM && !w->has_begun)
		follower_begin_list(f);
	w->has_begun = true;
	table_columns(&f->table, json_at(table, "columnDefinitions"));
	if (!is_bookmark && !f->table.has_columns)
		return give_up_stream(w, "the first event has no columns");
	if (!is_bookmark)
		take_rows(w, table,
			  strcmp(type, "DELETED") ? f->handler->row : f->handler->removed);
	if (w->out->phase == IN_WATCH)
		follower_remember_version(f, table_resource_version(table));
	else if (is_bookmark && table_ends_initial_events(table))
		complete_stream(w, table);
	else if (is_overdue(w, strcmp(type, "ADDED") == 0))
		return give_up_stream(w, "the end of the first rows does not come");
	w->events++;
	f->is_gone = false;
	f->hiccups_from_ms = 0;
	follower_alive(f);
	return true;
}

/* Returns false where the event ends the watch. */
static bool
take_event(struct watch *w, const cJSON *event)
{
	static const char *const known[] = { "ADDED", "MODIFIED", "DELETED", "BOOKMARK" };
	const char *type = json_string(event, "type", "none");
	const cJSON *object = json_at(event, "object");
	const char *kind = json_string(object, "kind", "nothing");
	struct err e = ERR_INIT;

	if (strcmp(type, "ERROR") == 0) {
		long code = (long)json_int(object, "code", 0);

		kube_status_error(w->f->watch_label, code, object, &w->out->error);
		follower_sort_event(w->f, w->out, object);
		return end_watch(w, w->out->ending);
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(type, known[i]) == 0 && strcmp(kind, "Table") == 0)
			return take_table(w, type, object);
	err_set(&e, ERR_REMOTE, "an event of type %s with %s instead of a Table", type, kind);
	skip(w, &e);
	return true;
}

static bool
take_line(struct watch *w, const char *line, size_t len)
{
	struct err e = ERR_INIT;
	const cJSON *event;
	bool goes_on = true;

	if (len == 0)
		return true;
	event = table_parse(&w->f->table, line, len, &e);
	if (event) {
		goes_on = take_event(w, event);
	} else {
		err_wrap(&e, "a line of %zu bytes", len);
		skip(w, &e);
	}
	return goes_on;
}

/* Takes what comes before the next LF; a whole line is read where it lies. Returns the bytes taken. */
static size_t
take_piece(struct watch *w, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	size_t n = end ? (size_t)(end - bytes) : len;

	if (end && w->carry.len == 0) {
		take_line(w, bytes, n);
		return n + 1;
	}
	if (w->carry.len + n > MAX_EVENT) {
		err_set(&w->out->error, ERR_REMOTE, "%s: an event is larger than %d bytes",
			w->f->watch_label, MAX_EVENT);
		end_watch(w, FAILED);
		return len;
	}
	str_append_bytes(&w->carry, bytes, n);
	if (end) {
		take_line(w, w->carry.data, w->carry.len);
		str_clear(&w->carry);
	}
	return n + (end != NULL);
}

static bool
on_data(void *data, const char *bytes, size_t len_bytes)
{
	struct watch *w = data;

	for (size_t at = 0; at < len_bytes && !w->is_over;)
		at += take_piece(w, bytes + at, len_bytes - at);
	return !w->is_over;
}

static int
read_events(struct watch *w, struct http_response *response)
{
	struct follower *f = w->f;
	bool is_stream = w->out->phase == IN_STREAM;
	int64_t timeout_s = follower_random(WATCH_MIN_S, WATCH_MAX_S);
	struct str query = STR_INIT;

	str_printf(&query, "watch=1&allowWatchBookmarks=true&includeObject=%s&timeoutSeconds=%lld",
		   f->options->objects ? "Object" : "Metadata", (long long)timeout_s);
	if (is_stream)
		str_append(&query, "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
	follower_selectors(f, &query);
	follower_query(&query, "resourceVersion", f->resource_version);
	struct kube_request request = {
		.method = "GET",
		.path = f->options->path,
		.query = str_cstr(&query),
		.accept = follower_accept,
		.timeout_ms = -1,
		.idle_timeout_ms = is_stream ? STREAM_QUIET_MS : timeout_s * 1000 + WATCH_GRACE_MS,
		.on_data = on_data,
		.gather_ms = GATHER_MS,
		.data = w,
		.cancel = f->cancel,
	};
	int rc = kube_exchange(f->client, &request, response, &w->out->error);
	follower_warn(f, response);
	if (rc == 0 && !w->is_over)
		take_line(w, str_cstr(&w->carry), w->carry.len);
	str_release(&query);
	return rc;
}

/* The server, and not an error, ended it. */
static void
sort_clean_end(struct watch *w, int64_t lasted_ms)
{
	struct follower *f = w->f;

	f->short_watches = lasted_ms < SHORT_WATCH_MS ? f->short_watches + 1 : 0;
	if (w->out->phase == IN_STREAM) {
		give_up_stream(w, "it ended before the end of the first rows");
	} else if (f->short_watches > 0 &&
		   (w->events == 0 || f->short_watches > MAX_SHORT_WATCHES)) {
		err_set(&w->out->error, ERR_REMOTE, "%s: the server ended the watch at once",
			f->watch_label);
		w->out->ending = CLOSED_AT_ONCE;
	} else {
		w->out->ending = CLOSED;
	}
}

/* Silence for as long as we allow: of a stream it is nothing bad. */
static enum ending
ending_of_silence(const struct watch *w, bool was_stream)
{
	if (!was_stream)
		return FAILED;
	return w->out->phase == IN_STREAM ? REFUSED : QUIET;
}

void
watch_read(struct follower *f, enum phase phase, struct outcome *out)
{
	struct watch w = { .f = f, .out = out };
	struct http_response response = HTTP_RESPONSE_INIT;
	int64_t started_ms = clock_mono_ms();
	int rc;

	out->phase = phase;
	rc = read_events(&w, &response);
	if (w.is_over)
		rc = 0;
	else if (rc == 0)
		sort_clean_end(&w, clock_mono_ms() - started_ms);
	else if (out->error.kind == ERR_TIMEOUT && response.status == 200)
		out->ending = ending_of_silence(&w, phase == IN_STREAM);
	else
		follower_sort_failure(f, out, &response);
	http_response_release(&response);
	str_release(&w.carry);
}
