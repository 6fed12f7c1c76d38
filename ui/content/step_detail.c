#include "config.h"

#include "ui/content/step_detail.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "run/state/hint.h"
#include "ui/content/outlook.h"
#include "ui/content/step_plan.h"
#include "ui/content/target_words.h"
#include "ui/content/unknown.h"
#include "ui/keys/keymap.h"
#include "ui/model/situation.h"

enum {
	OUTPUT_TAIL_BYTES = 16384, /* more than a screen; `o` shows the rest */
	WHY_ROWS_LEAST = 2,	   /* of a text that gives way */
};

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

/* Where there is no room to spare, empty lines are the first to go. */
static void
gap(struct lines *lines, bool tight)
{
	if (!tight)
		lines_gap(lines);
}

static void
add_status(const struct model *model, size_t index, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];

	lines_add(lines, status_role(step->status), "%s %s", situation_glyph(model->state, index),
		  step_status_name(step->status));
	if (step->undoing)
		lines_append(lines, ROLE_WARNING, "  TO BE TAKEN BACK");
	step_plan_times(model, step, lines);
	if (step->by &&
	    text_width(lines->items[lines->count - 1].text) + text_width(step->by) + 5 <=
		    lines->columns)
		lines_append(lines, ROLE_DIM, "  by %s", step->by);
	if (step->reason)
		lines_wrap(lines, ROLE_LABEL, "REASON   ", ROLE_TEXT, step->reason);
}

/* What a choice leads to, where its words alone do not tell. */
static void
append_choice_end(const struct model *model, const struct step_spec *spec, enum command command,
		  struct str *out)
{
	const struct runbook *runbook = model->options->runbook;
	const struct run_state *state = model->state;
	int undo = run_state_undo_next(state);

	if (command == CMD_BACK && spec && spec->goto_step)
		str_printf(out, ": step %s", spec->goto_step);
	if (command == CMD_UNDO && undo >= 0)
		str_printf(out, ": step %d, %s", undo + 1, state->steps[undo].title);
	if (command != CMD_END)
		return;
	str_append(out, " as: ");
	for (size_t i = 0; i < runbook->ends_count; i++)
		str_printf(out, "%s; ", runbook->ends[i].title);
	str_append(out, "Aborted");
}

/* The choices of the keymap that apply, with what each does. */
static void
add_choices(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	unsigned facts = model_facts(model);
	const char *label = "WHAT NOW";

	for (size_t i = 0; i < keymap_count; i++) {
		const struct key_binding *key = &keymap[i];
		struct str text = STR_INIT;

		if (!key->choice || !*key->label || !(key->when & facts) ||
		    (key->when & FACT_ALWAYS) == FACT_ALWAYS || key->command == CMD_NOTE)
			continue;
		char *prefix = xasprintf("%-8s %-2s ", label, key->label);
		str_append(&text, key->choice);
		append_choice_end(model, spec, key->command, &text);
		lines_wrap(lines, ROLE_KEY, prefix, ROLE_TEXT, str_cstr(&text));
		label = "";
		str_release(&text);
		free(prefix);
	}
}

/* What went wrong, and the ways on from there: first, since nothing else matters now. */
static void
add_trouble(const struct model *model, size_t index, bool keys, bool tight, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];

	if (step->status == STEP_UNKNOWN)
		unknown_lines(model, index, lines);
	else if (step->error)
		lines_wrap(lines, ROLE_BAD, "ERROR    ", ROLE_TEXT, step->error);
	if (step->status == STEP_BLOCKED)
		step_plan_checks(step->preconditions, step->preconditions_count, 0, "BEFORE",
				 lines);
	step_plan_checks(step->verify, step->verify_count, 0, "VERIFIED", lines);
	if (!keys || (size_t)model->state->current != index ||
	    !(model_facts(model) & (FACT_STUCK | FACT_UNKNOWN)))
		return;
	gap(lines, tight);
	add_choices(model, step, lines);
	gap(lines, tight);
}

/* Where the end of an output begins that is laid out: no character is cut in two. */
static size_t
tail_begin(const struct str *text)
{
	size_t from = text->len > OUTPUT_TAIL_BYTES ? text->len - OUTPUT_TAIL_BYTES : 0;

	while (from > 0 && ((unsigned char)text->data[from] & 0xc0) == 0x80)
		from++;
	return from;
}

/* The last lines of what came by. */
static void
add_output(const struct model *model, const struct step_state *step,
	   const struct step_detail_wish *wish, bool tight, struct lines *lines)
{
	const struct step_output_text *output = model_output(model, step->id);
	struct sgr looks = SGR_INIT;
	struct lines tail;
	size_t from;

	if (!output || !output->text.len || wish->output_rows <= 0)
		return;
	from = tail_begin(&output->text);
	sgr_append(&looks, output->looks.spans, output->looks.count, 0);
	sgr_consume(&looks, from);
	lines_init(&tail, lines->columns);
	lines_wrap_coloured(&tail, output->text.data + from, &looks);
	gap(lines, tight);
	lines_add(lines, ROLE_LABEL, "OUTPUT");
	if (tail.count > (size_t)wish->output_rows || from > 0)
		lines_append(lines, ROLE_DIM, "   the end of it; %s shows all",
			     wish->keys ? keymap_label(CMD_SHOW_OUTPUT) : "\"output\"");
	lines_take_last(lines, &tail, (size_t)wish->output_rows);
	lines_release(&tail);
	sgr_release(&looks);
}

static void
add_outputs(const struct step_state *step, bool tight, struct lines *lines)
{
	const char *label = "RESULTS";
	const cJSON *at;

	if (!step->outputs || !step->outputs->child)
		return;
	gap(lines, tight);
	cJSON_ArrayForEach(at, step->outputs) {
		struct str name = STR_INIT;
		char *value = json_text(at);

		str_printf(&name, "%-8s %s: ", label, at->string);
		char *clean = text_clean(str_cstr(&name), 0);
		lines_wrap(lines, ROLE_LABEL, clean, ROLE_CODE, value);
		label = "";
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
			lines_wrap(lines, ROLE_LABEL, "NOTE     ", ROLE_TEXT, state->notes[i].text);
}

const char *
step_detail_text(const struct model *model, const struct step_state *step)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);

	return step->text ? step->text : spec ? spec->text : NULL;
}

/* Why the step is there; the label stands in its first line, or above what is no plain text. */
static void
lay_out_why(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const char *text = step_detail_text(model, step);
	struct str whole = STR_INIT;

	if (!text)
		return;
	bool plain = !strchr("-*#`0123456789 ", *text);
	str_printf(&whole, plain ? "**WHY**  %s" : "**WHY**\n\n%s", text);
	lines_markdown(lines, str_cstr(&whole));
	str_release(&whole);
}

/* What a drill for a first-timer says for nothing, and what was taken of hints. */
static void
add_hints(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	const char *nudge = spec ? hint_free(model->state, spec) : NULL;

	if (nudge)
		lines_wrap(lines, ROLE_LABEL, "THINK    ", ROLE_TEXT, nudge);
	for (size_t i = 0; i < model->state->hints_count; i++)
		if (str_equal(model->state->hints[i].step, step->id))
			lines_wrap(lines, ROLE_LABEL, "HINT     ", ROLE_TEXT,
				   model->state->hints[i].text);
}

/* Moves the first `count` lines of `from` to the end of `lines`. */
static void
take_first(struct lines *lines, struct lines *from, size_t count)
{
	for (size_t i = 0; i < count; i++)
		*VEC_PUSH(lines->items, lines->count, lines->cap) = from->items[i];
	from->count -= count;
	if (from->count)
		memmove(from->items, from->items + count, from->count * sizeof(*from->items));
}

/* Shortens a line to `columns`. */
static void
cut_line(struct line *line, int columns)
{
	size_t len = text_fit(line->text, columns);

	line->text[len] = '\0';
	while (line->spans_count > 1 && line->spans[line->spans_count - 2].end >= len)
		line->spans_count--;
	if (line->spans_count && line->spans[line->spans_count - 1].end > len)
		line->spans[line->spans_count - 1].end = len;
}

/* At most `rows` of the text; the last one says where the rest is read. */
static void
add_why(const struct model *model, const struct step_state *step, size_t rows, struct lines *lines)
{
	static const char more[] = ": more";
	const char *key = keymap_label(CMD_WHY);
	struct lines why;

	lines_init(&why, lines->columns);
	lay_out_why(model, step, &why);
	bool cut = why.count > rows;
	size_t count = cut ? rows : why.count;
	while (cut && count && !*why.items[count - 1].text)
		count--;
	take_first(lines, &why, count);
	if (cut && count) {
		cut_line(&lines->items[lines->count - 1],
			 lines->columns - text_width(key) - (int)sizeof(more) - 4);
		lines_append(lines, ROLE_DIM, " ... ");
		lines_append(lines, ROLE_KEY, "%s", key);
		lines_append(lines, ROLE_DIM, "%s", more);
	}
	lines_release(&why);
}

/* What came of it, or comes of it. */
static void
add_results(const struct model *model, const struct step_state *step,
	    const struct step_detail_wish *wish, bool tight, struct lines *lines)
{
	if (step->status == STEP_RUNNING && model->progress)
		lines_wrap(lines, ROLE_CURRENT, "NOW      ", ROLE_TEXT, model->progress);
	step_plan_checks(step->verify, step->verify_count, 1, "VERIFIED", lines);
	add_outputs(step, tight, lines);
	add_output(model, step, wish, tight, lines);
}

/*
 * Why, what, and what is expected; what it would do comes first where the question is no more whether to do it.
 * `why_rows`: how many lines the text gets.
 */
static void
lay_out_plan(const struct model *model, const struct step_state *step, size_t why_rows, bool tight,
	     struct lines *lines)
{
	bool asks = step->status == STEP_RUNNING && str_equal(step->effect, "none");
	bool why_first = (step_plan_is_to_come(step) || asks) && !step->undoing;

	add_notes(model, step, lines);
	gap(lines, tight);
	if (why_first)
		add_why(model, step, why_rows, lines);
	add_hints(model, step, lines);
	gap(lines, tight);
	if (!step->uses) {
		const struct step_spec *spec = situation_spec(model->options->runbook, step);

		lines_add(lines, ROLE_LABEL, "USES     ");
		lines_append(lines, ROLE_TEXT, "%s", spec ? spec->action.type->uses : "");
	} else {
		step_plan(model, step, false, lines);
	}
	gap(lines, tight);
	step_plan_expectations(model, step, lines);
	step_plan_way_back(model, step, lines);
	if (!why_first) {
		gap(lines, tight);
		add_why(model, step, why_rows, lines);
	}
}

static void
lay_out(const struct model *model, size_t index, const struct step_detail_wish *wish,
	size_t why_rows, bool tight, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];

	if (step->status != STEP_UNKNOWN)
		add_status(model, index, lines);
	add_trouble(model, index, wish->keys, tight, lines);
	if (!step_plan_is_to_come(step))
		add_results(model, step, wish, tight, lines);
	lay_out_plan(model, step, why_rows, tight, lines);
}

void
step_detail(const struct model *model, size_t index, const struct step_detail_wish *wish,
	    struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	size_t rows = (size_t)wish->rows, why_rows = SIZE_MAX;

	lay_out(model, index, wish, why_rows, false, lines);
	if (!rows || lines->count <= rows)
		return;
	lines_reset(lines, lines->columns);
	if (step_plan_is_to_come(step)) {
		lay_out(model, index, wish, 0, true, lines);
		why_rows = lines->count < rows ? rows - lines->count : 0;
		why_rows = why_rows < WHY_ROWS_LEAST ? WHY_ROWS_LEAST : why_rows;
		lines_reset(lines, lines->columns);
	}
	lay_out(model, index, wish, why_rows, true, lines);
}
