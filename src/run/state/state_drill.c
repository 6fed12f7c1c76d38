#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

static int
apply_begin(struct run_state *state, const struct record *record)
{
	state->explains = json_bool(record->data, "explain", false);
	free(state->situation);
	state->situation = state_copy(record->data, "text");
	return 0;
}

static int
apply_hint(struct run_state *state, const struct record *record, struct err *e)
{
	const char *step = json_string(record->data, "step", NULL);

	if (!step || !run_state_step(state, step))
		return err_set(e, ERR_SPEC, "there is no step \"%s\" to hint at", step ? step : "");
	if (!json_string(record->data, "grade", NULL) || !json_string(record->data, "text", NULL))
		return err_set(e, ERR_SPEC, "it hints at nothing");
	*VEC_PUSH(state->hints, state->hints_count, state->hints_cap) = (struct hint_state){
		.step = state_copy(record->data, "step"),
		.grade = state_copy(record->data, "grade"),
		.text = state_copy(record->data, "text"),
		.cost = json_int(record->data, "cost", 0),
	};
	return 0;
}

int
state_apply_drill(struct run_state *state, const struct record *record, struct err *e)
{
	const char *what = json_string(record->data, "what", "");

	if (str_equal(what, "begin"))
		return apply_begin(state, record);
	if (str_equal(what, "hint"))
		return apply_hint(state, record, e);
	if (str_equal(what, "opened")) /* it is about what was, and changes nothing */
		return 0;
	return err_set(e, ERR_SPEC, "it is none of begin, hint and opened");
}

void
hint_states_free(struct hint_state *hints, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(hints[i].step);
		free(hints[i].grade);
		free(hints[i].text);
	}
	free(hints);
}

size_t
run_state_hints(const struct run_state *state, const char *step)
{
	size_t count = 0;

	for (size_t i = 0; i < state->hints_count; i++)
		count += str_equal(state->hints[i].step, step);
	return count;
}
