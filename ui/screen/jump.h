#ifndef LIFEBOAT_UI_SCREEN_JUMP_H
#define LIFEBOAT_UI_SCREEN_JUMP_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/screen/app.h"

/* What one can go to. */
enum jump_kind { JUMP_STEP, JUMP_PANE, JUMP_ROW, JUMP_LOGS, JUMP_COMMAND };

struct jump_target {
	enum jump_kind kind;
	char *text;	 /* what is matched and shown */
	char *more;	 /* what is shown behind it; or NULL */
	char *hint;	 /* beside it: a key, a status; or NULL */
	size_t index;	 /* step, pane, source of logs, row of the keymap */
	char *ns, *name; /* JUMP_ROW */
	int score;
};

struct jump_targets {
	struct jump_target *items;
	size_t count, cap;
	bool cut; /* the pane has more rows than are offered */
};

enum {
	JUMP_ROWS_MAX = 5000
}; /* rows of the tables pane that are offered: so many are matched within a key's time */

/* Everything that can be gone to now. Main thread. */
void jump_targets_make(struct app *app, struct jump_targets *ret_targets);
void jump_targets_release(struct jump_targets *targets);
/* The same in words, for the help page. */
void jump_help(struct lines *lines);
/* Goes there; where that is gone meanwhile, says so. */
void jump_go(struct app *app, const struct jump_target *target);

/*
 * A box over the screen with all of them, of which some letters choose: the best first, and those that fit alike in the
 * order in which they were made. It has the keys while it is open; nothing in it decides anything by itself:
 * a command does what its key does.
 */
void jump_open(struct app *app);
void jump_close(struct app *app);
void jump_key(struct app *app, const struct key *key);
/* A click (which goes there), or a turn of the wheel by so many rows. */
void jump_mouse(struct app *app, int y, int x, bool click, int turn);
void jump_paint(struct app *app);

#endif
