#include "config.h"

#include "base/text.h"
#include "ui/keys/scroll.h"
#include "ui/pane/pane.h"
#include "ui/pane/pods_pane.h"
#include "ui/text/paint.h"

enum {
	HALF_LEAST = 50,      /* columns of a half; narrower ones stand above each other */
	STACKED_ROWS = 8,     /* which takes so many rows */
	REMARKS_WITH_ROWS = 2 /* rows of the screen that remarks take from the rows of the list */
};

/* Paints lines at the top of the body and takes their room from it. */
static void
paint_lines(const struct lines *lines, int most, struct rect *body)
{
	int used = 0;

	for (; used < (int)lines->count && used < most && used < body->rows; used++)
		paint_line(body->y + used, body->x, body->columns, &lines->items[used], false);
	body->y += used;
	body->rows -= used;
}

/* What is wrong with the data, and how it is looked at where the title has no room for that. */
static void
paint_remarks(const struct app *app, const struct pods_list *list, bool choice_in_title,
	      struct rect *body)
{
	struct str choice = STR_INIT;
	struct lines lines;

	lines_init(&lines, body->columns);
	if (!choice_in_title)
		pods_append_choice(app, list, &choice);
	if (choice.len)
		lines_add(&lines, ROLE_LABEL, "%s", choice.data);
	pods_add_remarks(app, list, &lines);
	paint_lines(&lines, table_view_count(list->view) ? REMARKS_WITH_ROWS : body->rows, body);
	lines_release(&lines);
	str_release(&choice);
}

static void
paint_list(struct app *app, struct pods_list *list, const struct rect *body)
{
	struct pods_columns columns;
	size_t count = table_view_count(list->view);
	bool keys = list == pods_focused(app) && app->focus == PANE_PODS;

	list->body = *body;
	list->shown = body->rows > 1 && count ? body->rows - 1 : 0;
	if (list->shown == 0)
		return;
	list->first = scroll_to(list->first, list->cursor, count, list->shown);
	pods_columns_place(app, list, body->columns, list->shown, &columns);
	pods_columns_paint_header(&columns, body->y, body->x);
	for (int i = 0; i < list->shown && list->first + (size_t)i < count; i++) {
		size_t row = list->first + (size_t)i;
		int y = body->y + 1 + i;

		if (keys && row == list->cursor)
			pane_put_cursor(app, PANE_PODS, y, body->x);
		pods_columns_paint_row(app, list, &columns, row, y, body,
				       keys && row == list->cursor);
	}
	pods_list_look(app, list);
}

/* One of two lists, with a title of its own. */
static void
paint_half(struct app *app, size_t index, struct rect body)
{
	struct pods_list *list = &app->pods->lists[index];
	bool keys = index == app->pods->focus && app->focus == PANE_PODS;
	enum role role = keys ? ROLE_TITLE_FOCUS : ROLE_TITLE;
	struct str title = STR_INIT;

	if (body.rows <= 0)
		return;
	pods_append_title(app, list, body.columns, &title);
	paint_blank(body.y, body.x, body.columns, role);
	paint_text(body.y, body.x, body.columns, role, str_cstr(&title));
	str_release(&title);
	if (keys)
		pane_put_cursor(app, PANE_PODS, body.y, body.x);
	body.y++;
	body.rows--;
	paint_remarks(app, list, true, &body);
	paint_list(app, list, &body);
}

static void
paint_split(struct app *app, const struct rect *body)
{
	int left = (body->columns - 1) / 2, upper = body->rows / 2;

	if (left < HALF_LEAST && body->rows >= STACKED_ROWS) {
		paint_half(app, 0, (struct rect){ body->y, body->x, upper, body->columns });
		paint_half(app, 1,
			   (struct rect){ body->y + upper, body->x, body->rows - upper,
					  body->columns });
		return;
	}
	paint_half(app, 0, (struct rect){ body->y, body->x, body->rows, left });
	paint_rule(body->y, body->x + left, body->rows);
	paint_half(
		app, 1,
		(struct rect){ body->y, body->x + left + 1, body->rows, body->columns - left - 1 });
}

void
pods_paint(struct app *app, const struct rect *body)
{
	struct pods_pane *pane = app->pods;
	struct rect room = *body;

	pods_update(app);
	pane_put_cursor(app, PANE_PODS, body->y, body->x);
	if (pane->lists_count == 0) {
		paint_text(body->y, body->x, body->columns, ROLE_DIM,
			   "this runbook names no pods to watch here");
		return;
	}
	if (pane->lists_count > 1) {
		paint_split(app, body);
		return;
	}
	paint_remarks(app, &pane->lists[0], pods_title_has_choice(app, &pane->lists[0]), &room);
	paint_list(app, &pane->lists[0], &room);
}
