#include "config.h"

#include "ui/step_detail.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "ui/keymap.h"
#include "ui/situation.h"
#include "ui/unknown.h"

enum { OUTPUT_TAIL_BYTES = 16384 }; /* more than a screen; `o` shows the rest */

static const struct {
	const char *name, *words;
} effects[] = {
	{ "none", "ASKS YOU" },
	{ "reads", "READS ONLY" },
	{ "changes", "CHANGES" },
	{ "destroys", "DESTROYS" },
};

const char *
step_detail_effect(const struct step_state *step)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (str_equal(effects[i].name, step->effect))
			return effects[i].words;
	return "";
}

static enum role
status_role(enum step_status status)
{
	switch (status) {
	case STEP_OK:
		return ROLE_GOOD;
	case STEP_BLOCKED:
	case STEP_FAILED:
	case STEP_CANCELLED:
	case STEP_UNKNOWN:
		return ROLE_BAD;
	case STEP_PLANNED:
	case STEP_RUNNING:
		return ROLE_CURRENT;
	case STEP_TODO:
	case STEP_SKIPPED:
		break;
	}
	return ROLE_TEXT;
}

static void
add_times(const struct model *model, const struct step_state *step, struct lines *lines)
{
	char took[CLOCK_STAMP_MAX], estimate[CLOCK_STAMP_MAX];
	int64_t end_ms = step->status == STEP_RUNNING ? model_now_ms(model) : step->ended_ms;

	if (step->started_ms && end_ms >= step->started_ms)
		lines_append(lines, ROLE_TEXT, "  %s %s",
			     step->status == STEP_RUNNING ? "for" : "took",
			     duration_format_clock(end_ms - step->started_ms, took));
	if (step->estimate_ms)
		lines_append(lines, ROLE_DIM, "  estimate %s",
			     duration_format(step->estimate_ms, estimate));
	if (step->attempt > 1)
		lines_append(lines, ROLE_WARNING, "  attempt %d", step->attempt);
}

static void
add_status(const struct model *model, size_t index, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];

	lines_add(lines, status_role(step->status), "%s %s", situation_glyph(model->state, index),
		  step_status_name(step->status));
	add_times(model, step, lines);
	if (step->by)
		lines_append(lines, ROLE_DIM, "  by %s", step->by);
	if (step->reason)
		lines_wrap(lines, ROLE_LABEL, "REASON  ", ROLE_TEXT, step->reason);
}

/* The choices of the keymap that apply, with what each does. */
static void
add_choices(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	unsigned facts = model_facts(model);

	lines_add(lines, ROLE_LABEL, "WHAT NOW");
	for (size_t i = 0; i < keymap_count; i++) {
		if (!keymap[i].choice || !(keymap[i].when & facts) || keymap[i].when == FACT_ALWAYS)
			continue;
		lines_add(lines, ROLE_KEY, "  %-2s", keymap[i].label);
		lines_append(lines, ROLE_TEXT, " %s", keymap[i].choice);
		if (keymap[i].command == CMD_BACK && spec)
			lines_append(lines, ROLE_TEXT, ": step %s", spec->goto_step);
	}
}

/* What went wrong, and the ways on from there: first, since nothing else matters now. */
static void
add_trouble(const struct model *model, size_t index, bool keys, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];

	if (step->status == STEP_UNKNOWN)
		unknown_lines(model, index, lines);
	else if (step->error)
		lines_wrap(lines, ROLE_BAD, "ERROR   ", ROLE_TEXT, step->error);
	if (!keys || (size_t)model->state->current != index ||
	    !(model_facts(model) & (FACT_STUCK | FACT_UNKNOWN)))
		return;
	lines_gap(lines);
	add_choices(model, step, lines);
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

static void
add_checks(const struct check_result *checks, size_t count, const char *label, struct lines *lines)
{
	if (!count)
		return;
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "%s", label);
	for (size_t i = 0; i < count; i++) {
		lines_wrap(lines, checks[i].ok ? ROLE_GOOD : ROLE_BAD,
			   checks[i].ok ? "[x] " : "[!] ", ROLE_TEXT,
			   checks[i].title ? checks[i].title : "");
		if (checks[i].expect && !checks[i].ok)
			lines_wrap(lines, ROLE_DIM, "    expected ", ROLE_CODE, checks[i].expect);
		if (checks[i].message)
			lines_wrap(lines, ROLE_TEXT, "    ", checks[i].ok ? ROLE_DIM : ROLE_TEXT,
				   checks[i].message);
	}
}

void
step_detail_plan(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct target_state *target =
		step->target ? run_state_target(model->state, step->target) : NULL;

	if (!step->uses)
		return;
	lines_add(lines, ROLE_LABEL, "%s", step->status == STEP_PLANNED ? "WILL DO " : "PLAN    ");
	lines_append(lines,
		     str_equal(step->effect, "destroys") || str_equal(step->effect, "changes")
			     ? ROLE_WARNING
			     : ROLE_STRONG,
		     "[%s]", step_detail_effect(step));
	lines_append(lines, ROLE_TEXT, " %s", step->uses);
	if (step->target)
		lines_add(lines, ROLE_TEXT, "  on %s", step->target);
	if (target && target->describe)
		lines_append(lines, ROLE_DIM, " (%s)", target->describe);
	add_preview(step, lines);
	add_checks(step->preconditions, step->preconditions_count, "CHECKED BEFORE", lines);
}

/* What the runbook will look at afterwards, while there are no results yet. */
static void
add_expectations(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);

	if (!spec || step->verify_count || !spec->verify_count)
		return;
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "EXPECT");
	for (size_t i = 0; i < spec->verify_count; i++) {
		const struct check_spec *check = &spec->verify[i];

		lines_add(lines, ROLE_TEXT, "  %s", check->action.type->uses);
		if (check->expect)
			lines_wrap(lines, ROLE_DIM, "    ", ROLE_CODE, check->expect);
		if (check->message)
			lines_wrap(lines, ROLE_DIM, "    if not: ", ROLE_DIM, check->message);
	}
}

/* The last lines of what came by. */
static void
add_output(const struct model *model, const struct step_state *step, int rows, struct lines *lines)
{
	const struct step_output_text *output = model_output(model, step->id);
	struct lines tail;
	const char *text;

	if (!output || !output->text.len || rows <= 0)
		return;
	text = output->text.data;
	if (output->text.len > OUTPUT_TAIL_BYTES)
		text += output->text.len - OUTPUT_TAIL_BYTES;
	lines_init(&tail, lines->columns);
	lines_wrap(&tail, ROLE_DIM, "", ROLE_TEXT, text);
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "OUTPUT");
	if (tail.count > (size_t)rows || text > output->text.data)
		lines_append(lines, ROLE_DIM, "  the end of it; o shows all");
	lines_take_last(lines, &tail, (size_t)rows);
	lines_release(&tail);
}

static void
add_outputs(const struct step_state *step, struct lines *lines)
{
	const cJSON *at;

	if (!step->outputs || !step->outputs->child)
		return;
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "RESULTS");
	cJSON_ArrayForEach(at, step->outputs) {
		struct str name = STR_INIT;
		char *value = json_text(at);

		str_printf(&name, "  %s: ", at->string);
		char *clean = text_clean(str_cstr(&name), 0);
		lines_wrap(lines, ROLE_DIM, clean, ROLE_CODE, value);
		free(clean);
		free(value);
		str_release(&name);
	}
}

static void
add_notes(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct run_state *state = model->state;

	for (size_t i = 0; i < state->notes_count; i++)
		if (str_equal(state->notes[i].step, step->id))
			lines_wrap(lines, ROLE_LABEL, "NOTE    ", ROLE_TEXT, state->notes[i].text);
}

static void
add_text(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);

	if (!spec)
		return;
	if (spec->text || step->text) {
		lines_gap(lines);
		lines_markdown(lines, step->text ? step->text : spec->text);
	}
	if (!step->uses) {
		lines_gap(lines);
		lines_add(lines, ROLE_LABEL, "USES    ");
		lines_append(lines, ROLE_TEXT, "%s", spec->action.type->uses);
	}
}

void
step_detail(const struct model *model, size_t index, const struct step_detail_wish *wish,
	    struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	bool done = step->status != STEP_TODO && step->status != STEP_PLANNED;

	if (step->status != STEP_UNKNOWN)
		add_status(model, index, lines);
	add_trouble(model, index, wish->keys, lines);
	if (step->status == STEP_RUNNING && model->progress)
		lines_wrap(lines, ROLE_CURRENT, "NOW     ", ROLE_TEXT, model->progress);
	if (done) {
		add_output(model, step, wish->output_rows, lines);
		add_checks(step->verify, step->verify_count, "VERIFIED", lines);
		add_outputs(step, lines);
	}
	add_notes(model, step, lines);
	add_text(model, step, lines);
	lines_gap(lines);
	step_detail_plan(model, step, lines);
	add_expectations(model, step, lines);
}
