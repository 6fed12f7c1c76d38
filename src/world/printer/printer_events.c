#include "config.h"

#include "world/printer/printer.h"

#include <ctype.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "world/printer/printer_cells.h"

/*
 * Events, as they are stored: in the fields of the core group. Source: k8s.io/kubernetes, pkg/printers/internalversion,
 * printEvent.
 */

static const struct printer_column events_columns[] = {
	{ "Last Seen", "string", "",
	  "The time at which the most recent occurrence of this event was recorded.", 0 },
	{ "Type", "string", "",
	  "Type of this event (Normal, Warning), new types could be added in the future", 0 },
	{ "Reason", "string", "",
	  "This should be a short, machine understandable string that gives the reason for the "
	  "transition into the object's current status.",
	  0 },
	{ "Object", "string", "", "The object that this event is about.", 0 },
	{ "Subobject", "string", "",
	  "If referring to a piece of an object instead of an entire object, this string should "
	  "contain a valid JSON/Go field access statement, such as "
	  "desiredState.manifest.containers[2]. For example, if the object reference is to a "
	  "container within a pod, this would take on a value like: \"spec.containers{name}\" "
	  "(where \"name\" refers to the name of the container that triggered the event) or if no "
	  "container name is specified \"spec.containers[2]\" (container with index 2 in this "
	  "pod). This syntax is chosen only to have some well-defined way of referencing a part of "
	  "an object.",
	  1 },
	{ "Source", "string", "",
	  "The component reporting this event. Should be a short machine understandable string.",
	  1 },
	{ "Message", "string", "", "A human-readable description of the status of this operation.",
	  0 },
	{ "First Seen", "string", "",
	  "The time at which the event was first recorded. (Time of server receipt is in "
	  "TypeMeta.)",
	  1 },
	{ "Count", "string", "", "The number of times this event has occurred.", 1 },
	PRINTER_NAME(1),
	{ .name = NULL },
};

static const char *
time_at(const cJSON *event, const char *path)
{
	const char *stamp = json_string(event, path, NULL);

	return stamp && *stamp ? stamp : NULL;
}

static const char *
first_seen(const cJSON *event)
{
	const char *stamp = time_at(event, "firstTimestamp");

	return stamp ? stamp : time_at(event, "eventTime");
}

static const char *
last_seen(const cJSON *event)
{
	const char *stamp = time_at(event, "lastTimestamp");

	if (cJSON_IsObject(json_at(event, "series")))
		return time_at(event, "series/lastObservedTime");
	return stamp ? stamp : first_seen(event);
}

/* "pod/web-0". */
static void
cell_target(cJSON *cells, const cJSON *event)
{
	const char *name = json_string(event, "involvedObject/name", "");
	struct str text = STR_INIT;

	for (const char *at = json_string(event, "involvedObject/kind", ""); *at; at++)
		str_append_char(&text, (char)tolower((unsigned char)*at));
	if (*name)
		str_printf(&text, "/%s", name);
	cell_take(cells, &text);
}

/* The first of two that says something. */
static const char *
either(const cJSON *event, const char *path, const char *instead)
{
	const char *text = json_string(event, path, "");

	return *text ? text : json_string(event, instead, "");
}

static void
cell_source(cJSON *cells, const cJSON *event)
{
	const char *instance = either(event, "source/host", "reportingInstance");
	struct str text = STR_INIT;

	str_append(&text, either(event, "source/component", "reportingComponent"));
	if (*instance)
		str_printf(&text, ", %s", instance);
	cell_take(cells, &text);
}

static void
cell_message(cJSON *cells, const cJSON *event)
{
	const char *message = json_string(event, "message", "");
	struct str text = STR_INIT;
	size_t len;

	while (isspace((unsigned char)*message))
		message++;
	len = strlen(message);
	while (len && isspace((unsigned char)message[len - 1]))
		len--;
	str_append_bytes(&text, message, len);
	cell_take(cells, &text);
}

/* A series counts the times after the first one. */
static void
cell_times(cJSON *cells, const cJSON *event)
{
	int64_t count = json_int(event, "count", 0);

	if (cJSON_IsObject(json_at(event, "series")))
		cell_number(cells, json_int(event, "series/count", 0) + 1);
	else
		cell_number(cells, count ? count : 1);
}

static void
events_cells(const cJSON *object, int64_t now_ms, cJSON *cells)
{
	cell_since(cells, last_seen(object), now_ms);
	cell_at(cells, object, "type", "");
	cell_at(cells, object, "reason", "");
	cell_target(cells, object);
	cell_at(cells, object, "involvedObject/fieldPath", "");
	cell_source(cells, object);
	cell_message(cells, object);
	cell_since(cells, first_seen(object), now_ms);
	cell_times(cells, object);
	cell_name(cells, object);
}

const struct printer printer_events = { .columns = events_columns, .cells = events_cells };
