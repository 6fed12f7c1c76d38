#include "config.h"

#include "feed/log_stream.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/source.h"
#include "kube/client.h"
#include "kube/log_cursor.h"
#include "kube/logs.h"
#include "net/http.h"

enum {
	TAIL_LINES = 100,     /* of a log that is opened for the first time */
	IDLE_MS = 120 * 1000, /* a rotated log can fall silent: kubernetes#115701 */
	FIRST_DELAY_MS = 800,
	MAX_DELAY_MS = 30 * 1000,
	MAX_START_DELAY_MS = 2000, /* of a container that is about to start */
};

struct log_stream {
	struct log_stream_options o;
	char *pod, *uid, *container, *origin;
	char *pod_path;
	pthread_t thread;
	atomic_bool ended;

	/* of the thread alone: */
	struct kube_client *client;
	const char *ns;
	struct log_cursor cursor;
	struct str scratch, clean;
	int64_t restarts; /* of the container, when last looked at; -1: never */
	int64_t delay_ms;
	int64_t broken_ms; /* since when no line could come; 0: open */
};

static void __attribute__((format(printf, 2, 3)))
remark(struct log_stream *st, const char *format, ...)
{
	char stamp[CLOCK_STAMP_MAX];
	struct str text = STR_INIT;
	va_list ap;

	va_start(ap, format);
	str_vprintf(&text, format, ap);
	va_end(ap);
	str_clear(&st->clean);
	feed_clean(st->o.secrets, str_cstr(&text), text.len, &st->scratch, &st->clean);
	st->o.sink->line(st->o.sink->data, st->origin, clock_format_utc(clock_wall_ms(), stamp),
			 str_cstr(&st->clean), st->clean.len, true);
	str_release(&text);
}

/* The first line after a break: the operator sees for how long none could come. */
static void
say_reopened(struct log_stream *st)
{
	char gap[CLOCK_STAMP_MAX];
	int64_t gap_ms = clock_mono_ms() - st->broken_ms;

	remark(st, "stream reopened after %s", duration_format(gap_ms / 100 * 100, gap));
	st->broken_ms = 0;
	st->delay_ms = FIRST_DELAY_MS;
}

static bool
on_line(void *data, const char *stamp, const char *text, size_t len)
{
	struct log_stream *st = data;

	if (!log_cursor_take(&st->cursor, stamp))
		return true;
	if (st->broken_ms)
		say_reopened(st);
	str_clear(&st->clean);
	feed_clean(st->o.secrets, text, len, &st->scratch, &st->clean);
	st->o.sink->line(st->o.sink->data, st->origin, stamp, str_cstr(&st->clean), st->clean.len,
			 false);
	return true;
}

static int
read_log(struct log_stream *st, bool previous, struct err *e)
{
	struct kube_logs_options options = {
		.ns = st->ns,
		.pod = st->pod,
		.container = st->container,
		.follow = !previous,
		.previous = previous,
		.tail_lines = log_cursor_since(&st->cursor) ? -1 : TAIL_LINES,
		.since_time = log_cursor_since(&st->cursor),
		.idle_timeout_ms = previous ? 0 : IDLE_MS,
	};

	log_cursor_restart(&st->cursor);
	return kube_logs(st->client, &options, on_line, st, st->o.cancel, e);
}

enum condition { IS_THERE, IS_RESTARTED, IS_FINISHED, IS_GONE, IS_UNKNOWN };

static const cJSON *
find_status(const struct log_stream *st, const cJSON *pod)
{
	static const char *const lists[] = { "status/containerStatuses",
					     "status/initContainerStatuses" };
	const cJSON *status;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		cJSON_ArrayForEach(status, json_at(pod, lists[i]))
			if (str_equal(json_string(status, "name", ""), st->container))
				return status;
	return NULL;
}

/* True where the container will not run again, so that the end of its log is the end. */
static bool
is_finished(const cJSON *pod, const cJSON *status)
{
	const char *phase = json_string(pod, "status/phase", "");
	const char *policy = json_string(pod, "spec/restartPolicy", "Always");
	int64_t code = json_int(status, "state/terminated/exitCode", -1);

	if (str_equal(phase, "Succeeded") || str_equal(phase, "Failed"))
		return true;
	if (!json_at(status, "state/terminated"))
		return false;
	return str_equal(policy, "Never") || (str_equal(policy, "OnFailure") && code == 0);
}

/* Looks at the pod, which alone can tell what the end of a log means. */
static enum condition
inspect(struct log_stream *st, int64_t *ret_restarts)
{
	struct kube_request request = { .method = "GET",
					.path = st->pod_path,
					.cancel = st->o.cancel };
	enum condition condition = IS_THERE;
	const cJSON *status;
	cJSON *pod = NULL;
	struct err e = ERR_INIT;

	if (kube_request(st->client, &request, NULL, &pod, &e) < 0)
		return e.kind == ERR_NOT_FOUND ? IS_GONE : IS_UNKNOWN;
	status = find_status(st, pod);
	*ret_restarts = json_int(status, "restartCount", st->restarts);
	if (!str_equal(json_string(pod, "metadata/uid", ""), st->uid))
		condition = IS_GONE;
	else if (is_finished(pod, status))
		condition = IS_FINISHED;
	else if (st->restarts >= 0 && *ret_restarts > st->restarts)
		condition = IS_RESTARTED;
	cJSON_Delete(pod);
	return condition;
}

/* The container was started again: what it still said before its end is in its previous log. */
static void
pass_restart(struct log_stream *st, int64_t restarts)
{
	struct err e = ERR_INIT;

	if (restarts == st->restarts + 1 && log_cursor_since(&st->cursor))
		read_log(st, true, &e);
	st->restarts = restarts;
	remark(st, "container restarted, %lld restarts by now", (long long)restarts);
}

/* True where the server only says that there is nothing to read yet. */
static bool
is_starting(const struct err *e)
{
	return strstr(e->message, "waiting to start") || strstr(e->message, "host assigned") ||
	       strstr(e->message, "PodInitializing") || strstr(e->message, "ContainerCreating");
}

/* Waits before the next try. False when it was cancelled. */
static bool
pause(struct log_stream *st, int64_t max_ms)
{
	int64_t delay_ms = st->delay_ms < max_ms ? st->delay_ms : max_ms;

	st->delay_ms = st->delay_ms * 2 < MAX_DELAY_MS ? st->delay_ms * 2 : MAX_DELAY_MS;
	return !cancel_sleep(st->o.cancel, delay_ms);
}

/* Says once for each break why no line comes. */
static void
say_broken(struct log_stream *st, const struct err *why)
{
	if (st->broken_ms)
		return;
	st->broken_ms = clock_mono_ms();
	if (!why->kind)
		remark(st, "stream ended; opening it again");
	else if (is_starting(why))
		remark(st, "waiting for the container to start");
	else
		remark(st, "stream broke: %s", why->message);
}

/* After the end of a log, for whatever reason. False: there is no more to follow. */
static bool
go_on(struct log_stream *st, const struct err *why)
{
	int64_t restarts = -1;

	switch (inspect(st, &restarts)) {
	case IS_GONE:
		remark(st, "the pod is gone; end of its log");
		return false;
	case IS_FINISHED:
		remark(st, "the container has ended; end of its log");
		return false;
	case IS_RESTARTED:
		pass_restart(st, restarts);
		break;
	case IS_THERE:
		st->restarts = restarts;
		break;
	case IS_UNKNOWN:
		break;
	}
	say_broken(st, why);
	return pause(st, is_starting(why) ? MAX_START_DELAY_MS : MAX_DELAY_MS);
}

/* Reads until the stream ends. False: the last time. */
static bool
follow(struct log_stream *st)
{
	int64_t opened_ms = clock_mono_ms();
	struct err why = ERR_INIT;
	int rc = read_log(st, false, &why);

	if (cancel_requested(st->o.cancel))
		return false;
	/* silence is no failure; opening the log again finds what a stalled stream withheld */
	if (rc < 0 && why.kind == ERR_TIMEOUT && clock_mono_ms() - opened_ms >= IDLE_MS)
		return true;
	return go_on(st, &why);
}

static bool
connect_stream(struct log_stream *st)
{
	while (!st->client) {
		struct err why = ERR_INIT;

		st->client = feed_connect(st->o.source, st->o.secrets, &why);
		if (st->client)
			break;
		say_broken(st, &why);
		if (!pause(st, MAX_DELAY_MS))
			return false;
	}
	st->ns = feed_namespace(st->o.source, st->client);
	return true;
}

static void
make_path(struct log_stream *st)
{
	char *ns = http_encode(st->ns), *pod = http_encode(st->pod);

	st->pod_path = xasprintf("/api/v1/namespaces/%s/pods/%s", ns, pod);
	free(ns);
	free(pod);
}

static void *
run(void *data)
{
	struct log_stream *st = data;

	if (connect_stream(st)) {
		make_path(st);
		inspect(st, &st->restarts);
		while (follow(st))
			;
	}
	kube_client_free(st->client);
	atomic_store(&st->ended, true);
	return NULL;
}

static void
release(struct log_stream *st)
{
	free(st->pod);
	free(st->uid);
	free(st->container);
	free(st->origin);
	free(st->pod_path);
	str_release(&st->scratch);
	str_release(&st->clean);
	free(st);
}

struct log_stream *
log_stream_new(const struct log_stream_options *options)
{
	struct log_stream *st = xcalloc(1, sizeof(*st));
	char name[16];

	st->o = *options;
	st->pod = xstrdup(options->pod);
	st->uid = xstrdup(options->uid);
	st->container = xstrdup(options->container);
	st->origin = xstrdup(options->origin);
	st->restarts = -1;
	st->delay_ms = FIRST_DELAY_MS;
	atomic_init(&st->ended, false);
	if (pthread_create(&st->thread, NULL, run, st) != 0) {
		release(st);
		return NULL;
	}
	snprintf(name, sizeof(name), "log-%.11s", options->pod);
	pthread_setname_np(st->thread, name);
	return st;
}

bool
log_stream_ended(struct log_stream *stream)
{
	return atomic_load(&stream->ended);
}

void
log_stream_free(struct log_stream *stream)
{
	if (!stream)
		return;
	pthread_join(stream->thread, NULL);
	release(stream);
}
