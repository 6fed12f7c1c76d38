#include "config.h"

#include "ui/text/layout.h"

enum {
	HEADER_ROWS = 2,
	FOOTER_ROWS = 2, /* message and keys */
	MEDIUM_COLUMNS = 120,
	MEDIUM_ROWS = 36,
	LARGE_COLUMNS = 160,
	LARGE_ROWS = 48,
};

static int
clamp(int value, int least, int most)
{
	return value < least ? least : value > most ? most : value;
}

/* Two panes side by side with a rule between them; `left` columns for the first one. */
static void
split(struct layout *layout, const struct rect *whole, int left, enum pane a, enum pane b)
{
	layout->panes[a] = (struct rect){ whole->y, whole->x, whole->rows, left };
	layout->panes[b] = (struct rect){ whole->y, whole->x + left + 1, whole->rows,
					  whole->columns - left - 1 };
	layout->rules[layout->rules_count++] =
		(struct rect){ whole->y, whole->x + left, whole->rows, 1 };
}

/* Takes `rows` from the lower end of `whole` and returns them. */
static struct rect
cut_below(struct rect *whole, int rows)
{
	whole->rows -= rows;
	return (struct rect){ whole->y + whole->rows, whole->x, rows, whole->columns };
}

/*
 * Steps and step above, one of the other panes below, one line of audit. The step is what is decided upon: it gets all
 * that the others can do without.
 */
static void
compute_small(struct layout *layout, struct rect room, enum pane lower)
{
	if (lower != PANE_AUDIT)
		layout->tail = cut_below(&room, 1);
	layout->panes[lower] = cut_below(&room, clamp(room.rows / 4, 3, 12));
	split(layout, &room, clamp(room.columns * 33 / 100, 20, 40), PANE_STEPS, PANE_STEP);
}

/* The lowest rows: the audit, and beside it the impact board where there is one. */
static void
compute_foot(struct layout *layout, struct rect foot, bool impact)
{
	if (impact)
		split(layout, &foot, foot.columns * 55 / 100, PANE_AUDIT, PANE_IMPACT);
	else
		layout->panes[PANE_AUDIT] = foot;
}

/* A pane that has the keys is shown, if only to say that it has nothing. */
static bool
has_impact(const struct layout_wish *wish)
{
	return wish->impact > 0 || wish->focus == PANE_IMPACT;
}

/* How many rows the audit and the impact board get: each operation is seen, or as many as `most` has room for. */
static int
foot_rows(const struct layout_wish *wish, int least, int most)
{
	return clamp(wish->impact * 2 + 1, least, most);
}

/* Two by two, audit and impact below. */
static void
compute_medium(struct layout *layout, struct rect room, const struct layout_wish *wish)
{
	struct rect below;

	compute_foot(layout, cut_below(&room, foot_rows(wish, 5, 7)), has_impact(wish));
	below = cut_below(&room, room.rows * 38 / 100);
	split(layout, &room, clamp(room.columns * 33 / 100, 30, 48), PANE_STEPS, PANE_STEP);
	split(layout, &below, room.columns / 2, PANE_PODS, PANE_LOGS);
}

/* Steps, the step in the middle, pods above logs at the right, audit and impact below. */
static void
compute_large(struct layout *layout, struct rect room, const struct layout_wish *wish)
{
	struct rect right;
	int right_columns = room.columns * 36 / 100;

	compute_foot(layout, cut_below(&room, foot_rows(wish, 8, room.rows / 4)), has_impact(wish));
	right = (struct rect){ room.y, room.x + room.columns - right_columns, room.rows,
			       right_columns };
	room.columns -= right_columns + 1;
	layout->rules[layout->rules_count++] = (struct rect){ room.y, right.x - 1, room.rows, 1 };
	split(layout, &room, clamp(room.columns * 40 / 100, 36, 56), PANE_STEPS, PANE_STEP);
	layout->panes[PANE_LOGS] = cut_below(&right, right.rows * 6 / 10);
	layout->panes[PANE_PODS] = right;
}

/* Nothing live to show: the step, the audit and the impact board share the room. */
static void
compute_quiet(struct layout *layout, struct rect room, const struct layout_wish *wish)
{
	compute_foot(layout, cut_below(&room, room.rows * 3 / 10), has_impact(wish));
	split(layout, &room, clamp(room.columns * 33 / 100, 30, 56), PANE_STEPS, PANE_STEP);
}

void
layout_compute(const struct layout_wish *wish, struct layout *ret_layout)
{
	int columns = wish->columns, rows = wish->rows;
	bool live = wish->live || wish->focus == PANE_PODS || wish->focus == PANE_LOGS;
	int top = HEADER_ROWS + wish->banner;
	struct rect room = { top, 0, rows - top - FOOTER_ROWS, columns };

	*ret_layout = (struct layout){
		.too_small = columns < LAYOUT_MIN_COLUMNS || rows < LAYOUT_MIN_ROWS,
	};
	if (ret_layout->too_small)
		return;
	ret_layout->header = (struct rect){ 0, 0, HEADER_ROWS, columns };
	ret_layout->banner = (struct rect){ HEADER_ROWS, 0, wish->banner, columns };
	ret_layout->message = (struct rect){ rows - 2, 0, 1, columns };
	ret_layout->keys = (struct rect){ rows - 1, 0, 1, columns };
	if (wish->zoom)
		ret_layout->panes[wish->focus] = room;
	else if (columns >= MEDIUM_COLUMNS && rows >= MEDIUM_ROWS && !live)
		compute_quiet(ret_layout, room, wish);
	else if (columns >= LARGE_COLUMNS && rows >= LARGE_ROWS)
		compute_large(ret_layout, room, wish);
	else if (columns >= MEDIUM_COLUMNS && rows >= MEDIUM_ROWS)
		compute_medium(ret_layout, room, wish);
	else
		compute_small(ret_layout, room, wish->lower);
}
