#include "config.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/app.h"
#include "ui/situation.h"
#include "ui/step_detail.h"

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

static void
fill(const struct app *app, struct lines *lines)
{
	const struct run_state *state = app->model.state;
	const struct step_state *step = &state->steps[app->selected];
	const char *text = step_detail_text(&app->model, step);

	if (step->section)
		lines_add(lines, ROLE_DIM, "%s", step->section);
	lines_wrap(lines, ROLE_STRONG, "", ROLE_STRONG, step->title);
	lines_gap(lines);
	if (text)
		lines_markdown(lines, text);
	else
		lines_add(lines, ROLE_DIM, "The runbook says no more of this step than its title.");
	add_runbook(app->model.options->runbook, lines);
}

void
why_page_open(struct app *app)
{
	const struct run_state *state = app->model.state;

	if (app->selected >= state->steps_count)
		return;
	char *title = xasprintf("Why step %zu is there", app->selected + 1);
	page_open(app, title, fill);
	free(title);
}
