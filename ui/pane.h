#ifndef LIFEBOAT_UI_PANE_H
#define LIFEBOAT_UI_PANE_H

#include "base/str.h"
#include "ui/app.h"

/* What a pane can do; one row for each in the table of pane.c. */
struct pane_ops {
	const char *name;
	/* What stands in the title bar behind the name; appended to out, not sanitised. */
	void (*title)(const struct app *app, struct str *out);
	/* Paints the rows below the title bar. Puts the cursor on the focused item where it has the keys. */
	void (*paint)(struct app *app, const struct rect *body);
	/* A movement, or the choice of a source. */
	void (*move)(struct app *app, enum command command, int rows);
};

extern const struct pane_ops pane_steps_ops, pane_step_ops, pane_pods_ops, pane_logs_ops,
	pane_audit_ops;

extern const struct pane_ops *const pane_table[PANE_COUNT];

/* Puts the real cursor somewhere, if that pane has the keys. */
void pane_put_cursor(struct app *app, enum pane pane, int y, int x);

/* "2 of 3", where there are several sources. */
void pane_append_source(const struct app *app, enum feed_choice_kind kind, struct str *out);

/* How a feed is: its age, or its trouble; appended to out. */
void pane_append_health(const struct feed_health *health, struct str *out);

#endif
