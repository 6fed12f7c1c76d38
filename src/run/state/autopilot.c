#include "config.h"

#include "run/state/autopilot.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "runbook/step_type.h"

enum {
	TRIES_MAX =
		3, /* of a step whose outcome gets lost each time: then somebody must look at that */
};

static bool
matches(const char *const *patterns, const char *name)
{
	for (; patterns && *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

/* --yes takes the id of a step or, for all instances of a for_each, of the step in the runbook. */
static bool
said_yes(const struct autopilot *pilot, const struct step_state *step)
{
	return matches(pilot->yes, step->id) || matches(pilot->yes, step->spec_id);
}

/* The VALUE of --answer STEP=VALUE, or NULL. */
static const char *
answer_for(const struct autopilot *pilot, const struct step_state *step)
{
	const char *const names[] = { step->id, step->spec_id };

	for (size_t n = 0; n < 2; n++)
		for (const char *const *at = pilot->answer; at && *at; at++) {
			size_t len = strlen(names[n]);

			if (strncmp(*at, names[n], len) == 0 && (*at)[len] == '=')
				return *at + len + 1;
		}
	return NULL;
}

static cJSON *
answer_checklist(const struct prompt_state *prompt)
{
	cJSON *answer = cJSON_CreateObject();
	cJSON *items = cJSON_AddObjectToObject(answer, "items");

	for (size_t i = 0; i < prompt->items_count; i++) {
		cJSON *item = cJSON_AddObjectToObject(items, prompt->items[i].id);

		json_add_bool(item, "checked", true);
		json_add_string(item, "value",
				prompt->items[i].wants_value ? "(not observed: confirmed by --yes)"
							     : "");
	}
	return answer;
}

/* The answer that the command line gives to the open question, or NULL. */
static cJSON *
answer_prompt(const struct autopilot *pilot, const struct step_state *step,
	      const struct prompt_state *prompt)
{
	const char *value = answer_for(pilot, step);
	bool yes = said_yes(pilot, step);
	cJSON *answer = NULL;

	if (!value && yes)
		value = prompt->otherwise;
	if (str_equal(prompt->kind, "checklist") && yes)
		return answer_checklist(prompt);
	if (str_equal(prompt->kind, "confirm") && yes) {
		answer = cJSON_CreateObject();
		json_add_bool(answer, "confirmed", true);
	} else if (str_equal(prompt->kind, "input") && value) {
		answer = cJSON_CreateObject();
		json_add_string(answer, "value", value);
	} else if (str_equal(prompt->kind, "choice") && value) {
		answer = cJSON_CreateObject();
		json_add_string(answer, "choice", value);
	}
	return answer;
}

static enum autopilot_verdict
decide_prompt(const struct autopilot *pilot, const struct run_state *state,
	      const struct step_state *step, struct intent **ret_intent, char **ret_why)
{
	const struct prompt_state *prompt = &state->prompt;
	cJSON *answer = answer_prompt(pilot, step, prompt);

	if (answer) {
		*ret_intent = intent_new(INTENT_ANSWER, state->seq, step->id, NULL);
		(*ret_intent)->answer = answer;
		return AUTOPILOT_ACT;
	}
	bool wants_value = str_equal(prompt->kind, "input") || str_equal(prompt->kind, "choice");
	*ret_why = wants_value
			   ? xasprintf("step %s asks \"%s\": give --answer '%s=VALUE', or answer "
				       "it by hand",
				       step->id, prompt->question, step->id)
			   : xasprintf("step %s asks \"%s\": give --yes '%s', or answer it by hand",
				       step->id, prompt->question, step->id);
	return AUTOPILOT_STUCK;
}

/* Whether the step would change something on a target that may be an impostor. */
static bool
is_insecure(const struct run_state *state, const struct step_state *step)
{
	const struct target_state *target =
		step->target ? run_state_target(state, step->target) : NULL;

	return target && json_bool(target->identity, "insecure", false) &&
	       (str_equal(step->effect, step_effect_name(EFFECT_CHANGES)) ||
		str_equal(step->effect, step_effect_name(EFFECT_DESTROYS)));
}

static enum autopilot_verdict
decide_planned(const struct autopilot *pilot, const struct run_state *state,
	       const struct step_state *step, struct intent **ret_intent, char **ret_why)
{
	const char *typed = NULL;

	if (str_equal(step->confirm, "none") && str_equal(step->effect, "none"))
		return AUTOPILOT_WAIT; /* the engine asks by itself */
	if (!pilot->allow_insecure && is_insecure(state, step)) {
		*ret_why = xasprintf("step %s (%s) %s something on %s, whose certificate is not "
				     "verified: give --allow-insecure to allow that, or mend "
				     "the kubeconfig or the sslmode",
				     step->id, step->uses, step->effect, step->target);
		return AUTOPILOT_STUCK;
	}
	if (str_equal(step->confirm, "none")) {
		typed = "";
	} else if (str_equal(step->confirm, "ask")) {
		if (said_yes(pilot, step))
			typed = "y";
		else
			*ret_why =
				xasprintf("step %s (%s) %s something: give --yes '%s' to allow it",
					  step->id, step->uses, step->effect, step->id);
	} else if (str_equal(step->confirm, "type-name")) {
		for (const char *const *at = pilot->confirm; at && *at && !typed; at++)
			if (str_equal(*at, step->confirm_name))
				typed = *at;
		if (!typed)
			*ret_why =
				xasprintf("step %s (%s) destroys something: give --confirm '%s' to "
					  "allow it",
					  step->id, step->uses, step->confirm_name);
	} else {
		*ret_why =
			xasprintf("step %s wants the word of a second person, which only they can "
				  "give at the screen",
				  step->id);
	}
	if (!typed)
		return AUTOPILOT_STUCK;
	*ret_intent = intent_new(INTENT_RUN, state->seq, step->id, typed);
	return AUTOPILOT_ACT;
}

/* A decision about a step of unknown outcome, taken by what is known of it and not by a person. */
static enum autopilot_verdict
decide_by(const struct run_state *state, const struct step_state *step, enum intent_type type,
	  char *reason, const char *by, struct intent **ret_intent)
{
	*ret_intent = intent_new(type, state->seq, step->id, reason);
	(*ret_intent)->by = xstrdup(by);
	free(reason);
	return AUTOPILOT_ACT;
}

static char *
what_probe_says(const struct step_state *step)
{
	struct str text = STR_INIT;

	probe_sentence(&step->probe, &text);
	return str_take(&text);
}

/* The most telling of what was found out, for one sentence. */
static const char *
clue(const struct probe_state *probe)
{
	if (probe->seq < 0)
		return "nobody has looked into it";
	if (probe->error)
		return probe->error;
	return probe->lines_count ? probe->lines[0] : "a look has shown nothing";
}

/* Nothing is repeated, and nothing passed, but where it is certain, or harmless by the runbook's word. */
static enum autopilot_verdict
decide_unknown(const struct run_state *state, const struct step_state *step,
	       struct intent **ret_intent, char **ret_why)
{
	bool may_try = step->attempt < TRIES_MAX, is_drill = str_equal(state->mode, "drill");

	if (str_equal(step->probe.verdict, "done"))
		return decide_by(state, step, INTENT_MARK_DONE, what_probe_says(step), "probe",
				 ret_intent);
	if (str_equal(step->probe.verdict, "not-done") && may_try)
		return decide_by(state, step, INTENT_MARK_NOT_DONE, what_probe_says(step), "probe",
				 ret_intent);
	if (step->idempotent && may_try)
		return decide_by(state, step, INTENT_RECHECK,
				 xstrdup("the runbook says that it is idempotent"), "runbook",
				 ret_intent);
	*ret_why = xasprintf(
		"step %s was begun %d time%s, and nobody knows whether it happened (%s): "
		"look at the system, and decide it by hand%s%s",
		step->id, step->attempt, step->attempt == 1 ? "" : "s", clue(&step->probe),
		is_drill ? "" : " with lifeboat resume ", is_drill ? "" : state->run_id);
	return AUTOPILOT_STUCK;
}

static enum autopilot_verdict
say_failed(const struct step_state *step, char **ret_why)
{
	*ret_why = xasprintf("step %s %s%s%s", step->id, step_status_name(step->status),
			     step->error ? ": " : "", step->error ? step->error : "");
	return AUTOPILOT_FAILED;
}

/* Only people take back; where somebody had begun that, it is theirs to end. */
static enum autopilot_verdict
decide_undoing(const struct run_state *state, const struct step_state *step, char **ret_why)
{
	if (state->phase != RUN_WAITING && state->prompt.seq < 0)
		return AUTOPILOT_WAIT;
	*ret_why = xasprintf("step %s is being taken back, which only a person decides: go on with "
			     "lifeboat resume %s, without --auto",
			     step->id, state->run_id);
	return AUTOPILOT_STUCK;
}

enum autopilot_verdict
autopilot_decide(const struct autopilot *pilot, const struct run_state *state,
		 struct intent **ret_intent, char **ret_why)
{
	const struct step_state *step = run_state_current(state);

	if (step && step->undoing)
		return decide_undoing(state, step, ret_why);
	if (state->prompt.seq >= 0 && step)
		return decide_prompt(pilot, state, step, ret_intent, ret_why);
	if (state->phase != RUN_WAITING)
		return AUTOPILOT_WAIT;
	if (!step) {
		*ret_intent = intent_new(INTENT_END, state->seq, NULL, NULL);
		return AUTOPILOT_ACT;
	}
	switch (step->status) {
	case STEP_PLANNED:
		return decide_planned(pilot, state, step, ret_intent, ret_why);
	case STEP_BLOCKED:
	case STEP_FAILED:
	case STEP_CANCELLED:
		return say_failed(step, ret_why);
	case STEP_UNKNOWN:
		return decide_unknown(state, step, ret_intent, ret_why);
	case STEP_TODO:
	case STEP_RUNNING:
	case STEP_OK:
	case STEP_SKIPPED:
		break;
	}
	return AUTOPILOT_WAIT;
}
