#ifndef LIFEBOAT_UI_ENTRY_H
#define LIFEBOAT_UI_ENTRY_H

#include "ui/app.h"

/*
 * One line that a pane asks for in the row of messages: what to search, to filter by, a name. Enter hands
 * it to the pane's entered(), Esc gives it up; Up brings back what was entered before for the same
 * purpose. While it is open it has the keys, pasted text included.
 */
void entry_open(struct app *app, enum pane pane, enum command purpose, const char *label,
		const char *initial);
void entry_close(struct app *app);
void entry_key(struct app *app, const struct key *key);
/*
 * Paints it into the message row, with its problem, or else what the keys do, in the row of keys below,
 * and puts the real cursor there.
 */
void entry_paint(struct app *app);
void entry_history_free(struct entry_history *history);

#endif
