#include "config.h"

#include "ui/screen/dialog.h"
#include "ui/text/paint.h"

enum {
	MARGIN = 2, /* frame and a blank, at each side */
	MOST_COLUMNS = 96,
};

static const struct {
	const char *hint;
} hints[] = {
	[DIALOG_CONFIRM] = { "y = yes; n, Enter or Esc = no" },
	[DIALOG_YES_NO] = { "y or n; Esc looks around, Enter comes back" },
	[DIALOG_LINE] = { "Enter accepts, Esc goes back" },
	[DIALOG_CHECKLIST] = { "Space ticks, Tab moves on, Enter on Done; Esc looks around" },
	[DIALOG_CHOICE] = { "j k or a number, Enter takes it, Esc goes back" },
};

int
dialog_columns(const struct rect *room)
{
	int columns = room->columns - 4 < MOST_COLUMNS ? room->columns - 4 : MOST_COLUMNS;

	return columns - 2 * MARGIN;
}

/* What stands above the answer: the plan, the text and the question. */
static void
build_above(const struct dialog *dialog, struct lines *above)
{
	if (dialog->text)
		lines_markdown(above, dialog->text);
	lines_gap(above);
}

static void
build_question(const struct dialog *dialog, struct lines *below)
{
	if (dialog->problem)
		lines_wrap(below, ROLE_BAD, "", ROLE_BAD, dialog->problem);
	lines_wrap(below, ROLE_STRONG, "", ROLE_STRONG, dialog->question);
}

/* The rows of the answer itself. */
static size_t
answer_rows(const struct dialog *dialog)
{
	size_t rows = 1;

	if (dialog->kind == DIALOG_CHOICE)
		return dialog->items_count;
	for (size_t i = 0; i < dialog->items_count; i++)
		rows += dialog->items[i].wants_value ? 2 : 1;
	return rows;
}

/* Where an answer is painted, and how far it is scrolled. */
struct area {
	int y, x, rows, columns;
	size_t first;
	int *cursor_y, *cursor_x;
};

/* The row on the screen of a row of the answer, or -1. */
static int
row_at(const struct area *area, size_t row)
{
	if (row < area->first || row >= area->first + (size_t)area->rows)
		return -1;
	return area->y + (int)(row - area->first);
}

static void
put_cursor(const struct area *area, int y, int x)
{
	*area->cursor_y = y;
	*area->cursor_x = x;
}

static void
paint_value(const struct dialog *dialog, const struct dialog_item *item, size_t row,
	    const struct area *area)
{
	int y = row_at(area, row);

	if (y < 0)
		return;
	int used = paint_text(y, area->x + 4, area->columns - 4, ROLE_DIM, "seen: ") + 4;
	int x = paint_edit(y, area->x + used, area->columns - used, &item->value, false);
	if (dialog->focus == row)
		put_cursor(area, y, x);
}

static void
paint_checklist(const struct dialog *dialog, const struct area *area)
{
	size_t row = 0;

	for (size_t i = 0; i < dialog->items_count; i++, row++) {
		const struct dialog_item *item = &dialog->items[i];
		int y = row_at(area, row);

		if (y >= 0)
			paint_format(y, area->x, area->columns,
				     dialog->focus == row ? ROLE_SELECTED : ROLE_TEXT, "[%s] %s",
				     item->checked ? "x" : " ", item->text);
		if (y >= 0 && dialog->focus == row)
			put_cursor(area, y, area->x + 1);
		if (item->wants_value)
			paint_value(dialog, item, ++row, area);
	}
	int y = row_at(area, row);
	if (y < 0)
		return;
	paint_text(y, area->x, area->columns, dialog->focus == row ? ROLE_SELECTED : ROLE_KEY,
		   "[ Done ]");
	if (dialog->focus == row)
		put_cursor(area, y, area->x + 2);
}

static void
paint_choice(const struct dialog *dialog, const struct area *area)
{
	for (size_t i = 0; i < dialog->items_count; i++) {
		int y = row_at(area, i);

		if (y < 0)
			continue;
		paint_format(y, area->x, area->columns,
			     dialog->focus == i ? ROLE_SELECTED : ROLE_TEXT, "%s %zu %s",
			     dialog->focus == i ? ">" : " ", i + 1, dialog->items[i].text);
		if (dialog->focus == i)
			put_cursor(area, y, area->x);
	}
}

static void
paint_answer(const struct dialog *dialog, const struct area *area)
{
	int used;

	switch (dialog->kind) {
	case DIALOG_CONFIRM:
	case DIALOG_YES_NO:
		used = paint_text(area->y, area->x, area->columns, ROLE_KEY,
				  dialog->kind == DIALOG_CONFIRM ? "[y/N] " : "[y/n] ");
		put_cursor(area, area->y, area->x + used);
		break;
	case DIALOG_LINE:
		used = paint_text(area->y, area->x, area->columns, ROLE_KEY, "> ");
		put_cursor(area, area->y,
			   paint_edit(area->y, area->x + used, area->columns - used, &dialog->edit,
				      dialog->hidden));
		break;
	case DIALOG_CHECKLIST:
		paint_checklist(dialog, area);
		break;
	case DIALOG_CHOICE:
		paint_choice(dialog, area);
		break;
	}
}

/* Paints rows of the text that is above the answer, from the plan and then from `above`. */
static void
paint_above(struct dialog *dialog, const struct lines *plan, const struct lines *above,
	    const struct area *area)
{
	size_t plan_count = plan ? plan->count : 0, count = plan_count + above->count;

	dialog->overflow = count > (size_t)area->rows ? count - (size_t)area->rows : 0;
	if (dialog->scroll > dialog->overflow)
		dialog->scroll = dialog->overflow;
	for (int i = 0; i < area->rows; i++) {
		size_t at = dialog->scroll + (size_t)i;

		if (at < above->count)
			paint_line(area->y + i, area->x, area->columns, &above->items[at], false);
		else if (at < count)
			paint_line(area->y + i, area->x, area->columns,
				   &plan->items[at - above->count], false);
	}
	if (dialog->scroll < dialog->overflow)
		paint_format(area->y + area->rows - 1, area->x, area->columns, ROLE_KEY, "%-*s",
			     area->columns, "… there is more: PgDn");
}

static int
smaller(int a, int b)
{
	return a < b ? a : b;
}

void
dialog_paint(struct dialog *dialog, const struct rect *room, const struct lines *plan, int *ret_y,
	     int *ret_x)
{
	struct lines above, below;
	struct area area = { .cursor_y = ret_y, .cursor_x = ret_x };
	int columns = dialog_columns(room);

	lines_init(&above, columns);
	lines_init(&below, columns);
	build_above(dialog, &above);
	build_question(dialog, &below);
	int text_rows = (int)(above.count + (plan ? plan->count : 0));
	int answer = smaller((int)answer_rows(dialog), room->rows - 4 - (int)below.count);
	int fixed = answer + (int)below.count + 2; /* and the frame */
	int shown = smaller(text_rows, room->rows - fixed);
	struct rect frame = { 0, 0, fixed + (shown > 0 ? shown : 0), columns + 2 * MARGIN };

	frame.y = room->y + room->rows - frame.rows; /* what is asked about stays in sight above */
	frame.x = room->x + (room->columns - frame.columns) / 2;
	paint_frame(&frame, dialog->title);
	paint_format(frame.y + frame.rows - 1, frame.x + 2, frame.columns - 4, ROLE_DIM, " %s ",
		     hints[dialog->kind].hint);
	area.y = frame.y + 1;
	area.x = frame.x + MARGIN;
	area.columns = columns;
	area.rows = shown > 0 ? shown : 0;
	paint_above(dialog, plan, &above, &area);
	area.y += area.rows;
	for (size_t i = 0; i < below.count; i++)
		paint_line(area.y++, area.x, columns, &below.items[i], false);
	area.rows = answer;
	area.first = dialog->focus >= (size_t)answer && answer > 0
			     ? dialog->focus - (size_t)answer + 1
			     : 0;
	paint_answer(dialog, &area);
	lines_release(&above);
	lines_release(&below);
}
