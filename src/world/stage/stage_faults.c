#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "world/stage/stage_internal.h"

/* Switches: faults, that are known from the start, and signals, that come with who gives or asks for them. */

static struct toggle *
find(const struct switches *switches, const char *name)
{
	for (size_t i = 0; i < switches->count; i++)
		if (strcmp(switches->items[i]->name, name) == 0)
			return switches->items[i];
	return NULL;
}

static void
set(struct toggle *toggle, bool on)
{
	struct stage *stage = toggle->stage;

	pthread_mutex_lock(&stage->lock);
	toggle->on = on;
	pthread_mutex_unlock(&stage->lock);
	stage_stir(stage);
}

static void
signal_ends(void *data)
{
	set(data, false);
}

static struct toggle *
add(struct stage *stage, struct switches *switches, const char *name, const char *title, bool on)
{
	struct toggle *toggle = xcalloc(1, sizeof(*toggle));

	*toggle = (struct toggle){ .stage = stage,
				   .name = xstrdup(name),
				   .title = title,
				   .on = on,
				   .timer = { .ring = signal_ends, .data = toggle } };
	pthread_mutex_lock(&stage->lock);
	*VEC_PUSH(switches->items, switches->count, switches->cap) = toggle;
	pthread_mutex_unlock(&stage->lock);
	return toggle;
}

void
faults_new(struct stage *stage, const cJSON *all)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, all)
		add(stage, &stage->faults, item->string, json_string(item, "title", item->string),
		    json_bool(item, "on", false));
}

void
switches_free(struct switches *switches)
{
	for (size_t i = 0; i < switches->count; i++) {
		free(switches->items[i]->name);
		free(switches->items[i]);
	}
	free(switches->items);
}

struct toggle *
fault_find(const struct stage *stage, const char *name)
{
	return find(&stage->faults, name);
}

struct toggle *
signal_find(struct stage *stage, const char *name)
{
	struct toggle *signal = find(&stage->signals, name);

	return signal ? signal : add(stage, &stage->signals, name, NULL, false);
}

void
fault_set(struct stage *stage, struct toggle *fault, bool on, const char *by)
{
	cJSON *details;

	if (fault->on == on)
		return;
	set(fault, on);
	details = cJSON_CreateObject();
	json_add_bool(details, "on", on);
	json_add_string(details, "title", fault->title);
	if (by)
		json_add_string(details, "by", by);
	stage_told(stage, "fault", fault->name, details);
}

void
signal_set(struct stage *stage, struct toggle *signal, bool on, int64_t for_ms)
{
	timers_clear(&stage->timers, &signal->timer);
	if (on && for_ms > 0)
		timers_set(&stage->timers, &signal->timer,
			   clock_mono_ms() + stage_scaled(stage, for_ms));
	set(signal, on);
}

int
stage_fault(struct stage *stage, const char *name, bool on, struct err *e)
{
	struct message *message;
	const char **names;
	const char *near;

	if (fault_find(stage, name)) {
		message = message_new(MESSAGE_FAULT);
		message->name = xstrdup(name);
		message->on = on;
		stage_send(stage, message);
		return 0;
	}
	names = xcalloc(stage->faults.count + 1, sizeof(*names));
	for (size_t i = 0; i < stage->faults.count; i++)
		names[i] = stage->faults.items[i]->name;
	near = str_nearest(name, names);
	err_set(e, ERR_NOT_FOUND, "this world has no fault \"%s\"%s%s%s", name,
		near ? ": did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	free(names);
	return -1;
}
