#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/controller/controller_internal.h"

/*
 * Events: what components tell of objects. Equal ones count up; an hour after they were last told, they go, and the
 * oldest ones where there are too many, so that a cluster does not grow by living.
 */

enum {
	RECENT_MAX = 2000,
	RECENT_BUCKETS = 1024,
	LIFE_MS = 3600 * 1000,
};

struct recent {
	char *key; /* all that must be equal; NULL: free */
	const struct stored *stored;
	int64_t told_ms;
	int next; /* of the same bucket, + 1 */
};

struct events {
	struct recent items[RECENT_MAX]; /* a ring, by when they were first told */
	size_t head, count;
	int buckets[RECENT_BUCKETS]; /* the first one + 1 */
	unsigned long long serial;
};

struct events *
events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

void
events_free(struct events *events)
{
	for (size_t i = 0; i < RECENT_MAX; i++) {
		free(events->items[i].key);
		stored_drop(events->items[i].stored);
	}
	free(events);
}

static int *
bucket_of(struct events *events, const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return &events->buckets[hash % RECENT_BUCKETS];
}

static struct recent *
find_recent(struct events *events, const char *key)
{
	for (int at = *bucket_of(events, key); at; at = events->items[at - 1].next)
		if (strcmp(events->items[at - 1].key, key) == 0)
			return &events->items[at - 1];
	return NULL;
}

static void
forget_oldest(struct events *events)
{
	struct recent *recent = &events->items[events->head];
	int *at = bucket_of(events, recent->key);

	while (*at != (int)events->head + 1)
		at = &events->items[*at - 1].next;
	*at = recent->next;
	free(recent->key);
	stored_drop(recent->stored);
	*recent = (struct recent){ .key = NULL };
	events->head = (events->head + 1) % RECENT_MAX;
	events->count--;
}

static void
delete_oldest(struct controllers *c)
{
	const struct stored *stored = stored_hold(c->recent->items[c->recent->head].stored);

	forget_oldest(c->recent);
	write_delete(c, stored, NULL, 0);
	stored_drop(stored);
}

void
events_expire(struct controllers *c)
{
	int64_t before_ms = clock_mono_ms() - LIFE_MS;

	while (c->recent->count && c->recent->items[c->recent->head].told_ms < before_ms)
		delete_oldest(c);
}

/* Takes over the key and the reference. */
static void
remember(struct controllers *c, char *key, const struct stored *stored)
{
	struct events *events = c->recent;
	size_t at = (events->head + events->count) % RECENT_MAX;

	int *bucket = bucket_of(events, key);

	events->items[at] = (struct recent){
		.key = key, .stored = stored, .told_ms = clock_mono_ms(), .next = *bucket
	};
	*bucket = (int)at + 1;
	events->count++;
}

static bool
count_up(void *data, cJSON *object)
{
	char now[32];

	(void)data;
	set_int(object, "count", json_int(object, "count", 1) + 1);
	set_string(object, "lastTimestamp", now_text(now));
	return true;
}

static void
add_involved(cJSON *event, const struct stored *about, const char *field)
{
	cJSON *involved = cJSON_AddObjectToObject(event, "involvedObject");
	char *version = kind_api_version(about->kind);
	char number[24];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)about->version);
	json_add_string(involved, "apiVersion", version);
	if (field)
		json_add_string(involved, "fieldPath", field);
	json_add_string(involved, "kind", about->kind->name);
	json_add_string(involved, "name", about->name);
	if (*about->ns)
		json_add_string(involved, "namespace", about->ns);
	json_add_string(involved, "resourceVersion", number);
	json_add_string(involved, "uid", about->uid);
	free(version);
}

static cJSON *
new_event(struct controllers *c, const struct stored *about, const char *component,
	  const char *host, const char *field)
{
	cJSON *event = new_object(c->kinds.events), *source;
	char *name = xasprintf("%.200s.%llx", about->name,
			       ((unsigned long long)clock_wall_ms() << 16) +
				       (c->recent->serial++ & 0xffff));
	char now[32];

	set_string(json_at(event, "metadata"), "name", name);
	add_involved(event, about, field);
	source = cJSON_AddObjectToObject(event, "source");
	json_add_string(source, "component", component);
	if (host)
		json_add_string(source, "host", host);
	json_add_string(event, "firstTimestamp", now_text(now));
	json_add_string(event, "lastTimestamp", now);
	json_add_int(event, "count", 1);
	json_add(event, "eventTime", cJSON_CreateNull());
	json_add_string(event, "reportingComponent", "");
	json_add_string(event, "reportingInstance", "");
	free(name);
	return event;
}

static bool
tell_again(struct controllers *c, const char *key)
{
	struct recent *recent = find_recent(c->recent, key);

	if (!recent)
		return false;
	recent->told_ms = clock_mono_ms();
	return write_change(c, recent->stored, false, count_up, NULL);
}

void
event_tell(struct controllers *c, const struct stored *about, const char *component,
	   const char *host, const char *field, const char *type, const char *reason,
	   const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	char *message = xvasprintf(format, ap);
	va_end(ap);
	char *key = xasprintf("%s\t%s\t%s\t%s\t%s\t%s", about->uid, component, host ? host : "",
			      field ? field : "", reason, message);
	if (!tell_again(c, key) && !find_recent(c->recent, key)) {
		cJSON *event = new_event(c, about, component, host, field);
		const struct stored *stored;

		json_add_string(event, "type", type);
		json_add_string(event, "reason", reason);
		json_add_string(event, "message", message);
		if (c->recent->count == RECENT_MAX)
			delete_oldest(c);
		stored = write_new(c, c->kinds.events, *about->ns ? about->ns : "default", event,
				   NULL);
		if (stored) {
			remember(c, key, stored);
			key = NULL;
		}
	}
	free(key);
	free(message);
}
