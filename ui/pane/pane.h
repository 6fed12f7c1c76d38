#ifndef LIFEBOAT_UI_PANE_PANE_H
#define LIFEBOAT_UI_PANE_PANE_H

#include "base/str.h"
#include "ui/screen/app.h"

/* What a pane can do; one row for each in the table of pane.c. */
struct pane_ops {
	const char *name;
	/* What stands in the title bar behind the name; appended to out, not sanitised. */
	void (*title)(const struct app *app, struct str *out);
	/* Paints the rows below the title bar. Puts the cursor on the focused item where it has the keys. */
	void (*paint)(struct app *app, const struct rect *body);
	/* A movement, or the choice of a source. */
	void (*move)(struct app *app, enum command command, int rows);
	/* A command of FACT_ON_TABLE, FACT_ON_LOGS or FACT_SEARCHING; NULL: those of find.c on the rows. */
	void (*command)(struct app *app, enum command command);
	/* The rows of a pane that is made of rows of text; NULL: it searches in its own way. */
	const struct find_rows *rows;
	/* What the cursor stands on, in one line; appended to out. NULL: the row of find.c. */
	void (*item)(const struct app *app, struct str *out);
	/* All that the pane has, in lines, for a file; appended to out. NULL: the rows. */
	void (*text)(const struct app *app, struct str *out);
	/* Whether what a command switches is on (CMD_WRAP, CMD_TROUBLE …); NULL: there is nothing to switch. */
	bool (*is_on)(const struct app *app, enum command command);
	/* A click on a row below the title bar. NULL: the cursor of find.c goes there. */
	void (*click)(struct app *app, int row, int column);
	/*
	 * The line that the pane asked for by entry_open(). -1: it can't be taken, `e` says why, and the
	 * operator goes on editing.
	 */
	int (*entered)(struct app *app, enum command purpose, const char *text, struct err *e);
	/* FACT_SEARCHING and FACT_FILTERED, as they are true of the pane; NULL: neither. */
	unsigned (*facts)(const struct app *app);
	/* Goes on with what takes long, for a few ms between frames; true: there is more. Or NULL. */
	bool (*work)(struct app *app);
};

extern const struct pane_ops pane_steps_ops, pane_step_ops, pane_pods_ops, pane_logs_ops,
	pane_audit_ops, pane_impact_ops;

extern const struct pane_ops *const pane_table[PANE_COUNT];

struct pods_pane *pods_pane_new(void);
void pods_pane_free(struct pods_pane *pane);
struct logs_pane *logs_pane_new(void);
void logs_pane_free(struct logs_pane *pane);
/* The logs pane's feed is about to end, or is another now: nothing of it may be kept. */
void logs_pane_forget(struct logs_pane *pane);

/* Puts the real cursor somewhere, if that pane has the keys. */
void pane_put_cursor(struct app *app, enum pane pane, int y, int x);

/* "2 of 3", where there are several sources. */
void pane_append_source(const struct app *app, enum feed_choice_kind kind, struct str *out);

/* "1,234,567", appended to out. */
void pane_append_number(uint64_t number, struct str *out);

/* How a feed is: its age, or its trouble; appended to out. */
void pane_append_health(const struct feed_health *health, struct str *out);

#endif
