#include "config.h"

#include "ui/content/step_plan.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "ui/content/outlook.h"
#include "ui/content/target_words.h"
#include "ui/model/situation.h"

static const struct {
	const char *name, *words;
} effects[] = {
	{ "none", "ASKS YOU" },
	{ "reads", "READS ONLY" },
	{ "changes", "CHANGES" },
	{ "destroys", "DESTROYS" },
};

const char *
step_plan_effect(const struct step_state *step)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (str_equal(effects[i].name, step->effect))
			return effects[i].words;
	return "";
}

bool
step_plan_is_to_come(const struct step_state *step)
{
	return step->status == STEP_TODO || step->status == STEP_PLANNED;
}

/* "took 0:03:10, estimate 1m, OVER 0:02:10" */
void
step_plan_times(const struct model *model, const struct step_state *step, struct lines *lines)
{
	char took[CLOCK_STAMP_MAX], estimate[CLOCK_STAMP_MAX], over[CLOCK_STAMP_MAX];
	int64_t took_ms = outlook_took_ms(model, step), over_ms = outlook_over_ms(model, step);
	bool begun = !step_plan_is_to_come(step) && step->status != STEP_BLOCKED &&
		     step->status != STEP_SKIPPED && took_ms >= 0;

	if (begun)
		lines_append(lines, ROLE_TEXT, "  %s %s",
			     step->status == STEP_RUNNING ? "for" : "took",
			     duration_format_clock(took_ms, took));
	if (step->estimate_ms)
		lines_append(lines, ROLE_DIM, "%s estimate %s", begun ? "," : " ",
			     duration_format(step->estimate_ms, estimate));
	if (begun && over_ms)
		lines_append(lines, ROLE_WARNING, ", OVER %s",
			     duration_format_clock(over_ms, over));
	if (step->attempt > 1)
		lines_append(lines, ROLE_WARNING, "  attempt %d", step->attempt);
}

/* One check: what was expected, and what was seen, the one below the other. */
static void
add_check(const struct check_result *check, const char *label, bool brief, struct lines *lines)
{
	struct str prefix = STR_INIT;

	str_printf(&prefix, "%-8s %s ", label, check->ok ? "[x]" : "[!]");
	lines_wrap(lines, check->ok ? ROLE_TEXT : ROLE_BAD, str_cstr(&prefix), ROLE_TEXT,
		   check->title ? check->title : "");
	if (check->expect && !(brief && check->ok))
		lines_wrap(lines, ROLE_DIM, "         expected ", ROLE_CODE, check->expect);
	if (check->message)
		lines_wrap(lines, check->ok ? ROLE_DIM : ROLE_BAD, "         seen     ",
			   check->ok ? ROLE_DIM : ROLE_TEXT, check->message);
	else if (check->expect && check->ok && !brief)
		lines_append(lines, ROLE_GOOD, "  so it is");
	str_release(&prefix);
}

/*
 * Those that hold, or those that do not, or (`which` < 0) all, of which those that hold are told in brief; `label` stands
 * before the first one.
 */
void
step_plan_checks(const struct check_result *checks, size_t count, int which, const char *label,
		 struct lines *lines)
{
	for (size_t i = 0; i < count; i++) {
		if (which >= 0 && checks[i].ok != (which > 0))
			continue;
		add_check(&checks[i], label, which < 0, lines);
		label = "";
	}
}

static void
add_preview(const struct step_state *step, struct lines *lines)
{
	static const struct {
		char mark;
		const char *prefix;
		enum role role;
	} looks[] = {
		{ ' ', "  ", ROLE_TEXT },   { '>', "> ", ROLE_CODE }, { '+', "+ ", ROLE_ADD },
		{ '-', "- ", ROLE_REMOVE }, { '=', "  ", ROLE_DIM },  { '!', "! ", ROLE_WARNING },
	};

	for (size_t i = 0; i < step->preview_count; i++) {
		size_t look = 0;

		for (size_t k = 0; k < sizeof(looks) / sizeof(looks[0]); k++)
			if (looks[k].mark == step->preview[i].mark)
				look = k;
		lines_wrap(lines, looks[look].role, looks[look].prefix, looks[look].role,
			   step->preview[i].text);
	}
}

/* What the operator will have to do for it to run. */
static const char *
confirm_words(const struct step_state *step)
{
	static const struct {
		const char *name, *words;
	} words[] = {
		{ "none", "runs at once" },
		{ "ask", "asks y/N first" },
		{ "type-name", "wants this typed first:" },
		{ "two-person", "wants a second person" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(words[i].name, step->confirm))
			return words[i].words;
	return "";
}

static const char *
plan_label(const struct step_state *step)
{
	if (step->undoing)
		return "TAKES BACK";
	switch (step->status) {
	case STEP_PLANNED:
		return "WILL DO ";
	case STEP_RUNNING:
		return "IS DOING";
	case STEP_OK:
		return "HAS DONE";
	case STEP_FAILED:
	case STEP_CANCELLED:
		return "TRIED   ";
	case STEP_TODO:
	case STEP_BLOCKED:
	case STEP_SKIPPED:
	case STEP_UNKNOWN:
		break;
	}
	return "PLAN    ";
}

static bool
acts(const struct step_state *step)
{
	return str_equal(step->effect, "destroys") || str_equal(step->effect, "changes");
}

static void
add_confirmation(const struct step_state *step, struct lines *lines)
{
	const char *words = confirm_words(step);
	bool typed = str_equal(step->confirm, "type-name") && step->confirm_name;
	const char *line = lines->items[lines->count - 1].text;

	if (step->status != STEP_PLANNED)
		return;
	if (text_width(line) + text_width(words) + (typed ? text_width(step->confirm_name) : 0) +
		    4 >
	    lines->columns)
		lines_add(lines, ROLE_TEXT, "%s", "");
	lines_append(lines, ROLE_DIM, "  %s", words);
	if (typed)
		lines_append(lines, ROLE_WARNING, " %s", step->confirm_name);
}

/* Effect and target, requests, and what was checked before. `asked`: the question is put already. */
void
step_plan(const struct model *model, const struct step_state *step, bool asked, struct lines *lines)
{
	const struct target_state *target =
		step->target ? run_state_target(model->state, step->target) : NULL;
	struct str where = STR_INIT;

	lines_add(lines, ROLE_LABEL, "%s ", plan_label(step));
	lines_append(lines, acts(step) ? ROLE_WARNING : ROLE_STRONG, "[%s]",
		     step_plan_effect(step));
	lines_append(lines, ROLE_TEXT, " %s", step->uses);
	if (asked)
		step_plan_times(model, step, lines);
	else
		add_confirmation(step, lines);
	if (step->target) {
		str_printf(&where, "%s", step->target);
		if (target) {
			str_append(&where, ": ");
			target_words_long(target, &where);
		}
		lines_wrap(lines, ROLE_TEXT, "  on ", ROLE_STRONG, str_cstr(&where));
	}
	add_preview(step, lines);
	step_plan_checks(step->preconditions, step->preconditions_count, -1, "BEFORE", lines);
	str_release(&where);
}

/* What the runbook will look at afterwards, while there are no results yet. */
void
step_plan_expectations(const struct model *model, const struct step_state *step,
		       struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	const char *label = "EXPECT   ";

	if (!spec || step->verify_count || step->undoing)
		return;
	for (size_t i = 0; i < spec->verify_count; i++) {
		const struct check_spec *check = &spec->verify[i];
		struct str text = STR_INIT;

		str_printf(&text, "%s: %s", check->action.type->uses,
			   check->expect ? check->expect : "passes");
		lines_wrap(lines, ROLE_LABEL, label, ROLE_CODE, str_cstr(&text));
		if (check->message)
			lines_wrap(lines, ROLE_DIM, "         if not: ", ROLE_DIM, check->message);
		label = "         ";
		str_release(&text);
	}
}

/* Whether there is a way back, and which: before it is done as the runbook has it, afterwards as it is. */
void
step_plan_way_back(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	struct str text = STR_INIT;

	if (step->undoing)
		return;
	const char *own = spec ? spec->action.type->undo : NULL;
	if (step->undo_title)
		str_printf(&text, "%s%s", step->undo_title, step->undoable ? " takes it back" : "");
	else if (spec && spec->undo && !step_status_done(step->status))
		str_printf(&text, "%s would take it back", spec->undo->type->uses);
	else if (own && step_plan_is_to_come(step) && acts(step))
		str_printf(&text, "%s can take back %s", step->uses ? step->uses : "it", own);
	else if (step_plan_is_to_come(step) && acts(step))
		str_append(&text, "the runbook names nothing that would take it back");
	bool none = step->undo_title ? !step->undoable : !(spec && (spec->undo || own));
	if (text.len)
		lines_wrap(lines, ROLE_LABEL, none ? "NO BACK  " : "BACK     ", ROLE_TEXT,
			   str_cstr(&text));
	str_release(&text);
}

void
step_plan_asked(const struct model *model, const struct step_state *step, struct lines *lines)
{
	step_plan(model, step, true, lines);
	step_plan_expectations(model, step, lines);
	step_plan_way_back(model, step, lines);
}
