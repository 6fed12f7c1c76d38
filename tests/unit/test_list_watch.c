#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "http_server.h"
#include "kube/list_watch.h"
#include "kube/table.h"

/*
 * A follower against a scripted server: the test gives the answers to the lists, watches and glances
 * in order (the last of each goes on for ever) and waits until the trace of callbacks holds what it
 * expects. Without streams, the server refuses them as one that does not know them.
 */
struct script {
	const char *lists[6];
	const char *watches[6]; /* a body; see serve_watch() for the signs before it */
	const char *streams[6];
	const char *glances[6];
	bool objects;
};

struct world {
	const struct script *script;
	struct http_server *server;
	struct cancel *cancel;
	atomic_int lists, watches, streams, glances;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct str trace;
	pthread_t thread;
	struct kube_access access;
	struct kube_list_watch_options options;
	int64_t failed_delay_ms;
	enum err_kind failed_kind;
	char failed_message[ERR_MESSAGE_MAX];
	char skipped_why[ERR_MESSAGE_MAX];
	size_t rows; /* as progress() had them */
	int64_t left;
	int lives;
};

static const char *
pick(const char *const items[6], int i)
{
	while (i > 0 && !items[i < 6 ? i : 5])
		i = i < 6 ? i - 1 : 4;
	return items[i];
}

/*
 * '=': then the connection stays open in silence; '!': it breaks off; "NNN ": an error status, with a
 * Retry-After where it says "later".
 */
static bool
serve_watch(struct server_connection *c, const char *body)
{
	if (body[0] >= '4' && body[0] <= '5')
		return server_reply(c, atoi(body), "application/json",
				    strstr(body, "later") ? "Retry-After: 2\r\n" : "", body + 4);
	if (strcmp(body, "close") == 0)
		return false;
	server_begin_chunks(c, "application/json");
	if (*body && !(strchr("=!", body[0]) && !body[1]))
		server_chunk(c, strchr("=!", body[0]) ? body + 1 : body);
	if (body[0] == '=')
		return server_stay_silent(c);
	return body[0] != '!' && server_end_chunks(c);
}

/* '!': the body is cut short; '~': with warnings; "NNN ": an error status. */
static bool
serve_list(struct server_connection *c, const char *body)
{
	if (strcmp(body, "close") == 0)
		return false;
	if (body[0] == '!')
		return server_begin_chunks(c, "application/json") && server_chunk(c, body + 1) &&
		       false;
	if (body[0] == '~')
		return server_reply(c, 200, "application/json",
				    "Warning: 299 - \"old \\\"v1\\\", use v2\" \"Sat, 21 Nov "
				    "2026 06:22:06 GMT\", 299 kube \"two\", 199 - \"misc\"\r\n"
				    "warning: 299 - \"two\"\r\n",
				    body + 1);
	if (body[0] >= '4' && body[0] <= '5')
		return server_reply(c, atoi(body), "application/json",
				    strstr(body, "later") ? "Retry-After: 2\r\n" : "", body + 4);
	return server_json(c, 200, body);
}

/* The words of kube-apiserver 1.20. */
static const char no_streams[] =
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"ListOptions.meta.k8s.io "
	"\\\"\\\" is "
	"invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch\","
	"\"reason\":\"Invalid\",\"code\":422}";

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;

	if (!server_has_header(
		    r, "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json"))
		return server_json(c, 406, "{}");
	if (strstr(r->target, "sendInitialEvents=true")) {
		const char *stream = pick(w->script->streams, atomic_fetch_add(&w->streams, 1));

		return stream ? serve_watch(c, stream) : server_json(c, 422, no_streams);
	}
	if (strstr(r->target, "watch=1"))
		return serve_watch(c, pick(w->script->watches, atomic_fetch_add(&w->watches, 1)));
	return serve_list(c, strstr(r->target, "resourceVersion=0")
				     ? pick(w->script->glances, atomic_fetch_add(&w->glances, 1))
				     : pick(w->script->lists, atomic_fetch_add(&w->lists, 1)));
}

static void
trace(struct world *w, const char *word, const char *detail)
{
	pthread_mutex_lock(&w->lock);
	str_printf(&w->trace, "%s%s%s ", word, *detail ? ":" : "", detail);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void
on_columns(void *data, const cJSON *columns)
{
	trace(data, "columns", json_string(columns, "0/name", "?"));
}

static void
on_list_begin(void *data)
{
	trace(data, "begin", "");
}

static void
on_row(void *data, const struct kube_row *row)
{
	char *text = xasprintf("%s/%s/%s/%s%s", row->ns, row->name, row->uid,
			       json_string(row->cells, "1", "-"), row->object ? "+object" : "");

	trace(data, "row", text);
	free(text);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	trace(data, "removed", row->name);
}

static void
on_listed(void *data, bool exact)
{
	trace(data, exact ? "listed" : "glanced", "");
}

static void
on_alive(void *data)
{
	struct world *w = data;

	w->lives++;
}

static void
on_progress(void *data, size_t rows, int64_t left)
{
	struct world *w = data;

	w->rows = rows;
	w->left = left;
}

static void
on_skipped(void *data, const char *why)
{
	struct world *w = data;

	snprintf(w->skipped_why, sizeof(w->skipped_why), "%s", why);
	trace(w, "skipped", "");
}

static void
on_warning(void *data, const char *text)
{
	trace(data, "warning", text);
}

static void
on_failed(void *data, const struct err *e, int64_t delay_ms)
{
	struct world *w = data;

	w->failed_delay_ms = delay_ms;
	w->failed_kind = e->kind;
	memcpy(w->failed_message, e->message, sizeof(w->failed_message));
	trace(w, "failed", err_kind_name(e->kind));
}

static const struct kube_list_watch_handler handler = {
	.columns = on_columns,
	.list_begin = on_list_begin,
	.row = on_row,
	.listed = on_listed,
	.removed = on_removed,
	.alive = on_alive,
	.progress = on_progress,
	.failed = on_failed,
	.skipped = on_skipped,
	.warning = on_warning,
};

static void *
follow(void *data)
{
	struct world *w = data;
	struct err e = ERR_INIT;
	struct kube_client *client = kube_client_new(&w->access, &e);

	kube_list_watch(client, &w->options, &handler, w, w->cancel);
	kube_client_free(client);
	return NULL;
}

static struct world *
start(const struct script *script)
{
	static char none[] = "";
	struct world *w = calloc(1, sizeof(*w));

	w->script = script;
	w->server = server_start(answer, w, NULL);
	w->cancel = cancel_new();
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->access.server = w->server->url;
	w->access.proxy_url = none;
	w->options = (struct kube_list_watch_options){ .path = "/api/v1/namespaces/tsb/pods",
						       .ns = "tsb",
						       .label_selector = "app in (a,b)",
						       .glance = script->glances[0] != NULL,
						       .objects = script->objects };
	pthread_create(&w->thread, NULL, follow, w);
	return w;
}

/* Waits until `part` is in the trace, for 8 s at most. */
static void
wait_for(struct world *w, const char *part)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 8;
	pthread_mutex_lock(&w->lock);
	while (rc == 0 && !strstr(str_cstr(&w->trace), part))
		rc = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	pthread_mutex_unlock(&w->lock);
	if (rc != 0)
		fail_msg("\"%s\" did not come in \"%s\" (%s)", part, str_cstr(&w->trace),
			 w->failed_message);
}

/* Ends the follower, which must not take 100 ms, and checks the whole trace (NULL: not). */
static void
finish(struct world *w, const char *expected)
{
	int64_t start_ms = clock_mono_ms();

	cancel_request(w->cancel);
	pthread_join(w->thread, NULL);
	assert_in_range(clock_mono_ms() - start_ms, 0, 99);
	if (expected)
		assert_string_equal(str_cstr(&w->trace), expected);
	server_stop(w->server);
	cancel_free(w->cancel);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->changed);
	str_release(&w->trace);
	free(w);
}

#define ROW(name, version, ready)                                                                  \
	"{\"cells\":[\"" name "\",\"" ready "\"],\"object\":{\"kind\":\"PartialObjectMetadata\","  \
	"\"metadata\":{\"name\":\"" name "\",\"namespace\":\"tsb\",\"uid\":\"u-" name "\","        \
	"\"resourceVersion\":\"" version "\"}}}"
#define COLUMNS "\"columnDefinitions\":[{\"name\":\"Name\",\"type\":\"string\",\"priority\":0}]"
#define PAGE(version, token, rows)                                                                 \
	"{\"kind\":\"Table\",\"metadata\":{\"resourceVersion\":\"" version                         \
	"\",\"continue\":\"" token "\"}," COLUMNS ",\"rows\":[" rows "]}"
#define EVENT(type, row)                                                                           \
	"{\"type\":\"" type                                                                        \
	"\",\"object\":{\"kind\":\"Table\",\"columnDefinitions\":null,\"rows\":[" row "]}}\n"
#define BOOKMARK(version)                                                                          \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\",\"rows\":[{\"cells\":[\"\",\"\"],"  \
	"\"object\":{\"metadata\":{\"name\":\"\",\"resourceVersion\":\"" version "\"}}}]}}\n"
#define STATUS(code, reason)                                                                       \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"later " reason                  \
	"\",\"reason\":\"" reason "\",\"code\":" #code "}"
#define ERROR_EVENT(code, reason) "{\"type\":\"ERROR\",\"object\":" STATUS(code, reason) "}\n"

#define BARE_ROW(name, ready) "{\"cells\":[\"" name "\",\"" ready "\"],\"object\":null}"
#define AHEAD                                                                                      \
	"{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"Timeout: Too large resource "   \
	"version: 9, current: 5\",\"reason\":\"Timeout\",\"code\":504"
#define AHEAD_CAUSE                                                                                \
	"{\"kind\":\"Status\",\"message\":\"Timeout\",\"code\":504,\"details\":{\"causes\":[{"     \
	"\"reason\":\"ResourceVersionTooLarge\",\"message\":\"x\"}]}}"
#define FIRST_EVENT(type, row)                                                                     \
	"{\"type\":\"" type "\",\"object\":{\"kind\":\"Table\"," COLUMNS ",\"rows\":[" row "]}}\n"
#define END_MARK "\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}"
#define STREAM_END(version)                                                                        \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\"," COLUMNS                           \
	",\"rows\":[{\"cells\":[\"\"],\"object\":{\"metadata\":{" END_MARK                         \
	",\"resourceVersion\":\"" version "\"}}}]}}\n"
#define STREAM_END_ABOVE(version)                                                                  \
	"{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Table\",\"metadata\":{" END_MARK            \
	",\"resourceVersion\":\"" version "\"}," COLUMNS ",\"rows\":[]}}\n"

static void
list_in_pages_then_watch(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "t/1", ROW("a", "1", "0/1")),
			   PAGE("5", "", ROW("b", "2", "1/1")) },
		.watches = { "=" EVENT("ADDED", ROW("c", "6", "0/1"))
				     EVENT("MODIFIED", ROW("a", "7", "1/1"))
					     EVENT("DELETED", ROW("b", "8", "1/1")) BOOKMARK("9") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "removed:b");
	assert_int_equal(server_count(w->server, "?includeObject=Metadata&limit=500&labelSelector="
						 "app%20in%20%28a%2Cb%29\n"),
			 1);
	assert_int_equal(server_count(w->server, "&continue=t%2F1\n"), 1);
	assert_int_equal(server_count(w->server, "?watch=1&allowWatchBookmarks=true&"), 2);
	assert_int_equal(server_count(w->server, "&resourceVersion=5\n"), 1);
	assert_int_equal(server_count(w->server, "resourceVersion=0"), 0);
	assert_int_equal(w->rows, 2);
	assert_int_equal(w->left, 0);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 row:tsb/b/u-b/1/1 listed row:tsb/c/u-c/0/1 "
		  "row:tsb/a/u-a/1/1 removed:b ");
}

static void
list_progress_tells_what_is_left(void **state)
{
	static const struct script script = {
		.lists = { "{\"kind\":\"Table\",\"metadata\":{\"continue\":\"t\","
			   "\"remainingItemCount\""
			   ":41}," COLUMNS ",\"rows\":[" ROW("a", "1", "0/1") "]}",
			   "503 " STATUS(503, "now") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote");
	assert_int_equal(w->rows, 1);
	assert_int_equal(w->left, 41);
	finish(w, NULL);
}

static void
glance_shows_bare_rows_then_exact_list_follows(void **state)
{
	static const struct script script = {
		.glances = { PAGE("4", "", BARE_ROW("a", "0/1") "," BARE_ROW("b", "1/1")) },
		.lists = { PAGE("5", "", ROW("a", "5", "1/1")) },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, " listed");
	assert_int_equal(server_count(w->server, "?includeObject=None&resourceVersion=0&labelSel"),
			 1);
	assert_int_equal(server_count(w->server, "&limit=500&"), 1);
	finish(w, "begin columns:Name row:tsb/a//0/1 row:tsb/b//1/1 glanced begin columns:Name "
		  "row:tsb/a/u-a/1/1 listed ");
}

static void
glance_that_fails_is_followed_by_the_exact_list(void **state)
{
	static const struct script script = {
		.glances = { "400 " STATUS(400, "BadRequest") },
		.lists = { PAGE("5", "", ROW("a", "5", "1/1")) },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, " listed");
	finish(w, "begin columns:Name row:tsb/a/u-a/1/1 listed ");
}

static void
glance_stays_when_the_exact_list_fails(void **state)
{
	static const struct script script = {
		.glances = { PAGE("4", "", BARE_ROW("a", "0/1")) },
		.lists = { "500 " STATUS(500, "InternalError"), "!{\"kind\":\"Tab",
			   PAGE("5", "", "") },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, " listed");
	assert_int_equal(w->glances, 1);
	finish(w, "begin columns:Name row:tsb/a//0/1 glanced failed:remote begin failed:net begin "
		  "columns:Name listed ");
}

static void
stream_lists_and_goes_on_as_the_watch(void **state)
{
	static const struct script script = {
		.streams = { "=" FIRST_EVENT("ADDED", ROW("a", "3", "0/1")) EVENT(
			"ADDED", ROW("b", "1", "0/1")) BOOKMARK("2") STREAM_END("7")
				     EVENT("MODIFIED", ROW("a", "8", "1/1")) },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a/u-a/1/1");
	assert_int_equal(server_count(w->server, "&sendInitialEvents=true&resourceVersionMatch="
						 "NotOlderThan&labelSelector="),
			 1);
	assert_int_equal(w->server->requests, 1);
	assert_int_equal(w->rows, 2);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 row:tsb/b/u-b/0/1 listed "
		  "row:tsb/a/u-a/1/1 ");
}

static void
stream_of_nothing_ends_by_either_mark(void **state)
{
	static const struct script script = {
		.streams = { STREAM_END_ABOVE("7") BOOKMARK("9") },
		.watches = { "=" EVENT("ADDED", ROW("a", "10", "1/1")) },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a");
	assert_int_equal(server_count(w->server, "&resourceVersion=9\n"), 1);
	finish(w, "begin columns:Name listed row:tsb/a/u-a/1/1 ");
}

static void
stream_refused_is_asked_for_once(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		.watches = { ERROR_EVENT(410, "Expired"), "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed begin columns:Name listed");
	assert_int_equal(w->streams, 1);
	finish(w, "begin columns:Name listed begin columns:Name listed ");
}

static void
stream_without_columns_or_end_falls_back_to_a_list(void **state)
{
	static const struct script scripts[] = {
		{ .streams = { "=" EVENT("ADDED", ROW("a", "3", "0/1")) },
		  .lists = { PAGE("5", "", "") },
		  .watches = { "=" } },
		{ .streams = { FIRST_EVENT("ADDED", ROW("a", "3", "0/1")) },
		  .lists = { PAGE("5", "", "") },
		  .watches = { "=" } },
		{ .streams = { "=" ERROR_EVENT(400, "BadRequest") },
		  .lists = { PAGE("5", "", "") },
		  .watches = { "=" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct world *w = start(&scripts[i]);

		wait_for(w, "columns:Name listed");
		assert_int_equal(server_count(w->server, "&limit=500&"), 1);
		assert_int_equal(w->failed_kind, ERR_NONE);
		finish(w, NULL);
	}
}

static void
stream_that_breaks_off_is_tried_again(void **state)
{
	static const struct script script = {
		.streams = { "!" FIRST_EVENT("ADDED", ROW("a", "3", "0/1")),
			     "=" FIRST_EVENT("ADDED", ROW("a", "3", "1/1")) STREAM_END("3") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed");
	assert_int_equal(server_count(w->server, "resourceVersion=3"), 0);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 failed:net begin columns:Name "
		  "row:tsb/a/u-a/1/1 listed ");
}

static void
stream_starts_over_at_the_last_version_then_without(void **state)
{
	static const struct script script = {
		.streams = { STREAM_END("7") ERROR_EVENT(410, "Expired"),
			     ERROR_EVENT(410, "Expired"), "=" STREAM_END("70") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed begin columns:Name listed");
	assert_int_equal(server_count(w->server, "&resourceVersion=7\n"), 1);
	assert_int_equal(w->streams, 3);
	finish(w, "begin columns:Name listed begin columns:Name listed ");
}

static void
watch_goes_on_from_bookmark_after_clean_end(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		.watches = { EVENT("ADDED", ROW("a", "6", "0/1")) BOOKMARK("77"),
			     "=" EVENT("MODIFIED", ROW("a", "78", "1/1")) },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a/u-a/1/1");
	assert_int_equal(server_count(w->server, "&resourceVersion=77\n"), 1);
	assert_int_equal(w->lists, 1);
	finish(w, "begin columns:Name listed row:tsb/a/u-a/0/1 row:tsb/a/u-a/1/1 ");
}

static void
watch_gone_as_event_or_status_lists_again_at_the_last_version(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", ""), PAGE("50", "", ROW("a", "40", "1/1")),
			   PAGE("500", "", ROW("b", "400", "1/1")) },
		.watches = { BOOKMARK("6") ERROR_EVENT(410, "Expired"),
			     EVENT("ADDED", ROW("c", "51", "0/1")) "\n" BOOKMARK("52"),
			     "410 " STATUS(410, "Gone"), "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/b/u-b/1/1 listed");
	assert_int_equal(server_count(w->server, "includeObject=Metadata&limit=500"), 1);
	assert_int_equal(
		server_count(w->server, "&resourceVersion=6&resourceVersionMatch=NotOlderThan\n"),
		1);
	assert_int_equal(
		server_count(w->server, "&resourceVersion=52&resourceVersionMatch=NotOlderThan\n"),
		1);
	finish(w, "begin columns:Name listed begin columns:Name row:tsb/a/u-a/1/1 listed "
		  "row:tsb/c/u-c/0/1 begin columns:Name row:tsb/b/u-b/1/1 listed ");
}

static void
watch_gone_again_at_once_backs_off(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		.watches = { "410 " STATUS(410, "Gone") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote");
	assert_int_equal(w->lists, 2);
	finish(w, NULL);
}

static void
list_at_a_version_gone_or_ahead_is_made_without(void **state)
{
	static const char *const refusals[] = { "410 " STATUS(410, "Expired"), "504 " AHEAD "}",
						"504 " AHEAD_CAUSE };

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct script script = {
			.lists = { PAGE("5", "", ""), refusals[i], PAGE("9", "", "") },
			.watches = { ERROR_EVENT(410, "Expired"), "=" },
		};
		struct world *w = start(&script);

		wait_for(w, "listed begin columns:Name listed");
		assert_int_equal(server_count(w->server, "&resourceVersion=5&"), 1);
		assert_int_equal(server_count(w->server, "includeObject=Metadata&limit=500&"), 2);
		finish(w, "begin columns:Name listed begin columns:Name listed ");
	}
}

static void
watch_ahead_of_the_server_lists_without_a_version(void **state)
{
	static const struct script script = {
		.lists = { PAGE("9", "", ""), PAGE("5", "", "") },
		.watches = { "504 " AHEAD "}", "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:timeout begin columns:Name listed");
	assert_int_equal(server_count(w->server, "resourceVersion=9&"), 0);
	finish(w, "begin columns:Name listed failed:timeout begin columns:Name listed ");
}

static void
list_with_expired_token_starts_over_without_pages(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "t", ROW("a", "1", "0/1")), "410 " STATUS(410, "Expired"),
			   PAGE("9", "", ROW("a", "8", "1/1")) },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed");
	assert_int_equal(server_count(w->server, "limit=500"), 2);
	assert_int_equal(server_count(w->server, "?includeObject=Metadata&labelSelector="), 1);
	finish(w,
	       "begin columns:Name row:tsb/a/u-a/0/1 begin columns:Name row:tsb/a/u-a/1/1 listed ");
}

static void
list_page_that_breaks_off_is_asked_for_again(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "t", ROW("a", "1", "0/1")), "!{\"kind\":\"Table\"",
			   PAGE("5", "", ROW("b", "8", "1/1")) },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed");
	assert_int_equal(server_count(w->server, "&continue=t\n"), 2);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 row:tsb/b/u-b/1/1 listed ");
}

static void
watch_refused_or_throttled_goes_on_without_a_list(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		/* The first is libcurl's, which tries a kept connection once more. */
		.watches = { "close", "close", ERROR_EVENT(429, "TooManyRequests"),
			     ERROR_EVENT(500, "InternalError"),
			     "=" EVENT("ADDED", ROW("a", "6", "0/1")) },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a");
	assert_int_equal(w->lists, 1);
	assert_int_equal(server_count(w->server, "&resourceVersion=5\n"), 5);
	finish(w, "begin columns:Name listed failed:net failed:remote failed:remote "
		  "row:tsb/a/u-a/0/1 ");
}

static void
retry_after_is_honoured_by_list_and_watch(void **state)
{
	static const struct script scripts[] = {
		{ .lists = { "429 " STATUS(429, "TooManyRequests") } },
		{ .lists = { "503 " STATUS(503, "ServiceUnavailable") } },
		{ .lists = { PAGE("5", "", "") },
		  .watches = { "429 " STATUS(429, "TooManyRequests") } },
		{ .lists = { PAGE("5", "", "") },
		  .watches = { "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":429,"
			       "\"details\":{\"retryAfterSeconds\":2}}}\n" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct world *w = start(&scripts[i]);

		wait_for(w, "failed:remote");
		assert_int_equal(w->failed_delay_ms, 2000);
		finish(w, NULL);
	}
}

static void
watch_broken_off_lists_again(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", ""), PAGE("6", "", ROW("a", "1", "0/1")) },
		.watches = { "!" EVENT("ADDED", ROW("c", "6", "0/1")) "{\"type\":\"ADD", "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a/u-a/0/1 listed");
	finish(w, "begin columns:Name listed row:tsb/c/u-c/0/1 failed:net begin columns:Name "
		  "row:tsb/a/u-a/0/1 listed ");
}

static void
watch_line_that_is_no_event_is_skipped(void **state)
{
	static const char *const lines[] = { "<html>\n",
					     "{\"type\":7}\n",
					     "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\"}}\n",
					     EVENT("ADDED", "7"),
					     EVENT("ADDED", "{\"cells\":[]}"),
					     EVENT("MOVED", ROW("x", "6", "0/1")) };

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char *body = xasprintf("%s%s", lines[i], EVENT("ADDED", ROW("a", "6", "0/1")));
		struct script script = {
			.lists = { PAGE("5", "", ""), PAGE("7", "", "") },
			.watches = { body, "=" },
		};
		struct world *w = start(&script);

		wait_for(w, "listed skipped row:tsb/a/u-a/0/1 ");
		/* what was missed comes by a list as soon as the watch has ended */
		wait_for(w, "row:tsb/a/u-a/0/1 begin columns:Name listed");
		assert_int_equal(w->failed_kind, ERR_NONE);
		assert_non_null(strstr(w->skipped_why, "WATCH pods in tsb on http://"));
		finish(w, NULL);
		free(body);
	}
}

static void
list_row_that_is_no_object_is_skipped(void **state)
{
	static const struct script script = {
		.lists = { PAGE(
			"5", "",
			"7," ROW("a", "1", "0/1") ",{\"cells\":[tru]},"
						  "{\"object\":{}}," ROW("b", "1", "0/1")) },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, " listed");
	assert_non_null(strstr(w->skipped_why, "row 4 of page 1: a row without cells"));
	finish(w, "begin columns:Name skipped row:tsb/a/u-a/0/1 skipped skipped row:tsb/b/u-b/0/1 "
		  "listed ");
}

static void
list_with_rows_before_columns_is_put_in_order(void **state)
{
	static const struct script script = {
		.lists = { "{\"rows\":[" ROW("a", "1", "0/1") "," ROW(
			"b", "1",
			"0/1") "]," COLUMNS
			       ",\"metadata\":{\"resourceVersion\":\"5\"},\"kind\":\"Table\"}" },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, " listed");
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 row:tsb/b/u-b/0/1 listed ");
}

static void
list_that_is_no_table_is_an_error(void **state)
{
	static const struct {
		const char *body, *message;
	} cases[] = {
		{ "{\"kind\":\"PodList\",\"items\":[{},{}]}", "gave a PodList, not a Table" },
		{ "{\"kind\":\"PodList\"}", "gave a PodList, not a Table" },
		{ "{\"items\":[{}]}", "Table" },
		{ "<html>", "no JSON object at byte 0" },
		{ "{\"kind\":\"Table\"", "ends in the middle, after 15 bytes" },
		{ "{\"kind\":\"Table\",\"rows\":[]}", "without columns" },
		{ "{\"kind\":\"Table\",,\"rows\":[]}", "not valid JSON" },
		{ "", "ends in the middle" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script = { .lists = { cases[i].body } };
		struct world *w = start(&script);

		wait_for(w, "failed:remote");
		if (!strstr(w->failed_message, cases[i].message) ||
		    !strstr(w->failed_message, "LIST pods in tsb on http://127.0.0.1:"))
			fail_msg("\"%s\" is not in \"%s\"", cases[i].message, w->failed_message);
		finish(w, NULL);
	}
}

static void
managed_fields_are_left_out_of_metadata_only(void **state)
{
	static const char managed[] =
		"{\"cells\":[\"a\",\"x\"],\"object\":{\"kind\":\"Pod\",\"metadata\":{\"name\":"
		"\"a\","
		"\"managedFields\":[{\"fieldsV1\":{\"f:a\":[\"]\"]}}],\"uid\":\"u-a\"}}}";
	const cJSON *row;
	struct err e = ERR_INIT;

	(void)state;
	for (int objects = 0; objects < 2; objects++) {
		struct table_reader reader = { .has_objects = objects != 0 };

		row = table_parse(&reader, managed, sizeof(managed) - 1, &e);
		assert_string_equal(json_string(row, "object/metadata/uid", ""), "u-a");
		assert_int_equal(json_at(row, "object/metadata/managedFields") != NULL, objects);
		table_reader_release(&reader);
	}
}

static void
objects_are_asked_for_and_handed_over(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", ROW("a", "1", "0/1")) },
		.watches = { "=" EVENT("MODIFIED", ROW("a", "6", "1/1")) },
		.objects = true,
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a/u-a/1/1+object");
	assert_int_equal(server_count(w->server, "includeObject=Object"), 3);
	assert_int_equal(server_count(w->server, "includeObject=Metadata"), 0);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1+object listed row:tsb/a/u-a/1/1+object ");
}

static void
warnings_are_told_once(void **state)
{
	static const struct script script = {
		.lists = { "~" PAGE("5", "t", ""), "~" PAGE("5", "", "") },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "listed");
	finish(w, "begin warning:old \"v1\", use v2 warning:two columns:Name listed ");
}

static void
watch_that_ends_at_once_backs_off(void **state)
{
	static const struct script script = { .lists = { PAGE("5", "", "") }, .watches = { "" } };
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote failed:remote");
	assert_in_range(w->watches, 2, 3);
	assert_int_equal(w->lists, 1);
	finish(w, NULL);
}

static void
watch_that_ends_at_once_again_and_again_backs_off(void **state)
{
	static const struct script script = { .lists = { PAGE("5", "", "") },
					      .watches = { BOOKMARK("6") } };
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote");
	assert_int_equal(w->watches, 5);
	finish(w, NULL);
}

static void
list_unauthorized_backs_off_as_usual(void **state)
{
	static const struct script script = { .lists = { "401 " STATUS(401, "Unauthorized") } };
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:denied");
	assert_in_range(w->failed_delay_ms, 100, 2000);
	finish(w, NULL);
}

static void
list_denied_tries_again_after_30_s(void **state)
{
	static const struct script script = {
		.lists = { "403 "
			   "{\"kind\":\"Status\",\"code\":403,\"reason\":\"Forbidden\",\"message\":"
			   "\"pods is forbidden: User \\\"me\\\" cannot list resource \\\"pods\\\" "
			   "in "
			   "API group \\\"\\\" in the namespace \\\"tsb\\\"\"}" }
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:denied");
	assert_int_equal(w->failed_delay_ms, 30000);
	assert_non_null(strstr(w->failed_message, "cannot list resource \"pods\""));
	assert_non_null(strstr(w->failed_message, "in the namespace \"tsb\""));
	finish(w, "failed:denied ");
}

static void
list_failures_back_off_and_recover(void **state)
{
	static const struct script script = {
		.lists = { "500 " STATUS(500, "InternalError"), "{\"kind\":\"PodList\"}",
			   PAGE("5", "", "") },
		.watches = { "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote begin failed:remote");
	assert_in_range(w->failed_delay_ms, 100, 2000);
	wait_for(w, "listed");
	finish(w, "failed:remote begin failed:remote begin columns:Name listed ");
}

/* What takes ten seconds of silence goes on beside the other tests. */
static struct world *quiet_world, *complete_world;

static int
start_quiet_worlds(void **state)
{
	static const struct script quiet = {
		.streams = { "=" FIRST_EVENT("ADDED", ROW("a", "3", "0/1")) },
		.lists = { PAGE("5", "", ROW("b", "3", "0/1")) },
		.watches = { "=" },
	};
	static const struct script complete = {
		.streams = { "=" FIRST_EVENT("ADDED", ROW("a", "3", "0/1")) STREAM_END("7") },
		.watches = { "=" EVENT("MODIFIED", ROW("a", "8", "1/1")) },
	};

	(void)state;
	quiet_world = start(&quiet);
	complete_world = start(&complete);
	return 0;
}

static void
stream_that_falls_silent_before_its_end_falls_back_to_a_list(void **state)
{
	struct world *w = quiet_world;

	(void)state;
	wait_for(w, "listed");
	assert_int_equal(w->streams, 1);
	finish(w,
	       "begin columns:Name row:tsb/a/u-a/0/1 begin columns:Name row:tsb/b/u-b/0/1 listed ");
}

static void
stream_that_falls_silent_after_its_end_goes_on_as_a_watch(void **state)
{
	struct world *w = complete_world;

	(void)state;
	wait_for(w, "row:tsb/a/u-a/1/1");
	assert_int_equal(w->streams, 1);
	assert_int_equal(w->lists, 0);
	assert_int_equal(server_count(w->server, "&resourceVersion=7\n"), 1);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 listed row:tsb/a/u-a/1/1 ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_in_pages_then_watch),
		cmocka_unit_test(list_progress_tells_what_is_left),
		cmocka_unit_test(glance_shows_bare_rows_then_exact_list_follows),
		cmocka_unit_test(glance_that_fails_is_followed_by_the_exact_list),
		cmocka_unit_test(glance_stays_when_the_exact_list_fails),
		cmocka_unit_test(stream_lists_and_goes_on_as_the_watch),
		cmocka_unit_test(stream_of_nothing_ends_by_either_mark),
		cmocka_unit_test(stream_refused_is_asked_for_once),
		cmocka_unit_test(stream_without_columns_or_end_falls_back_to_a_list),
		cmocka_unit_test(stream_that_breaks_off_is_tried_again),
		cmocka_unit_test(stream_starts_over_at_the_last_version_then_without),
		cmocka_unit_test(watch_goes_on_from_bookmark_after_clean_end),
		cmocka_unit_test(watch_gone_as_event_or_status_lists_again_at_the_last_version),
		cmocka_unit_test(watch_gone_again_at_once_backs_off),
		cmocka_unit_test(list_at_a_version_gone_or_ahead_is_made_without),
		cmocka_unit_test(watch_ahead_of_the_server_lists_without_a_version),
		cmocka_unit_test(list_with_expired_token_starts_over_without_pages),
		cmocka_unit_test(list_page_that_breaks_off_is_asked_for_again),
		cmocka_unit_test(watch_refused_or_throttled_goes_on_without_a_list),
		cmocka_unit_test(retry_after_is_honoured_by_list_and_watch),
		cmocka_unit_test(watch_broken_off_lists_again),
		cmocka_unit_test(watch_line_that_is_no_event_is_skipped),
		cmocka_unit_test(list_row_that_is_no_object_is_skipped),
		cmocka_unit_test(list_with_rows_before_columns_is_put_in_order),
		cmocka_unit_test(list_that_is_no_table_is_an_error),
		cmocka_unit_test(managed_fields_are_left_out_of_metadata_only),
		cmocka_unit_test(objects_are_asked_for_and_handed_over),
		cmocka_unit_test(warnings_are_told_once),
		cmocka_unit_test(watch_that_ends_at_once_backs_off),
		cmocka_unit_test(watch_that_ends_at_once_again_and_again_backs_off),
		cmocka_unit_test(list_unauthorized_backs_off_as_usual),
		cmocka_unit_test(list_denied_tries_again_after_30_s),
		cmocka_unit_test(list_failures_back_off_and_recover),
		cmocka_unit_test(stream_that_falls_silent_before_its_end_falls_back_to_a_list),
		cmocka_unit_test(stream_that_falls_silent_after_its_end_goes_on_as_a_watch),
	};

	return cmocka_run_group_tests(tests, start_quiet_worlds, NULL);
}
