#include "config.h"

#include "run/state/event.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct run_event *
run_event_new(enum run_event_type type, const char *step, const char *text)
{
	struct run_event *event = xcalloc(1, sizeof(*event));

	event->type = type;
	event->step = xstrdup(step);
	event->text = xstrdup(text);
	return event;
}

void
run_event_free(struct run_event *event)
{
	if (!event)
		return;
	record_free(event->record);
	free(event->step);
	free(event->text);
	sgr_release(&event->looks);
	free(event);
}
