#ifndef LIFEBOAT_UI_PANE_LOGS_PANE_H
#define LIFEBOAT_UI_PANE_LOGS_PANE_H

#include "feed/log_match.h"
#include "feed/logs.h"
#include "ui/screen/app.h"

/* What the files of the logs pane share; everybody else includes ui/pane.h. Main thread only. */

/* A row of a line, as it is laid out now. */
struct log_place {
	uint64_t number;
	size_t row;
};

struct logs_pane {
	uint64_t generation; /* of the feed that the rest is about */
	bool paused;
	struct log_place place; /* paused: what stands at the top */
	uint64_t paused_next;	/* paused: the number that the next line had by then */
	struct log_place shown; /* what was painted first */
	int shown_row;		/* in which row of the body */
	uint64_t shown_next;	/* behind the last line that was painted */
	int columns, rows;	/* of the body, when it was painted */
	bool cut;		/* lines are cut, not wrapped */
	int skipped_columns;	/* cut: how far the view was moved to the right */
	bool stamps;
	bool raw;     /* JSON is shown as it came */
	bool origins; /* lines come from several streams: each says from which */
	struct pattern *search, *filter;
	struct log_match *hits, *kept; /* of search and filter, in the feed of now */
	size_t hits_count, kept_count; /* as of the last look, to notice changes */
	bool behind;		       /* they have not seen all lines yet */
	bool has_hit;
	uint64_t hit;	    /* the match that was gone to last, or the line that was clicked */
	enum command seek;  /* CMD_SEARCH_NEXT or _PREVIOUS: a match is being looked for */
	uint64_t seek_from; /* from this line on, or before it */
};

/* The feed of now, or NULL. Notices when it is another one. */
struct log_feed *logs_feed(const struct app *app);

/* ---- logs_line.c ---- */

/* Lays a line out in `lines`, which it empties: at least one row. */
void logs_lay_out(const struct logs_pane *pane, const struct log_line *line, struct lines *lines);

/* ---- logs_view.c: the lines that may be seen, which are those that the filter takes ---- */

struct log_view {
	const struct logs_pane *pane;
	struct log_feed *feed;
	uint64_t first, next; /* what is kept */
};

struct log_view logs_view(const struct logs_pane *pane, struct log_feed *feed);
/* The first line from `number` on; false: there is none. */
bool logs_line_from(const struct log_view *view, uint64_t number, uint64_t *ret_number);
/* The last line before `number`; false: there is none. */
bool logs_line_before(const struct log_view *view, uint64_t number, uint64_t *ret_number);
/* The rows of a line, in `lines`; none where it is no longer kept. */
size_t logs_rows(const struct log_view *view, uint64_t number, struct lines *lines);
/* `rows` rows further up or down, at most to the beginning or behind the end. */
struct log_place logs_up(const struct log_view *view, struct log_place place, size_t rows);
struct log_place logs_down(const struct log_view *view, struct log_place place, size_t rows);
/* What stands at the top now: it exists, and there is nothing behind the end on the screen. */
struct log_place logs_top(const struct log_view *view);
bool logs_place_before(const struct log_place *a, const struct log_place *b);
/* Holds the view where it is. */
void logs_pause(struct logs_pane *pane, struct log_feed *feed);
void logs_resume(struct logs_pane *pane);

/* ---- logs_search.c ---- */

/* `text` "" ends it. Errors: those of pattern_new(). */
int logs_search(struct app *app, const char *text, struct err *e);
int logs_filter(struct app *app, const char *text, struct err *e);
/* CMD_SEARCH_NEXT or CMD_SEARCH_PREVIOUS. */
void logs_seek(struct app *app, enum command direction);
bool logs_work(struct app *app);

/* ---- logs_title.c, logs_save.c ---- */

void logs_title(const struct app *app, struct str *out);
void logs_ask_where_to_save(struct app *app);
int logs_save(struct app *app, const char *name, struct err *e);

#endif
