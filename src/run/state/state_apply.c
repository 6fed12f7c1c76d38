#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

char *
state_copy(const cJSON *data, const char *path)
{
	return xstrdup(json_string(data, path, NULL));
}

void
state_replace(char **field, const cJSON *data, const char *path)
{
	free(*field);
	*field = state_copy(data, path);
}

cJSON *
state_copy_json(const cJSON *data, const char *path)
{
	const cJSON *value = json_at(data, path);

	return value && !cJSON_IsNull(value) ? cJSON_Duplicate(value, true) : NULL;
}

void
state_set_decision(struct run_state *state, const struct record *record, enum run_phase phase)
{
	state->phase = phase;
	state->decision_seq = record->seq;
}

/* The types of record that are either of doing a step or of taking it back; the others belong to what is under way. */
static bool
says_direction(enum record_type type)
{
	return type == RECORD_PLAN || type == RECORD_BLOCKED || type == RECORD_EXPAND ||
	       type == RECORD_INTENT || type == RECORD_ATTEMPT || type == RECORD_OUTCOME ||
	       type == RECORD_SKIP || type == RECORD_GOTO;
}

struct step_state *
state_expect(struct run_state *state, const struct record *record, unsigned statuses, struct err *e)
{
	const char *id = json_string(record->data, "step", "");
	const struct step_state *current = run_state_current(state);

	if (!current || !str_equal(current->id, id)) {
		err_set(e, ERR_SPEC, "step \"%s\" is not the current one", id);
		return NULL;
	}
	if (says_direction(record->type) && current->undoing != state_is_undo(record)) {
		err_set(e, ERR_SPEC, "step \"%s\" is %s", id,
			current->undoing ? "being taken back, and this is not about that"
					 : "not being taken back");
		return NULL;
	}
	if (!(statuses & 1u << current->status)) {
		err_set(e, ERR_SPEC, "step \"%s\" is %s", id, step_status_name(current->status));
		return NULL;
	}
	return &state->steps[state->current];
}

/* A step of unknown outcome must be decided before it is prepared again. */
#define DECIDED                                                                                    \
	(IS(STEP_TODO) | IS(STEP_PLANNED) | IS(STEP_BLOCKED) | IS(STEP_FAILED) | IS(STEP_CANCELLED))

void
state_advance(struct run_state *state)
{
	while ((size_t)state->current < state->steps_count &&
	       step_status_done(state->steps[state->current].status))
		state->current++;
	state->phase = (size_t)state->current < state->steps_count ? RUN_PREPARING : RUN_WAITING;
}

void
state_load_checks(const cJSON *array, struct check_result **ret_results, size_t *ret_count)
{
	size_t cap = 0;
	const cJSON *at;

	check_results_free(*ret_results, *ret_count);
	*ret_results = NULL;
	*ret_count = 0;
	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(*ret_results, *ret_count, cap) = (struct check_result){
			.title = state_copy(at, "title"),
			.expect = state_copy(at, "expect"),
			.message = state_copy(at, "message"),
			.ok = json_bool(at, "ok", false),
		};
}

void
state_load_error(struct step_state *step, const cJSON *data)
{
	state_replace(&step->error_kind, data, "error/kind");
	state_replace(&step->error, data, "error/message");
}

static void
load_targets(struct run_state *state, const cJSON *array)
{
	size_t cap = 0;
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(state->targets, state->targets_count, cap) = (struct target_state){
			.name = state_copy(at, "name"),
			.kind = state_copy(at, "kind"),
			.group = state_copy(at, "group"),
			.describe = state_copy(at, "describe"),
			.problem = state_copy(at, "problem"),
			.spec = state_copy_json(at, "spec"),
			.identity = state_copy_json(at, "identity"),
		};
}

void
state_load_steps(struct run_state *state, const cJSON *array)
{
	const cJSON *at;

	cJSON_ArrayForEach(at, array)
		*VEC_PUSH(state->steps, state->steps_count, state->steps_cap) = (struct step_state){
			.id = state_copy(at, "id"),
			.spec_id = state_copy(at, "id"),
			.title = state_copy(at, "title"),
			.section = state_copy(at, "section"),
			.for_each = json_bool(at, "for_each", false),
			.idempotent = json_bool(at, "idempotent", false),
			.estimate_ms = json_int(at, "estimate_ms", 0),
			.intent_seq = -1,
			.probe = { .seq = -1 },
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
	run_state_release(state); /* of what was only foreseen */
	state->run_id = xstrdup(record->run_id);
	state->runbook_id = state_copy(data, "runbook/id");
	state->runbook_title = state_copy(data, "runbook/title");
	state->runbook_version = state_copy(data, "runbook/version");
	state->runbook_sha256 = state_copy(data, "runbook/sha256");
	state->mode = state_copy(data, "mode");
	state->operator_name = state_copy(data, "operator");
	state->host = state_copy(data, "host");
	state->pid = json_int(data, "pid", 0);
	state->program = state_copy(data, "program");
	state->params = state_copy_json(data, "params");
	state->gotos = cJSON_CreateObject();
	state->started_ms = record->ts_ms;
	load_targets(state, json_at(data, "targets"));
	state_load_steps(state, json_at(data, "steps"));
	state_set_decision(state, record, RUN_STARTING);
	return 0;
}

/*
 * What was asked for or prepared before must be looked at again; only "unknown" stays what it is, and is
 * looked into. After the end it only says that somebody came to seal that.
 */
static int
apply_resumed(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	if (state->phase == RUN_ENDED)
		return 0;
	run_state_close_crashed(state);
	state_replace(&state->operator_name, record->data, "operator");
	state_replace(&state->host, record->data, "host");
	state->pid = json_int(record->data, "pid", 0);
	state_set_decision(state, record, RUN_WAITING);
	if (state->current < 0) {
		state->phase = RUN_STARTING;
	} else if ((size_t)state->current < state->steps_count) {
		struct step_state *step = &state->steps[state->current];

		if (step->status != STEP_UNKNOWN)
			step->status = STEP_TODO;
		state->phase = RUN_PREPARING;
	}
	return 0;
}

static int
apply_preflight(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	state_load_checks(json_at(record->data, "checks"), &state->preflight,
			  &state->preflight_count);
	if (state->current < 0) {
		state->current = 0;
		state_advance(state);
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
		target->identity = state_copy_json(record->data, "identity");
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
			.idempotent = template.idempotent,
			.intent_seq = -1,
			.probe = { .seq = -1 },
		};
	}
	step_state_release(&template);
}

static int
apply_expand(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record, DECIDED, e);
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
	state_set_decision(state, record, RUN_PREPARING);
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
	bool is_undo = state_is_undo(record);
	struct step_state *step = is_undo ? state_expect_undo(state, record, e)
					  : state_expect(state, record, DECIDED, e);
	const cJSON *data = record->data;

	if (!step)
		return -1;
	if (!json_string(data, "uses", NULL) || !json_string(data, "effect", NULL) ||
	    !json_string(data, "confirm", NULL))
		return err_set(e, ERR_SPEC, "it does not say what would be done");
	if (is_undo)
		state_begin_undo(state, step);
	step_state_clear_plan(step);
	if (json_string(data, "title", NULL))
		state_replace(&step->title, data, "title");
	step->text = state_copy(data, "text");
	step->uses = state_copy(data, "uses");
	step->target = state_copy(data, "target");
	step->effect = state_copy(data, "effect");
	step->confirm = state_copy(data, "confirm");
	step->confirm_name = state_copy(data, "confirm_name");
	step->with = state_copy_json(data, "with");
	step->seen = state_copy_json(data, "seen");
	load_preview(step, json_at(data, "preview"));
	state_load_checks(json_at(data, "preconditions"), &step->preconditions,
			  &step->preconditions_count);
	step->status = STEP_PLANNED;
	state_set_decision(state, record, RUN_WAITING);
	return 0;
}

static int
apply_blocked(struct run_state *state, const struct record *record, struct err *e)
{
	bool is_undo = state_is_undo(record);
	struct step_state *step = is_undo ? state_expect_undo(state, record, e)
					  : state_expect(state, record, DECIDED, e);

	if (!step)
		return -1;
	if (is_undo)
		state_begin_undo(state, step);
	state_load_checks(json_at(record->data, "preconditions"), &step->preconditions,
			  &step->preconditions_count);
	state_load_error(step, record->data);
	step->status = STEP_BLOCKED;
	state_set_decision(state, record, RUN_WAITING);
	return 0;
}

static int
apply_skip(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record, DECIDED | IS(STEP_UNKNOWN), e);

	if (!step)
		return -1;
	state_replace(&step->reason, record->data, "reason");
	state_replace(&step->by, record->data, "by");
	state_load_deeds(step, record->data);
	step->status = STEP_SKIPPED;
	step->ended_ms = record->ts_ms;
	state->decision_seq = record->seq;
	state_advance(state);
	return 0;
}

/* Steps of the way back are to be done again; steps of a way forward are passed over. */
static void
jump(struct run_state *state, size_t from, size_t to)
{
	for (size_t i = to; i <= from && i < state->steps_count; i++) {
		step_state_clear_plan(&state->steps[i]);
		state->steps[i].status = STEP_TODO;
		state->steps[i].marked = false;
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
	struct step_state *step = state_expect(state, record, DECIDED, e);
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
		state_set_decision(state, record, RUN_PREPARING);
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
		.text = state_copy(record->data, "text"),
		.by = state_copy(record->data, "by"),
		.step = state_copy(record->data, "step"),
	};
	return 0;
}

static bool
is_level(const cJSON *level)
{
	return cJSON_IsNull(level) ||
	       (cJSON_IsString(level) && (str_equal(level->valuestring, "none") ||
					  str_equal(level->valuestring, "limited") ||
					  str_equal(level->valuestring, "total")));
}

static int
apply_impact(struct run_state *state, const struct record *record, struct err *e)
{
	enum { OPERATIONS_MAX = 1000 };
	int64_t index = json_int(record->data, "index", -1);

	if (index < 0 || index >= OPERATIONS_MAX || !json_string(record->data, "operation", NULL))
		return err_set(e, ERR_SPEC, "it names no operation");
	if (!is_level(json_at(record->data, "level")))
		return err_set(e, ERR_SPEC, "its level is none of none, limited, total and null");
	size_t count = (size_t)index + 1;
	if (count > state->impact_count) {
		state->impact = xreallocarray(state->impact, count, sizeof(*state->impact));
		memset(&state->impact[state->impact_count], 0,
		       (count - state->impact_count) * sizeof(*state->impact));
		state->impact_count = count;
	}
	struct impact_state *impact = &state->impact[index];
	const char *level = json_string(record->data, "level", NULL);
	if (impact->since_ms == 0 || !str_equal(impact->level, level))
		impact->since_ms = record->ts_ms;
	state_replace(&impact->level, record->data, "level");
	state_replace(&impact->text, record->data, "text");
	return 0;
}

static int
apply_stop(struct run_state *state, const struct record *record, struct err *e)
{
	(void)e;
	state->ended_ms = record->ts_ms;
	state_set_decision(state, record, RUN_STOPPED);
	return 0;
}

static int
apply_end(struct run_state *state, const struct record *record, struct err *e)
{
	if (!json_string(record->data, "id", NULL))
		return err_set(e, ERR_SPEC, "it does not say how the run ended");
	state->end_id = state_copy(record->data, "id");
	state->end_title = state_copy(record->data, "title");
	state->end_reason = state_copy(record->data, "reason");
	state->failed = json_bool(record->data, "failed", false);
	state->ended_ms = record->ts_ms;
	state_set_decision(state, record, RUN_ENDED);
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
	[RECORD_INTENT] = state_apply_intent,
	[RECORD_EVIDENCE] = state_apply_evidence,
	[RECORD_ATTEMPT] = state_apply_attempt,
	[RECORD_PROMPT] = state_apply_prompt,
	[RECORD_ANSWER] = state_apply_answer,
	[RECORD_OUTCOME] = state_apply_outcome,
	[RECORD_PROBE] = state_apply_probe,
	[RECORD_SKIP] = apply_skip,
	[RECORD_GOTO] = apply_goto,
	[RECORD_KEPT] = state_apply_kept,
	[RECORD_IMPACT] = apply_impact,
	[RECORD_DRILL] = state_apply_drill,
	[RECORD_NOTE] = apply_note,
	[RECORD_CANCEL] = state_apply_cancel,
	[RECORD_STOP] = apply_stop,
	[RECORD_END] = apply_end,
};
