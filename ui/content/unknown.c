#include "config.h"

#include "ui/content/unknown.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/content/step_detail.h"
#include "ui/content/step_plan.h"

static const struct {
	const char *verdict, *label, *words;
	const char *undo; /* of a step that is being taken back */
	enum role role;
} looks[] = {
	{ "done", "HAPPENED  ", "It is certain: the step happened, all of it.",
	  "It is certain: the step was taken back, all of it.", ROLE_GOOD },
	{ "not-done", "NOT DONE  ", "It is certain: nothing of the step happened.",
	  "It is certain: nothing of the step was taken back.", ROLE_WARNING },
	{ "unsure", "NOT SURE  ",
	  "It may or may not have happened. Look at the system itself before you decide.",
	  "It may or may not have been taken back. Look at the system itself before you decide.",
	  ROLE_BAD },
};

static void
add_verdict(const struct step_state *step, struct lines *lines)
{
	const struct probe_state *probe = &step->probe;

	for (size_t i = 0; i < sizeof(looks) / sizeof(looks[0]); i++)
		if (str_equal(looks[i].verdict, probe->verdict))
			lines_wrap(lines, looks[i].role, looks[i].label, ROLE_STRONG,
				   step->undoing ? looks[i].undo : looks[i].words);
	if (probe->error)
		lines_wrap(lines, ROLE_BAD, "NO ANSWER ", ROLE_TEXT, probe->error);
	for (size_t i = 0; i < probe->lines_count; i++)
		lines_wrap(lines, ROLE_DIM, "  - ", ROLE_TEXT, probe->lines[i]);
}

/* Somebody looks just now, or nobody has looked yet. */
static void
add_looking(const struct model *model, const struct step_state *step, struct lines *lines)
{
	bool is_current = run_state_current(model->state) == step;
	bool looks_now = is_current && (model->progress || model->state->phase == RUN_PREPARING);
	const char *what = step->undoing ? "been taken back" : "happened";
	char *words;

	if (looks_now)
		lines_wrap(lines, ROLE_CURRENT, "LOOKING   ", ROLE_STRONG,
			   model->progress ? model->progress
			   : step->undoing ? "whether it was taken back"
					   : "whether it happened");
	if (looks_now || step->probe.seq >= 0)
		return;
	words = xasprintf("It may or may not have %s, and nobody has looked into it yet.", what);
	lines_wrap(lines, ROLE_BAD, "NOT SURE  ", ROLE_STRONG, words);
	free(words);
}

/* Why nobody knows how it ended. */
static void
add_why(const struct step_state *step, struct lines *lines)
{
	lines_wrap(lines, ROLE_LABEL, "WHY       ", ROLE_TEXT,
		   step->error ? step->error
		   : step->undoing
			   ? "The process that took it back ended before it could record the end "
			     "of that."
			   : "The process that ran it ended before it could record the end of the "
			     "step.");
}

static void
add_begun(const struct model *model, const struct step_state *step, struct lines *lines)
{
	const struct target_state *target =
		step->target ? run_state_target(model->state, step->target) : NULL;
	struct str what = STR_INIT;

	str_printf(&what, "[%s] %s", step_plan_effect(step), step->uses ? step->uses : "");
	if (step->target)
		str_printf(&what, " on %s", step->target);
	if (target && target->describe)
		str_printf(&what, " (%s)", target->describe);
	str_printf(&what, ", by %s", step->begun_by ? step->begun_by : "?");
	if (step->key)
		str_printf(&what, ", as %s", step->key);
	lines_wrap(lines, ROLE_LABEL, "BEGUN     ", ROLE_TEXT, str_cstr(&what));
	str_release(&what);
}

void
unknown_lines(const struct model *model, size_t index, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	char begun[CLOCK_STAMP_MAX], looked[CLOCK_STAMP_MAX];

	lines_add(lines, ROLE_BAD, "[?] unknown");
	lines_append(lines, ROLE_TEXT, "  %sbegun %s", step->undoing ? "taking it back was " : "",
		     clock_format_hms(step->started_ms, begun));
	if (step->probe.seq >= 0)
		lines_append(lines, ROLE_DIM, "  looked at %s",
			     clock_format_hms(step->probe.ts_ms, looked));
	add_looking(model, step, lines);
	if (step->probe.seq >= 0)
		add_verdict(step, lines);
	add_why(step, lines);
	add_begun(model, step, lines);
}

char *
unknown_reason(const struct step_state *step, enum command decision)
{
	const char *wanted = decision == CMD_MARK_DONE ? "done" : "not-done";
	struct str text = STR_INIT;

	if (!str_equal(step->probe.verdict, wanted))
		return NULL;
	probe_sentence(&step->probe, &text);
	char *clean = text_clean(str_cstr(&text), 0);
	str_release(&text);
	return clean;
}
