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

/*
 * A follower against a scripted server: the test gives the answers to the lists and watches in
 * order (the last of each goes on for ever) and waits until the trace of callbacks holds what it
 * expects.
 */
struct script {
	const char *lists[6];
	const char *watches[6]; /* a body; see serve_watch() for the signs before it */
};

struct world {
	const struct script *script;
	struct http_server *server;
	struct cancel *cancel;
	atomic_int lists, watches;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct str trace;
	pthread_t thread;
	struct kube_access access;
	struct kube_list_watch_options options;
	int64_t failed_delay_ms;
	enum err_kind failed_kind;
	char failed_message[ERR_MESSAGE_MAX];
};

static const char *
pick(const char *const items[6], int i)
{
	while (i > 0 && !items[i < 6 ? i : 5])
		i = i < 6 ? i - 1 : 4;
	return items[i];
}

/* '=': then the connection stays open in silence; '!': it breaks off; "NNN ": an error status. */
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

static bool
answer(void *data, struct server_connection *c, const struct server_request *r)
{
	struct world *w = data;

	if (!server_has_header(
		    r, "Accept: application/json;as=Table;v=v1;g=meta.k8s.io,application/json"))
		return server_json(c, 406, "{}");
	if (strstr(r->target, "watch=1"))
		return serve_watch(c, pick(w->script->watches, atomic_fetch_add(&w->watches, 1)));
	const char *body = pick(w->script->lists, atomic_fetch_add(&w->lists, 1));
	if (strcmp(body, "close") == 0)
		return false;
	if (body[0] >= '4' && body[0] <= '5')
		return server_json(c, atoi(body), body + 4);
	return server_json(c, 200, body);
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
	char *text = xasprintf("%s/%s/%s/%s", row->ns, row->name, row->uid,
			       json_string(row->cells, "1", "-"));

	trace(data, "row", text);
	free(text);
}

static void
on_removed(void *data, const struct kube_row *row)
{
	trace(data, "removed", row->name);
}

static void
on_listed(void *data)
{
	trace(data, "listed", "");
}

static void
on_alive(void *data)
{
	(void)data;
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
	.failed = on_failed,
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
						       .label_selector = "app in (a,b)" };
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
	assert_int_equal(server_count(w->server, "&allowWatchBookmarks=true&"), 1);
	assert_int_equal(server_count(w->server, "&resourceVersion=5\n"), 1);
	finish(w, "begin columns:Name row:tsb/a/u-a/0/1 row:tsb/b/u-b/1/1 listed row:tsb/c/u-c/0/1 "
		  "row:tsb/a/u-a/1/1 removed:b ");
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
watch_gone_as_event_or_status_lists_again(void **state)
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
watch_refused_or_throttled_goes_on_without_a_list(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		/* The first is libcurl's, which tries a kept connection once more. */
		.watches = { "close", "close", ERROR_EVENT(429, "TooManyRequests"),
			     "=" EVENT("ADDED", ROW("a", "6", "0/1")) },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/a");
	assert_int_equal(w->lists, 1);
	assert_int_equal(server_count(w->server, "&resourceVersion=5\n"), 4);
	finish(w, "begin columns:Name listed failed:net failed:remote row:tsb/a/u-a/0/1 ");
}

static void
watch_retry_after_is_honoured(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", "") },
		.watches = { "429 " STATUS(429, "TooManyRequests") },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:remote");
	assert_int_equal(w->failed_delay_ms, 2000);
	finish(w, "begin columns:Name listed failed:remote ");
}

static void
watch_broken_or_garbled_lists_again(void **state)
{
	static const struct script script = {
		.lists = { PAGE("5", "", ""), PAGE("6", "", ROW("a", "1", "0/1")),
			   PAGE("7", "", ROW("b", "1", "0/1")) },
		.watches = { "!" EVENT("ADDED", ROW("c", "6", "0/1")) "{\"type\":\"ADD",
			     BOOKMARK("8") "{\"type\":7}\n", "=" },
	};
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "row:tsb/b/u-b/0/1 listed");
	finish(w, "begin columns:Name listed row:tsb/c/u-c/0/1 failed:net begin columns:Name "
		  "row:tsb/a/u-a/0/1 listed failed:remote begin columns:Name row:tsb/b/u-b/0/1 "
		  "listed ");
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
list_denied_tries_again_after_30_s(void **state)
{
	static const struct script script = { .lists = { "403 " STATUS(403, "Forbidden") },
					      .watches = { "=" } };
	struct world *w = start(&script);

	(void)state;
	wait_for(w, "failed:denied");
	assert_int_equal(w->failed_delay_ms, 30000);
	finish(w, "begin failed:denied ");
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
	assert_in_range(w->failed_delay_ms, 800, 1600);
	assert_non_null(strstr(w->failed_message, "PodList"));
	wait_for(w, "listed");
	finish(w, "begin failed:remote begin failed:remote begin columns:Name listed ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list_in_pages_then_watch),
		cmocka_unit_test(watch_goes_on_from_bookmark_after_clean_end),
		cmocka_unit_test(watch_gone_as_event_or_status_lists_again),
		cmocka_unit_test(watch_gone_again_at_once_backs_off),
		cmocka_unit_test(list_with_expired_token_starts_over_without_pages),
		cmocka_unit_test(watch_refused_or_throttled_goes_on_without_a_list),
		cmocka_unit_test(watch_retry_after_is_honoured),
		cmocka_unit_test(watch_broken_or_garbled_lists_again),
		cmocka_unit_test(watch_that_ends_at_once_backs_off),
		cmocka_unit_test(list_denied_tries_again_after_30_s),
		cmocka_unit_test(list_failures_back_off_and_recover),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
