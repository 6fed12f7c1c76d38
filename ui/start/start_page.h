#ifndef LIFEBOAT_UI_START_START_PAGE_H
#define LIFEBOAT_UI_START_START_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/start/start_list.h"

/* What the operator chose on the start page. */
enum start_action { START_LEAVE, START_BEGIN, START_RESUME, START_FOLLOW, START_PRACTISE };

/* Where the page has its rows and texts from. */
struct start_source {
	const struct start_collector *collectors; /* ends with a NULL */
	/* Everything about one row: a runbook, its errors, a run's report; appended to out. Main thread. */
	void (*show)(const struct start_entry *entry, int columns, struct str *out);
	bool local_time;	 /* beside UTC */
	int64_t (*now_ms)(void); /* the wall clock; NULL: clock_wall_ms */
};

/*
 * The page that `lifeboat` alone opens: runs to go on with, runbooks to begin, runs that ended lately.
 * Blocks until something is chosen; *ret_word (the caller frees) is the run or the runbook, NULL with
 * START_LEAVE. Between ui_open() and ui_close(). Main thread only.
 */
void ui_start_page(const struct start_source *source, enum start_action *ret_action,
		   char **ret_word);

/* The same by lines on stdin and stdout: numbered rows and a prompt. The end of the input leaves. */
void ui_start_plain(const struct start_source *source, bool ascii, enum start_action *ret_action,
		    char **ret_word);

/* What choosing a row does; START_LEAVE: it can only be looked at. */
enum start_action start_action_of(const struct start_entry *entry);
/* "resume", "follow", "errors": the same as a word of the key bar. */
const char *start_verb_of(const struct start_entry *entry);
/* "[?]" and its kin, three columns. */
const char *start_glyph_of(const struct start_entry *entry);
/* "Open runs": the heading of a section. */
const char *start_heading_of(enum start_kind kind);
/* The last column, with how the last run went; appended to out. */
void start_about(const struct start_list *list, const struct start_entry *entry, struct str *out);

#endif
