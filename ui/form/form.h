#ifndef LIFEBOAT_UI_FORM_FORM_H
#define LIFEBOAT_UI_FORM_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "runbook/runbook.h"
#include "ui/ui.h"

/* Whose word a parameter's value is. */
enum form_source {
	FORM_MISSING,  /* nobody's, and one is needed */
	FORM_OPTIONAL, /* nobody's, and none is needed */
	FORM_LATER,    /* its default is made of what is still missing */
	FORM_DEFAULT,
	FORM_LAST_RUN,
	FORM_FILE,	   /* --params-file */
	FORM_COMMAND_LINE, /* -p */
	FORM_TYPED,
};

/* How a parameter stands. Texts are borrowed until the owner is called again; what a secret holds is in none of them. */
struct form_value {
	enum form_source source;
	const char *text; /* as somebody would type it; NULL: none, or a secret */
	size_t hidden;	  /* of a secret: how many characters it has; 0: it has no value */
	const char *
		place; /* of a secret: the place it was read from, as written; NULL: it was typed */
	const char *problem;  /* why it cannot stay so, or NULL */
	const char *last;     /* what the last run had, or NULL */
	const char *last_day; /* of that run, "2026-11-20" */
	bool is_pending;      /* it is being read in the background */
};

/* What can be picked for a parameter: `items` come when neither is_waiting nor problem. Borrowed, as above. */
struct form_picks {
	bool is_waiting;
	const char *problem;
	const char *remark; /* what to know about the list, or NULL */
	const char *const *items;
	size_t count;
};

/*
 * Who keeps the values, knows what they may be, and where lists of them come from. `param` is an index into the runbook's
 * parameters. Everything is called on the main thread and returns at once, but for a moment's look at a file.
 */
struct form_owner {
	void *data;
	void (*value)(void *data, size_t param, struct form_value *ret_value);
	/* Takes what was typed, or keeps it with a problem; a secret that could not be taken is not kept. */
	void (*set)(void *data, size_t param, const char *text);
	/* Back to the default; where that is what there is already, to the value of the last run. */
	void (*reset)(void *data, size_t param);
	/* What a list of values for it would be called ("namespaces of mgmt-b"), or NULL: there is none. */
	const char *(*picks_name)(void *data, size_t param);
	/* Begins such a list anew; one at a time. */
	void (*picks_begin)(void *data, size_t param);
	void (*picks)(void *data, struct form_picks *ret_picks);
	/* Gives up what goes on in the background: a list, or a secret that is being read. */
	void (*stop)(void *data);
	/* Readable when what goes on in the background has something new, for take(); -1: nothing goes on. */
	int (*fd)(void *data);
	void (*take)(void *data);
};

/* What is asked for, and what for. */
struct form_page {
	const struct runbook *runbook;
	const size_t *params; /* the indices of those that are shown, in their order */
	size_t count;
	const char *verb; /* of the row that ends it: "Start" */
	bool is_drill;	  /* nothing real is touched: the form says so in place of LIVE */
	struct ui_look look;
};

/*
 * Shows the form on the screen until everything is valid and the operator says so: 0. ERR_CANCELLED: it was left, or the
 * terminal was lost. Main thread only; ui_open() and ui_close() around it and around what follows keep the screen.
 */
int ui_form_screen(const struct form_page *page, const struct form_owner *owner, struct err *e);

/* The same by lines on standard input and standard error, which are a terminal. */
int ui_form_plain(const struct form_page *page, const struct form_owner *owner, struct err *e);

/* "default", "last run of 2026-11-20": whose word a value is. The caller frees. */
char *form_source_words(const struct form_value *value);
/* What to know about a parameter before answering, one line each: type, choices, sources, pattern. */
struct lines;
void form_explain(const struct param *param, const struct form_value *value, struct lines *lines);
/* "(hidden, 12 characters)", "file:PATH (hidden, 12 characters)", the text; "" where there is no value. The caller frees. */
char *form_value_words(const struct form_value *value);

#endif
