#include "config.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/state_internal.h"

int
state_apply_intent(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record, IS(STEP_PLANNED), e);
	const char *by = json_string(record->data, "by", state->operator_name);

	if (!step)
		return -1;
	step_state_clear_outcome(step);
	step_state_clear_try(step);
	state_replace(&step->by, record->data, "by");
	step->status = STEP_RUNNING;
	step->again = false;
	step->attempt = (int)json_int(record->data, "attempt", step->attempt + 1);
	step->intent_seq = record->seq;
	step->started_ms = record->ts_ms;
	step->ended_ms = 0;
	step->key = state_copy(record->data, "key");
	step->begun_by = xasprintf("%s, pid %lld on %s", by ? by : "?", (long long)state->pid,
				   state->host ? state->host : "?");
	state_set_decision(state, record, RUN_WORKING);
	return 0;
}

/* The current step, where the record is about its last try; else NULL. */
static struct step_state *
expect_try(struct run_state *state, const struct record *record, unsigned statuses, struct err *e)
{
	struct step_state *step = state_expect(state, record, statuses, e);

	if (!step || json_int(record->data, "intent", step->intent_seq) == step->intent_seq)
		return step;
	err_set(e, ERR_SPEC, "step \"%s\" was begun by record %lld, not by record %lld", step->id,
		(long long)step->intent_seq, (long long)json_int(record->data, "intent", -1));
	return NULL;
}

int
state_apply_evidence(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_try(state, record, IS(STEP_RUNNING), e);
	const cJSON *evidence = json_at(record->data, "evidence"), *at;

	if (!step)
		return -1;
	if (!cJSON_IsObject(evidence))
		return err_set(e, ERR_SPEC, "its evidence is no object");
	if (!step->evidence)
		step->evidence = cJSON_CreateObject();
	cJSON_ArrayForEach(at, evidence) {
		cJSON_DeleteItemFromObjectCaseSensitive(step->evidence, at->string);
		json_add(step->evidence, at->string, cJSON_Duplicate(at, true));
	}
	return 0;
}

int
state_apply_attempt(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record, IS(STEP_RUNNING), e);

	if (!step)
		return -1;
	step->attempt = (int)json_int(record->data, "attempt", step->attempt) + 1;
	free(step->key);
	step->key = xasprintf("%s/%s/%d", state->run_id, step->id, step->attempt);
	return 0;
}

int
state_apply_prompt(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = state_expect(state, record, IS(STEP_RUNNING), e);
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
	prompt->kind = state_copy(record->data, "kind");
	prompt->question = state_copy(record->data, "question");
	prompt->otherwise = state_copy(record->data, "default");
	prompt->pattern = state_copy(record->data, "pattern");
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

int
state_apply_answer(struct run_state *state, const struct record *record, struct err *e)
{
	if (!state_expect(state, record, IS(STEP_RUNNING), e))
		return -1;
	if (state->prompt.seq < 0 || json_int(record->data, "prompt", -1) != state->prompt.seq)
		return err_set(e, ERR_SPEC, "it answers a question that is not open");
	prompt_state_close(&state->prompt);
	state->decision_seq = record->seq;
	return 0;
}

/* How a step ends by itself. */
static const struct {
	const char *word;
	enum step_status status;
} outcomes[] = {
	{ "ok", STEP_OK },
	{ "failed", STEP_FAILED },
	{ "cancelled", STEP_CANCELLED },
	{ "unknown", STEP_UNKNOWN },
};

/* What an operator says of one whose outcome is unknown; the two last lead back to its preparation. */
static const struct {
	const char *word;
	enum step_status status;
} marks[] = {
	{ "ok", STEP_OK },
	{ "not-done", STEP_TODO },
	{ "again", STEP_TODO },
};

static int
find_status(const struct record *record, bool is_marked, enum step_status *ret_status,
	    struct err *e)
{
	const char *word = json_string(record->data, "status", "");

	for (size_t i = 0; !is_marked && i < sizeof(outcomes) / sizeof(outcomes[0]); i++)
		if (str_equal(outcomes[i].word, word)) {
			*ret_status = outcomes[i].status;
			return 0;
		}
	for (size_t i = 0; is_marked && i < sizeof(marks) / sizeof(marks[0]); i++)
		if (str_equal(marks[i].word, word)) {
			*ret_status = marks[i].status;
			return 0;
		}
	return err_set(e, ERR_SPEC, "its status \"%s\" is unknown", word);
}

/* What nobody saw the end of; and what is to be taken back may have been, by hand. */
static unsigned
may_be_marked(const struct record *record, enum step_status status)
{
	return state_is_undo(record) && status == STEP_OK
		       ? IS(STEP_UNKNOWN) | IS(STEP_PLANNED) | IS(STEP_BLOCKED) | IS(STEP_FAILED) |
				 IS(STEP_CANCELLED)
		       : IS(STEP_UNKNOWN);
}

int
state_apply_outcome(struct run_state *state, const struct record *record, struct err *e)
{
	bool is_marked = json_bool(record->data, "marked", false);
	struct step_state *step;
	enum step_status status = STEP_UNKNOWN;

	if (find_status(record, is_marked, &status, e) < 0)
		return -1;
	step = expect_try(state, record,
			  is_marked ? may_be_marked(record, status) : IS(STEP_RUNNING), e);
	if (!step)
		return -1;
	prompt_state_close(&state->prompt);
	if (step->undoing && status == STEP_OK) {
		state_end_undo(state, step, record->ts_ms);
		state_set_decision(state, record, RUN_PREPARING);
		return 0;
	}
	step_state_clear_outcome(step);
	state_load_error(step, record->data);
	state_load_checks(json_at(record->data, "verify"), &step->verify, &step->verify_count);
	step->reason = state_copy(record->data, "reason");
	step->outputs = state_copy_json(record->data, "outputs");
	state_load_deeds(step, record->data);
	step->output_file = state_copy(record->data, "output/file");
	step->status = status;
	step->ended_ms = record->ts_ms;
	step->marked = is_marked && status == STEP_OK;
	step->again = is_marked && str_equal(json_string(record->data, "status", ""), "again");
	if (is_marked)
		state_replace(&step->by, record->data, "by");
	state_set_decision(state, record,
			   status == STEP_UNKNOWN || status == STEP_TODO ? RUN_PREPARING
									 : RUN_WAITING);
	if (status == STEP_OK)
		state_advance(state);
	return 0;
}

static bool
is_verdict(const char *word)
{
	return str_equal(word, "done") || str_equal(word, "not-done") || str_equal(word, "unsure");
}

int
state_apply_probe(struct run_state *state, const struct record *record, struct err *e)
{
	struct step_state *step = expect_try(state, record, IS(STEP_UNKNOWN), e);
	const cJSON *at, *lines = json_at(record->data, "lines");
	size_t cap = 0;

	if (!step)
		return -1;
	if (!is_verdict(json_string(record->data, "verdict", NULL)))
		return err_set(e, ERR_SPEC, "its verdict \"%s\" is unknown",
			       json_string(record->data, "verdict", ""));
	probe_state_release(&step->probe);
	step->probe.seq = record->seq;
	step->probe.ts_ms = record->ts_ms;
	step->probe.verdict = state_copy(record->data, "verdict");
	step->probe.error = state_copy(record->data, "error/message");
	step->probe.by = state_copy(record->data, "by");
	cJSON_ArrayForEach(at, lines)
		*VEC_PUSH(step->probe.lines, step->probe.lines_count, cap) =
			xstrdup(cJSON_IsString(at) ? at->valuestring : "");
	state_set_decision(state, record, RUN_WAITING);
	return 0;
}

int
state_apply_cancel(struct run_state *state, const struct record *record, struct err *e)
{
	return state_expect(state, record, IS(STEP_RUNNING), e) ? 0 : -1;
}
