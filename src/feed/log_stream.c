#include "config.h"

#include "feed/log_stream.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "feed/log_container.h"
#include "feed/log_reader.h"
#include "kube/client.h"
#include "net/http/http.h"

enum {
	FIRST_DELAY_MS = 20, /* a stream that brought something is opened again at once */
	MAX_DELAY_MS = 30 * 1000,
	WAIT_MS = 10 * 1000, /* for a container to start; a change of the pod ends it */
	/* A container's end is known to its stream before the pod's status tells of it. */
	STATUS_LAG_MS = 1000,
	LEAVE_MS = 2000,
	PREVIOUS_TRIES = 5,
};

struct log_stream {
	struct log_stream_options o;
	char *ns, *pod, *uid, *container;
	char *pod_path;
	struct log_reader *reader;
	pthread_t thread;
	atomic_bool ended;
	_Atomic int64_t left_ms; /* since when the pod is not followed; 0: it is */

	/* of the thread alone: */
	struct kube_client *client;
	struct log_container now;	/* as it was when last looked at */
	char run[LOG_CONTAINER_ID_MAX]; /* whose log is read; "": none yet */
	bool opened;			/* some of a log was read */
	bool said_more;			/* that its log begins before what is shown */
	bool complete;			/* all of the run's log was */
	bool ran_out;			/* the latest reading ended cleanly, which it should not */
	bool gone;			/* the latest reading found no pod */
	int64_t delay_ms;
};

/* Before the next try: the longer, the longer nothing came. False: the stream is to end. */
static bool
back_off(struct log_stream *st)
{
	int64_t delay_ms = st->delay_ms;
	uint64_t dice = (uint64_t)clock_mono_ms() * 2654435761u ^ (uintptr_t)st >> 4;

	st->delay_ms = delay_ms * 2 < MAX_DELAY_MS ? delay_ms * 2 : MAX_DELAY_MS;
	/* many streams that broke at once do not come back at once */
	delay_ms -= (int64_t)(dice % (uint64_t)(delay_ms / 2 + 1));
	return log_reader_pause(st->reader, delay_ms);
}

/* Whether the pod is not followed any more, and its last lines had their time. */
static bool
is_left(const struct log_stream *st)
{
	int64_t left_ms = atomic_load(&st->left_ms);

	return left_ms && clock_mono_ms() - left_ms >= LEAVE_MS;
}

/* True where the server only says that there is nothing to read yet. */
static bool
is_starting(const struct err *e)
{
	return e->kind == ERR_REMOTE &&
	       (strstr(e->message, "waiting to start") || strstr(e->message, "host assigned") ||
		strstr(e->message, "PodInitializing") || strstr(e->message, "ContainerCreating"));
}

enum sight { SEES_POD, SEES_NO_POD, SEES_NOTHING };

/* Looks at the pod, which alone can tell what the end of a log means. */
static enum sight
look(struct log_stream *st, struct err *e)
{
	struct kube_request request = { .method = "GET",
					.path = st->pod_path,
					.cancel = log_reader_cancel(st->reader) };
	enum sight sight = SEES_POD;
	cJSON *pod = NULL;

	if (kube_request(st->client, &request, NULL, &pod, e) < 0)
		return e->kind == ERR_NOT_FOUND ? SEES_NO_POD : SEES_NOTHING;
	if (!str_equal(json_string(pod, "metadata/uid", ""), st->uid) ||
	    !log_container_look(pod, st->container, &st->now))
		sight = SEES_NO_POD;
	cJSON_Delete(pod);
	return sight;
}

/* What is left of the log of a run that has ended; or all of it, where nothing was read of it. */
static void
read_previous(struct log_stream *st)
{
	struct err e = ERR_INIT;
	size_t lines;
	int tries = 0, rc = -1;

	do {
		rc = log_reader_read(st->reader, st->client, LOG_READ_PREVIOUS, -1, &lines, &e);
	} while (rc < 0 && e.kind != ERR_REMOTE && e.kind != ERR_NOT_FOUND &&
		 ++tries < PREVIOUS_TRIES && back_off(st));
	if (rc < 0 && !log_reader_stopped(st->reader))
		log_reader_remark(st->reader, "the end of the log before the restart is lost: %s",
				  e.message);
}

/* Another run of the container: what the former ones still said is in the previous log. */
static void
pass_restart(struct log_stream *st)
{
	const struct log_container *now = &st->now;
	bool next = str_equal(now->previous, st->run);

	st->opened = true; /* all of what comes from now on is wanted */
	if (!next)
		log_reader_remark(st->reader, "the container restarted more than once meanwhile: "
					      "lines of the runs in between may be missing");
	if (!next)
		log_reader_rewind(st->reader);
	if (now->previous[0] && !(next && st->complete))
		read_previous(st);
	if (now->has_end)
		log_reader_remark(
			st->reader,
			"container restarted: its last run ended with exit code %lld%s%s%s; "
			"%lld restarts by now",
			(long long)now->exit_code, now->reason[0] ? " (" : "", now->reason,
			now->reason[0] ? ")" : "", (long long)now->restarts);
	else
		log_reader_remark(st->reader, "container restarted, %lld restarts by now",
				  (long long)now->restarts);
	log_reader_rewind(st->reader);
}

static void
say_end(struct log_stream *st)
{
	const struct log_container *now = &st->now;
	const char *what = now->kind == LOG_CONTAINER_INIT	  ? "the init container"
			   : now->kind == LOG_CONTAINER_EPHEMERAL ? "the ephemeral container"
								  : "the container";

	if (now->has_end)
		log_reader_remark(st->reader, "%s has ended with exit code %lld%s%s%s; %s", what,
				  (long long)now->exit_code, now->reason[0] ? " (" : "",
				  now->reason, now->reason[0] ? ")" : "",
				  now->finished ? "end of its log" : "it will be restarted");
	else
		log_reader_remark(st->reader, "%s will not run; end of its log", what);
}

/* After a reading that failed. */
static void
pass_failure(struct log_stream *st, const struct err *e)
{
	if (log_reader_stalled(st->reader)) {
		log_reader_remark(st->reader,
				  "stream had stalled while the log went on (rotated?); "
				  "opening it again");
		return;
	}
	if (is_left(st) || log_reader_stopped(st->reader))
		return;
	if (is_starting(e)) {
		log_reader_pause(st->reader, STATUS_LAG_MS);
		return;
	}
	st->gone = e->kind == ERR_NOT_FOUND; /* the next look at the pod tells more */
	if (!st->gone)
		log_reader_broke(st->reader, e->message);
	back_off(st);
}

/* Before the first reading: a log with a long past is begun near its end, and says so. */
static int
open_log(struct log_stream *st, int64_t *ret_tail_lines, struct err *e)
{
	int64_t wanted = st->o.tail_lines;
	bool exceeds;

	if (st->opened || wanted < 0)
		return 0;
	if (log_reader_exceeds(st->reader, st->client, wanted, &exceeds, e) < 0)
		return -1;
	if (!exceeds) /* what it grows by until it is read is wanted too */
		return 0;
	if (!st->said_more)
		log_reader_remark(st->reader, "earlier lines are not shown");
	st->said_more = true;
	*ret_tail_lines = wanted;
	return 0;
}

/* Reads what there is to read of the present run. */
static void
read_run(struct log_stream *st)
{
	int64_t start_ms = clock_mono_ms();
	enum log_reading what = st->now.running ? LOG_READ_FOLLOW : LOG_READ_REST;
	struct err e = ERR_INIT;
	int64_t tail_lines = -1;
	size_t lines = 0;
	int rc;

	st->gone = false;
	rc = open_log(st, &tail_lines, &e);
	if (rc == 0)
		rc = log_reader_read(st->reader, st->client, what, tail_lines, &lines, &e);
	st->opened = st->opened || lines;
	if (lines || clock_mono_ms() - start_ms > MAX_DELAY_MS)
		st->delay_ms = FIRST_DELAY_MS;
	if (log_reader_met_gap(st->reader))
		return; /* the next look at the pod tells more */
	if (rc < 0) {
		pass_failure(st, &e);
	} else if (what == LOG_READ_FOLLOW) {
		st->ran_out = true;
		if (clock_mono_ms() - start_ms > STATUS_LAG_MS)
			log_reader_pause(st->reader, STATUS_LAG_MS);
		else
			back_off(st);
	} else {
		st->complete = true;
		say_end(st);
	}
}

/* One turn of following, with the pod in sight. False: there is no more to follow. */
static bool
follow_pod(struct log_stream *st)
{
	const struct log_container *now = &st->now;

	if (!now->id[0] || (st->complete && str_equal(now->id, st->run))) {
		if (!now->finished)
			return log_reader_pause(st->reader, WAIT_MS);
		if (!st->complete)
			say_end(st);
		return false;
	}
	if (st->ran_out && now->running && str_equal(now->id, st->run))
		log_reader_broke(st->reader, "it ended while the container runs");
	st->ran_out = false;
	if (!str_equal(now->id, st->run)) {
		if (st->run[0])
			pass_restart(st);
		memcpy(st->run, now->id, sizeof(st->run));
		st->complete = false;
	} else if (log_reader_met_gap(st->reader)) {
		log_reader_take_gap(st->reader);
	}
	read_run(st);
	return true;
}

/* One turn without the pod in sight. False: there is no more to follow. */
static bool
follow_blindly(struct log_stream *st, const struct err *e)
{
	if (e->kind == ERR_DENIED) {
		/* who may read logs need not be allowed to read pods: the log goes on by its stamps */
		st->now.running = true;
		if (log_reader_met_gap(st->reader))
			log_reader_take_gap(st->reader);
		read_run(st);
		if (st->gone)
			log_reader_remark(st->reader, "the pod is gone; end of its log");
		return !st->gone;
	}
	log_reader_broke(st->reader, e->message);
	return back_off(st);
}

/* Goes on until it returns false. */
static bool
follow(struct log_stream *st)
{
	struct err e = ERR_INIT;
	enum sight sight = look(st, &e);

	if (log_reader_stopped(st->reader))
		return false;
	if (sight == SEES_NO_POD) {
		log_reader_remark(st->reader, "the pod is gone; end of its log");
		return false;
	}
	if (is_left(st)) {
		log_reader_remark(st->reader,
				  "the pod is no longer one of those that are followed; end");
		return false;
	}
	return sight == SEES_POD ? follow_pod(st) : follow_blindly(st, &e);
}

/* The log before the last restart, once. False: there is no more to read. */
static bool
read_before_restart(struct log_stream *st)
{
	struct err e = ERR_INIT;
	size_t lines;

	if (log_reader_read(st->reader, st->client, LOG_READ_PREVIOUS, -1, &lines, &e) == 0) {
		log_reader_remark(st->reader, "end of the log before the last restart");
		return false;
	}
	if (log_reader_stopped(st->reader))
		return false;
	if (e.kind == ERR_NET || e.kind == ERR_TIMEOUT) {
		log_reader_broke(st->reader, e.message);
		return back_off(st);
	}
	log_reader_remark(st->reader, "no log from before a restart: %s", e.message);
	return false;
}

static bool
connect_stream(struct log_stream *st)
{
	for (;;) {
		struct err e = ERR_INIT;

		st->client = feed_connect(st->o.source, st->o.secrets, &e);
		if (st->client)
			return !log_reader_stopped(st->reader);
		log_reader_broke(st->reader, e.message);
		if (!back_off(st))
			return false;
	}
}

static void *
run(void *data)
{
	struct log_stream *st = data;

	if (connect_stream(st))
		while (st->o.source->previous ? read_before_restart(st) : follow(st))
			;
	kube_client_free(st->client);
	st->client = NULL;
	atomic_store(&st->ended, true);
	return NULL;
}

static void
add(void *data, const struct log_batch *batch)
{
	struct log_stream *st = data;

	st->o.add(st->o.data, st->o.origin, batch);
}

static char *
path_of(const struct log_stream *st)
{
	char *ns = http_encode(st->ns), *pod = http_encode(st->pod);
	char *path = xasprintf("/api/v1/namespaces/%s/pods/%s", ns, pod);

	free(ns);
	free(pod);
	return path;
}

static void
release(struct log_stream *st)
{
	log_reader_free(st->reader);
	free(st->ns);
	free(st->pod);
	free(st->uid);
	free(st->container);
	free(st->pod_path);
	free(st);
}

struct log_stream *
log_stream_new(const struct log_stream_options *options)
{
	struct log_stream *st = xcalloc(1, sizeof(*st));
	char name[16];

	st->o = *options;
	st->ns = xstrdup(options->ns);
	st->pod = xstrdup(options->pod);
	st->uid = xstrdup(options->uid);
	st->container = xstrdup(options->container);
	st->pod_path = path_of(st);
	st->delay_ms = FIRST_DELAY_MS;
	atomic_init(&st->ended, false);
	atomic_init(&st->left_ms, 0);
	st->reader = log_reader_new(&(struct log_reader_options){
		.ns = options->ns,
		.pod = options->pod,
		.container = options->container,
		.secrets = options->secrets,
		.max_line = options->max_line,
		.add = add,
		.data = st,
	});
	if (pthread_create(&st->thread, NULL, run, st) != 0) {
		release(st);
		return NULL;
	}
	snprintf(name, sizeof(name), "log-%.11s", options->pod);
	pthread_setname_np(st->thread, name);
	return st;
}

bool
log_stream_is_of(const struct log_stream *st, const char *uid, const char *container)
{
	return str_equal(st->uid, uid) && str_equal(st->container, container);
}

uint32_t
log_stream_origin(const struct log_stream *st)
{
	return st->o.origin;
}

void
log_stream_changed(struct log_stream *st, bool leaves)
{
	int64_t now_ms = leaves ? clock_mono_ms() : 0, followed = 0;

	if (leaves)
		atomic_compare_exchange_strong(&st->left_ms, &followed, now_ms);
	else
		atomic_store(&st->left_ms, 0);
	log_reader_nudge(st->reader);
}

void
log_stream_watch(struct log_stream *st, struct kube_client *client, const struct cancel *cancel,
		 int64_t silence_ms)
{
	if (log_stream_ended(st))
		return;
	if (is_left(st))
		log_reader_interrupt(st->reader);
	else
		log_reader_probe(st->reader, client, cancel, silence_ms);
}

void
log_stream_stop(struct log_stream *st)
{
	log_reader_stop(st->reader);
}

bool
log_stream_ended(struct log_stream *st)
{
	return atomic_load(&st->ended);
}

const char *
log_stream_run(const struct log_stream *st)
{
	return st->run;
}

void
log_stream_free(struct log_stream *st)
{
	if (!st)
		return;
	log_reader_stop(st->reader);
	pthread_join(st->thread, NULL);
	release(st);
}
