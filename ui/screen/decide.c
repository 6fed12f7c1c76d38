#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/content/unknown.h"
#include "ui/model/answer.h"
#include "ui/model/situation.h"
#include "ui/screen/app.h"
#include "ui/terminal/input.h"

static const char *
current_id(const struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);

	return step ? step->id : NULL;
}

static bool
is_undoing(const struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);

	return step && step->undoing;
}

static void
submit(struct app *app, struct intent *intent)
{
	app->model.link->submit(app->model.link->engine, intent);
}

/* Shows a dialog that decides about the current step, as the operator sees it now. */
static struct dialog *
open_dialog(struct app *app, enum dialog_kind kind, enum command purpose, const char *title,
	    const char *question)
{
	dialog_free(app->dialog);
	app->dialog = dialog_new(kind, purpose, title, question);
	app->dialog->step = xstrdup(current_id(app));
	app->dialog->seen_seq = app->model.state->seq;
	input_flush();
	return app->dialog;
}

static void
open_run(struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);
	const char *act = step->undoing ? "take this step back" : "run this step";
	struct dialog *dialog;
	char *question;

	if (str_equal(step->confirm, "none")) {
		submit(app, intent_new(INTENT_RUN, app->model.state->seq, step->id, NULL));
		return;
	}
	if (str_equal(step->confirm, "type-name")) {
		question = xasprintf("Type  %s  to %s:", step->confirm_name, act);
		dialog = open_dialog(app, DIALOG_LINE, CMD_RUN, step->title, question);
		dialog->wanted = xstrdup(step->confirm_name);
	} else if (str_equal(step->confirm, "two-person")) {
		question = xasprintf("A second person (not %s) confirms; their name:",
				     app->model.state->operator_name);
		dialog = open_dialog(app, DIALOG_LINE, CMD_RUN, step->title, question);
		dialog->required = true;
	} else {
		question = xstrdup(step->undoing ? "Take this step back?" : "Run this step?");
		dialog = open_dialog(app, DIALOG_CONFIRM, CMD_RUN, step->title, question);
	}
	dialog->shows_plan = true;
	free(question);
}

static void
open_reason(struct app *app, enum command purpose, const char *title, const char *question)
{
	open_dialog(app, DIALOG_LINE, purpose, title, question)->required = true;
}

/* What a step of unknown outcome is taken for: evidence that is certain is offered as the reason. */
static void
open_mark(struct app *app, enum command purpose, const char *title, const char *question)
{
	const struct step_state *step = run_state_current(app->model.state);
	char *reason = unknown_reason(step, purpose);

	open_reason(app, purpose, title, question);
	if (reason)
		line_edit_set(&app->dialog->edit, reason);
	free(reason);
}

static void
open_recheck(struct app *app)
{
	if (model_facts(&app->model) & FACT_UNKNOWN) {
		open_mark(app, CMD_RECHECK, "Run again",
			  is_undoing(app) ? "Why may that be done again? It may have happened."
					  : "Why may it be run again? It may have happened.");
		return;
	}
	submit(app, intent_new(INTENT_RECHECK, app->model.state->seq, current_id(app), NULL));
	app_say(app, ROLE_TEXT, "Preparing the step again.");
}

static void
open_undo(struct app *app)
{
	const struct run_state *state = app->model.state;
	int next = run_state_undo_next(state);

	submit(app, intent_new(INTENT_UNDO, state->seq, current_id(app), NULL));
	if (next >= 0)
		app_say(app, ROLE_TEXT,
			"Looking how to take back step %d, %s; nothing is done yet.", next + 1,
			state->steps[next].title);
}

static void
open_cancel(struct app *app)
{
	if ((model_facts(&app->model) & FACT_UNKNOWN) && !app->model.progress) {
		app_say(app, ROLE_TEXT, "Nothing is under way that could be broken off.");
		return;
	}
	if (!(model_facts(&app->model) & FACT_RUNNING)) {
		open_dialog(app, DIALOG_CONFIRM, CMD_CANCEL, "Cancel",
			    "Break off what is looked at?");
		return;
	}
	dialog_set_text(
		open_dialog(app, DIALOG_CONFIRM, CMD_CANCEL, "Cancel", "Stop the running step?"),
		"What it has done so far stays done. The step then counts as cancelled, or as "
		"unknown where its effect could not be made sure of.");
}

static void
open_back(struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);
	const struct step_spec *spec = situation_spec(app->model.options->runbook, step);
	char *question = xasprintf("Go to step %s?", spec->goto_step);

	dialog_set_text(
		open_dialog(app, DIALOG_CONFIRM, CMD_BACK, "Go to another step", question),
		"The runbook names this way on for the failure of the step. Steps between that "
		"step and this one are then to be done again.");
	free(question);
}

static void
open_end(struct app *app)
{
	const struct runbook *runbook = app->model.options->runbook;
	bool all_done = !run_state_current(app->model.state);
	struct dialog *dialog =
		open_dialog(app, DIALOG_CHOICE, CMD_END, "End the run", "How does the run end?");

	for (size_t i = 0; i < runbook->ends_count; i++)
		dialog_add_item(dialog, runbook->ends[i].id, runbook->ends[i].title, false);
	if (runbook->ends_count == 0 && all_done)
		dialog_add_item(dialog, "completed", "Completed", false);
	dialog_add_item(dialog, "aborted", "Aborted", false);
}

static void
open_leave(struct app *app)
{
	bool running = model_facts(&app->model) & FACT_RUNNING;
	const char *run_id = app->model.state->run_id;
	const char *first = running ? "The running step is finished and journalled first (a "
				      "question to you is withdrawn). "
				    : "";
	char *text =
		str_equal(app->model.state->mode, "drill")
			? xasprintf("%sThe world ends with the drill, which cannot be taken up "
				    "again; its debrief follows.",
				    first)
			: xasprintf("%sNothing advances by itself after that. The run is taken "
				    "up again with:\n\n```\nlifeboat resume %s\n```",
				    first, run_id ? run_id : "");

	dialog_set_text(open_dialog(app, DIALOG_CONFIRM, CMD_LEAVE, "Leave", "Leave the run now?"),
			text);
	free(text);
}

void
decide_open_question(struct app *app)
{
	static const struct {
		const char *name;
		enum dialog_kind kind;
	} kinds[] = {
		{ "confirm", DIALOG_YES_NO },
		{ "checklist", DIALOG_CHECKLIST },
		{ "input", DIALOG_LINE },
		{ "choice", DIALOG_CHOICE },
	};
	const struct prompt_state *prompt = &app->model.state->prompt;
	const struct step_state *step = run_state_current(app->model.state);
	enum dialog_kind kind = DIALOG_LINE;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_equal(kinds[i].name, prompt->kind))
			kind = kinds[i].kind;
	struct dialog *dialog = open_dialog(app, kind, CMD_ANSWER, step ? step->title : "Question",
					    prompt->question);
	dialog->hidden = prompt->secret;
	for (size_t i = 0; i < prompt->items_count; i++)
		dialog_add_item(dialog, prompt->items[i].id, prompt->items[i].text,
				prompt->items[i].wants_value);
	for (size_t i = 0; i < prompt->items_count && kind == DIALOG_CHOICE; i++)
		if (str_equal(prompt->items[i].id, prompt->otherwise))
			dialog->focus = i;
	if (kind == DIALOG_LINE && prompt->otherwise && !prompt->secret)
		line_edit_set(&dialog->edit, prompt->otherwise);
}

void
decide_open(struct app *app, enum command command)
{
	switch (command) {
	case CMD_RUN:
		open_run(app);
		break;
	case CMD_ANSWER:
		decide_open_question(app);
		break;
	case CMD_RECHECK:
		open_recheck(app);
		break;
	case CMD_PROBE:
		submit(app, intent_new(INTENT_PROBE, app->model.state->seq, current_id(app), NULL));
		app_say(app, ROLE_TEXT, "Looking whether it happened; c breaks that off.");
		break;
	case CMD_SKIP:
		open_reason(app, CMD_SKIP, "Skip", "Why is this step passed over?");
		break;
	case CMD_MARK_DONE:
		open_mark(app, CMD_MARK_DONE, is_undoing(app) ? "Taken back" : "Mark done",
			  is_undoing(app) ? "How do you know that it was taken back?"
					  : "How do you know that it happened?");
		break;
	case CMD_MARK_NOT_DONE:
		open_mark(app, CMD_MARK_NOT_DONE, "Mark not done",
			  is_undoing(app) ? "How do you know that nothing of it was taken back?"
					  : "How do you know that nothing of it happened?");
		break;
	case CMD_NOTE:
		open_reason(app, CMD_NOTE, "Note", "A remark for the journal:");
		break;
	case CMD_CANCEL:
		open_cancel(app);
		break;
	case CMD_BACK:
		open_back(app);
		break;
	case CMD_UNDO:
		open_undo(app);
		break;
	case CMD_KEEP:
		submit(app, intent_new(INTENT_KEEP, app->model.state->seq, current_id(app), NULL));
		break;
	case CMD_END:
		open_end(app);
		break;
	case CMD_LEAVE:
		open_leave(app);
		break;
	default:
		break;
	}
}

static void
finish_run(struct app *app, struct dialog *dialog)
{
	const struct step_state *step = run_state_step(app->model.state, dialog->step);
	const char *typed = str_cstr(&dialog->edit.text);
	bool second = step && str_equal(step->confirm, "two-person");

	if (second && str_equal(typed, app->model.state->operator_name)) {
		dialog_set_problem(dialog, "That is you: another person must confirm this.");
		return;
	}
	struct intent *intent = intent_new(INTENT_RUN, dialog->seen_seq, dialog->step,
					   dialog->kind == DIALOG_CONFIRM ? "y"
					   : second			  ? NULL
									  : typed);
	if (second)
		intent->by = xstrdup(typed);
	submit(app, intent);
}

static cJSON *
checklist_answer(const struct dialog *dialog, const struct prompt_state *prompt)
{
	struct answer_item *items = xcalloc(dialog->items_count, sizeof(*items));

	for (size_t i = 0; i < dialog->items_count; i++)
		items[i] = (struct answer_item){ dialog->items[i].checked,
						 str_cstr(&dialog->items[i].value.text) };
	cJSON *answer = answer_checklist(prompt, items);
	free(items);
	return answer;
}

static void
finish_answer(struct app *app, struct dialog *dialog)
{
	const struct prompt_state *prompt = &app->model.state->prompt;
	const char *typed = str_cstr(&dialog->edit.text);
	char *problem = dialog->kind == DIALOG_LINE ? answer_problem(prompt, typed) : NULL;
	struct intent *intent;

	if (problem) {
		dialog_set_problem(dialog, problem);
		free(problem);
		return;
	}
	intent = intent_new(INTENT_ANSWER, dialog->seen_seq, dialog->step, NULL);
	if (dialog->kind == DIALOG_YES_NO)
		intent->answer = answer_confirm(dialog->yes);
	else if (dialog->kind == DIALOG_CHECKLIST)
		intent->answer = checklist_answer(dialog, prompt);
	else if (dialog->kind == DIALOG_CHOICE)
		intent->answer = answer_choice(dialog->items[dialog->focus].id);
	else
		intent->answer =
			answer_input(*typed || !prompt->otherwise ? typed : prompt->otherwise);
	submit(app, intent);
}

/* An end before the last step wants a reason too: a second dialog that remembers the first. */
static void
finish_end(struct app *app, struct dialog *dialog)
{
	const char *id =
		dialog->kind == DIALOG_CHOICE ? dialog->items[dialog->focus].id : dialog->picked;

	if (dialog->kind == DIALOG_CHOICE && dialog->step) {
		struct dialog *why =
			dialog_new(DIALOG_LINE, CMD_END, "End the run", "Why does it end here?");

		why->required = true;
		why->picked = xstrdup(id);
		why->step = xstrdup(dialog->step);
		why->seen_seq = dialog->seen_seq;
		dialog_free(app->dialog);
		app->dialog = why;
		input_flush();
		return;
	}
	struct intent *intent = intent_new(INTENT_END, dialog->seen_seq, dialog->step, id);
	if (dialog->kind == DIALOG_LINE)
		intent->reason = xstrdup(str_cstr(&dialog->edit.text));
	submit(app, intent);
}

static void
finish_text(struct app *app, struct dialog *dialog)
{
	static const struct {
		enum command purpose;
		enum intent_type type;
	} types[] = {
		{ CMD_SKIP, INTENT_SKIP },	     { CMD_NOTE, INTENT_NOTE },
		{ CMD_MARK_DONE, INTENT_MARK_DONE }, { CMD_MARK_NOT_DONE, INTENT_MARK_NOT_DONE },
		{ CMD_RECHECK, INTENT_RECHECK },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].purpose == dialog->purpose)
			submit(app, intent_new(types[i].type, dialog->seen_seq, dialog->step,
					       str_cstr(&dialog->edit.text)));
}

static void
finish_plain(struct app *app, struct dialog *dialog)
{
	if (dialog->purpose == CMD_LEAVE)
		app_leave(app, NULL);
	else
		submit(app, intent_new(dialog->purpose == CMD_CANCEL ? INTENT_CANCEL : INTENT_GOTO,
				       dialog->seen_seq, dialog->step, NULL));
}

/* clang-format off */
static const struct {
	enum command purpose;
	void (*finish)(struct app *app, struct dialog *dialog);
} finishers[] = {
	{ CMD_RUN, finish_run },
	{ CMD_ANSWER, finish_answer },
	{ CMD_SKIP, finish_text },
	{ CMD_MARK_DONE, finish_text },
	{ CMD_MARK_NOT_DONE, finish_text },
	{ CMD_RECHECK, finish_text },
	{ CMD_NOTE, finish_text },
	{ CMD_CANCEL, finish_plain },
	{ CMD_BACK, finish_plain },
	{ CMD_LEAVE, finish_plain },
	{ CMD_END, finish_end },
};
/* clang-format on */

/* A dialog stays open where the finisher found something wrong with its answer, or put another there. */
void
decide_finish(struct app *app)
{
	struct dialog *dialog = app->dialog;

	dialog_set_problem(dialog, NULL);
	for (size_t i = 0; i < sizeof(finishers) / sizeof(finishers[0]); i++)
		if (finishers[i].purpose == dialog->purpose)
			finishers[i].finish(app, dialog);
	if (app->dialog != dialog || dialog->problem)
		return;
	dialog_free(dialog);
	app->dialog = NULL;
}
