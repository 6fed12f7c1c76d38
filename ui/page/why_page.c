#include "config.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "run/state/hint.h"
#include "ui/content/step_detail.h"
#include "ui/model/situation.h"
#include "ui/page/page_text.h"
#include "ui/screen/app.h"

/* "management-plane-dr.md, backup.md" */
static void
add_list(struct lines *lines, const char *label, char *const *items)
{
	struct str text = STR_INIT;

	for (size_t i = 0; items && items[i]; i++)
		str_printf(&text, "%s%s", i ? ", " : "", items[i]);
	if (text.len)
		lines_wrap(lines, ROLE_LABEL, label, ROLE_TEXT, str_cstr(&text));
	str_release(&text);
}

/* Of a drill: what was told, and what is still to be had. */
static void
add_hints(const struct model *model, const struct step_state *step, bool keys, struct lines *lines)
{
	const struct run_state *state = model->state;
	const struct step_spec *spec = situation_spec(model->options->runbook, step);
	const char *nudge = spec ? hint_free(state, spec) : NULL;
	struct hint next;

	if (!spec || !str_equal(state->mode, "drill"))
		return;
	lines_gap(lines);
	if (nudge)
		lines_wrap(lines, ROLE_LABEL, "Think:  ", ROLE_TEXT, nudge);
	for (size_t i = 0; i < state->hints_count; i++)
		if (str_equal(state->hints[i].step, step->id))
			lines_wrap(lines, ROLE_LABEL, "Hint:   ", ROLE_TEXT, state->hints[i].text);
	if (step != run_state_current(state))
		return;
	if (hint_next(state, spec, step->id, &next))
		lines_add(lines, ROLE_DIM, "%s takes a hint (%s) for %d point%s.",
			  keys ? keymap_label(CMD_HINT) : "\"hint\"", next.grade, next.cost,
			  next.cost == 1 ? "" : "s");
	else
		lines_add(lines, ROLE_DIM, "There is no %shint for this step.",
			  run_state_hints(state, step->id) || nudge ? "further " : "");
}

static void
add_runbook(const struct runbook *runbook, struct lines *lines)
{
	lines_gap(lines);
	lines_add(lines, ROLE_LABEL, "Runbook:   ");
	lines_append(lines, ROLE_TEXT, "%s%s%s", runbook->title ? runbook->title : "",
		     runbook->version ? " " : "", runbook->version ? runbook->version : "");
	add_list(lines, "Made from: ", runbook->sources);
	add_list(lines, "Owners:    ", runbook->owners);
}

void
why_page_lines(const struct model *model, size_t index, bool keys, struct lines *lines)
{
	const struct step_state *step = &model->state->steps[index];
	const char *text = step_detail_text(model, step);

	if (step->section)
		lines_add(lines, ROLE_DIM, "%s", step->section);
	lines_wrap(lines, ROLE_STRONG, "", ROLE_STRONG, step->title);
	lines_gap(lines);
	if (text)
		lines_markdown(lines, text);
	else
		lines_add(lines, ROLE_DIM, "The runbook says no more of this step than its title.");
	add_hints(model, step, keys, lines);
	add_runbook(model->options->runbook, lines);
}

static void
fill(const struct app *app, struct lines *lines)
{
	why_page_lines(&app->model, app->selected, true, lines);
}

/* A hint comes when it is on record. */
static uint64_t
generation(const void *data)
{
	const struct app *app = data;

	return app->model.state->hints_count;
}

static const struct page_source hints = { .generation = generation };

void
why_page_open(struct app *app)
{
	const struct run_state *state = app->model.state;

	if (app->selected >= state->steps_count)
		return;
	char *title = xasprintf("Why step %zu is there", app->selected + 1);
	page_open(app, title, fill);
	app->page.source = &hints;
	app->page.data = app;
	free(title);
}

void
why_page_hint(struct app *app)
{
	const struct step_state *step = run_state_current(app->model.state);
	struct intent *intent;

	if (!step)
		return;
	intent = intent_new(INTENT_HINT, app->model.state->seq, step->id, NULL);
	app->model.link->submit(app->model.link->engine, intent);
	app->selected = (size_t)app->model.state->current;
	why_page_open(app);
}
