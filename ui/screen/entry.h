#ifndef LIFEBOAT_UI_SCREEN_ENTRY_H
#define LIFEBOAT_UI_SCREEN_ENTRY_H

#include "ui/screen/app.h"

/* What the line may go on with. */
struct completions {
	size_t from;  /* where the word begins in the text that each item is one for */
	char **items; /* one that ends in a space wants another word behind it */
	size_t count, cap;
	char *hint; /* what is expected here, or NULL */
};

/* More than these are not listed. */
enum { COMPLETIONS_MAX = 200 };

/* Adds a word if it begins as `typed` does, with a space behind it if it wants more. */
void completions_add(struct completions *completions, const char *typed, const char *word,
		     bool wants_more);
void completions_release(struct completions *completions);

/* Who asks for a line. */
struct entry_taker {
	/* -1: it can't be taken, `e` says why, and the operator goes on editing. */
	int (*entered)(struct app *app, enum command purpose, const char *text, struct err *e);
	/* What could follow `text`, all that stands before the cursor; NULL: nothing is completed. */
	void (*complete)(const struct app *app, const char *text, struct completions *out);
};

/*
 * One line that is asked for in the row of messages: what to search, a name, a command. Enter hands
 * it to whoever asked, Esc gives it up; Up brings back what was entered before for the same
 * purpose, Tab completes. While it is open it has the keys, pasted text included.
 */
void entry_ask(struct app *app, const struct entry_taker *taker, enum command purpose,
	       const char *label, const char *initial);
/* The same for a pane, which gets it by its entered(). */
void entry_open(struct app *app, enum pane pane, enum command purpose, const char *label,
		const char *initial);
void entry_close(struct app *app);
void entry_key(struct app *app, const struct key *key);
/*
 * Paints it into the message row, with its problem, or how it could go on, or else what the keys do, in the
 * row of keys below, and puts the real cursor there.
 */
void entry_paint(struct app *app);
void entry_history_free(struct entry_history *history);

#endif
