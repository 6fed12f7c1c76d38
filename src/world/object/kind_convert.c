#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "world/object/kind.h"

/* An Event's fields in its two groups. Source: API reference, core/v1 Event and events.k8s.io/v1 Event. */
static const struct {
	const char *core, *events;
} event_fields[] = {
	{ "involvedObject", "regarding" },
	{ "message", "note" },
	{ "source", "deprecatedSource" },
	{ "firstTimestamp", "deprecatedFirstTimestamp" },
	{ "lastTimestamp", "deprecatedLastTimestamp" },
	{ "count", "deprecatedCount" },
	{ "reportingComponent", "reportingController" },
};

static void
convert_event(cJSON *event, bool to_core)
{
	for (size_t i = 0; i < sizeof(event_fields) / sizeof(event_fields[0]); i++) {
		const char *from = to_core ? event_fields[i].events : event_fields[i].core;
		const char *to = to_core ? event_fields[i].core : event_fields[i].events;
		cJSON *value = cJSON_DetachItemFromObjectCaseSensitive(event, from);

		if (!value)
			continue;
		cJSON_DeleteItemFromObjectCaseSensitive(event, to);
		json_add(event, to, value);
	}
}

void
kind_convert(const struct kind *to, cJSON *object)
{
	char *version = kind_api_version(to);

	if (strcmp(json_string(object, "apiVersion", ""), version) != 0) {
		json_replace(object, "kind", cJSON_CreateString(to->name));
		json_replace(object, "apiVersion", cJSON_CreateString(version));
		if (strcmp(to->name, "Event") == 0 && !to->columns)
			convert_event(object, !*to->group);
	}
	free(version);
}
