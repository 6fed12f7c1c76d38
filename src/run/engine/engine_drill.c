#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/engine/engine_internal.h"
#include "run/state/hint.h"

void
engine_drill_begin(struct engine *engine)
{
	const struct engine_drill *drill = engine->options.drill;

	if (drill)
		engine_show(engine, RECORD_DRILL, cJSON_Duplicate(drill->begin, true), true);
}

void
engine_drill_open(struct engine *engine)
{
	const struct engine_drill *drill = engine->options.drill;

	if (drill && !engine->broken)
		engine_append(engine, RECORD_DRILL, drill->open(drill->data), true);
}

char *
engine_hint(struct engine *engine, const struct step_state *step)
{
	const struct step_spec *spec = step ? engine_spec(engine, step) : NULL;
	struct hint hint;

	if (!engine->options.drill)
		return xstrdup("there are no hints but in a drill");
	if (!spec)
		return xstrdup("there is no step to hint at");
	if (!hint_next(&engine->state, spec, step->id, &hint)) {
		struct str why = STR_INIT;

		hint_describe_none(&engine->state, spec, step->id, &why);
		return str_take(&why);
	}
	cJSON *data = cJSON_CreateObject();
	json_add_string(data, "what", "hint");
	json_add_string(data, "step", step->id);
	json_add_string(data, "grade", hint.grade);
	json_add_string(data, "text", hint.text);
	json_add_int(data, "cost", hint.cost);
	engine_append(engine, RECORD_DRILL, data, true);
	return NULL;
}
