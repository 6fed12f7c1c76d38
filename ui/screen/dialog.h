#ifndef LIFEBOAT_UI_SCREEN_DIALOG_H
#define LIFEBOAT_UI_SCREEN_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/keys/keymap.h"
#include "ui/text/layout.h"
#include "ui/text/line_edit.h"
#include "ui/text/lines.h"

enum dialog_kind {
	DIALOG_CONFIRM,	  /* y or n; Enter and Esc are No */
	DIALOG_YES_NO,	  /* y or n, both are answers; Esc closes */
	DIALOG_LINE,	  /* a line of text */
	DIALOG_CHECKLIST, /* ticks, and a value where an item wants one */
	DIALOG_CHOICE,	  /* one of several */
};

enum dialog_result { DIALOG_OPEN, DIALOG_DONE, DIALOG_CLOSED };

struct dialog_item {
	char *id, *text;
	bool wants_value;
	bool checked;
	struct line_edit value;
};

/*
 * A question over the screen. It remembers what it was opened for and what the operator had seen by
 * then; whoever opened it reads the answer out of it.
 */
struct dialog {
	enum dialog_kind kind;
	char *title;
	char *text;	 /* what it is about, several lines, or NULL */
	char *question;	 /* above the place of the answer */
	char *wanted;	 /* DIALOG_LINE: what must be typed, exactly; NULL: anything */
	bool required;	 /* DIALOG_LINE: an empty line is no answer */
	bool hidden;	 /* DIALOG_LINE: not shown */
	bool shows_plan; /* the plan of the current step is shown above the question */
	struct dialog_item *items;
	size_t items_count, items_cap;
	size_t focus;	 /* which item, or row of a checklist */
	size_t scroll;	 /* of the text */
	size_t overflow; /* how far it can be scrolled: set when it is painted */
	struct line_edit edit;
	int64_t key_ms; /* when the last key came; monotonic; 0: none yet */
	size_t burst;	/* how many came before it without a pause */
	bool cut; /* DIALOG_LINE: more was typed or pasted than fits; no answer until it is cleared */
	char *problem; /* why the last answer was none */
	bool yes;      /* the answer to a yes or no */
	enum command purpose;
	char *step; /* id, or NULL */
	int64_t seen_seq;
	char *picked; /* an answer of the dialog before this one */
};

struct dialog *dialog_new(enum dialog_kind kind, enum command purpose, const char *title,
			  const char *question);
void dialog_free(struct dialog *dialog);
void dialog_add_item(struct dialog *dialog, const char *id, const char *text, bool wants_value);
/* The text must be set anew: it is copied. */
void dialog_set_text(struct dialog *dialog, const char *text);
void dialog_set_problem(struct dialog *dialog, const char *problem);

enum dialog_result dialog_key(struct dialog *dialog, const struct key *key);
/* Moves the text above the question by rows, up where they are negative. */
void dialog_scroll(struct dialog *dialog, int rows);

/*
 * Paints it at the lower end of `room`, with `plan` (or NULL) above the question, and tells where the
 * real cursor belongs.
 */
void dialog_paint(struct dialog *dialog, const struct rect *room, const struct lines *plan,
		  int *ret_y, int *ret_x);

/* The columns that `plan` is to be wrapped to. */
int dialog_columns(const struct rect *room);

#endif
