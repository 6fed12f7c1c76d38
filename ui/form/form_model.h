#ifndef LIFEBOAT_UI_FORM_FORM_MODEL_H
#define LIFEBOAT_UI_FORM_FORM_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "ui/form/form.h"
#include "ui/terminal/input.h"
#include "ui/terminal/theme.h"
#include "ui/text/layout.h"
#include "ui/text/line_edit.h"
#include "ui/text/lines.h"

/* What the files of the form share. Main thread only. */

enum form_command {
	FORM_ACCEPT,
	FORM_UP,
	FORM_DOWN,
	FORM_LIST,
	FORM_RESET,
	FORM_START,
	FORM_LEAVE,
	FORM_TOGGLE,
	FORM_YES,
	FORM_NO,
	FORM_CHOICE_BEFORE,
	FORM_CHOICE_AFTER,
	FORM_TEXT_UP,
	FORM_TEXT_DOWN,
	FORM_HELP,
	FORM_REDRAW,
	FORM_SUSPEND,
	FORM_LIST_TAKE,
	FORM_LIST_TICK,
	FORM_LIST_UP,
	FORM_LIST_DOWN,
	FORM_LIST_PAGE_UP,
	FORM_LIST_PAGE_DOWN,
	FORM_LIST_CLOSE,
};

/* Where the keys go. A set. */
enum form_fact {
	FORM_ON_TEXT = 1 << 0, /* a value that is typed */
	FORM_ON_BOOL = 1 << 1,
	FORM_ON_CHOICE = 1 << 2,
	FORM_ON_START = 1 << 3,
	FORM_HAS_LIST = 1 << 4,
	FORM_IN_LIST = 1 << 5,	/* a list is open, and has the keys alone */
	FORM_IN_WORDS = 1 << 6, /* that of a choice: letters jump */
	FORM_IN_SEVERAL = 1 << 7,
	FORM_ON_ROW = FORM_ON_TEXT | FORM_ON_BOOL | FORM_ON_CHOICE | FORM_ON_START,
	FORM_ON_FIELD = FORM_ON_TEXT | FORM_ON_BOOL | FORM_ON_CHOICE,
	FORM_ON_WORD = FORM_ON_BOOL | FORM_ON_CHOICE | FORM_ON_START, /* nothing is typed there */
};

enum {
	FORM_KEYS_MAX = 3,
	FORM_FOOT_ROWS = 2, /* a message or a question, and the hints */
};

/* One row: dispatch, the row of hints and the help read it; of several that apply to a key, the first is meant. */
struct form_binding {
	int keys[FORM_KEYS_MAX];
	const char *label;
	enum form_command command;
	unsigned when;
	const char *word; /* in the row of hints; NULL: not there */
	const char *help;
};

extern const struct form_binding form_keys[];
extern const size_t form_keys_count;
const struct form_binding *form_key_find(int key, unsigned facts);
bool form_key_applies(const struct form_binding *binding, unsigned facts);

/* A list over the form, of which one value or several are picked. */
struct form_list {
	bool is_open;
	bool is_words;	 /* the choices that the runbook gives */
	bool is_several; /* of a list of values */
	bool is_waiting;
	char *title, *problem, *remark;
	char **items;
	bool *ticked;
	size_t count;
	size_t *shown; /* the items that the filter lets through */
	size_t shown_count;
	size_t cursor, first; /* among those */
	int rows;	      /* that were painted: a page */
	struct line_edit filter;
};

enum form_end { FORM_OPEN, FORM_STARTED, FORM_LEFT };

struct form {
	const struct form_page *page;
	const struct form_owner *owner;
	size_t focus; /* page->count: the last row, which ends the form */
	size_t first; /* the row that is painted first */
	struct line_edit edit;
	bool is_editing;      /* `edit` is what the focused field will be */
	bool is_line_pending; /* the end of a line was pasted, and nothing behind it yet */
	bool is_changed;      /* something was typed: it would be lost */
	bool is_leaving;      /* the operator is asked whether to leave */
	struct form_list list;
	bool is_help;
	size_t help_first;
	size_t text_first, text_overflow; /* of the explanation */
	char *message;
	enum role message_role;
	enum form_end end;
	const char *left_by; /* how, where not by a key */
	struct str heard; /* what a credential plugin says that wants something of the operator */
	bool is_dirty;
	int cursor_y, cursor_x;
	struct rect rows_room, text_room; /* where they were painted, titles and all */
	struct rect list_room;		  /* the items of the list that is open */
};

void form_init(struct form *form, const struct form_page *page, const struct form_owner *owner);
void form_release(struct form *form);
void form_key(struct form *form, const struct key *key);
/* After the owner took something in. */
void form_follow(struct form *form);
/* Asks before something is lost, and leaves. */
void form_leave(struct form *form);
unsigned form_facts(const struct form *form);

/* The parameter of a row, NULL for the last one; its value. */
const struct param *form_param(const struct form *form, size_t row);
void form_value_of(const struct form *form, size_t row, struct form_value *ret_value);
/* How many rows have no value yet, one that cannot stay, and one that is still being read. */
struct form_counts {
	size_t missing, problems, pending;
};
struct form_counts form_count(const struct form *form);

void form_list_open(struct form *form);
void form_list_close(struct form *form);
void form_list_key(struct form *form, const struct key *key);
void form_list_follow(struct form *form);
/* The same for words only, without a list on the screen: the one before or after, or whose letter it is. */
void form_list_step(struct form *form, int direction);
void form_list_letter(struct form *form, int letter);

void form_paint(struct form *form);
/* What lies over the rows: the open list above the foot; the help over the whole screen. Both may correct what the
 * form says of where they stand (first, rows, cursor), so that it fits the screen. */
void form_paint_list(struct form *form);
void form_paint_help(struct form *form);
/* The row that was painted there; more than page->count: none. */
size_t form_row_at(const struct form *form, int y, int x);

/* A click on a row of the list, or a turn of the wheel. */
void form_list_mouse(struct form_list *list, int row, bool click, int turn);

#endif
