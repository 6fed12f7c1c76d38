#include "config.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/json.h"
#include "run/engine/engine_internal.h"

void
engine_impact_begin(struct engine *engine)
{
	if (engine->impact || engine->leaving || engine->confused)
		return;
	engine->impact =
		impact_new(&engine->env, engine_context(engine), engine->options.impact_pace);
}

int64_t
engine_impact_turn(struct engine *engine)
{
	int64_t now_ms = clock_mono_ms();
	cJSON *change;

	if (!engine->impact)
		return INT64_MAX;
	impact_turn(engine->impact, now_ms);
	while (!engine->confused && (change = impact_change(engine->impact, now_ms)))
		engine_show(engine, RECORD_IMPACT, change, false);
	return engine->confused ? INT64_MAX : impact_next_ms(engine->impact);
}

void
engine_impact_ended(struct engine *engine, const cJSON *data)
{
	int64_t ts_ms;
	size_t index;

	if (!impact_take(engine->impact, data, &index, &ts_ms))
		return;
	engine_impact_turn(engine); /* what is seen before when it was seen */
	for (size_t i = 0; i < engine->links_count; i++) {
		struct run_event *event = run_event_new(EVENT_IMPACT, NULL, NULL);

		event->index = index;
		event->ts_ms = ts_ms;
		queue_push(engine->links[i].events, event);
	}
}

void
engine_impact_heed(struct engine *engine, const struct record *record)
{
	if (engine->impact && record->type == RECORD_OUTCOME)
		impact_hurry(engine->impact, clock_mono_ms());
	else if (engine->impact && record->type == RECORD_TARGET)
		impact_meet(engine->impact, record->data);
}
