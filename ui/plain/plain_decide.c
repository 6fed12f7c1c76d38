#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/content/step_detail.h"
#include "ui/content/unknown.h"
#include "ui/keys/keymap.h"
#include "ui/model/situation.h"
#include "ui/plain/plain.h"
#include "ui/plain/plain_look.h"

void
plain_announce(struct plain *plain)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);
	struct lines lines;

	if (plain->announced_seq == state->decision_seq)
		return;
	plain->announced_seq = state->decision_seq;
	if (!plain->knows_impact && plain->model.options->runbook->impact_count)
		plain_word(plain, "impact");
	if (!step) {
		plain_say(plain, "All steps are done; the run wants its end.");
		return;
	}
	lines_init(&lines, plain->columns);
	lines_wrap(&lines, ROLE_STRONG, "", ROLE_STRONG, "");
	lines_add(&lines, ROLE_STRONG, "Step %d of %zu%s: %s (%s)", state->current + 1,
		  state->steps_count, step->undoing ? ", to be taken back" : "", step->title,
		  step->id);
	step_detail(&plain->model, (size_t)state->current,
		    &(struct step_detail_wish){ .keys = false, .output_rows = 0 }, &lines);
	for (size_t i = 0; i < lines.count; i++)
		plain_say(plain, "%s", lines.items[i].text);
	lines_release(&lines);
}

static struct intent *
current_intent(const struct plain *plain, enum intent_type type, const char *text)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);

	return intent_new(type, state->seq, step ? step->id : NULL, text);
}

static void
run_named(struct plain *plain, const struct step_state *step)
{
	char *prompt = xasprintf("Type %s to %s> ", step->confirm_name,
				 step->undoing ? "take this step back" : "run this step");
	char *line;

	line_input_flush(&plain->input);
	if (plain_read_line(plain, prompt, false, &line) == PLAIN_LINE) {
		if (str_equal(line, step->confirm_name))
			plain_submit(plain, current_intent(plain, INTENT_RUN, line), true);
		else
			plain_say(plain, "That is not the name; nothing was done.");
		free(line);
	}
	free(prompt);
}

static void
run_by_two(struct plain *plain)
{
	const char *operator_name = plain->model.state->operator_name;
	char *prompt = xasprintf("A second person (not %s) confirms; their name> ", operator_name);
	char *line;

	line_input_flush(&plain->input);
	if (plain_read_text(plain, prompt, "A name", &line) == PLAIN_LINE) {
		if (str_equal(line, operator_name)) {
			plain_say(plain, "That is you: another person must confirm this.");
		} else {
			struct intent *intent = current_intent(plain, INTENT_RUN, NULL);

			intent->by = xstrdup(line);
			plain_submit(plain, intent, true);
		}
		free(line);
	}
	free(prompt);
}

static void
do_run(struct plain *plain)
{
	const struct step_state *step = run_state_current(plain->model.state);
	bool yes;

	if (!str_equal(step->confirm, "none"))
		plain_say_insecure(plain, true);
	if (str_equal(step->confirm, "none")) {
		plain_submit(plain, current_intent(plain, INTENT_RUN, NULL), true);
	} else if (str_equal(step->confirm, "type-name")) {
		run_named(plain, step);
	} else if (str_equal(step->confirm, "two-person")) {
		run_by_two(plain);
	} else if (plain_read_yes(plain, step->undoing ? "Take this step back?" : "Run this step?",
				  &yes) == PLAIN_LINE) {
		if (yes)
			plain_submit(plain, current_intent(plain, INTENT_RUN, "y"), true);
		else
			plain_say(plain, step->undoing ? "Not taken back." : "Not run.");
	}
}

/* Intents that consist of a line of text. */
static void
submit_text(struct plain *plain, enum intent_type type, const char *prompt)
{
	char *line;

	if (plain_read_text(plain, prompt, type == INTENT_NOTE ? "A text" : "A reason", &line) !=
	    PLAIN_LINE)
		return;
	plain_submit(plain, current_intent(plain, type, line), type != INTENT_NOTE);
	free(line);
}

static void
do_skip(struct plain *plain)
{
	submit_text(plain, INTENT_SKIP, "Why is this step passed over?> ");
}

static void
do_probe(struct plain *plain)
{
	plain_submit(plain, current_intent(plain, INTENT_PROBE, NULL), true);
}

/* What a step of unknown outcome is taken for: where the evidence is certain, an empty line means that. */
static void
mark(struct plain *plain, enum intent_type type, enum command decision, const char *question)
{
	char *reason = unknown_reason(run_state_current(plain->model.state), decision), *line;
	char *prompt =
		reason ? xasprintf("%s [%s]> ", question, reason) : xasprintf("%s> ", question);

	line_input_flush(&plain->input); /* an empty line is an answer here */
	if (plain_read_line(plain, prompt, false, &line) == PLAIN_LINE) {
		const char *given = line[strspn(line, " \t")] ? line : reason;

		if (given)
			plain_submit(plain, current_intent(plain, type, given), true);
		else
			plain_say(plain, "A reason is required; nothing was done.");
		free(line);
	}
	free(prompt);
	free(reason);
}

static bool
is_undoing(const struct plain *plain)
{
	const struct step_state *step = run_state_current(plain->model.state);

	return step && step->undoing;
}

static void
do_mark_done(struct plain *plain)
{
	mark(plain, INTENT_MARK_DONE, CMD_MARK_DONE,
	     is_undoing(plain) ? "How do you know that it was taken back?"
			       : "How do you know that it happened?");
}

static void
do_mark_not_done(struct plain *plain)
{
	mark(plain, INTENT_MARK_NOT_DONE, CMD_MARK_NOT_DONE,
	     is_undoing(plain) ? "How do you know that nothing of it was taken back?"
			       : "How do you know that nothing of it happened?");
}

static void
do_recheck(struct plain *plain)
{
	if (model_facts(&plain->model) & FACT_UNKNOWN)
		mark(plain, INTENT_RECHECK, CMD_RECHECK,
		     is_undoing(plain) ? "Why may that be done again, though it may have happened?"
				       : "Why may it be run again, though it may have happened?");
	else
		plain_submit(plain, current_intent(plain, INTENT_RECHECK, NULL), true);
}

static void
do_undo(struct plain *plain)
{
	plain_submit(plain, current_intent(plain, INTENT_UNDO, NULL), true);
}

static void
do_keep(struct plain *plain)
{
	plain_submit(plain, current_intent(plain, INTENT_KEEP, NULL), true);
}

static void
do_note(struct plain *plain)
{
	submit_text(plain, INTENT_NOTE, "Note> ");
}

void
plain_note(struct plain *plain, const char *text)
{
	if (*text)
		plain_submit(plain, current_intent(plain, INTENT_NOTE, text), false);
	else
		do_note(plain);
}

/* It is said when it is on record. */
static void
do_hint(struct plain *plain)
{
	plain_submit(plain, current_intent(plain, INTENT_HINT, NULL), false);
}

static void
do_back(struct plain *plain)
{
	const struct step_state *step = run_state_current(plain->model.state);
	const struct step_spec *spec = situation_spec(plain->model.options->runbook, step);
	char *question = xasprintf("Go to step %s?", spec->goto_step);
	bool yes;

	if (plain_read_yes(plain, question, &yes) == PLAIN_LINE && yes)
		plain_submit(plain, current_intent(plain, INTENT_GOTO, NULL), true);
	free(question);
}

/* The number-th end, from 1: those of the runbook, then "aborted"; NULL: there is none. */
static const char *
end_id(const struct plain *plain, size_t number)
{
	const struct runbook *runbook = plain->model.options->runbook;
	bool all_done = !run_state_current(plain->model.state);

	if (number >= 1 && number <= runbook->ends_count)
		return runbook->ends[number - 1].id;
	if (runbook->ends_count == 0 && all_done && number == 1)
		return "completed";
	return number == runbook->ends_count + 1 + (runbook->ends_count == 0 && all_done)
		       ? "aborted"
		       : NULL;
}

static const char *
end_title(const struct plain *plain, size_t number)
{
	const struct runbook *runbook = plain->model.options->runbook;

	return number <= runbook->ends_count ? runbook->ends[number - 1].title
					     : end_id(plain, number);
}

static void
do_end(struct plain *plain)
{
	bool all_done = !run_state_current(plain->model.state);
	char *line = NULL, *reason = NULL;
	const char *id;

	for (size_t i = 1; end_id(plain, i); i++)
		plain_say(plain, "  [%zu] %s", i, end_title(plain, i));
	if (plain_read_line(plain, "How does the run end? number> ", false, &line) != PLAIN_LINE)
		return;
	id = end_id(plain, strtoul(line, NULL, 10));
	free(line);
	if (!id) {
		plain_say(plain, "That is none of the numbers; nothing was done.");
		return;
	}
	if (!all_done &&
	    plain_read_text(plain, "Why does it end here?> ", "A reason", &reason) != PLAIN_LINE)
		return;
	struct intent *intent = current_intent(plain, INTENT_END, id);
	intent->reason = reason;
	plain_submit(plain, intent, true);
}

static void
do_leave(struct plain *plain)
{
	plain_leave(plain, NULL);
}

static void
do_steps(struct plain *plain)
{
	plain_word(plain, "steps");
}

static void
do_pods(struct plain *plain)
{
	plain_word(plain, "pods");
}

static void
do_logs(struct plain *plain)
{
	plain_word(plain, "logs");
}

static void
do_impact(struct plain *plain)
{
	plain_word(plain, "impact");
}

/* clang-format off */
static const struct {
	enum command command;
	void (*act)(struct plain *plain);
} acts[] = {
	{ CMD_RUN, do_run },
	{ CMD_RECHECK, do_recheck },
	{ CMD_SKIP, do_skip },
	{ CMD_PROBE, do_probe },
	{ CMD_MARK_DONE, do_mark_done },
	{ CMD_MARK_NOT_DONE, do_mark_not_done },
	{ CMD_NOTE, do_note },
	{ CMD_BACK, do_back },
	{ CMD_UNDO, do_undo },
	{ CMD_KEEP, do_keep },
	{ CMD_END, do_end },
	{ CMD_HINT, do_hint },
	{ CMD_PANE_1, do_steps },
	{ CMD_PANE_3, do_pods },
	{ CMD_PANE_4, do_logs },
	{ CMD_PANE_6, do_impact },
	{ CMD_LEAVE, do_leave },
};
/* clang-format on */

enum { CHOICES_MAX = 16 };

/* There is nothing to choose about a board or a pane for which the runbook names nothing. */
static bool
is_choice(const struct plain *plain, const struct key_binding *binding, unsigned facts)
{
	if (!binding->choice || !(binding->when & facts))
		return false;
	switch (binding->command) {
	case CMD_PANE_3:
		return plain_has_feed(plain, FEED_TABLES);
	case CMD_PANE_4:
		return plain_has_feed(plain, FEED_LOGS);
	case CMD_PANE_6:
		return plain->model.options->runbook->impact_count > 0;
	default:
		return true;
	}
}

/* What a choice says that depends on the step it is about. */
static void
append_choice(const struct plain *plain, const struct key_binding *binding, struct str *out)
{
	const struct run_state *state = plain->model.state;
	const struct step_state *step = run_state_current(state);
	int undo = run_state_undo_next(state);

	if (binding->command == CMD_UNDO && undo >= 0)
		str_printf(out, "take back step %s", state->steps[undo].id);
	else if (binding->command == CMD_RUN && step && step->undoing)
		str_append(out, "take it back");
	else
		str_append(out, binding->choice);
}

/* The rows of the keymap that are choices now; `prompt` becomes "[1] run [2] skip … [?] more > ". */
static size_t
list_choices(const struct plain *plain, const struct key_binding **choices, size_t room,
	     struct str *prompt)
{
	unsigned facts = model_facts(&plain->model);
	size_t count = 0;

	for (size_t i = 0; i < keymap_count && count < room; i++)
		if (is_choice(plain, &keymap[i], facts)) {
			choices[count++] = &keymap[i];
			str_printf(prompt, "[%zu] ", count);
			append_choice(plain, &keymap[i], prompt);
			str_append_char(prompt, ' ');
		}
	str_append(prompt, "[?] more > ");
	return count;
}

/* The choice that a line means, by its number or by its key's name ("run"); `count`: none. */
static size_t
find_choice(const struct key_binding *const *choices, size_t count, const char *line)
{
	char *end;
	unsigned long number = strtoul(line, &end, 10);

	if (end > line && !*end)
		return number >= 1 && number <= count ? number - 1 : count;
	for (size_t i = 0; i < count; i++)
		if (strcmp(choices[i]->name, line) == 0)
			return i;
	return count;
}

static void
act(struct plain *plain, enum command command)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (acts[i].command == command)
			acts[i].act(plain);
}

void
plain_decide(struct plain *plain)
{
	const struct key_binding *choices[CHOICES_MAX];
	struct str prompt = STR_INIT;
	size_t count = list_choices(plain, choices, CHOICES_MAX, &prompt), chosen;
	char *line = NULL, *again = xasprintf("[1]-[%zu] as above, [?] more > ", count);

	plain_announce(plain);
	if (plain_read_choice(plain, str_cstr(&prompt), again, &line) == PLAIN_LINE) {
		chosen = find_choice(choices, count, line);
		if (chosen < count)
			act(plain, choices[chosen]->command);
		else if (strspn(line, "0123456789 \t") == strlen(line))
			plain_say(plain,
				  "Give one of the numbers 1 to %zu, or a word; ? lists them.",
				  count);
		else
			plain_word(plain, line);
		free(line);
	}
	free(again);
	str_release(&prompt);
}
