#ifndef LIFEBOAT_UI_SCREEN_APP_H
#define LIFEBOAT_UI_SCREEN_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ui/keys/keymap.h"
#include "ui/model/feeds.h"
#include "ui/model/model.h"
#include "ui/screen/dialog.h"
#include "ui/screen/find.h"
#include "ui/text/layout.h"
#include "ui/text/lines.h"

struct app;

/* What a page needs whose text changes while it is open. */
struct page_source {
	/* Another value: fill() is called anew. */
	uint64_t (*generation)(const void *data);
	/* Behind the title, at every painting: how far the text can be trusted; appended to out. Or NULL. */
	void (*state)(const void *data, struct str *out);
	void (*close)(void *data); /* or NULL */
};

/* A page of text over all panes: help, a step's whole output, one object, the end of the run. */
struct page {
	bool shown;
	bool final; /* the end of the run: closing it leaves */
	char *title;
	void (*fill)(const struct app *app, struct lines *lines); /* for any width */
	const struct page_source *source; /* NULL: the text stays as it is */
	void *data;			  /* of the source */
	uint64_t generation;		  /* of the lines */
	struct lines lines;
	size_t first;
	struct find find;
};

/* The step pane's text, kept while what it was made from stays the same. */
struct detail_cache {
	struct lines lines;
	uint64_t generation;
	size_t index;
	int rows;
	int64_t second; /* a running step shows its time */
};

/* A word of the key bar, where it was painted last. */
struct bar_word {
	int begin, end; /* columns */
	const struct key_binding *binding;
};

enum { BAR_WORDS_MAX = 48 };

/* The name of a pane that has no place, where it was painted last. */
struct tab {
	int y, begin, end; /* columns */
	enum pane pane;
};

/* The full screen: what is shown, and where the operator is in it. Main thread only. */
struct app {
	struct model model;
	struct feeds *feeds;
	struct layout layout;
	enum pane focus, lower;
	bool zoom;
	bool live;		       /* the runbook names pods or logs to look at */
	size_t selected;	       /* the step that is looked at */
	bool away;		       /* the operator looks at another than the current one */
	size_t first[PANE_COUNT];      /* how far each pane is scrolled */
	bool detail_moved;	       /* the step pane was scrolled by hand */
	bool audit_held;	       /* the audit pane was scrolled away from its end */
	struct find finds[PANE_COUNT]; /* of the panes that are made of rows of text */
	struct pods_pane *pods;	       /* what pane_pods.c keeps */
	struct logs_pane *logs;	       /* what pane_logs.c keeps */
	struct entry *entry;	       /* a line that is being asked for, or NULL */
	struct entry_history *history; /* what was entered before, or NULL */
	struct console_view *console;  /* what console_page.c keeps */
	struct detail_cache detail;
	struct dialog *dialog;
	struct jump *jump;   /* the box of places to go to, or NULL */
	struct mouse *mouse; /* what mouse.c keeps; NULL: the terminal selects text with it */
	bool clipboard;	     /* the terminal may be told to copy */
	struct bar_word bar[BAR_WORDS_MAX];
	size_t bar_count;
	struct tab tabs[PANE_COUNT];
	size_t tabs_count;
	struct page page;
	char *message;
	enum role message_role;
	int64_t message_seq;	/* decision_seq when it was said: it goes with the situation */
	int64_t asked_seq;	/* the question whose dialog was opened by itself */
	bool preflight_offered; /* or there was no need to */
	bool leaving;
	bool done;
	bool hung_up; /* the terminal is gone: nothing is read from it any more */
	bool dirty;
	int cursor_y, cursor_x; /* where the real cursor belongs */
};

void app_init(struct app *app, const struct ui_options *options, const struct run_link *link,
	      struct run_state *state);
void app_release(struct app *app);

/* A line for the operator, until the next one; sanitised when it is painted. */
void app_say(struct app *app, enum role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The facts of the run, and of what has the keys: a page, or a pane. */
unsigned app_facts(const struct app *app);

/* Takes a key in whatever has the keys now. */
void app_key(struct app *app, const struct key *key);
/* The same for a command that no key gave (signals). */
void app_command(struct app *app, enum command command);
/* What a row of the keymap asks for; whether it applies is the caller's business. */
void app_dispatch(struct app *app, const struct key_binding *binding);
/* Why a row does not apply now, in half a sentence; appended to out. */
void app_why_not(const struct app *app, const struct key_binding *binding, struct str *out);
/* Gives the keys to a pane. */
void app_focus(struct app *app, enum pane pane);
/* Gives the whole room to the pane that has the keys, or takes it back. */
void app_zoom(struct app *app);
/* Looks at a step, whether it is the current one or not. */
void app_select(struct app *app, size_t step);
/* After events: moves the selection along, opens and closes what they call for. */
void app_follow(struct app *app);
/*
 * Those facts that may become true here at some time: a run that is only followed leaves no decision. Keys that need
 * others are not even explained.
 */
unsigned app_possible_facts(const struct app *app);
/* Asks the engine to stop in good order. */
void app_leave(struct app *app, const char *why);

/* Where everything goes now. */
void app_lay_out(struct app *app);
/* Paints everything, after a change of size too. */
void app_paint(struct app *app);

/* commands.c: what keys of the panes do. */
void command_dispatch(struct app *app, const struct key_binding *binding);

/* decide.c: dialogs that decide something, and what their answers become. */
void decide_open(struct app *app, enum command command);
void decide_finish(struct app *app);
/* Opens the dialog of the open question. */
void decide_open_question(struct app *app);

/* page.c, help.c, end_page.c: pages over the panes. */
void page_open(struct app *app, const char *title,
	       void (*fill)(const struct app *app, struct lines *lines));
void page_close(struct app *app);
void page_key(struct app *app, const struct key *key);
void page_paint(struct app *app);
void page_move(struct app *app, enum command command);
/* Goes to the line in a row of the screen. */
void page_click(struct app *app, int y);
/* The rows of the page that is open. */
extern const struct find_rows page_find_rows;
void help_open(struct app *app);
void output_page_open(struct app *app);
/* detail_page.c: everything about one object, followed while the page is open. */
void detail_page_open(struct app *app, const struct feed_choice *source, const char *ns,
		      const char *name);
void end_page_open(struct app *app);
/* The whole text of the selected step. */
void why_page_open(struct app *app);
/* Takes the next hint for the current step, and shows it there. */
void why_page_hint(struct app *app);
/* What the run is about to do, with what and where: whether to begin. */
void preflight_page_open(struct app *app);
/* Opens it once, before the first decision, if the run acts on targets or one of them does not answer. */
void preflight_page_offer(struct app *app);

#endif
