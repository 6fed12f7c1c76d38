#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "feed/detail_page.h"

static void
event_release(struct detail_event *event)
{
	free(event->uid);
	free(event->about);
	free(event->type);
	free(event->reason);
	free(event->message);
	free(event->from);
}

void
detail_events_clear(struct detail_events *events)
{
	for (size_t i = 0; i < events->count; i++)
		event_release(&events->items[i]);
	free(events->items);
	memset(events, 0, sizeof(*events));
}

/* The latest of the stamps that an event may bear, by its age of writing. */
static int64_t
last_seen_ms(const cJSON *event)
{
	static const char *const stamps[] = { "series/lastObservedTime", "lastTimestamp",
					      "eventTime", "metadata/creationTimestamp" };
	int64_t ms;

	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++)
		if (clock_parse_utc(json_string(event, stamps[i], ""), &ms) == 0)
			return ms;
	return 0;
}

static struct detail_event *
find(struct detail_events *events, const char *uid)
{
	for (size_t i = 0; i < events->count; i++)
		if (strcmp(events->items[i].uid, uid) == 0)
			return &events->items[i];
	return NULL;
}

void
detail_events_remove(struct detail_events *events, const char *uid)
{
	struct detail_event *event = find(events, uid);

	if (!event)
		return;
	event_release(event);
	*event = events->items[--events->count];
}

static void
drop_oldest(struct detail_events *events)
{
	size_t oldest = 0;

	for (size_t i = 1; i < events->count; i++)
		if (events->items[i].last_ms < events->items[oldest].last_ms)
			oldest = i;
	event_release(&events->items[oldest]);
	events->items[oldest] = events->items[--events->count];
}

void
detail_events_put(struct detail_events *events, const cJSON *event)
{
	const char *component = json_string(event, "source/component", "");
	int64_t count = json_int(event, "series/count", json_int(event, "count", 1));

	detail_events_remove(events, json_string(event, "metadata/uid", ""));
	if (events->count == DETAIL_MAX_EVENTS)
		drop_oldest(events);
	*VEC_PUSH(events->items, events->count, events->cap) = (struct detail_event){
		.uid = xstrdup(json_string(event, "metadata/uid", "")),
		.about = xstrdup(json_string(event, "involvedObject/uid", "")),
		.type = xstrdup(json_string(event, "type", "")),
		.reason = xstrdup(json_string(event, "reason", "")),
		.message = xstrdup(json_string(event, "message", "")),
		.from = xstrdup(*component ? component
					   : json_string(event, "reportingComponent", "")),
		.count = count > 0 ? count : 1,
		.last_ms = last_seen_ms(event),
	};
}

static int
compare(const void *a, const void *b)
{
	const struct detail_event *x = a, *y = b;

	if (x->last_ms != y->last_ms)
		return x->last_ms < y->last_ms ? -1 : 1;
	return strcmp(x->uid, y->uid);
}

static void
show(struct detail_page *page, const struct detail_event *event)
{
	char age[CLOCK_STAMP_MAX], times[CLOCK_STAMP_MAX] = "";
	size_t len = strlen(event->message);

	while (len > 0 && event->message[len - 1] == '\n')
		len--;
	if (event->count > 1)
		snprintf(times, sizeof(times), " ×%lld", (long long)event->count);
	detail_add(page, strcmp(event->type, "Warning") == 0 ? DETAIL_BAD : DETAIL_TEXT,
		   "  %s  %s  %s%s  %.*s%s%s%s",
		   event->last_ms ? duration_format_human(page->now_ms - event->last_ms, age)
				  : "<unknown>",
		   event->type, event->reason, times, (int)len, event->message,
		   *event->from ? " (" : "", event->from, *event->from ? ")" : "");
}

void
detail_events_show(struct detail_page *page, struct detail_events *events, const char *uid,
		   const char *name, bool listed, const char *problem)
{
	size_t shown = 0;

	detail_add(page, DETAIL_TEXT, "%s", "");
	detail_add(page, DETAIL_HEADING, "Events");
	if (events->count > 1)
		qsort(events->items, events->count, sizeof(*events->items), compare);
	for (size_t i = 0; i < events->count; i++) {
		/* a kubelet writes its node's name for a UID */
		if (strcmp(events->items[i].about, uid) != 0 &&
		    strcmp(events->items[i].about, name) != 0)
			continue;
		show(page, &events->items[i]);
		shown++;
	}
	if (*problem)
		detail_add(page, DETAIL_BAD, "  not readable: %s", problem);
	else if (!listed)
		detail_add(page, DETAIL_DIM, "  waiting for the list of events");
	else if (shown == 0)
		detail_add(page, DETAIL_DIM, "  none");
}
