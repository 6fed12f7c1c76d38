#include "config.h"

#include "kube/list_watch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "kube/follower.h"
#include "kube/status.h"

enum {
	BACKOFF_LEAST_MS = 100,
	BACKOFF_FIRST_MS = 800,
	BACKOFF_MAX_MS = 30000,
	HEALTHY_AFTER_MS = 120000,
};

/* Where to go on: with all rows (by a stream, or a list), with a glance at them, with the watch. */
enum next { EXACT, GLANCE, WATCH };

enum measure {
	WAIT = 1 << 0,	     /* tell of it, back off */
	FORGET = 1 << 1,     /* the resource version: the next list is of the latest */
	NO_STREAMS = 1 << 2, /* from now on */
};

/*
 * What to do when: the first row that fits counts. A list is made at the version up to which all is
 * known, as long as there is one: that never goes back in time, and any server can answer from memory.
 * Source: client-go, tools/cache/reflector.go.
 */
static const struct reaction {
	unsigned phases, endings;
	enum next next;
	unsigned measures;
} reactions[] = {
	{ IN_GLANCE, UNREACHABLE, GLANCE, WAIT },
	{ IN_GLANCE, ANYHOW, EXACT, 0 },
	{ IN_LIST, DONE, WATCH, 0 },
	{ IN_STREAM, REFUSED, EXACT, NO_STREAMS },
	{ IN_LIST | IN_STREAM, GONE | AHEAD, EXACT, FORGET },
	{ IN_WATCH, GONE, EXACT, 0 },
	{ IN_WATCH, GONE_AGAIN | AHEAD, EXACT, WAIT | FORGET },
	{ IN_WATCH, CLOSED | QUIET, WATCH, 0 },
	{ IN_WATCH, CLOSED_AT_ONCE | UNREACHABLE | THROTTLED | HICCUP, WATCH, WAIT },
	{ ANYWHERE, ANYHOW, EXACT, WAIT },
};

int64_t
follower_random(int64_t low, int64_t high)
{
	uint32_t bits = 0;

	/* Without entropy this is no jitter, but nothing worse. */
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) < 0)
		bits = 0;
	return low + (int64_t)(bits % (uint32_t)(high - low + 1));
}

static int64_t
next_delay_ms(struct follower *f, const struct outcome *out)
{
	int64_t now_ms = clock_mono_ms(), delay_ms;

	if (f->backoff_ms == 0 || now_ms - f->last_failure_ms > HEALTHY_AFTER_MS + f->backoff_ms)
		f->backoff_ms = BACKOFF_FIRST_MS;
	delay_ms = follower_random(BACKOFF_LEAST_MS, f->backoff_ms);
	f->backoff_ms = f->backoff_ms < BACKOFF_MAX_MS / 2 ? f->backoff_ms * 2 : BACKOFF_MAX_MS;
	f->last_failure_ms = now_ms;
	if (out->is_forbidden)
		return BACKOFF_MAX_MS;
	return out->asked_ms > delay_ms ? out->asked_ms : delay_ms;
}

/* Tells of a failure and waits before the next try. */
static void
back_off(struct follower *f, const struct outcome *out)
{
	int64_t delay_ms;

	if (cancel_requested(f->cancel))
		return;
	delay_ms = next_delay_ms(f, out);
	if (f->handler->failed)
		f->handler->failed(f->data, &out->error, delay_ms);
	cancel_sleep(f->cancel, delay_ms);
}

static enum next
react(struct follower *f, const struct outcome *out)
{
	const struct reaction *reaction = reactions;

	while (!(reaction->phases & (unsigned)out->phase) ||
	       !(reaction->endings & (unsigned)out->ending))
		reaction++;
	if (reaction->measures & FORGET) {
		free(f->resource_version);
		f->resource_version = NULL;
	}
	if (reaction->measures & NO_STREAMS)
		f->has_no_streams = true;
	if (reaction->measures & WAIT)
		back_off(f, out);
	return f->has_missed && reaction->next == WATCH ? EXACT : reaction->next;
}

static void
take_step(struct follower *f, enum next next, struct outcome *out)
{
	switch (next) {
	case GLANCE:
		list_read(f, IN_GLANCE, out);
		break;
	case EXACT:
		if (f->has_no_streams)
			list_read(f, IN_LIST, out);
		else
			watch_read(f, IN_STREAM, out);
		break;
	case WATCH:
		watch_read(f, IN_WATCH, out);
		break;
	}
}

static void
follower_release(struct follower *f)
{
	table_reader_release(&f->table);
	for (size_t i = 0; i < f->warnings_count; i++)
		free(f->warnings[i]);
	free(f->warnings);
	free(f->resource_version);
	free(f->list_label);
	free(f->watch_label);
}

void
kube_list_watch(struct kube_client *client, const struct kube_list_watch_options *options,
		const struct kube_list_watch_handler *handler, void *data,
		const struct cancel *cancel)
{
	const char *server = kube_client_access(client)->server;
	struct follower f = {
		.client = client,
		.options = options,
		.handler = handler,
		.data = data,
		.cancel = cancel,
		.table = { .handler = handler,
			   .data = data,
			   .ns = options->ns ? options->ns : "",
			   .has_objects = options->objects },
		.list_label = kube_status_label("LIST", options->path, server),
		.watch_label = kube_status_label("WATCH", options->path, server),
	};
	enum next next = options->glance ? GLANCE : EXACT;

	while (!cancel_requested(cancel)) {
		struct outcome out = { .ending = FAILED };

		take_step(&f, next, &out);
		next = react(&f, &out);
	}
	follower_release(&f);
}
