#ifndef LIFEBOAT_UI_SCREEN_HEADER_H
#define LIFEBOAT_UI_SCREEN_HEADER_H

#include "ui/screen/app.h"

/*
 * The two rows that are never out of sight. What is cut first where room is short: the title, then the operator's name;
 * never the mode, the clocks, the target's identity, and the head of the journal.
 */

/* Mode, run, title, clocks and the objective: stands above pages too. */
void header_paint_first(const struct app *app);
/* Operator, targets, journal. */
void header_paint_second(const struct app *app);

/* Servers that are not known to be the right ones; returns the columns it took. */
int header_paint_insecure(const struct app *app, int y, int x, int columns);

/* The targets in as few words as possible, as many as `columns` has room for; appended to out. */
void header_append_targets(const struct app *app, int columns, struct str *out);

#endif
