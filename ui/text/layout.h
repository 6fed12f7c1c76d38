#ifndef LIFEBOAT_UI_TEXT_LAYOUT_H
#define LIFEBOAT_UI_TEXT_LAYOUT_H

#include <stdbool.h>

struct rect {
	int y, x, rows, columns; /* rows 0: not shown */
};

/* In the order of their keys, 1 to 6. */
enum pane { PANE_STEPS, PANE_STEP, PANE_PODS, PANE_LOGS, PANE_AUDIT, PANE_IMPACT, PANE_COUNT };

enum {
	LAYOUT_MIN_COLUMNS = 60,
	LAYOUT_MIN_ROWS = 15,
	LAYOUT_MAX_RULES = 4,
};

/* Where everything goes. A pane's first row is its title bar. */
struct layout {
	bool too_small;
	struct rect header; /* two rows */
	struct rect banner; /* below it, where there is one */
	struct rect panes[PANE_COUNT];
	struct rect rules[LAYOUT_MAX_RULES]; /* vertical lines between panes */
	int rules_count;
	struct rect tail; /* the last audit line, where the pane is not shown */
	struct rect message;
	struct rect keys;
};

/* What decides about the rectangles. */
struct layout_wish {
	int columns, rows; /* of the screen */
	enum pane focus;
	enum pane lower; /* what small screens show below: PANE_PODS, _LOGS, _AUDIT or _IMPACT */
	bool zoom;	 /* the whole room goes to `focus` */
	bool live;	 /* there is something to see in the pods and logs panes */
	int banner;	 /* rows that must be seen under the header, whatever else is */
	int impact;	 /* operations of the impact board; 0: it has no place */
};

/* Pure: the rectangles of a screen. */
void layout_compute(const struct layout_wish *wish, struct layout *ret_layout);

#endif
