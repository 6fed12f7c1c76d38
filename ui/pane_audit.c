#include "config.h"

#include "base/clock.h"
#include "ui/paint.h"
#include "ui/pane.h"
#include "ui/scroll.h"

static void
title(const struct app *app, struct str *out)
{
	str_printf(out, " %zu entries, journal %.12s", app->model.audit_count,
		   app->model.state->head);
	if (app->audit_held)
		str_append(out, "  held, G follows again");
}

static void
paint(struct app *app, const struct rect *body)
{
	size_t *first = &app->first[PANE_AUDIT], count = app->model.audit_count;

	*first = scroll_move(*first, app->audit_held ? CMD_NONE : CMD_BOTTOM, count, body->rows);
	pane_put_cursor(app, PANE_AUDIT, body->y, body->x);
	for (int i = 0; i < body->rows && *first + (size_t)i < count; i++) {
		const struct audit_entry *entry = &app->model.audit[*first + (size_t)i];
		char stamp[CLOCK_STAMP_MAX];
		int used = paint_format(body->y + i, body->x, body->columns, ROLE_DIM, "%s ",
					clock_format_hms(entry->ts_ms, stamp));

		if (entry->seq >= 0)
			used += paint_format(body->y + i, body->x + used, body->columns - used,
					     ROLE_DIM, "#%-4lld ", (long long)entry->seq);
		paint_text(body->y + i, body->x + used, body->columns - used, entry->role,
			   entry->text);
		pane_put_cursor(app, PANE_AUDIT, body->y + i, body->x);
	}
}

static void
move(struct app *app, enum command command, int rows)
{
	size_t count = app->model.audit_count, *first = &app->first[PANE_AUDIT];

	*first = scroll_move(*first, command, count, rows);
	app->audit_held = *first + (size_t)rows < count;
}

const struct pane_ops pane_audit_ops = {
	.name = "Audit",
	.title = title,
	.paint = paint,
	.move = move,
};
