#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state_internal.h"

/* A copy of a string member, or NULL where there is none. */
static char *
copy(const cJSON *data, const char *path)
{
	return xstrdup(json_string(data, path, NULL));
}

static void
replace(char **field, const cJSON *data, const char *path)
{
	free(*field);
	*field = copy(data, path);
}

static cJSON *
copy_json(const cJSON *data, const char *path)
{
	const cJSON *value = json_at(data, path);

	return value && !cJSON_IsNull(value) ? cJSON_Duplicate(value, true) : NULL;
}

static void
set_decision(struct run_state *state, const struct record *record, enum run_phase phase)
{
	state->phase = phase;
	state->decision_seq = record->seq;
}

/* The current step, when the record names it and it is in one of the statuses of the set; else NULL. */
static struct step_state *
expect_current(struct run_state *state, const struct record *record, unsigned statuses,
	       struct err *e)
{
	const char *id = json_string(record->data, "step", "");
	const struct step_state *current = run_state_current(state);

	if (!current || !str_equal(current->id, id)) {
		err_set(e, ERR_SPEC, "step \"%s\" is not the current one", id);
		return NULL;
	}
	if (!(statuses & 1u << current->status)) {
		err_set(e, ERR_SPEC, "step \"%s\" is %s", id, step_status_name(current->status));
		return NULL;
	}
	return &state->steps[state->current];
}

#define IS(status) (1u << (status))
#define NOT_BEGUN                                                                                  \
	(IS(STEP_TODO) | IS(STEP_PLANNED) | IS(STEP_BLOCKED) | IS(STEP_FAILED) |                   \
	 IS(STEP_CANCELLED) | IS(STEP_UNKNOWN))

/* Moves on from the current step to the next one that is not done. */
static void
advance(struct run_state *state)
{
	while ((size_t)state->current < state->steps_count &&
	       step_status_done(state->steps[state->current].status))
		state->current++;
	state->phase = (size_t)state->current < state->steps_count ? RUN_PREPARING : RUN_WAITING;
}

static void
load_checks(const cJSON *array, struct check_result **ret_results, size_t *ret_count)
{
	size_t cap = 0;
	const cJSON *at;

	check_results_free(*ret_results, *ret_count);
	*ret_results = NULL;
	*ret_count = 0;
	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(*ret_results, *ret_count, cap) = (struct check_result){
			.title = copy(at, "title"),
			.expect = copy(at, "expect"),
			.message = copy(at, "message"),
			.ok = json_bool(at, "ok", false),
		};
}

static void
load_error(struct step_state *step, const cJSON *data)
{
	replace(&step->error_kind, data, "error/kind");
	replace(&step->error, data, "error/message");
}

static void
load_targets(struct run_state *state, const cJSON *array)
{
	size_t cap = 0;
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(state->targets, state->targets_count, cap) = (struct target_state){
			.name = copy(at, "name"),
			.kind = copy(at, "kind"),
			.group = copy(at, "group"),
			.describe = copy(at, "describe"),
			.problem = copy(at, "problem"),
			.spec = copy_json(at, "spec"),
			.identity = copy_json(at, "identity"),
		};
}

static void
load_steps(struct run_state *state, const cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(state->steps, state->steps_count, state->steps_cap) = (struct step_state){
			.id = copy(at, "id"),
			.spec_id = copy(at, "id"),
			.title = copy(at, "title"),
			.section = copy(at, "section"),
			.for_each = json_bool(at, "for_each", false),
			.estimate_ms = json_int(at, "estimate_ms", 0),
			.intent_seq = -1,
		};
}

static int
apply_run(struct run_state *state, const struct record *record, struct err *e)
{
	const cJSON *data = record->data, *at;

	if (!json_string(data, "runbook/id", NULL) || !cJSON_IsArray(json_at(data, "steps")))
		return err_set(e, ERR_SPEC, "it names no runbook or no steps");
	cJSON_ArrayForEach(at, json_at(data, "steps"))
		if (!json_string(at, "id", NULL) || !json_string(at, "title", NULL))
			return err_set(e, ERR_SPEC, "a step of it has no id or no title");
	state->run_id = xstrdup(record->run_id);
	state->runbook_id = copy(data, "runbook/id");
	state->runbook_title = copy(data, "runbook/title");
	state->runbook_version = copy(data, "runbook/version");
	state->runbook_sha256 = copy(data, "runbook/sha256");
	state->mode = copy(data, "mode");
	state->operator_name = copy(data, "operator");
	state->host = copy(data, "host");
	state->program = copy(data, "program");
	state->params = copy_json(data, "params");
	state->gotos = cJSON_CreateObject();
	state->started_ms = record->ts_ms;
	load_targets(state, json_at(data, "targets"));
	load_steps(state, json_at(data, "steps"));
	set_decision(state, record, RUN_STARTING);
	return 0;
}

/* What was asked for or prepared before must be looked at again; only "unknown" stays what it is. */
static int
apply_resumed(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	run_state_close_crashed(state);
	replace(&state->operator_name, record->data, "operator");
	replace(&state->host, record->data, "host");
	set_decision(state, record, RUN_WAITING);
	if (state->current < 0) {
		state->phase = RUN_STARTING;
	} else if ((size_t)state->current < state->steps_count) {
		struct step_state *step = &state->steps[state->current];

		if (step->status != STEP_UNKNOWN) {
			step->status = STEP_TODO;
			state->phase = RUN_PREPARING;
		}
	}
	return 0;
}

static int
apply_preflight(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	load_checks(json_at(record->data, "checks"), &state->preflight, &state->preflight_count);
	if (state->current < 0) {
		state->current = 0;
		advance(state);
	}
	state->decision_seq = record->seq;
	return 0;
}

static int
apply_target(struct run_state *state, const struct record *record, struct err *e)
{
	const char *name = json_string(record->data, "name", "");

	for (size_t i = 0; i < state->targets_count; i++) {
		struct target_state *target = &state->targets[i];

		if (!str_equal(target->name, name))
			continue;
		cJSON_Delete(target->identity);
		target->identity = copy_json(record->data, "identity");
		free(target->problem);
		target->problem = NULL;
		return 0;
	}
	return err_set(e, ERR_SPEC, "there is no target \"%s\"", name);
}

/* Puts `count` instances in the place of the for_each step at `index`. */
static void
replace_by_instances(struct run_state *state, size_t index, const cJSON *items)
{
	struct step_state template = state->steps[index];
	size_t count = (size_t)cJSON_GetArraySize(items);
	size_t tail = state->steps_count - index - 1;
	const cJSON *item;

	if (state->steps_cap < state->steps_count + count) {
		state->steps_cap = state->steps_count + count;
		state->steps = xreallocarray(state->steps, state->steps_cap, sizeof(*state->steps));
	}
	memmove(&state->steps[index + count], &state->steps[index + 1],
		tail * sizeof(*state->steps));
	state->steps_count += count - 1;
	cJSON_ArrayForEach(item, items) {
		state->steps[index++] = (struct step_state){
			.id = xasprintf("%s[%s]", template.id, item->valuestring),
			.spec_id = xstrdup(template.spec_id),
			.item = xstrdup(item->valuestring),
			.title = xasprintf("%s: %s", template.title, item->valuestring),
			.section = xstrdup(template.section),
			.estimate_ms = template.estimate_ms,
			.intent_seq = -1,
		};
	}
	step_state_release(&template);
}

static int
apply_expand(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, NOT_BEGUN, e);
	const cJSON *items = json_at(record->data, "items"), *item;

	if (!step)
		return -1;
	if (!step->for_each)
		return err_set(e, ERR_SPEC, "step \"%s\" is no for_each step", step->id);
	if (cJSON_GetArraySize(items) == 0)
		return err_set(e, ERR_SPEC, "it has no items");
	cJSON_ArrayForEach(item, items)
		if (!cJSON_IsString(item))
			return err_set(e, ERR_SPEC, "an item of it is no string");
	replace_by_instances(state, (size_t)state->current, items);
	set_decision(state, record, RUN_PREPARING);
	return 0;
}

static void
load_preview(struct step_state *step, const cJSON *array)
{
	size_t cap = 0;
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(step->preview, step->preview_count, cap) = (struct preview_line){
			.mark = json_string(at, "0", " ")[0],
			.text = xstrdup(json_string(at, "1", "")),
		};
}

static int
apply_plan(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, NOT_BEGUN, e);
	const cJSON *data = record->data;

	if (!step)
		return -1;
	if (!json_string(data, "uses", NULL) || !json_string(data, "effect", NULL) ||
	    !json_string(data, "confirm", NULL))
		return err_set(e, ERR_SPEC, "it does not say what would be done");
	step_state_clear_plan(step);
	if (json_string(data, "title", NULL))
		replace(&step->title, data, "title");
	step->text = copy(data, "text");
	step->uses = copy(data, "uses");
	step->target = copy(data, "target");
	step->effect = copy(data, "effect");
	step->confirm = copy(data, "confirm");
	step->confirm_name = copy(data, "confirm_name");
	load_preview(step, json_at(data, "preview"));
	load_checks(json_at(data, "preconditions"), &step->preconditions,
		    &step->preconditions_count);
	step->status = STEP_PLANNED;
	set_decision(state, record, RUN_WAITING);
	return 0;
}

static int
apply_blocked(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, NOT_BEGUN, e);

	if (!step)
		return -1;
	load_checks(json_at(record->data, "preconditions"), &step->preconditions,
		    &step->preconditions_count);
	load_error(step, record->data);
	step->status = STEP_BLOCKED;
	set_decision(state, record, RUN_WAITING);
	return 0;
}

static int
apply_intent(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, IS(STEP_PLANNED), e);

	if (!step)
		return -1;
	step_state_clear_outcome(step);
	replace(&step->by, record->data, "by");
	step->status = STEP_RUNNING;
	step->attempt = (int)json_int(record->data, "attempt", step->attempt + 1);
	step->intent_seq = record->seq;
	step->started_ms = record->ts_ms;
	step->ended_ms = 0;
	set_decision(state, record, RUN_WORKING);
	return 0;
}

static int
apply_attempt(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, IS(STEP_RUNNING), e);

	if (!step)
		return -1;
	step->attempt = (int)json_int(record->data, "attempt", step->attempt) + 1;
	return 0;
}

static int
apply_prompt(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, IS(STEP_RUNNING), e);
	struct prompt_state *prompt = &state->prompt;
	size_t cap = 0;
	const cJSON *at;

	if (!step)
		return -1;
	if (!json_string(record->data, "kind", NULL) ||
	    !json_string(record->data, "question", NULL))
		return err_set(e, ERR_SPEC, "it has no question");
	prompt_state_close(prompt);
	prompt->seq = record->seq;
	prompt->kind = copy(record->data, "kind");
	prompt->question = copy(record->data, "question");
	prompt->otherwise = copy(record->data, "default");
	prompt->pattern = copy(record->data, "pattern");
	prompt->secret = json_bool(record->data, "secret", false);
	cJSON_ArrayForEach(at, json_at(record->data, "items"))
		*VEC_PUSH(prompt->items, prompt->items_count, cap) = (struct prompt_state_item){
			.id = xstrdup(json_string(at, "id", "")),
			.text = xstrdup(json_string(at, "text", "")),
			.wants_value = json_bool(at, "value", false),
		};
	state->decision_seq = record->seq;
	return 0;
}

static int
apply_answer(struct run_state *state, const struct record *record, struct err *e)
{
	if (!expect_current(state, record, IS(STEP_RUNNING), e))
		return -1;
	if (state->prompt.seq < 0 || json_int(record->data, "prompt", -1) != state->prompt.seq)
		return err_set(e, ERR_SPEC, "it answers a question that is not open");
	prompt_state_close(&state->prompt);
	state->decision_seq = record->seq;
	return 0;
}

static const struct {
	const char *word;
	enum step_status status;
} outcomes[] = {
	{ "ok", STEP_OK },
	{ "failed", STEP_FAILED },
	{ "cancelled", STEP_CANCELLED },
	{ "unknown", STEP_UNKNOWN },
};

static int
apply_outcome(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step =
		expect_current(state, record, IS(STEP_RUNNING) | IS(STEP_UNKNOWN), e);
	const char *word = json_string(record->data, "status", "");
	size_t i = 0;

	if (!step)
		return -1;
	while (i < sizeof(outcomes) / sizeof(outcomes[0]) && !str_equal(outcomes[i].word, word))
		i++;
	if (i == sizeof(outcomes) / sizeof(outcomes[0]))
		return err_set(e, ERR_SPEC, "its status \"%s\" is unknown", word);
	step_state_clear_outcome(step);
	prompt_state_close(&state->prompt);
	load_error(step, record->data);
	load_checks(json_at(record->data, "verify"), &step->verify, &step->verify_count);
	step->reason = copy(record->data, "reason");
	step->outputs = copy_json(record->data, "outputs");
	step->output_file = copy(record->data, "output/file");
	step->status = outcomes[i].status;
	step->ended_ms = record->ts_ms;
	set_decision(state, record, RUN_WAITING);
	if (step->status == STEP_OK)
		advance(state);
	return 0;
}

static int
apply_skip(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, NOT_BEGUN, e);

	if (!step)
		return -1;
	replace(&step->reason, record->data, "reason");
	replace(&step->by, record->data, "by");
	step->status = STEP_SKIPPED;
	step->ended_ms = record->ts_ms;
	state->decision_seq = record->seq;
	advance(state);
	return 0;
}

/* Steps of the way back are to be done again; steps of a way forward are passed over. */
static void
jump(struct run_state *state, size_t from, size_t to)
{
	for (size_t i = to; i <= from && i < state->steps_count; i++) {
		step_state_clear_plan(&state->steps[i]);
		state->steps[i].status = STEP_TODO;
	}
	for (size_t i = from; i < to; i++) {
		if (step_status_done(state->steps[i].status))
			continue;
		state->steps[i].status = STEP_SKIPPED;
		free(state->steps[i].reason);
		state->steps[i].reason =
			xasprintf("passed over on the way to %s", state->steps[to].id);
	}
	state->current = (int)to;
}

static int
apply_goto(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_current(state, record, NOT_BEGUN, e);
	const char *to = json_string(record->data, "to", "");

	if (!step)
		return -1;
	for (size_t i = 0; i < state->steps_count; i++) {
		if (!str_equal(state->steps[i].id, to) && !str_equal(state->steps[i].spec_id, to))
			continue;
		int64_t count = json_int(state->gotos, step->spec_id, 0) + 1;

		cJSON_DeleteItemFromObjectCaseSensitive(state->gotos, step->spec_id);
		json_add_int(state->gotos, step->spec_id, count);
		jump(state, (size_t)state->current, i);
		set_decision(state, record, RUN_PREPARING);
		return 0;
	}
	return err_set(e, ERR_SPEC, "there is no step \"%s\" to go to", to);
}

static int
apply_note(struct run_state *state, const struct record *record, struct err *e)
{
	if (!json_string(record->data, "text", NULL))
		return err_set(e, ERR_SPEC, "it has no text");
	*VEC_PUSH(state->notes, state->notes_count, state->notes_cap) = (struct note_state){
		.seq = record->seq,
		.ts_ms = record->ts_ms,
		.text = copy(record->data, "text"),
		.by = copy(record->data, "by"),
		.step = copy(record->data, "step"),
	};
	return 0;
}

static int
apply_cancel(struct run_state *state, const struct record *record, struct err *e)
{
	return expect_current(state, record, IS(STEP_RUNNING), e) ? 0 : -1;
}

static int
apply_stop(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	state->ended_ms = record->ts_ms;
	set_decision(state, record, RUN_STOPPED);
	return 0;
}

static int
apply_end(struct run_state *state, const struct record *record, struct err *e)
{
	if (!json_string(record->data, "id", NULL))
		return err_set(e, ERR_SPEC, "it does not say how the run ended");
	state->end_id = copy(record->data, "id");
	state->end_title = copy(record->data, "title");
	state->end_reason = copy(record->data, "reason");
	state->failed = json_bool(record->data, "failed", false);
	state->ended_ms = record->ts_ms;
	set_decision(state, record, RUN_ENDED);
	return 0;
}

state_apply_fn *const state_apply_table[RECORD_TYPE_COUNT] = {
	[RECORD_RUN] = apply_run,
	[RECORD_RESUMED] = apply_resumed,
	[RECORD_PREFLIGHT] = apply_preflight,
	[RECORD_TARGET] = apply_target,
	[RECORD_EXPAND] = apply_expand,
	[RECORD_PLAN] = apply_plan,
	[RECORD_BLOCKED] = apply_blocked,
	[RECORD_INTENT] = apply_intent,
	[RECORD_ATTEMPT] = apply_attempt,
	[RECORD_PROMPT] = apply_prompt,
	[RECORD_ANSWER] = apply_answer,
	[RECORD_OUTCOME] = apply_outcome,
	[RECORD_SKIP] = apply_skip,
	[RECORD_GOTO] = apply_goto,
	[RECORD_NOTE] = apply_note,
	[RECORD_CANCEL] = apply_cancel,
	[RECORD_STOP] = apply_stop,
	[RECORD_END] = apply_end,
};
