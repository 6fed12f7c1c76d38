#include "config.h"

#include <stdlib.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/paint.h"
#include "ui/pane.h"
#include "ui/scroll.h"
#include "ui/situation.h"

/* A row of the list: a section's heading, or a step. */
struct row {
	const char *heading; /* NULL: a step */
	size_t step;
};

/* The rows of the list: a heading stands where the section changes. The caller frees. */
static struct row *
make_rows(const struct run_state *state, size_t *ret_count)
{
	struct row *rows = NULL;
	size_t count = 0, cap = 0;
	const char *section = NULL;

	for (size_t i = 0; i < state->steps_count; i++) {
		const char *own = state->steps[i].section;

		if (own && !str_equal(own, section))
			*VEC_PUSH(rows, count, cap) = (struct row){ own, i };
		section = own;
		*VEC_PUSH(rows, count, cap) = (struct row){ NULL, i };
	}
	*ret_count = count;
	return rows;
}

static size_t
row_of_step(const struct row *rows, size_t count, size_t step)
{
	for (size_t i = 0; i < count; i++)
		if (!rows[i].heading && rows[i].step == step)
			return i;
	return 0;
}

static void
title(const struct app *app, struct str *out)
{
	const struct run_state *state = app->model.state;

	str_printf(out, " %zu/%zu", run_state_done(state), state->steps_count);
}

static enum role
step_role(const struct step_state *step)
{
	switch (step->status) {
	case STEP_BLOCKED:
	case STEP_FAILED:
	case STEP_CANCELLED:
	case STEP_UNKNOWN:
		return ROLE_BAD;
	case STEP_OK:
		return ROLE_GOOD;
	case STEP_PLANNED:
	case STEP_RUNNING:
		return ROLE_CURRENT;
	case STEP_SKIPPED:
		return ROLE_DIM;
	case STEP_TODO:
		break;
	}
	return ROLE_TEXT;
}

static void
paint_step(struct app *app, size_t index, int y, const struct rect *body)
{
	const struct run_state *state = app->model.state;
	const struct step_state *step = &state->steps[index];
	bool selected = index == app->selected;
	enum role role = selected ? ROLE_SELECTED : step_role(step);

	if (selected) {
		paint_blank(y, body->x, body->columns, ROLE_SELECTED);
		pane_put_cursor(app, PANE_STEPS, y, body->x);
	}
	int used = paint_format(y, body->x, body->columns, role, "%s%2zu ",
				situation_glyph(state, index), index + 1);
	paint_text(y, body->x + used, body->columns - used,
		   selected		     ? ROLE_SELECTED
		   : step->status == STEP_OK ? ROLE_TEXT
					     : role,
		   step->title);
}

static void
paint(struct app *app, const struct rect *body)
{
	size_t count;
	struct row *rows = make_rows(app->model.state, &count);
	size_t cursor = row_of_step(rows, count, app->selected);

	app->first[PANE_STEPS] = scroll_to(app->first[PANE_STEPS], cursor, count, body->rows);
	if (app->first[PANE_STEPS] == 1 && rows[0].heading && cursor < (size_t)body->rows)
		app->first[PANE_STEPS] = 0; /* the first heading belongs to the first step */
	for (int i = 0; i < body->rows; i++) {
		size_t at = app->first[PANE_STEPS] + (size_t)i;

		if (at >= count)
			break;
		if (rows[at].heading)
			paint_format(body->y + i, body->x, body->columns, ROLE_LABEL, "== %s",
				     rows[at].heading);
		else
			paint_step(app, rows[at].step, body->y + i, body);
	}
	free(rows);
}

static void
move(struct app *app, enum command command, int rows)
{
	const struct run_state *state = app->model.state;
	size_t next = scroll_cursor(app->selected, command, state->steps_count, rows);

	if (next == app->selected || !state->steps_count)
		return;
	app->selected = next;
	app->away = state->current < 0 || next != (size_t)state->current;
	app->first[PANE_STEP] = 0;
	app->detail_moved = false;
}

const struct pane_ops pane_steps_ops = {
	.name = "Steps",
	.title = title,
	.paint = paint,
	.move = move,
};
