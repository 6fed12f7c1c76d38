#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "ui/content/outlook.h"
#include "ui/content/target_words.h"
#include "ui/keys/keymap.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/screen/app.h"

enum { NAME_COLUMNS_MAX = 24 };

/* The members of an identity that a person looks at, in the order of interest. */
static void
add_identity(const struct target_state *target, struct lines *lines)
{
	static const struct {
		const char *member, *words;
	} parts[] = {
		{ "uid", "cluster" },	{ "system_identifier", "system" },
		{ "server", "server" }, { "version", "version" },
		{ "user", "as user" },	{ "primary", "primary" },
	};
	struct str text = STR_INIT;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *value = json_string(target->identity, parts[i].member, NULL);

		if (value)
			str_printf(&text, "%s%s %s", text.len ? ", " : "", parts[i].words, value);
	}
	if (json_bool(target->identity, "insecure", false))
		str_printf(&text, "%sSERVER NOT VERIFIED", text.len ? ", " : "");
	if (text.len)
		lines_wrap(lines, ROLE_DIM, "    ", ROLE_DIM, str_cstr(&text));
	str_release(&text);
}

/* The target that a check is about: its title is "target NAME (…)". */
static const struct target_state *
target_of(const struct run_state *state, const struct check_result *check)
{
	for (size_t i = 0; i < state->targets_count; i++) {
		struct str begin = STR_INIT;

		str_printf(&begin, "target %s (", state->targets[i].name);
		bool is = str_starts_with(check->title ? check->title : "", str_cstr(&begin));
		str_release(&begin);
		if (is)
			return &state->targets[i];
	}
	return NULL;
}

static void
add_check(const struct run_state *state, const struct check_result *check, struct lines *lines)
{
	const struct target_state *target = target_of(state, check);

	lines_wrap(lines, check->ok ? ROLE_GOOD : ROLE_BAD, check->ok ? "[x] " : "[!] ",
		   ROLE_STRONG, check->title ? check->title : "");
	if (check->message)
		lines_wrap(lines, ROLE_TEXT, "    ", check->ok ? ROLE_WARNING : ROLE_TEXT,
			   check->message);
	if (target)
		add_identity(target, lines);
}

static size_t
count_wrong(const struct run_state *state)
{
	size_t wrong = 0;

	for (size_t i = 0; i < state->preflight_count; i++)
		wrong += !state->preflight[i].ok;
	return wrong;
}

static void
add_group(const struct run_state *state, bool ok, const char *heading, struct lines *lines)
{
	bool any = false;

	for (size_t i = 0; i < state->preflight_count; i++) {
		if (state->preflight[i].ok != ok)
			continue;
		if (!any) {
			lines_gap(lines);
			lines_add(lines, ROLE_LABEL, "%s", heading);
		}
		any = true;
		add_check(state, &state->preflight[i], lines);
	}
}

static const char advice_wrong[] =
	"**What to do.** A target that does not answer may be one that this runbook builds or "
	"brings back: steps that need it are blocked until it answers, and say so; the others can "
	"be run. If it ought to answer, set right what its message names, and prepare the step "
	"again.";
#define RIGHTS_WORDS                                                                               \
	"Rights are asked for before each step, for exactly what it would do, and a step that "    \
	"lacks one says so before it is run."
static const char advice_rights[] =
	RIGHTS_WORDS " To ask for all of them now, leave and run `lifeboat check` with the same "
		     "runbook and parameters: it changes nothing.";
static const char advice_rights_drill[] = RIGHTS_WORDS; /* its world would end with leaving */

static void
add_heading(struct lines *lines, const char *heading)
{
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "%s", heading);
}

/* ---- what the runbook does ---- */

static enum step_effect
effect_of(const struct model *model, const struct step_state *step)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);

	return spec ? step_type_effect(spec->action.type, spec->action.with) : EFFECT_NONE;
}

static bool
has_way_back(const struct model *model, const struct step_state *step)
{
	const struct step_spec *spec = situation_spec(model->options->runbook, step);

	return spec && (spec->undo || spec->action.type->undo);
}

/* "10 steps: 3 only read, 4 change something, 2 destroy something, 1 asks you" */
static void
add_counts(const struct model *model, struct lines *lines)
{
	static const struct {
		enum step_effect effect;
		const char *one, *many;
	} words[] = {
		{ EFFECT_READS, "only reads", "only read" },
		{ EFFECT_CHANGES, "changes something", "change something" },
		{ EFFECT_DESTROYS, "destroys something", "destroy something" },
		{ EFFECT_NONE, "asks you", "ask you" },
	};
	const struct run_state *state = model->state;
	size_t counts[EFFECT_DESTROYS + 1] = { 0 }, ways_back = 0;
	struct str text = STR_INIT;

	for (size_t i = 0; i < state->steps_count; i++) {
		enum step_effect effect = effect_of(model, &state->steps[i]);

		counts[effect]++;
		ways_back += effect >= EFFECT_CHANGES && has_way_back(model, &state->steps[i]);
	}
	str_printf(&text, "%zu step%s", state->steps_count, state->steps_count == 1 ? "" : "s");
	for (size_t i = 0, told = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t count = counts[words[i].effect];

		if (count)
			str_printf(&text, "%s%zu %s", told++ ? ", " : ": ", count,
				   count == 1 ? words[i].one : words[i].many);
	}
	str_append(&text, ".");
	size_t acting = counts[EFFECT_CHANGES] + counts[EFFECT_DESTROYS];
	if (acting && !ways_back)
		str_append(&text, " What they do the runbook cannot take back.");
	else if (acting)
		str_printf(&text, " It can take back %zu of the %zu that act.", ways_back, acting);
	lines_wrap(lines, ROLE_TEXT, "", ROLE_TEXT, str_cstr(&text));
	str_release(&text);
}

/* How long it takes by its estimates, and how long it may take. */
static void
add_durations(const struct model *model, struct lines *lines)
{
	const struct runbook *runbook = model->options->runbook;
	struct str text = STR_INIT;

	outlook_left(model, false, &text);
	if (text.len)
		lines_add(lines, ROLE_TEXT, "By the estimates of its steps: %s.", str_cstr(&text));
	for (size_t i = 0; i < runbook->rto_count; i++) {
		const struct rto_spec *rto = &runbook->rto[i];
		char target[CLOCK_STAMP_MAX];

		str_clear(&text);
		str_printf(&text, "%s, from step %s to the end of step %s", rto->title, rto->from,
			   rto->to);
		char *prefix = xasprintf("RTO %s  ", duration_format(rto->target_ms, target));
		lines_wrap(lines, ROLE_LABEL, prefix, ROLE_TEXT, str_cstr(&text));
		free(prefix);
	}
	str_release(&text);
}

/* Of a drill, whoever began it has been told that before. */
static void
add_situation(const struct model *model, struct lines *lines)
{
	const struct run_state *state = model->state;

	if (!state->situation)
		return;
	add_heading(lines, "WHAT IS KNOWN");
	lines_markdown(lines, state->situation);
}

static void
add_runbook(const struct model *model, struct lines *lines)
{
	const struct runbook *runbook = model->options->runbook;

	add_heading(lines, "WHAT IT DOES");
	lines_wrap(lines, ROLE_STRONG, "", ROLE_STRONG, runbook->title ? runbook->title : "");
	if (runbook->version)
		lines_append(lines, ROLE_DIM, " %s", runbook->version);
	if (runbook->summary)
		lines_markdown(lines, runbook->summary);
	add_counts(model, lines);
	add_durations(model, lines);
}

/* "[CHANGES]  7  Point the name at the new address  ~2m" */
static void
add_steps(const struct model *model, struct lines *lines)
{
	static const char *const words[] = {
		[EFFECT_NONE] = "asks you",
		[EFFECT_READS] = "reads",
		[EFFECT_CHANGES] = "CHANGES",
		[EFFECT_DESTROYS] = "DESTROYS",
	};
	const struct run_state *state = model->state;

	add_heading(lines, "ITS STEPS");
	for (size_t i = 0; i < state->steps_count; i++) {
		const struct step_state *step = &state->steps[i];
		enum step_effect effect = effect_of(model, step);
		char *prefix = xasprintf("%3zu  %-8s  ", i + 1, words[effect]);
		struct str estimate = STR_INIT;

		lines_wrap(lines, effect >= EFFECT_CHANGES ? ROLE_WARNING : ROLE_TEXT, prefix,
			   ROLE_TEXT, step->title);
		if (step->for_each)
			lines_append(lines, ROLE_DIM, "  for each of several");
		if (step->estimate_ms)
			outlook_time(step->estimate_ms, &estimate);
		if (estimate.len)
			lines_append(lines, ROLE_DIM, "  ~%s", str_cstr(&estimate));
		str_release(&estimate);
		free(prefix);
	}
}

/* ---- what it is done with ---- */

static void
add_params(const struct run_state *state, struct lines *lines)
{
	int columns = 0;
	const cJSON *at;

	if (!state->params || !state->params->child)
		return;
	add_heading(lines, "PARAMETERS");
	cJSON_ArrayForEach(at, state->params) {
		int len = (int)strlen(at->string);

		if (len > columns && len <= NAME_COLUMNS_MAX)
			columns = len;
	}
	cJSON_ArrayForEach(at, state->params) {
		char *prefix = xasprintf("%-*s  ", columns, at->string), *value = json_text(at);

		lines_wrap(lines, ROLE_DIM, prefix, ROLE_STRONG, *value ? value : "(empty)");
		free(prefix);
		free(value);
	}
}

static void
take_program(const struct action_spec *action, const char ***programs, size_t *count, size_t *cap)
{
	const char *program = step_type_program(action->type, action->with);

	for (size_t i = 0; program && i < *count; i++)
		if (str_equal((*programs)[i], program))
			return;
	if (program)
		*VEC_PUSH(*programs, *count, *cap) = program;
}

static void
take_programs(const struct step_spec *spec, const char ***programs, size_t *count, size_t *cap)
{
	take_program(&spec->action, programs, count, cap);
	for (size_t i = 0; i < spec->preconditions_count; i++)
		take_program(&spec->preconditions[i].action, programs, count, cap);
	for (size_t i = 0; i < spec->verify_count; i++)
		take_program(&spec->verify[i].action, programs, count, cap);
	if (spec->undo)
		take_program(spec->undo, programs, count, cap);
}

static void
add_missing(const char *program, struct lines *lines)
{
	char *text =
		xasprintf("%s: not found here; install it, or add its folder to PATH", program);

	lines_wrap(lines, ROLE_BAD, "[!] ", ROLE_TEXT, text);
	free(text);
}

/* The programs that are started on this machine, those that are not there first. */
static void
add_programs(const struct ui_options *options, struct lines *lines)
{
	const struct runbook *runbook = options->runbook;
	const char **programs = NULL;
	size_t count = 0, cap = 0;
	struct str there = STR_INIT;

	for (size_t i = 0; i < runbook->steps_count; i++)
		take_programs(&runbook->steps[i], &programs, &count, &cap);
	if (count)
		add_heading(lines, "PROGRAMS IT STARTS ON THIS MACHINE");
	for (size_t i = 0; i < count; i++) {
		if (!options->has_program || options->has_program(programs[i]))
			str_printf(&there, "%s%s", there.len ? ", " : "", programs[i]);
		else
			add_missing(programs[i], lines);
	}
	if (there.len)
		lines_wrap(lines, ROLE_GOOD, options->has_program ? "[x] " : "", ROLE_TEXT,
			   str_cstr(&there));
	str_release(&there);
	free(programs);
}

/* ---- the whole page ---- */

/* No step was begun that does anything but ask. */
static bool
is_fresh(const struct run_state *state)
{
	const struct step_state *first = state->steps_count ? &state->steps[0] : NULL;

	if (!first || state->current > 0 || run_state_done(state))
		return false;
	return first->status == STEP_TODO || first->status == STEP_PLANNED ||
	       first->status == STEP_BLOCKED ||
	       (first->status == STEP_RUNNING && str_equal(first->effect, "none"));
}

static void
add_verdict(const struct run_state *state, bool keys, struct lines *lines)
{
	size_t wrong = count_wrong(state), count = state->preflight_count;

	if (count == 0)
		lines_add(lines, ROLE_TEXT, "This run has no targets to reach.");
	else if (wrong)
		lines_add(lines, ROLE_BAD, "%zu of %zu %s not answer.", wrong, count,
			  count == 1   ? "target does"
			  : wrong == 1 ? "targets does"
				       : "targets do");
	else if (count == 1)
		lines_add(lines, ROLE_GOOD, "Its target answers.");
	else
		lines_add(lines, ROLE_GOOD, "All of its %zu targets answer.", count);
	if (!is_fresh(state))
		return;
	lines_add(lines, ROLE_TEXT, "Nothing was changed yet.");
	if (keys)
		lines_append(lines, ROLE_TEXT, " %s goes on to step 1; it runs nothing.",
			     keymap_label(CMD_RUN));
}

void
preflight_page_lines(const struct model *model, bool keys, struct lines *lines)
{
	const struct run_state *state = model->state;

	add_verdict(state, keys, lines);
	add_group(state, false, "NOT REACHED", lines);
	if (count_wrong(state)) {
		lines_gap(lines);
		lines_markdown(lines, advice_wrong);
	}
	add_situation(model, lines);
	add_runbook(model, lines);
	add_params(state, lines);
	add_group(state, true, "REACHED", lines);
	add_programs(model->options, lines);
	add_heading(lines, "RIGHTS");
	lines_markdown(lines,
		       str_equal(state->mode, "drill") ? advice_rights_drill : advice_rights);
	add_steps(model, lines);
}

static void
fill(const struct app *app, struct lines *lines)
{
	preflight_page_lines(&app->model, true, lines);
}

/* A target that is reached later is told at once. */
static uint64_t
generation(const void *data)
{
	const struct app *app = data;

	return app->model.generation;
}

static const struct page_source source = { .generation = generation };

void
preflight_page_open(struct app *app)
{
	page_open(app, "Preflight: what this run is about to do", fill);
	app->page.source = &source;
	app->page.data = app;
}

static bool
acts(const struct model *model)
{
	for (size_t i = 0; i < model->state->steps_count; i++)
		if (effect_of(model, &model->state->steps[i]) >= EFFECT_CHANGES)
			return true;
	return false;
}

void
preflight_page_offer(struct app *app)
{
	const struct run_state *state = app->model.state;

	if (app->preflight_offered || state->phase == RUN_STARTING || app->dialog || app->entry ||
	    app->jump || app->page.shown)
		return;
	app->preflight_offered = true;
	if (is_fresh(state) && !model_follows(&app->model) &&
	    (count_wrong(state) || (state->preflight_count && acts(&app->model))))
		preflight_page_open(app);
}
